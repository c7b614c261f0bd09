"""A commit of a git repository in a temporary folder: no prompts, no hooks, no submodules, no filters."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_forge.errors import ForgeError

GIT_SECONDS = 120
_LOCAL = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS"})


@contextmanager
def checkout(url: str, commit: str, base: Path, what: str = "blueprint") -> Iterator[Path]:
    """Check one commit out, in a folder that goes away.

    `url` may be a path, relative to `base`; `what` is what is there, in errors. Raises ForgeError with what git says, or when
    it is not installed.
    """
    with TemporaryDirectory(prefix="catalog-forge-") as temporary:
        folder = Path(temporary)
        source = str(base / url) if (base / url).is_dir() else url
        _git(folder, what, "init", "--quiet", "--template=")
        _git(folder, what, "fetch", "--quiet", "--depth=1", "--no-recurse-submodules", "--", source, commit)
        # Nothing that git is told to do at a checkout, by filters, hooks or attributes of this machine, is done here.
        _git(folder, what, "checkout", "--quiet", "--detach", commit, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        yield folder


def _git(folder: Path, what: str, *arguments: str, **extra: str) -> None:
    """Run git without prompts, hooks and transports that run commands. Raises ForgeError with what git says."""
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL} | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        **extra,
    }
    command = ["git", "-C", str(folder), "-c", f"core.hooksPath={os.devnull}", *arguments]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
    except FileNotFoundError:
        raise ForgeError("git is not installed", hint=f"the {what} from a URL needs it") from None
    except subprocess.TimeoutExpired:
        raise ForgeError(f"git needed more than {GIT_SECONDS} s to {arguments[0]}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ForgeError(f"git cannot {arguments[0]} the {what}: {said[-1]}")
