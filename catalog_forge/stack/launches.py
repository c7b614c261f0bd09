"""One service of the compose files as a container to launch: its words, environment, mounts, network and options.

Rules: docs/facts/catalog.md#3.18 and #4.3. What is wrong is noted, and reading goes on.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from typing import cast

from catalog_forge.errors import Where
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.reading import Reader
from catalog_forge.rancher import keys
from catalog_forge.shown import printable
from catalog_forge.stack.balancer import TARGET_LABEL, is_balancer
from catalog_forge.stack.composefile import Definition
from catalog_forge.stack.model import Launch, Network, Note
from catalog_forge.yamlio import Map, Node, Seq, Text

START_ONCE = "io.rancher.container.start_once"
PULL = "io.rancher.container.pull_image"

_PORT = re.compile(r"(?:(?:[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?:(?:[0-9]+(?:-[0-9]+)?)?:)?[0-9]+(?:-[0-9]+)?(?:/(?:tcp|udp))?")
_RANGE = re.compile(r"(?<![0-9])(?:([0-9]+)-[0-9]+:)?([0-9]+)-([0-9]+)(/[a-z]+)?$")
_MOST_PORTS = 1000
_COUNT = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_TIME = re.compile(rf"(?:({_COUNT})h)?(?:({_COUNT})m)?(?:({_COUNT})s?)?")
_LONGEST_GRACE = 3600
_MOST_SHARED = 1 << 30  # bytes of shared memory that need no trust
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([bkmgt]?)b?", re.IGNORECASE)
_RESTART = re.compile(r"always|no|unless-stopped|on-failure(?::[0-9]+)?")
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MOUNT = re.compile(rf"(?:{NAMED.pattern}|/[^:]*):/[^:]*(?::[A-Za-z,]+)?|/[^:]*")
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Launches:
    """Reads launches; `unhonoured` and `dangerous` collect what is worth saying."""

    def __init__(self, variables: Mapping[str, str], reader: Reader) -> None:
        self.variables = variables
        self.reader = reader
        self.unhonoured: list[Note] = []
        self.dangerous: list[Note] = []

    def read(self, definition: Definition) -> Launch:
        """Return the container that a definition makes."""
        found = definition.keys
        labels = self.texts(found.get("labels"), "labels")
        network, network_from = self.network(definition)
        restart = text_of(found.get("restart")) or "always"
        # A bare `no` is a truth for Rancher's YAML, and meant as the word.
        restart = "no" if restart == "false" else restart
        if not _RESTART.fullmatch(restart):
            self.reader.wrong(
                f"restart cannot be {restart!r}", found["restart"].where, "always, no, on-failure or unless-stopped"
            )
        self._say(definition, labels)
        return Launch(
            definition.name,
            self._image(definition),
            self.words(found.get("entrypoint"), "entrypoint"),
            self.words(found.get("command"), "command"),
            self.texts(found.get("environment"), "environment", looked_up=True),
            labels,
            self.volumes(definition),
            tuple(text.split(":")[0] for text, _ in self.items(found.get("volumes_from"), "volumes_from")),
            network,
            network_from,
            self.ports(found.get("ports")),
            restart,
            labels.get(START_ONCE, "").lower() == "true",
            labels.get(PULL, "") == "always",
            self.options(definition),
            exposed=self.ports(found.get("expose"), "expose"),
            grace=self.seconds(found["stop_grace_period"]) if "stop_grace_period" in found else 0,
            logging=self.logging(definition),
        )

    def items(self, node: Node | None, what: str) -> list[tuple[str, Where]]:
        """A list of scalars, or one in its place: their texts and places."""
        return [(self.reader.word(item, what), item.where) for item in self.reader.some(node)]

    def texts(self, node: Node | None, what: str, *, looked_up: bool = False) -> dict[str, str]:
        """A mapping, or a list of NAME=VALUE, as text to text. A bare NAME of `looked_up` is the answer of that name."""
        found: dict[str, str] = {}
        if isinstance(node, Map):
            for key, scalar in node.pairs:
                found[key.value] = text_of(scalar) if isinstance(scalar, Text) else self.reader.word(scalar, what)
            return found
        for text, _ in self.items(node, what):
            name, equals, value = text.partition("=")
            if equals or not looked_up:
                found[name] = value
            elif name in self.variables:
                found[name] = self.variables[name]
        return found

    def words(self, node: Node | None, what: str) -> tuple[str, ...] | None:
        """A command: a list, or a text that is cut as a shell does."""
        if node is None:
            return None
        if isinstance(node, Seq):
            return tuple(self.reader.word(item, what) for item in node.items)
        try:
            return tuple(shlex.split(self.reader.word(node, what))) or None
        except ValueError as error:
            self.reader.wrong(f"{what} cannot be cut into words: {str(error).lower()}", node.where)
            return None

    def network(self, definition: Definition) -> tuple[Network, str]:
        """The network of a container, and the container whose network it uses."""
        node = definition.keys.get("network_mode") or definition.keys.get("net")
        mode = self.reader.word(node, "the network") if node else "managed"
        kind, _, other = mode.partition(":")
        if mode == "host" and node:
            self._trust(definition, "network_mode", "it uses the network of this machine", node.where)
        if mode == "bridge" and node:
            self._trust(definition, "network_mode", "it uses the engine's own network, with containers of others", node.where)
        match mode:
            case "host" | "none" | "bridge":
                return cast(Network, mode), ""
            case "" | "managed" | "default":
                return "managed", ""
            case _ if kind in ("container", "service") and other:
                return "shared", other
        if node:
            self.reader.wrong(f"no network is named {mode!r}", node.where, "managed, host, none, bridge or container:NAME")
        return "managed", ""

    def ports(self, node: Node | None, what: str = "ports") -> tuple[str, ...]:
        """Ports in compose's short form, those of a range one by one."""
        found: list[str] = []
        for text, where in self.items(node, what):
            numbers = re.findall(r"(?<![.\d])\d{1,6}(?![.\d])", text)
            if _PORT.fullmatch(text) and all(int(each) < 65536 for each in numbers) and 0 < len(_each(text)) <= _MOST_PORTS:
                found += _each(text)
            else:
                self.reader.wrong(f"{text!r} is not a port", where, "such as 8080:80, 8080:80/udp or 80")
        return tuple(found)

    def seconds(self, node: Node) -> int:
        """A time in seconds, such as 1m30s; at least one."""
        found = _TIME.fullmatch(text := self.reader.word(node, "stop_grace_period"))
        if found is None or not text:
            self.reader.wrong(f"stop_grace_period must be a time, not {text!r}", node.where, "such as 30s or 1m30s")
            return 0
        hours, minutes, seconds = (float(each or 0) for each in found.groups())
        return max(1, min(math.ceil(hours * 3600 + minutes * 60 + seconds), _LONGEST_GRACE))

    def logging(self, definition: Definition) -> dict[str, str]:
        """The options of a container's log. Another driver than that of the engine's own log is said, and with it its options."""
        found = definition.keys
        words = {key.value: value for key, value in self.reader.pairs(found.get("logging"), "logging")}
        driver, options = found.get("log_driver") or words.get("driver"), found.get("log_opt") or words.get("options")
        name = text_of(driver)
        if driver and name not in ("", "json-file"):
            self.note(definition, "log_driver", f"what containers say is kept by the engine, and not by {name}", driver.where)
            return {}
        given = self.texts(options, "log_opt")
        for key in sorted(given.keys() - keys.LOG_OPTIONS):
            self.note(definition, f"log_opt: {key}", keys.WITHOUT_REASON, options.where if options else definition.where)
        return {key: text for key, text in given.items() if key in keys.LOG_OPTIONS}

    def volumes(self, definition: Definition) -> tuple[str, ...]:
        """The mounts of a container; those of this machine need trust."""
        found = []
        for text, where in self.items(definition.keys.get("volumes"), "volumes"):
            if not _MOUNT.fullmatch(text):
                self.reader.wrong(f"{text!r} is not a volume", where, "NAME:PATH, /HOST:PATH or PATH, then :ro")
                continue
            if text.startswith("/") and ":" in text:
                self._trust(definition, "volumes", f"it mounts {text.split(':')[0]} of this machine", where)
            found.append(text)
        return tuple(found)

    def options(self, definition: Definition) -> dict[str, Value]:
        """The other keys that the engine honours, by their names in compose v2."""
        found: dict[str, Value] = {}
        for key, node in definition.keys.items():
            if key in keys.TEXTS:
                found[key] = self.reader.word(node, key)
            elif key in keys.TRUTHS:
                found[key] = self.truth(node, key)
            elif key in keys.LISTS:
                found[key] = [text for text, _ in self.items(node, key)]
            elif key in keys.PAIRS:
                found[key] = self.pairs(node, key)
            elif key in keys.NUMBERS:
                found[key] = self.number(node, key)
            elif key in keys.SIZES:
                found[key] = self.size(node, key)
        if "ulimits" in definition.keys:
            found["ulimits"] = self.limits(definition.keys["ulimits"])
        return found

    def truth(self, node: Node, what: str) -> bool:
        """True or false. Text is none: rancher-compose never turns an answer into a truth."""
        value = decoding.value(node) if isinstance(node, Text) else None
        if isinstance(value, bool):
            return value
        self.reader.wrong(f"{what} must be true or false, without quotes and without a variable", node.where)
        return False

    def pairs(self, node: Node, what: str) -> dict[str, str]:
        """A mapping, or a list of NAME:VALUE or NAME=VALUE."""
        if isinstance(node, Map):
            return self.texts(node, what)
        cut = [re.split("[:=]", text, maxsplit=1) for text, _ in self.items(node, what)]
        return {name: rest[0] if rest else "" for name, *rest in cut}

    def number(self, node: Node, what: str, least: int = -1000) -> int:
        """A whole number, also one that is an answer."""
        text = self.reader.word(node, what)
        if re.fullmatch(r"-?[0-9]{1,12}", text) and int(text) >= least:
            return int(text)
        below = f" of {least} or more" if least > -1000 else ""
        self.reader.wrong(f"{what} must be a whole number{below}, not {text!r}", node.where)
        return max(least, 0)

    def size(self, node: Node, what: str) -> int:
        """A number of bytes: 512m, 1g, 1073741824."""
        found = _SIZE.fullmatch(text := self.reader.word(node, what))
        if found is None:
            if text not in ("", "-1"):
                self.reader.wrong(f"{what} must be a size, not {text!r}", node.where, "such as 512m or 1g")
            return -1 if text == "-1" else 0
        return int(float(found[1]) * _UNITS[found[2].lower()])

    def limits(self, node: Node) -> dict[str, Value]:
        """Limits by name: one number, or a soft and a hard one."""
        found: dict[str, Value] = {}
        for name, value in self.reader.pairs(node, "ulimits"):
            if isinstance(value, Map):
                found[name.value] = {key.value: self.number(each, f"ulimits: {name.value}") for key, each in value.pairs}
                if {key.value for key, _ in value.pairs} != {"soft", "hard"}:
                    self.reader.wrong(f"the limit {name.value!r} needs soft and hard", value.where)
            else:
                found[name.value] = self.number(value, f"ulimits: {name.value}")
        return found

    def _image(self, definition: Definition) -> str:
        node = definition.keys.get("image")
        image = self.reader.word(node, "image") if node else ""
        if not image:
            hint = "" if definition.known else "docker-compose.yml does not know it: is its name spelt the same in both files?"
            where = node.where if node else definition.where
            self.reader.wrong(f"the service {definition.name!r} has no image", where, hint)
        elif re.search(r"\s", image) or image.startswith("-"):
            self.reader.wrong(f"no image is named {image!r}", definition.where)
        return image

    def _say(self, definition: Definition, labels: Mapping[str, str]) -> None:
        """Note what the engine cannot honour, and what needs trust."""
        forms = (keys.TEXTS, keys.TRUTHS, keys.LISTS, keys.PAIRS, keys.NUMBERS, keys.SIZES)
        honoured = keys.TAKEN.union({"ulimits"}, *forms)
        for key, node in definition.keys.items():
            if key == "extends":
                self.reader.wrong("extends is not supported", node.where, "write the service out")
            elif key == "load_balancer_config" and is_balancer(definition):
                continue
            elif key not in honoured or (key == "build" and "image" in definition.keys):
                self.note(definition, key, keys.UNHONOURED.get(key, keys.WITHOUT_REASON), node.where)
        for label in labels:
            beginnings = [each for each in keys.LABELS if label.startswith(each)]
            if beginnings and not (label.startswith(TARGET_LABEL) and is_balancer(definition)):
                self.note(definition, label, keys.LABELS[max(beginnings, key=len)], definition.where)
        self._say_dangerous(definition)

    def _say_dangerous(self, definition: Definition) -> None:
        found = definition.keys
        if "privileged" in found and text_of(found["privileged"]) == "true":
            self._trust(definition, "privileged", "it may do anything to this machine", found["privileged"].where)
        for key in ("pid", "ipc"):
            if key in found and text_of(found[key]):
                self._trust(definition, key, f"{key}: {text_of(found[key])}", found[key].where)
        if "sysctls" in found:
            self._trust(definition, "sysctls", "it sets parameters of the kernel", found["sysctls"].where)
        self._say_memory(definition)
        for key in ("devices", "cap_add", "security_opt", "cgroup_parent"):
            for text, where in self.items(found.get(key), key):
                self._trust(definition, key, f"{key}: {text}", where)

    def _say_memory(self, definition: Definition) -> None:
        """What can take memory from everything else on the machine."""
        texts = {
            key: text_of(node)
            for key, node in definition.keys.items()
            if key in ("oom_kill_disable", "oom_score_adj", "shm_size")
        }
        size = _SIZE.fullmatch(texts.get("shm_size", ""))
        reasons = {
            "oom_kill_disable": texts.get("oom_kill_disable") == "true" and "the kernel cannot end it when memory runs out",
            "oom_score_adj": texts.get("oom_score_adj", "").startswith("-")
            and "the kernel ends others before it when memory runs out",
            "shm_size": size and float(size[1]) * _UNITS[size[2].lower()] > _MOST_SHARED and f"it may fill {size[0]} of memory",
        }
        for key, reason in reasons.items():
            if reason:
                self._trust(definition, key, reason, definition.keys[key].where)

    def note(self, definition: Definition, key: str, message: str, where: Where) -> None:
        """Note something that is not honoured."""
        self.unhonoured.append(Note(definition.name, printable(key), printable(message), where))

    def _trust(self, definition: Definition, key: str, message: str, where: Where) -> None:
        self.dangerous.append(Note(definition.name, printable(key), printable(message), where))


def _each(port: str) -> list[str]:
    """The ports of a range, one by one: 8000-8001:80-81 is 8000:80 and 8001:81."""
    found = _RANGE.search(port)
    if found is None:
        return [port]
    public, first, last, protocol = found.groups(default="")
    shift = int(public) - int(first) if public else 0
    each = range(int(first), min(int(last), int(first) + _MOST_PORTS) + 1)
    head = port[: found.start()]
    return [f"{head}{f'{number + shift}:' if public else ''}{number}{protocol}" for number in each]
