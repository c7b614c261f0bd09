"""Tools of a spec: fetched, held against their checksums, unpacked, on the PATH of both containers."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker
import pytest

from catalog_forge.errors import BuildError
from tests.live.harness import Images, Unit, World, service, spec_of

SCRIPT = b'#!/bin/sh\necho "NAME as $0"\n'
SPEC = """\
tools:
- {name: plain, url: URL/plain, sha256: PLAIN}
- {name: packed, url: URL/packed.tar.gz, sha256: PACKED, path: packed-1.0/bin/packed}
- {name: zipped, url: URL/zipped.zip, sha256: ZIPPED, path: zipped}
metadata: {key: {}}
launch: {before: [plain, packed, SHARE/bin/zipped]}
files: [{dest: /etc/probe/probe.conf, format: raw, check: "packed && test -s {{.src}}", body: [{text: "@{metadata/key}\\n"}]}]
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The address of a server with the tools, and their checksums."""
    folder = tmp_path_factory.mktemp("tools")
    scripts = {name: SCRIPT.replace(b"NAME", name.encode()) for name in ("plain", "packed", "zipped")}
    (folder / "plain").write_bytes(scripts["plain"])
    with tarfile.open(folder / "packed.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("packed-1.0/bin/packed")
        entry.size = len(scripts["packed"])
        archive.addfile(entry, io.BytesIO(scripts["packed"]))
    with zipfile.ZipFile(folder / "zipped.zip", "w") as zipped:
        zipped.writestr("zipped", scripts["zipped"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sums = {path.stem.split(".")[0].upper(): _sum(path) for path in folder.iterdir()}
    yield f"http://127.0.0.1:{server.server_port}", sums
    server.shutdown()
    server.server_close()


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def text(served: tuple[str, Mapping[str, str]]) -> str:
    url, sums = served
    found = SPEC.replace("URL", url).replace("SHARE", "/opt/probe-conf")
    for name, checksum in sums.items():
        found = found.replace(f"sha256: {name}", f"sha256: {checksum}")
    return found


def test_tools_are_on_the_path_of_both_containers(
    engine: docker.DockerClient,
    images: Images,
    main_image: str,
    test_labels: dict[str, str],
    served: tuple[str, Mapping[str, str]],
) -> None:
    conf = images.conf(spec_of(text(served)))
    with World(engine, test_labels, [service("tooled", "volumes", metadata={"key": "value"})]) as world:
        unit = Unit(world, "tooled", "volumes", conf, main_image).start()
        unit.wait_for("probe: start")
        for name in ("plain", "packed", "zipped"):
            assert unit.count(f"{name} as /opt/probe-conf/bin/{name}") == 1, unit.story()
        assert unit.run("zipped") == "zipped as /usr/local/bin/zipped\n"


def test_a_tool_with_another_checksum_fails_the_build(images: Images, served: tuple[str, Mapping[str, str]]) -> None:
    spec = spec_of(text(served).replace(served[1]["ZIPPED"], "0" * 64))
    with pytest.raises(BuildError, match="sha256sum"):
        images.conf(spec)
