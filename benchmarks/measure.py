"""Runs programs in turn, and measures the time and memory of each run."""

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
    """One run of a program: its wall time in seconds and its peak memory in MiB."""

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
        """Whether `value` is within `goal`."""
        return self.value <= self.goal

    def __str__(self) -> str:
        cells = (self.what, self.ours, self.other, f"{self.value:.2f} {self.unit}", f"<= {self.goal:g} {self.unit}")
        return f"| {' | '.join(cells)} | {'yes' if self.met else 'NO'} |"


def program(name: str) -> str:
    """Return the path of a program in the current Python environment."""
    return str(Path(sys.executable).with_name(name))


def base() -> str | None:
    """Return the path of the `catalog-forge` of an earlier release, from CATALOG_FORGE_BASE; None if this variable is not set."""
    return os.environ.get("CATALOG_FORGE_BASE") or None


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> Run:
    """Run a program to its end. Raises RuntimeError with the program's output if it fails."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, **(env or {})})
        # wait4 is used because, unlike wait, it returns the memory of this child process alone.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read()[-2000:].decode(errors='replace')}")
    return Run(seconds, usage.ru_maxrss / 1024)


def by_turns(*programs: Callable[[int], Run]) -> list[list[Run]]:
    """Run the programs in turn (A B A B), and return the runs of each. Each program gets the number of the round.

    So a short slowdown of the machine affects all programs. Round 0 fills caches and is not counted.
    """
    rounds = [[each(number) for each in programs] for number in range(ROUNDS + 1)]
    return [list(runs) for runs in zip(*rounds[1:], strict=True)]


def seconds(runs: list[Run]) -> float:
    """Return the median time of runs."""
    return median(each.seconds for each in runs)


def ratio(what: str, other: str, goal: float, runs: list[list[Run]]) -> Row:
    """Return a row with the time of our program as a multiple of the other program's time."""
    ours, others = (seconds(each) for each in runs)
    return Row(what, f"{ours * 1000:.0f} ms", f"{other}: {others * 1000:.0f} ms", ours / others, goal, "x")
