"""CF13x to CF15x: icons, README, stray files, and the format of the files of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.lint.findings import Fix, Hit
from catalog_forge.lint.mend import listed, shown
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import CONFIG, ICONS, Entry, Revision
from catalog_forge.rancher.tree import MAX_BYTES, File

_IMAGES = ("svg", "png", "jpg", "jpeg", "gif")
_SVG = re.compile(rb"<(?:[\w.-]{1,40}:)?svg[\s>]")
_JUNK = re.compile(r"(?i)\.ds_store|thumbs\.db|desktop\.ini|.*\.(?:orig|rej|bak|swp|swo)|.*~|\._.*")
_README = re.compile(r"(?i)readme(?:\..*)?")


def _ending(file: File) -> str:
    return file.name.rpartition(".")[2].lower()


def _format(content: bytes) -> str:
    """Return the image format from a file's first bytes: png, jpg, gif or svg; an empty string for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    head = content[:65536].lstrip(b"\xef\xbb\xbf\r\n\t ")
    return "svg" if head.startswith(b"<") and _SVG.search(head) else ""


def _is_readme(name: str) -> bool:
    return name.lower() == "readme.md"


@rule("CF110", "warning", "An entry has no icon", on=Entry)
def no_icon(entry: Entry) -> Iterator[Hit]:
    """The catalog shows an image for each entry: the file next to config.yml whose name begins with `catalogIcon`.

    Bad:
        -- templates/web/catalogIcon-web.svg (absent) --
    Good:
        -- templates/web/catalogIcon-web.svg --
        <svg xmlns="http://www.w3.org/2000/svg"/>
    Source: docs/facts/catalog.md#1.12, #6.47
    """
    if entry.is_whole and not entry.icons:
        other = next((file for file in entry.folder.files.values() if _ending(file) in _IMAGES), None)
        ending = _ending(other) if other else "svg"
        rename = f"rename {shown(other.name)} to" if other else "add"
        yield Hit(entry.where, f"{entry.name} has no icon", f"{rename} catalogIcon-{entry.name}.{ending}")


@rule("CF131", "warning", "An entry has several icons", on=Entry)
def several_icons(entry: Entry) -> Iterator[Hit]:
    """If an entry has several icons, Rancher shows the icon whose name sorts last, and ignores the rest.

    Bad:
        -- templates/web/icon.png --
        x
    Good:
        -- templates/web/catalogIcon-web.svg --
        <svg xmlns="http://www.w3.org/2000/svg"/>
    Source: docs/facts/catalog.md#1.11, #1.12
    """
    names, icon = sorted(file.name for file in entry.icons), entry.icon
    if icon and len(names) > 1:
        shows = shown(icon.path.removeprefix(f"{entry.folder.path}/"))
        message = f"{entry.name} has {len(names)} icons, {listed(names)}: Rancher shows {shows}"
        yield from (Hit(file.at(), message, "keep one") for file in entry.icons if file is not icon)


@rule("CF132", "warning", "An icon has a name that the CI does not know", on=Entry)
def icon_name(entry: Entry) -> Iterator[Hit]:
    """Rancher's catalog service also accepts `icon...` as the icon; older versions and the CI accept only `catalogIcon...`.

    Bad:
        -- templates/web/catalogIcon-web.svg (absent) --
        -- templates/web/icon-web.svg --
        <svg xmlns="http://www.w3.org/2000/svg"/>
    Good:
        -- templates/web/catalogIcon-other.svg --
        <svg xmlns="http://www.w3.org/2000/svg"/>
        -- templates/web/catalogIcon-web.svg (absent) --
    Source: docs/facts/catalog.md#1.11
    """
    icons = entry.icons
    if icons and not any(file.name.startswith("catalogIcon") for file in icons):
        for file in icons:
            ending = _ending(file) if "." in file.name else "svg"
            yield Hit(
                file.at(),
                f"only newer versions of Rancher accept {shown(file.name)} as the icon",
                f"call it catalogIcon-{entry.name}.{ending}",
            )


@rule("CF133", "warning", "An icon is not an image, or its extension does not match its format", on=Entry)
def icon_format(entry: Entry) -> Iterator[Hit]:
    """The catalog service tells browsers the image type that the file extension suggests, even if the content is of another type.

    Bad:
        -- templates/web/catalogIcon-web.svg --
        not a picture
    Bad:
        -- templates/web/catalogIcon-web.svg (absent) --
        -- templates/web/catalogIcon-web.png --
        <svg xmlns="http://www.w3.org/2000/svg"/>
    Good:
        -- templates/web/catalogIcon-web.svg (changed) --
        +<?xml version="1.0"?>
        +<!-- a picture -->
    Source: docs/facts/catalog.md#1.12
    """
    for file in entry.icons:
        if not file.is_readable:
            continue
        kind, ending = _format(file.content), _ending(file).replace("jpeg", "jpg")
        if not kind:
            is_pointer = file.content.startswith(b"version https://git-lfs")
            what = "only a Git LFS pointer" if is_pointer else "not an SVG, PNG, JPEG or GIF image"
            yield Hit(file.at(), f"the icon is {what}", "replace it with an image")
        elif kind != ending:
            yield Hit(
                file.at(),
                f"the format of the icon is {kind.upper()}, but its name ends in {shown(ending)}",
                f"rename it so that it ends in .{kind}",
            )


@rule("CF134", "warning", "An icon is large", on=Entry)
def icon_size(entry: Entry) -> Iterator[Hit]:
    """A catalog page loads all icons. Existing icons have a median size of 7 KB.

    Bad:
        -- templates/web/catalogIcon-web.svg (large) --
    Good:
        -- templates/web/catalogIcon-web.svg --
        <svg xmlns="http://www.w3.org/2000/svg"/>
    Source: docs/facts/catalog.md#1.12
    """
    for file in entry.icons:
        if file.size > MAX_BYTES:
            yield Hit(
                file.at(), f"the icon has a size of {file.size / MAX_BYTES:.1f} MiB", "an image of 128 pixels needs only a few KB"
            )


@rule("CF140", "warning", "A README is in a place where Rancher does not show it", on=Entry, fixable=True)
def unserved_readme(entry: Entry) -> Iterator[Hit]:
    """Only GitHub shows a README.md next to config.yml: Rancher shows the README.md in the revision.

    Bad:
        -- templates/web/README.md --
        # Web
        -- templates/web/0/README.md (absent) --
    Good:
        -- templates/web/README.md --
        # Web
        -- templates/web/0/README.md --
        # Web
    Source: docs/facts/catalog.md#1.14, #8.16
    """
    above = next((file for name, file in entry.folder.files.items() if _is_readme(name)), None)
    if above is None or not entry.revisions:
        return
    newest = entry.revisions[-1]
    if not any(_is_readme(file.name) for file in newest.folder.everything):
        copy = f"{newest.folder.path}/README.md"
        fix = Fix(f"copy it to {newest.title}/README.md", above.path, copies=(copy,)) if above.is_readable else None
        yield Hit(above.at(), f"Rancher does not show this README of {entry.name}", f"put it into revision {newest.name}", fix)


@rule("CF141", "note", "A README has a name that Rancher does not know", on=Entry)
def readme_name(entry: Entry) -> Iterator[Hit]:
    """Rancher shows only a file named README.md, in upper or lower case.

    Bad:
        -- templates/web/0/README.md (absent) --
        -- templates/web/0/README.txt --
        Web
    Good:
        -- templates/web/0/readme.md --
        # Web
    Source: docs/facts/catalog.md#1.13
    """
    folders = [entry.folder, *(revision.folder for revision in entry.revisions)]
    for folder in folders:
        if any(_is_readme(name) for name in folder.files):
            continue
        for name, file in folder.files.items():
            if _README.fullmatch(name):
                yield Hit(file.at(), f"Rancher does not show {shown(name)}", "call it README.md")


@rule("CF142", "note", "The newest revision has no README", on=Entry, fixable=True)
def no_readme(entry: Entry) -> Iterator[Hit]:
    """Users read the README of an entry first. Rancher shows the README.md in the revision.

    `--fix` copies the README of the previous revision.

    Bad:
        -- templates/web/0/README.md (absent) --
    Good:
        -- templates/web/0/README.md --
        # Web
    Source: docs/facts/catalog.md#1.13
    """
    if not entry.revisions or not entry.revisions[-1].is_whole:
        return
    newest = entry.revisions[-1]
    names = [file.name for file in (*newest.folder.everything, *entry.folder.files.values())]
    if any(_README.fullmatch(name) for name in names):
        return
    older = [file for each in entry.revisions for file in each.folder.files.values() if file.name == "README.md"]
    copy = f"{newest.folder.path}/README.md"
    fix = Fix(f"copy {older[-1].path}", older[-1].path, copies=(copy,)) if older and older[-1].is_readable else None
    yield Hit(
        newest.where, f"revision {newest.title} has no README.md", "add one that describes the entry and its questions", fix
    )


@rule("CF143", "note", "A file in an entry is never read", on=Entry)
def unknown_file(entry: Entry) -> Iterator[Hit]:
    """In the folder of an entry, only config.yml, the icon and a README are used; Rancher ignores all other files there.

    Bad:
        -- templates/web/logo.png --
        x
    Bad:
        -- templates/web/docker-compose.yml --
        web: {image: 'nginx:1.27.3'}
    Good:
        -- templates/web/README.md --
        # Web
    Source: docs/facts/catalog.md#1.18
    """
    for name, file in entry.folder.files.items():
        known = name in (CONFIG, "template.yml", ".gitkeep", ".gitignore") or name.startswith(ICONS) or _README.fullmatch(name)
        if not known and entry.revisions:
            yield Hit(file.at(), f"nothing reads {shown(name)} here", "move it into a revision, or remove it")


@rule("CF144", "note", "A revision contains leftovers of an editor or an operating system", on=Revision)
def junk(revision: Revision) -> Iterator[Hit]:
    """The catalog service ships every file of a revision to everyone who launches the revision.

    Bad:
        -- templates/web/0/.DS_Store --
        x
    Bad:
        -- templates/web/0/docker-compose.yml.orig --
        x
    Good:
        -- templates/web/0/web.conf --
        x
    Source: docs/facts/catalog.md#1.16
    """
    for file in revision.folder.everything:
        if _JUNK.fullmatch(file.name):
            yield Hit(file.at(), f"{shown(file.name)} is shipped with the revision", "remove it, and add it to .gitignore")


def _read(entry: Entry) -> Iterator[File]:
    """Yield the files of an entry that Rancher reads as YAML."""
    if entry.config:
        yield entry.config
    for revision in entry.revisions:
        yield from revision.compose_files


@rule("CF150", "warning", "A key appears twice", on=Entry)
def duplicate_key(entry: Entry) -> Iterator[Hit]:
    """If a key appears twice, Rancher silently uses the last value, and the first value is lost.

    Bad:
        -- templates/web/config.yml --
        name: Web
        name: Other
    Good:
        -- templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#6.7, #8.12
    """
    for file in _read(entry):
        for duplicate in file.yaml.duplicates:
            message = (
                f"{shown(duplicate.key.value)} appears twice, first on line {duplicate.first.line}: Rancher uses the last value"
            )
            yield Hit(duplicate.key.where, message, "remove one of them")


@rule("CF151", "warning", "A YAML file has a second document", on=Entry)
def second_document(entry: Entry) -> Iterator[Hit]:
    """Rancher reads the first YAML document of a file, and ignores all documents after it.

    Bad:
        -- templates/web/config.yml --
        name: Web
        ---
        version: '1.0.0'
    Good:
        -- templates/web/config.yml --
        ---
        name: Web
    Source: docs/facts/catalog.md#6.7
    """
    for file in _read(entry):
        if second := file.yaml.second:
            yield Hit(second, "nothing reads this second document", "remove the line ---, or everything after it")


@rule("CF152", "note", "A file begins with a byte order mark", on=Entry)
def byte_order_mark(entry: Entry) -> Iterator[Hit]:
    """Rancher ignores a byte order mark, but other tools fail on it.

    Bad:
        -- templates/web/config.yml (bom) --
        name: Web
    Good:
        -- templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#6.7
    """
    for file in _read(entry):
        if file.content.startswith(b"\xef\xbb\xbf"):
            yield Hit(file.at(1, 1), "the file begins with a byte order mark", "save it as UTF-8 without this mark")


@rule("CF153", "note", "A file has Windows line endings", on=Entry)
def windows_line_ends(entry: Entry) -> Iterator[Hit]:
    """Rancher accepts Windows line endings and does not convert them: a script among the files of a revision keeps them.

    Bad:
        -- templates/web/config.yml (crlf) --
        name: Web
    Good:
        -- templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#6.7, #8.18
    """
    for file in entry.folder.everything:
        if _ending(file) in _IMAGES or _README.fullmatch(file.name):
            continue
        offset = file.content.find(b"\r\n")
        if offset >= 0 and b"\0" not in file.content:
            line = file.content.count(b"\n", 0, offset) + 1
            yield Hit(file.at(line, 1), "the lines end in CR LF", "save the file with Unix line endings")


@rule("CF154", "note", "A compose file has tabs", on=Entry)
def tabs(entry: Entry) -> Iterator[Hit]:
    """YAML is indented with spaces; a tab between words or at the end of a line is legal, but looks like spaces.

    Bad:
        -- templates/web/config.yml (tabs) --
        name:»Web
    Good:
        -- templates/web/config.yml --
        name: Web
    Source: docs/facts/catalog.md#6.7, #8.19
    """
    for file in _read(entry):
        if (offset := file.text.find("\t")) >= 0:
            yield Hit(file.offset(offset), "there is a tab here", "use spaces")
