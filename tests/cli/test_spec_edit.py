"""`spec set`, `unset`, `get` and `add-key`: what they write, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from tests.cli import test_update

SPEC = """\
# mine
forge: 1
name: web-conf
service: {name: web, image: 'nginx:1.27.0'}
metadata:
  port: {type: int, default: 80}   # the port
files:
- dest: /etc/web/web.properties
  body:
  - set: {port: "@{metadata/port}"}
"""


def run(catalog: Path, *words: str) -> Result:
    return test_update.run(catalog, "spec", *words)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/web-conf.yml").write_text(SPEC)
    return tmp_path / "specs/web-conf.yml"


def test_a_change_is_shown_and_written(file: Path, tmp_path: Path) -> None:
    result = run(tmp_path, "set", "web-conf", "metadata/port/default", "81")
    assert result.exit_code == 0, result.output
    assert "+  port: {type: int, default: 81}   # the port" in result.stdout
    assert file.read_text() == SPEC.replace("80", "81")
    assert run(tmp_path, "get", "web-conf", "metadata/port/default").stdout == "81\n"
    assert run(tmp_path, "add-key", "web-conf", "size", "--default", "big", "--optional").exit_code == 0
    assert "  size: {default: big, optional: true}\n" in file.read_text()
    assert run(tmp_path, "unset", "web-conf", "metadata/size").exit_code == 0
    assert file.read_text() == SPEC.replace("80", "81")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "web-conf", "metadata/port/default", "x"), "must be a whole number"),
        (("set", "web-conf", "metadata/port/defalt", "1"), "did you mean 'default'?"),
        (("set", "web-conf", "metadata/prot/default", "81"), "no metadata key 'prot'\n  hint: did you mean 'port'?;"),
        (("set", "web-conf", "metadata.prot", "{type: int}"), "catalog-forge spec add-key NAME prot"),
        (("set", "web-conf", "metadta/port", "{type: int}"), "did you mean 'metadata'?"),
        (("set", "web-conf", "name", "other-conf"), "is named 'other-conf'"),
        (("unset", "web-conf", "service"), "service"),
        (("unset", "web-conf", "metadata/port"), "is the only entry of its parent"),
        (("add-key", "web-conf", "port"), "the spec already has a metadata key 'port'"),
        (("add-key", "web-conf", "x", "--type", "itn"), "did you mean 'int'?"),
        (("set", "none-conf", "a", "1"), "there is no spec 'none-conf'"),
    ],
)
def test_what_would_not_generate_is_refused(file: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    result = run(tmp_path, *words)
    assert result.exit_code == 1
    assert said in result.output
    assert file.read_text() == SPEC


@pytest.mark.parametrize("option", ["--diff", "--dry-run"])
def test_to_look_writes_nothing(file: Path, tmp_path: Path, option: str) -> None:
    result = run(tmp_path, "set", "web-conf", "service/image", "nginx:1.27.3", option)
    assert result.exit_code == 0
    assert "+service: {name: web, image: 'nginx:1.27.3'}" in result.stdout
    assert file.read_text() == SPEC


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("vars/LEVLE", "warning: vars/LEVLE is new; did you mean 'LEVEL'?\n"),
        ("vars/LEVEL", ""),
        ("vars/LEVEL_OF_ALL_LOGS_THERE_ARE", ""),
        ("vars/PORT", ""),
    ],
)
def test_a_new_name_that_resembles_another_is_doubted(file: Path, tmp_path: Path, path: str, said: str) -> None:
    file.write_text(SPEC + "vars: {LEVEL: info}\n")
    result = run(tmp_path, "set", "web-conf", path, "debug", "--diff")
    assert result.exit_code == 0, result.output
    assert "LEVEL: debug" in result.stdout or "debug}" in result.stdout
    assert result.stderr.partition("\n")[0] == said.rstrip()


def test_the_first_metadata_key_is_declared_by_add_key_too(file: Path, tmp_path: Path) -> None:
    metadata = "metadata:\n  port: {type: int, default: 80}   # the port\n"
    file.write_text(SPEC.replace(metadata, "").replace("@{metadata/port}", "80"))
    result = run(tmp_path, "set", "web-conf", "metadata/port/default", "80")
    assert (result.exit_code, "the spec declares no metadata key 'port'" in result.stderr) == (1, True)
