"""A finding in a generated file names the key of the spec that decides the place."""

from __future__ import annotations

import pytest

from catalog_forge.errors import Where
from catalog_forge.forge import forge
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.check import check
from catalog_forge.lint.runner.origins import origin
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import Tree
from catalog_forge.spec.folder import SpecFolder
from catalog_forge.spec.reader import read

SPEC = """\
forge: 1
name: web-conf
version: 1.0.0
maintainer: Jo Doe Roe <jo@example.org>
service:
  name: web
  image: nginx:1.27.3
  mem_limit: 1g
  health_check: {port: 80}
  groups: {big: {scale: 2, image: "nginx:1.27.2", environment: {A: b}, metadata: {level: debug}}, small: {}}
image: {labels: {tier: front}, before: [echo before], user: "7:7"}
vars: {MODE: fast}
metadata: {level: {default: info, label: Level}, paths/log: {default: /log}}
files:
- dest: /etc/web/web.properties
  mode: "0640"
  body: [{set: {level: "@{metadata/level}", log: "@{metadata/paths/log}"}}]
- dest: /etc/web/more.properties
  reload: none
  body: [{set: {level: "@{metadata/level}"}}]
companions: {db: {image: "postgres:16.3", mem_limit: 1g}}
"""
SHORT = "forge: 1\nname: web-conf\nservice: nginx:1.27.3\nmetadata: [level]\nconfig: /etc/web/web.properties\n"
TEMPLATE, RESOURCE = "images/web-conf/templates/web.properties.tmpl", "images/web-conf/conf.d/web.properties.toml"
DOCKERFILE, CONFIG = "images/web-conf/Dockerfile", "templates/web/config.yml"
DOCKER, RANCHER = "templates/web/0/docker-compose.yml", "templates/web/0/rancher-compose.yml"


def catalog(text: str) -> Catalog:
    spec = read(text, "specs/web-conf.yml")
    files = {each.path: each.content.decode() for each in forge(spec, SpecFolder.__new__(SpecFolder))}
    return Catalog(Tree.of({**files, "specs/web-conf.yml": text}))


def told(text: str, path: str, line: str, key: str = "") -> str:
    """Return the origin of the line that contains a text, at the column where the text begins."""
    made = catalog(text)
    file, spec = made.tree.files[path], made.spec("web-conf")
    assert spec
    if not line:
        return origin(spec, file, Where(path, 1, 1), key).words
    number = next(number for number, each in enumerate(file.lines, 1) if line in each)
    return origin(spec, file, Where(path, number, file.lines[number - 1].index(line) + 1), key).words


def _findings(text: str, *rules: str) -> list[Finding]:
    return run(catalog(text), Choice(registry.expand(rules or ("all",))))


@pytest.mark.parametrize(
    ("path", "line", "key", "said"),
    [
        (CONFIG, "", "license", "entry/license in specs/web-conf.yml"),
        (CONFIG, "maintainer:", "", "maintainer in specs/web-conf.yml:4:13"),
        (CONFIG, "name: Web", "", "entry/title in specs/web-conf.yml"),
        (RANCHER, "minimum_rancher", "", "entry/minimum_rancher_version in specs/web-conf.yml"),
        (RANCHER, "label: Level", "", "metadata/level/label in specs/web-conf.yml:13:42"),
        (RANCHER, "variable: paths_log", "", "metadata/paths/log in specs/web-conf.yml:13:61"),
        (RANCHER, "level: debug", "", "service/groups/big/metadata/level in specs/web-conf.yml:10:90"),
        (RANCHER, "log: '${", "", "metadata/paths/log in specs/web-conf.yml:13:61"),
        (RANCHER, "scale: 2", "", "service/groups/big/scale in specs/web-conf.yml:10:25"),
        (RANCHER, "health_check", "", "service/health_check in specs/web-conf.yml:9:17"),
        (DOCKER, "nginx:1.27.2", "", "service/groups/big/image in specs/web-conf.yml:10:35"),
        (DOCKER, "nginx:1.27.3", "", "service/image in specs/web-conf.yml:7:10"),
        (DOCKER, "mem_limit", "", "service/mem_limit in specs/web-conf.yml:8:14"),
        (DOCKER, "A: b", "", "service/groups/big/environment/A in specs/web-conf.yml:10:68"),
        (DOCKER, "web-conf:1.0.0", "", "version in specs/web-conf.yml:3:10"),
        (DOCKER, "postgres", "", "companions/db/image in specs/web-conf.yml:21:26"),
        (DOCKER, "db:", "restart", "companions/db/restart in specs/web-conf.yml"),
        (RESOURCE, "mode =", "", "files/web.properties/mode in specs/web-conf.yml:16:9"),
        (RESOURCE, "", "reload_cmd", "files/web.properties/reload in specs/web-conf.yml"),
        (TEMPLATE, "level=", "", "files/web.properties/body in specs/web-conf.yml:17:9"),
        (DOCKERFILE, "ARG BASE", "", "image/base in specs/web-conf.yml"),
        (DOCKERFILE, '"tier"=', "", "image/labels/tier in specs/web-conf.yml:11:24"),
        (DOCKERFILE, 'image.authors"=', "", "maintainer in specs/web-conf.yml:4:13"),
        (DOCKERFILE, "MODE=", "", "vars/MODE in specs/web-conf.yml:12:14"),
        (DOCKERFILE, "ADD ", "", ""),
        ("images/web-conf/entrypoint.sh", "echo before", "", "image/before in specs/web-conf.yml:11:40"),
        ("images/web-conf/run.sh", "sleep", "", "launch in specs/web-conf.yml"),
        ("templates/web/0/README.md", "# Web", "", "entry/readme in specs/web-conf.yml"),
    ],
)
def test_the_key_of_a_place(path: str, line: str, key: str, said: str) -> None:
    assert told(SPEC, path, line, key) == said


@pytest.mark.parametrize(
    ("path", "line", "key", "said"),
    [
        (DOCKER, "nginx:1.27.3", "", "service in specs/web-conf.yml:3:10"),
        (RANCHER, "label: Level", "", "metadata in specs/web-conf.yml:4:11"),
        (RESOURCE, "", "reload_cmd", "reload in specs/web-conf.yml"),
        (RESOURCE, "dest", "", "config in specs/web-conf.yml:5:9"),
        (TEMPLATE, "level=", "", "config in specs/web-conf.yml:5:9"),
    ],
)
def test_shorthand_has_the_keys_that_are_there(path: str, line: str, key: str, said: str) -> None:
    assert told(SHORT, path, line, key) == said


def test_a_finding_names_the_key() -> None:
    hints = {each.message: each.hint for each in _findings(SHORT)}
    assert hints["config.yml does not name the license"] == (
        "add license: ...; this file is generated: change entry/license in specs/web-conf.yml"
    )


@pytest.mark.parametrize(("reload", "count"), [("", 1), ("reload: none\n", 0)])
def test_nothing_reloads_is_told_of_a_spec_that_does_not_say_so(reload: str, count: int) -> None:
    assert len(_findings(SHORT + reload, "CF613")) == count


HOST = SHORT.replace("service: nginx:1.27.3", "service: {name: web, image: 'nginx:1.27.3', network_mode: host}")


@pytest.mark.parametrize(
    "text",
    [
        HOST.replace("host}", "host}  # catalog-forge: ignore=CF423 it measures the host"),
        HOST.replace("service:", "# catalog-forge: ignore=CF423 it measures the host\nservice:"),
        "# catalog-forge: ignore-file=CF423 it measures the host\n" + HOST,
    ],
)
def test_an_ignore_in_a_spec_applies_to_what_is_generated_from_it(text: str) -> None:
    found = check(catalog(text), Choice(registry.expand(("all",))))
    assert [each.rule for each in found.findings if each.rule in ("CF423", "CF902")] == []
    assert [(each.rule, reason) for each, reason in found.ignored] == [("CF423", "it measures the host")]


def test_an_ignore_of_another_line_of_the_spec_silences_nothing() -> None:
    found = check(
        catalog(f"{HOST}version: 0.1.0  # catalog-forge: ignore=CF423 wrong place\n"), Choice(registry.expand(("all",)))
    )
    assert sorted(each.rule for each in found.findings if each.rule in ("CF423", "CF902")) == ["CF423", "CF902"]


def test_a_spec_that_asks_nothing_has_nothing_to_mend() -> None:
    text = SHORT.replace("metadata: [level]", "maintainer: Jo Doe <jo@example.org>\nreload: restart\nentry: {license: MIT}")
    assert [f"{each.where}: {each.rule}" for each in _findings(text)] == []
