"""Where blueprints are: shipped with the package, in a folder, or in a git repository at a commit."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import catalog_forge
from catalog_forge.blueprint.model import CONTEXT, Blueprint, load
from catalog_forge.errors import ForgeError, did_you_mean

GENERIC = "generic-conf"
GIT_SECONDS = 120
_AT_COMMIT = re.compile(r"(?P<url>.+)@(?P<commit>[0-9a-f]{40})")
_URL = re.compile(r"[a-z+]+://.+|[^/]+@[^/]+:.+|.+\.git(@.*)?")


def shipped() -> dict[str, Path]:
    """Return the blueprints that come with catalog-forge: their folders by their names, sorted."""
    package = Path(catalog_forge.__file__).parent
    inside = package / "_blueprints"  # in a wheel; in a checkout they lie beside the package
    folder = inside if inside.is_dir() else package.parent / "blueprints"
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{CONTEXT}"))}


@contextmanager
def opened(reference: str, base: Path) -> Iterator[Blueprint]:
    """Find a blueprint by its name, its folder (relative to `base`), or as URL@COMMIT; its folder may go afterwards.

    Raises ForgeError when there is none, when a URL names no commit, or git refuses.
    """
    if reference in (known := shipped()):
        yield load(known[reference])
    elif at_commit := _AT_COMMIT.fullmatch(reference):
        with _cloned(at_commit["url"], at_commit["commit"], base) as folder:
            yield load(folder)
    elif _URL.fullmatch(reference) and not (base / reference).is_dir():
        raise ForgeError(f"the blueprint {reference!r} names no commit", hint="URL@COMMIT, 40 hex digits: branches and tags move")
    elif "/" in reference or (base / reference).is_dir():
        yield load((base / reference).resolve())
    else:
        raise ForgeError(f"there is no blueprint {reference!r}", hint=did_you_mean(reference, known))


@contextmanager
def _cloned(url: str, commit: str, base: Path) -> Iterator[Path]:
    """Check one commit out, in a folder that goes away. The name of the folder is that of the repository."""
    with TemporaryDirectory(prefix="catalog-forge-") as temporary:
        folder = Path(temporary, re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git") or "blueprint")
        source = str(base / url) if (base / url).is_dir() else url
        _git(Path(temporary), "init", "--quiet", "--template=", folder.name)
        _git(folder, "fetch", "--quiet", "--depth=1", "--no-recurse-submodules", "--", source, commit)
        # Nothing that git is told to do at a checkout, by filters, hooks or attributes of this machine, is done here.
        _git(folder, "checkout", "--quiet", "--detach", commit, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        yield folder


def _git(folder: Path, *arguments: str, **extra: str) -> None:
    """Run git without prompts, hooks and transports that run commands. Raises ForgeError with what git says."""
    local = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS"}
    environment = {name: value for name, value in os.environ.items() if name not in local} | {
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
        raise ForgeError("git is not installed", hint="a blueprint from a URL needs it") from None
    except subprocess.TimeoutExpired:
        raise ForgeError(f"git needed more than {GIT_SECONDS} s to {arguments[0]}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ForgeError(f"git cannot {arguments[0]} the blueprint: {said[-1]}")
