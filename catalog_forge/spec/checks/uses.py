"""Find the metadata keys, services and links that a spec reads, and settings that are probably mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from catalog_forge.errors import Problem, did_you_mean
from catalog_forge.spec.checks.whole import answers_fixed, used_variables
from catalog_forge.spec.expressions import Collection, Count, First, Join, Metadata, Node, Raw, Text
from catalog_forge.spec.launching import rendered
from catalog_forge.spec.model import ConfFile, CopyBlock, PasteBlock, Spec, TemplateBlock, WhenBlock
from catalog_forge.spec.model.bodies import blocks_of, reads_of, written_of
from catalog_forge.spec.model.compose_keys import labels_of
from catalog_forge.spec.model.metadata import resolve, resolve_collection

_OWN = "/self/service/metadata"


def findings(spec: Spec) -> Iterator[Problem]:
    """Yield a finding for each metadata key that is never read."""
    for name in unread(spec):
        hint = f"read it with @{{metadata/{name}}}, or leave it out"
        yield Problem(f"nothing reads the metadata key {name!r}", spec.metadata[name].at(), hint)


def warnings(spec: Spec) -> Iterator[Problem]:
    """Yield the findings of all checks of this module."""
    for check in (findings, restarted_at_once, unlabelled, of_the_old_file, readable, in_one_word):
        yield from check(spec)


def of_the_old_file(spec: Spec) -> Iterator[Problem]:
    """Yield a finding for each `check` that cannot test the new file, because the command lacks the file's path, {{.src}}."""
    for file in spec.files:
        if file.check and "{{.src}}" not in file.check:
            message = f"check: the command does not read the new file of {file.dest}, so it cannot find mistakes in this file"
            yield Problem(message, file.at("check"), "pass {{.src}}, the path of the new file; the file at `dest` is the old one")


def in_one_word(spec: Spec) -> Iterator[Problem]:
    """Yield a finding if the first element of `exec` is a whole command line: no program has such a name."""
    where = spec.launch.at("exec") if "exec" in spec.launch.places else None
    program = (spec.launch.exec[0].literal or "").strip() if where and spec.launch.exec else ""
    first, _, rest = program.partition(" ")
    # A word such as App/run continues a path with a space in it.
    if rest and ("/" not in first or rest.lstrip().startswith(("-", "/"))):
        hint = f"write each word as an element of the list: exec: {json.dumps(program.split(), ensure_ascii=False)}"
        yield Problem(f"exec: no program is called {program!r}", where, hint)


def readable(spec: Spec) -> Iterator[Problem]:
    """Yield a finding for each file that contains a secret and that everyone may read."""
    for file in spec.files:
        if file.mode and int(file.mode, 8) & 0o004 and (what := _secret_in(spec, file)):
            message = f"mode: {what}, but with mode {file.mode} everyone can read {file.dest}"
            yield Problem(message, file.at("mode"), 'leave it out for 0600, or write "0640" with the `gid` of the program')


def _secret_in(spec: Spec, file: ConfFile) -> str:
    """Return why a file is known to contain a secret; otherwise an empty string."""
    for name in (name for use in _written(file) for name in sorted(_named(spec, use)) if spec.metadata[name].hidden):
        return f"the file contains the secret {name!r}"
    return "the file is a secret" if file.secret else ""


def unlabelled(spec: Spec) -> Iterator[Problem]:
    """Yield a finding for each collection `services:LABEL=VALUE` that cannot match any service of the entry."""
    carried = {label for each in spec.composed for label in labels_of(each.compose.get("labels"))}
    seen: set[str] = set()
    for use in _uses(spec):
        if not isinstance(use, Collection) or use.kind != "services" or use.name.startswith("io.rancher.") or str(use) in seen:
            continue
        seen.add(str(use))
        values = {value for name, value in carried if name == use.name}
        if use.value not in values and not any("$" in value for value in values):
            known = [f"{name}={value}" for name, value in sorted(carried)]
            hint = did_you_mean(f"{use.name}={use.value}", known) or "add the label to a service: labels: {LABEL: VALUE}"
            yield Problem(f"{use}: no service of the entry has this label", use.where, hint)


def unread(spec: Spec) -> list[str]:
    """Return the metadata keys that no file, condition or compose key uses. The list is empty if the spec uses `template`."""
    if any(isinstance(block, TemplateBlock) for file in spec.files for block in blocks_of(file.body)):
        return []
    asked = used_variables(spec.passed)
    read = {name for name, key in spec.metadata.items() if key.variable in asked} | answers_fixed(spec)
    for use in _uses(spec):
        read |= _named(spec, use)
    return [name for name in spec.metadata if name not in read]


def known_keys(spec: Spec) -> set[str] | None:
    """Return the keys of the service's own metadata that the spec declares, or that it reads through a path below /self.

    Return None if the spec may also read other keys: in a hand-written template, or through a computed path.
    """
    if any(isinstance(block, TemplateBlock) for file in spec.files for block in blocks_of(file.body)):
        return None
    read = [use.literal for use in _uses(spec) if isinstance(use, Text) and not _meant(spec, use)]
    return None if None in read else {*spec.metadata, *filter(None, read)}


def restarted_at_once(spec: Spec) -> Iterator[Problem]:
    """Yield a finding for each file whose change restarts all containers of the service at once.

    A file is reported only if the file changes with the scale, or if the service must keep a quorum.
    """
    restarting = [file for file in rendered(spec) if file.reload.kind == "restart"] if not spec.launch.restart else []
    for file in restarting:
        if why := _of_the_scale(spec, file) or _against_a_quorum(spec):
            where = file.at("reload") or spec.launch.at("reload")
            hint = "launch: {restart: {stagger: 30s}} restarts the containers one by one"
            yield Problem(f"{file.dest} {why}", where, hint)


def _of_the_scale(spec: Spec, file: ConfFile) -> str:
    conditions = [test for block in blocks_of(file.body) if isinstance(block, WhenBlock) for test in block.when.tests]
    # The first container of a group stays the first when other containers are added or removed.
    firsts = [node.of for node in _nodes(file) if isinstance(node, First) and node.of.kind == "service"]
    own = [use for use in _of_file(file) if isinstance(use, Collection) and _is_own(spec, use)]
    if any(use not in firsts for use in own) or any(test.first for test in conditions):
        return "reads the peers: when a peer is added or removed, all containers restart at once"
    return ""


def _against_a_quorum(spec: Spec) -> str:
    for node in (node for file in rendered(spec) for node in _nodes(file)):
        if isinstance(node, Count) and node.majority and _is_own(spec, node.of):
            needs = f"quorum({node.of}) needs a majority of running containers"
            return f"restarts all containers at once when the file changes, but {needs}"
    return ""


def _nodes(file: ConfFile) -> Iterator[Node]:
    """Yield the syntax tree of each expression in a file."""
    for read in reads_of(file.body):
        yield from (expr.node for expr in read.expressions) if isinstance(read, Text) else ()


def _is_own(spec: Spec, of: Collection) -> bool:
    """Whether a collection consists of containers of the configured service or of a group of this service."""
    return of.kind in ("peers", "others") or (of.kind == "service" and any(of.name == member.name for member in spec.members))


def services(spec: Spec) -> list[str]:
    """Return the names of the services that the spec reads as `service:NAME`, without duplicates."""
    return list(dict.fromkeys(use.name for use in _uses(spec) if isinstance(use, Collection) and use.kind == "service"))


def links(spec: Spec) -> list[str]:
    """Return the aliases that the spec reads as `link:ALIAS`, without duplicates."""
    return list(dict.fromkeys(use.name for use in _uses(spec) if isinstance(use, Collection) and use.kind == "link"))


def _meant(spec: Spec, path: Text) -> set[str]:
    """Return the metadata keys that a path may refer to. A path with a nested `@{...}` refers to every key that it matches."""
    if (name := path.literal) is not None and name in spec.metadata:
        return {name}
    return {name for name, key in spec.metadata.items() if resolve({name: key}, path)}


def _named(spec: Spec, use: Text | Collection) -> set[str]:
    """Return the metadata keys that a path or a collection refers to."""
    if isinstance(use, Text):
        return _meant(spec, use)
    found = resolve_collection(spec.metadata, use) if use.kind == "metadata" else None
    return {found[0].name} if found else set()


def _uses(spec: Spec) -> Iterator[Text | Collection]:
    """Yield each path of the service's own metadata and each collection that the files and the launch of a spec read."""
    for file in rendered(spec):
        yield from _of_file(file)


def _of_file(file: ConfFile) -> Iterator[Text | Collection]:
    for read in reads_of(file.body):
        yield from _in_collection(read) if isinstance(read, Collection) else _in_text(read)
    yield from _copied(file)
    for block in blocks_of(file.body):
        if isinstance(block, WhenBlock):
            yield from (Text((test.key,)) for test in block.when.tests if test.key)


def _written(file: ConfFile) -> Iterator[Text | Collection]:
    """Yield the paths and collections whose values a file may contain. What the file only tests or counts is left out."""
    for read in written_of(file.body):
        yield from _in_collection(read) if isinstance(read, Collection) else _in_text(read, counts=False)
    yield from _copied(file)


def _copied(file: ConfFile) -> Iterator[Text]:
    """Yield the paths of the `copy` and `paste` blocks of a file."""
    for block in blocks_of(file.body):
        match block:
            case CopyBlock(copy=path):
                yield Text((path.removeprefix("metadata/"),))
            case PasteBlock(is_variable=False, path=path):
                yield path


def _in_text(text: Text, *, counts: bool = True) -> Iterator[Text | Collection]:
    """Yield the paths and collections that the expressions of a text read. With `counts`, yield also the counted collections."""
    for expr in text.expressions:
        match expr.node:
            case Metadata(path=path):
                yield path
            case Raw(path=Text(parts=(str(start), *rest))) if start.startswith(f"{_OWN}/"):
                yield Text((start.removeprefix(f"{_OWN}/"), *rest))
            case First(of=of) | Join(of=of):
                yield from _in_collection(of)
            case Count(of=of) if counts:
                yield from _in_collection(of)
        if isinstance(expr.node, Join) and expr.node.item:
            yield from _in_text(expr.node.item, counts=counts)


def _in_collection(of: Collection) -> Iterator[Text | Collection]:
    yield of
    if of.kind == "named":
        yield Text((of.name,))
    elif of.parts:
        yield from _in_text(Text((of.parts[0],)))
    elif of.kind == "raw" and of.name.startswith(f"{_OWN}/"):
        yield Text((of.name.removeprefix(f"{_OWN}/"),))
