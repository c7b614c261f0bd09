"""The root command: finds commands without importing them, and turns every error into a message and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

from catalog_forge import __version__
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

# The packages of the commands, in the order in which authors use them, with their headings in `--help`.
ROOMS = {
    "make": "Make images and entries",
    "prove": "Prove them",
    "judge": "Lint catalogs",
    "run": "Run stacks",
    "look": "Look things up",
}
# The name, module and help text of each command, written here so that `--help` imports no command. A test
# compares the help texts with the docstrings of the commands.
COMMANDS = {
    "new": ("make.new", "Make a new conf image and its catalog entry, and build the image."),
    "blueprints": ("make.blueprints", "List the blueprints that `new` can start from."),
    "update": ("make.update", "Merge the changes of a blueprint into the specs made from it."),
    "adopt": ("make.adopt", "Import hand-written conf images, and prove that their output stays the same."),
    "generate": ("make.generate", "Generate the images and entries of specs."),
    "release": ("make.release", "Make the next revision of an entry if anything has changed since the last one."),
    "lock": ("make.lock", "Lock the images of a catalog to digests."),
    "bake": ("make.bake", "Print a bake file, from which a build farm builds the conf images."),
    "build": ("make.build", "Build the conf images of specs on a Docker engine."),
    "sbom": ("make.sbom", "Print what the conf image of a spec contains, as SPDX 2.3 in JSON."),
    "chart": ("make.chart", "Make a Helm chart for Rancher 2 from an entry, and report what does not carry over."),
    "render": ("prove.render", "Render the files of a conf image for a scenario."),
    "scenario": ("prove.scenarios", "Create scenarios: short descriptions of a stack and of what happens to it."),
    "test": ("prove.test", "Play the scenarios of specs, and compare the results with what they expect."),
    "metadata": ("prove.metadata", "Emulate the Rancher metadata service, and show what confd sees."),
    "lint": ("judge.lint", "Lint any catalog: entries, conf images and specs."),
    "upgrades": ("judge.upgrades", "List the upgrades that a catalog offers, and what each of them loses."),
    "standards": ("judge.standards", "Show, derive and compare the standards of a team."),
    "up": ("run.up", "Run an entry's whole stack on a Docker engine, as Rancher would."),
    "seed": ("run.seed", "Write the metadata of a spec into the store of its back end."),
    "down": ("run.down", "Stop a stack and remove it."),
    "ps": ("run.ps", "List the units of stacks."),
    "stop": ("run.stop", "Stop a stack or some of its units without removing anything."),
    "start": ("run.start", "Start a stack that was stopped, or some of its units."),
    "restart": ("run.restart", "Restart the units of a stack one by one."),
    "rollback": ("run.rollback", "Return a stack to its state before the last change."),
    "exec": ("run.exec", "Run a command in a container of a stack."),
    "logs": ("run.logs", "Show the logs of a stack's containers."),
    "preview": ("look.preview", "Show a catalog in a browser, with the files that its conf images render."),
    "show": ("look.show", "Show an entry's questions, services and revisions."),
    "spec": ("look.spec", "Show and edit specs."),
    "schema": ("look.schema", "Print a JSON Schema for editors."),
    "help": ("look.help", "Show the help of a command; the same as COMMAND --help."),
    "completion": ("look.completion", "Print the script that sets up completion in a shell."),
    "doctor": ("look.doctor", "Check which programs this machine has, and which are missing."),
}
# Commands of other tools, and the equivalent commands of catalog-forge.
ELSEWHERE = {
    **dict.fromkeys(("init", "create", "scaffold"), "`new NAME` makes an image and its entry"),
    **dict.fromkeys(("template", "dry-run"), "`render NAME` prints the files of a conf image"),
    **dict.fromkeys(("validate", "check", "verify"), "`lint` checks a catalog, and `generate --check` checks generated files"),
    **dict.fromkeys(
        ("config", "convert", "inspect"), "`show ENTRY --compose` prints an entry's compose files with the answers filled in"
    ),
    **dict.fromkeys(("run", "install", "apply", "deploy"), "`up ENTRY` runs the stack of an entry"),
    **dict.fromkeys(("rm", "uninstall", "destroy", "delete"), "`down STACK` removes a stack"),
    **dict.fromkeys(
        ("status", "list", "ls", "top"), "`ps` lists the units of stacks, and `blueprints` lists what `new` can start from"
    ),
    **dict.fromkeys(("upgrade", "scale"), "`up ENTRY` changes a running stack: --set, --scale, --upgrade-from"),
    **dict.fromkeys(
        ("plan", "diff"), "`up ENTRY --plan` shows what would change, and `generate --diff` shows what would be written"
    ),
    **dict.fromkeys(("package", "publish", "push"), "`release NAME` makes the next revision, and `build --push` pushes images"),
    **dict.fromkeys(
        ("serve", "ui", "open"), "`preview` shows a catalog in a browser, and `metadata serve` serves metadata over HTTP"
    ),
    "pull": "`up ENTRY` pulls what is missing",
    "version": "`catalog-forge --version`",
}
EXIT_BUG = 3
# The maximum number of characters of a file name in an error message.
MOST_SHOWN = 200
EXIT_INTERRUPTED = 130
# The key under which click's `meta` contains all words of the command line.
_WORDS = "catalog_forge.words"


class Settings:
    """The options of the root command: the folder to work in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory


class Root(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order in which authors use them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"catalog_forge.cli.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, name)
        from catalog_forge.cli.shown import examples

        examples.add(command, name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command (without importing any) or an option."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=text) for name, (_, text) in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options that precede the command. Also remember all words, for error messages about misplaced options."""
        ctx.meta[_WORDS] = [*args]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _explained(error, ctx) from None

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the command line up to the name of the command."""
        try:
            return super().make_context(*args, **kwargs)
        except KeyboardInterrupt:
            _interrupted()

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names. For a misspelt name, the error suggests the nearest command."""
        for word in args:
            _check_text(word, ctx)
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError:
            from catalog_forge.errors import nearest

            if args[0] in ELSEWHERE:
                raise click.UsageError(f"no such command {args[0]!r}: {ELSEWHERE[args[0]]}", ctx) from None
            if near := nearest(args[0], COMMANDS):
                raise click.UsageError(f"no such command {printable(args[0])!r}: {near}", ctx) from None
            raise
        if command and not ctx.resilient_parsing:
            from catalog_forge.cli.shown.misplaced import check_values

            check_values(command, rest, click.Context(command, ctx, name))
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section, without importing them. The descriptions of all sections start in the same column."""
        widest = max(map(len, COMMANDS))
        for room, title in ROOMS.items():
            with formatter.section(title):
                rows = [(name, text) for name, (module, text) in COMMANDS.items() if module.startswith(f"{room}.")]
                formatter.write_dl([(name.ljust(widest), text) for name, text in rows])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. For an expected error, print no traceback, and exit with the exit code of the error."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _explained(error, ctx) from None
        except (click.exceptions.Exit, click.ClickException):
            raise
        except (KeyboardInterrupt, click.Abort):
            _interrupted()
        except Exception as error:
            if _is_interrupted(error):
                _interrupted()
            ctx.exit(_failed(error, debug=ctx.params["debug"]))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program. Handle an OSError that click itself raises, for example when it prints --help."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            sys.exit(_failed(error, debug=False))


def _interrupted() -> NoReturn:
    """Say that the user has interrupted the command, and exit."""
    click.echo("interrupted", err=True)
    raise click.exceptions.Exit(EXIT_INTERRUPTED)


def _is_interrupted(error: BaseException) -> bool:
    """Whether Ctrl-C caused an error. Some imports and libraries replace a KeyboardInterrupt with another error."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return any(isinstance(each, KeyboardInterrupt) for each in chain)


def _explained(error: click.UsageError, ctx: click.Context) -> click.UsageError:
    from catalog_forge.cli.shown.misplaced import explained

    return explained(error, ctx.meta[_WORDS])


def _check_text(word: str, ctx: click.Context) -> None:
    """Refuse an argument that is not UTF-8, because a command may write the argument to a file that must be UTF-8.

    The path of an existing file is accepted even if the path is not UTF-8.
    """
    if any("\udc80" <= each <= "\udcff" for each in word) and not os.path.lexists(word.rpartition("=")[2]):
        shown = os.fsencode(word).decode("utf-8", "backslashreplace")
        raise click.UsageError(f"the argument '{printable(shown)}' is not UTF-8: write it in UTF-8", ctx)


def _failed(error: Exception, debug: bool) -> int:
    """Print an error and return its exit code."""
    from catalog_forge.errors import ForgeError

    if isinstance(error, ForgeError):
        click.echo("\n".join(_painted(printable(line.expandtabs())) for line in str(error).split("\n")), err=True)
        return error.exit_code
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        raise error
    if debug:
        raise error
    if isinstance(error, OSError) or str(error).startswith("Symlink loop"):  # pathlib's error for ELOOP before Python 3.13
        return _refused(error)
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno}" if where else "?"  # noqa: PTH119
    click.echo(
        f"This is a bug in catalog-forge {__version__}: {type(error).__name__}: {printable(str(error))} ({place})", err=True
    )
    click.echo("hint: run it again with --debug before the command, and report what it prints", err=True)
    return EXIT_BUG


def _refused(error: Exception) -> int:
    """Print an error of the operating system, such as a full disk or a name that is too long. Return the exit code."""
    from catalog_forge.errors import help_for

    words = getattr(error, "strerror", None) or printable(str(error))
    file = getattr(error, "filename", None)
    place = f"{printable(os.fsdecode(file))[:MOST_SHOWN]}: " if isinstance(file, (str, bytes)) else ""
    hint = help_for(error)
    with suppress(OSError):
        click.echo(f"{place}{words}" + (f"\n  hint: {hint}" if hint else ""), err=True)
    return 1


def _painted(line: str) -> str:
    """Dim the hint of an error; click removes the colours if the output is not a terminal."""
    return click.style(line, dim=True) if line.startswith("  hint: ") else line


def _enter(ctx: click.Context, param: click.Parameter, directory: str) -> Path | str:
    """Make the folder of -C the current folder until the command ends: all relative paths then start there. Return its path.

    A shell that completes a command stays in its own folder. Raises BadParameter if there is no such folder.
    """
    if ctx.resilient_parsing:
        return directory
    # Imported here, because `--help` does not need pathlib and would spend a tenth of its time on the import.
    from contextlib import chdir

    from catalog_forge.cli.shown.places import FOLDER

    folder = located(FOLDER.convert(directory, param, ctx))
    if directory != ".":
        ctx.with_resource(chdir(folder))
    return folder


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "directory",
    type=click.Path(),
    default=".",
    metavar="DIR",
    callback=_enter,
    help="Work in DIR: relative paths start there.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.version_option(__version__, message=f"catalog-forge %(version)s, Python {sys.version.split()[0]}")
@click.pass_context
def root(ctx: click.Context, directory: Path, debug: bool) -> None:
    """Generate, build and prove Rancher 1.x catalog entries and confd images.

    You write one spec; catalog-forge generates the conf image and the catalog entry from it.

    \b
    Exit codes: 0 success, 1 findings, differences or an error, 2 wrong usage, 3 a bug,
    4 no Docker engine, 5 build failed, 130 interrupted.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    ctx.obj = Settings(directory)
    recover_above(directory)


def located(path: Path) -> Path:
    """Return the absolute path.

    Symbolic links are kept, unless the path contains `..`. Such a path is resolved, because `/a` would otherwise look like a
    parent of `/a/../b`.
    """
    return path.resolve() if ".." in path.parts else path.absolute()


def recover_above(start: Path) -> None:
    """Finish or undo the change that a killed command left unfinished in the catalog of a path. Call this before reading it.

    `root` calls this function for the working folder, and commands call it for paths in their arguments.
    """
    start = located(start)
    for folder in (start, *start.parents):
        if any(os.path.lexists(f"{folder}/.catalog-forge/{name}") for name in ("journal.json", "committed.json")):
            from catalog_forge import journal

            journal.recover(folder)
