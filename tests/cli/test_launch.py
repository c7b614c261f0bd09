"""How a program starts, in a scenario: what confd writes for the launch script is expected like any file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root

SPEC = Path(__file__).parents[1] / "golden/specs/start.yml"
SCENARIO = """\
stack: one
services:
  store:
    scale: 3
    sidekicks: [store-conf]
    health_check: {port: 7000}
    metadata: {heap: 2g, token: t0p}
self: store-conf-2
expect:
  files:
    launch: {contains: "'--heap=''2g'", lacks: zone}
    peers: {contains: "2 3"}
then:
- set: {heap: 3g}
  expect:
    files: {launch: {contains: "'--heap=''3g'"}}
    reloads: [restart]
- scale: 5
  expect:
    files: {peers: {contains: "2 5"}}
"""


@pytest.mark.parametrize("engine", ["embedded", pytest.param("confd", marks=pytest.mark.confd)])
def test_the_files_of_the_start_are_shown_and_expected_by_each_engine(tmp_path: Path, engine: str) -> None:
    scenarios = tmp_path / "specs/store-conf/scenarios"
    scenarios.mkdir(parents=True)
    (tmp_path / "specs/store-conf.yml").write_text(SPEC.read_text())
    (scenarios / "start.yml").write_text(SCENARIO)
    done = CliRunner().invoke(root, ["-C", str(tmp_path), "test", "--engine", engine])
    assert done.exit_code == 0, done.output
    (scenarios / "start.yml").write_text(SCENARIO.replace("3g'", "4g'"))
    done = CliRunner().invoke(root, ["-C", str(tmp_path), "test", "--engine", engine])
    assert done.exit_code == 1
    assert "t0p" not in done.output  # the file holds a secret
