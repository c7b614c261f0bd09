"""Whether what a chart installs is there for somebody: each object is used by another, and each reference leads to an object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any


def pod_of(each: dict[str, Any]) -> dict[str, Any]:
    """The spec of a workload's pods; of anything else nothing."""
    found = each.get("spec", {}).get("template", {}).get("spec", {})
    assert isinstance(found, dict)
    return found


def containers_of(each: dict[str, Any]) -> list[dict[str, Any]]:
    pod = pod_of(each)
    return [*pod.get("initContainers", ()), *pod.get("containers", ())]


def name_of(each: dict[str, Any]) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def references_of_volume(volume: dict[str, Any]) -> Iterator[str]:
    for source in (volume, *volume.get("projected", {}).get("sources", ())):
        if "configMap" in source:
            yield f"ConfigMap {source['configMap']['name']}"
        if "secret" in source:
            name = source["secret"].get("secretName", source["secret"].get("name"))
            yield f"{'optional ' if source['secret'].get('optional') else ''}Secret {name}"
    if "persistentVolumeClaim" in volume:
        yield f"PersistentVolumeClaim {volume['persistentVolumeClaim']['claimName']}"


def references(each: dict[str, Any]) -> Iterator[str]:
    """What an object needs of others."""
    for volume in pod_of(each).get("volumes", ()):
        yield from references_of_volume(volume)
    for container in containers_of(each):
        for variable in container.get("env", ()):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                yield f"Secret {variable['valueFrom']['secretKeyRef']['name']}"
    if each["kind"] == "StatefulSet":
        yield f"Service {each['spec']['serviceName']}"
    if "serviceAccountName" in pod_of(each):
        yield f"ServiceAccount {pod_of(each)['serviceAccountName']}"
    for rule in each["spec"].get("rules", ()) if each["kind"] == "Ingress" else ():
        yield from (f"Service {path['backend']['service']['name']}" for path in rule["http"]["paths"])
    if each.get("spec", {}).get("type") == "ExternalName" and each["spec"]["externalName"].endswith(".svc.cluster.local"):
        yield f"Service {each['spec']['externalName'].partition('.')[0]}"


def selected(service: dict[str, Any], objects: list[dict[str, Any]]) -> bool:
    """Whether the selector of a Service is that of some pods."""
    wanted = service["spec"]["selector"].items()
    return any(wanted <= each["spec"]["template"]["metadata"]["labels"].items() for each in objects if pod_of(each))


def volumes_astray(each: dict[str, Any]) -> Iterator[str]:
    """The mounts of a workload that have no volume, and the volumes that no container mounts."""
    there = Counter(volume["name"] for volume in pod_of(each).get("volumes", ()))
    there += Counter(claim["metadata"]["name"] for claim in each.get("spec", {}).get("volumeClaimTemplates", ()))
    mounted = {mount["name"] for container in containers_of(each) for mount in container.get("volumeMounts", ())}
    yield from (f"{name_of(each)}: the mount {name} has no volume" for name in mounted - there.keys())
    yield from (f"{name_of(each)}: nobody mounts {name}" for name in there.keys() - mounted)
    yield from (f"{name_of(each)}: {name} is there {count} times" for name, count in there.items() if count > 1)


def nulls(value: Any, path: str) -> Iterator[str]:
    """The keys of an object that say nothing."""
    if value is None:
        yield f"{path} is null"
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nulls(each, f"{path}.{key}")


def astray(objects: list[dict[str, Any]], *external: str) -> list[str]:
    """What is used by nobody, leads nowhere, or is there twice or empty; `external` claims are not of the chart."""
    found = [fault for each in objects for fault in (*nulls(each, name_of(each)), *volumes_astray(each))]
    there = Counter(map(name_of, objects))
    found += [f"{name} is there {count} times" for name, count in there.items() if count > 1]
    needed = {name for each in objects for name in references(each)}
    wanted = {name for name in needed if not name.startswith("optional ")} - {
        f"PersistentVolumeClaim {name}" for name in external
    }
    found += [f"{name} is nowhere" for name in wanted - there.keys()]
    used = {name.removeprefix("optional ") for name in needed}
    for each in objects:
        if each["kind"] in ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount") and name_of(each) not in used:
            found.append(f"nobody uses {name_of(each)}")
        if each["kind"] == "Service" and "selector" in each["spec"] and not selected(each, objects):
            found.append(f"{name_of(each)} leads to no pod")
    return found
