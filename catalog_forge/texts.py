"""Fills in the text templates that are shipped with the code: Dockerfile, scripts, README.

The delimiters of these templates are [[ value ]], [% statement %] and [# comment #], because `{{` has a meaning in
templates of confd, and `${` has a meaning in the shell.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any
from zlib import crc32

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined, Template
from jinja2.bccache import Bucket

_OPTIONS: dict[str, Any] = {
    "variable_start_string": "[[",
    "variable_end_string": "]]",
    "block_start_string": "[%",
    "block_end_string": "%]",
    "comment_start_string": "[#",
    "comment_end_string": "#]",
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}


class _Compiled(FileSystemBytecodeCache):
    """Caches compiled templates in the folder where Python caches compiled modules.

    Without the cache, each run of `new` would compile six templates. If the cache cannot be read or written, the template is
    compiled in each run. Jinja uses a cached template only if the source and the Python version are unchanged.
    """

    def __init__(self, folder: Path) -> None:
        kept, options = Path(cache_from_source(str(folder / "text.py"))).parent, crc32(repr(_OPTIONS).encode())
        super().__init__(str(kept), f"%s.{sys.implementation.cache_tag}.{options:08x}.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template from the cache, if the cache contains it."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # pickle and marshal may raise any exception if the file is damaged
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a compiled template to the cache, if Python is allowed to write compiled modules."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                super().dump_bytecode(bucket)


@cache
def _environment(package: str) -> Environment:
    # Values are escaped only in HTML pages. Other texts need no escaping, because the values of a spec are already validated.
    files = Path(str(import_module(package).__file__)).with_name("files")
    return Environment(
        **_OPTIONS,
        loader=PackageLoader(package, files.name),
        undefined=StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        bytecode_cache=_Compiled(files),
    )


@cache
def _template(package: str, text: str) -> Template:
    return _environment(package).get_template(text)


def fill(package: str, text: str, /, **values: Any) -> str:
    """Fill in the template `text` in the `files` folder of a package. Raises an error if the template uses a missing value."""
    return _template(package, text).render(**values)
