"""Finds the start command for a new spec: from the command line, the table of known images, an engine, or the user."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.plan import Plan
    from catalog_forge.spec.model import Spec
    from catalog_forge.yamlio import Map

_WORDS = ("PROGRAM", "ARGUMENT")
_COMMENT = "# The command that starts the program in the service's image."


def with_start(name: str, author: Plan, inherited: Map | None, words: str | None, no_input: bool) -> Plan:
    """Return the author's files, with `launch.exec` added to the spec if it does not define the start command.

    `words`: the value of --exec. Raises ForgeError if the command cannot be found. Other problems of the spec are ignored.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.plan import Plan
    from catalog_forge.spec.programs import line
    from catalog_forge.spec.reader import parsed, read

    file = f"specs/{name}.yml"
    content = author[file].content
    try:
        says = any(key.value == "launch" for key, _ in parsed(content, file).pairs)
        spec = read(content, file, inherited, started=False) if words is None else None
    except ForgeError:
        return author
    if words is not None and says:
        raise ForgeError("the blueprint already defines the command that starts the program: leave out --exec")
    if says:
        return author
    start = _split(words or "") if spec is None else spec.launch.command or _found(spec, no_input)
    plan = Plan(each for each in author if each.path != file)
    plan.add_text(file, f"{content.decode().rstrip()}\n\n{_COMMENT}\n{line(start)}\n")
    return plan


def started(name: str, author: Plan, inherited: Map | None, before: object) -> Plan:
    """Return the author's files like `with_start`, but take the start command from the earlier spec `before` if possible.

    `before`: the text of a spec, which is ignored if it is not a valid spec or has no start command.
    """
    from catalog_forge import yamlio
    from catalog_forge.errors import ForgeError

    def launch(text: str) -> object:
        try:
            data = yamlio.load(text, f"specs/{name}.yml")
        except ForgeError:
            return None
        return data.get("launch") if isinstance(data, dict) else None

    if launch(author.text(f"specs/{name}.yml")) is not None:
        return author
    earlier = launch(before) if isinstance(before, str) else None
    words = earlier.get("exec") if isinstance(earlier, dict) else None
    line = shlex.join(map(str, words)) if isinstance(words, list) and words else None
    return with_start(name, author, inherited, line, no_input=True)


def _found(spec: Spec, no_input: bool) -> tuple[str, ...]:
    """Find a start command that is not in the table: ask an engine that has the image, then the user."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.image.engine import answers, command_of
    from catalog_forge.spec.programs import likely, line

    image = spec.service.image
    engine = answers()
    if engine is not None:
        with engine:
            if start := command_of(engine, image):
                said = f"according to the engine, {printable(shlex.join(start))} starts {image}"
                click.echo(f"{said}: make sure that this command reads the configuration", err=True)
                return start
    guess = likely(image, [file.dest for file in spec.files])
    if no_input or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ForgeError(
            f"the start command of the image {image!r} is unknown",
            hint=f"give the image's ENTRYPOINT and CMD: --exec {shlex.quote(shlex.join(guess or _WORDS))}, "
            f"which writes `{line(guess or _WORDS)}` into the spec",
        )
    words: tuple[str, ...] = click.prompt(
        f"What starts the program in {image} (ENTRYPOINT and CMD)", default=shlex.join(guess) or None, value_proc=_split, err=True
    )
    return words


def _split(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        what = f"the command cannot be split into words ({error}): check its quotes and backslashes"
        raise click.BadParameter(what, param_hint="--exec") from None
    if not words:
        raise click.BadParameter("the command is empty: write the program and its arguments", param_hint="--exec")
    return words
