"""A scenario as a timeline: what its moments change, and what is said of one that cannot be played."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.preview.site import Site
from catalog_forge.preview.timeline import AROUND, near, timeline
from tests.helpers import tree

START = "services: {web: {scale: 2, metadata: {port: 80, title: a, token: sesame}}}\n"


def played(catalog: Path, text: str, name: str = "one") -> dict[str, object]:
    tree(catalog, {"specs/web-conf/scenarios/one.yml": START + text})
    return timeline(Site(catalog).opened("templates/web"), name)


def test_a_moment_has_its_changes_and_the_files_that_differ_from_the_moment_before(catalog: Path) -> None:
    found = played(catalog, "then: [{set: {title: b}}, {stop: 2}, {set: {token: other}}]\n")
    start, changed, stopped, secret = found["moments"]  # type: ignore[misc]
    assert found["outcome"] == "passed"
    assert [file["dest"] for file in start["files"]] == ["/etc/web/secret.conf", "/etc/web/web.conf"]
    assert changed["changes"] == ["title set"]
    (file,) = changed["files"]
    assert ("-", "title = a") in file["lines"] and ("+", "title = b") in file["lines"]
    assert changed["reloads"] == ["restart"]
    assert stopped["units"] == [{"name": "web", "scale": 2, "marks": {2: "stopped"}}]
    assert [file["dest"] for file in secret["files"]] == ["/etc/web/secret.conf"]
    assert "sesame" not in str(found) and "other" not in str(secret["files"])


def test_what_is_not_as_expected_is_said_at_its_moment(catalog: Path) -> None:
    found = played(catalog, "then: [{set: {title: b}, expect: {files: {web.conf: {contains: [nothing]}}}}]\n")
    start, changed = found["moments"]  # type: ignore[misc]
    assert found["outcome"] == "failed" and not start["failures"]
    assert changed["failures"][0]["where"].startswith("specs/web-conf/scenarios/one.yml:2:")


def test_one_for_another_engine_says_so(catalog: Path) -> None:
    found = played(catalog, "engines: [stack]\n")
    assert (found["outcome"], found["moments"]) == ("skipped", [])
    assert found["reason"] == "this scenario runs only with --engine stack"


@pytest.mark.parametrize(("text", "name"), [("", "onee"), ("then: [{scale: x}]\n", "one")])
def test_what_cannot_be_played_is_refused_with_a_reason(catalog: Path, text: str, name: str) -> None:
    with pytest.raises(ForgeError, match="did you mean 'one'|scale"):
        played(catalog, text, name)


def test_an_entry_that_was_written_by_hand_has_none(catalog: Path) -> None:
    with pytest.raises(ForgeError, match="has no scenario"):
        timeline(Site(catalog).opened("templates/db"), "one")


def test_lines_far_from_a_change_are_counted() -> None:
    lines = [(" ", str(number)) for number in range(20)]
    lines[10] = ("+", "new")
    found = near(lines)
    assert found[0] == ("…", str(10 - AROUND)) and found[-1] == ("…", str(20 - 10 - AROUND - 1))
    assert len(found) == 2 * AROUND + 3
    assert near(lines[8:11]) == lines[8:11]
