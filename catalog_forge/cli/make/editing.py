"""`catalog-forge spec set`, `unset`, `get` and `add-key`: change a value in a spec, and keep the rest as it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.repository import Source
    from catalog_forge.spec.edit import SpecText


def _looks(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options --diff and --dry-run to a command."""
    command = click.option("--dry-run", is_flag=True, help="Write nothing; show what would change.")(command)
    return click.option("--diff", is_flag=True, help="Write nothing; show what would change.")(command)


@click.command()
@click.argument("name", shell_complete=complete.specs)
@click.argument("path")
@click.pass_obj
def get(settings: Settings, name: str, path: str) -> None:
    """Print the value at PATH in a spec, such as metadata/port/default."""
    from catalog_forge.repository import Repository
    from catalog_forge.spec.edit import SpecText

    source = Repository.find(settings.directory).source(name)
    click.echo(printable(SpecText(source.content.decode(errors="replace"), f"specs/{source.name}.yml").get(path), kept="\n"))


@click.command("set")
@click.argument("name", shell_complete=complete.specs)
@click.argument("path")
@click.argument("value")
@_looks
@click.pass_obj
def set_value(settings: Settings, name: str, path: str, value: str, diff: bool, dry_run: bool) -> None:
    """Set the value at PATH in a spec, such as metadata/port/default.

    VALUE is YAML, or plain text where the spec expects text. Select list items by number or name: files/redis.conf/reload.
    Comments, order and quotes are kept. A change is refused if no files could be generated after it. A metadata key must be
    declared: `spec add-key` declares one.
    """

    def texts(spec: SpecText) -> Iterator[str]:
        if hint := spec.doubt(path):
            click.echo(f"warning: {printable(path)} is new; {hint}", err=True)
        yield from spec.set(path, value)

    _change(settings, name, texts, look=diff or dry_run)


@click.command()
@click.argument("name", shell_complete=complete.specs)
@click.argument("path")
@_looks
@click.pass_obj
def unset(settings: Settings, name: str, path: str, diff: bool, dry_run: bool) -> None:
    """Remove the value at PATH from a spec, with the comments directly above it."""
    _change(settings, name, lambda spec: [spec.unset(path)], look=diff or dry_run)


@click.command("add-key")
@click.argument("name", shell_complete=complete.specs)
@click.argument("key")
@click.option("--type", metavar="TYPE", help="Type of the value: string, int, boolean, enum, multiline, password, list, map, ...")
@click.option("--default", metavar="VALUE", help="Default value.")
@click.option("--label", metavar="TEXT", help="Label of the question.")
@click.option("--description", metavar="TEXT", help="Description of the question.")
@click.option("--option", "options", metavar="VALUE", multiple=True, help="An option of an enum; may be repeated.")
@click.option("--field", "fields", metavar="NAME", multiple=True, help="A field of the records of a list or map.")
@click.option("--variable", metavar="NAME", help="Variable name of the question.")
@click.option("--required", is_flag=True, default=None, help="An answer is required.")
@click.option("--optional", is_flag=True, default=None, help="The key may be missing.")
@click.option("--secret", is_flag=True, default=None, help="The value is never shown.")
@_looks
@click.pass_obj
def add_key(settings: Settings, /, name: str, key: str, diff: bool, dry_run: bool, **words: Any) -> None:
    """Add a metadata key to a spec: another value that the user of the entry supplies.

    Comments, order and quotes are kept. A change is refused if no files could be generated after it.
    """

    def texts(spec: SpecText) -> Iterator[str]:
        from catalog_forge.spec.edit import values

        for given in values(words):
            yield spec.with_key(key, given)

    _change(settings, name, texts, look=diff or dry_run)


def _change(settings: Settings, name: str, texts: Callable[[SpecText], Iterable[str]], look: bool) -> None:
    """Write the first candidate text from which files can be generated.

    If `look` is true, only show the change. Raises ForgeError if no files can be generated from any candidate.
    """
    from catalog_forge import journal, writer
    from catalog_forge.cli.make.new import planned
    from catalog_forge.errors import ForgeError
    from catalog_forge.plan import File, Plan
    from catalog_forge.repository import Repository
    from catalog_forge.spec.edit import SpecText

    repository = Repository.find(settings.directory)
    source = repository.source(name)
    name = source.name
    before = journal.read(repository.root, f"specs/{name}.yml")
    if before is None or before.mode == journal.LINK:
        raise ForgeError(
            f"specs/{name}.yml is a symbolic link, and its target is not changed", hint="edit the target of the link"
        )
    contents = [text.encode() for text in texts(SpecText(source.content.decode("utf-8", "replace"), before.path))]
    content = next((content for content in contents if _generates(replace(source, content=content))), None)
    if content is None:
        planned(repository, name, Plan([File(before.path, contents[0])]))  # raises ForgeError, after showing the wrong lines
        return
    author, known = Plan([File(before.path, content, before.mode)]), {before.path: before.digest}
    click.echo(painted_diff(writer.compare_author(repository.root, author, known).diff()), nl=False)
    if not look:
        writer.write_author(repository.root, author, known)
        click.echo(f"After all changes: catalog-forge generate {name}", err=True)


def _generates(source: Source) -> bool:
    from catalog_forge.errors import ForgeError

    try:
        source.plan()
    except ForgeError:
        return False
    return True
