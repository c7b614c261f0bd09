"""Describes the containers of a stack as the environment that the metadata service presents. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_forge.errors import ForgeError
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.scenarios import model, units
from catalog_forge.stack.listing import unit_state
from catalog_forge.stack.model import HealthCheck, Service, Stack, port_of
from catalog_forge.stack.reconcile import Key, Ledger, Seen, container_name, owner_of


def environment(
    stack: Stack, subnet: str, host: model.Host, ledger: Ledger, seen: Sequence[Seen], healths: Mapping[Key, str]
) -> model.Environment:
    """Return the environment of a stack, with the scales of the plan and the states of the containers on the engine.

    Every planned unit must have a number in the ledger. The addresses and identities of containers are derived from these
    numbers, so they are known before a container is created.
    """
    found: dict[Key, list[Seen]] = {}
    for each in seen:
        if each.number == ledger.units.get(each.key):
            found.setdefault(each.key, []).append(each)
    services = tuple(_service(stack.name, service, ledger, found, healths) for service in stack.services)
    return model.Environment((model.Stack(stack.name, services),), (host,), subnet)


def steady(stack: Stack, subnet: str, host: model.Host) -> model.Environment:
    """Return the environment of a newly started stack in which all units run and are healthy."""
    made = environment(stack, subnet, host, Ledger(), (), {})
    services = tuple(replace(each, states={}, healths={}) for each in made.stacks[0].services)
    return replace(made, stacks=(replace(made.stacks[0], services=services),))


def addresses(stack: Stack, made: model.Environment) -> dict[str, str]:
    """Map the names of containers to their addresses. Containers without an address are left out.

    If the primary of a unit uses the network of a sidekick, the sidekick has the address that the metadata shows for
    the primary. Raises ForgeError if a service has used up the addresses in its part of the subnet.
    """
    told = {each.name: each for each in units.containers(made)}
    found: dict[str, str] = {}
    for service in stack.services:
        owner = owner_of(service, service.primary)
        for index in range(1, service.scale + 1):
            for launch in service.launches:
                named = service.primary if launch is owner else launch
                name = container_name(stack.name, service, named, index)
                # The metadata may present our service OTHER-NAME as the service NAME of the stack OTHER. In this case, the names
                # of the service's containers do not begin with the name of our stack.
                item = told[name] if name in told else told[name.removeprefix(f"{stack.name}-")]
                if launch.network == "managed" and item.address and item.launch:
                    if item.launch.service.place(index) > item.launch.block.size:
                        raise ForgeError(
                            f"service {service.name!r} has used up its addresses in {made.subnet}",
                            hint=f"run `catalog-forge down {stack.name}`, then `up`: containers are then numbered from 1 again",
                        )
                    found[container_name(stack.name, service, launch, index)] = item.address
    return found


def _service(
    stack: str, service: Service, ledger: Ledger, found: Mapping[Key, Sequence[Seen]], healths: Mapping[Key, str]
) -> model.Service:
    keys = [(service.name, index) for index in range(1, service.scale + 1)]
    states = {key[1]: unit_state(service, found.get(key, ())) for key in keys}
    numbers = {key[1]: ledger.units.get(key, key[1]) for key in keys}
    return model.Service(
        service.name,
        service.scale,
        metadata=service.metadata,
        labels=service.primary.labels,
        sidekicks=tuple(_sidekick(service, number) for number in range(len(service.sidekicks))),
        links={_target(stack, link.target): link.alias for link in service.links},
        ports=tuple(filter(None, map(_port, service.primary.ports))),
        health_check=_check(service.health_check) if service.health_check else None,
        states={index: state for index, state in states.items() if state != "running"},
        healths={key[1]: healths.get(key, "initializing") for key in keys} if service.health_check else {},
        created={index: number for index, number in numbers.items() if number != index},
        births=ledger.births.get(service.name, 0),
        retain_ip=service.retain_ip,
    )


def _sidekick(service: Service, number: int) -> model.Sidekick:
    """Return a sidekick. The sidekick has an address only if it is in Rancher's network (`managed`)."""
    launch = service.sidekicks[number]
    return model.Sidekick(launch.name, "own" if launch.network == "managed" else "primary", launch.labels)


def _target(stack: str, target: str) -> str:
    return target.removeprefix(f"{stack}/")


def _port(text: str) -> str:
    """Return a published port in the form of the metadata, PUBLIC:PRIVATE/PROTOCOL; return "" for an unpublished port."""
    _, public, private, protocol = port_of(text)
    return f"{public}:{private}/{protocol}" if public else ""


def _check(check: HealthCheck) -> dict[str, Value]:
    return {
        "healthy_threshold": check.healthy_threshold,
        "interval": check.interval,
        "port": check.port,
        "request_line": check.request_line or None,
        "response_timeout": check.response_timeout,
        "unhealthy_threshold": check.unhealthy_threshold,
    }
