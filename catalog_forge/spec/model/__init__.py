"""Defines the spec language: every key that an author may write, with its meaning and its default."""

from __future__ import annotations

from catalog_forge.spec.model.blocks import (
    Block,
    Condition,
    CopyBlock,
    Each,
    EachBlock,
    Elements,
    FileBlock,
    ListBlock,
    Listing,
    ListValue,
    PasteBlock,
    SetBlock,
    TemplateBlock,
    TextBlock,
    WhenBlock,
)
from catalog_forge.spec.model.files import FORMATS, RELOADS, SIGNALS, ConfFile, Reload
from catalog_forge.spec.model.frame import Engine, Entry, HealthCheck, Image, Tool
from catalog_forge.spec.model.launch import Launch, Leader, Others, Restart, Wait
from catalog_forge.spec.model.metadata import KEY_TYPES, METADATA_KEY, VARIABLE, MetadataKey
from catalog_forge.spec.model.service import Companion, Composed, Group, Service, Volume
from catalog_forge.spec.model.spec import Member, Spec

__all__ = [
    "Block",
    "Companion",
    "Composed",
    "Condition",
    "ConfFile",
    "CopyBlock",
    "Each",
    "EachBlock",
    "Elements",
    "Engine",
    "Entry",
    "FORMATS",
    "FileBlock",
    "Group",
    "HealthCheck",
    "Image",
    "KEY_TYPES",
    "Launch",
    "Leader",
    "ListBlock",
    "ListValue",
    "Listing",
    "METADATA_KEY",
    "Member",
    "MetadataKey",
    "Others",
    "PasteBlock",
    "RELOADS",
    "Reload",
    "Restart",
    "SIGNALS",
    "Service",
    "SetBlock",
    "Spec",
    "TemplateBlock",
    "TextBlock",
    "Tool",
    "VARIABLE",
    "Volume",
    "Wait",
    "WhenBlock",
]
