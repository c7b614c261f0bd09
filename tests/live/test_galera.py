"""The blueprint of Galera, under a client that writes: what was acknowledged is there, and there is one cluster at most."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import combinations

import docker
import pytest
from docker.errors import APIError

from tests.live.software import Forge, RunningStack, eventually, image_of, run, running
from tests.live.writers import Writer, watching

pytestmark = pytest.mark.engine
STARTED = re.compile(r"launch: starts as (leader|others), its number is (-?\d+)")
STATUS = "wsrep_cluster_state_uuid wsrep_cluster_status wsrep_cluster_size wsrep_incoming_addresses wsrep_ready".split()


def sql(stack: RunningStack, index: int, words: str) -> str:
    return run(stack.container("galera", index), "mariadb", "--connect-timeout=5", "--skip-column-names", "--execute", words)


def status(stack: RunningStack, index: int) -> dict[str, str]:
    words = ", ".join(f"'{name}'" for name in STATUS)
    said = sql(stack, index, f"show status where variable_name in ({words})")
    return dict(line.split("\t") for line in said.splitlines())


def primaries(stack: RunningStack, many: int) -> dict[str, dict[str, str]]:
    """The nodes that say that they are of the primary component, by their address."""
    found = {}
    for index in range(1, many + 1):
        with suppress(AssertionError, APIError, KeyError, ValueError):  # a node that starts does not say all yet
            said = status(stack, index)
            networks = stack.container("galera", index).attrs["NetworkSettings"]["Networks"].values()
            if said["wsrep_cluster_status"] == "Primary":
                found[next(each["IPAddress"] for each in networks)] = said
    return found


def two_primaries(stack: RunningStack, many: int) -> str:
    """Two nodes that are apart, and are so again when all are asked once more: one may die between two questions."""
    return apart(stack, many) and apart(stack, many)


def apart(stack: RunningStack, many: int) -> str:
    """What two nodes say of which neither is in the component of the other, or whose clusters differ."""
    for (one, said), (other, answered) in combinations(primaries(stack, many).items(), 2):
        strangers = other not in said["wsrep_incoming_addresses"] and one not in answered["wsrep_incoming_addresses"]
        if strangers or said["wsrep_cluster_state_uuid"] != answered["wsrep_cluster_state_uuid"]:
            return f"{one}: {said}; {other}: {answered}"
    return ""


def wait_for_cluster(stack: RunningStack, many: int) -> str:
    """Wait until all nodes are of one component; return the id of the cluster."""

    def whole(said: dict[str, dict[str, str]]) -> bool:
        return len(said) == many and all((s["wsrep_cluster_size"], s["wsrep_ready"]) == (str(many), "ON") for s in said.values())

    said = eventually(f"{many} nodes are one cluster", lambda: primaries(stack, many), whole)
    (uuid,) = {each["wsrep_cluster_state_uuid"] for each in said.values()}
    return uuid


def starts(stack: RunningStack, many: int) -> list[list[tuple[str, int]]]:
    """How each container started, each time: as what, with which number."""
    logs = [stack.container("galera", index).logs().decode(errors="replace") for index in range(1, many + 1)]
    return [[(role, int(number)) for role, number in STARTED.findall(log)] for log in logs]


def kill_all(stack: RunningStack, many: int) -> None:
    """SIGKILL to all at once."""
    containers = [stack.container("galera", index) for index in range(1, many + 1)]
    with ThreadPoolExecutor(many) as pool:
        list(pool.map(lambda each: each.kill("SIGKILL"), containers))


def test_galera_founds_itself_once_survives_the_death_of_all_and_grows(engine: docker.DockerClient, forge: Forge) -> None:
    image_of("mariadb")
    forge.new("galera-conf", "--set", "buffer_pool=32M")
    with running(engine, forge, "galera") as stack, watching(lambda: two_primaries(stack, 3)) as wrong:
        uuid = wait_for_cluster(stack, 3)
        assert sorted(role for each in starts(stack, 3) for role, _ in each) == ["leader", "others", "others"]
        sql(stack, 1, "create database d; create table d.t (n int primary key)")
        with Writer(lambda n: assert_nothing(sql(stack, n % 3 + 1, f"insert into d.t values ({n})"))).writing() as writer:
            writer.wait_for_more()
            kill_all(stack, 3)
            assert wait_for_cluster(stack, 3) == uuid
            second = [each[1:] for each in starts(stack, 3)]
            assert sorted(role for each in second for role, _ in each).count("leader") == 1, second
            (led,) = [number for each in second for role, number in each if role == "leader"]
            assert led == max(number for each in second for _, number in each) > 0, second
            writer.wait_for_more()
            stack.up("--scale", "galera=5")
            assert wait_for_cluster(stack, 5) == uuid
            writer.wait_for_more()
        for index in range(1, 6):
            kept = {int(line) for line in sql(stack, index, "set session wsrep_sync_wait = 1; select n from d.t").split()}
            assert set(writer.acknowledged) <= kept, f"node {index} lacks {set(writer.acknowledged) - kept}"
        print(f"{len(writer.acknowledged)} rows acknowledged, {writer.refused} refused; {starts(stack, 5)}")
        assert not wrong


def assert_nothing(said: str) -> None:
    assert said == ""
