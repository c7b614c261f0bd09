"""What strangers wrote is shown as escapes where it could steer a terminal or mislead a reader."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from catalog_forge import diffs, junit
from catalog_forge.shown import as_json, printable, said

HOSTILE = "a\x1b]0;pwned\x07b\x9bc\x7fd\u202ee\u2066f\x00g\ud800h"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("word é 漢", "word é 漢"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u202e\u2066", "\\u202e\\u2066"),
        ("\ud800", "\\ud800"),
        ("\u0100\u2028\U000e0001", "\u0100\\u2028\\U000e0001"),
        ("", ""),
    ],
)
def test_text_of_strangers_cannot_steer_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_what_a_program_printed_is_one_line_without_colours() -> None:
    assert said("\x1b[1;31mred\x1b[0m\tand \x1b[2Jgone\r") == "red     and \\x1b[2Jgone"


def test_json_of_any_data_is_printable_ascii_and_means_the_same() -> None:
    text = as_json({"a": [HOSTILE]}, indent=None)
    assert text.isascii() and text.isprintable()
    assert json.loads(text) == {"a": [HOSTILE]}


def test_reports_for_ci_servers_hold_escapes() -> None:
    root = junit.document()
    suite = ElementTree.SubElement(root, "testsuite", name="s")
    junit.outcome(junit.case(suite, HOSTILE, HOSTILE, file=HOSTILE), "failure", HOSTILE, f"1\n2\t{HOSTILE}", type=HOSTILE)
    text = junit.written(root)
    assert printable(text, kept="\n\t") == text
    assert ElementTree.fromstring(text).find(".//failure") is not None


def test_the_head_of_a_diff_is_one_line() -> None:
    assert diffs.unified("a\n", "b\n", "x\ny\u202e").splitlines()[:2] == ["--- a/x\\x0ay\\u202e", "+++ b/x\\x0ay\\u202e"]
