"""Measures how long `test` takes for a catalog with two hundred scenarios."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import Row, by_turns, program, run, seconds

COUNT = 200
EXAMPLES = Path(__file__).parent.parent / "tests/written"


def test(folder: Path) -> list[Row]:
    """Measure `test` with the embedded engine. The scenarios of the examples are used in turn; each has four to six moments."""
    shutil.copytree(EXAMPLES / "specs", folder / "specs")
    patterns = sorted((folder / "specs").glob("*/scenarios/*.yml"))
    for number in range(COUNT - len(patterns)):
        pattern = patterns[number % len(patterns)]
        shutil.copy(pattern, pattern.with_name(f"{pattern.stem}-{number}.yml"))
    (runs,) = by_turns(lambda _: run(program("catalog-forge"), "-C", folder, "test"))
    peak = max(each.peak for each in runs)
    what = f"`test` of {COUNT} scenarios"
    return [
        Row(what, f"{seconds(runs):.2f} s", "", seconds(runs), 3, "s"),
        Row(f"{what}, memory", f"{peak:.0f} MiB", "", peak, 300, "MiB"),
    ]
