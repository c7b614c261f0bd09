"""What `lint --fix` may do: no judge refuses more than before, no error goes while its cause stays, no meaning changes unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Fix
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.lint.runner import fixes, registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import File, Tree
from catalog_forge.yamlio import Map, Node, Seq, Text
from tests.lint.mutations import CONFIG, DOCKER, RANCHER, examples, mutants
from tests.lint.test_invariants import unsaid
from tests.lint.trees import SOUND, tree

ALL = Choice(registry.expand(("all",)))
_COMMENT = re.compile(r"(?:^|[ \t])#.*", re.MULTILINE)
REFUSED = ("reject", "drop", "ghost")


def mended(before: Tree) -> tuple[Tree, list[Fix]]:
    """The tree after --fix, and all fixes that were offered on the way."""
    offered: list[Fix] = []

    def find(now: Tree) -> list:  # type: ignore[type-arg]
        found = run(Catalog(now), ALL)
        offered.extend(each.fix for each in found if each.fix)
        return found

    return fixes.mended(before, find), offered


def lines_of(old: File, new: File) -> dict[int, int]:
    """Which line of the old file each line of the new one was; of one that is new the one that it stands in place of."""
    found: dict[int, int] = {}
    for how, old_start, old_end, start, end in SequenceMatcher(None, old.lines, new.lines, False).get_opcodes():
        for place in range(start, end):
            within = min(old_start + place - start, max(old_end - 1, old_start))
            found[place + 1] = within + 1 if how in ("equal", "replace") else 0
    return found


def refused(of: Tree) -> set[tuple[str, str, int]]:
    return {(each.judge, each.where.file, each.where.line) for each in verdicts(of).rulings if each.outcome in REFUSED}


def scalars(node: Node | None) -> Iterator[str]:
    match node:
        case Text():
            yield f"{node.value} {'bare' if node.bare else ''}"
        case Seq(items):
            yield "["
            for item in items:
                yield from scalars(item)
            yield "]"
        case Map(pairs):
            yield "{"
            for key, value in pairs:
                yield from (*scalars(key), *scalars(value))
            yield "}"


def check(before: Tree) -> None:
    after, offered = mended(before)
    was = refused(before)
    for judge, path, line in refused(after):
        old, new = before.get(path), after.get(path)
        assert old is None or new is None or not line or (judge, path, lines_of(old, new).get(line, line)) in was, (
            f"{judge} refuses {path}:{line} only after --fix"
        )
    assert unsaid(after) == [], "an error went, and its cause stayed"
    for old, new in fixes.changes(before, after):
        if old is not None:
            say_what_they_change(old, new, [fix for fix in offered if fix.path == old.path])


def say_what_they_change(old: File, new: File, offered: list[Fix]) -> None:
    assert new.mode == old.mode
    assert _COMMENT.findall(new.text) == _COMMENT.findall(old.text), "comments stay"
    assert (new.text.count("\r\n") == new.text.count("\n")) == (old.text.count("\r\n") == old.text.count("\n"))
    one, other = [*scalars(old.yaml.node)], [*scalars(new.yaml.node)]
    changed = sum(
        max(old_end - old_start, end - start)
        for how, old_start, old_end, start, end in SequenceMatcher(None, one, other, False).get_opcodes()
        if how != "equal"
    )
    titles = {fix.title for fix in offered}
    edits = {edit for fix in offered for edit in fix.edits}
    assert changed <= 2 * len(edits), f"more changed than what is said: {titles}"


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_fix_of_an_example_leaves_nothing_worse(name: str) -> None:
    check(EXAMPLES[name])


@pytest.mark.parametrize("seed", range(4))
def test_a_fix_of_a_mutant_leaves_nothing_worse(seed: int) -> None:
    for name, before in mutants(60, seed):
        try:
            check(before)
        except AssertionError as error:
            raise AssertionError(f"{name}\n{error}") from error


def after(files: dict[str, str]) -> dict[str, str]:
    before = tree(files)
    return {new.path: new.text for _, new in fixes.changes(before, mended(before)[0])}


def test_services_without_a_version_get_one_and_keep_their_names() -> None:
    text = "# why\r\nservices:\r\n  web: {image: 'nginx:1.27.3'} # so\r\n  rest: {image: 'nginx:1.27.3'}\r\nvolumes:\r\n  a:\r\n"
    assert after({DOCKER: text}) == {DOCKER: text.replace("services:", "version: '2'\r\nservices:")}
    rancher = ".catalog: {name: x, version: '1.0.0'}\nservices:\n  web: {scale: 2}\n"
    assert after({RANCHER: rancher}) == {RANCHER: f"version: '2'\n{rancher}"}


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  web: {image: 'nginx:1.27.3'}\nrest: {image: 'nginx:1.27.3'}\n",
        "{services: {web: {image: 'nginx:1.27.3'}}}\n",
        "services:\n  web: {image: 'nginx:1.27.3', deploy: {}}\n",
    ],
)
def test_no_version_is_written_where_that_would_not_be_enough(text: str) -> None:
    assert after({DOCKER: text}) == {}


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("network: host", "network_mode: host"),
        ("network: container:web-conf", "network_mode: container:web-conf"),
        ("network: [own]", "networks: [own]"),
        ("network: own", ""),
        ("name: web", ""),
        ("port: 80:80", ""),
        ("port: ['80:80']", "ports: ['80:80']"),
        ("cpus: '0.5'", ""),
        ("cpu_rt_period: 5", ""),
        ("comand: nginx", "command: nginx"),
        ("comand: 5", ""),
        ("restrat: always", "restart: always"),
        ("rest: {scale: 2}", ""),
        ("environ: {A: b}", ""),
        ("volume_from: [web-conf]", ""),
        ("web: {image: a}", ""),
    ],
)
def test_a_key_is_renamed_where_its_value_and_its_place_fit(line: str, mended: str) -> None:
    text = SOUND[DOCKER].replace("  web-conf:\n", f"    {line}\n  web-conf:\n")
    assert after({DOCKER: text}) == ({DOCKER: text.replace(line, mended)} if mended else {})


def test_a_key_of_compose_1_gets_the_name_of_that_one() -> None:
    text = "web:\n  image: nginx:1.27.3\n  network: host\n"
    assert after({DOCKER: text}) == {DOCKER: text.replace("network", "net")}


def test_a_limit_of_versions_is_no_word_to_guess() -> None:
    text = SOUND[RANCHER].replace("  version: '1.0.0'\n", "  version: '1.0.0'\n  rancher_version: v1.6.0\n")
    assert after({RANCHER: text}) == {}


def test_a_quoted_type_is_mended_too() -> None:
    text = SOUND[RANCHER].replace("type: string", 'type: "integer"')
    assert after({RANCHER: text}) == {RANCHER: text.replace("integer", "int")}
    assert CONFIG in SOUND


def test_the_maintainer_and_the_license_of_the_team_are_written_where_the_entry_names_neither() -> None:
    team = "defaults: {maintainer: Jo Doe Roe <jo@example.org>, entry: {license: MIT}}\n"
    config = "# ours\nname: Web\r\ncategory: x # so\r\n".replace("ours\n", "ours\r\n")
    texts = after({"catalog-forge.yml": team, CONFIG: f"{config}description: d\r\nversion: '1.0.0'\r\nlicense:\r\n"})
    assert texts[CONFIG] == (
        f"{config}description: d\r\nversion: '1.0.0'\r\nlicense: 'MIT'\r\nmaintainer: 'Jo Doe Roe <jo@example.org>'\r\n"
    )
    assert CONFIG not in after({CONFIG: f"{config}description: d\r\nversion: '1.0.0'\r\n"}), "nobody says who cares"


def test_the_newest_revision_gets_the_readme_of_the_one_before() -> None:
    older = {path.replace("/0/", "/1/"): text.replace("1.0.0", "1.1.0") for path, text in SOUND.items() if "web/0/" in path}
    older.pop("templates/web/1/README.md", None)
    texts = after({**older, "templates/web/0/README.md": "# How to\n"})
    assert texts.get("templates/web/1/README.md") == "# How to\n"


def test_a_version_without_a_value_gets_that_of_the_revision() -> None:
    config = SOUND[CONFIG].replace("version: '1.0.0'", "version: # soon")
    assert "version: '1.0.0' # soon" in after({CONFIG: config})[CONFIG]
