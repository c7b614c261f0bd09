"""docs/rules.md, made from the docstrings of the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog_forge.lint.model import Example, Rule

_HEAD = """\
# The rules of lint

Made from the rules themselves: `python tools/rules.py > docs/rules.md`. [Lint](lint.md) says how to choose among them. The files
of an example are laid over a small sound catalog; each example is a test.

| rule | level | |
|---|---|---|
"""


def markdown(rules: Iterable[Rule]) -> str:
    """Return the page: a table, then a section a rule."""
    found = list(rules)
    rows = [
        f"| [{rule.id}](#{rule.id.lower()}) | {rule.level}{', fix' if rule.fixable else ''} | {_cell(rule.title)} |\n"
        for rule in found
    ]
    return _HEAD + "".join(rows) + "".join(map(_section, found))


def _section(rule: Rule) -> str:
    examples = "".join(_example("Found in", each) for each in rule.bad) + "".join(_example("Fine", each) for each in rule.good)
    fix = ", can be fixed" if rule.fixable else ""
    head = f"\n## {rule.id}\n\n**{_text(rule.title)}** ({rule.level}{fix})\n\n{_text(rule.text)}\n"
    return f"{head}{examples}\nSource: {_text(rule.source)}\n"


def text_of(example: Example) -> str:
    """The files of an example, each below its path and, in brackets, what is odd about it."""
    shown = "".join(f"-- {path}{_odd(example, path)} --\n{text or ''}" for path, text in example.files.items())
    return shown.replace("\r", "\\r")


def _odd(example: Example, path: str) -> str:
    odd = "absent" if example.files[path] is None else example.odd.get(path, "")
    return f" ({odd})" if odd else ""


def _example(title: str, example: Example) -> str:
    text = text_of(example)
    ticks = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", text)), 3)
    return f"\n{title}:\n\n{ticks}text\n{text}{ticks}\n"


def _text(text: str) -> str:
    """Text in which nothing but code is taken for HTML."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)


def _cell(text: str) -> str:
    return _text(text).replace("|", r"\|")
