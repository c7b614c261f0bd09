"""Generates the scenarios that test an image: with and without each key, at several scales, for each service that runs the image.

Scenarios are derived from what the templates read and what the entry declares. They have the format of a spec's scenario files.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from catalog_forge.adopt.fitting import Filled, Shapes
from catalog_forge.adopt.originals import OWN, Original
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.reading import LISTS
from catalog_forge.rancher.keys import HOSTNAME_OVERRIDE

SCALES = (1, 3, 11)
# A style is the value that every key has in a scenario: a boolean, a number, or JSON for templates that use `json`. With the
# empty style, each key has a value that fits the templates.
STYLES = ("", "true", "8", '{"name": "a", "value": "b", "key": "c"}', '{"name": "d", "value": "e", "key": "f"}')
# A wildcard that is a whole path segment is replaced with each of the _ELEMENTS; a wildcard that is only a part of a segment is
# replaced with each of the _NUMBERS.
_ELEMENTS = ("1", "2", "alpha")
_NUMBERS = ("1", "2", "3")
_SERVICE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,40}")
# The maximum numbers of keys and of compared words for which separate scenarios are generated.
MOST_KEYS, MOST_WORDS = 40, 12
_STACK = "app"

Tree = dict[str, Any]


@dataclass(frozen=True)
class Runner:
    """A service that runs the image: its name, its metadata, and its conf sidekick if the sidekick has a separate address.

    `blank` lists the paths of the keys whose questions accept an empty answer.
    """

    service: str
    sidekick: str = ""
    metadata: Mapping[str, Any] | None = None
    scale: int = 3
    blank: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """A scenario: its name and its data.

    `look` generates the values. It is None if the service that runs the image has only the metadata of the entry.
    """

    name: str
    data: Mapping[str, Any]
    look: Filled | None = field(default_factory=Filled)

    def with_keys(self, added: Mapping[str, Any], configured: Iterable[str] = ()) -> Trial:
        """Add the `added` metadata to the service that runs the image and to all `configured` services. Return the new trial."""
        services = dict(self.data["services"])
        for name in {next(iter(services)), *configured} & services.keys():
            services[name] = {**services[name], "metadata": {**added, **services[name]["metadata"]}}
        return replace(self, data={**self.data, "services": services})

    def answered(self, paths: Iterable[str]) -> Trial:
        """Return the trial in which the service that runs the image also has each missing key of `paths`, with an empty value."""
        own = next(iter(self.data["services"]))
        service = self.data["services"][own]
        metadata: Tree = {}
        for path in paths:
            _laid(metadata, _put([part for part in path.split("/") if part]))
        services = {**self.data["services"], own: {**service, "metadata": _laid(metadata, service["metadata"])}}
        return replace(self, data={**self.data, "services": services})

    @property
    def apart(self) -> Trial:
        """The same trial, but with the services of other stacks renamed. All containers keep their addresses."""
        stacks = {
            stack: {f"{name}-{stack}": _renamed(service, stack) for name, service in services.items()}
            for stack, services in self.data.get("stacks", {}).items()
        }
        return replace(self, data={**self.data, "stacks": stacks})

    def variables(self, known: Mapping[str, str]) -> dict[str, str]:
        """Return confd's environment variables, with their values from the image.

        A sample replaces an empty value. In scenarios that try other values, samples also replace values that are not empty.
        """
        look = self.look
        return {name: look.variable(name, value) for name, value in known.items()} if look else dict(known)


@dataclass
class Needs:
    """The data that templates read: keys of the service's own metadata, other services with their keys, and labels."""

    own: Tree
    services: dict[str, Tree]
    stacks: dict[str, dict[str, Tree]]
    labels: dict[str, str]
    words: list[str]
    paths: set[str] = field(default_factory=set)
    shapes: Shapes = field(default_factory=Shapes)

    @property
    def by_name(self) -> bool:
        """Whether a template reads the name of its own service, container or stack."""
        return any(re.search(r"^/self/(?:service/name|container/(?:service_)?name|stack/)", path) for path in self.paths)

    @property
    def by_hostname(self) -> bool:
        """Whether templates find a host by a container's host name.

        A container has the same host name as its host only if it uses the network of the host.
        """
        asks = any(re.search(r"/container(?:s/[^/]+)?/hostname$", path) for path in self.paths)
        return asks and any(path.startswith(f"/hosts/{WILD}") for path in self.paths)

    @property
    def by_health(self) -> bool:
        """Whether a template reads the health of containers, which is only reported for services with a health check."""
        return any(path.endswith("/health_state") for path in self.paths)

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """The paths of all single values in the service's own metadata."""
        return list(_leaves(self.own))

    @property
    def mixed(self) -> list[str]:
        """The keys of the service's own metadata for which templates read both the key's value and keys below the key."""
        read = {path.removeprefix(f"{OWN}/") for path in self.paths if path.startswith(f"{OWN}/") and not _glob(path)}
        # With a slash at the end of each path, the keys below a key are sorted directly after that key.
        ordered = sorted(f"{path}/" for path in read)
        return sorted(path.removesuffix("/") for path, following in pairwise(ordered) if following.startswith(path))


def _renamed(service: Mapping[str, Any], stack: str) -> Tree:
    sidekicks = {f"{name}-{stack}": network for name, network in service.get("sidekicks", {}).items()}
    return {**service, **({"sidekicks": sidekicks} if sidekicks else {})}


def wanted(originals: Sequence[Original]) -> Needs:
    """Collect the data that the templates of these images read."""
    found = Needs({}, {}, {}, {}, [])
    files = [file for each in originals for file in each.files if not file.is_static]
    for file in files:
        found.shapes.add(file.reading.uses, file.placed)
    for file in files:
        for path, function in file.live.items():
            found.paths.add(path)
            # `lsdir` lists only names that have keys below them. If the template reads no such key, a sample key is added.
            is_bare = function == "lsdir" and not any(each.startswith(f"{path.rstrip('/')}/{WILD}/") for each in file.live)
            _take(found, [*path.strip("/").split("/"), *((WILD, "key") if is_bare else ())], "" if is_bare else function)
        _alike(found.own, found.shapes.name(_ELEMENTS[-1]))
        found.words += [word for word in file.literals.compared if word not in found.words]
    return found


def _take(found: Needs, parts: list[str], function: str) -> None:
    for at, part in enumerate(parts[:-1]):
        if part == "labels" and WILD not in parts[at + 1]:
            found.labels.setdefault(parts[at + 1].replace("*", ""), "")
    match parts:
        case ["self", "service", "metadata", *rest]:
            _grow(found.own, rest, function, found.shapes)
        case ["services", name, *rest] | ["self", "stack", "services", name, *rest]:
            of = found.own if _is_any(name) else found.services.setdefault(name, {})
            if rest[:1] == ["metadata"]:
                _grow(of, rest[1:], function, found.shapes)
        case ["stacks", stack, "services", name, *rest]:
            services = found.stacks.setdefault("other" if _is_any(stack) else stack, {})
            of = services.setdefault("web" if _is_any(name) else name, {})
            if rest[:1] == ["metadata"]:
                _grow(of, rest[1:], function, found.shapes)


def _alike(tree: Tree, model_name: str) -> None:
    """Copy the keys of the element `model_name`, which represents all names, to each element with a numeric name."""
    for key, value in tree.items():
        if isinstance(value, dict):
            model = tree.get(model_name)
            if isinstance(model, dict) and key.isdigit():
                tree[key] = _laid(copy.deepcopy(model), value)
            _alike(value, model_name)


def _is_any(part: str) -> bool:
    return not _SERVICE.fullmatch(part)


def _grow(tree: Tree, parts: list[str], function: str, shapes: Shapes) -> None:
    """Add an empty value at a path of the tree. If the path contains a wildcard, add a path for each of several names."""
    parts = [part for part in parts if part]
    if function in LISTS and not (parts and _glob(parts[-1])):
        parts = [*parts, WILD]
    for at, part in enumerate(parts):
        if _glob(part):
            for element in _ELEMENTS if part in (WILD, "*") else _NUMBERS:
                _grow(tree, [_filled(part, shapes.name(element)), *parts[at + 1 :]], "getv", shapes)
            return
        if at == len(parts) - 1:
            tree.setdefault(part, "")
        else:
            below = tree.get(part)
            tree[part] = below = below if isinstance(below, dict) else {}
            tree = below


def _glob(part: str) -> bool:
    return WILD in part or "*" in part


def _filled(part: str, element: str) -> str:
    return re.sub(rf"[{WILD}*]+", lambda _found: element, part)


def _leaves(tree: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*before, key))
        else:
            yield (*before, key)


def _laid(base: Tree, over: Mapping[str, Any]) -> Tree:
    for key, value in over.items():
        old = base.get(key)
        base[key] = _laid(dict(old), value) if isinstance(old, dict) and isinstance(value, Mapping) else copy.deepcopy(value)
    return base


def _styled(tree: Mapping[str, Any], look: Filled, before: str = "") -> Tree:
    """Return a copy of a tree in which `look` replaces each empty value."""
    return {
        key: _styled(value, look, f"{before}{key}/") if isinstance(value, Mapping) else value or look.value(f"{before}{key}")
        for key, value in tree.items()
    }


def _without(tree: Mapping[str, Any], path: Sequence[str]) -> Tree:
    key, *rest = path
    if not rest:
        return {name: value for name, value in tree.items() if name != key}
    below = _without(tree[key], rest)
    return {name: below if name == key else value for name, value in tree.items() if name != key or below}


def _put(path: Sequence[str], value: str = "") -> Tree:
    """Return a tree that contains only `value`, at `path`."""
    key, *rest = path
    return {key: _put(rest, value) if rest else value}


def _only(tree: Mapping[str, Any], path: Sequence[str]) -> Tree:
    key, *rest = path
    return {key: _only(tree[key], rest) if rest else tree[key]}


def cases(original: Original, runners: Sequence[Runner], others: Mapping[str, Mapping[str, Any]]) -> list[Trial]:
    """Return the scenarios of an image. `runners` run the image; `others` maps other services to their metadata."""
    need = wanted([original])
    found = [case for number, runner in enumerate(runners) for case in _of_runner(need, runner, others, whole=not number)]
    for word in need.words[:MOST_WORDS]:
        if need.by_name and _SERVICE.fullmatch(word) and word not in {"true", "false", *(each.service for each in runners)}:
            named = Runner(word, runners[0].sidekick, runners[0].metadata)
            found.append(_case(f"as {word}", need, named, others, full=True))
    return found


def odd_cases(original: Original, runner: Runner, others: Mapping[str, Mapping[str, Any]]) -> list[Trial]:
    """Return scenarios with values that blocks refuse or escape: several lines, quotes, and empty values.

    Empty values are only tried if no entry shows which keys may be empty.
    """
    need = wanted([original])
    quotes = _case("a value with quotes and a backslash", need, runner, others, full=True, style="a\"b'c\\d")
    lines = _case("a value of several lines", need, runner, others, full=True, style="one\ntwo")
    if runner.metadata is not None:
        return [lines, quotes]
    data = copy.deepcopy(dict(lines.data))
    data["services"][runner.service]["metadata"] = _emptied(data["services"][runner.service]["metadata"])
    return [lines, quotes, Trial("an empty value", data)]


def _emptied(tree: Mapping[str, Any]) -> Tree:
    return {key: _emptied(value) if isinstance(value, Mapping) else "" for key, value in tree.items()}


def _of_runner(need: Needs, runner: Runner, others: Mapping[str, Mapping[str, Any]], *, whole: bool) -> Iterator[Trial]:
    name = runner.service

    def case(title: str, **more: Any) -> Trial:
        return _case(f"{name}: {title}", need, runner, others, **more)

    yield case("defaults")
    for scale in SCALES:
        yield case(f"scale {scale}", full=True, scale=scale)
    yield case("the second container", full=True, asking=2)
    yield case("two stacks with equal names", full=True, twice=True)
    yield case("a stopped container", full=True, states={2: "stopped"})
    if not whole:
        return
    yield case("alone", full=True, alone=True)
    yield case("other addresses", full=True, subnet="10.43.0.0/16")
    for turn in need.shapes.turns:
        yield case(f"values that fit, {turn + 1}", full=True, turn=turn)
    for style in (*STYLES[1:], *need.words[:MOST_WORDS]):
        yield case(f"every value {style[:20]!r}", full=True, style=style)
    for blank in runner.blank[:MOST_KEYS]:
        yield case(f"an empty value for {blank}", full=True, empty=blank.split("/"))
    for mixed in need.mixed[:MOST_KEYS]:
        yield case(f"{mixed} as text", full=True, text=mixed.split("/"))
    keys = [*need.keys, *_leaves(need.services.get(name, {}))]
    for path in keys[:MOST_KEYS] if len(keys) > 1 else ():
        yield case(f"without {'/'.join(path)}", full=True, without=path)
        yield case(f"only {'/'.join(path)}", full=True, only=path)


def _case(
    title: str,
    need: Needs,
    runner: Runner,
    others: Mapping[str, Mapping[str, Any]],
    *,
    full: bool = False,
    scale: int = 0,
    style: str = "",
    turn: int | None = None,
    without: Sequence[str] = (),
    only: Sequence[str] = (),
    empty: Sequence[str] = (),
    text: Sequence[str] = (),
    twice: bool = False,
    alone: bool = False,
    states: Mapping[int, str] | None = None,
    asking: int = 1,
    subnet: str = "10.42.0.0/16",
) -> Trial:
    given = copy.deepcopy(dict(runner.metadata or {}))
    own = _laid(copy.deepcopy(need.own), need.services.get(runner.service, {}))
    look = Filled(need.shapes, style, turn)
    metadata = _laid(_styled(own, look), given) if full else given
    if look.is_tried:
        metadata = _laid(given, _styled(own, look))
    elif empty or text:
        metadata = _laid(metadata, _put(empty or text, "some text" if text else ""))
    elif without:
        metadata = _without(metadata, without)
    elif only:
        metadata = _only(metadata, only)
    service: Tree = {"scale": scale or max(runner.scale, 3), "metadata": metadata, "labels": _labels(need, look)}
    if states:
        service |= {"states": dict(states), **({"healths": {3: "unhealthy"}} if need.by_health else {})}
    if runner.sidekick:
        service["sidekicks"] = {runner.sidekick: "own"}
    services: Tree = {runner.service: service}
    for name, tree in () if alone else {**{name: {} for name in others}, **need.services}.items():
        if name.lower() not in {each.lower() for each in (runner.service, runner.sidekick, *services)}:
            below = _laid(_styled(tree, look), others.get(name, {}))
            services[name] = {"scale": 2, "metadata": below, "labels": _labels(need, look)}
    stacks = _stacks(need, services, look, twice=twice)
    _checked(need, services, *stacks.values())
    data: Tree = {
        "stack": _STACK,
        "hosts": {name: _labels(need, look) for name in _hosts(need, services)},
        "subnet": subnet,
        "services": services,
        "self": f"{runner.sidekick or runner.service}-{asking}",
    }
    if twice or need.stacks:
        data["stacks"] = stacks
    return Trial(title, data, look if full else None)


def _checked(need: Needs, *stacks: Tree) -> None:
    """Give all services a health check if a template reads the health of containers."""
    for each in (each for services in stacks for each in services.values()) if need.by_health else ():
        each["health_check"] = {"port": 80}


def _hosts(need: Needs, services: Tree) -> list[str]:
    """Return the names of the hosts: three fixed names, or one per container if templates find hosts by container host names."""
    if not need.by_hostname:
        return ["node-1", "node-2", "node-3"]
    for each in services.values():
        each["labels"] = {**each["labels"], HOSTNAME_OVERRIDE: "container_name"}
    return [f"{_STACK}-{name}-{number}" for name, each in services.items() for number in range(1, each["scale"] + 1)]


def _stacks(need: Needs, services: Tree, look: Filled, *, twice: bool) -> Tree:
    """Return the stacks that templates name and, if `twice` is set, a copy of the main stack with the same service names."""
    found: Tree = {
        stack: {name: {"scale": 2, "metadata": _styled(tree, look), "labels": _labels(need, look)} for name, tree in own.items()}
        for stack, own in need.stacks.items()
        if stack.lower() != _STACK
    }
    if twice:
        keep = ("scale", "labels", "sidekicks")
        found["twin"] = {name: {key: each[key] for key in keep if key in each} for name, each in services.items()}
    return found


def _labels(need: Needs, look: Filled) -> dict[str, str]:
    return {name: look.label(name) for name in need.labels if name}


def named(texts: Iterable[str]) -> list[str]:
    """Return the texts that are valid service names."""
    return [text for text in texts if _SERVICE.fullmatch(text)]
