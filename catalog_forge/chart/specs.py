"""Reads the parts of a spec from which a chart is made: the entry and the conf image."""

from __future__ import annotations

import re

from catalog_forge.chart.pods import Conf
from catalog_forge.errors import ForgeError
from catalog_forge.image.files import ReadStatic, folders, image_plan
from catalog_forge.plan import File
from catalog_forge.rancher.entries import Revision, read
from catalog_forge.spec.folder import SpecFolder
from catalog_forge.spec.model import Spec

_KEYS = re.compile(r'"/(stacks|services|containers|hosts)\b')


def entry_and_icon(spec: Spec, folder: SpecFolder) -> tuple[Revision, File]:
    """Generate the entry of a spec without writing it. Return the entry and its icon."""
    from catalog_forge.catalog.entry import entry_plan

    plan = entry_plan(spec, lambda name: folder.icon(name, spec.entry.at("icon")))
    files = {file.path: file.content for file in plan}
    icon = next(file for file in plan if file.path.startswith("catalogIcon"))
    return read(files, spec.entry.name, str(spec.entry.revision), f"templates/{spec.entry.name}"), icon


def conf_of(spec: Spec, read_static: ReadStatic) -> Conf:
    """Return the conf image of a spec. Raises ForgeError if a chart cannot use the spec's back end, confd or metadata version."""
    if spec.engine.is_stored:
        where = spec.engine.at("backends")
        raise ForgeError(
            "a chart contains Rancher's metadata as files, but this spec reads another store", where, "engine: {backend: rancher}"
        )
    if spec.engine.confd != "0.16.0":
        raise ForgeError(
            "a chart needs confd 0.16.0, which can read metadata from files", spec.engine.at("confd"), "engine: {confd: 0.16.0}"
        )
    if spec.engine.metadata == "2015-07-25":
        raise ForgeError(
            "a chart needs the metadata version 2015-12-19 or later",
            spec.engine.at("metadata"),
            'engine: {metadata: "2016-07-29"}',
        )
    tomls = (file.content.decode() for file in image_plan(spec, read_static) if file.path.endswith(".toml"))
    roots = frozenset(found for text in tomls for found in _KEYS.findall(text))
    return Conf(spec.tag, tuple(folders(spec)), spec.engine.metadata, roots, spec.service.is_embedded)
