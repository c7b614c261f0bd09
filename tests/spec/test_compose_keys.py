"""The compose keys of a service: each has a shape, and a value of another is an error with its place, never a bug."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_forge.catalog.entry import entry_plan
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.keys import KEYS
from catalog_forge.spec.model.compose_keys import SERVICE_KEYS, refused
from catalog_forge.spec.reader import read

_WORDS = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
_ANY = st.recursive(
    st.one_of(st.none(), _WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
)


def spec_with(key: str, value: Any, group: bool = False) -> str:
    holder: dict[str, Any] = {"name": "x", "image": "redis:3"}
    target = holder.setdefault("groups", {}).setdefault("a", {}) if group else holder
    target[key] = value
    return json.dumps(
        {"forge": 1, "name": "x-conf", "service": holder, "files": [{"dest": "/a/x.conf", "body": [{"text": "a"}]}]}
    )


def test_every_key_is_one_that_rancher_compose_knows() -> None:
    assert KEYS.keys() > SERVICE_KEYS


def assert_within(text: str, key: str, value: Any, said: str, words: str = "") -> None:
    """Assert that a message begins with a place in the value of a key, which is on the first line, and with words."""
    begin = text.index(f'"{key}": ') + len(f'"{key}": ') + 1
    _, line, column, rest = said.split(":", 3)
    assert line == "1" and begin <= int(column) < begin + len(json.dumps(value)) and rest.startswith(f" {words}"), said


@pytest.mark.parametrize("key", sorted(SERVICE_KEYS))
@given(value=_ANY, group=st.booleans())
@settings(max_examples=25)
def test_a_value_of_any_shape_is_taken_or_an_error_with_its_place(key: str, value: Any, group: bool) -> None:
    try:
        spec = read(spec_with(key, value, group), "x.yml")
    except ForgeError as error:
        assert all(problem.where and problem.where.line for problem in error.problems), str(error)
        return
    assert [*refused(key, value)] == []
    entry_plan(spec, lambda _: b"")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("labels", "hello", "labels: text found where a list or a mapping is expected"),
        ("labels", {"a": ["b"]}, "labels: a list found where text is expected"),
        ("ports", 6379, "ports: a number found where a list is expected"),
        ("ports", [99999], "ports: '99999' is not a port"),
        ("expose", [99999], "expose: '99999' is not a port"),
        ("ports", None, "ports: nothing found where a list is expected"),
        ("ports", [[1]], "ports: a list found where text or a number is expected"),
        ("environment", "A=b", "environment: text found where a list or a mapping is expected"),
        ("privileged", "yes", "privileged: text found where true or false is expected"),
        ("privileged", ["true"], "privileged: a list found where true or false is expected"),
        ("tty", ["${tty}"], "tty: a list found where true or false is expected"),
        ("cpu_shares", "many", "cpu_shares: 'many' is not a whole number"),
        ("cpu_shares", True, "cpu_shares: true or false found where a number or text is expected"),
        ("cpu_shares", 1.5, "cpu_shares: 1.5 is not a whole number"),
        ("user", {"a": "b"}, "user: a mapping found where text is expected"),
        ("logging", [], "logging: a list found where a mapping is expected"),
        ("storage_driver", "nfs", "storage_driver: text found where a mapping is expected"),
        ("depends_on", {"a": {}}, "depends_on: a mapping found where a list is expected"),
        ("tmpfs", {}, "tmpfs: a mapping found where text or a list is expected"),
        ("lb_config", "${lb}", "lb_config: text found where a mapping is expected"),
        ("ports", "${port}:80", "ports: text found where a list is expected"),
        ("labels", "$$", "labels: text found where a list or a mapping is expected"),
    ],
)
def test_a_wrong_shape_is_said(key: str, value: Any, words: str) -> None:
    with pytest.raises(ForgeError, match=words) as caught:
        read(spec_with(key, value), "x.yml")
    assert_within(spec_with(key, value), key, value, str(caught.value))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("labels", {"b": True, "c": 1}), ("labels", ["a=b"]), ("ports", ["80:80", 81]), ("tty", "${tty}"),
        ("cpu_shares", "${shares}"), ("cpu_shares", "1024"), ("dns", "8.8.8.8"), ("dns", ["8.8.8.8", "${dns}"]),
        ("depends_on", ["a"]), ("ulimits", {"nofile": {"soft": 1, "hard": 2}}), ("mem_limit", "${a}m"),
        ("upgrade_strategy", {"batch_size": "${size}", "start_first": True}), ("logging", {"options": {"max-size": "1m"}}),
        ("storage_driver", {"name": "nfs", "data": {"anything": 1}}), ("restart", "on-failure:3"),
    ],
)  # fmt: skip
def test_a_right_shape_is_taken(key: str, value: Any) -> None:
    assert [*refused(key, value)] == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("ports", ["99999:80"], "ports: '99999:80' is not a port"),
        ("ports", ["80:80", "80:65536"], "ports: '80:65536' is not a port"),
        ("ports", [65536], "ports: '65536' is not a port"),
        ("ports", ["-1"], "ports: '-1' is not a port"),
        ("expose", ["70000"], "expose: '70000' is not a port"),
        ("ports", ["80:80", "80:80"], "ports: '80:80' is listed twice"),
        ("user", 1000, "user: a number found where text is expected"),
        ("labels", {"a": None}, "labels: nothing found where text is expected"),
        ("ulimits", {"nofile": {"soft": 1}}, "ulimits: a limit must be a number, or a mapping with soft and hard"),
        ("upgrade_strategy", {"batch_size": "many"}, "upgrade_strategy: "),
        ("upgrade_strategy", {"start_frist": True}, "upgrade_strategy: nothing reads the key 'start_frist'"),
        ("upgrade_strategy", {"batch_size": 0}, "upgrade_strategy: batch_size: 0 is not a whole number of 1 or more"),
        ("scale_policy", {"minimum": 1}, "scale_policy: nothing reads the key 'minimum'"),
        ("scale_policy", {"min": 3, "max": 2}, "scale_policy: min 3 is above max 2"),
        ("network_driver", {"nam": "x"}, "network_driver: nothing reads the key 'nam'"),
        ("vcpu", "0", "vcpu: 0 is not a whole number of 1 or more"),
        ("restart", "sometimes", "restart: 'sometimes' is not a restart policy"),
        ("memory", -5, "memory: -5 is not a whole number of -1 or more"),
    ],
)
@pytest.mark.parametrize("group", [False, True])
def test_what_rancher_compose_refuses_is_said_with_its_place(key: str, value: Any, words: str, group: bool) -> None:
    text = spec_with(key, value, group)
    with pytest.raises(ForgeError) as caught:
        read(text, "x.yml")
    assert_within(text, key, value, str(caught.value), words)


@pytest.mark.parametrize(
    ("value", "part", "words"),
    [
        ({"port_rules": [{"source_port": "many"}]}, '"many"', "'many' is not a whole number\n  hint: write only digits"),
        (
            {"port_rules": [{"source_port": 80000}]},
            "80000",
            "source_port: 80000 is not a whole number from 1 to 65535\n  hint: write",
        ),
        ({"port_rules": [{"source_port": 80}, {"sourceport": 80}]}, '"sourceport"', "nothing reads the key 'sourceport'"),
        (
            {"port_rules": {"service": "web"}},
            '"service": "web"',
            "a mapping is not a list of port rules\n  hint: write a list of mappings",
        ),
        ({"certs": "a"}, '"a"', "'a' is not a list of texts\n  hint: write a list of strings"),
    ],
)
def test_a_part_of_a_structure_is_said_with_its_own_place_and_hint(value: Any, part: str, words: str) -> None:
    text = spec_with("lb_config", value)
    with pytest.raises(ForgeError) as caught:
        read(text, "x.yml")
    assert str(caught.value).startswith(f"x.yml:1:{text.index(part) + 1}: lb_config: {words}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ports", ["80:80", 81, "127.0.0.1:0:65535/udp", "8000-8010:9000-9010"]), ("user", "1000"), ("tty", True),
        ("memswap_limit", "1g"), ("hostname", "no"), ("environment", {"A": None, "B": "yes"}), ("mem_limit", -1),
    ],
)  # fmt: skip
def test_what_rancher_compose_takes_is_taken(key: str, value: Any) -> None:
    assert read(spec_with(key, value), "x.yml").service.compose[key] == value


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("port: 99999", "port must be a whole number from 1 to 65535"),
        ("port: 65536", "port must be a whole number from 1 to 65535"),
        ("port: 0", "port must be a whole number from 1 to 65535"),
        ("port: -1", "port must be a whole number from 1 to 65535"),
        ("port: 80.5", "port must be a whole number"),
        ("port: 80, healthy_threshold: 1.5", "healthy_threshold must be a whole number"),
        ("port: 80, unhealthy_threshold: 0", "unhealthy_threshold must be a whole number from 1"),
        ("port: 80, interval: 0", "interval must be a whole number from 1"),
        ("port: 80, response_timeout: -5", "response_timeout must be a whole number from 1"),
        ("port: 80, initializing_timeout: soon", "initializing_timeout must be a whole number"),
    ],
)
def test_a_health_check_that_cannot_work_is_said_with_its_place(check: str, words: str) -> None:
    text = spec_with("health_check", "CHECK").replace('"CHECK"', f"{{{check}}}")
    with pytest.raises(ForgeError) as caught:
        read(text, "x.yml")
    column = text.index(check) + check.rindex(" ") + 2
    assert str(caught.value).startswith(f"x.yml:1:{column}: {words}")


def test_a_limit_is_told_how_it_is_written() -> None:
    (found,) = refused("ulimits", {"nofile": "x"})
    assert found.hint == "write NAME: NUMBER, or NAME: {soft: 1024, hard: 2048}"


def test_a_health_check_at_the_bounds_is_taken() -> None:
    check = '{"port": 65535, "interval": 1, "healthy_threshold": 1}'
    assert read(spec_with("health_check", "CHECK").replace('"CHECK"', check), "x.yml").service.health_check


def test_what_a_variable_stands_in_is_judged_at_launch() -> None:
    assert list(refused("ports", ["${port}:80"])) == []
    assert [problem.message for problem in refused("ports", ["${port}:80", "80:65536"])] == ["ports: '80:65536' is not a port"]


def test_labels_show_no_secret() -> None:
    text = "forge: 1\nname: x-conf\nservice: {name: x, image: 'x:1', labels: {a: '${pw}'}}\n"
    text += "metadata: {pw: {secret: true}}\nlaunch: {exec: [x]}\nfiles: [{dest: /etc/x/x, body: [{text: '@{metadata/pw}'}]}]\n"
    with pytest.raises(ForgeError, match="x.yml:3:.*: labels: the secret 'pw' is visible to all containers"):
        read(text, "x.yml")
    assert read(text.replace("labels", "environment"), "x.yml").metadata
