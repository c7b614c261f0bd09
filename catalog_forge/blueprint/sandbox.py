"""Renders untrusted templates in Jinja's sandbox, with limits on time and memory.

The sandbox follows cookiecutter's format (strict names, `jsonify`, `_jinja2_env_vars`), but has no functions whose output differs
between runs. docs/decisions/0008-blueprints-in-a-sandbox.md explains why cookiecutter itself is not used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from catalog_forge.blueprint.model import Blueprint
from catalog_forge.blueprint.shipped import CONTEXT
from catalog_forge.errors import ForgeError, Where, did_you_mean

_MARKS = frozenset(
    f"{what}_{end}_string" for what in ("block", "variable", "comment") for end in ("start", "end")
) | {"line_statement_prefix", "line_comment_prefix"}  # fmt: skip
_SWITCHES = frozenset({"trim_blocks", "lstrip_blocks", "keep_trailing_newline"})


class Sandbox:
    """Renders the templates of one blueprint. Templates cannot access Python internals, the disk, a clock or random numbers."""

    def __init__(self, blueprint: Blueprint) -> None:
        texts = {file.path: text_of(file.content) for plan in (blueprint.partials, blueprint.files) for file in plan}
        self._texts = {path: text for path, text in texts.items() if text is not None}
        if blueprint.runs_code:
            raise ForgeError(
                "this blueprint contains Python code for its templates",
                Where(CONTEXT),
                "review the code, then allow it with --trust",
            )
        options = _options(blueprint)
        try:
            self._jinja = _Environment(**options, undefined=StrictUndefined, loader=FunctionLoader(self._load), autoescape=False)
        except AssertionError as error:
            raise ForgeError(f"_jinja2_env_vars: {error}", Where(CONTEXT)) from None
        self._marks = [self._jinja.variable_start_string, self._jinja.block_start_string, self._jinja.comment_start_string]
        self._marks += [mark for name, mark in options.items() if name.endswith("_prefix")]

    def text(self, template: str, answers: Mapping[str, Any], file: str = CONTEXT) -> str:
        """Render a template that comes from `file`. Raises ForgeError with the file and line of the error."""
        if not any(mark in template for mark in self._marks):
            return template  # Most strings contain no delimiter, and compiling a template takes a millisecond.
        with self._blamed_on(file, answers):
            return self._jinja.from_string(template).render(cookiecutter=answers)

    def file(self, path: str, answers: Mapping[str, Any]) -> str:
        """Render a file of the blueprint. Raises ForgeError with the file and line of the error.

        A file in which all lines end in CRLF keeps these line endings. The lines of any other file end in LF, as in cookiecutter.
        """
        with self._blamed_on(path, answers):
            text = self._texts[path]
            is_windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
            jinja = self._jinja.overlay(newline_sequence="\r\n") if is_windows else self._jinja
            return jinja.get_template(path).render(cookiecutter=answers)

    def _load(self, name: str) -> tuple[str, str, Any] | None:
        return (self._texts[name], name, lambda: True) if name in self._texts else None

    @contextmanager
    def _blamed_on(self, file: str, answers: Mapping[str, Any]) -> Iterator[None]:
        """Turn any exception that a template raises into a ForgeError that names the file. A template can raise any exception."""
        try:
            yield
        except (TimeoutError, MemoryError):
            raise ForgeError("the template needs too much time or memory", Where(file)) from None
        except Exception as error:
            raise ForgeError(
                f"the template fails: {error}", self._place(error, file), self._advice(str(error), answers)
            ) from None

    def _advice(self, words: str, answers: Mapping[str, Any]) -> str:
        """Return a hint about a template that fails, by the words of Jinja."""
        if found := re.fullmatch(r"'dict object' has no attribute '(.*)'", words):
            return f"no question is called {found[1]!r}: {did_you_mean(found[1], answers)}"
        if found := re.match(r"No filter named '(.*)'", words):
            return did_you_mean(found[1], self._jinja.filters)
        begin, end = self._jinja.variable_start_string, self._jinja.variable_end_string
        first, last = self._jinja.block_start_string, self._jinja.block_end_string
        return f"write an answer {begin} cookiecutter.NAME {end}, a condition {first} if NAME {last} ... {first} endif {last}"

    def _place(self, error: Exception, file: str) -> Where:
        if isinstance(error, TemplateSyntaxError):
            return Where(error.filename or file, error.lineno, 1)
        where, step = Where(file), error.__traceback__
        while step:
            name = step.tb_frame.f_code.co_filename
            if name in self._texts or name == "<template>":
                where = Where(name if name in self._texts else file, step.tb_lineno, 1)
            step = step.tb_next
        return where


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with cookiecutter's `jsonify` and without random functions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters["jsonify"] = lambda value, indent=4: json.dumps(value, sort_keys=True, indent=indent)
        for names, name in ((self.filters, "random"), (self.globals, "lipsum")):
            del names[name]


def text_of(content: bytes) -> str | None:
    """Return the content as text, or None if it is binary and must be copied unchanged."""
    with suppress(UnicodeDecodeError):
        return None if b"\0" in content else content.decode()
    return None


def _options(blueprint: Blueprint) -> dict[str, Any]:
    """Return the delimiters and whitespace options that a blueprint chose. Other options of Jinja cannot be chosen."""
    given = blueprint.context.get("_jinja2_env_vars", {})
    for name, value in given.items() if isinstance(given, dict) else [("", given)]:
        if name not in _MARKS | _SWITCHES:
            raise ForgeError(f"_jinja2_env_vars: unknown {name!r}", Where(CONTEXT), did_you_mean(name, _MARKS | _SWITCHES))
        if not isinstance(value, bool if name in _SWITCHES else str) or value == "":
            raise ForgeError(f"_jinja2_env_vars: {name} cannot be {value!r}", Where(CONTEXT))
    return {"keep_trailing_newline": True, **given}
