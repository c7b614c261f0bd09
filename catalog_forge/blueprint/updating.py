"""Merges the changes in a newer version of a blueprint into files that an older version generated and the user may have edited.

This module neither reads nor writes files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from catalog_forge import yamlio
from catalog_forge.blueprint.answers import Given, Render, questions
from catalog_forge.blueprint.checks import LONGEST
from catalog_forge.blueprint.find import EXAMPLE, example
from catalog_forge.blueprint.memory import Digest, Memory, digest_of
from catalog_forge.blueprint.merging import Clash, merge
from catalog_forge.blueprint.model import Blueprint
from catalog_forge.blueprint.sandbox import text_of
from catalog_forge.blueprint.shipped import examples, shipped
from catalog_forge.errors import ForgeError, UsageError, Where, did_you_mean
from catalog_forge.plan import EXECUTABLE, REGULAR, File, Plan
from catalog_forge.spec.folder import MEMORY
from catalog_forge.spec.standards import leaves

Base = Mapping[str, str | Digest]


class Fate(StrEnum):
    """What an update does to a file."""

    SAME = "same"
    """The blueprint did not change the file."""
    UPDATED = "updated"
    MERGED = "merged"
    ADDED = "added"
    REMOVED = "removed"
    KEPT = "kept"
    """The blueprint no longer has the file, but the author edited it."""
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Update:
    """The update of a file: `ours` is the current file, `file` is the updated file (None if the update removes the file), and
    `marked` is the file with conflict markers.

    `newer` means that the blueprint has changed the file since it was generated; `edited` means that the author has changed it.
    """

    path: str
    state: Fate
    ours: File | None
    file: File | None
    newer: bool
    edited: bool
    clashes: tuple[Clash, ...] = ()
    marked: File | None = None


def changes(
    base: Base, ours: Mapping[str, File], theirs: Plan, labels: tuple[str, str, str], programs: Collection[str] = ()
) -> list[Update]:
    """Return the update of each file that the older or the newer blueprint generates.

    `base` has the files as the older blueprint generated them, and `programs` has the paths of the executable files. `ours` has
    the author's current files, and `theirs` has the files that the newer blueprint generates. Raises ForgeError if git, which
    merges lines, is not available.
    """
    now = {file.path: file for file in theirs}
    first = {path: EXECUTABLE if path in programs else REGULAR for path in base}
    found = (_change(path, base.get(path), ours.get(path), now.get(path), labels) for path in sorted({*base, *now}))
    return [_moded(each, first.get(each.path), now.get(each.path)) for each in found]


def _moded(found: Update, first: int | None, theirs: File | None) -> Update:
    """Return a copy of an update with the author's mode if the author changed the mode from `first`, otherwise with the mode of
    `theirs`.
    """
    ours = found.ours
    if ours is None or theirs is None or first is None or found.file is None:
        return found
    mode = theirs.mode if ours.mode == first else ours.mode
    newer, edited = (first != side.mode != other.mode for side, other in ((theirs, ours), (ours, theirs)))
    state = Fate.UPDATED if found.state is Fate.SAME and mode != ours.mode else found.state
    marked = replace(found.marked, mode=mode) if found.marked else None
    file = found.file if found.clashes else replace(found.file, mode=mode)
    return replace(found, state=state, file=file, newer=found.newer or newer, edited=found.edited or edited, marked=marked)


def _change(path: str, base: str | Digest | None, ours: File | None, theirs: File | None, labels: tuple[str, str, str]) -> Update:
    newer, edited = not _is(theirs, base), not _is(ours, base)
    if not newer or _content(ours) == _content(theirs):
        return Update(path, Fate.SAME, ours, ours, newer, edited)
    if not edited:
        state = Fate.REMOVED if theirs is None else Fate.UPDATED if ours else Fate.ADDED
        return Update(path, state, ours, theirs, newer, edited)
    if theirs is None:
        return Update(path, Fate.KEPT, ours, ours, newer, edited)
    texts = [base if isinstance(base, str) else "" if base is None else None, *map(_text, (ours, theirs))]
    if None in texts:
        # A file whose text was not remembered may contain a secret, so the conflict shows only digests.
        sides = (
            _shown(base),
            *(_shown(digest_of(each.content)) if each else None for each in (ours, theirs)),
        )
        return Update(path, Fate.CONFLICT, ours, ours, newer, edited, (Clash("", 0, *sides),))
    merged = merge(str(texts[0]), str(texts[1]), str(texts[2]), labels, path.endswith((".yml", ".yaml")))
    file = replace(theirs, content=merged.text.encode())
    if ours and not merged.clashes:
        return Update(path, Fate.MERGED, ours, file, newer, edited)
    marked = replace(theirs, content=merged.marked.encode())
    clashes = merged.clashes if ours else (Clash("", 0, _shown(base), None, texts[2]),)
    return Update(path, Fate.CONFLICT, ours, ours, newer, edited, clashes, marked)


def _is(file: File | None, base: str | Digest | None) -> bool:
    """Whether a file has the content that the older blueprint generated."""
    if file is None or base is None:
        return file is None and base is None
    return file.content == base.encode() if isinstance(base, str) else digest_of(file.content) == base


def _content(file: File | None) -> bytes | None:
    return file.content if file else None


def _text(file: File | None) -> str | None:
    return text_of(file.content) if file else ""


def _shown(side: str | Digest | None) -> str | None:
    return f"(sha256 {side.sha256})" if isinstance(side, Digest) else side


def reference_of(memory: Memory, commit: str | None) -> str:
    """Return the reference with which `find.opened` finds the remembered blueprint; `commit` replaces the remembered commit.

    Raises ForgeError if this release does not have the blueprint, or if `commit` is given for a blueprint that is not from git.
    """
    source = memory.source
    if "url" in source:
        return f"{source['url']}@{commit or source['commit']}"
    if commit:
        raise UsageError(
            f"the blueprint {memory.blueprint!r} is not from a git repository", hint="--to expects a commit of a git repository"
        )
    if "folder" in source:
        return source["folder"]
    name = memory.blueprint
    if name in examples() and ("example" in source or name not in shipped() or _is_example(memory)):
        return f"{EXAMPLE}{name}"
    if "example" in source or name not in shipped():
        raise ForgeError(
            f"this release has no blueprint {name!r}",
            hint=f"name a blueprint: --from BLUEPRINT; {did_you_mean(name, shipped())}".rstrip("; "),
        )
    return name


def _is_example(memory: Memory) -> bool:
    """Whether the remembered blueprint is an example and not a shipped blueprint. Releases before 0.2 recorded both in the same
    way.
    """
    with example(memory.blueprint) as found:
        return found.digest == memory.digest


def named(blueprint: str, source: Mapping[str, str]) -> str:
    """Return the name and the version of a blueprint as messages show them, such as `redis-conf 0.1.0`."""
    version = source.get("commit", "")[:12] or source.get("package") or source.get("example") or ""
    return f"{blueprint} {version}".rstrip()


def check_same(memory: Memory, blueprint: Blueprint, name: str) -> None:
    """Check that `blueprint` can be a later version of the blueprint that the spec `name` was generated from.

    The blueprint's folder may have moved. If the names of the blueprints differ, raises ForgeError in two cases: both blueprints
    are shipped with catalog-forge, or `blueprint` lacks a question whose answer is remembered.
    """
    both_shipped = {*blueprint.source, *memory.source} <= {"package", "example"}
    if blueprint.name == memory.blueprint or not (both_shipped or memory.answers.keys() - blueprint.context.keys()):
        return
    raise ForgeError(
        f"the spec was made from the blueprint {memory.blueprint!r}, not from {blueprint.name!r}",
        Where(f"specs/{name}/{MEMORY}"),
        f"to follow {blueprint.name!r} from now on, remove this file and run the command again: the spec then counts as edited",
    )


def labels(was: str, now: str) -> tuple[str, str, str]:
    """Return the labels of ours, base and theirs for conflict markers. `was` and `now` name the old and the new blueprint."""
    return "yours", f"blueprint {was}", f"blueprint {now}" if now != was else f"blueprint {now}, newer"


MOST = 1000
"""Each value in a spec is tried as the answer to a question that has no default, if the spec has at most this many values."""

Made = Callable[[Mapping[str, Given]], tuple[dict[str, object], Plan]]


def best_answers(file: str, spec: bytes, blueprint: Blueprint, render: Render, made: Made) -> tuple[dict[str, object], Plan]:
    """Find the answers with which a blueprint reproduces as much of a spec as possible. Return them and the generated files.

    The questions are answered one after another. The candidates for an answer are the options of the question. If the question
    has no options, the candidates are the values that the spec has in the places where the blueprint puts the default.
    """
    wanted = _values(spec, file)
    answers: dict[str, Given] = {}
    best = made(answers)
    there = _values(best[1][file].content, file)
    for question in questions(blueprint, render):
        if question.name == "name":
            continue
        if isinstance(question.default, bool):
            tried = {"yes", "no"}
        else:
            tried = {*question.options} or _candidates(question.default, there, wanted)
        for text in sorted(tried):
            try:
                found = made({**answers, question.name: Given(text)})
            except ForgeError:
                continue  # the candidate is not a valid answer
            values = _values(found[1][file].content, file)
            if len(values.items() & wanted.items()) > len(there.items() & wanted.items()):
                answers[question.name], best, there = Given(text), found, values
    return best


def _candidates(default: str, there: Mapping[str, str], wanted: Mapping[str, str]) -> set[str]:
    """Return possible answers: the values that the spec has in the places where the blueprint puts the default.

    If the default is empty, return the values at those paths of the spec that the blueprint's result lacks.
    """
    if default:
        return {wanted[path] for path in there if there[path] == default and path in wanted}
    return (
        {value for path, value in wanted.items() if path not in there and len(value) <= LONGEST} if len(wanted) < MOST else set()
    )


def _values(content: bytes, file: str) -> dict[str, str]:
    try:
        return {path: node.value for path, node in leaves(yamlio.parse(content, file))}
    except ForgeError:
        return {}
