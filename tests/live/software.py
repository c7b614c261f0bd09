"""Real software for tests: images of it, and stacks of it that are brought up as a user would, by the command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from docker import DockerClient
from docker.errors import APIError
from docker.models.containers import Container

from tests.helpers import LONGEST, PATIENCE

T = TypeVar("T")
ROOT = Path(__file__).parent.parent.parent
TAGS = {
    "alertmanager": "prom/alertmanager:v0.25.0",
    "consul": "hashicorp/consul:1.9.17",
    "elasticsearch": "elasticsearch:2.4.6",
    "elasticsearch5": "elasticsearch:5.6.16",
    "elasticsearch6": "elasticsearch:6.8.23",
    "etcd": "quay.io/coreos/etcd:v3.4.23",
    "hadoop": "apache/hadoop:3.3.6",
    "haproxy": "haproxy:2.6.12",
    "kafka": "apache/kafka:3.9.0",
    "mariadb": "mariadb:10.11.6",
    "nginx": "nginx:1.14.2",
    "programs": "catalog-forge-programs:bookworm",
    "prometheus": "prom/prometheus:v2.42.0",
    "rabbitmq": "rabbitmq:3.10.8-management",
    "redis": "redis:3.2.11",
    "traefik": "traefik:v3.7.15",
    "unprivileged": "nginxinc/nginx-unprivileged:1.27.3",
    "vault": "vault:1.2.4",
    "zookeeper": "zookeeper:3.4.14",
}
# A server that starts just now may take the connection and never answer: asked again after a while.
SRVR = "exec 3<>/dev/tcp/127.0.0.1/2181; echo srvr >&3; timeout 20 cat <&3"


def image_of(name: str) -> str:
    """Return the tag of an image of this software, made on the first use; where it cannot be had the test is skipped."""
    done = subprocess.run([ROOT / "tools/software.sh", name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"no image of {name}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return TAGS[name]


def run(container: Container, *command: str) -> str:
    """Run a command in a container, and return what it says; a failure fails the test."""
    code, output = container.exec_run(list(command))
    assert code == 0, f"{container.name}: {command}: {output!r}"
    assert isinstance(output, bytes)
    return output.decode()


def eventually(what: str, look: Callable[[], T], good: Callable[[T], object] = bool) -> T:
    """Look until what is seen is good, and return it; fail with what was seen last when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    seen: Any = None
    while time.monotonic() < deadline:
        with suppress(
            AssertionError, APIError, LookupError, ValueError
        ):  # it may not be there yet, not say all yet, or end just now
            seen = look()
            if good(seen):
                return seen
        time.sleep(0.25)
    pytest.fail(f"not within {PATIENCE} s: {what}; seen last: {seen}", pytrace=False)


@dataclass
class Forge:
    """A catalog in a folder of its own, and the command that works in it."""

    catalog: Path
    confd: Path
    registry: str

    def __call__(self, *words: str) -> str:
        """Call catalog-forge and return what it prints; its failure fails the test."""
        environment = {**os.environ, "XDG_STATE_HOME": str(self.catalog.parent / "state"), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "catalog_forge", "-C", str(self.catalog), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=LONGEST)
        assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def new(self, *words: str) -> None:
        """Make an entry from a blueprint, and build its image."""
        self("new", *words, "--no-input", "--build", "--confd", str(self.confd), "--set", f"registry={self.registry}")

    def spec(self, name: str, text: str, image: str = "") -> None:
        """Make an entry from a spec, and build its image; `image` are more keys of that."""
        path = self.catalog / "specs" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\nimage: {{registry: {self.registry}{image}}}\n")
        self("generate")
        self("build", "--confd", str(self.confd), "--any-confd")


@dataclass
class RunningStack:
    """A stack that `up` has brought up and keeps running."""

    client: DockerClient
    forge: Forge
    name: str
    entry: str
    answers: dict[str, str]

    def up(self, *words: str, **answers: str) -> None:
        """Call `up` with the answers so far and some more."""
        self.answers.update(answers)
        given = [word for key, value in self.answers.items() for word in ("--set", f"{key}={value}")]
        entry = str(self.forge.catalog / "templates" / self.entry)
        # Called from outside of the catalog: its image is built already, with the confd of this machine.
        self.forge("-C", "/", "up", entry, "--name", self.name, "--detach", *given, *words)

    def container(self, name: str, index: int) -> Container:
        """The container of a service, or SERVICE-SIDEKICK, with this index."""
        return self.client.containers.get(f"{self.name}-{name}-{index}")


@contextmanager
def running(client: DockerClient, forge: Forge, entry: str, *words: str, **answers: str) -> Iterator[RunningStack]:
    """A stack of an entry, taken down in the end; then nothing of it may be left."""
    stack = RunningStack(client, forge, f"t{uuid.uuid4().hex[:6]}", entry, dict(answers))
    try:
        stack.up(*words)
        yield stack
    except BaseException:
        with suppress(AssertionError):
            sys.stdout.write(forge("logs", stack.name, "--tail", "30"))
        with suppress(AssertionError):
            forge("down", stack.name, "--volumes")
        raise
    forge("down", stack.name, "--volumes")
    wanted: dict[str, Any] = {"label": f"catalog-forge.stack={stack.name}"}
    assert not client.containers.list(all=True, filters=wanted)
    assert not client.networks.list(filters=wanted)


@contextmanager
def forge_in(folder: Path, client: DockerClient, confd: Path) -> Iterator[Forge]:
    """A catalog whose images have a registry of their own, and go in the end."""
    (folder / "catalog" / "specs").mkdir(parents=True)
    forge = Forge(folder / "catalog", confd, f"cf-live-{uuid.uuid4().hex[:6]}")
    yield forge
    for image in client.api.images():  # images.list() looks at each, and others remove theirs meanwhile
        for tag in image["RepoTags"] or []:
            if tag.startswith(f"{forge.registry}/"):
                client.images.remove(tag, force=True)
