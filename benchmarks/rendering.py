"""Measures how long it takes to render one resource: with the imitation in a running process, and with the real confd."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from measure import Row, Run, by_turns, ratio, run

from catalog_forge.confd.imitated import embedded
from catalog_forge.confd.imitated.image_dir import ImageDir, read
from catalog_forge.confd.imitated.stored import Stored
from catalog_forge.confd.layout import layout
from catalog_forge.image.files import image_plan
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.spec import reader

VERSION = "2016-07-29"
TOOLS = Path(__file__).parent.parent / "tools"
KEYS = ("/self", "/containers")
SCENARIO = """
stack: Search
hosts: 3
services:
  Elastic: {scale: 10, metadata: {cluster.name: es}, sidekicks: [elastic-conf]}
"""
TEMPLATE = """\
cluster.name: {{getv "/self/service/metadata/cluster.name"}}
node.name: {{getv "/self/container/name"}}
discovery.zen.ping.unicast.hosts:
{{range ls "/self/service/containers"}}  - {{getv (printf "/self/service/containers/%s/primary_ip" .)}}
{{end}}"""

SPEC = """
forge: 1
name: web-conf
service: {name: web, image: "web:1"}
engine: {backend: file, prefix: /web}
launch: {exec: [web]}
metadata:
  port: {type: int, default: "80"}
  nodes: {type: list, fields: [host, port]}
  more: {type: map, default: {}}
files:
- dest: /etc/web/web.conf
  format: properties
  body:
  - set: {port: "@{metadata/port}"}
  - set: {first: "@{metadata/more/key1|none}"}
  - list: {of: metadata/nodes, item: "server.@{it.host}=@{it.port}"}
"""
VALUES = {
    "port": 81,
    "nodes": [{"host": f"h{number}", "port": number} for number in range(10)],
    "more": {f"key{number}": f"value {number}" for number in range(980)},
}


def render(folder: Path) -> list[Row]:
    """Render one file for a service of ten containers: in this process, and with `confd -onetime`. Raises RuntimeError."""
    confd = _confd()
    image = _image(folder)
    answers = answers_of(scenario.read(SCENARIO, "scenario.yml").environment)
    entry = answers.entry(VERSION, "10.42.1.11") or {}
    bodies = {f"/{VERSION}{key}": json.dumps(entry[key[1:]]).encode() for key in KEYS}
    contents: set[bytes] = set()

    def ours(_: int) -> Run:
        began = time.perf_counter()
        outcome = embedded.run(image, bodies.get, prefix=f"/{VERSION}")
        seconds = time.perf_counter() - began
        contents.update(file.content for file in outcome.files.values())
        return Run(seconds, 0)

    with MetadataServer(Answers.of({VERSION: {DEFAULT: entry}})) as server:
        options = ("-onetime", "-confdir", folder, "-backend", "rancher", "-node", server.address, "-prefix", f"/{VERSION}")

        def theirs(_: int) -> Run:
            (folder / "out").unlink(missing_ok=True)
            return run(confd, *options)

        runs = by_turns(ours, theirs)
    if contents != {(folder / "out").read_bytes()}:
        raise RuntimeError("the two rendered different files")
    return [ratio("render one file, 10 containers", "confd -onetime", 0.2, runs)]


def stored(folder: Path) -> list[Row]:
    """Render one file from a store: with the imitation, and with `confd -onetime` from a file, the fastest store of confd."""
    confd = _confd()
    spec = reader.read(SPEC, "web-conf.yml")
    keys = layout(spec, "file", VALUES)
    files = {file.path: file.content for file in image_plan(spec, lambda name, _: name)}
    (folder / "keys.json").write_text(json.dumps({"web": {key.removeprefix("/web/"): text for key, text in keys.items()}}))
    image = read({name: text.replace(b"/etc/web", str(folder).encode()) for name, text in files.items()})
    for name, text in files.items():
        path = folder / "image" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # `/etc/web` is replaced everywhere, because confd runs outside of a container here.
        path.write_bytes(text.replace(b"/etc/web", str(folder).encode()))
    store = Stored("file", {key.encode(): text.encode() for key, text in keys.items()})
    contents: set[bytes] = set()

    def ours(_: int) -> Run:
        began = time.perf_counter()
        outcome = embedded.run(image, store, prefix="/web/")
        seconds = time.perf_counter() - began
        contents.update(file.content for file in outcome.files.values())
        return Run(seconds, 0)

    options = ("-onetime", "-sync-only", "-confdir", folder / "image", "-backend", "file", "-file", folder / "keys.json")

    def theirs(_: int) -> Run:
        (folder / "web.conf").unlink(missing_ok=True)
        return run(confd, *options, "-prefix", "/web/")

    runs = by_turns(ours, theirs)
    if contents != {(folder / "web.conf").read_bytes()}:
        raise RuntimeError("the two rendered different files")
    return [ratio("render one file from a store of 1,000 keys", "confd -onetime", 0.2, runs)]


def _confd() -> str:
    found = subprocess.run([TOOLS / "confd.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"no confd: {found.stderr.strip()}")
    return found.stdout.strip()


def _image(folder: Path) -> ImageDir:
    """Write an image with one resource below a folder, and read the image."""
    files = {
        "conf.d/out.toml": f'[template]\nsrc = "out.tmpl"\ndest = "{folder}/out"\nkeys = {json.dumps(KEYS)}\n',
        "templates/out.tmpl": TEMPLATE,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    return read({name: text.encode() for name, text in files.items()})
