"""Charts as the real Helm takes them: it is built once, which takes minutes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_forge.chart.charting import Chart
from catalog_forge.chart.helm import quoted
from tests.chart import helm, made
from tests.helpers import PATIENCE, tree
from tests.registry.servers import Registry

pytestmark = pytest.mark.second_tier


def on_disk(chart: Chart, folder: Path) -> list[Path | str]:
    """Write a chart; return it as arguments, with values for what must be answered."""
    tree(folder / chart.name, {file.path: file.content for file in chart.plan})
    values = {"answers": {path.partition("/")[2]: value for path, value in helm.required(chart).items()}}
    (folder / "values.json").write_text(json.dumps(values))
    return [folder / chart.name, "--values", folder / "values.json"]


def run(program: Path, *words: Path | str) -> str:
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("kubernetes", [helm.OLDEST, helm.NEWEST])
@pytest.mark.parametrize("name", made.SPECS)
def test_helm_makes_of_a_chart_what_is_validated_in_the_first_tier(
    name: str, kubernetes: str, helm_program: Path, tmp_path: Path
) -> None:
    chart = made.of_spec(name)
    place = on_disk(chart, tmp_path)
    run(helm_program, "lint", "--strict", "--kube-version", f"{kubernetes}.0", *place)
    rendered = run(helm_program, "template", "es", "--kube-version", f"{kubernetes}.0", *place)
    ours = helm.objects(chart, helm.required(chart), release="es", kubernetes=kubernetes)
    assert by_name(yaml.safe_load_all(rendered)) == by_name(ours)


def by_name(objects: Any) -> dict[str, Any]:
    """Objects by their kind and name."""
    return {f"{each['kind']} {each['metadata']['name']}": each for each in objects if each}


def test_a_chart_is_packaged_and_comes_back_from_a_registry(helm_program: Path, registry: Registry, tmp_path: Path) -> None:
    chart = made.of_spec("elasticsearch-conf")
    on_disk(chart, tmp_path)
    run(helm_program, "package", tmp_path / chart.name, "--destination", tmp_path)
    archive = tmp_path / f"{chart.name}-{chart.version}.tgz"
    run(helm_program, "push", archive, f"oci://{registry.host}/charts", "--plain-http")
    shown = run(
        helm_program,
        "show",
        "values",
        f"oci://{registry.host}/charts/{chart.name}",
        "--version",
        chart.version,
        "--plain-http",
    )
    assert yaml.safe_load(shown) == helm.values_of(chart)
    run(helm_program, "repo", "index", tmp_path)
    assert chart.version in (tmp_path / "index.yaml").read_text()


def test_what_no_question_allows_is_refused_by_the_schema(helm_program: Path, tmp_path: Path) -> None:
    place = on_disk(made.of_spec("elasticsearch-conf"), tmp_path)
    done = subprocess.run(
        [helm_program, "template", "es", *place, "--kube-version", "1.34.0", "--set", "answers.heap_size=9g"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode and "heap_size" in done.stderr


def test_hostile_answers_stay_texts(helm_program: Path, tmp_path: Path) -> None:
    hostile = "{{ .Release.Name }}\n---\n- x: 'y' # \" \\ $(POD_NAME) $$ \u2028 \U0001f600"
    docker = json.dumps({"version": "2", "services": {"web": {"image": "busybox:1", "environment": {"E": "${v}"}}}})
    questions = [{"variable": "v", "type": "string", "default": "old"}]
    chart = made.of_entry(docker, json.dumps({"version": "2", "catalog": {"name": "x", "version": "1", "questions": questions}}))
    place = on_disk(chart, tmp_path)
    (tmp_path / "values.json").write_text(f'{{"answers": {{"v": {quoted(hostile)}}}}}')
    objects = by_name(yaml.safe_load_all(run(helm_program, "template", "es", "--kube-version", "1.34.0", *place)))
    container = objects["Deployment es-web"]["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "E", "value": hostile.replace("$", "$$")}]
