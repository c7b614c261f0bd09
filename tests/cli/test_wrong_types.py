"""Every key of a service with every wrong type of value, through every door: at most errors, and never a bug (exit code 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_forge.cli.main import root
from catalog_forge.rancher.judgement.maps import STRUCTS
from catalog_forge.rancher.keys import KEYS, V1
from tests.helpers import tree
from tests.lint.trees import SOUND

ENTRY = "templates/web"
DOCKER, RANCHER = f"{ENTRY}/0/docker-compose.yml", f"{ENTRY}/0/rancher-compose.yml"
COMMANDS = (
    ("lint", "templates", "--no-external"),
    ("lint", "templates", "--verdicts"),
    ("lint", "--explain-verdict", "web", "."),
    ("up", ENTRY, "--plan"),
)
VALUES: dict[str, Any] = {
    "text": "x", "empty text": "", "an answer": "${greeting}", "no answer": "${nobody}:${nobody}", "a number": 5,
    "a fraction": 1.5, "a huge number": 1 << 70, "infinity": float("inf"), "truth": True, "nothing": None,
    "a list": ["a", 1, None],
    "a list of lists": [[1], {"a": []}], "an empty list": [], "a mapping": {"a": "b", "port": "x"}, "an empty mapping": {},
    "a mapping of mappings": {"a": {"b": {"c": 1}}, "port_rules": {"x": 1}, "soft": []},
}  # fmt: skip
INNER = sorted({name for struct in STRUCTS.values() for name in struct.fields} | {"driver", "options", "soft", "hard", "<<"})


def play(folder: Path, docker: Mapping[str, Any], rancher: Mapping[str, Any] | None = None) -> None:
    """Write both files, and look at them through every command."""
    head = SOUND[RANCHER].partition("services:")[0]
    files = {**SOUND, DOCKER: json.dumps(docker)}
    if rancher is not None:
        files[RANCHER] = f"{head}services: {json.dumps(rancher)}\n"
    tree(folder, files)
    for command in COMMANDS:
        done = CliRunner().invoke(root, ["-C", str(folder), *command])
        assert done.exit_code in (0, 1), f"{' '.join(command)}: {done.exit_code}\n{done.output}\n{files[DOCKER]}"


@pytest.mark.parametrize("kind", VALUES)
def test_every_key_with_a_value_of_this_kind_is_no_bug(kind: str, tmp_path: Path) -> None:
    services = {key: {"image": "nginx:1.27.3", key: VALUES[kind]} for key in KEYS}
    play(tmp_path, {"version": "2", "services": services}, {key: {key: VALUES[kind]} for key in KEYS})
    play(tmp_path, {key: services[key] for key in V1})
    parts = {part: VALUES[kind] for part in ("volumes", "networks", "secrets", "hosts", "dependencies")}
    play(tmp_path, {"version": "2", "services": {"web": {"image": "nginx:1.27.3"}}, **parts}, {})
    play(tmp_path, {"version": VALUES[kind], "services": VALUES[kind]}, {"web": VALUES[kind]})


_WORDS = st.one_of(
    st.sampled_from(["", "x", "${greeting}", "$$", "a:b", "80:80", "512m", "{{ .Values.greeting }}", "{{ nope }}", "web", "a,b"]),
    st.text(max_size=4),
    st.integers(-(1 << 65), 1 << 65),
    st.booleans(),
    st.floats(),
    st.none(),
)
_ANY = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(INNER), st.text(max_size=3)), inner, max_size=3),
    ),
    max_leaves=6,
)
_SERVICE = st.dictionaries(st.sampled_from(sorted(KEYS)), _ANY, min_size=1, max_size=8)


@given(docker=_SERVICE, rancher=_SERVICE)
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_keys_with_any_values_are_no_bug(docker: dict[str, Any], rancher: dict[str, Any], tmp_path: Path) -> None:
    services = {"web": {"image": "nginx:1.27.3", **docker}, "web-conf": {"image": "busybox:1.37.0"}}
    play(tmp_path, {"version": "2", "services": services}, {"web": rancher})
