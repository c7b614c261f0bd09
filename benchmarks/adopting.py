"""Measures how long `adopt` takes for 30 images, as many as rancher/catalog-dockerfiles has, each with two templates that read
metadata."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from measure import Row, program, run

IMAGES = 30
DOCKERFILE = """FROM alpine:3.19
ADD https://github.com/kelseyhightower/confd/releases/download/v0.16.0/confd-0.16.0-linux-amd64 /confd
COPY conf.d /etc/confd/conf.d
COPY templates /etc/confd/templates
ENTRYPOINT ["/confd"]
CMD ["--backend", "rancher", "--prefix", "/2016-07-29"]
"""
TEMPLATES = (
    '{{range gets "/self/service/metadata/app/*"}}{{base .Key}}: {{.Value}}\n{{end}}'
    '{{range ls "/self/service/containers"}}- {{getv (printf "/self/service/containers/%s/primary_ip" .)}}\n{{end}}',
    'name={{getv "/self/container/name"}}\n'
    '{{if exists "/self/service/metadata/level"}}level={{getv "/self/service/metadata/level"}}\n{{end}}',
)


def adopt(folder: Path) -> list[Row]:
    """Measure with the embedded engine and, if CATALOG_FORGE_CONFD names one, with a real confd."""
    _images(folder)
    confd = os.environ.get("CATALOG_FORGE_CONFD") or shutil.which("confd")
    rows = [_row(folder, "embedded", 10)]
    return [*rows, _row(folder, "confd", 60)] if confd else rows


def _row(folder: Path, engine: str, goal: int) -> Row:
    took = run(program("catalog-forge"), "adopt", folder, "--engine", engine)
    return Row(f"`adopt` of {IMAGES} images, engine {engine}", f"{took.seconds:.1f} s", "", took.seconds, goal, "s")


def _images(folder: Path) -> None:
    for number in range(IMAGES):
        image = folder / f"app{number}-conf"
        for name in ("conf.d", "templates"):
            (image / name).mkdir(parents=True)
        (image / "Dockerfile").write_text(DOCKERFILE)
        for each, template in enumerate(TEMPLATES):
            (image / "templates" / f"{each}.tmpl").write_text(template)
            toml = f'[template]\nsrc = "{each}.tmpl"\ndest = "/etc/app/{each}"\nkeys = ["/self"]\n'
            (image / "conf.d" / f"{each}.toml").write_text(toml)
