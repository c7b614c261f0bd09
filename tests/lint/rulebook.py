"""Rules that only tests have, so that tests of what comes before and after rules hang on none that a user has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Edit, Fix, Hit
from catalog_forge.lint.runner import registry
from catalog_forge.rancher.entries import Entry


@pytest.fixture
def shouting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rules that find words in files: CF991 `SHOUT` (error, with a fix), CF992 `MUTTER` (note), CF993 breaks on `BREAK`."""
    registry.rules()
    monkeypatch.setattr(registry, "_RULES", dict(registry._RULES))
    monkeypatch.setattr(registry, "_FIXABLE", set(registry._FIXABLE))

    @registry.rule("CF991", "error", "Somebody shouts", on=Catalog, fixable=True)
    def shouts(catalog: Catalog) -> Iterator[Hit]:
        """Nobody wants to be shouted at.

        Source: tests
        """
        for path, file in catalog.tree.files.items():
            start = file.text.find("SHOUT")
            while start >= 0:
                end = file.text.index("SHOUT", start) + 5
                name = file.text[end : file.text.find("\n", end)]
                fix = Fix("speak softly", path, (Edit(start, end, "speak"),))
                yield Hit(file.offset(start), f"shouting{name} in {path}", "speak softly", fix)
                start = file.text.find("SHOUT", end)

    @registry.rule("CF992", "note", "Somebody mutters", on=Catalog)
    def mutters(catalog: Catalog) -> Iterator[Hit]:
        """Nobody can hear that.

        Source: tests
        """
        for file in catalog.tree.files.values():
            if "MUTTER" in file.text:
                yield Hit(file.offset(file.text.index("MUTTER")), "muttering")

    @registry.rule("CF993", "warning", "A rule that breaks", on=Entry)
    def breaks(entry: Entry) -> Iterator[Hit]:
        """It breaks.

        Source: tests
        """
        if entry.config and "BREAK" in entry.config.text:
            raise ZeroDivisionError("as planned\x1b[2J")
        yield from ()

    yield
