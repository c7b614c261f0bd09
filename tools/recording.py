"""Record a real stack that picks up a change, as an animated SVG: python tools/recording.py > docs/recording.svg

Needs a Docker engine with the image of redis (tools/software.sh redis) and CATALOG_FORGE_CONFD. `tools/with_real_programs.sh`
provides the engine and confd. The lines appear at the pace at which they were printed; pauses are limited to CALM seconds.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path

from terminal import BAR, CHAR, CSS, LINE, PAD, painted

ROWS, COLUMNS = 22, 96
CALM = 1.6  # seconds
END = 5.0  # seconds for which the last picture is shown
SPEC = """forge: 1
name: redis-conf
service: redis:3.2.11
config: /usr/local/etc/redis/redis.conf
reload: restart
metadata: {maxmemory: {default: 64mb}}
"""
ASK = "catalog-forge exec redis redis redis-cli config get maxmemory"
SCENES = (
    "cat specs/redis-conf.yml",
    "catalog-forge generate; catalog-forge build -q",
    "catalog-forge up redis -d",
    ASK,
    "catalog-forge up redis -d --set maxmemory=128mb",
    f"until {ASK} | grep 134217728; do sleep 1; done".replace("; do", "\ndo"),
    "catalog-forge logs redis redis | grep launch:",
)


def recorded(command: str, folder: Path, environment: dict[str, str]) -> list[tuple[float, str]]:
    """Run a command, and return the lines that it prints, each with the number of seconds since the previous line."""
    lines: list[tuple[float, str]] = []
    last = time.monotonic()
    # The output goes to a pipe, because on a terminal `up` would overwrite its own lines.
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            now = time.monotonic()
            lines.append((now - last, line.rstrip("\n")))
            last = now
    if process.returncode:
        sys.exit(f"recording: this failed: {command}\n" + "\n".join(line for _, line in lines))
    return lines


def drawn(lines: list[tuple[float, str]]) -> str:
    """Return the animation: each line appears at its time, and the window scrolls to the last line.

    Readers who have switched animations off see the last picture.
    """
    at, times = 0.0, []
    for pause, _ in lines:
        at += min(pause, CALM)
        times.append(at)
    total = at + END
    width, height = COLUMNS * CHAR + 2 * PAD, BAR + 2 * PAD + LINE * ROWS
    beyond = [(time / total * 100, number - ROWS) for number, time in enumerate(times, start=1) if number > ROWS]
    steps = "".join(f"{percent:.2f}%{{transform:translateY(-{over * LINE}px)}}" for percent, over in beyond)
    last = max(len(lines) - ROWS, 0) * LINE
    css = [CSS, f".all{{animation:up {total:.1f}s step-end infinite}}@keyframes up{{0%{{transform:none}}{steps}}}"]
    rows = []
    for number, (when, (_, line)) in enumerate(zip(times, lines, strict=True)):
        css.append(f".l{number}{{animation:a{number} {total:.1f}s step-end infinite}}")
        css.append(f"@keyframes a{number}{{0%{{opacity:0}}{when / total * 100:.2f}%{{opacity:1}}}}")
        rows.append(
            f'<text class="l{number}" x="{PAD}" y="{BAR + PAD + LINE * (number + 1) - 6}" xml:space="preserve">'
            f"{painted(line[:COLUMNS])}</text>"
        )
    still = (
        f"@media (prefers-reduced-motion:reduce){{text,.all{{animation:none!important}}.all{{transform:translateY(-{last}px)}}}}"
    )
    title = "A running redis follows an answer that changes"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"><title>{escape(title)}</title>',
            f"<style>{''.join(css)}@media (prefers-reduced-motion:reduce){{{still}}}</style>",
            f'<rect width="{width}" height="{height}" rx="8" class="w"/>',
            f'<clipPath id="c"><rect y="{BAR + 6}" width="{width}" height="{height - BAR - 12}"/></clipPath>',
            f'<g clip-path="url(#c)"><g class="all">{"".join(rows)}</g></g>',
            f'<rect width="{width}" height="{BAR}" rx="8" class="b"/>',
            f'<text x="{PAD}" y="22" class="t">{escape(title)}</text></svg>',
        ]
    )


def main() -> None:
    """Run the commands, and write the picture to stdout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "bin/catalog-forge"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m catalog_forge "$@"\n')
        program.chmod(0o755)
        spec = folder / "catalog/specs/redis-conf.yml"
        spec.parent.mkdir(parents=True)
        spec.write_text(SPEC)
        environment = os.environ | {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "XDG_STATE_HOME": str(folder / "state"),
            "COLUMNS": str(COLUMNS),
            "PYTHONUNBUFFERED": "1",
        }
        lines: list[tuple[float, str]] = []
        try:
            for scene in SCENES:
                first, *rest = scene.split("\n")
                lines.append((CALM, f"\x1b[1m$ {first}\x1b[0m"))
                lines += [(0, f"\x1b[1m> {line}\x1b[0m") for line in rest]
                lines += recorded(scene, folder / "catalog", environment)
                lines.append((0.3, ""))
        finally:
            subprocess.run(["catalog-forge", "down", "redis", "-v"], env=environment, capture_output=True, check=False)
            subprocess.run(["docker", "rmi", "redis-conf:0.1.0"], env=environment, capture_output=True, check=False)
    print(drawn(lines))


if __name__ == "__main__":
    main()
