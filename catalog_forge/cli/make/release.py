"""`catalog-forge release`: write, commit and tag the next revision of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.releasing import NextRevision, Published
    from catalog_forge.repository import Repository, Source


@click.command()
@click.argument("name", shell_complete=complete.specs, required=False)
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Release every entry that has changed, or none if one of them fails; --commit makes a single commit.",
)
@click.option("--changed", is_flag=True, help="With --all: do not list entries that have not changed.")
@click.option(
    "--version", metavar="VERSION", help="Version of the entry; default: the previous one with its last number incremented."
)
@click.option("-m", "--message", "messages", metavar="TEXT", multiple=True, help="A line for the changelog; may be repeated.")
@click.option(
    "--published", "ref", metavar="REF", default="HEAD", help="The commit whose revisions count as published; default: HEAD."
)
@click.option("--offline", is_flag=True, help="Do not check whether the registry already has the tag of the image.")
@click.option("--breaking", is_flag=True, help="Release even if an upgrade loses something.")
@click.option("--commit", is_flag=True, help="Commit the release; all other changes must be committed already.")
@click.option("--tag", is_flag=True, help="Commit the release, and tag the commit ENTRY-VERSION.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be released.")
@click.pass_obj
def release(settings: Settings, /, name: str | None, every: bool, diff: bool, dry_run: bool, **options: Any) -> None:
    """Make the next revision of an entry if anything has changed since the last one.

    A revision is published once it is committed to git. A published revision never changes, and is restored if `generate` has
    overwritten it. The spec gets the next revision and version, and the changelog in its folder gets a line. With --all,
    every changed entry is released, for example after the team's standards have changed; --commit then commits the standards too.
    """
    from catalog_forge import releasing
    from catalog_forge.errors import UsageError
    from catalog_forge.repository import Repository

    if every == bool(name) or options["version" if every else "changed"]:
        hint = "--version is for a single entry; --all gives each entry its next version; --changed needs --all"
        raise UsageError("name a spec, or use --all", hint=hint)
    repository = Repository.find(settings.directory)
    sources = [repository.source(each) for each in repository.chosen((name,) if name else ())]
    is_committed = options["commit"] or options["tag"]
    if is_committed:
        releasing.check_clean(repository, sources, standards=every)
    found = _found(repository, sources, options)
    writes = not (diff or dry_run)
    if not found:
        if every:
            click.echo("nothing has changed since the published revisions")
        if options["tag"] and writes:
            _tag(repository, sources)
        return
    _check_breaks(found, options["breaking"])
    if options["tag"]:
        releasing.check_tags(repository, [each.source for each, _ in found])
    if not options["offline"]:
        _check_tags([each for each, _ in found])
    _write(repository, found, diff=diff, dry_run=dry_run)
    if is_committed and writes:
        _commit(repository, [each for each, _ in found])
    if options["tag"] and writes:
        _tag(repository, [each.source for each, _ in found])


def _found(repository: Repository, sources: list[Source], options: dict[str, Any]) -> list[tuple[NextRevision, Published]]:
    """Find and print the next revision for each spec. Raises ForgeError with the problems of all specs."""
    from catalog_forge import releasing
    from catalog_forge.errors import of_each

    def one(source: Source) -> tuple[NextRevision, Published] | None:
        published = releasing.published_at(repository, source, options["ref"])
        revision = releasing.next_revision(source, published, options["version"], options["messages"])
        if revision:
            _tell(revision, published)
            return revision, published
        if not options["changed"]:
            click.echo(f"{source.name}: nothing differs from revision {published.last} of {published.entry}")
        return None

    return [each for each in of_each(sources, one) if each]


def _tell(found: NextRevision, published: Published) -> None:
    """Print which revision will be released, and why."""
    entry = found.source.spec().entry
    before = f", after revision {published.last}, {published.versions.get(str(published.last))}" if published.revisions else ""
    click.echo(f"{found.source.name}: revision {entry.revision} of {entry.name}, version {entry.version}{before}")
    for line in (*found.reasons, *(f"breaking: {each.where}: {each.message}" for each in found.breaking)):
        click.echo(f"  {printable(line)}")


def _check_breaks(found: list[tuple[NextRevision, Published]], breaking: bool) -> None:
    """Raise ForgeError if an upgrade would break running stacks and --breaking was not given."""
    from catalog_forge.errors import ForgeError

    losing = [each.source.name for each, _ in found if each.breaking]
    if losing and not breaking:
        of = f" of {', '.join(losing)}" if len(found) > 1 else ""
        raise ForgeError(
            f"an upgrade to this revision{of} loses something: nothing was written", hint="--breaking releases it anyway"
        )


def _write(repository: Repository, found: list[tuple[NextRevision, Published]], *, diff: bool, dry_run: bool) -> None:
    """Write all releases or none of them. Published files are restored to their content in git."""
    from catalog_forge import releasing, writer
    from catalog_forge.cli.make.generate import summary
    from catalog_forge.cli.make.new import planned

    plans, known = [], {}
    for each, published in found:
        name = each.source.name
        restored, known[name] = releasing.restored(repository, name, published)
        author, before = releasing.written(repository, each)
        plan, source = planned(repository, name, author)
        plan.merge(restored)
        known[name] |= before
        plans.append((name, plan, source.inputs))
        if diff:
            click.echo(painted_diff(writer.compare(repository.root, name, plan, known[name]).diff()), nl=False)
    if not (diff or dry_run):
        for (name, _, _), done in zip(plans, writer.write_all(repository.root, plans, known), strict=True):
            click.echo(f"{name}: {summary(done)}", err=True)


def _check_tags(found: list[NextRevision]) -> None:
    """Raise ForgeError if a registry has another image with the same tag, or if that cannot be checked.

    Images without a registry are not checked, because they are never pushed.
    """
    from catalog_forge.cli.make.build import Inputs, request_of
    from catalog_forge.errors import ForgeError, Problem

    specs = [(each.source.spec(), each.source.plan()) for each in found if each.source.spec().image.registry]
    if not specs:
        return
    from catalog_forge.registry import pool, pushed
    from catalog_forge.registry.client import Registries

    requests = [request_of(spec, plan.below(f"images/{spec.name}"), Inputs(any_confd=True)) for spec, plan in specs]
    registries, late = Registries(), lambda _: ForgeError("the registry did not answer in time")
    problems: list[Problem] = []
    for (spec, _), there in zip(specs, pool.look_up(requests, lambda each: pushed.there(registries, each), late), strict=True):
        if isinstance(there, ForgeError):
            hint = "--offline releases without checking; `build --push` checks again"
            problems.append(Problem(f"cannot check whether {spec.tag} is taken: {there.problems[0].message}", None, hint))
        elif there and not there.is_same:
            hint = "if someone else released it, git pull and release again; otherwise raise `version` in the spec"
            words = f"the registry has {spec.tag} with other content, {there.words}"
            problems.append(Problem(words, spec.at("version"), hint))
    if problems:
        raise ForgeError.of(problems)


def _commit(repository: Repository, found: list[NextRevision]) -> None:
    """Commit all releases in a single commit."""
    from catalog_forge import git, releasing
    from catalog_forge.repository import MARK

    titles = [releasing.title(each.source) for each in found]
    title = titles[0] if len(titles) == 1 else f"Release {len(titles)} entries"
    lines = [f"- {printable(reason)}" for reason in found[0].reasons]
    if len(titles) > 1:
        lines = [f"- {name}: {printable('; '.join(each.reasons))}" for name, each in zip(titles, found, strict=True)]
    rooms = [room for each in found for room in releasing.rooms(each.source)]
    there = [room for room in dict.fromkeys((*rooms, MARK)) if (repository.root / room).exists()]
    git.change(repository.root, "add", "--", *there)
    git.change(repository.root, "commit", "--quiet", "-m", "\n".join([title, "", *lines]), "--", *there)
    click.echo(f"committed: {title}", err=True)


def _tag(repository: Repository, sources: list[Source]) -> None:
    """Tag the last commit for each release that it made and that has no tag yet, for example because a run was interrupted."""
    from catalog_forge import git, releasing

    for name, title in releasing.untagged(repository, sources):
        git.change(repository.root, "tag", "-m", title, name)
        click.echo(f"tagged: {name}", err=True)
