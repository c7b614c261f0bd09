"""What an author expects, and the difference to what is there."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where
from catalog_forge.verify.expectation import Failure, compare, read
from catalog_forge.verify.observation import Seen, Written
from tests.verify.specs import nothing_beside, subject_of

SUBJECT = subject_of()
APP = Written(b'cluster.name: "es"\nip: "10.42.1.11"\n', 0o644)
FILES = {
    "/etc/app/app.yml": APP,
    "/etc/app/peers": Written(b"10.42.1.11\n10.42.1.12\n", 0o644),
    "/etc/app/level.properties": Written(b"level=info\n", 0o640),
}
SEEN = Seen(FILES)


def failures(expected: str, seen: Seen = SEEN, before: Seen | None = None) -> list[Failure]:
    node = yamlio.parse(expected, "s.yml")
    return list(compare(read(node, SUBJECT, nothing_beside), seen, before))


@pytest.mark.parametrize(
    "expected",
    [
        'files: {app.yml: "cluster.name: \\"es\\"\\nip: \\"10.42.1.11\\"\\n"}',
        "files: {/etc/app/app.yml: {contains: 'cluster.name: \"es\"', lacks: other}}",
        "files: {app/app.yml: {contains: [cluster, ip], lacks: [x, y]}}",
        "files: {app.yml: {equals: {ip: 10.42.1.11, cluster.name: es}}}",
        "files: {peers: {equals: [10.42.1.11, 10.42.1.12]}}",
        "files: {level.properties: {mode: '0640', equals: {level: info}}}",
        "files: {level.properties: {equals: {level: info}, format: env}}",
        "reloads: 0",
        "reloads: []",
        "{}",
    ],
)
def test_what_is_as_expected_is_no_failure(expected: str) -> None:
    assert failures(expected) == []


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("files: {app.yml: other}", "/etc/app/app.yml is not as expected"),
        ("files: {app.yml: {text: other}}", "/etc/app/app.yml is not as expected"),
        ("files: {app.yml: {contains: nope}}", "/etc/app/app.yml does not contain 'nope'"),
        ("files: {app.yml: {lacks: cluster}}", "/etc/app/app.yml contains 'cluster'"),
        ("files: {app.yml: {equals: {ip: x}}}", "/etc/app/app.yml does not have the expected content"),
        ("files: {app.yml: {equals: {}, format: json}}", "/etc/app/app.yml is not well-formed json: "),
        ("files: {app.yml: {mode: '0600'}}", "/etc/app/app.yml has mode 0644, not 0600"),
        ("files: {app.yml: {absent: true}}", "/etc/app/app.yml was written, but must be absent"),
        ("error: cluster.name", "no error contains 'cluster.name'"),
        ("reloads: 1", "reloads: expected 1, but got 0"),
        ("reloads: [restart]", "reloads: expected restart, but got 0"),
    ],
)
def test_what_differs_is_said(expected: str, message: str) -> None:
    (failure,) = failures(expected)
    assert failure.message.startswith(message)
    assert failure.where.line == 1


@pytest.mark.parametrize("text", ["1: x\na: y\n", "~: x\na: y\n", "a: [{1: x, b: y}]\n"])
def test_keys_of_several_types_are_shown(text: str) -> None:
    (failure,) = failures("files: {app.yml: {equals: {}}}", Seen({"/etc/app/app.yml": Written(text.encode(), 0o644)}))
    assert "does not have the expected content" in failure.message


def test_a_text_that_differs_is_shown_line_by_line() -> None:
    (failure,) = failures('files:\n  app.yml: |\n    cluster.name: "other"\n    ip: "10.42.1.11"')
    lines = failure.diff.splitlines()
    assert lines[:2] == ["--- expected", "+++ rendered"]
    assert {'-cluster.name: "other"', '+cluster.name: "es"', ' ip: "10.42.1.11"', "-\\ no line break at the end"} <= set(lines)
    assert failure.where == Where("s.yml", 2, 3)


def test_a_file_that_was_not_written_is_a_failure_unless_that_is_expected() -> None:
    empty = Seen({})
    assert [failure.message for failure in failures("files: {app.yml: x}", empty)] == ["/etc/app/app.yml was not written"]
    assert failures("files: {app.yml: {absent: true}}", empty) == []


def test_errors_are_expected_by_a_part_and_fail_when_they_are_not() -> None:
    seen = Seen(FILES, errors=("app.yml: key does not exist: required metadata key cluster.name has no value",))
    assert failures("error: cluster.name", seen) == []
    (failure,) = failures("files: {app.yml: {contains: es}}", seen)
    assert (failure.message, failure.diff) == ("an unexpected error", f"  {seen.errors[0]}\n")
    assert len(failures("error: [cluster.name, level]", seen)) == 1


def test_reloads_are_counted_or_named() -> None:
    seen = Seen(FILES, reloads=("signal HUP",))
    assert failures("reloads: 1", seen) == failures("reloads: [signal HUP]", seen) == []
    assert [failure.diff for failure in failures("reloads: 0", seen)] == ["  signal HUP\n"]


def test_unchanged_is_against_the_moment_before() -> None:
    other = Seen({**FILES, "/etc/app/app.yml": Written(b"old\n", 0o644)})
    assert failures("files: {app.yml: {unchanged: true}}", SEEN, SEEN) == []
    (failure,) = failures("files: {app.yml: {unchanged: true}}", SEEN, other)
    assert "-old" in failure.diff


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ("flies: {}", "s.yml:1:1: unknown key 'flies' in expect\n  hint: did you mean 'files'?"),
        ("files: {ap.yml: x}", "s.yml:1:9: the name 'ap.yml' matches no rendered file, or more than one"),
        ("files: {pp.yml: x}", "s.yml:1:9: the name 'pp.yml' matches no rendered file, or more than one"),
        ("files: {app.yml: [x]}", "s.yml:1:18: the content of a file must be text"),
        ("files: {app.yml: {content: x}}", "s.yml:1:19: unknown key 'content' in the expectation of 'app.yml'"),
        ("files: {app.yml: {mode: 644}}", 's.yml:1:25: mode must be an octal number such as "0644"'),
        ("files: {app.yml: {absent: 1}}", "s.yml:1:27: absent must be one of true, false, not '1'"),
        ("files: {app.yml: {equals: {}, format: yml}}", "s.yml:1:39: format must be one of yaml, json"),
        ("reloads: -1", "s.yml:1:10: reloads must be a whole number from 0 to 1000"),
        ("reloads: [reboot]", "s.yml:1:11: a reload must be one of restart, signal HUP, not 'reboot'"),
        ("[]", "s.yml:1:1: expect must be a mapping"),
    ],
)
def test_what_is_wrong_with_an_expectation_is_said_with_its_place(expected: str, problem: str) -> None:
    with pytest.raises(ForgeError) as caught:
        failures(expected)
    assert str(caught.value).startswith(problem), str(caught.value)
