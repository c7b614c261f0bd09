"""Data as the text of a Helm template: block YAML in which every text is quoted, and answers are put in by Helm, quoted too.

Nothing of an entry is read as a template, or changes the structure of the YAML: texts are written as JSON, which YAML contains
(https://yaml.org/spec/1.2.2/), answers go through Helm's `toJson`, and `{{` is written by an action.
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
"""What stands behind the name of a Service in the DNS of the cluster."""
ORDINALS = 'semverCompare ">=1.27-0" $.Capabilities.KubeVersion.Version'
"""Whether the pods of a StatefulSet can be counted from another number than 0."""

# What YAML's readers refuse as it is, and JSON does not escape.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*")
# So many digits stay as they are: Helm reads numbers as JSON does.
_WHOLE = re.compile("-?(?:0|[1-9][0-9]{0,14})")
_TRUTHS = frozenset("y n yes no true false on off null".split())


class Verbatim(str):
    """A scalar as it is written: YAML in which a template may stand."""


class Expanded(str):
    """A text in which Kubernetes expands `$(NAME)`: its dollars are doubled."""


@dataclass(frozen=True, slots=True)
class OnlyWhen:
    """A value of a mapping, or an item of a list, that is there when Helm finds a condition true."""

    condition: str
    value: Any


@dataclass(frozen=True, slots=True)
class ForEach:
    """A pair of a mapping that Helm writes for each number `$i` below a count, `$n` counting from 1."""

    count: str
    value: Any


class JsonBlock(str):
    """A text with template actions in it that has a line to itself: it is written as a YAML block."""


def of_release(name: str) -> Verbatim:
    """Return the name of an object that each release has for itself, after the name of the release; actions may stand in it."""
    return Verbatim(f'"{{{{ $.Release.Name }}}}-{name}"')


def quoted(text: str) -> str:
    """Return a text as a JSON string that YAML and Go read alike."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


class HelmWriter:
    """Writes data; `marks` tell which answers stand in it."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def text(self, data: Any) -> str:
        """Return data as block YAML."""
        return "\n".join(self._lines(data)) + "\n"

    def scalar(self, value: Any) -> str:
        """Return a scalar: quoted, or a number; an action of Helm where an answer stands in it."""
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
        """Return a text as an expression of Helm, without the braces."""
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
            # A key without items would be null.
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
            # A guard before the first key of an item stands behind an item that begins on the next line.
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
    """Return the answer to a question as an expression: a number as one, everything else as it was given."""
    path = f"$.Values.answers.{question.variable}"
    return f"(int64 {path})" if is_whole(question) else path


def whole(question: Question) -> str:
    """Return the answer to a question as an expression of a whole number; Helm reads no number that begins with zeros."""
    path = f"$.Values.answers.{question.variable}"
    return f"int64 {path}" if is_whole(question) else f'int64 (regexReplaceAll "^0+" (toString {path}) "")'


def is_whole(question: Question) -> bool:
    """Whether the answer is a number among the values of the chart: not where it may be empty, or is more than a number."""
    return question.type == "int" and (_WHOLE.fullmatch(question.default) is not None if question.default else question.required)
