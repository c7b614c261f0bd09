"""What is to be built, and when an image that is there is it already. Pure, and soon loaded: nothing of it needs the SDK."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from catalog_forge.plan import Plan

DIGEST_LABEL = "io.catalog-forge.digest"
INPUTS_LABEL = "io.catalog-forge.inputs"


@dataclass(frozen=True)
class BuildRequest:
    """One image to build: what goes in, and the tags that it gets, the main one first.

    `dockerfile` is only the name by which errors call the context's `Dockerfile`. `brought` are files and arguments that stand
    for a download, and `download` is the checksum of what they bring, or of what is downloaded. With `any_download` an image
    with another one does, too. `remark` is worth saying of an image that was built.
    """

    context: Plan
    tags: tuple[str, ...]
    args: Mapping[str, str] = field(default_factory=dict)
    platform: str | None = None
    no_cache: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str = "Dockerfile"
    brought: tuple[Plan, Mapping[str, str]] = field(default_factory=lambda: (Plan(), {}))
    download: str = ""
    any_download: bool = False
    remark: str = ""

    @cached_property
    def inputs(self) -> str:
        """SHA-256 of all that decides what is in the image but downloads: context, args, platform, labels; never the tags."""
        parts = [self.context.digest, dict(self.args), self.platform, dict(self.labels)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what is in the image: of a download its checksum, from wherever it comes."""
        return hashlib.sha256(f"{self.inputs} {self.download}".encode()).hexdigest() if self.download else self.inputs

    @property
    def own_labels(self) -> dict[str, str]:
        """The labels by which the image is known again."""
        return {**self.labels, DIGEST_LABEL: self.digest, **({INPUTS_LABEL: self.inputs} if self.download else {})}

    def built_as(self, image: Mapping[str, Any] | None) -> str:
        """Return the digest of an image, as the engine's API shows it, that was built from this; empty when it was not."""
        labels = ((image or {}).get("Config") or {}).get("Labels") or {}
        ours = str(labels.get(DIGEST_LABEL, ""))
        same = ours == self.digest or (self.any_download and labels.get(INPUTS_LABEL) == self.inputs)
        return ours if same and not self.no_cache else ""


@dataclass(frozen=True)
class Built:
    """An image that is there now; `fresh` tells that it was built by this call and not found."""

    image_id: str
    digest: str
    fresh: bool
