"""`catalog-forge schema`: print a JSON Schema that helps editors with specs and the files of catalogs and images."""

from __future__ import annotations

import click

from catalog_forge.cli.shown import outfile
from catalog_forge.shown import as_json

KINDS = ("spec", "config", "catalog", "resource")


@click.command()
@click.argument("kind", type=click.Choice(KINDS), default="spec")
def schema(kind: str) -> None:
    """Print a JSON Schema for editors.

    spec: the spec language; config: config.yml of an entry; catalog: rancher-compose.yml with its catalog block; resource: a
    template resource of confd (conf.d/*.toml). Editors with yaml-language-server or Taplo use the schemas for completion and
    checks; a spec names its schema in its first line.
    """
    outfile.show(as_json(_schema(kind)), f"catalog-forge schema {kind} > FILE.json")


def _schema(kind: str) -> dict[str, object]:
    if kind == "spec":
        from catalog_forge.spec.described.schema import schema as make

        return make()
    from catalog_forge.lint.schemas import schema

    return schema(kind)
