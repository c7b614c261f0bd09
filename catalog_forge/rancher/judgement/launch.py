"""Judges, as rancher-compose does at launch, whether a stack can be created from a revision with the default answers.

Rules: docs/facts/catalog.md#3.18 and #4.11, and rancher-compose-executor v0.14.29 (config.Merge, then the sidekicks). Both files
are rendered as Go templates, read as YAML, and checked against a schema and types after variables are substituted. If a template
fails, the file ends at the failing action.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from catalog_forge.errors import Problem, Where
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import ANY_BY_TEXT, INT, SERVICES, TEXT, MapOf, Struct, Type
from catalog_forge.rancher import composition
from catalog_forge.rancher.composition import ComposeFile, placed
from catalog_forge.rancher.judgement import block, checks, maps, services, units
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.rancher.keys import OLD_BALANCER, SIDEKICKS
from catalog_forge.rancher.variables import Substitution
from catalog_forge.yamlio import Map, Node, Seq, Text

_TOP = Struct(
    "a compose file",
    {
        "version": TEXT,
        **dict.fromkeys(composition.SERVICES, SERVICES),
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

# The keys allowed at the top level of a file of version 2.
TOPS = frozenset((*_TOP.fields, "catalog", ".catalog"))
NO_VERSION = "the file has no version, so Rancher reads `services` as a service, and the names below it as its keys"
NO_VERSION_HINT = "write version: '2' at the top"

Keys = Mapping[str, tuple[Text, Node]]


class _Noting(Substitution):
    """Substitutes answers in values. Records each value that contains a `$`, and each `$` that does not begin a variable."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables, lambda *_: None, self._not_a_variable)
        self.varied: set[Where] = set()
        self.faults: list[Refusal] = []

    def _not_a_variable(self, message: str, where: Where) -> None:
        self.faults.append(Refusal(message, where, "write $$ for a literal $", "CF504"))

    def text(self, node: Text) -> Text:
        if "$" in node.value:
            self.varied.add(node.where)
        return super().text(node)

    def told(self, fault: Refusal) -> Refusal:
        """Adapt a fault to a value that contains a `$`: add a hint and, if a number was expected, change the lint rule."""
        if fault.where not in self.varied or not fault.who:
            return fault
        hint = fault.hint or "make the question for this variable required, and give it a default"
        return replace(fault, hint=hint, rule="CF418" if fault.rule in ("CF413", checks.NUMBER_FORM) else fault.rule)


class LaunchJudge:
    """Simulates the launch of a revision: finds what rancher-compose refuses in the two files, rendered with answers."""

    def __init__(self, sources: Collection[ComposeFile]) -> None:
        self.sources = sources
        self.labels: dict[str, dict[str, Text]] = {}
        self.varied: set[Where] = set()
        # If a template fails, rancher-compose silently uses the output up to that point.
        self.cut: list[Problem] = []
        # Faults that do not prevent the launch: values without a meaning.
        self.odd: list[Refusal] = []

    def faults(self) -> list[Refusal]:
        """Return the faults of the two files or, if they have no faults, the faults of sidekicks and of the targets of load
        balancers.
        """
        found = [fault for source in self.sources for fault in self._merge(source)]
        self.odd = [fault for fault in found if not fault.who]
        if refused := [fault for fault in found if fault.who]:
            return refused
        labels = {name: labels.get(SIDEKICKS) for name, labels in self.labels.items()}
        return [*map(self._placed, (*units.faults_of_labels(labels, self.varied), *self._balancers()))]

    def _balancers(self) -> Iterator[Refusal]:
        """Report invalid targets of load balancers. To save time, services are merged only if a file mentions a load balancer."""
        if any(word in source.file.text for source in self.sources for word in ("lb_config", OLD_BALANCER)):
            variables = next(source.variables for source in self.sources)
            whole = composition.read(self.sources).answered(variables, lambda _: lambda *_: None)
            yield from units.balancer_targets(whole)

    def _merge(self, source: ComposeFile) -> Iterator[Refusal]:
        rendered, where = source.rendered, source.file.at()
        if rendered and rendered.fault:
            self.cut.append(Problem(f"the template fails: {rendered.fault}", rendered.fault_where or where, _CUT))
        broken, unreadable = ("CF511", "CF426") if source.docker else ("CF506", "CF301")
        rule = "CF517" if rendered else broken if source.made else unreadable
        faults = [Refusal(each.message, each.where or where, each.hint, rule) for each in source.yaml.problems]
        for fault in faults or self._of_document(source):
            yield self._placed(replace(fault, where=fault.where or where))

    def _placed(self, fault: Refusal) -> Refusal:
        """Translate the location of a fault from rendered text to the author's file."""
        return replace(fault, where=placed(self.sources, fault.where)) if fault.where else fault

    def _of_document(self, source: ComposeFile) -> Iterator[Refusal]:
        file, node = source.file, source.yaml.node
        keys = source.yaml.keys
        second = decoding.raw(keys.get("version")) == "2"
        rules = block.OF_DOCKER if source.docker else block.OF_RANCHER
        faults = [*block.faults_of_compose(node, _TOP, rules, "launch")]
        if "*" in file.text or "{{" in file.text:
            faults += (Refusal(each.message, each.where, each.hint, "CF426") for each in decoding.too_large(node))
        if "<<" in file.text:
            # In a file of version 2, only the keys in `_TOP` are decoded, not even the catalog block.
            root = node.pairs if isinstance(node, Map) else ()
            decoded = tuple(pair for pair in root if not second or pair[0].value in (*_TOP.fields, "<<"))
            broken = decoding.broken_merges(Map(decoded, file.at()))
            faults += (Refusal(each.message, each.where, each.hint, "CF436") for each in broken)
        if not faults and (key := services.services_without_version(node)):
            faults.append(Refusal(NO_VERSION, key.where, NO_VERSION_HINT, "CF402"))
        yield from faults
        if not faults:
            has_dollar = any(sign in file.text for sign in ("$", "<<", "{{"))
            yield from self._look_at(source, keys, has_dollar, _Noting(source.variables))

    def _look_at(self, source: ComposeFile, keys: Mapping[str, Node], has_dollar: bool, values: _Noting) -> Iterator[Refusal]:
        found: dict[str, Keys] = {}
        for key, node in source.services or ():
            name, node = key.value, values.node(node) if has_dollar else node
            found[name] = {each.value: (each, inner) for each, inner in node.pairs} if isinstance(node, Map) else {}
            if name in ("catalog", ".catalog") and "version" in found[name]:
                yield Refusal(
                    _BLOCK,
                    key.where,
                    "call it .catalog in a file without a version; otherwise, move it to the top level",
                    "CF302",
                )
                continue
            if not services.NAME.fullmatch(name):
                yield Refusal(
                    f"a service cannot be named {name!r}", key.where, "use only letters, digits, '.', '_' and '-'", "CF403"
                )
            yield from map(values.told, services.problems_of(name, found[name], source.is_second))
        for part, wanted in _PARTS.items():
            below = keys.get(part)
            if has_dollar and below and part in ("volumes", "networks"):
                below = values.node(below)
            refused = [Refusal(each.message, each.where, each.hint, "CF437") for each in types.faults(below, wanted)]
            yield from refused or maps.of_type(below, wanted)
        yield from values.faults
        self.varied |= values.varied
        for name in found:
            yield from _faults_of_files(name, found)
            labels = composition.labels_of(found[name]["labels"][1]) if "labels" in found[name] else {}
            texts = {label: value for label, (_, value) in labels.items() if isinstance(value, Text)}
            self.labels.setdefault(name, {}).update(texts)


_WRITTEN_OUT = "write out the whole service definition"
_CUT = "Rancher silently cuts the file off here, and starts only the services above it"
_BLOCK = "rancher-compose treats the catalog block as a service here"


def _faults_of_files(name: str, found: Mapping[str, Keys]) -> Iterator[Refusal]:
    """Report each `env_file` and `extends` that fails at launch because it names another file, a missing service, or
    a service with keys that cannot be inherited."""
    if "env_file" in found[name]:
        node = found[name]["env_file"][1]
        if not isinstance(node, Seq) or node.items:
            yield Refusal(f"env_file of {name}: only the two compose files exist at launch", node.where, _WRITTEN_OUT, "CF435")
    seen = {name}
    while "extends" in found[name] and isinstance(node := found[name]["extends"][1], Map):
        keys = decoding.pairs(node)
        name = decoding.raw(keys.get("service"))
        if decoding.raw(keys.get("file")):
            yield Refusal("extends: only the two compose files exist at launch", node.where, _WRITTEN_OUT, "CF435")
            return
        if not name:
            return
        if name not in found or name in seen:
            yield Refusal(
                f"extends: the service {name!r} {'extends itself' if name in seen else 'does not exist'}",
                node.where,
                "write out the whole service definition",
                "CF435",
            )
            return
        seen.add(name)
        for key in ("links", "volumes_from"):
            if key in found[name]:
                yield Refusal(f"extends: {name} has {key}, so it cannot be extended", node.where, _WRITTEN_OUT, "CF435")
