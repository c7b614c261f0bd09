"""Measure how fast catalog-forge is beside other tools, and print one Markdown table: medians of 10 runs by turns.

usage: make bench, or: python benchmarks/run.py [NAME...]
names: show_help, complete, docs, new, update, generate, chart, build, render, stored, seed, test, serve, huge, up, ps, many,
lint, upgrades, lock, adopt, preview, bake
CATALOG_FORGE_BASE names the `catalog-forge` of an earlier release that `generate` and `lint` are compared with.
Exit 1 when a goal is missed, or cannot be measured. Folders go below TMPDIR, or /var/tmp: a disk, as for a user.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from adopting import adopt
from baking import bake
from building import build
from charting import chart
from generating import generate
from linting import lint, upgrades
from locking import lock
from measure import Row
from previewing import preview
from rendering import render, stored
from running import many, ps, up
from seeding import seed
from serving import huge, serve
from starting import complete, docs, new, show_help, update
from testing import test

_ALL = (
    *(show_help, complete, docs, new, update, generate, chart, build, render, stored, seed, test),
    *(serve, huge, up, ps, many, lint, upgrades, lock, adopt, preview, bake),
)
BENCHMARKS = {each.__name__: each for each in _ALL}
HEAD = "| what | catalog-forge | compared with | result | goal | met |\n|---|---|---|---|---|---|"


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all, and return the exit code."""
    rows: list[Row] = []
    failed = False
    # Whoever installs a package has it compiled; under this, a checkout would be compiled anew by every run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # One folder for all: deleting many files slows down what a disk does next, so that is done last.
    with tempfile.TemporaryDirectory(prefix="catalog-forge-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")) as home:
        for name in names or BENCHMARKS:
            print(f"measuring: {name}", file=sys.stderr)
            folder = Path(home, name)
            folder.mkdir()
            try:
                rows += BENCHMARKS[name](folder)
            except RuntimeError as error:
                failed = True
                print(f"!! {name} was not measured: {error}", file=sys.stderr)
        print(HEAD, *rows, sep="\n")
    return int(failed or not all(row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
