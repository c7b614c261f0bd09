"""Stacks of real software, brought up by the command: the programs say themselves whether they work together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError

from tests.helpers import free_port
from tests.live.software import ROOT, Forge, RunningStack, eventually, forge_in, image_of, run, running

pytestmark = pytest.mark.engine
MASTERS = "elasticsearch-masters"
MAIN = "elasticsearch-masters-elasticsearch-masters-main"
WEB = """\
  web:
    image: nginx:1.14.2
    command: [sh, -c, "sed -i 's/listen 80/listen 8080/' /etc/nginx/conf.d/default.conf && exec nginx -g 'daemon off;'"]
"""
REDIS = """\
forge: 1
name: redis-conf
service: {name: redis, image: "redis:3.2.11", scale: 3}
metadata: {maxmemory: {default: 64mb}}
files:
- dest: /usr/local/etc/redis/redis.conf
  reload: restart
  body:
  - set: {maxmemory: "@{metadata/maxmemory}"}
  - when: {first: true}
    else: [{text: "slaveof @{first(peers).ip} 6379\\n"}]
launch:
  wait: {scale: 60s}
  exec: [docker-entrypoint.sh, redis-server, /usr/local/etc/redis/redis.conf]
"""


@pytest.fixture(scope="module")
def elasticsearch(
    tmp_path_factory: pytest.TempPathFactory,
    engine: docker.DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> Iterator[RunningStack]:
    """Three masters of the blueprint, under the cluster name of an answer."""
    image_of("elasticsearch")
    with forge_in(tmp_path_factory.mktemp("elasticsearch"), engine, confd) as forge:
        forge.new("elasticsearch-conf", "--set", "masters=3", "--set", "datanodes=0", "--set", "clients=0")
        with running(engine, forge, "elasticsearch", cluster_name="proof", heap_size="512m") as stack:
            yield stack


def ask(stack: RunningStack, path: str, node: int = 1) -> Any:
    """What a node answers."""
    return json.loads(run(stack.container(MASTERS, node), "wget", "-qO-", f"http://127.0.0.1:9200/{path}"))


def wait_for_nodes(stack: RunningStack, count: int) -> dict[str, Any]:
    def is_whole(health: dict[str, Any]) -> bool:
        return bool(health["status"] == "green" and health["number_of_nodes"] == count)

    found: dict[str, Any] = eventually(f"{count} nodes, green", lambda: ask(stack, "_cluster/health"), is_whole)
    return found


def wait_for_quorum(stack: RunningStack, quorum: str) -> None:
    def told() -> str | None:
        settings = ask(stack, "_cluster/settings?flat_settings")
        return settings["transient"].get("discovery.zen.minimum_master_nodes")

    eventually(f"the quorum is {quorum}", told, lambda told: told == quorum)


def births(stack: RunningStack) -> dict[str, int]:
    """When the JVM of each node was started."""
    nodes = ask(stack, "_nodes/jvm")["nodes"].values()
    return {node["name"]: node["jvm"]["start_time_in_millis"] for node in nodes}


def yml(stack: RunningStack, node: int) -> str:
    return run(stack.container(MASTERS, node), "cat", "/usr/share/elasticsearch/config/elasticsearch.yml")


def address(stack: RunningStack, service: str, index: int) -> str:
    networks = stack.container(service, index).attrs["NetworkSettings"]["Networks"].values()
    return str(next(each["IPAddress"] for each in networks))


@pytest.mark.second_tier
def test_three_nodes_of_elasticsearch_form_a_green_cluster_under_the_answered_name(elasticsearch: RunningStack) -> None:
    health = wait_for_nodes(elasticsearch, 3)
    assert health["cluster_name"] == "proof"
    wait_for_quorum(elasticsearch, "2")


@pytest.mark.second_tier
def test_a_node_that_is_killed_is_replaced_joins_and_its_peers_hear_of_its_address(elasticsearch: RunningStack) -> None:
    wait_for_nodes(elasticsearch, 3)
    name = f"{elasticsearch.name}-{MASTERS}-3"
    before, old_address = births(elasticsearch), address(elasticsearch, MASTERS, 3)
    # The program first: peers that lose the connection know at once, those who lose the network wait for 90 seconds.
    elasticsearch.container(MAIN, 3).remove(force=True)
    with suppress(APIError):  # `up` may have removed it, or be removing it
        elasticsearch.container(MASTERS, 3).remove(force=True)
    after = eventually(
        "it has joined anew", lambda: births(elasticsearch), lambda now: len(now) == 3 and now.get(name) != before[name]
    )
    wait_for_nodes(elasticsearch, 3)
    new_address = address(elasticsearch, MASTERS, 3)
    assert new_address != old_address
    for node in (1, 2, 3):
        written = eventually("the new address", lambda node=node: yml(elasticsearch, node), lambda text: new_address in text)
        assert old_address not in written
    assert [each for each in after if after[each] != before.get(each)] == [name]


@pytest.mark.second_tier
def test_the_quorum_of_a_running_cluster_follows_its_scale_without_a_restart(elasticsearch: RunningStack) -> None:
    wait_for_nodes(elasticsearch, 3)
    wait_for_quorum(elasticsearch, "2")
    before = births(elasticsearch)
    elasticsearch.up("--scale", f"{MASTERS}=5")
    wait_for_nodes(elasticsearch, 5)
    wait_for_quorum(elasticsearch, "3")
    after = births(elasticsearch)
    assert len(after) == 5
    assert before.items() <= after.items()


@pytest.mark.second_tier
def test_another_cluster_name_restarts_every_node_once_and_replaces_none(elasticsearch: RunningStack) -> None:
    elasticsearch.up("--scale", f"{MASTERS}=5")
    wait_for_nodes(elasticsearch, 5)
    mains = [elasticsearch.container(MAIN, index) for index in range(1, 6)]
    before = births(elasticsearch)
    elasticsearch.up("--scale", f"{MASTERS}=5", cluster_name="other")

    for node in range(1, 6):  # in this order, each half a minute after the one before
        eventually("the other name", lambda n=node: ask(elasticsearch, "", n)["cluster_name"], lambda name: name == "other")
    assert wait_for_nodes(elasticsearch, 5)["cluster_name"] == "other"
    after = births(elasticsearch)
    assert after.keys() == before.keys()
    assert all(after[name] > before[name] for name in after)
    assert [elasticsearch.container(MAIN, index).id for index in range(1, 6)] == [main.id for main in mains]
    assert [len(re.findall(r"\[node +\] .* started", main.logs().decode())) for main in mains] == [2] * 5


def test_nginx_takes_another_upstream_in_without_a_dropped_request(engine: docker.DockerClient, forge: Forge) -> None:
    image_of("nginx")
    for path in (ROOT / "tests/written/specs/nginx-conf").rglob("index.html"):
        (forge.catalog / "specs/nginx-conf").mkdir()
        (forge.catalog / "specs/nginx-conf" / path.name).write_bytes(path.read_bytes())
    text, _, _ = (ROOT / "tests/written/specs/nginx-conf.yml").read_text().partition("\ncompanions:\n")
    forge.spec("nginx-conf", f"{text}\ncompanions:\n{WEB}    scale: 2")
    with running(engine, forge, "nginx") as stack:
        proxy, web = stack.container("proxy", 1), stack.container("web", 1)
        site = ("cat", "/etc/nginx/conf.d/site.conf")
        eventually("two are listed", lambda: run(proxy, *site).count(":8080;"), lambda count: count == 2)
        eventually("it serves", lambda: run(web, "curl", "-sf", "http://proxy/"))
        with ThreadPoolExecutor(1) as pool:
            asking = "echo $$ >/tmp/asks && exec wrk -d 900 -c 8 -t 1 -H 'Connection: close' http://proxy:80/"
            load = pool.submit(run, web, "sh", "-c", asking)
            try:
                stack.up("--scale", "web=3")
                listed = eventually("three are listed", lambda: run(proxy, *site), lambda text: text.count(":8080;") == 3)
                third = stack.container("web", 3)
                eventually("the third gets of the load", lambda: third.logs().count(b'"GET / HTTP/1.') > 100)
            finally:
                run(web, "sh", "-c", "kill -INT $(cat /tmp/asks)")
            said = load.result()
        assert address(stack, "web", 3) in listed
        assert "requests in" in said and "Socket errors" not in said and "Non-2xx" not in said, said
        assert b"signal HUP" in proxy.logs()


@pytest.mark.second_tier
def test_the_haproxy_of_the_blueprint_takes_a_back_end_in_without_a_lost_request_and_refuses_a_line_that_is_wrong(
    engine: docker.DockerClient, forge: Forge
) -> None:
    image_of("haproxy"), image_of("nginx")
    forge.new("haproxy-conf", "--set", "haproxy_version=2.6.12", "--set", "backend_port=80")
    spec = forge.catalog / "specs/haproxy-conf.yml"
    spec.write_text(re.sub(r"nginxinc/nginx-unprivileged:[0-9.]+", "nginx:1.14.2", spec.read_text()))
    forge("generate")
    with running(engine, forge, "haproxy", public_port=str(free_port())) as stack:
        proxy, web = stack.container("haproxy", 1), stack.container("web", 1)
        config = ("cat", "/usr/local/etc/haproxy/haproxy.cfg")
        eventually("it serves", lambda: run(web, "curl", "-sf", "http://haproxy:8080/"))
        with ThreadPoolExecutor(1) as pool:
            asking = "echo $$ >/tmp/asks && exec wrk -d 900 -c 8 -t 1 -H 'Connection: close' http://haproxy:8080/"
            load = pool.submit(run, web, "sh", "-c", asking)
            try:
                stack.up("--scale", "web=3")
                third = stack.container("web", 3)
                eventually("the third gets of the load", lambda: third.logs().count(b'"GET / HTTP/1.') > 100)
                stack.up(settings="    bogus line")
                conf = stack.container("haproxy-haproxy-conf", 1)
                eventually("it is refused", lambda: b"Config check failed" in conf.logs())
                assert "bogus" not in run(proxy, *config)
            finally:
                run(web, "sh", "-c", "kill -INT $(cat /tmp/asks)")
            said = load.result()
        assert "requests in" in said and "Socket errors" not in said and "Non-2xx" not in said, said
        assert b"signal USR2" in proxy.logs()


def test_redis_replicas_follow_the_first_and_one_more_joins(engine: docker.DockerClient, forge: Forge) -> None:
    image_of("redis")
    forge.spec("redis-conf", REDIS)

    def replicas() -> int:
        return int(re.findall(r"connected_slaves:(\d+)", run(stack.container("redis", 1), "redis-cli", "info", "replication"))[0])

    with running(engine, forge, "redis") as stack:
        eventually("two replicas", replicas, lambda count: count == 2)
        assert run(stack.container("redis", 1), "redis-cli", "set", "word", "said") == "OK\n"
        for index in (2, 3):
            replica = stack.container("redis", index)
            eventually("it is replicated", lambda r=replica: run(r, "redis-cli", "get", "word"), lambda said: said == "said\n")
        stack.up("--scale", "redis=4")
        eventually("three replicas", replicas, lambda count: count == 3)
        last = stack.container("redis", 4)
        eventually("it is replicated", lambda: run(last, "redis-cli", "get", "word"), lambda said: said == "said\n")
        assert run(stack.container("redis", 1), "redis-cli", "config", "get", "maxmemory").split()[1] == str(64 * 1024**2)
