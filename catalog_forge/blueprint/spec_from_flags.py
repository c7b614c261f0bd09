"""Makes a spec from the flags of `new`, without a blueprint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from catalog_forge import yamlio
from catalog_forge.spec.programs import Software, known_software
from catalog_forge.spec.shorthand import format_of, name_and_image

SCHEMA = ".schema.json"
"""The JSON Schema for editors, in the folder of the specs: the output of `catalog-forge schema`."""

HEAD = f"""\
# yaml-language-server: $schema={SCHEMA}
# Every key that `catalog-forge spec show {{name}}` prints may be written here. After a change: catalog-forge generate
"""


@dataclass(frozen=True, slots=True)
class Words:
    """The values of the flags: the service (IMAGE, IMAGE:TAG or NAME=IMAGE:TAG), the path of the file, the reload command, the
    metadata keys, the format and the topology.

    Without a path, the spec gets the path that catalog-forge knows for the software.
    """

    service: str
    config: str
    reload: str = ""
    metadata: tuple[str, ...] = ()
    format: str = ""
    topology: str = ""


def spec_of(name: str, words: Words) -> str:
    """Return the text of the spec that the flags describe, in short form. The values are checked later, when the spec is read.

    For known software, the spec also has the values that the flags leave out: the file, the reload, the health check, and the
    format if it cannot be derived from the file's path.
    """
    known = known_of(words.service)
    config = words.config or (known.config if known else "")
    optional = {
        "reload": words.reload or (known.reload if known else ""),
        "format": words.format or (_format(config, known) if known else ""),
        "metadata": list(words.metadata),
    }
    data = {"forge": 1, "name": name, "service": _service(words, known), "config": config}
    return HEAD.format(name=name) + yamlio.dump(data | {key: value for key, value in optional.items() if value})


def known_of(service: str) -> Software | None:
    """Return the known software of a service (IMAGE, IMAGE:TAG or NAME=IMAGE:TAG), or None if the software is unknown."""
    return known_software(name_and_image(service)[1])


def _format(config: str, known: Software) -> str:
    """Return the known format of the software's file, or "" if the format follows from the path `config`."""
    suffix = PurePosixPath(config).suffix
    meant, told = format_of(known.config, pairs=False), format_of(config)
    return meant if meant != told and suffix in ("", PurePosixPath(known.config).suffix) else ""


def _service(words: Words, known: Software | None) -> object:
    if not words.topology and not known:
        return words.service
    name, image = name_and_image(words.service)
    record: dict[str, object] = {"name": name, "image": image}
    if words.topology:
        record["topology"] = words.topology
    if known:
        record["health_check"] = {"port": known.port} | ({"request_line": known.request} if known.request else {})
    return record
