"""Edits one value or one metadata key of a spec, and keeps the rest as its author wrote it.

The functions are pure: they get text and return text. A path such as metadata/port/default, files/0/dest or files/redis.conf/dest
consists of keys and list items. An item is given by its number, its `dest` or its `name`. The separator is / or a dot. A key may
contain these separators, so the longest matching key is used.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from shlex import quote

from catalog_forge.errors import ForgeError, Where, did_you_mean, nearest
from catalog_forge.spec.model.metadata import MetadataKey
from catalog_forge.yamltext import Document, Edits, Entry, Piece, one_line

_SPLIT = re.compile(r"[/.]")
# A path may refer to an item of a list by the item's value for one of these keys.
_NAMING = ("dest", "name")
# The author chooses the keys of these mappings freely, so a misspelled key is not an error: it is simply a new key.
_INVENTED = ("companions", "volumes", "vars", "service/groups")


class SpecText:
    """Reads and changes the values in the text of a spec by their paths. Raises ForgeError if the text is not YAML."""

    def __init__(self, text: str, file: str) -> None:
        self.document, self.file = Document(text, file), file

    def get(self, path: str) -> str:
        """Return the source text at a path. Raises ForgeError if the path does not exist."""
        _, found, rest = self._walk(path)
        if rest:
            raise self._missing(path, found, rest)
        value = found.value
        start = self.document.line_start(value.start) if "\n" in self.document.text[found.after : value.start] else value.start
        return self.document.text[start : value.end]

    def has(self, path: str) -> bool:
        """Whether a path exists."""
        return not self._walk(path)[2]

    def set(self, path: str, words: str) -> Iterator[str]:
        """Yield candidates for the new text of the spec, with `words` as the value at `path`: first as YAML, then as plain text.

        Missing keys are added at the end of their parent. Raises ForgeError if the parent cannot have keys. Also raises
        ForgeError for a metadata key that is not declared, because its name may be misspelled; to declare a key, use `with_key`.
        """
        _, found, rest = self._walk(path)
        if name := _new_name("metadata", path, rest):
            raise self._undeclared(name, found)
        if rest and found.value.kind != "map":
            raise self._missing(path, found, rest)
        for value in _readings(words, found.value.style if not rest else ""):
            edits = Edits(self.document)
            if rest:
                *above, key = _SPLIT.split(rest) if "/" not in rest else rest.split("/")
                for each in [key, *reversed(above)]:
                    value = f"{{{one_line(each)}: {value}}}"
                source = Document(value)
                _add(edits, found, source, next(iter(source.root.value.entries.values())))
            else:
                source = Document(f"k: {value}")
                edits.replace(found, source, source.root.value.entries["k"])
            yield edits.text()

    def doubt(self, path: str) -> str:
        """Return a hint if `set` would add a name that resembles an existing name; otherwise an empty string."""
        _, found, rest = self._walk(path)
        new = "".join(_new_name(holder, path, rest) for holder in _INVENTED)
        return nearest(_SPLIT.split(new)[0], _names(found.value)) if new else ""

    def unset(self, path: str) -> str:
        """Return the text without the entry at a path.

        Raises ForgeError if no entry has this path, or if the entry is the only entry of its parent.
        """
        parent, found, rest = self._walk(path)
        if rest or parent is None:
            raise self._missing(path, found, rest)
        if len(parent.entries) == 1:
            raise ForgeError(f"{path} is the only entry of its parent", self._at(found), "remove the parent instead")
        edits = Edits(self.document)
        edits.remove(parent, found)
        return edits.text()

    def with_key(self, name: str, words: Mapping[str, str]) -> str:
        """Return the text with one more metadata key at the end. `words` maps the properties of the key to their YAML.

        Raises ForgeError if the key exists.
        """
        root = self.document.root
        metadata = root.value.entries.get("metadata")
        key = one_line(name)
        inside = "{" + ", ".join(f"{word}: {value}" for word, value in words.items()) + "}"
        edits = Edits(self.document)
        if metadata is None or not metadata.value.entries:
            source = Document(f"metadata:\n  {key}: {inside}\n")
            entry = source.root.value.entries["metadata"]
            edits.replace(metadata, source, entry) if metadata else _add(edits, root, source, entry)
            return edits.text()
        names = metadata.value.data
        if name in names:
            where = self._at(metadata.value.entries.get(name, metadata))
            raise ForgeError(f"the spec already has a metadata key {name!r}", where, "choose another name, or change this key")
        if metadata.value.kind == "list" and not words:
            source = Document(f"- {key}")
            edits.insert(metadata.value, [*metadata.value.entries.values()][-1], source, source.root.value.entries["0"])
        elif metadata.value.kind == "list":
            lines = "".join(f"  {one_line(each)}: {{}}\n" for each in names)
            source = Document(f"metadata:\n{lines}  {key}: {inside}\n")
            edits.replace(metadata, source, source.root.value.entries["metadata"])
        else:
            source = Document(f"{key}: {inside}")
            _add(edits, metadata, source, source.root.value.entries[name])
        return edits.text()

    def _walk(self, path: str) -> tuple[Piece | None, Entry, str]:
        """Follow a path to the last entry that exists. Return this entry, the node that contains it, and the rest of the path."""
        parent, found, rest = None, self.document.root, path
        while rest:
            names = _names(found.value)
            key = max((name for name in names if rest == name or rest.startswith((f"{name}/", f"{name}."))), key=len, default="")
            if not key:
                break
            parent, found, rest = found.value, names[key], rest[len(key) + 1 :]
        return parent, found, rest

    def _missing(self, path: str, found: Entry, rest: str) -> ForgeError:
        where = f" in {path[: -len(rest) - 1]}" if len(rest) < len(path) else ""
        if found.value.kind == "scalar":
            hint = "a single value has no keys: replace it by a mapping first"
        else:
            hint = did_you_mean(rest.split("/")[0], _names(found.value))
        return ForgeError(f"there is no {rest!r}{where}", self._at(found), hint)

    def _undeclared(self, name: str, found: Entry) -> ForgeError:
        """Return the error for a metadata key that is not declared. `name` is the key, or the key and one of its properties."""
        above, _, last = name.replace(".", "/").rpartition("/")
        key = name[: len(above)] if above and last in MetadataKey.__dataclass_fields__ else name
        declared = self.document.root.value.entries.get("metadata")
        known = did_you_mean(key, _names(declared.value) if declared else {})
        new = f"to add a key: catalog-forge spec add-key NAME {quote(key)}"
        return ForgeError(f"the spec declares no metadata key {key!r}", self._at(found), "; ".join(filter(None, (known, new))))

    def _at(self, entry: Entry) -> Where:
        return Where(self.file, self.document.line(entry.start), self.document.column(entry.start) + 1)


def _new_name(holder: str, path: str, rest: str) -> str:
    """Return the part of `path` after the mapping `holder`, if no piece of that part exists yet; otherwise an empty string.

    `rest` is the part of `path` that does not exist yet.
    """
    below = path[len(holder) + 1 :] if path.replace(".", "/").startswith(f"{holder}/") else ""
    return below if len(below) <= len(rest) else ""


def _names(piece: Piece) -> dict[str, Entry]:
    """Return the entries of a node by the names that a path may use: keys, or the numbers, `name` and `dest` of list items."""
    if piece.kind != "list":
        return piece.entries
    found: dict[str, Entry] = {}
    for entry in piece.entries.values():
        data = entry.value.data
        values = map(data.get, _NAMING) if entry.value.kind == "map" else [data]
        for name in (value for value in values if isinstance(value, str)):
            found.setdefault(name, entry)
            found.setdefault(posixpath.basename(name), entry)
    return found | piece.entries


def _add(edits: Edits, holder: Entry, source: Document, entry: Entry) -> None:
    """Add an entry at the end of a mapping, which may be empty."""
    last = [*holder.value.entries.values()]
    edits.insert(holder.value, last[-1] if last else None, source, entry)


def values(words: Mapping[str, object]) -> Iterator[dict[str, str]]:
    """Yield the properties of a new metadata key as YAML: first with the default unquoted, if that is valid, then as text."""
    given = {word: value for word, value in words.items() if value not in (None, ())}
    texts = {
        word: f"[{', '.join(map(one_line, value))}]" if isinstance(value, tuple) else one_line(value)
        for word, value in given.items()
        if isinstance(value, str | bool | tuple)
    }
    for default in _readings(str(given["default"])) if "default" in given else [None]:
        yield {word: default if default is not None and word == "default" else text for word, text in texts.items()}


def _readings(words: str, style: str = "") -> Iterator[str]:
    """Yield ways to write `words` in YAML: first unchanged, if they are one value on one line; then as text.

    If `style` is a quote, the text is written in such quotes if possible.
    """
    is_quoted = style in ("'", '"')
    if (not is_quoted or words[:1] in ("'", '"', "[", "{")) and _is_one(words):
        yield words
    if style == '"':
        yield json.dumps(words, ensure_ascii=False)
    elif is_quoted and words.isprintable():
        yield "'" + words.replace("'", "''") + "'"
    else:
        yield one_line(words)


def _is_one(words: str) -> bool:
    """Whether `words` are a single YAML value that can appear anywhere in a line."""
    try:
        root = Document(f"{{k: {words}}}").root.value
    except ForgeError:
        return False
    return "\n" not in words and "#" not in words and [*root.entries] == ["k"] and root.end == len(words) + 5
