"""Defines the standards of a team, which are in catalog-forge.yml: default, allowed and required values for the specs.

The functions are pure: they get nodes and return values. `catalog_forge.team` reads the files of standards, and the files that
they extend.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from catalog_forge.errors import Where
from catalog_forge.spec.model import Engine, Entry, Image, Launch, Spec
from catalog_forge.spec.model.record import Record, key
from catalog_forge.yamlio import Map, Node, Text

EMPTY = Map((), Where(""))
LEVELS = ("error", "warning", "note", "off")


@dataclass(frozen=True)
class Defaults(Record):
    """The values that a spec inherits for keys that the spec does not contain. Each key means the same as in a spec."""

    maintainer: str = key("as in a spec", "")
    entry: Entry = key("as in a spec: category, license, minimum_rancher_version ...", Entry)
    image: Image = key("as in a spec: base, registry, labels, user", Image)
    engine: Engine = key("as in a spec: confd, metadata, refresh, log", Engine)
    launch: Launch = key("as in a spec: how long to wait", Launch)
    vars: Mapping[str, str] = key("as in a spec: environment of the conf container", dict)


@dataclass(frozen=True)
class Allowed(Record):
    """The values that a spec may choose: lists of patterns, in which `*` matches anything. An empty list allows everything."""

    base: tuple[str, ...] = key("base images", tuple)
    registry: tuple[str, ...] = key("registries", tuple)
    confd: tuple[str, ...] = key("releases of confd", tuple)
    metadata: tuple[str, ...] = key("versions of the metadata service", tuple)
    category: tuple[str, ...] = key("categories of entries", tuple)
    license: tuple[str, ...] = key("licences of entries", tuple)
    maintainer: tuple[str, ...] = key("maintainers", tuple)


@dataclass(frozen=True)
class Required(Record):
    """What every spec must have."""

    name: str = key("pattern that the name of the conf image must match, such as `acme-*-conf`", "")
    health_check: bool = key("the service must have a health check", False)
    maintainer: bool = key("the spec must name a maintainer", False)
    labels: tuple[str, ...] = key("labels that the image must have", tuple)
    scenarios: tuple[str, ...] = key("patterns of scenario names, each of which must match a scenario", tuple)


@dataclass(frozen=True)
class Levels(Record):
    """The level of each kind of finding: error, warning, note or off."""

    deviates: str = key("level of a value that differs from the default without a reason", "warning", one_of=LEVELS)
    repeats: str = key("level of a value that a spec writes although it inherits the same value", "note", one_of=LEVELS)
    allowed: str = key("level of a value that `allowed` does not contain", "error", one_of=LEVELS)
    required: str = key("level of a missing value that `required` demands", "error", one_of=LEVELS)


@dataclass(frozen=True)
class Standards(Record):
    """The standards of a catalog."""

    extends: tuple[str, ...] = key(
        "other standards, whose values this file overrides: a PATH relative to this file, URL@COMMIT or URL@COMMIT#PATH in a git "
        "repository, `profile:minimum` or `profile:production`",
        tuple,
    )
    defaults: Defaults = key("the values that specs inherit", Defaults)
    allowed: Allowed = key("the values that specs may choose from", Allowed)
    required: Required = key("what every spec must have", Required)
    levels: Levels = key("the level of each kind of finding", Levels)
    lint: Any = key("the settings of `lint`", None)


@dataclass(frozen=True)
class Team:
    """The standards of a catalog, merged with all extended standards. `tree` is the merged mapping, with file locations."""

    standards: Standards = field(default_factory=Standards)
    tree: Map = EMPTY

    @property
    def inherited(self) -> Map:
        """The defaults that specs inherit, as YAML nodes."""
        found = next((value for name, value in self.tree.pairs if name.value == "defaults"), None)
        return found if isinstance(found, Map) else EMPTY

    def lines(self) -> list[tuple[str, Text]]:
        """Return the path of every standard in effect, such as `defaults.image.base`, and the node that sets the standard."""
        return [(path, node) for path, node in leaves(self.tree) if path.partition(".")[0] not in ("extends", "lint")]


@dataclass(frozen=True, slots=True)
class Breach:
    """A violation of the standards by a spec: the path of the key, the level that applies, and the message.

    `node` is the value in the spec, or None if the value is missing.
    """

    path: str
    kind: str
    message: str
    hint: str = ""
    node: Text | None = None


# Maps each key of `allowed` to the path of the value in a spec that the key limits.
CHOICES = {
    "base": "image.base",
    "registry": "image.registry",
    "confd": "engine.confd",
    "metadata": "engine.metadata",
    "category": "entry.category",
    "license": "entry.license",
    "maintainer": "maintainer",
}

# `deviations` may give a reason for these paths even if the standards have no default for the path.
_EXCUSED = frozenset((*CHOICES.values(), "health_check"))


def compared(team: Team, root: Map) -> Iterator[Breach]:
    """Yield a breach for each value that needlessly repeats the inherited value, or differs from it without a reason.

    Also yield a breach for each reason in `deviations` that is not needed.
    """
    standard = dict(leaves(team.inherited))
    written = dict(leaves(root))
    reasons = {path.removeprefix("deviations."): node for path, node in written.items() if path.startswith("deviations.")}
    for path, node in written.items():
        if path not in standard:
            continue
        if node.value == standard[path].value:
            message = f"{path} repeats {node.value!r}, which the spec inherits from the team's standards"
            yield Breach(path, "repeats", message, f"leave it out: the standard is in {standard[path].where}", node)
        elif path not in reasons:
            message = f"{path} is {node.value!r}, but the team's standard is {standard[path].value!r}"
            yield Breach(path, "deviates", message, f"remove it, or write why: `deviations: {{{path}: REASON}}`", node)
    for path, node in reasons.items():
        if path not in _EXCUSED and not (path in standard and path in written):
            yield Breach(
                path,
                "repeats",
                f"`deviations` gives a reason for {path!r}, which does not differ from the standards",
                "leave it out",
                node,
            )


def broken(team: Team, spec: Spec, scenarios: tuple[str, ...]) -> Iterator[Breach]:
    """Yield a breach for each value that is not allowed, even if the value is inherited, and for each missing required value."""
    for word, path in CHOICES.items():
        patterns = getattr(team.standards.allowed, word)
        value = value_of(spec, path)
        if patterns and value and path not in spec.deviations and not _fits(value, patterns):
            yield Breach(path, "allowed", f"{path} {value!r} is not allowed by the team", f"allowed: {', '.join(patterns)}")
    required = team.standards.required
    if required.name and not _fits(spec.name, (required.name,)):
        yield Breach("name", "required", f"the name {spec.name!r} does not match {required.name!r}")
    if required.maintainer and not spec.maintainer:
        yield Breach("maintainer", "required", "the spec names no maintainer")
    if required.health_check and spec.service.health_check is None and "health_check" not in spec.deviations:
        yield Breach("service", "required", "the service has no health check", "service: {health_check: {port: ...}}")
    for label in required.labels:
        if label not in spec.image.labels:
            yield Breach("image", "required", f"the image has no label {label!r}")
    for pattern in required.scenarios:
        if not any(_fits(name, (pattern,)) for name in scenarios):
            hint = f"catalog-forge scenario new {spec.name} {quote(pattern)}"
            yield Breach("", "required", f"the spec has no scenario whose name matches {pattern!r}", hint)


def value_of(spec: Spec, path: str) -> str:
    """Return the value at the path of a key in a spec, as text."""
    found: Any = spec
    for name in path.split("."):
        found = getattr(found, name)
    return str(found)


def _fits(value: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)


def laid_over(base: Map, over: Map) -> Map:
    """Return `over` merged onto `base`: mappings are merged recursively, and other values of `over` replace those of `base`."""
    own = {key.value: value for key, value in over.pairs}
    below = {key.value: value for key, value in base.pairs}
    pairs: list[tuple[Text, Node]] = []
    for name, value in over.pairs:
        found = below.get(name.value)
        pairs.append((name, laid_over(found, value) if isinstance(found, Map) and isinstance(value, Map) else value))
    pairs += [(name, value) for name, value in base.pairs if name.value not in own]
    return Map(tuple(pairs), over.where)


def leaves(node: Node, path: str = "") -> Iterator[tuple[str, Text]]:
    """Yield every scalar below a node with its path, such as `image.base`; list items are numbered."""
    if isinstance(node, Text):
        yield path, node
        return
    pairs = [(key.value, value) for key, value in node.pairs] if isinstance(node, Map) else list(_numbered(node.items))
    for name, value in pairs:
        yield from leaves(value, f"{path}.{name}" if path else name)


def _numbered(items: tuple[Node, ...]) -> Iterator[tuple[str, Node]]:
    return ((str(number), item) for number, item in enumerate(items))
