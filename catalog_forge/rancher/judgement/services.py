"""The services of a compose file as rancher-compose checks them: a JSON schema first, then the types that it decodes into.

Rules: docs/facts/catalog.md#3.13 and #4.1, and rancher-compose-executor v0.14.29 (config/schema.go, config/types.go, yaml/). A
null is not as good as absent here: a key of a service that stands there empty is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from catalog_forge.errors import Problem, did_you_mean
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import ANY_BY_TEXT, INT, TEXT, TEXT_BY_TEXT, TEXTS, TRUTH, ListOf, Struct, Type
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement import checks
from catalog_forge.rancher.judgement.checks import INNER_KEY, KEPT, KIND, Check
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.yamlio import Map, Node, Seq, Text

NAME = re.compile(r"[a-zA-Z0-9._-]+")
# Below these, text of digits is turned into numbers.
NUMERIC = frozenset(
    "lb_config load_balancer_config certs disks external_ips health_check scale_policy upgrade_strategy storage_driver "
    "network_driver".split()
)
# Here every scalar is turned into text, except null.
TEXTUAL = frozenset(("environment", "labels"))


def problems_of(name: str, service: Mapping[str, tuple[Text, Node]], second: bool) -> Iterator[Refusal]:
    """Say what is wrong with the keys of a service of a file of version 2, or of one without a version."""
    known = keys.V2 if second else keys.V1
    checks = _SECOND if second else _FIRST
    for key, (where, node) in service.items():
        if key not in known:
            message = f"the service {name!r} has a key {key!r} that rancher-compose refuses"
            yield Refusal(message, where.where, did_you_mean(key, known), "CF401")
            continue
        converted = _converted(key, node)
        for each in (*_unprintable(converted), *checks[key](converted)):
            yield Refusal(f"{key} of {name!r}: {each.message}", each.where or node.where, each.hint, _rule_of(key, each))
    if "memswap_limit" in service and "mem_limit" not in service:
        message = f"memswap_limit of {name!r} needs mem_limit beside it"
        yield Refusal(message, service["memswap_limit"][0].where, "write mem_limit", "CF432")


def _rule_of(key: str, problem: Problem) -> str:
    """The rule that tells of a fault in the value of a key: some kinds of keys have their own."""
    rule = problem.rule if isinstance(problem, Refusal) else KIND
    if rule == KIND and (_FIRST.get(key) is checks.TRUTH or "is not true or false" in problem.message):
        return "CF417"
    if rule == KIND and key in TEXTUAL:
        return "CF421"
    return "CF413" if rule == KIND and key == "health_check" else rule


def fits(key: str, node: Node, second: bool) -> bool:
    """Whether rancher-compose takes a value for a key of a service."""
    check = (_SECOND if second else _FIRST).get(key)
    converted = _converted(key, node)
    return check is not None and not any(True for _ in (*_unprintable(converted), *check(converted)))


def services_without_version(root: Node | None) -> Text | None:
    """The key `services` of a file without a version, where version 2 was meant: below it stand services, not keys of one."""
    pairs = root.pairs if isinstance(root, Map) else ()
    names = {key.value: (key, node) for key, node in pairs}
    key, node = names.get("services", (None, None))
    if key is None or "version" in names or not isinstance(node, Map) or not node.pairs:
        return None
    below = all(isinstance(each, Map) or decoding.is_null(each) for _, each in node.pairs)
    return key if below and not all(fits(name.value, each, False) for name, each in node.pairs) else None


def _converted(key: str, node: Node) -> Node:
    """What rancher-compose makes of a value before it looks at it."""
    if key in TEXTUAL:
        return _as_texts(node)
    return _as_numbers(node) if key in NUMERIC else node


def _as_texts(node: Node) -> Node:
    match node:
        case Map(found, where):
            return Map(tuple((key, _as_texts(each)) for key, each in found), where)
        case Seq(items, where):
            return Seq(tuple(map(_as_texts, items)), where)
        case Text():
            if decoding.is_null(node) or not node.bare:
                return node
            return Text(decoding.printed(node), False, node.where, node.style, node.lines)


def _as_numbers(node: Node) -> Node:
    match node:
        case Map(found, where):
            return Map(tuple((key, _as_numbers(each)) for key, each in found), where)
        case Seq(items, where):
            return Seq(tuple(map(_as_numbers, items)), where)
        case Text(text, False) if types.ATOI.fullmatch(text):
            return Text(str(int(text)), True, node.where, "", node.lines)
    return node


def _unprintable(node: Node) -> Iterator[Problem]:
    """What is no JSON, at any depth: keys that are no text, where rancher-compose crashes, and numbers without a value."""
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
        yield Refusal(f"{node.value} is not a number that can be kept", node.where, "", KEPT)


# Keys with a form of their own

_EXTENDS = ("service", "file")


def _unknown(key: Text, known: tuple[str, ...]) -> Refusal:
    return Refusal(f"unknown key {key.value!r}", key.where, did_you_mean(key.value, known), INNER_KEY)


def _build(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Map):
        yield from checks.one_of("text", "a mapping")(node)
        return
    for key, each in node.pairs:
        if key.value == "args":
            yield from checks.RATES(each)
        elif key.value in ("context", "dockerfile"):
            yield from checks.TEXT(each)
        else:
            yield Refusal(
                f"unknown key {key.value!r}", key.where, did_you_mean(key.value, ("context", "dockerfile", "args")), INNER_KEY
            )


def _extends(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Map):
        yield from checks.one_of("text", "a mapping")(node)
        return
    found = {key.value: key for key, _ in node.pairs}
    yield from (
        Refusal(f"unknown key {name!r}", key.where, "", INNER_KEY)
        for name, key in found.items()
        if name not in ("service", "file")
    )
    if "service" not in found:
        yield Refusal("it names no service", node.where, "service: NAME", KIND)
    for _, each in node.pairs:
        yield from checks.TEXT(each)


def _extends_second(node: Node) -> Iterator[Problem]:
    yield from _extends(node)
    if isinstance(node, Text):
        yield Refusal("rancher-compose reads only a mapping here", node.where, "service: NAME", KIND)


def _logging(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Map):
        yield from checks.MAP(node)
        return
    for key, each in node.pairs:
        if key.value == "options":
            yield from checks.decoded(TEXT_BY_TEXT, checks.MAP)(each)
        elif key.value == "driver":
            yield from checks.TEXT(each)
        else:
            yield _unknown(key, ("driver", "options"))


def _networks(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Map):
        yield from checks.UNIQUE(node) if isinstance(node, Seq) else checks.one_of("a list", "a mapping")(node)
        return
    for key, each in node.pairs:
        if not NAME.fullmatch(key.value):
            yield Refusal(f"a network cannot be named {key.value!r}", key.where, "", INNER_KEY)
        elif not isinstance(each, Map):
            yield from checks.one_of("a mapping", "nothing")(each)
        else:
            yield from _network(each)


def _network(node: Map) -> Iterator[Problem]:
    for key, each in node.pairs:
        if key.value == "aliases":
            yield from checks.UNIQUE(each)
        elif key.value in ("ipv4_address", "ipv6_address"):
            yield from checks.TEXT(each)
        else:
            yield _unknown(key, ("aliases", "ipv4_address", "ipv6_address"))


def _secrets(node: Node) -> Iterator[Problem]:
    if not isinstance(node, Seq):
        yield from checks.LIST(node)
        return
    for item in node.items:
        if not isinstance(item, Map):
            yield from checks.one_of("text", "a mapping")(item)
            continue
        for key, each in item.pairs:
            if key.value in ("source", "target", "uid", "gid"):
                yield from checks.TEXT(each)
            elif key.value == "mode":
                yield from checks.then(checks.one_of("a number", "text"), checks.matching(re.compile("[-+]?[0-7]+"), "mode"))(
                    each
                )


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
            yield Refusal("a limit is a number, or soft and hard", each.where, "", KIND)
        for _, limit in each.pairs:
            yield from checks.WHOLE(limit)


# What structures are decoded into. Their fields for Rancher's own API stand in no compose file.
def _struct(word: str, numbers: str = "", texts: str = "", truths: str = "", **more: Type) -> Struct:
    fields = {**dict.fromkeys(numbers.split(), INT), **dict.fromkeys(texts.split(), TEXT), **dict.fromkeys(truths.split(), TRUTH)}
    return Struct(word, {**fields, **more})


_STICKY_TEXTS = "name cookie domain mode"
_STICKY_TRUTHS = "indirect nocache postonly"
_STICKINESS = _struct("a stickiness policy", "", _STICKY_TEXTS, _STICKY_TRUTHS)
_RULE = _struct(
    "a port rule",
    "source_port target_port priority weight",
    "protocol path hostname service backend_name selector region environment",
)
_STRUCTS = {
    "health_check": _struct(
        "a health check",
        "healthy_threshold initializing_timeout interval port reinitializing_timeout response_timeout unhealthy_threshold",
        "name request_line strategy",
        recreate_on_quorum_strategy_config=_struct("a quorum", "quorum"),
    ),
    "lb_config": _struct(
        "a load balancer",
        "",
        "default_cert config",
        certs=TEXTS,
        port_rules=ListOf("a list of port rules", _RULE),
        stickiness_policy=_STICKINESS,
    ),
    "load_balancer_config": _struct(
        "a load balancer",
        haproxy_config=_struct("a configuration of haproxy", "", "defaults global"),
        lb_cookie_stickiness_policy=_STICKINESS,
    ),
    "scale_policy": _struct("a scale policy", "increment max min"),
    "upgrade_strategy": _struct("an upgrade strategy", "batch_size interval_millis", "", "start_first"),
    "storage_driver": _struct(
        "a storage driver",
        "transitioning_progress",
        "account_id block_device_path created description kind name remove_time removed scope service_id state transitioning "
        "transitioning_message uuid volume_access_mode",
        data=ANY_BY_TEXT,
        volume_capabilities=TEXTS,
    ),
    "network_driver": _struct(
        "a network driver",
        "transitioning_progress",
        "account_id created description kind name remove_time removed service_id state transitioning transitioning_message uuid",
        cni_config=ANY_BY_TEXT,
        data=ANY_BY_TEXT,
        default_network=_struct("a network"),
        network_metadata=ANY_BY_TEXT,
    ),
}
_DISKS = ListOf("a list of disks", _struct("a disk", "read_iops write_iops", "driver name size", "root", opts=ANY_BY_TEXT))

_SHARED: dict[str, Check] = {
    **dict.fromkeys(
        "cgroup_parent container_name cpuset default_cert description domainname hostname image ipc isolation mac_address "
        "restart stop_signal type user userdata uts volume_driver working_dir".split(),
        checks.TEXT,
    ),
    **dict.fromkeys("oom_kill_disable privileged read_only retain_ip start_on_create stdin_open init tty".split(), checks.TRUTH),
    **dict.fromkeys(
        "blkio_weight cpu_period cpu_shares cpu_quota drain_timeout_ms milli_cpu_reservation scale vcpu".split(), checks.NUMBER
    ),
    **dict.fromkeys("memory mem_limit mem_reservation memswap_limit shm_size".split(), checks.SIZE),
    **dict.fromkeys(
        "blkio_weight_device certs cap_add cap_drop devices external_links links volumes volumes_from security_opt "
        "external_ips".split(),
        checks.UNIQUE,
    ),
    **dict.fromkeys(("ports", "expose"), checks.ports),
    **dict.fromkeys(("command", "entrypoint"), checks.text_or(checks.items("text", unique=False), checks.command, checks.WORDS)),
    **dict.fromkeys(("dns", "dns_search", "env_file"), checks.text_or(checks.UNIQUE)),
    **dict.fromkeys("device_read_bps device_read_iops device_write_bps device_write_iops".split(), checks.RATES),
    **dict.fromkeys(("dns_opt", "extra_hosts"), checks.ONLY_LIST),
    **dict.fromkeys(("labels", "sysctls"), checks.LABELS),
    **{name: checks.decoded(struct, checks.MAP) for name, struct in _STRUCTS.items()},
    "environment": checks.ENVIRONMENT,
    "metadata": checks.MAP,
    "disks": checks.decoded(_DISKS, checks.LIST),
    "group_add": checks.items("text", "a number"),
    "mem_swappiness": checks.WHOLE,
    "oom_score_adj": checks.SCORE,
    "pid": checks.one_of("text", "nothing"),
    "stop_grace_period": checks.DURATION,
    "ulimits": _ulimits,
}
_FIRST: dict[str, Check] = {
    **_SHARED,
    **dict.fromkeys(("build", "dockerfile", "log_driver", "net"), checks.TEXT),
    "extends": _extends,
    "log_opt": checks.decoded(TEXT_BY_TEXT, checks.MAP),
    "mem_reservation": checks.one_of("a number", "text"),
}
_SECOND: dict[str, Check] = {
    **_SHARED,
    **dict.fromkeys(("config", "network_mode"), checks.TEXT),
    "build": _build,
    "depends_on": checks.UNIQUE,
    "extends": _extends_second,
    "logging": _logging,
    "networks": _networks,
    "port_rules": checks.LIST,
    "secrets": _secrets,
    "stickiness_policy": checks.MAP,
    "tmpfs": checks.text_or(checks.UNIQUE),
}
