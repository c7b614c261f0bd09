"""All paths of an example, as every client sees them: what rancher-metadata 0.7.4 answered, and what stands in the file.

data/answers.yml holds three stacks' worth of containers in the shapes of 2015-07-25, 2015-12-19 and 2016-07-29, and odd
values. data/answers.sha256 holds digests of what the real program said, recorded once: a line for each version, client and
format, over every path in the order of `paths`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from catalog_forge import yamlio
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.service.answers import DEFAULT, Answers, Entry, read
from catalog_forge.metadata.service.routes import respond
from catalog_forge.metadata.service.wire import Request

DATA = Path(__file__).parent / "data"
ANSWERS = read((DATA / "answers.yml").read_bytes(), "answers.yml")
VERSIONS = (*ANSWERS.versions, "latest")
FORMATS = {"text": "", "json": "application/json", "yaml": "text/yaml"}
RECORDED = dict(line.rsplit(" ", 1) for line in (DATA / "answers.sha256").read_text().splitlines())


def clients(answers: Answers, version: str) -> list[str]:
    """Every client that the version knows, and one that it does not."""
    return [*sorted(answers.versions[answers.resolve(version) or ""]), "10.9.9.9"]


def paths(answers: Answers, version: str, client: str) -> Iterator[tuple[str, Value]]:
    """All paths below a version and what stands there; of other clients than default only what is their own."""
    resolved = answers.resolve(version) or ""
    entry, default = answers.entry(resolved, client), answers.entry(resolved, DEFAULT)
    assert entry is not None and default is not None
    own: Entry = entry if client == DEFAULT else {key: value for key, value in entry.items() if value is not default[key]}
    yield f"/{version}", entry
    for key in sorted(own):
        yield from below(own[key], f"/{version}/{quote(key, safe='')}")
    yield f"/{version}/nope", None


def below(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """A path, and all below it, list elements by index and by name."""
    yield path, value
    if isinstance(value, dict):
        for key in sorted(value):
            yield from below(value[key], f"{path}/{quote(key, safe='')}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from below(child, f"{path}/{index}")
            for key in ("name", "uuid"):
                if isinstance(child, dict) and isinstance(child.get(key), str):
                    yield f"{path}/{quote(child[key], safe='')}", value[first(value, child[key])]


def first(items: list[Value], name: str) -> int:
    return next(i for i, item in enumerate(items) if isinstance(item, dict) and name in (item.get("name"), item.get("uuid")))


def ask(path: str, client: str, accept: str) -> tuple[int, bytes]:
    response = respond(ANSWERS, Request("GET", path, "", {"accept": (accept,)} if accept else {}, client))
    return response.status, response.body


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", FORMATS)
def test_every_path_is_answered_as_the_real_service_answered(version: str, form: str) -> None:
    for client in clients(ANSWERS, version):
        digest = hashlib.sha256()
        for path, _ in paths(ANSWERS, version, client):
            status, body = ask(path, client, FORMATS[form])
            digest.update(f"{path} {status}\n".encode() + body + b"\0")
        assert RECORDED[f"{version} {client} {form}"] == digest.hexdigest(), client


@pytest.mark.parametrize("version", VERSIONS)
def test_json_and_yaml_read_back_as_what_stands_in_the_file(version: str) -> None:
    for client in clients(ANSWERS, version):
        for path, value in paths(ANSWERS, version, client):
            if path.endswith("/nope"):
                assert ask(path, client, FORMATS["json"]) == (404, b'{"code":404,"message":"Not found","type":"error"}\n')
                continue
            assert json.loads(ask(path, client, FORMATS["json"])[1]) == value
            if isinstance(value, dict | list) and len(str(value)) < 3000:
                assert yamlio.load(ask(path, client, FORMATS["yaml"])[1], path) == value
