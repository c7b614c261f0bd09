"""What a judge says: one ruling for each thing that it refuses, drops, hides or alters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catalog_forge.errors import Problem, Where

Judge = Literal["service", "ci", "launch"]
# reject: it refuses; drop: it is missing from what is served; ghost: it is served without a name; alter: another value than the
# written one is kept; hide: it is kept, but no link leads to it; accept: nothing to say.
Outcome = Literal["reject", "drop", "ghost", "alter", "hide", "accept"]


@dataclass(frozen=True, slots=True)
class Refusal(Problem):
    """What a judge refuses, the rule of lint whose page tells why, and who refuses it: nobody what is odd and goes through."""

    rule: str = ""
    who: Judge | Literal[""] = "launch"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one judge does with a template, or with one of its revisions, and why."""

    judge: Judge
    outcome: Outcome
    reason: str
    where: Where
    hint: str = ""
    template: str = ""
    revision: str = ""
    rule: str = ""

    @classmethod
    def of(cls, judge: Judge, problem: Problem, where: Where, template: str, revision: str = "") -> Ruling:
        """A rejection for a problem; `where` stands for one without a place."""
        rule = problem.rule if isinstance(problem, Refusal) else ""
        return cls(judge, "reject", problem.message, problem.where or where, problem.hint, template, revision, rule)
