"""Scenarios played in the embedded engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_forge.confd.imitated.functions import DIALECTS
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.scenario import Scenario
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.repository import Repository
from catalog_forge.verify import play
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.expectation import Expectation
from catalog_forge.verify.observation import Answer, Asked, Seen
from catalog_forge.verify.play import Result
from catalog_forge.verify.subject import Subject
from tests.verify.specs import SCENARIO, START, case_of, catalog

EXAMPLES = Repository(Path(__file__).parents[2] / "examples")


def result_of(steps: str = "") -> Result:
    return play.play(case_of(steps), Embedded())


def test_the_start_is_rendered_for_the_first_container() -> None:
    (start,) = result_of().steps
    assert {dest: file.text for dest, file in start.seen.files.items() if dest in START} == START
    assert (start.seen.errors, start.seen.reloads) == ((), ())
    assert start.seen.files["/etc/app/level.properties"].mode == 0o640


def test_a_step_is_held_against_what_it_expects() -> None:
    good = "then:\n- scale: 4\n  expect: {files: {peers: {contains: 10.42.1.14}}, reloads: [signal HUP]}\n"
    assert result_of(good).passed
    bad = result_of(good.replace("10.42.1.14", "10.42.1.99"))
    assert [failure.message for failure in bad.steps[1].failures] == ["/etc/app/peers does not contain '10.42.1.99'"]
    assert not bad.passed


def test_files_that_change_together_reload_once_and_a_restart_is_enough() -> None:
    steps = (
        "then:\n- {service: app, scale: 4}\n- {scale: 2, set: {level: debug}}\n- {set: {cluster.name: o, level: info}}\n- {}\n"
    )
    assert [step.seen.reloads for step in result_of(steps).steps] == [(), ("signal HUP",), ("signal HUP",), ("restart",), ()]


def test_a_missing_key_is_one_error_that_names_it_and_the_file_stays() -> None:
    steps = result_of("then:\n- unset: cluster.name\n- set: {cluster.name: back}\n").steps
    (error,) = steps[1].seen.errors
    assert "cluster.name" in error
    assert steps[1].seen.files == steps[0].seen.files
    assert steps[2].seen.errors == ()
    assert "back" in steps[2].seen.files["/etc/app/app.yml"].text


def test_a_service_that_answers_404_changes_no_file() -> None:
    steps = result_of("then:\n- {fault: missing, scale: 5}\n- {}\n").steps
    assert steps[1].seen.errors
    assert steps[1].seen.files == steps[0].seen.files
    assert "10.42.1.15" in steps[2].seen.files["/etc/app/peers"].text


def test_a_replaced_container_reaches_the_files_of_its_peers() -> None:
    steps = result_of("then:\n- replace: 2\n- self: app-3\n").steps
    for step in steps[1:]:
        peers = step.seen.files["/etc/app/peers"].text
        assert "10.42.1.14" in peers
        assert "10.42.1.12" not in peers


def test_a_scenario_for_another_engine_is_skipped_with_the_reason() -> None:
    result = result_of("engines: [image]\n")
    assert (result.skipped, result.steps, result.passed) == ("this scenario runs only with --engine image", (), True)


def test_all_scenarios_of_a_spec_are_found_and_may_be_chosen(tmp_path: Path) -> None:
    source = catalog(tmp_path, {"b": SCENARIO, "a": SCENARIO}).source("app-conf")
    assert [case.title for case in play.cases(source.spec(), source.folder)] == ["app-conf/a", "app-conf/b"]
    assert [case.name for case in play.cases(source.spec(), source.folder, ["b"])] == ["b"]


def test_a_file_beside_the_scenario_may_be_expected(tmp_path: Path) -> None:
    repository = catalog(tmp_path, {"a": SCENARIO + "expect: {files: {peers: {file: want/peers}}}\n"})
    beside = tmp_path / "specs/app-conf/scenarios/want/peers"
    beside.parent.mkdir()
    beside.write_text(START["/etc/app/peers"])
    source = repository.source("app-conf")
    (case,) = play.cases(source.spec(), source.folder)
    assert play.play(case, Embedded()).passed


@pytest.mark.parametrize("name", ["../../app-conf.yml", "/etc/passwd", "nope"])
def test_no_file_beside_a_scenario_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    source = catalog(tmp_path, {"a": SCENARIO + f"expect: {{files: {{peers: {{file: {name}}}}}}}\n"}).source("app-conf")
    with pytest.raises(ForgeError, match="unsafe path|there is no file"):
        play.cases(source.spec(), source.folder)


def test_all_problems_of_all_scenarios_are_shown_at_once(tmp_path: Path) -> None:
    wrong = {"a": SCENARIO + "expect: {flies: {}}\nthen:\n- expect: {reloads: x}\n", "b": SCENARIO + "then:\n- replace: 9\n"}
    source = catalog(tmp_path, wrong).source("app-conf")
    with pytest.raises(ForgeError) as caught:
        play.cases(source.spec(), source.folder)
    assert [str(problem.where).rpartition("/")[2] for problem in caught.value.problems] == [
        "a.yml:7:10",
        "a.yml:9:21",
        "b.yml:8:12",
    ]


def test_scenarios_decide_nothing_that_is_generated(tmp_path: Path) -> None:
    without = catalog(tmp_path / "one", {}).source("app-conf")
    assert catalog(tmp_path / "two", {"a": SCENARIO}).source("app-conf").inputs == without.inputs


@pytest.mark.parametrize("name", EXAMPLES.names())
def test_generated_templates_give_the_same_in_every_confd_that_is_imitated(name: str) -> None:
    source = EXAMPLES.source(name)
    for case in play.cases(source.spec(), source.folder):
        if "stack" in case.scenario.engines:
            continue  # it is about what real programs answer
        seen = [
            [step.seen for step in play.play(replace(case, subject=replace(case.subject, dialect=dialect)), Embedded()).steps]
            for dialect in DIALECTS
        ]
        assert seen[0]
        assert seen[0] == seen[1] == seen[2]


class Staged:
    """An engine that has containers, and can do all but scale to 9."""

    name = "stack"

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.open = False

    @contextmanager
    def stage(self, _subject: Subject, _played: Scenario, _expected: Sequence[Expectation]) -> Iterator[Staged]:
        """Note whether it is over."""
        self.open = True
        try:
            yield self
        finally:
            self.open = False

    def cannot(self, moment: Moment) -> str:
        """Say what it cannot do."""
        return "nine are too many" if moment.environment.stacks[0].services[0].scale == 9 else ""

    def see(self, moment: Moment, expected: Expectation, good: Callable[[Seen], bool]) -> Seen:
        """Answer every command by its name."""
        answers = tuple(Answer(text="said") for _ in expected.asking.commands)
        seen = Seen({}, asked=Asked(answers))
        self.seen.append(f"{moment.name} {good(seen)}")
        return seen

    def interrupt(self) -> None:
        """Nothing to do."""


ASKS = "expect: {command: {in: app-1, run: x, output: said}}\n"


def test_a_stack_is_brought_from_moment_to_moment_until_one_that_it_cannot_have() -> None:
    steps = "then:\n- {scale: 4, expect: {command: {in: app-1, run: x, output: other}}}\n- scale: 9\n- scale: 2\n"
    engine = Staged()
    result = play.play(case_of(ASKS + steps), engine)
    assert (engine.seen, engine.open) == (["start True", "scale 4 False"], False)
    assert [(step.checked, len(step.failures), step.left) for step in result.steps] == [
        (1, 0, ""),
        (1, 1, ""),
        (0, 0, "nine are too many"),
        (0, 0, "nine are too many"),
    ]
    assert len(result.played) == 2 and not result.passed


def test_a_scenario_that_no_stack_can_begin_with_is_skipped_with_the_reason() -> None:
    result = play.play(case_of("", start=SCENARIO.replace("scale: 3", "scale: 9")), Staged())
    assert (result.steps, result.skipped) == ((), "nine are too many")


def test_checks_of_a_stack_are_counted_and_not_made_where_there_is_none() -> None:
    (start,) = result_of(ASKS).steps
    assert (start.checked, start.unasked, start.failures) == (0, 1, ())
