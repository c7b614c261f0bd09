"""How long `generate` takes for a catalog of a thousand specs, and how much memory."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from measure import ROUNDS, Row, base, by_turns, program, ratio, run, seconds

COUNT = 1000
FEW = 100
EXAMPLES = Path(__file__).parent.parent / "examples" / "specs"


def generate(folder: Path) -> list[Row]:
    """Measure `generate` in fresh catalogs, and again in the same ones when nothing has changed."""
    rows = [row for count in (FEW, COUNT) for row in _beside_the_base(folder, count)]
    return [*rows, *_alone(folder)]


def _beside_the_base(folder: Path, count: int) -> list[Row]:
    """The same specs by turns with an earlier release: fresh, each one changed, and unchanged."""
    if not (other := base()):
        return []
    both = [
        (name, [_catalog(folder / f"{which}-{count}-{number}", count) for number in range(ROUNDS + 1)])
        for which, name in (("ours", program("catalog-forge")), ("base", other))
    ]
    rows = []
    for what in ("", ", each one changed", ", nothing changed"):
        if "each" in what:
            for _, catalogs in both:
                for catalog in catalogs:
                    _change(catalog)
        runs = by_turns(*[lambda number, of=of: run(of[0], "-C", of[1][number], "generate") for of in both])
        rows.append(ratio(f"`generate` of {count} specs{what}", "the base", 1.0, runs))
    return rows


def _change(catalog: Path) -> None:
    for spec in (catalog / "specs").glob("*.yml"):
        spec.write_text("# changed\n" + spec.read_text().replace("reload: restart", "reload: none"))


def _alone(folder: Path) -> list[Row]:
    catalogs = [_catalog(folder / f"catalog-{number}", COUNT) for number in range(ROUNDS + 1)]
    first, again = by_turns(*[lambda number: run(program("catalog-forge"), "-C", catalogs[number], "generate")] * 2)
    peak = max(each.peak for each in first + again)
    what = f"`generate` of {COUNT} specs"
    return [
        _each(what, seconds(first), 10),
        Row(f"{what}, memory", f"{peak:.0f} MiB", "", peak, 300, "MiB"),
        _each(f"{what}, nothing changed", seconds(again), 1),
    ]


def _each(what: str, whole: float, goal: float) -> Row:
    return Row(what, f"{whole * 1000:.0f} ms", "", whole * 1000 / COUNT, goal, "ms a spec")


def _catalog(folder: Path, count: int) -> Path:
    """Make a catalog of the examples by turns, each under a name, and hence with paths and keys, of its own."""
    specs = folder / "specs"
    specs.mkdir(parents=True)
    patterns = sorted(EXAMPLES.glob("*.yml"))
    for number in range(count):
        pattern = patterns[number % len(patterns)]
        software = pattern.stem.removesuffix("-conf")
        name = f"{software}{number}"
        # An image keeps its name: that tells what starts the program.
        text = re.sub(rf"{software}(?!:[0-9])", name, pattern.read_text())
        (specs / f"{name}-conf.yml").write_text(text)
        if pattern.with_suffix("").is_dir():
            shutil.copytree(pattern.with_suffix(""), specs / f"{name}-conf")
    return folder
