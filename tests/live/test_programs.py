"""Rows of the table of programs, where Debian has the program: started with the words that a spec gets, it obeys its file."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import docker
import pytest
from docker.errors import APIError
from docker.models.containers import Container

from catalog_forge.spec.programs import start_of
from tests.live.software import eventually, image_of

pytestmark = pytest.mark.engine
Start = Callable[[str, tuple[str, ...], str, str], Container]
GET = "curl -s http://127.0.0.1"
CAT = "exec 3<>/dev/tcp/127.0.0.1"


@dataclass(frozen=True)
class Case:
    """An image of the table with a version like Debian's, its file, and a question that is answered so by who read the file."""

    image: str
    dest: str
    text: str
    ask: str
    told: str
    stand_in: str = "programs"


CASES = (
    Case("redis:7.0", "/a/redis.conf", "maxmemory 7mb\n", "redis-cli config get maxmemory", "7340032", "redis"),
    Case("valkey/valkey:7.2", "/a/r.conf", "port 6399\n", "redis-cli -p 6399 ping", "PONG", "redis"),
    Case("memcached:1.6", "/a/memcached.conf", "", f"{CAT}/11211; echo version >&3; head -n 1 <&3", "VERSION 1.6"),
    Case("mariadb:10.11", "/a/a.cnf", "[mysqld]\nmax_connections=77\n", "mariadb -Ne 'select @@max_connections'", "77"),
    Case("mariadb:11.4", "/a/a.cnf", "[mariadbd]\nmax_connections=77\n", "mariadb -Ne 'select @@max_connections'", "77"),
    Case("mysql:5.7", "/etc/mysql/conf.d/a.cnf", "[mysqld]\nport=3399\n", "mariadb -Ne 'select @@port'", "3399"),
    Case("postgres:15", "/a/postgresql.conf", "port = 5499\n", "psql -U postgres -h 127.0.0.1 -p 5499 -Atc 'show port'", "5499"),
    Case(
        "influxdb:1.6", "/a/influxdb.conf",
        "[meta]\ndir = '/a/meta'\n[data]\ndir = '/a/data'\nwal-dir = '/a/wal'\n[http]\nbind-address = ':8099'\n",
        f"{GET}:8099/ping -i", "X-Influxdb-Version",
    ),
    Case(
        "quay.io/coreos/etcd:v3.4.23", "/a/etcd.yml",
        "listen-client-urls: http://127.0.0.1:2399\nadvertise-client-urls: http://127.0.0.1:2399\n",
        f"{GET}:2399/health", '"health":"true"',
    ),
    Case("quay.io/coreos/etcd:v3.4.23", "/a/etcd.conf", "name: told\n", f"{GET}:2379/health", '"health":"true"'),
    Case("nats:2.9", "/a/nats.conf", "server_name: told\n", f"{CAT}/4222; head -n 1 <&3", '"server_name":"told"'),
    Case("eclipse-mosquitto:2.0", "/a/m.conf", "listener 1899\n", f"{CAT}/1899 && echo open", "open"),
    Case(
        "haproxy:2.6", "/a/a.cfg",
        "defaults\n mode http\n timeout client 9s\nfrontend f\n bind :8099\n"
        " http-request return status 200 content-type text/plain string told\n",
        f"{GET}:8099/", "told", "haproxy",
    ),
    Case(
        "nginx:1.22", "/a/nginx.conf", "events {}\nhttp { server { listen 8099; return 200 told; } }\n",
        f"{GET}:8099/", "told", "nginx",
    ),
    Case(
        "nginx:1.22", "/etc/nginx/conf.d/default.conf", "server { listen 8099; return 200 told; }\n",
        f"{GET}:8099/", "told", "nginx",
    ),
    Case(
        "httpd:2.4", "/a/httpd.conf",
        "Listen 8099\nServerName told\nPidFile /tmp/pid\nErrorLog /dev/stderr\n"
        + "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in ("mpm_event", "alias"))
        + "Redirect / http://told.example.org/\n",
        f"{GET}:8099/ -i", "Location: http://told.example.org/",
    ),
    Case("caddy:2.6", "/a/Caddyfile", ":8099 {\n\trespond told\n}\n", f"{GET}:8099/", "told"),
    Case(
        "varnish:7.1", "/a/a.vcl", 'vcl 4.1;\nbackend default none;\nsub vcl_recv { return (synth(200, "told")); }\n',
        f"{GET}/ -i", "200 told",
    ),
    Case(
        "prom/prometheus:v2.42.0", "/a/prometheus.yml", "global: {scrape_interval: 17s}\n",
        f"{GET}:9090/api/v1/status/config", "scrape_interval: 17s",
    ),
    Case(
        "prom/alertmanager:v0.25.0", "/a/alertmanager.yml", "route: {receiver: told}\nreceivers: [{name: told}]\n",
        f"{GET}:9093/api/v2/receivers", '"told"',
    ),
    Case(
        "registry:2.8", "/a/registry.yml",
        "version: 0.1\nstorage: {inmemory: {}}\nhttp: {addr: ':5099', headers: {X-Told: [told]}}\n",
        f"{GET}:5099/v2/ -i", "X-Told: told",
    ),
    Case(
        "zookeeper:3.8", "/a/zoo.cfg", "dataDir=/data\nclientPort=2199\n", f"{CAT}/2199; echo srvr >&3; cat <&3",
        "Mode: standalone", "zookeeper",
    ),
)  # fmt: skip


@pytest.fixture
def start(engine: docker.DockerClient, test_labels: dict[str, str]) -> Iterator[Start]:
    """Start a container with a file of its own."""
    with ExitStack() as made:

        def start(image: str, words: tuple[str, ...], dest: str, text: str) -> Container:
            container = engine.containers.create(image, list(words), entrypoint=[], labels=test_labels)
            made.callback(container.remove, force=True, v=True)
            container.put_archive("/", packed(dest.lstrip("/"), text.encode()))
            container.start()
            return container

        yield start


def packed(path: str, content: bytes) -> bytes:
    """A file and the folder that it lies in."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        folder, file = tarfile.TarInfo(path.rpartition("/")[0]), tarfile.TarInfo(path)
        folder.type, folder.mode, file.mode, file.size = tarfile.DIRTYPE, 0o755, 0o644, len(content)
        archive.addfile(folder)
        archive.addfile(file, io.BytesIO(content))
    return written.getvalue()


# What `make test` starts.
FIRST = ("redis:7.0", "mariadb:10.11", "nginx:1.22", "haproxy:2.6", "zookeeper:3.8")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case.image}-{case.dest}", marks=() if case.image in FIRST else pytest.mark.second_tier)
        for case in CASES
    ],
)
def test_a_program_is_started_with_its_words_and_obeys_its_file(case: Case, start: Start) -> None:
    words = start_of(case.image, [case.dest])
    container = start(image_of(case.stand_in), words, case.dest, case.text)

    def asked() -> str:
        container.reload()
        if container.status == "exited":
            pytest.fail(f"{' '.join(words)} ended:\n{container.logs().decode()}", pytrace=False)
        with suppress(APIError):  # it may end just now
            return str(container.exec_run(["timeout", "20", "bash", "-c", case.ask]).output.decode())
        return ""

    eventually(f"{case.image} answers {case.told}", asked, lambda said: case.told in said)
