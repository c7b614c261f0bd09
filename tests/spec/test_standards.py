"""What a spec inherits from the standards of its team, and where it departs from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.spec import standards
from catalog_forge.spec.reader import parsed, read, read_standards
from catalog_forge.spec.record import keys_of
from catalog_forge.spec.standards import Team, broken, compared
from catalog_forge.spec.tree import laid_over, leaves

SPEC = "forge: 1\nname: web-conf\nservice: nginx:1.27.3\nconfig: /etc/nginx/nginx.conf\n"
DEFAULTS = """\
defaults:
  maintainer: Jo Doe Roe <jo@example.org>
  image: {base: alpine:3.20, registry: ghcr.io/acme, labels: {vendor: Acme}}
  entry: {category: Web}
  vars: {A: "1"}
"""


def team(text: str) -> Team:
    root = yamlio.parse(text, "catalog-forge.yml")
    assert isinstance(root, yamlio.Map)
    return Team(read_standards(root), root)


def test_a_spec_inherits_what_it_does_not_write() -> None:
    spec = read(SPEC + "image: {base: busybox:1.37.0}\nvars: {B: '2'}\n", "x.yml", team(DEFAULTS).inherited)
    assert (spec.maintainer, spec.entry.category) == ("Jo Doe Roe <jo@example.org>", "Web")
    assert (spec.image.base, spec.image.registry, spec.image.labels) == ("busybox:1.37.0", "ghcr.io/acme", {"vendor": "Acme"})
    assert spec.vars == {"A": "1", "B": "2"}


def test_a_wrong_default_is_an_error_at_its_own_place() -> None:
    with pytest.raises(ForgeError) as caught:
        team("defaults:\n  image: {bass: x}\n  engine: {confd: 0.11.0}\nallowd: {}\n")
    words = str(caught.value)
    assert "catalog-forge.yml:2:11: unknown key 'bass'" in words and "did you mean 'base'?" in words
    assert "catalog-forge.yml:3:19: confd cannot be '0.11.0'" in words
    assert "catalog-forge.yml:4:1: unknown key 'allowd'" in words


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", []),
        (
            "image: {registry: ghcr.io/other}",
            ["deviates image.registry is 'ghcr.io/other'; the team's standard is 'ghcr.io/acme'"],
        ),
        ("image: {registry: x.io}\ndeviations: {image.registry: moved}", []),
        ("entry: {category: Web}", ["repeats entry.category is 'Web' by the team's standards already"]),
        ("deviations: {image.user: why}", ["repeats a reason is given for 'image.user', which deviates from nothing"]),
        ("image: {labels: {vendor: Other}}", ["deviates image.labels.vendor is 'Other'; the team's standard is 'Acme'"]),
    ],
)
def test_a_value_of_its_own_is_a_deviation_without_a_reason(lines: str, words: list[str]) -> None:
    found = compared(team(DEFAULTS), parsed(SPEC + lines, "x.yml"))
    assert [f"{each.kind} {each.message}" for each in found] == words


@pytest.mark.parametrize(
    ("rules", "lines", "path"),
    [
        ("allowed: {base: ['alpine:*']}", "", "image.base"),
        ("allowed: {base: ['alpine:*']}", "image: {base: alpine:3.20}", None),
        ("allowed: {base: ['alpine:*']}", "deviations: {image.base: small}", None),
        ("allowed: {category: [Web]}", "", "entry.category"),
        ("allowed: {confd: ['0.16.0']}", "", None),
        ("required: {name: acme-*-conf}", "", "name"),
        ("required: {maintainer: true}", "", "maintainer"),
        ("required: {health_check: true}", "", "service"),
        ("required: {health_check: true}", "deviations: {health_check: it speaks UDP}", None),
        ("required: {labels: [vendor]}", "", "image"),
        ("required: {labels: [vendor]}", "image: {labels: {vendor: Acme}}", None),
        ("required: {scenarios: [one, three-*]}", "", ""),
        ("required: {scenarios: [one]}", "", None),
    ],
)
def test_what_is_allowed_and_required(rules: str, lines: str, path: str | None) -> None:
    found = broken(team(rules), read(SPEC + lines, "x.yml"), ("one",))
    assert [each.path for each in found] == ([] if path is None else [path])


def test_mappings_are_laid_over_each_other_and_lists_are_replaced() -> None:
    base, over = (yamlio.parse(text, "x") for text in ("{a: {b: 1, c: 2}, d: [1, 2], e: 5}", "{a: {c: 3}, d: [4]}"))
    assert isinstance(base, yamlio.Map) and isinstance(over, yamlio.Map)
    assert {path: node.value for path, node in leaves(laid_over(base, over))} == {"a.c": "3", "a.b": "1", "d.0": "4", "e": "5"}


def test_the_page_names_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs/standards.md").read_text()
    for kind in (standards.Standards, standards.Defaults, standards.Allowed, standards.Required, standards.Levels):
        assert [key.name for key in keys_of(kind) if f"`{key.name}`" not in page] == []
