"""Locates values in the store, by metadata version and by topology (docs/facts/confd.md#5.4).

A spec's `self` is a container of the service. If confd shares the service's network address, `self` is /self/container.
In topology `volumes`, confd runs in a sidekick with its own address: `self` is then the primary service's container
in the same deployment unit. In a store other than Rancher's, the metadata keys are directly below the prefix,
and no other keys exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog_forge.confd import go
from catalog_forge.confd.go import Path
from catalog_forge.errors import Where
from catalog_forge.spec.expressions import Collection

UNIT = "labels/io.rancher.service.deployment.unit"
_LEAVES = {"ip": "primary_ip", "index": "service_index"}
_HOST_LEAVES = {"ip": "agent_ip"}


@dataclass(frozen=True, slots=True)
class Members:
    """A collection as template code: the list to iterate over, and the path of an element, written with the loop variable.

    The first element of a `selected` list is empty, because the list is made by splitting a string that has a line break before
    every name. `holder` is a key that is needed to read the elements, but not to list them. The elements of a `plain` list are
    values. If the value of the loop variable contains more than the path needs, `holds` is the format of the expression that
    extracts the needed part.
    """

    list: str
    path: Path
    selected: bool = False
    pairs: bool = False
    holder: str = ""
    plain: bool = False
    holds: str = ""
    depth: int = 0

    @property
    def variable(self) -> str:
        """The loop variable for an element; nested loops have different variables."""
        return f"$c{self.depth or ''}"

    @property
    def number(self) -> str:
        """The loop variable for the number of an element."""
        return f"$i{self.depth or ''}"

    def each(self, code: str, trim: str = "}}") -> str:
        """Return a loop that runs code for each element, with variables for the element and its number."""
        number, loop = self.number, f"{{{{range {self.number}, {self.variable} := {self.list}"
        if not self.selected:
            return f"{loop}{trim}{code}{{{{end{trim}"
        return f"{loop}}}}}{{{{if {number}{trim}{code}{{{{end}}}}{{{{end{trim}"


@dataclass(frozen=True, slots=True)
class Selection:
    """A collection that no single template function can list: each `element` of `source` for which all `conditions` hold.

    A template that calls itself for each element of `source` tests the conditions. `kept` is the template expression for the text
    that is recorded for each element found.
    """

    name: str
    about: str
    source: str
    element: str
    conditions: tuple[str, ...]
    must: str = ""
    kept: str = "$c"


@dataclass(slots=True)
class Names:
    """Builds the paths in a template. `roots` become the keys of its resource; `selections` become templates before its body."""

    version: str
    is_self: bool
    main: str
    is_stored: bool = False
    roots: set[str] = field(default_factory=set)
    selections: dict[str, Selection] = field(default_factory=dict)

    @property
    def listed_by_name(self) -> bool:
        """Whether this metadata version lists containers only by name."""
        return self.version == "2015-07-25"

    def at(self, text: str) -> Path:
        """Return the path of a constant key, and add to `roots` the key's closest ancestor that always exists."""
        if self.is_stored:
            # No key below the prefix is certain to exist, so the prefix itself is the only root.
            self.roots.add("/")
            return go.path(text)
        parts = text.split("/")
        self.roots.add("/".join(parts[:3] if parts[1] == "self" else parts[:2]))
        return go.path(text)

    def named(self, name: str) -> str:
        """Return the name of a service or stack as this metadata version writes it: in lower case from 2016-07-29 on."""
        return name.lower() if self.version in ("2016-07-29", "latest") else name

    def metadata(self, path: str = "") -> Path:
        """Return the path of a key of the service's metadata; a sidekick receives the metadata of its primary service."""
        base = "" if self.is_stored else "/self/service/metadata"
        return self.at(base + (f"/{path}" if path else ""))

    def container(self, path: tuple[str, ...]) -> Path:
        """Return the path of a field of the container `self`."""
        if path[0] == "host":
            return host_field(self.at("/self/host"), path[1:])
        return field_of(self.self_container(), path)

    def self_container(self) -> Path:
        """Return the path of the container that `self` refers to."""
        if self.is_self:
            return self.at("/self/container")
        if "self" not in self.selections:
            source, element, conditions = self._walk(Collection("peers", "", (), NOWHERE))
            own = self.at("/self/container").child(UNIT).value
            same = f"eq ({Path('%s', ('$c',)).child(UNIT).value_or(_EMPTY)}) ({own})"
            self.selections["self"] = Selection(
                "self",
                "the main container of this unit",
                source,
                element,
                (*conditions, same),
                "no main container of this unit",
            )
        return Path("%s", ("index $.self 1",))

    def service_name(self) -> str:
        """Return the template expression for the name of the configured service."""
        if self.is_self:
            return self.at("/self/service/name").value
        return self.at("/self/service/primary_service_name").value_or(go.string(self.named(self.main)))

    def element(self, members: Members, variable: str) -> Path:
        """Return the path of the element that `variable` (a template expression) holds."""
        if members.holder:
            self.roots.add(members.holder)
        holds = members.holds or ("dir %s.Key" if members.pairs else "")
        term = holds % go.paren(variable) if holds else variable
        return Path(members.path.format, tuple(term if old == "" else old for old in members.path.terms))

    def first_of(self, members: Members) -> str:
        """Return the template expression for the first element."""
        return f"(index {go.paren(members.list)} {1 if members.selected else 0})"

    def first(self, members: Members) -> Path:
        """Return the path of the first element."""
        return self.element(members, self.first_of(members))

    def members(self, of: Collection) -> Members:
        """Compile a collection of containers or hosts. If no single template function lists them, add a `Selection`."""
        if of.kind == "hosts":
            self.roots.add("/hosts")
            return Members('gets "/hosts/*/uuid"', Path("%s", ("",)), pairs=True)
        direct = None if of.filters else self._direct(of)
        if direct:
            return direct
        name = self.slot(str(of))
        if name not in self.selections:
            source, element, conditions = self._walk(of)
            self.select(Selection(name, str(of), source, element, conditions + filters_of(of)))
        return Members(f"$.{name}", Path("%s", ("",)), selected=True)

    def slot(self, about: str) -> str:
        """Return the name of the existing selection with this description or, if none exists, an unused name for it."""
        known = next((found.name for found in self.selections.values() if found.about == about), "")
        name = _slug(about)
        return known or (f"{name}_{len(self.selections)}" if name in self.selections else name)

    def select(self, selection: Selection) -> str:
        """Add a selection unless it exists, and return the template expression for the elements that it finds."""
        self.selections.setdefault(selection.name, selection)
        return f"$.{selection.name}"

    def split(self, of: Collection, text: str, separator: str) -> Members:
        """Split `text`, a template expression, at `separator`. Drop empty parts, and the spaces around separators."""
        name = f"split_{len(self.selections)}"
        known = next((found.name for found in self.selections.values() if found.about == str(of)), None)
        if known is None:
            # With a separator at both ends of the text, the spaces at both ends are also next to a separator. A line break is
            # replaced because it separates the elements that a selection finds.
            text = f"print {go.string(separator)} {go.paren(text)} {go.string(separator)}"
            for beside in ("\n", f"{separator} ", f" {separator}"):
                text = f"replace {go.paren(text)} {go.string(beside)} {go.string(separator)} -1"
            source = f"split {go.paren(text)} {go.string(separator)}"
            self.selections[name] = Selection(name, str(of), source, "index .from .i", ('ne $c ""',))
        return Members(f"$.{known or name}", Path("%s", ("",)), selected=True, plain=True)

    def below(self, of: Collection) -> Members:
        """Compile the children of a raw path to a collection of records or, if the spec does not read their fields, of values."""
        base = self.at(of.name)
        if of.records:
            return Members(f"lsdir {base.term}", Path(base.format + "/%s", ("",)))
        return Members(f"gets {base.child('*').term}", Path("%s", ("",)), pairs=True, plain=True)

    def _direct(self, of: Collection) -> Members | None:
        """Compile the collection if a single template function can list it; otherwise return None."""
        if self.listed_by_name:
            if of.kind == "peers" and self.is_self:
                self.roots.add("/self/service")
                return Members('getvs "/self/service/containers/*"', Path("/containers/%s", ("",)), holder="/containers")
            return None
        if of.kind == "peers" and self.is_self:
            base = self.at("/self/service/containers")
        elif of.kind in ("peers", "service"):
            base = self.service(of).child("containers")
        else:
            return None
        return Members(f"ls {go.paren(base.term)}", Path(base.format + "/%s", (*base.terms, "")))

    def service(self, of: Collection) -> Path:
        """Return the path of a service in the same stack, in metadata versions that have services as objects."""
        self.roots.add("/self/stack")
        if of.kind == "service":
            return self.at(f"/self/stack/services/{self.named(of.name)}")
        return Path("/self/stack/services/%s", (self.service_name(),))

    def _walk(self, of: Collection) -> tuple[str, str, tuple[str, ...]]:
        """Return three fields of the `Selection` that finds a collection: `source`, `element` and `conditions`."""
        conditions: tuple[str, ...] = ()
        element = "dir (index .from .i).Key"
        if self.listed_by_name and of.kind in ("peers", "others") and self.is_self:
            self.roots |= {"/self/service", "/containers"}
            source, element = 'getvs "/self/service/containers/*"', 'printf "/containers/%s" (index .from .i)'
        elif self.listed_by_name:
            self.roots |= {"/containers"}
            source = 'gets "/containers/*/uuid"'
            conditions = (same("stack_name", self.at("/self/stack/name").value), *self._member(of))
        elif of.kind in ("peers", "others") and self.is_self:
            source = f"gets {self.at('/self/service/containers/*/uuid').term}"
        elif of.kind == "services":
            source = f"gets {self.at('/self/stack/services/*/containers/*/uuid').term}"
            conditions = self._member(of)
        else:
            source = f"gets {go.paren(self.service(of).child('containers/*/uuid').term)}"
        if of.kind == "others":
            conditions += (f"ne ({of_container('uuid')}) ({self.self_container().child('uuid').value})",)
        return source, element, conditions

    def _member(self, of: Collection) -> tuple[str, ...]:
        """Return the conditions under which a container belongs to the collection."""
        if of.kind == "services":
            return (same(f"labels/{of.name}", go.string(of.value)),)
        wanted = go.string(self.named(of.name)) if of.kind == "service" else self.service_name()
        return (same("service_name", wanted),)


def field_of(container: Path, path: tuple[str, ...]) -> Path:
    """Return the path of a container's field, given the field's name in the spec language."""
    return container.child(f"labels/{path[1]}" if path[0] == "label" else _LEAVES.get(path[0], path[0]))


def host_field(host: Path, path: tuple[str, ...]) -> Path:
    """Return the path of a host's field, given the field's name in the spec language."""
    return host.child(f"labels/{path[1]}" if path[0] == "label" else _HOST_LEAVES.get(path[0], path[0]))


_EMPTY = '""'
NOWHERE = Where("")


def of_container(leaf: str, default: str = _EMPTY) -> str:
    """Return the template expression for a field (`leaf`) of the container that a selection is testing."""
    return Path("%s", ("$c",)).child(leaf).value_or(default)


def same(leaf: str, wanted: str) -> str:
    """Return a condition of a selection: the field `leaf` of the tested container equals `wanted`, a template expression."""
    return f"eq ({of_container(leaf)}) {go.paren(wanted)}"


# Without a health check, a container's health state is null, which confd reads as the text `null`. Rancher up to 1.1 reports no
# `state`.
_HEALTH = of_container("health_state", go.string("null"))
_FILTERS = {
    "healthy": f'or (eq ({_HEALTH}) "healthy") (eq ({_HEALTH}) "null")',
    "running": f'eq ({of_container("state", go.string("running"))}) "running"',
}


def filters_of(of: Collection) -> tuple[str, ...]:
    """Return the conditions that implement the filters of a collection of containers."""
    return tuple(_FILTERS[word] for word in of.filters)


def _slug(text: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in text).strip("_")
