"""The store that templates read: a flat map of absolute keys to strings, filled from JSON as in confd's back end `rancher`.

Rules: docs/facts/confd.md#2.1 and #3.5; confd 0.16.0 (backends/rancher), memkv 0.1.1, Go's path and encoding/json.
"""

from __future__ import annotations

import json
import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from catalog_forge.gotext.values import PAIRS, STRINGS, GoError, KVPair, Slice, runes

_SURROGATE = re.compile("[\ud800-\udfff]")
_WILD = re.compile(rb"[*?\[\\]")


class StoreError(Exception):
    """Raised if the service's answer cannot be put into the store; the resource then fails."""


class Store:
    """The keys of one resource. A store never changes after construction, so it may be shared."""

    def __init__(self, leaves: Mapping[bytes, bytes]) -> None:
        self._leaves = leaves

    @cached_property
    def _keys(self) -> list[bytes]:
        return sorted(self._leaves)

    def get(self, key: bytes) -> KVPair:
        """Return a key with its value. Raises GoError if the key does not exist."""
        return KVPair(key, self.getv(key))

    def getv(self, key: bytes, *default: bytes) -> bytes:
        """Return a value, or the first default if the key does not exist. Raises GoError if there is no default."""
        value = self._leaves.get(key)
        if value is not None:
            return value
        if default:
            return default[0]
        raise GoError(f"key does not exist: {key.decode('utf-8', 'replace')}")

    def exists(self, key: bytes) -> bool:
        """Return whether a key has a value: a key that only has children does not exist."""
        return key in self._leaves

    def gets(self, pattern: bytes) -> Slice:
        """Return the pairs whose key matches a pattern of Go's path.Match, sorted by key. Raises GoError for a bad pattern."""
        return Slice.grown([KVPair(key, self._leaves[key]) for key in self._matching(pattern)], PAIRS)

    def getvs(self, pattern: bytes) -> Slice:
        """Return the values of the keys that match, sorted by value."""
        return Slice.grown(sorted(self._leaves[key] for key in self._matching(pattern)), STRINGS)

    def ls(self, path: bytes) -> Slice:
        """Return the sorted names of a path's children. If the path is a leaf, they include the leaf's own name."""
        below = _below(path)
        if below is None:
            return Slice.grown(self._ls_odd(path), STRINGS)
        # memkv compares the segments of `path` with those of each key's parent. "/" is split into two empty segments, which match
        # only the parent "/" itself, so only leaves count as children of "/".
        names = {name for name, branch in self._children(below) if not branch or below != b"/"}
        if path in self._leaves:
            names.add(base(path))
        return Slice.grown(sorted(names), STRINGS)

    def lsdir(self, path: bytes) -> Slice:
        """Return the sorted names of those children of a path that have children themselves."""
        below = _below(path)
        if below is None:
            below = _below(clean(path)) or b""
            names = {key[len(below) :].split(b"/")[0] for key in self._under(below, 2) if key.startswith(path)}
        else:
            names = {name for name, branch in self._children(below) if branch and below != b"/"}
        return Slice.grown(sorted(names), STRINGS)

    def _children(self, below: bytes) -> Iterator[tuple[bytes, bool]]:
        """Yield each segment after the prefix `below`, and whether more segments follow; yield a leaf with children twice."""
        keys, size = self._keys, len(below)
        place = bisect_left(keys, below)
        while place < len(keys) and keys[place].startswith(below):
            name, slash, _ = keys[place][size:].partition(b"/")
            if name:
                yield name, bool(slash)
            # Skip the other keys below this segment. They sort before the segment with "0" appended, because "0" comes after "/".
            place = bisect_left(keys, below + name + b"0", place + 1) if slash else place + 1

    def _ls_odd(self, path: bytes) -> list[bytes]:
        """Return what `ls` lists for a path such as `/a//b`, which Go's path.Clean changes.

        `ls` finds the keys below the cleaned path. If a key does not begin with the original path, `ls` lists the
        key's first segment.
        """
        keys = self._under(_below(clean(path)) or b"", 1)
        return sorted({key.removeprefix(path).removeprefix(b"/").split(b"/")[0] for key in keys})

    def _under(self, below: bytes, levels: int) -> Iterator[bytes]:
        """Yield the keys at least `levels` levels below a path; yield none for a relative path.

        For the root, yield only its direct children, and only if `levels` is 1.
        """
        if below == b"/":
            yield from (key for key in self._leaves if levels == key.count(b"/") == 1)
        elif below.startswith(b"/"):
            yield from (key for key in self._leaves if key.startswith(below) and key.count(b"/", len(below)) >= levels - 1)

    def _matching(self, pattern: bytes) -> Iterator[bytes]:
        """Yield the keys that match a pattern, sorted."""
        keys = self._keys
        if not keys:
            return
        found = matcher(pattern)
        head = _WILD.split(pattern, maxsplit=1)[0]
        for place in range(bisect_left(keys, head), len(keys)):
            if not keys[place].startswith(head):
                break
            if found(runes(keys[place])):
                yield keys[place]


def _below(path: bytes) -> bytes | None:
    """Return the common prefix of the keys below a path, or None if path.Clean does more to the path than drop a final slash."""
    plain = path.removesuffix(b"/") or b"/"
    if clean(path) != plain or path == b"//":
        return None
    return plain if plain == b"/" else plain + b"/"


def load(body: bytes) -> Any:
    """Parse JSON as Go does for an interface{}: numbers become floats; of duplicate keys, the last counts. Raises ValueError."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = _SURROGATE.sub("\ufffd", body.decode("utf-8", "surrogateescape"))
    try:
        return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("exceeded max depth") from None


def _number(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"json: cannot unmarshal number {digits} into Go value of type float64")
    return value


def _no_constant(word: str) -> Any:
    raise ValueError(f"invalid character {word[0]!r} looking for beginning of value")


def text_of(value: str) -> bytes:
    """Encode a JSON string as Go does: an unpaired surrogate becomes the replacement character."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", value).encode()


def flatten(path: str, body: bytes, prefix: str = "") -> dict[bytes, bytes]:
    """Return the keys and values that confd stores for a JSON body at a path; the prefix is removed, and the keys are cleaned.

    The keys are in the order of the document. If a key occurs several times, its last value is used; the real confd may use any
    of the values. Raises StoreError if the body is not JSON, or if the real confd would exit (because a `name` in a list is not
    a string).
    """
    try:
        document = load(body)
    except ValueError as error:
        raise StoreError(json_error(body, error)) from None
    start = prefix.encode("utf-8", "surrogateescape")
    root = path.encode("utf-8", "surrogateescape")
    if not start.endswith(b"/") and (root + b"/").startswith(start + b"/"):
        walk = _Walk(path)
        walk.add(root[len(start) :], document)
        if walk.clean:
            return walk.leaves if isinstance(document, dict | list) else {root[len(start) :] or b"/": walk.leaves.popitem()[1]}
    walk = _Walk(path)
    walk.add(root, document)
    return {clean(b"/" + key.removeprefix(start)): value for key, value in walk.leaves.items()}


def json_error(body: bytes, error: ValueError) -> str:
    """Return the error that Go would report for a body that is not JSON (exact only in simple cases)."""
    if not body.strip():
        return "unexpected end of JSON input"
    if isinstance(error, json.JSONDecodeError):
        rest = error.doc[error.pos :]
        return f"invalid character {rest[0]!r} looking for beginning of value" if rest else "unexpected end of JSON input"
    return str(error)


class _Segments(dict[str, bytes]):
    """Caches the path segment of each JSON key, because the same few keys occur again and again."""

    def __missing__(self, key: str) -> bytes:
        return self.setdefault(key, b"/" + text_of(key))


class _Walk:
    """A walk over a JSON document that collects its leaves."""

    __slots__ = ("leaves", "origin", "segments", "texts")

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.leaves: dict[bytes, bytes] = {}
        self.segments = _Segments()
        self.texts: dict[float, bytes] = {}

    @property
    def clean(self) -> bool:
        """Whether Go's path.Clean would leave every segment unchanged."""
        return not any("/" in key or key in ("", ".", "..") for key in self.segments)

    def add(self, path: bytes, value: Any) -> None:
        """Add all leaves of a value at a path."""
        kind = type(value)
        if kind is dict:
            self._add_map(path, value)
        elif kind is list:
            for number, item in enumerate(value):
                self.add(path + self._element(path, number, item), item)
        else:
            self.leaves[path] = text_of(value) if kind is str else self._scalar(value)

    def _add_map(self, path: bytes, value: dict[str, Any]) -> None:
        leaves, segments = self.leaves, self.segments
        for key, item in value.items():
            place = path + segments[key]
            kind = type(item)
            if kind is str:
                try:
                    leaves[place] = item.encode()
                except UnicodeEncodeError:
                    leaves[place] = text_of(item)
            elif kind is dict:
                self._add_map(place, item)
            elif kind is list:
                self.add(place, item)
            else:
                leaves[place] = self._scalar(item)

    def _element(self, path: bytes, number: int, item: Any) -> bytes:
        """Return the path segment for an element of a list: its `name` if it has one, otherwise its number."""
        if type(item) is not dict or "name" not in item:
            return b"/%d" % number
        name = item["name"]
        if not isinstance(name, str):
            place, given = f"{self.origin}: {runes(path)}", json.dumps(name)[:40]
            raise StoreError(
                f"{place}: the name of element {number} is {given}, which is not a string: the real confd exits here (exit 2)"
            )
        return self.segments[name]

    def _scalar(self, value: Any) -> bytes:
        if value is None:
            return b"null"
        if value is True or value is False:
            return b"true" if value else b"false"
        if not value:  # 0.0 and -0.0 are equal, but differ as text
            return number_text(value)
        return self.texts.get(value) or self.texts.setdefault(value, number_text(value))


def number_text(value: float) -> bytes:
    """Return a number as confd stores it: without an exponent."""
    if value and abs(value) < 1 << 53 and value == int(value):
        return b"%d" % int(value)
    return format(Decimal(repr(value)), "f").removesuffix(".0").encode()


def clean(path: bytes) -> bytes:
    """Return the shortest equivalent path (Go's path.Clean)."""
    if not path:
        return b"."
    found = posixpath.normpath(path)
    return found[1:] if found.startswith(b"//") else found


def join(*parts: str) -> str:
    """Join paths (Go's path.Join)."""
    joined = "/".join(part for part in parts if part)
    return runes(clean(joined.encode("utf-8", "surrogateescape"))) if joined else ""


def base(path: bytes) -> bytes:
    """Return the last segment of a path (Go's path.Base)."""
    if not path:
        return b"."
    return path.rstrip(b"/").rpartition(b"/")[2] or b"/"


def directory(path: bytes) -> bytes:
    """Return all but the last segment of a path (Go's path.Dir)."""
    return clean(path[: path.rfind(b"/") + 1])


@lru_cache(maxsize=1024)
def matcher(pattern: bytes) -> Callable[[str], object]:
    """Return a function that tests whether a key matches a pattern (Go's path.Match). Raises GoError for an invalid pattern."""
    return re.compile(_regex(runes(pattern)), re.DOTALL).fullmatch


def _regex(pattern: str) -> str:
    """Translate a pattern to a regular expression. Text between two stars becomes an atomic group: Go never backtracks in it."""
    chunks: list[str] = [""]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            chunks.append("[^/]*?")
        elif char == "?":
            chunks[-1] += "[^/]"
        elif char == "[":
            found, at = _char_class(pattern, at)
            chunks[-1] += found
        elif char == "\\":
            if at == len(pattern):
                raise _bad_pattern()
            chunks[-1] += re.escape(pattern[at])
            at += 1
        else:
            chunks[-1] += re.escape(char)
    atomic = "".join(f"(?>{chunk})" for chunk in chunks[1:-1])
    return chunks[0] + atomic + (chunks[-1] if len(chunks) > 1 else "")


def _char_class(pattern: str, at: int) -> tuple[str, int]:
    """Translate a character class to a regular expression; return this expression and the position after the class."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges = ""
    while not (ranges and pattern.startswith("]", at)):
        low, at = _class_char(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _class_char(pattern, at + 1)
        ranges += f"{re.escape(low)}-{re.escape(high)}" if low <= high else _NEVER
    return f"[{'^' if negated else ''}{ranges.replace(_NEVER, '') or _NEVER}]", at + 1


# A character that no key contains. It replaces each range that matches nothing, because Python refuses such a range.
_NEVER = "\U0010ffff"


def _class_char(pattern: str, at: int) -> tuple[str, int]:
    if at >= len(pattern) or pattern[at] in "-]":
        raise _bad_pattern()
    if pattern[at] == "\\":
        at += 1
    if at + 1 >= len(pattern):
        raise _bad_pattern()
    return pattern[at], at + 1


def _bad_pattern() -> GoError:
    return GoError("syntax error in pattern")
