"""A picture of the stack of an entry: units with their containers, what links whom, and how the files reach the program.

It is drawn from the compose files that are generated, and so holds whatever they hold. Its background is its own: it can be read
on white pages and on black ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from catalog_forge.catalog.compose import docker_compose, rancher_compose, sidekicks_of
from catalog_forge.shown import counted
from catalog_forge.spec.checks.uses import services as read_services
from catalog_forge.spec.model import Spec

PAD, LINE, CHAR = 18, 19, 8.0
BOX, BOX_HEIGHT, GAP = 264, 62, 44
LANE = 16
MOST = 60
"""A line of text is cut after so many characters: a spec may hold a very long one."""

_STYLE = (
    "text{font:13.3px ui-monospace,Menlo,Consolas,monospace;fill:#d8dee9}.w{fill:#1f2430}.u{fill:#2b3242}"
    ".b{fill:#1f2430;stroke:#5c6a82}.t{fill:#8fb9e8;font-weight:700}.c{fill:#9aa5b8}"
    ".l{fill:none;stroke:#8fb9e8;stroke-width:1.5}.d{stroke-dasharray:5 4}.a{fill:#8fb9e8}"
)


@dataclass(frozen=True)
class Frame:
    """What Rancher starts together: a primary service and its sidekicks, by their names, and the lines that are said of it."""

    name: str
    containers: Mapping[str, Mapping[str, Any]]
    scale: object
    lines: tuple[str, ...]
    links: tuple[str, ...]
    reads: tuple[str, ...]

    @property
    def width(self) -> float:
        """The width of its frame."""
        count = len(self.containers)
        return max(count * BOX + (count - 1) * GAP, max(map(len, (*self.lines, self.title))) * CHAR) + 2 * PAD

    @property
    def height(self) -> float:
        """The height of its frame."""
        return 2 * PAD + LINE * (1 + len(self.lines)) + BOX_HEIGHT + PAD / 2

    @property
    def title(self) -> str:
        """Its name, and how many of it there are."""
        return _cut(f"{self.name} × {self.scale}")


def draw(spec: Spec) -> str:
    """Return the picture of a spec's stack as SVG. Equal specs give equal pictures."""
    units = _units(spec)
    lanes = sum(len(unit.links) + len(unit.reads) for unit in units)
    inner = max(unit.width for unit in units)
    width, height, tops = inner + 2 * PAD + LANE * (lanes + 1), float(PAD), dict[str, float]()
    for unit in units:
        tops[unit.name] = height
        height += unit.height + PAD
    parts = [_unit(spec, unit, tops[unit.name], inner) for unit in units]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">\n'
        f"<title>{_safe(spec.entry.title)}: its services, and how {_safe(spec.name)} configures them</title>\n"
        f"<style>{_STYLE}</style>\n"
        f'<rect width="{width:g}" height="{height:g}" rx="8" class="w"/>\n'
        + "".join([*parts, *_edges(units, tops, inner)])
        + "</svg>\n"
    )


def _units(spec: Spec) -> list[Frame]:
    compose, rancher = docker_compose(spec)["services"], rancher_compose(spec)["services"]
    beside = {name: sidekicks_of(service) for name, service in compose.items()}
    sidekicks = {name for names in beside.values() for name in names}
    reads = read_services(spec)
    units = []
    for name in (name for name in compose if name not in sidekicks):
        names = sorted((each for each in (name, *beside[name]) if each in compose), key=lambda each: _place(spec, compose[each]))
        containers = {each: compose[each] for each in names}
        known, others = rancher.get(name, {}), compose.keys() - sidekicks - {name}
        asked = [each for each in reads if each != name] if _configured(spec, containers) else []
        units.append(
            Frame(
                name,
                containers,
                known.get("scale", 1),
                tuple(map(_cut, [*_lines(containers, known), *([f"reads: {', '.join(asked)}"] if asked else [])])),
                tuple(other for other in _named(containers, "links") if other in others),
                tuple(each for each in asked if each in others),
            )
        )
    return units


def _place(spec: Spec, service: Mapping[str, Any]) -> int:
    """The place of a container on the way of the files: confd, what only keeps them, whoever reads them."""
    return 2 if service.get("image") != spec.tag else 1 if "entrypoint" in service else 0


def _configured(spec: Spec, containers: Mapping[str, Any]) -> bool:
    return any(_place(spec, service) == 0 for service in containers.values())


def _named(containers: Mapping[str, Any], key: str) -> list[str]:
    """The names in a list of NAME:ALIAS of all containers, each once."""
    return list(dict.fromkeys(str(each).partition(":")[0] for service in containers.values() for each in service.get(key) or ()))


def _lines(containers: Mapping[str, Any], rancher: Mapping[str, Any]) -> list[str]:
    """The lines below the boxes of a unit: how it is reached, what it keeps, whom it asks, what asks it."""
    lines = [
        f"{word}: {', '.join(map(str, found))}"
        for word, key in (("ports", "ports"), ("volumes", "volumes"), ("links", "links"), ("outside", "external_links"))
        if (found := [item for service in containers.values() for item in service.get(key) or ()])
    ]
    if check := rancher.get("health_check"):
        lines.append(f"health check: {check.get('request_line') or 'TCP'} on {check.get('port')}")
    rules = (rancher.get("lb_config") or {}).get("port_rules") or ()
    targets = [str(rule.get("service") or rule.get("selector")) for rule in rules]
    return [*lines, f"balances: {', '.join(targets)}"] if targets else lines


def _unit(spec: Spec, unit: Frame, top: float, inner: float) -> str:
    parts = [
        f'<rect x="{PAD}" y="{top:g}" width="{inner:g}" height="{unit.height:g}" rx="8" class="u"/>',
        _text(2 * PAD, top + PAD + 10, unit.title, "t"),
    ]
    boxes = top + PAD + LINE
    places = {name: 2 * PAD + number * (BOX + GAP) for number, name in enumerate(unit.containers)}
    for name, service in unit.containers.items():
        parts.append(f'<rect x="{places[name]}" y="{boxes:g}" width="{BOX}" height="{BOX_HEIGHT}" rx="6" class="b"/>')
        parts.append(_text(places[name] + 12, boxes + 25, _cut(name, 29)))
        parts.append(_text(places[name] + 12, boxes + 46, _cut(_what(spec, service), 29), "c"))
        taken = _named({name: service}, "volumes_from")
        parts += [_arrow(places[other], places[name], boxes) for other in taken if other in places]
    parts += [_text(2 * PAD, boxes + BOX_HEIGHT + LINE * (number + 1), line, "c") for number, line in enumerate(unit.lines)]
    return "\n".join(parts) + "\n"


def _what(spec: Spec, service: Mapping[str, Any]) -> str:
    """What a container is: the image; of the conf image, what it does there."""
    return (f"confd: {counted(len(spec.files), 'file')}", "keeps the files", str(service.get("image", "")))[_place(spec, service)]


def _arrow(start: float, end: float, boxes: float) -> str:
    """The way of the files inside a unit, through the volumes that containers share."""
    y, left, right = boxes + BOX_HEIGHT / 2, min(start, end), max(start, end)
    return f'<path d="M{left + BOX:g} {y:g}H{right:g}" class="l"/>{_head(right, y, -1)}'


def _head(x: float, y: float, way: int) -> str:
    return f'<path d="M{x:g} {y:g}l{way * 8} -4v8z" class="a"/>'


def _edges(units: list[Frame], tops: Mapping[str, float], inner: float) -> list[str]:
    """Lines at the right side of the frames: a link is drawn through, services whose containers are read are dashed."""
    right, lane, parts = PAD + inner, 0, []
    for unit in units:
        for name, style in [*((name, "l") for name in unit.links), *((name, "l d") for name in unit.reads)]:
            if name in tops and name != unit.name:
                lane += 1
                start, end, x = tops[unit.name] + 24 + 5 * lane, tops[name] + 14, right + LANE * lane
                parts.append(f'<path d="M{right:g} {start:g}H{x:g}V{end:g}H{right:g}" class="{style}"/>{_head(right, end, 1)}\n')
    return parts


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}"{f" class={chr(34)}{style}{chr(34)}" if style else ""}>{_safe(text)}</text>'


def _cut(text: str, length: int = MOST) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _safe(text: str) -> str:
    """A text as XML may hold it: no control character."""
    return escape("".join(char if char.isprintable() else " " for char in text))
