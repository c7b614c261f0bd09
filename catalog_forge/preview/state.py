"""Computes the result of the user's choices on the page: the stack, its metadata, and the files of a conf container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from catalog_forge.adopt.originals import Original
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.metadata.scenarios import model
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.environment import MAX_SCALE, check_room
from catalog_forge.metadata.scenarios.steps import find_container
from catalog_forge.metadata.service.answers import DEFAULT
from catalog_forge.preview.images import carried
from catalog_forge.preview.site import Opened
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.questions import defaults
from catalog_forge.stack.compose import compose, masks_of
from catalog_forge.stack.environment import steady
from catalog_forge.stack.model import Launch, Stack, stack_name
from catalog_forge.stack.plan import published_once
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.observation import Seen
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View

# The subnet has space for any scale. There are as many hosts as in the scenarios that `scenario new` writes.
SUBNET = "10.42.0.0/16"
HOSTS = tuple(model.Host(f"node-{number}", f"192.0.2.{10 + number}") for number in (1, 2, 3))
_LONGEST = 1 << 16


@dataclass(frozen=True)
class Wish:
    """The user's choices: answers by variable, scales by service, the conf container (`asks`), and the version of the metadata.

    An empty choice means the entry's default. With `secrets`, secret files are also shown.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)
    asks: str = ""
    version: str = ""
    stack: str = ""
    secrets: bool = False

    @classmethod
    def read(cls, data: Any) -> Wish:
        """Read the choices that a browser sent. Raises ForgeError if the choices are invalid."""
        found = data if isinstance(data, dict) else {}
        answers, scales = found.get("answers") or {}, found.get("scales") or {}
        words = {key: found.get(key) or "" for key in ("asks", "version", "stack")}
        texts = [*words.values(), *(answers.values() if isinstance(answers, dict) else [None])]
        if not all(isinstance(each, str) and len(each) <= _LONGEST for each in texts) or not isinstance(scales, dict):
            raise ForgeError("the choices must be text, and the scales must be a mapping, as the page sends them")
        if not all(isinstance(each, int) and 0 <= each <= MAX_SCALE for each in scales.values()):
            raise ForgeError(f"a scale must be a number from 0 to {MAX_SCALE}")
        return cls(answers, scales, **words, secrets=found.get("secrets") is True)

    def variables(self, revision: Revision) -> dict[str, str]:
        """Return all answers to the questions of a revision: the user's answers, and the defaults of unanswered questions."""
        return defaults(revision.questions) | {name: text for name, text in self.answers.items() if name in revision.asked}


@dataclass(frozen=True)
class ConfService:
    """A service whose containers write configuration files.

    `asks`: the service whose container queries the metadata service; `image`: the conf image of a hand-written entry.
    """

    asks: str
    primary: str
    image: Original | None = None


@dataclass(frozen=True)
class Played:
    """The result of the choices: the answers keyed by variable, the problems, the stack, and the files of one conf container.

    `stack` and `environment` are None if the entry cannot run with these answers; `seen` is None if no conf image is known.
    `writers` maps container names to the services that write files; `asks` is the name of the container whose files are shown.
    """

    variables: Mapping[str, str]
    problems: tuple[tuple[Problem, str], ...] = ()
    stack: Stack | None = None
    environment: model.Environment | None = None
    seen: Seen | None = None
    writers: Mapping[str, ConfService] = field(default_factory=dict)
    asks: str = ""

    @property
    def writer(self) -> ConfService | None:
        """The service of the container `asks`."""
        return self.writers.get(self.asks)


def played(opened: Opened, wish: Wish) -> Played:
    """Return the result of the choices for an entry. Each problem has the variable of its question, or an empty string."""
    revision = opened.revision
    if revision is None:
        return Played({})
    variables = wish.variables(revision)
    problems = list(_unfit(revision, variables))
    try:
        # For a spec, the files that contain secrets are known. In a hand-written image, any file may contain a secret, so the
        # secret answers are masked.
        told = variables if wish.secrets or opened.spec else {**variables, **masks_of(revision, variables)}
        stack = published_once(compose(revision, told, stack_name(wish.stack or revision.entry.name)).scaled(wish.scales))
        made = _environment(stack, wish)
        check_room(made, Where(""))
    except ForgeError as error:
        return Played(variables, (*problems, *((each, "") for each in error.problems)))
    writers = dict(_writers(opened, revision, variables, stack))
    asks = wish.asks if wish.asks in writers else next(iter(writers), "")
    return _rendered(opened, wish, Played(variables, tuple(problems), stack, made, writers=writers, asks=asks))


def _rendered(opened: Opened, wish: Wish, found: Played) -> Played:
    """Return a copy of `found` with the files that the container `found.asks` writes."""
    writer = found.writer
    if writer is None:
        return found
    assert found.environment and found.stack
    try:
        subject, version = _subject(opened, writer, found.stack, wish.version)
        container = find_container(found.environment, found.asks)
        answers = answers_of(found.environment, only=version)
        (seen,) = Embedded().play(subject, [View(answers, (container and container.address) or DEFAULT)])
    except ForgeError as error:
        return replace(found, problems=(*found.problems, *((each, "") for each in error.problems)))
    if writer.image:
        seen = replace(seen, files={**carried(writer.image), **seen.files})
    return replace(found, seen=seen)


def _subject(opened: Opened, writer: ConfService, stack: Stack, version: str) -> tuple[Subject, str]:
    """Return the subject that the containers of a service render, and the version of the metadata that the subject reads."""
    if writer.image is None or opened.images is None:
        subject = opened.subject(version)
    else:
        launches: Iterator[Launch] = (launch for service in stack.services for launch in service.launches)
        told = next((launch.environment for launch in launches if launch.name == writer.asks), {})
        subject = opened.images.subject(writer.image, version, told)
    return subject, subject.version or (writer.image.of_version(version).version if writer.image else "")


def _unfit(revision: Revision, variables: Mapping[str, str]) -> Iterator[tuple[Problem, str]]:
    """Yield a problem for each answer that `up` would refuse. The files are rendered even with such answers."""
    for name, question in revision.asked.items():
        if not variables[name]:
            if question.required:
                yield Problem(f"{question.label} needs an answer"), name
        elif wrong := question.problem(variables[name]):
            yield Problem(wrong[0], hint=wrong[1]), name


def _environment(stack: Stack, wish: Wish) -> model.Environment:
    """Return the environment: the stack with all units running and healthy, and the services of the linked stacks."""
    found = steady(stack, SUBNET, HOSTS[0])
    others: dict[str, dict[str, model.Service]] = {}
    for link in (link for each in stack.services for link in each.links):
        name, _, service = link.target.partition("/")
        if service and name not in ("", stack.name):
            others.setdefault(name, {})[service] = model.Service(service, wish.scales.get(link.target, 1))
    beside = (model.Stack(name, tuple(services.values())) for name, services in others.items())
    return replace(found, hosts=HOSTS, stacks=(*found.stacks, *beside))


def _writers(opened: Opened, revision: Revision, variables: Mapping[str, str], stack: Stack) -> Iterator[tuple[str, ConfService]]:
    """Yield the containers whose configuration files a conf image of this entry renders, each with its service."""
    if opened.spec:
        found = [ConfService(member.asking, member.name) for member in opened.spec.members]
    else:
        run = opened.images.run_by(revision, variables) if opened.images else {}
        found = [ConfService(name, primary, image) for name, (primary, image) in run.items()]
    scales = {each.name: each.scale for each in stack.services}
    for each in found:
        yield from ((f"{each.asks}-{index}", each) for index in range(1, scales.get(each.primary, 0) + 1))
