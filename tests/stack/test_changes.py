"""What a plan says of a stack that is there."""

from __future__ import annotations

from dataclasses import replace

from catalog_forge.stack.changes import changes, lines
from catalog_forge.stack.model import HealthCheck, Launch, Link, Service, Stack

WEB = Service(Launch("web", "nginx:1", environment={"A": "1"}), (Launch("side", "s:1"),), scale=2, metadata={"port": 80})
STACK = Stack("s", (WEB,))


def said(after: Service, secrets: tuple[str, ...] = ()) -> list[str]:
    return list(lines(changes(STACK, Stack("s", (after,), secrets=secrets))))


def test_what_comes_and_what_goes() -> None:
    other = Service(Launch("db", "d"))
    assert list(lines(changes(STACK, Stack("s", (other,))))) == [
        "+ db (1 unit)",
        "- web (2 units)",
        "1 to add, 0 to change, 1 to remove",
    ]
    assert list(lines(changes(None, STACK)))[0] == "+ web (2 units)"
    assert list(lines(changes(STACK, STACK))) == ["nothing changes"]


def test_scale_metadata_and_health_checks_replace_no_unit_and_everything_else_does() -> None:
    kept = replace(WEB, scale=3, metadata={"port": 81}, health_check=HealthCheck(80))
    assert said(kept)[0] == "~ web (3 units)" and "    metadata.port: 80 -> 81" in said(kept)
    for after in (
        replace(WEB, primary=replace(WEB.primary, image="nginx:2")),
        replace(WEB, primary=replace(WEB.primary, environment={})),
        replace(WEB, sidekicks=(replace(WEB.sidekicks[0], command=("a",)),)),
        replace(WEB, links=(Link("a", "b"),)),
    ):
        assert said(after)[0] == "~ web (2 units, replaced one after the other)"
    assert said(replace(WEB, sidekicks=()))[1:3] == ["    side.image: s:1 -> (none)", "    side.name: side -> (none)"]


def test_secrets_are_hidden_and_nothing_steers_the_terminal() -> None:
    after = replace(WEB, primary=replace(WEB.primary, environment={"A": "a hush b", "B": "\x1b[31m"}))
    text = "\n".join(said(after, ("hush",)))
    assert "hush" not in text and "environment.A: 1 -> ***" in text and "\x1b" not in text
