"""What the page is told of a catalog, an entry, and of what comes of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.errors import ForgeError
from catalog_forge.preview import answering
from catalog_forge.preview.site import Site
from catalog_forge.preview.state import Wish
from tests.preview.conftest import SPEC

ROOT = Path(__file__).parents[2]


def answered(catalog: Path, entry: str, against: Wish | None = None, **wish: Any) -> dict[str, Any]:
    return answering.answered(Site(catalog).opened(entry), Wish(**wish), against)


def text(found: dict[str, Any], dest: str) -> str:
    file = next(each for each in found["files"] if each["dest"] == dest)
    return "".join(f"{line}\n" for mark, line in file["lines"] if mark != "-")


def test_tiles_are_entries_and_what_specs_are_about_to_make(catalog: Path) -> None:
    (catalog / "specs/odd-conf.yml").write_text("forge: 1\nname: [\n")
    found = {each["id"]: each for each in answering.tiles(Site(catalog))["entries"]}
    assert list(found) == ["templates/db", "specs/odd-conf", "templates/web"]
    assert (found["templates/db"]["title"], found["templates/db"]["spec"]) == ("Database", "")
    assert (found["templates/web"]["spec"], found["templates/web"]["new"]) == ("web-conf", True)
    assert found["specs/odd-conf"]["problem"].startswith("specs/odd-conf.yml:")


def test_the_files_are_those_that_render_prints(catalog: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yml"
    scenario.write_text(
        "stack: web\nsubnet: 10.42.0.0/16\nhosts: 3\nservices:\n  web:\n    scale: 4\n    sidekicks: [web-conf]\n"
        "    metadata: {port: '81', title: a b, token: ''}\nself: web-2\n"
    )
    found = answered(catalog, "templates/web", answers={"port": "81", "title": "a b"}, scales={"web": 4}, asks="web-conf-2")
    printed = CliRunner().invoke(
        root, ["-C", str(catalog), "render", "web-conf", "--metadata", str(scenario), "--self", "web-conf-2"]
    )
    assert printed.exit_code == 0, printed.output
    assert text(found, "/etc/web/web.conf") in printed.stdout
    assert "peer.4" in text(found, "/etc/web/web.conf")


def test_every_version_of_the_metadata_gives_the_same_files(catalog: Path) -> None:
    found = [answered(catalog, "templates/web", version=each) for each in ("2015-07-25", "2015-12-19", "2016-07-29", "latest")]
    assert all(each["files"] == found[0]["files"] and not each["errors"] for each in found)


def test_a_service_may_have_the_name_of_the_catalog_block(catalog: Path) -> None:
    file = catalog / "templates/db/0/docker-compose.yml"
    file.write_text(file.read_text().replace("  db:", "  catalog:"))
    docker = answered(catalog, "templates/db", answers={"who": "me"})["compose"][0]
    assert ["$who", "who", "me"] in [piece for line in docker["lines"] for piece in line]


def test_what_changed_is_marked(catalog: Path) -> None:
    found = answered(catalog, "templates/web", Wish(), answers={"port": "81"})
    lines = next(each for each in found["files"] if each["dest"] == "/etc/web/web.conf")["lines"]
    assert [line for line in lines if line[0] != " "] == [("-", "port = 8080"), ("+", "port = 81")]


def test_secrets_are_shown_to_who_asks_for_them(catalog: Path) -> None:
    hidden = answered(catalog, "templates/web", answers={"token": "abc123"})
    assert "abc123" not in str(hidden)
    shown = answered(catalog, "templates/web", answers={"token": "abc123"}, secrets=True)
    assert "abc123" in text(shown, "/etc/web/secret.conf")


def test_a_masked_answer_is_a_secret(catalog: Path) -> None:
    file = catalog / "templates/db/0/rancher-compose.yml"
    file.write_text(file.read_text().replace("type: password", "type: masked"))
    assert answered(catalog, "templates/db", answers={"who": "me", "pin": "1234"})["answers"]["pin"] == "***"


def test_an_entry_written_by_hand_has_all_but_files(catalog: Path) -> None:
    found = answered(catalog, "templates/db", answers={"who": "me", "pin": "1234"})
    assert (
        "files" not in found
        and found["nodes"] == []
        and "no folder in catalog for any image that this entry runs (postgres:12)" in found["unknown"]
    )
    assert found["services"] == [{"name": "db", "scale": 2, "conf": False}]
    docker, rancher = found["compose"]
    assert docker["lines"][3:] == [
        ["    image: postgres:12   # ${size} of a comment is none"],
        ["    environment:"],
        ['      SIZE: "', ["${size}", "size", "3"], " of ", ["${size}", "size", "3"], '"'],
        ["      WHO: ", ["$who", "who", "me"]],
        ["      MONEY: $$5"],
    ]
    assert all(isinstance(piece, str) for line in rancher["lines"] for piece in line)
    assert found["answers"] == {"size": "3", "who": "me", "pin": "***"}


def test_wrong_answers_are_said_beside_their_questions(catalog: Path) -> None:
    found = answered(catalog, "templates/db", answers={"size": "10"})
    said = [(each["variable"], each["message"]) for each in found["problems"]]
    assert said == [("size", "size cannot be 10"), ("who", "Whose ${size} needs an answer")]
    assert found["compose"][0]["lines"][5][1][2] == "10"


def test_an_error_of_the_spec_is_told_with_its_place_and_the_disk_is_shown(catalog: Path) -> None:
    assert CliRunner().invoke(root, ["-C", str(catalog), "generate"]).exit_code == 0
    site = Site(catalog)
    assert answering.described(site.opened("templates/web"))["problems"] == []
    (catalog / "specs/web-conf.yml").write_text(SPEC.replace("format: ini", "format: iny"))
    found = answering.described(site.opened("templates/web"))
    assert [each["where"] for each in found["problems"]] == ["specs/web-conf.yml:15:11", "specs/web-conf.yml:21:11"]
    assert found["title"] == "Web server" and found["questions"]


def test_what_is_saved_is_seen(catalog: Path) -> None:
    site = Site(catalog)
    assert "port = 8080" in text(answering.answered(site.opened("templates/web"), Wish(), None), "/etc/web/web.conf")
    (catalog / "specs/web-conf.yml").write_text(SPEC.replace("default: 8080", "default: 8090"))
    assert "port = 8090" in text(answering.answered(site.opened("templates/web"), Wish(), None), "/etc/web/web.conf")


@pytest.mark.parametrize(
    "entry", ["", "templates", "templates/nothing", "templates/..", "../catalog", "specs/no", "templates/db/0"]
)
def test_what_is_no_entry_is_refused(catalog: Path, entry: str) -> None:
    with pytest.raises(ForgeError, match="there is no entry"):
        Site(catalog).opened(entry)


def test_a_link_out_of_the_catalog_is_refused(catalog: Path, tmp_path: Path) -> None:
    (tmp_path / "outside/0").mkdir(parents=True)
    (catalog / "templates/out").symlink_to(tmp_path / "outside")
    with pytest.raises(ForgeError, match="points outside the catalog"):
        Site(catalog).opened("templates/out")


def test_a_service_of_another_stack_can_be_scaled() -> None:
    found = answered(ROOT / "examples", "templates/haproxy", answers={"backend": "shop/web"}, scales={"shop/web": 2})
    assert [(each["name"], each["scale"]) for each in found["services"]] == [("haproxy", 1), ("shop/web", 2)]
    assert text(found, "/usr/local/etc/haproxy/haproxy.cfg").count("server shop-web-") == 2


def test_a_spec_with_a_store_of_its_own_is_shown_as_up_runs_it(catalog: Path) -> None:
    (catalog / "specs/web-conf.yml").write_text(
        SPEC.replace("of: peers", "of: 'split(metadata/title, \",\")'")
        .replace("peer.@{it.index} = @{it.ip}", "x = @{it}")
        .replace(", node: '@{self.name}'", "")
        + "engine: {backend: redis, prefix: /web}\n"
    )
    site = Site(catalog)
    assert [each["id"] for each in answering.tiles(site)["entries"]] == ["templates/db", "specs/web-conf"]
    found = answering.answered(site.opened("specs/web-conf"), Wish({"port": "81", "title": "a,b"}), None)
    assert "port = 81\n" in text(found, "/etc/web/web.conf") and "x = b\n" in text(found, "/etc/web/web.conf")
