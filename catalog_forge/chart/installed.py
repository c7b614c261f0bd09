"""The objects that a chart installs, grouped by the file that contains them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from catalog_forge.chart.helm import Verbatim


@dataclass(slots=True)
class Installed:
    """The objects of a stack, grouped by file, and the kind of workload of each service."""

    files: dict[str, list[Any]] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)
    claims: bool = False

    def add(self, file: str, *objects: Any) -> None:
        """Add objects to a file."""
        self.files.setdefault(file, []).extend(objects)


def labels_of(name: str) -> dict[str, Any]:
    """Return the labels that all objects and all pods of a service have."""
    return {
        "app.kubernetes.io/name": Verbatim("{{ $.Chart.Name }}"),
        "app.kubernetes.io/instance": Verbatim('"{{ $.Release.Name }}"'),
        "app.kubernetes.io/component": name,
    }


def object_of(group: str, kind: str, name: Any, component: str, **rest: Any) -> dict[str, Any]:
    """Return an object of a service, with its labels."""
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "labels": labels_of(component)}, **rest}
