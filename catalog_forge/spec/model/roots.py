"""What the raw paths of a spec may begin with."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_forge.spec.model.spec import Spec

# What a raw path may begin with: an always-present ancestor that stays inside the own stack.
RAW_ROOTS = ("/self/service", "/self/container", "/self/stack", "/self/host", "/hosts", "/containers", "/networks")
# What tells of the whole environment, and mixes its stacks: only a spec that says so may read it (docs/facts/confd.md#5.3).
_WIDE_ROOTS = ("/services", "/stacks", "/name", "/uuid", "/region_name", "/environments")
SAY_SCOPE = "say `scope: environment` at the top of the spec, which is for what looks beyond its own stack"


def roots_of(spec: Spec) -> tuple[str, ...]:
    """Return what the raw paths of a spec, and those of its hand-written templates, may begin with."""
    if spec.engine.is_stored:
        return ("/",)
    return (*RAW_ROOTS, *_WIDE_ROOTS) if spec.scope == "environment" else RAW_ROOTS


def root_of(path: str, roots: Sequence[str]) -> str:
    """Return which of `roots` a path is, or lies below; nothing where it is none of theirs."""
    return next((root for root in roots if path == root or path.startswith(root.rstrip("/") + "/")), "")


def beyond_stack(path: str) -> bool:
    """Tell whether a path lies in what tells of the whole environment."""
    return bool(root_of(path, _WIDE_ROOTS))
