"""Evaluates a template without running it: its nodes (gotext.nodes) become output that contains conditions and loops.

Constants, and lookups in keyspaces that Rancher never serves, are computed. Raises Unliftable for a value that is neither known
nor expressible in the spec language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog_forge.adopt.conditions import equal, leaves, positioned, sized
from catalog_forge.adopt.naming import serves
from catalog_forge.adopt.setting import Departure, Setting
from catalog_forge.adopt.terms import (
    Children,
    ElementName,
    Getenv,
    Iteration,
    Lookup,
    Modified,
    Output,
    Pair,
    Phrase,
    Position,
    Printed,
    Repeat,
    Size,
    Split,
    Test,
    Unliftable,
    Walk,
    When,
    cut,
    joined,
    merged,
    negated,
    segments_of,
    shown,
)
from catalog_forge.adopt.tidying import across
from catalog_forge.gotext import literals
from catalog_forge.gotext.parsing import Parsed

_MOST_CALLS = 20
# Templates that call each other may print much more than their source contains; the output is limited to this many pieces.
_MOST_PIECES = 20_000
_LONGEST = 200_000
_VERB = re.compile(r"%(.)", re.DOTALL)
_FLIPPED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge", "eq": "eq", "ne": "ne"}


class Evaluation:
    """Evaluates the nodes of a parsed template. `dead` collects the branches that can never be reached, with their lines."""

    def __init__(self, parsed: Parsed, setting: Setting, line_of: Callable[[int], int]) -> None:
        self.parsed = parsed
        self.setting = setting
        self.line_of = line_of
        self.scope: dict[str, list[Any]] = {}
        self.names: list[str] = []
        self.dot: Any = None
        self.start = 0
        self.depth = 0
        self.pieces = 0
        self.size = 0
        self.dead: dict[Departure, None] = {}
        self.leaves: list[tuple[Phrase, ...]] = []

    def run(self, name: str) -> list[Output]:
        """Return the output of a template."""
        return self.called(name, None)

    def called(self, name: str, dot: Any) -> list[Output]:
        body = self.parsed.bodies.get(name)
        self.depth += 1
        if body is None or self.depth > _MOST_CALLS:
            deep = f"templates call each other more than {_MOST_CALLS} levels deep: {name!r} may call itself"
            raise Unliftable(deep if body else f"there is no template {name!r}", self.start)
        around = self.scope, self.names, self.dot
        self.scope, self.names, self.dot = {"$": [dot]}, [], dot
        found = self.block(body)
        self.scope, self.names, self.dot = around
        self.depth -= 1
        return found

    # Statements

    def block(self, body: Any) -> list[Output]:
        mark, found = len(self.names), list[Output]()
        for node in body.nodes if body is not None else ():
            self.start = node.start
            visit = getattr(self, f"visit_{type(node).__name__}", None)
            if visit is None:
                raise Unliftable(
                    f"{{{{{type(node).__name__.removesuffix('Node').lower()}}}}} has no equivalent in a spec", node.start
                )
            pieces = visit(node)
            found += pieces
            self.pieces += len(pieces)
            self.size += sum(len(piece) for piece in pieces if isinstance(piece, str))
            if self.pieces > _MOST_PIECES or self.size > _LONGEST:
                raise Unliftable("the template prints too much to be analyzed", node.start)
        self.forget(mark)
        return found

    def visit_TextNode(self, node: Any) -> list[Output]:  # noqa: N802
        if any("\ud800" <= char <= "\udfff" for char in node.text):
            raise Unliftable("the text is not UTF-8", node.start)
        return [node.text] if node.text else []

    def visit_ActionNode(self, node: Any) -> list[Output]:  # noqa: N802
        value = self.pipe(node.pipeline)
        if node.pipeline.declarations:
            self.declare(node.pipeline, (value,))
            return []
        return self.printed(value)

    def printed(self, value: Any) -> list[Output]:
        if isinstance(value, bool | int):
            return [str(value).lower() if isinstance(value, bool) else str(value)]
        if isinstance(value, Phrase):
            return [part if isinstance(part, str) else Printed(part, self.start) for part in value.parts]
        if isinstance(value, Size | Position):
            return [Printed(value, self.start)]
        raise Unliftable("this action prints a value that is not text", self.start)

    def visit_TemplateCallNode(self, node: Any) -> list[Output]:  # noqa: N802
        return self.called(node.name, self.pipe(node.pipeline) if node.pipeline else None)

    visit_BlockNode = visit_TemplateCallNode  # noqa: N815

    def visit_IfNode(self, node: Any) -> list[Output]:  # noqa: N802
        return self.branch(node, keep_dot=True)

    def visit_WithNode(self, node: Any) -> list[Output]:  # noqa: N802
        return self.branch(node, keep_dot=False)

    def branch(self, node: Any, *, keep_dot: bool) -> list[Output]:
        mark, dot = len(self.names), self.dot
        value = self.pipe(node.pipeline)
        self.declare(node.pipeline, (value,))
        test = self.truth(value)
        if isinstance(test, bool):
            self.note_dead(node, node.else_body if test else node.body)
        then, otherwise = list[Output](), list[Output]()
        known = len(self.leaves)
        if test is not False:
            self.dot = dot if keep_dot else value
            self.leaves += leaves(test)
            then = self.block(node.body)
        self.dot = dot
        del self.leaves[known:]
        if test is not True:
            otherwise = self.block(node.else_body)
        self.forget(mark)
        if isinstance(test, bool):
            return then if test else otherwise
        return [When(test, then, otherwise, node.start)] if then or otherwise else []

    def note_dead(self, node: Any, body: Any) -> None:
        if body is not None and body.nodes:
            self.dead[Departure("dead", self.line_of(node.start), "this branch can never be reached, so it is left out")] = None

    def visit_RangeNode(self, node: Any) -> list[Output]:  # noqa: N802
        mark, dot = len(self.names), self.dot
        of = self.pipe(node.pipeline)
        if isinstance(of, tuple):
            return self.unrolled(node, of)
        loop, element = self.element(of)
        two = len(node.pipeline.declarations) == 2
        self.declare(node.pipeline, (Position(loop), element) if two else (element,))
        self.dot = element
        repeat = across(separated(Repeat(loop, self.block(node.body), node.start)))
        self.dot = dot
        otherwise = self.block(node.else_body)
        self.forget(mark)
        if otherwise:
            return [When(Test("some", (loop.of,)), [repeat], otherwise, node.start)]
        return [repeat]

    def unrolled(self, node: Any, elements: tuple[Any, ...]) -> list[Output]:
        """Return the output of a loop over a list that is known before rendering."""
        if not elements:
            self.note_dead(node, node.body)
            return self.block(node.else_body)
        found, dot = list[Output](), self.dot
        for number, element in enumerate(elements):
            mark = len(self.names)
            two = len(node.pipeline.declarations) == 2
            self.declare(node.pipeline, (number, element) if two else (element,))
            self.dot = element
            found += self.block(node.body)
            self.forget(mark)
        self.dot = dot
        return found

    def element(self, of: Any) -> tuple[Iteration, Any]:
        """Return a loop over the list `of`, and the value of the loop's current element."""
        if isinstance(of, Children | Split):
            loop = Iteration(of)
            return loop, Phrase((ElementName(loop),))
        if isinstance(of, Walk):
            # Each loop gets a new Iteration, because loops over the same list may be nested.
            loop = Iteration(of.loop.of)
            value = _with(of.value, of.loop, loop)
            return loop, Pair(_with(of.key, of.loop, loop), value) if of.key else value
        raise Unliftable("the list that this loop iterates over cannot be determined", self.start)

    def declare(self, pipeline: Any, values: Sequence[Any]) -> None:
        if pipeline.is_assignment or any(variable.name in self.parsed.assigned for variable in pipeline.declarations):
            raise Unliftable("a variable is assigned a second time", pipeline.start)
        for variable, value in zip(pipeline.declarations, values, strict=False):
            self.scope.setdefault(variable.name, []).append(value)
            self.names.append(variable.name)

    def forget(self, mark: int) -> None:
        """Remove all declared variables except the first `mark` from the scope."""
        for name in self.names[mark:]:
            self.scope[name].pop()
        del self.names[mark:]

    # Expressions

    def pipe(self, pipe: Any) -> Any:
        value: tuple[Any, ...] = ()
        for command in pipe.commands:
            first, *rest = command.arguments
            if type(first).__name__ == "IdentifierNode":
                value = (self.call(first, [*map(self.term, rest), *value]),)
            elif rest or value:
                raise Unliftable("arguments are passed to a value that is not a function", command.start)
            else:
                value = (self.term(first),)
        return value[0]

    def term(self, node: Any) -> Any:
        match type(node).__name__:
            case "IdentifierNode":
                return self.call(node, [])
            case "DotNode":
                return self.dot
            case "FieldNode":
                return self.fields(self.dot, node)
            case "VariableNode":
                known = self.scope.get(node.name)
                return self.fields(known[-1] if known else None, node)
            case "ParenthesizedNode":
                value = self.pipe(node.pipeline)
                self.declare(node.pipeline, (value,))
                return self.fields(value, node)
            case "StringNode":
                if any("\ud800" <= char <= "\udfff" for char in node.value):
                    raise Unliftable("the text is not UTF-8", node.start)
                return Phrase((node.value,) if node.value else ())
        value = None if type(node).__name__ == "NilNode" else literals.value_of(node)
        if isinstance(value, bool | int):
            return value
        raise Unliftable(f"{literals.show(node)} is neither text nor a whole number", node.start)

    def fields(self, value: Any, node: Any) -> Any:
        for name in node.fields:
            if not isinstance(value, Pair) or name not in ("Key", "Value"):
                raise Unliftable(f"the field .{name} is read from a value that is not a pair", node.start)
            value = value.key if name == "Key" else value.value
        return value

    def call(self, node: Any, arguments: list[Any]) -> Any:
        found = _FUNCTIONS.get(node.name)
        if found is None:
            raise Unliftable(f"the spec language has no equivalent of {node.name}", node.start)
        try:
            return found(self, *arguments)
        except (TypeError, ValueError, LookupError, AttributeError):  # arguments of types that the function does not accept
            raise Unliftable(f"the result of this call of {node.name} cannot be determined", node.start) from None
        except Unliftable as fault:
            raise Unliftable(fault.why, node.start if fault.start < 0 else fault.start) from None

    # The functions

    def path(self, words: Any) -> Phrase:
        """Return the full path for a path in the template: the prefix from the TOML file, followed by the path."""
        if not isinstance(words, Phrase):
            raise Unliftable("a path must be text")
        prefix = self.setting.prefix.rstrip("/")
        path = _plain([prefix, *words.parts]) if prefix else words
        segments_of(path)
        return path

    def serves(self, path: Phrase) -> bool:
        """Whether a path may have a value. If a key is known to have a value, no path below this key has a value."""
        segments = segments_of(path)
        return not any(segments[: len(leaf)] == leaf != segments for leaf in self.leaves) and serves(path, self.setting)

    def getv(self, words: Any, *defaults: Any) -> Phrase:
        path = self.path(words)
        if len(defaults) > 1 or not all(isinstance(default, Phrase) for default in defaults):
            raise Unliftable("a default must be text")
        if self.serves(path):
            return Phrase((Lookup(path, defaults[0] if defaults else None),))
        for default in defaults:
            return Phrase(default.parts)
        raise Unliftable(f"there is no metadata at {shown(path)}, so the file is never written")

    def get(self, words: Any) -> Pair:
        return Pair(self.path(words), self.getv(words))

    def exists(self, words: Any) -> Test | bool:
        path = self.path(words)
        return Test("exists", (path,)) if self.serves(path) else False

    def listing(self, words: Any, branches: bool = False) -> Any:
        path = self.path(_listed(words) if isinstance(words, Phrase) else words)
        return Children(path, branches) if self.serves(path) else ()

    def matching(self, words: Any, pairs: bool) -> Any:
        """Return the pairs (`gets`) or values (`getvs`) that match a pattern, whose only `*` must end a segment."""
        segments = segments_of(self.path(words))
        wild = [place for place, segment in enumerate(segments) if any(char in _known(segment) for char in "*?[\\")]
        if not self.serves(_path(segments[: wild[0]] if wild else segments)):
            return ()
        pattern = segments[wild[0]].constant or "" if len(wild) == 1 else ""
        prefix = pattern.removesuffix("*")
        if not pattern.endswith("*") or any(char in prefix for char in "*?[\\"):
            raise Unliftable("only a pattern with a single * at the end of a segment is supported")
        loop = Iteration(Children(_path(segments[: wild[0]]), prefix=prefix))
        name = Phrase((prefix, ElementName(loop)) if prefix else (ElementName(loop),))
        key = _path((*segments[: wild[0]], name, *segments[wild[0] + 1 :]))
        return Walk(loop, key if pairs else None, Phrase((Lookup(key),)))

    def getenv(self, words: Any, *defaults: Any) -> Phrase:
        if len(defaults) > 1 or any(default.constant is None for default in defaults) or (defaults and words.constant is None):
            raise Unliftable("the variable that getenv reads, or its default, cannot be determined")
        return Phrase(
            (Getenv(words.pattern, _constant(defaults[0]) if defaults else "", words if words.constant is None else None),)
        )

    def printf(self, form: Any, *values: Any) -> Phrase:
        left = list(values)
        pieces: list[Any] = []
        place = 0
        for verb in _VERB.finditer(_constant(form)):
            pieces.append(_constant(form)[place : verb.start()])
            place = verb.end()
            if verb[1] == "%":
                pieces.append("%")
            elif (verb[1] in "sv" and isinstance(left[0], Phrase)) or (verb[1] in "dv" and type(left[0]) is int):
                value = left.pop(0)
                pieces += value.parts if isinstance(value, Phrase) else [str(value)]
            else:
                raise Unliftable(f"the result of printf with %{verb[1]} cannot be determined")
        if left or _constant(form)[place:].count("%"):
            raise Unliftable("the verbs of printf do not match its values")
        return _plain([*pieces, _constant(form)[place:]])

    def print(self, *values: Any) -> Phrase:
        if not all(isinstance(value, Phrase) for value in values):
            raise Unliftable("print of a value that is not text is not supported")
        return _plain([part for value in values for part in value.parts])

    def base(self, words: Any) -> Phrase:
        last = segments_of(words)[-1]
        if not all(isinstance(part, str | ElementName) for part in last.parts):
            raise Unliftable("the last segment of this path cannot be determined")
        return last

    def directory(self, words: Any) -> Phrase:
        self.base(words)
        return _path(segments_of(words)[:-1])

    def split(self, words: Any, separator: Any) -> Any:
        if not _constant(separator):
            raise Unliftable("splitting into single characters is not supported")
        names = [part for part in words.parts if not isinstance(part, str)]
        listed = all(isinstance(part, ElementName) and isinstance(part.loop.of, Children) for part in names)
        if not names or (listed and _constant(separator) == "/"):
            return tuple(cut(words, _constant(separator)))
        return Split(words, _constant(separator))

    def index(self, of: Any, number: Any) -> Any:
        if isinstance(of, tuple) and type(number) is int and number >= 0:
            return of[number]
        if number is not False and number == 0 and isinstance(of, Children):
            return Phrase((ElementName(Iteration(of, first=True)),))
        if number is not False and number == 0 and isinstance(of, Walk):
            value = _with(of.value, of.loop, loop := Iteration(of.loop.of, first=True))
            return Pair(_with(of.key, of.loop, loop), value) if of.key else value
        raise Unliftable("the element that index returns cannot be determined")

    def len(self, of: Any) -> Any:
        if isinstance(of, tuple):
            return len(of)
        if isinstance(of, Phrase) and of.constant is not None:
            return len(of.constant.encode())
        if isinstance(of, Walk) and _is_whole(of):
            return Size(of.loop.of)
        if isinstance(of, Children):
            return Size(of)
        raise Unliftable("the length of this value cannot be determined")

    def add(self, left: Any, right: Any) -> Any:
        if isinstance(right, Position | Size):
            left, right = right, left
        if type(right) is int and isinstance(left, Position | Size):
            return replace(left, plus=left.plus + right)
        if type(left) is int and type(right) is int:
            return left + right
        raise Unliftable(
            "in the spec language, a number can be added only to the position of an element or to the length of a list"
        )

    def sub(self, left: Any, right: Any) -> Any:
        return self.add(left, -right)

    def contains(self, text: Any, wanted: Any) -> Test | bool:
        if isinstance(text, Phrase) and text.constant is None:
            return Test("contains", (text, Phrase((_constant(wanted),))))
        return _constant(wanted) in _constant(text)

    def replace(self, text: Any, old: Any, new: Any, count: Any) -> Phrase:
        if not _constant(old) or type(count) is not int:
            raise Unliftable("this replacement is not supported")
        if text.constant is None and (count >= 0 or (len(_constant(old)) > 1 and not text.single)):
            raise Unliftable("the text that replace changes is only known when the file is rendered")
        return self.changed(text, "replace", lambda part: part.replace(_constant(old), _constant(new), count), old, new)

    def changed(self, text: Any, word: str, change: Callable[[str], str], *texts: Phrase) -> Phrase:
        """Apply the function `word` to a string.

        Constants are changed now, with `change`. All other parts are changed with `word` when the file is rendered.
        """
        known = tuple(map(_constant, texts))
        return _plain([change(part) if isinstance(part, str) else Modified(word, part, known) for part in text.parts])

    # Conditions

    def truth(self, value: Any) -> Test | bool:
        """Return the condition under which a value counts as true."""
        if isinstance(value, Test | bool):
            return value
        if isinstance(value, int | tuple):
            return bool(value)
        if isinstance(value, Pair):
            return True
        if isinstance(value, Position) and not value.plus:
            return Test("later", (value.loop,))
        if isinstance(value, Phrase) and value.single and not isinstance(value.single, ElementName):
            return Test("given", (value,)) if not isinstance(value.single, Getenv) or not value.single.default else True
        if isinstance(value, Phrase) and len(value.parts) <= 1:
            return bool(value.parts)
        of = value.of if isinstance(value, Size) and not value.plus else value
        if isinstance(of, Walk) and _is_whole(of):
            of = of.loop.of
        if isinstance(of, Children):
            return Test("some", (of,))
        raise Unliftable("it cannot be determined whether this value counts as true", self.start)

    def logic(self, word: Any, *values: Any) -> Any:
        """Return the result of `and` or `or`. For two strings, `or` returns the second only if the first is empty."""
        first = values[0]
        if word == "any" and len(values) == 2 and all(isinstance(value, Phrase) for value in values):
            found = first.single
            if isinstance(found, Lookup) and (found.default is None or found.default.constant == ""):
                return Phrase((Lookup(found.path, values[1], empty=True),))
            if isinstance(found, Getenv) and not found.default:
                return Phrase((Getenv(found.name, _constant(values[1])),))
        return joined(word, [self.truth(value) for value in values])

    def equal(self, first: Any, *others: Any) -> Test | bool:
        if not others:
            raise Unliftable("eq has only one argument")
        return joined("any", [self.compared("eq", first, other) for other in others])

    def compared(self, word: str, left: Any, right: Any) -> Test | bool:
        if type(left) is int and type(right) is int:
            return {"eq": left == right, "gt": left > right, "lt": left < right, "ge": left >= right, "le": left <= right}[word]
        if type(left) is int or isinstance(right, Position):
            return self.compared(_FLIPPED[word], right, left)
        if isinstance(left, Size) and type(right) is int:
            return sized(word, left, right - left.plus)
        if isinstance(left, Position):
            return positioned(word, left, right)
        if word != "eq" or not isinstance(left, Phrase) or not isinstance(right, Phrase):
            raise Unliftable("this comparison is not supported", self.start)
        if left.constant is not None and right.constant is not None:
            return left.constant == right.constant
        if left.constant is not None:
            left, right = right, left
        return equal(left, right)


def separated(repeat: Repeat) -> Repeat:
    """If the body of a loop prints text between elements, turn this text into the separator of the loop."""
    body, ends = repeat.body, {"later": 0, "more": -1}
    for place, piece in enumerate(body):
        if not isinstance(piece, When) or piece.test.word not in ("later", "more", "not"):
            continue
        test, text, other = piece.test, piece.then, piece.otherwise
        if test.word == "not":
            test, text, other = test.of[0], other, text
        if not isinstance(test, Test) or test.word not in ends or test.of != (repeat.loop,):
            continue
        beside = body[:place] if test.word == "later" else body[place + 1 :]
        if other or not all(isinstance(word, str) for word in (*text, *beside)):
            continue
        between, edge = "".join(map(str, text)), "".join(map(str, beside))
        if test.word == "later":
            return Repeat(repeat.loop, body[place + 1 :], repeat.start, edge, edge + between)
        return Repeat(repeat.loop, body[:place], repeat.start, "", between + edge, edge)
    return repeat


def _listed(path: Phrase) -> Phrase:
    """Return a path without a final slash, because a final slash has no effect on a listing."""
    *parts, last = path.parts or ("",)
    return Phrase((*parts, last.rstrip("/"))) if isinstance(last, str) and (parts or last.strip("/")) else path


def _is_whole(walk: Walk) -> bool:
    """Whether `walk` reads the listed values themselves, not fields below them: it then has one element for each listed name."""
    value = walk.value.single
    return isinstance(value, Lookup) and value.path == _path((*segments_of(walk.loop.of.path), Phrase((ElementName(walk.loop),))))


def _with(words: Phrase | None, old: Iteration, new: Iteration) -> Phrase:
    """Return a string in which the element of the loop `new` replaces the element of the loop `old`."""

    def part(each: Any) -> Any:
        if isinstance(each, ElementName) and each.loop is old:
            return ElementName(new)
        if isinstance(each, Modified):
            return replace(each, of=part(each.of))
        return Lookup(_with(each.path, old, new), each.default, each.empty) if isinstance(each, Lookup) else each

    assert words
    return Phrase(tuple(map(part, words.parts)))


def _path(segments: Sequence[Phrase]) -> Phrase:
    return _plain([part for segment in segments for part in ("/", *segment.parts)])


def _plain(parts: Sequence[Any]) -> Phrase:
    """Return a string that consists of these parts, with adjacent constants joined."""
    found = merged(part for part in parts if part != "")
    size = sum(len(part) if isinstance(part, str) else 1 for part in found)
    if size > _LONGEST or len(found) > 100:
        raise Unliftable("a string becomes too long to be analyzed")
    return Phrase(tuple(found))


def _known(words: Phrase) -> str:
    return "".join(part for part in words.parts if isinstance(part, str))


def _constant(words: Any) -> str:
    if not isinstance(words, Phrase) or words.constant is None:
        raise Unliftable("a string that must be known in advance is only known when the file is rendered")
    return words.constant


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "getv": Evaluation.getv,
    "get": Evaluation.get,
    "exists": Evaluation.exists,
    "ls": Evaluation.listing,
    "lsdir": lambda self, path: self.listing(path, branches=True),
    "gets": lambda self, path: self.matching(path, pairs=True),
    "getvs": lambda self, path: self.matching(path, pairs=False),
    "getenv": Evaluation.getenv,
    "printf": Evaluation.printf,
    "print": Evaluation.print,
    "base": Evaluation.base,
    "dir": Evaluation.directory,
    "split": Evaluation.split,
    "index": Evaluation.index,
    "len": Evaluation.len,
    "add": Evaluation.add,
    "sub": Evaluation.sub,
    "contains": Evaluation.contains,
    "toLower": lambda self, text: self.changed(text, "lower", str.lower),
    "toUpper": lambda self, text: self.changed(text, "upper", str.upper),
    "replace": Evaluation.replace,
    "not": lambda self, value: negated(self.truth(value)),
    "and": lambda self, *values: self.logic("all", *values),
    "or": lambda self, *values: self.logic("any", *values),
    "eq": Evaluation.equal,
    "ne": lambda self, left, right: negated(self.compared("eq", left, right)),
    **{word: lambda self, left, right, word=word: self.compared(word, left, right) for word in ("gt", "lt", "ge", "le")},
}
