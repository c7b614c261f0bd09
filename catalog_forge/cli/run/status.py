"""Shows units to users, as a table or as lines that report changes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.stack.listing import Row


class StatusView:
    """Shows units: on a terminal as a table that is redrawn, elsewhere as a line for each change."""

    def __init__(self, err: bool = False) -> None:
        self._err = err
        self._live = (sys.stderr if err else sys.stdout).isatty()
        self._shown: dict[str, Row] = {}
        self._height = 0

    def show(self, rows: Sequence[Row]) -> None:
        """Show the current state of all units."""
        if self._live:
            self._erase()
            for line in table([("UNIT", "STATE", "HEALTH", "ADDRESS"), *map(cells, rows)]):
                click.echo(line, err=self._err)
            self._height = len(rows) + 1
        else:
            for row in rows:
                if self._shown.get(row.name) != row:
                    click.echo(" ".join(filter(None, cells(row))), err=self._err)
            for name in self._shown.keys() - {row.name for row in rows}:
                click.echo(f"{printable(name)} removed", err=self._err)
        self._shown = {row.name: row for row in rows}

    def tell(self, text: str) -> None:
        """Print a line above the table."""
        self._erase()
        click.echo(printable(text, kept="\n\t"), err=True)
        if self._live and self._shown:
            self.show(list(self._shown.values()))

    def _erase(self) -> None:
        if self._live and self._height:
            click.echo(f"\r\x1b[{self._height}A\x1b[J", nl=False, err=self._err, color=True)
        self._height = 0


def cells(row: Row) -> tuple[str, ...]:
    """Return the table cells of a unit."""
    return tuple(map(printable, (row.name, row.state, row.health, row.address)))


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
