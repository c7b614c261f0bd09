"""Whole entries, to the byte: of the least spec, of one in lines, of one with every key of the language in both topologies."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.catalog.compose import main_image
from catalog_forge.catalog.entry import entry_plan
from catalog_forge.catalog.icon import draw
from catalog_forge.catalog.questions import literal, metadata_block, tag_variable
from catalog_forge.plan import Plan
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from catalog_forge.yamlio import dump

GOLDEN = Path(__file__).parents[1] / "golden"
OTHERS = ("volumes", "datavol", "embedded")
NAMES = ["least", "lines", "most", *OTHERS]
SHORT = "forge: 1\nname: x-conf\nservice: SERVICE\nconfig: /etc/x/x.yml\nlaunch: {exec: [x]}\n"


def spec_of(name: str) -> Spec:
    """A spec of the golden ones, or the largest in another topology."""
    text = (GOLDEN / f"specs/{'most' if name in OTHERS else name}.yml").read_text(encoding="utf-8")
    if name == "embedded":  # of one image for all groups
        text = text.replace("      image: reg.example.org:5000/acme/elasticsearch:2.4.7\n", "")
    return read(text.replace("topology: netns", f"topology: {name}") if name in OTHERS else text, "x.yml")


def plan_of(name: str) -> Plan:
    return entry_plan(spec_of(name), lambda icon: f"bytes of {icon}\n".encode())


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_these_bytes(name: str) -> None:
    folder = GOLDEN / "entries" / name
    golden = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    plan = plan_of(name)
    assert {file.path for file in plan} == set(golden)
    for file in plan:
        assert file.content.decode() == golden[file.path].decode(), file.path
        assert file.mode == 0o644


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        ("redis", "redis_tag"), ("redis:3", None), ("r-2=reg:5000/acme/redis", "r_2_tag"), ("r=reg:5000/acme/redis:3", None),
        (f"r=acme/redis@sha256:{'00' * 32}", None), ("2r=acme/redis", "_2r_tag"),
    ],
)  # fmt: skip
def test_an_image_floats_when_neither_tag_nor_digest_pins_it(service: str, variable: str | None) -> None:
    spec = read(SHORT.replace("SERVICE", f'"{service}"'), "x.yml")
    assert spec.service.floats is (variable is not None)
    assert variable in (None, tag_variable(spec))
    assert main_image(spec, spec.members[0]) == spec.service.image + (f":${{{variable}}}" if variable else "")


def test_what_is_no_template_is_written_so_that_it_stays_as_it_is() -> None:
    assert literal({"a": "$", "b": ["$x", 1, ("$y",)], "c": None, "d": True}) == {
        "a": "$$", "b": ["$$x", 1, ["$$y"]], "c": None, "d": True,
    }  # fmt: skip


def test_a_key_that_a_group_fixes_is_asked_for_where_another_does_not() -> None:
    text = SHORT.replace("SERVICE", "{name: x, image: 'x:1', groups: {a: {metadata: {k: '1$'}}, b: {metadata: {MORE}}}}")
    text += "metadata: {k: {}, l/m: {default: x}}\n"
    for more, asked in (("", ["k", "l_m"]), ("k: '2'", ["l_m"])):
        spec = read(text.replace("MORE", more), "x.yml")
        block = metadata_block(spec, spec.service.groups["a"])
        assert block == {"k": "1$$", "l": {"m": "${l_m}"}}
        assert dump(metadata_block(spec)) == "k: '${k}'\nl:\n  m: '${l_m}'\n"
        plan = entry_plan(spec, lambda _: b"")
        assert asked_by(plan) == asked
    used = text.replace("MORE", "k: '2'").replace("groups:", "hostname: 'a${k}', groups:")
    assert asked_by(entry_plan(read(used, "x.yml"), lambda _: b"")) == ["k", "l_m"]


def asked_by(plan: Plan) -> list[str]:
    return [line.split()[-1] for line in plan.text("0/rancher-compose.yml").split("\n") if "variable:" in line]


@pytest.mark.parametrize(
    ("title", "name", "letters", "label"),
    [
        ("Elastic Search Node", "es", "ES", "Elastic Search Node"),
        ("elasticsearch", "es", "El", "elasticsearch"),
        ("data-base", "db", "DB", "data-base"),
        ("x", "x", "X", "x"),
        ("", "my-name", "My", ""),
        ("<&", "x", "&lt;&amp;", "&lt;&amp;"),
        ("a \"b\" 'c'", "x", "A&quot;", "a &quot;b&quot; &#x27;c&#x27;"),
    ],
)
def test_the_letters_of_an_icon(title: str, name: str, letters: str, label: str) -> None:
    icon = draw(title, name)
    assert f'fill="#fff">{letters}</text>\n</svg>\n' in icon
    assert f'aria-label="{label}">' in icon
