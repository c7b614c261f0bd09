"""The build context: one tar that depends on the files alone."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from catalog_forge.image import context
from catalog_forge.plan import EXECUTABLE, File, Plan
from tests.helpers import tree

FILES = {"Dockerfile": "FROM scratch\n", "conf.d/b.toml": "b", "conf.d/a.toml": "a", "x" * 60 + "/" + "y" * 60: "long"}


def _from_folder(root: Path) -> Plan:
    files = [path for path in root.rglob("*") if path.is_file()]
    return Plan(File(path.relative_to(root).as_posix(), path.read_bytes()) for path in files)


def test_two_folders_with_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    one = tree(tmp_path / "one", FILES)
    two = tree(tmp_path / "two", dict(reversed(FILES.items())))
    (two / "Dockerfile").touch()
    assert context.tar(_from_folder(one)) == context.tar(_from_folder(two))


def test_a_changed_mode_changes_the_bytes() -> None:
    plain, executable = (context.tar(Plan([File("run.sh", b"#!/bin/sh\n", mode)])) for mode in (0o644, EXECUTABLE))
    assert plain != executable


def test_entries_are_sorted_files_without_time_and_owner_that_keep_mode_and_content() -> None:
    plan = Plan([File("b/run.sh", b"run", EXECUTABLE), File("a", b"\0\xff")])
    with tarfile.open(fileobj=io.BytesIO(context.tar(plan))) as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == ["a", "b/run.sh"]
        assert {(m.isfile(), m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(True, 0, 0, 0, "", "")}
        assert [member.mode for member in members] == [0o644, 0o755]
        content = archive.extractfile("a")
        assert content is not None and content.read() == b"\0\xff"
