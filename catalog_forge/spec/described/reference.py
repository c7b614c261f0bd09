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

A spec is one YAML file, `specs/NAME.yml`. Files that it names lie in `specs/NAME/`. Four words are enough:

```yaml
forge: 1
name: redis-conf
service: redis:3.2.11
config: /usr/local/etc/redis/redis.conf
reload: restart
metadata: [maxmemory, maxmemory-policy]
```

`service` is NAME, NAME:TAG or NAME=IMAGE:TAG; `config`, `reload` and `format` stand for one file with a pair for each metadata key.
What starts the program is known for the official images of well-known software; for others, say it in `launch.exec`.
`catalog-forge spec show NAME` prints the full form. An unknown key is an error that names the nearest known one. Texts may be written
without quotes, also when they look like numbers: `version: 1.10` is the text 1.10. Anchors and aliases are not allowed.
"""
_EXPRESSIONS = f"""
## Expressions

Inside `@{{...}}`, in `text`, in the values of `set`, in the items of a list, in `eq`, `ne`, `contains`, `begins` and `ends`, and in `launch`. Before a `{{`, `@@` is one `@`:
`@@{{` is a literal `@{{`, and `user@@@{{self.name}}` is `user@` and a name.

| expression | what it is |
|---|---|
| `self.FIELD`, `it.FIELD` | a field of this container, of the element of a list: {", ".join(expressions.CONTAINER_FIELDS)}, `label.L` |
| `self.host.FIELD`, `it.host.FIELD` | a field of its host: {", ".join(expressions.HOST_FIELDS)}, `label.L` |
| `it`, `it.FIELD` | an element of a metadata list; a field of its record, whatever its name; of a map `it.key` and `it.value` |
| `NAME`, `NAME.FIELD` | the same of the element that an `each` around calls NAME |
| `stack.FIELD` | {", ".join(expressions.STACK_FIELDS)} |
| `service.FIELD` | of the service that is configured: {", ".join(expressions.SERVICE_FIELDS)}, `label.L` |
| `metadata/PATH` | a key of the service's metadata; a path may hold `@{{...}}` |
| `env.NAME` | a variable of `vars` |
| `/self/...`, `/hosts/...` | any other path that every container is served |
| `first(COLL).FIELD` | of the first element |
| `count(COLL)`, `quorum(COLL)` | how many there are; a majority of them |
| `join(COLL.FIELD, ",")` | a field of all, with a separator |
| `join(COLL, "@{{it.ip}}:80", ",")` | a text made of each, with a separator |
| `self.label.@{{...}}`, `it.label.@{{...}}` | a label with a computed name, also of `service` and `self.host` |
| `position(it)`, `position(NAME)` | the place of an element among those of its list or `each`, from 1 on |
| `lower(X)`, `upper(X)`, `replace(X, "-", "_")` | a value in small or capital letters, or with one part in place of another |
| `self.index + 1`, `metadata/heap / 2` | a number and another one, with spaces around `+`, `-`, `*`, `/` (whole) or `%` (what is left): indexes, scales, counts, positions, metadata of type int (other than counts and positions: from confd 0.16 on) |

A default follows a bar, `@{{metadata/port|9200}}`; it stands in for a value that is missing or empty, and after `first(...)` and
`join(...)` for that of a collection without an element. A key with a `default` needs none.

COLL is `peers` (all containers of this service), `others` (without this one), `service:NAME` (a service of the same stack),
`services:LABEL=VALUE` (containers of the stack with a label), `hosts`, `metadata/PATH` (a list or map), `/PATH` (what stands below any
other path that every container is served: `/self/stack/services`, `/containers`; `it.FIELD` is a path below an element; what
stands below `/self` is of the container that runs confd, in the topology `volumes` of the sidekick), or
`split(metadata/PATH, ",")` (the parts of a text, also of `env.NAME` or `self.label.L`, without the empty ones and without a space beside the
separator; a line break separates as well). `[healthy]` and `[running]` choose among containers; one without a health check counts as healthy. With `[required]` after it,
nothing is written as long as a collection of a list, an `each` or a `join` is empty, and confd's log says what is waited for. Elements come in the order
of their names, and those of metadata lists and of split texts in their own.

Beyond the own stack lead `link:ALIAS` (the containers behind a link or external link of the service, in whatever stack they run),
`service:@{{metadata/KEY}}` (those of the service that a question of type `service` names) and, where the spec says
`scope: environment`, `everywhere:LABEL` and `everywhere:LABEL=VALUE`: the services of all stacks that carry a label, and `everywhere:*`: all of them, with
`[active]`. `everywhere:LABEL.containers` are all their containers. A service has the fields {", ".join(expressions.FOUND_FIELDS)}, `label.L` and
`health_check.F` ({", ".join(expressions.CHECK_FIELDS)}); a field without a value, or null, takes the default.

Within an element lie `it.containers` (of a service), `it.ports`, `it.external_ips` and `it.labels`, or `it.labels:PREFIX`; where an
`each` names its element, `NAME.containers` and so on; of this container `self.ports`, `self.labels`, `self.host.labels`. A label has
`name` (what follows the prefix), `word` (the same with `_` for each of `.-:`) and `value`. In a comparison, a field that an element
lacks is an empty text; a pair of `set` that is nothing but a label which the element lacks is left out. `has` takes a field or a
COLL as well: `has: svc.label.L`, `has: link:ALIAS`, `has: svc.containers[healthy]`. `exists: metadata/PATH` is true for an empty
value too: an unanswered question exists.

## How values are written

In `set` and `copy`, keys and values are quoted by the format. In `text` and `item`, a value is quoted by what stands around it: bare, it
becomes a whole quoted value; inside your own quotes, their inside; in a comment, a line; as a part of a bare YAML text, letters, digits
and `-._~/:@+` alone. Where no value can be kept in, such as an XML comment or a command substitution, the compiler refuses the expression.
Numbers (`type: int`, `count`, `index`) and truths (`type: boolean`) stay bare in yaml, json, toml, nginx and haproxy. A value that the format cannot hold
fails the rendering with an error that names it. `copy` takes no key that the file sets itself or has copied already.
`paste` alone puts a user's text into the file as it is.

| format | default for | pairs | values |
|---|---|---|---|"""
_FORMATS = {
    "raw": (
        "every other ending; `.conf` and `.cfg` of a file without pairs",
        "none",
        "one line, as it is: the syntax is not known",
    ),
    "yaml": ("", "`key: value`", "double-quoted"),
    "properties": ("", "`key=value`", "backslash escapes of Java"),
    "ini": ("", "`key = value`", "as they are; quotes, backslashes, `#` and `;` are refused, because dialects disagree"),
    "space": ("", "`key value`", "as in ini, and never empty"),
    "env": ("", "`KEY='value'`", "single-quoted for the shell"),
    "xml": ("", "`<property><name/><value/></property>`", "entities"),
    "json": ("", "an object", "strings; the file is either pairs or text"),
    "toml": (
        "",
        '`key = value`; a dot in a key leads into a table, as a map does; `text: "[table]\\n"` begins one',
        "double-quoted",
    ),
    "nginx": ("", "none", "a word in double quotes; a part of one: letters, digits, `-._~/:@+,=%?!*\\|^`; never a `$`"),
    "haproxy": ("", "none", "as in nginx; a `$` is escaped, and no word is empty"),
    "lines": ("", "one value a line (`copy`)", "one line, as it is"),
}


def sections() -> Iterator[tuple[str, str, type[Record]]]:
    """Yield the sections of the page: heading level, title, and the record whose keys the section lists."""
    yield from (("##", title, kind) for title, kind in _SECTIONS)
    for kind in get_args(Block):
        yield "###", next(key.name for key in keys_of(kind) if key.required), kind
    yield "####", "of a list", Listing
    yield "####", "of each", Each
    yield "####", "of a list as a value of set", Elements
    yield "####", "of a condition", Condition


def markdown(examples: Mapping[str, str]) -> str:
    """Return the whole page. `examples`: one example for each section, by title."""
    shown = {title: (level, _section(level, title, kind, examples.get(title, ""))) for level, title, kind in sections()}
    parts = [
        _HEAD,
        *(text for level, text in shown.values() if level == "##"),
        "## Blocks\n\nThe `body` of a file is a list of blocks; each is known by its first word.\n",
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
    head = "## Well-known software\n\nWhat suits it, and where that is written; `new` writes down what no flag says.\n"
    return "\n".join([head, "| software | file | format | reload | health check | source |", "|---|---|---|---|---|---|", *rows])


def _formats() -> str:
    rows = []
    for name, (otherwise, pairs, values) in _FORMATS.items():
        known = {**FORMAT_OF_PATH, **FORMAT_OF}
        endings = " ".join(f"`{ending}`" for ending, of in known.items() if of == name)
        endings = f"{endings}; {otherwise}" if endings and otherwise else endings or otherwise
        rows.append(f"| {name} | {endings} | {_cell(pairs)} | {_cell(values)} |")
    return "\n".join(rows) + "\n"
