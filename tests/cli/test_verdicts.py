"""`lint --verdicts` and `lint --explain-verdict`: what the judges say, for programs and for people."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from tests.helpers import tree
from tests.lint.trees import SOUND

RANCHER = "templates/web/0/rancher-compose.yml"
NEXT = SOUND[RANCHER].replace("1.0.0", "1.1.0")


def lint(where: Path, *arguments: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(where), "lint", *arguments])


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog with a second revision that has no version, and an entry of another top folder."""
    more = {path.replace("/0/", "/1/"): text for path, text in SOUND.items() if "/web/0/" in path}
    more["templates/web/1/rancher-compose.yml"] = NEXT.replace("  version: '1.1.0'\n", "")
    more |= {path.replace("templates/web", "infra-templates/dns"): text for path, text in SOUND.items() if "/web/" in path}
    return tree(tmp_path, {**SOUND, **more})


def test_verdicts_for_programs_have_exactly_the_promised_shape(catalog: Path) -> None:
    done = lint(catalog, "--verdicts", "--format", "json")
    assert done.exit_code == 0
    data = json.loads(done.stdout)
    assert data["service"] == "drop" and data.keys() == {"service", "ci", "launch", "served", "default"}
    assert data["served"] == {"web": {"1.0.0": "web:0"}, "infra*dns": {"1.0.0": "infra*dns:0"}}
    assert data["default"] == {"web": "1.0.0", "infra*dns": "1.0.0"}


def test_verdicts_for_people_say_why(catalog: Path) -> None:
    lines = lint(catalog, "--verdicts").stdout.splitlines()
    assert lines[0].startswith("service drop    catalog-service")
    assert lines[1].startswith("  drop    templates/web/1/")
    assert lines[-1] == "served: 2 versions of 2 templates"


@pytest.mark.parametrize("entry", ["web", "web/1", "templates/web", "templates/web/1", "web:1", "templates/web/"])
def test_one_entry_is_explained_judge_by_judge(catalog: Path, entry: str) -> None:
    shown = lint(catalog, "--explain-verdict", entry).stdout
    words = [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")]
    assert words[1:4] == ["service", "ci", "launch"]
    assert "  drop    templates/web/1/" in shown
    assert "served: 1.0.0 as web:0  offered first" in shown and "infra" not in shown


def test_of_one_revision_only_its_own_is_explained(catalog: Path) -> None:
    assert "drop" not in lint(catalog, "--explain-verdict", "web/0").stdout
    assert "drop" not in lint(catalog, "--explain-verdict", "dns").stdout


def test_an_explanation_for_programs(catalog: Path) -> None:
    data = json.loads(lint(catalog, "--explain-verdict", "web", "--format", "json").stdout)
    assert (data["entry"], data["served"], data["default"]) == ("web", {"1.0.0": "web:0"}, "1.0.0")
    assert data["judges"]["service"]["verdict"] == "drop"
    (ruling,) = data["judges"]["service"]["rulings"]
    assert (ruling["outcome"], ruling["revision"]) == ("drop", "1")
    assert ruling["file"].startswith("templates/web/1")


def test_an_entry_is_told_when_another_spoils_the_catalog(catalog: Path) -> None:
    (catalog / "infra-templates/dns/config.yml").write_text("a: [\n")
    (catalog / "infra-templates/dns/0/rancher-compose.yml").write_text("catalog: [\n")
    shown = lint(catalog, "--explain-verdict", "web").stdout
    assert re.search(r"refuses the whole catalog, including this entry, because of .*infra\*dns", shown)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--explain-verdict", "wab"), 1, "did you mean 'web'?"),
        (("--verdicts", "--format", "sarif"), 2, "text or json"),
        (("--verdicts", "templates", "images"), 2, "a single PATH"),
    ],
)
def test_wrong_calls_are_said(catalog: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = lint(catalog, *arguments)
    assert done.exit_code == code and words in done.stderr


def test_names_of_strangers_cannot_steer_the_terminal(tmp_path: Path) -> None:
    tree(tmp_path, {path.replace("/web/", "/w\x1b[31m\neb/"): text for path, text in SOUND.items() if "catalogIcon" not in path})
    for arguments in (("--verdicts",), ("--verdicts", "--format", "json"), ("--explain-verdict", "w\x1b[31m\neb")):
        done = lint(tmp_path, *arguments)
        assert done.exit_code == 0 and "\x1b" not in done.output and "w\\" in done.stdout


def test_what_was_published_must_not_change(tmp_path: Path) -> None:
    tree(tmp_path, SOUND)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    assert lint(tmp_path, "--since", "HEAD", "--select", "CF920").stdout == ""
    (tmp_path / RANCHER).write_text(SOUND[RANCHER].replace("hello", "hi"))
    for path in (".", "templates/web", "templates/web/0"):
        assert f"{RANCHER}: warning CF920" in lint(tmp_path, path, "--since", "HEAD", "--select", "CF920").stdout
    done = lint(tmp_path, "--since", "nowhere")
    assert done.exit_code == 1 and "there is no commit 'nowhere'" in done.stderr


def test_a_revision_by_its_path_is_judged_as_if_its_entry_were_sound(tmp_path: Path) -> None:
    tree(tmp_path, {path: text for path, text in SOUND.items() if path.startswith("templates/")})
    result = CliRunner().invoke(root, ["lint", "--verdicts", "--format", "json", str(tmp_path / "templates/web/0")])
    found = json.loads(result.stdout)
    assert [found[judge] for judge in ("service", "ci", "launch")] == ["accept"] * 3
    assert found["served"] == {"web": {"1.0.0": "web:0"}}
