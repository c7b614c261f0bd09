"""Finds and decodes the catalog block of a rancher-compose.yml as catalog-service and the catalog's CI do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

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
from catalog_forge.rancher.judgement.ruling import Judge, Refusal
from catalog_forge.rancher.tree import File
from catalog_forge.yamlio import Map, Node, Seq, Text


def _problem_of_external(node: Node) -> str:
    fits = not any(types.faults(node, TRUTH)) or not any(types.faults(node, _NAMED))
    return "" if fits else "external must be true, false or a mapping with a name"


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
# The form that a compose file must have before catalog-service and the CI check any details.
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
# The fields of the block that catalog-service and the CI decode. Fields without a YAML name use their lowercased Go name.
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
    "environmentid name issystem description path maintainer license project_url upgradefrom foldername catalog "
    "base icon iconfilename readme category".split()
)
# The keys of config.yml for the default version. The first key that is present counts.
DEFAULTS = ("version", "defaultVersion", "default_version")
# config.yml as catalog-service decodes it.
_CONFIG = Struct(
    "a config.yml",
    {
        **dict.fromkeys((*_CONFIG_TEXTS, "projectURL", *DEFAULTS), TEXT),
        "catalogid": INT,
        "categories": TEXTS,
        "labels": TEXT_BY_TEXT,
        "versions": ListOf("a list of versions", SERVED_BLOCK),
    },
)
CONFIG_KEYS = frozenset(_CONFIG.fields)
_COMMENT = re.compile(r"[ \t]*#")
_BLOCK = ("catalog:", ".catalog:")


@dataclass(frozen=True, slots=True)
class Block:
    """The keys of a catalog block, and the problems of the file that contains the block."""

    keys: dict[str, Node]
    problems: tuple[Refusal, ...] = ()
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Decoder:
    """A judge, and the types into which this judge decodes a rancher-compose.yml and the catalog block."""

    who: Judge
    compose: Struct
    block: Struct


SERVICE = Decoder("service", COMPOSE, SERVED_BLOCK)
CI = Decoder("ci", CI_COMPOSE, CI_BLOCK)

_SCALARS = (TEXT, INT, TRUTH)
# The lint rules for the faults of a file, by field: "" for a fault of the whole file, "*" for any field that is not listed.
Rules = Mapping[str, str]
OF_RANCHER: Rules = {"": "CF301", "version": "CF303", "services": "CF312", "block": "CF302", "*": "CF437"}
OF_DOCKER: Rules = {"": "CF426", "version": "CF402", "services": "CF427", "services itself": "CF426", "*": "CF437"}
OF_CONFIG: Rules = {"": "CF201", "*": "CF202"}
_OF_BLOCK: Rules = {"": "CF302", "*": "CF310"}
_OF_QUESTION: Rules = {
    "": "CF320",
    "required": "CF325",
    **dict.fromkeys(("min", "max", "min_length", "max_length"), "CF333"),
    "*": "CF326",
}


def refused(problem: Problem, rule: str, who: Judge) -> Refusal:
    """Turn a problem into a refusal by a judge, with the lint rule that reports it."""
    rule = "CF436" if problem.message == decoding.BROKEN_MERGE else rule
    return Refusal(problem.message, problem.where, problem.hint, rule, who)


def faults_of_fields(node: Node | None, wanted: Struct, rules: Rules, who: Judge) -> Iterator[Refusal]:
    """Yield a refusal for each part of `node` that does not match `wanted`, with the lint rule for the field that contains the
    part.
    """
    if not isinstance(node, Map):
        yield from (refused(each, rules[""], who) for each in types.faults(node, wanted))
    yield from _faults_of_pairs(decoding.pairs(node), wanted, rules, who)


def _faults_of_pairs(pairs: Mapping[str, Node], wanted: Struct, rules: Rules, who: Judge) -> Iterator[Refusal]:
    for name, value in pairs.items():
        if isinstance(value, Text) and wanted.fields.get(name) is TEXT:
            continue  # Any scalar is valid as text, so the thousands of text fields need no check.
        if name == "questions" and isinstance(value, Seq):
            for question in value.items:
                yield from faults_of_fields(question, QUESTION, _OF_QUESTION, who)
        elif name in wanted.fields:
            rule = _OF_QUESTION[""] if name == "questions" else rules.get(name, rules["*"])
            for each in types.faults(value, wanted.fields[name]):
                itself = each.where == value.where
                said = refused(each, rules.get(f"{name} itself", rule) if itself else rule, who)
                yield replace(said, message=f"{name}: {each.message}") if wanted.fields[name] in _SCALARS else said


def faults_of_compose(node: Node | None, wanted: Struct, rules: Rules, who: Judge) -> Iterator[Refusal]:
    """Yield the reasons why a file is not a valid compose file. Without `version: '2'`, a file is a mapping of services."""
    yield from faults_of_fields(node, wanted, rules, who)
    keys = decoding.pairs(node)
    if isinstance(node, Map) and decoding.raw(keys.get("version")) != "2":
        names = {keys[name].where: name for name in ("version", "catalog", ".catalog") if name in keys}
        for each in faults_of_services(node, keys):
            name = names.get(each.where, "services") if each.where else "services"
            yield refused(each, rules.get("block" if "catalog" in name else name, rules["services"]), who)


def of_compose(file: File, decoder: Decoder) -> Block:
    """Find the catalog block of a rancher-compose.yml. In a file whose version is not 2, every top-level key is a service."""
    found, who = file.decoded, decoder.who
    problems = [refused(each, OF_RANCHER[""], who) for each in found.problems]
    problems += faults_of_compose(found.node, decoder.compose, OF_RANCHER, who)
    if problems:
        return Block({}, tuple(problems))
    keys = decoding.pairs(found.node)
    block = _found(keys, decoding.raw(keys.get("version")) == "2")
    problems = [*faults_of_fields(block, decoder.block, _OF_BLOCK, who)]
    return Block(decoding.pairs(block), tuple(problems), block.where if block else None)


def of_config(file: File) -> Block:
    """Return the keys of config.yml as catalog-service decodes them. If two keys set the same field, only one is checked."""
    found, keys = file.decoded, decoding.pairs(file.decoded.node)
    problems = [refused(each, OF_CONFIG[""], "service") for each in found.problems]
    if not isinstance(found.node, Map):
        problems += faults_of_fields(found.node, _CONFIG, OF_CONFIG, "service")
    names = [name for name in DEFAULTS if name in keys][1:] + ["project_url"] * ("projectURL" in keys)
    counting = {name: value for name, value in keys.items() if name not in names}
    problems += _faults_of_pairs(counting, _CONFIG, OF_CONFIG, "service")
    return Block(keys, tuple(problems))


def faults_of_services(root: Node | None, keys: dict[str, Node]) -> Iterator[Problem]:
    """Yield the reasons why a file without `version: '2'` is not a mapping of services."""
    for problem in types.faults(root, SERVICES):
        version = keys.get("version")
        if version is not None and problem.where == version.where:
            shown = decoding.raw(version)
            yield Problem(
                f"the version of a compose file must be '2', not {shown!r}", problem.where, "write '2', or remove the version"
            )
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
    """Return the block of a template-version.yml: the whole file."""
    found = file.decoded
    problems = [refused(each, OF_RANCHER[""], "service") for each in found.problems]
    problems += faults_of_fields(found.node, SERVED_BLOCK, _OF_BLOCK, "service")
    return Block(decoding.pairs(found.node), tuple(problems), found.node.where if found.node else None)


def of_part(file: File) -> Block:
    """Return the block of a compose.yml: from a line `catalog:` or `.catalog:` to the next line that is not indented."""
    part = File(file.path, file.size, lambda: _part(file.text).encode(), shown=file.shown)
    return of_compose(part, SERVICE)


def _part(text: str) -> str:
    """Return the lines of the block. Lines outside the block become empty, so that line numbers stay the same as in the file.

    If a file ends with a comment before the block has ended, catalog-service loses the block, so the result is empty.
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
