"""CF72x: faults in the scripts of an image. CF791 reports the faults that shellcheck finds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from catalog_forge.image.dockerfile import Instruction
from catalog_forge.lint.catalog import Image
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.images.inside import Inside, Script, inside
from catalog_forge.lint.runner.registry import rule

_EXIT = re.compile(r"\bexit[ \t]+(-[0-9]+)")
_EQUAL = re.compile(r"(?:(?<![\[\w])\[|\btest)[ \t](?:(?!\[[ \t]|\btest[ \t])[^\n\]])*?(?<=[ \t])(==)[ \t]")
_WORD = re.compile(r"[\w./${}\"@-]+")
_NO_PROGRAM = frozenset(
    "exec exit return wait fi done esac } else then cd echo printf set export trap sleep kill true false : . source eval".split()
)


@rule("CF720", "warning", "A script passes its arguments on unquoted", on=Image)
def unquoted_arguments(image: Image) -> Iterator[Hit]:
    """Unquoted $@ is split again at each space and expanded as a pattern: an argument with a space becomes two arguments.

    Bad:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -prefix /2016-07-29 -watch $@
    Good:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -prefix /2016-07-29 -watch "$@"
    Source: docs/facts/conf-images.md#5.19
    """
    for script in inside(image).scripts:
        text = script.file.text
        for start in script.masked.bare:
            # The value of an assignment is not split.
            if text[max(start - 1, 0)] != "=":
                word = "$*" if text[start + 1] == "*" else "$@"
                words = f"{word} is not quoted: arguments are split at spaces"
                yield Hit(script.file.offset(start), words, 'write "$@"')


@rule("CF721", "error", "The entrypoint is not executable", on=Image)
def not_executable(image: Image) -> Iterator[Hit]:
    """COPY keeps the mode of a file: if the script is not executable, the container exits immediately with "permission
    denied".

    Bad:
        -- images/web-conf/run.sh --
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
    Good:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
    Source: docs/facts/conf-images.md#5.27
    """
    known = inside(image)
    found = known.entry_script
    if found and not found[0].file.mode & 0o111 and not _changes_mode(known, *found):
        script = found[0].file
        yield Hit(
            script.at(),
            f"{known.entry} has mode {script.mode:04o}: it cannot be executed",
            "run chmod +x, and commit the new mode",
        )


def _changes_mode(known: Inside, script: Script, brought: Instruction) -> bool:
    """Whether the build makes a script executable. True if uncertain."""
    if "chmod" in brought.flags:
        return True
    folder = posixpath.dirname(known.entry)
    runs = [each.script for each in (known.dockerfile.of("RUN") if known.dockerfile else ()) if "chmod" in each.script]
    return any(script.file.name in run or (folder != "/" and folder in run) or "*" in run or "$" in run for run in runs)


@rule("CF722", "warning", "A script exits with a negative number", on=Image)
def negative_exit(image: Image) -> Iterator[Hit]:
    """An exit code is a number from 0 to 255: `exit -1` is 255 in some shells and an error in others.

    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        +[ -n "$1" ] || exit -1
    Good:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        +[ -n "$1" ] || exit 1
    Source: docs/facts/conf-images.md#5.20
    """
    for script in inside(image).scripts:
        for found in _EXIT.finditer(script.masked.code):
            yield Hit(script.file.offset(found.start(1)), f"exit {found[1]} is not an exit code", "write exit 1")


@rule("CF723", "warning", "A script for sh uses == in a test", on=Image)
def equal_signs(image: Image) -> Iterator[Hit]:
    """`[ a == b ]` is bash syntax: dash, which is sh in Debian and Ubuntu, reports an error. busybox accepts it.

    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        +if [ "$1" == server ]; then echo server; fi
    Good:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        +if [ "$1" = server ]; then echo server; fi
    Source: docs/facts/conf-images.md#5.20
    """
    known = inside(image)
    for script in known.scripts:
        for found in _EQUAL.finditer(script.masked.code) if script.shell in ("sh", "dash") else ():
            works = known.base in ("busybox", "alpine")
            words = "== is bash syntax" + (
                ", and works here only because busybox accepts it" if works else ": dash reports an error"
            )
            yield Hit(script.file.offset(found.start(1)), words, "write =", level="note" if works else None)


@rule("CF724", "warning", "The program is started without exec", on=Image)
def without_exec(image: Image) -> Iterator[Hit]:
    """If the last command of a script starts the program without `exec`, the shell stays process 1: it does not forward
    signals, so stopping the container takes ten seconds and ends with a kill.

    Bad:
        -- images/web-conf/run.sh --
        #!/bin/sh
        confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
    Good:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
    Source: Docker's documentation of ENTRYPOINT; docs/facts/conf-images.md#5.20
    """
    found = inside(image).entry_script
    if not found:
        return
    script = found[0]
    code = script.masked.code
    lines = list(re.finditer(r"(?m)^(?:[^\\\n]|\\.|\\\n)+", code))
    last = next((each for each in reversed(lines) if each[0].strip()), None)
    if last is None or re.search(r"\btrap\b", code) or re.search(r"^[ \t]|[|&;(){}]", last[0]):
        return
    word = _WORD.match(script.file.text, last.start())
    if word and _starts(word[0]):
        words = f"the shell stays process 1 and passes no signal on to {word[0]}"
        yield Hit(script.file.offset(last.start()), words, "write exec before it")


def _starts(word: str) -> bool:
    """Whether the first word of a line certainly starts a long-running program: a path, confd, or the script's arguments."""
    return word not in _NO_PROGRAM and (word in ("confd", '"$@"', "$@") or (word.startswith("/") and not word.endswith(".sh")))


@rule("CF725", "error", "A script has Windows line endings", on=Image)
def windows_lines(image: Image) -> Iterator[Hit]:
    """If a script has Windows line endings, the kernel looks for a program named `sh` followed by a carriage return. It reports
    "no such file or directory", although the script exists.

    Bad:
        -- images/web-conf/run.sh --
        #!/bin/sh\r
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
    Good:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
    Source: execve(2)
    """
    for script in inside(image).scripts:
        first = script.file.content.partition(b"\n")[0]
        if first.startswith(b"#!") and first.endswith(b"\r"):
            words = "the first line ends with a carriage return, so its interpreter is not found"
            yield Hit(script.file.at(1, len(first)), words, "save the script with Unix line endings")
