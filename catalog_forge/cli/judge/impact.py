"""Finds the effect of changed standards on a catalog: the specs that change, their files, and their next versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog_forge import git, releasing, yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.repository import MARK, Repository, Source
from catalog_forge.spec.standards import Team, broken, compared, leaves
from catalog_forge.team import load
from catalog_forge.yamlio import Map

Changes = Mapping[str, tuple[str, str]]


@dataclass
class Impact:
    """The effect of changed standards on one spec.

    `keys`: the inherited values that change; `files`: the generated files that change; `breaches`: new violations; `problems`:
    why no files can be generated from the spec any more; `image` and `entry`: the next versions of the image and the entry.
    """

    name: str
    keys: Changes
    files: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    image: str = ""
    entry: str = ""

    def __bool__(self) -> bool:
        return bool(self.files or self.breaches or self.problems)


def changed(old: Team, new: Team) -> dict[str, tuple[str, str]]:
    """Return the keys whose values differ between two versions of the standards, with their old and new values."""
    before, after = ({path: node.value for path, node in team.lines()} for team in (old, new))
    paths = dict.fromkeys([*before, *after])
    return {path: pair for path in paths if (pair := (before.get(path, ""), after.get(path, "")))[0] != pair[1]}


def published(repository: Repository, ref: str) -> Team:
    """Return the standards at a commit, including the standards that these standards extend. Raises ForgeError if git fails."""
    root = repository.root
    commit = git.commit_of(root, ref)
    top = git.read(root, "rev-parse", "--show-toplevel").decode().strip()
    with git.checkout(top, commit, root, "standards") as folder:
        return load(Path(folder, git.prefix_of(root), MARK), f"{ref}:{MARK}")


def impacts(repository: Repository, old: Team, new: Team, *, versions: bool = True) -> Iterator[Impact]:
    """Yield how the new standards affect each spec. With `versions`, this includes the versions that `release` would give to a
    changed spec.
    """
    differ = {path.removeprefix("defaults."): pair for path, pair in changed(old, new).items() if path.startswith("defaults.")}
    for name in repository.names():
        yield _impact(repository, repository.source(name), (old, new), differ, versions=versions)


def _impact(repository: Repository, source: Source, teams: tuple[Team, Team], differ: Changes, *, versions: bool) -> Impact:
    root = yamlio.parse(source.content, f"specs/{source.name}.yml")
    own = {path for path, _ in leaves(root)} if isinstance(root, Map) else set()
    found = Impact(source.name, {path: pair for path, pair in differ.items() if path not in own})
    before, after = (replace(source, inherited=team.inherited) for team in teams)
    try:
        plan = after.plan()
        said = _breaches(after, root, teams[1])
    except ForgeError as error:
        found.problems = [str(each) for each in error.problems]
        return found
    was: dict[str, str] = {}
    with suppress(ForgeError):  # if nothing could be generated before, all files are new
        was = {file.path: file.digest for file in before.plan()}
        known = _breaches(before, root, teams[0])
        said = {place: words for place, words in said.items() if place not in known}
    found.breaches = [*said.values()]
    now = {file.path: file.digest for file in plan}
    found.files = sorted(path for path in now.keys() | was.keys() if now.get(path) != was.get(path))
    if found.files and versions:
        _next(repository, after, found)
    return found


def _breaches(source: Source, root: yamlio.Node, team: Team) -> dict[tuple[str, ...], str]:
    """Return a message for each violation of the standards in a spec.

    The key of each message does not depend on the violating value, so that the messages for different standards can be
    compared.
    """
    scenarios = tuple(source.folder.scenarios())
    differing = [*compared(team, root)] if isinstance(root, Map) else []
    levels = team.standards.levels
    found = {(each.path, each.kind): each for each in differing} | {
        (each.path, each.kind, each.message): each for each in broken(team, source.spec(), scenarios)
    }
    return {place: each.message for place, each in found.items() if getattr(levels, each.kind) in ("error", "warning")}


def _next(repository: Repository, source: Source, found: Impact) -> None:
    """Set the versions in `found` to those that `release` would give. Set none if the published revisions are unknown."""
    with suppress(ForgeError):
        made = releasing.next_revision(source, releasing.published_at(repository, source, "HEAD"), None, ())
        if made:
            spec = made.source.spec()
            found.image = f"{spec.name} {spec.version}"
            found.entry = f"revision {spec.entry.revision} of {spec.entry.name}, {spec.entry.version}"
