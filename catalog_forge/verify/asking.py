"""Reads what a scenario asks the containers of a stack, and compares the answers with the expectation.

expect:
  command:                               # or a list of them
    in: redis-1                          # a service or sidekick and its index; without an index, the first container
    run: [redis-cli, ping]               # or a command line for /bin/sh
    exit: 0
    output: "PONG\\n"
    contains: PONG                       # or a list; `lacks` is written in the same way
  http: {get: "http://proxy-1:80/page", headers: {Host: www.example.org}, status: 200, contains: Welcome}
  log: {in: redis-conf-1, contains: reload}     # only the lines since the step began
  within: 30s                            # the time within which all of these must become true
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.metadata.reading import Reader
from catalog_forge.verify.observation import Answer, Asked

KEYS = ("command", "http", "log", "within")
WITHIN = 20.0
"""The default time in seconds after which a settled stack must match the expectation."""

MAX_WITHIN = 600.0
_TEXT_KEYS = ("contains", "lacks")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class Words:
    """The requirements that a string must meet. Unset fields require nothing."""

    equals: str | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A command to run in a container, with its expected exit status and output."""

    container: str
    run: tuple[str, ...]
    where: Where
    status: int = 0
    words: Words = Words()

    @property
    def title(self) -> str:
        """The command as a report shows it."""
        shown = self.run[2] if self.run[:2] == ("/bin/sh", "-c") else shlex.join(self.run)
        return f"`{shown}` in {self.container}"


@dataclass(frozen=True)
class Get:
    """A request to a container, at its address on the stack's network, with the expected status and body."""

    container: str
    port: int
    path: str
    where: Where
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    words: Words = Words()

    @property
    def title(self) -> str:
        """The request as a report shows it."""
        return f"GET http://{self.container}:{self.port}{self.path}"


@dataclass(frozen=True)
class Log:
    """The expected content of the lines that a container logs in a step."""

    container: str
    where: Where
    words: Words = Words()


@dataclass(frozen=True)
class Asking:
    """All commands, requests and logs of a moment, and the seconds within which all answers must be as expected."""

    commands: tuple[Command, ...] = ()
    requests: tuple[Get, ...] = ()
    logs: tuple[Log, ...] = ()
    within: float = WITHIN

    @property
    def count(self) -> int:
        """The number of commands, requests and logs."""
        return len(self.commands) + len(self.requests) + len(self.logs)


def unlike(asking: Asking, asked: Asked) -> Iterator[tuple[str, Where, str]]:
    """For each answer that is not as expected, yield a message, the location of the expectation and the actual text."""
    for command, answer in zip(asking.commands, asked.commands, strict=True):
        yield from _answer(command, command.status, answer, "ended with")
    for request, answer in zip(asking.requests, asked.requests, strict=True):
        yield from _answer(request, request.status, answer, "was answered with")
    for log, text in zip(asking.logs, asked.logs, strict=True):
        yield from _text(f"the log of {log.container}", log.words, log.where, text)


def _answer(expected: Command | Get, status: int, answer: Answer, ended: str) -> Iterator[tuple[str, Where, str]]:
    if answer.problem:
        yield f"{expected.title}: {answer.problem}", expected.where, ""
        return
    if answer.status != status:
        yield f"{expected.title} {ended} {answer.status}, not {status}", expected.where, answer.text
        return  # if the status is not as expected, the output is shown but not checked
    yield from _text(f"the output of {expected.title}", expected.words, expected.where, answer.text)


def _text(what: str, words: Words, where: Where, text: str) -> Iterator[tuple[str, Where, str]]:
    if words.equals is not None and text != words.equals:
        old, new = (each.splitlines(keepends=True) for each in (words.equals, text))
        diff = difflib.unified_diff(old, new, "expected", "said", n=3)
        yield f"{what} is not as expected", where, "".join(line if line.endswith("\n") else f"{line}\n" for line in diff)
    for part in words.contains:
        if part not in text:
            yield f"{what} does not contain {part!r}", where, text or "(nothing)\n"
    for part in words.lacks:
        if part in text:
            yield f"{what} contains {part!r}", where, text


class AskingReader(Reader):
    """Reads what a scenario asks of containers."""

    def asking(self, found: Mapping[str, yamlio.Node]) -> Asking:
        """Read the keys in `KEYS`, and return the commands, requests and logs that they describe, with the time limit."""
        within = self.seconds(found["within"], "within") if "within" in found else WITHIN
        if within > MAX_WITHIN:
            self.wrong(f"`within` must be at most {MAX_WITHIN:g} s", found["within"].where, "choose a shorter time")
        return Asking(
            tuple(self.command(item) for item in self.some(found.get("command"))),
            tuple(self.request(item) for item in self.some(found.get("http"))),
            tuple(self.log(item) for item in self.some(found.get("log"))),
            within,
        )

    def command(self, node: yamlio.Node) -> Command:
        """Return the command that a node specifies as a list of words or as a command line for the shell."""
        example = "command: {in: redis-1, run: [redis-cli, ping]}"
        found = self.known(node, "a command", ("in", "run", "exit", "output", *_TEXT_KEYS), example)
        run = found.get("run")
        words: tuple[str, ...] = tuple(self.word(item, "run") for item in self.some(run))
        if not any(words):
            self.wrong("the command to run is missing", node.where, "write a command, for example run: [redis-cli, ping]")
        if run is not None and not isinstance(run, yamlio.Seq):
            words = ("/bin/sh", "-c", *words)
        status = self.whole(found.get("exit"), "exit", 255, default=0)
        return Command(self.place(found, node), words, node.where, status, self.text_words(found, "output"))

    def request(self, node: yamlio.Node) -> Get:
        """Return the request that a node describes. The host in its URL is the name of a container."""
        example = "http: {get: 'http://web-1:8080/page'}"
        found = self.known(node, "http", ("get", "headers", "status", "body", *_TEXT_KEYS), example)
        url = self.word(found["get"], "get") if "get" in found else ""
        container, port, path = _parts(url)
        if not container:
            where = found["get"].where if "get" in found else node.where
            what = f"`get` must be the URL of a container, not {url!r}" if "get" in found else "the URL of the request is missing"
            self.wrong(what, where, "write the URL, for example get: http://web-1:8080/page")
        headers = self.words(found.get("headers"), "headers")
        if any(not name or _CONTROL.search(name) or "\n" in value or "\r" in value for name, value in headers.items()):
            self.wrong("a header must have a name and a value of one line", found["headers"].where, "write NAME: VALUE")
        status = self.whole(found.get("status"), "status", 599, 100, 200)
        return Get(container, port, path, node.where, headers, status, self.text_words(found, "body"))

    def log(self, node: yamlio.Node) -> Log:
        """Return the expected content of a log."""
        found = self.known(node, "a log", ("in", *_TEXT_KEYS), "log: {in: redis-1, contains: TEXT}")
        words = self.text_words(found, "")
        if words == Words():
            self.wrong(
                "contains is missing", node.where, "write the expected text, for example contains: ready to accept connections"
            )
        return Log(self.place(found, node), node.where, words)

    def place(self, found: Mapping[str, yamlio.Node], node: yamlio.Node) -> str:
        """Return the name of the container that is to be asked."""
        word = self.word(found["in"], "in") if "in" in found else ""
        if not word:
            self.wrong("the name of the container is missing", node.where, "write in: SERVICE-1, or in: SIDEKICK-1")
        return word

    def text_words(self, found: Mapping[str, yamlio.Node], whole: str) -> Words:
        """Return the requirements that a string must meet; `whole` is the name of the key for the complete expected string."""
        return Words(
            self.word(found[whole], whole) if whole in found else None,
            tuple(self.word(item, "contains") for item in self.some(found.get("contains"))),
            tuple(self.word(item, "lacks") for item in self.some(found.get("lacks"))),
        )


def _parts(url: str) -> tuple[str, int, str]:
    """Split a URL into the name of a container, a port and a path. Return an empty name if an expectation cannot use the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return "", 0, ""
    if parts.scheme != "http" or not parts.hostname or parts.username or _CONTROL.search(url):
        return "", 0, ""
    # `hostname` cannot be used: it is in lower case, but container names are case-sensitive.
    name = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc.rstrip(":")
    return name, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
