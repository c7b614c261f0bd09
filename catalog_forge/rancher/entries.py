"""What of a folder is an entry's: the names of its files, its revisions, and the version that a catalog offers of it.

Rules: docs/facts/catalog.md#1.7 (folders), #2.6 (the default version), #3.2 (where the catalog block stands), #7.4 (how versions
sort); catalog-service b3dc315 (manager/traverse.go, service/utils.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from catalog_forge.goyaml import decoding
from catalog_forge.rancher import versions
from catalog_forge.yamlio import Node

CONFIG = "config.yml"
RANCHER = "rancher-compose.yml"
DOCKER = "docker-compose.yml"
DOCKER_TEMPLATE = "docker-compose.yml.tpl"
COMPOSE = (DOCKER, DOCKER_TEMPLATE, RANCHER)
# The keys of config.yml that name the default version: the first one that is there counts.
DEFAULTS = ("version", "defaultVersion", "default_version")

_PLAIN = re.compile(r"[-+]?[0-9]+")


def number_of(folder: str) -> int | None:
    """The number that a folder's name is, as Go's Atoi reads it; None for any other name."""
    if not _PLAIN.fullmatch(folder) or len(folder) > 40:
        return None
    found = int(folder)
    return found if -(1 << 63) <= found < 1 << 63 else None


def is_revision(folder: str) -> bool:
    """Tell whether the catalog service takes a folder of this name for a revision: a number, or a semantic version."""
    return number_of(folder) is not None or versions.semver(folder.strip("v")) is not None


def by_number(folder: str) -> tuple[int, str]:
    """What revisions are sorted by for people: their numbers, then their names."""
    return number_of(folder) or 0, folder


def default_of(config: Mapping[str, Node]) -> str:
    """The default version that the keys of a config.yml name."""
    return decoding.text_of(next((config[key] for key in DEFAULTS if key in config), None))


def version_of(block: Mapping[str, Node], folder: str) -> str:
    """The version of a revision: that of its catalog block as the service stores it; else that of a folder named after one."""
    return decoding.text_of(block.get("version")) or ("" if number_of(folder) is not None else folder)


def chosen(default: str, served: Iterable[str]) -> str:
    """The version that a catalog offers of those of its revisions, in their order: the default if there, else the highest."""
    known = [version for version in served if version]
    return default if default in known else max(reversed(known), key=_order, default="")


def _order(version: str) -> versions.Order:
    return versions.semver(version.lstrip("v")) or versions.LOWEST
