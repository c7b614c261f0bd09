"""The texts that are shipped as files beside the code: Dockerfile, scripts, README. The one place that fills them in.

Their marks are [[ value ]], [% statement %] and [# comment #], because `{{` is confd's, `${` the shell's and `{%` of neither.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def _environment(package: str) -> Environment:
    # Only HTML pages are escaped. What a spec puts into the others has passed the patterns of the model.
    return Environment(
        loader=PackageLoader(package, "files"),
        undefined=StrictUndefined,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: bool(name and name.endswith(".html")),
    )


@cache
def _template(package: str, text: str) -> Template:
    return _environment(package).get_template(text)


def fill(package: str, text: str, /, **values: Any) -> str:
    """Fill in the text named `text` of a package's `files` folder. A value that it needs and is not given is an error."""
    return _template(package, text).render(**values)
