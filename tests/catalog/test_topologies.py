"""What single topologies have beside the golden entries: carried files, the network of the host."""

from __future__ import annotations

import pytest

from catalog_forge.catalog.compose import docker_compose
from catalog_forge.errors import ForgeError
from catalog_forge.image.files import image_plan
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read

SPEC = """\
forge: 1
name: x-conf
service: {name: x, image: "x:1", topology: TOPOLOGY, MORE}
metadata: {k: {optional: true}}
files: [{dest: /etc/x/x, format: raw, body: [{text: "BODY\\n"}]}]
launch: {exec: [x]}
"""
IMAGE = "image: {base: 'acme/tools:1', before: [/start.sh $A], folders: [/opt/tools]}\n"


def spec_of(topology: str, more: str = "scale: 1", body: str = "a word") -> Spec:
    return read(SPEC.replace("TOPOLOGY", topology).replace("MORE", more).replace("BODY", body), "x.yml")


def test_carried_files_come_from_a_container_that_ends_and_has_no_network() -> None:
    services = docker_compose(spec_of("scripts"))["services"]
    conf = services["x-conf"]
    assert conf["network_mode"] == "none" and conf["labels"] == {"io.rancher.container.start_once": "true"}
    assert services["x"]["volumes_from"] == ["x-conf"]
    script = image_plan(spec_of("scripts"), lambda *_: "").text("entrypoint.sh")
    assert "-backend env" in script and "rancher" not in script.replace("rancher-metadata", "")


def test_carried_files_read_no_metadata_and_nothing_reloads_them() -> None:
    with pytest.raises(ForgeError, match="reads the metadata, but with topology `scripts`"):
        image_plan(spec_of("scripts", body="@{self.ip}"), lambda *_: "")
    text = SPEC.replace("TOPOLOGY", "scripts").replace("MORE", "scale: 1").replace("format: raw", "format: raw, reload: restart")
    with pytest.raises(ForgeError, match="reload: topology `scripts` writes each file only once"):
        read(text, "x.yml")


@pytest.mark.parametrize("topology", ["volumes", "scripts", "netns"])
def test_what_the_base_does_at_its_start_comes_before_the_files(topology: str) -> None:
    spec = read((SPEC + IMAGE).replace("TOPOLOGY", topology).replace("MORE", "scale: 1"), "x.yml")
    plan = image_plan(spec, lambda *_: "")
    assert 'VOLUME ["/etc/x", "/opt/tools", "/opt/x-conf"]' in plan.text("Dockerfile")
    script = plan.text("entrypoint.sh")
    assert script.index('mkdir -p "$share/changed" /etc/x /opt/tools') < script.index("\nsh -c '/start.sh $A'\n")
    assert script.index("\nsh -c '/start.sh $A'\n") < script.rindex("\nlend\n")


@pytest.mark.parametrize("topology", ["volumes", "scripts"])
def test_the_network_of_the_host_is_that_of_the_program_alone(topology: str) -> None:
    services = docker_compose(spec_of(topology, "network_mode: host"))["services"]
    assert services["x"]["network_mode"] == "host"
    assert services["x"]["labels"] == {"io.rancher.container.dns": "true", "io.rancher.sidekicks": "x-conf"}
    assert services["x-conf"].get("network_mode") == ("none" if topology == "scripts" else None)


@pytest.mark.parametrize(
    ("topology", "more", "message"),
    [
        *(
            (name, "network_mode: host", f"`{name}` cannot use the network of the host")
            for name in ("netns", "datavol", "embedded")
        ),
        ("volumes", "network_mode: host, ports: ['80:80']", "the program uses the host's ports"),
        ("volumes", "network_mode: bridge", "network_mode"),
    ],
)
def test_where_the_network_of_the_host_cannot_be_is_said_why(topology: str, more: str, message: str) -> None:
    with pytest.raises(ForgeError, match=message):
        spec_of(topology, more)
