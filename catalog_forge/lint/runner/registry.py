"""The registry of rules. A rule is a small function. The docstring of a rule is its documentation, with tested examples.

The docstring of a rule consists of text, any number of `Bad:` and `Good:` examples (see `lint/runner/examples.py`), and `Source:`
with the origin of the rule: `docs/facts/catalog.md#1.2`, or a page of another project.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable

from catalog_forge.errors import ForgeError, nearest
from catalog_forge.lint.findings import Check, Level, Rule

_ID = re.compile(r"CF[0-9]{3}")
_PART = re.compile(r"^(Bad|Good|Source): ?(.*)$")

_RULES: dict[str, tuple[Level, str, type, Check]] = {}
_FIXABLE: set[str] = set()


def rule(identity: str, level: Level, title: str, on: type, fixable: bool = False) -> Callable[[Check], Check]:
    """Register a function that checks one subject of type `on` and yields hits; `fixable` means that some hits have a fix."""

    def register(check: Check) -> Check:
        if not _ID.fullmatch(identity) or identity in _RULES:
            raise ValueError(f"{identity} is not the id of a single rule")
        _RULES[identity] = level, title, on, check
        if fixable:
            _FIXABLE.add(identity)
        return check

    return register


def checks() -> list[tuple[str, Level, type, Check]]:
    """Return the id, level, subject type and function of each rule, sorted by id. Unlike `rules`, it parses no docstrings."""
    _load()
    return [(identity, level, on, check) for identity, (level, _, on, check) in sorted(_RULES.items())]


def rules() -> list[Rule]:
    """Return all rules with their documentation, in the order of their ids."""
    _load()
    return [_read(identity) for identity in sorted(_RULES)]


def find(identity: str) -> Rule:
    """Find a rule by its id. Raises ForgeError if no rule has this id."""
    _load()
    if identity.upper() not in _RULES:
        raise ForgeError(f"there is no rule {identity[:40]!r}", hint=_hint(identity))
    return _read(identity.upper())


def expand(words: tuple[str, ...]) -> frozenset[str]:
    """Return the ids of the rules that the given words select. Each word is an id, the beginning of ids (`CF3`), or `all`.

    Raises ForgeError for a word that selects no rule.
    """
    _load()
    found: set[str] = set()
    for word in words:
        wanted = "CF" if word.lower() == "all" else word.upper()
        some = {identity for identity in _RULES if identity.startswith(wanted)}
        if not some or not wanted:
            raise ForgeError(f"there is no rule {word[:40]!r}", hint=_hint(word))
        found |= some
    return frozenset(found)


def _hint(word: str) -> str:
    known = () if re.fullmatch("CF[0-9]+", word.upper()) else _RULES  # for a number, a guess is useless: all are equally similar
    return nearest(word[:20].upper(), known, "`lint --list` shows all rules")


def _load() -> None:
    """Import all modules of rules; each registers its rules."""
    from catalog_forge.lint import rules as package

    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)


def _read(identity: str) -> Rule:
    from catalog_forge.lint.runner.examples import read as example

    level, title, on, check = _RULES[identity]
    parts: list[tuple[str, list[str]]] = [("Text", [])]
    for line in inspect.cleandoc(check.__doc__ or "").split("\n"):
        if found := _PART.match(line):
            parts.append((found[1], [found[2]] if found[2] else []))
        else:
            parts[-1][1].append(line)
    examples = {name: tuple(example(lines) for part, lines in parts if part == name) for name in ("Bad", "Good")}
    words = {name: " ".join(" ".join(lines).split()) for name, lines in parts if name == "Source"}
    text = "\n".join(parts[0][1]).strip()
    source, fixable = words.get("Source", ""), identity in _FIXABLE
    return Rule(identity, level, title, on, check, text, examples["Bad"], examples["Good"], source, fixable)
