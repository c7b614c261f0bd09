"""Where paths begin: in the current folder, and with `-C DIR` in DIR, as if the command had been started there."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from tests.cli.test_help import EVERY
from tests.helpers import tree

SPEC = """\
forge: 1
name: web-conf
service: web=nginx:1.27.3
config: /etc/web/web.properties
metadata: {port: {type: int, default: 80}}
"""
STORED = "forge: 1\nname: kept-conf\nservice: web=nginx:1.27.3\nengine: {backend: file}\n" + SPEC.partition("3\n")[2]
BLUEPRINT = {
    "mine/cookiecutter.json": '{"name": "x-conf"}',
    "mine/{{cookiecutter.name}}.yml": SPEC.replace("web-conf", "{{cookiecutter.name}}"),
}
FILES = {
    "catalog-forge.yml": "defaults: {maintainer: Jo Doe <jo@example.org>}\n",
    "specs/web-conf.yml": SPEC,
    "templates/hand/config.yml": "name: hand\nversion: '1'\n",
    "templates/hand/0/docker-compose.yml": "web: {image: 'nginx:1.27.3'}\n",
    "templates/hand/0/rancher-compose.yml": ".catalog: {name: hand, version: '1'}\n",
    "own/answers.yml": "port: 81\n",
    "own/service.yml": "'2016-07-29': {default: {self: {service: {metadata: {port: 82}}}}}\n",
    "own/bad.yml": "[",
    "own/known.json": "[]",
    "own/confd": "#!/bin/sh\n",
    "own/image/Dockerfile": "FROM alpine:3.20\nCOPY . /etc/confd/\n",
    "own/image/conf.d/a.toml": "[template]\nsrc = 'a.tmpl'\ndest = '/a'\nkeys = ['/']\n",
    "own/image/templates/a.tmpl": 'a {{getv "/self/service/metadata/port"}}\n',
    **{f"own/{path}": text for path, text in BLUEPRINT.items()},
}
# Every option and argument that takes a path, with words that use it. A command that needs an engine fails later.
WORDS = {
    "new --blueprint": "new x-conf --no-build --no-input --blueprint own/mine",
    "new --answers": "new x-conf --no-build --no-input --answers own/answers.yml",
    "new --confd": "new x-conf --build --no-input --confd own/confd",
    "update --from": "update web-conf --from own/mine --diff",
    "adopt folders": "adopt own/image",
    "adopt --entry": "adopt own/image --entry templates/hand",
    "adopt --confd": "adopt own/image --engine confd --confd own/confd",
    "adopt --html": "adopt own/image --html own/page.html",
    "bake --output": "bake -o own/bake.hcl",
    "build --confd": "build --confd own/confd",
    "sbom --confd": "sbom web-conf --confd own/confd",
    "sbom --output": "sbom web-conf --confd own/confd -o own/sbom.json",
    "chart --entry": "chart --entry templates/hand",
    "chart --answers": "chart web-conf --answers own/answers.yml",
    "chart --output": "chart web-conf -o own/charts",
    "render --image-dir": "render --image-dir own/image --file own/service.yml --prefix /2016-07-29",
    "render --file": "render web-conf --file own/service.yml",
    "render --confd": "render web-conf --engine confd --confd own/confd",
    "render --output": "render web-conf -o own/out",
    "test --confd": "test --engine confd --confd own/confd",
    "test --junit": "test --junit own/junit.xml",
    "metadata serve file": "metadata serve own/bad.yml",
    "metadata get --file": "metadata get /2016-07-29/self/service/metadata/port --file own/service.yml",
    "metadata tree --file": "metadata tree --file own/service.yml",
    "lint paths": "lint templates/hand own/image",
    "lint --output": "lint --format json -o own/lint.json",
    "lint --report": "lint --report own/report.md",
    "lint --baseline": "lint --baseline own/known.json",
    "lint --write-baseline": "lint --write-baseline own/new.json",
    "lint --explain-verdict": "lint --explain-verdict templates/hand",
    "upgrades path": "upgrades templates/hand",
    "upgrades --html": "upgrades --html own/upgrades.html",
    "standards impact --to": "standards impact --to catalog-forge.yml",
    "standards report catalogs": "standards report own/..",
    "standards report --html": "standards report . --html own/report.html",
    "up entry": "up templates/hand --plan",
    "up --answers": "up web --plan --answers own/answers.yml",
    "up --confd": "up web --plan --confd own/confd",
    "seed --node": "seed kept-conf --node own/store.yml",
    "seed --answers": "seed kept-conf --node own/store.yml --answers own/answers.yml",
    "preview entry": "preview templates/hand --export own/page.html",
    "preview --images": "preview hand --images own/image --export own/page.html",
    "preview --export": "preview hand --export own/page.html",
    "show entry": "show templates/hand",
    "show --answers": "show web --compose --answers own/answers.yml",
    "spec picture --output": "spec picture web-conf -o own/picture.svg",
}
# These take a path in a container or in a document, a commit, or the address of a service.
OTHERS = {"new --config", "blueprints new --ask", "metadata get path", "metadata tree path", "seed --prefix"} | {
    f"spec {word} path" for word in ("get", "set", "unset")
}


def _paths() -> Iterator[str]:
    """Yield each parameter whose type or metavar says that it takes a path."""
    for path, command in EVERY:
        for each in command.params:
            name = each.name if isinstance(each, click.Argument) else next(opt for opt in each.opts if opt.startswith("--"))
            words = re.split(r"[^A-Z]+", (each.metavar or f"{each.name}").upper())
            known = {"FILE", "DIR", "FOLDER", "PATH", "ENTRY", "CATALOG", "BLUEPRINT", "NODE"}
            if isinstance(each.type, click.Path) or known & {*words}:
                yield " ".join((*path, str(name)))


def test_every_path_is_tried_here() -> None:
    assert {*_paths()} - OTHERS == WORDS.keys()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paths") / "catalog"
    tree(folder, FILES | {"specs/kept-conf.yml": STORED})
    for words in (["generate"], ["scenario", "new", "web-conf"]):
        done = CliRunner().invoke(root, ["-C", str(folder), *words])
        assert done.exit_code == 0, done.output
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    found = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
    return {name: TIME.sub(b"TIME", path.read_bytes().replace(os.fsencode(folder), b"DIR")) for name, path in found.items()}


TIME = re.compile(rb"time(stamp)?=\"[^\"]+\"|\d+ ms")


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_with_another_folder_a_command_does_what_it_does_in_it(
    words: str, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "nowhere").mkdir()
    results = []
    for name, start, before in (("in/it", "in/it", []), ("to/it", "nowhere", ["-C", "../to/it"])):
        shutil.copytree(catalog, tmp_path / name)
        monkeypatch.chdir(tmp_path / start)
        done = CliRunner().invoke(root, [*before, *words.split()], env={"DOCKER_HOST": "unix:///nowhere/docker.sock"})
        said = [re.sub(r"\d+ ms", "", text.replace(str(tmp_path / name), "DIR")) for text in (done.stdout, done.stderr)]
        assert done.exit_code not in (2, 3), done.output
        assert Path.cwd() == tmp_path / start
        results.append((done.exit_code, said, _files(tmp_path / name)))
    assert results[0] == results[1]
    assert not [*(tmp_path / "nowhere").iterdir()]
