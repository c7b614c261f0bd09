"""CF1xx: the folders of a catalog, and what the judges do with them."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.lint.catalog import Entry
from catalog_forge.lint.model import Hit
from catalog_forge.lint.registry import rule


@rule("CF110", "warning", "An entry has no icon", on=Entry)
def no_icon(entry: Entry) -> Iterator[Hit]:
    """The catalog shows a picture for each entry: the file beside config.yml whose name begins with `catalogIcon`.

    Bad:
        -- templates/web/catalogIcon-web.svg (absent) --
    Good:
        -- templates/web/catalogIcon-web.svg --
        <svg xmlns="http://www.w3.org/2000/svg"/>
    Source: catalog-format.md 1 and 6, "no icon"
    """
    if not entry.icons:
        yield Hit(entry.where, "the entry has no icon", f"add catalogIcon-{entry.name}.svg or .png")
