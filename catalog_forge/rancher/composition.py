"""Renders, reads and merges the two compose files of a revision, and returns the services that they define, with locations.

Rules: docs/facts/catalog.md#4.11 (both files are rendered as templates, then read as YAML) and #3 (rancher-compose.yml is merged
over docker-compose.yml, service by service). Variables stay as the author wrote them, because lint checks the author's text; only
`answered` substitutes them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING

from catalog_forge.errors import Problem, Where
from catalog_forge.goyaml.decoding import Pairs, is_null, merged
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement.services import services_without_version
from catalog_forge.rancher.keys import SIDEKICKS
from catalog_forge.rancher.tree import File, Yaml, is_template, keys_of
from catalog_forge.rancher.variables import Say, Substitution, dollars
from catalog_forge.yamlio import Map, Node, Seq, Text

if TYPE_CHECKING:
    from catalog_forge.rancher.templates import Rendered

# The keys that may contain the catalog block, in the order in which a judge looks for the block.
BLOCKS = ("catalog", ".catalog")
# The top-level keys that contain services in a file of version 2.
SERVICES = (
    "services", "containers", "load_balancers", "storage_drivers", "network_drivers", "virtual_machines", "external_services",
    "aliases",
)  # fmt: skip
# The maximum number of primaries of a sidekick that are checked: one is legal, and only a malicious file has thousands.
_MOST_PRIMARIES = 100
_LINKS = ("links", "depends_on")

Keys = Mapping[str, tuple[Text, Node]]


def varies(text: str) -> bool:
    """Tell whether a string contains a variable. If so, its final value is unknown."""
    return next(dollars(text), None) is not None


def items(node: Node | None) -> list[Text]:
    """Return the scalars of a list; a single scalar counts as a list of one."""
    found = node.items if isinstance(node, Seq) else () if node is None else (node,)
    return [each for each in found if isinstance(each, Text)]


def named(label: str) -> Iterator[tuple[str, int]]:
    """Yield each comma-separated name in a label, without surrounding spaces, and the offset of the name in the label."""
    start = 0
    for text in label.split(","):
        yield text.strip(), start + len(text) - len(text.lstrip())
        start += len(text) + 1


@dataclass(frozen=True, eq=False)
class ComposeFile:
    """A compose file and the answers of a user. `made` is the rendered file, or the reason why Go cannot parse the file as a
    template; None if the file is not a template."""

    file: File
    docker: bool
    made: Rendered | Problem | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def rendered(self) -> Rendered | None:
        """The rendered template; None if the file is not a template or cannot be parsed."""
        return None if isinstance(self.made, Problem) else self.made

    @property
    def yaml(self) -> Yaml:
        """The YAML of the rendered file; an empty document with a problem if its template cannot be parsed."""
        if isinstance(self.made, Problem):
            return Yaml(None, (self.made,))
        return self.made.yaml if self.made else self.file.yaml

    @cached_property
    def is_second(self) -> bool:
        """Whether the file has the form of compose 2. rancher-compose refuses a file of this form that has no version (CF402).
        Our other checks still treat the file as compose 2, because this is what the author meant.
        """
        return not is_null(self.yaml.keys.get("version")) or services_without_version(self.yaml.map) is not None

    @cached_property
    def services(self) -> Pairs | None:
        """The services by name, from all the keys under which rancher-compose looks for services; None if they cannot be read."""
        root, found = self.yaml.map, self.yaml.keys
        if root is None:
            return None
        if not self.is_second:
            return merged(tuple(pair for pair in root.pairs if pair[0].value != ".catalog"))
        nodes = [node for name in SERVICES if not is_null(node := found.get(name))]
        if not all(isinstance(node, Map) for node in nodes):
            return None
        return merged(tuple(pair for node in nodes if isinstance(node, Map) for pair in node.pairs))

    @property
    def parts(self) -> Iterator[Part]:
        """Yield the definition of each service in this file."""
        known = keys.V2 if self.is_second else keys.V1
        for name, node in self.services or ():
            # In a file of version 1, a top-level key `catalog` with a version is the catalog block. rancher-compose refuses the
            # block, but the author does not mean it as a service, so it is left out.
            if self.is_second or name.value != "catalog" or "version" not in keys_of(node):
                yield part(name, node, known, self.docker)


def placed(sources: Collection[ComposeFile], where: Where) -> Where:
    """Translate a location in rendered text to the location in its template. Locations in other files are returned unchanged."""
    for source in sources if where.file.startswith("\0") else ():
        if (rendered := source.rendered) and where.file == rendered.name:
            return rendered.at(where.line, where.column)
    return where


def sources(
    docker: File | None, rancher: File | None, variables: Mapping[str, str], stack: str = "stack", version: str = ""
) -> tuple[ComposeFile, ...]:
    """Return the two compose files rendered with these answers, docker-compose.yml first; `version` is the revision's version."""
    both = ((docker, True), (rancher, False))
    return tuple(ComposeFile(file, first, _made(file, variables, stack, version), variables) for file, first in both if file)


def _made(file: File, variables: Mapping[str, str], stack: str, version: str) -> Rendered | Problem | None:
    if not file.is_readable or not is_template(file.text):
        return None
    # Imported only for templates, because importing the template engine is slow.
    from catalog_forge.rancher.templates import Template, refusal, template_in

    found = template_in(file)
    if isinstance(found, Template):
        return found.render(variables, stack, version)
    return refusal(found, file) if found else None


@dataclass(frozen=True, eq=False)
class Part:
    """The definition of one service in one file. `known` contains all service keys of the file's compose version."""

    name: Text
    keys: Keys
    known: frozenset[str]
    docker: bool
    node: Node

    def get(self, key: str) -> Node | None:
        """Return the value of a key, with merge keys in it expanded; None if the key is missing or its value is null."""
        found = self.keys.get(key)
        return None if found is None or is_null(found[1]) else _with_merges(found[1])


def _with_merges(node: Node) -> Node:
    """Return a mapping with its merge keys expanded, and any other node unchanged."""
    own = merged(node.pairs) if isinstance(node, Map) else ()
    return Map(own, node.where) if isinstance(node, Map) and own is not node.pairs else node


def part(name: Text, node: Node, known: frozenset[str], docker: bool) -> Part:
    """Return the definition of a service from its node."""
    pairs = merged(node.pairs) if isinstance(node, Map) else ()
    return Part(name, {key.value: (key, value) for key, value in pairs}, known, docker, node)


@dataclass(frozen=True, eq=False)
class Service:
    """A service: its definitions in docker-compose.yml and rancher-compose.yml, in this order."""

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """The name of the service."""
        return self.parts[0].name.value

    @property
    def where(self) -> Where:
        """The location of the first definition of the service."""
        return self.parts[0].name.where

    @property
    def in_docker(self) -> bool:
        """Whether docker-compose.yml defines the service."""
        return self.parts[0].docker

    def get(self, key: str) -> Node | None:
        """Return the value of a key in both files: mappings and lists are combined; of two values of any other type, the one in
        rancher-compose.yml counts.
        """
        if len(self.parts) == 1:
            return self.parts[0].get(key)
        found = [node for part in self.parts if (node := part.get(key)) is not None]
        return reduce(_laid_over, found) if found else None

    @cached_property
    def keys(self) -> dict[str, Node]:
        """All keys of the service whose values are not null."""
        return {key: node for part in self.parts for key in part.keys if (node := self.get(key)) is not None}

    def answered(self, variables: Mapping[str, str], undefined: Say) -> Service:
        """Return a copy of the service in which variables are replaced with answers. `undefined` is called for each variable
        without an answer.
        """
        put = Substitution(variables, undefined, _nothing).node
        return Service(
            tuple(replace(part, keys={name: (key, put(node)) for name, (key, node) in part.keys.items()}) for part in self.parts)
        )

    @cached_property
    def labels(self) -> dict[str, tuple[Text, Node]]:
        """The labels by name: for each, the scalar that contains its name, and the node of its value."""
        return labels_of(self.get("labels"))

    def label(self, name: str) -> str:
        """Return the value of a label as it is written; an empty string if there is no such label."""
        found = self.labels.get(name)
        return found[1].value if found and isinstance(found[1], Text) else ""

    @cached_property
    def sidekicks(self) -> dict[str, int]:
        """The names in the sidekicks label, in order, each with its offset. Names are separated by commas only."""
        found: dict[str, int] = {}
        text = self.label(SIDEKICKS)
        for name, offset in named(text) if text.strip() and not varies(text) else ():
            found.setdefault(name, offset)
        return found

    def where_of(self, sidekick: str) -> Where:
        """Return the location of a sidekick's name in the sidekicks label."""
        _, node = self.labels[SIDEKICKS]
        assert isinstance(node, Text)
        # The value of a label written as NAME=VALUE has no exact location, so the location of the whole item is returned.
        return node.at(self.sidekicks[sidekick]) if node.lines else node.where

    @cached_property
    def needs(self) -> list[tuple[str, str, Where]]:
        """The containers whose volumes or network the service uses: for each, the key, the container's name, and the location."""
        found = [("volumes_from", item.value.split(":")[0], item.where) for item in items(self.get("volumes_from"))]
        for key in ("network_mode", "net"):
            for item in items(self.get(key)):
                kind, _, other = item.value.partition(":")
                if kind in ("container", "service") and other:
                    found.append((key, other, item.where))
        return [need for need in found if not varies(need[1])]

    @cached_property
    def links(self) -> list[tuple[str, str, Where]]:
        """The services that this service links to or depends on: for each, the key, the target's name, and the location."""
        found = [(key, item.value.split(":")[0], item.where) for key in _LINKS for item in items(self.get(key))]
        return [link for link in found if link[1] and not varies(link[1]) and "/" not in link[1]]


class Composition:
    """The services of both files by name. `sources` are the two compose files.

    If docker-compose.yml could not be read, `is_whole` is False, and no service can be reported as missing.
    """

    def __init__(self, parts: Iterable[Part], sources: Collection[ComposeFile] = (), is_whole: bool = True) -> None:
        found: dict[str, list[Part]] = {}
        for each in parts:
            found.setdefault(each.name.value, []).append(each)
        self.services = {name: Service(tuple(of_name)) for name, of_name in found.items()}
        self.sources = sources
        self.is_whole = is_whole

    @property
    def parts(self) -> Iterator[Part]:
        """Yield the definition of each service in each file."""
        return (part for service in self.services.values() for part in service.parts)

    @cached_property
    def primaries_of(self) -> dict[str, list[str]]:
        """The primaries of each sidekick: the services whose sidekicks label names the sidekick."""
        found: dict[str, list[str]] = {}
        for name, service in self.services.items():
            for sidekick in service.sidekicks:
                found.setdefault(sidekick, []).append(name)
        return found

    def in_one_unit(self, name: str, other: str) -> bool:
        """Tell whether two services run in one unit: one is the primary of the other, or both have the same primary."""
        primaries = self.primaries_of.get(name, [name])[:_MOST_PRIMARIES]
        return any(other == primary or other in self.services[primary].sidekicks for primary in primaries)

    def answered(self, variables: Mapping[str, str], undefined: Callable[[str], Say]) -> Composition:
        """Return a copy of the composition in which variables are replaced with answers. `undefined(SERVICE)` returns the
        callback for unknown variables.
        """
        services = [service.answered(variables, undefined(name)) for name, service in self.services.items()]
        return Composition((part for service in services for part in service.parts), self.sources, self.is_whole)

    def at(self, where: Where) -> Where:
        """Translate a location in rendered text to the location in the author's file."""
        return placed(self.sources, where)


def read(sources: Collection[ComposeFile]) -> Composition:
    """Return the services of both files, beginning with the services in docker-compose.yml."""
    is_whole = all(source.services is not None for source in sources if source.docker)
    return Composition((part for source in sources for part in source.parts), sources, is_whole)


def substituted(text: Text, variables: Mapping[str, str]) -> str:
    """Return the text with answers substituted."""
    return Substitution(variables, _nothing, _nothing).text(text).value


def _laid_over(base: Node, over: Node) -> Node:
    if isinstance(base, Map) and isinstance(over, Map):
        own = {key.value for key, _ in over.pairs}
        return Map((*(pair for pair in base.pairs if pair[0].value not in own), *over.pairs), over.where)
    if isinstance(base, Seq) and isinstance(over, Seq):
        return Seq((*base.items, *over.items), over.where)
    return over


def _nothing(_message: str, _where: Where) -> None:
    return None


def labels_of(node: Node | None) -> dict[str, tuple[Text, Node]]:
    """Return the labels in a mapping or a list of NAME=VALUE: for each name, the scalar with the name, and the value.

    rancher-compose strips the spaces around an item of a list (docs/facts/catalog.md#3).
    """
    if isinstance(node, Map):
        return {key.value: (key, value) for key, value in node.pairs}
    found: dict[str, tuple[Text, Node]] = {}
    for item in node.items if isinstance(node, Seq) else ():
        if isinstance(item, Text):
            name, _, value = item.value.strip().partition("=")
            found[name] = item, Text(value, False, item.where, item.style, ())
    return found
