"""What starts the programs of well-known images: the table is whole, and a spec outside of it has to say so."""

from __future__ import annotations

import re

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.spec.programs import CONFIG, PROGRAMS, Program, _row, known, likely, line, start_of
from catalog_forge.spec.reader import read

REDIS = ("docker-entrypoint.sh", "redis-server")
SPEC = "forge: 1\nname: x-conf\nservice: {name: x, image: 'IMAGE'}\nfiles: [{dest: /etc/x/x.conf, body: [{text: a}]}]\n"


@pytest.mark.parametrize(
    ("image", "dests", "start"),
    [
        ("redis:3.2.11", ("/r/redis.conf",), (*REDIS, "/r/redis.conf")),
        ("redis", ("/r/a.txt", "/r/other.conf", "/r/redis.conf"), (*REDIS, "/r/other.conf")),
        ("redis:6", (), REDIS),
        ("redis:6", ("/r/users.acl",), REDIS),
        ("library/redis:6", (), REDIS),
        ("docker.io/redis", (), REDIS),
        ("docker.io/library/redis:6-alpine", (), REDIS),
        ("index.docker.io/library/redis@sha256:00", (), REDIS),
        ("acme/redis:6", (), ()),
        ("registry.example.org/redis:6", (), ()),
        ("registry.example.org:5000/library/redis", (), ()),
        ("redisx", (), ()),
        ("", (), ()),
        ("nginx:1.14.2", ("/etc/nginx/conf.d/a.conf",), ("nginx", "-g", "daemon off;")),
        ("nginx:1.14.2", ("/etc/nginx/nginx.conf",), ("nginx", "-g", "daemon off;")),
        ("nginx:1.14.2", ("/a/nginx.conf",), ("nginx", "-g", "daemon off;", "-c", "/a/nginx.conf")),
        ("haproxy:1.8", ("/a/errors.http",), ("docker-entrypoint.sh", "haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg")),
        ("haproxy:1.8", ("/a/lb.cfg",), ("docker-entrypoint.sh", "haproxy", "-f", "/a/lb.cfg")),
        ("zookeeper:3.4.14", ("/conf/zoo.cfg", "/conf/id/myid"), ("/docker-entrypoint.sh", "zkServer.sh", "start-foreground")),
        ("zookeeper:3.4.14", ("/a/zoo.cfg",), ("/docker-entrypoint.sh", "zkServer.sh", "start-foreground", "/a/zoo.cfg")),
        ("mariadb:10.1", ("/etc/mysql/conf.d/a.cnf",), ("docker-entrypoint.sh", "mysqld")),
        ("mariadb:10.1", ("/a/a.cnf",), ("docker-entrypoint.sh", "mysqld", "--defaults-extra-file=/a/a.cnf")),
        ("mariadb:11.4", (), ("docker-entrypoint.sh", "mariadbd")),
        ("mariadb", (), ("docker-entrypoint.sh", "mariadbd")),
        ("mariadb:lts", (), ("docker-entrypoint.sh", "mariadbd")),
        ("logstash:5.6.16", ("/a/l.conf",), ("/docker-entrypoint.sh", "logstash", "-f", "/a/l.conf")),
        ("elasticsearch:2.4.6", (), ("/docker-entrypoint.sh", "elasticsearch")),
        ("elasticsearch:7.17.0", (), ("docker-entrypoint.sh", "elasticsearch")),
        ("docker.elastic.co/elasticsearch/elasticsearch:5.6.16", (), ()),
        ("percona:5.7", (), ("/docker-entrypoint.sh", "mysqld")),
        ("kibana:5.6.16", (), ("/docker-entrypoint.sh", "kibana")),
        ("couchdb:1.7.2", (), ("/docker-entrypoint.sh", "couchdb")),
        ("logstash:6.8.0", (), ("/usr/local/bin/docker-entrypoint", "logstash")),
        ("registry:2.7", (), ("/entrypoint.sh", "/etc/docker/registry/config.yml")),
        ("registry:0.9", (), ()),
        ("nats:1.4", (), ()),
        ("nats:2", (), ("docker-entrypoint.sh", "nats-server")),
        ("nats:v2.9", (), ("docker-entrypoint.sh", "nats-server")),
        ("nats:1234567890", (), ("docker-entrypoint.sh", "nats-server")),
        ("registry-1.docker.io/library/redis", (), REDIS),
        ("redis/library/", (), ()),
        ("x/docker.io/redis", (), ()),
        ("redis:6@sha256:00", (), REDIS),
        (
            "prom/prometheus:v1.8.2",
            ("/etc/prometheus/prometheus.yml",),
            ("/bin/prometheus", "-storage.local.path=/prometheus", "-config.file=/etc/prometheus/prometheus.yml"),
        ),
        (
            "prom/prometheus:v2.53.0",
            ("/etc/prometheus/rules.yml",),
            ("/bin/prometheus", "--storage.tsdb.path=/prometheus", "--config.file=/etc/prometheus/prometheus.yml"),
        ),
    ],
)  # fmt: skip
def test_what_starts_an_image(image: str, dests: tuple[str, ...], start: tuple[str, ...]) -> None:
    assert start_of(image, dests) == start


def test_an_image_that_is_called_like_a_known_one_is_started_alike_says_the_hint() -> None:
    assert likely("registry.example.org:5000/mirror/redis:3.2", ("/a.conf",)) == (*REDIS, "/a.conf")
    assert likely("acme/mariadb:10.1", ()) == ("docker-entrypoint.sh", "mysqld")
    assert likely("acme/app:1", ("/a.conf",)) == ()
    assert likely("mirror/mariadb", ()) == ("docker-entrypoint.sh", "mariadbd")
    assert likely("mirror/mariadb@sha256:10", ()) == ("docker-entrypoint.sh", "mariadbd")
    assert likely("reg:5000/a/mariadb:11@sha256:10", ()) == ("docker-entrypoint.sh", "mariadbd")
    assert likely("redis:6", ()) == REDIS


def test_a_row_is_words() -> None:
    assert _row("a b", "c d", "e f", "g h", "i j", "/k", 2) == Program(
        ("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j"), "/k", 2
    )
    assert _row("a", "b") == Program(("a",), ("b",))


@pytest.mark.parametrize("row", PROGRAMS, ids=lambda row: f"{row.images[0]}-{row.since}")
def test_every_row_can_be_used(row: object) -> None:
    assert row in PROGRAMS
    for image in row.images:  # type: ignore[attr-defined]
        found = known(f"{image}:{row.since}" if row.since else f"{image}:0")  # type: ignore[attr-defined]
        assert found is row, f"{image} has two rows for one version"
    assert row.exec and not any(CONFIG in word for word in row.exec)  # type: ignore[attr-defined]
    assert bool(row.told) == any(CONFIG in word for word in row.told)  # type: ignore[attr-defined]
    assert bool(row.told) == bool(row.files)  # type: ignore[attr-defined]
    assert not row.own or row.told, "a path that is read anyway counts where others must be told"  # type: ignore[attr-defined]


@pytest.mark.parametrize("image", ["x:1", "acme/redis:3.2", "x"])
def test_without_the_table_a_spec_has_to_say_it_and_the_error_shows_the_line(image: str) -> None:
    text = SPEC.replace("IMAGE", image)
    with pytest.raises(ForgeError) as caught:
        read(text, "x.yml")
    (problem,) = caught.value.problems
    assert str(problem).startswith("x.yml:3:27: launch.exec is missing")
    shown = re.search(r"launch: \{.*\}$", problem.hint)
    assert shown, problem.hint
    assert read(f"{text}{shown[0]}\n", "x.yml").launch.command == (
        (*REDIS, "/etc/x/x.conf") if "redis" in image else ("PROGRAM", "/etc/x/x.conf")
    )


def test_what_new_asks_for_may_be_missing_in_a_draft() -> None:
    assert read(SPEC.replace("IMAGE", "x:1"), "x.yml", started=False).launch.command == ()


def test_the_words_of_the_spec_come_first() -> None:
    assert read(SPEC.replace("IMAGE", "redis:3") + "launch: {exec: [mine]}\n", "x.yml").launch.command == ("mine",)
    assert read(SPEC.replace("IMAGE", "redis:3"), "x.yml").launch.command == (*REDIS, "/etc/x/x.conf")


def test_the_line_reads_back() -> None:
    for words in (("nginx", "-g", "daemon off;"), ("a", "b, c", "{d}", "'e'", "f: g", "#h", "true", "1")):
        assert read(SPEC.replace("IMAGE", "x:1") + line(words), "x.yml").launch.command == words
