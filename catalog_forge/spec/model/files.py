"""A configuration file of a spec, and the reload after it changes."""

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
    format: str = key("format; default: from the path of dest, as the table of formats says", "", one_of=FORMATS)
    mode: str = key(
        "permissions, with a leading 0; default: 0644, and 0600 when a secret is read",
        "",
        pattern="0[0-7]{3}",
        shape='an octal number such as "0644"',
    )
    uid: int = key("owner, as a number", 0)
    gid: int = key("group, as a number", 0)
    secret: bool = key("the file holds a secret: its mode is 0600 unless `mode` says otherwise", False)
    export: bool = key("each pair of an env file begins with `export`, so that programs started by a script see it", False)
    check: str = key(
        "command that must accept the new file, {{.src}}, before it replaces the old one",
        "",
        maximum=1000,
    )
    check_in: str = key(
        "where the check runs: in the `conf` image, or in `main`, with main's own programs", "conf", one_of=("conf", "main")
    )
    reload: Reload = key(f"what happens after a change: {RELOADS}", Reload)
