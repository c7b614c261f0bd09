"""`catalog-forge new`: make a spec from a blueprint or from options, generate its files, and build the image."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options as shared
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.blueprint.answers import Given
    from catalog_forge.cli.make.asking import Told
    from catalog_forge.errors import ForgeError
    from catalog_forge.plan import File, Plan
    from catalog_forge.repository import Repository, Source
    from catalog_forge.yamlio import Map


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    blueprint: str | None
    service: str | None
    config: str | None
    reload: str | None
    metadata: tuple[str, ...]
    file_format: str | None
    topology: str | None
    exec: str | None
    backend: str | None
    pairs: tuple[str, ...]
    answers: Path | None
    no_input: bool
    trust: bool
    build: bool | None
    quiet: bool
    confd: Path | None
    force: bool
    dry_run: bool

    @property
    def by_words(self) -> bool:
        """Whether the spec is made from options, without a blueprint."""
        return bool(self.given(_WORDS))

    def given(self, options: Mapping[str, str]) -> str:
        """Join the names of those options that the user gave."""
        return ", ".join(name for field, name in options.items() if getattr(self, field))


_WORDS = {
    field: f"--{field.replace('_', '-')}" for field in ("service", "config", "reload", "metadata", "file_format", "topology")
}
_OF_BLUEPRINTS = {"blueprint": "--blueprint", "pairs": "--set", "answers": "--answers", "backend": "--backend"}


@click.command()
@click.argument("name")
@click.option(
    "--blueprint",
    metavar="NAME|example:NAME|PATH|URL@COMMIT",
    shell_complete=complete.blueprints,
    help="The blueprint; default: the one called NAME, else generic-conf.",
)
@click.option("--service", metavar="[NAME=]IMAGE[:TAG]", help="The software to configure.")
@click.option("--config", metavar="PATH", help="Its configuration file.")
@click.option("--reload", metavar="COMMAND", help="What to do after a change: signal HUP, http POST URL, exec COMMAND, restart.")
@click.option(
    "--metadata",
    metavar="KEY",
    multiple=True,
    help="A metadata key whose value the user supplies, or several with commas; may be repeated.",
)
@click.option("--file-format", metavar="FORMAT", help="Format of the file; default: derived from its extension.")
@click.option(
    "--topology",
    metavar="NAME",
    shell_complete=complete.topologies,
    help="How the service gets the file: volumes, netns, datavol or embedded.",
)
@click.option(
    "--exec",
    metavar="COMMAND",
    help="The command that starts the program; default: the one known for this software, else the command of the image.",
)
@click.option(
    "--backend",
    metavar="BACKEND",
    shell_complete=complete.backends,
    help="For a proxy: the store that lists the servers, such as etcdv3 or consul.",
)
@click.option("--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Answer a question of the blueprint.")
@shared.answers("YAML file with answers.")
@click.option("--no-input", is_flag=True, help="Do not prompt; use the defaults.")
@click.option("--trust", is_flag=True, help="Allow cookiecutter to run the blueprint's hooks and extensions.")
@click.option("--build/--no-build", default=None, help="Whether to build the image; default: build it if an engine is available.")
@shared.confd("Build with this confd binary instead of downloading one.")
@click.option("--force", is_flag=True, help="Overwrite an existing spec, and generated files even if they were edited.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show the steps of the build.")
@click.option("--dry-run", is_flag=True, help="Write and build nothing; show what would be written.")
@click.pass_obj
def new(settings: Settings, /, name: str, **options: object) -> None:
    """Make a new conf image and its catalog entry, and build the image.

    NAME is the name of the image, such as elasticsearch-conf. The spec is made either from a blueprint, which asks questions
    on a terminal, or from the options --service, --config, --reload and --metadata. Either everything is written or nothing.
    """
    from catalog_forge import writer
    from catalog_forge.cli.make import schemas
    from catalog_forge.cli.make.asking import kept
    from catalog_forge.cli.make.starting import with_start
    from catalog_forge.repository import Repository
    from catalog_forge.spec.folder import MEMORY

    chosen = Options(**options)  # type: ignore[arg-type]
    repository = Repository.find(settings.directory)
    _check_name(repository, name, chosen.force)
    told: Told = {}
    with kept(name, told):
        if chosen.by_words:
            author, remember = _from_words(name, chosen), None
        else:
            author, remember = _from_blueprint(settings, name, chosen, repository.inherited, told)
        author = with_start(name, author, repository.inherited, chosen.exec, chosen.no_input)
        if remember:
            author.add(remember(author))
        plan, source = planned(repository, name, author)
    if not (repository.root / schemas.FILE).exists():
        plan.add_text(schemas.FILE, schemas.ready())
    if not chosen.dry_run:
        writer.write(repository.root, name, plan, inputs=source.inputs, force=chosen.force)
        if remember is None:
            (repository.root / f"specs/{name}/{MEMORY}").unlink(missing_ok=True)  # this file records an earlier blueprint
        schemas.keep(repository.root)
    click.echo(tree(str(repository.root), (file.path for file in plan)))
    if chosen.dry_run:
        click.echo("nothing was written", err=True)
        return
    click.echo(f"Edit specs/{name}.yml, then run: catalog-forge generate {name}", err=True)
    if chosen.build is not False:
        _build(repository, name, chosen)


def tree(root: str, paths: Iterable[str]) -> str:
    """Draw files as a tree below `root`."""
    top: dict[str, Any] = {}
    for path in paths:
        folder = top
        for part in path.split("/"):
            folder = folder.setdefault(part, {})
    return "\n".join([root, *_branches(top)])


def _branches(folder: dict[str, Any], indent: str = "") -> Iterator[str]:
    for left, (name, below) in zip(range(len(folder) - 1, -1, -1), sorted(folder.items()), strict=True):
        yield f"{indent}{'├' if left else '└'}── {printable(name)}"
        yield from _branches(below, indent + ("│   " if left else "    "))


def _check_name(repository: Repository, name: str, force: bool) -> None:
    """Raise ForgeError if the name is not allowed for an image, or if a spec with this name exists.

    A name that is not allowed is a usage error, with exit code 2.
    """
    from catalog_forge.errors import ForgeError, UsageError
    from catalog_forge.spec.model import Spec
    from catalog_forge.spec.model.record import keys_of
    from catalog_forge.spec.shorthand import entry_name

    limits = next(key.limits for key in keys_of(Spec) if key.name == "name")
    if not re.fullmatch(limits.pattern, name) or len(name) > limits.maximum:
        shown = name if len(name) <= limits.maximum else name[: limits.maximum] + "..."
        meant = Path(name).name.removesuffix(".yml").lower().replace("_", "-")
        near = re.sub("[^a-z0-9]+", "-", entry_name(meant)).strip("-") + "-conf"
        likely = f"such as {near}: " if re.fullmatch(limits.pattern, near) and len(near) <= limits.maximum else ""
        raise UsageError(
            f"an image cannot be named {shown!r}", hint=f"{likely}{limits.shape}; at most {limits.maximum} characters"
        )
    if (repository.root / f"specs/{name}.yml").exists() and not force:
        raise ForgeError(
            f"there is a spec already: {repository.root}/specs/{name}.yml",
            hint=f"edit this spec, then run: catalog-forge generate {name}; --force overwrites the spec",
        )


def _from_words(name: str, chosen: Options) -> Plan:
    """Return the spec that the options of the command line define."""
    from catalog_forge.blueprint.spec_from_flags import Words, known_of, spec_of
    from catalog_forge.plan import Plan

    if others := chosen.given(_OF_BLUEPRINTS):
        raise click.UsageError(
            f"with {chosen.given(_WORDS)}, a spec is made without a blueprint, so {others} cannot be used: "
            "leave out one of the two. The questions of a blueprint are answered with --set"
        )
    if not (chosen.service and (chosen.config or known_of(chosen.service))):
        lacking = f"the configuration file of {chosen.service!r} is not known: add --config PATH"
        raise click.UsageError(lacking if chosen.service else "without a blueprint, --service is needed: --service IMAGE:TAG")
    words = Words(
        chosen.service,
        chosen.config or "",
        chosen.reload or "",
        tuple(dict.fromkeys(key.strip() for each in chosen.metadata for key in each.split(",") if key.strip())),
        chosen.file_format or "",
        chosen.topology or "",
    )
    plan = Plan()
    plan.add_text(f"specs/{name}.yml", spec_of(name, words))
    return plan


def _from_blueprint(
    settings: Settings, name: str, chosen: Options, inherited: Map | None, told: Told
) -> tuple[Plan, Callable[[Plan], File]]:
    """Return the files that a blueprint makes, and a function that records the blueprint and the answers in a file.

    `told` receives the answers that the user types.
    """
    from catalog_forge.blueprint import memory
    from catalog_forge.blueprint.answers import Given, answer, questions
    from catalog_forge.blueprint.expand import expand, renderer
    from catalog_forge.blueprint.find import GENERIC, cache_folder, opened
    from catalog_forge.blueprint.limits import Budget
    from catalog_forge.blueprint.shipped import shipped
    from catalog_forge.cli.make.asking import asker, left_to_team

    answers_given = given(chosen.pairs, chosen.answers) | {"name": Given(name)}
    if chosen.backend:
        answers_given["backend"] = Given(f"store:{chosen.backend}")
    reference = chosen.blueprint or (name if name in shipped() else GENERIC)
    with opened(reference, settings.directory, cache_folder(os.environ)) as blueprint:
        if blueprint.hooks and not chosen.trust:
            click.echo(
                f"the hooks of the blueprint were not run ({printable(', '.join(blueprint.hooks))}); --trust runs them", err=True
            )
        budget = Budget()  # shared by all questions and files of the run
        render = renderer(blueprint, trusted=chosen.trust, budget=budget)
        every = questions(blueprint, render)
        answers_given = left_to_team(every, inherited) | answers_given
        total = sum(each.name not in answers_given for each in every)
        answers = answer(blueprint, render, answers_given, asker(chosen.no_input, total, told))
        plan = expand(blueprint, answers, trusted=chosen.trust, budget=budget)
        return plan, partial(memory.file_of, blueprint, answers)


def given(pairs: Iterable[str], file: Path | None) -> dict[str, Given]:
    """Return the answers from --answers and --set; --set takes precedence."""
    from catalog_forge import yamlio
    from catalog_forge.blueprint.answers import Given
    from catalog_forge.cli.run.entries import answers_in, pairs_of
    from catalog_forge.errors import ForgeError

    found: dict[str, Given] = {}
    if file:
        answers = answers_in(yamlio.parse(file.read_bytes(), str(file)), needed=True)
        found = {name: Given(node.value, node.where) for name, node in answers.items()}
    found |= {key: Given(text) for key, text in pairs_of(pairs)}
    if "name" in found:
        raise ForgeError("the name is given by NAME on the command line", found["name"].where, "remove `name` from the answers")
    return found


def planned(repository: Repository, name: str, author: Plan, removed: Iterable[str] = ()) -> tuple[Plan, Source]:
    """Return all files: the author's files, and the files generated from them. Raises ForgeError if the spec is invalid.

    `removed`: the paths of files that will be deleted.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.plan import Plan
    from catalog_forge.repository import Source
    from catalog_forge.spec.folder import PlannedFolder

    gone = {path.removeprefix(f"specs/{name}/") for path in removed}
    folder = PlannedFolder(repository.root, name, author.below(f"specs/{name}"), gone)
    source = Source(name, author[f"specs/{name}.yml"].content, folder, repository.inherited, repository.pins)
    plan = Plan(author)
    try:
        plan.merge(source.plan())
    except ForgeError as error:
        _show_lines(source, error)
        raise
    return plan, source


def _show_lines(source: Source, error: ForgeError) -> None:
    """Print the lines of a spec that an error refers to. Users cannot look them up, because the spec is not on disk yet."""
    from catalog_forge.shown import printable

    lines = source.content.decode(errors="replace").splitlines()
    wrong = {problem.where.line for problem in error.problems if problem.where}
    click.echo(f"specs/{source.name}.yml was not written because of these lines:", err=True)
    for number in sorted(wrong & set(range(1, len(lines) + 1))):
        click.echo(f"{number:5} | {printable(lines[number - 1].expandtabs())}", err=True)


def _build(repository: Repository, name: str, chosen: Options) -> None:
    """Build the image if an engine is available, or if --build requires it."""
    from catalog_forge.cli.make.build import Inputs, raise_failures, requests_for, run, show
    from catalog_forge.cli.shown.console import Progress
    from catalog_forge.image.engine import answers, connect

    engine = connect() if chosen.build else answers()
    if engine is None:
        click.echo(
            f"No Docker engine is available, so the image was not built. Build it later with: catalog-forge build {name}",
            err=True,
        )
        return
    with engine:
        report = run(engine, requests_for(repository, (name,), Inputs(confd=chosen.confd)), progress=Progress(chosen.quiet))
    show(report, "text")
    raise_failures(report)
