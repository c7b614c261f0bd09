"""Load balancers: the rules that an entry defines for them, and the haproxy container that implements these rules.

The rules come from `lb_config` in rancher-compose.yml (docs/facts/catalog.md#3.17), or, for a load balancer of Rancher 1.1,
from its labels and ports. A value of an entry is written to haproxy's configuration only if the value is a number, a host name,
a path or a service name. Any other text could change the structure of the configuration. haproxy resolves services through the
engine's DNS every second, so that it notices when a service is scaled or a unit is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.metadata.reading import Reader
from catalog_forge.rancher import keys
from catalog_forge.rancher.composition import Service as Definition
from catalog_forge.rancher.judgement.maps import RULE, STRUCTS
from catalog_forge.stack.model import Launch, Link, Note, Rule, Service, Stack
from catalog_forge.yamlio import Map, Node

CONFIG = "/catalog-forge-haproxy.cfg"
TARGET_LABEL = "io.rancher.loadbalancer.target."

_PORT = re.compile(r"0*([1-9][0-9]{0,4})")
_HOSTNAME = re.compile(r"(?:\*|\*?\.?[A-Za-z0-9][A-Za-z0-9.-]{0,253}?(?:\.\*)?)")
_PATH = re.compile(r"/[A-Za-z0-9._~%/@:+,=-]{0,500}")
_TARGET = re.compile(r"(?P<host>[^:/=]*)(?::(?P<source>[0-9]+))?(?P<path>/[^=]*)?(?:=0*(?P<target>[0-9]{1,5}))?")
_IGNORED = "the load balancer ignores this key"
_TAKEN = ("source_port", "target_port", "service", "protocol", "hostname", "path", "priority")
_UNITS = 100  # the maximum number of units of a service to which haproxy forwards requests

_HEAD = """\
global
    maxconn 4096
defaults
    maxconn 4096
    retries 3
    option redispatch
    timeout connect 5s
    timeout client 50s
    timeout server 50s
resolvers engine
    nameserver engine 127.0.0.11:53
    accepted_payload_size 8192
    timeout resolve 1s
    timeout retry 1s
    hold valid 1s
    hold obsolete 1s
    hold nx 1s
    hold other 1s
"""


def is_balancer(definition: Definition) -> bool:
    """Whether a service is a load balancer: it has the image of a load balancer, or rules with source ports."""
    return bool(_kind(definition)) or any("source_port" in rule for rule in _rules_of(definition))


def _kind(definition: Definition) -> str:
    found = keys.BALANCER.fullmatch(text_of(definition.keys.get("image")))
    return found[1] if found else ""


def _rules_of(definition: Definition) -> list[dict[str, Node]]:
    config = definition.keys.get("lb_config")
    keys = {key.value: value for key, value in config.pairs} if isinstance(config, Map) else {}
    rules = getattr(keys.get("port_rules"), "items", ())
    return [{key.value: value for key, value in rule.pairs if not is_null(value)} for rule in rules if isinstance(rule, Map)]


class Balancers:
    """Reads the rules of load balancers. `note` is called for keys that are not honoured; `reader` records errors."""

    def __init__(self, names: Collection[str], reader: Reader, note: Callable[[Definition, str, str, Node], None]) -> None:
        self.names = names
        self.reader = reader
        self.note = note

    def rules(self, definition: Definition, launch: Launch, links: Sequence[Link]) -> tuple[Rule, ...]:
        """Return the rules of a load balancer in the order in which haproxy tries them."""
        self._say(definition)
        found = [rule for each in _rules_of(definition) if (rule := self._rule(definition, each))]
        if not found and _kind(definition) == "load-balancer-service":
            found = list(self._of_labels(definition, launch, links))
        for source, group in groupby(sorted(found, key=lambda rule: rule.source), key=lambda rule: rule.source):
            if len({rule.protocol for rule in group}) > 1:
                message = f"port {source} of {definition.name!r} cannot have rules for both http and tcp"
                self.reader.wrong(message, definition.where, "give the rules for tcp another source_port")
        return tuple(sorted(found, key=_precedence))

    def _say(self, definition: Definition) -> None:
        for name in ("lb_config", "load_balancer_config"):
            config = definition.keys.get(name)
            for key, value in config.pairs if isinstance(config, Map) else ():
                known = key.value in STRUCTS[name].fields and key.value != "port_rules"
                if known and not is_null(value) and getattr(value, "pairs", True):
                    self.note(definition, f"{name}.{key.value}", _IGNORED, value)

    def _rule(self, definition: Definition, keys: Mapping[str, Node]) -> Rule | None:
        for key in (keys.keys() & RULE.fields.keys()) - set(_TAKEN):
            self.note(definition, f"port_rules.{key}", _IGNORED, keys[key])
        words = {key: text_of(keys.get(key)) for key in _TAKEN}
        protocol = words["protocol"] or "http"
        if protocol not in ("http", "tcp"):
            self.note(
                definition, f"port_rules.protocol: {protocol}", "Rancher's certificates are not available", keys["protocol"]
            )
            return None
        name, place = words["service"], next(iter(keys.values()), None)
        if name not in self.names:
            # A target that is not a service of the stack is reported by another check.
            key, why = f"port_rules.service: {name}", "the rule leads to a service of another stack"
            if not name:
                key, why = "port_rules", "the rule names no service, and here a rule cannot select services by labels"
            if node := keys.get("service") or place:
                self.note(definition, key, why, node)
            return None
        source = self._port(words["source_port"], "source_port", keys.get("source_port"), definition)
        target = self._port(words["target_port"] or words["source_port"], "target_port", keys.get("target_port"), definition)
        hostname = self._matched(_HOSTNAME, words["hostname"], "hostname", keys)
        path = self._matched(_PATH, words["path"], "path", keys)
        priority = int(words["priority"]) if re.fullmatch(r"[0-9]{1,9}", words["priority"]) else 0
        return Rule(source, target, name, protocol, hostname, path, priority)

    def _port(self, text: str, what: str, node: Node | None, definition: Definition) -> int:
        found = _PORT.fullmatch(text)
        if found and int(found[1]) < 65536:
            return int(found[1])
        message = f"{what} of {definition.name!r} must be a port, not {text!r}"
        self.reader.wrong(message, node.where if node else definition.where, "write a number from 1 to 65535")
        return 0

    def _matched(self, pattern: re.Pattern[str], text: str, what: str, keys: Mapping[str, Node]) -> str:
        if not text or pattern.fullmatch(text):
            return text
        hint = "such as hostname: www.example.org and path: /status"
        self.reader.wrong(f"{what} of a rule cannot be {text!r}", keys[what].where, hint)
        return ""

    def _of_labels(self, definition: Definition, launch: Launch, links: Sequence[Link]) -> Iterator[Rule]:
        """Yield the rules of a Rancher 1.1 load balancer: each port forwards to every linked service; labels can limit this."""
        for port in (*launch.ports, *launch.exposed):
            ports, _, protocol = port.partition("/")
            *before, target = ports.split(":")
            source = before[-1] if before and before[-1] else target
            for link in links:
                for text in launch.labels.get(f"{TARGET_LABEL}{link.target}", "").split(","):
                    yield from self._of_label(definition, text.strip(), int(source), int(target), protocol or "http", link.target)

    def _of_label(
        self, definition: Definition, text: str, source: int, target: int, protocol: str, service: str
    ) -> Iterator[Rule]:
        found = _TARGET.fullmatch(text)
        parts = found.groupdict(default="") if found else {}
        if re.fullmatch("[0-9]+", parts.get("host", "")):  # the label is only a port
            parts |= {"host": "", "source": parts["host"]}
        host, path = parts.get("host", ""), parts.get("path", "")
        if not found or (host and not _HOSTNAME.fullmatch(host)) or (path and not _PATH.fullmatch(path)):
            self.reader.wrong(f"{text!r} is not a valid target of a load balancer", definition.where, "write HOST:PORT/PATH=PORT")
        elif not parts["source"] or parts["source"].lstrip("0") == str(source):
            http = protocol == "http"
            yield Rule(source, int(parts["target"] or target), service, protocol, host if http else "", path if http else "")


def _precedence(rule: Rule) -> tuple[int, int, int, int]:
    """Return the sort key for Rancher's order of rules: by port, by priority, and then from most to least specific."""
    exact = 2 * bool(rule.hostname) - ("*" in rule.hostname)
    return rule.source, rule.priority or 1 << 31, -exact, -len(rule.path)


def config(rules: Sequence[Rule], health_port: int = 0) -> str:
    """Return haproxy's configuration for the rules. haproxy answers health checks on `health_port`."""
    lines = [_HEAD]
    for source, group in groupby(rules, key=lambda rule: rule.source):
        lines += _frontend(source, list(group))
    if health_port and all(rule.source != health_port for rule in rules):
        lines += ["frontend health", f"    bind :{health_port}", "    mode http", "    monitor-uri /"]
    return "\n".join([*lines, ""])


def _frontend(source: int, rules: Sequence[Rule]) -> list[str]:
    """Return the lines that configure one port and its backends. Rules with the same host name and path share a backend."""
    http = rules[0].protocol == "http"
    backends: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        backends.setdefault((rule.hostname, rule.path), []).append(rule)
    front = [f"frontend port-{source}", f"    bind :{source}", f"    mode {rules[0].protocol}"]
    if http:
        front += ["    option forwardfor", f"    http-request set-header X-Forwarded-Port {source}"]
    back: list[str] = []
    for number, ((hostname, path), members) in enumerate(backends.items()):
        name = f"port-{source}-{number}"
        condition = _condition(hostname, path) if http else ""
        front.append(f"    use_backend {name} if {condition}" if condition else f"    default_backend {name}")
        back += [f"backend {name}", f"    mode {members[0].protocol}", "    balance roundrobin"]
        back += [
            f"    server-template {rule.service}-{rule.target}- 1-{_UNITS} {rule.service}:{rule.target}"
            " check inter 1s fall 2 rise 1 resolvers engine init-addr none"
            for rule in dict.fromkeys(members)
        ]
    return front + back


def _condition(hostname: str, path: str) -> str:
    host = "req.hdr(host),field(1,:),lower"
    tests = []
    if hostname.startswith("*") and len(hostname) > 1:
        tests.append(f"{{ {host} -m end {hostname[1:].lower()} }}")
    elif hostname.endswith("*") and len(hostname) > 1:
        tests.append(f"{{ {host} -m beg {hostname[:-1].lower()} }}")
    elif hostname and hostname != "*":
        tests.append(f"{{ {host} -m str {hostname.lower()} }}")
    if path:
        tests.append(f"{{ path_beg {path} }}")
    return " ".join(tests)


def balanced(stack: Stack, image: str) -> Stack:
    """Return a copy of the stack in which haproxy containers, created from `image`, act as the load balancers.

    A load balancer without rules gets no units, and a note reports this. If `image` is empty, no load balancer gets units.
    """
    services, notes = [], list(stack.unhonoured)
    for service in stack.services:
        rules = stack.balancers.get(service.name)
        if rules is None:
            services.append(service)
        elif image and rules:
            services.append(_haproxy(service, rules, image))
        else:
            reason = "the engine has no haproxy image" if rules else "it has no rules"
            notes.append(Note(service.name, "load balancer", f"not started, because {reason}"))
            services.append(replace(service, scale=0))
    return replace(stack, services=tuple(services), unhonoured=tuple(notes))


def _haproxy(service: Service, rules: Sequence[Rule], image: str) -> Service:
    given = service.primary
    ports = given.ports
    if TARGET_LABEL in "".join(given.labels) or "load-balancer-service" in given.image:
        ports = tuple(_published(port) for port in ports)
    text = config(rules, service.health_check.port if service.health_check else 0)
    primary = replace(
        given,
        image=image,
        entrypoint=("haproxy",),
        command=("-db", "-f", CONFIG),
        environment={},
        volumes=(),
        ports=ports,
        exposed=(),
        options={"user": "0"},
        files={CONFIG: text},
    )
    return replace(service, primary=primary)


def _published(port: str) -> str:
    """Convert the port of a Rancher 1.1 load balancer: in its container, haproxy listens on the public port."""
    *before, target = port.partition("/")[0].split(":")
    source = before[-1] if before else ""
    return ":".join([*before[:-1], source, source]) if source else target
