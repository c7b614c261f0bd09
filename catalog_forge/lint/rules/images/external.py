"""CF79x: findings of hadolint and shellcheck in images, if they are installed. Each program runs once for all files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Hit, Level
from catalog_forge.lint.images.external import Remark, Silent, ask
from catalog_forge.lint.images.inside import inside
from catalog_forge.lint.runner.registry import rule

# Codes that are not reported: faults that our own rules report (base images without a fixed tag; $@, exit codes and == in
# scripts), and the remark that other files were not checked.
_OWN = frozenset(("DL3006", "DL3007", "SC2068", "SC2048", "SC2242", "SC3014", "SC1090", "SC1091"))
_LEVELS: dict[str, Level] = {"error": "warning", "warning": "warning"}
# Codes for a script that no shell can parse, and for a Dockerfile that cannot be parsed.
_BROKEN = re.compile(r"DL1000|SC10(?:09|56|72|73|6[0-9]|8[89])")


def _hit(program: str, remark: Remark | Silent, catalog: Catalog) -> Hit:
    if isinstance(remark, Silent):
        first = next(iter(catalog.images[0].folder.everything))
        return Hit(first.at(), f"{program} gave no result: {remark.why}", level="note")
    level: Level = "error" if remark.level == "error" and _BROKEN.match(remark.code) else _LEVELS.get(remark.level, "note")
    return Hit(remark.file.at(remark.line, remark.column), f"{remark.code}: {remark.message}", _page(remark.code), level=level)


def _page(code: str) -> str:
    site = "https://www.shellcheck.net/wiki/" if code.startswith("SC") else "https://github.com/hadolint/hadolint/wiki/"
    return site + code


@rule("CF790", "warning", "hadolint reports a problem", on=Catalog)
def hadolint(catalog: Catalog) -> Iterator[Hit]:
    """hadolint checks best practices for Dockerfiles, and also the shell code in RUN. The rule runs hadolint if it is installed,
    unless `--no-external` is given. A comment `# hadolint ignore=CODE` before an instruction is respected.

    Bad:
        -- images/web-conf/Dockerfile (changed) --
         FROM ${BASE}
        +RUN cd /etc && mkdir web
    Good:
        -- images/web-conf/Dockerfile (changed) --
        -ARG BASE=busybox:1.37.0
        -FROM ${BASE}
        +FROM busybox:1.37.0
    Source: https://github.com/hadolint/hadolint
    """
    files = [image.dockerfile for image in catalog.images if image.dockerfile]
    for remark in ask("hadolint", files):
        if isinstance(remark, Silent) or remark.code not in _OWN:
            yield _hit("hadolint", remark, catalog)


@rule("CF791", "warning", "shellcheck reports a problem", on=Catalog)
def shellcheck(catalog: Catalog) -> Iterator[Hit]:
    """shellcheck knows the pitfalls of shell scripts. The rule runs shellcheck on the scripts of images if it is installed,
    unless `--no-external` is given. A comment `# shellcheck disable=CODE` is respected.

    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        +cd $FOLDER
    Good:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        +cd "$FOLDER" || exit 1
    Source: https://www.shellcheck.net
    """
    files = {script.file.path: script.file for image in catalog.images for script in inside(image).scripts}
    for remark in ask("shellcheck", list(files.values())):
        if isinstance(remark, Silent) or remark.code not in _OWN:
            yield _hit("shellcheck", remark, catalog)
