"""Everything known about the inside of an image: the resources and their templates, the Dockerfile, the scripts, and confd.

Each file is read once for all rules. Uncertain values are None or empty, so that no rule reports them.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from catalog_forge.confd import reading
from catalog_forge.confd.imitated import flags, image_dir, releases, toml
from catalog_forge.confd.imitated.flags import CommandLine
from catalog_forge.confd.imitated.image_dir import TemplateResource
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.image.dockerfile import HEREDOC, Instruction
from catalog_forge.lint.catalog import ConfDir, Image
from catalog_forge.lint.images import shell
from catalog_forge.rancher.tree import File

# How many characters before each `confd` are searched for what runs it.
_LONGEST = 1000
# Templates above this size are not parsed, and scripts and resources above this size are skipped. No real file is that large.
MAX_TEMPLATE = 128 << 10
MAX_SOURCE = 128 << 10

CHECKS = re.compile(r"\b(?:sha(?:1|224|256|384|512)sum|shasum|md5sum|gpgv?|openssl\s+dgst|cosign|minisign)\b")

_RELEASE = r"v?([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-dev-rancher)?)"
_URL = re.compile(rf"confd[-/_]{_RELEASE}|confd/releases/download/{_RELEASE}|/confd[\w-]*:{_RELEASE}")
_BASE = re.compile(r"(?:^|/)confd-base:v?0\.1\.0$")
_CONFD_VERSION = re.compile(r"CONFD_?(?:VERSION|VER|RELEASE)")
_RUN = re.compile(r"(?:^|(?<=[\s\"'=/(;&|]))confd(?=[\s\"';&|)]|$)", re.MULTILINE)
# Text that may come before a program that a shell runs: the start of a command, or words that run another program.
_BEGINS = re.compile(
    r"(?:^|[;&|({`!]|\b(?:then|do|else|if|elif|while|until))"
    r"(?:[ \t]*+(?:[A-Za-z_]\w*=[^\s\"']*+|exec|nohup|time|env|(?:su-exec|gosu)[ \t]++\S++)(?=[ \t]))*+[ \t]*+$"
)
_VERSION = re.compile(r"^/(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|latest)(?=/|$)")
_MAKES = re.compile(r"^.*\b(?:mkdir|cp|mv|ln|install|tar|unzip|rsync|git)\b.*$", re.MULTILINE)
_PATH = "/_.-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OWN = "/self/service/metadata/"
_SHELLS = ("sh", "bash", "ash", "dash")


@dataclass(frozen=True)
class Template:
    """A template of confd: a file in templates/."""

    file: File

    @cached_property
    def _found(self) -> reading.Reading | Problem:
        content = self.file.content
        if len(content) > MAX_TEMPLATE:
            return Problem(f"the template is larger than {MAX_TEMPLATE} bytes and was not read", self.file.at())
        try:
            return reading.read(self.file.name, content)
        except SyntaxFault as fault:
            return Problem(fault.words, self.file.at(fault.line, fault.column or 1) if fault.line else self.file.at())

    @property
    def problem(self) -> Problem | None:
        """The problem that prevents parsing of the template; None if the template can be parsed."""
        return self._found if isinstance(self._found, Problem) else None

    @property
    def reading(self) -> reading.Reading:
        """The metadata that the template reads and the values that it writes; empty if it cannot be parsed."""
        return self._found if isinstance(self._found, reading.Reading) else reading.Reading()

    @cached_property
    def _starts(self) -> list[int]:
        content = self.file.content
        return [0, *(match.end() for match in re.finditer(b"\n", content))]

    def at(self, start: int) -> Where:
        """Return the location of the byte at an offset."""
        line = bisect_right(self._starts, start)
        before = self.file.content[self._starts[line - 1] : start]
        return self.file.at(line, len(before.decode("utf-8", "replace").lstrip("\ufeff")) + 1)

    def action(self, start: int) -> tuple[int, bytes]:
        """Return the template action at an offset: where it begins, and its text without the closing braces."""
        content = self.file.content
        begin = content.rfind(b"{{", 0, start)
        return begin, content[begin : content.find(b"}}", start)]

    @property
    def is_static(self) -> bool:
        """Whether the template has no actions."""
        return b"{{" not in self.file.content


@dataclass(frozen=True)
class Resource:
    """A file in conf.d/: its table, and the resource that confd loads from the file (None if confd cannot load it)."""

    conf: ConfDir
    path: str
    file: File

    @cached_property
    def table(self) -> toml.Table:
        """The keys and values below [template], as they are written in the file."""
        return image_dir.template_of(self.document)

    @cached_property
    def document(self) -> toml.Table:
        """The whole file as a table; empty if confd cannot read it."""
        return _toml(self.file)

    @cached_property
    def _loaded(self) -> TemplateResource | list[Problem]:
        path = f"conf.d/{self.path}"
        if self.file.size > MAX_SOURCE:
            return [Problem(f"the file is larger than {MAX_SOURCE} bytes and was not read", self.file.at())]
        try:
            return image_dir.read({path: self.file.content}).resources[0]
        except ForgeError as error:
            return [self._placed(each) for each in error.problems]

    def _placed(self, problem: Problem) -> Problem:
        where = problem.where or Where("")
        return Problem(problem.message, self.file.at(where.line, where.column), problem.hint)

    @property
    def problems(self) -> list[Problem]:
        """The problems that keep confd from loading the file; empty if confd can load it."""
        return self._loaded if isinstance(self._loaded, list) else []

    @property
    def resource(self) -> TemplateResource | None:
        """The resource that confd loads from the file; None if confd cannot load it."""
        return None if isinstance(self._loaded, list) else self._loaded

    @cached_property
    def template(self) -> Template | None:
        """The template that the resource names, if it exists."""
        if self.resource is None:
            return None
        return templates_of(self.conf).get(self.resource.src)

    def at(self, key: str, value: str = "") -> Where:
        """Return the location of a key, or of a value after the key; the location of the file if the file has no such key."""
        start = self.key(key)
        if start is None:
            return self.file.at()
        place = self.file.text.find(value, start) if value else -1
        return self.file.offset(place if place >= 0 else start)

    def key(self, key: str) -> int | None:
        """Return the offset at which a key begins. If the key is repeated, return the offset of the key that confd uses."""
        return self._places.get(key.lower())

    @cached_property
    def _places(self) -> dict[str, int]:
        return {image_dir.folded(name): place for table in (self.document, self.table) for name, place in table.places.items()}

    @property
    def prefix(self) -> str:
        """The prefix written in the file, with one leading slash."""
        found = self.resource.prefix if self.resource else ""
        return f"/{found.strip('/')}" if found.strip("/") else ""


@dataclass(frozen=True)
class Release:
    """The release of confd in an image: its number (16 is 0.16), its text, and its location. The number of an unknown release is
    None.
    """

    number: int | None = None
    text: str = ""
    where: Where | None = None

    @property
    def span(self) -> tuple[int, int]:
        """The oldest and the newest release of confd that the image may contain."""
        return (self.number, self.number) if self.number is not None else releases.ASSUMED

    @property
    def words(self) -> str:
        """The name of the release for messages."""
        return f"confd {self.text}" if self.number is not None else "confd 0.14 to 0.16 (the release in this image is unknown)"


@dataclass(frozen=True)
class Run:
    """A command line of confd and its location. `is_sure` means that the image certainly runs the command line as written."""

    words: list[str]
    line: CommandLine
    file: File
    start: int
    is_sure: bool = True

    @property
    def where(self) -> Where:
        """The location of the command."""
        return self.file.offset(self.start)

    def at(self, word: int) -> Where:
        """Return the location of a word of the command; if the file does not contain the word literally, return the location of
        the command.
        """
        text = self.words[word] if 0 <= word < len(self.words) else ""
        place = self.file.text.find(text, self.start) if text else -1
        return self.file.offset(place) if place >= 0 else self.where

    @property
    def flags(self) -> Mapping[str, str]:
        """The flags with their values; unknown parts of a value are removed."""
        return {name: value.replace(flags.WILD, "") for name, value in self.line.values.items()}


@dataclass(frozen=True)
class Script:
    """A shell script."""

    file: File

    @cached_property
    def masked(self) -> shell.Masked:
        """The script with everything but code masked."""
        return shell.mask(self.file.text)

    @cached_property
    def shell(self) -> str:
        """The shell in the first line, without its path; an empty string if that line names no shell."""
        return _shell_of(self.file)


class Inside:
    """Everything known about the inside of one image."""

    def __init__(self, image: Image) -> None:
        self.file = image.dockerfile
        self.dockerfile = image.build
        self.folder = image.folder
        self.placed = image.placed
        self.confs = image.confs
        templates = {each.path for conf in self.confs for each in conf.templates.values()}
        known = (*image.folder.everything, *image.inlined.values())
        small = [each for each in known if each.size <= MAX_SOURCE and each.path not in templates]
        self.scripts = [Script(each) for each in small if _nearest(image, each) and _is_script(each)]

    @cached_property
    def resources(self) -> list[Resource]:
        """The template resources of all confd folders."""
        return [Resource(conf, path, file) for conf in self.confs for path, file in conf.resources.items()]

    @cached_property
    def release(self) -> Release:
        """The release of confd that the Dockerfile installs."""
        if self.dockerfile is None or self.file is None:
            return Release()
        for each in self.dockerfile.instructions:
            if each.keyword in ("ADD", "COPY", "RUN", "FROM") and (found := _URL.search(each.script)):
                if each.keyword == "FROM" and _BASE.search(each.body):
                    continue
                return self._release(next(filter(None, found.groups())), each.start)
        for name, value in self.dockerfile.variables.items():
            if _CONFD_VERSION.fullmatch(name) and (found := re.match(_RELEASE, value)):
                return self._release(found[1], max(self.file.text.find(name), 0))
        return Release()

    def _release(self, text: str, start: int) -> Release:
        major, minor = text.partition("-")[0].split(".")[:2]
        number = int(minor) if major == "0" and len(minor) < 4 else releases.NEWEST
        where = self.file.offset(start) if self.file else None
        return Release(max(min(number, releases.NEWEST), 0), text, where)

    @cached_property
    def runs(self) -> list[Run]:
        """The command lines of confd in the Dockerfile and the scripts."""
        return [*self._command(), *(run for script in self.scripts for run in self._of_script(script))]

    def _of_script(self, script: Script) -> Iterator[Run]:
        text, read = _uncommented(script), 0
        for match in _RUN.finditer(text):
            # The word `confd` among the arguments of a confd command is not a second command.
            if match.start() < read:
                continue
            words, read, is_sure = _command_at(script, text, match)
            if words:
                place = words.index(shell.ALL) if shell.ALL in words and self._starts(script) else None
                if place is not None and (cmd := self._cmd()):
                    words[place : place + 1] = cmd
                yield self._run(words, script.file, match.start(), is_sure=is_sure)

    def _run(self, words: list[str], file: File, start: int, *, is_sure: bool = True) -> Run:
        line = flags.read(words, *self.release.span)
        config = self.placed.get(line.get("config-file", flags.CONFIG_FILE))
        if config:
            line = line.with_config(_toml(config), wins=self.release.span[0] >= 16)
        return Run(words, line, file, start, is_sure)

    def _starts(self, script: Script) -> bool:
        """Whether the image starts this script, and therefore passes the words of CMD to it."""
        return self.entry.endswith(f"/{script.file.name}")

    def _cmd(self) -> list[str]:
        cmd = self.dockerfile.last("CMD") if self.dockerfile else None
        return cmd.arguments if cmd else []

    def _command(self) -> Iterator[Run]:
        """Yield the command line of confd if the image starts confd directly."""
        if self.dockerfile is None or self.file is None:
            return
        entrypoint, cmd = self.dockerfile.last("ENTRYPOINT"), self.dockerfile.last("CMD")
        where = entrypoint or cmd
        if where is None:
            return
        words = where.arguments if where.json is not None or where is cmd else ["/bin/sh", "-c", where.text]
        if entrypoint and entrypoint.json is not None:
            words = [*words, *(cmd.arguments if cmd else [])]
        if posixpath.basename(words[0]) in _SHELLS and words[1:2] == ["-c"]:
            inner = shell.words(words[2])[0] if len(words) > 2 else []
            words = inner[1:] if inner[:1] == ["exec"] else inner
        if words and posixpath.basename(words[0]) == "confd":
            yield self._run(words[1:], self.file, where.start)

    @property
    def is_rancher(self) -> bool:
        """Whether confd reads Rancher's metadata: at least one command line names Rancher, and no command line names another back
        end.
        """
        found = {run.flags["backend"] for run in self.runs if "backend" in run.flags}
        return found == {"rancher"}

    @property
    def is_configured(self) -> bool:
        """Whether confd runs, but none of its command lines names a back end. confd then uses the back end in confd.toml or, by
        default, etcd.
        """
        return bool(self.runs) and not any("backend" in run.flags for run in self.runs)

    @property
    def metadata_version(self) -> str:
        """The metadata version at the beginning of `prefix`; an empty string if `prefix` has no version."""
        match = _VERSION.match(self.prefix)
        return match[0][1:] if match else ""

    def path_of(self, resource: Resource, path: str) -> str:
        """Return the metadata path that confd reads for a path in a template: confd puts its prefix before the path."""
        # Up to confd 0.11, the prefix of a resource is appended to the -prefix of the command line. From 0.12 on, -prefix
        # replaces the prefix of the resource.
        own = resource.prefix if not self.prefix or self.release.span[0] < 12 else ""
        return _VERSION.sub("", _VERSION.sub("", f"{self.prefix}{own}") + path)

    @cached_property
    def prefix(self) -> str:
        """The -prefix of confd with a leading slash; an empty string if command lines have different prefixes or no prefix."""
        found = {run.flags.get("prefix", "").strip("/") for run in self.runs if "backend" in run.flags}
        first = found.pop() if len(found) == 1 else ""
        return f"/{first}" if first else ""

    @cached_property
    def base(self) -> str:
        """The base image if it is certain to be scratch, busybox or alpine; an empty string for any other base image."""
        name = (self.dockerfile.base if self.dockerfile else "").partition("@")[0]
        if name == "scratch" or re.match(r"rancher/confd-base(:|$)", name):
            return "scratch"
        return next((each for each in ("busybox", "alpine") if re.fullmatch(rf"(?:library/)?{each}(?::.*)?", name)), "")

    @cached_property
    def checks(self) -> tuple[list[int], str]:
        """The offsets of the RUN instructions that verify downloads, and a string with the scripts of these instructions.

        In the string, each script is preceded by the offset of its instruction.
        """
        found = [each for each in self.dockerfile.instructions if each.keyword == "RUN"] if self.dockerfile else []
        found = [each for each in found if CHECKS.search(each.script)]
        return [each.start for each in found], "\n".join(f"\0{each.start}\0{each.script}" for each in found)

    @cached_property
    def copied(self) -> list[tuple[str, str, Instruction]]:
        """Each source of a COPY or ADD in the final image: the source path, the target path and the instruction."""
        found = []
        for each in self.dockerfile.of("COPY", "ADD") if self.dockerfile else ():
            *sources, target = each.words or [""]
            for source in sources:
                into = target.endswith("/") or len(sources) > 1 or target in (".", "./")
                name = posixpath.basename(source.rstrip("/"))
                found.append((source, posixpath.join(target, name) if into else target, each))
        return found

    @cached_property
    def built(self) -> str:
        """The text of all instructions for the final image, with build variables substituted."""
        return "\n".join(each.script for each in self.dockerfile.final) if self.dockerfile else ""

    @cached_property
    def words(self) -> str:
        """The text of all instructions for the final image, and of all scripts."""
        return "\n".join([self.built, *(script.file.text for script in self.scripts)])

    @cached_property
    def making(self) -> str:
        """All text that may create a folder: the Dockerfile, and the lines of scripts that create, copy or unpack files."""
        return "\n".join([self.built, *(line for script in self.scripts for line in _MAKES.findall(script.file.text))])

    @cached_property
    def entry(self) -> str:
        """The path of the program that the image starts; an empty string if the program is uncertain."""
        found = (self.dockerfile.last("ENTRYPOINT") or self.dockerfile.last("CMD")) if self.dockerfile else None
        words = (found.json or []) if found else []
        return words[0] if words and words[0].startswith("/") else ""

    @cached_property
    def entry_script(self) -> tuple[Script, Instruction] | None:
        """The script that the image starts, with the instruction that copies it; None if there is no such script."""
        scripts = {_under(script.file, self.folder.path): script for script in self.scripts}
        inline = next((script for script in self.scripts if script.file is self.placed.get(self.entry)), None)
        for source, target, each in reversed(self.copied if self.entry else []):
            script = scripts.get(_source_of(self.entry, posixpath.normpath(source).lstrip("/"), posixpath.normpath(target)))
            if script:
                return script, each
            if inline and HEREDOC.fullmatch(source) and self.entry == posixpath.normpath(target):
                return inline, each
        return None


def _source_of(entry: str, source: str, target: str) -> str:
    """Return the source path of the file that a COPY puts at `entry`; an empty string if the COPY puts no file at `entry`."""
    if re.search(r"[*?\[]", source):
        fits = posixpath.dirname(target) == posixpath.dirname(entry)
        name = posixpath.join(posixpath.dirname(source), posixpath.basename(entry))
        return name if fits and fnmatch.fnmatchcase(name, source) else ""
    if target == entry:
        return source
    rest = entry.removeprefix(target.rstrip("/") + "/")
    return "" if rest == entry else posixpath.normpath(posixpath.join(source, rest))


_KNOWN: WeakKeyDictionary[Image, Inside] = WeakKeyDictionary()
_TEMPLATES: WeakKeyDictionary[ConfDir, dict[str, Template]] = WeakKeyDictionary()


def inside(image: Image) -> Inside:
    """Return the Inside of an image, which is created once and then cached."""
    if image not in _KNOWN:
        _KNOWN[image] = Inside(image)
    return _KNOWN[image]


def templates_of(conf: ConfDir) -> dict[str, Template]:
    """Return the templates of a confd folder by their `src`."""
    if conf not in _TEMPLATES:
        _TEMPLATES[conf] = {src: Template(file) for src, file in conf.templates.items()}
    return _TEMPLATES[conf]


def _under(file: File, folder: str) -> str:
    return file.path[len(folder) + 1 :] if folder else file.path


def _nearest(image: Image, file: File) -> bool:
    """Whether a file belongs to this image, and not to an image in a subfolder of this image's folder."""
    folders, path = image.catalog.tree.folders, file.folder
    while path and path != image.folder.path:
        if "Dockerfile" in folders[path].files:
            return False
        path = path.rpartition("/")[0]
    return True


def _is_script(file: File) -> bool:
    return file.name.endswith(".sh") or _shell_of(file) in _SHELLS


def _shell_of(file: File) -> str:
    """Return the program in the first line, without its path; an empty string if that line names no program."""
    first = file.content[:200].partition(b"\n")[0].decode("utf-8", "replace")
    words = first[2:].split() if first.startswith("#!") else []
    name = posixpath.basename(words[0]) if words else ""
    return words[1] if name == "env" and len(words) > 1 else name


def _uncommented(script: Script) -> str:
    """Replace comment lines of a script with spaces. Quoted text stays, because the value of a variable may be a command."""
    return re.sub(r"(?m)^[ \t]*#.*$", lambda found: " " * len(found[0]), script.file.text)


def _toml(file: File) -> toml.Table:
    try:
        return toml.parse(file.text) if file.size <= MAX_SOURCE else toml.Table()
    except toml.TomlFault:
        return toml.Table()


def _command_at(script: Script, text: str, match: re.Match[str]) -> tuple[list[str], int, bool]:
    """Return the words after a `confd` in a script, the offset after the words, and whether `confd` is certainly a command."""
    start = text.rfind("\n", 0, match.start()) + 1
    code = script.masked.code
    quote = max(code.rfind(mark, start, match.start()) for mark in "\"'")
    before = text[max(start, match.start() - _LONGEST) : match.start()].rstrip("/").rstrip(_PATH)
    is_code = code[match.start()] == "c"
    if quote < 0 or is_code:
        words, end = shell.words(text, match.end())
        return words, end, is_code and bool(_BEGINS.search(before))
    end = text.find(text[quote], match.end())
    words, length = shell.words(text[match.end() : end if end >= 0 else len(text)])
    return words, match.end() + length, bool(re.search(r"-c[ \t]*[\"'](?:exec[ \t]+)?$", before))


def asked_of(image: Image) -> Callable[[str], bool]:
    """Return a function that checks whether any template of the image reads a given key of the service's own metadata.

    A template that reads a folder also reads every key in that folder.
    """
    known = inside(image)
    paths = {
        known.path_of(resource, read.path)
        for resource in known.resources
        if resource.template
        for read in resource.template.reading.reads
    }
    below = [path.removeprefix(_OWN).strip("/") for path in paths if path.startswith(_OWN)]
    # An unknown part of a path may consist of any number of names. A template that lists a folder reads everything in it.
    names = [re.escape(path).replace(re.escape(flags.WILD), ".*").replace(r"\*", "[^/]*") for path in below if path]
    pattern = re.compile("|".join(f"(?:{name})(?:/.*)?" for name in names) or "(?!)")
    return lambda key: pattern.fullmatch(key) is not None
