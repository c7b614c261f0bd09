"""What cannot be said is not lifted, whatever the text; what is lifted is told with its keys and its departures."""

from __future__ import annotations

import pytest

from catalog_forge.adopt.bodies import lift
from catalog_forge.adopt.setting import KeyUse, Setting

META = "/self/service/metadata"
# Templates that stay, each with a word of the reason.
KEPT = {
    "{{if": "parsed",
    '{{getv "/elastic/x"}}': "never written",
    '{{range gets "/self/service/metadata/m/*"}}{{json .Value}}{{end}}': "json",
    '{{range $i, $c := ls "/self/service/containers"}}{{printf "%d" $i}}{{end}}': "printf",
    '{{range $i, $c := ls "/self/service/containers"}}{{if gt $i 1}}x{{end}}{{end}}': "index of an element",
    '{{range $i, $s := ls "/stacks"}}{{range ls (printf "/stacks/%s/services" $s)}}{{$i}}{{end}}{{end}}': "no equivalent",
    '{{range ls "/stacks"}}{{.}}{{range ls (printf "/stacks/%s/services" .)}}x{{end}}{{end}}': "no equivalent",
    '{{range gets "/self/service/metadata/a*"}}{{.Value}}{{end}}': "labels",
    '{{range gets "/self/*/metadata/*"}}{{.Value}}{{end}}': "pattern",
    '{{if eq (getenv (getv "/self/service/name")) "a"}}x{{end}}': "whole line",
    '{{range ls "/self/service/containers"}}{{.}}{{end}}': "no equivalent",
    "{{$x := 1}}{{$x = 2}}{{$x}}": "assigned a second time",
    '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}': "may call itself",
    '{{range ls "/stacks"}}{{.}}{{end}}': "no equivalent",
    '{{getv (getv "/self/service/metadata/k")}}': "path",
    '{{printf "%q" (getv "/self/service/metadata/k")}}': "printf",
    "{{datetime}}": "datetime",
    '{{range lsdir "/self/service/metadata/r"}}{{.}}{{end}}': "records",
    '{{range ls "/self/service/metadata/r"}}{{getv (printf "/self/service/metadata/r/%s/p" .) "1"}}{{end}}': "in addition",
    '{{if gt (getv "/self/service/metadata/k") "3"}}x{{end}}': "comparison",
    '{{replace (getv "/self/service/metadata/k") "a" "b" 1}}': "known",
    '{{replace (printf "a%sb" (getv "/self/service/metadata/k")) "ab" "b" -1}}': "known",
    '{{replace (toLower (getv "/self/service/metadata/k")) "a" "b" -1}}': "more than once",
    '{{getv "/self/service/metadata//k"}}': "slashes",
    '{{range ls "/self/service/containers"}}{{break}}{{end}}': "break",
    "\ufeff{{fileExists (getv `/self/container/name`)}}": "fileExists",
    "{{getenv 1}}": "cannot be determined",
    "{{dir 1}}": "cannot be determined",
    '{{split 1 ","}}': "cannot be determined",
    "{{toUpper 1}}": "cannot be determined",
    '{{range $i, $c := ls "/hosts"}}{{if le "a" $i}}x{{end}}{{end}}': "index of an element",
    "{{ls nil}}": "nil",
    "{{" + "(" * 3000: "parsed",
    "{{if true}}" * 3000 + "{{end}}" * 3000: "nested",
}


@pytest.mark.parametrize(("text", "word"), KEPT.items())
def test_what_cannot_be_said_is_kept(text: str, word: str) -> None:
    lifted = lift(text, Setting(service="app"))
    assert lifted.body is None
    assert word in lifted.why
    assert lifted.line >= 1


def test_templates_that_call_each_other_do_not_grow() -> None:
    calls = "".join(f'{{{{define "t{n}"}}}}{f"{{{{template `t{n + 1}`}}}}" * 10}{{{{end}}}}' for n in range(15))
    lifted = lift(calls + '{{define "t15"}}x{{end}}{{template "t0"}}', Setting())
    assert "too much" in lifted.why


def test_a_text_is_itself() -> None:
    assert lift("a\nb\n", Setting()).body == [{"text": "a\nb\n"}]
    assert lift("", Setting()).body == []


def test_the_keys_tell_how_they_are_read() -> None:
    text = (
        f'{{{{getv "{META}/a"}}}};{{{{if exists "{META}/b"}}}}{{{{getv "{META}/b"}}}};{{{{end}}}}{{{{getv "{META}/c" "9"}}}};'
        f'{{{{if eq (getv "{META}/d") "on"}}}}1{{{{end}}}}{{{{range ls "{META}/m"}}}}{{{{.}}}}{{{{end}}}}\n'
        f'{{{{getv "{META}/t"}}}}\n'
    )
    assert lift(text, Setting()).keys == {
        "a": KeyUse(optional=False),
        "b": KeyUse(),
        "c": KeyUse(default="9"),
        "d": KeyUse(optional=False, compared=("on",)),
        "m": KeyUse("map", named=True),
        "t": KeyUse(optional=False, pasted=True),
    }


def test_what_changes_is_said() -> None:
    text = '{{range ls "/services/d/containers"}}{{getv (printf "/services/d/containers/%s" .)}}\n{{end}}{{if ls "/x"}}y{{end}}'
    said = [(found.kind, found.line) for found in lift(text, Setting()).said]
    assert said == [("dead", 2), ("own stack", 1), ("order", 1)]


def test_keys_that_the_toml_does_not_name_are_not_there() -> None:
    text = '{{if exists "/self/service/metadata/k"}}a{{else}}b{{end}}'
    assert lift(text, Setting(keys=("/self/host",))).body == [{"text": "b"}]
    assert lift(text, Setting(keys=("/self/service/metadata/k/x",))).body is None
    assert lift('{{getv "/name"}}', Setting(prefix="/self/container", keys=("/",))).body == [{"text": "@{self.name}"}]


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("a \n\n\n\nb\n", [{"text": "a\n\nb\n"}]),
        (
            "a:{{range ls `/self/service/metadata/v`}}\n  - {{getv (printf `/self/service/metadata/v/%s` .)}}{{end}}\nb\n",
            [{"text": "a:\n"}, {"list": {"of": "metadata/v", "item": "  - @{it}"}}, {"text": "b\n"}],
        ),
        (
            "\n  {{if exists `/self/service/metadata/k`}}\n  k\n  {{else}}\n  l\n  {{end}}\n\nb\n",
            [
                {"when": {"exists": "metadata/k"}, "then": [{"text": "  k\n"}], "else": [{"text": "  l\n"}]},
                {"text": "\nb\n"},
            ],
        ),
    ],
)
def test_conditions_and_loops_hold_whole_lines(text: str, body: list[object]) -> None:
    assert lift(text, Setting()).body == body


def test_what_is_called_a_secret_is_one() -> None:
    assert lift('{{getv "/self/service/metadata/db.password"}};', Setting()).keys["db.password"].secret


def test_names_in_a_comparison_are_written_as_the_versions_write_them() -> None:
    text = '{{if eq (getv "/self/service/name") "App"}}x{{end}}'
    for version, target, name in (("2015-07-25", "2016-07-29", "app"), ("2016-07-29", "2016-07-29", "App")):
        body = lift(text, Setting(version, target=target)).body
        assert body == [{"when": {"eq": ["@{service.name}", name]}, "then": [{"text": "x"}]}]
    assert lift('{{getv "/services/App/scale"}}', Setting("2016-07-29", service="App")).body is None


def test_a_variable_with_a_default_is_never_empty() -> None:
    assert lift('{{if getenv "A" "b"}}x{{end}}', Setting()).body == [{"text": "x"}]
