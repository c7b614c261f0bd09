"""Check a spec as a whole, beyond the type of each key. Every check yields problems and never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import Problem, Where, did_you_mean, known_here, nearest
from catalog_forge.rancher.keys import MOUNT
from catalog_forge.rancher.variables import dollars
from catalog_forge.spec import programs, shorthand
from catalog_forge.spec.checks import stores, together
from catalog_forge.spec.checks.body import check_body
from catalog_forge.spec.checks.expressions import DECLARED
from catalog_forge.spec.expressions import Expr, Text
from catalog_forge.spec.launching import check_launch, launch_files
from catalog_forge.spec.model import KEY_TYPES, METADATA_KEY, VARIABLE, Companion, ConfFile, Group, MetadataKey, Service, Spec
from catalog_forge.spec.model.compose_keys import floats
from catalog_forge.spec.parser import Beginning, parse

# The folder of a dest becomes a volume, which hides the image's files in that folder. No volume may hide one of these folders.
SYSTEM_FOLDERS = frozenset(
    "/ /bin /boot /dev /etc /home /lib /lib32 /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin "
    "/usr/lib /usr/local /usr/local/bin /usr/local/lib /usr/sbin /usr/share /var /var/lib /var/log /var/run".split()
)
_OWN_FOLDER = "choose a folder that only the service uses"
# The commands that the scripts use. A main image that lacks these commands gets links to a busybox.
APPLETS = tuple("cat chown cp date head ln mkdir mv nc rm sed sh sleep sort tail timeout tr wc".split())
# For each kind of archive, the command with which busybox prints one file of the archive. The commands name the compression,
# because not every version of busybox detects it.
UNPACK = {
    ".zip": "unzip -p",
    ".tar": "tar -xOf",
    ".tar.gz": "tar -xzOf",
    ".tgz": "tar -xzOf",
    ".tar.bz2": "tar -xjOf",
    ".tar.xz": "tar -xJOf",
}
# The only platform for which two sources confirm the checksum of confd (docs/facts/confd.md#1.14).
PLATFORM = "linux/amd64"
CONFD_SHA256 = {"0.16.0": "255d2559f3824dd64df059bdc533fd6b697c070db603c76aaf8d1d5e6b0cc334"}


def confd_sha256(spec: Spec) -> str:
    """Return the checksum of confd: the checksum in the spec, otherwise the known checksum of the release."""
    return spec.engine.confd_sha256 or CONFD_SHA256[spec.engine.confd]


def problems(spec: Spec, started: bool) -> Iterator[Problem]:
    """Yield every problem of a spec that the reader did not report. `started`: whether to report an unknown start command."""
    if spec.forge != 1:
        message = f"forge: this release knows version 1 of the spec language, not {spec.forge}"
        yield Problem(message, spec.at("forge"), "write forge: 1, or install a newer catalog-forge")
    yield from _engine(spec)
    yield from stores.problems(spec)
    yield from _metadata(spec)
    yield from _vars(spec)
    yield from _tools(spec)
    yield from _service(spec)
    yield from _image(spec)
    yield from _topology(spec.service)
    if spec.service.topology == "scripts":
        yield from _carries(spec)
    yield from together.problems(spec)
    if started:
        yield from _launch(spec)
    yield from _dests(spec)
    if not spec.files:
        hint = "list each file below `files`, such as - {dest: /etc/NAME/NAME.conf, body: [text: TEXT]}"
        yield Problem("files: at least one configuration file is needed", spec.at("files"), hint)
    for file in spec.files:
        yield from _file(file, spec.service.is_embedded)
        yield from check_body(spec, file)
    yield from check_launch(spec)
    for file in launch_files(spec):
        yield from check_body(spec, file)


def _engine(spec: Spec) -> Iterator[Problem]:
    engine = spec.engine
    known = engine.confd in CONFD_SHA256
    if not known and not (engine.confd_src and engine.confd_sha256):
        yield Problem(
            f"engine: the download of confd {engine.confd} is unknown",
            engine.at("confd"),
            "give confd_src and confd_sha256, or use 0.16.0",
        )
    if known and engine.confd_src and not engine.confd_sha256:
        yield Problem("engine: confd_src needs confd_sha256", engine.at("confd_src"), "every download must be verified")
    if floats(spec.image.base):
        yield Problem(
            f"image: the base {spec.image.base!r} has no fixed tag",
            spec.image.at("base"),
            "write a fixed tag, such as busybox:1.37.0",
        )


def _metadata(spec: Spec) -> Iterator[Problem]:
    variables: dict[str, str] = {}
    for name, key in spec.metadata.items():
        where = key.at()
        if not re.fullmatch(METADATA_KEY, name) or len(name) > 128:
            yield Problem(
                f"metadata: {name!r} cannot be a key",
                where,
                "write letters, digits, dots, dashes and single slashes, never '..', such as log.level",
            )
            continue
        above = next((other for other in _folders(name) if other in spec.metadata), None)
        if above:
            message = f"metadata: {name!r} is below {above!r}, which is also declared as a key"
            yield Problem(message, where, f"declare only {above!r}, as a map that contains {name[len(above) + 1 :]!r}")
        yield from _metadata_key(name, key)
        variable = key.variable or shorthand.variable_of(name)
        if not key.asked:
            continue
        if variable in variables:
            yield Problem(
                f"metadata: {name!r} and {variables[variable]!r} share the variable {variable}",
                where,
                "set `variable` for one of the keys",
            )
        variables[variable] = name


def _folders(name: str) -> Iterator[str]:
    """Yield the parents of a key: `a` and `a/b` for `a/b/c`."""
    return (name[:place] for place, char in enumerate(name) if char == "/")


def _metadata_key(name: str, key: MetadataKey) -> Iterator[Problem]:
    where = key.at("default") or key.at()
    if key.type == "enum" and not key.options:
        yield Problem(f"metadata: {name}: an enum needs options", key.at(), "list its options, such as options: [small, large]")
    if key.type in KEY_TYPES and key.type != "enum" and key.options:
        yield Problem(f"metadata: {name}: only an enum has options", key.at("options"), "remove `options`, or set type: enum")
    if key.fields and key.asked:
        hint = "remove `fields`, or set type: list or map"
        yield Problem(f"metadata: {name}: only lists and maps of records have fields", key.at("fields"), hint)
    if key.optional and key.required:
        hint = "remove one of the two"
        yield Problem(f"metadata: {name}: the key cannot be both optional and required", key.at("required"), hint)
    if key.default is not None and (wrong := misfit(key, key.default)):
        yield Problem(f"metadata: {name}: {wrong}", where, valid_values(key))
    if key.hidden and key.default:
        yield Problem(
            f"metadata: {name}: a secret must not have a default", where, "with a default, everyone would have the same password"
        )


def valid_values(key: MetadataKey) -> str:
    """Return a hint that shows valid values for the type of a key."""
    examples = {"int": "write only digits, such as 6379", "boolean": "write true or false"}
    examples |= {"map": "write KEY: VALUE, such as {key: value}", "list": "write a list, such as [a, b]"}
    examples["enum"] = f"write one of these: {', '.join(key.options)}" if key.options else "list its options first"
    examples |= dict.fromkeys(("multiline", "certificate"), "write a string; for other values, set type: map or list")
    return examples.get(key.type, "write a string on one line; for other values, set type: multiline, map or list")


def misfit(key: MetadataKey, value: Any, what: str = "the default") -> str:
    """Return why a value does not fit the type of a key; empty if the value fits."""
    if key.type == "map":
        return "" if isinstance(value, Mapping) else f"{what} of a map must be a mapping"
    if key.type == "list":
        return "" if isinstance(value, list | tuple) else f"{what} of a list must be a list"
    if not isinstance(value, str):
        return f"{what} must be a single value"
    if key.type == "enum" and value not in key.options:
        return f"{what} {value!r} is not one of the options"
    if key.type == "boolean" and value not in ("true", "false"):
        return f"{what} {value!r} is neither true nor false"
    if key.type == "int" and not re.fullmatch(r"-?(0|[1-9][0-9]*)", value):
        return f"{what} {value!r} must be a whole number"
    if "\n" in value and key.type not in ("multiline", "certificate"):
        return f"{what} has a line break"
    return ""


def _tools(spec: Spec) -> Iterator[Problem]:
    known: dict[str, str] = {}
    for tool in spec.tools:
        if tool.name in (*APPLETS, "busybox", "confd"):
            message = f"tools: the scripts of the image already use a program called {tool.name}"
            yield Problem(message, tool.at("name"), "give the tool another name")
        if tool.variable in known:
            yield Problem(
                f"tools: {tool.name!r} and {known[tool.variable]!r} share the build arguments {tool.variable}_SRC and _SHA256",
                tool.at("name"),
                "rename one of them",
            )
        known[tool.variable] = tool.name
        if tool.path and tool.ending not in UNPACK:
            yield Problem(
                f"tools: {tool.name}: `path` needs the URL of an archive",
                tool.at("url"),
                f"the URL must end in one of {', '.join(UNPACK)}",
            )


def _vars(spec: Spec) -> Iterator[Problem]:
    for of, names, where in (
        ("vars", spec.vars, spec.at("vars")),
        ("environment", spec.launch.environment, spec.launch.at("environment")),
    ):
        for name in names:
            if not re.fullmatch(VARIABLE, name):
                yield Problem(
                    f"{of}: {name!r} cannot be the name of a variable", where, "write letters, digits and _, such as LOG_LEVEL"
                )
    for name, value in spec.vars.items():
        if any(char < " " for char in value):
            message = f"vars: {name}: a control character or line break is not allowed in a Dockerfile's ENV"
            yield Problem(message, spec.at("vars"), "remove it, or write the text to a file")
    for name in spec.image.labels:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name):
            where = spec.image.at("labels")
            yield Problem(
                f"image: {name!r} cannot be the key of a label",
                where,
                "write lower-case letters, digits, dots and dashes, such as org.example.team",
            )


def _service(spec: Spec) -> Iterator[Problem]:
    service = spec.service
    asked = {key.variable or shorthand.variable_of(name) for name, key in spec.metadata.items() if key.asked}
    for holder in spec.composed:
        yield from _compose_keys(spec, holder, asked)
    for where, number in spec.numbers:
        yield from _variables(asked, number, where)
    for volume in spec.volumes.values():
        yield from _variables(asked, (volume.driver, volume.driver_opts), volume.at("driver"))
    for name, group in service.groups.items():
        if group.places:  # a group without `places` replaces an invalid one, which the reader has reported
            yield from _group(spec, name, group)
    if service.image and service.floats:
        yield from _tag_variable(spec, service)
    if service.image.endswith(":latest"):
        yield Problem(
            f"service: the image {service.image!r} has no fixed tag",
            service.at("image"),
            "give a fixed tag, or leave out the tag, so that the entry asks for it",
        )


def _group(spec: Spec, name: str, group: Group) -> Iterator[Problem]:
    if not group.name and not re.fullmatch(r"[A-Za-z0-9-]+", name):
        yield Problem(
            f"groups: {name!r} cannot be part of a service's name", group.at(), "write letters, digits and dashes, such as data"
        )
    if group.image and floats(group.image):
        yield Problem(f"groups: {name}: the image {group.image!r} has no fixed tag", group.at("image"), "write REPOSITORY:TAG")
    for key, value in group.metadata.items():
        where = group.at("metadata")
        if key not in spec.metadata:
            yield Problem(f"groups: {name}: no such metadata key: {key!r}", where, did_you_mean(key, spec.metadata, DECLARED))
        elif value is not None and (wrong := misfit(spec.metadata[key], value, "the value")):
            yield Problem(f"groups: {name}: {key}: {wrong}", where, valid_values(spec.metadata[key]))
        else:
            yield from _answers(spec, f"groups: {name}: {key}", spec.metadata[key], value, where)


def _answers(spec: Spec, what: str, fixed: MetadataKey, value: Any, where: Where | None) -> Iterator[Problem]:
    """Yield the problems with expressions in a metadata value of a group. Each expression must read the answer to a question."""
    for expr in expressions_in(value):
        name = answer_in(expr)
        key = spec.metadata.get(name)
        if not name:
            hint = "only answers can be inserted here: @{metadata/KEY}"
            yield Problem(f"{what}: @{{{expr.source}}} is not the answer to a question", where, hint)
        elif key is None or not key.asked:
            asked = [each for each, other in spec.metadata.items() if other.asked]
            yield Problem(f"{what}: no question asks for the metadata key {name!r}", where, did_you_mean(name, asked, DECLARED))
        elif key.hidden and not fixed.hidden:
            yield Problem(f"{what}: the value contains the secret {name!r}", where, "declare this key with secret: true as well")


def _image(spec: Spec) -> Iterator[Problem]:
    image = spec.image
    for name in ("before", "folders") if spec.service.is_embedded else ():
        if getattr(image, name):
            hint = f"leave out `{name}`, or choose another topology"
            yield Problem(f"image: topology `embedded` has no conf container, so `{name}` has no effect", image.at(name), hint)
    if any(re.search(r"(?<![\w./-])/entrypoint\.sh\b", command) for command in image.before):
        hint = "rename the script of the base image, because here the script of the conf image would call itself"
        yield Problem("image: in the conf image, /entrypoint.sh is the script that runs `before`", image.at("before"), hint)
    for folder in image.folders:
        if folder in SYSTEM_FOLDERS:
            yield Problem(f"image: {_hides(folder)}", image.at("folders"), _OWN_FOLDER)


def _hides(folder: object) -> str:
    return f"the folder {folder} becomes a volume, which would hide all other files in it"


def _topology(service: Service) -> Iterator[Problem]:
    """Yield a problem for each setting that the chosen topology does not support."""
    if service.is_embedded and service.floats:
        yield Problem(
            f"service: topology `embedded` builds the conf image from {service.image!r}, whose tag is not fixed",
            service.at("image") or service.at("topology"),
            "give a fixed tag: with this topology, the entry cannot ask for it",
        )
    if service.network_mode and service.topology not in ("volumes", "scripts"):
        yield Problem(
            f"network_mode: topology `{service.topology}` cannot use the network of the host",
            service.at("network_mode"),
            "choose topology `volumes`: the metadata service identifies containers by address, and confd would have "
            "the address of the host",
        )
    if service.network_mode and "ports" in service.compose:
        yield Problem(
            "ports: in the host's network the program uses the host's ports directly", service.at("ports"), "leave out `ports`"
        )
    for name, group in service.groups.items() if service.is_embedded else ():
        if group.image:
            hint = "choose another topology, or write a separate spec for this image"
            yield Problem(f"groups: {name}: with topology `embedded`, all groups share one conf image", group.at("image"), hint)


def _carries(spec: Spec) -> Iterator[Problem]:
    """Yield a problem for each setting that needs a running confd. In topology `scripts`, confd exits after one pass."""
    hint = "choose another topology, such as `volumes`"
    for file in spec.files:
        if file.reload.kind != "none":
            yield Problem(
                "reload: topology `scripts` writes each file only once, so the file never changes", file.at("reload"), hint
            )
    if spec.launch.wait.scale:
        yield Problem("wait: topology `scripts` cannot read the scale", spec.launch.wait.at("scale"), hint)


def _launch(spec: Spec) -> Iterator[Problem]:
    """Yield a problem if neither the spec nor the table of known images has the start command of the program."""
    image, dests = shorthand.image_of(spec.service), [file.dest for file in spec.files]
    groups = spec.service.groups.values()
    if spec.launch.exec or programs.start_of(image, dests) or (groups and all(group.exec for group in groups)):
        return
    words = programs.likely(image, dests) or ("PROGRAM", *dests[:1])
    yield Problem(
        f"launch.exec is missing: the start command of the image {image!r} is unknown",
        spec.launch.at("exec") or spec.service.at("image"),
        "add its ENTRYPOINT and CMD, with the path of the file if the program needs it: " + programs.line(words),
    )


def _tag_variable(spec: Spec, service: Service) -> Iterator[Problem]:
    variable = shorthand.variable_of(service.name) + "_tag"
    if variable in map(shorthand.variable_of, spec.metadata):
        yield Problem(
            f"service: the image has no tag, but a metadata key already uses {variable!r}, the variable that would ask for it",
            service.at("image"),
            "give the image a tag, or rename the key",
        )


def _variables(asked: set[str], value: Any, where: Where | None) -> Iterator[Problem]:
    """Yield a problem for each `$` that rancher-compose refuses, and for each ${VARIABLE} that no question asks for.

    Rancher's tools do not check the variables (docs/facts/catalog.md#4.12).
    """
    for dollar in (each for text in texts_in(value) for each in dollars(text) if not each.name):
        wrong = f"{dollar.text.partition('}')[0]}}}" if "}" in dollar.text else dollar.text
        yield Problem(
            f"rancher-compose refuses {wrong!r}", where, "for the text $, write $$; ${NAME} is the answer to a question"
        )
    for variable in used_variables(value):
        if variable not in asked:
            otherwise = f"for the text ${variable}, write $${variable}; {known_here(asked)}".rstrip("; ")
            yield Problem(f"no question asks for ${{{variable}}}", where, nearest(variable, asked, otherwise))


def _compose_keys(spec: Spec, holder: Service | Group | Companion, asked: set[str]) -> Iterator[Problem]:
    """Yield the problems with a service's compose keys: with their variables, with volumes, and with secrets in labels."""
    for name, value in holder.compose.items():
        yield from _variables(asked, value, holder.at(name))
        if name == "labels":
            yield from _secrets(spec, value, holder.at(name))
    if "volumes" in holder.nodes:
        yield from _mounts(holder.nodes["volumes"][1])


def _secrets(spec: Spec, labels: Any, where: Where | None) -> Iterator[Problem]:
    """Yield a problem for each secret in labels, because all containers can read labels from the metadata service."""
    used = used_variables(labels)
    for name, key in spec.metadata.items():
        if key.hidden and (key.variable or shorthand.variable_of(name)) in used:
            yield Problem(
                f"labels: the secret {name!r} is visible to all containers", where, "put it into a file or into `environment`"
            )


def _mounts(node: yamlio.Node) -> Iterator[Problem]:
    """Yield a problem for each volume that Docker cannot mount on every host of a stack. All paths must be absolute."""
    for item in node.items if isinstance(node, yamlio.Seq) else ():
        if isinstance(item, yamlio.Text) and "$" not in item.value and not MOUNT.fullmatch(item.value):
            hint = "write NAME:/PATH, /HOST:/PATH or /PATH, optionally followed by :ro"
            yield Problem(f"volumes: {item.value!r} cannot be mounted", item.where, hint)


def expressions_in(value: Any) -> Iterator[Expr]:
    """Yield the expressions in a metadata value that a group sets."""
    match value:
        case str():
            yield from (part for part in fixed_text(value).parts if isinstance(part, Expr))
        case Mapping():
            yield from (expr for item in value.values() for expr in expressions_in(item))
        case list() | tuple():
            yield from (expr for item in value for expr in expressions_in(item))


def answers_fixed(spec: Spec) -> set[str]:
    """Return the metadata keys whose answers are inserted into metadata values that groups set."""
    return {answer_in(expr) for group in spec.service.groups.values() for expr in expressions_in(group.metadata)}


def fixed_text(value: str) -> Text:
    """Parse a text in a metadata value that a group sets. The reader has already checked that the text can be parsed."""
    return parse(value, Beginning(Where("")))


def answer_in(expr: Expr) -> str:
    """Return KEY if the expression is exactly `metadata/KEY`, otherwise an empty string."""
    found = re.fullmatch(f"metadata/({METADATA_KEY})", expr.source)
    return found[1] if found else ""


def used_variables(value: Any) -> set[str]:
    """Return the names of the variables that rancher-compose would substitute in a value ($$ is a literal $)."""
    return {found.name for text in texts_in(value) for found in dollars(text) if found.name}


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts in data, except the keys of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(item)


def _dests(spec: Spec) -> Iterator[Problem]:
    seen: dict[str, ConfFile] = {}
    for file in spec.files:
        if file.dest in seen:
            yield Problem(
                f"two files have the dest {file.dest}",
                file.at("dest"),
                f"the first one is in {seen[file.dest].at('dest')}",
            )
        seen[file.dest] = file
        if str(PurePosixPath(file.dest).parent) == f"/opt/{spec.name}":
            yield Problem(f"dest: /opt/{spec.name} is reserved for the launch script", file.at("dest"), "choose another folder")


def _file(file: ConfFile, embedded: bool) -> Iterator[Problem]:
    dest, where = file.dest, file.at("dest")
    path = PurePosixPath(dest)
    if not re.fullmatch(r"/[A-Za-z0-9._/+@-]+", dest) or str(path) != dest or ".." in path.parts or dest.endswith("/"):
        yield Problem(
            f"dest: {dest!r} must be the absolute path of a file",
            where,
            "such as /etc/NAME/NAME.conf, without '..' and spaces",
        )
    elif str(path.parent) in SYSTEM_FOLDERS and not embedded:
        yield Problem(
            f"dest: {_hides(path.parent)}",
            where,
            _OWN_FOLDER,
        )
    for action in re.findall(r"{{(?:(?!{{).)*?}}", file.check):
        if action != "{{.src}}":
            yield Problem(
                f"check: confd cannot evaluate {action} here",
                file.at("check"),
                "only {{.src}} is allowed, the path of the new file",
            )
    if file.check_in == "main" and not file.check:
        yield Problem("check_in has no effect, because the file has no check", file.at("check_in"), "add `check: COMMAND`")
    if "\n" in file.check:
        yield Problem("check: the command must be a single line", file.at("check"), "join several commands with &&")
