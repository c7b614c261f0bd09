"""Sends the commands and requests of a scenario to the containers of a stack, and collects their answers."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from catalog_forge.errors import EngineError, ForgeError, Problem, Where, did_you_mean
from catalog_forge.image.containers import Container
from catalog_forge.image.engine import Engine
from catalog_forge.stack.model import Stack
from catalog_forge.stack.reconcile import Seen as Found
from catalog_forge.stack.reconcile import owner_of
from catalog_forge.stack.runner import StackRunner
from catalog_forge.verify.asking import Asking, Command, Get, Log, unlike
from catalog_forge.verify.observation import Answer, Asked
from catalog_forge.verify.on_stack_scenario import Place, places

_ANSWER = 5.0
_MOST = 1 << 20
_LOOK = 0.5
# How many times a command is run whose expected output is missing: under load, the engine may lose the output of a short command.
_ATTEMPTS = 4


@dataclass(frozen=True)
class Asker:
    """Sends the commands and requests of a scenario to its containers.

    `text` replaces addresses and names in answers with those of the scenario.
    """

    engine: Engine
    places: Mapping[str, Place]
    seen: Sequence[Found]
    text: Callable[[str], str] = str

    def find(self, word: str, *, owner: bool = False) -> Found | None:
        """Return the container that a word names or, if `owner` is set, the container whose network the named container uses."""
        place = self.places[word]
        name = owner_of(place.service, place.launch).name if owner else place.launch.name
        key = (place.service.name, place.index)
        return next((each for each in self.seen if each.key == key and each.launch == name), None)

    def asked(self, asking: Asking, lines: Callable[[Found | None], str]) -> Asked:
        """Ask all containers, and return their answers. `lines` returns the log of a container."""
        return Asked(
            tuple(self._run(each, self.find(each.container)) for each in asking.commands),
            tuple(self._get(each, self.find(each.container, owner=True)) for each in asking.requests),
            tuple(lines(self.find(each.container)) for each in asking.logs),
        )

    def _run(self, command: Command, found: Found | None) -> Answer:
        if found is None or not found.running:
            return Answer(problem=f"{command.container} is not running")
        container = Container(self.engine, found.id, found.name)
        try:
            for _ in range(_ATTEMPTS):
                status, said = container.run(*command.run)
                if said or status != command.status or not (command.words.equals or command.words.contains):
                    break
        except EngineError:
            raise
        except ForgeError as error:  # the program does not exist, or the container has just ended
            return Answer(problem=self.text(str(error)))
        return Answer(status, self.text(said))

    def _get(self, request: Get, found: Found | None) -> Answer:
        if found is None or not found.address:
            return Answer(problem=f"{request.container} has no address")
        connection = http.client.HTTPConnection(found.address, request.port, timeout=_ANSWER)
        try:
            headers = {"Host": f"{request.container}:{request.port}", **request.headers}
            connection.request("GET", request.path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, self.text(answer.read(_MOST).decode(errors="replace")))
        except (OSError, http.client.HTTPException) as error:
            return Answer(problem=str(error) or type(error).__name__)
        finally:
            connection.close()


def check(stack: Stack, asking: Asking) -> None:
    """Raise ForgeError if the stack lacks some of the containers that are to be asked; the error names all missing containers."""
    known = places(stack)
    asked: tuple[Command | Get | Log, ...] = (*asking.commands, *asking.requests, *asking.logs)
    missing = [each for each in asked if each.container not in known]
    if missing:
        words = [(each, did_you_mean(each.container, known)) for each in missing]
        raise ForgeError.of([Problem(f"there is no container {each.container!r}", each.where, hint) for each, hint in words])


def unmet(engine: Engine, stack: Stack, asking: Asking) -> list[tuple[str, Where, str]]:
    """Ask a running stack until all answers are as expected or the time is up; return what `unlike` found last."""
    runner, limit = StackRunner(engine, stack.name), time.monotonic() + asking.within
    while True:
        asker = Asker(engine, places(stack), runner.seen())
        wrong = [*unlike(asking, asker.asked(asking, lambda found: runner.said(found, None) if found else ""))]
        if not wrong or time.monotonic() > limit:
            return wrong
        time.sleep(_LOOK)
