"""What the writer promises: all or nothing, whenever it dies, and never over somebody's work."""

from __future__ import annotations

import itertools
import json
import os
import resource
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalog_forge import journal
from catalog_forge.errors import ForgeError
from catalog_forge.plan import File, Plan
from catalog_forge.writer import Drift, Written, compare, is_current, recover, tidy, write, write_all
from tests.helpers import PATIENCE, tree
from tests.kills import copies, dies_at, end, start

NAME = "web-conf"
DOCKERFILE = "images/web-conf/Dockerfile"
RUN = "images/web-conf/run.sh"
COMPOSE = "templates/web/0/docker-compose.yml"
MANIFEST = "images/web-conf/.catalog-forge.json"
OLD = Plan(
    [
        File(DOCKERFILE, b"FROM old\n"),
        File(RUN, b"#!/bin/sh\n"),
        File("images/web-conf/conf.d/a.toml", b"same\n"),
        File("images/web-conf/gone/deep/b.toml", b"gone\n"),
        File(COMPOSE, b"version: '2'\n"),
    ]
)
NEW = Plan(
    [
        File(DOCKERFILE, b"FROM new\n"),
        File(RUN, b"#!/bin/sh\n", 0o755),
        File("images/web-conf/conf.d/a.toml", b"same\n"),
        File("images/web-conf/fresh/deep/c.toml", b"fresh\n"),
        File(COMPOSE, b"version: '2'\nservices: {}\n"),
        File("templates/web/catalogIcon-web.png", b"\x89PNG\0\xff"),
    ]
)
Snapshot = dict[str, tuple[int, bytes]]


def snapshot(root: Path) -> Snapshot:
    """Every file and folder below `root`, but for the scratch folder: mode and content."""
    found = {}
    for path in root.rglob("*"):
        if path.relative_to(root).parts[0] != journal.SCRATCH:
            content = b"" if path.is_dir() or path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(root))] = (path.lstat().st_mode, content)
    return found


def changed(plan: Plan, path: str, content: bytes) -> Plan:
    return Plan(File(file.path, content if file.path == path else file.content, file.mode) for file in plan)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalog with the old plan in it."""
    catalog = tree(tmp_path / "catalog", {"specs/web-conf.yml": "forge: 1\n", "images/README": "the author's\n"})
    write(catalog, NAME, OLD, inputs="old")
    return catalog


# --- drift ----------------------------------------------------------------------------------------------------------


def test_first_write_creates_every_file_and_the_second_does_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, NAME, OLD, inputs="1") == Written(created=5, changed=0, removed=0, unchanged=0)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in [*(file.path for file in OLD), MANIFEST]}
    assert write(tmp_path, NAME, OLD, inputs="1") == Written(created=0, changed=0, removed=0, unchanged=5)
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in before} == before
    assert compare(tmp_path, NAME, OLD).clean


def test_each_kind_of_drift_is_told_apart(root: Path) -> None:
    tree(root, {DOCKERFILE: "FROM mine\n", "images/web-conf/fresh/deep/c.toml": "mine\n"})
    (root / "images/web-conf/conf.d/a.toml").unlink()
    found = compare(root, NAME, NEW)
    assert found.states == {
        DOCKERFILE: Drift.EDITED,
        RUN: Drift.STALE,
        COMPOSE: Drift.STALE,
        "images/web-conf/conf.d/a.toml": Drift.MISSING,
        "images/web-conf/fresh/deep/c.toml": Drift.UNKNOWN,
        "images/web-conf/gone/deep/b.toml": Drift.ORPHAN,
        "templates/web/catalogIcon-web.png": Drift.MISSING,
    }
    assert found.edited == (DOCKERFILE, "images/web-conf/fresh/deep/c.toml")
    assert not found.clean
    assert compare(root, NAME, OLD).states[RUN] is Drift.SAME


def test_change_updates_creates_and_removes_with_emptied_folders(root: Path) -> None:
    assert write(root, NAME, NEW) == Written(created=2, changed=3, removed=1, unchanged=1)
    assert compare(root, NAME, NEW).clean
    assert not (root / "images/web-conf/gone").exists()
    assert (root / "images/README").read_text() == "the author's\n"


def test_empty_plan_removes_all_that_was_generated_and_nothing_else(root: Path) -> None:
    assert write(root, NAME, Plan()).removed == len(OLD)
    assert {path for path, (mode, _) in snapshot(root).items() if stat.S_ISREG(mode)} == {
        "specs/web-conf.yml",
        "images/README",
    }
    assert (root / "templates").is_dir(), "a room stays when it is empty"


def test_edit_that_equals_the_plan_is_no_drift(root: Path) -> None:
    tree(root, {DOCKERFILE: "FROM new\n"})
    assert compare(root, NAME, NEW).states[DOCKERFILE] is Drift.SAME


def test_orphan_that_is_gone_already_is_forgotten(root: Path) -> None:
    (root / "images/web-conf/gone/deep/b.toml").unlink()
    assert write(root, NAME, NEW).removed == 0
    assert "images/web-conf/gone/deep/b.toml" not in compare(root, NAME, NEW).states


def test_umask_is_no_drift_but_the_execute_bit_is(root: Path) -> None:
    write(root, NAME, NEW)
    (root / DOCKERFILE).chmod(0o664)
    (root / RUN).chmod(0o700)
    assert compare(root, NAME, NEW).clean
    (root / RUN).chmod(0o644)
    assert compare(root, NAME, NEW).edited == (RUN,)


def test_files_of_two_specs_that_meet_are_refused(root: Path) -> None:
    with pytest.raises(ForgeError, match="not generated"):
        write(root, "other-conf", Plan([File(COMPOSE, b"other\n")]))


# --- somebody's work -------------------------------------------------------------------------------------------------


def test_edited_files_are_all_named_and_nothing_is_written(root: Path) -> None:
    orphan = "images/web-conf/gone/deep/b.toml"
    tree(root, {DOCKERFILE: "FROM mine\n", orphan: "mine\n", "images/web-conf/fresh/deep/c.toml": "mine\n"})
    before = snapshot(root)
    with pytest.raises(ForgeError) as caught:
        write(root, NAME, NEW)
    assert caught.value.exit_code == 1
    text = str(caught.value)
    assert all(path in text for path in (DOCKERFILE, orphan, "images/web-conf/fresh/deep/c.toml"))
    assert RUN not in text
    assert text.count("hint:") == 1
    assert "--diff" in text
    assert "--force" in text
    assert snapshot(root) == before


def test_force_overwrites_and_deletes_what_was_edited(root: Path) -> None:
    tree(root, {DOCKERFILE: "FROM mine\n", "images/web-conf/gone/deep/b.toml": "mine\n"})
    assert write(root, NAME, NEW, force=True) == Written(created=2, changed=3, removed=1, unchanged=1)
    assert compare(root, NAME, NEW).clean


def test_file_of_the_author_is_written_once_and_never_owned(root: Path) -> None:
    spec = "specs/fresh-conf.yml"
    write(root, "fresh-conf", Plan([File(spec, b"forge: 1\n"), File("images/fresh-conf/Dockerfile", b"FROM a\n")]))
    write(root, "fresh-conf", Plan([File("images/fresh-conf/Dockerfile", b"FROM a\n")]))
    assert (root / spec).read_text() == "forge: 1\n"
    with pytest.raises(ForgeError, match="specs/fresh-conf.yml: this file is in the way"):
        write(root, "fresh-conf", Plan([File(spec, b"forge: 1\nname: other\n")]))


# --- is_current ------------------------------------------------------------------------------------------------------


def test_current_means_same_inputs_and_untouched_files(root: Path) -> None:
    assert is_current(root, NAME, "old")
    assert not is_current(root, NAME, "newer")
    assert not is_current(root, "other-conf", "")


@pytest.mark.parametrize("touch", [lambda path: path.write_text("FROM 0ld\n"), Path.unlink, lambda path: path.chmod(0o755)])
def test_edited_deleted_or_executable_file_is_not_current(root: Path, touch: Callable[[Path], object]) -> None:
    touch(root / DOCKERFILE)
    assert not is_current(root, NAME, "old")


def test_manifest_is_one_small_file_with_digests_only(root: Path) -> None:
    data = json.loads((root / MANIFEST).read_text())
    assert data == {"inputs": "old", "files": {file.path: file.digest for file in OLD}}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<<<<<<< HEAD\n",
        "[]",
        '{"inputs": "", "files": 3}',
        '{"inputs": "", "files": {"../../etc/passwd": "0"}}',
        '{"inputs": "", "files": {"specs/web-conf.yml": "0"}}',
        '{"inputs": "", "files": {}, "more": 1}',
    ],
)
def test_damaged_or_hostile_manifest_is_refused(root: Path, content: str) -> None:
    tree(root, {MANIFEST: content})
    with pytest.raises(ForgeError, match="manifest is damaged"):
        write(root, NAME, Plan(), force=True)
    assert (root / "specs/web-conf.yml").exists()


@pytest.mark.parametrize("name", ["../x", "/etc", "", ".."])
def test_name_that_leaves_the_catalog_is_refused(root: Path, name: str) -> None:
    with pytest.raises(ForgeError, match="unsafe path"):
        write(root, name, NEW)


# --- diff ------------------------------------------------------------------------------------------------------------


def test_diff_turns_the_disk_into_the_plan_when_git_applies_it(root: Path) -> None:
    tree(root, {DOCKERFILE: "FROM mine, without a line feed at the end"})
    text_only = Plan(file for file in NEW if not file.path.endswith(".png"))
    diff = compare(root, NAME, text_only).diff()
    subprocess.run(["git", "apply", "-"], cwd=root, input=diff.encode(), check=True)
    assert compare(root, NAME, text_only).edited == ()
    assert compare(root, NAME, text_only).diff() == ""


@pytest.mark.parametrize("content", [b"\x89PNG\xff", b"text\0"])
def test_diff_names_binary_files_only(root: Path, content: bytes) -> None:
    diff = compare(root, NAME, changed(NEW, DOCKERFILE, content)).diff()
    assert f"Binary files a/{DOCKERFILE} and b/{DOCKERFILE} differ\n" in diff
    assert "FROM old" not in diff


def test_diff_of_a_clean_tree_is_empty(root: Path) -> None:
    assert compare(root, NAME, OLD).diff() == ""


# --- kill -9 ---------------------------------------------------------------------------------------------------------


def settled(root: Path) -> Snapshot:
    """The tree that the next command finds; the scratch folder must have nothing left in it."""
    recover(root)
    assert {path.name for path in root.glob(f"{journal.SCRATCH}/*")} <= {".gitignore"}
    return snapshot(root)


@pytest.mark.parametrize("before", [Plan(), OLD], ids=["first", "change"])
def test_kill_at_any_operation_leaves_the_old_tree_or_the_new_one(tmp_path: Path, before: Plan) -> None:
    original = tree(tmp_path / "original", {"images/README": "the author's\n"})
    write(original, NAME, before)
    old = snapshot(original)
    plan = Plan([*NEW, File("specs/web-conf.yml", b"forge: 1\n")])
    seen = []
    for number, copy in copies(original, tmp_path):
        died = dies_at(number, lambda where=copy: write(where, NAME, plan, inputs="new"))
        seen.append(settled(copy))
        if not died:
            break
    new = seen[-1]
    assert new[DOCKERFILE][1] == b"FROM new\n"
    assert len(seen) > 40
    assert [tree for tree in seen if tree not in (old, new)] == []
    assert seen.index(new) not in (0, len(seen) - 1), "the commit point lies in the middle"
    assert all(tree == new for tree in seen[seen.index(new) :])


def test_plans_of_several_specs_are_written_together_or_not_at_all(root: Path, tmp_path: Path) -> None:
    old = snapshot(root)
    plans = [(NAME, NEW, "new"), ("other-conf", Plan([File("images/other-conf/Dockerfile", b"FROM other\n")]), "other")]
    seen = []
    for number, copy in copies(root, tmp_path):
        died = dies_at(number, lambda where=copy: write_all(where, plans))
        seen.append(settled(copy))
        if not died:
            break
    new = seen[-1]
    assert "images/other-conf/.catalog-forge.json" in new
    assert [tree for tree in seen if tree not in (old, new)] == []
    tree(root, {"images/other-conf/Dockerfile": "mine\n"})
    edited = snapshot(root)
    with pytest.raises(ForgeError, match="other-conf/Dockerfile"):
        write_all(root, plans)
    assert settled(root) == edited


def test_recovery_that_is_killed_again_and_again_still_ends_in_one_of_the_two(root: Path, tmp_path: Path) -> None:
    old = snapshot(root)
    ends = []
    for number, copy in copies(root, tmp_path):
        died = dies_at(number, lambda where=copy: write(where, NAME, NEW))
        if number % 5 == 0 or not died:
            for deaths in itertools.count(1):
                if not dies_at(deaths, lambda where=copy: recover(where)):
                    break
            ends.append(settled(copy))
        if not died:
            break
    assert len(ends) > 8
    assert all(end in (old, ends[-1]) for end in ends)


def test_journal_that_was_cut_at_any_byte_is_discarded(root: Path, tmp_path: Path) -> None:
    old = snapshot(root)
    for number, copy in copies(root, tmp_path):
        assert dies_at(number, lambda where=copy: write(where, NAME, NEW))
        begun = copy / journal.SCRATCH / "journal.json"
        if begun.exists() and begun.stat().st_size:
            text = begun.read_text()
            break
    for length in range(len(text)):
        tree(root, {f"{journal.SCRATCH}/journal.json": text[:length]})
        assert settled(root) == old


@pytest.mark.parametrize("look", [compare, is_current, write])
def test_every_command_recovers_first(root: Path, tmp_path: Path, look: Callable[..., object]) -> None:
    for number, copy in copies(root, tmp_path):
        assert dies_at(number, lambda where=copy: write(where, NAME, NEW, inputs="new"))
        if (copy / journal.SCRATCH / "committed.json").exists():
            assert look(copy, NAME, "new" if look is is_current else NEW)
            assert compare(copy, NAME, NEW).clean
            break


@pytest.mark.parametrize(
    "content", ["{}\n", "[]\n", '{"files": [], "removals": ["../x"], "folders": []}\n', '{"files": 1}\n', "\0\n"]
)
def test_hostile_journal_is_refused(root: Path, content: str) -> None:
    victim = tree(root.parent, {"x": "mine"}) / "x"
    tree(root, {f"{journal.SCRATCH}/committed.json": content})
    with pytest.raises(ForgeError, match="journal is damaged"):
        recover(root)
    assert victim.read_text() == "mine"


def test_hostile_journal_that_passes_through_a_link_is_refused(root: Path) -> None:
    victim = tree(root.parent, {"outside/x": "mine"}) / "outside/x"
    (root / "images/link").symlink_to(victim.parent)
    tree(root, {f"{journal.SCRATCH}/committed.json": asking(root, removals=["images/link/x"])})
    with pytest.raises(ForgeError, match="symbolic link"):
        recover(root)
    assert victim.read_text() == "mine"


def asking(root: Path, **lists: list[str]) -> str:
    """A journal of a stranger who knows everything about the folder."""
    return json.dumps({"files": [], "removals": [], "folders": [], "root": root.stat().st_ino, **lists}) + "\n"


@pytest.mark.parametrize("name", ["committed.json", "journal.json"])
@pytest.mark.parametrize(
    "lists",
    [
        {"removals": [".git/HEAD"]},
        {"removals": ["notes.txt"]},
        {"removals": ["specs/web-conf.yml"]},
        {"removals": ["catalog-forge.yml"]},
        {"removals": ["images/.git/config"]},
        {"removals": ["images/../notes.txt"]},
        {"files": [".git/hooks/pre-commit"]},
        {"files": ["specs/.hidden/x"]},
        {"folders": [".github"]},
        {"folders": ["images/web-conf", ".git"]},
    ],
)
def test_a_journal_that_asks_for_more_than_we_write_is_refused(root: Path, name: str, lists: dict[str, list[str]]) -> None:
    mine = ".git/HEAD", "notes.txt", "specs/web-conf.yml", "catalog-forge.yml", "images/.git/config", "specs/.hidden/x"
    staged = ".git/hooks/.catalog-forge.0.tmp", "specs/.hidden/.catalog-forge.0.tmp", ".catalog-forge/0.tmp"
    tree(root, dict.fromkeys((*mine, *staged), "mine"))
    before = snapshot(root)
    tree(root, {f"{journal.SCRATCH}/{name}": asking(root, **lists)})
    with pytest.raises(ForgeError, match="damaged" if ".." in str(lists) else "never writes or deletes"):
        recover(root)
    (root / journal.SCRATCH / name).unlink()
    assert snapshot(root) == before


def test_a_journal_that_came_with_a_copy_is_not_followed(root: Path) -> None:
    victim = tree(root, {"images/web-conf/mine": "mine"}) / "images/web-conf/mine"
    text = asking(root.parent, removals=["images/web-conf/mine"])
    tree(root, {f"{journal.SCRATCH}/committed.json": text})
    with pytest.raises(ForgeError, match="not written in this folder"):
        recover(root)
    assert victim.read_text() == "mine"


def test_no_writer_may_ask_for_more_either(root: Path) -> None:
    before = snapshot(root)
    with journal.locked(root), pytest.raises(ForgeError, match="never writes or deletes this path"):
        journal.change(root, [], ["notes.txt"])
    assert snapshot(root) == before


# --- two writers -----------------------------------------------------------------------------------------------------


def test_writers_take_turns(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LOCK_SECONDS", PATIENCE)  # whose turn it is next is not said
    plans = [changed(NEW, DOCKERFILE, f"FROM {number}\n".encode()) for number in range(4)]

    def keep_writing(plan: Plan) -> None:
        for _ in range(10):
            write(root, NAME, plan)
            write(root, NAME, OLD)
        write(root, NAME, plan)

    children = [start(lambda plan=plan: keep_writing(plan)) for plan in plans]
    assert [end(*child) for child in children] == [(0, "")] * len(plans)
    assert [compare(root, NAME, plan).clean for plan in plans].count(True) == 1


def test_writer_waits_for_another_one_then_gives_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with journal.locked(root):
        waiting = threading.Event()
        monkeypatch.setattr(journal.time, "sleep", lambda _: waiting.set())
        second = threading.Thread(target=write, args=(root, NAME, NEW))
        second.start()
        assert waiting.wait(PATIENCE)
        assert second.is_alive()
    second.join()
    assert compare(root, NAME, NEW).clean
    monkeypatch.setattr(journal, "LOCK_SECONDS", 0.1)
    with journal.locked(root), pytest.raises(ForgeError, match="another command"):
        write(root, NAME, OLD)


def test_what_a_row_of_writes_leaves_is_tidied_in_the_end(root: Path) -> None:
    write(root, NAME, NEW, leave=True)
    assert [path.name for path in (root / journal.SCRATCH).iterdir()] == [".gitignore"]
    write(root, NAME, OLD)
    assert not (root / journal.SCRATCH).exists(), "somebody else tidied in between"
    write(root, NAME, NEW, leave=True)
    with journal.locked(root, leave=True):
        tidy(root)
        assert (root / journal.SCRATCH).exists(), "somebody else is writing"
    tidy(root)
    assert not (root / journal.SCRATCH).exists()
    tidy(root)
    assert compare(root, NAME, NEW).clean


# --- links, folders, modes, full and read-only -----------------------------------------------------------------------


@pytest.mark.parametrize("link", ["images", "images/web-conf", "templates/web/0", ".catalog-forge"])
def test_folder_that_is_a_link_is_refused(tmp_path: Path, link: str) -> None:
    outside = tree(tmp_path / "outside", {"keep": "mine"})
    catalog = tmp_path / "catalog"
    (catalog / link).parent.mkdir(parents=True)
    (catalog / link).symlink_to(outside)
    with pytest.raises(ForgeError, match="symbolic link"):
        write(catalog, NAME, NEW, force=True)
    assert snapshot(outside).keys() == {"keep"}
    assert not (catalog / DOCKERFILE).exists()


def test_file_that_is_a_link_counts_as_edited_and_force_replaces_the_link_itself(root: Path) -> None:
    victim = tree(root.parent, {"victim": "FROM old\n"}) / "victim"
    (root / DOCKERFILE).unlink()
    (root / DOCKERFILE).symlink_to(victim)
    assert compare(root, NAME, OLD).edited == (DOCKERFILE,)
    assert "old mode 120000" in compare(root, NAME, OLD).diff()
    assert not is_current(root, NAME, "old")
    write(root, NAME, NEW, force=True)
    assert victim.read_text() == "FROM old\n"
    assert not (root / DOCKERFILE).is_symlink()


@pytest.mark.parametrize("name", [".gitignore", "journal.json"])
def test_link_in_the_scratch_folder_is_not_followed(tmp_path: Path, name: str) -> None:
    victim = tree(tmp_path, {"victim": "mine"}) / "victim"
    scratch = tmp_path / "catalog" / journal.SCRATCH
    scratch.mkdir(parents=True)
    (scratch / name).symlink_to(victim)
    write(tmp_path / "catalog", NAME, NEW)
    assert victim.read_text() == "mine"


def test_link_in_the_place_of_a_staged_file_is_not_followed(root: Path) -> None:
    victim = tree(root.parent, {"victim": "mine"}) / "victim"
    (root / journal.SCRATCH).mkdir()
    (root / journal.SCRATCH / "0.tmp").symlink_to(victim)
    with pytest.raises(ForgeError, match="File exists"):
        write(root, NAME, NEW)
    assert victim.read_text() == "mine"
    write(root, NAME, NEW)


def test_folder_or_pipe_where_a_file_is_due_is_refused_even_with_force(root: Path) -> None:
    (root / DOCKERFILE).unlink()
    (root / DOCKERFILE).mkdir()
    with pytest.raises(ForgeError, match="there is a folder"):
        write(root, NAME, NEW, force=True)
    (root / DOCKERFILE).rmdir()
    os.mkfifo(root / DOCKERFILE)
    with pytest.raises(ForgeError, match="device or pipe"):
        write(root, NAME, NEW, force=True)


def test_file_where_a_folder_is_due_is_refused(root: Path) -> None:
    tree(root, {"images/web-conf/fresh": "a file"})
    before = snapshot(root)
    with pytest.raises(ForgeError, match="images/web-conf/fresh: a folder is expected here, but there is a file"):
        write(root, NAME, NEW)
    assert snapshot(root) == before


def test_plan_with_a_file_and_a_folder_of_one_name_is_refused(root: Path) -> None:
    before = snapshot(root)
    with pytest.raises(ForgeError):
        write(root, NAME, Plan([*OLD, File("images/web-conf/z", b""), File("images/web-conf/z/z", b"")]))
    assert snapshot(root) == before


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_modes_are_exact_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path, NAME, NEW)
    finally:
        os.umask(before)
    assert {file.path: stat.S_IMODE((tmp_path / file.path).stat().st_mode) for file in NEW} == {
        file.path: file.mode for file in NEW
    }


def test_name_that_is_too_long_for_the_disk_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="File name too long"):
        write(tmp_path, "x" * 300, Plan([File("images/" + "x" * 300, b"")]))


def test_missing_catalog_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="No such file or directory"):
        write(tmp_path / "nowhere", NAME, NEW)


@pytest.mark.parametrize("folder", ["templates/web/0", "templates/web", "images/web-conf/gone/deep", "."])
def test_read_only_folder_is_an_error_and_nothing_is_written(root: Path, folder: str) -> None:
    before = snapshot(root)
    as_nobody = os.geteuid() == 0
    for path in [root, *root.rglob("*")] if as_nobody else []:
        os.chown(path, 65534, 65534)
    (root / folder).chmod(0o555)

    def attempt() -> None:
        os.chdir(root)
        if as_nobody:
            os.setuid(65534)
        write(Path(), NAME, NEW)

    ended, text = end(*start(attempt))
    (root / folder).chmod(0o755)
    assert ended == 0
    assert "Permission denied" in text or "do not allow" in text
    assert snapshot(root) == before


def test_file_that_does_not_fit_is_an_error_and_nothing_is_written(root: Path) -> None:
    before = snapshot(root)

    def attempt() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        write(root, NAME, changed(NEW, COMPOSE, b"x" * 30_000))

    assert "File too large" in end(*start(attempt))[1]
    assert snapshot(root) == before


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Put a small disk in the place of `folder`."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    result = subprocess.run(mount, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"no small disk: {result.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@only_root
def test_full_disk_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=128k"):
        write(disk, NAME, OLD)
        before = snapshot(disk)
        with pytest.raises(ForgeError, match="No space left on device"):
            write(disk, NAME, changed(NEW, COMPOSE, b"x" * 200_000))
        assert snapshot(disk) == before
        write(disk, NAME, NEW)
        assert compare(disk, NAME, NEW).clean


@only_root
def test_read_only_disk_below_the_catalog_is_an_error_and_nothing_is_written(root: Path) -> None:
    with mounted(root / "templates/web", "size=64k,ro"):
        before = snapshot(root)
        with pytest.raises(ForgeError, match="Read-only file system"):
            write(root, NAME, NEW)
        assert settled(root) == before


@only_root
def test_a_folder_on_another_disk_is_written_as_well(root: Path) -> None:
    with mounted(root / "images", "size=256k"):
        write(root, NAME, NEW, force=True)
        assert compare(root, NAME, NEW).clean
        assert not [*root.rglob("*.tmp"), *root.rglob("*.probe")]
