"""A small sound catalog, and others that differ from it by some files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from catalog_forge.lint.tree import MAX_BYTES, File, Kind, Tree

SOUND: dict[str, str] = {
    "templates/web/config.yml": """\
name: Web
version: '1.0.0'
description: A web server
category: Applications
maintainer: Jo Doe <jo@example.org>
license: Apache-2.0
projectURL: https://example.org
""",
    "templates/web/catalogIcon-web.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "templates/web/0/README.md": "# Web\n",
    "templates/web/0/docker-compose.yml": """\
version: '2'
services:
  web:
    image: nginx:1.27.3
    environment:
      GREETING: ${greeting}
    labels:
      io.rancher.sidekicks: web-conf
    volumes_from:
    - web-conf
  web-conf:
    image: ghcr.io/example/web-conf:1.0.0
    labels:
      io.rancher.container.start_once: 'true'
""",
    "templates/web/0/rancher-compose.yml": """\
version: '2'
catalog:
  name: Web
  version: '1.0.0'
  description: A web server
  questions:
  - variable: greeting
    type: string
    label: Greeting
    description: What a visitor reads
    required: true
    default: 'hello'
services:
  web:
    scale: 2
    metadata:
      greeting: ${greeting}
    health_check:
      port: 80
      interval: 2000
      response_timeout: 2000
      healthy_threshold: 2
      unhealthy_threshold: 3
      request_line: GET / HTTP/1.0
""",
    "images/web-conf/Dockerfile": """\
ARG BASE=busybox:1.37.0
FROM ${BASE}
COPY conf.d/ /etc/confd/conf.d/
COPY templates/ /etc/confd/templates/
COPY run.sh /
VOLUME ["/etc/web"]
ENTRYPOINT ["/run.sh"]
""",
    "images/web-conf/run.sh": """\
#!/bin/sh
exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
""",
    "images/web-conf/conf.d/web.toml": """\
[template]
src = "web.conf.tmpl"
dest = "/etc/web/web.conf"
mode = "0644"
keys = [
  "/self/service",
]
reload_cmd = "wget -q -O /dev/null http://web:81/reload"
""",
    "images/web-conf/templates/web.conf.tmpl": 'greeting={{getv "/self/service/metadata/greeting" "hello"}}\n',
}


def tree(changes: Mapping[str, str | None] | None = None, odd: Mapping[str, str] | None = None) -> Tree:
    """The sound catalog with some files changed, added, or (None) left out; `odd` ones as `Example.odd` has them."""
    files = {**SOUND, **(changes or {})}
    found = Tree.of({path: text for path, text in files.items() if text is not None})
    return Tree([*found.files.values(), *(_odd(path, word, files.get(path) or "") for path, word in (odd or {}).items())])


def _odd(path: str, word: str, text: str) -> File:
    if word == "large":
        return File(path, MAX_BYTES * 2, lambda: b"")
    written = {"bom": f"\ufeff{text}", "crlf": text.replace("\n", "\r\n"), "tabs": text.replace("»", "\t")}
    content = written.get(word, text).encode()
    return File(path, len(content), lambda: content, "file" if word in written else cast(Kind, word))
