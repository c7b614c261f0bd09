"""The table of confd's back ends and their properties: address, key lookup, limits on values, unsupported features.

Rules: confd 0.16.0 (backends/NAME/client.go, config.go); docs/backends.md shows the same table,
and names a test for each pitfall.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# The number of bytes that confd can read from a DynamoDB table: it requests only the first page (Amazon DynamoDB, "Scan").
PAGE = 1 << 20


@dataclass(frozen=True, slots=True)
class Backend:
    """A back end: `nodes` describes the value of CONF_NODES, and `option` is the confd option that takes this value.

    `watches`: confd notices changes by itself; `changes`: values can change while confd runs. `shares`: the watchers of
    several files send their queries over one shared connection, and receive each other's answers (backends/redis/client.go).
    `raw`: keys are matched by text prefix, so a read of /app also returns the keys below /app2.
    `breaks_off`: confd ignores an error in the middle of a read, and continues with what it has read so far.
    `missing`: confd's message if there is no key below the prefix; empty if confd does not treat this as an error.
    `mount`: the path below which a new server can store keys, if it cannot store them at its root.
    `segment`: the pattern of the text between two slashes of a key; `shape` describes this pattern in words.
    `most`: the maximum size of a value in bytes.
    `credentials` are the options of confd that the container gets in CONF_OPTION, or from a file named by CONF_OPTION_FILE;
    the options in `exported` are passed to confd as environment variables, under the names that the client library expects.
    """

    name: str
    nodes: str
    option: str = "nodes"
    watches: bool = False
    shares: bool = False
    breaks_off: bool = False
    changes: bool = True
    raw: bool = False
    missing: str = ""
    mount: str = ""
    segment: str = r"[^/\x00]+"
    shape: str = "any text without a slash"
    most: int = 0
    empty: bool = True
    binary: bool = False
    scheme: str = ""
    port: int = 0
    credentials: Mapping[str, str] = field(default_factory=dict)
    exported: Mapping[str, str] = field(default_factory=dict)

    def can_watch(self, files: int) -> bool:
        """Whether confd notices changes by itself if it renders `files` files."""
        return self.watches and (files == 1 or not self.shares)

    @property
    def advice(self) -> str:
        """The hint for error messages about wrong keys: it says what keys must look like."""
        return f"each part of a key between slashes must be {self.shape}"

    def fits(self, segment: str) -> bool:
        """Whether a segment may be part of a key."""
        return segment not in ("", ".", "..") and re.fullmatch(self.segment, segment) is not None


_LOGIN = {"CONF_USERNAME": "username", "CONF_PASSWORD": "password"}
_TLS = {"CONF_CA": "client_cakeys", "CONF_CERT": "client_cert", "CONF_KEY": "client_key"}

TABLE: Mapping[str, Backend] = {
    each.name: each
    for each in (
        Backend("rancher", "HOST[:PORT] of the metadata service", watches=True, port=80),
        Backend("env", "", changes=False, raw=True, segment="[a-z0-9]+", shape="a word of lower-case letters and digits"),
        Backend("file", "paths of JSON files", option="file", raw=True),
        Backend(
            "etcdv3", "HOST:PORT of each member", watches=True, most=1 << 20, binary=True, port=2379, credentials=_LOGIN | _TLS
        ),
        Backend(
            "etcd",
            "http://HOST:PORT of each member",
            watches=True,
            missing="Key not found",
            segment=r"(?!_)[^/\x00]+",
            shape="any text without a slash that does not begin with _",
            most=1 << 20,
            scheme="http://",
            port=2379,
            credentials=_LOGIN | _TLS,
        ),
        Backend(
            "consul",
            "HOST:PORT of one agent",
            watches=True,
            raw=True,
            most=1 << 19,
            binary=True,
            port=8500,
            credentials=_LOGIN | _TLS,
            exported={"CONF_TOKEN": "CONSUL_HTTP_TOKEN"},
        ),
        Backend(
            "redis",
            "HOST:PORT[/DATABASE]",
            watches=True,
            shares=True,
            breaks_off=True,
            most=1 << 29,
            binary=True,
            port=6379,
            credentials={"CONF_PASSWORD": "client_key"},
        ),
        Backend(
            "zookeeper",
            "HOST:PORT of each server",
            watches=True,
            breaks_off=True,
            missing="node does not exist",
            segment=r"[^/\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]+",
            shape="any text without a slash and without control characters",
            most=(1 << 20) - 4096,
            binary=True,
            port=2181,
        ),
        Backend(
            "vault",
            "http://HOST:PORT of one server",
            breaks_off=True,
            mount="/secret",
            segment=r"(?!.*\.\.)[A-Za-z0-9_.@-]+",
            shape="a word of letters, digits and _ . @ -, without two dots in a row",
            most=1 << 19,
            scheme="http://",
            port=8200,
            credentials=_LOGIN
            | _TLS
            | {
                "CONF_AUTH_TYPE": "auth_type",
                "CONF_AUTH_PATH": "path",
                "CONF_TOKEN": "auth_token",
                "CONF_ROLE_ID": "role_id",
                "CONF_SECRET_ID": "secret_id",
                "CONF_APP_ID": "app_id",
                "CONF_USER_ID": "user_id",
            },
        ),
        Backend(
            "dynamodb",
            "the name of one table",
            option="table",
            raw=True,
            most=400 << 10,
        ),
        Backend(
            "ssm",
            "",
            breaks_off=True,
            segment="[A-Za-z0-9_.-]+",
            shape="a word of letters, digits and _ . -",
            most=4 << 10,
            empty=False,
        ),
    )
}
NAMES = tuple(TABLE)
