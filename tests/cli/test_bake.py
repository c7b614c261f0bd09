"""`catalog-forge bake`: what a build farm builds from, without a farm."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.cli.make.build import Inputs, requests_for
from catalog_forge.image.baking import shard_of
from catalog_forge.repository import Repository
from tests.helpers import tree, web_spec


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), *words])


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog of five images, in git."""
    names = ("a-conf", "b-conf", "c-conf", "d-conf", "e-conf")
    tree(tmp_path, {f"specs/{name}.yml": web_spec(name) for name in names})
    assert run(tmp_path, "generate").exit_code == 0
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def baked(folder: Path, *words: str) -> dict[str, Any]:
    done = run(folder, "bake", *words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("words", "inputs"),
    [
        ((), Inputs()),
        (("--platform", "linux/amd64"), Inputs(platform="linux/amd64")),
        (("--build-arg", "BASE=busybox:1.36.1"), Inputs(build_args=("BASE=busybox:1.36.1",))),
    ],
)
def test_an_image_has_the_labels_and_the_tag_that_build_gives_it(catalog: Path, words: tuple[str, ...], inputs: Inputs) -> None:
    found = baked(catalog, *words)
    requests = {request.tags[0]: request for request in requests_for(Repository(catalog), (), inputs)}
    targets = [each for name, each in found["target"].items() if name != "_common"]
    assert {each["tags"][0]: each["labels"] for each in targets} == {tag: one.own_labels for tag, one in requests.items()}
    assert found["target"]["_common"]["args"] == {**inputs.arguments, "SOURCE_DATE_EPOCH": "${SOURCE_DATE_EPOCH}"}


def test_a_file_that_nobody_generated_counts_as_it_does_for_build(catalog: Path) -> None:
    (catalog / "images/a-conf/more").write_text("more")
    (catalog / "images/a-conf/.hidden").write_text("hidden")
    (request,) = requests_for(Repository(catalog), ("a-conf",), Inputs())
    assert baked(catalog, "a-conf")["target"]["a-conf"]["labels"] == request.own_labels


def test_what_was_generated_by_a_release_that_recorded_no_image_is_read_from_its_spec(catalog: Path) -> None:
    before = baked(catalog)
    for path in catalog.glob("images/*/.catalog-forge.json"):
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if '"image"' not in line))
    assert baked(catalog) == before


def test_a_shard_follows_from_the_name_alone(catalog: Path) -> None:
    groups = baked(catalog, "--shards", "3")["group"]
    assert groups.pop("default")["targets"] == ["a-conf", "b-conf", "c-conf", "d-conf", "e-conf"]
    fewer = baked(catalog, "a-conf", "d-conf", "--shards", "3")["group"]
    assert all(set(fewer[name]["targets"]) <= set(groups[name]["targets"]) for name in fewer if name != "default")
    assert {name for each in groups.values() for name in each["targets"]} == {"a-conf", "b-conf", "c-conf", "d-conf", "e-conf"}
    assert {shard_of(f"{number}-conf", 16) for number in range(500)} == {f"shard-{number:02}" for number in range(16)}


def changed(folder: Path) -> list[str]:
    return list(baked(folder, "--changed-since", "HEAD")["group"]["default"]["targets"])


def _spec(folder: Path, **changes: str) -> None:
    for name, text in changes.items():
        (folder / f"specs/{name}-conf.yml").write_text(web_spec(f"{name}-conf", text))
    assert run(folder, "generate").exit_code == 0


def test_only_what_makes_another_image_is_a_change(catalog: Path) -> None:
    assert changed(catalog) == []
    _spec(catalog, a="# a remark\n", b="version: 0.2.0\n", c="image: {registry: reg.example.org/team}\n")
    tree(catalog, {"specs/f-conf.yml": web_spec("f-conf"), "catalog-forge.yml": "lint: {ignore: [CF404]}\n"})
    assert run(catalog, "generate").exit_code == 0
    assert changed(catalog) == ["b-conf", "c-conf", "f-conf"]


def test_a_registry_of_the_team_changes_all_tags(catalog: Path) -> None:
    tree(catalog, {"catalog-forge.yml": "defaults: {image: {registry: reg.example.org/team}}\n"})
    assert run(catalog, "generate").exit_code == 0
    assert len(changed(catalog)) == 5


def test_a_catalog_below_the_top_of_its_repository_is_compared_as_well(tmp_path: Path) -> None:
    below = tmp_path / "catalogs/one"
    tree(below, {"specs/a-conf.yml": web_spec("a-conf")})
    assert run(below, "generate").exit_code == 0
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert changed(below) == []
    _spec(below, a="# a remark\n")
    assert changed(below) == []
    _spec(below, a="image: {registry: reg.example.org/team}\n")
    assert changed(below) == ["a-conf"]


def test_the_matrices_name_the_shards_that_have_images(catalog: Path) -> None:
    shards = [name for name in baked(catalog, "--shards", "200")["group"] if name != "default"]
    github = json.loads(run(catalog, "bake", "--shards", "200", "--format", "github").stdout)
    assert github == {"include": [{"shard": shard} for shard in shards]}
    assert "\n" not in run(catalog, "bake", "--format", "github").stdout.strip()
    gitlab = yaml.safe_load(run(catalog, "bake", "--shards", "200", "--format", "gitlab").stdout)
    assert [shard for job in gitlab.values() for one in job["parallel"]["matrix"] for shard in one["SHARD"]] == shards
    tekton = yaml.safe_load(run(catalog, "bake", "--shards", "200", "--format", "tekton").stdout)
    assert tekton["spec"]["tasks"][0]["matrix"]["params"] == [{"name": "target", "value": shards}]


def test_nothing_that_changed_is_an_empty_plan(catalog: Path) -> None:
    assert json.loads(run(catalog, "bake", "--changed-since", "HEAD", "--format", "github").stdout) == {"include": []}
    assert "nothing-changed" in run(catalog, "bake", "--changed-since", "HEAD", "--format", "gitlab").stdout


LIMITS: Mapping[str, int] = {"github": 256, "gitlab": 2000, "tekton": 256}


@pytest.mark.parametrize("kind", LIMITS)
def test_more_jobs_than_the_system_runs_are_refused(catalog: Path, kind: str) -> None:
    assert run(catalog, "bake", "--format", kind, "--shards", str(LIMITS[kind])).exit_code == 0
    done = run(catalog, "bake", "--format", kind, "--shards", str(LIMITS[kind] + 1))
    assert done.exit_code == 2
    assert f"{kind} runs at most {LIMITS[kind]} jobs" in done.output


def test_of_many_shards_gitlab_gets_a_job_for_each_two_hundred() -> None:
    from catalog_forge.image.baking import matrix

    jobs = yaml.safe_load(matrix("gitlab", [f"shard-{number:04}" for number in range(450)]))
    assert {name: len(job["parallel"]["matrix"][0]["SHARD"]) for name, job in jobs.items()} == {
        "bake-1": 200,
        "bake-2": 200,
        "bake-3": 50,
    }


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("specs/b-conf.yml", "images/b-conf is out of date with its spec, or was edited"),
        ("images/b-conf/Dockerfile", "images/b-conf is out of date with its spec, or was edited"),
    ],
)
def test_what_is_stale_or_edited_is_not_baked(catalog: Path, spoil: str, said: str) -> None:
    with (catalog / spoil).open("a") as file:
        file.write("# edited\n")
    done = run(catalog, "bake", "-o", str(catalog / "bake.json"))
    assert done.exit_code == 1
    assert said in done.output
    assert not (catalog / "bake.json").exists()


def test_an_unknown_commit_is_one_clear_line(catalog: Path) -> None:
    done = run(catalog, "bake", "--changed-since", "origin/nothing")
    assert done.exit_code == 1
    assert "there is no commit 'origin/nothing' here" in done.output
    assert "is not the name of a commit" in run(catalog, "bake", "--changed-since", "--all").output


def test_a_build_argument_is_no_template_of_bake(catalog: Path) -> None:
    given = {"A": "a${HOME}", "B": "%{if x}", "C": "$${X}", "D": "${SOURCE_DATE_EPOCH}", "E": "$5, 10% {}"}
    words = [word for pair in given.items() for word in ("--build-arg", "=".join(pair))]
    written = json.loads(run(catalog, "bake", *words).stdout)["target"]["_common"]["args"]
    assert written == {
        **{"A": "a$${HOME}", "B": "%%{if x}", "C": "$$${X}", "D": "$${SOURCE_DATE_EPOCH}", "E": "$5, 10% {}"},
        "SOURCE_DATE_EPOCH": "${SOURCE_DATE_EPOCH}",
    }
