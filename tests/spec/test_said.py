"""Every message of the reader and of the checks, to the letter and with its place: the tables of tests/spec/said.

A table begins with a spec in which `%s` stands for the text of a case. Cases follow behind a line of dashes: a text, and behind
`> ` what is said of it, without the name of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.spec.reader import read

TABLES = Path(__file__).parent / "said"


def cases() -> Iterator[object]:
    """Every case of every table: the spec, and what is said of it."""
    for table in sorted(TABLES.glob("*.txt")):
        frame, _, rest = table.read_text(encoding="utf-8").partition("\n----\n")
        for number, case in enumerate(rest.rstrip("\n").split("\n\n"), 1):
            lines = case.split("\n")
            text = "\n".join(line for line in lines if not line.startswith("> "))
            wanted = "\n".join(line.removeprefix("> ") for line in lines if line.startswith("> "))
            yield pytest.param(frame.replace("%s", text) + "\n", wanted, id=f"{table.stem}-{number}")


@pytest.mark.parametrize(("text", "wanted"), list(cases()))
def test_what_is_said_of_a_spec(text: str, wanted: str) -> None:
    said = ["(nothing)"]
    try:
        read(text, "x.yml")
    except ForgeError as error:
        said = [line.removeprefix("x.yml:") for line in str(error).split("\n")]
    assert "\n".join(said) == wanted


@pytest.mark.parametrize("table", sorted(TABLES.glob("*.txt")), ids=lambda table: table.stem)
def test_whatever_is_said_of_a_spec_has_a_next_step(table: Path) -> None:
    said = [line.removeprefix("> ") for line in table.read_text(encoding="utf-8").split("\n") if line.startswith("> ")]
    without = [line for line, after in pairwise([*said, ""]) if line[0].isdigit() and not after.startswith("  hint: ")]
    assert without == []
