"""The verdicts of Rancher's three judges on a catalog or on a part of a catalog."""

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
    """The rulings of all judges, and the templates that the service lists.

    `served` maps the id of each template to a mapping from the template's versions to their ids. `default` maps the id of
    each template to the version that Rancher offers.
    """

    rulings: tuple[Ruling, ...]
    served: dict[str, dict[str, str]]
    default: dict[str, str]

    def of(self, judge: Judge) -> str:
        """Return the verdict of a judge: the worst of its `reject`, `drop` and `ghost` rulings, else `accept`."""
        ruled = {ruling.outcome for ruling in self.rulings if ruling.judge == judge}
        return next((outcome for outcome in ("reject", "drop", "ghost") if outcome in ruled), "accept")

    def data(self) -> dict[str, Any]:
        """Return the verdicts as plain data."""
        return {
            "service": self.of("service"),
            "ci": self.of("ci"),
            "launch": self.of("launch"),
            "served": self.served,
            "default": self.default,
        }


def verdicts(tree: Tree) -> Verdicts:
    """Judge a catalog or a part of a catalog (`judges.layout` finds out which part).

    `served` contains what a running service would list, even if `catalog-service --validate` refuses the catalog. A template
    without a readable config.yml has no id and is listed as `""`.
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
