"""Three versions of a file into one: what is kept of each, and that nothing both changed is decided in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog_forge import yamlio
from catalog_forge.blueprint.merging import merge

LABELS = ("yours", "blueprint 1", "blueprint 2")
BASE = """\
# The head of the file.
forge: 1
name: web-conf   # in columns

service: {name: web, image: 'nginx:1'}
metadata:
  port: {type: int, default: 80}

  # who reads this
  colour:
    default: "red"
files:
# the first file
- dest: /etc/a
  body:
  - set: {port: "@{metadata/port}"}
  - text: |
      one
- dest: /etc/b
  body: [{file: b}]
"""


def both(ours: dict[str, str], theirs: dict[str, str]) -> tuple[str, str]:
    texts = []
    for changed in (ours, theirs):
        text = BASE
        for old, new in changed.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        texts.append(text)
    return texts[0], texts[1]


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        # in one line, which git calls a conflict
        ({"default: 80": "default: 81"}, {"int, ": "int, label: P, "}, {"default: 80": "label: P, default: 81"}),
        ({"nginx:1": "nginx:2"}, {"name: web,": "name: front,"}, {"web, image: 'nginx:1'": "front, image: 'nginx:2'"}),
        # beside comments and quotes of ours
        ({"# who reads this": "# mine"}, {'"red"': "blue"}, {"# who reads this": "# mine", '"red"': "blue"}),
        ({"80}": "80}  # mine"}, {"default: 80": "default: 8080"}, {"default: 80}": "default: 8080}  # mine"}),
        # entries that come, and go with their comments
        (
            {"80}\n": "80}\n  mine: {}\n"},
            {"80}\n": "80}\n  # theirs\n  their: 'x'\n"},
            {"80}\n": "80}\n  # theirs\n  their: 'x'\n  mine: {}\n"},
        ),
        (
            {"- dest: /etc/b\n": "- dest: /etc/b\n  # mine\n  mode: '0600'\n"},
            {"# the first file\n- dest: /etc/a\n": "- dest: /etc/n\n  body: []\n# the first file\n- dest: /etc/a\n"},
            {
                "# the first file\n- dest: /etc/a\n": "- dest: /etc/n\n  body: []\n# the first file\n- dest: /etc/a\n",
                "- dest: /etc/b\n": "- dest: /etc/b\n  # mine\n  mode: '0600'\n",
            },
        ),
        (
            {"/etc/b": "/etc/b\n  mode: '0600'"},
            {"    one\n": "    two\n"},
            {"    one\n": "    two\n", "/etc/b": "/etc/b\n  mode: '0600'"},
        ),
        # what the blueprint says in a comment comes along, where nothing stands against it
        ({"nginx:1": "nginx:2"}, {"the first": "the 1st"}, {"nginx:1": "nginx:2", "the first": "the 1st"}),
        # in one line with what the author changed, above and below it, within a record; what both say stays the author's
        ({"80}": "81}"}, {"80}": "80}  # theirs"}, {"80}": "81}  # theirs"}),
        ({'"red"': '"blue"'}, {"  # who reads this\n": "  # theirs\n  # in two lines\n"},
         {'"red"': '"blue"', "  # who reads this\n": "  # theirs\n  # in two lines\n"}),
        ({"  colour:\n": "  colour:\n    label: C\n"}, {"  colour:\n": "  colour:  # theirs\n"},
         {"  colour:\n": "  colour:  # theirs\n    label: C\n"}),
        ({"name: web-conf   # in columns": "name: my-conf   # in columns"}, {"# in columns": "# theirs"},
         {"name: web-conf   # in columns": "name: my-conf   # theirs"}),
        ({"name: web-conf   # in columns": "name: my-conf   # mine"}, {"# in columns": "# theirs", "1'}": "2'}"},
         {"name: web-conf   # in columns": "name: my-conf   # mine", "1'}": "2'}"}),
        ({"name: web-conf   # in columns": "name: my-conf   # in columns"}, {"name: web-conf   # in columns": "name: web-conf"},
         {"name: web-conf   # in columns": "name: my-conf"}),
        ({"/etc/a\n": "/srv/a\n"}, {"# the first file\n": "# theirs\n", "/etc/b\n": "/etc/b  # theirs\n"},
         {"/etc/a\n": "/srv/a\n", "# the first file\n": "# theirs\n", "/etc/b\n": "/etc/b  # theirs\n"}),
    ],
)  # fmt: skip
def test_what_only_one_changed_is_taken(ours: dict[str, str], theirs: dict[str, str], wanted: dict[str, str]) -> None:
    mine, their = both(ours, theirs)
    merged = merge(BASE, mine, their, LABELS, is_yaml=True)
    assert merged.clashes == ()
    assert merged.text == both(wanted, {})[0]


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "line"),
    [
        ({"default: 80": "default: 81"}, {"default: 80": "default: 82"}, "metadata/port/default", 7),
        ({"80}": "80}\n  new: 1"}, {"80}": "80}\n  new: 2"}, "metadata/new", 8),
        ({"  # who reads this\n  colour:\n    default: \"red\"\n": ""}, {'"red"': "blue"}, "metadata/colour", 7),
        ({'"red"': "blue"}, {"  # who reads this\n  colour:\n    default: \"red\"\n": ""}, "metadata/colour", 10),
        ({"      one\n": "      mine\n"}, {"      one\n": "      theirs\n"}, "files/0/body/1/text", 17),
        ({"file: b": "file: c"}, {"file: b": "file: d"}, "files/1/body/0/file", 20),
    ],
)  # fmt: skip
def test_what_both_changed_is_shown_with_both_sides_and_between_marks(
    ours: dict[str, str], theirs: dict[str, str], path: str, line: int
) -> None:
    mine, their = both(ours, theirs)
    merged = merge(BASE, mine, their, LABELS, is_yaml=True)
    assert merged.text == mine
    (clash,) = merged.clashes
    assert (clash.path, clash.line) == (path, line)
    assert clash.ours != clash.theirs
    assert [merged.marked.count(f"\n{mark} ") for mark in ("<<<<<<< yours", "||||||| blueprint", ">>>>>>> blueprint")] == [
        0,
        1,
        1,
    ]
    assert merged.marked.count("<<<<<<< yours\n") == 1


def test_a_comment_of_the_blueprint_stands_in_a_file_with_conflicts_too() -> None:
    mine, their = both({"80}": "81}", "nginx:1": "nginx:2"}, {"80}": "82}", "nginx:1'}": "nginx:1'}  # theirs"})
    merged = merge(BASE, mine, their, LABELS, is_yaml=True)
    assert [(clash.path, clash.line) for clash in merged.clashes] == [("metadata/port/default", 7)]
    assert (merged.text, "nginx:2'}  # theirs\n" in merged.marked) == (mine, True)


@pytest.mark.parametrize("theirs", ["a\nx\nc\n", "", "a\n"])
def test_other_files_go_by_line(theirs: str) -> None:
    assert merge("a\nb\nc\n", "a\nb\nc\nd\n", "0\na\nb\nc\n", LABELS, is_yaml=False).text == "0\na\nb\nc\nd\n"
    (clash,) = merge("a\nb\nc\n", "a\nB\nc\n", theirs, LABELS, is_yaml=False).clashes
    assert clash.ours is not None
    assert "B" in clash.ours


def test_a_catalog_whose_repository_is_broken_merges_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").write_text("gitdir: /none/here\n")
    monkeypatch.chdir(tmp_path)
    assert merge("a\nb\n", "a\nb\nc\n", "0\na\nb\n", LABELS, is_yaml=False).text == "0\na\nb\nc\n"


SCALARS = st.integers(0, 3) | st.sampled_from(["x", "y: #", ""])
NAMES = st.sampled_from("abcde")
DATA = st.recursive(SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=8)
FILES = st.dictionaries(NAMES, DATA, min_size=1, max_size=5)


def wanted(base: object, ours: object, theirs: object) -> tuple[object, bool]:
    """The merge of data, written without a text: None is for what is not there. Tells whether both changed the same thing."""
    if same(theirs, base) or same(ours, theirs):
        return ours, False
    if isinstance(base, dict) and isinstance(ours, dict) and isinstance(theirs, dict) and is_kept(base, ours, theirs):
        merged, clash = {}, False
        for key in dict.fromkeys([*ours, *theirs, *base]):
            merged[key], below = wanted(base.get(key), ours.get(key), theirs.get(key))
            clash |= below
        return {key: value for key, value in merged.items() if value is not None}, clash
    return (theirs, False) if same(ours, base) else (ours, True)


def is_kept(base: dict[str, object], ours: dict[str, object], theirs: dict[str, object]) -> bool:
    """Whether a merge by key keeps an entry of ours. If it would remove them all, the author decides: it is a conflict."""
    return any(key in theirs or not same(base.get(key), value) for key, value in ours.items())


def same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def written(data: object, who: str) -> str:
    """Data as YAML, with a comment above each key of the top."""
    return "".join(f"# {who} {key}\n{yamlio.dump({key: value})}" for key, value in data.items()) if isinstance(data, dict) else ""


@given(FILES, FILES, FILES)
@example({"a": {}, "b": {}}, {"a": {}}, {"b": {}})
@example({"a": 0, "b": 0}, {"a": 0}, {"b": 0, "c": 1})
# what theirs adds comes behind an entry whose last line goes
@example({"a": 0, "c": {"a": {}}}, {"a": 0, "c": {"b": 0, "a": {}}, "b": 0}, {"a": 0, "c": {}, "d": 0})
@example({"a": 0, "c": {"a": {}}, "b": 0}, {"a": 0, "c": {"b": 0, "a": {}}, "b": 1}, {"a": 0, "c": {}, "d": 0})
def test_any_three_files_merge_as_their_data_does(
    base: dict[str, object], ours: dict[str, object], theirs: dict[str, object]
) -> None:
    data, clash = wanted(base, ours, theirs)
    text = written(ours, "mine")
    merged = merge(written(base, "old"), text, written(theirs, "new"), LABELS, is_yaml=True)
    assert bool(merged.clashes) == clash
    if not clash:
        assert same(yamlio.load(merged.text, ""), data)
    kept = {
        line for line in text.splitlines() if line.startswith("# mine") and line[7:] in (data if isinstance(data, dict) else {})
    }
    assert kept <= {*merged.text.splitlines()}


ITEMS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)
RECORDS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2)), unique_by=lambda pair: pair[0], max_size=6)


@given(ITEMS, ITEMS, ITEMS)
def test_of_lists_nothing_that_one_added_is_lost_and_nothing_that_one_removed_comes_back(
    base: list[str], ours: list[str], theirs: list[str]
) -> None:
    merged = merge(*(yamlio.dump({"l": side, "k": 1}) for side in (base, ours, theirs)), LABELS, is_yaml=True)
    if merged.clashes:
        assert ours != theirs
        assert base not in (ours, theirs)
        return
    found = yamlio.load(merged.text, "")["l"]
    wanted = ({*ours} | {*theirs}) - ({*base} - {*ours}) - ({*base} - {*theirs})
    assert sorted(found) == sorted(wanted)
    if ours == base or theirs == base:
        assert found == (theirs if ours == base else ours)


@pytest.mark.parametrize("theirs", ["- text: a\n- set: {p: 2}\n- text: z\n", "- text: a\n- text: z\n- set: {p: 2}\n"])
def test_an_item_that_one_removed_and_the_other_may_have_changed_does_not_come_back(theirs: str) -> None:
    merged = merge("- text: a\n- set: {p: 1}\n", "- text: a\n", theirs, LABELS, is_yaml=True)
    assert (merged.text, len(merged.clashes)) == ("- text: a\n", 1)


@given(RECORDS, RECORDS, RECORDS)
@example([("a", 0), ("c", 0)], [("a", 0), ("b", 0)], [("a", 0), ("b", 1)])
@example([("e", 0), ("f", 0), ("a", 1), ("d", 1)], [("a", 1), ("c", 0)], [("d", 1), ("b", 0), ("e", 1)])
@example([("a", 0), ("c", 0), ("e", 0)], [("a", 0), ("b", 0), ("f", 0)], [("a", 0), ("b", 1), ("g", 0)])
def test_records_of_lists_merge_by_their_names(
    base: list[tuple[str, int]], ours: list[tuple[str, int]], theirs: list[tuple[str, int]]
) -> None:
    sides = [[{"dest": name, "v": value} for name, value in side] for side in (base, ours, theirs)]
    merged = merge(*(yamlio.dump({"files": side, "k": 1}) for side in sides), LABELS, is_yaml=True)
    if merged.clashes:
        assert sides[0] not in sides[1:]
        return
    found = {each["dest"]: each["v"] for each in yamlio.load(merged.text, "")["files"]}
    old, mine, their = (dict(side) for side in (base, ours, theirs))
    for name in {*old, *mine, *their}:
        if mine.get(name) == old.get(name) or mine.get(name) == their.get(name):
            assert found.get(name) == their.get(name)
        elif their.get(name) == old.get(name):
            assert found.get(name) == mine.get(name)
        else:
            raise AssertionError(f"both changed {name}, in silence")
