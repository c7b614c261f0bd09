"""`catalog-forge blueprints`: what there is to begin from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.blueprint.find import examples, shipped
from catalog_forge.cli.main import root
from catalog_forge.repository import Repository
from catalog_forge.spec.described.show import full


def test_text_names_each_blueprint_its_purpose_and_its_questions() -> None:
    result = CliRunner().invoke(root, ["blueprints"])
    assert result.exit_code == 0
    assert "elasticsearch-conf: Elasticsearch 2, 5 or 6 as a cluster" in result.stdout
    assert "topology    How the service gets the file" in result.stdout
    assert "[volumes | netns | datavol | embedded]" in result.stdout


def test_json_holds_every_question_with_its_default() -> None:
    found = json.loads(CliRunner().invoke(root, ["blueprints", "--format", "json"]).stdout)
    assert [blueprint["name"] for blueprint in found] == [*shipped(), *(f"example:{name}" for name in examples())]
    generic = next(blueprint for blueprint in found if blueprint["name"] == "generic-conf")
    topology = next(question for question in generic["questions"] if question["name"] == "topology")
    assert topology["default"] == "volumes"
    assert topology["options"] == ["volumes", "netns", "datavol", "embedded"]
    assert "name" not in [question["name"] for question in generic["questions"]]


@pytest.mark.parametrize("name", examples())
def test_an_example_is_a_blueprint_too(name: str, tmp_path: Path) -> None:
    words = ["new", name, "--blueprint", f"example:{name}", "--no-input", "--no-build"]
    result = CliRunner().invoke(root, ["-C", str(tmp_path), *words])
    assert result.exit_code == 0, result.output
    made, example = (Repository(folder).source(name).spec() for folder in (tmp_path, examples()[name].parents[1]))
    assert full(made) == full(example)


def test_an_example_that_is_not_there_suggests_the_nearest(tmp_path: Path) -> None:
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "new", "x-conf", "--blueprint", "example:nginxconf", "--no-input"])
    assert result.exit_code == 1 and "did you mean 'nginx-conf'?" in result.stderr


@pytest.mark.parametrize(
    "answer",
    ["consul-conf consul_version=0.9.1", "etcd-conf etcd_version=3.6.0", "haproxy-conf haproxy_version=1.8.4",
     "redis-conf redis_version=3.2.11", "zookeeper-conf servers=2", "mongodb-conf members=9"],
)  # fmt: skip
def test_a_release_or_number_that_a_question_rules_out_is_refused(answer: str, tmp_path: Path) -> None:
    name, _, given = answer.partition(" ")
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "new", name, "--no-input", "--no-build", "--set", given])
    assert (result.exit_code, given.partition("=")[0] in result.stderr) == (1, True), result.output
