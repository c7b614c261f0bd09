"""Lists the keys that rancher-compose knows in the services of compose files, and how `up` treats each key.

Source of the keys: docs/facts/catalog.md#3.13 and #4.5, and the schemas of rancher-compose's executor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key of a service: its type (`judgement.services` has a check for each type), and the compose versions that have it.

    `here` is how `up` uses the key: `taken` if `up` itself uses the value, `engine` if `up` passes the value to the engine.
    """

    name: str
    type: str
    forms: str = "12"
    here: str = ""


# Each line has the form TYPE USE: KEYS, where USE is how `up` uses the keys (missing if `up` ignores them). A `1` or `2`
# before a key means that only this compose version has the key.
_TABLE = """
text taken: image restart description 1log_driver 1net 2network_mode
text engine: cgroup_parent cpuset domainname hostname ipc stop_signal user working_dir
text: container_name default_cert isolation mac_address type userdata uts volume_driver 1dockerfile 2config
text-or-nothing engine: pid
truth taken: retain_ip start_on_create
truth engine: init oom_kill_disable privileged read_only stdin_open tty
number taken: scale
number engine: cpu_period cpu_quota cpu_shares
number: blkio_weight drain_timeout_ms milli_cpu_reservation vcpu
whole engine: mem_swappiness
score engine: oom_score_adj
size engine: mem_limit memswap_limit shm_size
reservation engine: mem_reservation
size: memory
duration taken: stop_grace_period
command taken: command entrypoint
ports taken: ports expose
set taken: links external_links volumes volumes_from 2depends_on
set engine: cap_add cap_drop devices security_opt
set: blkio_weight_device certs external_ips
numbers engine: group_add
text-or-set engine: dns dns_search 2tmpfs
text-or-set: env_file
rates: device_read_bps device_read_iops device_write_bps device_write_iops
list engine: dns_opt
list-of-pairs engine: extra_hosts
labels taken: labels
labels engine: sysctls
environment taken: environment
limits engine: ulimits
build taken: build
extends taken: extends
map taken: metadata 1log_opt health_check lb_config scale_policy upgrade_strategy 2logging
map: load_balancer_config network_driver storage_driver 2stickiness_policy
networks: 2networks
secrets: 2secrets
disks: disks
rules: 2port_rules
"""


def _rows() -> Iterator[ServiceKey]:
    for line in _TABLE.split("\n"):
        head, _, names = line.partition(":")
        kind, _, here = head.partition(" ")
        for name in names.split():
            forms = name[0] if name[0] in "12" else "12"
            yield ServiceKey(name.lstrip("12"), kind, forms, here)


KEYS = {key.name: key for key in sorted(_rows(), key=lambda key: key.name)}
V1, V2 = (frozenset(key.name for key in KEYS.values() if form in key.forms) for form in "12")
HONOURED = frozenset(key.name for key in KEYS.values() if key.here)

# Options of the engine's own log drivers. `up` uses no other drivers, because it cannot read their logs.
LOG_OPTIONS = frozenset("max-size max-file compress labels env tag".split())

# Keys that have no effect on a single Docker engine, and the reason for each.
UNHONOURED = {
    "container_name": "containers get the names that Rancher would give them",
    "storage_driver": "only Rancher has storage drivers",
    "network_driver": "only Rancher has network drivers",
    "load_balancer_config": "it is used only with the image rancher/load-balancer-service",
    "volume_driver": "the engine creates all volumes",
    "networks": "all services share the network of the stack",
    "secrets": "Rancher's secrets are not available",
    "memory": "there is only one host, so nothing is scheduled",
    "milli_cpu_reservation": "there is only one host, so nothing is scheduled",
}
WITHOUT_REASON = "a single Docker engine does not support it"

MOUNT = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_.-]*|/[^:]*):/[^:]*(?::[A-Za-z,]+)?|/[^:]*")
"""An item of `volumes` that the engine can mount on any host."""
# The label by which a primary names its sidekicks, and the label that makes a service run one unit on each host.
SIDEKICKS = "io.rancher.sidekicks"
GLOBAL = "io.rancher.scheduler.global"
# The label of a container that is expected to exit when its work is done.
START_ONCE = "io.rancher.container.start_once"
# The label that sets the host name of a container. With the value "container_name", the host name is the container's name.
HOSTNAME_OVERRIDE = "io.rancher.container.hostname_override"
# The images of load balancers: Rancher 1.2 uses the first name, and Rancher 1.1 uses the second name.
BALANCER = re.compile(r"(?:[^/]+/)*(lb-service-haproxy|load-balancer-service)(?:[:@].*)?")
# The image of a load balancer of Rancher 1.1. On a service with this image, the label whose name is TARGET followed by the name
# of a service selects the requests for that service.
OLD_BALANCER = "rancher/load-balancer-service"
# Names of images that select a special kind of Rancher service. These images are never pulled.
ROLES = (OLD_BALANCER, "rancher/dns-service", "rancher/external-service", "rancher/none")
TARGET = "io.rancher.loadbalancer.target."

# The labels that Rancher acts on and `up` ignores, by prefix, each with the reason. The longest matching prefix counts.
LABELS = {
    "io.rancher.scheduler.affinity": "there is only one host, so nothing is scheduled",
    "io.rancher.scheduler.global": "there is only one host, so only one unit runs",
    "io.rancher.container.dns": "containers use the engine's DNS",
    "io.rancher.container.create_agent": "without Rancher, there are no API keys for the container",
    "io.rancher.container.agent": "without Rancher, there are no API keys for the container",
    "io.rancher.container.agent_service": "only Rancher acts on it",
    "io.rancher.container.requested_ip": "the engine assigns addresses",
    "io.rancher.loadbalancer": "it is used only with the image rancher/load-balancer-service",
    "io.rancher.lb_service": "load balancer rules come only from lb_config",
    "io.rancher.service.selector": "labels do not select links or containers here",
}
