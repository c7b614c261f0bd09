"""What Kubernetes or Helm would refuse of an entry: it is left out and said, or it is one clear error, and nothing is written."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog_forge.chart.charting import Chart
from catalog_forge.errors import ForgeError
from tests.chart import helm, made
from tests.chart.references import astray, pod_of
from tests.chart.test_conservation import HOSTILE
from tests.chart.test_valid import faults

IMAGE = {"image": "busybox:1.37.0"}
ODD = [*HOSTILE, "a\0b", "a\r\nb", "\x01\x1b[2J", "x\u0085y", "x" * 5000]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=9).filter(lambda text: text.isprintable()))


def of(services: dict[str, Any], rancher: dict[str, Any] | None = None, questions: Any = None) -> Chart:
    catalog = {"catalog": {"name": "x", "version": "1", "questions": questions}} if questions else {}
    both = ({"version": "2", "services": services}, {"version": "2", "services": rancher or {}, **catalog})
    texts = (json.dumps(each, ensure_ascii=False) for each in both)
    escaped = (re.sub("[\x7f-\x9f\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text) for text in texts)
    return made.of_entry(*(f"# notemplating\n{text}" for text in escaped))


def pod(chart: Chart) -> dict[str, Any]:
    """The pod of the only workload of a chart; all of it is valid."""
    objects = helm.objects(chart)
    assert faults(objects, helm.NEWEST) == astray(objects) == []
    (found,) = filter(None, map(pod_of, objects))
    return found


def gaps(chart: Chart) -> dict[str, str]:
    return {gap.what: gap.becomes for gap in chart.gaps}


QUESTIONS = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "multiline", "enum", "int", "boolean", "password", "service", "odd"]), "label": TEXTS},
    optional={
        **{"default": st.one_of(TEXTS, st.sampled_from(["5", "-0", "007", "true", "9" * 30])), "description": TEXTS},
        **{"options": st.lists(TEXTS, max_size=3), "required": st.booleans(), "group": TEXTS},
        **{key: st.integers(0, 20) for key in ("min", "max", "min_length", "max_length")},
        **{"valid_chars": st.sampled_from(["a-z", "]", "0-9_"]), "invalid_chars": st.sampled_from(["x", "\\", "^"])},
    },
)


@settings(max_examples=settings().max_examples // 5)
@given(st.lists(QUESTIONS, min_size=1, max_size=3))
@example([{"type": "int", "label": "", "default": "-0"}])
def test_a_question_is_asked_as_it_is_and_its_own_answer_is_taken(questions: list[dict[str, Any]]) -> None:
    named = [{"variable": f"v{number}", **question} for number, question in enumerate(questions)]
    environment = {each["variable"]: f"${{{each['variable']}}}" for each in named}
    chart = of({"web": {**IMAGE, "environment": environment}}, questions=named)
    asked = {each["variable"].partition(".")[2]: each for each in yaml.safe_load(chart.plan.text("questions.yaml"))["questions"]}
    rules = json.loads(chart.plan.text("values.schema.json"))["properties"]["answers"]["properties"]
    values = yaml.safe_load(chart.plan.text("values.yaml"))["answers"]
    for question in named:
        name, default = question["variable"], question.get("default", "")
        assert asked[name]["label"] == (question["label"] or name)
        assert asked[name].get("description", "") == question.get("description", "")
        if default and question["type"] != "password":
            shown = json.dumps(values[name]) if isinstance(values[name], bool) else str(values[name])
            assert shown == default and values[name] == asked[name]["default"]
            jsonschema.Draft7Validator(rules[name]).validate(values[name])


def test_a_limit_that_the_default_of_a_question_breaks_is_said() -> None:
    question = {"variable": "v", "type": "int", "default": "5", "min": 10, "max": 20}
    chart = of({"web": {**IMAGE, "environment": {"E": "${v}"}}}, questions=[question])
    assert gaps(chart) == {"question v: minimum": "the default '5' breaks this limit, so the chart leaves the limit out"}
    assert pod(chart)["containers"][0]["env"] == [{"name": "E", "value": "5"}]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_a_text_stays_as_it_is_in_labels_words_and_variables(text: str) -> None:
    doubled = text.replace("$", "$$")
    definition = {**IMAGE, "labels": {"com.example/x": doubled}, "environment": {"E": doubled}, "command": ["echo", doubled]}
    objects = helm.objects(of({"web": definition}))
    template = next(each["spec"]["template"] for each in objects if pod_of(each))
    container = template["spec"]["containers"][0]
    found = [template["metadata"]["annotations"]["com.example/x"], container["env"][0]["value"], container["args"][1]]
    assert [found[0], *(each.replace("$$", "$") for each in found[1:])] == [text] * 3


def test_names_that_are_the_same_to_kubernetes_are_told_apart_and_the_one_that_can_stays() -> None:
    names = ["Web", "WEB", "web", "9", "x" * 70, f"{'x' * 70}y", "a.b", "a_b"]
    chart = of(dict.fromkeys(names, IMAGE))
    objects = helm.objects(chart)
    assert faults(objects, helm.NEWEST) == astray(objects) == []
    services = [each["metadata"]["name"] for each in objects if each["kind"] == "Service"]
    assert len(set(services)) == len(names) and all(len(name) <= 40 for name in services)
    assert {gap.what for gap in chart.gaps} == {f"service {name}" for name in names if name != "web"}


def test_a_service_has_the_name_of_a_file_of_the_chart() -> None:
    names = ["release", "links", "volumes", "ingress", "notes"]
    chart = of({name: {**IMAGE, "volumes": ["both:/x"], "links": ["release:other"]} for name in names})
    objects = helm.objects(chart)
    assert astray(objects) == [] and chart.workloads == dict.fromkeys(names, "StatefulSet")
    with pytest.raises(ValueError, match="the release name may have"):
        helm.objects(chart, release="r" * 50)


@pytest.mark.parametrize(("release", "is_taken"), [("r" * 42, True), ("r" * 43, False), ("a.b", False)])
def test_a_release_whose_pods_could_not_be_named_is_refused(release: str, is_taken: bool) -> None:
    chart = of({"store-1.5": {**IMAGE, "volumes": ["/data"]}})
    if is_taken:
        (found,) = (each for each in helm.objects(chart, release=release) if pod_of(each))
        assert len(found["metadata"]["name"]) == 52
    else:
        with pytest.raises(ValueError, match="the release name may have at most 42 characters and no dot"):
            helm.objects(chart, release=release)


def test_annotations_that_are_longer_than_kubernetes_takes_are_left_out_and_said() -> None:
    chart = of({"web": {**IMAGE, "labels": {"a/small": "x", "a/large": "x" * (256 << 10)}}})
    assert list(gaps(chart)) == ["labels: a/large"] and pod(chart)


def test_metadata_that_no_config_map_can_hold_is_one_clear_error() -> None:
    from tests.chart.test_chart import objects_of

    with pytest.raises(
        ForgeError, match="the ConfigMap of app would have [0-9]+ characters, but Kubernetes accepts only 1048576"
    ):
        objects_of(rancher=f"version: '2'\nservices: {{app: {{metadata: {{a: {'x' * 900_000}}}}}}}")


@pytest.mark.parametrize(
    ("keys", "key", "kept"),
    [
        ({"extra_hosts": ["good:192.0.2.1", "Bad_Host:192.0.2.1", "other:nowhere"]}, "extra_hosts",
         {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["good"]}]}),
        ({"dns": ["192.0.2.1", "resolver"], "dns_search": ["example.com", "Odd_Name"]}, "dns",
         {"dnsConfig": {"nameservers": ["192.0.2.1"], "searches": ["web.default.svc.cluster.local", "example.com"]}}),
        ({"user": "9999999999"}, "user", {}),
    ],
)  # fmt: skip
def test_what_the_api_server_would_refuse_is_left_out_and_said(keys: dict[str, Any], key: str, kept: dict[str, Any]) -> None:
    chart = of({"web": {**IMAGE, **keys}})
    assert all(what.startswith(key) for what in gaps(chart)) and gaps(chart)
    assert kept.items() <= pod(chart).items() and "securityContext" not in pod(chart)["containers"][0]


def test_memory_that_is_reserved_is_no_more_than_there_may_be() -> None:
    resources = pod(of({"web": {**IMAGE, "mem_limit": 100, "mem_reservation": 200}}))["containers"][0]["resources"]
    assert resources == {"limits": {"memory": 100}, "requests": {"memory": 100}}


def test_containers_of_a_pod_share_its_network_and_its_ports() -> None:
    main = {**IMAGE, "ports": ["80:80"], "labels": {"io.rancher.sidekicks": "kick,host"}}
    chart = of({"web": main, "kick": {**IMAGE, "ports": ["81:80"]}, "host": {**IMAGE, "network_mode": "host"}})
    assert gaps(chart)["port 80/tcp"] == "web also uses this port, and the containers of a pod share one address"
    assert gaps(chart)["network_mode: host"] == "the containers of a pod share the network of the primary service"


def test_a_sidekick_of_a_sidekick_is_one_clear_error() -> None:
    services = {name: {**IMAGE, "labels": {"io.rancher.sidekicks": kick}} for name, kick in (("web", "kick"), ("kick", "other"))}
    with pytest.raises(ForgeError, match="'kick' is itself a sidekick, so its sidekick 'other' is never started"):
        of({**services, "other": IMAGE})
