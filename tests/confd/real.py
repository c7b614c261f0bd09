"""Many small template resources through the real confd at once, and through the imitation, to be compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.confd.imitated import embedded
from catalog_forge.confd.imitated.functions import Dialect
from catalog_forge.confd.imitated.image_dir import ImageDir, TemplateResource, read
from catalog_forge.confd.imitated.stored import Stored
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.server import MetadataServer
from tests.helpers import PATIENCE, tree

VERSION = "2016-07-29"
PREFIX = f"/{VERSION}"
OLDEST_GO = 23
_ERROR = re.compile(r"^\S+Z \S+ \S+\[\d+\]: (?:ERROR|FATAL) ", re.MULTILINE)
_NAME = re.compile(r"(?:template: |templates/)([^:,\s]+)")


@dataclass
class Count:
    """How many resources gave the same, failed in both, or differ; and how many errors have the same words."""

    equal: int = 0
    failed: int = 0
    same_words: int = 0
    different: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        words = f"{self.same_words} of them with the same words"
        return f"{self.equal} equal, {self.failed} fail in both ({words}), {len(self.different)} different"

    def add(self, other: Count) -> None:
        self.equal += other.equal
        self.failed += other.failed
        self.same_words += other.same_words
        self.different += other.different


@dataclass(frozen=True)
class Result:
    """What a run gave: files and errors by the name of the resource, the exit code, the log."""

    files: Mapping[str, bytes]
    errors: Mapping[str, str]
    status: int = 0
    log: str = ""


@cache
def dialect_of(program: Path) -> Dialect:
    """The dialect of a real confd."""
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=True).stdout
    return {"0.14": "0.14", "0.15": "0.14", "0.16": "0.16", "0.17": "HEAD"}[said.split()[1][:4]]  # type: ignore[return-value]


def require_go(program: Path) -> None:
    """Skip, or fail on a CI machine, where confd was built with a Go whose templates lack what the imitation has."""
    found = re.search(rb"\xff Go buildinf:.{16,20}?go1\.(\d+)", program.read_bytes(), re.DOTALL)
    if found and int(found[1]) < OLDEST_GO:
        why = f"confd is built with Go 1.{int(found[1])}: templates are compared with those of 1.{OLDEST_GO} on"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def image_of(templates: Mapping[str, bytes], keys: Sequence[str] = ("/self",), **more: Any) -> ImageDir:
    """Make an image with one resource for each template, all with the same keys."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"keys": list(keys), **more}.items()]
    files = {}
    for name, source in templates.items():
        toml = "\n".join(["[template]", f'src = "{name}"', f'dest = "/{name}"', *lines])
        files[f"conf.d/{name}.toml"] = toml.encode()
        files[f"templates/{name}"] = source
    return read(files)


def answers_of(own: Any, **top: Any) -> Answers:
    """Answers that tell everybody the same in every version: `own` below /self."""
    return Answers.of({VERSION: {DEFAULT: {"version": "1", "self": own, **top}}})


def fetch_from(address: str) -> embedded.Fetch:
    """Ask a service as confd does."""

    def fetch(path: str) -> bytes | None:
        request = urllib.request.Request(f"http://{address}{path}", headers={"Accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                body: bytes = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
        return body

    return fetch


def run_real(
    confd: Path, folder: Path, image: ImageDir, address: str, *, prefix: str = PREFIX, variables: Mapping[str, str] | None = None
) -> Result:
    """Run confd once over an image that is put below `folder`, against Rancher's metadata service."""
    options = ["-backend", "rancher", "-node", address, *(["-prefix", prefix] if prefix else [])]
    return run_with(confd, folder, image, options, variables)


def run_with(
    confd: Path, folder: Path, image: ImageDir, options: Sequence[str | Path], variables: Mapping[str, str] | None = None
) -> Result:
    """Run confd once, with the options of a back end, over an image that is put below `folder`."""
    files: dict[str, bytes | str] = {f"templates/{src}": data for src, data in image.templates.items()}
    places = {resource.name: folder / "out" / str(number) for number, resource in enumerate(image.resources)}
    for resource in image.resources:
        files[resource.file] = resource.toml(str(places[resource.name]))
    tree(folder, files)
    (folder / "out").mkdir(exist_ok=True)
    done = subprocess.run(
        [confd, "-onetime", "-sync-only", "-confdir", folder, *options],
        capture_output=True, text=True, errors="surrogateescape", env=dict(variables or {}), check=False, timeout=PATIENCE,
    )  # fmt: skip
    found = {name: place.read_bytes() for name, place in places.items() if place.exists()}
    return Result(found, errors_of(done.stderr, image.resources), done.returncode, done.stderr)


def errors_of(log: str, resources: Sequence[TemplateResource]) -> dict[str, str]:
    """Sort confd's errors by resource: a template's error names the template."""
    names = {resource.src.rpartition("/")[2]: resource.name for resource in resources}
    found = {}
    for text in _ERROR.split(log)[1:]:
        text = re.sub(r"\n\S+Z \S+ \S+\[\d+\]: .*", "", text, flags=re.DOTALL).rstrip("\n")
        name = _NAME.search(text)
        if name and name[1].rpartition("/")[2] in names:
            found[names[name[1].rpartition("/")[2]]] = text
    return found


def run_embedded(
    image: ImageDir,
    fetch: embedded.Fetch | Stored,
    *,
    prefix: str = PREFIX,
    variables: Mapping[str, str] | None = None,
    dialect: Dialect = "0.16",
) -> Result:
    """Run the imitation over an image."""
    outcome = embedded.run(image, fetch, prefix=prefix, variables=variables or {}, dialect=dialect)
    return Result({file.resource.name: file.content for file in outcome.files.values()}, outcome.errors)


def compare(image: ImageDir, real: Result, ours: Result) -> Count:
    """Count how two runs agree."""
    count = Count()
    for resource in image.resources:
        name = resource.name
        left, right = real.files.get(name), ours.files.get(name)
        if left != right:
            source = image.templates.get(resource.src, b"")
            ends = ("confd", left, real), ("ours", right, ours)
            said = [f"  {who}: {content!r} {run.errors.get(name, '')}" for who, content, run in ends]
            count.different.append("\n".join([f"{name}: {source!r}", *said]))
        elif left is None:
            count.failed += 1
            count.same_words += plain(real.errors.get(name, "")) == plain(ours.errors[name])
        else:
            count.equal += 1
    return count


def plain(error: str) -> str:
    return re.sub(r"\S*templates/", "templates/", error)


def both(
    confd: Path,
    folder: Path,
    image: ImageDir,
    answers: Answers,
    *,
    prefix: str = PREFIX,
    variables: Mapping[str, str] | None = None,
) -> Count:
    """Run an image through both, against the same service."""
    with MetadataServer(answers) as server:
        real = run_real(confd, folder, image, server.address, prefix=prefix, variables=variables)
        ours = run_embedded(image, fetch_from(server.address), prefix=prefix, variables=variables, dialect=dialect_of(confd))
    return compare(image, real, ours)
