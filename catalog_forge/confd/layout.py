"""Lays out metadata in a store, as the keys and strings that templates read: for one spec, or for all of Rancher's metadata."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from catalog_forge.backends import PAGE, TABLE, Backend
from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.spec.model import Spec

_SURROGATE = re.compile("[\ud800-\udfff]")


def layout(spec: Spec, backend: str, values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the keys and strings that a back end stores for these values. The keys are absolute paths, whatever the store is.

    `values` maps each metadata key to its value as read from YAML: a string, number, boolean, map or list. Null, empty maps and
    empty lists are left out, like missing keys. The key of a list element contains the element's number. For records with a
    `name`, it contains the `name` instead, as in Rancher. `prefix` replaces the spec's prefix. Raises ForgeError for a key that
    the spec does not declare, or that the back end cannot store.
    """
    store, start = TABLE[backend], prefix or spec.engine.prefix
    fits = cache(store.fits)  # most keys share most of their segments
    found: dict[str, str] = {}
    for name, value in values.items():
        if name not in spec.metadata:
            hint = did_you_mean(name, spec.metadata, "declare it under `metadata`")
            raise ForgeError(f"no such metadata key: {name!r}", hint=hint)
        key = spec.metadata[name]
        numbered = key.type == "list" and "name" not in key.fields
        for path, text in _leaves(f"{start}/{name}", value, numbered):
            _check(store, fits, path, text, key.at())
            if path in found:
                hint = (
                    "the key contains the name of an element, or its number if it has no name: give each element a different name"
                )
                raise ForgeError(f"{path}: two elements of {name} have this key", key.at(), hint)
            found[path] = text
    _check_tree(found)
    if backend == "dynamodb" and sum(len(f"key{path}value{text}".encode()) for path, text in found.items()) > PAGE:
        message = "dynamodb: all keys together must be smaller than 1 MB, because confd reads only one page of the table"
        raise ForgeError(message, hint="shorten the values, or choose another back end")
    return found


def rancher_keys(answers: Answers, version: str, client: str = DEFAULT) -> dict[str, str]:
    """Return the keys and strings that confd derives from the metadata service's answer to `client` in this metadata version.

    The key of a map in a list contains the map's `name`, and the key of any other list element contains the element's
    number. If a file has these keys, as `nested` maps with all strings in quotes, confd reads the same values from the file (back
    end `file`) as from the service (back end `rancher`). Raises ForgeError if a key has both a value and keys below it, or if
    confd could not read the answer, such as an infinite number.
    """
    from catalog_forge.metadata.service import printing  # Imported here, because generating files does not need it.

    try:
        return keys_of_answer(f"/{version}", printing.to_json(answers.entry(version, client) or {}))
    except printing.NoJsonError as error:
        raise ForgeError(str(error)) from None


def keys_of_answer(path: str, body: str) -> dict[str, str]:
    """Return the keys and values that confd derives from `body`, the JSON that the metadata service answers at `path`.

    Raises ForgeError as `rancher_keys` does.
    """
    from catalog_forge.confd.imitated.store import StoreError, flatten

    try:
        found = flatten(path, body.encode())
    except StoreError as error:
        raise ForgeError(str(error)) from None
    keys = {key.decode(): text.decode() for key, text in found.items()}
    _check_tree(keys)
    return keys


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return slash-separated keys as nested maps."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *above, last = key.strip("/").split("/")
        holder = tree
        for name in above:
            holder = holder.setdefault(name, {})
        holder[last] = value
    return tree


def by_key(spec: Spec, metadata: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a service's metadata with its key in the spec. In the metadata, a key `a/b` may be a nested mapping."""
    for name, value in metadata.items():
        path = above + name
        is_above = path not in spec.metadata and any(key.startswith(f"{path}/") for key in spec.metadata)
        if is_above and isinstance(value, Mapping):
            yield from by_key(spec, value, f"{path}/")
        else:
            yield path, value


def as_variables(keys: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables from which confd's back end `env` reads these keys."""
    return {key[1:].upper().replace("/", "_"): text for key, text in keys.items()}


def prefix_of(spec: Spec, backend: str, prefix: str = "") -> str:
    """Return the prefix to give to confd for a back end. `prefix` replaces the spec's prefix.

    If confd compares keys of the back end as text, the prefix ends in a slash, so that /app does not also match /app2.
    """
    if backend == "rancher" or not spec.engine.is_stored:
        return f"/{spec.engine.metadata}" + ("/self/service/metadata" if spec.engine.is_stored else "")
    return (prefix or spec.engine.prefix) + ("/" if TABLE[backend].raw else "")


def _leaves(path: str, value: Any, numbered: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the keys and strings below a path. If `numbered`, the key of a list element contains its number, never its name."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}/{key}", item)
    elif isinstance(value, list | tuple):
        # Missing elements get no number, because the templates count only the elements that exist.
        for number, item in enumerate(item for item in value if item is not None and item not in ([], {})):
            name = item.get("name") if isinstance(item, Mapping) and not numbered else None
            yield from _leaves(f"{path}/{number if name is None else _segment(path, name)}", item)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif isinstance(value, int | float):
        from catalog_forge.confd.imitated.store import number_text  # Imported here, because only numbers need it.

        yield path, number_text(value).decode()
    elif value is not None:
        yield path, str(value)


def _segment(path: str, name: Any) -> Any:
    """Return the name of a record unchanged. Raises ForgeError if it contains a slash, which would end a segment of the key."""
    if "/" in str(name):
        raise ForgeError(f"{path}: the name {str(name)!r} cannot be part of a key", hint="it must be text without a slash")
    return name


def _check(store: Backend, fits: Callable[[str], bool], path: str, text: str, where: Where | None) -> None:
    """Raise ForgeError for a key or a value that a back end cannot store."""
    wrong = next((segment for segment in path[1:].split("/") if not fits(segment)), None)
    if wrong is not None:
        raise ForgeError(
            f"{path}: {store.name} cannot store a key with the part {wrong!r}",
            where,
            store.advice,
        )
    if not text and not store.empty:
        raise ForgeError(
            f"{path}: {store.name} does not allow empty values",
            where,
            "remove the value, and declare the key with optional: true",
        )
    if "\0" in text or _SURROGATE.search(text):
        raise ForgeError(f"{path}: the value has a character that cannot be in a text file", where, "remove this character")
    if store.most and len(text.encode()) > store.most:
        hint = "shorten the value, or choose another back end"
        raise ForgeError(f"{path}: {store.name} allows at most {store.most} bytes per value", where, hint)


def _check_tree(found: Mapping[str, str]) -> None:
    """Raise ForgeError for a key that has both a value and keys below it: confd's `ls` would list that key as its own child."""
    for path in found:
        above = path
        while above := above.rpartition("/")[0]:
            if above in found:
                raise ForgeError(
                    f"{above} has a value, and so has {path} below it", hint="a key has either a value or keys below it"
                )
