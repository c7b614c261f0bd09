"""Measures how long `lint` takes for a catalog as large as rancher/community-catalog, and for one that is ten times as large.

`lint` is compared with Rancher's own catalog-service, which only parses catalogs. CATALOG_SERVICE is the path of its binary, and
COMMUNITY_CATALOG is a git repository that is checked in place of a generated catalog. `make bench` cannot fetch either of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from measure import Row, Run, base, by_turns, program, ratio, run, seconds

# The numbers of rancher/community-catalog: templates, revisions (one in four is a Go template), and questions in a revision.
TEMPLATES, REVISIONS, QUESTIONS = 188, 416, 7
TIMES = 10


def lint(folder: Path) -> list[Row]:
    """Measure the time and memory of `lint` for both catalogs, and compare it with catalog-service if CATALOG_SERVICE is set."""
    small = _catalog(folder / "small", 1)
    large = _catalog(folder / "large", TIMES)
    ours, many = by_turns(lambda _: _lint(small), lambda _: _lint(large))
    peak = max(each.peak for each in ours)
    what = f"`lint` of {REVISIONS} revisions"
    return [
        *_beside_the_base(small),
        *_beside_the_peer(folder, small),
        Row(f"{what}, memory", f"{peak:.0f} MiB", "", peak, 300, "MiB"),
        ratio(f"`lint` of {TIMES} times as much", "once", TIMES + 1, [many, ours]),
    ]


def upgrades(folder: Path) -> list[Row]:
    """Measure `upgrades` of a whole catalog, compared with `lint` of the same catalog."""
    catalog = Path(os.environ.get("COMMUNITY_CATALOG") or _catalog(folder, 1))
    ours = [program("catalog-forge"), "-C", catalog, "upgrades", "--format", "json"]
    return [ratio(f"`upgrades`, as {_what()}", "lint", 2, by_turns(lambda _: run(*ours), lambda _: _lint(catalog)))]


def _beside_the_base(small: Path) -> list[Row]:
    if not (other := base()):
        return []
    catalog = Path(os.environ.get("COMMUNITY_CATALOG") or small)
    runs = by_turns(lambda _: _lint(catalog), lambda _: _lint(catalog, other))
    return [ratio(_what(), "the base", 1, runs)]


def _what() -> str:
    return f"`lint` of {'rancher/community-catalog' if 'COMMUNITY_CATALOG' in os.environ else f'{REVISIONS} revisions'}"


def _beside_the_peer(folder: Path, small: Path) -> list[Row]:
    peer = os.environ.get("CATALOG_SERVICE")
    if not peer:
        runs = by_turns(lambda _: _lint(small))[0]
        return [Row(f"`lint` of {REVISIONS} revisions", f"{seconds(runs):.2f} s", "no CATALOG_SERVICE", seconds(runs), 0.6, "s")]
    catalog = Path(os.environ.get("COMMUNITY_CATALOG") or _committed(small))
    runs = by_turns(lambda _: _lint(catalog), lambda _: _serve(folder, peer, catalog))
    return [ratio(_what(), "catalog-service --validate", 0.6, runs)]


def _lint(catalog: Path, name: str = "") -> Run:
    return run(name or program("catalog-forge"), "lint", catalog, "--fail-on", "never", "-o", os.devnull)


def _serve(folder: Path, peer: str, catalog: Path) -> Run:
    """Run catalog-service in a separate folder, because it stores what it has seen."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        config = Path(home, "repo.json")
        config.write_text(json.dumps({"catalogs": {"it": {"branch": "master", "url": str(catalog.resolve())}}}))
        words = ("--validate", "--sqlite", "--migrate-db", "--track=false", f"--config={config}", f"--cache={home}/cache")
        return run("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", home, peer, *words)


def _committed(catalog: Path) -> Path:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for words in (("init", "--quiet", "--initial-branch=master"), ("add", "."), (*identity, "commit", "--quiet", "-m", "x")):
        subprocess.run(["git", "-C", str(catalog), *words], check=True)
    return catalog


def _catalog(root: Path, times: int) -> Path:
    """Write a catalog with `times` times as many templates as the real catalog, each with its revisions."""
    for number in range(TEMPLATES * times):
        entry = root / "templates" / f"entry-{number}"
        # The revisions are distributed over the templates as evenly as possible.
        count = (number + 1) * REVISIONS // TEMPLATES - number * REVISIONS // TEMPLATES
        _entry(entry, count)
    return root


def _entry(entry: Path, count: int) -> None:
    entry.mkdir(parents=True)
    title = f"name: Entry\nversion: '1.0.{count - 1}'\ndescription: One of many\ncategory: Applications\n"
    (entry / "config.yml").write_text(title + "maintainer: Jo Doe Roe <jo@example.org>\n")
    (entry / f"catalogIcon-{entry.name}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>\n')
    for revision in range(count):
        folder = entry / str(revision)
        folder.mkdir()
        (folder / "README.md").write_text("# Entry\n")
        (folder / "rancher-compose.yml").write_text(_RANCHER.format(revision=revision, questions=_questions()))
        template = int(entry.name.rpartition("-")[2]) % 4 == 0
        (folder / f"docker-compose.yml{'.tpl' if template else ''}").write_text(_DOCKER + (_TEMPLATE if template else ""))


def _questions() -> str:
    made = [
        f"  - variable: answer_{number}\n    label: Answer {number}\n    description: It is asked\n    type: string\n"
        f"    required: true\n    default: 'value {number}'\n"
        for number in range(QUESTIONS)
    ]
    switch = "  - variable: switch\n    label: Switch\n    type: boolean\n    default: 'false'\n    required: true\n"
    return "".join(made) + switch


_RANCHER = """\
version: '2'
catalog:
  name: Entry
  version: '1.0.{revision}'
  description: One of many
  questions:
{questions}services:
  web:
    scale: 2
    metadata:
      greeting: ${{answer_0}}
    health_check:
      port: 80
      interval: 2000
      response_timeout: 2000
      healthy_threshold: 2
      unhealthy_threshold: 3
      request_line: GET / HTTP/1.0
"""
_DOCKER = """\
version: '2'
services:
  web:
    image: nginx:1.27.3
    environment:
      ONE: ${answer_1}
      TWO: ${answer_2}
      THREE: ${answer_3}
      FOUR: ${answer_4}
      FIVE: ${answer_5}
      SIX: ${answer_6}
      SWITCH: ${switch}
    labels:
      io.rancher.sidekicks: web-conf
    volumes_from:
    - web-conf
  web-conf:
    image: ghcr.io/example/web-conf:1.0.0
    labels:
      io.rancher.container.start_once: 'true'
"""
_TEMPLATE = """\
{{- if eq .Values.switch "true" }}
  more:
    image: nginx:1.27.3
{{- end }}
"""
