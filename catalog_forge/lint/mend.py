"""Makes fixes for findings in YAML files, such as quotes around a scalar or a new name for a key; formats values for messages."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from catalog_forge.errors import Where, first_of
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.lint.findings import Edit, Fix
from catalog_forge.rancher.tree import File, is_template
from catalog_forge.yamlio import Map, Node, Quoted, Text, edit

# The characters that libyaml treats as the end of a line.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_SHOWN = 60
_MOST = 8


def shown(text: str) -> str:
    """Return a value as messages show it: quoted, on one line, shortened if it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def listed(words: Sequence[str]) -> str:
    """Return the first eight words as a list for a message, each word in the form that `shown` returns."""
    return first_of([*map(shown, words)], _MOST)


def is_altered(node: Node | None) -> bool:
    """Whether the text that the catalog service stores differs from the text in the file."""
    return isinstance(node, Text) and node.bare and not is_null(node) and text_of(node) != node.value


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant; an empty string if no known word is similar enough."""
    plain = _letters(word)
    letters = set(plain)
    # Comparing is slow, and a hostile file may have many words, so only words with a similar length and similar letters are
    # compared.
    by_letters = {
        text: each
        for each, text, others in _in_letters(frozenset(known))
        if 0.6 * len(text) <= len(plain) <= 1.7 * len(text) and 2 * len(letters & others) > len(letters)
    }
    found = difflib.get_close_matches(plain, by_letters, n=1, cutoff=0.75) if by_letters else ()
    return by_letters[found[0]] if found else ""


def _letters(word: str) -> str:
    return word[:100].lower().replace("_", "").replace("-", "")


@lru_cache(maxsize=16)
def _in_letters(words: frozenset[str]) -> list[tuple[str, str, frozenset[str]]]:
    return [(word, _letters(word), frozenset(_letters(word))) for word in sorted(words)]


def quoted(file: File, node: Text) -> Fix | None:
    """Return a fix that puts a bare scalar in quotes; None if a single edit cannot do that."""
    start = _offset(file, node.where, node.value) if node.bare and "\n" not in node.value else None
    if start is None:
        return None
    text = "'" + node.value.replace("'", "''") + "'"
    return Fix(f"quote {shown(node.value)}", file.path, (Edit(start, start + len(node.value), text),))


def bared(file: File, node: Text) -> Fix | None:
    """Return a fix that removes the quotes from a scalar; None if the scalar has no quotes."""
    source = f"{node.style}{node.value}{node.style}"
    start = _offset(file, node.where, source) if node.style in ("'", '"') else None
    if start is None:
        return None
    return Fix(f"remove the quotes from {shown(node.value)}", file.path, (Edit(start, start + len(source), node.value),))


def renamed(file: File, node: Text, name: str) -> Fix | None:
    """Return a fix that replaces a bare or quoted scalar, such as a key, with `name`; None for any other scalar."""
    start = _offset(file, node.where, f"{node.style}{node.value}{node.style}")
    if start is None or not (node.bare or node.style in ("'", '"')):
        return None
    start += len(node.style)
    return Fix(f"write {name} for {shown(node.value)}", file.path, (Edit(start, start + len(node.value), name),))


def respelt(file: File | None, node: Text, name: str) -> Fix | None:
    """Return a fix that replaces a misspelt word with `name`. Return None if more than two letters differ or, if `name` is short,
    more than one letter.
    """
    return renamed(file, node, name) if file and name and _is_slip(node.value, name) else None


def _is_slip(word: str, meant: str) -> bool:
    one, other = _letters(word), _letters(meant)
    most = 1 if len(other) < 6 else 2
    if abs(len(one) - len(other)) > most:
        return False
    # The Levenshtein distance, row by row.
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        last, row = row, [number]
        for place, wanted in enumerate(other):
            row.append(min(row[-1] + 1, last[place + 1] + 1, last[place] + (letter != wanted)))
    return row[-1] <= most or sorted(one) == sorted(other)


def versioned(file: File, tops: frozenset[str]) -> Fix | None:
    """Return a fix that writes `version: '2'` above the first key of a compose file.

    Return None where the fix is not certainly safe, for example in a template. `tops` are the keys that may be at the top of the
    file.
    """
    root = file.yaml.map
    if root is None or not root.pairs or is_template(file.text) or any(key.value not in tops for key, _ in root.pairs):
        return None
    first = root.pairs[0][0]
    start = _offset(file, first.where, first.style + first.value)
    before = file.text[:start].splitlines() if start is not None else []
    if start is None or first.where.column != 1 or any(line.strip() not in ("", "---") and line[0] != "#" for line in before):
        return None
    end = _BREAK.search(file.text, start)
    return Fix("write version: '2' at the top", file.path, (Edit(start, start, f"version: '2'{end[0] if end else chr(10)}"),))


def written(file: File, place: int, key: str, value: str) -> Fix | None:
    """Return a fix that sets a key of a file's top mapping to a quoted string.

    A new key is inserted at position `place` among the keys. Return None if the fix would change the rest of the file.
    """

    def change(root: Any) -> None:
        if key in root:
            root[key] = Quoted(value)
        else:
            root.insert(place, key, Quoted(value))

    text = edit(file.text, change)
    if text is None:
        return None
    same = len(os.path.commonprefix((file.text, text)))
    tail = len(os.path.commonprefix((file.text[same:][::-1], text[same:][::-1])))
    change_of_text = Edit(same, len(file.text) - tail, text[same : len(text) - tail])
    return Fix(f"write {key}: {shown(value)}", file.path, (change_of_text,))


def unknown_keys(node: Map, known: frozenset[str]) -> Iterator[tuple[Text, str]]:
    """Yield each unknown key of a mapping, with the most similar known key that the mapping lacks; "" if no key is similar."""
    present = {key.value for key, _ in node.pairs}
    for key, _ in node.pairs:
        if key.value not in known:
            yield key, near(key.value, known - present)


def _offset(file: File, where: Where, expected: str) -> int | None:
    """Return the offset of a location in the text of its file; return None if the expected text is not at that location."""
    starts = _starts(file.text)
    start = starts[min(where.line, len(starts)) - 1] + where.column - 1
    return start if file.text.startswith(expected, start) else None


@lru_cache(maxsize=4)
def _starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _BREAK.finditer(text))]
