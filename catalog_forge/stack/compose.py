"""Composes the services of a stack from an entry: their containers, their links and the order in which they can be started.

Rules: docs/facts/catalog.md#3, #4 and #5. All errors are reported at once: first the errors of rancher-compose, as found by
`rancher.judgement`, then the settings that only this program does not support. Services that an entry expects from other
stacks can run next to its own services.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.reading import Reader
from catalog_forge.rancher import composition
from catalog_forge.rancher.composition import ComposeFile, Composition, items
from catalog_forge.rancher.composition import Service as Definition
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.judgement import launch, units
from catalog_forge.rancher.judgement.maps import STRUCTS
from catalog_forge.rancher.keys import GLOBAL
from catalog_forge.rancher.order import ordered, without_cycles
from catalog_forge.rancher.tree import key_of, keys_of
from catalog_forge.rancher.variables import Say, Substitution
from catalog_forge.shown import printable
from catalog_forge.stack import volumes
from catalog_forge.stack.balancer import Balancers, is_balancer
from catalog_forge.stack.launches import Launches
from catalog_forge.stack.model import HealthCheck, Launch, Link, Note, Rule, Service, Stack
from catalog_forge.stack.plan import HIDDEN
from catalog_forge.yamlio import Node, Text

_HEALTH = (
    "port request_line interval response_timeout healthy_threshold unhealthy_threshold initializing_timeout strategy".split()
)
OF_PRIMARY = ("scale", "scale_policy", "health_check", "metadata", "lb_config", "retain_ip", "upgrade_strategy")
"""The keys that Rancher reads only in the primary of a unit."""
_ELSEWHERE = "belongs to another stack, and stacks cannot reach each other here"


def compose(entry: Revision, variables: Mapping[str, str], name: str) -> Stack:
    """Return the stack of a revision with these answers; `name` is the name of the stack.

    Raises ForgeError with all errors in both compose files: those of rancher-compose, and settings that only this program
    does not support.
    """
    sources = entry.answered_sources(variables, name)
    judge = launch.LaunchJudge(sources)
    refused = judge.faults()
    reader = Reader()
    notes = [*_of_files(sources, reader)]
    files = composition.read(sources).answered(variables, partial(_unasked, notes))
    launches = Launches(variables, reader)
    stack = _Composer(name, files, launches, reader, _declared(sources, notes)).stack(notes)
    places = {(fault.where.file, fault.where.line) for fault in refused if fault.where}
    own = ((files.at(fault.where), fault) for fault in reader.problems if fault.where and files.is_whole)
    said = [
        replace(fault, where=where, message=f"{fault.message}; rancher-compose accepts this")
        for where, fault in own
        if (where.file, where.line) not in places
    ]
    if refused or said:
        raise ForgeError.of([*refused, *said])
    unhonoured, dangerous = (
        [replace(note, where=files.at(note.where)) if note.where else note for note in found]
        for found in (stack.unhonoured, stack.dangerous)
    )
    # Add a note on each part that Rancher ignores, unless its location has a note already.
    told = {note.where for note in (*unhonoured, *dangerous)}
    odd = [fault for fault in judge.odd if fault.where not in told]
    unhonoured += [Note("", fault.rule, printable(fault.message), fault.where) for fault in odd]
    secret = secrets_of(entry, variables)
    named = [service.get("image") for service in files.services.values()]
    images = {text_of(node): files.at(node.where) for node in reversed(named) if node}
    ports = {port: files.at(where) for port, where in launches.public.items()}
    stack = replace(stack, unhonoured=tuple(unhonoured), dangerous=tuple(dangerous), images=images, ports=ports)
    return replace(stack, secrets=tuple(sorted(set(secret.values()))))


def _unasked(notes: list[Note], name: str) -> Say:
    """Return a callback that adds a note on each variable that the service or volume `name` uses although no question sets it."""

    def undefined(variable: str, where: Where) -> None:
        notes.append(Note(name, f"${{{variable}}}", "no question asks for this variable, so it is empty", where))

    return undefined


def _of_files(sources: Iterable[ComposeFile], reader: Reader) -> Iterator[Note]:
    """Yield notes on duplicate keys, and on unknown top-level keys; record errors in `reader`."""
    for source in sources:
        if source.rendered and (cut := source.rendered.problem):
            reader.problems.append(cut)
        services = source.yaml.keys.get("services") if source.is_second else source.yaml.node
        for double in source.yaml.duplicates:
            name, where = double.key.value, double.key.where
            if services and double.within == services.where and name != ".catalog":
                # If two services have the same name, it is unclear which of the two services the author means.
                reader.wrong(
                    str(double),
                    where,
                    "rename or remove one of the two services; rancher-compose would silently use the last one",
                )
            else:
                yield Note(
                    "",
                    name,
                    f"this key is defined twice: the definition here is used, not the one on line {double.first.line}",
                    where,
                )
        for name in source.yaml.keys if source.is_second else ():
            if name not in launch.TOPS and (key := key_of(source.yaml.node, name)):
                # Rancher ignores such a key silently. It may be a service at the top level, as in version 1.
                hint = did_you_mean(name, launch.TOPS)
                yield Note("", name, f"Rancher ignores this key: {hint}; services belong below `services`", key.where)


def _declared(sources: Iterable[ComposeFile], notes: list[Note]) -> dict[str, Node]:
    """Return the volumes that files of version 2 declare, with the answers substituted."""
    return {
        name: Substitution(source.variables, _unasked(notes, f"volume {name}"), lambda *_: None).node(node)
        for source in sources
        if source.is_second
        for name, node in keys_of(source.yaml.keys.get("volumes")).items()
    }


def secrets_of(entry: Revision, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the secret answers by variable. A default is not secret, because everybody can read it in the catalog."""
    asked = {name: question.default for name, question in entry.asked.items() if question.secret}
    return {name: text for name, default in asked.items() if (text := variables.get(name, "")) not in ("", default)}


def masks_of(entry: Revision, variables: Mapping[str, str]) -> dict[str, str]:
    """Map each variable with a secret answer to the stars that are displayed in place of the answer."""
    return dict.fromkeys(secrets_of(entry, variables), HIDDEN)


class _Composer:
    def __init__(self, name: str, files: Composition, launches: Launches, reader: Reader, declared: Mapping[str, Node]) -> None:
        self.name = name
        self.services = files.services
        self.launches = launches
        self.reader = reader
        for fault in (*units.odd_units(files), *units.strangers(files), *units.missing_targets(files)):
            reader.wrong(fault.message, fault.where or Where(""), fault.hint)
        self.volumes = volumes.read(declared, reader)
        self.made = {name: self.volumes.of(launches.read(service)) for name, service in files.services.items()}
        primaries = {sidekick: found[0] for sidekick, found in files.primaries_of.items()}
        self.primary_of = {name: primaries.get(name, name) for name in self.made}
        self.sidekicks_of: dict[str, list[str]] = {}
        for name, primary in self.primary_of.items():
            if name != primary:
                self.sidekicks_of.setdefault(primary, []).append(name)
        self.rules = Balancers([name for name, primary in self.primary_of.items() if name == primary], reader, self._note)
        self.balancers: dict[str, tuple[Rule, ...]] = {}

    def _note(self, definition: Definition, key: str, message: str, node: Node) -> None:
        self.launches.note(definition, key, message, node.where)

    def stack(self, notes: Iterable[Note]) -> Stack:
        """Return the stack with all services, each after the services that it needs."""
        if not self.made:
            self.reader.wrong("the entry has no services", Where(""), "define one below `services` in docker-compose.yml")
        services = {name: self._service(name) for name, primary in self.primary_of.items() if name == primary}
        # Links are optional dependencies: links that form a cycle are ignored, as in rancher-compose's executor.
        needs = {name: self._others(service, service.depends_on) for name, service in services.items()}
        wishes = {name: self._others(service, (link.target for link in service.links)) for name, service in services.items()}
        order = ordered(without_cycles(needs, wishes))[0]
        for cycle in ordered({name: [*needs[name], *wishes[name]] for name in services})[1]:
            message = f"{' -> '.join(cycle)} is a cycle: one of these services starts before the services that it links to"
            self.launches.note(self.services[cycle[-2]], "links", message, self.services[cycle[-2]].where)
        for cycle in ordered(needs)[1]:
            message = f"services need each other: {' -> '.join(cycle)}"
            self.reader.wrong(
                message, self.services[cycle[0]].where, "none of them can start first: remove one of these dependencies"
            )
        return Stack(
            self.name,
            tuple(services[name] for name in order),
            tuple(sorted(self.volumes.own)),
            (*notes, *self.launches.unhonoured, *self.volumes.unhonoured),
            (*self.launches.dangerous, *self.volumes.dangerous),
            self.balancers,
        )

    def _service(self, name: str) -> Service:
        definition, primary = self.services[name], self.made[name]
        sidekicks = tuple(self.made[other] for other in self.sidekicks_of.get(name, ()))
        unit = dict.fromkeys([primary.name, *(sidekick.name for sidekick in sidekicks)])
        shares = {member: [other for _, other, _ in self.services[member].needs if other in unit] for member in unit}
        for cycle in ordered(shares)[1]:
            message = f"containers need each other: {' -> '.join(cycle)}"
            self.reader.wrong(message, self.services[cycle[0]].where, "remove one of these dependencies")
        for sidekick in sidekicks:
            self._say_ignored(self.services[sidekick.name])
        found = definition.keys
        links = tuple(dict.fromkeys(link for member in unit for link in self._links(self.services[member])))
        if is_balancer(definition):
            self.balancers[name] = self.rules.rules(definition, primary, links)
        elif "lb_config" in found:
            self.launches.note(definition, "lb_config", "only a load balancer uses these rules", found["lb_config"].where)
        depended = (self.primary_of.get(other, name) for member in unit for other in self._depends_on(member))
        return Service(
            primary,
            sidekicks,
            self._scale(definition, primary),
            _data_of(definition, "metadata"),
            self._health_check(definition),
            links,
            tuple(dict.fromkeys(other for other in depended if other != name)),
            text_of(found.get("retain_ip")) == "true",
            _data_of(definition, "lb_config"),
            self._batch(definition),
        )

    def _batch(self, definition: Definition) -> int:
        """Return the number of units that an upgrade replaces at a time."""
        given = keys_of(definition.keys["upgrade_strategy"]) if "upgrade_strategy" in definition.keys else {}
        if text_of(given.get("start_first")) == "true":
            message = "the old container ends before the new one starts, because both have the same name and address here"
            self.launches.note(definition, "upgrade_strategy.start_first", message, given["start_first"].where)
        if "interval_millis" in given:
            message = "the next units are replaced as soon as the previous units are ready"
            self.launches.note(definition, "upgrade_strategy.interval_millis", message, given["interval_millis"].where)
        size = given.get("batch_size")
        return 1 if size is None or is_null(size) else max(self.launches.number(size, "upgrade_strategy: batch_size", 1), 1)

    def _say_ignored(self, sidekick: Definition) -> None:
        for key in OF_PRIMARY:
            if key in sidekick.keys:
                self.launches.note(sidekick, key, "Rancher reads this key only in the primary service", sidekick.keys[key].where)

    def _links(self, service: Definition) -> Iterator[Link]:
        """Yield the links of a primary or sidekick. The links of a sidekick become links of its service."""
        for key in ("links", "external_links"):
            for item in items(service.get(key)):
                target, _, alias = item.value.partition(":")
                if target:
                    yield Link(alias or target.rpartition("/")[2], target)
                if target.removeprefix(f"{self.name}/") not in self.made and (key == "external_links" or "/" in target):
                    message = (
                        f"{target} {_ELSEWHERE}"
                        if target
                        else f"{item.value!r} names no service, because an answer in it is empty"
                    )
                    self.launches.note(service, key, message, item.where)

    def _depends_on(self, name: str) -> Iterator[str]:
        return (item.value for item in items(self.services[name].get("depends_on")))

    def _others(self, service: Service, targets: Iterable[str]) -> list[str]:
        """Return the services, other than `service` itself, whose primary or sidekick is in `targets`."""
        found = (self.primary_of[target] for target in targets if target in self.primary_of)
        return [primary for primary in found if primary != service.name]

    def _scale(self, definition: Definition, primary: Launch) -> int:
        found = definition.keys
        if primary.labels.get(GLOBAL, "").lower() == "true":
            return 1
        scale = self.launches.number(found["scale"], "scale", 0) if "scale" in found else 1
        if "scale_policy" in found:
            least = keys_of(found["scale_policy"]).get("min")
            message = "the service has `min` units, because there is only one host"
            self.launches.note(definition, "scale_policy", message, found["scale_policy"].where)
            return scale if least is None or is_null(least) else self.launches.number(least, "scale_policy: min", 0)
        return scale

    def _health_check(self, definition: Definition) -> HealthCheck | None:
        node = definition.keys.get("health_check")
        if node is None:
            return None
        given = {key: value for key, value in keys_of(node).items() if not is_null(value)}
        for key in (given.keys() & STRUCTS["health_check"].fields.keys()) - set(_HEALTH):
            self.launches.note(definition, f"health_check.{key}", "the health checks of `up` ignore this key", given[key].where)
        if "port" not in given:
            self.reader.wrong(f"the health check of {definition.name!r} has no port", node.where, "add port: NUMBER")
            return None
        words = {key: text_of(given.pop(key, None)) for key in ("request_line", "strategy")}
        numbers = {key: self.launches.number(given[key], f"health_check: {key}", 0) for key in _HEALTH if key in given}
        return HealthCheck(**numbers, request_line=words["request_line"], strategy=words["strategy"] or "recreate")


def _data_of(definition: Definition, key: str) -> dict[str, Value]:
    found = keys_of(definition.keys.get(key))
    return {name: decoding.data(value, _digits if key == "lb_config" else decoding.value) for name, value in found.items()}


def _digits(node: Text) -> Value:
    """Return the value of a scalar in lb_config. Text that consists of digits becomes a number; any other scalar gets the
    type that Rancher's YAML reader assigns.
    """
    text = node.value
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else decoding.value(node)


def flat(path: str) -> str:
    """Return the name under which a service STACK/NAME of another stack runs in this stack."""
    return path.replace("/", "-")


def _linked(service: Service, beside: Collection[str]) -> Service:
    """Return a copy of a service whose links to other stacks lead to the services that run in addition to the entry."""
    links = (replace(each, target=flat(each.target)) if each.target in beside else each for each in service.links)
    return replace(service, links=tuple(links))


def with_beside(
    stack: Stack,
    paths: Collection[str],
    services: Iterable[Service],
    where: Where | None = None,
    hint: str = "leave out this --beside",
) -> Stack:
    """Return a copy of the stack with additional services. Links to `paths` (NAME or STACK/NAME) then lead to these services.
    Raises ForgeError if the stack already has a service of the same name."""
    services = tuple(services)
    if both := {each.name for each in stack.services} & {each.name for each in services}:
        raise ForgeError(f"the entry already has a service {min(both)!r}", where, hint)
    known = {f"{path} {_ELSEWHERE}" for path in paths}
    notes = tuple(note for note in stack.unhonoured if note.message not in known)
    return replace(stack, services=(*services, *(_linked(each, paths) for each in stack.services)), unhonoured=notes)
