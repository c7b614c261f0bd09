"""The file that confd's back end `file` reads: JSON, every value a quoted text, every list a map of its numbers."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog_forge.seed.store import Destination, refuse

# What the YAML reader of confd refuses in a file as it is. Pairs of surrogates, as JSON has them, it does not read at all.
_ESCAPED = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff]")


class JsonFile:
    """The file at the path that the node is. It is replaced whole, and only its owner may read it."""

    most = 1 << 30

    def __init__(self, target: Destination) -> None:
        self._target, self._path = target, Path(target.node)

    def begin(self) -> None:
        """There is nothing to connect to."""

    def close(self) -> None:
        """There is nothing to let go."""

    def read(self) -> dict[str, bytes]:
        """Return all that lies below the prefix."""
        return {key: value for key, value in self._all().items() if key.startswith(self._target.prefix + "/")}

    def _all(self) -> dict[str, bytes]:
        try:
            tree = json.loads(self._path.read_bytes() or b"{}") if self._path.exists() else {}
            return dict(_leaves("", tree))
        except OSError as error:
            refuse(str(self._path), error.strerror or str(error))
        except (ValueError, AttributeError, RecursionError):
            refuse(str(self._path), "this is not a file of JSON with maps and texts")

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Replace the file."""
        leaves = {key: value.decode() for key, value in self._all().items() if key not in deletes} | dict(puts)
        try:
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".catalog-forge.")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                text = json.dumps(nested(leaves), indent=1, ensure_ascii=False)
                file.write(_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
            Path(name).replace(self._path)
        except OSError as error:
            refuse(str(self._path), error.strerror or str(error))


def _leaves(path: str, tree: Any) -> Iterator[tuple[str, bytes]]:
    if isinstance(tree, str):
        yield path, tree.encode()
    else:
        for name, each in tree.items():
            yield from _leaves(f"{path}/{name}", each)


def nested(leaves: Mapping[str, str | None]) -> dict[str, Any]:
    """Return absolute keys as maps in maps."""
    tree: dict[str, Any] = {}
    for key, value in leaves.items():
        *above, last = key.strip("/").split("/")
        holder = tree
        for name in above:
            holder = holder.setdefault(name, {})
        holder[last] = value
    return tree
