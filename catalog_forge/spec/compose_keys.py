"""The docker-compose v2 and rancher-compose keys that a service of an entry may carry.

Where they come from: the version 2.0 service schema of docker-compose 1.29 and the service schema of rancher-compose's
executor v0.14.29; docs/facts/catalog.md#3.13 and #4.5 count their uses. Keys that the compiler itself writes stand apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import Problem
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement import services

# Keys of docker-compose that say how the program's own container runs.
MAIN_KEYS = frozenset(
    "cap_add cap_drop cgroup_parent cpu_quota cpu_shares cpuset devices environment group_add ipc log_driver log_opt "
    "logging mem_limit mem_reservation memswap_limit mem_swappiness oom_score_adj pid privileged read_only restart "
    "security_opt shm_size stdin_open stop_grace_period stop_signal tmpfs tty ulimits user volume_driver volumes "
    "working_dir".split()
)
# Keys of docker-compose that concern the network, and so belong to the container that owns it.
NETWORK_KEYS = frozenset("depends_on dns dns_search expose external_links extra_hosts hostname labels links ports".split())
# Keys of rancher-compose, which go to the primary service.
RANCHER_KEYS = frozenset(
    "drain_timeout_ms external_ips memory milli_cpu_reservation network_driver retain_ip scale_policy "
    "start_on_create storage_driver type upgrade_strategy userdata vcpu".split()
)
SERVICE_KEYS = MAIN_KEYS | NETWORK_KEYS | RANCHER_KEYS

# The shape of each value: a word (text, number or truth), a list of words, pairs (NAME: WORD), or a record of any depth.
# `${VARIABLE}` may stand for every word. Rancher's own parser: docs/facts/catalog.md#3.13.
_WORD = (
    "cgroup_parent cpu_quota cpu_shares cpuset ipc log_driver mem_limit mem_reservation memswap_limit mem_swappiness "
    "oom_score_adj pid privileged read_only restart shm_size stdin_open stop_grace_period stop_signal tty user volume_driver "
    "working_dir hostname drain_timeout_ms memory milli_cpu_reservation network_driver retain_ip start_on_create "
    "storage_driver type userdata vcpu"
)
_LIST = "cap_add cap_drop devices group_add security_opt volumes expose external_links links ports external_ips"
SHAPES = {
    **dict.fromkeys(_WORD.split(), ("word",)),
    **dict.fromkeys(_LIST.split(), ("list",)),
    **dict.fromkeys("dns dns_search tmpfs".split(), ("word", "list")),
    **dict.fromkeys("environment labels extra_hosts".split(), ("pairs", "list")),
    **dict.fromkeys("depends_on".split(), ("list", "record")),
    **dict.fromkeys("log_opt".split(), ("pairs",)),
    **dict.fromkeys("logging scale_policy ulimits upgrade_strategy".split(), ("record",)),
}
_SAID = {
    "word": "a single value",
    "list": "a list of single values",
    "pairs": "a mapping of names to single values",
    "record": "a mapping",
}
_TRUTHS = frozenset("privileged read_only stdin_open tty retain_ip start_on_create".split())
_NUMBERS = frozenset("cpu_quota cpu_shares mem_swappiness oom_score_adj drain_timeout_ms milli_cpu_reservation vcpu".split())


def wrong(name: str, value: Any) -> str:
    """Say what the value of a key must be when it is not; nothing when its shape is right."""
    shapes = SHAPES[name]
    if not any(_has_shape(value, shape) for shape in shapes):
        return f"{name} must be {' or '.join(_SAID[shape] for shape in shapes)}"
    if isinstance(value, str) and "$" in value:
        return ""
    if name in _TRUTHS and not isinstance(value, bool) and value not in ("true", "false"):
        return f"{name} must be true or false"
    if name in _NUMBERS and (isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,18}", str(value))):
        return f"{name} must be a whole number"
    return ""


def refused(name: str, value: Any) -> Iterator[Problem]:
    """Say what rancher-compose refuses in the value of a key as it will stand in the entry; what holds a `$` shows at launch."""
    if isinstance(value, list):
        value = [item for item in value if "$" not in str(item)]
    if name in ("ports", "expose"):
        # Rancher's schema takes any number for a port, and the engine refuses it: as texts both are held to the same range.
        value = list(map(str, value))
    if name not in keys.V2 or "$" in str(value):
        return
    node = yamlio.parse(yamlio.dump({name: value}), "")
    assert isinstance(node, yamlio.Map)
    ((key, written),) = node.pairs
    for problem in services.problems_of("service", {name: (key, written)}, True):
        if problem.rule == "CF432":  # it speaks of a second key, which is not seen here
            continue
        yield Problem(problem.message.replace(" of 'service'", "", 1), hint=problem.hint)


def _has_shape(value: Any, shape: str) -> bool:
    if shape == "word":
        return _is_word(value)
    if shape == "list":
        return isinstance(value, list) and all(map(_is_word, value))
    if shape == "pairs":
        return isinstance(value, dict) and all(item is None or _is_word(item) for item in value.values())
    return isinstance(value, dict)


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)
