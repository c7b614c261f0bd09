"""Writes Rancher's metadata as JSON files, which confd reads with its back end `file`.

The files are Helm templates, and work for any release name, scale and answers.

The objects are those of the emulated metadata service (`metadata.scenarios`), with the keys of confd's rancher back end. The
template computes those values of a container that differ between the first two containers of its service, and contains all other
values. A pod reads three files: the file of the stack, the file of its service and its own file. Values in a later file replace
those in an earlier file. If there are secret answers, further files contain the values with these answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog_forge.chart.helm import HelmWriter, Verbatim, quoted
from catalog_forge.chart.marks import RELEASE
from catalog_forge.confd.layout import keys_of_answer, nested
from catalog_forge.metadata.scenarios import model
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.service.answers import DEFAULT
from catalog_forge.stack.environment import steady
from catalog_forge.stack.model import Stack

# The length of a UUID. UUIDs and digests are derived from a hash, because they only need to differ between containers.
_UUID = 36
_ADDRESS = r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+"
_HOST = model.Host("kubernetes", "127.0.0.1")


@dataclass(frozen=True)
class Identity:
    """The identity of a service's containers in the cluster. `scale` and `pod` (the name of pod `$i`) are Helm expressions."""

    scale: str
    pod: str
    address: str


class Trees:
    """The metadata of a stack in one metadata version. `identities` maps the name of each service to its identity."""

    def __init__(
        self, stack: Stack, version: str, identities: Mapping[str, Identity], writer: HelmWriter, roots: Collection[str]
    ) -> None:
        self.version, self.writer, self.roots = version, writer, roots
        self.identities = identities
        services = tuple(replace(each, scale=2) for each in stack.services)
        made = steady(replace(stack, name=RELEASE, services=services), model.SUBNET.replace("1.0/24", "0.0/16"), _HOST)
        told: Any = answers_of(made, only=version).entry(version, DEFAULT)
        self.stack = _named(told["stacks"])[RELEASE]
        self.services = _named(self.stack["services"])
        self.host = told["hosts"][0]
        self.of_service = {each.name: [each.name, *(kick.name for kick in each.sidekicks)] for each in stack.services}
        self._files: dict[bool, str] = {}

    def of_stack(self, secret: bool) -> str:
        """Return the metadata file that all pods of the stack read, with `/self/stack`, `/self/host` and the root keys."""
        if secret not in self._files:
            self._files[secret] = self._of_stack(secret)
        return self._files[secret]

    def _of_stack(self, secret: bool) -> str:
        services = {name: self.service(name, each) for name, each in self.services.items()}
        stack = {**_leaves(self.stack, "services"), "services": services}
        tree: dict[str, Any] = {"self": {"stack": stack, "host": _leaves(self.host)}}
        host = _leaves(self.host)
        others: dict[str, Any] = {"stacks": {RELEASE: stack}, "services": services, "hosts": {host["name"]: host}}
        if "containers" in self.roots:
            others["containers"] = Several(tuple(each["containers"] for each in services.values()))
        return self._file(tree | {name: each for name, each in others.items() if name in self.roots}, secret)

    def of_one(self, name: str, secret: bool) -> str:
        """Return the metadata file with the `/self/service` of a service, or of a sidekick with a separate network."""
        return self._file({"self": {"service": self.service(name, self.services[name.lower()])}}, secret)

    def of_pod(self, name: str) -> str:
        """Return the metadata file with the `/self/container` of container `$i` of a service or a sidekick."""
        _, template = self._container(name)
        return self._file({"self": {"container": template}}, False)

    def identity(self, name: str) -> Identity:
        """Return the identity of a service's containers. A sidekick has the identity of its primary."""
        lowered = name.lower()
        primary = next((each for each, names in self.of_service.items() if lowered in map(str.lower, names)), name)
        return self.identities[primary]

    def service(self, name: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return a service with one container, which the template repeats as many times as its scale requires."""
        scale = self.identity(name).scale
        found = {**_leaves(told, "containers"), "scale": Verbatim(f'"{{{{ {scale} }}}}"')}
        found["containers"] = Counted(*self._container(name), scale)
        return found

    def _container(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the name and the object of container `$i`, in which some values are expressions that depend on `$i`."""
        first, second = self.services[name.lower()]["containers"][:2]
        made = _counted(_leaves(first), _leaves(second), "", self.identity(name))
        return _released(first["name"][:-1]) + "{{ $n }}", made

    def _file(self, tree: dict[str, Any], secret: bool) -> str:
        """Return a tree as JSON below the metadata version (confd's prefix), with only the secret or only the public leaves."""
        return self._json({self.version: _only(tree, self.writer, secret)})

    def _json(self, value: Any) -> str:
        if isinstance(value, Counted):
            item = f'"{value.key}": {self._json(value.item)}'
            between = "{{ if $i }}, {{ end }}"
            return f"{{ {{{{ range $i := until (int ({value.scale})) }}}}{{{{ $n := add1 $i }}}}{between}{item}{{{{ end }}}} }}"
        if isinstance(value, Several):
            begun = ((f"{{{{ range $i := until (int ({each.scale})) }}}}{{{{ $n := add1 $i }}}}", each) for each in value.parts)
            ranges = (f'{head}"{each.key}": {self._json(each.item)}, {{{{ end }}}}' for head, each in begun)
            return "{ " + "".join(ranges) + '"": ""}'
        if isinstance(value, Mapping):
            return "{ " + ",".join(f"{self._json(key)}:{self._json(each)}" for key, each in value.items()) + "}"
        return self.writer.scalar(value)


@dataclass(frozen=True)
class Counted:
    """The containers of a service: one item, which the template repeats `scale` times."""

    key: str
    item: Mapping[str, Any]
    scale: str


@dataclass(frozen=True)
class Several:
    """The containers of several services."""

    parts: tuple[Counted, ...]


def _named(objects: Any) -> dict[str, Any]:
    return {str(each["name"]): each for each in objects}


def _leaves(told: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """Convert an object to the form that confd stores: nested maps of strings. The keys of list items are names or numbers."""
    return nested(keys_of_answer("", json.dumps({key: value for key, value in told.items() if key not in without})))


def _released(text: str) -> str:
    return text.replace(RELEASE, "{{ $.Release.Name }}")


def _counted(first: Any, second: Any, key: str, identity: Identity) -> Any:
    """Return the value of container `$i`, derived from the values of the first two containers. `$n` is `$i` + 1."""
    if isinstance(first, Mapping):
        return {name: _counted(each, second[name], name, identity) for name, each in first.items()}
    if first == second:
        return first
    release = _released(first)
    if key == "primary_ip" or re.fullmatch(_ADDRESS, first):
        return Verbatim(f'"{identity.address}"')
    if identity.scale == "0" and first.endswith("1"):
        return first if first == "1" else Verbatim(quoted(release[:-1])[:-1] + identity.pod[1:])
    if first.endswith("1") and second == f"{first[:-1]}2":
        return Verbatim(quoted(release[:-1])[:-1] + '{{ $n }}"')
    digest = f'(printf "%s/%s/{key}" $.Release.Name {identity.pod} | sha256sum)'
    if len(first) == _UUID:
        cuts = " ".join(f"(substr {start} {end} {digest})" for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        return Verbatim(f'"{{{{ printf "%s-%s-%s-%s-%s" {cuts} }}}}"')
    return Verbatim(f'"{{{{ substr 0 {len(first)} {digest} }}}}"')


def _only(tree: Any, writer: HelmWriter, secret: bool) -> Any:
    """Return a tree with only the leaves that contain a secret answer or, if `secret` is False, with only the other leaves."""
    if isinstance(tree, Counted | Several):
        return None if secret else tree
    if not isinstance(tree, Mapping):
        return tree if writer.marks.is_secret(tree) is secret else None
    found = {key: kept for key, each in tree.items() if (kept := _only(each, writer, secret)) is not None}
    return found or (None if secret or tree else {})
