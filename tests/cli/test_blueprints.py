"""`catalog-forge blueprints`: what there is to begin from."""

from __future__ import annotations

import json

from click.testing import CliRunner

from catalog_forge.blueprint.find import shipped
from catalog_forge.cli.main import root


def test_text_names_each_blueprint_its_purpose_and_its_questions() -> None:
    result = CliRunner().invoke(root, ["blueprints"])
    assert result.exit_code == 0
    assert "elasticsearch-conf: Elasticsearch 2, 5 or 6 as a cluster" in result.stdout
    assert "topology    How the service gets the file" in result.stdout
    assert "[volumes | netns | datavol]" in result.stdout


def test_json_holds_every_question_with_its_default() -> None:
    found = json.loads(CliRunner().invoke(root, ["blueprints", "--format", "json"]).stdout)
    assert [blueprint["name"] for blueprint in found] == list(shipped())
    generic = next(blueprint for blueprint in found if blueprint["name"] == "generic-conf")
    topology = next(question for question in generic["questions"] if question["name"] == "topology")
    assert topology["default"] == "volumes"
    assert topology["options"] == ["volumes", "netns", "datavol"]
    assert "name" not in [question["name"] for question in generic["questions"]]
