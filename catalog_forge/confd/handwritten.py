"""Checks hand-written templates: reports what confd cannot render, and collects the keys that the templates need."""

from __future__ import annotations

import re

from catalog_forge.confd import reading, shape
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.imitated.functions import DIALECTS, functions_of
from catalog_forge.confd.imitated.store import clean
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.gotext.values import runes, unrunes
from catalog_forge.spec.model.roots import SAY_SCOPE, beyond_stack, root_of

_KEY = 'to read a metadata key, write {{getv "/self/service/metadata/KEY"}}'
# What to do about a fault, by words of the fault. The language is that of Go's text/template.
_ADVICE = {
    "unexpected EOF": "end each {{if}}, {{range}} and {{with}} with {{end}}",
    "unexpected {{end}}": "remove this {{end}}, or begin its block with {{if}}, {{range}} or {{with}}",
    "malformed character constant": "write text in double quotes",
    'unexpected "/"': 'write a path in double quotes, as in {{getv "/self/service/name"}}',
    "unterminated quoted string": "write the closing quote",
    "undefined variable": "give it a value first, as in {{$name := ...}}",
    'unexpected "}"': "end the action with }}",
}
_MEANT = {"metadata": _KEY, "self": 'write {{getv "/self/container/name"}}, or another path that begins with /self'}
_MEANT |= dict.fromkeys(("elseif", "elif"), "write {{else if ...}}") | dict.fromkeys(("for", "foreach"), "write {{range ...}}")


def _advice(words: str) -> str:
    """Return a hint about a fault of a template."""
    if found := re.fullmatch('function "(.*)" not defined', words):
        return _MEANT.get(found[1]) or did_you_mean(found[1], functions_of(DIALECTS[-1]))
    general = "correct this action; the language is that of Go's text/template, with the functions of confd"
    return next((hint for fault, hint in _ADVICE.items() if fault in words), general)


def keys(template: str, file: str, roots: tuple[str, ...], version: str) -> list[str]:
    """Return the keys that a hand-written template needs: for each path that it reads, the member of `roots` above this path.

    Raises ForgeError with line and column if confd cannot parse the template, and for each lookup whose path is outside the
    stack of the service, does not exist in metadata of this version, or cannot be determined.
    """
    source = unrunes(template)
    try:
        found = reading.read(file, source, functions_of(DIALECTS[-1]))
    except SyntaxFault as fault:
        where = Where(file, fault.line, fault.column) if fault.line else Where(file)
        raise ForgeError(f"the template cannot be parsed: {fault.words}", where, _advice(fault.words)) from None
    made = {_root(read.path, _where(source, read.start, file), roots) for read in found.reads}
    asked = {read.path for read in found.reads if read.function == "exists"}
    wrong = [(read, _lost(read, version)) for read in found.reads if not read.default and read.path not in asked]
    if lost := [Problem(why[0], _where(source, read.start, file), why[1]) for read, why in wrong if why]:
        raise ForgeError.of(lost)
    return sorted(made)


def _lost(read: reading.Read, version: str) -> tuple[str, str] | None:
    """If a lookup finds nothing in metadata of this version, return the reason and a hint; return None for other lookups."""
    if wrong := shape.not_in_version(read, read.path, version):
        other = "2016-07-29" if version == "2015-07-25" else "2015-07-25"
        return wrong[0], f"{wrong[1]}; if the template was written for metadata {other}, set engine: {{metadata: {other}}}"
    fails = read.function in ("getv", "get") and not read.guarded
    return shape.not_there(read, read.path, version) if fails else None


def _root(path: str, where: Where, roots: tuple[str, ...]) -> str:
    path = runes(clean(unrunes(path)))
    if path == "/" and "/" in roots:
        message = "the template lists the root, where confd returns only keys that have a value, not keys that contain other keys"
        raise ForgeError(message, where, 'list a key below it, as in ls "/KEY"')
    if root := root_of(path, roots):
        return root
    known = path.partition(WILD)[0]
    if known != path and any(root.startswith(known) or known.startswith(root) for root in roots):
        begins = f", which begins with {known!r}," if known else ""
        raise ForgeError(
            f"the key of this lookup cannot be determined: its path{begins} is not known before the template runs",
            where,
            f"begin the path, here or in a variable that is set once, with one of {', '.join(roots)}",
        )
    raise ForgeError(
        f"the template reads {path.replace(WILD, '*')!r}, which is not guaranteed to exist",
        where,
        f"a path must begin with one of: {', '.join(roots)}; "
        + (
            f"/services and /stacks cover all stacks of an environment: to read them, {SAY_SCOPE}"
            if beyond_stack(path)
            else "write the `prefix` of the template's TOML file into each path"
        ),
    )


def _where(source: bytes, offset: int, file: str) -> Where:
    before = source[:offset]
    return Where(file, before.count(b"\n") + 1, len(runes(before[before.rfind(b"\n") + 1 :])) + 1)
