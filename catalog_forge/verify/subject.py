"""The subject of a rendering: the template resources of any conf image, and the options of its confd."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from catalog_forge.confd.imitated import image_dir
from catalog_forge.confd.imitated.embedded import Dialect
from catalog_forge.confd.imitated.image_dir import ImageDir
from catalog_forge.confd.layout import prefix_of
from catalog_forge.errors import ForgeError, did_you_mean
from catalog_forge.image.files import ReadStatic, image_plan
from catalog_forge.plan import Plan
from catalog_forge.spec.launching import rendered
from catalog_forge.spec.model import ConfFile, Spec

# Maps each release of confd to its dialect, which is named after the oldest release with the same template functions.
_DIALECTS: Mapping[str, Dialect] = {"0.14.0": "0.14", "0.15.0": "0.14", "0.16.0": "0.16", "HEAD": "HEAD"}


@dataclass(frozen=True)
class Subject:
    """The resources of a conf image, and the back end, prefix and environment of its confd.

    `reloads` maps each dest to the action that follows a change of the file; `formats` maps each dest to its format, if known.
    `spec` and `context` (the files of the image) are set only for a generated image.
    """

    image: ImageDir
    prefix: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect = "0.16"
    reloads: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    spec: Spec | None = None
    context: Plan | None = None
    backend: str = "rancher"

    @property
    def version(self) -> str:
        """The version of the metadata that confd reads: for Rancher's metadata service, the first part of the prefix (empty if
        there is no prefix); for other back ends, the version in the spec.
        """
        if self.spec and self.backend != "rancher":
            return self.spec.engine.metadata
        return self.prefix.strip("/").partition("/")[0]

    @property
    def dests(self) -> list[str]:
        """The paths of the files that are rendered."""
        return [resource.dest for resource in self.image.resources]

    def find(self, word: str) -> str | None:
        """Return the dest that a word names: its full path, or an unambiguous end of it."""
        found = [dest for dest in dict.fromkeys(self.dests) if dest == word or dest.endswith(f"/{word}")]
        return word if word in found else found[0] if len(found) == 1 else None


def reading(spec: Spec, backend: str) -> Spec:
    """Return a spec whose first back end is `backend`. A spec that names only `rancher`, and an empty `backend`, change nothing.

    Raises ForgeError if the containers of the spec cannot select `backend`.
    """
    if not backend:
        return spec
    if backend not in spec.engine.told:
        hint = did_you_mean(backend, spec.engine.told)
        raise ForgeError(f"--backend {backend}: {spec.name} does not read this back end", spec.engine.at("backends"), hint)
    if not spec.engine.is_stored:
        return spec
    others = tuple(each for each in spec.engine.backends if each != backend)
    return replace(spec, engine=replace(spec.engine, backends=(backend, *others)))


def of_spec(spec: Spec, read_static: ReadStatic, backend: str = "", version: str = "") -> Subject:
    """Return the subject of a spec: its image as it would be generated now, and the back end that confd reads.

    If `backend` is empty, the first back end of the spec is used. `version` overrides the metadata version of the spec.
    Raises the errors of `image_plan`.
    """
    if version:
        spec = replace(spec, engine=replace(spec.engine, metadata=version))
    backend = backend or spec.engine.backends[0]
    context = image_plan(spec, read_static)
    return Subject(
        image_dir.read({file.path: file.content for file in context}, f"images/{spec.name}"),
        prefix=prefix_of(spec, backend),
        variables=spec.vars,
        dialect=_DIALECTS[spec.engine.confd],
        reloads={file.dest: _reload(file) for file in rendered(spec) if file.reload.kind != "none"},
        formats={file.dest: file.format for file in rendered(spec)},
        spec=spec,
        context=context,
        backend=backend,
    )


def of_files(files: Mapping[str, bytes], where: str, prefix: str = "", variables: Mapping[str, str] | None = None) -> Subject:
    """Return the subject of a folder with conf.d/ and templates/; `files` are its files. Raises the errors of
    `image_dir.read`."""
    image = image_dir.read(files, where)
    reloads = {each.dest: f"{each.reload_cmd} ({each.dest})" for each in image.resources if each.reload_cmd}
    return Subject(image, prefix, variables or {}, reloads=reloads)


def below(dest: str) -> str:
    """Convert a dest to a path relative to a folder that replaces the root directory. The path cannot lead out of this folder."""
    return posixpath.normpath("/" + dest).lstrip("/")


def _reload(file: ConfFile) -> str:
    """Return the name of a file's reload. Files with the same action share a name, unless the action sends the file by HTTP."""
    return f"{file.reload} with {file.dest}" if file.reload.kind == "http" else str(file.reload)
