"""rancher-compose at launch: whether a stack can be made of a revision when every question keeps its default.

Rules: docs/facts/catalog.md#3.18 and #4.11, and rancher-compose-executor v0.14.29 (config.Merge, then the sidekicks). For both
files: Go's templates over the raw text, YAML, variables, a schema, types. What a template leaves unsaid when it fails is cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import ANY_BY_TEXT, INT, SERVICES, TEXT, MapOf, Struct, Type
from catalog_forge.lint.judges import block, services
from catalog_forge.lint.judges.ruling import Ruling
from catalog_forge.lint.judges.service import Service, Template, Version
from catalog_forge.rancher.templates import render
from catalog_forge.rancher.tree import File, Yaml
from catalog_forge.rancher.variables import Substitution
from catalog_forge.yamlio import Map, Node, Seq, Text

SIDEKICKS = "io.rancher.sidekicks"
_DOCKER = ("docker-compose.yml", "docker-compose.yml.tpl")
_OTHERS = ("load_balancers", "storage_drivers", "network_drivers", "virtual_machines", "external_services", "aliases")
_TOP = Struct(
    "a compose file",
    {
        "version": TEXT,
        **dict.fromkeys(("services", "containers", *_OTHERS), SERVICES),
        **dict.fromkeys(("dependencies", "volumes", "networks", "secrets", "hosts"), ANY_BY_TEXT),
    },
)
_PARTS: dict[str, Type] = {
    "volumes": block.VOLUMES,
    "networks": block.NETWORKS,
    "secrets": MapOf("secrets", Struct("a secret", {"file": TEXT, "external": TEXT})),
    "hosts": MapOf("hosts", Struct("a host", {"count": INT, "template": TEXT})),
    "dependencies": MapOf("dependencies", Struct("a dependency", dict.fromkeys(("name", "template", "version"), TEXT))),
}

# What may stand at the top of a file of version 2.
TOPS = frozenset((*_TOP.fields, "catalog", ".catalog"))
NO_VERSION = "the file has no version: `services` is the name of a service, and what stands below it are its keys"
NO_VERSION_HINT = "write version: '2' at the top"

Keys = Mapping[str, tuple[Text, Node]]


def judge(service: Service) -> list[Ruling]:
    """Say which revisions cannot be launched, of all that the service has the files of; those without compose files can."""
    return [
        ruling
        for template in service.templates.values()
        for version in template.versions
        for ruling in _Launch(template, version).judge()
    ]


def defaults(version: Version) -> dict[str, str]:
    """The variables of a stack when nobody answers anything: the defaults, or nothing."""
    questions = version.questions
    found = [decoding.pairs(item) for item in questions.items if isinstance(item, Map)] if isinstance(questions, Seq) else []
    return {decoding.text_of(keys.get("variable")): decoding.text_of(keys.get("default")) for keys in found}


@dataclass(eq=False)
class _Launch:
    template: Template
    version: Version
    labels: dict[str, dict[str, Text]] = field(default_factory=dict)
    notes: list[Ruling] = field(default_factory=list)

    def judge(self) -> Iterator[Ruling]:
        """Merge the two files, docker-compose.yml first; then look for the sidekicks."""
        files = self.version.files
        docker = next(
            (found for name in _DOCKER if (found := files.get(name)) and (found.content or not found.is_readable)), None
        )
        if docker is None:
            return
        variables = defaults(self.version)
        problems: list[tuple[Problem, File]] = []
        for file in (docker, files.get("rancher-compose.yml")):
            if file:
                problems += ((problem, file) for problem in self._merge(file, variables))
        problems += ((problem, docker) for problem in self._sidekicks()) if not problems else ()
        yield from self.notes
        for problem, file in problems:
            yield Ruling.of("launch", problem, file.at(), self.template.label, self.version.folder)

    def _merge(self, file: File, variables: Mapping[str, str]) -> Iterator[Problem]:
        try:
            found, has_dollar = self._parsed(file, variables)
        except ForgeError as error:
            yield from error.problems
            return
        problems = [*found.problems, *types.faults(found.node, _TOP)]
        problems += decoding.too_large(found.node) if "*" in file.text or "{{" in file.text else ()
        keys = decoding.pairs(found.node) if isinstance(found.node, Map) else {}
        second = decoding.raw(keys.get("version")) == "2"
        if "<<" in file.text:
            # Of a file of version 2 nothing else is decoded, the catalog block neither.
            root = found.node.pairs if isinstance(found.node, Map) else ()
            decoded = tuple(pair for pair in root if not second or pair[0].value in (*_TOP.fields, "<<"))
            problems += decoding.broken_merges(Map(decoded, file.at()))
        if not second:
            problems += block.faults_of_services(found.node, keys)
        if not problems and (key := services.services_without_version(found.node)):
            problems.append(Problem(NO_VERSION, key.where, NO_VERSION_HINT))
        yield from problems
        if not problems:
            yield from self._look_at(_Compose(found.node, keys, second), variables, has_dollar)

    def _parsed(self, file: File, variables: Mapping[str, str]) -> tuple[Yaml, bool]:
        """The YAML of a file after its templates, and whether values must be worked on."""
        if not file.is_readable or "{{" not in file.text:
            return file.yaml, "$" in file.text or "<<" in file.text
        rendered = render(file, variables)
        if rendered.problem:
            hint = "what follows is cut off without a word, and the stack is made of what stands before"
            where, reason = rendered.problem.where or file.at(), rendered.problem.message
            self.notes.append(Ruling("launch", "alter", reason, where, hint, self.template.label, self.version.folder))
        if rendered.text == file.text:
            return file.yaml, True
        return Yaml(yamlio.parse_lenient(rendered.text, f"{file.shown or file.path} (rendered)").node), True

    def _look_at(self, compose: _Compose, variables: Mapping[str, str], has_dollar: bool) -> Iterator[Problem]:
        wrong: list[Problem] = []
        hint = "write $$ for a plain $"
        values = Substitution(variables, lambda *_: None, lambda words, where: wrong.append(Problem(words, where, hint)))
        found: dict[str, Keys] = {}
        for name, (key, node) in compose.services().items():
            node = values.node(node) if has_dollar and node else node
            found[name] = {each.value: (each, inner) for each, inner in node.pairs} if isinstance(node, Map) else {}
            if not services.NAME.fullmatch(name):
                yield Problem(f"no service can be named {name!r}", key.where, "letters, digits, '.', '_' and '-'")
            yield from services.problems_of(name, found[name], compose.second)
        for part in _PARTS:
            node = compose.keys.get(part)
            yield from types.faults(
                values.node(node) if has_dollar and node and part in ("volumes", "networks") else node, _PARTS[part]
            )
        yield from wrong
        for name in found:
            yield from _faults_of_files(name, found)
            self.labels.setdefault(name, {}).update(_labels(found[name].get("labels")))

    def _sidekicks(self) -> Iterator[Problem]:
        """Each sidekick is a service, and has one primary."""
        primaries: dict[str, str] = {}
        for name, labels in self.labels.items():
            node = labels.get(SIDEKICKS)
            for each in node.value.strip().split(",") if node else ():
                sidekick = each.strip()
                if node and sidekick not in self.labels:
                    yield Problem(f"{name} has a sidekick {sidekick!r}, but there is no such service", node.where)
                elif node and sidekick in primaries:
                    yield Problem(
                        f"{sidekick} is a sidekick of {primaries[sidekick]} and of {name}: it can be one's only", node.where
                    )
                primaries[sidekick] = name


@dataclass(frozen=True, slots=True)
class _Compose:
    """A compose file by its keys."""

    root: Node | None
    keys: Mapping[str, Node]
    second: bool

    def services(self) -> dict[str, tuple[Text, Node | None]]:
        """Its services, and the keys that name them; null is a service without keys."""
        if not self.second:
            return {name: pair for name, pair in _named(self.root).items() if name != ".catalog"}
        found = _named(self.keys.get("services"))
        for name in ("containers", *_OTHERS):
            found |= _named(self.keys.get(name))
        return found


def _named(node: Node | None) -> dict[str, tuple[Text, Node | None]]:
    if not isinstance(node, Map):
        return {}
    names = {key.value: key for key, _ in node.pairs}
    first = next(iter(names.values()), None)
    return {name: (names.get(name, first), each) for name, each in decoding.pairs(node).items() if first}


def _faults_of_files(name: str, found: Mapping[str, Keys]) -> Iterator[Problem]:
    """Other files cannot be had at launch, and what a service extends must be there, with nothing that cannot be extended."""
    if "env_file" in found[name]:
        node = found[name]["env_file"][1]
        if not isinstance(node, Seq) or node.items:
            yield Problem(f"env_file of {name}: no other file is there at launch", node.where)
    seen = {name}
    while "extends" in found[name] and isinstance(node := found[name]["extends"][1], Map):
        keys = decoding.pairs(node)
        name = decoding.raw(keys.get("service"))
        if decoding.raw(keys.get("file")):
            yield Problem("extends: no other file is there at launch", node.where)
            return
        if not name:
            return
        if name not in found or name in seen:
            yield Problem(f"extends: the service {name!r} {'extends itself' if name in seen else 'is not there'}", node.where)
            return
        seen.add(name)
        for key in ("links", "volumes_from"):
            if key in found[name]:
                yield Problem(f"extends: {name} has {key}, so that it cannot be extended", node.where)


def _labels(pair: tuple[Text, Node] | None) -> Iterator[tuple[str, Text]]:
    """The labels of a service, whether they are written as a mapping or as a list."""
    node = pair[1] if pair else None
    if isinstance(node, Map):
        yield from ((key.value, each) for key, each in node.pairs if isinstance(each, Text))
    for item in node.items if isinstance(node, Seq) else ():
        if isinstance(item, Text):
            name, _, text = item.value.strip().partition("=")
            yield name, Text(text, False, item.where, item.style, item.lines)
