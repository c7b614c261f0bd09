"""What becomes of the keys and labels of Rancher 1.x in Kubernetes: those that carry over, and what is said of the others.

Fields: Kubernetes 1.25 to 1.37, API reference, "PodSpec" and "Container".
"""

from __future__ import annotations

from collections.abc import Mapping

# Keys of compose that a pod says in its own words, whatever their value; `pods` looks at the values.
CARRIED = frozenset(
    "image command entrypoint environment labels volumes volumes_from ports expose links external_links scale metadata"
    " health_check lb_config load_balancer_config network_mode net privileged cap_add cap_drop user working_dir tty stdin_open"
    " mem_limit mem_reservation dns dns_search extra_hosts read_only pid ipc stop_grace_period tmpfs shm_size"
    " restart description start_on_create".split()
)

_RUNTIME = "set it on the nodes, or in the image"
_SCHEDULER = "set requests and limits in the values, or a nodeSelector"
# For all other keys: what becomes of them, and what to do.
KEYS: Mapping[str, tuple[str, str]] = {
    "depends_on": (
        "all workloads start at once",
        "let the program wait for what it needs: Rancher's order ended at the first start",
    ),
    "retain_ip": ("a pod has a new address each time", "use its DNS name, which stays"),
    "scale_policy": ("the number of pods is `scale`", "use a HorizontalPodAutoscaler"),
    "container_name": ("pods are named by their workload", "use the names of the pods"),
    "volume_driver": ("the storage class of the cluster makes the volumes", "set persistence.storageClass"),
    "storage_driver": ("storage drivers are Rancher 1.x's own", "install a CSI driver, and set persistence.storageClass"),
    "network_driver": ("network drivers are Rancher 1.x's own", "the cluster has its own network"),
    "upgrade_strategy": ("workloads are updated one pod after the other", "change updateStrategy in the template"),
    "devices": ("a pod gets devices from a device plugin only", "install one, or run the container privileged with a hostPath"),
    "ulimits": ("a pod has the limits of its node", _RUNTIME),
    "cpu_shares": ("processor time is asked for in other units", _SCHEDULER),
    "cpuset": ("processors are not chosen by number", "use the static CPU manager of the nodes"),
    "cpu_quota": ("processor time is asked for in other units", _SCHEDULER),
    "memswap_limit": ("swap is a setting of the nodes", _RUNTIME),
    "log_driver": ("what containers say is kept by the nodes", "install Rancher's logging chart"),
    "log_opt": ("what containers say is kept by the nodes", "install Rancher's logging chart"),
    "logging": ("what containers say is kept by the nodes", "install Rancher's logging chart"),
    "env_file": ("the file is not in the entry", "put its variables below `environment`, and make the chart again"),
    "extends": ("the file is not in the entry", "write the service out"),
    "security_opt": ("profiles are named in other words", "set securityContext.seLinuxOptions or seccompProfile"),
    "init": ("a pod has no such process", "set shareProcessNamespace, or take an image with an init"),
    "networks": ("all pods of the cluster see each other", "use a NetworkPolicy"),
    "secrets": ("Rancher's secrets stay in Rancher", "make a Secret, and mount it"),
    "certs": ("Rancher's certificates stay in Rancher", "make a Secret of type kubernetes.io/tls, and name it in the Ingress"),
    "default_cert": (
        "Rancher's certificates stay in Rancher",
        "make a Secret of type kubernetes.io/tls, and name it in the Ingress",
    ),
}
OTHERWISE = ("Kubernetes has no such setting for a pod", "see whether the service needs it")

_AGENT = ("there are no API keys of Rancher 1.x", "give the pod a ServiceAccount, and let the program speak with Kubernetes")
# Labels that ask Rancher for something; the longest beginning counts. None: it carries over.
LABELS: Mapping[str, tuple[str, str] | None] = {
    "io.rancher.sidekicks": None,
    "io.rancher.scheduler.global": None,
    "io.rancher.container.start_once": None,
    "io.rancher.container.hostname_override": None,
    "io.rancher.container.pull_image": None,
    "io.rancher.scheduler.affinity:host_label": None,
    "io.rancher.scheduler.affinity:container_label": None,
    "io.rancher.scheduler.affinity": (
        "pods are spread by the cluster's scheduler",
        "write an affinity into the workload's template",
    ),
    "io.rancher.container.dns": None,
    "io.rancher.container.create_agent": _AGENT,
    "io.rancher.container.agent": _AGENT,
    "io.rancher.container.agent_service": ("Rancher 1.x's own services are not there", "look for what does this in Rancher 2"),
    "io.rancher.container.requested_ip": ("a pod has the address that it is given", "use its DNS name"),
    "io.rancher.container.network": None,
    "io.rancher.loadbalancer": ("it is part of a load balancer's rules", "see the Ingress of the chart"),
    "io.rancher.lb_service": ("it is part of a load balancer's rules", "see the Ingress of the chart"),
    "io.rancher.service.selector": ("Services select pods by labels of Kubernetes", "write a selector into the Service"),
    "io.rancher": ("it is a word of Rancher 1.x", "see whether something reads it"),
}


def label(name: str) -> tuple[str, str] | None:
    """What becomes of a label that asks Rancher for something, None where it carries over; ("", "") for anybody else's."""
    beginnings = [each for each in LABELS if name.startswith(each)]
    return LABELS[max(beginnings, key=len)] if beginnings else ("", "")
