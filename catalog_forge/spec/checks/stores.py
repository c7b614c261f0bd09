"""Check a spec that uses a back end other than Rancher: what the spec reads, and whether each back end can store the keys."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.backends import TABLE, Backend
from catalog_forge.errors import Problem, Where
from catalog_forge.spec.expressions import Attr, Collection, Count, Expr, First, Join, Raw, Text
from catalog_forge.spec.launching import can_watch, rendered
from catalog_forge.spec.model import Condition, ConfFile, MetadataKey, Spec, WhenBlock
from catalog_forge.spec.model.bodies import blocks_of, reads_of
from catalog_forge.spec.model.frame import STORES

# Hints that tell an author what to write instead of an expression that needs Rancher's metadata.
_OWN = "values that differ between containers come from the environment: declare NAME under `vars`, and read @{env.NAME}"
_STACK = "write the name itself, or declare a key for it under `metadata`, and read @{metadata/NAME}"
_MANY = "declare a list under `metadata`, and read metadata/NAME: the members are then listed in the store"
_INSTEAD = {"self": _OWN, "self.host": _OWN, "stack": _STACK, "service": _STACK}
_HELD = ("metadata", "raw", "split")


def problems(spec: Spec) -> Iterator[Problem]:
    """Check the back ends of a spec. If a back end is not Rancher, also check the metadata keys and what the spec reads."""
    yield from _backends(spec)
    if not spec.engine.is_stored:
        return
    for backend in (TABLE[name] for name in spec.engine.backends if name in TABLE):
        yield from _prefix(spec, backend)
        for name, key in spec.metadata.items():
            yield from _key(spec, backend, name, key)
    yield from _launch(spec)
    yield from _groups(spec)
    for file in rendered(spec):
        if file.dest != f"{spec.share}/peers":  # `_launch` already refuses the settings that need the file `peers`
            yield from _file(spec, file)


def _backends(spec: Spec) -> Iterator[Problem]:
    engine = spec.engine
    if not engine.backends:
        yield Problem("engine: backend: the list is empty", engine.at("backends"), f"name at least one of {', '.join(TABLE)}")
    for number, name in enumerate(engine.backends):
        if name in engine.backends[:number]:
            yield Problem(f"engine: backend: {name} appears twice", engine.at("backends"), "remove one of the two")
    if engine.prefix and not engine.is_stored:
        hint = "leave out `prefix`, or name another back end"
        yield Problem("engine: prefix: the paths of Rancher's metadata service are fixed", engine.at("prefix"), hint)
    if engine.is_stored and engine.confd != STORES:
        hint = f"set confd: {STORES}: older releases and HEAD read etcd, ssm and vault differently"
        yield Problem(f"engine: confd {engine.confd} is supported only with the back end rancher", engine.at("confd"), hint)
    watched = any(name not in TABLE or can_watch(spec, name) for name in engine.backends)
    if "refresh" in engine.places and engine.refresh == "watch" and not watched:
        hint = "give a polling interval: refresh: 30s"
        of = " for several files" if TABLE[engine.backends[-1]].watches else ""
        yield Problem(f"engine: refresh: confd cannot watch the back end {engine.backends[-1]}{of}", engine.at("refresh"), hint)


def _prefix(spec: Spec, backend: Backend) -> Iterator[Problem]:
    """Yield a problem if the back end cannot store keys below the spec's prefix."""
    where = spec.engine.at("prefix") or spec.engine.at("backends")
    segments = spec.engine.prefix.strip("/").split("/")
    if wrong := next((segment for segment in segments if segment and not backend.fits(segment)), ""):
        yield Problem(f"engine: prefix: {backend.name} cannot store the key {wrong!r}", where, backend.advice)
    if backend.name == "vault" and segments[1:2] in (["data"], ["metadata"]):
        yield Problem(
            f"engine: prefix: {spec.engine.prefix!r} is a path of the KV engine version 2, whose keys confd cannot list",
            where,
            "mount version 1 with `vault secrets enable -version=1 -path=NAME kv`, and set prefix: /NAME/APP",
        )


def _key(spec: Spec, backend: Backend, name: str, key: MetadataKey) -> Iterator[Problem]:
    """Yield a problem if the back end cannot store a metadata key of this name, or if confd could read another key instead."""
    wrong = next((word for word in (*name.split("/"), *key.fields) if not backend.fits(word)), "")
    if wrong:
        why = " (confd reads NODE_NAME as /node/name)" if backend.name == "env" else ""
        message = f"metadata: {name}: {backend.name} cannot store a key with the part {wrong!r}{why}"
        yield Problem(message, key.at(), backend.advice)
    elif backend.raw and _is_taken(f"/{name}", spec.engine.prefix):
        message = (
            f"metadata: {name}: {backend.name} selects keys by their first characters, so confd could read a key "
            f"outside of the prefix in its place"
        )
        yield Problem(message, key.at(), f"give the key or the prefix {spec.engine.prefix!r} another name")


def _is_taken(key: str, prefix: str) -> bool:
    """Whether a key begins with the prefix but is not below it. confd would list such a key but could not strip the prefix."""
    return key == prefix or (key.startswith(prefix) and not key.startswith(f"{prefix}/"))


def _launch(spec: Spec) -> Iterator[Problem]:
    """Yield a problem for each part of `launch` that needs the list of peers."""
    launch = spec.launch
    for word, holder in (("leader", launch.leader), ("others", launch.others), ("restart", launch.restart)):
        if holder:
            hint = f"remove `{word}`: without Rancher's metadata, the containers do not know each other"
            yield _refused(spec, f"launch: {word}", "the list of peers", holder.at(), hint)
    if launch.wait.scale:
        hint = "leave out `scale`, or keep the peers in a list of `metadata`, and read it with `required: true`"
        yield _refused(spec, "wait: scale", "the list of peers", launch.wait.at("scale"), hint)


def _groups(spec: Spec) -> Iterator[Problem]:
    """Yield a problem for each group with metadata values: in a store, all groups read the same keys."""
    for name, group in spec.service.groups.items():
        if group.metadata:
            hint = "distinguish the groups by a variable: when: {env: NAME}"
            yield _refused(spec, f"groups: {name}: metadata", "values for a single group", group.at("metadata"), hint)


def _refused(spec: Spec, what: str, about: str, where: Where | None, hint: str) -> Problem:
    message = f"{what}: the back end {spec.engine.store} stores only the keys of `metadata`, not {about}"
    return Problem(message, where, hint)


def _file(spec: Spec, file: ConfFile) -> Iterator[Problem]:
    """Yield a problem for each expression and each condition in a file that needs metadata which only Rancher has."""
    for read in reads_of(file.body):
        yield from _collection(spec, read) if isinstance(read, Collection) else _text(spec, read)
    for block in blocks_of(file.body):
        for test in block.when.tests if isinstance(block, WhenBlock) else ():
            yield from _condition(spec, test)


def _condition(spec: Spec, test: Condition) -> Iterator[Problem]:
    for word, given in (("service", test.service), ("first", test.first)):
        if given:
            hint = "test a variable of the container instead: when: {env: NAME}"
            yield _refused(spec, f"when: {word}", "the services and their containers", test.at(word), hint)


def _text(spec: Spec, text: Text) -> Iterator[Problem]:
    for expr in text.expressions:
        yield from _expr(spec, expr)


def _expr(spec: Spec, expr: Expr) -> Iterator[Problem]:
    match expr.node:
        case Attr(root="self" | "stack" | "service" as root):
            yield _refused(spec, f"@{{{expr.source}}}", f"`{root}`", expr.where, _INSTEAD[root])
        case Raw(path=Text(parts=(str(start), *_))) if start.startswith("/self/"):
            yield _refused(spec, f"@{{{expr.source}}}", "`self`", expr.where, _OWN)
        case First(of=of) | Count(of=of) | Join(of=of):
            yield from _collection(spec, of, expr.where)
    if isinstance(expr.node, Join) and expr.node.item:
        yield from _text(spec, expr.node.item)


def _collection(spec: Spec, of: Collection, where: Where | None = None) -> Iterator[Problem]:
    if of.parts:
        yield from _text(spec, Text((of.parts[0],)))
    elif of.kind == "within" and of.name in _INSTEAD:
        yield _refused(spec, str(of), f"`{of.name}`", where or of.where, _INSTEAD[of.name])
    elif of.kind not in (*_HELD, "within") or (of.kind == "raw" and of.name.startswith("/self/")):
        yield _refused(spec, str(of), "containers and hosts", where or of.where, _MANY)
