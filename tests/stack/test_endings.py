"""What the ends of containers come to, at times that the tests choose."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from catalog_forge.stack.endings import GIVE_UP, Ending, Endings
from catalog_forge.stack.model import Launch
from catalog_forge.stack.reconcile import Key, Seen

WEB = Seen("w1", "s-web-1", "web", "web", 1, 1, "d", "10.0.0.1", "running")


def test_what_a_step_stops_has_not_died_unnoticed() -> None:
    watch = Watch()
    watch.look()
    watch.look(6)
    watch.endings.confirm(watch.web)
    ended = replace(watch.web, state="exited", status=143)
    watch.endings.stopped([ended])
    assert not watch.endings.unnoticed([ended])


class Watch:
    """One container, looked at from time to time."""

    def __init__(self, launch: Launch | None = None, settle: float = 3) -> None:
        self.endings, self.now, self.web = Endings(settle), 100.0, WEB
        self.launch = launch or Launch("web", "i")

    def look(self, after: float = 0, state: str = "running", status: int = 0, busy: Collection[Key] = ()) -> list[Ending]:
        self.now += after
        self.web = replace(self.web, state=state, status=status)
        return self.endings.look([self.web], busy, {("web", "web"): self.launch}, self.now)

    def die(self, after: float = 0, status: int = 1) -> Ending:
        (ending,) = self.look(after, "exited", status)
        return ending

    @property
    def settled(self) -> bool:
        return self.endings.settled(self.web, self.now)


def test_a_container_counts_as_running_when_it_has_run_for_a_while() -> None:
    watch = Watch()
    assert watch.look() == [] and not watch.settled
    watch.look(2.9)
    assert not watch.settled and list(watch.endings.dues(watch.now)) == [103.0]
    watch.look(0.1)
    assert watch.settled and not watch.endings.steady(watch.web)
    assert watch.endings.confirm(watch.web) and not watch.endings.confirm(watch.web)
    assert watch.endings.steady(watch.web)


def test_one_that_has_not_started_its_program_begins_to_run_anew() -> None:
    watch = Watch()
    watch.look()
    watch.look(3)
    watch.endings.waits(watch.web, watch.now)
    assert not watch.settled
    watch.look(3)
    assert watch.settled


def test_who_has_ended_must_run_for_longer_and_for_no_more_than_the_longest() -> None:
    watch = Watch()
    watch.look()
    for needed in (6, 9, 10):
        watch.die(1)
        watch.look(1)
        watch.look(needed - 0.1)
        assert not watch.settled, needed
        watch.look(0.1)
        assert watch.settled, needed


def test_an_end_is_told_once_and_doubles_the_pause() -> None:
    watch = Watch()
    watch.look()
    pauses = []
    for number in range(1, 11):
        ending = watch.die(1)
        assert (ending.count, ending.again, ending.failed) == (number, True, True)
        assert watch.look(0, "exited", 1) == []
        pauses.append(next(watch.endings.dues(watch.now)) - watch.now)
        assert watch.endings.resting([watch.web], watch.now) == {"w1"}
        assert not watch.endings.resting([watch.web], watch.now + pauses[-1])
        watch.look(1)
    assert [round(each, 1) for each in pauses] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


def test_after_ten_seconds_it_begins_with_the_first_pause() -> None:
    watch = Watch()
    watch.look()
    watch.die()
    for seconds, count in ((0, 1), (9.9, 1), (0.2, 0)):
        watch.look(seconds)
        assert watch.endings.counts([watch.web]) == {"w1": count}
    assert watch.die().count == 1


@pytest.mark.parametrize(
    ("launch", "status", "expected"),
    [
        (Launch("web", "i"), 0, (True, True, False)),
        (Launch("web", "i"), 1, (True, True, False)),
        (Launch("web", "i", restart="no"), 0, (False, False, False)),
        (Launch("web", "i", restart="no"), 1, (False, True, True)),
        (Launch("web", "i", restart="on-failure:3"), 1, (True, True, False)),
        (Launch("web", "i", restart="on-failure:3"), 0, (False, False, False)),
        (Launch("web", "i", start_once=True), 0, (False, False, False)),
        (Launch("web", "i", start_once=True), 2, (False, True, True)),
    ],
)
def test_the_policy_says_whether_an_end_is_a_failure(launch: Launch, status: int, expected: tuple[bool, bool, bool]) -> None:
    watch = Watch(launch)
    watch.look()
    ending = watch.die(1, status)
    assert (ending.again, ending.failed, ending.hopeless) == expected


def test_after_five_ends_in_a_row_there_is_no_hope_whatever_the_status() -> None:
    for status in (0, 7):
        watch = Watch()
        hopeless = []
        for _ in range(GIVE_UP):
            watch.look(1)
            ending = watch.die(1, status)
            hopeless.append(ending.hopeless)
        assert hopeless == [False] * (GIVE_UP - 1) + [True]
        assert ending.why == "ended 5 times in a row"
    once = Watch(Launch("web", "i", restart="no"))
    once.look()
    assert once.die().why == "is not restarted"


def test_a_unit_that_is_replaced_because_it_does_not_answer_has_died_no_less_often() -> None:
    watch = Watch()
    for number in range(1, 4):
        watch.look(1)
        assert watch.die(1).count == number
        assert watch.endings.look([], {("web", 1)}, {}, watch.now) == []  # it is away, and worked on
        watch.web = replace(WEB, id=f"w{number + 1}", number=number + 1)
    watch.look()
    watch.web = replace(watch.web, digest="other", id="w9")
    watch.look(1)
    assert watch.die(1).count == 1  # another definition may well do better


def test_what_is_gone_is_forgotten() -> None:
    watch = Watch()
    watch.look()
    watch.die()
    watch.endings.look([], (), {}, watch.now)
    watch.look()
    assert watch.endings.counts([watch.web]) == {"w1": 0}


def test_what_was_stopped_has_not_ended_by_itself() -> None:
    watch = Watch()
    assert watch.look(0, "exited", 137) == []  # before anybody looked
    assert watch.endings.by_themselves([watch.web]) == set()
    watch.look()
    assert watch.look(1, "exited", 137, busy={("web", 1)}) == []
    watch.look()
    watch.web = replace(watch.web, state="exited", status=137)
    watch.endings.stopped([watch.web])
    assert watch.look(0, "exited", 137) == [] and watch.endings.by_themselves([watch.web]) == set()


def test_who_was_started_and_ended_before_anybody_looked_has_ended_by_itself() -> None:
    watch = Watch()
    watch.web = replace(WEB, state="exited", status=127)
    watch.endings.begun([watch.web], watch.now)
    assert watch.die(0, 127).failed
    assert watch.endings.by_themselves([watch.web]) == {"w1"}


def test_only_one_that_had_counted_as_running_dies_of_what_happened_later() -> None:
    watch = Watch()
    watch.look()
    assert not watch.die(1).was_steady
    watch.look(1)
    watch.look(6)
    watch.endings.confirm(watch.web)
    ended = replace(watch.web, state="exited", status=1)
    assert watch.endings.unnoticed([ended]) and not watch.endings.unnoticed([watch.web])
    assert watch.die().was_steady
    assert not watch.endings.unnoticed([ended]) and not watch.endings.steady(watch.web)


def test_something_else_that_is_wanted_is_another_chance() -> None:
    watch = Watch(Launch("web", "i", restart="no"))
    watch.look()
    watch.die()
    watch.endings.renew([watch.web], watch.now)
    assert watch.endings.by_themselves([watch.web]) == set()  # it is started again
    assert watch.endings.counts([watch.web]) == {"w1": 0}
    assert not list(watch.endings.dues(watch.now))


def test_what_ended_well_is_left_as_it_is_when_something_else_is_wanted() -> None:
    watch = Watch(Launch("web", "i", restart="no"))
    watch.look()
    watch.die(1, 0)
    watch.endings.renew([watch.web], watch.now)
    assert watch.endings.by_themselves([watch.web]) == {"w1"}


def test_what_dies_again_and_again_has_to_run_anew_before_it_counts_for_another_plan() -> None:
    watch = Watch()
    watch.look()
    watch.die(1)
    watch.look(1)
    watch.look(7)
    watch.endings.confirm(watch.web)
    watch.endings.renew([watch.web], watch.now)
    assert not watch.endings.steady(watch.web) and not watch.settled
    watch.look(3)
    assert watch.settled


def test_a_container_of_a_service_that_is_wanted_no_more_has_not_failed() -> None:
    watch = Watch()
    watch.look()
    (ending,) = watch.endings.look([replace(WEB, state="exited", status=1)], (), {}, watch.now)
    assert (ending.again, ending.failed, ending.hopeless) == (False, False, False)


def test_an_end_that_was_found_late_counts_once() -> None:
    watch = Watch()
    watch.look()
    watch.look(6)
    watch.endings.confirm(watch.web)
    ended, launches = replace(watch.web, state="exited", status=3), {("web", "web"): watch.launch}
    (ending,) = watch.endings.late([ended], launches, watch.now)
    assert (ending.was_steady, ending.count, ending.failed) == (True, 1, True)
    assert watch.endings.late([ended], launches, watch.now) == [] == watch.look(1, "exited", 3)
    assert watch.endings.late([replace(ended, id="w2")], launches, watch.now) == [], "its successor has not ended"
