"""`catalog-forge seed`: write the metadata of a spec into the store that its back end reads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.cli.shown.paint import painted_diff

if TYPE_CHECKING:
    from catalog_forge import yamlio
    from catalog_forge.seed.change import Change
    from catalog_forge.seed.store import Destination
    from catalog_forge.spec.model import Spec

_MAX_BYTES = 16 << 20


@click.command()
@click.argument("name", shell_complete=complete.specs)
@click.option(
    "--backend", metavar="BACKEND", shell_complete=complete.backends, help="One of the back ends of the spec; default: the first."
)
@click.option("--node", metavar="NODE", help="Where the store is: HOST:PORT, a URL, a file or a table; default: this machine.")
@click.option("--prefix", metavar="PATH", help="Prefix of all keys; default: the one in the spec.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set a value; lists and maps as YAML.")
@click.option("--unset", multiple=True, metavar="KEY", help="Remove the value of an optional key.")
@options.answers("Values in a YAML file.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the store differs from the spec.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show how many keys would change.")
@click.option(
    "--export",
    type=click.Choice(["json", "sh"]),
    help="Write nothing and contact no store; print the keys as JSON or as shell commands.",
)
@click.option("--show-secrets", "secrets", is_flag=True, help="Also print secrets with --export.")
@click.pass_obj
def seed(
    settings: Settings,
    /,
    name: str,
    backend: str | None,
    sets: Sequence[str],
    answers: Path | None,
    unset: Sequence[str],
    export: str | None,
    secrets: bool,
    **how: Any,
) -> None:
    """Write the metadata of a spec into the store of its back end.

    The value of a key comes from --set or --answers; otherwise it is the default. A key with neither a given value nor a default
    keeps its value in the store. Elements that a list no longer has are removed; keys that are not in the spec are left
    alone. If `seed` is interrupted, run it again to finish. Credentials are read from CONF_USERNAME, CONF_PASSWORD and
    CONF_TOKEN, or from the files named by CONF_PASSWORD_FILE and so on.
    """
    from catalog_forge.repository import Repository
    from catalog_forge.seed.change import change
    from catalog_forge.seed.clients import connected
    from catalog_forge.seed.store import carry_out
    from catalog_forge.seed.values import wanted

    options.refuse_without("--export", "--show-secrets")
    spec = Repository.find(settings.directory).source(name).spec()
    name, backend = spec.name, _backend(spec, backend)
    target = _target(spec, how["node"], how["prefix"])
    given = _given(spec, sets, answers)
    _agree(spec, given, unset, [word for word in ("diff", "check", "dry_run") if how[word]] if export else [])
    if export:
        _export(spec, backend, target, given, unset, export, secrets)
        return
    with connected(backend, target) as client:
        there = client.read()
        found = wanted(spec, backend, target.prefix, given, there, unset)
        todo = change(found.leaves, there, found.own, target.prefix)
        if how["diff"] or how["dry_run"] or how["check"]:
            _show(name, todo, there, target, **how)
        else:
            carry_out(todo, client)
            if not todo.is_empty:
                _agreed(change(found.leaves, client.read(), found.own, target.prefix))
            click.echo(f"{name}: {_summary(todo)}{', resumed' if todo.is_cut_off else ''}")


def _show(
    name: str, todo: Change, there: Mapping[str, bytes], target: Destination, *, diff: bool, check: bool, dry_run: bool, **_: Any
) -> None:
    from catalog_forge.errors import ForgeError
    from catalog_forge.seed import change

    if diff:
        click.echo(painted_diff(change.diff(todo, there, target.secret)), nl=False)
    if dry_run:
        click.echo(f"{name}: without --dry-run: {_summary(todo)}", err=True)
    if check and not todo.is_empty:
        words = "an earlier seed was interrupted" if todo.is_cut_off else f"seed would report {_summary(todo)}"
        raise ForgeError(f"the store differs from the spec: {words}", hint=f"catalog-forge seed {name} --diff")


def _agreed(left: Change) -> None:
    """Raise ForgeError if the store differs from what was written, which happens if two `seed` commands run at once."""
    from catalog_forge.errors import ForgeError

    if not left.is_empty:
        raise ForgeError(
            "another process wrote to the store at the same time, and the store now differs from the spec", hint="run it again"
        )


def _backend(spec: Spec, asked: str | None) -> str:
    from catalog_forge.errors import ForgeError, UsageError, did_you_mean

    known = spec.engine.backends
    if asked is not None and asked not in known:
        raise UsageError(f"--backend {asked}: {spec.name} does not read this back end", hint=did_you_mean(asked, known))
    found = asked or spec.engine.store or known[0]
    if found == "rancher":
        hint = (
            "Rancher gets the metadata from the questions of the entry; to use a store, set for example engine: {backend: etcdv3}"
        )
        raise ForgeError(f"{spec.name} reads Rancher's metadata, so there is no store to seed", spec.engine.at("backends"), hint)
    return found


def _target(spec: Spec, node: str | None, prefix: str | None, environ: Mapping[str, str] = os.environ) -> Destination:
    from catalog_forge.errors import UsageError
    from catalog_forge.seed.store import Destination
    from catalog_forge.seed.values import secret_keys
    from catalog_forge.spec.model.frame import PREFIX

    prefix = spec.engine.prefix if prefix is None else "/" + prefix.strip("/")
    if not re.fullmatch(PREFIX, prefix):
        raise UsageError(
            f"--prefix {prefix}: the prefix must be a key such as /app, with letters, digits and . _ - between slashes"
        )
    said = {word: _secret(f"CONF_{word.upper()}", environ) for word in ("username", "password", "token", "ca", "cert", "key")}
    return Destination(node or "", prefix, **said, secret=secret_keys(spec, prefix))


def _secret(name: str, environ: Mapping[str, str]) -> str:
    """Return a credential from the environment, or from the file that the variable NAME_FILE names."""
    from catalog_forge.errors import ForgeError

    file = environ.get(f"{name}_FILE")
    if not file:
        return environ.get(name, "")
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeError) as error:
        raise ForgeError(f"{name}_FILE: {file} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}") from None


def _agree(spec: Spec, given: Mapping[str, yamlio.Node], unset: Sequence[str], beside_export: Sequence[str]) -> None:
    """Refuse options that would have no effect."""
    from catalog_forge.errors import UsageError

    for name in unset:
        if name in given or (name in spec.metadata and spec.metadata[name].variable in given):
            raise UsageError(f"--unset {name}: another option gives this key a value; use only one of the two")
    if beside_export:
        raise UsageError(
            f"--export does not contact the store, but --{beside_export[0].replace('_', '-')} does; use only one of them"
        )


def _given(spec: Spec, sets: Sequence[str], answers: Path | None) -> dict[str, yamlio.Node]:
    """Return the values from --answers and --set; --set takes precedence."""
    from catalog_forge import yamlio
    from catalog_forge.cli.run.entries import pairs_of
    from catalog_forge.errors import ForgeError

    given: dict[str, yamlio.Node] = {}
    if answers:
        root = yamlio.parse(answers.read_bytes(), str(answers), max_bytes=_MAX_BYTES)
        if not isinstance(root, yamlio.Map):
            raise ForgeError("values must be a mapping of keys to values", root.where, "write one KEY: VALUE per line")
        given |= {key.value: node for key, node in root.pairs}
    for key, text in pairs_of(sets):
        given[key] = _value(key, text, key in spec.metadata and not spec.metadata[key].asked)
    return given


def _value(key: str, text: str, is_structure: bool) -> yamlio.Node:
    """Return the value of --set: parsed as YAML for a list or map, otherwise the text itself."""
    from catalog_forge import yamlio
    from catalog_forge.errors import Where

    place = f"--set {key}"
    plain = yamlio.Text(text, False, Where(place), '"', (text,))
    return yamlio.parse(text, place) if is_structure and text.startswith(("[", "{")) else plain


def _export(
    spec: Spec,
    backend: str,
    target: Destination,
    given: Mapping[str, yamlio.Node],
    unset: Sequence[str],
    output: str,
    secrets: bool,
) -> None:
    from catalog_forge.seed import export
    from catalog_forge.seed.values import wanted

    leaves = wanted(spec, backend, target.prefix, given, {}, unset).leaves
    if output == "json":
        click.echo(export.as_data(backend, leaves, target, secrets))
    else:
        click.echo(export.as_shell(backend, leaves, target, secrets), nl=False)


def _summary(found: Change) -> str:
    counts = {"written": len(found.puts), "removed": len(found.deletes), "unchanged": found.same}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing to do"
