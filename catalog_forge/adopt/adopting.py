"""One image taken in: its spec, what that generates, and the proof that both render the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from catalog_forge import yamlio
from catalog_forge.adopt.cases import Runner, Trial, cases
from catalog_forge.adopt.originals import Original
from catalog_forge.adopt.proof import Compared, prove
from catalog_forge.adopt.specs import Made, Told, made
from catalog_forge.errors import ForgeError, Problem
from catalog_forge.forge import forge
from catalog_forge.plan import Plan
from catalog_forge.spec.folder import PlannedFolder
from catalog_forge.spec.reader import read
from catalog_forge.verify.observation import Engine
from catalog_forge.verify.subject import of_spec

# How many scenarios are written beside a spec; all are tried.
_KEPT = 6
_REBASED = "the template of the spec looks for it below /self/service/metadata"


@dataclass
class Adopted:
    """What came of one image: the files that are compared, what stands in the way, what is said, the plan of all files."""

    where: str
    name: str
    files: list[Compared] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    said: tuple[Problem, ...] = ()
    assumed: tuple[str, ...] = ()
    plan: Plan = field(default_factory=Plan)
    cases: int = 0

    @property
    def status(self) -> str:
        """`adopted` where every file is equal or its differences are proven; `not proven` where one was never rendered."""
        if self.problems or not self.files:
            return "not read"
        states = {each.status for each in self.files}
        return "different" if "different" in states else "not proven" if "never rendered" in states else "adopted"


def adopt(
    original: Original, frame: Told, runners: Sequence[Runner], others: Mapping[str, Mapping[str, object]], engine: Engine
) -> Adopted:
    """Take in one image. What is wrong with it, or with what it would become, is in `problems`; nothing raises for it."""
    where = original.image.folder.where.file.rstrip("/") or "."
    found = Adopted(where, original.name, problems=original.problems, said=_said(original), assumed=frame.assumed)
    if original.problems:
        return found
    runners = runners or [_runner(original)]
    tried = cases(original, runners, others)
    spec = made(original, frame)
    try:
        found.plan = _planned(spec, where, tried)
        folder = PlannedFolder(Path(), spec.name, found.plan.below(f"specs/{spec.name}"))
        read_spec = read(found.plan[f"specs/{spec.name}.yml"].content, f"specs/{spec.name}.yml")
        found.plan.merge(forge(read_spec, folder))
        found.files = prove(original, of_spec(read_spec, folder.static), tried, engine)
    except ForgeError as error:
        found.problems = error.problems
    found.cases = len(tried)
    return found


def _planned(spec: Made, where: str, tried: Sequence[Trial]) -> Plan:
    """The author's files: the spec, what lies beside it, the first scenarios."""
    plan = spec.plan(where)
    for number, case in enumerate(tried[:_KEPT], start=1):
        plan.add_text(f"specs/{spec.name}/scenarios/{number:02}.yml", f"# {case.name}\n{yamlio.dump(dict(case.data))}")
    return plan


def _runner(original: Original) -> Runner:
    """The service of an image of which no entry tells."""
    frame = made(original, Told()).data["service"]
    return Runner(frame["name"], "" if frame.get("topology") == "netns" else original.name)


def _said(original: Original) -> tuple[Problem, ...]:
    """What is worth saying of an original: what is not modelled, what nobody can set, what it does not tell."""
    dead = [
        Problem(f"nothing is ever at {path}: Rancher's metadata has no such root", each.template.at(), _REBASED)
        for each in original.files
        for path in (each.dead if not each.is_static else ())
    ]
    commands = [
        Problem(f"{key} is not modelled: {command}", each.file.at(), "say `check` or `reload` in the spec")
        for each in original.files
        for key in ("check_cmd", "reload_cmd")
        if (command := getattr(each.resource, key))
    ]
    moved = [
        Problem(f"{dest} lies in a folder that cannot be a volume: the spec has it at {other}", None, "tell the program of it")
        for dest, other in original.dests.items()
        if dest != other
    ]
    return (*original.said, *dead, *commands, *moved)
