"""Compiles collections outside the service's own stack (services of all stacks, links) and inside a loop element (labels, ports).

In metadata versions that list containers below their services (from 2015-12-19 on), a service is represented by its path,
/stacks/STACK/services/SERVICE. In version 2015-07-25, /services merges services of different stacks if they have the same
name, and only the containers of these services can be told apart. In that version, a service is represented by its first
container, as /STACK/SERVICE/CONTAINER (docs/facts/confd.md#5.4, #5.9).
"""

from __future__ import annotations

from dataclasses import replace

from catalog_forge.confd import go
from catalog_forge.confd.go import Path
from catalog_forge.confd.names import NOWHERE, Members, Names, Selection, filters_of, of_container, same
from catalog_forge.spec.expressions import Collection

_SERVICES = "/stacks/*/services/*"
_ALIKE = {"stack": "stack_name", "name": "name"}


def everywhere(names: Names, of: Collection) -> Members:
    """Compile a collection of services, in all stacks, by label. If `of.inner` is set, its elements are their containers."""
    if names.listed_by_name:
        return _by_containers(names, of)
    names.roots.add("/stacks")
    below = "/containers/*" if of.inner else ""
    service = Path("%s", ("dir (dir $c)" if of.inner else "$c",))
    active = () if of.inner or not of.filters else (f'eq ({service.child("state").value_or(_NONE)}) "active"',)
    conditions = (*_labelled(service, of), *active, *(filters_of(of) if of.inner else ()))
    selection = Selection(names.slot(str(of)), str(of), f'gets "{_SERVICES}{below}/uuid"', _PARENT, conditions)
    return Members(names.select(selection), Path("%s", ("",)), selected=True)


def _by_containers(names: Names, of: Collection) -> Members:
    """The variant of `everywhere` for version 2015-07-25, in which a service is found through its first container."""
    names.roots.add("/containers")
    stack, service, name = (of_container(leaf) for leaf in ("stack_name", "service_name", "name"))
    conditions = (*_labelled(Path("%s", ("$c",)), of), f'ne ({service}) "null"', *(filters_of(of) if of.inner else ()))
    if not of.inner:
        conditions += (f'not (contains .out (printf "\\n/%s/%s/" ({stack}) ({service})))',)
    if not of.inner and of.filters:
        names.roots.add("/services")
        conditions += (f'eq (getv (printf "/services/%s/state" ({service})) "") "active"',)
    kept = f'printf "/%s/%s/%s" ({stack}) ({service}) ({name})'
    selection = Selection(names.slot(str(of)), str(of), 'gets "/containers/*/uuid"', _PARENT, conditions, kept=kept)
    return Members(names.select(selection), Path("/containers/%s", ("",)), selected=True, holds="base %s")


def containers(names: Names, service: Collection, variable: str, filters: tuple[str, ...]) -> Members:
    """In a loop over the collection `service`, compile the containers of the service that the variable `variable` holds.

    With filters, or in version 2015-07-25, a `Selection` first finds the containers of all services in the collection.
    """
    if not filters and not names.listed_by_name:
        names.roots.add("/stacks")
        return Members(f'ls (printf "%s/containers" {variable})', Path("%s/containers/%s", (variable, "")))
    found = everywhere(names, replace(service, inner="containers", filters=filters))
    begins = f'printf "\\n%s/" (dir {variable})' if names.listed_by_name else f'printf "\\n%s/containers/" {variable}'
    path = Path("/containers/%s", ("",)) if names.listed_by_name else Path("%s/containers/%s", (variable, ""))
    return Members(f'split (join {found.list} "\\n") ({begins})', path, selected=True, holds='index (split %s "\\n") 0')


def service_field(names: Names, variable: str, path: tuple[str, ...]) -> Path:
    """Return the path of a field of the service that `variable` holds."""
    leaf = f"labels/{path[1]}" if path[0] == "label" else _ALIKE.get("/".join(path), "/".join(path))
    if not names.listed_by_name:
        return Path("%s", (variable,)).child(leaf)
    if path[0] in ("label", "labels") or leaf in ("stack_name", "name"):
        return Path("/containers/%s", (f"base {variable}",)).child("service_name" if leaf == "name" else leaf)
    names.roots.add("/services")
    return Path("/services/%s", (f"base (dir {variable})",)).child(leaf)


def optional(path: Path, default: str) -> str:
    """Return a template expression that yields a value, or `default` if the value is missing, empty or null."""
    return f'or (and (ne ({path.value_or(_NULL)}) "null") ({path.value_or(_NONE)})) {go.paren(default)}'


def needed(path: Path, name: str) -> str:
    """Return the template expression for a required value. If there is no value, confd's error contains `name`."""
    there = f'and (ne ({path.value_or(_NULL)}) "null") ({go.paren(path.term)})'
    return f"getv (or ({there}) {go.string(name + ' has no value')})"


def inner(of: Collection, base: Path) -> Members:
    """Compile the labels of an element, or the strings in one of its lists, to a collection of keys.

    In the metadata, an empty list may be null.
    """
    pattern = base.child(f"{of.inner}/{of.value}*").term
    return Members(f"gets {go.paren(pattern)}", Path("%s", ("",)), pairs=True, plain=of.inner != "labels")


def label_field(variable: str, prefix: str, field: str) -> str:
    """Return the template expression for a label's value, or for the label's name without `prefix`.

    If `field` is `word`, the result is the name with `_` in place of each `.`, `-` and `:`.
    """
    if field == "value":
        return f"{go.paren(variable)}.Value"
    name = f"base {go.paren(variable)}.Key"
    if prefix:
        name = f'replace ({name}) {go.string(prefix)} "" 1'
    for char in ".-:" if field == "word" else "":
        name = f'replace ({name}) "{char}" "_" -1'
    return name


def link(names: Names, of: Collection) -> Members:
    """Compile the containers of the service that a link points to. The linked service may be in any stack."""
    names.roots.add("/containers")
    if names.listed_by_name and not names.is_self:
        return _by_own_link(names, of)
    base = names.at("/self/service") if names.is_self else names.service(Collection("peers", "", (), NOWHERE))
    target = Path(f"{base.format}/links/%s/%s", (*base.terms, of_container("stack_name"), of_container("service_name")))
    condition = f"eq ({target.value_or(_NONE)}) {go.string(of.name)}"
    return _among_all(names, of, (condition,))


def _by_own_link(names: Names, of: Collection) -> Members:
    """The variant of `link` for version 2015-07-25, which reads the links of the container `self`.

    In that version, /services merges services of the same name, so the links of a service cannot be used.
    """
    mine = names.self_container().child(f"links/{of.name}").value_or(_NONE)
    slot = names.slot(f"target of {of}")
    target = Selection(slot, f"target of {of}", 'gets "/containers/*/uuid"', _PARENT, (f"eq ({of_container('uuid')}) ({mine})",))
    found = Path("%s", (f'replace (join {names.select(target)} "") "\\n" "" -1',))
    alike = (same(leaf, found.child(leaf).value_or(go.string("?"))) for leaf in ("stack_name", "service_name"))
    return _among_all(names, of, tuple(alike))


def named(names: Names, of: Collection) -> Members:
    """Compile the containers of a service whose name, SERVICE or STACK/SERVICE, is the value of a metadata key."""
    names.roots.add("/containers")
    name = names.metadata(of.name).value_or(_NONE)
    own = f'printf "%s/%s" ({names.at("/self/stack/name").value}) ({name})'
    wanted = f'or (and (contains ({name}) "/") ({name})) ({own})'
    path = f'printf "%s/%s" ({of_container("stack_name")}) ({of_container("service_name")})'
    return _among_all(names, of, (f"eq (toLower ({path})) (toLower ({wanted}))",))


def _among_all(names: Names, of: Collection, conditions: tuple[str, ...]) -> Members:
    source = 'gets "/containers/*/uuid"'
    selection = Selection(names.slot(str(of)), str(of), source, _PARENT, (*conditions, *filters_of(of)))
    return Members(names.select(selection), Path("%s", ("",)), selected=True)


def split(text: str, separator: str) -> Members:
    """Split the text of an element at `separator`. Drop empty parts, and the spaces around separators.

    `text` is a template expression. Up to 64 consecutive separators are replaced with one, so that there are no empty
    parts. A `Selection` could drop empty parts, but cannot be evaluated inside a loop.
    """
    between = go.string(separator)
    text = f"print {between} {go.paren(text)} {between}"
    for old in (*(f"{separator} ", f" {separator}") * 2, *(separator * 2,) * 6):
        text = f"replace {go.paren(text)} {go.string(old)} {between} -1"
    parts = f"split (trimSuffix ({text}) {between}) {between}"
    return Members(parts, Path("%s", ("",)), selected=True, plain=True)


def _labelled(holder: Path, of: Collection) -> tuple[str, ...]:
    """Return a tuple with the condition that a service or container has the collection's label. It is empty for the label `*`."""
    if of.name == "*":
        return ()
    label = holder.child(f"labels/{of.name}")
    return (f"eq ({label.value_or(_NONE)}) {go.string(of.value)}" if of.value else f"exists ({label.term})",)


_NONE, _NULL = go.string(""), go.string("null")
_PARENT = "dir (index .from .i).Key"
