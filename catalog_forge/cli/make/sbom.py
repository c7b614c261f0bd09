"""`catalog-forge sbom`: print the contents of a conf image."""

from __future__ import annotations

from pathlib import Path

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.make.build import Inputs, requests_for
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options, outfile
from catalog_forge.shown import as_json


@click.command()
@click.argument("name", shell_complete=complete.specs)
@options.confd("The confd binary that the image is built with.")
@click.option("--platform", metavar="OS/ARCH", help="The platform that the image is built for.")
@options.output("FILE", "Write the result to FILE.")
@click.pass_obj
def sbom(settings: Settings, /, name: str, confd: Path | None, platform: str | None, out: Path | None) -> None:
    """Print what the conf image of a spec contains, as SPDX 2.3 in JSON.

    The command needs no engine and no scanner: the base image, confd, tools, files and labels are taken from the build
    inputs. The digest of the base comes from catalog-forge.lock. The same inputs always give the same document, dated
    SOURCE_DATE_EPOCH, or 1970 if that is not set.
    """
    from catalog_forge.image import sbom as documents
    from catalog_forge.registry import lockfile
    from catalog_forge.registry.reference import parse
    from catalog_forge.repository import Repository
    from catalog_forge.spec.checks.whole import CONFD_SHA256, PLATFORM

    repository = Repository.find(settings.directory)
    (request,) = requests_for(repository, (name,), Inputs(confd, platform=platform))
    spec, lock = repository.source(name).spec(), lockfile.read(repository.root)

    def image(written: str) -> documents.NamedImage:
        reference, locked = parse(written), lock.images.get(written)
        return documents.NamedImage(reference.familiar, reference.tag, reference.digest or (locked.digest if locked else ""))

    first, others = documents.bases(request)
    base = image(first)
    if not base.digest:
        click.echo(f"the digest of {first} is not known: `catalog-forge lock {name}` looks it up", err=True)
    released = PLATFORM if request.download in CONFD_SHA256.values() else ""
    found = documents.document(
        spec, request, image(spec.tag), base, [*map(image, others)], platform or released, lockfile.epoch(0)
    )
    outfile.give(as_json(found), out)
