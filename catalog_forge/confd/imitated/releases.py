"""The features of each confd release: functions, flags, and the version of Go (docs/facts/confd.md#1.13, #2.9, #2.10).

A release is identified by its minor version number: 16 means 0.16. Rancher's 0.11.0-dev-rancher counts as 0.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OLDEST, NEWEST = 10, 17
# The oldest and the newest release to assume if the release is unknown. Containers in use today run a release in this range.
ASSUMED = (14, 16)

_BY_RELEASE = {
    10: "base dir split join json jsonArray getenv datetime toUpper toLower contains exists get gets getv getvs ls lsdir",
    11: "replace",
    12: "map lookupIP lookupSRV fileExists",
    13: "trimSuffix base64Encode base64Decode reverse sortByLength sortKVByLength add sub mul div mod seq",
    14: "cget cgets cgetv cgetvs",
    16: "atoi parseBool lookupIPV4 lookupIPV6",
}
# Functions that are built into Go templates.
_BUILT_IN = "and call eq ge gt html index js le len lt ne not or print printf println urlquery"

FIRST: Mapping[str, int] = {
    **dict.fromkeys(_BUILT_IN.split(), OLDEST),
    # Added in Go 1.13; confd 0.16 was built with Go 1.10.
    "slice": NEWEST,
    **{name: release for release, names in _BY_RELEASE.items() for name in names.split()},
}
# For each function that was removed, the last release that has the function.
LAST: Mapping[str, int] = dict.fromkeys(("cget", "cgets", "cgetv", "cgetvs"), 16)
# Template constructs, each with the first version of Go that supports it. A test compares this list with docs/renderer.md.
GO: Mapping[str, str] = {
    "a trim marker": "1.6",
    "{{block}}": "1.6",
    "an assignment with =": "1.11",
    "a number such as 1_000, 0b1, 0o7 or 0x1p4": "1.13",
    "a line break inside an action": "1.16",
    "{{break}}": "1.18",
    "{{continue}}": "1.18",
    "range over a number": "1.22",
    "{{else with}}": "1.23",
}
# The first confd release that supports each construct. Releases from 0.12 on were built with Go 1.6 or later, and releases up to
# 0.16 with Go 1.10 or earlier.
SYNTAX: Mapping[str, int] = {what: 12 if go == "1.6" else NEWEST for what, go in GO.items()}
# The maximum number of arguments of these functions before confd 0.12. In those old releases, a call with a default failed.
MOST_ARGUMENTS_BEFORE_12: Mapping[str, int] = {"getv": 1, "getenv": 1}


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of confd: its type in Go (bool, int, text), and the first and the last release that have it."""

    kind: str = "text"
    first: int = OLDEST
    last: int = NEWEST


_TEXTS = (
    "auth-token backend client-ca-keys client-cert client-key confdir config-file log-level node prefix scheme srv-domain table"
)
# The flags of confd (config.go of each release).
FLAGS: Mapping[str, Flag] = {
    "interval": Flag("int"),
    **{name: Flag("bool") for name in "keep-stage-file noop onetime version watch".split()},
    **{name: Flag() for name in _TEXTS.split()},
    **{name: Flag("bool", 12) for name in "basic-auth sync-only".split()},
    **{name: Flag(first=12) for name in "app-id auth-type password srv-record user-id username".split()},
    "file": Flag(first=14),
    "secret-keyring": Flag(first=14, last=16),
    **{name: Flag(first=16) for name in "filter path role-id secret-id separator".split()},
    "client-insecure": Flag("bool", NEWEST),
}
BACKENDS = tuple("consul dynamodb env etcd etcdv3 file rancher redis ssm stackengine vault zookeeper".split())
