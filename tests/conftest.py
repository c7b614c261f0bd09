"""The real programs that tests use: a Docker engine, a base image, confd, docker-compose, a browser.

A test asks by fixture, or by the marks ``engine``, ``confd``, ``compose`` and ``linters``. What cannot be had skips the test
with the reason; with ``CI=true`` it fails instead. The last line of a run says which programs were really used, by whichever
of the processes that pytest-xdist gives the tests to.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import docker
import pytest
from hypothesis import HealthCheck, settings

TOOLS = Path(__file__).parent.parent / "tools"
TEST_LABEL = "catalog-forge.test"
CONFD = "0.16.0"
# The files of tests/live that take longest, from a minute and a half on.
LONG = (
    *("test_zookeeper", "test_galera", "test_blueprints", "test_accepted", "test_sentinels", "test_stack_engine", "test_daily"),
    *("test_topologies", "test_image_engine", "test_up_semantics", "test_up", "test_software_stacks", "test_readme"),
)
FIXTURE_OF_MARK = {"engine": "engine", "confd": "confd", "compose": "docker_compose", "linters": "linters"}
MARK_OF_FIXTURE = {
    "chromium": "chromium",
    "engine": "engine",
    "base_image": "engine",
    "confd": "confd",
    "docker_compose": "compose",
    "linters": "linters",
}

_ACCOUNT = "account of real programs"
_USED = pytest.StashKey[dict[str, str]]()
_MISSING = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin the account of real programs, and say how tests invent their input: as on each run, or more in the second tier.

    On a busy machine an example takes as long as it takes.
    """
    config.stash[_USED] = {}
    config.stash[_MISSING] = {}
    # A shell starts what it runs in the background deaf to INT, and so would be what the tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("first tier", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("second tier", settings.get_profile("first tier"), derandomize=False, max_examples=2000)
    settings.load_profile("second tier" if config.getoption("--all") else "first tier")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a mark bring its fixture, and a fixture its mark, so that ``-m 'not engine'`` finds them all."""
    if not isinstance(item, pytest.Function):
        return
    for mark, fixture in FIXTURE_OF_MARK.items():
        if item.get_closest_marker(mark) and fixture not in item.fixturenames:
            item.fixturenames = [fixture, *item.fixturenames]  # the list is shared by all cases of a function
    for fixture, mark in MARK_OF_FIXTURE.items():
        if fixture in item.fixturenames:
            item.add_marker(mark)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the account of a worker to the process that sums up."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_ACCOUNT] = (session.config.stash[_USED], session.config.stash[_MISSING])


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    """Add the account of a worker that has ended; one that crashed leaves none, and its test has failed."""
    used, missing = getattr(node, "workeroutput", {}).get(_ACCOUNT, ({}, {}))
    node.config.stash[_USED].update(used)
    node.config.stash[_MISSING].update(missing)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests that wait, those of the longest files first, and leave the second tier to `make test-all`."""
    items.sort(key=lambda item: _turn(item.path))  # side by side, what begins last is waited for
    if config.getoption("--all"):
        return
    later = [item for item in items if item.get_closest_marker("second_tier")]
    if later:
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in set(later)]


def _turn(path: Path) -> int:
    if "live" not in path.parts:
        return len(LONG) + 1
    return LONG.index(path.stem) if path.stem in LONG else len(LONG)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line which real programs were used, and which were missing and why."""
    used = [f"{name} {what}" for name, what in config.stash[_USED].items()]
    missing = [f"NO {name} ({why})" for name, why in config.stash[_MISSING].items()]
    line = ", ".join(used + missing) or "none was asked for"
    terminalreporter.write_line(f"REAL PROGRAMS: {line}", bold=True, yellow=bool(missing))


def _missing(config: pytest.Config, name: str, why: str) -> NoReturn:
    """Skip the test, or fail it on a CI machine, where everything has to be there."""
    config.stash[_MISSING][name] = why
    if os.environ.get("CI") == "true":
        pytest.fail(f"no {name}: {why}", pytrace=False)
    pytest.skip(f"no {name}: {why}")


def _last_line(result: subprocess.CompletedProcess[str]) -> str:
    return (result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1]


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as problem:
        return subprocess.CompletedProcess(command, 127, "", str(problem))


def _left_behind(client: docker.DockerClient, label: str) -> list[str]:
    """What still carries ``label`` on the engine."""
    wanted: dict[str, str | list[str] | bool] = {"label": label}
    return [
        *(f"container {each.name}" for each in client.containers.list(all=True, filters=wanted)),
        *(f"network {each.name}" for each in client.networks.list(filters=wanted)),
        *(f"volume {each.name}" for each in client.volumes.list(filters=wanted)),
    ]


@pytest.fixture(scope="session")
def test_labels() -> dict[str, str]:
    """The labels that a test gives its containers, networks and volumes; the value differs from run to run."""
    return {TEST_LABEL: uuid.uuid4().hex}


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config, test_labels: dict[str, str]) -> Iterator[docker.DockerClient]:
    """A client of the engine that the environment names. Fails at the end if anything labelled is left behind."""
    asked = _run("docker", "version", "--format", "{{.Server.Version}}")  # says clearly why there is none
    if asked.returncode != 0:
        _missing(pytestconfig, "Docker engine", _last_line(asked))
    address = os.environ.get("DOCKER_HOST", "its default address")
    pytestconfig.stash[_USED]["Docker engine"] = f"{asked.stdout.strip()} at {address}"
    with closing(docker.from_env()) as client:
        yield client
        left = _left_behind(client, f"{TEST_LABEL}={test_labels[TEST_LABEL]}")
        assert not left, f"tests left behind on the engine: {', '.join(left)}"


@pytest.fixture(scope="session")
def base_image(pytestconfig: pytest.Config, engine: docker.DockerClient) -> str:
    """The tag of an image to build FROM, present on the engine."""
    result = _run(TOOLS / "base_image.sh")
    if result.returncode != 0:
        _missing(pytestconfig, "base image", _last_line(result))
    tag = "busybox:1.37.0"
    pytestconfig.stash[_USED]["base image"] = f"{tag} {engine.images.get(tag).short_id}"
    return tag


@pytest.fixture(scope="session")
def confd(pytestconfig: pytest.Config) -> Path:
    """The path of a real confd, 0.16.0 unless another is asked for, built on the first use if it has to be."""
    release = pytestconfig.getoption("--confd")
    result = _run(TOOLS / "confd.sh") if release == CONFD else _run(TOOLS / "confd_release.sh", release)
    if result.returncode != 0:
        _missing(pytestconfig, "confd", _last_line(result))
    path = Path(result.stdout.strip())
    pytestconfig.stash[_USED]["confd"] = f"{release} at {path}"
    return path


@pytest.fixture(scope="session")
def docker_compose(pytestconfig: pytest.Config) -> Path:
    """The path of docker-compose 1.29, the last client that reads these files as Rancher does."""
    found = shutil.which("docker-compose")
    if found is None:
        _missing(pytestconfig, "docker-compose", "not on PATH; Debian has it as docker-compose")
    version = _run(found, "version", "--short").stdout.strip()
    if not version.startswith("1.29."):
        _missing(pytestconfig, "docker-compose", f"{found} is {version or 'broken'}, not 1.29")
    pytestconfig.stash[_USED]["docker-compose"] = f"{version} at {found}"
    return Path(found)


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> tuple[str, str]:
    """The paths of Chromium and of its driver."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    for name, path in found.items():
        if path is None:
            _missing(pytestconfig, "Chromium", f"{name} is not on PATH; tools/chromium.sh installs it on Debian")
    browser, driver = (path for path in found.values() if path)
    pytestconfig.stash[_USED]["Chromium"] = f"{_run(browser, '--version').stdout.split()[1]} at {browser}"
    return browser, driver


@pytest.fixture(scope="session")
def linters(pytestconfig: pytest.Config) -> None:
    """See that hadolint and shellcheck are on PATH."""
    for name in ("hadolint", "shellcheck"):
        found = shutil.which(name)
        if found is None:
            _missing(pytestconfig, name, "not on PATH; the group `lint` of pyproject.toml brings it")
        pytestconfig.stash[_USED][name] = f"at {found}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the second tier, and the one that writes the expected trees anew."""
    releases = ("0.14.0", "0.15.0", CONFD, "HEAD")
    parser.addoption(
        "--confd", default=CONFD, choices=releases, help="the confd that plays the language: tests/confd, tests/formats"
    )
    parser.addoption("--all", action="store_true", help="run the second tier, too: what takes long to set up or to run")
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ anew from what is generated now")
