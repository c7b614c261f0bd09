#!/usr/bin/env python3
"""Change the code at some places, one at a time, and see that a fast test fails: how much do the tests notice?

usage: tools/mutants.py [--seed N] [--count 300] [--rooms spec,writer] [--tests tests/spec,tests/catalog] [--only TEXT]

mutmut makes the mutants of the modules that [tool.mutmut] in pyproject.toml names; the seed says which are tried. One pytest
collects the tests, runs all of them once to learn which test reaches which function, and forks for each mutant: there the tests
that reach it run, the fastest first, until one fails. No clock decides: a mutant that computes for two minutes more than its
tests need counts as killed, one that sits still for half an hour as suspicious. Survivors are shown as diffs;
tools/equivalent.txt names those that change nothing that anybody could see. Exit 1: fewer than 85 % were killed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from time import process_time

import pytest
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.state import state

ROOT = Path(__file__).resolve().parent.parent
LEAST, MOST_EQUIVALENT = 0.85, 0.05
PROCESSOR, STILL = 120, 1800  # seconds
MEMORY = 4 << 30  # bytes: a mutant that grows for ever must not take the machine with it
VARIABLE = "MUTANT_UNDER_TEST"


def mutated(tree: Path, patterns: Sequence[str], rooms: Sequence[str]) -> Iterator[str]:
    """Put mutants into the modules of a copy of the repository, and yield their names. What was mutated before is kept."""
    cache = ROOT / ".cache/mutants"
    cache.mkdir(parents=True, exist_ok=True)
    for path in sorted(tree.glob("catalog_forge/**/*.py")):
        name, source = str(path.relative_to(tree)), path.read_text(encoding="utf-8")
        wanted = any(fnmatchcase(name, pattern) for pattern in patterns)  # as mutmut does: `*` goes through folders
        if not wanted or (rooms and name.split("/")[1].removesuffix(".py") not in rooms):
            continue
        stored = cache / hashlib.sha256(f"{name}\n{source}".encode()).hexdigest()
        if not stored.exists():
            made = mutate_file_contents(name, source)
            stored.write_text(json.dumps([made.code, list(made.mutant_names)]), encoding="utf-8")
        code, names = json.loads(stored.read_text(encoding="utf-8"))
        path.write_text(code, encoding="utf-8")
        yield from (f"{name.removesuffix('.py').replace('/', '.')}.{each}" for each in names)


class Trial:
    """A plugin of pytest: in place of the loop over all tests, a loop over mutants. `results` holds what became of each."""

    def __init__(self, mutants: Sequence[str]) -> None:
        self.mutants = mutants
        self.results: dict[str, str] = {}
        self.running: dict[int, tuple[str, str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Learn which tests reach what, then fork for each mutant."""
        items = {item.nodeid: item for item in session.items}
        reach = self._reach(session)
        for mutant in self.mutants:
            tests = [items[test] for _, test in sorted(reach.get(mutant.rpartition("__mutmut_")[0], []))]
            if not tests:
                self.results[mutant] = "untested"
                continue
            if len(self.running) >= (os.cpu_count() or 1):
                self._wait()
            folder = tempfile.mkdtemp(prefix="mutant-")
            child = os.fork()
            if child == 0:
                _end(session, tests, mutant, folder)
            self.running[child] = (mutant, folder)
        while self.running:
            self._wait()
        return True

    def _reach(self, session: pytest.Session) -> dict[str, list[tuple[float, str]]]:
        """Run all tests, in a process of their own, and return those that reach each function, with the seconds they take.

        A test that fails already can kill nothing: it is told of and left out.
        """
        with tempfile.TemporaryDirectory() as folder:
            child, told = os.fork(), Path(folder) / "told.json"
            if child == 0:
                _end(session, session.items, "stats", folder, told)
            os.waitpid(child, 0)
            tests, failed = json.loads(told.read_text())
        for test in failed:
            print(f"left out, since it fails without a mutant: {test}", flush=True)
        reach: dict[str, list[tuple[float, str]]] = {}
        for test, (seconds, functions) in tests.items():
            for function in functions if test not in failed else ():
                reach.setdefault(function, []).append((seconds, test))
        return reach

    def _wait(self) -> None:
        """Wait for a process to end, and note what became of its mutant."""
        child, status = os.wait()
        if child in self.running:
            mutant, folder = self.running.pop(child)
            shutil.rmtree(folder, ignore_errors=True)
            ends = {0: "survived", 1: "killed", -signal.SIGXCPU: "killed", -signal.SIGKILL: "killed"}
            self.results[mutant] = ends.get(os.waitstatus_to_exitcode(status), "suspicious")


def _end(session: pytest.Session, tests: Sequence[pytest.Item], mutant: str, folder: str, told: Path | None = None) -> None:
    """Run tests with a mutant in place of its original, until one fails unless all are to be told of, and end the process."""
    code, reached, failed = 1, {}, []
    try:
        os.environ |= {VARIABLE: mutant, "PYTEST_DEBUG_TEMPROOT": folder}
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not told:
            resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR + 5))
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            signal.alarm(STILL)
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            before, started = session.testsfailed, process_time()
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            reached[test.nodeid] = (process_time() - started, sorted(state()._stats))
            state()._stats.clear()
            if session.testsfailed > before:
                failed.append(test.nodeid)
                if not told:
                    break
        code = int(bool(failed))
    finally:
        if told:
            told.write_text(json.dumps([reached, failed]))
        os._exit(code)


def diff(tree: Path, mutant: str) -> str:
    """What a mutant changes: the lines that it takes out and puts in."""
    module, _, name = mutant.rpartition(".")
    code = (tree / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    lines = code.splitlines()
    found = {
        node.name: lines[node.lineno : node.end_lineno] for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)
    }
    original, changed = found[name.rpartition("__mutmut_")[0] + "__mutmut_orig"], found[name]
    shown = difflib.unified_diff(original, changed, lineterm="", n=0)
    return "\n".join(line for line in shown if not line.startswith(("+++", "---", "@@")))


def equivalent(mutant: str, shown: str) -> bool:
    """Whether a living mutant is one of the list: a function, and the line that is put in."""
    known = (line.split(" | ") for line in (ROOT / "tools/equivalent.txt").read_text(encoding="utf-8").splitlines())
    put_in = [line[1:].strip() for line in shown.splitlines() if line.startswith("+")]
    return any(name == mutant.rpartition("__mutmut_")[0] and " | ".join(rest[:-1]) in put_in for name, *rest in known if rest)


def tell(results: dict[str, str], tree: Path, seed: int) -> int:
    """Print the living mutants, the score of each room and of all, and return the exit code."""
    for mutant in sorted(name for name, end in results.items() if end != "killed"):
        shown = diff(tree, mutant)
        if equivalent(mutant, shown):
            results[mutant] = "equivalent"
        print(f"\n{results[mutant]}: {mutant}\n{shown}")
    print()
    for room in sorted({name.split(".")[1] for name in results}):
        ends = Counter(end for name, end in results.items() if name.split(".")[1] == room)
        print(f"{room}: {', '.join(f'{number} {end}' for end, number in ends.most_common())}")
    count = Counter(results.values())
    score = count["killed"] / max(1, len(results) - count["equivalent"])
    print(f"seed {seed}: {score:.1%} of {len(results)} were killed, wanted: {LEAST:.0%}; equivalent: {count['equivalent']}")
    return int(score < LEAST or count["equivalent"] > MOST_EQUIVALENT * len(results))


def main() -> int:
    """Sample, run, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description="Change the code and see that a fast test fails.")
    parser.add_argument("--seed", type=int, default=1, help="which mutants are tried")
    parser.add_argument("--count", type=int, default=300, help="how many are tried")
    parser.add_argument("--rooms", default="", help="only mutants of these rooms, such as spec,writer")
    parser.add_argument("--tests", default="", help="only these tests, such as tests/spec,tests/test_plan.py")
    parser.add_argument("--only", default="", help="all mutants whose name holds this text")
    options = parser.parse_args()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True)
        for name in filter(None, files.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
        rooms = options.rooms.split(",") if options.rooms else []
        names = list(mutated(tree, settings["only_mutate"], rooms))
        chosen = [name for name in names if options.only in name]
        if not options.only:
            chosen = random.Random(options.seed).sample(sorted(names), min(options.count, len(names)))
        print(f"{len(chosen)} of {len(names)} mutants", flush=True)
        tests = options.tests.split(",") if options.tests else settings["pytest_add_cli_args_test_selection"]
        os.chdir(tree)
        os.environ |= {VARIABLE: "", "PYTHONPATH": str(tree)}
        sys.path.insert(0, str(tree))
        trial = Trial(chosen)
        pytest.main(["--rootdir=.", "-p", "no:cacheprovider", *settings["pytest_add_cli_args"], *tests], plugins=[trial])
        if set(trial.results) != set(chosen):
            sys.exit("the tests cannot be run over the mutants")
        return tell(trial.results, tree, options.seed)


if __name__ == "__main__":
    sys.exit(main())
