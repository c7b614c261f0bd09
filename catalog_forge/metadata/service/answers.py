"""The answers of the metadata service, for each version of its API and each client."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.scalars import Value
from catalog_forge.malformed import HALF_CHARACTER

DEFAULT = "default"
LATEST = "latest"
MAX_BYTES = 16 << 20

Entry: TypeAlias = Mapping[str, Value]
Versions: TypeAlias = Mapping[str, Mapping[str, Entry]]

_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Answers:
    """Maps each version to its clients (addresses and `default`), and each client to its entry.

    `of` and `read` copy the entry `default` into every entry."""

    versions: Versions

    @classmethod
    def of(cls, versions: Versions) -> Answers:
        """Copy the top-level keys of `default` into each client entry that lacks them, as rancher-metadata does."""
        return cls({version: _with_defaults(clients) for version, clients in versions.items()})

    def resolve(self, version: str) -> str | None:
        """Return the name of the version from which a request for `version` is answered; None if there is none.

        If no version has the name `latest`, a request for `latest` is answered from the highest version.
        """
        if version in self.versions:
            return version
        return max(self.versions, default=None) if version == LATEST else None

    def entry(self, version: str, client: str) -> Entry | None:
        """Return the answers for `client` in `version`: the client's own entry, else the entry `default`, else None."""
        clients = self.versions[version]
        return clients.get(client, clients.get(DEFAULT))

    def knows(self, client: str) -> bool:
        """Return whether any version has an entry for this client. All clients without an entry get the same answers."""
        return any(client in clients for clients in self.versions.values())

    def revisions(self) -> frozenset[str]:
        """Return the values of all `version` keys. confd -watch waits until the `version` that it receives changes."""
        entries = (entry for clients in self.versions.values() for entry in clients.values())
        return frozenset(found for entry in entries if isinstance(found := entry.get("version"), str))

    def revised(self, revision: str) -> Answers:
        """Return a copy of the answers in which the key `version` of every entry has the value `revision`."""
        return Answers(
            {
                version: {client: {**entry, "version": revision} for client, entry in clients.items()}
                for version, clients in self.versions.items()
            }
        )


def read(text: bytes | str, file: str) -> Answers:
    """Read an answers file (YAML or JSON; aliases and `<<` allowed) as rancher-metadata up to 0.7 does.

    Scalars are read as go-yaml v2 reads them: `yes` is true, 0777 is 511. Raises ForgeError with the location of everything that
    does not have the form version → client → mapping, and of each key that is not text: on such a key, the real program crashes.
    """
    try:
        return of_node(yamlio.parse(text, file, aliases=True, max_bytes=MAX_BYTES))
    except ForgeError as error:
        raise hinted(error) from None


def hinted(error: ForgeError) -> ForgeError:
    """Add a hint to an error about a surrogate pair, which JSON supports but YAML does not. Return other errors unchanged."""
    if HALF_CHARACTER not in str(error):
        return error
    hint = (
        "rancher-metadata reads JSON as YAML, which has no escapes such as \\uD83D\\uDE00: write the character itself "
        "(ensure_ascii=False)"
    )
    return ForgeError.of([replace(problem, hint=hint) for problem in error.problems])


def of_data(data: Mapping[str, object]) -> Answers | None:
    """Convert plain data to answers; return None if the data does not have the form version → client → mapping."""
    entries = [entry for clients in data.values() for entry in (clients.values() if isinstance(clients, dict) else (None,))]
    if not all(isinstance(entry, dict) for entry in entries):
        return None
    return Answers.of(cast("Versions", data))


def of_node(root: yamlio.Node) -> Answers:
    """Return the answers in a parsed document. Raises ForgeError like `read`."""
    reader = _Reader()
    versions = {
        version: {
            client: reader.entry(entry, f"the answers for {client!r}")
            for client, entry in reader.pairs(clients, f"the clients of {version!r} (addresses or `default`)")
        }
        for version, clients in reader.pairs(root, "the document")
    }
    if reader.problems:
        raise ForgeError.of(reader.problems)
    return Answers.of(versions)


def unsound(answers: Answers) -> Iterator[tuple[str, str]]:
    """For each part of the answers that confd cannot process, yield the path of the part and a message about it.

    Such parts are list elements whose `name` is not text (confd flattens lists by name, and panics) and numbers that JSON cannot
    represent (confd asks for JSON). Data shared by several versions or clients is reported once.
    """
    seen: set[int] = set()

    def below(value: Value, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, float) and not math.isfinite(value):
            yield (
                path,
                f"JSON cannot represent {json.dumps(value)}: confd requests JSON, and gets error 500 for every path "
                "that contains this value",
            )
        children: Iterator[tuple[str, Value]] = iter(())
        if isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            children = ((str(key), child) for key, child in (value.items() if isinstance(value, dict) else enumerate(value)))
        for key, child in children:
            place = f"{path}/{key}"
            if isinstance(value, list) and isinstance(child, dict) and not isinstance(child.get("name", ""), str):
                yield place, f"the name is {_shown(child['name'])}, not text: the real confd panics on this name"
            yield from below(child, place)

    for version, clients in answers.versions.items():
        for client in sorted(clients, key=lambda client: client != DEFAULT):
            # Each entry is a copy, but the values in it are shared.
            for key, value in clients[client].items():
                yield from below(value, f"/{version}/{key}")


def _shown(value: Value) -> str:
    """Return a value in the form that messages show: JSON that, unlike the service's JSON, may contain NaN and infinity."""
    said = json.dumps(value)
    return said if len(said) <= _LONGEST_SHOWN else said[: _LONGEST_SHOWN - 1] + "…"


def _with_defaults(clients: Mapping[str, Entry]) -> Mapping[str, Entry]:
    default = clients.get(DEFAULT, {})
    return {client: {**default, **entry} for client, entry in clients.items()}


class _Reader:
    """Turns nodes into values and collects problems. All aliases of a node share one value, so nothing is copied."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.made: dict[int, Value] = {}

    def pairs(self, node: yamlio.Node, what: str) -> Iterator[tuple[str, yamlio.Node]]:
        """Yield the pairs of a mapping of versions or of clients. The keys are always text, even if they look like numbers."""
        if not isinstance(node, yamlio.Map):
            self.no_map(node, what)
            return
        for key, value in node.pairs:
            if decoding.is_merge(key):
                yield from (pair for merged in self.merged(value) for pair in self.pairs(merged, what))
            else:
                yield key.value, value

    def entry(self, node: yamlio.Node, what: str) -> Entry:
        if isinstance(node, yamlio.Map):
            return self.map(node)
        self.no_map(node, what)
        return {}

    def no_map(self, node: yamlio.Node, what: str) -> None:
        hint = "an answers file has the form: version → client → answers"
        self.problems.append(Problem(f"{what} must be a mapping", node.where, hint))

    def value(self, node: yamlio.Node) -> Value:
        if isinstance(node, yamlio.Text):
            return decoding.value(node)
        if id(node) not in self.made:
            items = node.items if isinstance(node, yamlio.Seq) else ()
            self.made[id(node)] = self.map(node) if isinstance(node, yamlio.Map) else [self.value(item) for item in items]
        return self.made[id(node)]

    def map(self, node: yamlio.Map) -> dict[str, Value]:
        """Return a mapping as data. As in go-yaml v2, a later pair, even a merged one, overrides an earlier pair."""
        made: dict[str, Value] = {}
        for key, value in node.pairs:
            if decoding.is_merge(key):
                for merged in self.merged(value):
                    made.update(self.map(merged))
            else:
                self.check(key)
                made[key.value] = self.value(value)
        return made

    def merged(self, node: yamlio.Node) -> Iterator[yamlio.Map]:
        """Yield the mappings that `<<` merges; anything else is recorded as a problem."""
        for each in decoding.brought_in(node):
            if isinstance(each, yamlio.Map):
                yield each
            else:
                self.problems.append(
                    Problem(
                        "'<<' can merge only a mapping or a list of mappings",
                        each.where,
                        "write <<: *NAME, where &NAME is before a mapping",
                    )
                )

    def check(self, key: yamlio.Text) -> None:
        meaning = decoding.value(key)
        if isinstance(meaning, str):
            return
        kind = "null" if meaning is None else "a boolean" if isinstance(meaning, bool) else "a number"
        message = f"the key {key.value!r} is {kind}, but rancher-metadata crashes on a key that is not text"
        self.problems.append(Problem(message, key.where, "put the key in quotes"))
