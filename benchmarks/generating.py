"""How long `generate` takes for a catalog of a thousand specs, and how much memory."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from statistics import median

from measure import ROUNDS, Row, base, by_turns, program, ratio, run, seconds

from catalog_forge.repository import Repository

COUNT = 1000
FEW = 100
EXAMPLES = Path(__file__).parent.parent / "tests/written" / "specs"


def generate(folder: Path) -> list[Row]:
    """Measure `generate` in fresh catalogs, and again in the same ones when nothing has changed."""
    rows = [row for count in (FEW, COUNT) for row in _beside_the_base(folder, count)]
    return [*rows, *_alone(folder), _large(folder / "large")]


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


def _large(folder: Path) -> Row:
    """What a large spec costs once the program runs: read, checked, and made into an image and an entry."""
    specs = folder / "specs"
    specs.mkdir(parents=True)
    (specs / "large-conf.yml").write_text(_large_spec())
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        Repository(folder).source("large-conf").plan()
        times.append(time.perf_counter() - begin)
    took = median(times) * 1000
    return Row("`generate` of a spec with 20 services, 40 files, 200 questions", f"{took:.0f} ms", "", took, 40, "ms")


def _large_spec() -> str:
    groups = "".join(f"    g{number}: {{scale: 2}}\n" for number in range(20))
    keys = "".join(f"  k{number}: {{default: v{number}, description: Question {number}}}\n" for number in range(200))
    files = "".join(_large_file(number) for number in range(40))
    service = f"service:\n  name: app\n  image: redis:3.2.11\n  groups:\n{groups}"
    return f"forge: 1\nname: large-conf\n{service}metadata:\n{keys}files:\n{files}"


def _large_file(number: int) -> str:
    pairs = ", ".join(f'a{pair}: "@{{metadata/k{number * 5 + pair}}}"' for pair in range(5))
    seeds = f"{{list: {{of: peers, item: '@{{it.ip}}:{number}'}}}}"
    return f"- dest: /etc/app/f{number}.yml\n  body:\n  - set: {{{pairs}, seeds: {seeds}}}\n"


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
