"""Every row of the tables of docs/facts/catalog.md#6, #3 and #2 about folders, config.yml, the block and questions has a rule.

An error is what a judge rejects or the catalog service drops or shows as a ghost; what all of them accept is never one.
"""

from __future__ import annotations

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import File, Tree
from tests.lint.looking import CONFIG, RANCHER
from tests.lint.trees import SOUND, tree

BLOCK = "version: '2'\ncatalog:\n  version: '1.0.0'\n"
NEWER = ".catalog:\n  version: '1.1.0'\n"
OLD = ".catalog:\n  version: '1.0.0'\n"
NAMED = "name: Web\ndescription: A web server\ncategory: Applications\nmaintainer: Jo Doe <jo@example.org>\nlicense: MIT\n"
SETTINGS = NAMED + "version: '1.0.0'\n"

Changes = dict[str, str | bytes | None]


def _asking(question: str) -> Changes:
    return {RANCHER: f"{BLOCK}  questions:\n  - {question}\n"}


def _moved(start: str, to: str) -> Changes:
    """The entry with one folder moved."""
    found: Changes = {path: None for path in SOUND if path.startswith(start)}
    return found | {to + path.removeprefix(start): SOUND[path] for path in SOUND if path.startswith(start)}


REFUSED: dict[str, tuple[str, Changes]] = {
    "missing rancher-compose.yml": ("CF120", {RANCHER: None}),
    "rancher-compose.yml named .tpl": ("CF120", {RANCHER: None, f"{RANCHER}.tpl": OLD}),
    "rancher-compose empty": ("CF301", {RANCHER: ""}),
    "no catalog block": ("CF302", {RANCHER: "version: '2'\nservices: {web: {scale: 1}}\n"}),
    "version null": ("CF304", {RANCHER: "version: '2'\ncatalog: {version: ~}\n"}),
    "rancher-compose bad YAML": ("CF301", {RANCHER: f"{BLOCK}  name: 'x\n"}),
    "rancher-compose tab indent": ("CF301", {RANCHER: ".catalog:\n\tversion: '1.0.0'\n"}),
    "rancher-compose list root": ("CF301", {RANCHER: "- a\n"}),
    "rancher-compose Latin-1": ("CF301", {RANCHER: f"{BLOCK}  name: 'caf\xe9'\n".encode("latin-1")}),
    "rancher-compose unquoted {{": ("CF301", {RANCHER: f"{BLOCK}  name: {{{{ x }}}}\n"}),
    "missing config.yml": ("CF111", {CONFIG: None}),
    "config.yaml": ("CF111", {CONFIG: None, "templates/web/config.yaml": SETTINGS}),
    "template.yml instead of config.yml": ("CF111", {CONFIG: None, "templates/web/template.yml": SETTINGS}),
    "config.yml empty": ("CF201", {CONFIG: ""}),
    "config.yml bad YAML": ("CF201", {CONFIG: "name: 'x\n"}),
    "config.yml tab": ("CF201", {CONFIG: "labels:\n\ta: b\n"}),
    "config.yml list root": ("CF201", {CONFIG: "- a\n"}),
    "config.yml control char": ("CF201", {CONFIG: "name: a\x01b\n"}),
    "config.yml maintainer as list": ("CF202", {CONFIG: SETTINGS.replace("Jo Doe <jo@example.org>", "[a]")}),
    "config.yml category as list": ("CF202", {CONFIG: SETTINGS.replace("Applications", "[a]")}),
    "config.yml categories string": ("CF202", {CONFIG: f"{SETTINGS}categories: a\n"}),
    "config.yml labels list": ("CF202", {CONFIG: f"{SETTINGS}labels: [a]\n"}),
    "config.yml version matches no revision": ("CF205", {CONFIG: f"{NAMED}version: '2.0.0'\n"}),
    "config.yml version differs by v": ("CF205", {CONFIG: f"{NAMED}version: v1.0.0\n"}),
    "config.yml version unquoted": ("CF203", {CONFIG: f"{NAMED}version: 1.0\n"}),
    "config.yml defaultVersion": ("CF204", {CONFIG: f"{NAMED}defaultVersion: '1.0.0'\n"}),
    "config.yml default_version": ("CF204", {CONFIG: f"{NAMED}default_version: '1.0.0'\n"}),
    "config.yml no version": ("CF204", {CONFIG: NAMED}),
    "maintainer of one word": ("CF207", {CONFIG: SETTINGS.replace("Jo Doe", "Jo")}),
    "no name": ("CF208", {CONFIG: SETTINGS.replace("name: Web\n", "")}),
    "catalog version is a list": ("CF310", {RANCHER: "version: '2'\ncatalog: {version: ['1.0.0']}\n"}),
    "block is a string": ("CF302", {RANCHER: "version: '2'\ncatalog: web\n"}),
    "v1 with a plain block": ("CF302", {RANCHER: "catalog: {version: '1.0.0'}\n"}),
    "block inside services": ("CF302", {RANCHER: "version: '2'\nservices: {.catalog: {version: '1.0.0'}}\n"}),
    "top version '1'": ("CF303", {RANCHER: BLOCK.replace("'2'", "'1'")}),
    "top version '2.1'": ("CF303", {RANCHER: BLOCK.replace("'2'", "'2.1'")}),
    "top version 3": ("CF303", {RANCHER: BLOCK.replace("'2'", "3")}),
    "v1 service scalar": ("CF312", {RANCHER: f"{OLD}web: 3\n"}),
    "services a list": ("CF312", {RANCHER: f"{BLOCK}services: [web]\n"}),
    "min .inf": ("CF333", _asking("{variable: a, label: A, type: int, min: .inf}")),
    "a version that only a folder has": (
        "CF205",
        _moved("templates/web/0/", "templates/web/v1.0.0/")
        | {"templates/web/v1.0.0/rancher-compose.yml": ".catalog: {version: ~}\n", CONFIG: SETTINGS},
    ),
    "template.yml in a revision that is walked later": (
        "CF113",
        _moved("templates/web/0/", "templates/web/v1.0.0/") | {"templates/web/v1.0.0/template.yml": "a: b\n"},
    ),
    "questions a map": ("CF320", {RANCHER: f"{BLOCK}  questions: {{a: b}}\n"}),
    "question a string": ("CF320", {RANCHER: f"{BLOCK}  questions: [a]\n"}),
    "default list": ("CF326", _asking("{variable: a, label: A, type: string, default: [a]}")),
    "default map": ("CF326", _asking("{variable: a, label: A, type: string, default: {a: b}}")),
    "options string": ("CF326", _asking("{variable: a, label: A, type: enum, options: a}")),
    "options maps": ("CF326", _asking("{variable: a, label: A, type: enum, options: [{a: b}]}")),
    'required "true"': ("CF325", _asking("{variable: a, label: A, type: int, required: 'true'}")),
    "required 1": ("CF325", _asking("{variable: a, label: A, type: int, required: 1}")),
    'min "1"': ("CF333", _asking("{variable: a, label: A, type: int, min: '1'}")),
    "semver folder, no version": (
        "CF205",
        {"templates/web/1.1.0/rancher-compose.yml": ".catalog: {name: Web}\n", CONFIG: f"{NAMED}version: 1.1.0\n"},
    ),
    "semver folder, no rancher-compose": ("CF120", {"templates/web/1.0.0/docker-compose.yml": "web: {image: 'nginx:1.27.3'}\n"}),
    "semver folder, bad rancher-compose": ("CF301", {"templates/web/1.0.0/rancher-compose.yml": "- a\n"}),
    "folder 1.2": ("CF104", {"templates/web/1.2/rancher-compose.yml": OLD}),
    "folder latest": ("CF104", {"templates/web/latest/rancher-compose.yml": OLD}),
    "folder without rancher-compose": ("CF104", {"templates/web/docs/notes.txt": "x"}),
    "blank in a name": ("CF101", _moved("templates/web/", "templates/my web/")),
    "_ in a name": ("CF101", _moved("templates/web/", "templates/my_web/")),
    ". in a name": ("CF101", _moved("templates/web/", "templates/my.web/")),
    ": in a name": ("CF101", _moved("templates/web/", "templates/my:web/")),
    "* in a name": ("CF101", _moved("templates/web/", "templates/my*web/")),
    "a name of 64 letters": ("CF101", _moved("templates/web/", f"templates/{'a' * 64}/")),
    "nothing of an entry left": ("CF122", {RANCHER: "version: '2'\ncatalog: {version: ''}\n"}),
}  # fmt: skip

ACCEPTED: dict[str, tuple[str, Changes]] = {
    "two entries merged": ("CF912", _moved("templates/web/", "other/web/") | {path: SOUND[path] for path in SOUND}),
    "tab as trailing blank": ("CF154", {CONFIG: SETTINGS.replace("Web\n", "Web\t\n")}),
    "BOM": ("CF152", {CONFIG: f"\ufeff{SETTINGS}"}),
    "CRLF": ("CF153", {CONFIG: SETTINGS.replace("\n", "\r\n")}),
    "second document": ("CF151", {CONFIG: f"{SETTINGS}---\na: b\n"}),
    "duplicate key": ("CF150", {CONFIG: f"license: x\n{SETTINGS}"}),
    "unknown key in config.yml": ("CF211", {CONFIG: f"{SETTINGS}colour: red\n"}),
    "unknown key in the block": ("CF306", {RANCHER: f"{BLOCK}  colour: red\n"}),
    "unknown key of a question": ("CF337", _asking("{variable: a, label: A, type: int, colour: red}")),
    "minimum_rancher_version in config.yml": ("CF212", {CONFIG: f"{SETTINGS}minimum_rancher_version: v1.2.0\n"}),
    "missing docker-compose": ("CF123", {"templates/web/0/docker-compose.yml": None}),
    "both docker-composes": ("CF119", {"templates/web/0/docker-compose.yml.tpl": "a: {image: 'b:1'}\n"}),
    "questions null": ("CF309", {RANCHER: f"{BLOCK}  questions:\n"}),
    "int default abc": ("CF331", _asking("{variable: a, label: A, type: int, default: abc}")),
    "unknown type": ("CF324", _asking("{variable: a, label: A, type: colour}")),
    "no type": ("CF324", _asking("{variable: a, label: A}")),
    "enum without options": ("CF329", _asking("{variable: a, label: A, type: enum}")),
    "enum with a null default": ("CF330", _asking("{variable: a, label: A, type: enum, options: [a], default: }")),
    "variable missing": ("CF321", _asking("{label: A, type: int}")),
    "variable with a dash": ("CF323", _asking("{variable: a b-c, label: A, type: int}")),
    "question without label": ("CF336", _asking("{variable: a, type: int}")),
    "default 0644": ("CF327", _asking("{variable: a, label: A, type: string, default: 0644}")),
    "option null": ("CF330", _asking("{variable: a, label: A, type: enum, options: ['a', b], default: c}")),
    "min 1.5 above max": ("CF333", _asking("{variable: a, label: A, type: int, min: 2.5, max: 1}")),
    "block version unquoted": ("CF305", {RANCHER: BLOCK.replace("'1.0.0'", "1.10"), CONFIG: f"{NAMED}version: '1.1'\n"}),
    "1 and 01 together": ("CF106", {"templates/web/00/rancher-compose.yml": OLD}),
    "nested rancher-compose.yml": ("CF114", {"templates/web/0/sub/rancher-compose.yml": OLD}),
    "semver folder without a version": ("CF304", {"templates/web/1.1.0/rancher-compose.yml": ".catalog: {name: Web}\n"}),
    "revision 01": ("CF105", {"templates/web/01/rancher-compose.yml": NEWER}),
    "revision -1": ("CF105", {"templates/web/-1/rancher-compose.yml": NEWER}),
    "gap 0, 5": ("CF108", {"templates/web/5/rancher-compose.yml": NEWER}),
    "semver folder": ("CF107", {"templates/web/1.1.0/rancher-compose.yml": NEWER}),
    "template.yml where the CI does not look": (
        "CF111",
        _moved("templates/", "foo/") | {"foo/web/config.yml": None, "foo/web/template.yml": SETTINGS},
    ),
    "top folder foo": ("CF103", _moved("templates/", "foo/")),
    "top folder a-b-templates": ("CF103", _moved("templates/", "a-b-templates/")),
    "one of git's folders": ("CF102", _moved("templates/web/", "templates/logs/")),
    "same version in two revisions": ("CF380", {"templates/web/1/rancher-compose.yml": OLD}),
    "no revision at all": ("CF109", {"templates/other/config.yml": SETTINGS.replace("Web", "Other")}),
    "no icon": ("CF110", {"templates/web/catalogIcon-web.svg": None}),
    "wrong icon name": ("CF132", _moved("templates/web/catalogIcon-", "templates/web/icon-")),
    "two icons": ("CF131", {"templates/web/icon-web.svg": "<svg/>"}),
    "no README": ("CF142", {"templates/web/0/README.md": None}),
    "README of the entry": ("CF140", _moved("templates/web/0/README", "templates/web/README")),
    "README.txt": ("CF141", _moved("templates/web/0/README.md", "templates/web/0/README.txt")),
    "upgrade_from not a range": ("CF381", {"templates/web/1/rancher-compose.yml": f"{NEWER}  upgrade_from: any\n"}),
    "a data file icons.yml": ("CF113", {"templates/web/0/icons.yml": "a: b\n"}),
    "near-duplicate categories": ("CF911", {"templates/a/config.yml": SETTINGS.replace("Applications", "application")}),
}  # fmt: skip

UNREMARKABLE: dict[str, Changes] = {
    "anchors and merge keys": _asking("&a {variable: a, label: A, type: int}\n  - {<<: *a, variable: b}"),
    "v1 service null": {RANCHER: f"{OLD}web:\n"},
    "v2 with a number": {RANCHER: BLOCK.replace("'2'", "2")},
    "v2 with the old block": {RANCHER: f"version: '2'\n{OLD}"},
    "questions absent": {RANCHER: BLOCK},
    "uppercase name": _moved("templates/web/", "templates/Web/"),
    "an undefined variable": {"templates/web/0/docker-compose.yml": "web: {image: 'a:${b}'}\n"},
    "required yes": _asking("{variable: a, label: A, type: int, required: yes}"),
}  # fmt: skip

CHOICE = Choice(registry.expand(("CF1", "CF2", "CF3", "CF9")))


def _tree(changes: Changes) -> Tree:
    """The sound catalog with changes, some of them no UTF-8."""
    texts = {path: text for path, text in changes.items() if not isinstance(text, bytes)}
    found = tree(texts).files
    for path, content in changes.items():
        if isinstance(content, bytes):
            found[path] = File(path, len(content), lambda content=content: content)  # type: ignore[misc]
    return Tree(found.values())


@pytest.mark.parametrize("row", REFUSED)
def test_what_a_judge_refuses_or_drops_is_an_error(row: str) -> None:
    rule, changes = REFUSED[row]
    found = run(Catalog(_tree(changes)), CHOICE)
    assert [each for each in found if each.rule == rule and each.level == "error"], [
        f"{each.rule} {each.message}" for each in found
    ]
    assert all(each.where.line for each in found if each.rule == rule and rule[2] in "23"), "it says the line"


@pytest.mark.parametrize("row", ACCEPTED)
def test_what_all_judges_accept_is_no_error_and_has_its_rule(row: str) -> None:
    rule, changes = ACCEPTED[row]
    found = run(Catalog(_tree(changes)), CHOICE)
    assert rule in {each.rule for each in found}
    assert [f"{each.rule} {each.message}" for each in found if each.level == "error"] == []


@pytest.mark.parametrize("row", UNREMARKABLE)
def test_what_is_fine_is_not_remarked(row: str) -> None:
    found = run(Catalog(_tree(UNREMARKABLE[row])), CHOICE)
    assert [f"{each.rule} {each.message}" for each in found] == []


def test_a_linked_file_is_dropped_by_the_service() -> None:
    changed = Tree(
        [*(file for path, file in tree().files.items() if path != RANCHER), File(RANCHER, 9, lambda: BLOCK.encode(), "link")]
    )
    assert [(each.rule, each.level) for each in run(Catalog(changed), CHOICE)] == [("CF115", "error")]
