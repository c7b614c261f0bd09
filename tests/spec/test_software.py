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
