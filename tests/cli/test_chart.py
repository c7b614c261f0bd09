"""`chart`: what it writes, says and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from tests.helpers import tree

DOCKER = """\
version: '2'
services:
  web:
    image: nginx:${tag}
    ports: ["8080:80"]
    environment: {KEY: "${key}"}
"""
RANCHER = """\
version: '2'
catalog:
  name: Web
  version: 1.2-rancher1
  questions:
  - {variable: tag, type: string, required: true, default: "1.27"}
  - {variable: key, type: password, required: true}
services:
  web: {scale: 2, retain_ip: true}
"""


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), "chart", *words])


def entry(folder: Path) -> Path:
    return tree(folder, {"templates/web/0/docker-compose.yml": DOCKER, "templates/web/0/rancher-compose.yml": RANCHER})


def test_a_chart_of_an_entry_is_written_and_what_does_not_carry_over_is_said(tmp_path: Path) -> None:
    result = run(entry(tmp_path), "--entry", "templates/web")
    assert result.exit_code == 0, result.output
    assert "templates/web/0/rancher-compose.yml:9:30: web: retain_ip: each new pod gets a new address" in result.stdout
    chart = tmp_path / "charts/web"
    assert "version: '1.2.0-rancher1'" in (chart / "Chart.yaml").read_text()
    assert "retain_ip" in (chart / "GAPS.md").read_text()
    assert "answers.key" in (chart / "questions.yaml").read_text()
    again = run(tmp_path, "--entry", "templates/web", "--check")
    assert again.exit_code == 0, again.output


def test_the_report_is_data_too(tmp_path: Path) -> None:
    found = json.loads(run(entry(tmp_path), "--entry", "templates/web", "--format", "json").stdout)
    assert found["chart"] == "web" and found["workloads"] == {"web": "Deployment"}
    assert {gap["kind"]: gap["line"] for gap in found["gaps"]} == {"retain_ip": 9, "published port": 5}


def test_a_file_that_somebody_edited_is_not_overwritten(tmp_path: Path) -> None:
    run(entry(tmp_path), "--entry", "templates/web", "--output", "out")
    values = tmp_path / "out/web/values.yaml"
    values.write_text(values.read_text() + "mine: 1\n")
    result = run(tmp_path, "--entry", "templates/web", "--output", "out")
    assert result.exit_code == 1 and "out/web/values.yaml: this file was edited after it was generated" in result.output
    assert run(tmp_path, "--entry", "templates/web", "--output", "out", "--check").exit_code == 1
    assert "-mine: 1" in run(tmp_path, "--entry", "templates/web", "--output", "out", "--diff").stdout
    assert run(tmp_path, "--entry", "templates/web", "--output", "out", "--force").exit_code == 0
    assert "mine" not in values.read_text()


def test_a_secret_does_not_come_into_a_chart(tmp_path: Path) -> None:
    result = run(entry(tmp_path), "--entry", "templates/web", "--set", "key=hunter22")
    assert result.exit_code == 0, result.output
    assert not [path for path in (tmp_path / "charts").rglob("*") if path.is_file() and b"hunter22" in path.read_bytes()]


def test_a_spec_or_an_entry_is_named(tmp_path: Path) -> None:
    for words in ((), ("web", "--entry", "templates/web")):
        result = run(entry(tmp_path), *words)
        assert result.exit_code == 2 and "name a spec, or an entry with --entry DIR" in result.output


def test_an_entry_that_rancher_would_refuse_gives_its_error_and_no_file(tmp_path: Path) -> None:
    tree(tmp_path, {"templates/web/0/docker-compose.yml": "version: '2'\nservices: {web: {image: x, ports: ['99999999']}}\n"})
    result = run(tmp_path, "--entry", "templates/web")
    assert result.exit_code == 1 and "docker-compose.yml:2:" in result.output
    assert not (tmp_path / "charts").exists()


@pytest.mark.parametrize("output", [(), ("--output", "else/where")])
def test_what_a_chart_had_and_has_no_more_is_removed(tmp_path: Path, output: tuple[str, ...]) -> None:
    files = {"templates/web/catalogIcon-web.svg": "<svg/>", "templates/web/icon.png": "newer"}
    tree(entry(tmp_path), {**files, "templates/web/0/docker-compose.yml": f"{DOCKER}  old: {{image: 'x:1'}}\n"})
    before = run(tmp_path, "--entry", "templates/web", *output, "--check")
    said = "the chart differs from its entry\n  hint: run the same command without --check"
    assert before.exit_code == 1 and said in before.output
    assert f"missing: {'where' if output else 'charts'}/web/Chart.yaml" in before.output.splitlines()
    first = run(tmp_path, "--entry", "templates/web", *output)
    assert first.exit_code == 0, first.output
    chart = tmp_path / (output[1] if output else "charts") / "web"
    assert (chart / "catalogIcon.png").read_text() == "newer" and (chart / "templates/old.yaml").exists()
    assert yaml.safe_load((chart / "Chart.yaml").read_text())["icon"] == "file://catalogIcon.png"
    (tmp_path / "templates/web/icon.png").unlink()
    entry(tmp_path)
    result = run(tmp_path, "--entry", "templates/web", *output)
    assert result.exit_code == 0, result.output
    assert not (chart / "templates/old.yaml").exists() and not (chart / "catalogIcon.png").exists()
    assert (chart / "catalogIcon.svg").read_text() == "<svg/>"


def test_a_folder_is_no_icon(tmp_path: Path) -> None:
    tree(entry(tmp_path), {"templates/web/catalogIcon-web.svg": "<svg/>", "templates/web/icons/README": "all of them"})
    result = run(tmp_path, "--entry", "templates/web")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "charts/web/catalogIcon.svg").read_text() == "<svg/>"


def test_an_icon_that_leads_out_of_its_entry_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_text("secret")
    (entry(tmp_path) / "templates/web/catalogIcon.png").symlink_to(tmp_path / "secret.png")
    result = run(tmp_path, "--entry", "templates/web")
    assert result.exit_code == 1 and "points outside the entry's folder" in result.output
    assert not (tmp_path / "charts").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (entry(tmp_path) / "file").write_text("x")
    result = run(tmp_path, "--entry", "templates/web", "-o", "file/below/charts")
    assert result.exit_code == 2 and "file' is a file: choose another path" in result.output
