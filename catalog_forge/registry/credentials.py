"""The credentials that the docker command has for a registry: by the SDK. Never shown, never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from catalog_forge.errors import ForgeError

if TYPE_CHECKING:
    from docker.auth import AuthConfig


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks a registry: a user with a password, or an identity token; nobody where all is empty.

    `trouble` says why the docker command has none: a public image needs none, and is asked for all the same.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    identity: str = field(default="", repr=False)
    trouble: str = ""


class Keyring:
    """The docker command's config.json, read once, and only when somebody is asked who he is."""

    @cached_property
    def _config(self) -> AuthConfig:
        from docker.auth import load_config
        from docker.errors import DockerException

        try:
            return load_config()
        except (DockerException, OSError, ValueError) as error:
            raise ForgeError(f"the config.json of the docker command cannot be read: {error}", hint="docker login") from None

    def login(self, host: str) -> Login:
        """Return what the docker command would say to a registry. Raises ForgeError for a config.json that cannot be read."""
        from docker.credentials.errors import StoreError
        from docker.errors import DockerException

        try:
            found = self._config.resolve_authconfig(host) or {}
        except (DockerException, StoreError, OSError, ValueError, KeyError):
            # What the helper said is not repeated: it may hold what nobody is to see.
            return Login(trouble="the credential helper of the docker command does not work")
        known = {key.lower(): value for key, value in found.items() if isinstance(value, str) and value}
        return Login(known.get("username"), known.get("password"), known.get("identitytoken", ""))
