"""Bodies put together at random: what compiles is a template that confd can run, and that gives a file of its format."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from catalog_forge.errors import ForgeError
from catalog_forge.spec.model import FORMATS, CopyBlock, SetBlock, Spec, WhenBlock
from catalog_forge.spec.model.bodies import blocks_of
from tests.confd.environments import TOPOLOGIES, environment, view
from tests.confd.harness import compiled, conf, render, spec_of
from tests.confd.test_expressions import EXPECTED, ITEMS, KEYS

EXPRESSIONS = [f"@{{{source}}}" for source in EXPECTED]
WORDS = [
    "word",
    "a b",
    "{{",
    "}}",
    "{",
    "'",
    '"',
    "#",
    " # ",
    ": ",
    "-",
    "\n",
    "  ",
    "[",
    "]",
    "%d",
    "\\",
    "<a>",
    "</a>",
    "&",
    "=",
    "$",
    "`",
    "@@{",
]
COLLECTIONS = [of for of, _ in ITEMS]
CONDITIONS: list[Mapping[str, Any]] = [
    {"service": "app"}, {"service": "other"}, {"has": "metadata/plain"}, {"has": "metadata/none"}, {"has": "metadata/tuning"},
    {"env": "TICK"}, {"first": True}, {"eq": ["@{self.index}", "2"]}, {"eq": ["@{count(peers)} x", "@{metadata/plain}"]},
]  # fmt: skip
PAIRS = (SetBlock, CopyBlock, WhenBlock)
# What confd says of a template that is wrong in itself, whatever the metadata holds.
BROKEN = (
    "Unable to process",
    "unexpected",
    "not defined",
    "wrong type",
    "wrong number",
    "incompatible",
    "can't evaluate",
    "nil ",
)


class Author:
    """Writes bodies without much thought."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self, most: int = 5) -> str:
        chosen = [self.random.choice(self.random.choice((WORDS, EXPRESSIONS))) for _ in range(self.random.randint(1, most))]
        return "".join(chosen)

    def pairs(self) -> dict[str, Any]:
        """Pairs with values of any kind; a key is never used twice in one body."""
        names = self.random.sample(["a", "b", "c d", "e.f", "yes", "n-1"], self.random.randint(1, 3))
        return {f"{name}{self.random.randrange(10**6)}": self.value() for name in names}

    def value(self) -> Any:
        simple = [self.text(), self.random.choice(EXPRESSIONS), 1, True, None, "", "null", 1.5]
        nested = [[self.text(2), 2], {"k": self.text(2), "l": [self.random.choice(EXPRESSIONS)]}]
        return self.random.choice([*simple, *simple, *nested])

    def block(self, depth: int = 0) -> dict[str, Any]:
        of = self.random.choice(COLLECTIONS)
        item = self.random.choice([item for other, item in ITEMS if other == of])
        listing = {"of": of, "item": item + self.random.choice(["", "\n", " x"])}
        listing |= self.random.choice([{}, {"sep": ", "}, {"head": "head:\n"}, {"sep": " ", "head": "[", "tail": "]\n"}])
        kinds: list[dict[str, Any]] = [
            {"text": self.text() + "\n"}, {"set": self.pairs()},
            {"copy": self.random.choice(["metadata/tuning", "metadata/empty"])},
            {"list": listing}, {"paste": "metadata/plain"}, {"paste": "metadata/cert1", "wrap": ["<", ">"]},
        ]  # fmt: skip
        if depth < 2:
            then = [self.block(depth + 1) for _ in range(self.random.randint(0, 2))]
            other = [self.block(depth + 1) for _ in range(self.random.randint(0, 2))]
            kinds += [{"when": self.random.choice(CONDITIONS), "then": then, "else": other}] * 2
        return self.random.choice(kinds)

    def file(self, number: int) -> dict[str, Any]:
        pairs_only = self.random.random() < 0.4
        body = [self.block() for _ in range(self.random.randint(1, 4))]
        if pairs_only:
            body = [block for block in body if "set" in block or "copy" in block] or [{"set": {"always": self.text()}}]
        return conf(*body, dest=f"/etc/app/{number}", kind=self.random.choice(FORMATS))


def accepted(files: list[dict[str, Any]], version: str, topology: str) -> Spec:
    """Return a spec of those files that the reader and the compiler take; whatever they refuse, they refuse in words."""
    words = {"metadata": KEYS, "vars": {"TICK": "2000"}, "engine": {"metadata": version}}
    service = {"name": "app", "topology": topology}
    taken = []
    for file in files:
        try:
            compiled(spec_of(file, service=service, **words))
        except ForgeError:
            continue
        taken.append(file)
    return spec_of(*taken, service=service, **words)


@pytest.mark.parametrize(("version", "topology"), [("2015-07-25", TOPOLOGIES[0]), ("2016-07-29", TOPOLOGIES[1])])
def test_what_compiles_is_a_template_that_runs(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    author = Author(7)
    spec = accepted([author.file(number) for number in range(600)], version, topology)
    assert len(spec.files) > 150
    answers, client = view(environment(topology), topology)
    out = render(confd, tmp_path, spec, answers, client=client)
    assert not [line for line in out.log.splitlines() if any(word in line for word in BROKEN)]
    assert len(out.files) > len(spec.files) / 2
    pairs = [file for file in spec.files if file.dest in out.files and all(isinstance(b, PAIRS) for b in blocks_of(file.body))]
    read = {"json": json.loads, "yaml": yaml.safe_load, "xml": ElementTree.fromstring}
    typed = [read[file.format](out.text(file.dest)) for file in pairs if file.format in read]
    assert len(typed) > 20
