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
        return inputs_of(self.context.digest, self.args, self.platform, self.labels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what is in the image: of a download its checksum, from wherever it comes."""
        return digest_of(self.inputs, self.download)

    @property
    def own_labels(self) -> dict[str, str]:
        """The labels by which the image is known again."""
        return {**self.labels, **known_by(self.inputs, self.download)}

    def built_as(self, image: Mapping[str, Any] | None) -> str:
        """Return the digest of an image, as the engine's API shows it, that was built from this; empty when it was not."""
        labels = ((image or {}).get("Config") or {}).get("Labels") or {}
        ours = str(labels.get(DIGEST_LABEL, ""))
        same = ours == self.digest or (self.any_download and labels.get(INPUTS_LABEL) == self.inputs)
        return ours if same and not self.no_cache else ""


def inputs_of(context: str, args: Mapping[str, str], platform: str | None = None, labels: Mapping[str, str] | None = None) -> str:
    """Return the SHA-256 of what decides what is in an image but downloads, from the digest of its context."""
    parts = [context, dict(args), platform, dict(labels or {})]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def digest_of(inputs: str, download: str) -> str:
    """Return the SHA-256 of inputs, and of the checksum of what is downloaded."""
    return hashlib.sha256(f"{inputs} {download}".encode()).hexdigest() if download else inputs


def known_by(inputs: str, download: str) -> dict[str, str]:
    """Return the labels by which an image is known again, whoever builds it."""
    return {DIGEST_LABEL: digest_of(inputs, download), **({INPUTS_LABEL: inputs} if download else {})}


@dataclass(frozen=True)
class Built:
    """An image that is there now; `fresh` tells that it was built by this call and not found."""

    image_id: str
    digest: str
    fresh: bool
