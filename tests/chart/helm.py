"""Helm for tests: the templates of a chart rendered in this process, with the few functions that charts of ours call.

It takes milliseconds where building Helm takes minutes. The second tier holds it against the real Helm (test_real_helm.py).
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema
import yaml

from catalog_forge.chart.charting import Chart
from catalog_forge.gotext.builtins import BUILTINS, Function
from catalog_forge.gotext.machine import Limits, Machine
from catalog_forge.gotext.template import compile_template
from catalog_forge.gotext.values import INTS, Map, Slice, runes, unrunes

OLDEST, NEWEST = "1.25", "1.37"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return runes(value)
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _json(value: Any) -> bytes:
    made = json.dumps(_text(value) if isinstance(value, bytes) else value, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        made = made.replace(char, f"\\u{ord(char):04x}")
    return unrunes(made.replace("\x7f", "\x7f"))


def _at_least(wanted: bytes, version: bytes) -> bool:
    def parts(text: str) -> list[int]:
        return [int(number) for number in re.findall(r"[0-9]+", text)[:2]]

    return parts(_text(version)) >= parts(_text(wanted))


def _fail(message: bytes) -> bytes:
    raise ValueError(message.decode())


def _int(value: Any) -> int:
    text = _text(value)
    return 0 if re.fullmatch("|0[0-9]+", text) else int(text)  # one that begins with zero is octal, and mostly none


FUNCTIONS: Mapping[str, Function] = {
    **BUILTINS,
    "toJson": Function(_json, ("any",)),
    "toString": Function(lambda value: unrunes(_text(value)), ("any",)),
    "quote": Function(lambda value: b'"' + unrunes(_text(value)) + b'"', ("any",)),
    "replace": Function(lambda old, new, text: text.replace(old, new), ("string", "string", "string")),
    "regexReplaceAll": Function(lambda pattern, text, by: re.sub(pattern, by, text), ("string", "string", "string")),
    "int": Function(_int, ("any",)),
    "int64": Function(_int, ("any",)),
    "add": Function(lambda *values: sum(map(_int, values)), (), "any"),
    "add1": Function(lambda value: _int(value) + 1, ("any",)),
    "until": Function(lambda count: Slice(range(count), INTS), ("int",)),
    "contains": Function(lambda part, text: part in text, ("string", "string")),
    "fail": Function(_fail, ("string",)),
    "ternary": Function(lambda yes, no, test: yes if test else no, ("any", "any", "any")),
    "semverCompare": Function(_at_least, ("string", "string")),
    "sha256sum": Function(lambda text: hashlib.sha256(text).hexdigest().encode(), ("string",)),
    "substr": Function(lambda start, end, text: text[start:end], ("int", "int", "string")),
}


def _go(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Map((key.encode(), _go(each)) for key, each in value.items())
    return value.encode() if isinstance(value, str) else value


def values_of(chart: Chart, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values of a chart, with others laid over them. They are checked against its schema, as Helm does it."""
    made = yaml.safe_load(chart.plan.text("values.yaml"))
    for path, value in (given or {}).items():
        *above, last = path.split("/")
        holder = made
        for name in above:
            holder = holder[name]
        holder[last] = copy.deepcopy(value)
    jsonschema.Draft7Validator(json.loads(chart.plan.text("values.schema.json"))).validate(made)
    return made


def template(
    chart: Chart,
    given: Mapping[str, Any] | None = None,
    release: str = "es",
    namespace: str = "default",
    kubernetes: str = NEWEST,
) -> dict[str, str]:
    """What Helm makes of each template of a chart, by its name."""
    data = {
        "Values": values_of(chart, given),
        "Release": {"Name": release, "Namespace": namespace, "Revision": 1},
        "Chart": {"Name": chart.name},
        "Capabilities": {"KubeVersion": {"Version": f"v{kubernetes}.0"}},
    }
    found = {}
    for file in chart.plan.below("templates"):
        compiled = compile_template(file.path, file.content, FUNCTIONS)
        found[file.path] = Machine(compiled.codes, None, Limits()).run(file.path, _go(data)).decode()
    return found


def objects(chart: Chart, given: Mapping[str, Any] | None = None, **more: str) -> list[dict[str, Any]]:
    """The objects that a chart installs."""
    texts = template(chart, given, **more).values()
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def required(chart: Chart) -> dict[str, Any]:
    """Values for answers that have none and must have one."""
    schema = json.loads(chart.plan.text("values.schema.json"))["properties"]["answers"]["properties"]
    values = yaml.safe_load(chart.plan.text("values.yaml"))["answers"]
    found: dict[str, Any] = {}
    for name, rule in schema.items():
        if not jsonschema.Draft7Validator(rule).is_valid(values[name]):
            least = max(rule.get("minLength", 1), 1)
            number = max(1, rule.get("minimum", 1))
            found[f"answers/{name}"] = rule["enum"][0] if "enum" in rule else number if rule["type"] == "integer" else "8" * least
    return found
