"""Limits what an untrusted blueprint may use: processor time, memory, and bytes of text."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from catalog_forge.errors import ForgeError

# The limits of one run of a blueprint, for all questions and files of the blueprint together.
SECONDS = 5.0
TEXT = 16 << 20
MEMORY = 256 << 20


@dataclass
class Budget:
    """The processor seconds and the bytes of output that remain for all templates of one blueprint together."""

    seconds: float = SECONDS
    text: int = TEXT

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Run a block within the remaining time, as `bounded` does, and subtract the time that the block took."""
        begin = time.process_time()
        try:
            with bounded(max(self.seconds, 0.001)):
                yield
        except ForgeError:
            self.seconds = 0  # an error ends the run, even if the clock has measured slightly less time than the timer allows
            raise
        finally:
            self.seconds -= time.process_time() - begin

    def made(self, text: str) -> str:
        """Subtract the size of a rendered text from the budget; return the text. Raises ForgeError if the budget is spent."""
        self.text -= len(text)
        if self.text < 0:
            raise ForgeError(f"the blueprint makes more than {TEXT >> 20} MiB of text")
        return text


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Limit the processor time and the additional memory of a block. Raises ForgeError if the block exceeds a limit.

    This function uses a signal and a limit of the process, so it works only in the main thread.
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
            # Repeat the signal, because Jinja swallows exceptions while it folds constants.
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.2)
            yield
        finally:
            inside = False  # the signal may arrive even here, when the block has just ended
    except (TimeoutError, MemoryError):
        inside = False
        raise ForgeError("the blueprint needs too much time or memory") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGVTALRM, before)


def _limit(memory: int, soft: int, hard: int) -> int:
    """Return the new limit of the address space: the memory in use plus `memory`, but never above the old limits."""
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # Only Linux reports the memory in use, and only Linux enforces the limit.
        return soft
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    return min([pages * resource.getpagesize() + memory, *bounds])
