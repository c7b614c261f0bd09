"""Reimplements the parts of Go's time.Time that templates use: printing and Format, always in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

# The parts of a layout, and the text that replaces each. A part comes before any shorter part that is a prefix of it (Go's
# package time, nextStdChunk).
_PARTS: dict[str, Callable[[datetime], str]] = {
    "January": lambda t: t.strftime("%B"),
    "Jan": lambda t: t.strftime("%b"),
    "Monday": lambda t: t.strftime("%A"),
    "Mon": lambda t: t.strftime("%a"),
    "MST": lambda _: "UTC",
    "2006": lambda t: f"{t.year:04d}",
    **dict.fromkeys(("Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07"), lambda _: "Z"),
    "-070000": lambda _: "+000000",
    "-07:00:00": lambda _: "+00:00:00",
    "-0700": lambda _: "+0000",
    "-07:00": lambda _: "+00:00",
    "-07": lambda _: "+00",
    "002": lambda t: f"{t.timetuple().tm_yday:03d}",
    "01": lambda t: f"{t.month:02d}",
    "02": lambda t: f"{t.day:02d}",
    "03": lambda t: f"{(t.hour + 11) % 12 + 1:02d}",
    "04": lambda t: f"{t.minute:02d}",
    "05": lambda t: f"{t.second:02d}",
    "06": lambda t: f"{t.year % 100:02d}",
    "15": lambda t: f"{t.hour:02d}",
    "PM": lambda t: "PM" if t.hour >= 12 else "AM",
    "pm": lambda t: "pm" if t.hour >= 12 else "am",
    "__2": lambda t: f"{t.timetuple().tm_yday:3d}",
    "_2006": lambda t: f"_{t.year:04d}",
    "_2": lambda t: f"{t.day:2d}",
    "1": lambda t: str(t.month),
    "2": lambda t: str(t.day),
    "3": lambda t: str((t.hour + 11) % 12 + 1),
    "4": lambda t: str(t.minute),
    "5": lambda t: str(t.second),
}
# A short name such as Jan is not replaced if a lowercase letter follows, because it then begins another word.
_LAYOUT = re.compile(
    r"[.,](?:0++|9++)(?![0-9])|" + "|".join(re.escape(part) + "(?![a-z])" * (part in ("Jan", "Mon")) for part in _PARTS)
)


@dataclass(frozen=True, slots=True)
class Time:
    """A moment in UTC."""

    moment: datetime

    @classmethod
    def at(cls, seconds: float) -> Time:
        """Return the moment that is `seconds` seconds after the beginning of 1970."""
        return cls(datetime.fromtimestamp(seconds, UTC))

    def format(self, layout: str) -> str:
        """Return the moment as text in a Go layout (`2006-01-02 15:04:05`)."""
        return _LAYOUT.sub(self._part, layout)

    def _part(self, found: re.Match[str]) -> str:
        part = found[0]
        if part[0] not in ".,":
            return _PARTS[part](self.moment)
        digits = f"{self.moment.microsecond:06d}000"[: len(part) - 1]
        if part[1] == "9":
            digits = digits.rstrip("0")
        return part[0] + digits if digits else ""

    def __str__(self) -> str:
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")
