"""Units in real containers, as Rancher would run them: a network with the metadata service at its gateway, and on it
conf and main containers in either topology, with the addresses that the metadata tells."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from catalog_forge.image.builder import BuildRequest, build
from catalog_forge.image.engine import connect
from catalog_forge.image.files import ReadStatic, image_plan
from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Host, Service, Sidekick, Stack
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.plan import File, Plan
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from tests.helpers import PATIENCE, eventually, started

TOPOLOGIES = ("volumes", "netns")
SHARE = "/opt/probe-conf"
HEAD = """\
forge: 1
name: probe-conf
service: {name: probe, image: "probe:1", topology: TOPOLOGY}
"""
Edit = Callable[[str], str]


def spec_of(text: str, topology: str = "volumes") -> Spec:
    """Read the spec of a probe: `text` follows its first keys."""
    return read(started(HEAD + text).replace("TOPOLOGY", topology), "probe-conf.yml")


@dataclass
class Images:
    """Builds the images of tests, and removes them in the end."""

    client: DockerClient
    confd: Path
    labels: Mapping[str, str]
    built: list[str] = field(default_factory=list)
    registry: str = field(default_factory=lambda: f"cf-live-{uuid.uuid4().hex[:6]}")  # others build the same beside it

    def conf(
        self,
        spec: Spec,
        edit: Mapping[str, Edit] | None = None,
        args: Mapping[str, str] | None = None,
        static: ReadStatic = lambda name, _: f"{name}\n",
    ) -> str:
        """Build the conf image of a spec with the confd of this machine; `edit` changes files of the context."""
        plan = Plan([File("confd", self.confd.read_bytes(), 0o755)])
        for file in image_plan(spec, static):
            change = (edit or {}).get(file.path, str)
            plan.add(File(file.path, change(file.content.decode()).encode(), file.mode))
        digest = hashlib.sha256(self.confd.read_bytes()).hexdigest()
        return self.build(plan, {"CONFD_SRC": "confd", "CONFD_SHA256": digest, **(args or {})})

    def main(self) -> str:
        """Build an image that has a shell, sleep, and the probe, and nothing else."""
        wanted = ["/bin/sh", "/bin/sleep"]
        listed = subprocess.run(["ldd", *wanted], check=True, capture_output=True, text=True).stdout
        wanted += sorted({word for word in listed.split() if word.startswith("/") and not word.endswith(":")})
        plan = Plan(File(f"root{path}", Path(path).read_bytes(), 0o755) for path in wanted)
        plan.add(File("root/bin/probe", probe(), 0o755))
        plan.add_text("Dockerfile", "FROM scratch\nCOPY root /\n")
        return self.build(plan, {})

    def build(self, plan: Plan, args: Mapping[str, str]) -> str:
        """Build a context under a tag of its own."""
        tag = f"{self.registry}/{plan.digest[:12]}:{len(self.built)}"
        with connect() as engine:
            build(engine, BuildRequest(plan, (tag,), args, labels=self.labels), lambda _: None)
        self.built.append(tag)
        return tag

    def remove(self) -> None:
        """Remove what was built."""
        for tag in self.built:
            self.client.images.remove(tag, force=True)


def probe() -> bytes:
    """Compile the program of the main containers."""
    folder = Path(__file__).parent / "probe"
    command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", "/dev/stdout", "."]
    try:
        done = subprocess.run(command, cwd=folder, env=_go_environment(), check=True, capture_output=True)
    except OSError as error:
        pytest.fail(f"the probe of the live tests is written in Go: {error}")
    return done.stdout


def _go_environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}


class World:
    """A network of the engine with the metadata service at its gateway, and the services that the metadata tells of."""

    def __init__(self, client: DockerClient, labels: Mapping[str, str], services: list[Service]) -> None:
        self.client = client
        self.labels = dict(labels)
        self.services = {service.name: service for service in services}
        self.containers: list[Container] = []

    def __enter__(self) -> World:
        self.network = self._make_network()
        environment = self.environment()
        self.addresses = {item.name: item.address or "" for item in units.containers(environment)}
        self.server = MetadataServer(answers_of(environment), self.gateway, 80)
        self.server.__enter__()
        return self

    def _make_network(self) -> Network:
        """A network whose subnet we choose, because only there a container may choose its address; others may be taken."""
        for number in random.sample(range(256), 8):
            self.subnet, self.gateway = f"10.199.{number}.0/24", f"10.199.{number}.1"
            ipam = IPAMConfig(pool_configs=[IPAMPool(self.subnet, gateway=self.gateway)])
            with suppress(APIError):
                return self.client.networks.create(f"cf-live-{number}", driver="bridge", ipam=ipam, labels=self.labels)
        raise AssertionError("no subnet is free")

    def __exit__(self, *error: Any) -> None:
        for container in reversed(self.containers):
            with suppress(NotFound):
                container.remove(force=True, v=True)
        self.server.__exit__(None, None, None)
        self.network.remove()

    def environment(self) -> Environment:
        """What the metadata tells of now."""
        return Environment((Stack("live", tuple(self.services.values())),), (Host("node-1", "192.0.2.11"),), self.subnet)

    def answers(self) -> Answers:
        """The answers for the environment as it is now."""
        return answers_of(self.environment())

    def change(self, *names: str, **fields: Any) -> None:
        """Change services in the metadata, all at once; `metadata` is added to what there is."""
        for name in names:
            service = self.services[name]
            added = {"metadata": {**service.metadata, **fields["metadata"]}} if "metadata" in fields else {}
            self.services[name] = replace(service, **{**fields, **added})
        self.server.replace(self.answers())


def service(name: str, topology: str, **fields: Any) -> Service:
    """A service as the entry of a topology has it."""
    sidekick = Sidekick(f"{name}-conf") if topology == "volumes" else Sidekick(f"{name}-main", "primary")
    return Service(name, sidekicks=(sidekick,), **fields)


def start(units: Iterable[Unit]) -> None:
    """Start units side by side."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Unit.start, units))


def change_at_once(units: Sequence[Unit], files: int, **metadata: str) -> None:
    """Change metadata that so many files show, and let main containers look at them when all are written.

    A busy machine may need longer between two files than a launch script waits for those that belong together.
    """
    before = {unit.name: unit.stamps() for unit in units}
    for unit in units:
        unit.main.pause()
    try:
        units[0].world.change(*before, metadata=metadata)
        for unit in units:
            assert eventually(lambda unit=unit: len(unit.stamps() - before[unit.name]) == files), unit.story()  # type: ignore[misc]
    finally:
        for unit in units:
            unit.main.unpause()


@dataclass
class Unit:
    """The containers of one deployment unit: conf, main, and in `netns` the one that owns the volumes."""

    world: World
    name: str
    topology: str
    conf_image: str
    main_image: str
    program: tuple[str, ...] = ("/bin/probe",)
    index: int = 1
    node: str = ""
    # confd may miss a change that follows another at once; a pass now and then finds it.
    environment: Mapping[str, str] = field(default_factory=lambda: {"RESYNC": "5"})

    def __post_init__(self) -> None:
        """Create the containers."""
        volumes = self.topology == "volumes"
        data = [] if volumes else [self._create(self.conf_image, entrypoint=["/bin/true"], network_mode="none").id or ""]
        self.conf = self.another_conf(volumes_from=data)
        network = self._network(f"live-{self.name}-{self.index}") if volumes else {"network_mode": f"container:{self.conf.id}"}
        self.main = self._create(
            self.main_image,
            **network,
            entrypoint=["/bin/sh", f"{SHARE}/run.sh"],
            command=list(self.program),
            environment=dict(self.environment),
            volumes_from=data or [self.conf.id],
        )

    def another_conf(self, *words: str, volumes_from: Sequence[str] = ()) -> Container:
        """Create a conf container with the address of this unit's: one of them may run at a time."""
        name = f"live-{self.name}-{self.name}-conf" if self.topology == "volumes" else f"live-{self.name}"
        return self._create(
            self.conf_image,
            **self._network(f"{name}-{self.index}"),
            command=list(words),
            volumes_from=list(volumes_from),
            environment={"METADATA_NODE": self.node or "rancher-metadata", **self.environment},
            extra_hosts={"rancher-metadata": self.world.gateway},
        )

    def _create(self, image: str, **options: Any) -> Container:
        container = self.world.client.containers.create(image, labels=self.world.labels, **options)
        self.world.containers.append(container)
        return container

    def _network(self, name: str) -> dict[str, Any]:
        endpoint = self.world.client.api.create_endpoint_config(ipv4_address=self.world.addresses[name])
        network = self.world.network.name
        return {"network": network, "networking_config": {network: endpoint}}

    def start(self) -> Unit:
        """Start conf, then main, and return at once."""
        self.conf.start()
        self.main.start()
        return self

    def stamps(self) -> set[str]:
        """What the launch script looks at to see which files have changed.

        It is read until two readings agree, because a busy engine may lose a part of what a command prints.
        """
        last: set[str] | None = None
        while (found := set(self.run(f"grep -rH . {SHARE}/changed || :").splitlines())) != last:
            last = found
        return found

    def wait_for_program(self, words: str) -> None:
        """Wait until the command line of a process of the main container ends with these words, without what is between them."""
        each = 'read -r said <"$each/cmdline"; case $each,$said in /proc/$$,*) ;; *"$0") exit 0 ;; esac'
        look = f"for each in /proc/[0-9]*; do {each}; done; exit 1"
        found = eventually(lambda: self.main.exec_run(["/bin/sh", "-c", look, words]).exit_code == 0)
        assert found, f"{words} does not run\n{self.story()}"

    def logs(self, who: str = "main") -> str:
        """All that a container said."""
        return str(getattr(self, who).logs().decode(errors="replace"))

    def count(self, text: str, who: str = "main") -> int:
        """How often a container said something."""
        return self.logs(who).count(text)

    def wait_for(self, text: str, count: int = 1, who: str = "main") -> None:
        """Wait until a container said something so many times; fail with all logs when it does not."""
        if not eventually(lambda: self.count(text, who) >= count):
            pytest.fail(f"{who} did not say {text!r} {count} times within {PATIENCE} s\n{self.story()}", pytrace=False)

    def wait_for_end(self, who: str = "main") -> int:
        """Wait until a container has ended, and return its exit status; fail with all logs when it does not."""
        container = getattr(self, who)

        def ended() -> bool:
            container.reload()
            return bool(container.status == "exited")

        if not eventually(ended):
            pytest.fail(f"{who} did not end within {PATIENCE} s\n{self.story()}", pytrace=False)
        return int(container.attrs["State"]["ExitCode"])

    def story(self) -> str:
        """What all containers said."""
        return "\n".join(f"--- {who} of {self.name} ({self.topology})\n{self.logs(who)}" for who in ("conf", "main"))

    def run(self, command: str) -> str:
        """Run a shell command in the conf container, and return what it says."""
        code, output = self.conf.exec_run(["sh", "-c", command])
        assert code == 0 and isinstance(output, bytes), output
        return output.decode()

    def file(self, path: str, who: str = "main") -> tuple[bytes, tarfile.TarInfo] | None:
        """Read a file of a container, running or not: its content and its mode and owner."""
        with suppress(NotFound):
            packed, _ = getattr(self, who).get_archive(path)
            with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
                member = archive.next()
                assert member
                content = archive.extractfile(member)
                return (content.read() if content else b""), member
        return None

    def put(self, path: str, content: bytes) -> None:
        """Write a file into the conf container, running or not."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo(path.rpartition("/")[2])
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
        self.conf.put_archive(path.rpartition("/")[0], packed.getvalue())
