"""The objects of a chart: a workload for each service, its Services, its metadata, its volumes, the rules of load balancers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.chart import carried
from catalog_forge.chart.gaps import Gaps
from catalog_forge.chart.helm import (
    DOMAIN,
    ORDINALS,
    ForEach,
    HelmWriter,
    JsonBlock,
    OnlyWhen,
    Verbatim,
    of_release,
    quoted,
    whole,
)
from catalog_forge.chart.marks import OpenStack
from catalog_forge.chart.names import DnsNames, is_annotation
from catalog_forge.chart.pods import POD_IP, POD_NAME, Conf, Pod, Pods, file_name
from catalog_forge.chart.tree import Identity, Trees
from catalog_forge.rancher.composition import items, labels_of
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.keys import BALANCER, GLOBAL
from catalog_forge.stack.model import Launch, Link, Rule, Service, port_of
from catalog_forge.stack.volumes import named

_EXTERNAL = re.compile(r"(?:[^/]+/)*external-service(?:[:@].*)?")
_ALIAS = re.compile(r"(?:[^/]+/)*dns-service(?:[:@].*)?")
_HOST_LABEL = "io.rancher.scheduler.affinity:host_label"
FIRST = f"ternary 1 0 ({ORDINALS})"
"""The number of the first pod of a StatefulSet: Rancher counts from 1, and Kubernetes can do so since 1.27."""


@dataclass(slots=True)
class Installed:
    """What a stack becomes: objects by the file that they stand in, and the services with a workload and their kind."""

    files: dict[str, list[Any]] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)
    claims: bool = False

    def add(self, file: str, *objects: Any) -> None:
        """Add objects to a file."""
        self.files.setdefault(file, []).extend(objects)


class Objects:
    """Makes the objects of a stack."""

    def __init__(self, entry: Revision, opened: OpenStack, conf: Conf | None, gaps: Gaps) -> None:
        self.entry, self.opened, self.conf, self.gaps = entry, opened, conf, gaps
        self.stack, self.writer, self.made = opened.stack, HelmWriter(opened.marks), Installed()
        names = DnsNames()
        self.names = {each.name: names.of(each.name) for each in self.stack.services}
        self.aliases: set[str] = set()
        self.balanced: dict[tuple[str, int], str] = {}
        self.claims = self._shared_volumes()
        self.kinds = {each.name: self._kind(each) for each in self.stack.services}
        identities = {each.name: self._identity(each) for each in self.stack.services}
        self.trees = Trees(self.stack, conf.version, identities, self.writer, conf.roots) if conf else None
        secret = self.trees is not None and "answers" in self.trees.of_stack(True)
        self.pods = Pods(entry, opened, conf, gaps, self.names, self.claims, secret)
        self.gap = self.pods.gap

    def all(self) -> Installed:
        """Make all of them."""
        for service in self.stack.services:
            if self.names[service.name] != service.name:
                becomes = f"in the cluster it is {self.names[service.name]}: nobody finds it under its old name"
                self.gap(
                    service.primary,
                    "image",
                    f"service {service.name}",
                    becomes,
                    "change the programs that ask for it",
                    "name of a service",
                )
            self._service(service)
            for launch in service.launches:
                self._say(launch)
        for claim in self.claims.values():
            self._claim(claim)
        return self.made

    def scale(self, service: Service) -> str:
        """The number of a service's units, as an expression of Helm."""
        if questions := self.opened.marks.questions(service.scale):
            return whole(questions[0])
        return f"int (index $.Values.services {quoted(self.names[service.name])}).scale"

    def _kind(self, service: Service) -> str:
        """What a service becomes: a workload, or rules and names only."""
        image = service.primary.image
        if service.name in self.stack.balancers or BALANCER.fullmatch(image):
            return "balancer"
        if _EXTERNAL.fullmatch(image) or _ALIAS.fullmatch(image):
            return "name"
        if service.primary.labels.get(GLOBAL, "").lower() == "true":
            return "DaemonSet"
        if service.primary.start_once:
            return "Job"
        return "StatefulSet" if self.conf or service.metadata or self._keeps(service) else "Deployment"

    def _keeps(self, service: Service) -> bool:
        return any(launch.volumes for launch in service.launches)

    def _identity(self, service: Service) -> Identity:
        """How the containers of a service are known."""
        name = self.names[service.name]
        if self.kinds[service.name] != "StatefulSet":
            return Identity("0", quoted(POD_NAME), POD_IP)
        number = f"(add $i ({FIRST}))"
        address = f"{{{{ $.Release.Name }}}}-{name}-{{{{ add $i ({FIRST}) }}}}.{name}.{DOMAIN}"
        return Identity(self.scale(service), f'(printf "%s-{name}-%v" $.Release.Name {number})', address)

    def _shared_volumes(self) -> dict[str, str]:
        """The named volumes that several services mount, and what their claims are called."""
        users: dict[str, set[str]] = {}
        for service in self.stack.services:
            for launch in service.launches:
                for volume in named(launch):
                    if volume not in (*launch.external, *launch.per_unit):
                        users.setdefault(volume, set()).add(service.name)
        names = DnsNames()
        return {volume: names.of(volume) for volume, found in users.items() if len(found) > 1}

    # One service.

    def _service(self, service: Service) -> None:
        kind, name = self.kinds[service.name], self.names[service.name]
        file = f"{name}.yaml"
        if kind == "balancer":
            self._balancer(service, file)
        elif kind == "name":
            self._name(service, file)
        else:
            self._workload(service, kind, file)
            self.made.workloads[service.name] = kind
            self._reachable(service, file)
        for link in service.links:
            self._link(service, link)

    def _workload(self, service: Service, kind: str, file: str) -> None:
        name = self.names[service.name]
        full = of_release(name)
        asks = self.conf is not None and any(self.conf.runs_in(launch) for launch in service.launches)
        tree = {
            "projected": {
                "sources": [
                    {"configMap": {"name": full}},
                    {"secret": {"name": of_release(f"{name}-metadata"), "optional": True}},
                ]
            }
        }
        pod = self.pods.of(service, full, tree if asks else None, kind == "StatefulSet")
        labels = self._labels(name)
        annotations = self._annotations(service)
        template: dict[str, Any] = {
            "metadata": {"labels": labels, **({"annotations": annotations} if annotations else {})},
            "spec": pod.spec,
        }
        template["spec"] |= self._placed(service)
        spec: dict[str, Any] = {}
        if kind == "Job":
            full = of_release(f"{name}-{{{{ $.Release.Revision }}}}")
            template["spec"]["restartPolicy"] = "OnFailure"
            self.gap(
                service.primary,
                "labels",
                "start_once",
                "it runs once for each revision of the release",
                "see that it may run again",
                "service that runs once",
            )
        else:
            spec["selector"] = {"matchLabels": labels}
        if kind in ("StatefulSet", "Deployment"):
            spec["replicas"] = Verbatim(f"{{{{ {self.scale(service)} }}}}")
        if kind == "StatefulSet":
            spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
            spec["ordinals"] = OnlyWhen(ORDINALS, {"start": 1})
        if kind == "DaemonSet" and asks:
            self.gap(service.primary, "labels", GLOBAL, "the metadata tells of none of its containers: there is one on each node",
                     "give it a scale, if its templates look at its peers", "global service")  # fmt: skip
        spec["template"] = template
        if pod.claims:
            spec["volumeClaimTemplates"] = OnlyWhen(
                "$.Values.persistence.enabled", [{"metadata": {"name": each.name}, "spec": _wanted()} for each in pod.claims]
            )
            self.made.claims = True
        group = "batch/v1" if kind == "Job" else "apps/v1"
        self.made.add(file, _object(group, kind, full, self._labels(name), spec=spec))
        self._kept(service, file, full, pod)

    def _kept(self, service: Service, file: str, full: Verbatim, pod: Pod) -> None:
        """What the pods of a service read: secrets, and the metadata."""
        name = self.names[service.name]
        labels = self._labels(name)
        if pod.secrets:
            self.made.add(file, _object("v1", "Secret", full, labels, type="Opaque", stringData=pod.secrets))
        if not self.trees or not pod.asks:
            return
        both: dict[bool, dict[str, Any]] = {}
        for secret in (False, True):
            files: dict[str, Any] = {"stack": self.trees.of_stack(secret)}
            files |= {asker: self.trees.of_one(asker, secret) for asker in pod.asks}
            ending = "-secret.json" if secret else ".json"
            both[secret] = {f"{file_name(key)}{ending}": JsonBlock(text) for key, text in files.items()}
        for asker in pod.asks:
            who = self.trees.identity(asker)
            key = Verbatim(f'"{file_name(asker)}.{{{{ {who.pod} }}}}.json"')
            if self.kinds[service.name] == "StatefulSet":
                both[False][key] = ForEach(who.scale, JsonBlock(self.trees.of_pod(asker)))
            else:
                both[False][f"{file_name(asker)}.template.json"] = JsonBlock(self.trees.of_pod(asker))
        self.made.add(file, _object("v1", "ConfigMap", full, labels, data=both[False]))
        if self.pods.secret:
            held = of_release(f"{name}-metadata")
            self.made.add(file, _object("v1", "Secret", held, labels, type="Opaque", stringData=both[True]))

    def _labels(self, name: str) -> dict[str, Any]:
        return {
            "app.kubernetes.io/name": Verbatim("{{ $.Chart.Name }}"),
            "app.kubernetes.io/instance": Verbatim('"{{ $.Release.Name }}"'),
            "app.kubernetes.io/component": name,
        }

    def _annotations(self, service: Service) -> dict[str, Any]:
        """The labels of containers: what others read there, they read of the pod."""
        found: dict[str, Any] = {}
        for launch in service.launches:
            for key, text in launch.labels.items():
                if self.opened.marks.is_secret(text):
                    self.gap(
                        launch,
                        "labels",
                        f"labels: {key}",
                        "it holds a secret: it is left out",
                        "do without it",
                        "secret in a label",
                    )
                elif carried.label(key) == ("", "") and is_annotation(key):
                    found[key] = text
                elif carried.label(key) == ("", ""):
                    self.gap(
                        launch,
                        "labels",
                        f"labels: {key}",
                        "an annotation cannot be named so: it is left out",
                        "give it another name",
                        "name of a label",
                    )
        return found

    def _placed(self, service: Service) -> dict[str, Any]:
        """Where its pods run, as far as labels of hosts say so."""
        wanted: dict[str, str] = {}
        for key, text in service.primary.labels.items():
            if key != _HOST_LABEL:
                continue
            for pair in text.split(","):
                name, equals, value = pair.strip().partition("=")
                if is_annotation(name) and equals and not self.opened.marks.questions(name):
                    wanted[name] = value
            self.gap(service.primary, "labels", f"{key}: {text}", "its pods run on nodes with these labels",
                     "give the nodes the labels: those of Rancher 1.x's hosts are not there", "label of hosts")  # fmt: skip
        return {"nodeSelector": wanted} if wanted else {}

    def _claim(self, claim: str) -> None:
        self.made.claims = True
        made = _object("v1", "PersistentVolumeClaim", of_release(claim), self._labels(claim), spec=_wanted())
        self.made.add("volumes.yaml", OnlyWhen("$.Values.persistence.enabled", made))
        self.gaps.add("volume of several services", "", f"volumes: {claim}", "several services mount one PersistentVolumeClaim",
                      "set persistence.accessMode to ReadWriteMany, with a storage class that can do so")  # fmt: skip

    # How it is reached.

    def _reachable(self, service: Service, file: str) -> None:
        name = self.names[service.name]
        ports = [port_of(port)[1:] for launch in service.launches for port in launch.ports]
        inner = [(private, protocol) for _, private, protocol in ports]
        inner += [port_of(port)[2:] for launch in service.launches for port in launch.exposed]
        listed = [_port(number, private, private, protocol) for number, (private, protocol) in enumerate(dict.fromkeys(inner))]
        self._headless(file, name, name, **({"ports": listed} if listed else {}))
        if ports:
            outer = {(public or private, protocol): private for public, private, protocol in ports}
            opened = [
                _port(number, public, private, protocol) for number, ((public, protocol), private) in enumerate(outer.items())
            ]
            self._public(file, name, f"{name}-public", name, opened)
            shown = ", ".join(f"{public}:{private}/{protocol}" for public, private, protocol in ports)
            self.gap(service.primary, "ports", f"ports: {self._shown(shown)}", "nodes have another port for it",
                     f"set services.{name}.serviceType to LoadBalancer, or write an Ingress", "published port")  # fmt: skip

    def _headless(self, file: str, name: str, leads_to: str, **more: Any) -> None:
        """A name for the pods of a service, also for those that are not ready."""
        spec = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": self._labels(leads_to), **more}
        self.made.add(file, _object("v1", "Service", name, self._labels(leads_to), spec=spec))

    def _public(self, file: str, service: str, name: str, leads_to: str, ports: Sequence[Any]) -> None:
        """The ports under which the pods of a service are reached from outside, as the values of `service` say."""
        kind = Verbatim(f"{{{{ (index $.Values.services {quoted(service)}).serviceType }}}}")
        spec = {"type": kind, "selector": self._labels(leads_to), "ports": ports}
        self.made.add(file, _object("v1", "Service", name, self._labels(service), spec=spec))

    def _shown(self, text: str) -> str:
        return "".join(
            part if isinstance(part, str) else f"${{{part.variable}}}" if part else "RELEASE"
            for part in self.opened.marks.parts(text)
        )

    def _name(self, service: Service, file: str) -> None:
        """A service that is only a name: of what is outside, or of others."""
        primary, name = service.primary, self.names[service.name]
        definition = self.entry.composition.services[service.name]
        host = (
            str(definition.keys["hostname"].data())
            if "hostname" in definition.keys and hasattr(definition.keys["hostname"], "data")
            else ""
        )
        target = next((self.names[link.target] for link in service.links if link.target in self.names), "")
        addresses = [item.value for item in items(definition.get("external_ips"))]
        outside = host or (f"{target}.{DOMAIN}" if target else "")
        if outside and "$" not in host and "{{" not in host:
            external = Verbatim(f'"{outside}"') if target and not host else outside
            self.made.add(
                file, _object("v1", "Service", name, self._labels(name), spec={"type": "ExternalName", "externalName": external})
            )
            self.made.workloads[service.name] = "ExternalName"
        becomes = (
            f"it is the name {name} in the cluster" if service.name in self.made.workloads else "nobody answers to this name"
        )
        todo = f"make a Service and an EndpointSlice for {', '.join(addresses) or 'what it stood for'}"
        self.gap(primary, "image", f"image: {primary.image}", becomes, todo, "service that is a name")

    def _link(self, service: Service, link: Link) -> None:
        """An alias is one more name of the service that it leads to."""
        stack, slash, other = link.target.rpartition("/")
        known = self.names.get(link.target if not slash else "")
        alias = DnsNames().of(link.alias)
        if not known and not any(launch.name == link.target for each in self.stack.services for launch in each.launches):
            becomes = "it is a service of another stack: nobody answers to its name"
            todo = f"make a Service of type ExternalName {alias} that leads to {other}.{stack or 'NAMESPACE'}.svc"
            key = next((each for each in ("external_links", "links") if self._names(service, each, link)), "links")
            self.gap(service.primary, key, f"external link {link.target}", becomes, todo, "link to another stack")
        elif alias != link.alias:
            self.gap(
                service.primary,
                "links",
                f"link {link.alias}",
                "no Service can be named so",
                f"it is {alias} in the cluster",
                "name of a link",
            )
        taken = {*self.names.values(), *(f"{each}-public" for each in self.names.values())}
        if known and alias not in taken | self.aliases:
            self.aliases.add(alias)
            self._headless("links.yaml", alias, known)

    def _names(self, service: Service, key: str, link: Link) -> bool:
        definition = self.entry.composition.services.get(service.name)
        return any(item.value.partition(":")[0] == link.target for item in items(definition.get(key) if definition else None))

    def _balancer(self, service: Service, file: str) -> None:
        """The rules of a load balancer: an Ingress for those that say which requests, a Service for ports alone."""
        name, rules = self.names[service.name], self.stack.balancers.get(service.name, ())
        public = {private: outer or private for _, outer, private, _ in map(port_of, service.primary.ports)}
        plain = [rule for rule in rules if not rule.hostname and not rule.path]
        sole: dict[int, Rule] = {}
        for rule in plain:
            sole.setdefault(rule.source, rule)
        for number, (source, rule) in enumerate(sole.items()):
            target = self.names.get(rule.service, rule.service)
            ports = [_port(number, str(public.get(str(source), source)), str(rule.target), "tcp")]
            self._public(file, name, name if number == 0 else f"{name}-{number}", target, ports)
        asked = [rule for rule in rules if (rule.hostname or rule.path) and rule.protocol == "http"]
        if asked:
            self._ingress(service, file, asked)
        self.made.workloads[service.name] = "rules" if rules else ""
        for rule in rules:
            where = f"{rule.protocol} {self._shown(str(rule.source))} {rule.hostname}{rule.path}".strip()
            becomes = (
                "it is a rule of an Ingress"
                if rule in asked
                else "it is a port of a Service"
                if rule is sole.get(rule.source)
                else "it is left out: one Service leads to one service"
            )
            self.gap(
                service.primary,
                "lb_config",
                f"rule {where} to {rule.service}",
                becomes,
                "see that an ingress controller, or a load balancer, is there",
                "rule of a load balancer",
            )
        if not rules:
            self.gap(
                service.primary,
                "image",
                f"load balancer {service.name}",
                "it has no rules that a chart can hold",
                "write an Ingress",
                "load balancer without rules",
            )

    def _ingress(self, service: Service, file: str, rules: Sequence[Rule]) -> None:
        by_host: dict[str, list[Any]] = {}
        made_services: set[str] = set()
        for rule in rules:
            target = self.names.get(rule.service, rule.service)
            balanced = self.balanced.setdefault((target, rule.target), f"{target}-balanced-{len(self.balanced)}")
            backend = {"service": {"name": balanced, "port": {"number": rule.target}}}
            by_host.setdefault(rule.hostname.lower(), []).append(
                {"path": rule.path or "/", "pathType": "Prefix", "backend": backend}
            )
            spec = {"selector": self._labels(target), "ports": [_port(0, str(rule.target), str(rule.target), "tcp")]}
            if balanced not in made_services:
                made_services.add(balanced)
                self.made.add(file, _object("v1", "Service", balanced, self._labels(target), spec=spec))
        made = [{**({"host": host} if _is_host(host) else {}), "http": {"paths": paths}} for host, paths in by_host.items()]
        name = self.names[service.name]
        self.made.add(file, _object("networking.k8s.io/v1", "Ingress", name, self._labels(name), spec={"rules": made}))

    def _say(self, launch: Launch) -> None:
        """Note the keys and labels that do not carry over."""
        definition = self.entry.composition.services.get(launch.name)
        for key in definition.keys if definition else ():
            if key not in carried.CARRIED:
                becomes, todo = carried.KEYS.get(key, carried.OTHERWISE)
                self.gap(launch, key, key, becomes, todo)
        for name in labels_of(definition.get("labels")) if definition else ():
            found = carried.label(name)
            if found and found[0]:
                self.gap(
                    launch,
                    "labels",
                    f"labels: {name}",
                    found[0],
                    found[1],
                    f"label {name}" if name.startswith("io.rancher") else "label",
                )
        if launch.restart != "always" and not launch.start_once:
            self.gap(
                launch,
                "restart",
                f"restart: {launch.restart}",
                "containers of a pod are started again always",
                "make it a Job, if it is to end",
            )


def _object(group: str, kind: str, name: Any, labels: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "labels": labels}, **rest}


def _wanted() -> dict[str, Any]:
    """What a claim asks for: what the values of the chart say."""
    return {
        "accessModes": [Verbatim("{{ $.Values.persistence.accessMode }}")],
        "storageClassName": OnlyWhen(
            "$.Values.persistence.storageClass", Verbatim("{{ $.Values.persistence.storageClass | quote }}")
        ),
        "resources": {"requests": {"storage": Verbatim("{{ $.Values.persistence.size | quote }}")}},
    }


def _port(number: int, public: str, private: str, protocol: str) -> dict[str, Any]:
    return {"name": f"port-{number}", "port": int(public), "targetPort": int(private), "protocol": protocol.upper()}


def _is_host(host: str) -> bool:
    return re.fullmatch(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", host) is not None
