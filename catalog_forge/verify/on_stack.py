"""The stack engine: plays a scenario on all containers of the entry, including the real software, run as `up` runs them.

The checks of a moment begin once the stack matches the plan, every unit is running and healthy, and every confd has processed the
metadata, so that all its resources wait for the next change. From then on, the stack has the time `within` to match the
expectation. Once it matches, it must continue to match for as long as the launch script needs to see a stamp (the checksum
of a file that confd has written), so that an extra reload is noticed.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog_forge.confd.resource import actions
from catalog_forge.errors import EngineError, ForgeError, Problem
from catalog_forge.image.containers import Container
from catalog_forge.image.engine import Engine
from catalog_forge.metadata.scenarios.model import Environment
from catalog_forge.metadata.scenarios.scenario import Scenario
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.spec.model import Spec
from catalog_forge.stack.balancer import balanced
from catalog_forge.stack.listing import Row
from catalog_forge.stack.model import Launch, Stack
from catalog_forge.stack.reconcile import Key
from catalog_forge.stack.reconcile import Seen as Found
from catalog_forge.stack.runner import StackRunner, images_of
from catalog_forge.stack.state import StateFolder
from catalog_forge.stack.stored import interval_of, stored
from catalog_forge.stack.supervisor import Supervisor
from catalog_forge.verify import on_stack_scenario
from catalog_forge.verify.answering import Asker
from catalog_forge.verify.expectation import Expectation
from catalog_forge.verify.observation import Asked, Seen, Written
from catalog_forge.verify.on_stack_scenario import Mirror, Place
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.witnesses import RELOAD, Heard, Said, as_text, error_in, problem_in

SETTLE = 120.0
"""The number of seconds that a stack may take to match its plan: real software starts slowly."""

# Seconds until the launch script has acted: the script checks the stamps every second, and then waits a second for more changes.
_CALM = 2.5
_LOOK = 0.3
# Seconds after which a problem of a conf container counts as permanent. The test then no longer waits for its confd.
_STAYS = 4.0
# The number of attempts to remove a stack if the engine does not answer, and the seconds between two attempts.
_TIMES, _LATE = 4, 2.0
# Seconds between two messages that say what a test still waits for.
_TELL = 10.0
# The maximum number of characters of the spec's name in the stack's name: host names have at most 63 characters.
_NAMED = 20
# The maximum number of log lines shown in total, and the minimum for each container.
_LINES, _LEAST = 60, 3


def stack_name(spec: str) -> str:
    """Return an unused name for the stack of a test. It contains the spec's name, so that containers can be recognised."""
    return f"test-{spec[:_NAMED].rstrip('-')}-{uuid.uuid4().hex[:8]}"


class StackEngine:
    """Plays each scenario on a separate stack, in parallel threads if requested.

    The state of running stacks is stored below `home`, so that `down` finds them if this process is killed. `tell` is called for
    each image that is pulled. Without `trust`, entries that need special rights on this machine are refused.
    """

    name = "stack"

    def __init__(
        self,
        engine: Engine,
        home: Path,
        *,
        trust: bool = False,
        tell: Callable[[str], None] = lambda _: None,
        settle: float = SETTLE,
    ) -> None:
        self._engine, self._home, self._trust, self._tell = engine, home, trust, tell
        self._settle = settle
        self._interrupted = threading.Event()

    def interrupt(self) -> None:
        """Ask all plays to stop, without waiting for them. May be called from another thread.

        Each play removes everything that it created, then raises ForgeError.
        """
        self._interrupted.set()

    @contextmanager
    def stage(self, subject: Subject, played: Scenario, expected: Sequence[Expectation]) -> Iterator[Scene]:
        """Play a scenario for the duration of the `with` block; then remove its containers, network, volumes and files.

        Raises ForgeError if the scenario asks containers that do not exist, or if the entry needs trust.
        """
        if subject.spec is None:
            raise ForgeError("the engine `stack` only works for specs", hint="use --engine embedded or confd")
        name = stack_name(subject.spec.name)
        stack = on_stack_scenario.stack_of(subject.spec, played, name)
        if stack.balancers:
            stack = balanced(stack, next(iter(images_of(self._engine, "haproxy")), ""))
        on_stack_scenario.check(stack, played, expected)
        if stack.dangerous and not self._trust:
            hint = "review the settings above, then allow them with --trust"
            raise ForgeError.of([Problem(str(each), each.where, hint) for each in stack.dangerous])
        mirror = on_stack_scenario.mirror(name, played.environment, subject.version)
        running = _Running(self._engine, StateFolder(self._home, name), Heard(subject), self._tell)
        try:
            yield Scene(subject, subject.spec, stack, running, mirror, self._settle, self._interrupted)
        finally:
            running.remove()


class _Running:
    """A supervisor in a separate thread, and the state of its stack. The object is created before the supervisor is started."""

    def __init__(self, engine: Engine, folder: StateFolder, heard: Heard, tell: Callable[[str], None]) -> None:
        self.engine, self.folder, self.heard = engine, folder, heard
        self.runner = StackRunner(engine, folder.name)
        self.scene: Environment | None = None
        self.told: deque[str] = deque(maxlen=_LINES)
        self.rows: list[Row] = []
        self.held: frozenset[Key] = frozenset()
        self._error: BaseException | None = None
        self.tell, self._generation = tell, 0
        self._thread: threading.Thread | None = None

    def want(self, stack: Stack, scene: Environment) -> None:
        """Set the plan of the stack, and start the supervisor if it does not run yet."""
        self.scene = scene
        self._generation = self.folder.write_plan(stack)
        if self._thread is None:
            self.supervisor = Supervisor(
                self.engine, self.folder, self._show, self._say, retell=self._retold, heard=self.heard.note
            )
            self._thread = threading.Thread(target=self._run, name=f"stack-{stack.name}")
            self._thread.start()
        self.supervisor.wake()

    def hold(self, units: frozenset[Key]) -> None:
        """Prevent restarts of these units after they are stopped."""
        self.held = units
        self.supervisor.hold(units)

    def check(self) -> None:
        """Raise the error that ended the stack, or ForgeError if a program that had been running has exited."""
        if self._error:
            raise self._error
        for ending in self.supervisor.record:
            if ending.was_steady:
                raise ForgeError(f"{ending.container.name} exited with status {ending.container.status}")

    @property
    def unsettled(self) -> str:
        """The reason why the stack does not match the plan yet; empty if it matches. Raises the error that ended the stack."""
        self.check()
        status = self.folder.status()
        if status.get("refused"):
            raise ForgeError(status["refused"])
        settled = status.get("generation") == self._generation and status.get("phase") == "running"
        return next((words for each in self.rows if (words := self._unready(each))), "" if settled else "the stack is starting")

    def _unready(self, row: Row) -> str:
        if (row.service, row.index) in self.held:
            return "" if row.state == "stopped" else f"{row.name} has not stopped yet (state: {row.state})"
        if row.state != "running":
            return f"{row.name} is {row.state}"
        return "" if row.health in ("", "healthy") else f"{row.name} is {row.health}"

    def seen(self) -> list[Found]:
        """Return the existing containers of the stack."""
        return self.runner.seen()

    def remove(self) -> None:
        """Stop the stack and remove all its objects. Raises EngineError if this fails; the user can still use `down`."""
        if self._thread:
            self.supervisor.end()
            self._thread.join()
            self._remove_all()
        if self.folder.path.exists():
            self.folder.remove()

    def _remove_all(self) -> None:
        """Remove all objects of the stack from the engine. If the engine answers too late, for example under load, try again."""
        for left in reversed(range(_TIMES)):
            try:
                self.runner.remove_all(volumes=True)
                return
            except EngineError as error:
                if not left:
                    hint = f"when the engine answers again, run `catalog-forge down {self.folder.name} --volumes`"
                    raise EngineError(
                        f"the stack {self.folder.name} is not completely removed: {error.problems[0].message}", hint=hint
                    ) from error
            time.sleep(_LATE)

    def _run(self) -> None:
        try:
            with self.folder.held():
                self.supervisor.run()
        except BaseException as error:  # `check` raises this error in the thread that plays the scenario
            self._error = error

    def _show(self, rows: list[Row]) -> None:
        self.rows = rows

    def _say(self, text: str) -> None:
        self.told.extend(text.splitlines())
        if text.startswith("pulling "):
            self.tell(text)

    def _retold(self, made: Environment) -> Environment:
        return on_stack_scenario.retold(made, self.scene) if self.scene else made


@dataclass
class Scene:
    """The stack of a scenario, which is changed from one moment to the next."""

    subject: Subject
    spec: Spec
    stack: Stack
    running: _Running
    mirror: Mirror
    settle: float
    interrupted: threading.Event
    before: Environment | None = None
    said: dict[str, Said] = field(default_factory=dict)
    changed: float = 0
    filled: float = 0
    problem: tuple[str, float] = ("", 0)
    told: float = 0

    def cannot(self, moment: Moment) -> str:
        """Return the reason why the stack cannot reach a moment; return "" if it can."""
        return on_stack_scenario.cannot(moment, self.stack)

    def see(self, moment: Moment, expected: Expectation, good: Callable[[Seen], bool]) -> Seen:
        """Put the stack into its state at a moment, and return the observation once `good` accepts it or the time is up.

        Raises ForgeError, with the last lines of the containers' logs, if the stack does not run.
        """
        try:
            self._change(moment)
            return self._seen_in_time(moment, expected, good)
        except ForgeError as error:
            if self.interrupted.is_set():
                raise
            raise type(error)(f"{error}\n{self._log()}".rstrip()) from error

    def _change(self, moment: Moment) -> None:
        """Apply the changes since the previous moment."""
        scene, running = moment.environment, self.running
        for each in self.said.values():
            with suppress(ForgeError):  # the container may be gone by now
                each.listen()
            each.turn()
        stopped = on_stack_scenario.held(scene)
        if self.before is None and stopped:  # a container must run before it can be stopped
            running.want(self._at(scene), scene)
            self._until_settled()
        if self.before is None and not stopped:
            running.want(self._at(scene), scene)
        else:
            running.hold(stopped)
            ending = [each for each in running.seen() if each.key in stopped and each.running]
            running.runner.stop(reversed(ending))
            running.supervisor.replace(on_stack_scenario.replaced(self.before or scene, scene))
            running.want(self._at(scene), scene)
        self.before, self.changed = scene, time.monotonic()

        if moment.fault.kind == "down":
            self._store_away(moment.fault.seconds, stopped)

    def _at(self, scene: Environment) -> Stack:
        """Return the stack and the content of its store as the scenario describes them."""
        return stored(on_stack_scenario.at(self.stack, scene), self.spec)

    def _store_away(self, seconds: float, stopped: frozenset[Key]) -> None:
        """Stop the store for `seconds` seconds."""
        running, store = self.running, self.stack.store
        away = [each for each in running.seen() if store and each.service == store.service]
        running.hold(stopped | {each.key for each in away})
        running.runner.stop(away)
        running.supervisor.wake()
        self._pause(seconds)
        for each in running.seen():
            if self._is_conf(each):
                said = self._heard(each)
                said.back = len(said.lines)
        running.hold(stopped)
        self.changed = time.monotonic()

    def _until_settled(self) -> None:
        limit = time.monotonic() + self.settle
        while (remark := self.running.unsettled) and time.monotonic() < limit:
            self._tell_wait(remark, limit)
            self._pause(_LOOK)

    def _seen_in_time(self, moment: Moment, expected: Expectation, good: Callable[[Seen], bool]) -> Seen:
        settled = fine = 0.0
        # If `within` is longer than `settle`, the software has `within` seconds to start.
        patience = max(self.settle, expected.asking.within)
        limit = time.monotonic() + patience
        calm = _CALM if expected.count + expected.of_stack else 0
        while True:
            self._pause(_LOOK)
            remark = self._unsettled(moment)
            now = time.monotonic()
            if remark:
                fine = 0
                self._tell_wait(remark, limit)
                if now > max(limit, settled + expected.asking.within):
                    return self._look(moment, expected, f"after {patience:g} s {remark}")
                continue
            settled = settled or now
            seen = self._look(moment, expected)
            # A request may have crashed the program that answered it.
            fine = (fine or now) if good(seen) and not self.running.supervisor.behind() else 0
            if (fine and now - fine >= calm) or (not fine and now - settled > max(expected.asking.within, calm)):
                return seen

    def _tell_wait(self, remark: str, limit: float) -> None:
        """Report every few seconds what the test still waits for, and for how long at most."""
        now = time.monotonic()
        if now >= max(self.told, self.changed) + _TELL:
            self.told = now
            self.running.tell(f"{self.spec.name}: {remark}; waiting for at most {max(0, limit - now):.0f} s more")

    def _pause(self, seconds: float) -> None:
        if self.interrupted.wait(seconds):
            raise ForgeError("interrupted")

    def _unsettled(self, moment: Moment) -> str:
        """Return why the checks of a moment must wait (for a unit, the store or a confd); return "" if they need not wait."""
        if words := self.running.unsettled:
            return words
        if not self.running.supervisor.is_filled:
            self.filled = time.monotonic()
            return "the store is not filled yet"
        refresh = interval_of(self.spec)
        if self.stack.store and refresh == "watch":
            # Nothing shows whether confd has seen a change in a store that it watches. A late write is noticed nevertheless,
            # because a moment passes only after the observation has been as expected for some time.
            return "" if not self._problem(moment) or self._stuck(moment) else "confd has not read the store yet"
        if refresh != "watch":
            wait = float(refresh.removesuffix("s")) + 1 if refresh[:1].isdigit() else 0
            return "confd has not made its next pass" if time.monotonic() - max(self.changed, self.filled) < wait else ""
        confs = [each for each in self.running.seen() if each.running and self._is_conf(each)]
        waited = self.running.heard.waited(self.running.supervisor.versions, 0)
        if waited >= len(self.subject.image.resources) * len(confs):
            return ""
        return "" if self._stuck(moment) else "confd has not processed the change"

    def _stuck(self, moment: Moment) -> bool:
        """Whether the conf container of the unit of `self` has had the same problem for so long that it counts as permanent."""
        problem, now = self._problem(moment), time.monotonic()
        if problem != self.problem[0]:
            self.problem = problem, now
        return bool(problem) and now - max(self.problem[1], self.changed, self.filled) > _STAYS

    def _problem(self, moment: Moment) -> str:
        conf = self._conf(moment, self.running.seen())
        return problem_in(self._heard(conf).lines, self.spec.name) if conf else ""

    def _is_conf(self, found: Found) -> bool:
        launch = next((each for each in self._launches(found.service) if each.name == found.launch), None)
        return launch is not None and launch.image == self.spec.tag and launch.entrypoint is None

    def _launches(self, service: str) -> tuple[Launch, ...]:
        return next((each.launches for each in self.stack.services if each.name == service), ())

    def _unit(self, moment: Moment, seen: Sequence[Found]) -> list[Found]:
        """Return the containers in the unit of the asking container, that is, the container that is `self` in the scenario."""
        launch = moment.asking.launch if moment.asking else None
        key = (launch.service.name, moment.asking.index) if launch and moment.asking else ("", 0)
        return [each for each in seen if each.key == key]

    def _conf(self, moment: Moment, seen: Sequence[Found]) -> Found | None:
        return next((each for each in self._unit(moment, seen) if self._is_conf(each)), None)

    def _heard(self, found: Found) -> Said:
        back = 0 if self.stack.store else None
        said = self.said.setdefault(found.id, Said(Container(self.running.engine, found.id, found.name), back))
        said.listen()
        return said

    def _look(self, moment: Moment, expected: Expectation, remark: str = "") -> Seen:
        """Ask all containers, and return the observation translated to the addresses and names of the scenario."""
        if told := self.running.supervisor.told:
            self.mirror.learn(told, moment.environment)
        seen, text = self.running.seen(), self.mirror.text
        conf = self._conf(moment, seen)
        files = {dest: file for dest in self.subject.dests if (file := self._file(conf, dest))}
        heard = self._heard(conf) if conf else None
        lines = (heard.new if expected.errors else heard.counting) if heard else []
        lasting = problem_in(heard.lines, self.spec.name) if heard else ""
        errors = [*(error_in(line, self.spec.name) for line in lines), lasting, remark]
        return Seen(
            files,
            tuple(dict.fromkeys(text(each) for each in errors if each)),
            tuple(self._reloads(moment, seen)),
            self._log(),
            self._asked(on_stack_scenario.places(on_stack_scenario.at(self.stack, moment.environment)), expected, seen),
        )

    def _file(self, found: Found | None, path: str) -> Written | None:
        copied = Container(self.running.engine, found.id, found.name).read(path) if found else None
        return Written(self.mirror.content(copied.content), copied.mode & 0o777) if copied else None

    def _reloads(self, moment: Moment, seen: Sequence[Found]) -> Iterator[str]:
        """Yield the reloads that the launch scripts of the unit of `self` made in this moment, by their names in the subject."""
        known: dict[str, str] = {}
        for reload, file in actions(self.spec):
            known.setdefault(f"{RELOAD}{reload}", self.subject.reloads[file.dest])
        for each in self._unit(moment, seen):
            yield from (known[line] for line in self._heard(each).new if line in known)

    def _asked(self, places: dict[str, Place], expected: Expectation, seen: Sequence[Found]) -> Asked:
        asker = Asker(self.running.engine, places, seen, self.mirror.text)
        files = {(each.container, each.dest): self._file(asker.find(each.container), each.dest) for each in expected.placed}
        return replace(
            asker.asked(expected.asking, self._new_lines), files={place: file for place, file in files.items() if file}
        )

    def _new_lines(self, found: Found | None) -> str:
        return self.mirror.text("".join(f"{line}\n" for line in self._heard(found).new)) if found else ""

    def _log(self) -> str:
        """Return the last log lines of the supervisor and of each container that runs a program."""
        told = [*self.running.told][-5:]
        parts = [f"--- stack\n{as_text(told)}"] if told else []
        with suppress(ForgeError):
            seen = [each for each in self.running.seen() if each.state != "created"]
            share = max(_LEAST, _LINES // max(1, len(seen)) - 1)
            for each in seen:
                lines = self.running.runner.said(each, share).splitlines()
                parts += [f"--- {each.name.removeprefix(f'{self.stack.name}-')}\n{as_text(lines)}"] if lines else []
        return self.mirror.text("".join(parts))
