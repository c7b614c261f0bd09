"""Files of nothing but pairs become `set` and `copy` where that renders the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_forge import yamlio
from catalog_forge.adopt.bodies import in_pairs
from catalog_forge.adopt.setting import Lifted
from tests.adopt.images import image
from tests.adopt.test_adopt import adopted, statuses

OWN = "/self/service/metadata"


def getv(key: str, *default: str) -> str:
    return " ".join([f'{{{{getv "{OWN}/{key}"', *(f'"{each}"' for each in default)]) + "}}"


PAIR = "{{base .Key}}={{.Value}}\n"
FILES = {
    "a.properties": f"# head\nport=80\nname={getv('name')}\n{{{{range gets \"{OWN}/map/*\"}}}}{PAIR}{{{{end}}}}",
    "b.properties": f"url=http://{getv('name')}/\nlevel={getv('level', '7')}\nx=1",
    "c.env": f"A='{getv('name')}'\nB='1'\n",
    "d.yml": f'---\na: "{getv("name")}"\n',
    "e.yml": f'# x\na: "{getv("name")}"\nb: 3\nc: true\n',
    "f.toml": f'a = "{getv("name")}"\n[t]\nb = 3\n',
    # What is no pair, what the format writes otherwise, and what it would refuse.
    "g.properties": f"{getv('name')}\n",
    "h.properties": f"a = {getv('name')}\n",
    "i.yml": f"a: {getv('name')}\n",
    "j.ini": f"a = {getv('name')}\n",
    "k.properties": f"a={getv('name')}\na=2\n",
}  # fmt: skip
SEVEN = [{"set": {"level": "7"}}]
PAIRS: dict[str, Any] = {
    "a.properties": [
        {"text": "# head\n"},
        {"set": {"port": "80", "name": "@{metadata/name}"}},
        {"copy": "metadata/map"},
    ],
    "b.properties": [
        {"set": {"url": "http://@{metadata/name}/"}},
        {
            "when": {"exists": "metadata/level"},
            "then": [{"set": {"level": "@{metadata/level}"}}],
            "else": [{"set": {"level": "7"}}],
        },
        {"set": {"x": "1"}},
    ],
    "c.env": [{"set": {"A": "@{metadata/name}", "B": "1"}}],
    "e.yml": [{"text": "# x\n"}, {"set": {"a": "@{metadata/name}", "b": 3, "c": True}}],
    "f.toml": [{"set": {"a": "@{metadata/name}"}}, {"text": "[t]\n"}, {"set": {"b": 3}}],
}


def test_files_of_pairs_are_pairs_where_that_renders_the_same(tmp_path: Path) -> None:
    found = adopted(tmp_path, {**image(FILES)}, "--write")
    assert found["status"] == "adopted", found
    spec = yamlio.load((tmp_path / "specs/app-conf.yml").read_text(), "spec")
    files = {each["dest"].removeprefix("/etc/app/"): each for each in spec["files"]}
    assert {name: each["body"] for name, each in files.items() if each["format"] != "raw"} == PAIRS
    assert {name for name, status in statuses(found).items() if status != "equal"} <= {"/etc/app/e.yml", "/etc/app/f.toml"}
    assert "a value with quotes and a backslash is escaped in /etc/app/a.properties" in json.dumps(found["notes"])


def test_the_real_confd_says_the_same_of_pairs(tmp_path: Path, confd: Path) -> None:
    found = adopted(tmp_path, {**image(FILES)}, "--engine", "confd", "--confd", str(confd))
    assert found["status"] == "adopted"
    reasons = {each["reason"] for file in found["files"] for each in file["differences"]}  # type: ignore[attr-defined]
    assert reasons == {"escaped"}


@pytest.mark.parametrize(
    "body",
    [
        [{"text": "a=@{metadata/x}"}, {"paste": "metadata/y"}],
        [{"text": "a=1\n"}],
        [{"when": {"exists": "metadata/x"}, "then": [{"text": "a=@{metadata/x}"}]}, {"text": "b=1\n"}],
        [{"each": {"of": "peers", "body": [{"text": "a=1\n"}]}}],
        [{"text": "a=1\nwords\nb=@{metadata/x}\n"}],
    ],
)
def test_what_holds_more_than_pairs_stays(body: list[dict[str, Any]]) -> None:
    assert in_pairs(Lifted(body), "/etc/app/x.properties") is None
