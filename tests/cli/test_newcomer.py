"""A newcomer's first hour: the wrong folder, another ending, a key at another level, words of other tools.

A row is a kind, as in test_mistakes.py: what is typed or written, and the words that the answer must hold.
"""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import COMMANDS, ELSEWHERE, _failed, root
from tests.helpers import tree

SHORT = "forge: 1\nname: redis-conf\nservice: redis:3.2.11\nconfig: /usr/local/etc/redis/redis.conf\nreload: restart\n"
SPEC = SHORT + "metadata: [maxmemory]\n"


def call(folder: Path | str, *words: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), *words], env=env, prog_name="catalog-forge")


# Commands that need a spec or an entry, in a folder that has none.
LOST = ["generate", "build", "test", "bake", "render x-conf", "spec show x-conf", "scenario new x-conf", "release x-conf"]
LOST += [
    "up x --plan",
    "show x",
    "preview x",
    "preview --no-open",
    "lock",
    "lock --check",
    "lock --online",
    "upgrades",
    "upgrades .",
]
LOST += [
    "lint",
    "lint --verdicts",
    "lint --explain-verdict x",
    "lint --report lint.html",
    "standards adopt",
    "standards report HERE",
]
LOST += ["standards impact", "release --all", "sbom x-conf", "chart x-conf", "seed x-conf", "spec set x-conf a b", "update"]


@pytest.mark.parametrize("words", LOST)
def test_in_the_wrong_folder_each_command_names_it_and_two_ways_on(words: str, tmp_path: Path) -> None:
    result = call(tmp_path, *words.replace("HERE", str(tmp_path)).split())
    assert result.exit_code == 1
    assert str(tmp_path) in result.stderr and "specs/NAME.yml" in result.stderr
    assert "catalog-forge new NAME" in result.stderr and "-C DIR" in result.stderr


def test_a_folder_in_which_there_is_nothing_to_lint_is_no_success(tmp_path: Path) -> None:
    tree(tmp_path, {"src/main.c": "int main;\n"})
    result = call(tmp_path, "lint")
    assert result.exit_code == 1 and f"there is no catalog in {tmp_path}" in result.stderr and "-C DIR" in result.stderr
    tree(tmp_path, {"catalog-forge.yml": ""})
    assert call(tmp_path, "lint").exit_code == 0


EITHER = ["generate", "release", "chart", "test", "render", "bake", "sbom", "spec get {} service", "update"]
EITHER += ["spec show", "spec picture", "scenario new {} other", "show", "up {} --plan", "upgrades", "preview {} --export x.html"]


@pytest.mark.parametrize("words", EITHER)
def test_each_command_takes_the_name_of_a_spec_and_of_its_entry_alike(words: str, tmp_path: Path) -> None:
    results = []
    for name in ("redis-conf", "redis"):
        folder = tree(tmp_path / name / "catalog", {"specs/redis-conf.yml": SPEC})
        for before in ("generate", "scenario new redis-conf"):
            assert call(folder, *before.split()).exit_code == 0
        words = words if "{}" in words else f"{words} {{}}"
        result = call(folder, *words.format(name).split())
        said = re.sub(r"[0-9]+ ms", "", result.output.replace(str(folder), "")).replace("redis-conf", "redis")
        results.append((result.exit_code, said))
    assert results[0] == results[1]
    assert "there is no" not in results[0][1]


@pytest.mark.parametrize("words", ["generate", "release", "chart", "test", "show", "up", "upgrades", "preview", "lock"])
def test_a_misspelt_name_is_told_the_near_one_of_either_kind(words: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    assert call(tmp_path, "generate").exit_code == 0
    assert "did you mean 'redis-conf'?" in call(tmp_path, words, "redis-cnf").stderr
    assert "did you mean 'redis'?" in call(tmp_path, words, "redi").stderr


STORED = SPEC + "engine: {backend: etcdv3}\n"


def test_up_takes_the_name_of_an_entry_that_only_a_spec_with_a_store_has(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": STORED})
    assert call(tmp_path, "generate").exit_code == 0 and not (tmp_path / "templates").exists()
    plans = [call(tmp_path, "up", name, "--plan", "--set", "maxmemory=64mb") for name in ("redis-conf", "redis")]
    assert plans[0].exit_code == 0 and plans[0].output == plans[1].output


def test_a_plan_of_an_entry_that_is_out_of_date_says_so_as_up_does(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    assert call(tmp_path, "generate").exit_code == 0
    words = ("up", "redis", "--plan", "--set", "maxmemory=64mb")
    assert "warning" not in call(tmp_path, *words).stderr
    (tmp_path / "specs/redis-conf.yml").write_text(SPEC + "# edited\n")
    done = call(tmp_path, *words)
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: images/redis-conf is out of date with its spec, or was edited\n"), done.stderr
    assert "hint: catalog-forge generate redis-conf" in done.stderr and "warning" not in done.stdout


def test_a_spec_that_cannot_be_read_is_still_a_near_name(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC + "nope: 1\n"})
    assert "did you mean 'redis-conf'?" in call(tmp_path, "show", "redis-cnf").stderr


MISPLACED = {
    "-q new x": "-q belongs after the command: catalog-forge new -q",
    "--force generate": "--force belongs after the command: catalog-forge generate --force",
    "--dry-run spec set a b c": "--dry-run belongs after the command: catalog-forge spec set --dry-run",
    "spec -o x picture redis": "-o belongs after the command: catalog-forge spec picture -o",
    "-q generate": "no such option: -q; catalog-forge generate has no such option either: see catalog-forge generate --help",
    "generate -C DIR": "-C belongs before the command: catalog-forge -C DIR generate ...",
    "spec show redis --debug": "--debug belongs before the command: catalog-forge --debug spec show ...",
    "-C test new x --formt": "No such option",
}


@pytest.mark.parametrize("words", MISPLACED)
def test_an_option_at_the_wrong_place_is_told_where_it_belongs(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test").mkdir()
    result = CliRunner().invoke(root, words.split(), prog_name="catalog-forge")
    assert result.exit_code == 2
    assert f"Error: {MISPLACED[words]}" in result.stderr


DOCUMENTS = {
    "spec picture redis-conf": "catalog-forge spec picture redis-conf -o FILE.svg",
    "schema": "catalog-forge schema spec > FILE.json",
    "lint --format sarif": "catalog-forge lint --format sarif -o FILE",
}


@pytest.mark.parametrize("words", DOCUMENTS)
def test_a_document_for_programs_is_not_printed_to_a_terminal(words: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    command = [sys.executable, "-m", "catalog_forge", "-C", str(tmp_path), *words.split()]
    ours, theirs = pty.openpty()
    try:
        shown = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=100, check=False)
        assert shown.returncode == 2 and not select.select([ours], [], [], 0)[0]
        assert "is for programs" in shown.stderr and f"hint: {DOCUMENTS[words]}" in shown.stderr
    finally:
        os.close(ours)
        os.close(theirs)
    piped = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert piped.stdout[0] in "<{" and "is for programs" not in piped.stderr


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("templates/nope", "check the path; with -C DIR, relative paths begin in DIR"),
        (
            "redis-conf",
            "write the path of what is called redis-conf, such as AT/specs/redis-conf.yml or AT/images/redis-conf",
        ),
        ("redis", "write the path of what is called redis, such as AT/templates/redis"),
        ("templates/reddis", "did you mean 'redis'?"),
        ("a" * 255, "check the path"),
        ("dangling", "it is a link to nowhere, which does not exist: correct the link"),
    ],
)
def test_a_path_that_is_not_there_is_named(tmp_path: Path, path: str, hint: str) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": "", "images/redis-conf/Dockerfile": "", "templates/redis/config.yml": ""})
    (tmp_path / "dangling").symlink_to("nowhere")
    said = call(tmp_path, "lint", path).stderr
    assert f"there is no file or folder {tmp_path / path}\n  hint: {hint.replace('AT', str(tmp_path))}" in said


def test_a_spec_of_another_ending_is_told_how_it_must_be_called(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yaml": SPEC})
    for words in ("generate", "generate redis-conf", "spec show redis-conf", "generate redis-conf.yaml"):
        assert "hint: the file of a spec ends in .yml: mv specs/redis-conf.yaml specs/redis-conf.yml" in (
            call(tmp_path, *words.split()).stderr
        )


def test_the_folder_above_a_path_with_dots_is_the_one_that_it_lies_in(tmp_path: Path) -> None:
    tree(tmp_path, {"one/specs/redis-conf.yml": SPEC, "other/README.md": ""})
    result = call(tmp_path / "one/../other", "generate")
    assert result.exit_code == 1 and "there are no specs in" in result.stderr and not (tmp_path / "one/images").exists()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    assert call(tmp_path / "link/specs/..", "generate").exit_code == 0
    assert (tmp_path / "one/images/redis-conf/Dockerfile").is_file()


# What is wrong: the spec, the line and column, why, what to do.
WRITTEN = {
    "health check at the top": (SPEC + "health_check: {port: 1}\n", "7:1", "unknown key 'health_check'", "belongs below service"),
    "ports at the top": (SPEC + "ports: ['1:1']\n", "7:1", "unknown key 'ports'", "'ports' belongs below service"),
    "metadata of a file": (
        "forge: 1\nname: redis-conf\nservice: redis:3.2.11\nfiles:\n- dest: /a/b.conf\n  body: []\n  metadata: {a: }\n",
        "7:3",
        "unknown key 'metadata' in an element of files",
        "'metadata' belongs at the top of the spec",
    ),
    "a key where a near one is": (
        SPEC.replace("redis:3.2.11", "{name: redis, image: 'redis:3', scop: a}"), "3:42", "unknown key 'scop'", "known here"
    ),
    "one key, not a list": (SHORT + "metadata: maxmemory\n", "6:11", "metadata must be a mapping", "[KEY, KEY]"),
    "two files": (SPEC.replace("config: ", "config: [/a/b.conf, ").replace(".conf\nreload", ".conf]\nreload"),
                  "4:9", "config must be the path of a single file", "`files`: - {dest:"),
    "no file": ("forge: 1\nname: redis-conf\nservice: redis:3\n", "1:1", "the key 'files' is missing", "config: PATH for one"),
    "another release": (SPEC.replace("forge: 1", "forge: 2"), "1:8", "version 1 of the spec language, not 2", "forge: 1, or"),
    "a dash without a space": (SHORT + "metadata:\n- a\n-b\n", "8:1", "a space must follow the '-'", "write - b"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "why", "next_step"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_is_told_with_its_place(text: str, place: str, why: str, next_step: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": text})
    result = call(tmp_path, "generate")
    assert result.exit_code == 1
    found = next(part for part in result.stderr.split("specs/redis-conf.yml:") if why in part)
    assert found.startswith(f"{place}: "), result.stderr
    assert next_step in found.partition("hint: ")[2], result.stderr


def test_one_that_is_wrong_in_its_kind_is_one_problem(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace("/usr/local/etc/redis/redis.conf", "[/a/b.conf]")})
    assert call(tmp_path, "generate").stderr.count("specs/redis-conf.yml:") == 1


def test_a_spec_is_not_a_scenario_and_it_is_said_once(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    result = call(tmp_path, "metadata", "get", "self/service", "--file", str(tmp_path / "specs/redis-conf.yml"))
    assert result.stderr.count("hint:") == 1 and "this is a spec, not a scenario" in result.stderr


def test_a_scenario_is_asked_for_where_there_is_none(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    assert "create one with: catalog-forge scenario new NAME" in call(tmp_path, "test", "--scenario", "first").stderr


@pytest.mark.parametrize(
    ("name", "near"), [("redis", "redis-conf"), ("Redis-Conf", "redis-conf"), ("my_app", "my-app-conf"), ("a b-conf", "a-b-conf")]
)
def test_a_name_that_no_image_can_have_comes_with_one_that_it_can(name: str, near: str, tmp_path: Path) -> None:
    assert f"such as {near}: lower-case letters" in call(tmp_path, "new", name).stderr


@pytest.mark.parametrize("name", ["", "-", "x" * 70, "ü"])
def test_where_none_is_near_only_the_rule_is_told(name: str, tmp_path: Path) -> None:
    result = call(tmp_path, "new", "--", name)
    assert result.exit_code == 2 and "such as" not in result.stderr and "lower-case letters" in result.stderr


@pytest.mark.parametrize("word", ELSEWHERE)
def test_a_command_of_another_tool_is_told_by_what_does_it_here(word: str, tmp_path: Path) -> None:
    result = call(tmp_path, word)
    assert result.exit_code == 2 and word not in COMMANDS
    assert f"no such command {word!r}: `" in result.stderr
    first = ELSEWHERE[word].removeprefix("`").split("`")[0].split()[0]
    assert first in COMMANDS or first == "catalog-forge"


class OldEngine(BaseHTTPRequestHandler):
    """Docker 1.6, as far as it is asked which one it is."""

    def do_GET(self) -> None:
        body = json.dumps({"Version": "1.6.2", "ApiVersion": "1.18"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_an_engine_that_is_too_old_is_not_one_that_is_missing(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), OldEngine) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        result = call(tmp_path, "ps", env={"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"})
        server.shutdown()
        thread.join()
    assert result.exit_code == 4
    assert (
        "is too old: its API version is 1.18" in result.stderr
        and "hint: catalog-forge needs Docker 1.12 or later" in result.stderr
    )


def test_an_address_without_a_port_is_told_how_one_is_written(tmp_path: Path) -> None:
    result = call(tmp_path, "ps", env={"DOCKER_HOST": "docker.example.org"})
    assert result.exit_code == 4 and "unix:///PATH or tcp://HOST:PORT" in result.stderr


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_place_that_refuses_is_named_with_another_way(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert _failed(OSError(number, "refused", "/ro/.catalog-forge"), debug=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("/ro/.catalog-forge: refused\n  hint: ") and "-C DIR" in said


@pytest.mark.parametrize("content", [b"forge: 1\nname: lone-conf\nscale: two\n", b"", b"\0\xff"])
@pytest.mark.parametrize("standards", [False, True])
def test_a_file_that_nothing_checks_is_not_called_clean(tmp_path: Path, content: bytes, standards: bool) -> None:
    tree(tmp_path, {"catalog-forge.yml": "{}\n"} if standards else {})
    (tmp_path / "lone-conf.yml").write_bytes(content)
    result = call(tmp_path, "lint", "lone-conf.yml")
    assert result.exit_code == 1 and "lone-conf.yml belongs to no entry, conf image or spec" in result.stderr


def test_a_spec_with_the_wrong_extension_is_found(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/memo-conf.yaml": "forge: 1\n"})
    assert "specs/memo-conf.yaml: warning CF809" in call(tmp_path, "lint", "specs/memo-conf.yaml").stdout


def test_the_place_of_standards_that_cannot_be_had_is_where_they_are_named(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": "extends: ['a/more.yml']\n", "a/more.yml": "extends: ['../catalog-forge.yml']\n"})
    result = call(tmp_path, "standards", "show")
    assert "a/more.yml:1:11: these standards extend themselves\n  hint: remove this item" in result.stderr
    (tmp_path / "a/more.yml").write_text(f"extends: ['file:///nowhere@{'0' * 40}']\n")
    result = call(tmp_path, "standards", "show")
    assert "a/more.yml:1:11: git cannot fetch the standards" in result.stderr and "--no-external" in result.stderr


def test_a_key_of_the_standards_is_not_sent_to_a_spec(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": "default: {}\n"})
    assert "hint: did you mean 'defaults'?" in call(tmp_path, "standards", "show").stderr


def test_standards_are_not_derived_from_too_little(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    result = call(tmp_path, "standards", "adopt", "--write")
    assert result.exit_code == 1 and "no standards can be derived from 1 image or entry" in result.stderr
    assert not (tmp_path / "catalog-forge.yml").exists()


def test_a_file_in_the_place_of_a_folder_is_called_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file' is a file: name its folder" in call(tmp_path / "file", "doctor").stderr
    result = call(tmp_path, "new", "a-conf", "--blueprint", "./file", "--no-input")
    assert "file is a file, not the folder of a blueprint" in result.stderr
