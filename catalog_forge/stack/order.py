"""An order in which services can be started: what others need comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def ordered(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return names so that each stands after what it needs, else in the order given; and the cycles that forbid it.

    Names that are no key of `needs` are passed over. No recursion: an entry may chain as many services as it likes.
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
                if not done[each]:
                    names = [step for step, _ in path]
                    cycles.append([*names[names.index(each) :], each])
            else:
                done[name] = True
                order.append(name)
                path.pop()
    return order, cycles
