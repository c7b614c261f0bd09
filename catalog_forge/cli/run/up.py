"""`catalog-forge up`: run the whole stack of an entry on a Docker engine, as Rancher would."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import EXIT_INTERRUPTED, Settings
from catalog_forge.cli.run import watching
from catalog_forge.cli.run.background import Background, rename, tail
from catalog_forge.cli.run.status import StatusView
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from catalog_forge.repository import Source
    from catalog_forge.stack.model import Note, Stack
    from catalog_forge.stack.state import StateFolder

_LOOK = 0.01
_TURN = 30.0


@click.command()
@click.argument("entry", shell_complete=complete.entries)
@click.option(
    "--name", metavar="STACK", shell_complete=complete.stacks, help="Name of the stack; default: the name of the entry."
)
@click.option("--revision", metavar="N", help="Revision of the entry; default: the one that Rancher would offer.")
@click.option(
    "--upgrade-from",
    "older",
    metavar="N",
    help="Run revision N, upgrade it as Rancher does, and compare the contents of the volumes before and after; the "
    "stack keeps running.",
)
@click.option(
    "--expect",
    metavar="SCENARIO",
    shell_complete=complete.scenarios,
    help="With --upgrade-from: check this scenario's expectations of the containers after the upgrade.",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Answer a question.")
@options.answers()
@click.option("--scale", "scales", multiple=True, metavar="SERVICE=N", help="Number of units of a service.")
@click.option(
    "--beside",
    multiple=True,
    metavar="NAME=IMAGE [COMMAND]",
    help="Run a substitute for NAME (or STACK/NAME), a service that the entry expects from outside; may be repeated.",
)
@click.option(
    "--watch", is_flag=True, help="Run the stack as with -d, and apply every change saved in specs/ and templates/, until Ctrl-C."
)
@click.option("--confirm", is_flag=True, help="Show the changes to the stack, and ask before making them.")
@click.option("--plan", "only_plan", is_flag=True, help="Print what would run; needs no engine.")
@options.form()
@click.option("-d", "--detach", is_flag=True, help="Return once the units are running, and leave them running.")
@click.option(
    "--settle",
    type=click.FloatRange(0, 600),
    metavar="SECONDS",
    envvar="CATALOG_FORGE_SETTLE",
    help="How long a container must run without exiting before it counts as running; default: 3.",
)
@click.option("--trust", is_flag=True, help="Allow privileged containers, and mounts, networks and devices of this machine.")
@click.option("--lb-image", metavar="IMAGE", envvar="CATALOG_FORGE_HAPROXY", help="The haproxy image for load balancers.")
@options.confd("The confd binary for images that must be built.")
@click.pass_context
def up(ctx: click.Context, /, entry: str, detach: bool, form: str, **options: Any) -> None:
    """Run an entry's whole stack on a Docker engine, as Rancher would.

    ENTRY is a folder in templates/ or one of its revisions. The containers reach the metadata service
    as rancher-metadata. In the foreground, Ctrl-C stops the stack, and the next `up` starts it again; with -d, it keeps running.
    If the stack already exists, `up` changes only what differs, and keeps the answers and scales given before.
    """
    expect = options.pop("expect")
    if (older := options.pop("older")) is not None:
        _upgrade(ctx, entry, older, form, expect, options)
        return
    if expect:
        raise click.UsageError(
            "--expect needs --upgrade-from N: to play a scenario without an upgrade, use `test --engine stack`"
        )
    watched = options.pop("watch") and not options["only_plan"]
    background = Background(supervise) if (detach or watched) and not options["only_plan"] else None
    if watched:
        watching.generate(ctx.obj.directory)
    stack = _chosen(ctx.obj, entry, **options, form=form)
    if stack is not None:
        bring_up(stack, background, form)
    if stack is not None and watched:
        options["confirm"] = False  # from now on, saving a file counts as confirmation
        watching.watch(ctx.obj.directory, stack, lambda: _chosen(ctx.obj, entry, **options, form=form), bring_up)


def _upgrade(ctx: click.Context, entry: str, older: str, form: str, expect: str | None, options: dict[str, Any]) -> None:
    """Test an upgrade from the revision `older` to the revision given with --revision (by default, the newest revision)."""
    from catalog_forge.cli.run import upgrading

    if options.pop("watch") or options["only_plan"]:
        raise click.UsageError("--upgrade-from cannot be combined with --watch or --plan")
    background, newer, sets = Background(supervise), options.pop("revision"), options.pop("sets")

    def choose(revision: str | None, given: Sequence[str]) -> Stack | None:
        return _chosen(ctx.obj, entry, **options, revision=revision, sets=given, form=form)

    upgrading.play(ctx.obj.directory, entry, (older, newer), sets, choose, bring_up, background, form, expect)


def _chosen(
    settings: Settings, entry: str, form: str, only_plan: bool, trust: bool, name: str | None, scales: Sequence[str], **how: Any
) -> Stack | None:
    """Return the stack to run, or None if --plan only shows the stack."""
    from catalog_forge.cli.run.entries import chosen, show_plan
    from catalog_forge.stack.changes import changes
    from catalog_forge.stack.plan import published_once
    from catalog_forge.stack.state import StateFolder, home

    _, stack = chosen(settings, entry, how["revision"], how["sets"], how["answers"], not only_plan, name, _kept)
    before = _kept(stack.name)

    def full(part: Stack) -> Stack:
        part = published_once(scaled(_beside(part, how["beside"], before), scales, before))
        return part if how["settle"] is None else replace(part, settle=how["settle"])

    if only_plan:
        # The changes are computed without masks, because each masked secret would count as a change.
        there = StateFolder(home(), stack.name).there()
        show_plan(full(stack.shown or stack), form, changes(there, full(stack)) if there else None)
        _warn_of_stale(settings.directory, stack)
        return None
    stack = full(stack)
    stack = _balanced(stack, how["lb_image"])
    _warn(stack.unhonoured)
    _trusted(stack, trust)
    if how["confirm"]:
        _confirmed(stack)
    build_own(settings.directory, stack, how["confd"])
    return stack


def _kept(name: str) -> Stack | None:
    from catalog_forge.stack.state import StateFolder, home

    return StateFolder(home(), name).kept()


def _beside(stack: Stack, given: Sequence[str], before: Stack | None) -> Stack:
    """Return a copy of the stack that also has the services in `given`.

    Each service is written as NAME=IMAGE [COMMAND]. If `given` is empty and `before` is a stack of the same entry, the
    additional services of `before` are kept.
    """
    import shlex

    from catalog_forge.errors import UsageError
    from catalog_forge.stack.compose import flat, with_beside
    from catalog_forge.stack.model import Launch, Service

    texts = tuple(given) or (before.beside if before and before.entry == stack.entry else ())
    services: dict[str, Service] = {}
    for text in texts:
        path, _, rest = text.partition("=")
        try:
            image, *command = shlex.split(rest)
        except ValueError:
            raise UsageError(
                f"--beside {text}: the value must be NAME=IMAGE [COMMAND]", hint="web=busybox:1.37.0 httpd -f"
            ) from None
        services[path] = Service(Launch(flat(path), image, command=tuple(command) or None))
    return replace(with_beside(stack, services, services.values()), beside=texts) if services else stack


def _confirmed(stack: Stack) -> None:
    """Show the changes and ask the user to confirm them. Abort unless the user confirms."""
    from catalog_forge.stack import changes
    from catalog_forge.stack.state import StateFolder, home

    for line in changes.lines(changes.changes(StateFolder(home(), stack.name).there(), stack)):
        click.echo(line, err=True)
    click.confirm("Make these changes?", abort=True, err=True)


def _balanced(stack: Stack, image: str | None) -> Stack:
    """Return a copy of the stack with an haproxy for each load balancer, if an haproxy image is given or the engine has one."""
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.balancer import balanced
    from catalog_forge.stack.runner import images_of

    if not stack.balancers:
        return stack
    if not image:
        with connect() as engine:
            image = next(iter(images_of(engine, "haproxy")), "")
    return balanced(stack, image)


def scaled(stack: Stack, scales: Iterable[str], before: Stack | None = None) -> Stack:
    """Return a copy of the stack with scales given as SERVICE=N; scales that were given before are kept.

    Raises UsageError for an invalid scale.
    """
    from catalog_forge.errors import UsageError, did_you_mean
    from catalog_forge.metadata.scenarios.environment import MAX_SCALE

    services = {each.name: each for each in stack.services}
    kept = before.scales if before and before.entry == stack.entry else {}
    chosen = {name: number for name, number in kept.items() if name in services}
    for text in scales:
        name, _, number = text.rpartition("=")
        if not name:
            raise UsageError(f"--scale {text}: the value must be SERVICE=N", hint=f"such as {next(iter(services), 'web')}=3")
        if name not in services:
            raise UsageError(f"--scale {text}: there is no service {name!r}", hint=did_you_mean(name, services))
        if not (re.fullmatch("[0-9]{1,20}", number) and int(number) <= MAX_SCALE):
            raise UsageError(f"--scale {text}: {number!r} is not a number from 0 to {MAX_SCALE}", hint=f"such as {name}=3")
        chosen[name] = int(number)
    return replace(stack.scaled(chosen), scales=chosen)


def _warn(notes: Iterable[Note]) -> None:
    for note in notes:
        place = f"{note.where}: " if note.where else ""
        click.echo(printable(f"{place}not honoured: {note}"), err=True)


def _trusted(stack: Stack, trust: bool) -> None:
    from catalog_forge.errors import ForgeError, Problem

    if stack.dangerous and not trust:
        hint = "review the settings above, then allow them with --trust"
        raise ForgeError.of([Problem(str(note), note.where, hint) for note in stack.dangerous])


def build_own(directory: Path, stack: Stack, confd: Path | None = None) -> None:
    """Build those images of a stack that come from specs of this catalog and that are missing or out of date.

    `confd`: the file to build into the images instead of a download. Raises the errors of the command `build`.
    """
    from catalog_forge.cli.shown.engines import build_missing

    if own := [source.name for source in _own(directory, stack)]:
        build_missing(directory, own, confd)


def _warn_of_stale(directory: Path, stack: Stack) -> None:
    """Print a warning for each spec whose generated files are out of date. `build_own` would refuse these specs."""
    from catalog_forge.cli.make.build import stale

    for source in _own(directory, stack, only_stale=True):
        click.echo(printable(f"warning: {stale(source)}", kept="\n"), err=True)


def _own(directory: Path, stack: Stack, only_stale: bool = False) -> list[Source]:
    """Return this catalog's specs for images that a stack uses; with `only_stale`, only those with outdated generated files."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository

    images = {launch.image for service in stack.services for launch in service.launches}
    repository = Repository.find(directory)
    own: list[Source] = []
    for name in repository.names():
        with suppress(ForgeError):  # an error in an unrelated spec does not matter to the stack
            source = repository.source(name)
            if not (only_stale and repository.is_current(source)) and source.spec().tag in images:
                own.append(source)
    return own


def bring_up(stack: Stack, background: Background | None = None, form: str = "text") -> None:
    """Bring a stack to its wanted state: through the process that already runs it, a background process, or this process.

    Raises ForgeError if the stack does not come up, and EngineError if there is no engine.
    """
    from catalog_forge.image.lists import look_for
    from catalog_forge.stack.state import StateFolder, home

    folder = StateFolder(home(), stack.name)
    look_for()
    with folder.turn(_TURN):
        generation = folder.write_plan(stack)
        holder = folder.holder()
        if holder:
            with suppress(ProcessLookupError):
                os.kill(holder, signal.SIGHUP)
            click.echo(f"process {holder}, which runs stack {stack.name}, applies the changes", err=True)
        elif background:
            background.run(folder)
    if holder or background:
        _await(folder, generation, form)
    else:
        supervise(folder)


def supervise(folder: StateFolder) -> None:
    """Run a stack until a signal ends it.

    TERM and the first INT stop the stack in order. HUP makes this process read the plan again.
    """
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.supervisor import Supervisor

    rename(folder.name)
    board, interrupted = StatusView(), False
    with connect() as engine:
        supervisor = Supervisor(engine, folder, board.show, board.tell)

        def ended(number: int, _: FrameType | None) -> None:
            nonlocal interrupted
            if interrupted:
                raise KeyboardInterrupt
            interrupted = number == signal.SIGINT
            supervisor.end()

        # The handlers are set before the lock is taken, because another process may send a signal as soon as it sees the lock.
        signal.signal(signal.SIGHUP, lambda *_: supervisor.wake())
        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGINT, ended)
        with folder.held():
            supervisor.run()
    if interrupted:
        raise click.exceptions.Exit(EXIT_INTERRUPTED)


def _await(folder: StateFolder, generation: int, form: str) -> None:
    """Show the state of a stack until it matches the plan with this generation number. Raises ForgeError if the stack fails."""
    from catalog_forge.errors import EngineError, ForgeError
    from catalog_forge.stack.listing import Row

    board, alive, told = StatusView(err=True), True, 0
    while True:
        status = folder.status()
        if status.get("generation", 0) >= generation:
            rows = [Row(**{name: unit[name] for name in Row.__slots__}) for unit in status.get("units", [])]
            board.show(rows)
            for number, text in status.get("news", []):
                if number > told and text != status.get("refused"):
                    board.tell(text)
                    told = number
            if status.get("refused"):
                raise ForgeError(status["refused"])
            if status["phase"] == "failed":
                raise (EngineError if status.get("code") == EngineError.exit_code else ForgeError)(status["error"])
            if status["phase"] == "running":
                break
        if not alive:
            raise ForgeError(f"the process that runs stack {folder.name} has ended\n{tail(folder)}")
        alive = folder.holder() is not None
        time.sleep(_LOOK)
    _runs(folder.name, status["units"], form)


def _runs(name: str, units: Sequence[dict[str, Any]], form: str) -> None:
    """Print that a stack is running, as `text` or `json`."""
    if form == "json":
        click.echo(as_json({"stack": name, "units": units}))
    elif form == "text":
        count = sum(unit["state"] == "running" for unit in units)
        click.echo(f"stack {name}: {counted(count, 'unit runs', 'units run')}")
