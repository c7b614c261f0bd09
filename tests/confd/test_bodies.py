"""Blocks of every kind together: which lines there are, commas, white space, and what stands when something is missing."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_forge.errors import ForgeError
from tests.confd.harness import compiled, conf, flat, render, run, spec_of

METADATA: Mapping[str, Any] = {
    "must": {"type": "string"},
    "port": {"type": "int", "default": 80},
    "flag": {"type": "boolean", "optional": True},
    "extra": {"optional": True},
    "text": {"type": "multiline", "optional": True},
    "map": {"type": "map", "optional": True},
    "other": {"type": "map", "optional": True},
    "list": {"type": "list", "optional": True},
}


class Renderer:
    """Renders one file for several metadata, each in a folder of its own."""

    def __init__(self, confd: Path, folder: Path) -> None:
        self.confd = confd
        self.folder = folder
        self.runs = 0

    def __call__(self, body: list[Mapping[str, Any]], kind: str, statics: Mapping[str, str] | None = None, **data: Any) -> str:
        self.runs += 1
        service = {"name": "app", "groups": {"first": {"name": "app"}, "second": {"name": "other"}}}
        spec = spec_of(conf(*body, kind=kind), metadata=METADATA, vars={"ON": "", "VAR": "set"}, service=service)
        return render(self.confd, self.folder / str(self.runs), spec, flat({"must": "m", **data}), statics=statics).only


@pytest.fixture
def rendered(confd: Path, tmp_path: Path) -> Renderer:
    return Renderer(confd, tmp_path)


ALWAYS = {"set": {"a": "@{metadata/must}", "n": 1, "t": True, "z": None, "deep": {"l": [1, "x@{metadata/port}", []], "e": {}}}}
BRANCHES = {
    "when": {"has": "metadata/extra"},
    "then": [{"set": {"b": "@{metadata/extra}"}}, {"copy": "metadata/other"}],
    "else": [{"set": {"c": "none"}}, {"when": {"has": "metadata/map"}, "then": [{"set": {"d": "map"}}]}],
}
OPTIONAL = [{"set": {"f": "@{metadata/flag}", "x": "@{metadata/extra}"}}, {"copy": "metadata/map"}]


def _expected(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the blocks above mean, said once more in Python."""
    found: dict[str, Any] = {"a": "m", "n": 1, "t": True, "z": None, "deep": {"l": [1, "x80", []], "e": {}}}
    if "extra" in given:
        found |= given.get("other", {}) | {"b": given["extra"], "x": given["extra"]}
    else:
        found |= {"c": "none"} | ({"d": "map"} if given.get("map") else {})
    if "flag" in given:
        found["f"] = given["flag"] == "true"
    return found | {key: value for key, value in given.get("map", {}).items() if key not in found}


CHOICES: Mapping[str, tuple[Any, ...]] = {
    "flag": (None, "true"),
    "extra": (None, 'e,"'),
    "map": (None, {}, {"k": "1", "l": "2", "b": "the user's", "c": "the user's"}),
    "other": (None, {"k": "of other", "o": "3"}),
}
COMBINATIONS = [
    {key: value for key, value in zip(CHOICES, values, strict=True) if value is not None}
    for values in itertools.product(*CHOICES.values())
]


@pytest.mark.parametrize("order", ["first", "last"])
def test_json_has_its_commas_whatever_is_left_out(order: str, rendered: Renderer) -> None:
    body = [ALWAYS, BRANCHES, *OPTIONAL] if order == "first" else [BRANCHES, *OPTIONAL, ALWAYS]
    for given in COMBINATIONS:
        text = rendered(body, "json", **given)
        pairs = json.loads(text, object_pairs_hook=lambda found: found)
        assert len(dict(pairs)) == len(pairs), f"a key stands twice: {text}"
        assert json.loads(text) == _expected(given), given


@pytest.mark.parametrize("given", COMBINATIONS, ids=str)
def test_yaml_says_the_same_as_json(given: Mapping[str, Any], rendered: Renderer) -> None:
    import yaml

    body = [ALWAYS, BRANCHES, *OPTIONAL]
    text = rendered(body, "yaml", **given)
    keys = [line.split(":")[0].strip('"') for line in text.splitlines() if not line.startswith("#")]
    assert len(set(keys)) == len(keys), f"a key stands twice: {text}"
    assert yaml.safe_load(text) == _expected(given)
    assert "\n\n" not in text


@pytest.mark.parametrize("data", [{}, {"map": {}}, {"map": {"a": "1"}}, {"map": {"a": "1", "b": "2"}}], ids=str)
def test_a_json_file_may_be_the_copy_of_one_map(data: Mapping[str, Any], rendered: Renderer) -> None:
    assert json.loads(rendered([{"copy": "metadata/map"}], "json", **data)) == data.get("map", {})


def test_a_json_file_in_which_every_pair_may_be_missing_is_refused() -> None:
    spec = spec_of(conf({"set": {"x": "@{metadata/extra}"}}, {"copy": "metadata/map"}, kind="json"), metadata=METADATA)
    with pytest.raises(ForgeError, match="each pair of this file may be left out"):
        compiled(spec)


def test_a_text_in_place_of_a_map_is_an_error_that_names_it(confd: Path, tmp_path: Path) -> None:
    for number, wrong in enumerate(["text", {"nested": {"a": "1"}}, {"": "1"}]):
        spec = spec_of(conf({"copy": "metadata/map"}, kind="properties"), metadata=METADATA)
        out = render(confd, tmp_path / str(number), spec, flat({"map": wrong}))
        assert "metadata/map" in out.error
        assert not out.files


def test_the_keys_of_one_ini_section_are_no_keys_of_another(rendered: Renderer) -> None:
    body = [
        {"text": "[one]\n"}, {"set": {"key": "1", "own": "author"}}, {"copy": "metadata/map"},
        {"text": "[two]\n"}, {"copy": "metadata/map"},
    ]  # fmt: skip
    text = rendered(body, "ini", map={"key": "2", "new": "3"})
    assert text.splitlines()[1:] == ["[one]", "key = 1", "own = author", "new = 3", "[two]", "key = 2", "new = 3"]


def test_conditions(rendered: Renderer) -> None:
    conditions = {
        "service yes": {"service": "app"}, "service no": {"service": "other"},
        "has yes": {"has": "metadata/must"}, "has no": {"has": "metadata/extra"},
        "has blank": {"has": "metadata/text"}, "has map": {"has": "metadata/map"}, "has empty list": {"has": "metadata/list"},
        "eq yes": {"eq": ["@{metadata/must}-@{service.scale}", "m-1"]}, "eq no": {"eq": ["@{metadata/extra}", "x"]},
        "eq missing": {"eq": ["@{metadata/extra}", ""]}, "env set": {"env": "VAR"}, "env empty": {"env": "ON"},
    }  # fmt: skip
    body = [
        {"when": condition, "then": [{"text": f"{name}: then\n"}], "else": [{"text": f"{name}: else\n"}]}
        for name, condition in conditions.items()
    ]
    lines = rendered(body, "raw", text="", map={"a": "1"}, list=[]).splitlines()
    found = {name: branch == "then" for name, _, branch in (line.partition(": ") for line in lines)}
    assert found == {name: name.endswith((" yes", " map", " set", " missing")) for name in conditions}


def test_no_blank_line_comes_or_goes_by_itself(rendered: Renderer) -> None:
    body = [
        {"text": "\n  first, indented\n"},
        {"when": {"has": "metadata/extra"}, "then": [{"text": "extra\n"}]},
        {"text": "  behind a condition\n\n\nthree down\n"},
        {"when": {"has": "metadata/must"}, "then": [{"text": "\n  blank, then this\n"}], "else": [{"text": "no\n"}]},
        {"list": {"of": "metadata/list", "item": "- @{it}"}},
        {"text": "\tbehind a list\n"},
        {"list": {"of": "metadata/list", "item": "  item @{it}\n", "head": "head\n"}},
        {"list": {"of": "metadata/list", "item": "@{it}", "sep": ", ", "head": "<", "tail": ">\n"}},
        {"copy": "metadata/list"},
        {"paste": "metadata/text", "optional": True, "wrap": ["  {", "  }"]},
        {"when": {"has": "metadata/extra"}, "then": [], "else": [{"text": "  last\n"}]},
    ]
    start = "\n  first, indented\n  behind a condition\n\n\nthree down\n\n  blank, then this\n"
    assert rendered(body, "lines") == f"{start}\tbehind a list\n  last\n"
    assert rendered(body, "lines", list=["a", "b"], text="  x\n\n  y\n") == (
        f"{start}- a\n- b\n\tbehind a list\nhead\n  item a\n  item b\n<a, b>\na\nb\n  {{\n  x\n\n  y\n  }}\n  last\n"
    )


@pytest.mark.parametrize(
    "static", ["{{", "a {{ b }} {{/* c", "{", "{{{", 'x{{getv "/x"}}', "  indented\n\n", "ends with {\n", "-}}\n{{-"]
)
def test_static_text_is_copied_as_it_is(static: str, rendered: Renderer) -> None:
    body = [{"text": "a{\n"}, {"file": "static.txt"}, {"text": "{b"}, {"text": "{\n"}]
    assert rendered(body, "raw", {"static.txt": static}) == f"a{{\n{static}{{b{{\n"


def test_a_literal_expression_is_text(rendered: Renderer) -> None:
    assert rendered([{"text": "@@{self.ip} @ {} @@ $\n"}], "raw") == "@{self.ip} @ {} @@ $\n"


def test_numbers_and_truths_stand_bare_where_the_format_has_types(rendered: Renderer) -> None:
    body = [{"set": {"p": "@{metadata/port}", "f": "@{metadata/flag}", "s": "@{service.scale}", "q": "@{metadata/must}"}}]
    assert json.loads(rendered(body, "json", flag=True, port=9200)) == {"p": 9200, "f": True, "s": 1, "q": "m"}
    assert json.loads(rendered(body, "json", flag="false", port="-1", must="1")) == {"p": -1, "f": False, "s": 1, "q": "1"}


@pytest.mark.parametrize(
    "wrong", ["a", "1a", "1.5", "--1", "1-", "01", " 1", "1 ", "1\n2", "0x1", "1e3", "+1", "١", "1_0", "-", "1,2", "[1]"]
)
def test_what_is_no_number_never_stands_bare(wrong: str, confd: Path, tmp_path: Path) -> None:
    spec = spec_of(conf({"set": {"p": "@{metadata/port}"}}, kind="json"), metadata=METADATA)
    assert "metadata/port: the value is not a whole number" in render(confd, tmp_path, spec, flat({"port": wrong})).error


@pytest.mark.parametrize("wrong", ["yes", "True", "1", "true ", "true\nx: y"])
def test_what_is_no_truth_never_stands_bare(wrong: str, confd: Path, tmp_path: Path) -> None:
    spec = spec_of(conf({"set": {"a": 1, "f": "@{metadata/flag}"}}, kind="yaml"), metadata=METADATA)
    assert "metadata/flag: neither true nor false" in render(confd, tmp_path, spec, flat({"flag": wrong})).error


def test_a_map_written_by_nobody_else_keeps_every_key(rendered: Renderer) -> None:
    body = [{"when": {"has": "metadata/extra"}, "then": [{"set": {"k": "author"}}]}, {"copy": "metadata/map"}]
    assert rendered(body, "properties", map={"k": "user"}).splitlines()[1:] == ["k=user"]
    assert rendered(body, "properties", map={"k": "user"}, extra="x").splitlines()[1:] == ["k=author"]
    body = [{"set": {"k": "@{metadata/extra}"}}, {"copy": "metadata/map"}, {"copy": "metadata/other"}]
    assert rendered(body, "properties", map={"k": "user"}, other={"k": "o", "l": "o"}).splitlines()[1:] == ["k=user", "l=o"]


@pytest.mark.parametrize("wrong", ["a", "1a", "1.5", "01", "1\n2", "9" * 16, "-", "[1]"])
@pytest.mark.parametrize("kind", ["raw", "json"])
def test_nothing_is_added_to_what_is_no_number(wrong: str, kind: str, confd: Path, tmp_path: Path) -> None:
    block = {"set": {"p": "@{metadata/port + 1}"}} if kind == "json" else {"text": "@{metadata/port + 1}"}
    spec = spec_of(conf(block, kind=kind), metadata=METADATA)
    assert "metadata/port + 1: the value is not a whole number" in render(confd, tmp_path, spec, flat({"port": wrong})).error


@pytest.mark.parametrize("kind", ["yaml", "json", "properties"])
def test_a_sum_of_an_optional_key_is_left_out_with_it(kind: str, rendered: Renderer) -> None:
    spec = spec_of(
        conf({"set": {"a": "x", "b": "@{metadata/n - 1}"}}, kind=kind), metadata={"n": {"type": "int", "optional": True}}
    )
    wanted = {"yaml": "b: 9", "json": '"b": 9', "properties": "b=9"}[kind]
    for number, (data, there) in enumerate([({}, False), ({"n": "10"}, True), ({"n": ""}, False)]):
        text = render(rendered.confd, rendered.folder / str(number), spec, flat(data)).only
        assert (wanted in text.splitlines()[-1 if kind != "json" else -2]) == there, text


@pytest.mark.parametrize("kind", ["yaml", "json", "toml"])
@pytest.mark.parametrize("items", [[], ["a"], ["a", 'b", "c'], ["x"] * 40], ids=len)
def test_a_list_as_a_value_has_a_value_for_each_element(kind: str, items: list[str], rendered: Renderer) -> None:
    each = {"of": "metadata/list", "item": {"name": "@{it}", "all": {"list": {"of": "metadata/list", "item": ["@{it}", 1]}}}}
    text = rendered([{"set": {"a": "x", "l": {"deep": [0, {"list": each}]}}}], kind, list=items)
    found = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}[kind](text)
    assert found == {"a": "x", "l": {"deep": [0, [{"name": item, "all": [[inner, 1] for inner in items]} for item in items]]}}


def test_a_map_called_list_stays_a_map(rendered: Renderer) -> None:
    value = {"list": {"item": "x"}, "more": {"list": ["of", "item"]}}
    assert json.loads(rendered([{"set": {"a": value}}], "json")) == {"a": value}


ODD = [
    "0", "-0", "1", "-1", "12", "007", "-01", "1.5", "-1.50", "0.5", "00.5", ".5", "5.", "1.2.3", "--1", "1-", "-", "", "1e3",
    "0x1", "1_000", "1 ", " 1", "999999999999999", "9999999999999999", "true", "false", "True", "yes", "null", "~", "1:30",
    "2001-01-01", "+1", "x",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["yaml", "json", "toml"])
def test_copied_values_stand_bare_where_they_are_decimal_numbers_or_truths(kind: str, rendered: Renderer) -> None:
    data = {f"k{number}": value for number, value in enumerate(ODD)}
    block = {"copy": "metadata/map", "bare": ["numbers", "truths"]}
    text = rendered([block], kind, map=data)
    parse = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}[kind]
    read = parse(text)
    number = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")

    def meant(value: str) -> Any:
        if value in ("true", "false"):
            return value == "true"
        return json.loads(value) if number.fullmatch(value) and len(value.lstrip("-")) < 16 else value

    assert read == {key: meant(value) for key, value in data.items()}
    assert all(type(read[key]) is type(meant(value)) for key, value in data.items())
    alone = rendered([{**block, "bare": ["truths"]}], kind, map={"n": "1", "t": "true"})
    assert parse(alone) == {"n": "1", "t": True}


def test_keys_of_toml_lead_into_tables_and_text_begins_one(rendered: Renderer) -> None:
    body = [
        {"set": {"a.b": "@{metadata/must}", "a.c": [1, "x"], "d e": True, "m": {"x.y": {"z w": 1.5}, "n": []}}},
        {"copy": "metadata/other"},
        {"text": "[table]\n"},
        {"set": {"a.b": "@{metadata/port}"}},
        {"copy": "metadata/map", "bare": ["numbers"]},
    ]
    text = rendered(body, "toml", other={"k.l": "1", 'a"b': "2"}, map={"k.l": "1", "d e": "2"})
    assert tomllib.loads(text) == {
        "a": {"b": "m", "c": [1, "x"]}, "d e": True, "m": {"x": {"y": {"z w": 1.5}}, "n": []}, "k.l": "1", 'a"b': "2",
        "table": {"a": {"b": 80}, "k.l": 1, "d e": 2},
    }  # fmt: skip


CERTIFICATES: Mapping[str, Any] = {
    "certs/1": {"type": "certificate"},
    "certs/2": {"type": "certificate", "secret": True},
    "more": {"type": "map", "optional": True},
}


def test_a_path_that_is_pasted_may_hold_expressions(rendered: Renderer) -> None:
    block = {"paste": "metadata/certs/@{service.scale}", "wrap": ["<", ">"]}
    spec = spec_of(conf(block), metadata=CERTIFICATES)
    out = render(rendered.confd, rendered.folder / "a", spec, flat({"certs": {"1": "one\n{{two}}\n", "2": "x"}}))
    assert out.only == "<\none\n{{two}}\n>\n"
    assert 'mode = "0600"' in compiled(spec)[0].toml, "one of the keys that are meant is secret"
    below = spec_of(conf({"paste": "metadata/more/c@{service.scale}", "optional": True}, {"text": "x\n"}), metadata=CERTIFICATES)
    for number, (data, wanted) in enumerate([({"c1": "a\nb"}, "a\nb\nx\n"), ({"c2": "a"}, "x\n"), ({}, "x\n")]):
        assert render(rendered.confd, rendered.folder / f"b{number}", below, flat({"more": data})).only == wanted


@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize(("data", "wanted"), [({}, 'a {{x}}\n"b"\n'), ({"text": ""}, 'a {{x}}\n"b"\n'), ({"text": "c\n"}, "c\n")])
def test_what_is_pasted_has_its_default(data: dict[str, str], wanted: str, optional: bool, rendered: Renderer) -> None:
    key = {"type": "multiline", "default": 'a {{x}}\n"b"\n'}
    spec = spec_of(conf({"paste": "metadata/text", "optional": optional}), metadata={"text": key})
    assert render(rendered.confd, rendered.folder, spec, flat(data)).only == wanted


@pytest.mark.parametrize("value", ["a\nb\n", " {{x}} $HOME `id` 'q' \"d\" %s", "one"])
def test_a_variable_of_several_lines_is_pasted_as_it_is(value: str, rendered: Renderer) -> None:
    spec = spec_of(conf({"text": "<\n"}, {"paste": "env.TEXT"}, {"text": ">\n"}), vars={"TEXT": ""})
    given = replace(spec, vars={"TEXT": value})
    out = run(rendered.confd, rendered.folder / "v", given, compiled(spec), flat({}))
    assert out.only == "<\n" + value.removesuffix("\n") + "\n>\n"


def test_a_variable_without_a_value_is_left_out_or_an_error_that_names_it(rendered: Renderer) -> None:
    for optional in (True, False):
        spec = spec_of(conf({"paste": "env.TEXT", "optional": optional}, {"text": "x\n"}), vars={"TEXT": ""})
        out = render(rendered.confd, rendered.folder / str(optional), spec, flat({}))
        assert out.only == "x\n" if optional else "required variable TEXT has no value" in out.error


def test_the_name_of_a_pasted_variable_may_be_computed(rendered: Renderer) -> None:
    key = {"type": "string", "default": "B"}
    spec = spec_of(conf({"paste": "env.CERT_@{metadata/which}"}), vars={"CERT_A": "", "CERT_B": "b"}, metadata={"which": key})
    files = compiled(spec)
    for number, (which, given, wanted) in enumerate(((None, "", "b\n"), ("A", "1\n2\n", "1\n2\n"), ("A", "", None))):
        run_with = replace(spec, vars={"CERT_A": given, "CERT_B": "b"})
        out = run(rendered.confd, rendered.folder / str(number), run_with, files, flat({"which": which} if which else {}))
        assert out.only == wanted if wanted else "required variable CERT_@{metadata/which} has no value" in out.error


def test_what_an_env_file_exports_reaches_the_programs_that_a_script_starts(rendered: Renderer) -> None:
    spec = spec_of(
        conf({"set": {"A": "it's @{metadata/must}"}}, {"copy": "metadata/map"}, kind="env", export=True), metadata=METADATA
    )
    text = render(rendered.confd, rendered.folder / "e", spec, flat({"must": "$m `", "map": {"B": "2"}})).only
    script = rendered.folder / "x.env"
    script.write_text(text, encoding="utf-8")
    said = subprocess.run(
        ["sh", "-c", f". {script}; env"], capture_output=True, text=True, check=True, env={}
    ).stdout.splitlines()
    assert {"A=it's $m `", "B=2"} <= set(said)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"service": ["app", "other"]}, True),
        ({"service": ["other"]}, False),
        ({"ne": ["@{metadata/must}", "m"]}, False),
        ({"ne": ["@{metadata/must}", "n"]}, True),
        ({"contains": ["@{metadata/must}", "m"]}, True),
        ({"contains": ["a@{metadata/must}b", "am"]}, True),
        ({"contains": ["@{metadata/must}", "n"]}, False),
        ({"begins": ["@{metadata/must}x", "m"]}, True),
        ({"begins": ["x@{metadata/must}", "m"]}, False),
        ({"begins": ["@{metadata/must}", "mm"]}, False),
        ({"begins": ["@{metadata/must}", ""]}, True),
        ({"begins": ["aab", "ab"]}, False),
        ({"ends": ["x@{metadata/must}", "m"]}, True),
        ({"ends": ["@{metadata/must}x", "m"]}, False),
        ({"ends": ["ab\nb", "b"]}, True),
        ({"ends": ["@{metadata/must}", ""]}, True),
        ({"not": {"has": "metadata/extra"}}, True),
        ({"not": {"not": {"has": "metadata/extra"}}}, False),
        ({"not": {"has": "metadata/map"}}, False),
        ({"all": [{"env": "VAR"}, {"service": "app"}]}, True),
        ({"all": [{"env": "VAR"}, {"env": "ON"}]}, False),
        ({"any": [{"env": "ON"}, {"has": "metadata/map"}]}, True),
        ({"any": [{"env": "ON"}, {"has": "metadata/list"}]}, False),
        ({"any": [{"env": "ON"}]}, False),
        ({"all": [{"any": [{"env": "ON"}, {"env": "VAR"}]}, {"not": {"all": [{"env": "ON"}, {"env": "VAR"}]}}]}, True),
    ],
    ids=str,
)
def test_conditions_made_of_conditions(condition: Mapping[str, Any], holds: bool, rendered: Renderer) -> None:
    body = [{"when": condition, "then": [{"text": "yes\n"}], "else": [{"text": "no\n"}]}]
    assert rendered(body, "raw", map={"a": "1"}) == ("yes\n" if holds else "no\n")


RECORDS: Mapping[str, Any] = {
    "rows": {"type": "list", "fields": ["host", "name", "key", "value"]},
    "loose": {"type": "list"},
    "backends": {"type": "map", "fields": ["host", "port"]},
    "pairs": {"type": "map"},
}
DATA: Mapping[str, Any] = {
    "rows": [{"host": f"h{n}", "name": f"n{n}", "key": f"k{n}", "value": f"v{n}"} for n in (1, 2)],
    "loose": [{"host": "a", "limit": 1}, {"host": "b"}],
    "backends": {"web": {"host": "x", "port": 80}, "api": {"host": "y", "port": 81}, "ttl": "5"},
    "pairs": {"a": "1", "b": "2"},
}
LIMITED = {
    "when": {"has": "r.limit"},
    "then": [{"text": "@{r.host}:@{r.limit} "}],
    "else": [{"when": {"ne": ["@{r.host}", "@{it.limit}"]}, "then": [{"text": "@{r.host} @{r.limit|none}"}]}],
}


@pytest.mark.parametrize(
    ("of", "block", "wanted"),
    [
        ("rows", {"text": "@{r.host}@{r.name}@{it.key}@{it.value} "}, "h1n1k1v1 h2n2k2v2 "),
        ("loose", LIMITED, "a:1 b none"),
        ("backends", {"text": "@{r.key}=@{r.host}:@{r.port} "}, "api=y:81 web=x:80 "),
        ("pairs", {"text": "@{r.key}=@{r.value} "}, "a=1 b=2 "),
        ("pairs", {"list": {"of": "metadata/loose", "item": "@{r.key}@{it.host}", "sep": ","}}, "aa,abba,bb"),
        ("pairs", {"when": {"eq": ["@{r.key}", "b"]}, "then": [{"text": "@{r.value}"}]}, "2"),
    ],
)
def test_blocks_for_each_record(of: str, block: Mapping[str, Any], wanted: str, confd: Path, tmp_path: Path) -> None:
    spec = spec_of(conf({"each": {"of": f"metadata/{of}", "as": "r", "body": [block]}}), metadata=RECORDS)
    assert render(confd, tmp_path, spec, flat(DATA)).only == wanted


def test_a_copy_stands_beside_and_within_the_blocks_for_each_element(confd: Path, tmp_path: Path) -> None:
    section = {
        "each": {
            "of": "metadata/backends",
            "as": "b",
            "body": [
                {"text": "[@{b.key}]\n"},
                {"set": {"own": "@{b.host}"}},
                {"when": {"has": "b.port"}, "then": [{"set": {"port.@{b.key}": "@{b.port}"}}, {"copy": "metadata/pairs"}]},
            ],
        }
    }
    spec = spec_of(conf({"copy": "metadata/pairs"}, section, kind="ini"), metadata=RECORDS)
    lines = render(confd, tmp_path, spec, flat(DATA)).only.splitlines()
    assert lines[1:3] == ["a = 1", "b = 2"]
    assert lines[3:8] == ["[api]", "own = y", "port.api = 81", "a = 1", "b = 2"]
    assert lines[8:] == ["[web]", "own = x", "port.web = 80", "a = 1", "b = 2"]


def test_a_key_that_is_the_same_for_each_element_is_refused() -> None:
    block = {"each": {"of": "metadata/pairs", "body": [{"set": {"x": "@{it.value}"}}]}}
    with pytest.raises(ForgeError, match="the key 'x' would be set again for each element"):
        spec_of(conf(block, kind="properties"), metadata=RECORDS)


@pytest.mark.parametrize(("release", "sound"), [("0.14.0", False), ("0.15.0", False), ("0.16.0", True), ("HEAD", True)])
def test_what_needs_a_function_that_old_releases_lack_is_said(release: str, sound: bool) -> None:
    engine = {"confd": release, "confd_src": "https://example.org/confd", "confd_sha256": "0" * 64}
    assert spec_of(conf({"text": "@{count(peers) + 1}\n"}), engine=engine)
    if sound:
        assert spec_of(conf({"text": "@{self.index + 1}\n"}), engine=engine)
    else:
        with pytest.raises(ForgeError, match="needs confd 0.16"):
            spec_of(conf({"text": "@{self.index + 1}\n"}), engine=engine)


@pytest.mark.parametrize(
    ("given", "line"), [({}, "no"), ({"extra": ""}, "yes"), ({"extra": "x"}, "yes"), ({"map": {"k": ""}}, "below")]
)
def test_a_key_may_be_there_and_empty(given: Mapping[str, Any], line: str, rendered: Renderer) -> None:
    below = {"when": {"exists": "metadata/map/k"}, "then": [{"text": "below"}], "else": [{"text": "no"}]}
    body = [{"when": {"exists": "metadata/extra"}, "then": [{"text": "yes@{metadata/extra}\n"}], "else": [below]}]
    assert rendered(body, "raw", **given).startswith(line)


@pytest.mark.parametrize("path", ["metadata/map", "metadata/map/deep", "/self/service/metadata/map", "metadata/list"])
def test_a_map_or_list_is_there_when_it_has_an_element(path: str, rendered: Renderer) -> None:
    body = [{"when": {"exists": path}, "then": [{"text": "yes\n"}], "else": [{"text": "no\n"}]}]
    assert rendered(body, "raw", map={"deep": {"a": "1"}}, list=["x"]).startswith("yes")
    assert rendered(body, "raw").startswith("no")


@pytest.mark.parametrize("kind", ["properties", "ini", "space", "env", "xml", "yaml", "json", "toml"])
def test_a_count_or_position_is_a_value_of_its_own_in_every_format(kind: str, rendered: Renderer) -> None:
    pairs = {"set": {"n@{it}": "@{position(it)}", "m@{it}": "@{count(metadata/list)}"}}
    body = [{"each": {"of": "metadata/list", "body": [pairs]}}]
    whole = [{"set": {"first": 1}}, *body] if kind == "json" else body
    found = rendered(whole, kind, list=["a", "b"])
    numbers = re.findall(r"\b([nm][ab])\W+(\d)\b", re.sub(r"</?(?:name|value)>", " ", found))
    assert numbers == [("na", "1"), ("ma", "2"), ("nb", "2"), ("mb", "2")], found
