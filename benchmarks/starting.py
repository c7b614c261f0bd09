"""Measures commands that do little (`--help`, a completion, `new` and `update` of one spec), and `make docs`."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from measure import ROUNDS, Row, by_turns, program, ratio, run

ROOT = Path(__file__).parent.parent
SPECS = 500
# The command line up to the word that the shell completes.
COMPLETED = {"a command": "ge", f"one of {SPECS} specs": "generate ", "a rule": "lint --explain CF"}
CLICK = f"""#!{sys.executable}
import click


@click.command()
@click.option("--name", help="Whom to greet.")
def main(name):
    '''Greet somebody.'''


main()
"""


def smallest(folder: Path) -> Path:
    """Write a minimal program that uses click, and return its path."""
    minimal = folder / "minimal"
    minimal.write_text(CLICK)
    minimal.chmod(0o755)
    return minimal


def show_help(folder: Path) -> list[Row]:
    """Measure `--help`, compared with `--help` of a minimal program that uses click."""
    minimal = smallest(folder)
    runs = by_turns(lambda _: run(program("catalog-forge"), "--help"), lambda _: run(minimal, "--help"))
    return [ratio("`--help`", "a minimal click program", 1.1, runs)]


def complete(folder: Path) -> list[Row]:
    """Measure the completion of a command, of a spec in a catalog of 500 specs, and of a rule, compared with `--help`."""
    specs = folder / "specs"
    specs.mkdir()
    for number in range(SPECS):
        (specs / f"web{number}-conf.yml").touch()
    rows = []
    for what, words in COMPLETED.items():
        typed = f"catalog-forge -C {folder} {words}"
        asked = {"_CATALOG_FORGE_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
        runs = by_turns(
            lambda _, asked=asked: run(program("catalog-forge"), env=asked), lambda _: run(program("catalog-forge"), "--help")
        )
        rows.append(ratio(f"completion of {what}", "`--help`", 1.3, runs))
    return rows


def docs(folder: Path) -> list[Row]:
    """Measure `make docs` once, without a cache: Sphinx with the options in the Makefile, but with a separate output folder."""
    (options,) = re.findall(r"-m sphinx (-.*) docs build/docs$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    taken = run(sys.executable, "-m", "sphinx", *options.split(), "-d", folder / "cache", ROOT / "docs", folder / "html")
    pages = sum(1 for _ in (folder / "html").rglob("*.html"))
    return [Row(f"`make docs` ({pages} pages)", f"{taken.seconds:.1f} s", "", taken.seconds, 60, "s")]


def new(folder: Path) -> list[Row]:
    """Measure `new`, compared with cookiecutter and a template of as many files."""
    catalogs = [folder / f"catalog-{number}" for number in range(ROUNDS + 2)]
    for catalog in catalogs:
        catalog.mkdir()
    command = ("new", "elasticsearch-conf", "--no-input", "--no-build")
    first = catalogs.pop()
    run(program("catalog-forge"), "-C", first, *command)
    count = sum(path.is_file() for path in first.rglob("*"))
    template = _template(folder / "template", count)
    runs = by_turns(
        lambda number: run(program("catalog-forge"), "-C", catalogs[number], *command),
        lambda number: run(
            program("cookiecutter"), "--no-input", "-o", folder / f"out-{number}", template, env={"HOME": str(folder)}
        ),
    )
    return [ratio(f"`{' '.join(command)}` ({count} files)", "`cookiecutter --no-input`", 0.8, runs)]


def update(folder: Path) -> list[Row]:
    """Measure `update` of a hand-edited spec to a newer blueprint, compared with `generate` of the edited spec."""
    shipped = Path(__file__).parent.parent / "blueprints" / "redis-conf"
    shutil.copytree(shipped, folder / "blueprint")
    (folder / "0").mkdir()
    run(
        program("catalog-forge"),
        "-C",
        folder / "0",
        "new",
        "redis-conf",
        "--blueprint",
        "../blueprint",
        "--no-input",
        "--no-build",
    )
    spec = folder / "0/specs/redis-conf.yml"
    spec.write_text(spec.read_text().replace("scale: 3", "scale: 5"))
    (newer,) = (folder / "blueprint").rglob("*.name]].yml")
    newer.write_text(newer.read_text().replace("unhealthy_threshold: 30", "unhealthy_threshold: 40"))
    for number in range(2 * (ROUNDS + 1)):
        shutil.copytree(folder / "0", folder / str(number + 1))
    runs = by_turns(
        lambda number: run(program("catalog-forge"), "-C", folder / str(2 * number + 1), "update"),
        lambda number: run(program("catalog-forge"), "-C", folder / str(2 * number + 2), "generate"),
    )
    return [ratio("`update` of a spec, merged by key", "`generate` of it", 2.0, runs)]


def _template(folder: Path, count: int) -> Path:
    """Make a cookiecutter template of `count` files, each with ten lines to fill in."""
    below = folder / "{{ cookiecutter.name }}"
    below.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text(json.dumps({"name": "demo", "port": "9200"}))
    for number in range(count):
        lines = "".join(f"key.{line}: {{{{ cookiecutter.name }}}}:{{{{ cookiecutter.port }}}}\n" for line in range(10))
        (below / f"file-{number}.yml").write_text(lines)
    return folder
