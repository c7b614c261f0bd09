"""What Go decodes: merge keys count where they stand, null is null, a scalar as text is its value."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.goyaml import decoding
from catalog_forge.yamlio import Map, Node, Seq, Text


def parsed(text: str) -> Map:
    node = yamlio.parse_lenient(text, "a.yml").node
    assert isinstance(node, Map)
    return node


def values(text: str, key: str) -> dict[str, str]:
    return {name: decoding.text_of(node) for name, node in decoding.pairs(decoding.pairs(parsed(text))[key]).items()}


BASE = "a: &a {x: of a, y: of a}\nb: &b {x: of b, z: of b}\n"


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ("{x: own, <<: *a}", {"x": "of a", "y": "of a"}),
        ("{<<: *a, x: own}", {"x": "own", "y": "of a"}),
        ("{<<: [*a, *b]}", {"x": "of a", "y": "of a", "z": "of b"}),
        ("{<<: [*b, *a, *b]}", {"x": "of b", "y": "of a", "z": "of b"}),
        ("{'<<': plain, x: own}", {"<<": "plain", "x": "own"}),
        ("{x: one, x: two}", {"x": "two"}),
    ],
)
def test_a_merge_key_counts_where_it_stands(service: str, wanted: dict[str, str]) -> None:
    assert values(f"{BASE}web: {service}\n", "web") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1.10", "1.1"), ("010", "8"), ("yes", "true"), ("'yes'", "yes"), ("1e3", "1000"), ("~", ""), ("a", "a"), ("0x1f", "31")],
)
def test_a_scalar_as_text_is_its_value(text: str, wanted: str) -> None:
    assert decoding.text_of(parsed(f"a: {text}").pairs[0][1]) == wanted


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_is_what_was_written_bare(text: str) -> None:
    node: Node = parsed(f"a: {text}").pairs[0][1]
    assert decoding.is_null(node)
    assert decoding.is_null(None)
    assert not decoding.is_null(parsed(f"a: '{text}'").pairs[0][1])


@pytest.mark.parametrize(
    ("text", "raw", "is_text", "printed"),
    [
        ("a", "a", True, "a"),
        ("'5'", "5", True, "5"),
        ("''", "", True, ""),
        ("'~'", "~", True, "~"),
        ("'yes'", "yes", True, "yes"),
        ("|\n  a\n  b", "a\nb", True, "a\nb"),
        ("5", "5", False, "5"),
        ("010", "010", False, "8"),
        ("yes", "yes", False, "true"),
        ("Off", "Off", False, "false"),
        ("1.50", "1.50", False, "1.5"),
        ("1e30", "1e30", False, "1e+30"),
        ("~", "", False, "None"),
    ],
)
def test_a_scalar_is_written_as_it_stands_or_as_its_value(text: str, raw: str, is_text: bool, printed: str) -> None:
    node = parsed(f"a: {text}").pairs[0][1]
    assert isinstance(node, Text)
    assert (decoding.raw(node), decoding.is_text(node), decoding.printed(node)) == (raw, is_text, printed)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""), ("'~'", "~"), ("0o17", "15"), ("1.0", "1"), ("100000.0", "100000"), ("1000000.0", "1e+06"),
        ("1.23456789", "1.2345679"),
        (".inf", ".inf"), ("-.Inf", "-.inf"), (".NaN", ".nan"), ("no", "false"), ("off", "false"), ("18446744073709551615",) * 2,
        ("1_000", "1000"), ("2017-01-01", "2017-01-01"), ("12:30:45", "12:30:45"), ("'a b'", "a b"),
    ],
)  # fmt: skip
def test_a_value_becomes_text_as_go_yaml_writes_it(text: str, wanted: str) -> None:
    assert decoding.text_of(parsed(f"a: {text}").pairs[0][1]) == wanted


@pytest.mark.parametrize("text", ["[a]", "{a: b}"])
def test_lists_and_mappings_are_not_text(text: str) -> None:
    node = parsed(f"a: {text}").pairs[0][1]
    assert (decoding.text_of(node), decoding.raw(node), decoding.is_text(node), decoding.is_null(node)) == ("", "", False, False)
    assert (decoding.text_of(None), decoding.raw(None), decoding.is_text(None)) == ("", "", False)


def test_only_a_mapping_has_pairs() -> None:
    assert decoding.pairs(None) == {}
    assert decoding.pairs(parsed("a: [b]").pairs[0][1]) == {}
    assert decoding.pairs(parsed("a: b").pairs[0][1]) == {}


def test_a_merge_inside_a_merge_is_merged_first() -> None:
    text = "a: &a {x: of a, y: of a}\nb: &b {x: of b, <<: *a, z: of b}\nweb: {<<: *b, z: own}"
    assert values(text, "web") == {"x": "of a", "y": "of a", "z": "own"}
    assert values("web: {x: own, <<: [text, {y: z}]}", "web") == {"x": "own", "y": "z"}


def test_of_a_key_that_stands_twice_the_last_place_counts() -> None:
    ((key, node),) = decoding.merged(parsed("{x: one, <<: {x: two}}").pairs)
    assert (str(key.where), str(node.where)) == ("a.yml:1:15", "a.yml:1:18")


def merge_faults(text: str) -> list[str]:
    return [f"{problem.where}: {problem.message}" for problem in decoding.broken_merges(parsed(text))]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("<<: 5", ["1:1"]),
        ("<<: ~", ["1:1"]),
        ("<<: [{a: b}, c]", ["1:1"]),
        ("<<: [[{a: b}]]", ["1:1"]),
        ("<<: {a: b}", []),
        ("<<: [{a: b}, {c: d}]", []),
        ("<<: []", []),
        ("'<<': 5", []),
        ("a: {b: {<<: 5}}", ["1:9"]),
        ("a: [{<<: 5}, [{<<: x}]]", ["1:6", "1:16"]),
        ("a: &a {<<: 5}\nb: *a\nc: *a", ["1:8"]),
        ("a: b\n<<: {c: {<<: x}}", ["2:10"]),
        ("<<: 5\na: {<<: 6}", ["1:1", "2:5"]),
    ],
)
def test_a_merge_key_without_a_mapping_is_a_fault_wherever_it_stands(text: str, places: list[str]) -> None:
    message = "a merge key (<<) takes a mapping or a list of mappings"
    assert sorted(merge_faults(text)) == sorted(f"a.yml:{place}: {message}" for place in places)


def grown(levels: int) -> Map:
    """A document whose every line holds the one before ten times."""
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return parsed("\n".join(lines))


def test_what_aliases_make_too_large_is_not_judged() -> None:
    assert not [*decoding.too_large(grown(4))]
    assert not [*decoding.too_large(None)]
    assert [f"{problem.where}: {problem.message}" for problem in decoding.too_large(grown(5))] == [
        "a.yml:1:1: the document is too large to be checked"
    ]


@pytest.mark.parametrize("items", [decoding.MAX_NODES - 3, decoding.MAX_NODES - 2])
def test_the_bound_counts_every_value_once_for_each_place(items: int) -> None:
    where = Where("a.yml", 1, 1)
    item = Text("x", True, where, "", ())
    root = Map(((item, Seq((item,) * items, where)),), where)
    assert bool([*decoding.too_large(root)]) is (items + 2 > decoding.MAX_NODES)


def test_scalars_are_rewritten_keys_stay_and_merge_keys_are_written_out() -> None:
    node = parsed("{a: x, <<: {b: y, a: z}, c: [x, {d: y}]}")
    made = decoding.rewritten(node, lambda text: Text(text.value * 2, False, text.where, "", ()))
    assert yamlio.to_data(made) == {"a": "zz", "b": "yy", "c": ["xx", {"d": "yy"}]}


def test_the_fields_of_many_merged_mappings_are_read_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of untrusted people may merge thousands of mappings, so the entries of none may be copied again and again."""
    sizes: list[int] = []
    merged = decoding.merged

    def counted(pairs: decoding.Pairs) -> decoding.Pairs:
        sizes.append(len(pairs))
        return merged(pairs)

    monkeypatch.setattr(decoding, "merged", counted)
    many = 300
    found = decoding.fields(parsed(f"<<: [{', '.join(f'{{services: {{s{each}: {{image: a}}}}}}' for each in range(many))}]\n"))
    services = found["services"]
    assert isinstance(services, Map) and len(services.pairs) == many
    assert sum(sizes) <= 3 * many
