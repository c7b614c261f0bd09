"""CF38x: upgrades between the revisions of an entry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from catalog_forge.goyaml.decoding import text_of
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.mend import listed, shown
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher import upgrades, versions
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.tree import keys_of


def _served(entry: Entry) -> list[Revision]:
    return [each for each in entry.revisions if each.version]


def _range(revision: Revision) -> str:
    """Return a revision's `upgrade_from`, the range of versions that may be upgraded to it."""
    return text_of(keys_of(revision.block).get("upgrade_from"))


def _at(revision: Revision, key: str = "version") -> Hit:
    node = keys_of(revision.block).get(key)
    return Hit(node.where if node else revision.block_where, "")


@rule("CF380", "warning", "Two revisions have the same version", on=Entry)
def same_version(entry: Entry) -> Iterator[Hit]:
    """The catalog links to revisions by their versions: if two revisions have the same version, users cannot reach the first
    revision.

    Bad:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.0.0'
    Good:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.0.1'
    Source: docs/facts/catalog.md#6.45, #8.2
    """
    first: dict[str, str] = {}
    for revision in _served(entry):
        before = first.setdefault(revision.version, revision.name)
        if before != revision.name:
            message = f"revisions {before} and {revision.name} of {entry.name} both have the version {shown(revision.version)}"
            yield Hit(_at(revision).where, message, "give the newer revision a higher version")


@rule("CF381", "warning", "The upgrade to a revision is never offered", on=Entry)
def no_way(entry: Entry) -> Iterator[Hit]:
    """Rancher offers a revision to a stack if the stack's version is lower (by Rancher's own comparison) and matches
    `upgrade_from`.

    `upgrade_from` is a range: a bare version means only that version. Text that is not a range matches no version, and no judge
    reports the mistake.

    Bad:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.0.0-rancher1'
    Bad:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.2.0'
        upgrade_from: '0.9.0'
    Bad:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.2.0'
        upgrade_from: '1.0-rancher1'
    Good:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.2.0'
        upgrade_from: '>=1.0.0'
    Source: docs/facts/catalog.md#7.1, #7.5, #8.21
    """
    for old, new in pairwise(_served(entry)):
        # Revisions with the same version are reported by CF380.
        found = upgrades.obstacle(old.version, new.version, _range(new)) if new.version != old.version else None
        if found:
            why, hint, key = found
            yield Hit(
                _at(new, key).where,
                f"stacks of revision {old.name} of {entry.name} are not offered revision {new.name}: {why}",
                hint,
            )


@rule("CF382", "note", "A version is not semantic, so a range excludes it", on=Entry)
def left_out(entry: Entry) -> Iterator[Hit]:
    """`upgrade_from` can match only semantic versions: stacks with any other version are never offered the upgrade.

    Bad:
        -- templates/web/0/rancher-compose.yml: catalog --
        version: '1.0'
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.1.0'
        -- templates/web/2/rancher-compose.yml: catalog --
        version: '1.2.0'
        upgrade_from: '>=1.0.0'
    Good:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.2.0'
        upgrade_from: '>=1.0.0'
    Source: docs/facts/catalog.md#7.2, #7.6
    """
    served = _served(entry)
    odd: list[str] = []
    for old, new in pairwise(served):
        if odd and versions.reads_range(_range(new)) is not None:
            message = f"upgrade_from excludes all versions that are not semantic: {listed(odd)}"
            yield Hit(_at(new, "upgrade_from").where, message, "to allow upgrades from these versions, remove upgrade_from")
        if versions.semver(old.version.lstrip("v")) is None:
            odd.append(old.version)


@rule("CF383", "note", "Rancher and semantic versioning disagree on which revision is newer", on=Entry)
def disagreement(entry: Entry) -> Iterator[Hit]:
    """Rancher's own comparison decides which versions are offered as upgrades; semantic versioning decides their order.

    The two comparisons agree that `rancher10` comes after `rancher9` only if the number is a separate part, as in
    `1.0.0-rancher.10`.

    Bad:
        -- templates/web/0/rancher-compose.yml: catalog --
        version: '1.0.0-rancher9'
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.0.0-rancher10'
    Good:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.0.1'
    Source: docs/facts/catalog.md#7.3, #7.4; the function `Less` in model/version.go of catalog-service
    """
    for old, new in pairwise(_served(entry)):
        one, other = (versions.semver(each.version.lstrip("v")) for each in (new, old))
        if one and other and one < other and versions.greater(new.version, old.version):
            message = (
                f"to Rancher, {shown(new.version)} is greater than {shown(old.version)}, but as a semantic version it is lower"
            )
            yield Hit(_at(new).where, message, "raise one of the three numbers of the version")
