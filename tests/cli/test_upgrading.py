"""`up --upgrade-from N --expect SCENARIO`: what is wrong before anything runs, without an engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from tests.helpers import tree, web_spec

SCENARIO = "stack: web\nservices: {web: {sidekicks: [web-conf], metadata: {colour: red}}}\nself: web-conf-1\n"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("web", "--upgrade-from", "0", "--expect", "quite"), 1, "there is no scenario 'quite'\n  hint: did you mean 'quiet'?"),
        (
            ("web", "--upgrade-from", "0", "--expect", "quiet"),
            1,
            "the scenario 'quiet' has no expectation of a container at the start of the scenario",
        ),
        (("other", "--upgrade-from", "0", "--expect", "quiet"), 1, "the entry 'other' is not generated from a spec"),
        (("web", "--expect", "quiet"), 2, "--expect needs --upgrade-from N"),
    ],
)
def test_what_cannot_be_expected_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: int, said: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    tree(tmp_path, {"specs/web-conf.yml": web_spec("web-conf"), "specs/web-conf/scenarios/quiet.yml": SCENARIO})
    other = {"docker-compose.yml": "web: {image: nginx:1}\n", "rancher-compose.yml": ".catalog: {name: o, version: 1.0.0}\n"}
    tree(tmp_path, {f"templates/other/0/{name}": text for name, text in other.items()})
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    done = CliRunner().invoke(root, ["-C", str(tmp_path), "up", *words])
    assert done.exit_code == status, done.output
    assert said in done.output
