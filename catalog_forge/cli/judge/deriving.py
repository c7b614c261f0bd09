"""Collects facts about the images and entries of a catalog, and derives standards from these facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog_forge import git, yamlio
from catalog_forge.cli.judge.impact import impacts
from catalog_forge.cli.shown.catalogs import check_there
from catalog_forge.errors import ForgeError, Problem
from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog, Image, SpecFile
from catalog_forge.lint.images.inside import inside
from catalog_forge.rancher.entries import Entry
from catalog_forge.rancher.tree import is_template
from catalog_forge.repository import BEGIN, Repository
from catalog_forge.shown import counted
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read_standards
from catalog_forge.spec.standards import CHOICES, Team, broken, value_of
from catalog_forge.yamlio import Map

# The choices that get a default if most specs have the same value, in the order in which the defaults are tried.
_DEFAULTS = ("base", "registry", "confd", "metadata", "license", "maintainer")
_CONFIG = ("category", "license", "maintainer")


@dataclass(frozen=True)
class Fact:
    """Facts about one image or entry: its path, its kind, its values, the number of violated standards, and its last change.

    `unread` says why the image or entry, or a part of it, could not be read. A value that is missing is then unknown.
    """

    catalog: str
    path: str
    kind: str
    values: dict[str, str]
    broken: int = 0
    changed: str = ""
    unread: str = ""


def facts(root: Path, shown: str) -> list[Fact]:
    """Return facts about all images and entries of a catalog, including those that are written by hand."""
    catalog = Catalog(disk.read(root, shown))
    check_there(catalog, root)
    team = Repository(root).team or Team()
    specs = {each.name: each for each in catalog.specs}
    entries = {each.read.entry.name for each in specs.values() if isinstance(each.read, Spec)}
    found = [_of_spec(shown, each, team) for each in specs.values()]
    found += [_of_image(shown, each) for each in catalog.images if each.name not in specs]
    found += [_of_entry(shown, each) for each in catalog.entries if each.name not in entries]
    return [Fact(**{**vars(each), "changed": _changed(root, each.path)}) for each in found]


def _of_spec(shown: str, file: SpecFile, team: Team) -> Fact:
    spec = file.read
    if isinstance(spec, ForgeError):
        return Fact(shown, f"specs/{file.name}.yml", "spec", {}, unread=_said(spec.problems))
    values = {word: value_of(spec, path) for word, path in CHOICES.items()}
    count = sum(1 for _ in broken(team, spec, tuple(file.scenarios)))
    return Fact(shown, f"specs/{file.name}.yml", "spec", values, count)


def _of_image(shown: str, image: Image) -> Fact:
    known = inside(image)
    values = {
        "base": image.build.base if image.build else "",
        "confd": known.release.text,
        "metadata": known.metadata_version,
    }
    unread = f"{image.dockerfile.at()}: no base image found" if image.dockerfile and not values["base"] else ""
    return Fact(shown, image.folder.path or ".", "image", values, unread=unread)


def _of_entry(shown: str, entry: Entry) -> Fact:
    files = [file for each in entry.revisions for file in each.compose_files if not is_template(file.text)]
    parts = [entry.settings, *(file.yaml for file in files)]
    values = {word: entry.facts.get(word, "") for word in _CONFIG}
    return Fact(shown, entry.folder.path, "entry", values, unread=_said([each for part in parts for each in part.problems]))


def _said(problems: Sequence[Problem]) -> str:
    """Return the first problem as text, or an empty string if there are no problems."""
    return f"{problems[0].where}: {problems[0].message}" if problems else ""


def _changed(root: Path, path: str) -> str:
    """Return the date of the last commit that changed a path, or an empty string if there is no such commit or git fails."""
    with suppress(ForgeError):
        return git.read(root, "log", "-1", "--format=%cs", "--", f"./{path}").decode().strip()
    return ""


def derived(repository: Repository) -> dict[str, Any]:
    """Return standards that a catalog already meets, so that adopting them changes no generated file.

    A value that most specs have becomes a default if the default changes no generated file. Every value that occurs in the
    catalog is allowed. Every property that all specs have is required.
    """
    found = facts(repository.root, "")
    specs = [each for name in repository.names() for each in _read(repository, name)]
    if not found:
        raise ForgeError(f"there are no images and no entries in {repository.root}", hint=BEGIN)
    data: dict[str, Any] = {"defaults": {}, "allowed": {}, "required": _required(specs)}
    for word in CHOICES:
        counts = Counter(each.values[word] for each in found if each.values.get(word))
        if len(counts) > 1 or counts.total() > 1:
            data["allowed"][word] = sorted(counts)
    for word in _DEFAULTS:
        values = Counter(value_of(spec, CHOICES[word]) for spec in specs)
        best = max(sorted(values), key=lambda value: values[value], default="")
        if best and values[best] * 2 > len(specs) > 1:
            tried = _with(data, CHOICES[word], best)
            if not any(each.files or each.problems for each in impacts(repository, Team(), _team(tried), versions=False)):
                data = tried
    if not any(data.values()):
        raise ForgeError(
            f"no standards can be derived from {counted(len(found), 'image or entry', 'images and entries')}",
            hint="values become standards when at least two images, entries or specs share them",
        )
    return {key: value for key, value in data.items() if value}


def _read(repository: Repository, name: str) -> Iterator[Spec]:
    with suppress(ForgeError):  # `lint` reports the problems of a spec
        yield repository.source(name).spec()


def _required(specs: list[Spec]) -> dict[str, Any]:
    """Return the requirements that every spec meets. No requirements are derived from a single spec."""
    found: dict[str, Any] = {}
    if len(specs) > 1:
        found |= {"name": "*-conf"} if all(spec.name.endswith("-conf") for spec in specs) else {}
        found |= {"health_check": True} if all(spec.service.health_check for spec in specs) else {}
        found |= {"maintainer": True} if all(spec.maintainer for spec in specs) else {}
        labels = set.intersection(*(set(spec.image.labels) for spec in specs))
        found |= {"labels": sorted(labels)} if labels else {}
    return found


def _with(data: dict[str, Any], path: str, value: str) -> dict[str, Any]:
    """Return a copy of the standards with one more default."""
    room, _, name = path.rpartition(".")
    defaults = dict(data["defaults"])
    if room:
        defaults[room] = {**defaults.get(room, {}), name: value}
    else:
        defaults[name] = value
    return {**data, "defaults": defaults}


def _team(data: dict[str, Any]) -> Team:
    tree = yamlio.parse(yamlio.dump(data), "the standards")
    assert isinstance(tree, Map)
    return Team(read_standards(tree), tree)
