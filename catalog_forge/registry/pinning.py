"""Append the digests of a lock file to the image tags in generated files: `name:tag@sha256:...`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from catalog_forge.plan import File, Plan
from catalog_forge.registry.reference import parse

# These patterns match the image references in generated Dockerfiles and compose files.
_DOCKERFILE = re.compile(r"(?m)^((?:FROM|ARG BASE=|COPY --from=) *)([^\s@$]+)")
_COMPOSE = re.compile(r"(?m)^( +image: '?)([^\s'\"@${}]+)")


def pinned(plan: Plan, pins: Mapping[str, str]) -> Plan:
    """Return a copy of the plan in which each image that has a digest in `pins` is pinned.

    An image that depends on an answer stays unpinned: pinning it would change an option of the question, and Rancher would
    drop the answers of users who chose this option.
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
