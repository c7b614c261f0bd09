"""The two compose files of an entry as one set of services: rendered, parsed, with the answers in, merged.

The order is rancher-compose's (docs/facts/catalog.md#4.11), for both files: templates, YAML, variables; then rancher-compose.yml
is laid over docker-compose.yml, service by service (section 3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.goyaml.decoding import is_null
from catalog_forge.metadata.reading import Reader
from catalog_forge.rancher import keys
from catalog_forge.rancher.templates import render
from catalog_forge.rancher.tree import File
from catalog_forge.rancher.variables import Substitution
from catalog_forge.stack.entry import Entry
from catalog_forge.stack.model import Note
from catalog_forge.yamlio import Map, Node, Seq, Text

_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_TOP = ("version", "services", "volumes", "networks", "secrets", "catalog", ".catalog")


@dataclass(frozen=True, slots=True)
class Definition:
    """What the files say of one service, by key; `known` tells whether docker-compose.yml has it."""

    name: str
    where: Where
    keys: Mapping[str, Node]
    known: bool = True


@dataclass(slots=True)
class Files:
    """All services by name, the declared volumes, and what is worth saying so far."""

    services: dict[str, Definition] = field(default_factory=dict)
    volumes: dict[str, Node] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def load(entry: Entry, variables: Mapping[str, str], stack: str, reader: Reader) -> Files:
    """Read both files of an entry with the answers of its user.

    Raises ForgeError where a template fails or YAML is none, of both files at once; all else that is wrong is noted in `reader`.
    """
    files = Files()
    problems: list[Problem] = []
    roots: list[tuple[Map, bool]] = []
    doubles: list[yamlio.Double] = []
    for file, docker in ((entry.docker, True), (entry.rancher, False)):
        try:
            root = _parsed(file, entry, variables, stack, doubles.append)
        except ForgeError as error:
            problems += error.problems
            continue
        if root is not None:
            roots.append((root, docker))
    if problems:
        raise ForgeError.of(problems)
    _say_doubles(files, doubles, {_services(root).where for root, _ in roots}, reader)
    for root, docker in roots:
        _add(files, root, docker, variables, reader)
    return files


def _say_doubles(files: Files, doubles: Iterable[yamlio.Double], services: Collection[Where], reader: Reader) -> None:
    """Of two pairs with one key the last counts, as for rancher-compose's YAML; of two services nobody knows which is meant."""
    for double in doubles:
        name, where = double.key.value, double.key.where
        if double.within in services and name != ".catalog":
            reader.wrong(str(double), where, "rancher-compose would take the last of them without a word")
        else:
            files.notes.append(Note("", name, f"it stands twice: this one counts, not that of line {double.first.line}", where))


def _services(root: Map) -> Node:
    """The mapping of the services: that below `services`, or the whole file, when it has no version."""
    top = {key.value: value for key, value in root.pairs}
    return top.get("services", root) if "version" in top else root


def _parsed(
    file: File, entry: Entry, variables: Mapping[str, str], stack: str, doubled: Callable[[yamlio.Double], None]
) -> Map | None:
    """The mapping of a file. What a template rewrote keeps no places of its file: errors say `(rendered)` and count there."""
    rendered = render(file, variables, stack, entry.version)
    if rendered.problem:
        raise ForgeError.of([rendered.problem])
    if not rendered.text.strip():
        return None
    shown = file.shown if rendered.text == file.text else f"{file.shown} (rendered)"
    root = yamlio.parse(rendered.text, shown, aliases=True, last_wins=doubled)
    if isinstance(root, Text) and is_null(root):
        return None
    if not isinstance(root, Map):
        raise ForgeError("a compose file must be a mapping", root.where)
    return root


def _add(files: Files, root: Map, docker: bool, variables: Mapping[str, str], reader: Reader) -> None:
    top = {key.value: value for key, value in root.pairs}
    if "version" in top:
        _check_top(files, root, top["version"], reader)
        services, known = reader.pairs(_present(top.get("services")), "services"), keys.V2
    else:
        services, known = tuple(pair for pair in root.pairs if pair[0].value != ".catalog"), keys.V1
    for name, node in services:
        if not _NAME.fullmatch(name.value):
            reader.wrong(f"no service can be named {name.value!r}", name.where, "letters, digits, '.', '_' and '-'")
            continue
        found = _definition(files, name, node, variables, known, reader)
        files.services[name.value] = _merged(files.services.get(name.value), found, docker)
    if "version" in top:
        for name, node in reader.pairs(_present(top.get("volumes")), "volumes"):
            files.volumes[name.value] = _substitution(files, f"volume {name.value}", variables, reader).node(node)


def _check_top(files: Files, root: Map, version: Node, reader: Reader) -> None:
    if not isinstance(version, Text) or version.value != "2":
        reader.wrong("the version of a compose file is '2', or there is none", version.where)
    for key, _ in root.pairs:
        if key.value not in _TOP:
            # Rancher passes over it without a word, also where an author of version 1 put a service here.
            message = f"Rancher passes over it: {did_you_mean(key.value, _TOP)}; services stand below `services`"
            files.notes.append(Note("", key.value, message, key.where))


def _definition(
    files: Files, name: Text, node: Node, variables: Mapping[str, str], known: frozenset[str], reader: Reader
) -> Definition:
    """What one file says of one service."""
    found: dict[str, Node] = {}
    node = _substitution(files, name.value, variables, reader).node(node)
    for key, value in () if is_null(node) else reader.pairs(node, f"the service {name.value!r}"):
        if key.value in known:
            found[key.value] = value
            if key.value in keys.UNIQUE:
                _check_unique(key, value, reader)
        else:
            reader.wrong(f"unknown key {key.value!r} in the service {name.value!r}", key.where, did_you_mean(key.value, known))
    return Definition(name.value, name.where, {key: value for key, value in found.items() if not is_null(value)})


def _check_unique(key: Text, node: Node, reader: Reader) -> None:
    seen: set[str] = set()
    for item in node.items if isinstance(node, Seq) else ():
        if isinstance(item, Text) and item.value in seen:
            reader.wrong(f"{item.value!r} stands twice in {key.value}", item.where)
        seen |= {item.value} if isinstance(item, Text) else set()


def _substitution(files: Files, name: str, variables: Mapping[str, str], reader: Reader) -> Substitution:
    def undefined(variable: str, where: Where) -> None:
        files.notes.append(Note(name, f"${{{variable}}}", "no question asks for this variable: it is empty", where))

    return Substitution(variables, undefined, lambda message, where: reader.wrong(message, where, "write $$ for a plain $"))


def _merged(base: Definition | None, over: Definition, docker: bool) -> Definition:
    """Lay a definition over another: mappings and lists grow, everything else is replaced."""
    if base is None:
        return Definition(over.name, over.where, over.keys, docker)
    found = dict(base.keys)
    for key, value in over.keys.items():
        found[key] = _laid_over(found[key], value) if key in found else value
    return Definition(base.name, base.where, found, base.known or docker)


def _laid_over(base: Node, over: Node) -> Node:
    if isinstance(base, Map) and isinstance(over, Map):
        own = {key.value for key, _ in over.pairs}
        return Map((*(pair for pair in base.pairs if pair[0].value not in own), *over.pairs), over.where)
    if isinstance(base, Seq) and isinstance(over, Seq):
        return Seq((*base.items, *over.items), over.where)
    return over


def _present(node: Node | None) -> Node | None:
    return None if node is None or is_null(node) else node
