"""Limits of what an untrusted blueprint may use: processor seconds, memory, and bytes of text."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from catalog_forge.errors import ForgeError

# For one run of a blueprint, all its questions and files together.
SECONDS = 5.0
TEXT = 16 << 20
MEMORY = 256 << 20


@dataclass
class Budget:
    """What all texts of one blueprint may use together: seconds of the processor, and bytes that they make."""

    seconds: float = SECONDS
    text: int = TEXT

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Let a block use what is left of the time. Raises ForgeError as `bounded`."""
        begin = time.process_time()
        try:
            with bounded(max(self.seconds, 0.001)):
                yield
        except ForgeError:
            self.seconds = 0  # the timer and the clock differ by a moment, and whatever failed, the run ends with it
            raise
        finally:
            self.seconds -= time.process_time() - begin

    def made(self, text: str) -> str:
        """Count a text that was made. Raises ForgeError when all of them are too long."""
        self.text -= len(text)
        if self.text < 0:
            raise ForgeError(f"the blueprint makes more than {TEXT >> 20} MiB of text")
        return text


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Let a block use this much time of the processor and this much more memory, else raise ForgeError.

    It works by a signal and a limit of the process: for the main thread only.
    """
    import resource

    inside = True

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a handler)
        if inside:
            raise TimeoutError

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_limit(memory, soft, hard), hard))
            # Again and again, because Jinja swallows what is raised while it folds constants.
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.2)
            yield
        finally:
            inside = False  # the time may be up even here, when the block has just ended
    except (TimeoutError, MemoryError):
        inside = False
        raise ForgeError("the blueprint needs too much time or memory") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGVTALRM, before)


def _limit(memory: int, soft: int, hard: int) -> int:
    """Return the new bound of the address space: what is in use and `memory` more, and never more than there was."""
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # Only Linux tells, and only there is the limit kept.
        return soft
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    return min([pages * resource.getpagesize() + memory, *bounds])
