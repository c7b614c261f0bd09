"""Render every conf image below a folder with the imitated and with the real confd, for every client in a metadata file.

usage: tools/compare_confd.py FOLDER METADATA... [--confd PROGRAM] [--dialect 0.14|0.16|HEAD]
METADATA: an answers file of the Rancher metadata service, or a scenario. Exit code 1: there is a difference.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from catalog_forge.confd.imitated.image_dir import ImageDir, read  # noqa: E402
from catalog_forge.errors import ForgeError  # noqa: E402
from catalog_forge.metadata.scenarios import scenario  # noqa: E402
from catalog_forge.metadata.service.answers import DEFAULT, Answers  # noqa: E402
from catalog_forge.metadata.service.server import MetadataServer  # noqa: E402
from tests.confd.real import Count, compare, fetch_from, run_embedded, run_real  # noqa: E402


def images(folder: Path) -> Iterator[tuple[str, ImageDir]]:
    """Read all folders that contain a conf.d; print those that confd could not load."""
    for place in sorted(found.parent for found in folder.rglob("conf.d")):
        files = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
        try:
            yield str(place.relative_to(folder)), read(files)
        except ForgeError as error:
            print(f"{place.relative_to(folder)}: {error}")


def views(path: Path) -> Iterator[tuple[str, str, Answers]]:
    """Yield each version with each client, and answers in which every client gets what this client gets."""
    found = scenario.load(path)
    for version, clients in found.versions.items():
        for client in clients:
            yield version, client, Answers.of({version: {DEFAULT: found.entry(version, client) or {}}})


def main() -> int:
    """Compare the files, print the differences and the counts, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("metadata", type=Path, nargs="+")
    parser.add_argument("--confd", type=Path)
    parser.add_argument("--dialect", default="0.16", choices=["0.14", "0.16", "HEAD"])
    given = parser.parse_args()
    confd = given.confd or Path(subprocess.check_output([ROOT / "tools" / "confd.sh"], text=True).strip())
    found, total = list(images(given.folder)), Count()
    for metadata in given.metadata:
        for version, client, seen in views(metadata):
            with MetadataServer(seen) as server:
                fetch = fetch_from(server.address)
                for name, image in found:
                    with tempfile.TemporaryDirectory() as folder:
                        real = run_real(confd, Path(folder), image, server.address, prefix=f"/{version}")
                    count = compare(image, real, run_embedded(image, fetch, prefix=f"/{version}", dialect=given.dialect))
                    total.add(count)
                    for difference in count.different:
                        print(f"{metadata.name} {version} {client} {name}/{difference}")
    print(f"{sum(len(image.resources) for _, image in found)} resources in {len(found)} images: {total}")
    return 1 if total.different else 0


if __name__ == "__main__":
    sys.exit(main())
