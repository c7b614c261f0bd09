"""`catalog-forge chart`: convert an entry to a Helm chart for Rancher 2, and report what does not carry over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options as shared
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from catalog_forge.chart.charting import Chart
    from catalog_forge.plan import Plan


@click.command()
@click.argument("name", required=False, shell_complete=complete.specs)
@click.option("--entry", metavar="DIR", help="Make the chart from a hand-written entry, or from one of its revisions.")
@click.option("--revision", metavar="N", help="Revision of the entry; default: the one that Rancher would offer.")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Answer a question; the chart uses the answer as its default value."
)
@shared.answers(dest="answers_file")
@shared.output("DIR", "The folder to create the chart's folder in; default: charts/ in the catalog.", "output")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if any file is out of date, edited or missing.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--force", is_flag=True, help="Overwrite generated files even if they were edited.")
@shared.form()
@click.pass_obj
def chart(settings: Settings, /, name: str | None, form: str, **options: Any) -> None:
    """Make a Helm chart for Rancher 2 from an entry, and report what does not carry over.

    NAME is a spec. The chart runs the conf image of this spec. Everything that the chart leaves out or does differently
    from the entry is reported with its place, and written to GAPS.md in the chart.
    """
    if (name is None) == (options["entry"] is None):
        raise click.UsageError("name a spec, or an entry with --entry DIR")
    shared.refuse_without("--entry", "--revision")
    made = _made(settings, name, options)
    _write(settings, made, options)
    if form == "json":
        from catalog_forge.chart.gaps import as_data

        click.echo(
            as_json({"chart": made.name, "version": made.version, "workloads": made.workloads, "gaps": as_data(made.gaps)})
        )
        return
    for gap in made.gaps:
        click.echo("\n".join(printable(line) for line in str(gap).split("\n")))
    click.echo(f"{made.name} {made.version}: {counted(len(made.gaps), 'gap')}", err=True)


def _made(settings: Settings, name: str | None, options: dict[str, Any]) -> Chart:
    from catalog_forge.chart.charting import chart as make
    from catalog_forge.cli.run.entries import given, icon_of, opened
    from catalog_forge.plan import File
    from catalog_forge.rancher.questions import answered

    conf, icon = None, None
    if name is not None:
        from catalog_forge.chart.specs import conf_of, entry_and_icon
        from catalog_forge.repository import Repository

        source = Repository.find(settings.directory).source(name)
        entry, icon = entry_and_icon(source.spec(), source.folder)
        conf = conf_of(source.spec(), source.folder.static)
    else:
        entry = opened(settings.directory, options["entry"], options["revision"])
        if found := icon_of(settings.directory, options["entry"]):
            icon = File(f"catalogIcon.{found[0]}", found[1])
    told = given(options["sets"], options["answers_file"])
    # A required question without an answer is asked when the chart is installed.
    variables = answered(entry.questions, told, lambda _: "")
    return make(entry, variables, conf, icon)


def _write(settings: Settings, made: Chart, options: dict[str, Any]) -> None:
    """Write the complete chart or nothing. With --check or --diff, only compare the chart with the files on disk."""
    from catalog_forge import writer
    from catalog_forge.cli.make.generate import differing, summary
    from catalog_forge.errors import ForgeError, Where
    from catalog_forge.repository import Repository

    if options["output"]:
        folder = options["output"].absolute()
        root, room = folder.parent, folder.name
    else:
        root, room = Repository.find(settings.directory).root, "charts"
    name = f"{room}/{made.name}"
    plan = _placed(made.plan, name)
    if options["check"] or options["diff"]:
        found = writer.compare(root, name, plan)
        if options["diff"]:
            click.echo(painted_diff(found.diff()), nl=False)
        if options["check"] and not found.clean:
            for line in () if options["diff"] else differing(found):
                click.echo(line)
            hint = "; --diff shows what would change, and --force overwrites edited files" if found.edited else ""
            raise ForgeError("the chart differs from its entry", hint=f"run the same command without --check{hint}")
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ForgeError(f"the folder cannot be created: {error.strerror}", Where(str(root))) from error
    done = writer.write(root, name, plan, force=options["force"])
    click.echo(f"{name}: {summary(done)}", err=True)


def _placed(plan: Plan, below: str) -> Plan:
    from catalog_forge.plan import Plan

    placed = Plan()
    placed.merge(plan, below)
    return placed
