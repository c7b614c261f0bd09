"""The store that templates read: a flat map of absolute keys to strings, filled from JSON as confd's rancher backend does it.

Rules: field/confd-metadata.md sections 2.1 and 3; confd 0.16.0 (backends/rancher), memkv 0.1.1, Go's path and encoding/json.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from catalog_forge.confd.govalues import PAIRS, STRINGS, GoError, KVPair, Slice, runes

_SURROGATE = re.compile("[\ud800-\udfff]")


class StoreError(Exception):
    """What the service said cannot be put into the store: the resource fails."""


class Store:
    """The keys of one resource. It is not changed once it is made, and may be shared."""

    def __init__(self, leaves: Mapping[bytes, bytes]) -> None:
        self._leaves = leaves
        self._sorted: list[bytes] | None = None
        self._children: dict[bytes, dict[bytes, int]] | None = None

    def get(self, key: bytes) -> KVPair:
        """Return a pair. Raises GoError when there is none."""
        return KVPair(key, self.getv(key))

    def getv(self, key: bytes, *default: bytes) -> bytes:
        """Return a value, else the first default. Raises GoError without both."""
        value = self._leaves.get(key)
        if value is not None:
            return value
        if default:
            return default[0]
        raise GoError(f"key does not exist: {key.decode('utf-8', 'replace')}")

    def exists(self, key: bytes) -> bool:
        """Tell whether a key has a value: what only has children does not exist."""
        return key in self._leaves

    def gets(self, pattern: bytes) -> Slice:
        """Return the pairs whose key matches a pattern of Go's path.Match, sorted by key. Raises GoError for a bad one."""
        keys = self._keys_like(pattern)
        return Slice.grown([KVPair(key, self._leaves[key]) for key in keys], PAIRS)

    def getvs(self, pattern: bytes) -> Slice:
        """Return the values of the keys that match, sorted by value."""
        return Slice.grown(sorted(self._leaves[key] for key in self._keys_like(pattern)), STRINGS)

    def ls(self, path: bytes) -> Slice:
        """Return the names of the children, sorted; for a leaf also its own."""
        if _odd(path):
            return self._ls_odd(path)
        # memkv compares the segments of parents: those of "/" are two empty ones, so that only leaves are below it.
        wanted = _LEAF if path == b"/" else _LEAF | _BRANCH
        names = {name for name, kinds in self._below(path).items() if kinds & wanted}
        if path in self._leaves:
            names.add(base(path))
        return Slice.grown(sorted(names), STRINGS)

    def lsdir(self, path: bytes) -> Slice:
        """Return the names of the children that have children, sorted."""
        if _odd(path):
            below = clean(path).rstrip(b"/") + b"/"
            names = {key[len(below) :].split(b"/")[0] for key in self._under(below, 2) if key.startswith(path)}
            return Slice.grown(sorted(names), STRINGS)
        found = {} if path == b"/" else self._below(path)
        return Slice.grown(sorted(name for name, kinds in found.items() if kinds & _BRANCH), STRINGS)

    def _ls_odd(self, path: bytes) -> Slice:
        """List below a path such as `/a//b`: where memkv cannot take the path off a key, it shows the key's first segment."""
        below = clean(path).rstrip(b"/") + b"/"
        keys = self._under(below, 1)
        return Slice.grown(sorted({key.removeprefix(path).removeprefix(b"/").split(b"/")[0] for key in keys}), STRINGS)

    def _under(self, below: bytes, levels: int) -> Iterator[bytes]:
        """The keys that are at least so many levels below a path; none below the root, or below a relative path."""
        if len(below) > 1 and below.startswith(b"/"):
            yield from (key for key in self._leaves if key.startswith(below) and key.count(b"/", len(below)) >= levels - 1)

    def _keys_like(self, pattern: bytes) -> Iterator[bytes]:
        if self._sorted is None:
            self._sorted = sorted(self._leaves)
        if not self._sorted:
            return iter(())
        found = matcher(pattern)
        return (key for key in self._sorted if found(runes(key)))

    def _below(self, path: bytes) -> dict[bytes, int]:
        if self._children is None:
            self._children = _tree(self._leaves)
        return self._children.get(path.removesuffix(b"/") or b"/", {})


def _odd(path: bytes) -> bool:
    """Tell whether a path is not as Go's path.Clean leaves it, but for one slash at its end."""
    return clean(path) != (path.removesuffix(b"/") or b"/") or path == b"//"


_LEAF, _BRANCH = 1, 2


def _tree(leaves: Iterable[bytes]) -> dict[bytes, dict[bytes, int]]:
    """Return the names below each path, and for each whether it is a leaf, a branch, or both."""
    children: dict[bytes, dict[bytes, int]] = {}
    for leaf in leaves:
        if leaf == b"/":
            continue
        kind, path = _LEAF, leaf
        while path:
            parent, _, name = path.rpartition(b"/")
            seen = children.setdefault(parent or b"/", {})
            known = seen.get(name, 0)
            seen[name] = known | kind
            if known & kind:
                break
            kind, path = _BRANCH, parent
    return children


def load(body: bytes) -> Any:
    """Parse JSON as Go does into an interface: every number a float, the last of equal keys wins. Raises ValueError."""
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
    """Return a string of JSON as Go holds it: half a surrogate pair becomes the replacement character."""
    return _SURROGATE.sub("\ufffd", value).encode() if _SURROGATE.search(value) else value.encode()


def flatten(root: str, body: bytes) -> dict[bytes, bytes]:
    """Flatten what the service said of a path: names below the path, as confd joins them, in the order of the document.

    Raises StoreError when it is no JSON, and where the real confd would end (a `name` in a list that is no string).
    """
    try:
        document = load(body)
    except ValueError as error:
        raise StoreError(json_error(body, error)) from None
    leaves: dict[bytes, bytes] = {}
    _walk(root.encode("utf-8", "surrogateescape"), document, leaves)
    return leaves


def json_error(body: bytes, error: ValueError) -> str:
    """Say in Go's words what is wrong with a body, where that is simple."""
    if not body.strip():
        return "unexpected end of JSON input"
    if isinstance(error, json.JSONDecodeError):
        rest = error.doc[error.pos :]
        return f"invalid character {rest[0]!r} looking for beginning of value" if rest else "unexpected end of JSON input"
    return str(error)


def _walk(path: bytes, value: Any, leaves: dict[bytes, bytes]) -> None:
    if isinstance(value, str):
        leaves[path] = text_of(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _walk(path + b"/" + text_of(key), item, leaves)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _walk(path + b"/" + _element(path, number, item), item, leaves)
    else:
        leaves[path] = _scalar(value)


def _element(path: bytes, number: int, item: Any) -> bytes:
    """Return the segment for an element of a list: its name, else its number."""
    if not isinstance(item, dict) or "name" not in item:
        return str(number).encode()
    name = item["name"]
    if not isinstance(name, str):
        given = json.dumps(name)[:40]
        raise StoreError(
            f"{runes(path)}: the name of element {number} is {given} and no string: the real confd ends here (exit 2)"
        )
    return text_of(name)


def _scalar(value: Any) -> bytes:
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if abs(value) < 1 << 53 and value == int(value) and str(value)[0] != "-":
        return str(int(value)).encode()
    return format(Decimal(repr(value)), "f").removesuffix(".0").encode()


def keys_of(leaves: Mapping[bytes, bytes], prefix: str) -> dict[bytes, bytes]:
    """Take the prefix off the keys and clean them, as confd does before it stores them; of equal keys the last wins."""
    start = prefix.encode("utf-8", "surrogateescape")
    stored = {}
    for key, value in leaves.items():
        key = key.removeprefix(start)
        # Most keys are clean, and cleaning one costs more than all the rest.
        if key[:1] != b"/" or b"//" in key or b"/." in key or key.endswith(b"/"):
            key = clean(b"/" + key)
        stored[key] = value
    return stored


def clean(path: bytes) -> bytes:
    """Return the shortest path that means the same (Go's path.Clean)."""
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
    """Return a function that tells whether a key matches (Go's path.Match). Raises GoError for a pattern that is none."""
    return re.compile(_regex(runes(pattern)), re.DOTALL).fullmatch


def _regex(pattern: str) -> str:
    """Translate a pattern. What follows a star is an atomic group: Go takes the first place that fits, and never looks again."""
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
    """Translate what stands between brackets; return it with the place behind it."""
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


# A character that no key holds: it stands for a range that holds nothing.
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
