"""docs/rules/: an index and a page for each family of rules, generated from the rules' docstrings."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Iterable

from catalog_forge.lint.findings import Example, Rule
from catalog_forge.lint.runner.sound import SOUND

_INDEX = """\
# The rules of lint

These pages are generated from the rules by `python tools/rules.py`. [Lint](../lint.md) explains how to choose rules.

The examples of the rules are also their tests. An example shows only how a catalog differs from
[a sound catalog](#the-sound-catalog). After `-- PATH --` comes the whole text of a file. After `-- PATH: KEY --` come the lines
below this key of the file. After `-- PATH (changed) --`, lines that begin with `-` are removed from the file, and lines that
begin with `+` are added; the rest of the file stays.
"""
_FACTS = re.compile(r"docs/facts/([\w-]+)\.md((?:#[\d.]*\d(?:, (?=#))?)+)")


def pages(rules: Iterable[Rule]) -> dict[str, str]:
    """Return the pages by name: README.md, which is the index, and FAMILY.md for each family."""
    families: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        families[rule.module].append(rule)
    ordered = sorted(families.items(), key=lambda family: family[1][0].id)
    index = "".join(f"\n## {_about(found[0])}\n\n{_table(found, f'{name}.md')}" for name, found in ordered)
    sound = _fenced("".join(f"-- {path} --\n{text}" for path, text in SOUND.items()))
    made = {"README.md": f"{_INDEX}{index}\n## The sound catalog\n\n{sound}"}
    for name, found in ordered:
        made[f"{name}.md"] = f"# {_about(found[0])}\n\n[All rules](README.md)\n\n{_table(found)}{''.join(map(_section, found))}"
    return made


def shown(example: Example) -> str:
    """Return the text of an example, with carriage returns made visible as `\\r`."""
    return example.text.replace("\r", "\\r")


def _about(rule: Rule) -> str:
    """Return the first sentence of the docstring of a rule's module, which describes the family of the rule."""
    return _text((importlib.import_module(rule.check.__module__).__doc__ or "").partition("\n")[0].partition(". ")[0].rstrip("."))


def _table(rules: list[Rule], page: str = "") -> str:
    rows = [f"| [{rule.id}]({page}#{rule.id.lower()}) | {_level(rule)} | {_cell(rule.title)} |\n" for rule in rules]
    return "| rule | level | |\n|---|---|---|\n" + "".join(rows)


def _level(rule: Rule) -> str:
    return f"{rule.level}{', fix' if rule.fixable else ''}"


def _section(rule: Rule) -> str:
    examples = "".join(_example("Found in", each) for each in rule.bad) + "".join(_example("Fine", each) for each in rule.good)
    fix = ", can be fixed" if rule.fixable else ""
    head = f"\n## {rule.id}\n\n**{_text(rule.title)}** ({rule.level}{fix})\n\n{_text(rule.text)}\n"
    return f"{head}{examples}\nSource: {_linked(_text(rule.source))}\n"


def _linked(source: str) -> str:
    """Return the source of a rule in Markdown, with a link to each fact and each page of our documentation."""

    def links(found: re.Match[str]) -> str:
        return ", ".join(
            f"[{found[1]} {number}](../facts/{found[1]}.md#{number})" for number in re.findall(r"\d+(?:\.\d+)*", found[2])
        )

    return re.sub(r"(?<!\()docs/([\w-]+\.md)", r"[\1](../\1)", _FACTS.sub(links, source))


def _example(title: str, example: Example) -> str:
    return f"\n{title}:\n\n{_fenced(shown(example))}"


def _fenced(text: str) -> str:
    ticks = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", text)), 3)
    return f"{ticks}text\n{text}{ticks}\n"


def _text(text: str) -> str:
    """Escape a string so that nothing outside code spans is read as HTML."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)


def _cell(text: str) -> str:
    return _text(text).replace("|", r"\|")
