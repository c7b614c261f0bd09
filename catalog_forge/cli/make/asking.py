"""Asks the questions of a blueprint at a terminal, checks each answer, and saves the answers if a later step fails."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from shlex import quote
from typing import TYPE_CHECKING

import click

from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.blueprint.answers import Ask, Given, Question
    from catalog_forge.yamlio import Map

Told = dict[str, str | bool]


def asker(no_input: bool, total: int = 0, told: Told | None = None) -> Ask | None:
    """Return a function that asks the user, or None if there is no terminal or `no_input` is set.

    The questions are numbered from 1 to `total`. All answers except secrets are recorded in `told`.
    """
    if no_input or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    numbers = count(1)

    def ask(question: Question) -> str | bool:
        answer = _asked(question, f"{next(numbers)} of {total}  " if total else "")
        if told is not None and not _is_secret(question):
            told[question.name] = answer
        return answer

    return ask


def left_to_team(asked: Collection[Question], inherited: Map | None) -> dict[str, Given]:
    """Return empty answers for the optional questions that the team's standards already answer."""
    from catalog_forge.blueprint.answers import Given
    from catalog_forge.spec.standards import leaves

    known = {path.rpartition(".")[2] for path, _ in leaves(inherited)} if inherited else set()
    return {each.name: Given("") for each in asked if each.default == "" and each.name in known}


@contextmanager
def kept(name: str, told: Mapping[str, str | bool]) -> Iterator[None]:
    """If the block fails, save the answers that `told` contains, and print how to continue with these answers."""
    from catalog_forge.errors import ForgeError

    try:
        yield
    except (ForgeError, click.Abort, KeyboardInterrupt):
        if told:
            _keep(name, told)
        raise


def _keep(name: str, told: Mapping[str, str | bool]) -> None:
    from catalog_forge import xdg, yamlio

    folder = xdg.folder("XDG_STATE_HOME", os.environ) / "catalog-forge" / "answers"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{name}.yml"
    file.write_text(yamlio.dump({key: str(value) for key, value in told.items()}), encoding="utf-8")
    click.echo(f"\nyour answers are saved; to use them, run: catalog-forge new {name} --answers {quote(str(file))}", err=True)


def _is_secret(question: Question) -> bool:
    return bool(question.check and question.check.secret)


def _asked(question: Question, number: str) -> str | bool:
    from catalog_forge.errors import ForgeError

    def value(text: str) -> str | bool:
        try:
            return question.value(text)
        except ForgeError as error:
            raise click.UsageError(printable(error, kept="\n")) from None

    default = question.default if isinstance(question.default, str) else "yes" if question.default else "no"
    options = f" ({', '.join(question.options)})" if question.options else ""
    shown = f" [{default}]" if default else ""
    text = click.wrap_text(printable(number + question.prompt + options + shown), shutil.get_terminal_size().columns - 2)
    secret = _is_secret(question)
    answer: str | bool = click.prompt(text, default=default, show_default=False, value_proc=value, err=True, hide_input=secret)
    return answer
