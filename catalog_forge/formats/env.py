"""Shell variables, to be sourced: values in single quotes, in which the shell expands nothing (POSIX, 2.2.2)."""

from catalog_forge.formats.base import Escape, Format

_SINGLE = Escape("env", opening="'", closing="'", replace=(("'", "'\\''"),), refuse="\0", any_control=True)
_DOUBLE = Escape(
    "env-double",
    replace=(("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("`", "\\`")),
    refuse="\0",
    any_control=True,
)
_NAME = Escape("name", word=True, refuse="-.~/=' ", empty=False)

ENV = Format("env", value=_SINGLE, key=_NAME, pair="{key}={value}\n", comment="# {}\n", inside={"'": _SINGLE, '"': _DOUBLE})
