"""One image taken in: its spec, what that generates, and the proof that both render the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog_forge import yamlio
from catalog_forge.adopt.bodies import lifted
from catalog_forge.adopt.cases import Runner, Trial, cases, odd_cases
from catalog_forge.adopt.entries import EntryUse
from catalog_forge.adopt.framing import framed, numbered
from catalog_forge.adopt.launched import Altered, changes
from catalog_forge.adopt.originals import Original
from catalog_forge.adopt.proof import Compared, prove, refused
from catalog_forge.adopt.setting import Lifted
from catalog_forge.adopt.specs import Made, Told, made
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.forge import forge
from catalog_forge.plan import Plan
from catalog_forge.spec.folder import PlannedFolder
from catalog_forge.spec.reader import read
from catalog_forge.verify.observation import Engine
from catalog_forge.verify.subject import Subject, of_spec

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
    entry: str = ""
    changes: list[Altered] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    cases: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How many of its files are equal, proven, different, never rendered."""
        return Counter(each.status for each in self.files)

    @property
    def lifted(self) -> int:
        """How many of its templates became blocks."""
        return sum(each.lifted for each in self.files)

    @property
    def is_whole(self) -> bool:
        """Whether the entry launches all that it did."""
        return bool(self.entry) and self.status != "not read" and not any(each.lost for each in self.changes)

    @property
    def status(self) -> str:
        """`adopted` where every file is equal or its differences are proven; `not proven` where one was never rendered."""
        if self.problems or not self.files:
            return "not read"
        states = {each.status for each in self.files}
        return "different" if "different" in states else "not proven" if "never rendered" in states else "adopted"


def adopt(original: Original, engine: Engine, use: EntryUse | None = None) -> Adopted:
    """Take in one image, and the entry that uses it. What is wrong with it, or with what it would become, is in `problems`."""
    where = original.image.folder.where.file.rstrip("/") or "."
    frame, runners, others = framed(original, use) if use else (Told(), [], {})
    if use and use.later:
        frame = numbered(frame, use.later[-1], behind=False)
    found = Adopted(where, original.name, problems=original.problems, said=(*_said(original), *frame.said))
    found.entry = use.revision.title if use else ""
    if original.problems:
        return found
    runners = runners or [_runner(original)]
    tried = cases(original, runners, others)
    found.cases = len(tried)
    assumed = made(original, frame).data
    service = assumed["service"]
    if not use:
        found.said = (*found.said, *_assumed(original, assumed))
    try:
        candidates = lifted(original, service, frame.data.get("metadata", {}))
        chosen, found.files, found.plan = _taken(original, frame, candidates, tried, engine)
        if use and use.later and not _is_there(use, found.plan):
            frame = numbered(frame, use.later[-1], behind=True)
            chosen, found.files, found.plan = _taken(original, frame, candidates, tried, engine)
        elif use and use.later:
            found.said = (*found.said, Problem("the spec generates this revision: there is no new one", use.later[-1].where))
        odd = odd_cases(original, runners[0], others)
        found.said += (*_refused(original, frame, chosen, odd, engine),)
        if use:
            found.changes = _changed(use, found.plan, frame.data["entry"]["revision"])
            found.changes += [Altered(name, "the program", old, new, True) for name, (old, new) in frame.unsure.items()]
            found.plan.merge(Plan(file for file in use.published if file.path not in found.plan))
    except ForgeError as error:
        found.problems = error.problems
    return found


def _taken(
    original: Original, frame: Told, candidates: Mapping[str, Lifted], tried: Sequence[Trial], engine: Engine
) -> tuple[Mapping[str, Lifted], list[Compared], Plan]:
    """The blocks that generate, and that render what the template did; the files compared, and the plan, with them."""
    chosen = _that_generate(original, frame, candidates)
    files, plan = _proven(original, frame, chosen, tried, engine)
    wrong = {each.dest for each in files if each.status == "different" and each.dest in chosen}
    rest = {dest: each for dest, each in chosen.items() if dest not in wrong}
    if not wrong or not _generates(original, frame, rest):
        return chosen, files, plan
    return rest, *_proven(original, frame, rest, tried, engine)


def _is_there(use: EntryUse, plan: Plan) -> bool:
    """Whether a revision that was generated is, byte for byte, what the spec generates: a published one never changes."""
    folder = f"templates/{use.revision.entry.name}/{use.later[-1].name}"
    return use.published.below(folder).digest == plan.below(folder).digest


def _changed(use: EntryUse, plan: Plan, revision: int) -> list[Altered]:
    """What both revisions launch, compared; where one cannot be launched, that is what is lost."""
    try:
        return changes(use, plan, revision)
    except ForgeError as error:
        words = "; ".join(problem.message for problem in error.problems)
        return [Altered(use.revision.title, "what it launches", f"cannot be compared: {words}", "", True)]


def _that_generate(original: Original, frame: Told, candidates: Mapping[str, Lifted]) -> dict[str, Lifted]:
    """Those of the lifted templates with which the spec is one; all at once, else one after the other."""
    if _generates(original, frame, candidates):
        return dict(candidates)
    chosen: dict[str, Lifted] = {}
    for dest, each in candidates.items():
        if _generates(original, frame, {**chosen, dest: each}):
            chosen[dest] = each
    return chosen


def _generates(original: Original, frame: Told, chosen: Mapping[str, Lifted]) -> bool:
    try:
        _generated(made(original, frame, chosen), "")
    except ForgeError:
        return False
    return True


def _generated(spec: Made, where: str) -> tuple[Plan, Subject]:
    """All files of a spec, the author's and the generated ones, and what its image renders. Raises ForgeError."""
    plan = spec.plan(where)
    folder = PlannedFolder(Path(), spec.name, plan.below(f"specs/{spec.name}"))
    found = read(plan[f"specs/{spec.name}.yml"].content, f"specs/{spec.name}.yml")
    plan.merge(forge(found, folder))
    return plan, of_spec(found, folder.static)


def _proven(
    original: Original, frame: Told, chosen: Mapping[str, Lifted], tried: Sequence[Trial], engine: Engine
) -> tuple[list[Compared], Plan]:
    spec = made(original, frame, chosen)
    plan, subject = _generated(spec, original.image.folder.where.file.rstrip("/") or ".")
    named = {re.sub(r"[^a-z0-9]+", "-", case.name.lower()).strip("-"): case for case in reversed(tried)}
    files = prove(original, subject, tried, engine, frame.added)
    unwritten = {name for each in files for name in each.unwritten}
    written = [(name, case) for name, case in reversed(named.items()) if case.name not in unwritten]
    for name, case in written[:_KEPT]:
        plan.add_text(f"specs/{spec.name}/scenarios/{name}.yml", f"# {case.name}\n{yamlio.dump(dict(case.data))}")
    for each in files:
        each.lifted = each.dest in chosen
    return files, plan


def _refused(
    original: Original, frame: Told, chosen: Mapping[str, Lifted], odd: Sequence[Trial], engine: Engine
) -> Iterator[Problem]:
    """The values that lifted files refuse on purpose, and that the original writes as they are."""
    if not chosen:
        return
    _, subject = _generated(made(original, frame, chosen), "")
    for case in odd:
        files = [each for each in prove(original, subject, [case], engine, frame.added) if each.dest in chosen]
        if dests := ", ".join(refused(files, case)):
            yield Problem(
                f"{case.name} is refused in {dests}: the file is not written then, where the original writes it as it is",
                None,
                "where users give such values, keep the original as `template:`",
            )


def _runner(original: Original) -> Runner:
    """The service of an image of which no entry tells."""
    frame = made(original, Told()).data["service"]
    return Runner(frame["name"], "" if frame.get("topology") == "netns" else original.name)


def _assumed(original: Original, data: Mapping[str, Any]) -> Iterator[Problem]:
    """What nobody tells of a service without its entry: the spec has to say something."""
    service = data["service"]
    words = f"topology {service.get('topology', 'volumes')}, service {service['name']}, "
    words += f"launch.exec {' '.join(data['launch']['exec'])}"
    hint = "name its entry with --entry, or put it right in the spec"
    yield Problem(f"nothing tells how this image is used; assumed: {words}", Where(original.image.folder.where.file), hint)


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
