"""Finds the update of a spec: expands the current blueprint with the recorded answers, and determines the change to each file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from catalog_forge import journal
from catalog_forge.blueprint import memory
from catalog_forge.blueprint.answers import Given, Question, answer
from catalog_forge.blueprint.checks import is_asked
from catalog_forge.blueprint.expand import expand, renderer
from catalog_forge.blueprint.find import cache_folder, opened
from catalog_forge.blueprint.limits import Budget
from catalog_forge.blueprint.memory import Memory
from catalog_forge.blueprint.model import Blueprint
from catalog_forge.blueprint.sandbox import text_of
from catalog_forge.blueprint.updating import Update, best_answers, changes, check_same, labels, named, reference_of
from catalog_forge.cli.make.asking import asker
from catalog_forge.cli.make.new import given
from catalog_forge.cli.make.starting import started
from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import EXECUTABLE, REGULAR, File, Plan
from catalog_forge.repository import Repository
from catalog_forge.spec.folder import MEMORY, check_merged


@dataclass(frozen=True)
class Wished:
    """The options of the command line."""

    commit: str | None
    reference: str | None
    pairs: tuple[str, ...]
    no_input: bool
    trust: bool
    check: bool
    diff: bool
    dry_run: bool
    inline: bool
    force: bool
    directory: Path


@dataclass(frozen=True)
class News:
    """The update of a spec: the old and the new blueprint, the change to each file, and the new record of the blueprint."""

    name: str
    was: str
    now: str
    changes: list[Update] = field(default_factory=list)
    memory: File | None = None
    remembered: File | None = None
    taken_in: bool = False
    is_same: bool = False
    """Whether the blueprint is unchanged and only answers are new."""

    hidden: tuple[str, ...] = ()
    """Files of whose content only a digest is recorded, because the files may contain a secret."""
    defaults: Mapping[str, str | bool] = field(default_factory=dict)
    """The default answers that were given to new questions."""

    @property
    def newer(self) -> list[str]:
        """The files that the blueprint changed."""
        return [change.path for change in self.changes if change.newer]

    @property
    def edited(self) -> list[str]:
        """The files that the author changed."""
        return [change.path for change in self.changes if change.edited]

    @property
    def conflicts(self) -> list[Update]:
        """The files that the blueprint and the author changed in ways that cannot be merged."""
        return [change for change in self.changes if change.clashes]


def find(repository: Repository, name: str, wished: Wished) -> News:
    """Find the update of a spec. Raises ForgeError if no blueprint is recorded, or if a new question has no answer."""
    repository.source(name)  # reports a missing spec, or a link that leaves the catalog, before any other error
    kept = journal.read(repository.root, f"specs/{name}/{MEMORY}")
    if kept is None:
        return _taken_in(repository, name, wished)
    remembered = memory.read(kept.content, name)
    was = named(remembered.blueprint, remembered.source)
    if "url" in remembered.source and not (wished.commit or wished.reference or wished.pairs):
        return News(name, was, was, _unchanged(repository, remembered))  # a commit never changes, so nothing is fetched
    reference = wished.reference or reference_of(remembered, wished.commit)
    with opened(reference, _base(repository, wished, reference), cache_folder(os.environ)) as blueprint:
        if blueprint.digest == remembered.digest and not wished.pairs:
            return News(name, was, was, _unchanged(repository, remembered))
        check_same(remembered, blueprint, name)
        answers, defaults, made = _expanded(repository, name, blueprint, remembered, wished)
    ours = _ours(repository.root, {*remembered.files, *(file.path for file in made)})
    now = named(blueprint.name, blueprint.source)
    found = changes(remembered.files, ours, made, labels(was, now), remembered.programs)
    is_new = bool(wished.pairs) or any(change.newer for change in found)
    file = memory.file_of(blueprint, answers, made) if is_new else None
    is_same = blueprint.digest == remembered.digest
    kinds = (remembered.files, memory.read(file.content, name).files if file else {})
    hidden = {path for files in kinds for path, content in files.items() if isinstance(content, memory.Digest)}
    return News(name, was, now, found, file, kept, is_same=is_same, hidden=tuple(sorted(hidden)), defaults=defaults)


def _base(repository: Repository, wished: Wished, reference: str) -> Path:
    """Return the folder that a blueprint's path is relative to: the working folder if the path exists there, else the catalog."""
    return wished.directory if (wished.directory / reference).is_dir() else repository.root


def _unchanged(repository: Repository, remembered: Memory) -> list[Update]:
    """Return the author's changes to the files of an unchanged blueprint."""
    texts = {path: text for path, text in remembered.files.items() if isinstance(text, str)}
    modes = {path: EXECUTABLE if path in remembered.programs else REGULAR for path in texts}
    made = Plan(File(path, text.encode(), modes[path]) for path, text in texts.items())
    return changes(texts, _ours(repository.root, remembered.files), made, ("", "", ""), remembered.programs)


def _ours(root: Path, paths: Mapping[str, object] | set[str]) -> dict[str, File]:
    """Read the author's files at these paths. Raises ForgeError for a symbolic link, and for a file below a linked folder."""
    there = journal.folders_above(root, sorted(paths))
    found = {path: journal.read(root, path) for path in paths if there[path.rpartition("/")[0]]}
    for path, file in found.items():
        if file and file.mode == journal.LINK:
            raise ForgeError(
                "this is a symbolic link, and its target is not updated", Where(path), "replace it with a regular file"
            )
        if file:
            check_merged(path, file.content)
    return {path: file for path, file in found.items() if file}


def _expanded(
    repository: Repository, name: str, blueprint: Blueprint, remembered: Memory, wished: Wished
) -> tuple[dict[str, object], dict[str, str | bool], Plan]:
    """Return all answers, the default answers to new questions, and the files that the blueprint makes from all answers."""
    budget = Budget()
    render = renderer(blueprint, trusted=wished.trust, budget=budget)
    asked = {key for key, raw in blueprint.context.items() if is_asked(key, raw)}
    place = Where(f"specs/{name}/{MEMORY}")
    known = {key: Given(_words(value), place) for key, value in remembered.answers.items() if key in asked}
    defaults: dict[str, str | bool] = {}
    ask = asker(wished.no_input or wished.check) or partial(_by_default, defaults, wished.check)
    answers = answer(blueprint, render, {**known, **given(wished.pairs, None), "name": Given(name)}, ask)
    made = expand(blueprint, answers, trusted=wished.trust, budget=budget)
    return answers, defaults, started(name, made, repository.inherited, remembered.files.get(f"specs/{name}.yml"))


def _by_default(defaults: dict[str, str | bool], quiet: bool, question: Question) -> str | bool:
    """Answer a new question with its default if no user can be asked.

    If `quiet`, nothing is checked; otherwise, raises ForgeError if the question is secret, or if its default is empty or invalid.
    """
    hint = f"{question.prompt}: --set {question.name}=VALUE"
    if quiet:
        return question.default
    if question.check and question.check.secret:
        raise ForgeError(f"the answer to {question.name!r} is secret, so it is not recorded", hint=hint)
    if question.default == "":
        raise ForgeError(f"the blueprint has a new question, {question.name!r}, that has no answer", hint=hint)
    if isinstance(question.default, str):
        try:
            question.value(question.default)
        except ForgeError as error:
            wanted = error.problems[0].hint
            raise ForgeError(
                f"the blueprint has a new question, {question.name!r}, whose default is not a valid answer: {wanted}", hint=hint
            ) from None
    defaults[question.name] = question.default
    return question.default


def _words(value: str | bool) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def _taken_in(repository: Repository, name: str, wished: Wished) -> News:
    """Return an update for a spec that has no recorded blueprint. The update records a blueprint.

    The base of the update is what the blueprint generates from the answers that reproduce as much of the spec as possible.
    """
    if wished.reference is None:
        raise ForgeError(
            f"no blueprint is recorded for {name!r}",
            Where(f"specs/{name}/{MEMORY}"),
            f"update {name} --from BLUEPRINT records it",
        )
    spec = repository.source(name).content
    with opened(wished.reference, _base(repository, wished, wished.reference), cache_folder(os.environ)) as blueprint:
        budget = Budget()
        render = renderer(blueprint, trusted=wished.trust, budget=budget)
        told = {**given(wished.pairs, None), "name": Given(name)}

        def made(answers: Mapping[str, Given]) -> tuple[dict[str, object], Plan]:
            full = answer(blueprint, render, {**answers, **told})
            author = expand(blueprint, full, trusted=wished.trust, budget=budget)
            return full, started(name, author, repository.inherited, spec.decode(errors="replace"))

        answers, base = best_answers(f"specs/{name}.yml", spec, blueprint, render, made)
    now = named(blueprint.name, blueprint.source)
    ours = _ours(repository.root, {file.path for file in base})
    texts = {file.path: text_of(file.content) for file in base}
    was = {file.path: text if (text := texts[file.path]) is not None else memory.digest_of(file.content) for file in base}
    found = changes(was, ours, base, ("", "", ""), [file.path for file in base if file.mode == EXECUTABLE])
    return News(name, now, now, found, memory.file_of(blueprint, answers, base), taken_in=True)
