"""CF2xx: config.yml, which describes an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from catalog_forge.goyaml.decoding import is_null, is_text, text_of
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.entries.judged import judged, told
from catalog_forge.lint.findings import Fix, Hit
from catalog_forge.lint.mend import is_altered, near, quoted, renamed, respelt, shown, unknown_keys, written
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import Entry
from catalog_forge.rancher.judgement.block import CONFIG_KEYS
from catalog_forge.rancher.tree import File, key_of
from catalog_forge.yamlio import Map, Seq, Text

_VERSIONS = ("version", "defaultVersion", "default_version")
_TEXTS = ("name", "description", "category", "maintainer", "license", "projectURL", "project_url", *_VERSIONS)
_LIMITS = ("minimum_rancher_version", "maximum_rancher_version")
_KNOWN = frozenset((*_TEXTS, "categories", "labels", "isSystem", *_LIMITS))
_URL = re.compile(r"https?://[^\s/][^\s]*")
LICENSES = (
    "AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 BUSL-1.1"
    " CC0-1.0 CC-BY-4.0 CC-BY-NC-4.0 CC-BY-SA-4.0 CDDL-1.0 EPL-1.0 EPL-2.0 EUPL-1.2 GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0"
    " GPL-3.0-only GPL-3.0-or-later ISC LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only LGPL-3.0-or-later MIT"
    " MPL-1.1 MPL-2.0 OSL-3.0 PostgreSQL Python-2.0 SSPL-1.0 Unlicense WTFPL Zlib"
).split()
_NO_SPDX = frozenset(("proprietary", "commercial", "none", "other"))


def _key(entry: Entry, *names: str) -> Text | None:
    return next((found for name in names if (found := key_of(entry.settings.node, name))), None)


@rule("CF201", "error", "config.yml cannot be read", on=Entry)
@told("CF201")
def broken(entry: Entry) -> Iterator[Hit]:
    """A single config.yml that is not a YAML mapping makes the catalog service refuse the whole catalog.

    An entry with an empty config.yml has no name, and the CI refuses the entry.

    Bad:
        -- templates/web/config.yml --
        name: 'Web
    Bad:
        -- templates/web/config.yml --
        - name
    Bad:
        -- templates/web/config.yml --
        # nothing yet
    Good:
        -- templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#2.1, #6.13, #6.14
    """
    if entry.config and not entry.settings.problems and is_null(entry.settings.node):
        message = "config.yml is empty: the entry has no name"
        yield Hit(entry.config.at(1, 1), message, "write name, version, description and category")


@rule("CF202", "error", "A value in config.yml has the wrong type", on=Entry)
@told("CF202")
def wrong_kind(_: Entry) -> None:
    """If config.yml has a list or a mapping where the catalog service expects text, or text where it expects a list or a mapping,
    the catalog service refuses the whole catalog.

    Bad:
        -- templates/web/config.yml --
        name: Web
        maintainer: [Jo Doe <jo@example.org>]
    Bad:
        -- templates/web/config.yml (changed) --
        +categories: Databases
    Bad:
        -- templates/web/config.yml (changed) --
        +labels: [a, b]
    Good:
        -- templates/web/config.yml (changed) --
        +categories: [Databases]
        +labels: {io.rancher.certified: 'true'}
    Source: docs/facts/catalog.md#2.4, #6.15
    """


@rule("CF203", "error", "The version in config.yml is not quoted", on=Entry, fixable=True)
@told("CF203")
def bare_version(entry: Entry) -> Iterator[Hit]:
    """An unquoted number is not text: the CI refuses it, and the catalog service turns `1.10` into `1.1` and `010` into `8`.

    Bad:
        -- templates/web/config.yml --
        version: 1.10
    Bad:
        -- templates/web/config.yml --
        version: 8
    Good:
        -- templates/web/config.yml --
        version: 1.10.0
    Source: docs/facts/catalog.md#2.7, #6.17
    """
    for name in _VERSIONS:
        node = entry.settings.keys.get(name)
        if entry.config and isinstance(node, Text) and not is_text(node) and not is_null(node):
            altered = f", and Rancher reads it as {shown(text_of(node))}" if is_altered(node) else ""
            message = f"{name} {node.value[:40]} is a number or a boolean, not text: the CI refuses it{altered}"
            yield Hit(node.where, message, f"write '{node.value[:40]}'", quoted(entry.config, node), "warning")


@rule("CF204", "error", "config.yml gives no default version", on=Entry, fixable=True)
def no_version(entry: Entry) -> Iterator[Hit]:
    """The CI requires `version` to be the version of one of the revisions; it reads neither `defaultVersion` nor
    `default_version`.

    Bad:
        -- templates/web/config.yml --
        name: Web
    Bad:
        -- templates/web/config.yml --
        name: Web
        defaultVersion: '1.0.0'
    Good:
        -- templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#2.5, #6.18
    """
    for hit in judged(entry, "CF204"):
        other = _key(entry, "defaultVersion", "default_version")
        message = f"the CI does not read {other.value}: it expects version" if other else hit.message
        versions = [each.version for each in entry.revisions if each.version]
        hint = f"write version: '{versions[-1][:40]}'" if versions else "write the version of the revision that users should get"
        yield replace(hit, message=message, hint=hint, fix=_with_version(entry, other, versions))


def _with_version(entry: Entry, other: Text | None, versions: list[str]) -> Fix | None:
    """Return a fix that gives config.yml a version: rename the key `other` to `version`, or write the newest version."""
    if entry.config is None or isinstance(entry.settings.keys.get("version"), Map | Seq):
        return None
    if other and "version" not in entry.settings.keys:
        return renamed(entry.config, other, "version")
    return written(entry.config, 1, "version", versions[-1]) if versions else None


@rule("CF205", "error", "The default version does not match any revision", on=Entry)
def version_of_none(entry: Entry) -> Iterator[Hit]:
    """Rancher and the CI compare `version` as text with the versions of the revisions: `v1.0.0` is not `1.0.0`.

    If no revision has that version, the CI refuses the entry, and the catalog service uses the version that it considers highest.

    Bad:
        -- templates/web/config.yml --
        name: Web
        version: v1.0.0
    Bad:
        -- templates/web/config.yml --
        name: Web
        version: '2.0.0'
    Good:
        -- templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#2.6, #6.16
    """
    node = next((value for name in _VERSIONS if (value := entry.settings.keys.get(name))), None)
    versions = list(dict.fromkeys(each.version for each in entry.revisions if each.version))
    wanted = text_of(node)
    same = next((each for each in versions if each.lstrip("v") == wanted.lstrip("v")), "") or near(wanted, versions[-200:])
    for hit in judged(entry, "CF205"):
        yield replace(hit, hint=f"did you mean {shown(same)}?") if same else hit


@rule("CF206", "warning", "The default is not the newest revision", on=Entry)
def old_default(entry: Entry) -> Iterator[Hit]:
    """If you add a revision and forget to change `version` in config.yml, users get the old revision. This happened in 45 of
    215 revisions of the community catalog.

    Bad:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.1.0'
    Good:
        -- templates/web/1/rancher-compose.yml: catalog --
        version: '1.1.0'
        -- templates/web/config.yml --
        name: Web
        version: '1.1.0'
    Source: docs/facts/catalog.md#7.7, #8.1
    """
    node = next((found for name in _VERSIONS if (found := entry.settings.keys.get(name))), None)
    served = [each for each in entry.revisions if each.version]
    wanted = text_of(node)
    if node and served and served[-1].version != wanted and any(each.version == wanted for each in served):
        newest = served[-1]
        message = f"the default version is {shown(wanted)}, but the newest revision {newest.name} is {shown(newest.version)}"
        yield Hit(node.where, message, f"write '{newest.version[:40]}', or give the reason in a comment")


@rule("CF207", "error", "The CI refuses the maintainer", on=Entry)
@told("CF207")
def bad_maintainer(_: Entry) -> None:
    """The CI requires two to five words and an email address in angle brackets: it refuses a maintainer with only one name or
    without an address.

    Bad:
        -- templates/web/config.yml --
        maintainer: Jo <jo@example.org>
    Bad:
        -- templates/web/config.yml --
        maintainer: jo@example.org
    Good:
        -- templates/web/config.yml --
        maintainer: Jo Doe <jo@example.org>
    Source: docs/facts/catalog.md#2.8; test_maintainers of the CI
    """


@rule("CF208", "error", "An entry has no name", on=Entry)
def no_name(entry: Entry) -> Iterator[Hit]:
    """The catalog lists an entry under the `name` in config.yml. If config.yml has no `name`, users see an entry without a name.

    Bad:
        -- templates/web/config.yml --
        version: '1.0.0'
    Good:
        -- templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#2.1, #6.13
    """
    node = entry.settings.keys.get("name")
    if entry.config and entry.settings.map and not isinstance(node, Map | Seq) and not text_of(node).strip():
        yield Hit(
            node.where if node else entry.config.at(1, 1), "the entry is listed without a name", f"write name: {entry.name}"
        )


@rule("CF209", "warning", "config.yml does not describe the entry", on=Entry)
def undescribed(entry: Entry) -> Iterator[Hit]:
    """Users find an entry by its category and choose it by its description. Entries for machine drivers
    are not checked, because the catalog does not list them.

    Bad:
        -- templates/web/config.yml (changed) --
        -description: A web server
        +description: ''
    Good:
        -- templates/web/config.yml (changed) --
        +categories: [Applications]
    Source: docs/facts/catalog.md#2.2
    """
    keys = entry.settings.keys
    if entry.config is None or entry.settings.map is None or entry.base == "machine*":
        return
    for name, others in (("description", ("description",)), ("category", ("category", "categories"))):
        nodes = [keys.get(each) for each in others]
        if not any(isinstance(node, Map | Seq) or text_of(node).strip() for node in nodes):
            key = _key(entry, *others)
            yield Hit(key.where if key else entry.config.at(1, 1), f"{entry.name} has no {name}", f"add {name}", key=name)


@rule("CF210", "note", "config.yml names no maintainer or no license", on=Catalog, fixable=True)
def nobody(catalog: Catalog) -> Iterator[Hit]:
    """Users want to know whom to ask, and which license applies to the software. Rancher has announced that the maintainer will
    be required.

    If the defaults in catalog-forge.yml have a maintainer or a license, `--fix` writes these values to config.yml.

    Bad:
        -- templates/web/config.yml --
        name: Web
        license:
    Bad:
        -- catalog-forge.yml --
        defaults: {maintainer: Jo Doe Roe <jo@example.org>, entry: {license: MIT}}
        -- templates/web/config.yml --
        name: Web
        description: A web server
    Good:
        -- templates/web/config.yml --
        name: Web
        maintainer: Jo Doe <jo@example.org>
        license: Apache-2.0
    Source: docs/facts/catalog.md#2.2; test_maintainers of the CI
    """
    defaults = catalog.team.standards.defaults
    usual_of = {"maintainer": defaults.maintainer, "license": defaults.entry.license}
    for entry in catalog.entries:
        keys, config = entry.settings.keys, entry.config
        for name, usual in usual_of.items() if entry.settings.map else ():
            if config and is_null(keys.get(name)):
                key = _key(entry, name)
                fix = written(config, len(keys), name, usual) if usual else None
                where = key.where if key else config.at(1, 1)
                yield Hit(where, f"config.yml does not name the {name}", f"add {name}: {usual or '...'}", fix, key=name)


@rule("CF211", "warning", "config.yml has an unknown key", on=Entry, fixable=True)
def unknown_key(entry: Entry) -> Iterator[Hit]:
    """Rancher ignores unknown keys, so the value of a misspelt key is silently lost.

    Bad:
        -- templates/web/config.yml --
        name: Web
        descrition: A web server
    Good:
        -- templates/web/config.yml --
        name: Web
        description: A web server
    Source: docs/facts/catalog.md#2.3
    """
    if entry.config and entry.settings.map:
        for key, meant in unknown_keys(entry.settings.map, _KNOWN | CONFIG_KEYS):
            hint = f"did you mean {meant}?" if meant else "remove it"
            fix = respelt(entry.config, key, meant)
            yield Hit(key.where, f"nothing reads the key {shown(key.value)}", hint, fix, None if meant else "note")


@rule("CF212", "warning", "config.yml limits the version of Rancher", on=Entry)
def limit_here(entry: Entry) -> Iterator[Hit]:
    """`minimum_rancher_version` works only in the catalog block of a revision; in config.yml it is ignored.

    Bad:
        -- templates/web/config.yml (changed) --
        +minimum_rancher_version: v1.2.0
    Good:
        -- templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#2.13, #8.17
    """
    for name in _LIMITS:
        if key := _key(entry, name):
            yield Hit(key.where, f"nothing reads {name} here", "move it to the catalog block of rancher-compose.yml")


@rule("CF213", "note", "A license is not an SPDX identifier", on=Entry)
def odd_license(entry: Entry) -> Iterator[Hit]:
    """Programs that collect licenses recognize only the identifiers of the SPDX list; the community catalog spells five licenses
    in 13 ways.

    Bad:
        -- templates/web/config.yml --
        license: Apache License 2.0
    Good:
        -- templates/web/config.yml --
        license: Apache-2.0
    Good:
        -- templates/web/config.yml --
        license: MIT OR GPL-2.0-only WITH Classpath-exception-2.0
    Source: docs/facts/catalog.md#2.9; https://spdx.org/licenses
    """
    node = entry.settings.keys.get("license")
    text = text_of(node).strip()
    if not isinstance(node, Text) or not text or _is_spdx(text):
        return
    meant = _meant(text)
    yield Hit(
        node.where, f"{shown(text)} is not an SPDX identifier", f"did you mean {meant}?" if meant else "see spdx.org/licenses"
    )


def _is_spdx(text: str) -> bool:
    """Whether an SPDX expression has only known identifiers and custom identifiers (`LicenseRef-...`)."""
    words = re.findall(r"[A-Za-z0-9.+-]+", text[:1000])
    names = [word.removesuffix("+") for word in words if word not in ("AND", "OR", "WITH")]
    fine = all(name in LICENSES or name.startswith("LicenseRef-") or name.endswith("-exception-2.0") for name in names)
    joined = len(names) == 1 or any(word in words for word in ("AND", "OR", "WITH"))
    return (fine and joined) or text.lower() in _NO_SPDX


def _meant(text: str) -> str:
    """Return the license that was probably meant. Only letters and digits are compared, and filler words are ignored."""
    plain = re.sub(r"(?i)\b(?:the|license|licence|version|public|software|v(?=[0-9]))|[^a-z0-9.]", "", text[:200]).lower()
    plain = plain.replace("eclipse", "epl-").replace("gnu", "")
    by_letters = {each.lower().replace("-", ""): each for each in LICENSES}
    plain = plain.replace("-", "")
    tries = (plain, f"{plain}.0", f"{plain}2.0" if plain == "apache" else plain)
    return next((by_letters[each] for each in tries if each in by_letters), "") or near(plain, LICENSES)


@rule("CF214", "warning", "The project URL is not a web address", on=Entry)
def bad_url(entry: Entry) -> Iterator[Hit]:
    """The catalog turns `projectURL` into a link; without `http://` or `https://`, the link points into Rancher itself.

    Bad:
        -- templates/web/config.yml --
        projectURL: example.org/web
    Good:
        -- templates/web/config.yml --
        projectURL: https://example.org/web
    Source: docs/facts/catalog.md#2.10
    """
    for name in ("projectURL", "project_url"):
        node = entry.settings.keys.get(name)
        text = text_of(node)
        if node and text and not _URL.fullmatch(text[:2000]):
            yield Hit(node.where, f"{name} {shown(text)} is not a web address", "write https://...")


@rule("CF215", "note", "The catalog service does not read isSystem", on=Entry)
def is_system(entry: Entry) -> Iterator[Hit]:
    """The catalog service has no field `isSystem`. The older service that the CI runs reads `isSystem` if its value is text.

    Bad:
        -- templates/web/config.yml --
        isSystem: 'true'
    Good:
        -- templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#2.2
    """
    if key := _key(entry, "isSystem"):
        yield Hit(key.where, "Rancher's catalog service does not read isSystem", "remove it")


@rule("CF216", "warning", "A value in config.yml is not read as text", on=Entry, fixable=True)
def altered(entry: Entry) -> Iterator[Hit]:
    """An unquoted number or boolean is not text: the CI reads an empty value, and the catalog service may show different text.

    Bad:
        -- templates/web/config.yml --
        name: 2048
    Bad:
        -- templates/web/config.yml (changed) --
        +labels: {tier: 010}
    Good:
        -- templates/web/config.yml --
        name: '2048'
    Source: docs/facts/catalog.md#2.7
    """
    config, keys = entry.config, entry.settings.keys
    if config is None:
        return
    texts = [(name, keys.get(name)) for name in _TEXTS if name not in _VERSIONS]
    for name, node in texts:
        if isinstance(node, Text) and not is_text(node) and not is_null(node):
            yield _as_text(config, name, node)
    labels = keys.get("labels")
    for key, value in labels.pairs if isinstance(labels, Map) else ():
        if isinstance(value, Text) and is_altered(value):
            yield _as_text(config, key.value, value)


def _as_text(config: File, name: str, node: Text) -> Hit:
    stored = f"Rancher reads it as {shown(text_of(node))}" if is_altered(node) else "the CI does not read it as text"
    return Hit(node.where, f"{shown(name)} is {node.value[:40]}: {stored}", f"write '{node.value[:40]}'", quoted(config, node))


@rule("CF217", "note", "config.yml has a category twice", on=Entry)
def category_twice(entry: Entry) -> Iterator[Hit]:
    """The catalog service appends `category` to `categories`, even if the list already contains this category; the CI reads only
    `category`.

    Bad:
        -- templates/web/config.yml --
        category: Databases
        categories: [Databases, Storage]
    Good:
        -- templates/web/config.yml --
        category: Databases
        categories: [Storage]
    Source: docs/facts/catalog.md#2.11
    """
    keys = entry.settings.keys
    categories = keys.get("categories")
    seen = {text_of(keys.get("category"))} - {""}
    for item in categories.items if isinstance(categories, Seq) else ():
        text = text_of(item)
        if text in seen:
            yield Hit(item.where, f"the category {shown(text)} appears twice", "remove one of them")
        seen.add(text)
