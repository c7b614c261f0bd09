"""A fast reader for answers files in JSON, used only if go-yaml, which rancher-metadata uses, would read the same data.

In practice, an answers file of several megabytes is JSON that a program has written. The standard library reads JSON 50 times
faster than any YAML parser. A file that contains errors, or that the two parsers might read differently, is left to the YAML
parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from catalog_forge.goyaml import scalars
from catalog_forge.yamlio import MAX_DEPTH

# Text that YAML reads differently from JSON: tabs, folded line breaks, forbidden characters, unknown escapes, surrogates.
_OTHERWISE = re.compile(
    r"\\/|\\u[dD][89a-fA-F]"
    r"|[^\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LONGEST_KEY = 1000  # YAML expects the colon within 1,024 characters of the start of the key


class _Otherwise(Exception):  # noqa: N818 (it is no error: the YAML parser takes over)
    """Raised if YAML may read a text differently from JSON."""


def read(content: bytes) -> Mapping[str, Any] | None:
    """Return the document as plain data, or None if only a YAML parser can read it reliably."""
    if not content[:100].lstrip().startswith(b"{"):
        return None
    try:
        text = content.decode("utf-8")
        if _OTHERWISE.search(text):
            return None
        data = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_float=scalars.resolve,
            parse_int=scalars.resolve,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError, _Otherwise):
        return None
    return data if isinstance(data, dict) and _is_shallow(data, MAX_DEPTH - 2) else None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs) or any(len(key) > _LONGEST_KEY for key in made):
        raise _Otherwise
    return made


def _constant(_word: str) -> None:
    raise _Otherwise


def _is_shallow(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return levels > 0 and all(_is_shallow(child, levels - 1) for child in value if isinstance(child, dict | list))
