"""Containers on a real engine: what is asked for is made, with no more rights than it needs, and all of it goes again."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from catalog_forge.errors import BuildError, EngineError, ForgeError
from catalog_forge.image import containers
from catalog_forge.image.builder import BuildRequest, build
from catalog_forge.image.containers import Container, Network, Run, State, Wanted, has_image
from catalog_forge.image.engine import Engine, connect
from catalog_forge.plan import Plan
from tests.helpers import PATIENCE, eventually
from tests.image.fake_engine import fake_engine, hang_up, reply

SLEEP = ("sleep", "600")
DEAF = ("sh", "-c", "trap '' TERM; while :; do sleep 1; done")


@pytest.fixture
def ours(engine: docker.DockerClient) -> Iterator[Engine]:  # noqa: ARG001 (it says when there is none)
    with connect() as ours:
        yield ours


@pytest.fixture
def run(ours: Engine) -> Iterator[Run]:
    with Run(ours, "test") as run:
        yield run


@pytest.fixture(scope="module")
def with_volume(base_image: str, engine: docker.DockerClient, test_labels: dict[str, str]) -> Iterator[str]:
    """An image that declares a volume with a file in it."""
    plan, tag = Plan(), f"cf-containers/{uuid.uuid4().hex}:1"
    plan.add_text("Dockerfile", f"FROM {base_image}\nRUN mkdir /data && echo kept >/data/file\nVOLUME /data\n")
    with connect() as ours:
        build(ours, BuildRequest(plan, (tag,), labels=test_labels), lambda _: None)
    yield tag
    engine.images.remove(tag, force=True)


def network_with_addresses(run: Run) -> Network:
    """A network whose subnet is chosen, as it must be where containers choose their addresses; some may be taken."""
    for number in random.sample(range(256), 8):
        with suppress(BuildError):
            return run.network(f"network-{number}", f"10.198.{number}.0/24")
    raise AssertionError("no subnet is free")


def left(client: docker.DockerClient, run: Run) -> list[str]:
    wanted = {"label": f"{containers.RUN_LABEL}={run.id}"}
    return [each["Id"] for each in client.api.containers(all=True, filters=wanted) + client.api.networks(filters=wanted)]


def test_everything_of_a_run_carries_its_labels(run: Run, engine: docker.DockerClient, base_image: str) -> None:
    network = run.network()
    made = run.container(Wanted("one", base_image, network=network))
    expected = {"catalog-forge": "test", "catalog-forge.run": run.id}
    assert engine.networks.get(network.id).attrs["Labels"] == expected
    assert engine.containers.get(made.id).labels == expected


@pytest.mark.parametrize("end", [None, ValueError, KeyboardInterrupt, GeneratorExit])
def test_nothing_is_left_of_a_run_however_it_ends(
    ours: Engine, engine: docker.DockerClient, with_volume: str, end: type[BaseException] | None
) -> None:
    volumes = {each.name for each in engine.volumes.list()}
    try:
        with Run(ours, "test") as run:
            first = run.container(Wanted("first", with_volume, command=DEAF, network=run.network()))
            second = run.container(Wanted("second", with_volume, command=SLEEP, network=first, volumes_from=(first,)))
            first.start()
            second.start()
            mounts = {mount["Name"] for mount in engine.containers.get(first.id).attrs["Mounts"]}
            assert mounts and not mounts & volumes
            if end:
                raise end
    except (ValueError, KeyboardInterrupt, GeneratorExit) as error:
        assert type(error) is end
    assert not left(engine, run)
    assert not mounts & {each.name for each in engine.volumes.list()}


@pytest.mark.parametrize("call", ["create_container", "create_network"])
def test_what_an_interrupted_call_has_made_is_removed(
    ours: Engine, engine: docker.DockerClient, base_image: str, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    asked: Callable[..., Any] = getattr(ours.api, call)

    def interrupted(*arguments: Any, **options: Any) -> None:
        asked(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(ours.api, call, interrupted)
    with pytest.raises(KeyboardInterrupt), Run(ours, "test") as run:
        _ = run.network() if call == "create_network" else run.container(Wanted("one", base_image))
    assert not left(engine, run)


def test_an_engine_that_goes_away_does_not_hide_the_first_error(tmp_path: Path) -> None:
    def answer(head: bytes, connection: Any) -> None:
        if head.startswith(b"GET /version"):
            reply(connection, {"ApiVersion": "1.41"})
        else:
            hang_up(head, connection)

    with fake_engine(tmp_path / "socket", answer) as host, connect({"DOCKER_HOST": host}) as ours:
        with pytest.raises(ValueError, match="first"), Run(ours, "test"):
            raise ValueError("first")
        with pytest.raises(EngineError, match="closed the connection"), Run(ours, "test"):
            pass


@pytest.mark.parametrize("status", ["409 Conflict", "400 Bad Request"])
@pytest.mark.parametrize("end", ["404 Not Found", "204 No Content"])
def test_a_removal_waits_for_another_removal_of_the_same_container(tmp_path: Path, status: str, end: str) -> None:
    answers = [*[status] * 5, end]

    def answer(head: bytes, connection: Any) -> None:
        if head.startswith(b"GET /version"):
            reply(connection, {"ApiVersion": "1.41"})
        else:
            now = answers.pop(0)
            reply(connection, {"message": "removal of container abc is already in progress" if now == status else "gone"}, now)

    with fake_engine(tmp_path / "socket", answer) as host, connect({"DOCKER_HOST": host}) as ours:
        Container(ours, "abc", "web-1").remove()
    assert not answers


def test_a_removal_that_the_engine_refuses_or_that_never_ends_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_OTHERS_REMOVAL", 0.3)
    messages = iter(["driver failed to remove the files", *["removal of container abc is already in progress"] * 99])

    def answer(head: bytes, connection: Any) -> None:
        if head.startswith(b"GET /version"):
            reply(connection, {"ApiVersion": "1.41"})
        else:
            reply(connection, {"message": next(messages)}, "409 Conflict")

    with fake_engine(tmp_path / "socket", answer) as host, connect({"DOCKER_HOST": host}) as ours:
        for words in ("failed to remove the files", "already in progress"):
            with pytest.raises(BuildError, match=words):
                Container(ours, "abc", "web-1").remove()


def test_a_container_has_no_rights_beyond_the_usual_and_its_limits(
    run: Run, engine: docker.DockerClient, base_image: str
) -> None:
    made = run.container(Wanted("one", base_image, network=run.network(), memory=64 << 20, pids=20))
    host = engine.containers.get(made.id).attrs["HostConfig"]
    assert (host["Privileged"], host["Binds"], host["CapAdd"], host["Devices"]) == (False, None, None, None)
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Memory"], host["PidsLimit"]) == (64 << 20, 20)
    assert not host["PortBindings"] and not host["PidMode"] and host["IpcMode"] == "private"


def test_proxies_of_the_clis_configuration_do_not_get_into_containers(
    engine: docker.DockerClient, base_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"proxies": {"default": {"httpProxy": "http://192.0.2.1:3128"}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with connect() as ours, Run(ours, "test") as run:
        made = run.container(Wanted("one", base_image, environment={"A": "b"}))
        environment = engine.containers.get(made.id).attrs["Config"]["Env"]
    assert "A=b" in environment
    assert not [each for each in environment if "proxy" in each.lower()]


def test_containers_of_a_network_find_each_other_by_alias_and_the_gateway_by_its_name(run: Run, base_image: str) -> None:
    network = network_with_addresses(run)
    address = network.gateway.removesuffix(".1") + ".9"
    found = run.container(Wanted("found", base_image, command=SLEEP, network=network, address=address, aliases=("es", "es-1")))
    asking = run.container(Wanted("asking", base_image, command=SLEEP, network=network, hosts={"meta": network.gateway}))
    found.start()
    asking.start()
    status, said = asking.run("sh", "-c", "nslookup es-1. && cat /etc/hosts")
    assert (status, address in said, f"{network.gateway}\tmeta" in said) == (0, True, True), said


def test_a_container_that_shares_a_network_has_the_address_of_the_other(run: Run, base_image: str) -> None:
    first = run.container(Wanted("first", base_image, command=SLEEP, network=run.network()))
    second = run.container(Wanted("second", base_image, command=SLEEP, network=first))
    first.start()
    second.start()
    assert second.run("ip", "-4", "-o", "addr") == first.run("ip", "-4", "-o", "addr")


def test_a_container_without_a_network_has_none(run: Run, base_image: str) -> None:
    alone = run.container(Wanted("alone", base_image, command=SLEEP))
    alone.start()
    assert "eth0" not in alone.run("ip", "link")[1]


def test_a_file_is_read_with_its_mode_and_owner_from_a_container_that_runs_and_one_that_does_not(
    run: Run, base_image: str
) -> None:
    command = ("sh", "-c", "printf '\\0\\377text' >/file; chown 7:8 /file; chmod 4750 /file; exec sleep 600")
    made = run.container(Wanted("one", base_image, command=command))
    assert made.read("/file") is None
    made.start()
    while made.run("stat", "-c", "%a", "/file") != (0, "4750\n"):
        pass
    running = made.read("/file")
    made.stop(0)
    assert running == made.read("/file") == containers.Copied(b"\0\xfftext", 0o4750, 7, 8)


def test_what_is_no_file_is_not_read(run: Run, base_image: str) -> None:
    made = run.container(Wanted("one", base_image))
    assert made.read("/etc") is None
    assert made.read("/no/such/folder/file") is None


def test_a_file_that_is_too_large_is_refused(run: Run, base_image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run.container(Wanted("one", base_image))
    monkeypatch.setattr(containers, "MAX_FILE", 1 << 20)
    with pytest.raises(ForgeError, match=r"one:/bin/busybox is larger than 1 MiB"):
        made.read("/bin/busybox")
    assert made.read("/etc/passwd")


def test_a_commands_status_and_words_come_back(run: Run, base_image: str) -> None:
    made = run.container(Wanted("one", base_image, command=SLEEP))
    made.start()

    def ended() -> list[str]:
        status, said = made.run("sh", "-c", "echo out; echo err >&2; exit 3")
        assert status == 3
        return sorted(said.split())  # two streams have no order between them

    # A busy engine gives up on what is said last (moby waits two seconds for the output of an exec).
    assert eventually(lambda: ended() == ["err", "out"])


def test_the_log_holds_both_streams_of_all_starts(run: Run, base_image: str) -> None:
    made = run.container(Wanted("one", base_image, entrypoint=("sh", "-c"), command=("echo out; echo err >&2; exit 4",)))
    for _ in range(2):
        made.start()
        while made.state().running:
            pass
    assert made.state() == State(running=False, status=4)
    assert sorted(made.logs().split()) == ["err", "err", "out", "out"]


@pytest.mark.parametrize(("trap", "seconds", "status"), [("''", 1, 137), ("'exit 9'", PATIENCE, 9)])
def test_stopping_tells_whether_force_was_needed(run: Run, base_image: str, trap: str, seconds: int, status: int) -> None:
    command = ("sh", "-c", f"trap {trap} TERM; touch /trapped; while :; do sleep 0.1; done")
    made = run.container(Wanted("one", base_image, command=command))
    made.start()
    made.run("sh", "-c", "until [ -e /trapped ]; do sleep 0.1; done")
    assert made.stop(seconds) == State(running=False, status=status)


def test_removing_twice_is_no_error(run: Run, base_image: str) -> None:
    made = run.container(Wanted("one", base_image))
    made.remove()
    made.remove()


def test_an_unknown_image_is_named(run: Run, ours: Engine, base_image: str) -> None:
    assert has_image(ours, base_image)
    assert not has_image(ours, "cf-containers/unknown:1")
    with pytest.raises(BuildError, match=r"cannot create container catalog-forge-\w+-one: .*cf-containers/unknown:1"):
        run.container(Wanted("one", "cf-containers/unknown:1"))


def test_a_taken_address_is_named(run: Run, base_image: str) -> None:
    network = network_with_addresses(run)
    address = network.gateway.removesuffix(".1") + ".9"
    for name in ("one", "two"):
        last = run.container(Wanted(name, base_image, command=SLEEP, network=network, address=address))
        if name == "one":
            last.start()
    with pytest.raises(BuildError, match=r"cannot start container catalog-forge-\w+-two: .*[Aa]ddress already in use"):
        last.start()
