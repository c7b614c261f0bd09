"""Runs compiled templates in one loop with its own stack, so that a deep or endless template cannot crash the process.

Rules: Go's text/template (exec.go). Every rendering is limited in time, output, memory and depth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.gotext import fmt
from catalog_forge.gotext.values import NIL, LimitError, Map, Slice

_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for one resource: seconds of work, bytes of output, bytes created by functions, and depth of template calls."""

    seconds: float = 10.0
    output: int = 8 << 20
    memory: int = 256 << 20
    depth: int = 100_000


class Fault(Exception):
    """An error in a template, with the node that Go's message names."""

    def __init__(self, message: str, node: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


Expr = Callable[["Machine"], Any]
Op = Callable[["Machine"], None]


@dataclass(slots=True)
class Code:
    """One compiled template: its operations, and the number of slots for its variables."""

    name: str
    ops: list[Op] = field(default_factory=list)
    variables: int = 1


@dataclass(slots=True)
class Loop:
    """A running range: the remaining items, and the dot to restore after the range."""

    items: Iterator[tuple[Any, Any]]
    dot: Any


class Machine:
    """One rendering. `boxed` functions receive the machine as their first argument.

    `world` is the data that functions read. The machine itself does not use this data.
    """

    __slots__ = (
        "_frames", "_left", "_memory", "_spent", "_until", "code", "dot", "limits", "out", "pc", "running", "slots", "stack",
        "templates", "world",
    )  # fmt: skip

    def __init__(self, templates: Mapping[str, Code], world: Any, limits: Limits) -> None:
        self.templates = templates
        self.world = world
        self.limits = limits
        self.out: list[bytes] = []
        self.stack: list[Any] = []
        self._frames: list[tuple[Code, int, Any, list[Any], list[Any]]] = []
        self._left = limits.output
        self._memory = limits.memory
        self._spent = 0
        self._until = time.thread_time() + limits.seconds
        self.running = True
        self.dot: Any = None

    def run(self, name: str, data: Any = None) -> bytes:
        """Run a template with its data, and return its output. Raises Fault; `out` then contains the output up to the fault."""
        self._begin(self.templates[name], data)
        try:
            while self.running:
                for _ in range(_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK):
                    op = self.code.ops[self.pc]
                    self.pc += 1
                    op(self)
                    if not self.running:
                        break
                self.check()
        except LimitError as error:
            raise Fault(str(error)) from None
        except RecursionError:
            raise Fault("an expression or a value is nested more deeply than can be rendered here") from None
        return b"".join(self.out)

    def _begin(self, code: Code, dot: Any) -> None:
        self.code, self.pc, self.dot = code, 0, dot
        self.slots: list[Any] = [None] * code.variables
        self.slots[0] = dot
        self.stack = []

    def enter(self, code: Code, dot: Any, node: Any) -> None:
        """Start a template that the current one calls."""
        if len(self._frames) >= self.limits.depth:
            raise Fault(f"exceeded maximum template depth ({self.limits.depth})", node)
        self._frames.append((self.code, self.pc, self.dot, self.slots, self.stack))
        self._begin(code, dot)

    def leave(self) -> None:
        """Return from a template to its caller, or stop after the outermost one."""
        if self._frames:
            self.code, self.pc, self.dot, self.slots, self.stack = self._frames.pop()
        else:
            self.running = False

    def write(self, piece: bytes) -> None:
        """Append a piece to the output. Raises LimitError if the output becomes too large."""
        self._left -= len(piece)
        if self._left < 0:
            raise LimitError(f"the output is larger than {self.limits.output} bytes")
        self.out.append(piece)

    def print(self, value: Any) -> None:
        """Write a value as an action prints it."""
        if isinstance(value, bytes):
            self.write(value)
        elif value is None:
            self.write(b"<no value>")
        else:
            self.write(fmt.sprint([value], self.spend))

    def spend(self, size: int) -> None:
        """Count `size` bytes against the memory limit. Raises LimitError if it is exceeded."""
        self._memory -= size
        self._spent += 1
        if self._spent % _STEPS_BETWEEN_LOOKS_AT_THE_CLOCK == 0:
            self.check()
        if self._memory < 0:
            raise LimitError(f"the template makes more than {self.limits.memory} bytes of text and lists")

    def check(self) -> None:
        """Raise LimitError if the time is used up. Only processor time counts, so other processes do not change the result."""
        if time.thread_time() > self._until:
            raise LimitError(f"the template was not done after {self.limits.seconds:g} s of work: it may loop forever")


def items_of(value: Any, node: Any, names: int) -> Iterator[tuple[Any, Any]]:
    """Return an iterator over what a range visits: pairs of index and element. Raises Fault for a value that has no elements."""
    if value is None:
        return iter(())
    if isinstance(value, Slice):
        return ((place, NIL if value[place] is None else value[place]) for place in range(len(value)))
    if isinstance(value, Map):
        return ((key, NIL if (item := value.get(key)) is None else item) for key in sorted(value))
    if isinstance(value, int) and not isinstance(value, bool):
        if names > 1:
            raise Fault(f"can't use {value} to iterate over more than one variable", node)
        kind = type(value)
        return ((None, number if kind is int else kind(number)) for number in range(value))
    shown = fmt.sprint([value]).decode("utf-8", "replace")
    raise Fault(f"range can't iterate over {shown}", node)
