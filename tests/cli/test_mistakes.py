"""Mistakes that people make in their first hours: each answer says where, why, and what to do next.

A row is a kind: what is typed or written, and the words that the answer must hold. Those that need an engine are below. A wrong
answer to a prompt is in `tests/cli/test_new.py`; a registry that is down and a confd that cannot be downloaded are in
`tests/cli/test_build.py`.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.image.engine import advice
from tests.helpers import tree

SPEC = """\
forge: 1
name: redis-conf
description: Redis
service: redis:3.2.11
metadata: {port: {type: int, default: 6379}, log.level: {default: notice}}
files:
- dest: /usr/local/etc/redis/redis.conf
  reload: restart
  body:
  - set: {port: "@{metadata/port}", level: "@{metadata/log.level}"}
"""
SHORT = (
    "forge: 1\nname: redis-conf\nservice: redis:3.2.11\nconfig: /usr/local/etc/redis/redis.conf\nreload: restart\nmetadata: [a]\n"
)
NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


def call(folder: Path, *words: str, env: Mapping[str, str] = NO_ENGINE) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), *words], env=env, prog_name="catalog-forge")


def service(keys: str) -> str:
    return f'{{image: "redis:3.2.11", name: redis, {keys}}}'


# What is wrong: what is changed in the spec, what it becomes, the line and column of the place, why, what to do.
WRITTEN = {
    "key": ("description:", "descripton:", "3:1", "unknown key 'descripton'", "did you mean 'description'?"),
    "key of a file": ("reload:", "relaod:", "8:3", "unknown key 'relaod'", "did you mean 'reload'?"),
    "reload": ("restart", "HUP", "8:11", "reload: cannot be 'HUP'", "did you mean 'signal HUP'?"),
    "format": ("  body", "  format: yamll\n  body", "9:11", "format cannot be 'yamll'", "did you mean 'yaml'?"),
    "tab": ("  reload", "\treload", "8:1", "there is a tab where", "spaces, never with tabs"),
    "name of another file": ("redis-conf", "other-conf", "2:7", "the spec in specs/redis-conf.yml is named", "rename the file"),
    "name": ("redis-conf", "Redis", "2:7", "name cannot be 'Redis'", "ending in -conf or -config"),
    "undeclared key": ("metadata/port", "metadata/prot", "10:20", "no such metadata key: 'prot'", "did you mean 'port'?"),
    "compose key": ("redis:3.2.11", service("volums: [a]"), "4:47", "unknown key 'volums'", "did you mean 'volumes'?"),
    "exec": ("files:", "launch: {exec: redis-server x}\nfiles:", "6:16", "exec must be a list", "written [a, b]"),
    "floating image": ("redis:3.2.11", "redis:latest", "4:10", "'redis:latest' has no fixed tag", "give a fixed tag"),
    "no dest": (
        "- dest: /usr/local/etc/redis/redis.conf\n  reload",
        "- reload",
        "7:3",
        "'dest' is missing",
        "such as dest: /etc/",
    ),
    "quoted number": (
        "redis:3.2.11",
        service("health_check: {port: '6379'}"),
        "4:68",
        "must be a whole number",
        "without quotes: 6379",
    ),
    "number as text": ("default: 6379", "default: 6379x", "5:39", "'6379x' must be a whole number", "only digits, such as"),
    "number out of range": (
        "redis:3.2.11",
        service("health_check: {port: 99999}"),
        "4:68",
        "from 1 to 65535",
        "such as port: 80; meaning: port that the check connects to",
    ),
    "enum": ("type: int, default: 6379", "type: enum", "5:18", "an enum needs options", "such as options: [small, large]"),
    "word for a number": (
        "redis:3.2.11",
        service("scale: many"),
        "4:54",
        "scale must be a whole number",
        "hint: write only digits, without quotes, such as scale: 3; meaning: number of containers",
    ),
    "word for the version of the language": ("forge: 1", "forge: one", "1:8", "forge must be a whole number", "only digits"),
    "word for a user": ("  reload", "  uid: redis\n  reload", "8:8", "uid must be a whole number", "number of the user"),
    "size": ("redis:3.2.11", service("mem_limit: lots"), "4:58", "'lots' is not a size", "a number with a unit, such as 512m"),
    "division by 0": (
        "metadata/port}",
        "metadata/port / 0}",
        "10:33",
        "cannot be divided by 0",
        "divide by 1 or a larger number",
    ),
    "key twice": (
        "reload: restart",
        "reload: restart\n  reload: none",
        "9:3",
        "appears twice: first in line 8",
        "one of the two",
    ),
    "two documents": ("files:", "---\nfiles:", "6:1", "a second document begins here", "delete this line"),
    "truth": (
        "type: int, default: 6379",
        "type: boolean, default: on",
        "5:43",
        "neither true nor false",
        "hint: write true or false",
    ),
    "too deep": ("  reload", "    reload", "8:5", "indented too deep", "align it with 'dest' in line 7"),
    "like nothing above": (
        "  reload",
        " reload",
        "8:2",
        "the indentation of this line matches",
        "align it with 'dest' in line 7",
    ),
    "sign": ('"@{metadata/port}"', "@{metadata/port}", "10:17", "cannot begin with '@'", 'quote it: "@{metadata/port}"'),
    "dots for slashes": ("metadata/port", "metadata.port", "10:20", "unknown expression", "@{metadata/port}"),
    "list": ("redis:3.2.11", service("ports: 6379"), "4:54", "ports: a number found where a list is expected", "written [a, b]"),
    "keys that are not indented": ("files:", "launch:\nexec: [a]\nfiles:", "6:1", "are not indented", "indent 'exec' in line 7"),
    "key without metadata/": (
        "set: {",
        "paste: port\n  - set: {",
        "10:12",
        "paste cannot be 'port'",
        "hint: write metadata/port",
    ),
    "expression for a path": (
        "set: {",
        'paste: "@{metadata/port}"\n  - set: {',
        "10:12",
        "paste cannot be",
        "write metadata/port",
    ),
    "expression for a collection": (
        "set: {",
        'list: {of: "@{peers}", item: "@{it.ip}"}\n  - set: {',
        "10:16",
        "of cannot be '@{peers}'",
        "write peers, without '@{' and '}'",
    ),
    "expression for a number": (
        "redis:3.2.11",
        service("health_check: {port: '@{metadata/port}'}"),
        "4:68",
        "port cannot be '@{metadata/port}'",
        "write ${port}",
    ),
    "field without its element": (
        "metadata/port",
        "ip",
        "10:20",
        "unknown expression 'ip'",
        "write @{self.ip} for this container",
    ),
    "brace that is not closed": ("metadata/port}", "metadata/port", "10:18", "is never closed", "end the expression with '}'"),
    "word of another language": ("type: int", "type: number", "5:25", "type cannot be 'number'", "did you mean 'int'?"),
    "key of another language": ("- dest:", "- path:", "7:3", "unknown key 'path'", "did you mean 'dest'?"),
    "default alone": ("{type: int, default: 6379}", "6379", "5:18", "port must be a mapping", "write port: {default: 6379}"),
    "record as a number": (
        "redis:3.2.11",
        service("health_check: 6379"),
        "4:61",
        "health_check must be a mapping",
        "such as health_check: {port: 6379}",
    ),
    "start command of a compose file": (
        "redis:3.2.11",
        service("command: [redis-server]"),
        "4:47",
        "unknown key 'command'",
        "below launch, where it is called exec",
    ),
    "block as a key": ("  reload", "  template: x.tmpl\n  reload", "8:3", "unknown key 'template'", "body: [template: ...]"),
    "address of an image": (
        "redis:3.2.11",
        "redis=https://example.org/redis:3",
        "4:10",
        "image cannot be 'https://example.org/redis:3'",
        "it must be REPOSITORY:TAG",
    ),
    "reload without its argument": ("restart", "exec", "8:11", "'exec' is incomplete", "write it in full, such as exec nginx"),
    "signal in small letters": ("restart", "signal hup", "8:11", "unknown signal 'hup'", "did you mean 'signal HUP'?"),
    "folder for a file": (
        "redis/redis.conf",
        "redis/",
        "7:9",
        "must be the absolute path of a file",
        "such as /etc/NAME/NAME.conf",
    ),
    "space that is none": ("  reload", "\u00a0 reload", "8:1", "only looks like a space", "an ordinary space"),
    "service": (
        "set: {",
        'list: {of: "service:zoo", item: "@{it.ip}"}\n  - set: {',
        "10:17",
        "the entry has no service 'zoo'",
        "under `companions`",
    ),
}


@pytest.mark.parametrize(("old", "new", "place", "why", "next_step"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_wrongly_is_told_with_its_place(
    old: str, new: str, place: str, why: str, next_step: str, tmp_path: Path
) -> None:
    assert old in SPEC
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace(old, new, 1)})
    result = call(tmp_path, "generate")
    assert result.exit_code == 1
    found = next(line for line in re.split(r"\n(?=\S)", result.stderr) if why in line)
    message, _, hint = found.partition("\n  hint: ")
    assert message.startswith(f"specs/redis-conf.yml:{place}: "), result.stderr
    assert next_step in f"hint: {hint}", result.stderr


WHOLE = {
    "empty": ("", "1:1: the file is empty", "begin it with the lines `forge: 1` and `name: NAME-conf`"),
    "no files": (SPEC.partition("files:")[0] + "files: []\n", "6:8: files: at least one", "list each file below `files`"),
    "nested too deeply": ("[" * 200 + "]" * 200, "1:103: the document is nested too deeply", "split the file"),
    "too large": ("#" * (1 << 20) + "#", "the file is larger than 1048576 bytes", "split it"),
}


@pytest.mark.parametrize(("text", "why", "next_step"), WHOLE.values(), ids=WHOLE)
def test_what_is_wrong_with_a_whole_spec_has_a_next_step(text: str, why: str, next_step: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": text})
    message, _, hint = call(tmp_path, "generate").stderr.partition("\n  hint: ")
    assert message.startswith("specs/redis-conf.yml:") and why in message and next_step in hint


@pytest.mark.parametrize(("right", "wrong", "line"), [("config", "confg", 4), ("reload", "relod", 5), ("metadata", "metdata", 6)])
def test_words_of_the_short_form_are_known_to_the_advice(right: str, wrong: str, line: int, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SHORT.replace(f"{right}:", f"{wrong}:")})
    said = call(tmp_path, "generate").stderr
    assert f"specs/redis-conf.yml:{line}:1: unknown key '{wrong}'\n  hint: did you mean '{right}'?" in said


SCENARIO = """\
services:
  redis: {scale: 2, metadata: {port: "6379", log.level: notice}, sidekicks: [redis-conf]}
expect:
  files:
    redis.conf: {contains: port 6379}
then:
- set: {port: "6380"}
  expect: {reloads: [restart]}
"""
# What is changed in the scenario, what it becomes, the place, why, what to do.
PLAYED = {
    "sidekick alone": (
        "[redis-conf]",
        "redis-conf",
        "2:77",
        "sidekicks must be a list of names",
        "write sidekicks: [redis-conf]",
    ),
    "state": ("scale: 2", "states: {1: stoped}", "2:23", "'stoped' is misspelt", "did you mean 'stopped'?"),
    "states": ("scale: 2", "states: [stopped]", "2:19", "states must be a mapping", "such as states: {1: stopped}"),
    "health": ('set: {port: "6380"}', "health: unhealthy", "7:11", "health must be a mapping", "such as health: {1: unhealthy}"),
    "health check": ("scale: 2", "health_check: 6379", "2:25", "health_check must be", "such as health_check: {port: 6379}"),
    "port of a health check": ("scale: 2", "health_check: {port: 99999}", "2:32", "port must be", "write only digits"),
    "port": ("scale: 2", "ports: [99999]", "2:19", "each from 1 to 65535", "such as '8080:80'"),
    "links": ("scale: 2", "links: [redis]", "2:18", "links must be a mapping", "write KEY: VALUE"),
    "container": ('set: {port: "6380"}', "replace: redis-2", "7:12", "there is no container 'redis-2'", "from 1 to 2"),
    "fault without a time": (
        'set: {port: "6380"}',
        "fault: slow",
        "7:10",
        "fault 'slow' needs a time",
        "write fault: {slow: 4s}",
    ),
    "fault with a time": ('set: {port: "6380"}', "fault: {missing: 4s}", "7:10", "takes no time", "write fault: missing"),
    "image beside": (
        "expect:\n  f",
        "beside: {redis: a:1}\nexpect:\n  f",
        "3:17",
        "must be a mapping",
        "such as redis: {image: NAME:TAG}",
    ),
    "subnet": ("expect:\n  f", "subnet: 10.42.1.0/30\nexpect:\n  f", "3:9", "has 0 addresses for 'redis'", "a larger subnet"),
    "file": ("redis.conf:", "redi.conf:", "5:5", "matches no rendered file", "did you mean 'redis.conf'?"),
    "no expectation": (
        "{contains: port 6379}",
        "",
        "5:5",
        "the expectation of 'redis.conf' has no value",
        "such as contains: TEXT",
    ),
    "unchanged at the start": ("contains: port 6379", "unchanged: true", "5:5", "before the start", "below `then`"),
    "reload alone": ("[restart]", "restart", "8:21", "reloads must be a number or a list", "write reloads: [restart]"),
    "command alone": (
        "reloads: [restart]",
        "command: ls",
        "8:21",
        "a command must be a mapping",
        "such as command: {in: redis-1,",
    ),
    "request alone": ("reloads: [restart]", "http: /", "8:18", "http must be a mapping", "such as http: {get:"),
    "no URL": (
        "reloads: [restart]",
        "http: {status: 200}",
        "8:18",
        "the URL of the request is missing",
        "for example get: http://web-1",
    ),
    "no colon": ('set: {port: "6380"}', "set port 6380", "7:3", "no ':' after its key", "write set: port 6380"),
}


@pytest.mark.parametrize(("old", "new", "place", "why", "next_step"), PLAYED.values(), ids=PLAYED)
def test_a_mistake_in_a_scenario_is_told_once_with_its_place(
    old: str, new: str, place: str, why: str, next_step: str, tmp_path: Path
) -> None:
    assert old in SCENARIO
    scenario = SCENARIO.replace(old, new, 1)
    tree(tmp_path, {"specs/redis-conf.yml": SPEC, "specs/redis-conf/scenarios/first.yml": scenario})
    result = call(tmp_path, "test")
    message, _, hint = result.stderr.partition("\n  hint: ")
    assert result.exit_code == 1 and message.count("\n") == 0 and hint.count("\n") == 1, result.stderr
    assert message.startswith(f"specs/redis-conf/scenarios/first.yml:{place}: ") and why in message, result.stderr
    assert next_step in hint


DOUBTED = {
    "service": ("  redis:", "  rediss:", "2:32", "the scenario has no service of redis-conf", "did you mean 'redis'?"),
    "number": ('port: "6379"', "port: many", "2:38", "the value 'many' must be a whole number", "write only digits"),
    "list": ("notice}", "[notice]}", "2:57", "log.level: the value must be a single value", "a string on one line"),
}


@pytest.mark.parametrize(("old", "new", "place", "why", "next_step"), DOUBTED.values(), ids=DOUBTED)
def test_what_does_not_fit_the_spec_in_a_scenario_is_warned_of(
    old: str, new: str, place: str, why: str, next_step: str, tmp_path: Path
) -> None:
    assert old in SCENARIO
    scenario = SCENARIO.replace(old, new, 1)
    tree(tmp_path, {"specs/redis-conf.yml": SPEC, "specs/redis-conf/scenarios/first.yml": scenario})
    message, _, hint = call(tmp_path, "test").stderr.partition("\n  hint: ")
    assert message.startswith(f"warning: specs/redis-conf/scenarios/first.yml:{place}: ") and why in message, message
    assert next_step in hint


def test_a_scenario_that_the_service_sees_from_another_stack_is_not_doubted(tmp_path: Path) -> None:
    scenario = "stack: other\nself: main-redis-1\nservices: {web: {}}\nstacks: {main: {redis: {metadata: {port: 1}}}}\n"
    tree(tmp_path, {"specs/redis-conf.yml": SPEC, "specs/redis-conf/scenarios/first.yml": scenario})
    assert "no service of" not in call(tmp_path, "test").stderr


def test_a_mistake_at_the_start_does_not_make_a_later_moment_the_first(tmp_path: Path) -> None:
    scenario = SCENARIO.replace("redis.conf: {con", "rediss.conf: {con") + "    files: {redis.conf: {unchanged: true}}\n"
    scenario = scenario.replace("expect: {reloads: [restart]}", "expect:")
    tree(tmp_path, {"specs/redis-conf.yml": SPEC, "specs/redis-conf/scenarios/first.yml": scenario})
    said = call(tmp_path, "test").stderr
    assert "rediss.conf" in said and "before the start" not in said, said


TEAM = {
    "key of the defaults": ("registry: ghcr.io/acme", "1:1: unknown key 'registry'", "'registry' belongs below defaults.image"),
    "part of the defaults": ("engine: {confd: 0.16.0}", "1:1: unknown key 'engine'", "'engine' belongs below defaults"),
    "key of another list": ("allowed: {image: [a]}", "1:11: unknown key 'image'", "known here: base, category"),
    "profile": ("extends: [production]", "1:11: there are no standards 'production'", "did you mean 'profile:production'?"),
    "maintainer": ("defaults: {maintainer: [Jo]}", "1:24: maintainer must be text", "such as maintainer: Jo Doe <"),
    "registry": (
        "defaults: {image: {registry: https://a.b/c}}",
        "1:30: registry cannot be",
        "it must be HOST[:PORT]/NAMESPACE, such as registry: ghcr",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), TEAM.values(), ids=TEAM)
def test_a_mistake_in_the_standards_is_told_with_its_place(text: str, message: str, hint: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC, "catalog-forge.yml": f"{text}\n"})
    said = call(tmp_path, "generate").stderr
    assert said.startswith(f"catalog-forge.yml:{message}") and f"hint: {hint}" in said, said


NAMED = {
    "standards": ({"catalog-forge.yaml": "{}\n"}, "generate", "mv catalog-forge.yaml catalog-forge.yml"),
    "standards to show": ({"catalog-forge.yaml": "{}\n"}, "standards show", "mv catalog-forge.yaml catalog-forge.yml"),
    "scenario": (
        {"specs/redis-conf/scenarios/a.yaml": SCENARIO},
        "test",
        "mv specs/redis-conf/scenarios/a.yaml specs/redis-conf/scenarios/a.yml",
    ),
    "scenario with signs of a shell": (
        {"specs/x;touch y/scenarios/a b.yaml": SCENARIO},
        "test",
        "mv 'specs/x;touch y/scenarios/a b.yaml' 'specs/x;touch y/scenarios/a b.yml'",
    ),
    "spec with signs of a shell": ({"specs/x;y.yaml": SPEC}, "generate x;y", "mv 'specs/x;y.yaml' 'specs/x;y.yml'"),
    "name of a spec": ({"specs/Redis-conf.yml": SPEC}, "generate Redis-conf", "hint: rename the file to redis-conf.yml\n"),
    "compose file": (
        {"specs/a-conf.yml": "version: '2'\nservices: {}\n"},
        "generate a-conf",
        "`catalog-forge adopt` makes a spec",
    ),
}


@pytest.mark.parametrize(("files", "words", "wanted"), NAMED.values(), ids=NAMED)
def test_a_file_with_the_wrong_name_is_told_with_the_right_one(
    files: dict[str, str], words: str, wanted: str, tmp_path: Path
) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC, **files})
    result = call(tmp_path, *words.split())
    assert result.exit_code == 1 and wanted in result.stderr, result.stderr


def test_straight_quotes_and_single_words_are_asked_for(tmp_path: Path) -> None:
    launch = "launch: {exec: ['redis-server --port 6379']}\nfiles:"
    text = SPEC.replace("set: {", "text: \u201c@{metadata/port}\u201d\n  - set: {").replace("files:", launch)
    tree(tmp_path, {"specs/redis-conf.yml": text})
    said = call(tmp_path, "generate").stderr
    quotes = "the quotes \u201c and \u201d become part of the value"
    assert f'specs/redis-conf.yml:11:11: {quotes}\n  hint: write straight quotes: "' in said
    assert "specs/redis-conf.yml:6:16: exec: no program is called 'redis-server --port 6379'\n  hint: write each word as" in said


@pytest.mark.parametrize("text", ["\u201cFast\u201d and \u201csafe\u201d", "\u2018a\u2019 and \u2018b\u2019"])
@pytest.mark.parametrize("program", ["/opt/My App/run", "/opt/My App"])
def test_prose_with_quotes_and_paths_with_spaces_are_not_reported(text: str, program: str, tmp_path: Path) -> None:
    launch = f"launch: {{exec: ['{program}', x]}}\nfiles:"
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace("set: {", f"text: {text}\n  - set: {{").replace("files:", launch)})
    result = call(tmp_path, "generate")
    assert result.exit_code == 0 and "quotes" not in result.stderr and "no program" not in result.stderr, result.stderr


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("redis-server /x", '["redis-server", "/x"]'),
        ("/bin/redis --port 1", '["/bin/redis", "--port", "1"]'),
        ("/bin/sh /run, x", '["/bin/sh", "/run,", "x"]'),
    ],
)
def test_the_words_of_a_command_line_are_quoted_in_the_hint(program: str, words: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace("files:", f"launch: {{exec: ['{program}']}}\nfiles:")})
    assert f"exec: {words}\n" in call(tmp_path, "generate").stderr


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("files:", "deviations:\nlauch: {exec: [a]}\nfiles:", "did you mean 'launch'?"),
        ("description: Redis", "vars:\ndiscription: Redis", "did you mean 'description'?"),
        (
            "redis:3.2.11",
            "\n  image: redis:3.2.11\n  name: redis\n  health_check:\n  memory_limit: 1g",
            "did you mean 'mem_limit'?",
        ),
        ("files:", "tools:\nvolume: {a: {}}\nfiles:", "did you mean 'volumes'?"),
        ("redis:3.2.11", "acme/app:1.0\nvars:\nlauch: {exec: [a]}", "did you mean 'launch'?"),
        ("redis:3.2.11", "acme/app:1.0\nlaunch: {exce: [a]}", "did you mean 'exec'?"),
        ("redis:3.2.11", "acme/app:1.0\nexec: [a]", "'exec' belongs below launch"),
        ("redis:3.2.11", "{image: 'acme/app:1.0', name: app, command: a}", "below launch, where it is called exec"),
        (
            "redis:3.2.11",
            "\n  image: redis:3.2.11\n  name: redis\n  groups:\n  ports: ['1']",
            "such as groups",
        ),
    ],
)
def test_a_misspelt_key_below_an_empty_key_gets_its_own_hint(old: str, new: str, hint: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace(old, new, 1)})
    said = call(tmp_path, "generate").stderr
    assert hint in said and "not indented" not in said and "exec is missing" not in said, said


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("files:", "image:\nfolders: [/a]\nfiles:", "indent 'folders' in line 7 deeper than 'image'"),
        ("files:", "vars:\nLEVEL: a\nfiles:", "indent 'LEVEL' in line 7 deeper than 'vars'"),
        (
            "{port: {type: int, default: 6379}, log",
            "\nport: {default: 1}\nx: {log",
            "indent 'port' in line 6 deeper than 'metadata'",
        ),
        (
            "redis:3.2.11",
            "\n  image: redis:3.2.11\n  name: redis\n  health_check:\n  port: 1",
            "indent 'port' in line 8 deeper than 'health_check'",
        ),
    ],
)
def test_a_key_that_is_not_indented_is_told_from_a_misspelt_one(old: str, new: str, hint: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace(old, new, 1)})
    assert hint in call(tmp_path, "generate").stderr


FOREIGN = (
    "{{ metadata.port }}",
    "{{port}}",
    "{{- metadata/port }}",
    "${port}",
    "${metadata.port}",
    "a ${log_level} b",
    "%{metadata/port}",
    "#{metadata/port}",
    "@(metadata/port)",
)


@pytest.mark.parametrize("text", FOREIGN)
def test_the_value_of_a_key_in_the_words_of_another_language_is_warned_of(text: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace("set: {", f'set: {{other: "{text}", ')})
    result = call(tmp_path, "generate")
    assert result.exit_code == 0
    name = "log.level" if "log" in text else "port"
    column = 19 + min(text.index(sign) for sign in "{$%#@" if sign in text)
    hint = f"hint: write @{{metadata/{name}}}"
    assert f"warning: specs/redis-conf.yml:10:{column}: " in result.stderr and hint in result.stderr


@pytest.mark.parametrize("text", ["${HOME}", "{{ .Name }}", "$port", "{port}", "@@{metadata/port}", "{{ other.port }}"])
def test_what_another_program_reads_is_not_warned_of(text: str, tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC.replace("set: {", f'set: {{other: "{text}", ')})
    assert "warning" not in call(tmp_path, "generate").stderr


COMMIT = "0" * 40
# What is typed: the words, the exit code, what the answer must hold.
TYPED = {
    "no specs here": (["generate"], 1, ["there are no specs in ", "catalog-forge new NAME"]),
    "spec": (["generate", "redis-cnf"], 1, ["there is no spec 'redis-cnf' in ", "did you mean 'redis-conf'?"]),
    "command": (["generat"], 2, ["no such command 'generat': did you mean 'generate'?", "catalog-forge --help"]),
    "no command": (["xyzzy"], 2, ["No such command 'xyzzy'", "Try 'catalog-forge --help'"]),
    "second word": (["metadata", "gt"], 2, ["'gt'", "did you mean 'get'?", "catalog-forge metadata --help"]),
    "option": (["up", "x", "--scal", "a=3"], 2, ["'--scal'", "Did you mean '--scale'?", "catalog-forge up --help"]),
    "choice": (["lint", "--format", "jsn"], 2, ["--format", "'jsn' is not one of", "'json'", "catalog-forge lint --help"]),
    "number": (["build", "-j", "many"], 2, ["'-j'", "'many' is not a valid", "catalog-forge build --help"]),
    "entry": (["up", "redi", "--plan"], 1, ["there is no entry 'redi'", "did you mean 'redis'?"]),
    "question": (["new", "a-conf", "--set", "versoin=2"], 1, ["has no question 'versoin'", "did you mean 'version'?"]),
    "no answer": (["new", "a-conf", "--set", "version"], 2, ["--set", "'version' is not KEY=VALUE: write --set version=VALUE"]),
    "name": (["new", "Foo"], 2, ["an image cannot be named 'Foo'", "lower-case letters, digits and dashes"]),
    "no file to ask": (
        ["metadata", "get", "/", "--file", "nofile"],
        2,
        ["'--file': there is no file 'nofile' in /", ": check the path"],
    ),
    "no file to serve": (
        ["metadata", "serve", "nofile"],
        2,
        ["'FILE': there is no file 'nofile' in /", ": check the path"],
    ),
    "no commit": (["new", "a-conf", "--blueprint", "https://a.b/c.git"], 1, ["names no commit", "URL@COMMIT with 40 hex digits"]),
    "no engine": (["ps"], 4, ["no Docker engine at unix:///nowhere", "(DOCKER_HOST)", "there is no such socket", "start Docker"]),
    "rule": (["lint", "--explain", "CF9"], 2, ["there is no rule 'CF9'", "`lint --list` shows all rules"]),
    "scale without a number": (
        ["up", "redis", "--plan", "--scale", "redis"],
        2,
        ["the value must be SERVICE=N", "such as redis="],
    ),
    "scale": (["up", "redis", "--plan", "--scale", "rdis=2"], 2, ["there is no service 'rdis'", "did you mean 'redis'?"]),
    "no file": (["show", "redis", "--answers", "anwers.yml"], 2, ["--answers", "no file 'anwers.yml' in /", "'answers.yml'?"]),
    "no folder of a file": (["chart", "--answers", "a/b.yml", "x"], 2, ["--answers", "no folder 'a' in /", "check the path"]),
    "folder for a file": (["seed", "x", "--answers", "specs"], 2, ["--answers", "'specs' is a folder: name a file in it"]),
    "file for a folder": (["adopt", "answers.yml"], 2, ["'DIR...'", "'answers.yml' is a file: name its folder"]),
    "no folder to adopt": (["adopt", "imags"], 2, ["'DIR...'", "no folder 'imags' in /", "did you mean 'images'?"]),
    "empty path": (["up", "redis", "--answers", ""], 2, ["--answers", "the path is empty: name a file"]),
    "link to nowhere": (["adopt", "link"], 2, ["'link' is a link to 'nowhere', which does not exist: correct the link"]),
    "no folder for a file": (["test", "--junit", "ci/j.xml"], 2, ["--junit", "no folder 'ci' in /", "create it, or choose"]),
    "folder for a new file": (["upgrades", "--html", "specs"], 2, ["--html", "'specs' is a folder: name a file in it"]),
    "file for a new folder": (["render", "x", "-o", "answers.yml/y"], 2, ["--output", "answers.yml' is a file: choose another"]),
    "no confd": (["build", "--confd", "cnfd"], 2, ["'--confd' (env var: 'CATALOG_FORGE_CONFD')", "no file 'cnfd' in /"]),
    "no name": (["new"], 2, ["Missing argument 'NAME'", "Example: catalog-forge new redis-conf"]),
    "no entry to show": (["show"], 2, ["Missing argument 'ENTRY'", "Known here: redis"]),
    "no option": (["blueprints", "new", "x"], 2, ["Missing option '--from'", "Known here: redis-conf"]),
    "words without quotes": (["new", "x-conf", "--reload", "signal", "HUP"], 2, ["'HUP'", "did you mean --reload 'signal HUP'?"]),
    "secret without quotes": (
        ["show", "redis", "--set", "password=correct", "horse"],
        2,
        ["the value of --set has spaces: put quotes around it: --set 'password=...'"],
    ),
    "two names": (["new", "x-conf", "y-conf"], 2, ["unexpected argument 'y-conf': catalog-forge new takes only NAME"]),
    "no arguments": (["doctor", "x"], 2, ["unexpected argument 'x': catalog-forge doctor takes no arguments"]),
    "option for a value": (
        ["up", "redis", "--set", "--plan"],
        2,
        ["--set needs a value, but --plan follows", "write --set KEY=VALUE --plan", "catalog-forge up --help"],
    ),
    "option for a value in a group": (
        ["spec", "add-key", "redis-conf", "x", "--type", "--default", "4"],
        2,
        ["--type needs a value, but --default follows", "catalog-forge spec add-key --help"],
    ),
    "no value": (["up", "redis", "--name"], 2, ["--name needs a value: write --name STACK", "catalog-forge up --help"]),
    "command of a group": (["scenario", "list"], 2, ["no such command 'list': known here: new"]),
    "no folder to work in": (["-C", "nowhere", "generate"], 2, ["'-C'", "there is no folder 'nowhere' in /"]),
    "file to work in": (["-C", __file__, "generate"], 2, ["'-C'", "test_mistakes.py' is a file: name its folder"]),
    "empty folder to work in": (["-C", "", "generate"], 2, ["'-C'", "the path is empty: name a folder"]),
    "word for a scale": (["render", "x", "--scale", "two"], 2, ["'--scale': 'two' is not a valid whole number"]),
    "set without a name": (["show", "redis", "--compose", "--set", "=5"], 2, ["'=5' is not KEY=VALUE: write --set KEY=VALUE"]),
    "variable": (["render", "redis-conf", "--var", "x"], 2, ["--var: 'x' is not NAME=VALUE: write --var x=VALUE"]),
    "build argument": (["build", "--build-arg", "x"], 2, ["'x' is not NAME=VALUE: write --build-arg x=VALUE"]),
    "answer that is not used": (
        ["show", "redis", "--set", "port=5"],
        2,
        ["--set has no effect without --compose: add --compose, or leave out --set"],
    ),
    "revision that is not used": (["chart", "redis-conf", "--revision", "7"], 2, ["--revision has no effect without --entry"]),
    "force without a write": (["adopt", "images", "--force"], 2, ["--force has no effect without --write"]),
    "force without a push": (["build", "--force"], 2, ["--force has no effect without --push"]),
    "secrets without an export": (["seed", "x", "--show-secrets"], 2, ["--show-secrets has no effect without --export"]),
    "output of a difference": (["render", "redis-conf", "--diff", "-o", "out"], 2, ["use either --diff or -o"]),
    "folder without an entry": (["show", "images"], 1, ["no revision of an entry here", "such as templates/NAME"]),
    "folder without entries": (["upgrades", "specs"], 1, ["there is no entry 'specs'", "such as templates/NAME"]),
    "version of Rancher": (["upgrades", "--rancher", "one"], 2, ["'one' is not a version: write it as v1.6.14"]),
    "underscore in a name": (["new", "redis_conf"], 2, ["cannot be named 'redis_conf'", "such as redis-conf: "]),
    "file for a name": (["new", "specs/x-conf.yml"], 2, ["cannot be named 'specs/x-conf.yml'", "such as x-conf: "]),
    "open quotation": (
        ["new", "x-conf", "--service", "a:1", "--config", "/etc/a/a.conf", "--exec", "a 'b"],
        2,
        ["--exec: the command cannot be split", "check its quotes and backslashes"],
    ),
    "word of help": (["help", "metadata", "gt"], 2, ["'gt'", "did you mean 'get'?"]),
}


@pytest.mark.parametrize(("words", "code", "wanted"), TYPED.values(), ids=TYPED)
def test_what_is_typed_wrongly_is_told_with_what_to_type(words: list[str], code: int, wanted: list[str], tmp_path: Path) -> None:
    if words != ["generate"]:
        tree(tmp_path, {"specs/redis-conf.yml": SPEC, "answers.yml": "port: 1\n"})
        (tmp_path / "link").symlink_to("nowhere")
        assert call(tmp_path, "generate").exit_code == 0
    result = call(tmp_path, *words)
    assert result.exit_code == code, result.output
    for each in wanted:
        assert each in result.stderr, result.stderr


def test_the_values_of_options_may_look_like_options(tmp_path: Path) -> None:
    result = call(tmp_path, "new", "x-conf", "--service=--config", "--no-build")
    assert "needs a value" not in result.stderr
    assert "needs a value" not in call(tmp_path, "exec", "stack", "unit", "ls", "--name").stderr


def test_a_metadata_path_without_a_version_is_told_with_one(tmp_path: Path) -> None:
    tree(tmp_path, {"answers.yml": "'2016-07-29': {default: {self: {}}}\n"})
    said = call(tmp_path, "metadata", "get", "self/service", "--file", "answers.yml").stderr
    assert "Invalid version\n  hint: catalog-forge metadata get / --file answers.yml lists what exists there; " in said
    assert "; begin the path with a version, such as /latest/self/service\n" in said


def test_keys_of_the_metadata_are_given_with_commas_or_one_by_one(tmp_path: Path) -> None:
    words = ("--service", "redis:3.2.11", "--no-build", "--metadata", "a, b", "--metadata", "a")
    assert call(tmp_path, "new", "redis-conf", *words).exit_code == 0
    assert "metadata:\n- a\n- b\n" in (tmp_path / "specs/redis-conf.yml").read_text()


def test_a_result_is_printed_for_a_dash(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    command = [sys.executable, "-m", "catalog_forge", "spec", "picture", "redis-conf", "-o", "-"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("<svg") and not (tmp_path / "-").exists()


def test_a_generated_file_that_was_edited_is_kept_and_both_ways_out_are_told(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/redis-conf.yml": SPEC})
    assert call(tmp_path, "generate").exit_code == 0
    edited = tmp_path / "images/redis-conf/Dockerfile"
    edited.write_text("FROM scratch\n")
    (tmp_path / "specs/redis-conf.yml").write_text(SPEC.replace("Redis", "Redis here"))
    result = call(tmp_path, "generate")
    assert result.exit_code == 1 and edited.read_text() == "FROM scratch\n"
    assert "images/redis-conf/Dockerfile: this file was edited after it was generated" in result.stderr, result.stderr
    assert "hint: nothing was written; --diff shows what would change, and --force overwrites the file" in result.stderr


def test_what_engines_refuse_with_has_an_advice() -> None:
    for words, wanted in {
        "Bind for 0.0.0.0:80 failed: port is already allocated": "publish a different port",
        "listen tcp4 0.0.0.0:80: bind: address already in use": "publish a different port",
        "failed to bind host port 0.0.0.0:80/tcp: address already in use": "publish a different port",
        "dial tcp: lookup registry.example on 10.0.0.1:53: no such host": "cannot reach",
        "Get http://127.0.0.1:1/v2/: dial tcp 127.0.0.1:1: connect: connection refused": "cannot reach",
        "pull access denied for x, repository does not exist or may require 'docker login'": "check the name",
        "manifest for nginx:9 not found: manifest unknown": "check the name",
        "denied: requested access to the resource is denied": "docker login",
        "write /var/lib/docker/x: no space left on device": "docker system df",
    }.items():
        assert wanted in advice(words), words
    assert advice("something new") == ""


COMPOSE = "version: '2'\nservices:\n  web:\n    image: {image}\n    command: [sleep, '1000']\n    ports: ['{port}:80']\n"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tree(tmp_path, {"templates/web/config.yml": "name: web\nversion: '1'\n"})
    tree(tmp_path, {"templates/web/0/rancher-compose.yml": "version: '2'\ncatalog: {version: '1'}\nservices: {}\n"})
    name = f"mistake-{abs(hash(tmp_path)) % 10**8}"
    yield name
    call(tmp_path, "down", name, env={})


@pytest.mark.usefixtures("engine")
def test_an_image_that_is_missing_is_told_where_the_entry_names_it(stack: str, tmp_path: Path) -> None:
    tree(tmp_path, {"templates/web/0/docker-compose.yml": COMPOSE.format(image="127.0.0.1:1/none:1", port=1)})
    result = call(tmp_path, "up", "web", "--name", stack, env={})
    assert result.exit_code == 1
    place, _, rest = result.stderr.partition("cannot pull 127.0.0.1:1/none:1: ")
    assert place.endswith("templates/web/0/docker-compose.yml:4:12: ") and "hint: the engine cannot reach" in rest


@pytest.mark.usefixtures("engine")
def test_a_port_that_is_taken_is_told_with_what_to_do(stack: str, tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        image = COMPOSE.format(image="busybox:1.37.0", port=taken.getsockname()[1])
        tree(tmp_path, {"templates/web/0/docker-compose.yml": image})
        result = call(tmp_path, "up", "web", "--name", stack, env={})
    assert result.exit_code == 1
    place, _, rest = result.stderr.partition(f"cannot start container {stack}-web-1: ")
    assert place.endswith("templates/web/0/docker-compose.yml:6:13: ") and "publish a different port" in rest


@pytest.mark.parametrize("short", ["gh:acme/redis", "gl:acme/redis", "bb:acme/redis"])
def test_a_short_name_of_a_repository_needs_its_commit_too(short: str, tmp_path: Path) -> None:
    said = call(tmp_path, "new", "a-conf", "--blueprint", short)
    assert said.exit_code == 1 and "acme/redis' names no commit" in said.stderr and "https://" in said.stderr
