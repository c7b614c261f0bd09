"""Paths in the metadata that templates make of constants and of values: their segments, and whether Rancher serves them."""

from __future__ import annotations

from catalog_forge.adopt.setting import Setting
from catalog_forge.adopt.terms import Part, Phrase, Unliftable
from catalog_forge.spec.model.roots import RAW_ROOTS, beyond_stack, root_of


def cut(text: Phrase, separator: str) -> tuple[Phrase, ...]:
    """Split a text at the separators in its known parts."""
    found: list[list[Part]] = [[]]
    for part in text.parts:
        first, *more = part.split(separator) if isinstance(part, str) else [part]
        if first:
            found[-1].append(first)
        found += [[word] if word else [] for word in more]
    return tuple(Phrase(tuple(each)) for each in found)


def segments_of(path: Phrase) -> tuple[Phrase, ...]:
    """Split a path at its slashes. Raises Unliftable unless it is absolute and normalized."""
    segments = cut(path, "/")
    if segments[0].parts or not all(segment.parts and segment.constant not in (".", "..") for segment in segments[1:]):
        raise Unliftable(f"{shown(path)} is not a path from the root, with single slashes")
    return segments[1:]


def shown(path: Phrase) -> str:
    """Return a path as messages show it."""
    return repr(path.pattern)


def shown_segments(segments: tuple[Phrase, ...]) -> str:
    """Return the path of these segments, with a `*` for each one that is unknown."""
    return "/" + "/".join(segment.constant or "*" for segment in segments)


def serves(path: Phrase, setting: Setting) -> bool:
    """Whether Rancher may serve a path that the keys of the TOML include. Raises Unliftable if it cannot be determined."""
    known, unsure = _beginning(path)
    roots = [root for root in (*RAW_ROOTS, "/services", "/stacks") if root.startswith(known)]
    if unsure and roots and not root_of(known, RAW_ROOTS) and not beyond_stack(known):
        raise Unliftable("the beginning of a path is only known when the file is rendered")
    served = bool(root_of(known, RAW_ROOTS)) or beyond_stack(known) or known in ("/", "/self", "/version")
    if not served or setting.keys is None:
        return served
    asked = [f"{setting.prefix.rstrip('/')}/{key.strip('/')}".rstrip("/") for key in setting.keys]
    if any(known == key or known.startswith(key + "/") for key in asked):
        return True
    if any(key.startswith(known) for key in asked):
        raise Unliftable(f"only some of the keys below {known!r} are among the keys of the TOML")
    return False


def _beginning(path: Phrase) -> tuple[str, bool]:
    """Return the known beginning of a path, in whole segments, and whether an unknown part follows."""
    known = ""
    for part in path.parts:
        if not isinstance(part, str):
            return known.rpartition("/")[0], True
        known += part
    return known, False
