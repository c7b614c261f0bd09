"""Finds metadata keys in a scenario that its spec neither declares nor reads. Such keys may be misspelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog_forge import yamlio
from catalog_forge.errors import Problem, did_you_mean
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.rancher.tree import keys_of
from catalog_forge.spec.checks import uses
from catalog_forge.spec.model import Spec

Given = tuple[str, yamlio.Map]


def given(root: yamlio.Node, moments: Sequence[Moment]) -> Iterator[Given]:
    """Yield each mapping of metadata that a valid scenario sets, at the start or in a step, with the name of the service."""
    found = keys_of(root)
    for name, service in keys_of(found.get("services")).items():
        if isinstance(metadata := keys_of(service).get("metadata"), yamlio.Map):
            yield name, metadata
    steps = found.get("then")
    for before, step in zip(moments, steps.items if isinstance(steps, yamlio.Seq) else (), strict=False):
        keys = keys_of(step)
        launch = before.asking.launch if before.asking else None
        own = launch.service.name if launch and launch.stack == before.environment.stacks[0] else ""
        named = keys.get("service")
        if isinstance(metadata := keys.get("set"), yamlio.Map):
            yield named.value if isinstance(named, yamlio.Text) else own, metadata


def undeclared(spec: Spec, found: Sequence[Given]) -> Iterator[Problem]:
    """Yield a problem for each key that `given` found in a service of the spec, and that the spec neither declares nor reads."""
    known = uses.known_keys(spec)
    members = {member.name.lower() for member in spec.members}
    for service, metadata in found:
        for key, path in _unknown(known, metadata) if known is not None and service.lower() in members else ():
            yield Problem(f"{spec.name} declares no metadata key {path!r}", key.where, did_you_mean(path, spec.metadata))


def _unknown(known: set[str], node: yamlio.Map, above: str = "") -> Iterator[tuple[yamlio.Text, str]]:
    """Yield each key that is not known and has no known key below it, together with the path of the key."""
    for key, value in node.pairs:
        path = above + key.value
        if path in known:
            continue
        if not any(name.startswith(f"{path}/") for name in known):
            yield key, path
        elif isinstance(value, yamlio.Map):
            yield from _unknown(known, value, f"{path}/")
