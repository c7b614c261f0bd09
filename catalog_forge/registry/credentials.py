"""Reads the docker command's credentials for a registry through the Docker SDK. Credentials are never shown or stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from catalog_forge.errors import ForgeError

if TYPE_CHECKING:
    from docker.auth import AuthConfig


@dataclass(frozen=True, slots=True)
class Login:
    """The credentials for a registry: user and password, or an identity token. If all are empty, requests are anonymous.

    `trouble` says why the credentials could not be read. The request is sent anyway, because public images need no credentials.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    identity: str = field(default="", repr=False)
    trouble: str = ""


class Keyring:
    """The docker command's config.json, read once, when credentials are first needed."""

    @cached_property
    def _config(self) -> AuthConfig:
        from docker.auth import load_config
        from docker.errors import DockerException

        try:
            return load_config()
        except (DockerException, OSError, ValueError) as error:
            raise ForgeError(f"the config.json of the docker command cannot be read: {error}", hint="docker login") from None

    def login(self, host: str) -> Login:
        """Return the docker command's credentials for a registry. Raises ForgeError if config.json cannot be read."""
        from docker.credentials.errors import StoreError
        from docker.errors import DockerException

        try:
            found = self._config.resolve_authconfig(host) or {}
        except (DockerException, StoreError, OSError, ValueError, KeyError):
            # The message does not repeat the output of the credential helper, which may contain secrets.
            return Login(trouble="the credential helper of the docker command does not work")
        known = {key.lower(): value for key, value in found.items() if isinstance(value, str) and value}
        return Login(known.get("username"), known.get("password"), known.get("identitytoken", ""))
