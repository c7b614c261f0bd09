"""Parse a Dockerfile for analysis: instructions with their positions, stages, variables, and errors of the build.

The rules are those of the Dockerfile reference and of BuildKit's parser. Nothing is run, and the shell code of a RUN is not
interpreted.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from catalog_forge.errors import did_you_mean

KEYWORDS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD"),
    *("RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(\S.*)")
_KEYWORD = re.compile(r"\s*([A-Za-z]+)(?:\s+|$)")
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?\s*")
HEREDOC = re.compile(r"<<(-?)\s*([\"']?)([A-Za-z_]\w*)\2")
_WORD = re.compile(r"(?:[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*')+", re.DOTALL)
_PIECE = re.compile(r"\\(.)|\"((?:[^\"\\]|\\.)*)\"|'([^']*)'", re.DOTALL)
_VARIABLE = re.compile(r"\\\$|\$(?:\{(\w+)(?::([-+])([^{}]*))?\}|(\w+))")
_LONGEST = 10_000
# A larger Dockerfile is not read, because nobody writes so much by hand.
MAX_BYTES = 128 << 10


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that the build would report: its character offset in the text, and a hint."""

    start: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Inline:
    """A heredoc: its name, the number of the line before its text, and its text with a line feed after each line."""

    name: str
    above: int
    text: str


@dataclass(frozen=True)
class Instruction:
    """One instruction. It occupies the characters `start` to `end` of the file.

    `text` is the text after the keyword and the flags, with lines joined. `body` is `text` with build variables expanded.
    """

    keyword: str
    text: str
    body: str
    start: int
    end: int
    flags: Mapping[str, str] = field(default_factory=dict)
    heredocs: tuple[Inline, ...] = ()

    @cached_property
    def json(self) -> list[str] | None:
        """The words of the JSON form, or None for the shell form."""
        # A build expands no variables in these instructions, so the container gets the words unchanged.
        text = self.text if self.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "RUN", "SHELL") else self.body
        if not text.startswith("["):
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, list) and all(isinstance(each, str) for each in found) else None

    @cached_property
    def words(self) -> list[str]:
        """The words of the JSON form or of the shell form, without quotes."""
        return self.json if self.json is not None else [_bare(word) for word in _WORD.findall(self.body)]

    @property
    def arguments(self) -> list[str]:
        """The command that a CMD or ENTRYPOINT gives the container: the words of the JSON form, or a shell that runs the line."""
        return self.json if self.json is not None else ["/bin/sh", "-c", self.text]

    @property
    def has_open_quote(self) -> bool:
        """Whether the text has a quote that is not closed."""
        return bool(_WORD.sub("", self.text).strip())

    @property
    def script(self) -> str:
        """The script that a shell runs for a RUN: the text of the instruction and of its heredocs."""
        return "\n".join((self.body, *(each.text.removesuffix("\n") for each in self.heredocs)))


@dataclass(frozen=True)
class Stage:
    """A stage: its name, its base image with the known variables expanded, and its instructions, which begin with FROM."""

    name: str
    base: str
    instructions: list[Instruction]


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile."""

    instructions: list[Instruction]
    stages: list[Stage]
    faults: list[Fault]
    variables: Mapping[str, str]

    @cached_property
    def chain(self) -> list[Stage]:
        """The last stage and its base stages: each stage is followed by the stage that it is based on."""
        names = {each.name: each for each in reversed(self.stages) if each.name}
        found: dict[int, Stage] = {}
        stage = self.stages[-1] if self.stages else None
        while stage and id(stage) not in found:
            found[id(stage)] = stage
            stage = names.get(stage.base.lower())
        return list(found.values())

    @cached_property
    def final(self) -> list[Instruction]:
        """The instructions that form the image: those of the base stages, then those of the last stage."""
        return [each for stage in reversed(self.chain) for each in stage.instructions]

    @property
    def base(self) -> str:
        """The external image that the last stage is based on."""
        return self.chain[-1].base if self.chain else ""

    def last(self, keyword: str) -> Instruction | None:
        """Return the last instruction of the image with this keyword. Only the last one takes effect."""
        return next((each for each in reversed(self.final) if each.keyword == keyword), None)

    def of(self, *keywords: str) -> list[Instruction]:
        """Return the instructions of the image with these keywords."""
        return [each for each in self.final if each.keyword in keywords]


def parse(text: str) -> Dockerfile:
    """Parse a Dockerfile. The parser records errors in `faults`, and continues after each error."""
    if len(text) > MAX_BYTES:
        return Dockerfile([], [], [Fault(0, f"the Dockerfile is larger than {MAX_BYTES} bytes and was not read")], {})
    reader = _Reader(text)
    for start, end, joined, heredocs in _logical(text):
        reader.take(start, end, joined, heredocs)
    if not reader.stages and not reader.faults:
        reader.faults.append(Fault(0, "the Dockerfile has no FROM", "begin with FROM and a pinned base image"))
    return Dockerfile(reader.instructions, reader.stages, reader.faults, reader.seen)


def instruction_lines(text: str) -> list[int]:
    """Return the line on which each instruction starts: item N-1 belongs to the engine's step N."""
    breaks = [found.start() for found in re.finditer("\n", text)]
    return [bisect_left(breaks, start) + 1 for start, *_ in _logical(text)]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.instructions: list[Instruction] = []
        self.stages: list[Stage] = []
        self.faults: list[Fault] = []
        self.arguments: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.seen: dict[str, str] = {}

    def take(self, start: int, end: int, joined: str, heredocs: tuple[Inline, ...]) -> None:
        """Process one logical line."""
        found = _KEYWORD.match(joined)
        keyword = found[1].upper() if found else ""
        if not found or keyword not in KEYWORDS:
            word = (joined.split() or [""])[0][:40]
            self.faults.append(Fault(start, f"{word!r} is not an instruction", did_you_mean(word.upper(), KEYWORDS)))
            return
        rest, flags = joined[found.end() :], {}
        while keyword != "RUN" and (flag := _FLAG.match(rest)):
            flags[flag[1]] = flag[2] or ""
            rest = rest[flag.end() :]
        rest = rest.strip()
        body = expand(rest, self.arguments if keyword == "FROM" else self.variables)
        if keyword != "RUN":
            bare = {name for _, quote, name in HEREDOC.findall(joined) if not quote}
            heredocs = tuple(
                replace(each, text=expand(each.text, self.variables)) if each.name in bare else each for each in heredocs
            )
        each = Instruction(keyword, rest, body, start, end, flags, heredocs)
        self.instructions.append(each)
        self.check(each)
        self.follow(each)

    def check(self, each: Instruction) -> None:
        """Record the errors that the build would report for one instruction."""
        if each.keyword not in ("FROM", "ARG") and not self.stages:
            self.faults.append(
                Fault(each.start, f"{each.keyword} comes before FROM", "move it after FROM: only ARG may come before FROM")
            )
        elif not each.text:
            self.faults.append(Fault(each.start, f"{each.keyword} has no arguments"))
        elif each.keyword in ("ADD", "COPY", "ENV", "LABEL", "FROM", "ARG") and each.has_open_quote:
            self.faults.append(Fault(each.start, f"{each.keyword} has a quote that is never closed"))
        elif each.keyword in ("ADD", "COPY") and len(each.words) < 2 and not HEREDOC.search(each.text):
            hint = "a single quote encloses both the source and the target" if " " in each.body else ""
            self.faults.append(Fault(each.start, f"{each.keyword} needs a source and a target, but this is a single word", hint))
        elif each.keyword == "ENV" and len(each.words) < 2 and "=" not in each.text:
            self.faults.append(Fault(each.start, "ENV needs a name and a value"))
        elif each.keyword == "FROM" and len(each.words) not in (1, 3):
            self.faults.append(Fault(each.start, "FROM needs an image, or IMAGE AS NAME"))

    def follow(self, each: Instruction) -> None:
        """Keep track of stages and variables."""
        if each.keyword == "FROM":
            words = each.words or [""]
            self.stages.append(Stage(words[2].lower() if len(words) > 2 else "", words[0], []))
            self.variables = {}
        if self.stages:
            self.stages[-1].instructions.append(each)
        if each.keyword == "ARG":
            self.set_arguments(each)
        if each.keyword == "ENV":
            self.variables |= _settings(each)
        self.seen |= self.variables

    def set_arguments(self, each: Instruction) -> None:
        for word in each.words:
            name, equals, value = word.partition("=")
            known = value if equals else self.arguments.get(name)
            if known is not None:
                self.variables[name] = known
                if not self.stages:
                    self.arguments[name] = known


def _settings(each: Instruction) -> dict[str, str]:
    """Return the variables that an ENV sets, in either form of ENV."""
    if each.words and "=" in each.words[0]:
        return {name: value for word in each.words for name, _, value in (word.partition("="),)}
    name, _, value = each.body.partition(" ")
    return {name: _bare(value.strip())}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Expand variables as a Dockerfile does; unknown variables stay unchanged."""
    if "$" not in text:
        return text

    def put(match: re.Match[str]) -> str:
        name = match[1] or match[4]
        if not name:
            return match[0]
        if match[2] == "+":
            return match[3] if variables.get(name) else ""
        value = variables.get(name, "")
        return value or (match[3] if match[2] == "-" else value if name in variables else match[0])

    found = _VARIABLE.sub(put, text)
    # Without this limit, the variables of a hostile file could grow indefinitely.
    return found if len(found) <= len(text) + _LONGEST else text


def _bare(word: str) -> str:
    return _PIECE.sub(lambda found: found[1] or _PIECE.sub(r"\1", found[2] or "") or found[3] or "", word)


def _logical(text: str) -> Iterator[tuple[int, int, str, tuple[Inline, ...]]]:
    """Yield the logical lines with their positions: join continuations, drop comments and blank lines, and separate heredocs."""
    lines = list(_lines(text))
    escape = _escape(lines)
    places: dict[str, list[int]] = {}
    for number, (_, line) in enumerate(lines):
        places.setdefault(line.strip(), []).append(number)
    number = 0
    while number < len(lines):
        start, line = lines[number]
        if _is_nothing(line):
            number += 1
            continue
        parts, number = _joined(lines, number, escape)
        joined = " ".join(parts)
        heredocs: list[Inline] = []
        if re.match(r"\s*(?:RUN|COPY|ADD)\b", joined, re.IGNORECASE):
            for dash, _, name in HEREDOC.findall(joined)[:10]:
                ends = places.get(name, [])
                after = bisect_left(ends, number)
                if after < len(ends):
                    inside = (line.lstrip("\t") if dash else line for _, line in lines[number : ends[after]])
                    heredocs.append(Inline(name, number, "".join(f"{line}\n" for line in inside)))
                    number = ends[after] + 1
        last, content = lines[number - 1]
        yield start + len(line) - len(line.lstrip()), last + len(content), joined, tuple(heredocs)


def _escape(lines: list[tuple[int, str]]) -> str:
    """Return the line continuation character, which a directive at the top of the file may change."""
    for _, line in lines:
        directive = _DIRECTIVE.fullmatch(line)
        if not directive:
            break
        if directive[1].lower() == "escape" and directive[2].strip() in ("\\", "`"):
            return directive[2].strip()
    return "\\"


def _joined(lines: list[tuple[int, str]], number: int, escape: str) -> tuple[list[str], int]:
    """Return the lines of one instruction, and the number of the line after the instruction."""
    parts: list[str] = []
    while number < len(lines):
        line = lines[number][1]
        number += 1
        if parts and _is_nothing(line):
            continue
        stripped = line.rstrip()
        parts.append(stripped.removesuffix(escape) if stripped.endswith(escape) else stripped)
        if not stripped.endswith(escape):
            break
    return parts, number


def _is_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line.removesuffix("\r")
        start += len(line) + 1
