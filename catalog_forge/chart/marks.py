"""Determines which answers stay open in a chart: those that enter the stack as text and never determine its structure.

An entry is composed twice: with its answers, and with a mark in place of each answer. If both stacks are equal after the answer
has replaced its mark, the answer is open: users give it when they install the chart. Any other answer, such as an answer in the
condition of a template, determines the structure of the stack. Its value is fixed when the chart is made, and the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.questions import Question
from catalog_forge.rancher.tree import is_template
from catalog_forge.stack.compose import compose
from catalog_forge.stack.model import Stack

_PLAIN = re.compile(r"\{\{-?\s*$")
_PLAIN_END = re.compile(r"\s*-?\}\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD, _NUMBER, _PATH = range(3)
RELEASE = "cfqrelease"
"""The mark of the stack's name, which becomes the name of the chart's release."""


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks of open answers, with their questions."""

    asked: Mapping[str, Question]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, [RELEASE, *self.asked])))

    def parts(self, text: str) -> Iterator[str | Question | None]:
        """Yield the pieces of a string: literal text, a question for each mark of an answer, and None for the release name."""
        at = 0
        for found in self._pattern.finditer(text):
            if found.start() > at:
                yield text[at : found.start()]
            yield self.asked.get(found[0])
            at = found.end()
        if at < len(text):
            yield text[at:]

    def questions(self, value: object) -> list[Question]:
        """Return the questions whose marks occur in a string or a number."""
        return [part for part in self.parts(str(value)) if isinstance(part, Question)]

    def shown(self, text: str) -> str:
        """Return a string as reports show it, with the names of variables in place of marks."""
        return "".join(
            part if isinstance(part, str) else f"${{{part.variable}}}" if part else "RELEASE" for part in self.parts(text)
        )

    def is_secret(self, text: object) -> bool:
        """Whether a string contains the mark of a secret answer."""
        return any(question.secret for question in self.questions(text))


@dataclass(frozen=True, eq=False)
class OpenStack:
    """A stack with marks for the open answers; `plain` has the answers instead. `shaping` lists variables with fixed answers."""

    stack: Stack
    plain: Stack
    marks: Marks
    variables: Mapping[str, str]
    shaping: tuple[str, ...]


def opened(entry: Revision, variables: Mapping[str, str]) -> OpenStack:
    """Return the stack of a revision with as many of these answers open as possible.

    Raises the errors of `compose`, and ForgeError for each missing answer that the chart cannot leave open.
    """
    texts = "\n".join(file.text for file in entry.compose_files)
    made = _marks(entry, variables, texts)
    answers = {
        name: variables.get(name, "") or (made.get(name, "") if entry.asked[name].required else "") for name in entry.asked
    }
    stand_ins = [name for name in made if answers[name] and not variables.get(name)]
    try:
        plain = compose(entry, answers, RELEASE)
    except ForgeError as error:
        _check_answered(entry, stand_ins, made, str([problem.message for problem in error.problems]))
        raise
    finder = _Finder(entry, answers, plain, made)
    chosen = finder.open([name for name in finder.marks if name not in decisive(entry)])
    stack = finder.stack(chosen)
    _check_answered(entry, [name for name in stand_ins if name not in chosen], made, repr(stack))
    names = {finder.marks[name]: entry.asked[name] for name in chosen}
    return OpenStack(stack, plain, Marks(names), variables, tuple(name for name in answers if name not in chosen))


def _check_answered(entry: Revision, missing: Sequence[str], made: Mapping[str, str], shown: str) -> None:
    """Raise ForgeError if `shown` contains the mark of a missing answer, because no answer would replace this mark.

    For example, a question whose answer is the target of an external link must be answered. `shown` is the text of a stack or of
    its errors.
    """
    problems = [
        Problem(
            f"a chart needs an answer to {name}, because the answer determines the structure of the stack",
            entry.asked[name].where,
            f"give the answer: --set {name}=VALUE",
        )
        for name in missing
        if made[name] in shown
    ]
    if problems:
        raise ForgeError.of(problems)


def decisive(entry: Revision) -> set[str]:
    """Return the variables that templates do not just print, but use in conditions or in larger expressions.

    The effect of their answers is unknown.
    """
    found: set[str] = set()
    for use in entry.uses:
        if use.kind != "value" or not is_template(use.file.text):
            continue
        if use.name == "*":
            return set(entry.asked)
        text = use.file.text
        line = text.rfind("{{", 0, use.offset)
        end = use.offset + len(f".Values.{use.name}")
        if not (_PLAIN.fullmatch(text[line : use.offset]) and _PLAIN_END.match(text, end)):
            found.add(use.name)
    return found


def _marks(entry: Revision, variables: Mapping[str, str], texts: str) -> dict[str, str]:
    """Return a mark for each variable, of the same kind as its answer: a number, a path or a word.

    If the answer to a required question is missing, the mark represents the answer even in `OpenStack.plain`. If this causes
    errors, the kind of mark that causes the fewest errors is chosen.
    """
    names = [name for name in entry.asked if _NAME.fullmatch(name)]
    numbers = (str(number) for number in range(40001, 65000) if str(number) not in texts)
    words = (word for number in count() if (word := f"cfq{number}x") not in texts)
    kinds = {name: (word := next(words), next(numbers, word), f"/{word}") for name in names}
    made = {name: kinds[name][_kind_of(variables.get(name, ""))] for name in names}
    unknown = [name for name in names if entry.asked[name].required and not variables.get(name)]

    def wrong(name: str, mark: str) -> int:
        stand_ins = {other: mark if other == name else made[other] for other in unknown}
        try:
            compose(entry, {**variables, **stand_ins}, RELEASE)
        except ForgeError as error:
            return len(error.problems)
        return 0

    for name in unknown if unknown and wrong(unknown[0], made[unknown[0]]) else ():
        made[name] = min(kinds[name], key=lambda mark, name=name: wrong(name, mark))  # type: ignore[misc]
    return made


def _kind_of(answer: str) -> int:
    return _NUMBER if re.fullmatch("[0-9]{1,1000}", answer) else _PATH if answer.startswith("/") else _WORD


class _Finder:
    def __init__(self, entry: Revision, answers: Mapping[str, str], plain: Stack, marks: Mapping[str, str]) -> None:
        self.entry, self.answers, self.marks = entry, answers, marks
        self.plain = _bare(plain)

    def stack(self, names: Collection[str]) -> Stack:
        """Return the stack with marks in place of the answers to the variables in `names`."""
        return compose(self.entry, {**self.answers, **{name: self.marks[name] for name in names}}, RELEASE)

    def open(self, names: Sequence[str]) -> list[str]:
        """Return the variables whose answers can be left open together."""
        if self._holds(names):
            return list(names)
        alone = [name for name in names if self._holds([name])]
        if self._holds(alone):
            return alone
        kept: list[str] = []
        for name in alone:
            if self._holds([*kept, name]):
                kept.append(name)
        return kept

    def _holds(self, names: Sequence[str]) -> bool:
        try:
            stack = _bare(self.stack(names))
        except ForgeError:
            return False
        pairs = {self.marks[name]: self.answers[name] for name in names}
        if any(mark in text for text in _naming(stack) for mark in pairs):
            return False
        return bool(_filled(stack, pairs) == self.plain)


def _bare(stack: Stack) -> Stack:
    """Return a copy of a stack without its notes on settings, its secrets and the locations of its images."""
    return replace(stack, unhonoured=(), dangerous=(), images={}, secrets=())


def _naming(stack: Stack) -> Iterator[str]:
    """Yield the strings that identify the parts of a stack, such as names of volumes, containers and labels."""
    yield from stack.volumes
    for service in stack.services:
        yield from service.metadata
        yield from (part for link in service.links for part in (link.alias, link.target))
        for launch in service.launches:
            yield from (launch.name, *launch.labels, *launch.environment, *launch.external, *launch.external.values())
            for volume in launch.volumes:
                head, _, rest = volume.partition(":")
                yield from (rest, "" if head.startswith("/") and rest else head)


def _filled(value: Any, pairs: Mapping[str, str]) -> Any:
    """Return a copy of a value in which answers replace their marks."""
    if isinstance(value, bool) or value is None or isinstance(value, Where):
        return value
    if isinstance(value, int):
        answer = pairs.get(str(value))
        return value if answer is None else int(answer) if _kind_of(answer) == _NUMBER else answer
    if isinstance(value, str):
        for mark, answer in pairs.items():
            value = value.replace(mark, answer)
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _filled(getattr(value, each.name), pairs) for each in fields(value)})
    if isinstance(value, Mapping):
        return {key if pairs.keys() & {key} else _filled(key, pairs): _filled(each, pairs) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(each, pairs) for each in value)
    return value
