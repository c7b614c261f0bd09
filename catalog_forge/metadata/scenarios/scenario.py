"""Scenarios: YAML files that describe a stack, its changes, and the files that are expected after each change.

stack: search
subnet: 10.42.7.0/24              # optional, like every key except `services`
hosts: 2                          # or a list of names, or a mapping of names to labels
services:
  elasticsearch-masters:
    scale: 3
    metadata: {cluster.name: es}
    sidekicks: {elasticsearch-masters-main: primary}   # or a list of names: each has its own network
    health_check: {port: 9200}
    states: {2: stopped}          # by container, counted from 1
stacks:                           # other stacks of the environment, each with its services
  monitoring: {exporter: {labels: {prometheus.port: "9100"}}}
beside:                           # services that the entry does not define; only the engine `stack` runs them
  web: {image: "nginx:1.14.2", command: [nginx, -g, daemon off;], environment: {A: b}}
  monitoring/exporter: {image: "prom/node-exporter:v1.8.2"}   # a service of another stack
engines: [image]                  # the engines that can check this scenario; default: all
self: elasticsearch-masters-1     # the container that requests the metadata
fault: {late: 4s}                 # a fault of the metadata service
expect: {files: {...}}            # read by catalog_forge.verify.expectation
then:                             # steps, see catalog_forge.metadata.scenarios.steps
- scale: 5
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.metadata.reading import Reader
from catalog_forge.metadata.scenarios import environment, steps, undeclared
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import LARGE_SUBNET, Environment
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.metadata.scenarios.undeclared import Given
from catalog_forge.metadata.service import answers as answers_file
from catalog_forge.metadata.service import json_answers
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.rancher.judgement.checks import is_address

ENGINES = ("embedded", "confd", "image", "stack")

_KEYS = (*environment.KEYS, "beside", "engines", "self", "fault", "expect", "then")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|latest")


@dataclass(frozen=True, slots=True)
class Beside:
    """The container to run on a real stack for a service that the entry does not define. Unset fields keep the image's values."""

    image: str
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario: an environment and its changes. Moment 0 is the start; each step adds one moment.

    `engines` names the engines that can check the scenario; if it is empty, all engines can. `beside` describes the containers
    to run for services that the entry does not define. `given` has the metadata that the scenario sets for services,
    as YAML nodes.
    """

    moments: tuple[Moment, ...]
    engines: tuple[str, ...] = ()
    beside: Mapping[str, Beside] = field(default_factory=dict)
    given: tuple[Given, ...] = ()

    @property
    def environment(self) -> Environment:
        """The environment at the start of the scenario."""
        return self.moments[0].environment


def load(path: Path) -> Answers:
    """Return the answers in an answers file, or the answers at the start of a scenario. Raises ForgeError like `load_either`."""
    found = load_either(path)
    return found if isinstance(found, Answers) else answers_of(found.environment)


def load_either(path: Path, own: str = "") -> Answers | Scenario:
    """Read a file that is either an answers file (its keys are versions) or a scenario. `own` has the same effect as in `read`.

    Raises ForgeError with the locations of all problems if the file cannot be read or is neither.
    """
    try:
        # Opening a pipe that has no writer would block. With O_NONBLOCK, such a pipe is read as an empty file.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            os.set_blocking(descriptor, True)
            content = file.read(answers_file.MAX_BYTES + 1)
    except OSError as error:
        raise ForgeError(f"cannot read the file: {error.strerror}", Where(str(path))) from None
    if len(content) <= answers_file.MAX_BYTES and (data := json_answers.read(content)) is not None:
        read_fast = answers_file.of_data(data) if any(map(_VERSION.fullmatch, data)) else None
        if read_fast:
            return read_fast
    try:
        root = yamlio.parse(content, str(path), aliases=True, max_bytes=answers_file.MAX_BYTES)
    except ForgeError as error:
        raise answers_file.hinted(error) from None
    if isinstance(root, yamlio.Map) and any(_VERSION.fullmatch(key.value) for key, _ in root.pairs):
        return answers_file.of_node(root)
    return of_node(root, own)


def seen_by(found: Answers | Scenario, client: str = "") -> tuple[Answers, str]:
    """Return the answers in an answers file or at the start of a scenario, and the address of the client that requests them.

    `client` is an address, `default`, or the name of a container in the scenario. If `client` is empty, the client is `default`
    for an answers file, and the container that requests the metadata at the start for a scenario. Raises ForgeError if no
    container has the name `client`.
    """
    if isinstance(found, Answers):
        return found, client or DEFAULT
    start = found.moments[0]
    if client and client != DEFAULT and not is_address(client):
        start = start.asked_by(client)
        client = start.client
    return answers_of(start.environment), client or start.client


def read(text: bytes | str, file: str, own: str = "") -> Scenario:
    """Read a scenario. Raises ForgeError with all problems of the file and their locations.

    If the scenario has no `self`, the metadata is requested by the first container of the service `own` or, if there is no such
    container, of the first service that has containers.
    """
    return of_node(yamlio.parse(text, file), own)


def of_node(root: yamlio.Node, own: str = "") -> Scenario:
    """Read a scenario from a parsed document. Raises ForgeError like `read`."""
    reader = environment.EnvironmentReader()
    if isinstance(root, yamlio.Map) and any(key.value == "forge" for key, _ in root.pairs):
        raise ForgeError("this is a spec, not a scenario", root.where, "its scenarios are in specs/NAME/scenarios/")
    found: Mapping[str, yamlio.Node] = reader.known(root, "a scenario", _KEYS)
    if "services" not in found and not reader.problems:
        reader.wrong(
            "a scenario needs the key 'services'",
            root.where,
            "if this is an answers file, its keys must be versions of the metadata",
        )
    start = reader.environment(found)
    beside = dict(_beside(reader, found.get("beside"), start))
    engines = tuple(reader.one_of(item, "an engine", ENGINES) for item in reader.some(found.get("engines")))
    reader.check()

    def told(start: Environment) -> Scenario:
        environment.check_room(start, found["subnet"].where if "subnet" in found else root.where)
        moments = tuple(steps.moments(start, found, root.where, own))
        return Scenario(moments, engines, beside, tuple(undeclared.given(root, moments)))

    try:
        return told(start)
    except ForgeError:
        if "subnet" in found:
            raise
        return told(replace(start, subnet=LARGE_SUBNET))


def _beside(reader: Reader, node: yamlio.Node | None, start: Environment) -> Iterator[tuple[str, Beside]]:
    """Yield the name of each service that the entry does not define, and the container to run for it."""
    services = start.services
    for key, value in reader.pairs(node, "beside"):
        if key.value not in services:
            reader.wrong(f"there is no service {key.value!r}", key.where, did_you_mean(key.value, services))
        example = f"{key.value}: {{image: NAME:TAG}}"
        found = reader.known(value, f"beside {key.value!r}", ("image", "command", "environment"), example)
        image = reader.word(found["image"], "image") if "image" in found else ""
        if not image:
            reader.wrong(f"`beside` names no image for {key.value!r}", value.where, "add image: NAME:TAG")
        command = tuple(reader.word(item, "command") for item in reader.some(found.get("command")))
        yield key.value, Beside(image, command or None, reader.words(found.get("environment"), "environment"))
