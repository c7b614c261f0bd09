"""Nothing of an entry is lost without a word: it is in an object of the chart, as it was, or in the report of gaps."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_forge import yamlio
from catalog_forge.chart.charting import Chart
from catalog_forge.chart.names import DnsNames
from tests.chart import helm, made
from tests.chart.test_valid import faults

# What may not change the structure of YAML, be read as a template of Helm, be expanded by Kubernetes, or be an answer.
HOSTILE = [
    *("{{ .Values.answers }}", "{{", "}}", "{{/*", "{{- end }}", "$(POD_NAME)", "$$(X)", "$HOME", "%s %d", "cfq0x", "40001"),
    *("a: b", "- x", "# no", "'", '"', "\\", "|\n x", "---", "\t", "yes", "null", "0x10", "1e3", "a\nb: c\n", " blank "),
    *("\u00e9\u2028\U0001f600", "\x7f", "&a *a !!str"),
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12))
WORDS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
AFFINITY = "io.rancher.scheduler.affinity"
LABELS = st.one_of(
    st.sampled_from(
        [
            *("io.rancher.container.dns", "io.rancher.container.create_agent", "io.rancher.container.requested_ip"),
            *(f"{AFFINITY}:host_label", f"{AFFINITY}:container_label_ne", "com.example/x", "my label", "io.rancher.unheard.of"),
        ]
    ),
    WORDS,
)
PORTS = st.integers(1, 65535).flatmap(
    lambda private: st.sampled_from([f"{private}", f"8080:{private}", f"127.0.0.1:81:{private}/udp"])
)
VOLUMES = st.sampled_from(["/data", "named:/var/lib/x", "/etc/hosts:/etc/hosts:ro", "other:/opt/x y", "/a:/b"])
NAMES = st.sampled_from(["web", "db", "Web_2", "9front", "x" * 50, "a-b", "q"])
# Keys that a pod has in its own words, and some that it does not have.
VALUES: dict[str, Any] = {
    "privileged": True, "ulimits": {"nproc": 10}, "devices": ["/dev/x:/dev/x"], "user": "nobody", "cap_add": ["NET_ADMIN"],
    "logging": {"driver": "syslog"}, "container_name": "x", "mem_limit": "64m", "cpu_shares": 10, "tty": True,
}  # fmt: skip
MORE = st.sets(st.sampled_from(sorted(VALUES)), max_size=3)
STRUCTURAL = re.compile(r"io\.rancher\.(sidekicks|scheduler\.global|container\.(start_once|dns|pull_image|hostname_override))")


@st.composite
def entries(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The services of docker-compose.yml and of rancher-compose.yml."""
    docker: dict[str, Any] = {}
    rancher: dict[str, Any] = {}
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    for name in names:
        docker[name] = {
            "image": "busybox:1.37.0",
            "environment": draw(st.dictionaries(WORDS, TEXTS, max_size=3)),
            "command": draw(st.lists(TEXTS, max_size=3)),
            "labels": draw(st.dictionaries(LABELS, TEXTS, max_size=3)),
            "ports": draw(st.lists(PORTS, max_size=2, unique=True)),
            "volumes": draw(st.lists(VOLUMES, max_size=2, unique_by=lambda volume: volume.split(":")[-1])),
            **{key: VALUES[key] for key in draw(MORE)},
        }
        rancher[name] = {"scale": draw(st.integers(0, 3))}
        if draw(st.booleans()):
            rancher[name]["health_check"] = {
                "port": 80,
                "request_line": draw(st.sampled_from(["", "GET / HTTP/1.0", "HEAD /x HTTP/1.0"])),
            }
    if len(names) > 1 and draw(st.booleans()):
        kick, primary = names[0], names[1]
        docker[primary]["labels"]["io.rancher.sidekicks"] = kick
        docker[kick]["network_mode"] = f"container:{primary}"
        docker[kick]["ports"] = []
        rancher[kick] = {}
        if draw(st.booleans()):
            docker[kick]["labels"]["io.rancher.container.start_once"] = "true"
            docker[primary]["volumes_from"] = [kick]
            docker[kick]["network_mode"] = "none"
    if draw(st.booleans()):
        docker[names[-1]]["labels"]["io.rancher.scheduler.global"] = "true"
    return docker, rancher


def chart_of(docker: dict[str, Any], rancher: dict[str, Any]) -> Chart:
    """The chart of these services. A dollar is doubled, as an author has to."""

    def doubled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: doubled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [doubled(each) for each in value]
        return yamlio.Quoted(value.replace("$", "$$")) if isinstance(value, str) else value

    both = ({"version": yamlio.Quoted("2"), "services": doubled(each)} for each in (docker, rancher))
    return made.of_entry(*(f"# notemplating\n{yamlio.dump(each)}" for each in both))


def expanded(text: str) -> str:
    """What Kubernetes makes of a value, where no variable has a name in it (third_party/forked/golang/expansion)."""
    return text.replace("$$", "$")


def containers(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The containers of all pods by name."""
    pods = [each["spec"]["template"]["spec"] for each in objects if "template" in each.get("spec", {})]
    return {each["name"]: each for pod in pods for each in [*pod.get("initContainers", ()), *pod["containers"]]}


@settings(max_examples=settings().max_examples // 10)
@given(entries())
def test_everything_is_in_an_object_or_in_the_report(entry: tuple[dict[str, Any], dict[str, Any]]) -> None:
    docker, rancher = entry
    chart = chart_of(docker, rancher)
    objects = helm.objects(chart)
    assert faults(objects, helm.NEWEST) == []
    there = containers(objects)
    names = DnsNames()
    said = {(gap.service, gap.what) for gap in chart.gaps}
    kicks = {name.strip() for each in docker.values() for name in each["labels"].get("io.rancher.sidekicks", "").split(",")}
    assert chart.workloads.keys() == docker.keys() - kicks and all(chart.workloads.values())
    annotations = {key: text for each in objects for key, text in annotations_of(each).items()}
    for name, service in docker.items():
        found = next(each for key, each in there.items() if key in (DnsNames().of(name, 63), names.of(name, 63)))
        values = {each["name"]: expanded(each["value"]) for each in found.get("env", ())}
        assert values == service["environment"]
        assert [expanded(word) for word in found.get("args", ())] == service["command"]
        for volume in service["volumes"]:
            path = volume.split(":")[1] if ":" in volume else volume
            assert path in [each["mountPath"] for each in found["volumeMounts"]]
        private = {port.partition("/")[0].rpartition(":")[2] for port in service["ports"]}
        assert private <= {str(each["containerPort"]) for each in found.get("ports", ())}
        for key in service["labels"]:
            assert STRUCTURAL.fullmatch(key) or key in annotations or any(key in what for _, what in said if name), key
        for key in VALUES.keys() & service.keys() - {"privileged", "cap_add", "mem_limit", "tty"}:
            assert any(who == name and what.startswith(key) for who, what in said)
        if "health_check" in rancher[name]:
            assert any("readinessProbe" in each for each in there.values())
    for each in chart.gaps:
        assert each.todo and each.becomes and (each.where is None or each.where.line)


def annotations_of(each: dict[str, Any]) -> dict[str, str]:
    """The annotations of an object's pods."""
    found = each.get("spec", {}).get("template", {}).get("metadata", {}).get("annotations", {})
    assert isinstance(found, dict)
    return found


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_an_answer_reaches_the_program_as_it_was_given(texts: list[str]) -> None:
    questions = [{"variable": f"v{number}", "type": "string", "default": "old"} for number in range(len(texts))]
    environment = {f"E{number}": f"<${{v{number}}}>" for number in range(len(texts))}
    docker = json.dumps(
        {"version": "2", "services": {"web": {"image": "busybox:1", "environment": environment, "command": ["${v0}"]}}}
    )
    rancher = json.dumps({"version": "2", "catalog": {"name": "x", "version": "1", "questions": questions}})
    chart = made.of_entry(docker, rancher)
    kept = [
        text for text in texts if text.isprintable() or not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]", text)
    ]
    objects = helm.objects(chart, {f"answers/v{number}": text for number, text in enumerate(texts) if text in kept})
    values = {each["name"]: expanded(each["value"]) for each in containers(objects)["web"]["env"]}
    assert values == {f"E{number}": f"<{text if text in kept else 'old'}>" for number, text in enumerate(texts)}
