"""The help of every command: an example that can be typed, and whether an option may be repeated."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from catalog_forge.cli.main import COMMANDS, root
from catalog_forge.cli.shown.examples import EXAMPLES

ROOT = click.Context(root, info_name="catalog-forge")


def below(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from below(each, (*path, name))


def found(name: str) -> click.Command:
    command = root.get_command(ROOT, name)
    assert command
    return command


EVERY = [pair for name in COMMANDS for pair in below(found(name), (name,))]


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) for path, _ in EVERY])
def test_every_help_has_an_example_whose_words_the_command_takes(path: tuple[str, ...], command: click.Command) -> None:
    shown = command.get_help(click.Context(command, ROOT, " ".join(path)))
    examples = re.findall(r"^    (?:eval \"\$\()?catalog-forge ([^#|\n]*)", shown.partition("Examples:")[2], re.M)
    assert examples, shown
    for example in examples:
        words = shlex.split(example.split(")")[0])
        chosen = max((pair for pair in EVERY if tuple(words[: len(pair[0])]) == pair[0]), key=lambda pair: len(pair[0]))
        assert chosen[0][: len(path)] == path
        context = click.Context(chosen[1], ROOT, " ".join(chosen[0]))
        _, rest, _ = chosen[1].make_parser(context).parse_args(words[len(chosen[0]) :])
        assert rest == [] or isinstance(chosen[1], click.Group), f"{example}: {rest}"


def test_every_example_is_of_a_command_that_is_there() -> None:
    assert EXAMPLES.keys() <= {" ".join(path) for path, _ in EVERY}


def test_options_that_may_be_repeated_say_so() -> None:
    options = [(path, each) for path, command in EVERY for each in command.params if isinstance(each, click.Option)]
    silent = [
        (path, each.opts) for path, each in options if each.multiple and not re.search("may be repeated|two ", each.help or "")
    ]
    assert [pair for pair in silent if "--scale" not in pair[1]] == []


def test_an_option_of_one_meaning_has_one_name() -> None:
    """One letter stands for one word, and what has the same help has the same name."""
    named: dict[str, set[str]] = {}
    for _, command in EVERY:
        for each in command.params:
            if isinstance(each, click.Option) and each.opts != ["-C"]:
                word = next(name for name in each.opts if name.startswith("--"))
                for meaning in (*(name for name in each.opts if not name.startswith("--")), each.help or ""):
                    named.setdefault(meaning, set()).add(word)
    assert "" not in named, named[""]
    # Both write nothing; `--diff` shows the lines, and `--dry-run` the values or the names of the files.
    assert {what: names for what, names in named.items() if len(names) > 1 and names != {"--diff", "--dry-run"}} == {}


def test_a_file_of_the_same_kind_is_given_by_the_same_option() -> None:
    files = [each for _, command in EVERY for each in command.params if "scenario" in (getattr(each, "help", "") or "")]
    reads = {each.opts[0] for each in files if isinstance(each, click.Option) and "answers file" in (each.help or "")}
    assert reads == {"--file"}


@pytest.mark.parametrize("command", ["metadata get", "metadata tree"])
def test_a_path_of_the_metadata_service_begins_with_a_version(command: str) -> None:
    for example in EXAMPLES[command]:
        assert re.search(r" /(latest|\d{4}-\d\d-\d\d)/|--version ", example), f"the service answers Invalid version: {example}"
