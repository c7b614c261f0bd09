"""The answers that follow from an environment, held against answers of the real service.

`SHAPES` is an excerpt of what rancher-metadata serves for a stack "Search": Elastic (scale 3, sidekick elastic-conf),
Dashboard linked to it, a stand-alone container, two hosts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Host, Service, Sidekick, Stack
from catalog_forge.metadata.service.lookup import find, segments

V1, V2, V3 = "2015-07-25", "2015-12-19", "2016-07-29"
VERSIONS = [V1, V2, V3, "latest"]

CHECK: dict[str, Value] = {
    "healthy_threshold": 2,
    "interval": 2000,
    "port": 9200,
    "request_line": "GET / HTTP/1.0",
    "response_timeout": 2000,
    "unhealthy_threshold": 3,
}
SEARCH = Environment(
    stacks=(
        Stack(
            "Search",
            (
                Service(
                    "Elastic",
                    scale=3,
                    metadata={"big": 9007199254740993, "seeds": ["s1", "s2"], "nothing": None, "empty_map": {}},
                    sidekicks=(Sidekick("elastic-conf"),),
                    ports=("9200:9200/tcp",),
                    health_check=CHECK,
                ),
                Service("Dashboard", links={"Elastic": "es"}, ports=("8080:5601/tcp",)),
            ),
        ),
    ),
    hosts=(Host("node-a", "192.0.2.11", {"role": "data"}), Host("node-b", "192.0.2.12")),
    containers=("adhoc-shell",),
)
ANSWERS = answers_of(SEARCH, "7")

CONTAINER = set(
    """create_index dns dns_search environment_uuid external_id health_check health_check_hosts health_state host_uuid
    hostname ips labels links memory_reservation metadata_kind milli_cpu_reservation name network_from_container_uuid
    network_uuid ports primary_ip primary_mac_address service_index service_name service_uuid stack_name stack_uuid
    start_count state system uuid""".split()
)
SERVICE = set(
    """containers create_index environment_uuid expose external_ips fqdn health_check hostname kind labels lb_config
    links metadata metadata_kind name ports primary_service_name scale sidekicks stack_name stack_uuid state system
    token uuid vip""".split()
)
STACK = set("environment_name environment_uuid metadata_kind name services system uuid".split())
HOST = set(
    """agent_ip agent_state environment_uuid hostname labels local_storage_mb memory metadata_kind milli_cpu name state
    uuid""".split()
)
NETWORK = set("""default_policy_action environment_uuid host_ports is_default metadata metadata_kind name policy uuid""".split())
TOP = set("containers hosts name networks region_name self services stacks uuid version".split())


def get(version: str, path: str, client: str = "10.42.1.11") -> Any:
    entry = ANSWERS.entry(version, client)
    assert entry is not None
    return find(entry, segments(path))


def keys(value: Mapping[str, Any]) -> set[str]:
    return set(value)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_has_the_keys_of_the_real_one(version: str) -> None:
    numbered = {"hostId"} if version in (V1, V2) else set()
    assert keys(get(version, "")) == TOP | (set() if numbered else {"environments"})
    assert keys(get(version, "self/container")) == CONTAINER
    assert keys(get(version, "containers/adhoc-shell")) == CONTAINER - {"service_uuid"}
    assert keys(get(version, "self/service")) == SERVICE
    assert keys(get(version, "services/elastic-conf")) == SERVICE
    assert keys(get(version, "self/stack")) == STACK
    assert keys(get(version, "self/host")) == HOST | numbered
    assert keys(get(version, "hosts/1")) == HOST | numbered
    assert keys(get(version, "self/host", client="unknown")) == HOST
    assert keys(get(version, "networks/0")) == NETWORK


def test_the_first_version_names_what_the_later_ones_hold() -> None:
    assert get(V1, "self/service/containers") == ["Search-Elastic-1", "Search-Elastic-2", "Search-Elastic-3"]
    assert get(V1, "self/stack/services") == ["Elastic", "elastic-conf", "Dashboard"]
    assert get(V2, "self/service/containers/Search-Elastic-2") == get(V2, "containers/Search-Elastic-2")
    assert get(V2, "self/stack/services/Dashboard") == get(V2, "services/Dashboard")


def test_the_third_version_lower_cases_names_but_no_label() -> None:
    assert get(V3, "self/container/name") == "search-elastic-1"
    assert [get(V3, f"self/container/{key}") for key in ("service_name", "stack_name")] == ["elastic", "search"]
    assert get(V3, "self/stack/name") == "search"
    assert get(V3, "services/dashboard/links") == {"search/elastic": "es"}
    assert get(V3, "self/container/labels/io.rancher.container.name") == "Search-Elastic-1"
    assert [item["name"] for item in get(V3, "containers")][:2] == ["adhoc-shell", "search-dashboard-1"]


@pytest.mark.parametrize(
    ("path", "by_version"),
    [
        ("self/container/ports", {V1: ["192.0.2.11:9200:9200/tcp"], V3: ["0.0.0.0:9200:9200/tcp"]}),
        ("containers/adhoc-shell/ports", {V1: [], V2: [], V3: None}),
        ("services/Dashboard/sidekicks", {V1: [], V2: []}),
        ("services/dashboard/sidekicks", {V3: None}),
        ("services/elastic-conf/ports", {V1: [], V2: [], V3: []}),
        ("self/service/links", {V1: None, V2: None, V3: {}}),
        ("services/Dashboard/links", {V1: {"Search/Elastic": "es"}, V2: {"Search/Elastic": "es"}}),
        ("self/service/sidekicks", {V1: ["elastic-conf"], V3: ["elastic-conf"]}),
        ("self/container/links", {V1: None, V3: None}),
        ("self/container/service_index", {V1: "1", V3: "1"}),
        ("self/container/create_index", {V1: 1, V3: 1}),
        ("containers/adhoc-shell/service_index", {V1: None, V3: None}),
    ],
)
def test_versions_differ_in_what_is_null_and_what_is_empty(path: str, by_version: dict[str, object]) -> None:
    assert {version: get(version, path) for version in by_version} == by_version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sidekick_is_a_service_with_its_primarys_uuid_and_metadata(version: str) -> None:
    primary = get(version, "self/service")
    sidekick = get(version, "services/elastic-conf")
    assert sidekick["uuid"] == primary["uuid"]
    assert sidekick["metadata"] == primary["metadata"]
    assert sidekick["primary_service_name"] == primary["name"]
    assert sidekick["sidekicks"] == ["elastic-conf"]
    assert len(sidekick["containers"]) == 3
    assert sidekick["containers"] != primary["containers"]


def test_the_containers_of_a_unit_share_host_and_deployment_unit() -> None:
    unit = "io.rancher.service.deployment.unit"
    units = []
    for index in (1, 2, 3):
        pair = [get(V2, f"containers/Search-Elastic-{name}{index}") for name in ("", "elastic-conf-")]
        assert len({item["labels"][unit] for item in pair}) == 1
        assert len({item["host_uuid"] for item in pair}) == 1
        units.append(pair[0]["labels"][unit])
    assert len(set(units)) == 3


def test_metadata_keeps_its_types_and_gets_the_hash_of_rancher_compose() -> None:
    metadata = dict(get(V3, "self/service/metadata"))
    assert len(metadata.pop("io.rancher.service.hash")) == 40
    assert metadata == {"big": 9007199254740993, "seeds": ["s1", "s2"], "nothing": None, "empty_map": {}}
    assert get(V1, "services/Dashboard/metadata") == {}


def test_each_container_sees_itself_by_its_predictable_address() -> None:
    for index in (1, 2, 3):
        address = f"10.42.1.{10 + index}"
        own = get(V2, "self/container", client=address)
        assert (own["name"], own["primary_ip"], own["ips"]) == (f"Search-Elastic-{index}", address, [address])
    shell = get(V2, "containers/adhoc-shell")
    assert "service" not in get(V2, "self", client=shell["primary_ip"])


def test_only_self_knows_the_token_of_a_service() -> None:
    assert get(V2, "self/service/token")
    assert get(V2, "services/Elastic/token") is None
    assert get(V2, "self/stack/services/Elastic/token") is None


def test_a_link_leads_to_a_container() -> None:
    assert get(V1, "containers/Search-Dashboard-1/links") == {"es": get(V1, "containers/Search-Elastic-1/uuid")}


def one(service: Service) -> Environment:
    return Environment((Stack("s", (service,)),), (Host("a", "192.0.2.11"), Host("b", "192.0.2.12")))


def test_a_sidekick_in_its_primarys_network_has_no_address_and_no_answers_of_its_own() -> None:
    answers = answers_of(one(Service("conf", 2, sidekicks=(Sidekick("main", "primary"),))))
    assert list(answers.versions[V2]) == ["10.42.1.11", "10.42.1.12", "default"]
    entry = answers.entry(V2, "10.42.1.12")
    assert entry is not None
    main: Any = find(entry, ["containers", "s-conf-main-2"])
    assert (main["primary_ip"], main["ips"]) == (None, [])
    assert main["network_from_container_uuid"] == find(entry, ["self", "container", "uuid"])


def test_scaling_moves_and_renames_nobody() -> None:
    def identities(scale: int) -> dict[str, tuple[str, str]]:
        answers = answers_of(one(Service("es", scale, sidekicks=(Sidekick("conf"),))))
        entry: Any = answers.entry(V2, "default")
        return {item["name"]: (item["uuid"], item["primary_ip"]) for item in entry["containers"]}

    small, large = identities(3), identities(5)
    assert len(small) == 6
    assert len(set(large.values())) == 10
    assert small.items() <= large.items()


def test_states_and_healths_are_by_container() -> None:
    service = Service("es", 3, health_check=CHECK, states={2: "stopped"}, healths={3: "unhealthy"})
    entry = answers_of(one(service)).entry(V3, "default")
    assert entry is not None
    containers: Any = entry["containers"]
    assert [item["state"] for item in containers] == ["running", "stopped", "running"]
    assert [item["health_state"] for item in containers] == ["healthy", "healthy", "unhealthy"]


def test_a_thousand_containers_are_unfolded_in_no_time_because_objects_are_shared() -> None:
    environment = Environment((Stack("s", (Service("es", 1000),)),), (Host("a", "192.0.2.11"),), subnet="10.42.0.0/16")
    entry = answers_of(environment).entry(V2, "10.42.3.242")  # 10.42.0.10 and a thousand
    assert entry is not None
    assert find(entry, segments("self/container/service_index")) == "1000"
    assert find(entry, segments("self/service")) is not find(entry, segments("services/es"))
    assert find(entry, segments("self/container")) is find(entry, segments("containers/s-es-1000"))
