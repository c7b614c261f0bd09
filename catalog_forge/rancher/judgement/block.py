"""The catalog block of a rancher-compose.yml, as catalog-service and the catalog's CI find it and decode it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog_forge.errors import Problem, Where
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import (
    ANY_BY_TEXT,
    INT,
    SERVICES,
    TEXT,
    TEXT_BY_TEXT,
    TEXTS,
    TRUTH,
    ListOf,
    MapOf,
    Own,
    Struct,
    Type,
)
from catalog_forge.rancher.tree import File
from catalog_forge.yamlio import Map, Node


def _problem_of_external(node: Node) -> str:
    fits = not any(types.faults(node, TRUTH)) or not any(types.faults(node, _NAMED))
    return "" if fits else "external is true, false or a mapping with a name"


_NAMED = Struct("a mapping", {"name": TEXT})
_NETWORK = {**dict.fromkeys(("subnet", "ip_range", "gateway"), TEXT), "aux_addresses": TEXT_BY_TEXT}
_IPAM = Struct("ipam", {"driver": TEXT, "config": ListOf("a list of networks", Struct("a network", _NETWORK))})
_DRIVER: dict[str, Type] = {
    "driver": TEXT,
    "driver_opts": TEXT_BY_TEXT,
    "external": Own("external", _problem_of_external),
}
VOLUMES = MapOf("a mapping of volumes", Struct("a volume", {**_DRIVER, "per_container": TRUTH}))
NETWORKS = MapOf("a mapping of networks", Struct("a network", {**_DRIVER, "ipam": _IPAM}))
# What a compose file is for the service and for the CI before anything is looked at more closely.
COMPOSE = Struct(
    "a compose file", {"version": TEXT, "services": SERVICES, "volumes": ANY_BY_TEXT, "networks": ANY_BY_TEXT}
)  # fmt: skip
CI_COMPOSE = Struct("a compose file", {"version": TEXT, "services": SERVICES, "volumes": VOLUMES, "networks": NETWORKS})
_NAMES = "variable label description type default group valid_chars invalid_chars".split()
QUESTION = Struct(
    "a question",
    {
        **dict.fromkeys(_NAMES, TEXT),
        **dict.fromkeys(("min_length", "max_length", "min", "max"), INT),
        "required": TRUTH,
        "options": TEXTS,
    },
)
_QUESTIONS = ListOf("a list of questions", QUESTION)
_FILE = Struct("a file", {"name": TEXT, "contents": TEXT})
_VERSIONS = ("version", "minimum_rancher_version", "maximum_rancher_version", "upgrade_from")
# The block as catalog-service decodes it, and as the CI does. Fields without a name of their own go by their lowercased Go name.
SERVED_BLOCK = Struct(
    "a catalog block",
    {
        **dict.fromkeys((*_VERSIONS, "readme"), TEXT),
        **dict.fromkeys(("templateid", "revision"), INT),
        "labels": TEXT_BY_TEXT,
        "files": ListOf("a list of files", _FILE),
        "questions": _QUESTIONS,
    },
)
CI_BLOCK = Struct(
    "a catalog block",
    {
        **dict.fromkeys((*_VERSIONS, "name", "uuid", "description"), TEXT),
        "labels": TEXT_BY_TEXT,
        "questions": _QUESTIONS,
        "output": Struct("an output", {"url": TEXT}),
    },
)
_CONFIG_TEXTS = (
    "environmentid name issystem description default_version path maintainer license project_url upgradefrom foldername catalog "
    "base icon iconfilename readme category".split()
)
# config.yml as catalog-service decodes it.
CONFIG = Struct(
    "a config.yml",
    {
        **dict.fromkeys(_CONFIG_TEXTS, TEXT),
        "catalogid": INT,
        "categories": TEXTS,
        "labels": TEXT_BY_TEXT,
        "versions": ListOf("a list of versions", SERVED_BLOCK),
    },
)
_COMMENT = re.compile(r"[ \t]*#")
_BLOCK = ("catalog:", ".catalog:")


@dataclass(frozen=True, slots=True)
class Block:
    """A catalog block by its keys, and what is wrong with the file that it stands in."""

    keys: dict[str, Node]
    problems: tuple[Problem, ...] = ()
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Decoder:
    """The types that a judge decodes a rancher-compose.yml and its block into."""

    compose: Struct
    block: Struct


SERVICE = Decoder(COMPOSE, SERVED_BLOCK)
CI = Decoder(CI_COMPOSE, CI_BLOCK)


def of_compose(file: File, decoder: Decoder) -> Block:
    """Find the block of a rancher-compose.yml. A file whose version is not 2 is all services."""
    found = file.decoded
    if found.problems:
        return Block({}, found.problems)
    problems = [*types.faults(found.node, decoder.compose)]
    keys = decoding.pairs(found.node) if isinstance(found.node, Map) else {}
    second = decoding.raw(keys.get("version")) == "2"
    if not second:
        problems += faults_of_services(found.node, keys)
    if problems:
        return Block({}, tuple(problems))
    block = _found(keys, second)
    problems = [*types.faults(block, decoder.block)]
    where = block.where if block else None
    return Block(decoding.pairs(block) if isinstance(block, Map) else {}, tuple(problems), where)


def faults_of_services(root: Node | None, keys: dict[str, Node]) -> Iterator[Problem]:
    """What keeps a file without `version: '2'` from being a mapping of services."""
    for problem in types.faults(root, SERVICES):
        version = keys.get("version")
        if version is not None and problem.where == version.where:
            shown = decoding.raw(version)
            yield Problem(f"the version of a compose file is '2', not {shown!r}", problem.where, "'2', or no version at all")
        else:
            yield problem


def _found(keys: dict[str, Node], second: bool) -> Node | None:
    for name in ("catalog", ".catalog"):
        if not decoding.is_null(keys.get(name)):
            return keys[name]
    services = keys.get("services")
    inner = decoding.pairs(services).get(".catalog") if second and isinstance(services, Map) else None
    return None if decoding.is_null(inner) else inner


def of_flat(file: File) -> Block:
    """The block of a template-version.yml: the file itself."""
    found = file.decoded
    if found.problems:
        return Block({}, found.problems)
    problems = tuple(types.faults(found.node, SERVED_BLOCK))
    return Block(
        decoding.pairs(found.node) if isinstance(found.node, Map) else {}, problems, found.node.where if found.node else None
    )


def of_part(file: File) -> Block:
    """The block of a compose.yml: from a line `catalog:` or `.catalog:` to the next one that is not indented."""
    part = File(file.path, file.size, lambda: _part(file.text).encode(), shown=file.shown)
    return of_compose(part, SERVICE)


def _part(text: str) -> str:
    """The lines of the block. Lines before it stay as empty ones, so that places are those of the file.

    There is no block where the file ends in a comment before the block ends: catalog-service then forgets what it found.
    """
    kept: list[str] = []
    count = 0
    lines = text.split("\n")
    for line in lines:
        comment = _COMMENT.match(line) is not None
        if not comment and (count or line.startswith(_BLOCK)):
            if count > 1 and line and not line[0].isspace():
                return "\n".join(kept)
            count += 1
        kept.append(line if count and not comment else "")
    return "" if _COMMENT.match(lines[-1]) else "\n".join(kept)
