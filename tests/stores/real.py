"""Template resources through the real confd, which reads a real store."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from catalog_forge.backends import TABLE
from catalog_forge.confd.imitated.image_dir import ImageDir
from tests.confd.real import Result, errors_of
from tests.helpers import LONGEST, tree
from tests.stores.servers import TOKEN, Store

PREFIX = "/prod/web"


def confd_prefix(backend: str) -> str:
    return PREFIX + ("/" if TABLE[backend].raw else "")


def toml_of(store: Store, prefix: str) -> str:
    """What confd.toml says of a store."""
    kind = TABLE[store.backend]
    options: dict[str, object] = {"backend": store.backend, "prefix": prefix, **store.options}
    if store.backend == "dynamodb":
        options["table"] = "conf"
    elif kind.nodes:
        scheme = kind.scheme if "://" not in store.nodes else ""
        options[kind.option] = [scheme + store.nodes]
    if store.backend == "vault":
        options |= {"auth_type": "token", "auth_token": TOKEN}
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())


def install(folder: Path, image: ImageDir, store: Store, prefix: str) -> Mapping[str, Path]:
    """Put an image below a folder, with a confd.toml; return where each resource writes."""
    files: dict[str, bytes | str] = {f"templates/{src}": data for src, data in image.templates.items()}
    places = {resource.name: folder / "out" / str(number) for number, resource in enumerate(image.resources)}
    for resource in image.resources:
        files[resource.file] = resource.toml(str(places[resource.name]))
    files["confd.toml"] = toml_of(store, prefix)
    tree(folder, files)
    (folder / "out").mkdir(exist_ok=True)
    return places


def command(confd: Path, folder: Path, *flags: str) -> list[str | Path]:
    return [confd, *flags, "-confdir", folder, "-config-file", folder / "confd.toml"]


def run_real(confd: Path, folder: Path, image: ImageDir, store: Store, prefix: str = "") -> Result:
    """Run confd once."""
    places = install(folder, image, store, prefix or confd_prefix(store.backend))
    done = subprocess.run(
        command(confd, folder, "-onetime", "-sync-only"),
        capture_output=True, text=True, errors="surrogateescape", env=dict(store.variables), check=False, timeout=LONGEST,
    )  # fmt: skip
    found = {name: place.read_bytes() for name, place in places.items() if place.exists()}
    return Result(found, errors_of(done.stderr, image.resources), done.returncode, done.stderr)
