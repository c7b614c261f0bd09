"""Every format holds what was found, and nothing in a catalog can break out of it."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from catalog_forge.cli.judge import findings as text
from catalog_forge.errors import Where
from catalog_forge.lint.findings import Edit, Finding, Fix
from catalog_forge.lint.output import as_json, forges, junit, sarif
from catalog_forge.lint.runner.check import Checked

# A name and a message as an enemy writes them: the end of a line, colours, the end of an element, of a property, of a JSON text,
# another direction of writing, half a character, a workflow command.
EVIL = 'a\n::error::x\r\x1b[31m"]]></failure>,%0A:\u202e\udcff{0}[x](javascript:y)\x00\x9b'
FIX = Fix("quote it", "x.yml", (Edit(3, 7, "'1.0'"),))
PLAIN = Finding("CF110", "warning", Where("t/x.yml", 2, 5), "bad", "do better", FIX, "key: 1.0", "x.yml")
HOSTILE = Finding("CF901", "error", Where(EVIL, 1, 3), EVIL, EVIL, None, EVIL, EVIL)
FOLDER = Finding("CF110", "note", Where("templates/web"), "no icon", path="templates/web")
CHECKED = Checked([PLAIN, HOSTILE, FOLDER], [(PLAIN, EVIL)], [FOLDER])

# The part of the schema of SARIF 2.1.0 that says what is required, and of which kind, in what is written here.
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~/%!$&'()*+,;=@-]*$"}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
ARTIFACT = {"type": "object", "properties": {"uri": URI, "uriBaseId": {"type": "string"}, "index": {"minimum": -1}}}
REGION = {
    "type": "object",
    "properties": {
        "startLine": {"type": "integer", "minimum": 1},
        "startColumn": {"type": "integer", "minimum": 1},
        "charOffset": {"type": "integer", "minimum": 0},
        "charLength": {"type": "integer", "minimum": 0},
        "snippet": {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False},
    },
    "additionalProperties": False,
}
CHANGE = {
    "type": "object",
    "required": ["artifactLocation", "replacements"],
    "properties": {
        "artifactLocation": ARTIFACT,
        "replacements": {
            "type": "array",
            "minItems": 1,
            "items": {"required": ["deletedRegion"], "properties": {"deletedRegion": REGION}},
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": -1},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": MESSAGE,
        "locations": {
            "type": "array",
            "items": {
                "properties": {
                    "physicalLocation": {
                        "anyOf": [{"required": ["address"]}, {"required": ["artifactLocation"]}],
                        "properties": {"artifactLocation": ARTIFACT, "region": REGION},
                    }
                }
            },
        },
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "fixes": {
            "type": "array",
            "items": {"required": ["artifactChanges"], "properties": {"artifactChanges": {"items": CHANGE, "minItems": 1}}},
        },
        "suppressions": {
            "type": "array",
            "items": {"required": ["kind"], "properties": {"kind": {"enum": ["inSource", "external"]}}},
        },
    },
    "additionalProperties": False,
}
RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": MESSAGE,
        "defaultConfiguration": {"properties": {"level": {"enum": ["none", "note", "warning", "error"]}}},
        "properties": {"properties": {"tags": {"type": "array", "uniqueItems": True}}},
    },
    "additionalProperties": False,
}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "rules": {"type": "array", "items": RULE}},
}
RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"version": {"enum": ["2.1.0"]}, "runs": {"type": "array", "items": RUN}},
}


def test_json_holds_everything() -> None:
    data = json.loads(as_json.write(CHECKED))
    assert data["summary"] == {"error": 1, "warning": 1, "note": 1, "fixable": 1, "ignored": 1, "known": 1}
    first = data["findings"][0]
    first.pop("fingerprint")
    assert first == {
        "rule": "CF110", "level": "warning", "file": "t/x.yml", "line": 2, "column": 5, "message": "bad", "hint": "do better",
        "path": "x.yml", "source": "key: 1.0", "fix": "quote it",
    }  # fmt: skip
    assert (data["findings"][1]["message"], data["ignored"][0]["reason"]) == (EVIL, EVIL)


@pytest.mark.parametrize("write", [as_json.write, sarif.write, forges.gitlab])
def test_json_texts_are_ascii(write: Any) -> None:
    assert all(char == "\n" or " " <= char <= "~" for char in write(CHECKED))


def test_sarif_is_what_its_schema_wants() -> None:
    data = json.loads(sarif.write(CHECKED))
    jsonschema.Draft202012Validator(SARIF).validate(data)
    jsonschema.Draft202012Validator(SARIF).validate(json.loads(sarif.write(Checked())))


def test_sarif_has_places_rules_fixes_fingerprints_and_what_is_suppressed() -> None:
    (run,) = json.loads(sarif.write(CHECKED))["runs"]
    first, hostile, folder, ignored = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "CF110"
    assert "catalogIcon" in rules[first["ruleIndex"]]["help"]["text"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "t/x.yml", "uriBaseId": "SRCROOT"}
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (2, 5)
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": {"charOffset": 3, "charLength": 4}, "insertedContent": {"text": "'1.0'"}}]
    assert "region" not in folder["locations"][0]["physicalLocation"]
    assert "](" not in hostile["message"]["text"]
    assert ignored["suppressions"][0]["kind"] == "inSource"
    assert len({result["partialFingerprints"]["catalogForge/v1"] for result in (first, hostile, folder)}) == 3


@pytest.mark.parametrize(
    ("path", "uri"),
    [("a b/c#d.yml", "a%20b/c%23d.yml"), ("c:d/\u00fc", "c%3Ad/%C3%BC"), ("x\udcff\n", "x%FF%0A"), ("/abs", "file:///abs")],
)
def test_a_path_becomes_a_uri(path: str, uri: str) -> None:
    assert sarif.uri(path) == uri


def test_junit_has_a_case_for_each_rule() -> None:
    document = junit.write(CHECKED, frozenset(("CF110", "CF901", "CF902")))
    (suite,) = ElementTree.fromstring(document)
    cases = {case.attrib["name"].partition(" ")[0]: case for case in suite}
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "2")
    assert cases["CF902"].find("failure") is None
    assert (failure := cases["CF110"].find("failure")) is not None and failure.text == "t/x.yml:2:5: warning bad (do better)"
    assert (notes := cases["CF110"].find("system-out")) is not None and notes.text == "templates/web: note no icon"
    assert (evil := cases["CF901"].find("failure")) is not None and "\n" not in (evil.text or "")


def test_github_gets_one_command_a_finding() -> None:
    plain, hostile, folder = forges.github(CHECKED).splitlines()
    assert plain == "::warning file=t/x.yml,line=2,col=5,title=CF110 An entry has no icon::bad%0Ahint: do better"
    assert folder.startswith("::notice file=templates/web,line=1,col=1,title=CF110 ")
    properties = hostile.split("::")[1]
    assert hostile.startswith("::error ") and hostile.isprintable()
    assert properties.count(",") == 3 and properties.count(":") == 0
    assert "a%0A::error::x%0D" in hostile


def test_gitlab_gets_a_code_quality_report() -> None:
    first, hostile, folder = json.loads(forges.gitlab(CHECKED))
    assert first["location"] == {"path": "t/x.yml", "lines": {"begin": 2}}
    assert (first["check_name"], first["severity"], first["description"]) == ("CF110", "minor", "CF110: bad (do better)")
    assert (hostile["severity"], folder["severity"], folder["location"]["lines"]["begin"]) == ("major", "info", 1)
    assert len({each["fingerprint"] for each in (first, hostile, folder)}) == 3


def test_text_shows_the_line_and_a_caret() -> None:
    shown = re.sub("\x1b\\[[0-9;]*m", "", text.text(Checked([PLAIN])))
    assert shown.splitlines() == [
        "t/x.yml:2:5: warning CF110 bad",
        "    2 | key: 1.0",
        "            ^",
        "  hint: do better",
        "  fix: quote it",
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [("\tkey: \u00fc", 7), ("\u4f60\u597d: x", 5), ("a" * 500 + "x" + "b" * 500, 501), ("x", 9), ("e\u0301: x", 5)],
)
def test_the_caret_stands_below_its_character(line: str, column: int) -> None:
    finding = Finding("CF110", "note", Where("x", 1, column), "m", line=line)
    _, source, caret = re.sub("\x1b\\[[0-9;]*m", "", text.text(Checked([finding]))).splitlines()
    assert len(source) < 140
    before = "".join(char for char in source if char != "\u0301")
    wide = sum(1 for char in before[: len(caret)] if char in "\u4f60\u597d")
    assert before[len(caret) - 1 - wide :][:1] == (line[column - 1 : column] or "")


def test_a_line_of_a_megabyte_is_shown_in_part_in_every_format() -> None:
    line = "x" * 500_000 + "HERE" + "y" * 500_000
    found = [Finding("CF110", "note", Where("x", 1, 500_001 + number % 3), str(number), line=line) for number in range(1000)]
    checked = Checked(found)
    for write in (as_json.write, sarif.write, forges.github, forges.gitlab, text.text):
        assert len(write(checked)) < 1_500_000
    assert json.loads(as_json.write(checked))["findings"][0]["source"].count("HERE") == 1


def test_text_of_strangers_cannot_steer_the_terminal() -> None:
    shown = text.text(CHECKED)
    ours = re.sub("\x1b\\[[0-9;]*m", "", shown.replace("\\x1b[31m", ""))
    assert all(line.isprintable() for line in ours.splitlines())
    assert "\\x1b[31m" in shown and not any(line.startswith("::error") for line in shown.splitlines())


@pytest.mark.parametrize(
    ("checked", "words"),
    [
        (Checked(), "nothing found in 3 files"),
        (CHECKED, "1 error, 1 warning, 1 note in 3 files; 1 can be fixed with --fix; 1 ignored; 1 recorded in the baseline"),
    ],
)
def test_the_summary_counts(checked: Checked, words: str) -> None:
    assert text.summary(checked, 3) == words
