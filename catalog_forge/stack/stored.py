"""Supports stacks whose conf containers read a separate store: derives the content of the store, and writes it in a thread.

The content is derived from the metadata that the metadata service would present for the stack's service. The store of a scenario
gets its content in the same way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from catalog_forge.backends import TABLE
from catalog_forge.catalog.compose import docker_compose
from catalog_forge.catalog.entry import entry_plan
from catalog_forge.catalog.stored import SERVERS, STORE, with_store
from catalog_forge.confd.layout import by_key, layout
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.entries import Revision, read
from catalog_forge.seed.change import change
from catalog_forge.seed.clients import connected
from catalog_forge.seed.store import Destination, carry_out
from catalog_forge.spec.launching import can_watch
from catalog_forge.spec.model import Spec
from catalog_forge.stack.model import Stack, StoreBeside
from catalog_forge.stack.reconcile import Seen

POLL = "10s"
"""The interval at which confd reads a store that it cannot watch (image/files/entrypoint.sh)."""

_AGAIN = 0.5


def is_stored(spec: Spec) -> bool:
    """Whether the conf containers of a spec read a store. Raises ForgeError if the store cannot run on this machine."""
    if spec.engine.backends[0] == "rancher":
        return False
    backend = spec.engine.store
    if backend not in (*SERVERS, "env"):
        raise ForgeError(f"catalog-forge cannot start a server for the back end {backend}", spec.engine.at("backends"))
    return True


def interval_of(spec: Spec) -> str:
    """Return when confd renders from the spec's first back end: `watch` (on every change), `once`, or an interval such as 10s."""
    polled = spec.refresh == "watch" and not can_watch(spec, spec.engine.backends[0])
    return POLL if polled else spec.refresh


def entry_of(spec: Spec) -> Revision:
    """Return the entry of a spec as it would be generated now, with the store that the conf containers read, if any."""
    docker = with_store if is_stored(spec) else docker_compose
    files = {file.path: file.content for file in entry_plan(spec, lambda _: b"", docker)}
    return read(files, spec.entry.name, str(spec.entry.revision), f"templates/{spec.entry.name}")


def stored(stack: Stack, spec: Spec) -> Stack:
    """Return the stack with the intended content of its store, derived from the metadata of its service."""
    if not is_stored(spec) or (backend := spec.engine.store) not in SERVERS:
        return stack
    metadata = next(each.metadata for each in stack.services if each.name == spec.members[0].name)
    known = {name: each for name, each in by_key(spec, metadata) if name in spec.metadata}
    # If an optional question has no answer, its key is missing in the store.
    values = {name: each for name, each in known.items() if not (each == "" and spec.metadata[name].optional)}
    prefix = spec.engine.prefix
    own = tuple(f"{prefix}/{name}" for name in spec.metadata)
    return replace(stack, store=StoreBeside(backend, prefix, STORE, layout(spec, backend, values), own, SERVERS[backend].token))


class Filling:
    """Writes the intended content into the store of a stack whenever the store starts or the content changes.

    Keys that other programs write are kept. A separate thread writes the content, and then calls `wake`.
    """

    def __init__(self, wake: Callable[[], None], say: Callable[[str], None]) -> None:
        self._wake, self._say = wake, say
        self._done: tuple[str, Mapping[str, str]] | None = None
        self._thread: threading.Thread | None = None
        self._said = ""

    def look(self, store: StoreBeside | None, seen: list[Seen]) -> None:
        """Start filling the store if its container runs and the store does not have the intended content yet."""
        container = next(
            (each for each in seen if store and each.service == store.service and each.running and each.address), None
        )
        if self._done and (not container or container.id != self._done[0]):
            self._done = None
        if store and container and not self.is_full(store) and not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._fill, args=(store, container), daemon=True)
            self._thread.start()

    def is_full(self, store: StoreBeside | None) -> bool:
        """Whether the store has its intended content."""
        return store is None or (self._done is not None and self._done[1] == store.leaves)

    def _fill(self, store: StoreBeside, container: Seen) -> None:
        node = f"{TABLE[store.backend].scheme}{container.address}:{TABLE[store.backend].port}"
        try:
            with connected(store.backend, Destination(node, store.prefix, token=store.token)) as client:
                carry_out(change(store.leaves, client.read(), store.own, store.prefix), client)
            self._done = container.id, store.leaves
        except ForgeError as error:
            # A server that is still starting refuses connections.
            if str(error) != self._said and "refused" not in str(error):
                self._said = str(error)
                self._say(self._said)
            time.sleep(_AGAIN)
        self._wake()
