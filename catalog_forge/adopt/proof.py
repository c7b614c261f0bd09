"""Compares the files of the original and the regenerated image line by line.

A difference is accepted only if its reason is proven.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from catalog_forge import yamlio
from catalog_forge.adopt.cases import Trial
from catalog_forge.adopt.originals import OWN, Original, OriginalFile, image_of
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.imitated.functions import DIALECTS, functions_of
from catalog_forge.diffs import unified
from catalog_forge.errors import ForgeError
from catalog_forge.gotext.nodes import BranchNode, TextNode
from catalog_forge.gotext.parsing import parse as parse_template
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.spec.shorthand import format_of
from catalog_forge.verify import view
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.observation import Engine, Seen
from catalog_forge.verify.parsing import parse
from catalog_forge.verify.subject import Subject

REASONS = {
    "order": "both files have the same lines, or the same items of a list in a line, in a different order",
    "case": "the names in both files differ only in case",
    "own stack": "the original also reads services of other stacks; if these are renamed, both files are equal",
    "namesakes": "the original mixes services that have the same name; if each gets a name of its own, both files are equal",
    "escaped": "with this value, the original file cannot be parsed in its format",
    "mended": "the original fails with these values, or a key is missing (if the key exists, both files are equal)",
}
# The formats in which indentation has no meaning, and the formats whose parsers refuse invalid files.
_FREE = ("json", "xml", "toml")
_STRICT = ("json", "yaml", "xml", "toml")
_MARK = re.compile(rb"\x01([0-9]+)\x01")
# Matches what separates the items of a list within a line: a comma, a bracket, or the `://` after the scheme of an address.
_LIST = re.compile(r"[,\[\](){}]|://")
_COMMENT = re.compile(r"#(?!!).*|<!--.*-->")
_BEYOND = re.compile(r"/(?:services|stacks|containers|hosts)(?:/|$)")


@dataclass(frozen=True)
class Difference:
    """A difference in one scenario: the proven reason ("" if no reason is proven) and the diff."""

    case: str
    reason: str
    diff: str


@dataclass
class Compared:
    """The comparison of a file between both images: how often it was rendered, how often it was equal, and its differences."""

    dest: str
    is_static: bool
    lifted: bool = False
    rendered: int = 0
    equal: int = 0
    differences: list[Difference] = field(default_factory=list)
    contents: set[bytes] = field(default_factory=set, repr=False)
    unwritten: set[str] = field(default_factory=set, repr=False)
    constant: bool = False
    errors: Counter[str] = field(default_factory=Counter, repr=False)

    @property
    def status(self) -> str:
        """The outcome: `equal`, `proven`, `different`, or `never rendered` if no rendering shows the effect of a key."""
        if any(not each.reason for each in self.differences):
            return "different"
        if not self.rendered or not (self.is_static or self.constant or len(self.contents) > 1):
            return "never rendered"
        return "proven" if self.differences else "equal"

    @property
    def failed(self) -> str:
        """The most frequent error of the original."""
        return next((error for error, _ in self.errors.most_common(1)), "")

    @property
    def reasons(self) -> list[str]:
        """The proven reasons for the file's differences."""
        return sorted({each.reason for each in self.differences if each.reason})

    def compare(self, case: Trial, old: bytes | None, new: bytes | None, reason: Callable[[], str] = str) -> None:
        """Count a file with equal content, or record the difference and its reason. None means that no file was written."""
        if old is not None and new is not None and lines(old, self.dest) == lines(new, self.dest):
            self.equal += 1
            return
        before, after = (None if each is None else each.decode(errors="backslashreplace") for each in (old, new))
        self.differences.append(Difference(case.name, reason(), unified(before, after, self.dest.lstrip("/"))))


def unreached(original: Original, cases: Sequence[Trial]) -> dict[str, list[int]]:
    """Map the dest of each file to the lines of those branches in its original template that no scenario reaches."""
    image = image_of(original)
    marks = {each.resource.src: _branches(each) for each in original.files if not each.is_static}
    templates = {src: _marked(source, marks.get(src, [])) for src, source in image.templates.items()}
    left = {each.resource.dest: {*marks.get(each.resource.src, ())} for each in original.files}
    for case in cases:
        resources = tuple(each for each in image.resources if left[each.dest])
        if resources:
            subject = Subject(replace(image, resources=resources, templates=templates), "", original.variables)
            for dest, content in _rendered(subject, case, Embedded(), original.version).items():
                left.get(dest, set()).difference_update(map(int, _MARK.findall(content)))
    return {
        each.resource.dest: [each.source[:start].count(b"\n") + 1 for start in sorted(left[each.resource.dest])]
        for each in original.files
    }


def _marked(source: bytes, starts: Sequence[int]) -> bytes:
    """Insert a mark at each offset in `starts`. A mark is rendered only if the branch that starts at this offset is reached."""
    ends = [*starts[1:], len(source)]
    rest = (b"\x01%d\x01%b" % (start, source[start:end]) for start, end in zip(starts, ends, strict=True))
    return source[: starts[0]] + b"".join(rest) if starts else source


def _branches(file: OriginalFile) -> list[int]:
    """Return the byte offset of the start of each template branch. An {{else if}} does not count as a separate branch."""
    found: set[int] = set()
    waiting = [*parse_template(file.resource.src, file.source, functions_of(DIALECTS[-1])).bodies.values()]
    while waiting:
        for node in waiting.pop().nodes:
            bodies = [body for body in (node.body, node.else_body) if body and body.nodes] if isinstance(node, BranchNode) else []
            waiting += bodies
            firsts = [body.nodes[0] for body in bodies]
            chosen = [each for each in firsts if not (isinstance(each, BranchNode) and each.end == node.end)]
            found.update(
                each.start if isinstance(each, TextNode) else file.source.rfind(b"{{", 0, each.start + 2) for each in chosen
            )
    return sorted(found)


def prove(
    original: Original,
    made: Subject,
    cases: Sequence[Trial],
    engine: Engine,
    added: Mapping[str, Any] | None = None,
    configured: Iterable[str] = (),
) -> list[Compared]:
    """Compare the files of the original image with those of the regenerated image, in each scenario.

    `added` is the metadata that each `configured` service has only in the generated entry.
    """
    configured = (*configured,)
    before = Subject(image_of(original), "", original.variables)
    found = {dest: Compared(dest, True, rendered=1) for dest in original.carried}
    for file in original.files:
        dest = file.resource.dest
        found[dest] = Compared(dest, file.is_static, constant=not file.live)
    # A real confd is a separate process for each scenario, so several scenarios run in parallel. The embedded engine runs in
    # this process, where several threads would not be faster.
    with ThreadPoolExecutor(1 if engine.name == "embedded" else os.cpu_count() or 1) as pool:
        rendered = [
            (
                case,
                pool.submit(_seen, before, case, engine, original.version),
                pool.submit(_rendered, made, case.with_keys(added or {}, configured), engine, made.version),
            )
            for case in cases
        ]
        outcomes = [(case, one.result(), other.result()) for case, one, other in rendered]
    declared = _declared(before, original, made)
    live = {path for each in original.files if not each.is_static for path in each.live if path.startswith(f"{OWN}/")}
    asked = tuple(sorted(path.removeprefix(OWN) for path in live if WILD not in path and "*" not in path))
    for case, old, new in outcomes:
        again = _Again(before, declared, case, engine, original.version, asked, made, original.dests)
        for dest, carried in original.carried.items():
            found[dest].compare(case, carried.content, new.get(original.dests[dest]))
        for file in original.files:
            dest = file.resource.dest
            found[dest].errors.update(error for error in old.errors if file.is_named(error))
            _compare(found[dest], file, case, _contents(old).get(dest), new.get(original.dests[dest]), again)
    return list(found.values())


@dataclass
class _Again:
    """The files that both images render in variants of a scenario. A variant is rendered only if a file differs."""

    before: Subject
    declared: Subject
    case: Trial
    engine: Engine
    version: str
    asked: tuple[str, ...] = ()
    made: Subject | None = None
    dests: Mapping[str, str] = field(default_factory=dict)

    def are_alike_apart(self, dest: str) -> bool:
        """Whether both images render the same lines if the services of other stacks are renamed."""
        old, new = self.apart.get(dest), self.regenerated.get(self.dests.get(dest, dest))
        return old is not None and new is not None and Counter(lines(old, dest)) == Counter(lines(new, dest))

    @cached_property
    def regenerated(self) -> Mapping[str, bytes]:
        """The files that the regenerated image renders if the services of other stacks are renamed."""
        return _rendered(self.made, self.case.apart, self.engine, self.made.version) if self.made else {}

    @cached_property
    def apart(self) -> Mapping[str, bytes]:
        """The files that the original renders if the services of other stacks are renamed."""
        return _rendered(self.before, self.case.apart, self.engine, self.version)

    @cached_property
    def answered(self) -> Mapping[str, bytes]:
        """The files that the original renders if every key that it reads by name exists: missing keys get an empty value."""
        return _rendered(self.before, self.case.answered(self.asked), self.engine, self.version)

    @cached_property
    def widened(self) -> Mapping[str, bytes]:
        """The files that the original renders if its resources also declare the keys of the regenerated resources."""
        return _rendered(self.declared, self.case, self.engine, self.version)


def _declared(before: Subject, original: Original, made: Subject) -> Subject:
    """Return the original with the keys of the regenerated resources, so that its TOML files declare every key that is read."""
    keys = {each.dest: each.keys for each in made.image.resources}
    moved = {each.resource.dest: each.moved for each in original.files}
    resources = tuple(
        replace(each, keys=("/",) if moved[each.dest] else keys.get(original.dests[each.dest], each.keys))
        for each in before.image.resources
    )
    return replace(before, image=replace(before.image, resources=resources))


def _seen(subject: Subject, case: Trial, engine: Engine, version: str) -> Seen:
    """Run confd for one container of a scenario. Return the files that confd writes, and its errors."""
    subject = replace(subject, variables=case.variables(subject.variables))
    moment = scenario.read(yamlio.dump(case.data), case.name).moments[0]
    (seen,) = engine.play(subject, [view.of_moment(moment, 0, version)])
    return seen


def _contents(seen: Seen) -> Mapping[str, bytes]:
    """Return the content of each file that was written, by dest."""
    return {dest: file.content for dest, file in seen.files.items()}


def _rendered(subject: Subject, case: Trial, engine: Engine, version: str) -> Mapping[str, bytes]:
    return _contents(_seen(subject, case, engine, version))


def refused(found: Sequence[Compared], case: Trial) -> list[str]:
    """Return the dests of the files that, in this scenario, the original writes and the regenerated image does not write."""
    return [each.dest for each in found if case.name in each.unwritten and each.rendered]


def _compare(found: Compared, file: OriginalFile, case: Trial, old: bytes | None, new: bytes | None, again: _Again) -> None:
    if new is None:
        found.unwritten.add(case.name)
    if old is not None:
        found.rendered += 1
        found.contents.add(old)
    if old is not None or new is not None:
        found.compare(case, old, new, lambda: _reason(file, case, old, new, again))


def lines(content: bytes, dest: str = "") -> list[str]:
    """Return the lines of a file without blank lines and comments, and with a single space for each run of spaces.

    Indentation counts, except in formats that ignore it.
    """
    free = format_of(dest) in _FREE
    known = (line.expandtabs() for line in content.decode(errors="backslashreplace").splitlines())
    found = (" " * (not free and len(line) - len(line.lstrip())) + " ".join(line.split()) for line in known if line.strip())
    return [line for line in found if not _COMMENT.fullmatch(line.lstrip())]


def _reason(file: OriginalFile, case: Trial, old: bytes | None, new: bytes | None, again: _Again) -> str:
    """Return the reason for a difference if it can be proven, otherwise ""."""
    if new is None:
        return ""
    if old is None:
        return _failed(file, case, lines(new, file.resource.dest), again)
    dest = file.resource.dest
    before, after = lines(old, dest), lines(new, dest)
    if Counter(before) == Counter(after) or list(map(_items, before)) == list(map(_items, after)):
        return "order"
    if [line.casefold() for line in before] == [line.casefold() for line in after]:
        return "case"
    if "stacks" in case.data and any(map(_BEYOND.match, file.live)):
        own = again.apart.get(dest)
        if own is not None and lines(own, dest) == after:
            return "own stack"
        if again.are_alike_apart(dest):
            return "namesakes"
    there = again.widened.get(dest)
    if there is not None and lines(there, dest) == after:
        return "mended"
    form = format_of(dest)
    return "escaped" if form in _STRICT and not _parses(form, old) and _parses(form, new) else ""


def _items(line: str) -> Counter[str]:
    """Count the items of the list in a line. A line without commas is one item."""
    return Counter(each.strip(" \t'\"") for each in _LIST.split(line)) if "," in line else Counter([line])


def _failed(file: OriginalFile, case: Trial, after: list[str], again: _Again) -> str:
    """Return the proven reason why only the regenerated image writes a file, or "" if no reason can be proven.

    The reason is proven if the original writes the same file in a variant of the scenario, or fails in every variant.
    """
    dest = file.resource.dest
    others = {"mended": [again.widened, again.answered], "own stack": [again.apart] if "stacks" in case.data else []}
    known = [(reason, lines(files[dest], dest)) for reason, each in others.items() for files in each if dest in files]
    return "mended" if not known else next((reason for reason, found in known if found == after), "")


def _parses(form: str, content: bytes) -> bool:
    try:
        parse(content.decode(), form)
    except (ValueError, ForgeError):
        return False
    return True
