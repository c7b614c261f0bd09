"""Reads the standards of a catalog: catalog-forge.yml, merged over the standards that it extends by path or from git."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where, did_you_mean, to_yml
from catalog_forge.git import checkout
from catalog_forge.goyaml.decoding import is_null
from catalog_forge.spec.reader import read_standards
from catalog_forge.spec.standards import Team, laid_over
from catalog_forge.yamlio import Map, Seq, Text

FILE = "catalog-forge.yml"
MOST = 10
PROFILES = Path(__file__).parent / "spec" / "profiles"
_PROFILE = "profile:"

_GIT = re.compile(r"(?P<url>[^#]+)@(?P<commit>[0-9a-f]{40})(?:#(?P<path>[^#]+))?")


def load(file: Path, shown: str = "", fetch: bool = True) -> Team:
    """Read the standards in a file, and the standards that they extend. A missing file counts as empty.

    `shown` names the file in errors; without `fetch` no git repository is accessed. Raises ForgeError if a file
    has problems (the error contains all of them), if standards extend themselves, or if git cannot fetch a commit.
    """
    if not is_there(file, shown or str(file)):
        return Team()
    tree = _tree(_Standards(file, shown or str(file)), (), fetch)
    return Team(read_standards(tree), tree)


def is_there(file: Path, shown: str) -> bool:
    """Return whether the standards file exists.

    Raises ForgeError if the path is a folder, a pipe or a broken symbolic link, or if the file is named `.yaml`, not `.yml`.
    """
    if not file.is_file() and (file.exists() or file.is_symlink()):
        raise ForgeError("the standards must be a regular file", Where(shown), "nothing can be generated without them")
    other = file.with_suffix(".yaml")
    if not file.exists() and other.is_file():
        name = str(Path(shown).with_suffix(".yaml"))
        raise ForgeError(
            f"standards are read only from {file.name}",
            Where(name),
            f"rename the file: {to_yml(other.name)}",
        )
    return file.is_file()


@dataclass(frozen=True)
class _Standards:
    """A file of standards, its name in errors, and the checkout that contains it, if any. No path may lead out of a checkout."""

    file: Path
    shown: str
    checkout: Path | None = None

    def sibling(self, path: str) -> _Standards:
        """Return the file at `path`, which is relative to the folder of this file."""
        start, mark, own = self.shown.rpartition("#")
        return _Standards(self.file.parent / path, f"{start}{mark}{PurePosixPath(own).parent / path}", self.checkout)

    def exists(self) -> bool:
        """Whether the file exists and, if there is a checkout, is inside the checkout."""
        return self.file.is_file() and (self.checkout is None or self.file.resolve().is_relative_to(self.checkout.resolve()))


def _tree(source: _Standards, above: tuple[Path, ...], fetch: bool) -> Map:
    """Read a file of standards with everything that it extends. `above` are the files that extend this file."""
    root = _read(source.file, source.shown)
    if is_null(root):
        return Map((), root.where)
    if not isinstance(root, Map):
        raise ForgeError("standards must be a mapping", root.where, "such as `defaults: {maintainer: Jo Doe <jo@example.org>}`")
    read_standards(root)
    tree = root
    for node in reversed(_extends(root)):
        tree = laid_over(_extended(node, source, (*above, source.file.resolve()), fetch), tree)
    return tree


def _read(file: Path, shown: str) -> yamlio.Node:
    try:
        with file.open("rb") as stream:
            content = stream.read(yamlio.MAX_BYTES + 1)
    except OSError as error:
        raise ForgeError(f"the standards cannot be read: {error.strerror}", Where(shown)) from None
    found = yamlio.parse_lenient(content, shown)
    if found.duplicates:
        again = found.duplicates[0]
        raise ForgeError(str(again), again.key.where, yamlio.ONCE)
    return found.node or Map((), Where(shown))


def _extends(root: Map) -> tuple[Text, ...]:
    """Return the standards that a file extends. Later standards override earlier ones, and the file overrides all of them."""
    found = next((value for key, value in root.pairs if key.value == "extends"), None)
    return tuple(item for item in found.items if isinstance(item, Text)) if isinstance(found, Seq) else ()


def _profile(node: Text) -> Map:
    """Return the built-in standards with this name."""
    name = node.value.removeprefix(_PROFILE)
    known = {each.stem: each for each in PROFILES.glob("*.yml")}
    if name not in known:
        raise ForgeError(f"there is no profile {name!r}", node.where, did_you_mean(name, known))
    found = _read(known[name], node.value)
    assert isinstance(found, Map)
    return found


def _extended(node: Text, by: _Standards, above: tuple[Path, ...], fetch: bool) -> Map:
    """Return the standards to which `node` refers: an item of the list `extends` in the file `by`."""
    if node.value.startswith(_PROFILE):
        return _profile(node)
    found = _GIT.fullmatch(node.value)
    if found is None:
        source = by.sibling(node.value)
        if source.file.resolve() in above:
            raise ForgeError("these standards extend themselves", node.where, "remove this item")
        if len(above) >= MOST:
            raise ForgeError(
                f"the chain of standards that extend others has more than {MOST} levels",
                node.where,
                "extend the last standards of the chain directly",
            )
        if not source.exists():
            hint = "give a path relative to this file, or URL@COMMIT#PATH with all 40 digits of the commit"
            if (PROFILES / f"{node.value}.yml").is_file():
                hint = f"did you mean '{_PROFILE}{node.value}'?"
            raise ForgeError(f"there are no standards {node.value!r}", node.where, hint)
        return _tree(source, above, fetch)
    if not fetch:
        raise ForgeError("standards in a git repository are not fetched here", node.where, "leave out --no-external")
    with ExitStack() as stack:
        url, commit, path = found["url"], found["commit"], found["path"] or FILE
        try:
            root = stack.enter_context(checkout(url, commit, by.file.parent, "standards"))
        except ForgeError as error:
            hint = "check the address and the commit; lint --no-external needs neither"
            raise ForgeError(error.problems[0].message, node.where, error.problems[0].hint or hint) from None
        source = _Standards(root / path, f"{url}@{commit[:12]}#{path}", root)
        if not source.exists():
            raise ForgeError(
                f"the commit has no file {path!r}", node.where, "check the path after the '#', or name another commit"
            )
        return _tree(source, above, fetch)
