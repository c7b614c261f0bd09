"""CF419 to CF422, CF441: labels that Rancher reads."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.errors import Problem, nearest
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.lint.entries.judged import told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.rules.units import in_all
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.composition import Composition, items, varies
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.keys import GLOBAL, TARGET
from catalog_forge.rancher.variable_uses import SCHEDULER

_AFFINITY = "io.rancher.scheduler.affinity:"
_AFFINITIES = {
    f"{_AFFINITY}{what}{soft}{ne}"
    for what in ("host_label", "container_label", "container")
    for soft in ("", "_soft")
    for ne in ("", "_ne")
}
_LABELS = _AFFINITIES | {
    f"io.rancher.{each}"
    for each in "sidekicks container.hostname_override container.start_once container.create_agent container.agent.role "
    "container.pull_image container.dns container.dns.search container.requested_ip container.network container.agent_id "
    "container.agent.volumes_strategy container.create_agent_label container.cattle_url container.dns.priority "
    "scheduler.global service.selector.link service.selector.container service.launch.config service.deployment.unit "
    "service.requested.host.id service.ui_link.label service.wait_for_healthcheck service.hash service.external_dns "
    "service.external_dns_name_template service.allocate.skip.serialize service.rancher_acme stack.name project.name "
    "stack_service.name project_service.name loadbalancer.ssl.ports loadbalancer.proxy-protocol.ports "
    "lb_service.target host.external_dns_ip host.docker_version "
    "network.arpsync network.macsync network.per_host_subnet.subnet ipsec.label_name".split()
}
_FAMILIES = tuple(
    f"io.rancher.{each}."
    for each in "loadbalancer.target cni vxlan network k8s websocket.proxy internal container.agent_service".split()
)


@rule("CF419", "warning", "A label is unknown to Rancher", on=Revision)
def unknown_label(revision: Revision) -> Iterator[Hit]:
    """Labels that begin with `io.rancher.` are instructions to Rancher, which silently ignores unknown instructions.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          io.rancher.scheduler.affinity:not_host_label: role=db
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          io.rancher.scheduler.affinity:host_label_ne: role=db
          io.rancher.container.pull_image: always
          org.example.role: web
    Source: docs/facts/catalog.md#4.6, #4.7
    """
    return in_all(revision, _unknown_labels)


def _unknown_labels(composition: Composition) -> Iterator[Problem]:
    for service in composition.services.values():
        for name, (key, _) in service.labels.items():
            if name.startswith("io.rancher.") and name not in _LABELS and not name.startswith(_FAMILIES) and not varies(name):
                hint = "use io.rancher.scheduler.affinity:host_label_ne" if "not_host_label" in name else ""
                message = f"{service.name!r} has a label {name!r} that Rancher does not know"
                yield Problem(message, key.where, hint or _near(name))


def _near(name: str) -> str:
    start = "io.rancher."
    hint = nearest(name.removeprefix(start), {each.removeprefix(start) for each in _LABELS})
    return hint.replace("mean '", f"mean '{start}") or "your own labels should have a different prefix"


@rule("CF420", "warning", "A variable of Rancher's scheduler is replaced too early", on=Revision)
def scheduler_variable(revision: Revision) -> Iterator[Hit]:
    """In labels for the scheduler, rancher-compose turns `$${stack_name}` into `${stack_name}`, which the scheduler replaces with
    the name of the stack. With a single dollar sign, rancher-compose itself replaces the variable: no question asks for it, so
    its value is empty.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          io.rancher.scheduler.affinity:container_label_ne: io.rancher.stack_service.name=${stack_name}/${service_name}
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          io.rancher.scheduler.affinity:container_label_ne: io.rancher.stack_service.name=$${stack_name}/$${service_name}
    Source: docs/facts/catalog.md#4.8
    """
    for use in revision.uses:
        if use.kind != "variable" or use.name not in SCHEDULER or use.name in revision.asked or use.in_comment:
            continue
        where = use.where
        # Only the scheduler replaces such a variable. In any other label, `$${NAME}` would become the literal text `${NAME}`.
        if "io.rancher.scheduler." in use.file.lines[where.line - 1]:
            yield Hit(
                where,
                f"${{{use.name}}} is replaced with empty text here, so Rancher's scheduler never sees it",
                f"write $${{{use.name}}}",
            )
        else:
            yield Hit(where, f"no question asks for {use.name!r}, so it is empty", "add a question for it, or write its value")


@rule("CF421", "error", "The value of a label or a variable is not text, or YAML changes a value", on=Revision)
@told("CF421")
def not_text(_: Revision) -> None:
    """The values of labels and of the environment must be text, numbers or booleans; rancher-compose refuses lists and mappings.

    rancher-compose first reads unquoted values as YAML 1.1, and then converts them to text: `0777` becomes `511`, `1.10` becomes
    `1.1`, `1e3` becomes `1000`, and `yes` becomes `true`. Numbers in `metadata` change in the same way. In all other keys of a
    service, a number that begins with a zero is octal: `cpu_shares: 0512` becomes `330`. Such changes are reported as warnings.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
          HOSTS: [a, b]
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
          UMASK: 0027
    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        metadata:
          version: 1.10
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        cpu_shares: 0512
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
          HOSTS: a,b
          DEBUG: true
          EMPTY:
          UMASK: '0027'
    Source: rancher-compose-executor v0.14.29, its schema of list_or_dict; docs/facts/catalog.md#2.7
    """


@rule("CF422", "warning", "A label has a value without effect", on=Revision)
def value_of_label(revision: Revision) -> Iterator[Hit]:
    """`io.rancher.container.pull_image` accepts only `always`. Labels that switch a feature on or off accept only `true` and
    `false`.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          io.rancher.container.pull_image: missing
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          io.rancher.container.pull_image: always
          io.rancher.scheduler.global: 'true'
    Source: docs/facts/catalog.md#4.6
    """
    composition = revision.composition
    for service in composition.services.values():
        for name, known in _VALUES.items():
            node = service.labels.get(name, (None, None))[1]
            text = text_of(node)
            if node is not None and text.lower() not in known and not varies(text):
                message = f"the value {text!r} of the label {name} of {service.name!r} has no effect"
                yield Hit(node.where, message, f"the value must be {' or '.join(known)}")


_SWITCH = ("true", "false")
_VALUES = {
    "io.rancher.container.pull_image": ("always",),
    "io.rancher.container.start_once": _SWITCH,
    "io.rancher.container.create_agent": _SWITCH,
    "io.rancher.container.dns": _SWITCH,
    GLOBAL: _SWITCH,
}


@rule("CF441", "warning", "A label for the target of a load balancer has no effect", on=Revision)
def target_label(revision: Revision) -> Iterator[Hit]:
    """A load balancer of Rancher 1.1 reads the label `io.rancher.loadbalancer.target.SERVICE` only for services that it links to.
    If the label is ignored, only the port decides where requests go.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        balancer:
          image: rancher/load-balancer-service
          ports: ['80:80']
          links: [web]
          labels: {io.rancher.loadbalancer.target.wbe: www.example.org}
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels: {io.rancher.loadbalancer.target.web: www.example.org}
    Good:
        -- templates/web/0/docker-compose.yml: services --
        balancer:
          image: rancher/load-balancer-service
          ports: ['80:80']
          links: [web]
          labels: {io.rancher.loadbalancer.target.web: www.example.org}
    Source: rancher-compose-executor v0.14.29, populateLbFields of rancher/lb_service.go
    """
    return in_all(revision, _without_target)


def _without_target(composition: Composition) -> Iterator[Problem]:
    for service in composition.services.values():
        links = {item.value.split(":")[0].strip() for key in ("links", "external_links") for item in items(service.get(key))}
        for label, (key, _) in service.labels.items():
            target = label.removeprefix(TARGET)
            if target in (label, *links) or varies(label) or any(map(varies, links)):
                continue
            message = f"the label for the target {target!r} has no effect: {service.name!r} does not link to this service"
            hint = nearest(target, links) or f"add a link to {target}" * (target in composition.services)
            yield Problem(message, key.where, hint or nearest(target, composition.services, "this service does not exist"))
