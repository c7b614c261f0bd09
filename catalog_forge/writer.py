"""Writes plans to disk atomically, records the files generated from each spec, and compares the disk with a plan.

**Manifest.** `images/NAME/.catalog-forge.json` contains the digest of every file that was generated from the spec NAME,
and the digest of the inputs. Each spec has a separate manifest, so parallel work on several specs causes no conflicts in git.
Rancher's catalog service ignores manifests, because it treats only folders named `TOP/TEMPLATE/NUMBER/` as revisions. When a
later revision of an entry is planned, the earlier revisions are dropped from the manifest, because they are published and stay
unchanged. A manifest whose spec no longer exists shows what `prune` may delete. Unlike git's index, a manifest contains no
times or sizes: times differ on each machine, and hashing the files of a spec takes half a millisecond.

**Folders.** Files below `images/`, `templates/` and `compose/` are generated: they are recorded, and removed when the spec no
longer generates them. A plan may also contain an author's file: `new` writes the spec. An author's file is never recorded. Such a
file is overwritten or removed only if the caller, for example `update`, passes the digest of the content that it has read.

**Crashes.** `journal.py` describes how a change of many files survives `kill -9`. The functions of this module first
recover from an interrupted write.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from catalog_forge import journal
from catalog_forge.diffs import unified
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.plan import File, Plan, check_relative

GENERATED = ("images/", "templates/", "compose/")
MANIFEST = ".catalog-forge.json"
_REVISION = re.compile(r"templates/(?P<entry>[^/]+)/(?P<number>[0-9]{1,40})/")


class Drift(StrEnum):
    """How a file on disk relates to the planned file and to the file that was generated earlier."""

    SAME = "same"
    MISSING = "missing"
    STALE = "stale"
    """The file on disk is what was generated earlier; the plan differs."""
    EDITED = "edited"
    """The file on disk is neither what was generated earlier nor what is planned."""
    UNKNOWN = "unknown"
    """The file on disk was never generated; the plan has a different file at the same path."""
    ORPHAN = "orphan"
    """The file was generated earlier, and is no longer in the plan."""


@dataclass(frozen=True, slots=True)
class Written:
    """The numbers of files that a write created, changed, removed and left unchanged."""

    created: int
    changed: int
    removed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A plan compared with the disk: every file that is planned or was generated earlier, sorted by path."""

    states: Mapping[str, Drift]
    disk: Mapping[str, File | None]
    planned: Mapping[str, File | None]

    @property
    def clean(self) -> bool:
        """Whether the disk equals the plan, so that writing the plan would change nothing."""
        return set(self.states.values()) <= {Drift.SAME}

    @property
    def edited(self) -> tuple[str, ...]:
        """The paths of the files that somebody has edited or created, and that writing the plan would overwrite or delete."""
        return tuple(path for path, state in self.states.items() if state in (Drift.EDITED, Drift.UNKNOWN))

    @property
    def files(self) -> tuple[File, ...]:
        """The planned files that are missing or different on disk."""
        return tuple(file for path, file in self.planned.items() if file and self.states[path] is not Drift.SAME)

    @property
    def removals(self) -> tuple[str, ...]:
        """The files on disk that writing the plan would delete."""
        return tuple(path for path in self.states if self.disk[path] and not self.planned[path])

    @property
    def written(self) -> Written:
        """The numbers of files that writing the plan creates, changes, removes and leaves unchanged."""
        count = Counter(self.states.values())
        created, removed, same = count[Drift.MISSING], len(self.removals), count[Drift.SAME]
        planned = sum(file is not None for file in self.planned.values())
        return Written(created, planned - created - same, removed, same)

    def diff(self) -> str:
        """Return the unified diff from the disk to the plan, suitable for `git apply`. A binary file appears only as a path."""
        return "".join(_diff(path, self.disk[path], self.planned[path]) for path in self.states)


def compare(root: Path, name: str, plan: Plan, known: Mapping[str, str] | None = None) -> Comparison:
    """Recover from an interrupted write, then compare the plan of the spec `name` with the catalog `root`.

    `known` contains, for each of the author's files that may be changed, its digest at the time when it was read.

    Raises ForgeError if a path of the plan is a folder on disk, or passes through a symbolic link or a file.
    """
    journal.recover(root)
    return _compare(root, name, plan, known)


def is_current(root: Path, name: str, inputs_digest: str) -> bool:
    """Whether the spec `name` was generated from these inputs, and all of its files are unchanged since then."""
    return current(root, name, inputs_digest) is not None


def current(root: Path, name: str, inputs_digest: str) -> Recorded | None:
    """Return the record of the spec `name`, or None if it was generated from other inputs or a file has changed since then."""
    journal.recover(root)
    manifest = _read_manifest(root, name)
    is_same = (
        manifest is not None
        and manifest.inputs == inputs_digest
        and all((file := journal.read(root, path)) and file.digest == digest for path, digest in manifest.files.items())
    )
    return manifest if is_same else None


def write(
    root: Path,
    name: str,
    plan: Plan,
    *,
    inputs: str = "",
    force: bool = False,
    leave: bool = False,
    known: Mapping[str, str] | None = None,
) -> Written:
    """Write the plan of the spec `name` to the catalog `root`, completely or not at all. Record the digest `inputs` with it.

    `known` is the same as in `compare`; a file in `known` that is not in the plan is removed. An empty plan removes every file
    that was generated for `name`. Callers that write many plans may set `leave`, which keeps the scratch folder for the next
    write, and call `tidy` at the end. Raises ForgeError, with nothing written, in these cases: a path passes through a symbolic
    link; the operating system refuses; another command locks the catalog for more than 10 seconds; or, unless `force` is set,
    the write would overwrite or remove a file that somebody edited or that this program did not write.
    """
    with journal.locked(root, leave=leave):
        found, files, removals = _change_of(root, name, plan, inputs, force=force, known=known)
        if files or removals:
            journal.change(root, files, removals)
        return found.written


def write_all(
    root: Path, plans: Sequence[tuple[str, Plan, str]], known: Mapping[str, Mapping[str, str]] | None = None
) -> list[Written]:
    """Write the plans of several specs to the catalog `root`: all or none. Each item of `plans` is a name, a plan, and `inputs`.

    No file may be in two plans. `known` maps each name to the `known` argument of `write`. Raises the errors of `write`.
    """
    with journal.locked(root):
        done = [_change_of(root, name, plan, inputs, force=None, known=(known or {}).get(name)) for name, plan, inputs in plans]
        files = [file for _, written, _ in done for file in written]
        removals = [path for _, _, removed in done for path in removed]
        if files or removals:
            journal.change(root, files, removals)
        return [found.written for found, _, _ in done]


def _change_of(
    root: Path, name: str, plan: Plan, inputs: str, *, force: bool | None, known: Mapping[str, str] | None = None
) -> tuple[Comparison, list[File], list[str]]:
    """Return three things: a comparison of a plan with the disk, the files to write, and the paths to remove.

    `force` is None for a command without the option `--force`, so that the error does not suggest this option. Raises the
    errors of `write`.
    """
    found = _compare(root, name, plan, known)
    if found.edited and not force:
        instead = f"{_AWAY}, or move its content to the spec and run: catalog-forge generate {name} --force"
        raise _refusal(found, instead if force is None else "--diff shows what would change, and --force overwrites the file")
    files, removals = list(found.files), list(found.removals)
    new, old = _manifest_of(name, plan, inputs), journal.read(root, manifest_path(name))
    if new and new != old:
        files.append(new)
    elif old and not new:
        removals.append(old.path)
    return found, files, removals


def recorded(root: Path, name: str) -> dict[str, str]:
    """Map the path of each file that was generated from the spec `name` to the digest of the file."""
    journal.recover(root)
    manifest = _read_manifest(root, name)
    return dict(manifest.files) if manifest else {}


def image_of(root: Path, name: str) -> Mapping[str, str]:
    """Return the `Plan.image` that was recorded when `name` was generated, or {} if an older release did not record it."""
    manifest = _read_manifest(root, name)
    return manifest.image if manifest else {}


def image_in(manifest: File) -> Mapping[str, str]:
    """Return the `Plan.image` that a manifest in memory records. Raises ForgeError if the manifest is damaged."""
    return _manifest(manifest).image


def recorded_in(manifest: File) -> dict[str, str]:
    """Return the digests that a manifest in memory records, keyed by path. Raises ForgeError if the manifest is damaged."""
    return dict(_manifest(manifest).files)


def left_behind(root: Path, specs: Collection[str]) -> list[str]:
    """Return the names of removed specs whose generated files are still recorded, sorted. `specs` are the names of all specs."""
    journal.recover(root)
    folder = root / "images"
    if folder.is_symlink() or not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        names = [each.name for each in found if each.name not in specs and each.is_dir(follow_symlinks=False)]
    return sorted(name for name in names if os.path.lexists(root / manifest_path(name)))


def compare_left(root: Path, names: Sequence[str], specs: Collection[str]) -> dict[str, Comparison]:
    """For each removed spec, compare the disk with the files that `prune` would delete. These include charts of the spec.

    Files that another spec generates now are left out. Raises the errors of `compare`.
    """
    # `generate` calls this function at each run, so the manifests of all specs are read only if a removed spec has left files.
    taken = {path for each in specs if names and (other := _read_manifest(root, each)) for path in other.files}
    found = {}
    for name in names:
        recorded = _read_manifest(root, name)
        ours = {path: digest for path, digest in (recorded.files if recorded else {}).items() if path not in taken}
        found[name] = _beside_the_disk(root, {}, _with_charts(root, _without_published(root, ours, {})))
    return found


def _with_charts(root: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """Return the recorded files, together with the files of the charts that `chart` made from the recorded entries.

    Only charts in charts/ are found. Raises ForgeError if the manifest of such a chart is damaged.
    """
    found = dict(ours)
    for entry in sorted({path.split("/")[1] for path in ours if path.startswith("templates/")}):
        if file := journal.read(root, manifest_path(f"charts/{entry.lower()}")):
            found |= {**_manifest(file).files, file.path: file.digest}
    return found


def prune(root: Path, names: Sequence[str], specs: Collection[str], *, force: bool = False) -> dict[str, Comparison]:
    """Delete the files that `compare_left` finds for the removed specs `names`, and the manifests of these specs: all or nothing.

    Returns a comparison for each spec name. Raises the errors of `write` and, without `force`, ForgeError if a file was edited.
    """
    with journal.locked(root):
        found = compare_left(root, names, specs)
        edited = [each for each in found.values() if each.edited]
        if edited and not force:
            refused = (
                _refusal(each, "to keep it, move it away; generate --prune --force deletes it", "deleted") for each in edited
            )
            raise ForgeError.of([problem for each in refused for problem in each.problems])
        removals = [path for each in found.values() for path in each.removals]
        journal.change(root, [], [*removals, *map(manifest_path, names)])
        return found


def in_folders_of(root: Path, name: str, paths: Iterable[str]) -> list[str]:
    """Return all files on disk in images/`name`, and in the folder (such as templates/redis) of each file in `paths`."""
    rooms = {"/".join(path.split("/")[:2]) for path in (*paths, manifest_path(name))}
    return sorted(
        f"{folder}/{file}"[len(f"{root}/") :] for room in rooms for folder, _, files in os.walk(root / room) for file in files
    )


def compare_author(root: Path, plan: Plan, known: Mapping[str, str]) -> Comparison:
    """Compare the author's files with the disk; `known` has the digest of each file that may be changed or removed."""
    return _beside_the_disk(root, {file.path: file for file in plan}, known)


def write_author(root: Path, plan: Plan, known: Mapping[str, str]) -> None:
    """Write the author's files without touching generated files: all or nothing. Raises the errors of `write`."""
    with journal.locked(root):
        found = compare_author(root, plan, known)
        if found.edited:
            raise _refusal(found, _AWAY)
        journal.change(root, found.files, found.removals)


def tidy(root: Path) -> None:
    """Remove the scratch folder that calls of `write` with `leave` have kept."""
    journal.tidy(root)


def recover(root: Path) -> None:
    """Finish or undo an interrupted write. Must be called before generated files are read."""
    journal.recover(root)


def _compare(root: Path, name: str, plan: Plan, known: Mapping[str, str] | None = None) -> Comparison:
    manifest = _read_manifest(root, name)
    ours = {file.path: file for file in plan}
    recorded = {path: digest for path, digest in (manifest.files if manifest else {}).items() if not _released(path, ours)}
    recorded = _without_published(root, recorded, ours)
    return _beside_the_disk(root, ours, recorded | dict(known or {}))


def _beside_the_disk(root: Path, ours: Mapping[str, File], recorded: Mapping[str, str]) -> Comparison:
    paths = sorted(recorded.keys() | ours.keys())
    folders = journal.folders_above(root, paths)
    for folder in folders:
        if folder in ours:
            raise ForgeError("the plan has both a file and a folder of this name", Where(folder))
    disk = {path: journal.read(root, path) if folders.get(path.rpartition("/")[0], True) else None for path in paths}
    states = {path: _state(disk[path], ours.get(path), recorded.get(path)) for path in paths}
    return Comparison(states, disk, {path: ours.get(path) for path in paths})


def _released(path: str, planned: Collection[str]) -> bool:
    """Whether a file belongs to a revision before the planned revision. Earlier revisions are published, and stay unchanged."""
    found = _REVISION.match(path)
    return found is not None and any(
        (other := _REVISION.match(file)) and other["entry"] == found["entry"] and int(other["number"]) > int(found["number"])
        for file in planned
    )


def _without_published(root: Path, recorded: Mapping[str, str], planned: Collection[str]) -> dict[str, str]:
    """Return the recorded files, except the files of entries that are not in the plan but have other revisions on disk.

    The other revisions are published, and stacks may run them, so the entry keeps its config.yml and all of its files.
    """
    entries = {path.split("/")[1] for path in recorded if path.startswith("templates/")}
    entries -= {path.split("/")[1] for path in planned if path.startswith("templates/")}
    own = {(found["entry"], found["number"]) for path in recorded if (found := _REVISION.match(path))}
    kept = {entry for entry in entries if any((entry, number) not in own for number in _revisions(root, entry))}
    return {
        path: digest for path, digest in recorded.items() if not path.startswith(tuple(f"templates/{each}/" for each in kept))
    }


def _revisions(root: Path, entry: str) -> set[str]:
    """Return the names of an entry's revision folders."""
    try:
        return {name for name in os.listdir(f"{root}/templates/{entry}") if name.isdecimal()}  # noqa: PTH208
    except OSError:
        return set()


def _state(disk: File | None, planned: File | None, recorded: str | None) -> Drift:
    written_by_us = disk is not None and disk.digest == recorded
    if planned is None:
        return Drift.ORPHAN if disk is None or written_by_us else Drift.EDITED
    if disk is None:
        return Drift.MISSING
    if disk == planned:
        return Drift.SAME
    if recorded is None:
        return Drift.UNKNOWN
    return Drift.STALE if written_by_us else Drift.EDITED


_AWAY = "move it away"


def _refusal(found: Comparison, instead: str, done: str = "written") -> ForgeError:
    words = {
        Drift.EDITED: "this file was edited after it was generated",
        Drift.UNKNOWN: "this file is in the way: it was not generated",
    }
    problems = [Problem(words[found.states[path]], Where(path)) for path in found.edited]
    return ForgeError.of([*problems[:-1], Problem(problems[-1].message, problems[-1].where, f"nothing was {done}; {instead}")])


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record of generated files: the digest of their inputs, the digests of the files, keyed by path, and `Plan.image`."""

    inputs: str
    files: Mapping[str, str]
    image: Mapping[str, str] = field(default_factory=dict)


def manifest_path(name: str) -> str:
    """Return the path of a manifest: of the spec `name` or, if `name` contains a slash, of the chart in the folder `name`.

    Raises ForgeError if `name` is not a valid relative path.
    """
    check_relative(name)
    return f"{name}/{MANIFEST}" if "/" in name else f"images/{name}/{MANIFEST}"


def _is_ours(path: str, manifest: str) -> bool:
    """Whether `path` is in a folder of generated files, or in the folder of the file `manifest`."""
    return path.startswith((*GENERATED, manifest.removesuffix(MANIFEST)))


def _manifest_of(name: str, plan: Plan, inputs: str) -> File | None:
    paths = [file.path for file in plan]
    ours = (file for file in plan if _is_ours(file.path, manifest_path(name)))
    files = {file.path: file.digest for file in ours if not _released(file.path, paths)}
    # Make the same text as json.dumps(..., indent=1), but faster: with an indent, json does not use its fast encoder.
    lines = ",\n".join(f"  {json.dumps(path)}: {json.dumps(digest)}" for path, digest in files.items())
    image = f' "image": {json.dumps(plan.image, sort_keys=True)},\n' if plan.image else ""
    text = f'{{\n "inputs": {json.dumps(inputs)},\n{image} "files": {{\n{lines}\n }}\n}}\n'
    return File(manifest_path(name), text.encode()) if files else None


def _read_manifest(root: Path, name: str) -> Recorded | None:
    """Read the manifest of a spec; return None if nothing has been generated from it."""
    file = journal.read(root, manifest_path(name))
    return _manifest(file) if file else None


def _manifest(file: File) -> Recorded:
    """Parse a manifest. A manifest comes from git, so check that it names only generated files."""
    try:
        manifest = Recorded(**json.loads(file.content))
        if not all(isinstance(each, str) for each in manifest.image.values()):
            raise ValueError
        for path in {**manifest.files}:
            check_relative(path)
            if not _is_ours(path, file.path):
                raise ValueError
    except (ValueError, TypeError, AttributeError, ForgeError):
        hint = "delete it; `generate --diff` then shows what differs"
        raise ForgeError("the manifest is damaged", Where(file.path), hint) from None
    return manifest


def _diff(path: str, old: File | None, new: File | None) -> str:
    if old == new:
        return ""
    head = f"diff --git a/{path} b/{path}\n{_mode_lines(old, new)}"
    try:
        return head + unified(_text(old), _text(new), path)
    except ValueError:
        source, target = f"a/{path}" if old else "/dev/null", f"b/{path}" if new else "/dev/null"
        return f"{head}Binary files {source} and {target} differ\n"


def _mode_lines(old: File | None, new: File | None) -> str:
    if old and new:
        return f"old mode {_git_mode(old)}\nnew mode {_git_mode(new)}\n" if old.mode != new.mode else ""
    return f"deleted file mode {_git_mode(old)}\n" if old else f"new file mode {_git_mode(new)}\n" if new else ""


def _git_mode(file: File) -> str:
    return f"{file.mode if file.mode == journal.LINK else stat.S_IFREG | file.mode:o}"


def _text(file: File | None) -> str | None:
    """Return the text of a file. Raises ValueError if the file is binary."""
    if file and b"\0" in file.content:
        raise ValueError("binary")
    return file.content.decode() if file else None
