"""The services of a stack: units of a primary and its sidekicks, with their links, in an order in which they can be started.

Rules: docs/facts/catalog.md#3, #4 and #5. All that is wrong is said at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.reading import Reader
from catalog_forge.rancher.judgement import launch
from catalog_forge.rancher.keys import GLOBAL, SIDEKICKS
from catalog_forge.stack import volumes
from catalog_forge.stack.balancer import Balancers, is_balancer
from catalog_forge.stack.composefile import Definition, Files, load
from catalog_forge.stack.entry import Entry
from catalog_forge.stack.launches import Launches
from catalog_forge.stack.model import HealthCheck, Launch, Link, Rule, Service, Stack
from catalog_forge.stack.order import ordered, without_circles
from catalog_forge.yamlio import Map, Node, Seq, Text

_HEALTH = (
    "port request_line interval response_timeout healthy_threshold unhealthy_threshold initializing_timeout strategy".split()
)


def compose(entry: Entry, variables: Mapping[str, str], name: str) -> Stack:
    """Return the stack that an entry is with these answers, under this name.

    Raises ForgeError with all that is wrong in both compose files: what rancher-compose would refuse, and what could not run.
    """
    refused = launch.LaunchJudge(entry.docker, entry.rancher, variables, name).faults()
    reader = Reader()
    try:
        files = load(entry, variables, name, reader)
        stack = _Composer(name, files, Launches(variables, reader), reader).stack()
        reader.check()
    except ForgeError as error:
        raise ForgeError.of(_told_once(refused, error.problems)) from None
    if refused:
        raise ForgeError.of(refused)
    secret = secrets_of(entry, variables)
    return replace(stack, secrets=tuple(sorted(set(secret.values()))))


def _told_once(refused: Sequence[Problem], own: Sequence[Problem]) -> list[Problem]:
    """What rancher-compose refuses, in the words of its judge; then what only cannot run here, at other places."""
    places = {(each.where.file, each.where.line) for each in refused if each.where}
    said = [
        each for each in own if each.where is None or (each.where.file.removesuffix(" (rendered)"), each.where.line) not in places
    ]
    return [*refused, *said]


def secrets_of(entry: Entry, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the answers that nobody may see, by variable. A default is none of them: everybody can read it in the catalog."""
    asked = {question.variable: question.default for question in entry.questions if question.secret}
    return {name: text for name, default in asked.items() if (text := variables.get(name, "")) not in ("", default)}


class _Composer:
    def __init__(self, name: str, files: Files, launches: Launches, reader: Reader) -> None:
        self.name = name
        self.files = files
        self.launches = launches
        self.reader = reader
        self.volumes = volumes.read(files.volumes, reader)
        self.made = {name: self.volumes.of(launches.read(definition)) for name, definition in files.services.items()}
        self.primaries_of = self._units()
        primaries = [name for name in self.made if self.primaries_of[name] == [name]]
        self.rules = Balancers(primaries, reader, self._note)
        self.balancers: dict[str, tuple[Rule, ...]] = {}

    def _note(self, definition: Definition, key: str, message: str, node: Node) -> None:
        self.launches.note(definition, key, message, node.where)

    def stack(self) -> Stack:
        """All services, those first that others need."""
        if not self.made:
            self.reader.wrong("the entry has no services", Where(""))
        services = {each: self._service(each) for each in self.made if self.primaries_of[each] == [each]}
        # A link is an optional dependency: a circle of them is passed over, as rancher-compose's executor does.
        needs = {each: [*self._others(service, service.depends_on)] for each, service in services.items()}
        wishes = {each: [*self._others(service, (link.target for link in service.links))] for each, service in services.items()}
        order = ordered(without_circles(needs, wishes))[0]
        for cycle in ordered(needs)[1]:
            where = self.files.services[cycle[0]].where
            self.reader.wrong(
                f"services need each other: {' -> '.join(cycle)}", where, "none of them could be the first to start"
            )
        notes = (*self.files.notes, *self.launches.unhonoured, *self.volumes.unhonoured)
        return Stack(
            self.name,
            tuple(services[each] for each in order),
            tuple(sorted(self.volumes.own)),
            notes,
            (*self.launches.dangerous, *self.volumes.dangerous),
            self.balancers,
        )

    def _units(self) -> dict[str, list[str]]:
        """The primaries of each launch: those that name it, each with a copy of its own; else itself."""
        found: dict[str, list[str]] = {}
        for name, made in self.made.items():
            where = self.files.services[name].where
            for sidekick in filter(None, map(str.strip, made.labels.get(SIDEKICKS, "").split(","))):
                if sidekick not in self.made:
                    hint = did_you_mean(sidekick, self.made)
                    self.reader.wrong(f"the service {name!r} names a sidekick {sidekick!r} that is not there", where, hint)
                elif sidekick == name:
                    self.reader.wrong(f"the service {name!r} is its own sidekick", where)
                elif name not in found.setdefault(sidekick, []):
                    found[sidekick].append(name)
        for name in dict.fromkeys(name for names in found.values() for name in names if name in found):
            where = self.files.services[name].where
            self.reader.wrong(f"{name!r} is a sidekick and has one", where, "all sidekicks belong to the primary")
        return {name: found.get(name, [name]) for name in self.made}

    def _service(self, name: str) -> Service:
        definition, primary = self.files.services[name], self.made[name]
        sidekicks = tuple(self.made[each] for each in self.made if each != name and name in self.primaries_of[each])
        unit = [primary.name, *(sidekick.name for sidekick in sidekicks)]
        self._check_unit(unit)
        for sidekick in sidekicks:
            self._say_ignored(sidekick)
        found = definition.keys
        links = tuple(dict.fromkeys(link for each in unit for link in self._links(each)))
        if is_balancer(definition):
            self.balancers[name] = self.rules.rules(definition, primary, links)
        elif "lb_config" in found:
            self.launches.note(definition, "lb_config", "its rules reach the load balancer only", found["lb_config"].where)
        return Service(
            primary,
            sidekicks,
            self._scale(definition, primary),
            self._data_of(definition, "metadata"),
            self._health_check(definition),
            links,
            tuple(dict.fromkeys(each for member in unit for each in self._depends_on(member, name))),
            self._retain_ip(definition),
            self._data_of(definition, "lb_config"),
        )

    def _check_unit(self, unit: list[str]) -> None:
        """What shares volumes or the network of another container must be in one unit with it, and not in a circle."""
        needs: dict[str, list[str]] = {}
        for name in unit:
            launch = self.made[name]
            needs[name] = [*launch.volumes_from, *([launch.network_from] if launch.network_from else [])]
            for other in needs[name]:
                key = "volumes_from" if other in launch.volumes_from else "network_mode"
                self._check_member(name, other, unit, key)
        for cycle in ordered(needs)[1]:
            self.reader.wrong(f"containers need each other: {' -> '.join(cycle)}", self.files.services[cycle[0]].where)

    def _check_member(self, name: str, other: str, unit: list[str], key: str) -> None:
        found = self.files.services[name].keys
        where = next((found[each].where for each in (key, "net") if each in found), self.files.services[name].where)
        if other not in self.made:
            hint = did_you_mean(other, self.made)
            self.reader.wrong(f"{key} of {name!r} names a service {other!r} that is not there", where, hint)
        elif other not in unit:
            hint = f"name both in one label {SIDEKICKS}"
            self.reader.wrong(f"{key} of {name!r} names {other!r}, which is in another unit", where, hint)

    def _say_ignored(self, sidekick: Launch) -> None:
        definition = self.files.services[sidekick.name]
        for key in ("scale", "scale_policy", "health_check", "metadata", "lb_config", "retain_ip"):
            if key in definition.keys:
                message = "Rancher reads it of the primary only"
                self.launches.note(definition, key, message, definition.keys[key].where)

    def _links(self, name: str) -> Iterator[Link]:
        """The links of a launch; those of a sidekick are links of its service."""
        found = self.files.services[name].keys
        for text, where in self.launches.items(found.get("links"), "links"):
            target, _, alias = text.partition(":")
            if target in self.made:
                yield Link(alias or target, target)
            elif target or alias:
                hint = did_you_mean(target, self.made)
                self.reader.wrong(f"{name!r} links a service {target!r} that is not there", where, hint)
        for text, where in self.launches.items(found.get("external_links"), "external_links"):
            target, _, alias = text.partition(":")
            if target:
                yield Link(alias or target.rpartition("/")[2], target)
            if target.removeprefix(f"{self.name}/") not in self.made:
                message = f"{target} is of another stack, and stacks here do not see each other"
                message = message if target else f"{text!r} names no service: the answer is empty"
                self.launches.note(self.files.services[name], "external_links", message, where)

    def _depends_on(self, name: str, primary: str) -> Iterator[str]:
        for other, where in self.launches.items(self.files.services[name].keys.get("depends_on"), "depends_on"):
            if other not in self.made:
                hint = did_you_mean(other, self.made)
                self.reader.wrong(f"{name!r} depends on a service {other!r} that is not there", where, hint)
            elif primary not in self.primaries_of[other]:
                yield from self.primaries_of[other]

    def _others(self, service: Service, targets: Iterable[str]) -> Iterator[str]:
        """The services that targets are, or are sidekicks of, but the service itself."""
        for target in targets:
            if service.name not in (primaries := self.primaries_of.get(target, [])):
                yield from primaries

    def _scale(self, definition: Definition, primary: Launch) -> int:
        found = definition.keys
        if primary.labels.get(GLOBAL, "").lower() == "true":
            return 1
        scale = self.launches.number(found["scale"], "scale", 0) if "scale" in found else 1
        if "scale_policy" in found:
            policy = dict(self._pairs(found["scale_policy"], "scale_policy"))
            message = "it starts with `min` units and stays so: there is one host"
            self.launches.note(definition, "scale_policy", message, found["scale_policy"].where)
            return self.launches.number(policy["min"], "scale_policy: min", 0) if "min" in policy else scale
        return scale

    def _health_check(self, definition: Definition) -> HealthCheck | None:
        node = definition.keys.get("health_check")
        if node is None:
            return None
        given = dict(self._pairs(node, "health_check"))
        for key in given.keys() - set(_HEALTH):
            self.launches.note(definition, f"health_check.{key}", "health checks here do without it", given[key].where)
        if "port" not in given:
            self.reader.wrong(f"the health check of {definition.name!r} has no port", node.where)
            return None
        words = {key: text_of(given.pop(key, None)) for key in ("request_line", "strategy")}
        numbers = {key: self.launches.number(given[key], f"health_check: {key}", 0) for key in _HEALTH if key in given}
        return HealthCheck(**numbers, request_line=words["request_line"], strategy=words["strategy"] or "recreate")

    def _pairs(self, node: Node, what: str) -> Iterator[tuple[str, Node]]:
        return ((key.value, value) for key, value in self.reader.pairs(node, what) if not is_null(value))

    def _retain_ip(self, definition: Definition) -> bool:
        node = definition.keys.get("retain_ip")
        return node is not None and self.launches.truth(node, "retain_ip")

    def _data_of(self, definition: Definition, key: str) -> dict[str, Value]:
        node = definition.keys.get(key)
        pairs = () if node is None else self.reader.pairs(node, key)
        return {each.value: _data(value, digits=key == "lb_config") for each, value in pairs}


def _data(node: Node, *, digits: bool) -> Value:
    """Data as Rancher's YAML reader types it; with `digits` an answer of digits is a number (section 3: only below lb_config)."""
    match node:
        case Map(pairs):
            return {key.value: _data(value, digits=digits) for key, value in pairs}
        case Seq(items):
            return [_data(item, digits=digits) for item in items]
        case Text(value):
            if digits and value.isascii() and value.isdigit() and len(value) < 19:
                return int(value)
            return decoding.value(node)
