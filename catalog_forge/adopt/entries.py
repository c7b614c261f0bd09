"""An entry that was written by hand: which of its services run a conf image, and how; the newest revision counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog_forge.adopt.originals import Original
from catalog_forge.lint.catalog import Catalog
from catalog_forge.rancher.composition import Composition, Service, items
from catalog_forge.rancher.entries import Revision
from catalog_forge.spec.model.service import TOPOLOGIES
from catalog_forge.yamlio import Text

START_ONCE = "io.rancher.container.start_once"
_WORDS = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)*")
_ENDINGS = {"config": "conf"}
# What says nothing in a name.
_COMMON = {"docker", "rancher"}


@dataclass(frozen=True)
class ConfUnit:
    """A primary with its sidekicks, one of which runs the conf image: the program, who owns volumes, who else is there."""

    primary: str
    conf: str
    main: str
    topology: str
    data: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def renamed(self) -> dict[str, str]:
        """What its services are called when they are generated: those that own volumes are one."""
        parts = TOPOLOGIES[self.topology]
        main = f"{self.primary}-main" if "main" in parts else self.primary
        volumes = f"{self.primary}-volumes" if "volumes" in parts else ""
        return {self.main: main, **({name: volumes for name in self.data} if volumes else {})}


@dataclass(frozen=True)
class EntryUse:
    """How an entry uses a conf image."""

    revision: Revision
    units: tuple[ConfUnit, ...]

    @property
    def composition(self) -> Composition:
        """The services of both files; variables stay as the author wrote them."""
        return self.revision.composition


def uses(catalog: Catalog, originals: Iterable[Original]) -> Iterator[tuple[Original, EntryUse]]:
    """Yield which image each entry of a catalog uses, and how; one use for each image and entry."""
    known = [*originals]
    for entry in catalog.entries:
        revision = next(reversed(entry.revisions), None)
        if revision is None or revision.docker is None:
            continue
        found: dict[str, tuple[Original, list[ConfUnit]]] = {}
        for name, service in revision.composition.services.items():
            original = _meant(written_at(service, "image"), known)
            unit = _unit(revision.composition, name, original) if original else None
            if original and unit:
                found.setdefault(original.image.folder.path + original.role, (original, []))[1].append(unit)
        for original, units in found.values():
            yield original, EntryUse(revision, tuple(units))


def written_at(service: Service, key: str) -> str:
    """A scalar as it was written; nothing for what is none."""
    node = service.get(key)
    return node.value if isinstance(node, Text) else ""


def _meant(image: str, known: list[Original]) -> Original | None:
    """The image of these that a reference names: all words of its name are in the path of the folder, at best its tag too."""
    repository, _, tag = image.rpartition("/")[2].partition(":")
    words = set(_split(repository))
    if not words:
        return None
    tag = tag.removeprefix("v")
    best: tuple[int, int, Original] | None = None
    for each in known:
        path = each.image.folder.where.file.lower()
        named = set(_split(each.called))
        if not named <= words <= set(_split(path)) | named | _COMMON:
            continue
        fits = (int(tag in path.split("/")), -len(words ^ named))
        if best is None or fits > best[:2]:
            best = (*fits, each)
    return best[2] if best else None


def _split(text: str) -> list[str]:
    return [_ENDINGS.get(word, word) for word in _WORDS.findall(text.lower()) if word not in _COMMON]


def _unit(composition: Composition, conf: str, original: Original) -> ConfUnit | None:
    """How a service that runs the conf image stands to the others; None where it configures nobody."""
    primary = next(iter(composition.primaries_of.get(conf, [conf])))
    members = [name for name in (primary, *composition.services[primary].sidekicks) if name in composition.services]
    data = tuple(name for name in members if name not in (primary, conf) and _only_holds(composition.services[name]))
    rest = [name for name in members if name != conf and name not in data]
    sharing = [name for name in rest if _network_of(composition.services[name]) == conf]
    main = primary if primary != conf else next(iter([*sharing, *rest]), "")
    if not main:
        return None
    shares = _network_of(composition.services[conf]) == primary
    topology = "netns" if primary == conf else "datavol" if shares else "scripts" if original.is_carrier else "volumes"
    return ConfUnit(primary, conf, main, topology, data, tuple(name for name in rest if name != main))


def _only_holds(service: Service) -> bool:
    """Whether a service only owns volumes: it runs once, or its program is /bin/true."""
    words = [item.value for key in ("entrypoint", "command") for item in items(service.get(key))]
    return service.label(START_ONCE) == "true" and (not words or words == ["/bin/true"]) and service.get("volumes") is not None


def _network_of(service: Service) -> str:
    """Whose network a service uses."""
    return next((other for key, other, _ in service.needs if key in ("net", "network_mode")), "")
