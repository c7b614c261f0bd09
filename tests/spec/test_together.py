"""The services of an entry together: each name leads to a service that is there, and what does not is said where it stands."""

from __future__ import annotations

import pytest

from catalog_forge.catalog.compose import docker_compose, rancher_compose
from catalog_forge.errors import ForgeError
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.compose_keys import COMPANION_KEYS, RANCHER_FILE
from catalog_forge.spec.reader import read

HEAD = """\
forge: 1
name: app-conf
launch: {exec: [app]}
metadata: {port: {type: int, default: 80}, tuning: {type: map, optional: true}, rows: {type: list, optional: true}}
files: [{dest: /etc/app/app.txt, body: [{text: "%s"}]}]
service: {name: app, image: "app:1"%s}
companions:
%s
"""


def text_of(companions: str, service: str = "", text: str = "x") -> str:
    return HEAD % (text, service, companions)


def spec_of(companions: str, service: str = "", text: str = "x") -> Spec:
    return read(text_of(companions, service, text), "x.yml")


def said(companions: str, service: str = "", text: str = "x") -> str:
    """What is wrong, without the name of the file; nothing when all is well."""
    try:
        spec_of(companions, service, text)
    except ForgeError as error:
        return str(error).replace("x.yml:", "")
    return ""


@pytest.mark.parametrize(
    ("companions", "words"),
    [
        ('  web: {image: "web:1", links: ["app:a", "db"]}\n  db: {image: "db:1"}', ""),
        ('  web: {image: "web:1", links: [ap]}',
         "8:33: links of 'web' names a service 'ap' that does not exist\n  hint: did you mean 'app'?"),
        ('  web: {image: "web:1", links: [zzzzz]}', "hint: known here: app, app-conf, web"),
        ('  web: {image: "web:1", depends_on: [app-cnf]}', "8:38: depends_on of 'web' names a service 'app-cnf'"),
        ('  web: {image: "web:1", links: ["${port}"]}', ""),
        ('  web: {image: "web:1", volumes: [data]}', "8:35: volumes: 'data' cannot be mounted\n  hint: write NAME:/PATH"),
        ('  web: {image: "web:1", volumes: ["./data:/data"]}', "8:35: volumes: './data:/data' cannot be mounted"),
        ('  web: {image: "web:1", volumes: [/data, "data:/d:ro", "/h:/d", "${port}"]}', ""),
        ('  web: {image: "web:1", links: [web]}', "8:33: links of 'web' names the service itself\n  hint: leave it out"),
        (
            '  web: {image: "web:1", links: [db]}\n  db: {image: "db:1", depends_on: [web]}',
            "9:36: depends_on of 'db' closes a cycle: web -> db -> web\n  hint: remove one of these links",
        ),
        (
            '  web: {image: "web:1", volumes_from: [db]}\n  db: {image: "db:1"}',
            "8:40: volumes_from of 'web' names 'db', which runs in",
        ),
        (
            '  web: {image: "web:1", labels: {io.rancher.sidekicks: "db, logs"}}\n  db: {image: "db:1"}',
            "8:61: the service 'web' names a sidekick 'logs'",
        ),
        ('  web: {image: "web:1", labels: {io.rancher.sidekicks: db}}\n  db: {image: "db:1", network_mode: "container:web"}', ""),
        ('  web: {image: "web:1", labels: ["io.rancher.sidekicks=app-conf"]}', "'app-conf' is already the sidekick of 'app'"),
        ('  db: {image: "db:1", network_mode: "container:app"}', "network_mode of 'db' names 'app', which runs in another unit"),
        (
            '  lb: {image: "rancher/lb-service-haproxy:v0.7.9", lb_config: {port_rules: [{source_port: 80, service: apq}]}}',
            "the load balancer 'lb' has a target 'apq' that does not exist\n  hint: did you mean 'app'?",
        ),
        (
            '  lb: {image: "x:1", lb_config: {port_rules: [{source_port: 80, service: app-conf}]}}',
            "has the sidekick 'app-conf' as its target",
        ),
        (
            '  lb: {image: rancher/load-balancer-service, ports: [80], links: [wbe]}\n  web: {image: "web:1"}',
            "has a target 'wbe' that does not exist\n  hint: did you mean 'web'?",
        ),
        ("  web: {ports: [80]}", "8:8: companions: web has no image"),
        ("  web: {image: web}", "8:16: companions: the image 'web' has no fixed tag"),
        ('  web: {image: "web:latest"}', "8:16: companions: the image 'web:latest' has no fixed tag"),
        ('  web: {image: "web:${port}"}', ""),
        ("  ext: {image: rancher/external-service, external_ips: [192.0.2.1]}", ""),
        ('  web: {image: "web:1", ports: ["${prt}:80"]}', "no question asks for ${prt}\n  hint: did you "
                                                          "mean 'port'?"),
        ('  web: {image: "web:1", prots: [80]}', "8:25: unknown key 'prots' in web\n  hint: did you mean 'ports'?"),
        ('  web: {image: "web:1", ports: [99999]}', "8:33: ports: '99999' is not a port"),
        ('  web: {image: "web:1", build: .}', "unknown key 'build' in web"),
        ('  web: {image: "web:1", environment: {A: "@{self.ip}"}}', "@{self.ip} is not evaluated here"),
        ('  app: {image: "web:1"}', "8:8: two services of the entry are called 'app'\n  hint: names in use: app, app-conf"),
        (
            '  App-Conf: {image: "web:1"}',
            "two services of the entry are called 'app-conf' and 'App-Conf', which differ only in case",
        ),
        ('  a_b: {image: "web:1"}', "companions: 'a_b' cannot be the name of a service"),
    ],
)  # fmt: skip
def test_companions(companions: str, words: str) -> None:
    found = said(companions)
    assert words in found if words else not found, found


WEB = '  web: {image: "web:1"}\n  logs: {image: "logs:1"}\n  store: {image: "store:1"}'


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (", links: [web]", ""),
        (", links: [wbe]", "6:46: links of 'app' names a service 'wbe' that does not exist\n  hint: did you mean 'web'?"),
        (', labels: {io.rancher.sidekicks: "logs,lgos"}', "6:75: the service 'app' names a sidekick 'lgos'"),
        (", labels: {io.rancher.sidekicks: app}", "the service 'app' is its own sidekick"),
        (", labels: {io.rancher.sidekicks: store}, volumes_from: [store]", ""),
        (", volumes_from: [store]", "volumes_from of 'app' names 'store', which runs in another unit"),
        (", groups: {a: {links: [wbe]}, b: {}}", "6:59: links of 'app-a' names a service 'wbe'"),
        (", links: [app-a], groups: {a: {name: first}, b: {}}", "links of 'first' names a service 'app-a' that does not exist"),
        (", links: [app-a], groups: {a: {}, b: {}}", "itself\n  hint: all groups have this key of the service: move `links` to"),
        (", depends_on: [app-b], groups: {a: {}, b: {}}", "such as groups: {NAME: {depends_on: [...]}}"),
        (", links: [app-a], groups: {a: {}}", "links of 'app-a' names the service itself\n  hint: leave it out"),
        (", groups: {a: {links: [app-a]}, b: {}}", "links of 'app-a' names the service itself\n  hint: leave it out"),
        (", groups: {a: {name: web}}", "8:8: two services of the entry are called 'web'"),
        (", groups: {a: {name: app-b}, b: {}}", "two services of the entry are called 'app-b'"),
        (", groups: {a: {image: other}}", "groups: a: the image 'other' has no fixed tag"),
        (", groups: {a: {metadata: {tuning: {x: [1, {y: z}]}, rows: [1], port: 81}}}", ""),
        (", groups: {a: {metadata: {tuning: x}}}", "groups: a: tuning: the value of a map must be a mapping"),
        (", groups: {a: {metadata: {rows: {a: b}}}}", "groups: a: rows: the value of a list must be a list"),
        (", groups: {a: {metadata: {port: many}}}", "groups: a: port: the value 'many' must be a whole number"),
        (", groups: {a: {metadata: {prt: 1}}}", "groups: a: no such metadata key: 'prt'\n  hint: did you mean 'port'?"),
    ],
)  # fmt: skip
def test_the_service_and_its_groups(service: str, words: str) -> None:
    found = said(WEB, service)
    assert words in found if words else not found, found


def test_what_stands_at_the_service_is_said_once_for_all_groups() -> None:
    assert said(WEB, ", links: [wbe], groups: {a: {}, b: {}}").count("'wbe'") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@{count(service:web)} @{count(service:app)} @{count(service:app-conf)}", ""),
        ("@{count(service:wbe)}", "the entry has no service 'wbe'\n  hint: did you mean 'web'?"),
        ("@{/self/stack/services/web/name}", ""),
        ("@{/self/stack/services/wbe/name}", "the entry has no service 'wbe'"),
        ("@{/self/stack/services/w@{self.index}/name}", ""),
        ("@{/self/stack/services}", ""),
    ],
)
def test_expressions_name_services_of_the_entry(text: str, words: str) -> None:
    found = said(WEB, text=text)
    assert words in found if words else not found, found


def test_a_condition_names_a_service_that_is_configured() -> None:
    text = text_of(WEB, ", groups: {a: {name: first}, b: {}}").replace('{text: "x"}', "{when: {service: NAME}, then: [text: a]}")
    assert read(text.replace("NAME", "[first, app-b]"), "x.yml")
    with pytest.raises(ForgeError, match="no service of this conf image is called 'web'\n  hint: known here: app-b, first"):
        read(text.replace("NAME", "web"), "x.yml")


@pytest.mark.parametrize("topology", ["volumes", "netns", "datavol"])
def test_the_authors_sidekicks_run_beside_those_that_are_generated(topology: str) -> None:
    more = (
        f", topology: {topology}, labels: {{io.rancher.sidekicks: store}}, volumes_from: [store], groups: {{a: {{name: first}}}}"
    )
    spec = spec_of(WEB, more)
    (member,) = spec.members
    services = docker_compose(spec)["services"]
    assert services["first"]["labels"]["io.rancher.sidekicks"] == ",".join([*member.sidekicks, "store"])
    assert services[member.main]["volumes_from"] == [member.volumes, "store"]


def test_a_group_has_an_image_a_command_and_a_health_check_of_its_own() -> None:
    groups = "a: {image: 'redis:3', health_check: {port: 1}}, b: {exec: [b, $x]}, c: {name: free, image: 'x:1', ports: [81]}"
    text = text_of(WEB, f", health_check: {{port: 2}}, groups: {{{groups}}}")
    spec = read(text, "x.yml")
    docker, rancher = docker_compose(spec)["services"], rancher_compose(spec)["services"]
    assert [docker[name]["image"] for name in ("app-a", "app-b", "free")] == ["redis:3", "app:1", "x:1"]
    assert [docker[name]["command"] for name in ("app-a", "app-b", "free")] == [["app"], ["b", "$$x"], ["app"]]
    assert [rancher[name]["health_check"]["port"] for name in ("app-a", "app-b", "free")] == [1, 2, 2]
    assert docker["free"]["ports"] == [81]
    known = read(
        text.replace("launch: {exec: [app]}\n", "").replace("c: {", "c: {exec: [c], ").replace('"app:1"', "redis:3"), "x.yml"
    )
    assert [member.command for member in known.members][0] == ("docker-entrypoint.sh", "redis-server")


VOLUMES = [
    ("volumes: {data: {per_container: true}}", "[data:/x]", ""),
    ("volumes: {data: {driver: '${port}-x', driver_opts: {a: b}}}", "[data:/x]", ""),
    ("", "[data:/x, other:/y]", ""),
    ("volumes: {data: {}}", "[dta:/x]", "6:48: the entry has no volume 'dta'\n  hint: did you mean 'data'?"),
    ("volumes: {data: {}}", "[/x, './y:/z', '${port}:/w', '/a:/b']", "volumes: no service mounts 'data'"),
    ("volumes: {data: {external: true, driver: x}}", "[data:/x]", "volumes: data is external"),
    ("volumes: {data: {driver: '${prt}'}}", "[data:/x]", "no question asks for ${prt}"),
    ("volumes: {d a: {}}", "[data:/x]", "volumes: 'd a' cannot be the name of a volume"),
]


@pytest.mark.parametrize(("declared", "mounted", "words"), VOLUMES)
def test_named_volumes(declared: str, mounted: str, words: str) -> None:
    found = said(f"{WEB}\n{declared}", f", volumes: {mounted}")
    assert words in found if words else not found, found


def test_a_volume_for_each_container_stands_where_docker_compose_does_not_look() -> None:
    spec = spec_of(f"{WEB}\nvolumes: {{data: {{driver: d, per_container: true}}, b: {{}}}}", ", volumes: [data:/x, b:/b]")
    assert docker_compose(spec)["volumes"] == {"data": {"driver": "d"}, "b": {}}
    assert rancher_compose(spec)["volumes"] == {"data": {"driver": "d", "per_container": True}}
    plain = spec_of(WEB, ", volumes: [data:/x]")
    assert docker_compose(plain)["volumes"] == {"data": {}}
    assert "volumes" not in rancher_compose(plain)


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (", scale: '${port}', health_check: {port: $port}, groups: {a: {scale: '${port}', health_check: {port: '${port}'}}}", ""),
        (", scale: '${prt}'", "6:45: no question asks for ${prt}\n  hint: did you mean 'port'?"),
        (", groups: {a: {scale: $prt}}", "6:58: no question asks for ${prt}"),
        (", health_check: {port: '${prt}'}", "no question asks for ${prt}"),
        (", environment: {X: $HOME/x}", "no question asks for ${HOME}\n  hint: for the text $HOME, write $$HOME;"),
        (", scale: '1${port}'", "scale must be a whole number"),
        (", health_check: {port: '8${port}'}", "port must be a whole number"),
    ],
)
def test_a_question_may_ask_for_a_scale_and_a_port(service: str, words: str) -> None:
    found = said(WEB, service)
    assert words in found if words else not found, found


def test_every_key_of_a_companion_stands_in_one_of_both_files() -> None:
    known = '{image: "x:1", scale: 2, uts: host, init: true, memory: 5, command: [a], labels: [a=b]}'
    spec = spec_of(f"  web: {known}")
    docker, rancher = docker_compose(spec)["services"]["web"], rancher_compose(spec)["services"]["web"]
    assert set(docker) == {"image", "init", "command", "labels"}
    assert set(rancher) == {"scale", "uts", "memory"} <= RANCHER_FILE
    assert docker["labels"] == {"a": "b"}
    assert RANCHER_FILE <= COMPANION_KEYS
