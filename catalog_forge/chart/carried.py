"""Lists which keys and labels of Rancher 1.x carry over to Kubernetes, and what is reported for all other keys and labels.

The fields are those of Kubernetes 1.25 to 1.37: API reference, "PodSpec" and "Container".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Compose keys that a pod has an equivalent for, whatever their value. `pods` checks the values.
CARRIED = frozenset(
    "image command entrypoint environment labels volumes volumes_from ports expose links external_links scale metadata"
    " health_check network_mode net privileged cap_add cap_drop user working_dir tty stdin_open"
    " mem_limit mem_reservation dns dns_search extra_hosts read_only pid ipc stop_grace_period tmpfs shm_size"
    " restart start_on_create".split()
)
# For each kind of service without pods: the keys that `routes` reads, or that have no meaning without containers.
ROUTED: Mapping[str, frozenset[str]] = {
    "balancer": frozenset("image labels links ports expose lb_config load_balancer_config restart".split()),
    "name": frozenset("image labels links external_links hostname external_ips restart".split()),
}
CERTIFICATES = frozenset(("certs", "default_cert"))
PODLESS = "key of a service without pods"

_RUNTIME = "set it on the nodes, or in the image"
_SCHEDULER = "set requests and limits in the values, or a nodeSelector"
_LOGS = ("the nodes keep the containers' logs", "install Rancher's logging chart")
_CERTS = ("Rancher's certificates stay in Rancher", "make a Secret of type kubernetes.io/tls, and name it in the Ingress")
_STORAGE = ("the storage class of the cluster makes the volumes", "set persistence.storageClass")
_PROCESSOR = ("CPU time is requested in different units", _SCHEDULER)
# For each kind of gap, such as a key that does not carry over: what it becomes in the chart, and what to do about it.
SAID: Mapping[str, tuple[str, str]] = {
    "depends_on": ("all workloads start at once", "make the program wait for what it needs"),
    "retain_ip": ("a pod has a new address each time", "use its DNS name, which stays"),
    "scale_policy": ("the number of pods is `scale`", "use a HorizontalPodAutoscaler"),
    "container_name": ("pods are named after their workload", "use the names of the pods"),
    "volume_driver": _STORAGE,
    "storage_driver": ("storage drivers only exist in Rancher 1.x", "install a CSI driver, and set persistence.storageClass"),
    "network_driver": ("network drivers only exist in Rancher 1.x", "the cluster has its own network"),
    "upgrade_strategy": ("workloads are updated one pod after the other", "change updateStrategy in the template"),
    "devices": ("a pod gets devices only from a device plugin", "install one, or run the container privileged with a hostPath"),
    "ulimits": ("a pod has the limits of its node", _RUNTIME),
    "cpu_shares": _PROCESSOR,
    "cpuset": ("CPUs are not selected by number", "use the static CPU manager of the nodes"),
    "cpu_quota": _PROCESSOR,
    "memswap_limit": ("swap is a setting of the nodes", _RUNTIME),
    "log_driver": _LOGS,
    "log_opt": _LOGS,
    "logging": _LOGS,
    "env_file": ("the file is not in the entry", "put its variables below `environment`, and make the chart again"),
    "extends": ("the file is not in the entry", "write out the whole service definition"),
    "security_opt": ("profiles are named differently", "set securityContext.seLinuxOptions or seccompProfile"),
    "init": ("a pod has no such process", "set shareProcessNamespace, or use an image with an init"),
    "hostname": ("a pod is named after its workload", "use the name of the pod, or set `hostname` in the template"),
    "domainname": ("a pod has the domain of its Service", "use that, or set `subdomain` in the template"),
    "metadata": (
        "the programs do not receive it",
        "pass it to them as variables, or make the chart from a spec",
    ),
    "start_on_create": ("it starts at once", "set services.{service}.scale to 0"),
    "sysctls": ("kernel parameters are set in another key", "set securityContext.sysctls in the template"),
    "group_add": ("groups are given as numbers, for the whole pod", "set securityContext.supplementalGroups in the template"),
    "stop_signal": ("the signal is that of the image", "set it in the image, or lifecycle.stopSignal (Kubernetes 1.33)"),
    "dns_opt": ("DNS options are set in another key", "set dnsConfig.options in the template"),
    "pid": ("a container sees its own processes only", "set shareProcessNamespace in the template"),
    "ipc": ("the containers of one pod share their memory, and no others", "check whether the service needs it"),
    **dict.fromkeys(
        ("lb_config", "load_balancer_config"),
        ("only a load balancer that selects its services reads it, not an Ingress", "write a rule of an Ingress for it"),
    ),
    "build": ("an image is not built when it is installed", "build and push it beforehand"),
    "cpu_period": _PROCESSOR,
    "milli_cpu_reservation": _PROCESSOR,
    "networks": ("all pods of the cluster reach each other", "use a NetworkPolicy"),
    "secrets": ("Rancher's secrets stay in Rancher", "create a Secret, and mount it"),
    "certs": _CERTS,
    "default_cert": _CERTS,
    "restart": ("containers of a pod are always restarted", "make it a Job if it is meant to end"),
    "user": ("a pod accepts only numbers: it runs as the user of its image", "set securityContext.runAsUser to its number"),
    "answer that changes the stack's structure": (
        "it determines the structure of the stack, so it is fixed to {value}",
        "make another chart with --set {name}=...",
    ),
    PODLESS: ("the service has no pods in the cluster: it is left out", "see whether an ingress controller has such a setting"),
    "key of a sidekick": ("containers of a pod share one: that of {service} counts", "set it for {service}"),
    "key of a sidekick that Rancher ignores": ("Rancher reads it only from {service}", "nothing, or set it for {service}"),
    "ignored by Rancher": ("{becomes}", "nothing, or correct the entry"),
    "address of Rancher": ("Rancher's metadata and DNS do not answer in the cluster", "use the name of the Service instead"),
    "variable without a question": ("no question asks for it: it is empty", "ask for it in the entry"),
    "limit of a question": ("the default {value} breaks it: the chart leaves this limit out", "correct the question"),
    "question of a type": ("Rancher 2 asks for it as {asked}", "nothing: type the answer in"),
    "name of a service": (
        "it is called {name} in the cluster, and cannot be found under its old name",
        "change the programs that ask for it",
    ),
    "service that runs once": ("it runs once for each revision of the release", "make sure that it can run again"),
    "global service": ("the metadata lists none of its containers", "give it a scale, if its templates look at its peers"),
    "secret outside a Secret": (
        "it is in a {object}, which more people may read than a Secret",
        "give it to the program as a variable, or restrict who may read the object",
    ),
    "secret in a label": ("it contains a secret: it is left out", "do without it"),
    "name of a label": (
        "an annotation cannot have this name or length: it is left out",
        "give it another name or a shorter text",
    ),
    "label of a sidekick": ("another container of its pod has it with a different value: it is left out", "give it another name"),
    "label of hosts": ("its pods run on nodes with these labels", "give the nodes the labels that the hosts of Rancher 1.x had"),
    "name of a variable": ("a container in Kubernetes cannot have such a variable: it is left out", "give it another name"),
    "health check": ("a pod that fails gets no requests", "set services.{service}.liveness to true where it must be restarted"),
    "request of a health check": ("Kubernetes asks with GET only: the probe opens the port", "use a path that answers GET"),
    "volume driver": _STORAGE,
    "volume of several services": (
        "it is one PersistentVolumeClaim",
        "set persistence.accessMode to ReadWriteMany, and choose a storage class that supports it",
    ),
    "volumes of an image": (
        "the volumes that its image declares are not shared",
        "list them below `volumes`, and make the chart again",
    ),
    "files of an image in a volume": ("it begins empty, without the files of the image", "copy them in the container's command"),
    "option of a volume": (
        "the mount of a pod has no such option: it is left out",
        "set it in the template",
    ),
    "volume without a claim": ("it is lost with its pod", "mount a path of the host, or give the service a scale"),
    "path of a host": ("it is a path of the node on which the pod runs", "pin the pods to nodes, or use a PersistentVolumeClaim"),
    "external volume": ("it is a PersistentVolumeClaim that must exist already", "create it, with the data of the old volume"),
    "host network": (
        "it uses the ports of the node: at most one pod per node",
        "use a Service if it does not need the host network",
    ),
    "network mode": ("a pod has an address in the cluster", "use a NetworkPolicy"),
    "network of a sidekick": ("it has the network of its pod, which is that of the first container", "make it a service"),
    "port of a sidekick": ("{other} has this port, too: the containers of a pod have one address", "make it a service"),
    "name or address": ("Kubernetes refuses it: it is left out", "correct it"),
    "address of a published port": (
        "a Service answers on all addresses of the nodes, not on {address} alone",
        "set services.{service}.serviceType: ClusterIP, or bar the port with a NetworkPolicy",
    ),
    "port on a single address of the host": (
        "only its host could reach it: no Service publishes it",
        "use `kubectl port-forward`",
    ),
    "port of a load balancer": ("no rule uses it: it is left out", "nothing, or write an Ingress"),
    "setting of a load balancer": ("each ingress controller has its own settings for it: it is left out", "set its annotations"),
    "setting of a health check": ("a probe has no such setting", "check whether the service needs it"),
    "published port": ("nodes use another port for it", "set services.{service}.serviceType: LoadBalancer, or write an Ingress"),
    "service that is only a name": ("{becomes}", "create a Service and an EndpointSlice for {left}"),
    "link to another stack": (
        "it is a service of another stack: nothing answers",
        "create {alias}, a Service of type ExternalName for {leads}",
    ),
    "name of a link": ("{becomes}", "change the programs that ask for it"),
    "rule of a load balancer": ("{becomes}", "make sure that there is an ingress controller or a load balancer"),
    "load balancer without rules": ("it has no rules that can be expressed in a chart", "write an Ingress"),
}
# The kind of gap for a note of the composed stack, by the beginning of the note's key. The longest match counts.
NOTED: Mapping[str, str] = {
    "volumes.": "volume driver",
    "${": "variable without a question",
    "lb_config.": "setting of a load balancer",
    "load_balancer_config.": "setting of a load balancer",
    "port_rules.": "setting of a load balancer",
    **dict.fromkeys(("lb_config.certs", "lb_config.default_cert", "port_rules.protocol:"), "certs"),
    **dict.fromkeys(("port_rules", "port_rules.service:"), "rule of a load balancer"),
    "health_check.": "setting of a health check",
}
OTHERWISE = ("Kubernetes has no such setting for a pod", "check whether the service needs it")

_AGENT = ("there are no API keys of Rancher 1.x", "give the pod a ServiceAccount, and let the program talk to Kubernetes")
# What labels that Rancher acts on become, by the beginning of their names. The longest match counts. None means that the label
# with exactly this name carries over.
LABELS: Mapping[str, tuple[str, str] | None] = {
    "io.rancher.sidekicks": None,
    "io.rancher.scheduler.global": None,
    "io.rancher.container.start_once": None,
    "io.rancher.container.hostname_override": None,
    "io.rancher.container.pull_image": None,
    **{
        f"io.rancher.scheduler.affinity:{of}_label{how}": None
        for of in ("host", "container")
        for how in ("", "_ne", "_soft", "_soft_ne")
    },
    "io.rancher.scheduler.affinity": (
        "pods are spread by the cluster's scheduler",
        "write an affinity into the workload's template",
    ),
    "io.rancher.container.dns": None,
    "io.rancher.container.create_agent": _AGENT,
    "io.rancher.container.agent": _AGENT,
    "io.rancher.container.agent_service": (
        "the cluster does not run Rancher 1.x's own services",
        "look for the equivalent in Rancher 2",
    ),
    "io.rancher.container.requested_ip": ("a pod has the address that it is given", "use its DNS name"),
    "io.rancher.container.network": None,
    "io.rancher.loadbalancer.ssl": _CERTS,
    "io.rancher.loadbalancer": ("it is part of a load balancer's rules", "see the Ingress of the chart"),
    "io.rancher.lb_service": ("it is part of a load balancer's rules", "see the Ingress of the chart"),
    "io.rancher.service.selector": ("Services select pods by labels of Kubernetes", "write a selector into the Service"),
    "io.rancher": ("it is specific to Rancher 1.x", "check whether anything reads it"),
}


def label(name: str) -> tuple[str, str] | None:
    """Return what a label that Rancher acts on becomes. Return None if it carries over, and ("", "") for any other label."""
    found = _beginning(name, (each for each, said in LABELS.items() if said or name == each))
    return LABELS[found] if found else ("", "")


def noted(key: str) -> str:
    """Return the kind of gap for a note of the stack at this key, or "" if `Objects` reports the gap."""
    return NOTED.get(_beginning(key, NOTED), "")


def _beginning(text: str, known: Iterable[str]) -> str:
    """Return the longest of the known beginnings that a text starts with, or ""."""
    return max((each for each in known if text.startswith(each)), key=len, default="")
