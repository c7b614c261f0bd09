"""What `new` remembers of a blueprint: what is in the file, that it decides nothing, and that a stranger's is read with care."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge import __version__
from catalog_forge.blueprint import memory
from catalog_forge.blueprint.answers import Given, answer
from catalog_forge.blueprint.expand import expand, renderer
from catalog_forge.blueprint.memory import MOST_BYTES, Digest
from catalog_forge.blueprint.model import load
from catalog_forge.cli.main import root
from catalog_forge.errors import ForgeError
from catalog_forge.plan import File, Plan
from catalog_forge.repository import Repository
from catalog_forge.spec.folder import MEMORY
from tests.blueprint.folders import blueprint, commit
from tests.helpers import tree

GOOD = {
    "format": 1,
    "blueprint": "web",
    "source": {"package": "0.1.0"},
    "digest": "0" * 64,
    "answers": {"name": "web-conf", "port": "80", "secure": True},
    "files": {"specs/web-conf.yml": "forge: 1\n", "specs/web-conf/logo.png": {"sha256": "1" * 64}},
}


def new(catalog: Path, *words: str) -> Result:
    catalog.mkdir(exist_ok=True)
    result = CliRunner().invoke(root, ["-C", str(catalog), "new", "web-conf", "--no-build", "--no-input", *words])
    assert result.exit_code == 0, result.output
    return result


def remembered(catalog: Path) -> memory.Memory:
    return memory.read((catalog / "specs/web-conf" / MEMORY).read_bytes(), "web-conf")


def test_it_holds_the_blueprint_the_answers_and_the_files_as_they_were_first(tmp_path: Path) -> None:
    folder = blueprint(tmp_path / "mine", {"a.txt": "{{ cookiecutter.word }}\n", "b.png": b"\x89\0"}, word="x", yes=True, _no="n")
    new(tmp_path / "catalog", "--blueprint", "../mine", "--set", "word=é\u2028😀", "--exec", "web")
    found = remembered(tmp_path / "catalog")
    assert (found.blueprint, found.source, found.digest) == ("mine", {"folder": "../mine"}, load(folder).digest)
    assert found.answers == {"name": "web-conf", "word": "é\u2028😀", "yes": True}
    assert found.files == {
        "specs/web-conf.yml": (tmp_path / "catalog/specs/web-conf.yml").read_text(),
        "specs/web-conf/a.txt": "é\u2028😀\n",
        "specs/web-conf/b.png": Digest(hashlib.sha256(b"\x89\0").hexdigest()),
    }


def test_it_names_the_package_or_the_commit_that_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    new(tmp_path / "a", "--set", "service=redis:3.2.11")
    assert remembered(tmp_path / "a").source == {"package": __version__}
    folder = blueprint(tmp_path / "repository")
    made = commit(folder)
    new(tmp_path / "b", "--blueprint", f"file://{folder}@{made}", "--exec", "web")
    assert remembered(tmp_path / "b").source == {"url": f"file://{folder}", "commit": made}
    assert remembered(tmp_path / "b").blueprint == "repository"


def test_neither_a_secret_nor_a_file_that_holds_it_is_in_it(tmp_path: Path) -> None:
    blueprint(tmp_path / "mine", {"key": "{{ cookiecutter.key }}"}, key="", _checks={"key": {"type": "text", "secret": True}})
    new(tmp_path / "catalog", "--blueprint", "../mine", "--set", "key=hush-hush", "--exec", "web")
    text = (tmp_path / "catalog/specs/web-conf" / MEMORY).read_text()
    assert "hush" not in text
    assert isinstance(remembered(tmp_path / "catalog").files["specs/web-conf/key"], Digest)
    assert "key" not in remembered(tmp_path / "catalog").answers


def test_it_decides_nothing_and_lint_and_generate_leave_it_alone(tmp_path: Path) -> None:
    new(tmp_path, "--set", "service=redis:3.2.11")
    file = tmp_path / "specs/web-conf" / MEMORY
    assert [path.name for path in file.parent.iterdir()] == [MEMORY]
    file.write_text("{}")
    repository = Repository(tmp_path)
    assert repository.is_current(repository.source("web-conf"))
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate", "--check"]).exit_code == 0
    assert MEMORY not in CliRunner().invoke(root, ["-C", str(tmp_path), "lint", "--no-external"]).output
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    assert file.read_text() == "{}"


def test_a_spec_of_words_forgets_the_blueprint_that_it_takes_the_place_of(tmp_path: Path) -> None:
    new(tmp_path, "--set", "service=redis:3.2.11")
    new(tmp_path, "--service", "redis:3.2.11", "--config", "/etc/redis/redis.conf", "--file-format", "space", "--force")
    assert not (tmp_path / "specs/web-conf" / MEMORY).exists()


def test_no_file_of_it_takes_the_place_of_the_memory(tmp_path: Path) -> None:
    found = load(blueprint(tmp_path, {MEMORY: "{}"}))
    with pytest.raises(ForgeError, match="would write specs/web-conf/.blueprint.json"):
        expand(found, answer(found, renderer(found), {"name": Given("web-conf")}))
    repository = Repository(tree(tmp_path / "c", {"specs/x-conf/.blueprint.json": "{}", "specs/x-conf.yml": "forge: 1\n"}))
    with pytest.raises(ForgeError, match="cannot be a part of the generated files"):
        repository.source("x-conf").folder.read(MEMORY, None)


def test_long_files_are_remembered_by_their_digest(tmp_path: Path) -> None:
    found = replace(load(blueprint(tmp_path)), source={"folder": "x"})
    contents = {".yml": b"forge: 1\n", "/a": b"x" * (MOST_BYTES - 100), "/b": b"y" * 200}
    plan = Plan(File(f"specs/web-conf{path}", content) for path, content in contents.items())
    kept = memory.read(memory.file_of(found, {"name": "web-conf"}, plan).content, "web-conf").files
    assert [isinstance(each, Digest) for each in kept.values()] == [False, False, True]


@given(st.text(), st.text())
def test_any_text_comes_back_as_it_was(text: str, answer: str) -> None:
    written = memory._dumped(memory.Memory("x", {"folder": answer}, "0" * 64, {"a": answer}, {"specs/web-conf.yml": text}))
    found = memory.read(written.encode(errors="surrogatepass"), "web-conf")
    assert (found.files["specs/web-conf.yml"], found.answers["a"]) == (text, answer)
    assert json.loads(written)["files"]["specs/web-conf.yml"] == text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "2:12: format must be 1"),
        ({"extra": 1, "blueprint": 5}, "3:15: blueprint must be text"),
        ({"digest": "xyz"}, "digest must be 64 hex digits"),
        ({"source": {"url": "x"}}, "source must have"),
        ({"source": {"url": "x", "commit": "main"}}, "source.commit must be 40 hex digits"),
        ({"source": []}, "source must be a mapping"),
        ({"answers": {"port": 80}}, "the answer to 'port' must be text, true or false"),
        ({"answers": {"port": ["80"]}}, "the answer to 'port' must be text, true or false"),
        ({"files": {"specs/other-conf.yml": ""}}, "'specs/other-conf.yml' is not a file of this spec"),
        ({"files": {"specs/web-conf/../x": ""}}, "unsafe path 'specs/web-conf/../x'"),
        ({"files": {"/etc/passwd": ""}}, "unsafe path '/etc/passwd'"),
        ({"files": {"specs/web-conf/a": {"sha": "1"}}}, "a file must be either text or a mapping with the key `sha256`"),
        ({"files": {"specs/web-conf/a": 1}}, "a file must be text"),
        ({"files": {f"specs/web-conf/{n}": "" for n in range(201)}}, "files must have at most 200 entries"),
        ({"blueprint": "\ud800"}, "this escape is invalid: it is half of a surrogate pair"),
    ],
)
def test_what_is_wrong_with_it_is_said_with_its_place(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ForgeError) as error:
        memory.read(json.dumps(GOOD | changes, indent=1).encode(), "web-conf")
    assert said in str(error.value)
    assert str(error.value).startswith("specs/web-conf/.blueprint.json:")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b"\xff", b"[" * 9000, b"x" * (2 << 20)])
def test_what_is_no_memory_at_all_is_an_error(content: bytes) -> None:
    with pytest.raises(ForgeError):
        memory.read(content, "web-conf")


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ForgeError) as error:
        memory.read(b'{"format": 1, "extra": 1, "digest": 1}', "web-conf")
    assert [problem.message for problem in error.value.problems] == [
        "the file lacks these keys: blueprint, source, answers, files",
        "unknown key 'extra'",
        "digest must be 64 hex digits",
    ]
