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
        (("set", "web-conf", "name", "other-conf"), "is named 'other-conf'"),
        (("unset", "web-conf", "service"), "service"),
        (("unset", "web-conf", "metadata/port"), "is the only entry of its parent"),
        (("add-key", "web-conf", "port"), "there is a metadata key 'port' already"),
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
