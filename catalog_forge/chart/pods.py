"""Makes the pod of a unit: its containers, init containers, sidecars, volumes and probes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.chart.gaps import Gaps
from catalog_forge.chart.helm import DOMAIN, Expanded, OnlyWhen, Verbatim, of_release, quoted
from catalog_forge.chart.marks import OpenStack
from catalog_forge.chart.names import DnsNames, is_host, is_variable
from catalog_forge.errors import Where
from catalog_forge.rancher.composition import items
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.judgement.checks import is_address
from catalog_forge.stack.model import HealthCheck, Launch, Service, port_of
from catalog_forge.stack.reconcile import ordered, owner_of
from catalog_forge.yamlio import Map, Node

NATIVE = 'semverCompare ">=1.29-0" $.Capabilities.KubeVersion.Version'
"""A Helm condition: whether the cluster supports sidecars, which start before the other containers and keep running."""
TREE = "/opt/rancher-metadata"
SELF = "/opt/rancher-self"
POD_NAME, POD_IP = "@POD_NAME@", "@POD_IP@"
"""Placeholders in the metadata of a pod for values that are only known once it runs."""

Names = Mapping[str, str]
_REQUEST = re.compile(r"\s*(\S+)\s+(/\S*)(?:\s+HTTP/[0-9.]+)?(.*)", re.DOTALL)
# The line breaks between headers in a health check: real line breaks, or the escape sequence that haproxy uses.
_ENDS = re.compile(r"\\r\\n|[\r\n]")
_USER = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?")


@dataclass(frozen=True, slots=True)
class Conf:
    """The conf image of an entry: its reference, the folders that it shares, and the metadata version that it reads.

    `roots` are the root keys of the metadata that the image's templates read.
    """

    image: str
    folders: tuple[str, ...]
    version: str
    roots: frozenset[str] = frozenset()
    embedded: bool = False

    def runs_in(self, launch: Launch) -> bool:
        """Whether a container runs confd and reads metadata."""
        return launch.image == self.image and launch.entrypoint is None and not launch.start_once


@dataclass(slots=True)
class PodVolume:
    """A volume of a pod: its name in the pod, whether it outlives the pod, and its path on the node, if any."""

    name: str
    stays: bool = True
    host: str = ""
    external: str = ""
    shared: str = ""
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Pod:
    """The pod of a unit. `secrets` maps the keys of its Secret to values; `claims` are the volumes that outlive the pod."""

    spec: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict)
    claims: list[PodVolume] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)


class Pods:
    """Makes the pods of a stack."""

    def __init__(
        self, entry: Revision, opened: OpenStack, conf: Conf | None, gaps: Gaps, names: Names, claims: Names, secret: bool
    ) -> None:
        self.entry, self.opened, self.conf, self.gaps = entry, opened, conf, gaps
        self.names = names  # the names of services in the cluster
        self.owners = {launch.name: each.name for each in opened.stack.services for launch in each.launches}
        self.claims = claims  # the claims of volumes that several services mount
        self.secret = secret  # whether the metadata contains secrets

    def gap(
        self, launch: Launch, key: str, what: str, kind: str, said: tuple[str, str] | None = None, /, item: str = "", **words: str
    ) -> None:
        """Add a gap for a key of a container, or for an item in the value of that key."""
        shown = self.opened.marks.shown
        words = {name: shown(text) for name, text in words.items()}
        self.gaps.add(kind, launch.name, shown(what), self.where(launch.name, key, shown(item)), said, **words)

    def where(self, service: str, key: str, item: str = "") -> Where | None:
        """Return the place of a service's key in the entry, or the place of an item in the value of that key."""
        composition = self.entry.composition
        definition = composition.services.get(service)
        if definition is None:
            return None
        node = definition.get(key) or definition.get("net" if key == "network_mode" else key)
        return composition.at(_place(node, item) if node else definition.where)

    def of(self, service: Service, name: Verbatim, tree: Mapping[str, Any] | None, keeps: bool) -> Pod:
        """Return the pod of a service. `name` is the name of the pod's Secret, and `tree` is the volume with its metadata.

        `keeps` is True if the pod's own volumes can outlive the pod.
        """
        return _PodMaker(self, service, name, tree, keeps).pod()


class _PodMaker:
    def __init__(self, pods: Pods, service: Service, name: Verbatim, tree: Mapping[str, Any] | None, keeps: bool) -> None:
        self.pods, self.service, self.name, self.tree, self.keeps = pods, service, name, tree, keeps
        self.gap, self.conf, self.marks = pods.gap, pods.conf, pods.opened.marks
        self.names, self.volume_names = DnsNames(), DnsNames()
        self.sources: dict[tuple[str, str], PodVolume] = {}
        self.by_name = {launch.name: launch for launch in service.launches}
        self.listening: dict[tuple[str, str], str] = {}
        self.result = Pod({})

    def pod(self) -> Pod:
        """Return the pod."""
        first: list[Any] = []
        main: list[Any] = []
        launches = ordered(self.service)
        programs = [each for each in launches if not each.start_once and not self._is_conf(each)]
        probed = next(iter(programs), self.service.primary)
        for launch in launches:
            container = self._container(launch, probed is launch)
            if launch.start_once and launch is not self.service.primary:
                first.append(container)
            elif self._is_conf(launch) and programs:
                first.append(OnlyWhen(NATIVE, {**container, "restartPolicy": "Always"}))
                main.append(OnlyWhen(f"not ({NATIVE})", container))
            else:
                main.append(container)
        if self.result.asks and not self.keeps:
            first.insert(0, self._who())
        spec: dict[str, Any] = {**({"initContainers": first} if first else {}), "containers": main}
        spec |= self._whole()
        volumes = [*self._volumes()]
        self.result.spec = {**spec, **({"volumes": volumes} if volumes else {})}
        self.result.claims = [each for each in self.sources.values() if self.keeps and each.stays and not each.shared]
        return self.result

    def _is_conf(self, launch: Launch) -> bool:
        return self.conf is not None and not self.conf.embedded and self.conf.runs_in(launch)

    def _container(self, launch: Launch, probed: bool) -> dict[str, Any]:
        made: dict[str, Any] = {"name": self.names.of(launch.name, 63), "image": launch.image}
        if launch.pull_always:
            made["imagePullPolicy"] = "Always"
        environment = self._environment(launch)
        for key, words in (("command", launch.entrypoint), ("args", launch.command)):
            if words is not None:
                made[key] = [self._word(launch, key, word, environment) for word in words]
        if environment:
            made["env"] = environment
        if ports := self._ports(launch):
            made["ports"] = ports
        made |= self._options(launch)
        if probed and self.service.health_check:
            made |= self._probes(self.service.health_check)
        if mounts := self._mounts(launch):
            made["volumeMounts"] = mounts
        return made

    def _environment(self, launch: Launch) -> list[Any]:
        made: list[Any] = []
        if self.conf and self.conf.runs_in(launch):
            made += self._of_conf(launch)
        for name, text in launch.environment.items():
            if not is_variable(name):
                self.gap(launch, "environment", f"environment: {name}", "name of a variable", item=name)
            elif self.marks.is_secret(text):
                made.append(self._secret(launch, name, text))
            else:
                made.append({"name": name, "value": Expanded(text)})
        return made

    def _of_conf(self, launch: Launch) -> Iterator[Any]:
        """Yield the variables that tell confd where the metadata is."""
        asks = owner_of(self.service, launch)
        asks = asks if asks.network == "managed" else self.service.primary
        if asks.name not in self.result.asks:
            self.result.asks.append(asks.name)
        label = file_name(asks.name)
        own = f"{TREE}/{label}.$(POD_NAME).json" if self.keeps else f"{SELF}/{label}.json"
        secret = [f"{TREE}/stack-secret.json", f"{TREE}/{label}-secret.json"] if self.pods.secret else []
        yield _of_pod("POD_NAME", "metadata.name")
        yield {"name": "CONF_BACKEND", "value": "file"}
        yield {"name": "CONF_NODES", "value": ",".join([f"{TREE}/stack.json", f"{TREE}/{label}.json", own, *secret])}

    def _who(self) -> dict[str, Any]:
        """Return a container that adds the pod's name and address to the metadata. They are unknown until the pod runs."""
        assert self.conf
        names = map(file_name, self.result.asks)
        words = f"-e 's/{POD_NAME}/'\"$POD_NAME\"/g -e 's/{POD_IP}/'\"$POD_IP\"/g"
        script = " && ".join(f"sed {words} {TREE}/{name}.template.json >{SELF}/{name}.json" for name in names)
        return {
            "name": self.names.of("who", 63),
            "image": self.conf.image,
            "command": ["/bin/sh", "-c", Expanded(script)],
            "env": [_of_pod("POD_NAME", "metadata.name"), _of_pod("POD_IP", "status.podIP")],
            "volumeMounts": [{"name": "rancher-metadata", "mountPath": TREE}, {"name": "rancher-self", "mountPath": SELF}],
        }

    def _secret(self, launch: Launch, name: str, text: str) -> dict[str, Any]:
        key = f"{self.names.of(launch.name, 63)}.{name}"
        self.result.secrets[key] = text
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": self.name, "key": key}}}

    def _word(self, launch: Launch, key: str, word: str, environment: list[Any]) -> str:
        """Return a word of a command. A secret word is moved to a variable in `environment`."""
        if not self.marks.is_secret(word):
            return Expanded(word)
        name = f"SECRET_{key.upper()}_{len(environment)}"
        environment.append(self._secret(launch, name, word))
        return f"$({name})"

    def _ports(self, launch: Launch) -> list[Any]:
        found: dict[tuple[str, str], None] = {}
        for port in (*launch.ports, *launch.exposed):
            private, protocol = port_of(port)[2:]
            found[private, protocol] = None
            owner = owner_of(self.service, launch).name
            if self.listening.setdefault((private, protocol), owner) != owner:
                what = f"port {self.marks.shown(private)}/{protocol}"
                self.gap(launch, "ports", what, "port of a sidekick", other=self.listening[private, protocol])
        return [{"containerPort": int(private), "protocol": protocol.upper()} for private, protocol in found]

    def _options(self, launch: Launch) -> dict[str, Any]:
        given = launch.options
        made: dict[str, Any] = {}
        for key, field_ in (("working_dir", "workingDir"), ("tty", "tty"), ("stdin_open", "stdin")):
            if given.get(key):
                made[field_] = given[key]
        context: dict[str, Any] = {}
        for key, field_ in (("privileged", "privileged"), ("read_only", "readOnlyRootFilesystem")):
            if given.get(key):
                context[field_] = True
        capabilities = {
            field_: [str(each).removeprefix("CAP_") for each in found]
            for key, field_ in (("cap_add", "add"), ("cap_drop", "drop"))
            if isinstance(found := given.get(key), list) and found
        }
        context |= {"capabilities": capabilities} if capabilities else {}
        context |= self._user(launch)
        sizes = {
            field_: {"memory": given[key]}
            for key, field_ in (("mem_limit", "limits"), ("mem_reservation", "requests"))
            if isinstance(given.get(key), int) and int(str(given[key])) > 0
        }
        if sizes.keys() == {"limits", "requests"}:
            sizes["requests"] = min(sizes.values(), key=lambda size: int(str(size["memory"])))
        return made | ({"securityContext": context} if context else {}) | ({"resources": sizes} if sizes else {})

    def _user(self, launch: Launch) -> dict[str, Any]:
        user = str(launch.options.get("user", ""))
        found = _USER.fullmatch(user)
        if found and all(int(each or 0) < 1 << 31 for each in found.groups()):
            return {"runAsUser": int(found[1]), **({"runAsGroup": int(found[2])} if found[2] else {})}
        if user:
            self.gap(launch, "user", f"user: {user}", "user")
        return {}

    def _probes(self, check: HealthCheck) -> dict[str, Any]:
        probe: dict[str, Any] = self._handler(check)
        probe |= {
            "periodSeconds": max(1, round(check.interval / 1000)),
            "timeoutSeconds": max(1, round(check.response_timeout / 1000)),
            "successThreshold": max(1, check.healthy_threshold),
            "failureThreshold": max(1, check.unhealthy_threshold),
        }
        what, name = f"health_check: strategy {check.strategy}", self.pods.names[self.service.name]
        self.gap(self.service.primary, "health_check", what, "health check", service=name)
        condition = f"(index $.Values.services {quoted(name)}).liveness"
        patient = {"initialDelaySeconds": max(1, round(check.initializing_timeout / 1000)), "successThreshold": 1}
        return {"readinessProbe": probe, "livenessProbe": OnlyWhen(condition, {**probe, **patient})}

    def _handler(self, check: HealthCheck) -> dict[str, Any]:
        found = _REQUEST.match(check.request_line)
        if not found:
            return {"tcpSocket": {"port": check.port}}
        method, path, rest = found.groups()
        if method != "GET" or self.marks.is_secret(check.request_line):
            what = f"request_line: {method}"
            self.gap(self.service.primary, "health_check", what, "request of a health check", item="request_line")
            return {"tcpSocket": {"port": check.port}}
        lines = (line.partition(":") for line in _ENDS.split(rest))
        headers = [
            {"name": name, "value": text.replace("\\", "").strip()}  # in haproxy, spaces are escaped with backslashes
            for name, _, text in lines
            if name.isascii() and name.replace("-", "").isalnum()
        ]
        return {"httpGet": {"path": path, "port": check.port, **({"httpHeaders": headers} if headers else {})}}

    # Volumes.

    def _mounts(self, launch: Launch) -> list[Any]:
        """Return the mounts of a container: first its own, then those of other containers. A path is mounted only once."""
        found: dict[str, dict[str, Any]] = {}
        for key, path, read_only in self._sources_of(launch, set()):
            if path not in found:
                more = {"readOnly": True} if read_only else {}
                found[path] = {"name": self._source(key, launch).name, "mountPath": path, **more}
        if self.tree and self.conf and self.conf.runs_in(launch):
            found[TREE] = {"name": "rancher-metadata", "mountPath": TREE, "readOnly": True}
            if not self.keeps:
                found[SELF] = {"name": "rancher-self", "mountPath": SELF, "readOnly": True}
        return list(found.values())

    def _sources_of(self, launch: Launch, seen: set[str]) -> Iterator[tuple[tuple[str, str], str, bool]]:
        if launch.name in seen:
            return
        seen.add(launch.name)
        for volume in launch.volumes:
            head, path, given = [*volume.split(":"), "", ""][:3]
            kind = "own" if not path else "host" if head.startswith("/") else "named"
            options = {*given.split(",")} - {"", "rw"}
            for option in sorted(options - {"ro"}):
                what = f"volumes: {self.marks.shown(head)}: {option}"
                self.gap(launch, "volumes", what, "option of a volume", item=self.marks.shown(head))
            yield (kind, head if path else f"{launch.name} {head}"), path or head, "ro" in options
        for path, medium in self._memory(launch):
            yield ("memory", f"{launch.name} {path} {medium}"), path, False
        for other in launch.volumes_from:
            if other in self.by_name:
                yield from self._sources_of(self.by_name[other], seen)
        if self.conf and launch.image == self.conf.image:
            yield from ((("conf", path), path, False) for path in self.conf.folders)
        elif any(launch.name in each.volumes_from for each in self.service.launches) and not launch.volumes:
            self.gap(launch, "image", "volumes_from", "volumes of an image")

    def _memory(self, launch: Launch) -> Iterator[tuple[str, str]]:
        tmpfs = launch.options.get("tmpfs")
        for each in tmpfs if isinstance(tmpfs, list) else ():
            path, _, options = str(each).partition(":")
            yield path, "tmpfs"
            if options:
                self.gap(launch, "tmpfs", f"tmpfs: {each}", "option of a volume", item=path)
        if launch.options.get("shm_size"):
            yield "/dev/shm", "shm"

    def _source(self, key: tuple[str, str], launch: Launch) -> PodVolume:
        if key not in self.sources:
            kind, text = key
            like = f"data {text.partition(' ')[2]}" if kind == "own" else self.marks.shown(f"{kind} {text}")
            name = self.volume_names.of(f"{kind} {text}", 50, like)
            maker = {"host": self._host, "named": self._named, "memory": self._in_memory}.get(kind)
            self.sources[key] = maker(name, text, launch) if maker else PodVolume(name, kind == "own")
            if kind == "own" and launch.start_once:
                path = text.partition(" ")[2]
                self.gap(launch, "volumes", path, "files of an image in a volume", item=path)
            found = self.sources[key]
            if kind in ("own", "named") and not self.keeps and not found.shared and not found.external:
                shown = self.marks.shown(text.rpartition(" ")[2])
                self.gap(launch, "volumes", f"volumes: {shown}", "volume without a claim", item=shown)
        return self.sources[key]

    def _host(self, name: str, text: str, launch: Launch) -> PodVolume:
        shown = self.marks.shown(text)
        self.gap(launch, "volumes", f"volumes: {shown}", "path of a host", item=shown)
        return PodVolume(name, False, text)

    def _named(self, name: str, text: str, launch: Launch) -> PodVolume:
        if text in launch.external:
            self.gap(launch, "volumes", f"volumes: {text}", "external volume", item=text)
            return PodVolume(name, False, external=launch.external[text])
        return PodVolume(name, shared=self.pods.claims.get(text, ""))

    def _in_memory(self, name: str, text: str, launch: Launch) -> PodVolume:
        size = launch.options.get("shm_size") if text.endswith(" shm") else None
        return PodVolume(name, False, memory={"medium": "Memory", **({"sizeLimit": size} if size else {})})

    def _volumes(self) -> Iterator[Any]:
        for source in self.sources.values():
            name = {"name": source.name}
            if source.host:
                yield {**name, "hostPath": {"path": source.host}}
            elif source.external:
                yield {**name, "persistentVolumeClaim": {"claimName": DnsNames().of(source.external, 63)}}
            elif source.shared:
                claim = {"claimName": of_release(source.shared)}
                yield OnlyWhen("$.Values.persistence.enabled", {**name, "persistentVolumeClaim": claim})
                yield OnlyWhen("not $.Values.persistence.enabled", {**name, "emptyDir": {}})
            elif source.stays and self.keeps:
                yield OnlyWhen("not $.Values.persistence.enabled", {**name, "emptyDir": {}})
            else:
                yield {**name, "emptyDir": source.memory}
        if self.tree and self.result.asks:
            yield {"name": "rancher-metadata", **self.tree}
            if not self.keeps:
                yield {"name": "rancher-self", "emptyDir": {}}

    # The pod as a whole.

    def _whole(self) -> dict[str, Any]:
        primary = owner_of(self.service, self.service.primary)
        made: dict[str, Any] = {}
        if primary.network == "host":
            made |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
            self.gap(primary, "network_mode", "network_mode: host", "host network")
        elif primary.network in ("none", "bridge") and not primary.start_once:
            self.gap(primary, "network_mode", f"network_mode: {primary.network}", "network mode")
        for launch in self.service.sidekicks:
            if launch.network not in (primary.network, "managed", "shared") and not launch.start_once:
                self.gap(launch, "network_mode", f"network_mode: {launch.network}", "network of a sidekick")
        made |= self._shared() | self._dns() | self._hosts()
        grace = max((launch.grace for launch in self.service.launches), default=0)
        made |= {"terminationGracePeriodSeconds": grace} if grace else {}
        return made

    def _shared(self) -> dict[str, Any]:
        """Return the settings of a pod that apply to all its containers as soon as one container requests them."""
        made: dict[str, Any] = {}
        for launch in self.service.launches:
            for key, field_ in (("pid", "hostPID"), ("ipc", "hostIPC")):
                if (text := launch.options.get(key)) == "host":
                    made[field_] = True
                elif text:
                    self.gap(launch, key, f"{key}: {text}", key)
            for key in ("dns", "dns_search", "extra_hosts"):
                if launch.options.get(key) and launch is not self.service.primary:
                    self.gap(launch, key, key, "key of a sidekick", service=self.service.name)
        return made

    def _dns(self) -> dict[str, Any]:
        options = self.service.primary.options
        servers, search = (
            [text for each in found if self._fits(key, text := str(each), fits)]
            if isinstance(found := options.get(key), list)
            else []
            for key, fits in (("dns", is_address), ("dns_search", is_host))
        )
        config: dict[str, Any] = {"nameservers": servers} if servers else {}
        own = Verbatim(f'"{self.pods.names[self.service.name]}.{DOMAIN}"')
        config["searches"] = [own, *search]
        return {"dnsConfig": config}

    def _hosts(self) -> dict[str, Any]:
        pairs = self.service.primary.options.get("extra_hosts")
        found = [
            {"ip": str(ip), "hostnames": [name]}
            for name, ip in (pairs.items() if isinstance(pairs, Mapping) else ())
            if self._fits("extra_hosts", str(ip), is_address) and self._fits("extra_hosts", name, is_host)
        ]
        return {"hostAliases": found} if found else {}

    def _fits(self, key: str, text: str, fits: Callable[[str], bool]) -> bool:
        """Return whether Kubernetes accepts a string; add a gap if not. A string with an open answer counts as accepted."""
        taken = bool(self.marks.questions(text)) or fits(text)
        if not taken:
            self.gap(self.service.primary, key, f"{key}: {text}", "name or address", item=text)
        return taken


def file_name(name: str) -> str:
    """Convert the name of a service to a valid part of a ConfigMap key."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)


def _place(node: Node, item: str) -> Where:
    """Return the place of the key `item` or of the list item that begins with `item`, or of the node if there is neither."""
    begins = re.compile(rf"{re.escape(item)}(?![\w./-])")
    named = [key for key, _ in node.pairs] if isinstance(node, Map) else items(node)
    return next((each.where for each in named if item and begins.match(each.value)), node.where)


def _of_pod(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
