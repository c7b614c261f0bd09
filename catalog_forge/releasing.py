"""Prepares the release of an entry's next revision: compares the spec with the published state, and checks the conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from shlex import quote

from catalog_forge import git, journal, writer
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.image import dockerfile
from catalog_forge.lint import history
from catalog_forge.plan import File, Plan
from catalog_forge.rancher import entries
from catalog_forge.rancher.composition import Service
from catalog_forge.rancher.entries import Revision, number_of
from catalog_forge.rancher.upgrades import Break, breaks, next_version, obstacle, refused
from catalog_forge.repository import MARK, Repository, Source
from catalog_forge.shown import printable
from catalog_forge.spec.edit import SpecText

CHANGELOG = "CHANGELOG.md"
_MOST_FILES = 5


@dataclass(frozen=True)
class Published:
    """The published state of an entry and its image at a commit: ordered revisions, their versions, and image file digests."""

    entry: str
    revisions: Mapping[int, Mapping[str, bytes]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    image: Mapping[str, str] = field(default_factory=dict)
    image_version: str = ""
    dockerfile: str = ""

    @property
    def last(self) -> int:
        """Return the number of the last revision, or -1 if there are no revisions."""
        return max(self.revisions, default=-1)

    def revision(self, number: int) -> Revision:
        """Read a revision."""
        return _read(self.revisions[number], self.entry, number)


@dataclass(frozen=True)
class NextRevision:
    """A revision to be released: its spec, the changes that break running stacks, and the reasons for the release."""

    source: Source
    breaking: list[Break]
    reasons: list[str]


def published_at(repository: Repository, source: Source, ref: str) -> Published:
    """Read an entry and its image from git at a commit. Raises ForgeError if git fails."""
    entry, root = source.spec().entry.name, repository.root
    folder = root / "templates" / entry
    if not folder.is_dir():
        git.prefix_of(root)  # raises if there is no repository
        return Published(entry)
    tree = history.at(folder, ref, f"templates/{entry}", f"templates/{entry}")
    revisions: dict[int, dict[str, bytes]] = {}
    for path, file in tree.files.items():
        number, _, rest = path.removeprefix(f"templates/{entry}/").partition("/")
        if (found := number_of(number)) is not None and rest:
            revisions.setdefault(found, {})[rest] = file.content
    ordered = dict(sorted(revisions.items()))
    versions = {}
    for each, files in ordered.items():
        with suppress(ForgeError):  # the version of an unreadable revision is ignored
            versions[str(each)] = _read(files, entry, each).version

    paths = writer.manifest_path(source.name), f"specs/{source.name}.yml", f"images/{source.name}/Dockerfile"
    there = git.contents(root, [f"{ref}:./{path}" for path in paths])
    manifest, spec, build = (there.get(f"{ref}:./{path}", b"") for path in paths)
    image, version = dict[str, str](), ""
    with suppress(ForgeError):
        image = writer.recorded_in(File(paths[0], manifest))
        version = replace(source, content=spec).spec().version
    return Published(entry, ordered, versions, image, version, build.decode(errors="replace"))


def _read(files: Mapping[str, bytes], entry: str, number: int) -> Revision:
    inside = {f"{number}/{path}": content for path, content in files.items()}
    return entries.read(inside, entry, str(number), f"templates/{entry}")


def _revision_files(plan: Plan, entry: str, number: int) -> dict[str, bytes]:
    return {file.path: file.content for file in plan.below(f"templates/{entry}/{number}")}


def next_revision(source: Source, published: Published, version: str | None, messages: tuple[str, ...]) -> NextRevision | None:
    """Return the revision to release, or None if nothing has changed. Raises ForgeError with all unmet conditions."""
    entry, plan = source.spec().entry, source.plan()
    if not published.revisions:
        return NextRevision(source, [], [*messages] or ["the first revision"])
    last = published.revisions[published.last]
    is_new = _image_differs(plan, source.name, published)
    if entry.revision <= published.last and _same(_revision_files(plan, entry.name, entry.revision), last) and not is_new:
        return None
    source = _raised(source, published, version, is_new)
    files = _revision_files(source.plan(), entry.name, source.spec().entry.revision)
    old, new = published.revision(published.last), _read(files, entry.name, source.spec().entry.revision)
    _check(source, published, old)
    reasons = [*messages] or [*_of_image(source, published), *_reasons(old, new, last, files)]
    return NextRevision(source, breaks(old, new), reasons)


def _same(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> bool:
    return one.keys() == other.keys() and all(history.is_same(data, other[path]) for path, data in one.items())


def _image_differs(plan: Plan, name: str, published: Published) -> bool:
    """Whether the files of the conf image differ from the files of the published conf image."""
    now = {file.path: file.digest for file in plan if file.path.startswith(f"images/{name}/")}
    was = {path: digest for path, digest in published.image.items() if path.startswith(f"images/{name}/")}
    return bool(was) and now != was


def _raised(source: Source, published: Published, version: str | None, image: bool) -> Source:
    """Return the spec with the next revision and version of the entry and, if `image` is true, the next version of the image."""
    spec = source.spec()
    if image and spec.version == published.image_version:
        source = _set(source, {"version": next_version(spec.version, {})})
    wanted = version or source.spec().entry.version
    if version is None and refused(wanted, published.versions):
        wanted = next_version(published.versions.get(str(published.last), ""), published.versions)
    changes = {}
    if spec.entry.revision <= published.last:  # else the revision in the spec is not published yet
        changes["entry/revision"] = str(published.last + 1)
    if wanted != source.spec().entry.version:
        changes["entry/version"] = wanted
    return _set(source, changes)


def _set(source: Source, values: Mapping[str, str]) -> Source:
    """Return a copy of a spec with changed values; the rest of its text stays as the author wrote it."""
    for path, value in values.items():
        text = SpecText(source.content.decode(), f"specs/{source.name}.yml")
        words = value if path == "entry/revision" else f"'{value}'" if not text.has(path) else value
        source = replace(source, content=next(iter(text.set(path, words))).encode())
    return source


def _check(source: Source, published: Published, old: Revision) -> None:
    entry = source.spec().entry
    if why := refused(entry.version, published.versions):
        raise ForgeError(why, entry.at("version"), "choose another version with --version")
    if found := obstacle(old.version, entry.version, entry.upgrade_from):
        why, hint, key = found
        raise ForgeError(f"this upgrade would not be offered: {why}", entry.at(key), hint)


def _reasons(old: Revision, new: Revision, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """List the changes to services, images and questions between two revisions; if there are none, list the changed files."""
    was, now = old.composition.services, new.composition.services
    lines = [f"new service: {name}" for name in now if name not in was]
    lines += [f"removed service: {name}" for name in was if name not in now]
    images = [(_image(was[name]), _image(now[name])) for name in now if name in was]
    lines += [f"image {one} -> {other}" for one, other in images if one != other]
    for name, question in new.asked.items():
        if name not in old.asked:
            lines.append(f"new question: {name}")
        elif question.default != (default := old.asked[name].default):
            lines.append(f"default of {name}: {default or 'none'} -> {question.default or 'none'}")
    lines += [f"removed question: {name}" for name in old.asked if name not in new.asked]
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    return [*dict.fromkeys(lines)] or [f"changed: {', '.join(changed)}"]


def _of_image(source: Source, published: Published) -> list[str]:
    """List the changes to the conf image: a new base image and a new confd or, if neither is new, the changed files."""
    folder, plan = f"images/{source.name}/", source.plan()
    if not published.dockerfile or f"{folder}Dockerfile" not in plan:
        return []
    was, now = dockerfile.parse(published.dockerfile), dockerfile.parse(plan.text(f"{folder}Dockerfile"))
    pairs = [("base", was.base, now.base)]
    pairs += [("confd", each[0], each[1]) for each in [[build.variables.get("CONFD_SRC", "") for build in (was, now)]]]
    lines = [f"{what} {one} -> {other}" for what, one, other in pairs if one != other]
    digests = {file.path: file.digest for file in plan if file.path.startswith(folder) and not file.path.endswith("/Dockerfile")}
    changed = [path.removeprefix(folder) for path, digest in digests.items() if published.image.get(path, digest) != digest]
    more = f" and {len(changed) - _MOST_FILES} more" if len(changed) > _MOST_FILES else ""
    return lines or [f"in the image: {', '.join(changed[:_MOST_FILES])}{more}"] * bool(changed)


def _image(service: Service) -> str:
    return text_of(service.get("image"))


def written(repository: Repository, found: NextRevision) -> tuple[Plan, dict[str, str]]:
    """Return the author's files of a release (the spec and its changelog), and the digests of these files on disk."""
    name, spec = found.source.name, found.source.spec()
    log = f"specs/{name}/{CHANGELOG}"
    before = {path: journal.read(repository.root, path) for path in (f"specs/{name}.yml", log)}
    author = Plan([File(f"specs/{name}.yml", found.source.content)])
    line = f"## {spec.entry.version} (revision {spec.entry.revision})"
    text = old.content.decode(errors="replace") if (old := before[log]) else f"# Changes of {spec.entry.name}\n"
    if line not in text.splitlines():
        first, _, rest = text.partition("\n")
        news = "".join(f"- {printable(reason)}\n" for reason in found.reasons)
        author.add_text(log, f"{first}\n\n{line}\n\n{news}{rest}")
    return author, {path: file.digest for path, file in before.items() if file and path in author}


def restored(repository: Repository, name: str, published: Published) -> tuple[Plan, dict[str, str]]:
    """Return the published content of files that `generate` overwrote, and the current digests of the files to replace or remove.

    Raises ForgeError for published files that somebody edited.
    """
    plan, known, edited = Plan(), dict[str, str](), list[Problem]()
    generated = writer.recorded(repository.root, name)
    for number, files in published.revisions.items():
        folder = f"templates/{published.entry}/{number}/"
        known |= {
            path: digest for path, digest in generated.items() if path.startswith(folder) and path[len(folder) :] not in files
        }
        for below, content in files.items():
            path = f"{folder}{below}"
            there = journal.read(repository.root, path)
            if there and history.is_same(there.content, content):
                continue
            if there and generated.get(path) != there.digest:
                edited.append(Problem("this published file was edited", Where(path), f"git checkout HEAD -- {quote(path)}"))
            plan.add(File(path, content))
            known |= {path: there.digest} if there else {}
    if edited:
        raise ForgeError.of(edited)
    return plan, known


def check_clean(repository: Repository, sources: Sequence[Source], *, standards: bool = False) -> None:
    """Raise ForgeError if no branch is checked out, or if files that do not belong to these specs have uncommitted changes.

    With `standards`, the catalog's standards may also have uncommitted changes, because these are the reason for the release.
    """
    prefix = git.prefix_of(repository.root)
    own = tuple(f"{prefix}{room}" for source in sources for room in rooms(source)) + ((f"{prefix}{MARK}",) if standards else ())
    paths = [
        entry[3:]
        for entry in git.read(repository.root, "status", "--porcelain", "-z", "-uall", "--no-renames").decode().split("\0")
    ]
    others = [path for path in paths if path and not path.startswith(own)]
    if others:
        raise ForgeError(
            f"there are uncommitted changes: {', '.join(others[:5])}", hint="commit or stash them first: a release is one commit"
        )
    if not git.read(repository.root, "branch", "--show-current").strip():
        raise ForgeError("HEAD is detached: the commit would be lost", hint="git switch BRANCH, then release again")


def title(source: Source) -> str:
    """Return the title of a release, as used in its commit."""
    entry = source.spec().entry
    return f"{entry.name} {entry.version} (revision {entry.revision})"


def tag(source: Source) -> str:
    """Return the tag of a release."""
    return f"{source.spec().entry.name}-{source.spec().entry.version}"


def check_tags(repository: Repository, sources: Sequence[Source]) -> None:
    """Raise ForgeError if the tag of a release already exists or is not a valid tag name."""
    taken, problems = _tags(repository), list[Problem]()
    for source in sources:
        name, where = tag(source), source.spec().entry.at("version")
        try:
            git.read(repository.root, "check-ref-format", f"refs/tags/{name}")
        except ForgeError:
            problems.append(Problem(f"{name!r} cannot be the name of a tag", where, "release it without --tag"))
        if name in taken:
            problems.append(Problem(f"the tag {name} already exists", where, "raise the version, or release without --tag"))
    if problems:
        raise ForgeError.of(problems)


def untagged(repository: Repository, sources: Sequence[Source]) -> list[tuple[str, str]]:
    """Return the tag and the title of each release that the last commit made and that has no tag yet."""
    said = git.read(repository.root, "log", "-1", "--format=%B").decode(errors="replace").splitlines()
    made = {line.removeprefix("- ").partition("): ")[0].removesuffix(")") + ")" for line in said}
    taken = _tags(repository)
    return [(tag(each), title(each)) for each in sources if title(each) in made and tag(each) not in taken]


def _tags(repository: Repository) -> set[str]:
    return set(git.read(repository.root, "tag", "--list").decode(errors="replace").split())


def rooms(source: Source) -> list[str]:
    """Return the files and folders that a release of a spec may change."""
    name, entry = source.name, source.spec().entry.name
    return [
        f"specs/{name}.yml",
        f"specs/{name}/",
        f"images/{name}/",
        f"templates/{entry}/",
        f"compose/{name}/",
        "specs/.schema.json",
    ]
