"""The main facts about an image, as text: base image, confd release, metadata version, and how confd refreshes its files.

Facts: docs/facts/conf-images.md#4. If the files do not show a fact, its field is an empty string: no fact is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog_forge.lint.catalog import Image
from catalog_forge.lint.images.inside import Inside, inside


@dataclass(frozen=True, slots=True)
class Facts:
    """The base image, confd release and metadata version of an image, and how confd refreshes its files."""

    base: str = ""
    confd: str = ""
    metadata: str = ""
    refresh: str = ""


def facts(image: Image) -> Facts:
    """Return the facts that an image's Dockerfile and scripts show."""
    known = inside(image)
    base = known.dockerfile.base if known.dockerfile else ""
    return Facts(base, known.release.text, known.metadata_version, _refresh(known) if image.confs else "")


def _refresh(known: Inside) -> str:
    """Return how the command lines with a back end make confd refresh its files. `watch` takes precedence over an interval."""
    runs = [run.flags for run in known.runs if "backend" in run.flags]
    if any("watch" in flags for flags in runs):
        return "watch"
    lasting = [flags for flags in runs if "onetime" not in flags]
    if runs and not lasting:
        return "once"
    return f"every {lasting[0].get('interval', '600')} s" if lasting else ""
