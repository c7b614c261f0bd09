"""Runs git for all other modules. Prompts and pagers are disabled.

Repositories are untrusted, so hooks, filters and submodules are disabled in queries and checkouts. Queries read only the names
and the contents of git objects. A checkout fetches only one commit.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_forge.errors import ForgeError

GIT_SECONDS = 120
MOST_CONFLICTS = 127
"""The highest exit code of `git merge-file` that is a number of conflicts; a higher code means an error (git-merge-file(1))."""

_SAFE = (
    *("--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "safe.bareRepository=explicit"),
)
_AS_USER = ("--no-pager",)
# Variables that would redirect git to another repository. Variables for access to a server stay in the environment.
_LOCAL = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS"})
_REF = re.compile(r"[^\s\x00-\x1f\x7f-][^\x00-\x1f\x7f]{0,199}")
# The header that `cat-file --batch` prints before the content of an object; for an unknown name, git prints a different line.
_OBJECT = re.compile(rb"[0-9a-f]{40,64} ([a-z]+) ([0-9]+)")
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "LC_ALL": "C",
}


@contextmanager
def checkout(url: str, commit: str, base: Path, what: str = "blueprint") -> Iterator[Path]:
    """Check out one commit into a temporary folder.

    `url` may be a path relative to `base`; `what` names the repository's content in errors. Raises ForgeError if git is
    not installed or, with git's message, if git fails.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    source = str(base / url) if (base / url).is_dir() else url
    with TemporaryDirectory(prefix="catalog-forge-") as temporary:
        folder = Path(temporary)
        for more, arguments in (
            ({}, ("init", "--quiet", "--template=")),
            ({}, ("fetch", "--quiet", "--depth=1", "--no-recurse-submodules", "--", source, commit)),
            # Filters, hooks and attributes configured on this machine are not applied to this checkout.
            (alone, ("checkout", "--quiet", "--detach", commit)),
        ):
            _run(
                folder,
                arguments,
                {**environment, **more},
                f"{arguments[0]} the {what}",
                f"git is needed to fetch the {what} from a URL",
            )
        yield folder


def merged(ours: str, base: str, theirs: str, labels: tuple[str, str, str]) -> str:
    """Merge, line by line, two texts that derive from `base`; `labels` name ours, base and theirs in conflict markers.

    Raises ForgeError if git is not installed or fails.
    """
    with TemporaryDirectory(prefix="catalog-forge-") as temporary:
        files = [Path(temporary, name) for name in ("ours", "base", "theirs")]
        for file, text in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(text.encode())
        named = [word for label in labels for word in ("-L", label)]
        # Run git in the temporary folder: in a broken repository, git would refuse to merge even files outside the repository.
        return _run(
            Path(temporary),
            ("merge-file", "-p", "--diff3", *named, *map(str, files)),
            dict(os.environ),
            "merge",
            "git merges your changes with those of the blueprint",
            most=MOST_CONFLICTS,
        ).decode()


def read(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Run a git query in the repository around a folder. Raises ForgeError if git fails or is not installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    hint = "git is needed to know what was published"
    return _run(folder, arguments, {**environment, "GIT_NO_LAZY_FETCH": "1"}, "say what was published", hint, given)


def commit_of(folder: Path, ref: str) -> str:
    """Return the full hash of the commit `ref` in the repository around a folder. Raises ForgeError if it does not exist."""
    if not _REF.fullmatch(ref):
        raise ForgeError(f"{ref!r} is not the name of a commit", hint="give a branch, a tag or a commit, such as origin/master")
    prefix_of(folder)  # raises if there is no repository
    try:
        return read(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip().decode()
    except ForgeError:
        if not read(folder, "rev-list", "--all", "--max-count=1"):
            raise ForgeError("nothing is committed here yet", hint="commit what is published, then try again") from None
        raise ForgeError(
            f"there is no commit {ref!r} here", hint="a shallow clone has few commits: fetch this commit first"
        ) from None


def prefix_of(folder: Path) -> str:
    """Return a folder's path in its repository with a trailing slash, or "" for the top folder. Raises the errors of `read`."""
    return os.fsdecode(read(folder, "rev-parse", "--show-prefix").removesuffix(b"\n"))


def contents(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Map names of git objects (such as a digest or COMMIT:PATH) to the objects' contents; unknown names are left out.

    Runs git once for all names. Raises the errors of `read`.
    """
    asked = [name for name in dict.fromkeys(names) if "\n" not in name]
    output = read(folder, "cat-file", "--batch", given=b"".join(os.fsencode(f"{name}\n") for name in asked)) if asked else b""
    found: dict[str, bytes] = {}
    place = 0
    for name in asked:
        end = output.index(b"\n", place)
        head, place = _OBJECT.fullmatch(output, place, end), end + 1
        if head:
            start, place = place, place + int(head[2]) + 1
            if head[1] == b"blob":
                found[name] = output[start : place - 1]
    return found


def change(folder: Path, *arguments: str) -> None:
    """Run a git command that changes the repository around a folder, with the user's name, hooks and settings.

    Raises ForgeError if git is not installed or fails; the error then contains git's message.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    _run(folder, arguments, environment, arguments[0], "released revisions are kept in git", safe=_AS_USER)


def _run(
    folder: Path,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    doing: str,
    hint: str,
    given: bytes = b"",
    safe: tuple[str, ...] = _SAFE,
    most: int = 0,
) -> bytes:
    """Run git and return its output. `most` is the highest exit code that is not an error."""
    command = ["git", *safe, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, env=environment | _QUIET, input=given, capture_output=True, timeout=GIT_SECONDS, check=False
        )
    except FileNotFoundError:
        raise ForgeError("git is not installed", hint=hint) from None
    except subprocess.TimeoutExpired:
        raise ForgeError(f"git needed more than {GIT_SECONDS} s to {doing}") from None
    if not 0 <= done.returncode <= most:
        said = _said(done.stderr) or _said(done.stdout) or f"exit code {done.returncode}"
        more = f"{hint}: git init, then commit what is published" if "not a git repository" in said else ""
        raise ForgeError(f"git cannot {doing}: {said[:300]}", hint=more)
    return done.stdout


def _said(output: bytes) -> str:
    """Return the error line in git's output: the first line that starts with `fatal:` or `error:`, else the last line."""
    lines = output.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
