"""Writes the questions of an entry for Rancher 2: questions.yaml, values.yaml and values.schema.json.

The types are those of rancher/dashboard, shell/components/Questions. `multiline` is broken in Rancher 2.11.3 (dashboard#19181).
Only the schema, in draft 7 of JSON Schema, is enforced: Helm checks the values with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalog_forge.chart.carried import SAID
from catalog_forge.chart.gaps import Gaps
from catalog_forge.chart.helm import is_whole
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.questions import Question
from catalog_forge.shown import printable

# Types that have another name or no equivalent in Rancher 2. For example, users enter the name of a `service` as text.
_TYPES: Mapping[str, str] = {"service": "string", "certificate": "secret", "text": "string", "": "string"}
_KNOWN = frozenset("string multiline password boolean int enum secret".split())
_SAFE_CLASS = re.compile(r"[A-Za-z0-9 _.,:/@%+=~#-]+")
_LIMITS = ("min", "max", "min_length", "max_length")


def asked(questions: Sequence[Question], values: Mapping[str, str], gaps: Gaps) -> list[dict[str, Any]]:
    """Convert questions to the form of questions.yaml. `values` maps the variables to the proposed answers."""
    return [_question(question, values.get(question.variable, ""), gaps) for question in questions]


def _question(question: Question, value: str, gaps: Gaps) -> dict[str, Any]:
    kind = _TYPES.get(question.type, question.type)
    if question.type == "int" and not is_whole(question):
        kind = "string"
    if kind not in _KNOWN:
        kind = "string"
    if kind != question.type:
        what = f"question {question.variable}"
        gaps.add(f"question of type {question.type}", "", what, question.where, SAID["question of a type"], asked=kind)
    found: dict[str, Any] = {"variable": f"answers.{question.variable}", "label": question.label}
    if description := question.text("description"):
        found["description"] = description
    found |= {"type": kind, "required": question.required, "group": question.text("group") or "Answers"}
    if value and not question.secret:
        found["default"] = typed(question, value)
    if question.options and kind == "enum":
        found["options"] = list(question.options)
    found |= {key: int(text) for key in _LIMITS if re.fullmatch(r"[0-9]{1,9}", text := question.text(key))}
    return found | {key: question.text(key) for key in ("valid_chars", "invalid_chars") if question.text(key)}


def typed(question: Question, text: str) -> Any:
    """Convert an answer to a value of the chart: a number, a boolean or a string."""
    if is_whole(question):
        return int(text) if re.fullmatch(r"[-+]?[0-9]{1,18}", text) else 0
    return text == "true" if question.type == "boolean" and text in ("true", "false") else text


def schema_of(question: Question, whole: bool, value: str, gaps: Gaps) -> dict[str, Any]:
    """Return the JSON Schema of an answer. `whole` is True if the answer must be a whole number; `value` is the proposed answer.

    Rancher does not check answers against the limits of their questions. A limit that the question's default violates is left
    out, because Helm refuses a chart whose values do not match its schema. Raises ForgeError if an answer other than the
    default violates a limit.
    """
    found = _rule_of(question, whole)
    given = typed(question, value)
    for key in [key for key, breaks in _BROKEN.items() if value and not question.secret and key in found]:
        if _BROKEN[key](given, found[key]):
            what = f"question {question.variable}: {key}"
            if value != question.default:
                message = f"the answer {printable(value)!r} to {question.variable} breaks a limit of its question: {key}"
                raise ForgeError(message, question.where, f"choose an answer that meets {key}: {found[key]}")
            gaps.add("limit of a question", "", what, question.where, value=repr(printable(value)))
            del found[key]
    return found


_BROKEN: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, limit: value < limit,
    "maximum": lambda value, limit: value > limit,
    "minLength": lambda value, limit: len(value) < limit,
    "maxLength": lambda value, limit: len(value) > limit,
    "pattern": lambda value, pattern: re.search(pattern, value) is None,
    "enum": lambda value, options: value not in options,
}


def _rule_of(question: Question, whole: bool) -> dict[str, Any]:
    limits = {key: int(text) for key in _LIMITS if re.fullmatch(r"[0-9]{1,9}", text := question.text(key)) and int(text)}
    found: dict[str, Any] = {"title": question.label}
    if is_whole(question):
        return found | {"type": "integer"} | {f"{key}imum": limits[key] for key in ("min", "max") if key in limits}
    if question.type == "boolean" and question.text("default") in ("true", "false"):
        return found | {"type": "boolean"}
    found["type"] = "string"
    if question.options and question.type == "enum":
        return found | {"enum": list(dict.fromkeys([*question.options, *([] if question.required else [""])]))}
    least = max(limits.get("min_length", 0), 1 if question.required else 0)
    found |= {"minLength": least} if least else {}
    found |= {"maxLength": limits["max_length"]} if "max_length" in limits else {}
    return found | ({"pattern": pattern} if (pattern := _pattern(question, whole)) else {})


def _pattern(question: Question, whole: bool) -> str:
    if whole:
        return "^[0-9]+$"
    if question.type == "int":
        return "^([+-]?[0-9]+)?$"
    allowed, barred = question.text("valid_chars"), question.text("invalid_chars")
    if allowed and _SAFE_CLASS.fullmatch(allowed) and _is_class(allowed):
        return f"^[{allowed}]*$"
    return f"^[^{barred}]*$" if barred and _SAFE_CLASS.fullmatch(barred) and _is_class(barred) else ""


def _is_class(text: str) -> bool:
    try:
        re.compile(f"[{text}]")
    except re.error:
        return False
    return True


def scale_question(name: str, scale: int) -> dict[str, Any]:
    """Return a question for the number of a service's units, which Rancher 1.6 does not ask for."""
    found = {"variable": f"services.{name}.scale", "label": f"Scale of {name}", "type": "int", "required": True}
    return {**found, "group": "Scale", "default": scale, "min": 0}


def storage_questions() -> list[dict[str, Any]]:
    """Return the questions about persistent volumes."""
    group = {"group": "Storage"}
    shown = {"show_if": "persistence.enabled=true", **group}
    return [
        {"variable": "persistence.enabled", "label": "Keep the volumes", "type": "boolean", "default": True, **group},
        {"variable": "persistence.size", "label": "Size of each volume", "type": "string", "default": "8Gi", **shown},
        {"variable": "persistence.storageClass", "label": "Storage class", "type": "storageclass", "default": "", **shown},
    ]
