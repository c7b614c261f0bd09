"""The same image gives the same files from the tree of a chart as from Rancher's metadata, for the same answers and scale."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.metadata.scenarios import model, units
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.rancher.questions import Given, answered
from catalog_forge.spec.model import Spec
from catalog_forge.stack.compose import compose
from catalog_forge.stack.environment import steady
from catalog_forge.stack.model import Launch, Service, Stack
from catalog_forge.stack.reconcile import container_name, owner_of
from catalog_forge.verify.subject import Subject, of_spec
from tests.chart import helm, made
from tests.confd.real import Result, run_real, run_with
from tests.helpers import tree

RELEASE = "es"


def told(stack: Stack, version: str, pods: Mapping[str, str]) -> Answers:
    """What `up` tells of a stack whose units all run, with the addresses that pods have."""
    running = steady(stack, "10.42.0.0/16", model.Host("node-1", "192.0.2.11"))
    text = json.dumps(answers_of(running, only=version).versions)
    addresses = {each.name: each.address for each in units.containers(running)}
    for name, pod in pods.items():
        text = text.replace(f'"{addresses[name]}"', json.dumps(pod))
    return Answers(json.loads(text))


def askers(stack: Stack, spec: Spec) -> Iterator[tuple[Service, Launch, int, str]]:
    """Each container of confd: its service, the launch whose metadata it reads, its number, the name of that container."""
    for service in stack.services:
        for launch in service.launches:
            if launch.image == spec.tag and launch.entrypoint is None and not launch.start_once:
                owner = owner_of(service, launch)
                for index in range(1, service.scale + 1):
                    yield service, owner, index, container_name(stack.name, service, owner, index)


def files_of(objects: list[dict[str, Any]], service: str, index: int, folder: Path) -> list[Path]:
    """The files that the pod finds, in the order in which its container names them."""
    data: dict[str, str] = {}
    for each in objects:
        if each["metadata"]["name"] in (f"{RELEASE}-{service}", f"{RELEASE}-{service}-metadata"):
            data |= {"ConfigMap": each.get("data", {}), "Secret": each.get("stringData", {})}.get(each["kind"], {})
    name = f"{RELEASE}-{service}"
    workload = next(each for each in objects if each["kind"] == "StatefulSet" and each["metadata"]["name"] == name)
    pod = workload["spec"]["template"]["spec"]
    containers = [*pod.get("initContainers", ()), *pod["containers"]]
    variables = {each["name"]: each.get("value", "") for every in containers for each in every.get("env", ())}
    nodes = variables["CONF_NODES"].replace("$(POD_NAME)", f"{name}-{index}")
    tree(folder, data)
    return [folder / Path(node).name for node in nodes.split(",")]


def name_of(entry: Any) -> str:
    """The container that an entry of answers is for."""
    return str(entry["self"].get("container", {}).get("name"))


def run_file(confd: Path, folder: Path, subject: Subject, nodes: list[Path]) -> Result:
    """Run confd once over an image with its back end file."""
    options = [word for node in nodes for word in ("-file", node)]
    return run_with(confd, folder, subject.image, ["-backend", "file", *options, "-prefix", subject.prefix], subject.variables)


@pytest.mark.confd
@pytest.mark.parametrize("name", made.FIRST_TIER)
def test_files_are_those_of_rancher(name: str, confd: Path, tmp_path: Path) -> None:
    source, chart = made.source(name), made.of_spec(name)
    spec, entry = source.spec(), made.entry_of(name)
    given = helm.required(chart)
    answers = {path.partition("/")[2]: Given(str(value)) for path, value in given.items()}
    stack = compose(entry, answered(entry.questions, answers, lambda _: ""), RELEASE)
    objects = helm.objects(chart, given, release=RELEASE)
    subject = of_spec(spec, source.folder.static, "rancher")
    everybody = told(stack, spec.engine.metadata, made.addresses(stack, RELEASE))
    for number, (service, _, index, found) in enumerate(askers(stack, spec)):
        version = everybody.versions[spec.engine.metadata]
        own: Any = next(each for each in version.values() if name_of(each) == found.lower())
        with MetadataServer(Answers({spec.engine.metadata: {DEFAULT: own}})) as server:
            folder = tmp_path / f"rancher{number}"
            rancher = run_real(confd, folder, subject.image, server.address, prefix=subject.prefix, variables=spec.vars)
        nodes = files_of(objects, service.name, index, tmp_path / f"tree{number}")
        chart_of = run_file(confd, tmp_path / f"chart{number}", subject, nodes)
        assert rancher.files and chart_of.files == rancher.files, f"{found}: {chart_of.log[-2000:]}"
        assert chart_of.errors.keys() == rancher.errors.keys()
