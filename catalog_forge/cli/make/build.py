"""`catalog-forge build`: build the images of images/ on a Docker engine, and push them to a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json

if TYPE_CHECKING:
    from catalog_forge.cli.shown.console import Progress
    from catalog_forge.errors import ForgeError
    from catalog_forge.image.engine import Engine
    from catalog_forge.image.request import BuildRequest, Built
    from catalog_forge.plan import Plan
    from catalog_forge.registry.client import Registries
    from catalog_forge.repository import Repository, Source
    from catalog_forge.spec.model import Spec


@dataclass(frozen=True)
class Inputs:
    """The inputs of a build that the command line adds: a confd, build arguments, the platform, and whether to ignore the cache.

    `any_confd`: without `confd`, an existing image counts as up to date whichever confd it contains. `told`: `confd` may differ
    from the released confd.
    """

    confd: Path | None = None
    build_args: tuple[str, ...] = ()
    platform: str | None = None
    no_cache: bool = False
    any_confd: bool = False
    told: bool = True

    @property
    def arguments(self) -> dict[str, str]:
        """The build arguments: a mapping from names to values."""
        pairs = (text.partition("=") for text in self.build_args)
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True)
class Report:
    """The result of a run: the images, and the failures."""

    built: list[tuple[BuildRequest, Built]] = field(default_factory=list)
    pushed: dict[str, str] = field(default_factory=dict)
    failures: list[ForgeError] = field(default_factory=list)


def pairs(_: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse values that are not NAME=VALUE."""
    for value in values:
        options.pair(param.opts[0], value)
    return values


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete.specs)
@options.confd("Use this confd binary instead of downloading one.")
@click.option("--any-confd", "told", is_flag=True, help="Accept --confd even if it is not the pinned one.")
@click.option("--twice", is_flag=True, help="Build each image a second time without the cache, and fail if its content differs.")
@click.option("--no-cache", is_flag=True, help="Rebuild every image, even if nothing has changed.")
@click.option("--push", is_flag=True, help="Push the images to their registries, unless their tags are already taken.")
@click.option("--force", is_flag=True, help="Push even if the registry already has the tag with different content.")
@click.option("--platform", metavar="OS/ARCH", help="Build for this platform.")
@click.option("--build-arg", "build_args", multiple=True, metavar="NAME=VALUE", callback=pairs, help="Set a build argument.")
@options.jobs(1, "Number of images to build in parallel.")
@click.option(
    "--plain", is_flag=True, help="Print every step on a separate line; default on a terminal: show only the current step."
)
@click.option("-q", "--quiet", is_flag=True, help="Show only the result, not the steps.")
@options.form()
@click.pass_obj
def build(
    settings: Settings,
    /,
    names: tuple[str, ...],
    push: bool,
    force: bool,
    jobs: int,
    plain: bool,
    quiet: bool,
    form: str,
    twice: bool,
    **inputs: object,
) -> None:
    """Build the conf images of specs on a Docker engine.

    Without a NAME, builds the image of every spec in the catalog. An image whose inputs have not changed is not built
    again. The engine is the one that the docker command uses: DOCKER_HOST, DOCKER_CONTEXT or the current context.

    A pushed tag is never changed: if the registry already has the tag with different content, the push is refused; if the
    inputs are the same, nothing is pushed. The digests of pushed images are written to catalog-forge.lock.
    """
    from catalog_forge.repository import Repository

    options.refuse_without("--push", "--force")
    repository = Repository.find(settings.directory)
    # A user who sets the environment variable of --confd accepts that the confd may differ from the released confd.
    source = click.get_current_context().get_parameter_source("confd")
    inputs["told"] = inputs["told"] or source is click.core.ParameterSource.ENVIRONMENT
    requests = requests_for(repository, names, Inputs(**inputs))  # type: ignore[arg-type]
    report = None if push or twice else found(requests, quiet)
    if report is None:
        from catalog_forge.cli.shown.console import Progress
        from catalog_forge.image.engine import connect

        with connect() as engine:
            report = run(engine, requests, jobs=jobs, progress=Progress(quiet, plain))
            if twice:
                _again(engine, report, Progress(quiet, plain))
            if push:
                _push(engine, report, repository.root, force, Progress(quiet, plain))
    show(report, form)
    raise_failures(report)


def _again(engine: Engine, report: Report, progress: Progress) -> None:
    """Build each image again. If the content of an image differs, move the image from `built` to `failures`."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.image import twice

    try:
        for pair in list(report.built):
            try:
                twice.check(engine, pair[0], progress.reporter(pair[0].tags[0]))
            except ForgeError as error:
                report.built.remove(pair)
                report.failures.append(error)
    finally:
        progress.clear()


def found(requests: Sequence[BuildRequest], quiet: bool = False) -> Report | None:
    """Return the report if all images are up to date on the engine, or None if an image must be built."""
    from catalog_forge.image.lists import images
    from catalog_forge.image.request import Built

    there = images(request.tags[0] for request in requests)
    digests = [request.built_as(image) for request, image in zip(requests, there or (), strict=bool(there))]
    if there is None or not all(digests):
        return None
    for request in () if quiet else requests:
        click.echo(f"{request.tags[0]} is up to date", err=True)
    pairs = zip(requests, there, digests, strict=True)
    return Report([(request, Built(image["Id"], digest, fresh=False)) for request, image, digest in pairs])


def requests_for(repository: Repository, names: tuple[str, ...], inputs: Inputs) -> list[BuildRequest]:
    """Return the build requests for the specs with these names, or for all specs.

    Raises ForgeError with all problems if specs are invalid, or if their generated files are missing or stale.
    """
    from catalog_forge.errors import of_each

    return of_each(repository.chosen(names), lambda name: _request(repository, repository.source(name), inputs))


def _request(repository: Repository, source: Source, inputs: Inputs) -> BuildRequest:
    if not repository.is_current(source):
        raise stale(source)
    return request_of(source.spec(), folder_of(repository.root, f"images/{source.name}"), inputs)


def request_of(spec: Spec, context: Plan, inputs: Inputs) -> BuildRequest:
    """Return the build request for a spec; `context` has the files of its image."""
    from catalog_forge.cli.make import confds
    from catalog_forge.image.request import BuildRequest

    confd = confds.chosen(spec, inputs.confd, told=inputs.told)
    confds.check_platform(spec, confd.checksum, inputs.platform)
    return BuildRequest(
        context,
        (spec.tag,),
        args=inputs.arguments,
        platform=inputs.platform,
        no_cache=inputs.no_cache,
        dockerfile=f"images/{spec.name}/Dockerfile",
        brought=confd.brought,
        download=confd.checksum,
        any_download=inputs.any_confd and inputs.confd is None,
        remark=confd.remark,
    )


def stale(source: Source) -> ForgeError:
    """Return the error for a spec whose generated files on disk are not up to date."""
    from catalog_forge.errors import ForgeError

    return ForgeError(
        f"images/{source.name} is out of date with its spec, or was edited", hint=f"catalog-forge generate {source.name}"
    )


def folder_of(root: Path, name: str) -> Plan:
    """Return the files of a folder. Hidden files are left out, so that the hidden manifest has no effect on the image.

    Only the executable bit of a file's mode is kept, because the other bits depend on the umask.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.plan import EXECUTABLE, REGULAR, File, Plan
    from catalog_forge.spec.folder import check_inside, walked

    plan = Plan()
    check_inside(root, name)
    for path in walked(root / name):
        relative = path.relative_to(root / name).as_posix()
        if f"/{relative}".count("/."):
            continue
        if path.is_symlink():
            raise ForgeError(
                f"{name}/{relative} is a symbolic link",
                hint="replace it with a regular file: a build context cannot contain symbolic links",
            )
        if path.is_file():
            plan.add(File(relative, path.read_bytes(), EXECUTABLE if path.stat().st_mode & 0o100 else REGULAR))
    return plan


def run(engine: Engine, requests: Sequence[BuildRequest], *, jobs: int = 1, progress: Progress | None = None) -> Report:
    """Build images, with `progress` on stderr. Failures are part of the report."""
    from catalog_forge.cli.shown.console import Progress
    from catalog_forge.errors import ForgeError
    from catalog_forge.image import builder

    report, progress = Report(), progress or Progress()
    try:
        outcomes = builder.build_all(engine, requests, lambda request: progress.reporter(request.tags[0]), jobs)
        for request, outcome in zip(requests, outcomes, strict=True):
            if isinstance(outcome, ForgeError):
                report.failures.append(outcome)
            else:
                report.built.append((request, outcome))
    finally:
        progress.clear()
    return report


def _push(engine: Engine, report: Report, root: Path, force: bool, progress: Progress) -> None:
    """Push the built images to their registries, and record the digests of the pushed images in the lock file."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.registry import lockfile, pushed
    from catalog_forge.registry.client import Registries

    registries = Registries()
    try:
        for request, _ in report.built:
            try:
                report.pushed[request.tags[0]] = _pushed(engine, registries, request, force, progress)
            except ForgeError as error:
                report.failures.append(error)
    finally:
        progress.clear()
    found = [*pushed.locked(registries, report.pushed)]
    report.failures.extend(each for _, each in found if isinstance(each, ForgeError))
    known = {tag: each for tag, each in found if not isinstance(each, ForgeError)}
    if known:
        lockfile.update(root, lambda lock: lock.with_images(known))


def _pushed(engine: Engine, registries: Registries, request: BuildRequest, force: bool, progress: Progress) -> str:
    """Push an image unless its registry already has it. Return the digest.

    Raises BuildError if the registry has the tag with different content, unless `force` is true.
    """
    from catalog_forge.errors import BuildError, ForgeError
    from catalog_forge.image import builder
    from catalog_forge.registry import pushed

    tag, there = request.tags[0], None
    try:
        there = pushed.there(registries, request)
    except ForgeError as error:
        if not force:
            hint = "a pushed tag must not change, so the registry is checked first; --force skips the check"
            hint = "; ".join(filter(None, (error.problems[0].hint, hint)))
            raise BuildError(f"cannot push {tag}: {error.problems[0].message}", hint=hint) from error
    if there and there.is_same:
        click.echo(f"{tag} is already pushed", err=True)
        return there.manifest.digest
    if there and not force:
        hint = "raise `version` in the spec, as `release` does; --force overwrites the image for everyone who pulls this tag"
        raise BuildError(f"cannot push {tag}: the registry already has this tag with different content, {there.words}", hint=hint)
    if there:
        click.echo(f"{tag}: overwrites {there.words}", err=True)
    return builder.push(engine, tag, progress.reporter(tag))


def show(report: Report, form: str) -> None:
    """Print the result for each image: its tag, its id, whether it was built or up to date, and whether it was pushed."""
    if form == "json":
        rows = [
            {"tag": r.tags[0], "image": b.image_id, "digest": b.digest, "fresh": b.fresh, "pushed": report.pushed.get(r.tags[0])}
            for r, b in report.built
        ]
        click.echo(as_json(rows))
        return
    for request, built in report.built:
        state = ", ".join(filter(None, ("built", request.remark))) if built.fresh else "up to date"
        pushed = ", pushed" if request.tags[0] in report.pushed else ""
        click.echo(f"{request.tags[0]}  {built.image_id}  {state}{pushed}")


def raise_failures(report: Report) -> None:
    """Raise all failures as one error: EngineError if every failure is an EngineError, otherwise BuildError."""
    from catalog_forge.errors import BuildError, EngineError

    problems = [problem for failure in report.failures for problem in failure.problems]
    if problems:
        gone = all(isinstance(failure, EngineError) for failure in report.failures)
        raise (EngineError if gone else BuildError).of(problems)
