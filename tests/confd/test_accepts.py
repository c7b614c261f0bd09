"""The renderer accepts nothing that confd refuses, and gives the same bytes: literals of Go's own tests, signs, mutations.

Go's tests are read from the Go that is installed; nothing of them is in this repository.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from catalog_forge.confd.imitated.functions import functions_of
from catalog_forge.metadata.service.server import MetadataServer
from tests.confd.real import answers_of, dialect_of, fetch_from, image_of, plain, require_go, run_embedded, run_real
from tests.confd.test_corpus import DATA, VARIABLES, bad, good

pytestmark = pytest.mark.confd

# Why the renderer refuses what confd renders: docs/renderer.md lists each.
REFUSED_HERE = {
    "nested": "it is nested more deeply than",
    "methods of time": "can't evaluate field (?:Add|Date|Month|Weekday|Nanosecond)",
    "capacity": "slice index|out of range",
}
# Values that differ from run to run, or that are addresses.
_UNSTABLE = re.compile(rb"0x[0-9a-f]{6,}|datetime|lookup|fileExists|getenv")
WORDS = (
    "if with range end else define template block break continue true false nil . $ $x .x .Key 1 -1 'a' \"s\" `r` 0x1F 1e3 1i "
    'getv print printf len index and or not (1) ("a") (getv "/x") := = | , : / - + * & ! ( )'
).split(" ")
MUTATIONS = 3000
# Every function with arguments of every type: by its names, the first of these alone, the others by chance.
ARGUMENTS = (
    *(
        '"a"',
        '""',
        '"/self/service/name"',
        '"1"',
        "1",
        "-1",
        "2.5",
        "true",
        "nil",
        ".",
        '(ls "/self")',
        '(gets "/self/service/*")',
    ),
    *('(get "/self/service/name")', '(json `{"a":1}`)', '(jsonArray `[1,"x",null]`)', "(seq 1 3)", "'x'", "1i", '(index "a" 0)'),
    *("(datetime).Unix", "(map)", "$x"),
)
CALLS = 3000


def literals() -> Iterator[str]:
    """The strings of the tests of text/template, those that concatenation makes of two not among them."""
    go = shutil.which("go")
    if go is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("go is not installed: its tests cannot be read")
    root = Path(subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip())
    literal = re.compile(r'`[^`]*`|"(?:[^"\\\n]|\\.)*"|//[^\n]*|\'(?:[^\'\\\n]|\\.)+\'')
    for path in sorted((root / "src/text/template").rglob("*_test.go")):
        for found in literal.findall(path.read_text(encoding="utf-8")):
            if found[0] == "`":
                yield found[1:-1]
            elif found[0] == '"':
                try:
                    yield json.loads(found)
                except ValueError:
                    continue


def grid() -> Iterator[str]:
    """Every pair of words, glued and apart, alone and as what a keyword takes."""
    for left in WORDS:
        for right in WORDS:
            for text in (f"{left}{right}", f"{left} {right}"):
                yield f'{{{{$x := "/self"}}}}{{{{{text}}}}}x{{{{end}}}}'
                yield f'{{{{$x := "/self"}}}}{{{{{text}}}}}'


def calls() -> Iterator[str]:
    """Every function with no argument, with each argument, and by chance with several, some of them down a pipe."""
    chance = random.Random(11)
    names = [name for name in (*functions_of("HEAD"), "and", "or", "cgetv") if not _UNSTABLE.match(name.encode())]
    yield from (f"{{{{$x := 5}}}}{{{{{name}}}}}" for name in names)
    yield from (f"{{{{$x := 5}}}}{{{{{name} {argument}}}}}" for name in names for argument in ARGUMENTS)
    for _ in range(CALLS):
        name, (*others, last) = chance.choice(names), chance.choices(ARGUMENTS, k=chance.randint(2, 4))
        words = f"{last} | {name} {' '.join(others)}" if chance.random() < 0.3 else f"{name} {' '.join(others)} {last}"
        yield f"{{{{$x := 5}}}}{{{{{words}}}}}"


def mutations() -> Iterator[bytes]:
    """Templates of the corpus with tokens that are lost, doubled, swapped or put from elsewhere."""
    chance = random.Random(7)
    token = re.compile(rb'"(?:[^"\\\n]|\\.)*"|`[^`]*`|\{\{-?|-?\}\}|[.$]?\w+|\s+|.', re.DOTALL)
    lines = [line for source in (*good().values(), *bad().values()) for line in source.splitlines() if b"{{" in line]
    pieces = [token.findall(line) for line in lines if len(line) < 200]
    for _ in range(MUTATIONS):
        line = list(chance.choice(pieces))
        for _ in range(chance.randint(1, 3)):
            place, other = chance.randrange(len(line)), chance.choice(chance.choice(pieces))
            change = chance.randrange(4)
            line[place : place + (change != 1)] = [[], [other], [other], [line[place]] * 2][change]
            if not line:
                break
        yield b"".join(line)


def differences(confd: Path, folder: Path, sources: Sequence[bytes]) -> tuple[Counter[str], list[str]]:
    """Run templates through both. Count what the renderer alone refuses by reason; say what else differs."""
    require_go(confd)
    counts: Counter[str] = Counter()
    wrong = []
    for start in range(0, len(sources), 2000):
        batch = {f"t{start + number}.tmpl": source for number, source in enumerate(sources[start : start + 2000])}
        image = image_of(batch)
        with MetadataServer(answers_of(DATA)) as server:
            real = run_real(confd, folder / str(start), image, server.address, variables=VARIABLES)
            ours = run_embedded(image, fetch_from(server.address), variables=VARIABLES, dialect=dialect_of(confd))
        for name, source in batch.items():
            left, right = real.files.get(name), ours.files.get(name)
            if left == right:
                counts["equal" if left is not None else "refused by both"] += 1
                counts["same words"] += left is None and plain(real.errors.get(name, "")) == plain(ours.errors[name])
            elif left is not None and right is None:
                error = ours.errors[name]
                reason = next((why for why, words in REFUSED_HERE.items() if re.search(words, error)), error)
                counts[f"refused here: {reason}"] += 1
            elif right is None or left is None or not _UNSTABLE.search(source + left):
                wrong.append(f"{source!r}\n  confd: {left!r} {real.errors.get(name)}\n  ours: {right!r}")
    return counts, wrong


@pytest.mark.parametrize("kind", ["literals", "grid", "calls", "mutations"])
def test_nothing_is_accepted_that_confd_refuses(
    confd: Path, tmp_path: Path, kind: str, record_property: Callable[[str, object], None]
) -> None:
    made = {"literals": literals, "grid": grid, "calls": calls, "mutations": mutations}[kind]()
    sources = sorted({each.encode() if isinstance(each, str) else each for each in made})
    assert len(sources) > 500
    counts, wrong = differences(confd, tmp_path, sources)
    record_property("counts", str(dict(counts)))
    assert not wrong, f"{len(wrong)} of {len(sources)}\n" + "\n".join(wrong[:20])
