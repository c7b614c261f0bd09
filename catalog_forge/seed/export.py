"""What would be seeded, for other hands: as JSON, or as the commands of the store's own client. Secrets only when asked for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from catalog_forge.seed.store import Destination
from catalog_forge.shown import as_json

# What writes one key in a shell: the key and the value as words of a shell, the node, the table.
_COMMANDS = {
    "etcdv3": "ETCDCTL_API=3 etcdctl put -- {key} {value}",
    "etcd": "ETCDCTL_API=2 etcdctl set -- {key} {value}",
    "consul": "consul kv put {bare} {value}",
    "redis": "redis-cli SET {key} {value}",
    "zookeeper": "zkCli.sh set {key} {value}",
    "vault": "vault kv put {bare} value={value}",
    "dynamodb": "aws dynamodb put-item --table-name {table} --item {item}",
    "ssm": "aws ssm put-parameter --overwrite --type {type} --name {key} --value {value}",
}


def as_data(leaves: Mapping[str, str], target: Destination, secrets: bool) -> str:
    """Return keys and values as JSON; null stands for a secret that is not shown."""
    return as_json({key: text if secrets or not target.is_secret(key) else None for key, text in leaves.items()})


def as_shell(backend: str, leaves: Mapping[str, str], target: Destination, secrets: bool) -> str:
    """Return a command of the store's own client for each key; a secret that is not shown is a variable of the shell."""
    return "".join(f"{_command(backend, key, text, target, secrets)}\n" for key, text in leaves.items())


def _command(backend: str, key: str, text: str, target: Destination, secrets: bool) -> str:
    name = re.sub(r"[^A-Z0-9]", "_", key.removeprefix("/").upper())
    is_hidden = target.is_secret(key) and not secrets
    value = f'"${{{name}:?}}"' if is_hidden else shlex.quote(text)
    if backend in ("env", "file"):
        return f"{name}={value}; export {name}"
    kind = "SecureString" if target.is_secret(key) else "String"
    head, tail = as_json({"key": {"S": key}, "value": {"S": "\n"}}, None).split("\\n")
    item = f"{shlex.quote(head)}{value}{shlex.quote(tail)}" if is_hidden else shlex.quote(head + as_json(text)[1:-1] + tail)
    return _COMMANDS[backend].format(
        key=shlex.quote(key),
        bare=shlex.quote(key[1:]),
        value=value,
        table=shlex.quote(target.node or "TABLE"),
        item=item,
        type=kind,
    )
