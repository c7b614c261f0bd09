"""CF1xx: the folders of a catalog, and what the judges do with them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from catalog_forge.errors import Where
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.entries.judged import judged, told
from catalog_forge.lint.findings import Hit, Level
from catalog_forge.lint.judges.layout import TOP
from catalog_forge.lint.mend import listed, near, shown
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import COMPOSE, CONFIG, DOCKER, DOCKER_TEMPLATE, ICONS, RANCHER, Entry, Revision
from catalog_forge.rancher.tree import keys_of

_GIT = frozenset(("branches", "hooks", "info", "logs", "modules", "objects", "refs", "worktrees"))
_PLAIN = re.compile(r"0|[1-9][0-9]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The kinds of environments (the words before `-templates`) whose entries are stacks. Entries for `kubernetes` are manifests, and
# entries for `machine` are drivers.
_STACKS = ("", "infra*", "mesos*", "swarm*")


def _where(entry: Entry, folder: str) -> Where:
    return Where(f"{entry.where.file}/{folder}")


@rule("CF101", "error", "The CI refuses the name of an entry, or the entry cannot be opened", on=Entry)
@told("CF101")
def bad_name(_: Entry) -> None:
    """The name of an entry's folder is part of ids and stack names, so the CI allows only 1 to 63 letters, digits and dashes.

    Rancher's catalog service accepts every name. However, an entry with `:` or `*` in its name is listed,
    but cannot be opened.

    Bad:
        -- templates/my_web/0/rancher-compose.yml --
        .catalog: {version: '1.0.0'}
    Bad:
        -- templates/my:web/0/rancher-compose.yml --
        .catalog: {version: '1.0.0'}
    Bad:
        -- templates/0/0/rancher-compose.yml --
        .catalog: {version: '1.0.0'}
    Good:
        -- templates/my-web2/0/rancher-compose.yml --
        .catalog: {version: '1.0.0'}
    Source: docs/facts/catalog.md#1.6, #6.40, #6.41; test_stack_name of the CI
    """


@rule("CF102", "warning", "An entry has the same name as a folder in .git", on=Entry)
def git_name(entry: Entry) -> Iterator[Hit]:
    """The catalog service also searches `.git`: it reads `.git/objects` as an entry, and merges that entry with an entry named
    `objects`.

    Bad:
        -- templates/logs/config.yml --
        name: Logs
    Good:
        -- templates/web-logs/config.yml --
        name: Logs
    Source: docs/facts/catalog.md#1.5
    """
    if entry.name in _GIT and not entry.base:
        yield Hit(
            entry.where, f"the catalog service merges {entry.name} with the folder .git/{entry.name}", "choose another name"
        )


@rule("CF103", "warning", "The CI does not check a folder of entries", on=Catalog)
def odd_top(catalog: Catalog) -> Iterator[Hit]:
    """Rancher shows the entries of any top folder. The catalog's CI checks only the entries of `templates` and `WORD-templates`.

    Bad:
        -- my-own-templates/web/config.yml --
        name: Web
    Good:
        -- infra-templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#1.2, #6.42; metadataFolder of rancher-catalog-service
    """
    tops = {entry.top.name: entry for entry in catalog.entries}
    for name, entry in tops.items():
        if not TOP.fullmatch(name):
            where = Where(entry.where.file.removesuffix(f"/{entry.name}"))
            yield Hit(
                where, f"the catalog's CI does not check the entries in {shown(name)}", "rename it to templates or WORD-templates"
            )


@rule("CF104", "error", "A folder of an entry is not a revision", on=Entry)
def no_revision(entry: Entry) -> Iterator[Hit]:
    """The catalog service ignores a folder whose name is neither a number nor a semantic version.

    The CI treats every folder as a revision, and refuses the catalog if any folder has no rancher-compose.yml.

    Bad:
        -- templates/web/latest/rancher-compose.yml --
        .catalog:
          version: '2.0.0'
    Bad:
        -- templates/web/1.2/docker-compose.yml --
        web: {image: 'nginx:1.27.3'}
    Bad:
        -- templates/web/docs/notes.txt --
        x
    Good:
        -- templates/web/1/rancher-compose.yml --
        .catalog:
          version: '2.0.0'
    Source: docs/facts/catalog.md#1.7, #6.39
    """
    for hit in judged(entry, "CF104"):
        yield replace(hit, hint=f"if the folder is a new revision, name it {_next(entry)}; otherwise, move it out of the entry")


def _next(entry: Entry) -> int:
    numbers = [int(each.name) for each in entry.revisions if _PLAIN.fullmatch(each.name) and len(each.name) < 10]
    return max(numbers, default=-1) + 1


@rule("CF105", "warning", "A revision folder is not a plain number", on=Entry)
def odd_number(entry: Entry) -> Iterator[Hit]:
    """The catalog service reads `01` and `+1` as 1: the name of the revision then differs from the name of its folder.

    Bad:
        -- templates/web/01/rancher-compose.yml --
        .catalog:
          version: '1.1.0'
    Good:
        -- templates/web/1/rancher-compose.yml --
        .catalog:
          version: '1.1.0'
    Source: docs/facts/catalog.md#1.7, #6.32, #6.34
    """
    for revision in entry.revisions:
        name = revision.name
        if "." not in name and len(name) < 19 and not _PLAIN.fullmatch(name):
            yield Hit(
                revision.where,
                f"the folder {shown(name)} is treated as revision {int(name)}",
                "use 0, 1, 2, ... without signs or leading zeros",
            )


@rule("CF106", "warning", "Several folders count as one revision", on=Entry)
def merged_revisions(entry: Entry) -> Iterator[Hit]:
    """The catalog service merges folders whose names mean the same number: if several of these folders contain a file with the
    same name, only the file that is read last is kept.

    Bad:
        -- templates/web/00/rancher-compose.yml --
        .catalog:
          version: '1.1.0'
    Good:
        -- templates/web/1/rancher-compose.yml --
        .catalog:
          version: '1.1.0'
    Source: docs/facts/catalog.md#1.7, #6.33
    """
    found: dict[int, list[Revision]] = defaultdict(list)
    for revision in entry.revisions:
        if "." not in revision.name and len(revision.name) < 19:
            found[int(revision.name)].append(revision)
    for number, same in found.items():
        for revision in same[1:]:
            names = listed([each.name for each in same])
            yield Hit(revision.where, f"the folders {names} are all revision {number}: Rancher mixes their files", "rename one")


@rule("CF107", "note", "A revision is named like a version", on=Revision)
def version_folder(revision: Revision) -> Iterator[Hit]:
    """Folders such as `1.2.3` work, but none of Rancher's own catalogs has such a folder, and the documentation mentions only
    numbers.

    Bad:
        -- templates/web/1.2.3/rancher-compose.yml --
        .catalog:
          version: '1.2.3'
    Good:
        -- templates/web/1/rancher-compose.yml --
        .catalog:
          version: '1.2.3'
    Source: docs/facts/catalog.md#1.7, #6.35, #6.36, #6.37, #6.38
    """
    if "." in revision.name:
        yield Hit(revision.where, f"revision {shown(revision.name)} is named like a version", "use the next number")


@rule("CF108", "note", "Revision numbers are missing", on=Entry)
def gap(entry: Entry) -> Iterator[Hit]:
    """Revisions are numbered from 0 without gaps. Removing a published revision leaves running stacks without their files.

    Bad:
        -- templates/web/2/rancher-compose.yml --
        .catalog:
          version: '1.2.0'
    Good:
        -- templates/web/1/rancher-compose.yml --
        .catalog:
          version: '1.2.0'
    Source: docs/facts/catalog.md#1.8, #6.34
    """
    numbers = sorted({int(each.name) for each in entry.revisions if _PLAIN.fullmatch(each.name) and len(each.name) < 10})
    gaps, expected = [], 0
    for number in numbers:
        if number > expected:
            gaps.append(str(expected) if number == expected + 1 else f"{expected} to {number - 1}")
        expected = number + 1
    if gaps and entry.is_whole:
        yield Hit(
            _where(entry, str(numbers[-1])),
            f"revision numbers are missing: {', '.join(gaps[:8])}",
            "number the revisions 0, 1, 2 and so on",
        )


@rule("CF109", "warning", "An entry has no revision", on=Entry)
def empty_entry(entry: Entry) -> Iterator[Hit]:
    """An entry without a revision is never shown, and no judge reports it.

    Bad:
        -- templates/proxy/config.yml --
        name: Proxy
    Good:
        -- templates/proxy/config.yml --
        name: Proxy
        -- templates/proxy/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#6.46
    """
    if entry.is_whole and not entry.revisions:
        yield Hit(entry.where, f"{entry.name} has no revision: it is never shown", "add a folder 0 with the compose files")


@rule("CF111", "error", "An entry has no config.yml", on=Entry)
@told("CF111")
def no_config(entry: Entry) -> Iterator[Hit]:
    """Without config.yml the catalog service lists a ghost (an entry with neither name nor id), and the CI refuses the catalog.

    Bad:
        -- templates/web/config.yml (absent) --
    Bad:
        -- templates/web/config.yml (absent) --
        -- templates/web/config.yaml --
        name: Web
    Bad:
        -- templates/web/config.yml (absent) --
        -- templates/web/template.yml --
        name: Web
    Good:
        -- templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#1.10, #1.19, #6.12
    """
    if entry.config or not entry.is_whole or not entry.revisions:
        return
    other = "template.yml" if "template.yml" in entry.folder.files else near(CONFIG, entry.folder.files)
    hint = f"rename {other}" if other else f"add a {CONFIG} with name, version, description and category"
    what = "the CI does not read template.yml" if other == "template.yml" else "the entry is listed without a name"
    # The catalog service also reads template.yml, so an entry with a template.yml is refused only by the CI.
    yield Hit(entry.where, f"{entry.name} has no {CONFIG}: {what}", hint, level="warning" if other == "template.yml" else None)


@rule("CF112", "warning", "There is a template.yml next to config.yml", on=Entry)
def two_configs(entry: Entry) -> Iterator[Hit]:
    """The catalog service reads both files, and template.yml overrides config.yml; the CI reads only config.yml.

    Bad:
        -- templates/web/template.yml --
        name: Other
    Good:
        -- templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#1.10, #6.19
    """
    other = entry.folder.files.get("template.yml")
    if other and entry.config:
        yield Hit(other.at(), "Rancher uses this file instead of config.yml, but the CI reads config.yml", "keep only config.yml")


@rule("CF113", "warning", "A file in a revision is treated as a file of the entry", on=Revision)
def taken_for_the_entry(revision: Revision) -> Iterator[Hit]:
    """At any depth in an entry, the catalog service reads `config.yml`, `template.yml`, and files whose names begin with `icon`
    or `catalogIcon`, as files of the entry.

    If a revision has a file with such a name, Rancher does not ship it with the revision. If Rancher reads the file after
    the entry's own file, the file replaces the entry's own file.

    Bad:
        -- templates/web/0/config.yml --
        path.data: /data
    Bad:
        -- templates/web/0/files/icons.yml --
        - a
    Good:
        -- templates/web/0/web.yml --
        path.data: /data
    Source: docs/facts/catalog.md#1.10, #1.11
    """
    for file in revision.folder.everything:
        if file.name in (CONFIG, "template.yml"):
            what = "settings"
        elif file.name.startswith(ICONS):
            what = "icon"
        else:
            continue
        # Files and folders are read in the order of their names. The config.yml in a folder that sorts after `config.yml`
        # replaces the entry's config.yml. If the new config.yml has no `name`, the entry becomes a ghost.
        ghost = what == "settings" and revision.name > CONFIG and not file.yaml.keys.get("name")
        message = f"Rancher treats {shown(file.name)} as the {what} of {revision.entry.name}, and does not ship it"
        yield Hit(file.at(), message, "give it another name", level="error" if ghost else None)


@rule("CF114", "warning", "A file in a subfolder of a revision replaces another file", on=Revision)
def nested(revision: Revision) -> Iterator[Hit]:
    """The catalog service ships the files of a revision under their base names: of two files with the same base name, only the
    file that is read last remains.

    Bad:
        -- templates/web/0/sub/rancher-compose.yml --
        .catalog:
          version: '7.7.7'
    Good:
        -- templates/web/0/sub/other.yml --
        x: 1
    Source: docs/facts/catalog.md#1.16, #6.44
    """
    if not revision.folder.folders:
        return
    first: dict[str, str] = {}
    for file in revision.folder.everything:
        below = file.path[len(revision.folder.path) + 1 :]
        if file.name in first:
            message = f"{shown(below)} and {shown(first[file.name])} have the same name: Rancher ships only one of them"
            yield Hit(file.at(), message, "Rancher ignores subfolders: give one of the files another name")
        first.setdefault(file.name, below)


@rule("CF115", "error", "A file of an entry is a symbolic link", on=Entry)
@told("CF115")
def linked(entry: Entry) -> Iterator[Hit]:
    """The catalog service skips symbolic links, so users do not get the files that the links point to. The CI follows symbolic
    links.

    Bad:
        -- templates/web/0/rancher-compose.yml (link) --
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#1.17, #6.43
    """
    for file in entry.folder.everything:
        if file.kind == "link":
            needed = file.name == RANCHER or (file.name == CONFIG and entry.revisions)
            level: Level | None = None if needed else "warning"
            message = f"{shown(file.name)} is a symbolic link: Rancher ignores it"
            yield Hit(file.at(), message, "replace the link with the file", level=level)


@rule("CF116", "error", "A file points outside the catalog, is not a regular file, or cannot be read", on=Catalog)
def stray(catalog: Catalog) -> Iterator[Hit]:
    """A symbolic link to a target outside the catalog exposes files of the machine that checks the catalog. A pipe or a socket
    makes a reader wait indefinitely. A file that is not readable cannot be checked.

    Bad:
        -- templates/web/0/notes.txt (stray) --
    Bad:
        -- templates/web/0/notes.txt (special) --
    Bad:
        -- templates/web/0/notes.txt (closed) --
    Good:
        -- templates/web/0/notes.txt --
        notes
    Source: docs/facts/catalog.md#1.17; the CI follows links
    """
    for file in catalog.tree.files.values():
        if file.kind == "stray":
            message = f"the symbolic link {shown(file.name)} does not lead to a file in the checked folder"
            yield Hit(file.at(), message, "replace the link with what it should point to")
        elif file.kind == "special":
            yield Hit(file.at(), f"{shown(file.name)} is not a regular file: a pipe, a socket or a device", "remove it")
        elif file.kind == "closed":
            hint = "make it readable for the current user: lint could not check it"
            yield Hit(file.at(), f"{shown(file.name)} cannot be read: permission denied", hint)


@rule("CF117", "warning", "A file is too large to be read", on=Catalog)
def too_large(catalog: Catalog) -> Iterator[Hit]:
    """The catalog service sends the files of a revision to every browser; lint does not check files larger than 1 MiB.

    Bad:
        -- templates/web/0/dump.sql (large) --
    Good:
        -- templates/web/0/dump.sql --
        SELECT 1;
    Source: docs/facts/catalog.md#1.12; the bound is this program's own
    """
    for entry in catalog.entries:
        for file in entry.folder.everything:
            if not file.is_readable and file.kind in ("file", "link") and not file.name.startswith(ICONS):
                read = file.name in (*COMPOSE, CONFIG)
                message = f"{shown(file.name)} has a size of {file.size >> 20} MiB, so it is not checked"
                yield Hit(file.at(), message, "keep large files outside the catalog", level="error" if read else None)


@rule("CF118", "warning", "A file name has unusual characters", on=Catalog)
def odd_characters(catalog: Catalog) -> Iterator[Hit]:
    """If a name contains a line break, a control character or bytes that are not UTF-8, it breaks logs, ids and lists of files.

    Bad:
        -- templates/web/0/a\x7fb.txt --
        x
    Good:
        -- templates/web/0/ab.txt --
        x
    Source: git quotes such names; Rancher takes them as they are
    """
    for path, file in catalog.tree.files.items():
        if not path.isprintable() and _CONTROL.search(path):
            yield Hit(file.at(), f"the name {shown(path)} has a control character or is not valid UTF-8", "rename it")


@rule("CF119", "warning", "A revision has both docker-compose.yml and its template", on=Revision)
def both_composes(revision: Revision) -> Iterator[Hit]:
    """Rancher uses docker-compose.yml and ignores docker-compose.yml.tpl. If docker-compose.yml is empty, Rancher uses
    docker-compose.yml.tpl.

    Bad:
        -- templates/web/0/docker-compose.yml.tpl --
        web: {image: 'nginx:1.27.3'}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        web: {image: 'nginx:1.27.3'}
    Source: docs/facts/catalog.md#4.4, #1.20
    """
    plain, template = (revision.folder.files.get(name) for name in (DOCKER, DOCKER_TEMPLATE))
    if plain and template:
        unused = template if plain.size else plain
        yield Hit(unused.at(), f"{unused.name} is not used, because only one docker-compose file is sent to Rancher", "remove it")


@rule("CF120", "error", "A revision has no rancher-compose.yml", on=Revision)
@told("CF120")
def no_rancher(revision: Revision) -> Iterator[Hit]:
    """The version is in rancher-compose.yml: without this file, the catalog service drops the revision, and the CI refuses the
    catalog.

    Bad:
        -- templates/web/0/rancher-compose.yml (absent) --
    Bad:
        -- templates/web/0/rancher-compose.yml (absent) --
        -- templates/web/0/rancher-compose.yml.tpl --
        .catalog:
          version: '1.0.0'
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#1.15, #6.4
    """
    if revision.rancher or not revision.is_whole:
        return
    names = revision.folder.files
    others = {name for name in names if name not in (DOCKER, DOCKER_TEMPLATE)}
    other = f"{RANCHER}.tpl" if f"{RANCHER}.tpl" in names else near(RANCHER, others)
    what = "Rancher and the CI read the version from this file"
    message = f"revision {revision.title} has no {RANCHER}: {what}"
    # This is a warning, because the folder's name may be the version. If a judge needs the file, `told` makes the hit an error.
    yield Hit(revision.where, message, f"rename {other}" if other else f"add {RANCHER}", level="warning")


def _is_served(revision: Revision) -> bool:
    """Whether the catalog service finds a version: in a catalog block (also inside `services`), or as the folder's name."""
    services = revision.rancher.yaml.keys.get("services") if revision.rancher else None
    return bool(revision.version or "." in revision.name or keys_of(services).get(".catalog"))


@rule("CF122", "error", "No revision of an entry is shown", on=Entry)
def vanished(entry: Entry) -> Iterator[Hit]:
    """A revision without a version is dropped; if all revisions are dropped, the whole entry silently disappears.

    Bad:
        -- templates/web/0/rancher-compose.yml: catalog --
        name: Web
    Good:
        -- templates/web/0/rancher-compose.yml: catalog --
        version: '1.0.0'
    Source: docs/facts/catalog.md#1.19
    """
    if entry.is_whole and entry.revisions and not any(_is_served(each) for each in entry.revisions):
        count = len(entry.revisions)
        several = f"none of its {count} revisions has a version" if count > 1 else "its only revision has no version"
        yield Hit(
            entry.where, f"{entry.name} is never shown: {several}", f"write version: '1.0.0' in the catalog block of {RANCHER}"
        )


@rule("CF123", "warning", "A revision has nothing to launch", on=Revision)
def nothing_to_launch(revision: Revision) -> Iterator[Hit]:
    """The judges do not require docker-compose.yml, but launching the entry creates a stack without containers.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
    Good:
        -- templates/web/0/docker-compose.yml --
        web: {image: 'nginx:1.27.3'}
    Source: docs/facts/catalog.md#6.8
    """
    if revision.is_whole and not revision.docker and revision.entry.base in _STACKS:
        yield Hit(revision.where, f"revision {revision.title} has no {DOCKER}: the stack has no containers", f"add {DOCKER}")


@rule("CF124", "warning", "The version or the questions are defined twice", on=Revision)
def other_versions(revision: Revision) -> Iterator[Hit]:
    """Rancher looks for the questions first in template-version.yml, then in compose.yml, then in rancher-compose.yml. Rancher
    looks for the version in the opposite order. The CI reads only rancher-compose.yml.

    Bad:
        -- templates/web/0/template-version.yml --
        version: '2.0.0'
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
    Source: docs/facts/catalog.md#1.15
    """
    for name in ("template-version.yml", "compose.yml"):
        if file := revision.folder.files.get(name):
            yield Hit(
                file.at(),
                f"Rancher reads the questions in {name} before those in {RANCHER}, but the CI reads only {RANCHER}",
                f"use only {RANCHER}",
            )
