"""Runs stacks on a Docker engine, through the SDK: their networks, volumes and containers have the labels of their stack.

Objects are found by these labels before they are changed or removed, so nothing else on the engine is touched. Labels in an
entry cannot imitate these labels.
"""

from __future__ import annotations

import hashlib
import io
import ipaddress
import re
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import IPAMConfig, IPAMPool, LogConfig, Ulimit

from catalog_forge.errors import BuildError, ForgeError, Problem, Where
from catalog_forge.image.containers import Container, Network
from catalog_forge.image.engine import LOST, Engine, advice
from catalog_forge.image.lists import PURPOSE_LABEL
from catalog_forge.metadata.scenarios.units import names_host
from catalog_forge.stack.listing import OURS, PURPOSE, STACK_LABEL, names, seen
from catalog_forge.stack.model import Launch, Link, Service, Stack, port_of
from catalog_forge.stack.reconcile import Seen, Unit, container_name, levels, ordered, owner_of

METADATA = ("rancher-metadata", "rancher-metadata.rancher.internal")

LOOPBACK = "127.0.0.1"
"""The address on which port 80 is published. Published on all addresses, it would block the metadata services of stacks."""

# The errors that the engine and its runtime report if a container cannot join the network of another container because that
# container has just ended.
_NO_OWNER = ("cannot join network of a non running container", "namespace path: lstat")
# The public port in the engine's error for a port that is taken: "Bind for 0.0.0.0:80 failed", "listen tcp4 0.0.0.0:80: bind",
# and since Docker 28 "failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp" and "failed to bind host port 0.0.0.0:80/tcp".
_PORT = re.compile(r":([0-9]+)(?= failed|: bind|:[0-9a-f.\[]|/(?:tcp|udp|sctp))")
_ROUNDS, _PAUSE = 20, 0.1
_GRACE = 10  # seconds between SIGTERM and SIGKILL for a container: Docker's default
_LOG = {"max-size": "64m"}
_LONGEST_HOSTNAME = 63
# The compose keys that have the same name in the SDK, and the compose keys that have a different name there.
_SAME = tuple(
    "cap_add cap_drop cgroup_parent cpu_period cpu_quota cpu_shares devices dns dns_search group_add init ipc_mode mem_limit "
    "mem_reservation mem_swappiness memswap_limit oom_kill_disable oom_score_adj privileged read_only security_opt shm_size "
    "sysctls userns_mode".split()
)
_OTHER = {"cpuset": "cpuset_cpus", "dns_opt": "dns_opt", "pid": "pid_mode", "ipc": "ipc_mode", "memory": "mem_limit"}
_OF_CONTAINER = ("domainname", "hostname", "stdin_open", "stop_signal", "tty", "user", "working_dir")


class StackRunner:
    """One stack on an engine. Methods raise BuildError if the engine refuses a request, EngineError if no engine answers."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine
        self._api = engine.api
        self._wanted = {"label": [f"{PURPOSE_LABEL}={PURPOSE}", f"{STACK_LABEL}={name}"]}
        # Maps the id of each container to the time of the last log line that `news` has returned.
        self._returned: dict[str, str] = {}

    def network(self) -> Network:
        """Return the stack's network. If the network does not exist, create it with a separate subnet."""
        name = f"catalog-forge-{self.name}"
        with self._engine.asked_to(f"look for network {name}"):
            found = [each for each in self._api.networks(filters=self._wanted) if each["Name"] == name]
        if not found:
            return self._new_network(name)
        pool = found[0]["IPAM"]["Config"][0]
        return Network(found[0]["Id"], name, pool["Subnet"], pool["Gateway"])

    def _new_network(self, name: str) -> Network:
        """Create the network with the first subnet 10.x.0.0/16 that neither the engine nor a route of this machine uses."""
        refused: APIError | None = None
        for subnet in _subnets(self.name, _routes()):
            gateway = str(ipaddress.ip_network(subnet)[1])
            ipam = IPAMConfig(pool_configs=[IPAMPool(subnet, gateway=gateway)])
            with self._engine.asked_to(f"create network {name}"):
                try:
                    made = self._api.create_network(name, "bridge", ipam=ipam, labels=self._labels(), check_duplicate=True)
                    return Network(made["Id"], name, subnet, gateway)
                except APIError as error:
                    refused = error
                    if "overlap" not in str(error.explanation).lower():
                        raise
        raise BuildError(f"cannot create network {name}: {refused.explanation if refused else 'no subnet is free'}")

    def seen(self) -> list[Seen]:
        """Return the existing containers of the stack, sorted by service, index and name."""
        with self._engine.asked_to("list containers"):
            found = self._api.containers(all=True, filters=self._wanted)
        return seen(found)

    def images(self, stack: Stack, pull: Callable[[str], None] = lambda _: None) -> dict[str, str]:
        """Return the ids of the images of a stack, after pulling those that are missing or must always be pulled.

        `pull` is called before each pull. Raises BuildError with the names of all unavailable images.
        """
        found: dict[str, str] = {}
        problems: list[Problem] = []
        launches = [launch for service in stack.services if service.scale for launch in service.launches]
        always = {launch.image for launch in launches if launch.pull_always}
        for image in sorted({launch.image for launch in launches}):
            try:
                identity = self._image(image)
                if not identity or image in always:
                    identity = self._pulled(image, identity, pull)
                found[image] = identity
            except BuildError as error:
                problems += [replace(each, where=stack.images.get(image)) for each in error.problems]
        if problems:
            raise BuildError.of(problems)
        return found

    def volumes(self, stack: Stack) -> None:
        """Create the named volumes of a stack, except those that belong to one unit.

        Raises BuildError if a volume of the same name does not belong to this stack, or if an external volume does not exist.
        """
        for name in stack.volumes:
            self._volume(f"{self.name}_{name}")
        for name in sorted({real for each in stack.services for launch in each.launches for real in launch.external.values()}):
            with self._engine.asked_to(f"look for volume {name}"):
                try:
                    self._api.inspect_volume(name)
                except NotFound:
                    raise BuildError(
                        f"there is no volume {name}, but the entry declares it as external",
                        hint=f"create the volume: docker volume create {name}",
                    ) from None

    def _volume(self, full: str) -> None:
        with self._engine.asked_to(f"create volume {full}"):
            made = self._api.create_volume(full, labels=self._labels())
        if (made.get("Labels") or {}).get(STACK_LABEL) != self.name:
            raise BuildError(f"volume {full} already exists and does not belong to this stack", hint="choose another --name")

    def raise_unit(self, unit: Unit, there: Iterable[Seen], extra: Extra) -> None:
        """Create the missing containers of a unit with the unit's number, and start all containers that were never started.

        `there` are the existing containers of the unit; containers with another number are removed first.
        """
        there, service, index, number = list(there), unit.service, unit.index, unit.number
        self.remove(each for each in there if each.number != number)
        made = {each.launch: each.id for each in there if each.number == number}
        started = {each.launch for each in there if each.number == number and each.state != "created"}
        for name in sorted({name for launch in service.launches for name in launch.per_unit}):
            self._volume(self._of_unit(name, service, index))
        for launch in ordered(service):
            if launch.name not in made:
                made[launch.name] = self._create(unit, launch, made, extra)
        for launch in ordered(service):
            if launch.name not in started:
                self._start(made[launch.name], container_name(self.name, service, launch, index))

    def start(self, containers: Iterable[Seen]) -> None:
        """Start existing containers in the given order."""
        for each in containers:
            self._start(each.id, each.name)

    def _start(self, identity: str, name: str) -> None:
        """Start a container. Raises no error if the container stays stopped because the owner of its network has ended."""
        try:
            self._container(identity, name).start()
        except BuildError as error:
            if not (any(words in str(error) for words in _NO_OWNER) or self._alone(identity)):
                raise

    def _alone(self, identity: str) -> bool:
        """Whether a container shares the network of a container that does not run."""
        with self._engine.asked_to("look at a container"), suppress(NotFound):
            mode = self._api.inspect_container(identity)["HostConfig"]["NetworkMode"]
            if not mode.startswith("container:"):
                return False
            return not self._api.inspect_container(mode.partition(":")[2])["State"]["Running"]
        return True

    def stop(self, containers: Iterable[Seen]) -> None:
        """Stop containers in order with SIGTERM. Kill them after the grace period of the entry, or else after 10 seconds."""
        for each in containers:
            with self._engine.asked_to(f"stop container {each.name}"), suppress(NotFound):
                self._api.stop(each.id, timeout=each.grace or _GRACE)

    def ended_before(self, moment: float, containers: Iterable[Seen]) -> list[Seen]:
        """Return the containers that were seen running but had ended before `moment`, in seconds since the epoch.

        Under load, the engine lists a container as running for some time after its end.
        """
        found: list[Seen] = []
        for each in containers:
            with self._engine.asked_to(f"inspect container {each.name}"), suppress(NotFound):
                state: dict[str, Any] = self._api.inspect_container(each.id)["State"] if each.running else {"Running": True}
                if not state["Running"] and datetime.fromisoformat(state["FinishedAt"]).timestamp() < moment:
                    found.append(replace(each, state="exited", status=state["ExitCode"]))
        return found

    def remove(self, containers: Iterable[Seen]) -> None:
        """Remove containers together with their unnamed volumes."""
        for each in containers:
            self._container(each.id, each.name).remove()

    def said(self, container: Seen, lines: int | None, since: float | None = None, *, stamped: bool = False) -> str:
        """Return the last `lines` lines of a container's log since the time `since`, or all lines if `lines` is None.

        With `stamped`, each line begins with its time and a space."""
        with self._engine.asked_to(f"read the log of {container.name}"):
            return self._api.logs(container.id, tail="all" if lines is None else lines, since=since, timestamps=stamped).decode(
                errors="replace"
            )

    def news(self, container: Seen, lines: int) -> str:
        """Return the last `lines` lines of a container's log, without the lines that this method has already returned."""
        stamped = [line.partition(" ") for line in self.said(container, lines, stamped=True).split("\n") if line]
        returned = self._returned.get(container.id, "")
        self._returned[container.id] = max([returned, *(stamp for stamp, _, _ in stamped)])
        return "\n".join(words for stamp, _, words in stamped if stamp > returned)

    def follow(self, container: Seen, since: float) -> Iterator[bytes]:
        """Yield the log of a container from the time `since` until its end; each line begins with its time and a space."""
        with self._engine.asked_to(f"read the log of {container.name}"), suppress(NotFound):
            yield from self._api.logs(container.id, stream=True, follow=True, since=since, timestamps=True)

    def remove_all(self, volumes: bool) -> list[str]:
        """Remove everything with the labels of the stack: containers, networks and, if `volumes` is set, the named volumes.

        Returns a description of each removed object. Raises ForgeError if an object remains.
        """
        removed: list[str] = []
        problem: ForgeError | None = None
        for _ in range(_ROUNDS):
            left = self._left(volumes)
            if not left:
                return removed
            for what, remove in left:
                try:
                    remove()
                    removed.append(what)
                except ForgeError as error:
                    problem = error
            time.sleep(_PAUSE if problem else 0)
        raise problem or ForgeError(f"stack {self.name} cannot be removed from the Docker engine")

    def _left(self, volumes: bool) -> list[tuple[str, Callable[[], object]]]:
        api, wanted = self._api, self._wanted
        with self._engine.asked_to("list what belongs to the stack"):
            networks = api.networks(filters=wanted)
            named = (api.volumes(filters=wanted)["Volumes"] or []) if volumes else []
        left: list[tuple[str, Callable[[], object]]] = [
            (f"container {each.name}", self._container(each.id, each.name).remove) for each in self.seen()
        ]
        left += [(f"network {each['Name']}", self._removal("network", api.remove_network, each["Id"])) for each in networks]
        return left + [(f"volume {each['Name']}", self._removal("volume", api.remove_volume, each["Name"])) for each in named]

    def _removal(self, kind: str, remove: Callable[[str], object], identity: str) -> Callable[[], object]:
        def removal() -> None:
            with self._engine.asked_to(f"remove {kind} {identity}"), suppress(NotFound):
                remove(identity)

        return removal

    def _container(self, identity: str, name: str) -> Container:
        return Container(self._engine, identity, name)

    def _labels(self) -> dict[str, str]:
        return {PURPOSE_LABEL: PURPOSE, STACK_LABEL: self.name}

    def _image(self, image: str) -> str:
        with self._engine.asked_to(f"look up {image}"):
            try:
                return str(self._api.inspect_image(image)["Id"])  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return ""

    def _pulled(self, image: str, there: str, told: Callable[[str], None]) -> str:
        told(image)
        name, tag = _split(image)
        try:
            with self._engine.asked_to(f"pull {image}"):
                for line in self._api.pull(name, tag=tag, stream=True, decode=True):
                    if "error" in line:
                        raise BuildError(f"cannot pull {image}: {line['error']}", hint=advice(line["error"]))
        except BuildError:
            if not there:
                raise
            told(f"{image} failed: the local image is used")
        return self._image(image) or there

    def _create(self, unit: Unit, launch: Launch, made: Mapping[str, str], extra: Extra) -> str:
        """Create one container of a unit and return its id. `made` has the ids of the unit's existing containers, by launch."""
        service, index, network = unit.service, unit.index, extra.network
        name, api = container_name(self.name, service, launch, index), self._api
        address = extra.addresses.get(name, "")
        labels = {key: value for key, value in launch.labels.items() if not key.startswith(OURS)}
        labels |= {**extra.labels.get(name, {}), **self._labels()}
        facts = {"service": service.name, "launch": launch.name, "index": index}
        facts |= {"number": unit.number, "digest": unit.digest}
        facts |= {"address": address, "grace": launch.grace}
        labels |= {f"{OURS}.{key}": str(value) for key, value in facts.items()}
        options: dict[str, Any] = {key: launch.options[key] for key in _OF_CONTAINER if key in launch.options}
        if names_host(launch.labels):
            options["hostname"] = name[:_LONGEST_HOSTNAME].rstrip("-")
        if launch.network in ("host", "shared"):
            options = {key: value for key, value in options.items() if key not in ("hostname", "domainname")}
        with self._engine.asked_to(f"create container {name}"):
            created = api.create_container(
                launch.image,
                name=name,
                entrypoint=list(launch.entrypoint) if launch.entrypoint is not None else None,
                command=list(launch.command) if launch.command is not None else None,
                environment={**launch.environment, **extra.environment},
                labels=labels,
                volumes=[each for each in launch.volumes if ":" not in each] or None,
                ports=_exposed(service, launch, index),
                host_config=self._host_config(service, launch, index, network, made),
                networking_config=self._endpoint(service, launch, name, address, network),
                stop_timeout=launch.grace or None,
                use_config_proxy=False,
                **options,
            )
        identity = str(created["Id"])
        if launch.files:
            with self._engine.asked_to(f"write files into container {name}"):
                self._api.put_archive(identity, "/", _archive(launch.files))
        return identity

    def _host_config(self, service: Service, launch: Launch, index: int, network: Network, made: Mapping[str, str]) -> Any:
        mode: str = launch.network
        hosts = dict(_hosts(launch.options.get("extra_hosts")))
        if launch.network == "shared":
            mode = f"container:{made[launch.network_from]}"
        elif launch.network == "managed":
            mode = network.name
        options = {key: launch.options[key] for key in _SAME if key in launch.options}
        options |= {to: launch.options[key] for key, to in _OTHER.items() if key in launch.options}
        if launch.network == "shared":
            options = {key: value for key, value in options.items() if not key.startswith("dns")}
        elif launch.network != "none":
            hosts |= dict.fromkeys(METADATA, network.gateway)
        return self._api.create_host_config(
            network_mode=mode,
            binds=[self._bind(each, service, launch, index) for each in launch.volumes if ":" in each],
            volumes_from=[made[each] for each in launch.volumes_from],
            extra_hosts=hosts if launch.network != "shared" else None,
            port_bindings=_published(service, launch, index),
            tmpfs=_tmpfs(launch.options.get("tmpfs")),
            ulimits=_ulimits(launch.options.get("ulimits")),
            # The log driver is set explicitly, because the logs of the engine's default driver may not be readable.
            log_config=LogConfig(type=LogConfig.types.JSON, config={**_LOG, **launch.logging}),
            **options,  # type: ignore[arg-type]
        )

    def _bind(self, volume: str, service: Service, launch: Launch, index: int) -> str:
        name, _, rest = volume.partition(":")
        if volume.startswith("/"):
            return volume
        if name in launch.per_unit:
            return f"{self._of_unit(name, service, index)}:{rest}"
        return f"{launch.external.get(name, f'{self.name}_{name}')}:{rest}"

    def _of_unit(self, volume: str, service: Service, index: int) -> str:
        """Return the name of a volume that belongs to one unit and is reused by the unit's replacement."""
        return f"{self.name}_{volume}_{service.name}-{index}"

    def _endpoint(self, service: Service, launch: Launch, name: str, address: str, network: Network) -> Any:
        """Return a container's settings on the stack's network: its address, its names, and its aliases for linked services."""
        if launch.network != "managed":
            return None
        own = launch is owner_of(service, service.primary)
        base = service.name if own else f"{launch.name}.{service.name}"
        links = {f"{_plain(self.name, link)}.{self.name}": link.alias for link in service.links if _plain(self.name, link)}
        endpoint = self._api.create_endpoint_config(
            ipv4_address=address,
            aliases=[name, base, f"{base}.{self.name}", f"{base}.{self.name}.rancher.internal"],
            links=links or None,
        )
        return self._api.create_networking_config({network.name: endpoint})  # type: ignore[arg-type]


class Extra:
    """What a stack adds to its containers: a network, variables, and the labels and the address of each container by its name."""

    def __init__(
        self,
        network: Network,
        labels: Mapping[str, Mapping[str, str]],
        addresses: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> None:
        self.network = network
        self.labels = labels
        self.addresses = addresses
        self.environment = environment


class Events(threading.Thread):
    """Calls `woken` on every event of a container of a stack. Ends without an error if the engine becomes unreachable."""

    def __init__(self, engine: Engine, name: str, woken: Callable[[], None]) -> None:
        super().__init__(name="engine-events", daemon=True)
        self._engine, self._woken = engine, woken
        self._filters = {"type": "container", "label": f"{STACK_LABEL}={name}"}
        self._stream: Any = None

    def run(self) -> None:
        """Read the engine's events until the stream ends."""
        with suppress(APIError, *LOST, ValueError, AttributeError):
            self._stream = self._engine.api.events(filters=self._filters)
            for _ in self._stream:
                self._woken()
        self._woken()

    def close(self) -> None:
        """Close the stream of events."""
        with suppress(Exception):  # the socket in the SDK may already be closed, which raises various exceptions
            self._stream.close()


def stacks(engine: Engine) -> list[str]:
    """Return the names of the stacks that have containers or networks on an engine."""
    wanted = {"label": [f"{PURPOSE_LABEL}={PURPOSE}"]}
    with engine.asked_to("list containers and networks"):
        return names([*engine.api.containers(all=True, filters=wanted), *engine.api.networks(filters=wanted)])


def at_port(error: ForgeError, ports: Mapping[str, Where]) -> ForgeError:
    """Return the engine's error with the location of the public port that it names. If it names none, return it unchanged.

    `ports` maps public ports to locations.
    """
    taken = next((each for each in _PORT.findall(str(error)) if each in ports), "")
    return BuildError.of([replace(each, where=ports[taken]) for each in error.problems]) if taken else error


def images_of(engine: Engine, repository: str) -> list[str]:
    """Return the tags of a repository that are on an engine, the newest image first."""
    with engine.asked_to("list images"):
        found = engine.api.images(name=repository)
    tags = [(each["Created"], tag) for each in found for tag in each.get("RepoTags") or []]
    return [tag for _, tag in sorted(tags, reverse=True)]


def _archive(files: Mapping[str, str]) -> bytes:
    """Pack files, given by absolute path, into a tar archive, readable by everybody."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _subnets(name: str, routes: list[ipaddress.IPv4Network]) -> Iterator[str]:
    """Yield the free subnets from 10.64.0.0/16 to 10.255.0.0/16, or all of them if none is free.

    The order depends on the stack's name.
    """
    first = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 192
    every = [ipaddress.IPv4Network(f"10.{64 + (first + number) % 192}.0.0/16") for number in range(192)]
    free = [each for each in every if not any(each.overlaps(route) for route in routes)]
    yield from map(str, free or every)


def _routes() -> list[ipaddress.IPv4Network]:
    """Return the networks to which this machine has routes, except the default route."""
    found = []
    with suppress(OSError, ValueError):
        for line in Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            address, mask = (int.from_bytes(bytes.fromhex(words[number])[::-1]) for number in (1, 7))
            if mask:
                found.append(ipaddress.IPv4Network((address, mask.bit_count())))
    return found


def _split(image: str) -> tuple[str, str]:
    """Split an image into its name and its tag or digest."""
    if "@" in image:
        name, _, digest = image.partition("@")
        return name, digest
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "latest")


def _plain(stack: str, link: Link) -> str:
    """Return the service of this stack to which a link leads; return "" if the link leads to another stack."""
    target = link.target.removeprefix(f"{stack}/")
    return "" if "/" in target else target


def _lent(service: Service, launch: Launch) -> list[str]:
    """Return the ports that a container publishes: its own ports, and those of the containers that share its network."""
    return [port for each in service.launches if owner_of(service, each) is launch for port in each.ports]


def _exposed(service: Service, launch: Launch, index: int) -> Any:
    if launch.network == "shared":
        return None
    own = [(private, protocol) for _, _, private, protocol in map(port_of, launch.exposed)]
    return [(int(port), protocol) for port, protocol in dict.fromkeys([*_bindings(service, launch, index), *own])] or None


def _published(service: Service, launch: Launch, index: int) -> Any:
    if launch.network == "shared":
        return None
    found = _bindings(service, launch, index)
    return {f"{private}/{protocol}": places for (private, protocol), places in found.items()} or None


def _bindings(service: Service, launch: Launch, index: int) -> dict[tuple[str, str], list[Any]]:
    """Return the published ports of a container. Every unit publishes the ports that the engine chooses; only unit 1 publishes
    fixed ports."""
    found: dict[tuple[str, str], list[Any]] = {}
    for ip, public, private, protocol in map(port_of, _lent(service, launch)):
        if public and index > 1:
            continue
        if public == "80" and protocol == "tcp" and not ip:
            ip = LOOPBACK
        found.setdefault((private, protocol), []).append((ip, public or None) if ip else public or None)
    return found


def _hosts(value: object) -> Iterator[tuple[str, str]]:
    for each in value if isinstance(value, list | tuple) else []:
        name, _, address = str(each).partition(":")
        yield name, address
    if isinstance(value, Mapping):
        yield from ((str(name), str(address)) for name, address in value.items())


def _tmpfs(value: object) -> dict[str, str] | None:
    words = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    return {path: rest for path, _, rest in (str(each).partition(":") for each in words)} or None


def _ulimits(value: object) -> list[Ulimit] | None:
    if not isinstance(value, Mapping):
        return None
    limits = []
    for name, limit in value.items():
        soft, hard = (limit["soft"], limit["hard"]) if isinstance(limit, Mapping) else (limit, limit)
        limits.append(Ulimit(name=str(name), soft=int(soft), hard=int(hard)))
    return limits


def stop_all(runner: StackRunner, stack: Stack, pool: ThreadPoolExecutor) -> None:
    """Stop the running containers of a stack, each service before the services that it links to or depends on.

    Containers of services at the same level of this order are stopped in parallel.
    """
    running = [each for each in runner.seen() if each.running]
    groups = [set(level) for level in levels(stack)]
    known = set().union(*groups) if groups else set()
    for group in [{each.service for each in running} - known, *reversed(groups)]:
        list(pool.map(lambda each: runner.stop([each]), [each for each in running if each.service in group]))
