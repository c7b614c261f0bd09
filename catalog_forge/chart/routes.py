"""Makes the routes to services: Services for pods, names for external hosts, links, and the rules of load balancers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog_forge.chart.helm import DOMAIN, Verbatim, quoted
from catalog_forge.chart.installed import Installed, labels_of, object_of
from catalog_forge.chart.names import DnsNames, is_host
from catalog_forge.chart.pods import Pods
from catalog_forge.errors import Where
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.rancher.composition import items
from catalog_forge.rancher.keys import TARGET
from catalog_forge.rancher.tree import keys_of
from catalog_forge.stack.model import Launch, Link, Rule, Service, port_of
from catalog_forge.yamlio import Seq

# Paths in an Ingress that Kubernetes accepts only with the type ImplementationSpecific (pkg/apis/networking/validation).
_ODD_PATH = re.compile(r"//|/\.\.?(?:/|$)|%2[fF]")


class Routes:
    """Makes the routes of a stack. `given` assigns unique names, and `kinds` maps the name of each service to what it becomes."""

    def __init__(self, pods: Pods, given: DnsNames, kinds: Mapping[str, str], made: Installed) -> None:
        self.composition, self.stack = pods.entry.composition, pods.opened.stack
        self.shown, self.is_open = pods.opened.marks.shown, pods.opened.marks.questions
        self.gap, self.gaps, self.where, self.names, self.owners = pods.gap, pods.gaps, pods.where, pods.names, pods.owners
        self.given, self.kinds, self.made = given, kinds, made
        self.leads: dict[str, str] = {}  # the service that each name in the cluster leads to
        self.balanced: dict[tuple[str, int], str] = {}

    def all(self) -> None:
        """Make all routes: first the routes to pods, then the routes that lead to other routes."""
        makers = {"balancer": self._balancer, "name": self._name}
        for service in self.stack.services:
            if self.kinds[service.name] not in makers:
                self._reachable(service)
        for kind, maker in makers.items():
            for service in self.stack.services:
                if self.kinds[service.name] == kind:
                    maker(service)
        for service in self.stack.services:
            for link in service.links:
                self._link(service, link)

    def _reachable(self, service: Service) -> None:
        """Add the Services for the pods of a service: a headless Service, and a Service for the published ports."""
        name = self.names[service.name]
        ports = [port_of(port)[1:] for launch in service.launches for port in published(launch)]
        inner = [port_of(port)[2:] for launch in service.launches for port in (*launch.ports, *launch.exposed)]
        listed = [_port(number, private, private, protocol) for number, (private, protocol) in enumerate(dict.fromkeys(inner))]
        self._headless(f"{name}.yaml", name, service.name, **({"ports": listed} if listed else {}))
        if ports:
            outer = {(public or private, protocol): private for public, private, protocol in ports}
            opened = [
                _port(number, public, private, protocol) for number, ((public, protocol), private) in enumerate(outer.items())
            ]
            self._public(name, self.given.of(f"{name}/public", 63), name, opened)
        for launch in service.launches:
            if found := published(launch):
                self.gap(launch, "ports", f"ports: {self.shown(', '.join(found))}", "published port", service=name)
        self._say_ports(service)

    def _say_ports(self, service: Service) -> None:
        """Add a gap for each port of a load balancer that no rule uses, and for each port bound to one address of a host."""
        rules = self.stack.balancers.get(service.name)
        for launch in service.launches:
            for key, port in (*(("ports", each) for each in launch.ports), *(("expose", each) for each in launch.exposed)):
                address, _, private, _ = port_of(port)
                what, item = f"{key}: {self.shown(port)}", self.shown(port)
                if rules is not None and all(private != str(rule.source) for rule in rules):
                    self.gap(launch, key, what, "port of a load balancer", item=item)
                elif address:
                    words = {"address": self.shown(address), "service": self.names[service.name]}
                    kind = "address of a published port" if port in published(launch) else "port on a single address of the host"
                    self.gap(launch, key, what, kind, item=item, **words)

    def _headless(self, file: str, name: str, service: str, **more: Any) -> None:
        """Add a headless Service for the pods of a service. It also lists pods that are not ready."""
        leads_to = self.names[service]
        spec = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": labels_of(leads_to), **more}
        self._leads(file, name, service, spec)

    def _leads(self, file: str, name: str, service: str, spec: Mapping[str, Any]) -> None:
        """Add a Service called `name` whose requests go to `service`."""
        self.leads[name] = service
        self.made.add(file, object_of("v1", "Service", name, self.names[service], spec=spec))

    def _public(self, service: str, name: str, leads_to: str, ports: Sequence[Any]) -> None:
        """Add a Service that publishes ports of the pods of `leads_to`. The chart's values for `service` determine the type."""
        kind = Verbatim(f"{{{{ (index $.Values.services {quoted(service)}).serviceType }}}}")
        spec = {"type": kind, "selector": labels_of(leads_to), "ports": ports}
        self.made.add(f"{service}.yaml", object_of("v1", "Service", name, service, spec=spec))

    def _name(self, service: Service) -> None:
        """Add the Service of a Rancher service that has no containers and is only a name for a host or for other services."""
        name, host = self.names[service.name], str(service.primary.options.get("hostname", ""))
        found = [self.names.get(self.owners.get(link.target, "")) for link in service.links]
        targets = list(dict.fromkeys(each for each in found if each in self.leads))
        addresses = [item.value for item in items(self.composition.services[service.name].get("external_ips"))]
        becomes, left = "nothing answers under this name in the cluster", addresses or ["the host of this service"]
        is_known = bool(host) and (self.is_open(host) or is_host(host))
        if targets or is_known:
            outside = host if is_known else Verbatim(f'"{targets[0]}.{DOMAIN}"')
            self._leads(f"{name}.yaml", name, service.name, {"type": "ExternalName", "externalName": outside})
            self.made.workloads[service.name] = "ExternalName"
            becomes = f"in the cluster the name leads only to {self.shown(host) if is_known else targets[0]}"
            left = [*addresses, *targets[not is_known :]]
        if left:
            words = {"becomes": becomes, "left": ", ".join(left)}
            self.gap(service.primary, "image", f"image: {service.primary.image}", "service that is only a name", **words)

    def _link(self, service: Service, link: Link) -> None:
        """Add the alias of a link as another name of the linked service."""
        alias, target = DnsNames().of(link.alias), self.owners.get(link.target)
        launch, key = self._linking(service, link)
        if target is None:
            stack, _, other = link.target.rpartition("/")
            leads = f"{other}.{stack or 'NAMESPACE'}.svc"
            words = {"alias": alias, "leads": leads, "item": link.target}
            self.gap(launch, key, f"external link {link.target}", "link to another stack", **words)
            return
        becomes, name = "", self.names[target]
        if name not in self.leads:
            becomes = f"nothing answers under this name, because {link.target} has no pods"
        elif self.leads.get(alias, target) != target or (alias not in self.leads and not self.given.is_free(alias)):
            becomes = f"the name {alias} leads to another service in the cluster, not to {link.target}"
        elif alias != link.alias:
            becomes = f"a Service cannot have this name, so it is called {alias} in the cluster"
        if becomes:
            self.gap(launch, key, f"link {link.alias}", "name of a link", item=link.target, becomes=becomes)
        if name in self.leads and alias not in self.leads and self.given.is_free(alias):
            if self.kinds[target] in ("balancer", "name"):
                spec = {"type": "ExternalName", "externalName": Verbatim(f'"{name}.{DOMAIN}"')}
                self._leads("links.yaml", alias, target, spec)
            else:
                self._headless("links.yaml", alias, target)

    def _linking(self, service: Service, link: Link) -> tuple[Launch, str]:
        """Return the container that has a link, and the key that declares it."""
        for launch in service.launches:
            for key in ("external_links", "links"):
                definition = self.composition.services.get(launch.name)
                named = items(definition.get(key)) if definition else ()
                if any(each.value.partition(":")[0] == link.target for each in named):
                    return launch, key
        return service.primary, "links"

    # Load balancers.

    def _balancer(self, service: Service) -> None:
        """Add the rules of a load balancer.

        Rules with a host or path become an Ingress, and rules with only a port become a Service.
        """
        name, rules = self.names[service.name], self.stack.balancers.get(service.name, ())
        public = {private: outer or private for _, outer, private, _ in map(port_of, service.primary.ports)}
        asking = {rule.source for rule in rules if rule.protocol == "http" and (rule.hostname or rule.path)}
        paths: dict[str, dict[str, Any]] = {}
        opened: set[int] = set()
        for rule in rules:
            becomes = self._refused(rule)
            if not becomes and rule.source in asking:
                becomes = self._path(paths.setdefault(_host(rule), {}), rule)
            elif not becomes and rule.source in opened:
                becomes = (
                    "the chart leaves the rule out, because an earlier rule uses its port, and a Service leads to only one "
                    "service"
                )
            elif not becomes:
                own = self.given.of(f"{name}/{len(opened)}", 63) if opened else name
                opened.add(rule.source)
                self.leads.setdefault(own, service.name)
                ports = [_port(len(opened) - 1, str(public.get(str(rule.source), rule.source)), str(rule.target), "tcp")]
                self._public(name, own, self.names[self.owners[rule.service]], ports)
                becomes = "the rule becomes a port of a Service"
            what = self.shown(f"rule {rule.protocol} {rule.source} {rule.hostname}{rule.path}".strip())
            self.gaps.add(
                *("rule of a load balancer", service.name, f"{what} to {rule.service}", self._place(service, rule)),
                becomes=becomes,
            )
        self._say_ports(service)
        if ingress := {host: list(found.values()) for host, found in paths.items() if found}:
            made = [{**({"host": host} if host else {}), "http": {"paths": found}} for host, found in ingress.items()]
            self.made.add(f"{name}.yaml", object_of("networking.k8s.io/v1", "Ingress", name, name, spec={"rules": made}))
        self.made.workloads[service.name] = "rules" if opened or ingress else ""
        if not opened and not ingress:
            self.gap(service.primary, "image", f"load balancer {service.name}", "load balancer without rules")

    def _place(self, service: Service, rule: Rule) -> Where | None:
        """Return the place of a rule in the entry."""
        definition = self.composition.services[service.name]
        wanted = [self.shown(str(each)) for each in (rule.source, rule.service, rule.hostname, rule.path)]
        rules = keys_of(definition.get("lb_config")).get("port_rules")
        for each in rules.items if isinstance(rules, Seq) else ():
            words = map(keys_of(each).get, ("source_port", "service", "hostname", "path"))
            if [text_of(word) for word in words] == wanted:
                return self.composition.at(each.where)
        label = f"{TARGET}{rule.service}"
        key, item = ("labels", label) if label in definition.labels else ("links", rule.service)
        return self.where(service.name, "lb_config" if rules else key, item)

    def _refused(self, rule: Rule) -> str:
        """Return the reason why a rule cannot be carried over, or "" if it can."""
        kind = self.kinds.get(self.owners.get(rule.service, ""), "name")
        words = f"the chart leaves the rule out, because {rule.service} has no pods"
        return words if kind in ("balancer", "name") else ""

    def _path(self, paths: dict[str, Any], rule: Rule) -> str:
        """Add a rule to the paths of its host in an Ingress. Return the description of the result for the report."""
        path = rule.path or "/"
        if _host(rule) and not is_host(_host(rule).removeprefix("*.")):
            return "the chart leaves the rule out, because an Ingress does not accept this host name"
        if path in paths:
            return "the chart leaves the rule out, because an earlier rule has the same host and path"
        target = self.names[self.owners[rule.service]]
        key = (target, rule.target)
        if key not in self.balanced:
            self.balanced[key] = self.given.of(f"{target}/balanced-{len(self.balanced)}", 63)
            spec = {"selector": labels_of(target), "ports": [_port(0, str(rule.target), str(rule.target), "tcp")]}
            self.made.add(f"{target}.yaml", object_of("v1", "Service", self.balanced[key], target, spec=spec))
        backend = {"service": {"name": self.balanced[key], "port": {"number": rule.target}}}
        kind = "ImplementationSpecific" if _ODD_PATH.search(path) else "Prefix"
        paths[path] = {"path": path, "pathType": kind, "backend": backend}
        return f"the rule becomes a rule of an Ingress{', without its priority' if rule.priority else ''}"


def published(launch: Launch) -> list[str]:
    """Return the ports of a container that are reachable from outside its host."""
    return [port for port in launch.ports if not port_of(port)[0].startswith(("127.", "[::1", "::1"))]


def _host(rule: Rule) -> str:
    return "" if rule.hostname == "*" else rule.hostname.lower()


def _port(number: int, public: str, private: str, protocol: str) -> dict[str, Any]:
    return {"name": f"port-{number}", "port": int(public), "targetPort": int(private), "protocol": protocol.upper()}
