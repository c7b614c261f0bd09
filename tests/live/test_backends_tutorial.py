"""The commands of docs/tutorials/without-rancher.md, in their order, in one shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from tests.helpers import LONGEST
from tests.live.software import ROOT, image_of
from tests.stores.conftest import needing
from tests.stores.servers import tool

PAGE = ROOT / "docs/tutorials/without-rancher.md"


def commands() -> list[str]:
    """What the page has a reader type."""
    return re.findall(r"^    (\S.*)$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.second_tier
def test_every_command_of_the_page_does_what_it_says(
    engine: docker.DockerClient, base_image: str, confd: Path, docker_compose: Path, tmp_path: Path
) -> None:
    del base_image, docker_compose
    for software in ("haproxy", "etcd", "unprivileged"):
        image_of(software)
    with needing("etcdctl"):
        tool("stores.sh")
    forge = f"catalog-forge() {{ '{sys.executable}' -m catalog_forge \"$@\"; }}\n"
    script = "\n".join(f"echo '$' {number}; {each}" for number, each in enumerate(commands(), start=1))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CATALOG_FORGE_CONFD": str(confd), "XDG_STATE_HOME": str(tmp_path)}
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    try:
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", forge + script],
            cwd=catalog,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Welcome to nginx" in done.stdout
        assert '+/haproxy/servers/web "web:8080"' not in done.stdout and '-/haproxy/servers/second "web:8080"' in done.stdout
        assert "somebody changed it" in done.stdout
        assert "passed   haproxy-conf/serves" in done.stdout
    finally:
        file = catalog / "compose/haproxy-conf/compose.yaml"
        subprocess.run(["docker-compose", "-f", file, "--profile", "store", "down", "-v"], capture_output=True, check=False)
        engine.images.remove("haproxy-conf:0.1.0", force=True)
