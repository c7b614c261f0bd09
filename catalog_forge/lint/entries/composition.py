"""The services of a revision as its compose files define them, with their places: both files, laid over each other.

Variables are not put in: an author's `${X}` is what rules look at. A docker-compose.yml with templates is what it renders to with
the default answers. How the files are read is rancher-compose's way (docs/facts/catalog.md#4.11, `stack.composefile`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from catalog_forge.errors import Problem, Where, did_you_mean
from catalog_forge.goyaml.decoding import is_null, merged
from catalog_forge.lint.catalog import BLOCKS, Question, Revision
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement.services import services_without_version
from catalog_forge.rancher.keys import SIDEKICKS
from catalog_forge.rancher.tree import Yaml, is_template
from catalog_forge.rancher.variables import Substitution, dollars
from catalog_forge.yamlio import Map, Node, Seq, Text

if TYPE_CHECKING:
    from catalog_forge.rancher.templates import Rendered

# A sidekick has one primary; who writes thousands of them does not mean it.
_MOST_PRIMARIES = 100
# Of so many words, and for so long a one, nobody wants to know the nearest.
_MOST_WORDS = 300
_LONGEST_WORD = 100

Keys = Mapping[str, tuple[Text, Node]]


def varies(text: str) -> bool:
    """Tell whether a text holds a variable, so that nobody knows what it will be."""
    return next(dollars(text), None) is not None


def near(word: str, known: Collection[str], otherwise: str = "") -> str:
    """A hint that names the known word nearest to a word; `otherwise` where none is near."""
    if len(known) > _MOST_WORDS or len(word) > _LONGEST_WORD:
        return otherwise
    hint = did_you_mean(word, known)
    return hint if hint.startswith("did you mean") else otherwise


def items(node: Node | None) -> list[Text]:
    """The scalars of a list, or the one that stands in its place."""
    found = node.items if isinstance(node, Seq) else () if node is None else (node,)
    return [each for each in found if isinstance(each, Text)]


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
        """The value of a key: that of rancher-compose.yml, if both files have one."""
        return next((found for part in reversed(self.parts) if (found := part.get(key)) is not None), None)

    @cached_property
    def labels(self) -> dict[str, tuple[Text, Node]]:
        """Its labels, those of lists too: the scalar that names each, and its value."""
        found: dict[str, tuple[Text, Node]] = {}
        for part in self.parts:
            node = part.get("labels")
            if isinstance(node, Map):
                found |= {key.value: (key, value) for key, value in node.pairs}
            for item in node.items if isinstance(node, Seq) else ():
                if isinstance(item, Text):
                    name, _, value = item.value.partition("=")
                    found[name] = item, Text(value, False, item.where, item.style, ())
        return found

    def label(self, name: str) -> str:
        """The value of a label as it was written."""
        found = self.labels.get(name)
        return found[1].value if found and isinstance(found[1], Text) else ""

    @cached_property
    def sidekicks(self) -> dict[str, None]:
        """The names in its label of sidekicks, in their order."""
        return dict.fromkeys(self._places)

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where each sidekick stands in its label, which is cut at commas only."""
        found: dict[str, int] = {}
        start, text = 0, self.label(SIDEKICKS)
        for name in text.split(",") if text.strip() and not varies(text) else ():
            found.setdefault(name.strip(), start + len(name) - len(name.lstrip()))
            start += len(name) + 1
        return found

    def where_of(self, sidekick: str) -> Where:
        """Where a sidekick is named."""
        _, node = self.labels[SIDEKICKS]
        assert isinstance(node, Text)
        # The value of NAME=VALUE was cut out of its item.
        return node.at(self._places[sidekick]) if node.lines else node.where

    @cached_property
    def needs(self) -> list[tuple[str, str, Where]]:
        """The containers whose volumes or network it uses: the key, the name, the place."""
        found = [("volumes_from", item.value.split(":")[0], item.where) for item in items(self.get("volumes_from"))]
        for key in ("network_mode", "net"):
            for item in items(self.get(key)):
                kind, _, other = item.value.partition(":")
                if kind in ("container", "service") and other:
                    found.append((key, other, item.where))
        return [each for each in found if not varies(each[1])]

    @cached_property
    def links(self) -> list[tuple[str, str, Where]]:
        """The services that it links or depends on: the key, the name, the place."""
        found = [(key, item.value.split(":")[0], item.where) for key in _LINKS for item in items(self.get(key))]
        return [each for each in found if each[1] and not varies(each[1]) and "/" not in each[1]]


_LINKS = ("links", "depends_on")


class Composition:
    """The services of both files by name; `rendered` is what a docker-compose.yml with templates became, and `problems` say why
    that is no YAML. It is not whole where docker-compose.yml could not be read: then no service can be said to be missing."""

    def __init__(
        self,
        parts: Iterable[Part],
        rendered: Rendered | None = None,
        problems: tuple[Problem, ...] = (),
        is_whole: bool = True,
    ) -> None:
        found: dict[str, list[Part]] = {}
        for part in parts:
            found.setdefault(part.name.value, []).append(part)
        self.services = {name: Service(tuple(each)) for name, each in found.items()}
        self.rendered = rendered
        self.problems = problems
        self.is_whole = is_whole and not problems

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

    def at(self, where: Where) -> Where:
        """A place in a file that the author has: of what was rendered, the place in the template."""
        if self.rendered is None or not where.file.startswith("\0"):
            return where
        return self.rendered.at(where.line, where.column)


_CACHE: WeakKeyDictionary[Revision, Composition] = WeakKeyDictionary()


def composition_of(revision: Revision) -> Composition:
    """The services of a revision, with the default answers where its docker-compose.yml has templates."""
    if revision not in _CACHE:
        _CACHE[revision] = _read(revision)
    return _CACHE[revision]


def _read(revision: Revision) -> Composition:
    parts = rancher_parts(revision)
    docker = revision.docker
    if revision.unread:
        return Composition(parts, is_whole=False)
    if docker is None or not is_template(docker.text):
        return Composition([*(parts_of(docker.yaml, True) if docker else ()), *parts])
    # Only a template is worth what its machine costs to import.
    from catalog_forge.rancher.templates import Template, template_in

    template = template_in(docker)
    if not isinstance(template, Template):
        return Composition(parts, is_whole=False)
    return composed(template.render(defaults(revision)), parts)


def composed(rendered: Rendered, parts: Iterable[Part]) -> Composition:
    """The services of what a template made, before those of rancher-compose.yml."""
    if rendered.yaml.problems:
        return Composition(parts, rendered, rendered.yaml.problems)
    return Composition([*parts_of(rendered.yaml, True), *parts], rendered)


def rancher_parts(revision: Revision) -> list[Part]:
    """What rancher-compose.yml says of services."""
    return [*parts_of(revision.rancher.yaml, False)] if revision.rancher else []


def defaults(revision: Revision) -> dict[str, str]:
    """The answers of a user who accepts what is proposed, and gives a short one where one is required and none is proposed."""
    return {question.variable: question.text("default") or _given(question) for question in revision.questions}


def _given(question: Question) -> str:
    if question.text("required") != "true":
        return ""
    first = next(iter(question.options), "")
    return first or {"int": "1", "boolean": "true"}.get(question.type, "x")


def parts_of(yaml: Yaml, docker: bool) -> Iterator[Part]:
    """The services of a file."""
    root = yaml.map
    if root is None:
        return
    # Without a version rancher-compose refuses such a file (CF402); what its author meant is what other rules look at.
    if "version" in yaml.keys or services_without_version(root):
        services, known = yaml.keys.get("services"), keys.V2
        pairs = services.pairs if isinstance(services, Map) else ()
    else:
        pairs, known = tuple(pair for pair in root.pairs if pair[0].value not in BLOCKS), keys.V1
    for name, node in merged(pairs):
        yield part(name, node, known, docker)


def part(name: Text, node: Node, known: frozenset[str], docker: bool) -> Part:
    """What a node says of a service."""
    pairs = merged(node.pairs) if isinstance(node, Map) else ()
    return Part(name, {key.value: (key, value) for key, value in pairs}, known, docker, node)


def substituted(text: Text, variables: Mapping[str, str]) -> str:
    """The text with answers in it."""
    return Substitution(variables, _nothing, _nothing).text(text).value


def _nothing(_message: str, _where: Where) -> None:
    return None
