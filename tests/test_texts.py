"""Texts that are shipped as files: their marks, what is missing, what is escaped."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from catalog_forge.texts import fill

FILES = {
    "values": "a [[ a ]] {{ a }} ${a} {% a %}\n\n",
    "blocks": "x\n  [% if a %]\n  y\n  [% endif %]\n[# nothing #]\nz\n",
    "page.html": "<b>[[ a ]]</b>\n",
    "page.html.md": "<b>[[ a ]]</b>\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "texts_" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]  # a package of its own: jinja2 and Python keep them
    folder = tmp_path / name
    (folder / "files").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    for path, text in FILES.items():
        (folder / "files" / path).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("values", {"a": "<1>"}, "a <1> {{ a }} ${a} {% a %}\n\n"),
        ("blocks", {"a": True}, "x\n  y\nz\n"),
        ("blocks", {"a": False}, "x\nz\n"),
        ("page.html", {"a": "<1>&"}, "<b>&lt;1&gt;&amp;</b>\n"),
        ("page.html.md", {"a": "<1>&"}, "<b><1>&</b>\n"),
    ],
)
def test_a_text_is_filled_in(package: str, text: str, values: dict[str, object], filled: str) -> None:
    assert fill(package, text, **values) == filled


def test_a_missing_value_is_an_error(package: str) -> None:
    with pytest.raises(UndefinedError):
        fill(package, "values")


@pytest.mark.parametrize("name", ["nowhere", "../__init__.py"])
def test_a_text_is_one_of_the_folder(package: str, name: str) -> None:
    with pytest.raises(TemplateNotFound):
        fill(package, name)
