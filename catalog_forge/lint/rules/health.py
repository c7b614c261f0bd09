"""CF413 to CF415: health checks, as rancher-compose and Rancher's haproxy read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.errors import Where
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.lint.entries.judged import told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.tree import keys_of
from catalog_forge.yamlio import Map, Node

_NUMBER = re.compile(r"[-+]?[0-9]+")
_TIMES = ("interval", "response_timeout", "initializing_timeout", "reinitializing_timeout")
COUNTS = ("port", "healthy_threshold", "unhealthy_threshold", *_TIMES)


def _health(revision: Revision) -> Iterator[tuple[str, dict[str, Node], Where]]:
    """The health checks: the service, its keys, where it stands."""
    for service in revision.composition.services.values():
        for part in service.parts:
            node = part.get("health_check")
            if isinstance(node, Map):
                yield service.name, keys_of(node), part.keys["health_check"][0].where


@rule("CF413", "error", "A health check value is not a whole number", on=Revision)
@told("CF413")
def health_numbers(_: Revision) -> None:
    """Ports, thresholds and times are whole numbers; rancher-compose refuses everything else.

    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, interval: 5s}
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: '80', interval: 5000}
    Source: docs/facts/catalog.md#3.14
    """


@rule("CF414", "warning", "A health check lacks its port, or has an unknown strategy", on=Revision)
@told("CF414")
def health_check(revision: Revision) -> Iterator[Hit]:
    """Without a port there is nothing to ask. The strategies are recreate, recreateOnQuorum and none.

    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {interval: 2000, strategy: restart}
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, strategy: recreate}
    Source: docs/facts/catalog.md#3.14, #3.16
    """
    for name, found, where in _health(revision):
        if "port" not in found:
            yield Hit(where, f"the health check of {name!r} has no port", "port: NUMBER")


@rule("CF415", "note", "A time of a health check looks like seconds", on=Revision)
def health_times(revision: Revision) -> Iterator[Hit]:
    """All times of a health check are milliseconds: with less than a tenth of a second, it is asked all the time, or never waits
    for the answer.

    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, interval: 5, response_timeout: 2000}
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, interval: 5000, response_timeout: 2000}
    Source: docs/facts/catalog.md#3.14
    """
    for name, found, _ in _health(revision):
        for key in _TIMES:
            text = text_of(found.get(key))
            if re.fullmatch(r"[0-9]{1,2}", text) and int(text):
                message = f"{key} of the health check of {name!r} is {text} ms"
                yield Hit(found[key].where, message, f"times are milliseconds: {int(text) * 1000} for {text} seconds")
