"""Template resources of our own, every function with its good and its bad cases: the imitation against the real programs.

Each `corpus/NAME.tmpl` must come out the same; each line of `corpus/NAME.bad` is a template that must fail in both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from catalog_forge.confd.imitated.functions import Dialect, functions_of
from catalog_forge.metadata.service.server import MetadataServer
from tests.confd.real import answers_of, compare, dialect_of, fetch_from, image_of, plain, require_go, run_embedded, run_real

CORPUS = Path(__file__).parent / "corpus"
DATA: dict[str, Any] = json.loads((CORPUS / "data.json").read_text())
VARIABLES = {"A": "vä lue", "EMPTY": ""}


def good() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(CORPUS.glob("*.tmpl"))}


def bad() -> dict[str, bytes]:
    return {
        f"{path.stem}-{number}.bad": line
        for path in sorted(CORPUS.glob("*.bad"))
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
    }


@pytest.mark.confd
def test_every_good_template_comes_out_as_from_confd(confd: Path, tmp_path: Path) -> None:
    require_go(confd)
    dialect = dialect_of(confd)
    image = image_of(good())
    with MetadataServer(answers_of(DATA)) as server:
        real = run_real(confd, tmp_path, image, server.address, variables=VARIABLES)
        ours = run_embedded(image, fetch_from(server.address), variables=VARIABLES, dialect=dialect)
    count = compare(image, real, ours)
    assert not count.different, "\n".join(count.different)
    missing = {} if dialect != "0.14" else {"arithmetic.tmpl", "lookups.tmpl"}
    assert set(ours.errors) == set(missing), ours.errors


@pytest.mark.confd
def test_every_bad_template_fails_as_in_confd(
    confd: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    require_go(confd)
    dialect = dialect_of(confd)
    image = image_of(bad())
    with MetadataServer(answers_of(DATA)) as server:
        real = run_real(confd, tmp_path, image, server.address, variables=VARIABLES)
        ours = run_embedded(image, fetch_from(server.address), variables=VARIABLES, dialect=dialect)
    count = compare(image, real, ours)
    record_property("counts", str(count))
    assert not count.different, "\n".join(count.different)
    assert count.equal == 0, [name for name in ours.files]
    for name in (name for name in real.errors if name.startswith("percent")):
        assert plain(real.errors[name]) == plain(ours.errors[name])


def test_the_corpus_names_every_function() -> None:
    text = b"".join([*good().values(), *bad().values()]).decode(errors="replace")
    names = {name for dialect in get_args(Dialect) for name in functions_of(dialect)}
    assert [name for name in sorted(names) if f"{name} " not in text and f"{name}." not in text] == []
