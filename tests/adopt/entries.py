"""An entry as people write them by hand, in words of our own: a conf sidekick, a data container, a load balancer."""

from __future__ import annotations

DOCKER = """\
app:
  image: acme/app-conf:v1.2.0
  labels:
    io.rancher.sidekicks: app-base,app-data
    io.rancher.scheduler.affinity:container_label_ne: io.rancher.stack_service.name=$${stack_name}/$${service_name}
  volumes_from: [app-data]
app-base:
  image: acme/app:3.1
  net: "container:app"
  volumes_from: [app-data]
  environment: {HEAP: "${heap}"}
  entrypoint: /start.sh
  command: app --name ${app_name}
app-data:
  image: acme/app:3.1
  entrypoint: /bin/true
  labels: {io.rancher.container.start_once: "true"}
  volumes: [/var/lib/app, /etc/app]
web:
  image: nginx
  ports: ["${port}:80"]
  links: ["app:back"]
"""
RANCHER = """\
.catalog:
  name: App
  version: 1.0.0-rancher3
  description: An app
  questions:
  - {variable: app_name, label: Name, type: string, required: true, default: one}
  - {variable: heap, label: Heap, type: string, default: 512m}
  - {variable: port, label: Port, type: int, default: 80, required: true}
  - {variable: idle, label: Idle, type: string}
app:
  scale: 3
  metadata:
    level: "5"
    app:
      cluster: "${app_name}"
      role: master
  health_check: {port: 9200, request_line: GET /, interval: 2000, response_timeout: 2000, unhealthy_threshold: 3,
    healthy_threshold: 2}
"""
CONFIG = "name: App\ndescription: An app\nversion: 1.0.0-rancher3\ncategory: Databases\nmaintainer: Jo Doe <jo@example.org>\n"
ENTRY = {
    "templates/app/config.yml": CONFIG,
    "templates/app/catalogIcon-app.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "templates/app/0/docker-compose.yml": DOCKER.replace("v1.2.0", "v1.1.0"),
    "templates/app/0/rancher-compose.yml": RANCHER.replace("rancher3", "rancher2"),
    "templates/app/1/docker-compose.yml": DOCKER,
    "templates/app/1/rancher-compose.yml": RANCHER,
    "templates/app/1/README.md": "# App\n\nHow to use it.\n",
}
