"""The keys of services in compose files: those that rancher-compose knows, and what becomes of them here.

Where they come from: docs/facts/catalog.md#3.13 and #4.5, and the schemas of rancher-compose's executor.
"""

from __future__ import annotations

_BOTH = frozenset(
    "blkio_weight blkio_weight_device build cap_add cap_drop certs cgroup_parent command container_name cpu_period cpu_shares "
    "cpu_quota cpuset description device_read_bps device_read_iops devices device_write_bps device_write_iops default_cert "
    "disks dns dns_opt dns_search domainname drain_timeout_ms entrypoint env_file environment expose extends extra_hosts "
    "external_ips external_links health_check hostname image ipc isolation labels lb_config links load_balancer_config "
    "mac_address memory mem_limit mem_reservation memswap_limit mem_swappiness milli_cpu_reservation metadata network_driver "
    "oom_kill_disable oom_score_adj group_add pid ports privileged read_only restart retain_ip scale scale_policy security_opt "
    "shm_size start_on_create stdin_open stop_signal stop_grace_period storage_driver sysctls init tty type upgrade_strategy "
    "ulimits user userdata uts vcpu volumes volume_driver volumes_from working_dir".split()
)
V1 = _BOTH | frozenset("dockerfile log_driver log_opt net".split())
V2 = _BOTH | frozenset("config depends_on logging network_mode networks port_rules secrets stickiness_policy tmpfs".split())

# Keys that become fields of a launch or of its service.
TAKEN = frozenset(
    "image command entrypoint environment labels volumes volumes_from net network_mode ports restart scale scale_policy "
    "health_check metadata links external_links depends_on retain_ip lb_config build extends description start_on_create "
    "expose stop_grace_period log_driver log_opt logging".split()
)
# Keys that go to the engine as they are, by the form of their value.
TEXTS = frozenset("user working_dir hostname domainname cpuset stop_signal ipc pid cgroup_parent".split())
TRUTHS = frozenset("tty stdin_open privileged read_only init oom_kill_disable".split())
LISTS = frozenset("cap_add cap_drop devices dns dns_opt dns_search group_add security_opt tmpfs".split())
PAIRS = frozenset("extra_hosts sysctls".split())
NUMBERS = frozenset("cpu_period cpu_quota cpu_shares mem_swappiness oom_score_adj".split())
SIZES = frozenset("mem_limit mem_reservation memswap_limit shm_size".split())

# Options of the engine's own log. Its other drivers cannot be read back, or send elsewhere what containers say.
LOG_OPTIONS = frozenset("max-size max-file compress labels env tag".split())

# What compose refuses when it stands twice in one list.
UNIQUE = frozenset("ports volumes links external_links volumes_from depends_on cap_add cap_drop devices expose".split())

# Keys that one engine cannot honour, and why.
UNHONOURED = {
    "container_name": "containers are named as Rancher names them",
    "storage_driver": "storage drivers are Rancher's",
    "network_driver": "network drivers are Rancher's",
    "upgrade_strategy": "units are replaced one after the other",
    "load_balancer_config": "it is read of an image rancher/load-balancer-service only",
    "volume_driver": "volumes are those of the engine",
    "networks": "services share the one network of the stack",
    "secrets": "Rancher's secrets are not there",
    "memory": "nothing is scheduled on one host",
    "milli_cpu_reservation": "nothing is scheduled on one host",
}
WITHOUT_REASON = "one engine cannot honour it"

# The label of a primary that names its sidekicks, and the one of a service with a unit on each host.
SIDEKICKS = "io.rancher.sidekicks"
GLOBAL = "io.rancher.scheduler.global"

# Labels that ask Rancher for something, and what becomes of it; the longest beginning counts.
LABELS = {
    "io.rancher.scheduler.affinity": "there is one host: nothing is scheduled",
    "io.rancher.scheduler.global": "there is one host: one unit runs",
    "io.rancher.container.dns": "the engine's DNS answers in every container",
    "io.rancher.container.create_agent": "there is no Rancher whose API keys a container could be given",
    "io.rancher.container.agent": "there is no Rancher whose API keys a container could be given",
    "io.rancher.container.agent_service": "there is no Rancher to act on this",
    "io.rancher.container.requested_ip": "the engine gives addresses",
    "io.rancher.loadbalancer": "it is read of an image rancher/load-balancer-service only",
    "io.rancher.lb_service": "the rules of load balancers stand in lb_config only",
    "io.rancher.service.selector": "links and containers are not selected by labels",
}
