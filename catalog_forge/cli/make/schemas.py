"""Writes a file with the JSON Schema of specs to the folder of the specs, so that editors know the keys of a spec.

Each release of catalog-forge writes its own schema.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from catalog_forge import __version__

FILE = "specs/.schema.json"
_HEAD = f'{{\n  "$comment": "catalog-forge {__version__}: written by each release",\n'


def text() -> str:
    """Return the schema as the text that is written to the file."""
    from catalog_forge.spec.described.schema import schema

    return _HEAD + json.dumps(schema(), indent=2)[2:] + "\n"


def ready() -> str:
    """Return the same text as `text`, read from the shipped examples if possible.

    This saves time: generating the schema would account for a seventh of the run time of `new`.
    """
    from catalog_forge.blueprint.shipped import examples

    example = next(iter(examples().values()), None)
    with suppress(OSError):
        if example and (found := (example.parent / ".schema.json").read_text(encoding="utf-8")).startswith(_HEAD):
            return found
    return text()


def keep(root: Path) -> None:
    """Write the schema of a catalog, unless the catalog already has the schema of this release.

    It is not an error if the schema cannot be written, because only editors use the schema.
    """
    file = root / FILE
    with suppress(OSError), file.open("rb") as found:
        if found.read(len(_HEAD)) == _HEAD.encode():
            return
    if file.is_symlink() or not file.parent.is_dir() or file.parent.is_symlink():
        return
    from catalog_forge.cli.shown import outfile
    from catalog_forge.errors import ForgeError

    with suppress(ForgeError):
        outfile.write(file, ready())
