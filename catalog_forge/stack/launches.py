"""Reads one service of the compose files as a container to launch: its command, environment, mounts, network and options.

Rules: docs/facts/catalog.md#3.18 and #4.3. `rancher.judgement` reports what rancher-compose refuses. This module records
an error for a service that rancher-compose accepts but this program cannot run, and continues to read.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping
from typing import cast

from catalog_forge.errors import Where
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.reading import Reader
from catalog_forge.rancher import keys
from catalog_forge.rancher.composition import Service as Definition
from catalog_forge.rancher.composition import items
from catalog_forge.rancher.judgement.checks import is_port
from catalog_forge.rancher.tree import keys_of
from catalog_forge.shown import printable
from catalog_forge.stack.balancer import TARGET_LABEL, is_balancer
from catalog_forge.stack.model import Launch, Network, Note, port_of
from catalog_forge.yamlio import Map, Node, Seq, Text

PULL = "io.rancher.container.pull_image"

_RANGE = re.compile(r"(?<![0-9])(?:([0-9]+)-[0-9]+:)?([0-9]+)-([0-9]+)(/[a-z]+)?$")
_MOST_PORTS = 1000
_TIME = re.compile(r"([0-9]{1,300}(?:\.[0-9]*)?|\.[0-9]+)([a-zµμ]*)")
_SECONDS = {"h": 3600, "m": 60, "s": 1, "": 1, "ms": 1e-3}
_LONGEST_GRACE = 3600
_MOST_SHARED = 1 << 30  # the maximum size of shared memory, in bytes, that a container may have without trust
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([bkmgtp]?)b?", re.IGNORECASE)
_RESTART = re.compile(r"always|no|unless-stopped|on-failure(?::[0-9]{1,18})?")
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MOST_BYTES = (1 << 63) - 1
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


class Launches:
    """Reads launches, and collects notes on keys that are not honoured (`unhonoured`) or need trust (`dangerous`).

    `public` maps each public port to its location.
    """

    def __init__(self, variables: Mapping[str, str], reader: Reader) -> None:
        self.variables = variables
        self.reader = reader
        self.unhonoured: list[Note] = []
        self.dangerous: list[Note] = []
        self.public: dict[str, Where] = {}

    def read(self, definition: Definition) -> Launch:
        """Return the container that a service definition describes."""
        found = definition.keys
        labels = self.texts(found.get("labels"))
        network, network_from = self.network(definition)
        restart = text_of(found.get("restart")) or "always"
        # YAML reads an unquoted `no` as false, but the restart policy is the word "no".
        restart = "no" if restart == "false" else restart
        if not _RESTART.fullmatch(restart):
            self.cannot(
                f"the policy `restart: {restart}`", found["restart"].where, "use always, no, on-failure or unless-stopped"
            )
        self._say(definition, labels)
        return Launch(
            definition.name,
            self._image(definition),
            self.words(found.get("entrypoint"), "entrypoint"),
            self.words(found.get("command"), "command"),
            self.texts(found.get("environment"), looked_up=True),
            labels,
            self.volumes(definition),
            tuple(item.value.split(":")[0] for item in items(found.get("volumes_from"))),
            network,
            network_from,
            self.ports(found.get("ports")),
            restart,
            labels.get(keys.START_ONCE, "").lower() == "true",
            labels.get(PULL, "") == "always",
            self.options(definition),
            exposed=self.ports(found.get("expose")),
            grace=_seconds(found.get("stop_grace_period")),
            logging=self.logging(definition),
        )

    def cannot(self, what: str, where: Where, hint: str = "") -> None:
        """Record an error: this program cannot run `what`, although rancher-compose accepts it."""
        self.reader.wrong(f"catalog-forge does not support {what}", where, hint)

    def texts(self, node: Node | None, *, looked_up: bool = False) -> dict[str, str]:
        """Convert a mapping or a list of NAME=VALUE to strings by name.

        If `looked_up` is set, a NAME without a value gets the answer to the question NAME. A NAME without an answer is left out.
        """
        if isinstance(node, Map):
            return {key.value: text_of(scalar) for key, scalar in node.pairs}
        found: dict[str, str] = {}
        for item in items(node):
            name, equals, value = item.value.partition("=")
            if equals or not looked_up:
                found[name] = value
            elif name in self.variables:
                found[name] = self.variables[name]
        return found

    def words(self, node: Node | None, what: str) -> tuple[str, ...] | None:
        """Return the words of a command. A list is used as it is; a string is split into words as in a shell."""
        if node is None:
            return None
        if isinstance(node, Seq):
            return tuple(item.value for item in items(node))
        try:
            return tuple(shlex.split(_word(node))) or None
        except ValueError as error:
            self.cannot(f"this {what}, because it cannot be split into words ({str(error).lower()})", node.where)
            return None

    def network(self, definition: Definition) -> tuple[Network, str]:
        """Return the network of a container, and the name of the container whose network it shares ("" if it shares none)."""
        node = definition.keys.get("network_mode") or definition.keys.get("net")
        mode = _word(node) if node else "managed"
        kind, _, other = mode.partition(":")
        if mode == "host" and node:
            self._trust(definition, "network_mode", "the container uses the network of this machine", node.where)
        if mode == "bridge" and node:
            self._trust(
                definition,
                "network_mode",
                "the container uses the engine's default network, which other containers also use",
                node.where,
            )
        match mode:
            case "host" | "none" | "bridge":
                return cast(Network, mode), ""
            case "" | "managed" | "default":
                return "managed", ""
            case _ if kind in ("container", "service") and other:
                return "shared", other
        if node:
            self.cannot(f"a container in the network {mode!r}", node.where, "use managed, host, none, bridge or container:NAME")
        return "managed", ""

    def ports(self, node: Node | None) -> tuple[str, ...]:
        """Return ports in compose's short form. A range of ports becomes a separate string for each port."""
        found: list[str] = []
        for item in items(node):
            if is_port(item.value) and 0 < len(_each(item.value)) <= _MOST_PORTS:
                each = _each(item.value)
                for port in each:
                    if public := port_of(port)[1]:
                        self.public.setdefault(public, item.where)
                found += each
            else:
                self.cannot(
                    f"the port {item.value!r}", item.where, f"use ports from 1 to 65535, and at most {_MOST_PORTS} in a range"
                )
        return tuple(found)

    def logging(self, definition: Definition) -> dict[str, str]:
        """Return the options of a container's log. For any driver except json-file, add a note and return no options."""
        found = definition.keys
        words = keys_of(found.get("logging"))
        driver, options = found.get("log_driver") or words.get("driver"), found.get("log_opt") or words.get("options")
        name = text_of(driver)
        if driver and name not in ("", "json-file"):
            self.note(definition, "log_driver", f"the engine keeps the logs, not the driver {name}", driver.where)
            return {}
        given = self.texts(options)
        for key in sorted(given.keys() - keys.LOG_OPTIONS):
            self.note(definition, f"log_opt: {key}", keys.WITHOUT_REASON, options.where if options else definition.where)
        return {key: text for key, text in given.items() if key in keys.LOG_OPTIONS}

    def volumes(self, definition: Definition) -> tuple[str, ...]:
        """Return the mounts of a container. Mounts of folders of this machine need trust."""
        found = []
        for item in items(definition.keys.get("volumes")):
            text = item.value
            if not keys.MOUNT.fullmatch(text):
                self.cannot(
                    f"a container with the volume {text!r}",
                    item.where,
                    "write NAME:PATH, /HOST:PATH or PATH, optionally followed by :ro",
                )
                continue
            if text.startswith("/") and ":" in text:
                self._trust(definition, "volumes", f"the container mounts {text.split(':')[0]} of this machine", item.where)
            found.append(text)
        return tuple(found)

    def options(self, definition: Definition) -> dict[str, Value]:
        """Return the values of the keys that are passed to the engine, by their names in compose v2."""
        readers: dict[str, Callable[[Node, str], Value]] = {
            **dict.fromkeys(("text", "text-or-nothing"), lambda node, _: _word(node)),
            "truth": lambda node, _: isinstance(node, Text) and decoding.value(node) is True,
            **dict.fromkeys(("set", "list", "numbers", "text-or-set"), lambda node, _: [item.value for item in items(node)]),
            **dict.fromkeys(("list-of-pairs", "labels"), lambda node, _: dict(self._pairs(node))),
            **dict.fromkeys(("number", "whole", "score"), self.number),
            **dict.fromkeys(("size", "reservation"), lambda node, _: _size(_word(node))),
            "limits": lambda node, _: self._limits(node),
        }
        handed = ((keys.KEYS[key], node) for key, node in definition.keys.items() if key in keys.KEYS)
        return {key.name: readers[key.type](node, key.name) for key, node in handed if key.here == "engine"}

    def _pairs(self, node: Node) -> dict[str, str]:
        """Return the texts of a mapping, or of a list of NAME:VALUE or NAME=VALUE, by their names."""
        if isinstance(node, Map):
            return self.texts(node)
        cut = [re.split("[:=]", item.value, maxsplit=1) for item in items(node)]
        return {name: rest[0] if rest else "" for name, *rest in cut}

    def _limits(self, node: Node) -> dict[str, Value]:
        """Return the ulimits by name. Each ulimit is one number, or a soft and a hard limit."""
        return {
            name: {key: self.number(limit, f"ulimits: {name}") for key, limit in keys_of(value).items()}
            if isinstance(value, Map)
            else self.number(value, f"ulimits: {name}")
            for name, value in keys_of(node).items()
        }

    def number(self, node: Node, what: str, least: int = -1000) -> int:
        """Parse a whole number. The node may be a number or text that consists of digits, such as an answer."""
        text = _word(node)
        if re.fullmatch(r"[-+]?[0-9]{1,12}", text) and int(text) >= least:
            return int(text)
        below = f" of {least} or more" if least > -1000 else ""
        self.reader.wrong(f"{what} must be a whole number{below}, not {text!r}", node.where, "write only digits")
        return max(least, 0)

    def _image(self, definition: Definition) -> str:
        node = definition.keys.get("image")
        image = _word(node)
        if not image:
            hint = (
                ""
                if definition.in_docker
                else "docker-compose.yml has no such service: write its name the same way in both files"
            )
            where = node.where if node else definition.where
            self.reader.wrong(f"the service {definition.name!r} has no image", where, hint)
        elif re.search(r"\s", image) or image.startswith("-"):
            self.cannot(f"the image {image!r}", definition.where)
        return image

    def _say(self, definition: Definition, labels: Mapping[str, str]) -> None:
        """Add notes on every key that the engine cannot honour, and on every key that may run only with `up --trust`."""
        for key, node in definition.keys.items():
            if key == "extends":
                self.cannot("`extends`", node.where, "write out the whole service definition")
            elif key == "load_balancer_config" and is_balancer(definition):
                continue
            elif key not in keys.HONOURED or (key == "build" and "image" in definition.keys):
                self.note(definition, key, keys.UNHONOURED.get(key, keys.WITHOUT_REASON), node.where)
        for label in labels:
            beginnings = [each for each in keys.LABELS if label.startswith(each)]
            if beginnings and not (label.startswith(TARGET_LABEL) and is_balancer(definition)):
                self.note(definition, label, keys.LABELS[max(beginnings, key=len)], definition.where)
        self._say_dangerous(definition)

    def _say_dangerous(self, definition: Definition) -> None:
        found = definition.keys
        if "privileged" in found and text_of(found["privileged"]) == "true":
            self._trust(definition, "privileged", "the container has full access to this machine", found["privileged"].where)
        for key in ("pid", "ipc"):
            if key in found and text_of(found[key]):
                self._trust(definition, key, f"{key}: {text_of(found[key])}", found[key].where)
        if "sysctls" in found:
            self._trust(definition, "sysctls", "the container sets kernel parameters", found["sysctls"].where)
        self._say_memory(definition)
        for key in ("devices", "cap_add", "security_opt", "cgroup_parent"):
            for item in items(found.get(key)):
                self._trust(definition, key, f"{key}: {item.value}", item.where)

    def _say_memory(self, definition: Definition) -> None:
        """Add notes on options that can take memory away from other programs on this machine."""
        texts = {key: text_of(definition.keys.get(key)) for key in ("oom_kill_disable", "oom_score_adj", "shm_size")}
        kills, score, size = texts.values()
        reasons = {
            "oom_kill_disable": kills == "true" and "the kernel cannot kill the container when memory runs out",
            "oom_score_adj": score.startswith("-") and "the kernel kills other processes first when memory runs out",
            "shm_size": _size(size) > _MOST_SHARED and f"the container may fill {size} of memory",
        }
        for key, reason in reasons.items():
            if reason:
                self._trust(definition, key, reason, definition.keys[key].where)

    def note(self, definition: Definition, key: str, message: str, where: Where) -> None:
        """Add a note that a key is not honoured."""
        self.unhonoured.append(Note(definition.name, printable(key), printable(message), where))

    def _trust(self, definition: Definition, key: str, message: str, where: Where) -> None:
        self.dangerous.append(Note(definition.name, printable(key), printable(message), where))


def _each(port: str) -> list[str]:
    """Split a range of ports into single ports: 8000-8001:80-81 becomes 8000:80 and 8001:81."""
    found = _RANGE.search(port)
    if found is None:
        return [port]
    public, first, last, protocol = found.groups(default="")
    shift = int(public) - int(first) if public else 0
    each = range(int(first), min(int(last), int(first) + _MOST_PORTS) + 1)
    head = port[: found.start()]
    return [f"{head}{f'{number + shift}:' if public else ''}{number}{protocol}" for number in each]


def _word(node: Node | None) -> str:
    """Return a scalar as it was written. For any other node, which another check refuses, return ""."""
    return node.value if isinstance(node, Text) else ""


def _seconds(node: Node | None) -> int:
    """Convert a time such as 1m30s to a number of seconds, at least 1. Return 0 if no time is given."""
    found = sum(float(count) * _SECONDS.get(unit, 0) for count, unit in _TIME.findall(_word(node)))
    return max(1, math.ceil(min(found, _LONGEST_GRACE))) if _word(node) else 0


def _size(text: str) -> int:
    """Convert a size such as 512m, 1g or 1073741824 to bytes. -1 means no limit."""
    found = _SIZE.fullmatch(text)
    return int(min(float(found[1]) * _UNITS[found[2].lower()], _MOST_BYTES)) if found else -1 if text == "-1" else 0
