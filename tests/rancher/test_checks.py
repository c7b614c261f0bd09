"""Small checks of a value in a compose file, one by one: what each takes, and what it says of everything else."""

from __future__ import annotations

import re

import pytest

from catalog_forge import yamlio
from catalog_forge.goyaml import types
from catalog_forge.rancher.judgement import checks
from catalog_forge.rancher.judgement.checks import Check
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.yamlio import Node


def parsed(text: str) -> Node:
    node = yamlio.parse_lenient(text, "a.yml").node
    assert node is not None
    return node


def told(check: Check, text: str) -> list[str]:
    """The faults of a document: place, rule, words, and what helps."""
    lines = []
    for fault in check(parsed(text)):
        rule = fault.rule if isinstance(fault, Refusal) else "-"
        hint = f" ({fault.hint})" if fault.hint else ""
        lines.append(f"{str(fault.where).removeprefix('a.yml:')} {rule} {fault.message}{hint}")
    return lines


def _of_a(node: Node) -> str:
    return "a stands here" if isinstance(node, yamlio.Text) and node.value == "a" else ""


WRITTEN = " (a list is written [a, b], or with '- ' before each item)"
KINDS = {"a": "text", "'5'": "text", "''": "text", "5": "a number", "1.5": "a number", "yes": "true or false", "~": "nothing",
         "[a]": "a list", "{a: b}": "a mapping"}  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_a_value_is_of_one_kind(text: str, kind: str) -> None:
    others = [each for each in dict.fromkeys(KINDS.values()) if each not in (kind, "text")]
    hint = "" if kind in ("nothing", "a list", "a mapping") else WRITTEN
    assert told(checks.one_of(kind), text) == []
    assert told(checks.one_of(*others, kind), text) == []
    assert told(checks.one_of(*others), text) == [f"1:1 CF428 {kind} found where {' or '.join(others)} is expected{hint}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("5", "1:1 CF428 a number found where text is expected ('5')"),
        ("1.50", "1:1 CF428 a number found where text is expected ('1.50')"),
        ("No", "1:1 CF428 true or false found where text is expected ('No')"),
        ("~", "1:1 CF428 nothing found where text is expected"),
        ("[a]", "1:1 CF428 a list found where text is expected"),
    ],
)
def test_a_value_that_quotes_would_make_text_is_shown_with_them(text: str, fault: str) -> None:
    assert told(checks.one_of("text"), text) == [fault]


def test_a_second_demand_is_made_of_what_meets_the_first() -> None:
    check = checks.then(checks.one_of("text", "a number"), _of_a)
    assert told(check, "b") == []
    assert told(check, "a") == ["1:1 CF431 a stands here"]
    assert told(check, "[a]") == ["1:1 CF428 a list found where text or a number is expected"]
    assert told(checks.then(checks.TEXT, _of_a, "CF430"), "a") == ["1:1 CF430 a stands here"]


def test_a_type_is_asked_of_what_meets_the_first_demand() -> None:
    check = checks.decoded(types.TEXT_BY_TEXT, checks.MAP)
    assert told(check, "{a: b}") == []
    assert told(check, "{a: [b]}") == ["1:5 - a list is not text"]
    assert told(check, "[a]") == ["1:1 CF428 a list found where a mapping is expected"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("ab", ""), ("b", "'b' is not a word with a"), ("5", ""), ("[b]", ""), ("ab ", "'ab ' is not a word with a")],
)
def test_text_has_a_form_and_what_is_not_text_has_none(text: str, words: str) -> None:
    assert checks.matching(re.compile("a.?"), "word with a")(parsed(f"'{text}'" if text.endswith(" ") else text)) == words


@pytest.mark.parametrize(
    ("text", "words"), [("5", ""), ("5.0", ""), ("1e3", ""), ("5.5", "5.5 is not a whole number"), ("'5.5'", ""), ("[5.5]", "")]
)
def test_a_number_without_a_fraction_is_whole(text: str, words: str) -> None:
    assert checks.integer(parsed(text)) == words


def _of_lists() -> list[tuple[Check, str, list[str]]]:
    """Checks of lists and mappings, made when a test asks for them: what makes a check is tried, too."""
    texts, mappings = checks.items("text"), checks.list_or_map
    text_or_texts = checks.text_or(texts)
    return [
        (texts, "[a, b]", []),
        (texts, "[]", []),
        (texts, "a", [f"1:1 CF428 text found where a list is expected{WRITTEN}"]),
        (texts, "{a: b}", ["1:1 CF428 a mapping found where a list is expected"]),
        (texts, "[a, a, b, a]", [
            "1:5 CF404 'a' is listed twice (remove one of the two)",
            "1:11 CF404 'a' is listed twice (remove one of the two)",
        ]),
        (checks.items("text", unique=False), "[a, a]", []),
        (checks.items("text", unique=False), "[a, 5]", ["1:5 CF428 a number found where text is expected ('5')"]),
        (checks.items("text", "a number"), "[1, '1', 1.0, 01]", ["1:15 CF404 '01' is listed twice (remove one of the two)"]),
        (texts, "[5, [a], a, [a]]", [
            "1:2 CF428 a number found where text is expected ('5')", "1:5 CF428 a list found where text is expected",
            "1:13 CF428 a list found where text is expected",
        ]),
        (checks.items("a list"), "[[a], [a]]", []),
        (text_or_texts, "a", []),
        (text_or_texts, "[a]", []),
        (text_or_texts, "[a, a]", ["1:5 CF404 'a' is listed twice (remove one of the two)"]),
        (text_or_texts, "{a: b}", ["1:1 CF428 a mapping found where text or a list is expected"]),
        (text_or_texts, "''", ["1:1 CF428 the text is empty: rancher-compose cannot read it"]),
        (text_or_texts, "'null'", ["1:1 CF428 the text is empty: rancher-compose cannot read it"]),
        (checks.text_or(texts, _of_a, "CF430"), "a", ["1:1 CF430 a stands here"]),
        (checks.text_or(texts, _of_a, "CF430"), "''", []),
        (mappings(scalars=("text",)), "[a, b]", []),
        (mappings(scalars=("text",)), "[a, a]", ["1:5 CF404 'a' is listed twice (remove one of the two)"]),
        (mappings(scalars=("text",)), "a", [f"1:1 CF428 text found where a list or a mapping is expected{WRITTEN}"]),
        (mappings(scalars=("text",)), "{a: b, c: 5}", ["1:11 CF428 a number found where text is expected ('5')"]),
        (mappings(scalars=("text", "a number")), "{a: b, c: 5, '': [x], '  ': d}", ["1:14 CF433 a key is empty"]),
        (mappings(scalars=("text",), lists_only=True), "{}", []),
        (mappings(scalars=("text",), lists_only=True), "[a]", []),
        (mappings(scalars=("text",), lists_only=True), "{a: 5}", [
            "1:1 CF428 rancher-compose reads only a list here", "1:5 CF428 a number found where text is expected ('5')",
        ]),
        (mappings(scalars=("text", "nothing"), lists_only=False), "{a: ~}", []),
    ]  # fmt: skip


def test_lists_and_mappings_are_judged_item_by_item() -> None:
    for check, text, faults in _of_lists():
        assert told(check, text) == faults, text


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.NUMBER, "5|5.5|'5'|'-5'|+5", "five|''|[5]|~|true|'5.5'|'55555555555555555555'"),
        (checks.SIZE, "5|'5'|5k|5 Gb|1.5m|5PB|5.0|5b", "5x|''|.5m|5 k b|-5m|5.m|five|true|~"),
        (checks.DURATION, "5|1s|1m30s|1.5h|-1ms|+2us|2µs|'0'|.5s|10ns", "'5'|s|''|5 min|1m 30s|1d|~"),
        (checks.WHOLE, "5|-5|5.0|1e3", "5.5|'5'|true|~"),
        (checks.SCORE, "0|1000|-1000|1e3|5.0", "1001|-1001|1000.5|0.5|'5'|~"),
        (checks.TEXT, "a|''|'5'", "5|~|true|[a]|{a: b}"),
        (checks.TRUTH, "true|No|off", "'true'|1|~"),
        (checks.MAP, "{}|{a: b}", "[]|a|~"),
        (checks.LIST, "[]|[a]", "{}|a|~"),
        (checks.ENVIRONMENT, "[A=b]|{A: b, C: 5, D: ~}", "{A: true}|{A: [b]}|a"),
        (checks.LABELS, "[a=b]|{a: b}", "{a: 5}|{a: ~}|5"),
        (checks.RATES, "[a]|{a: b, c: 5, d: ~}", "{a: true}|5"),
        (checks.ONLY_LIST, "[a]|{}", "{a: b}|a"),
    ],
)
def test_what_a_check_takes_and_what_it_refuses(check: Check, good: str, bad: str) -> None:
    assert {text: bool(told(check, text)) for text in good.split("|")} == dict.fromkeys(good.split("|"), False)
    assert {text: bool(told(check, text)) for text in bad.split("|")} == dict.fromkeys(bad.split("|"), True)


PORTS = (
    "80|0|65535|80-90|80:80|80-90:80-90|80-90:80|1.2.3.4:80:80|1.2.3.4::80|::80|:80|80/tcp|80/UDP|80:80/udp|"
    "1.2.3.4:80-81:90-91|80-90-100:80"
)
NO_PORTS = (
    "|a|65536|80-|-80|90-80|80-90:80-91|80:80-90|80:80:80:80|1.2.3:80:80|a:80:80|80/icmp|80/|/tcp|80:|80:a|a:80|"
    "80 |1.2.3.4:80|65536:80|80:65536|1.2.3.4:80:80:80|[::1]:80:80|80/tcp/udp|٨٠|0x50"
)


@pytest.mark.parametrize("text", PORTS.split("|"))
def test_a_port_as_docker_reads_it(text: str) -> None:
    assert checks.is_port(text)


@pytest.mark.parametrize("text", NO_PORTS.split("|"))
def test_what_docker_does_not_take_for_a_port(text: str) -> None:
    assert not checks.is_port(text)


def test_a_list_of_ports_is_judged_item_by_item() -> None:
    assert told(checks.ports, "[80, '80', 99999, x, '80/x']") == [
        "1:19 CF429 'x' is not a port (write [ADDRESS:][PORT:]PORT, "
        "each PORT from 1 to 65535, optionally with /tcp or /udp at the end)",
        "1:22 CF429 '80/x' is not a port (write [ADDRESS:][PORT:]PORT, "
        "each PORT from 1 to 65535, optionally with /tcp or /udp at the end)",
    ]
    assert told(checks.ports, "[x, x]") == ["1:5 CF404 'x' is listed twice (remove one of the two)"]
    assert told(checks.ports, "80") == [f"1:1 CF428 a number found where a list is expected{WRITTEN}"]
    assert told(checks.ports, "{}") == ["1:1 CF428 a mapping found where a list is expected"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ""),
        ("", "the text is empty: rancher-compose cannot read it"),
        ("null", "the text is empty: rancher-compose cannot read it"),
        ("it's", "a quote (') is never closed"),
        ('say "x', 'a quote (") is never closed'),
        ("'a \"b' \"c 'd\"", ""),
        ("'a' 'b", "a quote (') is never closed"),
        ("a # it's", ""),
        ("a #it's\nb", ""),
        ("a #it's\nb 'c", "a quote (') is never closed"),
        ("# it's", ""),
        ("a#it's", "a quote (') is never closed"),
        ("''#it's", "a quote (') is never closed"),
        ("\\#it's", "a quote (') is never closed"),
        ("a\t# it's", ""),
        ("a\n# it's", ""),
        ("a\r# it's", ""),
        ("a \\", "it ends in a backslash"),
        ("a \\\\", ""),
        ("a \\'", ""),
        ("'a \\'", ""),
        ("'a \\' b'", "a quote (') is never closed"),
        ('"a \\" b"', ""),
        ('"a \\"', 'a quote (") is never closed'),
        ('"a \\', "it ends in a backslash"),
        ("'a # b'", ""),
        ("X'", "a quote (') is never closed"),
    ],
)
def test_the_words_of_a_command_are_closed(text: str, words: str) -> None:
    where = parsed("a").where
    assert checks.command(yamlio.Text(text, False, where, '"', ())) == words
    assert checks.command(parsed('["it\'s"]')) == ""
