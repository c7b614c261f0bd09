"""Nothing that a chart installs is there for nobody (of the blueprints: test_valid.py)."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings

from tests.chart import helm, made
from tests.chart.references import astray, pod_of
from tests.chart.test_conservation import chart_of, entries

SHARED = {
    name: {"image": "busybox:1.37.0", "volumes": ["both:/both", f"own-{name}:/own", "/data"]}
    for name in ("front", "back", "cron")
}
SHARED["cron"]["labels"] = {"io.rancher.scheduler.global": "true"}


def test_what_is_astray_is_found() -> None:
    chart = made.of_entry(yaml.safe_dump({"version": "2", "services": SHARED}))
    objects = helm.objects(chart)
    assert not astray(objects)
    claim = next(each for each in objects if each["kind"] == "PersistentVolumeClaim")
    others = [each for each in objects if each is not claim]
    assert astray(others) == ["PersistentVolumeClaim es-both is nowhere"]
    assert astray([claim]) == ["nobody uses PersistentVolumeClaim es-both"]
    assert astray([each for each in objects if each["kind"] == "Service" and each["metadata"]["name"] == "back"]) == [
        "Service back leads to no pod"
    ]


@settings(max_examples=settings().max_examples // 10)
@given(entries())
def test_nothing_is_astray(entry: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert not astray(helm.objects(chart_of(*entry)))


def test_two_containers_of_a_pod_have_volumes_of_their_own_at_one_path() -> None:
    web = {"image": "b", "volumes": ["/data"]}
    docker = {"web": web, "db": {**web, "labels": {"io.rancher.sidekicks": "web"}}}
    (pod,) = [each for each in helm.objects(chart_of(docker, {"db": {}, "web": {}})) if each["kind"] == "StatefulSet"]
    mounts = [each["volumeMounts"][0]["name"] for each in pod["spec"]["template"]["spec"]["containers"]]
    claims = [each["metadata"]["name"] for each in pod["spec"]["volumeClaimTemplates"]]
    assert len({*mounts}) == 2 and sorted(mounts) == sorted(claims)


def test_a_volume_of_several_services_is_one_claim_that_all_of_them_mount() -> None:
    chart = made.of_entry(yaml.safe_dump({"version": "2", "services": SHARED}))
    objects = helm.objects(chart)
    for each in filter(pod_of, objects):
        mounts = {mount["mountPath"]: mount["name"] for mount in pod_of(each)["containers"][0]["volumeMounts"]}
        claims = {one["name"]: one["persistentVolumeClaim"] for one in pod_of(each)["volumes"] if "persistentVolumeClaim" in one}
        assert claims == {mounts["/both"]: {"claimName": "es-both"}}
        own = {one["metadata"]["name"] for one in each["spec"].get("volumeClaimTemplates", ())}
        assert own == ({mounts["/own"], mounts["/data"]} if each["kind"] == "StatefulSet" else set())
    lost = {(gap.service, gap.what) for gap in chart.gaps if gap.becomes == "the volume is deleted when its pod is deleted"}
    assert lost == {("cron", "volumes: own-cron"), ("cron", "volumes: /data")}


def test_a_volume_of_each_unit_is_shared_with_nobody() -> None:
    volumes = {"both": {"per_container": True}}
    docker = {"version": "2", "services": {name: SHARED[name] for name in ("front", "back")}, "volumes": volumes}
    kinds = {each["kind"] for each in helm.objects(made.of_entry(yaml.safe_dump(docker)))}
    assert "PersistentVolumeClaim" not in kinds
