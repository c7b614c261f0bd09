"""Composes the files that confd writes for the launch script. They consist of the same blocks as the files of a spec.

The launch script sources the file `launch`, which sets the variables and arguments of the program and runs
the commands that come before the program. The file `peers` lists the peers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_forge.backends import TABLE
from catalog_forge.errors import Problem, Where
from catalog_forge.formats.base import MARK, MOVE, Placement
from catalog_forge.formats.env import ENV
from catalog_forge.spec.expressions import Changed, Collection, Expr, Metadata, Text, literal
from catalog_forge.spec.model import (
    Block,
    Condition,
    ConfFile,
    Launch,
    Leader,
    ListBlock,
    Listing,
    Others,
    Reload,
    Spec,
    TextBlock,
    WhenBlock,
)
from catalog_forge.spec.model.metadata import resolve
from catalog_forge.spec.parser import Beginning, parse

_NOWHERE = Where("")
_Parts = tuple[str | Expr, ...]


def rendered(spec: Spec) -> tuple[ConfFile, ...]:
    """Return every file that confd writes: the files of the spec, and the files for the launch script."""
    return (*spec.files, *launch_files(spec))


def can_watch(spec: Spec, backend: str) -> bool:
    """Whether confd can watch a back end. Some can be watched only if confd writes a single file; others cannot be watched."""
    return TABLE[backend].can_watch(len(rendered(spec)))


def launch_files(spec: Spec) -> Iterator[ConfFile]:
    """Yield the files that the launch script reads.

    There is no `launch` if the whole start command is known at build time, and no `peers` without a leader or staggered restarts.
    """
    launch = spec.launch
    if launch.is_rendered:
        reload = Reload(kind=launch.reload)
        yield ConfFile(dest=f"{spec.share}/launch", format="env", body=tuple(_start(spec)), reload=reload)
    if launch.leader or launch.restart:
        yield ConfFile(dest=f"{spec.share}/peers", format="raw", body=tuple(_peers()))


def check_launch(spec: Spec) -> Iterator[Problem]:
    """Yield the problems with `launch`. The expressions in `launch` are checked elsewhere, like the expressions in files."""
    launch = spec.launch
    yield from _exec(spec)
    for texts, of in ((launch.exec, launch), *((role.args, role) for role in _roles(launch))):
        yield from _visible(spec, texts, of.at("exec" if of is launch else "args"))
    for text in (*launch.before, *(command for role in _roles(launch) for command in role.before)):
        for expr, place in _placed(text):
            if place.forbidden:
                yield Problem(f"@{{{expr.source}}} is not allowed {place.forbidden}", expr.where, MOVE)
    if launch.others and not launch.leader:
        yield Problem("launch: `others` join a leader, but the spec defines no leader", launch.others.at(), "add leader: {}")
    if launch.leader:
        yield from _leader(spec, launch.leader)
    if launch.reload == "restart" and not launch.is_rendered:
        yield Problem(
            "launch: `reload` has no effect, because no value in `exec` and `environment` can change",
            launch.at("reload"),
            "leave out `reload`",
        )


def _exec(spec: Spec) -> Iterator[Problem]:
    launch = spec.launch
    if launch.exec and launch.exec[0].literal is None:
        yield Problem(
            "exec: the program itself cannot be an expression", launch.at("exec"), "use expressions only in its arguments"
        )


def _leader(spec: Spec, leader: Leader) -> Iterator[Problem]:
    if (leader.by == "highest-number") != bool(leader.number):
        hint = "add `number: COMMAND`, such as number: cat /data/epoch" if not leader.number else "add by: highest-number"
        yield Problem("leader: `number` and `by: highest-number` need each other", leader.at("number"), hint)
    if leader.once and leader.by != "lowest-index":
        hint = "remove it: at every start, the numbers show which containers have data"
        yield Problem("leader: `once` has no effect with `by: highest-number`", leader.at("once"), hint)
    if not leader_port(spec):
        hint = "add a `port` to the leader, or a health check to the service"
        yield Problem("leader: the port on which the running program answers is unknown", leader.at(), hint)


def leader_port(spec: Spec) -> int:
    """Return the port on which the running program answers; 0 if the spec does not state the port."""
    check = spec.service.health_check
    return (spec.launch.leader.port if spec.launch.leader else 0) or (check.port if check and isinstance(check.port, int) else 0)


def _roles(launch: Launch) -> list[Leader | Others]:
    return [role for role in (launch.leader, launch.others) if role]


def _visible(spec: Spec, texts: Iterable[Text], where: Where | None) -> Iterator[Problem]:
    """Yield a problem for each secret in arguments: every process on a host can read the arguments of a program."""
    for text in texts:
        for expr in text.expressions:
            found = resolve(spec.metadata, expr.node.path) if isinstance(expr.node, Metadata) else None
            if found and found.key.hidden:
                hint = "pass the secret in `launch.environment` or in a file"
                yield Problem(
                    f"metadata/{found.name} is a secret, but every process of the host can read arguments",
                    expr.where or where,
                    hint,
                )


def _start(spec: Spec) -> Iterator[Block]:
    launch = spec.launch
    for name, text in launch.environment.items():
        yield from _guarded(spec, text, (f"export {name}=", *_word(text), "\n"))
    yield from _commands(spec, "before", launch.before)
    words = tuple(_words(spec, launch.exec[len(launch.command) :]))
    own = tuple(member.name for member in spec.members if member.group and member.group.exec)
    if words and own:  # for a group with its own `exec`, the entry passes all arguments
        words = (WhenBlock(when=Condition(negated=Condition(service=own)), then=words),)
    yield from words
    if launch.leader:
        yield _line("case $role in\nleader)\n")
        yield from _role(spec, launch.leader)
        yield _line("    ;;\n*)\n")
        if launch.others:
            yield from _role(spec, launch.others)
        yield _line("    ;;\nesac\n")


def _role(spec: Spec, role: Leader | Others) -> Iterator[Block]:
    yield from _commands(spec, "run", role.before)
    yield from _words(spec, role.args)


def _commands(spec: Spec, function: str, commands: Iterable[Text]) -> Iterator[Block]:
    for command in commands:
        yield from _guarded(spec, command, (f"{function} ", *_command(command), "\n"))


def _words(spec: Spec, words: Iterable[Text]) -> Iterator[Block]:
    for word in words:
        yield from _guarded(spec, word, ('set -- "$@" ', *_word(word), "\n"))


def _guarded(spec: Spec, text: Text, line: _Parts) -> Iterator[Block]:
    """Yield the block that writes `line`. confd leaves the line out if an optional key in `text` has no value."""
    block = TextBlock(text=Text(line))
    keys = dict.fromkeys(filter(None, (_optional(spec, expr) for expr in text.parts if isinstance(expr, Expr))))
    given = tuple(Condition(has=key) for key in keys)
    yield WhenBlock(when=given[0] if len(given) == 1 else Condition(every=given), then=(block,)) if given else block


def _optional(spec: Spec, expr: Expr) -> str:
    """Return the path of the optional key that an expression reads; empty if the expression always has a value."""
    node = expr.node.of.node if isinstance(expr.node, Changed) else expr.node
    if not isinstance(node, Metadata) or expr.default is not None or node.path.literal is None:
        return ""
    found = resolve(spec.metadata, node.path)
    return f"metadata/{node.path.literal}" if found and (found.key.optional or found.below) else ""


def _word(text: Text) -> _Parts:
    """Return a text as one shell word. Literal parts are quoted now; values are quoted when confd inserts them."""
    return tuple(ENV.constant(part) if isinstance(part, str) else part for part in text.parts) or ("''",)


def _command(text: Text) -> _Parts:
    """Return a command as one shell word, followed by the assignment of a shell variable for each expression.

    The command reads each value from its variable, so that no value runs as code.
    """
    words, values = "", list[str | Expr]()
    placed = _placed(text)
    for part in text.parts:
        if isinstance(part, str):
            words += part
            continue
        _, place = next(placed)
        name = f"LAUNCH_{len(values) // 2 + 1}"
        words += f'"${{{name}}}"' if place.whole else f"${{{name}}}" if place.escape.name == "env-double" else ""
        words += f"'\"${{{name}}}\"'" if place.escape.name == "env" and not place.whole else ""
        values += [f" {name}=", part]
    return (ENV.constant(words), *values)


def _placed(text: Text) -> Iterator[tuple[Expr, Placement]]:
    """Yield each expression of a command with its placement in the shell syntax."""
    marked = "".join(part.replace(MARK, " ") if isinstance(part, str) else MARK for part in text.parts)
    return zip((part for part in text.parts if isinstance(part, Expr)), ENV.placements(marked), strict=True)


def _peers() -> Iterator[Block]:
    """Yield the blocks of the file `peers`: the container's index and the scale, then each peer's index, health and address."""
    yield _line("@{self.index} @{service.scale}\n")
    of = Collection("peers", "", (), _NOWHERE)
    yield ListBlock(list=Listing(of=of, item=made("@{it.index} @{it.health_state|null} @{it.ip}")))


def _line(text: str) -> TextBlock:
    return TextBlock(text=made(text))


def made(text: str) -> Text:
    """Parse a generated text, whose expressions have no location in a file."""
    return parse(text, Beginning(_NOWHERE)) if "@{" in text else literal(text)
