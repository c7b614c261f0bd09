"""Describes the running stacks of an entry on this machine: their units, and the latest actions of their conf containers."""

from __future__ import annotations

import re
from typing import Any

from catalog_forge.errors import ForgeError
from catalog_forge.preview.site import Opened
from catalog_forge.shown import said
from catalog_forge.stack.plan import said_by
from catalog_forge.stack.state import StateFolder, home, known

# Matches the log lines that report a reload by the launch script (image/files/run.sh), or a file that confd has rewritten.
_NEWS = re.compile(r": reload\b|Target config \S+ has been updated")
_TAIL, _MOST = 200, 20


def stacks(opened: Opened) -> dict[str, Any]:
    """Return the stacks of an entry, each with its phase, its units, recent events and recent reloads."""
    name = opened.entry.name if opened.entry else ""
    folders = [StateFolder(home(), each) for each in known(home())]
    return {"stacks": [_stack(each) for each in folders if (kept := each.kept()) and kept.entry == name]}


def services() -> list[str]:
    """Return the services of the stacks that run on this machine, as STACK/SERVICE."""
    kept = (StateFolder(home(), each).kept() for each in known(home()))
    return [f"{stack.name}/{service.name}" for stack in kept if stack for service in stack.services]


def _stack(folder: StateFolder) -> dict[str, Any]:
    status = folder.status()
    is_run = folder.holder() is not None
    return {
        "name": folder.name,
        "phase": status.get("phase", "") if is_run else "stopped",
        "error": status.get("error", "") or status.get("refused", ""),
        "units": status.get("units", []) if is_run else [],
        "news": [text for _, text in status.get("news", [])],
        "reloads": _reloads(folder) if is_run else [],
    }


def _reloads(folder: StateFolder) -> list[dict[str, str]]:
    """Return the last reloads and rewritten files, the newest first, or an empty list if no engine is available."""
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.runner import StackRunner

    hide = said_by(folder.kept())
    lines: list[tuple[str, str, str]] = []
    try:
        with connect() as engine:
            runner = StackRunner(engine, folder.name)
            for each in runner.seen():
                stamped = (line.partition(" ") for line in runner.said(each, _TAIL, stamped=True).splitlines())
                lines += [(stamp, each.name, said(hide(text))) for stamp, _, text in stamped if _NEWS.search(text)]
    except ForgeError:
        return []
    return [{"time": stamp[:19], "container": name, "text": text} for stamp, name, text in sorted(lines, reverse=True)[:_MOST]]
