"""What the writer says before it writes: which files differ and how, the diff to the byte, and every refusal to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.plan import File, Plan
from catalog_forge.writer import Comparison, Drift, Written, compare, is_current, recover, write
from tests.helpers import tree

NAME = "a-conf"
OLD = Plan(
    [
        File("images/a-conf/binary", b"\0old"),
        File("images/a-conf/changed", b"one\ntwo\n"),
        File("images/a-conf/gone", b"gone\n"),
        File("images/a-conf/gone.bin", b"\0gone"),
        File("images/a-conf/mode", b"x\n"),
        File("images/a-conf/same", b"same\n"),
        File("templates/a/0/README.md", b"zero\n"),
        File("templates/a/9/README.md", b"nine\n"),
        File("templates/a/9x/README.md", b"no revision\n"),
        File("templates/b/0/README.md", b"zero of b\n"),
    ]
)
NEW = Plan(
    [
        File("images/a-conf/binary", b"\0new"),
        File("images/a-conf/changed", b"one\nTWO"),
        File("images/a-conf/mode", b"x\n", 0o755),
        File("images/a-conf/new", b"new\n", 0o755),
        File("images/a-conf/new.bin", b"\0new"),
        File("images/a-conf/same", b"same\n"),
        File("specs/a-conf.yml", b"forge: 1\n"),
        File("templates/a/10/README.md", b"ten\n"),
    ]
)
DIFF = """\
diff --git a/images/a-conf/binary b/images/a-conf/binary
Binary files a/images/a-conf/binary and b/images/a-conf/binary differ
diff --git a/images/a-conf/changed b/images/a-conf/changed
--- a/images/a-conf/changed
+++ b/images/a-conf/changed
@@ -1,2 +1,2 @@
 one
-two
+TWO
\\ No newline at end of file
diff --git a/images/a-conf/gone b/images/a-conf/gone
deleted file mode 100644
--- a/images/a-conf/gone
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/images/a-conf/gone.bin b/images/a-conf/gone.bin
deleted file mode 100644
Binary files a/images/a-conf/gone.bin and /dev/null differ
diff --git a/images/a-conf/mode b/images/a-conf/mode
old mode 100644
new mode 100755
diff --git a/images/a-conf/new b/images/a-conf/new
new file mode 100755
--- /dev/null
+++ b/images/a-conf/new
@@ -0,0 +1 @@
+new
diff --git a/images/a-conf/new.bin b/images/a-conf/new.bin
new file mode 100644
Binary files /dev/null and b/images/a-conf/new.bin differ
diff --git a/specs/a-conf.yml b/specs/a-conf.yml
new file mode 100644
--- /dev/null
+++ b/specs/a-conf.yml
@@ -0,0 +1 @@
+forge: 1
diff --git a/templates/a/10/README.md b/templates/a/10/README.md
new file mode 100644
--- /dev/null
+++ b/templates/a/10/README.md
@@ -0,0 +1 @@
+ten
diff --git a/templates/a/9x/README.md b/templates/a/9x/README.md
deleted file mode 100644
--- a/templates/a/9x/README.md
+++ /dev/null
@@ -1 +0,0 @@
-no revision
diff --git a/templates/b/0/README.md b/templates/b/0/README.md
deleted file mode 100644
--- a/templates/b/0/README.md
+++ /dev/null
@@ -1 +0,0 @@
-zero of b
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalog with the old plan in it."""
    write(tmp_path, NAME, OLD, inputs="old")
    return tmp_path


def states(found: Comparison) -> dict[str, str]:
    return {path: state.value for path, state in found.states.items()}


def test_every_state_and_every_number(root: Path) -> None:
    found = compare(root, NAME, NEW)
    assert states(found) == {
        "images/a-conf/binary": "stale",
        "images/a-conf/changed": "stale",
        "images/a-conf/gone": "orphan",
        "images/a-conf/gone.bin": "orphan",
        "images/a-conf/mode": "stale",
        "images/a-conf/new": "missing",
        "images/a-conf/new.bin": "missing",
        "images/a-conf/same": "same",
        "specs/a-conf.yml": "missing",
        "templates/a/10/README.md": "missing",
        "templates/a/9x/README.md": "orphan",
        "templates/b/0/README.md": "orphan",
    }
    assert list(found.states) == sorted(found.states) == list(found.disk) == list(found.planned)
    removals = ("images/a-conf/gone", "images/a-conf/gone.bin", "templates/a/9x/README.md", "templates/b/0/README.md")
    assert (found.clean, found.edited, found.removals) == (False, (), removals)
    assert found.written == Written(created=4, changed=3, removed=4, unchanged=1)
    assert write(root, NAME, NEW) == found.written
    again = compare(root, NAME, NEW)
    assert (again.clean, set(states(again).values()), again.written) == (True, {"same"}, Written(0, 0, 0, 8))


def test_earlier_revisions_stay_and_leave_the_record(root: Path) -> None:
    write(root, NAME, NEW)
    assert (root / "templates/a/0/README.md").read_text() == "zero\n"
    assert (root / "templates/a/9/README.md").read_text() == "nine\n"
    write(root, NAME, Plan())
    assert (root / "templates/a/9/README.md").exists()
    assert (root / "templates/a/10").exists(), "an entry with earlier, published revisions keeps all of its files"


def test_a_later_revision_than_the_planned_one_is_an_orphan(root: Path) -> None:
    found = compare(root, NAME, Plan([File("templates/a/9/README.md", b"nine\n"), File("templates/c/12/README.md", b"")]))
    assert states(found)["templates/b/0/README.md"] == "orphan"
    assert "templates/a/0/README.md" not in found.states
    found = compare(root, NAME, Plan([File("templates/a/0/README.md", b"zero\n")]))
    assert states(found)["templates/a/9/README.md"] == "orphan"


def test_the_diff_to_the_byte(root: Path) -> None:
    assert compare(root, NAME, NEW).diff() == DIFF


def test_the_diff_of_a_link_says_what_it_is(root: Path) -> None:
    (root / "images/a-conf/same").unlink()
    (root / "images/a-conf/same").symlink_to("elsewhere")
    found = compare(root, NAME, Plan([File("images/a-conf/same", b"same\n")]))
    head = "diff --git a/images/a-conf/same b/images/a-conf/same\nold mode 120000\nnew mode 100644\n--- a/images/a-conf/same\n"
    assert head in found.diff()
    assert "-elsewhere\n\\ No newline at end of file\n+same\n" in found.diff()


def test_what_is_in_the_way_is_said_file_by_file_with_one_hint(root: Path) -> None:
    tree(root, {"images/a-conf/changed": "mine\n", "images/a-conf/gone": "mine\n", "images/a-conf/new": "mine\n"})
    found = compare(root, NAME, NEW)
    assert found.edited == ("images/a-conf/changed", "images/a-conf/gone", "images/a-conf/new")
    assert found.states["images/a-conf/gone"] is Drift.EDITED
    with pytest.raises(ForgeError) as caught:
        write(root, NAME, NEW)
    assert str(caught.value) == (
        "images/a-conf/changed: this file was edited after it was generated\n"
        "images/a-conf/gone: this file was edited after it was generated\n"
        "images/a-conf/new: this file is in the way: it was not generated\n"
        "  hint: nothing was written; --diff shows what would change, and --force overwrites the file"
    )
    assert (root / "images/a-conf/changed").read_text() == "mine\n"
    assert not (root / "specs").exists()


def test_a_file_and_a_folder_of_one_name_are_refused(root: Path) -> None:
    for act in (compare, write):
        with pytest.raises(ForgeError) as caught:
            act(root, NAME, Plan([File("images/a-conf/z", b""), File("images/a-conf/z/y", b"")]))
        assert str(caught.value) == "images/a-conf/z: the plan has both a file and a folder of this name"


@pytest.mark.parametrize("content", ["[1]", '{"inputs": "", "files": {"specs/a-conf.yml": "0"}}', '{"inputs": ""}', "\xff"])
def test_a_damaged_manifest_is_told_with_what_to_do(root: Path, content: str) -> None:
    manifest = "images/a-conf/.catalog-forge.json"
    tree(root, {manifest: content.encode("latin-1")})
    for act in (lambda: compare(root, NAME, NEW), lambda: is_current(root, NAME, "old"), lambda: write(root, NAME, NEW)):
        with pytest.raises(ForgeError) as caught:
            act()
        wanted = f"{manifest}: the manifest is damaged\n  hint: delete it; `generate --diff` then shows what differs"
        assert str(caught.value) == wanted


def test_the_manifest_to_the_byte(tmp_path: Path) -> None:
    plan = Plan([File("images/a-conf/x", b"x"), File("specs/a-conf.yml", b"s"), File("templates/a/0/y", b"y", 0o755)])
    write(tmp_path, NAME, plan, inputs="of these")
    x, y = plan["images/a-conf/x"].digest, plan["templates/a/0/y"].digest
    assert (tmp_path / "images/a-conf/.catalog-forge.json").read_text() == (
        f'{{\n "inputs": "of these",\n "files": {{\n  "images/a-conf/x": "{x}",\n  "templates/a/0/y": "{y}"\n }}\n}}\n'
    )
    write(tmp_path, NAME, plan, inputs="of others")
    assert is_current(tmp_path, NAME, "of others") and not is_current(tmp_path, NAME, "of these")
    write(tmp_path, NAME, Plan([plan["specs/a-conf.yml"]]))
    assert not (tmp_path / "images").exists() or not list((tmp_path / "images").iterdir())
    assert not is_current(tmp_path, NAME, "of others")
    recover(tmp_path)


def test_no_inputs_are_none(tmp_path: Path) -> None:
    write(tmp_path, NAME, Plan([File("images/a-conf/x", b"x")]))
    assert is_current(tmp_path, NAME, "")
