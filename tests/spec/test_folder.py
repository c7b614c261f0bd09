"""The author's files beside a spec: no link leads out of the catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.repository import Repository
from tests.helpers import tree

SPEC = "forge: 1\nname: x-conf\nservice: x:1\nlaunch: {exec: [x]}\nfiles: [{dest: /etc/app/x, body: [{file: secret.txt}]}]\n"
STANDARDS = "defaults: {maintainer: Jo <jo@example.org>}\n"
OUTSIDE = {"x-conf.yml": SPEC, "x-conf/secret.txt": "secret", "catalog-forge.yml": STANDARDS}


@pytest.mark.parametrize("link", ["specs/x-conf", "specs/x-conf.yml", "specs", "catalog-forge.yml", "specs/x-conf/secret.txt"])
def test_no_link_leads_out_of_the_catalog(tmp_path: Path, link: str) -> None:
    outside = tree(tmp_path / "outside", OUTSIDE)
    catalog = tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC, "specs/x-conf/secret.txt": "ours"})
    place = catalog / link
    if place.is_dir():
        place.rename(tmp_path / "away")
    place.unlink(missing_ok=True)
    place.symlink_to(outside if link == "specs" else outside / link.removeprefix("specs/"))
    with pytest.raises(ForgeError, match="leads out of"):
        Repository(catalog).source("x-conf").plan()


def test_a_link_within_the_catalog_is_followed(tmp_path: Path) -> None:
    catalog = tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC, "specs/shared/secret.txt": "ours"})
    (catalog / "specs/x-conf").symlink_to("shared")
    plan = Repository(catalog).source("x-conf").plan()
    assert any(b"ours" in file.content for file in plan)


def test_a_catalog_may_be_reached_by_a_link(tmp_path: Path) -> None:
    tree(tmp_path / "real", {"specs/x-conf.yml": SPEC, "specs/x-conf/secret.txt": "ours"})
    (tmp_path / "catalog").symlink_to("real")
    assert Repository(tmp_path / "catalog").source("x-conf").plan()


def test_a_link_that_leads_to_itself_is_said(tmp_path: Path) -> None:
    catalog = tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC})
    (catalog / "specs/x-conf").symlink_to("x-conf")
    with pytest.raises(ForgeError):
        Repository(catalog).source("x-conf").plan()
