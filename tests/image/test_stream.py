"""What the classic builder says, as the events and the layers of a build."""

from __future__ import annotations

from catalog_forge.image.stream import Log

BASE, CACHED, MADE, LAST = ("a" * 12, "b" * 12, "c" * 12, "d" * 12)
SAID = [
    "Step 1/4 : FROM busybox",
    f" ---> {BASE}\n",
    "Step 2/4 : ARG A",
    " ---> Using cache\n",
    f" ---> {CACHED}\n",
    "Step 3/4 : RUN echo hello",
    " ---> Running in 123456789abc\n",
    "hello\n",
    "Removing intermediate container 123456789abc\n",
    f" ---> {MADE}\n",
    "Step 4/4 : LABEL a=b",
    f" ---> {LAST}\n",
]


def test_a_layer_from_the_cache_or_of_a_base_was_not_made_by_this_build() -> None:
    log = Log()
    for text in SAID:
        log.take({"stream": text})
    assert log.used == [BASE, CACHED, MADE, LAST]
    assert log.made == [MADE, LAST]


def test_what_a_step_wrote_is_kept_until_the_next_begins() -> None:
    log = Log()
    for text in SAID[:8]:
        log.take({"stream": text})
    assert log.tail == ["hello"]
    log.take({"stream": SAID[8]})
    log.take({"stream": SAID[9]})
    log.take({"stream": SAID[10]})
    assert log.tail == []


def test_what_a_program_prints_in_the_words_of_the_builder_changes_nothing() -> None:
    log = Log()
    for text in [*SAID[:7], " ---> Using cache\n", f" ---> {BASE}\n", *SAID[8:]]:
        log.take({"stream": text})
    assert log.made == [MADE, LAST]
