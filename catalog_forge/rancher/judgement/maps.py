"""Checks the mappings inside services: finds unknown keys, and values that have no meaning.

rancher-compose decodes each mapping into a structure and ignores unknown keys, so a key that is misspelt or nested one level too
deep has no effect. rancher-compose passes numbers and words on to Rancher unchanged.
Rules: docs/facts/catalog.md#3.13 to #3.17, and rancher-compose-executor v0.14.29 (config/types.go, the client's types).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice

from catalog_forge.errors import did_you_mean, known_here, nearest
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.types import ANY, ANY_BY_TEXT, TEXTS, ListOf, MapOf, Struct, Type, struct
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.yamlio import Map, Node, Seq, Text

# The ids of the lint rules for a key that nothing reads, and for a value that has no meaning.
UNREAD, MEANINGLESS = "CF439", "CF440"
REQUEST_LINE, STRATEGY = "CF412", "CF414"

_DIGITS = re.compile("[-+]?[0-9]{1,18}")
# The maximum number of problems that are reported for one value.
_MOST = 100

Meaning = Callable[[Text], Iterator[Refusal]]


# The structures into which mappings are decoded. Some fields are only for Rancher's API and never appear in compose files.
_STICKINESS = struct("a stickiness policy", "", "name cookie domain mode", "indirect nocache postonly")
RULE = struct(
    "a port rule",
    "source_port target_port priority weight",
    "protocol path hostname service container backend_name selector region environment",
)
_OF_DRIVERS = (
    "account_id created description kind name remove_time removed service_id state transitioning transitioning_message uuid"
)
STRUCTS = {
    "health_check": struct(
        "a health check",
        "healthy_threshold initializing_timeout interval port reinitializing_timeout response_timeout unhealthy_threshold",
        "name request_line strategy",
        recreate_on_quorum_strategy_config=struct("a quorum", "quorum"),
    ),
    "lb_config": struct(
        "a load balancer",
        "",
        "default_cert config",
        certs=TEXTS,
        port_rules=ListOf("a list of port rules", RULE),
        stickiness_policy=_STICKINESS,
    ),
    "load_balancer_config": struct(
        "a load balancer",
        haproxy_config=struct("a configuration of haproxy", "", "defaults global"),
        lb_cookie_stickiness_policy=_STICKINESS,
    ),
    "scale_policy": struct("a scale policy", "increment max min"),
    "upgrade_strategy": struct("an upgrade strategy", "batch_size interval_millis", "", "start_first"),
    "storage_driver": struct(
        "a storage driver",
        "transitioning_progress",
        f"{_OF_DRIVERS} block_device_path scope volume_access_mode",
        data=ANY_BY_TEXT,
        volume_capabilities=TEXTS,
    ),
    "network_driver": struct(
        "a network driver",
        "transitioning_progress",
        _OF_DRIVERS,
        cni_config=ANY_BY_TEXT,
        data=ANY_BY_TEXT,
        default_network=MapOf("a network", ANY),
        network_metadata=ANY_BY_TEXT,
    ),
}
DISKS = ListOf("a list of disks", struct("a disk", "read_iops write_iops", "driver name size", "root", opts=ANY_BY_TEXT))
_SECRET = struct("a secret", "mode", "source target uid gid")
_READ: dict[str, Type] = {**STRUCTS, "disks": DISKS, "secrets": ListOf("a list of secrets", _SECRET)}
# Keys that the schema of a service allows at its top level, but that have an effect only inside another key.
_INSIDE = dict.fromkeys(("port_rules", "stickiness_policy", "config"), "lb_config")


def odd(key: str, node: Node) -> Iterator[Refusal]:
    """Yield the parts of a key's value that nothing reads or that have no meaning. They do not prevent the launch."""
    if key in _INSIDE:
        yield _odd(f"nothing reads {key} here", node, f"it is a key of {_INSIDE[key]}: move it below that key")
    elif key in ("ports", "expose"):
        for item in node.items if isinstance(node, Seq) else ():
            # Rancher's schema accepts any number as a port; ports written as text are checked by the judge.
            yield from _PORT(item) if isinstance(item, Text) and not decoding.is_text(item) else ()
    elif isinstance(node, Text):
        yield from _OF_SERVICE[key](node) if key in _OF_SERVICE else ()
    else:
        yield from islice(of_type(node, _READ.get(key, ANY)), _MOST)


def of_type(node: Node | None, wanted: Type) -> Iterator[Refusal]:
    """Yield the unread keys and meaningless values that a node has if it is decoded into the type `wanted`."""
    if isinstance(wanted, ListOf | MapOf) and isinstance(node, Seq | Map):
        inner = wanted.item if isinstance(wanted, ListOf) else wanted.value
        for item in node.items if isinstance(node, Seq) else decoding.pairs(node).values():
            yield from of_type(item, inner)
    elif isinstance(wanted, Struct) and isinstance(node, Map):
        for key, value in decoding.merged(node.pairs):
            if key.value in wanted.fields:
                yield from of_type(value, wanted.fields[key.value])
                # The mode of a secret is that of a file; the other modes are those of a stickiness policy.
                yield from _meaning_of(key.value, value) if wanted is not _SECRET else ()
            else:
                yield _odd(f"nothing reads the key {key.value!r}", key, _belongs(key.value, wanted))
        yield from _crossed(decoding.pairs(node))


def _meaning_of(name: str, value: Node) -> Iterator[Refusal]:
    if isinstance(value, Text) and name in _MEANINGS:
        yield from (replace(fault, message=f"{name}: {fault.message}") for fault in _MEANINGS[name](value))


def _belongs(key: str, wanted: Struct) -> str:
    """Return a hint that says where a key belongs, or which key was probably meant."""
    for name, inner in wanted.fields.items():
        if key in getattr(getattr(inner, "item", inner), "fields", ()):
            return f"it is a key of {name}: move it below that key"
    if key in keys.KEYS:
        return "it is a key of the service: write it one level higher"
    other = next((name for name, inner in STRUCTS.items() if key in inner.fields), "")
    return nearest(key, wanted.fields, f"it is a key of {other}" if other else known_here(wanted.fields))


def _crossed(pairs: Mapping[str, Node]) -> Iterator[Refusal]:
    """Report a minimum that is above the maximum of the same range."""
    least, most = (_number(pairs.get(name)) for name in ("min", "max"))
    if least is not None and most is not None and 0 < most < least:
        yield _odd(f"min {least:g} is above max {most:g}", pairs["min"], "lower min or raise max", MEANINGLESS)


def _odd(message: str, node: Node, hint: str, rule: str = UNREAD) -> Refusal:
    return Refusal(message, node.where, hint, rule, who="")


def _number(node: Node | None) -> float | None:
    """Parse a number, including a number that is written as text; return None for anything else."""
    value = decoding.value(node) if isinstance(node, Text) else None
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) else None


def _bounded(node: Text, least: int, most: int | None = None) -> Iterator[Refusal]:
    """Report a value that is not a whole number from `least` to `most`; without `most` there is no upper limit."""
    number = _number(node)
    if number is not None and (number != int(number) or number < least or (most is not None and number > most)):
        bounds = f"from {least} to {most}" if most is not None else f"of {least} or more"
        yield _odd(f"{node.value} is not a whole number {bounds}", node, "", MEANINGLESS)


def _known(node: Text, words: str, rule: str = MEANINGLESS) -> Iterator[Refusal]:
    """Report a value that is not one of the given words."""
    text, known = decoding.text_of(node), words.split()
    if text and text not in known:
        yield _odd(f"Rancher does not know {text!r}", node, did_you_mean(text, known), rule)


def _formed(node: Text, pattern: str, what: str, example: str, rule: str = MEANINGLESS) -> Iterator[Refusal]:
    """Report text that does not match a pattern."""
    text = decoding.text_of(node).strip()
    if text and not re.fullmatch(pattern, text, re.DOTALL):
        yield _odd(f"{text!r} is not {what}", node, f"it must look like {example}", rule)


_REQUEST = r'[A-Z]+ \S+ ("?)HTTP/1\.[01]\1(?:\r?\n.*)?'
_RESTART = "always|no|unless-stopped|on-failure(:[0-9]+)?"
_PORT: Meaning = partial(_bounded, least=1, most=65535)
_POSITIVE: Meaning = partial(_bounded, least=1)
_NATURAL: Meaning = partial(_bounded, least=0)
# The check for the value of each key inside the mappings.
_MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(("port", "source_port", "target_port"), _PORT),
    **dict.fromkeys(("interval", "response_timeout", "initializing_timeout", "reinitializing_timeout"), _POSITIVE),
    **dict.fromkeys("healthy_threshold unhealthy_threshold quorum batch_size increment".split(), _POSITIVE),
    **dict.fromkeys("interval_millis min max priority weight read_iops write_iops".split(), _NATURAL),
    "protocol": partial(_known, words="http tcp https tls sni"),
    "mode": partial(_known, words="insert rewrite prefix"),
    "strategy": partial(_known, words="recreate none recreateOnQuorum", rule=STRATEGY),
    "path": partial(_formed, pattern="/.*", what="a path", example="/status"),
    "hostname": partial(_formed, pattern=r"[^\s/:]+", what="a host name", example="www.example.org"),
    "request_line": partial(_formed, pattern=_REQUEST, what="a request line", example="GET /health HTTP/1.0", rule=REQUEST_LINE),
}
# The checks for those keys of a service that have a number or a word as their value.
_OF_SERVICE: dict[str, Meaning] = {
    **dict.fromkeys("scale drain_timeout_ms milli_cpu_reservation cpu_shares blkio_weight".split(), _NATURAL),
    **dict.fromkeys("memory mem_limit mem_reservation memswap_limit shm_size".split(), partial(_bounded, least=-1)),
    "mem_swappiness": partial(_bounded, least=-1, most=100),
    "vcpu": _POSITIVE,
    "restart": partial(_formed, pattern=_RESTART, what="a restart policy", example="always, no or on-failure:3"),
}
