"""What is not YAML is told as its author would see it: what is wrong, where, and what to write."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError

FRAME = "files:\n  - dest: /etc/x\n    body:\n      - set: {a: b}\n"
CASES = {
    "a: @{self.ip} # who\n": "1:4: a value cannot begin with '@' | quote it: \"@{self.ip}\"",
    'a: `x "y"`\n': "1:4: a value cannot begin with '`' | quote it: '`x \"y\"`'",
    "a: *\n": "1:4: a value cannot begin with '*' | quote it: \"*\"",
    "a: redis: a store\n": "1:4: a value that contains ': ' must be quoted | quote the value: a: \"redis: a store\"",
    "- a: b: c\n": "1:6: a value that contains ': ' must be quoted | quote the value: - a: \"b: c\"",
    "a: 1\nreload restart\n": "2:1: this line has no ':' after its key | write reload: restart",
    "a: 1\nreload:restart\nb: 1\n": "2:1: a space must follow the ':' of a key | write reload: restart",
    "a: - b\n": "1:4: a list must begin on a new line | put each '- ' on a line below, or write [a, b]",
    'a: "b\nc: 1\n': "1:4: this quote is never closed | write the same quote at the end of the value",
    'a: "b\nc: "d"\n': "1:4: this quote is never closed | write the same quote at the end of the value",
    "a: 'b' c\n": "1:8: there is text after a closing quote"
    " | to put a quote into the value, write '' in a single-quoted value, and \\\" in a double-quoted value",
    'a: "\\d"\n': "1:5: this backslash does not start a valid YAML escape"
    " | in double quotes a backslash starts an escape: write it twice, or use single quotes",
    "a: [b\nc: 1\n": "1:4: this '[' is never closed | close it; quote text that contains '['",
    "a: {b: 1 c: 2}\n": None,
    "a: | b\n  c\n": "1:6: the text of '|' or '>' begins on the next line | leave the rest of this line empty",
    f"{FRAME}   mode: 1\n": "5:4: the indentation of this line matches no line above it | align it with 'body' in "
    "line 3: add 1 space",
    f"{FRAME}     mode: 1\n": "5:6: the indentation of this line matches no line above it | align it with 'body' in "
    "line 3: remove 1 space",
    f"{FRAME}  name: x\n": "5:3: the indentation of this line matches no line above it | align it with 'files' in "
    "line 1: remove 2 spaces",
    f"{FRAME}    mode: 1\n     uid: 1\n": "6:6: this key is indented too deeply"
    " | align it with 'mode' in line 5, which already has a value: remove 1 space",
    f"{FRAME}     - text: x\n": "5:6: the indentation of this line matches no line above it | align it with '-' in "
    "line 4: add 1 space",
    'a: "b c\nd: 1\ne: "@{x}"\n': "1:4: this quote is never closed | write the same quote at the end of the value",
    "- a: 'b c\n  d: 'e'\n": "1:6: this quote is never closed | write the same quote at the end of the value",
    "metadata:\n    a: 1\n  b: 2\n  c: 3\nfiles: []\n": "2:5: this key is indented too deeply"
    " | align 'a' with the key in line 3: remove 2 spaces",
    "metadata:\n    a: 1\n    b: 2\n  c: 3\nfiles: []\n": "4:3: the indentation of this line matches no line above it"
    " | align it with 'metadata' in line 1: remove 2 spaces",
    "files:\n- body:\n    set: {a: b}\n  - set: {c: d}\n": "3:5: the first item of this list lacks its '- '"
    " | write - set:, aligned with the '-' in line 4",
    "body:\n  set:\n    a: b\n  - set: {c: d}\n": "2:3: the first item of this list lacks its '- '"
    " | write - set:, aligned with the '-' in line 4",
    " a: 1\nb: 2\n": None,
    "a: 1\n\tb: 2\n": "2:1: there is a tab where YAML expects spaces | YAML is indented with spaces, never with tabs",
    "a: 1\nb:\u00a02\n": "2:3: a character that only looks like a space (U+00A0) | write an ordinary space: YAML treats this character as a letter",  # noqa: E501
}


@pytest.mark.parametrize("text", CASES)
def test_the_author_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ForgeError) as error:
        yamlio.parse(text, "f.yml")
    (problem,) = error.value.problems
    assert problem.message.startswith("not well-formed YAML: ")
    assert problem.where and problem.where.line and problem.where.column
    if wanted := CASES[text]:
        message = problem.message.removeprefix("not well-formed YAML: ")
        assert f"{str(problem.where).removeprefix('f.yml:')}: {message} | {problem.hint}" == wanted


def test_both_sides_of_a_conflict_are_named() -> None:
    text = "a: 1\n<<<<<<< yours\nb: 2\n||||||| base\nb: 1\n=======\nb: 3\n>>>>>>> theirs\n"
    with pytest.raises(ForgeError) as error:
        yamlio.parse(text, "f.yml")
    (problem,) = error.value.problems
    assert "unresolved conflict" in problem.message
    assert problem.where is not None
    assert (problem.where.line, problem.where.column) == (2, 1)
