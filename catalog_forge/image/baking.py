"""Write the input for an existing build farm: a file for `docker buildx bake`, and matrices for CI systems. Pure.

The bake file format: https://docs.docker.com/build/bake/reference/. Engines of the Rancher 1.x era cannot pull an index with
attestations, and some cannot pull OCI media types, so the file turns both off. Builds are reproducible: times come from
SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_forge import yamlio
from catalog_forge.shown import as_json

EPOCH = "SOURCE_DATE_EPOCH"
FILE = "docker-bake.json"
# The maximum number of jobs in a matrix of GitHub ("Running variations of jobs in a workflow") and Tekton (default-max-matrix-
# combinations-count). GitLab allows _AT_ONCE in each `parallel: matrix`, and ten times as many in a pipeline (`parallel`).
LIMITS = {"bake": 10_000, "github": 256, "tekton": 256, "gitlab": 2_000}
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Baked:
    """An image to build: its spec, its tag, the labels that identify it, and its platform."""

    name: str
    tag: str
    labels: Mapping[str, str]
    platform: str = ""


def shard_of(name: str, shards: int) -> str:
    """Return the shard of a spec. The shard depends only on the spec's name, not on the other specs."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % shards
    return f"shard-{number:0{len(str(shards - 1))}}"


def sharded(names: Iterable[str], shards: int) -> dict[str, list[str]]:
    """Return the specs of each non-empty shard, in the order of the shards."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(shard_of(name, shards), []).append(name)
    return dict(sorted(found.items()))


def bake_file(targets: Sequence[Baked], args: Mapping[str, str], shards: int) -> dict[str, Any]:
    """Return the bake file: a target for each image, a group of all images, and a group for each shard."""
    names = [target.name for target in targets]
    groups = {"default": names, **sharded(names, shards)}
    common = {
        "args": {**{name: _literal(value) for name, value in args.items()}, EPOCH: f"${{{EPOCH}}}"},
        "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
        "output": ["type=image,push=true,oci-mediatypes=false,rewrite-timestamp=true"],
    }
    return {
        "variable": {EPOCH: {"default": "0"}},
        "group": {name: {"targets": found} for name, found in groups.items()},
        "target": {"_common": common, **{target.name: _target(target) for target in targets}},
    }


def _literal(value: str) -> str:
    """Escape a string for bake, where HCL interprets `${` and `%{` (HCL Native Syntax Specification, Templates)."""
    return value.replace("${", "$${").replace("%{", "%%{")


def _target(target: Baked) -> dict[str, Any]:
    platforms = {"platforms": [target.platform]} if target.platform else {}
    return {
        "inherits": ["_common"],
        "context": f"images/{target.name}",
        "tags": [target.tag],
        "labels": dict(target.labels),
        **platforms,
    }


def matrix(kind: str, shards: Sequence[str]) -> str:
    """Return the shards in a CI system's format: a GitHub matrix, a GitLab child pipeline, or a Tekton pipeline."""
    if kind == "github":
        return as_json({"include": [{"shard": shard} for shard in shards]}, None)
    return yamlio.dump(_gitlab(shards) if kind == "gitlab" else _tekton(shards))


def _gitlab(shards: Sequence[str]) -> dict[str, Any]:
    """Return a pipeline with one job per 200 shards. The parent pipeline sets BAKE_IMAGE to an image that has docker buildx."""
    base = {"image": "$BAKE_IMAGE", "script": [f'docker buildx bake --file {FILE} "$SHARD"']}
    parts = [list(shards[start : start + _AT_ONCE]) for start in range(0, len(shards), _AT_ONCE)]
    jobs = {f"bake-{number}": {**base, "parallel": {"matrix": [{"SHARD": part}]}} for number, part in enumerate(parts, 1)}
    return jobs or {"nothing-changed": {"script": ["true"]}}


def _tekton(shards: Sequence[str]) -> dict[str, Any]:
    """Return a pipeline that runs the build farm's task `buildx-bake` for each shard."""
    task = {
        "name": "bake",
        "taskRef": {"name": "buildx-bake"},
        "params": [{"name": "file", "value": FILE}],
        "matrix": {"params": [{"name": "target", "value": list(shards)}]},
        "workspaces": [{"name": "source", "workspace": "source"}],
    }
    spec = {"workspaces": [{"name": "source"}], "tasks": [task] if shards else []}
    return {"apiVersion": "tekton.dev/v1", "kind": "Pipeline", "metadata": {"name": "bake"}, "spec": spec}
