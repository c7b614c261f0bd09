"""The picture of a stack: what is in it, that it is XML whatever a spec holds, and that equal specs give equal pictures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from catalog_forge.catalog.picture import draw
from catalog_forge.spec.reader import read

SPEC = """\
forge: 1
name: web-conf
service:
  name: web
  image: nginx:1.27.0
  topology: TOPOLOGY
  ports: ["${port}:80"]
  volumes: [/data]
  links: ["web-b:b", "store:db"]
  external_links: ["other/service:far"]
  health_check: {port: 80, request_line: GET / HTTP/1.0}
  groups: {a: {scale: 3}, b: {scale: 2}}
metadata: {port: {type: int}}
files: [{dest: /etc/web/web.conf, format: space, body: [{set: {p: "@{metadata/port}", n: "@{count(service:web-a)}"}}]}]
launch: {exec: [nginx]}
companions: {store: {image: "store:1"}}
"""


def words(text: str) -> list[str]:
    """The texts of a picture."""
    return ["".join(each.itertext()) for each in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("topology", ["volumes", "netns", "datavol"])
def test_it_shows_each_unit_with_its_containers_and_what_reaches_it(topology: str) -> None:
    shown = words(draw(read(SPEC.replace("TOPOLOGY", topology), "x.yml")))
    assert {"web-a × 3", "web-b × 2", "nginx:1.27.0", "confd: 1 file", "ports: ${port}:80", "volumes: /data"} <= set(shown)
    assert "health check: GET / HTTP/1.0 on 80" in shown
    assert "outside: other/service:far" in shown
    assert shown.count("reads: web-a") == 1, "nobody is said to read itself"


def test_a_link_between_units_is_drawn_through_and_a_collection_dashed() -> None:
    linked = draw(read(SPEC.replace("TOPOLOGY", "volumes"), "x.yml"))
    assert linked.count('class="l d"') == 1
    lines = (
        SPEC.replace("TOPOLOGY", "volumes")
        .replace("links: [", "links: []\n  labels: [")
        .replace('  labels: ["web-b:b", "store:db"]\n', "")
    )
    assert draw(read(lines, "x.yml")).count('class="l"') < linked.count('class="l"')


def test_the_way_of_the_files_goes_from_confd_to_the_program() -> None:
    shown = words(draw(read(SPEC.replace("TOPOLOGY", "netns"), "x.yml")))
    first = shown.index("confd: 1 file")
    assert first < shown.index("keeps the files") < shown.index("nginx:1.27.0")


def test_any_text_is_shown_as_text_and_cut() -> None:
    text = (
        SPEC.replace("TOPOLOGY", "volumes")
        .replace("/data]", "'/d<&\"x>" + "y" * 200 + "']")
        .replace("forge: 1", "forge: 1\nentry: {title: A <b> & c}")
    )
    drawn = draw(read(text, "x.yml"))
    assert "A <b> & c: its services, and how web-conf configures them" in "".join(ElementTree.fromstring(drawn).itertext())
    assert max(map(len, words(drawn))) <= 60
    assert drawn == draw(read(text, "x.yml"))
