"""What is expected of the containers of a stack, and the difference to what they answer."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.verify.asking import Words
from catalog_forge.verify.expectation import SECRET, Expectation, Failure, compare, read
from catalog_forge.verify.observation import Answer, Asked, Seen, Written
from tests.verify.specs import nothing_beside, subject_of

SUBJECT = subject_of()


def expectation(text: str) -> Expectation:
    return read(yamlio.parse(text, "s.yml"), SUBJECT, nothing_beside)


def failures(text: str, asked: Asked, reloads: tuple[str, ...] = ()) -> list[Failure]:
    return list(compare(expectation(text), Seen({}, reloads=reloads, asked=asked), None))


def test_every_key_finds_its_place() -> None:
    found = expectation(
        """\
command:
- {in: app-1, run: "a | b", exit: 3, output: "x\\n"}
- {in: app-main-2, run: [a, b c], contains: [x, y], lacks: z}
http: {get: "http://App-2:8080/page?q=1", headers: {Host: www.example.org}, status: 404, body: no, contains: o}
log: {in: app, contains: ready}
within: 1m
files:
  /var/any: [{in: app-1, absent: true}, {in: app-2, mode: "0600"}]
  peers: {in: app-3, contains: x}
  app.yml: {contains: y}
"""
    )
    first, second = found.asking.commands
    assert (first.container, first.run, first.status, first.words) == ("app-1", ("/bin/sh", "-c", "a | b"), 3, Words("x\n"))
    assert (second.run, second.status, second.words) == (("a", "b c"), 0, Words(None, ("x", "y"), ("z",)))
    (get,) = found.asking.requests
    assert (get.container, get.port, get.path, get.status) == ("App-2", 8080, "/page?q=1", 404)
    assert (get.headers, get.words) == ({"Host": "www.example.org"}, Words("no", ("o",)))
    assert [(log.container, log.words.contains) for log in found.asking.logs] == [("app", ("ready",))]
    assert found.asking.within == 60
    assert [(each.container, each.dest) for each in found.placed] == [
        ("app-1", "/var/any"),
        ("app-2", "/var/any"),
        ("app-3", "/etc/app/peers"),
    ]
    assert [each.dest for each in found.files] == ["/etc/app/app.yml"]
    assert (found.count, found.of_stack) == (1, 7)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("comand: {}", "s.yml:1:1: unknown key 'comand' in expect\n  hint: did you mean 'command'?"),
        ("command: {in: app-1, run: x, exits: 0}", "s.yml:1:30: unknown key 'exits' in a command\n  hint: did you mean 'exit'?"),
        ("command: {in: app-1}", "s.yml:1:10: the command to run is missing"),
        ("command: {run: x}", "s.yml:1:10: the name of the container is missing"),
        ("command: {in: app-1, run: x, exit: 256}", "s.yml:1:36: exit must be a whole number from 0 to 255"),
        ("http: {get: app-1}", "s.yml:1:13: `get` must be the URL of a container, not 'app-1'"),
        ("http: {get: 'https://app-1/'}", "s.yml:1:13: `get` must be the URL of a container"),
        ("http: {get: 'http://app-1:x/'}", "s.yml:1:13: `get` must be the URL of a container"),
        ('http: {get: "http://app-1/a\\r\\nX: y"}', "s.yml:1:13: `get` must be the URL of a container"),
        (
            "http: {get: 'http://app-1/', headers: {A: \"b\\r\\nc\"}}",
            "s.yml:1:39: a header must have a name and a value of one line",
        ),
        ("http: {get: 'http://app-1/', status: 99}", "s.yml:1:38: status must be a whole number from 100 to 599"),
        ("log: {in: app-1}", "s.yml:1:6: contains is missing"),
        ("within: soon", "s.yml:1:9: within must be a duration"),
        ("within: 20m", "s.yml:1:9: `within` must be at most 600 s"),
        ("files: {/var/x: {contains: y}}", "s.yml:1:9: the name '/var/x' matches no rendered file, or more than one"),
        ("files: {var/x: {in: app-1}}", "s.yml:1:9: the name 'var/x' matches no rendered file, or more than one"),
        (
            "files: {peers: {in: app-1, unchanged: true}}",
            "s.yml:1:39: `unchanged` cannot be used together with `in`",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ForgeError) as caught:
        expectation(text)
    assert str(caught.value).startswith(problem)


COMMAND = 'command: {in: app-1, run: [a, b], output: "one\\ntwo\\n", contains: one, lacks: three}'


@pytest.mark.parametrize(
    ("answer", "message", "shown"),
    [
        (Answer(0, "one\ntwo\n"), "", ""),
        (Answer(1, "no\n"), "`a b` in app-1 ended with 1, not 0", "no\n"),
        (Answer(problem="app-1 is not running"), "`a b` in app-1: app-1 is not running", ""),
        (Answer(0, "one\n2\n"), "the output of `a b` in app-1 is not as expected", "-two\n+2\n"),
    ],
)
def test_a_command_is_held_against_its_status_and_what_it_says(answer: Answer, message: str, shown: str) -> None:
    found = failures(COMMAND, Asked(commands=(answer,)))
    assert [failure.message for failure in found] == [message][: bool(message)]
    assert all(shown in failure.diff and str(failure.where) == "s.yml:1:10" for failure in found)


def test_parts_are_looked_for_and_an_empty_output_is_shown_as_such() -> None:
    text = 'command: {in: app-1, run: "a | b", contains: [one, two], lacks: no}'
    messages = [(each.message, each.diff) for each in failures(text, Asked(commands=(Answer(0, ""),)))]
    assert messages == [(f"the output of `a | b` in app-1 does not contain '{part}'", "(nothing)\n") for part in ("one", "two")]
    assert [each.message for each in failures(text, Asked(commands=(Answer(0, "one two no"),)))] == [
        "the output of `a | b` in app-1 contains 'no'"
    ]


def test_a_request_and_a_log_are_held_against_what_is_expected() -> None:
    text = "http: {get: 'http://app-2', contains: hello}\nlog: {in: app-1, contains: ready, lacks: panic}"
    good = Asked(requests=(Answer(200, "hello"),), logs=("ready\n",))
    assert failures(text, good) == []
    bad = Asked(requests=(Answer(502, "bad gateway"),), logs=("panic\n",))
    assert [each.message for each in failures(text, bad)] == [
        "GET http://app-2:80/ was answered with 502, not 200",
        "the log of app-1 does not contain 'ready'",
        "the log of app-1 contains 'panic'",
    ]


def test_files_of_other_containers_are_held_against_what_is_expected_and_secrets_stay_hidden() -> None:
    text = "files: {/var/x: [{in: app-1, contains: a}, {in: app-2, absent: true}, {in: app-3, text: s}]}"
    files = {("app-1", "/var/x"): Written(b"b", 0o644), ("app-3", "/var/x"): Written(b"password", 0o600)}
    found = failures(text, Asked(files=files))
    assert [each.message for each in found] == ["app-1:/var/x does not contain 'a'", "app-3:/var/x is not as expected"]
    assert found[1].diff == SECRET


@pytest.mark.parametrize(
    ("text", "reloads", "good"),
    [
        ("reloads: 0", (), True),
        ("reloads: 0", ("restart",), False),
        ("reloads: 1", ("signal HUP", "signal HUP"), True),
        ("reloads: 2", ("signal HUP",), False),
        ("reloads: [signal HUP]", ("signal HUP", "signal HUP"), True),
        ("reloads: [signal HUP]", ("signal HUP", "restart"), False),
        ("reloads: []", ("restart",), False),
    ],
)
def test_on_a_stack_a_reload_may_come_in_parts_but_none_of_another_kind(text: str, reloads: tuple[str, ...], good: bool) -> None:
    assert (failures(text, Asked(), reloads) == []) is good


def test_without_containers_nothing_is_asked() -> None:
    assert list(compare(expectation(COMMAND), Seen({}), None)) == []
