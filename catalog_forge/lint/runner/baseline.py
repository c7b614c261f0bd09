"""The baseline: the known findings of an old catalog, recorded so that only new findings count.

A baseline is JSON with one finding per line: the path, the rule, a fingerprint of the checked line and the message, and the
number of occurrences. A baseline stays valid when lines move.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from catalog_forge.errors import ForgeError, Where
from catalog_forge.lint.findings import Finding

MAX_BYTES = 64 << 20
FORMAT = 1

_MOVES = re.compile(r"(\bline |:)[0-9]+(:[0-9]+)?")

_CREATE = "create a baseline with --write-baseline"
# Path, rule, fingerprint.
Key = tuple[str, str, str]


def key(finding: Finding) -> Key:
    """Return the path, rule and fingerprint by which a baseline recognizes a finding."""
    return finding.path or finding.where.file, finding.rule, fingerprint(finding)


def fingerprint(finding: Finding) -> str:
    """Return a fingerprint of a finding: sixteen hex digits, which do not depend on the line number."""
    text = finding.excerpt.strip() + "\0" + _MOVES.sub(r"\1", finding.message)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def numbered(findings: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """Return each finding with a unique fingerprint: a hash of the finding's key and of its number among equal findings."""
    seen: Counter[Key] = Counter()
    found = []
    for finding in findings:
        known = key(finding)
        seen[known] += 1
        text = "\0".join((*known, str(seen[known])))
        found.append((finding, hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]))
    return found


def dump(findings: Iterable[Finding]) -> str:
    """Return the text of a baseline with these findings, sorted, one per line."""
    counts = Counter(map(key, findings))
    lines = [
        json.dumps({"path": path, "rule": rule, "fingerprint": digits, "count": count})
        for (path, rule, digits), count in sorted(counts.items())
    ]
    return f'{{"catalog-forge-baseline": {FORMAT}, "findings": [\n' + ",\n".join(lines) + "\n]}\n"


def load(path: Path, shown: str) -> Counter[Key]:
    """Read a baseline; return the number of times that each finding occurs in it. Raises ForgeError if the file is not a readable
    baseline.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(MAX_BYTES + 1) if is_file else b""
    except OSError as error:
        raise ForgeError(f"the baseline cannot be read: {error.strerror}", Where(shown), _CREATE) from None
    try:
        if not is_file or len(content) > MAX_BYTES:
            raise ValueError
        data = json.loads(content)
        if data["catalog-forge-baseline"] != FORMAT:
            raise ValueError
        found: Counter[Key] = Counter()
        for each in data["findings"]:
            found[str(each["path"]), str(each["rule"]), str(each["fingerprint"])] += int(each["count"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ForgeError("this is not a baseline", Where(shown), _CREATE) from None
    return found


def compared(findings: Iterable[Finding], known: Counter[Key]) -> tuple[list[Finding], list[Finding], Counter[Key]]:
    """Return the new findings, the known findings, and a count of each finding that only the baseline has."""
    left = Counter(known)
    new: list[Finding] = []
    old: list[Finding] = []
    for finding in findings:
        if left[key(finding)] > 0:
            left[key(finding)] -= 1
            old.append(finding)
        else:
            new.append(finding)
    return new, old, +left
