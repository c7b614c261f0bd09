"""Results that go into a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog_forge.cli.shown import outfile
from catalog_forge.errors import ForgeError
from tests.helpers import tree


def test_a_file_keeps_its_mode_and_a_new_one_gets_that_of_the_umask(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    for mode in (0o600, 0o640, 0o755):
        file = tmp_path / "file"
        file.touch()
        file.chmod(mode)
        outfile.write(file, "text")
        assert (file.stat().st_mode & 0o777, file.read_text()) == (mode, "text")
    outfile.write(tmp_path / "new", "text")
    assert (tmp_path / "new").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(("text", "old", "written"), [
    ("<!doctype html>", "name: Web\n", False), ("<!doctype html>", "<!doctype html><p>old", True), ("<svg/>", "\n <svg/>", True),
    ("{}", "", True), ("{}", "\ufeff{}", True), ("[]", "FROM x\n", False), ("{}", "a\xff", False),
    ("plain text", "name: Web\n", True),
])  # fmt: skip
def test_a_page_or_data_replaces_only_its_like(tmp_path: Path, text: str, old: str, written: bool) -> None:
    (tmp_path / "elsewhere").write_text(old)
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    if written:
        outfile.write(tmp_path / "out", text)
    else:
        with pytest.raises(ForgeError, match="has other content: nothing was written"):
            outfile.write(tmp_path / "out", text)
    assert (tmp_path / "elsewhere").read_text() == (text if written else old)


@pytest.mark.parametrize("path", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_an_open_file_keeps_what_it_holds(path: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    tree(tmp_path, {"templates/web/0/docker-compose.yml": "web: {image: x}\n"})
    log = tmp_path / "log"
    log.write_text("first\n")
    before = log.stat().st_ino
    with log.open("a") as file:
        for form in ("text", "json"):
            command = [sys.executable, "-m", "catalog_forge", "lint", "--format", form, "-o", path]
            subprocess.run(command, cwd=tmp_path, stdout=file, stderr=subprocess.DEVNULL, check=False)
        os.write(file.fileno(), b"last\n")
    text = log.read_text()
    assert log.stat().st_ino == before and text.startswith("first\n") and text.endswith("}\nlast\n"), text
