"""Entries: the newest revision is told as a spec, launches what it did, and published revisions stay as they are."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import click.testing
import pytest

from catalog_forge import yamlio
from catalog_forge.cli.main import root
from tests.adopt.entries import CONFIG, DOCKER, ENTRY, RANCHER
from tests.adopt.images import image
from tests.helpers import tree

IMAGE = image(
    {
        "app.conf": 'name = {{getv "/self/service/metadata/app/cluster"}}\nrole = {{getv "/self/service/metadata/app/role"}}\n'
        'level = {{getv "/self/service/metadata/level"}}\n'
        '{{range ls "/self/service/containers"}}peer {{getv (printf "/self/service/containers/%s/primary_ip" .)}}\n{{end}}'
    }
)


def adopted(tmp_path: Path, entry: dict[str, str], *words: str) -> dict[str, Any]:
    """What the report says of the image with its entry, which is written into `new`."""
    folder = tree(tmp_path / "app" / "1.2.0" / "app-conf", dict(IMAGE))
    catalog = tree(tmp_path / "catalog", dict(entry))
    (tmp_path / "new").mkdir(exist_ok=True)
    command = ["-C", str(tmp_path / "new"), "adopt", str(folder), "--entry", str(catalog), "--format", "json", *words]
    result = click.testing.CliRunner().invoke(root, command)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    (found,) = json.loads(result.stdout)
    return dict(found)


def test_an_entry_launches_what_it_did(tmp_path: Path) -> None:
    found = adopted(tmp_path, ENTRY, "--write")
    assert found["status"] == "adopted", found["errors"]
    assert found["entry"]["whole"], [each for each in found["entry"]["changes"] if each["lost"]]
    spec = yamlio.load((tmp_path / "new/specs/app-conf.yml").read_text(), "spec")
    assert spec["service"]["topology"] == "netns"
    assert spec["metadata"]["app/cluster"]["variable"] == "app_name"
    assert spec["launch"]["exec"] == ["/start.sh", "app", "--name", "@{metadata/app/cluster}"]
    assert spec["companions"]["web"]["image"] == "nginx:${web_tag}"
    assert spec["entry"]["revision"] == 2
    assert spec["entry"]["version"] == "1.0.0-rancher4"
    assert spec["maintainer"] == "Jo Doe <jo@example.org>"
    notes = json.dumps(found["notes"])
    assert "the question idle is left out" in notes
    assert "has no HTTP version" in notes


def test_published_revisions_stay_byte_for_byte(tmp_path: Path) -> None:
    adopted(tmp_path, ENTRY, "--write")
    for path, text in ENTRY.items():
        if path.count("/") == 3:
            assert (tmp_path / "new" / path).read_text() == text
    result = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path / "new"), "generate", "--check"])
    assert result.exit_code == 0, result.output


def test_what_is_generated_already_is_no_new_revision(tmp_path: Path) -> None:
    adopted(tmp_path, ENTRY, "--write")
    made = {path: path.read_bytes() for path in sorted((tmp_path / "new").rglob("*")) if path.is_file()}
    folder = str(tmp_path / "app" / "1.2.0" / "app-conf")
    command = ["-C", str(tmp_path / "new"), "adopt", folder, "--entry", str(tmp_path / "new"), "--write"]
    again = click.testing.CliRunner().invoke(root, command)
    assert again.exit_code == 0, again.output
    assert "no new revision is needed" in again.stdout
    assert {path: path.read_bytes() for path in sorted((tmp_path / "new").rglob("*")) if path.is_file()} == made


def test_a_generated_revision_that_differs_stays_and_a_new_one_follows(tmp_path: Path) -> None:
    adopted(tmp_path, ENTRY, "--write")
    (tmp_path / "newer").mkdir()
    folder = str(tmp_path / "app" / "1.2.0" / "app-conf")
    command = ["-C", str(tmp_path / "newer"), "adopt", folder, "--entry", str(tmp_path / "new"), "--write"]
    text = (tmp_path / "new/templates/app/2/rancher-compose.yml").read_text()
    (tmp_path / "new/templates/app/2/rancher-compose.yml").write_text(text + "# published\n")
    result = click.testing.CliRunner().invoke(root, command)
    assert result.exit_code == 0, result.output
    spec = yamlio.load((tmp_path / "newer/specs/app-conf.yml").read_text(), "spec")
    assert (spec["entry"]["revision"], spec["entry"]["version"]) == (3, "1.0.0-rancher5")
    assert (tmp_path / "newer/templates/app/2/rancher-compose.yml").read_text().endswith("# published\n")
    command[command.index("--entry") + 1] = str(tmp_path / "newer")
    again = click.testing.CliRunner().invoke(root, command)
    assert again.exit_code == 0, again.output
    assert not (tmp_path / "newer/templates/app/4").exists()


def test_answers_that_are_a_part_of_a_text_stay_where_they_are(tmp_path: Path) -> None:
    """A secret makes a secret of it; what looks like an expression stays text."""
    held = '"${heap} $$5"\n      own:\n      - "@{self.ip}"\n      - ${app_name}\n      key: of ${word}'
    rancher = RANCHER.replace("role: master", f"role: {held}").replace(
        "  - {variable: idle", "  - {variable: word, label: W, type: password, required: true}\n  - {variable: idle"
    )
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/rancher-compose.yml": rancher}, "--write")
    assert found["entry"]["whole"], found["entry"]["changes"]
    spec = yamlio.load((tmp_path / "new/specs/app-conf.yml").read_text(), "spec")
    group = spec["service"]["groups"]["app"]["metadata"]
    assert group["app/role"] == "@{metadata/heap} $5"
    assert group["app/own"] == ["@@{self.ip}", "@{metadata/app/cluster}"]
    assert spec["metadata"]["app/key"]["secret"]
    made = yamlio.load((tmp_path / "new/templates/app/2/rancher-compose.yml").read_text(), "rancher-compose.yml")
    assert made["services"]["app"]["metadata"]["app"] == {
        "cluster": "${app_name}", "role": "${heap} $$5", "own": ["@{self.ip}", "${app_name}"], "key": "of ${word}",
    }  # fmt: skip


MERGED = DOCKER.replace(
    """  labels:
    io.rancher.sidekicks: app-base,app-data
""",
    """  labels:
    <<: {io.rancher.sidekicks: "app-base,app-data", own: "1"}
""",
).replace("environment: {HEAP", "environment: {<<: {OTHER: x}, HEAP")


def test_what_a_merge_key_brings_in_is_adopted(tmp_path: Path) -> None:
    assert MERGED.count("<<") == 2
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": MERGED}, "--write")
    assert found["entry"]["whole"], (found["errors"], found["entry"]["changes"])
    made = yamlio.load((tmp_path / "new/templates/app/2/docker-compose.yml").read_text(), "docker-compose.yml")["services"]
    assert made["app"]["labels"]["own"] == "1"
    assert made["app-main"]["environment"]["OTHER"] == "x"


def test_services_that_a_merge_key_at_the_top_brings_in_are_adopted(tmp_path: Path) -> None:
    second = DOCKER.replace('net: "container:app"', 'network_mode: "container:app"')
    text = f"version: '2'\n<<:\n  services:\n{textwrap.indent(second, '    ')}"
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": text})
    assert found["entry"]["whole"], (found["errors"], found["entry"]["changes"])


@pytest.mark.parametrize("name", ["docker-compose.yml", "rancher-compose.yml"])
def test_a_compose_file_that_cannot_be_read_is_an_error_with_its_place(tmp_path: Path, name: str) -> None:
    path = f"templates/app/1/{name}"
    found = adopted(tmp_path, {**ENTRY, path: ENTRY[path] + "app: [\n"}, "--write")
    assert found["status"] == "not read"
    assert any(each["where"].startswith(f"{tmp_path}/catalog/{path}:") for each in found["errors"]), found["errors"]
    assert not [*(tmp_path / "new").iterdir()]


def test_an_unreadable_entry_of_other_images_does_not_stop_the_adoption_of_an_entry(tmp_path: Path) -> None:
    other = {"templates/other/0/docker-compose.yml": "app: [\n", "templates/other/0/rancher-compose.yml": "app: {}\n"}
    assert adopted(tmp_path, {**ENTRY, **other})["status"] == "adopted"


def test_a_namespace_that_the_new_image_does_not_have_is_reported(tmp_path: Path) -> None:
    (note,) = (each for each in adopted(tmp_path, ENTRY)["notes"] if "called app-conf" in each["message"])
    assert note["message"] == "the conf image is now called app-conf, without the prefix acme/ of acme/app-conf:v1.2.0"
    assert note["where"].endswith("templates/app/1/docker-compose.yml:2:10")
    assert note["hint"] == "to keep it, write in the spec: image: {registry: acme}"
    (tmp_path / "plain").mkdir()
    docker = DOCKER.replace("acme/app-conf", "app-conf")
    plain = adopted(tmp_path / "plain", {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    assert "called app-conf" not in json.dumps(plain["notes"])


def test_a_revision_that_cannot_be_launched_is_said_to_be_unproven(tmp_path: Path) -> None:
    rancher = RANCHER.replace("scale: 3", "scale: many")
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/rancher-compose.yml": rancher})
    (change,) = found["entry"]["changes"]
    assert (change["what"], change["lost"]) == ("not compared", True) and ":11:10: scale" in change["old"], change
    command = ["adopt", str(tmp_path / "app"), "--entry", str(tmp_path / "catalog")]
    said = click.testing.CliRunner().invoke(root, command).stdout
    assert (
        "is not proven to stay the same, because one of the two revisions cannot be launched: " in said and "lost: " not in said
    )


def test_a_second_sidekick_of_the_image_stays_as_it_is(tmp_path: Path) -> None:
    """It has a program of its own; whatever a container has that owned volumes, the program has now."""
    side = (
        "app-health:\n  image: acme/app-conf:v1.2.0\n  net: 'container:app'\n  entrypoint: /health\n  volumes_from: [app-data]\n"
    )
    docker = side + DOCKER.replace("app-base,app-data", "app-health,app-base,app-data")
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": docker}, "--write")
    assert found["entry"]["whole"], (found["errors"], found["entry"]["changes"])
    made = yamlio.load((tmp_path / "new/templates/app/2/docker-compose.yml").read_text(), "docker-compose.yml")["services"]
    assert made["app-health"]["image"] == "acme/app-conf:v1.2.0"
    assert made["app-health"]["volumes_from"] == ["app-main"]
    assert made["app-main"]["image"] == "acme/app:3.1"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CONFIG.replace(" <jo@example.org>", ""), "the maintainer is left out"),
        (CONFIG + "labels: {io.x: '1'}\n", "config.yml: the spec leaves out the key labels"),
        (None, "the entry has no config.yml"),
    ],
)
def test_what_the_spec_does_not_have_of_config_yml_is_named(tmp_path: Path, config: str | None, words: str) -> None:
    entry = {path: text for path, text in ENTRY.items() if path != "templates/app/config.yml"}
    found = adopted(tmp_path, entry if config is None else entry | {"templates/app/config.yml": config})
    assert words in json.dumps(found["notes"])


@pytest.mark.parametrize(
    ("docker", "topology"),
    [
        (DOCKER, "netns"),
        (
            "app:\n  image: acme/app:3.1\n  labels: {io.rancher.sidekicks: app-side}\n  volumes_from: [app-side]\n"
            "app-side:\n  image: acme/app-conf:v1.2.0\n",
            "volumes",
        ),
        (
            "app:\n  image: acme/app:3.1\n  labels: {io.rancher.sidekicks: 'app-side,app-data'}\n  volumes_from: [app-data]\n"
            "app-side:\n  image: acme/app-conf:v1.2.0\n  net: 'container:app'\n  volumes_from: [app-data]\n"
            "app-data:\n  image: acme/app:3.1\n  labels: {io.rancher.container.start_once: 'true'}\n  volumes: [/etc/app]\n",
            "datavol",
        ),
    ],
)
def test_the_topology_is_that_of_the_entry(tmp_path: Path, docker: str, topology: str) -> None:
    rancher = RANCHER.replace("  - {variable: port, label: Port, type: int, default: 80, required: true}\n", "")
    found = adopted(
        tmp_path,
        {**ENTRY, "templates/app/1/docker-compose.yml": docker, "templates/app/1/rancher-compose.yml": rancher},
        "--write",
    )
    assert found["status"] == "adopted", found["errors"]
    assert yamlio.load((tmp_path / "new/specs/app-conf.yml").read_text(), "spec")["service"]["topology"] == topology


def test_several_services_become_groups(tmp_path: Path) -> None:
    """A key that one of them lacks is null there."""
    parts = [DOCKER.partition("web:")[0].replace("app-", f"{name}-").replace("app:", f"{name}:", 1) for name in ("one", "two")]
    docker = "".join(part.replace(f"acme/{name}-conf", "acme/app-conf") for part, name in zip(parts, ("one", "two"), strict=True))
    docker = docker.replace('net: "container:app"', 'net: "container:one"', 1).replace(
        'net: "container:app"', 'net: "container:two"'
    )
    block, _, service = RANCHER.partition("app:\n  scale")
    one, two = (f"{name}:\n  scale{service}" for name in ("one", "two"))
    rancher = block + one + two.replace('    level: "5"\n', "")
    found = adopted(
        tmp_path,
        {**ENTRY, "templates/app/1/docker-compose.yml": docker, "templates/app/1/rancher-compose.yml": rancher},
        "--write",
    )
    assert found["status"] == "adopted", found["errors"]
    spec = yamlio.load((tmp_path / "new/specs/app-conf.yml").read_text(), "spec")
    assert list(spec["service"]["groups"]) == ["one", "two"]
    assert spec["service"]["groups"]["two"]["metadata"]["level"] is None
    compose = yamlio.load((tmp_path / "new/templates/app/2/rancher-compose.yml").read_text(), "rancher-compose.yml")
    assert "level" not in compose["services"]["two"]["metadata"]
    assert found["entry"]["whole"], [each for each in found["entry"]["changes"] if each["lost"]]


@pytest.mark.parametrize(
    ("image", "words", "whole"),
    [
        # The table of well-known images tells what theirs start; of others nobody knows.
        ("mysql:5.7", ["docker-entrypoint.sh", "app", "--name", "@{metadata/app/cluster}"], True),
        ("acme/thing:1", ["app", "--name", "@{metadata/app/cluster}"], False),
        ("acme/other:1", ["/bin/other", "app", "--name", "@{metadata/app/cluster}"], True),
    ],
)
def test_what_the_image_starts_is_not_lost(tmp_path: Path, image: str, words: list[str], whole: bool) -> None:
    docker = DOCKER.replace("  entrypoint: /start.sh\n", "").replace("acme/app:3.1", image)
    tree(tmp_path / "app", {"other/Dockerfile": 'FROM debian:12\nENTRYPOINT ["/bin/other"]\n'})
    folder = tree(tmp_path / "app" / "1.2.0" / "app-conf", dict(IMAGE))
    catalog = tree(tmp_path / "catalog", {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    command = ["-C", str(tmp_path), "adopt", str(tmp_path / "app"), "--entry", str(catalog), "--format", "json", "--write"]
    (found,) = json.loads(click.testing.CliRunner().invoke(root, command).stdout)
    assert folder.is_dir()
    assert found["entry"]["whole"] is whole
    spec = yamlio.load((tmp_path / "specs/app-conf.yml").read_text(), "spec")
    assert spec["launch"]["exec"][-len(words) :][0].endswith(words[0])
    assert spec["launch"]["exec"][1:] == words[1:]


def test_a_script_that_waits_becomes_words_of_launch(tmp_path: Path) -> None:
    wait = "while [ ! -f /etc/app/app.conf ]; do sleep 1; done; sleep 5; exec app --fast"
    docker = DOCKER.replace("  entrypoint: /start.sh\n  command: app --name ${app_name}\n", f"  entrypoint: [sh, -c, '{wait}']\n")
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": docker}, "--write")
    spec = yamlio.load((tmp_path / "new/specs/app-conf.yml").read_text(), "spec")
    assert spec["launch"]["exec"] == ["app", "--fast"]
    assert "`launch` leaves out this command of the script: sleep 5" in [note["message"] for note in found["notes"]]


HOLDS = {
    "docker-compose.yml": "app:\n  image: acme/app:3.1\n  entrypoint: /opt/app/start.sh\n  volumes_from: [files]\n"
    "  labels: {io.rancher.sidekicks: files}\nfiles:\n  image: acme/app-files:1\n  command: /bin/true\n  volumes: [/opt/app]\n",
    "rancher-compose.yml": "app:\n  scale: 1\n",
}


@pytest.mark.parametrize(
    ("dockerfile", "taken"),
    [
        ('FROM busybox:1\nCOPY start.sh /opt/app/\nCMD ["/wait"]\n', True),
        ('FROM busybox:1\nCOPY start.sh /opt/app/\nENTRYPOINT ["/unpack"]\n', False),
        ("FROM acme/base:1\nCOPY start.sh /opt/app/\n", False),
        ("FROM busybox:1\nCOPY start.sh /usr/bin/\n", False),
    ],
)
def test_the_entry_tells_which_volume_an_image_only_fills(tmp_path: Path, dockerfile: str, taken: bool) -> None:
    files = {"Dockerfile": dockerfile, "start.sh": "#!/bin/sh\nexec app\n"}
    folder = tree(tmp_path / "app-files", files)
    catalog = tree(tmp_path / "catalog", {f"templates/app/0/{name}": text for name, text in HOLDS.items()})
    command = ["-C", str(tmp_path), "adopt", str(folder), "--entry", str(catalog), "--format", "json"]
    result = click.testing.CliRunner().invoke(root, command)
    found = json.loads(result.stdout)
    assert [(each["status"], each["entry"]["whole"]) for each in found] == [("adopted", True)] * taken, result.output
    assert [file["dest"] for each in found for file in each["files"]] == ["/opt/app/start.sh"] * taken


TOOLS = {
    "base-shell/Dockerfile": 'FROM debian:12\nENTRYPOINT ["sh", "/unpack.sh"]\n',
    "app-tools/Dockerfile": "FROM acme/base-shell:1\nADD root /\nRUN tar czf /opt/app.tgz /opt/app && rm -rf /opt/app/*\n",
    "app-tools/root/opt/app/bin/run.sh": "#!/bin/sh\necho {{.}}\n",
    "app/Dockerfile": 'FROM acme/base-shell:1\nCMD ["app"]\n',
}
ONCE = """\
version: '2'
services:
  app:
    image: acme/app:3.1
    volumes: ["tools:/opt/app"]
    volumes_from: [keeper]
    labels: {io.rancher.sidekicks: "files,keeper"}
  files:
    image: acme/app-tools:2
    labels: {io.rancher.container.start_once: "true"}
    volumes: ["tools:/opt/app"]
  keeper:
    image: acme/keeper:1
    environment: {OWNER: "7"}
    labels: {io.rancher.container.start_once: "true"}
    volumes: ["data:${folder}"]
volumes:
  tools: {driver: local, per_container: true}
  data: {driver: local, per_container: true}
"""


def carried(tmp_path: Path, *edits: tuple[str, str], images: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return what the report says of an entry whose sidekick unpacks files once."""
    docker = ONCE
    for old, new in edits:
        assert docker.count(old) == 1
        docker = docker.replace(old, new)
    images = images or TOOLS
    tree(tmp_path / "images", dict(images))
    asked = "{variable: folder, label: Folder, type: string, required: true, default: /var/lib/app}"
    rancher = f"version: '2'\ncatalog: {{name: App, version: v1, questions: [{asked}]}}\nservices: {{app: {{scale: 1}}}}\n"
    files = {"docker-compose.yml": docker, "rancher-compose.yml": rancher}
    catalog = tree(tmp_path / "catalog", {f"templates/app/0/{name}": text for name, text in files.items()})
    (tmp_path / "new").mkdir()
    command = ["-C", str(tmp_path / "new"), "adopt", str(tmp_path / "images"), "--entry", str(catalog), "--format", "json"]
    result = click.testing.CliRunner().invoke(root, [*command, "--write"])
    return [each for each in json.loads(result.stdout or "[]") if each["entry"]["name"]]


def test_what_an_image_unpacks_at_its_start_stays(tmp_path: Path) -> None:
    """The spec is based on it, and main's start comes from the base of its image; a keeper with a program of its own stays."""
    (found,) = carried(tmp_path)
    assert (found["status"], found["entry"]["whole"]) == ("adopted", True), (found["errors"], found["entry"]["changes"])
    assert any(
        "runs the program of that image once before confd writes the files: sh /unpack.sh" in each["message"]
        for each in found["notes"]
    )
    spec = yamlio.load((tmp_path / "new/specs/app-tools-conf.yml").read_text(), "spec")
    assert spec["image"] == {"base": "acme/app-tools:2", "before": ["sh /unpack.sh"], "folders": ["/opt/app"]}
    assert spec["service"]["topology"] == "scripts"
    assert [(each["dest"], each["mode"]) for each in spec["files"]] == [("/opt/app/bin/run.sh", "0755")]
    assert spec["launch"]["exec"] == ["sh", "/unpack.sh", "app"]
    made = yamlio.load((tmp_path / "new/templates/app/1/docker-compose.yml").read_text(), "docker-compose.yml")["services"]
    assert "volumes" not in made["app"]
    assert made["app"]["volumes_from"] == ["app-tools-conf", "keeper"]
    assert made["keeper"]["environment"] == {"OWNER": "7"}
    assert made["keeper"]["volumes"] == ["data:${folder}"]
    rancher = yamlio.load((tmp_path / "new/templates/app/1/rancher-compose.yml").read_text(), "rancher-compose.yml")
    assert rancher["volumes"] == {"data": {"driver": "local", "per_container": True}}


@pytest.mark.parametrize(
    ("edits", "images"),
    [
        ([('acme/app-tools:2\n    labels: {io.rancher.container.start_once: "true"}', "acme/app-tools:2")], TOOLS),
        ([("acme/app-tools:2\n", "acme/app-tools:2\n    environment: {A: b}\n")], TOOLS),
        ([("acme/app-tools:2\n", "acme/app-tools:2\n    command: other\n")], TOOLS),
        ([('    volumes: ["tools:/opt/app"]\n  keeper', "  keeper")], TOOLS),
        ([], {path: text for path, text in TOOLS.items() if not path.startswith("base-shell")}),
    ],
)
def test_what_cannot_be_told_of_a_start_is_not_adopted(
    tmp_path: Path, edits: list[tuple[str, str]], images: dict[str, str]
) -> None:
    assert carried(tmp_path, *edits, images=images) == []


def test_a_volume_that_the_conf_container_holds_stays_with_the_program(tmp_path: Path) -> None:
    docker = DOCKER.replace("volumes_from: [app-data]\napp-base", "volumes: [/srv/app, 'x:/etc/app:ro', /etc]\napp-base", 1)
    docker = docker.replace("volumes_from: [app-data]\n  environment", "volumes_from: [app, app-data]\n  environment")
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": docker}, "--write")
    assert found["entry"]["whole"], (found["errors"], found["entry"]["changes"])
    made = yamlio.load((tmp_path / "new/templates/app/2/docker-compose.yml").read_text(), "docker-compose.yml")["services"]
    assert made["app-main"]["volumes"] == ["/var/lib/app", "/srv/app"]


def test_an_entry_whose_program_is_in_the_same_image_is_reported(tmp_path: Path) -> None:
    folder = tree(tmp_path / "app-conf", dict(IMAGE))
    docker = "version: '2'\nservices:\n  app:\n    image: acme/app-conf:3\n  web:\n    image: nginx:1.14.2\n"
    catalog = tree(
        tmp_path / "catalog", {"templates/app/config.yml": "name: App\n", "templates/app/0/docker-compose.yml": docker}
    )
    result = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path), "adopt", str(folder), "--entry", str(catalog)])
    assert "the entry app is not adopted: the image app-conf of app also contains the program" in result.stderr
    assert "use none of these images" not in result.stderr


def test_an_entry_that_runs_no_such_image_says_which_it_runs(tmp_path: Path) -> None:
    folder = tree(tmp_path / "other-conf", dict(IMAGE))
    docker = DOCKER.replace("acme/app-conf", "acme/thing")
    catalog = tree(tmp_path / "catalog", {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    result = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path), "adopt", str(folder), "--entry", str(catalog)])
    assert "with the default answers, the entries in this folder use none of these images; " in result.stderr
    assert "; they run acme/app:3.1, acme/thing:v1.2.0, nginx" in result.stderr
    catalog = tree(tmp_path / "catalog", dict(ENTRY))
    result = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path), "adopt", str(folder), "--entry", str(catalog)])
    assert "entry app/1: " in result.stdout


def test_an_entry_that_cannot_be_launched_is_not_whole(tmp_path: Path) -> None:
    docker = DOCKER.replace("image: nginx", "image: nginx\n  restart: sometimes")
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    assert found["status"] in ("adopted", "not read")
    assert not found["entry"]["whole"]


def test_of_two_images_of_one_entry_one_spec_has_the_entry(tmp_path: Path) -> None:
    for name in ("app-conf", "side-conf"):
        tree(tmp_path / "images" / name, dict(IMAGE))
    docker = "app:\n  image: acme/app:3.1\n  entrypoint: [app]\n  labels: {io.rancher.sidekicks: 'one,two,app-data'}\n"
    for name, made in (("one", "app-conf"), ("two", "side-conf")):
        docker += f"{name}:\n  image: acme/{made}:v1.2.0\n  net: 'container:app'\n  volumes_from: [app-data]\n"
    docker += "app-data:\n  image: acme/app:3.1\n  labels: {io.rancher.container.start_once: 'true'}\n  volumes: [/etc/app]\n"
    catalog = tree(tmp_path / "catalog", {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    (tmp_path / "new").mkdir()
    command = ["-C", str(tmp_path / "new"), "adopt", str(tmp_path / "images"), "--entry", str(catalog), "--write"]
    result = click.testing.CliRunner().invoke(root, command)
    assert result.exit_code == 0, result.output
    assert "2 images: 2 adopted" in result.stdout, result.stdout
    assert "the entry app belongs to the spec app-conf, in which two still runs the original image" in result.stdout
    specs = {path.stem: yamlio.load(path.read_text(), "spec") for path in (tmp_path / "new/specs").glob("*.yml")}
    assert set(specs) == {"app-conf", "side-conf"}
    assert "acme/side-conf:v1.2.0" in json.dumps(specs["app-conf"])
    played = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path / "new"), "generate", "--check"])
    assert played.exit_code == 0, played.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: string, default: 512m", "type: password, default: 512m", "the default of heap is left out"),
        (
            "unhealthy_threshold: 3,",
            "unhealthy_threshold: 3, strategy: recreateOnQuorum,",
            "the spec leaves out the strategy 'recreateOnQuorum'",
        ),
        ('level: "5"', "app_name: fixed", ""),
    ],
)
def test_what_a_spec_refuses_does_not_stand_in_the_way(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert RANCHER.count(old) == 1
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/rancher-compose.yml": RANCHER.replace(old, new)})
    assert found["status"] != "not read", found["errors"]
    assert words in json.dumps(found["notes"])


LISTED = image({"app.conf": '{{range gets "/self/service/metadata/*"}}{{.Key}}={{.Value}}\n{{end}}'})
READ = image({"app.conf": 'port={{getv "/self/service/metadata/port" "9"}}\nlevel={{getv "/self/service/metadata/level"}}\n'})


@pytest.mark.parametrize("files", [LISTED, READ], ids=["all keys are listed", "one has the name of a question"])
@pytest.mark.parametrize("command", ["app", "app --heap ${heap} --port ${port}"], ids=["compose", "program"])
def test_what_a_template_would_see_of_new_keys_counts(tmp_path: Path, files: dict[str, str], command: str) -> None:
    """A question of a port is no metadata of a service whose template would read it; one of a program has to be."""
    docker = DOCKER.replace("app --name ${app_name}", command)
    folder = tree(tmp_path / "app-conf", dict(files))
    catalog = tree(tmp_path / "catalog", {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    words = ["-C", str(tmp_path), "adopt", str(folder), "--entry", str(catalog), "--format", "json", "--write"]
    (found,) = json.loads(click.testing.CliRunner().invoke(root, words).stdout)
    if command != "app":
        assert found["status"] == "different", found
        return
    assert found["status"] == "adopted", found
    entry = yamlio.load((tmp_path / "templates/app/2/rancher-compose.yml").read_text(), "entry")
    assert "port" not in entry["services"]["app"]["metadata"]
    assert "port" in {each["variable"] for each in entry["catalog"]["questions"]}


def test_values_mean_what_rancher_reads(tmp_path: Path) -> None:
    """Bare words and numbers of YAML 1.1, in the metadata and around the program."""
    rancher = RANCHER.replace('level: "5"', "level: 0o17\n    yes_no: yes\n    mode: 0777\n    text: '0777'\n    part: 1.0")
    docker = DOCKER.replace('{HEAP: "${heap}"}', "{HEAP: '${heap}', MASK: 0777, LIVE: yes, PART: 1.10}")
    entry = {**ENTRY, "templates/app/1/rancher-compose.yml": rancher, "templates/app/1/docker-compose.yml": docker}
    found = adopted(tmp_path, entry, "--write")
    assert found["entry"]["whole"], found["entry"]["changes"]
    made = yamlio.load((tmp_path / "new/templates/app/2/rancher-compose.yml").read_text(), "entry")
    metadata = made["services"]["app"]["metadata"]
    assert {name: metadata[name] for name in ("yes_no", "mode", "text", "part")} == {
        "yes_no": "true",
        "mode": "511",
        "text": "0777",
        "part": "1",
    }


@pytest.mark.parametrize(
    ("default", "command", "whole"),
    [
        ("512m", "app --heap ${heap}", True),
        ("'-a -b'", "app ${heap}", False),
        ("''", "app ${heap}", False),
        ("'-a -b'", "[app, '${heap}']", True),
        ("512m", "app --heap '${heap} x'", True),
    ],
)
def test_an_answer_that_is_several_words_of_a_command_is_lost(tmp_path: Path, default: str, command: str, whole: bool) -> None:
    docker = DOCKER.replace("app --name ${app_name}", command)
    rancher = RANCHER.replace("default: 512m", f"default: {default}")
    entry = {**ENTRY, "templates/app/1/docker-compose.yml": docker, "templates/app/1/rancher-compose.yml": rancher}
    found = adopted(tmp_path, entry)
    assert found["status"] == "adopted", found["errors"]
    assert found["entry"]["whole"] is whole, found["entry"]["changes"]


def test_a_registry_with_a_port_and_a_bare_label_stay(tmp_path: Path) -> None:
    docker = DOCKER.replace("image: nginx\n", "image: registry:5000/acme/nginx\n").replace(
        "    io.rancher.sidekicks:", "    mask: 0777\n    io.rancher.sidekicks:"
    )
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": docker}, "--write")
    assert found["entry"]["whole"], found["entry"]["changes"]
    spec = yamlio.load((tmp_path / "new/specs/app-conf.yml").read_text(), "spec")
    assert spec["companions"]["web"]["image"] == "registry:5000/acme/nginx:${web_tag}"
    made = yamlio.load((tmp_path / "new/templates/app/2/docker-compose.yml").read_text(), "entry")
    assert "mask" in made["services"]["app"]["labels"]
    assert made["services"]["app"]["labels"]["mask"] == "511"


def test_what_goes_is_told_in_the_order_of_the_entry(tmp_path: Path) -> None:
    names = ["app-data", "app-logs", "app-keys", "app-work", "app-jars"]
    held = "".join(
        f'{name}: {{image: "acme/app:3.1", entrypoint: /bin/true, labels: {{io.rancher.container.start_once: "true"}}, '
        f"volumes: [/{name}]}}\n"
        for name in names[1:]
    )
    docker = DOCKER.replace("app-base,app-data", ",".join(["app-base", *names])) + held
    found = adopted(tmp_path, {**ENTRY, "templates/app/1/docker-compose.yml": docker})
    gone = [each["service"] for each in found["entry"]["changes"] if each["what"] == "the sidekick" and each["old"]]
    assert gone == [f"app: {name}" for name in names], found["entry"]["changes"]


def test_a_password_is_shown_in_no_report(tmp_path: Path) -> None:
    rancher = (
        RANCHER.replace("type: string, default: 512m", "type: password, default: hunter2")
        .replace("role: master", 'role: "x-${heap}"\n      own: ${db_password}')
        .replace(
            "  - {variable: idle", "  - {variable: db_password, label: P, type: string, default: hunter3}\n  - {variable: idle"
        )
    )
    entry = {**ENTRY, "templates/app/1/rancher-compose.yml": rancher}
    page = tmp_path / "page.html"
    found = adopted(tmp_path, entry, "--html", str(page), "--write")
    folder, catalog = tmp_path / "app" / "1.2.0" / "app-conf", tmp_path / "catalog"
    (tmp_path / "more").mkdir()
    command = ["-C", str(tmp_path / "more"), "adopt", str(folder), "--entry", str(catalog), "--diff"]
    shown = json.dumps(found) + page.read_text() + click.testing.CliRunner().invoke(root, command).output
    assert "hunter" not in shown
    written = "".join(path.read_text() for path in (tmp_path / "new/specs/app-conf").rglob("*.yml"))
    assert "hunter" not in written


def test_keys_that_an_entry_adds_are_those_of_each_group() -> None:
    """A template that lists the keys of all services would show them."""
    from catalog_forge.adopt.cases import Trial

    data = {"services": {"one": {"metadata": {"a": "1"}}, "two": {"metadata": {}}, "db": {"metadata": {}}}}
    found = Trial("x", data).with_keys({"a": "", "b": "2"}, ["one", "two"]).data["services"]
    assert {name: each["metadata"] for name, each in found.items()} == {
        "one": {"a": "1", "b": "2"},
        "two": {"a": "", "b": "2"},
        "db": {},
    }


@pytest.mark.parametrize(
    ("docker", "rancher", "place"),
    [
        (DOCKER + "side:\n  image: acme/side:1\n  net: 'container:gone'\n", RANCHER, "docker-compose.yml:23:1"),
        (DOCKER, RANCHER.replace("request_line: GET /", "request_line: GET / FTP/1"), "templates/app/1"),
    ],
)
def test_what_a_spec_would_be_refused_for_is_said_of_the_original(tmp_path: Path, docker: str, rancher: str, place: str) -> None:
    more = {"templates/app/1/docker-compose.yml": docker, "templates/app/1/rancher-compose.yml": rancher}
    found = adopted(tmp_path, {**ENTRY, **more})
    assert found["status"] == "not read"
    assert [each for each in found["errors"] if place in each["where"]], found["errors"]
    assert all(each["message"].startswith("the spec of this image would be refused: ") for each in found["errors"])


def test_in_its_own_catalog_an_entry_is_overwritten_with_force_alone(tmp_path: Path) -> None:
    image = tree(tmp_path / "app" / "1.2.0" / "app-conf", dict(IMAGE))
    catalog = tree(tmp_path / "catalog", dict(ENTRY))
    words = ["-C", str(catalog), "adopt", str(image), "--entry", str(catalog), "--write"]
    result = click.testing.CliRunner().invoke(root, words)
    assert result.exit_code == 1
    assert "templates/app/config.yml: this file is in the way" in result.stderr
    assert "overwrite the file with --force" in result.stderr
    assert (catalog / "templates/app/config.yml").read_text() == CONFIG
    result = click.testing.CliRunner().invoke(root, [*words, "--force"])
    assert result.exit_code == 0, result.output
    assert "category: Databases" in (catalog / "templates/app/config.yml").read_text()
    assert (catalog / "templates/app/1/docker-compose.yml").read_text() == DOCKER


@pytest.mark.parametrize(
    ("docker", "rancher", "words"),
    [
        (DOCKER.replace("app-base:\n  image: acme/app:3.1", "app-base:\n  image: acme/app"), RANCHER, "asks for the tag"),
        (DOCKER, RANCHER.replace("request_line: GET /,", 'request_line: \'GET "/up" "HTTP/1.0"\','), ""),
        (DOCKER, RANCHER.replace("request_line: GET /,", "request_line: 'GET \"/up\"',"), "HTTP/1.0"),
    ],
)
def test_what_means_the_same_is_not_lost(tmp_path: Path, docker: str, rancher: str, words: str) -> None:
    files = {"templates/app/1/docker-compose.yml": docker, "templates/app/1/rancher-compose.yml": rancher}
    found = adopted(tmp_path, {**ENTRY, **files})
    assert found["entry"]["whole"], [each for each in found["entry"]["changes"] if each["lost"]]
    assert words in json.dumps(found["notes"])
