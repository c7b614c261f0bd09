"""The page beside what the commands say, beside a second tab, without its server, and as people see it."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from catalog_forge.metadata.scenarios import scenario
from catalog_forge.preview.state import HOSTS, SUBNET
from catalog_forge.repository import Repository
from catalog_forge.verify import view
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.subject import of_spec
from tests.helpers import free_port, save, tree
from tests.preview.browser import Page, served
from tests.preview.conftest import SPEC
from tests.preview.test_page import SCENARIO, entry, questions

TABS = ("readme", "files", "compose", "topology", "scenarios", "findings", "stack")

FOLDER = Path(__file__).parent
# Gives the answers of each round, and returns the files that are shown for them.
ROUNDS = (FOLDER / "rounds.js").read_text()
# Returns the texts that differ too little from what is behind them to be read (WCAG 2: 4.5 to 1).
CONTRAST = (FOLDER / "contrast.js").read_text()


@pytest.fixture
def shop(catalog: Path) -> Path:
    """The catalog with a spec that has more kinds of answers, and a scenario."""
    more = "  token: {type: password"
    kinds = "  level: {type: enum, options: [low, high], default: low, label: Level}\n"
    kinds += "  notes: {type: multiline, default: '', label: Notes}\n"
    spec = SPEC.replace(more, kinds + more).replace(
        "title: '@{metadata/title}',", "title: '@{metadata/title}', level: '@{metadata/level}',"
    )
    return tree(
        catalog,
        {"specs/web-conf.yml": spec, "specs/web-conf/scenarios/grow.yml": SCENARIO.replace("token: t", "token: t, level: low")},
    )


def test_the_live_files_are_those_of_render_for_two_hundred_answers(browser: webdriver.Chrome, shop: Path) -> None:
    chance = random.Random(14)
    letters = "abcXYZ019 .,:;-_/\\\\'\"<>&=#$%{}[]äß漢"
    rounds = [
        {
            "port": str(chance.randrange(1, 65536)),
            "title": "t" + "".join(chance.choices(letters, k=chance.randrange(20))).strip(),
            "level": chance.choice(["low", "high"]),
            "scale": chance.randrange(1, 6),
        }
        for _ in range(200)
    ]
    with served(shop) as url:
        page = Page(browser, url)
        page.open("#/templates/web?tab=files")
        page.until("document.querySelector('#scale-web')")
        sent = [
            {f"#q-{name}": text for name, text in each.items() if name != "scale"} | {"#scale-web": str(each["scale"])}
            for each in rounds
        ]
        shown = []
        for start in range(0, len(sent), 10):  # the driver waits for one script no longer than for any other
            some = browser.execute_async_script(ROUNDS, sent[start : start + 10])
            assert isinstance(some, list), some
            shown += some
        browser.get("about:blank")
    source = Repository(shop).source("web-conf")
    subject = of_spec(source.spec(), source.folder.static)
    for answers, found in zip(rounds, shown, strict=True):
        assert found == rendered(subject, answers), answers


def rendered(subject: Any, answers: dict[str, Any]) -> dict[str, list[str]]:
    """What `render` writes for a stack with this metadata, as lines of what may be seen."""
    metadata = {name: text for name, text in answers.items() if name != "scale"} | {"token": "", "notes": ""}
    stack = {
        "stack": "web",
        "subnet": SUBNET,
        "hosts": len(HOSTS),
        "services": {"web": {"scale": answers["scale"], "metadata": metadata}},
    }
    (start,) = scenario.read(json.dumps(stack), "answers.yml", "web").moments
    (seen,) = Embedded().play(subject, [view.of_moment(start, 0, subject.version)])
    return {
        dest: [f"# a secret of {len(file.content)} bytes"] if file.secret else [line or " " for line in file.text.splitlines()]
        for dest, file in seen.files.items()
    }


def test_two_hundred_questions(browser: webdriver.Chrome, tmp_path: Path) -> None:
    names = [f"question_{number}" for number in range(200)]
    rows = [f"variable: {name}, type: string, label: {name}, default: x" for name in names]
    root = tree(tmp_path, entry("many", questions(rows), "\n      ".join(f"{name}: '${{{name}}}'" for name in names)))
    with served(root) as url:
        page = Page(browser, url)
        page.open("#/templates/many?tab=compose")
        assert len(page.texts("form#questions .field")) == 200
        page.fill("#q-question_199", "the last one")
        assert page.texts(".answer[data-variable=question_199]") == ["the last one"]
        assert page.texts("[data-file='answers.txt'] .line")[-1] == "question_199='the last one'"


def test_a_second_tab_has_answers_of_its_own_and_both_follow_the_disk(browser: webdriver.Chrome, shop: Path) -> None:
    with served(shop) as url:
        page = Page(browser, url)
        page.open("#/templates/web")
        page.fill("#q-title", "first")
        first = browser.current_window_handle
        browser.switch_to.new_window("tab")
        page.open("#/templates/web")
        page.fill("#q-title", "second")
        spec = shop / "specs/web-conf.yml"
        save(spec, spec.read_text().replace("default: 8080", "default: 8181"))
        page.until("document.querySelector('#q-port').value === '8181' && document.body.dataset.state === 'ready'")
        page.shows("/etc/web/web.conf", "title = second", "port = 8181")
        browser.close()
        browser.switch_to.window(first)
        page.until("document.querySelector('#q-port').value === '8181' && document.body.dataset.state === 'ready'")
        page.shows("/etc/web/web.conf", "title = first", "port = 8181")
        browser.get("about:blank")


def test_more_tabs_than_a_browser_has_connections_show_their_entries(browser: webdriver.Chrome, shop: Path) -> None:
    with served(shop) as url:
        page = Page(browser, url)
        tabs = [browser.current_window_handle]
        page.open("#/templates/web")
        for _ in range(7):
            browser.switch_to.new_window("tab")
            tabs.append(browser.current_window_handle)
            page.open("#/templates/web")
        spec = shop / "specs/web-conf.yml"
        save(spec, spec.read_text().replace("default: 8080", "default: 8181"))
        for tab in tabs[1:]:
            browser.switch_to.window(tab)
            page.until("document.querySelector('#q-port').value === '8181'")
            browser.close()
        browser.switch_to.window(tabs[0])
        page.until("document.querySelector('#q-port').value === '8181'")
        browser.get("about:blank")


def test_a_catalog_that_is_moved_away_is_told_and_shown_again(browser: webdriver.Chrome, shop: Path) -> None:
    with served(shop) as url:
        page = Page(browser, url)
        page.open("#/templates/web")
        away = shop.rename(shop.parent / "away")
        page.until("document.querySelector('#view .problems')?.textContent.includes('there is no file or folder')")
        assert page.script("document.querySelector('#offline').hidden")
        away.rename(shop)
        page.until("document.querySelector('.head h1')")
        page.ready()
        browser.get("about:blank")
    page.console()  # that the catalog was gone


def test_an_error_of_the_spec_is_shown_with_its_place_until_it_is_mended(browser: webdriver.Chrome, shop: Path) -> None:
    spec = shop / "specs/web-conf.yml"
    sound = spec.read_text()
    with served(shop) as url:
        page = Page(browser, url)
        page.open("#/templates/web")
        save(spec, sound.replace("format: ini", "format: iny"))
        page.until("document.querySelector('#problems')?.textContent.includes('iny')")
        assert page.script("/specs\\/web-conf.yml:\\d+:\\d+/.test(document.querySelector('#problems').textContent)")
        save(spec, sound)
        page.until("document.querySelector('#problems')?.textContent === '' && document.querySelector('section.file')")
        browser.get("about:blank")


def test_the_server_may_be_killed_and_come_back(browser: webdriver.Chrome, shop: Path) -> None:
    port = free_port()
    with command(shop, port) as url:
        page = Page(browser, url)
        page.open("#/templates/web")
        page.fill("#q-title", "kept")
    page.until("!document.querySelector('#offline').hidden")
    assert "preview --port" in page.texts("#offline")[0]
    with command(shop, port) as again:
        assert again == url
        page.until("document.querySelector('#offline').hidden && document.body.dataset.state === 'ready'")
        page.fill("#q-port", "99")
        page.shows("/etc/web/web.conf", "title = kept", "port = 99")
        browser.get("about:blank")
    page.console()  # what could not be asked while there was no server


@contextmanager
def command(root: Path, port: int) -> Iterator[str]:
    """The address that the command prints; it is killed at the end."""
    words = [sys.executable, "-m", "catalog_forge", "-C", str(root), "preview", "--no-open", "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as found:
        try:
            assert found.stderr
            line = found.stderr.readline()
            address = re.search(r"http://\S+/", line)
            assert address, line
            yield address[0]
        finally:
            found.kill()


# Elements that can be used, and have no name for whoever does not see them.
NAMELESS = {"textbox", "spinbutton", "combobox", "button", "checkbox", "radio", "tab", "link", "searchbox", "listbox", "Date"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_and_every_input_has_a_name(browser: webdriver.Chrome, shop: Path, scheme: str) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]},
    )
    with served(shop) as url:
        page = Page(browser, url)
        page.open()
        assert browser.execute_script(CONTRAST) == []
        page.open("#/templates/web")
        page.fill("#q-port", "x")
        page.fill("#q-title", "other")
        for tab in TABS:
            page.tab(tab)
            page.ready()
            assert browser.execute_script(CONTRAST) == [], tab
            nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
            shown = [each for each in nodes if not each.get("ignored") and each.get("role", {}).get("value") in NAMELESS]
            assert len(shown) > 15
            assert [each for each in shown if not each.get("name", {}).get("value")] == []
        browser.get("about:blank")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_in_a_narrow_window_nothing_is_wider_than_it(browser: webdriver.Chrome, shop: Path) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": False}
    )
    word = "W" * 120
    rows = [f"variable: {word}, label: {word}, description: {word}, group: {word}"]
    tree(shop, entry(word, questions(rows), f"A: '{word}'", **{"0/README.md": f"# {word}\n\n{word}\n\n    {word}\n"}))
    tree(shop, {f"templates/{word}/config.yml": f"name: {word}\ndescription: {word}\ncategory: {word}\n"})
    tree(
        shop,
        {"specs/web-conf/scenarios/grow.yml": SCENARIO.replace("token: t", "token: t, level: low").replace("one more", word)},
    )
    with served(shop.rename(shop.parent / word)) as url:
        page = Page(browser, url)
        page.open()
        assert page.script("innerWidth") == 360
        assert page.script("document.documentElement.scrollWidth") <= 360
        for name in ("web", word):
            page.open(f"#/templates/{name}")
            for tab in TABS:
                page.tab(tab)
                page.ready()
                assert page.script("document.documentElement.scrollWidth") <= 360, (name, tab)
        browser.get("about:blank")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
