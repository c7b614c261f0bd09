"""Texts that are shipped as files: their marks, what is missing, what is escaped."""

from __future__ import annotations

import hashlib
import os
import subprocess
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


def _in_a_process(package: str, tmp_path: Path, *, may_write: bool = True, **values: object) -> str:
    """Fill in a text in a process of its own, and return it with the number of texts that were compiled there."""
    program = (
        "import sys, jinja2\nfrom catalog_forge.texts import fill\ncompiled, compile = [], jinja2.Environment.compile\n"
        "jinja2.Environment.compile = lambda self, *a, **k: compiled.append(1) or compile(self, *a, **k)\n"
        f"__import__({package!r})\nprint(fill({package!r}, 'blocks', **{values!r}).split(), len(compiled))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PYTHONPATH": str(tmp_path)} | ({} if may_write else {"PYTHONDONTWRITEBYTECODE": "1"})
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_text_is_compiled_once_until_it_changes(package: str, tmp_path: Path) -> None:
    files = tmp_path / package / "files"
    assert _in_a_process(package, tmp_path, may_write=False, a=1) == "['x', 'y', 'z'] 1"
    assert not (files / "__pycache__").exists()
    assert _in_a_process(package, tmp_path, a=1) == "['x', 'y', 'z'] 1"
    assert _in_a_process(package, tmp_path, a=0) == "['x', 'z'] 0"
    (files / "blocks").write_text("other\n")
    assert _in_a_process(package, tmp_path) == "['other'] 1"
    assert _in_a_process(package, tmp_path) == "['other'] 0"


@pytest.mark.parametrize("length", [0, 3, 20, 30, 60, -1])
def test_a_damaged_compiled_text_is_compiled_anew(package: str, tmp_path: Path, length: int) -> None:
    assert _in_a_process(package, tmp_path, a=1) == "['x', 'y', 'z'] 1"
    (kept,) = (tmp_path / package / "files" / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:length])
    assert _in_a_process(package, tmp_path, a=1) == "['x', 'y', 'z'] 1"


def test_a_text_is_filled_in_where_nothing_can_be_kept(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "files" / "__pycache__").write_text("a file stands where the folder would be made")
    assert _in_a_process(package, tmp_path, a=1) == _in_a_process(package, tmp_path, a=1) == "['x', 'y', 'z'] 1"
