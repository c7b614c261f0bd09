"""Reads what an author expects at a moment of a scenario, and compares the observation with this expectation.

expect:
  files:
    elasticsearch.yml: |                 # the key is a dest or its unambiguous end; the value is the whole text
      cluster.name: "es"
    logging.yml: {file: cluster/logging.yml}   # the same, from a file next to the scenario
    other.conf: {contains: [a, b], lacks: c, mode: "0600", equals: {a: 1}, unchanged: true, absent: true}
  error: cluster.name                    # or a list: parts of expected errors; without this key no error may occur
  reloads: 1                             # or a list of reloads, such as [signal HUP]
  command: ...                           # and http, log, within: see catalog_forge.verify.asking

On a stack, an expectation {in: redis-2, ...} applies to a file of the container redis-2, so its key may be any path. If several
expectations apply to the same path, the value is a list of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where, did_you_mean, nearest
from catalog_forge.goyaml.decoding import is_null
from catalog_forge.verify.asking import KEYS as ASKING_KEYS
from catalog_forge.verify.asking import Asking, AskingReader, unlike
from catalog_forge.verify.observation import Asked, Seen, Written
from catalog_forge.verify.parsing import PARSERS, parse
from catalog_forge.verify.subject import Subject

# A function that returns the text of a file next to the scenario. The `Where` is the location at which the scenario names the
# file.
ReadBeside = Callable[[str, Where], str]
SECRET = "  a secret, which is not shown\n"


@dataclass(frozen=True)
class FileExpectation:
    """The requirements on one file. Unset fields require nothing."""

    dest: str
    where: Where
    text: str | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    equals: Any = None
    format: str = ""
    mode: int | None = None
    unchanged: bool = False
    absent: bool = False
    container: str = ""


@dataclass(frozen=True)
class Expectation:
    """All requirements at a moment. `errors` are parts of errors that must occur; if `errors` is empty, no error may occur.

    `asking` and `placed` (files in named containers) are checked only on a stack.
    """

    files: tuple[FileExpectation, ...] = ()
    errors: tuple[str, ...] = ()
    reloads: int | tuple[str, ...] | None = None
    where: Where = field(default_factory=lambda: Where(""))
    asking: Asking = Asking()
    placed: tuple[FileExpectation, ...] = ()

    @property
    def count(self) -> int:
        """The number of expectations that every engine can verify."""
        return len(self.files) + len(self.errors) + (self.reloads is not None)

    @property
    def of_stack(self) -> int:
        """The number of expectations that only a running stack can verify."""
        return self.asking.count + len(self.placed)


@dataclass(frozen=True)
class Failure:
    """A difference between observation and expectation: a message, the location of the expectation, and a diff."""

    message: str
    where: Where
    diff: str = ""


def read(node: yamlio.Node | None, subject: Subject, beside: ReadBeside) -> Expectation:
    """Read the expectation at a moment. Raises ForgeError with all problems of the expectation."""
    if node is None:
        return Expectation()
    reader = _ExpectationReader(subject, beside)
    expectation = reader.expectation(node)
    reader.check()
    return expectation


def compare(expected: Expectation, seen: Seen, before: Seen | None) -> Iterator[Failure]:
    """Yield all differences between the observation `seen` and the expectation; `before` is the previous observation."""
    for file in expected.files:
        found = seen.files.get(file.dest)
        for failure in _file(file, found, before.files.get(file.dest) if before else None):
            yield _discreet(failure, found)
    if seen.asked is not None:
        yield from _of_stack(expected, seen.asked)
    for error in expected.errors:
        if not any(error in found for found in seen.errors):
            yield Failure(f"no error contains {error!r}", expected.where, _bullets(seen.errors) or "  (no error)\n")
    if seen.errors and not expected.errors:
        yield Failure("an unexpected error", expected.where, _bullets(seen.errors))
    if expected.reloads is not None and not _reloaded(expected.reloads, seen):
        said = _bullets(seen.reloads) or "  (no reload)\n"
        wanted = expected.reloads if isinstance(expected.reloads, int) else ", ".join(sorted(expected.reloads)) or "none"
        yield Failure(f"reloads: expected {wanted}, but got {len(seen.reloads)}", expected.where, said)


def _reloaded(wanted: int | tuple[str, ...], seen: Seen) -> bool:
    """Whether the expected reloads occurred.

    On a stack, more reloads than expected are allowed, because the units start one after the other, and each start may cause a
    separate change.
    """
    if isinstance(wanted, int):
        return len(seen.reloads) == wanted or (seen.asked is not None and 0 < wanted < len(seen.reloads))
    if seen.asked is not None:
        return set(wanted) == set(seen.reloads) and len(wanted) <= len(seen.reloads)
    return sorted(wanted) == sorted(seen.reloads)


def _of_stack(expected: Expectation, asked: Asked) -> Iterator[Failure]:
    for file in expected.placed:
        found = asked.files.get((file.container, file.dest))
        for failure in _file(replace(file, dest=f"{file.container}:{file.dest}"), found, None):
            yield _discreet(failure, found)
    for message, where, shown in unlike(expected.asking, asked):
        yield Failure(message, where, shown)


def _discreet(failure: Failure, found: Written | None) -> Failure:
    """Return the failure; if only the owner may read the file, a remark takes the place of the diff."""
    return replace(failure, diff=SECRET) if failure.diff and found and found.secret else failure


def _file(expected: FileExpectation, found: Written | None, before: Written | None) -> Iterator[Failure]:
    dest, where = expected.dest, expected.where
    if expected.absent or found is None:
        if expected.absent != (found is None):
            yield Failure(
                f"{dest} {'was written, but must be absent' if found else 'was not written'}", where, found.text if found else ""
            )
        return
    if expected.text is not None and found.text != expected.text:
        yield Failure(f"{dest} is not as expected", where, difference(expected.text, found.text, "expected", "rendered"))
    if expected.unchanged and found != before:
        yield Failure(f"{dest} has changed", where, difference(before.text if before else "", found.text, "before", "now"))
    if expected.mode is not None and found.mode is not None and found.mode != expected.mode:
        yield Failure(f"{dest} has mode {found.mode:04o}, not {expected.mode:04o}", where)
    yield from _fragments(expected, found)
    if expected.format:
        yield from _parsed(expected, found)


def _fragments(expected: FileExpectation, found: Written) -> Iterator[Failure]:
    for part in expected.contains:
        if part not in found.text:
            yield Failure(f"{expected.dest} does not contain {part!r}", expected.where, found.text)
    for part in expected.lacks:
        if part in found.text:
            yield Failure(f"{expected.dest} contains {part!r}", expected.where, found.text)


def _parsed(expected: FileExpectation, found: Written) -> Iterator[Failure]:
    try:
        says = parse(found.text, expected.format)
    except (ValueError, ForgeError) as error:
        yield Failure(f"{expected.dest} is not well-formed {expected.format}: {error}", expected.where, found.text)
        return
    if says != expected.equals:
        diff = difference(_shown(expected.equals), _shown(says), "expected", "rendered")
        yield Failure(f"{expected.dest} does not have the expected content", expected.where, diff)


def difference(old: str, new: str, old_name: str, new_name: str) -> str:
    """Return a unified diff of two strings; a missing line break at the end is shown."""
    lines = difflib.unified_diff(_ended(old), _ended(new), old_name, new_name, n=3)
    return "".join(lines)


def _ended(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
        lines.append("\\ no line break at the end\n")
    return lines


def _shown(data: Any) -> str:
    import json

    return json.dumps(_comparable(data), indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def _comparable(data: Any) -> Any:
    """Convert all keys to text, so that they can be sorted: YAML may mix numbers and text, and a key from XML may be None."""
    if isinstance(data, dict):
        return {str(key): _comparable(value) for key, value in data.items()}
    return [_comparable(each) for each in data] if isinstance(data, (list, tuple)) else data


def _bullets(texts: tuple[str, ...]) -> str:
    return "".join(f"  {text}\n" for text in texts)


def _each(node: yamlio.Node) -> tuple[yamlio.Node, ...]:
    """Return the nodes of all expectations for a path: the node itself or, if the node is a list, its items."""
    many = isinstance(node, yamlio.Seq) and node.items and all(isinstance(item, yamlio.Map) for item in node.items)
    return node.items if many and isinstance(node, yamlio.Seq) else (node,)


_KEYS = ("files", "error", "reloads", *ASKING_KEYS)
_FILE_KEYS = ("in", "text", "file", "contains", "lacks", "equals", "format", "mode", "unchanged", "absent")


class _ExpectationReader(AskingReader):
    def __init__(self, subject: Subject, beside: ReadBeside) -> None:
        super().__init__()
        self.subject = subject
        self.beside = beside

    def expectation(self, node: yamlio.Node) -> Expectation:
        found = self.known(node, "expect", _KEYS)
        named = [(key, item) for key, value in self.pairs(found.get("files"), "files") for item in _each(value)]
        files = [self.file(key, item) for key, item in named]
        errors = tuple(self.word(item, "error") for item in self.some(found.get("error")))
        return Expectation(
            tuple(file for file in files if not file.container),
            errors,
            self.reloads(found.get("reloads")),
            node.where,
            self.asking(found),
            tuple(file for file in files if file.container),
        )

    def file(self, key: yamlio.Text, node: yamlio.Node) -> FileExpectation:
        place = {each.value: value for each, value in node.pairs}.get("in") if isinstance(node, yamlio.Map) else None
        dest = self.subject.find(key.value)
        if dest is None and place and key.value.startswith("/"):
            dest = key.value
        if dest is None:
            names = {PurePosixPath(each).name: each for each in self.subject.dests}
            hint = nearest(PurePosixPath(key.value).name, names) or did_you_mean(key.value, self.subject.dests)
            self.wrong(f"the name {key.value!r} matches no rendered file, or more than one", key.where, hint)
            dest = key.value
        if isinstance(node, yamlio.Text) and is_null(node):
            hint = "write its whole text, or a part of it, such as contains: TEXT; '' stands for an empty file"
            self.wrong(f"the expectation of {key.value!r} has no value", key.where, hint)
        if not isinstance(node, yamlio.Map):
            return FileExpectation(dest, key.where, text=self.word(node, "the content of a file"))
        found = self.known(node, f"the expectation of {key.value!r}", _FILE_KEYS)
        if place and "unchanged" in found:
            self.wrong("`unchanged` cannot be used together with `in`", found["unchanged"].where, "leave out `in`")
        return FileExpectation(
            dest,
            key.where,
            text=self.text(found),
            contains=tuple(self.word(item, "contains") for item in self.some(found.get("contains"))),
            lacks=tuple(self.word(item, "lacks") for item in self.some(found.get("lacks"))),
            equals=yamlio.to_data(found["equals"]) if "equals" in found else None,
            format=self.format(dest, found),
            mode=self.mode(found.get("mode")),
            unchanged=self.truth(found.get("unchanged"), "unchanged"),
            absent=self.truth(found.get("absent"), "absent"),
            container=self.place(found, node) if place else "",
        )

    def text(self, found: Mapping[str, yamlio.Node]) -> str | None:
        if "file" in found:
            try:
                return self.beside(self.word(found["file"], "file"), found["file"].where)
            except ForgeError as error:
                self.problems.extend(error.problems)
        return self.word(found["text"], "text") if "text" in found else None

    def format(self, dest: str, found: Mapping[str, yamlio.Node]) -> str:
        """Return the format in which a file is parsed for `equals`: the expectation's format, else the format in the spec."""
        if "equals" not in found:
            return ""
        if "format" in found:
            return self.one_of(found["format"], "format", PARSERS)
        form = self.subject.formats.get(dest, "")
        if form not in PARSERS:
            self.wrong(
                f"`equals` requires the format of {dest}, which is unknown",
                found["equals"].where,
                f"add format: {' | '.join(PARSERS)}",
            )
            return ""
        return form

    def mode(self, node: yamlio.Node | None) -> int | None:
        word = self.word(node, "mode") if node else ""
        if word and not (len(word) == 4 and set(word) <= set("01234567")):
            assert node
            self.wrong('mode must be an octal number such as "0644"', node.where, "four digits from 0 to 7, in quotes")
            return None
        return int(word, 8) if word else None

    def truth(self, node: yamlio.Node | None, what: str) -> bool:
        return node is not None and self.one_of(node, what, ("true", "false")) == "true"

    def reloads(self, node: yamlio.Node | None) -> int | tuple[str, ...] | None:
        if isinstance(node, yamlio.Seq):
            known = set(self.subject.reloads.values())
            return tuple(self.one_of(item, "a reload", sorted(known)) for item in node.items)
        if isinstance(node, yamlio.Text) and node.value.partition(" ")[0] in ("signal", "restart", "exec", "http"):
            self.wrong("reloads must be a number or a list", node.where, f"write reloads: [{node.value}]")
        return None if node is None else self.whole(node, "reloads", 1000)
