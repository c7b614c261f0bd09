"""Measures how fast `lock` looks up 500 references in Debian's docker-registry, compared with eight parallel `crane digest`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from measure import Row, Run, by_turns, program, ratio, run

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the registry of the tests

REFERENCES = 500
CRANE = "github.com/google/go-containerregistry/cmd/crane@v0.22.1"


def lock(folder: Path) -> list[Row]:
    """Measure both programs in turn. `lock` starts without a lock file, so it also looks up the platforms of each image."""
    from tests.registry.servers import Registry

    if subprocess.run([ROOT / "tools/registry.sh"], check=False).returncode:
        raise RuntimeError("docker-registry is missing")
    with Registry(folder / "registry") as registry:
        names = [f"{registry.host}/app{number}:1" for number in range(REFERENCES)]
        for name in names:
            registry.image(name.partition("/")[2])
        image = folder / "catalog/images/all"
        image.mkdir(parents=True)
        (image / "Dockerfile").write_text("".join(f"FROM {name} AS a{number}\n" for number, name in enumerate(names)))
        (folder / "names").write_text("".join(f"{name}\n" for name in names))
        crane = _crane(folder)

        def ours(_: int) -> Run:
            (folder / "catalog/catalog-forge.lock").unlink(missing_ok=True)
            return run(program("catalog-forge"), "-C", folder / "catalog", "lock")

        def theirs(_: int) -> Run:
            return run("sh", "-c", f"xargs -P 8 -n 1 {crane} digest < {folder}/names")

        return [ratio(f"`lock` of {REFERENCES} references", "xargs -P 8 crane digest", 1.2, by_turns(ours, theirs))]


def _crane(folder: Path) -> str:
    if found := shutil.which("crane"):
        return found
    done = subprocess.run(["go", "install", CRANE], env={**os.environ, "GOBIN": str(folder)}, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError("crane cannot be built")
    return str(folder / "crane")
