"""What a chart is: the tree of each pod, secrets, versions, names, answers that stay open and those that do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from catalog_forge.chart.charting import chart, chart_version
from catalog_forge.chart.pods import Conf
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.entries import read
from catalog_forge.rancher.questions import answered
from tests.chart import helm, made

DOCKER = """\
version: '2'
services:
  app:
    image: acme/app-conf:1
    labels: {io.rancher.sidekicks: main}
  main: {image: 'app:${tag}', network_mode: 'container:app', volumes_from: [app], environment: {PASSWORD: '${password}'}}
"""
RANCHER = """\
version: '2'
catalog:
  name: App
  version: '1.0'
  questions:
  - {variable: tag, type: string, required: true, default: '2'}
  - {variable: password, type: password, required: true}
  - {variable: port, type: int, default: 80, min: 1, max: 100, required: true}
services:
  app: {scale: 2, metadata: {port: '${port}', secret: '${password}', plain: x}}
"""


def objects_of(docker: str = DOCKER, rancher: str = RANCHER, **given: Any) -> dict[str, Any]:
    """The objects of an entry whose image acme/app-conf:1 is its conf image, by kind and name."""
    entry = read({"0/docker-compose.yml": docker.encode(), "0/rancher-compose.yml": rancher.encode()}, "app")
    variables = answered(entry.questions, {}, made.asked)
    found = chart(entry, variables, Conf("acme/app-conf:1", ("/opt/app-conf",), "2016-07-29"))
    values = {**helm.required(found), **{key.replace("__", "/"): value for key, value in given.items()}}
    return {f"{each['kind']} {each['metadata']['name']}": each for each in helm.objects(found, values)}


def test_each_pod_finds_itself_its_service_and_its_stack() -> None:
    data = objects_of(answers__port=99)["ConfigMap es-app"]["data"]
    assert sorted(data) == ["app.es-app-1.json", "app.es-app-2.json", "app.json", "stack.json"]
    own = json.loads(data["app.es-app-2.json"])["2016-07-29"]["self"]["container"]
    assert (own["name"], own["service_index"], own["primary_ip"]) == ("es-app-2", "2", "es-app-2.app.default.svc.cluster.local")
    service = json.loads(data["app.json"])["2016-07-29"]["self"]["service"]
    assert service["metadata"]["port"] == "99" and service["scale"] == "2"
    assert list(json.loads(data["stack.json"])["2016-07-29"]["self"]["stack"]["services"]["app"]["containers"]) == [
        "es-app-1",
        "es-app-2",
    ]


def test_a_secret_is_in_no_config_map_and_in_no_pod() -> None:
    found = objects_of(answers__password="hunter22")
    holding = {name for name, each in found.items() if "hunter22" in json.dumps(each)}
    assert holding == {"Secret es-app", "Secret es-app-metadata"}
    secret = json.loads(found["Secret es-app-metadata"]["stringData"]["app-secret.json"])
    assert secret == {"2016-07-29": {"self": {"service": {"metadata": {"secret": "hunter22"}}}}}
    conf = found["StatefulSet es-app"]["spec"]["template"]["spec"]["initContainers"][0]
    nodes = next(each["value"] for each in conf["env"] if each["name"] == "CONF_NODES").split(",")
    assert [node.rpartition("/")[2] for node in nodes] == [
        *("stack.json", "app.json", "app.$(POD_NAME).json", "stack-secret.json", "app-secret.json")
    ]


def test_a_pod_of_a_global_service_writes_down_who_it_is() -> None:
    found = objects_of(DOCKER.replace("sidekicks: main", "sidekicks: main, io.rancher.scheduler.global: 'true'"))
    pod = found["DaemonSet es-app"]["spec"]["template"]["spec"]
    who = pod["initContainers"][0]
    assert who["name"] == "who" and "sed -e 's/@POD_NAME@/'" in who["command"][2].replace("$$", "$")
    template = json.loads(found["ConfigMap es-app"]["data"]["app.template.json"])["2016-07-29"]["self"]["container"]
    assert template["primary_ip"] == "@POD_IP@" and template["name"] == "es-app-@POD_NAME@"


@pytest.mark.parametrize(
    ("version", "made_of"),
    [
        ("2.4.6-rancher1", "2.4.6-rancher1"),
        ("1.2", "1.2.0"),
        ("v3", "3.0.0"),
        ("1.0.0-007", "1.0.0-7"),
        ("2.1.3.4 beta!", "2.1.3-4.beta"),
        ("latest", "0.0.7"),
        ("", "0.0.7"),
    ],
)
def test_a_version_is_made_semantic(version: str, made_of: str) -> None:
    assert chart_version(version, "7") == made_of


@pytest.mark.parametrize(("value", "is_valid"), [(1, True), (100, True), (0, False), (101, False), ("80", False)])
def test_the_schema_holds_what_a_question_says(value: object, is_valid: bool) -> None:
    if is_valid:
        assert objects_of(answers__port=value)
    else:
        with pytest.raises(Exception, match="is not of type|maximum|minimum"):
            objects_of(answers__port=value)


def test_an_answer_that_shapes_the_stack_is_fixed_and_said() -> None:
    docker = "version: '2'\nservices:\n  web: {image: 'x:1'}\n{{if eq .Values.mode \"big\"}}  db: {image: 'y:1'}\n{{end}}"
    rancher = (
        "version: '2'\ncatalog:\n  name: x\n  version: '1'\n  questions:\n"
        "  - {variable: mode, type: enum, options: [small, big], default: small}\n"
    )
    small = made.of_entry(docker, rancher)
    assert small.workloads.keys() == {"web"}
    assert made.of_entry(docker, rancher, {"mode": "big"}).workloads.keys() == {"web", "db"}
    assert [gap.kind for gap in small.gaps] == ["answer that changes the stack's structure"]
    assert yaml.safe_load(small.plan.text("values.yaml"))["answers"] == {}


def test_metadata_that_no_file_can_hold_is_one_clear_error() -> None:
    with pytest.raises(ForgeError, match="/metadata/a has a value, and so has /metadata/a/b below it"):
        objects_of(rancher=RANCHER.replace("plain: x", "a: 1, a/b: 2"))


def test_metadata_of_another_store_is_one_clear_error() -> None:
    from catalog_forge.chart.specs import conf_of
    from catalog_forge.spec.reader import read as spec_of

    text = "forge: 1\nname: a-conf\nservice: nginx:1.27.3\nconfig: /opt/a/a.yml\nmetadata: [a]\nengine: {backend: etcdv3}\n"
    with pytest.raises(ForgeError, match="a chart contains Rancher's metadata as files, but this spec reads another store"):
        conf_of(spec_of(text.encode(), "specs/a-conf.yml"), lambda *_: "")
