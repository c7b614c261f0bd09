"""Charts for tests: of the blueprints with their defaults, of the examples, and of entries in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from catalog_forge.blueprint.find import shipped
from catalog_forge.chart.charting import Chart, chart
from catalog_forge.chart.specs import conf_of, entry_and_icon
from catalog_forge.rancher.entries import Revision, read
from catalog_forge.rancher.questions import Given, Question, answered
from catalog_forge.repository import Repository, Source
from catalog_forge.stack.model import Stack
from catalog_forge.stack.reconcile import container_name
from tests.blueprint.made import make

ROOT = Path(__file__).parents[2]
EXAMPLES = Repository(ROOT / "examples").names()
SPECS = [*EXAMPLES, *(f"blueprint:{name}" for name in shipped())]
# The blueprint of an example has the same services: the example comes with the second tier.
FIRST_TIER = [pytest.param(name, marks=[] if ":" in name else [pytest.mark.second_tier]) for name in SPECS]
_FOLDERS: list[TemporaryDirectory[str]] = []


@cache
def source(name: str) -> Source:
    """The spec of an example, or `blueprint:NAME`, with its folder."""
    kind, colon, blueprint = name.partition(":")
    if not colon:
        return Repository(ROOT / "examples").source(kind)
    _FOLDERS.append(TemporaryDirectory())
    repository = Repository(make(blueprint, Path(_FOLDERS[-1].name)))
    return repository.source(repository.names()[0])


def asked(question: Question) -> str:
    """The answer to a required question without a default. The target of a link determines the structure of the stack."""
    return f"other/{question.variable}" if question.type == "service" else ""


@cache
def of_spec(name: str) -> Chart:
    """The chart of a spec with its defaults."""
    found = source(name)
    entry, icon = entry_and_icon(found.spec(), found.folder)
    variables = answered(entry.questions, {}, asked)
    return chart(entry, variables, conf_of(found.spec(), found.folder.static), icon)


def of_entry(docker: str, rancher: str = "", answers: Mapping[str, str] | None = None) -> Chart:
    """The chart of an entry that was written by hand: both compose files."""
    files = {"0/docker-compose.yml": docker.encode(), **({"0/rancher-compose.yml": rancher.encode()} if rancher else {})}
    entry = read(files, "entry")
    given = {name: Given(text) for name, text in (answers or {}).items()}
    return chart(entry, answered(entry.questions, given, lambda _: ""))


@cache
def entry_of(name: str) -> Revision:
    """The entry of a spec."""
    found = source(name)
    return entry_and_icon(found.spec(), found.folder)[0]


def addresses(stack: Stack, release: str) -> dict[str, str]:
    """The names under which the pods of StatefulSets are found, by those of the containers that they stand for."""
    return {
        container_name(
            stack.name, service, launch, index
        ): f"{release}-{service.name}-{index}.{service.name}.default.svc.cluster.local"
        for service in stack.services
        for launch in service.launches
        for index in range(1, service.scale + 1)
        if launch.network == "managed"
    }
