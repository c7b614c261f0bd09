"""Answers: what the metadata service says, for each version of its interface and each client."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem

DEFAULT = "default"
LATEST = "latest"
MAX_BYTES = 16 << 20

Value: TypeAlias = "None | bool | int | float | str | Sequence[Value] | Mapping[str, Value]"
Entry: TypeAlias = Mapping[str, Value]
Versions: TypeAlias = Mapping[str, Mapping[str, Entry]]


@dataclass(frozen=True, slots=True)
class Answers:
    """Version → client address or `default` → entry. `of` and `read` make it, the defaults copied into each entry."""

    versions: Versions

    @classmethod
    def of(cls, versions: Versions) -> Answers:
        """Copy the top-level keys of `default` into each client entry that lacks them, as rancher-metadata does."""
        return cls({version: _with_defaults(clients) for version, clients in versions.items()})

    def resolve(self, version: str) -> str | None:
        """Return the version that answers for `version`, or None. `latest` without an own entry is the highest."""
        if version in self.versions:
            return version
        return max(self.versions, default=None) if version == LATEST else None

    def entry(self, version: str, client: str) -> Entry | None:
        """Return what `client` is told in `version`: its own entry, else that of `default`, else None."""
        clients = self.versions[version]
        return clients.get(client, clients.get(DEFAULT))

    def revisions(self) -> frozenset[str]:
        """Return all texts of the entries `version`: they change with the data, and confd -watch waits on them."""
        entries = (entry for clients in self.versions.values() for entry in clients.values())
        return frozenset(found for entry in entries if isinstance(found := entry.get("version"), str))

    def revised(self, revision: str) -> Answers:
        """Return the same answers with another `version` in every entry."""
        return Answers(
            {
                version: {client: {**entry, "version": revision} for client, entry in clients.items()}
                for version, clients in self.versions.items()
            }
        )


def read(text: bytes | str, file: str) -> Answers:
    """Read an answers file (YAML or JSON, aliases allowed) as rancher-metadata up to 0.7 does.

    Scalars follow the YAML 1.2 core schema. Raises ForgeError with the place of everything that is not
    version → client → mapping, and of numbers that JSON cannot say.
    """
    return of_node(yamlio.parse(text, file, aliases=True, max_bytes=MAX_BYTES))


def of_node(root: yamlio.Node) -> Answers:
    """Make answers of a parsed document. Errors as `read`."""
    problems: list[Problem] = []
    versions: dict[str, dict[str, Entry]] = {}
    for version, clients in _pairs(root, "the document", problems):
        versions[version] = {}
        for client, entry in _pairs(clients, f"the clients of {version!r} (addresses or `default`)", problems):
            answers = _pairs(entry, f"the answers for {client!r}", problems)
            versions[version][client] = {key: yamlio.to_data(value) for key, value in answers}
            problems += _bad_numbers(entry)
    if problems:
        raise ForgeError.of(problems)
    return Answers.of(versions)


def _with_defaults(clients: Mapping[str, Entry]) -> Mapping[str, Entry]:
    default = clients.get(DEFAULT, {})
    return {client: {**default, **entry} for client, entry in clients.items()}


def _pairs(node: yamlio.Node, what: str, problems: list[Problem]) -> Iterator[tuple[str, yamlio.Node]]:
    if isinstance(node, yamlio.Map):
        yield from ((key.value, value) for key, value in node.pairs)
    else:
        hint = "an answers file says: version → client → answers"
        problems.append(Problem(f"{what} must be a mapping", node.where, hint))


def _bad_numbers(node: yamlio.Node) -> Iterator[Problem]:
    match node:
        case yamlio.Map(pairs):
            for _, value in pairs:
                yield from _bad_numbers(value)
        case yamlio.Seq(items):
            for item in items:
                yield from _bad_numbers(item)
        case yamlio.Text():
            number = node.data()
            if isinstance(number, float) and not math.isfinite(number):
                yield Problem(f"the number {node.value} is too large", node.where, "quote it to keep it as text")
