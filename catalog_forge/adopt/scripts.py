"""Converts launch scripts to the `launch` key.

Such scripts may copy files, wait for files or for all containers of a service, and choose a leader. A script is read statement
by statement. If it has an unknown statement, the script stays a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

from catalog_forge.adopt.naming import written
from catalog_forge.lint.images.shell import ALL, UNKNOWN, words

_GIDDYUP = r"(?:[\w./-]*/)?giddyup"
_FILE = r"""["']?(?P<file>/[\w./-]+)["']?"""
_LOOP = r"[ \t]*(?:;|\n)\s*do\s+sleep[ \t]+[\d.]+[smh]?[ \t]*(?:;|\n)\s*done"
_ABSENT = rf"""!\s+-[efrs]\s+{_FILE.replace("?P<file>", "")}"""
_PRESENT = _ABSENT.removeprefix(r"!\s+")
_METADATA = r"(?:curl|wget)[^\n)|;]*?/self/container/(?:service|create)_index"
_FIRST = rf"""["']?\$\({_METADATA}[^\n)]*\)["']?[ \t]+(?:==?|-eq)[ \t]+["']?1["']?"""
_BRANCH = r"(?:(?!\bif\b|\belse\b|\bfi\b)[\s\S])*+"
_WORDS = "if for while until case function then else fi do done esac trap exit return eval export cd umask ulimit unset shift"
# The kinds of statements. The kind of a statement is the first kind whose pattern matches.
_STATEMENTS = {
    "nothing": r"\s+|#[^\n]*|;",
    "options": r"set[ \t]+[-+][a-z]+(?:[ \t]+pipefail)?(?=[ \t]*(?:;|\n|\Z))",
    "folder": r"if[ \t]+\[[ \t]+![ \t]+-[ed][ \t]+\S+[ \t]+\]\s*;\s*then\s+mkdir[^\n;]*[;\n]\s*fi",
    "wait": rf"while[ \t]+\[[ \t]+{_ABSENT}[ \t]+\](?:[ \t]+\|\|[ \t]+\[[ \t]+{_ABSENT}[ \t]+\])*{_LOOP}",
    "until": rf"until[ \t]+\[[ \t]+{_PRESENT}[ \t]+\](?:[ \t]+&&[ \t]+\[[ \t]+{_PRESENT}[ \t]+\])*{_LOOP}",
    "scale": rf"{_GIDDYUP}[ \t]+service[ \t]+wait[ \t]+scale(?:[ \t]+--?timeout[= \t]+(?P<time>\d{{1,9}}))?(?=[ \t]*(?:;|\n|\Z))",
    "leader": (
        rf"""if[ \t]+(?:{_GIDDYUP}[ \t]+leader[ \t]+check|\[[ \t]+{_FIRST}[ \t]+\])"""
        rf"\s*;\s*then\s+(?P<leader>{_BRANCH})else\s(?P<others>{_BRANCH})fi\b"
    ),
    "source": rf"(?:\.|source)[ \t]+{_FILE}(?=[ \t]*(?:;|\n|\Z))",
    "command": rf"(?!(?:{_WORDS.replace(' ', '|')})\b|\w+=)[\w./-][^\n;&|<>`]*",
}  # fmt: skip
_STATEMENT = re.compile("|".join(f"(?P<_{name}>{pattern.replace('?P<file>', '')})" for name, pattern in _STATEMENTS.items()))
_PATH = re.compile(r"/[\w./-]+")
_SECONDS = 300
_MOST = 64_000


@dataclass(frozen=True, slots=True)
class Start:
    """The effect of a script, as the `launch` key of a spec.

    If a statement has no equivalent in a spec, `launch` is None, and `why` and `line` report the statement. `files` are the files
    that the script waits for, and `copies` are the files that it copies into a folder. `dropped` are commands that only sleep or
    print progress. `is_conf` is True if the script starts confd.
    """

    launch: Mapping[str, Any] | None
    why: str = ""
    line: int = 0
    files: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    is_conf: bool = False


class _Unknown(Exception):
    """Raised for a statement of an unknown kind, with its place in the script."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def start_of(text: str, arguments: tuple[str, ...] = ()) -> Start:
    """Analyze a launch script. `arguments` are the arguments that the entry passes to the script. Raises nothing."""
    if len(text) > _MOST or "\0" in text:
        return Start(None, "the script is too large, or is not text", 1)
    try:
        reading = _Reading(arguments)
        reading.read(text)
    except _Unknown as fault:
        return Start(None, "this statement has no equivalent in `launch`", 1 + text.count("\n", 0, fault.place))
    if not reading.exec:
        return Start(None, "the script does not end in exec", 1 + text.count("\n"))
    branches = reading.branches or ()
    dropped = (*reading.dropped, *(text for branch in branches for text in branch.dropped))
    files, copies = tuple(reading.files), tuple(reading.copies)
    return Start(reading.launch(), files=files, copies=copies, dropped=dropped, is_conf=reading.starts_confd)


class _Reading:
    """Reads the statements of a script."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self.arguments = arguments
        self.files: list[str] = []
        self.copies: list[str] = []
        self.sourced: list[str] = []
        self.dropped: list[str] = []
        self.before: list[str] = []
        self.exec: list[str] = []
        self.scale = 0
        self.branches: tuple[_Reading, _Reading] | None = None

    def read(self, text: str, start: int = 0) -> None:
        """Read all statements of a script. Raises _Unknown."""
        for name, found in _statements(text):
            if self.exec and name not in ("nothing", "options"):
                raise _Unknown(start + found.start())
            match name:
                case "wait" | "until":
                    self.files += _PATH.findall(found[0])
                case "scale":
                    self.scale = int(found["time"] or _SECONDS)
                case "source":
                    self.sourced += _PATH.findall(found[0])
                case "leader":
                    self.branches = _Reading(self.arguments), _Reading(self.arguments)
                    for branch, part in zip(self.branches, ("leader", "others"), strict=True):
                        branch.read(found[part], start + found.start(part))
                        if not branch.exec or branch.branches or branch.sourced or branch.scale:
                            raise _Unknown(start + found.start(part))
                    self.exec = list(commonprefix([branch.exec for branch in self.branches]))
                case "command":
                    self.command(found[0], start + found.start())

    def command(self, text: str, place: int) -> None:
        """Read a simple command: the program to start, a copy, a sleep, or a command to run before the start."""
        found, end = words(text)
        if end < len(text) or not found:
            raise _Unknown(place)
        if found[0] == "exec":
            self.exec = [each for word in found[1:] for each in (self.arguments if word == ALL else (word,))]
            if any(UNKNOWN in word for word in self.exec):
                raise _Unknown(place)
        elif found[0] == "cp" and not any(UNKNOWN in word for word in found):
            self.copies += [word for word in found[1:-1] if not word.startswith("-")]
        elif self.sourced:
            raise _Unknown(place)  # the command may be a function of a sourced file
        else:
            (self.dropped if found[0] in ("sleep", "echo") else self.before).append(text.strip())

    @property
    def starts_confd(self) -> bool:
        return self.exec[0].rpartition("/")[2] == "confd"

    def launch(self) -> dict[str, Any]:
        """Return the `launch` key. Words of the script are escaped, because they could look like expressions."""
        data: dict[str, Any] = {"wait": {"scale": f"{self.scale}s"}} if self.scale else {}
        data |= {"before": [written([text]) for text in self.before]} if self.before else {}
        sources = " && ".join(f". {path}" for path in self.sourced)
        prefix = ["sh", "-c", f'{sources} && exec "$0" "$@"'] if sources else []
        data["exec"] = [written([word]) for word in (*prefix, *self.exec)]
        for name, branch in zip(("leader", "others"), self.branches or (), strict=False):
            part: dict[str, Any] = {"before": [written([text]) for text in branch.before]} if branch.before else {}
            rest = [written([word]) for word in branch.exec[len(self.exec) :]]
            data[name] = part | ({"args": rest} if rest else {})
        return {key: value for key, value in data.items() if value or key == "leader"}


def _statements(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield the kind of each statement, with the match of its pattern. Raises _Unknown at the first unknown statement."""
    place = 0
    text = text.replace("\\\n", "  ")
    while place < len(text):
        found = _STATEMENT.match(text, place)
        if not found or found.end() == place:
            raise _Unknown(place)
        yield (found.lastgroup or "").removeprefix("_"), found
        place = found.end()
