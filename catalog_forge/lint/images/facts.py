"""What an image is made of, in words: base, confd, the version of the metadata that it reads, how it refreshes.

Rules: docs/facts/conf-images.md#4. What a file does not say is left empty; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog_forge.lint.catalog import Image
from catalog_forge.lint.images.inside import Inside, inside


@dataclass(frozen=True, slots=True)
class Facts:
    """What an image is made of."""

    base: str = ""
    confd: str = ""
    metadata: str = ""
    refresh: str = ""


def facts(image: Image) -> Facts:
    """Say what an image's Dockerfile and scripts tell."""
    known = inside(image)
    base = known.dockerfile.base if known.dockerfile else ""
    return Facts(base, known.release.text, known.metadata_version, _refresh(known) if image.confs else "")


def _refresh(known: Inside) -> str:
    """How often confd writes, by the command lines that ask a backend: a watch counts more than passes beside it."""
    runs = [run.flags for run in known.runs if "backend" in run.flags]
    if any("watch" in flags for flags in runs):
        return "watch"
    lasting = [flags for flags in runs if "onetime" not in flags]
    if runs and not lasting:
        return "once"
    return f"every {lasting[0].get('interval', '600')} s" if lasting else ""
