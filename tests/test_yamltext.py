"""Edits of YAML as an author wrote it: each changes what it names, and no other byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.yamltext import Document, Edits, Entry, Piece

TEXT = """\
# A file of an author.
a:   1  # in columns
m: { x: 'one',   y: two }   # in braces

# about the list
l:
  # the first
  - name: p   # inline
    v: |
      text
        more

  - name: q
    v: "quoted"
last: [1, 2]
"""


def entry(document: Document, path: str) -> tuple[Piece, Entry]:
    """The collection and the entry of a path."""
    parent, found = document.root.value, document.root
    for part in path.split("/"):
        parent, found = found.value, found.value.entries[part]
    return parent, found


def replaced(text: str, path: str, other: str) -> str:
    document, source = Document(text), Document(f"k: {other}\n")
    edits = Edits(document)
    edits.replace(entry(document, path)[1], source, entry(source, "k")[1])
    return edits.text()


@pytest.mark.parametrize(
    ("path", "other", "old", "new"),
    [
        ("a", "2", "a:   1  #", "a:   2  #"),
        ("a", "{b: 1}", "a:   1  #", "a:   {b: 1}  #"),
        ("a", "\n  b: 1\n  c: 2", "a:   1  # in columns\n", "a:  # in columns\n  b: 1\n  c: 2\n"),
        ("a", "|\n  b\n", "a:   1  # in columns\n", "a: |  # in columns\n  b\n"),
        ("m/x", '"two"', "'one'", '"two"'),
        ("m/y", "\n  - 1\n  - b: 'c'", "two", "[1, {b: 'c'}]"),
        ("m/y", "a, b", "two", "'a, b'"),
        ("l/0/v", "x", "|\n      text\n        more", "x"),
        ("l/1/v", ">\n  folded\n  text", '"quoted"', ">\n      folded\n      text"),
        ("l/1", "\n  name: z\n  w: 1", '- name: q\n    v: "quoted"', "- \n    name: z\n    w: 1"),
        ("last/0", "9", "[1, 2]", "[9, 2]"),
    ],
)
def test_a_value_is_replaced_by_one_of_another_file(path: str, other: str, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert replaced(TEXT, path, other) == TEXT.replace(old, new)
    data = yamlio.load(TEXT, "")
    parent, parts = data, path.split("/")
    for part in parts[:-1]:
        parent = parent[int(part) if isinstance(parent, list) else part]
    parent[int(parts[-1]) if isinstance(parent, list) else parts[-1]] = yamlio.load(f"k: {other}\n", "")["k"]
    assert yamlio.load(replaced(TEXT, path, other), "") == data


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("a", "# A file of an author.\na:   1  # in columns\n"),
        ("m/x", "x: 'one',   "),
        ("m/y", ",   y: two"),
        ("l", TEXT[TEXT.index("\n# about the list") : TEXT.index("last")]),
        ("l/0", TEXT[TEXT.index("  # the first") : TEXT.index("\n  - name: q")]),
        ("l/1", '\n  - name: q\n    v: "quoted"\n'),
        ("l/0/name", "name: p   # inline\n    "),
        ("l/0/v", "    v: |\n      text\n        more\n"),
        ("last/1", ", 2"),
    ],
)
def test_an_entry_goes_with_the_comments_right_above_it(path: str, gone: str) -> None:
    document = Document(TEXT)
    edits = Edits(document)
    edits.remove(*entry(document, path))
    assert TEXT.count(gone) == 1
    assert edits.text() in (TEXT.replace(gone, ""), TEXT.replace(gone, "\n"))
    yamlio.load(edits.text(), "")


@pytest.mark.parametrize(
    ("after", "other", "at", "new"),
    [
        ("a", "# about n\nn: 'new'\n", "m: {", "# about n\nn: 'new'\nm: {"),
        ("m/x", "new:\n  b: 1\n", ",   y: two", ", new: {b: 1},   y: two"),
        ("l/0/name", "n: [1]\n", "    v: |", "    n: [1]\n    v: |"),
        ("l/0/v", "n:\n- x\n- y\n", "\n  - name: q", "    n:\n    - x\n    - y\n\n  - name: q"),
        ("last", "n: 1\n", "last: [1, 2]\n", "last: [1, 2]\nn: 1\n"),
    ],
)
def test_an_entry_comes_in_after_another_with_its_comments(after: str, other: str, at: str, new: str) -> None:
    document, source = Document(TEXT), Document(other)
    parent, before = entry(document, after)
    edits = Edits(document)
    edits.insert(parent, before, source, next(iter(source.root.value.entries.values())))
    assert TEXT.count(at) == 1
    assert edits.text() == TEXT.replace(at, new)
    yamlio.load(edits.text(), "")


@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_the_mark_at_the_beginning_stay(breaks: str, bom: str) -> None:
    text = bom + TEXT.replace("\n", breaks)
    assert replaced(text, "m/y", "three") == text.replace("two", "three")


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: &x 1\nb: *x\n", "[", "[" * 200, "", "a: b: c"])
def test_what_is_not_read_is_not_edited(text: str) -> None:
    with pytest.raises(ForgeError):
        Document(text)


SCALARS = st.one_of(st.integers(-9, 9), st.booleans(), st.none(), st.text("ab:#'\"\n -", max_size=6))
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from("abcd"), DATA, min_size=1), DATA, st.data())
def test_any_value_of_any_file_can_be_replaced(data: dict[str, object], value: object, draw: st.DataObject) -> None:
    text = yamlio.dump(data)
    key = draw.draw(st.sampled_from(sorted(data)))
    document, source = Document(text), Document(yamlio.dump({"k": value}))
    assert json.dumps(document.root.value.data) == json.dumps(data)
    edits = Edits(document)
    edits.replace(document.root.value.entries[key], source, source.root.value.entries["k"])
    assert yamlio.load(edits.text(), "") == {**data, key: value}
