"""Check a catalog: run the rules, apply the ignores in its files, then run the rule about unused ignores."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import ignores, registry
from catalog_forge.lint.runner.run import Choice, by_place, run
from catalog_forge.lint.runner.settings import EXTERNAL, HISTORY


@dataclass(frozen=True)
class Checked:
    """The result of a check: findings, ignored findings with their reasons, and findings that the baseline contains."""

    findings: list[Finding] = field(default_factory=list)
    ignored: list[tuple[Finding, str]] = field(default_factory=list)
    known: list[Finding] = field(default_factory=list)


def check(catalog: Catalog, choice: Choice, jobs: int = 1) -> Checked:
    """Check a catalog, in up to `jobs` processes. Raises RuleBroke if a rule crashes."""
    found = run(catalog, choice, jobs=jobs)
    kept, silenced, unused = ignores.sorted_out(found, ignores.read(catalog).ignores)
    # The rules in `unsure` may have checked nothing, so an ignore for these rules may be needed even if it silenced no finding.
    unsure = (EXTERNAL, HISTORY) if catalog.since is None else (EXTERNAL,)
    everything = frozenset(identity for identity, *_ in registry.checks() if not identity.startswith(unsure))
    if everything <= choice.ids and not catalog.tree.inside:
        needless = [each for each in unused if each.ids <= everything]
        kept += run(catalog, choice, {ignores.Outcome: (ignores.Outcome(needless),)})
    return Checked(sorted(kept, key=by_place), silenced)
