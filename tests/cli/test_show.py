"""`catalog-forge show`: an entry on paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from tests.helpers import tree

FILES = {
    "templates/web/config.yml": "name: Web\ndescription: A server\nversion: 2.0.0\n",
    "templates/web/0/docker-compose.yml": "version: '2'\nservices: {web: {image: 'nginx:1'}}\n",
    "templates/web/0/rancher-compose.yml": "version: '2'\ncatalog: {version: 1.0.0}\nservices: {}\n",
    "templates/web/1/docker-compose.yml": (
        "version: '2'\nservices: {web: {image: 'nginx:${tag}', ports: ['${port}:80'], environment: {P: '${word}'}}}\n"
    ),
    "templates/web/1/rancher-compose.yml": (
        "version: '2'\ncatalog:\n  version: 2.0.0\n  questions:\n"
        "  - {variable: port, type: int, default: 80, label: Port, required: true}\n"
        "  - {variable: tag, type: enum, options: ['1.27', '1.26'], default: '1.27'}\n"
        "  - {variable: word, type: password, label: Word}\nservices: {}\n"
    ),
}


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return tree(tmp_path, FILES)


def show(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), "show", "web", *words])


def test_what_is_asked_what_runs_and_which_revisions_there_are(catalog: Path) -> None:
    assert show(catalog).stdout.splitlines() == [
        "Web 2.0.0: A server",
        "revisions: 0 (1.0.0), 1 (2.0.0, shown here)",
        "service web: nginx:${tag}; ports ${port}:80",
        "question port: int [80]: Port",
        "question tag: enum (1.27, 1.26) [1.27], may be empty: tag",
        "question word: password, may be empty: Word",
    ]
    assert show(catalog, "--revision", "0").stdout.splitlines()[2] == "service web: nginx:1"
    data = json.loads(show(catalog, "--format", "json").stdout)
    assert data["revisions"][1] == {"revision": "1", "version": "2.0.0"}
    assert data["questions"][1]["options"] == ["1.27", "1.26"]


def test_the_compose_files_have_the_answers_in_them_but_for_secrets(catalog: Path) -> None:
    said = show(catalog, "--compose", "--set", "port=8080", "--set", "word=hush").stdout
    docker, rancher = yaml.safe_load_all(said)
    assert docker["services"]["web"] == {"image": "nginx:1.27", "ports": ["8080:80"], "environment": {"P": "***"}}
    assert rancher["catalog"]["version"] == "2.0.0"
    assert show(catalog, "--compose", "--set", "prot=1").exit_code == 1


def test_a_revision_or_entry_that_is_not_there_is_told_with_those_that_are(catalog: Path) -> None:
    assert "known here: 0, 1" in show(catalog, "--revision", "7").stderr
    said = CliRunner().invoke(root, ["-C", str(catalog), "show", "wbe"]).stderr
    assert "did you mean 'web'?" in said


def test_answers_may_stand_in_lines_of_an_env_file(catalog: Path) -> None:
    file = catalog / "mine.env"
    file.write_text("# mine\n\nport=8081\ntag = 1.26\nword=a=b\n".replace("tag = ", "tag="))
    docker, _ = yaml.safe_load_all(show(catalog, "--compose", "--answers", str(file)).stdout)
    assert (docker["services"]["web"]["image"], docker["services"]["web"]["ports"]) == ("nginx:1.26", ["8081:80"])
    file.write_text("port=1\nwrong\n")
    said = show(catalog, "--compose", "--answers", str(file))
    assert said.exit_code == 1 and f"{file}:2:1: this line is not KEY=VALUE" in said.stderr
