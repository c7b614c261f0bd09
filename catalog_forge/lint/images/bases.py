"""The programs and folders that known base images contain before the Dockerfile adds others."""

from __future__ import annotations

import posixpath
import re
import shlex

from catalog_forge.lint.images.inside import Inside

# Programs that busybox and alpine do not contain. A Dockerfile with one of these base images must install them.
_NOT_IN_BUSYBOX = frozenset(
    "bash curl jq docker systemctl service supervisorctl nginx haproxy apachectl rabbitmqctl varnishadm python perl".split()
)
_STANDARD = frozenset(
    "/ /bin /dev /etc /home /lib /opt /proc /root /run /sbin /sys /tmp /usr /usr/bin /usr/sbin /var /var/tmp".split()
)
_NEVER_MADE = ("/dev", "/proc", "/sys", "/tmp", "/run")


def cannot_run(known: Inside, command: str) -> str:
    """Return why a command certainly cannot run in an image; an empty string if the command may run."""
    if known.base == "scratch" and not re.search(r"(?:busybox|/sh)\b", known.built):
        return "the image has no /bin/sh"
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return ""
    program = next((word for word in words if not re.match(r"\w+=", word)), "")
    name = posixpath.basename(program)
    if known.base not in ("busybox", "alpine") or not re.fullmatch(r"[\w./-]+", program):
        return ""
    missing = program.startswith("/") and posixpath.dirname(program) not in _STANDARD - {"/"}
    if name in known.words or not (missing or name in _NOT_IN_BUSYBOX):
        return ""
    return f"{known.base} has no {program}, and the Dockerfile does not add it"


def is_made(known: Inside, folder: str) -> bool:
    """Whether a folder may exist in the image: the base image has it, or the Dockerfile or a script may create it."""
    standard = () if known.base == "scratch" else _STANDARD
    if folder in standard or folder.startswith(_NEVER_MADE):
        return True
    above = folder
    while above not in ("/", "") and above not in _STANDARD:
        if above in known.making:
            return True
        above = posixpath.dirname(above)
    return any(posixpath.normpath(target).startswith(folder) for _, target, _ in known.copied)
