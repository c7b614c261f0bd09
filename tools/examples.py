#!/usr/bin/env python3
"""Regenerate the examples: run `new` with the blueprint and the answers that each example's .blueprint.json records.

python tools/examples.py                                     all examples
python tools/examples.py NAME-conf [QUESTION=ANSWER]...      only this example; other questions get the recorded answers
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_forge.blueprint import memory
from catalog_forge.spec.folder import MEMORY

SPECS = Path(__file__).parents[1] / "examples" / "specs"


def names() -> list[str]:
    """Return the names of the examples."""
    return sorted(path.stem for path in SPECS.glob("*.yml"))


def answers(name: str) -> Mapping[str, str | bool]:
    """Return the recorded answers to the questions of an example's blueprint."""
    return memory.read((SPECS / name / MEMORY).read_bytes(), name).answers


def made(name: str, answered: Mapping[str, str | bool], folder: Path) -> dict[str, bytes]:
    """Run `new`, and return the author's files that it writes, by their paths below specs/."""
    words = [word for key, value in answered.items() if key != "name" for word in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "catalog_forge", "-C", str(folder), "new", name, "--no-input", "--no-build", *words]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return files(folder / "specs", name)


def files(specs: Path, name: str) -> dict[str, bytes]:
    """Return the author's files of a spec, by their paths below specs/."""
    found = [specs / f"{name}.yml", *(path for path in (specs / name).rglob("*") if path.is_file())]
    return {path.relative_to(specs).as_posix(): path.read_bytes() for path in found}


def main() -> None:
    """Write one example, or all examples."""
    chosen, *pairs = sys.argv[1:] or [""]
    known = {name: dict(answers(name)) for name in names()}
    given = {**known.get(chosen, {}), **dict(pair.split("=", 1) for pair in pairs)}
    for name, answered in ({chosen: given} if chosen else known).items():
        with TemporaryDirectory() as temporary:
            found = made(name, answered, Path(temporary))
        shutil.rmtree(SPECS / name, ignore_errors=True)
        for path, content in found.items():
            (SPECS / path).parent.mkdir(parents=True, exist_ok=True)
            (SPECS / path).write_bytes(content)


if __name__ == "__main__":
    main()
