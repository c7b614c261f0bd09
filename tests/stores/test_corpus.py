"""What is imitated of each back end against the real confd on the real store, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog_forge.backends import TABLE
from catalog_forge.confd.imitated.store import flatten
from catalog_forge.confd.imitated.stored import Stored
from tests.confd.real import compare, image_of, require_go, run_embedded
from tests.confd.test_corpus import DATA, VARIABLES, bad, good
from tests.stores.real import PREFIX, confd_prefix, run_real
from tests.stores.servers import Store

# Beside what the corpus of the renderer reads: neighbours, capitals, dots, empty and odd values, siblings of one beginning.
KEYS: dict[str, bytes] = {
    "/port": b"80", "/node.name": b"n1", "/Upper/Case": b"U", "/under_score": b"_", "/empty": b"", "/a": b"1", "/ab": b"2",
    "/list/0": b"zero", "/list/1": b"one", "/list/2": b"two", "/list/10": b"ten", "/nodes/es-2/ip": b"2",
    "/nodes/es-10/ip": b"10", "/deep/er/and/er": b"d", "/gr\u00fc\u00df": "\u00fc\u2028\U0001f600".encode(),
    "/lines": b"one\ntwo\r\n\ttab", "/quoted": b"\"'`{{ }} \\ %s", "/_hidden/key": b"h", "/deep/_hidden": b"h",
}  # fmt: skip
BINARY = {"/binary": bytes(range(1, 256)), "/zero": b"a\0b"}
BESIDE = {"/prod/web2/port": b"1", "/prod/webport": b"2", "/prod/we/port": b"3", "/other/port": b"4"}
TEMPLATES = {
    "all": b'{{range gets "/*"}}{{.Key}}={{printf "%q" .Value}};{{end}}{{range gets "/*/*"}}{{.Key}}={{.Value}};{{end}}',
    "deep": b'{{range gets "/*/*/*"}}{{.Key}};{{end}}{{range getvs "/list/*"}}{{.}};{{end}}{{range ls "/deep"}}{{.}};{{end}}',
    "root": b'{{range ls "/"}}{{.}};{{end}}|{{range lsdir "/"}}{{.}};{{end}}|{{range ls "/list"}}{{.}};{{end}}',
    "bytes": b'{{getv "/binary" ""}}{{getv "/zero" ""}}{{getv "/lines"}}{{getv "/quoted"}}',
    "neighbours": b'{{getv "/port"}} {{getv "/webport" "none"}} {{getv "/2/port" "none"}} {{exists "/prod/webport"}}',
    "missing": b'{{getv "/nothing"}}',
    "default": b'{{getv "/nothing" "d"}} {{getv "/empty" "d"}} {{exists "/empty"}} {{exists "/list"}}',
}


def fitting(backend: str, held: Mapping[str, bytes]) -> dict[str, bytes]:
    """What of these keys and values a back end can hold; a text that no JSON file can hold is none of the file's."""
    kind = TABLE[backend]

    def fits(key: str, value: bytes) -> bool:
        named = all(kind.fits(segment) for segment in key[1:].split("/")) or backend == "etcd"
        return named and (value or kind.empty) and (kind.binary or b"\0" not in value) and (kind.binary or _is_text(value))

    found = {key: value for key, value in held.items() if fits(key, value)}
    above = {key[:place] for key in found for place, char in enumerate(key) if char == "/"}
    # Where a key is a folder or a value, it is a folder here.
    return {key: value for key, value in found.items() if backend not in ("file", "etcd") or key not in above}


def _is_text(value: bytes) -> bool:
    try:
        return all(char.isprintable() or char in "\n\t\r\u2028" for char in value.decode())
    except UnicodeDecodeError:
        return False


def _data() -> Mapping[bytes, bytes]:
    return flatten("/self", json.dumps(DATA).encode())


@pytest.mark.confd
def test_every_template_gives_what_confd_makes_of_the_real_store(confd: Path, tmp_path: Path, store: Store) -> None:
    require_go(confd)
    own = {key.decode(): value for key, value in _data().items()} | KEYS | BINARY
    held = fitting(store.backend, {f"{PREFIX}{key}": value for key, value in own.items()} | BESIDE)
    if store.backend == "vault":
        held = {key: value for key, value in held.items() if key.startswith("/prod/")}  # its only mount
    store.put(held)
    image = image_of({**good(), **bad(), **TEMPLATES}, keys=["/"])
    store.variables = {**store.variables, **VARIABLES}
    real = run_real(confd, tmp_path, image, store)
    stored = Stored(store.backend, {key.encode(): value for key, value in held.items()})
    ours = run_embedded(image, stored, prefix=confd_prefix(store.backend), variables=VARIABLES)
    count = compare(image, real, ours)
    assert not count.different, "\n".join(count.different)[:3000]
    assert count.equal > len(TEMPLATES), real.log[:2000]
