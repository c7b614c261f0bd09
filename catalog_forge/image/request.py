"""Define a request to build an image, and test whether an existing image matches it. Pure; loads fast, without the SDK."""

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
    """A request to build one image: the inputs of the image, and its tags. The first tag is the main tag.

    `dockerfile` is only the name of the context's `Dockerfile` in error messages. `brought` are files and build
    arguments that replace the download of confd; `download` is the checksum of the confd that is downloaded or brought.
    With `any_download`, an existing image also matches if it has a different confd. `remark` is a note to show after the build.
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
        """The SHA-256 of all inputs of the image except downloads: context, args, platform and labels. Tags are not inputs."""
        return inputs_of(self.context.digest, self.args, self.platform, self.labels)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of all inputs of the image, including the checksum of confd, whether downloaded or in `brought`."""
        return digest_of(self.inputs, self.download)

    @property
    def own_labels(self) -> dict[str, str]:
        """The labels of the image, including the labels by which the image is recognized later."""
        return {**self.labels, **known_by(self.inputs, self.download)}

    def built_as(self, image: Mapping[str, Any] | None) -> str:
        """Return the digest label of `image`, an object of the engine's API, if the image matches this request, or else "".

        With `no_cache`, no image matches.
        """
        labels = ((image or {}).get("Config") or {}).get("Labels") or {}
        ours = str(labels.get(DIGEST_LABEL, ""))
        same = ours == self.digest or (self.any_download and labels.get(INPUTS_LABEL) == self.inputs)
        return ours if same and not self.no_cache else ""


def inputs_of(context: str, args: Mapping[str, str], platform: str | None = None, labels: Mapping[str, str] | None = None) -> str:
    """Return the SHA-256 of all inputs of an image except downloads. `context` is the digest of the build context."""
    parts = [context, dict(args), platform, dict(labels or {})]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def digest_of(inputs: str, download: str) -> str:
    """Return the SHA-256 of the inputs and the checksum of the download."""
    return hashlib.sha256(f"{inputs} {download}".encode()).hexdigest() if download else inputs


def known_by(inputs: str, download: str) -> dict[str, str]:
    """Return the labels by which an image is recognized later, whichever program builds the image."""
    return {DIGEST_LABEL: digest_of(inputs, download), **({INPUTS_LABEL: inputs} if download else {})}


@dataclass(frozen=True)
class Built:
    """An image that now exists. `fresh` means that the call built the image instead of finding an existing image."""

    image_id: str
    digest: str
    fresh: bool
