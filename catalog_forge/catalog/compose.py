"""Generates docker-compose.yml and rancher-compose.yml as data, for each topology.

Source: docs/facts/catalog.md#3, docs/facts/conf-images.md#2.1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from catalog_forge.catalog.questions import literal, metadata_block, questions, tag_variable
from catalog_forge.rancher.composition import named
from catalog_forge.rancher.keys import HOSTNAME_OVERRIDE, SIDEKICKS, START_ONCE
from catalog_forge.spec.model import Companion, HealthCheck, Member, Spec, Volume
from catalog_forge.spec.model.compose_keys import MAIN_KEYS, NETWORK_KEYS, RANCHER_FILE, RANCHER_KEYS, labels_of
from catalog_forge.yamlio import Quoted

_DNS = "io.rancher.container.dns"
_HOSTNAME = {HOSTNAME_OVERRIDE: "container_name"}
# The keys of a container that runs only once and without a network.
_ONCE = {"network_mode": "none", "labels": {START_ONCE: Quoted("true")}}
# Labels that are generated for configured services. Some services have only one of them.
GENERATED_LABELS = frozenset((*_HOSTNAME, SIDEKICKS))


def docker_compose(spec: Spec) -> dict[str, Any]:
    """Return docker-compose.yml as data: the primary service and the sidekicks of each of `spec.members`, and the companions."""
    write = {"volumes": _volumes, "netns": _netns, "datavol": _datavol, "scripts": _scripts, "embedded": _embedded}[
        spec.service.topology
    ]
    services: dict[str, Any] = {}
    for member in spec.members:
        services |= write(spec, member)
    services |= {name: _companion(companion) for name, companion in spec.companions.items()}
    volumes = {name: _volume(spec.volumes.get(name, Volume())) for name in (*spec.volumes, *spec.mounted)}
    return {"version": Quoted("2"), "services": services, **({"volumes": volumes} if volumes else {})}


def rancher_compose(spec: Spec) -> dict[str, Any]:
    """Return rancher-compose.yml as data: the catalog block with the questions, and the keys of services that belong in it."""
    entry = spec.entry
    block: dict[str, Any] = {"name": entry.title, "version": Quoted(entry.version), "description": description(spec)}
    for key in ("minimum_rancher_version", "maximum_rancher_version", "upgrade_from"):
        if value := getattr(entry, key):
            block[key] = Quoted(value)
    if asked := questions(spec):
        block["questions"] = asked
    shared = metadata_block(spec)
    services = {member.name: _rancher_service(spec, member, shared) for member in spec.members}
    own = {name: _only(companion.compose, RANCHER_FILE) for name, companion in spec.companions.items()}
    services |= {name: keys for name, keys in own.items() if keys}
    # docker-compose.yml cannot contain `per_container`. The definition of a volume in rancher-compose.yml replaces the definition
    # of the same volume in docker-compose.yml.
    volumes = {name: {**_volume(each), "per_container": True} for name, each in spec.volumes.items() if each.per_container}
    return {"version": Quoted("2"), "catalog": block, "services": services, **({"volumes": volumes} if volumes else {})}


def _volume(volume: Volume) -> dict[str, Any]:
    """Return the keys that a named volume has in both compose files."""
    known = {"driver": volume.driver, "driver_opts": dict(volume.driver_opts), "external": volume.external}
    return {key: value for key, value in known.items() if value}


def description(spec: Spec) -> str:
    """Return the one-sentence description that the catalog shows."""
    return spec.description or f"{spec.entry.title}, configured by {spec.name}"


def main_image(spec: Spec, member: Member) -> str:
    """Return the image of the software: as the spec has it or, if the entry asks for the tag, with the tag's variable."""
    asked = member.image == spec.service.image and spec.service.floats
    return f"{member.image}:${{{tag_variable(spec)}}}" if asked else member.image


def _companion(companion: Companion) -> dict[str, Any]:
    """Return the keys of a companion in docker-compose.yml."""
    keys = {key: value for key, value in companion.compose.items() if key not in RANCHER_FILE}
    return keys | ({"labels": _quoted(keys["labels"])} if "labels" in keys else {})


def _volumes(spec: Spec, member: Member) -> dict[str, Any]:
    """Return two services: main is the primary, and mounts the volumes of its sidekick conf."""
    compose, mode = _compose(spec, member), spec.service.network_mode
    main = _primary(spec, member, compose, **({"network_mode": mode} if mode else {}))
    if mode:
        # Rancher's DNS answers a container on the host's network only if the container has the label `_DNS`. The label for the
        # host name is removed, because a container on this network cannot set its own host name.
        main["labels"] = {_DNS: Quoted("true"), **main["labels"]}
        del main["labels"][HOSTNAME_OVERRIDE]
    return {member.name: main, member.conf: {"image": spec.tag, "labels": dict(_HOSTNAME)}}


def _scripts(spec: Spec, member: Member) -> dict[str, Any]:
    """Return the same services as `_volumes`, except that conf has no network and exits after it has written the files."""
    return _volumes(spec, member) | {member.conf: {"image": spec.tag, **_ONCE}}


def _datavol(spec: Spec, member: Member) -> dict[str, Any]:
    """Return three services: main is the primary, conf shares the network of main, and a stopped container owns the volumes."""
    main = _primary(spec, member, _compose(spec, member))
    shared = {"network_mode": f"container:{member.name}", "volumes_from": [member.volumes]}
    return {member.name: main, member.conf: {"image": spec.tag, **shared}, member.volumes: _data(spec)}


def _embedded(spec: Spec, member: Member) -> dict[str, Any]:
    """Return a single service with the conf image, which contains the image of main, confd and the launch script."""
    compose = _compose(spec, member)
    own = {key: value for key, value in compose.items() if key == "volumes_from"}
    main = {"image": spec.tag, "command": _command(member), **own, **_only(compose, MAIN_KEYS | NETWORK_KEYS)}
    main["labels"] = _labels(compose, member)
    return {member.name: main}


def _netns(spec: Spec, member: Member) -> dict[str, Any]:
    """Return three services: conf is the primary, main shares the network of conf, and a stopped container owns the volumes."""
    compose = _compose(spec, member)
    return {
        member.name: {
            "image": spec.tag,
            "volumes_from": [member.volumes],
            **_only(compose, NETWORK_KEYS),
            "labels": _labels(compose, member),
        },
        member.main: {
            **_program(spec, member, compose, network_mode=f"container:{member.name}"),
            **_only(compose, MAIN_KEYS),
        },
        member.volumes: _data(spec),
    }


def _data(spec: Spec) -> dict[str, Any]:
    """Return the service of the container that owns the volumes.

    Docker fills the volumes from the conf image when it creates the container. The container exits at once.
    """
    return {"image": spec.tag, "entrypoint": ["/bin/true"], **_ONCE}


def _primary(spec: Spec, member: Member, compose: Mapping[str, Any], **more: str) -> dict[str, Any]:
    """Return the primary service main, including all keys that the author has set."""
    keys = _only(compose, MAIN_KEYS | NETWORK_KEYS)
    return {**_program(spec, member, compose, **more), **keys, "labels": _labels(compose, member)}


def _program(spec: Spec, member: Member, compose: Mapping[str, Any], **more: str) -> dict[str, Any]:
    """Return the image, the start command and the volumes of the program's container."""
    return {
        "image": main_image(spec, member),
        "entrypoint": [*spec.shell, f"{spec.share}/run.sh"],
        "command": _command(member),
        **more,
        "volumes_from": [member.volumes, *compose.get("volumes_from", ())],
    }


def _command(member: Member) -> list[Any]:
    return [literal(word) for word in member.command]


def _compose(spec: Spec, member: Member) -> dict[str, Any]:
    return {**spec.service.compose, **(member.group.compose if member.group else {})}


def _only(compose: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in compose.items() if key in keys and key not in ("labels", "volumes_from")}


def _labels(compose: Mapping[str, Any], member: Member) -> dict[str, Any]:
    """Return the labels of a primary service. The author's sidekicks are added to the generated sidekicks."""
    own = _quoted(compose.get("labels"))
    sidekicks = ",".join(filter(None, (*member.sidekicks, own.pop(SIDEKICKS, ""))))
    return {**_HOSTNAME, **({SIDEKICKS: Quoted(sidekicks)} if sidekicks else {}), **own}


def _quoted(labels: Mapping[str, Any] | list[Any] | None) -> dict[str, Any]:
    return {name: Quoted(value) for name, value in labels_of(labels)}


def sidekicks_of(service: Mapping[str, Any]) -> list[str]:
    """Return the names of the sidekicks in the sidekick label of a service."""
    return [name for name, _ in named(str(service.get("labels", {}).get(SIDEKICKS, ""))) if name]


def _rancher_service(spec: Spec, member: Member, shared: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a primary service in rancher-compose.yml. `shared` is the metadata of a service whose group has no
    metadata of its own.
    """
    service: dict[str, Any] = {"scale": member.scale}
    service |= {key: value for key, value in _compose(spec, member).items() if key in RANCHER_KEYS}
    if metadata := metadata_block(spec, member.group) if member.group and member.group.metadata else shared:
        service["metadata"] = metadata
    if member.health_check:
        service["health_check"] = _health_check(member.health_check)
    return service


def _health_check(check: HealthCheck) -> dict[str, Any]:
    values = {item.name: getattr(check, item.name) for item in fields(check) if item.metadata.get("limits")}
    return {key: value for key, value in values.items() if value != ""}
