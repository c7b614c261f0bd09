"""JSON Schemas (draft 2020-12) of the files that others' tools read: config.yml, rancher-compose.yml, confd's template resources.

They take what the three judges and confd take and mean something by. A key that nobody reads is refused, a few that many catalogs
carry without effect are known as deprecated. Where they come from: docs/facts/catalog.md#2.2 and #3.4, docs/facts/confd.md#1.1.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SCALAR = ["string", "number", "boolean", "null"]
_WORDS: Schema = {"type": "object", "additionalProperties": {"type": _SCALAR}}

TYPES = ("string", "int", "boolean", "enum", "multiline", "password", "secret", "service", "certificate")


def _text(description: str, **more: Any) -> Schema:
    return {"description": description, "type": "string", **more}


def _optional(description: str, **more: Any) -> Schema:
    return {"description": description, "type": ["string", "null"], **more}


def _ignored(description: str) -> Schema:
    return {"description": description, "type": _SCALAR, "deprecated": True}


_VERSION = "Quote it: an unquoted 1.10 is read as the number 1.1."
_LEAST = _text("The first release of Rancher that is offered this version, such as v1.2.0.")
_MOST = _text("The last release of Rancher that is offered this version.")

CONFIG: Schema = {
    "$schema": _DRAFT,
    "$id": "catalog-forge-config-1.json",
    "title": "config.yml of an entry of a Rancher 1.x catalog",
    "type": "object",
    "properties": {
        "name": _text("The name that the catalog shows; spaces are fine.", minLength=1),
        "version": _text(f"The version of the revision that is offered first, character by character. {_VERSION}", minLength=1),
        "description": _optional("One line below the name."),
        "category": _text(
            "The category that the catalog lists it under; those that are there already are better than a new one."
        ),
        "categories": {"description": "Further categories.", "type": "array", "items": {"type": "string"}},
        "maintainer": _text(
            "Two to five words, then an address: Jo Doe <jo@example.org>. The catalog's own CI refuses everything else.",
            pattern=r"^(?:\S+ ){2,5}<[^@]+@[^@]+\.[^@]+>$|^$",
        ),
        "license": _optional("The licence of what is run, best as its SPDX identifier."),
        "projectURL": _optional("Where the software is at home."),
        "labels": {"description": "Labels of the entry, such as io.rancher.orchestration.supported.", **_WORDS},
        "isSystem": _ignored("Read by the CI alone."),
        "defaultVersion": _ignored("The catalog service takes it for version, the CI does not: write version."),
        "default_version": _ignored("The catalog service takes it for version, the CI does not: write version."),
        "project_url": _ignored("Write projectURL."),
        "minimum_rancher_version": _ignored("Nobody reads it here: it belongs into the catalog block of rancher-compose.yml."),
        "maximum_rancher_version": _ignored("Nobody reads it here: it belongs into the catalog block of rancher-compose.yml."),
    },
    "required": ["name", "version"],
    "additionalProperties": False,
}

_QUESTION: Schema = {
    "type": "object",
    "properties": {
        "variable": _text(
            "The name of the answer: ${NAME} in both compose files stands for it.", pattern="^[A-Za-z_][A-Za-z0-9_]*$"
        ),
        "type": {"description": "What is asked for.", "enum": list(TYPES)},
        "label": _text("What the form shows."),
        "description": _text("What the form explains below."),
        "required": {"description": "Whether there has to be an answer: true or false, not quoted.", "type": "boolean"},
        "default": {"description": "The answer when none is given; quote it.", "type": _SCALAR},
        "options": {"description": "The choices of an enum; quote each.", "type": ["array", "null"], "items": {"type": _SCALAR}},
        "min": {"description": "The least number; 0 means that there is no limit.", "type": "integer"},
        "max": {"description": "The greatest number; 0 means that there is no limit.", "type": "integer"},
        "min_length": {"description": "The least length.", "type": "integer"},
        "max_length": {"description": "The greatest length.", "type": "integer"},
        "valid_chars": _text("The only characters allowed."),
        "invalid_chars": _text("Characters that are not allowed."),
        "group": _text("The group of questions that it is shown in."),
    },
    "required": ["variable", "type"],
    "additionalProperties": False,
    "if": {"properties": {"type": {"const": "enum"}}, "required": ["type"]},
    "then": {"required": ["options"]},
}

_BLOCK: Schema = {
    "description": "What the catalog knows of this revision.",
    "type": "object",
    "properties": {
        "version": _text(f"The version of this revision. {_VERSION}", minLength=1),
        "questions": {
            "description": "What is asked when the entry is launched.",
            "type": ["array", "null"],
            "items": {"$ref": "#/$defs/question"},
        },
        "minimum_rancher_version": _LEAST,
        "maximum_rancher_version": _MOST,
        "upgrade_from": _text("The versions that may be upgraded to this one, such as >=1.0.0 or 1.x."),
        "labels": {"description": "Labels of this revision.", **_WORDS},
        "name": _ignored("Not read here: the name of config.yml counts. Harmless."),
        "description": _ignored("Not read here: the description of config.yml counts. Harmless."),
        "uuid": _ignored("Not read by anybody. Harmless."),
        "maintainer": _ignored("Not read here: the maintainer of config.yml counts. Harmless."),
    },
    "required": ["version"],
    "additionalProperties": False,
}

CATALOG: Schema = {
    "$schema": _DRAFT,
    "$id": "catalog-forge-catalog-1.json",
    "title": "rancher-compose.yml of a revision, with its catalog block",
    "type": "object",
    "properties": {
        "version": {"description": "'2', or not there at all: then services stand beside the block.", "enum": ["2", 2]},
        "catalog": {"$ref": "#/$defs/block"},
        ".catalog": {"$ref": "#/$defs/block"},
        "services": {"description": "Scale, health check and metadata of services.", "type": ["object", "null"]},
    },
    # Without a version, a plain `catalog` is taken for a service when the entry is launched.
    "oneOf": [{"required": ["version", "catalog"]}, {"required": [".catalog"]}],
    "$defs": {"block": _BLOCK, "question": _QUESTION},
}

_TEMPLATE: Schema = {
    "type": "object",
    "properties": {
        "src": _text("The template, below templates/.", minLength=1),
        "dest": _text("The file that is written; its folder has to exist.", minLength=1),
        "keys": {
            "description": "Paths that are fetched, each with everything below it; paths that are always there.",
            "type": "array",
            "items": {"type": "string"},
        },
        "prefix": _text("Stands before every key; releases of confd differ about it: leave it out.", deprecated=True),
        "mode": _text("The mode of the file with a leading 0: confd reads 644 as decimal.", pattern="^(?:0o?[0-7]{3})?$"),
        "uid": {"description": "The number of the owner.", "type": "integer", "minimum": 0},
        "gid": {"description": "The number of the group.", "type": "integer", "minimum": 0},
        "check_cmd": _text("Run with the new file as {{.src}} before it takes the place of the old one."),
        "reload_cmd": _text("Run after the file has changed."),
    },
    "required": ["src", "dest"],
    "additionalProperties": False,
}

RESOURCE: Schema = {
    "$schema": _DRAFT,
    "$id": "catalog-forge-resource-1.json",
    "title": "a template resource of confd: conf.d/*.toml",
    "type": "object",
    "properties": {"template": _TEMPLATE},
    "required": ["template"],
    "additionalProperties": False,
}

SCHEMAS = {"config": CONFIG, "catalog": CATALOG, "resource": RESOURCE}
