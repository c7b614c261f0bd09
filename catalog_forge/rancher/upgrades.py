"""Finds what breaks in an upgrade between two revisions of an entry, and derives the next version. The functions here are pure.

Rules: Rancher's UI keeps an answer if a variable of the same name still exists; otherwise it uses the default. The UI checks only
that required answers are present (rancher/ui 1.6, new-catalog/component.js). If a service is removed from the compose files, its
containers are removed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from catalog_forge.errors import ForgeError, Where
from catalog_forge.goyaml.decoding import pairs, text_of
from catalog_forge.rancher import composition, questions, versions
from catalog_forge.rancher.composition import Composition, Service, items
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.questions import Question
from catalog_forge.yamlio import Map, Node, Text

# All answers are text, so no answer is lost if the type of a question changes to one of these types.
_TEXTS = frozenset({"string", "multiline", "password", "secret", "masked"})
_WIDER = frozenset({("int", "float")})
# The pattern of valid answers by type. If a question is no longer an `enum`, all its old options must match the pattern.
_ANSWERS = {"boolean": re.compile("true|false"), "int": re.compile("-?[0-9]+"), "float": re.compile(r"-?[0-9]+(?:\.[0-9]+)?")}


Reads = Callable[[str], Callable[[str], bool] | None]
"""Returns a function that says whether an image reads a metadata key; None if the image is unknown."""

# A volume that begins with one of these characters is a folder of the host. The folder remains when nothing mounts it.
_OF_THE_HOST = ("/", ".", "~")
MOST_SHOWN = 40


@dataclass(frozen=True)
class Break:
    """A break that an upgrade causes: its kind in one word, a message, and the location."""

    kind: str
    message: str
    where: Where


def breaks(old: Revision, new: Revision, reads: Reads = lambda _: None) -> list[Break]:
    """Return what an upgrade from one revision to another breaks, in the order questions, services, volumes, metadata.

    `reads` tells whether an image of the new revision reads a metadata key.
    """
    was = _Launched(old.composition, questions.defaults(old.questions), old)
    now = _upgraded(was, new)
    return [*_questions(old, new), *_services(was, now), *_volumes(was, now), *_metadata(was.composition, now.composition, reads)]


@dataclass(frozen=True)
class _Launched:
    """A revision, the answers of a stack, and the services that the stack launches from the revision."""

    composition: Composition
    answers: Mapping[str, str]
    revision: Revision

    def text(self, node: Node | None) -> str:
        """Return a value with the answers substituted."""
        return composition.substituted(node, self.answers) if isinstance(node, Text) else ""


def _upgraded(was: _Launched, new: Revision) -> _Launched:
    """Return what the stack `was` launches after an upgrade to `new`: variables with the same names keep their answers unless
    these are empty, and all other variables get their defaults.
    """
    defaults = questions.defaults(new.questions)
    answers = {name: was.answers.get(name) or default for name, default in defaults.items()}
    if answers == defaults:
        return _Launched(new.composition, answers, new)
    return _Launched(composition.read(composition.sources(new.docker, new.rancher, answers)), answers, new)


def _questions(old: Revision, new: Revision) -> Iterator[Break]:
    labels = {each.text("label"): name for name, each in new.asked.items() if name not in old.asked}
    for name, question in old.asked.items():
        if name not in new.asked:
            other = labels.get(question.text("label"))
            now = f" ({other!r} has the same label)" if other else ""
            yield Break("question", f"the question {name!r} no longer exists, so its answer is lost{now}", question.where)
        elif message := _narrowed(question, new.asked[name]):
            yield Break("answer", message, new.asked[name].where)
    for name, question in new.asked.items():
        before = old.asked.get(name)
        if question.required and not question.default and not (before and before.required):
            yield Break("answer", f"the question {name!r} must be answered, and has no default", question.where)


def _narrowed(old: Question, new: Question) -> str:
    fits = _ANSWERS.get(new.type)
    is_fit = fits is not None and old.type == "enum" and all(map(fits.fullmatch, old.options))
    if old.type != new.type and new.type not in _TEXTS and (old.type, new.type) not in _WIDER and not is_fit:
        return f"the type of the question {new.variable!r} was {old.type} and is {new.type} now: the old answer may not fit"
    gone = [option for option in old.options if new.options and option not in new.options]
    return f"the question {new.variable!r} has no option {', '.join(map(repr, gone))} any more" if gone else ""


def _services(old: _Launched, new: _Launched) -> Iterator[Break]:
    before, after = old.composition, new.composition
    for name, service in before.services.items():
        if name not in after.services:
            heir = next((other for other in after.services if _succeeds(service, after.services[other], before.services)), "")
            renamed = f" ({heir!r} has the same image)" if heir else ""
            some = ", unless an answer brings it back" if _may_have(new.revision, name) else ""
            yield Break(
                "service", f"the service {name!r} no longer exists, so its containers are removed{some}{renamed}", service.where
            )
            continue
        was, now = (sorted(each.primaries_of.get(name, ())) for each in (before, after))
        if was != now:
            words = [f"a sidekick of {', '.join(each)}" if each else "a separate service" for each in (was, now)]
            yield Break("service", f"{name!r} was {words[0]}, and is {words[1]} now", after.services[name].where)
    for name, service in after.services.items():
        strategy = pairs(service.get("upgrade_strategy"))
        if text_of(strategy.get("start_first")) == "true" and _data(new, service):
            yield Break(
                "volume", f"{name!r} keeps data, but start_first starts the new container while the old one runs", service.where
            )


def _succeeds(gone: Service, other: Service, before: Mapping[str, Service]) -> bool:
    """Whether `other` is probably the removed service `gone` under a new name: a new service with the same image."""
    was, now = (_repository(text_of(each.get("image"))) for each in (gone, other))
    return bool(was) and was == now and other.name not in before


def _repository(image: str) -> str:
    """Return an image name without its tag."""
    folder, slash, last = image.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _may_have(revision: Revision, name: str) -> bool:
    """Whether a name is a key in the text of the compose files. If so, a service of this name may exist with other answers."""
    return any(
        re.search(rf"(?m)^ *['\"]?{re.escape(name)}['\"]?:", file.text) for file in revision.compose_files if file.is_readable
    )


def _metadata(before: Composition, after: Composition, reads: Reads) -> Iterator[Break]:
    """Report metadata keys that are removed from a service although an image of its unit still reads them."""
    for name, service in before.services.items():
        other = after.services.get(name)
        gone = dict(_keys(service.get("metadata"))) if other else {}
        for key, _ in _keys(other.get("metadata")) if other else ():
            gone.pop(key, None)
        members = [after.services[each] for each in (name, *(other.sidekicks if other else ())) if each in after.services]
        images = dict.fromkeys(text_of(each.get("image")) for each in members) if gone else {}
        for image, asks in ((image, reads(image)) for image in images):
            for key, where in gone.items() if asks else ():
                if asks and asks(key):
                    yield Break("metadata", f"{name!r} has no metadata key {key!r} any more, but {image} reads it", where)


def _keys(node: Node | None, before: str = "") -> Iterator[tuple[str, Where]]:
    """Yield the path of each metadata key with a scalar value, at any depth, and the location of the value."""
    for name, value in pairs(node).items() if isinstance(node, Map) else ():
        if isinstance(value, Text):
            yield f"{before}{name}", value.where
        else:
            yield from _keys(value, f"{before}{name}/")


def _volumes(old: _Launched, new: _Launched) -> Iterator[Break]:
    for name, service in old.composition.services.items():
        if (other := new.composition.services.get(name)) is None:
            continue
        lent = [new.composition.services.get(item.value.partition(":")[0]) for item in items(other.get("volumes_from"))]
        now = {path: kept for each in (*lent, other) if each for path, kept in _data(new, each).items()}
        for path, (source, where) in _data(old, service).items():
            if path not in now and not source.startswith(_OF_THE_HOST):
                yield Break("volume", f"{name!r} has no volume at {path} any more", where)
            elif path in now and now[path][0] != source:
                yield Break("volume", f"{name!r} now has {now[path][0]} at {path}; previously, it had {source}", now[path][1])
    was, drivers = _drivers(old), _drivers(new)
    for volume, (driver, where) in was.items():
        driver_now = drivers.get(volume, (driver, where))[0]
        if (driver_now or "local") != (driver or "local"):
            words = f"the volume {volume!r} had the driver {driver or 'local'}, and has {driver_now or 'local'} now"
            yield Break("volume", words, where)


def _data(launched: _Launched, service: Service) -> dict[str, tuple[str, Where]]:
    """Return the volumes that outlive a container (named volumes and folders of the host), by their paths in the container."""
    found = {}
    for item in items(service.get("volumes")):
        source, colon, rest = launched.text(item).partition(":")
        if colon and rest:
            source = posixpath.normpath(source) if source.startswith(_OF_THE_HOST) else source
            found[posixpath.normpath(rest.partition(":")[0])] = source, item.where
    return found


def _drivers(launched: _Launched) -> dict[str, tuple[str, Where]]:
    found: dict[str, tuple[str, Where]] = {}
    for source in launched.composition.sources:
        for name, node in pairs(source.yaml.keys.get("volumes")).items():
            found[name] = launched.text(pairs(node).get("driver")), node.where
    return found


def next_version(version: str, published: Mapping[str, str]) -> str:
    """Return the next version: the last number of `version` is raised until the published versions allow the result.

    `published` maps revisions to versions. Raises ForgeError if the version does not end in a number.
    """
    found = re.fullmatch(r"(.*?)([0-9]{1,9})", version)
    if found is None:
        raise ForgeError(
            f"the version after {version!r} cannot be derived, because it does not end in a number", hint="give it with --version"
        )
    number = int(found[2])
    while True:
        number += 1
        following = f"{found[1]}{number}"
        if not refused(following, published):
            return following
        if number - int(found[2]) > len(published) + 1:
            raise ForgeError(
                f"no version after {version!r} is greater than all published versions", hint="give it with --version"
            )


def refused(version: str, published: Mapping[str, str]) -> str:
    """Return why a version cannot follow the published versions (by revision, newest last), or an empty string if it can."""
    for revision, other in published.items():
        if other == version:
            return f"revision {revision} already has the version {version}"
    last = [*published.values()][-1] if published else ""
    found = obstacle(last, version, "") if last else None
    return found[0] if found else ""


@dataclass(frozen=True)
class Upgrade:
    """An upgrade from one revision to another: why Rancher does not offer it (empty if it does), and what the upgrade breaks."""

    old: Revision
    new: Revision
    obstacle: str
    breaks: list[Break]

    def __str__(self) -> str:
        return f"{self.old.name} ({self.old.version}) -> {self.new.name} ({self.new.version})"


def steps(entry: Entry, rancher: str = "", reads: Reads = lambda _: None) -> Iterator[Upgrade]:
    """Yield the upgrades between the revisions of an entry: from each revision to every later revision, then to those earlier
    revisions that Rancher offers. Rancher compares versions, not folders, so it may offer an earlier revision.

    `rancher` is the version of Rancher; if it is empty, limits on this version are ignored. `reads`
    is used only for upgrades to the newest revision, because it describes the current images.
    """
    served = [each for each in entry.revisions if each.version]
    for place, old in enumerate(served):
        for number, new in enumerate((*served[place + 1 :], *served[:place])):
            if new.version == old.version:
                why = f"both have the version {_shown(new.version)}"
            else:
                why = refusal(old, new) or _limit(new, rancher)
            if number < len(served) - place - 1 or not why:
                yield Upgrade(old, new, why, [] if why else breaks(old, new, *[reads][: new is served[-1]]))


def refusal(old: Revision, new: Revision) -> str:
    """Return why Rancher does not offer the revision `new` to stacks of `old`, considering only versions; empty if it does."""
    found = obstacle(old.version, new.version, text_of(pairs(new.block).get("upgrade_from")))
    return found[0] if found else ""


def _limit(revision: Revision, rancher: str) -> str:
    """Return why this version of Rancher does not show a revision (docs/facts/catalog.md#7.1); empty if it is shown."""
    block = pairs(revision.block)
    least, most = (text_of(block.get(f"{bound}_rancher_version")) for bound in ("minimum", "maximum"))
    if rancher and least and versions.greater(least, rancher):
        return f"the new revision is for Rancher {least} and later"
    if rancher and most and versions.greater(rancher, most):
        return f"the new revision is for Rancher {most} and earlier"
    return ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}...")


def obstacle(old: str, new: str, wanted: str) -> tuple[str, str, str] | None:
    """Return why a stack of version `old` is not offered version `new`: the reason, a hint and the key to blame.

    `wanted` is the `upgrade_from` of the version `new`. The result is None if the upgrade is offered.
    Rules: docs/facts/catalog.md#7.1, #7.4, #7.5.
    """
    if not versions.greater(new, old):
        return (
            f"Rancher does not consider {_shown(new)} greater than {_shown(old)}",
            "give the new revision a higher version",
            "version",
        )
    if not wanted:
        return None
    if versions.reads_range(wanted) is None:
        return f"upgrade_from {_shown(wanted)} is not a range", "write a range such as '>=1.0.0'", "upgrade_from"
    fits = versions.within(old, wanted)
    if fits is None:
        why = f"{_shown(old)} is not a semantic version, so no upgrade_from can include it"
        return why, "remove upgrade_from: without it, every lower version may be upgraded", "upgrade_from"
    if fits:
        return None
    bare = versions.semver(wanted.lstrip("v")) is not None
    why = "matches only this version" if bare else f"does not include {_shown(old)}"
    return f"upgrade_from {_shown(wanted)} {why}", f"write '>={wanted[:40]}'" if bare else "widen the range", "upgrade_from"
