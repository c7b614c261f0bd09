"""The loop that runs a stack: it compares what is wanted with what is there, acts, and tells the metadata service.

One thread decides; work on units is done by others, so that a slow stop delays no news. The loop is woken by the engine's
events, by health checks, by finished work and by signals. Everything that it knows can be found again from the labels on
the engine and the files of the stack, so that it may die at any point.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from catalog_forge.errors import BuildError, EngineError, ForgeError
from catalog_forge.image.containers import Network
from catalog_forge.image.engine import Engine
from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Host
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.stack import environment as telling
from catalog_forge.stack.health import Checker, Health, Target
from catalog_forge.stack.listing import Row, unit_state
from catalog_forge.stack.model import Service, Stack
from catalog_forge.stack.plan import said_by
from catalog_forge.stack.reconcile import (
    Action,
    Key,
    Known,
    Seen,
    container_name,
    digest,
    levels,
    ordered,
    owner_of,
    reconcile,
    restarts,
)
from catalog_forge.stack.runner import Events, Extra, StackRunner
from catalog_forge.stack.state import StateFolder

if TYPE_CHECKING:
    from catalog_forge.metadata.service.server import Listener, MetadataServer

GRACE = 10
"""Seconds that a container has between SIGTERM and its end by force, as Docker has it."""

_TICK = 2.0  # how long it sleeps when nothing wakes it
_TOGETHER = 0.01  # what happens within this time is taken in at once
_ECHO = 0.15  # the engine tells of an end before its list of containers does: there is another look after the last event
_WORKERS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0  # before a container that ended runs again; the pause doubles
_STEADY = 10.0  # who ran so long begins again with the first pause
_GIVE_UP = 5  # ends in a row, before the stack was up once
_TAIL = 20
_OTHER_PORT = 18080
_SERVER = "catalog_forge.metadata.service.server"
_REFUSED_PAUSE = 5.0  # before the engine is asked again for what it has refused


@dataclass(slots=True)
class _Ends:
    """How often a container has ended in a row, and when it may start again."""

    count: int = 0
    due: float = 0
    started: float = 0
    counted: bool = False


@dataclass(slots=True)
class _Memory:
    """What was seen while watching: it is lost with the process, and nothing depends on it then."""

    complete: set[Key] = field(default_factory=set)
    alive: set[str] = field(default_factory=set)
    ends: dict[str, _Ends] = field(default_factory=dict)
    healths: dict[tuple[Key, int], Health] = field(default_factory=dict)
    work: dict[Key, Future[None]] = field(default_factory=dict)
    refused: dict[Key, float] = field(default_factory=dict)
    begun: dict[Key, Action] = field(default_factory=dict)


class Supervisor:
    """Runs the stack of a state folder on an engine until it is told to end.

    `show` gets all units whenever one changes, `tell` what is worth a line. `wake` and `end` may be called from signal
    handlers. The caller holds the lock of the folder. `retell` may change what the metadata says of hosts and ports, and
    `heard` is told of every request that it answers.
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
        self._held: frozenset[Key] = frozenset()
        self._unwanted: set[Key] = set()
        self._server: MetadataServer | None = None
        self._runner = StackRunner(engine, folder.name)
        self._woken = threading.Event()
        self._ending = False
        self._memory = _Memory()
        self._ledger = folder.ledger()
        self._rows: list[Row] = []
        self._told: Environment | None = None
        self._settled = 0
        self._refused = ""
        self._written: tuple[dict[Key, int], dict[str, int]] = ({}, {})
        self._variables: dict[str, str] = {}
        self._stack, self._generation = Stack(folder.name, ()), 0

    def wake(self) -> None:
        """Look again at what is wanted and what is there."""
        self._woken.set()

    def end(self) -> None:
        """Stop the stack in order and leave the loop."""
        self._ending = True
        self._woken.set()

    def hold(self, units: Collection[Key]) -> None:
        """Start none of these units again when they have ended, until others are held."""
        self._held = frozenset(units)
        self.wake()

    def replace(self, units: Collection[Key]) -> None:
        """Put others in the places of these units."""
        self._unwanted |= set(units)
        self.wake()

    @property
    def told(self) -> Environment | None:
        """What the metadata service tells; None before there is one."""
        return self._told

    @property
    def versions(self) -> frozenset[str]:
        """The versions of what the metadata service tells now."""
        return self._server.answers.revisions() if self._server else frozenset()

    @property
    def hopeless(self) -> list[str]:
        """The containers that have ended so often in a row that they will not run any better."""
        ids = {identity for identity, ends in list(self._memory.ends.items()) if ends.count >= _GIVE_UP}
        return [each.name for each in (self._runner.seen() if ids else ()) if each.id in ids]

    def run(self) -> None:
        """Run the stack. Raises ForgeError when it cannot come up, EngineError when the engine goes away."""
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
        except BuildError as error:  # the engine has refused, but nothing was built
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
        """Read what is wanted, and have images, network and volumes: nothing starts when one of them cannot be had.

        The engine takes long to make a network. Meanwhile the metadata service is loaded.
        """
        threading.Thread(target=importlib.import_module, args=(_SERVER,), daemon=True).start()
        self._stack, self._generation = self._folder.plan()
        self._images = self._runner.images(self._stack, lambda image: self._tell(f"pulling {image}"))
        network = self._runner.network()
        self._runner.volumes(self._stack)
        self._ledger.adopt(self._runner.seen())
        self._host = Host("localhost", network.gateway)
        return network

    def _metadata(self) -> MetadataServer:
        """The metadata service at the gateway: on port 80, or where that cannot be had on one that METADATA_NODE names."""
        from catalog_forge.metadata.service.server import MetadataServer

        gateway = self._network.gateway
        try:
            return MetadataServer(Answers({}), gateway, 80, on_request=self._heard).__enter__()
        except ForgeError as error:
            reason = str(error)
        try:
            server = MetadataServer(Answers({}), gateway, _OTHER_PORT, on_request=self._heard).__enter__()
        except ForgeError as error:
            hint = "the Docker engine must be on this machine: containers ask this process for metadata"
            raise EngineError(str(error), hint=hint) from None
        self._variables = {"METADATA_NODE": f"rancher-metadata:{_OTHER_PORT}"}
        self._tell(f"{reason}: the metadata service is rancher-metadata:{_OTHER_PORT}, as METADATA_NODE tells the containers")
        return server

    def _take_in_plan(self) -> None:
        """Take over another plan when there is one. One that cannot be had is said, and the old one stays."""
        stack, generation = self._folder.plan()
        if generation == self._generation:
            return
        try:
            self._images = self._runner.images(stack, lambda image: self._tell(f"pulling {image}"))
            self._runner.volumes(stack)
        except EngineError:
            raise
        except ForgeError as error:
            self._generation = generation
            self._refuse(str(error))
            return
        self._stack, self._generation, self._refused = stack, generation, ""
        self._memory.ends.clear()
        self._memory.refused.clear()

    def _refuse(self, words: str) -> None:
        """Say once what the engine does not want to do: here, and to who waits for it."""
        if words != self._refused:
            self._tell(words)
            self._refused = words
            self._status("running" if self._settled == self._generation else "starting")

    def _step(self) -> float:
        """Look, act, tell; return how long nothing needs to be done."""
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
        actions = reconcile(
            self._stack, digests, telling.addresses(self._stack, made), seen, self._ledger, self._known(seen, wanted)
        )
        actions = self._in_order(actions, seen)
        for action in actions:
            if action.verb == "replace":
                self._tell(f"{action.key[0]}-{action.key[1]} is replaced: {action.why}")
                self._ledger.next(action.key)
                self._unwanted.discard(action.key)
                self._memory.complete.discard(action.key)
        self._write_down()
        made = self._environment(seen)
        self._publish(made)
        if actions:
            labels = {each.name: units.labels(each) for each in units.containers(made)}
            extra = Extra(labels, telling.addresses(self._stack, made), self._variables)
            for action in actions:
                self._begin(action, seen, digests, extra)
        self._settle(seen, digests)
        return self._pause()

    def _write_down(self) -> None:
        """Write numbers down before they are used: none is given twice. Labels have them too, so a full disk is no end."""
        numbers = (dict(self._ledger.units), dict(self._ledger.births))
        if numbers != self._written:
            try:
                self._folder.write_ledger(self._ledger)
            except ForgeError as error:
                self._tell(str(error))
            self._written = numbers

    def _environment(self, seen: list[Seen]) -> Environment:
        healths = {key: self._memory.healths.get((key, number), Health()).state for key, number in self._ledger.units.items()}
        made = telling.environment(self._stack, self._network.subnet, self._host, self._ledger, seen, healths)
        return self._retell(made)

    def _publish(self, made: Environment) -> None:
        """Tell the metadata service, and with it every confd that waits, when anything has changed."""
        if made != self._told and self._server:
            self._server.replace(answers_of(made))
            self._told = made

    def _known(self, seen: list[Seen], wanted: list[Key]) -> Known:
        now = time.monotonic()
        memory = self._memory
        ended = {each.id for each in seen if each.ended and each.id in memory.alive}
        checks = {service.name: service.health_check for service in self._stack.services}
        states = self._states(seen)
        health = {key: memory.healths.get((key, self._ledger.units[key]), Health()).state for key in wanted}
        return Known(
            complete=memory.complete,
            busy={*memory.work, *(key for key, due in memory.refused.items() if due > now)},
            ended=ended,
            counts={identity: ends.count for identity, ends in memory.ends.items()},
            resting={
                *(identity for identity, ends in memory.ends.items() if ends.due > now),
                *(each.id for each in seen if each.key in self._held),
            },
            unhealthy={
                key
                for key in set(wanted) - self._held
                if (check := checks[key[0]]) and check.strategy == "recreate" and health[key] == "unhealthy"
            },
            unwanted=frozenset(self._unwanted),
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
        """Leave out what starts a service before those that it links to or depends on were started."""
        waiting = {key for key, state in self._states(seen).items() if state == "starting"}
        for level in levels(self._stack):
            if any(key[0] in level for key in waiting):
                return [
                    each for each in actions if each.verb != "raise" or each.key[0] in level or each.key in self._later(level)
                ]
        return actions

    def _later(self, level: list[str]) -> set[Key]:
        """Units that ran before: they do not wait for a service that was disturbed afterwards."""
        return {key for key in self._memory.complete if key[0] not in level}

    def _begin(self, action: Action, seen: list[Seen], digests: dict[str, str], extra: Extra) -> None:
        service = next((each for each in self._stack.services if each.name == action.key[0]), None)
        number = self._ledger.units.get(action.key, 0)

        def work() -> None:
            gone = action.verb in ("remove", "replace")
            if gone:
                self._runner.stop(reversed(action.containers), GRACE)
                self._runner.remove(action.containers)
            if service is None or action.verb == "remove":
                return
            if action.verb == "start":
                self._again(service, action, seen)
                return
            there = () if gone else action.containers
            self._runner.raise_unit(service, action.key[1], there, number, digests[service.name], self._network, extra)

        future = self._pool.submit(work)
        self._memory.work[action.key], self._memory.begun[action.key] = future, action
        future.add_done_callback(lambda _: self.wake())

    def _again(self, service: Service, action: Action, seen: list[Seen]) -> None:
        """Start containers again, and with them those in their networks: a new start is a new network to them."""
        wanted = {each.launch for each in action.containers}
        by_launch = {each.launch: each for each in seen if each.key == action.key}
        shared = [
            by_launch[launch.name]
            for launch in service.launches
            if launch.network == "shared" and launch.network_from in wanted and launch.name in by_launch and not launch.start_once
        ]
        self._runner.stop([each for each in shared if each.running], GRACE)
        order = {launch.name: number for number, launch in enumerate(ordered(service))}
        every = {each.id: each for each in (*action.containers, *shared)}.values()
        self._runner.start(sorted(every, key=lambda each: order.get(each.launch, 0)))

    def _finished(self) -> None:
        """Take in what work has come to. Raises what it raised: a stack that cannot come up is stopped."""
        for key, future in list(self._memory.work.items()):
            if not future.done():
                continue
            del self._memory.work[key]
            if self._memory.begun[key].verb == "remove":  # should it be wanted again, it is another unit
                self._ledger.forget(key)
            if error := future.exception():
                if isinstance(error, EngineError) or not isinstance(error, ForgeError) or not self._settled:
                    raise error
                self._memory.refused[key] = time.monotonic() + _REFUSED_PAUSE
                self._refuse(str(error))

    def _note_ends(self, seen: list[Seen]) -> None:
        """Note who has ended since the last look, and say so when that is news."""
        now, memory = time.monotonic(), self._memory
        self._note_starts(seen, now)
        for each in seen:
            ends = memory.ends.setdefault(each.id, _Ends())
            if each.running:
                if each.id not in memory.alive or ends.counted:
                    ends.started, ends.counted = now, False
                memory.alive.add(each.id)
                if ends.count and now - ends.started > _STEADY:
                    ends.count = 0
            elif each.ended and each.key not in memory.work and not ends.counted and each.id in memory.alive:
                self._ended(each, ends, now)
        gone = memory.ends.keys() - {each.id for each in seen}
        for identity in gone:
            del memory.ends[identity]
            memory.alive.discard(identity)

    def _note_starts(self, seen: list[Seen], now: float) -> None:
        """Note who was started by work that is done: who ended so soon that nobody saw it run has ended all the same."""
        memory = self._memory
        for key in [key for key in memory.begun if key not in memory.work]:
            action = memory.begun.pop(key)
            ids = {each.id for each in action.containers}
            for each in seen:
                if each.key == key and each.state != "created" and (action.verb != "start" or each.id in ids):
                    memory.alive.add(each.id)
                    ends = memory.ends.setdefault(each.id, _Ends())
                    ends.started, ends.counted = now, False

    def _runs_again(self, seen: Seen) -> bool:
        """Whether a container that has ended will be started again, by its restart policy."""
        launches = {launch.name: launch for each in self._stack.services if each.name == seen.service for launch in each.launches}
        ends = self._memory.ends.get(seen.id, _Ends())
        return seen.launch in launches and restarts(launches[seen.launch], seen.status, max(1, ends.count))

    def _ended(self, seen: Seen, ends: _Ends, now: float) -> None:
        once = any(
            launch.name == seen.launch and launch.start_once
            for service in self._stack.services
            if service.name == seen.service
            for launch in service.launches
        )
        ends.count, ends.counted = ends.count + 1, True
        ends.due = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (ends.count - 1))
        if once and seen.status == 0:
            return
        said, hide = "", said_by(self._stack)
        over = seen.status != 0 and not once and not self._runs_again(seen)
        hopeless = not self._settled and (over or ends.count >= _GIVE_UP)
        if hopeless or ends.count & (ends.count - 1) == 0:  # the first, second, fourth, ... time
            with suppress(ForgeError):
                said = "".join(f"\n  | {line}" for line in hide(self._runner.said(seen, _TAIL)).splitlines())
        message = f"{seen.name} ended with status {seen.status}{said}"
        if hopeless:
            why = "is not to start again" if over else f"ended {ends.count} times in a row"
            raise ForgeError(f"{message}\n{seen.name} {why}: the stack is stopped")
        self._tell(message)

    def _look_after(self, seen: list[Seen], made: Environment) -> None:
        """Check the units that run, show how all are, and note when all are as they are wanted."""
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
                    for each in seen:
                        if each.key == key:
                            memory.alive.add(each.id)
                    if service.health_check and address:
                        memory.healths.setdefault((key, number), Health(since=time.monotonic()))
                        targets[key] = Target(key, number, address, service.health_check)
                rows.append(Row(service.name, index, states[key], health, address))
        memory.healths = {
            place: each for place, each in list(memory.healths.items()) if self._ledger.units.get(place[0]) == place[1]
        }
        self._checker.watch(targets)
        self._say(rows)

    def _say(self, rows: list[Row]) -> None:
        if rows != self._rows:
            self._rows = rows
            self._show(rows)
            self._status("running" if self._settled == self._generation else "starting")

    def _settle(self, seen: list[Seen], digests: dict[str, str]) -> None:
        """Note when all units run as they are wanted, and nothing is left to do."""
        over = {each.key for each in seen if each.ended and each.id in self._memory.alive and not self._runs_again(each)}
        over |= self._held
        waiting = any(row.state != "running" and (row.service, row.index) not in over for row in self._rows)
        busy = self._memory.work or self._unwanted or waiting
        if busy or self._settled == self._generation or any(each.digest != digests.get(each.service) for each in seen):
            return
        self._settled, self._refused = self._generation, ""
        self._status("running")

    def _status(self, phase: str, error: str = "", code: int = 0) -> None:
        units = [{**{name: getattr(row, name) for name in Row.__slots__}, "name": row.name} for row in self._rows]
        status: dict[str, Any] = {"generation": self._generation, "phase": phase, "pid": os.getpid(), "units": units}
        status["refused"] = self._refused
        with suppress(ForgeError):  # a full disk must not take the stack down
            self._folder.write_status({**status, "error": error, "code": code})

    def _checked(self, target: Target, good: bool) -> None:
        """Take in one health check, from the thread that makes them."""
        place = (target.key, target.number)
        before = self._memory.healths.get(place, Health(since=time.monotonic()))
        after = before.after(target.check, good, time.monotonic())
        self._memory.healths[place] = after
        if after.state != before.state:
            self.wake()

    def _pause(self) -> float:
        now = time.monotonic()
        dues = [*(ends.due for ends in self._memory.ends.values()), *self._memory.refused.values()]
        waits = [due - now for due in dues if due > now]
        return max(0.02, min([_TICK, *waits]))

    def _stop(self) -> None:
        """Stop all units, who was started last first; those of one group side by side."""
        for future in self._memory.work.values():
            with suppress(ForgeError):
                future.result()
        with suppress(ForgeError):
            self._checker.watch({})
            stop_all(self._runner, self._stack, self._pool)
            self._rows = [replace(row, state="stopped", health="") for row in self._rows]
            self._show(self._rows)


def stop_all(runner: StackRunner, stack: Stack, pool: ThreadPoolExecutor) -> None:
    """Stop the running containers of a stack in order: whoever links to others before those."""
    running = [each for each in runner.seen() if each.running]
    groups = [set(level) for level in levels(stack)]
    known = set().union(*groups) if groups else set()
    for group in [{each.service for each in running} - known, *reversed(groups)]:
        list(pool.map(lambda each: runner.stop([each], GRACE), [each for each in running if each.service in group]))
