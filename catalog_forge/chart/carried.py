"""Lists which keys and labels of Rancher 1.x carry over to Kubernetes, and what is reported for all other keys and labels.

The fields are those of Kubernetes 1.25 to 1.37: API reference, "PodSpec" and "Container".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Compose keys for which a pod has an equivalent. `pods` checks the values.
CARRIED = frozenset(
    "image command entrypoint environment labels volumes volumes_from ports expose links external_links scale metadata"
    " health_check network_mode net privileged cap_add cap_drop user working_dir tty stdin_open"
    " mem_limit mem_reservation dns dns_search extra_hosts read_only pid ipc stop_grace_period tmpfs shm_size"
    " restart start_on_create".split()
)
# For each kind of service that gets no pods, the keys that need no report, because `routes` reads them or because they affect
# only containers.
ROUTED: Mapping[str, frozenset[str]] = {
    "balancer": frozenset("image labels links ports expose lb_config load_balancer_config restart".split()),
    "name": frozenset("image labels links external_links hostname external_ips restart".split()),
}
CERTIFICATES = frozenset(("certs", "default_cert"))
PODLESS = "key of a service without pods"

_LOGS = ("the nodes store the logs of all containers", "install Rancher's logging chart to send the logs elsewhere")
_CERTS = (
    "Rancher's certificates are not copied to the cluster",
    "create a Secret of type kubernetes.io/tls, and name it in the Ingress",
)
_STORAGE = ("the storage class of the cluster creates the volumes", "set persistence.storageClass")
_PROCESSOR = (
    "Kubernetes measures CPU time in different units",
    "set resources.requests.cpu and resources.limits.cpu in the template",
)
# Maps each kind of gap to two texts: what the part of the entry becomes in the chart, and what the user can do.
SAID: Mapping[str, tuple[str, str]] = {
    "depends_on": ("Kubernetes starts all workloads at once", "make the program wait for the services that it needs"),
    "retain_ip": ("each new pod gets a new address", "use the DNS name of the pod, which stays the same"),
    "scale_policy": ("the chart sets a fixed number of pods: `scale`", "use a HorizontalPodAutoscaler"),
    "container_name": ("pods are named after their workload", "use the names of the pods"),
    "volume_driver": _STORAGE,
    "storage_driver": ("storage drivers only exist in Rancher 1.x", "install a CSI driver, and set persistence.storageClass"),
    "network_driver": ("network drivers only exist in Rancher 1.x", "nothing: the cluster has its own network"),
    "upgrade_strategy": (
        "Kubernetes updates the pods of a workload one after the other",
        "change updateStrategy in the template",
    ),
    "devices": (
        "a pod gets devices only from a device plugin",
        "install a device plugin, or run the container privileged with a hostPath",
    ),
    "ulimits": ("a pod has the limits of its node", "set the limits on the nodes, or in a script of the image"),
    "cpu_shares": _PROCESSOR,
    "cpuset": ("Kubernetes does not select CPUs by number", "use the static CPU manager policy of the nodes"),
    "cpu_quota": _PROCESSOR,
    "memswap_limit": ("swap is configured on the nodes, not for a pod", "configure swap on the nodes"),
    "log_driver": _LOGS,
    "log_opt": _LOGS,
    "logging": _LOGS,
    "env_file": ("the file is not part of the entry", "write its variables below `environment`, and create the chart again"),
    "extends": ("the file is not part of the entry", "write out the whole service definition"),
    "security_opt": (
        "Kubernetes names security profiles differently",
        "set seLinuxOptions or seccompProfile below securityContext in the template",
    ),
    "init": (
        "Kubernetes adds no init process to a container",
        "set shareProcessNamespace in the template, or use an image with an init process",
    ),
    "hostname": ("a pod is named after its workload", "use the name of the pod, or set `hostname` in the template"),
    "domainname": ("a pod has the domain of its Service", "use the domain of the Service, or set `subdomain` in the template"),
    "metadata": (
        "programs in the cluster cannot read this metadata",
        "pass the metadata as environment variables, or create the chart from a spec",
    ),
    "start_on_create": ("the service starts when the chart is installed", "set services.{name}.scale to 0"),
    "sysctls": ("a pod has another key for kernel parameters", "set securityContext.sysctls in the template"),
    "group_add": ("groups are given as numbers, for the whole pod", "set securityContext.supplementalGroups in the template"),
    "stop_signal": (
        "the container is stopped by the signal that its image declares",
        "set the signal in the image, or set lifecycle.stopSignal in the template (Kubernetes 1.33 or later)",
    ),
    "dns_opt": ("a pod has another key for DNS options", "set dnsConfig.options in the template"),
    "pid": ("a container sees only its own processes", "set shareProcessNamespace in the template"),
    "ipc": (
        "only the containers of one pod share memory",
        "check whether the service needs the shared memory of other containers",
    ),
    **dict.fromkeys(
        ("lb_config", "load_balancer_config"),
        (
            "only a load balancer with selectors reads this key, and an Ingress does not",
            "write an Ingress rule for this service",
        ),
    ),
    "build": ("Kubernetes does not build images", "build the image and push it to a registry"),
    "cpu_period": _PROCESSOR,
    "milli_cpu_reservation": _PROCESSOR,
    "networks": ("all pods of the cluster can reach each other", "isolate them with a NetworkPolicy"),
    "secrets": ("Rancher's secrets are not copied to the cluster", "create a Secret, and mount it in the template"),
    "certs": _CERTS,
    "default_cert": _CERTS,
    "restart": ("Kubernetes always restarts the containers of this pod", "write a Job instead if the program is meant to end"),
    "user": (
        "Kubernetes accepts only numeric user IDs, so the container runs as the user of its image",
        "set securityContext.runAsUser to the numeric ID of this user",
    ),
    "answer that changes the stack's structure": (
        "the answer determines the structure of the stack, so in the chart the answer is always {value}",
        "to use another answer, create another chart with --set {name}=...",
    ),
    PODLESS: (
        "the service has no pods in the cluster, so the chart leaves this setting out",
        "check whether the ingress controller has a similar setting",
    ),
    "key of a sidekick": (
        "the containers of a pod share this setting, and the chart uses the value from {service}",
        "move the setting to {service}",
    ),
    "key of a sidekick that Rancher ignores": (
        "Rancher reads this key only from the primary service {service}",
        "nothing, or move the key to {service}",
    ),
    "ignored by Rancher": ("{becomes}", "nothing, or correct the entry"),
    "address of Rancher": (
        "Rancher's metadata service and DNS do not exist in the cluster",
        "use the DNS name of a Service instead",
    ),
    "variable without a question": (
        "no question asks for this variable, so it is empty",
        "add a question for the variable to the entry",
    ),
    "limit of a question": ("the default {value} breaks this limit, so the chart leaves the limit out", "correct the question"),
    "question of a type": ("in Rancher 2 the question has the type {asked}", "nothing: users type the answer"),
    "name of a service": (
        "in the cluster the service is called {name} and cannot be found under its old name",
        "change the programs that use the old name",
    ),
    "service that runs once": (
        "the service runs once for each revision of the Helm release",
        "make sure that the service can run again",
    ),
    "global service": (
        "the metadata files do not list the containers of this service",
        "if a template reads the containers of this service, give the service a scale instead",
    ),
    "secret outside a Secret": (
        "the secret answer is in a {object}, which more people can read than a Secret",
        "pass the answer in an environment variable, or restrict who may read the object",
    ),
    "secret in a label": (
        "the label contains a secret, so the chart leaves it out",
        "pass the secret in an environment variable if a program needs it",
    ),
    "name of a label": (
        "an annotation cannot have this name or length, so the chart leaves the label out",
        "give the label another name or a shorter value",
    ),
    "label of a sidekick": (
        "another container of the pod gives this label another value: the chart keeps that value and leaves out this container's",
        "give the label another name",
    ),
    "label of hosts": (
        "the labels of the nodes decide on which nodes the pods run",
        "give the nodes the labels that the hosts of Rancher 1.x had",
    ),
    "name of a variable": (
        "Kubernetes does not accept this variable name, so the chart leaves the variable out",
        "give the variable another name",
    ),
    "health check": (
        "a pod that fails the check gets no requests, but Kubernetes does not restart it",
        "set services.{service}.liveness to true if such a pod must be restarted",
    ),
    "request of a health check": (
        "a probe can only send GET requests without secrets, so this probe only opens the port",
        "use a path that answers a GET request without secrets",
    ),
    "volume driver": _STORAGE,
    "volume of several services": (
        "all pods that mount the volume share one PersistentVolumeClaim",
        "set persistence.accessMode to ReadWriteMany, and choose a storage class that supports it",
    ),
    "volumes of an image": (
        "the chart does not share the volumes that the image of this service declares",
        "list these volumes below `volumes`, and create the chart again",
    ),
    "files of an image in a volume": (
        "the volume starts empty, without the files that the image has at this path",
        "copy the files in the container's command",
    ),
    "option of a volume": (
        "mounts have other options in Kubernetes, so the chart leaves this one out",
        "set a similar option, such as sizeLimit or mountPropagation, in the template",
    ),
    "volume without a claim": (
        "the volume is deleted when its pod is deleted",
        "mount a path of the host; in a global service, you can also replace the label io.rancher.scheduler.global with a scale",
    ),
    "path of a host": ("the path is on the node on which the pod runs", "pin the pods to nodes, or use a PersistentVolumeClaim"),
    "external volume": (
        "the chart expects that a PersistentVolumeClaim for this volume exists",
        "create the claim, and copy the data of the old volume to it",
    ),
    "host network": (
        "the pod uses the ports of its node, so each node runs at most one of these pods",
        "use a Service if the program does not need the host network",
    ),
    "network mode": (
        "every pod has an address in the cluster, so this setting has no effect",
        "restrict the pod's connections with a NetworkPolicy",
    ),
    "network of a sidekick": (
        "the containers of a pod share the network of the primary service",
        "turn the sidekick into a separate service",
    ),
    "port of a sidekick": (
        "{other} also uses this port, and the containers of a pod share one address",
        "turn the sidekick into a separate service",
    ),
    "name or address": ("Kubernetes does not accept this value, so the chart leaves it out", "correct the name or address"),
    "address of a published port": (
        "a Service answers on all addresses of the nodes, not only on {address}",
        "set services.{service}.serviceType to ClusterIP, or block the port with a NetworkPolicy",
    ),
    "port on a single address of the host": (
        "only the host itself could reach this port, so no Service publishes it",
        "use `kubectl port-forward`",
    ),
    "port of a load balancer": (
        "no rule uses this port, so the chart leaves it out",
        "nothing, or write an Ingress for the port",
    ),
    "setting of a load balancer": (
        "each ingress controller configures this in its own way, so the chart leaves it out",
        "set the annotations of the ingress controller in the cluster",
    ),
    "setting of a health check": ("a probe has no such setting", "check whether the service needs it"),
    "published port": (
        "the nodes publish this port under a different number",
        "to keep the number, set services.{service}.serviceType to LoadBalancer, or write an Ingress",
    ),
    "service that is only a name": ("{becomes}", "create a Service and an EndpointSlice for {left}"),
    "link to another stack": (
        "the link leads to a service of another stack, so nothing answers under the name of the link",
        "create {alias}, a Service of type ExternalName that leads to {leads}",
    ),
    "name of a link": ("{becomes}", "change the programs that use this name"),
    "rule of a load balancer": ("{becomes}", "make sure that the cluster has an ingress controller or a load balancer"),
    "load balancer without rules": (
        "the load balancer has no rules that a chart can express",
        "write an Ingress for the services behind the load balancer",
    ),
}
# Maps the beginning of the key of a note about the composed stack to the kind of gap for the note. The longest match counts.
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

_AGENT = (
    "API keys of Rancher 1.x do not exist in the cluster",
    "give the pod a ServiceAccount, and make the program use the Kubernetes API",
)
_RULES = ("the label is part of the rules of a load balancer", "compare it with the Ingress of the chart")
# Maps the beginning of the name of a label that Rancher acts on to what the label becomes. The longest match counts. None means
# that a label with exactly this name carries over.
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
        "the scheduler of the cluster chooses the nodes of the pods",
        "write an affinity into the workload's template",
    ),
    "io.rancher.container.dns": None,
    "io.rancher.container.create_agent": _AGENT,
    "io.rancher.container.agent": _AGENT,
    "io.rancher.container.agent_service": (
        "the cluster does not run Rancher 1.x's own services",
        "look for the equivalent in Rancher 2",
    ),
    "io.rancher.container.requested_ip": ("a pod cannot request an address", "use the DNS name of the pod"),
    "io.rancher.container.network": None,
    "io.rancher.loadbalancer.ssl": _CERTS,
    "io.rancher.loadbalancer": _RULES,
    "io.rancher.lb_service": _RULES,
    "io.rancher.service.selector": ("Services select pods by labels of Kubernetes", "write a selector into the Service"),
    "io.rancher": ("the label is specific to Rancher 1.x", "check whether a program reads it"),
}


def label(name: str) -> tuple[str, str] | None:
    """Return why a label does not carry over, with advice.

    Return None if the label carries over, and ("", "") if Rancher does not act on it.
    """
    found = _beginning(name, (each for each, said in LABELS.items() if said or name == each))
    return LABELS[found] if found else ("", "")


def noted(key: str) -> str:
    """Return the kind of gap for a note of the stack at this key, or "" if `Objects` reports the gap."""
    return NOTED.get(_beginning(key, NOTED), "")


def _beginning(text: str, known: Iterable[str]) -> str:
    """Return the longest text in `known` with which `text` begins, or ""."""
    return max((each for each in known if text.startswith(each)), key=len, default="")
