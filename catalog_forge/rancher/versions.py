"""Compares versions: in the catalog service's own order, in the order of semantic versions, and with ranges such as those in
`upgrade_from`.

Rules: docs/facts/catalog.md#7.4; `utils/version` and the patched blang/semver of rancher/catalog-service, whose ranges also use
the service's own order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_NUMBER = re.compile("[0-9]+")
_WORD = re.compile("[a-z]+")
_SPLIT = re.compile("[.-]")
_PART = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_CORE = r"(0|[1-9][0-9]{0,18})"
_SEMVER = re.compile(rf"{_CORE}\.{_CORE}\.{_CORE}(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_COMPARED = re.compile("[^0-9]*")
_DIGIT = re.compile("[0-9]")

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]
Test = Callable[[str], bool]
# The sort key of a version that is not semantic. Such a version sorts like 0.0.0.
LOWEST: Order = (0, 0, 0, True, ())


def semver(text: str) -> Order | None:
    """Return the sort key of a semantic version; return None for any other string, including a version with a leading `v`."""
    found = _SEMVER.fullmatch(text)
    if found is None:
        return None
    major, minor, patch, before = found.groups()
    parts = [(not part.isdigit(), _int(part), part) for part in before.split(".")] if before else []
    return int(major), int(minor), int(patch), not before, tuple(parts)


def greater(one: str, other: str) -> bool:
    """Tell whether the catalog service considers `one` greater than `other`."""
    one, other = (text.partition("+")[0].lstrip("v") for text in (one, other))
    ones, others = ([part for part in _SPLIT.split(text) if part] for text in (one, other))
    if len(others) > len(ones):
        return one != other and not _greater(others, ones)
    return _greater(ones, others)


def _greater(ones: list[str], others: list[str]) -> bool:
    """Compare two versions part by part; `ones` has at least as many parts as `others`."""
    for part, against in zip(ones, others, strict=False):
        order = _compared(part, against)
        if order:
            return order > 0
    return len(ones) > len(others) and re.fullmatch("[0-9]{1,18}", ones[len(others)]) is not None


def _compared(one: str, other: str) -> int:
    word, against = _first(_WORD, one), _first(_WORD, other)
    if word and against and word != against:
        return 1 if word > against else -1
    number, limit = _first(_NUMBER, one), _first(_NUMBER, other)
    if not (number and limit) and one != other:
        return 1 if one > other else -1
    return _int(number) - _int(limit)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _int(text: str) -> int:
    """Parse a number, and limit it to 63 bits as Go's Atoi does; return 0 if the string is not a number."""
    return 0 if not text.isdecimal() else int(text) if len(text) < 19 else (1 << 63) - 1


def within(version: str, wanted: str) -> bool | None:
    """Tell whether a version is in a range by the catalog service's rules; None if the version or the range cannot be read."""
    test, plain = reads_range(wanted), version.lstrip("v")
    return None if test is None or semver(plain) is None else test(plain)


def reads_range(text: str) -> Test | None:
    """Parse a range such as `>=1.0.0 <2.0.0 || 3.x` into a test; return None if the catalog service cannot read it."""
    text = text.lstrip("v")
    for mark in (">v", ">=v", "<v", "<=v", "=v", "!v"):
        text = text.replace(mark, mark[:-1])
    choices: list[list[Test]] = [[]]
    for part in _parts(text):
        if part == "||":
            choices.append([])
            continue
        for comparison in _expanded(part):
            test = _test(comparison)
            if test is None:
                return None
            choices[-1].append(test)
    if not all(choices):
        return None
    return lambda version: any(all(test(version) for test in tests) for tests in choices)


def _parts(text: str) -> Iterator[str]:
    """Split a range at its spaces, except the spaces after an operator."""
    for part in re.sub(r"([<>=]) +", r"\1", text).split(" "):
        # The service ignores parts that are one character long.
        if len(part) > 1:
            yield part


def _test(comparison: str) -> Test | None:
    operator = _COMPARED.match(comparison)
    wanted = comparison[operator.end() :] if operator else ""
    if operator is None or semver(wanted) is None:
        return None
    tests: dict[str, Test] = {
        "": lambda version: not greater(version, wanted) and not greater(wanted, version),
        ">": lambda version: greater(version, wanted),
        "<": lambda version: greater(wanted, version),
        ">=": lambda version: not greater(wanted, version),
        "<=": lambda version: not greater(version, wanted),
        "!": lambda version: greater(version, wanted) or greater(wanted, version),
    }
    same = {"=": "", "==": "", "!=": "!"}
    return tests.get(same.get(operator[0], operator[0]))


def _expanded(part: str) -> list[str]:
    """Expand a wildcard such as `1.2.x` into comparisons, with the quirks of the catalog service.

    `1.x.x` includes only versions below `1.1.0`. An operator that the service does not know, such as `~`, is ignored.
    """
    place = _DIGIT.search(part) if "x" in part else None
    if place is None:
        return [part]
    operator, wanted = part[: place.start()].strip(), part[place.start() :]
    low = wanted.replace(".x.x", ".x", 1).replace(".x", ".0", 1)
    low += ".0" if low.count(".") == 1 else ""
    high = _above(low, wanted.split("."))
    # A version must satisfy both comparisons, even for `!=`: a wildcard after `!=` therefore matches no version.
    ranges = {">": [f">={high}"], ">=": [f">={low}"], "<": [f"<{low}"], "<=": [f"<{high}"]}
    ranges |= dict.fromkeys(("", "=", "=="), [f">={low}", f"<{high}"]) | dict.fromkeys(("!", "!="), [f"<{low}", f">={high}"])
    return ranges.get(operator, [low])


def _above(low: str, parts: list[str]) -> str:
    """Return the lowest version above all versions that a wildcard matches; empty if the service cannot compute it."""
    raised = {2: 0, 3: 1}.get(len(parts)) if parts[-1] == "x" else None
    numbers = low.split(".")
    if raised is None or not re.fullmatch("[0-9]{1,18}", numbers[raised]):
        return ""
    numbers[raised] = str(int(numbers[raised]) + 1)
    return ".".join(numbers)
