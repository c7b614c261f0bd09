"""Redis with sentinels, as the blueprint makes it: what a confirmed write is worth, and what rewrites survive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.live.software import RunningStack, eventually, forge_in, image_of, run, running

pytestmark = pytest.mark.engine
WRITES = 200
OWN = "/data/sentinel.conf"
SIGNAL = (
    "for each in /proc/[0-9]*; do read -r name <$each/comm || continue; "
    "[ $name != redis-server ] || kill -{} ${{each#/proc/}}; done"
)


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    engine: docker.DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> Iterator[RunningStack]:
    """Three servers and three sentinels, once each knows all others."""
    image_of("redis")
    with forge_in(tmp_path_factory.mktemp("redis"), engine, confd) as forge:
        forge.new("redis-conf", "--set", "redis_version=3.2.11")
        with running(engine, forge, "redis", down_after="1000") as stack:
            for index in (1, 2, 3):
                sentinel = stack.container("redis-sentinels", index)
                known = "every sentinel knows two replicas and two sentinels"
                eventually(known, lambda s=sentinel: facts(s), lambda it: it["num-slaves"] == it["num-other-sentinels"] == "2")
            yield stack


def facts(sentinel: Container) -> dict[str, str]:
    """What a sentinel says of the master."""
    lines = run(sentinel, "redis-cli", "-p", "26379", "sentinel", "master", "main").splitlines()
    return dict(zip(lines[::2], lines[1::2], strict=True))


def role(server: Container) -> dict[str, str]:
    """What a server says of itself."""
    return dict(re.findall(r"^(\w+):(\S*)\r?$", run(server, "redis-cli", "info", "replication"), re.MULTILINE))


def address(container: Container) -> str:
    return run(container, "sh", "-c", ". /usr/local/etc/redis/node.env; echo $SELF").strip()


def test_a_confirmed_write_outlives_the_master_which_comes_back_as_a_replica(stack: RunningStack) -> None:
    first = stack.container("redis-servers", 1)
    assert role(first)["role"] == "master"
    words = "".join(f"set word:{number} said:{number}\nwait 2 0\n" for number in range(WRITES))
    confirmed = run(first, "sh", "-c", f"redis-cli <<'END'\n{words}END\n").split()
    assert confirmed == ["OK", "2"] * WRITES

    lost = address(first)
    run(first, "sh", "-c", SIGNAL.format("STOP"))
    watching = stack.container("redis-sentinels", 2)
    promoted = eventually("another master", lambda: facts(watching), lambda it: it["ip"] != lost)["ip"]
    servers = {address(server): server for server in (stack.container("redis-servers", index) for index in (2, 3))}
    master = servers[promoted]
    eventually("it takes itself for the master", lambda: role(master), lambda it: it["role"] == "master")
    asked = run(master, "sh", "-c", f"for each in $(seq 0 {WRITES - 1}); do echo get word:$each; done | redis-cli").split()
    assert asked == [f"said:{number}" for number in range(WRITES)]

    # It is gone for good, and started anew: the sentinels know better than its own file whose replica it is.
    run(first, "sh", "-c", SIGNAL.format("KILL"))

    def returned() -> dict[str, str]:
        return role(stack.container("redis-servers", 1))

    back = eventually("the old master is a replica", returned, lambda it: it.get("master_link_status") == "up")
    assert (back["role"], back["master_host"]) == ("slave", promoted)
    assert run(stack.container("redis-servers", 1), "redis-cli", "get", "word:0") == "said:0\n"


def test_what_a_sentinel_has_written_outlives_a_new_rendering(stack: RunningStack) -> None:
    sentinel = stack.container("redis-sentinels", 1)
    before = run(sentinel, "cat", OWN)
    identity = re.findall(r"sentinel myid \w+|sentinel known-\w+ main \S+ \d+", before)
    assert len(identity) == 5, before
    stack.up(down_after="3000")
    eventually("the running sentinel is told", lambda: facts(sentinel)["down-after-milliseconds"], lambda said: said == "3000")
    after = eventually("and has written it", lambda: run(sentinel, "cat", OWN), lambda text: "milliseconds main 3000" in text)
    assert "milliseconds main 3000" in run(sentinel, "cat", "/usr/local/etc/redis/sentinel.conf")
    assert sorted(re.findall(r"sentinel myid \w+|sentinel known-\w+ main \S+ \d+", after)) == sorted(identity)
    assert run(sentinel, "redis-cli", "-p", "26379", "sentinel", "ckquorum", "main").startswith("OK 3 usable Sentinels")
    assert b"exec sh /usr/local/etc/redis/apply.sh" in sentinel.logs()
