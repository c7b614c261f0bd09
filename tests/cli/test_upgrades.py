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
    assert (
        "templates/web/0/rancher-compose.yml:8:16: the question 'note' no longer exists, so its answer is lost"
        " ('remark' has the same label)" in result.stdout
    )
    assert result.stdout.endswith("1 entry, 3 upgrades offered, 2 with losses\n")
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


def test_the_page_shows_all_steps_and_what_entries_say_is_text(catalog: Path) -> None:
    for file in (catalog / "templates/web").glob("*/rancher-compose.yml"):
        file.write_text(file.read_text().replace("label: Note", "label: '<b>Note'").replace("note,", "'<i>note',"))
    result = run(catalog, "--html", str(catalog / "page.html"))
    assert result.exit_code == 0, result.output
    page = (catalog / "page.html").read_text()
    assert "1 entry, 3 upgrades offered, 2 with losses" in page
    assert "&lt;i&gt;note" in page
    assert "<i>" not in page and "<b>" not in page and "<script" not in page
    assert page.count("nothing is lost") == 1


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{getv "/self/service/metadata/a"}}', True),
        ('{{range ls "/self/service/metadata/a"}}{{end}}', True),
        ('{{range gets "/self/service/metadata/*"}}{{end}}', True),
        ('{{getv "/self/service/metadata/ab"}}', False),
        ('{{getv "/self/service/name"}}', False),
    ],
)
def test_a_key_that_the_image_of_this_catalog_reads_is_missed(catalog: Path, template: str, said: bool) -> None:
    for number, metadata in (("1", "{a: '1', b: '2'}"), ("2", "{b: '2'}")):
        file = catalog / f"templates/web/{number}/rancher-compose.yml"
        file.write_text(file.read_text().replace("web: {scale: 1}", f"web: {{metadata: {metadata}}}"))
    toml = '[template]\nsrc = "x.tmpl"\ndest = "/etc/x"\nkeys = ["/self"]\n'
    tree(catalog, {"images/conf/Dockerfile": "FROM scratch\n", "images/conf/conf.d/x.toml": toml})
    tree(catalog, {"images/conf/templates/x.tmpl": template})
    assert ("'web' has no metadata key 'a' any more, but conf:1 reads it" in run(catalog).stdout) is said
