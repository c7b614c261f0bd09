"""The engines that `render` and `test` can use."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options as shared
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog_forge.verify.observation import Engine
    from catalog_forge.verify.play import Stage

RENDERING = ("embedded", "confd", "image")
"""The engines that render the files of a single container, from the metadata that the container reads."""

ALL = (*RENDERING, "stack")
OF_IMAGES = ("image", "stack")
"""The engines that run images, which must be built first."""

_SAYS = {
    "embedded": "`embedded` imitates confd",
    "confd": "`confd` runs the real confd",
    "image": "`image` runs the built image on a Docker engine",
    "stack": "`stack` runs the whole entry on a Docker engine, as `up` does",
}
_Command = TypeVar("_Command", bound="Callable[..., Any]")

backend = click.option(
    "--backend",
    metavar="BACKEND",
    shell_complete=complete.backends,
    help="Which of the spec's back ends contains the keys; default: the first one.",
)
"""The option that selects the back end in which the keys are stored."""


def options(names: Sequence[str]) -> Callable[[_Command], _Command]:
    """Return a decorator that adds options to a command: --engine with these names, and --confd."""
    what = "The confd binary to run with `--engine confd`, and to put into images that must be built; default: the one on PATH."
    engine = click.option(
        "--engine",
        "engine",
        type=click.Choice(names),
        default="embedded",
        show_default=True,
        help=f"{'; '.join(_SAYS[name] for name in names)}.",
    )
    return lambda command: engine(shared.confd(what)(command))


@contextmanager
def opened(name: str, confd: Path | None) -> Iterator[Engine]:
    """Open the engine `name`, one of `RENDERING`.

    Raises ForgeError if there is no confd, and EngineError if there is no Docker engine.
    """
    if name == "embedded":
        from catalog_forge.verify.embedded import Embedded

        yield Embedded()
    elif name == "confd":
        from catalog_forge.verify.real_confd import Confd

        yield Confd(confd or _on_path())
    else:
        from catalog_forge.image.engine import connect
        from catalog_forge.verify.container import ImageEngine

        with connect() as engine:
            yield ImageEngine(engine)


@contextmanager
def playing(name: str, confd: Path | None, trust: bool) -> Iterator[Engine | Stage]:
    """Open the engine `name`, one of `ALL`. `trust` allows privileged containers in a stack. Raises the errors of `opened`."""
    if name != "stack":
        with _ended_in_order(), opened(name, confd) as engine:
            yield engine
        return
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.state import home
    from catalog_forge.verify.on_stack import StackEngine

    with _ended_in_order(), connect() as docker:
        yield StackEngine(docker, home(), trust=trust, tell=lambda text: click.echo(printable(text, kept="\n"), err=True))


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, so that started containers are removed. CI servers cancel a job with SIGTERM."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def build_missing(directory: Path, names: Sequence[str], confd: Path | None) -> None:
    """Build those images of the named specs that are missing or out of date. Raises the errors of the command `build`."""
    from catalog_forge.cli.make.build import Inputs, found, raise_failures, requests_for, run
    from catalog_forge.repository import Repository

    requests = requests_for(Repository.find(directory), tuple(names), Inputs(confd, any_confd=True))
    if found(requests):
        return
    from catalog_forge.image.engine import connect

    with connect() as engine:
        raise_failures(run(engine, requests))


def _on_path() -> str:
    from catalog_forge.errors import ForgeError

    found = shutil.which("confd")
    if found is None:
        raise ForgeError("there is no confd on PATH", hint="name one with --confd FILE, or use --engine embedded")
    return found
