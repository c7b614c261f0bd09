"""Count the images, templates and entries that can be adopted: python tools/adopt_corpus.py FOLDER... [--entry CATALOG]...

Each FOLDER contains conf images, and each CATALOG contains entries. With --templates, only the templates that confd's TOML files
name are counted, and those of them that can be turned into blocks. The folders stay outside of this repository.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog_forge.adopt.adopting import adopt
from catalog_forge.adopt.bodies import lift
from catalog_forge.adopt.entries import uses
from catalog_forge.adopt.originals import originals
from catalog_forge.adopt.report import outcomes
from catalog_forge.adopt.setting import Lifted, Setting
from catalog_forge.confd.resource import compile_file
from catalog_forge.errors import ForgeError
from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog
from catalog_forge.spec.reader import read
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.observation import Engine
from catalog_forge.verify.real_confd import Confd

MOST_BYTES = 1_000_000
VERSION = re.compile(rb"/20\d\d-\d\d-\d\d")


def resources(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any], Path]]:
    """Yield each TOML file of confd below a folder, with its `template` table and the path of the template that it names."""
    for path in sorted(folder.rglob("*.toml")):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")).get("template", {})
        except ValueError:
            continue
        source = str(table.get("src", "")) if isinstance(table, dict) else ""
        near = (path.parent.parent / "templates" / source, path.parent / source, path.parent.parent / source)
        found = next((place for place in near if source and place.is_file()), None)
        if found:
            yield path, table, found


def version_near(path: Path, top: Path, fallback: str) -> str:
    """Return the metadata version that a Dockerfile or script names, in the folder of a TOML file or in a folder above it."""
    for folder in path.parents:
        for file in sorted(folder.iterdir()):
            near = (
                file.is_file() and (file.name == "Dockerfile" or file.suffix in ("", ".sh")) and file.stat().st_size < MOST_BYTES
            )
            found = VERSION.search(file.read_bytes()) if near else None
            if found:
                return found[0].decode().removeprefix("/")
        if folder == top:
            break
    return fallback


def outcome(template: Path, table: Mapping[str, Any], version: str) -> str:
    """Return `static`, `lifted` (turned into blocks), or the reason why a template is kept as it is."""
    if template.stat().st_size > MOST_BYTES:
        return "kept: it is too large"
    text = template.read_text(encoding="utf-8", errors="surrogateescape")
    if "{{" not in text:
        return "static"
    prefix = str(table.get("prefix", ""))
    lifted = lift(text, Setting(version=version, prefix="" if prefix.startswith("/20") else prefix))
    if lifted.body is None:
        return f"kept: {lifted.why} (line {lifted.line})"
    try:
        compiled(lifted)
    except ForgeError as error:
        return f"kept: {error.problems[0].message}"
    return "lifted"


def compiled(lifted: Lifted) -> None:
    """Compile a lifted body as the only file of a spec. Raises ForgeError if this fails."""
    keys = {
        name.replace("*", number): {
            "type": "string" if use.kind == "value" else "map",
            "optional": use.optional,
            **({"fields": list(use.fields)} if use.fields else {}),
        }
        for name, use in lifted.keys.items()
        for number in ("123" if "*" in name else "1")
    }
    file = {"dest": "/srv/app/lifted", "format": "raw", "body": lifted.body}
    spec = {
        "forge": 1, "name": "app-conf", "service": {"name": "app", "image": "app:1", "topology": "netns"}, "files": [file],
        "launch": {"exec": ["app"]}, "metadata": keys, "vars": {name.replace("*", "1"): "" for name in lifted.variables},
        "companions": {name: {"image": "busybox:1.37.0"} for name in lifted.services},
        "scope": "environment" if lifted.wide else "stack",
    }  # fmt: skip
    made = read(json.dumps(spec), "lifted.yml")
    compile_file(made, made.files[0], "lifted", lambda name, _block: name)


def adopted(folders: list[Path], entries: list[Path], engine: Engine) -> None:
    """Adopt each image alone, then each entry with its image, and print a line for each."""
    started = time.monotonic()
    catalogs = [Catalog(disk.read(folder, str(folder))) for folder in folders]
    images = [image for catalog in catalogs for image in catalog.images]
    known = [each for catalog in catalogs for each in originals(catalog)]
    found = [adopt(each, engine) for each in known]
    for each in found:
        templates = sum(not file.is_static for file in each.files)
        print(f"{each.status:10} {each.where} as {each.name}: {outcomes(each)}; {each.lifted} of {templates} lifted")
        for problem in each.problems:
            print(f"           {problem.message}")
    folder_count = len({each.where for each in found})
    good = len({each.where for each in found}) - len({each.where for each in found if each.status != "adopted"})
    files = [file for each in found for file in each.files]
    dynamic = [file for file in files if not file.is_static]
    print(
        f"{good} of {folder_count} folders adopted; {len(dynamic)} templates, {sum(file.lifted for file in dynamic)} lifted; ",
        end="",
    )
    print(f"{len(files) - len(dynamic)} static; {time.monotonic() - started:.1f} s")
    used = [pair for entry in entries for pair in uses(Catalog(disk.read(entry, str(entry))), known, images)]
    taken = [adopt(original, engine, use) for original, use in used]
    for each in taken:
        print(f"{'whole' if each.is_whole else 'not whole':10} {each.entry} with {each.where}: {each.status}")
        for change in each.changes:
            if change.lost:
                print(f"           lost: {change.service}: {change.what}")
        for problem in each.problems:
            print(f"           {problem.message}")
    if entries:
        whole = {each.entry for each in taken} - {each.entry for each in taken if not each.is_whole}
        print(f"{len(whole)} of {len({each.entry for each in taken})} entries whole")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--entry", action="append", default=[], type=Path, help="a catalog whose entries use the images")
    parser.add_argument("--confd", type=Path, help="compare with this confd; default: the embedded engine")
    parser.add_argument("--templates", action="store_true", help="only count the templates that can be lifted")
    parser.add_argument("--version", default="2015-07-25", help="metadata version to use if no file near the template names one")
    given = parser.parse_args()
    if not given.templates:
        adopted(given.folders, given.entry, Confd(given.confd) if given.confd else Embedded())
        return
    counts: Counter[str] = Counter()
    for folder in given.folders:
        for toml, table, template in resources(folder):
            result = outcome(template, table, version_near(toml, folder, given.version))
            counts[result.partition(":")[0]] += 1
            print(f"{template.relative_to(folder)}: {result}")
    print(", ".join(f"{word} {count}" for word, count in sorted(counts.items())), f"of {counts.total()}")


if __name__ == "__main__":
    main()
