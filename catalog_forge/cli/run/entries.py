"""Determines the entry that a command line names, the answers to the entry's questions, and the resulting stack."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings, recover_above
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from catalog_forge.rancher.entries import Revision
    from catalog_forge.rancher.questions import Ask, Given, Question
    from catalog_forge.spec.model import Spec
    from catalog_forge.stack.changes import ServiceChange
    from catalog_forge.stack.model import Stack
    from catalog_forge.yamlio import Node, Text

MAX_BYTES = 1 << 20
MAX_FILES = 2000

_SIGNS = {"+": "green", "-": "red", "~": "yellow"}


def chosen(
    settings: Settings,
    entry: str,
    revision: str | int | None = None,
    sets: Sequence[str] = (),
    answers_file: Path | None = None,
    ask: Ask | bool | None = None,
    name: str | None = None,
    kept: Callable[[str], Stack | None] = lambda _: None,
) -> tuple[Revision, Stack]:
    """Return the selected revision of an entry, and the stack that its answers define.

    `entry` is the folder of an entry or of a revision, or the name of an entry in the catalog; `name` is the stack's name, by
    default the entry's name. `ask` is called for each question without an answer; True asks the user at the terminal. `kept`
    returns the existing stack with a given name; its answers are kept unless new answers are given. Raises ForgeError
    with all problems of the entry and the answers.
    """
    from catalog_forge.rancher.questions import answered
    from catalog_forge.stack.compose import compose
    from catalog_forge.stack.model import stack_name
    from catalog_forge.stack.stored import entry_of, stored

    spec = _stored(settings.directory, entry)
    read_entry = entry_of(spec) if spec else opened(settings.directory, entry, revision)
    name = name or stack_name(read_entry.entry.name)
    before = kept(name)
    told = {**(_answers_of(before, read_entry) if before else {}), **given(sets, answers_file)}
    variables = answered(read_entry.questions, told, asker() if ask is True else ask or None)
    answers = {key: text for key, text in variables.items() if key in told or text != read_entry.asked[key].default}
    stack = replace(compose(read_entry, variables, name), entry=read_entry.entry.name, answers=answers)
    stack = _safe(read_entry, stack, variables)
    return read_entry, stored(stack, spec) if spec else stack


def _stored(directory: Path, name: str) -> Spec | None:
    """Return the spec of this name if its conf containers read a store that `up` provides.

    A spec whose containers read a store needs no catalog entry.
    """
    from catalog_forge.repository import Repository
    from catalog_forge.stack.stored import is_stored

    repository = Repository.find(directory)
    is_entry = name not in repository.names() and (repository.root / "templates" / name).is_dir()
    if (directory / name).is_dir() or is_entry or (named := repository.named(name)) not in repository.names():
        return None
    spec = repository.source(named).spec()
    return spec if is_stored(spec) else None


def opened(directory: Path, entry: str, revision: str | int | None) -> Revision:
    from catalog_forge.rancher.entries import read

    folder, inner = _found(directory, entry)
    wanted = inner if revision is None else str(revision)
    if inner and wanted != inner:
        raise click.UsageError(f"{entry} is already revision {inner}: leave out --revision, or name the entry's folder")
    return read(_files(folder), folder.name, wanted, _label(directory, folder))


def _safe(entry: Revision, stack: Stack, variables: Mapping[str, str]) -> Stack:
    """Return a copy of the stack with masked secrets in its notes. The copy's attribute `shown` is a stack without any secret."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.stack.compose import compose, masks_of
    from catalog_forge.stack.plan import masked

    secret = masks_of(entry, variables)
    if not secret:
        return stack
    answers = {key: secret.get(key, text) for key, text in stack.answers.items()}
    try:
        stand_in = replace(compose(entry, {**variables, **secret}, stack.name), entry=stack.entry, answers=answers)
    except ForgeError:  # with masked answers, the entry may be invalid
        stand_in = None
    shown = replace(masked(stack, stand_in), answers=answers)
    return replace(stack, unhonoured=shown.unhonoured, dangerous=shown.dangerous, shown=shown)


def show_plan(stack: Stack, form: str, found: list[ServiceChange] | None = None) -> None:
    """Print what would run, as `text` or `json`, and the changes to the existing stack (`found` is None if no stack exists)."""
    from catalog_forge.stack import changes
    from catalog_forge.stack.plan import data, lines

    if form == "json":
        click.echo(as_json(data(stack) | ({} if found is None else {"changes": [asdict(each) for each in found]})))
        return
    for line in lines(stack):
        click.echo(click.style(line, bold=True) if line and line[0] != " " else line)
    if found is not None:
        click.echo(click.style("changes to the existing stack:", bold=True))
        for line in changes.lines(found):
            click.echo(click.style(line, fg=_SIGNS.get(line[:1])))


def asker(no_input: bool = False) -> Ask | None:
    """Return a function that asks the user, or None if there is no terminal or `no_input` is set."""
    return None if no_input or not (sys.stdin.isatty() and sys.stderr.isatty()) else prompted


def prompted(question: Question) -> str:
    """Ask the user at the terminal until the answer is valid. Answers to secret questions are not echoed."""

    def value(text: str) -> str:
        if wrong := question.problem(text):
            raise click.UsageError(printable(f"{wrong[0]} ({wrong[1]})" if wrong[1] else wrong[0]))
        return text

    options = f" ({', '.join(question.options)})" if question.options else ""
    answer: str = click.prompt(printable(question.label + options), value_proc=value, err=True, hide_input=question.secret)
    return answer


def _found(directory: Path, entry: str) -> tuple[Path, str | None]:
    """Return the folder of an entry, and the revision if `entry` is the folder of a revision."""
    from catalog_forge.errors import ForgeError, did_you_mean
    from catalog_forge.rancher.entries import COMPOSE, is_revision
    from catalog_forge.repository import BEGIN, Repository

    path = directory / entry
    if path.is_dir():
        path = path.resolve()
        recover_above(path)
        below = is_revision(path.name) and any((path / each).is_file() for each in COMPOSE)
        return (path.parent, path.name) if below else (path, None)
    known = {each.name: each for root in (directory, *directory.parents) for each in _entries(root)}
    repository = Repository.find(directory)
    made = repository.entries if entry not in known else {}
    if (found := made.get(entry, entry)) in known:
        return known[found].resolve(), None
    if entry in made:
        hint = f"catalog-forge generate {entry}"
        raise ForgeError(f"the entry {found!r} of the spec {entry!r} has not been generated yet", hint=hint)
    words = {*known, *repository.names()}
    raise ForgeError(f"there is no entry {entry!r} in {directory}", hint=did_you_mean(entry, words) if words else BEGIN)


def _entries(root: Path) -> Iterator[Path]:
    """Yield the entry folders of a catalog.

    The folders in templates/ come last, because they override folders of the same name elsewhere.
    """
    tops = (each for each in root.glob("*templates") if each.name == "templates" or each.name.endswith("-templates"))
    for top in sorted(tops, key=lambda each: (each.name == "templates", each.name)):
        yield from (each for each in sorted(top.iterdir()) if each.is_dir())


def _label(directory: Path, folder: Path) -> str:
    base = directory.resolve()
    return str(folder.relative_to(base)) if folder != base and folder.is_relative_to(base) else str(folder)


def _files(folder: Path) -> dict[str, bytes]:
    """Return the files of an entry: config.yml, and the compose files in its folder and in the folders of its revisions.

    Entries are untrusted: symbolic links that point outside the folder, special files, and files over 1 MiB are refused.
    """
    from catalog_forge.errors import ForgeError, Where
    from catalog_forge.rancher.entries import COMPOSE, CONFIG, is_revision

    found: dict[str, bytes] = {}
    root = folder.resolve()
    folders = [folder, *(each for each in sorted(folder.iterdir()) if is_revision(each.name) and each.is_dir())]
    for each in folders[:MAX_FILES]:
        if not os.access(each, os.R_OK | os.X_OK):
            raise ForgeError("the folder cannot be read: permission denied", Where(str(each)), "chmod u+rx lets you read it")
        for name in (CONFIG, "url", *COMPOSE):
            path = each / name
            if os.path.lexists(path):
                found[str(path.relative_to(folder))] = _content(root, path)
    return found


def icon_of(directory: Path, entry: str) -> tuple[str, bytes] | None:
    """Return the file extension and content of the icon that Rancher shows for an entry."""
    from catalog_forge.lint import disk
    from catalog_forge.rancher import entries

    folder, _ = _found(directory, entry)
    icon = entries.icon_of(disk.read(folder, str(folder)).folders[""].everything)
    ending = icon.name.rpartition(".")[2].lower() if icon else ""
    if icon is None or ending not in ("svg", "png", "jpg", "jpeg", "gif"):
        return None
    return ending, _content(folder.resolve(), Path(icon.shown))


def _content(root: Path, path: Path) -> bytes:
    from catalog_forge.errors import ForgeError, Where

    if not path.resolve().is_relative_to(root):
        raise ForgeError(
            "the symbolic link points outside the entry's folder", Where(str(path)), "replace the link by its target"
        )
    try:
        # The file may be a pipe, so it is opened without blocking. The opened file is checked, because the path could change.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ForgeError("this is not a regular file", Where(str(path)), "replace it with a regular file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ForgeError(f"the file cannot be read: {error.strerror}", Where(str(path))) from None
    if len(content) > MAX_BYTES:
        raise ForgeError(f"the file is larger than {MAX_BYTES} bytes", Where(str(path)), "shorten it")
    return content


def _answers_of(stack: Stack, entry: Revision) -> dict[str, Given]:
    """Return the answers of an existing stack of this entry, without answers to questions that the entry no longer asks."""
    from catalog_forge.rancher.questions import Given

    asked = entry.asked if stack.entry == entry.entry.name else {}
    return {name: Given(text) for name, text in stack.answers.items() if name in asked}


def given(sets: Sequence[str], answers_file: Path | None) -> dict[str, Given]:
    """Return the answers from --answers and --set; --set takes precedence."""
    from catalog_forge import yamlio
    from catalog_forge.errors import ForgeError
    from catalog_forge.goyaml.decoding import text_of
    from catalog_forge.rancher.questions import Given

    found: dict[str, Given] = {}
    if answers_file:
        try:
            if answers_file.suffix == ".env" or answers_file.name == ".env":
                return _of_env(answers_file) | given(sets, None)
            root = yamlio.parse(answers_file.read_bytes(), str(answers_file))
        except OSError as error:
            raise ForgeError(f"{answers_file} cannot be read: {error.strerror}") from None
        found = {name: Given(text_of(node), node.where) for name, node in answers_in(root).items()}
    return found | {name: Given(text) for name, text in pairs_of(sets)}


def answers_in(root: Node, *, needed: bool = False) -> dict[str, Text]:
    """Return the answers in a YAML file by question.

    Raises ForgeError if the file is not a mapping to single values or, if answers are `needed`, if it has none.
    """
    from catalog_forge import yamlio
    from catalog_forge.errors import ForgeError

    found: dict[str, Text] = {}
    for key, value in root.pairs if isinstance(root, yamlio.Map) else ():
        if not isinstance(value, yamlio.Text):
            hint = f"write {key.value}: ANSWER"
            raise ForgeError(f"the answer to {key.value!r} must be a single value", value.where, hint)
        found[key.value] = value
    if not found and (needed or not isinstance(root, yamlio.Map)):
        hint = "write QUESTION: ANSWER, with one question in each line"
        raise ForgeError("answers must be a mapping of questions to values", root.where, hint)
    return found


def pairs_of(sets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the key and value of each --set. Raises BadParameter for a value that is not KEY=VALUE."""
    for text in sets:
        yield options.pair("--set", text, "KEY=VALUE")


def _of_env(file: Path) -> dict[str, Given]:
    """Return the answers in a file of KEY=VALUE lines, parsed as in docker-compose and rancher-compose; `#` begins a comment."""
    from catalog_forge.errors import ForgeError, Where
    from catalog_forge.rancher.questions import Given

    found: dict[str, Given] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        name, equals, text = line.strip().partition("=")
        if name and not name.startswith("#"):
            if not equals:
                raise ForgeError(
                    "this line is not KEY=VALUE", Where(str(file), number, 1), "write one answer per line; # begins a comment"
                )
            found[name.strip()] = Given(text, Where(str(file), number, 1))
    return found
