"""Both compose files of a revision as one set of services: parts with places, merges, units, links, templates, answers."""

from __future__ import annotations

import pytest

from catalog_forge.errors import Problem, Where
from catalog_forge.rancher.composition import Composition, read, sources
from catalog_forge.rancher.entries import docker_of
from catalog_forge.rancher.entries import read as read_entry
from catalog_forge.rancher.judgement import units
from catalog_forge.rancher.tree import File, Tree
from catalog_forge.yamlio import to_data


def file(text: str, name: str = "docker-compose.yml") -> File:
    return File(name, len(text.encode()), text.encode)


def composition(docker: str, rancher: str = "", **answers: str) -> Composition:
    return read(sources(file(docker), file(rancher, "rancher-compose.yml") if rancher else None, answers))


def data(made: Composition, name: str = "a") -> dict[str, object]:
    return {key: to_data(node) for key, node in made.services[name].keys.items()}


@pytest.mark.parametrize(
    ("docker", "rancher", "merged"),
    [
        ("a: {image: x, links: [b]}", "a: {image: z, links: [c]}", {"image": "z", "links": ["b", "c"]}),
        ("a: {labels: {k: '1', l: '1'}}", "a: {labels: {k: '2'}}", {"labels": {"l": "1", "k": "2"}}),
        ("a: {labels: {k: '1'}}", "a: {labels: [k=2]}", {"labels": ["k=2"]}),
        ("a: {image: x, tty: true}", "a: {image: ~, tty: ~}", {"image": "x", "tty": True}),
        ("a: {image: x}", "version: '2'\nservices: {a: {scale: 2}}", {"image": "x", "scale": 2}),
        ("version: '2'\nservices: {b: {image: x}}\naliases: {a: {image: y}}", "", {"image": "y"}),
        ("services: {a: {image: x}}", "", {"image": "x"}),
        ("a: {hostname: own, <<: {hostname: merged}}", "", {"hostname": "merged"}),
        ("a: ~", "a: {scale: 2}", {"scale": 2}),
    ],
)
def test_rancher_compose_is_laid_over_docker_compose(docker: str, rancher: str, merged: dict[str, object]) -> None:
    assert data(composition(docker, rancher)) == merged


SHARED = "x: &x {services: {a: {image: one, tty: true}, b: {image: two}}}\n"


@pytest.mark.parametrize(
    ("docker", "images"),
    [
        (".catalog: &x {a: {image: one}}\n<<: *x", {"a": "one"}),
        ("a: {image: own}\n<<: {a: {image: one}, b: {image: two}}", {"a": "one", "b": "two"}),
        (f"version: '2'\n{SHARED}<<: *x", {"a": "one", "b": "two"}),
        (f"{SHARED}<<: [*x, {{version: '2'}}]", {"a": "one", "b": "two"}),
        # Go adds the services of both places, and the later definition of a service counts. This was run with yaml.v2.
        (f"version: '2'\n{SHARED}services: {{a: {{image: own}}, c: {{image: c}}}}\n<<: *x", {"a": "one", "c": "c", "b": "two"}),
        (f"version: '2'\n{SHARED}<<: *x\nservices: {{a: {{image: own}}, c: {{image: c}}}}", {"a": "own", "b": "two", "c": "c"}),
        (f"version: '2'\n{SHARED}<<: *x\nservices: ~", {}),
    ],
)  # fmt: skip
def test_a_merge_key_at_the_top_of_a_file_adds_its_services(docker: str, images: dict[str, str]) -> None:
    made = composition(docker)
    assert {name: data(made, name)["image"] for name in made.services} == images
    assert all("tty" not in data(made, name) for name, image in images.items() if image == "own")


def test_a_part_knows_its_file_its_form_and_its_places() -> None:
    made = composition("a:\n  image: x\n", "version: '2'\nservices:\n  a:\n    scale: 2\n  b: {scale: 1}\n")
    first, second = made.services["a"].parts
    assert (first.docker, second.docker, "net" in first.known, "net" in second.known) == (True, False, True, False)
    assert str(second.keys["scale"][0].where) == "rancher-compose.yml:4:5"
    assert [(name, service.in_docker) for name, service in made.services.items()] == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    "docker",
    ["a: [", "- a", "version: '2'\nservices: [a]\n", "", "{{ if }}", "{{ if true }}a: [{{ end }}"],
)
def test_what_cannot_be_read_is_not_whole_and_rancher_compose_is_still_there(docker: str) -> None:
    made = composition(docker, "a: {scale: 2}")
    assert (made.is_whole, data(made)) == (False, {"scale": 2})


def test_the_catalog_block_is_not_a_service() -> None:
    assert composition("a: {image: x}", ".catalog: {version: '1'}\na: {scale: 2}").services.keys() == {"a"}
    assert composition("a: {image: x}", "catalog: {version: '1'}").services.keys() == {"a"}
    assert composition("catalog: {image: x}").services.keys() == {"catalog"}


def test_places_of_what_a_template_made_are_those_of_its_own_file() -> None:
    text = "{{ if true }}\na:\n  image: {{ .Values.X }}\n  tty: 'x'\n{{ end }}"
    made = composition(text, text.replace("a:", "b:"), X="long" * 9)
    places = [made.at(service.parts[0].keys["tty"][1].where) for service in made.services.values()]
    assert places == [Where("docker-compose.yml", 4, 8), Where("rancher-compose.yml", 4, 8)]
    assert made.at(Where("else.yml", 7, 7)) == Where("else.yml", 7, 7)


def test_a_template_that_go_cannot_parse_says_why_at_its_place() -> None:
    (source,) = sources(file("a: {image: x}\n{{ if }}"), None, {})
    assert isinstance(source.made, Problem)
    assert (source.yaml.problems, source.rendered, str(source.made.where)) == ((source.made,), None, "docker-compose.yml:2:7")


def test_answers_are_put_in_only_when_asked_and_unknown_variables_are_heard_by_service() -> None:
    heard: list[tuple[str, str]] = []
    made = composition("a: {image: 'x:${T}', command: '$${T} $U'}\nb: {image: $V}")
    answered = made.answered({"T": "1"}, lambda service: lambda name, _: heard.append((service, name)))
    assert data(made)["image"] == "x:${T}"
    assert data(answered) == {"image": "x:1", "command": "${T} "}
    assert heard == [("a", "U"), ("b", "V")]


UNIT = "labels: {io.rancher.sidekicks: 'b, c'}"


def test_a_unit_is_a_primary_and_those_that_its_label_names_at_commas_only() -> None:
    made = composition(f"a: {{{UNIT}}}\nb: {{}}\nc: {{labels: ['io.rancher.sidekicks=x y,z']}}\nd: {{}}")
    assert [list(made.services[name].sidekicks) for name in "abcd"] == [["b", "c"], [], ["x y", "z"], []]
    assert made.primaries_of == {"b": ["a"], "c": ["a"], "x y": ["c"], "z": ["c"]}
    assert str(made.services["a"].where_of("c")) == "docker-compose.yml:1:40"
    pairs = [(one, other) for one in "abcd" for other in "abcd" if made.in_one_unit(one, other)]
    assert pairs == [*((one, other) for one in "abc" for other in "abc"), ("d", "d")]


def test_labels_of_lists_and_mappings_are_alike_and_a_variable_names_nobody() -> None:
    for text in ("{io.rancher.sidekicks: '${X}', k: v=w}", "[io.rancher.sidekicks=$X, k=v=w]"):
        service = composition(f"a: {{labels: {text}}}").services["a"]
        assert (service.label("k"), service.label("none"), list(service.sidekicks)) == ("v=w", "", [])


@pytest.mark.parametrize(
    ("keys", "links", "needs"),
    [
        ("links: ['b:x', b]", [("links", "b"), ("links", "b")], []),
        ("links: ['b : x', other/b, '${X}', ':y']", [("links", "b ")], []),
        ("volumes_from: ['b:ro', $X]", [], [("volumes_from", "b")]),
        ("net: 'container:b'", [], [("net", "b")]),
        ("net: 'service:b'", [], [("net", "b")]),
        ("net: host", [], []),
        ("net: 'container:'", [], []),
    ],
)
def test_links_and_needs_are_cut_at_their_colon(keys: str, links: list[object], needs: list[object]) -> None:
    service = composition(f"a: {{{keys}}}").services["a"]
    assert [link[:2] for link in service.links] == links
    assert [need[:2] for need in service.needs] == needs


@pytest.mark.parametrize(
    ("docker", "faults"),
    [
        (f"a: {{image: x, {UNIT}}}\nb: {{image: x}}\nc: {{image: x, volumes_from: [b], net: 'container:a'}}", []),
        ("a: {image: x, labels: {io.rancher.sidekicks: a}}", ["CF406 1:46 the service 'a' is its own sidekick"]),
        (
            f"a: {{image: x, {UNIT}}}\nb: {{image: x}}\nc: {{image: x, labels: [io.rancher.sidekicks=d]}}\nd: {{image: x}}",
            ["CF406 3:24 'c' is itself a sidekick, so its sidekick 'd' is never started"],
        ),
        (f"a: {{image: x, {UNIT}}}\nb: {{image: x}}", ["CF405 1:50 the service 'a' names a sidekick 'c' that does not exist"]),
        (
            "a: {image: x, volumes_from: [b, z]}\nb: {image: x}",
            [
                "CF407 1:30 volumes_from of 'a' names 'b', which runs in another unit, possibly on another host",
                "CF407 1:33 volumes_from of 'a' names a service 'z' that does not exist",
            ],
        ),
        ("a: {image: x, links: [z]}", ["CF408 1:23 links of 'a' names a service 'z' that does not exist"]),
        ("a: {image: x, links: [a]}", ["CF408 1:23 links of 'a' names the service itself"]),
        (
            "a: {image: x, links: ['b:c']}\nb: {image: x, depends_on: [d]}\nd: {image: x, links: [d, a]}",
            ["CF408 3:23 links of 'd' names the service itself", "CF443 3:26 links of 'd' closes a cycle: a -> b -> d -> a"],
        ),
        (
            "a: {tty: true}\nb: {build: .}\nc: 5\nd: ~",
            ["CF410 1:1 the service 'a' has no image", "CF410 4:1 the service 'd' has no image"],
        ),
    ],
)
def test_what_is_odd_about_units_and_links_has_its_place_and_its_rule(docker: str, faults: list[str]) -> None:
    checks = (
        units.sidekicks, units.odd_units, units.strangers, units.missing_targets, units.self_links, units.cycles,
        units.without_image, units.unknown_to_docker,
    )  # fmt: skip
    found = [fault for check in checks for fault in check(composition(docker))]
    told = [f"{fault.rule} {str(fault.where).removeprefix('docker-compose.yml:')} {fault.message}" for fault in found]
    assert told == faults


def test_a_service_of_rancher_compose_alone_is_told_unless_it_has_an_image() -> None:
    made = composition("a: {image: x}", "b: {scale: 1}\nc: {image: x}\n")
    assert [str(fault.where) for fault in units.unknown_to_docker(made)] == ["rancher-compose.yml:1:1"]
    assert [*units.unknown_to_docker(composition("{}", "b: {scale: 1}"))] == []


@pytest.mark.parametrize(
    ("plain", "template", "sent"),
    [("x", "y", "x"), ("", "y", "y"), ("\n", "y", "\n"), (None, "y", "y"), ("", None, ""), (None, None, None)],
)
def test_the_template_is_sent_where_docker_compose_is_missing_or_empty(
    plain: str | None, template: str | None, sent: str | None
) -> None:
    contents = {"docker-compose.yml": plain, "docker-compose.yml.tpl": template}
    found = docker_of(Tree.of({path: text for path, text in contents.items() if text is not None}).files)
    assert (found.text if found else None) == sent


def test_a_revision_is_read_once() -> None:
    revision = read_entry({"0/docker-compose.yml": b"a: {image: $X}", "0/rancher-compose.yml": b"a: {imag: x}"}, "web")
    assert revision.composition is revision.composition
    assert revision.uses is revision.uses
    assert (revision.title, [*revision.faults]) == ("web/0", ["CF401"])
