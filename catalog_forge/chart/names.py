"""Makes and checks names for Kubernetes: DNS labels (RFC 1035), keys of annotations, variables of containers."""

from __future__ import annotations

import re

MOST = 40
"""The maximum length of a service's name: with the release before it and an ordinal after it, a pod's name has at most 63
letters.
"""

_NOT_IN_LABELS = re.compile(r"[^a-z0-9]+")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,126}")
_ANNOTATION = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


class DnsNames:
    """Assigns unique DNS names."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def of(self, name: str, most: int = MOST, like: str = "") -> str:
        """Return the unique valid name of the object `name`. The first call derives it from `like`, by default from `name`."""
        if name not in self._given:
            label = _NOT_IN_LABELS.sub("-", (like or name).lower()).strip("-")
            label = label if label[:1].isalpha() else f"x-{label}".rstrip("-")
            made, number = label[:most].rstrip("-"), 1
            while made in self._given.values():
                number += 1
                made = f"{label[: most - 1 - len(str(number))].rstrip('-')}-{number}"
            self._given[name] = made
        return self._given[name]

    def is_free(self, label: str) -> bool:
        """Whether a label is not assigned yet."""
        return label not in self._given.values()


def is_host(host: str) -> bool:
    """Whether a name can be the host of an Ingress or the target of an ExternalName (RFC 1123)."""
    return len(host) < 254 and _HOST.fullmatch(host) is not None


def is_annotation(key: str) -> bool:
    """Whether a Docker label can become an annotation unchanged."""
    return _ANNOTATION.fullmatch(key) is not None


def is_label(key: str, value: str) -> bool:
    """Whether a node of the cluster can have a label with this key and value."""
    return is_annotation(key) and (not value or _VALUE.fullmatch(value) is not None)


def is_variable(name: str) -> bool:
    """Whether a container in Kubernetes can have an environment variable with this name."""
    return _VARIABLE.fullmatch(name) is not None
