"""The page in a real Chromium: every kind of input, what is rendered while one types, and that nothing of an entry runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.helpers import save, tree
from tests.preview.browser import Page, served
from tests.preview.conftest import SPEC
from tests.preview.test_images import CONF, HAND, KEYS, below

TYPES = "string int float boolean enum multiline password masked date service certificate secret odd".split()

EVERY = """\
version: '2'
catalog:
  name: Every question
  version: '1'
  questions:
QUESTIONSservices:
  app: {scale: 1}
"""


def questions(rows: list[str]) -> str:
    return EVERY.replace("QUESTIONS", "".join(f"  - {{{row}}}\n" for row in rows))


def entry(name: str, rancher: str, environment: str = "A: b", **files: str) -> dict[str, str]:
    docker = f"version: '2'\nservices:\n  app:\n    image: app:1\n    environment:\n      {environment}\n"
    return {
        f"templates/{name}/config.yml": f"name: {name}\nversion: '1'\n",
        f"templates/{name}/0/docker-compose.yml": docker,
        f"templates/{name}/0/rancher-compose.yml": rancher,
        **{f"templates/{name}/{path}": text for path, text in files.items()},
    }


SCENARIO = """\
services: {web: {scale: 2, metadata: {port: 80, title: a, token: t}}}
then:
- {name: one more, scale: 3}
- {set: {title: b}, expect: {files: {web.conf: {contains: ["title = b"]}}}}
- {name: as before, health: {2: unhealthy}}
"""


@pytest.fixture
def page(browser: webdriver.Chrome, catalog: Path) -> Iterator[Page]:
    """The page of a catalog; it asks nobody else for anything, and its console has nothing to say."""
    tree(catalog, {"specs/web-conf/scenarios/grow.yml": SCENARIO})
    with served(catalog) as url:
        found = Page(browser, url)
        found.requests(), found.console()
        yield found
        browser.get("about:blank")
        assert found.requests() <= {url}
        assert found.console() == []


def test_an_entry_is_found_among_the_tiles_and_opened(page: Page) -> None:
    page.open()
    assert page.texts("#tiles .name") == ["Database", "web"]
    page.find("#search").send_keys("rows")
    page.until("document.querySelectorAll('#tiles li:not([hidden])').length === 1")
    page.find("#tiles li:not([hidden]) .tile").click()
    page.until("document.querySelector('h1').textContent === 'Database'")
    page.ready()
    assert page.texts("#readme em") == ["rows"]


def test_what_is_searched_for_stays_when_the_catalog_changes(page: Page, catalog: Path) -> None:
    page.open()
    page.find("#search").send_keys("rows")
    tree(catalog, entry("other", questions(["variable: size, type: int, label: Size"])))
    page.until("document.querySelectorAll('#tiles li').length === 3")
    assert page.script("[document.querySelector('#search').value, document.activeElement.id]") == ["rows", "search"]
    assert page.texts("#tiles li:not([hidden]) .name") == ["Database"]


def test_every_type_of_question_has_its_input(page: Page, catalog: Path) -> None:
    rows = [f"variable: q_{kind}, type: {kind}, label: The {kind}" + ", options: [a, b]" * (kind == "enum") for kind in TYPES]
    tree(catalog, entry("every", questions(rows), "\n      ".join(f"Q_{kind}: '${{q_{kind}}}'" for kind in TYPES)))
    page.open("#/templates/every?tab=compose")
    shown = {kind: page.find(f"[name=q_{kind}]") for kind in TYPES if kind != "boolean"}
    types = {kind: each.get_attribute("type") for kind, each in shown.items()}
    assert types == {
        "string": "text", "int": "number", "float": "number", "enum": "select-one", "multiline": "textarea", "date": "date",
        "password": "password", "masked": "password", "service": "text", "certificate": "text", "secret": "text", "odd": "text",
    }  # fmt: skip
    typed = {kind: f"{kind} 'x'" for kind in TYPES} | {"int": "42", "float": "1.5", "multiline": "one\ntwo"}
    for kind in ("string", "int", "float", "multiline", "password", "masked", "service", "certificate", "secret", "odd"):
        page.fill(f"#q-q_{kind}", typed[kind])
    page.find("#q-q_boolean-true").click()
    Select(shown["enum"]).select_by_visible_text("b")
    page.run(
        "const date = document.querySelector('#q-q_date'); date.value = '2026-02-03'; date.dispatchEvent(new Event('input'))"
    )
    page.ready()
    answers = "\n".join(page.texts("[data-file='answers.txt'] .line"))
    for kind, text in {**typed, "boolean": "true", "enum": "b", "date": "2026-02-03"}.items():
        hidden = kind in ("password", "masked", "secret")
        wanted = "***" if kind in ("password", "secret") else text
        assert f"q_{kind}=" in answers
        assert (wanted.replace("'", "'\\''") in answers) or hidden, (kind, answers)
    assert "password 'x'" not in answers.replace("'\\''", "'")


def test_files_change_while_one_types(page: Page) -> None:
    page.open("#/templates/web")
    assert "port = 8080" in page.file("/etc/web/web.conf")
    page.fill("#q-port", "9090")
    assert "port = 9090" in page.file("/etc/web/web.conf")
    assert page.texts("section.file[data-dest='/etc/web/web.conf'] .added") == ["added: port = 9090"]
    assert page.texts("#status") == ["2 lines changed in 1 file"]
    page.fill("#q-port", "")
    assert page.texts(".wrong:not(:empty)") != []


def test_the_topology_follows_the_answers_and_is_told_in_words(page: Page) -> None:
    page.open("#/templates/web?tab=topology")
    page.until("document.querySelector('#panel-topology svg')")
    assert {"web × 1", "web-conf"} <= set(page.texts("#panel-topology svg text"))
    assert "web gets 2 files from web-conf." in "".join(page.texts("#panel-topology svg desc"))
    page.tab("files")
    page.fill("#scale-web", "3")
    page.tab("topology")
    page.until("[...document.querySelectorAll('#panel-topology svg text')].some((each) => each.textContent === 'web × 3')")


def test_a_scenario_is_a_timeline_with_what_each_moment_changes(page: Page) -> None:
    page.open("#/templates/web?tab=scenarios")
    page.until("document.querySelectorAll('.moment').length === 4")
    assert page.texts(".moment > h3") == ["0start", "1one more scale 3", "2title set", "3as before container 2 unhealthy"]
    changed = page.script("[...document.querySelectorAll('.moment')].map((each) => each.querySelectorAll('.file').length)")
    assert changed == [2, 1, 1, 0]
    assert page.texts(".moment:nth-child(3) .added") == ["added: title = b"]
    assert page.texts(".moment:nth-child(2) .change")[0] == "restart"
    assert page.texts(".timeline .pill.passed") == ["as expected"]
    assert page.texts(".moment:nth-child(4) .units-of") == ["web × 32 unhealthy"]


def test_with_the_keyboard_alone(page: Page) -> None:
    page.open()
    page.run("document.activeElement.blur()")
    keys = webdriver.ActionChains(page.browser, duration=0)
    keys.send_keys("/").perform()
    assert page.script("document.activeElement.id") == "search"
    keys.send_keys("web").send_keys(Keys.TAB).send_keys(Keys.ENTER).perform()
    page.until("document.querySelector('h1')?.textContent === 'Web server'")
    page.ready()
    page.run("document.querySelector('#q-title').focus()")
    keys.key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys("typed").perform()
    page.ready()
    assert "title = typed" in page.file("/etc/web/web.conf")
    page.run("document.querySelector('[role=tab][tabindex=\"0\"]').focus()")
    names = []
    for _ in range(7):
        keys.send_keys(Keys.ARROW_RIGHT).perform()
        names.append(page.script("document.activeElement.id"))
        assert page.script("document.activeElement.getAttribute('aria-selected')") == "true"
    assert names == ["tab-compose", "tab-topology", "tab-scenarios", "tab-findings", "tab-stack", "tab-readme", "tab-files"]


CONTROLS = {
    "button",
    "textbox",
    "searchbox",
    "combobox",
    "spinbutton",
    "checkbox",
    "radio",
    "tab",
    "tabpanel",
    "link",
    "Date",
    "listbox",
}


def spoken(page: Page) -> list[tuple[str, str]]:
    """Role and name of each node that a screen reader finds, as Chromium tells it."""
    nodes = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [(each["role"]["value"], each.get("name", {}).get("value", "")) for each in nodes if not each.get("ignored")]


def test_a_screen_reader_finds_a_name_for_every_control_and_hears_what_changes(page: Page, catalog: Path) -> None:
    rows = [f"variable: v_{each}, type: {each}, label: The {each}" + ", options: [a, b]" * (each == "enum") for each in TYPES]
    tree(catalog, entry("every", questions(rows)))
    for place in ("", "#/templates/every/0", "#/templates/web?tab=files", "#/templates/web?tab=scenarios"):
        page.open(place)
        found = [each for each in spoken(page) if each[0] in CONTROLS]
        assert len(found) > 3 and [role for role, name in found if not name.strip()] == [], place
        if place.endswith("every/0"):
            assert {f"The {each}" for each in TYPES} <= {name.removesuffix(" *") for _, name in spoken(page)}
    page.open("#/templates/web?tab=files")
    live = page.script("[...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map((each) => each.id)")
    assert {"status", "errors", "problems", "offline", "e-port"} <= {*live}
    page.fill("#q-port", "")
    page.until("document.querySelector('#e-port').textContent === 'Port needs an answer'")
    assert page.script("document.querySelector('#q-port').getAttribute('aria-invalid')") == "true"
    page.fill("#q-port", "81")
    page.until("document.querySelector('#status').textContent.includes('changed in 1 file')")


def test_the_focus_goes_through_the_page_in_the_order_in_which_it_is_read(page: Page) -> None:
    page.open("#/templates/web?tab=files")
    page.run("document.activeElement.blur(); window.passed = []")
    page.run("document.addEventListener('focusin', (event) => window.passed.push(event.target))")
    body = page.find("body")
    for _ in range(12):
        body.send_keys(Keys.TAB)
    assert page.script("window.passed[0].className") == "skip"
    after = "window.passed.slice(1).every((each, at) => window.passed[at].compareDocumentPosition(each) & 4)"
    assert page.script(f"window.passed.length >= 12 && {after}"), page.script("window.passed.map((each) => each.outerHTML)")


def test_a_page_asks_once_for_what_it_shows_and_again_when_that_has_changed(page: Page, catalog: Path) -> None:
    def asked() -> int:
        return int(
            page.script("performance.getEntriesByType('resource').filter((each) => /api.(entry|render)/.test(each.name)).length")
        )

    page.open("#/templates/web")
    page.until("document.body.dataset.since")
    page.ready()
    assert asked() == 2
    tree(catalog, {"specs/web-conf.yml": SPEC.replace("default: hello", "default: other")})
    page.shows("/etc/web/web.conf", "title = other")
    assert asked() == 4


def test_the_services_of_the_catalog_are_offered_where_one_is_asked_for(page: Page, catalog: Path) -> None:
    tree(catalog, entry("linked", questions(["variable: to, type: service, label: Service"])))
    page.open("#/templates/linked")
    page.until("[...document.querySelectorAll('#services option')].some((each) => each.value === 'linked/app')")
    assert page.find("#q-to").get_attribute("list") == "services"


def test_the_files_of_a_hand_written_entry_follow_what_is_typed_and_its_image(page: Page, catalog: Path) -> None:
    tree(catalog, {**HAND, **below("app-conf", KEYS)})
    page.open("#/templates/app?tab=files")
    assert page.texts("#panel-files .from code") == ["app-conf"]
    page.fill("#q-heap", "9g")
    assert "heap = 9g" in page.file(CONF)
    page.fill("#scale-app", "1")
    assert page.file(CONF).count("peer ") == 1 and page.texts("#version option:checked") == ["2016-07-29 (image)"]
    tree(catalog, {"app-conf/templates/app.conf.tmpl": 'heap is {{getenv "HEAP"}}\n'})
    page.shows(CONF, "heap is 9g")
    (catalog / "app-conf").rename(catalog.parent / "away")
    page.until("document.querySelector('#panel-files .empty')?.textContent.includes('catalog-forge preview app --images DIR')")


def test_no_panel_shows_a_value_that_is_none(page: Page) -> None:
    for place in ("templates/web", "templates/db"):
        for tab in ("readme", "files", "compose", "topology", "scenarios", "findings", "stack"):
            page.open(f"#/{place}?tab={tab}")
            page.until("document.querySelector('.panel:not([hidden])').textContent.trim()")
            shown = " ".join(page.texts("#view"))
            assert [word for word in ("undefined", "null", "[object", "NaN") if word in shown] == [], (place, tab)


WRONG = {
    "int": "eighty",
    "float": "'1,5'",
    "date": "yesterday",
    "enum": "c",
    "multiline": "' two '",
    "string": "'<b>'",
}
# Variables whose names every object of JavaScript has.
ODD = ["variable: constructor, default: one", "variable: __proto__, default: two", "variable: toString, default: three"]
ODD_USE = "A: '${constructor} ${__proto__} ${toString}'"
NAMES = ("a b", "a%20b", "a%zz", "a#b", "a?tab=x", "a&b", "a+b", "a;b", "a'b\"c", "<b>", "ä", "\u202ea", "caf\udce9")


def test_an_answer_that_its_input_could_not_hold_is_shown_all_the_same(page: Page, catalog: Path) -> None:
    rows = [f"variable: v_{kind}, type: {kind}, default: {text}, label: L, options: [a, b]" for kind, text in WRONG.items()]
    tree(catalog, entry("wrong", questions([*rows, "variable: a b, label: Odd, required: true, default: ''"])))
    page.open("#/templates/wrong?tab=compose")
    shown = page.script("[...document.querySelectorAll('#questions [name]')].map((each) => [each.name, each.value])")
    assert dict(shown) == {**{f"v_{kind}": text.strip("'") for kind, text in WRONG.items()}, "a b": ""}
    page.until("document.getElementById('e-a%20b').textContent === 'Odd needs an answer'")
    described = page.script("document.querySelector(\"[name='a b']\").getAttribute('aria-describedby')")
    assert described == "d-a%20b e-a%20b"


def test_a_text_of_several_lines_is_shown_with_them(page: Page, catalog: Path) -> None:
    rows = [f'variable: v_{kind}, type: {kind}, default: "one\\ntwo"' for kind in ("string", "int", "service", "odd")]
    tree(catalog, entry("lines", questions(rows)))
    page.open("#/templates/lines")
    assert page.script("[...document.querySelectorAll('#questions [name]')].map((each) => each.value)") == ["one\ntwo"] * 4


def test_a_variable_may_have_the_name_of_what_every_object_has(page: Page, catalog: Path) -> None:
    tree(catalog, entry("odd", questions(ODD), ODD_USE))
    page.open("#/templates/odd?tab=compose")
    for number, name in enumerate(("constructor", "__proto__", "toString")):
        assert page.find(f"[name={name}]").get_attribute("value") == ("one", "two", "three")[number]
        page.fill(f"#q-{name}", "typed")
        assert page.texts(f".answer[data-variable={name}]") == ["typed"]


def test_an_entry_may_have_any_name(page: Page, catalog: Path) -> None:
    for name in NAMES:
        tree(catalog, {f"templates/{name}/0/docker-compose.yml": "version: '2'\nservices: {app: {image: 'a:1'}}\n"})
    page.open()
    page.until(f"document.querySelectorAll('#tiles li').length === {2 + len(NAMES)}")
    for name in NAMES[:-1]:  # an address cannot have the name that is not UTF-8
        page.open()
        page.run(
            f"[...document.querySelectorAll('.tile')].find((each) => decodeURIComponent(each.hash).endsWith(`/{name}`)).click()"
        )
        shown = name.replace("\u202e", "\\u202e")
        page.until(f"document.querySelector('.head h1')?.textContent === {json.dumps(shown)}")
        page.ready()
        page.tab("compose")
        page.browser.refresh()
        page.until(f"document.querySelector('.head h1')?.textContent === {json.dumps(shown)}")
        page.ready()


def test_the_skip_link_stays_on_the_page(page: Page) -> None:
    page.open("#/templates/web?tab=compose")
    page.run("document.querySelector('.skip').focus()")
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.script("[location.hash, document.activeElement.id]") == ["#/templates/web?tab=compose", "view"]


def test_an_answer_that_comes_late_is_not_shown(page: Page) -> None:
    page.open("#/templates/db")
    # The answers about `web` come when the user is at another entry again.
    page.run(
        "const fetched = window.fetch; window.held = new Promise((resolve) => { window.release = resolve; });"
        "window.fetch = async (path, options) => {"
        "  if (path.includes('entry?id=templates%2Fweb')) await window.held;"
        "  return fetched(path, options);"
        "};"
        "location.hash = '#/templates/web'"
    )
    page.until("document.body.dataset.state === 'busy'")
    page.run("location.hash = '#/templates/db/0'")
    page.until("document.body.dataset.state === 'ready'")
    page.browser.execute_async_script("window.release(); setTimeout(arguments[0], 300)")
    assert page.texts(".head h1") == ["Database"]


def test_who_types_while_a_spec_is_saved_types_on(page: Page, catalog: Path) -> None:
    page.open("#/templates/web?tab=files")
    page.find("#q-title").send_keys(Keys.HOME)
    for number, letter in enumerate("abcdef"):
        page.browser.switch_to.active_element.send_keys(letter)
        save(catalog / "specs/web-conf.yml", SPEC.replace("label: Port", f"label: Port {number}"))
        page.until(f"document.querySelector('#questions').textContent.includes('Port {number}')")
    page.until("document.querySelector('#q-title').value === 'abcdefhello'")
    page.find("#q-port").send_keys(Keys.END)
    save(catalog / "specs/web-conf.yml", SPEC.replace("format: ini", "format: iny"))
    page.until("document.querySelector('#problems').textContent.includes('iny')")
    page.browser.switch_to.active_element.send_keys("1")
    page.until("document.querySelector('#q-port').value === '80801'")


def test_the_form_stays_where_it_was_scrolled_to(page: Page, catalog: Path) -> None:
    rows = [f"variable: q{number}" for number in range(60)]
    tree(catalog, entry("long", questions(rows)))
    page.open("#/templates/long")
    page.run("document.querySelector('.side').scrollTop = 1500")
    tree(catalog, entry("long", questions([*rows, "variable: last"])))
    page.until("document.querySelector('#q-last')")
    assert page.script("document.querySelector('.side').scrollTop") == 1500


def test_a_scale_that_cannot_be_is_told(page: Page) -> None:
    page.open("#/templates/web?tab=files")
    page.run("document.querySelector('#scale-web').addEventListener('invalid', () => { window.told = true; })")
    page.fill("#scale-web", "501")
    assert page.script("window.told")


def test_what_scrolls_can_be_scrolled_with_the_keyboard_and_no_two_landmarks_have_one_name(page: Page) -> None:
    for tab in ("readme", "files", "compose", "scenarios", "findings"):
        page.open(f"#/templates/web?tab={tab}")
        page.until(f"document.querySelector('#panel-{tab} pre')")
        assert page.script("[...document.querySelectorAll('pre')].every((each) => each.tabIndex === 0)")
        shown = "document.querySelectorAll('.panel:not([hidden]) section[aria-label]:not([role])')"
        names = page.script(f"[...{shown}].map((each) => each.getAttribute('aria-label'))")
        assert len(names) == len({*names}), tab


def test_what_would_hide_or_turn_a_text_is_named(page: Page, catalog: Path) -> None:
    turned = entry(
        "turned",
        questions(["variable: a, label: 'A\u202e', default: 'x\u202ey', type: multiline"]),
        "A: 'b\u2066c\u200b\u061c\ufeff\xad\u3164\u200d'",
    )
    tree(catalog, {**turned, "templates/turned/config.yml": "name: \"a\\u202Eb\"\nversion: '1'\n"})
    page.open("#/templates/turned?tab=compose")
    assert page.texts(".head h1") == ["a\\u202eb"]
    assert "      A: 'b\\u2066c\\u200b\\u061c\\ufeff\\u00ad\\u3164\u200d'" in page.texts("[data-file='docker-compose.yml'] .line")
    assert page.script("document.querySelector('#q-a').value") == "x\u202ey"  # what is answered stays what it is


@pytest.mark.parametrize("files", [{"0/README.md": "x"}, {"config.yml": "name: bare\n"}])
def test_an_entry_with_nothing_to_show_says_what_is_missing(page: Page, catalog: Path, files: dict[str, str]) -> None:
    tree(catalog / "templates/bare", files)
    page.open("#/templates/bare")
    assert page.texts(".head h1") == ["bare"]
    for tab in ("compose", "files"):
        page.tab(tab)
        assert page.texts(f"#panel-{tab} .empty")[0].startswith(
            "Rancher offers no revision of this entry: a revision is a folder such as 0/"
        )
