"""`catalog-forge new`: from a name to a spec, all that is generated from it, and an image on a real engine."""

from __future__ import annotations

import io
import json
import os
import pty
import shlex
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner, Result

from catalog_forge import yamlio
from catalog_forge.cli.main import root
from catalog_forge.cli.make.new import tree as drawn
from catalog_forge.repository import Repository
from catalog_forge.spec.described.schema import schema
from tests.blueprint.folders import ROOM, blueprint, commit
from tests.helpers import said, tree

WORDS = ("--service", "web=nginx:1.27.0", "--config", "/etc/web/web.properties", "--reload", "signal HUP", "--metadata", "colour")
GENERIC = ("--blueprint", "generic-conf")
NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


def new(folder: Path, *words: str) -> Result:
    """Run `new` in a folder, without an engine."""
    return CliRunner().invoke(root, ["-C", str(folder), "new", *words], env=NO_ENGINE)


def paths(folder: Path) -> set[str]:
    """All files below a folder, but for those that hold the lock."""
    return {
        name
        for path in folder.rglob("*")
        if path.is_file() and not (name := path.relative_to(folder).as_posix()).startswith(".catalog-forge/")
    }


def test_a_blueprint_of_that_name_becomes_a_catalog_in_an_empty_folder(tmp_path: Path) -> None:
    result = new(tmp_path, "elasticsearch-conf", "--no-build")
    assert result.exit_code == 0, result.output
    made = paths(tmp_path)
    assert {
        "specs/elasticsearch-conf.yml",
        "specs/elasticsearch-conf/scenarios/cluster.yml",
        "images/elasticsearch-conf/Dockerfile",
        "templates/elasticsearch/0/rancher-compose.yml",
    } <= made
    assert [line.rsplit(" ", 1)[-1] for line in result.stdout.splitlines() if line.endswith(".yml")].count("cluster.yml") == 1
    repository = Repository(tmp_path)
    assert repository.is_current(repository.source("elasticsearch-conf"))
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate", "--check"]).exit_code == 0


def test_the_tree_is_the_result_and_what_to_do_next_is_not(tmp_path: Path) -> None:
    result = new(tmp_path, "web-conf", *WORDS, "--no-build")
    assert result.stdout.startswith(f"{tmp_path}\n├── images\n│   └── web-conf\n│       ├── Dockerfile\n")
    assert "Edit specs/web-conf.yml" in result.stderr
    assert "Yours" not in result.stdout


def test_a_tree_is_drawn_with_folders_and_files_by_name() -> None:
    assert drawn("top", ["b/d", "a", "b/c/e"]).splitlines() == [
        "top",
        "├── a",
        "└── b",
        "    ├── c",
        "    │   └── e",
        "    └── d",
    ]


def test_any_other_name_begins_from_the_generic_blueprint(tmp_path: Path) -> None:
    assert new(tmp_path, "redis-conf", *GENERIC, "--no-input", "--no-build").exit_code == 0
    spec = Repository(tmp_path).source("redis-conf").spec()
    assert (spec.service.name, spec.files[0].dest, str(spec.files[0].reload)) == ("redis", "/etc/redis/redis.conf", "restart")
    assert list(spec.metadata) == ["port", "log.level"]


@pytest.mark.parametrize("topology", ["volumes", "netns"])
def test_answers_reach_the_spec_and_set_comes_before_the_file(tmp_path: Path, topology: str) -> None:
    answers = tree(tmp_path, {"answers.yml": f"service: kv=redis:3.2.11\nversion: 1.10\ntopology: {topology}\nmetadata: none\n"})
    metadata = "maxmemory, 'odd' \"ones\": [#], save"
    result = new(
        tmp_path,
        "redis-conf",
        *GENERIC,
        "--answers",
        str(answers / "answers.yml"),
        "--set",
        f"metadata={metadata}",
        "--set",
        "format=ini",
    )
    assert result.exit_code == 1
    assert "metadata: '\\'odd\\' \"ones\": [#]' cannot be a key" in result.stderr
    result = new(
        tmp_path,
        "redis-conf",
        *GENERIC,
        "--answers",
        str(answers / "answers.yml"),
        "--set",
        "metadata=a , b.c,",
        "--set",
        "format=ini",
    )
    assert result.exit_code == 0, result.output
    spec = Repository(tmp_path).source("redis-conf").spec()
    assert (spec.service.name, spec.service.image, spec.service.topology) == ("kv", "redis:3.2.11", topology)
    assert (spec.version, spec.files[0].format, list(spec.metadata)) == ("1.10", "ini", ["a", "b.c"])


def test_no_metadata_at_all_is_a_spec_too(tmp_path: Path) -> None:
    assert new(tmp_path, "redis-conf", *GENERIC, "--set", "metadata=", "--no-build").exit_code == 0
    assert not Repository(tmp_path).source("redis-conf").spec().metadata


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (("redis:3.2.11", "/r/redis.conf"), ["docker-entrypoint.sh", "redis-server", "/r/redis.conf"]),
        (("nginx:1.27.0", "/etc/nginx/conf.d/site.conf"), ["nginx", "-g", "daemon off;"]),
        (("cache=library/redis:6", "/etc/cache/cache.conf"), ["docker-entrypoint.sh", "redis-server", "/etc/cache/cache.conf"]),
    ],
)
def test_what_starts_a_known_program_is_written_into_the_spec(tmp_path: Path, words: tuple[str, str], start: list[str]) -> None:
    result = new(tmp_path, "x-conf", "--service", words[0], "--config", words[1], "--file-format", "space", "--no-build")
    assert result.exit_code == 0, result.output
    assert yamlio.load((tmp_path / "specs/x-conf.yml").read_bytes(), "x")["launch"] == {"exec": start}  # type: ignore[index,call-overload]
    (compose,) = tmp_path.glob("templates/*/0/docker-compose.yml")
    service = words[0].partition("=")[0].partition(":")[0]
    assert yamlio.load(compose.read_bytes(), "x")["services"][service]["command"] == start  # type: ignore[index,call-overload]


def test_what_starts_an_unknown_program_is_said_or_an_error_that_says_how(tmp_path: Path) -> None:
    words = ("web-conf", "--service", "web=acme/redis:1.0", "--config", "/etc/web/web.conf", "--no-build")
    refused = new(tmp_path, *words)
    assert refused.exit_code == 1 and not list(tmp_path.iterdir())
    assert "the start command of the image 'acme/redis:1.0'" in refused.stderr
    assert "--exec 'docker-entrypoint.sh redis-server /etc/web/web.conf'" in refused.stderr
    assert "`launch: {exec: [docker-entrypoint.sh, redis-server, /etc/web/web.conf]}`" in refused.stderr
    for typed, meant in (("web 'a b' --c=\"d e\"", ["web", "a b", "--c=d e"]), ("/bin/web", ["/bin/web"])):
        assert new(tmp_path, *words, "--exec", typed, "--force").exit_code == 0
        assert list(Repository(tmp_path).source("web-conf").spec().launch.command) == meant
    assert new(tmp_path, *words, "--force", "--exec", "'open").exit_code == 2
    assert new(tmp_path, *words, "--force", "--exec", " ").exit_code == 2
    blueprint = new(tmp_path, "elasticsearch-conf", "--exec", "x")
    assert blueprint.exit_code == 1 and "the blueprint already defines the command that starts the program" in blueprint.stderr


def test_what_starts_an_unknown_program_is_asked_on_a_terminal(tmp_path: Path) -> None:
    code, _, shown = _typed(tmp_path, "web=acme/web:1\n" + "\n" * 8 + "'\nweb --serve\n")
    assert code == 0, shown
    assert "What starts the program in acme/web:1" in shown and "cannot be split into words" in shown
    assert Repository(tmp_path).source("web-conf").spec().launch.command == ("web", "--serve")


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        ('ENTRYPOINT ["/bin/start", "a b"]\nCMD ["serve", "-x"]\n', ["/bin/start", "a b", "serve", "-x"]),
        ('CMD ["serve"]\n', ["serve"]),
        ("CMD serve --now\n", ["/bin/sh", "-c", "serve --now"]),
        ("ENTRYPOINT []\nCMD []\n", None),
    ],
)
def test_what_starts_an_image_that_the_engine_has_is_written_into_the_spec(
    lines: str, start: list[str] | None, engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> None:
    tag = f"cf-new-{uuid.uuid4().hex[:8]}:1"
    engine.images.build(fileobj=io.BytesIO(f"FROM {base_image}\n{lines}".encode()), tag=tag, rm=True)
    try:
        words = ["new", "web-conf", "--service", f"web={tag}", "--config", "/etc/web/web.conf", "--no-build", "--no-input"]
        result = CliRunner().invoke(root, ["-C", str(tmp_path), *words])
        if start is None:
            assert result.exit_code == 1 and "`launch: {exec: [PROGRAM, ARGUMENT]}`" in result.stderr
        else:
            assert result.exit_code == 0, result.output
            assert list(Repository(tmp_path).source("web-conf").spec().launch.command) == start
            assert f"according to the engine, {shlex.join(start)} starts {tag}" in result.stderr
    finally:
        engine.images.remove(tag, force=True)


def test_four_words_need_no_blueprint(tmp_path: Path) -> None:
    result = new(tmp_path, "elasticsearch-conf", *WORDS, "--metadata", "size", "--topology", "netns", "--file-format", "ini")
    assert result.exit_code == 0, result.output
    spec = Repository(tmp_path).source("elasticsearch-conf").spec()
    assert (spec.service.name, spec.service.topology, spec.files[0].format) == ("web", "netns", "ini")
    assert list(spec.metadata) == ["colour", "size"]


@pytest.mark.parametrize("words", [WORDS, ("--no-input", "--exec", "web")])
def test_a_spec_names_the_schema_that_lies_beside_it(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert new(tmp_path, "web-conf", *words).exit_code == 0
    first = (tmp_path / "specs/web-conf.yml").read_text().splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    file = tmp_path / "specs" / name
    current = file.read_text()
    found = json.loads(current)
    assert found.pop("$comment").startswith("catalog-forge ") and found == schema()
    for command in (["new", "other-conf", *words], ["generate"]):
        file.write_text("{}")
        assert CliRunner().invoke(root, ["-C", str(tmp_path), *command], env=NO_ENGINE).exit_code == 0
        assert file.read_text() == current, "one of another release would mark what is right"
    file.unlink()
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate", "--check"], env=NO_ENGINE).exit_code == 0
    assert not file.exists()
    file.symlink_to("../elsewhere")
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate"], env=NO_ENGINE).exit_code == 0
    assert file.is_symlink() and not (tmp_path / "elsewhere").exists()


def test_known_software_needs_only_its_image(tmp_path: Path) -> None:
    result = new(tmp_path, "web-conf", "--service", "prom/prometheus:v2.53.2", "--no-build")
    assert result.exit_code == 0, result.stderr
    assert "  name: prometheus\n" in (tmp_path / "specs/web-conf.yml").read_text()


@pytest.mark.parametrize(
    "name", ["../x", "../x-conf", "web", "Web-conf", "we b-conf", "-conf", "web_conf", "a" * 300 + "-conf", "", "web-conf\n"]
)
def test_a_name_that_no_image_can_have_is_refused(tmp_path: Path, name: str) -> None:
    result = new(tmp_path / ".", *WORDS, "--", name)
    assert result.exit_code == 2
    assert "an image cannot be named" in result.stderr
    assert len(result.stderr) < 300
    assert paths(tmp_path) == set()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--service", "web"), 2, "the configuration file of 'web' is not known: add --config PATH"),
        (("--config", "/etc/web/web.conf"), 2, "without a blueprint, --service is needed"),
        ((*WORDS, "--blueprint", "generic-conf"), 2, "so --blueprint cannot be used: leave out one of the two."),
        (("--service", "web", "--set", "version=1"), 2, "with --service, a spec is made without a blueprint, so --set cannot"),
        (("--service", "web", "--backend", "etcd"), 2, "so --backend cannot be used: leave out one of the two."),
        (("--set", "version"), 2, "'version' is not KEY=VALUE"),
        (("--answers", "/not/there"), 2, "there is no folder '/not'"),
        (("--set", "servise=web"), 1, "did you mean 'service'?"),
        (("--set", "topology=nets"), 1, "did you mean 'netns'?"),
        (("--set", "name=other-conf"), 1, "the name is given by NAME"),
        (("--blueprint", "genric-conf"), 1, "did you mean 'generic-conf'?"),
        (("--blueprint", "https://example.org/x.git"), 1, "names no commit"),
        (("--set", "config=etc/x"), 1, "config: 'etc/x' must be the absolute path of a file\n  hint: such as /etc/NAME"),
        (("--set", "reload=restat"), 1, "reload: cannot be 'restat'\n  hint: did you mean 'restart'?"),
        (("--service", "web", "--config", "x"), 1, "specs/web-conf.yml:6:9: dest: 'x' must be the absolute path"),
        (
            ("--set", "topology=embedded", "--exec", "web", "--no-input"),
            1,
            "|   image: \"web\"\nspecs/web-conf.yml:12:10: service: topology `embedded` builds the conf image from 'web'",
        ),
    ],
)
def test_what_cannot_be_is_one_clear_error_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    result = new(tmp_path, "web-conf", *words)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert paths(tmp_path) == set()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("version: 1\nregistri: x\n", "answers.yml:2:11: the blueprint 'generic-conf' has no question 'registri'"),
        ("version: [1]\n", "answers.yml:1:10: the answer to 'version' must be a single value"),
        ("[]", "answers must be a mapping"),
        ("version: 1\nversion: 2\n", "answers.yml:2:1"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_file_of_answers_is_shown_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    answers = tree(tmp_path / "elsewhere", {"answers.yml": content}) / "answers.yml"
    (tmp_path / "catalog").mkdir()
    result = new(tmp_path / "catalog", "web-conf", "--answers", str(answers))
    assert result.exit_code == 1
    assert said in result.stderr
    assert paths(tmp_path / "catalog") == set()


def test_the_lines_of_a_refused_spec_are_shown_because_it_is_not_on_disk(tmp_path: Path) -> None:
    result = new(tmp_path, "web-conf", "--set", "topology=embedded", "--exec", "web")
    assert 'specs/web-conf.yml was not written because of these lines:\n   12 |   image: "web"\n' in result.stderr


def test_a_spec_that_is_there_is_overwritten_with_force_only(tmp_path: Path) -> None:
    assert new(tmp_path, "web-conf", *WORDS).exit_code == 0
    (tmp_path / "specs/web-conf.yml").write_text("mine")
    (tmp_path / "images/web-conf/run.sh").write_text("edited")
    result = new(tmp_path, "web-conf", *WORDS)
    assert result.exit_code == 1
    assert "there is a spec already" in result.stderr
    assert (tmp_path / "specs/web-conf.yml").read_text() == "mine"
    assert new(tmp_path, "web-conf", *WORDS, "--force").exit_code == 0
    assert (tmp_path / "specs/web-conf.yml").read_text() != "mine"
    assert (tmp_path / "images/web-conf/run.sh").read_text() != "edited"


def test_a_file_in_the_way_stops_all_of_it(tmp_path: Path) -> None:
    tree(tmp_path, {"templates/web/0/README.md": "mine", "catalog-forge.yml": ""})
    result = new(tmp_path, "web-conf", *WORDS)
    assert result.exit_code == 1
    assert "templates/web/0/README.md: this file is in the way" in result.stderr
    assert paths(tmp_path) == {"templates/web/0/README.md", "catalog-forge.yml"}


def test_a_dry_run_shows_the_tree_and_writes_nothing(tmp_path: Path) -> None:
    result = new(tmp_path, "web-conf", *WORDS, "--dry-run")
    assert result.exit_code == 0
    assert "Dockerfile" in result.stdout
    assert "nothing was written" in result.stderr
    assert not list(tmp_path.iterdir())


def test_below_a_catalog_the_spec_goes_to_the_catalog(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": "", "docs/x": ""})
    assert new(tmp_path / "docs", "web-conf", *WORDS).exit_code == 0
    assert (tmp_path / "specs/web-conf.yml").is_file()


def test_a_blueprint_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    blueprint(tmp_path / "blueprint", {"a.txt": "fine", "b.txt": "{{ cookiecutter.missing }}"})
    (tmp_path / "catalog").mkdir()
    result = new(tmp_path / "catalog", "web-conf", "--blueprint", "../blueprint")
    assert result.exit_code == 1
    assert "b.txt:1:1: the template fails" in result.stderr
    assert not list((tmp_path / "catalog").iterdir())


def test_static_files_of_a_blueprint_are_used_before_they_are_on_disk(tmp_path: Path) -> None:
    folder = blueprint(tmp_path / "blueprint", {"page.html": "<h1>{{ cookiecutter.name }}</h1>\n"})
    files = "{dest: /srv/web/page.html, format: raw, body: [{file: page.html}]}"
    (folder / f"{ROOM}.yml").write_text(f"forge: 1\nname: web-conf\nservice: web=nginx:1.27.0\nfiles: [{files}]\n")
    (tmp_path / "catalog").mkdir()
    assert new(tmp_path / "catalog", "web-conf", "--blueprint", str(folder)).exit_code == 0
    assert "<h1>web-conf</h1>" in (tmp_path / "catalog/images/web-conf/templates/page.html.tmpl").read_text()
    (folder / f"{ROOM}/page.html").unlink()
    result = new(tmp_path / "catalog", "other-conf", "--blueprint", str(folder))
    assert result.exit_code == 1
    assert "specs/other-conf.yml" in result.stderr


def test_what_it_writes_is_current_beside_files_that_the_author_has_already(tmp_path: Path) -> None:
    blueprint(tmp_path / "blueprint", {"a/b": "1", "a-b/c": "2", "a.txt": "3"})
    tree(tmp_path / "catalog", {"specs/web-conf/a/notes.txt": "mine", "specs/web-conf/z": "mine"})
    assert new(tmp_path / "catalog", "web-conf", "--blueprint", "../blueprint").exit_code == 0
    repository = Repository(tmp_path / "catalog")
    assert repository.is_current(repository.source("web-conf"))
    assert (tmp_path / "catalog/specs/web-conf/z").read_text() == "mine"


def test_a_commit_of_a_repository_is_a_blueprint_and_its_hooks_wait_for_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    marker = tmp_path / "marker"
    folder = blueprint(tmp_path / "repository")
    tree(folder, {"hooks/post_gen_project.py": f"open({str(marker)!r}, 'w')"})
    reference = f"file://{folder}@{commit(folder)}"
    (tmp_path / "catalog").mkdir()
    result = new(tmp_path / "catalog", "web-conf", "--blueprint", reference)
    assert result.exit_code == 0, result.output
    assert "the hooks of the blueprint were not run (post_gen_project)" in result.stderr
    assert not marker.exists()
    assert len(list((tmp_path / "cache/catalog-forge/blueprints").glob("*/lock.json"))) == 1
    shutil.rmtree(folder)  # from here on there is nothing to fetch
    assert new(tmp_path / "catalog", "other-conf", "--blueprint", reference, "--trust").exit_code == 0
    assert marker.exists()


def test_without_an_engine_it_says_so_in_one_line_and_ends_well(tmp_path: Path) -> None:
    result = new(tmp_path, "web-conf", *WORDS)
    assert result.exit_code == 0
    assert [line for line in result.stderr.splitlines() if "engine" in line] == [
        "No Docker engine is available, so the image was not built. Build it later with: catalog-forge build web-conf"
    ]
    assert "engine" not in new(tmp_path, "other-conf", *WORDS, "--no-build").stderr


def test_without_an_engine_build_is_an_error_and_the_files_stay(tmp_path: Path) -> None:
    result = new(tmp_path, "web-conf", *WORDS, "--build")
    assert result.exit_code == 4
    assert "no Docker engine at unix:///nowhere/docker.sock" in result.stderr
    assert (tmp_path / "images/web-conf/Dockerfile").is_file()


def test_with_an_engine_the_image_is_built_with_the_given_confd(
    tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path
) -> None:
    del base_image  # it has to be on the engine
    words = ["-C", str(tmp_path), "new", "new-test-conf", *WORDS, "--confd", str(confd)]
    try:
        result = CliRunner().invoke(root, words)
        assert result.exit_code == 0, result.output
        image = engine.images.get("new-test-conf:0.1.0")
        # It was built on this machine, so it is not the file that was released.
        last = f"new-test-conf:0.1.0  {image.id}  built, with a confd that is not the released 0.16.0"
        assert result.stdout.splitlines()[-1] == last
        version = said(engine, image, ["-version"], entrypoint="confd")
        assert version.startswith(b"confd 0.16.0")
    finally:
        engine.images.remove("new-test-conf:0.1.0")


def _typed(folder: Path, keys: str, *words: str) -> tuple[int, str, str]:
    """Run `new` with stdin and stderr on a terminal, type keys, and return exit code, stdout and what the terminal showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "catalog_forge", "-C", str(folder), "new", "web-conf", "--no-build", *words]
    environ = os.environ | {"XDG_STATE_HOME": f"{folder}.state"}
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True, env=environ) as process:
        os.close(theirs)
        os.write(ours, keys.encode())
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        out = process.stdout.read() if process.stdout else ""
    os.close(ours)
    return process.returncode, out, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # what Linux says when the other end of a terminal is closed
        return b""


def test_on_a_terminal_it_asks_and_asks_again_after_a_wrong_answer(tmp_path: Path) -> None:
    answers = ["web=nginx:1.27.0", "", "signal HUP", "colour", "yml", "yaml", "", "", "", ""]
    code, out, shown = _typed(tmp_path, "\n".join(answers) + "\n")
    assert code == 0, shown
    assert "Path of its configuration file [/etc/web/web.conf]:" in shown
    assert "format cannot be 'yml'" in shown
    assert "did you mean 'yaml'?" in shown
    assert "configuration file" not in out
    spec = Repository(tmp_path).source("web-conf").spec()
    assert (spec.service.image, str(spec.files[0].reload), spec.files[0].format) == ("nginx:1.27.0", "signal HUP", "yaml")


def test_on_a_terminal_an_answer_that_is_not_what_is_wanted_is_asked_again(tmp_path: Path) -> None:
    blueprint(tmp_path / "mine", {"a": "{{ cookiecutter.port }}"}, port="80", _checks={"port": {"type": "port"}})
    (tmp_path / "catalog").mkdir()
    words = ("--blueprint", str(tmp_path / "mine"), "--exec", "web")
    code, _, shown = _typed(tmp_path / "catalog", "http\n70000\n8080\n", *words)
    assert code == 0, shown
    assert shown.count("a whole number from 1 to 65535") == 2
    assert (tmp_path / "catalog/specs/web-conf/a").read_text() == "8080"
    assert (
        "hush" not in shown.partition("key")[2]
        and "hush" not in (tmp_path / "catalog/specs/web-conf/.blueprint.json").read_text()
    )


def test_on_a_terminal_no_input_asks_nothing_and_given_answers_are_not_asked(tmp_path: Path) -> None:
    code, _, shown = _typed(tmp_path, "", "--no-input", "--exec", "web")
    assert code == 0
    assert "Service" not in shown
    code, _, shown = _typed(tmp_path / ".", "\n" * 20, "--force", "--set", "service=web=nginx:1.27.0")
    assert code == 0
    assert "Service" not in shown
    assert "Path of its configuration file" in shown


def test_questions_are_counted_and_those_that_the_team_answers_are_not_asked(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": "defaults: {maintainer: Ann Lee <ann@example.org>, image: {registry: ghcr.io/acme}}\n"})
    code, _, shown = _typed(tmp_path, "web=nginx:1.27.0\n" + "\n" * 8)
    assert code == 0, shown
    assert "1 of 7  Service" in shown and "7 of 7  Version" in shown
    assert "Registry" not in shown and "Maintainer" not in shown
    spec = Repository(tmp_path).source("web-conf").spec()
    assert (spec.maintainer, spec.image.registry) == ("Ann Lee <ann@example.org>", "ghcr.io/acme")


@pytest.mark.parametrize(
    ("keys", "place", "why", "next_step"),
    [
        (
            "web=nginx:latest\nweb=nginx:1.27.0\n",
            1,
            "service: the image 'nginx:latest' has no fixed tag",
            "give a fixed tag, or leave out the tag, so that the entry asks for it",
        ),
        (
            "\nrelative\n/etc/a/a.conf\n",
            2,
            "config: 'relative' must be the absolute path of a file",
            "such as /etc/NAME/NAME.conf, without '..' and spaces",
        ),
        ("\n\nHUP\nsignal HUP\n", 3, "reload: cannot be 'HUP'", "did you mean 'signal HUP'?"),
        (
            "\n\n\nlog level\nport\n",
            4,
            "metadata: 'log level' cannot be a key",
            "write letters, digits, dots, dashes and single slashes, never '..', such as log.level",
        ),
        ("\n\n\n\n\n\n\n\njoe\n", 9, "maintainer cannot be 'joe'", "write First Last <mail@example.org>"),
    ],
)
def test_each_answer_is_checked_when_it_is_given(keys: str, place: int, why: str, next_step: str, tmp_path: Path) -> None:
    shown = " ".join(_typed(tmp_path, keys + "\x04")[2].split())
    before, _, after = shown.partition(f"Error: {why} hint: {next_step} {place} of 9 ")
    assert f"{place} of 9 " in before and after, shown


@pytest.mark.parametrize(
    ("keys", "code"),
    [("web=nginx\n\n\n\n\nembedded\n\n\n\n", 1), ("web=nginx:1.27\n/etc/web/a.conf\n\x04", 130)],
)
def test_answers_are_kept_when_something_fails_later_and_new_goes_on_with_them(keys: str, code: int, tmp_path: Path) -> None:
    done, _, shown = _typed(tmp_path, keys, "--exec", "web")
    kept = Path(f"{tmp_path}.state/catalog-forge/answers/web-conf.yml")
    assert done == code and f"new web-conf --answers {kept}" in shown, shown
    assert yamlio.load(kept.read_bytes(), "x")["service"].startswith("web=nginx")  # type: ignore[index, call-overload, union-attr]
    words = ["--answers", str(kept), "--set", "service=web=nginx:1.27.0", "--no-input", "--no-build", "--exec", "web"]
    assert new(tmp_path, "web-conf", *words).exit_code == 0
    assert kept.parent.stat().st_mode & 0o777 == 0o700


def test_ctrl_c_at_a_question_writes_nothing_and_ends_with_130(tmp_path: Path) -> None:
    code, out, shown = _typed(tmp_path, "\x04")
    assert (code, out) == (130, "")
    assert "interrupted" in shown
    assert not list(tmp_path.iterdir())


def test_nothing_is_read_from_home_or_written_to_it(tmp_path: Path) -> None:
    home = tree(tmp_path / "home", {".cookiecutterrc": "default_context: {metadata: from_home}\n"})
    (tmp_path / "catalog").mkdir()
    for name, words in (("a-conf", []), ("b-conf", ["--trust"])):
        command = [sys.executable, "-m", "catalog_forge", "new", name, "--no-input", "--no-build", "--exec", "a", *words]
        subprocess.run(command, cwd=tmp_path / "catalog", env=os.environ | {"HOME": str(home)}, check=True, capture_output=True)
        assert list(Repository(tmp_path / "catalog").source(name).spec().metadata) == ["port", "log.level"]
    assert paths(home) == {".cookiecutterrc"}


def test_without_trust_and_an_engine_no_heavy_library_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom catalog_forge.cli.main import root\n"
        "root(['new', 'elasticsearch-conf', '--no-input', '--no-build'], standalone_mode=False)\n"
        "print(sorted({'cookiecutter', 'docker', 'rich', 'requests', 'ruamel', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("opening", "closing"), [('{"a": ', "}"), ("[", "]"), ('[{"a": ', "}]")])
@pytest.mark.parametrize("depth", [101, 400, 900])
def test_a_blueprint_whose_questions_are_nested_too_deep_is_refused(
    tmp_path: Path, opening: str, closing: str, depth: int
) -> None:
    blueprint = tmp_path / "blueprint"
    blueprint.mkdir()
    (blueprint / "cookiecutter.json").write_text(f'{{"name": "x", "q": {opening * depth}1{closing * depth}}}')
    words = ["-C", str(tmp_path), "new", "x-conf", "--blueprint", str(blueprint), "--no-input", "--no-build"]
    result = CliRunner().invoke(root, words)
    assert result.exit_code == 1, result.output
    # JSON that is deeper still is more than Python's own reader takes.
    assert "the file is nested more than 100 levels deep" in result.stderr or "maximum recursion depth" in result.stderr
