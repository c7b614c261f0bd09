"""A small catalog to test scenarios with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from catalog_forge.errors import Where
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.repository import Repository
from catalog_forge.spec.folder import SpecFolder
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from catalog_forge.verify import play
from catalog_forge.verify.first_scenario import asking
from catalog_forge.verify.play import Case
from catalog_forge.verify.subject import Subject, of_spec
from tests.helpers import tree

SPEC = """\
forge: 1
name: app-conf
launch: {exec: [app]}
service: {name: app, image: "app:1", topology: netns}
metadata: {cluster.name: {required: true}, extra: {type: map, optional: true}, level: {default: info}}
files:
- dest: /etc/app/app.yml
  reload: restart
  body:
  - set: {cluster.name: "@{metadata/cluster.name}", ip: "@{self.ip}"}
- dest: /etc/app/peers
  format: lines
  reload: signal HUP
  body:
  - list: {of: peers, item: "@{it.ip}", tail: "\\n"}
- dest: /etc/app/level.properties
  reload: signal HUP
  mode: "0640"
  body:
  - set: {level: "@{metadata/level}"}
"""
SCENARIO = """\
stack: s
services:
  app:
    scale: 3
    sidekicks: {app-main: primary}
    metadata: {cluster.name: es, level: info}
"""
START = {
    "/etc/app/app.yml": '# Written by confd: changes to this file are lost.\ncluster.name: "es"\nip: "10.42.1.11"\n',
    "/etc/app/peers": "10.42.1.11\n10.42.1.12\n10.42.1.13\n",
}


def spec_of(text: str = SPEC) -> Spec:
    """Read a spec."""
    return read(text, "specs/app-conf.yml")


def subject_of(text: str = SPEC) -> Subject:
    """The subject of a spec without static files."""
    return of_spec(spec_of(text), SpecFolder(Path("nowhere"), "x").static)


def nothing_beside(name: str, _where: Where) -> str:
    """Stand in for the reader of files beside a scenario."""
    raise AssertionError(f"{name} is read, though nothing lies there")


def case_of(steps: str = "", spec: str = SPEC, start: str = SCENARIO) -> Case:
    """A case of the scenario above with more lines."""
    text = start + steps
    played = scenario.read(text, "s.yml", asking(spec_of(spec)))
    return play.case("app-conf", "s", "s.yml", subject_of(spec), played, nothing_beside)


def catalog(root: Path, scenarios: Mapping[str, str], spec: str = SPEC) -> Repository:
    """A catalog of this spec with scenarios by name."""
    files = {f"specs/app-conf/scenarios/{name}.yml": text for name, text in scenarios.items()}
    return Repository(tree(root, {"specs/app-conf.yml": spec, **files}))
