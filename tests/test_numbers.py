"""A number in an entry may have any length and any script: it is a value or an error, and never a traceback."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.errors import ForgeError
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import Tree
from tests.chart import made
from tests.helpers import tree

EXAMPLES = Path(__file__).parents[1] / "examples"
# int() refuses more than 4,300 digits, str.isdigit() accepts a superscript, and a float of 400 digits is infinite.
NUMBERS = ["9" * 5000, "9" * 400, "0" * 5000 + "1", "\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT THREE}", "1e999", ".inf"]
DOCKER = [
    *("ports: [N]", "ports: ['N:80']", "ports: ['N-N:80-81/tcp']", "expose: ['N']", "user: 'N:N'", "image: 'nginx:N'"),
    *("mem_limit: N", "mem_limit: 'Ng'", "shm_size: 'Ng'", "cpu_shares: 'N'", "blkio_weight: N", "scale: N", "tmpfs: ['/x:N']"),
    *("stop_grace_period: Ns", "stop_grace_period: Nx", "restart: 'on-failure:N'", "ulimits: {nofile: {soft: N, hard: 'N'}}"),
    *("extra_hosts: ['a:N']", "dns: ['N.N.N.N']", "metadata: {a: N}", "volumes: ['N:/x']", "secrets: [{source: a, mode: N}]"),
]
RANCHER = [
    "scale: N", "metadata: {a: N}", "scale_policy: {min: N, max: 'N', increment: N}", "drain_timeout_ms: N", "retain_ip: N",
    "health_check: {port: N}", "health_check: {port: 80, interval: 'N', unhealthy_threshold: N, initializing_timeout: 'N'}",
    "upgrade_strategy: {batch_size: N, interval_millis: 'N'}", "disks: [{size: N}]", "memory: N",
    "lb_config: {port_rules: [{source_port: N, target_port: 80, service: b}]}",
    "lb_config: {port_rules: [{source_port: 80, target_port: 'N', service: b, priority: N}]}",
]  # fmt: skip
QUESTIONS = ["type: int, default: 'N', min: 1, max: N", "type: string, default: N, min_length: N, max_length: 'N'"]
BALANCER = """\
  lb:
    image: rancher/load-balancer-service
    ports: ['80:80']
    links: [b]
    labels: {io.rancher.loadbalancer.target.b: 'N,web:N,web:80/x=N'}
"""


def entry(docker: str = "", rancher: str = "", question: str = "type: string", version: str = "1", more: str = "") -> list[str]:
    """Both compose files of an entry, with N in place of a number."""
    image = "" if docker.startswith("image:") else "    image: nginx:1.27.0\n"
    services = f"services:\n  web:\n{image}    {docker}\n  b: {{image: 'busybox:1.37.0'}}\n{more}"
    catalog = f"catalog:\n  name: x\n  version: '{version}'\n  questions: [{{variable: v, label: v, {question}}}]\n"
    return [f"version: '2'\n{services}", f"version: '2'\n{catalog}services:\n  web:\n    {rancher or 'scale: 1'}\n"]


ENTRIES = [
    *(entry(docker=each) for each in DOCKER),
    *(entry(rancher=each) for each in RANCHER),
    *(entry(question=each) for each in QUESTIONS),
    *(entry(version=each) for each in ("N", "1.N", "1.0.0-N")),
    entry(more=BALANCER),
]


@pytest.mark.parametrize(
    "files", ENTRIES, ids=lambda files: next(line.strip() for line in "\n".join(files).splitlines() if "N" in line)
)
def test_a_number_of_any_length_is_a_value_or_an_error(files: list[str]) -> None:
    for number in NUMBERS:
        docker, rancher = (file.replace("N", number) for file in files)
        at = {"templates/x/0/docker-compose.yml": docker, "templates/x/0/rancher-compose.yml": rancher}
        run(Catalog(Tree.of(at)), Choice(registry.expand(("all",))))  # a rule that crashes is an exception
        with suppress(ForgeError):
            made.of_entry(docker, rancher)


CONF = {
    "images/web-conf/Dockerfile": "FROM busybox:1.37.0\nADD conf.d /etc/confd/conf.d\nADD templates /etc/confd/templates\n"
    'ENTRYPOINT ["confd", "-backend", "rancher"]\n',
    "images/web-conf/conf.d/a.toml": '[template]\nsrc = "a.tmpl"\ndest = "/etc/web/a.conf"\nkeys = ["/self"]\n',
    "images/web-conf/templates/a.tmpl": 'name {{getv "/self/service/name"}}\n',
    "templates/web/config.yml": "name: web\nversion: N\n",
    "templates/web/0/docker-compose.yml": "version: '2'\nservices:\n  web:\n    image: nginx:1.27.0\n"
    "    volumes_from: [web-conf]\n    labels: {io.rancher.sidekicks: web-conf}\n  web-conf:\n"
    "    image: 'acme/web-conf:N'\n    stop_grace_period: Ns\n",
    "templates/web/0/rancher-compose.yml": "version: '2'\ncatalog: {name: web, version: 'N'}\nservices:\n"
    "  web:\n    scale: 'N'\n    health_check: {port: 80, interval: 'N', healthy_threshold: N}\n",
}


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
def test_adopting_an_entry_with_such_a_number_is_no_bug(number: str, tmp_path: Path) -> None:
    tree(tmp_path, {path: text.replace("N", number) if path.startswith("templates") else text for path, text in CONF.items()})
    words = ["-C", str(tmp_path), "adopt", "images/web-conf", "--entry", "templates/web"]
    result = CliRunner().invoke(root, words)
    assert result.exit_code == 1 and "bug" not in result.output, result.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("metadata", "serve", "templates/web/config.yml", "--listen", ":N"), 2, "write the port as a number up to 65535"),
        (("-C", str(EXAMPLES), "render", "elasticsearch-conf", "--step", "N"), 1, "there is no step"),
        (("up", "templates/web", "--scale", "web=N", "--plan"), 2, "is not a number from 0 to"),
    ],
)
def test_such_a_number_on_the_command_line_is_an_error(words: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    tree(tmp_path, {path: text.replace("N", "1") for path, text in CONF.items()})
    for number in NUMBERS[:4]:
        result = CliRunner().invoke(root, ["-C", str(tmp_path), *(word.replace("N", number) for word in words)])
        assert result.exit_code == code and said in result.output, result.output[-500:]
