"""What `bake` writes, built by the real buildx and buildkitd into a registry: every blueprint, twice, and beside `build`."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner
from docker.errors import ImageNotFound

from catalog_forge.blueprint.find import GENERIC, shipped
from catalog_forge.cli.main import root
from tests.helpers import PATIENCE, eventually, tree
from tests.registry.servers import MANIFEST, Registry
from tests.stores.conftest import needing
from tests.stores.servers import TOOLS, Missing, tool

pytestmark = [pytest.mark.second_tier, pytest.mark.engine]
BASE = "busybox:1.37.0"
CONFIG = """\
root = "{folder}/root"
[grpc]
address = ["unix://{folder}/sock"]
[worker.oci]
snapshotter = "native"
networkMode = "host"
[worker.containerd]
enabled = false
[registry."docker.io"]
mirrors = ["{host}"]
[registry."{host}"]
http = true
"""


STANDARDS = """\
defaults: {{maintainer: Jo Doe <jo@example.org>, entry: {{license: Apache-2.0}}, image: {{registry: "{host}/team"}}}}
"""


def program(name: str) -> str:
    """Return the path of a program that tools/buildkit.sh builds. Raises Missing."""
    done = subprocess.run([TOOLS / "buildkit.sh", name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing((done.stderr.strip().splitlines() or ["tools/buildkit.sh failed"])[-1])
    return done.stdout.strip()


@contextmanager
def serving(file: Path) -> Iterator[str]:
    """A URL at which a file can be had."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(file.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{file.name}"
        server.shutdown()


@contextmanager
def farm(folder: Path, host: str, buildx: str, buildkitd: str) -> Iterator[list[str]]:
    """A buildkitd that takes base images from the registry, and the command of a buildx that builds on it."""
    tree(folder, {"buildkitd.toml": CONFIG.format(folder=folder, host=host)})
    environment = {**os.environ, "BUILDX_CONFIG": str(folder / "buildx")}
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([buildkitd, "--config", folder / "buildkitd.toml"], stdout=log, stderr=log)
    try:
        assert eventually((folder / "sock").exists), (folder / "log").read_text()
        words = ["create", "--name", "farm", "--driver", "remote", "--use", f"unix://{folder}/sock"]
        subprocess.run([buildx, *words], env=environment, check=True, capture_output=True)
        yield ["env", f"BUILDX_CONFIG={folder / 'buildx'}", buildx, "bake", "--builder", "farm"]
    finally:
        daemon.terminate()
        daemon.wait(timeout=PATIENCE)


def pushed(command: list[str], catalog: Path, *words: str) -> dict[str, str]:
    """Bake, and return the digests of the images by their targets."""
    said = catalog / "metadata.json"
    done = subprocess.run([*command, *words, "--metadata-file", said], cwd=catalog, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(said.read_text())
    return {name: each["containerimage.digest"] for name, each in found.items() if isinstance(each, dict)}


def content(client: docker.DockerClient, image: str) -> Mapping[str, tuple[str, ...]]:
    """All that an image holds: kinds, modes, owners, and digests of contents or targets, by path."""
    container = client.containers.create(image, ["true"])
    try:
        packed = io.BytesIO(b"".join(container.export()))
    finally:
        container.remove(v=True)
    found = {}
    with tarfile.open(fileobj=packed) as archive:
        for each in archive:
            file = archive.extractfile(each) if each.isfile() else None
            what = hashlib.sha256(file.read()).hexdigest() if file else each.linkname
            found[each.name.rstrip("/")] = (each.type.decode(), oct(each.mode), str(each.uid), str(each.gid), what)
    return found


def facts(client: docker.DockerClient, image: str) -> Mapping[str, object]:
    """What a container of an image is started with."""
    config = client.images.get(image).attrs["Config"]
    names = ("Env", "Entrypoint", "Cmd", "User", "Volumes", "WorkingDir", "Labels")
    return {name: sorted(config[name]) if name == "Env" else config[name] or None for name in names}


def run(catalog: Path, *words: str) -> str:
    done = CliRunner().invoke(root, ["-C", str(catalog), *words])
    assert done.exit_code == 0, done.output
    return done.output


def listed(catalog: Path, name: str) -> Mapping[str, str]:
    """The digests of the files that an image holds, as `sbom` lists them."""
    run(catalog, "sbom", name, "-o", str(catalog / "sbom.json"))
    files = json.loads((catalog / "sbom.json").read_text())["files"]
    sums = {each["fileName"]: {one["algorithm"]: one["checksumValue"] for one in each["checksums"]} for each in files}
    return {name.removeprefix("./"): each["SHA256"] for name, each in sums.items()}


def test_every_blueprint_is_baked_as_build_builds_it_and_twice_the_same(
    engine: docker.DockerClient, base_image: str, confd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with needing("buildx, buildkitd or docker-registry"):
        tool("registry.sh")
        programs = program("buildx"), program("buildkitd")
    monkeypatch.delenv("CATALOG_FORGE_CONFD", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    with Registry(tmp_path / "registry") as registry, serving(confd) as url:
        mirrored = f"{registry.host}/library/{BASE}"
        engine.images.get(base_image).tag(mirrored)
        engine.images.push(mirrored)
        tree(catalog, {"catalog-forge.yml": STANDARDS.format(host=registry.host)})
        for name in shipped():
            words = ("cache-conf", "--set", "service=redis:3.2.11", "--set", "metadata=maxmemory") if name == GENERIC else (name,)
            run(catalog, "new", *words, "--blueprint", name, "--no-input", "--no-build")
        run(catalog, "generate")
        sum_ = hashlib.sha256(confd.read_bytes()).hexdigest()
        given = ("--build-arg", f"CONFD_SRC={url}", "--build-arg", f"CONFD_SHA256={sum_}")
        run(catalog, "bake", "--shards", "2", *given, "-o", str(catalog / "docker-bake.json"))
        plan = json.loads((catalog / "docker-bake.json").read_text())
        tags = {name: each["tags"][0] for name, each in plan["target"].items() if name != "_common"}
        try:
            with farm(tmp_path / "farm", registry.host, *programs) as command:
                first = {
                    name: digest
                    for group in plan["group"]
                    if group != "default"
                    for name, digest in pushed(command, catalog, group).items()
                }
                assert set(first) == set(tags)
                assert pushed(command, catalog, "--no-cache") == first
            for name, tag in tags.items():
                assert (
                    registry.ask("GET", f"/v2/team/{name}/manifests/{first[name]}", accept=True).headers["Content-Type"]
                    == MANIFEST
                )
                engine.images.pull(tag)
                engine.images.get(tag).tag(f"{tag}-baked")
                # build knows what bake has built.
                assert "up to date" in run(catalog, "build", name, *given)
            run(catalog, "build", "--no-cache", "-q", *given)
            for name, tag in tags.items():
                assert (held := content(engine, tag)) == content(engine, f"{tag}-baked")
                assert listed(catalog, name).items() <= {path: what[-1] for path, what in held.items()}.items()
                assert facts(engine, tag) == facts(engine, f"{tag}-baked")
        finally:
            for tag in (mirrored, *tags.values(), *(f"{tag}-baked" for tag in tags.values())):
                with suppress(ImageNotFound):
                    engine.api.remove_image(tag, force=True)
