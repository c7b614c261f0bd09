"""The templates and TOML files that specs become, to the letter: each format, block and expression. What they mean is told
by the real confd in the tests beside this one.

tests/confd/templates/ holds what is expected: pytest --update-golden, then read the diff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.confd.resource import Resource, scale_resource
from catalog_forge.spec.model import Spec
from tests.confd.harness import compiled, conf, spec_of
from tests.confd.test_expressions import everything

EXPECTED = Path(__file__).parent / "templates"
METADATA: Mapping[str, Any] = {
    "must": {"type": "string"},
    "named": {"default": "n 1"},
    "port": {"type": "int", "default": 80},
    "number": {"type": "int"},
    "flag": {"type": "boolean", "optional": True},
    "extra": {"optional": True},
    "text": {"type": "multiline", "optional": True},
    "must_text": {"type": "multiline"},
    "map": {"type": "map", "optional": True},
    "must_map": {"type": "map"},
    "other": {"type": "map", "optional": True},
    "list": {"type": "list", "optional": True},
    "must_list": {"type": "list"},
    "users": {"type": "list", "fields": ["username", "password", "index"], "optional": True},
}
PAIRS = [
    {
        "set": {
            "a": "@{metadata/must}",
            "n": 1,
            "t": True,
            "z": None,
            "q": 'it\'s "so" {{ \\ %',
            "two words": "x@{metadata/port}y",
        }
    },
    {
        "set": {
            "flag": "@{metadata/flag}",
            "extra": "@{metadata/extra}",
            "number": "@{metadata/number}",
            "named": "@{metadata/named}",
        }
    },
    {"set": {"scale": "@{service.scale}", "count": "@{count(peers)}", "d": "@{metadata/extra|none}"}},
    {
        "when": {"has": "metadata/extra"},
        "then": [{"set": {"b": "@{metadata/extra}"}}, {"copy": "metadata/other"}],
        "else": [{"set": {"c": "none"}}, {"when": {"has": "metadata/map"}, "then": [{"set": {"e": "map"}}]}],
    },
    {"copy": "metadata/map"},
    {"copy": "metadata/must_map"},
]
CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "service": {"service": "App"},
    "has": {"has": "metadata/must"},
    "has text": {"has": "metadata/text"},
    "has map": {"has": "metadata/map"},
    "has list": {"has": "metadata/list"},
    "eq": {"eq": ["@{metadata/must}-@{service.scale}%", "m-1%"]},
    "eq optional": {"eq": ["@{metadata/extra}", ""]},
    "eq named": {"eq": ["@{metadata/named}", "a"]},
    "env": {"env": "VAR"},
    "first": {"first": True},
    "ne": {"ne": ["@{metadata/must}", "@{metadata/named}"]},
    "services": {"service": ["App", "Other"]},
    "not": {"not": {"has": "metadata/extra"}},
    "all": {"all": [{"env": "VAR"}, {"not": {"first": True}}]},
    "any": {"any": [{"has": "metadata/map"}, {"all": [{"service": "App"}, {"ne": ["@{metadata/extra}", ""]}]}]},
}
WHEN = [
    {"when": condition, "then": [{"text": f"{name}: then\n"}], "else": [{"text": f"  {name}: else\n"}]}
    for name, condition in CONDITIONS.items()
]
BLOCKS = [
    {"text": "\n  first {{ { \t\n"},
    {"when": {"has": "metadata/extra"}, "then": [{"text": "extra\n"}]},
    {"text": "  behind\n"},
    {"list": {"of": "metadata/list", "item": "- @{it}"}},
    {"list": {"of": "metadata/must_list", "item": "  item @{it}\n", "head": "head\n"}},
    {"list": {"of": "metadata/list", "item": "@{it}", "sep": ", ", "head": "<{", "tail": "}>\n"}},
    {"list": {"of": "metadata/users", "item": "@{it.username}=@{it.password}"}},
    {"list": {"of": "metadata/map", "item": "@{it.name}: @{it} of @{count(metadata/map)}"}},
    {"list": {"of": "peers", "item": "@{it.ip}", "sep": " "}},
    {"list": {"of": "service:db[healthy]", "item": "@{it.host.name}", "sep": ";", "tail": "\n"}},
    {"copy": "metadata/list"},
    {"paste": "metadata/text", "optional": True, "wrap": ["  {{", "  }"]},
    {"paste": "metadata/must_text"},
    {"file": "static.txt"},
]  # fmt: skip
TEXTS = [
    {
        "text": "a: '@{metadata/must}'\nb: \"@{metadata/named}\"\nc: @{metadata/port}\n"
        "d: b@{service.scale}\ne: @{metadata/named}\n",
    },
    {"text": "l: '@{join(metadata/list, ', ')}'\nf: '@{first(metadata/list)|x}'\nh: @{self.host.ip}\n"},
]
PATHS = [
    {"text": "@{/self/stack/name}@{/self/host/labels/@{self.index}}@{/self/container}\n"},
    {"text": "@{/self/service/metadata/@{metadata/must}/x%}@{metadata/map/@{self.index}|none}@{/hosts/@{stack.name}}\n"},
]
SEPARATORS = [
    {"text": "a: '@{join(metadata/list, \"'\")}'\nb: \"@{join(metadata/list, '\\t')}\"\nc: '@{join(peers.ip, ', ')}'\n"},
]
RECORDS = [
    {"list": {"of": "metadata/users", "item": "a: @{it.index} @{it.username}"}},
    {"list": {"of": "metadata/users", "item": "b: @{it.index}"}},
    {"list": {"of": "peers", "item": "c: @{it.index}\nd: @{it.host.ip|none}"}},
    {"list": {"of": "hosts", "item": "e: @{it.label.index|1}"}},
    {"list": {"of": "metadata/map", "item": "f: @{it.name}"}},
]
SECTIONS = [
    {"text": "[one]\n"}, {"set": {"key": "1"}}, {"copy": "metadata/map"}, {"text": "[two]\n"}, {"copy": "metadata/map"},
]  # fmt: skip
TOML = [
    conf({"text": "@{metadata/must}\n"}, check='/bin/true {{.src}} "x"', reload="signal HUP", mode="0640", uid=7, gid=8),
    conf({"text": "x\n"}, dest="/etc/app/b", secret=True, reload="signal HUP"),
    conf({"text": "x\n"}, dest="/etc/app/c", reload="restart"),
    conf({"text": "x\n"}, dest="/etc/other/c", reload="none"),
]
FORMATS = ("properties", "ini", "xml", "yaml", "json", "env")
STATICS = {"static.txt": "static {{ text\n"}


def spec(topology: str, *files: Mapping[str, Any], version: str = "2016-07-29") -> Spec:
    service = {"name": "App", "topology": topology, "groups": {"one": {"name": "App"}, "more": {"name": "Other"}}}
    return spec_of(*files, metadata=METADATA, vars={"VAR": "set"}, service=service, engine={"metadata": version})


def _pairs(kind: str) -> list[Mapping[str, Any]]:
    """The pairs as a format takes them: only some have keys with spaces, and values that are not text."""
    first = {key: value for key, value in PAIRS[0]["set"].items() if " " not in key or kind in ("json", "yaml", "xml")}  # type: ignore[union-attr]
    deep = {"deep": {"l": [1, "x@{metadata/port}", []], "e": {}, "{": "{{"}} if kind in ("json", "yaml") else {}
    return [{"set": {**first, **deep}}, *PAIRS[1:]]


CASES: dict[str, Callable[[], Spec]] = {
    **{
        f"expressions {version} {topology}": partial(everything, version, topology)
        for version in ("2015-07-25", "2016-07-29")
        for topology in ("netns", "volumes")
    },
    **{f"pairs {kind}": partial(spec, "netns", conf(*_pairs(kind), kind=kind)) for kind in FORMATS},
    "bare yaml": partial(spec, "netns", conf({"copy": "metadata/map", "bare": ["numbers", "truths"]}, kind="yaml")),
    "bare json": partial(spec, "netns", conf({"copy": "metadata/map", "bare": ["truths"]}, kind="json")),
    "exported env": partial(spec, "netns", conf(*_pairs("env"), kind="env", export=True)),
    "conditions netns": partial(spec, "netns", conf(*WHEN)),
    "conditions volumes": partial(spec, "volumes", conf(*WHEN), version="2015-12-19"),
    "blocks lines": partial(spec, "netns", conf(*BLOCKS, kind="lines")),
    "blocks raw": partial(spec, "volumes", conf(*(block for block in BLOCKS if "copy" not in block)), version="2015-07-25"),
    "texts": partial(spec, "netns", *(conf(*TEXTS, kind=kind, dest=f"/etc/app/{kind}") for kind in ("raw", "ini", "yaml"))),
    "paths": partial(spec, "netns", conf(*PATHS)),
    "separators": partial(spec, "netns", conf(*SEPARATORS, kind="yaml"), conf(*SEPARATORS, kind="ini", dest="/etc/app/b")),
    "records": partial(spec, "netns", conf(*RECORDS, kind="yaml")),
    "nothing": partial(spec, "netns", *(conf(kind=kind, dest=f"/etc/app/{kind}") for kind in (*FORMATS, "raw", "lines"))),
    "a file first": partial(spec, "netns", conf({"file": "static.txt"}, {"set": {"a": 1}}, kind="xml")),
    "a paste first": partial(spec, "netns", conf({"paste": "metadata/must_text"}, {"set": {"a": 1}}, kind="ini")),
    "lines in yaml": partial(spec, "netns", conf({"set": {"a\nb": "x\ny", "c": "@{metadata/must}\n"}}, kind="yaml")),
    "a copy alone": partial(spec, "netns", conf({"copy": "metadata/map"}, kind="json")),
    "sections": partial(spec, "netns", conf(*SECTIONS, kind="ini")),
    "toml": partial(spec, "netns", *TOML, version="latest"),
}


def shown(resources: list[Resource]) -> str:
    return "".join(f"=== {each.name}.toml\n{each.toml}=== {each.name}.tmpl\n{each.template}" for each in resources)


def holds(name: str, text: str, request: pytest.FixtureRequest) -> None:
    path = EXPECTED / f"{name.replace(' ', '-')}.txt"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    same = path.read_text() == text
    assert same, f"{path.name} differs: pytest --update-golden, then read the diff"


@pytest.mark.parametrize("name", CASES)
def test_a_spec_becomes_these_templates(name: str, request: pytest.FixtureRequest) -> None:
    holds(name, shown(compiled(CASES[name](), STATICS)), request)


@pytest.mark.parametrize(("version", "topology"), [("2015-07-25", "netns"), ("2016-07-29", "netns"), ("latest", "volumes")])
def test_the_resource_that_waits_for_the_scale(version: str, topology: str, request: pytest.FixtureRequest) -> None:
    waiting = scale_resource(spec(topology, conf({"text": "x\n"}), version=version))
    holds(f"scale {version} {topology}", shown([waiting]), request)


@pytest.mark.parametrize("version", ["2015-07-25", "2016-07-29"])
def test_topologies_in_which_confd_has_the_address_of_the_service_read_the_same(version: str) -> None:
    first, second = (shown(compiled(everything(version, topology))) for topology in ("netns", "datavol"))
    assert first == second
