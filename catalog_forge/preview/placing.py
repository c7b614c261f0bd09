"""Places the units of a topology in rows, side by side, with space for lines that pass between units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from catalog_forge.preview.topology import Edge, Frame, Topology

# Lengths in pixels: the maximum width of a row, the gap between two units, the width of a passing line.
MOST_WIDTH, GAP, PASSING = 1080, 26, 12
_SWEEPS = 6


@dataclass(eq=False)
class Slot:
    """A place in a row, for a unit or for a line that passes through the row."""

    unit: Frame | None
    row: int
    width: float
    left: float = 0
    above: list[Slot] = field(default_factory=list)
    below: list[Slot] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """The x coordinate of the place's middle."""
        return self.left + self.width / 2


@dataclass(frozen=True, eq=False)
class Way:
    """The path of a line: its places from the upper unit down to the lower unit. `up` is true if the lower unit is the source."""

    edge: Edge
    places: tuple[Slot, ...]
    up: bool


def rows(topology: Topology, width_of: Callable[[Frame], float]) -> tuple[list[list[Slot]], list[Way]]:
    """Return the rows of units, and the lines between units.

    A unit is below all units that use it; a line has a place in each row that it passes through. `width_of` returns the width
    of a unit.
    """
    units = {unit.name: unit for unit in topology.units}
    levels = _levels(units, topology.edges)
    used = {name for edge in topology.edges for name in (edge.source, edge.target)}
    found: list[list[Slot]] = []
    for level in [*sorted({levels[name] for name in used}), None]:
        width = float(MOST_WIDTH)
        for name, unit in units.items():
            if (levels[name] if name in used else None) == level:
                if width + width_of(unit) > MOST_WIDTH:
                    found.append([])
                    width = 0
                found[-1].append(Slot(unit, len(found) - 1, width_of(unit)))
                width += width_of(unit) + GAP
    placed = {place.unit.name: place for row in found for place in row if place.unit}
    return found, [_through(edge, placed[edge.source], placed[edge.target], found) for edge in topology.edges]


def _levels(names: Mapping[str, Frame], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the level of each unit: the number of lines in the longest path to it. Lines that close a cycle are ignored."""
    targets: dict[str, list[str]] = {name: [] for name in names}
    for edge in edges:
        targets[edge.source].append(edge.target)
    trail: list[str] = []  # the units on the way to the unit that is visited
    onward: dict[str, list[str]] = {}
    done: list[str] = []  # each unit comes after all units that it leads to

    def visit(name: str) -> None:
        trail.append(name)
        onward[name] = [target for target in targets[name] if target not in trail]
        for target in onward[name]:
            if target not in onward:
                visit(target)
        done.append(trail.pop())

    for name in names:
        if name not in onward:
            visit(name)
    levels = dict.fromkeys(names, 0)
    for name in reversed(done):
        for target in onward[name]:
            levels[target] = max(levels[target], levels[name] + 1)
    return levels


def _through(edge: Edge, source: Slot, target: Slot, rows: list[list[Slot]]) -> Way:
    """Return the line between two units, and give it a place in each row between them."""
    upper, lower = sorted((source, target), key=lambda place: place.row)
    places = [upper, *(Slot(None, row, PASSING) for row in range(upper.row + 1, lower.row)), lower]
    for place in places[1:-1]:
        rows[place.row].append(place)
    for above, below in pairwise(places):
        above.below.append(below)
        below.above.append(above)
    return Way(edge, tuple(places), upper is not source)


def settle(rows: list[list[Slot]], margin: float) -> None:
    """Order the places in each row, and set their left sides, so that connected places are near each other.

    The leftmost place of all rows starts at `margin`.
    """
    for row in rows:
        _spread(row, [0.0] * len(row))
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            sides = [[*place.above, *place.below] if sweep else place.below for place in row]
            wanted = [
                sum(each.middle for each in side) / len(side) if side else place.middle
                for place, side in zip(row, sides, strict=True)
            ]
            order = sorted(range(len(row)), key=wanted.__getitem__)
            row[:] = [row[number] for number in order]
            _spread(row, [wanted[number] for number in order])
    first = min((place.left for row in rows for place in row), default=0.0)
    for place in (place for row in rows for place in row):
        place.left += margin - first


def _spread(row: list[Slot], wanted: Sequence[float]) -> None:
    """Place a row's items side by side, with their middles as near as possible (least squares) to the wanted positions."""
    offset, groups = 0.0, []
    for place, middle in zip(row, wanted, strict=True):
        groups.append((middle - place.width / 2 - offset, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (one, count), (other, more) = groups[-2:]
            groups[-2:] = [((one * count + other * more) / (count + more), count + more)]
        offset += place.width + GAP
    offset, lefts = 0.0, (left for left, count in groups for _ in range(count))
    for place, left in zip(row, lefts, strict=True):
        place.left = left + offset
        offset += place.width + GAP
