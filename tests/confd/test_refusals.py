"""What no template can be made of: each refusal with its place in the spec, its words, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.formats.base import MOVE
from tests.confd.harness import compiled, conf, source_of, spec_of

METADATA: Mapping[str, Any] = {
    "must": {}, "extra": {"optional": True}, "list": {"type": "list", "optional": True}, "map": {"type": "map", "optional": True},
    "long": {"type": "multiline"},
}  # fmt: skip
QUOTES = "in the same text, write quotes around the expression or around the whole list"
ALWAYS = "outside of any `when`, add a pair that reads no optional key"
REFUSED: list[tuple[str, list[Mapping[str, Any]], str, str, str]] = [
    ("ini", [{"set": {"a": "x\ny"}}], '{"a": ', "the format ini cannot hold the value of 'a': this text cannot be written"
     " here (not allowed: a line break, a control character)", "change the text, or choose another `format`"),
    ("ini", [{"set": {"a=b": "x"}}], '{"a=b": ', "the format ini cannot hold the key 'a=b': this text cannot be written"
     " here (not allowed: characters other than letters, digits and -._~, an empty value)",
     "change the text, or choose another `format`"),
    ("json", [{"set": {"x": "@{metadata/extra}"}}], "[{", "json: each pair of this file may be left out, so it is unknown where"
     " commas belong", ALWAYS),
    ("json", [{"copy": "metadata/map"}, {"when": {"has": "metadata/map"}, "then": [{"set": {"a": 1}}]}], "[{",
     "json: each pair of this file may be left out, so it is unknown where commas belong", ALWAYS),
    ("ini", [{"set": {"x": "\\@{metadata/must}"}}], "metadata/must}", "@{metadata/must} is not allowed after a backslash, which"
     " would change the value's first character (write the backslash twice)", MOVE),
    ("yaml", [{"text": "a: '"}, {"set": {"b": "c"}}], '{"text"', "yaml: the text of this file is not well-formed YAML: line 2:"
     " found unexpected end of stream", "correct the text; with format: raw, any text is valid"),
    ("yaml", [{"when": {"has": "metadata/extra"}, "then": [{"text": "a: '"}], "else": [{"text": "a: "}]},
              {"text": "@{metadata/must}"}, {"when": {"has": "metadata/extra"}, "then": [{"text": "'\n"}]}],
     "metadata/must}", "whether @{metadata/must} is inside quotes depends on a condition or a list", QUOTES),
    ("yaml", [{"list": {"of": "metadata/list", "item": "@{it}", "sep": "'", "head": "a: '", "tail": "'\n"}}],
     "it}", "whether @{it} is inside quotes depends on a condition or a list", QUOTES),
    ("yaml", [{"list": {"of": "metadata/list", "item": "a@{it}: b"}}], "it}", "@{it} is not allowed in part of a key (put the"
     " key in double quotes)", MOVE),
    ("yaml", [{"text": "a: {b: '"}, {"copy": "metadata/map"}, {"text": "'}"}], '{"copy"', "the text before these pairs"
     " leaves a quote or a comment open", "close it in the text, or write the pairs first"),
    ("ini", [{"text": "a = @{metadata/long}\n"}], "metadata/long}", "metadata/long has several lines (multiline), but only a"
     " single line is allowed here", "to put it into the file unchanged, use a separate block: paste: metadata/long"),
]  # fmt: skip


HOSTS = {"list": {"of": "metadata/list", "item": "@{it}", "sep": ","}}
# The texts of a file, which are of its format in some case, or never.
WHOLE: list[tuple[str, bool, list[Mapping[str, Any]]]] = [
    ("yaml", True, [{"text": "a: 1\nb: @{metadata/must}\n"}]),
    ("yaml", True, [{"text": "---\na: 1\n---\nb: 1\n"}]),
    ("yaml", False, [{"text": "a: 1\n b: @{metadata/must}\n"}]),
    ("yaml", False, [{"text": "a: 1\n"}, {"text": "- 2\n"}]),
    ("yaml", True, [{"text": "a: ["}, {"when": {"has": "metadata/extra"}, "then": [{"text": "b]\n"}]}]),
    ("yaml", False, [{"text": "a: ["}, {"when": {"has": "metadata/extra"}, "then": [{"text": "b}\n"}]}]),
    ("yaml", True, [{"text": "a:\n"}, {"paste": "metadata/long"}, {"text": " b\n"}]),
    ("json", True, [{"text": '{"a": @{metadata/must}, "b": ["x"]}'}]),
    ("json", False, [{"text": '{"a": @{metadata/must},}'}]),
    ("json", True, [{"text": '{"a": ['}, HOSTS, {"text": "]}"}]),
    ("json", False, [{"text": '{"a": ['}, {"list": {**HOSTS["list"], "sep": " "}}, {"text": "]}"}]),
    ("toml", True, [{"text": "a = @{metadata/must}\n[t]\n"}, {"set": {"a": 1}}, {"text": "[u]\n"}, {"set": {"a": 1}}]),
    ("toml", True, [{"each": {"of": "metadata/list", "body": [{"text": "[s.@{it}]\n"}]}}]),
    ("toml", False, [{"text": "a = b\n"}]),
    ("xml", True, [{"text": '<a b="@{metadata/must}">@{metadata/must}</a>\n'}]),
    ("xml", False, [{"text": "<a>@{metadata/must}</b>\n"}]),
    ("raw", True, [{"text": "<a>@{metadata/must}</b>\n"}]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sound", "body"), WHOLE)
def test_a_text_that_can_never_be_of_its_format_is_refused(kind: str, sound: bool, body: list[Mapping[str, Any]]) -> None:
    spec = spec_of(conf(*body, kind=kind), metadata=METADATA)
    if sound:
        compiled(spec)
        return
    with pytest.raises(ForgeError) as error:
        compiled(spec)
    (problem,) = error.value.problems
    assert problem.message.startswith(f"{kind}: the text of this file is not well-formed") and problem.where


@pytest.mark.parametrize(("kind", "body", "at", "message", "hint"), REFUSED)
def test_what_a_format_cannot_hold_is_refused(kind: str, body: list[Mapping[str, Any]], at: str, message: str, hint: str) -> None:
    file = conf(*body, kind=kind)
    with pytest.raises(ForgeError) as error:
        compiled(spec_of(file, metadata=METADATA))
    (problem,) = error.value.problems
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.where is not None
    assert problem.where.line == 1
    assert source_of(file, metadata=METADATA)[problem.where.column - 1 :].startswith(at)
