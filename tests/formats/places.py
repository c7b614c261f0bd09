"""The places of each format that a value can stand in, each with a neighbour before it and one after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Block = Mapping[str, Any]
PAIRS = ("yaml", "properties", "ini", "space", "env", "xml", "json", "toml")
NESTED = ("yaml", "json", "toml")
PLAIN = ("raw", "lines")


@dataclass(frozen=True)
class Place:
    """A body around the metadata key `key`; `expect` tells what the reader must find, and `data` what the metadata holds."""

    name: str
    body: Callable[[str], list[Block]]
    expect: Callable[[str], Any]
    data: Callable[[str], Any] = lambda value: value
    type: str = "string"
    at: str = "key"


def _same(value: str) -> str:
    return value


def _wrapped(value: str) -> str:
    return f"pre{value}post"


def _set(value: str) -> Callable[[str], list[Block]]:
    return lambda key: [{"set": {"before": "b", "key": value.replace("KEY", f"metadata/{key}"), "after": "a"}}]


def _list(value: str) -> list[str]:
    return ["first", value, "last"]


def _map(value: str) -> dict[str, str]:
    return {"aa": "b", "key": value, "zz": "a"}


def _copied(key: str) -> list[Block]:
    return [{"set": {"before": "b"}}, {"copy": f"metadata/{key}"}, {"set": {"after": "a"}}]


def _split(opening: str, closing: str) -> Callable[[str], list[Block]]:
    return lambda key: [{"text": opening}, {"list": {"of": f"metadata/{key}", "item": "@{it}", "sep": " "}}, {"text": closing}]


def _first_last(value: str) -> str:
    return f"first {value} last"


def _value(item: Any, of: str = "KEY") -> Callable[[str], list[Block]]:
    def body(key: str) -> list[Block]:
        each = {"of": of.replace("KEY", f"metadata/{key}"), "item": item}
        return [{"set": {"before": "b", "key": {"list": each}, "after": "a"}}]

    return body


def _parts(value: str) -> list[str]:
    """The parts of `first,VALUE,last`, without spaces beside a comma; a line break separates as well."""
    found = f",first,{value},last,".replace("\n", ",").replace(", ", ",").replace(" ,", ",").split(",")
    return [part for part in found if part]


_LISTS = (
    Place("set list", _value("@{it}"), _list, _list, "list"),
    Place("set list of maps", _value({"a": "@{it}", "b": ["pre@{it}post", 1]}),
          lambda value: [{"a": part, "b": [_wrapped(part), 1]} for part in _list(value)], _list, "list"),
    Place("set list of a split", _value("@{it}", 'split(KEY, ",")'), _parts, lambda value: f"first,{value},last"),
)  # fmt: skip
_SET = (
    Place("set whole", _set("@{KEY}"), _same),
    Place("set within", _set("pre@{KEY}post"), _wrapped),
    Place("set join", _set('@{join(KEY, ", ")}'), lambda value: f"first, {value}, last", _list, "list"),
    Place("set join item", _set('@{join(KEY, "<@{it}>", ", ")}'), lambda value: f"<first>, <{value}>, <last>", _list, "list"),
    Place("set default", _set("@{KEY|none}"), lambda value: value or "none"),
    Place("copy value", _copied, _same, _map, "map"),
    Place("copy key", _copied, _same, lambda value: {value: "found"}, "map", ""),
)  # fmt: skip


def _text(template: str) -> Callable[[str], list[Block]]:
    return lambda key: [{"text": template.replace("KEY", f"metadata/{key}")}]


def _listed(head: str, item: str, sep: str, tail: str) -> Callable[[str], list[Block]]:
    return lambda key: [{"list": {"of": f"metadata/{key}", "item": item, "sep": sep, "head": head, "tail": tail}}]


def _written(before: str, opening: str, closing: str, after: str, name: str, expect: Callable[[str], Any]) -> Place:
    return Place(name, _text(before + opening + closing + after), expect)


_TEXTS: Mapping[str, tuple[Place, ...]] = {
    "yaml": (
        Place("text bare", _text("before: b\nkey: @{KEY}\nafter: a\n"), _same),
        Place('text in ""', _text('before: b\nkey: "pre@{KEY}post"\nafter: a\n'), _wrapped),
        Place("text in ''", _text("before: b\nkey: 'pre@{KEY}post'\nafter: a\n"), _wrapped),
        Place("text in a comment", _text("before: b\nkey: k # @{KEY}\nafter: a\n"), lambda _: "k"),
        Place("text within bare", _text("before: b\nkey: pre@{KEY}post\nafter: a\n"), _wrapped),
        Place("text at the end of bare", _text("before: b\nkey: pre @{KEY}\nafter: a\n"), lambda value: f"pre {value}".rstrip()),
        Place("text at the start of bare", _text("before: b\nkey: x\n  @{KEY} y\nafter: a\n"), lambda value: f"x {value} y"),
        Place("text in a literal", _text("before: b\nkey: |\n  x\n  @{KEY}\nafter: a\n"), lambda value: f"x\n{value}\n"),
        Place("text in a fold", _text("before: b\nkey: >-\n  pre\n  @{KEY}\nafter: a\n"), lambda value: f"pre {value}"),
        Place("text in a flow", _text("before: b\nkey: {x: [@{KEY}, y], z: p@{KEY}}\nafter: a\n"),
              lambda value: {"x": [value, "y"], "z": f"p{value}"}),
        Place("text as a key", _text("before: b\n@{KEY}: found\nafter: a\n"), _same, at=""),
        Place("text in a key", _text('before: b\n"@{KEY}": found\nafter: a\n'), _same, at=""),
        Place("list in a split quote", _split('before: b\nkey: "', '"\nafter: a\n'), _first_last, _list, "list"),
        Place("list bare", _listed("before: b\nkey:\n", "- @{it}", "\n", "\nafter: a\n"), _list, _list, "list"),
        Place("list in ''", _listed("before: b\nkey: [", "'@{it}'", ", ", "]\nafter: a\n"), _list, _list, "list"),
    ),
    "json": (
        Place("text bare", _text('{"before": "b", "key": @{KEY}, "after": "a"}\n'), _same),
        Place('text in ""', _text('{"before": "b", "key": "pre@{KEY}post", "after": "a"}\n'), _wrapped),
        Place("text as a key", _text('{"before": "b", @{KEY}: "found", "after": "a"}\n'), _same, at=""),
        Place("list bare", _listed('{"before": "b", "key": [', "@{it}", ", ", '], "after": "a"}\n'), _list, _list, "list"),
    ),
    "properties": (
        Place("text bare", _text("before=b\nkey=@{KEY}\nafter=a\n"), _same),
        Place("text within", _text("before=b\nkey=pre@{KEY}post\nafter=a\n"), _wrapped),
        Place("text in a comment", _text("before=b\n# @{KEY}\nkey=k\nafter=a\n"), lambda _: "k"),
        Place("text as a key", _text("before=b\n@{KEY}=found\nafter=a\n"), _same, at=""),
        Place("text in a second line", _text("before=b\nkey=x,\\\n  @{KEY}\nafter=a\n"), lambda value: f"x,{value}"),
        Place("list", _listed("before=b\nkey=", "@{it}", ",", "\nafter=a\n"), lambda value: f"first,{value},last", _list, "list"),
    ),
    "ini": (
        Place("text bare", _text("[s]\nbefore = b\nkey = @{KEY}\nafter = a\n"), _same),
        Place("text within", _text("[s]\nbefore = b\nkey = pre@{KEY}post\nafter = a\n"), _wrapped),
        Place("text as a key", _text("[s]\nbefore = b\n@{KEY} = found\nafter = a\n"), _same, at=""),
        Place("text in a comment", _text("[s]\nbefore = b\n# @{KEY}\nkey = k\nafter = a\n"), lambda _: "k"),
        Place("list", _listed("[s]\nbefore = b\nkey = ", "@{it}", " ", "\nafter = a\n"), _first_last, _list, "list"),
    ),
    "space": (
        Place("text bare", _text("before b\nkey @{KEY}\nafter a\n"), _same),
        Place("text within", _text("before b\nkey pre@{KEY}post\nafter a\n"), _wrapped),
        Place("text as a key", _text("before b\n@{KEY} found\nafter a\n"), _same, at=""),
        Place("text in a comment", _text("before b\n# @{KEY}\nkey k\nafter a\n"), lambda _: "k"),
    ),
    "env": (
        Place("text bare", _text("before=b\nkey=@{KEY}\nafter=a\n"), _same),
        Place('text in ""', _text('before=b\nkey="pre@{KEY}post"\nafter=a\n'), _wrapped),
        Place("text in ''", _text("before=b\nkey='pre@{KEY}post'\nafter=a\n"), _wrapped),
        Place("text in a comment", _text("before=b\nkey=k # @{KEY}\nafter=a\n"), lambda _: "k"),
        Place("text within bare", _text("before=b\nkey=pre@{KEY}post\nafter=a\n"), _wrapped),
        Place("text within a word", _text("before=b\nkey=pre\"@{KEY}\"post\nafter=a\n"), _wrapped),
        Place("text behind a quote", _text("before=b\nkey=it\\'s@{KEY}\nafter=a\n"), lambda value: f"it's{value}"),
        Place("text in export", _text("before=b\nexport key=@{KEY}\nafter=a\n"), _same),
        Place("join bare", _text('before=b\nkey=@{join(KEY, " ")}\nafter=a\n'), _first_last, _list, "list"),
        Place("list in a split quote", _split("before=b\nkey='", "'\nafter=a\n"), _first_last, _list, "list"),
        Place("list in ''", _listed("before=b\nkey='", "@{it}", " ", "'\nafter=a\n"), _first_last, _list, "list"),
    ),
    "xml": (
        Place(
            "text",
            _text(
                "<c><property><name>before</name><value>b</value></property><property><name>key</name><value>@{KEY}</value>"
                "</property><property><name>after</name><value>a</value></property></c>\n"
            ),
            _same,
        ),
        *(
            Place(
                f"attribute in {quote}",
                _text(
                    "<!-- it's --><c><property name='before' value='b'/><property name='key' value=QpreKEYpostQ />".replace(
                        "KEY", "@{KEY}"
                    ).replace("Q", quote)
                    + "<property name='after' value='a'/></c>\n"
                ),
                _wrapped,
            )
            for quote in "'\""
        ),
    ),
    "toml": (
        Place("text bare", _text('before = "b"\nkey = @{KEY}\nafter = "a"\n'), _same),
        Place('text in ""', _text('before = "b"\nkey = "pre@{KEY}post"\nafter = "a"\n'), _wrapped),
        Place("text in ''", _text("before = 'b'\nkey = 'pre@{KEY}post'\nafter = 'a'\n"), _wrapped),
        Place('text in """', _text('before = "b"\nkey = """pre@{KEY}post"""\nafter = "a"\n'), _wrapped),
        Place("text in three '", _text("before = 'b'\nkey = '''pre@{KEY}post'''\nafter = 'a'\n"), _wrapped),
        Place("text in a comment", _text('before = "b"\nkey = "k" # it\'s "@{KEY}\nafter = "a"\n'), lambda _: "k"),
        Place("text in a table", _text('before = "b"\nkey = {x = [@{KEY}, "y"], z = "p@{KEY}"}\nafter = "a"\n'),
              lambda value: {"x": [value, "y"], "z": f"p{value}"}),
        Place("text as a key", _text('before = "b"\n@{KEY} = "found"\nafter = "a"\n'), _same, at=""),
        Place("text as a table", _text('before = "b"\nafter = "a"\n[key.@{KEY}]\n"x" = 1\n'), lambda value: {value: {"x": 1}}),
        Place("list bare", _listed('before = "b"\nkey = [', "@{it}", ", ", ']\nafter = "a"\n'), _list, _list, "list"),
    ),
    "nginx": (
        Place("text bare", _text("before b;\nkey @{KEY};\nafter a;\n"), _same),
        Place("text within", _text("before b;\nkey pre@{KEY}post;\nafter a;\n"), _wrapped),
        Place('text in ""', _text('before b;\nkey "pre@{KEY}post";\nafter a;\n'), _wrapped),
        Place("text in ''", _text("before b;\nkey 'pre@{KEY}post';\nafter a;\n"), _wrapped),
        Place("text behind a word's quote", _text("before b;\nkey it's@{KEY};\nafter a;\n"), lambda value: f"it's{value}"),
        Place("text in a comment", _text("before b;\nkey k; # it's @{KEY}\nafter a;\n"), lambda _: "k"),
        Place("text in a block", _text("before b { key @{KEY} x; }\nafter a;\n"), lambda value: [value, "x"]),
        Place("list", _listed("before b;\nkey ", "@{it}", " ", ";\nafter a;\n"), _list, _list, "list"),
    ),
    "haproxy": (
        Place("text bare", _text("before b\nkey @{KEY}\nafter a\n"), _same),
        Place("text within", _text("before b\nkey pre@{KEY}post\nafter a\n"), _wrapped),
        Place('text in ""', _text('before b\nkey "pre@{KEY}post"\nafter a\n'), _wrapped),
        Place("text in ''", _text("before b\nkey 'pre@{KEY}post'\nafter a\n"), _wrapped),
        Place("text behind a quote", _text("before b\nkey it\\'s@{KEY}\nafter a\n"), lambda value: f"it's{value}"),
        Place("text in a comment", _text("before b\nkey k#it's @{KEY}\nafter a\n"), lambda _: "k"),
        Place("list", _listed("before b\nkey ", "@{it}", " ", "\nafter a\n"), _list, _list, "list"),
    ),
    "raw": (
        Place("text", _text("b\n@{KEY}\na\n"), _same),
        Place("text within", _text("b\npre@{KEY}post\na\n"), _wrapped),
        Place("list", _listed("b\n", "@{it}", "\n", "\na\n"), lambda value: "\n".join(_list(value)), _list, "list"),
    ),
    "lines": (
        Place("text", _text("b\n@{KEY}\na\n"), _same),
        Place("copy", lambda key: [{"text": "b\n"}, {"copy": f"metadata/{key}"}, {"text": "a\n"}],
              lambda value: "\n".join(_list(value)), _list, "list"),
    ),
}  # fmt: skip


def places(kind: str) -> tuple[Place, ...]:
    """Return the places of a format."""
    return (_SET if kind in PAIRS else ()) + (_LISTS if kind in NESTED else ()) + _TEXTS[kind]


def framed(kind: str, place: Place, key: str) -> list[Block]:
    """Return the body of a file: an ini file of pairs needs a section."""
    section = [{"text": "[s]\n"}] if kind == "ini" and place in _SET else []
    return [*section, *place.body(key)]
