"""Parse image references as the docker command does: registry, repository, and tag or digest.

Grammar: distribution's reference package (github.com/distribution/reference, regexp.go and normalize.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog_forge.errors import ForgeError

DOCKER_HUB = "docker.io"
LATEST = "latest"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?)/)?"
    rf"(?P<repository>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>[^@]*))?"
)
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as it was `written`, and its parsed parts."""

    written: str
    host: str
    repository: str
    tag: str
    digest: str = ""

    @property
    def name(self) -> str:
        """The name to request from the registry: the digest or, without a digest, the tag."""
        return self.digest or self.tag

    @property
    def familiar(self) -> str:
        """The name as the docker command shows it: without Docker Hub's host name and `library/`."""
        return self.repository.removeprefix("library/") if self.host == DOCKER_HUB else f"{self.host}/{self.repository}"

    def pinned(self, digest: str) -> str:
        """Return the reference with a digest added; the tag is kept for human readers."""
        return f"{self.written.partition('@')[0]}@{digest}"


def parse(text: str) -> Reference:
    """Parse a reference. Raises ForgeError for a reference that the docker command would refuse."""
    found = _REFERENCE.fullmatch(text) if len(text) <= _LONGEST else None
    host, repository = (found["host"] or "", found["repository"]) if found else ("", "")
    if host and not (set(".:") & set(host) or host == "localhost" or host != host.lower()):
        host, repository = "", f"{host}/{repository}"
    if found is None or len(repository) > 255 or (found["digest"] is not None and not DIGEST.fullmatch(found["digest"])):
        hint = "write, for example, registry.example.org/web/nginx:1.27.3; a digest is sha256: and 64 hex digits"
        raise ForgeError(f"{text[:100]!r} is not the name of an image", hint=hint)
    host = DOCKER_HUB if host in ("", "index.docker.io") else host
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Reference(text, host, repository, found["tag"] or LATEST, found["digest"] or "")
