"""Running programs by turns, and what a run cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROUNDS = 10


@dataclass(frozen=True)
class Run:
    """One run of a program: wall time in seconds, the most memory that it held in MiB."""

    seconds: float
    peak: float


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, what it is compared with, and whether `value` is within `goal`."""

    what: str
    ours: str
    other: str
    value: float
    goal: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal

    def __str__(self) -> str:
        cells = (self.what, self.ours, self.other, f"{self.value:.2f} {self.unit}", f"<= {self.goal:g} {self.unit}")
        return f"| {' | '.join(cells)} | {'yes' if self.met else 'NO'} |"


def program(name: str) -> str:
    """Return the path of a program of the Python environment that runs this."""
    return str(Path(sys.executable).with_name(name))


def base() -> str | None:
    """Return the `catalog-forge` of an earlier release to compare with, which CATALOG_FORGE_BASE names; None without one."""
    return os.environ.get("CATALOG_FORGE_BASE") or None


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> Run:
    """Run a program to its end. Raises RuntimeError, with what it said, when it fails."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, **(env or {})})
        # wait4 and not wait: it alone tells the memory of this one child.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read()[-2000:].decode(errors='replace')}")
    return Run(seconds, usage.ru_maxrss / 1024)


def by_turns(*programs: Callable[[int], Run]) -> list[list[Run]]:
    """Run the programs by turns, A B A B, and return the runs of each. They are told the number of the round.

    Whatever slows the machine down for a while meets both. Round 0 fills caches and is not counted.
    """
    rounds = [[each(number) for each in programs] for number in range(ROUNDS + 1)]
    return [list(runs) for runs in zip(*rounds[1:], strict=True)]


def seconds(runs: list[Run]) -> float:
    """Return the median time of runs."""
    return median(each.seconds for each in runs)


def ratio(what: str, other: str, goal: float, runs: list[list[Run]]) -> Row:
    """Return the row that says how many times the time of the other program ours takes."""
    ours, others = (seconds(each) for each in runs)
    return Row(what, f"{ours * 1000:.0f} ms", f"{other}: {others * 1000:.0f} ms", ours / others, goal, "x")
