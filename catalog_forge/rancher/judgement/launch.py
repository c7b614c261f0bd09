"""rancher-compose at launch: whether a stack can be made of a revision when every question keeps its default.

Rules: docs/facts/catalog.md#3.18 and #4.11, and rancher-compose-executor v0.14.29 (config.Merge, then the sidekicks). For both
files: Go's templates over the raw text, YAML, variables, a schema, types. What a template leaves unsaid when it fails is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalog_forge.errors import Problem, Where, did_you_mean
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import ANY_BY_TEXT, INT, SERVICES, TEXT, MapOf, Struct, Type
from catalog_forge.rancher.judgement import block, checks, maps, services
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.rancher.tree import File, is_template
from catalog_forge.rancher.variables import Substitution
from catalog_forge.yamlio import Map, Node, Seq, Text

if TYPE_CHECKING:
    from catalog_forge.rancher.templates import Rendered

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


def docker_of(files: Mapping[str, File]) -> File | None:
    """The docker-compose file that is sent to Rancher, of the files of a revision by name; one of both is."""
    return next((found for name in _DOCKER if (found := files.get(name)) and (found.content or not found.is_readable)), None)


class _Noting(Substitution):
    """Puts answers into values, and notes which values hold one, and what begins no variable."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables, lambda *_: None, self._not_a_variable)
        self.varied: set[Where] = set()
        self.faults: list[Refusal] = []

    def _not_a_variable(self, message: str, where: Where) -> None:
        self.faults.append(Refusal(message, where, "write $$ for a plain $", "CF504"))

    def text(self, node: Text) -> Text:
        if "$" in node.value:
            self.varied.add(node.where)
        return super().text(node)

    def told(self, fault: Refusal) -> Refusal:
        """A fault; what is a number, or not empty, only for some answers has a rule of its own."""
        if fault.where in self.varied and fault.rule in _OF_ANSWERS:
            return Refusal(fault.message, fault.where, fault.hint or "ask for it with a default, and require it", "CF418")
        return fault


_OF_ANSWERS = frozenset(("CF413", checks.KIND, checks.PORT, checks.NUMBER_FORM))


class LaunchJudge:
    """The launch of a revision: what rancher-compose refuses in its two files, with these answers."""

    def __init__(
        self,
        docker: File,
        rancher: File | None,
        variables: Mapping[str, str],
        stack: str = "stack",
        shared: Callable[[Rendered], Rendered] = lambda rendered: rendered,
    ) -> None:
        self.files = (docker, rancher) if rancher else (docker,)
        self.docker = docker
        self.variables = variables
        self.stack = stack
        # The same text that somebody else has rendered and read already.
        self.shared = shared
        self.labels: dict[str, dict[str, Text]] = {}
        self.varied: set[Where] = set()
        # Where a template fails, rancher-compose goes on with what stands before, without a word.
        self.cut: list[Problem] = []
        # What is launched, and means nothing.
        self.odd: list[Refusal] = []

    def faults(self) -> list[Refusal]:
        """Merge the two files, docker-compose.yml first; then look for the sidekicks."""
        found = [fault for file in self.files for fault in self._merge(file)]
        self.odd = [fault for fault in found if not fault.who]
        return [fault for fault in found if fault.who] or [*self._sidekicks()]

    def _merge(self, file: File) -> Iterator[Refusal]:
        docker = file is self.docker
        if file.is_readable and is_template(file.text):
            yield from self._of_template(file, docker)
            return
        rule = "CF426" if docker else "CF301"
        faults = [Refusal(each.message, each.where or file.at(), each.hint, rule) for each in file.yaml.problems]
        yield from faults or self._of_document(file, file.yaml.node, docker)

    def _of_template(self, file: File, docker: bool) -> Iterator[Refusal]:
        # Only a template is worth what its machine costs to import.
        from catalog_forge.gotext.parsing import SyntaxFault
        from catalog_forge.rancher.templates import RENDERED, template_of, where_of, words_of

        try:
            rendered = template_of(file).render(self.variables, self.stack)
        except SyntaxFault as fault:
            yield Refusal(words_of(fault), where_of(fault, file), _NO_TEMPLATES, "CF511" if docker else "CF506")
            return
        if rendered.fault:
            self.cut.append(Problem(f"the template fails: {rendered.fault}", rendered.fault_where or file.at(), _CUT))
        yaml = self.shared(rendered).yaml
        faults = [Refusal(each.message, each.where, each.hint, "CF517") for each in yaml.problems]
        for each in faults or self._of_document(file, yaml.node, docker):
            where = each.where or file.at()
            where = rendered.at(where.line, where.column) if where.file == RENDERED else where
            yield replace(each, where=where)

    def _of_document(self, file: File, node: Node | None, docker: bool) -> Iterator[Refusal]:
        keys = decoding.pairs(node)
        second = decoding.raw(keys.get("version")) == "2"
        faults = [*_faults_of_shape(node, keys, second, docker)]
        if "*" in file.text or "{{" in file.text:
            faults += (Refusal(each.message, each.where, each.hint, "CF426") for each in decoding.too_large(node))
        if "<<" in file.text:
            # Of a file of version 2 nothing else is decoded, the catalog block neither.
            root = node.pairs if isinstance(node, Map) else ()
            decoded = tuple(pair for pair in root if not second or pair[0].value in (*_TOP.fields, "<<"))
            broken = decoding.broken_merges(Map(decoded, file.at()))
            faults += (Refusal(each.message, each.where, each.hint, "CF436") for each in broken)
        if not faults and (key := services.services_without_version(node)):
            faults.append(Refusal(NO_VERSION, key.where, NO_VERSION_HINT, "CF402"))
        yield from faults
        if not faults:
            yield from self._look_at(_Compose(node, keys, second), "$" in file.text or "<<" in file.text or "{{" in file.text)

    def _look_at(self, compose: _Compose, has_dollar: bool) -> Iterator[Refusal]:
        values = _Noting(self.variables)
        found: dict[str, Keys] = {}
        for name, (key, node) in compose.services().items():
            node = values.node(node) if has_dollar and node else node
            found[name] = {each.value: (each, inner) for each, inner in node.pairs} if isinstance(node, Map) else {}
            if name in ("catalog", ".catalog") and "version" in found[name]:
                yield Refusal(
                    _BLOCK, key.where, "without a version it is called .catalog; with one it stands at the top", "CF302"
                )
                continue
            if not services.NAME.fullmatch(name):
                yield Refusal(f"a service cannot be named {name!r}", key.where, "letters, digits, '.', '_' and '-'", "CF403")
            yield from map(values.told, services.problems_of(name, found[name], compose.second))
        for part in _PARTS:
            node = compose.keys.get(part)
            node = values.node(node) if has_dollar and node and part in ("volumes", "networks") else node
            refused = [Refusal(each.message, each.where, each.hint, "CF437") for each in types.faults(node, _PARTS[part])]
            yield from refused or maps.of_type(node, _PARTS[part])
        yield from values.faults
        self.varied |= values.varied
        for name in found:
            yield from _faults_of_files(name, found)
            self.labels.setdefault(name, {}).update(_labels(found[name].get("labels")))

    def _sidekicks(self) -> Iterator[Refusal]:
        """Each sidekick is a service, and has one primary."""
        primaries: dict[str, str] = {}
        for name, labels in self.labels.items():
            node = labels.get(SIDEKICKS)
            start = 0
            for text in node.value.split(",") if node else ():
                sidekick, offset = text.strip(), start + len(text) - len(text.lstrip())
                start += len(text) + 1
                if node is None or (sidekick in self.labels and sidekick not in primaries):
                    primaries[sidekick] = name
                    continue
                # To look for a place takes as long as the label; who writes thousands of names does not look for one.
                is_there = offset < _LONGEST_LABEL and node.lines and node.where not in self.varied
                where = node.at(offset) if is_there else node.where
                if sidekick not in self.labels:
                    message = f"the service {name!r} names a sidekick {sidekick!r} that is not there"
                    hint = "names are separated by commas" if " " in sidekick else did_you_mean(sidekick, self.labels)
                    yield Refusal(message, where, hint, "CF405")
                else:
                    message = f"{sidekick!r} is the sidekick of {primaries[sidekick]!r} already, and has one primary only"
                    yield Refusal(message, where, _ONE_PRIMARY, "CF406")
                primaries[sidekick] = name


_LONGEST_LABEL = 2000
_ONE_PRIMARY = "write the sidekick once for each primary, under names of their own"
_WRITTEN_OUT = "write the service out"
_NO_TEMPLATES = "a file that needs no templates begins with the line `# notemplating`"
_CUT = "what follows is cut off without a word, and the stack is made of what stands before"
_BLOCK = "rancher-compose takes the catalog block for a service here"


def _faults_of_shape(node: Node | None, keys: Mapping[str, Node], second: bool, docker: bool) -> Iterator[Refusal]:
    """What is not even a compose file, or not one of services."""
    root, service = ("CF426", "CF427") if docker else ("CF301", "CF312")
    found = [*types.faults(node, _TOP)]
    if not second:
        found += block.faults_of_services(node, dict(keys))
    version = keys.get("version")
    for each in found:
        whole = [part for part in (node, keys.get("services") if docker and second else None) if part]
        rule = root if any(each.where == part.where for part in whole) else service
        rule = "CF402" if version is not None and each.where == version.where else rule
        yield Refusal(each.message, each.where, each.hint, rule)


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


def _faults_of_files(name: str, found: Mapping[str, Keys]) -> Iterator[Refusal]:
    """Other files cannot be had at launch, and what a service extends must be there, with nothing that cannot be extended."""
    if "env_file" in found[name]:
        node = found[name]["env_file"][1]
        if not isinstance(node, Seq) or node.items:
            yield Refusal(f"env_file of {name}: no other file is there at launch", node.where, _WRITTEN_OUT, "CF435")
    seen = {name}
    while "extends" in found[name] and isinstance(node := found[name]["extends"][1], Map):
        keys = decoding.pairs(node)
        name = decoding.raw(keys.get("service"))
        if decoding.raw(keys.get("file")):
            yield Refusal("extends: no other file is there at launch", node.where, _WRITTEN_OUT, "CF435")
            return
        if not name:
            return
        if name not in found or name in seen:
            yield Refusal(
                f"extends: the service {name!r} {'extends itself' if name in seen else 'is not there'}",
                node.where,
                "write the service out",
                "CF435",
            )
            return
        seen.add(name)
        for key in ("links", "volumes_from"):
            if key in found[name]:
                yield Refusal(f"extends: {name} has {key}, so that it cannot be extended", node.where, _WRITTEN_OUT, "CF435")


def _labels(pair: tuple[Text, Node] | None) -> Iterator[tuple[str, Text]]:
    """The labels of a service, whether they are written as a mapping or as a list."""
    node = pair[1] if pair else None
    if isinstance(node, Map):
        yield from ((key.value, each) for key, each in node.pairs if isinstance(each, Text))
    for item in node.items if isinstance(node, Seq) else ():
        if isinstance(item, Text):
            name, _, text = item.value.strip().partition("=")
            yield name, Text(text, False, item.where, item.style, ())
