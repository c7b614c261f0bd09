"""The versions of a template: the results of rendering it with the possible answers to the questions in its conditions.

All combinations of the questions' options are tried. If there are more than 256 combinations, a smaller set is tried, in
which each pair of answers to two questions occurs at least once. A service that occurs in many versions is parsed only once.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where
from catalog_forge.lint.entries import template_actions as actions
from catalog_forge.rancher import keys
from catalog_forge.rancher.composition import Part, part
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.questions import Question, defaults
from catalog_forge.rancher.templates import Rendered, Template
from catalog_forge.yamlio import Map, Node, Text

MOST = 256
# The maximum number of questions that are considered, and the maximum number of options of each question. Real entries have at
# most half as many questions and options.
WIDEST = 16
# Limits for the versions of one revision: seconds of processor time, and characters of text.
SECONDS = 3.0
CHARACTERS = 8 << 20

_TOP = re.compile(r"^(?=[^\s#])", re.MULTILINE)
_INDENT = re.compile(r"^( +)(?=[^\s#])", re.MULTILINE)
# A key without a value, followed only by comments up to its first child.
_HEAD = re.compile(r" *[A-Za-z0-9._-]+:[ \t]*+(?:#[^\n]*)?+\n?+(?:[ \t]*+(?:#[^\n]*)?\n)*+")
_NOWHERE = Where("")
# Signs of anchors, merge keys and documents. A section with such a sign cannot be parsed by itself.
_SIGNS = ("&", "*", "<<", "---", "...", "%")
_SHARED = re.compile(r"(?:^|[\s\[{,])[&*][A-Za-z0-9_]|<<[ \t]*:|^(?:---|\.\.\.|%)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Version:
    """A version: the answers that differ from the defaults, and the result of rendering the template with these answers."""

    answers: Mapping[str, str]
    rendered: Rendered

    def __str__(self) -> str:
        shown = ", ".join(f"{name} is {text!r}" if text else f"{name} is empty" for name, text in self.answers.items())
        return f"when {shown}" if shown else "with the default answers"


def versions(revision: Revision, template: Template) -> Iterator[Version]:
    """Yield the distinct versions of a revision's docker-compose.yml, starting with the version for the default answers."""
    base = defaults(revision.questions)
    until = time.thread_time() + SECONDS
    seen: set[str] = set()
    size = 0
    for answers in answers_of(revision, actions.deciding(template)):
        rendered = template.render({**base, **answers})
        if rendered.text in seen and not rendered.fault:
            continue
        seen.add(rendered.text)
        size += len(rendered.text)
        yield Version({name: text for name, text in answers.items() if text != base.get(name)}, rendered)
        if time.thread_time() > until or size > CHARACTERS:
            return


def answers_of(revision: Revision, names: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the answers to try: all combinations of options, then a second answer to each question without options."""
    asked = revision.asked
    found = [asked[name] for name in names if name in asked]
    choices = {question.variable: _choices(question) for question in found}
    many = [(name, each) for name, each in choices.items() if len(each) > 1]
    for combination in combined([each for _, each in many]):
        yield {name: text for (name, _), text in zip(many, combination, strict=True)}
    for question in found:
        if question.variable not in dict(many) and (other := _other(question)) is not None:
            yield {question.variable: other}


def _choices(question: Question) -> list[str]:
    """Return the answers that a question offers, the default first; an empty list for a question without options."""
    options = ["true", "false"] if question.type == "boolean" else question.options if question.type == "enum" else []
    default = question.default
    proposed = [default] if default or not question.required else []
    return list(dict.fromkeys([*proposed, *options])) if options else []


def _other(question: Question) -> str | None:
    """Return a second answer, different from the default, to a question without options; None if no such answer is known."""
    if question.default:
        return None if question.required else ""
    # A likely answer with several lines cannot be guessed. CF516 reports templates that print such answers.
    return None if question.type in ("multiline", "certificate") else "1" if question.type == "int" else "x"


def combined(choices: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield all combinations if there are at most 256; otherwise a smaller set that contains every pair of choices.

    At most 256 combinations are yielded, even if some pairs are then missing. If a list of choices is very long, only its
    beginning is used.
    """
    choices = [each[:MOST] if len(choices) == 1 else each[:WIDEST] for each in choices[:WIDEST]]
    count = 1
    for each in choices:
        count *= len(each)
    return itertools.product(*choices) if count <= MOST else _pairwise(choices)


def _pairwise(choices: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield rows of choices. Each row after the first has a pair that no earlier row has; every other choice in the row is the
    one that adds the most new pairs.
    """
    places = range(len(choices))
    order = [
        ((left, one), (right, other))
        for left, right in itertools.combinations(places, 2)
        for one in range(len(choices[left]))
        for other in range(len(choices[right]))
    ]
    missing = set(order)
    row = dict.fromkeys(places, 0)
    wanted = iter(order)
    for _ in range(MOST):
        missing.difference_update(itertools.combinations(sorted(row.items()), 2))
        yield tuple(choices[place][index] for place, index in sorted(row.items()))
        pair = next((each for each in wanted if each in missing), None)
        if pair is None:
            return
        row = dict(pair)
        for place in places:
            if place not in row:
                row[place] = max(range(len(choices[place])), key=lambda index: _covered(row, place, index, missing))


def _covered(row: Mapping[int, int], place: int, index: int, missing: set[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    new = (place, index)
    return sum((min(new, other), max(new, other)) in missing for other in row.items())


def sections(text: str) -> list[Part] | None:
    """Return the services in the text of a compose file. A service that occurs in several texts is parsed only once.

    Return None if the text has to be parsed as a whole.
    """
    if any(sign in text for sign in _SIGNS) and _SHARED.search(text):
        return None
    tops = [each for each in _TOP.split(text) if each.strip() and not each.startswith("#")]
    known = keys.V2 if any(each.startswith("version:") for each in tops) else keys.V1
    found: list[Part] = []
    for top in tops:
        if known is keys.V2 and not top.startswith("services:"):
            if _pairs(top) is None:
                return None
            continue
        chunks = _below(top) if known is keys.V2 else [top]
        services = [_service(chunk, known) for chunk in chunks or [""]]
        if None in services:
            return None
        found += filter(None, services)
    return found


def _below(top: str) -> list[str] | None:
    """Split `top`, the text of a key and its children, into one text for each child key.

    Return None if anything but comments comes before the first child key, such as a list item or a value after the colon.
    """
    first = _INDENT.search(top, top.find("\n") + 1)
    head, *chunks = _at(first[1]).split(top) if first else [top]
    return chunks if _HEAD.fullmatch(head) else None


@lru_cache(maxsize=100)
def _at(indent: str) -> re.Pattern[str]:
    return re.compile(rf"^(?={indent}[^\s#-])", re.MULTILINE)


@lru_cache(maxsize=4096)
def _service(chunk: str, known: frozenset[str]) -> Part | None:
    """Parse the text of a service; return None if it is not a service. A key that many services contain is parsed only once."""
    blocks = [_pairs(each) for each in _below(chunk) or [""]]
    if None not in blocks:
        name = Text(chunk.partition(":")[0].strip(), True, _NOWHERE, "", ())
        return part(name, Map(tuple(pair for block in blocks for pair in block or ()), _NOWHERE), known, True)
    found = _pairs(chunk)
    return part(*found[0], known, True) if found and len(found) == 1 else None


@lru_cache(maxsize=8192)
def _pairs(text: str) -> tuple[tuple[Text, Node], ...] | None:
    """Return the keys and values of a mapping in YAML; None if the text is not a valid mapping."""
    try:
        node = yamlio.parse(text, "", aliases=True)
    except ForgeError:
        return None
    return node.pairs if isinstance(node, Map) else None
