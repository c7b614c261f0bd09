"""Computes the contents of an entry's drawing: its units and containers, their links, and the flow of the files.

The contents are read from the compose files of any revision, even of a revision that Rancher would refuse. For the entry of a
spec, the contents include the files that each container writes, and the services that these files read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from catalog_forge.catalog.entry import entry_plan
from catalog_forge.goyaml.decoding import pairs, text_of
from catalog_forge.preview.images import answered
from catalog_forge.rancher import entries, keys
from catalog_forge.rancher.composition import Composition, Service, items, varies
from catalog_forge.rancher.entries import Revision
from catalog_forge.shown import counted
from catalog_forge.spec.checks.uses import services as services_read
from catalog_forge.spec.launching import rendered
from catalog_forge.spec.model import Spec
from catalog_forge.stack.compose import masks_of
from catalog_forge.yamlio import Node, Seq

if TYPE_CHECKING:
    from catalog_forge.preview.site import Opened
    from catalog_forge.preview.state import Wish

# The limits on a drawing. Items beyond a limit are only counted, because a larger drawing would be unreadable.
MOST_UNITS, MOST_CONTAINERS, MOST_LINES, MOST_EDGES, MOST_VOLUMES = 60, 12, 5, 200, 3

# Images from which Rancher creates no container.
_OUTSIDE = {"rancher/external-service": "an external service", "rancher/dns-service": "a DNS alias for other services"}


@dataclass(frozen=True, slots=True)
class ContainerBox:
    """A container of a unit: its name, its image, and notes."""

    name: str
    image: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow of files or volumes from one container of a unit to another."""

    source: str
    target: str
    what: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A unit: a primary service and its sidekicks, which Rancher starts together.

    `kind` is `service` or `balancer` for a frame with containers; otherwise it is `volume` or `outside` (a service of
    another stack, or a service for which Rancher creates no container).
    """

    name: str
    kind: str
    scale: str = ""
    boxes: tuple[ContainerBox, ...] = ()
    flows: tuple[Flow, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one unit to another. `kind` is `links`, `balances`, `reads`, `mounts` or `starts after`."""

    source: str
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class Topology:
    """The units and the lines between them; `left_out` is the number of units beyond the limit."""

    title: str
    units: tuple[Frame, ...]
    edges: tuple[Edge, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ConfImage:
    """Facts about a conf image: its name or the services that run it, its files, and the services that the files read."""

    image: str = ""
    files: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def is_run_by(self, service: Service) -> bool:
        """Whether a service runs the image. A service that only provides the image's files does not run the image."""
        named = bool(self.image) and _text(service, "image") == self.image and "entrypoint" not in service.keys
        return named or service.name in self.services


def of_spec(spec: Spec) -> Topology:
    """Return the topology of the entry that a spec generates."""
    plan = entry_plan(spec, lambda _name: b"")
    found = entries.read({file.path: file.content for file in plan}, spec.entry.name)
    return of_revision(found, [conf_image_of(spec)])


def conf_image_of(spec: Spec) -> ConfImage:
    """Return facts about the conf image of a spec."""
    return ConfImage(spec.tag, tuple(file.dest for file in rendered(spec)), tuple(services_read(spec)))


def of_wish(opened: Opened, wish: Wish) -> Topology | None:
    """Return the topology of an entry with the user's choices but without secrets, or None if there is nothing to draw."""
    revision = opened.revision
    if revision is None:
        return None
    variables = wish.variables(revision)
    variables |= masks_of(revision, variables)
    confs = [conf_image_of(opened.spec)] if opened.spec else []
    for name, (_, image) in opened.images.run_by(revision, variables).items() if opened.images else ():
        confs.append(ConfImage(files=(*image.carried, *(file.resource.dest for file in image.files)), services=(name,)))
    return of_revision(revision, confs, variables=variables, scales=wish.scales)


def of_revision(
    found: Revision,
    confs: Sequence[ConfImage] = (),
    title: str = "",
    variables: Mapping[str, str] | None = None,
    scales: Mapping[str, int] | None = None,
) -> Topology:
    """Return the topology of a revision with these answers; without answers, `${...}` is kept as written.

    Secrets in `variables` must be masked already. `scales` override the scales of the entry.
    """
    files = found.composition if variables is None else answered(found, variables)
    return _TopologyReader(files, confs, scales or {}).topology(title or found.entry.title)


class _TopologyReader:
    """Reads the units of a composition and the lines between the units, in the order of the compose files."""

    def __init__(self, files: Composition, confs: Sequence[ConfImage], scales: Mapping[str, int]) -> None:
        self.services, self.scales = files.services, scales
        known = {name: [conf for conf in confs if conf.is_run_by(service)] for name, service in files.services.items()}
        # The image of each container that writes files.
        self.confs = {name: found[0] for name, found in known.items() if found}
        first = {name: primaries[0] for name, primaries in files.primaries_of.items() if name in files.services}
        # A service that names itself as a sidekick, or that is part of a cycle of sidekicks, is still a unit.
        self.primary_of = {name: primary for name, primary in first.items() if primary not in first}
        names = [name for name in files.services if name not in self.primary_of]
        self.left_out = max(0, len(names) - MOST_UNITS)
        self.members = {name: self._members(files.services[name]) for name in names[:MOST_UNITS]}

    def topology(self, title: str) -> Topology:
        """Return the topology. A service of another stack or a volume to which a line leads gets a frame without containers."""
        units = [self._unit(name, members) for name, members in self.members.items()]
        edges = tuple(islice(dict.fromkeys([*self._edges(), *self._mounts()]), MOST_EDGES))
        others = {edge.target: "volume" if edge.kind == "mounts" else "outside" for edge in edges}
        units += [Frame(name, kind) for name, kind in others.items() if name not in self.members]
        return Topology(title, tuple(units), edges, self.left_out)

    def _members(self, primary: Service) -> list[Service]:
        """Return the containers of a unit in order: those that write files, those that keep files, and those that use files."""
        found = [primary, *(self.services[name] for name in primary.sidekicks if name in self.services and name != primary.name)]
        late = {each.name: 2 if each.get("volumes_from") else 1 for each in found if each.name not in self.confs}
        return sorted(found[:MOST_CONTAINERS], key=lambda each: late.get(each.name, 0))

    def _unit(self, name: str, members: list[Service]) -> Frame:
        primary = self.services[name]
        image = next((what for image, what in _OUTSIDE.items() if _text(primary, "image").startswith(image)), "")
        is_balancer = keys.BALANCER.fullmatch(_text(primary, "image")) or "lb_config" in primary.keys
        is_global = text_of(primary.labels.get(keys.GLOBAL, (None, None))[1]) == "true"
        scale = "one on each host" if is_global else str(self.scales.get(name, _text(primary, "scale") or 1))
        if image:
            return Frame(name, "outside", lines=_few([image, *_words(primary, "external_ips"), *_about(primary)]))
        boxes, flows = tuple(map(self._box, members)), tuple(dict.fromkeys(self._flows(members)))
        return Frame(name, "balancer" if is_balancer else "service", scale, boxes, flows, _few([*_about(primary)]))

    def _box(self, service: Service) -> ContainerBox:
        files = [f"writes {path}" for path in self.confs[service.name].files] if service.name in self.confs else []
        shared = [f"in the network of {other}" for key, other, _ in service.needs if key != "volumes_from"]
        volumes = [f"volume {item}" for item in _words(service, "volumes")]
        ports = [f"port {port}" for port in _words(service, "ports")]
        return ContainerBox(service.name, _text(service, "image"), (*_few(files), *_few([*ports, *shared, *volumes])))

    def _flows(self, members: list[Service]) -> Iterator[Flow]:
        """Yield the flows of files. A file flows from the container that writes it to the containers that use it.

        Files often flow through a container that only keeps them.
        """
        known = {each.name for each in members}
        writers = [each for each in members if each.name in self.confs]
        files = counted(sum(len(self.confs[each.name].files) for each in writers), "file")
        carriers = {other for each in writers for other in (each.name, *_taken(each))}
        for each in members:
            for other in _taken(each):
                if other in known and other != each.name:
                    what = files if other in carriers else "volumes"
                    yield Flow(each.name, other, what) if each in writers else Flow(other, each.name, what)

    def _edges(self) -> Iterator[Edge]:
        """Yield a line from each unit to each other unit that it links to, balances, waits for or reads."""
        for name, members in self.members.items():
            for service in members:
                for kind, other in self._named(service):
                    target = self.primary_of.get(other, other)
                    if target != name and (target in self.members or kind == "outside" or "/" in target):
                        yield Edge(name, target, "links" if kind == "outside" else kind)

    def _named(self, service: Service) -> Iterator[tuple[str, str]]:
        yield from (("balances", text_of(pairs(rule).get("service"))) for rule in _rules(service))
        yield from (("links" if key == "links" else "starts after", other) for key, other, _ in service.links)
        yield from (("links", word) for item in _words(service, "links") if "/" in (word := item.partition(":")[0]))
        yield from (("outside", item.partition(":")[0]) for item in _words(service, "external_links") if not varies(item))
        if service.name in self.confs:
            yield from (("reads", other) for other in self.confs[service.name].reads)

    def _mounts(self) -> Iterator[Edge]:
        """Yield the lines to shared named volumes. Volumes that the same units share are drawn as one node."""
        users: dict[str, dict[str, None]] = {}
        for name, members in self.members.items():
            for item in (item for service in members for item in _words(service, "volumes")):
                source, _, path = item.partition(":")
                if path and source[:1] not in "/.~$":
                    users.setdefault(source, {})[name] = None
        together: dict[tuple[str, ...], list[str]] = {}
        for volume, units in users.items():
            if len(units) > 1:
                together.setdefault(tuple(units), []).append(volume)
        if len(together) > MOST_VOLUMES:
            together = {tuple(dict.fromkeys(chain(*together))): list(chain(*together.values()))}
        for units_of, volumes in together.items():
            name = f"volume {volumes[0]}" if len(volumes) == 1 else f"{len(volumes)} volumes: {', '.join(volumes[:2])}, ..."
            yield from (Edge(unit, name, "mounts") for unit in units_of)


def _about(primary: Service) -> Iterator[str]:
    """Yield the notes on a unit: its load balancer rules, its links with their aliases, and its health check."""
    for rule in _rules(primary):
        words = dict.fromkeys(("protocol", "source_port", "hostname", "path", "service", "selector", "target_port"), "")
        words |= {key: text_of(node) for key, node in pairs(rule).items()}
        asked = f"{words['protocol'] or 'http'} {words['source_port']} {words['hostname']}{words['path']}".strip()
        yield f"{asked} → {words['service'] or words['selector']}:{words['target_port']}".rstrip(":")
    for name, _, alias in (item.partition(":") for item in _words(primary, "links")):
        if alias not in ("", name):
            yield f"{name} as {alias}"
    if check := pairs(primary.get("health_check")):
        yield f"health: {text_of(check.get('request_line')) or 'TCP'} on {text_of(check.get('port'))}"


def _rules(service: Service) -> list[Node]:
    found = pairs(service.get("lb_config")).get("port_rules")
    return list(found.items) if isinstance(found, Seq) else []


def _taken(service: Service) -> list[str]:
    return [other for key, other, _ in service.needs if key == "volumes_from"]


def _text(service: Service, key: str) -> str:
    return text_of(service.get(key))


def _words(service: Service, key: str) -> list[str]:
    return [item.value for item in items(service.get(key))]


def _few(lines: list[str]) -> tuple[str, ...]:
    """Return the first lines, and a line with the number of omitted lines."""
    more = len(lines) - MOST_LINES
    return tuple(lines) if more <= 1 else (*lines[:MOST_LINES], f"and {more} more")
