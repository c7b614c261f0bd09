"""Services of all stacks, links, and what lies within an element: the same in every version and topology, with the real confd."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_forge.confd.imitated import embedded, image_dir
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.model import Environment, Host, Service, Sidekick, Stack
from catalog_forge.metadata.service.answers import DEFAULT
from catalog_forge.verify.view import View
from tests.confd.environments import TOPOLOGIES, view
from tests.confd.harness import VERSIONS, compiled, conf, render, seen_by, spec_of

HOSTS = (Host("h1", "192.0.2.11", {"zone": "a", "lb.x": "one", "lb.y": "two"}), Host("h2", "192.0.2.12", {"zone": "b"}))
SCRAPED = {"prometheus.port": "9100", "names": "a.example.org, b.example.org,,"}


def environment(topology: str) -> Environment:
    """Return three stacks; services of one name in two of them, whose labels differ, and links into another stack."""
    kick = Sidekick("app-conf" if topology == "volumes" else "app-main", "own" if topology == "volumes" else "primary")
    links = {"zk/keeper": "zoo", "db": "sql", "zk/nobody": "none"}
    metadata = {"keeper": "zk/keeper", "near": "db", "gone": "zk/gone"}
    app = Service("app", 2, metadata, sidekicks=(kick,), links=links, labels={"plain": "x"})
    theirs = Service("app", 1, sidekicks=(kick,), links={"zk/other": "zoo"}, labels={"prometheus.port": "1"})
    db = Service("db", 2, labels={**SCRAPED, "prometheus.path": "/m"}, ports=("80:8080/tcp", "81:81/tcp"), states={2: "stopped"})
    far = Service(
        "db", 3, labels={"prometheus.port": "9200", "lb.b": "2", "lb.a-b.c": "1", "la": "0"}, healths={1: "unhealthy"},
        health_check={"port": 90, "interval": 5000},
    )  # fmt: skip
    keeper = Service("keeper", 3, healths={2: "unhealthy"}, health_check={"port": 1})
    site = Service("site", 1, labels=SCRAPED, facts={"kind": "externalService", "state": "inactive", "hostname": "example.org"})
    stacks = (Stack("one", (app, db)), Stack("two", (theirs, far)), Stack("zk", (keeper, Service("other"), site)))
    return Environment(stacks, HOSTS, "10.42.0.0/16", containers=("loner",))


class Shown:
    """Renders bodies as the conf container of the second unit sees them, with the real confd and the imitated one."""

    def __init__(self, confd: Path, folder: Path, version: str, topology: str) -> None:
        self.confd, self.folder, self.version, self.topology, self.runs = confd, folder, version, topology, 0

    def __call__(self, *body: Mapping[str, Any], kind: str = "raw", **words: Any) -> str:
        self.runs += 1
        given = {
            "engine": {"metadata": self.version},
            "scope": "environment",
            "service": {
                "name": "app",
                "topology": self.topology,
                "links": ["db:sql"],
                "external_links": ["zk/keeper:zoo", "zk/nobody:none"],
            },
            "metadata": {"keeper": {"type": "service"}, "near": {}, "gone": {}},
        }
        spec = spec_of(conf(*body, kind=kind), **{**given, **words})
        answers, client = view(environment(self.topology), self.topology)
        out = render(self.confd, self.folder / str(self.runs), spec, answers, client=client)
        (resource,) = compiled(spec)
        keys = tomllib.loads(resource.toml)["template"]["keys"]
        present = {
            "/self/service",
            "/self/container",
            "/self/stack",
            "/self/host",
            "/hosts",
            "/containers",
            "/services",
            "/stacks",
        }
        assert set(keys) <= present, keys
        image = image_dir.read(
            {"conf.d/a.toml": resource.toml.encode(), f"templates/{resource.name}.tmpl": resource.template.encode()}
        )
        outcome = embedded.run(image, View(seen_by(answers, client), DEFAULT).fetch, prefix=f"/{self.version}")
        assert {dest: made.content for dest, made in outcome.files.items()} == dict(out.files), out.log
        return out.only if out.status == 0 else out.log


@pytest.fixture(params=[(version, topology) for version in VERSIONS for topology in TOPOLOGIES], ids="-".join)
def shown(request: pytest.FixtureRequest, confd: Path, tmp_path: Path) -> Shown:
    return Shown(confd, tmp_path, *request.param)


SCRAPES = [
    {"text": "scrape_configs:\n"},
    {
        "each": {
            "of": "everywhere:prometheus.port",
            "as": "svc",
            "body": [
                {"text": "- job_name: @{svc.stack}_@{svc.name}\n  metrics_path: @{svc.label.prometheus.path|/metrics}\n"},
                {
                    "when": {"has": "svc.containers[running]"},
                    "then": [{"text": "  targets:\n"}],
                    "else": [{"text": "  targets: []\n"}],
                },
                {
                    "each": {
                        "of": "svc.containers[running]",
                        "as": "c",
                        "body": [{"text": "  - @{c.name}:@{svc.label.prometheus.port}\n"}],
                    }
                },
            ],
        }
    },
]


def test_targets_by_label_in_all_stacks(shown: Shown) -> None:
    found = yaml.safe_load(shown(*SCRAPES, kind="yaml"))["scrape_configs"]
    assert found == [
        {"job_name": "one_db", "metrics_path": "/m", "targets": ["one-db-1:9100"]},
        {"job_name": "two_app", "metrics_path": "/metrics", "targets": ["two-app-1:1"]},
        {"job_name": "two_db", "metrics_path": "/metrics", "targets": [f"two-db-{n}:9200" for n in (1, 2, 3)]},
        {"job_name": "zk_site", "metrics_path": "/metrics", "targets": ["zk-site-1:9100"]},
    ]


# What each gives for the services with the label prometheus.port, as @{svc...} in the body of an `each`.
OF_A_SERVICE = {
    "@{svc.name} @{svc.stack} @{svc.kind}": ["db one service", "app two service", "db two service", "site zk externalService"],
    "@{count(svc.containers)} @{count(svc.containers[healthy])}": ["2 2", "1 1", "3 2", "1 1"],
    "@{join(svc.containers[healthy].name, '+')}": ["one-db-1+one-db-2", "two-app-1", "two-db-2+two-db-3", "zk-site-1"],
    "@{first(svc.containers).name} @{first(svc.containers[running]).host.name}": [
        "one-db-1 h2", "two-app-1 h1", "two-db-1 h2", "zk-site-1 h1",
    ],
    "@{join(svc.labels:lb..name, ' ')}|@{join(svc.labels:lb..word, ' ')}|@{join(svc.labels:lb..value, ' ')}": [
        "||", "||", "a-b.c b|a_b_c b|1 2", "||",
    ],
    "@{join(split(svc.label.names, ','), '|')}": ["a.example.org|b.example.org", "", "", "a.example.org|b.example.org"],
    "@{join(svc.containers, '@{it.name}:@{svc.label.prometheus.port}', ',')}": [
        "one-db-1:9100,one-db-2:9100", "two-app-1:1", "two-db-1:9200,two-db-2:9200,two-db-3:9200", "zk-site-1:9100",
    ],
}  # fmt: skip
# Of these the oldest version tells alike for services of one name (the `db` of two stacks).
OF_ONE = {
    "@{svc.scale} @{svc.state} @{svc.hostname|none}": ["1 active none", "1 inactive example.org"],
    "@{svc.health_check.port|80} @{svc.health_check.interval|2000}": ["80 2000", "80 2000"],
}


@pytest.mark.parametrize("text", [*OF_A_SERVICE, *OF_ONE])
def test_fields_of_a_service(text: str, shown: Shown) -> None:
    lines = shown({"each": {"of": "everywhere:prometheus.port", "as": "svc", "body": [{"text": f"{text}\n"}]}}).splitlines()
    if text in OF_A_SERVICE:
        assert lines == OF_A_SERVICE[text]
    else:
        assert [lines[1], lines[3]] == OF_ONE[text]
        if shown.version != "2015-07-25":
            checked = text.startswith("@{svc.health_check")
            assert [lines[0], lines[2]] == (["80 2000", "90 5000"] if checked else ["2 active none", "3 active none"])


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        ("everywhere:prometheus.port=1", "two/app"),
        ("everywhere:prometheus.port[active]", "one/db two/app two/db"),
        ("everywhere:prometheus.nothing", ""),
        ("everywhere:prometheus", ""),
    ],
)
def test_services_are_chosen(of: str, wanted: str, shown: Shown) -> None:
    body = [{"list": {"of": of, "item": "@{it.stack}/@{it.name}", "sep": " "}}, {"text": "@{count(" + of + ")}"}]
    assert shown(*body) == f"{wanted}{len(wanted.split())}"


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        ("everywhere:prometheus.port.containers[healthy]", "one-db-1 one-db-2 two-app-1 two-db-2 two-db-3 zk-site-1"),
        ("everywhere:prometheus.port=9200.containers", "two-db-1 two-db-2 two-db-3"),
        ("link:zoo", "zk-keeper-1 zk-keeper-2 zk-keeper-3"),
        ("link:zoo[healthy]", "zk-keeper-1 zk-keeper-3"),
        ("link:sql", "one-db-1 one-db-2"),
        ("link:none", ""),
        ("service:@{metadata/keeper}", "zk-keeper-1 zk-keeper-2 zk-keeper-3"),
        ("service:@{metadata/near}[running]", "one-db-1"),
        ("service:@{metadata/gone}", ""),
    ],
)
def test_containers_of_other_stacks(of: str, wanted: str, shown: Shown) -> None:
    count = len(wanted.split())
    body = [
        {"list": {"of": of, "item": "@{it.name}", "sep": " "}},
        {"text": "\n@{join(" + of + ".name, ' ')}\n@{count(" + of + ")} @{first(" + of + ").name|none}\n"},
        {"when": {"has": of}, "then": [{"text": "some"}], "else": [{"text": "none"}]},
    ]
    first = wanted.split()[0] if wanted else "none"
    assert shown(*body).splitlines() == [wanted, wanted, f"{count} {first}", "some" if wanted else "none"]


def test_labels_and_ports_of_this_container_and_its_host(shown: Shown) -> None:
    body = [
        {"list": {"of": "self.host.labels:lb.", "item": "@{it.name}=@{it.value}", "sep": " ", "head": "[", "tail": "]"}},
        {
            "each": {
                "of": "hosts",
                "as": "h",
                "body": [{"when": {"eq": ["@{h.uuid}", "@{self.host.uuid}"]}, "then": [{"text": "@{h.name}"}]}],
            }
        },
        {
            "each": {
                "of": "everywhere:prometheus.port=9100",
                "body": [{"each": {"of": "it.ports", "sep": ",", "body": [{"text": "@{it}"}]}}],
            }
        }
        if shown.version != "2015-07-25"
        else {"text": "80:8080/tcp,81:81/tcp"},
    ]
    assert shown(*body).replace("[one=two]", "") == "h280:8080/tcp,81:81/tcp"


def test_what_is_within_loops_in_loops_has_names_of_its_own(shown: Shown) -> None:
    body = {
        "each": {
            "of": "everywhere:prometheus.port=9100",
            "as": "s",
            "sep": ";",
            "body": [
                {
                    "each": {
                        "of": "s.containers",
                        "as": "c",
                        "head": "<",
                        "tail": ">",
                        "sep": ",",
                        "body": [
                            {"list": {"of": "hosts", "item": "@{s.name}@{c.index}@{it.name}", "sep": "-"}},
                        ],
                    }
                }
            ],
        }
    }
    assert shown(body) == "<db1h1-db1h2,db2h1-db2h2>;<site1h1-site1h2>"


def test_keys_name_the_elements_around(shown: Shown) -> None:
    inner = {"each": {"of": "s.containers", "as": "c", "body": [{"set": {"@{s.name}.@{c.name}": "@{c.name}-of-@{s.stack}"}}]}}
    each = {"each": {"of": "everywhere:prometheus.port", "as": "s", "body": [inner]}}
    lines = shown(each, kind="properties").splitlines()[1:]
    assert "db.two-db-1=two-db-1-of-two" in lines, lines
    assert {"first": 1, **dict(line.split("=", 1) for line in lines)} == json.loads(
        shown({"set": {"first": 1}}, each, kind="json")
    )


def test_pairs_for_each_element(shown: Shown) -> None:
    each = {
        "each": {
            "of": "everywhere:prometheus.port",
            "as": "s",
            "body": [
                {
                    "set": {
                        "@{s.stack}.@{s.name}.url": "http://@{first(s.containers).name}",
                        "@{s.stack}.@{s.name}.path": "@{s.label.prometheus.path}",
                    }
                },
            ],
        }
    }
    wanted = {
        "one.db.url": "http://one-db-1", "one.db.path": "/m", "two.app.url": "http://two-app-1",
        "two.db.url": "http://two-db-1", "zk.site.url": "http://zk-site-1",
    }  # fmt: skip
    assert json.loads(shown({"set": {"first": 1}}, each, kind="json")) == {"first": 1, **wanted}
    assert yaml.safe_load(shown({"set": {"first": 1}}, each, kind="yaml")) == {"first": 1, **wanted}
    lines = shown(each, kind="properties").splitlines()[1:]
    assert dict(line.split("=", 1) for line in lines) == wanted


def test_what_is_required_and_not_there_is_said_in_the_log(shown: Shown) -> None:
    for of in ("link:none", "everywhere:nothing", "service:@{metadata/gone}", "peers[healthy]"):
        for block in (
            {"list": {"of": of, "item": "x", "required": True}},
            {"each": {"of": of, "body": [{"text": "x\n"}], "required": True}},
            {"each": {"of": f"{of}[required]", "body": [{"text": "x\n"}]}},
            {"text": f"@{{join({of}[required], 'x', '|')}}\n"},
        ):
            said = shown({"text": "a\n"}, block)
            if of.startswith("peers"):
                assert said.replace("|", "\n") == "a\nx\nx\n"
            else:
                assert f"required: {of} has no element yet" in said


def test_all_services_are_found_and_labels_left_out_by_their_beginning(shown: Shown) -> None:
    all_of_them = {"list": {"of": "everywhere:*", "item": "@{it.stack}/@{it.name} @{position(it)}"}}
    lines = shown(all_of_them).splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == [str(number + 1) for number in range(len(lines))]
    names = {line.partition(" ")[0] for line in lines}
    assert {"one/app", "one/db", "two/app", "two/db", "zk/keeper", "zk/other"} <= names
    assert shown({"text": "@{count(everywhere:*.containers)}\n"}) != "0\n"
    body = [
        {"when": {"not": {"begins": ["@{l.name}", "lb."]}}, "then": [{"text": "@{l.name}=@{l.value}\n"}]},
    ]
    left = shown({"each": {"of": "everywhere:prometheus.port=9200", "as": "s", "body": [
        {"each": {"of": "s.labels", "as": "l", "body": body}}]}})  # fmt: skip
    assert "la=0" in left.splitlines() and "lb." not in left


@pytest.mark.parametrize(
    "body",
    [
        [{"text": "@{it.name}\n"}],
        [{"text": "@{c.name}\n"}],
        [{"when": {"begins": ["@{it.name}", "l"]}, "then": [{"text": "loner\n"}], "else": [{"text": "@{upper(c.name)}\n"}]}],
    ],
)
def test_each_element_of_a_raw_path_is_a_record_where_a_field_is_read(body: list[Mapping[str, Any]], shown: Shown) -> None:
    said = shown({"each": {"of": "/containers", "as": "c", "body": body}})
    assert {"one-db-1", "loner"} <= set(said.lower().splitlines()), said
    plain = shown({"each": {"of": "/self/host/labels", "body": [{"text": "@{it}\n"}]}})
    assert plain in ("b\n", "one\ntwo\na\n", "a\none\ntwo\n"), plain


def test_a_join_without_an_element_has_its_default(shown: Shown) -> None:
    for of, wanted in (("link:none", "none"), ("everywhere:nothing", "none"), ("peers", "x,x")):
        assert shown({"text": f"@{{join({of}, 'x', ',')|none}}\n"}) == f"{wanted}\n"
    assert shown({"text": "@{join(link:none, 'x', ',')}|\n"}) == "|\n"


def test_what_looks_beyond_the_stack_says_so() -> None:
    with pytest.raises(ForgeError, match="everywhere:a reads services of other stacks") as caught:
        spec_of(conf({"list": {"of": "everywhere:a", "item": "@{it.name}"}}))
    assert "set `scope: environment` at the top of the spec" in caught.value.problems[0].hint
    spec_of(conf({"list": {"of": "link:a", "item": "@{it.ip}"}}), service={"name": "app", "external_links": ["b/a"]})
