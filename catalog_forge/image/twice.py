"""Check that an image is reproducible: build it again without the cache, and compare the contents of the two images.

Times are ignored: files have the time of their build, because the classic builder does not support SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from catalog_forge.errors import BuildError
from catalog_forge.image.archives import digests
from catalog_forge.image.builder import build
from catalog_forge.image.engine import Engine
from catalog_forge.image.request import BuildRequest
from catalog_forge.image.stream import Report

_MOST_NAMED = 5
# The keys of an image's configuration that determine how a container starts.
_STARTED = ("Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "Shell", "StopSignal", "User", "Volumes", "WorkingDir")


def check(engine: Engine, request: BuildRequest, report: Report) -> None:
    """Build an image a second time, and raise BuildError if the two images differ in their contents."""
    tag = request.tags[0]
    second = replace(request, tags=(f"{tag}-again",), no_cache=True)
    try:
        build(engine, second, report)
        first, again = (_held(engine, each) for each in (tag, second.tags[0]))
    finally:
        with suppress(BuildError), engine.asked_to(f"remove {second.tags[0]}"):
            engine.api.remove_image(second.tags[0], force=True)
    if differing := sorted(name for name in {*first, *again} if first.get(name) != again.get(name)):
        more = f", and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
        raise BuildError(
            f"{tag} differs when it is built twice: {', '.join(differing[:_MOST_NAMED])}{more}",
            hint="pin the base image and all downloads by a digest",
        )


def _held(engine: Engine, tag: str) -> Mapping[str, object]:
    """Return an image's files by path, without their times, and the settings with which its containers start."""
    with engine.asked_to(f"look into {tag}"):
        started = engine.api.inspect_image(tag)["Config"] or {}  # type: ignore[no-untyped-call]
        container = engine.api.create_container(tag, ["true"])["Id"]
        try:
            files = {
                f"/{each.name.rstrip('/')}": (each.type, each.mode, each.uid, each.gid, digest or each.linkname)
                for each, digest in digests(engine.api.export(container))
            }
        finally:
            engine.api.remove_container(container, v=True, force=True)
    return {**files, **{f"its {name}": started.get(name) or None for name in _STARTED}}
