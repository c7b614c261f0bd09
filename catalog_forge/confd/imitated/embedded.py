"""Imitates one pass of confd over an image's template resources. Needs no other process, and uses no network and no files.

Rules: docs/facts/confd.md#1.6, #3.1 and #3.4; confd 0.16.0 (resource/template/resource.go). docs/renderer.md lists the
differences from the real confd.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from catalog_forge.confd.imitated import store as stores
from catalog_forge.confd.imitated.functions import DIALECTS, Dialect, World, functions_of
from catalog_forge.confd.imitated.image_dir import ImageDir, TemplateResource
from catalog_forge.confd.imitated.store import Store, StoreError
from catalog_forge.confd.imitated.stored import Stored
from catalog_forge.errors import ForgeError, did_you_mean
from catalog_forge.gotext.fmt import sprintf
from catalog_forge.gotext.machine import Fault, Limits, Machine
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.gotext.template import Template, compile_template
from catalog_forge.gotext.values import runes, unrunes

__all__ = ["Dialect", "Fetch", "Limits", "Outcome", "Rendered", "run"]

# Returns the response body of a GET with Accept: application/json for a path such as "/2016-07-29/self/service", whatever the
# status is, or None if no service answers.
Fetch = Callable[[str], bytes | None]

# The time that `datetime` returns, fixed so that the output is the same in every run.
NOW = 1_000_000_000.0

_BAD_URL = re.compile(r"%(?![0-9a-fA-F]{2})|[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered file, and the template resource that renders it."""

    resource: TemplateResource
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one pass: the files by their `dest`, and the errors by resource name, both in the order of the resources."""

    files: Mapping[str, Rendered]
    errors: Mapping[str, str]


class _Failure(Exception):
    """Raised if a resource fails; the message is worded as in confd."""


def run(
    image: ImageDir,
    source: Fetch | Stored,
    *,
    prefix: str = "",
    variables: Mapping[str, str] = {},  # noqa: B006
    dialect: Dialect = "0.16",
    only: Collection[str] = (),
    limits: Limits = Limits(),  # noqa: B008
    now: float = NOW,
) -> Outcome:
    """Render all resources of an image, or those named in `only`, as `confd -onetime -sync-only` would.

    `source` is a store, or a function that fetches from Rancher's metadata service. `prefix` is confd's -prefix,
    `variables` is the environment that getenv reads, and `now` is the time that datetime returns (seconds since 1970). Raises
    ForgeError if the dialect or a resource does not exist; errors within a resource are reported in the outcome.
    """
    _check(image, dialect, only)
    turn = _Pass(image, source, prefix, variables, dialect, limits, now)
    files: dict[str, Rendered] = {}
    errors: dict[str, str] = {}
    for resource in image.resources:
        if only and resource.name not in only:
            continue
        try:
            files[resource.dest] = Rendered(resource, turn.render(resource))
        except _Failure as failure:
            errors[resource.name] = _logged(str(failure))
    return Outcome(files, errors)


def _logged(error: str) -> str:
    """Return an error as confd logs it.

    confd passes the error to Printf as the format, without values (log.Error(err.Error()) of resource.go).
    """
    return runes(sprintf(unrunes(error), ())) if "%" in error else error


def _check(image: ImageDir, dialect: str, only: Collection[str]) -> None:
    if dialect not in DIALECTS:
        hint = (
            "only lint supports confd 0.11: choose a newer release; templates for 0.11 must also work with it"
            if dialect == "0.11"
            else ""
        )
        raise ForgeError(f"the renderer cannot imitate confd {dialect}", hint=hint or did_you_mean(dialect, DIALECTS))
    names = [resource.name for resource in image.resources]
    for name in only:
        if name not in names:
            raise ForgeError(f"the image has no template resource {name!r}", hint=did_you_mean(name, names))


@dataclass(slots=True)
class _Pass:
    """State shared by the resources of one pass: the answers of the service, and the stores built from them."""

    image: ImageDir
    source: Fetch | Stored
    prefix: str
    variables: Mapping[str, str]
    dialect: Dialect
    limits: Limits
    now: float
    leaves: dict[tuple[str, str], Mapping[bytes, bytes]] = field(default_factory=dict)
    stores: dict[tuple[str, tuple[str, ...]], Store] = field(default_factory=dict)

    def render(self, resource: TemplateResource) -> bytes:
        """Return the rendered template of a resource. Raises _Failure."""
        if resource.fault:
            raise _Failure(resource.fault)
        store = self.store(resource)
        template = self.template(resource)
        machine = Machine(template.codes, World(store, self.variables, self.now), self.limits)
        try:
            content = machine.run(template.name)
        except Fault as fault:
            raise _Failure(template.describe(fault, machine.code)) from None
        if resource.misplaced:
            raise _Failure(f"{resource.file}: {resource.misplaced}, so confd cannot write the file")
        return content

    def template(self, resource: TemplateResource) -> Template:
        source = self.image.templates.get(resource.src)
        if source is None:
            raise _Failure(f"Missing template: templates/{resource.src}")
        try:
            return _compiled(resource.src.rpartition("/")[2], source, self.dialect)
        except SyntaxFault as fault:
            raise _Failure(f"Unable to process template templates/{resource.src}, {fault}") from None

    def store(self, resource: TemplateResource) -> Store:
        """Return the store that confd would fill for a resource. A global prefix replaces the resource's prefix (since 0.12)."""
        prefix = self.prefix or resource.prefix
        prefix = prefix if prefix.startswith("/") else f"/{prefix}"
        wanted = (prefix, resource.keys)
        if wanted not in self.stores:
            self.stores[wanted] = Store(self.read(prefix, resource.keys))
        return self.stores[wanted]

    def read(self, prefix: str, keys: tuple[str, ...]) -> Mapping[bytes, bytes]:
        if isinstance(self.source, Stored):
            try:
                return self.source.leaves(prefix, keys)
            except StoreError as error:
                raise _Failure(str(error)) from None
        found: dict[bytes, bytes] = {}
        for key in keys:
            found.update(self.leaves_of(self.source, stores.join(prefix, key), prefix))
        return found

    def leaves_of(self, fetch: Fetch, path: str, prefix: str) -> Mapping[bytes, bytes]:
        if (path, prefix) not in self.leaves:
            if _BAD_URL.search(path.partition("#")[0].partition("?")[0]):
                raise _Failure(f"{path}: not a URL: the real confd exits here (exit 2)")
            body = fetch(re.split("[?#]", path, maxsplit=1)[0])
            if body is None:
                raise _Failure(f"{path}: no metadata service answers")
            try:
                self.leaves[path, prefix] = stores.flatten(path, body, prefix)
            except StoreError as error:
                raise _Failure(str(error)) from None
        return self.leaves[path, prefix]


@lru_cache(maxsize=512)
def _compiled(name: str, source: bytes, dialect: Dialect) -> Template:
    """Compile a template, cached because many passes render it. Raises SyntaxFault."""
    return compile_template(name, source, functions_of(dialect))
