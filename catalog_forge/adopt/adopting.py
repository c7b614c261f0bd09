"""Adopts one image: writes its spec, generates a new image from the spec and proves that both images render the same files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog_forge import yamlio
from catalog_forge.adopt.bodies import in_pairs, lifted
from catalog_forge.adopt.cases import Runner, Trial, cases, odd_cases
from catalog_forge.adopt.entries import EntryUse, secrets, unreadable, without_namespace
from catalog_forge.adopt.framing import framed, numbered
from catalog_forge.adopt.launched import NOT_COMPARED, Altered, changes
from catalog_forge.adopt.originals import Original, OriginalFile
from catalog_forge.adopt.proof import Compared, prove, refused, unreached
from catalog_forge.adopt.setting import Lifted
from catalog_forge.adopt.specs import Told, made, taken
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.forge import forge
from catalog_forge.plan import Plan
from catalog_forge.shown import counted
from catalog_forge.spec.folder import PlannedFolder
from catalog_forge.spec.reader import read
from catalog_forge.verify.observation import Engine
from catalog_forge.verify.subject import Subject, of_spec

# The maximum number of scenarios that are written next to a spec. To compare the two images, more scenarios are rendered.
_KEPT = 6
_REBASED = "the template of the spec reads this path below /self/service/metadata"
_LEFT_OUT = "the blocks of the spec leave out what the original writes only if this key exists"


@dataclass
class Adopted:
    """The outcome of adopting one image: its compared files, problems, notes, and the plan of all files to write.

    `secrets` are strings that no report may show. `taken` contains the files of the entry whose content is now in the spec: it
    maps their paths to their digests.
    """

    where: str
    name: str
    files: list[Compared] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    said: tuple[Problem, ...] = ()
    entry: str = ""
    changes: list[Altered] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    cases: int = 0
    generated: bool = False
    secrets: frozenset[str] = frozenset()
    taken: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """The number of files of each status: equal, proven, different, never rendered."""
        return Counter(each.status for each in self.files)

    @property
    def lifted(self) -> int:
        """The number of templates that became blocks."""
        return sum(each.lifted for each in self.files)

    @property
    def is_whole(self) -> bool:
        """Whether the generated entry launches everything that the original entry launched."""
        return bool(self.entry) and self.status != "not read" and not any(each.lost for each in self.changes)

    @property
    def status(self) -> str:
        """The outcome: `adopted` if each file is equal, or differs only for proven reasons.

        `generated`: the image already has a spec. `not read`: the image has problems or no files. `different`: a file differs
        without a proven reason. `not proven`: a file was never rendered.
        """
        if self.generated:
            return "generated"
        if self.problems or not self.files:
            return "not read"
        states = {each.status for each in self.files}
        return "different" if "different" in states else "not proven" if "never rendered" in states else "adopted"


def adopt(original: Original, engine: Engine, use: EntryUse | None = None) -> Adopted:
    """Adopt one image and the entry that uses it.

    The `problems` of the result are the errors in the image, in the files of the entry, and in the spec.
    """
    where = original.image.folder.where.file.rstrip("/") or "."
    frame, runners, others = framed(original, use) if use else (Told(), [], {})
    if use and use.later:
        frame = numbered(frame, use.later[-1], behind=False)
    unread = unreadable(use.revision) if use else ()
    found = Adopted(where, original.name, problems=(*original.problems, *unread), said=(*_said(original, frame), *frame.said))
    found.said += (*without_namespace(use, original.name),) if use else ()
    found.entry = use.revision.title if use else ""
    found.generated = original.generated
    found.secrets = secrets(use.revision) if use else frozenset()
    found.taken = use.own_files if use else {}
    if found.problems or original.generated:
        return found
    data = made(original, frame).data
    service = data["service"]
    runners = runners or [_runner(original, service)]
    tried = cases(original, runners, others)
    found.cases = len(tried)
    if not use:
        found.said = (*found.said, *_assumed(original, data))
    try:
        candidates = lifted(original, service, frame.data.get("metadata", {}))
        written, found.files = _taken(original, frame, candidates, tried, engine)
        if use and use.later and not _is_there(use, written.plan):
            # Only the number and the version of the revision change, so the image still renders the files that were compared.
            frame = numbered(frame, use.later[-1], behind=True)
            written = _generated(original, frame, written.chosen)
        elif use and use.later:
            found.said = (
                *found.said,
                Problem("the spec generates exactly this revision, so no new revision is needed", use.later[-1].where),
            )
        found.said += (*_dead(original, written), *_departures(original, written))
        found.said += (*_unrendered(original, found), *_unreached(original, found, tried))
        found.plan = written.plan
        _keep_scenarios(found, tried)
        odd = odd_cases(original, runners[0], others)
        found.said += (*_refused(original, frame, written, odd, engine),)
        if use:
            found.changes = _changed(use, found.plan, frame)
            found.changes += [Altered(name, "the program", old, new, True) for name, (old, new) in frame.unsure.items()]
            found.plan.merge(Plan(file for file in use.published if file.path not in found.plan))
    except ForgeError as error:
        found.problems = error.problems
    return found


@dataclass(frozen=True)
class _Generated:
    """A generated image: its lifted templates by dest (`chosen`), the plan of all files, and what engines render (`subject`)."""

    chosen: Mapping[str, Lifted]
    plan: Plan
    subject: Subject


def _taken(
    original: Original, frame: Told, candidates: Mapping[str, Lifted], tried: Sequence[Trial], engine: Engine
) -> tuple[_Generated, list[Compared]]:
    """Generate the image, and replace each template with blocks if the blocks render the same file.

    Return the generated image, and the comparison of its files with those of the original.

    A file of key-value pairs is first tried as `set` and `copy` blocks. If their output differs although the original file can
    be parsed, text blocks are tried. If that output also differs without a proven reason, the file stays a template.
    Raises ForgeError.
    """
    left = {dest: [form for form in (in_pairs(each, original.dests[dest]), each) if form] for dest, each in candidates.items()}
    written = _with_most(original, frame, left)
    while True:
        files = _proven(original, frame, written, tried, engine)
        wrong = {
            each.dest
            for each in files
            if (found := written.chosen.get(each.dest))
            and (each.status == "different" or (found.format != "raw" and not {*each.reasons} <= {"escaped"}))
        }
        if not wrong:
            return written, files
        left = {dest: left[dest][left[dest].index(each) + (dest in wrong) :] for dest, each in written.chosen.items()}
        try:
            written = _with_most(original, frame, {dest: each for dest, each in left.items() if each})
        except ForgeError:
            return written, files


def _is_there(use: EntryUse, plan: Plan) -> bool:
    """Whether the spec generates the newest revision byte for byte. If not, a new revision is needed."""
    folder = f"templates/{use.revision.entry.name}/{use.later[-1].name}"
    return use.published.below(folder).digest == plan.below(folder).digest


def _changed(use: EntryUse, plan: Plan, frame: Told) -> list[Altered]:
    """Compare what the original and the new revision launch.

    If one of the two revisions cannot be launched, only this failure is returned, and it counts as a loss.
    """
    try:
        return changes(use, plan, frame.data["entry"]["revision"], frame.data["service"]["name"])
    except ForgeError as error:
        words = "; ".join(
            f"{problem.where}: {problem.message}" if problem.where else problem.message for problem in error.problems
        )
        return [Altered(use.revision.title, NOT_COMPARED, words, "", True)]


def _with_most(original: Original, frame: Told, left: Mapping[str, Sequence[Lifted]]) -> _Generated:
    """Generate the image with as many lifted files as possible. `left` maps each dest to the lifted forms to try, in order.

    Usually the first form of every file works. If not, the files are added one by one, each in the first form that works.
    Raises ForgeError if the image cannot be generated even if no file is lifted.
    """
    with suppress(ForgeError):
        return _generated(original, frame, {dest: forms[0] for dest, forms in left.items()})
    found: _Generated | None = None
    for dest, each in ((dest, each) for dest, forms in left.items() for each in forms):
        if found is None or dest not in found.chosen:
            with suppress(ForgeError):
                found = _generated(original, frame, {**(found.chosen if found else {}), dest: each})
    return found or _generated(original, frame, {})


def _generated(original: Original, frame: Told, chosen: Mapping[str, Lifted]) -> _Generated:
    """Generate the image and the entry with the `chosen` blocks. Raises ForgeError."""
    spec = made(original, frame, chosen)
    plan = spec.plan(original.image.folder.where.file.rstrip("/") or ".")
    folder = PlannedFolder(Path(), spec.name, plan.below(f"specs/{spec.name}"))
    text = plan[f"specs/{spec.name}.yml"].content
    try:
        found = read(text, f"specs/{spec.name}.yml")
        plan.merge(forge(found, folder))
    except ForgeError as error:
        raise ForgeError.of([_placed(original, frame, text.decode(), each) for each in error.problems]) from None
    return _Generated(chosen, plan, of_spec(found, folder.static))


def _placed(original: Original, frame: Told, spec: str, problem: Problem) -> Problem:
    """Return a problem of the spec, located at its cause in the original, because the spec itself is never written."""
    if problem.where is None or not problem.where.file.startswith("specs/"):
        return problem
    before = spec.splitlines()[: problem.where.line]
    room = next((line for line in reversed(before) if re.match(r"\w", line)), "")
    words = re.findall(r"^(?:- dest: |  )([\w./-]+)(?::|$)", "\n".join(before), re.MULTILINE)
    files = {original.dests[each.resource.dest]: each.template for each in original.files}
    named = next((name for name in reversed(words) if name in (files if room == "files:" else frame.places)), "")
    where = files[named].at() if named in files else frame.places.get(named) or Where(original.image.folder.where.file)
    # A hint that names a place in the spec is omitted, because the spec is never written.
    return Problem(
        f"the spec of this image would be refused: {problem.message}", where, "" if "specs/" in problem.hint else problem.hint
    )


def _proven(original: Original, frame: Told, written: _Generated, tried: Sequence[Trial], engine: Engine) -> list[Compared]:
    """Compare the files of both images in the `tried` scenarios, and set `lifted` for each file. Raises ForgeError."""
    files = prove(original, written.subject, tried, engine, frame.added, frame.configured)
    for each in files:
        each.lifted = each.dest in written.chosen
    return files


def _keep_scenarios(found: Adopted, tried: Sequence[Trial]) -> None:
    """Add to the plan the scenario files next to the spec: the first few scenarios in which every file is rendered."""
    named = {re.sub(r"[^a-z0-9]+", "-", case.name.lower()).strip("-"): case for case in reversed(tried)}
    unwritten = {name for each in found.files for name in each.unwritten}
    kept = [(name, case) for name, case in reversed(named.items()) if case.name not in unwritten]
    for name, case in kept[:_KEPT]:
        found.plan.add_text(f"specs/{found.name}/scenarios/{name}.yml", f"# {case.name}\n{yamlio.dump(dict(case.data))}")


def _refused(original: Original, frame: Told, written: _Generated, odd: Sequence[Trial], engine: Engine) -> Iterator[Problem]:
    """Report the values that lifted files refuse or escape on purpose, although the original writes them unchanged."""
    for case in odd if written.chosen else ():
        files = [each for each in _proven(original, frame, written, [case], engine) if each.lifted]
        dests = refused(files, case)
        if dests:
            places = ", ".join(dests)
            words = (
                f"{case.name} is refused in {places}: the file is then not written, but the original writes the value unchanged"
            )
            yield Problem(words, None, "if users enter such values, keep the original template as `template:`")
        escaped = [each.dest for each in files if each.differences and each.dest not in dests and each.rendered]
        if escaped:
            words = (
                f"{case.name} is escaped in {', '.join(escaped)}, as the format requires, but the original writes it unchanged"
            )
            yield Problem(words, None, "write `format: raw` in the spec for each file in which values must not be escaped")


def _departures(original: Original, written: _Generated) -> Iterator[Problem]:
    """Yield the known differences between blocks and their templates, including those that no scenario shows."""
    for dest, each in written.chosen.items():
        for departure in each.said if dest in original.templates else ():
            if departure.kind != "dead":
                yield Problem(departure.words, original.templates[dest].at(departure.line, 1))


def _unreached(original: Original, found: Adopted, tried: Sequence[Trial]) -> Iterator[Problem]:
    """Report the template branches that no scenario reaches although their files are rendered. Nothing is proven for them."""
    rendered = {each.dest for each in found.files if each.status != "never rendered"}
    for dest, lines in unreached(original, tried).items():
        if lines and dest in rendered:
            places = ", ".join(map(str, dict.fromkeys(lines)))
            words = f"no scenario reaches the branches that begin on these lines, so nothing is proven about them: {places}"
            yield Problem(
                words,
                original.templates[dest].at(lines[0], 1),
                "compare the branches manually, or write scenarios that reach them",
            )


def _unrendered(original: Original, found: Adopted) -> Iterator[Problem]:
    """Report each file for which no scenario shows the effect of a key: the template always fails, or its output is constant."""
    for each in found.files:
        if each.status == "never rendered":
            template = original.templates[each.dest]
            place = re.search(r"template: [^:]+:([0-9]+)(?::([0-9]+))?: (?:executing .*? at )?(.*)", each.failed)
            where = template.at(int(place[1]), int(place[2] or 0) + 1) if place else template.at()
            words = f"fails in {each.errors.total()} of {counted(found.cases, 'scenario')}: {place[3] if place else each.failed}"
            hint = "nothing is proven about this template: correct it, or write the spec of the image yourself"
            yield Problem(f"the template {words if each.failed else 'writes the same text in all scenarios'}", where, hint)


def _runner(original: Original, service: Mapping[str, Any]) -> Runner:
    """Return the service that is assumed to run an image that no entry uses."""
    return Runner(service["name"], "" if service.get("topology") == "netns" else original.name)


def _assumed(original: Original, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Report what the spec assumes about the service of an image that no entry uses."""
    service = data["service"]
    words = f"topology {service.get('topology', 'volumes')}, service {service['name']}, "
    words += f"launch.exec {' '.join(data['launch']['exec'])}"
    hint = "name the entry of the image with --entry, or correct these values in the spec"
    yield Problem(
        f"no entry shows how this image is used, so the spec assumes {words}", Where(original.image.folder.where.file), hint
    )


def _dead(original: Original, written: _Generated) -> Iterator[Problem]:
    """Report each key that can never exist, and what the spec does with those parts of the template that read the key."""
    for each in original.files:
        hint = _LEFT_OUT if each.resource.dest in written.chosen else _REBASED
        for path in () if each.is_static else each.dead:
            words = f"Rancher never serves a key at {path}, because Rancher's metadata does not have the root of this path"
            yield Problem(words, each.template.at(), hint)


def _said(original: Original, frame: Told) -> tuple[Problem, ...]:
    """Collect the notes on an original that do not depend on its spec: what is not taken over, and which files are moved."""
    commands = [problem for each in original.files for problem in _commands(each, taken(original, frame, each))]
    moved = [
        Problem(
            f"{dest} is in a folder that cannot be a volume, so the spec writes the file to {other}",
            None,
            "pass the new path to the program",
        )
        for dest, other in original.dests.items()
        if dest != other
    ]
    return (*original.said, *commands, *moved)


def _commands(each: OriginalFile, taken: Mapping[str, Any]) -> Iterator[Problem]:
    """Report what becomes of the check_cmd and the reload_cmd of a template resource: a key of the spec, or nothing."""
    for key, word in (("check_cmd", "check"), ("reload_cmd", "reload")):
        command = getattr(each.resource, key)
        if command and word in taken:
            where = "" if taken.get("check_in") != "main" and word == "check" else " in the container of the program"
            yield Problem(f"{key} becomes `{word}: {taken[word]}`{where}; no scenario runs this command", each.file.at())
        elif command:
            yield Problem(f"the spec leaves out this {key}: {command}", each.file.at(), f"write `{word}` in the spec")
