"""Measures the time and memory of `bake` for ten thousand specs, none of which has changed since it was generated."""

from __future__ import annotations

from pathlib import Path

from measure import Row, program, run

COUNT = 10_000
SPEC = """forge: 1
name: web{number}-conf
service: web=nginx:1.27.3
config: /etc/web/web.properties
reload: none
metadata: [colour]
"""


def bake(folder: Path) -> list[Row]:
    """Measure the second run, because the first run fills this machine's file cache."""
    specs = folder / "specs"
    specs.mkdir()
    for number in range(COUNT):
        (specs / f"web{number}-conf.yml").write_text(SPEC.format(number=number))
    command = [program("catalog-forge"), "-C", folder]
    run(*command, "generate")
    file = folder / "docker-bake.json"
    _, second = (run(*command, "bake", "--shards", "64", "-o", file) for _ in range(2))
    what = f"`bake` of {COUNT:,} specs, nothing changed"
    return [
        Row(what, f"{second.seconds:.1f} s", "", second.seconds, 10, "s"),
        Row(f"{what}, memory", f"{second.peak:.0f} MiB", "", second.peak, 300, "MiB"),
    ]
