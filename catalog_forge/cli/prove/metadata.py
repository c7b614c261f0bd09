"""`catalog-forge metadata`: serve or query the Rancher metadata service, from an answers file or a scenario."""

from __future__ import annotations

import functools
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.shown import options, places
from catalog_forge.errors import ForgeError
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from catalog_forge.goyaml.scalars import Value
    from catalog_forge.metadata.service.answers import Answers
    from catalog_forge.metadata.service.server import MetadataServer
    from catalog_forge.metadata.service.wire import Request

POLL_SECONDS = 0.5

_MOST_WARNINGS = 10
_OPEN_FILES = 8192


@click.group()
def metadata() -> None:
    """Emulate the Rancher metadata service, and show what confd sees."""


def _address(value: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT, :PORT (all addresses) or [IPV6]:PORT."""
    host, colon, port = value.rpartition(":")
    if not (colon and re.fullmatch("[0-9]{1,5}", port) and int(port) < 65536):
        raise click.BadParameter(f"{value!r} is not HOST:PORT: write the port as a number up to 65535, such as 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


@metadata.command()
@click.argument("file", type=places.FILE)
@click.option(
    "--listen",
    type=_address,
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="The address to listen on; port 0 picks a free port.",
)
@click.option("--reload-listen", type=_address, metavar="HOST:PORT", help="The address on which POST /v1/reload reloads FILE.")
@click.option("--xff", is_flag=True, help="Identify the caller by the X-Forwarded-For header.")
def serve(file: Path, listen: tuple[str, int], reload_listen: tuple[str, int] | None, xff: bool) -> None:
    """Serve FILE, an answers file or a scenario, until interrupted.

    The answers are read again, and every watching confd is notified, when FILE changes, on SIGHUP, and on a request to the
    reload port. If FILE is invalid, the old answers stay. If FILE is deleted, the old answers stay until a reload is requested;
    then there are no answers, as in Rancher.
    """
    from catalog_forge.metadata.service.server import MetadataServer, ReloadPort

    _allow_many_clients()
    stamp = _stamp(file)
    with _hangups() as asked, ExitStack() as doors:
        server = doors.enter_context(MetadataServer(_load(file), *listen, xff=xff))
        reloading = _Reloading(server, file, threading.Lock())
        click.echo(f"metadata service at {server.url}", err=True)
        if reload_listen:
            port = doors.enter_context(ReloadPort(reloading.on_demand, *reload_listen))
            click.echo(f"reload with POST {port.url}/v1/reload", err=True)
        while True:
            hangup = asked.wait(POLL_SECONDS)
            asked.clear()
            seen = _stamp(file)
            if hangup or seen != stamp:
                stamp = seen
                reloading.quietly(reloading.on_demand if hangup else reloading.on_change)


_ASKED = (
    click.option("--file", type=places.FILE, help="An answers file or a scenario."),
    click.option("--url", metavar="URL", help="A running service, for example http://rancher-metadata."),
    click.option("--version", metavar="VERSION", help="PATH is relative to this version, for example 2015-12-19."),
    click.option(
        "--self",
        "client",
        metavar="CONTAINER|ADDRESS",
        help="The container that asks; default: the `self` of the scenario. A running service accepts only addresses, "
        "and must have been started with --xff.",
    ),
)


def _asked(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that select the service and the caller. The command receives their values as one argument, `source`."""

    @functools.wraps(command)  # also copies the options that click has stored on `command`
    def call(file: Path | None, url: str | None, version: str | None, client: str | None, **others: Any) -> None:
        if (file is None) == (url is None):
            raise click.UsageError("give the source of the answers: either --file FILE or --url URL")
        command(source=_Source(file, url, version, client), **others)

    wrapped: Callable[..., None] = call
    for option in reversed(_ASKED):
        wrapped = option(wrapped)
    return wrapped


@metadata.command()
@click.argument("path")
@_asked
@options.form("text", "json", "yaml", "file")
def get(source: _Source, path: str, form: str) -> None:
    """Print the answer of the service for PATH, for example /2016-07-29/self/service/name.

    The format `file` prints a file that confd's `file` back end can read in place of the service.
    """
    text = source.answer(path, form) if form != "file" else _as_file(source.below(path), source.answer(path, "json"))
    if sys.stdout.isatty():  # only for a terminal: programs get the value unchanged
        text = printable(text, kept="\n\t")
    click.echo(text, nl=not text.endswith("\n"))


@metadata.command()
@click.argument("path", default="")
@_asked
@click.option(
    "--depth", type=options.WholeNumber(0, 100), metavar="N", default=100, show_default=True, help="Number of levels to draw."
)
@click.option(
    "--items", type=options.WholeNumber(1), metavar="N", default=10, show_default=True, help="Number of list elements to draw."
)
@click.option("--show-secrets", is_flag=True, help="Also show the values of passwords, tokens and keys.")
@options.form()
def tree(source: _Source, path: str, depth: int, items: int, show_secrets: bool, form: str) -> None:
    """Draw the tree below PATH, for example /2016-07-29/self. Without PATH: the latest version."""
    from catalog_forge.metadata.service import tree as picture

    if not path and source.version is None:
        path = "/latest"
    value = source.value(path)
    if form == "json":
        text = _json(value if show_secrets else picture.without_secrets(value), source.below(path))
        click.echo("".join(each if each.isprintable() else as_json(each)[1:-1] for each in text))
        return
    for line in picture.draw(value, source.below(path), picture.Look(depth, items, secrets=show_secrets)):
        colon = ": " if line.label and line.value else ""
        click.echo(click.style(line.branches, dim=True) + click.style(line.label, fg="cyan") + colon + line.value)


@dataclass(frozen=True)
class _Source:
    """The metadata service to query (a file or a URL), the version, and the caller (None: the `self` of the scenario)."""

    file: Path | None
    url: str | None
    version: str | None
    client: str | None

    def below(self, path: str) -> str:
        """Return the full path. Characters that are not allowed in a URL are percent-encoded."""
        from urllib.parse import quote

        parts = [part for part in (self.version, path.lstrip("/")) if part]
        return "/" + quote("/".join(parts), safe="/%+:@,;=$&~")

    def answer(self, path: str, form: str) -> str:
        """Return the answer for a path. Raises ForgeError if the service returns an error."""
        from catalog_forge.metadata.service import routes

        accept = {"json": routes.JSON, "yaml": routes.YAML}.get(form, routes.TEXT)
        status, body = self.ask(self.below(path), accept)
        text = body.decode(errors="replace")
        if status != 200:
            problem = _reason(text) or f"status {status}"
            raise ForgeError(f"{self.below(path)}: {problem}", hint=self.hint(self.below(path), status))
        return text

    def hint(self, path: str, status: int) -> str:
        """Return a hint for a failed request: the command that lists the nearest existing parent of the path."""
        from shlex import join

        from catalog_forge.metadata.service import routes

        if status != 404:
            return "use --format text or --format yaml" if status == 500 else ""
        nearest, parts = "/", path.split("/")
        # Parents are tried from the top down, so that the number of requests depends on the depth of the data, not on the
        # length of the path.
        for length in range(2, len(parts)):
            parent = "/".join(parts[:length])
            if self.ask(parent, routes.TEXT)[0] != 200:
                break
            nearest = parent
        whom = ("--file", str(self.file)) if self.file else ("--url", str(self.url))
        client = ("--self", self.client) if self.client else ()
        listing = join(("catalog-forge", "metadata", "get", nearest, *whom, *client))
        advice = "" if nearest != "/" or path[1:2].isdigit() else f"; begin the path with a version, such as /latest{path}"
        return f"{listing} lists what exists there{advice}"

    def value(self, path: str) -> Value:
        """Return the answer as data. An answer from a file may contain numbers that JSON cannot represent."""
        import json

        from catalog_forge.metadata.service import routes

        if self.file:
            self.answer(path, "text")
            return routes.value_at(self.answers, self.request(self.below(path), routes.TEXT))
        try:
            value: Value = json.loads(self.answer(path, "json"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            message = f"{self.url}{self.below(path)} does not answer with JSON: {error}"
            raise ForgeError(message, hint="check that --url is the address of a metadata service") from None
        return value

    def ask(self, path: str, accept: str) -> tuple[int, bytes]:
        """Return the status and body for a path."""
        if self.url:
            from catalog_forge.metadata.service import client

            return client.ask(self.url, path, accept, self.client)
        from catalog_forge.metadata.service import routes

        response = routes.respond(self.answers, self.request(path, accept))
        return response.status, response.body

    def request(self, path: str, accept: str) -> Request:
        """Return the request that the caller would send, to be answered from the file."""
        from catalog_forge.metadata.service.wire import Request

        return Request("GET", path, "", {"accept": (accept,)}, self.asking)

    @property
    def answers(self) -> Answers:
        """The answers in the file."""
        return self._read[0]

    @property
    def asking(self) -> str:
        """The address of the caller, for queries that are answered from the file."""
        return self._read[1]

    @functools.cached_property
    def _read(self) -> tuple[Answers, str]:
        from catalog_forge.metadata.scenarios.scenario import load_either, seen_by

        assert self.file
        answers, client = seen_by(load_either(self.file), self.client or "")
        _warn(self.file, answers)
        return answers, client


def _as_file(path: str, body: str) -> str:
    """Return the answer for a path as the content of a file for confd's back end `file`."""
    from catalog_forge.confd.layout import keys_of_answer, nested
    from catalog_forge.seed.file import file_of

    return file_of(nested(keys_of_answer(path, body)))


def _json(value: Value, path: str) -> str:
    """Return a value in the JSON form that the service sends. Raises ForgeError for a number that JSON cannot represent."""
    from catalog_forge.metadata.service import printing

    try:
        return printing.to_json(value)
    except printing.NoJsonError as error:
        raise ForgeError(f"{path}: {error}", hint="use --format text") from None


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _reason(body: str) -> str:
    """Return the message of an error response in any format."""
    found = re.search(r'"message":"([^"]*)"|^message: (.*)$', body, re.MULTILINE)
    return (found[1] or found[2]) if found else body.strip()[:200]


@dataclass(frozen=True)
class _Reloading:
    """Reads FILE again for the server, one reload at a time."""

    server: MetadataServer
    file: Path
    lock: threading.Lock

    def on_change(self) -> None:
        """Load the current content of FILE. Raises ForgeError if FILE is invalid."""
        with self.lock:
            self.server.replace(_load(self.file))
        click.echo(f"reloaded {self.file}", err=True)

    def on_demand(self) -> None:
        """Load the current content of FILE, or no answers if FILE does not exist, as the real service does."""
        from catalog_forge.metadata.service.answers import Answers

        if self.file.exists():
            self.on_change()
            return
        with self.lock:
            self.server.replace(Answers({}))
        click.echo(f"reloaded {self.file}: the file does not exist, so there are no answers", err=True)

    def quietly(self, reload: Callable[[], None]) -> None:
        """Call `reload`, and print the error if reloading fails."""
        try:
            reload()
        except ForgeError as error:
            click.echo(printable(f"{error}\nnot reloaded: the old answers stay in use", kept="\n"), err=True)


def _load(file: Path) -> Answers:
    """Read FILE, and warn about answers that the real service serves but that break confd."""
    from catalog_forge.metadata.scenarios.scenario import load

    answers = load(file)
    _warn(file, answers)
    return answers


def _warn(file: Path, answers: Answers) -> None:
    from itertools import islice

    from catalog_forge.metadata.service.answers import unsound

    problems = list(islice(unsound(answers), _MOST_WARNINGS + 1))
    for path, problem in problems[:_MOST_WARNINGS]:
        click.echo(printable(f"warning: {file}: {path}: {problem}"), err=True)
    if len(problems) > _MOST_WARNINGS:
        click.echo(f"warning: {file}: further warnings are not shown", err=True)


def _stamp(file: Path) -> tuple[int, ...]:
    """Return a value that changes whenever the file changes, or an empty tuple if the file does not exist."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _allow_many_clients() -> None:
    """Raise the limit of open files, so that more than a thousand confds can wait. The limit is often 1024."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _hangups() -> Iterator[threading.Event]:
    """Yield an event that each SIGHUP sets."""
    asked = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a handler)
        asked.set()

    before = signal.signal(signal.SIGHUP, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGHUP, before)
