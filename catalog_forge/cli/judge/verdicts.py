"""`lint --verdicts` and `lint --explain-verdict ENTRY`: what Rancher's three judges do with a catalog, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.errors import ForgeError, did_you_mean
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from catalog_forge.lint.judges.verdicts import Verdicts
    from catalog_forge.rancher.judgement.ruling import Judge, Ruling
    from catalog_forge.rancher.tree import Tree

JUDGES: dict[Judge, str] = {
    "service": "catalog-service, which serves the catalog",
    "ci": "the CI of the community catalog",
    "launch": "rancher-compose, which launches the stack",
}
_COLOURS = {"reject": "red", "drop": "red", "ghost": "red", "alter": "yellow", "hide": "yellow", "accept": "green"}
_WORDS = {
    "reject": "refuses it",
    "drop": "omits it silently",
    "ghost": "serves it without a name",
    "alter": "uses a value other than the one written",
    "hide": "keeps it, but nothing links to it",
    "accept": "accepts it unchanged",
}


def show(tree: Tree, form: str) -> None:
    """Print the verdict of each judge on a whole tree, with all rulings."""
    from catalog_forge.lint.judges.verdicts import verdicts

    found = verdicts(tree)
    if form == "json":
        click.echo(as_json(found.data(), indent=1))
        return
    for judge, what in JUDGES.items():
        _heading(found, judge, what)
        for ruling in found.rulings:
            if ruling.judge == judge:
                _ruling(ruling)
    versions = sum(map(len, found.served.values()))
    click.echo(f"served: {counted(versions, 'version')} of {counted(len(found.served), 'template')}")


def explain(tree: Tree, entry: str, form: str) -> None:
    """Print what each judge does with one entry or one of its revisions. Raises ForgeError if the entry does not exist."""
    from catalog_forge.lint.judges.verdicts import Verdicts, verdicts

    found = verdicts(tree)
    label, revision = _named(tree, found, entry)
    own = tuple(each for each in found.rulings if each.template == label and each.revision in (revision or each.revision, ""))
    served = {label: found.served[label]} if label in found.served else {}
    default = {label: found.default[label]} if label in found.default else {}
    verdict = Verdicts(own, served, default)
    if form == "json":
        click.echo(as_json(_data(verdict, label), indent=1))
        return
    click.echo(click.style(printable(f"{label}:{revision}" if revision else label), bold=True))
    for judge, what in JUDGES.items():
        _heading(verdict, judge, what)
        for ruling in own:
            if ruling.judge == judge:
                _ruling(ruling)
    _whole(found, verdict)
    for version, identity in served.get(label, {}).items():
        offered = click.style("  offered first", fg="green") if default.get(label) == version else ""
        click.echo(f"served: {printable(version)} as {printable(identity)}{offered}")


def _named(tree: Tree, found: Verdicts, entry: str) -> tuple[str, str]:
    """Return the name that the judges use for an entry, and the revision.

    The entry is given as `web`, `infra-templates/web` or `web/3`.
    """
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.rancher.entries import is_revision

    labels = {f"{each.base}{each.name}" for each in Catalog(tree).entries} | set(found.served)
    labels |= {ruling.template for ruling in found.rulings if ruling.template}
    parts = entry.strip("/").replace(":", "/").split("/")
    revision = parts.pop() if len(parts) > 1 and is_revision(parts[-1]) else ""
    before, dash, _ = parts[-2].partition("-") if len(parts) > 1 else ("", "", "")
    wanted = f"{before}*{parts[-1]}" if dash else parts[-1]
    near = [label for label in sorted(labels) if label == wanted or (len(parts) == 1 and label.rpartition("*")[2] == wanted)]
    if not near:
        hint = did_you_mean(wanted, labels)
        raise ForgeError(
            f"there is no entry {entry!r}", hint=hint if len(hint) < 200 else "lint --verdicts --format json lists all entries"
        )
    return (wanted if wanted in near else near[0]), revision


def _heading(found: Verdicts, judge: Judge, what: str) -> None:
    verdict = found.of(judge)
    counts = Counter(ruling.outcome for ruling in found.rulings if ruling.judge == judge)
    more = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    title = click.style(f"{judge:8}", bold=True)
    click.echo(f"{title}{click.style(f'{verdict:8}', fg=_COLOURS[verdict], bold=True)}{what}" + (f" ({more})" if more else ""))


def _ruling(ruling: Ruling) -> None:
    outcome = click.style(f"{ruling.outcome:8}", fg=_COLOURS[ruling.outcome])
    click.echo(f"  {outcome}{click.style(printable(str(ruling.where)), bold=True)}: {printable(ruling.reason)}")
    words = [_WORDS[ruling.outcome], *([printable(ruling.hint)] if ruling.hint else [])]
    click.echo(click.style(f"          {'; '.join(words)}", dim=True))


def _whole(found: Verdicts, own: Verdicts) -> None:
    """Print a line if the catalog service refuses the whole catalog, including this entry, because of other entries."""
    if found.of("service") == "reject" and own.of("service") != "reject":
        others = sorted({each.template for each in found.rulings if (each.judge, each.outcome) == ("service", "reject")})
        names = printable(", ".join(others[:5])) or "files outside the entries"
        click.echo(click.style(f"the service refuses the whole catalog, including this entry, because of {names}", fg="red"))


def _data(found: Verdicts, label: str) -> dict[str, Any]:
    judges = {
        judge: {
            "verdict": found.of(judge),
            "rulings": [_ruling_data(ruling) for ruling in found.rulings if ruling.judge == judge],
        }
        for judge in JUDGES
    }
    return {"entry": label, "judges": judges, "served": found.served.get(label, {}), "default": found.default.get(label)}


def _ruling_data(ruling: Ruling) -> dict[str, Any]:
    return {
        "outcome": ruling.outcome,
        "reason": ruling.reason,
        "hint": ruling.hint,
        "file": ruling.where.file,
        "line": ruling.where.line,
        "column": ruling.where.column,
        "revision": ruling.revision,
    }
