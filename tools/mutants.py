#!/usr/bin/env python3
"""Change the code at some places, one at a time, and count the changes that make a fast test fail.

usage: tools/mutants.py [--seed N] [--count 300] [--rooms spec,writer] [--tests tests/spec,tests/catalog] [--only TEXT]

mutmut makes mutants of the modules that [tool.mutmut] in pyproject.toml names; the seed selects the mutants that are tried. One
pytest process collects the tests, runs all of them once to find out which test reaches which function, and forks for each mutant.
The forked process runs the tests that reach the mutant, the fastest first, until one fails. A mutant that uses two minutes of
processor time counts as killed, and one that takes half an hour as suspicious. Survivors are shown as diffs;
tools/equivalent.txt lists mutants whose change has no visible effect. Exit code 1: fewer than 85 % were killed.
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
PROCESSOR, STILL = 120, 1800  # seconds of processor time, seconds of wall time
MEMORY = 4 << 30  # bytes: a mutant that allocates memory without limit must not bring down the machine
VARIABLE = "MUTANT_UNDER_TEST"


def mutated(tree: Path, patterns: Sequence[str], rooms: Sequence[str]) -> Iterator[str]:
    """Insert mutants into the modules of a copy of the repository, and yield the mutants' names. Mutated modules are kept."""
    cache = ROOT / ".cache/mutants"
    cache.mkdir(parents=True, exist_ok=True)
    for path in sorted(tree.glob("catalog_forge/**/*.py")):
        name, source = str(path.relative_to(tree)), path.read_text(encoding="utf-8")
        wanted = any(fnmatchcase(name, pattern) for pattern in patterns)  # as in mutmut, `*` also matches slashes
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
    """A pytest plugin that loops over mutants in place of tests. `results` maps each mutant to its outcome."""

    def __init__(self, mutants: Sequence[str]) -> None:
        self.mutants = mutants
        self.results: dict[str, str] = {}
        self.running: dict[int, tuple[str, str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out which tests reach each function, then fork a process for each mutant."""
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
        """Run all tests in a separate process. Return, for each function, the tests that reach it and their processor times.

        A test that fails without a mutant cannot detect one, so it is reported and left out.
        """
        with tempfile.TemporaryDirectory() as folder:
            child, told = os.fork(), Path(folder) / "told.json"
            if child == 0:
                _end(session, session.items, "stats", folder, told)
            os.waitpid(child, 0)
            tests, failed = json.loads(told.read_text())
        for test in failed:
            print(f"left out, because it fails without a mutant: {test}", flush=True)
        reach: dict[str, list[tuple[float, str]]] = {}
        for test, (seconds, functions) in tests.items():
            for function in functions if test not in failed else ():
                reach.setdefault(function, []).append((seconds, test))
        return reach

    def _wait(self) -> None:
        """Wait for a process to end, and record the outcome of its mutant."""
        child, status = os.wait()
        if child in self.running:
            mutant, folder = self.running.pop(child)
            shutil.rmtree(folder, ignore_errors=True)
            ends = {0: "survived", 1: "killed", -signal.SIGXCPU: "killed", -signal.SIGKILL: "killed"}
            self.results[mutant] = ends.get(os.waitstatus_to_exitcode(status), "suspicious")


def _end(session: pytest.Session, tests: Sequence[pytest.Item], mutant: str, folder: str, told: Path | None = None) -> None:
    """Run tests with a mutant in place of the original function, then end the process.

    Stop at the first failure, unless `told` is given: then all tests run, and their results are written to this file.
    """
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
    """Return the lines that a mutant removes and adds."""
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
    """Whether a surviving mutant is in the list of equivalent mutants, by its function and the line that it adds."""
    known = (line.split(" | ") for line in (ROOT / "tools/equivalent.txt").read_text(encoding="utf-8").splitlines())
    put_in = [line[1:].strip() for line in shown.splitlines() if line.startswith("+")]
    return any(name == mutant.rpartition("__mutmut_")[0] and " | ".join(rest[:-1]) in put_in for name, *rest in known if rest)


def tell(results: dict[str, str], tree: Path, seed: int) -> int:
    """Print the surviving mutants and the scores of each room and of all rooms, and return the exit code."""
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
    """Choose mutants, run the tests, print the results, and return the exit code."""
    parser = argparse.ArgumentParser(description="Change the code, and check that a fast test fails for each change.")
    parser.add_argument("--seed", type=int, default=1, help="which mutants are tried")
    parser.add_argument("--count", type=int, default=300, help="how many are tried")
    parser.add_argument("--rooms", default="", help="only mutants of these rooms, such as spec,writer")
    parser.add_argument("--tests", default="", help="only these tests, such as tests/spec,tests/test_plan.py")
    parser.add_argument("--only", default="", help="all mutants whose name contains this text")
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
