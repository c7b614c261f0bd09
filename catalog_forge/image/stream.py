"""Turn the output of an engine's build or push into events, and keep the state that is needed later. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

TAIL = 20

_STEP = re.compile(r"STEP (\d+)/(\d+) ?: ?(.*)", re.IGNORECASE | re.DOTALL)
_LAYER = re.compile(r" ?-+> ([0-9a-f]{12,64})\s*")
_RUNNING = re.compile(r" ---> Running in ([0-9a-f]{12,64})\s*")
# Engines report the removal of a container as " ---> Removed ..." since version 23, and as "Removing ..." before.
_REMOVED = re.compile(r"(?:Error removing|Removing| ---> Removed) intermediate container ([0-9a-f]{12,64})")
_NOT_SHOWN = re.compile(r"\s*|Successfully (built|tagged) .*+\s*")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The engine begins instruction `number` of `total`."""

    number: int
    total: int
    instruction: str


@dataclass(frozen=True, slots=True)
class Output:
    """Text that a step has written, without control characters. The text may have any length."""

    text: str


@dataclass(frozen=True, slots=True)
class Pulling:
    """The state of one layer of an image that comes from a registry; `total` is 0 when no size is known."""

    layer: str
    status: str
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Pushing(Pulling):
    """The state of one layer of an image that goes to a registry."""


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a build or push, with its result."""

    text: str


Event = StepStarted | Output | Pulling | Done
Report = Callable[[Event], None]


@dataclass(slots=True)
class Log:
    """Follows the stream of one build. The classic builder reports everything as text, which `take` parses."""

    step: StepStarted | None = None
    image_id: str = ""
    tagged: bool = False
    container: str = ""  # the running container
    used: list[str] = field(default_factory=list)  # the layer of every step, oldest first
    made: list[str] = field(default_factory=list)  # the layers in `used` that were missing in the cache
    stages: list[str] = field(default_factory=list)  # the last image of each stage
    error: str = ""
    _cached: bool = False
    _output: str = ""

    def take(self, message: Mapping[str, Any]) -> Event | None:
        """Record a message, and return the event to show, if any."""
        if "error" in message:
            detail = message.get("errorDetail") or {}
            code = detail.get("code")
            self.error = f"exit code {code}" if code else str(detail.get("message") or message["error"])
            return None
        if "aux" in message:
            self.image_id = message["aux"].get("ID", self.image_id)
            self.stages.append(self.image_id)
            return None
        if "status" in message:
            return progress(message, Pulling)
        return self._text(str(message.get("stream", "")))

    @property
    def tail(self) -> list[str]:
        """The last lines that the current step wrote."""
        return self._output.rstrip().splitlines()[-TAIL:]

    def _text(self, text: str) -> Event | None:
        if self.container:
            # A program may print text like the builder's, so the output of a step ends only when the step's container is removed.
            removed = _REMOVED.match(text)
            if not (removed and removed[1] == self.container):
                return self._written(text)
            self.container = ""
        elif step := _STEP.fullmatch(text):
            self.step, self._cached, self._output = StepStarted(int(step[1]), int(step[2]), _clean(step[3]).strip()), False, ""
            return self.step
        elif running := _RUNNING.fullmatch(text):
            self.container = running[1]
        elif layer := _LAYER.fullmatch(text):
            self._layer(layer[1])
        elif "Using cache" in text:
            self._cached = True
        elif not _NOT_SHOWN.fullmatch(text):
            return self._written(text)
        self.tagged |= text.startswith("Successfully tagged")
        return None

    def _layer(self, layer: str) -> None:
        self.used.append(layer)
        is_base = self.step is not None and self.step.instruction.upper().startswith("FROM ")
        if not self._cached and not is_base:
            self.made.append(layer)

    def _written(self, text: str) -> Output:
        clean = _clean(text)
        self._output = (self._output + clean)[-65536:]
        return Output(clean)


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def progress(message: Mapping[str, Any], kind: type[Pulling]) -> Pulling:
    """Turn a registry's status message into an event."""
    detail = message.get("progressDetail") or {}
    current, total = detail.get("current") or 0, detail.get("total") or 0
    return kind(str(message.get("id", "")), str(message["status"]), current, total)
