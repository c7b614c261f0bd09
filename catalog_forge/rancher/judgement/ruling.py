"""The rulings of a judge: one for each part of a catalog that the judge refuses, drops, hides or changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catalog_forge.errors import Problem, Where

Judge = Literal["service", "ci", "launch"]
# What happens to a template, revision or value. reject: the judge refuses it; drop: it is not served; ghost: it is served without
# a name; alter: the served value differs from the written value; hide: it is served, but no link leads to it; accept: no problem.
Outcome = Literal["reject", "drop", "ghost", "alter", "hide", "accept"]


_NEEDS_YAML = "write a mapping with the keys version: '2' and services:"
# Default hints by lint rule, shown for a fault that has no hint of its own.
HINTS = {
    "CF101": "use at most 63 letters, digits and '-', and no name that looks like a revision",
    "CF104": "move it out of the entry, or into a revision",
    "CF120": "add a rancher-compose.yml with a catalog block that has a `version`",
    "CF201": "write a mapping with name, version, description and category",
    "CF202": "write one value where text is expected, and start each list item with a dash",
    "CF301": _NEEDS_YAML,
    "CF302": "write version, name and questions below this key",
    "CF310": "write one value where text is expected, and labels as NAME: VALUE",
    "CF312": "write its keys below it, such as scale: 1",
    "CF320": "start each question with a dash: - variable: NAME",
    "CF325": "write true or false, without quotes",
    "CF326": "write one value where text is expected, and begin each option with a dash",
    "CF402": "write version: '2'",
    "CF413": "write whole numbers, and times in milliseconds",
    "CF417": "write true or false without quotes; an answer is always text: if one decides, use {{if}} in docker-compose.yml.tpl",
    "CF421": "write NAME: VALUE with one text for each name",
    "CF426": _NEEDS_YAML,
    "CF427": "write its keys below it, such as image: ...",
    "CF428": "write it as in the documentation of compose 2: begin each item of a list with a dash, and quote text",
    "CF430": "close the quote, or write the command as a list",
    "CF431": "write, for example, 2 for a number, 512m for a size or 1m30s for a time",
    "CF433": "keys must be text that is not empty, and numbers must be finite",
    "CF436": "write the alias of a mapping after the merge key, such as <<: *common",
    "CF437": "write keys such as driver: local below the name of each volume, network or secret",
    "CF438": "call it docker-compose.yml.tpl",
    "CF517": "check what the template renders with the default answers",
}


@dataclass(frozen=True, slots=True)
class Refusal(Problem):
    """A problem that makes the judge `who` refuse a revision, and the lint rule that reports it. For an accepted oddity, `who` is
    empty.
    """

    rule: str = ""
    who: Judge | Literal[""] = "launch"


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a judge treats a template or a revision, and the reason."""

    judge: Judge
    outcome: Outcome
    reason: str
    where: Where
    hint: str = ""
    template: str = ""
    revision: str = ""
    rule: str = ""

    def __post_init__(self) -> None:
        if not self.hint:
            object.__setattr__(self, "hint", HINTS.get(self.rule, ""))

    @classmethod
    def of(cls, judge: Judge, problem: Problem, where: Where, template: str, revision: str = "") -> Ruling:
        """Return a rejection for a problem. `where` is used if the problem has no location."""
        rule = problem.rule if isinstance(problem, Refusal) else ""
        return cls(judge, "reject", problem.message, problem.where or where, problem.hint, template, revision, rule)
