"""Render specs with the real confd: compile, install below a folder, serve metadata, run once, read the files back."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.confd.resource import Resource, compile_file, resource_names
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.metadata.service.wire import Request
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from tests.confd.real import dialect_of

VERSIONS = ("2015-07-25", "2015-12-19", "2016-07-29", "latest")
V3 = "2016-07-29"
_ERROR = re.compile(r"ERROR (.*)$")


@dataclass(frozen=True)
class Rendered:
    """What one run of confd left: the files by their dest, the errors by the name of their resource, the exit code."""

    files: Mapping[str, bytes]
    errors: Mapping[str, str]
    status: int
    log: str
    folder: Path

    def text(self, dest: str) -> str:
        """Return a file that must be there."""
        assert dest in self.files, self.log
        return self.files[dest].decode()

    @property
    def only(self) -> str:
        """Return the one file, when all went well."""
        assert self.status == 0, self.log
        (content,) = self.files.values()
        return content.decode()

    @property
    def error(self) -> str:
        """Return the one error, when there is one and no file."""
        assert self.status == 1, self.log
        (message,) = self.errors.values()
        return message


def spec_of(*files: Mapping[str, Any], **words: Any) -> Spec:
    """Read a spec made of plain data: the usual first lines, `files`, and any other key (None takes one away)."""
    return read(source_of(*files, **words), "spec.yml")


def source_of(*files: Mapping[str, Any], **words: Any) -> str:
    """Write the YAML of such a spec: JSON is YAML."""
    others = {name: {"image": f"{name}:1"} for name in ("db", "web", "nobody")}
    data = {"forge": 1, "name": "app-conf", "service": "app", "launch": {"exec": ["app"]}, "files": list(files)}
    data |= {"companions": others, **words}
    return json.dumps({key: value for key, value in data.items() if value is not None})


def conf(*body: Mapping[str, Any], dest: str = "/etc/app/app.conf", kind: str = "raw", **words: Any) -> dict[str, Any]:
    """Return the data of one file."""
    return {"dest": dest, "format": kind, "body": list(body), **words}


def no_statics(name: str, _block: object) -> str:
    """Stand in for the reader of static files where a spec has none."""
    raise AssertionError(f"{name} is read, though the spec has no static files")


def compiled(spec: Spec, statics: Mapping[str, str] | None = None) -> list[Resource]:
    """Compile every file of a spec."""
    static: Callable[[str, object], str] = no_statics if statics is None else lambda name, _block: statics[name]
    names = resource_names(spec.files)
    return [compile_file(spec, file, name, static) for file, name in zip(spec.files, names, strict=True)]


def flat(metadata: Mapping[str, Any], name: str = "app") -> Answers:
    """Return the answers for a single container whose service has this metadata; the same in every version."""
    service = {"name": name, "primary_service_name": name, "scale": 1, "metadata": metadata}
    container = {"name": "stack-app-1", "uuid": "c1", "service_name": "app", "stack_name": "stack"}
    own = {"service": service, "container": container, "stack": {"name": "stack"}, "host": {"name": "h", "uuid": "h1"}}
    return Answers.of({version: {DEFAULT: {"self": own, "version": "1"}} for version in VERSIONS})


def seen_by(answers: Answers, client: str) -> Answers:
    """Return answers that tell everybody what they would tell `client`."""
    return Answers.of({version: {DEFAULT: answers.entry(version, client) or {}} for version in answers.versions})


def render(
    confd: Path,
    folder: Path,
    spec: Spec,
    answers: Answers,
    *,
    client: str = DEFAULT,
    statics: Mapping[str, str] | None = None,
    requests: list[Request] | None = None,
) -> Rendered:
    """Compile a spec and run confd once against the metadata that `client` sees."""
    return run(confd, folder, spec, compiled(spec, statics), seen_by(answers, client), requests)


def run(
    confd: Path,
    folder: Path,
    spec: Spec,
    resources: Sequence[Resource],
    answers: Answers,
    requests: list[Request] | None = None,
) -> Rendered:
    """Install resources below `folder`, run confd once, and read back what it wrote."""
    if not calculates(confd) and any("atoi" in resource.template for resource in resources):
        pytest.skip("this confd cannot turn a text into a number, and a spec that says so is refused: test_bodies has that")
    for resource, file in zip(resources, spec.files, strict=True):
        install(resource, file.dest, folder)
    seen: list[Request] = [] if requests is None else requests
    with MetadataServer(answers, on_request=seen.append) as server:
        source = ["-backend", "rancher", "-node", server.address, "-prefix", f"/{spec.engine.metadata}"]
        done = subprocess.run(
            [confd, "-onetime", "-confdir", folder, *source],
            capture_output=True, text=True, errors="surrogateescape", env=dict(spec.vars), check=False,
        )  # fmt: skip
    written = {file.dest: below(folder, file.dest) for file in spec.files}
    files = {dest: path.read_bytes() for dest, path in written.items() if path.exists()}
    return Rendered(files, _errors(done.stderr, resources), done.returncode, done.stdout + done.stderr, folder)


def calculates(confd: Path) -> bool:
    """Whether a confd has the function by which a number of the metadata is calculated with (since 0.16)."""
    return dialect_of(confd) != "0.14"


def below(folder: Path, dest: str) -> Path:
    """Return the path that stands in for `dest`."""
    return folder / "root" / dest.lstrip("/")


def install(resource: Resource, dest: str, folder: Path) -> None:
    """Write a resource's TOML, with its dest below `folder`, and its template."""
    target = below(folder, dest)
    target.parent.mkdir(parents=True, exist_ok=True)
    toml = resource.toml.replace(f'dest = "{dest}"', f'dest = "{target}"')
    assert toml != resource.toml, "the TOML names its dest"
    for part, name, text in (("conf.d", "toml", toml), ("templates", "tmpl", resource.template)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / f"{resource.name}.{name}").write_text(text)


def _errors(log: str, resources: Sequence[Resource]) -> dict[str, str]:
    """Sort confd's errors by resource: a template's error begins with the template's name."""
    lines = [found[1] for line in log.splitlines() if (found := _ERROR.search(line))]
    names = {f"{resource.name}.tmpl:": resource.name for resource in resources}
    found = {}
    for line in lines:
        name = next((name for begin, name in names.items() if f"template: {begin}" in line), "")
        found[name] = line
    return found


def without_key(resource: Resource, key: str) -> Resource:
    """Return a resource whose TOML lacks one of its keys."""
    listed = re.search(r"keys = \[(.*)\]", resource.toml)
    assert listed
    keys = [word for word in listed[1].split(", ") if word != f'"{key}"']
    return replace(resource, toml=resource.toml.replace(listed[0], f"keys = [{', '.join(keys)}]"))
