"""Finds the key of a spec that determines the text at a location in a generated file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from catalog_forge.confd.resource import resource_names
from catalog_forge.errors import Where
from catalog_forge.lint.catalog import SpecFile
from catalog_forge.rancher.tree import File, keys_of
from catalog_forge.spec.launching import rendered
from catalog_forge.spec.model import ConfFile, Member, Spec
from catalog_forge.spec.shorthand import FILE_WORDS
from catalog_forge.yamlio import Map, Node, Seq, Text

Path = tuple[str, ...]

# These tables map the keys of config.yml and of the catalog block, the keys of a template resource, and the instructions and OCI
# labels of the Dockerfile to the keys of the spec that determine them.
_ENTRY = {key: ("entry", key) for key in ("version", "category", "license")} | {
    **{key: ("entry", key) for key in ("minimum_rancher_version", "maximum_rancher_version", "upgrade_from")},
    "name": ("entry", "title"),
    "projectURL": ("entry", "project_url"),
    "description": ("description",),
    "maintainer": ("maintainer",),
}
_RESOURCE = {"check_cmd": "check", "reload_cmd": "reload", **{key: key for key in ("dest", "mode", "uid", "gid")}}
_DOCKERFILE: Mapping[str, Path] = {
    "ARG BASE": ("image", "base"),
    "FROM ${BASE}": ("image", "base"),
    "ARG MAIN": ("service", "image"),
    "FROM ${MAIN}": ("service", "image"),
    "ARG CONFD_SRC": ("engine", "confd_src"),
    "ARG CONFD_SHA256": ("engine", "confd_sha256"),
    "USER": ("image", "user"),
    "VOLUME": ("files",),
}
_LABELS: Mapping[str, Path] = {
    **{"title": ("name",), "description": ("description",), "version": ("version",), "authors": ("maintainer",)},
    **{"licenses": ("entry", "license"), "url": ("entry", "project_url"), "base.name": ("image", "base")},
}
_OCI = "org.opencontainers.image."
_LABEL, _VARIABLE = re.compile(r'(?:LABEL )? *"([^"]+)"='), re.compile(r"(?:ENV )? *([A-Za-z_]\w*)=")


class Origin(NamedTuple):
    """What to change in a spec: `words` for a hint, and the `line` of the spec. It is 0 if the spec lacks the key."""

    words: str
    line: int = 0


def origin(source: SpecFile, file: File, where: Where, key: str = "") -> Origin:
    """Return the path and location of the spec's key that determines the text at `where` in a generated file; without words if
    the key is unknown.

    If the generated file lacks a key at `where`, `key` is the name of the missing key. The spec must have no errors.
    """
    assert isinstance(source.read, Spec)
    path = _path(source.read, file, where, key)
    root = source.file.yaml.map
    if not path or root is None:
        return Origin("")
    if path[0] == "files" and "config" in keys_of(root):
        path = (path[-1] if path[-1] in FILE_WORDS else "config",)
    return _located(source.file, root, path)


def _located(file: File, root: Map, path: Path) -> Origin:
    """Return a path in a spec with its location. If the spec has a value in short form, the path ends at that value."""
    node: Node = root
    for number, step in enumerate(path):
        if not isinstance(node, Map):
            found = _item(node, step) if isinstance(node, Seq) else None
            if found is None:
                return Origin(f"{'/'.join(path[:number])} in {node.where}", node.where.line)
            node = found
        elif step in keys_of(node):
            node = keys_of(node)[step]
        else:
            return Origin(f"{'/'.join(path)} in {file.shown or file.path}")
    return Origin(f"{'/'.join(path)} in {node.where}", node.where.line)


def _item(node: Seq, name: str) -> Node | None:
    """Find a file in the list `files` of a spec by its number, or by the last part of its `dest`."""
    for number, item in enumerate(node.items):
        dest = keys_of(item).get("dest")
        if name == str(number) or (isinstance(dest, Text) and dest.value.rpartition("/")[2] == name):
            return item
    return None


def _path(spec: Spec, file: File, where: Where, key: str) -> Path:
    if file.name.endswith(".yml"):
        node = file.yaml.node
        return _of_entry(spec, node, _at(node, where), key)
    name = file.name
    if name == "Dockerfile":
        return _of_dockerfile(spec, file, where)
    if file.folder.endswith(("/conf.d", "/templates")):
        return _of_resource(spec, file, where, key)
    before = ("image", "before") if spec.image.before else ()
    return {"README.md": ("entry", "readme"), "run.sh": ("launch",), "entrypoint.sh": before}.get(name, ())


def _at(node: Node | None, where: Where) -> Path:
    """Return the path (keys and list indexes) of the last node that begins at or before a location."""
    place = (where.line, where.column or len(where.file) + 1000)
    pairs = node.pairs if isinstance(node, Map) else ()
    items = enumerate(node.items) if isinstance(node, Seq) else ()
    begun = [(key.value, value) for key, value in pairs if (key.where.line, key.where.column) <= place]
    begun += [(str(number), item) for number, item in items if (item.where.line, item.where.column) <= place]
    return (begun[-1][0], *_at(begun[-1][1], where)) if begun else ()


def _of_entry(spec: Spec, root: Node | None, path: Path, key: str) -> Path:
    """Return the spec's key for a path in config.yml or a compose file."""
    match path:
        case ("catalog", "questions", number, *rest):
            asked = keys_of(root).get("catalog")
            questions = keys_of(asked).get("questions")
            variable = keys_of(questions.items[int(number)]).get("variable") if isinstance(questions, Seq) else None
            named = (
                name for name, each in spec.metadata.items() if isinstance(variable, Text) and each.variable == variable.value
            )
            return next((("metadata", name, *(word for word in rest[:1] if word != "variable")) for name in named), ())
        case ("catalog", word, *_):
            return _ENTRY.get(key or word, ())
        case ("services", name, *rest):
            return _of_service(spec, name, tuple(rest) or ((key,) if key else ()))
        case ("volumes", name, *_):
            return ("volumes", name) if name in spec.volumes else ("service",)
    return _ENTRY.get(key or next(iter(path), ""), ())


def _of_service(spec: Spec, name: str, rest: Path) -> Path:
    """Return the spec's key for a path below a service of a compose file."""
    if name in spec.companions:
        return ("companions", name, *rest)
    member = next((each for each in spec.members if name in (each.name, *each.sidekicks)), None)
    if member is None or not rest:
        return ("service",) if member else ()
    return _of_member(spec, member, name, rest)


def _of_metadata(spec: Spec, member: Member, path: str, home: Path) -> Path:
    """Return the spec's key for a path below the metadata of a service. `home` is the path of the service's group."""
    name = next((each for each in spec.metadata if path == each or path.startswith(f"{each}/")), "")
    fixed = member.group.metadata if member.group else {}
    return (*home, "metadata", name) if name in fixed else ("metadata", name) if name else ()


def _of_member(spec: Spec, member: Member, name: str, rest: Path) -> Path:
    """Return the spec's key for a path below a configured service or below one of its sidekicks."""
    key, group = rest[0], member.group
    named = next((word for word, each in spec.service.groups.items() if each is group), "")
    if key == "metadata":
        return _of_metadata(spec, member, "/".join(rest[1:]), ("service", "groups", named))
    is_of_group = group and (key in group.compose or key in group.places)
    home: Path = ("service", "groups", named) if is_of_group else ("service",)
    if key in (group.compose if group else {}) or key in spec.service.compose or key in ("scale", "health_check", "network_mode"):
        return (*home, *rest)
    if key == "image":
        return (*home, key) if name == member.main else ("version",)
    return {"command": ("launch", "exec"), "entrypoint": ("launch",)}.get(key, ())


def _of_resource(spec: Spec, file: File, where: Where, key: str) -> Path:
    """Return the spec's key for a line of a template resource; for a template, return the key `body`."""
    files = rendered(spec)
    stem = file.name.rpartition(".")[0]
    name = dict(zip(resource_names(files), files, strict=True)).get(stem)
    if name is None:
        return ()
    home = ("files", _name_of(name, spec.files))
    if file.name.endswith(".tmpl"):
        return (*home, "body")
    line = file.lines[where.line - 1] if 0 < where.line <= len(file.lines) else ""
    word = _RESOURCE.get(key or line.partition("=")[0].strip(), "")
    return (*home, word) if word else home


def _name_of(file: ConfFile, files: tuple[ConfFile, ...]) -> str:
    """Return the name by which a path refers to a file: the last part of `dest`, or a number if several files have this name."""
    names = [each.dest.rpartition("/")[2] for each in files]
    name = file.dest.rpartition("/")[2]
    return name if names.count(name) == 1 else str(files.index(file)) if file in files else name


def _of_dockerfile(spec: Spec, file: File, where: Where) -> Path:
    """Return the spec's key for a line of the Dockerfile. LABEL and ENV may span several lines."""
    if not 0 < where.line <= len(file.lines):
        return ()
    line = file.lines[where.line - 1]
    start = where.line - 1
    while start and file.lines[start - 1].endswith("\\"):
        start -= 1
    first = file.lines[start]
    if first.startswith("LABEL ") and (label := _LABEL.match(line)):
        named = label[1] if label[1] in spec.image.labels else ""
        return ("image", "labels", named) if named else _LABELS.get(label[1].removeprefix(_OCI), ("image", "labels"))
    if first.startswith("ENV ") and (variable := _VARIABLE.match(line)):
        return ("vars", variable[1])
    return next((path for begin, path in _DOCKERFILE.items() if first.startswith(begin)), ())
