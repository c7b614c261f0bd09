"""Simulates Rancher's catalog-service: finds the templates and revisions that the service loads from a catalog.

Facts: docs/facts/catalog.md#1 to #3, and catalog-service b3dc315 (manager/traverse.go, parse/compose.go, service/utils.go). The
service looks only at the depth and the base name of each file. It reads the files in the order of their paths; a later file
replaces an earlier file with the same role.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from catalog_forge.errors import Where
from catalog_forge.goyaml import decoding
from catalog_forge.lint.judges.layout import ANY_TOP, CONFIGS, REVISION_FILES
from catalog_forge.rancher.entries import ICONS, chosen, default_of, is_revision, number_of
from catalog_forge.rancher.judgement import block
from catalog_forge.rancher.judgement.block import DEFAULTS, Block
from catalog_forge.rancher.judgement.ruling import HINTS, Outcome, Ruling
from catalog_forge.rancher.tree import File, Folder, Tree, keys_of
from catalog_forge.yamlio import Node, Seq, Text

_CONFIG_TEXTS = ("name", "description", "category", "maintainer", "license", "projectURL", "project_url", *DEFAULTS)
_BLOCK_TEXTS = ("version", "minimum_rancher_version", "maximum_rancher_version", "upgrade_from")
_QUESTION_TEXTS = ("default", "label", "description", "group")


@dataclass(eq=False)
class Version:
    """A revision that the service stores: the name and number of its folder, its files by base name, and its catalog block."""

    folder: str
    number: int | None
    files: dict[str, File] = field(default_factory=dict)
    version: str = ""
    block: Block = field(default_factory=lambda: Block({}))
    source: File | None = None

    @property
    def id(self) -> str:
        """The part of the id that names the revision: its number or, without a number, its version."""
        return self.version if self.number is None else str(self.number)

    @property
    def where(self) -> Where:
        """The location of the file with the revision's catalog block or, without a block, of the revision's first file."""
        return (self.source or next(iter(self.files.values()))).at()

    @property
    def questions(self) -> Node | None:
        """The questions in template-version.yml if that file exists, else in compose.yml, else in rancher-compose.yml."""
        flat, part = self.files.get("template-version.yml"), self.files.get("compose.yml")
        if flat:
            return block.of_flat(flat).keys.get("questions")
        if part:
            return block.of_part(part).keys.get("questions")
        return self.block.keys.get("questions")


@dataclass(eq=False)
class Template:
    """A template in the form in which the service stores it. Without a config.yml, `base`, `folder` and `name` are empty."""

    path: str
    base: str = ""
    folder: str = ""
    name: str = ""
    default: str = ""
    config: File | None = None
    by_key: dict[int | str, Version] = field(default_factory=dict)

    @property
    def versions(self) -> list[Version]:
        """The revisions in the order in which they were found. Folders whose names mean the same number are one revision."""
        return [*self.by_key.values()]

    @property
    def id(self) -> str:
        """The template's id, without the prefix that names the catalog."""
        return f"{self.base}*{self.folder}" if self.base else self.folder

    @property
    def served(self) -> list[Version]:
        """The revisions that have a version."""
        return [version for version in self.versions if version.version]

    @property
    def label(self) -> str:
        """The template's name in reports: its id or, without an id, its folder."""
        return self.id or self.path.partition("/")[2]

    def chosen(self) -> str:
        """Return the version that the template offers: the default version if a revision has it, else the highest version."""
        return chosen(self.default, [version.version for version in self.served])


class Service:
    """The state of the service after it has read a catalog: templates and rulings."""

    def __init__(self, tree: Tree) -> None:
        self.templates: dict[str, Template] = {}
        self.rulings: list[Ruling] = []
        self.tree = tree
        for file in tree.folders[""].everything:
            if file.kind == "file":
                self._file(file, file.path.split("/"))
        for template in self.templates.values():
            for place, version in enumerate(template.versions):
                self._version(template, version, place)
        self.rulings += [ruling for template in self.templates.values() for ruling in self._look_at(template)]
        self.rulings += self._left_out()

    def _say(
        self, outcome: Outcome, reason: str, where: Where, template: Template, version: str = "", hint: str = "", rule: str = ""
    ) -> Ruling:
        return Ruling("service", outcome, reason, where, hint, template.label, version, rule)

    # Reading the files, in the order in which the service visits the folders

    def _file(self, file: File, parts: Sequence[str]) -> None:
        if len(parts) < 2:
            return
        base = parts[0].partition("-")[0] if "-" in parts[0] else ""
        template = self.templates.get(base + parts[1])
        if file.name in CONFIGS:
            self._config(file, base, parts, template)
            return
        if template is None:
            is_version = not file.name.startswith(ICONS)
            if is_version and len(parts) < 3 and not file.name.lower().startswith("readme.md"):
                return
            template = self.templates[base + parts[1]] = Template("/".join(parts[:2]))
        if len(parts) > 2 and not file.name.startswith(ICONS):
            self._file_of_version(file, parts[2], template)

    def _config(self, file: File, base: str, parts: Sequence[str], before: Template | None) -> None:
        template = Template("/".join(parts[:2]), base, parts[1], config=file)
        found = block.of_config(file)
        keys = found.keys
        if found.problems:
            self.rulings += [Ruling.of("service", each, file.at(), template.label) for each in found.problems]
            return
        template.name = decoding.text_of(keys.get("name"))
        template.default = default_of(keys)
        template.by_key = before.by_key if before else {}
        self.templates[base + parts[1]] = template

    def _file_of_version(self, file: File, folder: str, template: Template) -> None:
        number = number_of(folder)
        if not is_revision(folder):
            return
        key = folder if number is None else number
        version = template.by_key.get(key)
        if version is None:
            version = template.by_key[key] = Version(folder, number, version=folder if number is None else "")
        version.files[file.name] = file

    # Reading the catalog blocks

    def _version(self, template: Template, version: Version, place: int) -> None:
        sources = [
            file for name in REVISION_FILES[:3] if (file := version.files.get(name)) and (file.content or not file.is_readable)
        ]
        if not sources:
            return
        version.source = file = sources[0]
        version.block = _block_of(file)
        problems = version.block.problems
        if problems:
            note = f"catalog-service calls this revision {template.label}:{place}" if str(place) != version.id else ""
            for each in problems:
                with_note = replace(each, hint=each.hint or note)
                self.rulings.append(Ruling.of("service", with_note, file.at(), template.label, version.folder))
            return
        keys = version.block.keys
        found = keys.get("version")
        text = decoding.raw(found) if file.name == "template-version.yml" else decoding.text_of(found)
        version.version = text or version.version

    # Rulings on the templates and revisions

    def _look_at(self, template: Template) -> Iterator[Ruling]:
        where = template.config.at() if template.config else template.versions[0].where if template.versions else None
        if where is None:
            return
        if template.served and not template.name:
            yield self._ghost(template, where)
        if template.served:
            yield from self._look_at_default(template, where)
            yield from self._hidden(template)
        elif not template.versions and template.config:
            yield self._say("hide", "the entry has no revision, so it is never listed", where, template)
        for version in template.versions:
            if not version.version and not version.block.problems:
                yield self._dropped(template, version)

    def altered(self) -> Iterator[Ruling]:
        """Yield a ruling for each value that the service stores in a form that differs from the text in the file."""
        for template in self.templates.values():
            for version in template.versions:
                if version.source and version.source.name != "template-version.yml":
                    yield from self._altered(template, version.folder, _texts_of_block(version.block.keys))
            if template.config:
                yield from self._altered(template, "", _texts_of_config(keys_of(template.config.yaml.node)))

    def _ghost(self, template: Template, where: Where) -> Ruling:
        reason = "the entry is listed without a name, because it has no readable config.yml"
        if template.config:
            message = "the entry is listed without a name, because config.yml has no `name`"
            return self._say("ghost", message, where, template, hint="write name: ...", rule="CF208")
        return self._say("ghost", reason, where, template, hint="add a config.yml with a `name` to the folder", rule="CF111")

    def _dropped(self, template: Template, version: Version) -> Ruling:
        file = version.source
        if file is None:
            where, rule = self._missing(template, version)
            reason = "the revision is not listed, because none of its files has a version"
            hint = HINTS["CF120"]
            return self._say("drop", reason, where, template, version.folder, hint, rule)
        where = version.block.where or file.at(1, 1)
        reason, rule = "the revision is not listed, because its catalog block has no version", "CF304"
        if not version.block.keys:
            reason = "the revision is not listed, because the file has no catalog block"
            rule = "CF302" if file.yaml.map else "CF301"
        return self._say("drop", reason, where, template, version.folder, "write version: '1.0.0' in the catalog block", rule)

    def _missing(self, template: Template, version: Version) -> tuple[Where, str]:
        """For a rancher-compose.yml that is missing, empty or a symbolic link, return the location of this fault, and the rule
        that reports it.
        """
        name, first = REVISION_FILES[0], next(iter(version.files.values()))
        folder = self.tree.folders.get(f"{template.path}/{version.folder}")
        file = version.files.get(name) or (folder.files.get(name) if folder else None)
        if file:
            return (file.at(1, 1), "CF301") if file.kind == "file" else (file.at(), "CF115")
        before = (first.shown or first.path).removesuffix(first.path)
        return Where(f"{before}{template.path}/{version.folder}"), "CF120"

    def _look_at_default(self, template: Template, where: Where) -> Iterator[Ruling]:
        versions = [version.version for version in template.served]
        if template.default in versions:
            return
        chosen = template.chosen()
        reason = f"no revision has the default version {template.default!r}: {chosen!r} is offered instead"
        if not template.default:
            reason = f"there is no default version: {chosen!r} is offered"
        node = (
            next((found for key in DEFAULTS if (found := keys_of(template.config.yaml.node).get(key))), None)
            if template.config
            else None
        )
        yield self._say("alter", reason, node.where if node else where, template, rule="CF205" if template.default else "")

    def _hidden(self, template: Template) -> Iterator[Ruling]:
        last = {version.version: version for version in template.served}
        for version in template.served:
            if last[version.version] is not version:
                reason = f"revision {last[version.version].folder} has the same version {version.version!r} and hides this one"
                node = version.block.keys.get("version")
                yield self._say("hide", reason, node.where if node else version.where, template, version.folder)
        if ":" in template.folder or "*" in template.folder:
            reason = "an entry whose name contains ':' or '*' is listed, but opening it gives a 404"
            yield self._say(
                "hide",
                reason,
                Where(template.path),
                template,
                hint="use only letters, digits and '-' in the name of the folder",
                rule="CF101",
            )

    def _altered(self, template: Template, revision: str, nodes: Iterator[tuple[str, Text]]) -> Iterator[Ruling]:
        for name, node in nodes:
            found = decoding.text_of(node)
            if node.bare and found != node.value and not decoding.is_null(node):
                reason = f"{name} {node.value} is stored as {found!r}"
                yield self._say("alter", reason, node.where, template, revision, f"{name}: '{node.value}'")

    def _left_out(self) -> Iterator[Ruling]:
        """Yield a ruling for each folder that looks like a revision but is ignored by the service."""
        for top in self.tree.folders[""].folders.values():
            base = top.name.partition("-")[0] if "-" in top.name else ""
            for folder in top.folders.values():
                template = self.templates.get(base + folder.name) or Template(folder.path, base, folder.name)
                if not template.versions and not ANY_TOP.fullmatch(top.name):
                    continue
                for each in folder.folders.values():
                    if any(name in each.files for name in REVISION_FILES):
                        yield from self._look_at_folder(template, each)

    def _look_at_folder(self, template: Template, revision: Folder) -> Iterator[Ruling]:
        where = next(file for name, file in revision.files.items() if name in REVISION_FILES).at()
        number = number_of(revision.name)
        if not is_revision(revision.name):
            reason = f"a folder named {revision.name!r} is not a revision, so it is ignored"
            yield self._say("drop", reason, where, template, revision.name, "name revisions 0, 1, 2 and so on", "CF104")
            return
        kept = template.by_key.get(revision.name if number is None else number)
        if kept and kept.folder != revision.name:
            reason = f"this folder and {kept.folder} are both revision {number}, so their files are mixed"
            yield self._say("hide", reason, where, template, revision.name)
        elif not kept:
            reason = "the revision is not listed, because all its files are symbolic links"
            yield self._say("drop", reason, where, template, revision.name, "replace the links with files", "CF115")


def _block_of(file: File) -> Block:
    if file.name == "rancher-compose.yml":
        return block.of_compose(file, block.SERVICE)
    return block.of_part(file) if file.name == "compose.yml" else block.of_flat(file)


def _texts_of_config(keys: dict[str, Node]) -> Iterator[tuple[str, Text]]:
    yield from _texts(keys, _CONFIG_TEXTS)
    yield from _items(keys.get("categories"), "category")
    yield from _labels(keys.get("labels"))


def _texts_of_block(keys: dict[str, Node]) -> Iterator[tuple[str, Text]]:
    yield from _texts(keys, _BLOCK_TEXTS)
    yield from _labels(keys.get("labels"))
    questions = keys.get("questions")
    for item in questions.items if isinstance(questions, Seq) else ():
        question = keys_of(item)
        yield from _texts(question, _QUESTION_TEXTS)
        yield from _items(question.get("options"), "option")


def _texts(keys: dict[str, Node], names: Sequence[str]) -> Iterator[tuple[str, Text]]:
    return ((name, node) for name in names if isinstance(node := keys.get(name), Text))


def _items(node: Node | None, name: str) -> Iterator[tuple[str, Text]]:
    return ((name, item) for item in (node.items if isinstance(node, Seq) else ()) if isinstance(item, Text))


def _labels(node: Node | None) -> Iterator[tuple[str, Text]]:
    return ((f"label {key}", each) for key, each in keys_of(node).items() if isinstance(each, Text))
