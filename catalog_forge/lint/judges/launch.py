"""Simulates the launch of every revision that the catalog service keeps, with the default answer to every question."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.lint.judges.service import Service, Template, Version
from catalog_forge.rancher.composition import sources
from catalog_forge.rancher.entries import RANCHER, docker_of
from catalog_forge.rancher.judgement.launch import LaunchJudge
from catalog_forge.rancher.judgement.ruling import Ruling
from catalog_forge.rancher.questions import defaults, read


def judge(service: Service) -> list[Ruling]:
    """Return a ruling for each reason why a revision cannot be launched. A revision without compose files has no ruling."""
    return [
        ruling
        for template in service.templates.values()
        for version in template.versions
        for ruling in _rulings(template, version)
    ]


def _rulings(template: Template, version: Version) -> Iterator[Ruling]:
    docker = docker_of(version.files)
    if docker is None:
        return
    launch = LaunchJudge(sources(docker, version.files.get(RANCHER), defaults(read(version.questions))))
    faults = launch.faults()
    for each in launch.cut:
        yield Ruling("launch", "alter", each.message, each.where or docker.at(), each.hint, template.label, version.folder)
    yield from (Ruling.of("launch", fault, docker.at(), template.label, version.folder) for fault in faults)
