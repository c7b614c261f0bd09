"""Shows, compares or writes rendered files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from catalog_forge.metadata.scenarios.scenario import Scenario
    from catalog_forge.spec.model import Spec
    from catalog_forge.verify.observation import Seen, Written


def warn_of_keys(spec: Spec | None, scenario: Scenario) -> None:
    """Print a warning for each metadata key in a scenario if the spec does not know the key, which may be misspelled.

    For images without a spec, no warning is printed.
    """
    from catalog_forge.metadata.scenarios.undeclared import undeclared

    for doubt in undeclared(spec, scenario.given) if spec else ():
        click.echo(f"warning: {doubt}", err=True)


def show(seen: Seen, form: str, secrets: bool) -> None:
    """Print the files, or one JSON document of files and errors. Secret files are shown only with `secrets`."""
    if form == "json":
        files = {
            dest: {"text": _text(file, secrets), "mode": None if file.mode is None else f"{file.mode:04o}"}
            for dest, file in seen.files.items()
        }
        click.echo(as_json({"files": files, "errors": list(seen.errors)}))
        return
    for dest, file in seen.files.items():
        mode = "" if file.mode is None else f"  {file.mode:04o}"
        click.echo(click.style(f"--- {printable(dest)}{mode}", fg="cyan", bold=True))
        if file.is_binary:
            click.echo(_painted(f"# {len(file.content)} bytes that are not text: -o DIR writes them"))
            continue
        for line in _text(file, secrets).splitlines():
            click.echo(_painted(printable(line, kept="\t")))


def _text(file: Written, secrets: bool) -> str:
    hidden = file.secret and not secrets
    return f"# a secret of {len(file.content)} bytes: --show-secrets shows it\n" if hidden else file.text


def _painted(line: str) -> str:
    """Dim a line that looks like a comment."""
    return click.style(line, dim=True) if line.lstrip().startswith(("#", ";", "<!--")) else line


def show_difference(old: tuple[str, Seen], new: tuple[str, Seen], secrets: bool) -> None:
    """Print the differences between two moments. Each moment is given as its title and the files seen at that moment."""
    from catalog_forge.verify.expectation import difference

    same = True
    for dest in dict.fromkeys([*old[1].files, *new[1].files]):
        before, after = (seen.files.get(dest) for _, seen in (old, new))
        if before == after:
            continue
        same = False
        if any(file and file.secret and not secrets for file in (before, after)):
            click.echo(f"{printable(dest)} differs; it is secret, and --show-secrets shows it")
            continue
        if any(file and file.is_binary for file in (before, after)):
            click.echo(f"{printable(dest)} differs; it is not text")
            continue
        was, now = (file.text if file else "" for file in (before, after))
        diff = difference(was, now, f"{dest}  ({old[0]})", f"{dest}  ({new[0]})")
        click.echo(painted_diff(diff), nl=False)
    if same:
        click.echo(f"nothing differs between {old[0]!r} and {new[0]!r}", err=True)


def write(seen: Seen, out: Path) -> None:
    """Write the rendered files below `out`; the `dest` of a file becomes its path below `out`.

    Raises ForgeError if a symbolic link would lead outside the folder, or if a file cannot be written.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.verify.subject import below

    root = out.resolve()
    for dest, file in seen.files.items():
        path = out / below(dest)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.parent.resolve().is_relative_to(root) or path.is_symlink():
                raise ForgeError(f"{path} is a symbolic link that points outside {out}", hint="choose an empty folder")
            new = path.with_name(f".{path.name}.new")
            new.write_bytes(file.content)
            new.chmod(file.mode if file.mode is not None else 0o644)
            shutil.move(new, path)
        except OSError as error:
            raise ForgeError(f"cannot write {path}: {error.strerror}") from None
        click.echo(printable(path))
