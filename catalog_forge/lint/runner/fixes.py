"""Apply safe fixes to the files of a catalog, in memory. Only the text that a fix edits is changed; comments and the order
of keys are kept.

Fixes are applied in rounds until none remain: of two fixes for the same text, the second fix waits for the next round, which
checks the files again. A fix is not applied if one of Rancher's judges would then refuse something that it accepted before.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from catalog_forge.diffs import unified
from catalog_forge.lint.findings import Finding, Fix
from catalog_forge.lint.judges.layout import CONFIGS, REVISION_FILES
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.rancher.tree import File, Tree

ROUNDS = 10
_BOM = b"\xef\xbb\xbf"

# A function that returns the findings of a tree.
Find = Callable[[Tree], list[Finding]]


def mended(tree: Tree, find: Find) -> Tree:
    """Return the tree after applying every fix that its findings offer and that no judge objects to."""
    for _ in range(ROUNDS):
        changed = _applied(tree, _unopposed(tree, [finding.fix for finding in find(tree) if finding.fix]))
        if not changed:
            break
        tree = tree.with_files(changed)
    return tree


def _unopposed(tree: Tree, fixes: list[Fix]) -> list[Fix]:
    """Return the fixes that can be applied without any judge refusing more than before.

    The fixes of an entry are tried all together and, if a judge objects, one after another.
    """
    by_entry: dict[str, list[Fix]] = {}
    for fix in dict.fromkeys(fixes):
        by_entry.setdefault(_entry_of(fix.path), []).append(fix)
    return [fix for entry, some in by_entry.items() for fix in (_allowed(tree, entry, some) if entry else some)]


def _entry_of(path: str) -> str:
    """Return the folder of the entry whose verdicts depend on a file; an empty string if no verdict depends on the file."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 and parts[-1] in (*CONFIGS, *REVISION_FILES) else ""


def _allowed(tree: Tree, entry: str, fixes: list[Fix]) -> list[Fix]:
    part = Tree([file for path, file in tree.files.items() if path.startswith(f"{entry}/")], tree.inside)
    before = _refused(part)

    def is_allowed(some: list[Fix]) -> bool:
        return _refused(part.with_files(_applied(part, some))) <= before

    if is_allowed(fixes):
        return fixes
    kept: list[Fix] = []
    for fix in fixes:
        if is_allowed([*kept, fix]):
            kept.append(fix)
    return kept


def _refused(tree: Tree) -> Counter[tuple[str, str, str]]:
    """Count what each judge refuses in a tree. Line numbers are not compared, because fixes may move lines."""
    rulings = verdicts(tree).rulings
    return Counter((each.judge, each.reason, each.revision) for each in rulings if each.outcome in ("reject", "drop", "ghost"))


def changes(before: Tree, after: Tree) -> list[tuple[File | None, File]]:
    """Return the files that differ, each as a pair: the file before (None for a new file) and the file after."""
    found = ((before.get(path), file) for path, file in after.files.items())
    return [(old, new) for old, new in found if old is not new]


def diff(changed: Iterable[tuple[File | None, File]]) -> str:
    """Return the changes as a unified diff."""
    return "".join(_diff(old, new) for old, new in changed)


def _diff(old: File | None, new: File) -> str:
    return unified(old.text if old else None, new.text, new.shown or new.path)


def _applied(tree: Tree, fixes: list[Fix]) -> list[File]:
    """Return the files that the fixes change or add."""
    edits: dict[str, list[Fix]] = {}
    for fix in dict.fromkeys(fixes):
        edits.setdefault(fix.path, []).append(fix)
    changed = [new for path, some in edits.items() if (file := tree.get(path)) and (new := _edited(file, some))]
    taken = {file.path for file in changed}
    for fix in fixes:
        file = tree.get(fix.path)
        for path in fix.copies:
            if file and file.kind == "file" and path not in taken and not tree.get(path) and (copy := _copied(file, path)):
                changed.append(copy)
                taken.add(path)
    return changed


def _edited(file: File, fixes: list[Fix]) -> File | None:
    """Return the file after applying each fix that touches no edit of an earlier fix; None if the text does not change.

    Also return None if the file's text cannot be encoded back into the same bytes.
    """
    content = file.content
    mark = _BOM if content.startswith(_BOM) else b""
    if file.kind != "file" or content != mark + file.text.encode(errors="surrogatepass"):
        return None
    chosen: list[tuple[int, int, str]] = []
    for fix in fixes:
        edits = sorted((edit.start, edit.end, edit.text) for edit in fix.edits)
        if not any(_touches(edit, chosen) for edit in edits):
            for edit in edits:
                insort(chosen, edit)
    text = _replaced(file.text, chosen)
    return _with(file, mark + text.encode(errors="surrogatepass")) if text != file.text else None


def _touches(edit: tuple[int, int, str], chosen: list[tuple[int, int, str]]) -> bool:
    """Whether an edit touches one of the chosen edits, which are sorted and do not touch each other."""
    place = bisect(chosen, edit)
    beside = chosen[max(0, place - 1) : place + 1]
    return any(edit[0] <= end and start <= edit[1] for start, end, _ in beside)


def _replaced(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, new in edits:
        parts += (text[done:start], new)
        done = end
    return "".join((*parts, text[done:]))


def _copied(file: File, path: str) -> File | None:
    """Return a copy of a file at another path of its tree; None when that path is outside the part that was read."""
    shown, inside = (file.shown or file.path).split("/"), file.path.split("/")
    while shown and inside and shown[-1] == inside[-1]:
        shown.pop()
        inside.pop()
    parts = path.split("/")
    if parts[: len(inside)] != inside:
        return None
    return replace(_with(file, file.content), path=path, shown="/".join((*shown, *parts[len(inside) :])))


def _with(file: File, content: bytes) -> File:
    return replace(file, size=len(content), read=lambda: content)
