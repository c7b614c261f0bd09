"""Determines the value of each metadata key of a spec: the given value, else the default, else the store's current value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge import yamlio
from catalog_forge.catalog.questions import UNWRITTEN, of_metadata
from catalog_forge.confd.layout import layout
from catalog_forge.errors import ForgeError, Problem, did_you_mean
from catalog_forge.goyaml.decoding import raw
from catalog_forge.rancher.questions import Given, answered
from catalog_forge.seed.change import is_below, parents
from catalog_forge.spec.model import MetadataKey, Spec


@dataclass(frozen=True, slots=True)
class Contents:
    """The keys that a store should have below a prefix, with their values, and the keys that belong to the spec (`own`)."""

    leaves: Mapping[str, str]
    own: frozenset[str]


def secret_keys(spec: Spec, prefix: str) -> frozenset[str]:
    """Return the secret keys: values at or below these keys must not be shown."""
    return frozenset(f"{prefix}/{name}" for name, key in spec.metadata.items() if key.hidden)


def wanted(
    spec: Spec, backend: str, prefix: str, given: Mapping[str, yamlio.Node], there: Mapping[str, bytes], unset: Iterable[str] = ()
) -> Contents:
    """Return the contents that the store should have.

    `given` maps metadata keys, or the variables of their questions, to answers; `there` has the store's current contents. A key
    with neither an answer nor a default keeps its current value, unless it is in `unset`. Raises ForgeError with all problems.
    """
    own = frozenset(f"{prefix}/{name}" for name in spec.metadata)
    named, problems = _named(spec, given)
    gone = _unset(spec, unset, problems)
    free = [name for name, key in spec.metadata.items() if key.default is None and name not in {*named, *gone}]
    kept = dict(_kept(there, {f"{prefix}/{name}" for name in free}, problems))
    texts = {name: kept[path] for name in free if (path := f"{prefix}/{name}") in kept}
    values = dict(_values(spec, named, texts, gone, problems))
    if problems:
        raise ForgeError.of(problems)
    leaves = {**layout(spec, backend, values, prefix), **kept}
    above = {parent for path in leaves for parent in parents(path)}
    if wrong := next((path for path in there if path in above and not is_below(path, own)), None):
        raise ForgeError(f"the store has a value at {wrong}, so this key cannot contain other keys", hint="remove the value")
    return Contents(leaves, own)


def _kept(there: Mapping[str, bytes], tops: set[str], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Yield the store's current keys and values at or below the keys in `tops`."""
    for path, value in there.items():
        if is_below(path, tops):
            try:
                yield path, value.decode()
            except UnicodeDecodeError:
                problems.append(Problem(f"{path}: the store holds a value that is not text", None, "--set replaces this value"))


def _named(spec: Spec, given: Mapping[str, yamlio.Node]) -> tuple[dict[str, yamlio.Node], list[Problem]]:
    """Map metadata keys to their answers. Also return a problem for each answer to a key that does not exist."""
    names = {key.variable: name for name, key in spec.metadata.items() if key.variable} | {name: name for name in spec.metadata}
    problems = [
        Problem(f"the metadata of {spec.name} has no key {word!r}", node.where, did_you_mean(word, names))
        for word, node in given.items()
        if word not in names
    ]
    return {names[word]: node for word, node in given.items() if word in names}, problems


def _unset(spec: Spec, names: Iterable[str], problems: list[Problem]) -> set[str]:
    gone = set(names)
    for name in sorted(gone):
        if name not in spec.metadata:
            hint = did_you_mean(name, spec.metadata, "the spec declares no keys under `metadata`")
            problems.append(Problem(f"the metadata of {spec.name} has no key {name!r}", None, hint))
        elif not spec.metadata[name].optional:
            problems.append(
                Problem(
                    f"{name} must have a value: it is not optional",
                    spec.metadata[name].at(),
                    "do not unset it, or add optional: true in the spec",
                )
            )
    return gone


def _values(
    spec: Spec, named: Mapping[str, yamlio.Node], kept: Mapping[str, str], gone: set[str], problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    """Yield the keys that have a value, with their values, in the order of the spec."""
    answers = _answers(spec, named, kept, problems)
    for name, key in spec.metadata.items():
        if name in gone:
            continue
        if not key.asked:
            value = _structure(name, key, named.get(name), problems)
            if value is not None:
                yield name, value
        elif (text := answers.get(key.variable, "")) or not key.optional:
            yield name, text


def _answers(spec: Spec, named: Mapping[str, yamlio.Node], kept: Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    """Map the variable of each question to its answer. Given answers are checked; defaults replace missing answers."""
    given: dict[str, Given] = {}
    for name, key in spec.metadata.items():
        node = named.get(name)
        if not key.asked:
            continue
        if isinstance(node, yamlio.Text):
            given[key.variable] = Given(raw(node), node.where)
        elif node is not None:
            problems.append(Problem(f"{name} must be a single value", node.where, "write a text, a number, or true or false"))
        elif name in kept:
            given[key.variable] = Given(kept[name])
    try:
        return answered(of_metadata(spec), given)
    except ForgeError as error:
        # Generated questions are not in any file, so errors about them get no location.
        problems += [
            Problem(each.message, None, each.hint) if not each.where or each.where.file == UNWRITTEN else each
            for each in error.problems
        ]
        return {}


def _structure(name: str, key: MetadataKey, node: yamlio.Node | None, problems: list[Problem]) -> Any:
    """Return the given list or map, or else the default. Return None, with a problem, if its type is wrong."""
    if node is None:
        return key.default
    if not isinstance(node, yamlio.Map if key.type == "map" else yamlio.Seq):
        hint = "write {KEY: VALUE}" if key.type == "map" else "write [a, b]"
        problems.append(Problem(f"{name} must be a {key.type}", node.where, hint))
        return None
    return yamlio.to_data(node, yamlio.as_written)
