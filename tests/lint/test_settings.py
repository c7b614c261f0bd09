"""The section `lint` of catalog-forge.yml."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.lint.runner import registry, settings
from catalog_forge.lint.runner.settings import Settings

WHOLE = """\
lint:
  select: [CF1, CF9]
  ignore: CF902
  fail_on: warning
  levels: {CF110: error, CF9: note}
  paths: {'templates/old/**': [CF110], images/*: CF9}
  baseline: known/baseline.json
"""


def read(text: str) -> Settings:
    root = yamlio.parse(text, "catalog-forge.yml")
    assert isinstance(root, yamlio.Map)
    return settings.read(root)


def test_every_setting_is_read() -> None:
    found = read(WHOLE)
    assert (found.select, found.ignore, found.fail_on) == (("CF1", "CF9"), ("CF902",), "warning")
    assert found.baseline == "known/baseline.json"
    choice = found.choice()
    assert choice.ids == registry.expand(("CF1", "CF9")) - {"CF902"}
    assert (choice.level("CF110", "warning"), choice.level("CF901", "warning")) == ("error", "note")
    assert choice.silences("CF110", "templates/old/web/0/x.yml") and not choice.silences("CF110", "templates/web")
    assert choice.silences("CF901", "images/web/Dockerfile")


@pytest.mark.parametrize("text", ["defaults: {maintainer: x}", "lint:", "lint: {}", "lint: ~"])
def test_without_settings_all_rules_run(text: str) -> None:
    assert read(text).choice().ids == registry.expand(("all",))


def test_options_win() -> None:
    found = read(WHOLE)
    assert found.choice(select=("CF902", "CF110")).ids == {"CF902", "CF110"}
    assert found.choice(ignore=("CF110",)).ids == registry.expand(("CF1", "CF9")) - {"CF902", "CF110"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("selekt: [CF1]", "1:8: unknown key 'selekt' in lint\n  hint: did you mean 'select'?"),
        ("select: [CF1, CF777]", "1:22: there is no rule 'CF777'"),
        (
            "fail_on: warn",
            "1:17: fail_on must be one of error, warning, note, never, not 'warn'\n  hint: did you mean 'warning'?",
        ),
        ("levels: {CF110: bad}", "1:24: the level of CF110 must be one of error, warning, note, not 'bad'"),
        ("levels: {CX: note}", "1:17: there is no rule 'CX'"),
        ("levels: [CF110]", "1:16: levels must be a mapping"),
        ("paths: {a: [CX]}", "1:20: there is no rule 'CX'"),
        ("paths: [a]", "1:15: paths must be a mapping"),
        ("baseline: /etc/passwd", "1:18: unsafe path '/etc/passwd'"),
        ("baseline: ../x", "1:18: unsafe path '../x'"),
        ("baseline: [x]", "1:18: baseline must be text"),
        ("select: {a: b}", "1:16: select must be text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ForgeError) as error:
        read(f"lint: {{{text}}}")
    assert f"catalog-forge.yml:{words}" in str(error.value)


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(ForgeError) as error:
        read("lint: {a: 1, b: 2, fail_on: c}")
    assert len(error.value.problems) == 3
