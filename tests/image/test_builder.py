"""Building and pushing on a real engine: what comes out, what is said, and that nothing is left behind."""

from __future__ import annotations

import base64
import http.server
import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_forge.errors import BuildError, EngineError
from catalog_forge.image import context
from catalog_forge.image.builder import DIGEST_LABEL, BuildRequest, build, build_all, push
from catalog_forge.image.engine import connect
from catalog_forge.image.stream import Done, Event, Output, Pushing, StepStarted
from catalog_forge.plan import File, Plan
from tests.conftest import TEST_LABEL
from tests.helpers import PATIENCE, said, tree
from tests.image import benches
from tests.image.benches import Bench, ignore
from tests.image.fake_engine import fake_engine, reply

bench = benches.bench


def test_the_digest_is_of_all_inputs_and_never_of_the_tags() -> None:
    base = BuildRequest(Plan([File("Dockerfile", b"FROM scratch")]), ("a:1",), {"K": "V"}, "linux/amd64", False, {"l": "1"})
    assert base.digest == replace(base, tags=("b:2",), no_cache=True, dockerfile="elsewhere").digest
    others = [
        replace(base, context=Plan([File("Dockerfile", b"FROM scratch", 0o755)])),
        replace(base, args={"K": "W"}),
        replace(base, platform=None),
        replace(base, labels={"l": "2"}),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 5


def test_a_build_gives_an_image_with_tags_labels_and_content(bench: Bench) -> None:
    request = replace(bench.two_stages(), tags=(bench.tag("one:1"), bench.tag("one:latest")))
    built = build(bench.engine, request, ignore)
    image = bench.client.images.get(bench.tag("one:1"))
    assert built.fresh and image.id == built.image_id
    assert set(image.tags) == set(request.tags)
    assert image.labels == {TEST_LABEL: bench.value, DIGEST_LABEL: request.digest}
    assert said(bench.client, image, ["cat", "/confd", "/file"]) == b"confd\nx"


def test_steps_and_output_are_reported_as_they_come(bench: Bench) -> None:
    events: list[Event] = []
    build(bench.engine, bench.two_stages(), events.append)
    steps = [event for event in events if isinstance(event, StepStarted)]
    assert [step.number for step in steps] == list(range(1, steps[0].total + 1))
    assert StepStarted(4, steps[0].total, "RUN echo confd > /confd && echo said by stage one") in steps
    assert events[-1] == Done(f"built {bench.tag('one:1')}")
    said = events.index(Output("said by stage one\n"))
    assert events[said - 1] == steps[3]


def test_build_arguments_reach_the_build(bench: Bench) -> None:
    request = replace(bench.request(bench.dockerfile("ARG WORD", "RUN echo $WORD > /word")), args={"WORD": "hello"})
    image = bench.client.images.get(build(bench.engine, request, ignore).image_id)
    assert said(bench.client, image, ["cat", "/word"]) == b"hello\n"


def test_a_second_build_costs_one_lookup(bench: Bench) -> None:
    first = build(bench.engine, bench.two_stages(), ignore)
    with bench.requests() as asked:
        second = build(bench.engine, bench.two_stages(), ignore)
    assert (second.image_id, second.fresh) == (first.image_id, False)
    assert len(asked) == 1 and asked[0].endswith("/json")


def test_a_second_build_adds_the_tags_that_are_missing(bench: Bench) -> None:
    first = build(bench.engine, bench.two_stages(), ignore)
    again = replace(bench.two_stages(), tags=(bench.tag("one:1"), bench.tag("other:2")))
    assert not build(bench.engine, again, ignore).fresh
    assert bench.client.images.get(bench.tag("other:2")).id == first.image_id


def test_without_cache_all_is_built_again(bench: Bench) -> None:
    first = build(bench.engine, bench.two_stages(), ignore)
    second = build(bench.engine, replace(bench.two_stages(), no_cache=True), ignore)
    assert second.fresh and second.image_id != first.image_id


def test_changed_builds_keep_the_cache_warm_and_leave_one_dangling_stage_at_most(bench: Bench) -> None:
    build(bench.engine, bench.two_stages("0"), ignore)
    stage = bench.images(dangling=True)
    assert len(stage) == 1
    for content in ("1", "2", "3"):
        events: list[Event] = []
        build(bench.engine, bench.two_stages(content), events.append)
        assert not any(isinstance(event, Output) for event in events), "stage one ran again"
    assert bench.images(dangling=True) == stage
    build(bench.engine, replace(bench.two_stages("3"), no_cache=True), ignore)
    assert bench.images(dangling=True) == stage


def test_a_replaced_image_stays_while_a_container_uses_it(bench: Bench) -> None:
    first = build(bench.engine, bench.two_stages("0"), ignore)
    container = bench.client.containers.create(first.image_id, ["true"], labels={TEST_LABEL: bench.value})
    try:
        build(bench.engine, bench.two_stages("1"), ignore)
        assert first.image_id in bench.images(dangling=True)
    finally:
        container.remove()


def test_an_image_of_somebody_else_under_the_tag_is_not_removed(bench: Bench) -> None:
    foreign = bench.request(bench.dockerfile("RUN echo foreign > /f"))
    image, _ = bench.client.images.build(
        fileobj=io.BytesIO(context.tar(foreign.context)),
        custom_context=True,
        tag=foreign.tags[0],
        rm=True,
        labels={TEST_LABEL: bench.value},
    )
    assert build(bench.engine, bench.two_stages(), ignore).fresh
    assert image.id in bench.images(dangling=True)


def test_a_failing_step_names_its_line_and_output_and_leaves_nothing(bench: Bench) -> None:
    lines = (
        "RUN echo fine > /fine",
        "# a comment",
        "RUN echo one; \\",
        "    printf '\\033[31mtwo'; \\",
        "    exit 7",
        "RUN true",
    )
    with pytest.raises(BuildError) as caught:
        build(bench.engine, bench.request(bench.dockerfile(*lines)), ignore)
    (problem,) = caught.value.problems
    assert str(problem.where) == "images/one/Dockerfile:5:1"
    assert "RUN echo one;" in problem.message and "exit code 7" in problem.message
    assert "\n  | one\n  | " in problem.message and "\x1b" not in problem.message
    assert caught.value.exit_code == 5
    assert (bench.images(), bench.containers()) == (set(), set())


def test_a_failing_build_keeps_the_cache_and_the_image_of_the_build_before(bench: Bench) -> None:
    before = build(bench.engine, bench.two_stages(), ignore)
    layers = bench.images()
    broken = bench.two_stages()
    dockerfile = broken.context.text("Dockerfile") + "RUN echo more > /more\nRUN false\n"
    with pytest.raises(BuildError):
        build(bench.engine, bench.request(dockerfile), ignore)
    assert bench.images() == layers
    assert bench.client.images.get(bench.tag("one:1")).id == before.image_id


def test_output_that_looks_like_the_builders_words_deletes_nothing(bench: Bench) -> None:
    victim = build(bench.engine, bench.two_stages(), ignore)
    stage = bench.images(dangling=True)
    words = [f"echo ' ---> {image.removeprefix('sha256:')[:12]}'" for image in (victim.image_id, *stage)]
    with pytest.raises(BuildError):
        build(bench.engine, bench.request(bench.dockerfile(f"RUN {'; '.join(words)}; false"), "two:1"), ignore)
    assert stage <= bench.images() and victim.image_id in bench.images()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("COPY nothing /x", "step 3 of .*nothing.*"),
        ("BOGUS x", "unknown instruction: BOGUS"),
        ("RUN /no/such/program", "step 3 of .*exit code 127\n  [|] .*not found"),
    ],
)
def test_an_instruction_that_cannot_work_is_an_error_at_its_line(bench: Bench, line: str, said: str) -> None:
    with pytest.raises(BuildError, match=f"images/one/Dockerfile:3:1: .*{said}"):
        build(bench.engine, bench.request(bench.dockerfile(line)), ignore)
    assert bench.images() == set()


def test_a_missing_base_image_is_an_error_that_names_it(bench: Bench) -> None:
    with pytest.raises(BuildError, match=r"Dockerfile:1:1: .*FROM 127.0.0.1:1/no/such:1.*\n  hint: the engine cannot reach"):
        build(bench.engine, bench.request("FROM 127.0.0.1:1/no/such:1\nRUN true\n"), ignore)


@pytest.mark.engine
def test_a_confd_that_cannot_be_downloaded_is_told_with_the_way_to_bring_one(bench: Bench) -> None:
    with pytest.raises(
        BuildError, match=r"Dockerfile:2:1: .*ADD http://127.0.0.1:1/confd.*\n  hint: use a local confd with `--confd FILE`"
    ):
        build(bench.engine, bench.request("FROM scratch\nADD http://127.0.0.1:1/confd /bin/\n"), ignore)


def test_a_bad_tag_is_an_error(bench: Bench) -> None:
    with pytest.raises(BuildError, match="invalid reference format"):
        build(bench.engine, replace(bench.two_stages(), tags=("UPPER CASE",)), ignore)


def test_builds_at_a_time_all_end_and_failures_take_nothing_from_the_others(bench: Bench) -> None:
    good = [bench.request(bench.two_stages().context.text("Dockerfile"), f"good{n}:1", str(n)) for n in range(3)]
    broken = bench.two_stages().context.text("Dockerfile") + "RUN exit 3\n"
    bad = [bench.request(broken, f"bad{n}:1", str(n)) for n in range(2)]
    outcomes = build_all(bench.engine, [bad[0], *good, bad[1]], lambda _: ignore, jobs=3)
    assert [isinstance(outcome, BuildError) for outcome in outcomes] == [True, False, False, False, True]
    assert all(len(bench.client.images.get(request.tags[0]).tags) == 1 for request in good)
    assert len(bench.images(dangling=True)) <= 3, "more than a first stage for each that was built"


def test_a_reporter_that_fails_ends_the_build_and_leaves_nothing(bench: Bench) -> None:
    def broken_pipe(event: Event) -> None:
        if event == Output("now\n"):
            raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError):
        build(bench.engine, bench.request(bench.dockerfile("RUN echo 1 > /1", "RUN echo now; sleep 900")), broken_pipe)
    assert (bench.images(), bench.containers()) == (set(), set())


INTERRUPTED = """
import sys
from catalog_forge.image.builder import BuildRequest, build_all
from catalog_forge.image.engine import connect
from catalog_forge.plan import File, Plan
context = Plan([File("Dockerfile", sys.stdin.buffer.read())])
with connect() as engine:
    requests = [BuildRequest(context, (f"{tag}:1",)) for tag in sys.argv[1:]]
    build_all(engine, requests, lambda _: lambda event: print(event, flush=True), jobs=2)
"""


def test_interrupted_builds_leave_nothing(bench: Bench) -> None:
    dockerfile = bench.dockerfile("RUN echo 1 > /1", "RUN echo sleeping; sleep 900")
    command = [sys.executable, "-c", INTERRUPTED, bench.tag("a"), bench.tag("b")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(dockerfile.encode())
        process.stdin.close()
        asleep = 0
        while asleep < 2:
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            asleep += b"text='sleeping" in line
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        assert b"KeyboardInterrupt" in process.stderr.read()
    assert (bench.images(), bench.containers()) == (set(), set())


X = BuildRequest(Plan([File("Dockerfile", b"FROM x\nRUN y\n")]), ("x:1",))


def streaming(*streams: bytes) -> Callable[[bytes, socket.socket], None]:
    """An engine without images, whose builds say these chunked streams, one after the other."""
    left_to_say = iter(streams)

    def answer(head: bytes, connection: socket.socket) -> None:
        if b"/build?" not in head:
            missing = b"/images/" in head
            return reply(
                connection, {"ApiVersion": "1.41", "message": "No such image: x"}, "404 Not Found" if missing else "200 OK"
            )
        size = re.search(rb"Content-Length: (\d+)", head)
        assert size
        left = int(size[1]) - len(head.partition(b"\r\n\r\n")[2])
        while left:  # until all of the context has come
            left -= len(connection.recv(left))
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + next(left_to_say))
        return None

    return answer


def chunk(**message: object) -> bytes:
    line = json.dumps(message).encode()
    return b"%x\r\n%s\r\n" % (len(line), line)


def test_an_engine_that_dies_during_the_build_is_an_engine_error(tmp_path: Path) -> None:
    events: list[Event] = []
    broken = pytest.raises(EngineError, match="cannot build x:1: the Docker engine at .* closed the connection")
    dies = streaming(chunk(stream="Step 1/2 : FROM x") + b"40\r\n{")
    with fake_engine(tmp_path / "s", dies) as host, connect({"DOCKER_HOST": host}) as engine, broken as caught:
        build(engine, X, events.append)
    assert events == [StepStarted(1, 2, "FROM x")]
    assert caught.value.exit_code == 4


PRUNED = f'unable to find image "sha256:{"a" * 64}"\n'
FAILS = chunk(stream="Step 1/2 : FROM x") + chunk(error=PRUNED, errorDetail={"message": PRUNED}) + b"0\r\n\r\n"
WORKS = (
    chunk(stream="Step 1/2 : FROM x")
    + chunk(aux={"ID": f"sha256:{'b' * 64}"})
    + chunk(stream="Successfully tagged x:1\n")
    + b"0\r\n\r\n"
)


def test_a_build_whose_cached_image_is_removed_meanwhile_is_begun_once_more(tmp_path: Path) -> None:
    with fake_engine(tmp_path / "a", streaming(FAILS, WORKS)) as host, connect({"DOCKER_HOST": host}) as engine:
        assert build(engine, X, ignore).image_id == f"sha256:{'b' * 64}"
    gone = pytest.raises(BuildError, match="unable to find image")
    with fake_engine(tmp_path / "b", streaming(FAILS, FAILS)) as host, connect({"DOCKER_HOST": host}) as engine, gone:
        build(engine, X, ignore)


@pytest.mark.filterwarnings("ignore:docker-credential-nonesuch")
def test_a_credential_helper_that_does_not_work_is_named(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tree(tmp_path, {"config.json": '{"credsStore": "nonesuch"}'})))
    with connect() as engine, pytest.raises(BuildError, match=r"docker-credential-nonesuch.*\n  hint: .*config.json"):
        build(engine, bench.two_stages(), ignore)


class Registry(http.server.BaseHTTPRequestHandler):
    """A registry that wants a password, and then refuses anyway."""

    def do_GET(self) -> None:
        """Answer every question alike."""
        known = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"jo:secret").decode()
        code, word = (403, "DENIED") if known else (401, "UNAUTHORIZED")
        body = json.dumps({"errors": [{"code": word, "message": f"{word.lower()}: not in this registry"}]}).encode()
        self.send_response(200 if known and self.path == "/v2/" else code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def registry() -> Iterator[str]:
    """The address of a registry that refuses every push."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("password", "word"), [("", "no basic auth credentials"), ("wrong", "unauthorized"), ("secret", "denied")]
)
def test_a_refused_push_is_an_error_with_the_registrys_words(
    bench: Bench, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, word: str
) -> None:
    auth = base64.b64encode(f"jo:{password}".encode()).decode()
    tree(tmp_path, {"config.json": json.dumps({"auths": {registry: {"auth": auth}} if password else {}})})
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    tag = f"{registry}/{bench.value}/x:1"
    build(bench.engine, replace(bench.two_stages(), tags=(tag,)), ignore)
    events: list[Event] = []
    with connect() as engine, pytest.raises(BuildError, match=f"cannot push {tag}: .*{word}") as caught:
        push(engine, tag, events.append)
    assert caught.value.exit_code == 5
    assert {type(event) for event in events} <= {Pushing}


def test_a_push_to_a_registry_that_is_not_there_is_an_error(bench: Bench) -> None:
    tag = f"127.0.0.1:1/{bench.value}/x:1"
    build(bench.engine, replace(bench.two_stages(), tags=(tag,)), ignore)
    with pytest.raises(BuildError, match="connection refused"):
        push(bench.engine, tag, ignore)


def test_a_push_of_an_image_that_is_not_there_is_an_error(bench: Bench) -> None:
    with pytest.raises(BuildError, match="127.0.0.1:1/none"):
        push(bench.engine, "127.0.0.1:1/none:1", ignore)
