"""Real software for tests: images of it, and stacks of it that are brought up as a user would, by the command."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from docker.errors import NotFound
from docker.models.containers import Container

T = TypeVar("T")
ROOT = Path(__file__).parent.parent.parent
TAGS = {"elasticsearch": "elasticsearch:2.4.6", "nginx": "nginx:1.14.2", "redis": "redis:3.2.11", "zookeeper": "zookeeper:3.4.14"}


def image_of(name: str) -> str:
    """Return the tag of an image of this software, made on the first use; where it cannot be had the test is skipped."""
    done = subprocess.run([ROOT / "tools/software.sh", name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"no image of {name}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return TAGS[name]


def run(container: Container, *command: str) -> str:
    """Run a command in a container, and return what it says; a failure fails the test."""
    code, output = container.exec_run(list(command))
    assert code == 0, f"{container.name}: {command}: {output!r}"
    assert isinstance(output, bytes)
    return output.decode()


def eventually(what: str, seconds: float, look: Callable[[], T], good: Callable[[T], object] = bool) -> T:
    """Look until what is seen is good, and return it; fail with what was seen last when that takes too long."""
    deadline = time.monotonic() + seconds
    seen: Any = None
    while time.monotonic() < deadline:
        with suppress(AssertionError, NotFound, ValueError):
            seen = look()
            if good(seen):
                return seen
        time.sleep(0.25)
    pytest.fail(f"not within {seconds} s: {what}; seen last: {seen}", pytrace=False)
