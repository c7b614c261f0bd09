"""Defines how the raw paths of a spec may begin."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_forge.spec.model.spec import Spec

# Paths that exist for every container and that every spec may read.
RAW_ROOTS = ("/self/service", "/self/container", "/self/stack", "/self/host", "/hosts", "/containers", "/networks")
# Paths that cover all stacks of the environment. A spec must opt in to read such a path (docs/facts/confd.md#5.3).
_WIDE_ROOTS = ("/services", "/stacks", "/name", "/uuid", "/region_name", "/environments")
SAY_SCOPE = "set `scope: environment` at the top of the spec"


def roots_of(spec: Spec) -> tuple[str, ...]:
    """Return the allowed beginnings of the raw paths in a spec and of the paths in its hand-written templates."""
    if spec.engine.is_stored:
        return ("/",)
    return (*RAW_ROOTS, *_WIDE_ROOTS) if spec.scope == "environment" else RAW_ROOTS


def root_of(path: str, roots: Sequence[str]) -> str:
    """Return the root that a path equals or lies below; empty if `roots` has no such root."""
    return next((root for root in roots if path == root or path.startswith(root.rstrip("/") + "/")), "")


def beyond_stack(path: str) -> bool:
    """Return whether a path covers the whole environment rather than one stack."""
    return bool(root_of(path, _WIDE_ROOTS))
