"""Generate all files of a spec: the conf image in images/, and the entry in templates/ or the compose file in compose/."""

from __future__ import annotations

from catalog_forge.catalog.entry import entry_plan
from catalog_forge.catalog.stored import compose_plan
from catalog_forge.image.files import image_plan
from catalog_forge.plan import Plan
from catalog_forge.spec.checks.whole import confd_sha256
from catalog_forge.spec.folder import SpecFolder
from catalog_forge.spec.model import Spec


def forge(spec: Spec, folder: SpecFolder) -> Plan:
    """Return every generated file of a spec, with paths relative to the catalog.

    `folder` contains the author's static files. Raises ForgeError if a static file is missing or a body cannot be compiled.
    """
    plan = Plan()
    plan.image = {"tag": spec.tag, "confd": confd_sha256(spec)}
    plan.merge(image_plan(spec, folder.static), f"images/{spec.name}")
    if "rancher" in spec.engine.backends:
        plan.merge(entry_plan(spec, lambda name: folder.icon(name, spec.entry.at("icon"))), f"templates/{spec.entry.name}")
    if spec.engine.is_stored:
        plan.merge(compose_plan(spec), f"compose/{spec.name}")
    return plan
