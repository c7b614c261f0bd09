"""The examples, which blueprints make, and the specs that are written by hand.

What is generated from the latter is compared with tests/golden/, and built on the engine.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.cli.make import schemas
from catalog_forge.image import builder
from catalog_forge.image.engine import connect
from catalog_forge.plan import File, Plan
from catalog_forge.repository import Repository
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.play import cases, play
from catalog_forge.verify.real_confd import Confd
from tests.helpers import said
from tools import examples

EXAMPLES = Repository(Path(__file__).parents[1] / "examples")
WRITTEN = Repository(Path(__file__).parent / "written")
GOLDEN = Path(__file__).parent / "golden"


def on_disk(root: Path) -> Plan:
    """A folder as a plan: paths, modes and bytes."""
    files = (path for path in root.rglob("*") if path.is_file())
    return Plan(File(path.relative_to(root).as_posix(), path.read_bytes(), _mode(path)) for path in files)


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644


@pytest.mark.parametrize("name", EXAMPLES.names())
def test_an_example_is_what_new_makes_today_of_its_blueprint_and_answers(name: str, tmp_path: Path) -> None:
    found, today = examples.files(examples.SPECS, name), examples.made(name, examples.answers(name), tmp_path)
    assert [*sorted(found)] == [*sorted(today)]
    assert [path for path in found if found[path] != today[path]] == [], "python tools/examples.py"


@pytest.mark.parametrize("name", EXAMPLES.names())
def test_the_scenarios_of_an_example_pass(name: str, confd: Path) -> None:
    source = EXAMPLES.source(name)
    for engine in (Embedded(), Confd(confd)):
        played = [result for case in cases(source.spec(), source.folder) if not (result := play(case, engine)).skipped]
        assert played
        for result in played:
            assert result.passed, (engine.name, result.broken, [step.failures for step in result.steps])


def test_lint_finds_nothing_in_the_examples(tmp_path: Path) -> None:
    shutil.copytree(examples.SPECS, tmp_path / "specs")
    for words in (["generate"], ["lint", "--fail-on", "note"]):
        result = CliRunner().invoke(root, ["-C", str(tmp_path), *words])
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", WRITTEN.names())
def test_a_spec_generates_what_is_expected(name: str, request: pytest.FixtureRequest) -> None:
    plan = WRITTEN.source(name).plan()
    if request.config.getoption("--update-golden"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        for file in plan:
            path = GOLDEN / name / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
    expected = on_disk(GOLDEN / name)
    assert [file.path for file in plan] == [file.path for file in expected]
    for file in plan:
        same = file.content.decode() == expected[file.path].content.decode()
        assert same, f"{file.path} differs: pytest --update-golden, then read the diff"
        assert file.mode == expected[file.path].mode, file.path


def test_the_schema_beside_the_examples_is_the_schema() -> None:
    assert (EXAMPLES.root / schemas.FILE).read_text() == schemas.text()


@pytest.mark.parametrize("name", WRITTEN.names())
def test_its_image_builds(
    name: str, engine: docker.DockerClient, base_image: str, confd: Path, test_labels: Mapping[str, str]
) -> None:
    del base_image  # it has to be on the engine
    context = WRITTEN.source(name).plan().below(f"images/{name}")
    context.add(File("confd", confd.read_bytes()))
    tag = f"catalog-forge-test-{name}:1"
    args = {"CONFD_SRC": "confd", "CONFD_SHA256": hashlib.sha256(confd.read_bytes()).hexdigest()}
    request = builder.BuildRequest(context=context, tags=(tag,), args=args, platform=None, no_cache=False, labels=test_labels)
    with connect() as connection:
        built = builder.build(connection, request, lambda _event: None)
    try:
        assert built.fresh
        assert said(engine, tag, ["-version"], entrypoint="confd").startswith(b"confd 0.16.0")
    finally:
        engine.images.remove(tag)
