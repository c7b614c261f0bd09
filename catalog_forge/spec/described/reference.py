"""Generates docs/spec.md, the reference of the spec language, from the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard, get_args, get_origin

from catalog_forge.spec import expressions
from catalog_forge.spec.expressions import Collection, Text
from catalog_forge.spec.model import (
    Block,
    Companion,
    Composed,
    Condition,
    ConfFile,
    Each,
    Elements,
    Engine,
    Entry,
    Group,
    HealthCheck,
    Image,
    Launch,
    Leader,
    Listing,
    MetadataKey,
    Others,
    Reload,
    Restart,
    Service,
    Spec,
    Tool,
    Volume,
    Wait,
    WhenBlock,
)
from catalog_forge.spec.model.frame import NumberOrVariable
from catalog_forge.spec.model.record import Key, Record, keys_of
from catalog_forge.spec.programs import SOFTWARE
from catalog_forge.spec.shorthand import FORMAT_OF, FORMAT_OF_PATH, format_of

_SECTIONS: tuple[tuple[str, type[Record]], ...] = (
    ("The spec", Spec),
    ("entry", Entry),
    ("service", Service),
    ("service.groups.NAME", Group),
    ("service.health_check", HealthCheck),
    ("image", Image),
    ("engine", Engine),
    ("metadata.KEY", MetadataKey),
    ("files", ConfFile),
    ("launch", Launch),
    ("launch.wait", Wait),
    ("launch.leader", Leader),
    ("launch.others", Others),
    ("launch.restart", Restart),
    ("companions.NAME", Companion),
    ("volumes.NAME", Volume),
    ("tools", Tool),
)
_HEAD = """<!-- Made from the model: python tools/reference.py > docs/spec.md -->
# The spec language

A spec is one YAML file, `specs/NAME.yml`. Files that it names are in `specs/NAME/`. A complete spec can be this short:

```yaml
forge: 1
name: redis-conf
service: redis:3.2.11
config: /usr/local/etc/redis/redis.conf
reload: restart
metadata: [maxmemory, maxmemory-policy]
```

`service` is NAME, NAME:TAG or NAME=IMAGE:TAG; `config`, `reload` and `format` define one file with a pair for each metadata key.
The start command is known for the official images of well-known software; for others, write it in `launch.exec`.
`catalog-forge spec show NAME` prints the full form. For an unknown key, the error message suggests the nearest known one. Texts may be written
without quotes, even if they look like numbers: `version: 1.10` is the text 1.10. Anchors and aliases are not allowed.
"""
_EXPRESSIONS = f"""
## Expressions

Expressions are written `@{{...}}`, in `text`, in the values of `set`, in the items of a list, in `eq`, `ne`, `contains`, `begins` and `ends`, and in `launch`.
Before a `{{`, `@@` is one `@`:
`@@{{` is a literal `@{{`, and `user@@@{{self.name}}` is `user@` and a name.

| expression | meaning |
|---|---|
| `self.FIELD`, `it.FIELD` | a field of this container, or of an element: {", ".join(expressions.CONTAINER_FIELDS)}, `label.L` |
| `self.host.FIELD`, `it.host.FIELD` | a field of its host: {", ".join(expressions.HOST_FIELDS)}, `label.L` |
| `it`, `it.FIELD` | an element of a metadata list, or any field of its record; for a map `it.key` and `it.value` |
| `NAME`, `NAME.FIELD` | the same for the element that an enclosing `each` names with `as: NAME` |
| `stack.FIELD` | a field of the stack: {", ".join(expressions.STACK_FIELDS)} |
| `service.FIELD` | a field of the configured service: {", ".join(expressions.SERVICE_FIELDS)}, `label.L` |
| `metadata/PATH` | a key of the service's metadata; the path may contain `@{{...}}` |
| `env.NAME` | a variable of `vars` |
| `/self/...`, `/hosts/...` | any other metadata path that exists for every container |
| `first(COLL).FIELD` | a field of the first element |
| `count(COLL)`, `quorum(COLL)` | the number of elements, and the number that is a majority of them |
| `join(COLL.FIELD, ",")` | a field of all elements, joined with a separator |
| `join(COLL, "@{{it.ip}}:80", ",")` | a text for each element, joined with a separator |
| `self.label.@{{...}}`, `it.label.@{{...}}` | a label with a computed name, also of `service` and `self.host` |
| `position(it)`, `position(NAME)` | the position of an element in its list or `each`, starting at 1 |
| `lower(X)`, `upper(X)`, `replace(X, "-", "_")` | a value in lower or upper case, or with one substring replaced |
| `self.index + 1`, `metadata/heap / 2` | arithmetic on a number, with spaces around `+`, `-`, `*`, `/` (integer division) or `%` (remainder), for indexes, scales, counts, positions, metadata of type int (confd 0.16 or later, except for counts and positions) |

A default is written after a bar, `@{{metadata/port|9200}}`. It replaces a value that is missing or empty, and after `first(...)` and
`join(...)` that of an empty collection. An expression for a key with a `default` needs no default of its own.

COLL is `peers` (all containers of this service), `others` (the same without this container), `service:NAME` (a service of the same stack),
`services:LABEL=VALUE` (containers of the stack with a label), `hosts`, `metadata/PATH` (a list or map), `/PATH` (the entries below any
other metadata path that exists for every container, such as `/self/stack/services` or `/containers`; `it.FIELD` is a path below an
element; `/self` is the container that runs confd, which is the sidekick in the topology `volumes`), or
`split(metadata/PATH, ",")` (the parts of a text, or of `env.NAME` or `self.label.L`, without empty parts and without spaces next to
the separator; a line break separates as well). `[healthy]` and `[running]` select containers; a container without a health check
counts as healthy.
With `[required]` after the collection of a list, an `each` or a `join`, the file is not written while the collection is empty, and confd's
log names it. Elements are sorted by name, except those of metadata lists and split texts, which keep their order.

Some collections reach beyond the stack: `link:ALIAS` (the containers behind a link or external link of the service, in any stack),
`service:@{{metadata/KEY}}` (the containers of the service that a question of type `service` names) and, if the spec has
`scope: environment`, `everywhere:LABEL` and `everywhere:LABEL=VALUE` (the services of all stacks with that label) and `everywhere:*` (all
services); `[active]` selects the active services. `everywhere:LABEL.containers` are all containers of these services.
A service has the fields {", ".join(expressions.FOUND_FIELDS)}, `label.L` and
`health_check.F` ({", ".join(expressions.CHECK_FIELDS)}); a field that is null or has no value takes the default.

An element contains the collections `it.containers` (of a service), `it.ports`, `it.external_ips` and `it.labels`, or `it.labels:PREFIX`;
if an `each` names its element, `NAME.containers` and so on; this container has `self.ports`, `self.labels`, `self.host.labels`. A label has
`name` (without the prefix), `word` (the same with `_` for each of `.-:`) and `value`. In a comparison, a field that an element
lacks is an empty text; a pair of `set` whose value is only a label that the element lacks is left out. `has` also takes a field or
a COLL: `has: svc.label.L`, `has: link:ALIAS`, `has: svc.containers[healthy]`. `exists: metadata/PATH` is also true for an
empty value: an unanswered question exists.

## How values are written

In `set` and `copy`, keys and values are quoted as the format requires. In `text` and `item`, quoting depends on the place of the value:
on its own, it becomes a complete quoted value; inside your own quotes, it is escaped for them; in a comment, it stays one line; as a part
of an unquoted YAML text, it may have only letters, digits and `-._~/:@+`. In places where no value is safe, such as an XML comment or a
command substitution, the compiler refuses the expression. Numbers (`type: int`, `count`, `index`) and booleans (`type: boolean`) are not
quoted in yaml, json, toml, nginx and haproxy. If the format cannot represent a value, rendering fails with an error that names the key. `copy` skips keys that the file sets itself or has already copied.
Only `paste` puts a user's text into the file unchanged.

| format | default for | pairs | values |
|---|---|---|---|"""
_FORMATS = {
    "raw": (
        "all other extensions; `.conf` and `.cfg` if the file has no pairs",
        "none",
        "one line, unchanged, because the syntax is unknown",
    ),
    "yaml": ("", "`key: value`", "double-quoted"),
    "properties": (
        "",
        "`key=value`",
        "with the backslash escapes of Java, in ASCII: `\\u00e9` for é; characters above U+FFFF are refused",
    ),
    "ini": (
        "",
        "`key = value`",
        "unchanged; quotes, backslashes, `#` and `;` are refused, because programs read them differently",
    ),
    "space": ("", "`key value`", "as in ini, but an empty value is refused"),
    "env": ("", "`KEY='value'`", "single-quoted for the shell"),
    "xml": ("", "`<property><name/><value/></property>`", "special characters as entities"),
    "json": ("", "an object", "strings in double quotes; a file has either pairs or text"),
    "toml": (
        "",
        '`key = value`; a key with a dot is a key of a table, like a map; `text: "[table]\\n"` begins a table',
        "double-quoted",
    ),
    "nginx": (
        "",
        "none",
        "a whole word in double quotes; a part of a word may have only letters, digits and `-._~/:@+,=%?!*\\|^`; a `$` is refused",
    ),
    "haproxy": ("", "none", "as in nginx, but a `$` is escaped, and an empty word is refused"),
    "lines": ("", "one value per line, by `copy`", "one line, unchanged"),
}


def sections() -> Iterator[tuple[str, str, type[Record]]]:
    """Yield the sections of the page: heading level, title, and the record whose keys the section lists."""
    yield from (("##", title, kind) for title, kind in _SECTIONS)
    for kind in get_args(Block):
        yield "###", next(key.name for key in keys_of(kind) if key.required), kind
    yield "####", "The keys of a list", Listing
    yield "####", "The keys of each", Each
    yield "####", "The keys of a list as a value of set", Elements
    yield "####", "The keys of a condition", Condition


def markdown(examples: Mapping[str, str]) -> str:
    """Return the whole page. `examples` maps the title of each section to an example."""
    shown = {title: (level, _section(level, title, kind, examples.get(title, ""))) for level, title, kind in sections()}
    parts = [
        _HEAD,
        *(text for level, text in shown.values() if level == "##"),
        "## Blocks\n\nThe `body` of a file is a list of blocks. The keyword of a block defines its kind.\n",
        *(text for level, text in shown.values() if level != "##"),
        _EXPRESSIONS.strip("\n") + "\n" + _formats(),
        _software(),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _section(level: str, title: str, kind: type[Record], example: str) -> str:
    rows = [_row(key) for key in keys_of(kind) if key.attribute != "compose"]
    doc = " ".join((kind.__doc__ or "").split())
    table = ["", "| key | type | default | meaning |", "|---|---|---|---|", *rows] if rows else []
    passed = ["", f"Keys of compose files: {', '.join(f'`{name}`' for name in sorted(kind.PASSED))}."] if _passes(kind) else []
    shown = ["", "```yaml", example.rstrip("\n"), "```"] if example else []
    return "\n".join([f"{level} {title}", "", doc, *shown, *table, *passed, ""])


def _passes(kind: type[Record]) -> TypeGuard[type[Composed]]:
    return issubclass(kind, Composed)


def _row(key: Key) -> str:
    limits = key.limits
    shape = (
        f"; {limits.shape}" if limits.shape else f": {', '.join(f'`{word}`' for word in limits.one_of)}" if limits.one_of else ""
    )
    kind = f"{_type(get_args(key.kind)[0])} or {_type(key.kind)}" if limits.single else _type(key.kind)
    return f"| `{key.name}` | {kind} | {_default(key)} | {_cell(limits.doc + shape)} |"


def _type(kind: Any) -> str:
    options = [option for option in get_args(kind) if option is not type(None)]
    if get_origin(kind) is tuple:
        return "blocks" if WhenBlock in get_args(options[0]) else f"list of {_type(options[0])}"
    if get_origin(kind) is Mapping:
        return f"map of {_type(options[1])}" if options[1] is not Any else "map"
    if len(options) == 1:
        return _type(options[0])
    names = {
        str: "text",
        int: "number",
        NumberOrVariable: "number",
        bool: "true or false",
        Text: "text with `@{...}`",
        Collection: "COLL",
        Reload: "text",
        Any: "any",
    }
    if kind in names:
        return names[kind]
    return "value" if options else "record"


def _default(key: Key) -> str:
    if key.required:
        return "**required**"
    value = key.default
    if value in ("", None) or (isinstance(value, tuple | Mapping) and not value) or isinstance(value, Record):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value).encode("unicode_escape").decode()
    return f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _software() -> str:
    rows = [
        f"| {row.name} | `{row.config}` | {format_of(row.config, pairs=False)} | `{row.reload}` | {row.port}"
        f"{f', `{row.request}`' if row.request else ', TCP'} | {row.source} |"
        for row in SOFTWARE
    ]
    head = "## Well-known software\n\nSuitable settings and their sources. The command `new` uses these settings for flags that are not given.\n"
    return "\n".join([head, "| software | file | format | reload | health check | source |", "|---|---|---|---|---|---|", *rows])


def _formats() -> str:
    rows = []
    for name, (otherwise, pairs, values) in _FORMATS.items():
        known = {**FORMAT_OF_PATH, **FORMAT_OF}
        endings = " ".join(f"`{ending}`" for ending, of in known.items() if of == name)
        endings = f"{endings}; {otherwise}" if endings and otherwise else endings or otherwise
        rows.append(f"| {name} | {endings} | {_cell(pairs)} | {_cell(values)} |")
    return "\n".join(rows) + "\n"
