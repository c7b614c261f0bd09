"""The check_cmd and the reload_cmd of a resource as the `check` and `reload` of a file, where it is known what they do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from catalog_forge.confd.imitated.image_dir import TemplateResource
from catalog_forge.spec.model.files import SIGNALS

# What every small base has: busybox.net/downloads/BusyBox.html.
_EVERYWHERE = ("[", "cmp", "egrep", "fgrep", "grep", "test")
_KILLS = ("kill", "killall", "pkill")
# signal(7): the numbers are those of Linux on amd64 and arm64.
_NUMBERS = {"1": "HUP", "2": "INT", "3": "QUIT", "10": "USR1", "12": "USR2", "15": "TERM", "28": "WINCH"}
_SHELL = re.compile(r"[|&;<>`\n]|[$](?!\((?:cat|pidof) [\w./-]+\))")
_OWN_URL = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?/[\w./?=&%-]*")
_SIGNAL = re.compile(r"(?:-|-s ?|--signal[= ])(?:SIG)?([A-Z]+[12]?|[0-9]+)")
_METHOD = re.compile(r"(?:-X ?|--request[= ])(POST|PUT)")


def commands(resource: TemplateResource, dest: str, programs: Sequence[str]) -> dict[str, Any]:
    """Return `check`, `check_in` and `reload` as far as they are known; `programs` are the names of what main runs.

    A command that is not known, or that names a file which the spec has elsewhere, is left out: who asks sees which is missing.
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
            return ""  # a process of confd's own container
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
    """The name of the one program that a command runs; nothing where a shell does more, or where it cannot be told."""
    if _SHELL.search(command):
        return ""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    return words[0].rpartition("/")[2] if words else ""
