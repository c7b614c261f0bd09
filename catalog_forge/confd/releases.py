"""Which release of confd has what: functions and the Go that it was built with (docs/facts/confd.md#1.13, #2.9, #2.10).

A release goes by the number in the middle: 16 is 0.16. Rancher's 0.11.0-dev-rancher counts as 0.11.
"""

from __future__ import annotations

from collections.abc import Mapping

OLDEST, NEWEST = 10, 17
# What is assumed where nothing tells the release: those that a container of today may run.
ASSUMED = (14, 16)

_BY_RELEASE = {
    10: "base dir split join json jsonArray getenv datetime toUpper toLower contains exists get gets getv getvs ls lsdir",
    11: "replace",
    12: "map lookupIP lookupSRV fileExists",
    13: "trimSuffix base64Encode base64Decode reverse sortByLength sortKVByLength add sub mul div mod seq",
    14: "cget cgets cgetv cgetvs",
    16: "atoi parseBool lookupIPV4 lookupIPV6",
}
# Go's own.
_BUILT_IN = "and call eq ge gt html index js le len lt ne not or print printf println urlquery"

FIRST: Mapping[str, int] = {
    **dict.fromkeys(_BUILT_IN.split(), OLDEST),
    # Go 1.13 brought it, and confd 0.16 was built with Go 1.10.
    "slice": NEWEST,
    **{name: release for release, names in _BY_RELEASE.items() for name in names.split()},
}
# The last release that has a function, for those that went away.
LAST: Mapping[str, int] = dict.fromkeys(("cget", "cgets", "cgetv", "cgetvs"), 16)
# What a release's Go must know: {{- and -}} came with Go 1.6, {{$x = 1}} with 1.11, {{break}} with 1.18.
SYNTAX: Mapping[str, int] = {
    "a trim marker": 12,
    "{{block}}": 12,
    "an assignment with =": 17,
    "{{break}}": 17,
    "{{continue}}": 17,
}
# Functions that took no default before 0.12: the call fails there.
MOST_ARGUMENTS_BEFORE_12: Mapping[str, int] = {"getv": 1, "getenv": 1}
