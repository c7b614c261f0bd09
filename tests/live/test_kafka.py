"""Kafka of the shipped blueprint, under a client that writes: what was acknowledged is there when brokers were killed."""

from __future__ import annotations

import json
import re
import shlex

import docker
import pytest

from tests.live.software import TAGS, Forge, RunningStack, eventually, image_of, run, running

pytestmark = [pytest.mark.engine, pytest.mark.second_tier]
TOPIC = "proof"


def tool(name: str, *words: str) -> list[str]:
    """The command line of a tool of Kafka's own, within a broker."""
    servers = ["--bootstrap-server", "kafka:9092"]
    return ["java", "-Xmx64m", "-cp", "/opt/kafka/libs/*", f"org.apache.kafka.tools.{name}", *servers, *words]


def in_sync(stack: RunningStack) -> list[int]:
    """How many brokers have all of each partition of the topic."""
    said = run(stack.container("kafka", 1), *tool("TopicCommand", "--describe", "--topic", TOPIC))
    return [len(found.split(",")) for found in re.findall(r"\bIsr: ([0-9,]+)", said)]


def test_kafka_keeps_what_it_acknowledged_when_one_broker_after_the_other_is_killed(
    engine: docker.DockerClient, forge: Forge
) -> None:
    """acks=all of three copies, of which two must have a record: each broker leads some of the partitions."""
    image_of("kafka"), image_of("zookeeper")
    forge.new("kafka-conf", "--set", "brokers=3")
    beside = ("--beside", f"zk/zookeeper={TAGS['zookeeper']}")
    with running(engine, forge, "kafka", *beside, zookeeper="zk/zookeeper", heap_size="256m") as stack:
        first = stack.container("kafka", 1)
        topic = ["--create", "--if-not-exists", "--topic", TOPIC, "--partitions", "6", "--replication-factor", "3"]
        eventually("a topic on three brokers", lambda: run(first, *tool("TopicCommand", *topic)), lambda _: True)
        eventually("all are in sync", lambda: in_sync(stack), lambda found: found == [3] * 6)
        settings = run(first, "cat", "/etc/kafka-broker/server.properties")
        assert re.search(r"^min\.insync\.replicas=2$", settings, re.MULTILINE), settings

        produce = shlex.join(tool("VerifiableProducer", "--topic", TOPIC, "--throughput", "50", "--acks", "-1"))
        first.exec_run(["sh", "-c", f"echo $$ >/tmp/writes && exec {produce} >/tmp/written 2>&1"], detach=True)

        def acknowledged() -> set[str]:
            written = run(first, "cat", "/tmp/written")
            lines = [line for line in written.splitlines() if '"producer_send_success"' in line and line.endswith("}")]
            return {json.loads(line)["value"] for line in lines}

        def wait_for_more(many: int = 200) -> None:
            wanted = len(acknowledged()) + many
            eventually(f"{many} more records", lambda: len(acknowledged()), lambda now: now >= wanted)

        eventually("it writes", acknowledged)
        for index in (2, 3):
            wait_for_more()
            broker = stack.container("kafka", index)
            before = broker.attrs["State"]["StartedAt"]
            broker.kill("SIGKILL")
            wait_for_more()
            eventually(
                "it has been started again",
                lambda index=index: stack.container("kafka", index).attrs["State"]["StartedAt"],
                lambda now, before=before: now != before,
            )
            eventually("all are in sync again", lambda: in_sync(stack), lambda found: found == [3] * 6)
        wait_for_more()
        run(first, "sh", "-c", "kill -TERM $(cat /tmp/writes); while kill -0 $(cat /tmp/writes) 2>/dev/null; do sleep 0.2; done")

        ends = run(first, *tool("GetOffsetShell", "--topic", TOPIC, "--time", "latest"))
        many = sum(map(int, re.findall(rf"^{TOPIC}:[0-9]+:([0-9]+)$", ends, re.MULTILINE)))
        reader = ["--topic", TOPIC, "--from-beginning", "--max-messages", str(many)]
        kept = {line for line in run(first, *tool("consumer.ConsoleConsumer", *reader)).splitlines() if line.isdigit()}
        lost = acknowledged() - kept
        assert not lost, f"{len(lost)} records were acknowledged and are lost: {sorted(lost, key=int)[:20]}"
        refused = run(first, "cat", "/tmp/written").count("producer_send_error")
        print(f"{len(acknowledged())} records acknowledged, {refused} refused, {many} kept")
