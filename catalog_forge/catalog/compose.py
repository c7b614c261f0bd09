"""docker-compose.yml and rancher-compose.yml as data, by topology (docs/facts/catalog.md#3, docs/facts/conf-images.md#2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from catalog_forge.catalog.questions import floating, literal, metadata_block, questions, tag_variable
from catalog_forge.spec.compose_keys import MAIN_KEYS, NETWORK_KEYS, RANCHER_KEYS
from catalog_forge.spec.model import Group, HealthCheck, Spec
from catalog_forge.yamlio import Quoted

_HOSTNAME = {"io.rancher.container.hostname_override": "container_name"}


@dataclass(frozen=True, slots=True)
class Member:
    """One service of the stack: its name, and the group that makes it differ from the others."""

    name: str
    group: Group | None


def members(spec: Spec) -> list[Member]:
    """Return the services that run the software: one, or one for each group."""
    service = spec.service
    if not service.groups:
        return [Member(service.name, None)]
    return [Member(f"{service.name}-{name}", group) for name, group in service.groups.items()]


def docker_compose(spec: Spec) -> dict[str, Any]:
    """Return docker-compose.yml: for each member its primary service and the sidekicks that belong to it."""
    write = {"volumes": _volumes, "netns": _netns, "datavol": _datavol, "embedded": _embedded}[spec.service.topology]
    services: dict[str, Any] = {}
    for member in members(spec):
        services |= write(spec, member)
    return {"version": Quoted("2"), "services": services}


def rancher_compose(spec: Spec) -> dict[str, Any]:
    """Return rancher-compose.yml: the catalog block with the questions, and what Rancher knows of each primary service."""
    entry = spec.entry
    block: dict[str, Any] = {"name": entry.title, "version": Quoted(entry.version), "description": description(spec)}
    for key in ("minimum_rancher_version", "maximum_rancher_version", "upgrade_from"):
        if value := getattr(entry, key):
            block[key] = Quoted(value)
    block["questions"] = questions(spec)
    services = {member.name: _rancher_service(spec, member) for member in members(spec)}
    return {"version": Quoted("2"), "catalog": block, "services": services}


def description(spec: Spec) -> str:
    """Return the one sentence that the catalog shows."""
    return spec.description or f"{spec.entry.title}, configured by {spec.name}"


def main_image(spec: Spec) -> str:
    """Return the image of the software: pinned, or with the tag that the entry asks for."""
    image = spec.service.image
    return f"{image}:${{{tag_variable(spec)}}}" if floating(spec) else image


def main_name(spec: Spec, member: Member) -> str:
    """Return the name of the service whose container runs the program."""
    return f"{member.name}-main" if spec.service.topology == "netns" else member.name


def _conf_name(spec: Spec, member: Member) -> str:
    return f"{member.name}-conf" if member.group else spec.name


def _volumes(spec: Spec, member: Member) -> dict[str, Any]:
    """Main is the primary service; conf is its sidekick, and main takes the volumes from it."""
    compose = _compose(spec, member)
    conf = _conf_name(spec, member)
    main = {"image": main_image(spec), **_program(spec), "volumes_from": [conf], **_only(compose, MAIN_KEYS | NETWORK_KEYS)}
    main["labels"] = _labels(compose, [conf])
    return {member.name: main, conf: {"image": spec.tag, "labels": dict(_HOSTNAME)}}


def _datavol(spec: Spec, member: Member) -> dict[str, Any]:
    """Main is the primary service and owns the network; conf shares it; a container that never runs owns the volumes."""
    compose = _compose(spec, member)
    conf, data = _conf_name(spec, member), f"{member.name}-volumes"
    main = {"image": main_image(spec), **_program(spec), "volumes_from": [data], **_only(compose, MAIN_KEYS | NETWORK_KEYS)}
    main["labels"] = _labels(compose, [conf, data])
    shared = {"network_mode": f"container:{member.name}", "volumes_from": [data]}
    return {member.name: main, conf: {"image": spec.tag, **shared}, data: _data(spec)}


def _embedded(spec: Spec, member: Member) -> dict[str, Any]:
    """One container, of the conf image: it holds main's, confd, and the launch script as its entrypoint."""
    compose = _compose(spec, member)
    main = {"image": spec.tag, "command": _program(spec)["command"], **_only(compose, MAIN_KEYS | NETWORK_KEYS)}
    main["labels"] = _labels(compose, [])
    return {member.name: main}


def _netns(spec: Spec, member: Member) -> dict[str, Any]:
    """Conf is the primary service and owns the network; main shares it; a container that never runs owns the volumes."""
    compose = _compose(spec, member)
    main, data = main_name(spec, member), f"{member.name}-volumes"
    return {
        member.name: {
            "image": spec.tag,
            "volumes_from": [data],
            **_only(compose, NETWORK_KEYS),
            "labels": _labels(compose, [main, data]),
        },
        main: {
            "image": main_image(spec),
            **_program(spec),
            "network_mode": f"container:{member.name}",
            "volumes_from": [data],
            **_only(compose, MAIN_KEYS),
        },
        data: _data(spec),
    }


def _data(spec: Spec) -> dict[str, Any]:
    """The container that owns the volumes: it is made, so that Docker fills them from the conf image, and does nothing."""
    return {
        "image": spec.tag,
        "entrypoint": ["/bin/true"],
        "network_mode": "none",
        "labels": {"io.rancher.container.start_once": Quoted("true")},
    }


def _program(spec: Spec) -> dict[str, Any]:
    return {"entrypoint": [*spec.shell, f"{spec.share}/run.sh"], "command": [literal(word) for word in spec.launch.command]}


def _compose(spec: Spec, member: Member) -> dict[str, Any]:
    return {**spec.service.compose, **(member.group.compose if member.group else {})}


def _only(compose: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in compose.items() if key in keys and key != "labels"}


def _labels(compose: Mapping[str, Any], sidekicks: list[str]) -> dict[str, Any]:
    """The labels of a primary service. Values are strings: Docker takes nothing else."""
    own = compose.get("labels") or {}
    if isinstance(own, list):
        own = dict(str(label).partition("=")[::2] for label in own)
    texts = {key: Quoted(str(value).lower() if isinstance(value, bool) else value) for key, value in own.items()}
    named = {"io.rancher.sidekicks": Quoted(",".join(sidekicks))} if sidekicks else {}
    return {**_HOSTNAME, **named, **texts}


def _rancher_service(spec: Spec, member: Member) -> dict[str, Any]:
    """What rancher-compose says of a primary service."""
    service: dict[str, Any] = {"scale": member.group.scale if member.group else spec.service.scale}
    service |= {key: value for key, value in _compose(spec, member).items() if key in RANCHER_KEYS}
    if metadata := metadata_block(spec, member.group):
        service["metadata"] = metadata
    if spec.service.health_check:
        service["health_check"] = _health_check(spec.service.health_check)
    return service


def _health_check(check: HealthCheck) -> dict[str, Any]:
    values = {item.name: getattr(check, item.name) for item in fields(check) if item.metadata.get("limits")}
    return {key: value for key, value in values.items() if value != ""}
