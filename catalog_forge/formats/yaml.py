"""YAML: every value in double quotes, which hold any text; numbers and truths bare."""

from catalog_forge.formats.base import TAB, Escape, Format

_DOUBLE = Escape("yaml", opening='"', closing='"', quoted=True, any_control=True)
_SINGLE = Escape("yaml-single", replace=(("'", "''"),), controls=TAB)

YAML = Format(
    "yaml",
    value=_DOUBLE,
    key=_DOUBLE,
    pair="{key}: {value}\n",
    comment="# {}\n",
    inside={'"': _DOUBLE, "'": _SINGLE},
    typed=True,
)
