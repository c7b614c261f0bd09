"""Measures how long `chart` takes compared with `generate` of the same spec, each in a catalog without generated files."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import Row, Run, by_turns, program, ratio, run

SPECS = Path(__file__).parent.parent / "examples/specs"
NAMES = ("elasticsearch-conf", "zookeeper-conf")


def chart(folder: Path) -> list[Row]:
    """Measure both commands in turn, for each of several examples."""
    rows = []
    for name in NAMES:

        def ours(number: int, name: str = name) -> Run:
            return run(program("catalog-forge"), "-C", _catalog(folder / f"chart-{number}", name), "chart", name)

        def theirs(number: int, name: str = name) -> Run:
            return run(program("catalog-forge"), "-C", _catalog(folder / f"generate-{number}", name), "generate", name)

        rows.append(ratio(f"`chart {name}`", f"generate {name}", 2.0, by_turns(ours, theirs)))
    return rows


def _catalog(folder: Path, name: str) -> Path:
    """Return a new catalog with one example."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "specs").mkdir(parents=True)
    shutil.copy(SPECS / f"{name}.yml", folder / "specs")
    if (SPECS / name).is_dir():
        shutil.copytree(SPECS / name, folder / "specs" / name)
    return folder
