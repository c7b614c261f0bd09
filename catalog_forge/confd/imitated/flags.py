"""Reads confd's command line as Go's flag package does, and finds mistakes in the flags and in their combinations.

Rules: docs/facts/confd.md#1.11, #1.12, #3.1, #3.4 and #3.8; Go's flag package (parseOne). A WILD character in a word represents
text that is unknown until confd runs, such as a shell variable.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from catalog_forge.confd.imitated import releases
from catalog_forge.confd.imitated.functions import FALSE, TRUE
from catalog_forge.errors import did_you_mean
from catalog_forge.gotext.fmt import quote
from catalog_forge.gotext.literals import integer

WILD = "\0"
CONFDIR, CONFIG_FILE = "/etc/confd", "/etc/confd/confd.toml"
_LEVELS = ("panic", "fatal", "error", "warn", "warning", "info", "debug")
_VERSION = re.compile(r"/(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|latest)(?=/|$)")
_NODE = re.compile(r"[\w.:\[\]-]+(?:/.*)?", re.ASCII)
# A key that only Rancher's metadata has.
_RANCHER = re.compile(r"/self(?:/|$)")

# The effect of a mistake. `ends`: confd exits at once or hangs. `never`: confd fails to read or write something that it should.
# `lost`: a flag has no effect.
Effect = Literal["ends", "never", "lost"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """An error in a command line: its effect, message and hint, and the index of the wrong word (-1 for the whole line)."""

    effect: Effect
    message: str
    hint: str = ""
    word: int = -1


@dataclass(slots=True)
class CommandLine:
    """The flags of a command line. `mistake` says why confd refuses or stops reading the line.

    `values` maps each flag to its value, and `places` maps it to the index of its word.
    `is_open` means that the command line may contain flags that are unknown until confd runs.
    """

    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    mistake: Mistake | None = None
    is_open: bool = False
    nodes: list[str] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a flag, or WILD if the flag may be in an unknown word."""
        return self.values.get(name, WILD if self.is_open else default)

    def set(self, name: str, value: str, place: int) -> None:
        self.values[name], self.places[name] = value, place
        if name == "node":
            self.nodes.append(value)

    def is_on(self, name: str) -> bool:
        """Whether a boolean flag is certainly on."""
        return self.values.get(name, "").encode() in TRUE

    def with_config(self, table: Mapping[str, object], wins: bool) -> CommandLine:
        """Return the command line with the settings of confd.toml; if `wins` is set, they override flags (since confd 0.16)."""
        found = CommandLine(dict(self.values), dict(self.places), self.mistake, self.is_open, list(self.nodes))
        for key, value in table.items():
            name = {"nodes": "node"}.get(key.lower(), key.lower().replace("_", "-"))
            if name in releases.FLAGS and (wins or name not in self.values):
                values = value if isinstance(value, list) else [value]
                found.nodes = [] if name == "node" else found.nodes
                for each in values:
                    found.set(name, str(each).lower() if isinstance(each, bool) else str(each), -1)
        return found


def read(words: Sequence[str], oldest: int, newest: int) -> CommandLine:
    """Read the words after `confd`; a flag must exist in one of the releases from `oldest` to `newest`."""
    line, place = CommandLine(), 0
    while place < len(words) and line.mistake is None:
        word = words[place]
        if word.startswith(WILD) or (word.startswith("-") and WILD in word.partition("=")[0]):
            # The word may contain flags, end the flags, or be empty.
            line.is_open = True
            place += 1
        elif len(word) < 2 or word[0] != "-" or word == "--":
            line.mistake = _stopped(words, place)
            break
        else:
            place += _flag(line, words, place, oldest, newest)
    if line.is_open:
        line.mistake = None
    return line


def _stopped(words: Sequence[str], place: int) -> Mistake | None:
    """Return what is wrong with the first word that is not a flag. confd reads no flags after that word."""
    behind = [word for word in words[place + (words[place] == "--") :] if word.startswith("-") and len(word) > 1]
    if not behind:
        dropped = Mistake("lost", f"confd takes no arguments: {words[place]!r} is ignored", "leave it out", place)
        return None if words[place] == "--" else dropped
    message = f"confd reads no flags after {words[place]!r}: {behind[0].split()[0]} and everything after it are ignored"
    return Mistake("never", message, "a flag such as -watch takes a value only with =, as in -watch=true", place)


def _flag(line: CommandLine, words: Sequence[str], place: int, oldest: int, newest: int) -> int:
    """Record one flag, and return the number of words that the flag takes."""
    word = words[place]
    name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
    if not name or name.startswith("-"):
        line.mistake = Mistake("ends", f"bad flag syntax: {word}", "write -FLAG or --FLAG", place)
        return 1
    if why := _unknown(name, oldest, newest):
        line.mistake = Mistake("ends", *why, place)
        return 1
    kind, taken = releases.FLAGS[name].kind, 1
    if kind != "bool" and not equals:
        if place + 1 == len(words):
            line.mistake = Mistake("ends", f"flag needs an argument: -{name}", f"write -{name} VALUE", place)
            return 1
        value, taken = words[place + 1], 2
    value = "true" if kind == "bool" and not equals else value
    line.set(name, value, place)
    if WILD not in value and not _fits(value, kind):
        what, wanted = ("boolean value", "true or false") if kind == "bool" else ("value", "a whole number of seconds")
        shown, of = quote(value.encode()).decode(), "" if kind == "bool" else "flag "
        line.mistake = Mistake("ends", f"invalid {what} {shown} for {of}-{name}", f"it must be {wanted}", place)
    return taken


def _unknown(name: str, oldest: int, newest: int) -> tuple[str, str] | None:
    """If none of the releases has a flag, return the reason and a hint; otherwise return None."""
    flag = releases.FLAGS.get(name)
    if name in ("h", "help"):
        return f"with -{name}, confd only prints its flags and exits", "leave it out"
    if flag is None:
        hint = (
            "write the flag and its value as two separate words" if re.search(r"\s", name) else did_you_mean(name, releases.FLAGS)
        )
        return f"flag provided but not defined: -{name}", hint
    if flag.first > newest:
        return f"confd 0.{newest} has no flag -{name}", f"the first release with this flag is 0.{flag.first}"
    if flag.last < oldest:
        return f"confd 0.{oldest} has no flag -{name} any more", f"the last release with this flag was 0.{flag.last}"
    return None


def _fits(value: str, kind: str) -> bool:
    if kind == "bool":
        return value.encode() in TRUE + FALSE
    number = integer(value) if kind == "int" else 0
    return number is not None and number < 1 << 63


def mistakes(line: CommandLine, keys: Sequence[tuple[str, str]], *, is_whole: bool = True) -> Iterator[Mistake]:
    """Yield the mistakes in a command line. `keys` has a pair for each key of a resource: the resource's prefix, and the key.

    `is_whole` means that no configuration file can add flags.
    """
    if line.mistake:
        yield line.mistake
    # Images that only provide files run confd with -version, and then no other flag matters.
    if not line.is_on("version") and (line.mistake is None or line.mistake.effect == "lost"):
        yield from _refused(line)
        yield from _unread(line, keys, is_whole)
        yield from _lost(line)


def _at(line: CommandLine, name: str) -> int:
    return line.places.get(name, -1)


def _refused(line: CommandLine) -> Iterator[Mistake]:
    """Yield a mistake for each flag that makes confd exit at once or wait indefinitely."""
    backend, level = line.get("backend", "etcd"), line.get("log-level")
    if backend and WILD not in backend and backend not in releases.BACKENDS:
        yield Mistake("ends", f"confd has no backend {backend!r}", did_you_mean(backend, releases.BACKENDS), _at(line, "backend"))
    if level and WILD not in level and level.lower() not in _LEVELS:
        yield Mistake("ends", f"confd has no log level {level!r}", did_you_mean(level, _LEVELS), _at(line, "log-level"))
    node = line.nodes[0] if line.nodes else ""
    if backend == "rancher" and node and WILD not in node and (node.startswith(("http:", "https:")) or not _NODE.fullmatch(node)):
        message = f"confd sends its requests to http://{node}, and never reaches Rancher's metadata"
        yield Mistake("ends", message, "write HOST or HOST:PORT, such as -node rancher-metadata", _at(line, "node"))


def _unread(line: CommandLine, keys: Sequence[tuple[str, str]], is_whole: bool) -> Iterator[Mistake]:
    """Yield a mistake for each flag that keeps confd from reading or writing something, whatever the metadata contains."""
    backend = line.get("backend", "etcd" if is_whole else WILD)
    if backend != "rancher":
        other = backend in releases.BACKENDS and keys and all(_RANCHER.match(_joined("", key)) for _, key in keys)
        if other:
            message = f"confd reads the back end {backend}, but all keys are in Rancher's metadata"
            yield Mistake("never", message, "write -backend rancher", _at(line, "backend"))
        return
    before = line.nodes[0].partition("/")[2] if line.nodes else ""
    prefix = line.get("prefix", "" if is_whole else WILD)
    if WILD in before + prefix:
        return
    starts = {_joined(before, prefix or own) for own, _ in keys} or {_joined(before, prefix)}
    paths = [_joined(before, prefix or own, key) for own, key in keys] or [start for start in starts if start != "/"]
    unversioned = next((path for path in paths if not _VERSION.match(path)), "")
    if unversioned:
        message = f"confd requests {unversioned}, which does not begin with a version of the metadata, and treats the 404 as data"
        yield Mistake("never", message, "write -prefix /2016-07-29", _at(line, "prefix"))
    start = min(starts)
    if line.is_on("watch") and not line.is_on("onetime") and not unversioned and not _VERSION.fullmatch(start):
        message = f"-watch requests {posixpath.join(start, 'version')}, which does not exist, so confd never notices a change"
        yield Mistake("never", message, "the prefix must be just the version, such as -prefix /2016-07-29", _at(line, "prefix"))
    if line.is_on("noop"):
        yield Mistake("never", "with -noop confd writes no file", "leave it out", _at(line, "noop"))


def _joined(*parts: str) -> str:
    return posixpath.normpath("/" + "/".join(part.strip("/") for part in parts if part.strip("/")))


def _lost(line: CommandLine) -> Iterator[Mistake]:
    """Yield a mistake for each flag that has no effect, such as -interval together with -watch."""
    stronger = next((name for name in ("onetime", "watch") if line.is_on(name)), "")
    for name in ("watch", "interval"):
        if stronger and name in line.values and name != stronger:
            word = f"-{name} has no effect together with -{stronger}"
            yield Mistake("lost", word, f"leave out one of -{stronger} and -{name}", _at(line, name))
    interval = integer(line.values.get("interval", "600"))
    if not stronger and interval is not None and interval < 1:
        yield Mistake(
            "lost",
            "with this interval, confd does not wait between two passes",
            "write an interval, such as -interval 30",
            _at(line, "interval"),
        )
    if len(line.nodes) > 1 and line.get("backend") == "rancher":
        yield Mistake("lost", f"confd uses only the first of several nodes: {line.nodes[0]}", "keep one -node", _at(line, "node"))
