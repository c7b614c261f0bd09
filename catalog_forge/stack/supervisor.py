"""The loop that runs a stack: it compares the plan with the engine, changes units, and updates the metadata service.

One thread decides; other threads start and stop units, so that a slow stop does not delay the metadata. The loop is woken by the
engine's events, by health checks, by finished work and by signals. The process may die at any point, because a new process can
recover everything from the labels on the engine and the files of the stack.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from catalog_forge.errors import BuildError, EngineError, ForgeError
from catalog_forge.image.containers import Network
from catalog_forge.image.engine import Engine
from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Host
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.stack import environment as telling
from catalog_forge.stack.endings import Ending, Endings
from catalog_forge.stack.health import Checker, Health, Target
from catalog_forge.stack.listing import Row, unit_state
from catalog_forge.stack.model import Launch, Service, Stack
from catalog_forge.stack.plan import said_by
from catalog_forge.stack.reconcile import (
    Action,
    Desired,
    Key,
    Known,
    Seen,
    Unit,
    container_name,
    digest,
    levels,
    named,
    ordered,
    owner_of,
    reconcile,
    restarts,
)
from catalog_forge.stack.runner import Events, Extra, StackRunner, at_port, stop_all
from catalog_forge.stack.state import StateFolder
from catalog_forge.stack.stored import Filling

if TYPE_CHECKING:
    from catalog_forge.metadata.service.server import Listener, MetadataServer

_TICK = 2.0  # the maximum number of seconds that the loop sleeps
_TOGETHER = 0.01  # events within this number of seconds are handled together
_ECHO = 0.15  # The engine reports the end of a container before it lists the end, so the loop looks again after so many seconds.
_WORKERS = 8
_TAIL = 20
_NEWS = 20  # the number of messages that the status keeps for a waiting command
# How the launch script of a generated image (image/files/run.sh) reports that it has not started the program.
_WAITS, _GAVE_UP = "launch: waiting for ", "launch: gave up"
_OTHER_PORT = 18080
_SERVER = "catalog_forge.metadata.service.server"
_REFUSED_PAUSE = 5.0  # seconds before a refused request to the engine is repeated


@dataclass(slots=True)
class _Memory:
    """What this process has observed about the stack. This is lost when the process ends, and no other process needs it."""

    complete: set[Key] = field(default_factory=set)
    healths: dict[tuple[Key, int], Health] = field(default_factory=dict)
    work: dict[Key, Future[None]] = field(default_factory=dict)
    refused: dict[Key, float] = field(default_factory=dict)
    begun: dict[Key, Action] = field(default_factory=dict)
    late: deque[tuple[Seen, list[str]]] = field(default_factory=deque)


class Supervisor:
    """Runs the stack of a state folder on an engine until `end` is called.

    `show` is called with all units whenever a unit changes; `tell` is called with each message for the user. `wake` and `end` may
    be called from signal handlers. The caller holds the lock of the folder. `retell` may change the hosts and ports in the
    metadata, and `heard` is called with every request to the metadata service.
    """

    def __init__(
        self,
        engine: Engine,
        folder: StateFolder,
        show: Callable[[list[Row]], None],
        tell: Callable[[str], None],
        *,
        retell: Callable[[Environment], Environment] = lambda made: made,
        heard: Listener | None = None,
    ) -> None:
        self._engine, self._folder, self._show, self._tell = engine, folder, show, tell
        self._retell, self._heard = retell, heard
        self._held = self._stopped = frozenset[Key]()
        self._again_wanted, self._unwanted = set[Key](), set[Key]()
        self._server: MetadataServer | None = None
        self._runner = StackRunner(engine, folder.name)
        self._woken = threading.Event()
        self._ending = False
        self._memory = _Memory()
        self._endings = Endings()
        self._filling = Filling(self.wake, self._say)
        self._record: list[Ending] = []
        self._news: deque[tuple[int, str]] = deque(maxlen=_NEWS)
        self._numbers = count(1)
        self._ledger = folder.ledger()
        self._rows: list[Row] = []
        self._told: Environment | None = None
        self._settled = 0
        self._refused = ""
        self._denied = False  # the newest plan failed, so the previous plan stays
        self._written: tuple[dict[Key, int], dict[str, int]] = ({}, {})
        self._variables: dict[str, str] = {}
        self._stack, self._generation = Stack(folder.name, ()), 0

    def wake(self) -> None:
        """Make the loop look at the plan and the containers again."""
        self._woken.set()

    def end(self) -> None:
        """Stop the stack in order and leave the loop."""
        self._ending = True
        self._woken.set()

    def hold(self, units: Collection[Key]) -> None:
        """Do not restart these units when they end. The next call of `hold` replaces this set of units."""
        self._held = frozenset(units)
        self.wake()

    def replace(self, units: Collection[Key]) -> None:
        """Request the replacement of these units."""
        self._unwanted |= set(units)
        self.wake()

    @property
    def _still(self) -> frozenset[Key]:
        """The units that are not restarted: they are held, or stopped on request."""
        return self._held | self._stopped

    @property
    def told(self) -> Environment | None:
        """The environment that the metadata service presents, or None if it has not presented one yet."""
        return self._told

    @property
    def versions(self) -> frozenset[str]:
        """The `version` values of the current answers of the metadata service."""
        return self._server.answers.revisions() if self._server else frozenset()

    @property
    def is_filled(self) -> bool:
        """Whether the store that the stack reads has its intended content."""
        return self._filling.is_full(self._stack.store)

    @property
    def record(self) -> Sequence[Ending]:
        """All unexpected ends of containers since the start."""
        return self._record

    def behind(self) -> bool:
        """Whether a program has ended and the loop has not noticed this yet."""
        return self._endings.unnoticed(self._runner.seen())

    def run(self) -> None:
        """Run the stack. Raises ForgeError if the stack cannot start, EngineError if the engine becomes unreachable."""
        try:
            with ExitStack() as doors:
                self._network = self._prepared()
                self._server = server = self._metadata()
                doors.callback(server.__exit__, None, None, None)
                self._checker = doors.enter_context(Checker(self._checked))
                events = Events(self._engine, self._folder.name, self.wake)
                events.start()
                doors.callback(events.close)
                self._pool = doors.enter_context(ThreadPoolExecutor(_WORKERS))
                self._loop()
        except BuildError as error:  # for the user, this is not a build error
            self._status("failed", str(error), ForgeError.exit_code)
            raise ForgeError.of(error.problems) from error
        except ForgeError as error:
            self._status("failed", str(error), error.exit_code)
            raise
        self._status("stopped")

    def _loop(self) -> None:
        woken = False
        try:
            while not self._ending:
                self._woken.clear()
                self._take_in_plan()
                pause = self._step()
                woken = self._woken.wait(min(pause, _ECHO) if woken else pause)
                if woken:
                    time.sleep(_TOGETHER)
        except EngineError:
            raise
        except ForgeError:
            self._stop()
            raise
        self._stop()

    def _prepared(self) -> Network:
        """Read the plan, and prepare images, network and volumes. No container is started if any of the three is unavailable.

        Creating a network takes a long time, so the metadata service is imported in the meantime.
        """
        threading.Thread(target=importlib.import_module, args=(_SERVER,), daemon=True).start()
        self._stack, self._generation = self._folder.plan()
        self._endings.settle = self._stack.settle
        self._images = self._runner.images(self._stack, lambda image: self._say(f"pulling {image}"))
        network = self._runner.network()
        self._runner.volumes(self._stack)
        self._ledger.adopt(self._runner.seen())
        self._host = Host("localhost", network.gateway)
        return network

    def _metadata(self) -> MetadataServer:
        """Start the metadata service at the gateway: on port 80 or, if this port is taken, on a port that METADATA_NODE names."""
        from catalog_forge.metadata.service.server import MetadataServer

        gateway = self._network.gateway
        try:
            return MetadataServer(Answers({}), gateway, 80, on_request=self._heard).__enter__()
        except ForgeError as error:
            reason = str(error)
        try:
            server = MetadataServer(Answers({}), gateway, _OTHER_PORT, on_request=self._heard).__enter__()
        except ForgeError as error:
            hint = "the Docker engine must be on this machine, because containers ask this process for metadata"
            raise EngineError(str(error), hint=hint) from None
        self._variables = {"METADATA_NODE": f"rancher-metadata:{_OTHER_PORT}"}
        self._say(f"{reason}, so metadata is served on port {_OTHER_PORT} instead: METADATA_NODE=rancher-metadata:{_OTHER_PORT}")
        return server

    def _take_in_plan(self) -> None:
        """Switch to a new plan if there is one. If the new plan cannot be prepared, report this and keep the old plan."""
        stack, generation = self._folder.plan()
        if generation == self._generation:
            return
        try:
            self._images = self._runner.images(stack, lambda image: self._say(f"pulling {image}"))
            self._runner.volumes(stack)
        except EngineError:
            raise
        except ForgeError as error:
            self._generation, self._denied = generation, True
            self._refuse(str(error))
            return
        more = [name for name, number in stack.restarts.items() if number > self._stack.restarts.get(name, 0)]
        self._again_wanted |= named(stack, more)
        self._stack, self._stopped = stack, named(stack, stack.held)
        self._generation, self._refused, self._denied = generation, "", False
        self._endings.settle = stack.settle
        self._endings.renew(self._runner.seen(), time.monotonic())
        self._news.clear()
        self._memory.refused.clear()

    def _refuse(self, words: str) -> None:
        """Report to the user and in the status that the engine has refused a request, unless the last report was the same."""
        if words != self._refused:
            self._refused = words
            self._say(words)

    def _step(self) -> float:
        """Look at the containers, act, and publish the metadata. Return the seconds until the next step is needed."""
        self._finished()
        seen = self._runner.seen()
        self._ledger.adopt(seen)
        self._note_ends(seen)
        wanted = [(service.name, index) for service in self._stack.services for index in range(1, service.scale + 1)]
        for key in [key for key in self._ledger.units if key not in wanted]:
            self._ledger.forget(key)
            self._memory.complete.discard(key)
        for key in wanted:
            self._ledger.number(key)
        digests = {service.name: digest(service, self._images) for service in self._stack.services}
        made = self._environment(seen)
        self._look_after(seen, made)
        target = Desired(self._stack, digests, telling.addresses(self._stack, made))
        actions = reconcile(target, seen, self._ledger, self._known(seen, wanted))
        actions = self._in_order(actions, seen)
        for action in actions:
            self._again_wanted -= {action.key} if action.verb in ("replace", "restart") else set()
            if action.verb == "replace":
                self._say(f"{action.key[0]}-{action.key[1]} is replaced: {action.why}")
                self._ledger.next(action.key)
                self._unwanted.discard(action.key)
                self._memory.complete.discard(action.key)
        self._write_down()
        made = self._environment(seen)
        self._publish(made)
        self._filling.look(self._stack.store, seen)
        if actions:
            labels = {each.name: units.labels(each) for each in units.containers(made)}
            extra = Extra(self._network, labels, telling.addresses(self._stack, made), self._variables)
            for action in actions:
                self._begin(action, seen, digests, extra)
        self._settle(seen, digests)
        return self._pause()

    def _write_down(self) -> None:
        """Store unit numbers before they are used, so that none is reused. A failure is not fatal: labels also contain the
        numbers.
        """
        numbers = (dict(self._ledger.units), dict(self._ledger.births))
        if numbers != self._written:
            try:
                self._folder.write_ledger(self._ledger)
            except ForgeError as error:
                self._say(str(error))
            self._written = numbers

    def _environment(self, seen: list[Seen]) -> Environment:
        healths = {key: self._memory.healths.get((key, number), Health()).state for key, number in self._ledger.units.items()}
        made = telling.environment(self._stack, self._network.subnet, self._host, self._ledger, seen, healths)
        return self._retell(made)

    def _publish(self, made: Environment) -> None:
        """Update the metadata service if the environment has changed. This wakes every waiting confd."""
        if made != self._told and self._server:
            self._server.replace(answers_of(made))
            self._told = made

    def _known(self, seen: list[Seen], wanted: list[Key]) -> Known:
        now = time.monotonic()
        memory = self._memory
        checks = {service.name: service.health_check for service in self._stack.services}
        states = {(row.service, row.index): row.state for row in self._rows}
        health = {key: memory.healths.get((key, self._ledger.units[key]), Health()).state for key in wanted}
        return Known(
            complete=memory.complete,
            busy={*memory.work, *(key for key, due in memory.refused.items() if due > now)},
            ended=self._endings.by_themselves(seen),
            counts=self._endings.counts(seen),
            resting={*self._endings.resting(seen, now), *(each.id for each in seen if each.key in self._still)},
            unhealthy={
                key
                for key in set(wanted) - self._still
                if (check := checks[key[0]]) and check.strategy == "recreate" and health[key] == "unhealthy"
            },
            unwanted=frozenset(self._unwanted),
            held=self._stopped,
            again=frozenset(self._again_wanted),
            unready={key for key in wanted if states[key] != "running" or (checks[key[0]] and health[key] != "healthy")},
        )

    def _states(self, seen: list[Seen]) -> dict[Key, str]:
        found: dict[Key, list[Seen]] = {}
        for each in seen:
            if each.number == self._ledger.units.get(each.key):
                found.setdefault(each.key, []).append(each)
        return {
            (service.name, index): unit_state(service, found.get((service.name, index), []))
            for service in self._stack.services
            for index in range(1, service.scale + 1)
        }

    def _in_order(self, actions: list[Action], seen: list[Seen]) -> list[Action]:
        """Remove actions that would start a service before the services that it links to or depends on have started."""
        waiting = {key for key, state in self._states(seen).items() if state == "starting"}
        for level in levels(self._stack):
            if any(key[0] in level for key in waiting):
                return [
                    each for each in actions if each.verb != "raise" or each.key[0] in level or each.key in self._later(level)
                ]
        return actions

    def _later(self, level: list[str]) -> set[Key]:
        """Return the units outside `level` that once were complete. Such units do not wait for the services in `level`."""
        return {key for key in self._memory.complete if key[0] not in level}

    def _begin(self, action: Action, seen: list[Seen], digests: dict[str, str], extra: Extra) -> None:
        service = next((each for each in self._stack.services if each.name == action.key[0]), None)
        number = self._ledger.units.get(action.key, 0)

        def work() -> None:
            gone = action.verb in ("remove", "replace")
            if gone or action.verb in ("stop", "restart"):
                asked = time.time()
                self._runner.stop(reversed(action.containers))
                if action.verb in ("replace", "restart"):  # units to be stopped may also be stopped by the caller of `hold`
                    ended = self._runner.ended_before(asked, action.containers)
                    self._memory.late.extend((each, self._said(each, _TAIL, news=True)) for each in ended)
            if gone:
                self._runner.remove(action.containers)
            if service is None or action.verb == "remove":
                return
            if action.verb in ("start", "restart"):
                self._again(service, action, seen)
            if action.verb in ("start", "stop", "restart"):
                return
            there = () if gone else action.containers
            self._runner.raise_unit(Unit(service, action.key[1], number, digests[service.name]), there, extra)

        future = self._pool.submit(work)
        self._memory.work[action.key], self._memory.begun[action.key] = future, action
        future.add_done_callback(lambda _: self.wake())

    def _again(self, service: Service, action: Action, seen: list[Seen]) -> None:
        """Restart containers and the containers that share their networks: a restarted container gets a new network."""
        wanted = {each.launch for each in action.containers}
        by_launch = {each.launch: each for each in seen if each.key == action.key}
        shared = [
            by_launch[launch.name]
            for launch in service.launches
            if launch.network == "shared" and launch.network_from in wanted and launch.name in by_launch and not launch.start_once
        ]
        self._runner.stop([each for each in shared if each.running])
        order = {launch.name: number for number, launch in enumerate(ordered(service))}
        every = {each.id: each for each in (*action.containers, *shared)}.values()
        self._runner.start(sorted(every, key=lambda each: order.get(each.launch, 0)))

    def _finished(self) -> None:
        """Collect the results of finished work. Until the stack has been up once, an error of this work stops the stack."""
        for key, future in list(self._memory.work.items()):
            if not future.done():
                continue
            del self._memory.work[key]
            if self._memory.begun[key].verb == "remove":  # if a unit of this name is wanted later, it gets a new number
                self._ledger.forget(key)
            if error := future.exception():
                located = at_port(error, self._stack.ports) if isinstance(error, BuildError) else error
                if isinstance(error, EngineError) or not isinstance(error, ForgeError) or not self._settled:
                    raise located from error.__cause__
                self._memory.refused[key] = time.monotonic() + _REFUSED_PAUSE
                self._refuse(str(located))

    def _note_ends(self, seen: list[Seen]) -> None:
        """Record which containers have started and ended since the last call, and report unexpected ends."""
        now, memory, launches = time.monotonic(), self._memory, self._launches()
        # Containers that had ended by themselves when they were to be stopped come first: new ones may have the same names.
        late = [each for each in [memory.late.popleft() for _ in range(len(memory.late))] if each[0].key not in self._still]
        said = {each.id: lines for each, lines in late}
        endings = self._endings.late((each for each, _ in late), launches, now)
        for key in [key for key in memory.begun if key not in memory.work]:
            action = memory.begun.pop(key)
            if action.verb == "stop":
                continue
            ids = {each.id for each in action.containers if action.verb == "start"}
            begun = (each for each in seen if each.key == key and each.state != "created" and (not ids or each.id in ids))
            self._endings.begun(begun, now)
        self._endings.stopped(each for each in seen if each.key in self._still)
        for ending in [*endings, *self._endings.look(seen, memory.work, launches, now)]:
            if ending.failed:
                self._record.append(ending)
                self._ended(ending, said.get(ending.container.id))

    def _launches(self) -> dict[tuple[str, str], Launch]:
        return {(service.name, launch.name): launch for service in self._stack.services for launch in service.launches}

    def _ended(self, ending: Ending, said: list[str] | None) -> None:
        """Report the end of a container; `said` has the last lines of its log if they were already read.

        Raises ForgeError if the container is hopeless and the stack has never been up.
        """
        container, unsettled = ending.container, self._settled != self._generation
        # Report only the first, second, fourth, eighth, ... consecutive end.
        if not (unsettled or ending.count & (ending.count - 1) == 0):
            return
        said = self._said(container, _TAIL, news=True) if said is None else said
        message = "\n  | ".join([f"{container.name} ended with status {container.status}", *said])
        waited = any(line.startswith(_GAVE_UP) for line in said[-1:])
        if not (unsettled and (ending.hopeless or waited)):
            self._say(message)
            return
        message = f"{message}\n{container.name} {'did not start its program' if waited else ending.why}"
        if not self._settled:
            raise ForgeError(f"{message}: the stack is stopped; `catalog-forge logs {self._stack.name}` shows the complete log")
        self._refuse(message)

    def _said(self, container: Seen, lines: int, *, news: bool = False) -> list[str]:
        with suppress(ForgeError):
            return str(said_by(self._stack)((self._runner.news if news else self._runner.said)(container, lines))).splitlines()
        return []

    def _look_after(self, seen: list[Seen], made: Environment) -> None:
        """Check the health of the running units, and show the states of all units."""
        states, memory = self._states(seen), self._memory
        told = telling.addresses(self._stack, made)
        targets: dict[Key, Target] = {}
        rows: list[Row] = []
        for service in self._stack.services:
            owner = owner_of(service, service.primary)
            for index in range(1, service.scale + 1):
                key = (service.name, index)
                number = self._ledger.units[key]
                address = told.get(container_name(self._stack.name, service, owner, index), "")
                health = memory.healths.get((key, number), Health()).state if service.health_check else ""
                if states[key] == "running":
                    memory.complete.add(key)
                    if service.health_check and address:
                        memory.healths.setdefault((key, number), Health(since=time.monotonic()))
                        targets[key] = Target(key, number, address, service.health_check)
                members = [each for each in seen if each.key == key and each.number == number]
                rows.append(Row(service.name, index, self._shown(service, states[key], members), health, address))
        memory.healths = {
            place: each for place, each in list(memory.healths.items()) if self._ledger.units.get(place[0]) == place[1]
        }
        self._checker.watch(targets)
        if rows != self._rows:
            self._rows = rows
            self._show(rows)
            self._status(self._phase)

    def _shown(self, service: Service, state: str, members: list[Seen]) -> str:
        """Return the state of a unit for display: a unit is shown as running only if all its programs have run for a while."""
        once = {launch.name for launch in service.launches if launch.start_once}
        lasting = [each for each in members if each.launch not in once]
        if state == "running" and not all([self._steady(each) for each in lasting]):
            state = "restarting" if any(map(self._endings.failing, lasting)) else "starting"
        elif state == "stopped" and any(each.ended and self._runs_again(each) for each in lasting):
            state = "restarting"
        return state

    def _steady(self, container: Seen) -> bool:
        """Whether a container has run long enough to count as running, and has started its program."""
        now, endings = time.monotonic(), self._endings
        if endings.steady(container) or not endings.settled(container, now):
            return endings.steady(container)
        last = self._said(container, 1)
        if last and last[-1].startswith((_WAITS, _GAVE_UP)):
            endings.waits(container, now)
            text = f"{container.name}: {last[-1]}"
            if text not in (said for _, said in self._news):
                self._say(text)
            return False
        endings.confirm(container)
        return True

    def _runs_again(self, container: Seen) -> bool:
        """Whether the restart policy will restart a container that has ended."""
        launch = self._launches().get((container.service, container.launch))
        ends = self._endings.counts([container])[container.id]
        return launch is not None and container.key not in self._still and restarts(launch, container.status, max(1, ends))

    def _say(self, text: str) -> None:
        """Report a message to the user, and to any command that waits for the status."""
        self._news.append((next(self._numbers), text))
        self._tell(text)
        self._status(self._phase)

    @property
    def _phase(self) -> str:
        return "running" if self._settled == self._generation else "starting"

    def _settle(self, seen: list[Seen], digests: dict[str, str]) -> None:
        """If all units run according to the plan and no work remains, record that the plan has been carried out."""
        ended = self._endings.by_themselves(seen)
        over = {each.key for each in seen if each.id in ended and not self._runs_again(each)} | self._still
        waiting = any(row.state != "running" and (row.service, row.index) not in over for row in self._rows)
        busy = self._memory.work or self._unwanted or self._again_wanted or waiting
        if busy or self._settled == self._generation or any(each.digest != digests.get(each.service) for each in seen):
            return
        self._settled, self._refused = self._generation, self._refused if self._denied else ""
        self._status("running")

    def _status(self, phase: str, error: str = "", code: int = 0) -> None:
        units = [{**{name: getattr(row, name) for name in Row.__slots__}, "name": row.name} for row in self._rows]
        status: dict[str, Any] = {"generation": self._generation, "phase": phase, "pid": os.getpid(), "units": units}
        status |= {"refused": self._refused, "news": [*self._news]}
        with suppress(ForgeError):  # a full disk must not stop the stack
            self._folder.write_status({**status, "error": error, "code": code})

    def _checked(self, target: Target, good: bool) -> None:
        """Record the result of one health check. Called from the thread that makes the checks."""
        place = (target.key, target.number)
        before = self._memory.healths.get(place, Health(since=time.monotonic()))
        after = before.after(target.check, good, time.monotonic())
        self._memory.healths[place] = after
        if after.state != before.state:
            self.wake()

    def _pause(self) -> float:
        now = time.monotonic()
        waits = [due - now for due in (*self._endings.dues(now), *self._memory.refused.values()) if due > now]
        return max(0.02, min([_TICK, *waits]))

    def _stop(self) -> None:
        """Stop all units, each service before those that it links to or depends on.

        Units at the same level of this order are stopped in parallel.
        """
        for future in self._memory.work.values():
            with suppress(ForgeError):
                future.result()
        with suppress(ForgeError):
            self._checker.watch({})
            stop_all(self._runner, self._stack, self._pool)
            self._rows = [replace(row, state="stopped", health="") for row in self._rows]
            self._show(self._rows)
