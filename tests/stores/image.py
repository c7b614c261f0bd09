"""The scripts of a conf image beside a real store: on this machine, with every path below a folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from catalog_forge.backends import NAMES
from catalog_forge.confd.layout import layout
from catalog_forge.image.files import image_plan
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from tests.helpers import PATIENCE, eventually, tree
from tests.stores.servers import TOKEN, Store

SHELL = "busybox sh" if shutil.which("busybox") else "/bin/sh"
SPEC = f"""\
forge: 1
name: web-conf
service: {{name: web, image: "web:1"}}
engine: {{backend: [{", ".join(name for name in NAMES if name != "rancher")}], prefix: /prod/web}}
launch: {{exec: [sleep, "1000"], wait: {{metadata: 200s}}}}
metadata:
  port: {{type: int, default: "80"}}
  word: {{type: password, optional: true}}
  nodes: {{type: list, fields: [host, port]}}
files:
- dest: /etc/web/web.conf
  format: raw
  reload: exec echo reloaded >>/opt/web-conf/reloads
  body:
  - text: "listen @{{metadata/port}};\\n"
  - list: {{of: metadata/nodes, item: "server @{{it.host}}:@{{it.port}};"}}
  - when: {{has: metadata/word}}
    then: [{{text: "word @{{metadata/word}};\\n"}}]
"""
VALUES = {"nodes": [{"host": f"h{number}", "port": 80 + number} for number in range(12)]}


def spec() -> Spec:
    return read(SPEC, "web-conf.yml")


@dataclass
class Container:
    """A conf container and its main one, as processes: their share, the log of conf, the file that confd writes."""

    root: Path
    process: subprocess.Popen[bytes]

    @property
    def file(self) -> str:
        path = self.root / "etc/web/web.conf"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def log(self) -> str:
        return (self.root / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def problem(self) -> str:
        path = self.root / "share/problem"
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    @property
    def reloads(self) -> int:
        path = self.root / "share/reloads"
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    def has(self, text: str) -> bool:
        """Whether the file comes to hold a text."""
        return eventually(lambda: text in self.file)

    def ends(self) -> int:
        return self.process.wait(timeout=PATIENCE)


def keys(store: Store, values: Mapping[str, object] | None = None) -> dict[str, bytes]:
    return {key: text.encode() for key, text in layout(spec(), store.backend, VALUES if values is None else values).items()}


@contextmanager
def container(
    confd: Path, root: Path, store: Store, main: bool = False, patience: str = "200s", text: str = SPEC, **told: str
) -> Iterator[Container]:
    """Run the entrypoint of the image, and the launch script of its main container where that is wanted."""
    moved = {"/opt/web-conf": f"{root}/share", "/etc/confd": f"{root}/confd", "/etc/web": f"{root}/etc/web"}
    files: dict[str, str | bytes] = {}
    for file in image_plan(read(text.replace("200s", patience), "web-conf.yml"), lambda name, _: name):
        text = file.content.decode()
        for old, new in moved.items():
            text = text.replace(old, new)
        name = file.path.replace("probe/", "confd-probe/", 1) if file.path.startswith("probe/") else f"confd/{file.path}"
        files[name] = text
    flags = f"-confdir {root}/confd -config-file {root}/confd/confd.toml"
    files["bin/confd"] = f'#!/bin/sh\nexec {confd} {flags} "$@"\n'
    tree(root, files)
    (root / "bin/confd").chmod(0o755)
    for folder in ("share", "etc/web"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    nodes = "conf" if store.backend == "dynamodb" else store.nodes
    login = {"CONF_TOKEN": TOKEN} if store.backend == "vault" else {}
    environment = {
        "PATH": f"{root}/bin:{os.environ['PATH']}", "CONF_BACKEND": store.backend, "CONF_NODES": nodes, "INTERVAL": "1",
        "RESYNC": "3", **login, **store.variables, **told,
    }  # fmt: skip
    processes = []
    with (root / "log").open("ab") as log:
        program = ["/bin/sh", "-c", f"touch {root}/share/started; exec sleep 1000"]
        for script, *arguments in (["entrypoint.sh"], ["run.sh", *program])[: 1 + main]:
            words = [*SHELL.split(), f"{root}/confd/{script}", *arguments]
            processes.append(
                subprocess.Popen(words, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
            )
    try:
        yield Container(root, processes[0])
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
