"""Commands that are killed, at each of their operations on files: the next command of any kind finds all of it, or nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge import journal
from catalog_forge.cli.main import root
from tests.helpers import tree
from tests.kills import copies, dies_at
from tests.test_writer import snapshot

CONFIG = "--config /usr/local/etc/redis/redis.conf"
WORDS = f"--service redis:3.2.11 {CONFIG} --reload restart --metadata port --no-input --no-build".split()
TWO_TO_MEND = {
    "config.yml": "name: Web\ndescription: It serves.\nversion: 1.10\ncategory: Web\n",
    "0/docker-compose.yml": "version: '2'\nservices:\n  web:\n    image: nginx:1.27.3\n",
    "0/rancher-compose.yml": "version: '2'\ncatalog:\n  name: Web\n  version: 1.10\n",
}
# Each of them only reads, or fails because there is nothing: but it heals first.
NEXT = (["generate", "--check"], ["lint"], ["spec", "show", "redis-conf"], ["render", "redis-conf"], ["up", "redis", "--plan"])


def quiet(folder: Path, words: Sequence[str]) -> None:
    CliRunner().invoke(root, ["-C", str(folder), *words])


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"notes": "mine\n"}, ["new", "redis-conf", *WORDS]),
        ({f"templates/web{number}/{path}": text for number in range(3) for path, text in TWO_TO_MEND.items()}, ["lint", "--fix"]),
    ],
    ids=["new", "lint --fix"],
)
def test_the_next_command_heals_what_a_killed_one_left(tmp_path: Path, before: dict[str, str], words: list[str]) -> None:
    original = tree(tmp_path / "original", before)
    quiet(original, words)  # everything is imported, and imports are no operations that count
    original = tree(tmp_path / "fresh", before)
    old = snapshot(original)
    ends = []
    for number, copy in copies(original, tmp_path):
        died = dies_at(number, lambda where=copy: quiet(where, words))
        quiet(copy, NEXT[number % len(NEXT)])
        ends.append(snapshot(copy))
        assert {path.name for path in copy.rglob(f"{journal.SCRATCH}/*")} <= {".gitignore"}
        assert not [*copy.rglob("*.tmp")]
        if not died:
            break
    new = ends[-1]
    assert new != old
    assert [number for number, found in enumerate(ends, 1) if found not in (old, new)] == []
    assert ends.index(new) not in (0, len(ends) - 1), "the commit point lies in the middle"


def test_git_takes_nothing_of_a_write_that_was_killed(tmp_path: Path) -> None:
    original = tree(tmp_path / "original", {"notes": "mine\n"})
    subprocess.run(["git", "init", "-q"], cwd=original, check=True)
    words = ["new", "redis-conf", *WORDS]
    quiet(tree(tmp_path / "first", {"notes": ""}), words)
    planned = _listed(tree(tmp_path / "second", {"notes": ""}), words)
    for number, copy in copies(original, tmp_path):
        died = dies_at(number, lambda where=copy: quiet(where, words))
        subprocess.run(["git", "add", "-A"], cwd=copy, check=True)
        found = subprocess.run(["git", "ls-files"], cwd=copy, check=True, capture_output=True, text=True).stdout.split()
        # Its own ignore file is the one thing that can be seen: between its making and its line.
        assert {*found} <= {"notes", f"{journal.SCRATCH}/.gitignore", *planned}, number
        if not died:
            break


def _listed(folder: Path, words: Sequence[str]) -> list[str]:
    quiet(folder, words)
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def test_fixes_leave_nothing_but_what_they_mend(tmp_path: Path) -> None:
    catalog = tree(tmp_path / "catalog", {f"templates/web/{path}": text for path, text in TWO_TO_MEND.items()})
    before = snapshot(catalog)
    for words in (["lint", "--fix"], ["lint", "--fix", "templates/web"]):
        quiet(catalog, words)
        assert not [*catalog.rglob(f"{journal.SCRATCH}*")]
    assert snapshot(catalog).keys() == before.keys()
    assert snapshot(catalog) != before
