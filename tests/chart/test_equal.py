"""The same image gives the same files from the tree of a chart as from Rancher's metadata, for the same answers and scale."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from catalog_forge.chart.charting import Chart
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


def others(chart: Chart) -> dict[str, Any]:
    """Values for a chart that are not those it proposes: of all answers that stay open, and of all scales."""
    rules = json.loads(chart.plan.text("values.schema.json"))["properties"]["answers"]["properties"]
    given = helm.required(chart)
    values = helm.values_of(chart, given)
    for name, rule in rules.items():
        now = values["answers"][name]
        texts = [f"{now} y{{{{ z }}}}", f"{now}x", f"{now}1"] if isinstance(now, str) else [not now, now + 1, now - 1]
        fits = jsonschema.Draft7Validator(rule).is_valid
        given[f"answers/{name}"] = next((each for each in [*rule.get("enum", ()), *texts] if fits(each) and each != now), now)
    scales = {name: each["scale"] for name, each in values["services"].items() if "scale" in each}
    return given | {f"services/{name}/scale": scale + 2 for name, scale in scales.items()}


def stack_of(name: str, given: Mapping[str, Any]) -> Stack:
    """What `up` makes of the entry of a spec with the values of a chart."""
    entry = made.entry_of(name)
    words = {path: str(each).lower() if isinstance(each, bool) else str(each) for path, each in given.items()}
    answers = {path.partition("/")[2]: Given(text) for path, text in words.items() if path.startswith("answers/")}
    stack = compose(entry, answered(entry.questions, answers, made.asked), RELEASE)
    scales = {each.name: given.get(f"services/{each.name}/scale", each.scale) for each in stack.services}
    return replace(stack, services=tuple(replace(each, scale=scales[each.name]) for each in stack.services))


@pytest.mark.confd
@pytest.mark.parametrize("name", made.FIRST_TIER)
def test_files_are_those_of_rancher(name: str, confd: Path, tmp_path: Path) -> None:
    compare(name, helm.required(made.of_spec(name)), confd, tmp_path)


CHANGED = ("blueprint:zookeeper-conf", "blueprint:redis-conf")


@pytest.mark.confd
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in CHANGED else [pytest.mark.second_tier]) for name in made.SPECS]
)
def test_files_are_those_of_rancher_for_other_answers_and_scales(name: str, confd: Path, tmp_path: Path) -> None:
    given = others(made.of_spec(name))
    assert given != helm.required(made.of_spec(name))
    compare(name, given, confd, tmp_path)


def compare(name: str, given: Mapping[str, Any], confd: Path, folder: Path) -> None:
    """Hold for the first and the last container of each service what confd makes of a chart against what it makes of Rancher."""
    source, stack = made.source(name), stack_of(name, given)
    spec, subject = source.spec(), of_spec(source.spec(), source.folder.static, "rancher")
    objects = helm.objects(made.of_spec(name), given, release=RELEASE)
    everybody = told(stack, spec.engine.metadata, made.addresses(stack, RELEASE))
    for number, (service, _, index, found) in enumerate(askers(stack, spec)):
        if index not in (1, service.scale):
            continue
        version = everybody.versions[spec.engine.metadata]
        own: Any = next(each for each in version.values() if name_of(each) == found.lower())
        with MetadataServer(Answers({spec.engine.metadata: {DEFAULT: own}})) as server:
            below = folder / f"rancher{number}"
            rancher = run_real(confd, below, subject.image, server.address, prefix=subject.prefix, variables=spec.vars)
        nodes = files_of(objects, service.name, index, folder / f"tree{number}")
        chart_of = run_file(confd, folder / f"chart{number}", subject, nodes)
        assert rancher.files and chart_of.files == rancher.files, f"{found}: {chart_of.log[-2000:]}"
        assert chart_of.errors.keys() == rancher.errors.keys()
