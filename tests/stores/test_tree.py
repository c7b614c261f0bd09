"""Rancher's metadata as a tree in files: confd makes of it what it makes of the service, and the image can be told to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog_forge.blueprint.find import shipped
from catalog_forge.cli.main import root
from catalog_forge.confd.layout import nested, rancher_keys
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.repository import Repository, Source
from catalog_forge.seed.file import file_of
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.first_scenario import asking, first_scenario
from catalog_forge.verify.real_confd import Confd
from catalog_forge.verify.subject import of_spec
from catalog_forge.verify.view import View, of_moment
from tests.blueprint.made import make
from tests.helpers import eventually
from tests.stores.image import container
from tests.stores.servers import KINDS

ROOT = Path(__file__).parents[2]


EXAMPLES, WRITTEN = (Repository(ROOT / folder) for folder in ("examples", "tests/written"))
SHIPPED = list(shipped())


def views(source: Source, version: str) -> list[View]:
    """What the first container sees at the beginning of each scenario of a spec, at one and at three of its service."""
    spec = source.spec()
    texts = source.folder.scenarios() or {
        "first": first_scenario(spec, of_spec(spec, source.folder.static), Embedded()).text.encode()
    }
    found = [scenario.read(text, name, asking(spec)) for name, text in texts.items()]
    moments = [moment for one in found for moment in (one.moments[0].scaled(1), one.moments[0].scaled(3), one.moments[-1])]
    return [of_moment(moment, number, version) for number, moment in enumerate(moments)]


def agree(source: Source, confd: Path, version: str = "") -> int:
    """Hold what confd makes of the file against what it makes of the service; return how many files were compared."""
    spec = source.spec()
    spec = replace(spec, engine=replace(spec.engine, metadata=version or spec.engine.metadata))
    seen = views(source, spec.engine.metadata)
    real = Confd(confd)
    first, second = (of_spec(spec, source.folder.static, backend) for backend in ("rancher", "file"))
    service, tree = list(real.play(first, seen)), list(real.play(second, seen))
    imitated = list(Embedded().play(second, seen))
    for one, other, third in zip(service, tree, imitated, strict=True):
        assert one.files == other.files == third.files
        assert bool(one.errors) == bool(other.errors) == bool(third.errors), (one.errors, other.errors)
    return sum(len(each.files) for each in service)


@pytest.mark.confd
@pytest.mark.parametrize("blueprint", SHIPPED)
def test_a_blueprint_writes_the_same_from_the_tree_as_from_the_service(blueprint: str, confd: Path, tmp_path: Path) -> None:
    made = Repository(make(blueprint, tmp_path))
    assert sum(agree(made.source(name), confd) for name in made.names())


@pytest.mark.confd
@pytest.mark.parametrize("name", EXAMPLES.names())
def test_an_example_writes_the_same_from_the_tree_as_from_the_service(name: str, confd: Path) -> None:
    assert agree(EXAMPLES.source(name), confd)


@pytest.mark.confd
@pytest.mark.parametrize("version", ["2015-07-25", "2015-12-19", "latest"])
def test_so_it_is_in_each_version_of_the_metadata(version: str, confd: Path) -> None:
    assert agree(EXAMPLES.source("elasticsearch-conf"), confd, version)


V = "2016-07-29"
ODD = {
    "a": None,
    "b": [1.5, True, "x"],
    "c": [{"name": "n", "v": 1}, {"v": 2}],
    "d": {},
    "e": [],
    "f": "\x85\u2028\U0001f600 {{ }} \"'\\",
    "g": 10**15,
}


def test_lists_lie_below_their_names_and_every_value_is_a_text() -> None:
    assert nested(rancher_keys(Answers.of({V: {"default": {"self": ODD}}}), V)) == {
        V: {"self": {
            "a": "null", "b": {"0": "1.5", "1": "true", "2": "x"}, "c": {"n": {"name": "n", "v": "1"}, "1": {"v": "2"}},
            "f": ODD["f"], "g": "1000000000000000",
        }}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"a": "1", "a/b": "2"}, "/a has a value, and so has /2016-07-29/self/a/b below it"),
        ({"a": [{"name": 1}]}, "not a string"),
    ],
)
def test_what_no_file_can_hold_is_refused(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ForgeError, match=said):
        rancher_keys(Answers.of({V: {"default": {"self": entry}}}), V)


def test_a_scenario_is_printed_as_such_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.yml"
    file.write_text("stack: s\nservices: {web: {scale: 2, metadata: {port: '80'}}}\n", encoding="utf-8")
    words = ["metadata", "get", f"/{V}/services", "--file", str(file), "--format", "file"]
    done = CliRunner().invoke(root, words)
    assert done.exit_code == 0, done.output
    web = json.loads(done.output)[V]["services"]["web"]
    assert (web["scale"], web["metadata"]["port"], sorted(web["containers"])) == ("2", "80", ["s-web-1", "s-web-2"])


SPEC = """\
forge: 1
name: web-conf
service: {name: web, image: "web:1"}
launch: {exec: [sleep, "1000"], wait: {metadata: 200s}}
metadata: {port: {type: int, default: "80"}}
files:
- dest: /etc/web/conf.d/web.conf
  format: raw
  reload: exec echo reloaded >>/opt/web-conf/reloads
  body:
  - text: "@{self.ip} listens on @{metadata/port}\\n"
  - list: {of: peers, item: "peer @{it.ip}", tail: "\\n"}
"""


def parts(port: int, peers: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the service tells the first of these peers: what all share, and what the container alone is told of itself."""
    web = f"{{scale: {peers}, sidekicks: {{web-conf: own}}, metadata: {{port: '{port}'}}}}"
    text = f"stack: s\nservices: {{web: {web}}}\nself: web-conf-1\n"
    view = of_moment(scenario.read(text.encode(), "s.yml", "web-conf").moments[0], 0, V)
    tree = nested(rancher_keys(view.answers, V, view.client))
    return tree, {V: {"self": {"container": tree[V]["self"].pop("container")}}}


def told(folder: Path, tree: Mapping[str, Any]) -> None:
    """Replace the files as a ConfigMap is: each name is a link through a link to the folder of its version."""
    new = folder / f"..v{len(sorted(folder.glob('..v*')))}"
    new.mkdir(parents=True)
    (new / "tree.json").write_text(file_of(tree), encoding="utf-8")
    (folder / "..new").symlink_to(new.name)
    (folder / "..new").replace(folder / "..data")
    if not (folder / "tree.json").is_symlink():
        (folder / "tree.json").symlink_to("..data/tree.json")


@pytest.mark.confd
def test_the_unchanged_image_reads_the_tree_and_follows_it_with_as_many_reloads_as_changes(confd: Path, tmp_path: Path) -> None:
    trees, own = tmp_path / "tree", tmp_path / "self.json"
    shared, mine = parts(80, 2)
    told(trees, shared)
    own.write_text(file_of(mine), encoding="utf-8")
    store = KINDS["file"]("file", tmp_path)
    nodes = {"CONF_NODES": f"{trees},{own}"}
    with container(confd, tmp_path / "image", store, main=True, text=SPEC, **nodes) as conf:
        # The image has the folder of the file, and a volume that came empty hides it.
        written = tmp_path / "image/etc/web/conf.d/web.conf"
        assert eventually((tmp_path / "image/share/started").exists), conf.log
        assert re.fullmatch(r"([0-9.]+) listens on 80\npeer \1\npeer [0-9.]+\n", written.read_text())
        for number in range(1, 6):
            told(trees, parts(80 + number, 2 + number % 2)[0])
            assert eventually(lambda wanted=number: conf.reloads >= wanted), conf.log  # type: ignore[misc]
            assert f"listens on {80 + number}\n" in written.read_text()
        assert conf.reloads == 5, conf.log
        assert conf.process.poll() is None, conf.log


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"CONF_BACKEND": "etcd"}, "CONF_BACKEND=etcd: this image supports only rancher and file"),
        ({"CONF_NODES": ""}, "CONF_NODES is not set: with the back end file, it must contain the paths of JSON files"),
        ({"CONF_NODES": 'a"b'}, "CONF_NODES must not contain quotes"),
    ],
)
def test_what_a_container_is_told_wrongly_is_said_at_once(tmp_path: Path, words: Mapping[str, str], said: str) -> None:
    with container(Path("/bin/false"), tmp_path / "image", KINDS["file"]("file", tmp_path), text=SPEC, **words) as conf:
        assert conf.ends() == 1
        assert said in conf.log


@pytest.mark.confd
def test_a_file_that_is_not_there_yet_is_waited_for_and_named(confd: Path, tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    with container(confd, tmp_path / "image", KINDS["file"]("file", tmp_path), text=SPEC, CONF_NODES=str(path)) as conf:
        assert eventually(lambda: "late.json" in conf.problem), conf.log
        tree, mine = parts(80, 1)
        tree[V]["self"] |= mine[V]["self"]
        path.write_text(file_of(tree), encoding="utf-8")
        assert eventually((tmp_path / "image/share/ready").exists), conf.log
