"""Write the SBOM of a conf image (an SPDX 2.3 document) from the spec and the build request, without inspecting the image.

Format: https://spdx.github.io/spdx-spec/v2.3/. Package names: https://github.com/package-url/purl-spec; images are named as in
BuildKit's provenance. Equal inputs give equal documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote

from catalog_forge import __version__
from catalog_forge.errors import ForgeError, extra
from catalog_forge.image import dockerfile, gathering
from catalog_forge.image.files import labels, tools_folder
from catalog_forge.image.request import BuildRequest
from catalog_forge.spec.checks.whole import confd_sha256
from catalog_forge.spec.model import Spec

# The license of confd: github.com/kelseyhightower/confd, LICENSE.
_CONFD_LICENSE = "MIT"
_IMAGE = "SPDXRef-image"


@dataclass(frozen=True, slots=True)
class NamedImage:
    """The name of an image as the docker command shows it, the tag, and the digest if known."""

    name: str
    tag: str
    digest: str = ""

    def purl(self, platform: str) -> str:
        """Return the package URL of the image."""
        return f"pkg:docker/{self.name}@{quote(self.tag)}" + _qualified(digest=self.digest, platform=platform)


def bases(request: BuildRequest) -> tuple[str, list[str]]:
    """Return the base image of the conf image, and the external base images of the other stages of the Dockerfile."""
    parsed = dockerfile.parse(request.context.text("Dockerfile"))
    own = {"scratch", *(stage.name for stage in parsed.stages)}
    found = dict.fromkeys(stage.base for stage in parsed.stages if stage.base.lower() not in own)
    return parsed.base, [each for each in found if each != parsed.base]


def document(
    spec: Spec,
    request: BuildRequest,
    image: NamedImage,
    base: NamedImage,
    others: Sequence[NamedImage],
    platform: str,
    created: datetime,
) -> dict[str, Any]:
    """Return the SPDX document of the image that `request` builds; `others` are images needed only during the build.

    Raises ForgeError if the SPDX library is missing, or if the library finds the document invalid.
    """
    return _Writer(spec, request, platform).document(image, base, others, created)


class _Writer:
    def __init__(self, spec: Spec, request: BuildRequest, platform: str) -> None:
        self.spec = spec
        self.request = request
        self.parsed = dockerfile.parse(request.context.text("Dockerfile"))
        self.platform = platform
        self.spdx = extra("spdx_tools.spdx.model", "sbom")
        self.nothing = self.spdx.SpdxNoAssertion()
        self.packages: list[Any] = []
        self.relations: list[Any] = []

    def document(self, image: NamedImage, base: NamedImage, others: Sequence[NamedImage], created: datetime) -> dict[str, Any]:
        spdx, spec = self.spdx, self.spec
        self.relate("SPDXRef-DOCUMENT", "DESCRIBES", _IMAGE)
        self.image(image)
        self.container("SPDXRef-base", base)
        self.relate(_IMAGE, "DESCENDANT_OF", "SPDXRef-base")
        for number, other in enumerate(others, start=1):
            self.container(f"SPDXRef-stage-{number}", other)
            self.relate(f"SPDXRef-stage-{number}", "BUILD_DEPENDENCY_OF", _IMAGE, self.lent(other))
        self.programs()
        files = self.files()
        digest = hashlib.sha256(f"{self.request.digest} {image} {base} {others} {created} {__version__}".encode()).hexdigest()
        info = spdx.CreationInfo(
            "SPDX-2.3",
            "SPDXRef-DOCUMENT",
            f"{spec.name}-{spec.version}",
            f"https://spdx.org/spdxdocs/{spec.name}-{quote(spec.version)}-{digest[:32]}",
            [spdx.Actor(spdx.ActorType.TOOL, f"catalog-forge-{__version__}")],
            created,
            document_comment="This lists what the build adds to the image; use a scanner for the contents of the base image.",
        )
        made = spdx.Document(info, self.packages, files, annotations=self.annotations(created), relationships=self.relations)
        return _written(made)

    def relate(self, one: str, kind: str, other: str, comment: str | None = None) -> None:
        self.relations.append(self.spdx.Relationship(one, self.spdx.RelationshipType[kind], other, comment))

    def package(self, at: str, name: str, source: str = "", purl: str = "", license: str = "", **more: Any) -> None:
        spdx = self.spdx
        references = [spdx.ExternalPackageRef(spdx.ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", purl)] if purl else []
        words = {
            "external_references": references,
            "license_declared": _license(license) or self.nothing,
            "license_concluded": self.nothing,
            "copyright_text": self.nothing,
            "supplier": self.nothing,
            "files_analyzed": False,
            **more,
        }
        self.packages.append(spdx.Package(at, name, _url(source) or self.nothing, **words))

    def container(self, at: str, image: NamedImage, **more: Any) -> None:
        purpose = self.spdx.PackagePurpose.CONTAINER
        sums = self.sums(SHA256=image.digest.removeprefix("sha256:"))
        words = {"version": image.tag, "checksums": sums, "primary_package_purpose": purpose, **more}
        self.package(at, image.name, purl=image.purl(self.platform), **words)

    def image(self, image: NamedImage) -> None:
        spec = self.spec
        name, address = parseaddr(spec.maintainer)
        person = (
            self.spdx.Actor(self.spdx.ActorType.PERSON, name or address, address or None) if name or address else self.nothing
        )
        about = {"supplier": person, "description": spec.description or None, "homepage": _url(spec.entry.project_url)}
        self.container(_IMAGE, image, license=spec.entry.license, **about)

    def lent(self, image: NamedImage) -> str | None:
        """Describe what the conf image copies from `image`, an image other than its base; return None if it copies nothing."""
        return f"{image.name} lends {self.spec.share}/busybox" if self.spec.is_lent and self.spec.service.is_embedded else None

    def programs(self) -> None:
        """Add confd and the tools, each with its download address and the checksum that the Dockerfile verifies."""
        spec = self.spec
        engine, application = spec.engine, self.spdx.PackagePurpose.APPLICATION
        checksum = self.request.download
        is_pinned = checksum == confd_sha256(spec)
        source = self.parsed.variables.get("CONFD_SRC", "") if is_pinned else ""
        named, version = ("github/kelseyhightower/", "@v") if is_pinned and not engine.confd_src else ("generic/", "@")
        own = _qualified(checksum=f"sha256:{checksum}", download_url=source) if named == "generic/" else ""
        purl = f"pkg:{named}confd{f'{version}{engine.confd}' if is_pinned else ''}{own}"
        rows = [("confd", engine.confd if is_pinned else "", source, checksum, purl, "/usr/bin/confd", _CONFD_LICENSE)]
        for tool in spec.tools:
            purl = f"pkg:generic/{quote(tool.name)}{_qualified(checksum=f'sha256:{tool.sha256}', download_url=tool.url)}"
            rows.append((tool.name, "", tool.url, tool.sha256, purl, f"{tools_folder(spec)}{tool.name}", ""))
        for number, (name, version, source, checksum, purl, path, license) in enumerate(rows, start=1):
            at, comment = f"SPDXRef-program-{number}", f"in the image as {path}; the checksum is that of the downloaded file"
            sums = self.sums(SHA256=checksum)
            words = {"version": version or None, "checksums": sums, "comment": comment, "primary_package_purpose": application}
            self.package(at, name, source, purl, license, **words)
            self.relate(_IMAGE, "CONTAINS", at)

    def files(self) -> list[Any]:
        """Add the files that the build copies from its context; return them. Their package is the only one marked as analyzed."""
        context = {file.path: file for file in self.request.context}
        placed = gathering.places(self.parsed, context)
        placed |= {f"{self.spec.share}/run.sh": "run.sh"}
        found = []
        for number, (path, source) in enumerate(sorted(placed.items()), start=1):
            content = context[source].content
            sums = self.sums(
                SHA1=hashlib.sha1(content, usedforsecurity=False).hexdigest(), SHA256=hashlib.sha256(content).hexdigest()
            )
            more = {"license_concluded": self.nothing, "copyright_text": self.nothing}
            found.append(self.spdx.File(f".{path}", f"SPDXRef-file-{number}", sums, **more))
        code = extra("spdx_tools.spdx.spdx_element_utils", "sbom").calculate_package_verification_code(found)
        words = {"version": self.spec.version, "files_analyzed": True, "verification_code": code}
        self.package("SPDXRef-files", f"files of {self.spec.name}", **words)
        self.relate(_IMAGE, "CONTAINS", "SPDXRef-files")
        for file in found:
            self.relate("SPDXRef-files", "CONTAINS", file.spdx_id)
        return found

    def sums(self, **sums: str) -> list[Any]:
        return [self.spdx.Checksum(self.spdx.ChecksumAlgorithm[name], value) for name, value in sums.items() if value]

    def annotations(self, created: datetime) -> list[Any]:
        """Return the labels of the image as annotations, because SPDX has no field for labels."""
        spdx, tool = self.spdx, self.spdx.Actor(self.spdx.ActorType.TOOL, f"catalog-forge-{__version__}")
        said = {**labels(self.spec), **self.request.own_labels}
        other = spdx.AnnotationType.OTHER
        return [spdx.Annotation(_IMAGE, other, tool, created, f"label {name}={value}") for name, value in said.items()]


def _qualified(**values: str) -> str:
    """Return the qualifiers of a package URL as text, sorted by name. Empty qualifiers are left out."""
    found = [f"{name}={quote(value, safe=':')}" for name, value in sorted(values.items()) if value]
    return f"?{'&'.join(found)}" if found else ""


def _license(text: str) -> Any:
    """Return a license as an SPDX expression, or None if the text is not a valid SPDX license."""
    licensing = extra("license_expression", "sbom").get_spdx_licensing()
    return licensing.parse(text) if text and not licensing.validate(text).errors else None


def _url(text: str) -> str | None:
    """Return a URL, or None if the SPDX library refuses the URL, as it does for a URL without a domain."""
    validators = extra("spdx_tools.spdx.validation.uri_validators", "sbom")
    return text if text and not validators.validate_url(text) else None


def _written(made: Any) -> dict[str, Any]:
    """Return the document as JSON data. Raises ForgeError if the library's validator rejects it."""
    problems = extra("spdx_tools.spdx.validation.document_validator", "sbom").validate_full_spdx_document(made)
    if problems:
        raise ForgeError(f"the document would not be valid: {problems[0].validation_message}")
    converter = extra("spdx_tools.spdx.jsonschema.document_converter", "sbom").DocumentConverter()
    found: dict[str, Any] = converter.convert(made)
    return found
