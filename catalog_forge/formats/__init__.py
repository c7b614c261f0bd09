"""Defines the file formats: how each format writes a pair, a comment and a value."""

from __future__ import annotations

from catalog_forge.formats.base import Escape, Format
from catalog_forge.formats.env import ENV
from catalog_forge.formats.ini import INI, SPACE
from catalog_forge.formats.json import JSON
from catalog_forge.formats.plain import LINES, RAW
from catalog_forge.formats.properties import PROPERTIES
from catalog_forge.formats.proxies import HAPROXY, NGINX
from catalog_forge.formats.toml import TOML
from catalog_forge.formats.xml import XML
from catalog_forge.formats.yaml import YAML

BY_NAME = {f.name: f for f in (RAW, YAML, PROPERTIES, INI, SPACE, ENV, XML, JSON, TOML, LINES, NGINX, HAPROXY)}

__all__ = ["BY_NAME", "Escape", "Format"]
