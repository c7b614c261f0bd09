"""Find out which part of a catalog a tree is: a whole repository, one of its top folders, an entry, or a revision.

The depth of most files decides: config.yml is two folders deep in a repository, and compose files are three folders deep. A tree
with a folder named `templates` or `...-templates` at its root is always a repository.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from catalog_forge import yamlio
from catalog_forge.goyaml import decoding
from catalog_forge.rancher.entries import is_revision
from catalog_forge.rancher.judgement import block
from catalog_forge.rancher.tree import File, Tree

CONFIGS = ("config.yml", "template.yml")
REVISION_FILES = (
    "rancher-compose.yml", "compose.yml", "template-version.yml", "docker-compose.yml", "docker-compose.yml.tpl",
)  # fmt: skip
# The names of folders that the catalog's CI treats as top folders; `a-b-templates` does not match.
TOP = re.compile(r"(?:([A-Za-z0-9_]+)-)?templates", re.ASCII)
ANY_TOP = re.compile(r"(?:.+-)?templates")
# `_NO_PART` has names that only the root of a repository has; `_IMAGE` has names that only images have, at any depth.
_NO_PART = frozenset(("images", "specs"))
_IMAGE = frozenset(("conf.d", "Dockerfile"))
_DEFAULTS = ("templates", "entry", "0")


def as_catalog(tree: Tree) -> Tree:
    """Return the tree with its files at their paths in a catalog.

    If the tree is only a part of a catalog, the names of the missing folders above it are taken from the paths that error
    messages show; names that these paths lack become `templates`, `entry` and `0`. A single revision is judged as if its entry
    had a sound config.yml that offers the revision.
    """
    if _is_revision_alone(tree.inside):
        entry = tree.inside.rpartition("/")[0]
        return Tree([*tree.files.values(), _config_of(tree.folders[tree.inside].files, entry)], tree.inside)
    missing = 2 - _level(tree)
    if not missing:
        return tree
    above = _above(tree)[-missing:]
    names = [*_DEFAULTS[: missing - len(above)], *above]
    if not ANY_TOP.fullmatch(names[0]):
        names[0] = _DEFAULTS[0]
        # Outside a catalog the folder of a revision may have any name, but inside a catalog it must be named like a revision.
        names[2:] = [name if is_revision(name) else _DEFAULTS[2] for name in names[2:]]
    prefix = "/".join(names)
    files = [replace(file, path=f"{prefix}/{file.path}", shown=file.shown or file.path) for file in tree.files.values()]
    return Tree([*files, _config_of(tree.folders[""].files, "/".join(names[:2]))] if missing > 2 else files)


def _is_revision_alone(inside: str) -> bool:
    """Whether `inside`, the part of a catalog that was read, is the folder of a single revision."""
    return inside.count("/") == 2 and is_revision(inside.rpartition("/")[2])


def _config_of(files: Mapping[str, File], entry: str) -> File:
    """Return a config.yml that offers a single revision, because the config.yml of the revision's entry is unknown."""
    file = files.get(REVISION_FILES[0]) or next(iter(files.values()))
    version = (
        decoding.text_of(block.of_compose(file, block.SERVICE).keys.get("version")) if file.name == REVISION_FILES[0] else ""
    )
    content = yamlio.dump({"name": entry.rpartition("/")[2], **({"version": version} if version else {})}).encode()
    return File(f"{entry}/{CONFIGS[0]}", len(content), lambda: content, shown=file.shown or file.path)


def _level(tree: Tree) -> int:
    """Return how many folders below the root of `tree` config.yml is: 2 in a repository, 1 in a top folder, 0 in an entry.

    In a revision, the result is -1, because config.yml is one folder above the root.
    """
    root = tree.folders[""]
    if any(ANY_TOP.fullmatch(name) or name in _NO_PART for name in (*root.folders, *root.files)):
        return 2
    if any(_IMAGE & set(path.split("/")) for path in tree.files):
        return 2
    votes: Counter[int] = Counter()
    for path in tree.files:
        parts = path.split("/")
        if parts[-1] in CONFIGS:
            votes[len(parts) - 1] += 1
        elif parts[-1] in REVISION_FILES:
            votes[len(parts) - 2] += 1
    found = max(votes.items(), key=lambda vote: (vote[1], vote[0]), default=(2, 0))[0]
    return min(found, 2)


def _above(tree: Tree) -> list[str]:
    """Return the names of the folders above the root, taken from the paths that error messages show."""
    file = next(iter(tree.files.values()))
    before = file.shown.removesuffix(file.path) if file.shown.endswith(file.path) else ""
    return [name for name in before.split("/") if name not in ("", ".", "..")]
