"""Generates the files of a conf image: Dockerfile, scripts and confd's resources. Pure: takes a spec, returns a Plan."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from catalog_forge.backends import TABLE
from catalog_forge.confd.layout import prefix_of
from catalog_forge.confd.resource import actions, compile_file, probe_resource, resource_names, scale_resource
from catalog_forge.plan import EXECUTABLE, Plan
from catalog_forge.spec.checks.whole import APPLETS, UNPACK, confd_sha256
from catalog_forge.spec.launching import can_watch, leader_port, rendered
from catalog_forge.spec.model import ConfFile, FileBlock, Reload, Spec, TemplateBlock, Tool
from catalog_forge.texts import fill

RELEASE = "https://github.com/kelseyhightower/confd/releases/download/v{0}/confd-{0}-linux-amd64"
# The number of seconds that the main container waits in addition to the maximum time of the conf container.
PATIENCE = 300
# The commands that the launch script calls for a reload by HTTP.
SENDING = "cat date head nc tr wc".split()
ReadStatic = Callable[[str, FileBlock | TemplateBlock], str]


@dataclass(frozen=True, slots=True)
class Action:
    """A reload in the form that the launch script expects."""

    number: int
    words: str
    kind: str
    signal: str = ""
    command: str = ""
    method: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    file: str = ""
    type: str = ""


def image_plan(spec: Spec, read_static: ReadStatic) -> Plan:
    """Return the files of the build context of a spec's conf image, with paths relative to the context.

    `read_static` returns the text of a file in the spec's folder. Raises ForgeError if a body cannot be compiled.
    """
    plan = Plan()
    files = rendered(spec)
    for file, name in zip(files, resource_names(files), strict=True):
        resource = compile_file(spec, file, name, read_static)
        plan.add_text(f"conf.d/{name}.toml", resource.toml)
        plan.add_text(f"templates/{name}.tmpl", resource.template)
    for is_needed, made in ((spec.launch.wait.scale, scale_resource), (spec.engine.is_stored, probe_resource)):
        if is_needed:
            resource = made(spec)
            plan.add_text(f"{resource.name}/conf.d/{resource.name}.toml", resource.toml)
            plan.add_text(f"{resource.name}/templates/{resource.name}.tmpl", resource.template)
    plan.add_text("Dockerfile", dockerfile(spec))
    plan.add_text("entrypoint.sh", entrypoint(spec), EXECUTABLE)
    plan.add_text("run.sh", run_script(spec), EXECUTABLE)
    if spec.asks_main:
        plan.add_text("check.sh", fill(__package__, "check.sh", note=spec.note, share=spec.share), EXECUTABLE)
    return plan


def folders(spec: Spec) -> list[str]:
    """Return the folders that must exist and be shared, such as the folder of each dest. No returned folder is inside another."""
    wanted = _all_folders(spec)
    return [path for path in wanted if not any(path.startswith(other + "/") for other in wanted)]


def _all_folders(spec: Spec) -> list[str]:
    return sorted({spec.share, *(posixpath.dirname(file.dest) for file in spec.files), *spec.image.folders})


def dockerfile(spec: Spec) -> str:
    """Return the Dockerfile: a separate stage downloads and verifies confd, and a build argument pins the base image."""
    engine = spec.engine
    return fill(
        __package__,
        "Dockerfile",
        note=spec.note,
        base=spec.image.base,
        confd_src=engine.confd_src or RELEASE.format(engine.confd),
        confd_sha256=confd_sha256(spec),
        labels=[f"{_docker_word(key)}={_docker_word(value)}" for key, value in labels(spec).items()],
        vars=[f"{key}={_docker_word(value)}" for key, value in sorted(spec.vars.items())],
        share=spec.share,
        folders=_all_folders(spec),
        volumes=json.dumps(folders(spec)),
        owner="" if spec.image.user == "0:0" else spec.image.user,
        user="" if spec.image.user == "0:0" else spec.image.user,
        programs=programs(spec),
        waits_for_scale=bool(spec.launch.wait.scale),
        stored=spec.engine.is_stored,
        configured=len(spec.engine.told) > 1 or spec.engine.is_stored,
        embedded=spec.service.is_embedded,
        asks=spec.asks_main,
        main=spec.service.image,
        lent=spec.is_lent,
        applets=APPLETS,
        tools=tools(spec),
        bin=tools_folder(spec),
        entrypoint=json.dumps([*spec.shell, f"{spec.share}/run.sh"] if spec.service.is_embedded else ["/entrypoint.sh"]),
    )


def tools(spec: Spec) -> list[dict[str, str]]:
    """Return what the Dockerfile needs for each tool, such as a prefix for its build arguments and a command to unpack it."""
    return [
        {
            "name": tool.name,
            "url": tool.url,
            "sha256": tool.sha256,
            "path": tool.path,
            "variable": tool.variable,
            "unpack": _unpack(tool),
        }
        for tool in spec.tools
    ]


def tools_folder(spec: Spec) -> str:
    """Return the folder of the tools in the image.

    If the shared folder is a volume, the tools cannot be in this folder, because the volume may be older than the image. The
    entrypoint then copies the tools into the volume.
    """
    return f"{spec.share}/bin/" if spec.service.is_embedded else "/usr/local/bin/"


def _unpack(tool: Tool) -> str:
    """Return the command that extracts the program from a tool's archive, and writes it to standard output."""
    return f'{UNPACK.get(tool.ending, "")} /fetched/{tool.name} "${{{tool.variable}_PATH}}"'


def labels(spec: Spec) -> dict[str, str]:
    """Return the labels of the image: first the OCI labels from fields of the spec, then the author's labels."""
    oci = {
        "title": spec.name,
        "description": spec.description or f"Writes the configuration of {spec.service.name} from {_source(spec)}",
        "version": spec.version,
        "authors": spec.maintainer,
        "licenses": spec.entry.license,
        "url": spec.entry.project_url,
        "base.name": spec.service.image if spec.service.is_embedded else spec.image.base,
    }
    return {f"org.opencontainers.image.{key}": value for key, value in oci.items() if value} | dict(
        sorted(spec.image.labels.items())
    )


def _source(spec: Spec) -> str:
    return " or ".join("Rancher metadata" if name == "rancher" else f"keys in {name}" for name in spec.engine.backends)


def programs(spec: Spec) -> list[str]:
    """Return the programs that `check` commands of files start in this image. The build fails if one of them is missing."""
    words = {file.check.split()[0] for file in spec.files if file.check.strip() and not spec.asks(file)}
    return sorted(word for word in words if re.fullmatch(r"[A-Za-z0-9_./-]+", word))


def entrypoint(spec: Spec) -> str:
    """Return the script that the conf container runs."""
    return fill(
        __package__,
        "carry.sh" if spec.service.topology == "scripts" else "entrypoint.sh",
        name=spec.name,
        note=spec.note,
        share=spec.share,
        metadata=spec.engine.metadata,
        log=spec.engine.log,
        # The reason for a failure is read from the log of the first pass, which therefore logs at least errors.
        first_log="error" if spec.engine.log in ("panic", "fatal") else spec.engine.log,
        applets=APPLETS if spec.is_lent else SENDING if any(reload.kind == "http" for reload, _ in actions(spec)) else [],
        embedded=spec.service.is_embedded,
        tools=spec.tools,
        bin=tools_folder(spec),
        asks=spec.asks_main,
        metadata_limit=_seconds(spec.launch.wait.metadata),
        scale_limit=_seconds(spec.launch.wait.scale),
        waits_for_scale=bool(spec.launch.wait.scale),
        refresh=spec.engine.refresh.removesuffix("s") if spec.engine.refresh[:1].isdigit() else spec.engine.refresh,
        staggers=bool(spec.launch.restart),
        folders=[path for path in _all_folders(spec) if path != spec.share],
        before=[shell_word(command) for command in spec.image.before],
        port=leader_port(spec),
        **_stores(spec),
    )


def _stores(spec: Spec) -> dict[str, Any]:
    """Return the variables of the entrypoint script that describe the spec's back ends."""
    known = [TABLE[name] for name in spec.engine.backends]
    return {
        "stored": spec.engine.is_stored,
        "filed": spec.engine.told == ("rancher", "file"),
        "backends": known,
        "names": spec.engine.backends,
        "prefix": spec.engine.prefix,
        "rancher": prefix_of(spec, "rancher"),
        "watched": [each.name for each in known if can_watch(spec, each.name)],
        "unchanging": [each.name for each in known if not each.changes],
        "missing": [each.missing for each in known if each.missing] or ["^$"],
    }


def run_script(spec: Spec) -> str:
    """Return the launch script of the main container."""
    found = [_action(number, reload, file) for number, (reload, file) in enumerate(actions(spec), start=1)]
    launch, wait = spec.launch, spec.launch.wait
    return fill(
        __package__,
        "run.sh",
        name=spec.name,
        note=spec.note,
        share=spec.share,
        limit=_seconds(wait.metadata) + _seconds(wait.scale) + PATIENCE,
        actions=found,
        sends=any(action.kind == "http" for action in found),
        restarts=any(action.kind == "restart" for action in found),
        embedded=spec.service.is_embedded,
        asks=spec.asks_main,
        lent=spec.is_lent,
        tools=spec.tools,
        # An image that embeds confd has /bin/sh, because confd's own commands need it.
        shell="/bin/sh" if spec.service.shell or spec.service.is_embedded else '"$share/busybox" sh',
        commands=bool(launch.before or launch.leader) or any(action.kind == "exec" for action in found),
        before=[] if launch.is_rendered else [shell_word(str(command)) for command in launch.before],
        rendered=launch.is_rendered,
        leader=launch.leader,
        number=shell_word(launch.leader.number) if launch.leader else "",
        port=leader_port(spec),
        jitter=_seconds(launch.others.jitter) if launch.others else 0,
        stagger=_seconds(launch.restart.stagger) if launch.restart else 0,
    )


def _action(number: int, reload: Reload, file: ConfFile) -> Action:
    words = shell_word(f"reload: {reload}")
    if reload.kind == "signal":
        return Action(number, words, "signal", signal=reload.argument)
    if reload.kind == "exec":
        return Action(number, words, "exec", command=shell_word(reload.argument))
    if reload.kind == "http":
        url = urlsplit(reload.argument)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        kind = {"json": "application/json", "xml": "application/xml"}.get(file.format, "text/plain")
        return Action(
            number,
            words,
            "http",
            method=reload.method,
            host=url.hostname or "",
            port=url.port or 80,
            path=path,
            file=file.dest,
            type=kind,
        )
    return Action(number, words, reload.kind)


def shell_word(text: str) -> str:
    """Quote a string as one word of a shell command."""
    return "'" + text.replace("'", "'\\''") + "'"


# How a Dockerfile writes characters that are special inside quotes. \0 stands for an expansion to an empty string.
_DOCKER = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\0": "${_:+}"})


def _docker_word(text: str) -> str:
    """Quote a string as one word of a Dockerfile, without expansion (Dockerfile reference, "Environment replacement").

    hadolint treats a quote after a backslash as escaped, even after two backslashes, so an expansion to an empty string is put
    between the backslashes and the quote.
    """
    one_line = " ".join(text.replace("\0", "").splitlines())
    return '"' + re.sub(r'\\(?="|\Z)', "\\\\\0", one_line).translate(_DOCKER) + '"'


def _seconds(duration: str) -> int:
    return int(duration.removesuffix("s") or 0)
