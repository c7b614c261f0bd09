"""One entry, three questions: does `up` run it, does `lint` find an error, does Rancher launch it? The answers agree.

Each row names who refuses: `launch` is rancher-compose, so all three say no; `lint` is what it would launch and nobody can mean;
`here` is what Rancher starts without a word, or only one engine cannot do: `lint` may warn of it.
"""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.entries import read
from catalog_forge.rancher.questions import answered
from catalog_forge.rancher.tree import Tree
from catalog_forge.stack.compose import compose
from tests.lint.trees import SOUND

DOCKER = "templates/web/0/docker-compose.yml"
WEB = "version: '2'\nservices:\n  web:\n    image: nginx:1.27.3\n"
MORE = "  a:\n    image: nginx:1.27.3\n  b:\n    image: nginx:1.27.3\n"
# A primary with a sidekick `a`, and a service of its own.
PAIR = f"{WEB}    labels: {{io.rancher.sidekicks: a}}\n{MORE}"
CHOICE = Choice(registry.expand(("all",)))

ROWS = {
    "sidekicks between spaces": (WEB + "    labels: {io.rancher.sidekicks: a b}\n" + MORE, "launch"),
    "sidekicks between commas": (WEB + "    labels: {io.rancher.sidekicks: 'a, b'}\n" + MORE, ""),
    "a port too high": (WEB + "    ports: ['70000:80']\n", "launch"),
    "a quote that is open": (WEB + "    command: \"sh -c 'echo\"\n", "launch"),
    "a time in minutes": (WEB + "    stop_grace_period: 5 min\n", "launch"),
    "a sidekick of two": (
        f"{WEB}    labels: {{io.rancher.sidekicks: a}}\n{MORE}    labels: {{io.rancher.sidekicks: a}}\n", "launch",
    ),
    "no version": (WEB.partition("\n")[2], "launch"),
    "a quoted truth": (WEB + "    tty: 'true'\n", "launch"),
    "no variable": (WEB + "    command: '${x-y}'\n", "launch"),
    "twice in cap_add": (WEB + "    cap_add: [NET_ADMIN, NET_ADMIN]\n", "launch"),
    "twice in dns": (WEB + "    dns: [1.1.1.1, 1.1.1.1]\n", "launch"),
    "extends nobody": (WEB + "    extends: {service: x}\n", "launch"),
    "an unknown function": (WEB + "    command: '{{ toJson .Values }}'\n", "launch"),
    "volumes for reading": (
        f"{WEB}    volumes_from: ['a:ro']\n    labels: {{io.rancher.sidekicks: 'a,b'}}\n{MORE}", "",
    ),
    "no templating": (f"# notemplating\n{WEB}    command: '{{{{ x }}}}'\n", ""),
    "a merge key below": (f"{WEB}    hostname: own\n    <<: {{hostname: merged}}\n", ""),
    "the time": (WEB + "    command: 'date {{ now | date \"2006\" }}'\n", ""),
    "its own sidekick": (WEB + "    labels: {io.rancher.sidekicks: web}\n", "lint"),
    "a link with a space": (WEB + "    links: ['a : alias']\n" + MORE, "here"),
    "a template that is cut": (WEB + "    command: x{{ .Stack.Name.x }}\n", "lint"),
    "a missing answer compared": (WEB + "{{ if ne .Values.NO \"\" }}    tty: true\n{{ end }}", "lint"),
    "a balancer of a sidekick": (f"{PAIR}    lb_config: {{port_rules: [{{source_port: 80, service: a}}]}}\n", "launch"),
    "a balancer of a primary": (f"{PAIR}    lb_config: {{port_rules: [{{source_port: 80, service: web}}]}}\n", ""),
    "a balancer of nobody": (f"{PAIR}    lb_config: {{port_rules: [{{source_port: 80, service: c}}]}}\n", "launch"),
    "an old balancer of a sidekick": (f"{PAIR[:-13]}rancher/load-balancer-service\n    ports: [80]\n    links: [a]\n", "launch"),
    "an old balancer of a primary": (f"{PAIR[:-13]}rancher/load-balancer-service\n    ports: [80]\n    links: [web]\n", ""),
    "an old balancer of nobody": (f"{PAIR[:-13]}rancher/load-balancer-service\n    ports: [80]\n    links: [c]\n", "launch"),
    "an old balancer without ports": (f"{PAIR[:-13]}rancher/load-balancer-service\n    links: [a]\n", ""),
    "a circle": (WEB + "    depends_on: [a]\n  a:\n    image: nginx:1.27.3\n    depends_on: [web]\n", "here"),
    "a network by name": (WEB + "    network_mode: mynet\n", "here"),
    "a restart that nobody knows": (WEB + "    restart: sometimes\n", "here"),
}  # fmt: skip


def refuses_up(files: dict[str, str]) -> bool:
    start = "templates/web/"
    found = {path.removeprefix(start): text.encode() for path, text in files.items() if path.startswith(start)}
    try:
        entry = read(found, "web")
        compose(entry, answered(entry.questions, {}), "web")
    except ForgeError:
        return True
    return False


@pytest.mark.parametrize("row", ROWS)
def test_up_lint_and_the_verdict_agree(row: str) -> None:
    text, who = ROWS[row]
    files = {**SOUND, DOCKER: text}
    tree = Tree.of(files)
    errors = [each for each in run(Catalog(tree), CHOICE) if each.level == "error" and each.path == DOCKER]
    rejected = [each for each in verdicts(tree).rulings if each.judge == "launch" and each.outcome == "reject"]
    assert (refuses_up(files), bool(errors), bool(rejected)) == (bool(who), who in ("launch", "lint"), who == "launch")


@pytest.mark.parametrize("later", ["    <<: {hostname: merged}\n", ""])
def test_a_merge_key_counts_where_it_stands(later: str) -> None:
    text = f"{WEB}    hostname: own\n{later}"
    entry = read({"0/docker-compose.yml": text.encode()}, "web")
    (service,) = compose(entry, {}, "web").services
    assert service.primary.options["hostname"] == ("merged" if later else "own")


@pytest.mark.parametrize(
    ("versions", "offered"),
    [
        ({"0": "1.0.0-9", "1": "1.0.0-10", "2": "1.0.0-2"}, "1"),
        ({"0": "1.0.0", "+1": "2.0.0"}, "+1"),
        ({"0": "1.9", "1": "1.10.0"}, "1"),
        ({"0": "1.0.0", "v2.0.0": ""}, "v2.0.0"),
        ({"0": "1.0.0", "1": "1.0.0"}, "1"),
        ({"0": "3.0.0", "01x": "9.0.0"}, "0"),
    ],
)
def test_up_runs_the_revision_that_the_catalog_offers(versions: dict[str, str], offered: str) -> None:
    files = {"templates/web/config.yml": "name: Web\n"}
    for folder, version in versions.items():
        files[f"templates/web/{folder}/docker-compose.yml"] = WEB
        files[f"templates/web/{folder}/rancher-compose.yml"] = f"version: '2'\ncatalog:\n  name: Web\n  version: '{version}'\n"
    inner = {path.removeprefix("templates/web/"): text.encode() for path, text in files.items()}
    assert read(inner, "web").name == offered


def test_a_link_is_cut_at_its_colon_only() -> None:
    files = {**SOUND, DOCKER: f"{WEB}    links: ['a : alias']\n{MORE}"}
    messages = [each.message for each in run(Catalog(Tree.of(files)), CHOICE)]
    assert "links of 'web' names a service 'a ' that does not exist" in messages
