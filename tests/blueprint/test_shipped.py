"""What holds for every blueprint that comes with catalog-forge: whoever adds a folder to blueprints/ adds a case to each test.

The image engine plays the same scenarios in tests/live/test_blueprints.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from cookiecutter.main import cookiecutter  # type: ignore[import-untyped]

from catalog_forge import yamlio
from catalog_forge.blueprint.answers import questions
from catalog_forge.blueprint.expand import renderer
from catalog_forge.blueprint.find import GENERIC, shipped
from catalog_forge.blueprint.model import load
from catalog_forge.cli.main import root
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.undeclared import undeclared
from catalog_forge.repository import Repository
from catalog_forge.spec.model import Spec
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.play import Case, cases, play
from catalog_forge.verify.real_confd import Confd
from tests.blueprint.made import make, names
from tools.blueprints import pages

QUESTIONS = 6
_ACTION = re.compile(r"\{\{(?:[^\"`}]|\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`|}(?!}))*\}\}")
# A spec of any service: it asks for the service itself, and what is expected of its file nobody knows beforehand.
FREE = {GENERIC}
NAMES = list(shipped())
OWN = [name for name in NAMES if name not in FREE]


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog that `new` makes of a blueprint and its defaults; pytest runs the tests of each one together."""
    return make(request.param, tmp_path_factory.mktemp(request.param))


def spec_of(made: Path) -> Spec:
    """The one spec of a catalog."""
    return Repository(made).source(names(made)[0]).spec()


def played(made: Path) -> list[Case]:
    """The scenarios of a catalog."""
    repository = Repository(made)
    return [case for name in names(made) for case in cases(repository.source(name).spec(), repository.source(name).folder)]


each = pytest.mark.parametrize("made", NAMES, indirect=True)
each_own = pytest.mark.parametrize("made", OWN, indirect=True)


@pytest.mark.parametrize("name", OWN)
def test_it_asks_little_and_says_what_it_asks_for(name: str) -> None:
    blueprint = load(shipped()[name])
    asked = questions(blueprint, renderer(blueprint))
    assert 1 <= len(asked) <= QUESTIONS
    assert [question.name for question in asked if question.prompt == question.name] == [], "without a prompt"
    assert blueprint.description and not blueprint.hooks and not blueprint.runs_code


@pytest.mark.parametrize("name", OWN)
def test_every_text_that_it_asks_for_is_checked_when_it_is_given(name: str) -> None:
    blueprint = load(shipped()[name])
    asked = questions(blueprint, renderer(blueprint))
    assert [each.name for each in asked if not (each.check or each.options or isinstance(each.default, bool))] == []
    for question in asked:
        if question.check:
            with pytest.raises(ForgeError, match=f"{question.name} cannot be"):
                question.value("two\nlines: [#")


@pytest.mark.parametrize("name", OWN)
def test_its_readme_and_picture_are_made_from_what_it_is_now(name: str) -> None:
    folder = shipped()[name]
    for page, text in pages(folder).items():
        assert (folder / page).read_text() == text, "python tools/blueprints.py"
    assert f"catalog-forge new {name}" in text_of_readme(name) and "(topology.svg)" in text_of_readme(name)
    assert ElementTree.parse(folder / "topology.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def text_of_readme(name: str) -> str:
    return (shipped()[name] / "README.md").read_text()


def test_each_has_an_icon_that_was_drawn_for_it() -> None:
    icons: dict[str, bytes] = {}
    for name in OWN:
        folder = shipped()[name]
        for icon in sorted(folder.rglob("icon.svg")):
            assert ElementTree.fromstring(icon.read_bytes()).tag == "{http://www.w3.org/2000/svg}svg"
            icons[name] = icon.read_bytes()
    assert sorted(icons) == OWN
    assert len(set(icons.values())) == len(OWN), "two blueprints share an icon"


@each_own
def test_its_entry_shows_that_icon(made: Path) -> None:
    assert spec_of(made).entry.icon == "icon.svg"
    (shown,) = made.glob("templates/*/catalogIcon-*.svg")
    assert shown.read_bytes() == (made / f"specs/{names(made)[0]}/icon.svg").read_bytes()


@each
def test_what_it_makes_is_current_and_lint_finds_nothing(made: Path) -> None:
    assert CliRunner().invoke(root, ["-C", str(made), "generate", "--check"]).exit_code == 0
    result = CliRunner().invoke(root, ["-C", str(made), "lint", "--format", "json", "--fail-on", "note"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["findings"] == []


@each
def test_the_judges_of_rancher_take_its_entry(made: Path) -> None:
    result = CliRunner().invoke(root, ["-C", str(made), "lint", "--verdicts", "--format", "json"])
    assert result.exit_code == 0, result.output
    verdicts = json.loads(result.stdout)
    assert {verdicts[judge] for judge in ("service", "ci", "launch")} == {"accept"}


@each
def test_docker_compose_accepts_its_entry(made: Path, docker_compose: Path) -> None:
    for compose in made.glob("templates/*/*/docker-compose.yml"):
        asked = yamlio.load(compose.with_name("rancher-compose.yml").read_bytes(), "x")["catalog"]["questions"]  # type: ignore[index, call-overload]
        answers = {each["variable"]: str(each.get("default", "x")) for each in asked}
        done = subprocess.run(
            [docker_compose, "-f", compose, "config"], env=os.environ | answers, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@each_own
def test_its_scenarios_scale_change_a_value_and_lose_a_peer_and_expect_something_of_each_file(made: Path) -> None:
    repository = Repository(made)
    for name in names(made):
        source = repository.source(name)
        steps: list[dict[str, Any]] = []
        for text in source.folder.scenarios().values():
            then = yamlio.load(text, "x")["then"]  # type: ignore[index, call-overload]
            steps += then
        kinds = {key for step in steps for key in step}
        assert len(steps) >= 3
        assert "scale" in kinds and kinds & {"set", "unset"} and kinds & {"replace", "stop", "health"}
        expected = {file.dest for case in played(made) for each in case.expected for file in each.files}
        assert expected >= {file.dest for file in source.spec().files}


@each_own
def test_its_scenarios_set_only_metadata_that_it_declares(made: Path) -> None:
    specs = {name: Repository(made).source(name).spec() for name in names(made)}
    assert [str(doubt) for case in played(made) for doubt in undeclared(specs[case.spec], case.scenario.given)] == []


@each_own
def test_its_scenarios_pass(made: Path) -> None:
    assert [why(case, Embedded()) for case in played(made)] == [""] * len(played(made))


@each_own
def test_its_scenarios_pass_with_the_real_confd(made: Path, confd: Path) -> None:
    assert [why(case, Confd(confd)) for case in played(made)] == [""] * len(played(made))


@each_own
def test_its_scenarios_notice_a_broken_line_in_each_template(made: Path) -> None:
    found = played(made)
    breaks = {
        (template, line): any(why(case, Embedded()) for case in broken(found, template, line))
        for template in {template for case in found for template in case.subject.image.templates}
        for line in lines_of(found[0], template)
    }
    noticed = [place for place, seen in breaks.items() if seen]
    assert {template for template, _ in noticed} == {template for template, _ in breaks}
    missed = sorted(breaks.keys() - noticed)
    assert len(noticed) * 4 >= len(breaks), f"nobody notices that the text of these lines is gone: {missed}"


@each_own
def test_plain_cookiecutter_makes_the_same_author_s_files(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = names(made)
    monkeypatch.setenv("HOME", str(tmp_path))  # where its own settings and replays lie
    cookiecutter(str(shipped()[name]), no_input=True, output_dir=str(tmp_path / "out"))
    theirs = tmp_path / "out" / name
    ours = {path.relative_to(made): path.read_bytes() for path in (made / "specs").rglob("*") if path.is_file()}
    ours = {path: content for path, content in ours.items() if not path.name.startswith(".")}
    assert {path.relative_to(theirs): path.read_bytes() for path in theirs.rglob("*") if path.is_file()} == ours


def why(case: Case, engine: Embedded | Confd) -> str:
    """Why a scenario fails; empty when it passes."""
    result = play(case, engine)
    failures = [f"{step.name}: {failure.message}\n{failure.diff}" for step in result.steps for failure in step.failures]
    return "\n".join([*failures, str(result.broken or "")]).strip()


def lines_of(case: Case, template: str) -> list[int]:
    """The lines of a template that write text of their own, but for a comment of the file."""
    lines = text_of(case, template).splitlines()
    own = [_ACTION.sub("", line).strip() for line in lines]
    return [number for number, text in enumerate(own) if text and not text.startswith(("#", "<!--"))]


def broken(found: list[Case], template: str, number: int) -> Iterator[Case]:
    """The scenarios of a spec one of whose templates has lost the text of a line, but for its actions."""
    for case in found:
        lines = text_of(case, template).splitlines(keepends=True)
        lines[number] = "".join(_ACTION.findall(lines[number])) + "\n"
        image = replace(case.subject.image, templates={**case.subject.image.templates, template: "".join(lines).encode()})
        yield replace(case, subject=replace(case.subject, image=image))


def text_of(case: Case, template: str) -> str:
    return case.subject.image.templates[template].decode()
