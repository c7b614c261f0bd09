"""A client of Vault's KV store, version 1, over HTTP.

Each key is stored as a secret whose field `value` contains the key's value, as confd expects (its backends/vault/client.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from catalog_forge.backends import TABLE
from catalog_forge.seed.store import Destination, denied, refuse, unclear
from catalog_forge.seed.wire import Wire


class Vault:
    """A client of Vault. The prefix begins with the mount path: in /secret/app, the mount is `secret`."""

    most = room = 1

    def __init__(self, target: Destination) -> None:
        self._target = target
        self._wire = Wire(target, TABLE["vault"].port, {"X-Vault-Token": target.token} if target.token else {})
        self.close = self._wire.close

    def begin(self) -> None:
        """Log in if a user is given, and check that confd can read the mount."""
        target = self._target
        if target.username and not target.token:
            login = f"/v1/auth/userpass/login/{quote(target.username)}"
            answer = self._wire.json("POST", login, {"password": target.password}, known=(400,))
            if not isinstance(answer, dict) or "client_token" not in (answer.get("auth") or {}):
                denied(target.node)
            self._wire.headers["X-Vault-Token"] = str(answer["auth"]["client_token"])
        mount = target.prefix.strip("/").partition("/")[0]
        status, answer = self._wire.ask("GET", f"/v1/sys/internal/ui/mounts/{quote(mount)}", known=(400, 403, 404))
        if status == 403 and b"preflight capability check" not in answer:
            denied(target.node)
        if status == 403:  # Vault also sends 403 if the mount does not exist (vault/logical_system.go, pathInternalUIMountRead)
            refuse(
                target.node,
                f"it has no mount {mount}, or the token has no access to it",
                f"vault secrets enable -version=1 -path={mount} kv",
            )
        options = self._wire.parsed(answer).get("data", {}).get("options") if status == 200 else None
        if options and options.get("version") == "2":
            refuse(target.node, f"the mount {mount} is KV version 2, which confd cannot read", "mount one with -version=1")

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values."""
        return dict(self._below(self._target.prefix))

    def _below(self, path: str) -> Iterator[tuple[str, bytes]]:
        listed = self._wire.json("LIST", f"/v1{quote(path)}", known=(404,))
        try:
            for name in listed["data"]["keys"] if listed else ():
                if name.endswith("/"):
                    yield from self._below(f"{path}/{name[:-1]}")
                else:
                    found = self._wire.json("GET", f"/v1{quote(f'{path}/{name}')}")
                    yield f"{path}/{name}", str(found["data"].get("value", "")).encode()
        except (KeyError, TypeError, AttributeError):
            unclear(self._target.node, "its keys do not have the format of Vault's KV version 1")

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform one operation, a put or a delete. There is never more than one, because `most` is 1."""
        for key, value in puts.items():
            self._wire.json("PUT", f"/v1{quote(key)}", {"value": value})
        for key in deletes:
            self._wire.json("DELETE", f"/v1{quote(key)}")
