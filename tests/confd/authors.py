"""Writes random metadata and random templates: mostly sound, and wrong on purpose now and then."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from catalog_forge.confd.imitated import store

WORDS = [
    "a",
    "b",
    "name",
    "uuid",
    "es-1",
    "es_10",
    "Über",
    "日本",
    "x.y",
    "c d",
    "10",
    "2",
    "a%b",
    "q\"uo'te",
    "&<>",
    "k=v",
    "😀",
    "-",
]
AWKWARD = ["a/b", "..", "../up", "a//b", "", ".", "x/../y", "/lead", "trail/", "\t", "new\nline"]
TEXTS = [
    "", "a", "abc", "true", "false", "null", "1", "42", "-7", "0", "3.5", "1e3", "yes", "T", "10.42.0.1", "a,b,c", "a b  c",
    "a/b/c", "/x/y/", "..", "{}", "[]", '{"a":1,"b":[true,null,"x"],"c":{"d":1.5e10}}', '[1,2.5,"x",null,{"name":"n"}]',
    "YWJj", "YWI=", "!!", "Über", "日本語", "😀", "line\nbreak", "tab\t", "q\"u'o\\te", "<&>", "%d %s", "a=b;c", "ÀÉß", "  pad ",
    "\u2028", "x"*70, "{{.}}",
]  # fmt: skip
NUMBERS: list[Any] = [0, 1, -1, 42, 1.5, -0.25, 1e21, 1e-7, 9007199254740993, 123456789, 1e6, 100000, -0.0, 3.0, 2**63, 1e100]
FORMATS = [
    "%s", "%d", "%v", "%q", "%x", "%X", "%5d|", "%-5d|", "%05d", "%+d", "%5s|", "%-8s|", "%.2s", "%T", "%t", "%c", "%U", "%f",
    "%.2f", "%e", "%g", "%8.3f|", "%#v", "%+v", "%#x", "% x", "%o", "%b", "%%", "%", "%z", "%s-%s", "%[2]s %[1]s", "%*d",
    "%06.2f", "%#q", "%+q", "%w", "%3c|", "%-10q|", "%x %d", "%s %v %d", "%!", "%[3]d", "%O", "%#o", "%#U", "%6.3v|", "%+.3e",
    "%G", "é%sé", "%é", "%08b", "%.0f", "%.3x",
]  # fmt: skip
SPACE = ["", "", "", " ", "\n", "  \n ", "x", "é", "line\n", "}", " {", "}}", "-", " - ", "# "]
OBJECT = '`{"a":1,"b":[true,null,"x"],"c":{"d":1.5e10},"é":"ü"}`'
ARRAY = '`[1,2.5,"x",null,{"name":"n","v":null},[1],true]`'

# What gives a value of a kind. A word in braces is another kind, here or below.
CALLS: Mapping[str, Sequence[str]] = {
    "str": (
        "getv {key}", "getv {key}", "getv {key} {str}", "getv {nokey} {str}", "toUpper {str}", "toLower {str}",
        "printf {form} {some}", "printf {form} {int} {some}", "print {some} {some} {int}", "println {some} {str}",
        "join {list} {str}", "base {str}", "dir {str}", "replace {str} {str} {str} {count}", "trimSuffix {str} {str}",
        "getenv {env}", "getenv {env} {str}", "base64Encode {str}", 'base64Decode {str64}', "html {some}", "js {some}",
        "urlquery {some} {some}", "slice {str} 0", "(get {key}).Value", "(get {key}).Key", "or {str} {str}",
        "and {bool} {str}", "{text}", "index {abc} {place}", "print {flat} | printf {form}", "printf {form} {flat}",
        "printf {form} {flat} {flat}", "slice {abc} 1 {place}",
    ),
    "int": (
        "add {int} {int}", "sub {int} {int}", "mul {int} {small}", "div {int} {small}", "mod {int} {small}", "len {str}",
        "len {list}", "len {map}", "len {pairs}", "atoi {digits}", "len {anys}", "index {ints} 0", "({pairs}).Len",
        "len (printf {form} {flat})",
    ),
    "bool": (
        "exists {key}", "exists {folder}", "eq {str} {str}", "ne {str} {str}", "lt {str} {str}", "le {int} {int}",
        "gt {int} {int}", "ge {str} {str}", "eq {int} {int} {int}", "not {some}", "and {bool} {bool}", "or {bool} {bool}",
        "contains {str} {str}", "parseBool {truth}", 'fileExists "/nonexistent/x"', "eq {flat} nil", "eq {bool} {bool}",
        "and (exists {key}) (eq (getv {key}) {str})",
    ),
    "list": (
        "ls {folder}", "ls {folder}", "lsdir {folder}", "getvs {pattern}", "split {str} {separator}", "reverse {list}",
        "sortByLength {list}", "slice {list} 0", "lookupIP {address}", "lookupIPV4 {address}", "lookupIPV6 {address}",
        "slice (split {abc} `,`) 0 {one} 1",
    ),
    "ints": ("seq {small} 5", "seq 0 {small}", "reverse {ints}", "seq {int0} {int1}"),
    "pairs": (
        "gets {pattern}", "gets {pattern}", "sortKVByLength {pairs}", "reverse {pairs}", "reverse (sortKVByLength {pairs})",
    ),
    "map": (f"json {OBJECT}", 'map "k" {some} "a" {some}', "map {word} {str}", "json `null`", 'map "m" {map}'),
    "anys": (f"jsonArray {ARRAY}", "jsonArray `[]`", "reverse {anys}", "jsonArray `null`"),
    "any": (
        "index {map} {word}", "index {anys} 0", f"(json {OBJECT}).{{field}}", "or {some} {some}", "{map}", "{anys}", "{pairs}",
        "get {key}",
        f"index (jsonArray {ARRAY}) {{place}}", f"index (json {OBJECT}) `b` {{place}}", "datetime.Format `x`",
    ),
    "odd": (
        "index {list} {place}", "index {list} 9", "index {any} {any}", "index {str} {int}", "slice {list} {place} {place}",
        "slice {any} {int}", "slice {str} 0 1 2", "call {any}", "len {any}", "json {text}", "jsonArray {text}", "atoi {text}",
        "parseBool {text}", "get {nokey}", "getv {nokey}", "base64Decode {text}", "add {any} {int}", "div {int} {int}",
        "eq {int} (mul 9223372036854775807 {int})", "gets {badpattern}",
        "getvs {badpattern}", "join {any} {str}", "join {pairs} `,`",
        "(get {key}).Nope", "({map}).k.z", "map {any} {any}", "map {str}", "sortByLength {any}", "sortKVByLength {any}",
        "reverse {any}", "eq {any} {any}", "lt {any} {any}", "ne {str} {int}", "eq {bool}", "printf {any} {any}",
        "seq {text} {small}", "eq 9223372036854775807 {int}", "print 9223372036854775807 -9223372036854775808", "exists {any}",
        "not", "and", "print", "html", "getv", "nil", "nope {str}", "add 1", "toUpper {str} {str}", "ls", "{str} {str}",
        "1 {str}", "toUpper {any}", "len {int}", "lookupSRV `a` `b` `x x`", "range", "seq 3 1 | join `,`",
        "{int} | add 1 | add", "getenv {any}", "({str}).x", "$.x", ".x.y", "$nope", "len nil", "index nil 1",
        "(gets {pattern}).Less 0 1", "datetime.Nope", "template", "eq {map} {map}", "eq {list} {list}",
        "eq (get {key}) (get {key})", "and {any} {any} {odd}", "or {any} {odd}", "cgetv {key}", "split {list} `a`",
        "9223372036854775808", "add 1.5 1", "0x", "`", '"', "'ab'", "{str} | {str}", "({str}", "{int})",
        "reverse (slice {list})", "le {bool} {bool}", "1_0_0", "'\\xff'", "0b11", "1i | print", "2i", "if", "end", "else",
        "break", "print . $ nil", "len .", "printf {form}", "printf", "print (print)",
    ),
}  # fmt: skip
# The kinds that stand for one word.
ATOMS: Mapping[str, Sequence[str]] = {
    "int": ("0", "1", "2", "3", "-1", "7", "'\\t'", "0x1F", "1e1", "017", "1_2", "2.0", "10"),
    "bool": ("true", "false", '(eq 1 1)', "(exists `/nope`)"),
    "any": (".", "nil", "1.5", "true", "1e6", "2i", "$", '"s"', "`raw`", "'x'", "1.0", ".5", "1e-7", "12345678.9", "-0.0"),
    "list": ('(split "a,bc,é" ",")', '(split "" ",")', "(ls `/self`)"),
    "ints": ("(seq 1 3)", "(seq 1 0)"),
    "pairs": ("(gets `/self/*`)", "(gets `/nope`)"),
    "map": (f"(json {OBJECT})", "(map)", "(map `a` `b`)"),
    "anys": (f"(jsonArray {ARRAY})", "(jsonArray `[]`)"),
    "count": ("-1", "0", "1", "2"),
    "place": ("0", "1", "2"),
    "one": ("0", "1"),
    "int0": ("0", "1", "-2", "5"),
    "int1": ("0", "3", "12"),
    "small": ("1", "2", "-3", "4"),
    "abc": ('"abc"', '"é,x"', "`日本`"),
    "env": ('"A"', '"EMPTY"', '"NONE"', '""'),
    "str64": ('"YWJj"', '"YWI="', '""', '"w6k="', '"/+8="', '"YW\\nJj"'),
    "digits": ('"1"', '"-5"', '"+3"', '"007"', '"300"'),
    "truth": ('"1"', '"t"', '"TRUE"', '"f"', '"0"', '"False"'),
    "separator": ('","', '""', '" "', '"/"', '"b"', '"é"'),
    "address": ('"127.0.0.1"', '"::1"', '"10.42.0.1"', '"x x"', '"::ffff:1.2.3.4"', '"fe80::00:1"', '""'),
    "field": ("a", "b", "c", "c.d", "zz"),
    "nokey": ('"/nope"', '"/self"', '"self/a"', '""', '"/"', '"/self//a"'),
    "word": ('"a"', '"b"', '"c"', '"zz"', '"k"'),
}  # fmt: skip
LITERALS = ['"\\x41\\xff"', '"\\u00e9\\U0001F600"', '"\\101\\a\\b\\f\\v"', "`a\\n`", '"\\"\\\\"', '"\\x00"', '"\\377"']
PATTERNS = ["*", "*", "*", "?", "[a-z]*", "*a*", "[^a]", "e*[0-9]", "\\\\*", "**", "*é*", "[日a]*", "?*", "*[!-~]", "[a-c-e]"]
BAD_PATTERNS = ["[", "[]a]", "a\\\\", "[a-", "[z-a]", "[^", "[-]", "]", "[a-]"]
SAME = [
    "toUpper",
    "toLower",
    "base",
    "dir",
    "print",
    "html",
    "js",
    "urlquery",
    "base64Encode",
    "printf `%q`",
    "len",
    "not",
    "printf `%v %s` 1",
]
SAME_SLOT = re.compile(r"\{(\w+)\}")


class Author:
    """Everything that is random comes from one seed; `wrong` is the share of what is wrong on purpose."""

    def __init__(self, seed: int, wrong: float = 0.015) -> None:
        self.random = random.Random(seed)
        self.wrong = wrong
        self.names: list[tuple[str, str]] = []
        self.leaves: list[str] = []
        self.branches: list[str] = []
        self.deep = 0

    def pick(self, items: Sequence[Any]) -> Any:
        return self.random.choice(items)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # Metadata

    def document(self) -> dict[str, Any]:
        """Return metadata in which no two keys claim the same place: which of them wins is chance in the real confd."""
        while True:
            found = {key: self.value(3) for key in self.keys(5)}
            places = [store.clean(b"/self" + path) for path, _ in leaves_of(b"", found)]
            if len(places) == len(set(places)):
                self.look(found)
                return found

    def keys(self, most: int) -> list[str]:
        words = AWKWARD if self.chance(0.08) else WORDS
        return list({self.pick(words if self.chance(0.3) else WORDS) for _ in range(self.random.randint(0, most))})

    def value(self, depth: int) -> Any:
        kinds: list[Callable[[], Any]] = [
            lambda: self.pick(TEXTS), lambda: self.pick(TEXTS), lambda: self.pick(NUMBERS),
            lambda: self.pick([True, False, None]),
        ]  # fmt: skip
        if depth:
            kinds += [lambda: {key: self.value(depth - 1) for key in self.keys(5)}, lambda: self.items(depth - 1)] * 2
        return self.pick(kinds)()

    def items(self, depth: int) -> list[Any]:
        found = [self.value(depth) for _ in range(self.random.randint(0, 4))]
        for item in found:
            if isinstance(item, dict) and ("name" in item or self.chance(0.6)):
                item["name"] = self.pick([*WORDS, *TEXTS])
        return found

    def look(self, document: Any) -> None:
        """Note the keys that there are."""
        flat = store.flatten("/self", json.dumps(document).encode())
        self.leaves = [key.decode() for key in flat if b"`" not in key] or ["/self/none"]
        self.branches = sorted({key.rpartition("/")[0] or "/" for key in self.leaves} | {"/self"})

    # Templates

    def template(self) -> bytes:
        """Return the source of a template."""
        self.names = []
        body = self.block(2)
        if self.chance(0.15):
            self.names = []
            call = self.pick(["", " .", " " + self.term("any"), " " + self.term("str")])
            body = f'{{{{define "t"}}}}{self.block(1)}{{{{.}}}}{{{{end}}}}{body}{{{{template "t"{call}}}}}'
        return body.encode()

    def block(self, depth: int) -> str:
        mark = len(self.names)
        text = "".join(self.piece(depth) for _ in range(self.random.randint(1, 3)))
        del self.names[mark:]
        return text

    def piece(self, depth: int) -> str:
        kinds: list[Callable[[], str]] = [self.text, self.action, self.action, self.action, self.declare]
        if depth:
            kinds += [lambda: self.branch(depth - 1, "if"), lambda: self.loop(depth - 1), lambda: self.branch(depth - 1, "with")]
        return self.pick(kinds)()  # type: ignore[no-any-return]

    def text(self) -> str:
        if self.chance(0.1):
            comments = ["{{/* a comment */}}", "{{- /* b */ -}}", "x {{- /* c\n */}} y", "{{/* d */ -}} z", "{{ /* no */ }}"]
            return self.pick(comments[:-1] if self.chance(0.9) else comments)  # type: ignore[no-any-return]
        return f"{self.pick(SPACE)}{self.pick(SPACE)}"

    def braces(self, inner: str) -> str:
        left, right = self.pick(["{{", "{{", "{{", "{{- ", "{{ "]), self.pick(["}}", "}}", "}}", " -}}", " }}"])
        return f"{left}{inner}{right}"

    def action(self) -> str:
        return self.braces(self.pipe(self.pick(["str", "str", "int", "bool", "list", "any", "pairs", "map"])))

    def declare(self) -> str:
        kind = self.pick(["str", "int", "list", "map"])
        value = self.call(kind)
        same = [name for name, known in self.names if known == kind or self.chance(self.wrong)]
        if same and self.chance(0.3):
            return self.braces(f"{self.pick(same)} = {value}")
        self.names.append((f"${self.pick('xyz')}", kind))
        return self.braces(f"{self.names[-1][0]} := {value}")

    def branch(self, depth: int, word: str) -> str:
        mark = len(self.names)
        kind = self.pick(["bool", "bool", "str", "list", "int", "map"])
        condition = self.pipe(kind)
        if self.chance(0.2):
            condition = f"$c := {self.call(kind)}"
            self.names.append(("$c", kind))
        code = self.braces(f"{word} {condition}") + self.block(depth)
        if self.chance(0.15):
            code += self.braces(f"else {word} {self.call('bool')}") + self.block(depth)
        if self.chance(0.4):
            code += self.braces("else") + self.block(depth)
        del self.names[mark:]
        return code + self.braces("end")

    def loop(self, depth: int) -> str:
        mark = len(self.names)
        over = self.pick(["list", "pairs", "ints", "map", "anys", "number"])
        value = self.pick(["2", "0", "-1", "(len (ls `/self`))"]) if over == "number" else self.term(over)
        shape = self.pick(["", "", "$v := ", "$i, $v := "] if over != "number" else ["", "$v := "])
        if shape:
            self.names.append(("$v", {"list": "str", "ints": "int", "number": "int"}.get(over, "any")))
        if "," in shape:
            self.names.append(("$i", "str" if over == "map" else "int"))
        show = self.pick(
            ["{{.Key}}={{.Value}} ", "{{base .Key}}", "{{.Value | printf `%q`}}", "{{.}}"] if over == "pairs" else ["{{.}} ", ""]
        )
        inner = show + self.block(depth)
        if self.chance(0.15):
            inner += self.braces(f"if {self.call('bool')}") + self.pick(["{{break}}", "{{continue}}"]) + "{{end}}x"
        other = self.braces("else") + self.block(depth) if self.chance(0.3) else ""
        del self.names[mark:]
        return "".join((self.braces(f"range {shape}{value}"), inner, other, self.braces("end")))

    def pipe(self, kind: str) -> str:
        """Return a pipeline that begins with a kind of value."""
        code = self.call(kind)
        if kind == "str" and self.chance(0.3):
            code += "".join(f" | {self.pick(SAME[:-3])}" for _ in range(self.random.randint(1, 2)))
        if self.chance(self.wrong):
            code += f" | {self.pick(SAME)}"
        return code

    def call(self, kind: str) -> str:
        """Return the call of a function."""
        if self.chance(self.wrong):
            kind = self.pick(["odd", "odd", *CALLS])
        return SAME_SLOT.sub(lambda found: self.term(found[1]), self.pick(CALLS[kind]))

    def term(self, kind: str) -> str:
        """Return something that can be an argument."""
        if kind == "some":
            kind = self.pick(["str", "int", "bool", "list", "any", "map", "flat"])
        if kind == "flat":
            kind = self.pick(["str", "int", "bool", "any"])
        if self.chance(self.wrong) and kind in CALLS:
            kind = self.pick(["str", "int", "bool", "list", "any"])
        fitting = [name for name, known in self.names if known == kind]
        if fitting and self.chance(0.4):
            return str(self.pick(fitting))
        special = {"text": lambda: self.quoted(self.pick(TEXTS)), "key": self.key, "folder": self.folder, "pattern": self.pattern}
        special |= {
            "form": lambda: self.quoted(self.pick(FORMATS)),
            "badpattern": lambda: self.quoted("/self/" + self.pick(BAD_PATTERNS)),
        }
        if kind in special:
            return special[kind]()
        if kind == "str" and (self.deep > 2 or self.chance(0.5)):
            return self.quoted(self.pick([*TEXTS, *WORDS]))
        if kind in ATOMS and (kind not in CALLS or self.deep > 2 or self.chance(0.4)):
            return str(self.pick(ATOMS[kind]))
        self.deep += 1
        code = f"({self.call(kind)})"
        self.deep -= 1
        return code

    def quoted(self, text: str) -> str:
        if self.chance(0.2) and "`" not in text:
            return f"`{text}`"
        if self.chance(0.02):
            return str(self.pick(LITERALS))
        # JSON writes what is beyond the first plane as a surrogate pair, which Go does not read.
        return json.dumps(text, ensure_ascii=self.chance(0.5) and max(text, default=" ") < "\uffff")

    def key(self) -> str:
        return self.quoted(self.pick(self.leaves))

    def folder(self) -> str:
        if self.chance(0.1):
            return self.quoted(self.pick(["/", "", "/self/", "/self//", "/self/.", "self", "/nope", *self.leaves]))
        return self.quoted(self.pick(self.branches) + self.pick(["", "", "", "/"]))

    def pattern(self) -> str:
        parts = self.pick(self.leaves).split("/")
        parts[self.random.randrange(1, len(parts))] = self.pick(PATTERNS)
        return self.quoted("/".join(parts))


def leaves_of(path: bytes, value: Any) -> Iterator[tuple[bytes, Any]]:
    """Go through all leaves as confd walks over them."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves_of(path + b"/" + key.encode(), item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            name = item["name"] if isinstance(item, dict) and "name" in item else str(number)
            yield from leaves_of(path + b"/" + name.encode(), item)
    else:
        yield path, value
