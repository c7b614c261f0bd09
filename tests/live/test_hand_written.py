"""An entry as people wrote them by hand: version 1, a data container, a conf container with its program in its network."""

from __future__ import annotations

import pytest

from tests.helpers import eventually
from tests.live.tool import Tool

pytestmark = pytest.mark.engine

DOCKER = """\
board:
  image: busybox:1.37.0
  labels:
    io.rancher.container.hostname_override: container_name
    io.rancher.sidekicks: board-data, board-web
    io.rancher.scheduler.affinity:container_label_soft_ne: io.rancher.stack_service.name=$${stack_name}/$${service_name}
  volumes_from:
    - board-data
  entrypoint:
    - sh
    - -c
    - |
      trap exit TERM
      while :; do
        wget -qO /board/next http://rancher-metadata/2015-07-25/self/service/metadata/board/title &&
          echo " on $$(hostname)" >>/board/next && mv /board/next /board/index.html
        sleep 0.2
      done
board-data:
  image: busybox:1.37.0
  net: none
  labels:
    io.rancher.container.hostname_override: container_name
    io.rancher.container.start_once: true
  volumes:
    - /board
  entrypoint: /bin/true
board-web:
  image: busybox:1.37.0
  net: "container:board"
  volumes_from:
    - board-data
  command: sh -c 'httpd -p ${port} -h /board; trap exit TERM; while :; do sleep 0.1; done'
  stdin_open: true
  tty: true
reader:
  image: busybox:1.37.0
  environment:
    - PAGE=http://paper:${port}/
    - SHOWN=$${PAGE}
    - title
  links:
    - board:paper
  command: sh -c 'trap exit TERM; while :; do timeout 1 wget -qO- "$$PAGE"; echo "$$SHOWN $$title"; sleep 0.2; done'
"""
RANCHER = """\
.catalog:
  name: StatusView
  version: 1.0.0-rancher1
  minimum_rancher_version: v0.59.0
  questions:
    - variable: port
      label: Port
      type: int
      default: 8080
      required: true
    - variable: title
      label: Title
      required: true
    - variable: count
      type: int
      default: 2
board:
  scale: ${count}
  metadata:
    board:
      title: "${title} costs $$5"
  health_check:
    port: ${port}
    interval: 300
    unhealthy_threshold: 3
    request_line: 'GET / HTTP/1.0'
    healthy_threshold: 1
    response_timeout: 300000
    strategy: recreate
"""


def write(tool: Tool) -> None:
    revision = tool.folder / "templates/probe/0"
    revision.mkdir(parents=True)
    (revision / "docker-compose.yml").write_text(DOCKER)
    (revision / "rancher-compose.yml").write_text(RANCHER)


def test_a_hand_written_entry_comes_up_as_its_author_meant(tool: Tool) -> None:
    write(tool)
    assert "these questions need an answer: title" in tool.up(status=1)
    said = tool.up("--set", "title=News")
    notes = [line.split("not honoured: ")[1] for line in said.splitlines() if "not honoured" in line]
    assert notes == [
        "board: io.rancher.scheduler.affinity:container_label_soft_ne: there is only one host, so nothing is scheduled"
    ]
    assert eventually(lambda: {unit["health"] for name, unit in tool.units().items() if "board" in name} == {"healthy"})
    pages = {f"News costs $5 on {tool.name}-board-{index}" for index in (1, 2)}
    assert eventually(lambda: pages <= {line.split(" | ")[1] for line in tool.run("logs", tool.name, "reader").splitlines()})
    assert f"{tool.name}-reader-1 | ${{PAGE}} News" in tool.run("logs", tool.name, "reader")
    data = tool.client.api.inspect_container(f"{tool.name}-board-board-data-2")
    assert (data["State"]["Status"], data["State"]["ExitCode"], data["HostConfig"]["NetworkMode"]) == ("exited", 0, "none")
    web = tool.client.api.inspect_container(f"{tool.name}-board-board-web-2")
    assert web["HostConfig"]["NetworkMode"] == f"container:{tool.ids()['board-2']}"
    assert web["Config"]["Labels"]["io.rancher.service.launch.config"] == "board-web"


def test_its_unit_is_replaced_as_a_whole_when_the_program_does_not_answer(tool: Tool) -> None:
    write(tool)
    tool.up("--set", "title=News", "--set", "count=1")
    assert eventually(lambda: tool.unit("board-1")["health"] == "healthy")
    before = tool.ids()
    tool.client.containers.get(before["board-board-web-1"]).exec_run(["killall", "httpd"])
    assert eventually(lambda: not set(before.values()) & {tool.ids().get("board-1"), tool.ids().get("board-board-data-1")})
    assert eventually(lambda: tool.unit("board-1")["health"] == "healthy")
