"""Prints the rules themselves: `lint --list` and `lint --explain ID`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog_forge.cli.judge.findings import COLOURS
from catalog_forge.shown import as_json

if TYPE_CHECKING:
    from catalog_forge.lint.findings import Rule


def show_all(ids: frozenset[str], form: str) -> None:
    """Print the id, level and title of each chosen rule, and whether its findings can be fixed."""
    from catalog_forge.lint.runner import registry

    rules = [rule for rule in registry.rules() if rule.id in ids]
    if form == "json":
        click.echo(as_json([_data(rule) for rule in rules]))
        return
    for rule in rules:
        level = click.style(f"{rule.level:8}", fg=COLOURS[rule.level])
        fix = click.style("  [fix]", fg="green") if rule.fixable else ""
        click.echo(f"{rule.id}  {level}{rule.title}{fix}")


def explain(identity: str, form: str) -> None:
    """Print the page of a rule. Raises UsageError if the rule does not exist."""
    from catalog_forge.errors import ForgeError, UsageError
    from catalog_forge.lint.output.reference import shown
    from catalog_forge.lint.runner import registry

    try:
        rule = registry.find(identity)
    except ForgeError as error:
        raise UsageError.of(error.problems) from None
    if form == "json":
        click.echo(as_json(_page(rule)))
        return
    click.echo(f"{click.style(rule.id, bold=True)} {click.style(rule.level, fg=COLOURS[rule.level])}  {rule.title}\n")
    click.echo(f"{rule.text}\n")
    for title, colour, examples in (("Found in", "red", rule.bad), ("Fine", "green", rule.good)):
        for example in examples:
            click.echo(click.style(f"{title}:", fg=colour, bold=True))
            for line in shown(example).splitlines():
                click.echo(click.style(f"    {line}", dim=line.startswith("-- ")))
    if rule.fixable:
        click.echo("\nlint --fix corrects such findings where that is safe; lint --diff shows the corrections.")
    click.echo(f"\nSource: {rule.source}")
    click.echo(
        click.style(f"To ignore a finding, write a comment with a reason: # catalog-forge: ignore={rule.id} REASON", dim=True)
    )


def _data(rule: Rule) -> dict[str, object]:
    return {"id": rule.id, "level": rule.level, "title": rule.title, "family": rule.module, "fixable": rule.fixable}


def _page(rule: Rule) -> dict[str, object]:
    bad, good = ([dict(example.files) for example in examples] for examples in (rule.bad, rule.good))
    return {**_data(rule), "text": rule.text, "bad": bad, "good": good, "source": rule.source}
