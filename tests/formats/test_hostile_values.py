"""Guarantee 6: no value changes the structure of a file. It comes out as it went in, or its file fails with its name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.confd.harness import Rendered, below, conf, flat, render, spec_of
from tests.formats.hostile import READERS, VALUES
from tests.formats.places import Place, framed, places


@dataclass(frozen=True)
class Case:
    """One value in one place of one format: the file that shows it."""

    kind: str
    place: Place
    number: int

    @property
    def value(self) -> str:
        return VALUES[self.number]

    @property
    def key(self) -> str:
        return f"{self.place.name.replace(' ', '-').replace(chr(34), 'd').replace(chr(39), 's')}-{self.number}"

    @property
    def dest(self) -> str:
        return f"/etc/app/{self.key}"


def rendered(confd: Path, folder: Path, kind: str) -> list[tuple[Case, Rendered]]:
    """Render every value in every place of a format: some runs of confd for each place, and one for the large values."""
    cases = [Case(kind, place, number) for place in places(kind) for number in range(len(VALUES))]
    runs: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        runs[f"{case.place.name} {case.number // A_RUN}" if len(case.value) < LARGE else "large"].append(case)
    return [pair for number, run in enumerate(runs.values()) for pair in run_of(confd, folder / str(number), run)]


def run_of(confd: Path, folder: Path, cases: list[Case]) -> list[tuple[Case, Rendered]]:
    """Render some cases in one run of confd."""
    files = [conf(*framed(case.kind, case.place, case.key), dest=case.dest, kind=case.kind) for case in cases]
    spec = spec_of(*files, metadata={case.key: {"type": case.place.type} for case in cases})
    out = render(confd, folder, spec, flat({case.key: case.place.data(case.value) for case in cases}))
    return [(case, out) for case in cases]


def complaint(case: Case, out: Rendered) -> str:
    """Say what is wrong with a case's outcome: nothing when the value came out, or was refused by its name."""
    if case.dest not in out.files:
        error = out.errors.get(case.key, "")
        return "" if f"metadata/{case.key}" in error or f"metadata key {case.key} " in error else f"refused, but: {error!r}"
    try:
        text = out.files[case.dest].decode()
        found = READERS[case.kind](text, below(out.folder, case.dest))
    except Exception as error:  # any reader may fail in any way: that is what this test is about
        return f"unreadable: {type(error).__name__}: {str(error)[:200]}"
    ending = "" if text.endswith("\n") and not text.endswith("\n\n") else "does not end with one line break"
    return difference(case, found) or ending


def difference(case: Case, found: Any) -> str:
    """Say how the pairs that were read differ from those that were meant."""
    key, expected = (case.place.at, case.place.expect(case.value)) if case.place.at else (case.value, "found")
    meant = {"before": "b", key: expected, "after": "a"}
    if case.place.name == "copy value":
        meant |= {"aa": "b", "zz": "a"}
    return "" if dict(found) == meant else f"{str(dict(found))[:200]} is not {str(meant)[:200]}"


LARGE = 1000
A_RUN = 50
# How many cases of each format came out; the others were refused. A change here is a change of what users can say.
CAME_OUT = {
    "raw": (373, 468),
    "lines": (249, 312),
    "yaml": (3174, 3900),
    "json": (1950, 2184),
    "properties": (1757, 2028),
    "ini": (941, 1872),
    "space": (852, 1716),
    "env": (2587, 2808),
    "xml": (1390, 1560),
    "toml": (2731, 3120),
    "nginx": (816, 1248),
    "haproxy": (711, 1092),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_value_comes_out_or_its_file_fails_with_its_name(kind: str, confd: Path, tmp_path: Path) -> None:
    outcomes = rendered(confd, tmp_path, kind)
    wrong = [f"{case.key} {case.value[:30]!r}: {said}" for case, out in outcomes if (said := complaint(case, out))]
    assert not wrong, "\n".join(wrong)
    assert (sum(case.dest in out.files for case, out in outcomes), len(outcomes)) == CAME_OUT[kind]
