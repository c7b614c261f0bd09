"""Lists the docker-compose v2 and rancher-compose keys that a service of an entry may have.

The keys come from the version 2.0 service schema of docker-compose 1.29 and the service schema of rancher-compose's executor
v0.14.29. docs/facts/catalog.md#3.13 and #4.5 count the uses of each key. Keys that the compiler itself writes are not included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import Problem, Where, first_of
from catalog_forge.rancher import keys
from catalog_forge.rancher.judgement import maps, services

# Keys of docker-compose that define how the program's own container runs.
MAIN_KEYS = frozenset(
    "cap_add cap_drop cgroup_parent cpu_quota cpu_shares cpuset devices environment group_add ipc "
    "logging mem_limit mem_reservation memswap_limit mem_swappiness oom_score_adj pid privileged read_only restart "
    "security_opt shm_size stdin_open stop_grace_period stop_signal tmpfs tty ulimits user volume_driver volumes "
    "volumes_from working_dir".split()
)
# Keys of docker-compose about the network. They belong to the container that owns the network.
NETWORK_KEYS = frozenset("depends_on dns dns_search expose external_links extra_hosts hostname labels links ports".split())
# Keys of rancher-compose. They belong to the primary service.
RANCHER_KEYS = frozenset(
    "drain_timeout_ms external_ips lb_config memory milli_cpu_reservation network_driver retain_ip scale_policy "
    "start_on_create storage_driver type upgrade_strategy userdata vcpu".split()
)
SERVICE_KEYS = MAIN_KEYS | NETWORK_KEYS | RANCHER_KEYS
# Keys that go into rancher-compose.yml, because docker-compose has no such keys. Some of the keys are allowed only in companions.
RANCHER_FILE = RANCHER_KEYS | frozenset(
    "blkio_weight blkio_weight_device certs default_cert description device_read_bps device_read_iops device_write_bps "
    "device_write_iops disks health_check load_balancer_config metadata scale uts".split()
)
# A companion may have all keys except those that need other files or a top-level section `networks` or `secrets`.
COMPANION_KEYS = keys.V2 - frozenset("build env_file extends networks secrets".split())


# The types of keys whose values have a structure that a single string cannot represent.
_OF_PARTS = frozenset("map labels environment ports set numbers list list-of-pairs limits rates disks rules".split())
# Hints on how to write a value of each type, for problems that have no hint.
_LIST = "write a list of strings: [a, b], or with '- ' before each string"
_PAIRS = "write NAME: VALUE, with a single value for each name"
_FORMS = {
    **dict.fromkeys(("text", "text-or-nothing"), "write a single string"),
    "truth": "write true or false, in lower case and without quotes",
    **dict.fromkeys(("number", "whole"), "write only digits, such as 512"),
    "score": "write a whole number from -1000 to 1000",
    **dict.fromkeys(("size", "reservation"), "write a number of bytes, or a number with a unit, such as 512m"),
    "duration": "write a number with a unit, such as 30s or 1m30s",
    "command": "write a list of words, such as [nginx, -g, 'daemon off;']",
    "ports": "write a list, such as ['8080:80']",
    **dict.fromkeys(("set", "numbers", "text-or-set", "list", "list-of-pairs"), _LIST),
    **dict.fromkeys(("labels", "environment", "rates"), _PAIRS),
    "limits": "write NAME: NUMBER, or NAME: {soft: 1024, hard: 2048}",
    "map": "write its keys below it, each as KEY: VALUE",
    **dict.fromkeys(("disks", "rules"), "write a list of mappings, with '- ' before the first key of each"),
}
# Hints on how to write a part of a structure, by words of the problem.
_INNER = {
    "not a whole number from": "write a number within these limits, such as 80",
    "whole number": _FORMS["whole"],
    "not a list of texts": _LIST,
    "not a list of": _FORMS["rules"],
    "not a text": _FORMS["text"],
}
_MOST_KEYS = 12
VOLUME_NAME = r"[a-zA-Z0-9][a-zA-Z0-9._-]*"


def floats(image: str) -> bool:
    """Whether an image reference may later mean a different image: it has no digest, and either no tag or the tag `latest`."""
    return "@" not in image and image.rpartition("/")[2].partition(":")[2] in ("", "latest")


def named_volume(mount: str) -> str:
    """Return the name of the volume that a mount refers to; empty for a path and for a variable."""
    name, colon, _ = mount.partition(":")
    return name if colon and re.fullmatch(VOLUME_NAME, name) else ""


def refused(name: str, value: Any, source: yamlio.Node | None = None) -> Iterator[Problem]:
    """Yield a problem for each part of a key's value that rancher-compose refuses, that nothing reads or that has no effect.

    A string that contains a `$` is not checked, because its value is known only at launch. `source`: the author's node, in which
    the problems are located.
    """
    if name in ("ports", "expose") and isinstance(value, list):
        # Rancher's schema accepts every number as a port, but the engine does not. For strings, both accept the same range.
        value = [str(port) if type(port) is int else port for port in value]
    node = yamlio.parse(yamlio.dump({name: value}), "")
    assert isinstance(node, yamlio.Map)
    ((key, written),) = node.pairs
    # Substituting variables never turns a string into a mapping or a list, so a string in place of a mapping or list is always a
    # fault.
    whole = isinstance(written, yamlio.Text) and keys.KEYS[name].type in _OF_PARTS
    places = dict(_places(written, source))
    varied = {text.where for text in yamlio.texts(written) if "$" in text.value and not whole}
    for problem in services.problems_of("service", {name: (key, written)}, True):
        # Two rules do not apply here: CF432 compares memswap_limit with another key, but this function gets only one key. CF421
        # is about values that change because they are not in quotes, but the compiler writes all values in quotes.
        is_other = problem.rule == "CF432" or (problem.rule == "CF421" and not problem.who)
        if problem.where not in varied and not is_other:
            hint = problem.hint or _form(name, problem.where == written.where, problem.message)
            yield Problem(problem.message.replace(" of 'service'", "", 1), problem.where and places.get(problem.where), hint)


def _places(copy: yamlio.Node, source: yamlio.Node | None) -> Iterator[tuple[Where, Where]]:
    """Yield the location of each part of a copied value, and its location in the author's node."""
    if source is not None:
        yield copy.where, source.where
    if isinstance(copy, yamlio.Map) and isinstance(source, yamlio.Map):
        for (key, value), (own_key, own) in zip(copy.pairs, source.pairs, strict=False):
            yield key.where, own_key.where
            yield from _places(value, own)
    elif isinstance(copy, yamlio.Seq) and isinstance(source, yamlio.Seq):
        for item, own_item in zip(copy.items, source.items, strict=False):
            yield from _places(item, own_item)


def _form(name: str, whole: bool, message: str) -> str:
    """Return a hint on how to write the value of a key, or on the keys that the value may have.

    `whole`: whether the value itself is wrong, not a part of it.
    """
    if not whole and name in (*maps.STRUCTS, "disks"):
        return next((hint for what, hint in _INNER.items() if what in message), "")
    if name in maps.STRUCTS:
        inner = [f"{key} ({kind.word})" for key, kind in sorted(maps.STRUCTS[name].fields.items())]
        return f"its keys: {first_of(inner, _MOST_KEYS)}"
    return _FORMS.get(keys.KEYS[name].type, "")


def labels_of(labels: Mapping[str, Any] | list[Any] | None) -> Iterator[tuple[str, str]]:
    """Yield the name and value of each label as strings, the only type that Docker accepts.

    `labels`: a mapping, or a list of NAME=VALUE.
    """
    pairs = labels.items() if isinstance(labels, Mapping) else (str(label).partition("=")[::2] for label in labels or ())
    yield from ((name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in pairs)
