"""Build and push images through the Docker SDK, without leaving anything behind on the engine.

How the classic builder of an engine behaves (measured on 20.10), and how this module deals with it:

- Each step creates an untagged image. If a build fails or is interrupted, these images stay, and the last image is
  dangling. This module removes all images of such a build, so that the engine is in the same state as before.
- The last image of each stage except the final stage stays dangling, even after success. This image is the build cache
  of its stage (here: the downloaded confd) and is kept, because all specs with the same confd share it: a changed spec
  changes only the final stage. A build without the cache makes another image of this kind, which this module removes.
- A build fails if the cached image of a step is removed while the build runs, either by `docker image prune` or together
  with the last image that was built on the cached image. The build is then repeated once.
- The image that had the tag before becomes dangling. That image is removed if catalog-forge built it and no container uses it.
"""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import parse_repository_tag
from requests import Response

from catalog_forge.errors import BuildError, ForgeError, Where
from catalog_forge.image import context as build_context
from catalog_forge.image.dockerfile import instruction_lines
from catalog_forge.image.engine import LOST, Engine, advice, gone
from catalog_forge.image.request import DIGEST_LABEL, BuildRequest, Built
from catalog_forge.image.stream import Done, Log, Pushing, Report, progress
from catalog_forge.plan import Plan

_PARSE_ERROR = re.compile(r"dockerfile parse error (?:on )?line (\d+): (.*)", re.DOTALL)
_PRUNED = re.compile(r'unable to find image "sha256:[0-9a-f]{64}"\s*')
GRACE = 20
"""The number of seconds that an engine has to end interrupted builds."""


def build(engine: Engine, request: BuildRequest, report: Report) -> Built:
    """Build one image, unless the engine already has an image with the first tag and the digest of the request.

    Raises BuildError if the engine refuses or a step fails (the error has the line of the Dockerfile and the end of the
    step's output), and EngineError if the engine stops answering. A failed or interrupted build leaves nothing on the engine.
    """
    (outcome,) = build_all(engine, [request], lambda _: report)
    if isinstance(outcome, ForgeError):
        raise outcome
    return outcome


def build_all(
    engine: Engine, requests: Sequence[BuildRequest], reporter: Callable[[BuildRequest], Report], jobs: int = 1
) -> list[Built | ForgeError]:
    """Build several images, `jobs` at a time; return the result or error of each request, in order.

    Reports come from worker threads, so that the caller's thread can be interrupted. An interruption ends the running builds
    cleanly, removes the images of these builds, and propagates. Leftovers are removed after all builds have ended,
    because a build may use layers of another build that fails later.
    """
    work = _Work(engine)
    try:
        with ThreadPoolExecutor(jobs) as pool:
            futures: list[Future[Built | ForgeError]] = []
            try:
                futures += (pool.submit(_outcome, work, request, reporter(request)) for request in requests)
                wait(futures)
            except BaseException:
                work.stop(futures)
                raise
        return [future.result() for future in futures]
    finally:
        work.sweep()


def push(engine: Engine, tag: str, report: Report) -> str:
    """Push an image to the registry that its tag names, with the docker CLI's credentials, and return the pushed digest.

    Raises BuildError with the registry's message if the registry refuses the push.
    """
    digest, action = "", f"push {tag}"
    with engine.asked_to(action):
        messages = engine.api.push(tag, stream=True, decode=True)
    with closing(engine.response):
        for message in _heard(engine, action, messages):
            if "error" in message:
                hint = advice(message["error"]) or "log in to the registry with `docker login`; you need write access"
                raise BuildError(f"cannot push {tag}: {message['error']}", hint=hint)
            if "id" in message:
                report(progress(message, Pushing))
            digest = (message.get("aux") or {}).get("Digest", digest)
    report(Done(f"pushed {tag}"))
    return digest


def _outcome(work: _Work, request: BuildRequest, report: Report) -> Built | ForgeError:
    try:
        return _build(work, request, report)
    except ForgeError as error:
        return error


def _build(work: _Work, request: BuildRequest, report: Report) -> Built:
    tag, engine = request.tags[0], work.engine
    with engine.asked_to(f"look up {tag}"):
        there = _inspect(engine, tag)
    ours = _digest_of(there)
    if there and (digest := request.built_as(there)):
        _add_tags(engine, there["Id"], [each for each in request.tags if each not in there["RepoTags"]])
        report(Done(f"{tag} is up to date"))
        return Built(there["Id"], digest, fresh=False)
    log = _run(work, request, report)
    if there and ours:
        work.replaced.append(there["Id"])
    if request.no_cache:
        work.replaced += log.stages[:-1]
    _add_tags(engine, log.image_id, request.tags[1:])
    report(Done(f"built {tag}"))
    return Built(log.image_id, request.digest, fresh=True)


def _run(work: _Work, request: BuildRequest, report: Report, *, again: bool = True) -> Log:
    """Run a build on the engine and read its output to the end, even if this process is interrupted.

    `again` means that the build is retried once if the engine's cache was pruned during the build.
    """
    log, engine, action = Log(), work.engine, f"build {request.tags[0]}"
    with engine.asked_to(action):
        messages = _heard(engine, action, engine.api.build(**_arguments(request)), request.dockerfile)
    response = engine.response
    work.join(response)
    try:
        for message in messages:
            if event := log.take(message):
                report(event)
    except BaseException:
        _hang_up(response)
        with suppress(ForgeError):
            for message in messages:  # yields nothing if the stream itself has failed
                log.take(message)
        work.leave(log)
        raise
    finally:
        response.close()
    if log.error or not log.tagged:
        work.leave(log)
        if again and _PRUNED.fullmatch(log.error or ""):
            return _run(work, request, report, again=False)
        raise _failure(work, request, log)
    work.kept.update(log.used)
    return log


def _heard(engine: Engine, action: str, messages: Iterable[dict[str, Any]], dockerfile: str = "") -> Iterator[dict[str, Any]]:
    """Yield the messages of a stream, and convert SDK errors that the stream raises to BuildError or EngineError."""
    with engine.asked_to(action):
        try:
            yield from messages
        except APIError as error:
            if found := _PARSE_ERROR.match(error.explanation or ""):
                raise BuildError(found[2], Where(dockerfile, int(found[1]), 1)) from error
            raise


def _arguments(request: BuildRequest) -> dict[str, Any]:
    files, args = request.brought
    return {
        "fileobj": io.BytesIO(build_context.tar(Plan([*request.context, *files]))),
        "custom_context": True,
        "tag": request.tags[0],
        "buildargs": {**args, **request.args},
        "platform": request.platform,
        "nocache": request.no_cache,
        "labels": request.own_labels,
        "decode": True,
        "rm": True,
        "forcerm": True,
    }


def _failure(work: _Work, request: BuildRequest, log: Log) -> ForgeError:
    """Return the error for a build stream that ended without an image."""
    tag, step = request.tags[0], log.step
    if not log.error:
        return gone(work.engine.address, f"build {tag}")
    if step is None:
        return BuildError(f"cannot build {tag}: {log.error}", Where(request.dockerfile))
    lines = instruction_lines(request.context.text("Dockerfile"))
    line = lines[step.number - 1] if step.number <= len(lines) else 0
    output = "".join(f"\n  | {text}" for text in log.tail)
    hint = ""
    if step.instruction.upper().startswith("FROM "):
        hint = (
            advice(log.error)
            or "the engine cannot find this image: check its name, run `docker login`, or load the image (`docker load`)"
        )
    elif step.instruction.upper().startswith("ADD "):
        hint = "use a local confd with `--confd FILE` or the variable CATALOG_FORGE_CONFD, so that nothing is downloaded"
    message = f"{tag}: step {step.number} of {step.total} failed, {_short(step.instruction)}: {log.error}{output}"
    return BuildError(message, Where(request.dockerfile, line, 1), hint)


def _short(instruction: str) -> str:
    words = " ".join(instruction.split())
    return words if len(words) <= 100 else words[:99] + "…"


def _inspect(engine: Engine, image: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = engine.api.inspect_image(image)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return None
    return found


def _digest_of(image: Mapping[str, Any] | None) -> str:
    labels = ((image or {}).get("Config") or {}).get("Labels") or {}
    return str(labels.get(DIGEST_LABEL, ""))


def _add_tags(engine: Engine, image_id: str, tags: Sequence[str]) -> None:
    for tag in tags:
        with engine.asked_to(f"tag {tag}"):
            engine.api.tag(image_id, *parse_repository_tag(tag))


def _hang_up(response: Response, how: int = socket.SHUT_WR) -> None:
    """Tell the engine that the client has left. The engine then ends the running step. By default, the engine's last messages can
    still be read.
    """
    connection = getattr(response.raw, "connection", None)
    if connection is not None and connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(how)


@dataclass
class _Work:
    """The state that concurrent builds share: the open streams, and the images and containers to remove after the last build."""

    engine: Engine
    streams: list[Response] = field(default_factory=list)
    stopped: bool = False
    made: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    replaced: list[str] = field(default_factory=list)

    def join(self, stream: Response) -> None:
        """Register the stream of a build that has started. If the builds were already stopped, end the build at once."""
        self.streams.append(stream)
        if self.stopped:
            _hang_up(stream)

    def leave(self, log: Log) -> None:
        """Record the images and the container that a failed build left on the engine."""
        self.made += log.made
        self.containers += [log.container] if log.container else []

    def stop(self, futures: Sequence[Future[Any]]) -> None:
        """End all builds: cleanly, or by force if they do not end soon."""
        self.stopped = True
        for future in futures:
            future.cancel()
        for how in (socket.SHUT_WR, socket.SHUT_RDWR):
            for stream in self.streams:
                _hang_up(stream, how)
            wait(futures, timeout=GRACE)

    def sweep(self) -> None:
        """Remove the containers and images that are no longer needed. An unreachable engine and images in use are ignored."""
        with suppress(DockerException, *LOST):
            for container in self.containers:
                with suppress(APIError):
                    self.engine.api.remove_container(container, v=True, force=True)
            images = [image for image in reversed(self.made) if image not in self.kept]
            # An image can only be removed after its children, and concurrent builds record images in a mixed order. Therefore
            # repeat the loop until a pass removes no image.
            while left := [image for image in images if not self._removed(image, parents=False)]:
                if len(left) == len(images):
                    break
                images = left
            for image in self.replaced:
                self._removed(image, parents=True)

    def _removed(self, image: str, *, parents: bool) -> bool:
        """Remove an untagged image, optionally with its untagged parents. Return whether the image is gone."""
        found = _inspect(self.engine, image)
        if found is None:
            return True
        if found["RepoTags"]:
            return False
        try:
            self.engine.api.remove_image(image, noprune=not parents)
        except APIError:
            return False
        return True
