"""Reads the questions of an entry, and computes the value of each variable: the given answer, else the default, else empty text.

Rules: docs/facts/catalog.md#3.9 (how a default becomes text) and #4.20 (how answers arrive).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.yamlio import Map, Node, Seq

_WHOLE = re.compile(r"[-+]?[0-9]+")
_SECRET = ("password", "secret", "masked")


@dataclass(frozen=True, eq=False)
class Question:
    """A question as written in the catalog block. All values in the question are text, as the catalog service stores them."""

    node: Map

    @cached_property
    def keys(self) -> Mapping[str, Node]:
        """The keys of the question's mapping."""
        return decoding.pairs(self.node)

    def text(self, key: str) -> str:
        """Return the value of a key, or an empty string if the key is missing."""
        return text_of(self.keys.get(key))

    @cached_property
    def variable(self) -> str:
        """The name of the variable that gets the answer."""
        return self.text("variable")

    @property
    def label(self) -> str:
        """The text that users see for the question: its label or, without one, the name of its variable."""
        return self.text("label") or self.variable

    @cached_property
    def type(self) -> str:
        """The type of the question; `string` by default."""
        return self.text("type") or "string"

    @property
    def default(self) -> str:
        """The answer that the question proposes."""
        return self.text("default")

    @property
    def required(self) -> bool:
        """Whether an empty answer is refused."""
        return self.text("required") == "true"

    @cached_property
    def options(self) -> list[str]:
        """The options of the question as text."""
        found = self.keys.get("options")
        return [text_of(item) for item in found.items] if isinstance(found, Seq) else []

    @property
    def where(self) -> Where:
        """The location of the variable's name; if the question has no variable, the location of the question."""
        named = self.keys.get("variable")
        return named.where if named else self.node.where

    def at(self, key: str) -> Where:
        """Return the location of the value of a key; if the key is missing, return `where`."""
        found = self.keys.get(key)
        return found.where if found else self.where

    @property
    def secret(self) -> bool:
        """Whether the answer must not be shown."""
        return self.type in _SECRET

    def as_data(self) -> dict[str, Any]:
        """Return the question as data for JSON."""
        return {
            "variable": self.variable,
            "type": self.type,
            "label": self.label,
            "description": self.text("description"),
            "default": self.default,
            "required": self.required,
            "options": self.options,
        }

    def problem(self, text: str) -> tuple[str, str] | None:
        """Return why a string is not a valid answer, and a hint; return None if the string is valid."""
        shown = "the given answer" if self.secret else repr(text)
        if self.type == "enum" and self.options and text not in self.options:
            return f"{self.variable} cannot be {shown}", did_you_mean(text, self.options)
        if self.type == "boolean" and text not in ("true", "false"):
            return f"{self.variable} cannot be {shown}", "write true or false"
        return self._problem_of_number(text) if self.type == "int" else None

    def _problem_of_number(self, text: str) -> tuple[str, str] | None:
        if not _WHOLE.fullmatch(text) or len(text) > 18:
            return f"{self.variable} must be a whole number, not {text!r}", "write only digits, such as 8080"
        # A limit of zero means that there is no limit.
        least, most = self._limit("min"), self._limit("max")
        if (least and int(text) < least) or (most and int(text) > most):
            return (
                f"{self.variable} cannot be {text}",
                f"write a number from {least} to {most}" if most else f"write a number of at least {least}",
            )
        return None

    def _limit(self, key: str) -> int:
        text = self.text(key)
        return int(text) if _WHOLE.fullmatch(text) and len(text) <= 18 else 0


@dataclass(frozen=True, slots=True)
class Given:
    """A given answer, and its location."""

    text: str
    where: Where | None = None


Ask = Callable[[Question], str]


def read(node: Node | None) -> list[Question]:
    """Return the questions in a list, in order, including invalid ones."""
    return [Question(item) for item in (node.items if isinstance(node, Seq) else ()) if isinstance(item, Map)]


def by_variable(questions: Sequence[Question]) -> dict[str, Question]:
    """Return the questions that have a variable, by variable. If two questions have the same variable, the last counts."""
    return {question.variable: question for question in questions if question.variable}


def defaults(questions: Sequence[Question]) -> dict[str, str]:
    """Return the variables of a stack whose user answers no question. A variable without a default gets empty text."""
    return {name: question.default for name, question in by_variable(questions).items()}


def answered(questions: Sequence[Question], given: Mapping[str, Given], ask: Ask | None = None) -> dict[str, str]:
    """Return the variables of an entry. `ask` is called for each required question that has neither an answer nor a default.

    Raises ForgeError with all problems at once: unknown names, invalid answers, and required answers that are missing.
    """
    known = by_variable(questions)
    problems = [
        Problem(f"the entry has no question {name!r}", answer.where, did_you_mean(name, known))
        for name, answer in given.items()
        if name not in known
    ]
    for name, answer in given.items():
        if name in known and answer.text and (wrong := known[name].problem(answer.text)):
            problems.append(Problem(wrong[0], answer.where, wrong[1]))
    variables = defaults(questions) | {name: answer.text for name, answer in given.items() if name in known}
    # A misspelt name already reports the question that it means.
    meant = {problem.hint for problem in problems}
    lacking = [question for name, question in known.items() if question.required and not variables[name]]
    missing = [each for each in lacking if f"did you mean {each.variable!r}?" not in meant]
    if problems or (missing and ask is None):
        raise ForgeError.of([*problems, *_missing(missing if ask is None else [])])
    return variables | {question.variable: ask(question) if ask else "" for question in missing}


def _missing(questions: list[Question]) -> list[Problem]:
    if not questions:
        return []
    names = ", ".join(question.variable for question in questions)
    first = questions[0].variable
    return [
        Problem(
            f"these questions need an answer: {names}",
            questions[0].where,
            f"give answers with --set {first}=..., or --answers FILE",
        )
    ]
