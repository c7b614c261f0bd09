"""The values of a spec's metadata: what was given, else what the store has where the spec has no default, else the default."""

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
    """What a store should hold below a prefix, and which of its keys are the spec's own."""

    leaves: Mapping[str, str]
    own: frozenset[str]


def secret_keys(spec: Spec, prefix: str) -> frozenset[str]:
    """Return the keys below which values lie that nobody may see."""
    return frozenset(f"{prefix}/{name}" for name, key in spec.metadata.items() if key.hidden)


def wanted(
    spec: Spec, backend: str, prefix: str, given: Mapping[str, yamlio.Node], there: Mapping[str, bytes], unset: Iterable[str] = ()
) -> Contents:
    """Return what the store should hold.

    `given` are answers by metadata key or by the question's variable; `there` is what the store holds: a key that has
    neither an answer nor a default keeps what it has, unless it is `unset`. Raises ForgeError with all that is wrong.
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
        raise ForgeError(f"the store has a value at {wrong}, so no key can lie below it", hint="remove it")
    return Contents(leaves, own)


def _kept(there: Mapping[str, bytes], tops: set[str], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """What the store has of some keys, and whatever lies below them."""
    for path, value in there.items():
        if is_below(path, tops):
            try:
                yield path, value.decode()
            except UnicodeDecodeError:
                problems.append(Problem(f"{path}: the store holds a value that is not text", None, "--set gives it another one"))


def _named(spec: Spec, given: Mapping[str, yamlio.Node]) -> tuple[dict[str, yamlio.Node], list[Problem]]:
    """The answers by the names of metadata keys, and those for keys that there are not."""
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
            hint = did_you_mean(name, spec.metadata)
            problems.append(Problem(f"the metadata of {spec.name} has no key {name!r}", None, hint))
        elif not spec.metadata[name].optional:
            problems.append(Problem(f"{name} must have a value: it is not optional", spec.metadata[name].at()))
    return gone


def _values(
    spec: Spec, named: Mapping[str, yamlio.Node], kept: Mapping[str, str], gone: set[str], problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    """The value of each key that has one, in the order of the spec."""
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
    """The variables of the questions, as the entry in the catalog would have them."""
    given: dict[str, Given] = {}
    for name, key in spec.metadata.items():
        node = named.get(name)
        if not key.asked:
            continue
        if isinstance(node, yamlio.Text):
            given[key.variable] = Given(raw(node), node.where)
        elif node is not None:
            problems.append(Problem(f"{name} must be a single value", node.where))
        elif name in kept:
            given[key.variable] = Given(kept[name])
    try:
        return answered(of_metadata(spec), given)
    except ForgeError as error:
        # The places are those of questions that nobody has written.
        problems += [
            Problem(each.message, None, each.hint) if not each.where or each.where.file == UNWRITTEN else each
            for each in error.problems
        ]
        return {}


def _structure(name: str, key: MetadataKey, node: yamlio.Node | None, problems: list[Problem]) -> Any:
    """The list or map that was given, else the default; None for an optional one without either."""
    if node is None:
        return key.default
    if not isinstance(node, yamlio.Map if key.type == "map" else yamlio.Seq):
        problems.append(Problem(f"{name} must be a {key.type}", node.where))
        return None
    return yamlio.to_data(node, yamlio.as_written)
