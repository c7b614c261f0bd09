"""What Helm makes of charts is valid, strictly, for the oldest and the newest Kubernetes that the validator knows; and used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.chart import helm, made
from tests.chart.references import astray


def faults(objects: list[dict[str, Any]], version: str) -> list[str]:
    """What is wrong with objects, by the schemas of a release of Kubernetes."""
    found = []
    for each in objects:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{each['kind']} {each['metadata']['name']}: {'.'.join(map(str, error.path))}: {error.message}")
    return found


def test_the_versions_are_the_oldest_and_the_newest_that_are_known() -> None:
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    known = {tuple(map(int, found)) for path in folder.iterdir() for found in re.findall(r"v([0-9]+)\.([0-9]+)\.", path.name)}
    assert [".".join(map(str, each)) for each in (min(known), max(known))] == [helm.OLDEST, helm.NEWEST]


@pytest.mark.parametrize("kubernetes", [helm.OLDEST, helm.NEWEST])
@pytest.mark.parametrize("name", made.FIRST_TIER)
def test_the_chart_of_a_spec_is_valid(name: str, kubernetes: str) -> None:
    chart = made.of_spec(name)
    given = {**helm.required(chart), "persistence/enabled": kubernetes == helm.NEWEST}
    objects = helm.objects(chart, given, kubernetes=kubernetes)
    assert objects and faults(objects, kubernetes) == astray(objects) == []


def test_a_misspelt_key_is_a_fault() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"selectr": {}}}
    assert "selectr" in faults([service], helm.NEWEST)[0]
