"""Clusters of the shipped blueprints on the engine: they form by themselves, grow, and take back who lost its data."""

from __future__ import annotations

import docker
import pytest

from tests.live.software import Forge, RunningStack, eventually, image_of, run, running

pytestmark = [pytest.mark.engine, pytest.mark.second_tier]


def lose(stack: RunningStack, service: str, index: int, data: str) -> None:
    """Remove a container and its data: another one comes in its place, under its name and at another address."""
    lost = stack.container(service, index)
    # A program that still runs may write a file between the removal of the files and that of their folder.
    eventually("its data is gone", lambda: run(lost, "sh", "-c", 'rm -rf "$0" && echo gone', data))
    lost.remove(force=True, v=True)
    name = f"{stack.name}-{service}-{index}"
    eventually(
        "another one is there",
        lambda: stack.client.containers.get(name),
        lambda new: new.id != lost.id and new.status == "running",
    )


def test_etcd_forms_a_cluster_grows_and_takes_a_member_back_that_lost_its_data(engine: docker.DockerClient, forge: Forge) -> None:
    image_of("etcd")
    forge.new("etcd-conf", "--set", "etcd_version=3.4.23")
    with running(engine, forge, "etcd") as stack:

        def members(count: int) -> list[str]:
            """The ids of the members, once so many have started and tell where their clients find them."""

            def listed() -> list[list[str]]:
                return [line.split(", ") for line in run(stack.container("etcd", 1), "etcdctl", "member", "list").splitlines()]

            found = eventually(
                f"{count} members",
                listed,
                lambda found: len(found) == count and all(len(each) == 6 and each[4] for each in found),
            )
            return sorted(each[0] for each in found)

        first = members(3)
        run(stack.container("etcd", 3), "etcdctl", "put", "word", "said")
        stack.up("--scale", "etcd=5")
        grown = members(5)
        assert set(first) < set(grown)
        last = stack.container("etcd", 5)
        # On a busy machine the engine loses what a command in a container says, so it is asked again.
        eventually("it has all", lambda: run(last, "etcdctl", "get", "word", "--print-value-only"), lambda said: said == "said\n")
        lose(stack, "etcd", 2, "/var/lib/etcd/member")
        eventually("the lost one is another member", lambda: members(5), lambda now: now != grown)
        second = stack.container("etcd", 2)
        eventually(
            "it has all", lambda: run(second, "etcdctl", "get", "word", "--print-value-only"), lambda said: said == "said\n"
        )
        assert len(set(members(5)) & set(grown)) == 4


def test_rabbitmq_forms_a_cluster_grows_and_takes_a_node_back_that_lost_its_data(
    engine: docker.DockerClient, forge: Forge
) -> None:
    image_of("rabbitmq")
    forge.new("rabbitmq-conf", "--set", "rabbitmq_version=3.10.8")
    with running(engine, forge, "rabbitmq", password="s3cret", cookie="ABCDEFGHIJKLMNOP") as stack:

        def nodes(count: int) -> None:
            def running_nodes() -> int:
                status = run(stack.container("rabbitmq", 1), "rabbitmqctl", "--quiet", "cluster_status")
                return status.partition("Running Nodes")[2].partition("Versions")[0].count("rabbit@")

            eventually(f"{count} nodes", running_nodes, lambda found: found == count)

        nodes(3)
        first = stack.container("rabbitmq", 1)
        run(first, "rabbitmqctl", "authenticate_user", "admin", "s3cret")
        run(first, "rabbitmqctl", "add_vhost", "word")
        before = [stack.container("rabbitmq", index).id for index in (1, 2, 3)]
        stack.up("--scale", "rabbitmq=5")
        nodes(5)
        assert [stack.container("rabbitmq", index).id for index in (1, 2, 3)] == before
        lose(stack, "rabbitmq", 2, "/var/lib/rabbitmq/mnesia")
        nodes(5)
        second = stack.container("rabbitmq", 2)
        eventually("it has all", lambda: run(second, "rabbitmqctl", "--quiet", "list_vhosts"), lambda said: "word" in said)


def test_consul_elects_a_leader_grows_and_takes_a_server_back_that_lost_its_data(
    engine: docker.DockerClient, forge: Forge
) -> None:
    image_of("consul")
    forge.new("consul-conf", "--set", "consul_version=1.9.17")
    spec = forge.catalog / "specs/consul-conf.yml"
    spec.write_text(spec.read_text().replace('  ports: ["${public_port}:8500"]\n', ""))  # three cannot have it on one machine
    forge("generate")
    with running(engine, forge, "consul") as stack:

        def voters(count: int) -> None:
            def alive() -> list[str]:
                listed = run(stack.container("consul", 1), "consul", "operator", "raft", "list-peers").splitlines()[1:]
                return [line.split()[3] for line in listed if line.split()[4] == "true"]

            eventually(f"{count} voters, one leader", alive, lambda seen: len(seen) == count and seen.count("leader") == 1)

        voters(3)
        run(stack.container("consul", 3), "consul", "kv", "put", "word", "said")
        stack.up("--scale", "consul=5")
        voters(5)
        last = stack.container("consul", 5)
        eventually("it has all", lambda: run(last, "consul", "kv", "get", "word"), lambda said: said == "said\n")
