"""The table of well-known software: each row is words that a spec takes."""

from __future__ import annotations

import json

import pytest

from catalog_forge.blueprint.spec_from_flags import Words, spec_of
from catalog_forge.spec.programs import SOFTWARE, Software, known_software
from catalog_forge.spec.reader import read
from tests.helpers import started


@pytest.mark.parametrize("row", SOFTWARE, ids=lambda row: row.name)
def test_a_row_makes_a_spec(row: Software) -> None:
    check = {"port": row.port, **({"request_line": row.request} if row.request else {})}
    data = {
        "forge": 1, "name": "x-conf", "service": {"name": "x", "image": f"{[*row.images, 'x'][0]}:1", "health_check": check},
        "config": row.config, "reload": row.reload, "launch": {"exec": ["x"]},
    }  # fmt: skip
    spec = read(json.dumps(data), "x.yml")
    assert str(spec.files[0].reload) == row.reload and spec.service.health_check and row.source


def test_no_image_has_two_rows() -> None:
    images = [image for row in SOFTWARE for image in row.images]
    assert len(images) == len(set(images))


@pytest.mark.parametrize(
    ("service", "given", "reload"),
    [
        ("nginx:1.27", "", "signal HUP"), ("lb=docker.io/library/haproxy:2.6", "", "signal USR2"), ("acme", "", "none"),
        ("nginx:1.27", "restart", "restart"),
    ],
)  # fmt: skip
def test_new_knows_the_reload_of_known_software(service: str, given: str, reload: str) -> None:
    spec = read(started(spec_of("x-conf", Words(service, "/etc/x/x.ini", given))), "x.yml")
    assert str(spec.files[0].reload) == reload
    assert known_software("acme") is None


@pytest.mark.parametrize(
    ("words", "dest", "format", "check"),
    [
        (Words("redis:7", ""), "/usr/local/etc/redis/redis.conf", "space", (6379, "")),
        (Words("lb=haproxy:2.6", "/etc/lb/lb.cfg"), "/etc/lb/lb.cfg", "haproxy", (80, "")),
        (Words("mongo:4", "/data/own.conf"), "/data/own.conf", "yaml", (27017, "")),
        (Words("mongo:4", "/data/own.ini"), "/data/own.ini", "ini", (27017, "")),
        (Words("mongo:4", "/data/own.conf", format="raw"), "/data/own.conf", "raw", (27017, "")),
        (Words("x=prom/prometheus:v2", "", topology="netns"), "/etc/prometheus/prometheus.yml", "yaml",
         (9090, "GET /-/healthy HTTP/1.0")),
        (Words("acme:1", "/etc/a/a.ini"), "/etc/a/a.ini", "ini", None),
    ],
)  # fmt: skip
def test_new_knows_file_format_and_health_check_too(words: Words, dest: str, format: str, check: tuple[int, str] | None) -> None:
    spec = read(started(spec_of("x-conf", words)), "x.yml")
    (file,) = spec.files
    found = spec.service.health_check
    assert (file.dest, file.format, (found.port, found.request_line) if found else None) == (dest, format, check)
