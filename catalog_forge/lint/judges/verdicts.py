"""What Rancher's three judges do with a catalog, or with a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog_forge.lint.judges import ci, launch
from catalog_forge.lint.judges.layout import as_catalog
from catalog_forge.lint.judges.service import Service
from catalog_forge.rancher.judgement.ruling import Judge, Ruling
from catalog_forge.rancher.tree import Tree


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All rulings, and what the service lists: for each template its versions with the id of each, and the version it offers."""

    rulings: tuple[Ruling, ...]
    served: dict[str, dict[str, str]]
    default: dict[str, str]

    def of(self, judge: Judge) -> str:
        """The verdict of a judge: the worst of `reject`, `drop` and `ghost` that it ruled, else `accept`."""
        ruled = {ruling.outcome for ruling in self.rulings if ruling.judge == judge}
        return next((outcome for outcome in ("reject", "drop", "ghost") if outcome in ruled), "accept")

    def data(self) -> dict[str, Any]:
        """The verdicts as plain data."""
        return {
            "service": self.of("service"),
            "ci": self.of("ci"),
            "launch": self.of("launch"),
            "served": self.served,
            "default": self.default,
        }


def verdicts(tree: Tree) -> Verdicts:
    """Judge a catalog, or a part of one (`judges.layout` says how it is told which).

    What is served is what a running service would show, also where `catalog-service --validate` refuses the catalog. A template
    without a config.yml that can be read has no names: it stands there as `""`.
    """
    catalog = as_catalog(tree)
    service = Service(catalog)
    served: dict[str, dict[str, str]] = {}
    default: dict[str, str] = {}
    for template in service.templates.values():
        for version in template.served:
            served.setdefault(template.id, {})[version.version] = f"{template.id}:{version.id}"
        if template.served:
            default[template.id] = template.chosen()
    rulings = (*service.rulings, *service.altered(), *ci.judge(catalog), *launch.judge(service))
    return Verdicts(rulings, served, default)
