"""Which folders are revisions, and which of them a catalog offers."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.goyaml import decoding
from catalog_forge.rancher import entries
from catalog_forge.rancher.tree import Folder, Tree

NO_REVISION = (
    "name the folder of an entry, such as templates/NAME, or add a folder 0/ with docker-compose.yml and rancher-compose.yml"
)


@pytest.mark.parametrize(
    ("folder", "number", "is_revision"),
    [
        ("0", 0, True),
        ("007", 7, True),
        ("+1", 1, True),
        ("-1", -1, True),
        ("0" * 40, 0, True),
        ("9223372036854775807", (1 << 63) - 1, True),
        ("-9223372036854775808", -(1 << 63), True),
        ("9223372036854775808", None, False),
        ("-9223372036854775809", None, False),
        ("0" * 41, None, False),
        ("1a", None, False),
        ("1_0", None, False),
        (" 1", None, False),
        ("٣", None, False),
        ("", None, False),
        ("1.0.0", None, True),
        ("1.0.0-rc.1", None, True),
        ("v1.0.0", None, True),
        ("vv1.0.0v", None, True),
        ("1.0", None, False),
        ("x1.0.0", None, False),
    ],
)
def test_a_revision_is_a_number_or_a_semantic_version(folder: str, number: int | None, is_revision: bool) -> None:
    assert (entries.number_of(folder), entries.is_revision(folder)) == (number, is_revision)


def test_people_see_revisions_by_number_then_by_name() -> None:
    assert sorted(["10", "2", "-1", "1.0.0", "01", "1", "0.9.0", "0"], key=entries.by_number) == [
        "-1", "0", "0.9.0", "1.0.0", "01", "1", "2", "10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "default"),
    [
        ("version: 1.0.0", "1.0.0"),
        ("defaultVersion: 1.0.0", "1.0.0"),
        ("default_version: 1.10", "1.1"),
        ("default_version: c\ndefaultVersion: b\nversion: a", "a"),
        ("default_version: c\ndefaultVersion: b", "b"),
        ("version: ~\ndefaultVersion: b", ""),
        ("name: x", ""),
    ],
)
def test_the_first_key_that_is_there_names_the_default_version(config: str, default: str) -> None:
    assert entries.default_of(decoding.pairs(yamlio.parse_lenient(config, "config.yml").node)) == default


@pytest.mark.parametrize(
    ("block", "folder", "version"),
    [
        ("version: 1.10", "0", "1.1"),
        ("version: 1.0.0", "2.0.0", "1.0.0"),
        ("name: x", "0", ""),
        ("name: x", "2.0.0", "2.0.0"),
        ("version: ''", "v2.0.0", "v2.0.0"),
        ("version: ~", "-1", ""),
    ],
)
def test_the_version_of_a_revision_is_that_of_its_block_else_that_of_its_folder(block: str, folder: str, version: str) -> None:
    files = {f"{folder}/docker-compose.yml": b"a: {image: x}", f"{folder}/rancher-compose.yml": f".catalog: {{{block}}}".encode()}
    assert entries.read(files, "web", folder).served == version


@pytest.mark.parametrize(
    ("default", "served", "chosen"),
    [
        ("1.0.0", "2.0.0 1.0.0", "1.0.0"),
        ("3.0.0", "2.0.0 1.0.0", "2.0.0"),
        ("", "1.9.0 1.10.0 1.2.0", "1.10.0"),
        ("", "v1.9.0 v1.10.0", "v1.10.0"),
        ("", "1.0.0-rc1 1.0.0", "1.0.0"),
        ("", "a b", "b"),
        ("", "a 0.0.0-x", "a"),
        ("", "1.0.0+a 1.0.0+b", "1.0.0+b"),
        ("x", "", ""),
    ],
)
def test_a_catalog_offers_the_default_if_it_is_there_else_the_highest(default: str, served: str, chosen: str) -> None:
    assert entries.chosen(default, ["", *served.split(), ""]) == chosen


SOUND = {"docker-compose.yml": b"version: '2'\nservices: {web: {image: x}}\n"}


def of(*paths: str, **more: bytes) -> dict[str, bytes]:
    """Files of an entry: sound compose files in some folders, and others."""
    found = {f"{path}/docker-compose.yml": SOUND["docker-compose.yml"] for path in paths}
    return found | {name.replace("__", "/").replace("_yml", ".yml"): content for name, content in more.items()}


@pytest.mark.parametrize(
    ("files", "revision", "place", "words", "hint"),
    [
        ({}, None, "shown", "there is no revision of an entry here", NO_REVISION),
        ({"README.md": b"x"}, None, "shown", "there is no revision of an entry here", NO_REVISION),
        (of("0", "1"), "2", "shown", "web has no revision '2'", "known here: 0, 1"),
        (of("10", "11"), "12", "shown", "web has no revision '12'", "known here: 10, 11"),
        ({"0/rancher-compose.yml": b"a: {scale: 1}"}, None, "shown/0", "web has no docker-compose.yml", ""),
        ({"0/docker-compose.yml": b" \n", "0/rancher-compose.yml": b""}, None, "shown/0", "web has no docker-compose.yml", ""),
        ({"rancher-compose.yml": b"a: {scale: 1}", "config.yml": b""}, None, "shown", "web has no docker-compose.yml", ""),
        ({"0/url": b"x"}, None, "shown/0", "web has no docker-compose.yml", "this is an entry of a machine driver"),
        ({"0/pod.yaml": b"x"}, None, "shown/0", "web has no docker-compose.yml", "entries of Kubernetes have no compose files"),
        ({"0/docker-compose.yml": b"a: \xff"}, None, "shown/0/docker-compose.yml", "the file is not UTF-8 text", ""),
        ({"0/docker-compose.yml": b"x" * ((1 << 20) + 1)}, None, "shown/0/docker-compose.yml",
         "the file is larger than 1048576 bytes", ""),
    ],
)  # fmt: skip
def test_what_is_not_an_entry_says_why(files: dict[str, bytes], revision: str | None, place: str, words: str, hint: str) -> None:
    with pytest.raises(ForgeError) as error:
        entries.read(files, "web", revision, "shown")
    (problem,) = error.value.problems
    assert (str(problem.where), problem.message, problem.hint) == (place, words, hint)


def test_an_entry_is_named_after_its_folder_where_it_has_no_other_name() -> None:
    with pytest.raises(ForgeError, match=r"^web: there is no revision of an entry here"):
        entries.read({}, "web")
    found = entries.read(of("0"), "web")
    assert str(found.docker.at(1, 1) if found.docker else None) == "web/0/docker-compose.yml:1:1"


def test_a_catalog_block_that_cannot_be_read_is_said_once() -> None:
    with pytest.raises(ForgeError) as error:
        entries.read(of("0", **{"0__rancher-compose_yml": b"a: ["}), "web")
    assert [str(problem.where) for problem in error.value.problems] == ["web/0/rancher-compose.yml:1:4"]


@pytest.mark.parametrize(
    ("paths", "asked", "name", "title"),
    [
        (("0", "1", "10", "9"), None, "10", "web/10"),
        (("0", "1"), "0", "0", "web/0"),
        (("1.0.0", "1.2.0", "1.10.0"), None, "1.10.0", "web/1.10.0"),
        (("0", "x"), None, "0", "web/0"),
    ],
)
def test_a_revision_is_the_one_that_is_asked_for_or_offered(
    paths: tuple[str, ...], asked: str | None, name: str, title: str
) -> None:
    found = entries.read(of(*paths), "web", asked)
    assert (found.name, found.title, str(found.where)) == (name, title, title)


def test_files_beside_each_other_are_one_revision_without_a_number() -> None:
    found = entries.read({**SOUND, "rancher-compose.yml": b"version: '2'\ncatalog: {version: 1.0.0}"}, "web", None, "some/web")
    assert (found.name, found.version, found.served) == ("", "1.0.0", "1.0.0")
    assert [str(file.at()) for file in found.compose_files] == ["some/web/docker-compose.yml", "some/web/rancher-compose.yml"]


@pytest.mark.parametrize(
    ("docker", "template", "sent"),
    [(b"a", b"b", "docker-compose.yml"), (b"", b"b", "docker-compose.yml.tpl"), (b"", b"", "docker-compose.yml"),
     (None, b"b", "docker-compose.yml.tpl"), (b"a", None, "docker-compose.yml"), (None, None, None)],
)  # fmt: skip
def test_the_template_is_sent_where_the_docker_compose_file_is_missing_or_empty(
    docker: bytes | None, template: bytes | None, sent: str | None
) -> None:
    given = {"docker-compose.yml": docker, "docker-compose.yml.tpl": template, "rancher-compose.yml": b"x"}
    found = entries.docker_of(Tree.of({name: content for name, content in given.items() if content is not None}).files)
    assert (found.name if found else None) == sent


def test_an_entry_knows_its_base_its_icon_and_whether_it_is_whole() -> None:
    files = {
        "0/docker-compose.yml": "a: {}",
        "config.yml": "version: 1.0.0\n",
        "catalogIcon-web.svg": "",
        "icon.png": "",
        "ico": "",
    }
    tree = Tree.of({f"infra-templates/web/{path}": content for path, content in files.items()})
    top = tree.folders["infra-templates"]
    entry = entries.Entry(tree, top, top.folders["web"])
    assert (entry.name, entry.base, str(entry.where), entry.is_whole) == ("web", "infra*", "infra-templates/web", True)
    assert [file.name for file in entry.icons] == ["catalogIcon-web.svg", "icon.png"]
    assert entry.config is not None
    assert list(entry.settings.keys) == ["version"]
    (revision,) = entry.revisions
    assert (revision.is_whole, revision.is_asked, revision.block, str(revision.block_where)) == (
        True, True, None, "infra-templates/web/0",
    )  # fmt: skip
    plain = entries.Entry(Tree((), "templates/web/0"), Folder("templates"), Folder("templates/web"))
    assert (plain.base, plain.is_whole, plain.settings.node, str(plain.where)) == ("", False, None, "templates/web")
    assert plain.offered is None


@pytest.mark.parametrize(
    ("text", "version", "place"),
    [
        ("version: '2'\ncatalog: {version: 1.10}", "1.1", "2:1"),
        (".catalog: {version: a}", "a", "1:1"),
        ("catalog: ~\n.catalog: {version: b}", "b", "1:1"),
        ("catalog: [a]", "", "1:1"),
        ("web: {}", "", ""),
    ],
)
def test_the_block_of_a_revision_has_its_version_and_its_place(text: str, version: str, place: str) -> None:
    found = entries.read(of("0", **{"0__rancher-compose_yml": text.encode()}), "web")
    where = str(found.block_where).removeprefix("web/0/rancher-compose.yml").removeprefix(":")
    assert (found.version, found.served, where) == (version, version, place)
