"""Writes data as a Helm template: block YAML in which each string is quoted, including the answers that Helm inserts.

No text of an entry is treated as a template or changes the structure of the YAML. Strings are written as JSON, which is a subset
of YAML (https://yaml.org/spec/1.2.2/). Answers are written by Helm's `toJson`. A literal `{{` becomes an action that prints `{{`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge.chart.marks import Marks
from catalog_forge.rancher.questions import Question

DOMAIN = "{{ $.Release.Namespace }}.svc.{{ $.Values.clusterDomain }}"
"""The suffix of a Service's name in the cluster's DNS."""
ORDINALS = 'semverCompare ">=1.27-0" $.Capabilities.KubeVersion.Version'
"""A Helm condition: whether the pods of a StatefulSet can be numbered from 1 instead of 0."""

# Characters that YAML parsers refuse and that JSON does not escape.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*")
# Helm keeps whole numbers of up to 15 digits exactly, because it reads numbers as JSON does.
_WHOLE = re.compile("0|-?[1-9][0-9]{0,14}")
_TRUTHS = frozenset("y n yes no true false on off null".split())


class Verbatim(str):
    """A scalar written without quoting or escaping. It may contain template actions."""


class Expanded(str):
    """A string in which each `$` is written as `$$`, because Kubernetes would otherwise expand `$(NAME)`."""


@dataclass(frozen=True, slots=True)
class OnlyWhen:
    """A value of a mapping, or an item of a list, that exists only if a Helm condition is true."""

    condition: str
    value: Any


@dataclass(frozen=True, slots=True)
class ForEach:
    """A key-value pair that Helm writes once for each number `$i`, from 0 to `count` - 1. `$n` is `$i` + 1."""

    count: str
    value: Any


class JsonBlock(str):
    """A line of text with template actions, written as a YAML block scalar."""


def of_release(name: str) -> Verbatim:
    """Return the name of an object, prefixed with the name of the release. `name` may contain template actions."""
    return Verbatim(f'"{{{{ $.Release.Name }}}}-{name}"')


def quoted(text: str) -> str:
    """Write a string in JSON notation, which YAML and Go parse back to the same string."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


class HelmWriter:
    """Writes data as YAML, in which a Helm action replaces each mark of an answer (`marks.Marks`)."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def text(self, data: Any) -> str:
        """Return data as block YAML."""
        return "\n".join(self._lines(data)) + "\n"

    def scalar(self, value: Any) -> str:
        """Write a scalar as a quoted string, as a number or, if the scalar contains an answer, as a Helm action."""
        if isinstance(value, Verbatim):
            return value
        if isinstance(value, bool) or value is None:
            return json.dumps(value)
        if isinstance(value, int | float):
            questions = self.marks.questions(value)
            return f"{{{{ {whole(questions[0])} }}}}" if questions else json.dumps(value)
        parts = list(self.marks.parts(str(value)))
        if all(isinstance(part, str) for part in parts):
            text = str(value).replace("$", "$$") if isinstance(value, Expanded) else str(value)
            return quoted(text).replace("{{", '{{ "{{" }}')
        return f"{{{{ {self.expression(value)} | toJson }}}}"

    def expression(self, value: str) -> str:
        """Convert a string with answers to a Helm expression, without the braces."""
        doubled = isinstance(value, Expanded)
        words, values = "", []
        for part in self.marks.parts(value):
            if isinstance(part, str):
                words += (part.replace("$", "$$") if doubled else part).replace("%", "%%")
                continue
            words += "%v"
            values.append("$.Release.Name" if part is None else answer(part))
            if part is not None and doubled:
                values[-1] = f'({values[-1]} | toString | replace "$" "$$")'
        return f"printf {quoted(words)} {' '.join(values)}"

    def _lines(self, data: Any) -> Iterator[str]:
        if isinstance(data, Mapping):
            for key, value in data.items():
                yield from self._guarded(value, f"{self._key(key)}:")
        else:
            for item in data:
                yield from self._guarded(item, "-")

    def _guarded(self, value: Any, head: str) -> Iterator[str]:
        if isinstance(value, list | tuple) and value and all(isinstance(each, OnlyWhen) for each in value):
            # If all items are left out, the key is also left out, because its value would be null.
            yield f"{{{{- if or {' '.join(dict.fromkeys(f'({each.condition})' for each in value))} }}}}"
            yield from self._under(value, head)
            yield "{{- end }}"
        elif isinstance(value, OnlyWhen):
            yield f"{{{{- if {value.condition} }}}}"
            yield from self._under(value.value, head)
            yield "{{- end }}"
        elif isinstance(value, ForEach):
            yield f"{{{{- range $i := until (int ({value.count})) }}}}{{{{- $n := add1 $i }}}}"
            yield from self._under(value.value, head)
            yield "{{- end }}"
        else:
            yield from self._under(value, head)

    def _under(self, value: Any, head: str) -> Iterator[str]:
        if isinstance(value, JsonBlock):
            yield f"{head} |-"
            yield f"  {value}"
        elif not isinstance(value, Mapping | list | tuple):
            yield f"{head} {self.scalar(value)}"
        elif not value:
            yield f"{head} {'{}' if isinstance(value, Mapping) else '[]'}"
        elif head == "-":
            lines = self._lines(value)
            first = next(lines)
            # An `if` or `range` before the first key of an item needs a separate line, so the item begins on the next line.
            yield f"- {first}" if not first.startswith("{{-") else "-"
            if first.startswith("{{-"):
                yield first
            yield from map(_indented, lines)
        else:
            yield head
            yield from map(_indented, self._lines(value))

    def _key(self, key: str) -> str:
        if isinstance(key, Verbatim):
            return key
        return key if _BARE_KEY.fullmatch(key) and key.lower() not in _TRUTHS else self.scalar(key)


def _indented(line: str) -> str:
    return line if line.startswith("{{-") else f"  {line}"


def answer(question: Question) -> str:
    """Return the answer to a question as a Helm expression, which is an integer if `is_whole` is true for the question."""
    path = f"$.Values.answers.{question.variable}"
    return f"(int64 {path})" if is_whole(question) else path


def whole(question: Question) -> str:
    """Return a Helm expression for an answer that is an integer. The expression removes leading zeros, which Helm refuses."""
    path = f"$.Values.answers.{question.variable}"
    return f"int64 {path}" if is_whole(question) else f'int64 (regexReplaceAll "^0+" (toString {path}) "")'


def is_whole(question: Question) -> bool:
    """Whether the answer is a number in values.yaml. An answer that may be empty or has no numeric default is a string."""
    return question.type == "int" and (_WHOLE.fullmatch(question.default) is not None if question.default else question.required)
