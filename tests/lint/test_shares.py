"""Work in several processes: nothing is lost, an error comes back, and no process stays behind."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import processes as shares
from catalog_forge.lint.runner.registry import expand
from catalog_forge.lint.runner.run import Choice, run
from tests.lint.trees import SOUND, tree


def test_all_shares_are_done_each_in_a_process_of_its_own() -> None:
    made = shares.each(["a", "b", "c"], lambda share: [(share, os.getpid())])
    assert [share for share, _ in made] == ["a", "b", "c"]
    assert len({process for _, process in made}) == 3 and made[0][1] == os.getpid()


def test_much_more_than_a_pipe_holds_arrives() -> None:
    assert sum(shares.each([1, 2], lambda share: [share] * 300_000)) == 900_000


@pytest.mark.parametrize("wrong", ["a", "b"])
def test_an_error_in_any_process_is_raised_here(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[int] = []

    def fork(fork: Callable[[], int] = os.fork) -> int:
        children.append(fork())
        return children[-1]

    def work(share: str) -> list[str]:
        if share == wrong:
            raise ValueError(f"{share} is wrong")
        return [share] * 100_000

    monkeypatch.setattr(os, "fork", fork)
    with pytest.raises(ValueError, match=f"{wrong} is wrong"):
        shares.each(["a", "b"], work)
    assert len(children) == 1
    with pytest.raises(ChildProcessError):
        os.waitpid(children[0], os.WNOHANG)


def test_two_processes_find_what_one_finds() -> None:
    entry = {path: text for path, text in SOUND.items() if path.startswith("templates/web/") and "Icon" not in path}
    many = {path.replace("/web/", f"/web{number}/"): text for number in range(50) for path, text in entry.items()}
    choice = Choice(expand(("all",)))
    one, two = (run(Catalog(tree(many)), choice, jobs=jobs) for jobs in (1, 2))
    assert len(one) >= 50 and two == one
