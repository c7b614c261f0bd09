"""The stacks of an entry that run on this machine, as the processes that run them say."""

from __future__ import annotations

from typing import Any

from catalog_forge.preview.site import Opened
from catalog_forge.stack.state import StateFolder, home, known


def stacks(opened: Opened) -> dict[str, Any]:
    """Return the stacks of an entry: each with its phase, its units and what was last said of them."""
    name = opened.entry.name if opened.entry else ""
    folders = [StateFolder(home(), each) for each in known(home())]
    return {"stacks": [_stack(each) for each in folders if (kept := each.kept()) and kept.entry == name]}


def _stack(folder: StateFolder) -> dict[str, Any]:
    status = folder.status()
    is_run = folder.holder() is not None
    return {
        "name": folder.name,
        "phase": status.get("phase", "") if is_run else "stopped",
        "error": status.get("error", "") or status.get("refused", ""),
        "units": status.get("units", []) if is_run else [],
        "news": [text for _, text in status.get("news", [])],
    }
