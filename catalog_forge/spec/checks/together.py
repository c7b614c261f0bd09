"""Check the services of an entry together: their names must differ, and links, sidekicks and
load balancer targets must refer to existing services.

The checks apply the rules of rancher-compose, but report locations in the spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from catalog_forge.errors import Problem, Where, did_you_mean, known_here, nearest
from catalog_forge.rancher.composition import Composition, Keys, Part, part
from catalog_forge.rancher.composition import Service as Composed
from catalog_forge.rancher.judgement import units
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.rancher.keys import OLD_BALANCER, SIDEKICKS, V2
from catalog_forge.spec.model import Companion, Member, Spec
from catalog_forge.spec.model.compose_keys import VOLUME_NAME, floats
from catalog_forge.spec.model.frame import COMPOSE_NAME
from catalog_forge.yamlio import Map, Node, Text, texts

_JUDGES = (
    units.sidekicks, units.odd_units, units.strangers, units.balancer_targets, units.missing_targets,
)  # fmt: skip
_SHARED = (
    "all groups have this key of the service: move `{key}` to the groups that need it, such as groups: {{NAME: {{{key}: [...]}}}}"
)
# The names of images that Rancher implements itself; no registry contains them.
_OF_RANCHER = (OLD_BALANCER, "rancher/dns-service", "rancher/external-service")


def problems(spec: Spec) -> Iterator[Problem]:
    """Yield the problems that concern several services of an entry."""
    for name, companion in spec.companions.items():
        if companion.places:  # a companion without `places` replaces an invalid one, which the reader has reported
            yield from _companion(name, companion)
    yield from _volumes(spec)
    if twice := [*_names(spec)]:
        yield from twice
        return
    composition = Composition(chain(_of_members(spec), _of_companions(spec)))
    seen: set[Where | None] = set()
    faults = chain.from_iterable(judge(composition) for judge in _JUDGES)
    for fault in chain(faults, _self_links(spec, composition), units.cycles(composition)):
        # All groups share the keys of the service. A fault in these keys is found once for each group, but is reported only once.
        if fault.where not in seen:
            yield Problem(fault.message, fault.where, fault.hint or known_here(composition.services))
        seen.add(fault.where)


def _self_links(spec: Spec, composition: Composition) -> Iterator[Refusal]:
    """Report services that link to themselves. If all groups share a link, it is wrong only for the group to which it leads."""
    given = [text.where for _, node in spec.service.nodes.values() for text in texts(node)]
    for fault in units.self_links(composition):
        is_shared = len(spec.service.groups) > 1 and fault.where in given
        yield replace(fault, hint=_SHARED.format(key=fault.message.partition(" ")[0])) if is_shared else fault


def _of_mount(name: str, mounted: Iterable[str]) -> str:
    """Return the hint for a volume that no service mounts: a mounted volume with a similar name, or how to mount the volume."""
    return nearest(name, mounted, f"mount it as {name}:/PATH in the volumes of a service, or remove it")


def _volumes(spec: Spec) -> Iterator[Problem]:
    """Check the declared volumes. If the spec declares any, also yield a problem for each mounted volume that is not declared."""
    mounted = spec.mounted
    for name, where in mounted.items() if spec.volumes else ():
        if name not in spec.volumes:
            yield Problem(f"the entry has no volume {name!r}", where, did_you_mean(name, spec.volumes))
    for name, volume in spec.volumes.items():
        if not volume.places:
            continue  # a volume without `places` replaces an invalid one, which the reader has reported
        if not re.fullmatch(VOLUME_NAME, name):
            yield Problem(f"volumes: {name!r} cannot be the name of a volume", volume.at(), "letters, digits, '.', '_' and '-'")
        elif name not in mounted:
            yield Problem(f"volumes: no service mounts {name!r}", volume.at(), _of_mount(name, mounted))
        if volume.external and (volume.driver or volume.driver_opts or volume.per_container):
            yield Problem(
                f"volumes: {name} is external, so its other settings are defined where the volume is created",
                volume.at("external"),
                "remove `external`, or the other settings",
            )


def _names(spec: Spec) -> Iterator[Problem]:
    """Yield a problem for services whose names are equal or differ only in case: the metadata service lowercases the names."""
    taken: dict[str, str] = {}
    for member in spec.members:
        where = (member.group.at("name") if member.group else None) or spec.service.at("name")
        for name in (member.name, *member.sidekicks):
            if name != spec.name or name.islower():  # a spec's name with capital letters is refused anyway
                yield from _taken(name, where, taken)
    for name, companion in spec.companions.items():
        yield from _taken(name, companion.at() or spec.at("companions"), taken)


def _taken(name: str, where: Where | None, taken: dict[str, str]) -> Iterator[Problem]:
    if first := taken.get(name.lower()):
        both = repr(name) if name == first else f"{first!r} and {name!r}, which differ only in case"
        yield Problem(
            f"two services of the entry are called {both}",
            where,
            known_here(taken.values()).replace("known here", "names in use"),
        )
    taken.setdefault(name.lower(), name)


def _companion(name: str, companion: Companion) -> Iterator[Problem]:
    if not re.fullmatch(COMPOSE_NAME, name) or len(name) > 63:
        yield Problem(f"companions: {name!r} cannot be the name of a service", companion.at(), "letters, digits and dashes")
    image = companion.compose.get("image")
    if "image" not in companion.nodes:
        yield Problem(f"companions: {name} has no image", companion.at(), "write `image: REPOSITORY:TAG`")
    elif isinstance(image, str) and image not in _OF_RANCHER and floats(image) and "$" not in image:
        message = f"companions: the image {image!r} has no fixed tag"
        yield Problem(message, companion.nodes["image"][1].where, "write REPOSITORY:TAG")


def _of_members(spec: Spec) -> Iterator[Part]:
    for member in spec.members:
        group = member.group
        keys = {**spec.service.nodes, **(group.nodes if group else {})}
        where = (group.at("name") if group else spec.service.at("name")) or Where("")
        yield from _member(member, keys, where)


def _member(member: Member, keys: Keys, where: Where) -> Iterator[Part]:
    """Yield the primary service of a member with all keys that the author wrote, then each generated sidekick without keys."""
    name = Text(member.name, False, where, "", ())
    labels = dict(Composed((part(name, _map(keys, where), V2, True),)).labels)
    key, own = labels.get(SIDEKICKS, (Text(SIDEKICKS, False, where, "", ()), None))
    # The sidekicks that the author lists keep their order, and come first in the label for sidekicks.
    given = own if isinstance(own, Text) and own.value.strip() else Text("", False, where, "", ())
    named = ",".join(filter(None, (given.value, *member.sidekicks)))
    labels[SIDEKICKS] = key, replace(given, value=named)
    label = Text("labels", False, where, "", ())
    yield part(name, _map({**keys, "labels": (label, _map(labels, where))}, where), V2, True)
    for sidekick in member.sidekicks:
        yield part(Text(sidekick, False, where, "", ()), _map({}, where), V2, True)


def _of_companions(spec: Spec) -> Iterator[Part]:
    for name, companion in spec.companions.items():
        where = companion.at() or Where("")
        yield part(Text(name, False, where, "", ()), _map(companion.nodes, where), V2, True)


def _map(keys: Keys, where: Where) -> Node:
    return Map(tuple(keys.values()), where)
