"""The drawing of a stack: what is in it, that nothing lies over anything else, and that it is XML whatever an entry holds."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from catalog_forge.preview import topology
from catalog_forge.preview.drawing import draw
from catalog_forge.preview.topology import MOST_EDGES, MOST_UNITS, ContainerBox, Edge, Flow, Frame, Topology
from catalog_forge.rancher import entries
from catalog_forge.repository import Repository
from catalog_forge.spec.reader import read

SVG = "{http://www.w3.org/2000/svg}"
EXAMPLES = Path(__file__).parents[2] / "examples"

SPEC = """\
forge: 1
name: web-conf
service:
  name: web
  image: nginx:1.27.0
  topology: TOPOLOGY
  ports: ["${port}:80"]
  volumes: [/data]
  links: ["store:db"]
  external_links: ["other/service:far"]
  health_check: {port: 80, request_line: GET / HTTP/1.0}
  groups: {a: {scale: 3, links: ["web-b:b", "store:db"]}, b: {scale: 2}}
metadata: {port: {type: int}}
files: [{dest: /etc/web/web.conf, format: space, body: [{set: {p: "@{metadata/port}", n: "@{count(service:web-a)}"}}]}]
launch: {exec: [nginx]}
companions: {store: {image: "store:1"}}
"""

# An entry that somebody wrote by hand, in both forms of load balancers, with everything that a drawing has a line for.
DOCKER = """\
version: '2'
volumes: {shared: {}}
services:
  lb: {image: 'rancher/lb-service-haproxy:v0.9.1', ports: ['80:80']}
  web:
    image: 'web:${TAG}'
    volumes_from: [web-data]
    volumes: ['shared:/shared']
    links: ['db:mysql']
    external_links: ['log/collector:log']
    labels: {io.rancher.sidekicks: 'web-data, web-log'}
  web-data: {image: busybox, volumes: [/data], entrypoint: /bin/true}
  web-log: {image: log, volumes_from: [web-data], network_mode: 'container:web'}
  db: {image: 'mariadb:10', volumes: ['shared:/shared'], labels: {io.rancher.scheduler.global: 'true'}}
  far: {image: rancher/external-service}
  later: {image: later, depends_on: [db, far]}
"""
RANCHER = """\
version: '2'
catalog: {name: Hand, version: '1', questions: [{variable: TAG, type: string, default: '1'}]}
services:
  web: {scale: 3, health_check: {port: 80}}
  far: {external_ips: [192.0.2.1]}
  lb: {lb_config: {port_rules: [{source_port: 80, path: /api, hostname: a.example, service: web, target_port: 8080}]}}
"""


def by_hand(docker: str = DOCKER, rancher: str = RANCHER) -> entries.Revision:
    files = {"0/docker-compose.yml": docker, "0/rancher-compose.yml": rancher, "config.yml": "name: Hand\n"}
    return entries.read({path: text.encode() for path, text in files.items()}, "hand")


def words(drawn: str) -> list[str]:
    """The texts of a drawing."""
    return ["".join(each.itertext()) for each in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", ["volumes", "netns", "datavol", "scripts", "embedded"])
def test_it_shows_each_unit_with_its_containers_and_what_reaches_it(kind: str) -> None:
    shown = words(draw(topology.of_spec(read(SPEC.replace("TOPOLOGY", kind), "x.yml"))))
    assert {"web-a × 3", "web-b × 2", "store × 1", "writes /etc/web/web.conf", "port ${port}:80", "other/service"} <= set(shown)
    assert "health: GET / HTTP/1.0 on 80" in shown


@pytest.mark.parametrize(
    ("kind", "way"), [("volumes", ["web-a-conf", "web-a"]), ("netns", ["web-a", "web-a-volumes", "web-a-main"])]
)
def test_the_files_go_from_confd_to_the_program(kind: str, way: list[str]) -> None:
    unit = next(each for each in topology.of_spec(read(SPEC.replace("TOPOLOGY", kind), "x.yml")).units if each.name == "web-a")
    assert [box.name for box in unit.boxes] == way
    assert unit.flows == tuple(Flow(source, target, "1 file") for source, target in zip(way, way[1:], strict=False))


def test_links_and_what_files_read_are_lines() -> None:
    edges = topology.of_spec(read(SPEC.replace("TOPOLOGY", "volumes"), "x.yml")).edges
    assert set(edges) == {
        Edge("web-a", "web-b", "links"), Edge("web-a", "store", "links"), Edge("web-a", "other/service", "links"),
        Edge("web-b", "store", "links"), Edge("web-b", "other/service", "links"), Edge("web-b", "web-a", "reads"),
    }  # fmt: skip


def test_an_entry_that_was_written_by_hand_is_drawn_from_its_compose_files() -> None:
    found = topology.of_revision(by_hand(), variables={"TAG": "7"})
    units = {unit.name: unit for unit in found.units}
    assert [(name, unit.kind, unit.scale) for name, unit in units.items()] == [
        ("lb", "balancer", "1"), ("web", "service", "3"), ("db", "service", "one on each host"), ("far", "outside", ""),
        ("later", "service", "1"), ("log/collector", "outside", ""), ("volume shared", "volume", ""),
    ]  # fmt: skip
    assert units["web"].boxes == (
        ContainerBox("web-data", "busybox", ("volume /data",)),
        ContainerBox("web", "web:7", ("volume shared:/shared",)),
        ContainerBox("web-log", "log", ("in the network of web",)),
    )
    assert units["web"].flows == (Flow("web-data", "web", "volumes"), Flow("web-data", "web-log", "volumes"))
    assert units["lb"].lines == ("http 80 a.example/api → web:8080",)
    assert "192.0.2.1" in units["far"].lines
    assert "db as mysql" in units["web"].lines
    assert {(edge.source, edge.kind, edge.target) for edge in found.edges} == {
        ("lb", "balances", "web"), ("web", "links", "db"), ("web", "links", "log/collector"), ("later", "starts after", "db"),
        ("later", "starts after", "far"), ("web", "mounts", "volume shared"), ("db", "mounts", "volume shared"),
    }  # fmt: skip


def test_without_answers_an_authors_variables_stand_as_they_are() -> None:
    assert "web:${TAG}" in words(draw(topology.of_revision(by_hand())))


def test_one_who_does_not_see_it_is_told_the_same() -> None:
    root = ElementTree.fromstring(draw(topology.of_revision(by_hand())))
    told = root.findtext(f"{SVG}desc") or ""
    assert root.get("role") == "img" and root.get("aria-labelledby") == "topology-title topology-desc"
    assert root.findtext(f"{SVG}title") == "Hand: its services, and what connects them"
    for sentence in (
        "lb balances web.",
        "web gets volumes from web-data.",
        "web (3): web-data, busybox,",
        "web mounts volume shared.",
    ):
        assert sentence in told


def test_any_text_is_shown_as_text_and_cut() -> None:
    hostile = '"/d<script>&"x\'>\\u202e' + "y" * 200 + '"'
    found = topology.of_revision(
        by_hand(DOCKER.replace("/data]", f"{hostile}]".replace('"x', '\\"x')), RANCHER), title="A <b> & \x07c"
    )
    drawn = draw(found)
    root = ElementTree.fromstring(drawn)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {"svg", "title", "desc", "style", "g", "rect", "text", "path"}
    assert "\u202e" not in drawn and "\x07" not in drawn
    assert max(map(len, words(drawn))) <= 44
    assert drawn == draw(found)


def test_within_a_page_it_brings_no_style_along_that_its_policy_forbids() -> None:
    drawn = draw(topology.of_revision(by_hand()), alone=False)
    assert "style" not in drawn
    assert "prefers-color-scheme: dark" in draw(topology.of_revision(by_hand())).replace("scheme:dark", "scheme: dark")


def test_what_stands_in_no_compose_file_or_in_a_circle_is_no_trouble() -> None:
    circle = "version: '2'\nservices:\n  a: {image: a, links: [b, nobody], labels: {io.rancher.sidekicks: b}}\n"
    circle += (
        "  b: {image: b, links: [a], labels: {io.rancher.sidekicks: a}}\n  c: {image: c, links: [d, c]}\n  d: {links: [c]}\n"
    )
    shown = words(draw(topology.of_revision(by_hand(circle, "version: '2'\n"))))
    assert {"a × 1", "b × 1", "c × 1", "d × 1"} <= set(shown)


def test_of_very_many_services_it_says_how_many_are_not_drawn() -> None:
    many = "version: '2'\nservices:\n" + "".join(f"  s{each}: {{image: i, links: [s0, s1, s2, s3, s4]}}\n" for each in range(500))
    found = topology.of_revision(by_hand(many, "version: '2'\n"))
    assert (len(found.units), found.left_out, len(found.edges)) == (MOST_UNITS, 500 - MOST_UNITS, MOST_EDGES)
    assert "440 more services not drawn" in words(draw(found))


# Geometry

Rect = tuple[float, float, float, float]


def rect(node: ElementTree.Element) -> Rect:
    found = node.find(f"{SVG}rect")
    assert found is not None
    x, y, width, height = (float(found.attrib[key]) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def apart(one: Rect, other: Rect) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def within(inner: Rect, outer: Rect) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def points(path: str) -> Iterator[tuple[float, float]]:
    """Points on a line between units, close to each other."""
    x = y = 0.0
    for letter, numbers in re.findall(r"([MVC])([^MVC]*)", path):
        found = [float(each) for each in numbers.split()]
        if letter == "M":
            x, y = found
        elif letter == "V":
            yield from ((x, y + (found[0] - y) * step / 20) for step in range(21))
            y = found[0]
        else:
            x1, y1, x2, y2, x3, y3 = found
            for step in range(41):
                t = step / 40
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                yield (
                    sum(weight * each for weight, each in zip(weights, (x, x1, x2, x3), strict=True)),
                    sum(weight * each for weight, each in zip(weights, (y, y1, y2, y3), strict=True)),
                )
            x, y = x3, y3


def faults(drawn: str) -> list[str]:
    """What lies over something else, or outside of what it belongs to."""
    root = ElementTree.fromstring(drawn)
    sheet = (0.0, 0.0, float(root.attrib["width"]), float(root.attrib["height"]))
    units = [each for each in root.iter(f"{SVG}g") if each.get("class", "").startswith("unit ")]
    outer = [rect(each) for each in units]
    found = [f"{one} over {other}" for number, one in enumerate(outer) for other in outer[:number] if not apart(one, other)]
    found += [f"unit {each} leaves the sheet" for each in outer if not within(each, sheet)]
    for unit, frame in zip(units, outer, strict=True):
        boxes = [rect(each) for each in unit.findall(f"{SVG}g") if each.get("class") == "box"]
        found += [f"box {each} leaves its unit {frame}" for each in boxes if not within(each, frame)]
        found += [
            f"box {one} over {other}" for number, one in enumerate(boxes) for other in boxes[:number] if not apart(one, other)
        ]
        for text in unit.iter(f"{SVG}text"):
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            if not within((x, y - 9, x + 7.3 * len(text.text or ""), y + 3), frame):
                found.append(f"text {text.text!r} leaves its unit")
    for line in root.findall(f"{SVG}g"):
        path = line.find(f"{SVG}path")
        if line.get("class", "").startswith("line ") and path is not None and "C" in path.attrib["d"]:
            for x, y in points(path.attrib["d"]):
                if any(left < x < right and top + 0.2 < y < bottom - 0.2 for left, top, right, bottom in outer):
                    found.append(f"a line crosses a unit at {x:.0f}, {y:.0f}")
    return found


@pytest.mark.parametrize("name", Repository(EXAMPLES).names())
def test_nothing_in_the_drawing_of_an_example_lies_over_anything_else(name: str) -> None:
    assert faults(draw(topology.of_spec(Repository(EXAMPLES).source(name).spec()))) == []


@pytest.mark.parametrize("seed", range(40))
def test_nothing_lies_over_anything_else_whatever_a_stack_looks_like(seed: int) -> None:
    assert faults(draw(anything(random.Random(seed)))) == []


def anything(chance: random.Random) -> Topology:
    """A stack of any shape."""
    names = [f"{chance.choice('abcdef') * chance.randrange(1, 30)}{number}" for number in range(chance.randrange(1, 25))]

    def unit(name: str) -> Frame:
        boxes = tuple(
            ContainerBox(f"{name}-{number}", "i" * chance.randrange(60), ("line",) * chance.randrange(4))
            for number in range(chance.randrange(6))
        )
        pairs = [
            (one.name, other.name) for number, one in enumerate(boxes) for other in boxes[number + 1 :] if chance.random() < 0.4
        ]
        return Frame(
            name,
            "service",
            str(chance.randrange(9)),
            boxes,
            tuple(Flow(*pair, "files") for pair in pairs),
            ("said",) * chance.randrange(3),
        )

    edges = [Edge(*chance.sample(names, 2), "links") for _ in range(chance.randrange(2 * len(names))) if len(names) > 1]
    return Topology("Any", tuple(map(unit, names)), tuple(dict.fromkeys(edges)))
