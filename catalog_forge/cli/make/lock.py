"""`catalog-forge lock`: record, in catalog-forge.lock, the digest of every image that a catalog names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from catalog_forge.errors import ForgeError, Problem
    from catalog_forge.rancher.tree import Tree
    from catalog_forge.registry.images import Named
    from catalog_forge.registry.lockfile import Locked, LockFile
    from catalog_forge.repository import Repository, Source


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete.specs)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing and contact no registry; exit 1 if the images in the lock are not exactly those of the catalog.",
)
@click.option("--online", is_flag=True, help="Write nothing; exit 1 if a tag points to another image or no longer exists.")
@options.form()
@click.pass_obj
def lock(settings: Settings, names: tuple[str, ...], check: bool, online: bool, form: str) -> None:
    """Lock the images of a catalog to digests.

    The digests are written to catalog-forge.lock. Without a NAME, every spec, entry and Dockerfile is covered: base images,
    the images of services, companions and load balancers, and every image that an answer to a question can select.
    Registries are queried with the credentials of the docker command.
    """
    from catalog_forge.registry import lockfile
    from catalog_forge.repository import Repository

    repository = Repository.find(settings.directory)
    wanted, own = named_images(repository, names)
    for problem in wanted.unknown:
        click.echo(f"warning: {problem}", err=True)
    known = lockfile.read(repository.root)
    if check or online:
        problems = compared(wanted, known, own, whole=not names) if check or not online else []
        if online:
            found, troubles = looked_up(wanted, known.of(wanted.images), own)
            problems += [*moved(found, known, wanted), *troubles]
        _show(known.of(wanted.images), form)
        _fail(problems)
        return
    found, problems = looked_up(wanted, known, own)
    old, new = lockfile.update(repository.root, lambda now: (now if names else now.of(wanted.images)).with_images(found))
    _show(new.of(wanted.images), form)
    if form == "text":
        click.echo(_summary(old, new, found), err=True)
    _fail(problems)


def named_images(repository: Repository, names: tuple[str, ...]) -> tuple[Named, Collection[str]]:
    """Return the images that the named specs and entries use, and the tags of the images that the catalog builds itself.

    Without names, return the images of the whole catalog. Raises ForgeError for an unknown name, and for invalid specs.
    """
    from catalog_forge.cli.shown.catalogs import check_there
    from catalog_forge.errors import ForgeError, did_you_mean
    from catalog_forge.lint import disk
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.registry import reference
    from catalog_forge.registry.images import Named

    sources = [repository.source(name) for name in repository.names()]
    specs = {source.name: source.spec() for source in sources}
    wanted = [source for source in sources if source.name in (names or specs)]
    catalog = Catalog(_planned(disk.read(repository.root), repository, wanted))
    check_there(catalog, repository.root)
    known = {*specs, *(each.name for each in catalog.entries), *(each.name for each in catalog.images)}
    if lost := [name for name in names if name not in known]:
        raise ForgeError(f"there is no spec, entry or image {lost[0]!r}", hint=did_you_mean(lost[0], known))
    chosen = {*names, *(specs[name].entry.name for name in names if name in specs)} or known | {
        spec.entry.name for spec in specs.values()
    }
    found = Named()
    for image in catalog.images:
        if image.name in chosen and image.dockerfile and image.build:
            found.of_dockerfile(image.dockerfile, image.build)
    for entry in catalog.entries:
        for revision in entry.revisions if entry.name in chosen else ():
            found.of_revision(revision)
    for path, file in catalog.tree.files.items():
        room, _, below = path.partition("/")
        if room == "compose" and below.partition("/")[0] in chosen and below.endswith("/docker-compose.yml"):
            found.of_compose(file)
    # A conf image without a registry exists only on the team's engines, so it is left out: Docker Hub may have a different image
    # with the same name.
    at_home = {reference.parse(spec.tag).repository for spec in specs.values() if not spec.image.registry}
    for text in [*found.images]:
        parsed = reference.parse(text)
        if parsed.host == reference.DOCKER_HUB and parsed.repository in at_home:
            del found.images[text]
    return found, {spec.tag for spec in specs.values()}


def _planned(tree: Tree, repository: Repository, sources: Sequence[Source]) -> Tree:
    """Return the catalog as it would be if the files of these specs were generated without pinned images."""
    from catalog_forge.rancher.tree import Tree

    files: dict[str, bytes] = {}
    for source in sources:
        if source.pins or not repository.is_current(source):
            files |= {file.path: file.content for file in source.unpinned}
    return tree.with_files(Tree.of(files).files.values())


def looked_up(wanted: Named, known: LockFile, own: Collection[str] = ()) -> tuple[dict[str, Locked], list[Problem]]:
    """Look up images in their registries. Return the images that were found, and the problems.

    For an image in the lock file, only the digest is requested; if it has changed, the manifest is also requested.
    """
    from itertools import count

    from catalog_forge.cli.shown.console import Progress
    from catalog_forge.errors import ForgeError, Problem
    from catalog_forge.registry import pool, reference
    from catalog_forge.registry.client import Gone, Registries
    from catalog_forge.registry.lockfile import Locked, today

    registries, progress = Registries(), Progress()
    names, numbers, day = [*wanted.images], count(1), today()

    def look(name: str) -> Locked:
        progress.task(next(numbers), len(names), name)
        image, before = reference.parse(name), known.images.get(name)
        if before and registries.digest(image) == before.digest:
            return before
        found = registries.manifest(image)
        return Locked(found.digest, found.media_type, found.platforms, day, own=name in own)

    def late(name: str) -> ForgeError:
        host = reference.parse(name).host
        registries.refuse(host, "it did not answer in time")
        return ForgeError(f"{host}: it did not answer in time", hint="try it again later")

    found, problems = dict[str, Locked](), list[Problem]()
    try:
        results = pool.look_up(names, look, late)
    finally:
        progress.clear()
    for name, result in zip(names, results, strict=True):
        if not isinstance(result, ForgeError):
            found[name] = result
        elif name in own and isinstance(result, Gone):
            click.echo(f"{printable(name)} is not pushed yet", err=True)
        else:
            said = ((each.message.removeprefix(f"{name}: "), each.hint) for each in result.problems)
            problems += [Problem(f"{name}: {words}", wanted.images[name], hint) for words, hint in said]
    return found, problems


def compared(wanted: Named, known: LockFile, own: Collection[str], *, whole: bool) -> list[Problem]:
    """Return a problem for each image of the catalog that is missing from the lock file.

    Images that the catalog builds itself are ignored. If `whole`, also return a problem for each image in the lock file that no
    file of the catalog names.
    """
    from catalog_forge.errors import Problem, Where
    from catalog_forge.registry import LOCK

    hint = "catalog-forge lock"
    missing = [name for name in wanted.images if name not in known.images and name not in own]
    problems = [Problem(f"{name} is not in {LOCK}", wanted.images[name], hint) for name in missing]
    if whole:
        others = [name for name in known.images if name not in wanted.images]
        problems += [Problem(f"no file of the catalog names {name} any more", Where(LOCK), hint) for name in others]
    return problems


def moved(found: Mapping[str, Locked], known: LockFile, wanted: Named) -> list[Problem]:
    """Return a problem for each image whose digest differs from the digest in the lock file."""
    from catalog_forge.errors import Problem

    hint = "review the change, then run: catalog-forge lock"
    return [
        Problem(f"{name} now points to another image: {known.images[name].digest} -> {each.digest}", wanted.images[name], hint)
        for name, each in found.items()
        if name in known.images and known.images[name].digest != each.digest
    ]


def _show(lock: LockFile, form: str) -> None:
    for name, each in sorted(lock.images.items()):
        if each.warning:
            click.echo(printable(f"warning: {name}: {each.warning}"), err=True)
    if form == "json":
        click.echo(as_json({"images": [_data(name, each) for name, each in sorted(lock.images.items())]}))
        return
    for name, each in sorted(lock.images.items()):
        click.echo(printable(f"{name}  {each.digest}  {' '.join(each.platforms)}"))


def _data(name: str, each: Locked) -> dict[str, Any]:
    return {
        "image": name,
        "digest": each.digest,
        "media_type": each.media_type,
        "platforms": [*each.platforms],
        "found": each.found,
        "warning": each.warning,
    }


def _summary(old: LockFile, new: LockFile, found: Mapping[str, Locked]) -> str:
    fresh = sum(name not in old.images for name in found)
    changed = sum(name in old.images and old.images[name].digest != each.digest for name, each in found.items())
    dropped = sum(name not in new.images for name in old.images)
    counts = {"new": fresh, "moved": changed, "dropped": dropped}
    return ", ".join([counted(len(new.images), "image"), *(f"{count} {word}" for word, count in counts.items() if count)])


def _fail(problems: list[Problem]) -> None:
    from catalog_forge.errors import ForgeError

    if problems:
        raise ForgeError.of(problems)
