"""A hand-written template: checked for what confd cannot do, and read for the keys that it needs."""

from __future__ import annotations

import re

from catalog_forge.errors import ForgeError, Where
from catalog_forge.spec.body import RAW_ROOTS

_LOOKUPS = "exists|getvs|getv|gets|get|lsdir|ls"
_LOOKUP = re.compile(rf'\b(?:{_LOOKUPS})\s+\(?\s*(?:printf\s+)?(?:"(/[^"]*)"|`(/[^`]*)`)')
_ACTION = re.compile(r"\{\{-?\s*(/\*.*?\*/|(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`])*?)\s*-?\}\}", re.S)
_OPENS = re.compile(r"(if|range|with|define|block)\b")


def keys(template: str, file: str) -> list[str]:
    """Return the keys of a hand-written template: for each path that it reads, the ancestor that is always there.

    Raises ForgeError with line and column for blocks that do not balance, and for lookups outside of the own stack.
    """
    roots: set[str] = set()
    open_blocks: list[Where] = []
    for match in _ACTION.finditer(template):
        where = _where(template, match.start(), file)
        action = match.group(1)
        if _OPENS.match(action):
            open_blocks.append(where)
        elif re.match(r"end\b", action):
            if not open_blocks:
                raise ForgeError("this {{end}} ends nothing", where)
            open_blocks.pop()
        for path in () if action.startswith("/*") else _LOOKUP.findall(action):
            roots.add(_root("".join(path), where))
    if open_blocks:
        raise ForgeError("this block has no {{end}}", open_blocks[-1])
    return sorted(roots)


def _root(path: str, where: Where) -> str:
    for root in RAW_ROOTS:
        if path == root or path.startswith(root + "/"):
            return root
    raise ForgeError(
        f"the template reads {path!r}, which no container may rely on",
        where,
        "paths begin with " + ", ".join(RAW_ROOTS) + ": /services and /stacks mix the stacks of an environment",
    )


def _where(template: str, offset: int, file: str) -> Where:
    return Where(file, template.count("\n", 0, offset) + 1, offset - (template.rfind("\n", 0, offset) + 1) + 1)
