"""Results for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from catalog_forge.errors import ForgeError
from catalog_forge.verify import play, report
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.observation import Seen
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View
from tests.verify.specs import case_of

STEPS = 'then:\n- name: "four \\x01 <nodes>"\n  scale: 4\n  expect: {reloads: 2, error: none}\n'


class Broken:
    """An engine that fails after the start."""

    name = "embedded"

    def play(self, _subject: Subject, views: Iterable[View]) -> Iterator[Seen]:
        """Yield one moment, then fail."""
        next(iter(views))
        yield Seen({})
        raise ForgeError("the engine is gone")

    def interrupt(self) -> None:
        """Nothing to do."""


RESULTS = [
    play.play(case_of(STEPS), Embedded()),
    play.play(case_of(), Broken()),
    play.play(case_of("engines: [image]\n"), Embedded()),
    play.play(case_of("expect: {reloads: 0}\n"), Embedded()),
]


def test_data_says_what_came_of_each_scenario_and_moment() -> None:
    data = report.as_data(RESULTS, "embedded")
    assert [each["outcome"] for each in data["scenarios"]] == ["failed", "error", "skipped", "passed"]
    first = data["scenarios"][0]
    assert [moment["name"] for moment in first["moments"]] == ["start", "four \x01 <nodes>"]
    assert first["moments"][1]["reloads"] == ["signal HUP"]
    assert [failure["where"] for failure in first["moments"][1]["failures"]] == ["s.yml:10:11"] * 2
    assert data["scenarios"][1]["reason"] == "the engine is gone"


def test_junit_is_xml_with_a_case_for_each_moment() -> None:
    root = ElementTree.fromstring(report.junit(RESULTS, "embedded"))
    (suite,) = root
    counts = {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")}
    assert counts == {"name": "app-conf", "tests": "6", "failures": "1", "errors": "1", "skipped": "1"}
    names = [case.get("name") for case in suite.iter("testcase")]
    assert names == ["s: start", "s: four \\x01 <nodes>", "s: start", "s", "s", "s: start"]
    failures = [failure.get("message") for failure in suite.iter("failure")]
    assert failures == ["no error contains 'none'", "reloads: expected 2, but got 1"]
