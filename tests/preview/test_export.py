"""An entry in one file: opened from disk in a real Chromium, it shows what was rendered, and asks nobody for anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from selenium import webdriver
from selenium.webdriver.support.select import Select

from catalog_forge.cli.main import root
from catalog_forge.errors import ForgeError
from catalog_forge.preview import export
from catalog_forge.preview.site import Site
from tests.helpers import tree
from tests.preview.browser import Page
from tests.preview.conftest import SPEC
from tests.preview.test_hostile import hostile, is_harmless
from tests.preview.test_page import ODD, ODD_USE, SCENARIO, entry, questions

KINDS = "  level: {type: enum, options: [low, high, loud], default: low, label: Level}\n"
KINDS += "  quiet: {type: boolean, default: false, label: Quiet}\n"
SET = "title: '@{metadata/title}', level: '@{metadata/level}', quiet: '@{metadata/quiet}',"


@pytest.fixture
def shop(catalog: Path) -> Path:
    spec = SPEC.replace("  token:", f"{KINDS}  token:").replace("title: '@{metadata/title}',", SET)
    scenario = SCENARIO.replace("token: t", "token: sesame, level: low, quiet: false")
    return tree(catalog, {"specs/web-conf.yml": spec, "specs/web-conf/scenarios/grow.yml": scenario})


def written(catalog: Path, name: str, out: Path) -> str:
    """The address of the file that the command writes."""
    done = CliRunner().invoke(root, ["-C", str(catalog), "preview", name, "--export", str(out)])
    assert done.exit_code == 0, done.output
    assert out.stat().st_size <= export.MAX_BYTES
    return out.as_uri()


def opened(browser: webdriver.Chrome, address: str) -> Page:
    page = Page(browser, address)
    page.requests(), page.console()
    browser.get("about:blank")
    browser.get(address)
    page.ready()
    return page


def closed(page: Page) -> None:
    """The file was all that was asked for, and its policy had nothing to refuse."""
    page.browser.get("about:blank")
    assert page.requests() == {"file:///"}
    assert page.console() == []


def test_each_option_alone_shows_the_files_that_it_changes(browser: webdriver.Chrome, shop: Path, tmp_path: Path) -> None:
    page = opened(browser, written(shop, "web", tmp_path / "web.html"))
    assert page.texts(".head h1") == ["Web server"]
    assert "level = low" in page.file("/etc/web/web.conf")
    Select(page.find("#q-level")).select_by_value("high")
    assert page.texts("#panel-files .added") == ["added: level = high"]
    assert page.texts("#status") == ["level=high: 2 lines changed in 1 file"]
    page.find("#q-quiet-true").click()
    assert page.texts("#panel-files .added") == ["added: quiet = true"]
    assert page.texts("#status") == ["quiet=true alone: 2 lines changed in 1 file"]
    page.tab("compose")
    assert page.texts(".answer[data-variable=level]") == ["high"]
    page.find("#q-title").send_keys("!")
    assert page.texts("#status") == ["title: the effect of this answer is not in this file"]
    closed(page)


def test_it_has_the_drawing_the_scenarios_and_what_is_left_out(browser: webdriver.Chrome, shop: Path, tmp_path: Path) -> None:
    page = opened(browser, written(shop, "web", tmp_path / "web.html"))
    page.tab("topology")
    assert {"web × 1", "web-conf"} <= set(page.texts("#panel-topology svg text"))
    page.tab("scenarios")
    assert len(page.texts(".moment")) == 4
    page.tab("readme")
    assert page.texts("#readme h1")
    assert page.script("[...document.querySelectorAll('pre, #readme')].every((each) => each.tabIndex === 0)")
    assert page.script("[...document.querySelectorAll('#readme a[href]')].every((each) => each.target === '_blank')")
    assert page.texts("#left-out li")[0] == "files for other answers to Port, Title, Token"
    assert "sesame" not in (tmp_path / "web.html").read_text()
    closed(page)


def test_a_spec_with_an_error_is_told_above_the_files_on_disk(browser: webdriver.Chrome, shop: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(root, ["-C", str(shop), "generate"]).exit_code == 0
    spec = shop / "specs/web-conf.yml"
    spec.write_text(spec.read_text().replace("format: ini", "format: iny"))
    done = CliRunner().invoke(root, ["-C", str(shop), "preview", "web", "--export", str(tmp_path / "web.html")])
    assert done.exit_code == 1
    page = opened(browser, (tmp_path / "web.html").as_uri())
    assert page.texts("#problems h2") == ["The spec has problems; below are the files on disk"]
    assert page.texts("#problems .place")[0] == "specs/web-conf.yml:17:11"
    closed(page)


@pytest.mark.parametrize("name", ["evil", "sly"])
def test_nothing_of_an_entry_runs_or_loads_in_it(browser: webdriver.Chrome, tmp_path: Path, name: str) -> None:
    page = opened(browser, written(hostile(tmp_path / "catalog"), name, tmp_path / "evil.html"))
    for tab in ("files", "compose", "topology", "scenarios", "readme"):
        page.tab(tab)
        assert is_harmless(page)
    closed(page)


def test_what_has_no_room_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_BYTES", 200_000)
    options = ", ".join(f"o{number}" for number in range(90))
    rows = [f"variable: q{number}, type: enum, label: Q{number}, options: [{options}], default: o0" for number in range(10)]
    files = {"0/README.md": "word " * 10_000, "catalogIcon-big.svg": f"<svg><!-- {'A' * 100_000} --></svg>"}
    made = export.exported(Site(tree(tmp_path, entry("big", questions(rows), **files))), "templates/big")
    assert len(made.encode()) <= 200_000
    data = json.loads(made.partition('id="data">')[2].partition("</script>")[0])
    assert "too large to include: the icon" in data["left_out"]
    assert "390 more options: at most 500 are rendered" in data["left_out"]
    assert len(data["options"]) == 500 and data["readme"]


def test_a_form_or_options_of_any_size_leave_the_file_within_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_BYTES", 200_000)
    options = ", ".join(f"option-{number}" for number in range(1000))
    rows = [f"variable: q, type: enum, options: &all [{options}]"]
    rows += [f"variable: q{number}, type: enum, options: *all" for number in range(20)]
    long = [f"variable: q{number}, type: enum, options: [{'o' * 3000}{number}, x]" for number in range(50)]
    for number, each in enumerate((rows, long)):
        made = export.exported(Site(tree(tmp_path / str(number), entry("big", questions(each)))), "templates/big")
        assert len(made.encode()) <= 200_000
        assert "too large to include: " in made
    named = entry("big", questions([])) | {"templates/big/config.yml": f"name: {'n' * 200_000}\n"}
    with pytest.raises(ForgeError, match="cannot be exported: its description alone is larger than 200000 bytes"):
        export.exported(Site(tree(tmp_path / "named", named)), "templates/big")


def test_an_answer_is_put_in_where_a_variable_has_the_name_of_what_every_object_has(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    root = tree(tmp_path / "catalog", entry("odd", questions(ODD), ODD_USE))
    page = opened(browser, written(root, "odd", tmp_path / "odd.html"))
    page.tab("compose")
    assert page.texts(".answer") == ["one", "two", "three"]
    page.find("#q-constructor").send_keys("!")
    assert page.texts(".answer") == ["one!", "two", "three"]
    closed(page)


@pytest.mark.parametrize(("words", "said"), [([], "needs an ENTRY"), (["wab"], "did you mean 'web'?")])
def test_without_an_entry_that_is_there_it_says_so(shop: Path, tmp_path: Path, words: list[str], said: str) -> None:
    done = CliRunner().invoke(root, ["-C", str(shop), "preview", *words, "--export", str(tmp_path / "x.html")])
    assert done.exit_code != 0 and said in done.output
    assert not (tmp_path / "x.html").exists()


def test_a_spec_with_an_error_is_exported_with_it_and_fails(tmp_path: Path) -> None:
    words = ["new", "web-conf", "--service", "nginx:1.27.3", "--no-build"]
    assert CliRunner().invoke(root, ["-C", str(tmp_path), *words]).exit_code == 0
    spec = tmp_path / "specs/web-conf.yml"
    spec.write_text(spec.read_text() + "metadata: {level: {typ: int}}\n")
    done = CliRunner().invoke(root, ["-C", str(tmp_path), "preview", "web", "--export", str(tmp_path / "x.html")])
    assert done.exit_code == 1 and "unknown key 'typ'" in done.stderr
    assert "unknown key 'typ'" in (tmp_path / "x.html").read_text()


def test_an_entry_outside_the_folders_that_rancher_reads_is_shown(tmp_path: Path) -> None:
    shutil.copytree(tree(tmp_path / "a", entry("web", questions([]))) / "templates", tmp_path / "b/mine")
    assert "<title>" in export.exported(Site(tmp_path / "b"), Site(tmp_path / "b").id_of("mine/web"))


def test_the_same_entry_gives_the_same_file(shop: Path) -> None:
    assert export.exported(Site(shop), "templates/web") == export.exported(Site(shop), "templates/web")
