"""Writes the spec of a hand-written image: its data, and the author's files next to it.

The check_cmd and the reload_cmd of a resource become the `check` and `reload` of a file if their effect is known.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_forge import yamlio
from catalog_forge.adopt.bodies import declared
from catalog_forge.adopt.originals import OWN, Original, OriginalFile
from catalog_forge.adopt.setting import Lifted
from catalog_forge.confd.imitated.image_dir import TemplateResource
from catalog_forge.errors import Problem, Where
from catalog_forge.gotext.literals import is_text
from catalog_forge.plan import File, Plan
from catalog_forge.spec.model.files import SIGNALS
from catalog_forge.spec.model.roots import beyond_stack
from catalog_forge.spec.shorthand import entry_name

# Commands that every small base image has: busybox.net/downloads/BusyBox.html.
_EVERYWHERE = ("[", "cmp", "egrep", "fgrep", "grep", "test")
_KILLS = ("kill", "killall", "pkill")
# signal(7): the numbers are those of Linux on amd64 and arm64.
_NUMBERS = {"1": "HUP", "2": "INT", "3": "QUIT", "10": "USR1", "12": "USR2", "15": "TERM", "28": "WINCH"}
_SHELL = re.compile(r"[|&;<>`\n]|[$](?!\((?:cat|pidof) [\w./-]+\))")
_OWN_URL = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?/[\w./?=&%-]*")
_SIGNAL = re.compile(r"(?:-|-s ?|--signal[= ])(?:SIG)?([A-Z]+[12]?|[0-9]+)")
_METHOD = re.compile(r"(?:-X ?|--request[= ])(POST|PUT)")

# The tag of an image whose version is unknown.
_UNKNOWN = "unknown"
_HEAD = "# Adopted from {what}. Read the report of `catalog-forge adopt` about this image.\n"


@dataclass(frozen=True)
class Told:
    """What an entry contributes to the spec of its image, apart from the image's files.

    `said` are notes on what the spec leaves out. `unsure` has the old and the new command of each service whose program may
    start differently. `added` are the metadata keys that each `configured` service has only in the generated entry. `places`
    maps services to their locations in the entry.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    files: Plan = field(default_factory=Plan)
    said: tuple[Problem, ...] = ()
    unsure: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)
    configured: tuple[str, ...] = ()
    places: Mapping[str, Where] = field(default_factory=dict)


@dataclass
class Made:
    """A spec to write: its name, its data, and the files below specs/NAME."""

    name: str
    data: dict[str, Any]
    beside: Plan

    def plan(self, what: str) -> Plan:
        """Return the spec and its files, with their paths in the catalog. The header names the original image, `what`."""
        plan = Plan()
        plan.add_text(f"specs/{self.name}.yml", _HEAD.format(what=what) + yamlio.dump(self.data))
        plan.merge(self.beside, f"specs/{self.name}")
        return plan


def made(original: Original, frame: Told, lifted: Mapping[str, Lifted] | None = None) -> Made:
    """Return the spec of a hand-written image.

    `lifted` maps the dest of a file to the blocks that replace its template; all other templates stay as they are.
    """
    chosen = lifted or {}
    beside = Plan(frame.files)
    files = [
        _file(each, original.dests[dest], beside, chosen.get(dest)) | taken(original, frame, each)
        for each in original.files
        for dest in (each.resource.dest,)
    ]
    for place, file in original.carried.items():
        dest = original.dests[place]
        if dest not in {each["dest"] for each in files} and is_text(file.content) and b"\0" not in file.content:
            mode = {"mode": "0755"} if file.mode & 0o111 or file.content.startswith(b"#!") else {}
            files.append({"dest": dest, **mode, "body": [{"file": _beside(beside, posixpath.basename(dest), file.content)}]})
    kept = [each for each in original.files if each.resource.dest not in chosen and not each.is_static]
    wide = any(each.wide for each in chosen.values()) or any(beyond_stack(path) for each in kept for path in each.paths)
    data: dict[str, Any] = {"forge": 1, "name": original.name, "version": _version(original)}
    data |= {key: value for key, value in frame.data.items() if key in ("description", "maintainer", "entry", "version")}
    data |= {"scope": "environment"} if wide else {}
    data["service"] = frame.data.get("service") or _service(original)
    data["image"] = dict(original.base)
    data["engine"] = {"metadata": original.version, **({"refresh": original.refresh} if original.refresh else {})}
    data["metadata"] = declared(chosen.values(), frame.data.get("metadata", {}))
    data["companions"] = _companions(frame, data["service"]["name"], chosen)
    data |= {key: frame.data[key] for key in ("volumes",) if frame.data.get(key)}
    if original.variables:
        data["vars"] = original.variables
    data["files"] = files
    data["launch"] = frame.data.get("launch") or {"exec": [entry_name(original.name)]}
    return Made(original.name, {key: value for key, value in data.items() if value != {}}, beside)


def taken(original: Original, frame: Told, each: OriginalFile) -> dict[str, Any]:
    """Return the `check`, `check_in` and `reload` keys for the commands of a resource.

    The topology `scripts` copies files only once, so the result is then empty.
    """
    service = frame.data.get("service") or _service(original)
    launch = frame.data.get("launch") or {"exec": [entry_name(original.name)]}
    image = str(service.get("image", "")).rpartition("/")[2].partition(":")[0]
    programs = [name for name in (str(launch["exec"][0]).rpartition("/")[2], image) if name]
    return {} if service.get("topology") == "scripts" else commands(each.resource, original.dests[each.resource.dest], programs)


def commands(resource: TemplateResource, dest: str, programs: Sequence[str]) -> dict[str, Any]:
    """Convert a resource's commands to `check`, `check_in` and `reload`. `programs` are possible names of the main program.

    A command is left out if its effect is unknown, or if it names a file whose path differs in the spec.
    """
    moved = resource.dest if resource.dest != dest else "\0"
    check = re.sub(r"{{\s*\.src\s*}}", "{{.src}}", resource.check_cmd)
    found = {} if moved in check else dict(_check(check, programs))
    reload = "" if moved in resource.reload_cmd else _reload(resource.reload_cmd, programs)
    return found | ({"reload": reload} if reload else {})


def _check(command: str, programs: Sequence[str]) -> Mapping[str, str]:
    program = _program(command)
    if program in _EVERYWHERE:
        return {"check": command}
    return {"check": command, "check_in": "main"} if program in programs else {}


def _reload(command: str, programs: Sequence[str]) -> str:
    program = _program(command)
    if program in _KILLS:
        if command.split()[-1].isdigit():
            return ""  # the number of a process in confd's own container
        found = _SIGNAL.search(command)
        signal = _NUMBERS.get(found[1], found[1]) if found else "TERM"
        return "restart" if signal == "TERM" else f"signal {signal}" if signal in SIGNALS else ""
    if program == "curl":
        method, urls = _METHOD.search(command), [word for word in shlex.split(command) if "://" in word]
        bare = not re.search(r"\s(?:-d|--data\S*|-H|--header|-u|--user|-F|-T)\b", command)
        is_own = bare and method and len(urls) == 1 and _OWN_URL.fullmatch(urls[0])
        return f"http {method[1]} {urls[0]}" if is_own and method else ""
    return f"exec {command}" if program in programs else ""


def _program(command: str) -> str:
    """Return the name of the program that a command runs, or "" if it runs several programs or cannot be parsed."""
    if _SHELL.search(command):
        return ""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    return words[0].rpartition("/")[2] if words else ""


def _companions(frame: Told, own: str, chosen: Mapping[str, Lifted]) -> dict[str, Any]:
    """Return the companions. Without an entry, these are the services that blocks name; their image is unknown."""
    known = dict(frame.data.get("companions", {}))
    if "service" not in frame.data:
        named = [name for each in chosen.values() for name in each.services if name != own]
        known |= {name: {"image": f"{name.lower()}:{_UNKNOWN}"} for name in named if name not in known}
    return known


def _service(original: Original) -> dict[str, Any]:
    """Return a service for an image that no entry uses.

    If the templates read `/self/service` (except its metadata) or `/self/container`, confd shares the network of the program.
    """
    if original.is_carrier:
        return {"name": entry_name(original.name), "topology": "scripts"}
    asks = any(
        path.startswith(("/self/container", "/self/service")) and not path.startswith(OWN)
        for each in original.files
        if not each.is_static
        for path in each.paths
    )
    return {"name": entry_name(original.name), **({"topology": "netns"} if asks else {})}


def _version(original: Original) -> str:
    """Return the version of the image: the name of a parent folder that looks like a version, otherwise 0.1.0."""
    parts = reversed(original.image.folder.where.file.split("/"))
    found = next((part.removeprefix("v") for part in parts if re.fullmatch(r"v?[0-9]+\.[0-9][0-9A-Za-z.-]*", part)), "0.1.0")
    return re.sub(r"[^0-9A-Za-z]+$", "", found)


def _file(each: OriginalFile, dest: str, beside: Plan, lifted: Lifted | None) -> dict[str, Any]:
    resource = each.resource
    data: dict[str, Any] = {"dest": dest}
    if resource.mode is not None and resource.mode != 0o644:
        data["mode"] = f"0{resource.mode & 0o777:03o}"
    data |= {key: value for key, value in (("uid", resource.uid), ("gid", resource.gid)) if value}
    data["format"] = lifted.format if lifted else "raw"
    if lifted is not None:
        return {**data, "body": lifted.body}
    if each.is_static:
        return {**data, "body": [{"file": _beside(beside, resource.src, each.source)}]}
    name = resource.src if resource.src.endswith(".tmpl") else f"{resource.src}.tmpl"
    return {**data, "body": [{"template": _beside(beside, name, each.replaced().encode())}]}


def _beside(beside: Plan, name: str, content: bytes) -> str:
    """Add a file next to the spec, and return its name. Files with different content get different names."""
    name = "/".join(part for part in name.split("/") if part not in ("", ".", ".."))
    chosen, number = name, 2
    while chosen in beside and beside[chosen].content != content:
        chosen, number = f"{number}-{name}", number + 1
    if chosen not in beside:
        beside.add(File(chosen, content))
    return chosen
