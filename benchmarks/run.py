"""Measure how fast catalog-forge is compared with other tools, and print a Markdown table with the medians of 10 runs.

usage: make bench, or: python benchmarks/run.py [NAME...]
names: show_help, complete, docs, new, update, generate, chart, build, render, stored, seed, test, serve, huge, up, ps, many,
lint, upgrades, lock, adopt, preview, bake
CATALOG_FORGE_BASE names the `catalog-forge` of an earlier release with which `generate`, `lint` and `preview` are compared.
Exit code 1: a goal was missed or could not be measured. Folders are created below TMPDIR or, without it, /var/tmp, which is
usually on a disk, like the catalogs of users.
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
    """Run the benchmarks with these names, or all benchmarks if there are no names, and return the exit code."""
    rows: list[Row] = []
    failed = False
    # An installed package is compiled. With this variable, each run would compile the checkout again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # All benchmarks share one folder, which is deleted at the end: deleting many files slows down the following disk operations.
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
