"""No command lets control characters, or signs that turn the direction of writing, reach a terminal or a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.shown import printable

BAD = "a\x1b]0;pwned\x07b\x1b[2Jc\u202ed\u2066e\x9bf\x7fg"
YAML = json.dumps(BAD)
SPEC = """\
forge: 1
name: web-conf
service: nginx:1.27.3
metadata: {port: {default: '80'}}
files:
- {dest: /etc/web/plain.txt, body: [{file: plain.txt}]}
- {dest: /etc/web/port.txt, format: raw, body: [{text: "@{metadata/port}\\n"}]}
launch: {exec: [nginx]}
"""
SCENARIO = f"""\
services: {{web: {{scale: 1, metadata: {{port: {YAML}}}, labels: {{{YAML}: {YAML}}}}}}}
expect: {{files: {{plain.txt: {YAML}, port.txt: {{contains: {YAML}}}}}}}
then:
- {{name: {YAML}, scale: 2, expect: {{files: {{port.txt: {{matches: {YAML}}}}}, log: {YAML}}}}}
"""
BLOCK = f"""\
.catalog:
  name: {YAML}
  version: {YAML}
  questions:
  - {{variable: A, label: {YAML}, type: enum, options: [{YAML}], required: true, default: {YAML}}}
  - {{variable: {YAML}, type: {YAML}, required: {YAML}}}
web: {{scale: {YAML}, {YAML}: 1, health_check: {{port: {YAML}}}}}
"""
COMPOSE = f"""\
version: '2'
services:
  web: {{image: {YAML}, command: {YAML}, {YAML}: {YAML}, privileged: true, volumes: [{YAML}], environment: {{A: {YAML}}}}}
  {YAML}: {{image: 'x:1', links: [{YAML}], ports: [{YAML}]}}
"""
FILES = {
    "specs/web-conf.yml": SPEC,
    "specs/web-conf/plain.txt": f"{BAD}\n",
    "specs/web-conf/scenarios/first.yml": SCENARIO,
    "specs/wrong-conf.yml": f"forge: 1\nname: {YAML}\n{YAML}: {YAML}\nservice: {{name: {YAML}, image: {YAML}, {YAML}: 1}}\n",
    "specs/bro\x1b[2Jken-conf.yml": f"a: [{BAD}\n",
    "specs/wrong-conf/scenarios/first.yml": f"{YAML}: {YAML}\n",
    "templates/odd/config.yml": f"name: {YAML}\nversion: {YAML}\ncategory: {YAML}\n{YAML}: {YAML}\n",
    "templates/odd/0/rancher-compose.yml": BLOCK,
    "templates/odd/0/docker-compose.yml": COMPOSE,
    "templates/o\u202edd/0/rancher-compose.yml": ".catalog: {version: '1'}\n",
    "templates/o\u202edd/0/docker-compose.yml": "web: {image: 'x:1'}\n",
    "templates/broken/0/docker-compose.yml": f"web: [{BAD}\n",
    "templates/broken/0/rancher-compose.yml": f"web: {{{{ {BAD} }}}}\n",
    "images/x/Dockerfile": f"FROM x\nRUN echo {BAD}\nCOPY {BAD} {BAD}\nLABEL {BAD}={BAD}\n{BAD}\n",
    "images/x/conf.d/x.toml": f'[template]\nsrc = "x.tmpl"\ndest = {YAML}\nkeys = [{YAML}]\nreload_cmd = {YAML}\n',
    "images/x/templates/x.tmpl": f'{BAD}{{{{getv "{BAD}"}}}}{{{{{BAD}}}}}\n',
    "images/x/run.sh": f"#!/bin/sh\necho {BAD}\n",
    "nopq\x1b]0;pwn\x07.jsn": "",
    "answers.yml": f"'2016-07-29': {{default: {{self: {{{YAML}: {YAML}, list: [{{name: {YAML}}}]}}}}}}\n",
    "print/cookiecutter.json": json.dumps({"name": "x", "port": BAD, "kind": [BAD, "b"], BAD: BAD}),
    "print/{{cookiecutter.name}}/specs/{{cookiecutter.name}}.yml": f"forge: 1\nname: {{{{cookiecutter.name}}}}\n{YAML}: {BAD}\n",
    "catalog-forge.yml": "",
}
COMMANDS = [
    "generate",
    "generate --check",
    "generate --diff",
    "generate --dry-run",
    "spec show web-conf",
    "spec picture web-conf",
    "spec show wrong-conf",
    "render web-conf",
    "render web-conf --format json",
    "render web-conf --diff",
    "render web-conf --out out",
    "render --image-dir images/x --metadata answers.yml",
    "test",
    "test --format json",
    "scenario new web-conf --name more",
    "metadata tree --file answers.yml",
    "metadata tree --file answers.yml --format json",
    "metadata get /2016-07-29/nothing --file answers.yml",
    "metadata get / --file specs/wrong-conf/scenarios/first.yml",
    "up templates/odd --plan",
    "up templates/odd --plan --format json",
    "up templates/broken --plan",
    "up odd --plan --set A=b",
    "new made-conf --blueprint ./print --no-input",
    "build web-conf",
    "lint --verdicts",
    "lint --verdicts --format json",
    "lint --explain-verdict odd",
    "lint --baseline nope.json",
    "-C nowhere lint",
    "lint --report report.html",
    "lint --report report.md",
    "lint --write-baseline base.txt",
    *(f"lint --format {form}" for form in ("text", "json", "sarif", "junit", "github", "gitlab")),
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_says_is_printable(hostile: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    before = {path for path in hostile.rglob("*") if path.is_file()}
    result = CliRunner().invoke(root, command.split())
    assert result.exit_code in (0, 1, 2, 4, 5), result.output
    assert result.output
    assert list(_seen(result.output)) == []
    for path in {path for path in hostile.rglob("*") if path.is_file()} - before:
        if path.suffix in (".html", ".md", ".xml") and "templates" not in path.parts:
            assert list(_seen(path.read_text())) == []


def _seen(text: str) -> Iterator[str]:
    """Lines that hold what nobody sees."""
    return (repr(line) for line in text.split("\n") if printable(line, kept="\t") != line)
