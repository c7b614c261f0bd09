"""What the shipped blueprints render is accepted by the programs themselves, for one node and for three, and at every moment.

A row of the table is a blueprint, and what its program, or the checker that comes with it, is asked. Each row fails when one line
of the template is broken: that is tried, too.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner
from docker.models.containers import Container

from catalog_forge.cli.main import root
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.repository import Repository
from catalog_forge.spec import launching
from catalog_forge.verify import play, view
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.observation import Seen
from tests.live.software import image_of

pytestmark = pytest.mark.engine
Start = Callable[[str], Container]


@dataclass(frozen=True)
class Row:
    """A blueprint, a shell command that succeeds and says `told` when the program takes the files, and a line to break.

    `image` is one of tools/software.sh. In the command, EXEC is what starts the program by the spec. `scaled` is the service
    whose number is set to one and three; default: the one that asks. `moments`: whether it is asked at each moment, too;
    `scenario`: of this one alone. `answers` are those to the blueprint's questions. What is `slow` belongs to the second tier.
    """

    blueprint: str
    image: str
    command: str
    told: str
    line: str
    broken: str
    scaled: str = ""
    moments: bool = True
    scenario: str = ""
    answers: tuple[str, ...] = ()
    slow: bool = False


def serving(ask: str, more: str = "true") -> str:
    """A command that starts the program, asks until there is an answer or the program has ended, and then asks once more."""
    failed = "{ cat /tmp/log; exit 1; }"
    asked = f"until {ask}; do kill -0 $! || {failed}; sleep 0.2; done; {more}"
    # Emptied first: what the program before it said would answer until this one has opened the file.
    return f": >/tmp/log; EXEC >/tmp/log 2>&1 & {asked}; code=$?; kill $!; wait; exit $code"


def elasticsearch(version: str) -> Row:
    """Elasticsearch up to what it demands of the host, which may be more than the machine of the test has."""
    lacks = "! grep -E '^\\[[0-9]+\\]: ' /tmp/log | grep -vE 'file descriptors|virtual memory areas|number of threads'"
    return Row(
        "elasticsearch-conf", f"elasticsearch{version[0]}",
        "export ES_JAVA_OPTS='-Xms256m -Xmx256m -XX:TieredStopAtLevel=1'; "
        + serving("grep -q 'enforcing bootstrap checks' /tmp/log", f"sleep 2; cat /tmp/log; {lacks}"),
        "enforcing bootstrap checks",
        "discovery.zen.minimum_master_nodes:", "discovery.zen.minimum_master_node:", moments=False,
        answers=(f"elasticsearch_version={version}",), slow=True,
    )  # fmt: skip


# The routes of traefik come after it answers; without a route it is 404.
NOBODY = "nobody() { curl -s -o /dev/null -w '%{http_code}' -H 'Host: nobody.invalid' http://127.0.0.1:8000/; }"
ROWS = (
    Row("nginx-conf", "nginx", "nginx -t", "test is successful", "server_name @{", "server_nam @{", "web"),
    Row(
        "haproxy-conf", "haproxy", "haproxy -c -f /usr/local/etc/haproxy/haproxy.cfg", "Configuration file is valid",
        "balance @{", "balances @{", "web",
    ),
    Row(
        "prometheus-conf", "prometheus", "promtool check config /etc/prometheus/prometheus.yml", "is valid prometheus config",
        "- job_name: containers", "- job: containers", "web", scenario="targets",
    ),
    Row(
        "prometheus-conf", "prometheus",
        serving("curl -sf http://127.0.0.1:9090/-/ready", "curl -sf -X POST http://127.0.0.1:9090/-/reload"), "is Ready",
        "scrape_interval:", "scrape_intervall:", "web", moments=False, scenario="targets",
    ),
    Row(
        "prometheus-conf", "prometheus", "amtool check-config /etc/prometheus/alertmanager.yml", "SUCCESS",
        "- name: default", "- nam: default", scenario="alerts",
    ),
    Row(
        "rabbitmq-conf", "rabbitmq",
        "rm -rf /var/lib/rabbitmq/*; chown -R 999:999 /etc/rabbitmq; export RABBITMQ_NODENAME=rabbit@queue-rabbitmq-1; "
        "echo 127.0.0.1 queue-rabbitmq-1 >>/etc/hosts; "
        "echo cluster_formation.discovery_retry_limit = 1 >/etc/rabbitmq/conf.d/90-alone.conf; "
        # The log is complete before others may ask: a node that is not yet known as running is asked again.
        + serving("grep -q 'startup complete' /tmp/log && rabbitmqctl environment >/tmp/said 2>&1", "cat /tmp/said"),
        "{cluster_partition_handling,pause_minority}", "pause_minority", "pause_minorities", moments=False,
    ),
    Row(
        "etcd-conf", "etcd",
        "echo 127.0.0.1 store-etcd-1 store-etcd-2 store-etcd-3 >>/etc/hosts; rm -rf /var/lib/etcd/*; "
        "named=$(grep -o :2380, /etc/etcd/members.env | wc -l); "
        + serving("[ $(grep -c 'added member' /tmp/log) -gt $named ]", "echo all are members"),
        "all are members", "http://@{it.name}:2380", "@{it.name}:2380", moments=False,
    ),
    Row(
        "zookeeper-conf", "zookeeper",
        "cp /etc/zookeeper/myid /data/myid; " + serving("grep -q 'binding to port' /tmp/log", "cat /tmp/log"), "binding to port",
        "dataDir: /data", "dataFolder: /data", moments=False,
    ),
    Row(
        "galera-conf", "programs", "mariadbd --defaults-file=/etc/galera/galera.cnf --wsrep-on=OFF --verbose --help",
        "gcomm://10.42.1.", "innodb_autoinc_lock_mode: 2", "innodb_autoinc_mode: 2",
    ),
    Row(
        "kafka-conf", "kafka",
        "export KAFKA_HEAP_OPTS=-Xmx256m; " + serving("grep -q 'Initiating client connection' /tmp/log", "cat /tmp/log"),
        "connectString=",
        'broker.id: "@{self.index}"', 'broker.id: "@{self.name}"', moments=False, slow=True,
    ),
    elasticsearch("5.6.16"),
    elasticsearch("6.8.23"),
    Row(
        "consul-conf", "consul", "consul validate /consul/config", "Configuration is valid!", "server: true", "servers: true",
        slow=True,
    ),
    # Of a host without a back end it knows by its routes alone that there is none now.
    Row(
        "traefik-conf", "traefik",
        serving(
            "curl -sf http://127.0.0.1:8080/ping",
            f"{NOBODY}; until grep ERR /tmp/log || [ $(nobody) != 404 ]; do sleep 0.2; done; ! grep ERR /tmp/log && nobody",
        ),
        "503", "loadBalancer:\n", "loadBalancers:\n", "shop/web",
    ),
)  # fmt: skip


each_row = pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"{row.blueprint}-{number}", marks=pytest.mark.second_tier if row.slow else ())
        for number, row in enumerate(ROWS)
    ],
)


@pytest.fixture
def start(engine: docker.DockerClient, test_labels: dict[str, str]) -> Iterator[Start]:
    """Start a container in which a program can be asked."""
    with ExitStack() as made:

        def start(image: str) -> Container:
            # Programs listen on the addresses that the scenario gives them, which are not the container's.
            free = {"net.ipv4.ip_nonlocal_bind": "1"}
            container = engine.containers.run(
                image, ["sleep", "600"], entrypoint=[], detach=True, init=True, labels=test_labels, sysctls=free
            )
            made.callback(container.remove, force=True, v=True)
            return container

        yield start


def packed(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """Files by their paths, and the folders that they lie in."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path, (content, mode) in files.items():
            file = tarfile.TarInfo(path.lstrip("/"))
            file.mode, file.size = mode, len(content)
            archive.addfile(file, io.BytesIO(content))
    return written.getvalue()


def made(folder: Path, row: Row, old: str = "", new: str = "") -> tuple[Row, list[Seen]]:
    """What the blueprint's own scenarios render: at their start with one and three nodes, and at each of their moments.

    With it goes the row, whose command knows now what starts the program.
    """
    answers = [word for answer in row.answers for word in ("--set", answer)]
    done = CliRunner().invoke(root, ["-C", str(folder), "new", row.blueprint, "--no-input", "--no-build", *answers])
    assert done.exit_code == 0, done.output
    written = folder / f"specs/{row.blueprint}.yml"
    text = written.read_text()
    assert old in text, f"the line to break is not there: {old}"
    written.write_text(text.replace(old, new, 1))
    source = Repository(folder).source(row.blueprint)
    spec = source.spec()
    start = shlex.join(spec.launch.command)
    if any(file.dest == f"/opt/{spec.name}/launch" for file in launching.rendered(spec)):  # what the metadata say is in a file
        start = f'(set -- {start}; . /opt/{spec.name}/launch; exec "$@")'
    row = replace(row, command=row.command.replace("EXEC", start))
    cases = play.cases(spec, source.folder, row.scenario and [row.scenario])
    return row, different(seen for case in cases for seen in rendered(case, row))


def rendered(case: play.Case, row: Row) -> Iterator[Seen]:
    """What a scenario renders when one and three containers of a service are there, and then from moment to moment."""
    first = case.scenario.moments[0]
    alone, three = (scaled(first, row.scaled, count) for count in (1, 3))
    for moments in ([alone], [three], case.scenario.moments if row.moments else ()):
        views = (view.of_moment(moment, number, case.subject.version) for number, moment in enumerate(moments))
        yield from Embedded().play(case.subject, views)


def different(every: Iterable[Seen]) -> list[Seen]:
    """The first of all that have the same files: a program says the same of them."""
    found: dict[object, Seen] = {}
    for seen in every:
        found.setdefault(tuple(sorted((dest, file.content, file.mode or 0) for dest, file in seen.files.items())), seen)
    return [*found.values()]


def scaled(moment: Moment, service: str, count: int) -> Moment:
    """A moment with so many containers of a service; of the one that asks, when none is named."""
    assert moment.asking and moment.asking.launch
    stack = moment.environment.stacks[0]
    wanted = service or moment.asking.launch.service.name
    services = tuple(each.scaled(count) if each.name == wanted else each for each in stack.services)
    environment = replace(moment.environment, stacks=(replace(stack, services=services), *moment.environment.stacks[1:]))
    return replace(moment, environment=environment).asked_by(moment.asking.name)


def answer(container: Container, row: Row, seen: Seen) -> tuple[bool, str]:
    """Whether the program takes what was rendered, and what it says."""
    container.put_archive("/", packed({dest: (file.content, file.mode or 0o644) for dest, file in seen.files.items()}))
    # By way of a file: a busy engine gives up on what is said last (moby waits two seconds for the output of an exec).
    code = container.exec_run(["timeout", "600", "bash", "-c", f"exec >/tmp/answer 2>&1; {row.command}"]).exit_code
    pieces, _ = container.get_archive("/tmp/answer")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        file = archive.extractfile("answer")
        assert file
        said = file.read().decode(errors="replace")
    return code == 0 and row.told in said, f"{said}\nexit status {code}"


@each_row
def test_a_program_accepts_what_its_blueprint_renders(row: Row, start: Start, tmp_path: Path) -> None:
    container = start(image_of(row.image))
    row, rendered = made(tmp_path, row)
    for seen in rendered:
        accepted, said = answer(container, row, seen)
        assert accepted, said


@each_row
def test_a_program_refuses_a_broken_line(row: Row, start: Start, tmp_path: Path) -> None:
    container = start(image_of(row.image))
    row, (broken, *_) = made(tmp_path, row, row.line, row.broken)
    accepted, said = answer(container, row, broken)
    assert not accepted, said
