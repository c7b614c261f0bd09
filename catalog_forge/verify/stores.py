"""Computes the content of a scenario's store: the metadata of the service, in the layout of the back end."""

from __future__ import annotations

import json
from typing import Any

from catalog_forge.backends import TABLE
from catalog_forge.confd.imitated.embedded import Fetch
from catalog_forge.confd.imitated.stored import Stored
from catalog_forge.confd.layout import by_key, layout, rancher_keys
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View


def source(subject: Subject, view: View) -> Fetch | Stored:
    """Return the source from which the subject's confd reads at a moment. Raises ForgeError for unsupported values."""
    if subject.backend == "rancher" or subject.spec is None:
        return view.fetch
    return Stored(subject.backend, {key.encode(): text.encode() for key, text in held(subject, view).items()})


def held(subject: Subject, view: View) -> dict[str, str]:
    """Return the keys and values in the store of a subject at a moment."""
    assert subject.spec
    if not subject.spec.engine.is_stored:
        return {} if view.trouble.kind == "missing" else rancher_keys(view.answers, subject.version, view.client)
    return layout(subject.spec, subject.backend, values(subject, view))


def values(subject: Subject, view: View) -> dict[str, Any]:
    """Return the metadata of the service at a moment, without the hash that Rancher adds.

    In Rancher, the value for a question without an answer is an empty string. If the store refuses empty strings, an optional key
    without an answer is left out.
    """
    assert subject.spec
    if view.trouble.kind == "missing":
        return {}
    found = json.loads(view.fetch(f"/{subject.version}/self/service/metadata")) or {}
    left = {name for name, key in subject.spec.metadata.items() if key.optional and not TABLE[subject.backend].empty}
    return {
        name: value
        for name, value in by_key(subject.spec, found)
        if name != "io.rancher.service.hash" and not (value == "" and name in left)
    }
