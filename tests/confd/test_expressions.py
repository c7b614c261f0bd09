"""Every expression of the spec language, in every metadata version and topology: one environment, one text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios import units
from catalog_forge.spec.expressions import CONTAINER_FIELDS, SERVICE_FIELDS, STACK_FIELDS
from catalog_forge.spec.model import Spec
from tests.confd.environments import TOPOLOGIES, environment, view
from tests.confd.harness import VERSIONS, calculates, conf, flat, render, spec_of

PEERS = units.identity("container", "one-app-2")
KEYS: Mapping[str, Any] = {
    "plain": None,
    "blank": {"default": "filled"},
    "absent": {"default": "from the spec"},
    "cert1": None,
    "cert2": None,
    "port": {"type": "int"},
    "which": {"default": "role"},
    "le": {"default": "le"},
    "am": {"default": "am"},
    "zo": {"default": "zo"},
    "flag": {"type": "boolean"},
    "items": {"type": "list"},
    "none": {"type": "list", "optional": True},
    "users": {"type": "list", "fields": ["username", "password"]},
    "tuning": {"type": "map"},
    "empty": {"type": "map", "optional": True},
    "hosts": None,
    "rows": {"type": "multiline"},
    "missing": {"optional": True},
}

# What each expression gives in container 2 of 12 of the service `app`, in stack `one`.
EXPECTED: Mapping[str, str] = {
    "self.name": "one-app-2",
    "self.index": "2",
    "self.create_index": "2",
    "self.uuid": units.identity("container", "one-app-2"),
    "self.hostname": "one-app-2",
    "self.state": "running",
    "self.label.role": "app",
    "self.host.ip": "192.0.2.12",
    "self.host.name": "h2",
    "self.host.hostname": "h2.example.test",
    "self.host.label.zone": "b",
    "self.host.label.none|nowhere": "nowhere",
    "stack.name": "one",
    "stack.environment": "Default",
    "service.name": "app",
    "service.scale": "12",
    "service.label.team": "blue",
    "metadata/plain": "a plain value",
    "metadata/blank": "filled",
    "metadata/absent": "from the spec",
    "metadata/absent|mine": "mine",
    "metadata/plain|mine": "a plain value",
    "metadata/cert@{self.index}": "second certificate",
    "metadata/tuning/a.one|none": "1",
    "metadata/tuning/nothing|none": "none",
    "env.TICK": "2000",
    "/self/stack/environment_name": "Default",
    "/self/host/labels/zone": "b",
    "first(peers).name": "one-app-1",
    "first(others).name": "one-app-1",
    "first(service:db).name": "one-db-1",
    "first(service:nobody).ip|127.0.0.1": "127.0.0.1",
    "first(hosts).name": "h1",
    "first(metadata/items)": "item 1",
    "first(metadata/none)|nothing": "nothing",
    "first(metadata/users).password": "p0",
    "count(peers)": "12",
    "count(others)": "11",
    "count(hosts)": "2",
    "count(service:db)": "2",
    "count(service:nobody)": "0",
    "count(services:role=store)": "5",
    "count(service:db[running])": "1",
    "count(service:web[healthy])": "2",
    "count(services:role=store[healthy][running])": "3",
    "count(metadata/items)": "12",
    "count(metadata/none)": "0",
    "count(metadata/tuning)": "2",
    "quorum(peers)": "7",
    "quorum(others)": "6",
    "quorum(service:db)": "2",
    'join(peers.index, ",")': "1,10,11,12,2,3,4,5,6,7,8,9",
    'join(others.index, ",")': "1,10,11,12,3,4,5,6,7,8,9",
    'join(service:db.name, " ")': "one-db-1 one-db-2",
    'join(service:db[running].name, " ")': "one-db-1",
    'join(service:web[healthy].name, " ")': "one-web-2 one-web-3",
    'join(services:role=store.name, " ")': "one-db-1 one-db-2 one-web-1 one-web-2 one-web-3",
    'join(services:role=store[running].host.name, " ")': "h2 h1 h2 h1",
    'join(services:role=store.label.role, " ")': "store store store store store",
    'join(hosts.name, "+")': "h1+h2",
    'join(hosts.label.zone, "+")': "a+b",
    'join(service:db.host.name, "+")': "h2+h1",
    'join(metadata/items, "; ")': "; ".join(f"item {number}" for number in range(1, 13)),
    'join(metadata/none, ";")': "",
    'join(metadata/users.username, " ")': " ".join(f"u{number}" for number in range(12)),
    'join(metadata/tuning, "/")': "1/2",
    'join(service:db, "@{it.name}:@{it.index + 7}", ",")': "one-db-1:8,one-db-2:9",
    "join(service:db, 'at \"@{it.host.ip}\"', ' ')": 'at "192.0.2.12" at "192.0.2.11"',
    'join(hosts, "@{it.label.zone}@{self.index}", "")': "a2b2",
    'join(metadata/users, "@{it.username}@@@{it.password}", " ")': " ".join(f"u{number}@p{number}" for number in range(12)),
    'join(metadata/none, "<@{it}>", ";")': "",
    'join(/self/host/labels, ",")': "b",
    'join(/hosts, "@{it.name}", ",")': "h1,h2",
    "count(/hosts)": "2",
    "count(/self/service/name)": "0",
    "count(/self/service/nothing)": "0",
    "first(/self/service/nothing)|none": "none",
    'join(split(metadata/hosts, ","), "|")': "a.b|c d|e",
    'join(split(metadata/rows, "\\n"), "<@{it}>", "")': "<one><two>",
    'join(split(self.label.role, "p"), "@{it}", "+")': "a",
    'count(split(metadata/hosts, ","))': "3",
    'count(split(metadata/missing, ","))': "0",
    'first(split(env.TICK, "0"))': "2",
    "self.index + 1": "3",
    "self.index - 3": "-1",
    "metadata/port + 1": "9201",
    "metadata/cert@{self.index - 1}": "first certificate",
    "count(peers) - 1": "11",
    "quorum(peers) + 10": "17",
    "first(others).index + 5": "6",
    "self.label.@{metadata/which}": "app",
    "self.label.ro@{metadata/le}": "app",
    "self.label.@{metadata/le}|nothing": "nothing",
    "service.label.te@{metadata/am}": "blue",
    "self.host.label.@{metadata/zo}ne": "b",
    "upper(self.label.@{metadata/which})": "APP",
    'join(service:db, "@{it.label.@{metadata/which}}", ",")': "store,store",
    'join(hosts, "@{it.label.@{metadata/zo}ne}", ",")': "a,b",
    "metadata/port * 2": "18400",
    "metadata/port / 1000": "9",
    "metadata/port % 1000": "200",
    "count(peers) * 3": "36",
    "count(others) / 2": "5",
    "quorum(peers) % 4": "3",
    "self.index + 0": "2",
    "upper(metadata/plain)": "A PLAIN VALUE",
    "lower(self.label.role)": "app",
    'replace(self.name, "-", "")': "oneapp2",
    'replace(metadata/plain, "a", "bb")': "bb plbbin vbblue",
    "upper(metadata/cert@{self.index - 1})": "FIRST CERTIFICATE",
    "upper(metadata/missing)|NONE": "NONE",
    "upper(metadata/absent)": "FROM THE SPEC",
    'join(service:db, "@{position(it)}=@{upper(it.name)}", ",")': "1=ONE-DB-1,2=ONE-DB-2",
    'join(service:web[healthy], "@{position(it)}", ",")': "1,2",
    'join(split(metadata/hosts, ","), "@{position(it) - 1}@{it}", "|")': "0a.b|1c d|2e",
}
ITEMS: Mapping[tuple[str, str], list[str]] = {
    ("service:db", "@{it.name} @{it.index} @{it.host.ip} @{it.host.label.zone} @{it.label.role} @{it.state}"): [
        "one-db-1 1 192.0.2.12 b store running",
        "one-db-2 2 192.0.2.11 a store stopped",
    ],
    ("service:web[healthy]", "@{it.name} @{it.health_state}"): ["one-web-2 healthy", "one-web-3 healthy"],
    ("service:nobody", "@{it.ip}"): [],
    ("peers", "@{it.hostname}"): [f"one-app-{number}" for number in (1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9)],
    ("others", "@{it.index} of @{count(peers)} beside @{self.index}"): [
        f"{number} of 12 beside 2" for number in (1, 10, 11, 12, 3, 4, 5, 6, 7, 8, 9)
    ],
    ("hosts", "@{it.ip} @{it.name}"): ["192.0.2.11 h1", "192.0.2.12 h2"],
    ("metadata/items", "- @{it}"): [f"- item {number}" for number in range(1, 13)],
    ("metadata/users", "@{it.username}:@{it.password}"): [f"u{number}:p{number}" for number in range(12)],
    ("metadata/tuning", "@{it.name}=@{it}"): ["a.one=1", "b.two=2"],
    ("metadata/none", "@{it}"): [],
    ("metadata/users", "@{self.index + 1} @{it.username}"): [f"3 u{number}" for number in range(12)],
    ("/hosts", "@{it.agent_ip}"): ["192.0.2.11", "192.0.2.12"],
    ("metadata/items", "@{position(it)} @{position(it) * 10} @{it}"): [f"{n} {n * 10} item {n}" for n in range(1, 13)],
    ("metadata/tuning", "@{position(it)} @{upper(it.name)}"): ["1 A.ONE", "2 B.TWO"],
    ("others", "@{position(it)}"): [str(number) for number in range(1, 12)],
    ("/self/host/labels", "@{it}"): ["b"],
    ("split(metadata/hosts, ',')", "@{it}"): ["a.b", "c d", "e"],
    ("peers", "@{it.index + 1}"): [str(number + 1) for number in (1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9)],
}


# What is calculated with something else than a count.
_SUM = re.compile(r"(?:index|metadata/port) [*/%+-] ")


def known(confd: Path, said: Mapping[Any, Any]) -> dict[Any, Any]:
    """Those of the expressions or lists that a confd can have: before 0.16 it can only calculate with counts alone."""
    return {key: value for key, value in said.items() if calculates(confd) or not _SUM.search(str(key))}


def everything(
    version: str, topology: str, expressions: Iterable[str] = tuple(EXPECTED), items: Iterable[tuple[str, str]] = tuple(ITEMS)
) -> Spec:
    """A spec with all expressions in one file, and each list in a file of its own."""
    texts = [{"text": f"@{{{expression}}}\n"} for expression in expressions]
    lists = [
        conf({"text": "[\n"}, {"list": {"of": of, "item": item}}, {"text": "]\n"}, dest=f"/etc/app/list{number}")
        for number, (of, item) in enumerate(items)
    ]
    files = [conf(*texts), *lists]
    words = {"metadata": KEYS, "vars": {"TICK": "2000"}, "engine": {"metadata": version}}
    return spec_of(*files, service={"name": "app", "topology": topology}, **words)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_expression_means_the_same_everywhere(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    answers, client = view(environment(topology), topology)
    expected, items = known(confd, EXPECTED), known(confd, ITEMS)
    out = render(confd, tmp_path, everything(version, topology, expected, items), answers, client=client)
    assert out.status == 0, out.log
    found = dict(zip(expected, out.text("/etc/app/app.conf").split("\n"), strict=False))
    assert found == expected
    lists = {key: out.text(f"/etc/app/list{number}").split("\n")[1:-2] for number, key in enumerate(items)}
    assert lists == items


# The fields of a record are the author's: they may be called like those of containers, or like words of the language.
FIELDS = (
    *CONTAINER_FIELDS, *SERVICE_FIELDS, *STACK_FIELDS, "host", "label", "labels", "stack", "service", "self", "it", "env",
    "metadata", "key", "value", "first", "count", "port", "host.ip", "host.label.zone", "label.x", "a.b.c", "a-b", "%d",
)  # fmt: skip


@pytest.mark.parametrize("field", [name for name in dict.fromkeys(FIELDS) if name != "name"])
def test_a_field_of_a_record_may_have_any_name(field: str, confd: Path, tmp_path: Path) -> None:
    """`name` has a meaning of its own in Rancher: records that have one are found by it, and have a test above."""
    keys = {"records": {"type": "list", "fields": [field, "other"]}, "tuning": {"type": "map", "optional": True}}
    texts = [
        {"list": {"of": "metadata/records", "item": f"@{{it.{field}}}:@{{it.other}} @{{metadata/tuning/@{{it.{field}}}|-}}"}},
        {"text": f"first=@{{first(metadata/records).{field}}}\njoined=@{{join(metadata/records.{field}, '+')}}\n"},
    ]
    answers = flat({"records": [{field: "a", "other": 1}, {field: "b", "other": 2}], "tuning": {"a": "x"}})
    out = render(confd, tmp_path, spec_of(conf(*texts), metadata=keys), answers)
    assert out.only.split("\n")[-5:] == ["a:1 x", "b:2 -", "first=a", "joined=a+b", ""]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("@{it.host.port}", "metadata/records has no field 'host.port'"),
        ("@{it.label.x}", "metadata/records has no field 'label.x'"),
        ("@{it.hots}", "metadata/records has no field 'hots'"),
        ("@{it}", "must name a field of the elements of metadata/records"),
        ("@{first(metadata/records).hots}", "metadata/records has no field 'hots'"),
        ("@{join(metadata/records.hots, ',')}", "metadata/records.hots has no field 'hots'"),
    ],
)
def test_a_field_that_a_record_lacks_is_said(item: str, words: str) -> None:
    keys = {"records": {"type": "list", "fields": ["host", "port"]}}
    with pytest.raises(ForgeError, match=words):
        spec_of(conf({"list": {"of": "metadata/records", "item": item}}), metadata=keys)


@pytest.mark.parametrize("path", ["a/../b", "..", "a//b", ".", "a/"])
def test_a_field_leads_nowhere_else(path: str) -> None:
    with pytest.raises(ForgeError, match="cannot be the name of a field"):
        spec_of(conf({"list": {"of": "metadata/items", "item": f"@{{it.{path}}}"}}), metadata={"items": {"type": "list"}})


@pytest.mark.parametrize("of", ["peers", "others", "service:db", "services:a=b", "hosts"])
@pytest.mark.parametrize("field", ["label", "host", "host.label", "ip.x", "name.name", "host.ipp", "host.ip.x", "host..", "x"])
def test_a_container_and_a_host_have_their_own_fields_alone(of: str, field: str) -> None:
    for words in ({"list": {"of": of, "item": f"@{{it.{field}}}"}}, {"text": f"@{{first({of}).{field}}}"}):
        with pytest.raises(ForgeError, match="has no field|unexpected"):
            spec_of(conf(words))


def test_a_label_of_a_host_that_is_called_like_a_number_is_no_number(confd: Path, tmp_path: Path) -> None:
    answers, client = view(environment("netns"), "netns")
    spec = spec_of(
        conf({"set": {"index": "@{self.host.label.index|none}"}}, dest="/etc/app/a.yml", kind="yaml"),
        service={"name": "app", "topology": "netns"},
    )
    assert 'index: "none"' in render(confd, tmp_path, spec, answers, client=client).text("/etc/app/a.yml")


def test_a_host_still_has_the_fields_of_a_host() -> None:
    with pytest.raises(ForgeError, match="a host has no field 'port'"):
        spec_of(conf({"text": "@{self.host.port}"}))
