"""What the writers of pairs need of the body that they write for."""

from __future__ import annotations

from typing import Any, Protocol

from catalog_forge.confd.values import Values
from catalog_forge.spec.model import Condition, ConfFile, SetBlock


class Writer(Protocol):
    """The body of one file while its template is written: `confd.blocks.Body`."""

    file: ConfFile
    values: Values

    def pair_condition(self, value: Any) -> str:
        """The condition under which a pair is there."""

    def condition(self, condition: Condition) -> str:
        """The template code of a condition of `when`."""

    def key(self, block: SetBlock, name: str) -> str:
        """A key as the format writes it."""

    def value(self, block: SetBlock, name: str, value: Any) -> str:
        """A value as the format writes it."""
