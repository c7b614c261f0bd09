"""Finds services, metadata keys and values in a scenario that do not fit its spec, and so may be misspelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog_forge import yamlio
from catalog_forge.errors import Problem, did_you_mean
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.rancher.tree import keys_of
from catalog_forge.spec.checks import uses
from catalog_forge.spec.checks.whole import misfit, valid_values
from catalog_forge.spec.model import MetadataKey, Spec

Given = tuple[str, yamlio.Map]


def given(root: yamlio.Node, moments: Sequence[Moment]) -> Iterator[Given]:
    """Yield each mapping of metadata that a valid scenario sets, at the start or in a step, with the name of the service.

    For a service without metadata at the start, and for a service of another stack, the mapping is empty.
    """
    found = keys_of(root)
    for name, service in keys_of(found.get("services")).items():
        metadata = keys_of(service).get("metadata")
        yield name, metadata if isinstance(metadata, yamlio.Map) else yamlio.Map((), service.where)
    for services in keys_of(found.get("stacks")).values():
        yield from ((name, yamlio.Map((), service.where)) for name, service in keys_of(services).items())
    steps = found.get("then")
    for before, step in zip(moments, steps.items if isinstance(steps, yamlio.Seq) else (), strict=False):
        keys = keys_of(step)
        launch = before.asking.launch if before.asking else None
        own = launch.service.name if launch and launch.stack == before.environment.stacks[0] else ""
        named = keys.get("service")
        if isinstance(metadata := keys.get("set"), yamlio.Map):
            yield named.value if isinstance(named, yamlio.Text) else own, metadata


def undeclared(spec: Spec, found: Sequence[Given]) -> Iterator[Problem]:
    """Yield a problem for each key that `given` found in a service of the spec, and that the spec neither declares nor reads.

    Yield also a problem for each value that does not fit the type of its key, and if the scenario has no service of the spec.
    """
    known = uses.known_keys(spec)
    members = {member.name.lower(): member.name for member in spec.members}
    if found and not any(service.lower() in members for service, _ in found):
        service, node = found[0]
        hint = did_you_mean(service, members.values())
        yield Problem(f"the scenario has no service of {spec.name}, but a service {service!r}", node.where, hint)
    for metadata in (metadata for service, metadata in found if service.lower() in members):
        for key, path in _unknown(known, metadata) if known is not None else ():
            yield Problem(f"{spec.name} declares no metadata key {path!r}", key.where, did_you_mean(path, spec.metadata))
        for key, value in metadata.pairs:
            yield from _unfit(spec.metadata.get(key.value), key.value, value)


def _unfit(key: MetadataKey | None, name: str, value: yamlio.Node) -> Iterator[Problem]:
    """Yield a problem if a value does not fit the type of its declared key. An empty value means that there is no answer."""
    data = value.value if isinstance(value, yamlio.Text) else yamlio.to_data(value)
    if key and data and (wrong := misfit(key, data, "the value")):
        yield Problem(f"metadata: {name}: {wrong}", value.where, valid_values(key))


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
