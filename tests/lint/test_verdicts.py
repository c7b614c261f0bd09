"""What the three judges do with variants of one sound catalog: the real ones did the same (docs/facts/catalog.md#1 to #6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from catalog_forge.lint.judges.verdicts import Verdicts, verdicts
from catalog_forge.rancher.judgement.ruling import Ruling
from catalog_forge.rancher.tree import File, Tree
from tests.lint.trees import SOUND

Changes = Mapping[str, "str | bytes | Link | None"]

CONFIG = "templates/web/config.yml"
RANCHER = "templates/web/0/rancher-compose.yml"
DOCKER = "templates/web/0/docker-compose.yml"


class Link(str):
    """A symbolic link to another file of the catalog."""

    __slots__ = ()


def tree_of(files: Mapping[str, str | bytes]) -> Tree:
    found = []
    for path, content in files.items():
        kind = "link" if isinstance(content, Link) else "file"
        text = files[content] if isinstance(content, Link) else content
        data = text.encode() if isinstance(text, str) else text
        found.append(File(path, len(data), lambda data=data: data, kind))  # type: ignore[misc, arg-type]
    return Tree(found)


def catalog(changes: Changes) -> dict[str, str | bytes]:
    merged: dict[str, Any] = {**SOUND, **changes}
    return {path: content for path, content in merged.items() if content is not None}


def judged(changes: Changes) -> Verdicts:
    return verdicts(tree_of(catalog(changes)))


def file(path: str, old: str, new: str) -> dict[str, str]:
    assert old in SOUND[path]
    return {path: SOUND[path].replace(old, new)}


def config(old: str, new: str) -> dict[str, str]:
    return file(CONFIG, old, new)


def rancher(old: str, new: str) -> dict[str, str]:
    return file(RANCHER, old, new)


def docker(old: str, new: str) -> dict[str, str]:
    return file(DOCKER, old, new)


def question(line: str, other: str = "") -> dict[str, str]:
    """The question with another default, or with another line."""
    return rancher(other or "    default: 'hello'\n", f"    {line}\n")


def version_line(line: str) -> dict[str, str]:
    return config("version: '1.0.0'\n", line)


def block(text: str) -> dict[str, str]:
    return rancher("  version: '1.0.0'\n", text)


def service(text: str) -> dict[str, str]:
    """The service with more keys in docker-compose.yml."""
    return docker(
        "    image: nginx:1.27.3\n", "    image: nginx:1.27.3\n" + "".join(f"    {line}\n" for line in text.split("\n"))
    )


def scaled(text: str) -> dict[str, str]:
    """The service with other keys in rancher-compose.yml."""
    return rancher("    scale: 2\n", "".join(f"    {line}\n" for line in text.split("\n")))


def moved(old: str, new: str, changes: Changes | None = None) -> Changes:
    """The catalog with another folder name."""
    files = catalog(changes or {})
    found: dict[str, Any] = {path: None for path in SOUND if path.startswith(old)}
    return found | {path.replace(old, new, 1): content for path, content in files.items() if path.startswith(old)}


def first_version(services: str = "", block: str = "") -> dict[str, str]:
    """Both files without a version."""
    return {
        DOCKER: f"web:\n  image: nginx\n{services}",
        RANCHER: f".catalog:\n  version: '1.0.0'\n{block}web:\n  scale: 1\n",
    }


def flat(prefix: str, changes: Changes | None = None) -> dict[str, str | bytes]:
    """A part of the catalog: what lies below a folder."""
    return {path[len(prefix) :]: content for path, content in catalog(changes or {}).items() if path.startswith(prefix)}


SECOND = {path.replace("/0/", "/1/"): text.replace("'1.0.0'", "'1.1.0'") for path, text in SOUND.items() if "/0/" in path}
ANOTHER = {path.replace("/web/", "/good/"): text for path, text in SOUND.items()}

# name: (changes, service, ci, launch)
TABLE_6: dict[str, tuple[Changes, str, str, str]] = {
    "sound": ({}, "accept", "accept", "accept"),
    "missing rancher-compose.yml": ({RANCHER: None}, "drop", "reject", "accept"),
    "rancher-compose.yml.tpl": ({RANCHER: None, RANCHER + ".tpl": SOUND[RANCHER]}, "drop", "reject", "accept"),
    "rancher-compose.yml empty": ({RANCHER: ""}, "drop", "reject", "accept"),
    "no catalog block": ({RANCHER: "version: '2'\n"}, "drop", "reject", "accept"),
    "block's version null": (block("  version:\n"), "drop", "reject", "accept"),
    "rancher-compose.yml is no YAML": ({RANCHER: "a: [\n"}, "reject", "reject", "reject"),
    "rancher-compose.yml with a tab": ({RANCHER: "version: '2'\ncatalog:\n\tversion: '1.0.0'\n"}, "reject", "reject", "reject"),
    "rancher-compose.yml is a list": ({RANCHER: "- a\n"}, "reject", "reject", "reject"),
    "rancher-compose.yml in Latin-1": ({RANCHER: b"# caf\xe9\n" + SOUND[RANCHER].encode()}, "reject", "reject", "reject"),
    "unquoted braces": (question("default: {{ x }}"), "reject", "reject", "reject"),
    "blank tab at the end": (block("  version: '1.0.0'\t\n"), "accept", "accept", "accept"),
    "byte order mark": ({RANCHER: b"\xef\xbb\xbf" + SOUND[RANCHER].encode()}, "accept", "accept", "accept"),
    "CRLF": ({RANCHER: SOUND[RANCHER].replace("\n", "\r\n")}, "accept", "accept", "accept"),
    "a second document": ({RANCHER: SOUND[RANCHER] + "---\na: b\n"}, "accept", "accept", "accept"),
    "a key twice": (block("  version: '0.9.0'\n  version: '1.0.0'\n"), "accept", "accept", "accept"),
    "anchors and merge keys": (block("  <<: &x {version: '1.0.0'}\n  labels: {a: b}\n"), "accept", "accept", "accept"),
    "unknown keys": (block("  version: '1.0.0'\n  minimun_rancher_version: v1\n  more: [1]\n"), "accept", "accept", "accept"),
    "no docker-compose.yml": ({DOCKER: None}, "accept", "accept", "accept"),
    "docker-compose.yml is no YAML": ({DOCKER: "web: [\n"}, "accept", "reject", "reject"),
    "docker-compose.yml.tpl is no template": ({DOCKER: None, DOCKER + ".tpl": "{{ if }\n"}, "accept", "accept", "reject"),
    "undefined variable": (service("hostname: ${nobody}"), "accept", "accept", "accept"),
    "missing config.yml": ({CONFIG: None}, "ghost", "reject", "accept"),
    "config.yaml": ({CONFIG: None, "templates/web/config.yaml": SOUND[CONFIG]}, "ghost", "reject", "accept"),
    "config.yml empty": ({CONFIG: ""}, "ghost", "reject", "accept"),
    "config.yml is no YAML": ({CONFIG: "name: [\n"}, "reject", "reject", "accept"),
    "config.yml with a tab": ({CONFIG: "labels:\n\ta: b\n"}, "reject", "reject", "accept"),
    "config.yml is a list": ({CONFIG: "- name: Web\n"}, "reject", "reject", "accept"),
    "config.yml with a control character": ({CONFIG: SOUND[CONFIG] + "x: \x01\n"}, "reject", "reject", "accept"),
    "maintainer is a list": (config("maintainer: Jo Doe <jo@example.org>", "maintainer: [Jo]"), "reject", "accept", "accept"),
    "category is a list": (config("category: Applications", "category: [Applications]"), "reject", "accept", "accept"),
    "categories is text": (config("category: Applications", "categories: Applications"), "reject", "accept", "accept"),
    "labels is a list": (config("category:", "labels: [a]\ncategory:"), "reject", "accept", "accept"),
    "version of no revision": (version_line("version: '9'\n"), "accept", "reject", "accept"),
    "version differs by v": (version_line("version: v1.0.0\n"), "accept", "reject", "accept"),
    "version unquoted 1.0": (version_line("version: 1.0\n"), "accept", "reject", "accept"),
    "version unquoted 1.10": (version_line("version: 1.10\n"), "accept", "reject", "accept"),
    "version unquoted 8": (version_line("version: 8\n"), "accept", "reject", "accept"),
    "defaultVersion": (version_line("defaultVersion: '1.0.0'\n"), "accept", "reject", "accept"),
    "default_version": (version_line("default_version: '1.0.0'\n"), "accept", "reject", "accept"),
    "no default": (version_line(""), "accept", "reject", "accept"),
    "template.yml": ({CONFIG: None, "templates/web/template.yml": SOUND[CONFIG]}, "accept", "reject", "accept"),
    "block's version is a list": (block("  version: ['1.0.0']\n"), "reject", "reject", "accept"),
    "block is text": ({RANCHER: "version: '2'\ncatalog: text\n"}, "reject", "reject", "accept"),
    "service is a number": ({**first_version(), RANCHER: "web: 3\n"}, "reject", "reject", "reject"),
    "version 1": (rancher("version: '2'\n", "version: '1'\n"), "reject", "reject", "reject"),
    "version 2.1": (rancher("version: '2'\n", "version: '2.1'\n"), "reject", "reject", "reject"),
    "version 3": (rancher("version: '2'\n", "version: '3'\n"), "reject", "reject", "reject"),
    "services is a list": ({RANCHER: "version: '2'\nservices: [web]\n"}, "reject", "reject", "reject"),
    "service is null": (
        {**first_version(), RANCHER: ".catalog:\n  version: '1.0.0'\nweb:\n"},
        "accept",
        "accept",
        "accept",
    ),  # fmt: skip
    "version 2 as a number": (rancher("version: '2'\n", "version: 2\n"), "accept", "accept", "accept"),
    "unknown service key": (scaled("scale_min: 1"), "accept", "accept", "reject"),
    "questions null": ({RANCHER: "version: '2'\ncatalog:\n  version: '1.0.0'\n  questions:\n"}, "accept", "accept", "accept"),
    "questions absent": ({RANCHER: "version: '2'\ncatalog:\n  version: '1.0.0'\n"}, "accept", "accept", "accept"),
    "questions a map": (block("  version: '1.0.0'\n  questions: {a: b}\n"), "accept", "accept", "accept"),  # the last one counts
    "questions nothing but a map": (
        {RANCHER: "version: '2'\ncatalog:\n  version: '1.0.0'\n  questions: {a: b}\n"},
        "reject",
        "reject",
        "accept",
    ),  # fmt: skip
    "question is text": (
        {RANCHER: "version: '2'\ncatalog:\n  version: '1.0.0'\n  questions: [a]\n"},
        "reject",
        "reject",
        "accept",
    ),
    "default is a number": (question("default: 3"), "accept", "accept", "accept"),
    "default is true": (question("default: true"), "accept", "accept", "accept"),
    "default is a float": (question("default: 1.5"), "accept", "accept", "accept"),
    "default is null": (question("default:"), "accept", "accept", "accept"),
    "default is no int": (question("type: int\n    default: abc", "    type: string\n"), "accept", "accept", "accept"),
    "unknown type": (question("type: colour", "    type: string\n"), "accept", "accept", "accept"),
    "no type": (question("group: a", "    type: string\n"), "accept", "accept", "accept"),
    "enum without options": (question("type: enum", "    type: string\n"), "accept", "accept", "accept"),
    "default is a list": (question("default: [a]"), "reject", "reject", "accept"),
    "default is a map": (question("default: {a: b}"), "reject", "reject", "accept"),
    "options is text": (question("options: a"), "reject", "reject", "accept"),
    "options are maps": (question("options: [{a: b}]"), "reject", "reject", "accept"),
    "required is text": (question('required: "true"', "    required: true\n"), "reject", "reject", "accept"),
    "required is a number": (question("required: 1", "    required: true\n"), "reject", "reject", "accept"),
    "min is text": (question('min: "1"'), "reject", "reject", "accept"),
    "no variable": (rancher("  - variable: greeting\n    type", "  - type"), "accept", "accept", "accept"),
    "variable twice": (question("default: a\n  - variable: greeting"), "accept", "accept", "accept"),
    "variable with spaces": (rancher("variable: greeting", "variable: a b"), "accept", "accept", "accept"),
    "revision 01": (moved("templates/web/0", "templates/web/01"), "accept", "accept", "accept"),
    "1 and 01": (
        {path.replace("/1/", "/01/"): text for path, text in SECOND.items()}
        | SECOND
        | {path: None for path in SOUND if "/0/" in path}
        | config("'1.0.0'", "'1.1.0'"),
        "accept",
        "accept",
        "accept",
    ),  # fmt: skip
    "revision -1": (moved("templates/web/0", "templates/web/-1"), "accept", "accept", "accept"),
    "a gap": ({path.replace("/1/", "/5/"): text for path, text in SECOND.items()}, "accept", "accept", "accept"),
    "semver folder": (moved("templates/web/0", "templates/web/1.0.0"), "accept", "accept", "accept"),
    "semver folder without a version": (
        moved("templates/web/0", "templates/web/1.0.0", {RANCHER: "version: '2'\n"}),
        "accept",
        "reject",
        "accept",
    ),  # fmt: skip
    "semver folder without rancher-compose.yml": (
        moved("templates/web/0", "templates/web/1.0.0", {RANCHER: None}),
        "accept",
        "reject",
        "accept",
    ),  # fmt: skip
    "semver folder, rancher-compose.yml is no YAML": (
        moved("templates/web/0", "templates/web/1.0.0", {RANCHER: "a: [\n"}),
        "reject",
        "reject",
        "reject",
    ),  # fmt: skip
    "folder 1.2": (moved("templates/web/0", "templates/web/1.2"), "drop", "accept", "accept"),
    "folder latest": (moved("templates/web/0", "templates/web/latest"), "drop", "accept", "accept"),
    "uppercase name": (moved("templates/web", "templates/Web"), "accept", "accept", "accept"),
    "blank in the name": (moved("templates/web", "templates/my web"), "accept", "reject", "accept"),
    "underscore in the name": (moved("templates/web", "templates/my_web"), "accept", "reject", "accept"),
    "dot in the name": (moved("templates/web", "templates/my.web"), "accept", "reject", "accept"),
    "colon in the name": (moved("templates/web", "templates/my:web"), "accept", "reject", "accept"),
    "star in the name": (moved("templates/web", "templates/my*web"), "accept", "reject", "accept"),
    "top folder foo": (moved("templates", "foo", {**ANOTHER}), "accept", "accept", "accept"),
    "top folder a-b-templates": (moved("templates", "a-b-templates", {CONFIG: ""}) | ANOTHER, "ghost", "accept", "accept"),
    "linked rancher-compose.yml": ({"x.yml": SOUND[RANCHER], RANCHER: Link("x.yml")}, "drop", "accept", "accept"),
    "nested rancher-compose.yml": (
        {"templates/web/0/sub/rancher-compose.yml": "version: '2'\ncatalog: {version: 7.7.7}\n"},
        "accept",
        "accept",
        "accept",
    ),  # fmt: skip
    "one version in two revisions": (
        {path: text.replace("1.1.0", "1.0.0") for path, text in SECOND.items()},
        "accept",
        "accept",
        "accept",
    ),  # fmt: skip
    "no revision": ({path: None for path in SOUND if "/0/" in path}, "accept", "accept", "accept"),
    "no icon": ({"templates/web/catalogIcon-web.svg": None}, "accept", "accept", "accept"),
    "no README": ({"templates/web/0/README.md": None}, "accept", "accept", "accept"),
    "wrong icon name": (
        {"templates/web/catalogIcon-web.svg": None, "templates/web/logo.png": b"x"},
        "accept",
        "accept",
        "accept",
    ),
    "upgrade_from is not a range": (block("  version: '1.0.0'\n  upgrade_from: now\n"), "accept", "accept", "accept"),
}


@pytest.mark.parametrize("name", TABLE_6)
def test_row_of_the_table_of_variants(name: str) -> None:
    changes, *expected = TABLE_6[name]
    found = judged(changes)
    assert [found.of("service"), found.of("ci"), found.of("launch")] == expected, found.rulings
    assert all(ruling.where.file for ruling in found.rulings)


# What the real judges were seen to do beyond the table.
LEARNED: dict[str, tuple[Changes, str, str, str]] = {
    "something after a flow mapping": ({CONFIG: "{name: Web, version: '1.0.0'}\nx: y\n"}, "reject", "reject", "accept"),
    "two scalars": ({RANCHER: "'a'\n'b'\n"}, "reject", "reject", "reject"),
    "a second document is broken": ({RANCHER: SOUND[RANCHER] + "---\n[\n"}, "accept", "accept", "accept"),
    "binary that is not base64": (config("name: Web", "name: !!binary '?'"), "reject", "reject", "accept"),
    "merge key without a mapping": (block("  version: '1.0.0'\n  x: {<<: 3}\n"), "reject", "reject", "accept"),
    "merge key without a mapping, version 1": (first_version(block="  x: {<<: 3}\n"), "reject", "reject", "reject"),
    "merge key without a mapping at the root": (rancher("services:", "<<: 3\nservices:"), "reject", "reject", "reject"),
    "merge key that is quoted": (block("  version: '1.0.0'\n  x: {'<<': 3}\n"), "accept", "accept", "accept"),
    "a key that is a list": (first_version(block="  ? [a]\n  : b\n"), "reject", "reject", "reject"),
    "an alias without an anchor": (first_version(block="  x: *x\n"), "reject", "reject", "reject"),
    "a number without a value": (service("metadata: {a: .nan}"), "accept", "accept", "reject"),
    "a service named containers": ({**first_version(), DOCKER: "containers:\n  image: x\n"}, "accept", "accept", "reject"),
    "a service named volumes": ({**first_version(), DOCKER: "volumes:\n  image: x\n"}, "accept", "reject", "reject"),
    "config.yml of a top folder": ({"templates/config.yml": "a: [\n"}, "reject", "accept", "accept"),
    "config.yml in an image": ({"images/web-conf/conf/config.yml": "- a\n"}, "reject", "accept", "accept"),
}


@pytest.mark.parametrize("name", LEARNED)
def test_what_the_judges_were_seen_to_do(name: str) -> None:
    changes, *expected = LEARNED[name]
    found = judged(changes)
    assert [found.of("service"), found.of("ci"), found.of("launch")] == expected, found.rulings


# name: (changes, what is served, the default)
SERVED: dict[str, tuple[Changes, dict[str, dict[str, str]], dict[str, str]]] = {
    "sound": ({}, {"web": {"1.0.0": "web:0"}}, {"web": "1.0.0"}),
    "base": (
        moved("templates/web", "infra-templates/web"),
        {"infra*web": {"1.0.0": "infra*web:0"}},
        {"infra*web": "1.0.0"},
    ),  # fmt: skip
    "base before the first dash": (moved("templates", "a-b-templates"), {"a*web": {"1.0.0": "a*web:0"}}, {"a*web": "1.0.0"}),
    "any top folder": (moved("templates", "foo"), {"web": {"1.0.0": "web:0"}}, {"web": "1.0.0"}),
    "two tops are one template": (
        {path.replace("templates", "other", 1): text for path, text in SECOND.items()},
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.0.0"},
    ),
    "base and name without a separator": (
        moved("templates/web", "we-templates/b", {"templates/web/config.yml": SOUND[CONFIG]}),
        {"we*b": {"1.0.0": "we*b:0"}},
        {"we*b": "1.0.0"},
    ),  # fmt: skip
    "signed and padded numbers": (moved("templates/web/0", "templates/web/+07"), {"web": {"1.0.0": "web:7"}}, {"web": "1.0.0"}),
    "1 and 01": (
        {path.replace("/1/", "/01/"): text.replace("1.1.0", "2.0.0") for path, text in SECOND.items()} | SECOND,
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.0.0"},
    ),
    "semver folder": (moved("templates/web/0", "templates/web/v1.2.3"), {"web": {"1.0.0": "web:1.0.0"}}, {"web": "1.0.0"}),
    "semver folder is the version": (
        moved("templates/web/0", "templates/web/1.2.3-a", {RANCHER: None}),
        {"web": {"1.2.3-a": "web:1.2.3-a"}},
        {"web": "1.2.3-a"},
    ),  # fmt: skip
    "ghost": ({CONFIG: None}, {"": {"1.0.0": ":0"}}, {"": "1.0.0"}),
    "nested file replaces": (
        {"templates/web/0/sub/rancher-compose.yml": "version: '2'\ncatalog: {version: 7.7.7}\n"},
        {"web": {"7.7.7": "web:0"}},
        {"web": "7.7.7"},
    ),  # fmt: skip
    "config.yml in a revision": (
        {"templates/web/0/config.yml": "name: Other\nversion: '1.1.0'\n", **SECOND},
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.0.0"},  # the one of the template is walked later
    ),
    "template.yml beats config.yml": (
        {"templates/web/template.yml": "name: Other\nversion: '1.1.0'\n", **SECOND},
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.1.0"},
    ),
    "icon is no file of a revision": ({RANCHER: None, "templates/web/0/icons.yml": "a: b\n"}, {}, {}),
    "compose.yml": (
        {RANCHER: None, "templates/web/0/compose.yml": "web: {}\ncatalog:\n  version: '3'\n  # more\n  name: x\nweb2: [\n"},
        {"web": {"3": "web:0"}},
        {"web": "3"},
    ),
    "compose.yml ends in a comment": (
        {RANCHER: None, "templates/web/0/compose.yml": "catalog:\n  version: '3'\n# end"},
        {},
        {},
    ),  # fmt: skip
    "template-version.yml, as it is written": (
        {RANCHER: None, "templates/web/0/template-version.yml": "version: 1.10\n"},
        {"web": {"1.10": "web:0"}},
        {"web": "1.10"},
    ),  # fmt: skip
    "rancher-compose.yml beats the others": (
        {"templates/web/0/template-version.yml": "version: [\n", "templates/web/0/compose.yml": "catalog:\n  version: [\n"},
        {"web": {"1.0.0": "web:0"}},
        {"web": "1.0.0"},
    ),
    "rancher-compose.yml is rejected": ({RANCHER: "a: [\n"}, {}, {}),
    "config.yml is rejected": ({CONFIG: "a: [\n"}, {"": {"1.0.0": ":0"}}, {"": "1.0.0"}),
    "semver folder is rejected": (
        moved("templates/web/0", "templates/web/1.2.3", {RANCHER: "a: [\n"}),
        {"web": {"1.2.3": "web:1.2.3"}},
        {"web": "1.2.3"},
    ),  # fmt: skip
    "same version twice": (
        {path: text.replace("1.1.0", "1.0.0") for path, text in SECOND.items()},
        {"web": {"1.0.0": "web:1"}},
        {"web": "1.0.0"},
    ),  # fmt: skip
    "version > defaultVersion > default_version": (
        SECOND | version_line("default_version: '9'\ndefaultVersion: '1.0.0'\nversion: '1.1.0'\n"),
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.1.0"},
    ),
    "defaultVersion > default_version": (
        SECOND | version_line("default_version: '1.1.0'\ndefaultVersion: '1.0.0'\n"),
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.0.0"},
    ),
    "highest version": (
        SECOND | version_line("version: '9'\n"),
        {"web": {"1.0.0": "web:0", "1.1.0": "web:1"}},
        {"web": "1.1.0"},
    ),  # fmt: skip
    "no semver counts as 0.0.0": (
        {path: text.replace("1.1.0", "latest") for path, text in SECOND.items()} | version_line("version: '9'\n"),
        {"web": {"1.0.0": "web:0", "latest": "web:1"}},
        {"web": "1.0.0"},
    ),
    "unquoted 1.10": (block("  version: 1.10\n"), {"web": {"1.1": "web:0"}}, {"web": "1.1"}),
    "unquoted 1.0": (block("  version: 1.0\n"), {"web": {"1": "web:0"}}, {"web": "1"}),
    "unquoted 010": (block("  version: 010\n"), {"web": {"8": "web:0"}}, {"web": "8"}),
    "unquoted 1e3": (block("  version: 1e3\n"), {"web": {"1000": "web:0"}}, {"web": "1000"}),
    "unquoted 8": (block("  version: 8\n"), {"web": {"8": "web:0"}}, {"web": "8"}),
    "unquoted date": (block("  version: 2017-01-01\n"), {"web": {"2017-01-01": "web:0"}}, {"web": "2017-01-01"}),
    "tagged as text": (block("  version: !!str 1.10\n"), {"web": {"1.10": "web:0"}}, {"web": "1.10"}),
    "tagged as a number": (block("  version: !!int '010'\n"), {"web": {"8": "web:0"}}, {"web": "8"}),
    "binary": (block("  version: !!binary MS4w\n"), {"web": {"1.0": "web:0"}}, {"web": "1.0"}),
    "unquoted yes": (block("  version: yes\n"), {"web": {"true": "web:0"}}, {"web": "true"}),
}


@pytest.mark.parametrize("name", SERVED)
def test_what_is_served(name: str) -> None:
    changes, served, default = SERVED[name]
    found = judged(changes).data()
    assert (found["served"], found["default"]) == (served, default)
    assert list(found) == ["service", "ci", "launch", "served", "default"]


# What stands in a service of docker-compose.yml, or in rancher-compose.yml (sections 3 to 5): what is launched, what is not.
LAUNCHED: list[Changes] = [
    *map(
        service,
        [
            "links: [nobody]",
            "metadata: {}",
            "command: ['a', 'a']",
            "command: a 'b c'",
            "command: a # it's",
            "ports: ['80:80', 443, '127.0.0.1:53:53/udp', '8000-8001:9000-9001']",
            "mem_limit: 512m",
            "mem_limit: '1.5 GB'",
            "mem_limit: 1000\nmemswap_limit: -1",
            "restart: 'no'",
            "hostname: $$x${greeting}$greeting",
            "hostname: ${1}",
            "stop_grace_period: 1m30s",
            "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}",
            "logging: {driver: x, options: {a: 1}}",
            "networks: {a: {aliases: [b]}, c: }",
            "secrets: [a, {source: b, mode: 0400}]",
            "extra_hosts: ['a:1.2.3.4']",
            "sysctls: {a: '1'}",
            "build: {context: ., args: {a: 1}}",
            "dns: 8.8.8.8",
            "tmpfs: [/a, /b]",
            "pid:",
            "oom_score_adj: -1000",
            "expose: [80, '80']",
        ],
    ),
    *map(
        scaled,
        [
            "scale: '3'",
            "scale: 1.5",
            "retain_ip: true",
            "start_on_create: false",
            "metadata: {a: [1, {name: x}], b: true, c: , d: {}}",
            "upgrade_strategy: {start_first: true}",
            "scale_policy: {min: 1, max: '3', increment: 1}",
            "lb_config: {port_rules: [{source_port: '80', target_port: 80, service: web, priority: 1}], certs: [a]}",
            "storage_driver: {name: x, scope: environment}",
            "network_driver: {name: x, default_network: {a: b}, cni_config: {a: {b: c}}}",
            "drain_timeout_ms: 10",
            "milli_cpu_reservation: 100",
            "external_ips: [1.2.3.4]",
            "disks: [{name: x, root: true}]",
            "userdata: x\nvcpu: 1\nmemory: 512m\ntype: x",
        ],
    ),
    rancher("      interval: 2000\n", "      interval: '2000'\n      unheard: of\n"),
    rancher("  web:\n    scale", "  lb:\n    lb_config: {}\n  web:\n    scale"),
    docker("    image: nginx:1.27.3\n", ""),
    docker("    labels:\n      io.rancher.sidekicks: web-conf\n", "    labels: ['io.rancher.sidekicks=web-conf']\n"),
    docker("      io.rancher.sidekicks: web-conf", "      io.rancher.sidekicks: ' web-conf '\n      a: 1\n      b: true"),
    {DOCKER: "# notemplating\nweb:\n  image: '{{ nonsense }}'\n"},
    {DOCKER: "\n #notemplating\nweb:\n  image: '{{ nonsense }}'\n"},
    {DOCKER: "web:\n  image: x\n{{ if eq .Values.greeting 3 }}\n  nonsense: x\n{{ end }}\n"},
    {DOCKER: "web:\n  image: x\n{{ if eq .Values.greeting \"no\" }}\n  nonsense: x\n{{ end }}\n"},
    {DOCKER: "web:\n  image: {{ range splitPreserveQuotes .Values.greeting }}{{ . | quote }}{{ end }}\n"},
    {DOCKER: "  ", DOCKER + ".tpl": SOUND[DOCKER]},
    {DOCKER: "", DOCKER + ".tpl": SOUND[DOCKER]},
    docker("services:\n", "volumes:\n  a:\n  b: {driver: x, external: true, per_container: true}\nservices:\n"),
    docker("services:\n", "volumes: {a: {external: {name: x}}}\nnetworks: {b: {ipam: {config: [{subnet: x}]}}}\nservices:\n"),
    docker("services:\n", "secrets: {a: {external: 'true'}}\nx-more: 1\nservices:\n"),
    first_version("  net: host\n  log_driver: x\n  log_opt: {a: 1}\n"),
    first_version("  extends: {service: base}\nbase:\n  image: x\n"),
    {**first_version(), DOCKER: "web:\n"},
    {**first_version(), RANCHER: SOUND[RANCHER]},
    rancher("catalog:\n", ".catalog:\n"),
    question("default: 'a\n\n      b'"),
]  # fmt: skip
REFUSED: list[Changes] = [
    *map(
        service,
        [
            "healthcheck: {}",
            "deploy: {}",
            "service_schemas: {}",
            "net: host",
            "hostname: $(cmd)",
            "hostname: ${A:-x}",
            "hostname: $1",
            "hostname: a$",
            "volumes: [a, a]",
            "ports: ['80', '80']",
            "ports: [80, 80]",
            "ports: ['${nobody}:${nobody}']",
            "ports: [x]",
            "ports: ['70000']",
            "ports: ['1-2:3-5']",
            "ports: ['80/sctp']",
            "ports: ['x:80:80']",
            "ports: 80",
            "links: [a, a]",
            "links: {a: b}",
            "depends_on: x",
            "command: ''",
            "command: ${nobody}",
            "command: 'null'",
            "command: \"it's\"",
            "command: [1]",
            "entrypoint: [[a]]",
            "dns: ''",
            "dns: [1]",
            "restart: no",
            "user: 1000",
            "hostname: 3",
            "hostname:",
            "metadata:",
            "metadata: text",
            "metadata: {80: x}",
            "mem_limit: x",
            "mem_limit: ${nobody}",
            "memswap_limit: 1g",
            "cpu_shares: 1m",
            "tty: 'true'",
            "tty: ${greeting}",
            "privileged: 1",
            "stop_grace_period: 1x",
            "ulimits: {nofile: x}",
            "ulimits: {nofile: {soft: 1}}",
            "logging: {drivr: x}",
            "logging: {options: {a: [b]}}",
            "networks: {a: b}",
            "networks: {a: {x: y}}",
            "networks: x",
            "secrets: x",
            "secrets: [1]",
            "secrets: [{uid: 1}]",
            "extra_hosts: {a: b}",
            "sysctls: {a: 1}",
            "device_read_bps: {a: true}",
            "build: {contxt: .}",
            "build: [a]",
            "build: {args: {a: true}}",
            "extends: web",
            "extends: {service: nobody}",
            "extends: {service: web}",
            "extends: {file: other.yml, service: x}",
            "extends: {file: other.yml}",
            "env_file: a.env",
            "oom_score_adj: 1001",
            "mem_swappiness: 1.5",
            "pid: 1",
        ],
    ),
    *map(
        scaled,
        [
            "scale: ${nobody}",
            "scale: x",
            "scale: [1]",
            "retain_ip: ${greeting}",
            "retain_ip: 'true'",
            "upgrade_strategy: {start_first: '${greeting}'}",
            "upgrade_strategy: {start_first: 'true'}",
            "scale_policy: {min: x}",
            "scale_policy: []",
            "health_checks: {}",
            "drain_timeout: 10",
            "lb_config: {port_rules: {}}",
            "lb_config: {port_rules: [{source_port: x}]}",
            "lb_config: {certs: x}",
            "certs: ['1']",
            "disks: {}",
            "storage_driver: x",
        ],
    ),
    rancher("      port: 80\n", "      port: ${nobody}\n"),
    rancher("      port: 80\n", "      port: http\n"),
    rancher("      port: 80\n", "      port: true\n"),
    rancher("      interval: 2000\n", "      interval: 2s\n"),
    docker("    environment:\n      GREETING: ${greeting}\n", "    environment:\n"),
    docker("      GREETING: ${greeting}\n", "      GREETING: [a]\n"),
    docker("      GREETING: ${greeting}\n", "      80: a\n"),
    docker("    environment:\n      GREETING: ${greeting}\n", "    environment: [1, '1']\n"),
    docker("      io.rancher.sidekicks: web-conf", "      io.rancher.sidekicks: nobody"),
    docker("      io.rancher.sidekicks: web-conf", "      io.rancher.sidekicks: web-conf,web-conf"),
    docker("      io.rancher.sidekicks: web-conf", "      io.rancher.sidekicks: ''"),
    docker("      io.rancher.sidekicks: web-conf", "      io.rancher.sidekicks: web-conf\n      a:"),
    docker("services:\n", "services:\n  other:\n    labels:\n      io.rancher.sidekicks: web-conf\n"),
    docker("  web-conf:\n", "  web conf:\n"),
    docker("version: '2'\n", "version: '3'\n"),
    docker("version: '2'\n", "version: '2.1'\n"),
    docker("services:\n", "volumes: [a]\nservices:\n"),
    docker("services:\n", "volumes: {a: b}\nservices:\n"),
    docker("services:\n", "volumes: {a: {external: [x]}}\nservices:\n"),
    docker("services:\n", "secrets: {a: {external: {name: x}}}\nservices:\n"),
    rancher("services:\n", "services:\n  .catalog: {name: x}\n"),
    {**first_version(), RANCHER: "catalog:\n  version: '1.0.0'\n"},
    {DOCKER: "web:\n  image: {{ nonsense }}\n"},
    {DOCKER: "web:\n  image: {{ list .Values.greeting | first }}\n"},
    {DOCKER: "web:\n  image: x\n{{ if .Values.greeting }}\n"},
    {DOCKER: "web:\n  image: x\n  hostname: {{ .Values.greeting }}\n", **question('default: "a\\n- b"')},
    first_version("  extends: {service: base}\nbase:\n  links: [web]\n"),
    first_version("  depends_on: [a]\n"),
]  # fmt: skip


def _name(changes: Changes) -> str:
    """The lines by which a variant differs."""
    lines = [
        line.strip()
        for path, text in changes.items()
        if isinstance(text, str)
        for line in text.splitlines()
        if line not in SOUND.get(path, "").splitlines()
    ]
    return "; ".join(lines)[:70] or "gone"


@pytest.mark.parametrize("changes", LAUNCHED, ids=_name)
def test_stack_that_is_launched(changes: Changes) -> None:
    found = judged(changes)
    assert [ruling for ruling in found.rulings if ruling.judge == "launch" and ruling.outcome == "reject"] == []


@pytest.mark.parametrize("changes", REFUSED, ids=_name)
def test_stack_that_is_refused(changes: Changes) -> None:
    found = [ruling for ruling in judged(changes).rulings if ruling.judge == "launch" and ruling.outcome == "reject"]
    assert found
    assert all(ruling.where.line and ruling.template == "web" and ruling.revision == "0" for ruling in found), found


# Fields by their types: in config.yml (section 2), in the block and in its questions (section 3).
CONFIG_FIELDS = [
    *((f"{name}: [a]", "reject") for name in ("name", "description", "license", "projectURL", "icon", "path", "base")),
    ("project_url: [a]", "accept"),  # projectURL replaces it
    *((f"{name}: 3", "accept") for name in ("description", "license", "projectURL", "category")),
    ("categories: [a, b]", "accept"),
    ("categories: [[a]]", "reject"),
    ("labels: {a: b, c: 1, d: true}", "accept"),
    ("labels: {a: [b]}", "reject"),
    ("minimum_rancher_version: [x]", "accept"),
    ("isSystem: [x]", "accept"),
    ("issystem: [x]", "reject"),
    ("versions: [a]", "reject"),
    ("catalogid: x", "reject"),
    ("unheard: {of: [1]}", "accept"),
    ("unheard: {<<: {a: b}}", "accept"),
]
BLOCK_FIELDS = [
    *((f"{name}: [a]", "accept", "reject") for name in ("name", "description", "uuid", "output")),
    ("maintainer: [a]", "accept", "accept"),
    *((f"{name}: [a]", "reject", "reject") for name in ("minimum_rancher_version", "maximum_rancher_version", "upgrade_from")),
    ("minimum_rancher_version: v1.6", "accept", "accept"),
    ("labels: {a: 1}", "accept", "accept"),
    ("labels: [a]", "reject", "reject"),
    ("readme: [a]", "reject", "accept"),
    ("files: [a]", "reject", "accept"),
    ("revision: x", "reject", "accept"),
]
QUESTION_FIELDS = [
    *((f"{name}: [a]", "reject") for name in ("label", "description", "type", "group", "valid_chars", "invalid_chars")),
    *((f"{name}: 3", "accept") for name in ("label", "min", "max", "min_length", "max_length", "valid_chars")),
    *((f"{name}: '3'", "reject") for name in ("min", "max", "min_length", "max_length")),
    ("min: 1.5", "accept"),
    ("min: true", "reject"),
    ("required: yes", "accept"),
    ("required:", "accept"),
    ("options: [1.10, null, TRUE, a]", "accept"),
    ("unheard: [of]", "accept"),
]


@pytest.mark.parametrize(("line", "expected"), CONFIG_FIELDS)
def test_field_of_config_yml(line: str, expected: str) -> None:
    key = line.partition(":")[0]
    lines = [each for each in SOUND[CONFIG].splitlines() if not each.startswith(f"{key}:")]
    found = judged({CONFIG: "\n".join([*lines, line, ""])})
    # A template without a name is a ghost.
    assert found.of("service") == expected
    assert found.of("ci") == "accept"


@pytest.mark.parametrize(("line", "service", "ci"), BLOCK_FIELDS)
def test_field_of_the_catalog_block(line: str, service: str, ci: str) -> None:
    found = judged({RANCHER: f"version: '2'\ncatalog:\n  version: '1.0.0'\n  {line}\n"})
    assert (found.of("service"), found.of("ci")) == (service, ci)


@pytest.mark.parametrize(("line", "expected"), QUESTION_FIELDS)
def test_field_of_a_question(line: str, expected: str) -> None:
    found = judged({RANCHER: f"version: '2'\ncatalog:\n  version: '1.0.0'\n  questions:\n  - variable: a\n    {line}\n"})
    assert (found.of("service"), found.of("ci")) == (expected, expected)


MAINTAINERS = {
    "Jo Doe <jo@example.org>": "accept",
    "A B C D E <a@b.c>": "accept",
    "A B C D E F <a@b.c>": "reject",
    "Jo <jo@example.org>": "reject",
    "Jo Doe jo@example.org": "reject",
    "Jo Doe <jo@example>": "reject",
    "": "accept",
    "3": "accept",
}


@pytest.mark.parametrize(("maintainer", "expected"), MAINTAINERS.items())
def test_maintainer(maintainer: str, expected: str) -> None:
    assert judged(config("Jo Doe <jo@example.org>", maintainer)).of("ci") == expected


CI_ONLY: dict[str, tuple[Changes, str]] = {
    "ports is a number": (service("ports: 80"), "reject"),
    "ports is null": (service("ports:"), "accept"),
    "labels is text": (docker("    labels:\n      io.rancher.sidekicks: web-conf\n", "    labels: a\n"), "reject"),
    "label is null": (docker("io.rancher.sidekicks: web-conf", "a:"), "reject"),
    "label's name is a number": (docker("io.rancher.sidekicks: web-conf", "1: a"), "reject"),
    "label is a number": (docker("io.rancher.sidekicks: web-conf", "a: 1"), "accept"),
    "label is a list": (docker("io.rancher.sidekicks: web-conf", "a: [b]"), "reject"),
    "version 3 of docker-compose.yml": (docker("version: '2'\n", "version: '3'\n"), "reject"),
    "docker-compose.yml.tpl is not read": ({DOCKER: None, DOCKER + ".tpl": "web: ["}, "accept"),
    "a folder that is no revision": ({"templates/web/docs/a.md": "x"}, "reject"),
    "a long name": (moved("templates/web", f"templates/{'w' * 64}"), "reject"),
    "a colon in a revision": (moved("templates/web/0", "templates/web/0:1"), "reject"),
    "a template named as its revision": (moved("templates/web", "templates/0"), "reject"),
    "volume is text": (docker("services:\n", "volumes: {a: b}\nservices:\n"), "reject"),
    "broken merge key in config.yml": (config("category:", "x: {<<: 3}\ncategory:"), "reject"),
    "broken merge key in docker-compose.yml": (docker("      GREETING:", "      <<: 3\n      GREETING:"), "reject"),
    "linked config.yml": ({"x.yml": SOUND[CONFIG], CONFIG: Link("x.yml")}, "accept"),
}


@pytest.mark.parametrize("name", CI_ONLY)
def test_what_only_the_ci_looks_at(name: str) -> None:
    changes, expected = CI_ONLY[name]
    assert judged(changes).of("ci") == expected


def only(found: Verdicts, keep: Callable[[Ruling], bool]) -> Ruling:
    (ruling,) = (ruling for ruling in found.rulings if keep(ruling))
    return ruling


def test_ruling_gives_the_revision_and_not_the_place_in_the_walk() -> None:
    changes: dict[str, Any] = {path.replace("/1/", f"/{n}/"): text for n in (1, 2, 10) for path, text in SECOND.items()}
    changes["templates/web/10/rancher-compose.yml"] = "version: '2'\ncatalog:\n  version: [1]\n"
    ruling = only(judged(changes), lambda ruling: ruling.judge == "service" and ruling.outcome == "reject")
    assert (ruling.revision, str(ruling.where)) == ("10", "templates/web/10/rancher-compose.yml:3:12")
    assert "web:2" in ruling.hint


ALTERED = {
    "version 1.10": (
        config("version: '1.0.0'", "version: 1.10"),
        "version 1.10 is stored as '1.1'",
        "templates/web/config.yml:2:10",
    ),
    "default 0644": (question("default: 0644"), "default 0644 is stored as '420'", f"{RANCHER}:12:14"),
    "default yes": (question("default: yes"), "default yes is stored as 'true'", f"{RANCHER}:12:14"),
    "default 10000000.0": (question("default: 10000000.0"), "default 10000000.0 is stored as '1e+07'", f"{RANCHER}:12:14"),
    "option 1.50": (question("options: [a, 1.50]"), "option 1.50 is stored as '1.5'", f"{RANCHER}:12:18"),
    "label TRUE": (config("category:", "labels: {a: TRUE}\ncategory:"), "label a TRUE is stored as 'true'", f"{CONFIG}:4:13"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_value_that_is_stored_otherwise(name: str) -> None:
    changes, reason, where = ALTERED[name]
    found = [ruling for ruling in judged(changes).rulings if ruling.outcome == "alter"]
    assert (reason, where) in [(ruling.reason, str(ruling.where)) for ruling in found]


@pytest.mark.parametrize("text", ["'0644'", "12:30:45", "2017-01-01", "8080", "true", "abc", "null", "''"])
def test_value_that_is_stored_as_it_stands(text: str) -> None:
    assert judged(question(f"default: {text}")).rulings == ()


def test_template_that_fails_is_cut_and_not_refused() -> None:
    found = judged({DOCKER: "web:\n  image: x\n{{ if eq .Values.greeting 3 }}\n  nonsense: x\n{{ end }}\n"})
    ruling = only(found, lambda ruling: ruling.judge == "launch")
    assert (ruling.outcome, ruling.where.line, found.of("launch")) == ("alter", 3, "accept")


HIDDEN = {
    "same version": ({path: text.replace("1.1.0", "1.0.0") for path, text in SECOND.items()}, "and hides this one", "0"),
    "same number": (
        {path.replace("/1/", "/00/"): text.replace("1.1.0", "1.0.0") for path, text in SECOND.items()},
        "their files are mixed",
        "00",
    ),  # fmt: skip
    "no revision": ({path: None for path in SOUND if "/0/" in path}, "never listed", ""),
    "star": (moved("templates/web", "templates/a*b"), "gives a 404", ""),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden(name: str) -> None:
    changes, reason, revision = HIDDEN[name]
    ruling = only(judged(changes), lambda ruling: ruling.outcome == "hide")
    assert reason in ruling.reason
    assert ruling.revision == revision


def test_folder_of_links_vanishes() -> None:
    changes: dict[str, Any] = {path.replace("/0/", "/1/"): Link(path) for path in SOUND if "/0/" in path}
    ruling = only(judged(changes), lambda ruling: ruling.outcome == "drop")
    assert (ruling.revision, "links" in ruling.reason) == ("1", True)


@pytest.mark.parametrize("prefix", ["", "templates/", "templates/web/", "templates/web/0/"])
def test_part_of_a_catalog(prefix: str) -> None:
    files = flat(prefix)
    shown = [File(path, len(text), lambda text=text: text.encode(), shown=prefix + path) for path, text in files.items()]  # type: ignore
    found = verdicts(Tree(shown)).data()
    assert found == judged({}).data()


def test_part_without_a_name_above_it() -> None:
    assert verdicts(tree_of(flat("templates/web/"))).data()["served"] == {"entry": {"1.0.0": "entry:0"}}


@pytest.mark.parametrize(("shown", "dropped"), [("a/b/work/", []), ("templates/web/latest/", ["latest"])])
def test_name_of_a_revision_decides_in_a_catalog_only(shown: str, dropped: list[str]) -> None:
    files = flat("templates/web/0/")
    tree = Tree(File(path, len(text), lambda text=text: text.encode(), shown=shown + path) for path, text in files.items())  # type: ignore
    assert [ruling.revision for ruling in verdicts(tree).rulings if ruling.outcome == "drop"] == dropped


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({RANCHER: None}, ("drop", "reject", "accept")),
        (block("  version: [a]\n"), ("reject", "reject", "accept")),
        (block("  version: 1.0\n"), ("accept", "accept", "accept")),
    ],
)
def test_revision_alone(changes: Changes, expected: tuple[str, str, str]) -> None:
    found = verdicts(tree_of(flat("templates/web/0/", changes)))
    assert (found.of("service"), found.of("ci"), found.of("launch")) == expected


def test_part_of_another_top_folder() -> None:
    files = flat("templates/web/")
    shown = [
        File(path, len(text), lambda text=text: text.encode(), shown=f"a/infra-templates/web/{path}")  # type: ignore
        for path, text in files.items()
    ]
    assert verdicts(Tree(shown)).data()["served"] == {"infra*web": {"1.0.0": "infra*web:0"}}


@pytest.mark.parametrize(
    "files",
    [{}, {"Dockerfile": "FROM x\n", "docker-compose.yml": "web: ["}, {"images/a/Dockerfile": "", "docker-compose.yml": "- x"}],
)
def test_nothing_is_judged_where_there_is_no_catalog(files: dict[str, str]) -> None:
    assert verdicts(Tree.of(files)).data() == {
        "service": "accept",
        "ci": "accept",
        "launch": "accept",
        "served": {},
        "default": {},
    }


def test_document_that_grows_is_refused_at_launch() -> None:
    lines = ["web:", "  image: x", "  metadata:", "    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 6)]
    ruling = only(judged({DOCKER: "\n".join(lines) + "\n"}), lambda ruling: ruling.judge == "launch")
    assert "too large" in ruling.reason


@pytest.mark.parametrize("path", [CONFIG, RANCHER])
def test_document_that_grows_is_not_judged(path: str) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 6)]
    found = [ruling for ruling in judged({path: SOUND[path] + "\n".join(lines) + "\n"}).rulings if ruling.judge == "service"]
    assert "too large" in found[0].reason


def test_merge_keys_that_grow_cost_little() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 8)}]}}" for n in range(1, 5)]
    assert judged({CONFIG: SOUND[CONFIG] + "\n".join([*lines, "labels: *a4", ""])}).of("service") == "accept"


def test_many_revisions_are_judged_one_by_one() -> None:
    changes = {f"templates/web/{n}/rancher-compose.yml": f"version: '2'\ncatalog: {{version: '{n}.0.0'}}\n" for n in range(2_000)}
    found = judged({**changes, DOCKER: None, "templates/web/0/README.md": None})
    assert len(found.served["web"]) == 2_000
    assert found.default == {"web": "1.0.0"}
