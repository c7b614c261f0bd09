"""`catalog-forge lint`: find what is wrong with a catalog, an entry, an image or a spec."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings, recover_above
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options, places
from catalog_forge.shown import counted, printable

if TYPE_CHECKING:
    from catalog_forge.errors import ForgeError
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.lint.runner.baseline import Key
    from catalog_forge.lint.runner.check import Checked
    from catalog_forge.lint.runner.run import Choice
    from catalog_forge.lint.runner.settings import Settings as Wanted
    from catalog_forge.rancher.tree import Tree
    from catalog_forge.spec.standards import Team

# The levels are repeated here, because importing them would slow down completion in the shell.
FAIL_ON = ("error", "warning", "note", "never")
FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab")


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    fail_on: str | None
    form: str
    out: Path | None
    baseline: Path | None
    write_baseline: Path | None
    fix: bool
    diff: bool
    external: bool
    jobs: int
    report: Path | None
    since: str | None


@dataclass(frozen=True)
class Run:
    """A checked PATH: its name, its catalog, the team's settings for it, and the result."""

    title: str
    catalog: Catalog
    wanted: Wanted
    choice: Choice
    checked: Checked


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--select",
    shell_complete=complete.rules,
    multiple=True,
    metavar="IDS",
    help="Apply only these rules, such as CF301,CF4 (CF4: every rule whose ID starts with CF4).",
)
@click.option("--ignore", shell_complete=complete.rules, multiple=True, metavar="IDS", help="Do not apply these rules.")
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    help="Exit 1 if there are findings at or above this level.  [default: error]",
)
@options.form(*FORMATS)
@options.output("FILE", "Write the result to FILE.")
@click.option(
    "--report", type=places.NEW_FILE, metavar="FILE", help="Write a report to FILE, whose name must end in .html or .md."
)
@click.option("--baseline", type=places.FILE, metavar="FILE", help="Ignore the findings recorded in FILE.")
@click.option("--write-baseline", type=places.NEW_FILE, metavar="FILE", help="Record all current findings in FILE, and exit.")
@click.option("--fix", is_flag=True, help="Fix what can be fixed safely, then check again.")
@click.option("--diff", is_flag=True, help="Show what --fix changes; without --fix nothing is written.")
@click.option(
    "--no-external",
    "external",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Do not run hadolint or shellcheck, and do not contact git servers.",
)
@options.jobs(2, "Number of processes.")
@click.option(
    "--since", metavar="REF", help="Find revisions that were already published at the git commit REF and have changed since."
)
@click.option("--verdicts", is_flag=True, help="Show what Rancher's three judges do with PATH, and exit.")
@click.option(
    "--explain-verdict",
    "verdict",
    metavar="ENTRY",
    shell_complete=complete.entries,
    help="Show what each judge does with one entry, and exit.",
)
@click.option("--list", "listing", is_flag=True, help="List the rules, and exit.")
@click.option("--explain", shell_complete=complete.rules, metavar="ID", help="Explain a rule, and exit.")
@click.pass_obj
def lint(
    settings: Settings,
    /,
    paths: tuple[Path, ...],
    listing: bool,
    explain: str | None,
    verdicts: bool,
    verdict: str | None,
    **given: Any,
) -> None:
    """Lint any catalog: entries, conf images and specs.

    PATHS are folders or files of any Rancher 1.x catalog; the default is the current folder. The `lint` section of
    catalog-forge.yml sets defaults for a team; options override them.

    \b
    Exit codes: 0 success, 1 findings at or above --fail-on, 2 wrong usage, 3 a rule crashed (a bug).
    """
    options = Options(**given)
    select, ignore = (_words(words) for words in (options.select, options.ignore))
    if listing or explain:
        _rules(explain, select, ignore, options.form)
        return
    if verdicts or verdict is not None:
        _verdicts(settings.directory, paths, verdict, options.form)
        return
    if options.diff and options.form != "text" and not options.out:
        raise click.UsageError("--diff prints a diff: write the --format output to a file with -o FILE")
    if options.report and options.report.suffix not in (".html", ".md"):
        raise click.UsageError("--report needs a file name that ends in .html or .md")
    start = settings.directory
    with _without_collector():
        runs = [_run(start, path, options, select, ignore) for path in paths or (Path(),)]
    if options.write_baseline:
        _write_baseline(options.write_baseline, runs)
        return
    _show(runs, options)
    failing = [each for run in runs for each in run.checked.findings if _fails(each.level, options.fail_on or run.wanted.fail_on)]
    if failing:
        raise SystemExit(1)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Disable the garbage collector: all data stays in use, so searching for garbage would waste a third of the run time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    """Split lists of rule ids at commas. Raises UsageError for an id that matches no rule."""
    words = tuple(word for each in given for word in each.replace(" ", "").split(",") if word)
    if words:
        from catalog_forge.errors import ForgeError, UsageError
        from catalog_forge.lint.runner import registry

        try:
            registry.expand(words)
        except ForgeError as error:
            raise UsageError.of(error.problems) from None
    return words


def _rules(explain: str | None, select: tuple[str, ...], ignore: tuple[str, ...], form: str) -> None:
    from catalog_forge.cli.judge import rulebook
    from catalog_forge.lint.runner import registry

    if form not in ("text", "json"):
        raise click.UsageError("rules can be shown only with --format text or json")
    if explain:
        _words((explain,))
        rulebook.explain(explain, form)
    else:
        rulebook.show_all(registry.expand(select or ("all",)) - registry.expand(ignore), form)


def _verdicts(start: Path, paths: tuple[Path, ...], entry: str | None, form: str) -> None:
    from catalog_forge.cli.judge import verdicts
    from catalog_forge.cli.shown.catalogs import check_there
    from catalog_forge.lint import disk
    from catalog_forge.lint.catalog import Catalog

    if form not in ("text", "json"):
        raise click.UsageError("verdicts can be shown only with --format text or json")
    if len(paths) > 1:
        raise click.UsageError("give a single PATH: a verdict covers everything that is served together")
    path = paths[0] if paths else Path()
    recover_above(start / path)
    tree = disk.read(start / path, _shown(path))
    check_there(Catalog(tree), start / path)
    if entry is None:
        verdicts.show(tree, form)
    else:
        verdicts.explain(tree, entry, form)


def _shown(path: Path) -> str:
    """Return the prefix that messages add to the paths of files."""
    return "" if path == Path() else str(path)


def _fails(level: str, fail_on: str) -> bool:
    return fail_on != "never" and FAIL_ON.index(level) <= FAIL_ON.index(fail_on)


def _run(start: Path, path: Path, options: Options, select: tuple[str, ...], ignore: tuple[str, ...]) -> Run:
    """Read a path, fix it if requested, check it, and set aside the findings that the catalog's own baseline contains."""
    from catalog_forge.cli.shown.catalogs import check_there
    from catalog_forge.lint import disk, history
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.lint.runner import baseline, fixes
    from catalog_forge.lint.runner import settings as reader
    from catalog_forge.lint.runner.check import check

    recover_above(start / path)
    standards = disk.standards(start / path)
    team = _team(standards, start, path, options.external)
    wanted = reader.of(team)
    choice = wanted.choice(select, ignore, options.external)
    tree = disk.read(start / path, _shown(path))
    since = history.at(start / path, options.since, tree.inside, _shown(path)) if options.since else None
    if options.fix or options.diff:
        after = fixes.mended(tree, lambda tree: check(Catalog(tree, team, since), choice, options.jobs).findings)
        tree = _mended(start, path, options, tree, after)
    catalog = Catalog(tree, team, since)
    if not standards or tree.inside:
        check_there(catalog, start / path)
    run = Run((start / path).resolve().name, catalog, wanted, choice, check(catalog, choice, options.jobs))
    if standards and wanted.baseline and not (options.baseline or options.write_baseline):
        known = baseline.load(standards.parent / wanted.baseline, os.path.relpath(standards.parent / wanted.baseline, start))
        run, left = _without_known(run, known)
        _say_gone(run, left)
    return run


def _mended(start: Path, path: Path, options: Options, before: Tree, after: Tree) -> Tree:
    """Show and write the fixes. Return the tree as it is on disk afterwards."""
    from catalog_forge.cli.judge import mending

    if options.diff:
        mending.show(before, after)
    if not options.fix:
        return before
    count = mending.write(start, path, before, after)
    if count:
        click.echo(f"{counted(count, 'file')} mended", err=True)
    return after


def _team(file: Path | None, start: Path, path: Path, fetch: bool) -> Team | ForgeError:
    """Return the standards in a file and in all files that they extend.

    If there is an error in these files, return the error, so that it can be reported as a finding.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.spec.standards import Team
    from catalog_forge.team import load

    if file is None:
        return Team()
    own = start / path / file.name
    shown = str(path / file.name) if own.is_file() and own.resolve() == file else os.path.relpath(file, start)
    try:
        return load(file, shown, fetch)
    except ForgeError as error:
        return error


def _without_known(run: Run, known: Counter[Key]) -> tuple[Run, Counter[Key]]:
    """Set aside the findings that a baseline contains. Return the new run, and the baseline entries that match no finding."""
    from catalog_forge.lint.runner import baseline
    from catalog_forge.lint.runner.check import Checked

    new, old, left = baseline.compared(run.checked.findings, known)
    return replace(run, checked=Checked(new, run.checked.ignored, old)), left


def _say_gone(run: Run, left: Counter[Key]) -> None:
    """Print the baseline entries that no longer match a finding.

    An entry is ignored if this run did not check its rule or its file.
    """
    gone = [f"{path}: {rule}" for path, rule, _ in sorted(left) if rule in run.choice.ids and _was_read(run.catalog.tree, path)]
    for line in gone[:20]:
        click.echo(f"{printable(line)} from the baseline no longer occurs", err=True)
    if gone:
        click.echo(
            f"no finding matches {counted(len(gone), 'entry', 'entries')} of the baseline: --write-baseline updates it", err=True
        )


def _was_read(tree: Tree, path: str) -> bool:
    """Whether the tree contains every file that the catalog has at this path."""
    return tree.covers(path) and (path in tree.files or path.partition("/")[0] in tree.folders)


def _write_baseline(path: Path, runs: list[Run]) -> None:
    from catalog_forge.cli.shown import outfile
    from catalog_forge.lint.runner import baseline

    findings = [finding for run in runs for finding in run.checked.findings]
    outfile.write(path, baseline.dump(findings))
    click.echo(f"{path}: {counted(len(findings), 'finding')}", err=True)


def _show(runs: list[Run], options: Options) -> None:
    """Print or write the result, and a summary line on stderr."""
    from catalog_forge.cli.judge import findings
    from catalog_forge.cli.shown import outfile
    from catalog_forge.lint.runner import baseline

    if options.baseline:
        left = baseline.load(options.baseline, str(options.baseline))
        for number, run in enumerate(runs):
            runs[number], left = _without_known(run, left)
        for run in runs:
            _say_gone(run, left)
    whole = _all(runs)
    if not (options.diff and not options.fix):
        result = _written(whole, runs, options.form)
        if options.out:
            outfile.write(options.out, click.unstyle(result) if options.form == "text" else result)
        elif options.form == "text":
            click.echo(result, nl=False)
        else:
            outfile.show(result, f"catalog-forge lint --format {options.form} -o FILE")
    if options.report:
        _report(options.report, runs, whole)
    files = sum(len(run.catalog.tree.files) for run in runs)
    click.echo(findings.summary(whole, files), err=True)


def _report(path: Path, runs: list[Run], whole: Checked) -> None:
    """Write the report for the team, in the format given by the suffix of `path`."""
    from catalog_forge.cli.shown import outfile
    from catalog_forge.lint.output.page import page

    title = ", ".join(dict.fromkeys(run.title for run in runs))
    outfile.write(path, page([run.catalog for run in runs], whole.findings, path.suffix[1:], title))


def _all(runs: list[Run]) -> Checked:
    """Return the results of all paths, without duplicate findings."""
    from catalog_forge.lint.runner.check import Checked

    found = [run.checked for run in runs]
    return Checked(
        list(dict.fromkeys(finding for each in found for finding in each.findings)),
        list(dict.fromkeys(pair for each in found for pair in each.ignored)),
        list(dict.fromkeys(finding for each in found for finding in each.known)),
    )


def _written(checked: Checked, runs: list[Run], form: str) -> str:
    """Return the result in an output format."""
    from catalog_forge.cli.judge import findings
    from catalog_forge.lint.output import as_json, forges, junit, sarif

    if form == "junit":
        return junit.write(checked, frozenset().union(*(run.choice.ids for run in runs)))
    writers = {
        "text": findings.text,
        "json": as_json.write,
        "sarif": sarif.write,
        "github": forges.github,
        "gitlab": forges.gitlab,
    }
    return writers[form](checked)
