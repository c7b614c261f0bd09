"""`catalog-forge bake`: print a bake file, from which an existing build farm builds the conf images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.make.build import Inputs, pairs
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options, outfile
from catalog_forge.shown import as_json

if TYPE_CHECKING:
    from catalog_forge.image.baking import Baked
    from catalog_forge.repository import Repository, Source


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete.specs)
@click.option("--changed-since", "since", metavar="REF", help="Leave out images that have not changed since this commit.")
@click.option(
    "--shards",
    type=options.WholeNumber(1),
    metavar="N",
    default=1,
    show_default=True,
    help="Number of groups to split the images into.",
)
@click.option("--platform", metavar="OS/ARCH", help="Build for this platform.")
@click.option("--build-arg", "build_args", multiple=True, metavar="NAME=VALUE", callback=pairs, help="Set a build argument.")
@options.form("bake", "github", "gitlab", "tekton")
@options.output("FILE", "Write the result to FILE.")
@click.pass_obj
def bake(
    settings: Settings, /, names: tuple[str, ...], since: str | None, shards: int, form: str, out: Path | None, **inputs: object
) -> None:
    """Print a bake file, from which a build farm builds the conf images.

    The file is for `docker buildx bake`, which then builds and pushes the same images as `build --push`. The labels are
    also the same, so that `build` recognizes the images of the farm. The other formats list the shards for a CI system, which
    runs `docker buildx bake SHARD` for each shard.
    """
    from catalog_forge.errors import UsageError, of_each
    from catalog_forge.image import baking
    from catalog_forge.repository import Repository

    if shards > baking.LIMITS[form]:
        raise UsageError(f"--shards {shards}: {form} runs at most {baking.LIMITS[form]} jobs")
    repository = Repository.find(settings.directory)
    asked = Inputs(**inputs)  # type: ignore[arg-type]
    wanted = _changed(repository, repository.chosen(names), since)
    targets = of_each(wanted, lambda name: _target(repository, repository.source(name), asked))
    if form == "bake":
        text = as_json(baking.bake_file(targets, asked.arguments, shards))
    else:
        text = baking.matrix(form, [*baking.sharded([target.name for target in targets], shards)])
    outfile.give(text, out)


def _changed(repository: Repository, names: list[str], since: str | None) -> list[str]:
    """Return the specs whose image has changed since a commit.

    Compares the files of each image, its tag, and the checksum of its confd. Without a commit, all specs are returned.
    """
    if since is None:
        return names
    from catalog_forge import git
    from catalog_forge.writer import manifest_path

    root = repository.root
    commit = git.commit_of(root, since)
    listed = git.read(root, "diff", "--name-only", "--relative", "-z", commit, "--", "images")
    listed += git.read(root, "ls-files", "--others", "--exclude-standard", "-z", "--", "images")
    paths = {path.decode("utf-8", "surrogateescape") for path in listed.split(b"\0") if path.count(b"/") > 1}
    touched = {path.split("/")[1] for path in paths if path != manifest_path(path.split("/")[1])}
    # Each change of the spec and each release of this program also changes the manifest, so only the image in it is compared.
    recorded = [name for name in names if name not in touched and manifest_path(name) in paths]
    touched |= _retagged(root, commit, recorded)
    return [name for name in names if name in touched]


def _retagged(root: Path, commit: str, names: Sequence[str]) -> set[str]:
    """Return the specs whose image, as recorded in the manifest on disk, differs from the image at a commit."""
    from catalog_forge import git, writer
    from catalog_forge.plan import File

    paths = {name: writer.manifest_path(name) for name in names}
    old = git.contents(root, [f"{commit}:./{path}" for path in paths.values()])

    def is_same(name: str, path: str) -> bool:
        was = old.get(f"{commit}:./{path}")
        return was is not None and writer.image_in(File(path, was)) == writer.image_of(root, name)

    return {name for name, path in paths.items() if not is_same(name, path)}


def _target(repository: Repository, source: Source, asked: Inputs) -> Baked:
    """Return the image of a spec as a target of the bake file.

    The data comes from the record of `generate`, because parsing ten thousand specs would take too long. Raises ForgeError
    if the spec is invalid, or if its generated files are missing or stale.
    """
    from catalog_forge import writer
    from catalog_forge.cli.make import confds
    from catalog_forge.cli.make.build import folder_of, stale
    from catalog_forge.image.baking import Baked
    from catalog_forge.image.request import inputs_of, known_by
    from catalog_forge.plan import digest_of
    from catalog_forge.spec.checks.whole import CONFD_SHA256, PLATFORM, confd_sha256

    manifest = writer.current(repository.root, source.name, source.inputs)
    if manifest is None:
        source.spec()  # an error in the spec is reported first
        raise stale(source)
    start = f"images/{source.name}/"
    files = {path.removeprefix(start): digest for path, digest in manifest.files.items() if path.startswith(start)}
    context = digest_of(files) if set(files) == _names(repository.root / start) else folder_of(repository.root, start[:-1]).digest
    image = manifest.image or {"tag": source.spec().tag, "confd": confd_sha256(source.spec())}
    if asked.platform:
        confds.check_platform(source.spec(), image["confd"], asked.platform)
    labels = known_by(inputs_of(context, asked.arguments, asked.platform), image["confd"])
    released = PLATFORM if image["confd"] in CONFD_SHA256.values() else ""
    return Baked(source.name, image["tag"], labels, asked.platform or released)


def _names(folder: Path) -> set[str]:
    """Return the paths of the files below a folder, except hidden files."""
    import os

    start = len(str(folder)) + 1
    found = (f"{place}/{name}"[start:] for place, _, names in os.walk(folder) for name in names)
    return {path for path in found if "/." not in f"/{path}"}
