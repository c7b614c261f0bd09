"""Small tools for tests."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import docker
import pytest
from docker.models.images import Image

# What is waited for comes as soon as it comes: how long a machine may take at most before a test gives up, in seconds.
PATIENCE = 300
# The same for a command that brings up a stack of real software, or plays a scenario on one.
LONGEST = 4 * PATIENCE


def eventually(condition: Callable[[], object]) -> bool:
    """Whether a condition comes true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody has now, of those that the system gives to nobody by itself: so it stays free until it is taken."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, random.randrange(15000, 30000)))
            return int(probe.getsockname()[1])


def on_a_terminal(words: Sequence[str | Path], **environ: str) -> str:
    """Run the program with a terminal for stderr, and return what it wrote there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "catalog_forge", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, **environ}) as process:
        os.close(theirs)
        written = b""
        with contextlib.suppress(OSError):  # the other side is closed
            while piece := os.read(ours, 4096):
                written += piece
        os.close(ours)
    assert process.returncode == 0, written
    return written.decode()


def save(path: Path, text: str) -> None:
    """Save a file as editors do, in one step: whoever looks meanwhile sees all of it, the old text or the new one."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write ``files`` (relative path to content) below ``root``, making folders on the way, and return ``root``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def web_spec(name: str, more: str = "") -> str:
    """A small spec; `more` are lines after it."""
    return f"""\
forge: 1
name: {name}
service: web=nginx:1.27.0
config: /etc/web/{name}.properties
reload: none
metadata: [colour]
{more}"""


def started(spec: str) -> str:
    """A spec of a program that no table knows, with the words that start it where it has none."""
    if re.search(r"^launch:", spec, re.MULTILINE) is None:
        return spec.rstrip("\n") + "\nlaunch: {exec: [program]}\n"
    return spec if " exec: [" in spec or "{exec: [" in spec else spec.replace("launch: {", "launch: {exec: [program], ", 1)


def said(client: docker.DockerClient, image: str | Image, command: Sequence[str] = (), **options: object) -> bytes:
    """What a container of ``image`` writes to its output, whole: a log that is followed can end before the last piece."""
    container = client.containers.create(image, list(command) or None, **options)
    try:
        container.start()
        container.wait()
        return bytes(container.logs(stderr=False))
    finally:
        container.remove(force=True)


def busybox() -> str:
    """Return the busybox of this machine; without one the test is skipped, and fails where all must be there."""
    found = shutil.which("busybox")
    if not found:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("there is no busybox, in whose shell the launch script runs")
    return str(found)
