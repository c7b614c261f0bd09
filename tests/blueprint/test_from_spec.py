"""Blueprints made of specs: `new` with the defaults makes the same spec, and chosen values are questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cookiecutter.main import cookiecutter  # type: ignore[import-untyped]

from catalog_forge.cli.main import root
from catalog_forge.repository import Repository
from catalog_forge.spec.described.show import full
from tests.helpers import tree

WRITTEN = Path(__file__).parents[1] / "written/specs"
SPEC = """\
forge: 1
name: web-conf   # web-conf, and not my-web-conf
version: "1.0"
maintainer: Jo Doe <jo@example.org>
service:
  name: web
  image: 'nginx:1.27.0'
  scale: 3
metadata: {colour: {default: "r[[ed", optional: true}, deep: {type: list, default: [[%, b], [#c]]}}
files:
- dest: /etc/web/web.conf
  format: properties
  body:
  - set: {a: "@{metadata/colour}", b: true}
  - text: "[% if %] [[ x ]] [# y #] [web-conf]\\n"
launch: {exec: [nginx, [web-conf]]}
""".replace(", [web-conf]]", ", web-conf]").replace("[[%, b], [#c]]", "[]")


def run(catalog: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(catalog), *words])


def made(catalog: Path, target: Path, name: str, *words: str) -> Path:
    """What `new` makes of the blueprint x of a catalog."""
    target.mkdir(exist_ok=True)
    result = run(target, "new", name, "--blueprint", str(catalog / "blueprints/x"), "--no-input", "--no-build", *words)
    assert result.exit_code == 0, result.output
    return target


@pytest.mark.parametrize("name", sorted(path.stem for path in WRITTEN.glob("*.yml")))
def test_the_blueprint_of_an_example_makes_the_example(name: str, tmp_path: Path) -> None:
    files = {path.relative_to(WRITTEN): path for path in WRITTEN.rglob("*") if path.is_file() and not path.name.startswith(".")}
    own = {str(path): file.read_bytes() for path, file in files.items() if path.parts[0] in (name, f"{name}.yml")}
    tree(tmp_path / "a/specs", own)
    assert run(tmp_path / "a", "blueprints", "new", "x", "--from", name).exit_code == 0
    target = made(tmp_path / "a", tmp_path / "b", name)
    assert full(Repository(target).source(name).spec()) == full(Repository(tmp_path / "a").source(name).spec())
    for path, content in own.items():
        if path != f"{name}.yml":
            assert (target / "specs" / path).read_bytes() == content


def test_chosen_values_are_questions_and_all_else_stays_as_it_is(tmp_path: Path) -> None:
    tree(
        tmp_path / "a",
        {"specs/web-conf.yml": SPEC, "specs/web-conf/scenarios/a.yml": "services: {web: {sidekicks: [web-conf]}}\n"},
    )
    words = ("--ask", "service.image", "--ask", "nodes=service.scale", "--ask", "metadata.colour.optional", "--ask", "version")
    result = run(tmp_path / "a", "blueprints", "new", "x", "--from", "specs/web-conf.yml", *words)
    assert (result.exit_code, result.stdout) == (0, "blueprints/x: version, image, nodes, optional\n")
    before = Repository(tmp_path / "a").source("web-conf").spec()
    assert full(Repository(made(tmp_path / "a", tmp_path / "b", "web-conf")).source("web-conf").spec()) == full(before)
    answers = ("--set", "image=nginx:2", "--set", "nodes=5", "--set", "optional=no", "--set", "version=2: #")
    bad = run(tmp_path / "b", "new", "my-conf", "--blueprint", str(tmp_path / "a/blueprints/x"), "--no-build", *answers)
    assert bad.exit_code == 1 and "version cannot be '2: #'" in bad.stderr
    target = made(tmp_path / "a", tmp_path / "c", "my-conf", *answers[:-1], "version=2")
    after = Repository(target).source("my-conf").spec()
    assert (after.service.image, after.service.scale, after.version, after.metadata["colour"].optional) == (
        "nginx:2",
        5,
        "2",
        False,
    )
    assert [str(word.literal) for word in after.launch.exec] == ["nginx", "my-conf"]
    text = (target / "specs/my-conf.yml").read_text()
    assert "# my-conf, and not my-web-conf" in text and "[% if %] [[ x ]] [# y #] [my-conf]" in text
    assert (target / "specs/my-conf/scenarios/a.yml").read_text() == "services: {web: {sidekicks: [my-conf]}}\n"


def test_cookiecutter_makes_the_same_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path / "a", {"specs/web-conf.yml": SPEC})
    assert run(tmp_path / "a", "blueprints", "new", "x", "--from", "web-conf").exit_code == 0
    monkeypatch.setenv("HOME", str(tmp_path))
    cookiecutter(str(tmp_path / "a/blueprints/x"), no_input=True, output_dir=str(tmp_path / "out"))
    target = made(tmp_path / "a", tmp_path / "b", "web-conf")
    assert (tmp_path / "out/web-conf/specs/web-conf.yml").read_bytes() == (target / "specs/web-conf.yml").read_bytes()


def test_without_a_choice_it_asks_for_what_the_spec_says_of_the_usual(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/web-conf.yml": SPEC})
    assert run(tmp_path, "blueprints", "new", "x", "--from", "web-conf").stdout == "blueprints/x: version, maintainer, image\n"
    context = json.loads((tmp_path / "blueprints/x/cookiecutter.json").read_text())
    assert context["_checks"]["image"] == {"type": "image"} and context["maintainer"] == "Jo Doe <jo@example.org>"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x", "--from", "wev-conf"), "did you mean 'web-conf'?"),
        (("x", "--from", "web-conf", "--ask", "service.imag"), "did you mean 'service.image'?"),
        (("x", "--from", "web-conf", "--ask", "name=version"), "'name' cannot be the name of a question"),
        (("x", "--from", "web-conf", "--ask", "a=version", "--ask", "a=service.name"), "'a' cannot be the name of a question"),
        (("../x", "--from", "web-conf"), "a blueprint cannot be named '../x'"),
        (("there", "--from", "web-conf"), "there is a blueprint already"),
    ],
)
def test_what_cannot_be_is_an_error_and_nothing_is_written(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    tree(tmp_path, {"specs/web-conf.yml": SPEC, "blueprints/there/cookiecutter.json": ""})
    result = run(tmp_path, "blueprints", "new", *words)
    assert result.exit_code in (1, 2) and said in result.stderr
    assert [path.name for path in (tmp_path / "blueprints").iterdir()] == ["there"]
