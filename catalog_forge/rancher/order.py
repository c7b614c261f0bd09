"""Computes an order in which services can be started, so that each service starts after the services that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# The maximum number of cycles that are returned: nobody reads more, but a file with thousands of services can have millions.
_MOST_CYCLES = 20


def ordered(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the names, each after the names that it needs and otherwise in the given order. Also return the cycles of needs,
    which no order can satisfy.

    Names that are not keys of `needs` are ignored. The function is not recursive, because an entry may chain
    any number of services.
    """
    done: dict[str, bool] = {}
    order: list[str] = []
    cycles: list[list[str]] = []
    for first in needs:
        if first in done:
            continue
        path = [(first, iter(needs[first]))]
        done[first] = False
        while path:
            name, rest = path[-1]
            for each in rest:
                if each not in needs:
                    continue
                if each not in done:
                    done[each] = False
                    path.append((each, iter(needs[each])))
                    break
                if not done[each] and len(cycles) < _MOST_CYCLES:
                    names = [step for step, _ in path]
                    cycles.append([*names[names.index(each) :], each])
            else:
                done[name] = True
                order.append(name)
                path.pop()
    return order, cycles


def without_cycles(needs: Mapping[str, Sequence[str]], wishes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return for each name its needs, and those of its wishes (preferred predecessors) that create no cycle.

    The function uses Kosaraju's algorithm for strongly connected components, in linear time and without recursion.
    """
    every = {name: [*needs[name], *wishes.get(name, ())] for name in needs}
    back: dict[str, list[str]] = {name: [] for name in every}
    for name, others in every.items():
        for other in others:
            back.get(other, []).append(name)
    part: dict[str, str] = {}
    for first in reversed(ordered(every)[0]):
        todo = [first]
        while todo:
            name = todo.pop()
            if name not in part:
                part[name] = first
                todo += back[name]
    return {name: [*needs[name], *(other for other in wishes.get(name, ()) if part.get(other) != part[name])] for name in needs}
