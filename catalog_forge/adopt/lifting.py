"""From the text of a hand-written template to blocks of the spec language that mean the same."""

from __future__ import annotations

from catalog_forge.adopt.setting import Lifted, Setting


def lift(text: str, setting: Setting) -> Lifted:
    """Return the blocks that mean what a template does; without them where some of it cannot be said. Nothing is raised."""
    if "{{" not in text:
        return Lifted([{"text": text}] if text else [])
    _ = setting
    return Lifted(None, "it reads metadata", 1 + text[: text.index("{{")].count("\n"))
