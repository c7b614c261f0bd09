"""`catalog-forge test`: compare the scenarios of specs with their expectations."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.prove.rendered import warn_of_keys
from catalog_forge.cli.shown import engines, options, outfile, places
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import as_json, counted, printable, said

if TYPE_CHECKING:
    from catalog_forge.errors import Problem
    from catalog_forge.repository import Repository
    from catalog_forge.verify.play import Case, Result

# The number of log lines shown for a failed container.
LOG_LINES = 30
_FIRST = "create one with: catalog-forge scenario new NAME"
_COLOURS = {"passed": "green", "skipped": "yellow", "failed": "red", "error": "red"}


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete.specs)
@click.option(
    "--scenario",
    "scenarios",
    metavar="NAME",
    multiple=True,
    shell_complete=complete.scenarios,
    help="Play only scenarios with this name.",
)
@engines.backend
@engines.options(engines.ALL)
@click.option("--trust", is_flag=True, help="With `--engine stack`: allow privileged settings, as `up --trust` does.")
@options.jobs(2, "Number of scenarios to play in parallel.")
@click.option("--junit", type=places.NEW_FILE, metavar="FILE", help="Also write JUnit XML to FILE.")
@options.form()
@click.pass_obj
def test(
    settings: Settings,
    names: tuple[str, ...],
    scenarios: tuple[str, ...],
    backend: str | None,
    engine: str,
    confd: Path | None,
    trust: bool,
    jobs: int,
    junit: Path | None,
    form: str,
) -> None:
    """Play the scenarios of specs, and compare the results with what they expect.

    The files rendered at each moment are compared with what the scenario expects at that moment.

    Without a NAME, plays the scenarios of every spec in the catalog. Scenarios are the files
    specs/NAME/scenarios/*.yml; `scenario new` writes the first one. Exits 1 if anything is not as expected.
    """
    from catalog_forge.errors import ForgeError, Problem
    from catalog_forge.repository import Repository
    from catalog_forge.verify import report
    from catalog_forge.verify.play import play_all

    repository = Repository.find(settings.directory)
    chosen, problems = _cases(repository, names, scenarios, backend or "")
    if backend:
        _check(backend, engine, chosen)
    _warn(chosen)
    if engine in engines.OF_IMAGES:
        engines.build_missing(settings.directory, sorted({case.spec for case in chosen}), confd)
    results = []
    with engines.playing(engine, confd, trust) as opened:
        for result in play_all(chosen, opened, jobs):
            results.append(result)
            if form == "text":
                _show(result)
    if junit:
        outfile.write(junit, report.junit(results, engine))
    if form == "json":
        click.echo(as_json(report.as_data(results, engine)))
    bad = [result for result in results if not result.passed]
    if form == "text":
        click.echo(_summary(results))
    if bad:
        message = f"{len(bad)} of {counted(len(results), 'scenario')} failed"
        problems.append(Problem(message, hint=_wanted(bad) if form == "text" else ""))
    if problems:
        raise ForgeError.of(problems)


def _wanted(bad: Sequence[Result]) -> str:
    """Return a hint for users who meant a rendered file to change, or an empty string if no file differs."""
    changed = [each.case.title for each in bad if any(failure.diff for step in each.steps for failure in step.failures)]
    again = shlex.join(["catalog-forge", "scenario", "new", *changed[0].split("/", 1), "--force"]) if changed else ""
    return again and f"if the change is intended, change the expectation; to record the scenario again, run: {again}"


def _check(backend: str, engine: str, chosen: Sequence[Case]) -> None:
    """Refuse a back end that the engine does not support."""
    if engine == "image":
        raise click.UsageError(f"--backend {backend}: --engine image runs no store; use --engine embedded, confd or stack")
    specs = [case.subject.spec for case in chosen if case.subject.spec]
    if engine == "stack" and any(backend not in spec.engine.backends for spec in specs):
        words = f"--backend {backend}: --engine stack runs Rancher's metadata service instead"
        raise click.UsageError(f"{words}; leave out --backend, or use --engine embedded or confd")


def _warn(chosen: Sequence[Case]) -> None:
    """Print a warning for each metadata key that may be misspelled in a scenario."""
    for case in chosen:
        warn_of_keys(case.subject.spec, case.scenario)


def _cases(
    repository: Repository, names: tuple[str, ...], scenarios: tuple[str, ...], backend: str
) -> tuple[list[Case], list[Problem]]:
    """Return the valid scenarios and the problems in invalid ones, so that an invalid scenario does not prevent other tests."""
    from catalog_forge.errors import ForgeError, did_you_mean, to_yml
    from catalog_forge.verify import play
    from catalog_forge.verify.subject import reading

    cases: list[Case] = []
    problems: list[Problem] = []
    known: set[str] = set()
    for name in repository.chosen(names):
        source = repository.source(name)
        try:
            known.update(source.folder.scenarios())
            cases += play.cases(reading(source.spec(), backend), source.folder, scenarios, backend)
        except ForgeError as error:
            problems.extend(error.problems)
    if problems and not cases:
        raise ForgeError.of(problems)
    for scenario in scenarios:
        if scenario not in known:
            raise ForgeError(f"there is no scenario {scenario!r}", hint=did_you_mean(scenario, known) if known else _FIRST)
    if not cases:
        misnamed = min(repository.root.glob("specs/*/scenarios/*.yaml"), default=None)
        path = misnamed.relative_to(repository.root).as_posix() if misnamed else ""
        raise ForgeError(
            "there are no scenarios", hint=f"the file of a scenario ends in .yml: {to_yml(path)}" if path else _FIRST
        )
    return cases, problems


def _show(result: Result) -> None:
    from catalog_forge.verify.report import outcome

    word = outcome(result)
    checks = sum(step.checked for step in result.steps)
    facts = f"{counted(len(result.played), 'moment')}, {counted(checks, 'check')}, {1000 * result.seconds:.0f} ms"
    if result.passed and not result.skipped and not checks:
        facts += "; the scenario expects nothing"
    click.echo(
        f"{click.style(f'{word:8}', fg=_COLOURS[word])} {printable(result.case.title)}  {printable(result.skipped or facts)}"
    )
    for line in [*_not_played(result), *_failures(result)]:
        click.echo(line)


def _not_played(result: Result) -> Iterator[str]:
    """Yield lines that report what was not checked: checks that need a stack, and moments that a stack did not reach."""
    from catalog_forge.verify.report import unasked

    if count := sum(step.unasked for step in result.steps):
        yield f"  {unasked(count)}"
    left = [step for step in result.steps if step.left]
    if left:
        yield click.style(printable(f"  {left[0].where}: {left[0].name}: not played: {left[0].left}"), fg="yellow")
    for step in left[1:]:
        yield click.style(printable(f"  {step.where}: {step.name}: not played: the moment above was not reached"), fg="yellow")


def _failures(result: Result) -> Iterator[str]:
    """Yield the failures, each with its location, moment and difference, and then the end of the log."""
    for step in result.steps:
        for failure in step.failures:
            place = f"{failure.where}: " if failure.where.file else f"{result.case.file}: "
            yield click.style(printable(f"  {place}{step.name}: {failure.message}"), bold=True)
            for line in painted_diff(failure.diff).splitlines():
                yield f"    {line}"
    if result.broken:
        yield from (f"  {printable(line)}" for line in str(result.broken).split("\n"))
    last = result.played[-1].seen if result.played and not (result.passed or result.broken) else None
    if last and last.log:
        yield "  the end of the log:"
        # An engine with containers has already shortened the log of each container.
        shown = last.log.splitlines()[0 if last.asked else -LOG_LINES :]
        yield from (f"    {said(line)}" for line in shown)


def _summary(results: Sequence[Result]) -> str:
    from collections import Counter

    from catalog_forge.verify.report import outcome

    counts = Counter(map(outcome, results))
    words = ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), key=lambda item: list(_COLOURS).index(item[0])))
    return f"{counted(len(results), 'scenario')}: {words}"
