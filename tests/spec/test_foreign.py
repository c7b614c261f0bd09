"""Expressions of other languages in a spec: what was surely meant as a value is told, anything else is left alone."""

from __future__ import annotations

import json

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.spec.checks.foreign import foreign
from catalog_forge.spec.reader import parsed, read

HEAD = """\
forge: 1
name: web-conf
metadata: {port: {default: "80"}, paths/log: {default: /log, variable: log_path}}
vars: {MODE: fast, LEVEL: info}
"""
SPEC = (
    HEAD
    + """\
service: {name: web, image: "nginx:1.27.3", environment: {LEVEL: %(environment)s}}
files:
- {dest: /etc/web/web.txt, check: %(check)s, reload: %(reload)s, body: [text: %(text)s]}
launch: {exec: [nginx, %(exec)s], environment: {A: %(variable)s}}
"""
)


def told(**texts: str) -> list[str]:
    """Return the problems of a spec with texts in some places, each as its message and its hint."""
    places = {**dict.fromkeys(("environment", "check", "text", "exec", "variable"), "x"), "reload": "none", **texts}
    text = SPEC % {name: json.dumps(value) for name, value in places.items()}
    return [f"{each.message}: {each.hint}" for each in foreign(read(text, "f"), parsed(text.encode(), "f"))]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("${self.name}", "self.name"),
        ("{{self.name}}", "self.name"),
        ("{{- self.host.ip -}}", "self.host.ip"),
        ("@ {self.ip}", "self.ip"),
        ("@(self.ip)", "self.ip"),
        ("@[stack.name]", "stack.name"),
        ("${self.label.a.b}", "self.label.a.b"),
        ("${self.ip|none}", "self.ip|none"),
        ("{{count(peers)}}", "count(peers)"),
        ("${metadata/port}", "metadata/port"),
        ("{{ metadata.port }}", "metadata/port"),
        ("${port}", "metadata/port"),
        ("{{log_path}}", "metadata/paths/log"),
        ("${MODE}", "env.MODE"),
        ('{{ getv "/self/service/metadata/paths/log" }}', "metadata/paths/log"),
        ('{{getv "/self/service/metadata/port" "1"}}', "metadata/port"),
        ('{{getv "/self/container/name"}}', "/self/container/name"),
    ],
)
def test_the_right_form_is_named(text: str, meant: str) -> None:
    shown = f"{text!r} is not replaced by a value: write @{{{meant}}}"
    assert told(text=f"a\nb {text} c") == [shown]


@pytest.mark.parametrize(
    "text",
    [
        "$${self.name}", "${HOME}", "${es.logger.level}", "${service.name}", "${server.port}", "${env.HOME}", "${self.other}",
        "{{ .Values.port }}", "{{ $labels.instance }}", "{{ key \"/a\" }}", "{{range ls \"/a\"}}", "%{self.name}", "#{self.name}",
        "@@ {self.ip}", "jo@(example.org)", "@[a.b]", "{{}}", "${}", "${LEVEL}", "${metadata/other}", "{self.name}", "${A:-b}",
    ],
)  # fmt: skip
def test_what_may_be_the_programs_own_is_left_alone(text: str) -> None:
    assert told(text=text) == []


def test_a_name_alone_belongs_to_the_shell_in_commands() -> None:
    assert told(exec="${port}", check="test ${port} {{.src}}", reload="exec kill ${MODE}") == []
    assert told(variable="${port}") == ["'${port}' is not replaced by a value: write @{metadata/port}"]
    assert told(exec="--ip=${self.ip}") == ["'${self.ip}' is not replaced by a value: write @{self.ip}"]


@pytest.mark.parametrize("key", ["check", "exec", "port"])
def test_a_value_of_set_is_evaluated_whatever_its_key_is_called(key: str) -> None:
    files = f"files: [{{dest: /etc/web/web.ini, format: ini, body: [set: {{{key}: '${{port}}'}}]}}]"
    text = f"{HEAD}service: {{name: web, image: 'nginx:1.27.3'}}\n{files}\nlaunch: {{exec: [nginx]}}\n"
    assert [each.hint for each in foreign(read(text, "f"), parsed(text.encode(), "f"))] == ["write @{metadata/port}"]


@pytest.mark.parametrize("place", ["check", "reload", "environment"])
def test_where_nothing_is_evaluated_no_expression_is_proposed(place: str) -> None:
    (problem,) = told(**{place: "exec a @ {self.ip}"})
    assert problem.startswith("'@ {self.ip}' is not replaced by a value: expressions are not evaluated here; ")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"environment": "${self.name}"}, "rancher-compose refuses '${self.name}'"),
        ({"environment": "$(hostname)"}, "rancher-compose refuses '$(hostname)'"),
        ({"environment": "a $1"}, "rancher-compose refuses '$1'"),
        ({"environment": "@{slef.ip}"}, "@{slef.ip} is not evaluated here"),
        ({"check": "a @{metadat/port}"}, "@{metadat/port} is not evaluated here"),
        ({"reload": "exec a @{Self.ip}"}, "@{Self.ip} is not evaluated here"),
        ({"text": "@{slef.ip}"}, "unknown expression 'slef'"),
    ],
)
def test_what_cannot_work_is_an_error(texts: dict[str, str], said: str) -> None:
    with pytest.raises(ForgeError) as error:
        told(**texts)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text", ["git show HEAD@{upstream}", "@{u}", "@{Name='x'}", "@{1.day.ago}", "@@{slef.ip}", "a $$(b) $$1"]
)
def test_other_at_signs_and_dollars_are_left_alone(text: str) -> None:
    assert told(environment=text) == []
