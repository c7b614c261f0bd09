"""The questions of an entry, and the variables that the answers to them are: answer, else default, else nothing.

Rules: docs/facts/catalog.md#3.9 (how a default becomes text) and #4.20 (how answers arrive).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.yamlio import Node, Seq

_WHOLE = re.compile(r"[-+]?[0-9]+")
_SECRET = ("password", "secret")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of an entry; `default` is text, as all answers are."""

    variable: str
    label: str = ""
    type: str = "string"
    required: bool = False
    default: str = ""
    options: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    where: Where | None = None

    @property
    def secret(self) -> bool:
        """Whether nobody may see the answer."""
        return self.type in _SECRET

    def problem(self, text: str) -> tuple[str, str] | None:
        """Say why a text is no answer, and what helps; None when it is one."""
        shown = "what was given" if self.secret else repr(text)
        if self.type == "enum" and self.options and text not in self.options:
            return f"{self.variable} cannot be {shown}", did_you_mean(text, self.options)
        if self.type == "boolean" and text not in ("true", "false"):
            return f"{self.variable} cannot be {shown}", "true or false"
        if self.type == "int":
            return self._problem_of_number(text)
        return None

    def _problem_of_number(self, text: str) -> tuple[str, str] | None:
        if not _WHOLE.fullmatch(text) or len(text) > 18:
            return f"{self.variable} must be a whole number, not {text!r}", ""
        # Zero stands for "no limit".
        if (self.minimum and int(text) < self.minimum) or (self.maximum and int(text) > self.maximum):
            limits = f"at least {self.minimum}" if not self.maximum else f"from {self.minimum} to {self.maximum}"
            return f"{self.variable} cannot be {text}", limits
        return None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given, and where it stands."""

    text: str
    where: Where | None = None


Ask = Callable[[Question], str]


def read(node: Node | None) -> tuple[Question, ...]:
    """Read the list of questions; without a variable there is nothing to answer, and of two with one name the last counts."""
    found: dict[str, Question] = {}
    for item in node.items if isinstance(node, Seq) else ():
        keys = decoding.pairs(item)
        variable = text_of(keys.get("variable"))
        if variable:
            found[variable] = _question(variable, keys, item.where)
    return tuple(found.values())


def answered(questions: tuple[Question, ...], given: Mapping[str, Given], ask: Ask | None = None) -> dict[str, str]:
    """Return the variables of an entry. What is required and has neither answer nor default is asked by `ask`.

    Raises ForgeError with everything that is wrong at once: unknown names, answers that are none, required ones that are missing.
    """
    known = {question.variable: question for question in questions}
    problems = [
        Problem(f"the entry asks no question {name!r}", answer.where, did_you_mean(name, known))
        for name, answer in given.items()
        if name not in known
    ]
    for name, answer in given.items():
        if name in known and answer.text and (wrong := known[name].problem(answer.text)):
            problems.append(Problem(wrong[0], answer.where, wrong[1]))
    variables = {question.variable: question.default for question in questions}
    variables |= {name: answer.text for name, answer in given.items() if name in known}
    missing = [question for question in questions if question.required and not variables[question.variable]]
    if problems or (missing and ask is None):
        raise ForgeError.of([*problems, *_missing(missing if ask is None else [])])
    for question in missing:
        variables[question.variable] = ask(question) if ask else ""
    return variables


def _question(variable: str, keys: Mapping[str, Node], where: Where) -> Question:
    options = keys.get("options")
    return Question(
        variable,
        text_of(keys.get("label")) or variable,
        text_of(keys.get("type")) or "string",
        text_of(keys.get("required")) == "true",
        text_of(keys.get("default")),
        tuple(map(text_of, options.items)) if isinstance(options, Seq) else (),
        _limit(keys.get("min")),
        _limit(keys.get("max")),
        where,
    )


def _limit(node: Node | None) -> int:
    text = text_of(node)
    return int(text) if _WHOLE.fullmatch(text) and len(text) <= 18 else 0


def _missing(questions: list[Question]) -> list[Problem]:
    if not questions:
        return []
    names = ", ".join(question.variable for question in questions)
    first = questions[0].variable
    return [Problem(f"these questions need an answer: {names}", questions[0].where, f"--set {first}=..., or --answers FILE")]
