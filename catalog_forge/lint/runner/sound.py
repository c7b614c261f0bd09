"""A small sound catalog, in which no rule finds anything. The examples of the rules are laid over it, file by file."""

from __future__ import annotations

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
