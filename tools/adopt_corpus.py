"""How many templates of folders can be lifted: python tools/adopt_corpus.py FOLDER...

Each FOLDER holds conf images; every TOML of confd in it names a template. The folders stay outside of this repository.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog_forge.adopt.lifting import lift
from catalog_forge.adopt.setting import Lifted, Setting
from catalog_forge.confd.resource import compile_file
from catalog_forge.errors import ForgeError
from catalog_forge.spec.reader import read

MOST_BYTES = 1_000_000


def resources(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any], Path]]:
    """Yield each TOML of confd below a folder, its table, and the template that it names."""
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


def outcome(template: Path, table: Mapping[str, Any], version: str) -> str:
    """Return what becomes of a template: static, lifted, or why it is kept."""
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
    """Compile a lifted body as the one file of a spec. Raises ForgeError."""
    keys = {
        name.replace("*", number): {
            "type": "string" if use.kind == "value" else "map",
            "optional": use.optional,
            **({"fields": list(use.fields)} if use.fields else {}),
        }
        for name, use in lifted.keys.items()
        for number in ("123" if "*" in name else "1")
    }
    file = {"dest": "/srv/app/lifted", "format": lifted.format, "body": lifted.body}
    spec = {
        "forge": 1, "name": "app-conf", "service": {"name": "app", "image": "app:1", "topology": "netns"}, "files": [file],
        "launch": {"exec": ["app"]}, "metadata": keys, "vars": dict.fromkeys(lifted.variables, ""),
        "companions": {name: {"image": "busybox:1.37.0"} for name in lifted.services},
        "scope": "environment" if lifted.wide else "stack",
    }  # fmt: skip
    made = read(json.dumps(spec), "lifted.yml")
    compile_file(made, made.files[0], "lifted", lambda name, _block: name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--version", default="2015-07-25", help="metadata version that the templates are written for")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    for folder in given.folders:
        for _, table, template in resources(folder):
            result = outcome(template, table, given.version)
            counts[result.partition(":")[0]] += 1
            print(f"{template.relative_to(folder)}: {result}")
    print(", ".join(f"{word} {count}" for word, count in sorted(counts.items())), f"of {counts.total()}")


if __name__ == "__main__":
    main()
