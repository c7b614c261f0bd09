"""Computes the data that the page requests: the tiles of a catalog, the form of an entry, and the result of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from catalog_forge.diffs import marked
from catalog_forge.errors import ForgeError
from catalog_forge.preview import readme
from catalog_forge.preview.caching import fresh
from catalog_forge.preview.composed import composed
from catalog_forge.preview.site import Opened, Site
from catalog_forge.preview.state import Played, Wish, played
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.questions import defaults
from catalog_forge.spec.model.frame import METADATA_VERSIONS
from catalog_forge.stack.compose import compose, masks_of
from catalog_forge.stack.model import stack_name
from catalog_forge.verify.observation import Seen, Written

# The facts that Rancher shows next to an entry's icon: the key of each fact in config.yml, and the label on the page.
FACTS = {"category": "Category", "maintainer": "Maintainer", "license": "License", "projectURL": "Project"}
# The maximum number of entries whose services are listed; composing each entry takes some milliseconds.
_MOST_ENTRIES = 200
_REBASED = (
    "Its templates read keys that Rancher's metadata does not have. On this page, these keys have the values "
    "from the service's own metadata."
)
_NOTHING = (
    "Rancher offers no revision of this entry: a revision is a folder such as 0/ with docker-compose.yml and rancher-compose.yml."
)
_LIMITS = ("group", "min", "max", "min_length", "max_length", "valid_chars", "invalid_chars")


def tiles(site: Site) -> dict[str, Any]:
    """Return a tile for each entry of a catalog, including entries that have not been generated yet."""
    made = {each.entry: (name, each.error) for name, each in site.specs().items()}
    found: list[dict[str, Any]] = [_tile(each) for each in site.catalog().entries]
    there = {each["id"] for each in found}
    found += [{"id": entry, "title": entry.partition("/")[2], "new": True} for entry in made if entry not in there]
    for each in found:
        each["spec"], error = made.get(each["id"], ("", None))
        if error:
            each["problem"] = str(error.problems[0])
    return {"root": site.root.name, "entries": sorted(found, key=lambda each: str(each["title"]).lower())}


def services(site: Site) -> list[str]:
    """Return the services of a catalog's entries as STACK/SERVICE, with the default name of each stack."""
    found: list[str] = []
    for revision in [each.offered for each in site.catalog().entries if each.offered][:_MOST_ENTRIES]:
        with suppress(ForgeError):  # an entry that cannot run with its default answers has no services to choose from
            stack = compose(revision, defaults(revision.questions), stack_name(revision.entry.name))
            found += [f"{stack.name}/{service.name}" for service in stack.services]
    return found


def _tile(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.folder.path,
        "title": entry.title,
        "description": entry.facts.get("description", ""),
        "category": entry.facts.get("category", ""),
        "version": entry.default,
        "revisions": len(entry.revisions),
        "icon": bool(entry.icon),
        "problem": str(entry.settings.problems[0]) if entry.settings.problems else "",
    }


def described(opened: Opened) -> dict[str, Any]:
    """Return the data of an entry's page before any question is answered."""
    problems = [each.as_data() for each in opened.problems]
    data: dict[str, Any] = {"id": opened.id, "problems": problems, "spec": None, "revision": None}
    if source := opened.source:
        spec = {"name": source.name, "current": opened.is_current}
        data |= {"spec": spec, "scenarios": list(source.folder.scenarios())}
    if opened.spec or opened.images:
        data["versions"] = METADATA_VERSIONS
    if opened.entry:
        facts = opened.entry.facts
        data |= {
            "title": opened.entry.title,
            "description": facts.get("description", ""),
            "facts": {title: facts[key] for key, title in FACTS.items() if facts.get(key)},
            "icon": bool(opened.entry.icon),
            "top": opened.entry.top.name,
        }
    if opened.entry and opened.revision:
        data |= _of_revision(opened.revision)
        data["stack"] = stack_name(opened.entry.name)
    elif not problems:
        data["nothing"] = _NOTHING
    return data


def _of_revision(revision: Revision) -> dict[str, Any]:
    offered = revision.entry.offered
    pages = (readme.html(file.text) for name, file in revision.folder.files.items() if name.lower().startswith("readme.md"))
    return {
        "revision": revision.name,
        "version": revision.version,
        "revisions": [
            {"name": each.name, "version": each.served or each.name, "offered": each is offered}
            for each in revision.entry.revisions
        ],
        "readme": next(pages, ""),
        "questions": [
            each.as_data() | {key: text for key in _LIMITS if (text := each.text(key))} for each in revision.asked.values()
        ],
    }


def answered(opened: Opened, wish: Wish, against: Wish | None) -> dict[str, Any]:
    """Return the result of the choices `wish`: problems, compose files and rendered files.

    The rendered files are compared with those of the choices `against`.
    """
    found = played(opened, wish)
    before = None
    if against:
        old = replace(against, secrets=wish.secrets)
        before = fresh(opened.kept, "", old, lambda _: found if old == wish else played(opened, old))
    data: dict[str, Any] = {"problems": [{**each.as_data(), "variable": name} for each, name in found.problems]}
    if opened.revision:
        shown = {**found.variables, **({} if wish.secrets else masks_of(opened.revision, found.variables))}
        data["compose"] = composed(opened.revision, shown, found.stack.name if found.stack else "stack")
        data["answers"] = shown
    if found.stack and found.environment:
        conf, services = {writer.primary for writer in found.writers.values()}, found.environment.services
        data["services"] = [{"name": name, "scale": each.scale, "conf": name in conf} for name, each in services.items()]
        data["notes"] = [*map(str, found.stack.unhonoured)]
        data["trust"] = [*map(str, found.stack.dangerous)]
    data |= {"nodes": [*found.writers], "asks": found.asks, **_source(opened, found)}
    if found.seen:
        data |= {"files": [*files(found.seen, before.seen if before else None, wish.secrets)], "errors": found.seen.errors}
    return data


def _source(opened: Opened, found: Played) -> dict[str, Any]:
    """Return the version of the metadata from which files are rendered, and the folder of a hand-written image.

    If no known image renders files, the result contains the reason instead.
    """
    image = found.writer.image if found.writer else None
    if opened.spec:
        return {"version_read": opened.spec.engine.metadata}
    if image:
        data = {"version_read": image.version, "image": image.image.folder.where.file.rstrip("/") or "."}
        return data | ({"said": _REBASED} if any(each.rebased for each in image.files) else {})
    if found.writers or not (opened.images and opened.revision and found.stack):
        return {}
    return {"unknown": opened.images.unknown(opened.revision, {**found.variables, **masks_of(opened.revision, found.variables)})}


def files(seen: Seen, before: Seen | None, secrets: bool) -> Iterator[dict[str, Any]]:
    """Yield the files that exist now or existed before, each with its lines and changes."""
    old: Mapping[str, Written] = before.files if before else seen.files
    for dest in dict.fromkeys((*seen.files, *old)):
        was, now = old.get(dest), seen.files.get(dest)
        lines = marked(_text(was, secrets), _text(now, secrets))
        known = now or was
        yield {
            "dest": dest,
            "mode": f"{known.mode:04o}" if known and known.mode is not None else "",
            "secret": bool(known and known.secret),
            "gone": now is None,
            "new": was is None,
            "changed": sum(mark != " " for mark, _ in lines) or int(was != now),
            "lines": lines,
        }


def _text(file: Written | None, secrets: bool) -> str:
    if file is None:
        return ""
    if file.secret and not secrets:
        return f"# a secret of {len(file.content)} bytes"
    return f"({len(file.content)} bytes that are not text)" if file.is_binary else file.text
