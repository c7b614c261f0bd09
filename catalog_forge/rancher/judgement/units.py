"""Checks units, links and shared volumes. Finds faults that make a launch fail, and oddities that no author intends.

Rules: docs/facts/catalog.md#4.3, #4.9, #3.18; "Failed to find sidekick" and "can't have more than one primary service" of
rancher-compose-executor v0.14.29. rancher-compose refuses a launch only because of faults in sidekicks and in the targets
of load balancers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from catalog_forge.errors import Where, did_you_mean, nearest
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.rancher.composition import Composition, Service, items, named, varies
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.rancher.keys import OLD_BALANCER, SIDEKICKS
from catalog_forge.rancher.order import ordered
from catalog_forge.rancher.tree import keys_of
from catalog_forge.yamlio import Map, Seq, Text

# Names before this offset in a label get exact locations, which take time to compute. Later names get the label's location.
_LONGEST_LABEL = 2000
_ONE_PRIMARY = "define a separate sidekick for each primary"


def faults_of_labels(labels: Mapping[str, Text | None], varied: Collection[Where] = ()) -> Iterator[Refusal]:
    """Report sidekicks that are not services or have two primaries. `labels` maps each service to its sidekicks label. If the
    location of a label is in `varied`, the label depends on answers, and faults get the location of the whole label."""
    primaries: dict[str, str] = {}
    for name, node in labels.items():
        for sidekick, offset in named(node.value) if node else ():
            if node is None or (sidekick in labels and sidekick not in primaries):
                primaries[sidekick] = name
                continue
            is_there = offset < _LONGEST_LABEL and node.lines and node.where not in varied
            where = node.at(offset) if is_there else node.where
            if sidekick not in labels:
                message = f"the service {name!r} names a sidekick {sidekick!r} that does not exist"
                hint = "separate the names with commas" if " " in sidekick else did_you_mean(sidekick, labels)
                yield Refusal(message, where, hint, "CF405")
            else:
                message = f"{sidekick!r} is already the sidekick of {primaries[sidekick]!r}, and can have only one primary"
                yield Refusal(message, where, _ONE_PRIMARY, "CF406")
            primaries[sidekick] = name


def sidekicks(composition: Composition) -> Iterator[Refusal]:
    """Report sidekicks that no file defines, and sidekicks with two primaries."""
    return faults_of_labels({name: _label(service) for name, service in composition.services.items()})


def _label(service: Service) -> Text | None:
    """Return the sidekicks label of a service; None if it is missing or contains a variable."""
    node = service.labels.get(SIDEKICKS, (None, None))[1]
    return node if isinstance(node, Text) and node.value.strip() and not varies(node.value) else None


def odd_units(composition: Composition) -> Iterator[Refusal]:
    """Report sidekicks that are never started: a service that names itself, and the sidekick of a sidekick."""
    for name, service in composition.services.items():
        for sidekick in service.sidekicks:
            if sidekick == name:
                message, hint = f"the service {name!r} is its own sidekick", "remove its name from the sidekicks label"
            elif name in composition.primaries_of:
                message = f"{name!r} is itself a sidekick, so its sidekick {sidekick!r} is never started"
                hint = f"list {sidekick!r} in the sidekicks label of {composition.primaries_of[name][0]!r}"
            else:
                continue
            yield Refusal(message, service.where_of(sidekick), hint, "CF406")


def strangers(composition: Composition) -> Iterator[Refusal]:
    """Report containers that share the volumes or network of a service which does not exist or runs in another unit."""
    for name, service in composition.services.items():
        for key, other, where in service.needs:
            if other not in composition.services:
                message = f"{key} of {name!r} names a service {other!r} that does not exist"
                yield Refusal(message, where, nearest(other, composition.services), "CF407")
            elif not composition.in_one_unit(name, other):
                message = f"{key} of {name!r} names {other!r}, which runs in another unit, possibly on another host"
                yield Refusal(message, where, f"name both in one label {SIDEKICKS}", "CF407")


def balancer_targets(composition: Composition) -> Iterator[Refusal]:
    """Report load balancer targets that do not exist, and those that are sidekicks, which Rancher does not treat as services.
    Both kinds of targets are refused when the load balancer is created (`populateLbFields` of rancher-compose-executor v0.14.29).
    """
    for name, service in composition.services.items():
        for target, where, is_balanced in (*_targets_of_rules(service), *_targets_of_links(service)):
            if target not in composition.services:
                message = f"the load balancer {name!r} has a target {target!r} that does not exist"
                yield Refusal(message, where, nearest(target, composition.services), "CF425")
            elif is_balanced and (primaries := composition.primaries_of.get(target)):
                message = f"the load balancer {name!r} has the sidekick {target!r} as its target, but a sidekick is not a service"
                yield Refusal(message, where, f"a target must be a service: name its primary {primaries[0]!r}", "CF442")


def _targets_of_rules(service: Service) -> Iterator[tuple[str, Where, bool]]:
    """Yield each service name in a rule of `lb_config`, the name's location, and whether the rules belong to a load balancer."""
    rules = keys_of(service.get("lb_config")).get("port_rules")
    keys = [keys_of(rule) for rule in (rules.items if isinstance(rules, Seq) else ())]
    is_balancer = any(text_of(rule.get("source_port")) not in ("", "0") for rule in keys) and not is_old_balancer(service)
    for rule in keys:
        node = rule.get("service")
        if node and (name := text_of(node)) and "/" not in name and not varies(name):
            yield name, node.where, is_balancer


def _targets_of_links(service: Service) -> Iterator[tuple[str, Where, bool]]:
    """Yield the services that a load balancer of Rancher 1.1 links to. Each port of the balancer forwards to all of them."""
    for item in items(service.get("links")) if is_old_balancer(service) else ():
        name = item.value.split(":")[0].strip()
        if name and not varies(name) and "/" not in name:
            yield name, item.where, True


def is_old_balancer(service: Service) -> bool:
    """Whether a service is a Rancher 1.1 load balancer that has ports."""
    return text_of(service.get("image")) == OLD_BALANCER and bool(items(service.get("ports")) or items(service.get("expose")))


def missing_targets(composition: Composition) -> Iterator[Refusal]:
    """Report links to and dependencies on services that no file defines, except links of Rancher 1.1 load balancers."""
    for name, service in composition.services.items():
        for key, other, where in service.links:
            if other not in composition.services and not (key == "links" and is_old_balancer(service)):
                message = f"{key} of {name!r} names a service {other!r} that does not exist"
                yield Refusal(message, where, nearest(other, composition.services), "CF408")


def self_links(composition: Composition) -> Iterator[Refusal]:
    """Report services that link to themselves."""
    for name, service in composition.services.items():
        for key, other, where in service.links:
            if other == name:
                yield Refusal(f"{key} of {name!r} names the service itself", where, "leave it out", "CF408")


def cycles(composition: Composition) -> Iterator[Refusal]:
    """Report cycles of links and dependencies. docker-compose refuses a cycle, because none of its services can start first."""
    links = {
        name: {other: (key, where) for key, other, where in service.links if other != name}
        for name, service in composition.services.items()
    }
    for cycle in ordered({name: [*found] for name, found in links.items()})[1]:
        name, other = cycle[-2:]
        key, where = links[name][other]
        hint = "remove one of these links: containers of one stack find each other by name without links"
        yield Refusal(f"{key} of {name!r} closes a cycle: {' -> '.join(cycle)}", where, hint, "CF443")


def unknown_to_docker(composition: Composition) -> Iterator[Refusal]:
    """Report services that have no image and are defined only in rancher-compose.yml, if docker-compose.yml defines services."""
    known = [name for name, service in composition.services.items() if service.in_docker]
    for name, service in composition.services.items() if known else ():
        if not service.in_docker and not service.get("image"):
            hint = nearest(name, known, "add the service to docker-compose.yml: without it, there is no image to launch")
            yield Refusal(f"docker-compose.yml has no service {name!r}", service.where, hint, "CF409")


def without_image(composition: Composition) -> Iterator[Refusal]:
    """Report services of docker-compose.yml that have none of the keys `image`, `build` and `extends`."""
    for name, service in composition.services.items():
        is_mapping = all(isinstance(part.node, Map) or is_null(part.node) for part in service.parts)
        if is_mapping and service.in_docker and not any(service.get(key) for key in ("image", "build", "extends")):
            yield Refusal(f"the service {name!r} has no image", service.where, "write `image: NAME:TAG`", "CF410")
