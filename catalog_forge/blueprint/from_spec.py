"""Makes a blueprint from a spec: the author's files, unchanged except for chosen values, which become questions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog_forge import yamlio
from catalog_forge.blueprint.checks import KEY
from catalog_forge.blueprint.model import read_files
from catalog_forge.blueprint.sandbox import text_of
from catalog_forge.blueprint.shipped import CONTEXT
from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.plan import File, Plan
from catalog_forge.spec.folder import MEMORY
from catalog_forge.spec.standards import leaves

MARKS = {
    "variable_start_string": "[[", "variable_end_string": "]]", "block_start_string": "[%", "block_end_string": "%]",
    "comment_start_string": "[#", "comment_end_string": "#]", "trim_blocks": True, "lstrip_blocks": True,
}  # fmt: skip
USUAL = {
    "service.image": "image",
    "service": "text",
    "version": "version",
    "image.registry": "registry",
    "maintainer": "maintainer",
}
"""The paths of the values that become questions if the user chooses no values, with the types of the answers."""

_ROOM = "[[cookiecutter.name]]/specs/[[cookiecutter.name]]"
_QUESTION = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Replaced:
    """A value that becomes a question: the question's name, and the path and the range of the value in the spec."""

    question: str
    path: str
    value: str | int | bool
    start: int
    end: int

    @property
    def template(self) -> str:
        """The template that replaces the value."""
        if isinstance(self.value, bool):
            return f"[[ 'true' if cookiecutter.{self.question} else 'false' ]]"
        return (
            f"[[ cookiecutter.{self.question} ]]"
            if isinstance(self.value, int)
            else f"[[ cookiecutter.{self.question} | jsonify ]]"
        )

    @property
    def check(self) -> dict[str, str] | None:
        """The check of an answer to the question, or None for a boolean."""
        if isinstance(self.value, bool):
            return None
        return {"type": "int" if isinstance(self.value, int) else USUAL.get(self.path, "text")}


def written(file: Path) -> Plan:
    """Return the author's files on disk: the spec in `file`, and the files in the folder with the same name next to it.

    Raises ForgeError if a file is a symbolic link, or if the files exceed the limits on a blueprint.
    """
    author = Plan([File(f"specs/{file.name}", file.read_bytes())])
    author.merge(Plan(each for each in read_files(file.with_suffix("")) if each.path != MEMORY), f"specs/{file.stem}")
    return author


def blueprint_of(spec: str, author: Plan, chosen: Iterable[str]) -> Plan:
    """Return the files of a blueprint that generates a spec, with paths relative to the blueprint's folder.

    `author` has specs/SPEC.yml and the files in specs/SPEC/. Each of `chosen` is QUESTION=PATH or only PATH, where PATH
    is the path of a value, such as service.groups.masters.scale or service/groups/masters/scale. Raises ForgeError if a chosen
    value is missing or has several lines.
    """
    file = f"specs/{spec}.yml"
    text = author.text(file)
    asked = _asked(text, file, list(chosen))
    plan = Plan()
    plan.add_text(CONTEXT, json.dumps(_context(spec, text, asked), indent=2, ensure_ascii=False) + "\n")
    parts, end = list[str](), 0
    for each in asked:
        parts += [_literal(text[end : each.start], spec), each.template]
        end = each.end
    plan.add_text(f"{_ROOM}.yml", _apart("".join([*parts, _literal(text[end:], spec)])))
    for other in author.below(f"specs/{spec}"):
        own = text_of(other.content)
        content = other.content if own is None else _apart(_literal(own, spec)).encode()
        plan.add(File(f"{_ROOM}/{other.path}", content, other.mode))
    return plan


def _asked(text: str, file: str, chosen: list[str]) -> list[Replaced]:
    values = dict(leaves(yamlio.parse(text, file)))
    usual = chosen or [path for path in USUAL if path in values and _can_be_asked(values[path])]
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tokens = {token.start: token for token in yamlio.tokens(text)}
    found: dict[str, Replaced] = {}
    for word in usual:
        question, _, path = word.rpartition("=")
        path = path if path in values else path.replace("/", ".")  # `spec set` accepts both forms
        question = question or _named(path, found)
        if path not in values:
            raise ForgeError(f"the spec has no value at {path!r}", Where(file), did_you_mean(path, values))
        if not _QUESTION.fullmatch(question) or question in ("name", *found):
            raise ForgeError(
                f"{question!r} cannot be the name of a question",
                hint="use lower-case letters, digits and _; each question needs a different name, and `name` is taken",
            )
        found[question] = _value(question, path, values[path], starts, tokens)
    return sorted(found.values(), key=lambda each: each.start)


def _named(path: str, taken: Mapping[str, object]) -> str:
    """Return the name of a question: the last part of the path, or the whole path if that name is taken."""
    words = re.sub("[^a-z0-9.]", "_", path.lower())
    last = words.rpartition(".")[2]
    return last if last not in ("name", *taken) else words.replace(".", "_")


def _value(question: str, path: str, node: yamlio.Text, starts: list[int], tokens: Mapping[int, yamlio.Token]) -> Replaced:
    value, token = node.data(), tokens.get(starts[node.where.line - 1] + node.where.column - 1)
    if token is None or not _can_be_asked(node) or not isinstance(value, str | int):
        raise ForgeError(
            f"{path} cannot become a question", node.where, "only text of one line, a whole number or a boolean can be asked for"
        )
    return Replaced(question, path, value, token.start, token.end)


def _can_be_asked(node: yamlio.Text) -> bool:
    value = node.data()
    return (
        isinstance(value, str | int) and node.style not in ("|", ">") and str(value).splitlines() in ([], [value], [str(value)])
    )


def _context(spec: str, text: str, asked: list[Replaced]) -> dict[str, Any]:
    data = yamlio.load(text, spec)
    description = str(data.get("description", "")) if isinstance(data, dict) else ""
    return {
        "name": spec,
        **{each.question: each.value if isinstance(each.value, bool) else _escaped(str(each.value)) for each in asked},
        "__prompts__": {each.question: f"Value of {each.path}" for each in asked},
        KEY: {each.question: each.check for each in asked if each.check},
        "_description": description or f"Made from the spec {spec}",
        "_jinja2_env_vars": MARKS,
    }


def _literal(text: str, spec: str) -> str:
    """Return a template that renders to `text`, but with the answer to the question `name` in place of the spec's name."""
    return re.sub(rf"(?<![A-Za-z0-9-]){re.escape(spec)}(?![A-Za-z0-9])", "[[ cookiecutter.name ]]", _escaped(text))


def _escaped(text: str) -> str:
    return re.sub(r"\[[\[%#]", lambda mark: f"[[ '{mark[0]}' ]]", text)


def _apart(template: str) -> str:
    """If a bracket precedes the delimiter `[[`, let a template print it, because Jinja reads the first two of three brackets as
    `[[`.
    """
    return re.sub(r"\[(?=\[\[ )", "[[ '[' ]]", template)
