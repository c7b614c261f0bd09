#!/usr/bin/env python3
"""Change the code at some places, one at a time, and see that a fast test fails: how much do the tests notice?

usage: tools/mutants.py [--seed N] [--count 300]    exit 1: fewer than 85 % of the mutants were killed

mutmut makes the mutants of the modules that pyproject.toml names and runs the tests that reach each of them; the seed says
which ones are tried. Survived, untested, suspicious and timed out count as alive.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

LEAST = 0.85
# Any mutant will do: mutmut makes all of them, and learns which test reaches which, before it runs the first.
FIRST = "catalog_forge.plan.x_check_relative__mutmut_1"
RESULT = re.compile(r"^\s*(?P<name>\S+__mutmut_\d+): (?P<status>.+)$", re.MULTILINE)


def mutmut(*words: str) -> str:
    """Run mutmut and return what it prints."""
    done = subprocess.run([sys.executable, "-m", "mutmut", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"mutmut {words[0]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def main() -> int:
    """Sample, run, print the living mutants and the score, and return the exit code."""
    parser = argparse.ArgumentParser(description="Change the code and see that a fast test fails.")
    parser.add_argument("--seed", type=int, default=1, help="which mutants are tried")
    parser.add_argument("--count", type=int, default=300, help="how many are tried")
    options = parser.parse_args()
    mutmut("run", FIRST)
    names = sorted(name for path in Path("mutants").rglob("*.meta") for name in json.loads(path.read_text())["exit_code_by_key"])
    chosen = random.Random(options.seed).sample(names, min(options.count, len(names)))
    mutmut("run", *chosen)
    statuses = {found["name"]: found["status"].strip() for found in RESULT.finditer(mutmut("results", "--all", "true"))}
    for name in sorted(name for name in chosen if statuses.get(name) != "killed"):
        print(f"{statuses.get(name, 'not run')}: {name}")
    counts = Counter(statuses.get(name, "not run") for name in chosen)
    score = counts["killed"] / len(chosen)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    print(f"seed {options.seed}: {told} of {len(names)} in all")
    print(f"killed: {score:.0%}, wanted: {LEAST:.0%}; one of the living: mutmut show NAME")
    return int(score < LEAST)


if __name__ == "__main__":
    sys.exit(main())
