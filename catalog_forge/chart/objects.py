"""Makes the objects of a chart: workloads, Services, metadata, volumes and the rules of load balancers."""

from __future__ import annotations

import re
from collections.abc import Collection
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
from catalog_forge.chart.installed import Installed, labels_of, object_of
from catalog_forge.chart.marks import RELEASE, OpenStack
from catalog_forge.chart.names import DnsNames, is_annotation, is_label
from catalog_forge.chart.pods import POD_IP, POD_NAME, Conf, Pod, Pods, file_name
from catalog_forge.chart.routes import Routes
from catalog_forge.chart.tree import Identity, Trees
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.rancher.composition import Service as Definition
from catalog_forge.rancher.composition import items
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.keys import BALANCER, GLOBAL
from catalog_forge.stack.compose import OF_PRIMARY
from catalog_forge.stack.model import Launch, Service
from catalog_forge.stack.volumes import named

_EXTERNAL = re.compile(r"(?:[^/]+/)*external-service(?:[:@].*)?")
_ALIAS = re.compile(r"(?:[^/]+/)*dns-service(?:[:@].*)?")
_AFFINITY = re.compile(r"io\.rancher\.scheduler\.affinity:(?P<of>host|container)_label(?P<soft>_soft)?(?P<not>_ne)?")
_REQUIRED, _PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
_OF_SERVICE = re.compile(rf"io\.rancher\.stack_service\.name=(?:\$\{{stack_name\}}|{RELEASE})/(.+)")
_OF_RANCHER = re.compile(r"\brancher-metadata\b|\.rancher\.internal\b|\b169\.254\.169\.25[04]\b")
_ANNOTATIONS = 256 << 10
"""The maximum size of all annotations of a pod together, in bytes."""
FIRST = f"ternary 1 0 ({ORDINALS})"
"""The number of a StatefulSet's first pod: 1 as in Rancher, or 0 before Kubernetes 1.27, which cannot begin with 1."""


class Objects:
    """Makes the objects of a stack."""

    def __init__(self, entry: Revision, opened: OpenStack, conf: Conf | None, gaps: Gaps) -> None:
        self.entry, self.opened, self.conf, self.gaps = entry, opened, conf, gaps
        self.marks = opened.marks
        self.stack, self.writer, self.made = opened.stack, HelmWriter(opened.marks), Installed()
        self.given = DnsNames()
        for name in sorted((each.name for each in self.stack.services), key=lambda name: DnsNames().of(name) != name):
            self.given.of(name)  # valid names are assigned first, so that they stay unchanged
        self.names = {each.name: self.given.of(each.name) for each in self.stack.services}
        self.held = DnsNames()  # the names of Secrets: the Secret of a service has the service's name
        for name in self.names.values():
            self.held.of(name)
        self.claims = self._shared_volumes()
        self.kinds = {each.name: self._kind(each) for each in self.stack.services}
        identities = {each.name: self._identity(each) for each in self.stack.services}
        self.trees = Trees(self.stack, conf.version, identities, self.writer, conf.roots) if conf else None
        secret = self.trees is not None and "answers" in self.trees.of_stack(True)
        self.pods = Pods(entry, opened, conf, gaps, self.names, self.claims, secret)
        self.gap = self.pods.gap

    def all(self) -> Installed:
        """Make all objects of the stack."""
        for service in self.stack.services:
            if self.names[service.name] != service.name:
                self.gap(service.primary, "image", f"service {service.name}", "name of a service", name=self.names[service.name])
            if self.kinds[service.name] not in ("balancer", "name"):
                self._workload(service, self.kinds[service.name])
            for launch in service.launches:
                self._say(service, launch)
        for claim in self.claims.values():
            self._claim(claim)
        Routes(self.pods, self.given, self.kinds, self.made).all()
        return self.made

    def scale(self, service: Service) -> str:
        """Return the number of a service's units, as a Helm expression."""
        if questions := self.marks.questions(service.scale):
            return whole(questions[0])
        return f"int (index $.Values.services {quoted(self.names[service.name])}).scale"

    def _kind(self, service: Service) -> str:
        """Return what a service becomes: the kind of its workload, or "balancer" or "name" for a service without pods."""
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
        """Return the identity of a service's containers in the cluster."""
        name = self.names[service.name]
        if self.kinds[service.name] != "StatefulSet":
            return Identity("0", quoted(POD_NAME), POD_IP)
        number = f"(add $i ({FIRST}))"
        address = f"{{{{ $.Release.Name }}}}-{name}-{{{{ add $i ({FIRST}) }}}}.{name}.{DOMAIN}"
        return Identity(self.scale(service), f'(printf "%s-{name}-%v" $.Release.Name {number})', address)

    def _shared_volumes(self) -> dict[str, str]:
        """Map each named volume that several services mount to the name of its claim."""
        users: dict[str, set[str]] = {}
        for service in self.stack.services:
            for launch in service.launches:
                for volume in named(launch):
                    if volume not in (*launch.external, *launch.per_unit):
                        users.setdefault(volume, set()).add(service.name)
        names = DnsNames()
        return {volume: names.of(volume) for volume, found in users.items() if len(found) > 1}

    # One service.

    def _workload(self, service: Service, kind: str) -> None:
        name = self.names[service.name]
        self.made.workloads[service.name] = kind
        full = of_release(name)
        asks = self.conf is not None and any(self.conf.runs_in(launch) for launch in service.launches)
        tree = {
            "projected": {
                "sources": [
                    {"configMap": {"name": full}},
                    {"secret": {"name": of_release(self.held.of(f"{name}/metadata", 63)), "optional": True}},
                ]
            }
        }
        pod = self.pods.of(service, full, tree if asks else None, kind == "StatefulSet")
        labels = labels_of(name)
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
            self.gap(service.primary, "labels", "start_once", "service that runs once")
        else:
            spec["selector"] = {"matchLabels": labels}
        if kind in ("StatefulSet", "Deployment"):
            spec["replicas"] = Verbatim(f"{{{{ {self.scale(service)} }}}}")
        if kind == "StatefulSet":
            spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
            spec["ordinals"] = OnlyWhen(ORDINALS, {"start": 1})
        if kind == "DaemonSet" and asks:
            self.gap(service.primary, "labels", GLOBAL, "global service")
        spec["template"] = template
        if pod.claims:
            spec["volumeClaimTemplates"] = OnlyWhen(
                "$.Values.persistence.enabled", [{"metadata": {"name": each.name}, "spec": _wanted()} for each in pod.claims]
            )
            self.made.claims = True
        group = "batch/v1" if kind == "Job" else "apps/v1"
        self.made.add(f"{name}.yaml", object_of(group, kind, full, name, spec=spec))
        self._kept(service, full, pod)

    def _kept(self, service: Service, full: Verbatim, pod: Pod) -> None:
        """Add the objects that the pods of a service read: the Secret of the service, and the files of the metadata."""
        name = self.names[service.name]
        file = f"{name}.yaml"
        if pod.secrets:
            self.made.add(file, object_of("v1", "Secret", full, name, type="Opaque", stringData=pod.secrets))
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
        self.made.add(file, object_of("v1", "ConfigMap", full, name, data=both[False]))
        if self.pods.secret:
            held = of_release(self.held.of(f"{name}/metadata", 63))
            self.made.add(file, object_of("v1", "Secret", held, name, type="Opaque", stringData=both[True]))

    def _annotations(self, service: Service) -> dict[str, Any]:
        """Return the labels of a service's containers as annotations of its pods, where other programs can read them."""
        found: dict[str, Any] = {}
        size = 0
        for launch in service.launches:
            for key, text in launch.labels.items():
                size += len(f"{key}{text}".encode())
                if self.marks.is_secret(text):
                    self.gap(launch, "labels", f"labels: {key}", "secret in a label", item=key)
                elif found.get(key, text) != text:
                    self.gap(launch, "labels", f"labels: {key}", "label of a sidekick", item=key)
                elif carried.label(key) == ("", "") and is_annotation(key) and size <= _ANNOTATIONS:
                    found[key] = text
                elif carried.label(key) == ("", ""):
                    self.gap(launch, "labels", f"labels: {key}", "name of a label", item=key)
        return found

    def _placed(self, service: Service) -> dict[str, Any]:
        """Return the affinity of a service's pods, derived from the scheduling labels of its containers."""
        found: dict[str, dict[str, Any]] = {}
        for launch in service.launches:
            for key, text in launch.labels.items():
                if how := _AFFINITY.fullmatch(key):
                    for pair in map(str.strip, text.split(",")):
                        self._place(launch, pair, how, found)
        if terms := found.get("nodeAffinity", {}).get(_REQUIRED):  # a node must match all terms
            found["nodeAffinity"][_REQUIRED] = {"nodeSelectorTerms": [{"matchExpressions": terms}]}
        return {"affinity": found} if found else {}

    def _place(self, launch: Launch, pair: str, how: re.Match[str], made: dict[str, dict[str, Any]]) -> None:
        """Add the affinity for one pair of a scheduling label, or add a gap if the pair does not carry over."""
        kind, term = self._node(pair, how) if how["of"] == "host" else self._beside(launch, pair, how)
        what = f"labels: {how[0]}: {self.marks.shown(pair)}"
        if term is None:
            said = carried.LABELS["io.rancher.scheduler.affinity"]
            self.gap(launch, "labels", what, f"label {how[0]}", said, item=how[0])
            return
        if how["of"] == "host":
            self.gap(launch, "labels", what, "label of hosts", item=how[0])
        made.setdefault(kind, {}).setdefault(_PREFERRED if how["soft"] else _REQUIRED, []).append(term)

    def _node(self, pair: str, how: re.Match[str]) -> tuple[str, Any]:
        """Return the node affinity that a host label requires."""
        name, equals, value = pair.partition("=")
        if not equals or not is_label(name, value):
            return "nodeAffinity", None
        term = {"key": name, "operator": "NotIn" if how["not"] else "In", "values": [value]}
        return "nodeAffinity", {"weight": 100, "preference": {"matchExpressions": [term]}} if how["soft"] else term

    def _beside(self, launch: Launch, pair: str, how: re.Match[str]) -> tuple[str, Any]:
        """Return the pod affinity that a container label requires. Only labels that name a service of this stack carry over."""
        kind, service = "podAntiAffinity" if how["not"] else "podAffinity", _OF_SERVICE.fullmatch(pair)
        target = self.pods.owners.get(
            launch.name if service and service[1] == "${service_name}" else service[1] if service else ""
        )
        if target is None or self.kinds[target] in ("balancer", "name"):
            return kind, None
        term = {"labelSelector": {"matchLabels": labels_of(self.names[target])}, "topologyKey": "kubernetes.io/hostname"}
        return kind, {"weight": 100, "podAffinityTerm": term} if how["soft"] else term

    def _claim(self, claim: str) -> None:
        self.made.claims = True
        made = object_of("v1", "PersistentVolumeClaim", of_release(claim), claim, spec=_wanted())
        self.made.add("volumes.yaml", OnlyWhen("$.Values.persistence.enabled", made))
        self.gaps.add("volume of several services", "", f"volumes: {claim}", None)

    def _say(self, service: Service, launch: Launch) -> None:
        """Add a gap for each key, label and variable of a container that does not carry over."""
        definition = self.entry.composition.services.get(launch.name)
        if definition is None:
            return
        routed = carried.ROUTED.get(self.kinds[service.name])
        for key, node in definition.keys.items():
            if kind := self._unsaid(launch is service.primary, routed, key, text_of(node)):
                self.gap(launch, key, key, kind, service=service.name, name=self.names[service.name])
        for name in definition.labels:
            said = carried.label(name)
            if said and said[0]:
                self.gap(launch, "labels", f"labels: {name}", f"label {name}", said, item=name)
            elif said and routed:
                self.gap(launch, "labels", f"labels: {name}", carried.PODLESS, item=name)
        if launch.restart != "always" and not launch.start_once:
            self.gap(launch, "restart", f"restart: {launch.restart}", "restart")
        if not routed:
            self._say_values(launch, definition)

    def _say_values(self, launch: Launch, definition: Definition) -> None:
        """Add a gap for each variable without a value, and for each value that contains an address of Rancher."""
        for item in items(definition.get("environment")):
            if "=" not in item.value and item.value not in launch.environment:
                what = f"environment: {item.value}"
                self.gap(launch, "environment", what, "variable without a question", item=item.value)
        for name, text in launch.environment.items():
            if _OF_RANCHER.search(text):
                self.gap(launch, "environment", f"environment: {name}", "address of Rancher", item=name)
        for key, words in (("entrypoint", launch.entrypoint), ("command", launch.command)):
            if _OF_RANCHER.search(" ".join(words or ())):
                self.gap(launch, key, key, "address of Rancher")

    def _unsaid(self, first: bool, routed: Collection[str] | None, key: str, text: str) -> str:
        """Return the kind of gap for a key of a container, or "" if the chart carries it over.

        `first` is true for the primary container of its service. `routed` contains the keys that need no report for a service
        without pods; it is None for a service with pods.
        """
        if routed and key not in carried.CERTIFICATES:
            return "" if first and (key in routed or (key, text) == ("scale", "1")) else carried.PODLESS
        if key in OF_PRIMARY and not first:
            return "key of a sidekick that Rancher ignores"
        if key == "metadata" and not self.conf or key == "start_on_create" and text != "true":
            return key
        return "" if key in carried.CARRIED else key


def _wanted() -> dict[str, Any]:
    """Return the spec of a PersistentVolumeClaim, with the settings from the chart's values."""
    return {
        "accessModes": [Verbatim("{{ $.Values.persistence.accessMode }}")],
        "storageClassName": OnlyWhen(
            "$.Values.persistence.storageClass", Verbatim("{{ $.Values.persistence.storageClass | quote }}")
        ),
        "resources": {"requests": {"storage": Verbatim("{{ $.Values.persistence.size | quote }}")}},
    }
