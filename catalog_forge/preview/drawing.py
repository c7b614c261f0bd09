"""Draws a topology as SVG. Units are placed in rows, each unit below the units that use it, and lines connect the units.

The width of a frame is computed on the assumption that all characters have the same width. In each row, frames
and the lines that pass through the row have separate places, so nothing overlaps. `files/drawing.css` styles a drawing with the
colours of the page. A standalone drawing also includes `files/alone.css`, which defines the colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from unicodedata import east_asian_width

from catalog_forge.preview.placing import GAP, Slot, Way, rows, settle
from catalog_forge.preview.topology import ContainerBox, Flow, Frame, Topology
from catalog_forge.shown import counted, printable
from catalog_forge.texts import fill

CHAR, LINE, PAD = 7.3, 17, 12
MOST_CHARS, LEAST_CHARS = 44, 14
# Lengths in pixels: the gap between two boxes with an arrow and without one, the width of a lane (a column to the right of the
# boxes, for one arrow), the size of an arrowhead, and the gap between two rows.
ARROW, CLOSE, LANE, HEAD, BETWEEN = 26, 8, 14, 7, 44


def draw(topology: Topology, alone: bool = True) -> str:
    """Return a topology as SVG. With `alone`, the SVG includes its colours. Equal topologies give equal drawings."""
    placed, ways = rows(topology, _width)
    settle(placed, PAD)
    bands = _bands(placed)
    bottom = bands[-1][1] + PAD if bands else PAD
    width = max((place.left + place.width for row in placed for place in row), default=0.0) + PAD
    legend = _legend(topology, bottom)
    height = bottom + (LINE + PAD if legend else 0)
    frames = (_frame(place.unit, place.left, bands[place.row][0]) for row in placed for place in row if place.unit)
    parts = [*_lines(ways, bands), *frames]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="topology" role="img" aria-labelledby="topology-title topology-desc"'
        f' width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">\n'
        f'<title id="topology-title">{_safe(topology.title)}: its services, and what connects them</title>\n'
        f'<desc id="topology-desc">{_safe(" ".join(described(topology)))}</desc>\n'
        + (f"<style>{fill(__package__, 'alone.css')}{fill(__package__, 'drawing.css')}</style>\n" if alone else "")
        + "\n".join([*parts, *legend])
        + "\n</svg>\n"
    )


def described(topology: Topology) -> Iterator[str]:
    """Yield sentences that describe a drawing, for screen readers."""
    for unit in topology.units:
        if unit.boxes:
            yield f"{unit.name} ({unit.scale}): {', '.join(f'{box.name}, {box.image}' for box in unit.boxes)}."
        yield from (f"{flow.target} gets {flow.what} from {flow.source}." for flow in unit.flows)
    yield from (f"{edge.source} {edge.kind} {edge.target}." for edge in topology.edges)
    if topology.left_out:
        yield f"{counted(topology.left_out, 'more service is', 'more services are')} not drawn."


def _bands(rows: Sequence[Sequence[Slot]]) -> list[tuple[float, float]]:
    """Return the top and bottom of each row. The gap between two rows grows with the number of lines in it."""
    bands, top = [], float(PAD)
    for row in rows:
        bottom = top + max(_height(place.unit) for place in row)
        bands.append((top, bottom))
        lines = sum(len(place.below) for place in row)
        top = bottom + (BETWEEN + min(60, 3 * lines) if lines else GAP)
    return bands


# Lines


def _lines(ways: Sequence[Way], bands: Sequence[tuple[float, float]]) -> Iterator[str]:
    """Yield the lines between units. Each line starts and ends at a separate point on the side of a unit."""
    for way, start, end in zip(ways, _points(ways, 0, 1), _points(ways, -1, -2), strict=True):
        first, *rest = way.places
        bottom, top = bands[first.row][0] + _height(first.unit), bands[rest[-1].row][0]
        above, below = (HEAD, 0) if way.up else (0, HEAD)
        path, old = [f"M{start:.1f} {bottom + above:.1f}V{bands[first.row][1] + above:.1f}"], start
        for place in rest:
            x, y = (end, top - below) if place is rest[-1] else (place.middle, bands[place.row][0])
            half = (bands[place.row - 1][1] + y) / 2
            path.append(f"C{old:.1f} {half:.1f} {x:.1f} {half:.1f} {x:.1f} {y:.1f}V{bands[place.row][1]:.1f}")
            old = x
        path[-1] = path[-1].partition("V")[0]
        head = _head(start, bottom, HEAD) if way.up else _head(end, top, -HEAD)
        title = _safe(f"{way.edge.source} {way.edge.kind} {way.edge.target}")
        yield f'<g class="line {_class(way.edge.kind)}"><title>{title}</title><path d="{"".join(path)}"/>{head}</g>'


def _points(ways: Sequence[Way], own: int, other: int) -> list[float]:
    """For each line, return the x coordinate of the point at which the line meets the unit at index `own` of its path.

    The points of a unit are spread evenly over the unit's width. To reduce crossings, the lines that meet a unit are sorted by
    the horizontal position of the place at index `other` of each path.
    """
    sides: dict[Slot, list[tuple[float, int]]] = {}
    for number, way in enumerate(ways):
        sides.setdefault(way.places[own], []).append((way.places[other].middle, number))
    points = [0.0] * len(ways)
    for place, found in sides.items():
        for count, (_, number) in enumerate(sorted(found), start=1):
            points[number] = place.left + place.width * count / (len(found) + 1)
    return points


def _head(x: float, y: float, way: float) -> str:
    """Return an arrowhead with its tip at a point. `way` is negative if the line comes from above, otherwise positive."""
    return f'<path class="head" d="M{x:.1f} {y:.1f}l-4 {way:g}h8z"/>'


def _legend(topology: Topology, top: float) -> list[str]:
    """Return the legend: each kind of line in the drawing, and the number of services left out."""
    x, parts = float(PAD), []
    for kind in dict.fromkeys(edge.kind for edge in topology.edges):
        line = f'<g class="line {_class(kind)}"><path d="M{x:.1f} {top + 8:.1f}h24"/></g>'
        parts.append(line + _text(x + 30, top + 12, kind, "dim"))
        x += 30 + CHAR * len(kind) + 2 * PAD
    left_out = f"{counted(topology.left_out, 'more service')} not drawn"
    return [*parts, _text(x, top + 12, left_out, "dim")] if topology.left_out else parts


# Units


def _frame(unit: Frame, left: float, top: float) -> str:
    """Return a unit as SVG: its name and scale, its containers from top to bottom, the arrows between them, and its notes."""
    boxes, width = {}, _width(unit)
    inner = width - 2 * PAD - _lanes(unit)
    y = top + PAD + LINE
    for box, gap in zip(unit.boxes, _gaps(unit), strict=True):
        boxes[box.name] = (y, _box_height(box))
        y += _box_height(box) + gap
    parts = [
        f'<g class="unit {_class(unit.kind)}">{_rect(left, top, width, _height(unit))}',
        _text(left + PAD, top + PAD + 6, _titled(unit), "name"),
        *(_box(box, left + PAD, boxes[box.name][0], inner) for box in unit.boxes),
        *_flows(unit, boxes, left + PAD, inner),
        *(_text(left + PAD, y + LINE * number + 10, line, "dim") for number, line in enumerate(unit.lines)),
    ]
    return "".join(parts) + "</g>"


def _box(box: ContainerBox, left: float, top: float, width: float) -> str:
    full = _safe("\n".join((box.name, box.image, *box.lines)), kept="\n")
    lines = (_text(left + 9, top + 18 + LINE * number, line, "dim") for number, line in enumerate(_said(box), start=1))
    head = f'<g class="box"><title>{full}</title>{_rect(left, top, width, _box_height(box))}{_text(left + 9, top + 18, box.name)}'
    return "".join([head, *lines, "</g>"])


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="6"/>'


def _flows(unit: Frame, boxes: Mapping[str, tuple[float, float]], left: float, width: float) -> Iterator[str]:
    """Yield the arrows between boxes.

    An arrow to the next box is straight; any other arrow runs through a lane to the right of the boxes.
    """
    lane = 0
    for flow in unit.flows:
        (source, high), (target, other) = boxes[flow.source], boxes[flow.target]
        title = f"<title>{_safe(f'{flow.target} gets {flow.what} from {flow.source}')}</title>"
        if _is_next(unit, flow):
            x, y = left + 24, source + high
            line = f'<path d="M{x:.1f} {y:.1f}V{target - HEAD:.1f}"/>{_head(x, target, -HEAD)}'
            yield f'<g class="line files">{title}{line}</g>{_text(x + 10, y + 17, flow.what, "dim")}'
            continue
        lane += 1
        part = lane * LANE / (_lanes(unit) + LANE)
        x, right, y = left + width + LANE * lane, left + width, target + other * part
        path = f'<path d="M{right:.1f} {source + high * part:.1f}H{x:.1f}V{y:.1f}H{right + HEAD:.1f}"/>'
        yield f'<g class="line files">{title}{path}<path class="head" d="M{right:.1f} {y:.1f}l{HEAD} -4v8z"/></g>'


def _is_next(unit: Frame, flow: Flow) -> bool:
    """Whether the target of a flow is the box directly below its source."""
    names = [box.name for box in unit.boxes]
    return names.index(flow.target) == names.index(flow.source) + 1


def _gaps(unit: Frame) -> list[int]:
    """Return the vertical space below each box, in pixels."""
    straight = {flow.source for flow in unit.flows if _is_next(unit, flow)}
    return [ARROW if box.name in straight else CLOSE for box in unit.boxes]


def _lanes(unit: Frame) -> float:
    """Return the width of the lanes beside the boxes, in pixels."""
    return LANE * sum(not _is_next(unit, flow) for flow in unit.flows)


def _titled(unit: Frame) -> str:
    return f"{unit.name} × {unit.scale}" if unit.scale.isdigit() else f"{unit.name}, {unit.scale}" if unit.scale else unit.name


def _said(box: ContainerBox) -> tuple[str, ...]:
    return (box.image, *box.lines) if box.image else box.lines


def _box_height(box: ContainerBox) -> int:
    return PAD + LINE * (1 + len(_said(box)))


def _height(unit: Frame | None) -> float:
    """Return the height of a unit, or 0 for a passing line."""
    if unit is None:
        return 0
    boxes = sum(map(_box_height, unit.boxes)) + sum(_gaps(unit))
    return PAD + LINE + boxes + LINE * len(unit.lines) + PAD - (CLOSE if unit.boxes and not unit.lines else 0)


def _width(unit: Frame) -> float:
    outer = [_titled(unit), *unit.lines]
    inner = [text for box in unit.boxes for text in (box.name, *_said(box))]
    widths = [*map(_columns, [LEAST_CHARS * "m", *outer]), *(_columns(text) + 18 + _lanes(unit) for text in inner)]
    return max(widths) + 2 * PAD


def _columns(text: str) -> float:
    """Return the width that a string has in the drawing, in pixels."""
    return CHAR * sum(2 if east_asian_width(char) in "WF" else 1 for char in _cut(text))


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{f" class={chr(34)}{style}{chr(34)}" if style else ""}>{_safe(_cut(text))}</text>'


def _cut(text: str) -> str:
    """Return a string as one line. In a long line, `…` replaces the middle; more characters remain after it than before it."""
    line, begin = " ".join(printable(text).split()), MOST_CHARS // 3
    return line if len(line) <= MOST_CHARS else f"{line[:begin]}…{line[begin + 1 - MOST_CHARS :]}"


def _class(kind: str) -> str:
    return kind.split()[0]


def _safe(text: str, kept: str = "") -> str:
    return escape(printable(text, kept))
