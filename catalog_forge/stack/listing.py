"""Derives stacks, their containers and the states of their units from the engine's lists. Pure functions, fast to import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_forge.stack.model import Service
from catalog_forge.stack.reconcile import Seen

PURPOSE = "stack"
OURS = "catalog-forge"
STACK_LABEL = f"{OURS}.stack"

UNSTEADY = ("starting", "restarting")
"""States of a unit whose containers have not run long enough yet, or were restarted recently."""

_EXITED = re.compile(r"\((\d+)\)")


@dataclass(frozen=True, slots=True)
class Row:
    """A unit, as `up` and `ps` show it."""

    service: str
    index: int
    state: str
    health: str
    address: str

    @property
    def name(self) -> str:
        """The name of the unit: SERVICE-INDEX."""
        return f"{self.service}-{self.index}"


def names(listed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the stacks to which the listed containers and networks belong."""
    return sorted({each["Labels"][STACK_LABEL] for each in listed if STACK_LABEL in each["Labels"]})


def seen(listed: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """Return the listed containers of one stack, sorted by service, index and name."""
    return sorted(map(_seen, listed), key=lambda each: (each.service, each.index, each.name))


def rows(there: Sequence[Seen], services: Mapping[str, Service], watched: Mapping[str, Row] | None) -> list[Row]:
    """Return the units of these containers. If the containers of a unit have different numbers, only those with the highest
    number are considered.

    `services` are the planned services, if they are known. `watched` are the units by name, as reported by the process that
    runs the stack. `watched` is None if no process runs the stack; then no unit is starting.
    """
    found: list[Row] = []
    for key in sorted({each.key for each in there}):
        every = [each for each in there if each.key == key]
        newest = [each for each in every if each.number == max(other.number for other in every)]
        state = unit_state(services[key[0]], newest) if key[0] in services else newest[0].state
        address = next((each.address for each in newest if each.address), "")
        told = (watched or {}).get(f"{key[0]}-{key[1]}")
        if watched is None and state == "starting":
            state = "stopped"
        elif told and told.state in UNSTEADY and state in ("running", "stopped"):
            state = told.state  # only the process that runs the stack knows that a program ends repeatedly
        found.append(Row(*key, state, told.health if told else "", address))
    return found


def unit_state(service: Service, found: Sequence[Seen]) -> str:
    """Return the state of a unit, in Rancher's words. The state is derived from the containers that should be running."""
    lasting = {launch.name for launch in service.launches if not launch.start_once}
    states = [each for each in found if each.launch in lasting or each.state == "created"]
    if any(each.ended for each in states):
        return "stopped"
    if len(found) < len(service.launches) or not all(each.running for each in states):
        return "starting"
    return "running"


def _seen(found: Mapping[str, Any]) -> Seen:
    labels = found["Labels"]
    status = _EXITED.search(found["Status"])
    number = {key: int(labels.get(f"{OURS}.{key}", "0")) for key in ("index", "number", "grace")}
    text = {key: labels.get(f"{OURS}.{key}", "") for key in ("service", "launch", "digest", "address")}
    name = found["Names"][0].lstrip("/") if found["Names"] else found["Id"][:12]
    return Seen(id=found["Id"], name=name, state=found["State"], status=int(status[1]) if status else 0, **number, **text)  # type: ignore[arg-type]
