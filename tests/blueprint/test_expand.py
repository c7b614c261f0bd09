"""Expanding blueprints: what comes out, what cookiecutter would make of them, and what is refused."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from catalog_forge.blueprint.answers import Given, answer
from catalog_forge.blueprint.expand import expand, renderer
from catalog_forge.blueprint.find import shipped
from catalog_forge.blueprint.limits import Budget, bounded
from catalog_forge.blueprint.model import MAX_BYTES, MAX_FILES, load
from catalog_forge.blueprint.sandbox import Sandbox
from catalog_forge.errors import ForgeError
from catalog_forge.plan import File, Plan
from tests.blueprint.folders import ROOM, blueprint
from tests.helpers import tree


def expanded(folder: Path, *, trusted: bool = False, **given: str) -> Plan:
    """Expand the blueprint in a folder, with defaults for what is not given."""
    found = load(folder)
    words = {"name": "web-conf"} | given
    answers = answer(found, renderer(found, trusted=trusted), {key: Given(text) for key, text in words.items()})
    return expand(found, answers, trusted=trusted)


def files(plan: Plan) -> dict[str, File]:
    """The files of a plan by their paths."""
    return {file.path: file for file in plan}


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_blueprint_expands_as_cookiecutter_expands_it(name: str) -> None:
    ours = expanded(shipped()[name], name="web-conf")
    assert files(ours) == files(expanded(shipped()[name], trusted=True, name="web-conf"))
    assert "specs/web-conf.yml" in ours


def test_every_feature_of_the_format_expands_as_in_cookiecutter(tmp_path: Path) -> None:
    folder = blueprint(
        tmp_path,
        {
            "{% if cookiecutter.yes %}yes{% endif %}.txt": "{{ cookiecutter._raw }} {{ cookiecutter.__made }}\n",
            "choice.txt": "{{ cookiecutter.size }} {{ cookiecutter.map.key | jsonify }}\n{% include 'part.txt' %}",
            "logo.png": b"\x89PNG\0{{ no template }}\xff",
            "raw/{{cookiecutter.name}}.sh": "{{ as it is }}\n",
            "one.raw": "{{ as it is }}\n",
            "no-newline": "{# nothing #}x",
            "windows.ini": b"a={{ cookiecutter.size }}\r\n{% if cookiecutter.yes %}\r\nb\r\n{% endif %}\r\nc\r\n",
            "mixed.ini": b"a={{ cookiecutter.size }}\r\nb\nc\r\n",
            "later.ini": b"a={{ cookiecutter.size }}\nb\r\nc",
        },
        yes=True,
        size=["s", "m"],
        map={"key": 'of {{ cookiecutter.size }} "quoted"'},
        _raw="{{ raw }}",
        __made="{{ cookiecutter.name | upper }}",
        _copy_without_render=["specs/*/*.raw", "specs/*/raw"],
    )
    tree(folder, {"templates/part.txt": "included {{ cookiecutter.name }}\n"})
    (folder / f"{ROOM}/no-newline").chmod(0o755)
    ours = expanded(folder, size="m")
    assert files(ours) == files(expanded(folder, trusted=True, size="m"))
    assert ours.text("specs/web-conf/yes.txt") == "{{ raw }} WEB-CONF\n"
    assert ours.text("specs/web-conf/choice.txt") == 'm "of m \\"quoted\\""\nincluded web-conf\n'
    assert ours["specs/web-conf/windows.ini"].content == b"a=m\r\n\r\nb\r\n\r\nc\r\n"
    assert ours["specs/web-conf/no-newline"] == File("specs/web-conf/no-newline", b"x", 0o755)


def test_a_condition_in_a_name_leaves_the_file_out(tmp_path: Path) -> None:
    folder = blueprint(tmp_path, {"{% if cookiecutter.yes %}extra.txt{% endif %}": "x"}, yes=False)
    assert list(files(expanded(folder))) == ["specs/web-conf.yml"]


def test_other_delimiters_leave_the_marks_of_confd_alone(tmp_path: Path) -> None:
    marks = {"variable_start_string": "[[", "variable_end_string": "]]"}
    folder = tree(
        tmp_path,
        {
            "cookiecutter.json": json.dumps({"name": "x-conf", "_jinja2_env_vars": marks}),
            "[[cookiecutter.name]]/specs/[[cookiecutter.name]].yml": 'x: {{getv "/[[ cookiecutter.name ]]"}}\n',
        },
    )
    assert expanded(folder).text("specs/web-conf.yml") == 'x: {{getv "/web-conf"}}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nb {{ cookiecutter.nme }}", "specs/web-conf/x.txt:2:1: the template fails: 'dict object' has no attribute 'nme'"),
        ("{{ cookiecutter.nme }}", "hint: no question is called 'nme': did you mean 'name'?"),
        ("{{ cookiecutter.name | json }}", "No filter named 'json'.\n  hint: did you mean 'jsonify'?"),
        ("{% if name %}", "hint: write an answer {{ cookiecutter.NAME }}, a condition {% if NAME %} ... {% endif %}"),
        ("a\n\n{% if %}", "specs/web-conf/x.txt:3:1: the template fails: Expected an expression"),
        ("{{ 1 / 0 }}", "x.txt:1:1: the template fails: division by zero"),
        ("{{ cookiecutter.__class__ }}", "access to attribute '__class__' of 'dict' object is unsafe"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "is unsafe"),
        ("{{ '{0.__class__}'.format(1) }}", "is unsafe"),
        ("{{ cookiecutter.pop('name') }}", "is unsafe"),
        ("{% include '/etc/hostname' %}", "the template fails: /etc/hostname"),
        ("{% include '../../../cookiecutter.json' %}", "the template fails: ../../../cookiecutter.json"),
        ("{{ [1, 2] | random }}", "No filter named 'random'"),
        ("{% now 'utc' %}", "unknown tag 'now'"),
        ("{{ 'x' * 10 ** 10 }}", "needs too much time or memory"),
        (
            "{% set n = namespace(x='x') %}{% for _ in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
            "too much time or memory",
        ),
        ("{{ 'x' * 1100000 }}", f"larger than {MAX_BYTES} bytes"),
    ],
)
def test_a_template_that_fails_or_does_more_than_it_may_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    folder = blueprint(tmp_path, {"x.txt": text})
    with pytest.raises(ForgeError) as error:
        expanded(folder)
    assert words in str(error.value).replace("{{cookiecutter.name}}", "web-conf")


@pytest.mark.parametrize(
    "text", ["{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "{{ 10 ** (10 ** 9) > 0 }}"]
)
def test_a_template_that_never_ends_is_stopped(tmp_path: Path, text: str) -> None:
    sandbox = Sandbox(load(blueprint(tmp_path, {"x.txt": text})))
    for render in (lambda: sandbox.file(f"{ROOM}/x.txt".partition("/")[2], {}), lambda: sandbox.text(text, {})):
        with pytest.raises(ForgeError, match="too much time or memory"), bounded(seconds=0.2):
            render()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("README.md", "would write README.md"),
        ("images/{{cookiecutter.name}}/Dockerfile", "would write images/web-conf/Dockerfile"),
        ("specs/other-conf.yml", "would write specs/other-conf.yml"),
        ("specs/{{cookiecutter.up}}/x", "unsafe path 'specs/../x'"),
        ("{{cookiecutter.root}}x", "would write etc/x"),
    ],
)
def test_a_blueprint_writes_in_the_room_of_its_spec_only(tmp_path: Path, path: str, words: str) -> None:
    folder = blueprint(tmp_path, up="..", root="etc/")
    tree(folder, {f"{{{{cookiecutter.name}}}}/{path}": "x"})
    with pytest.raises(ForgeError, match=words):
        expanded(folder)


def test_a_blueprint_without_a_spec_is_refused(tmp_path: Path) -> None:
    folder = blueprint(tmp_path, {"x": ""})
    (folder / f"{ROOM}.yml").unlink()
    with pytest.raises(ForgeError, match="does not generate specs/web-conf.yml"):
        expanded(folder)


@pytest.mark.parametrize("where", [f"{ROOM}/link", "templates", "cookiecutter.json", "{{cookiecutter.name}}"])
def test_a_link_in_a_blueprint_is_refused(tmp_path: Path, where: str) -> None:
    folder = blueprint(tmp_path / "blueprint", {"x": ""})
    outside = tmp_path / "outside"
    link = folder / where
    if link.exists():
        link.rename(outside)
    else:
        outside.mkdir()
    link.symlink_to(outside)
    with pytest.raises(ForgeError, match="symbolic links|is not a blueprint"):
        load(folder)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"cookiecutter.json": "{"}, "cookiecutter.json:1:2: the file is not well-formed JSON"),
        ({"cookiecutter.json": "{'name': 'x'}"}, "hint: write names and texts in double quotes"),
        ({"cookiecutter.json": b"\xff"}, "not well-formed JSON"),
        ({"cookiecutter.json": "[]"}, "must be a mapping"),
        ({"cookiecutter.json": "{}"}, "the question 'name' is missing"),
        ({"cookiecutter.json": '{"name": "x", "_copy_without_render": "x"}'}, "must be a list"),
        ({"cookiecutter.json": '{"name": "x"}'}, "one folder with a templated name, but this blueprint has 0"),
        ({"cookiecutter.json": '{"name": "x"}', "{{cookiecutter.a}}/x": "", "{{cookiecutter.b}}/x": ""}, "this blueprint has 2"),
        ({"README.md": ""}, "is not a blueprint: it has no cookiecutter.json"),
        ({"cookiecutter.json": '{"name": "x"}', **{f"{ROOM}/{n}": "" for n in range(MAX_FILES + 1)}}, "more than 200 files"),
        ({"cookiecutter.json": '{"name": "x"}', f"{ROOM}/x": b"x" * (MAX_BYTES + 1)}, "larger than 1048576 bytes"),
    ],
)
def test_a_folder_that_is_no_blueprint_is_refused(tmp_path: Path, files: dict[str, str | bytes], words: str) -> None:
    with pytest.raises(ForgeError) as error:
        load(tree(tmp_path, files))
    assert words in str(error.value)


def test_a_folder_that_does_not_exist_is_not_called_incomplete(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="there is no folder .*/none with a blueprint"):
        load(tmp_path / "none")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"extensions": ["os"]}, "unknown 'extensions'"),
        ({"block_start_strin": "<"}, "did you mean 'block_start_string'"),
        ({"trim_blocks": "yes"}, "trim_blocks cannot be 'yes'"),
        ({"comment_start_string": ""}, "comment_start_string cannot be ''"),
        ({"comment_start_string": "{{"}, "must be different"),
        (["trim_blocks"], "_jinja2_env_vars"),
    ],
)
def test_a_blueprint_chooses_marks_and_nothing_else_of_jinja(tmp_path: Path, options: object, words: str) -> None:
    with pytest.raises(ForgeError) as error:
        expanded(blueprint(tmp_path, _jinja2_env_vars=options))
    assert words in str(error.value)


HOOK = "import pathlib, sys\npathlib.Path({marker!r}).write_text('ran')\n"
EXTENSION = """\
from jinja2.ext import Extension

class Shout(Extension):
    def __init__(self, environment):
        super().__init__(environment)
        environment.filters["shout"] = lambda text: text.upper() + "!"
"""


def test_hooks_run_for_a_trusted_blueprint_only(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    folder = blueprint(tmp_path / "blueprint")
    tree(folder, {"hooks/post_gen_project.py": HOOK.format(marker=str(marker))})
    expanded(folder)
    assert not marker.exists()
    expanded(folder, trusted=True)
    assert marker.read_text() == "ran"


def test_a_hook_that_fails_is_an_error(tmp_path: Path) -> None:
    folder = tree(blueprint(tmp_path), {"hooks/pre_gen_project.py": "raise SystemExit(1)"})
    with pytest.raises(ForgeError, match="the blueprint fails: Hook script failed"):
        expanded(folder, trusted=True)


def test_extensions_are_loaded_for_a_trusted_blueprint_only(tmp_path: Path) -> None:
    folder = blueprint(tmp_path, {"x.txt": "{{ cookiecutter.name | shout }}"}, _extensions=["shouting_extension.Shout"])
    tree(folder, {"shouting_extension.py": EXTENSION})
    with pytest.raises(ForgeError, match="Python code .*\n.*--trust"):
        expanded(folder)
    assert expanded(folder, trusted=True).text("specs/web-conf/x.txt") == "WEB-CONF!"


def test_an_extension_that_is_missing_is_an_error(tmp_path: Path) -> None:
    folder = blueprint(tmp_path, _extensions=["not_there.X"])
    with pytest.raises(ForgeError, match="Unable to load extension"):
        expanded(folder, trusted=True)


@pytest.mark.parametrize("trusted", [False, True])
def test_expanding_leaves_the_working_directory_the_import_path_and_home_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    import os
    import resource
    import sys

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    folder = blueprint(tmp_path / "blueprint", {"x.txt": "{{ cookiecutter.missing }}"})
    before = os.getcwd(), list(sys.path), resource.getrlimit(resource.RLIMIT_AS)  # noqa: PTH109
    with pytest.raises(ForgeError, match="missing"):
        expanded(folder, trusted=trusted)
    assert (os.getcwd(), sys.path, resource.getrlimit(resource.RLIMIT_AS)) == before  # noqa: PTH109
    assert not list(home.iterdir())


def test_time_that_is_up_when_a_block_has_just_ended_is_said_as_any_other() -> None:
    late = signal.getsignal(signal.SIGVTALRM)
    with bounded(60):
        stop = signal.getsignal(signal.SIGVTALRM)
    assert callable(stop)
    stop(signal.SIGVTALRM, None)  # what comes later harms nobody
    assert signal.getsignal(signal.SIGVTALRM) == late


def test_all_texts_of_a_run_share_one_budget(tmp_path: Path) -> None:
    budget = Budget(seconds=0.3)
    render = renderer(load(blueprint(tmp_path, {"x.txt": "x"})), budget=budget)
    loops = "{% for a in range(300) %}{% for b in range(300) %}{% endfor %}{% endfor %}{{ cookiecutter.name }}"
    with pytest.raises(ForgeError, match="too much time or memory"):
        for _ in range(1000):
            render(loops, {"name": "x"})
    assert budget.seconds <= 0
    with pytest.raises(ForgeError, match="16 MiB of text"):
        Budget(text=3).made("four")
