"""A catalog with an entry that a spec makes and one that somebody wrote by hand; and a browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers import tree

if TYPE_CHECKING:
    from selenium import webdriver

SPEC = """\
forge: 1
name: web-conf
maintainer: Jo Doe <jo@example.org>
service:
  image: nginx:1.27.3
  name: web
entry: {name: web, title: Web server}
launch: {exec: [nginx]}
metadata:
  port: {type: int, label: Port, default: 8080}
  title: {label: Title, default: hello}
  token: {type: password, label: Token, default: ''}
files:
- dest: /etc/web/web.conf
  format: ini
  reload: restart
  body:
  - set: {port: '@{metadata/port}', title: '@{metadata/title}', node: '@{self.name}'}
  - list: {of: peers, item: 'peer.@{it.index} = @{it.ip}'}
- dest: /etc/web/secret.conf
  format: ini
  mode: '0600'
  body:
  - set: {token: '@{metadata/token}'}
"""
DOCKER = """\
version: '2'
services:
  db:
    image: postgres:12   # ${size} of a comment is none
    environment:
      SIZE: "${size} of ${size}"
      WHO: $who
      MONEY: $$5
"""
RANCHER = """\
version: '2'
catalog:
  name: Database
  version: 1.2.3
  questions:
  - {variable: size, type: int, label: Size, default: 3, min: 1, max: 9, required: true}
  - {variable: who, type: string, label: 'Whose ${size}', required: true}
  - {variable: pin, type: password, label: Pin}
services:
  db:
    scale: 2
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return tree(
        tmp_path / "catalog",
        {
            "specs/web-conf.yml": SPEC,
            "templates/db/config.yml": "name: Database\nversion: 1.2.3\ndescription: Rows\ncategory: Data\n",
            "templates/db/0/docker-compose.yml": DOCKER,
            "templates/db/0/rancher-compose.yml": RANCHER,
            "templates/db/0/README.md": "# Database\n\nKeeps *rows*.\n",
        },
    )


@pytest.fixture(scope="session")
def browser(chromium: tuple[str, str]) -> Iterator[webdriver.Chrome]:
    """One browser for all tests of a process: to start it takes longer than most of them."""
    from tests.preview.browser import started

    with started(chromium) as found:
        yield found
