"""The real confd against the service."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.scenario import read
from catalog_forge.metadata.service.answers import DEFAULT, Answers, Entry
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.metadata.service.wire import Request
from tests.helpers import PATIENCE, eventually, tree

pytestmark = pytest.mark.confd

SCENARIO = """
stack: Search
hosts: 2
services:
  Elastic: {scale: 3, metadata: {cluster.name: es}, sidekicks: [elastic-conf]}
"""
BY_NAME = """\
{{range gets "/self/service/containers/*"}}\
{{getv (printf "/containers/%s/primary_ip" .Value)}}
{{end}}"""
BY_OBJECT = """\
{{range ls "/self/service/containers"}}\
{{getv (printf "/self/service/containers/%s/primary_ip" .)}}
{{end}}"""
NAMES = """\
cluster.name: {{getv "/self/service/metadata/cluster.name"}}
node.name: {{getv "/self/container/name"}}
"""
PEERS = "10.42.1.11\n10.42.1.12\n10.42.1.13\n"


def confdir(root: Path, template: str, *keys: str) -> Path:
    """A folder of confd with one resource that writes `out` beside it."""
    listed = ", ".join(f'"{key}"' for key in keys)
    resource = f'[template]\nsrc = "out.tmpl"\ndest = "{root / "out"}"\nkeys = [{listed}]\n'
    return tree(root, {"conf.d/out.toml": resource, "templates/out.tmpl": template})


def command(confd: Path, server: MetadataServer, folder: Path, version: str, *options: str) -> list[str]:
    service = ("-backend", "rancher", "-node", server.address, "-prefix", f"/{version}")
    return [str(confd), *options, *service, "-confdir", str(folder)]


def render(confd: Path, server: MetadataServer, folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(confd, server, folder, version, "-onetime"), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def as_localhost(answers: Answers, address: str = "10.42.1.11") -> Answers:
    """The same answers, those of `address` given to 127.0.0.1."""
    return Answers.of(
        {version: {"127.0.0.1": clients[address], DEFAULT: clients[DEFAULT]} for version, clients in answers.versions.items()}
    )


def search(**changes: str) -> Answers:
    text = SCENARIO
    for old, new in changes.items():
        text = text.replace(old, new)
    return as_localhost(answers_of(read(text, "s.yml").environment))


@pytest.mark.parametrize(
    ("version", "peers", "name"),
    [
        ("2015-07-25", BY_NAME, "Search-Elastic-1"),
        ("2015-12-19", BY_OBJECT, "Search-Elastic-1"),
        ("2016-07-29", BY_OBJECT, "search-elastic-1"),
        ("latest", BY_OBJECT, "search-elastic-1"),
    ],
)
def test_confd_renders_every_version(confd: Path, tmp_path: Path, version: str, peers: str, name: str) -> None:
    folder = confdir(tmp_path, NAMES + peers, "/self", "/containers")
    with MetadataServer(search()) as server:
        result = render(confd, server, folder, version)
    assert result.returncode == 0, result.stderr
    assert (folder / "out").read_text() == f"cluster.name: es\nnode.name: {name}\n{PEERS}"


def test_confd_asks_what_it_asks_the_real_service(confd: Path, tmp_path: Path) -> None:
    seen: list[Request] = []
    folder = confdir(tmp_path, "x", "/self/service", "/self/container")
    with MetadataServer(search(), on_request=seen.append) as server:
        assert render(confd, server, folder, "2015-12-19").returncode == 0
    assert [request.path for request in seen] == ["/", "/2015-12-19/self/service", "/2015-12-19/self/container"]
    assert {request.header("accept") for request in seen[1:]} == {"application/json"}


def test_a_missing_key_becomes_the_three_keys_of_its_404(confd: Path, tmp_path: Path) -> None:
    template = '{{exists "/nope"}} {{join (ls "/nope") ","}} {{getv "/nope/code"}} {{getv "/nope/message"}}'
    folder = confdir(tmp_path, template, "/nope")
    with MetadataServer(search()) as server:
        result = render(confd, server, folder, "2016-07-29")
    assert result.returncode == 0, result.stderr
    assert (folder / "out").read_text() == "false code,message,type 404 Not found"


def test_an_unknown_client_has_a_host_and_no_container(confd: Path, tmp_path: Path) -> None:
    answers = answers_of(read(SCENARIO, "s.yml").environment)
    folder = confdir(tmp_path, '{{getv "/self/host/name"}} {{exists "/self/container/name"}}', "/self")
    with MetadataServer(answers) as server:
        result = render(confd, server, folder, "2015-12-19")
    assert result.returncode == 0, result.stderr
    assert (folder / "out").read_text() == "node-1 false"


def test_hostile_metadata_reaches_confd_unchanged(confd: Path, tmp_path: Path) -> None:
    hostile = "<a & b> \"'\\ {{x}} # $` %s ü\u2028 \x7f\nline"
    entry: Entry = {"self": {"v": hostile}, "version": "1"}
    folder = confdir(tmp_path, '{{getv "/self/v"}}', "/self")
    with MetadataServer(Answers.of({"latest": {DEFAULT: entry}})) as server:
        result = render(confd, server, folder, "latest")
    assert result.returncode == 0, result.stderr
    assert (folder / "out").read_text() == hostile


def test_watching_confd_writes_a_change_within_two_seconds(confd: Path, tmp_path: Path) -> None:
    folder = confdir(tmp_path, BY_OBJECT, "/self")
    out = folder / "out"
    seen: list[Request] = []
    waiting = "wait=true&value=1&maxWait=10"
    with MetadataServer(search(), on_request=seen.append) as server:
        process = subprocess.Popen(
            command(confd, server, folder, "2016-07-29", "-watch"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            assert eventually(lambda: any(request.query == waiting for request in seen)), seen
            assert out.read_text() == PEERS
            server.replace(search(**{"scale: 3": "scale: 4"}))
            assert eventually(lambda: out.read_text() == f"{PEERS}10.42.1.14\n")
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
    assert len(seen) < 12  # it waits, and does not poll
