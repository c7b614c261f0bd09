"""The program as a person calls it, in a catalog of its own: for stacks of containers that need no real software."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from docker import DockerClient

from tests.helpers import PATIENCE, save

ROOT = Path(__file__).parents[2]
ATTEMPTS = 5
LOOP = "trap exit TERM; while :; do sleep 0.1; done"


@dataclass
class Tool:
    """The program with a catalog and a state folder of its own, and a name for its stack."""

    client: DockerClient
    folder: Path
    name: str
    # What most of these stacks run starts at once or fails at once, so nobody needs to look for as long as users do.
    settle: ClassVar[str] = "0.3"

    @property
    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "CATALOG_FORGE_SETTLE": self.settle,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
        }

    @property
    def state(self) -> Path:
        return self.folder / "state/catalog-forge/stacks" / self.name

    def entry(
        self,
        compose: Mapping[str, Any],
        rancher: Mapping[str, Any] | None = None,
        volumes: Mapping[str, Any] | None = None,
        questions: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Write the entry: compose files are YAML, and JSON is that too."""
        revision = self.folder / "templates/probe/0"
        revision.mkdir(parents=True, exist_ok=True)
        save(self.folder / "templates/probe/config.yml", "name: probe\nversion: '1'\n")
        save(revision / "docker-compose.yml", json.dumps({"version": "2", "services": compose, "volumes": volumes or {}}))
        catalog = {"version": "1", "questions": list(questions)}
        save(revision / "rancher-compose.yml", json.dumps({"version": "2", "catalog": catalog, "services": rancher or {}}))

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "catalog_forge", "-C", str(self.folder), *words]

    def run(self, *words: str, status: int = 0) -> str:
        """Run a command to its end, and return all that it said."""
        # What is to die may take long to die on a busy machine, and must not count as running before.
        patient = {"CATALOG_FORGE_SETTLE": str(PATIENCE)} if status else {}
        done = subprocess.run(
            self.command(*words),
            env=self.environ | patient,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.log()}"
        return done.stdout + done.stderr

    def up(self, *words: str, status: int = 0) -> str:
        return self.run("up", "probe", "--name", self.name, "-d", *words, status=status)

    def units(self) -> dict[str, dict[str, Any]]:
        """The units as `ps` lists them, by SERVICE-INDEX."""
        listed = json.loads(self.run("ps", self.name, "--format", "json"))
        return {f"{each['service']}-{each['index']}": each for each in listed}

    def unit(self, name: str) -> Mapping[str, Any]:
        """A unit as `ps` lists it; while it is replaced, there is none for a moment: then each of its fields is ""."""
        return defaultdict(str, self.units().get(name, {}))

    def log(self) -> str:
        with suppress(OSError):
            return (self.state / "log").read_text()
        return ""

    def ask(self, container: str, path: str) -> str:
        """What the metadata service answers a container of the stack; asked again where a busy engine lost the words."""
        found = self.client.containers.get(f"{self.name}-{container}")
        words = ["wget", "-qO-", f"http://rancher-metadata/latest/{path}"]
        said = (str(found.exec_run(words).output.decode()) for _ in range(ATTEMPTS))
        return next(filter(None, said), "")

    def ids(self) -> dict[str, str]:
        # In one answer: between a list and a look at each of it containers may go.
        found = self.client.api.containers(all=True, filters={"label": f"catalog-forge.stack={self.name}"})
        return {str(each["Names"][0]).removeprefix(f"/{self.name}-"): str(each["Id"]) for each in found}

    def began(self, container: str) -> str:
        """When a container of the stack was started last: it never goes back, and a state may pass by between two looks."""
        return str(self.client.containers.get(f"{self.name}-{container}").attrs["State"]["StartedAt"])

    def kill_supervisor(self) -> None:
        """Kill who runs the stack, and wait until it is dead: what it held is free then."""
        with (self.state / "lock").open() as lock:
            os.kill(int(lock.read()), signal.SIGKILL)
            fcntl.flock(lock, fcntl.LOCK_EX)

    def touch(self, container: str, path: str) -> None:
        """Make a file in a container of the stack that its program waits for."""
        done = self.client.containers.get(f"{self.name}-{container}").exec_run(["touch", path])
        assert done.exit_code == 0, done.output.decode()


# Who does not answer is found out at once, since nobody listens; who is only slow on a busy machine is waited for.
PATIENTLY = {"response_timeout": PATIENCE * 1000, "initializing_timeout": PATIENCE * 1000}


def service(command: str = LOOP, **more: Any) -> dict[str, Any]:
    return {"image": "busybox:1.37.0", "command": ["sh", "-c", command.replace("$$", "$").replace("$", "$$")], **more}
