"""Exports the keys that a seed would write, as JSON or as commands of the store's own client. Shows secrets only on request."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from catalog_forge.confd.layout import nested
from catalog_forge.errors import ForgeError
from catalog_forge.seed.store import Destination
from catalog_forge.shown import as_json

# The shell command that writes one key. Some clients read a value such as `@x` or `file://x` as the name of a file: they get
# values on standard input or in JSON.
_COMMANDS = {
    "etcdv3": "ETCDCTL_API=3 etcdctl put -- {key} {value}",
    "etcd": "ETCDCTL_API=2 etcdctl set -- {key} {value}",
    "redis": "redis-cli SET {key} {value}",
    "consul": "printf %s {value} | consul kv put {bare} -",
    "vault": "printf %s {value} | vault kv put {bare} value=-",
    "dynamodb": "aws dynamodb put-item --table-name {table} --item {item}",
    "ssm": "aws ssm put-parameter --cli-input-json {parameter}",
}


def as_data(backend: str, leaves: Mapping[str, str], target: Destination, secrets: bool) -> str:
    """Return keys and values as JSON (nested maps for the back end `file`). Secrets that are not shown become null."""
    shown = {key: text if secrets or not target.is_secret(key) else None for key, text in leaves.items()}
    return as_json(nested(shown) if backend == "file" else shown)


def as_shell(backend: str, leaves: Mapping[str, str], target: Destination, secrets: bool) -> str:
    """Return a command of the store's own client for each key. A secret that is not shown becomes a shell variable.

    Raises ForgeError for a store whose client has no such command.
    """
    if backend not in (*_COMMANDS, "env"):
        raise ForgeError(f"there are no shell commands for the back end {backend}", hint="--export json")
    return "".join(f"{_command(backend, key, text, target, secrets)}\n" for key, text in leaves.items())


def _command(backend: str, key: str, text: str, target: Destination, secrets: bool) -> str:
    name = re.sub(r"[^A-Z0-9]", "_", key.removeprefix("/").upper())
    is_hidden = target.is_secret(key) and not secrets
    value = f'"${{{name}:?}}"' if is_hidden else shlex.quote(text)
    if backend == "env":
        return f"{name}={value}; export {name}"
    kind = "SecureString" if target.is_secret(key) else "String"

    def with_value(data: object) -> str:
        """Return `data` as JSON in a shell word; the value of the key replaces the line break in `data`."""
        head, tail = as_json(data, None).split("\\n")
        return f"{shlex.quote(head)}{value}{shlex.quote(tail)}" if is_hidden else shlex.quote(head + as_json(text)[1:-1] + tail)

    return _COMMANDS[backend].format(
        key=shlex.quote(key),
        bare=shlex.quote(key[1:]),
        value=value,
        table=shlex.quote(target.node or "TABLE"),
        item=with_value({"key": {"S": key}, "value": {"S": "\n"}}),
        parameter=with_value({"Name": key, "Value": "\n", "Type": kind, "Overwrite": True}),
    )
