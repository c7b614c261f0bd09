"""Translates metadata paths into names of the spec language: the inverse of `confd.names`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from catalog_forge.adopt.setting import Departure, DepartureKind, KeyUse, Setting
from catalog_forge.adopt.terms import (
    Children,
    ElementName,
    Getenv,
    Iteration,
    Lookup,
    Modified,
    Phrase,
    Position,
    Split,
    Unliftable,
    Value,
    merged,
    segments_of,
    shown,
)
from catalog_forge.errors import Where
from catalog_forge.spec.expressions import CHECK_FIELDS, FOUND_FIELDS, Expr, Text
from catalog_forge.spec.model import METADATA_KEY
from catalog_forge.spec.model.roots import RAW_ROOTS, beyond_stack, root_of

_CONTAINER = {
    "primary_ip": "ip", "name": "name", "service_index": "index", "create_index": "create_index", "uuid": "uuid",
    "state": "state", "health_state": "health_state", "host_uuid": "host.uuid",
}  # fmt: skip
_HOST = {"agent_ip": "ip", "name": "name", "hostname": "hostname", "uuid": "uuid"}
_SERVICE = {"name": "name", "scale": "scale"}
_STACK = {"name": "name", "environment_name": "environment"}
_FOUND = (
    {word: word for word in FOUND_FIELDS}
    | {"stack_name": "stack"}
    | {f"health_check/{word}": f"health_check.{word}" for word in CHECK_FIELDS}
)
_NAMESAKES = "/services mixes services of the same name from different stacks"
# The replacements that turn the name of a label into its field `word`.
_WORD = {("replace", char, "_") for char in ".:-"}
_LABEL = re.compile(r"[A-Za-z0-9._-]+")
_KEY = re.compile(METADATA_KEY)
_BY_NUMBER = "2015-07-25"
# These versions write the names of services, stacks and containers in lower case.
LOWERED = ("2016-07-29", "latest")
# The lists whose elements are listed by name in every metadata version.
_NAMED = ("/containers",)

ThingKind = Literal["container", "containers", "service", "services", "stack", "stacks", "host", "hosts", "metadata", "raw"]


@dataclass(frozen=True, slots=True)
class Thing:
    """The object that a path refers to, and `rest`, the part of the path below the object.

    `which` is the name of the service to which the object belongs ("" for the configured service), or the loop whose current
    element is the object. `wide` is True if the path covers the services of all stacks.
    """

    kind: ThingKind
    which: str | Iteration | None = None
    rest: tuple[Phrase, ...] = ()
    wide: bool = field(default=False, compare=False)


@dataclass(slots=True)
class Naming:
    """Translates the paths in a template into names of the spec language, and records the keys, variables and services used."""

    setting: Setting
    keys: dict[str, KeyUse] = field(default_factory=dict)
    variables: dict[str, None] = field(default_factory=dict)
    services: dict[str, None] = field(default_factory=dict)
    departures: dict[tuple[str, str], Departure] = field(default_factory=dict)
    loops: list[Iteration] = field(default_factory=list)
    line: int = 0
    wide: bool = False

    def depart(self, kind: DepartureKind, words: str) -> None:
        """Record a difference between the blocks and the template."""
        self.departures.setdefault((kind, words), Departure(kind, self.line, words))

    @property
    def by_number(self) -> bool:
        """Whether the template's metadata version lists containers by number."""
        return self.setting.version == _BY_NUMBER

    # From paths to instances of `Thing`

    def place(self, path: Phrase) -> Thing:
        """Return the object that a path refers to. Raises Unliftable if it cannot be determined."""
        segments = segments_of(path)
        match [segment.constant for segment in segments]:
            case ["self", "container", *_]:
                return Thing("container", None, segments[2:])
            case ["self", "host", *_]:
                return Thing("host", None, segments[2:])
            case ["self", "service", *_]:
                return self._of_service("", segments[2:], False)
            case ["self", "stack", "services", str() as name, *_]:
                return self._of_service(self._service(name), segments[4:], False)
            case ["self", "stack", *_]:
                return Thing("stack", None, segments[2:])
            case ["services", str() as name, *_]:
                return self._of_service(self._service(name), segments[2:], True)
            case ["stacks", None, "services", str() as name, *_] if self._is_own_stack(segments[1]):
                return self._of_service(self._service(name), segments[4:], False)
            case ["containers", _, *_] if (loop := self._container_named(segments[1])) is not NO_CONTAINER:
                return Thing("container", loop, segments[2:])
            case ["hosts", *_]:
                return self._of_host(segments[1], segments[2:]) if len(segments) > 1 else Thing("hosts")
        return (None if self.by_number else self._among_stacks(segments)) or Thing("raw", None, segments)

    def _service(self, name: str) -> str:
        """Return the name of a service, or "" for the configured service."""
        if name != name.lower() and self.setting.version in LOWERED:
            raise Unliftable(f"this version of the metadata writes the name of the service {name!r} in lower case")
        return "" if name.lower() == self.setting.service.lower() else name

    def _is_own_stack(self, name: Phrase) -> bool:
        found = name.single
        return isinstance(found, Lookup) and found.path.constant == "/self/stack/name"

    def _among_stacks(self, segments: tuple[Phrase, ...]) -> Thing | None:
        """Return the object that a path refers to if the path contains loops over stacks or over all services, otherwise None."""
        loops = [self.loop_of(segment) for segment in segments]
        match [segment.constant for segment in segments]:
            case ["stacks"]:
                return Thing("stacks")
            case ["stacks", None, "services"] if self.walks(loops[1], Thing("stacks")):
                return Thing("services", loops[1])
            case ["stacks", None, "environment_name"] if self.walks(loops[1], Thing("stacks")):
                return Thing("stack", None, segments[2:])
            case ["stacks", None, "services", None, _, *_] if self.walks(loops[3], Thing("services", loops[1])):
                return self._of_found(loops[3], segments[4:])
            case ["services"]:
                return Thing("services")
            case ["services", None, _, *_] if (found := loops[1] and self.thing(loops[1])) and found.kind == "services":
                if found.which:
                    self.depart("own stack", f"{_NAMESAKES}; the spec reads only the service of the stack in the loop")
                return self._of_found(loops[1], segments[2:])
        return None

    def _of_found(self, loop: Iteration | None, rest: tuple[Phrase, ...]) -> Thing:
        """Return the object at the path `rest` below the service that is the current element of `loop`."""
        if rest[0].constant != "containers":
            return Thing("service", loop, rest)
        if len(rest) > 1 and self.walks(inner := self.loop_of(rest[1]), Thing("containers", loop)):
            return Thing("container", inner, rest[2:])
        return Thing("containers", loop) if len(rest) == 1 else Thing("service", loop, rest)

    def loop_of(self, segment: Phrase) -> Iteration | None:
        """Return the loop whose current element is this segment of a path, or None."""
        return segment.single.loop if isinstance(segment.single, ElementName) else None

    def walks(self, loop: Iteration | None, thing: Thing) -> bool:
        """Whether a loop iterates over the objects that `thing` describes."""
        return loop is not None and self.thing(loop) == thing

    def _of_service(self, name: str, rest: tuple[Phrase, ...], wide: bool) -> Thing:
        words = [segment.constant for segment in rest]
        if words[:1] == ["metadata"]:
            return Thing("metadata", name, rest[1:], wide)
        if words[:1] != ["containers"]:
            return Thing("service", name, rest, wide)
        if len(rest) == 1:
            return Thing("containers", name, wide=wide)
        below = rest[2:] or ((Phrase(("name",)),) if self.by_number or words[1] == "0" else ())
        if words[1] == "0":
            if not self.by_number:
                self.depart(
                    "order", "this version of the metadata lists containers by name, so containers/0 becomes the first container"
                )
            return Thing("container", Iteration(Thing("containers", name, wide=wide), first=True), below)
        found = rest[1].single
        if isinstance(found, ElementName) and self.thing(found.loop) == Thing("containers", name):
            return Thing("container", found.loop, below)
        raise Unliftable("the container that this path refers to cannot be determined")

    def thing(self, loop: Iteration) -> Thing | None:
        """Return the list that a loop iterates over, or None if the loop iterates over the parts of a string."""
        if isinstance(loop.of, Children):
            return self.place(loop.of.path)
        return loop.of if isinstance(loop.of, Thing) else None

    def _container_named(self, name: Phrase) -> Iteration | None:
        """Return the loop whose element is the container `name`, None for confd's own container, NO_CONTAINER for any other."""
        found = name.single
        if isinstance(found, ElementName) and not self.by_number:
            thing = self.thing(found.loop)
            if thing and thing.kind == "containers":
                return found.loop
        if isinstance(found, Lookup) and found.default is None:
            thing = self.place(found.path)
            if thing.kind == "container" and _words(thing.rest) == ["name"]:
                assert not isinstance(thing.which, str)
                return thing.which
        return NO_CONTAINER

    def _of_host(self, name: Phrase, rest: tuple[Phrase, ...]) -> Thing:
        found = name.single
        if isinstance(found, ElementName) and self.thing(found.loop) == Thing("hosts"):
            return Thing("host", found.loop, rest)
        if isinstance(found, Lookup) and found.default is None:
            thing = self.place(found.path)
            if thing.kind == "container" and _words(thing.rest) in (["host_uuid"], ["hostname"]):
                if _words(thing.rest) == ["hostname"] and thing.which and not thing.which.first:  # type: ignore[union-attr]
                    return Thing("raw", None, (Phrase(("hosts",)), name, *rest))
                if _words(thing.rest) == ["hostname"]:
                    self.depart("host", "the host of a container is found by the container's host_uuid instead of its host name")
                return Thing("host", thing.which, rest)
            if thing.kind == "host" and _words(thing.rest) in (["uuid"], ["name"]):
                return Thing("host", thing.which, rest)
        raise Unliftable("the host that this path refers to cannot be determined")

    # From instances of `Thing` to names

    def value(self, path: Phrase) -> str:
        """Return the expression for the value of a key, without its braces. Raises Unliftable if none exists."""
        thing = self.place(path)
        words = _words(thing.rest)
        match thing.kind:
            case "container":
                return self._container(thing, words)
            case "host":
                return self._field(f"{self._reference(thing.which)}.host", thing, _HOST, "/self/host")
            case "service":
                return self._of_service_field(thing)
            case "stack":
                return self._field("stack", thing, _STACK, "/self/stack")
            case "metadata":
                return self._metadata(thing)
            case "raw":
                return self._raw(thing.rest)
        raise Unliftable(f"{shown(path)} is a list")

    def _container(self, thing: Thing, words: list[str | None]) -> str:
        if thing.which is None and not self.setting.shared:
            return self._raw((Phrase(("self",)), Phrase(("container",)), *thing.rest))
        reference = self._reference(thing.which)
        if words == ["host_uuid"] and thing.which is None:
            return "self.host.uuid"
        return self._field(reference, thing, _CONTAINER, "/self/container")

    def _field(self, reference: str, thing: Thing, fields: dict[str, str], below: str) -> str:
        """Return the expression for a field. A field without a name in the spec language is read through a path below `below`."""
        words = _words(thing.rest)
        name = words[0] if len(words) == 1 else None
        if label := self._label_in(thing):
            return f"{self._reference(label)}.value"
        if name in fields:
            if isinstance(thing.which, Iteration) and thing.kind == "host" and self.thing(thing.which) == Thing("hosts"):
                reference = reference.removesuffix(".host")
            return f"{reference}.{fields[name]}"
        if words[:1] == ["labels"] and len(words) > 1 and None not in words and thing.kind != "stack":
            return f"{reference}.label.{_label(words[1:])}"
        if words == ["hostname"] and thing.kind == "container" and thing.which:
            self.depart("host", "for a container without a host name, the name of the container is used")
            return f"{reference}.hostname"
        if thing.which is None:
            return self._raw((*segments_of(Phrase((below,))), *thing.rest))
        raise Unliftable(f"the spec language cannot read the field {'/'.join(word or '*' for word in words)!r} of an element")

    def _label_in(self, thing: Thing) -> Iteration | None:
        """Return the loop over labels whose current element is the label at a path, or None."""
        found = thing.rest[1].parts[-1] if len(thing.rest) == 2 and thing.rest[0].constant == "labels" else None
        if not isinstance(found, ElementName) or self.thing(found.loop) != replace(thing, rest=thing.rest[:1]):
            return None
        return found.loop if thing.rest[1].parts == (*filter(None, (found.loop.of.prefix,)), found) else None

    def _labels_of(self, thing: Thing) -> str:
        """Return the expression for the owner of the labels that `thing` lists: `self`, `self.host` or an element."""
        if thing.which is None and thing.kind in ("container", "host"):
            if thing.kind == "container" and not self.setting.shared:
                raise Unliftable("confd's own container is a sidekick, and a spec cannot list the labels of a sidekick")
            return "self" if thing.kind == "container" else "self.host"
        if not isinstance(thing.which, Iteration) or (thing.kind == "host" and self.thing(thing.which) != Thing("hosts")):
            raise Unliftable("a spec cannot list the labels that this loop iterates over")
        return self._reference(thing.which)

    def _of_service_field(self, thing: Thing) -> str:
        if isinstance(thing.which, Iteration):
            whole = Phrase(("/".join(filter(None, _words(thing.rest))),)) if thing.rest[0].constant == "health_check" else None
            return self._field(self._reference(thing.which), replace(thing, rest=(whole,)) if whole else thing, _FOUND, "")
        if thing.which == "":
            if thing.wide:
                self._own_stack(thing)
            return self._field("service", Thing("service", None, thing.rest), _SERVICE, "/self/service")
        return self._raw(self._below_service(thing))

    def _below_service(self, thing: Thing, *more: str) -> tuple[Phrase, ...]:
        """Return the full path of `thing`, which is below another service of the same stack."""
        if self.setting.target == _BY_NUMBER:
            raise Unliftable(f"the metadata version {_BY_NUMBER} does not list other services of the stack")
        assert isinstance(thing.which, str)
        if thing.wide:
            self._own_stack(thing)
        self.services[thing.which] = None
        start = ("self", "stack", "services", thing.which, *more)
        return (*(Phrase((word,)) for word in start), *thing.rest)

    def _own_stack(self, thing: Thing) -> None:
        name = thing.which or self.setting.service
        self.depart(
            "own stack",
            f"/services/{name} mixes the services of this name in all stacks; the spec reads only the service of its own stack",
        )

    def _metadata(self, thing: Thing) -> str:
        loop, below = self._element_in(thing)
        if loop:
            self.key(self.thing(loop)).field(".".join(_constants(below)))
            return self._reference(loop) + ("." + "/".join(_constants(below)) if below else "")
        if not thing.rest:
            raise Unliftable("the root of the metadata has no value")
        if thing.which:
            return self._raw(self._below_service(thing, "metadata"))
        if thing.wide:
            self._own_stack(thing)
        self.key(thing)
        return "metadata/" + "/".join(self.text(segment) for segment in thing.rest)

    def _element_in(self, thing: Thing) -> tuple[Iteration | None, tuple[Phrase, ...]]:
        """Return the loop whose element a path contains, and the path below that element, or (None, ())."""
        for place, segment in enumerate(thing.rest):
            found = segment.single
            listed = self.thing(found.loop) if isinstance(found, ElementName) else None
            if isinstance(found, ElementName) and listed == Thing(thing.kind, thing.which, thing.rest[:place]):
                return found.loop, thing.rest[place + 1 :]
        return None, ()

    def key(self, thing: Thing | None) -> KeyUse:
        """Return the recorded use of the metadata key that `thing` refers to."""
        assert thing
        name = "/".join(segment.pattern for segment in thing.rest)
        if thing.which == "" and not _KEY.fullmatch(name.replace("*", "x")):
            raise Unliftable(f"{name!r} cannot be a key of the metadata")
        keys = self.keys if thing.which == "" else {}
        return keys.setdefault(name, KeyUse())

    def gather(self) -> None:
        """Turn each key that has other keys below it into a map, and remove these other keys, because the map contains them."""
        for name in sorted(self.keys):
            below = [other for other in self.keys if other.startswith(name + "/")]
            if below:
                self.keys[name].kind = "map"
            for other in below:
                del self.keys[other]
        if mixed := next((name for name, use in self.keys.items() if use.asked and use.kind == "map"), ""):
            raise Unliftable(f"the template tests whether metadata/{mixed} has a value, but elsewhere it uses this key as a map")

    def _raw(self, segments: tuple[Phrase, ...]) -> str:
        loop, below = self._element_in(Thing("raw", None, segments))
        if loop:
            if not below:
                raise Unliftable("an element of this list has no single value")
            return f"{self._reference(loop)}.{'/'.join(_constants(below))}"
        return "/" + "/".join(self.text(segment) for segment in segments)

    def _reference(self, which: str | Iteration | None) -> str:
        """Return the name of an element: `self`, `first(LIST)`, `it` in the innermost loop, otherwise a name such as `outer1`."""
        if which is None:
            return "self"
        assert isinstance(which, Iteration)
        if which.first:
            return f"first({self.collection(which)})"
        if which not in self.loops:
            raise Unliftable("an element is read outside its loop")
        if which is self.loops[-1]:
            return "it"
        which.as_name = which.as_name or f"outer{self.loops.index(which) + 1}"
        return which.as_name

    def element(self, loop: Iteration) -> str:
        """Return the expression for the current element of a loop: its name, or a part of a split string."""
        if isinstance(loop.of, Split):
            return self._reference(loop)
        thing = self.thing(loop)
        assert thing
        if thing.kind == "containers" and self.by_number:
            raise Unliftable("the position of a container in its list has no equivalent in a spec")
        if thing.kind == "metadata":
            self.key(thing).named = True
            return f"{self._reference(loop)}.key"
        if _words(thing.rest) == ["labels"] and thing.kind in ("container", "host", "service"):
            return f"{self._reference(loop)}.name"
        if thing.kind == "stacks":
            inside = next((each for each in self.loops if self.thing(each) == Thing("services", loop)), None)
            return f"{self._reference(inside or loop)}.stack"
        if thing.kind in ("containers", "hosts", "services") or shown_segments(thing.rest) in _NAMED:
            return f"{self._reference(loop)}.name"
        raise Unliftable("the name of an element of this list cannot be expressed in a spec")

    def collection(self, loop: Iteration) -> str:
        """Return the expression for the collection that a loop iterates over."""
        if isinstance(loop.of, Split):
            self.depart("parts", "the parts of a split text lose the spaces next to the separator, and empty parts are left out")
            return f"split({self._one(loop.of.text)}, {_quoted(loop.of.separator)})"
        thing = self.thing(loop)
        assert thing
        branches = isinstance(loop.of, Children) and loop.of.branches
        return self.listed(thing, branches, loop.first, loop.of.prefix if isinstance(loop.of, Children) else "")

    def listed(self, thing: Thing, branches: bool = False, first: bool = False, prefix: str = "") -> str:
        """Return the expression for a list. If `prefix` is set, only labels whose names begin with it are listed."""
        if _words(thing.rest) == ["labels"] and thing.kind in ("container", "host", "service"):
            return f"{self._labels_of(thing)}.labels" + (f":{prefix}" if prefix else "")
        if prefix:
            raise Unliftable("only labels can be selected by a prefix of their names")
        if thing.kind == "containers":
            return self._containers(thing, branches, first)
        if thing.kind == "hosts":
            return "hosts"
        if thing.kind == "services":
            self.wide = True
            if not thing.which:
                self.depart("own stack", f"{_NAMESAKES}; the spec lists each of these services separately")
            self.depart(
                "order",
                "services of all stacks are sorted by their paths, so app-db comes before app",
            )
            return "everywhere:*"
        if thing.kind == "metadata" and not thing.which and thing.rest:
            if thing.wide:
                self._own_stack(thing)
            use = self.key(thing)
            use.kind = "map"
            use.branches |= branches
            return "metadata/" + "/".join(_constants(thing.rest))
        segments = self._below_service(thing, "metadata") if thing.kind == "metadata" else thing.rest
        if thing.kind not in ("metadata", "raw") or (thing.kind == "raw" and beyond_stack(shown_segments(segments))):
            raise Unliftable("this list has no equivalent in the spec language")
        return "/" + "/".join(_constants(segments))

    def _containers(self, thing: Thing, branches: bool, first: bool) -> str:
        """Return the expression for the containers of a service."""
        if isinstance(thing.which, Iteration):
            return f"{self._reference(thing.which)}.containers"
        if branches and self.by_number:
            raise Unliftable("lsdir finds no containers in this version of the metadata")
        if not thing.which and not self.setting.shared:
            raise Unliftable("confd runs in a sidekick, and a spec cannot list the containers of a sidekick")
        if thing.wide:
            self._own_stack(thing)
        if self.by_number:
            what = "the first container is chosen by name" if first else "containers are sorted by name"
            self.depart("order", what + ", not by their order in the metadata")
        if not thing.which:
            return "peers"
        self.services[str(thing.which)] = None
        return f"service:{thing.which}"

    def _one(self, words: Phrase) -> str:
        """Return the expression for a string that consists of a single value."""
        found = words.single
        if isinstance(found, Lookup) and found.default is None:
            return self.value(found.path)
        if isinstance(found, Getenv) and not found.default:
            return self.variable(found)
        raise Unliftable("this text consists of more than one value")

    def variable(self, found: Getenv) -> str:
        """Return the expression for an environment variable."""
        if found.of:
            raise Unliftable("a variable with a computed name is only supported if its value fills the whole line")
        self.variables[found.name] = None
        return f"env.{found.name}" + _default(found.default)

    def expression(self, part: Value) -> str:
        """Return the expression for one value with its default, without braces."""
        if isinstance(part, ElementName):
            return self.element(part.loop)
        if isinstance(part, Getenv):
            return self.variable(part)
        if isinstance(part, Modified):
            return self.changed(part)
        value = self.value(part.path)
        if part.default is None:
            return value
        constant = part.default.constant
        if constant is None or (constant and not part.empty):
            raise Unliftable("the spec language cannot express this default")
        return value + (_default(constant) or "|")

    def changed(self, part: Modified, value: str = "") -> str:
        """Return the expression for a changed value. A label's name with all the changes in `_WORD` is its field `word`."""
        changes, of = {(part.word, *part.texts)}, part.of
        while isinstance(of, Modified):
            changes, of = {*changes, (of.word, *of.texts)}, of.of
        thing = self.thing(of.loop) if isinstance(of, ElementName) else None
        if changes == _WORD and thing and _words(thing.rest) == ["labels"] and isinstance(of, ElementName):
            return f"{self._reference(of.loop)}.word"
        if isinstance(part.of, Modified):
            raise Unliftable("a value that is changed more than once cannot be expressed in a spec")
        texts = "".join(f", {_quoted(text)}" for text in part.texts)
        return f"{part.word}({value or self.expression(part.of)}{texts})"

    def position(self, part: Position) -> str:
        """Return the expression for the position of an element. A spec counts positions from 1."""
        thing = self.thing(part.loop)
        if thing and thing.kind in ("stacks", "services"):
            raise Unliftable("the position of a stack, or of a service in its stack, has no equivalent in a spec")
        plus = part.plus - 1
        return f"position({self._reference(part.loop)})" + (f" {'+' if plus > 0 else '-'} {abs(plus)}" if plus else "")

    def text(self, words: Phrase) -> str:
        """Write a string in the syntax of a spec. Values that are unknown before rendering become expressions."""
        return written([part if isinstance(part, str) else self.braced(part) for part in words.parts])

    def braced(self, part: Value) -> Expr:
        """Return the braced expression for one value, as part of a string."""
        return expression(self.expression(part))


# A marker for "no known container", because None means confd's own container.
NO_CONTAINER = Iteration(Split(Phrase(), ""))


def expression(source: str) -> Expr:
    """Return a part of a string: the expression with this source. `written` puts it in braces."""
    return Expr(None, None, source, Where(""))  # type: ignore[arg-type]


def written(parts: list[str | Expr]) -> str:
    """Join literal text and expressions in the syntax of a spec. Literal text is escaped only where this is necessary."""
    return str(Text(tuple(merged(parts))))


def shown_segments(segments: tuple[Phrase, ...]) -> str:
    """Return the path of these segments, with a `*` for each unknown segment."""
    return "/" + "/".join(segment.constant or "*" for segment in segments)


def serves(path: Phrase, setting: Setting) -> bool:
    """Whether the TOML declares a path and Rancher may serve it. Raises Unliftable if this cannot be determined."""
    known, unsure = _beginning(path)
    roots = [root for root in (*RAW_ROOTS, "/services", "/stacks") if root.startswith(known)]
    if unsure and roots and not root_of(known, RAW_ROOTS) and not beyond_stack(known):
        raise Unliftable("the beginning of a path is only known when the file is rendered")
    served = bool(root_of(known, RAW_ROOTS)) or beyond_stack(known) or known in ("/", "/self", "/version")
    if not served or setting.keys is None:
        return served
    asked = [f"{setting.prefix.rstrip('/')}/{key.strip('/')}".rstrip("/") for key in setting.keys]
    if any(known == key or known.startswith(key + "/") for key in asked):
        return True
    if any(key.startswith(known) for key in asked):
        raise Unliftable(f"the TOML file declares only some of the keys below {known!r}")
    return False


def _beginning(path: Phrase) -> tuple[str, bool]:
    """Return the known segments at the beginning of a path, and whether a later segment has an unknown part."""
    known = ""
    for part in path.parts:
        if not isinstance(part, str):
            return known.rpartition("/")[0], True
        known += part
    return known, False


def _words(segments: tuple[Phrase, ...]) -> list[str | None]:
    return [segment.constant for segment in segments]


def _constants(segments: tuple[Phrase, ...]) -> Iterator[str]:
    for segment in segments:
        if segment.constant is None:
            raise Unliftable("a name within the path is only known when the file is rendered")
        yield segment.constant


def _label(words: list[str | None]) -> str:
    name = "/".join(word or "" for word in words)
    if not _LABEL.fullmatch(name):
        raise Unliftable(f"the label {name!r} cannot be written in an expression")
    return name


def _quoted(text: str) -> str:
    if '"' in text or "\\" in text or "{" in text or "}" in text:
        raise Unliftable(f"{text!r} cannot be used in an expression")
    return '"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'


def _default(text: str) -> str:
    if any(char in text for char in '}{"\\\n@'):
        raise Unliftable(f"{text!r} cannot be the default of an expression")
    return f"|{text}" if text else ""
