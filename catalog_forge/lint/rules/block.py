"""CF30x and CF31x: rancher-compose.yml as the judges read it, and its catalog block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.goyaml.decoding import is_null, is_text, text_of
from catalog_forge.lint.entries.judged import told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.mend import is_altered, quoted, renamed, respelt, shown, unknown_keys
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher import versions
from catalog_forge.rancher.composition import BLOCKS
from catalog_forge.rancher.entries import RANCHER, Revision
from catalog_forge.rancher.tree import key_of, keys_of
from catalog_forge.yamlio import Map, Seq, Text

_LIMITS = ("minimum_rancher_version", "maximum_rancher_version")
_VERSIONS = ("version", *_LIMITS, "upgrade_from")
_TEXTS = (*_VERSIONS, "name", "description", "uuid")
_KNOWN = frozenset((*_TEXTS, "maintainer", "questions", "labels", "output", "readme", "revision", "<<"))
_RANCHER_VERSION = re.compile(r"v?[0-9]+(?:[-.+][0-9A-Za-z.+-]*)?")


@rule("CF301", "error", "rancher-compose.yml cannot be read", on=Revision)
@told("CF301")
def broken(_: Revision) -> None:
    """A single rancher-compose.yml that is not a YAML mapping makes Rancher and the catalog's CI refuse the whole catalog.

    An empty file has no version, so the catalog service drops the revision.

    Bad:
        -- templates/web/0/rancher-compose.yml (tabs) --
        .catalog:
        »version: '1.0.0'
    Bad:
        -- templates/web/0/rancher-compose.yml --
        - web
    Bad:
        -- templates/web/0/rancher-compose.yml --
        # nothing yet
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: {{ .Values.version }}
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#6.5, #6.6
    """


@rule("CF302", "error", "The catalog block is missing or in the wrong place", on=Revision, fixable=True)
@told("CF302")
def no_block(revision: Revision) -> Iterator[Hit]:
    """A revision without a catalog block has no version, so the catalog service drops the revision.

    In a file without `version`, every key at the top except `.catalog` is the name of a service. A catalog block inside
    `services` is launched as a service.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        web: {scale: 2}
    Bad:
        -- templates/web/0/rancher-compose.yml --
        catalog:
          version: '1.0.0'
    Bad:
        -- templates/web/0/rancher-compose.yml: services --
        .catalog:
          version: '1.0.0'
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog: Web
    Good:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#3.2, #6.5, #6.20
    """
    file = revision.rancher
    keys = file.yaml.keys if file else {}
    if file and "version" not in keys and (plain := key_of(file.yaml.node, "catalog")):
        message = "without version: '2' in the file, Rancher treats `catalog` as a service and cannot launch it"
        yield Hit(plain.where, message, "call it .catalog", None if ".catalog" in keys else renamed(file, plain, ".catalog"))


@rule("CF303", "error", "The format of rancher-compose.yml is unknown", on=Revision)
@told("CF303")
def bad_format(_: Revision) -> None:
    """All judges accept files with `version: '2'` and files without a version. All judges refuse a catalog if a file has any
    other version.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        version: '2.1'
        catalog:
          version: '1.0.0'
    Good:
        -- templates/web/0/rancher-compose.yml --
        version: 2
        catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#3.3, #6.22
    """


@rule("CF304", "error", "A revision has no version", on=Revision)
@told("CF304")
def no_version(revision: Revision) -> Iterator[Hit]:
    """The catalog service silently drops a revision whose catalog block gives no version; the CI refuses the revision.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          name: Web
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version:
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#1.19, #6.5
    """
    if "." in revision.name and revision.block and not revision.version and "version" not in keys_of(revision.block):
        message = "the catalog block has no version: Rancher uses the name of the folder, but the CI finds no version"
        yield Hit(revision.block_where, message, "add version: '1.0.0'", level="warning")


@rule("CF305", "warning", "A version in the catalog block is not quoted", on=Revision, fixable=True)
def bare_version(revision: Revision) -> Iterator[Hit]:
    """An unquoted version that is a number is stored as its numeric value: `1.10` becomes `1.1`, `010` becomes `8`. `1.9`
    is stored unchanged, but the next version, `1.10`, is not.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: 1.10
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.10'
          minimum_rancher_version: v1.2.0
    Source: docs/facts/catalog.md#2.7
    """
    keys = keys_of(revision.block)
    for name in _VERSIONS:
        node = keys.get(name)
        if revision.rancher and isinstance(node, Text) and not is_text(node) and not is_null(node):
            altered = is_altered(node)
            stored = f"Rancher stores {shown(text_of(node))}" if altered else "it is a number, not text"
            fix = quoted(revision.rancher, node)
            yield Hit(node.where, f"{name} is {node.value[:40]}: {stored}", "quote it", fix, None if altered else "note")


@rule("CF306", "warning", "The catalog block has an unknown key", on=Revision, fixable=True)
def unknown_key(revision: Revision) -> Iterator[Hit]:
    """Rancher ignores unknown keys: a misspelt `minimum_rancher_version` has no effect.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          minimun_rancher_version: v1.2.0
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          minimum_rancher_version: v1.2.0
    Source: docs/facts/catalog.md#3.5, #8.13
    """
    if revision.rancher and revision.block:
        for key, meant in unknown_keys(revision.block, _KNOWN):
            fix = respelt(revision.rancher, key, meant)
            hint = f"did you mean {meant}?" if meant else "remove it"
            yield Hit(key.where, f"nothing reads the key {shown(key.value)}", hint, fix, None if meant else "note")


@rule("CF307", "warning", "A limit on Rancher's version is invalid, or the limits exclude every version", on=Revision)
def odd_limit(revision: Revision) -> Iterator[Hit]:
    """`minimum_rancher_version` and `maximum_rancher_version` must be versions such as `v1.6.0`. If the minimum is above the
    maximum, no Rancher server shows the revision.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          minimum_rancher_version: '>=1.2.0'
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          minimum_rancher_version: v1.6.0
          maximum_rancher_version: v1.5.99
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          minimum_rancher_version: v1.2.0-pre4-rc1
          maximum_rancher_version: 1.6.99
    Source: docs/facts/catalog.md#3.6
    """
    keys = keys_of(revision.block)
    nodes = [(name, keys.get(name)) for name in _LIMITS]
    for name, node in nodes:
        if node and text_of(node) and not _RANCHER_VERSION.fullmatch(text_of(node)):
            yield Hit(node.where, f"{name} {shown(text_of(node))} is not a version of Rancher", "write a version such as v1.6.0")
    least, most = (text_of(node) for _, node in nodes)
    if least and most and versions.greater(least, most):
        message = f"the minimum {shown(least)} is above the maximum {shown(most)}: no version of Rancher shows the revision"
        yield Hit(keys[_LIMITS[0]].where, message, "lower the minimum or raise the maximum")


@rule("CF308", "note", "The catalog block has a uuid", on=Revision)
def uuid(revision: Revision) -> Iterator[Hit]:
    """`uuid` is a leftover from an older catalog: no program reads it, and a copied revision keeps the uuid of the original.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          uuid: web-0
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#3.4
    """
    if key := key_of(revision.block, "uuid"):
        yield Hit(key.where, "nothing reads uuid", "remove it")


@rule("CF309", "note", "The list of questions is empty", on=Revision)
def null_questions(revision: Revision) -> Iterator[Hit]:
    """An empty `questions:` has no effect, and looks as if the author forgot to write the questions.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions:
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#8.14
    """
    key = key_of(revision.block, "questions")
    node = keys_of(revision.block).get("questions")
    if key and (is_null(node) or (isinstance(node, Seq) and not node.items)):
        yield Hit(key.where, "questions is empty", "remove it, or add a question")


@rule("CF310", "error", "A value in the catalog block has the wrong type", on=Revision)
@told("CF310")
def wrong_kind(_: Revision) -> None:
    """The catalog service and the CI refuse the whole catalog if a catalog block has a list or a mapping where they expect text.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: ['1.0.0']
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          labels: [a]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          labels: {a: b}
    Source: docs/facts/catalog.md#6.20
    """


@rule("CF311", "warning", "There are two catalog blocks", on=Revision)
def two_blocks(revision: Revision) -> Iterator[Hit]:
    """If a file has both `catalog` and `.catalog`, the catalog service uses `catalog` and ignores `.catalog`.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog: {version: '1.0.0'}
        .catalog: {version: '1.1.0'}
    Good:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog: {version: '1.0.0'}
    Source: docs/facts/catalog.md#3.2; CatalogInfoFromRancherCompose of catalog-service
    """
    keys = revision.rancher.yaml.keys if revision.rancher else {}
    if all(isinstance(keys.get(name), Map) for name in BLOCKS) and revision.rancher:
        key = key_of(revision.rancher.yaml.node, ".catalog")
        yield Hit(
            key.where if key else revision.rancher.at(),
            "the file has two catalog blocks: Rancher uses `catalog` and ignores `.catalog`",
            f"keep only one of them in {RANCHER}",
        )


@rule("CF312", "error", "A service in rancher-compose.yml is not a mapping", on=Revision)
@told("CF312")
def no_service(_: Revision) -> None:
    """The catalog service and the CI refuse the whole catalog if `services` is not a mapping, or if one of the services is not a
    mapping.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog: {version: '1.0.0'}
        web: 3
    Bad:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog: {version: '1.0.0'}
        services: [web]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog: {version: '1.0.0'}
        web:
    Source: docs/facts/catalog.md#6.21
    """
