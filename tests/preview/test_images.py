"""Entries that were written by hand: the page renders their conf images, where it knows the folder, as confd would there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.preview import answering, export, topology
from catalog_forge.preview.findings import findings
from catalog_forge.preview.site import Site
from catalog_forge.preview.state import Wish
from tests.adopt.entries import DOCKER, ENTRY, RANCHER
from tests.adopt.images import SOUND, image, toml
from tests.helpers import tree

KEYS = image(
    {
        "app.conf": 'cluster = {{getv "/self/service/metadata/app/cluster"}}\nheap = {{getenv "HEAP"}}\n'
        '{{range ls "/self/service/containers"}}peer {{.}}\n{{end}}',
        "pin.conf": 'pin = {{getv "/self/service/metadata/pin" "none"}}\n',
    }
)
PIN = RANCHER.replace("  - {variable: idle,", "  - {variable: pin, label: Pin, type: password}\n  - {variable: idle,")
HAND = {
    **ENTRY,
    "templates/app/1/docker-compose.yml": DOCKER.replace("v1.2.0\n", 'v1.2.0\n  environment: {HEAP: "${heap}"}\n', 1),
    "templates/app/1/rancher-compose.yml": PIN.replace('    level: "5"\n', '    level: "5"\n    pin: "${pin}"\n'),
}
CONF = "/etc/app/app.conf"


def below(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}


@pytest.fixture
def hand(tmp_path: Path) -> Path:
    return tree(tmp_path / "hand", {**HAND, **below("app-conf", KEYS)})


def answered(site: Site, against: Wish | None = None, entry: str = "app", **wish: Any) -> dict[str, Any]:
    return answering.answered(site.opened(f"templates/{entry}"), Wish(**wish), against)


def shown(found: dict[str, Any]) -> dict[str, str]:
    lines = {each["dest"]: [text for mark, text in each["lines"] if mark != "-"] for each in found.get("files", ())}
    return {dest: "".join(f"{line}\n" for line in of_file) for dest, of_file in lines.items()}


def test_the_files_follow_answers_environment_and_scale(hand: Path) -> None:
    found = answered(Site(hand), Wish(), answers={"app_name": "two", "heap": "9g"}, scales={"app": 2})
    assert (found["problems"], found["errors"], found["image"]) == ([], (), "app-conf")
    assert found["nodes"] == ["app-1", "app-2"] and found["version_read"] == "2016-07-29"
    assert shown(found)[CONF] == "cluster = two\nheap = 9g\npeer app-app-1\npeer app-app-2\n"
    changed = next(each for each in found["files"] if each["dest"] == CONF)["lines"]
    assert {("+", "cluster = two"), ("-", "cluster = one")} <= set(changed)
    assert found["services"][0] == {"name": "app", "scale": 2, "conf": True}


@pytest.mark.parametrize("version", ["2015-07-25", "2015-12-19", "latest"])
def test_an_image_can_be_shown_another_version_of_the_metadata(hand: Path, version: str) -> None:
    found = shown(answered(Site(hand), version=version))[CONF]
    assert found.startswith("cluster = one\n") and found.count("peer ") == 3


def test_an_image_that_names_its_version_in_a_path_reads_that_alone(hand: Path) -> None:
    named = image({"app.conf": '{{getv "/2015-12-19/self/service/metadata/app/cluster"}}\n'}, version="")
    resource = toml("app.conf.tmpl", CONF, keys='"/2015-12-19/self"')
    dockerfile = named["Dockerfile"].replace(', "--prefix", "/"', "")
    tree(hand / "app-conf", {**named, "Dockerfile": dockerfile, "conf.d/app.conf.toml": resource})
    (hand / "app-conf/conf.d/pin.conf.toml").unlink()
    for version in ("", "2016-07-29", "latest"):
        found = answered(Site(hand), version=version)
        assert (shown(found), found["version_read"]) == ({CONF: "one\n"}, "2015-12-19")


def test_a_secret_is_in_no_file_until_it_is_asked_for(hand: Path) -> None:
    site = Site(hand)
    hidden = answered(site, Wish(), answers={"pin": "sesame"})
    assert shown(hidden)["/etc/app/pin.conf"] == "pin = ***\n" and "sesame" not in str(hidden)
    seen = answered(site, Wish(), answers={"pin": "sesame"}, secrets=True)
    assert shown(seen)["/etc/app/pin.conf"] == "pin = sesame\n"
    assert "sesame" not in str(answered(site, Wish(), answers={"pin": "sesame"}))


def test_where_no_folder_is_known_it_says_what_to_do(hand: Path, tmp_path: Path) -> None:
    elsewhere = (hand / "app-conf").rename(tmp_path / "elsewhere")
    found = answered(Site(hand))
    assert "files" not in found and found["nodes"] == []
    assert found["unknown"] == (
        "Files are rendered by a conf image, but there is no folder in hand for any image that this entry runs "
        "(acme/app-conf:v1.2.0, acme/app:3.1, nginx). Run `catalog-forge preview app --images DIR`, where DIR is the folder with "
        "the Dockerfile of the conf image."
    )
    given = Site(hand, [elsewhere])
    assert "unknown" in answered(given)  # a folder of another name could be of any entry
    given.belongs_to("templates/app")
    assert shown(answered(given))[CONF].startswith("cluster = one") and answered(given)["image"] == str(elsewhere)


def test_a_folder_that_is_given_must_be_there(hand: Path) -> None:
    done = CliRunner().invoke(root, ["-C", str(hand), "preview", "app", "--images", "no", "--export", str(hand / "x.html")])
    assert done.exit_code == 2 and "there is no folder 'no' in" in done.output


def test_an_image_that_cannot_be_read_is_told_with_its_place(hand: Path) -> None:
    tree(hand, {"app-conf/templates/app.conf.tmpl": "x\n{{if}}\n"})
    found = answered(Site(hand))
    assert [each["where"] for each in found["problems"]] == ["app-conf/templates/app.conf.tmpl:2:5"]
    assert "files" not in found and "unknown" not in found


def test_a_template_that_fails_says_so_beside_the_files_that_do_not(hand: Path) -> None:
    tree(hand, {"app-conf/templates/app.conf.tmpl": '{{getv "/self/service/metadata/nothing"}}\n'})
    found = answered(Site(hand))
    assert list(shown(found)) == ["/etc/app/pin.conf"] and "key does not exist" in found["errors"][0]


def test_files_that_come_with_the_image_are_shown_too(hand: Path) -> None:
    dockerfile = KEYS["Dockerfile"].replace("VOLUME", "COPY logo rules /etc/app/\nVOLUME")
    tree(hand / "app-conf", {"Dockerfile": dockerfile, "rules": "allow all\n", "logo": b"\xff\xfe\x00"})
    found = shown(answered(Site(hand)))
    assert (found["/etc/app/rules"], found["/etc/app/logo"]) == ("allow all\n", "(3 bytes that are not text)\n")


def test_bytes_of_another_character_set_are_escaped_as_render_shows_them(hand: Path) -> None:
    dockerfile = KEYS["Dockerfile"].replace("VOLUME", "COPY rules /etc/app/\nVOLUME")
    tree(hand / "app-conf", {"Dockerfile": dockerfile, "rules": b"caf\xe9\n"})
    assert shown(answered(Site(hand)))["/etc/app/rules"] == "caf\\xe9\n"


def test_each_conf_image_of_an_entry_has_its_own_files(hand: Path) -> None:
    web = DOCKER.replace("  image: nginx\n", "  image: acme/web-conf\n")
    tree(hand, {"templates/app/1/docker-compose.yml": web, **below("images/web-conf", SOUND)})
    found = answered(Site(hand))
    assert found["nodes"] == ["app-1", "app-2", "app-3", "web-1"] and "cluster" in shown(found)[CONF]
    assert "# settings" in shown(answered(Site(hand), asks="web-1"))[CONF]


def test_a_service_that_an_answer_brings_has_its_files(hand: Path) -> None:
    brought = '{{- if eq .Values.port "81"}}\nmore:\n  image: acme/app-conf\n{{- end}}\napp-base:\n'
    (hand / "templates/app/1/docker-compose.yml").unlink()
    tree(hand, {"templates/app/1/docker-compose.yml.tpl": DOCKER.replace("app-base:\n", brought, 1)})
    assert answered(Site(hand))["nodes"] == ["app-1", "app-2", "app-3"]
    assert answered(Site(hand), answers={"port": "81"})["nodes"] == ["app-1", "app-2", "app-3", "more-1"]


def test_a_hand_written_entry_may_run_an_image_that_a_spec_makes(catalog: Path) -> None:
    assert CliRunner().invoke(root, ["-C", str(catalog), "generate"]).exit_code == 0
    docker = "version: '2'\nservices:\n  web:\n    image: acme/web-conf:1\n"
    rancher = "version: '2'\ncatalog: {name: Hand, version: '1'}\nservices:\n  web: {metadata: {port: 81, title: t, token: s}}\n"
    tree(catalog / "templates/hand/0", {"docker-compose.yml": docker, "rancher-compose.yml": rancher})
    found = answered(Site(catalog), entry="hand")
    assert "port = 81\n" in shown(found)["/etc/web/web.conf"] and found["image"] == "images/web-conf"


def test_what_is_saved_in_an_image_is_seen_wherever_it_is(hand: Path, tmp_path: Path) -> None:
    site = Site(hand)
    site.stamps()
    assert "cluster" in shown(answered(site))[CONF]
    before = site.stamps()
    assert site.stamps() == before
    tree(hand, {"app-conf/templates/app.conf.tmpl": "saved\n"})
    assert site.stamps() != before and shown(answered(site))[CONF] == "saved\n"
    (hand / "app-conf").rename(tmp_path / "away")
    site.stamps()
    assert "unknown" in answered(site)
    tree(hand, below("other/app-conf", KEYS))
    site.stamps()
    assert "cluster" in shown(answered(site))[CONF]


def test_the_drawing_has_the_files_of_a_hand_written_image(hand: Path) -> None:
    found = topology.of_wish(Site(hand).opened("templates/app"), Wish())
    assert found
    unit = next(each for each in found.units if each.name == "app")
    lines = {box.name: box.lines for box in unit.boxes}
    assert {"writes /etc/app/app.conf", "writes /etc/app/pin.conf"} <= set(lines["app"])
    assert any(flow.what == "2 files" for flow in unit.flows)


def test_the_exported_file_has_them_or_says_what_to_do(hand: Path, tmp_path: Path) -> None:
    made = export.exported(Site(hand), "templates/app")
    assert "cluster = one" in made and len(made.encode()) <= export.MAX_BYTES
    (hand / "app-conf").rename(tmp_path / "away")
    assert "--images DIR" in export.exported(Site(hand), "templates/app")
    words = ["-C", str(hand), "preview", "app", "--images", str(tmp_path / "away"), "--export", str(tmp_path / "x.html")]
    assert CliRunner().invoke(root, words).exit_code == 0 and "cluster = one" in (tmp_path / "x.html").read_text()


def test_lint_speaks_of_the_image_too(hand: Path, tmp_path: Path) -> None:
    tree(hand, {"app-conf/conf.d/pin.conf.toml": toml("lost.tmpl", "/etc/app/pin.conf")})
    site = Site(hand)
    assert "app-conf/conf.d/pin.conf.toml" in {each["file"] for each in findings(site, site.opened("templates/app"))["findings"]}
    away = (hand / "app-conf").rename(tmp_path / "app-conf")
    given = Site(hand, [away])
    assert f"{away}/conf.d/pin.conf.toml" in {each["file"] for each in findings(given, given.opened("templates/app"))["findings"]}
