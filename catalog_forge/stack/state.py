"""The stored state of a stack in XDG_STATE_HOME: its plan, the numbers of its units, and its supervisor's pid and status.

A running supervisor locks the file `lock` (flock) and writes its pid into this file; a command that changes the plan locks
`turn`. If these files are lost, the containers, networks and volumes of the stack can still be found on the engine by their
labels.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from catalog_forge import xdg
from catalog_forge.errors import ForgeError, Where
from catalog_forge.stack.model import HealthCheck, Launch, Link, Service, Stack, StoreBeside
from catalog_forge.stack.reconcile import Ledger

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})")
_LOOK = 0.05


class StateFolder:
    """The files of one stack. Raises ForgeError if the name is not valid for a stack, or if a file is damaged."""

    def __init__(self, home: Path, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise ForgeError(f"{name!r} cannot be the name of a stack", hint="use letters, digits and dashes, as in Rancher")
        self.name = name
        self.path = home / "catalog-forge" / "stacks" / name

    def make(self) -> None:
        """Create the folder, accessible only to its owner. If another command then removes the folder, create it again."""
        while not self.path.is_dir():
            try:
                self.path.mkdir(parents=True, mode=0o700)
            except FileExistsError:
                with suppress(FileNotFoundError):  # another process created the folder, and then removed it before lstat
                    if not stat.S_ISDIR(self.path.lstat().st_mode):
                        raise

    @property
    def log(self) -> Path:
        """The log file of a supervisor that runs in the background."""
        return self.path / "log"

    def write_plan(self, stack: Stack) -> int:
        """Write a new plan and return its number."""
        generation = self.plan()[1] + 1 if (self.path / "plan.json").exists() else 1
        wanted = {"name": stack.name, "volumes": stack.volumes, "services": [asdict(each) for each in stack.services]}
        chosen: dict[str, Any] = {
            "secrets": stack.secrets,
            "entry": stack.entry,
            "answers": dict(stack.answers),
            "scales": dict(stack.scales),
        }
        chosen |= {"settle": stack.settle, "held": stack.held, "beside": stack.beside, "restarts": dict(stack.restarts)}
        places = {"images": stack.images, "ports": stack.ports}
        chosen |= {kind: {name: asdict(where) for name, where in found.items()} for kind, found in places.items()}
        chosen["store"] = asdict(stack.store) if stack.store else None
        with suppress(ForgeError):
            last = self._read("plan.json")
            other = last["stack"].get("services") != json.loads(json.dumps(wanted["services"]))
            if other and not self._failed(last["generation"]):
                self._write("before.json", last)
        self._write("plan.json", {"generation": generation, "stack": {**wanted, **chosen}})
        return generation

    def plan(self) -> tuple[Stack, int]:
        """Return the current plan and its number."""
        data = self._read("plan.json")
        try:
            return _stack(data["stack"]), int(data["generation"])
        except (KeyError, TypeError, ValueError) as error:
            raise ForgeError(f"{self.path / 'plan.json'} is damaged: {error}", hint=f"catalog-forge down {self.name}") from error

    def before(self) -> Stack:
        """Return the last plan whose services differ from the current plan's. Raises ForgeError if there is none."""
        if not (self.path / "before.json").exists():
            raise ForgeError(f"no earlier state of stack {self.name} has run, so there is nothing to roll back to")
        # Do not repeat the restarts and stops that were requested while the last plan was current.
        return replace(_stack(self._read("before.json")["stack"]), restarts={}, held=())

    def there(self) -> Stack | None:
        """Return the plan that probably runs: the current plan or, if it failed, the previous plan; None if there is no plan."""
        with suppress(ForgeError):
            stack, generation = self.plan()
            if self._failed(generation) and (self.path / "before.json").exists():
                return self.before()
            return stack
        return None

    def _failed(self, generation: int) -> bool:
        status = self.status()
        return status.get("generation") == generation and bool(status.get("phase") == "failed" or status.get("refused"))

    def kept(self) -> Stack | None:
        """Return the current plan, or None if no plan exists or if the plan cannot be read."""
        try:
            return self.plan()[0]
        except ForgeError:
            return None

    def write_ledger(self, ledger: Ledger) -> None:
        """Store the number that each unit has, and the last number of each service."""
        units = [[service, index, number] for (service, index), number in ledger.units.items()]
        self._write("ledger.json", {"units": units, "births": ledger.births})

    def ledger(self) -> Ledger:
        """Return the numbers of units. If they are lost, return an empty ledger, to be filled from the labels of containers."""
        try:
            data = self._read("ledger.json")
            return Ledger({(service, index): number for service, index, number in data["units"]}, dict(data["births"]))
        except (ForgeError, KeyError, TypeError, ValueError):
            return Ledger()

    def write_status(self, status: Mapping[str, Any]) -> None:
        """Store the supervisor's status, so that other commands can read it."""
        self._write("status.json", status)

    def status(self) -> dict[str, Any]:
        """Return the last status that a supervisor stored, or {} if none is stored."""
        try:
            return self._read("status.json")
        except ForgeError:
            return {}

    def holder(self) -> int | None:
        """Return the pid of the process that runs the stack, or None."""
        try:
            with (self.path / "lock").open("r+") as file:
                while not _locked(file, wait=0, shared=True):
                    file.seek(0)
                    if (text := file.read().strip()).isdigit():
                        return int(text)
                    time.sleep(_LOOK)  # the holder is still writing its pid
        except FileNotFoundError:
            return None
        return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold `lock`, the lock for running the stack, during the block. Raises ForgeError if another process holds this lock."""
        with self._opened("lock") as file:
            if not _locked(file, wait=1):
                raise ForgeError(f"another process runs stack {self.name!r}", hint="wait until it ends, or choose another --name")
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    @contextmanager
    def turn(self, wait: float) -> Iterator[None]:
        """Hold the lock for changing the plan during the block. Raises ForgeError if the lock stays taken for `wait` seconds."""
        with self._turn(time.monotonic() + wait):
            yield

    @contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        while True:
            with self._opened("turn") as file:
                if not _locked(file, deadline - time.monotonic()):
                    raise ForgeError(
                        f"another command is working on stack {self.name!r}", hint="try again when that command has ended"
                    )
                if self._is_there(file, "turn"):  # otherwise, the previous holder of the lock has removed the stack
                    yield
                    return

    def _opened(self, name: str) -> IO[str]:
        while True:
            self.make()
            with suppress(FileNotFoundError):  # the folder has just been removed
                return (self.path / name).open("a+")

    def _is_there(self, file: IO[str], name: str) -> bool:
        """Whether an open file is still the file that has this name in the folder."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), (self.path / name).stat())
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        """Remove all files of the stack. Any command that still waits for the `turn` lock will then find the lock file gone."""
        for file in self.path.glob("*"):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # another command has already created new files
            self.path.rmdir()

    def _write(self, name: str, data: Mapping[str, Any]) -> None:
        """Replace a file atomically, so that a reader never sees a partly written file."""
        self.make()
        new = self.path / f"{name}.{os.getpid()}.new"
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(data, file)
            new.replace(self.path / name)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise ForgeError(f"cannot write {self.path / name}: {error.strerror}") from error

    def _read(self, name: str) -> dict[str, Any]:
        try:
            data = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            raise ForgeError(f"there is no record of a stack {self.name!r}", hint="`catalog-forge ps` shows all stacks") from None
        except (OSError, ValueError) as error:
            raise ForgeError(f"cannot read {self.path / name}: {error}", hint=f"catalog-forge down {self.name}") from error
        if not isinstance(data, dict):
            raise ForgeError(f"{self.path / name} is damaged", hint=f"catalog-forge down {self.name}")
        return data


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for state according to the XDG base directory rules; a relative path in XDG_STATE_HOME is ignored."""
    return xdg.folder("XDG_STATE_HOME", environ)


def known(folder: Path) -> list[str]:
    """Return the names of the stacks that have a stored plan."""
    return sorted(each.name for each in (folder / "catalog-forge" / "stacks").glob("*") if (each / "plan.json").is_file())


def _locked(file: IO[str], wait: float, shared: bool = False) -> bool:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)


def _stack(data: Mapping[str, Any]) -> Stack:
    chosen = {key: data[key] for key in ("entry", "answers", "scales", "settle", "restarts") if key in data}
    chosen |= {key: tuple(data.get(key, ())) for key in ("secrets", "held", "beside")}
    for kind in ("images", "ports"):
        chosen[kind] = {name: Where(**where) for name, where in data.get(kind, {}).items()}
    if store := data.get("store"):
        chosen["store"] = StoreBeside(**_tuples(store))
    return Stack(data["name"], tuple(map(_service, data["services"])), tuple(data["volumes"]), **chosen)


def _service(data: Mapping[str, Any]) -> Service:
    check = data["health_check"]
    special = {
        "primary": _launch(data["primary"]),
        "sidekicks": tuple(map(_launch, data["sidekicks"])),
        "links": tuple(Link(**each) for each in data["links"]),
        "health_check": HealthCheck(**check) if check else None,
    }
    return Service(**{**_tuples(data), **special})


def _launch(data: Mapping[str, Any]) -> Launch:
    return Launch(**_tuples(data))


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
