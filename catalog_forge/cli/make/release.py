"""`catalog-forge release`: the next revision of an entry, written, committed and tagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.releasing import NextRevision, Published
    from catalog_forge.repository import Repository


@click.command()
@click.argument("name", shell_complete=complete.specs)
@click.option("--version", metavar="VERSION", help="Version of the entry; default: the last number of the one before goes up.")
@click.option("-m", "--message", "messages", metavar="TEXT", multiple=True, help="A line for the changelog; may be repeated.")
@click.option("--published", "ref", metavar="REF", default="HEAD", help="The commit that says what is published; default: HEAD.")
@click.option("--offline", is_flag=True, help="Do not ask the registry whether the tag of the image is taken.")
@click.option("--breaking", is_flag=True, help="Release although an upgrade loses something.")
@click.option("--commit", is_flag=True, help="Commit the release; everything else must be committed.")
@click.option("--tag", is_flag=True, help="Commit it, and tag the commit ENTRY-VERSION.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be released.")
@click.pass_obj
def release(settings: Settings, /, name: str, ref: str, breaking: bool, diff: bool, dry_run: bool, **options: Any) -> None:
    """Make the next revision of an entry, when something differs from the last one.

    What is published is what git has: such a revision never changes, and is put back where `generate` wrote over it. The spec
    gets the next revision and version, and the changelog in its folder a line.
    """
    from catalog_forge import releasing
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository

    repository = Repository.find(settings.directory)
    source = repository.source(name)
    published = releasing.published_at(repository, source, ref)
    is_committed = options["commit"] or options["tag"]
    if is_committed:
        releasing.check_clean(repository, source)
    found = releasing.next_revision(source, published, options["version"], options["messages"])
    if found is None:
        click.echo(f"{name}: nothing differs from revision {published.last} of {published.entry}")
        return
    entry = found.source.spec().entry
    before = f", after {published.last}, {published.versions.get(str(published.last))}" if published.revisions else ""
    click.echo(f"{name}: revision {entry.revision} of {entry.name}, version {entry.version}{before}")
    for line in (*found.reasons, *(f"breaking: {each.where}: {each.message}" for each in found.breaking)):
        click.echo(f"  {printable(line)}")
    if found.breaking and not breaking:
        raise ForgeError(
            "an upgrade to this revision loses something: nothing was written", hint="--breaking releases it all the same"
        )
    if not options["offline"]:
        _check_tag(found)
    _write(repository, found, published, diff=diff, dry_run=dry_run)
    if is_committed and not (diff or dry_run):
        _commit(repository, found, options["tag"])


def _write(repository: Repository, found: NextRevision, published: Published, *, diff: bool, dry_run: bool) -> None:
    """Write the release, all of it or nothing; what is published is as git has it afterwards."""
    from catalog_forge import releasing, writer
    from catalog_forge.cli.make.generate import summary
    from catalog_forge.cli.make.new import planned

    name = found.source.name
    restored, known = releasing.restored(repository, name, published)
    author, before = releasing.written(repository, found)
    plan, source = planned(repository, name, author)
    plan.merge(restored)
    known |= before
    if diff:
        click.echo(painted_diff(writer.compare(repository.root, name, plan, known).diff()), nl=False)
    if not (diff or dry_run):
        click.echo(f"{name}: {summary(writer.write(repository.root, name, plan, inputs=source.inputs, known=known))}", err=True)


def _check_tag(found: NextRevision) -> None:
    """Raise ForgeError when the registry has the tag of the image with other content. Without a registry nothing is pushed."""
    from catalog_forge.cli.make.build import Inputs, request_of
    from catalog_forge.errors import ForgeError
    from catalog_forge.registry import pushed
    from catalog_forge.registry.client import Registries

    spec = found.source.spec()
    if not spec.image.registry:
        return
    request = request_of(spec, found.source.plan().below(f"images/{spec.name}"), Inputs(any_confd=True))
    try:
        there = pushed.there(Registries(), request)
    except ForgeError as error:
        hint = "--offline releases without asking; `build --push` asks again"
        raise ForgeError(f"whether {spec.tag} is taken cannot be known: {error.problems[0].message}", hint=hint) from error
    if there and not there.is_same:
        hint = "if somebody released it, take that over (git pull) and release again; else raise `version` in the spec"
        raise ForgeError(f"the registry has {spec.tag} with other content, {there.words}", spec.at("version"), hint)


def _commit(repository: Repository, found: NextRevision, tag: bool) -> None:
    """Commit a release, and tag it."""
    from catalog_forge import git, releasing

    entry = found.source.spec().entry
    title = f"{entry.name} {entry.version} (revision {entry.revision})"
    message = "\n".join([title, "", *(f"- {printable(reason)}" for reason in found.reasons)])
    there = [room for room in releasing.rooms(found.source) if (repository.root / room).exists()]
    git.change(repository.root, "add", "--", *there)
    git.change(repository.root, "commit", "--quiet", "-m", message, "--", *there)
    click.echo(f"committed: {title}", err=True)
    if tag:
        git.change(repository.root, "tag", "-m", title, f"{entry.name}-{entry.version}")
        click.echo(f"tagged: {entry.name}-{entry.version}", err=True)
