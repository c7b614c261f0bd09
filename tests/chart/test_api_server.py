"""Charts on a real API server: installed, upgraded, uninstalled. It sees what no schema says, such as names."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_forge.chart.charting import Chart
from tests.chart import helm, kube, made
from tests.helpers import PATIENCE, tree
from tests.stores.conftest import needing

pytestmark = pytest.mark.second_tier


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of an API server that runs."""
    with needing("kube-apiserver"), kube.api_server(tmp_path_factory.mktemp("kube")) as found:
        yield found


@pytest.mark.parametrize("name", [name for name in made.SPECS if ":" in name])
def test_a_chart_is_installed_upgraded_and_uninstalled(name: str, config: Path, helm_program: Path, tmp_path: Path) -> None:
    chart = made.of_spec(name)
    tree(tmp_path / chart.name, {file.path: file.content for file in chart.plan})
    values = {"answers": {path.partition("/")[2]: value for path, value in helm.required(chart).items()}}
    (tmp_path / "values.json").write_text(json.dumps(values))

    def run(*words: str | Path) -> None:
        environment = {**os.environ, "KUBECONFIG": str(config), "HOME": str(tmp_path)}
        done = subprocess.run(
            [helm_program, *words], capture_output=True, text=True, check=False, timeout=PATIENCE, env=environment
        )
        assert done.returncode == 0, done.stdout + done.stderr

    given = ["--values", tmp_path / "values.json", "--namespace", chart.name]
    run("install", "one", tmp_path / chart.name, "--create-namespace", *given)
    sets = json.loads(kube.get(config, f"/apis/apps/v1/namespaces/{chart.name}/statefulsets"))["items"]
    assert {each["metadata"]["name"] for each in sets} == {
        f"one-{service}" for service, kind in chart.workloads.items() if kind == "StatefulSet"
    }
    scaled = [word for name in scales(chart) for word in ("--set", f"services.{name}.scale=5")]
    run("upgrade", "one", tmp_path / chart.name, *given, *scaled)
    sets = json.loads(kube.get(config, f"/apis/apps/v1/namespaces/{chart.name}/statefulsets"))["items"]
    assert {each["metadata"]["name"] for each in sets if each["spec"]["replicas"] == 5} >= {
        f"one-{name}" for name in scales(chart)
    }
    run("uninstall", "one", "--namespace", chart.name)
    assert json.loads(kube.get(config, f"/apis/apps/v1/namespaces/{chart.name}/statefulsets"))["items"] == []


def scales(chart: Chart) -> list[str]:
    """The StatefulSets whose scale is a value of the chart."""
    values = helm.values_of(chart, helm.required(chart))["services"]
    return [name for name, each in values.items() if "scale" in each and chart.workloads.get(name) == "StatefulSet"]
