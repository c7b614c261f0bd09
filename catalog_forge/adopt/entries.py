"""Finds which services of a hand-written entry run a conf image, and how. Only the newest hand-written revision is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from catalog_forge.adopt.originals import Original, called, carrier
from catalog_forge.errors import Problem
from catalog_forge.goyaml.decoding import raw
from catalog_forge.lint.catalog import Catalog, Image
from catalog_forge.metadata.service.tree import looks_secret
from catalog_forge.plan import File, Plan
from catalog_forge.rancher.composition import Composition, Service, items, varies
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.keys import START_ONCE
from catalog_forge.rancher.questions import Question, defaults
from catalog_forge.spec.model.compose_keys import named_volume
from catalog_forge.spec.model.service import TOPOLOGIES
from catalog_forge.spec.model.spec import GENERATED

_WORDS = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)*")
_ENDINGS = {"config": "conf", "confd": "conf"}
# Images that start nothing but a shell.
_BARE = re.compile(r"(?:library/)?(?:scratch|busybox|alpine|debian|ubuntu|centos|fedora)(?::.*)?")
# Programs that exit at once or wait for input.
_IDLE = ("true", "sh", "bash", "ash")
# Words that do not identify an image.
_COMMON = {"docker", "rancher"}


@dataclass(frozen=True)
class ConfUnit:
    """A primary service and its sidekicks, each in a field for its role.

    `conf` runs the conf image, `main` runs the program, the `data` services only own volumes, and `beside` has all others.
    """

    primary: str
    conf: str
    main: str
    topology: str
    data: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def renamed(self) -> dict[str, str]:
        """Map each replaced service to its new name. The program's service also replaces services that only own its volumes."""
        main = f"{self.primary}-main" if "main" in TOPOLOGIES[self.topology] else self.primary
        return dict.fromkeys((self.main, *self.data), main)


@dataclass(frozen=True)
class EntryUse:
    """How an entry uses a conf image: the revision that is read, and the units that run the image."""

    revision: Revision
    units: tuple[ConfUnit, ...]
    images: tuple[Image, ...] = ()

    @property
    def composition(self) -> Composition:
        """The services of both compose files, with variables as the author wrote them."""
        return self.revision.composition

    @property
    def later(self) -> tuple[Revision, ...]:
        """The revisions after the revision that is read. All of them were generated."""
        known = self.revision.entry.revisions
        return tuple(known[known.index(self.revision) + 1 :])

    @property
    def published(self) -> Plan:
        """The unchanged files of all existing revisions."""
        entry = self.revision.entry
        start = len(entry.folder.path) + 1
        files = (file for each in entry.revisions if each.name for file in each.folder.everything)
        return Plan(File(f"templates/{entry.name}/{file.path[start:]}", file.content) for file in files)

    @property
    def own_files(self) -> dict[str, str]:
        """The digests of config.yml and the icons, by path. Generated files replace them, as the spec has their content."""
        entry = self.revision.entry
        files = [each for each in (entry.config, *entry.icons) if each]
        made = (File(f"templates/{entry.name}/{each.name}", each.content, each.mode) for each in files)
        return {file.path: file.digest for file in made}


def modelled(entry: Entry) -> Revision | None:
    """Return the newest hand-written revision, or the newest revision if all revisions were generated from a spec."""
    by_hand = [each for each in entry.revisions if each.docker and f"# {GENERATED}" not in each.docker.text]
    return next(reversed(by_hand or entry.revisions), None)


def uses(catalog: Catalog, originals: Iterable[Original], images: Sequence[Image] = ()) -> Iterator[tuple[Original, EntryUse]]:
    """Yield a pair for each use of a conf image by an entry: the image and the use.

    `images` are all images with a known Dockerfile, which shows what an image starts. If a catalog has only one image and one
    entry, the names need not match: it is enough that the entry runs exactly one image named like a conf image.
    """
    known = [*originals]
    found = [pair for entry in catalog.entries for pair in _of_entry(entry, known, images)]
    if not found and len(known) == 1 and len(catalog.entries) == 1:
        revision = modelled(catalog.entries[0])
        if revision and (conf := called_conf(revision.composition)):
            found = [*_of_entry(catalog.entries[0], known, images, conf)]
    yield from found


def unreadable(revision: Revision) -> tuple[Problem, ...]:
    """Return the problems that prevent reading the files of a revision. The result is empty if all files can be read."""
    return tuple(problem for source in revision.composition.sources for problem in source.yaml.problems)


def without_namespace(use: EntryUse, name: str) -> Iterator[Problem]:
    """Yield a note on each conf image reference that has a namespace, because the spec's image, `name`, has none."""
    services = [use.composition.services[unit.conf] for unit in use.units]
    for image, service in {written_at(each, "image"): each for each in services}.items():
        before = image.rpartition("/")[0]
        if before and not varies(before):
            words = f"the conf image is now called {name}, without the prefix {before}/ of {image}"
            hint = f"to keep it, write in the spec: image: {{registry: {before}}}"
            yield Problem(words, getattr(service.get("image"), "where", service.where), hint)


def unread_entries(catalog: Catalog) -> Iterator[Problem]:
    """Yield the errors in docker-compose files that cannot be read. The images of the services in these files are unknown."""
    for revision in filter(None, map(modelled, catalog.entries)):
        for source in revision.composition.sources:
            yield from source.yaml.problems if source.docker else ()


def contained(
    catalog: Catalog, originals: Sequence[Original], images: Sequence[Image], used: Iterable[EntryUse]
) -> Iterator[Problem]:
    """Yield a note on each service that runs a conf image although its entry has no other container to configure.

    `used` are the uses that `uses` yields. Their entries are skipped, because they have a separate container to configure.
    """
    taken = {use.revision.where for use in used}
    for revision in filter(None, map(modelled, catalog.entries)):
        is_read = revision.docker and revision.where not in taken
        for name, original in conf_images(revision.composition, originals, images) if is_read else ():
            yield Problem(
                f"the entry {revision.entry.name} is not adopted: the image {original.name} of {name} also contains the program",
                revision.where,
                "correct the assumed service and launch.exec in the spec; to keep one container, write `topology: embedded`",
            )


def called_conf(files: Composition) -> str:
    """Return the reference of the only image that is named like a conf image, or "" if there is none or more than one."""
    named = {written_at(service, "image") for service in files.services.values()}
    conf = [image for image in named if "conf" in _split(_repository(image))]
    return conf[0] if len(conf) == 1 else ""


def owners(used: Iterable[tuple[Original, EntryUse]]) -> dict[str, Original]:
    """Map the name of each entry to the image whose spec generates the entry: the image that most units of the entry run."""
    units: dict[str, int] = {}
    found: dict[str, Original] = {}
    for original, use in used:
        entry = use.revision.entry.name
        if len(use.units) > units.get(entry, -1):
            units[entry], found[entry] = len(use.units), original
    return found


def beside(use: EntryUse, owner: Original) -> Problem:
    """Return a note that an image's entry is generated from the spec of `owner`, and not from the image's own spec."""
    entry, conf = use.revision.entry.name, ", ".join(unit.conf for unit in use.units)
    return Problem(
        f"the entry {entry} belongs to the spec {owner.name}, in which {conf} still runs the original image",
        use.revision.where,
        "this spec covers only the image: use this image in that entry, or adopt it alone, with --entry, into another catalog",
    )


def answers(revision: Revision) -> dict[str, str]:
    """Return the default answers of a revision. Reports show them, so a secret answer is replaced with its question's name."""
    found = defaults(revision.questions)
    return {name: name if text and is_secret(revision.asked[name]) else text for name, text in found.items()}


def secrets(revision: Revision) -> frozenset[str]:
    """Return the secret default answers, which no report may show."""
    return frozenset(each.default for each in revision.asked.values() if each.default and is_secret(each))


def is_secret(question: Question) -> bool:
    """Whether the answer to a question must not be shown. This depends on the type and the name of the question."""
    return question.secret or (question.type not in ("int", "boolean", "enum") and looks_secret(question.variable))


def run_by(catalog: Catalog) -> list[str]:
    """Return the images that the entries of a catalog run. Of each entry, the revision that `modelled` returns is read."""
    found = {written_at(service, "image") for entry in catalog.entries for _, service in _services(entry)}
    return sorted(found - {""})


def _services(entry: Entry) -> Iterable[tuple[str, Service]]:
    revision = modelled(entry)
    return revision.composition.services.items() if revision and revision.docker else ()


def _of_entry(
    entry: Entry, known: list[Original], images: Sequence[Image], surely: str = ""
) -> Iterator[tuple[Original, EntryUse]]:
    """Yield each image that an entry uses, with the entry's use of it. `surely` is a reference to the only `known` image."""
    found: dict[str, tuple[Original, list[ConfUnit]]] = {}
    revision = modelled(entry)
    if revision is None:
        return
    running = dict(conf_images(revision.composition, known, images, surely)) if revision.docker else {}
    for name, original in running.items():
        if name != _first_of(revision.composition, name, [each for each in running if running[each] is original]):
            continue
        unit = _unit(revision.composition, name, original)
        if unit:
            found.setdefault(original.image.folder.path + original.role, (original, []))[1].append(unit)
    for original, units in found.values():
        yield original, EntryUse(revision, tuple(units), tuple(images))


def _first_of(files: Composition, name: str, running: Sequence[str]) -> str:
    """Return the container that starts the image's own program in the unit of the service `name`.

    `running` are all services that run the image. A service for which the compose file has neither an entrypoint nor a command is
    preferred.
    """
    primary = next(iter(files.primaries_of.get(name, [name])))
    beside = [each for each in running if each in (primary, *files.services[primary].sidekicks)]
    return min(beside, key=lambda each: any(files.services[each].get(key) is not None for key in ("entrypoint", "command")))


def conf_images(
    files: Composition, known: Sequence[Original], images: Sequence[Image], surely: str = ""
) -> Iterator[tuple[str, Original]]:
    """Yield the name of each service that runs a conf image, with the image.

    `surely` is an image reference that certainly refers to the first `known` image.
    """
    for name, service in files.services.items():
        image = written_at(service, "image")
        original = known[0] if surely and image == surely else _meant(image, [(each.image, each) for each in known])
        if original is None:
            original = _carrier(service, images)
        if original:
            yield name, original


def _carrier(service: Service, images: Sequence[Image]) -> Original | None:
    """Return a service's image if the service only fills volumes (it has no program, or one that runs once), otherwise None."""
    image = written_at(service, "image")
    words = _program(service, images)
    holder = _meant(image, [(each, each) for each in images]) if words is not None else None
    mounts = [item.value for item in items(service.get("volumes"))]
    volumes = [mount.split(":")[1 if named_volume(mount) else 0] for mount in mounts if ":" not in mount or named_volume(mount)]
    if holder is None or words is None:
        return None
    if not words or (len(words) == 1 and words[0].rpartition("/")[2] in _IDLE):
        return carrier(holder, volumes)
    is_told = any(service.get(key) is not None for key in ("entrypoint", "command", "environment"))
    return carrier(holder, volumes, image, words) if service.label(START_ONCE) == "true" and not is_told else None


def written_at(service: Service, key: str) -> str:
    """Return a scalar of a service as it was written, or "" if the value is not a scalar."""
    return raw(service.get(key))


_T = TypeVar("_T")


def _repository(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]


def _meant(image: str, known: Iterable[tuple[Image, _T]]) -> _T | None:
    """Return the item that belongs to the image to which the reference `image` refers, or None if no image fits.

    The reference must contain all words in the name of the image's folder, and the path of that folder must contain all words
    of the reference. A folder whose path contains the tag is preferred.
    """
    words, tag = set(_split(_repository(image))), image.rpartition("/")[2].partition(":")[2].removeprefix("v")
    best: tuple[int, int, _T] | None = None
    for each, item in known if words else ():
        path = each.folder.where.file.lower()
        named = set(_split(called(each)))
        if not named or not named <= words <= set(_split(path)) | named:
            continue
        fits = (int(tag in path.split("/")), -len(words ^ named))
        if best is None or fits > best[:2]:
            best = (*fits, item)
    return best[2] if best else None


def starts(image: str, images: Iterable[Image]) -> tuple[list[str], list[str]] | None:
    """Return the ENTRYPOINT and the CMD of an image with a known Dockerfile.

    Return None if the Dockerfile is unknown, or if it has no ENTRYPOINT and the ENTRYPOINT of its base image is unknown.
    """
    known = [*images]
    found = _meant(image, [(each, each) for each in known])
    build = found.build if found else None
    if build is None:
        return None
    entrypoint, cmd = build.last("ENTRYPOINT"), build.last("CMD")
    if entrypoint:
        return entrypoint.arguments, (cmd.arguments if cmd else [])
    told = ([], []) if _BARE.fullmatch(build.base) else starts(build.base, [each for each in known if each is not found])
    return (told[0], cmd.arguments if cmd else told[1]) if told else None


def _program(service: Service, images: Iterable[Image]) -> list[str] | None:
    """Return the command line that a service starts, or None if the program of its image is unknown."""
    told = starts(written_at(service, "image"), images)
    own = [[item.value for item in items(service.get(key))] for key in ("entrypoint", "command")]
    return [word for mine, its in zip(own, told, strict=True) for word in mine or its] if told else None


def _split(text: str) -> list[str]:
    return [_ENDINGS.get(word, word) for word in _WORDS.findall(text.lower()) if word not in _COMMON]


def _unit(composition: Composition, conf: str, original: Original) -> ConfUnit | None:
    """Return the unit of the service `conf`, which runs the conf image, or None if the unit has no other service to configure."""
    primary = next(iter(composition.primaries_of.get(conf, [conf])))
    members = [name for name in (primary, *composition.services[primary].sidekicks) if name in composition.services]
    data = tuple(name for name in members if name not in (primary, conf) and _only_holds(composition.services[name]))
    rest = [name for name in members if name != conf and name not in data]
    sharing = [name for name in rest if _network_of(composition.services[name]) == conf]
    # A container that owns a program's data usually has the program's image.
    owning = {written_at(composition.services[name], "image") for name in data}
    likely = sorted(sharing or rest, key=lambda name: written_at(composition.services[name], "image") not in owning)
    main = primary if primary != conf else next(iter(likely), "")
    if not main:
        return None
    shares = _network_of(composition.services[conf]) == primary
    topology = "netns" if primary == conf else "datavol" if shares else "scripts" if original.is_carrier else "volumes"
    return ConfUnit(primary, conf, main, topology, data, tuple(name for name in rest if name != main))


def _only_holds(service: Service) -> bool:
    """Whether a service only owns volumes: it runs once, and its command is missing or is only /bin/true.

    A service with variables but without a command does not count: the variables show that its image runs a program.
    """
    words = [item.value for key in ("entrypoint", "command") for item in items(service.get(key))]
    idles = words == ["/bin/true"] or (not words and service.get("environment") is None)
    return service.label(START_ONCE) == "true" and idles and service.get("volumes") is not None


def _network_of(service: Service) -> str:
    """Return the name of the service whose network this service shares, or ""."""
    return next((other for key, other, _ in service.needs if key in ("net", "network_mode")), "")
