"""What runs beside the services of an entry, for those that it expects from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from catalog_forge.errors import ForgeError, Where
from catalog_forge.stack.model import Service, Stack


def flat(path: str) -> str:
    """The name that a service STACK/NAME of another stack has in the one stack that there is."""
    return path.replace("/", "-")


def _linked(service: Service, beside: Collection[str]) -> Service:
    """A service whose links to other stacks lead to what runs for these."""
    links = (replace(each, target=flat(each.target)) if each.target in beside else each for each in service.links)
    return replace(service, links=tuple(links))


def with_beside(
    stack: Stack,
    paths: Collection[str],
    services: Iterable[Service],
    where: Where | None = None,
    hint: str = "take it out of what runs beside it",
) -> Stack:
    """Return the stack with services beside it, which run for NAME or STACK/NAME. Raises ForgeError when it has the name."""
    services = tuple(services)
    if both := {each.name for each in stack.services} & {each.name for each in services}:
        raise ForgeError(f"the entry has the service {min(both)!r} itself", where, hint)
    notes = tuple(note for note in stack.unhonoured if not any(note.message.startswith(f"{path} is of") for path in paths))
    return replace(stack, services=(*services, *(_linked(each, paths) for each in stack.services)), unhonoured=notes)
