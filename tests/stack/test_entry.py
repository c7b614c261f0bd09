"""Which revision of an entry is meant, and what stands in it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import Settings
from catalog_forge.cli.run.entries import chosen, prompted
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.entries import read
from tests.helpers import tree

DOCKER = b"version: '2'\nservices:\n  web:\n    image: busybox\n"


def rancher(version: str, question: str = "port") -> bytes:
    return f"version: '2'\ncatalog:\n  version: {version}\n  questions:\n  - variable: {question}\n    default: 80\n".encode()


def entry(config: str = "", **versions: str) -> dict[str, bytes]:
    files = {"config.yml": config.encode()}
    for number, version in versions.items():
        files |= {f"{number[1:]}/docker-compose.yml": DOCKER, f"{number[1:]}/rancher-compose.yml": rancher(version)}
    return files


def test_revision_whose_version_is_the_default_is_offered() -> None:
    found = read(entry("version: '1.1'", _0="'1.0'", _1="'1.1'", _2="'2.0'"), "web")
    assert (found.name, found.version) == ("1", "1.1")


def test_default_version_is_compared_as_text() -> None:
    assert read(entry("version: v1.0.0", _0="1.0.0", _1="1.2.0"), "web").name == "1"


def test_highest_version_is_offered_when_the_default_is_none_of_them() -> None:
    found = entry("version: nine", _0="1.0.0-rancher1", _1="10.0.0-rancher1", _2="9.0.0", _10="bad")
    assert read(found, "web").name == "1"


def test_a_release_is_higher_than_its_candidates() -> None:
    assert read(entry(_0="1.0.0", _1="1.0.0-rc1"), "web").name == "0"


def test_revision_that_is_asked_for_is_read() -> None:
    assert read(entry("version: '2'", _0="'1'", _1="'2'"), "web", "0").version == "1"


def test_unknown_revision_is_an_error_that_names_those_that_are_there() -> None:
    with pytest.raises(ForgeError, match=r"web has no revision '7'\n.*known here: 0, 1"):
        read(entry(_0="1", _1="2"), "web", "7")


def test_catalog_block_of_v1_is_read() -> None:
    files = {"0/docker-compose.yml": b"web:\n  image: x\n", "0/rancher-compose.yml": b".catalog:\n  version: 1.0.0\nweb: {}\n"}
    assert read(files, "web").version == "1.0.0"


def test_template_is_taken_when_docker_compose_is_empty() -> None:
    files = entry(_0="1") | {"0/docker-compose.yml": b"", "0/docker-compose.yml.tpl": DOCKER}
    assert read(files, "web").docker.shown == "web/0/docker-compose.yml.tpl"


def test_entry_without_compose_file_is_an_error() -> None:
    with pytest.raises(ForgeError, match=r"web has no docker-compose\.yml\n.*machine driver"):
        read({"0/rancher-compose.yml": rancher("1"), "0/url": b"x"}, "web")


def test_folder_without_revisions_is_an_error() -> None:
    with pytest.raises(ForgeError, match="there is no revision of an entry here"):
        read({"README.md": b""}, "web")


def test_folder_of_compose_files_alone_is_an_entry() -> None:
    assert read({"docker-compose.yml": DOCKER}, "web").name == ""


def test_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(ForgeError, match="larger than"):
        read({"0/docker-compose.yml": b"#" * (1 << 20) + b"#"}, "web")


def on_disk(root: Path) -> Path:
    return tree(root, {f"templates/web/{path}": content for path, content in entry(_0="'1'", _1="'2'").items()})


@pytest.mark.parametrize(("words", "revision"), [("web", "1"), ("templates/web", "1"), ("templates/web/0", "0")])
def test_entry_is_found_by_name_by_folder_and_by_revision(tmp_path: Path, words: str, revision: str) -> None:
    found, stack = chosen(Settings(on_disk(tmp_path)), words)
    assert (found.entry.name, found.name, stack.name) == ("web", revision, "web")


def test_entry_is_found_in_a_sister_of_templates(tmp_path: Path) -> None:
    tree(tmp_path, {"infra-templates/dns/0/docker-compose.yml": DOCKER})
    assert chosen(Settings(tmp_path), "dns")[0].entry.name == "dns"


def test_entry_of_templates_counts_more_than_that_of_a_sister(tmp_path: Path) -> None:
    files = {"infra-templates/web/0/docker-compose.yml": DOCKER, "kubernetes-templates/web/0/pod.yml": b"{}"}
    assert chosen(Settings(tree(on_disk(tmp_path), files)), "web")[0].name == "1"


def test_unknown_entry_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="there is no entry 'wep' in .*\n.*'web'"):
        chosen(Settings(on_disk(tmp_path)), "wep")


def test_revision_beside_the_folder_of_another_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="is already revision 0"):
        chosen(Settings(on_disk(tmp_path)), "templates/web/0", 1)


def test_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root = on_disk(tmp_path)
    (tmp_path / "secret").write_bytes(DOCKER)
    path = root / "templates/web/1/docker-compose.yml"
    path.unlink()
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(ForgeError, match="points outside the entry's folder"):
        chosen(Settings(root), "web")


def test_answers_of_the_command_line_come_before_those_of_a_file(tmp_path: Path) -> None:
    files = {
        "templates/web/0/docker-compose.yml": "web:\n  image: busybox\n  ports: ['${port}:80']\n",
        "templates/web/0/rancher-compose.yml": ".catalog:\n  questions:\n  - variable: port\n    type: int\n",
    }
    answers = tree(tmp_path, {**files, "a.yml": "port: 1\n"}) / "a.yml"
    assert chosen(Settings(tmp_path), "web", answers_file=answers)[1].services[0].primary.ports == ("1:80",)
    assert chosen(Settings(tmp_path), "web", None, ("port=2",), answers)[1].services[0].primary.ports == ("2:80",)


def test_person_is_asked_for_what_is_missing_and_secrets_are_not_echoed(tmp_path: Path) -> None:
    questions = "[{variable: a, required: true, type: int}, {variable: b, required: true, type: password}]"
    files = {
        "templates/web/0/docker-compose.yml": "web: {image: busybox, environment: ['A=${a}', 'B=${b}']}\n",
        "templates/web/0/rancher-compose.yml": f".catalog: {{questions: {questions}}}\n",
    }
    tree(tmp_path, files)

    @click.command()
    def asked() -> None:
        _, stack = chosen(Settings(tmp_path), "web", ask=prompted)
        click.echo(f"got {stack.services[0].primary.environment['A']}")
        assert stack.secrets == ("s3cret",)

    result = CliRunner().invoke(asked, input="many\n5\ns3cret\n")
    assert result.exit_code == 0
    assert "got 5" in result.output
    assert "a must be a whole number, not 'many'" in result.output
    assert "s3cret" not in result.output
