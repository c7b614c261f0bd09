"""The changes that a new plan makes to a stack: added, removed and changed services, and replaced units. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from catalog_forge.shown import counted, printable
from catalog_forge.stack.model import Service, Stack
from catalog_forge.stack.plan import HIDDEN

# The fields of a service that can change while its units are kept. A change of any other field replaces the units
# (`reconcile.digest`).
_KEPT = ("scale", "metadata", "health_check", "depends_on", "retain_ip", "lb_config", "batch")
_MOST = 60


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """A service that is added (`+`), removed (`-`) or changed (`~`). `what` has the path, the old text and the new text of each
    changed field; `replaces` is True if the change replaces the units of the service."""

    sign: str
    service: str
    units: int
    what: tuple[tuple[str, str, str], ...] = ()
    replaces: bool = False


def changes(before: Stack | None, after: Stack) -> list[ServiceChange]:
    """Return the differences between two stacks; `before` is None for a new stack. Secrets are hidden."""
    old = {each.name: each for each in before.services} if before else {}
    new = {each.name: each for each in after.services}
    secrets = {secret for stack in (before, after) if stack for secret in stack.secrets}
    found: list[ServiceChange] = []
    for name in dict.fromkeys([*new, *old]):
        if name not in old:
            found.append(ServiceChange("+", name, new[name].scale))
        elif name not in new:
            found.append(ServiceChange("-", name, old[name].scale))
        elif what := tuple(_differences(_facts(old[name]), _facts(new[name]), secrets)):
            replaces = any(path.partition(".")[0] not in _KEPT for path, _, _ in what)
            found.append(ServiceChange("~", name, new[name].scale, what, replaces))
    return found


def lines(found: list[ServiceChange]) -> Iterator[str]:
    """Return the changes as lines of text in the style of a terraform plan."""
    for each in found:
        then = ", replaced one after the other" if each.replaces else ""
        yield printable(f"{each.sign} {each.service} ({counted(each.units, 'unit')}{then})")
        for path, old, new in each.what:
            yield printable(f"    {path}: {_short(old)} -> {_short(new)}")
    count = [sum(each.sign == sign for each in found) for sign in "+~-"]
    yield f"{count[0]} to add, {count[1]} to change, {count[2]} to remove" if found else "nothing changes"


def _differences(old: Mapping[str, str], new: Mapping[str, str], secrets: set[str]) -> Iterator[tuple[str, str, str]]:
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            texts = (old.get(path, ""), new.get(path, ""))
            yield path, *(HIDDEN if any(secret in text for secret in secrets) else text for text in texts)  # type: ignore[misc]


def _facts(service: Service) -> dict[str, str]:
    """Map paths such as environment.NAME to a service's values, as text. The paths of a sidekick begin with its name."""
    data = asdict(service)
    primary, sidekicks = data.pop("primary"), data.pop("sidekicks")
    links = {"links": [f"{each['target']}:{each['alias']}" for each in data.pop("links")]}
    found = {**data, **primary, **links, **{each["name"]: each for each in sidekicks}}
    return dict(_flat("", found))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(f"{path}.{key}".lstrip("."), each)
    elif value not in (None, "", (), [], False):
        yield path, " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _short(text: str) -> str:
    return (text if len(text) <= _MOST else f"{text[: _MOST - 3]}...") or "(none)"
