"""`catalog-forge doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from tests.helpers import tree


def doctor(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    result = CliRunner().invoke(root, ["-C", str(folder), "doctor", "--format", "json", *arguments])
    assert result.exit_code == 0
    return {finding["name"]: finding for finding in json.loads(result.stdout)}


def test_it_counts_the_specs(tmp_path: Path) -> None:
    assert doctor(tmp_path)["catalog"]["found"] is False
    tree(tmp_path, {"specs/x-conf.yml": "forge: 1\n"})
    assert "1 spec in" in str(doctor(tmp_path)["catalog"]["detail"])


def test_a_dead_engine_is_missing_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    finding = doctor(tmp_path)["engine"]
    assert finding["found"] is False
    assert "none.sock" in str(finding["detail"])


def test_a_tool_is_found_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tree(tmp_path, {"hadolint": "#!/bin/sh\necho Haskell Dockerfile Linter 9.8.7\n"}) / "hadolint"
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert "9.8.7" in str(doctor(tmp_path)["hadolint"]["detail"])


def test_the_confd_that_a_variable_names_is_found_though_it_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tree(tmp_path, {"mine": "#!/bin/sh\necho confd 0.16.0\n"}) / "mine"
    mine.chmod(0o755)
    monkeypatch.setenv("CATALOG_FORGE_CONFD", str(mine))
    assert doctor(tmp_path)["confd"]["detail"] == f"confd 0.16.0 ({mine})"
    monkeypatch.setenv("CATALOG_FORGE_CONFD", str(tmp_path / "gone"))
    found = doctor(tmp_path)["confd"]
    assert found["found"] is False and "gone does not run" in str(found["detail"]) and found["get"]


@pytest.mark.engine
def test_the_engine_that_answers_is_found(tmp_path: Path) -> None:
    assert "API" in str(doctor(tmp_path)["engine"]["detail"])


def test_what_is_missing_is_said_with_its_use_and_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CATALOG_FORGE_CONFD", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    said = CliRunner().invoke(root, ["-C", str(tmp_path), "doctor"]).stdout.splitlines()
    for name in ("engine", "confd", "docker-compose", "hadolint", "shellcheck", "git"):
        at = next(number for number, line in enumerate(said) if line.startswith(f"missing {name}: "))
        assert len(said[at]) > len(f"missing {name}: ") + 10 and said[at + 1].startswith("        get it: "), name
