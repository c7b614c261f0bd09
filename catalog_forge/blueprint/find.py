"""Finds blueprints that are shipped with the package, in a folder, or in a git repository at a commit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import catalog_forge
from catalog_forge import xdg
from catalog_forge.blueprint.model import Blueprint, load
from catalog_forge.blueprint.shipped import CONTEXT, examples, shipped
from catalog_forge.errors import ForgeError, did_you_mean

GENERIC = "generic-conf"
EXAMPLE = "example:"
_AT_COMMIT = re.compile(r"(?P<url>.+)@(?P<commit>[0-9a-f]{40})")
_URL = re.compile(r"(?s)[a-z+]+://.+|[^/@]+@[^/:]+:.+|.+\.git(@.*)?")

# The abbreviations for GitHub, GitLab and Bitbucket, which are the same as in cookiecutter.
_HOSTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "bb:": "https://bitbucket.org/"}
# The user and the password that a URL may contain.
_SECRETS = re.compile(r"^([a-z+]+://)[^/@]*@")


@contextmanager
def example(name: str) -> Iterator[Blueprint]:
    """Yield a blueprint made from an example, in a temporary folder. Raises ForgeError if no example has this name."""
    from catalog_forge.blueprint.from_spec import blueprint_of, written

    if name not in (known := examples()):
        raise ForgeError(f"there is no example {name!r}", hint=did_you_mean(name, known))
    with TemporaryDirectory(prefix="catalog-forge-") as temporary:
        folder = Path(temporary) / name
        for file in blueprint_of(name, written(known[name]), ()):
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        yield replace(load(folder), source={"example": catalog_forge.__version__})


def _check(files: Path, url: str) -> None:
    """Raise ForgeError if the files of a repository are not a blueprint."""
    if not (files / CONTEXT).is_file():
        inside = sorted(each.parent.relative_to(files).as_posix() for each in files.glob(f"*/*/{CONTEXT}"))
        hint = f"it has blueprints in {', '.join(inside[:3])}: move one to a repository of its own" if inside else ""
        raise ForgeError(f"{url} is not a blueprint: it has no {CONTEXT} at its root", hint=hint)
    load(files)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder that caches blueprints from git."""
    return xdg.folder("XDG_CACHE_HOME", environ) / "catalog-forge" / "blueprints"


@contextmanager
def opened(reference: str, base: Path, cache: Path | None = None) -> Iterator[Blueprint]:
    """Yield the blueprint that a reference names: NAME, example:NAME, a folder (relative to `base`), or URL@COMMIT.

    The blueprint's folder may be temporary. A blueprint from a URL is cached in `cache` for later calls.

    Raises ForgeError if the blueprint does not exist, a URL has no commit, git fails, or the cached files have changed.
    """
    for short, host in _HOSTS.items():
        reference = host + reference.removeprefix(short) if reference.startswith(short) else reference
    if reference in (known := shipped()):
        yield replace(load(known[reference]), source={"package": catalog_forge.__version__})
    elif reference.startswith(EXAMPLE):
        with example(reference.removeprefix(EXAMPLE)) as found:
            yield found
    elif at_commit := _AT_COMMIT.fullmatch(reference):
        from catalog_forge.blueprint.cache import at_commit as files_at

        url = _SECRETS.sub(r"\1", at_commit["url"])
        with files_at(at_commit["url"], at_commit["commit"], base, cache, lambda fresh: _check(fresh, url)) as folder:
            name = url.rstrip("/").rpartition("/")[2].removesuffix(".git") or "blueprint"
            yield replace(load(folder), name=name, source={"url": url, "commit": at_commit["commit"]})
    elif _URL.fullmatch(reference) and not (base / reference).is_dir():
        raise ForgeError(
            f"the blueprint {reference!r} names no commit",
            hint="write URL@COMMIT with 40 hex digits, because branches and tags can change",
        )
    elif "/" in reference or (base / reference).is_dir():
        yield replace(load((base / reference).resolve()), source={"folder": reference})
    else:
        raise ForgeError(f"there is no blueprint {reference!r}", hint=did_you_mean(reference, known))
