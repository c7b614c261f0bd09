"""`catalog-forge metadata`: the Rancher metadata service, served or asked, from an answers file or a scenario."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from catalog_forge.errors import ForgeError

if TYPE_CHECKING:
    from catalog_forge.metadata.server import MetadataServer

POLL_SECONDS = 0.5

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def metadata() -> None:
    """The Rancher metadata service, emulated: what confd sees."""


class Address(click.ParamType[tuple[str, int]]):
    """HOST:PORT, :PORT (all addresses) or [IPV6]:PORT."""

    name = "HOST:PORT"

    def convert(self, value: str | tuple[str, int], param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return host and port."""
        if isinstance(value, tuple):
            return value
        host, colon, port = value.rpartition(":")
        if not (colon and port.isascii() and port.isdigit() and int(port) < 65536):
            self.fail(f"{value!r} is not HOST:PORT", param, ctx)
        return host.removeprefix("[").removesuffix("]"), int(port)


@metadata.command()
@click.argument("file", type=_FILE)
@click.option("--listen", type=Address(), default="127.0.0.1:8080", show_default=True, help="Port 0 takes a free one.")
@click.option("--xff", is_flag=True, help="Let the header X-Forwarded-For say who asks.")
def serve(file: Path, listen: tuple[str, int], xff: bool) -> None:
    """Serve FILE, an answers file or a scenario, until interrupted.

    A change of FILE, and SIGHUP, make a new version, and wake every confd that watches.
    """
    from catalog_forge.metadata.scenario import load
    from catalog_forge.metadata.server import MetadataServer

    stamp = _stamp(file)
    with _hangups() as asked, MetadataServer(load(file), *listen, xff=xff) as server:
        click.echo(f"metadata service at {server.url}", err=True)
        while True:
            hangup = asked.wait(POLL_SECONDS)
            asked.clear()
            seen = _stamp(file)
            if hangup or seen != stamp:
                stamp = seen
                _reload(server, file)


@metadata.command()
@click.argument("path")
@click.option("--file", type=_FILE, required=True, help="An answers file or a scenario.")
@click.option("--self", "client", default="default", show_default=True, help="The address of the container that asks.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def get(path: str, file: Path, client: str, form: str) -> None:
    """Print what the service answers at PATH, for example /2016-07-29/self/service/name."""
    from urllib.parse import quote

    from catalog_forge.metadata import routes
    from catalog_forge.metadata.scenario import load
    from catalog_forge.metadata.wire import Request

    headers = {"accept": routes.JSON if form == "json" else routes.TEXT}
    sent = quote(path.lstrip("/"), safe="/%+")  # it is escaped already, but for letters that no URL has
    request = Request("GET", f"/{sent}", "", headers, client)
    response = routes.respond(load(file), request)
    text = response.body.decode()
    if response.status != 200:
        hint = f"catalog-forge metadata get {path.rpartition('/')[0] or '/'} --file {file} lists what is there"
        raise ForgeError(f"{path}: {text.strip() or response.status.phrase}", hint=hint)
    click.echo(text, nl=not text.endswith("\n"))


def _reload(server: MetadataServer, file: Path) -> None:
    from catalog_forge.metadata.scenario import load

    try:
        server.replace(load(file))
    except ForgeError as error:
        click.echo(f"{error}\nnot reloaded: the old answers stay", err=True)
    else:
        click.echo(f"reloaded {file}", err=True)


def _stamp(file: Path) -> tuple[int, ...]:
    """What changes when a file does; nothing for a file that is not there."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextmanager
def _hangups() -> Iterator[threading.Event]:
    """An event that each SIGHUP sets."""
    asked = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a handler)
        asked.set()

    before = signal.signal(signal.SIGHUP, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGHUP, before)
