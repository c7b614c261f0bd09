"""Defines a configuration file of a spec, and the reload of the program after the file changes."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_forge.spec.model.blocks import Block
from catalog_forge.spec.model.record import Record, key

FORMATS = ("raw", "yaml", "properties", "ini", "space", "env", "xml", "json", "toml", "lines", "nginx", "haproxy")
SIGNALS = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH")
RELOADS = "signal NAME | http POST URL | http PUT URL | exec COMMAND | restart | none"


@dataclass(frozen=True)
class Reload(Record):
    """What happens when a file changes while the program runs."""

    kind: str = "none"
    argument: str = ""
    method: str = ""

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.method, self.argument) if word)


@dataclass(frozen=True)
class ConfFile(Record):
    """One configuration file: its path, its content, and what happens after a change."""

    dest: str = key("absolute path of the file in the service's container", maximum=255)
    body: tuple[Block, ...] = key("the blocks that make up the file, in order")
    format: str = key("format of the file; default: derived from the path, as the table of formats shows", "", one_of=FORMATS)
    mode: str = key(
        "permissions, with a leading 0; default: 0600 if the file uses a secret, otherwise 0644",
        "",
        pattern="0[0-7]{3}",
        shape='an octal number such as "0644"',
    )
    uid: int = key("number of the user that owns the file", 0)
    gid: int = key("number of the group that owns the file", 0)
    secret: bool = key("true if the file contains a secret: its mode is then 0600 unless `mode` is set", False)
    export: bool = key(
        "true: each pair of an env file begins with `export`, so that a script that sources the file passes the variables "
        "on to the programs that it starts",
        False,
    )
    check: str = key(
        "command that must accept the new file before it replaces the old file; {{.src}} is the path of the new file",
        "",
        maximum=1000,
    )
    check_in: str = key(
        "container in which the check runs; `main` lets the check use the programs of the main image",
        "conf",
        one_of=("conf", "main"),
    )
    reload: Reload = key(f"what happens after the file changes: {RELOADS}", Reload)
