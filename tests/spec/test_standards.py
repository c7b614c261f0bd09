"""What a spec inherits from the standards of its team, and where it departs from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.spec import standards
from catalog_forge.spec.model.record import keys_of
from catalog_forge.spec.reader import parsed, read, read_standards
from catalog_forge.spec.standards import Team, broken, compared, laid_over, leaves

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
    assert [line for line in str(caught.value).split("\n") if "0.14.0 to 0.16.0" not in line] == [
        "catalog-forge.yml:2:11: unknown key 'bass' in image",
        "  hint: did you mean 'base'?",
        "catalog-forge.yml:3:19: confd cannot be '0.11.0'",
        "catalog-forge.yml:4:1: unknown key 'allowd'",
        "  hint: did you mean 'allowed'?",
    ]


@pytest.mark.parametrize(
    ("lines", "breaches"),
    [
        ("", []),
        (
            "image: {registry: ghcr.io/other}",
            [("image.registry", "deviates", "image.registry is 'ghcr.io/other', but the team's standard is 'ghcr.io/acme'",
              "remove it, or write why: `deviations: {image.registry: REASON}`", "x.yml:5:19")],
        ),
        ("image: {registry: x.io}\ndeviations: {image.registry: moved}", []),
        (
            "entry: {category: Web}",
            [("entry.category", "repeats", "entry.category repeats 'Web', which the spec inherits from the team's standards",
              "leave it out: the standard is in catalog-forge.yml:4:21", "x.yml:5:19")],
        ),
        (
            "entry: {category: Web}\ndeviations: {entry.category: why}",
            [("entry.category", "repeats", "entry.category repeats 'Web', which the spec inherits from the team's standards",
              "leave it out: the standard is in catalog-forge.yml:4:21", "x.yml:5:19")],
        ),
        (
            "deviations: {image.user: why}",
            [("image.user", "repeats", "`deviations` gives a reason for 'image.user', which does not differ from the "
            "standards", "leave it out",
              "x.yml:5:26")],
        ),
        (
            "image: {user: '1:1'}\ndeviations: {image.user: why}",
            [("image.user", "repeats", "`deviations` gives a reason for 'image.user', which does not differ from the "
            "standards", "leave it out",
              "x.yml:6:26")],
        ),
        (
            "deviations: {vars.A: why}",
            [("vars.A", "repeats", "`deviations` gives a reason for 'vars.A', which does not differ from the "
            "standards", "leave it out", "x.yml:5:22")],
        ),
        ("deviations: {health_check: why, image.base: why, engine.confd: why, maintainer: why}", []),
        (
            "image: {labels: {vendor: Other}}\nvars: {A: '2', B: '3'}",
            [("image.labels.vendor", "deviates", "image.labels.vendor is 'Other', but the team's standard is 'Acme'",
              "remove it, or write why: `deviations: {image.labels.vendor: REASON}`", "x.yml:5:26"),
             ("vars.A", "deviates", "vars.A is '2', but the team's standard is '1'",
              "remove it, or write why: `deviations: {vars.A: REASON}`", "x.yml:6:11")],
        ),
    ],
)  # fmt: skip
def test_a_value_of_its_own_is_a_deviation_without_a_reason(lines: str, breaches: list[tuple[str, ...]]) -> None:
    found = compared(team(DEFAULTS), parsed(SPEC + lines, "x.yml"))
    shown = [(each.path, each.kind, each.message, each.hint, str(each.node and each.node.where)) for each in found]
    assert shown == breaches


@pytest.mark.parametrize(
    ("rules", "lines", "breach"),
    [
        (
            "allowed: {base: ['alpine:*', 'a']}", "",
            ("image.base", "allowed", "image.base 'busybox:1.37.0' is not allowed by the team", "allowed: alpine:*, a"),
        ),
        ("allowed: {base: ['alpine:*']}", "image: {base: alpine:3.20}", None),
        ("allowed: {base: ['alpine:*']}", "deviations: {image.base: small}", None),
        ("allowed: {base: []}", "", None),
        ("allowed: {registry: [x]}", "", None),
        (
            "allowed: {registry: [x]}", "image: {registry: yy}",
            ("image.registry", "allowed", "image.registry 'yy' is not allowed by the team", "allowed: x"),
        ),
        (
            "allowed: {category: [Web]}", "",
            ("entry.category", "allowed", "entry.category 'Applications' is not allowed by the team", "allowed: Web"),
        ),
        (
            "allowed: {license: [MIT]}", "entry: {license: mit}",
            ("entry.license", "allowed", "entry.license 'mit' is not allowed by the team", "allowed: MIT"),
        ),
        ("allowed: {confd: ['0.16.0']}", "", None),
        (
            "allowed: {confd: ['0.15.*']}", "",
            ("engine.confd", "allowed", "engine.confd '0.16.0' is not allowed by the team", "allowed: 0.15.*"),
        ),
        (
            "allowed: {metadata: [latest]}", "",
            ("engine.metadata", "allowed", "engine.metadata '2016-07-29' is not allowed by the team", "allowed: latest"),
        ),
        (
            "allowed: {maintainer: ['*@acme.org>']}", "maintainer: Jo Doe <jo@x.org>",
            ("maintainer", "allowed", "maintainer 'Jo Doe <jo@x.org>' is not allowed by the team", "allowed: *@acme.org>"),
        ),
        ("required: {name: acme-*-conf}", "", ("name", "required", "the name 'web-conf' does not match 'acme-*-conf'", "")),
        ("required: {name: '*-conf'}", "", None),
        ("required: {maintainer: true}", "", ("maintainer", "required", "the spec names no maintainer", "")),
        ("required: {maintainer: true}", "maintainer: Jo Doe <jo@x.org>", None),
        (
            "required: {health_check: true}", "",
            ("service", "required", "the service has no health check", "service: {health_check: {port: ...}}"),
        ),
        ("required: {health_check: true}", "deviations: {health_check: it speaks UDP}", None),
        ("required: {health_check: false}", "", None),
        ("required: {labels: [vendor]}", "", ("image", "required", "the image has no label 'vendor'", "")),
        ("required: {labels: [vendor]}", "image: {labels: {vendor: Acme}}", None),
        (
            "required: {scenarios: [one, three-*]}", "",
            ("", "required", "the spec has no scenario whose name matches "
            "'three-*'", "catalog-forge scenario new web-conf 'three-*'"),
        ),
        ("required: {scenarios: [one, 'o*']}", "", None),
    ],
)  # fmt: skip
def test_what_is_allowed_and_required(rules: str, lines: str, breach: tuple[str, ...] | None) -> None:
    found = [*broken(team(rules), read(SPEC + lines, "x.yml"), ("one", "two"))]
    assert [(each.path, each.kind, each.message, each.hint) for each in found] == ([breach] if breach else [])
    assert all(each.node is None for each in found)


def test_a_service_with_a_health_check_has_one() -> None:
    text = SPEC.replace("nginx:1.27.3", "{name: web, image: 'nginx:1.27.3', health_check: {port: 80}}")
    assert [*broken(team("required: {health_check: true}"), read(text, "x.yml"), ())] == []


def test_the_lines_that_hold_are_all_but_what_is_extended_and_linted() -> None:
    standards_ = team("extends: [a.yml]\nlint: {ignore: [CF1]}\n" + DEFAULTS + "required: {labels: [a, b]}\n")
    assert [(path, node.value) for path, node in standards_.lines()] == [
        ("defaults.maintainer", "Jo Doe Roe <jo@example.org>"),
        ("defaults.image.base", "alpine:3.20"),
        ("defaults.image.registry", "ghcr.io/acme"),
        ("defaults.image.labels.vendor", "Acme"),
        ("defaults.entry.category", "Web"),
        ("defaults.vars.A", "1"),
        ("required.labels.0", "a"),
        ("required.labels.1", "b"),
    ]
    assert [key.value for key, _ in standards_.inherited.pairs] == ["maintainer", "image", "entry", "vars"]
    assert (Team().lines(), Team().inherited.pairs) == ([], ())


def test_what_is_not_said_of_levels_is_their_default() -> None:
    levels = team("levels: {allowed: warning}").standards.levels
    assert (levels.deviates, levels.repeats, levels.allowed, levels.required) == ("warning", "note", "warning", "error")


def test_mappings_are_laid_over_each_other_and_lists_are_replaced() -> None:
    base, over = (yamlio.parse(text, "x") for text in ("{a: {b: 1, c: 2}, d: [1, 2], e: 5}", "{a: {c: 3}, d: [4]}"))
    assert isinstance(base, yamlio.Map) and isinstance(over, yamlio.Map)
    assert {path: node.value for path, node in leaves(laid_over(base, over))} == {"a.c": "3", "a.b": "1", "d.0": "4", "e": "5"}


def test_what_is_laid_over_keeps_its_order_and_place() -> None:
    base, over = (yamlio.parse(text, name) for text, name in (("{a: {x: 1}, b: 2, c: 3}", "base"), ("{c: 4, a: {y: 5}}", "over")))
    assert isinstance(base, yamlio.Map) and isinstance(over, yamlio.Map)
    laid = laid_over(base, over)
    assert [(path, node.value, node.where.file) for path, node in leaves(laid)] == [
        ("c", "4", "over"), ("a.y", "5", "over"), ("a.x", "1", "base"), ("b", "2", "base"),
    ]  # fmt: skip
    assert laid.where == over.where


def test_the_page_names_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs/standards.md").read_text()
    for kind in (standards.Standards, standards.Defaults, standards.Allowed, standards.Required, standards.Levels):
        assert [key.name for key in keys_of(kind) if f"`{key.name}`" not in page] == []
