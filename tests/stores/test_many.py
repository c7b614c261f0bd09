"""A store of many keys: 5,000 of the service's own, among 10,000 that are none of its."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.confd.imitated.stored import Stored
from tests.confd.real import image_of, run_embedded
from tests.stores.conftest import started
from tests.stores.real import PREFIX, confd_prefix, run_real
from tests.stores.servers import KINDS, Store

OWN, OTHERS = 5000, 10_000
# Those that take many keys at once; the others take a minute to be filled.
QUICK = ("etcdv3", "redis", "zookeeper", "file", "env")
BACKENDS = [name if name in QUICK else pytest.param(name, marks=pytest.mark.second_tier) for name in KINDS]
TEMPLATE = b'{{range gets "/keys/*"}}{{.Key}}={{.Value}};{{end}}{{len (ls "/keys")}} {{getv "/beside/1" "none"}}'


@pytest.mark.confd
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_keys_come_and_no_others(confd: Path, tmp_path: Path, backend: str) -> None:
    others = 0 if backend == "vault" else OTHERS
    held = {f"{PREFIX}/keys/{number}": b"value %d" % number for number in range(OWN)}
    held |= {f"/prod/webs/beside/{number}": b"x" for number in range(others)}
    image = image_of({"all": TEMPLATE}, keys=["/"])
    for store in started(backend, tmp_path / "store"):
        fill(store, held)
        real = run_real(confd, tmp_path / "image", image, store)
        assert real.files["all"].endswith(b";5000 none"), real.log[-2000:]
        stored = Stored(backend, {key.encode(): value for key, value in held.items()})
        assert run_embedded(image, stored, prefix=confd_prefix(backend)).files == real.files


def fill(store: Store, held: dict[str, bytes]) -> None:
    many = list(held.items())
    for start in range(0, len(many), 1000):
        store.put(dict(many[start : start + 1000]))
