"""The operations and expressions that templates are compiled to: functions that take the machine (text/template, exec.go).

A jump target may be unknown when the jump is created. Each target is therefore a list, whose only number is filled in later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog_forge.gotext import literals
from catalog_forge.gotext.machine import Expr, Fault, Loop, Machine, Op, items_of
from catalog_forge.gotext.values import NIL, PAIRS, PLAIN_PAIRS, STRINGS, Slice, truth, type_name

# The value of a variable whose declaration has not run because the declaration is in a skipped argument of and/or.
UNSET = object()
# The list types that each parameter type accepts.
LISTS = {STRINGS: (STRINGS,), PLAIN_PAIRS: (PAIRS, PLAIN_PAIRS)}


def dot(machine: Machine) -> Any:
    return machine.dot


def nothing(_machine: Machine) -> Any:
    return None


def none(_machine: Machine) -> Sequence[Any]:
    return ()


def failing(message: str, node: Any) -> Expr:
    """Return an expression that fails when it is evaluated."""

    def fail(_machine: Machine) -> Any:
        raise Fault(message, node)

    return fail


def settled(value: Expr) -> Expr:
    """Return an expression that yields "no value" if the value is a nil interface, as Go does at the end of a command."""

    def settle(machine: Machine) -> Any:
        found = value(machine)
        return None if found is NIL else found

    return settle


def stored(value: Expr, slots: Sequence[int]) -> Expr:
    def store(machine: Machine) -> Any:
        found = value(machine)
        for slot in slots:
            machine.slots[slot] = found
        return found

    return store


def assigned(value: Expr, variables: Sequence[tuple[str, Sequence[int]]], node: Any) -> Expr:
    """Return an expression that stores a value in existing variables: in each variable's first slot that is set."""

    def assign(machine: Machine) -> Any:
        found = value(machine)
        for name, slots in variables:
            slot = next((slot for slot in slots if machine.slots[slot] is not UNSET), None)
            if slot is None:
                raise Fault(f"undefined variable: {name}", node)
            machine.slots[slot] = found
        return found

    return assign


def kept(slot: int) -> Expr:
    return lambda machine: machine.slots[slot]


def variable(name: str, slots: Sequence[int], node: Any) -> Expr:
    """Return an expression for the value of a variable, which is in the first of its slots that is set."""

    def get(machine: Machine) -> Any:
        for slot in slots:
            if machine.slots[slot] is not UNSET:
                return machine.slots[slot]
        raise Fault(f"undefined variable: {name}", node)

    return get


def piped(before: Expr, slot: int, command: Expr) -> Expr:
    """Return an expression for a pipe: it evaluates `before`, stores the value in a slot, and runs the command after the pipe."""

    def run(machine: Machine) -> Any:
        machine.slots[slot] = before(machine)
        return command(machine)

    return run


def checked(value: Expr, kind: str, node: Any) -> Expr:
    """Return an expression that yields the value if it is assignable to a Go type, and raises Fault otherwise."""
    if kind in ("any", "value"):
        return settled(value)

    def check(machine: Machine) -> Any:
        found = value(machine)
        if fits(found, kind):
            return found
        if found is None:
            raise Fault(f"invalid value; expected {kind}", literals.last_of(node))
        raise Fault(f"wrong type for value; expected {kind}; got {type_name(found)}", literals.last_of(node))

    return check


def fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, bytes)
    if kind == "int":
        return type(value) is int
    return value is None or (isinstance(value, Slice) and value.type in LISTS[kind])


def if_true(value: Expr, to_else: list[int]) -> Op:
    def op(machine: Machine) -> None:
        if not truth(value(machine)):
            machine.pc = to_else[0]

    return op


def with_value(value: Expr, to_else: list[int]) -> Op:
    def op(machine: Machine) -> None:
        found = value(machine)
        if truth(found):
            machine.stack.append(machine.dot)
            machine.dot = found
        else:
            machine.pc = to_else[0]

    return op


def restore_dot(machine: Machine) -> None:
    machine.dot = machine.stack.pop()


def jump(target: list[int]) -> Op:
    def op(machine: Machine) -> None:
        machine.pc = target[0]

    return op


def begin_range(value: Expr, node: Any, names: int, to_else: list[int]) -> Op:
    def op(machine: Machine) -> None:
        found = value(machine)
        items = items_of(found, node, names)
        if found is None or (found <= 0 if isinstance(found, int) else not found):
            machine.pc = to_else[0]
        else:
            machine.stack.append(Loop(items, machine.dot))

    return op


def next_item(slots: Sequence[int], to_end: list[int]) -> Op:
    def op(machine: Machine) -> None:
        loop = machine.stack[-1]
        item = next(loop.items, None)
        if item is None:
            machine.stack.pop()
            machine.dot = loop.dot
            machine.pc = to_end[0]
            return
        machine.dot = item[1]
        for slot, found in zip(slots, item[2 - len(slots) :], strict=True):
            machine.slots[slot] = found

    return op


def break_range(depth: int, to_end: list[int]) -> Op:
    def op(machine: Machine) -> None:
        machine.dot = machine.stack[depth - 1].dot
        del machine.stack[depth - 1 :]
        machine.pc = to_end[0]

    return op


def continue_range(depth: int, begin: int) -> Op:
    def op(machine: Machine) -> None:
        del machine.stack[depth:]
        machine.pc = begin

    return op


def enter(name: str, value: Expr, node: Any) -> Op:
    def op(machine: Machine) -> None:
        code = machine.templates.get(name)
        if code is None:
            raise Fault(f'template "{name}" not defined', node)
        machine.enter(code, value(machine), node)

    return op
