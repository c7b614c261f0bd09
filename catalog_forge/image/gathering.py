"""Use the COPY and ADD instructions of a Dockerfile to find the paths that the files of the build context have in the image.

Nothing is run and nothing is downloaded. Files that RUN adds or removes, and files from other images or URLs, are not known.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from catalog_forge.confd.imitated.store import matcher
from catalog_forge.gotext.values import GoError
from catalog_forge.image.dockerfile import HEREDOC, Dockerfile, Inline, Instruction

# The search stops after this number of steps, which no real image needs.
MAX_STEPS = 200_000
MAX_RULES = 1000
CONF_DIR = "/etc/confd"
_FOLDER = re.compile(r"(?<![\w./-])(?:/[\w.-]+)++")
_MAKES_FOLDERS = re.compile(r"\bmkdir\b[^;&|\n]*+")
_INLINE = "//"
_WILD = re.compile(r"[*?\[\\]")
ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$")


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a confd folder.

    `resources` maps paths below conf.d/, and `templates` maps paths below templates/, to paths in the build context.
    """

    confdir: str
    resources: Mapping[str, str]
    templates: Mapping[str, str]


def gathered(placed: Mapping[str, str]) -> list[Gathered]:
    """Return the confd folders of an image, given the files that are `placed` in the image. /etc/confd comes first."""
    found: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    for path, source in sorted(placed.items()):
        confdir, conf_d, below = path.partition("/conf.d/")
        if conf_d and below.endswith("toml"):
            found.setdefault(confdir, ({}, {}))[0][below] = source
    for path, source in placed.items():
        for start in _ends(path, "/templates/"):
            if path[:start] in found:
                found[path[:start]][1][path[start + len("/templates/") :]] = source
    taken: set[str] = set()
    chosen = []
    for confdir, (resources, templates) in sorted(found.items(), key=lambda each: (each[0] != CONF_DIR, each[0])):
        # Skip a folder whose resources all belong to an earlier one: `COPY . /src` copies the same files a second time.
        if not taken.issuperset(resources.values()):
            taken |= set(resources.values())
            chosen.append(Gathered(confdir, resources, templates))
    return chosen


def _ends(path: str, part: str) -> Iterator[int]:
    start = path.find(part)
    while start >= 0:
        yield start
        start = path.find(part, start + 1)


def inlined(dockerfile: Dockerfile) -> dict[str, Inline]:
    """Return the heredocs of COPY and ADD, keyed by names that no file of a build context can have."""
    copies = (each for each in dockerfile.instructions if each.keyword in ("COPY", "ADD"))
    return {_inline(each, one.name): one for each in copies for one in each.heredocs}


def _inline(each: Instruction, name: str) -> str:
    return f"{_INLINE}{each.start}/{name}"


def places(dockerfile: Dockerfile, files: Collection[str]) -> dict[str, str]:
    """Return the path in the build context for each path in the image. Later copies replace earlier ones.

    `files` are the paths in the build context. Heredocs (`inlined`) are included if their names are in `files`.
    """
    left = _Left(MAX_STEPS)
    context = _Files({path: path for path in files}, left)
    stages: dict[str, _Stage] = {}
    last = _Stage(left)
    for number, stage in enumerate(dockerfile.stages):
        last = _Stage(left)
        base = stages.get(stage.base.lower())
        if base and left.take(len(base.files) + 1):
            last = _Stage(left, dict(base.files), set(base.folders), base.workdir)
        for each in stage.instructions:
            last.follow(each, context, stages)
        stages[str(number)] = last
        if stage.name:
            stages[stage.name] = last
    return last.files


@dataclass(slots=True)
class _Left:
    """The number of steps that the search may still take."""

    steps: int

    def take(self, count: int) -> bool:
        """Use up `count` steps. Return whether enough steps were left."""
        self.steps -= count
        return self.steps >= 0


class _Files:
    """Files by path, sorted, without a leading slash."""

    def __init__(self, files: Mapping[str, str], left: _Left) -> None:
        self.files = files
        self.left = left
        self.paths = sorted(path for path in files if not path.startswith(_INLINE))

    def below(self, folder: str) -> list[str]:
        """Return the paths below a folder."""
        start = f"{folder}/" if folder else ""
        return self.paths[bisect_left(self.paths, start) : bisect_left(self.paths, start[:-1] + "0") if start else None]

    def named(self, source: str) -> Iterator[str]:
        """Yield the files and folders that a source of COPY refers to."""
        if not _WILD.search(source):
            yield source
            return
        with suppress(GoError):
            yield from self.matching(source)

    def matching(self, pattern: str) -> Iterator[str]:
        """Yield the files and folders that match a pattern (Go's filepath.Match). Raises GoError for an invalid pattern."""
        fits, depth, seen = matcher(pattern.encode()), pattern.count("/") + 1, set()
        if not self.left.take(len(self.paths)):
            return
        for path in self.paths:
            name = "/".join(path.split("/", depth)[:depth])
            if name not in seen and fits(name):
                seen.add(name)
                yield name


@dataclass(slots=True)
class _Stage:
    """The known files of a stage, keyed by their path in the stage. `folders` has the known folders, even those without files."""

    left: _Left
    files: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"/"})
    workdir: str = "/"

    def follow(self, each: Instruction, context: _Files, stages: Mapping[str, _Stage]) -> None:
        """Apply one instruction."""
        if each.keyword == "WORKDIR":
            self.workdir = self.path(each.body.strip("\"'"))
            self.make(self.workdir)
        elif each.keyword == "RUN":
            for command in _MAKES_FOLDERS.findall(each.script):
                for folder in _FOLDER.findall(command):
                    self.make(folder)
        elif each.keyword in ("COPY", "ADD") and len(each.words) > 1:
            source = context
            if "from" in each.flags:
                stage = stages.get(each.flags["from"].lower())
                source = _Files({path[1:]: file for path, file in (stage.files if stage else {}).items()}, self.left)
            self.copy(each, source)

    def path(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.workdir, path)).replace("//", "/")

    def make(self, folder: str) -> None:
        """Record that a folder and the folders above it exist."""
        while folder not in self.folders:
            self.folders.add(folder)
            folder = posixpath.dirname(folder)

    def copy(self, each: Instruction, source: _Files) -> None:
        *names, target = each.words
        found = [name for word in names for name in _named(each, word, source)]
        into = target.endswith(("/", "/.")) or target == "." or len(found) > 1
        folder = self.path(target)
        into = into or folder in self.folders
        for name in found:
            if name in source.files:
                below = name if "parents" in each.flags else posixpath.basename(name)
                self.put(posixpath.join(folder, below) if into else folder, source.files[name])
                continue
            start = 0 if "parents" in each.flags or not name else len(name) + 1
            for path in source.below(name):
                self.put(posixpath.join(folder, path[start:]), source.files[path])

    def put(self, path: str, file: str) -> None:
        if self.left.take(1):
            self.files[path] = file
            self.make(posixpath.dirname(path))


def kept(files: Collection[str], ignore: str) -> list[str]:
    """Return the files of a build context that a .dockerignore does not exclude.

    A pattern matches a path and everything below it; the last matching pattern decides (Dockerfile reference, `.dockerignore`).
    """
    rules: list[tuple[bool, list[Callable[[str], object] | None]]] = []
    for line in ignore.splitlines()[:MAX_RULES]:
        back, pattern = line.strip().startswith("!"), line.strip().removeprefix("!").strip()
        if pattern and not line.startswith("#") and (parts := _clean(pattern).split("/")) != [""]:
            with suppress(GoError):
                rules.append((back, [None if part == "**" else matcher(part.encode()) for part in parts]))
    left = _Left(MAX_STEPS)

    def stays(path: str) -> bool:
        parts = path.split("/")
        fitting = (back for back, pattern in reversed(rules) if left.take(len(parts)) and _covers(pattern, parts))
        return next(fitting, True)

    return [path for path in files if stays(path)]


def _covers(pattern: Sequence[Callable[[str], object] | None], parts: Sequence[str]) -> bool:
    """Whether a pattern matches a path or a folder above it; a `None` in the pattern matches any number of folders."""
    reached = {0}
    for part in ("", *parts):
        if part:
            known = [(at, pattern[at]) for at in reached if at < len(pattern)]
            reached = {at + (fits is not None) for at, fits in known if fits is None or fits(part)}
        while more := {at + 1 for at in reached if at < len(pattern) - 1 and pattern[at] is None} - reached:
            reached |= more
        if len(pattern) in reached or (part and len(pattern) - 1 in reached and pattern[-1] is None):
            return True
    return False


def _named(each: Instruction, word: str, source: _Files) -> Iterator[str]:
    """Yield the files and folders that a word of COPY or ADD refers to, if they are known."""
    if inline := HEREDOC.fullmatch(word):
        yield _inline(each, inline[3])
    elif not _is_elsewhere(each, word):
        yield from source.named(_clean(word))


def _clean(source: str) -> str:
    """Return the source of a COPY as a path inside the build context; `..` cannot lead outside the context."""
    clean = posixpath.normpath("/" + source)[1:]
    return clean.lstrip("/")


def _is_elsewhere(each: Instruction, source: str) -> bool:
    """Whether ADD downloads or unpacks a source, so that its files are unknown."""
    return each.keyword == "ADD" and bool(re.match(r"\w+://|git@", source) or ARCHIVE.search(source))
