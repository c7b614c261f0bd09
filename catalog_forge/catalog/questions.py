"""Generates the questions of an entry, and the metadata block that uses their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from catalog_forge import yamlio
from catalog_forge.confd.layout import nested
from catalog_forge.spec.checks.whole import answer_in, answers_fixed, fixed_text, used_variables
from catalog_forge.spec.model import Group, MetadataKey, Spec
from catalog_forge.spec.shorthand import variable_of
from catalog_forge.yamlio import Quoted

if TYPE_CHECKING:
    from catalog_forge.rancher.questions import Question

UNWRITTEN = "the questions"


def questions(spec: Spec) -> list[dict[str, Any]]:
    """Return the questions in the order of the spec's metadata, each with its variable, label, type, default and so on."""
    found = [_question(key) for name, key in spec.metadata.items() if key.asked and _is_asked(spec, name, key)]
    if spec.service.floats:
        found.append(
            {
                "variable": tag_variable(spec),
                "label": "Image tag",
                "description": f"Tag of the image {spec.service.image}",
                "type": "string",
                "required": True,
            }
        )
    return found


def of_metadata(spec: Spec) -> list[Question]:
    """Return the questions for the metadata keys, with UNWRITTEN in place of a file name, because no file contains them."""
    from catalog_forge.rancher.questions import read  # Imported here, because an entry can be generated without this module.

    own = {key.variable for key in spec.metadata.values() if key.asked}
    return read(yamlio.parse(yamlio.dump([each for each in questions(spec) if each["variable"] in own]), UNWRITTEN))


def tag_variable(spec: Spec) -> str:
    """Return the variable of the question for the tag of the service's image."""
    return f"{variable_of(spec.service.name)}_tag"


def metadata_block(spec: Spec, group: Group | None = None) -> dict[str, Any]:
    """Return the metadata of the primary service: for each key, the variable of its answer or a fixed value.

    A key such as `elasticsearch/yml` becomes a nested mapping, which confd flattens again.
    """
    block: dict[str, Any] = {}
    fixed = group.metadata if group else {}
    for name, key in spec.metadata.items():
        if name in fixed and fixed[name] is None:
            continue
        if name in fixed:
            value: Any = literal(fixed[name], lambda text: _answered(spec, text))
        elif key.asked:
            value = f"${{{key.variable}}}"
        elif key.default is None and key.optional:
            continue
        else:
            value = literal(key.default if key.default is not None else ({} if key.type == "map" else []))
        block[name] = value
    return nested(block)


def _doubled(text: str) -> str:
    """Escape a string so that rancher-compose substitutes nothing: write each `$` as `$$` (docs/facts/catalog.md#4.12)."""
    return text.replace("$", "$$")


def literal(value: Any, written: Callable[[str], str] = _doubled) -> Any:
    """Return a copy of data with `written` applied to each string.

    By default, `written` doubles each `$`, so that rancher-compose substitutes nothing.
    """
    if isinstance(value, str):
        return written(value)
    if isinstance(value, Mapping):
        return {key: literal(item, written) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [literal(item, written) for item in value]
    return value


def _answered(spec: Spec, text: str) -> str:
    """Return a fixed metadata value of a group. Each `@{metadata/KEY}` in it is replaced with the variable of KEY's question."""
    parts = fixed_text(text).parts
    return "".join(
        _doubled(part) if isinstance(part, str) else f"${{{spec.metadata[answer_in(part)].variable}}}" for part in parts
    )


def _is_asked(spec: Spec, name: str, key: MetadataKey) -> bool:
    """Whether a question asks for a key.

    If every group sets the key to a fixed value, the question is needed only if its answer is used elsewhere."""
    groups = spec.service.groups.values()
    if not groups or any(name not in group.metadata for group in groups) or name in answers_fixed(spec):
        return True
    return bool(key.variable) and key.variable in used_variables(spec.passed)


def _question(key: MetadataKey) -> dict[str, Any]:
    kind = "password" if key.hidden and key.type not in ("multiline", "certificate") else key.type
    question: dict[str, Any] = {"variable": key.variable, "label": key.label}
    if key.description:
        question["description"] = key.description
    question |= {"type": kind, "required": bool(key.required)}
    if key.default is not None:
        question["default"] = Quoted(key.default)
    if key.options:
        question["options"] = [Quoted(option) for option in key.options]
    return question
