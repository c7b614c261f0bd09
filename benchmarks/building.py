"""Measures how long `build` takes if there is nothing to build."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from measure import Row, by_turns, program, ratio, run

NAME = "benchmark-conf"
OTHER = f"{NAME}:docker"
SPEC = f"""forge: 1
name: {NAME}
service: redis:3.2.11
config: /usr/local/etc/redis/redis.conf
reload: restart
metadata: [maxmemory]
"""


def build(folder: Path) -> list[Row]:
    """Measure `build` of an existing image, compared with `docker build` of the same context with a warm cache."""
    if subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
        raise RuntimeError("no Docker engine answers")
    specs = folder / "specs"
    specs.mkdir()
    (specs / f"{NAME}.yml").write_text(SPEC)
    run(program("catalog-forge"), "-C", folder, "generate")
    confd = os.environ.get("CATALOG_FORGE_CONFD")
    ours = [program("catalog-forge"), "-C", folder, "build", NAME, *(["--confd", confd, "--any-confd"] if confd else [])]
    docker = ["docker", "build", "--tag", OTHER, *_arguments(folder / "images" / NAME, folder / "context", confd)]
    try:
        runs = by_turns(lambda _: run(*ours), lambda _: run(*docker, env=_builder()))
    finally:
        subprocess.run(["docker", "image", "rm", f"{NAME}:0.1.0", OTHER], capture_output=True, check=False)
    return [ratio("`build`, nothing changed", "`docker build`, warm cache", 1.0, runs)]


def _arguments(image: Path, context: Path, confd: str | None) -> list[str | Path]:
    """Copy the context that `build` sends. Return the arguments with which `docker build` makes the same image from it."""
    shutil.copytree(image, context, ignore=shutil.ignore_patterns(".*"))
    if not confd:
        return [context]
    shutil.copy(confd, context / "confd")
    digest = hashlib.sha256(Path(confd).read_bytes()).hexdigest()
    return ["--build-arg", "CONFD_SRC=confd", "--build-arg", f"CONFD_SHA256={digest}", context]


def _builder() -> dict[str, str]:
    """Return the variable that selects the engine's classic builder if the docker command has no BuildKit client (buildx)."""
    found = subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False)
    return {} if found.returncode == 0 else {"DOCKER_BUILDKIT": "0"}
