"""Runs hadolint and shellcheck, if installed. One process checks many files, without a shell, and with limits on size and time.

The files of a tree are untrusted and need not be on disk, so copies with neutral names are written to a temporary folder. Neither
program executes the files that it reads. Configuration files of these programs (.hadolint.yaml, .shellcheckrc) are not used, but
directives in the checked files are.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from catalog_forge.rancher.tree import File

# The rules that run external programs: `lint --no-external` skips them.
RULES = frozenset(("CF790", "CF791"))

MAX_BYTES = 64 << 10
MAX_FILES = 500
TIMEOUT = 60

Program = Literal["hadolint", "shellcheck"]
_COMMANDS: Mapping[Program, tuple[str, ...]] = {
    "hadolint": ("hadolint", "--no-color", "--config", os.devnull, "--format", "json", "--"),
    "shellcheck": ("shellcheck", "--norc", "--color=never", "--format=json1", "--"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding of an external program about a file: its code, its level (as the program names it), location and message."""

    file: File
    code: str
    level: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Silent:
    """An external program that was started but gave no readable output, and the reason."""

    program: str
    why: str


def ask(program: Program, files: Sequence[File]) -> Iterator[Remark | Silent]:
    """Run a program on files and yield its remarks. Skip files over 64 KiB, and all files if the program is not installed."""
    path = shutil.which(program)
    chosen = [each for each in files if 0 < len(each.content) <= MAX_BYTES and b"\0" not in each.content][:MAX_FILES]
    if path is None or not chosen:
        return
    with tempfile.TemporaryDirectory(prefix="catalog-forge-lint-") as folder:
        for number, each in enumerate(chosen):
            (Path(folder) / str(number)).write_bytes(each.content)
        output = _output([path, *_COMMANDS[program][1:], *map(str, range(len(chosen)))], folder)
    found = _parsed(output) if isinstance(output, bytes) else None
    if found is None:
        yield Silent(program, output if isinstance(output, str) else "its output cannot be read")
        return
    for item in found:
        yield _remark(item, chosen)


def _output(command: list[str], folder: str) -> bytes | str:
    """Run a command and return its output as bytes; if it cannot be run, return the reason as a string."""
    # The program gets a temporary home folder, so that the user's settings do not change its remarks.
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "XDG_CONFIG_HOME": folder, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {TIMEOUT} s"
    except OSError as error:
        return f"it cannot be started: {error.strerror}"
    return done.stdout


def _parsed(output: bytes) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(output)
    except ValueError:
        return None
    return found["comments"] if isinstance(found, dict) else found  # type: ignore[no-any-return]


def _remark(item: Mapping[str, Any], files: Sequence[File]) -> Remark:
    code = item["code"]
    return Remark(
        files[int(str(item["file"]))],
        code if isinstance(code, str) else f"SC{code}",
        item["level"],
        item["line"],
        item["column"],
        " ".join(item["message"].split()),
    )
