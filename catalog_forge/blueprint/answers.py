"""Answers the questions of a blueprint: from options and files, by asking the user, or with the default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge.blueprint.checks import Check, is_asked
from catalog_forge.blueprint.model import Blueprint
from catalog_forge.blueprint.shipped import CONTEXT
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean

_TRUTHS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}

Render = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its name, the text of its prompt, its default, and the options of a choice."""

    name: str
    prompt: str
    default: str | bool
    options: tuple[str, ...] = ()
    check: Check | None = None

    def value(self, text: str) -> str | bool:
        """Convert a string to an answer. Raises ForgeError if the string is not a valid answer."""
        if isinstance(self.default, bool):
            if text.lower() not in _TRUTHS:
                raise ForgeError(f"{self.name} cannot be {text!r}", hint="answer yes or no")
            return _TRUTHS[text.lower()]
        if self.options and text not in self.options:
            raise ForgeError(f"{self.name} cannot be {text!r}", hint=did_you_mean(text, self.options))
        # If the default is empty, an empty answer is also valid.
        if self.check and (text or self.default) and (problems := self.check.problems(self.name, text)):
            raise ForgeError.of(problems)
        return text


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that an option or a file gives in advance, and the place of the answer."""

    text: str
    where: Where | None = None


Ask = Callable[[Question], str | bool]


def answer(blueprint: Blueprint, render: Render, given: Mapping[str, Given], ask: Ask | None = None) -> dict[str, Any]:
    """Answer every question of a blueprint, in order. Return the variables that templates read from `cookiecutter`.

    Questions without a `given` answer are passed to `ask` or, without `ask`, get the default. Defaults are rendered as templates;
    given answers are not. Raises ForgeError with all invalid answers.
    """
    problems = [*_unknown(blueprint, given)]
    answers: dict[str, Any] = {}
    # As in cookiecutter, variables that are mappings come last, because they are rendered from the answers.
    for key, raw in sorted(_variables(blueprint), key=lambda pair: isinstance(pair[1], dict)):
        if key.startswith("_") and not key.startswith("__"):
            answers[key] = raw
        elif not is_asked(key, raw):
            answers[key] = _rendered(raw, render, answers)
        else:
            question = _question(blueprint, key, _rendered(raw, render, answers))
            try:
                answers[key] = _answered(question, given.get(key), ask)
            except ForgeError as error:
                answers[key] = question.default
                where = given[key].where if key in given else None if ask else Where(str(blueprint.folder / CONTEXT))
                problems += [Problem(each.message, where, each.hint) for each in error.problems]
    if problems:
        raise ForgeError.of(problems)
    return answers


def questions(blueprint: Blueprint, render: Render) -> list[Question]:
    """Return the questions that a user would be asked. Each default is rendered with the defaults of the earlier questions."""
    seen: list[Question] = []

    def note(question: Question) -> str | bool:
        seen.append(question)
        return question.default

    answer(blueprint, render, {"name": Given(blueprint.name)}, note)
    return seen


def _variables(blueprint: Blueprint) -> list[tuple[str, Any]]:
    return [(key, raw) for key, raw in blueprint.context.items() if key != "__prompts__"]


def _unknown(blueprint: Blueprint, given: Mapping[str, Given]) -> list[Problem]:
    known = [key for key, raw in blueprint.context.items() if is_asked(key, raw)]
    return [
        Problem(f"the blueprint {blueprint.name!r} has no question {key!r}", answer.where, did_you_mean(key, known))
        for key, answer in given.items()
        if key not in known
    ]


def _answered(question: Question, given: Given | None, ask: Ask | None) -> str | bool:
    if given:
        return question.value(given.text)
    if ask:
        return ask(question)
    # Defaults are also checked, because a default that is rendered from earlier answers may be invalid.
    return question.default if isinstance(question.default, bool) else question.value(question.default)


def _question(blueprint: Blueprint, name: str, default: Any) -> Question:
    prompts = blueprint.context.get("__prompts__", {})
    prompt = prompts.get(name, name) if isinstance(prompts, dict) else name
    if isinstance(prompt, dict):
        prompt = prompt.get("__prompt__", name)
    if isinstance(default, list):
        if not default:
            message = f"the choice {name!r} of the blueprint {blueprint.name!r} has no options"
            raise ForgeError(message, Where(str(blueprint.folder / CONTEXT)), f'list them, such as "{name}": ["small", "large"]')
        options = tuple(map(str, default))
        return Question(name, str(prompt), options[0], options)
    return Question(name, str(prompt), default, check=blueprint.checks.get(name))


def _rendered(raw: Any, render: Render, answers: Mapping[str, Any]) -> Any:
    if isinstance(raw, dict):
        return {render(key, answers): _rendered(value, render, answers) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_rendered(value, render, answers) for value in raw]
    if isinstance(raw, bool):
        return raw
    return "" if raw is None else render(str(raw), answers)
