"""The same image gives the same files from the tree of a chart as from Rancher's metadata, for the same answers and scale."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.metadata.scenarios import model
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.rancher.questions import Given, answered
from catalog_forge.spec.model import Spec
from catalog_forge.stack.compose import compose
from catalog_forge.stack.environment import environment
from catalog_forge.stack.model import Launch, Service, Stack
from catalog_forge.stack.reconcile import Ledger, container_name, owner_of
from catalog_forge.verify.subject import of_spec
from tests.chart import helm, made
from tests.confd.real import errors_of, run_real
from tests.helpers import tree

RELEASE = "es"


def told(stack: Stack, version: str, names: Mapping[str, str]) -> Answers:
    """What `up` tells of a stack, with the addresses that pods have."""
    keys = {(each.name, index): index for each in stack.services for index in range(1, each.scale + 1)}
    found = environment(stack, "10.42.0.0/16", model.Host("node-1", "192.0.2.11"), Ledger(keys), (), {})
    steady = tuple(
        model.Service(
            each.name, each.scale, each.metadata, each.labels, each.sidekicks, each.links, each.ports, each.health_check
        )
        for each in found.stacks[0].services
    )
    text = json.dumps(
        answers_of(model.Environment((model.Stack(stack.name, steady),), found.hosts, found.subnet), only=version).versions
    )
    addresses = {each.name: each.address for each in units_of(stack, steady, found)}
    for name, pod in names.items():
        text = text.replace(f'"{addresses[name]}"', json.dumps(pod))
    return Answers(json.loads(text))


def units_of(stack: Stack, services: tuple[model.Service, ...], found: model.Environment) -> list[Any]:
    from catalog_forge.metadata.scenarios import units

    return units.containers(model.Environment((model.Stack(stack.name, services),), found.hosts, found.subnet))


def askers(stack: Stack, spec: Spec) -> Iterator[tuple[Service, Launch, int, str]]:
    """Each container of confd: its service, the launch whose metadata it reads, its number, the name of that container."""
    for service in stack.services:
        for launch in service.launches:
            if launch.image == spec.tag and launch.entrypoint is None and not launch.start_once:
                owner = owner_of(service, launch)
                for index in range(1, service.scale + 1):
                    yield service, owner, index, container_name(stack.name, service, owner, index)


def files_of(objects: list[dict[str, Any]], service: str, owner: str, index: int, folder: Path) -> list[Path]:
    """The files that the pod finds, in the order in which its container names them."""
    data: dict[str, str] = {}
    for each in objects:
        if each["metadata"]["name"] in (f"{RELEASE}-{service}", f"{RELEASE}-{service}-metadata"):
            data |= {"ConfigMap": each.get("data", {}), "Secret": each.get("stringData", {})}.get(each["kind"], {})
    workload = next(
        each for each in objects if each["kind"] == "StatefulSet" and each["metadata"]["name"] == f"{RELEASE}-{service}"
    )
    pod = workload["spec"]["template"]["spec"]
    variables = {
        each["name"]: each.get("value", "")
        for every in pod["initContainers"] + pod["containers"]
        for each in every.get("env", ())
    }
    nodes = variables["CONF_NODES"].replace("$(POD_NAME)", f"{RELEASE}-{service}-{index}")
    tree(folder, data)
    return [path for node in nodes.split(",") if (path := folder / Path(node).name).exists()]


@pytest.mark.confd
@pytest.mark.parametrize("name", made.SPECS)
def test_files_are_those_of_rancher(name: str, confd: Path, tmp_path: Path) -> None:
    source, chart = made.source(name), made.of_spec(name)
    spec, entry = source.spec(), made.entry_of(name)
    given = helm.required(chart)
    answers = {path.partition("/")[2]: Given(str(value)) for path, value in given.items()}
    stack = compose(entry, answered(entry.questions, answers, lambda _: ""), RELEASE)
    objects = helm.objects(chart, given, release=RELEASE)
    subject = of_spec(spec, source.folder.static, "rancher")
    pods = {
        found: f"{RELEASE}-{service.name}-{index}.{service.name}.default.svc.cluster.local"
        for service, _, index, found in askers(stack, spec)
    }
    pods |= made.addresses(stack, RELEASE)
    everybody = told(stack, spec.engine.metadata, pods)
    compared = 0
    for service, owner, index, found in askers(stack, spec):
        version = everybody.versions[spec.engine.metadata]
        own = next(each for each in version.values() if each["self"].get("container", {}).get("name") == found.lower())  # type: ignore[union-attr]
        with MetadataServer(Answers({spec.engine.metadata: {DEFAULT: own}})) as server:
            rancher = run_real(
                confd, tmp_path / f"r{compared}", subject.image, server.address, prefix=subject.prefix, variables=spec.vars
            )
        places = {
            resource.name: tmp_path / f"f{compared}" / "out" / str(number)
            for number, resource in enumerate(subject.image.resources)
        }
        files: dict[str, bytes | str] = {f"templates/{src}": data for src, data in subject.image.templates.items()}
        files |= {resource.file: resource.toml(str(places[resource.name])) for resource in subject.image.resources}
        tree(tmp_path / f"f{compared}", files)
        (tmp_path / f"f{compared}/out").mkdir()
        nodes = files_of(objects, service.name, owner.name, index, tmp_path / f"t{compared}")
        options = [word for node in nodes for word in ("-file", str(node))]
        done = subprocess.run(
            [confd, "-onetime", "-sync-only", "-confdir", tmp_path / f"f{compared}", "-backend", "file", *options, "-prefix", subject.prefix],
            capture_output=True, text=True, env=dict(spec.vars), check=False, timeout=100,
        )  # fmt: skip
        written = {key: place.read_bytes() for key, place in places.items() if place.exists()}
        assert written == rancher.files, f"{found}: {done.stderr[-2000:]}"
        assert errors_of(done.stderr, subject.image.resources).keys() == rancher.errors.keys()
        compared += bool(written)
    assert compared or not [*askers(stack, spec)]
