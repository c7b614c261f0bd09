"""What counts of what a conf container says when its store was away, or not filled yet."""

from __future__ import annotations

from typing import Any, cast

import pytest

from catalog_forge.metadata.service.wire import Request
from catalog_forge.verify.witnesses import Heard, Said, error_in, problem_in
from tests.verify.specs import subject_of

START = "2026-11-29T17:59:31Z web-1 confd[70]: "
AWAY = f"{START}ERROR dial tcp 10.0.0.2:6379: connect: connection refused"
BROKEN = f"{START}ERROR EOF"
MENDED = f"{START}ERROR Existing redis connection no longer usable. Will try to re-establish. Error: use of closed connection"
READ = f"{START}INFO Target config /etc/site.conf out of sync"
ENDED = "web-conf: confd ended with status 1, and is started again"
WRITTEN = "web-conf: every file is written"
OF_THE_SPEC = [
    f'{START}ERROR template: site.tmpl:1:2: executing "site.tmpl" at <getv "/a">: error calling getv: key does not exist: /a',
    f"{START}ERROR Config check failed: exit status 1",
]


class Log:
    """A container that has said these lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def logs(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


class Conf:
    """What is heard of a conf container."""

    def __init__(self, back: int | None = 0) -> None:
        self.log = Log()
        self.said = Said(cast(Any, self.log), back)

    def says(self, *lines: str) -> list[str]:
        """Let it say something, and return the errors that count in this moment."""
        self.log.lines += lines
        self.said.listen()
        return [error for line in self.said.counting if (error := error_in(line, "web-conf"))]


def test_what_is_said_before_a_store_is_filled_does_not_count() -> None:
    conf = Conf()
    assert conf.says("web-conf: waiting for redis at store:6379: connection refused", "web-conf: missing: /app/a") == []
    assert problem_in(conf.said.lines, "web-conf") == "web-conf: missing: /app/a"
    assert conf.says(WRITTEN) == []
    assert problem_in(conf.said.lines, "web-conf") == ""
    assert len(conf.says(AWAY)) == 1


def test_a_store_that_was_away_counts_again_when_it_has_been_read() -> None:
    conf = Conf()
    conf.says(WRITTEN)
    conf.said.turn()
    conf.says(AWAY)
    conf.said.back = len(conf.said.lines)
    assert conf.says(AWAY, ENDED) == []
    assert problem_in(conf.said.lines, "web-conf") == ""
    conf.said.turn()
    assert conf.says(BROKEN, READ) == []
    assert conf.says(BROKEN) == [BROKEN.partition("ERROR ")[2]]


@pytest.mark.parametrize("line", OF_THE_SPEC)
def test_an_error_of_the_spec_counts_though_the_store_was_away(line: str) -> None:
    conf = Conf()
    assert conf.says(AWAY, line) == [line.partition("ERROR ")[2]]


def test_without_a_store_every_error_counts() -> None:
    assert len(Conf(None).says(AWAY, BROKEN)) == 2


def test_a_connection_that_confd_makes_anew_is_not_an_error() -> None:
    assert Conf(None).says(MENDED, AWAY) == [AWAY.partition("ERROR ")[2]]


def test_who_has_waited_for_the_next_version_is_counted_also_between_two_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, now = Heard(subject_of()), 100.0
    monkeypatch.setattr("catalog_forge.verify.witnesses.time.monotonic", lambda: now)

    def ask(version: str) -> None:
        heard.note(Request("GET", "/latest/version", f"wait=true&value={version}&maxWait=10", {}, "10.42.1.11"))

    for _ in range(2):
        ask("7")
    assert (heard.waiting(frozenset("7"), 0), heard.waited(frozenset("7"), 0)) == (2, 2)
    now = 111.0
    ask("7")
    assert (heard.waiting(frozenset("7"), 0), heard.waited(frozenset("7"), 0)) == (1, 2)
    assert heard.waited(frozenset("8"), 0) == 0
    assert heard.waited(frozenset("7"), 105) == 1
