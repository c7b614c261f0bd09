"""Stacks whose conf containers read a real store: scenarios on them, and `up` without an entry."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from tests.live.software import TAGS, eventually, forge_in, image_of, run

SPEC = """\
forge: 1
name: web-conf
service: {name: web, image: "nginx:1.14.2", ports: ["80"]}
engine: {backend: BACKEND}
metadata:
  greeting: {default: hello}
  banner: {optional: true}
  servers: {type: map, default: {one: 10.0.0.1}}
files:
- dest: /etc/nginx/conf.d/site.conf
  format: raw
  reload: signal HUP
  body:
  - text: "server {\\n  listen 80;\\n  location / { return 200 '@{metadata/greeting}\\\\n'; }\\n"
  - when: {has: metadata/banner}
    then: [{text: "  # banner @{metadata/banner}\\n"}]
  - list: {of: metadata/servers, item: "  # @{it.key} @{it.value}"}
  - text: "\\n}\\n"
launch: {exec: [nginx, -g, daemon off;]}
"""
SCENARIO = """\
services:
  web:
    sidekicks: [web-conf]
    metadata: {greeting: hello, banner: here, servers: {one: 10.0.0.1}}
expect:
  files: {site.conf: {contains: ["return 200 'hello", "# one 10.0.0.1", "# banner here"]}}
  http: {get: "http://web:80/", contains: hello}
  within: 300s
then:
- name: another greeting, and no banner
  set: {greeting: bye}
  unset: banner
  expect:
    files: {site.conf: {contains: "'bye", lacks: banner}}
    http: {get: "http://web:80/", contains: bye}
    reloads: [signal HUP]
    within: 300s
- name: the store goes away for a while
  fault: {down: 5s}
  expect:
    files: {site.conf: {unchanged: true}}
    http: {get: "http://web:80/", contains: bye}
    within: 300s
- name: and what changes afterwards is heard of
  set: {greeting: back, servers: {two: 10.0.0.2}}
  expect:
    files: {site.conf: {contains: ["'back", "# two"], lacks: "# one"}}
    reloads: [signal HUP]
    within: 300s
"""


# What each store is to the image, `make test` sees without a stack (tests/stores), and etcd below.
LATER = [pytest.param(name, marks=pytest.mark.second_tier) for name in ("etcdv3", "zookeeper", "etcd", "consul", "vault")]


@pytest.mark.parametrize("backend", ["redis", *LATER])
def test_a_scenario_is_played_on_a_real_store(
    backend: str, engine: docker.DockerClient, base_image: str, confd: Path, tmp_path: Path
) -> None:
    del base_image
    image_of(backend.removesuffix("v3"))
    image_of("nginx")
    with forge_in(tmp_path, engine, confd) as forge:
        scenario = forge.catalog / "specs/web-conf/scenarios/serves.yml"
        scenario.parent.mkdir(parents=True)
        scenario.write_text(SCENARIO)
        forge.spec("web-conf", SPEC.replace("BACKEND", backend))
        said = forge("test", "web-conf", "--engine", "stack", "--confd", str(confd))
        assert "4 moments" in said and "1 scenario: 1 passed" in said


@pytest.mark.second_tier
@pytest.mark.parametrize("backend", ["redis", "vault"])
@pytest.mark.parametrize("proxy", ["haproxy", "nginx"])
def test_a_proxy_of_a_blueprint_hears_of_its_servers_by_a_store(
    proxy: str, backend: str, engine: docker.DockerClient, base_image: str, confd: Path, tmp_path: Path
) -> None:
    del base_image
    for software in (proxy, backend, "unprivileged"):
        image_of(software)
    with forge_in(tmp_path, engine, confd) as forge:
        release = TAGS[proxy].rpartition(":")[2]
        forge.new(f"{proxy}-conf", "--backend", backend, "--set", f"{proxy}_version={release}")
        said = forge("test", f"{proxy}-conf", "--engine", "stack", "--scenario", "serves", "--confd", str(confd))
        assert f"passed   {proxy}-conf/serves" in said


def test_up_brings_a_store_and_seed_changes_what_it_holds(
    engine: docker.DockerClient, base_image: str, confd: Path, tmp_path: Path
) -> None:
    del base_image
    image_of("etcd")
    image_of("nginx")
    with forge_in(tmp_path, engine, confd) as forge:
        forge.spec("web-conf", SPEC.replace("BACKEND", "etcdv3"))
        name = f"t{tmp_path.name[-4:].strip('_')}{forge.registry[-6:]}"
        try:
            forge("up", "web-conf", "--name", name, "--detach", "--set", "greeting=welcome", "--confd", str(confd))
            web = engine.containers.get(f"{name}-web-1")
            store = engine.containers.get(f"{name}-store-1")
            assert "'welcome" in run(web, "cat", "/etc/nginx/conf.d/site.conf")
            (address,) = [each["IPAddress"] for each in store.attrs["NetworkSettings"]["Networks"].values()]
            forge("seed", "web-conf", "--node", f"{address}:2379", "--set", "greeting=again", "--set", "banner=new")
            eventually(
                "conf hears of what was seeded",
                lambda: run(web, "cat", "/etc/nginx/conf.d/site.conf"),
                lambda text: "'again" in text and "# banner new" in text,
            )
        finally:
            forge("down", name, "--volumes")
