"""Compiles one file of a spec to a template resource: a TOML file of confd, and its template (docs/facts/confd.md#1.1)."""

from __future__ import annotations

import posixpath
import shlex
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from catalog_forge.backends import TABLE
from catalog_forge.confd import go
from catalog_forge.confd.blocks import Body
from catalog_forge.confd.names import Names, Selection
from catalog_forge.confd.values import Values
from catalog_forge.errors import ForgeError
from catalog_forge.formats import BY_NAME
from catalog_forge.spec.launching import made, rendered
from catalog_forge.spec.model import Condition, ConfFile, FileBlock, Reload, Spec, TemplateBlock, TextBlock, WhenBlock
from catalog_forge.spec.model.roots import roots_of

# Returns the text of a file in the spec's folder. Errors are reported at the position of the block.
ReadStatic = Callable[[str, FileBlock | TemplateBlock], str]
# Maps each root to a path below it that exists in the metadata of every container that the metadata service knows.
_PRESENT = {
    "/self/service": "/self/service/name",
    "/self/container": "/self/container/name",
    "/self/stack": "/self/stack/name",
    "/self/host": "/self/host/uuid",
}
# Rancher sends an error to a container that it does not know yet, and confd reads this error as keys (docs/facts/confd.md#3.5).
_UNKNOWN = '{{if and (eq (getv "/code" "") "404") (eq (getv "/type" "") "error")}}{{getv "/self/service/name"}}{{end -}}\n'


@dataclass(frozen=True, slots=True)
class Resource:
    """A compiled template resource: its name, and the texts of its two files in the image's confd folder."""

    name: str
    toml: str
    template: str


def compile_file(spec: Spec, file: ConfFile, name: str, read_static: ReadStatic) -> Resource:
    """Compile one file of a spec.

    `name` is the resource's name, unique in the image. Raises ForgeError when the body cannot be written in the file's format.
    """
    if file.body and isinstance(file.body[0], TemplateBlock):
        block = file.body[0]
        template = read_static(block.template, block)
        # Imported here: few specs have a hand-written template, and the import also loads the parser of Go templates.
        from catalog_forge.confd import handwritten

        file_name = f"specs/{spec.name}/{block.template}"
        keys = handwritten.keys(template, file_name, roots_of(spec), spec.engine.metadata)
        _carried(spec, file, keys)
        return Resource(name, toml(spec, file, name, keys), template)
    names = Names(spec.engine.metadata, spec.service.is_self, spec.members[0].name, spec.engine.is_stored)
    kind = BY_NAME[file.format]
    values = Values(spec, replace(kind, pair=f"export {kind.pair}") if file.export else kind, names)
    body = Body(file, values, read_static).write()
    _carried(spec, file, names.roots)
    template = f"{{{{/* {spec.note} */ -}}}}\n{_prologue(values, body)}"
    secret = file.secret or values.secret
    return Resource(name, toml(spec, file, name, sorted(names.roots), secret), template)


def _carried(spec: Spec, file: ConfFile, keys: Collection[str]) -> None:
    """Raise ForgeError if a file reads metadata in topology `scripts`, in which the content of files must be constant."""
    if keys and spec.service.topology == "scripts":
        message = f"{file.dest} reads the metadata, but with topology `scripts`, files cannot depend on the metadata"
        raise ForgeError(message, file.at("body") or file.at("dest"), "choose another topology, such as `volumes`")


def resource_names(files: tuple[ConfFile, ...]) -> list[str]:
    """Name each resource after its file. If files in different folders have the same name, a number distinguishes them."""
    names: list[str] = []
    counts: Counter[str] = Counter()
    for file in files:
        name = base = posixpath.basename(file.dest)
        while counts[name]:
            counts[base] += 1
            name = f"{base}-{counts[base]}"
        counts[name] += 1
        names.append(name)
    return names


def toml(spec: Spec, file: ConfFile, name: str, keys: list[str], secret: bool = False) -> str:
    """Write the TOML of a resource.

    The keys `owner` and `group` are left out because confd ignores them. The key `prefix` is left out because its effect depends
    on the release.
    """
    mode = file.mode or ("0600" if secret or file.secret else "0644")
    lines = [f"# {spec.note}", "[template]", f"src = {go.string(name + '.tmpl')}", f"dest = {go.string(file.dest)}"]
    lines += [f"mode = {go.string(mode)}", f"uid = {file.uid}", f"gid = {file.gid}"]
    if spec.engine.is_stored and any(TABLE[backend].breaks_off for backend in spec.engine.backends):
        # The keys are listed twice: if the store disappears during the first read, the second read fails, and confd writes
        # nothing.
        keys = [*keys, *keys]
    lines += ["keys = [" + ", ".join(map(go.string, keys)) + "]"]
    if file.check:
        command = f"/etc/confd/check.sh {shlex.quote(file.check)}" if spec.asks(file) else file.check
        lines.append(f"check_cmd = {go.string(command)}")
    if file.reload.kind != "none":
        lines.append(f"reload_cmd = {go.string(_stamping(spec, file, name, mode))}")
    return "\n".join(lines) + "\n"


def actions(spec: Spec) -> list[tuple[Reload, ConfFile]]:
    """Return the distinct reloads of a spec, each with the first file that asks for it. HTTP reloads are never merged."""
    found: dict[str, tuple[Reload, ConfFile]] = {}
    for file in rendered(spec):
        if file.reload.kind != "none":
            found.setdefault(_action(file), (file.reload, file))
    # A restart makes every other reload unnecessary, so it comes first.
    return sorted(found.values(), key=lambda item: item[0].kind != "restart")


def stamps(spec: Spec) -> list[dict[str, str]]:
    """For each action, map the dest of every file that asks for the action to the path of the file's stamp.

    A stamp is a small file in the shared folder. It contains the checksum of the file to which it belongs.
    """
    files = rendered(spec)
    numbers = _numbers(spec)
    found: list[dict[str, str]] = [{} for _ in numbers]
    for file, name in zip(files, resource_names(files), strict=True):
        if file.reload.kind != "none":
            number = numbers[_action(file)]
            found[number - 1][file.dest] = _stamp(spec, number, name)
    return found


def _numbers(spec: Spec) -> dict[str, int]:
    """Return the actions of a spec, each with its number."""
    return {_action(first): number for number, (_, first) in enumerate(actions(spec), start=1)}


def _stamp(spec: Spec, number: int, name: str) -> str:
    """Return the path of the stamp of the resource `name`, whose reload is the action with this number."""
    return f"{spec.share}/changed/{number}.{name}"


def _stamping(spec: Spec, file: ConfFile, name: str, mode: str) -> str:
    """Return the command that writes the stamp of a changed file; the stamp of a secret file is as private as the file.

    confd's watch and a pass that runs at the same time may both report one change; the launch script then sees the same checksum
    twice. If the watch and the pass write different contents, the last stamp has the checksum of the final content, so no
    change is lost.
    """
    stamp = _stamp(spec, _numbers(spec)[_action(file)], name)
    new = f"{spec.share}/changed/.$$"
    # Only root may change the owner of a file; if confd runs as another user, the file already belongs to that user.
    owned = f"chown {file.uid}:{file.gid} {new} && " if spec.image.user.startswith("0:") else ""
    private = f"chmod {mode} {new} && {owned}" if mode[-1] not in "4567" else ""
    note = f"sha256sum {file.dest} > {new} && {private}mv {new} {stamp} && sha256sum -c {stamp} > /dev/null 2>&1"
    return f"{'umask 077; ' if private else ''}for try in 1 2 3; do {note} && break; done"


def _action(file: ConfFile) -> str:
    return f"{file.reload} {file.dest}" if file.reload.kind == "http" else str(file.reload)


def _prologue(values: Values, body: str) -> str:
    """Return the body, preceded by the code that it needs, such as helper templates and selections.

    If there are selections, the body becomes a separate template.
    """
    selections = list(values.names.selections.values())
    code = [values.helpers[name] for name in sorted(values.helpers)]
    code += [_walk(selection, selections, number) for number, selection in enumerate(selections)]
    if selections:
        code.append(f'{{{{define "file" -}}}}\n{go.apart_line(body)}{{{{end -}}}}\n')
    for root in sorted(values.names.roots & set(_PRESENT)):
        code.append(f"{{{{$_ := getv {go.string(_PRESENT[root])} -}}}}\n")
    if values.names.is_stored and "rancher" in values.spec.engine.backends and values.names.roots:
        code.append(_UNKNOWN)
    for name, given in sorted(values.required.items()):
        missing = go.string(f"required metadata key {name} has no value")
        code.append(f"{{{{if not ({given})}}}}{{{{getv {missing}}}}}{{{{end -}}}}\n")
    code.append(_call(selections, 0, {}) + " -}}\n" if selections else go.apart_line(body))
    return "".join(code)


def _walk(selection: Selection, selections: list[Selection], number: int) -> str:
    """Return the template that finds the elements of a selection.

    It calls itself for each element of the source, because a template's only state in confd is its argument.
    """
    earlier = {item.name: f".{item.name}" for item in selections[:number]}
    kept = "".join(f' "{name}" {value}' for name, value in earlier.items())
    step = f'(map "from" .from "i" (add .i 1) "out" OUT{kept})'
    condition = go.all_of(selection.conditions)
    nothing = f'{{{{if eq .out ""}}}}{{{{getv {go.string(selection.must)}}}}}{{{{end}}}}' if selection.must else ""
    following = _call(selections, number + 1, {**earlier, selection.name: 'split .out "\\n"'})
    name = go.string(selection.name)
    found = step.replace("OUT", f'(printf "%s\\n%s" .out {go.paren(selection.kept)})', 1)
    passed = step.replace("OUT", ".out", 1)
    return (
        f"{{{{define {name}}}}}{{{{/* {selection.about} */ -}}}}\n"
        f"{{{{if lt .i (len .from)}}}}{{{{$c := {selection.element} -}}}}\n"
        f"{{{{if {condition}}}}}{{{{template {name} {found}}}}}{{{{else}}}}{{{{template {name} {passed}}}}}{{{{end -}}}}\n"
        f"{{{{else}}}}{nothing}{following}}}}}{{{{end}}}}{{{{end -}}}}\n"
    )


def _call(selections: list[Selection], number: int, found: dict[str, str]) -> str:
    """Return the action, without its closing braces, that calls the selection `number` or, after the last selection, the body."""
    kept = "".join(f' "{name}" ({value})' for name, value in found.items())
    if number == len(selections):
        return f'{{{{template "file" (map{kept})'
    following = selections[number]
    # In `source`, `$.self` is the container that an earlier selection found: replace it with the expression for it in `found`.
    source = following.source.replace("$.self ", f"({found.get('self')}) ")
    return f'{{{{template {go.string(following.name)} (map "from" ({source}) "i" 0 "out" ""{kept})'


def scale_resource(spec: Spec) -> Resource:
    """Return a resource that fails until the metadata lists as many peers as the scale of the service demands.

    The scale is the desired state: peers appear later (docs/facts/confd.md#6.2). The failure is a lookup that never succeeds.
    """
    block = WhenBlock(
        when=Condition(eq=(made("@{count(peers)}"), made("@{service.scale}"))),
        then=(TextBlock(text=made("@{service.scale}\n")),),
        otherwise=(TextBlock(text=made("@{/self/service/waiting-for-all-peers}")),),
    )
    file = ConfFile(dest=f"{spec.share}/scale", body=(block,), format="raw")
    return compile_file(spec, file, "scale", lambda name, _block: name)


def probe_resource(spec: Spec) -> Resource:
    """Return a resource that reads all keys and prints none: rendering fails while the store does not answer."""
    lines = ["[template]", 'src = "probe.tmpl"', f"dest = {go.string(f'{spec.share}/probe')}", 'mode = "0600"', 'keys = ["/"]']
    return Resource("probe", "\n".join(lines) + "\n", '{{range gets "/*"}}{{end}}')
