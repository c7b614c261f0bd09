"""Collects the gaps of a chart: what does not carry over from the entry, what becomes of it, and what users can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.chart.carried import OTHERWISE, SAID
from catalog_forge.errors import Where
from catalog_forge.shown import counted, printable


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of an entry that the chart lacks or has in another form.

    `what` names the part, such as a key of the `service`. `becomes` describes what the chart has instead, and `todo` tells a user
    what to do. `kind` classifies the part, such as "host network"; all reports use the same kinds.
    """

    kind: str
    service: str
    what: str
    becomes: str
    todo: str
    where: Where | None = None

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        service = f"{self.service}: " if self.service else ""
        return f"{place}{service}{self.what}: {self.becomes}\n  to do: {self.todo}"


@dataclass(slots=True)
class Gaps:
    """Collects gaps. A gap that is added several times is kept once."""

    found: dict[Gap, None] = field(default_factory=dict)

    def add(
        self, kind: str, service: str, what: str, where: Where | None, said: tuple[str, str] | None = None, /, **words: str
    ) -> None:
        """Add a gap with the texts in `said` or, by default, the texts for `kind` in `carried`. `words` fill the placeholders."""
        becomes, todo = (text.format(**words) for text in said or SAID.get(kind, OTHERWISE))
        self.found[Gap(kind, printable(service), printable(what), printable(becomes), printable(todo), where)] = None

    @property
    def all(self) -> tuple[Gap, ...]:
        """All gaps, sorted by place in the entry."""
        return tuple(sorted(self.found, key=lambda gap: (gap.where or Where(""), gap.service, gap.what)))


def as_data(gaps: Iterable[Gap]) -> list[dict[str, Any]]:
    """Return gaps as plain data."""
    return [
        {key: getattr(gap, key) for key in ("kind", "service", "what", "becomes", "todo")}
        | {"file": gap.where.file if gap.where else "", "line": gap.where.line if gap.where else 0}
        for gap in gaps
    ]


def as_markdown(title: str, gaps: Sequence[Gap]) -> str:
    """Return the report on the gaps as a Markdown page of the chart."""
    head = f"# What does not carry over: {_span(title)}\n\n"
    if not gaps:
        return head + "Everything in the Rancher 1.x entry is also in this chart.\n"
    head += f"{counted(len(gaps), 'item')}, each with its place in the Rancher 1.x entry.\n"
    parts = [head]
    for gap in gaps:
        service = f" of {_span(gap.service)}" if gap.service else ""
        place = f" ({_span(str(gap.where))})" if gap.where else ""
        parts.append(f"- {_span(gap.what)}{service}{place}\n  {plain(gap.becomes)}.\n  To do: {plain(gap.todo)}.\n")
    return "\n".join(parts)


def _span(text: str) -> str:
    """Return a string as a Markdown code span, with backquotes replaced."""
    return "`" + printable(text).replace("`", "'") + "`"


def plain(text: str) -> str:
    """Return a string with all Markdown escaped."""
    return "".join(f"\\{char}" if char in r"\`*_[]<>#|!" else char for char in printable(text))
