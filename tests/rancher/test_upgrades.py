"""What an upgrade breaks, and what it does not: no false alarm."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.rancher import entries
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.upgrades import breaks, next_version, obstacle, refused, steps

DOCKER = """\
version: '2'
services:
  web:
    image: nginx:1
    labels: {io.rancher.sidekicks: conf}
    volumes: [data:/data, /tmp/x, /host:/x]
  conf:
    image: conf:1
  db:
    image: db:1
volumes:
  data: {driver: local}
"""
RANCHER = """\
version: '2'
catalog:
  name: web
  version: 1.0.0
  questions:
  - {variable: port, label: Port, type: int, default: 80}
  - {variable: size, label: Size, type: enum, options: [s, m], default: s}
  - {variable: note, label: Note, type: string}
services:
  web: {scale: 1}
"""


def revision(docker: str = DOCKER, rancher: str = RANCHER, number: int = 1) -> Revision:
    files = {f"{number}/docker-compose.yml": docker.encode(), f"{number}/rancher-compose.yml": rancher.encode()}
    return entries.read(files, "web", str(number))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "variable: note, label: Note",
            "variable: remark, label: Note",
            ["'note' no longer exists, so its answer is lost ('remark' has the same label)"],
        ),
        (
            "  - {variable: note, label: Note, type: string}\n",
            "",
            ["the question 'note' no longer exists, so its answer is lost"],
        ),
        ("label: Note, type: string", "label: Note, type: int", ["was string and is int now"]),
        ("type: int, default: 80", "type: string, default: 80", []),
        ("options: [s, m]", "options: [s, l]", ["has no option 'm' any more"]),
        ("options: [s, m]", "options: [s, m, l]", []),
        ("label: Note, type: string}", "label: Note, type: string, required: true}", ["'note' must be answered"]),
        ("services:\n", "  - {variable: new, required: true}\nservices:\n", ["'new' must be answered"]),
        ("services:\n", "  - {variable: new, required: true, default: x}\nservices:\n", []),
        ("default: 80", "default: 81", []),
        ("  db:\n    image: db:1\n", "", ["the service 'db' no longer exists, so its containers are removed"]),
        (
            "  db:\n    image: db:1\n",
            "  store:\n    image: db:2\n",
            ["'db' no longer exists, so its containers are removed ('store' has the same image)"],
        ),
        ("image: db:1", "image: db:2", []),
        ("conf}\n", "db}\n", ["'conf' was a sidekick of web, and is a separate service now", "'db' was a separate service"]),
        ("data:/data", "other:/data", ["now has other at /data; previously, it had data"]),
        ("data:/data, ", "", ["'web' has no volume at /data any more"]),
        (", /tmp/x", "", []),
        (", /host:/x", "", []),
        ("/host:/x", "/other:/x", ["now has /other at /x; previously, it had /host"]),
        ("driver: local", "driver: rancher-nfs", ["had the driver local, and has rancher-nfs now"]),
        (
            "web: {scale: 1}",
            "web: {scale: 2, upgrade_strategy: {start_first: true}}",
            ["start_first starts the new container while"],
        ),
        ("web: {scale: 1}", "db: {upgrade_strategy: {start_first: true}}", []),
    ],
)
def test_what_breaks_is_named_and_nothing_else(old: str, new: str, words: list[str]) -> None:
    assert (DOCKER + RANCHER).count(old) == 1 or old == "services:\n"
    docker = DOCKER.replace(old, new) if old in DOCKER and old != "services:\n" else DOCKER
    found = breaks(revision(), revision(docker, RANCHER.replace(old, new) if docker == DOCKER else RANCHER, 2))
    assert len(found) == len(words), found
    assert all(word in each.message for word, each in zip(words, found, strict=True))


TEMPLATE = DOCKER.replace("  db:\n    image: db:1\n", "{{if eq .Values.size `m`}}\n  db:\n    image: db:1\n{{end}}\n")


@pytest.mark.parametrize(
    ("docker", "rancher", "words"),
    [
        ({"data:/data": "'data:/data/'", "/host:/x": "/host/:/x/"}, {}, []),
        ({"/host:/x": "'${where}:/x'"}, {"services:\n  web": "  - {variable: where, default: /host/}\nservices:\n  web"}, []),
        ({"driver: local": "driver: '${by}'"}, {"services:\n  web": "  - {variable: by, default: local}\nservices:\n  web"}, []),
        ({"data: {driver: local}": "data: {}"}, {}, []),
        (
            {
                "[data:/data, /tmp/x, /host:/x]": "[/host:/x]\n    volumes_from: [conf]",
                "conf:1": "conf:1\n    volumes: [data:/data]",
            },
            {},
            [],
        ),
        ({}, {"type: enum, options: [s, m], default: s": "type: boolean"}, ["was enum and is boolean now"]),
    ],
)
def test_what_is_written_otherwise_and_means_the_same_breaks_nothing(
    docker: dict[str, str], rancher: dict[str, str], words: list[str]
) -> None:
    texts = [DOCKER, RANCHER]
    for number, changes in enumerate((docker, rancher)):
        for old, new in changes.items():
            assert old in texts[number]
            texts[number] = texts[number].replace(old, new)
    found = breaks(revision(), revision(*texts, number=2))
    assert len(found) == len(words), found
    assert all(word in each.message for word, each in zip(words, found, strict=True))


def test_options_that_all_fit_the_new_type_lose_no_answer() -> None:
    old = RANCHER.replace("options: [s, m], default: s", "options: ['true', 'false'], default: 'true'")
    assert breaks(revision(rancher=old), revision(rancher=RANCHER.replace("enum, options: [s, m], default: s", "boolean"))) == []
    numbers = old.replace("'true', 'false'", "'1', '2'")
    assert breaks(revision(rancher=numbers), revision(rancher=RANCHER.replace("enum, options: [s, m], default: s", "int"))) == []


def test_a_service_of_a_template_counts_by_the_answers_that_a_stack_keeps() -> None:
    """The new default leaves the service out; a stack that has the old one keeps it."""
    kept = RANCHER.replace("default: s", "default: m")
    assert breaks(revision(rancher=kept), revision(TEMPLATE, RANCHER)) == []
    (found,) = breaks(revision(), revision(TEMPLATE, RANCHER))
    assert found.message == "the service 'db' no longer exists, so its containers are removed, unless an answer brings it back"


@pytest.mark.parametrize(
    ("version", "following"),
    [("7.0.15-rancher1", "7.0.15-rancher2"), ("0.6.9", "0.6.10"), ("v1", "v2"), ("1.0.0-rancher9", "1.0.0-rancher10")],
)
def test_the_next_version_has_one_more_at_its_end(version: str, following: str) -> None:
    assert next_version(version, {"0": version}) == following


def test_a_version_that_is_taken_or_no_greater_is_refused() -> None:
    published = {"0": "1.0.0", "1": "1.0.1"}
    assert "revision 0 already has the version" in refused("1.0.0", published)
    assert "greater than '1.0.1'" in refused("1.0.1-rancher1", published)
    assert refused("1.0.2", published) == ""
    assert next_version("1.0.0", published) == "1.0.2"
    with pytest.raises(ForgeError, match="--version"):
        next_version("latest", {})


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("", ""),
        (">=1.0.0", ""),
        ("1.0.0", "matches only this version"),
        ("soon", "is not a range"),
        (">1.0.1", "does not include '1.0.1'"),
    ],
)
def test_an_upgrade_must_be_offered_to_the_last_version(wanted: str, words: str) -> None:
    found = obstacle("1.0.1", "1.0.2", wanted)
    assert (found[0] if found else "").endswith(words)
    assert bool(found) == bool(words)


def entry(*blocks: str) -> Entry:
    files = {}
    for number, block in enumerate(blocks):
        files[f"{number}/docker-compose.yml"] = DOCKER.encode()
        files[f"{number}/rancher-compose.yml"] = RANCHER.replace("version: 1.0.0", block).encode()
    return entries.read(files, "web", "0").entry


def test_each_step_is_offered_or_says_why_not() -> None:
    found = steps(
        entry("version: 1.0.0", "version: 1.0.0", "version: 1.0.1\n  minimum_rancher_version: v1.6.0", "version: 0.9.0"), "v1.5.0"
    )
    assert [(step.old.name, step.new.name, step.obstacle) for step in found] == [
        ("0", "1", "both have the version '1.0.0'"),
        ("0", "2", "the new revision is for Rancher v1.6.0 and later"),
        ("0", "3", "Rancher does not consider '0.9.0' greater than '1.0.0'"),
        ("1", "2", "the new revision is for Rancher v1.6.0 and later"),
        ("1", "3", "Rancher does not consider '0.9.0' greater than '1.0.0'"),
        ("2", "3", "Rancher does not consider '0.9.0' greater than '1.0.1'"),
        ("3", "0", ""),
        ("3", "1", ""),
    ]


def test_a_primary_and_its_sidekick_that_change_places_are_two_breaks() -> None:
    swapped = DOCKER.replace("    labels: {io.rancher.sidekicks: conf}\n", "").replace(
        "    image: conf:1\n", "    image: conf:1\n    labels: {io.rancher.sidekicks: web}\n"
    )
    found = breaks(revision(), revision(swapped, number=2))
    assert [each.message for each in found] == [
        "'web' was a separate service, and is a sidekick of conf now",
        "'conf' was a sidekick of web, and is a separate service now",
    ]


def test_a_key_of_the_metadata_that_an_image_still_reads_is_missed() -> None:
    metadata = "web: {scale: 1, metadata: {a: '1', m: {x: '1', y: '2'}, gone: '3'}}"
    old, new = (
        revision(DOCKER, RANCHER.replace("web: {scale: 1}", text)) for text in (metadata, "web: {metadata: {m: {x: '2'}}}")
    )
    reads = {"conf:1": {"a", "m/x", "m/y"}, "nginx:1": {"x"}}
    found = breaks(old, new, lambda image: reads[image].__contains__ if image in reads else None)
    assert [(each.kind, each.message) for each in found] == [
        ("metadata", "'web' has no metadata key 'a' any more, but conf:1 reads it"),
        ("metadata", "'web' has no metadata key 'm/y' any more, but conf:1 reads it"),
    ]
    assert breaks(old, new) == []
    assert breaks(new, old, lambda _: lambda _: True) == []
