"""Templates become blocks that mean the same, and nothing else."""

from __future__ import annotations

from catalog_forge.adopt.lifting import lift
from catalog_forge.adopt.setting import Setting


def test_a_text_is_itself() -> None:
    assert lift("a\nb\n", Setting()).body == [{"text": "a\nb\n"}]
