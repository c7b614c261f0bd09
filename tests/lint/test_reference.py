"""docs/rules/ is made from the rules; the examples there are what a docstring says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_forge.lint.output.reference import pages
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.examples import read
from catalog_forge.lint.runner.sound import SOUND

FOLDER = Path(__file__).parents[2] / "docs/rules"
PAGES = pages(registry.rules())


def test_the_pages_of_the_rules_are_current() -> None:
    there = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert there == PAGES, "stale: python tools/rules.py"


def test_each_rule_has_its_section_and_its_line_in_the_index() -> None:
    for rule in registry.rules():
        assert f"\n## {rule.id}\n" in PAGES[f"{rule.module}.md"]
        assert f"\n| [{rule.id}]({rule.module}.md#{rule.id.lower()}) | {rule.level}" in PAGES["README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_no_example_ends_its_block(page: str) -> None:
    opened = ""
    for line in PAGES[page].splitlines():
        if not opened and (found := re.fullmatch(r"(`{3,})text", line)):
            opened = found[1]
        elif line == opened:
            opened = ""
    assert opened == ""


CONFIG = "templates/web/config.yml"
RANCHER = "templates/web/0/rancher-compose.yml"
DOCKER = "templates/web/0/docker-compose.yml"


@pytest.mark.parametrize(
    ("lines", "old", "new"),
    [
        ("-version: '1.0.0'\n+version: 1.10", "version: '1.0.0'", "version: 1.10"),
        ("-name: Web", "name: Web\n", ""),
        ("+# mine", "name: Web", "# mine\nname: Web"),
        (" license: Apache-2.0\n+isSystem: 'no'", "Apache-2.0\n", "Apache-2.0\nisSystem: 'no'\n"),
        ("-name: Web\n license: Apache-2.0\n+a: b\n+c: d", "name: Web\n", ""),
    ],
)
def test_an_example_takes_lines_of_the_sound_file_out_and_puts_others_in(lines: str, old: str, new: str) -> None:
    wanted = SOUND[CONFIG].replace(old, new)
    if "+a: b" in lines:
        wanted = wanted.replace("Apache-2.0\n", "Apache-2.0\na: b\nc: d\n")
    example = read([f"-- {CONFIG} (changed) --", *lines.split("\n")])
    assert example.files == {CONFIG: wanted}
    assert not example.odd


def test_an_example_says_what_stands_below_a_key() -> None:
    sound = SOUND[RANCHER]
    before, after = sound.index("  - variable"), sound.index("services:")
    example = read([f"-- {RANCHER}: catalog.questions --", "- variable: a", "  type: int"])
    assert example.files == {RANCHER: f"{sound[:before]}    - variable: a\n      type: int\n{sound[after:]}"}
    last = SOUND[DOCKER].index("    image: ghcr")
    example = read([f"-- {DOCKER}: services.web-conf --", "image: busybox:1.37.0"])
    assert example.files == {DOCKER: f"{SOUND[DOCKER][:last]}    image: busybox:1.37.0\n"}


def test_a_later_revision_is_an_edit_of_the_first() -> None:
    example = read(["-- templates/web/1/rancher-compose.yml (changed) --", "-  version: '1.0.0'", "+  version: '1.1.0'"])
    assert example.files == {"templates/web/1/rancher-compose.yml": SOUND[RANCHER].replace("1.0.0", "1.1.0", 1)}


@pytest.mark.parametrize("lines", [["-version: '9'"], [" name: Web", " name: Web"]])
def test_an_edit_that_fits_nowhere_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="not in list"):
        read([f"-- {CONFIG} (changed) --", *lines])


def test_whole_files_absent_ones_and_odd_ones_stay_as_they_were() -> None:
    example = read(["    -- a.yml --", "    x: 1", "", "    -- b.yml (absent) --", "    -- c.yml (bom) --", "    y: 2"])
    assert example.files == {"a.yml": "x: 1\n", "b.yml": None, "c.yml": "y: 2\n"}
    assert example.odd == {"c.yml": "bom"}
