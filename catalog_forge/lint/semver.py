"""Semantic versions as Rancher's library (blang/semver) reads them: strictly X.Y.Z, without leading zeros."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"(0|[1-9][0-9]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII)
_LEADING_ZERO = re.compile(r"0[0-9]+")

Part = tuple[int, int, str]
Key = tuple[tuple[int, int, int], bool, tuple[Part, ...]]
LOWEST: Key = ((0, 0, 0), True, ())


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; `key` sorts as the library compares."""

    text: str
    key: Key


def parse(text: str) -> Version | None:
    """Read a version; None for everything else."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    major, minor, patch, before, build = found.groups()
    parts = before.split(".") if before else []
    numbers_fit = all(int(number) < 1 << 64 for number in (major, minor, patch))
    if not numbers_fit or not all(parts) or any(map(_LEADING_ZERO.fullmatch, parts)) or (build and not all(build.split("."))):
        return None
    return Version(text, ((int(major), int(minor), int(patch)), not parts, tuple(map(_part, parts))))


def _part(text: str) -> Part:
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
