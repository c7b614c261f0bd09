"""What would run, in words and as data: for `up --plan`, which needs no engine. Nobody sees the answers to secret questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from catalog_forge.errors import Where
from catalog_forge.stack.model import HealthCheck, Launch, Note, Rule, Service, Stack

HIDDEN = "***"
_LEAST = 4


def lines(stack: Stack) -> Iterator[str]:
    """Draw a stack; what an entry says cannot steer the terminal."""
    return ("".join(each if each.isprintable() else "?" for each in line) for line in _lines(stack))


def _lines(stack: Stack) -> Iterator[str]:
    """Draw a stack: services, their units and containers, links and metadata; what is not honoured; what needs trust."""
    hide = Hide(stack.secrets)
    count = "1 service" if len(stack.services) == 1 else f"{len(stack.services)} services, in the order in which they start"
    yield f"{stack.name}: {count}"
    for service in stack.services:
        yield from _tree(_service(service, stack.balancers.get(service.name), hide), "")
    for name, chosen in (("answers", stack.answers), ("scales", stack.scales)):
        if chosen:
            yield f"{name}: {', '.join(f'{key}={_short(hide(str(value)))}' for key, value in chosen.items())}"
    if stack.volumes:
        yield f"volumes: {', '.join(stack.volumes)}"
    yield from _notes("not honoured", stack.unhonoured, hide)
    yield from _notes("needs --trust", stack.dangerous, hide)


def data(stack: Stack) -> dict[str, Any]:
    """Return a stack as plain data."""
    hide = Hide(stack.secrets)
    found = {key: value for key, value in asdict(stack).items() if key not in ("secrets", "settle")}
    for notes in ("unhonoured", "dangerous"):
        found[notes] = [
            {**note, "where": str(each.where or "")} for note, each in zip(found[notes], getattr(stack, notes), strict=True)
        ]
    hidden: dict[str, Any] = hide(found)
    return hidden


def published_once(stack: Stack) -> Stack:
    """Return the stack with a note of each service whose published ports only its first unit can have: there is one machine."""
    notes = [
        Note(each.name, "ports", f"unit 1 alone publishes {port}: there is one machine")
        for each in stack.services
        if each.scale > 1
        for port in dict.fromkeys(port for launch in each.launches for port in launch.ports if ":" in port)
    ]
    return replace(stack, unhonoured=(*stack.unhonoured, *notes))


class Hide:
    """Puts stars where a secret would show; secrets of less than `least` characters are words that stand anywhere."""

    def __init__(self, secrets: Iterable[str], least: int = 1) -> None:
        # The longest first: one secret may be a part of another.
        self.secrets = sorted((each for each in secrets if len(each) >= least), key=len, reverse=True)

    def __call__(self, value: Any) -> Any:
        match value:
            case str():
                for secret in self.secrets:
                    value = value.replace(secret, HIDDEN)
                return value
            case Mapping():
                return {key: self(each) for key, each in value.items()}
            case list() | tuple():
                return [self(each) for each in value]
            case Where():
                return str(value)
        return value


def said_by(stack: Stack | None) -> Hide:
    """Return what hides the secrets of a stack in what its containers say. Lines of a secret are hidden one by one."""
    secrets = stack.secrets if stack else ()
    return Hide((line for each in secrets for line in each.splitlines()), least=_LEAST)


# A line and what stands below it.
_Branch = tuple[str, list[Any]]


def _service(service: Service, rules: Sequence[Rule] | None, hide: Hide) -> _Branch:
    below: list[_Branch] = [_launch(launch, hide) for launch in service.launches]
    if rules is not None:
        below.append(("load balancer: haproxy, from a local image, in place of this one", [(_rule(rule), []) for rule in rules]))
    if service.links:
        shown = (link.target if link.alias == link.target else f"{link.target} as {link.alias}" for link in service.links)
        below.append((f"links: {', '.join(shown)}", []))
    if service.depends_on:
        below.append((f"depends on: {', '.join(service.depends_on)}", []))
    if service.health_check:
        below.append((f"health: {_check(service.health_check)}", []))
    if service.metadata:
        below.append(("metadata", [(f"{key}: {_short(hide(value))}", []) for key, value in service.metadata.items()]))
    units = "1 unit" if service.scale == 1 else f"{service.scale} units"
    return f"{service.name}: {units}", below


def _launch(launch: Launch, hide: Hide) -> _Branch:
    below: list[_Branch] = []
    for name, words in (("entrypoint", launch.entrypoint), ("command", launch.command)):
        if words:
            below.append((f"{name}: {_short(hide(' '.join(words)))}", []))
    network = f"that of {launch.network_from}" if launch.network == "shared" else launch.network
    below.append((f"network: {network}", []))
    mounts = [*launch.volumes, *(f"those of {name}" for name in launch.volumes_from)]
    for name, shown in (("volumes", mounts), ("ports", launch.ports), ("environment", launch.environment)):
        if shown:
            below.append((f"{name}: {', '.join(hide(list(shown)))}", []))
    once = ", runs once" if launch.start_once else ""
    return f"{launch.name}: {hide(launch.image)}{once}", below


def _rule(rule: Rule) -> str:
    return f"{rule.protocol} port {rule.source} {rule.hostname}{rule.path} to {rule.service}:{rule.target}".replace("  ", " ")


def _check(check: HealthCheck) -> str:
    what = f"{check.request_line!r} at port {check.port}" if check.request_line else f"TCP port {check.port}"
    return f"{what}, every {check.interval} ms, {check.healthy_threshold} up, {check.unhealthy_threshold} down"


def _short(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return text if len(text) <= 70 else f"{text[:67]}..."


def _tree(branch: _Branch, indent: str) -> Iterator[str]:
    text, below = branch
    yield f"{indent}{text}"
    for each in below:
        yield from _tree(each, indent + "  ")


def _notes(title: str, notes: Iterable[Note], hide: Hide) -> Iterator[str]:
    shown = [f"  {each.service + ': ' if each.service else ''}{each.key}: {hide(each.message)}" for each in notes]
    if shown:
        yield f"{title}:"
        yield from dict.fromkeys(shown)
