"""Measures the time and memory of `generate` for a catalog of a thousand specs."""

from __future__ import annotations

import gc
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measure import ROUNDS, Row, base, by_turns, program, ratio, run, seconds

from catalog_forge import yamlio
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.repository import Repository
from catalog_forge.verify import view
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.first_scenario import asking, stack
from catalog_forge.verify.subject import of_spec

COUNT = 1000
FEW = 100
EXAMPLES = Path(__file__).parent.parent / "tests/written" / "specs"


def generate(folder: Path) -> list[Row]:
    """Measure `generate` in new catalogs, and again in the same catalogs without any change."""
    rows = [row for count in (FEW, COUNT) for row in _beside_the_base(folder, count)]
    return [*rows, *_alone(folder), *_large(folder / "large")]


def _beside_the_base(folder: Path, count: int) -> list[Row]:
    """Compare with an earlier release, in turn, on the same specs: new specs, all specs changed, and no spec changed."""
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


def _large(folder: Path) -> list[Row]:
    """Measure a large spec in a running process: reading, checking and generating it, and a moment of one of its scenarios."""
    specs = folder / "specs"
    specs.mkdir(parents=True)
    (specs / "large-conf.yml").write_text(_large_spec())
    gc.set_threshold(100_000)  # as catalog-forge does
    spec = Repository(folder).source("large-conf").spec()
    subject = of_spec(spec, lambda name, _block: name)
    data = {"stack": "large", "hosts": 3, "services": stack(spec), "self": asking(spec)}
    (start,) = scenario.read(yamlio.dump(data), "large.yml").moments
    what = "a spec with 20 services, 40 files, 200 questions"
    return [
        _took(f"`generate` of {what}", 40, lambda: Repository(folder).source("large-conf").plan()),
        _took(
            f"a moment of a scenario of {what}",
            20,
            lambda: [*Embedded().play(subject, [view.of_moment(start, 0, subject.version)])],
        ),
    ]


def _took(what: str, goal: float, act: Callable[[], object]) -> Row:
    """Return the median processor time of several calls in this process, without the first call."""
    times = []
    for _ in range(ROUNDS + 1):
        begin = time.process_time()
        act()
        times.append(time.process_time() - begin)
    took = median(times[1:]) * 1000
    return Row(what, f"{took:.0f} ms", "", took, goal, "ms")


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
    """Make a catalog from the examples in turn. Each copy has a separate name, and therefore separate paths and keys."""
    specs = folder / "specs"
    specs.mkdir(parents=True)
    patterns = sorted(EXAMPLES.glob("*.yml"))
    for number in range(count):
        pattern = patterns[number % len(patterns)]
        software = pattern.stem.removesuffix("-conf")
        name = f"{software}{number}"
        # The name of an image stays the same, because the start command of the program depends on it.
        text = re.sub(rf"{software}(?!:[0-9])", name, pattern.read_text())
        (specs / f"{name}-conf.yml").write_text(text)
        if pattern.with_suffix("").is_dir():
            shutil.copytree(pattern.with_suffix(""), specs / f"{name}-conf")
    return folder
