"""What an image is made of, as far as its files say: base, confd, the version of the metadata that it reads, how it refreshes.

Rules: `conf-images.md` 4. What a file does not say is left empty; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog_forge.lint.catalog import Image

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.IGNORECASE | re.MULTILINE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)=(\S*)", re.IGNORECASE | re.MULTILINE)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_CONFD = re.compile(r"(?i)confd[_-]?version[=\s\"']+v?([0-9][\w.-]*)|confd/releases/download/v?([0-9][\w.-]*)/")
_METADATA = re.compile(r"(?:rancher-metadata|prefix)\S*[\s=\"'/]+(20[0-9]{2}-[0-9]{2}-[0-9]{2}|latest)\b")
_WATCH = re.compile(r"\s--?watch\b")
_ONCE = re.compile(r"\s--?onetime\b")
_INTERVAL = re.compile(r"\s--?interval[\s=]+\"?([0-9]+)")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an image is made of."""

    base: str = ""
    confd: str = ""
    metadata: str = ""
    refresh: str = ""


def facts(image: Image) -> Facts:
    """Read an image's Dockerfile and scripts."""
    docker = image.dockerfile.text if image.dockerfile else ""
    scripts = "\n".join(file.text for file in image.scripts)
    both = f"{docker}\n{scripts}"
    confd = next(_groups(_CONFD, both), "")
    return Facts(_base(docker), confd, next(_groups(_METADATA, both), ""), _refresh(both) if image.confs else "")


def _base(docker: str) -> str:
    """What the last stage begins from, an argument's default in its place."""
    found = _FROM.findall(docker)
    defaults = dict(_ARG.findall(docker))
    return _VARIABLE.sub(lambda name: defaults.get(name[1], name[0]), found[-1]) if found else ""


def _refresh(text: str) -> str:
    if _WATCH.search(text):
        return "watch"
    if interval := next(_groups(_INTERVAL, text), ""):
        return f"every {interval} s"
    return "once" if _ONCE.search(text) else "every 600 s"


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (next(filter(None, found.groups())) for found in pattern.finditer(text))
