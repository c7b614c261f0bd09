"""Reads a spec file into a `Spec`. All problems of the file are reported at once, each with its location and a suggestion."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Union, get_args, get_origin

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean, known_here, meant_by, misspelt, nearest
from catalog_forge.goyaml.decoding import MERGE, is_null
from catalog_forge.rancher.variables import sole
from catalog_forge.shown import printable
from catalog_forge.spec import shorthand
from catalog_forge.spec.checks import whole as checks
from catalog_forge.spec.described.examples import meaning, such_as
from catalog_forge.spec.expressions import Collection, Text, nearly
from catalog_forge.spec.model import (
    Block,
    Composed,
    ConfFile,
    Each,
    ListValue,
    MetadataKey,
    Reload,
    SetBlock,
    Spec,
    WhenBlock,
)
from catalog_forge.spec.model.compose_keys import refused
from catalog_forge.spec.model.frame import NumberOrVariable
from catalog_forge.spec.model.record import Key, Limits, Record, keys_of
from catalog_forge.spec.parser import parse, parse_collection
from catalog_forge.spec.standards import EMPTY, Allowed, Defaults, Levels, Required, Standards, laid_over

_T = typing.TypeVar("_T")
_NO_LIMITS = Limits("")
_BREAK = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BRACED = re.compile(r"@\{([^@{}]+)\}")
_LEFT_OUT = object()
# The hints on a start command that is written with a wrong key, or in a wrong place.
_START = re.compile("did you mean '(?:launch|exec)'|belongs below launch, where it is called exec|'exec' belongs below launch")
_JSON_TYPES = {str: "text", int: "a whole number", bool: "true or false"}


def read(content: bytes | str, file: str, inherited: yamlio.Map | None = None, *, started: bool = True) -> Spec:
    """Read a spec, expand its shorthand, fill in every default and check it as a whole.

    `file` is the name shown in problems; `inherited` are the team's defaults, which the spec overrides; `started`:
    whether to report an unknown start command. Raises ForgeError with all problems of the file.
    """
    root = parsed(content, file)
    problems: list[Problem] = []
    full = laid_over(inherited or EMPTY, shorthand.expand(root, problems))
    keys = next((value for name, value in full.pairs if name.value == "metadata"), None)
    reader = _Reader([name.value for name, _ in keys.pairs] if isinstance(keys, yamlio.Map) else ())
    reader.problems += problems
    try:
        spec: Spec = reader.record(Spec, full, "")
    except _Wrong:
        raise ForgeError.of(reader.problems) from None
    started = started and not any(_START.search(problem.hint) for problem in reader.problems)
    spoilt = _around(root, {problem.where for problem in reader.problems if problem.where})
    problems = [*reader.problems, *(each for each in checks.problems(spec, started) if each.where not in spoilt)]
    known = {problem.where for problem in problems}
    problems += (problem for problem in _hidden_in(root, content) if problem.where not in known)
    if problems:
        raise ForgeError.of(problems)
    return shorthand.complete(spec)


def _around(root: yamlio.Map, wrong: set[Where]) -> set[Where]:
    """Return the locations at which further problems would be misleading: `wrong`, and all nodes around these except the root."""
    found = set(wrong)
    if not wrong:
        return found

    def look(node: yamlio.Node) -> bool:
        parts = [part for pair in node.pairs for part in pair] if isinstance(node, yamlio.Map) else []
        parts += node.items if isinstance(node, yamlio.Seq) else []
        if any([look(part) for part in parts]) or node.where in wrong:
            found.add(node.where)
        return node.where in found

    for _, value in root.pairs:
        look(value)
    return found


def parsed(content: bytes | str, file: str) -> yamlio.Map:
    """Parse the YAML of a spec without expanding the shorthand. Raises ForgeError if the spec is not a mapping."""
    begin = "begin it with the lines `forge: 1` and `name: NAME-conf`"
    root = yamlio.parse(content, file, begin=begin)
    names = {key.value for key, _ in root.pairs} if isinstance(root, yamlio.Map) else set()
    if "services" in names and not names & {"forge", "name"}:
        hint = "`catalog-forge adopt` makes a spec from an entry; a scenario belongs in specs/NAME/scenarios/"
        raise ForgeError("this is a compose file or a scenario, not a spec", root.where, hint)
    if not isinstance(root, yamlio.Map):
        raise ForgeError("a spec is a mapping of keys", root.where, begin)
    return root


def _hidden_in(root: yamlio.Map, content: bytes | str) -> Iterator[Problem]:
    """Yield the problems that `_hidden` finds in a file. A quick search of the whole text usually rules out hidden characters."""
    text = content if isinstance(content, str) else content.decode()
    return _hidden(root) if "\\" in text or _HIDDEN.search(text) else iter(())


def _hidden(node: yamlio.Node) -> Iterator[Problem]:
    """Yield a problem for characters that control a terminal or change the writing direction, because they can disguise text.

    Such characters would end up in the generated files, and no file, label or question needs them. Spaces and line breaks
    are allowed.
    """
    if isinstance(node, yamlio.Text):
        if found := _HIDDEN.search(node.value):
            hint = "to write it to a file, put that text into a static file: files: - file: NAME"
            yield Problem(f"the invisible character {printable(found[0])} is not allowed", node.where, hint)
        return
    children = (part for pair in node.pairs for part in pair) if isinstance(node, yamlio.Map) else iter(node.items)
    for child in children:
        yield from _hidden(child)


def read_standards(root: yamlio.Map) -> Standards:
    """Read the standards of a team. Raises ForgeError with all problems."""
    reader = _Reader()
    standards: Standards = reader.record(Standards, root, "")
    if problems := [*reader.problems, *_hidden(root)]:
        raise ForgeError.of(problems)
    return standards


class _Wrong(Exception):
    """Raised for an unusable value whose problem is already recorded."""


class _Reader:
    """Reads nodes by the types declared in the model, and collects problems instead of stopping at the first."""

    def __init__(self, declared: Sequence[str] = ()) -> None:
        self.problems: list[Problem] = []
        self.declared = declared
        self.names: list[str] = []

    def wrong(self, message: str, where: Where, hint: str = "") -> _Wrong:
        self.problems.append(Problem(message, where, hint))
        return _Wrong()

    def misfit(self, what: str, wanted: str, node: yamlio.Node, hint: str) -> _Wrong:
        """Record that a value is missing or has the wrong type, and return the exception to raise."""
        if isinstance(node, yamlio.Text) and is_null(node):
            return self.wrong(f"{what} has no value: it must be {wanted}", node.where, hint)
        return self.wrong(f"{what} must be {wanted}", node.where, hint)

    def record(self, kind: type[Record], node: yamlio.Node, what: str, limits: Limits = _NO_LIMITS) -> Any:
        """Read a mapping as a record. Invalid parts are reported and left out, so that the rest is still checked."""
        if not isinstance(node, yamlio.Map):
            words = known_here(_words(kind), "write its keys below it, such as image: REPOSITORY:TAG")
            default = node.value if isinstance(node, yamlio.Text) and kind is MetadataKey else ""
            example = f"write {what}: {{default: {default}}}" if default else such_as(limits)
            raise self.misfit(what, "a mapping", node, "; ".join(filter(None, (example, words))))
        if kind is Each and (name := _name_of_element(node)):
            self.names.append(name)
            try:
                return self.keys_of_record(kind, node, what)
            finally:
                self.names.pop()
        return self.keys_of_record(kind, node, what)

    def keys_of_record(self, kind: type[Record], node: yamlio.Map, what: str) -> Any:
        """Read the keys of a record."""
        known, required = _known(kind)  # type: ignore[arg-type] # see `keys_of`
        passable = _passable(kind)
        values: dict[str, Any] = {}
        places = {"": node.where}
        passed: dict[str, tuple[yamlio.Text, yamlio.Node]] = {}
        advised: set[str] = set()
        unindented = self.unindented(kind, node, known)
        for name, value in node.pairs:
            key = known.get(name.value)
            if name.where in unindented:
                places[key.attribute if key else name.value] = value.where
            elif key is None and name.value in passable:
                places[name.value] = name.where
                passed[name.value] = name, value
            elif key is None or key.attribute == "compose":
                advised.add(self.unknown(kind, name, what))
            else:
                places[key.attribute] = value.where
                self.field(key, value, values)
        if passed:
            values["compose"] = dict(self.passed(passed))
            values["nodes"] = passed
        for key in required:
            if key.attribute not in places and not advised & _advice(key.name):
                hint = "write config: PATH for one file, or `files` for several" if key.name == "files" else meaning(key.limits)
                self.wrong(f"{what + ': ' if what else ''}the key {key.name!r} is missing", node.where, hint)
        if any(key.attribute not in values for key in required):
            raise _Wrong
        return kind(**values, places=places)

    def unknown(self, kind: type[Record], name: yamlio.Text, what: str) -> str:
        """Report an unknown key of a record. Return the hint that suggests a known key, if there is one."""
        near = did_you_mean(name.value, _writable(kind))
        home = "" if kind in _STANDARDS or what.startswith("the block") else _homes().get(name.value, "")
        if kind is Standards:
            home = _team_homes().get(name.value, "")
        elif kind is ConfFile and name.value in _BLOCKS:
            home = f"below body, as a block: body: [{name.value}: ...]"
        hint = near
        if home and not meant_by(name.value, _words(kind)):
            other = nearest(name.value, _writable(kind)) if name.value not in _ELSEWHERE else ""
            hint = f"{name.value!r} belongs {home}" + (f"; or {other}" if other else "")
        if name.value == MERGE:
            hint = "specs have no merge keys: write the keys themselves, or put what specs share into catalog-forge.yml"
        self.wrong(f"unknown key {name.value!r}{what and ' in ' + what}", name.where, hint)
        return near

    def unindented(self, kind: type[Record], node: yamlio.Map, known: Mapping[str, Key]) -> set[Where]:
        """Report keys that belong to an empty key above them, but are not indented. Return the places of all these keys."""
        found: set[Where] = set()
        empty: yamlio.Text | None = None
        for name, value in node.pairs:
            if name.value in known or name.value in _passable(kind) or (empty and name.where.column != empty.where.column):
                empty = name if is_null(value) and name.value in known else None
            elif empty is not None and _is_below(known[empty.value], kind, name.value):
                if empty.where not in found:
                    message = f"{empty.value} has no value, because the keys below it are not indented"
                    hint = f"indent {name.value!r} in line {name.where.line} deeper than {empty.value!r}"
                    self.wrong(message, empty.where, hint)
                found |= {empty.where, name.where}
        return found

    def passed(self, nodes: Mapping[str, tuple[yamlio.Text, yamlio.Node]]) -> Iterator[tuple[str, Any]]:
        """Yield the valid compose keys with their values, unchanged; report the invalid keys."""
        for name, (_, node) in nodes.items():
            self.unread_expressions(node)
            data = yamlio.to_data(node, yamlio.as_written)
            problems = [*refused(name, data, node)]
            for problem in problems:
                self.wrong(problem.message, problem.where or node.where, problem.hint)
            if not problems:
                yield name, data

    def field(self, key: Key, node: yamlio.Node, values: dict[str, Any]) -> None:
        try:
            values[key.attribute] = self.value(key.kind, node, key.limits, key.name)
        except _Wrong:
            return

    def value(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        """Read a node as a value of a type of the model. Raises _Wrong if the node cannot have this type."""
        return _reader_of(kind)(self, kind, node, limits, what)

    def text(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> str:
        if not isinstance(node, yamlio.Text) or is_null(node):
            raise self.misfit(what, "text", node, meaning(limits))
        value = node.value
        if limits.one_of and value not in limits.one_of:
            # The value is left out, because checks of the whole spec would report what follows from it.
            raise self.wrong(f"{what} cannot be {_short(value)}", node.where, limits.shape or did_you_mean(value, limits.one_of))
        if limits.maximum and len(value) > limits.maximum:
            hint = f"it has {len(value)}: shorten it by {len(value) - limits.maximum}"
            self.wrong(f"{what} is longer than {limits.maximum} characters", node.where, hint)
        elif limits.line and _BREAK.search(value):
            self.wrong(f"{what} must be one line", node.where, "remove the line break or control character from it")
        elif limits.pattern and not re.fullmatch(limits.pattern, value):
            self.wrong(f"{what} cannot be {_short(value)}", node.where, self.as_path(value, limits) or _shaped(limits))
        return value

    def as_path(self, value: str, limits: Limits) -> str:
        """Return a hint for a metadata path that is written without `metadata/`, or within braces; empty for another value."""
        word = value.strip().removeprefix("@{").removesuffix("}")
        path = word if word.startswith("metadata/") else f"metadata/{word}"
        if "metadata/PATH" in limits.shape and path.removeprefix("metadata/").partition("/")[0] in self.declared:
            return f"write {path}"
        return ""

    def plain(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> str:
        """Read text in which expressions are not allowed."""
        if isinstance(node, yamlio.Text) and "@{" in node.value and (hint := self.as_path(node.value, limits)):
            raise self.wrong(f"{what} cannot be {_short(node.value)}", node.where, hint)
        if not limits.reads and self.unread_expressions(node):
            raise _Wrong
        return self.text(kind, node, limits, what)

    def unread_expressions(self, node: yamlio.Node) -> bool:
        """Report the expressions in a value that is passed on without evaluation. Return whether there are any."""
        if isinstance(node, yamlio.Text):
            if found := nearly(node.value) if "@{" in node.value else None:
                hint = (
                    "expressions can be used in text, in the values of set, in the items of a list, in comparisons, and in launch"
                )
                words = node.value[found.start() :].partition("}")[0][:40]
                self.wrong(f"{words}}} is not evaluated here, and would be written unchanged", node.at(found.start()), hint)
            return bool(found)
        children = [value for _, value in node.pairs] if isinstance(node, yamlio.Map) else node.items
        return any([self.unread_expressions(child) for child in children])

    def number(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        value = node.data() if isinstance(node, yamlio.Text) else None
        if type(value) is not kind:
            raise self.misfit(what, _JSON_TYPES[kind], node, _plainly(kind, node, limits))
        if kind is int and not limits.least <= typing.cast(int, value) <= limits.most:
            raise self.wrong(f"{what} must be a whole number from {limits.least} to {limits.most}", node.where, meaning(limits))
        return value

    def number_or_variable(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        """Read a number, or a string that consists of one rancher-compose variable."""
        if isinstance(node, yamlio.Text) and sole(node.value):
            return node.value
        if isinstance(node, yamlio.Text) and (found := _BRACED.fullmatch(node.value)):
            variable = shorthand.variable_of(found[1].removeprefix("metadata/"))
            hint = f"for the answer to a question, write ${{{variable}}}"
            raise self.wrong(f"{what} cannot be {_short(node.value)}", node.where, hint)
        return self.number(int, node, limits, what)

    def data(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        if not limits.reads:
            self.unread_expressions(node)
        for text in (text for text in yamlio.texts(node) if limits.reads and not is_null(text)):
            self.parsed(parse, text, _NO_LIMITS, what)
        return (
            node.value if isinstance(node, yamlio.Text) and node.data() is not None else yamlio.to_data(node, yamlio.as_written)
        )

    def sequence(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        if limits.single and isinstance(node, yamlio.Text):
            return (self.value(get_args(kind)[0], node, limits, what),)
        if not isinstance(node, yamlio.Seq):
            raise self.misfit(what, "a list", node, _with_meaning("written [a, b], or with '- ' before each element", limits))
        element = get_args(kind)[0]
        items = (self.each(element, item, limits, f"an element of {what}") for item in node.items)
        return tuple(item for item in items if item is not _LEFT_OUT)

    def mapping(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        if not isinstance(node, yamlio.Map):
            raise self.misfit(what, "a mapping", node, meaning(limits))
        element = get_args(kind)[1]
        seen: set[str] = set()
        for key, _ in node.pairs:
            if key.value in seen:
                self.wrong(f"{what}: {key.value!r} appears twice", key.where, yamlio.ONCE)
            seen.add(key.value)
        inner = Limits(limits.doc, reads=limits.reads, home=limits.home)
        pairs = ((key.value, self.each(element, value, inner, key.value)) for key, value in node.pairs)
        if _is_record(element) and not any(key.required for key in keys_of(element)):
            # A key with an invalid declaration still counts as declared, so that uses of the key are not reported.
            pairs = ((name, element() if value is _LEFT_OUT else value) for name, value in pairs)
        return {name: value for name, value in pairs if value is not _LEFT_OUT}

    def each(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        """Read one element of a list or mapping. Return _LEFT_OUT for an invalid element, so that reading continues."""
        try:
            return self.value(kind, node, limits, what)
        except _Wrong:
            return _LEFT_OUT

    def nested(self, kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        record = next(option for option in (get_args(kind) or (kind,)) if option is not type(None))
        return self.record(record, node, what, limits)

    def expression(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Text:
        return self.parsed(parse, node, limits, what)

    def collection(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Collection:
        if isinstance(node, yamlio.Text) and (found := _BRACED.fullmatch(node.value)):
            raise self.wrong(f"{what} cannot be {_short(node.value)}", node.where, f"write {found[1]}, without '@{{' and '}}'")
        return self.parsed(parse_collection, node, limits, what)

    def parsed(self, parser: Callable[[str, yamlio.Text, Sequence[str]], _T], node: yamlio.Node, limits: Limits, what: str) -> _T:
        if not isinstance(node, yamlio.Text):
            raise self.misfit(what, "text", node, meaning(limits))
        try:
            found = parser(node.value, node, self.names)
        except ForgeError as error:
            self.problems.extend(error.problems)
            raise _Wrong from None
        self.text(str, node, limits, what)
        return found

    def reload(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Reload:
        text = self.plain(str, node, limits, what)
        try:
            return shorthand.reload(text, node.where)
        except ForgeError as error:
            self.problems.extend(error.problems)
            raise _Wrong from None

    def set_value(self, _kind: Any, node: yamlio.Node, limits: Limits, what: str) -> Any:
        """Read a value of `set`: constants keep their type, texts are parsed, maps and lists are read recursively."""
        if isinstance(node, yamlio.Map):
            of_collection = [key.value for key, _ in node.pairs] == ["list"] and _has_key(node.pairs[0][1], "of")
            return (
                self.record(ListValue, node, what) if of_collection else self.mapping(Mapping[str, SetBlock], node, limits, what)
            )
        if isinstance(node, yamlio.Seq):
            return self.sequence(tuple[SetBlock, ...], node, limits, what)
        constant = yamlio.constant(node)
        return self.expression(Text, node, limits, what) if type(constant) is str else constant

    def block(self, kind: Any, node: yamlio.Node, _limits: Limits, _what: str) -> Any:
        """Read a block. The kind of a block follows from the keyword, the only required key of the block's record."""
        words = {next(key.name for key in keys_of(option) if key.required): option for option in get_args(kind)}
        if not isinstance(node, yamlio.Map):
            raise self.wrong("a block must be a mapping", node.where, known_here(words))
        found = [word for key, _ in node.pairs if (word := key.value) in words]
        if len(found) != 1:
            first = node.pairs[0][0] if node.pairs else None
            if found:
                hint = (
                    "put the blocks for `when` below `then`"
                    if "when" in found
                    else "begin each block with '- ' on a separate line"
                )
                raise self.wrong(f"a block has exactly one keyword, but this block has {' and '.join(found)}", node.where, hint)
            if first is None:
                raise self.wrong("a block is empty", node.where, known_here(words))
            name = first.value
            raise self.wrong(f"unknown block {name!r}", first.where, did_you_mean(name, words))
        return self.record(words[found[0]], node, f"the block {found[0]!r}")


def _is_below(key: Key, kind: type[Record], word: str) -> bool:
    """Whether an unknown word in a record is a key below `key`. A map of free names has every word that nothing else explains."""
    if any(word in (*_words(record), *_passable(record)) for record in _records(key.kind)):
        return True
    return get_origin(key.kind) is Mapping and word not in _homes() and not misspelt(word, _writable(kind))


def _shaped(limits: Limits) -> str:
    """Return a hint that describes the allowed texts, with an example unless the description has one."""
    if not limits.shape:
        return meaning(limits)
    return f"it must be {limits.shape}" + (f", {such_as(limits)}" if such_as(limits) and "such as" not in limits.shape else "")


def _has_key(node: yamlio.Node, name: str) -> bool:
    return isinstance(node, yamlio.Map) and any(key.value == name for key, _ in node.pairs)


# Keys of compose files and of entries that a spec writes in another place and with another name.
_ELSEWHERE = {
    **dict.fromkeys(("command", "entrypoint"), "below launch, where it is called exec"),
    "questions": "at the top of the spec, where it is called metadata",
}
_STANDARDS = (Standards, Allowed, Required, Levels)
_BLOCKS = frozenset(next(key.name for key in keys_of(kind) if key.required) for kind in get_args(Block))


def _passable(kind: type[Record]) -> frozenset[str]:
    """Return the keys of compose files that a record passes on."""
    return kind.PASSED if issubclass(kind, Composed) else frozenset()


@cache
def _known(kind: type[Record]) -> tuple[Mapping[str, Key], Sequence[Key]]:
    """Return all keys of a record by name, and its required keys."""
    keys = keys_of(kind)
    return {key.name: key for key in keys}, [key for key in keys if key.required]


def _words(kind: type[Record]) -> list[str]:
    """Return the names of the keys that an author may write in a record."""
    return [key.name for key in keys_of(kind) if key.name != "compose"]


def _writable(kind: type[Record]) -> list[str]:
    """Return the names of the keys that an author may write in a record, with those of compose files and of the shorthand."""
    return [*_words(kind), *(shorthand.FILE_WORDS if kind is Spec else _passable(kind))]


@cache
def _homes() -> Mapping[str, str]:
    """Return where each key belongs, for hints on misplaced keys. Keys that occur in more than two records are left out."""
    found: dict[str, list[str]] = {}
    for key in keys_of(Spec):
        for record in _records(key.kind):
            for name in {*_words(record), *_passable(record)}:
                found.setdefault(name, []).append(f"below {key.name}")
    few = {name: " or ".join(homes) for name, homes in found.items() if len(homes) <= 2}
    return few | {key.name: "at the top of the spec" for key in keys_of(Spec)} | _ELSEWHERE


@cache
def _team_homes() -> Mapping[str, str]:
    """Return where each key that specs inherit belongs in catalog-forge.yml, for hints on misplaced keys."""
    inner = {
        name.name: f"below defaults.{key.name}"
        for key in keys_of(Defaults)
        for kind in _records(key.kind)
        for name in keys_of(kind)
    }
    return inner | {key.name: "below defaults" for key in keys_of(Defaults)}


def _records(kind: Any) -> Iterator[type[Record]]:
    """Yield the record classes in a type of the model, except blocks, which are recognized by their keyword."""
    if isinstance(kind, type) and issubclass(kind, Record):
        yield kind
    elif not _is_block(kind):
        for each in get_args(kind):
            yield from _records(each)


def _name_of_element(node: yamlio.Map) -> str:
    """Return the name that an `each` gives its element. This name must be known before the body is read."""
    return next((value.value for key, value in node.pairs if key.value == "as" and isinstance(value, yamlio.Text)), "")


def _advice(name: str) -> set[str]:
    """Return the hints that suggest `name` for a misspelled key. For `files`, also return the hint that suggests `config`."""
    return {did_you_mean(word, (word,)) for word in ((name, "config") if name == "files" else (name,))}


def _plainly(kind: Any, node: yamlio.Node, limits: Limits) -> str:
    """Return a hint on how to write a number or boolean, for an author who wrote something else instead."""
    if kind is bool:
        return "write true or false, in lower case and without quotes"
    if isinstance(node, yamlio.Text) and not node.bare and re.fullmatch(r"-?[0-9]{1,18}", node.value):
        return f"without quotes: {node.value}"
    return _with_meaning("write only digits, without quotes", limits)


def _with_meaning(how: str, limits: Limits) -> str:
    """Return a hint on how to write a value, followed by the meaning of its key if the key has a description."""
    return ", ".join(filter(None, (how, meaning(limits))))


def _short(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _is_record(kind: Any) -> bool:
    options = [option for option in (get_args(kind) or (kind,)) if option is not type(None)]
    return len(options) == 1 and isinstance(options[0], type) and issubclass(options[0], Record)


def _is_set(kind: Any) -> bool:
    return kind is SetBlock or (_is_union(kind) and float in get_args(kind))


def _is_block(kind: Any) -> bool:
    return _is_union(kind) and WhenBlock in get_args(kind)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


_Read = Callable[[_Reader, Any, yamlio.Node, Limits, str], Any]
# The first match wins. `bool | None` is read like bool, and a union of blocks must not be read as a record.
_READERS: tuple[tuple[Callable[[Any], bool], _Read], ...] = (
    (lambda kind: kind is str, _Reader.plain),
    (lambda kind: kind in (int, bool), _Reader.number),
    (lambda kind: kind == NumberOrVariable, _Reader.number_or_variable),
    (lambda kind: kind == bool | None, lambda reader, _k, node, limits, what: reader.number(bool, node, limits, what)),
    (lambda kind: kind is Any, _Reader.data),
    (lambda kind: kind is Text, _Reader.expression),
    (lambda kind: kind is Collection, _Reader.collection),
    (lambda kind: kind is Reload, _Reader.reload),
    (_is_set, _Reader.set_value),
    (_is_block, _Reader.block),
    (_is_record, _Reader.nested),
    (lambda kind: get_origin(kind) is tuple, _Reader.sequence),
    (lambda kind: get_origin(kind) is Mapping, _Reader.mapping),
)


@cache
def _reader_of(kind: Any) -> _Read:
    for test, read_it in _READERS:
        if test(kind):
            return read_it
    raise TypeError(f"the model declares a type that cannot be read: {kind}")
