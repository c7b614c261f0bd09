"""The structure of Rancher's metadata: its roots, its fields, and which paths are folders (docs/facts/confd.md#5)."""

from __future__ import annotations

import re
from difflib import get_close_matches

from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.reading import Read
from catalog_forge.errors import did_you_mean

ROOTS = tuple("self services stacks containers hosts networks environments version name uuid region_name".split())
_SELF = ("service", "container", "stack", "host")
_FIELDS = {
    "service": "name uuid stack_name stack_uuid kind scale create_index containers sidekicks primary_service_name ports "
    "expose labels links metadata external_ips hostname vip fqdn health_check lb_config state "
    "system token environment_uuid metadata_kind",
    "container": "name uuid primary_ip primary_mac_address ips ports service_name service_uuid stack_name stack_uuid labels "
    "create_index service_index host_uuid hostname state health_state health_check health_check_hosts start_count external_id "
    "network_uuid network_from_container_uuid dns dns_search memory_reservation milli_cpu_reservation system links "
    "environment_uuid metadata_kind",
    "stack": "name uuid environment_name environment_uuid services system metadata_kind",
    "host": "name hostname uuid agent_ip agent_state state labels memory milli_cpu local_storage_mb environment_uuid hostId "
    "metadata_kind",
}
FOLDERS = re.compile(
    r"/(?:self|self/(?:service|container|stack|host)|containers|services|stacks|hosts|networks"
    r"|self/service/(?:metadata|containers|labels|links|sidekicks|ports)|self/stack/services|self/(?:container|host)/labels)"
)
METADATA = re.compile(
    r"(?:/self/service|/services/[^/]+|/self/stack/services/[^/]+|/stacks/[^/]+/services/[^/]+)/metadata/(?!io\.rancher)"
)
# The minimum similarity at which a known name is suggested for a misspelt one.
_NEAR = 0.75


# Matches an element of a service's list of containers or of a stack's list of services. The groups `of` and `below` match if the
# path continues below that element.
_LISTED = re.compile(
    r"(?:/self/service|/services/[^/]+|(?P<stacked>(?:/self/stack|/stacks/[^/]+)/services/[^/]+))"
    r"/(?P<containers>containers)/[^/]+(?P<of>/.)?"
    r"|(?:/self/stack|/stacks/[^/]+)/services/[^/]+(?P<below>/.)?"
)


def not_there(read: Read, path: str, version: str, is_rancher: bool = True) -> tuple[str, str] | None:
    """Return what is wrong with a path in metadata of this version, and a hint, or None if the path may exist.

    If `version` is "", differences between versions are not reported. With a back end other than Rancher's (`is_rancher` is
    False), any root may exist.
    """
    parts = path.split("/")[1:]
    if not parts[0] or WILD in parts[0]:
        return None
    if parts[0] not in ROOTS:
        near = get_close_matches(parts[0], ROOTS, n=1, cutoff=_NEAR)
        hint = f"did you mean {near[0]!r}?" if near else "keys that you declare are below /self/service/metadata"
        return (f"Rancher's metadata has no /{parts[0]}", hint) if is_rancher or near else None
    if parts[0] == "self" and len(parts) > 1 and parts[1] not in _SELF and WILD not in parts[1]:
        return f"Rancher's metadata has no /self/{parts[1]}", did_you_mean(parts[1], _SELF)
    if parts[0] == "self" and len(parts) > 2 and WILD not in parts[2]:
        fields = _FIELDS[parts[1]].split()
        near = get_close_matches(parts[2], fields, n=1, cutoff=_NEAR) if parts[2] not in fields else []
        if near:
            return f"a {parts[1]} has no {parts[2]!r}", f"did you mean {near[0]!r}?"
    return not_in_version(read, path, version)


def not_in_version(read: Read, path: str, version: str) -> tuple[str, str] | None:
    """Return what is wrong with a path that exists only in another metadata version, and a hint (docs/facts/confd.md#5.4)."""
    listed = _LISTED.match(path)
    if not listed or not version:
        return None
    below, whose = listed["of"] or listed["below"], "service's containers" if listed["containers"] else "stack's services"
    if version == "2015-07-25":
        if listed["stacked"]:  # a path below a service, of which this version lists only the name
            below, whose = listed["stacked"], "stack's services"
        found = f"/{'services' if whose.startswith('stack') else 'containers'}/NAME"
        return (f"metadata {version} lists only the names of a {whose}", f"use 2016-07-29, or read {found}") if below else None
    if read.function not in ("getv", "get", "gets", "getvs") or below or len(path) != listed.end():
        return None
    what = whose.rpartition(" ")[2]
    leaf = "primary_ip" if what == "containers" else "name"
    return (
        f"in metadata {version}, this path leads to {what} with fields, not to their names",
        f"the last part of the path is the name; read a field below it, such as .../{leaf}",
    )
