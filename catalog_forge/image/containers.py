"""Create the containers and networks of a run on a Docker engine, through the SDK, and remove all of them afterwards.

Every container and network has the label of its run. Removal searches for that label instead of using returned IDs, so that
objects created by an interrupted call are also found. The only volumes are those that images declare: they are anonymous, and
removed with the last container that uses them.
"""

from __future__ import annotations

import io
import ipaddress
import tarfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import IPAMConfig, IPAMPool, LogConfig

from catalog_forge.errors import ForgeError
from catalog_forge.image.engine import Engine
from catalog_forge.image.lists import PURPOSE_LABEL

RUN_LABEL = "catalog-forge.run"
MEMORY = 512 << 20
PIDS = 256
MAX_FILE = 64 << 20
"""Larger files are not copied out of a container, because the copy is held in memory."""

# The number of attempts to list and remove the leftovers of a run, and the pause between two attempts, in seconds.
_ROUNDS, _PAUSE = 20, 0.1
_LOG_BYTES = "64m"
# The engine's error while another program is removing the container, and the time in seconds that `remove` then waits.
_IN_PROGRESS, _OTHERS_REMOVAL = "is already in progress", 60.0


@dataclass(frozen=True, slots=True)
class Network:
    """A network of a run. `gateway` is the engine's address in this network."""

    id: str
    name: str
    subnet: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings of a container to create; anything not set comes from the image.

    `network` is a network of the run, a container whose network is shared, or None for no network. `hosts` maps names to
    addresses. All volumes of the containers in `volumes_from` are shared. No container is privileged or mounts host folders.
    """

    name: str
    image: str
    entrypoint: Sequence[str] | None = None
    command: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    network: Network | Container | None = None
    address: str | None = None
    aliases: Sequence[str] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    volumes_from: Sequence[Container] = ()
    memory: int = MEMORY
    pids: int = PIDS


@dataclass(frozen=True, slots=True)
class State:
    """Whether a container is running and, after it has ended, its exit status (137 if it was killed)."""

    running: bool
    status: int


@dataclass(frozen=True, slots=True)
class Copied:
    """A file copied out of a container: its content, permission bits and owner."""

    content: bytes
    mode: int
    uid: int
    gid: int


class Container:
    """A container of a run. Every method raises BuildError if the engine refuses, and EngineError if the engine is gone."""

    def __init__(self, engine: Engine, identity: str, name: str) -> None:
        self.id = identity
        self.name = name
        self._engine = engine

    def start(self) -> None:
        """Start the container, for the first time or again."""
        with self._asked_to("start"):
            self._engine.api.start(self.id)

    def state(self) -> State:
        """Return whether the container is running, or how it ended."""
        with self._asked_to("look at"):
            state = self._engine.api.inspect_container(self.id)["State"]
        return State(state["Running"], state["ExitCode"])

    def logs(self) -> str:
        """Return the standard output and standard error of the container since its first start."""
        with self._asked_to("read the log of"):
            return self._engine.api.logs(self.id).decode(errors="replace")

    def read(self, path: str) -> Copied | None:
        """Return a file of the container, which need not be running, or None if the path does not exist or is not a file.

        Raises ForgeError if the file is larger than `MAX_FILE`.
        """
        with self._asked_to(f"copy {path} out of"):
            try:
                packed, _ = self._engine.api.get_archive(self.id, path)
            except NotFound:
                return None
            with closing(self._engine.response):
                archive = _limited(packed, f"{self.name}:{path}")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            member = tar.next()
            file = tar.extractfile(member) if member and member.isreg() else None
            return Copied(file.read(), member.mode & 0o7777, member.uid, member.gid) if member and file else None

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command in the container, and return its exit status and output."""
        api = self._engine.api
        with self._asked_to(f"run {command[0]} in"):
            started = api.exec_create(self.id, list(command))["Id"]
            said = api.exec_start(started)
            status = api.exec_inspect(started)["ExitCode"]
        return status, said.decode(errors="replace")

    def stop(self, seconds: int) -> State:
        """Stop the container with SIGTERM, or by force after `seconds` (exit status 137), and return how it ended."""
        with self._asked_to("stop"):
            self._engine.api.stop(self.id, timeout=seconds)
        return self.state()

    def remove(self) -> None:
        """Kill and remove the container with its volumes. Does nothing if the container is already gone.

        If another program is already removing the container, this method waits until the container is gone.
        """
        deadline = time.monotonic() + _OTHERS_REMOVAL
        with self._asked_to("remove"), suppress(NotFound):
            while True:
                try:
                    return self._engine.api.remove_container(self.id, v=True, force=True)
                except APIError as error:
                    # The status is 409, or 400 before Docker 17.12.
                    if _IN_PROGRESS not in str(error.explanation) or time.monotonic() > deadline:
                        raise
                time.sleep(_PAUSE)

    @contextmanager
    def _asked_to(self, action: str) -> Iterator[None]:
        with self._engine.asked_to(f"{action} container {self.name}"):
            yield


class Run:
    """Creates containers and networks, and removes all of them at the end of the `with` block, even after an error.

    `purpose` is recorded in a label. Leaving the block raises ForgeError if something cannot be removed, unless another
    error is already propagating.
    """

    def __init__(self, engine: Engine, purpose: str) -> None:
        self.id = uuid.uuid4().hex
        self.labels = {PURPOSE_LABEL: purpose, RUN_LABEL: self.id}
        self._engine = engine
        self._unanswered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.remove()
        except ForgeError as problem:
            if error is None:
                raise
            error.add_note(f"not all objects of this run could be removed: {problem}")
        except KeyboardInterrupt:  # an impatient user has pressed Ctrl-C a second time
            self.remove()
            raise

    def network(self, name: str = "network", subnet: str = "") -> Network:
        """Create a bridge network. Without `subnet`, the engine picks a free one, and containers cannot choose addresses."""
        full_name = self._full(name)
        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet, gateway=_first_address(subnet))]) if subnet else None
        with self._engine.asked_to(f"create network {full_name}"), self._answer_awaited():
            identity = self._engine.api.create_network(full_name, "bridge", ipam=ipam, labels=dict(self.labels))["Id"]
            found = self._engine.api.inspect_network(identity)
        pool = found["IPAM"]["Config"][0]
        return Network(identity, full_name, pool["Subnet"], pool.get("Gateway") or _first_address(pool["Subnet"]))

    def container(self, wanted: Wanted) -> Container:
        """Create a container without starting it. Raises BuildError if the image or the address is not available."""
        api, full_name = self._engine.api, self._full(wanted.name)
        # The CLI's proxy settings are left out; with them, confd would send its requests for rancher-metadata to the proxy.
        options: dict[str, Any] = {"use_config_proxy": False, "networking_config": self._endpoint(wanted)}
        if wanted.entrypoint is not None:
            options["entrypoint"] = list(wanted.entrypoint)
        if wanted.command is not None:
            options["command"] = list(wanted.command)
        with self._engine.asked_to(f"create container {full_name}"), self._answer_awaited():
            made = api.create_container(
                wanted.image,
                name=full_name,
                labels=dict(self.labels),
                environment=dict(wanted.environment),
                host_config=self._host_config(wanted),
                **options,
            )
        return Container(self._engine, made["Id"], full_name)

    def remove(self) -> None:
        """Remove all containers and networks of this run. Raises ForgeError if any remain."""
        problem: ForgeError | None = None
        for _ in range(_ROUNDS):
            left = self._left()
            if not (left or self._unanswered):
                return
            for remove in left:
                try:
                    remove()
                    self._unanswered = False
                except ForgeError as error:
                    problem = error
            time.sleep(_PAUSE if problem or self._unanswered else 0)
        if left:
            raise problem or ForgeError(f"run {self.id} cannot be removed from the Docker engine")

    def _left(self) -> list[Callable[[], None]]:
        """Return functions that each remove one remaining object of the run: the newest container first, networks last."""
        api, wanted = self._engine.api, {"label": f"{RUN_LABEL}={self.id}"}
        with self._engine.asked_to("list containers and networks"):
            containers = api.containers(all=True, filters=wanted)
            networks = api.networks(filters=wanted)
        found = [Container(self._engine, each["Id"], each["Names"][0].lstrip("/")) for each in containers]
        return [each.remove for each in found] + [partial(self._remove_network, each) for each in networks]

    def _remove_network(self, network: Mapping[str, Any]) -> None:
        with self._engine.asked_to(f"remove network {network['Name']}"), suppress(NotFound):
            self._engine.api.remove_network(network["Id"])

    @contextmanager
    def _answer_awaited(self) -> Iterator[None]:
        """Record whether the request in the block gets no answer. Without one, the engine may still create the object later."""
        self._unanswered = True
        try:
            yield
        except APIError:
            self._unanswered = False
            raise
        self._unanswered = False

    def _full(self, name: str) -> str:
        return f"catalog-forge-{self.id[:12]}-{name}"

    def _endpoint(self, wanted: Wanted) -> Any:
        if not isinstance(wanted.network, Network):
            return None
        api = self._engine.api
        endpoint = api.create_endpoint_config(ipv4_address=wanted.address, aliases=list(wanted.aliases))
        return api.create_networking_config({wanted.network.name: endpoint})  # type: ignore[arg-type]

    def _host_config(self, wanted: Wanted) -> Any:
        network = wanted.network
        mode = f"container:{network.id}" if isinstance(network, Container) else network.name if network else "none"
        return self._engine.api.create_host_config(
            network_mode=mode,
            extra_hosts=dict(wanted.hosts),
            volumes_from=[each.id for each in wanted.volumes_from],
            security_opt=["no-new-privileges"],
            mem_limit=wanted.memory,
            pids_limit=wanted.pids,
            # The engine's default may be a log driver whose logs cannot be read back.
            log_config=LogConfig(type=LogConfig.types.JSON, config={"max-size": _LOG_BYTES}),
        )


def has_image(engine: Engine, tag: str) -> bool:
    """Return whether the engine has an image."""
    with engine.asked_to(f"look up {tag}"):
        try:
            engine.api.inspect_image(tag)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return False
    return True


def _limited(chunks: Iterable[bytes], what: str) -> bytes:
    packed = bytearray()
    for chunk in chunks:
        packed += chunk
        if len(packed) > MAX_FILE:
            raise ForgeError(f"{what} is larger than {MAX_FILE >> 20} MiB")
    return bytes(packed)


def _first_address(subnet: str) -> str:
    """Return the address in a subnet that an engine uses for itself by default."""
    return str(ipaddress.ip_network(subnet)[1])
