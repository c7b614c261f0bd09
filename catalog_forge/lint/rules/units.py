"""CF405 to CF411, CF443: relations between services: sidekicks and their primaries, links, shared volumes and networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from catalog_forge.errors import Problem
from catalog_forge.lint.entries.judged import MOST_HITS, told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.composition import Composition
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.judgement import units

_IGNORED = ("metadata", "scale", "scale_policy", "retain_ip")


def in_all(revision: Revision, *checks: Callable[[Composition], Iterator[Problem]]) -> Iterator[Hit]:
    """Yield a hit for each problem that `checks` find in a revision's services."""
    # If docker-compose.yml cannot be read, its services are unknown, so nothing is checked.
    found = (fault for check in checks if revision.composition.is_whole for fault in check(revision.composition))
    return (Hit(fault.where, fault.message, fault.hint) for fault in islice(found, MOST_HITS) if fault.where)


@rule("CF405", "error", "A sidekick does not exist", on=Revision)
@told("CF405")
def missing_sidekick(_: Revision) -> None:
    """Each name in the sidekicks label must be the name of a service of the same stack. Otherwise, the catalog shows the entry,
    but the launch fails.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: web-cnf
        web-conf:
          image: busybox:1.37.0
    Good:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: web-conf, web-data
        web-conf:
          image: busybox:1.37.0
        web-data:
          image: busybox:1.37.0
    Source: docs/facts/catalog.md#4.3; "Failed to find sidekick" of rancher-compose-executor v0.14.29
    """


@rule("CF406", "error", "A sidekick has more than one primary, or sidekicks of its own", on=Revision)
@told("CF406")
def odd_units(revision: Revision) -> Iterator[Hit]:
    """A sidekick belongs to one primary: rancher-compose refuses a sidekick with two primaries. rancher-compose never starts the
    sidekicks of a sidekick.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: conf
        api:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: conf
        conf:
          image: busybox:1.37.0
        -- templates/web/0/rancher-compose.yml (absent) --
    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: conf
        conf:
          image: busybox:1.37.0
          labels:
            io.rancher.sidekicks: data
        data:
          image: busybox:1.37.0
    Good:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: conf,data
        conf:
          image: busybox:1.37.0
        data:
          image: busybox:1.37.0
    Source: rancher-compose-executor v0.14.29, "can't have more than one primary service"
    """
    return in_all(revision, units.odd_units)


@rule("CF407", "error", "A container uses volumes or the network of another unit", on=Revision)
def not_in_unit(revision: Revision) -> Iterator[Hit]:
    """Two containers that share volumes or a network must run on the same host: one must be a sidekick of the other, or both must
    be sidekicks of the same primary.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          volumes_from: [data]
        data:
          image: busybox:1.37.0
    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          network_mode: container:conf
    Good:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          labels:
            io.rancher.sidekicks: data,conf
          volumes_from: [data]
        conf:
          image: busybox:1.37.0
          network_mode: container:web
          volumes_from: ['data:ro']
        data:
          image: busybox:1.37.0
    Source: docs/facts/catalog.md#4.9
    """
    return in_all(revision, units.strangers)


@rule("CF408", "warning", "A link has no target", on=Revision)
def missing_link(revision: Revision) -> Iterator[Hit]:
    """If the target of a link or of depends_on does not exist, rancher-compose only logs the fault, and the name does not resolve
    in the container.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        links:
        - db:database
    Good:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          links:
          - db:database
          external_links:
          - ${mail}:mail
        db:
          image: postgres:17.2
    Source: docs/facts/catalog.md#4.3
    """
    return in_all(revision, units.missing_targets, units.self_links)


@rule("CF443", "warning", "Services link to or depend on each other in a cycle", on=Revision)
def cycles(revision: Revision) -> Iterator[Hit]:
    """Each service is started after the services that it links to or depends on. In a cycle, no service can be first:
    docker-compose refuses the file ("Circular dependency between ..."), and Rancher starts one service before the services
    that it needs.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          links: [db]
        db:
          image: postgres:17.2
          links: ['web:http']
    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          depends_on: [db]
        db:
          image: postgres:17.2
          links: [web]
    Good:
        -- templates/web/0/docker-compose.yml: services --
        web:
          image: nginx:1.27.3
          links: [db]
        db:
          image: postgres:17.2
    Source: sort_service_dicts in compose/config/sort_services.py of docker-compose 1.29.2
    """
    return in_all(revision, units.cycles)


@rule("CF409", "warning", "A service is only in rancher-compose.yml", on=Revision)
def only_in_rancher(revision: Revision) -> Iterator[Hit]:
    """A service that is only in rancher-compose.yml is launched without an image. Usually the service's name is spelt differently
    in docker-compose.yml.

    Bad:
        -- templates/web/0/rancher-compose.yml: services --
        wbe:
          scale: 2
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        scale: 2
    Source: docs/facts/catalog.md#3.18, #8.11
    """
    return in_all(revision, units.unknown_to_docker)


@rule("CF410", "error", "A service has no image", on=Revision)
def no_image(revision: Revision) -> Iterator[Hit]:
    """The catalog service and rancher-compose accept a service without an image, but Rancher cannot create a container for it.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        command: nginx
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
    Source: docs/facts/catalog.md#4.3
    """
    return in_all(revision, units.without_image)


@rule("CF411", "warning", "A key has no effect for a sidekick", on=Revision)
def ignored_of_sidekick(revision: Revision) -> Iterator[Hit]:
    """A sidekick has the scale and the metadata of its primary. A sidekick's own scale or metadata is ignored.

    Bad:
        -- templates/web/0/rancher-compose.yml: services --
        web-conf:
          metadata:
            greeting: hello
    Good:
        -- templates/web/0/rancher-compose.yml: services --
        web:
          metadata:
            greeting: hello
        web-conf:
          start_on_create: true
    Source: docs/facts/catalog.md#5.1, #8.20
    """
    composition = revision.composition
    for name, primaries in composition.primaries_of.items():
        for part in composition.services[name].parts if name in composition.services else ():
            for key in _IGNORED:
                if part.get(key) is not None:
                    where = part.keys[key][0].where
                    yield Hit(where, f"{key} of the sidekick {name!r} is ignored", f"move it to {primaries[0]!r}, or remove it")
