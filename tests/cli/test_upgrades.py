"""`upgrades`: which steps are offered, and what each loses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from tests.helpers import tree
from tests.rancher.test_upgrades import DOCKER, RANCHER


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    files = {"templates/web/config.yml": "name: Web\nversion: '1.0.2'\n"}
    for number, (old, new) in enumerate([("80", "80"), ("variable: note", "variable: remark"), ("80", "81")]):
        files[f"templates/web/{number}/docker-compose.yml"] = DOCKER
        text = RANCHER.replace(old, new).replace("1.0.0", f"1.0.{number}")
        files[f"templates/web/{number}/rancher-compose.yml"] = text
    return tree(tmp_path, files)


def run(catalog: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(catalog), "upgrades", *words])


@pytest.mark.parametrize("words", [(), ("web",), ("templates/web",), (".",)])
def test_each_revision_and_what_its_next_step_loses(catalog: Path, words: tuple[str, ...]) -> None:
    result = run(catalog, *words)
    assert result.exit_code == 0, result.output
    assert "  0 (1.0.0) -> 1 (1.0.1)\n" in result.stdout
    assert "templates/web/0/rancher-compose.yml:8:16: the question 'note' is gone, and 'remark' has its label" in result.stdout
    assert result.stdout.endswith("1 entry, 3 upgrades offered, 2 of them lose something\n")
    assert "0 (1.0.0) -> 2 (1.0.2): nothing is lost" in run(catalog, *words, "--all").stdout


def test_json_has_all_steps(catalog: Path) -> None:
    (entry,) = json.loads(run(catalog, "--format", "json").stdout)["entries"]
    assert [(step["from"]["revision"], step["to"]["revision"], len(step["breaks"])) for step in entry["steps"]] == [
        ("0", "1", 1),
        ("0", "2", 0),
        ("1", "2", 1),
    ]


def test_an_unknown_entry_is_named(catalog: Path) -> None:
    result = run(catalog, "wob")
    assert result.exit_code == 1
    assert "did you mean 'web'?" in result.output
