"""Reports and deletes the files that were generated from specs that no longer exist, for `catalog-forge generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import click

from catalog_forge import writer
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.errors import ForgeError, first_of
from catalog_forge.plan import Plan
from catalog_forge.repository import Repository
from catalog_forge.shown import counted, printable
from catalog_forge.writer import Comparison, Drift

# The maximum number of names in a line of the report.
_MOST = 5


@dataclass
class Left:
    """The files that removed specs have left in a catalog.

    `names`: the removed specs of this run; `specs`: the names of all specs that exist.

    `is_all`: the run has only removed specs, so nothing is generated. `digests` maps the path of each file that was
    generated from a removed spec to its digest; `taken` has the paths of those files that a renamed spec now generates.
    """

    repository: Repository
    names: tuple[str, ...]
    specs: frozenset[str]
    prune: bool
    is_all: bool
    digests: Mapping[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, repository: Repository, words: Sequence[str], prune: bool) -> Left:
        """Find the files that removed specs have left.

        Without `words`, all removed specs are included. With `words` and `prune`, only the removed specs that `words` name are
        included. With `words` but without `prune`, no removed spec is included, because the words name specs to generate.
        """
        folder = repository.root / "specs"
        # A spec whose file ends in .yaml is not read, but does not count as removed.
        misnamed = {path.stem for path in folder.glob("*.yaml")} if folder.is_dir() else set()
        specs = frozenset({*repository.names(), *misnamed})
        found = writer.left_behind(repository.root, specs)
        digests = {path: digest for name in found for path, digest in _recorded(repository, name).items()}
        names = tuple(name for name in found if name in words or not words) if prune or not words else ()
        is_all = bool(names) and set(words) <= {*names} and (bool(words) or (prune and not repository.names()))
        return cls(repository, names, specs, prune, is_all, digests)

    @property
    def hint(self) -> str:
        """Advice on how to delete the files, or how to keep them."""
        manifest = writer.manifest_path(self.names[0])
        return f"catalog-forge generate --prune deletes these files; to keep them as your own, delete {manifest}"

    def taken_over(self, plan: Plan) -> dict[str, str]:
        """Return the digests of those planned files that were generated from a removed spec.

        A renamed spec may replace these files.
        """
        found = {file.path: self.digests[file.path] for file in plan if file.path in self.digests}
        self.taken.update(found)
        return found

    def show(self, *, check: bool, diff: bool, dry_run: bool) -> bool:
        """Show the files without deleting them, for the options that write nothing. Return whether there are removed specs."""
        if not (self.prune or check):
            self.warn()
            return bool(self.names)
        for name, found in writer.compare_left(self.repository.root, self.names, self.specs).items():
            if diff and self.prune:
                click.echo(painted_diff(found.diff()), nl=False)
                continue
            states = {path: state for path, state in found.states.items() if path not in self.taken}
            for path, state in (states | {writer.manifest_path(name): Drift.ORPHAN}).items():
                click.echo(f"{state}: {printable(path)}")
            if dry_run:
                click.echo(f"{name}: its spec no longer exists; without --dry-run: {len(states)} removed", err=True)
        return bool(self.names)

    def end(self, *, force: bool) -> None:
        """Delete the files if the user asked for that; otherwise only report them. Raises the errors of `writer.prune`."""
        root = self.repository.root
        if not (self.prune and self.names):
            self.warn()
            return
        before = {name: writer.recorded(root, name) for name in self.names}
        for name, found in writer.prune(root, self.names, self.specs, force=force).items():
            click.echo(f"{name}: its spec no longer exists: {len(found.removals)} removed")
            self._tell(name, found, before[name])

    def _tell(self, name: str, found: Comparison, before: Mapping[str, str]) -> None:
        """Report which files were not deleted, and why."""
        entries = {path.split("/")[1] for path in before if path.startswith("templates/") and path not in found.states}
        for entry in sorted(entries - self._entries()):
            click.echo(f"kept: templates/{printable(entry)}, because the entry also has published revisions", err=True)
        kept = writer.in_folders_of(self.repository.root, name, {*before, *found.states})
        published = tuple(f"templates/{each}/" for each in entries)
        own = [path for path in kept if path not in before and not path.startswith(published)]
        if own:
            click.echo(printable(f"kept: {first_of(own, _MOST)}, which {name} did not generate"), err=True)

    def _entries(self) -> set[str]:
        """Return the entries that specs generate now."""
        paths = (path for name in self.specs for path in _recorded(self.repository, name))
        return {path.split("/")[1] for path in paths if path.startswith("templates/")}

    def warn(self) -> None:
        """Print a warning for each removed spec."""
        try:
            compared = writer.compare_left(self.repository.root, self.names, self.specs)
        except ForgeError as error:  # for example a damaged manifest, which `generate` does not need
            click.echo(printable(f"warning: {error}", kept="\n"), err=True)
            return
        for name, found in compared.items():
            paths = [path for path in found.states if path not in self.taken]
            rooms = sorted({"/".join(path.split("/")[:2]) for path in (*paths, writer.manifest_path(name))})
            verb = "remains" if len(paths) == 1 else "remain"
            words = f"{counted(len(paths), 'file')} generated from it {verb} in {first_of(rooms, _MOST)}"
            click.echo(printable(f"warning: specs/{name}.yml no longer exists, but {words}"), err=True)
        if compared:
            click.echo(f"  hint: {self.hint}", err=True)


def _recorded(repository: Repository, name: str) -> dict[str, str]:
    """Return the digests of the files that were generated from a spec, or an empty mapping if their record is damaged."""
    try:
        return writer.recorded(repository.root, name)
    except ForgeError:
        return {}
