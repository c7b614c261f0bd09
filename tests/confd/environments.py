"""Environments for tests: two stacks that use the same names, with many peers, hosts, labels and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Host, Network, Service, Sidekick, Stack
from catalog_forge.metadata.service.answers import Answers

TOPOLOGIES = ("volumes", "netns")
HOSTS = (Host("h1", "192.0.2.11", {"zone": "a"}), Host("h2", "192.0.2.12", {"zone": "b"}))
METADATA: Mapping[str, Any] = {
    "plain": "a plain value",
    "blank": "",
    "cert1": "first certificate",
    "cert2": "second certificate",
    "port": 9200,
    "flag": True,
    "items": [f"item {number}" for number in range(1, 13)],
    "none": [],
    "users": [{"username": f"u{number}", "password": f"p{number}"} for number in range(12)],
    "tuning": {"b.two": "2", "a.one": "1"},
    "empty": {},
    "hosts": " a.b, c d ,,e,",
    "rows": "one\ntwo\n",
}


def environment(topology: str, scale: int = 12, metadata: Mapping[str, Any] = METADATA, **app: Any) -> Environment:
    """Return two stacks, each with a service `app` of this topology, and services `db` and `web` beside it."""
    network: Network = "own" if topology == "volumes" else "primary"
    kick = Sidekick("app-conf" if topology == "volumes" else "app-main", network)
    labels = {"team": "blue", "role": "app"}
    ours = Service("app", scale, metadata, labels=labels, sidekicks=(kick,), **app)
    theirs = Service("app", 2, {"plain": "theirs"}, labels=labels, sidekicks=(kick,))
    db = Service("db", 2, labels={"role": "store"}, states={2: "stopped"})
    web = Service("web", 3, labels={"role": "store"}, health_check={"port": 80}, healths={1: "unhealthy"})
    other = (theirs, Service("db", 3, labels={"role": "store"}))
    return Environment((Stack("one", (ours, db, web)), Stack("two", other)), HOSTS, "10.42.0.0/16", containers=("loner",))


def view(shown: Environment, topology: str, index: int = 2, stack: str = "one") -> tuple[Answers, str]:
    """Return the answers of an environment, and the address of the conf container of unit `index`."""
    name = "app-conf" if topology == "volumes" else "app"
    for container in units.containers(shown):
        launch = container.launch
        if launch and launch.stack.name == stack and launch.name.lower() == name and container.index == index:
            assert container.address
            return answers_of(shown), container.address
    raise AssertionError("no such container")
