"""Finds text in a spec that looks like an expression of another language, but was almost certainly meant as `@{...}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.spec.expressions import CONTAINER_FIELDS, STACK_FIELDS, Attr, Count, Expr, First, Join, Metadata, Raw, Text
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.metadata import resolve
from catalog_forge.spec.parser import Beginning, parse

# Matches `${...}` of compose files and shells, `{{...}}` of templates, and `@{...}` with wrong brackets or a space after `@`.
FORM = re.compile(
    r"(?<!\$)\$\{(?P<dollar>[^{}\n]{1,200}+)\}"
    r"|\{\{-?+ *+(?P<action>[^{}\n]{1,200}+)\}\}"
    r"|(?<!@)@ \{(?P<space>[^{}\n]{1,200}+)\}"
    r"|(?<!@)@\((?P<round>[a-z_][a-z_./-]{0,50}+)\)"
    r"|(?<!@)@\[(?P<square>[a-z_][a-z_./-]{0,50}+)\]"
    r"|[%#]\{(?P<sign>metadata/[^{}\n]{1,200}+)\}"
)
# Text in the quotes of a word processor, which are no quotes in YAML. Text with further quotes inside is prose.
_CURLY = re.compile("[\u201c\u201d\u201e][^\u201c\u201d\u201e]*[\u201c\u201d]|\u2018[^\u2018\u2019]*[\u2018\u2019]")
# The functions of confd that return a value at a path, with an optional default.
_LOOKUP = re.compile(r'c?get(?:v|vs|s) ++"(?P<path>/[^"]*+)"(?: ++"[^"]*+")?')
_OWN = "/self/service/metadata/"
_NOT_HERE = "expressions are not evaluated here; launch.environment can pass a value to the program"

# The parts of a spec that are searched, each with its kind. In `plain` parts and in `value` parts, which are the values of `set`,
# ${NAME} may be meant as a key or variable of the spec. In `named` parts, ${NAME} is a variable of the program or the shell. In
# `unread` parts, expressions are not evaluated; there, rancher-compose or the shell replaces ${NAME}.
_PARTS = {"files": "plain", "launch": "plain", "service": "unread", "companions": "unread"}
_INNER = {"set": "value", "check": "unread", "reload": "unread", "exec": "named", "before": "named"}


def foreign(spec: Spec, written: yamlio.Node | None) -> Iterator[Problem]:
    """Yield a problem for each expression of another language that was meant as `@{...}`. `written`: the author's YAML."""
    own = {word for each in spec.composed for word in _names(each.compose.get("environment"))} | set(spec.launch.environment)
    known = {word: f"metadata/{name}" for name, key in spec.metadata.items() for word in (name, key.variable)}
    known = {**{name: f"env.{name}" for name in spec.vars if name not in own}, **known}
    parts = written.pairs if isinstance(written, yamlio.Map) else ()
    for text, kind in chain.from_iterable(texts(node, _PARTS[key.value]) for key, node in parts if key.value in _PARTS):
        for found in FORM.finditer(text.value):
            word = found[found.lastgroup or 0].removesuffix("-").strip()
            plain = known.get(word) if kind in ("plain", "value") and found.lastgroup in ("dollar", "action") else None
            if meant := plain or _meant(spec, word):
                hint = _NOT_HERE if kind == "unread" else f"write @{{{meant}}}"
                yield Problem(f"{found[0][:60]!r} is not replaced by a value", text.at(found.start()), hint)
        if text.bare and _CURLY.fullmatch(text.value):
            message = f"the quotes {text.value[0]} and {text.value[-1]} become part of the value"
            yield Problem(message, text.where, 'write straight quotes: "..."')


def texts(node: yamlio.Node | None, kind: str = "plain") -> Iterator[tuple[yamlio.Text, str]]:
    """Yield every text in a part of a spec, with its kind (see `_PARTS`). `kind` is the kind of the whole part."""
    match node:
        case yamlio.Text():
            yield node, kind
        case yamlio.Seq(items):
            for item in items:
                yield from texts(item, kind)
        case yamlio.Map(pairs):
            for key, value in pairs:
                yield from texts(value, _INNER.get(key.value, kind) if kind == "plain" else kind)


def _meant(spec: Spec, word: str) -> str:
    """Return the expression that the author almost certainly meant; empty if the text may mean something else."""
    path = found["path"] if (found := _LOOKUP.fullmatch(word)) else ""
    if path.startswith(_OWN) and resolve(spec.metadata, Text((path.removeprefix(_OWN),))):
        return f"metadata/{path.removeprefix(_OWN)}"
    if path:
        return path
    word = f"metadata/{word.removeprefix('metadata.')}" if word.startswith("metadata.") else word
    try:
        single = parse(f"@{{{word}}}", Beginning(Where(""))).single
    except ForgeError:
        return ""
    return word if single and _is_sure(spec, single) else ""


def _is_sure(spec: Spec, expr: Expr) -> bool:
    """Whether an expression is very unlikely to occur in another language.

    For example, `service.name` is likely to occur, because programs have settings with this name.
    """
    match expr.node:
        case Attr(root="self", path=(field, *_)):
            return field in (*CONTAINER_FIELDS, "host", "label")
        case Attr(root="stack", path=(field,)):
            return field in STACK_FIELDS
        case Attr(root="env", path=(name,)):
            return name in spec.vars
        case Metadata(path=path):
            return resolve(spec.metadata, path) is not None
    return isinstance(expr.node, First | Count | Join | Raw)


def _names(environment: object) -> set[str]:
    """Return the names of the variables that the compose key `environment` sets."""
    if isinstance(environment, Mapping):
        return set(environment)
    return {str(item).partition("=")[0] for item in environment} if isinstance(environment, list) else set()
