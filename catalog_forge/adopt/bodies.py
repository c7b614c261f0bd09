"""Lifts the templates of an image to blocks, and collects the metadata keys that the templates read.

Files of key-value pairs become `set` and `copy` blocks. `proof.prove` checks later whether the blocks render the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from catalog_forge.adopt.evaluating import Evaluation
from catalog_forge.adopt.naming import Naming
from catalog_forge.adopt.originals import Original
from catalog_forge.adopt.setting import KeyUse, Lifted, Setting
from catalog_forge.adopt.terms import Unliftable
from catalog_forge.adopt.tidying import tidy
from catalog_forge.adopt.writing import Writing, key_of
from catalog_forge.confd.imitated.functions import DIALECTS, functions_of
from catalog_forge.formats import BY_NAME
from catalog_forge.gotext.parsing import SyntaxFault, parse
from catalog_forge.gotext.values import unrunes
from catalog_forge.metadata.service.tree import looks_secret
from catalog_forge.spec.shorthand import format_of

_NAME = "template"
# If a part of a key's name, such as an index, is unknown before rendering, one key is declared with each of these
# numbers in place of the unknown part.
_NUMBERS = ("1", "2", "3")
# The formats for which `set` and `copy` blocks are tried. Other formats refuse values that a text block accepts, such as quotes.
_FORMATS = ("properties", "env", "yaml", "toml")
_KEY = r"(?P<key>[A-Za-z_][\w.-]*)"
_ASIDE = re.compile(r"[ \t]*(?:#.*|\[[\w .-]+\])?")
_BARE = {"true": True, "false": False}


def lift(text: str, setting: Setting) -> Lifted:
    """Lift a template to equivalent blocks. The result has no body if blocks cannot express the template. Raises nothing."""
    source = unrunes(text)

    def line_of(start: int) -> int:
        return source.count(b"\n", 0, max(start, 0)) + 1

    try:
        parsed = parse(_NAME, source, functions_of(DIALECTS[-1]))
    except SyntaxFault as fault:
        return Lifted(None, f"the template cannot be parsed: {fault.words}", fault.line or 1)
    try:
        evaluation = Evaluation(parsed, setting, line_of)
        output = tidy(evaluation.run(_NAME))
        first = Writing(Naming(setting), line_of)
        first.blocks(output)
        naming = Naming(setting)
        first.naming.gather()
        needed = frozenset(
            name
            for name in first.always
            if key_of(name) in first.naming.keys and name.removeprefix("metadata/") not in setting.blank
        )
        writing = Writing(naming, line_of, needed)
        body, _ = writing.blocks(output)
        naming.gather()
        if name := next((name for name, use in naming.keys.items() if use.branches and not use.fields), ""):
            raise Unliftable(f"the template loops over the records below metadata/{name}, but reads none of their fields")
    except Unliftable as fault:
        return Lifted(None, fault.why, line_of(fault.start))
    except RecursionError:
        return Lifted(None, "the template is nested too deeply", 1)
    for name, use in naming.keys.items():
        use.secret = use.kind == "value" and looks_secret(name)
    for name in needed:
        naming.keys[key_of(name)].optional = False
    return Lifted(
        body,
        keys=naming.keys,
        variables=tuple(naming.variables),
        services=tuple(naming.services),
        said=tuple((*evaluation.dead, *naming.departures.values())),
        wide=naming.wide,
    )


def lifted(original: Original, service: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Lifted]:
    """Lift every template that can be lifted. Return the results by dest. `metadata` has the keys that the entry declares."""
    blank = {name for name, key in metadata.items() if key.get("required") is False and not key.get("default")}
    found = _lifted(original, service, metadata, blank)
    uses = [use for each in found.values() for use in each.keys.items()]
    # If one file needs a key that another file treats as optional, the key becomes optional. If the key is missing, all files
    # are written without the key's value.
    mixed = {name for name, use in uses if use.optional} & {name for name, use in uses if not use.optional}
    return _lifted(original, service, metadata, blank | mixed) if mixed else found


def _lifted(original: Original, service: Mapping[str, Any], metadata: Mapping[str, Any], blank: set[str]) -> dict[str, Lifted]:
    """Lift every template that can be lifted. The keys in `blank` may be empty. Return the results by dest."""
    types = {name: str(key.get("type", "string")) for name, key in metadata.items()}
    found = {}
    for each in original.files:
        if each.is_static:
            continue
        setting = Setting(
            version=original.version,
            prefix=each.moved,
            keys=each.resource.keys or None,
            service=service["name"],
            types=types,
            shared=service.get("topology", "volumes") != "volumes",
            target=original.version,
            blank=frozenset(blank),
        )
        text = each.source.decode()
        made = lift(text, setting)
        if made.body is None:
            # If the TOML does not declare a key that the template reads, confd does not fetch the key. In the
            # generated image, confd does fetch it; the comparison of the rendered files shows whether this matters.
            made = lift(text, replace(setting, keys=None))
        if made.body is None and each.moved:
            # If Rancher serves none of the keys that the template reads, the template has always been rendered without them.
            made = lift(text, replace(setting, keys=None, prefix=""))
        if made.body is not None:
            found[each.resource.dest] = made
    return found


def declared(chosen: Iterable[Lifted], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a spec: the keys that the entry declares, and those that only lifted templates read."""
    found = dict(metadata)
    for each in chosen:
        for name, use in each.keys.items():
            for one in [name.replace("*", number) for number in _NUMBERS] if "*" in name else [name]:
                found[one] = _key(use) | dict(found.get(one, {}))
                if one in metadata and not use.optional and "variable" not in found[one]:
                    # The entry gives this key a fixed value, so the key always exists, and a file may require it.
                    found[one].pop("optional", None)
    maps = [name for name, key in found.items() if key.get("type") in ("map", "list")]
    return {name: key for name, key in found.items() if not any(name.startswith(f"{above}/") for above in maps)}


def _key(use: KeyUse) -> dict[str, Any]:
    """Return the declaration of a key, derived from how the templates use the key."""
    if use.kind == "map":
        return {"type": "map", "optional": True, **({"fields": list(use.fields)} if use.fields else {})}
    data: dict[str, Any] = {"type": "multiline"} if use.pasted else {}
    if use.optional or use.default is not None:
        # The key gets no `default`, because a default would also replace an empty answer.
        data["optional"] = True
    if use.default and not use.secret:
        data["description"] = f"Without it: {use.default}"
    return {**data, **({"secret": True} if use.secret else {})}


class _NotPairs(Exception):
    """Raised if a part of a body is not a key-value pair."""


def in_pairs(lifted: Lifted, dest: str) -> Lifted | None:
    """Convert a lifted file to `set` and `copy` blocks in the format of `dest`. Return None if this is impossible or useless."""
    form = format_of(dest)
    if form not in _FORMATS or lifted.body is None:
        return None
    try:
        body = [*_blocks(lifted.body, form)]
    except _NotPairs:
        return None
    return replace(lifted, body=body, format=form) if _is_any(body) else None


def _is_any(body: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a body has a `copy` block, or a pair that depends on the metadata."""
    texts = [value for block in body for value in block.get("set", {}).values() if isinstance(value, str)]
    below = [block for block in body if "when" in block]
    return (
        any("@{" in text for text in texts)
        or any("copy" in block for block in body)
        or any(_is_any([*block["then"], *block.get("else", [])]) for block in below)
    )


def _spread(body: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Move the text on the same line as a condition into both branches of the condition, so that both consist of whole lines."""
    found: list[dict[str, Any]] = []
    for each in body:
        block = dict(each)
        if "text" in block and found and "when" in found[-1] and found[-1].pop("open", False):
            rest, broken, text = block["text"].partition("\n")
            for branch in (found[-1]["then"], found[-1]["else"]):
                branch[0] = {"text": f"{branch[0]['text']}{rest}{broken}"}
            block = {"text": text}
        branches = [block.get("then"), block.get("else")]
        before = found[-1].get("text", "\n") if found else "\n"
        if not before.endswith("\n") and all(b and len(b) == 1 and "\n" not in b[0].get("text", "\n") for b in branches):
            above, broken, start = before.rpartition("\n")
            found[-1:] = [{"text": above + broken}] if broken else []
            block |= {word: [{"text": start + block[word][0]["text"]}] for word in ("then", "else")} | {"open": True}
        found += [block] if block.get("text", "x") else []
    return [{key: value for key, value in block.items() if key != "open"} for block in found]


def _blocks(body: Sequence[Mapping[str, Any]], form: str, *, ends: bool = True) -> Iterator[dict[str, Any]]:
    body = _spread(body)
    for place, block in enumerate(body):
        last = ends and place == len(body) - 1
        if "text" in block:
            yield from _texts(block["text"], form, last=last)
        elif "when" in block:
            yield {key: [*_blocks(value, form, ends=last)] if key in ("then", "else") else value for key, value in block.items()}
        elif "list" in block:
            yield _copy(block["list"], form) or dict(block)
        else:
            raise _NotPairs


def _texts(text: str, form: str, last: bool) -> Iterator[dict[str, Any]]:
    """Convert text to blocks. Adjacent pairs become `set` blocks; comments, empty lines and sections become text blocks."""
    lines = text.split("\n")
    rest = lines.pop()
    if rest and not last:
        raise _NotPairs
    lines += [rest] if rest else []
    aside: list[str] = []
    pairs: dict[str, Any] = {}
    for line in lines:
        found = _pair(form).fullmatch(line.rstrip())
        if not found and not _ASIDE.fullmatch(line):
            raise _NotPairs
        if aside and found:
            yield {"text": "".join(aside)}
            aside.clear()
        if pairs and not found:
            yield {"set": dict(pairs)}
            pairs.clear()
        if not found:
            aside.append(f"{line}\n")
        elif found["key"] in pairs:
            raise _NotPairs
        else:
            pairs[found["key"]] = _value(found)
    yield from ([{"text": "".join(aside)}] if aside else [{"set": pairs}] if pairs else [])


def _value(found: re.Match[str]) -> Any:
    bare = found["bare"]
    if bare is None or bare.startswith("@"):
        return found["value"] or bare or ""
    return _BARE[bare] if bare in _BARE else int(bare)


def _copy(block: Mapping[str, Any], form: str) -> dict[str, Any] | None:
    """Return a `copy` block for a `list` block that prints all pairs of a metadata map. Return None for any other list."""
    if not block["of"].startswith("metadata/") or block.keys() - {"of", "item"}:
        return None
    made = BY_NAME[form]
    value = f"{made.value.opening}@{{it.value}}{made.value.closing}"
    written = [made.pair.format(key="@{it.key}", value=each).rstrip("\n") for each in (value, value.replace("it.value", "it"))]
    return {"copy": block["of"]} if block["item"] in written else None


@cache
def _pair(form: str) -> re.Pattern[str]:
    """Return the pattern that matches a pair. In typed formats, it also matches unquoted numbers, booleans and expressions."""
    made = BY_NAME[form]
    opening, closing = re.escape(made.value.opening), re.escape(made.value.closing)
    inside = rf"[^{opening}\\]*" if opening else ".*"
    bare = r"-?(?:0|[1-9][0-9]{0,8})|true|false|@{[^{}]+}" if made.typed else "(?!)"
    value = f"(?:{opening}(?P<value>{inside}){closing}|(?P<bare>{bare}))"
    return re.compile(re.escape(made.pair.rstrip("\n")).replace(r"\{key\}", _KEY).replace(r"\{value\}", value))
