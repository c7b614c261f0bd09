"""The templates of an image that become blocks, and the metadata keys that these read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from catalog_forge.adopt.lifting import lift
from catalog_forge.adopt.originals import Original
from catalog_forge.adopt.setting import KeyUse, Lifted, Setting

# Of a name that is made of a number so many are declared.
_NUMBERS = ("1", "2", "3")


def lifted(original: Original, service: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Lifted]:
    """Lift what can be lifted, by dest; `metadata` are the keys that the entry tells of."""
    blank = {name for name, key in metadata.items() if key.get("required") is False and not key.get("default")}
    found = _lifted(original, service, metadata, blank)
    uses = [use for each in found.values() for use in each.keys.items()]
    # What one file needs and another does without is optional: the one that needs it prints nothing in its place.
    mixed = {name for name, use in uses if use.optional} & {name for name, use in uses if not use.optional}
    return _lifted(original, service, metadata, blank | mixed) if mixed else found


def _lifted(original: Original, service: Mapping[str, Any], metadata: Mapping[str, Any], blank: set[str]) -> dict[str, Lifted]:
    """The same, with keys that may be `blank`."""
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
            # What it reads and does not declare is missing there; the blocks read it, and the proof says what comes of that.
            made = lift(text, replace(setting, keys=None))
        if made.body is None and each.moved:
            # A keyspace that Rancher never serves: what is left without it is what the file has always been.
            made = lift(text, replace(setting, keys=None, prefix=""))
        if made.body is not None:
            found[each.resource.dest] = made
    return found


def declared(chosen: Iterable[Lifted], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a spec: what the entry tells of, and what else lifted templates read."""
    found = dict(metadata)
    for each in chosen:
        for name, use in each.keys.items():
            for one in [name.replace("*", number) for number in _NUMBERS] if "*" in name else [name]:
                found[one] = _key(use) | dict(found.get(one, {}))
                if one in metadata and not use.optional and "variable" not in found[one]:
                    # Nobody is asked for it: its values are fixed, and a file that needs it waits where there is none.
                    found[one].pop("optional", None)
    maps = [name for name, key in found.items() if key.get("type") in ("map", "list")]
    return {name: key for name, key in found.items() if not any(name.startswith(f"{above}/") for above in maps)}


def _key(use: KeyUse) -> dict[str, Any]:
    """A key as it is read."""
    if use.kind == "map":
        return {"type": "map", "optional": True, **({"fields": list(use.fields)} if use.fields else {})}
    data: dict[str, Any] = {"type": "multiline"} if use.pasted else {}
    if use.optional or use.default is not None:
        # As the key's own, a default would stand for an empty answer, too.
        data["optional"] = True
    if use.default and not use.secret:
        data["description"] = f"Without it: {use.default}"
    return {**data, **({"secret": True} if use.secret else {})}
