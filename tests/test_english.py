"""Plain English: constructions that cost a stranger time do not come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from catalog_forge.lint.runner import registry

ROOT = Path(__file__).parents[1]
# "The mode is no number" for "the mode must be a number"; "is none", "are none of these".
FOREIGN = re.compile(r"(?<![Tt]here )\b(?:is|are|was|were|be) (?:no|none)\b(?! (?:longer|more|matter|need|use|way)\b)")

# Turns of phrase that strangers had to read twice, and what says the same at once.
PLAINER = {
    r"right or wrong": "recorded from what is rendered now",
    r"made up a value for": "KEY has no default: ...",
    r"another one tomorrow": "can change without notice",
    r"gives? (?:up what|it up)": "overwrites",
    r"\bblanks\b": "spaces",
    r"by anybody\b": "any",
    r"\b(?:said|given) anew\b": "until you give another",
    r"\bwho lends\b": "the container that lends",
    r"power over the machine": "privileged settings, rights over the machine",
    r"nobody knows": "unknown, cannot be told",
    r"file and name are one": "the file must be called NAME.yml",
    r"\bbe had\b": "is (not) available",
    r"\banew\b": "again",
    r"\b(?:is|are) due\b": "is expected, is required",
    r"\bpass(?:es|ed) over\b": "ignores",
    r"\bbelongs? into\b": "belongs in",
    r"\bstands? behind\b": "follows, comes after",
    r"\bwithout an end\b": "without exiting",
    r"\bthe begin of\b": "the beginning of",
}
_PLAINER = re.compile("|".join(PLAINER))


def texts(tree: ast.AST) -> Iterator[str]:
    """The texts of a module that a user may read: every string that is not a docstring."""
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def foreign(pattern: re.Pattern[str] = FOREIGN) -> list[str]:
    """Each place with such a construction: in strings of the package, and in all pages, those made of docstrings among them."""
    modules = sorted((ROOT / "catalog_forge").rglob("*.py"))
    said = [(path, text) for path in modules for text in texts(ast.parse(path.read_text()))]
    pages = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.y*ml"),
        *ROOT.glob(".*.yaml"),
        *ROOT.glob(".github/**/*.yml"),
    ]
    said += [(path, path.read_text()) for path in sorted(pages) if path.name != "CHANGELOG.md"]
    return [
        f"{path.relative_to(ROOT)}: ...{text[max(0, found.start() - 40) : found.end() + 30]!r}"
        for path, text in said
        for found in pattern.finditer(text)
    ]


def test_messages_and_pages_say_what_must_be() -> None:
    assert foreign() == [], "say what must be, as in 'the port must be a number'"


def test_what_was_hard_to_read_does_not_come_back() -> None:
    assert foreign(_PLAINER) == [], f"say it plainer: {PLAINER}"


def test_titles_of_rules_are_idiomatic() -> None:
    titles = [f"{rule.id} {rule.title}" for rule in registry.rules()]
    assert [title for title in titles if FOREIGN.search(title)] == []
    assert not [title for title in titles if re.search(r"\btruth\b|\bsays? nothing\b", title)]


def test_the_construction_is_seen() -> None:
    assert FOREIGN.search("the mode is no number")
    assert FOREIGN.search("it is none of these")
    assert not FOREIGN.search("there is no file, and it is no longer wanted")
