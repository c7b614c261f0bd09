"""DnsNames as Kubernetes takes them: labels of DNS (RFC 1035), keys of annotations and of the data of a Secret."""

from __future__ import annotations

import re

MOST = 40
"""Letters of a service's name: with the release before it and an ordinal behind it, a pod has 63."""

_NOT_IN_LABELS = re.compile(r"[^a-z0-9]+")
_ANNOTATION = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


class DnsNames:
    """Gives names, each once."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def of(self, name: str, most: int = MOST) -> str:
        """Return the name for a thing, always the same: its own where Kubernetes takes it, else the nearest that is free."""
        if name not in self._given:
            label = _NOT_IN_LABELS.sub("-", name.lower()).strip("-")
            label = label if label[:1].isalpha() else f"x-{label}".rstrip("-")
            made, number = label[:most].rstrip("-"), 1
            while made in self._given.values():
                number += 1
                made = f"{label[: most - 1 - len(str(number))].rstrip('-')}-{number}"
            self._given[name] = made
        return self._given[name]


def is_annotation(key: str) -> bool:
    """Whether a label of Docker can be an annotation as it is."""
    return _ANNOTATION.fullmatch(key) is not None


def is_variable(name: str) -> bool:
    """Whether a container of Kubernetes can have a variable of this name."""
    return _VARIABLE.fullmatch(name) is not None
