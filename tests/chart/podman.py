"""Pods that run: those of a chart's StatefulSets, on Debian's podman.

`podman kube play` takes pods, and knows neither StatefulSets nor Services nor projected volumes. Three things are done for it:
the ordinals are expanded into pods, as the StatefulSet controller does it; the names of Services become names in the network; and
a folder stands for the metadata, brought up to date as the kubelet does it, by a link that is renamed.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.stores.servers import Missing, tool

NAMESPACE = "default"
DOMAIN = f"{NAMESPACE}.svc.cluster.local"


@dataclass
class Podman:
    """podman with storage and a network of its own, and the pods that it runs."""

    folder: Path
    settings: str
    network: str
    played: set[str] = field(default_factory=set)

    def __call__(self, *words: str | Path, stdin: str | None = None) -> str:
        """Call podman and return what it prints; its failure fails the test."""
        done = self.call(*words, stdin=stdin)
        assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}"
        return done.stdout

    def call(self, *words: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        places = {"--root": "root", "--runroot": "run", "--network-config-dir": "networks"}
        environment = {**os.environ, "CONTAINERS_CONF": self.settings}
        command = ["podman", *(word for option, name in places.items() for word in (option, self.folder / name)), *words]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=300, env=environment)

    def load(self, image: str) -> None:
        """Take an image over from the Docker engine."""
        archive = self.folder / "image.tar"
        subprocess.run(["docker", "save", image, "--output", archive], check=True, capture_output=True)
        self("load", "--input", archive)
        archive.unlink()

    def apply(self, objects: list[dict[str, Any]]) -> None:
        """Bring the metadata up to date, then start the pods that are wanted and are not there."""
        for each in objects:
            if each["kind"] == "StatefulSet":
                publish(self.tree(each), data_of(each, objects))
        for pod in pods(objects, self.folder):
            name = pod["metadata"]["name"]
            if name not in self.played:
                self.played.add(name)
                self.play(pod, ",".join(f"alias={alias}" for alias in names_of(pod, objects)))

    def play(self, pod: dict[str, Any], aliases: str) -> None:
        """Start a pod. podman 4.3 removes what ran before the others, and on a busy machine does so before it knows of its end:
        then the pod is begun anew."""
        for _ in range(50):
            done = self.call("kube", "play", "--network", f"{self.network}:{aliases}", "-", stdin=json.dumps(pod))
            if done.returncode == 0:
                return
            assert "failed to remove once init container" in done.stderr, done.stdout + done.stderr
            self("pod", "rm", "--force", "--time", "0", pod["metadata"]["name"])
        raise AssertionError(done.stderr)

    def tree(self, workload: Mapping[str, Any]) -> Path:
        """The folder that stands for the metadata of a workload."""
        return metadata_of(self.folder, workload)

    def run(self, pod: str, container: str, *command: str) -> str:
        """Run a command in a container of a pod, and return what it says."""
        return self("exec", f"{pod}-{container}", *command)

    def started(self, pod: str, container: str) -> str:
        """Since when a container runs."""
        return self("inspect", "--format", "{{.State.StartedAt}}", f"{pod}-{container}")

    def log(self, pod: str, container: str) -> str:
        done = self.call("logs", f"{pod}-{container}")
        return done.stdout + done.stderr


@contextmanager
def running() -> Iterator[Podman]:
    """podman in a folder of its own, whose path it wants short; in the end nothing is left. Raises Missing without it."""
    settings = tool("podman.sh")
    folder = Path(tempfile.mkdtemp(prefix="forge-", dir="/var/tmp"))
    found = Podman(folder, settings, folder.name)
    done = found.call("network", "create", found.network)
    if done.returncode:
        raise Missing(done.stderr.strip())
    try:
        yield found
    except BaseException:
        for each in found.call("ps", "--all", "--format", "{{.Names}} {{.Status}}").stdout.splitlines():
            print(each, found.call("logs", "--tail", "30", each.partition(" ")[0]), sep="\n")
        raise
    finally:
        found.call("pod", "rm", "--all", "--force", "--time", "0")
        found.call("network", "rm", "--force", found.network)
        subprocess.run(["umount", folder / "root" / "overlay"], check=False, capture_output=True)
        shutil.rmtree(folder)


def pods(objects: list[dict[str, Any]], folder: Path) -> Iterator[dict[str, Any]]:
    """The pods of all StatefulSets, each with its name and its claims."""
    for each in objects:
        if each["kind"] == "StatefulSet":
            first = each["spec"].get("ordinals", {}).get("start", 0)
            for index in range(first, first + each["spec"]["replicas"]):
                yield pod(each, f"{each['metadata']['name']}-{index}", metadata_of(folder, each))


def pod(workload: Mapping[str, Any], name: str, metadata: Path) -> dict[str, Any]:
    """A pod of a StatefulSet."""
    template = copy.deepcopy(workload["spec"]["template"])
    spec = template["spec"]
    spec |= {"hostname": name, "subdomain": workload["spec"]["serviceName"]}
    spec["volumes"] = [volume_of(each, metadata) for each in spec.get("volumes", ())]
    for claim in workload["spec"].get("volumeClaimTemplates", ()):
        source = {"claimName": f"{claim['metadata']['name']}-{name}"}
        spec["volumes"].append({"name": claim["metadata"]["name"], "persistentVolumeClaim": source})
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        for variable in container.get("env", ()):
            if "value" in variable:
                variable["value"] = variable["value"].replace("$(POD_NAME)", name)
    # An emptyDir of podman is a volume of that name, which all pods share.
    mounts = (mount for each in (*spec.get("initContainers", ()), *spec["containers"]) for mount in each.get("volumeMounts", ()))
    for named in (*spec["volumes"], *mounts):
        named["name"] = f"{named['name']}-{name}"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **template["metadata"]}, "spec": spec}


def volume_of(volume: dict[str, Any], metadata: Path) -> dict[str, Any]:
    return {"name": volume["name"], "hostPath": {"path": str(metadata)}} if "projected" in volume else volume


def metadata_of(folder: Path, workload: Mapping[str, Any]) -> Path:
    return folder / "metadata" / str(workload["metadata"]["name"])


def data_of(workload: Mapping[str, Any], objects: list[dict[str, Any]]) -> dict[str, str]:
    """What stands in the projected volume of a workload."""
    sources = [
        (kind, name["name"])
        for volume in workload["spec"]["template"]["spec"].get("volumes", ())
        for source in volume.get("projected", {}).get("sources", ())
        for kind, name in source.items()
    ]
    found: dict[str, str] = {}
    for each in objects:
        if (each["kind"][0].lower() + each["kind"][1:], each["metadata"]["name"]) in sources:
            found |= {**each.get("data", {}), **each.get("stringData", {})}
    return found


def publish(folder: Path, data: Mapping[str, str]) -> None:
    """Put files into a folder as the kubelet does it: all at once, through a link `..data` that is renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(path.name[2:]) for path in folder.glob("..[0-9]*")), default=0)
    new = folder / f"..{number}"
    new.mkdir()
    for name, text in data.items():
        (new / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..data_tmp").symlink_to(new.name)
    (folder / "..data_tmp").rename(folder / "..data")


def names_of(pod: Mapping[str, Any], objects: list[dict[str, Any]]) -> Iterator[str]:
    """The names under which a pod is found: its own, and those of the Services that select it."""
    yield f"{pod['metadata']['name']}.{pod['spec']['subdomain']}.{DOMAIN}"
    labels = pod["metadata"]["labels"].items()
    for each in objects:
        if each["kind"] == "Service" and each["spec"].get("selector", {"": ""}).items() <= labels:
            yield from (each["metadata"]["name"], f"{each['metadata']['name']}.{DOMAIN}")


def rendered(helm: Path, chart: Path, release: str, *sets: str) -> list[dict[str, Any]]:
    """What the real Helm makes of a chart, for the last Kubernetes whose pods have confd among their containers: podman waits
    for what starts before them to end."""
    words = [word for each in sets for word in ("--set", each)]
    command = [helm, "template", release, chart, "--kube-version", "1.28.0", "--namespace", NAMESPACE, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]
