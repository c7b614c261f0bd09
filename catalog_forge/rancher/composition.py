"""The services of a revision as its two compose files define them, with their places: read, rendered, laid over each other.

Rules: docs/facts/catalog.md#4.11 (templates, then YAML, for both files) and #3 (rancher-compose.yml is laid over
docker-compose.yml, service by service). Variables are put in by `answered` only: what an author wrote is what lint looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING

from catalog_forge.errors import Problem, Where, did_you_mean
from catalog_forge.goyaml.decoding import Pairs, is_null, merged
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement.services import services_without_version
from catalog_forge.rancher.keys import SIDEKICKS
from catalog_forge.rancher.tree import File, Yaml, is_template, keys_of
from catalog_forge.rancher.variables import Say, Substitution, dollars
from catalog_forge.yamlio import Map, Node, Seq, Text

if TYPE_CHECKING:
    from catalog_forge.rancher.templates import Rendered

# What holds the catalog block, in the order in which a judge looks.
BLOCKS = ("catalog", ".catalog")
# The keys of a file of version 2 below which services stand.
SERVICES = (
    "services", "containers", "load_balancers", "storage_drivers", "network_drivers", "virtual_machines", "external_services",
    "aliases",
)  # fmt: skip
# A sidekick has one primary; who writes thousands of them does not mean it.
_MOST_PRIMARIES = 100
_LINKS = ("links", "depends_on")

Keys = Mapping[str, tuple[Text, Node]]


def varies(text: str) -> bool:
    """Tell whether a text holds a variable, so that nobody knows what it will be."""
    return next(dollars(text), None) is not None


def near(word: str, known: Collection[str], otherwise: str = "") -> str:
    """A hint that names the known word nearest to a word; `otherwise` where none is near."""
    hint = did_you_mean(word, known)
    return hint if hint.startswith("did you mean") else otherwise


def items(node: Node | None) -> list[Text]:
    """The scalars of a list, or the one that stands in its place."""
    found = node.items if isinstance(node, Seq) else () if node is None else (node,)
    return [each for each in found if isinstance(each, Text)]


def named(label: str) -> Iterator[tuple[str, int]]:
    """The names in a label, which is cut at commas, without the spaces around them; and where each begins."""
    start = 0
    for text in label.split(","):
        yield text.strip(), start + len(text) - len(text.lstrip())
        start += len(text) + 1


@dataclass(frozen=True, eq=False)
class ComposeFile:
    """A compose file with the answers of a user. `made` is what its template makes of it, or why Go cannot parse that; None where
    it is not a template."""

    file: File
    docker: bool
    made: Rendered | Problem | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def rendered(self) -> Rendered | None:
        """What its template makes, if it has one that can be parsed."""
        return None if isinstance(self.made, Problem) else self.made

    @property
    def yaml(self) -> Yaml:
        """What is read; of a template that cannot be parsed nothing is."""
        if isinstance(self.made, Problem):
            return Yaml(None, (self.made,))
        return self.made.yaml if self.made else self.file.yaml

    @cached_property
    def is_second(self) -> bool:
        """Whether it has the form of compose 2. Without a version rancher-compose refuses it (CF402); what its author meant is
        what everybody else looks at."""
        return not is_null(self.yaml.keys.get("version")) or services_without_version(self.yaml.map) is not None

    @cached_property
    def services(self) -> Pairs | None:
        """Its services by name, in all the places where rancher-compose looks for some; None where it cannot be read."""
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
        """What it says of each service."""
        known = keys.V2 if self.is_second else keys.V1
        for name, node in self.services or ():
            # A catalog block of version 2 in a file of version 1 is refused; it was not meant to be a service.
            if self.is_second or name.value != "catalog" or "version" not in keys_of(node):
                yield part(name, node, known, self.docker)


def placed(sources: Collection[ComposeFile], where: Where) -> Where:
    """A place in a file that the author has: of what was rendered, the place in the template."""
    for source in sources if where.file.startswith("\0") else ():
        if (rendered := source.rendered) and where.file == rendered.name:
            return rendered.at(where.line, where.column)
    return where


def sources(
    docker: File | None, rancher: File | None, variables: Mapping[str, str], stack: str = "stack", version: str = ""
) -> tuple[ComposeFile, ...]:
    """The two compose files with these answers, docker-compose.yml first; `version` is that of the revision."""
    both = ((docker, True), (rancher, False))
    return tuple(ComposeFile(file, first, _made(file, variables, stack, version), variables) for file, first in both if file)


def _made(file: File, variables: Mapping[str, str], stack: str, version: str) -> Rendered | Problem | None:
    if not file.is_readable or not is_template(file.text):
        return None
    # Only a template is worth what its machine costs to import.
    from catalog_forge.rancher.templates import Template, refusal, template_in

    found = template_in(file)
    if isinstance(found, Template):
        return found.render(variables, stack, version)
    return refusal(found, file) if found else None


@dataclass(frozen=True, eq=False)
class Part:
    """What one file says of one service: its keys, of which those count that its `known` form of compose has."""

    name: Text
    keys: Keys
    known: frozenset[str]
    docker: bool
    node: Node

    def get(self, key: str) -> Node | None:
        """The value of a key; None where it is missing or null."""
        found = self.keys.get(key)
        return None if found is None or is_null(found[1]) else found[1]


def part(name: Text, node: Node, known: frozenset[str], docker: bool) -> Part:
    """What a node says of a service."""
    pairs = merged(node.pairs) if isinstance(node, Map) else ()
    return Part(name, {key.value: (key, value) for key, value in pairs}, known, docker, node)


@dataclass(frozen=True, eq=False)
class Service:
    """A service: what docker-compose.yml says of it, and rancher-compose.yml after it."""

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.parts[0].name.value

    @property
    def where(self) -> Where:
        """Where it stands first."""
        return self.parts[0].name.where

    @property
    def in_docker(self) -> bool:
        """Whether docker-compose.yml has it."""
        return self.parts[0].docker

    def get(self, key: str) -> Node | None:
        """The value of a key in both files: mappings and lists grow, everything else is replaced."""
        if len(self.parts) == 1:
            return self.parts[0].get(key)
        found = [node for part in self.parts if (node := part.get(key)) is not None]
        return reduce(_laid_over, found) if found else None

    @cached_property
    def keys(self) -> dict[str, Node]:
        """All its keys that are not null."""
        return {key: node for part in self.parts for key in part.keys if (node := self.get(key)) is not None}

    def answered(self, variables: Mapping[str, str], undefined: Say) -> Service:
        """The service with answers in its values; `undefined` hears of variables that nobody asks for."""
        put = Substitution(variables, undefined, _nothing).node
        return Service(
            tuple(replace(part, keys={name: (key, put(node)) for name, (key, node) in part.keys.items()}) for part in self.parts)
        )

    @cached_property
    def labels(self) -> dict[str, tuple[Text, Node]]:
        """Its labels: the scalar that names each, and its value."""
        return labels_of(self.get("labels"))

    def label(self, name: str) -> str:
        """The value of a label as it was written."""
        found = self.labels.get(name)
        return found[1].value if found and isinstance(found[1], Text) else ""

    @cached_property
    def sidekicks(self) -> dict[str, int]:
        """The names in its label of sidekicks in their order, and where each stands in the label, which is cut at commas only."""
        found: dict[str, int] = {}
        text = self.label(SIDEKICKS)
        for name, offset in named(text) if text.strip() and not varies(text) else ():
            found.setdefault(name, offset)
        return found

    def where_of(self, sidekick: str) -> Where:
        """Where a sidekick is named."""
        _, node = self.labels[SIDEKICKS]
        assert isinstance(node, Text)
        # The value of NAME=VALUE was cut out of its item.
        return node.at(self.sidekicks[sidekick]) if node.lines else node.where

    @cached_property
    def needs(self) -> list[tuple[str, str, Where]]:
        """The containers whose volumes or network it uses: the key, the name, the place."""
        found = [("volumes_from", item.value.split(":")[0], item.where) for item in items(self.get("volumes_from"))]
        for key in ("network_mode", "net"):
            for item in items(self.get(key)):
                kind, _, other = item.value.partition(":")
                if kind in ("container", "service") and other:
                    found.append((key, other, item.where))
        return [need for need in found if not varies(need[1])]

    @cached_property
    def links(self) -> list[tuple[str, str, Where]]:
        """The services that it links or depends on: the key, the name, the place."""
        found = [(key, item.value.split(":")[0], item.where) for key in _LINKS for item in items(self.get(key))]
        return [link for link in found if link[1] and not varies(link[1]) and "/" not in link[1]]


class Composition:
    """The services of both files by name; `sources` are what they were read from, and `problems` say why one cannot be read.

    It is not whole where docker-compose.yml could not be read: then no service can be said to be missing.
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
        """What each file says of each service."""
        return (part for service in self.services.values() for part in service.parts)

    @cached_property
    def primaries_of(self) -> dict[str, list[str]]:
        """The services that name a service as their sidekick, for each that is named."""
        found: dict[str, list[str]] = {}
        for name, service in self.services.items():
            for sidekick in service.sidekicks:
                found.setdefault(sidekick, []).append(name)
        return found

    def in_one_unit(self, name: str, other: str) -> bool:
        """Tell whether a service runs beside another: with it, or with a primary of both."""
        primaries = self.primaries_of.get(name, [name])[:_MOST_PRIMARIES]
        return any(other == primary or other in self.services[primary].sidekicks for primary in primaries)

    def answered(self, variables: Mapping[str, str], undefined: Callable[[str], Say]) -> Composition:
        """The same with answers in the values of services; `undefined` gives for a service what hears of unknown variables."""
        services = [service.answered(variables, undefined(name)) for name, service in self.services.items()]
        return Composition((part for service in services for part in service.parts), self.sources, self.is_whole)

    def at(self, where: Where) -> Where:
        """A place in a file that the author has."""
        return placed(self.sources, where)


def read(sources: Collection[ComposeFile]) -> Composition:
    """The services of both files, those of docker-compose.yml first."""
    is_whole = all(source.services is not None for source in sources if source.docker)
    return Composition((part for source in sources for part in source.parts), sources, is_whole)


def substituted(text: Text, variables: Mapping[str, str]) -> str:
    """The text with answers in it."""
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
    """Return the labels that a mapping or a list of NAME=VALUE gives: the scalar that names each, and its value.

    rancher-compose cuts the spaces around an item of a list (docs/facts/catalog.md#3).
    """
    if isinstance(node, Map):
        return {key.value: (key, value) for key, value in node.pairs}
    found: dict[str, tuple[Text, Node]] = {}
    for item in node.items if isinstance(node, Seq) else ():
        if isinstance(item, Text):
            name, _, value = item.value.strip().partition("=")
            found[name] = item, Text(value, False, item.where, item.style, ())
    return found
