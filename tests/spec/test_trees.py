"""What an expression is read as: the tree, its source and its place."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError, Where
from catalog_forge.spec.expressions import (
    Attr,
    Collection,
    Count,
    Expr,
    First,
    Join,
    Metadata,
    Node,
    Raw,
    Text,
    literal,
    split_field,
)
from catalog_forge.spec.parser import parse, parse_collection


class Line:
    """A text whose characters stand in one line of a file."""

    def at(self, offset: int) -> Where:
        """Return the place of a character."""
        return Where("x.yml", 1, offset + 1)


def collection(kind: str, name: str = "", *filters: str, value: str = "") -> Collection:
    return Collection(kind, name, filters, Where(""), value)


PEERS, HOSTS, ROWS = collection("peers"), collection("hosts"), collection("metadata", "rows")
A_B = Expr(Attr("self", ("index",)), None, "self.index", Where(""))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("self.ip", Attr("self", ("ip",))),
        ("self.health_state", Attr("self", ("health_state",))),
        ("self.label.a.b-c", Attr("self", ("label", "a.b-c"))),
        ("self.label.a,b)c", None),
        ("self.host.ip", Attr("self", ("host", "ip"))),
        ("self.host.hostname", Attr("self", ("host", "hostname"))),
        ("self.host.label.a.b", Attr("self", ("host", "label", "a.b"))),
        ("self.anything", Attr("self", ("anything",))),
        ("it", Attr("it", ())),
        ("it.ip", Attr("it", ("ip",))),
        ("it.a.b", Attr("it", ("a", "b"))),
        ("it.a/b", Attr("it", ("a/b",))),
        ("it.label.a.b", Attr("it", ("label", "a.b"))),
        ("it.host.label.a.b", Attr("it", ("host", "label", "a.b"))),
        ("it.label", Attr("it", ("label",))),
        ("stack.name", Attr("stack", ("name",))),
        ("stack.environment", Attr("stack", ("environment",))),
        ("service.name", Attr("service", ("name",))),
        ("service.scale", Attr("service", ("scale",))),
        ("service.label.a.b", Attr("service", ("label", "a.b"))),
        ("service.label.a,b", Attr("service", ("label", "a,b"))),
        ("env.A", Attr("env", ("A",))),
        ("env.a b", Attr("env", ("a b",))),
        ("metadata/key", Metadata(Text(("key",)))),
        ("metadata/a.b/c", Metadata(Text(("a.b/c",)))),
        ("metadata/a@{self.index}/b", Metadata(Text(("a", A_B, "/b")))),
        ("metadata/@{self.index}", Metadata(Text((A_B,)))),
        ("/self/service/name", Raw(Text(("/self/service/name",)))),
        ("/hosts/@{self.index}/ip", Raw(Text(("/hosts/", A_B, "/ip")))),
        ("first(peers).ip", First(PEERS, ("ip",))),
        ("first( peers ).ip", First(PEERS, ("ip",))),
        ("first(peers)", First(PEERS, ())),
        ("first(peers).label.a.b", First(PEERS, ("label", "a.b"))),
        ("first(hosts).host.ip", First(HOSTS, ("host", "ip"))),
        ("first(metadata/rows).a.b", First(ROWS, ("a", "b"))),
        ("first(metadata/a.b)", First(collection("metadata", "a.b"), ())),
        ("first(others[healthy]).name", First(collection("others", "", "healthy"), ("name",))),
        ("first(service:db[healthy][running]).name", First(collection("service", "db", "healthy", "running"), ("name",))),
        ("first(services:a.b=c d[running]).name", First(collection("services", "a.b", "running", value="c d"), ("name",))),
        ("first(services: a = b ).name", First(collection("services", " a ", value="b"), ("name",))),
        ("count(peers)", Count(PEERS)),
        ("count(services:a=b.c)", Count(collection("services", "a", value="b.c"))),
        ("count(metadata/rows)", Count(ROWS)),
        ("count(services:aXb=cXd[healthy])", Count(collection("services", "aXb", "healthy", value="cXd"))),
        ("count(metadata/aXb)", Count(collection("metadata", "aXb"))),
        ("first(service:aXb).label.X", First(collection("service", "aXb"), ("label", "X"))),
        ("self.label.aX", Attr("self", ("label", "aX"))),
        ("self.host.label.aX", Attr("self", ("host", "label", "aX"))),
        ("service.label.aX", Attr("service", ("label", "aX"))),
        ("it.aX", Attr("it", ("aX",))),
        ("env.aX", Attr("env", ("aX",))),
        ("metadata/aX", Metadata(Text(("aX",)))),
        ("/self/aX", Raw(Text(("/self/aX",)))),
        ("quorum(peers)", Count(PEERS, majority=True)),
        ("quorum(service: db )", Count(collection("service", "db"), majority=True)),
        ('join(peers.ip, ",")', Join(PEERS, ("ip",), ",")),
        ("join(peers.ip,' ; ')", Join(PEERS, ("ip",), " ; ")),
        ('join( peers.ip, "" )', Join(PEERS, ("ip",), "")),
        ('join(peers.ip, "\\n\\t|}")', Join(PEERS, ("ip",), "\n\t|}")),
        ('join(peers.ip, "\\n\\t")', Join(PEERS, ("ip",), "\n\t")),
        ('join(peers, ",")', Join(PEERS, (), ",")),
        ('join(peers[healthy].label.a.b, ",")', Join(collection("peers", "", "healthy"), ("label", "a.b"), ",")),
        ('join(service:db.host.label.x.y, ",")', Join(collection("service", "db"), ("host", "label", "x.y"), ",")),
        ('join(hosts.label.a, ",")', Join(HOSTS, ("label", "a"), ",")),
        ('join(metadata/rows.host, ",")', Join(collection("metadata", "rows.host"), (), ",")),
        ('join(metadata/rows, ",")', Join(ROWS, (), ",")),
        ('join(services:a=b.c.name, ",")', Join(collection("services", "a", value="b.c"), ("name",), ",")),
        ('join(services:a=b.label.c.d, ",")', Join(collection("services", "a", value="b"), ("label", "c.d"), ",")),
        ('join(services:a=b.1, ",")', Join(collection("services", "a", value="b.1"), (), ",")),
        ('join(services:a=b, ",")', Join(collection("services", "a", value="b"), (), ",")),
    ],
)
def test_the_tree_of_an_expression(text: str, node: Node | None) -> None:
    if node is None:
        with pytest.raises(ForgeError):
            parse(f"@{{{text}}}", Line())
        return
    for default in (None, "", "a b/c"):
        source = text if default is None else f"{text}|{default}"
        (part,) = parse(f"@{{{source}}}", Line()).parts
        assert part == Expr(node, default, source, Where("x.yml", 1, 3))
        assert isinstance(part, Expr) and part.where == Where("x.yml", 1, 3)


def test_the_parts_of_a_text_have_their_places() -> None:
    text = parse("a @{self.ip} b@{metadata/x@{self.index}|d}@@{", Line())
    first, second = (part for part in text.parts if isinstance(part, Expr))
    assert [part for part in text.parts if isinstance(part, str)] == ["a ", " b", "@{"]
    assert (first.where.column, first.source, first.default) == (5, "self.ip", None)
    assert (second.where.column, second.source, second.default) == (17, "metadata/x@{self.index}|d", "d")
    assert [(expr.source, expr.where.column) for expr in text.expressions] == [
        ("self.ip", 5),
        ("metadata/x@{self.index}|d", 17),
        ("self.index", 29),
    ]
    assert str(text) == "a @{self.ip} b@{metadata/x@{self.index}|d}@@{"


def test_a_collection_knows_its_place_and_its_words() -> None:
    for words, kind in [
        ("peers", "peers"), ("others[healthy]", "others"), ("hosts", "hosts"), ("service:db[running][healthy]", "service"),
        ("services:a=b", "services"), ("metadata/a.b", "metadata"),
    ]:  # fmt: skip
        found = parse_collection(words, Line())
        assert (found.kind, str(found), found.where) == (kind, words, Where("x.yml", 1, 1))
        assert found == parse_collection(f"  {words}", Line())
        assert parse_collection(f"  {words}", Line()).where.column == 3


@pytest.mark.parametrize(
    ("text", "single", "whole"),
    [("@{self.ip}", True, None), ("@{self.ip} ", False, None), ("a", False, "a"), ("", False, ""), ("@@{a", False, "@{a")],
)
def test_a_text_is_one_expression_or_literal_or_neither(text: str, single: bool, whole: str | None) -> None:
    found = parse(text, Line())
    assert (found.single is not None, found.literal) == (single, whole)


def test_a_literal_is_a_text_without_expressions() -> None:
    assert (literal("a"), literal("")) == (Text(("a",)), Text(()))


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("ip", ("ip",)), ("a.b", ("a", "b")), ("label.a.b", ("label", "a.b")), ("host.label.a.b", ("host", "label", "a.b")),
        ("label.", ("label", "")), ("host.label.", ("host", "label", "")), ("host.ip", ("host", "ip")),
        ("labels.a", ("labels", "a")),
    ],
)  # fmt: skip
def test_a_label_keeps_the_dots_of_its_name(field: str, path: tuple[str, ...]) -> None:
    assert split_field(field) == path


def test_expressions_are_nested_eight_deep() -> None:
    def nested(depth: int) -> str:
        return "@{metadata/" * (depth - 1) + "@{metadata/a}" + "}" * (depth - 1)

    assert len(list(parse(nested(8), Line()).expressions)) == 8
    with pytest.raises(ForgeError) as caught:
        parse(nested(9), Line())
    assert str(caught.value) == "x.yml:1:89: expressions are nested too deeply\n  hint: use at most 8 levels of @{...}"
    assert len(list(parse(nested(8) * 2, Line()).expressions)) == 16
