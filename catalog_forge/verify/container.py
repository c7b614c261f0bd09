"""The image engine: plays scenarios in a real container of a conf image, in a network with an emulated metadata service.

A second container, the stand-in, replaces the main container of the service. The stand-in is also created from the conf image,
and runs the launch script from the shared volume. The program of the stand-in records signals, and runs until it gets SIGTERM.
The requests of confd show when a moment is over, so no duration is guessed (docs/conf-image.md; docs/facts/confd.md#3.1 and
#3.8). A moment is over:

- before the first start of the program: when the program has started, or the conf container has a permanent problem;
- with `refresh: watch`: when all of confd's resources wait for the next change. A change made during this wait is never missed.
  Any other change, such as one during an outage, is found by the pass that entrypoint.sh makes every 20 s;
- with an interval: when confd has made a whole pass since the change.

In all cases, the launch script then gets the time that it needs to see a stamp (the checksum of a file that confd has written),
so that an extra reload is also noticed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from catalog_forge.confd.resource import actions, stamps
from catalog_forge.errors import EngineError, ForgeError
from catalog_forge.image.containers import Container, Network, Run, Wanted, has_image
from catalog_forge.image.engine import Engine
from catalog_forge.metadata.scenarios.steps import Trouble
from catalog_forge.metadata.service import faults
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.faults import Fault
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.spec.model import Spec
from catalog_forge.verify.observation import Seen, Written
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View
from catalog_forge.verify.witnesses import RELOAD, WAITING, WRITTEN, Heard, Said, as_text, error_in, problem_in

SERVICE = "rancher-metadata"
SETTLE = 45.0
"""The number of seconds that a moment may take in addition to its fault: the time for two additional passes, and a reserve."""

# The number of seconds within which the conf container and the main container must end after SIGTERM.
_END = {"conf": 3, "main": 5}
# Seconds until the launch script has acted: the script checks the stamps every second, and then waits a second for more changes.
_CALM = 2.5
# Seconds after which a problem counts as permanent: `_STAYS` is longer than the 2 s after which entrypoint.sh tries again;
# `_STAYS_UNASKED` applies if confd makes no requests.
_STAYS, _STAYS_UNASKED = 3.0, 10.0
# Seconds to wait until all watchers are waiting again: a watcher that failed asks again after 2 s.
_RECOVERY = 5.0
# In seconds: the duration of flapping, the time limit for a reload after a stamp has changed, the interval between two checks.
_FLAPS, _ACTS, _LOOK = 5.0, 15.0, 0.2
# The number of lines of each log that an error shows.
_TAIL = 100
_KILLED = 137
# `_CUTS` are faults that cut connections, even while requests wait for a change. `_OUTAGES` are faults during which confd reports
# errors.
_CUTS = ("late", "down", "flapping")
_OUTAGES = (*_CUTS, "slow")
# At these log levels, a watching confd reports no errors. Only the additional passes of entrypoint.sh report them.
_MUTE = ("panic", "fatal")

# The log lines of a pass. The watching confd replaces entrypoint.sh and has process id 1; any other confd makes one pass.
_PASS = re.compile(r" confd\[(?!1\])\d+\]: ")
# The message of Go's package net/http that confd logs if it cannot reach a service.
_UNREACHED = re.compile(r'(?:Get|get) "?http://')
_STARTED = "stand-in: started"
_TOO_EARLY = "stand-in: started before the stamp"
# The stand-in program: it reports the signals that a shell can catch, ignores all others, and ends on TERM.
_PROGRAM = """\
if [ -e "$1/ready" ]; then echo "stand-in: started"; else echo "stand-in: started before the stamp"; fi
for signal in HUP INT QUIT USR1 USR2 WINCH; do trap "echo stand-in: $signal" $signal; done
trap 'echo stand-in: TERM; exit 0' TERM
while :; do sleep 1 & wait $!; done
"""
# Commands and checks before the start of the program are left out, because they would need the real program.
_WITHOUT_BEFORE = """\
sed '/^[a-z]*() {$/,/^}$/{
s|^ .* -c "$1" &|say "left out, this is not the service: $1" \\&|
s|exec .* -c "$command"|say "left out, this is not the service: $command"|
s|^ .* "$ask" >"$said" .*|say "left out, this is not the service: a check"|
}' "$1/run.sh" >"$1/stand-in.sh"
shift
exec /bin/sh "$@"
"""


class ImageEngine:
    """Plays scenarios in containers of an existing conf image. The image has the tag `tag` or, by default, the tag of the spec.

    Several plays may run in parallel threads. A moment may take `settle` seconds in addition to the duration of its fault.
    """

    name = "image"

    def __init__(self, engine: Engine, tag: str | None = None, settle: float = SETTLE) -> None:
        self._engine = engine
        self._tag = tag
        self._settle = settle
        self._interrupted = threading.Event()

    def interrupt(self) -> None:
        """Ask all plays to stop, without waiting for them. May be called from another thread.

        Each play removes everything that it created, then raises ForgeError.
        """
        self._interrupted.set()

    def play(self, subject: Subject, views: Iterable[View]) -> Iterator[Seen]:
        """For each view, yield the containers' state once confd has processed it. Finally, stop the containers with SIGTERM.

        Raises ForgeError with the logs if the containers misbehave: the program started before every file was written, or a
        container ignored SIGTERM. In all cases, all objects of a play are removed from the Docker engine.
        """
        spec = subject.spec
        if spec is None:
            raise ForgeError("the engine `image` only works for specs", hint="use --engine embedded or confd")
        if subject.backend != "rancher":
            message = f"the engine `image` offers only Rancher's metadata service, but this image reads {subject.backend}"
            raise ForgeError(message, hint="use --engine embedded, confd or stack")
        tag = self._tag or spec.tag
        if not has_image(self._engine, tag):
            raise ForgeError(f"there is no image {tag} on the Docker engine", hint=f"build it: catalog-forge build {spec.name}")
        return self._play(subject, spec, tag, views)

    def _play(self, subject: Subject, spec: Spec, tag: str, views: Iterable[View]) -> Iterator[Seen]:
        heard = Heard(subject)
        with Run(self._engine, "verify") as run, ExitStack() as stack:
            network = run.network()
            server = stack.enter_context(self._serving(network, heard))
            conf, main = _containers(run, subject, spec, tag, network, server)
            live = _Live(subject, spec, Said(conf), Said(main), server, heard, self._settle, self._interrupted)
            for view in views:
                yield live.see(view)
            live.end()

    @contextmanager
    def _serving(self, network: Network, heard: Heard) -> Iterator[MetadataServer]:
        """Run the metadata service at the gateway of the network, on port 80 or, if this port is taken, on a free port."""
        with ExitStack() as stack:
            try:
                server = stack.enter_context(MetadataServer(Answers({}), network.gateway, 80, on_request=heard.note))
            except ForgeError:
                try:
                    server = stack.enter_context(MetadataServer(Answers({}), network.gateway, 0, on_request=heard.note))
                except ForgeError as error:
                    raise EngineError(
                        f"{error}: the network of the engine at {self._engine.address} is not on this machine",
                        hint="use a Docker engine on this machine: its containers ask this process for metadata",
                    ) from None
            yield server


def _containers(
    run: Run, subject: Subject, spec: Spec, tag: str, network: Network, server: MetadataServer
) -> tuple[Container, Container]:
    """Create the conf container and the stand-in for the main container, connected as the spec's topology requires."""
    port = server.address.rpartition(":")[2]
    node = {} if port == "80" else {"METADATA_NODE": f"{SERVICE}:{port}"}
    hosts = {SERVICE: network.gateway}
    environment = {**subject.variables, **node}
    script = f"{spec.share}/run.sh"
    start: Sequence[str] = (*spec.shell, script)
    launch = spec.launch
    if launch.before or launch.leader or spec.asks_main:
        start = ("/bin/sh", "-c", _WITHOUT_BEFORE, "sh", spec.share, f"{spec.share}/stand-in.sh")
    program = ("/bin/sh", "-c", _PROGRAM, "stand-in", spec.share)
    # No other members of the service exist, so these settings keep the stand-in from waiting for other members.
    alone = {"LAUNCH_AS": "others", "LAUNCH_STAGGER": "0"} if launch.leader or launch.restart else {}
    if spec.service.is_embedded:
        both = environment | alone
        main = run.container(
            Wanted("main", tag, entrypoint=start, command=program, environment=both, network=network, hosts=hosts)
        )
        return main, main
    conf = run.container(Wanted("conf", tag, environment=environment, network=network, hosts=hosts))
    # In the topology `scripts`, the conf container exits after it has written its files, so its network cannot be shared.
    shared = spec.service.is_self and spec.service.topology != "scripts"
    main = run.container(
        Wanted(
            "main",
            tag,
            entrypoint=start,
            command=program,
            network=conf if shared else network,
            hosts={} if shared else hosts,
            environment=alone,
            volumes_from=(conf,),
        )
    )
    return conf, main


@dataclass
class _Live:
    """The two containers of a play, and the state that is kept from one moment to the next."""

    subject: Subject
    spec: Spec
    conf: Said
    main: Said
    server: MetadataServer
    heard: Heard
    settle: float
    interrupted: threading.Event
    healthy: bool = True
    healthy_since: float = 0
    begun: bool = False
    written: int = 0
    revived: bool = False
    ended: int | None = None
    started: bool = False
    stamps: tuple[bytes, ...] = ()

    def see(self, view: View) -> Seen:
        """Serve a view to confd, and return the observation once the moment is over."""
        caught = self.healthy and self.started and self._watched and self._until(self._all_wait, _RECOVERY)
        caught = caught and view.trouble.kind not in _CUTS and self.spec.engine.log not in _MUTE
        # What confd has written until now belongs to the previous moment. A reload from now on counts for this moment, even if
        # the previous moment caused it.
        self.conf.listen()
        self.conf.turn()
        since = self._change(view)
        stamps = self.stamps
        remark = self._settle(since, caught, view.trouble)
        seen = Seen(self._files(), self._errors(view.trouble, caught, remark), self._reloads(stamps), self._log())
        self.main.turn()
        return seen

    def end(self) -> None:
        """Stop both containers with SIGTERM. Raises ForgeError if a container does not end, or does not end cleanly."""
        for who, said, statuses in (("main", self.main, (0,) if self.started else (143,)), ("conf", self.conf, ())):
            if not said.container.state().running:
                continue
            status = said.container.stop(_END[who]).status
            if status == _KILLED:
                raise self._failure(f"SIGTERM did not end the {who} container within {_END[who]} s")
            if statuses and status not in statuses:
                raise self._failure(f"SIGTERM did not end the program cleanly: the {who} container exited with status {status}")

    def _change(self, view: View) -> float:
        """Make the metadata service serve the view, and return the time at which confd could first read the view."""
        kind, seconds = view.trouble.kind, view.trouble.seconds
        since = time.monotonic()
        if kind != "none":
            self.healthy = False
            self.server.inject(_fault(view.trouble))
        self.server.replace(view.for_everybody())
        if kind == "none" and not self.healthy:  # The fault ends only after `replace`, so that confd does not see old answers.
            self._heal()
        self.revived, self.ended = False, None
        if not self.begun:
            self.conf.container.start()
            self.main.container.start()
            self.begun = True
        elif not self.conf.container.state().running and not self._carries:
            self._revive()
        if kind in _CUTS:
            self._pause(seconds or _FLAPS)
            self._heal()
            return time.monotonic()
        return since

    def _heal(self) -> None:
        self.server.inject(faults.NONE)
        self.healthy, self.healthy_since = True, time.monotonic()

    def _revive(self) -> None:
        """Start the conf container again after it has ended, as Rancher does."""
        self.conf.listen()
        self.written = self._times_written()
        self.conf.container.start()
        self.revived = True

    def _settle(self, since: float, caught: bool, trouble: Trouble) -> str:
        """Wait until a moment is over; return an error message if the moment is not over in time."""
        first = not self.started
        slowness = trouble.seconds * (self.heard.questions + 4) if trouble.kind == "slow" else 0
        limit = self.settle + self._interval + slowness
        decided = self._until(lambda: self._decided(since, caught, trouble.kind == "missing"), limit)
        if not self.heard.anything and not self._ready():
            raise self._failure(
                f"no container has reached the metadata service http://{self.server.address}",
                hint="the Docker engine must be on this machine, and its firewall must let containers reach their gateway",
            )
        if not decided:
            return self._problem() or f"confd has not processed the change within {limit:.0f} s"
        if self.ended is not None:
            return f"the conf container ended with status {self.ended}"
        if not self._ready() or (first and self._stamps() == self.stamps):
            return ""
        taken_in = time.monotonic()
        acted = self._until(lambda: self._acted(taken_in), _ACTS)
        self.stamps = self._stamps()
        return "" if acted else f"the launch script has not acted on a changed file within {_ACTS:.0f} s"

    def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Watch both containers until a condition is true; return False if it is still false after `seconds` seconds."""
        deadline = time.monotonic() + seconds
        while True:
            self._look()
            if condition():
                return True
            if time.monotonic() > deadline:
                return False
            self._pause(_LOOK)

    def _pause(self, seconds: float) -> None:
        if self.interrupted.wait(seconds):
            raise ForgeError("interrupted")

    def _look(self) -> None:
        """Read the current state of the containers. Raises ForgeError if the launch script has ended or started too early."""
        self.conf.listen()
        self.main.listen()
        if _TOO_EARLY in self.main.new:
            raise self._failure("the launch script started the program before every file was written")
        state = self.main.container.state()
        if not state.running:
            raise self._failure(f"the launch script ended with status {state.status}")
        if not self.started and self._ready():
            self.started, self.stamps = True, self._stamps()
        state = self.conf.container.state()
        self.ended = None if state.running or (self._carries and not state.status) else state.status
        if self.ended is not None and self.healthy and not self.revived:
            self._revive()
            self.ended = None

    def _ready(self) -> bool:
        """Whether the program runs, and every file has been written since the last start of the conf container."""
        return self._times_written() > self.written and _STARTED in self.main.lines

    def _times_written(self) -> int:
        """Return how many times the conf container has reported that every file is written; each successful start reports this
        once.
        """
        return self.conf.lines.count(f"{self.spec.name}: {WRITTEN}")

    def _decided(self, since: float, caught: bool, missing: bool) -> bool:
        """Whether confd has processed a change made at `since`, or cannot process it.

        `caught` is true if all watchers were waiting for the change.
        """
        if self.ended is not None:
            return True
        if not self._ready():
            return self._stuck(since)
        if not self._watched:
            return not (self._interval and self.heard.questions) or bool(self.heard.passes(since, fresh=False))
        if missing:  # the service answers 404, so no watcher can wait for a version
            return bool(self.heard.passes(since, fresh=False))
        return self._all_wait(since) and (caught or self.revived or bool(self.heard.passes(since, fresh=True)))

    def _stuck(self, since: float) -> bool:
        """Whether the conf container has a problem that does not go away by itself."""
        problem = self._problem()
        if not problem or problem.startswith(f"{self.spec.name}: {WAITING}"):
            return False
        stayed = time.monotonic() - max(since, self.conf.changed)
        return stayed > _STAYS_UNASKED or (stayed > _STAYS and self.heard.passes(since, fresh=True) >= 2)

    def _acted(self, since: float) -> bool:
        """Whether the launch script has had enough time to notice a stamp, and has acted on each changed stamp."""
        if time.monotonic() - max(since, self.main.changed) < _CALM:
            return False
        return self._stamps() == self.stamps or any(line.startswith(RELOAD) for line in self.main.new)

    def _all_wait(self, since: float | None = None) -> bool:
        """Whether all watchers have waited for the next version at some time after `since`; without `since`, whether they are
        waiting now.
        """
        versions, heard = self.server.answers.revisions(), self.heard
        count = heard.waiting(versions, self.healthy_since) if since is None else heard.waited(versions, since)
        return count >= len(self.subject.image.resources)

    @property
    def _carries(self) -> bool:
        """Whether the conf container exits after writing its files."""
        return self.spec.service.topology == "scripts"

    @property
    def _watched(self) -> bool:
        return self.spec.refresh == "watch"

    @property
    def _interval(self) -> float:
        """The seconds between two passes; 0 if confd makes no regular passes."""
        refresh = self.spec.refresh
        return float(refresh.removesuffix("s")) if refresh[:1].isdigit() else 0

    def _stamps(self) -> tuple[bytes, ...]:
        """Return the content of each action's stamps: the checksums of the files of the action."""
        read = self.conf.container.read
        return tuple(b"".join(stamp.content for path in paths.values() if (stamp := read(path))) for paths in stamps(self.spec))

    def _problem(self) -> str:
        """Return the last message of the conf container if it says why a file cannot be written; otherwise, an empty string."""
        return problem_in(self.conf.lines, self.spec.name)

    def _files(self) -> dict[str, Written]:
        copied = {dest: self.conf.container.read(dest) for dest in self.subject.dests}
        return {dest: Written(file.content, file.mode & 0o777) for dest, file in copied.items() if file}

    def _errors(self, trouble: Trouble, caught: bool, remark: str) -> tuple[str, ...]:
        """Return the errors of confd and entrypoint.sh in this moment, except those about an outage of the service."""
        lines = self.conf.new
        if caught and not self.revived and not self.spec.service.is_embedded:
            # The watcher has reported all errors. An additional pass that began before the change may report the old state.
            lines = [line for line in lines if not _PASS.search(line)]
        said = [found for line in lines if (found := error_in(line, self.spec.name))]
        if trouble.kind in _OUTAGES:
            said = [each for each in said if not _UNREACHED.search(each)]
        # entrypoint.sh reports a problem only once, but the problem may last for many moments.
        lasting = [] if self._ready() else [self._problem()]
        return tuple(dict.fromkeys(each for each in (*said, *lasting, remark) if each))

    def _reloads(self, before: tuple[bytes, ...]) -> tuple[str, ...]:
        """Return the reloads that the launch script made in this moment, by their names in the subject."""
        # If two files are sent to the same URL, both actions have the same message, so the stamps tell which action ran.
        known: dict[str, str] = {}
        changed: dict[str, list[str]] = {}
        for number, (reload, file) in enumerate(actions(self.spec)):
            words, label = f"{RELOAD}{reload}", self.subject.reloads[file.dest]
            known.setdefault(words, label)
            if self.stamps[number : number + 1] != before[number : number + 1]:
                changed.setdefault(words, []).append(label)
        return tuple(changed[line].pop(0) if changed.get(line) else known[line] for line in self.main.new if line in known)

    def _log(self) -> str:
        return f"--- conf\n{as_text(self.conf.new)}--- main, a stand-in\n{as_text(self.main.new)}"

    def _failure(self, message: str, hint: str = "") -> ForgeError:
        with suppress(ForgeError):
            self.conf.listen()
            self.main.listen()
        logs = f"--- conf\n{as_text(self.conf.lines[-_TAIL:])}--- main, a stand-in\n{as_text(self.main.lines[-_TAIL:])}"
        return ForgeError(f"{message}\n{logs.rstrip()}", hint=hint)


def _fault(trouble: Trouble) -> Fault:
    match trouble.kind:
        case "slow":
            return faults.slow(trouble.seconds)
        case "missing":
            return faults.MISSING
        case "flapping":
            return faults.FLAPPING
        case _:
            return faults.DOWN
