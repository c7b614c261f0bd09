"""Puts the digests of a lock behind the tags of what is generated: `name:tag@sha256:...`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from catalog_forge.plan import File, Plan
from catalog_forge.registry.reference import parse

# Where an image is named, in the words in which Dockerfiles and compose files are generated here.
_DOCKERFILE = re.compile(r"(?m)^((?:FROM|ARG BASE=|COPY --from=) *)([^\s@$]+)")
_COMPOSE = re.compile(r"(?m)^( +image: '?)([^\s'\"@${}]+)")


def pinned(plan: Plan, pins: Mapping[str, str]) -> Plan:
    """Return a plan whose images are pinned, as far as `pins` has a digest for what is written there.

    What an answer decides stays as it is: an option that changed would lose the answers of those who chose it.
    """
    return plan.changed(lambda file: _file(file, pins))


def _file(file: File, pins: Mapping[str, str]) -> File:
    name = file.path.rpartition("/")[2]
    where = _DOCKERFILE if name == "Dockerfile" else _COMPOSE if name.startswith("docker-compose.yml") else None
    if where is None:
        return file

    def put(found: re.Match[str]) -> str:
        digest = pins.get(found[2])
        return found[1] + (parse(found[2]).pinned(digest) if digest else found[2])

    return File(file.path, where.sub(put, file.content.decode()).encode(), file.mode)
