"""Describes the stack that `up --plan` would run, as text and as data, without an engine. Secret answers are hidden."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any

from catalog_forge.errors import Where
from catalog_forge.shown import counted, printable
from catalog_forge.stack.model import HealthCheck, Launch, Note, Rule, Service, Stack

HIDDEN = "***"
_LEAST = 4
# The fields of a stack that are internal to this program and therefore not part of the stack's description.
_OWN = ("secrets", "settle", "shown", "images", "ports", "store", "held", "beside", "restarts")


def lines(stack: Stack) -> Iterator[str]:
    """Draw a stack as lines of text. Text from the entry is escaped, so that it cannot control the terminal."""
    return map(printable, _lines(stack))


def _lines(stack: Stack) -> Iterator[str]:
    """Draw a stack: first its services, then its answers, volumes, and the keys that are not honoured or need trust."""
    stack = stack.shown or stack
    count = "1 service" if len(stack.services) == 1 else f"{len(stack.services)} services, in the order in which they start"
    yield f"{stack.name}: {count}"
    for service in stack.services:
        yield from _tree(_service(service, stack.balancers.get(service.name)), "")
    for name, chosen in (("answers", stack.answers), ("scales", stack.scales)):
        if chosen:
            yield f"{name}: {', '.join(f'{key}={_short(str(value))}' for key, value in chosen.items())}"
    if stack.volumes:
        yield f"volumes: {', '.join(stack.volumes)}"
    yield from _notes("not honoured", stack.unhonoured)
    yield from _notes("needs --trust", stack.dangerous)


def data(stack: Stack) -> dict[str, Any]:
    """Return a stack as plain data."""
    stack = stack.shown or stack
    found = {key: value for key, value in asdict(stack).items() if key not in _OWN}
    for notes in ("unhonoured", "dangerous"):
        found[notes] = [
            {**note, "where": str(each.where or "")} for note, each in zip(found[notes], getattr(stack, notes), strict=True)
        ]
    return found


def published_once(stack: Stack) -> Stack:
    """Return a copy of the stack with a note on each public port that only unit 1 of a service can publish on this machine."""
    notes = [
        Note(each.name, "ports", f"only unit 1 publishes {port}, because there is only one machine")
        for each in stack.services
        if each.scale > 1
        for port in dict.fromkeys(port for launch in each.launches for port in launch.ports if ":" in port)
    ]
    return replace(stack, unhonoured=(*stack.unhonoured, *notes))


def masked(stack: Stack, stand_in: Stack | None) -> Stack:
    """Return a copy of a stack that can be shown to anybody: if possible, stars replace only the answers to secret questions.

    `stand_in` is the same stack composed with stars instead of these answers. Where its text differs from the text of
    `stack`, the text of `stack` contains an answer. If `stand_in` is None, or differs in structure because a template
    depends on an answer, each text that contains an answer is hidden entirely. Either way, no letter of an answer is visible.
    """
    bare = replace(stack, secrets=())
    # An answer in a command is split at its spaces, and each of the words is also secret.
    secrets = {piece for secret in stack.secrets for piece in (secret, *secret.split()) if piece == secret or len(piece) > 1}
    shown: Stack = _blank(bare, secrets) if stand_in is None else _laid(bare, replace(stand_in, secrets=()), secrets)
    return replace(shown, name=stack.name, entry=stack.entry)


def _laid(real: Any, stand_in: Any, secrets: Collection[str]) -> Any:
    """Return `real` with a mask in place of each text that differs from the text at the same place in `stand_in`."""
    if real == stand_in or isinstance(real, bool):
        return real
    if is_dataclass(real) and type(real) is type(stand_in):
        names = [each.name for each in fields(real)]
        parts = {name: _laid(getattr(real, name), getattr(stand_in, name), secrets) for name in names}
        return replace(real, **parts)  # type: ignore[type-var]
    if isinstance(real, Mapping) and isinstance(stand_in, Mapping) and len(real) == len(stand_in):
        pairs = zip(real.items(), stand_in.items(), strict=True)
        return {_laid(key, other, secrets): _laid(value, shown, secrets) for (key, value), (other, shown) in pairs}
    if isinstance(real, list | tuple) and isinstance(stand_in, list | tuple) and len(real) == len(stand_in):
        return type(real)(_laid(value, shown, secrets) for value, shown in zip(real, stand_in, strict=True))
    if (
        type(real) is type(stand_in)
        and isinstance(real, str | tuple)
        and any(HIDDEN in str(part) for part in (*stand_in, stand_in))
    ):
        return stand_in
    return HIDDEN if isinstance(real, str | int | float) else _blank(real, secrets)


def _blank(value: Any, secrets: Collection[str]) -> Any:
    """Return a value in which every text that contains a secret is masked."""
    if isinstance(value, str):
        return HIDDEN if any(secret in value for secret in secrets) else value
    if isinstance(value, Where):
        return value
    if is_dataclass(value):
        parts = {each.name: _blank(getattr(value, each.name), secrets) for each in fields(value)}
        return replace(value, **parts)  # type: ignore[type-var]
    if isinstance(value, Mapping):
        return {_blank(key, secrets): _blank(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_blank(each, secrets) for each in value)
    return value


class Hide:
    """Hides secrets in the output of containers: replaces every occurrence of a secret with stars.

    Secrets shorter than `least` characters are not replaced, because such short texts occur in any output.
    """

    def __init__(self, secrets: Iterable[str], least: int = _LEAST) -> None:
        # The longest secrets come first, because a short secret may be part of a longer secret.
        self.secrets = sorted((each for each in secrets if len(each) >= least), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def said_by(stack: Stack | None) -> Hide:
    """Return a function that hides the secrets of a stack in container output. Each line of a secret is hidden separately."""
    secrets = stack.secrets if stack else ()
    return Hide(line for each in secrets for line in each.splitlines())


# A line of the drawing, and the list of the branches below this line.
_Branch = tuple[str, list[Any]]


def _service(service: Service, rules: Sequence[Rule] | None) -> _Branch:
    below: list[_Branch] = [_launch(launch) for launch in service.launches]
    if rules is not None:
        below.append(("load balancer: haproxy from a local image replaces this image", [(_rule(rule), []) for rule in rules]))
    if service.links:
        shown = (link.target if link.alias == link.target else f"{link.target} as {link.alias}" for link in service.links)
        below.append((f"links: {', '.join(shown)}", []))
    if service.depends_on:
        below.append((f"depends on: {', '.join(service.depends_on)}", []))
    if service.health_check:
        below.append((f"health: {_check(service.health_check)}", []))
    if service.metadata:
        below.append(("metadata", [(f"{key}: {_short(value)}", []) for key, value in service.metadata.items()]))
    return f"{service.name}: {counted(service.scale, 'unit')}", below


def _launch(launch: Launch) -> _Branch:
    below: list[_Branch] = []
    for name, words in (("entrypoint", launch.entrypoint), ("command", launch.command)):
        if words:
            below.append((f"{name}: {_short(' '.join(words))}", []))
    network = f"that of {launch.network_from}" if launch.network == "shared" else launch.network
    below.append((f"network: {network}", []))
    mounts = [*launch.volumes, *(f"those of {name}" for name in launch.volumes_from)]
    for name, shown in (("volumes", mounts), ("ports", launch.ports), ("environment", launch.environment)):
        if shown:
            below.append((f"{name}: {', '.join(shown)}", []))
    once = ", runs once" if launch.start_once else ""
    return f"{launch.name}: {launch.image}{once}", below


def _rule(rule: Rule) -> str:
    return f"{rule.protocol} port {rule.source} {rule.hostname}{rule.path} to {rule.service}:{rule.target}".replace("  ", " ")


def _check(check: HealthCheck) -> str:
    what = f"{check.request_line!r} at port {check.port}" if check.request_line else f"TCP port {check.port}"
    return (
        f"{what}, every {check.interval} ms; healthy after {check.healthy_threshold}, unhealthy after {check.unhealthy_threshold}"
    )


def _short(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return text if len(text) <= 70 else f"{text[:67]}..."


def _tree(branch: _Branch, indent: str) -> Iterator[str]:
    text, below = branch
    yield f"{indent}{text}"
    for each in below:
        yield from _tree(each, indent + "  ")


def _notes(title: str, notes: Iterable[Note]) -> Iterator[str]:
    shown = [f"  {each}" for each in notes]
    if shown:
        yield f"{title}:"
        yield from dict.fromkeys(shown)
