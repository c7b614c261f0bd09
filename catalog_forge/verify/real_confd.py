"""The confd engine: a real confd on this machine, which renders below a temporary folder and runs no commands."""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from catalog_forge.confd.layout import as_variables, nested
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service import faults
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.seed.file import file_of
from catalog_forge.verify import stores
from catalog_forge.verify.observation import Disk, Seen, Written
from catalog_forge.verify.subject import Subject, below
from catalog_forge.verify.view import View

# The time limit for a run of confd. confd itself gives up after 31 s if it cannot reach a service.
SECONDS = 60
# This number of passes is enough for confd even if the service drops every second request.
_TRIES = 8
_VERSION = re.compile(r"confd ([0-9][0-9A-Za-z.-]*)")
_ERROR = re.compile(r" (?:ERROR|FATAL) (.*)$")
_PANIC = re.compile(r"(?:panic|fatal error): ")
_LOGGED = re.compile(r"\S+ \S+ \S+\[[0-9]+\]: ")


class Confd:
    """Runs `confd -onetime` once for each moment. With -sync-only, confd does not run the commands of an untrusted image."""

    name = "confd"

    def __init__(self, binary: str | Path) -> None:
        # The path must be absolute: confd runs in another folder, and a name without a slash would be looked up on PATH.
        self.binary = Path(binary).absolute()
        self.release = _release(self.binary)

    def play(self, subject: Subject, views: Iterable[View]) -> Iterator[Seen]:
        """Yield the result of one run for each view. Raises ForgeError if confd does not end."""
        disk = Disk(subject)
        with tempfile.TemporaryDirectory(prefix="catalog-forge-") as folder:
            root = Path(folder)
            _install(subject, root)
            with MetadataServer(Answers({})) as server:
                for view in views:
                    server.replace(view.for_everybody())
                    yield self._pass(subject, root, server, view, disk)

    def interrupt(self) -> None:
        """Do nothing, because Ctrl-C in a terminal also ends every confd."""

    def _pass(self, subject: Subject, root: Path, server: MetadataServer, view: View, disk: Disk) -> Seen:
        kind, seconds = view.trouble.kind, view.trouble.seconds
        healing = threading.Timer(seconds, server.inject, [faults.NONE])
        match kind:
            case "late" | "down":
                server.inject(faults.DOWN)
                healing.start()
            case "slow":
                server.inject(faults.slow(seconds))
            case "missing":
                server.inject(faults.MISSING)
            case "flapping":
                server.inject(faults.FLAPPING)
        try:
            for _ in range(_TRIES if kind == "flapping" else 1):
                done = self._run(subject, root, *_source(subject, root, server, view))
                if done.returncode == 0:
                    break
        finally:
            healing.cancel()
            server.inject(faults.NONE)
        errors = [found[1] for line in done.stderr.splitlines() if (found := _ERROR.search(line))]
        if done.returncode and not errors:
            errors = [_last_words(done.stderr) or f"confd ended with status {done.returncode}"]
        return disk.after(dict(_written(subject, root)), errors, done.stderr if errors else "")

    def _run(
        self, subject: Subject, root: Path, source: list[str], variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self.binary, "-onetime", "-sync-only", "-confdir", root, *source],
                cwd=root, env={**subject.variables, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="backslashreplace", timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ForgeError(f"confd did not end within {SECONDS} s") from None


def _source(subject: Subject, root: Path, server: MetadataServer, view: View) -> tuple[list[str], dict[str, str]]:
    """Return the flags and environment variables that tell confd its source: Rancher's metadata service, the environment itself,
    or a file that replaces any other store.

    No store is run: the file only has the same layout of keys, and values that the store would refuse are refused.
    """
    if subject.backend == "rancher" or subject.spec is None:
        prefix = ["-prefix", subject.prefix] if subject.prefix else []
        return ["-backend", "rancher", "-node", server.address, *prefix], {}
    keys = stores.held(subject, view)
    if subject.backend == "env":
        return ["-backend", "env", "-prefix", subject.prefix], as_variables(keys)
    path = root / "keys.json"
    path.write_text(file_of(nested(keys)), encoding="utf-8")
    return ["-backend", "file", "-file", str(path), "-prefix", subject.prefix.rstrip("/") + "/"], {}


def _last_words(log: str) -> str:
    """Return the log line that explains why confd ended: the line of a panic, else the first line without a log prefix."""
    lines = log.splitlines()
    panic = (line for line in lines if _PANIC.match(line))
    return next(panic, next((line for line in lines if not _LOGGED.match(line)), next(iter(lines), "")))


def _install(subject: Subject, root: Path) -> None:
    """Write the templates and the resources, with each dest moved below `root`."""
    (root / "conf.d").mkdir()
    for resource in subject.image.resources:
        dest = root / "root" / below(resource.dest)
        dest.parent.mkdir(parents=True, exist_ok=True)
        toml = root / "conf.d" / f"{resource.name}.toml"
        toml.parent.mkdir(parents=True, exist_ok=True)
        toml.write_text(resource.toml(str(dest) if resource.dest else ""), encoding="utf-8")
    for src, content in subject.image.templates.items():
        path = root / "templates" / src
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _written(subject: Subject, root: Path) -> Iterator[tuple[str, Written]]:
    for resource in subject.image.resources:
        path = root / "root" / below(resource.dest)
        if resource.dest and path.is_file():
            mode = path.stat().st_mode & 0o777
            yield resource.dest, Written(path.read_bytes(), resource.mode and mode)


_SELECT = "select a confd with --confd FILE, or install confd on PATH"


def _release(binary: str | Path) -> str:
    """Return the release of a confd binary. Raises ForgeError if the program is not confd."""
    try:
        said = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except subprocess.TimeoutExpired:
        raise ForgeError(f"{binary} is not confd: `-version` does not end", hint=_SELECT) from None
    except OSError as error:
        hint = shlex.join(["chmod", "+x", str(binary)]) if isinstance(error, PermissionError) else _SELECT
        raise ForgeError(f"cannot run {binary}: {error.strerror}", hint=hint) from None
    found = _VERSION.match(said)
    if not found:
        raise ForgeError(f"{binary} is not confd: `-version` says {said.strip()[:80]!r}")
    return found[1]
