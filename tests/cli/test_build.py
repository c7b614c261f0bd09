"""`catalog-forge build`: from generated files to an image on a real engine."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.cli.make.build import Inputs, requests_for
from catalog_forge.errors import BuildError
from catalog_forge.image import twice
from catalog_forge.image.builder import build as build_image
from catalog_forge.repository import Repository
from tests.helpers import on_a_terminal, said, tree, web_spec
from tests.image import benches
from tests.image.benches import Bench, ignore

bench = benches.bench

BUILT = "built, with a confd that is not the released 0.16.0"


class Catalog:
    """A catalog whose images are all built from a base that carries the label of the test."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.folder = folder
        self.bench = bench
        self.base = bench.tag("base:1")
        self.confd = tree(folder, {"confd": f"#!/bin/sh\necho {bench.value}\n"}) / "confd"

    def add(self, name: str, registry: str = "") -> str:
        """Write a spec, generate its files, and return its image's tag."""
        registry = registry or f"cf-{self.bench.value}"
        tree(self.folder, {f"specs/{name}.yml": web_spec(name, f"image: {{registry: {registry}}}\n")})
        assert self.run("generate", name).exit_code == 0
        return f"{registry}/{name}:0.1.0"

    def words(self, *words: str) -> list[str]:
        """The arguments of a build from the labelled base and the small confd."""
        return ["-C", str(self.folder), "build", f"--build-arg=BASE={self.base}", f"--confd={self.confd}", "--any-confd", *words]

    def build(self, *words: str) -> Result:
        """Run `build`."""
        return CliRunner().invoke(root, self.words(*words))

    def run(self, *words: str) -> Result:
        """Run another command."""
        return CliRunner().invoke(root, ["-C", str(self.folder), *words])


@pytest.fixture
def catalog(tmp_path: Path, bench: Bench) -> Iterator[Catalog]:
    """An empty catalog with its base image."""
    build_image(bench.engine, bench.request(bench.dockerfile(), "base:1"), ignore)
    return Catalog(tmp_path, bench)


def test_the_result_goes_to_stdout_and_the_steps_to_stderr(catalog: Catalog) -> None:
    tag = catalog.add("web-conf")
    result = catalog.build("web-conf", "--plain")
    assert result.exit_code == 0, result.output
    image = catalog.bench.client.images.get(tag)
    assert result.stdout == f"{tag}  {image.id}  {BUILT}\n"
    assert re.search(rf"^{tag} \[1/\d+\] ARG BASE=", result.stderr, re.MULTILINE)
    assert result.stderr.endswith(f"built {tag}\n")
    assert "\r" not in result.stderr and "\x1b" not in result.stderr
    assert catalog.build("web-conf", "--no-cache").stderr == f"built {tag}\n"  # a pipe gets what came of it
    for state, *more in ((BUILT, "--no-cache"), ("up to date",)):
        quiet = catalog.build("web-conf", "-q", *more)
        assert (quiet.exit_code, quiet.stderr) == (0, ""), quiet.output
        assert re.fullmatch(rf"{tag}  sha256:\w+  {re.escape(state)}\n", quiet.stdout)


def test_the_confd_of_the_command_line_is_in_the_image(catalog: Catalog) -> None:
    tag = catalog.add("web-conf")
    assert catalog.build().exit_code == 0
    run = said(catalog.bench.client, tag, entrypoint=["/usr/bin/confd"])
    assert run.decode().strip() == catalog.bench.value


def test_nothing_changed_means_up_to_date_unless_the_cache_is_refused(catalog: Catalog) -> None:
    catalog.add("web-conf")
    first = json.loads(catalog.build("--format=json").stdout)
    again = json.loads(catalog.build("--format=json").stdout)
    assert again == [{**first[0], "fresh": False}]
    (fresh,) = json.loads(catalog.build("--format=json", "--no-cache").stdout)
    assert fresh["fresh"] and fresh["image"] != first[0]["image"]


def test_several_specs_are_built_at_a_time_and_reported_in_order(catalog: Catalog) -> None:
    tags = [catalog.add(name) for name in ("a-conf", "b-conf", "c-conf")]
    result = catalog.build("-j", "3")
    assert [line.split()[0] for line in result.stdout.splitlines()] == tags


def test_all_failures_are_reported_and_what_could_be_built_is(catalog: Catalog) -> None:
    tags = [catalog.add(name) for name in ("a-conf", "b-conf")]
    assert catalog.build("a-conf").exit_code == 0
    result = catalog.build("-j", "2", "--build-arg=CONFD_SHA256=" + "0" * 64)
    assert result.exit_code == 5
    for name in ("a-conf", "b-conf"):
        assert re.search(rf"images/{name}/Dockerfile:\d+:1: .* failed, RUN echo ", result.stderr)
    assert "FAILED" in result.stderr
    assert result.stdout == ""
    assert catalog.bench.client.images.get(tags[0])


def test_what_is_not_generated_or_stale_is_an_error_that_says_what_to_do(catalog: Catalog) -> None:
    catalog.add("a-conf")
    tree(catalog.folder, {"specs/b-conf.yml": web_spec("b-conf")})
    (catalog.folder / "images/a-conf/Dockerfile").write_text("FROM scratch\n")
    result = catalog.build()
    assert result.exit_code == 1
    assert "catalog-forge generate a-conf" in result.stderr and "catalog-forge generate b-conf" in result.stderr


def test_a_registry_that_is_down_is_told_with_its_name_and_what_to_check(catalog: Catalog) -> None:
    tag = catalog.add("web-conf", "127.0.0.1:1/acme")
    result = catalog.build("--push")
    assert result.exit_code == 5
    assert f"cannot push {tag}: 127.0.0.1:1: it cannot be reached" in result.stderr
    assert "\n  hint: check the network, HTTPS_PROXY, and the name of the registry; a pushed tag must not change" in result.stderr


def test_a_confd_that_cannot_be_downloaded_is_told_with_its_line_and_the_way_to_bring_one(catalog: Catalog) -> None:
    catalog.add("web-conf")
    spec = catalog.folder / "specs/web-conf.yml"
    spec.write_text(f"{spec.read_text()}engine: {{confd_src: 'http://127.0.0.1:1/confd', confd_sha256: {'ab' * 32}}}\n")
    assert catalog.run("generate").exit_code == 0
    words = [word for word in catalog.words() if not word.startswith(("--confd", "--any-confd"))]
    result = CliRunner().invoke(root, words, env={"CATALOG_FORGE_CONFD": None})
    assert result.exit_code == 5
    said = result.stderr.partition("images/web-conf/Dockerfile:")[2]
    assert re.match(r"\d+:1: .* ADD .*http://127.0.0.1:1/confd", said) and "connection refused" in said, result.stderr
    hint = said.partition("\n  hint: ")[2]
    assert "`--confd FILE`" in hint and "CATALOG_FORGE_CONFD" in hint and "nothing is downloaded" in hint


def test_a_refused_push_fails_after_the_build(catalog: Catalog) -> None:
    tag = catalog.add("web-conf", registry=f"127.0.0.1:1/{catalog.bench.value}")
    result = catalog.build("--push")
    assert result.exit_code == 5
    assert f"cannot push {tag}: " in result.stderr
    assert result.stdout.endswith(f"{BUILT}\n")


def test_no_engine_is_exit_code_4_and_one_line(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog.add("web-conf")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{catalog.folder}/none.sock")
    result = catalog.build()
    assert result.exit_code == 4
    assert result.stderr.startswith("no Docker engine at unix://")
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize("words", [["--build-arg=X"], ["--confd=/no/such/file"], ["-j", "0"], ["--format=xml"]])
def test_wrong_words_are_exit_code_2(tmp_path: Path, words: list[str]) -> None:
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "build", *words]).exit_code == 2


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_one_rewritten_line_with_colours_unless_refused(
    catalog: Catalog, environ: dict[str, str], coloured: bool
) -> None:
    tag = catalog.add("web-conf")
    written = on_a_terminal(catalog.words(), **environ)
    assert ("\x1b[" in written) is coloured
    assert written.count("\n") == 1
    assert f"built {tag}" in written.rpartition("\r")[0].rpartition("\r")[2]
    assert written.count("\r") > 5


def test_an_interrupted_build_is_exit_code_130_and_leaves_nothing(catalog: Catalog) -> None:
    catalog.add("web-conf")
    # A base whose program for checksums does not end, so that there is something to interrupt.
    bench, catalog.base = catalog.bench, catalog.bench.tag("endless:1")
    endless = (
        "RUN rm /bin/sha256sum && ln -s /endless /bin/sha256sum && printf '#!/bin/sh\\nsleep 900' >/endless && chmod 755 /endless"
    )
    build_image(bench.engine, bench.request(bench.dockerfile(endless), "endless:1"), ignore)
    before = bench.images()
    command = [sys.executable, "-m", "catalog_forge", *catalog.words("--plain")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while "sha256sum -c" not in (line := process.stderr.readline()):
            assert line
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert rest.endswith("interrupted\n")
    assert (bench.images(), bench.containers()) == (before, set())


def test_a_confd_that_is_not_pinned_is_refused_unless_told(catalog: Catalog) -> None:
    catalog.add("web-conf")
    words = [word for word in catalog.words("web-conf") if word != "--any-confd"]
    refused = CliRunner().invoke(root, words, env={"CATALOG_FORGE_CONFD": None})
    assert refused.exit_code == 1
    assert (
        "is not the released confd 0.16.0: its SHA-256 is" in refused.output
        and "--any-confd accepts this file once" in refused.output
    )
    plain = [word for word in words if not word.startswith("--confd")]
    assert CliRunner().invoke(root, plain, env={"CATALOG_FORGE_CONFD": str(catalog.confd)}).exit_code == 0


@pytest.mark.parametrize("command", ["build", "bake"])
def test_the_confd_that_is_known_is_for_one_platform(tmp_path: Path, command: str) -> None:
    tree(tmp_path, {"specs/web-conf.yml": web_spec("web-conf")})
    runner = CliRunner()
    assert runner.invoke(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    words = ["-C", str(tmp_path), command, "web-conf", "--platform", "linux/arm64"]
    refused = runner.invoke(root, words, env={"CATALOG_FORGE_CONFD": None})
    assert refused.exit_code == 1, refused.output
    assert "--platform linux/arm64: the confd 0.16.0 of web-conf is for linux/amd64" in refused.output
    assert "confd_src: URL, confd_sha256: SUM" in refused.output


def test_a_spec_may_pin_a_confd_for_another_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATALOG_FORGE_CONFD", raising=False)
    own = f"engine: {{confd_src: 'https://example.org/confd-arm64', confd_sha256: {'ab' * 32}}}\n"
    tree(tmp_path, {"specs/web-conf.yml": web_spec("web-conf", own)})
    run = CliRunner().invoke
    assert run(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    (request,) = requests_for(Repository(tmp_path), ("web-conf",), Inputs(platform="linux/arm64"))
    baked = run(root, ["-C", str(tmp_path), "bake", "--platform", "linux/arm64"])
    assert baked.exit_code == 0, baked.output
    target = json.loads(baked.stdout)["target"]["web-conf"]
    assert (target["platforms"], target["labels"]) == (["linux/arm64"], request.own_labels)
    assert (request.platform, request.download) == ("linux/arm64", "ab" * 32)


def test_an_image_that_comes_out_the_same_twice_passes_and_another_fails(catalog: Catalog) -> None:
    tag = catalog.add("web-conf")
    assert catalog.build("web-conf", "--twice", "-q").exit_code == 0
    changing = catalog.bench.dockerfile("RUN cat /proc/sys/kernel/random/uuid > /odd && mkdir /same")
    request = catalog.bench.request(changing, "odd:1")
    build_image(catalog.bench.engine, request, ignore)
    with pytest.raises(BuildError, match="/odd"):
        twice.check(catalog.bench.engine, request, ignore)
    left = [each for image in catalog.bench.client.api.images() for each in image["RepoTags"] or [] if each.endswith("-again")]
    assert not [each for each in left if each.startswith((tag, request.tags[0]))]
