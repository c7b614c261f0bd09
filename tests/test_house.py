"""The house in the large: no circles of files, folders that a person can take in, one name for one class, one reading of Rancher.

What is not so yet is listed here, and may only become less.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.helpers import tree
from tests.test_layers import HOUSE, imports, sources_of

ROOT = Path(__file__).parents[1]
SOURCES = sources_of(ROOT / HOUSE)

# The most modules that a folder may have.
MOST = 20
# The most lines that a file may have.
LONGEST = 600

# Names that several classes have, and how many.
SHARED_NAMES = {
    "Action": 2,
    "Block": 2,
    "Container": 2,
    "Engine": 3,
    "Entry": 3,
    "Fault": 3,
    "File": 2,
    "Finding": 2,
    "Given": 2,
    "HealthCheck": 2,
    "Image": 2,
    "Launch": 3,
    "Limits": 2,
    "Log": 2,
    "Map": 2,
    "Options": 2,
    "Outcome": 2,
    "Question": 3,
    "Rendered": 3,
    "Resource": 2,
    "Row": 2,
    "Rule": 2,
    "Run": 3,
    "Sandbox": 2,
    "Seen": 2,
    "Service": 5,
    "Settings": 2,
    "Stack": 2,
    "Stage": 2,
    "Template": 4,
    "Text": 2,
    "Token": 2,
    "Version": 2,
    "Wait": 2,
    "Wanted": 2,
    "Words": 2,
    "Written": 3,
    "_Parser": 2,
    "_Reader": 5,
}
# What Rancher's programs do is written once: what says that a module does it, where it belongs (with modules that mean something
# else by it), and where it is still done a second time. The last set may only become smaller.
ONCE = {
    "variable": (
        r"re\.\w+\(\s*r\"[^\"\n]*\\\$",
        {"rancher.variables", "image.dockerfile", "formats.env", "lint.rules.secrets", "spec.checks.foreign"},
        set(),
    ),
    "merge key": (
        r"\"<<\"",
        {"goyaml.decoding", "rancher.tree", "formats.env", "lint.entries.template_versions"},
        {"rancher.judgement.launch", "lint.rules.block", "lint.rules.questions"},
    ),
    "null": (r"def _?is_null\b|def _?null\b", {"goyaml.decoding"}, set()),
    "order of versions": (
        r"def _?(greater|semver|order)\(|_SEMVER = ",
        {"rancher.versions", "rancher.entries", "gotext.builtins"},
        set(),
    ),
    "scalar as text": (r"def _?text_of\(", {"goyaml.decoding", "confd.imitated.store", "blueprint.sandbox"}, set()),
}


def cycles(sources: Mapping[str, str]) -> set[frozenset[str]]:
    """The sets of modules that reach each other by imports."""
    arrows = {module: set(_imported(module, source, sources)) for module, source in sources.items()}
    reached = {module: _reached(module, arrows) for module in arrows}
    found = (
        frozenset(other for other in reached[module] if module in reached[other])
        for module in arrows
        if module in reached[module]
    )
    return set(found)


def _imported(module: str, source: str, sources: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        for target in imports(node):
            name = target.removeprefix(f"{HOUSE}.")
            # `from package import name`: the module of that name if there is one, else the package itself.
            name = name if name in sources else name.rpartition(".")[0]
            if target.startswith(f"{HOUSE}.") and name in sources and name != module:
                yield name


def _reached(module: str, arrows: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = [*arrows[module]]
    while ahead:
        following = ahead.pop()
        if following not in seen:
            seen.add(following)
            ahead += arrows[following]
    return seen


def classes(sources: Mapping[str, str]) -> dict[str, int]:
    """How many classes have a name, for the names that several have."""
    counts: dict[str, int] = defaultdict(int)
    for source in sources.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                counts[node.name] += 1
    return {name: count for name, count in sorted(counts.items()) if count > 1}


def crowded(house: Path) -> dict[str, int]:
    """How many modules a folder has, for those with more than 20."""
    counts: dict[str, int] = defaultdict(int)
    for path in house.rglob("*.py"):
        counts[path.parent.relative_to(house).as_posix()] += path.name != "__init__.py"
    return {folder: count for folder, count in sorted(counts.items()) if count > 20}


def test_no_files_import_each_other() -> None:
    assert cycles(SOURCES) == set()


def test_a_circle_is_seen() -> None:
    house = {
        "a": f"from {HOUSE}.b import x",
        "b": f"def later():\n    from {HOUSE} import c",
        "c": f"import {HOUSE}.a",
        "d": f"from {HOUSE} import a",
    }
    assert cycles(house) == {frozenset("abc")}


def test_a_folder_can_be_taken_in(tmp_path: Path) -> None:
    assert {folder: count for folder, count in crowded(ROOT / HOUSE).items() if count > MOST} == {}
    tree(tmp_path, dict.fromkeys(("a/__init__.py", *(f"a/m{number}.py" for number in range(21))), ""))
    assert crowded(tmp_path) == {"a": 21}


def test_a_file_can_be_taken_in() -> None:
    assert {module: lines for module, source in SOURCES.items() if (lines := source.count("\n")) > LONGEST} == {}


def test_the_files_of_tests_that_begin_first_are_there() -> None:
    assert [name for name in LONG if not (ROOT / f"tests/live/{name}.py").is_file()] == []


def test_one_name_is_one_class() -> None:
    assert {name: count for name, count in classes(SOURCES).items() if count > SHARED_NAMES.get(name, 1)} == {}
    assert classes({"a": "class X: pass", "b": "class X: pass\nclass Y: pass"}) == {"X": 2}


@pytest.mark.parametrize("what", ONCE)
def test_what_rancher_does_is_written_once(what: str) -> None:
    pattern, home, still = ONCE[what]
    there = {module for module, source in SOURCES.items() if re.search(pattern, source)}
    assert there - home - still == set()
    assert home & there, "the pattern sees what it looks for"
