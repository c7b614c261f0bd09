"""Redis with sentinels, as the blueprint makes it: what a confirmed write is worth, and what rewrites survive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.live.software import TAGS, RunningStack, eventually, forge_in, image_of, run, running

pytestmark = pytest.mark.engine
PASSWORD = """first 'and" \\ $HOME"""
OTHER = "another-secret"
WRITES = 200
OWN = "/data/sentinel.conf"
ENVIRONMENT = "/usr/local/etc/redis/node.env"
STOP = (
    "for each in /proc/[0-9]*; do read -r name <$each/comm || continue; "
    "[ $name != redis-server ] || kill -STOP ${each#/proc/}; done"
)


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    engine: docker.DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> Iterator[RunningStack]:
    """Three servers and three sentinels, once each knows all others; clients have to say a password."""
    image_of("redis")
    with forge_in(tmp_path_factory.mktemp("redis"), engine, confd) as forge:
        forge.new("redis-conf")
        spec = forge.catalog / "specs/redis-conf.yml"
        spec.write_text(re.sub(r"redis:[0-9.]+", TAGS["redis"], spec.read_text()))
        forge("generate")
        with running(engine, forge, "redis", down_after="5000", password=PASSWORD) as stack:
            for index in (1, 2, 3):
                sentinel = stack.container("redis-sentinels", index)
                known = "every sentinel knows two replicas and two sentinels"
                eventually(known, lambda s=sentinel: facts(s), lambda it: it["num-slaves"] == it["num-other-sentinels"] == "2")
            yield stack


def facts(sentinel: Container) -> dict[str, str]:
    """What a sentinel says of the master."""
    lines = run(sentinel, "redis-cli", "-p", "26379", "sentinel", "master", "main").splitlines()
    return dict(zip(lines[::2], lines[1::2], strict=True))


def client(server: Container, commands: str, password: str = PASSWORD) -> str:
    """What a server answers to one who says this password."""
    code, output = server.exec_run(["sh", "-c", f"redis-cli <<'END'\n{commands}\nEND\n"], environment={"REDISCLI_AUTH": password})
    assert code == 0, output
    assert isinstance(output, bytes)
    return output.decode()


def role(server: Container, password: str = PASSWORD) -> dict[str, str]:
    """What a server says of itself."""
    return dict(re.findall(r"^(\w+):(\S*)\r?$", client(server, "info replication", password), re.MULTILINE))


def address(container: Container) -> str:
    return run(container, "sh", "-c", ". /usr/local/etc/redis/node.env; echo $SELF").strip()


def test_a_confirmed_write_outlives_the_master_which_comes_back_as_a_replica(stack: RunningStack) -> None:
    first = stack.container("redis-servers", 1)
    assert role(first)["role"] == "master"
    words = "".join(f"set word:{number} said:{number}\nwait 2 0\n" for number in range(WRITES))
    # A busy engine may lose what an exec says; the same writes may be made again.
    eventually("each write is confirmed", lambda: client(first, words).split(), lambda said: said == ["OK", "2"] * WRITES)

    lost = address(first)
    run(first, "sh", "-c", STOP)
    watching = stack.container("redis-sentinels", 2)
    promoted = eventually("another master", lambda: facts(watching), lambda it: it["ip"] != lost)["ip"]
    servers = {address(server): server for server in (stack.container("redis-servers", index) for index in (2, 3))}
    master = servers[promoted]
    eventually("it takes itself for the master", lambda: role(master), lambda it: it["role"] == "master")
    asked = "\n".join(f"get word:{number}" for number in range(WRITES))
    wanted = [f"said:{number}" for number in range(WRITES)]
    eventually("each write is there", lambda: client(master, asked).split(), lambda said: said == wanted)

    # It is gone for good, and started anew: the sentinels know better than its own file whose replica it is.
    first.kill()

    def returned() -> dict[str, str]:
        return role(stack.container("redis-servers", 1))

    back = eventually("the old master is a replica", returned, lambda it: it.get("master_link_status") == "up")
    assert (back["role"], back["master_host"]) == ("slave", promoted)
    assert client(stack.container("redis-servers", 1), "get word:0") == "said:0\n"


def test_what_a_sentinel_has_written_outlives_a_new_rendering(stack: RunningStack) -> None:
    sentinel = stack.container("redis-sentinels", 1)
    before = run(sentinel, "cat", OWN)
    identity = re.findall(r"sentinel myid \w+|sentinel known-\w+ main \S+ \d+", before)
    assert len(identity) == 5, before
    stack.up(down_after="10000")
    eventually("the running sentinel is told", lambda: facts(sentinel)["down-after-milliseconds"], lambda said: said == "10000")
    after = eventually("and has written it", lambda: run(sentinel, "cat", OWN), lambda text: "milliseconds main 10000" in text)
    assert "milliseconds main 10000" in run(sentinel, "cat", "/usr/local/etc/redis/sentinel.conf")
    assert sorted(re.findall(r"sentinel myid \w+|sentinel known-\w+ main \S+ \d+", after)) == sorted(identity)
    assert run(sentinel, "redis-cli", "-p", "26379", "sentinel", "ckquorum", "main").startswith("OK 3 usable Sentinels")
    assert b"exec sh /usr/local/etc/redis/apply.sh" in sentinel.logs()


def test_another_password_is_told_to_what_runs_and_the_failover_after_it_knows_it(stack: RunningStack) -> None:
    servers = [stack.container("redis-servers", index) for index in (1, 2, 3)]
    before = facts(stack.container("redis-sentinels", 1))["ip"]
    assert "NOAUTH" in run(servers[0], "redis-cli", "get", "word:0")
    stack.up(password=OTHER)
    for server in servers:
        eventually("it takes the new one", lambda s=server: client(s, "ping", OTHER), lambda said: said == "PONG\n")
        assert "NOAUTH" in client(server, "ping")
    for index in (1, 2, 3):
        sentinel = stack.container("redis-sentinels", index)
        eventually("the sentinel has it", lambda s=sentinel: run(s, "cat", OWN), lambda text: f"auth-pass main {OTHER}" in text)
    assert facts(stack.container("redis-sentinels", 1))["ip"] == before, "nobody was taken for lost meanwhile"

    # Held until another is promoted: a server that only dies may be back before anybody takes it for lost, and stay the master.
    addresses = {server.name: address(server) for server in servers}
    lost = next(server for server in servers if addresses[server.name] == before)
    run(lost, "sh", "-c", STOP)
    promoted = eventually("another master", lambda: facts(stack.container("redis-sentinels", 2)), lambda it: it["ip"] != before)
    lost.kill()
    for server in servers:
        if addresses[server.name] != promoted["ip"]:
            eventually("it follows", lambda s=server: role(s, OTHER), lambda it: it.get("master_link_status") == "up")


def test_the_password_is_in_no_argument_and_in_files_of_their_owner_alone(stack: RunningStack) -> None:
    for name in ("redis-servers", "redis-sentinels"):
        container = stack.container(name, 1)
        assert stack.answers["password"] not in run(container, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert stack.answers["password"] not in str(container.logs())
        look = f". {ENVIRONMENT}; grep -rlF -e \"$PASSWORD\" /data /usr/local/etc | xargs stat -c '%a %n'"

        def modes(container: Container = container, look: str = look) -> list[list[str]]:
            return [line.split(" ", 1) for line in run(container, "sh", "-c", look).splitlines()]

        # Asked again, as a busy engine may lose words of an answer.
        found = eventually("the file with the password", modes, lambda rows: any(path == ENVIRONMENT for _, path in rows))
        assert [path for mode, path in found if mode != "600"] == []
