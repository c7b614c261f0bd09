"""Results that go into a file."""

from __future__ import annotations

from pathlib import Path

from catalog_forge.cli.shown import outfile


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
