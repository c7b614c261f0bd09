"""From a spec to everything that it stands for: the conf image below images/, the entry below templates/."""

from __future__ import annotations

import hashlib

from catalog_forge import __version__
from catalog_forge.catalog.entry import entry_plan
from catalog_forge.image.files import image_plan
from catalog_forge.plan import Plan
from catalog_forge.spec.folder import SpecFolder
from catalog_forge.spec.model import Spec


def forge(spec: Spec, folder: SpecFolder) -> Plan:
    """Return every generated file of a spec, with paths relative to the catalog.

    `folder` holds the author's static files. Raises ForgeError when one is missing, or a body cannot be compiled.
    """
    plan = Plan()
    plan.merge(image_plan(spec, folder.static), f"images/{spec.name}")
    plan.merge(entry_plan(spec, lambda name: folder.icon(name, spec.entry.at("icon"))), f"templates/{spec.entry.name}")
    return plan


def inputs_digest(content: bytes, folder: SpecFolder) -> str:
    """Return the SHA-256 of everything that decides what `forge` gives: this release, the spec, the files of its folder."""
    digest = hashlib.sha256(f"{__version__}\n".encode())
    digest.update(hashlib.sha256(content).digest())
    for name, data in folder.files():
        digest.update(f"{name}\0".encode() + hashlib.sha256(data).digest())
    return digest.hexdigest()
