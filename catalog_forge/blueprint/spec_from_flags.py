"""A spec from the four words alone, without a blueprint."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_forge import yamlio
from catalog_forge.spec.programs import known_software

SCHEMA = ".schema.json"
"""The file beside the specs that helps editors: the output of `catalog-forge schema`."""

HEAD = f"""\
# yaml-language-server: $schema={SCHEMA}
# What `catalog-forge spec show {{name}}` prints may be written here as well. After a change: catalog-forge generate
"""


@dataclass(frozen=True, slots=True)
class Words:
    """Service (NAME, NAME:TAG or NAME=IMAGE:TAG), path, reload command and metadata keys; format and topology if wished."""

    service: str
    config: str
    reload: str = ""
    metadata: tuple[str, ...] = ()
    format: str = ""
    topology: str = ""


def spec_of(name: str, words: Words) -> str:
    """Return the spec that the words make, in the shorthand. Nothing is checked: the reader does that.

    Where no reload is said, that of known software is written down.
    """
    known = known_software(words.service.partition("=")[2] or words.service)
    reload = words.reload or (known.reload if known else "")
    optional = {"reload": reload, "format": words.format, "metadata": list(words.metadata)}
    data = {"forge": 1, "name": name, "service": _service(words), "config": words.config}
    return HEAD.format(name=name) + yamlio.dump(data | {key: value for key, value in optional.items() if value})


def _service(words: Words) -> object:
    if not words.topology:
        return words.service
    name, equals, image = words.service.partition("=")
    return {"name": name.partition(":")[0], "image": image if equals else name, "topology": words.topology}
