"""The faults that a running metadata service can simulate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["none", "down", "missing", "slow", "flapping"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: how the service misbehaves until another fault is applied.

    `down` refuses new connections and closes existing ones; `missing` answers 404 to everything; `slow` answers after `seconds`;
    `flapping` drops the connection of every second request, beginning with the first.
    """

    kind: Kind = "none"
    seconds: float = 0


NONE = Fault()
DOWN = Fault("down")
MISSING = Fault("missing")
FLAPPING = Fault("flapping")


def slow(seconds: float) -> Fault:
    """Return the fault that delays each answer by this many seconds."""
    return Fault("slow", seconds)
