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
from catalog_forge.spec.programs import PROGRAMS, SOFTWARE
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

A spec is one YAML file, `specs/NAME.yml`. The files that a spec refers to are in `specs/NAME/`. A complete spec can be this short:

```yaml
forge: 1
name: redis-conf
service: redis:3.2.11
config: /usr/local/etc/redis/redis.conf
reload: restart
metadata: [maxmemory, maxmemory-policy]
```

`service` is IMAGE, IMAGE:TAG or NAME=IMAGE:TAG (without NAME, the last part of IMAGE is the name); `config`, `reload` and `format` define one file with a key-value pair for each metadata key.
catalog-forge knows the start command of [well-known images](#well-known-software); for other images, write the start command in
`launch.exec`. `catalog-forge spec show NAME` prints the full form of a spec. If a key is unknown, the error message suggests the most
similar known key. Text needs no quotes, even if it looks like a number: `version: 1.10` is the text 1.10. Anchors and aliases are not
allowed.
"""
_EXPRESSIONS = f"""
## Expressions

Expressions are written `@{{...}}`. They are allowed in `text`, in the values of `set`, in the items of a list, in `eq`, `ne`, `contains`,
`begins` and `ends`, and in `launch`. Before a `{{`, write `@@` for one `@`: `@@{{` is a literal `@{{`, and `user@@@{{self.name}}` is the text
`user@` followed by a name.

| expression | meaning |
|---|---|
| `self.FIELD`, `it.FIELD` | a field of this container, or of an element: {", ".join(expressions.CONTAINER_FIELDS)}, `label.L` |
| `self.host.FIELD`, `it.host.FIELD` | a field of the host of this container, or of the host of an element: {", ".join(expressions.HOST_FIELDS)}, `label.L` |
| `it`, `it.FIELD` | an element of a metadata list, or a field of an element that is a record; for the elements of a map, `it.key` and `it.value` |
| `NAME`, `NAME.FIELD` | the same for the element that an enclosing `each` names with `as: NAME` |
| `stack.FIELD` | a field of the stack: {", ".join(expressions.STACK_FIELDS)} |
| `service.FIELD` | a field of the configured service: {", ".join(expressions.SERVICE_FIELDS)}, `label.L` |
| `metadata/PATH` | a key of the service's metadata; the path may contain `@{{...}}` |
| `env.NAME` | a variable of `vars` |
| `/self/...`, `/hosts/...` | any other metadata path that exists for every container |
| `first(COLL).FIELD` | a field of the first element |
| `count(COLL)`, `quorum(COLL)` | the number of elements, or the smallest number of elements that is a majority |
| `join(COLL.FIELD, ",")` | a field of all elements, joined with a separator |
| `join(COLL, "@{{it.ip}}:80", ",")` | one string for each element, joined with a separator |
| `self.label.@{{...}}`, `it.label.@{{...}}` | a label with a computed name; this form also exists for `service` and `self.host` |
| `position(it)`, `position(NAME)` | the position of an element in its list or `each`, starting at 1 |
| `lower(X)`, `upper(X)`, `replace(X, "-", "_")` | a value in lower or upper case, or with one substring replaced |
| `self.index + 1`, `metadata/heap / 2` | arithmetic on an index, a scale, a count, a position or metadata of type int; the operators are `+`, `-`, `*`, `/` (integer division) and `%` (remainder), with a space on each side; only counts and positions can be used with confd before 0.16 |

A default is written after a bar: `@{{metadata/port|9200}}`. It is used if the value is missing or empty. A default after `first(...)`
or `join(...)` is also used if the collection is empty. If a key has a `default`, its expressions need no default.

COLL is one of these collections:

| collection | elements |
|---|---|
| `peers` | all containers of this service |
| `others` | all containers of this service except this container |
| `service:NAME` | the containers of a service of the same stack |
| `services:LABEL=VALUE` | the containers of the stack that have this label |
| `hosts` | the hosts |
| `metadata/PATH` | the elements of a list or map in the service's metadata |
| `/PATH` | the entries below any other metadata path that exists for every container, such as `/self/stack/services` or `/containers`; `it.FIELD` is a path below an element; `/self` describes the container that runs confd, which is the sidekick in the topology `volumes` |
| `split(metadata/PATH, ",")` | the parts of a string, which may also be `env.NAME` or `self.label.L`; empty parts and the spaces next to the separator are left out; a line break also separates two parts |
| `link:ALIAS` | the containers that a link or external link of this service leads to, in any stack |
| `service:@{{metadata/KEY}}` | the containers of the service that is the answer to KEY's question of type `service`, in any stack |
| `everywhere:LABEL`, `everywhere:LABEL=VALUE` | the services that have this label, in all stacks; needs `scope: environment` |
| `everywhere:*` | the services of all stacks; needs `scope: environment` |
| `everywhere:LABEL.containers` | all containers of these services |

After a collection of containers, `[healthy]` or `[running]` selects containers, as in `peers[healthy]`; a container without a health check
counts as healthy. After a collection of services, `[active]` selects the active services. A `list`, an
`each` or a `join` may have `[required]` after its collection: the file is not written while the collection is empty, and confd's log
names the collection. Elements are
sorted by name, except those of metadata lists and split strings, which keep their order.

A service has the fields {", ".join(expressions.FOUND_FIELDS)}, `label.L` and `health_check.F`, where F is one of
{", ".join(expressions.CHECK_FIELDS)}. If a field is null or has no value, the default of the expression is used.

Some elements contain collections. A service has `it.containers`, `it.ports`, `it.external_ips` and `it.labels`; a container has `it.ports`
and `it.labels`; a host has `it.labels`. `it.labels:PREFIX` selects the labels whose names begin with PREFIX. If an `each` names its
element, write `NAME.containers` and so on. This container has `self.ports` and `self.labels`, and its host has `self.host.labels`. A label
has the fields `name` (without PREFIX), `word` (the name with `_` in place of each `.`, `-` and `:`) and `value`. In a comparison, a field
that an element lacks counts as an empty string. A pair of `set` is left out if its whole value is a label that the element lacks.

`has` also accepts a field or a COLL: `has: svc.label.L`, `has: link:ALIAS`, `has: svc.containers[healthy]`. `exists: metadata/PATH` is
also true if the value is empty, because an unanswered question exists with an empty value.

## How values are written

In `set` and `copy`, keys and values are quoted as the format requires. In `text` and `item`, quoting depends on the place of the value.
A value on its own becomes a complete quoted value. A value inside your own quotes is escaped for these quotes. A value in a comment stays
on one line. A value that is a part of unquoted YAML text may contain only letters, digits and `-._~/:@+`. In places where no value is
safe, such as an XML comment or a command substitution, the compiler refuses the expression. Numbers (`type: int`, `count`, `index`) and
booleans (`type: boolean`) are not quoted in yaml, json, toml, nginx and haproxy. If the format cannot represent a value, rendering
fails with an error that names the key. `copy` skips keys that the file sets itself or has already copied. Only `paste` puts a user's
text into the file unchanged.

| format | default for | pairs | values |
|---|---|---|---|"""
_FORMATS = {
    "raw": (
        "all other extensions; `.conf` and `.cfg` if the file has no pairs",
        "none",
        "written unchanged on one line, because the syntax is unknown",
    ),
    "yaml": ("", "`key: value`", "double-quoted"),
    "properties": (
        "",
        "`key=value`",
        "in ASCII, with the backslash escapes of Java, such as `\\u00e9` for é; characters above U+FFFF are refused",
    ),
    "ini": (
        "",
        "`key = value`",
        "unchanged; quotes, backslashes, `#` and `;` are refused, because programs read them differently",
    ),
    "space": ("", "`key value`", "as in ini, but an empty value is refused"),
    "env": ("", "`KEY='value'`", "single-quoted for the shell"),
    "xml": ("", "`<property><name/><value/></property>`", "special characters as entities"),
    "json": ("", "an object", "strings in double quotes; a file contains either pairs or text"),
    "toml": (
        "",
        '`key = value`; in a key such as `a.b`, `a` names a table, as if you had written a map; `text: "[table]\\n"` begins a table',
        "double-quoted",
    ),
    "nginx": (
        "",
        "none",
        "a value that is a whole word is written in double quotes; a value that is part of a word may contain only letters, digits and `-._~/:@+,=%?!*\\|^`; a `$` is refused",
    ),
    "haproxy": ("", "none", "as in nginx, but a `$` is escaped, and an empty word is refused"),
    "lines": ("", "one value per line, with `copy`", "written unchanged on one line"),
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
    passed = ["", f"{_allowed(rows)} {', '.join(f'`{name}`' for name in sorted(kind.PASSED))}."] if _passes(kind) else []
    shown = ["", "```yaml", example.rstrip("\n"), "```"] if example else []
    return "\n".join([f"{level} {title}", "", doc, *shown, *table, *passed, ""])


def _allowed(rows: list[str]) -> str:
    return f"These compose-file keys are {'also ' if rows else ''}allowed:"


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
    value = ", ".join(value) if isinstance(value, tuple) else value
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
    head = "## Well-known software\n\nThis table shows suitable settings and their sources. The command `new` uses these settings in place of flags that you leave out.\n"
    images = dict.fromkeys(image for row in PROGRAMS for image in row.images)
    started = f"\nThe start commands of these images are known: {', '.join(f'`{image}`' for image in sorted(images))}."
    return "\n".join(
        [head, "| software | file | format | reload | health check | source |", "|---|---|---|---|---|---|", *rows, started]
    )


def _formats() -> str:
    rows = []
    for name, (otherwise, pairs, values) in _FORMATS.items():
        known = {**FORMAT_OF_PATH, **FORMAT_OF}
        endings = " ".join(f"`{ending}`" for ending, of in known.items() if of == name)
        endings = f"{endings}; {otherwise}" if endings and otherwise else endings or otherwise
        rows.append(f"| {name} | {endings} | {_cell(pairs)} | {_cell(values)} |")
    return "\n".join(rows) + "\n"
