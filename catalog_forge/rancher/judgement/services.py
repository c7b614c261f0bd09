"""Checks the services of a compose file as rancher-compose does: first against a JSON schema, then against the types of the keys.

Rules: docs/facts/catalog.md#3.13 and #4.1, and rancher-compose-executor v0.14.29 (config/schema.go, config/types.go, yaml/). A
key without a value is not treated like a missing key: the value null is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from catalog_forge import yamlio
from catalog_forge.errors import Problem, did_you_mean
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import TEXT_BY_TEXT
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement import checks, maps
from catalog_forge.rancher.judgement.checks import INNER_KEY, KEPT, KIND, Check
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.yamlio import Map, Node, Seq, Text

NAME = re.compile(r"[a-zA-Z0-9._-]+")
# In the values of these keys, text that consists of digits is converted to numbers.
NUMERIC = frozenset(
    "lb_config load_balancer_config certs disks external_ips health_check scale_policy upgrade_strategy storage_driver "
    "network_driver".split()
)
# In the values of these keys, every scalar except null is converted to text.
TEXTUAL = frozenset(("environment", "labels"))
_LEADING_ZERO = re.compile(r"[-+]?0[0-7]{1,40}")


def problems_of(name: str, service: Mapping[str, tuple[Text, Node]], second: bool) -> Iterator[Refusal]:
    """Report the problems in the keys of a service: keys and values that rancher-compose refuses, and parts of valid values that
    nothing reads or that have no meaning. `second` is True for a file of version 2."""
    known = keys.V2 if second else keys.V1
    for key, (where, node) in service.items():
        if key not in known:
            message = f"the service {name!r} has a key {key!r} that rancher-compose refuses"
            yield Refusal(message, where.where, did_you_mean(key, known), "CF401")
            continue
        converted = _converted(key, node)
        refused = [*_unprintable(converted), *_check(key, second)(converted)]
        for each in refused:
            yield Refusal(f"{key} of {name!r}: {each.message}", each.where or node.where, each.hint, _rule_of(key, each))
        for odd in () if refused else (*maps.odd(key, converted), *_altered(key, node)):
            yield replace(odd, message=f"{key} of {name!r}: {odd.message}")
    if "memswap_limit" in service and "mem_limit" not in service:
        message = f"memswap_limit of {name!r} requires mem_limit"
        yield Refusal(message, service["memswap_limit"][0].where, "write mem_limit", "CF432")


def _rule_of(key: str, problem: Problem) -> str:
    """Return the lint rule for a fault in the value of a key. Some kinds of keys have a separate rule."""
    rule = problem.rule if isinstance(problem, Refusal) else KIND
    if rule == KIND and (keys.KEYS[key].type == "truth" or "is not true or false" in problem.message):
        return "CF417"
    if rule == KIND and key in TEXTUAL:
        return "CF421"
    return "CF413" if rule == KIND and key == "health_check" else rule


def fits(key: str, node: Node, second: bool) -> bool:
    """Whether rancher-compose accepts a value for a key of a service."""
    converted = _converted(key, node)
    known = key in (keys.V2 if second else keys.V1)
    return known and not any(True for _ in (*_unprintable(converted), *_check(key, second)(converted)))


def services_without_version(root: Node | None) -> Text | None:
    """Return the key `services` of a file without a version if what is below this key shows that the author meant version 2;
    otherwise, return None.
    """
    pairs = root.pairs if isinstance(root, Map) else ()
    names = {key.value: (key, node) for key, node in decoding.merged(pairs)}
    key, node = names.get("services", (None, None))
    if key is None or "version" in names or not isinstance(node, Map) or not node.pairs:
        return None
    below = all(isinstance(each, Map) or decoding.is_null(each) for _, each in node.pairs)
    return key if below and not all(fits(name.value, each, False) for name, each in node.pairs) else None


def _converted(key: str, node: Node) -> Node:
    """Convert a value in the same way as rancher-compose does before it checks the value."""
    if key in TEXTUAL:
        return decoding.rewritten(node, _as_text)
    return decoding.rewritten(node, _as_number) if key in NUMERIC else node


def _as_text(node: Text) -> Text:
    if decoding.is_null(node) or not node.bare:
        return node
    return Text(decoding.printed(node), False, node.where, node.style, node.lines)


def _altered(key: str, node: Node) -> Iterator[Refusal]:
    """Report numbers and booleans that rancher-compose passes on in a form that differs from what the author wrote, such as 1.1
    for 1.10.

    Booleans in `metadata` are not reported, because templates compare them with true and false. Below all keys except
    `metadata`, `environment` and `labels`, only octal numbers are reported, because their author probably meant the decimal
    number or text.
    """
    if key not in TEXTUAL and key != "metadata":
        yield from _octal(key, node)
        return
    for text in yamlio.texts(node):
        found = decoding.value(text)
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        if is_number or (isinstance(found, bool) and key in TEXTUAL):
            shown = decoding.text_of(text)
            if shown != text.value:
                message = f"rancher-compose reads {text.value[:40]} as {shown}"
                yield Refusal(message, text.where, f"write '{text.value[:40]}'", "CF421", who="")


def _octal(key: str, node: Node) -> Iterator[Refusal]:
    """Report numbers that YAML 1.1 reads as octal because they begin with a zero, such as 8 for 010."""
    for text in yamlio.texts(node):
        found = decoding.value(text) if _LEADING_ZERO.fullmatch(text.value) else None
        if isinstance(found, int) and found != (decimal := int(text.value)):
            # The mode of a secret becomes text, which is read as octal (rancher-compose-executor v0.14.29, config/secret.go).
            numbers = "" if key == "secrets" else f"{decimal}, or {found} if an octal number is meant, or "
            hint = f"write {numbers}'{text.value}'{' if the value is text' if numbers else ''}"
            yield Refusal(f"rancher-compose reads {text.value} as {found}", text.where, hint, "CF421", who="")


def _as_number(node: Text) -> Text:
    if node.bare or not types.ATOI.fullmatch(node.value):
        return node
    return Text(str(int(node.value)), True, node.where, "", node.lines)


def _unprintable(node: Node) -> Iterator[Problem]:
    """Report parts that JSON cannot represent: keys that are not text, which crash rancher-compose, and infinite numbers."""
    if isinstance(node, Map):
        for key, each in node.pairs:
            if not isinstance(decoding.value(key), str):
                yield Refusal(
                    f"the key {key.value!r} is not text: rancher-compose crashes here", key.where, f"'{key.value}'", KEPT
                )
            yield from _unprintable(each)
    elif isinstance(node, Seq):
        for each in node.items:
            yield from _unprintable(each)
    elif isinstance(found := decoding.value(node), float) and not math.isfinite(found):
        yield Refusal(f"{node.value} is not a finite number, so it cannot be stored", node.where, "", KEPT)


# The checks for keys with a special form


_EXTENDS = checks.mapping({"service": checks.TEXT, "file": checks.TEXT}, checks.one_of("text", "a mapping"))
_NETWORK = checks.mapping(
    {"aliases": checks.UNIQUE, "ipv4_address": checks.TEXT, "ipv6_address": checks.TEXT}, checks.one_of("a mapping", "nothing")
)
_MODE = checks.then(checks.one_of("a number", "text"), checks.matching(re.compile("[-+]?[0-7]+"), "mode"))
_SECRET = checks.mapping(
    {**dict.fromkeys(("source", "target", "uid", "gid"), checks.TEXT), "mode": _MODE},
    checks.one_of("text", "a mapping"),
    closed=False,
)


def _extends(node: Node) -> Iterator[Problem]:
    yield from _EXTENDS(node)
    if isinstance(node, Map) and all(key.value != "service" for key, _ in node.pairs):
        yield Refusal("it does not name a service", node.where, "write service: NAME", KIND)


def _extends_second(node: Node) -> Iterator[Problem]:
    yield from _extends(node)
    if isinstance(node, Text):
        yield Refusal("rancher-compose reads only a mapping here", node.where, "write service: NAME", KIND)


def _networks(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Map):
        yield from checks.UNIQUE(node) if isinstance(node, Seq) else checks.one_of("a list", "a mapping")(node)
        return
    for key, each in node.pairs:
        if NAME.fullmatch(key.value):
            yield from _NETWORK(each)
        else:
            yield Refusal(f"a network cannot be named {key.value!r}", key.where, "", INNER_KEY)


def _secrets(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Seq):
        yield from checks.LIST(node)
        return
    for item in node.items:
        yield from _SECRET(item)


def _ulimits(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Map):
        yield from checks.MAP(node)
        return
    for _, each in node.pairs:
        if not isinstance(each, Map):
            yield from checks.then(checks.one_of("a number", "a mapping"), checks.integer)(each)
            continue
        found = {key.value for key, _ in each.pairs}
        if found != {"soft", "hard"}:
            yield Refusal("a limit must be a number, or a mapping with soft and hard", each.where, "", KIND)
        for _, limit in each.pairs:
            yield from checks.WHOLE(limit)


_Checks = tuple[Check, Check]


def _both(check: Check) -> _Checks:
    return check, check


# The checks for each type in `keys.KEYS`: one for compose 1, and one for compose 2.
_CHECKS: dict[str, _Checks] = {
    "text": _both(checks.TEXT),
    "text-or-nothing": _both(checks.one_of("text", "nothing")),
    "truth": _both(checks.TRUTH),
    "number": _both(checks.NUMBER),
    "whole": _both(checks.WHOLE),
    "score": _both(checks.SCORE),
    "size": _both(checks.SIZE),
    "reservation": (checks.one_of("a number", "text"), checks.SIZE),
    "duration": _both(checks.DURATION),
    "command": _both(checks.text_or(checks.items("text", unique=False), checks.command, checks.WORDS)),
    "ports": _both(checks.ports),
    "set": _both(checks.UNIQUE),
    "numbers": _both(checks.items("text", "a number")),
    "text-or-set": _both(checks.text_or(checks.UNIQUE)),
    "rates": _both(checks.RATES),
    "list": _both(checks.ONLY_LIST),
    "list-of-pairs": _both(checks.ONLY_LIST),
    "labels": _both(checks.LABELS),
    "environment": _both(checks.ENVIRONMENT),
    "limits": _both(_ulimits),
    "build": (
        checks.TEXT,
        checks.mapping(
            {"context": checks.TEXT, "dockerfile": checks.TEXT, "args": checks.RATES}, checks.one_of("text", "a mapping")
        ),
    ),
    "extends": (_extends, _extends_second),
    "map": _both(checks.MAP),
    "networks": _both(_networks),
    "secrets": _both(_secrets),
    "disks": _both(checks.decoded(maps.DISKS, checks.LIST)),
    "rules": _both(checks.LIST),
}
# Additional, stricter checks for some mappings.
_MAPS = {
    **{name: _both(checks.decoded(struct, checks.MAP)) for name, struct in maps.STRUCTS.items()},
    "log_opt": _both(checks.decoded(TEXT_BY_TEXT, checks.MAP)),
    "logging": _both(checks.mapping({"driver": checks.TEXT, "options": checks.decoded(TEXT_BY_TEXT, checks.MAP)})),
}


def _check(key: str, second: bool) -> Check:
    return (_MAPS.get(key) or _CHECKS[keys.KEYS[key].type])[second]
