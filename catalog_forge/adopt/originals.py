"""Reads a hand-written conf image from its files: the files that confd renders, the keys that confd reads, and the static files.

Nothing is run: lint derives the layout of the image from the Dockerfile. Uncertain facts are reported, not guessed.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from catalog_forge.adopt.literals import Literals, literals
from catalog_forge.confd import reading
from catalog_forge.confd.imitated import image_dir
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.imitated.image_dir import TemplateResource
from catalog_forge.confd.shape import ROOTS
from catalog_forge.errors import Problem, Where
from catalog_forge.gotext.literals import is_text
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.image.dockerfile import Fault
from catalog_forge.image.gathering import ARCHIVE
from catalog_forge.lint.catalog import Catalog, ConfDir, Image
from catalog_forge.lint.images.inside import Inside, Resource, Run, inside
from catalog_forge.lint.images.shell import ALL
from catalog_forge.rancher.tree import MAX_BYTES, File
from catalog_forge.spec.checks.whole import SYSTEM_FOLDERS
from catalog_forge.spec.model.spec import GENERATED
from catalog_forge.spec.shorthand import entry_name

OWN = "/self/service/metadata"
_VERSION = re.compile(r"/([0-9]{4}-[0-9]{2}-[0-9]{2}|latest)(?=/|$)")
# Matches a version, but not the name of a conf image that begins with a number, such as 7-zip-conf.
_NUMBERED = re.compile(r"(?!.*conf)v?[0-9]+(?:[._-][0-9A-Za-z._-]*)?")
_COPIES = re.compile(r"^[ \t]*(?:exec[ \t]+)?(?:/bin/)?cp[ \t]+(?:-\w+[ \t]+)*(/\S+)[ \t]+(/\S+)[ \t]*;?$", re.MULTILINE)
_WORD = re.compile(r"[a-z0-9]+")
_MARK = re.compile(rf"^# {re.escape(GENERATED)}([\w.-]+)\.yml;", re.MULTILINE)
# The maximum number of characters of a RUN that a note shows.
_SHOWN = 70


@dataclass(frozen=True)
class OriginalFile:
    """A file that confd renders: its template resource, its template, and the TOML file (`file`) that contains the resource.

    `moved` is the prefix of all paths in the template, without the metadata version. `rebased` is True if Rancher's metadata does
    not have the file's keys, so that they were moved below the service's own metadata. `version` is the metadata version in the
    prefix, if any.
    """

    resource: TemplateResource
    file: File
    template: File
    moved: str = ""
    rebased: bool = False
    version: str = ""

    @property
    def source(self) -> bytes:
        """The bytes of the template."""
        return self.template.content

    @property
    def is_static(self) -> bool:
        """Whether the template has no action, so that the file never changes."""
        return b"{{" not in self.source

    def is_named(self, error: str) -> bool:
        """Whether an error message of confd is about this file."""
        return error.startswith(f"{self.resource.name}: ") or f" template: {self.resource.src}:" in error

    @cached_property
    def reading(self) -> reading.Reading:
        """The paths that the template reads, and how it uses their values."""
        return reading.read(self.resource.src, self.source)

    @cached_property
    def literals(self) -> Literals:
        """The string literals in the actions of the template."""
        return literals(self.resource.src, self.source)

    @cached_property
    def paths(self) -> dict[str, str]:
        """The metadata paths that the template reads, each with the function that reads it."""
        return {self.placed(read.path): read.function for read in self.reading.reads}

    @cached_property
    def live(self) -> dict[str, str]:
        """The metadata paths that the template reads and that Rancher may serve, each with the function that reads it."""
        return {self.placed(read.path): read.function for read in self.reading.reads if not self.is_dead(read.path)}

    @property
    def dead(self) -> list[str]:
        """The paths that the template reads in keyspaces that Rancher never serves."""
        return sorted({read.path.replace(WILD, "*") for read in self.reading.reads if self.is_dead(read.path)})

    def is_dead(self, path: str) -> bool:
        """Whether a path can never exist: the image reads Rancher's metadata, which does not have the root key of this path."""
        root = f"{self.moved}/{_VERSION.sub('', path, count=1).lstrip('/')}".split("/")[1]
        return not self.rebased and WILD not in root and root not in ("", *ROOTS)

    def placed(self, path: str) -> str:
        """Return the metadata path for a path in the template.

        If Rancher's metadata does not have the root key of the path, the path is moved below the service's own metadata.
        """
        path = f"{self.moved}/{_VERSION.sub('', path, count=1).lstrip('/')}"
        root = path.split("/")[1]
        return path if root in ("", *ROOTS) or WILD in root or root.startswith("%") else f"{OWN}{path}"

    def replaced(self) -> str:
        """Return the template with full paths, for a confd whose prefix is only the metadata version."""
        content = self.source
        known = [read.path for read in self.reading.reads]
        for each in sorted(self.literals.paths(known), key=lambda each: -each.start):
            path = self.placed(each.value)
            if path != each.value and not (each.value.startswith("%")):
                content = content[: each.start] + json.dumps(path, ensure_ascii=False).encode() + content[each.end :]
        return content.decode()


@dataclass(frozen=True)
class Original:
    """The files of an image for one `-confdir` of confd: those that confd renders, and those that stay unchanged.

    `holds` is True if an entry uses only the files in the image's volumes. `generated` is True if the image already has a
    spec. If the new image is based on the original, `base` is the `image` key of the spec.
    """

    image: Image
    conf: ConfDir | None
    files: tuple[OriginalFile, ...]
    carried: Mapping[str, File]
    version: str
    problems: tuple[Problem, ...] = ()
    said: tuple[Problem, ...] = field(default=())
    role: str = ""
    holds: bool = False
    generated: bool = False
    base: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> Inside:
        """The facts about the image that lint derives from its files."""
        return inside(self.image)

    @cached_property
    def name(self) -> str:
        """The name of the spec, derived from the folder of the image."""
        words = _WORD.findall(called(self.image))
        words = [each for each in words if each != "docker"] or ["image"]
        if words[-1] in ("conf", "config"):
            words, ending = words[:-1] or ["image"], words[-1]
        else:
            ending = "conf"
        return "-".join([*words, *_WORD.findall(self.role.lower()), ending])[-63:].strip("-")

    def of_version(self, version: str) -> Original:
        """Return the original with another metadata version, or unchanged if paths in a template name a version."""
        named = any(not each.version and _versions(each) for each in self.files)
        return self if named or not version else replace(self, version=version)

    @cached_property
    def templates(self) -> dict[str, File]:
        """The template of each file, by the dest of the file."""
        return {each.resource.dest: each.template for each in self.files}

    @cached_property
    def dests(self) -> dict[str, str]:
        """Map the dest of each file to its path in the spec.

        Files in system folders are moved, because such folders cannot be volumes. Files with unusual names are also moved.
        """
        found: dict[str, str] = {}
        for dest in (*(each.resource.dest for each in self.files), *self.carried):
            clean = posixpath.normpath(f"/{dest.lstrip('/')}")
            lies_well = posixpath.dirname(clean) not in SYSTEM_FOLDERS and re.fullmatch(r"/[A-Za-z0-9._/+@-]+", clean)
            flat = re.sub(r"[^A-Za-z0-9._+@-]+", "-", clean.strip("/"))
            found[dest] = clean if lies_well else f"/etc/{entry_name(self.name)}/{flat}"
        return found

    @property
    def is_carrier(self) -> bool:
        """Whether the image only provides files in a volume: it has no files for confd, and it runs no service."""
        starts = self.image.build.of("ENTRYPOINT", "CMD", "EXPOSE") if self.image.build else True
        return not self.files and bool(self.carried) and (self.holds or not starts)

    @property
    def variables(self) -> dict[str, str]:
        """The variables that the image's templates read, with their values in the Dockerfile."""
        told = self.image.build.variables if self.image.build else {}
        asked = dict.fromkeys(name for each in self.files for name in each.literals.variables)
        return {name: told.get(name, "") for name in asked}

    @property
    def refresh(self) -> str:
        """When confd updates the files: `watch`, `once`, or an interval such as `60s`. The result is "" if this is unknown."""
        runs = [run.flags for run in self.known.runs if "backend" in run.flags]
        if any("watch" in flags for flags in runs):
            return "watch"
        if runs and all("onetime" in flags for flags in runs):
            return "once"
        interval = next((flags["interval"] for flags in runs if re.fullmatch("[1-9][0-9]{0,5}", flags.get("interval", ""))), "")
        return f"{interval}s" if interval else ""


def called(image: Image) -> str:
    """Return the name of an image's folder, or of the closest parent folder that is not named after a version."""
    parts = [each for each in posixpath.abspath(image.folder.where.file or ".").split("/") if each]
    named = [each for each in parts if not _NUMBERED.fullmatch(each)]
    return (named or ["image"])[-1].lower().rpartition("+")[2]


def originals(catalog: Catalog, flags: Mapping[str, str] | None = None) -> Iterator[Original]:
    """Yield the images of a catalog that have files for confd, or files in a volume.

    Generated images are also yielded, with a note instead of their files, and so are images with problems. `flags` are the confd
    flags that an entry passes, in addition to the flags that the image sets.
    """
    for image in catalog.images:
        if said := _generated(image):
            yield Original(image, None, (), {}, "", said=(said,), generated=True)
            continue
        confs: list[ConfDir | None] = [*image.confs] if any(conf.resources for conf in image.confs) else [None]
        dests = [{each.resource.dest for each in _files(image, conf, {})[0]} for conf in confs] if len(confs) > 1 else []
        roles = any(not dests[0].isdisjoint(each) for each in dests[1:])
        groups = confs if roles or len(confs) == 1 else [_joined([conf for conf in confs if conf])]
        for conf in groups:
            role = posixpath.basename(_folder(conf)) if roles and conf else ""
            found = _original(image, conf, flags or {}, role)
            if found.files or found.problems or found.is_carrier:
                yield found


def _generated(image: Image) -> Problem | None:
    """Return the note for a generated image, which already has a spec, or None."""
    file = image.dockerfile
    found = _MARK.search(file.text) if file and file.content else None
    if file is None or found is None:
        return None
    name = found[1]
    words = f"this image was generated from specs/{name}.yml, so there is nothing to adopt"
    hint = f"edit that spec; `catalog-forge update {name}` merges changes of its blueprint"
    return Problem(words, file.offset(found.start()), hint)


def carrier(image: Image, volumes: Sequence[str], reference: str = "", words: Sequence[str] = ()) -> Original | None:
    """Read an image whose volumes an entry uses.

    Return None if the image has files for confd, if its volumes contain no file, or if it has problems.

    `words` is the command line of a program that the image runs once. If `words` is given, the new image is based on the image
    `reference`, and runs the program before it writes the files.
    """
    if any(conf.resources for conf in image.confs):
        return None
    found = _original(image, None, {}, "", volumes)
    if not found.carried or found.problems:
        return None
    if not words:
        return replace(found, holds=True)
    command = shlex.join(words)
    said = (
        f"the new image is based on {reference}, and runs the program of that image once before confd writes the files: {command}"
    )
    base = {"base": reference, "before": [command], "folders": [*dict.fromkeys(each.rstrip("/") for each in volumes)]}
    return replace(found, holds=True, base=base, said=(Problem(said, image.folder.where),))


def _folder(conf: ConfDir) -> str:
    return conf.confdir or (conf.conf_d.path.removesuffix("/conf.d") if conf.conf_d else "")


def _joined(confs: list[ConfDir]) -> ConfDir:
    """Merge several confd folders, whose resources have different dests, into one."""
    first = confs[0]
    resources = {path: file for conf in confs for path, file in conf.resources.items()}
    return replace(first, resources=resources, templates={src: file for conf in confs for src, file in conf.templates.items()})


def _original(image: Image, conf: ConfDir | None, flags: Mapping[str, str], role: str, volumes: Sequence[str] = ()) -> Original:
    files, problems = _files(image, conf, flags)
    known = inside(image)
    versions = {name: each for each in files if not each.is_static for name in _versions(each)}
    if len(versions) > 1:
        words = f"the image reads several versions of the metadata: {', '.join(sorted(versions))}"
        problems.append(
            Problem(
                words,
                versions[max(versions)].file.at(),
                "a spec reads only one version: change the templates so that all of them read the same version",
            )
        )
    version = next(iter(versions), "") or _by_age(known)
    dests = {posixpath.normpath(each.resource.dest) for each in files}
    carried = _carried(image, known, volumes)
    said = [*_not_modelled(image)]
    for path, file in carried.items():
        if path in dests:
            said.append(
                Problem(
                    f"in the original, {path} exists before confd writes it, but in the new image only after that",
                    file.at(),
                )
            )
    carried = {path: file for path, file in carried.items() if path not in dests}
    problems += [problem for file in carried.values() for problem in _unread(file)]
    if any(each.rebased for each in files):
        words = f"the keys of this image are not in Rancher's metadata, so the spec reads them below {OWN}"
        said.append(Problem(words, image.folder.where, "define these keys as metadata of the service"))
    return Original(image, conf, tuple(files), carried, version, tuple(problems), tuple(said), role)


def _prefix(known: Inside, flags: Mapping[str, str]) -> str:
    """Return the -prefix of confd. It begins with the metadata version if the address of confd's node names a version."""
    own = flags.get("prefix") or known.prefix
    nodes = [run.flags.get("node", "") for run in known.runs] + [flags.get("node", "")]
    version = next((found[0] for node in nodes if (found := _VERSION.search(node.partition("://")[2] or node))), "")
    own = f"/{own.strip('/')}" if own.strip("/") else ""
    return own if _VERSION.match(own) else version + own


def _versions(file: OriginalFile) -> set[str]:
    """Return the metadata versions in the prefix of a file or, if the prefix has no version, in the paths that are read."""
    if file.version:
        return {file.version}
    return {match[1] for read in file.reading.reads if (match := _VERSION.match(read.path))}


def _by_age(known: Inside) -> str:
    """Return the metadata version that the image's release of confd usually reads."""
    return "2015-07-25" if known.release.number is not None and known.release.number < 12 else "2016-07-29"


def _files(image: Image, conf: ConfDir | None, flags: Mapping[str, str]) -> tuple[list[OriginalFile], list[Problem]]:
    """Return the files that confd renders, and the problems of files that cannot be read."""
    known, files, problems = inside(image), [], []
    for resource in known.resources if conf else ():
        if conf is None or conf.resources.get(resource.path) is not resource.file:
            continue
        found = _file(known, resource, flags)
        if isinstance(found, OriginalFile):
            files.append(found)
        else:
            problems += found
    return _moved(known, flags, files), problems


def _moved(known: Inside, flags: Mapping[str, str], files: list[OriginalFile]) -> list[OriginalFile]:
    """Return all files. A file whose keys are not Rancher's reads its keys below the service's own metadata instead.

    The keys of a file are not Rancher's if Rancher never serves any of them. No key of the image is Rancher's if the image names
    another store. If the image names no store, its keys are Rancher's in two cases: a template reads a path that only Rancher
    has, or Rancher may serve every path that is read and no script starts confd with its default store, etcd.
    """
    told = [*(run.flags for run in known.runs), flags]
    named = {each["backend"] for each in told if each.get("backend")}
    named = {flags["backend"]} if "backend" in flags else named
    if named == {"rancher"}:
        return files
    read = [(each, path.path) for each in files for path in each.reading.reads]
    rancher = any(each.version or _VERSION.match(path) or f"{each.moved}{path}".startswith("/self") for each, path in read)
    starts = not any("backend" in each for each in told) and any(_is_whole(run) for run in known.runs)
    foreign = (bool(named) and "rancher" not in named) or (
        not rancher and (starts or any(each.is_dead(path) for each, path in read))
    )

    def moves(file: OriginalFile) -> bool:
        paths = [path for each, path in read if each is file]
        return not file.version and bool(paths) and (foreign or all(map(file.is_dead, paths)))

    return [replace(each, moved=f"{OWN}{each.moved}", rebased=True) if moves(each) else each for each in files]


def _file(known: Inside, resource: Resource, flags: Mapping[str, str]) -> OriginalFile | list[Problem]:
    loaded = resource.resource
    if unread := [*_unread(resource.file)]:
        return unread
    if loaded is None:
        return resource.problems
    if loaded.fault or loaded.misplaced:
        return [Problem(loaded.fault or loaded.misplaced, resource.file.at())]
    if resource.template is None:
        return [Problem(f"the template {loaded.src!r} is not in the image", resource.file.at())]
    if resource.template.problem:
        return [resource.template.problem]
    file = resource.template.file
    if unread := [*_unread(file)]:
        return unread
    if not is_text(file.content):
        return [Problem("the template is not UTF-8 text", file.at())]
    before = _prefix(known, flags)
    own = resource.prefix if not before or _joins(known) else ""
    whole = f"{before}{own}"
    version = _VERSION.match(whole)
    moved = _VERSION.sub("", whole, count=1)
    found = OriginalFile(loaded, resource.file, file, moved, version=version[1] if version else "")
    try:
        found.literals  # noqa: B018
    except SyntaxFault as fault:
        return [Problem(fault.words, file.at(fault.line, fault.column or 1) if fault.line else file.at())]
    return found


def _is_whole(run: Run) -> bool:
    """Whether a script starts confd with a command line without variables, so that all its flags are known."""
    return run.file.name != "Dockerfile" and not any(ALL in word or WILD in word for word in run.words)


def _joins(known: Inside) -> bool:
    """Whether confd appends a resource's prefix to the -prefix flag. Since 0.12.0, the flag replaces the resource's prefix.

    If the release is unknown, the prefix is assumed to be appended, because otherwise it would have no effect.
    """
    release = known.release
    return release.number is None or release.number < 12 or f"{release.text}-alpha" in known.built


def prefixed(file: OriginalFile, version: str) -> TemplateResource:
    """Return the template resource of a file with its whole prefix, and without commands and owner."""
    has_version = any(_VERSION.match(read.path) for read in file.reading.reads) or any(map(_VERSION.match, file.resource.keys))
    return replace(
        file.resource,
        prefix=f"{'' if has_version else f'/{version}'}{file.moved}",
        uid=None,
        gid=None,
        check_cmd="",
        reload_cmd="",
    )


def image_of(original: Original) -> image_dir.ImageDir:
    """Return the confd folder of the original, in which each resource has its whole prefix."""
    resources = tuple(prefixed(each, original.version) for each in original.files)
    return image_dir.ImageDir(resources, {each.resource.src: each.source for each in original.files})


def _carried(image: Image, known: Inside, taken: Sequence[str]) -> dict[str, File]:
    """Return the files that are not rendered: those in a volume, and those that the start script copies."""
    if image.build is None:
        return {}
    volumes = [each.rstrip("/") for each in (*taken, *(word for found in image.build.of("VOLUME") for word in found.words))]
    confd = {id(file) for conf in image.confs for file in (*conf.resources.values(), *conf.templates.values())}
    found = {
        path: file
        for path, file in image.placed.items()
        if id(file) not in confd and any(path.startswith(f"{volume}/") for volume in volumes)
    }
    started = known.entry_script
    for source, target in _COPIES.findall(started[0].file.text) if started else ():
        copied = image.placed.get(source)
        if copied and re.fullmatch(r"[\w./+-]+", target):
            # If there is a dot in the name of the copied file but not in that of the target, the target is taken for a folder.
            into = target.endswith("/") or target in volumes or ("." in source and "." not in posixpath.basename(target))
            found[posixpath.join(target, posixpath.basename(source)) if into else target] = copied
    return found


def _unread(file: File) -> Iterator[Problem]:
    """Report why the content of a file is unknown."""
    if not file.is_readable:
        whys = {"stray": "the link points outside the folder being adopted, or nowhere", "special": "this is not a regular file"}
        why = {**whys, "closed": "no permission to read this file"}.get(file.kind, f"the file is larger than {MAX_BYTES} bytes")
        hint = "replace the link with the file" if file.kind == "stray" else "remove the file, or make it readable"
        yield Problem(why, file.at(), hint)


def _not_modelled(image: Image) -> Iterator[Problem]:
    """Report what could not be read in the Dockerfile, and the instructions that a spec cannot express."""
    if image.dockerfile:
        yield from _unread(image.dockerfile)
        faults = image.build.faults if image.build else []
        if not is_text(image.dockerfile.content):
            faults = [Fault(0, "the Dockerfile is not UTF-8 text", "save it as UTF-8")]
        for fault in faults:
            yield Problem(fault.message, image.dockerfile.offset(fault.start), fault.hint)
        if not image.build and image.dockerfile.is_readable:
            yield Problem("the Dockerfile is empty", image.dockerfile.at())
    for each in image.build.of("ADD") if image.build and image.dockerfile else ():
        if archives := [word for word in each.words[:-1] if ARCHIVE.search(word) and "://" not in word]:
            where = image.dockerfile.offset(each.start) if image.dockerfile else Where("")
            hint = "unpack the archive in the folder of the image, and write COPY for its files"
            yield Problem(f"the files that ADD unpacks are not read: {', '.join(archives)}", where, hint)
    for each in image.build.of("RUN") if image.build and image.dockerfile else ():
        where = image.dockerfile.offset(each.start) if image.dockerfile else Where("")
        yield Problem(f"the spec leaves out this RUN: {' '.join(each.text.split())[:_SHOWN]}", where)
