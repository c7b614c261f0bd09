"""Blueprints for tests, written to a temporary folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.helpers import tree

ROOM = "{{cookiecutter.name}}/specs/{{cookiecutter.name}}"
SPEC = """\
forge: 1
name: {{ cookiecutter.name }}
service: web=nginx:1.27.0
config: /etc/web/web.properties
metadata: [colour]
"""


def blueprint(folder: Path, files: Mapping[str, str | bytes] | None = None, /, **context: object) -> Path:
    """Write a blueprint with the usual delimiters of Jinja: `files` lie in the author's folder specs/NAME/."""
    data = {"name": "web-conf", **context}
    inside = {f"{ROOM}/{name}": content for name, content in (files or {}).items()}
    return tree(folder, {"cookiecutter.json": json.dumps(data), f"{ROOM}.yml": SPEC, **inside})


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, with a name and an address, and return what it prints."""
    names = ["-c", "user.name=Jo Doe", "-c", "user.email=jo@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", folder, *names, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    """Make a git repository of a folder, and return the commit that holds all of it."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A blueprint")
    return git(folder, "rev-parse", "HEAD")
