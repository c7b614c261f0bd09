"""Defines what surrounds the configuration files: the entry in the catalog, the conf image, confd and the health check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from catalog_forge.backends import NAMES
from catalog_forge.spec.model.record import Record, key

COMPOSE_NAME = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
IMAGE = r"(?!.*//)[a-z0-9]([a-zA-Z0-9._:/-]*[a-zA-Z0-9])?(@sha256:[0-9a-f]{64})?"
IMAGE_SHAPE = "REPOSITORY:TAG or REPOSITORY@sha256:DIGEST"
PREFIX = r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+"
VERSION = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
SEMVER = r"v?[0-9]+(\.[0-9]+){0,3}([-+][A-Za-z0-9.+-]+)?"
DURATION = r"[1-9][0-9]{0,5}s"
CONFD_RELEASES = ("0.14.0", "0.15.0", "0.16.0", "HEAD")
METADATA_VERSIONS = ("2015-07-25", "2015-12-19", "2016-07-29", "latest")

# A number, or the `${variable}` of a question whose answer is a number.
NumberOrVariable = int | str


@dataclass(frozen=True)
class Entry(Record):
    """The entry in the catalog: the contents of `config.yml` and of the catalog block of `rancher-compose.yml`."""

    name: str = key(
        "name of the entry's folder; default: the name of the conf image without -conf or -config",
        "",
        pattern=COMPOSE_NAME,
        shape="letters, digits and dashes",
        maximum=63,
    )
    title: str = key("title that the catalog shows; default: derived from the entry's name", "", maximum=100, line=True)
    version: str = key(
        "version of the entry; default: the version of the conf image",
        "",
        pattern=VERSION,
        shape="a version such as 0.1.0",
        maximum=64,
    )
    category: str = key("category of the entry in the catalog", "Applications", maximum=60, line=True)
    license: str = key("licence of the entry, as an SPDX identifier", "", maximum=60, line=True)
    project_url: str = key("home page of the software", "", pattern=r"https?://\S+", shape="a URL", maximum=300)
    icon: str = key(
        "icon file (svg or png) in the spec's folder; default: an icon that is drawn from the title",
        "",
        pattern=r"[A-Za-z0-9._-]+\.(svg|png)",
        shape="a file name that ends in .svg or .png",
    )
    minimum_rancher_version: str = key(
        "oldest Rancher version whose users see this entry", "v1.2.0", pattern=SEMVER, shape="a version such as v1.6.30"
    )
    maximum_rancher_version: str = key(
        "newest Rancher version whose users see this entry", "", pattern=SEMVER, shape="a version such as v1.6.30"
    )
    upgrade_from: str = key(
        "range of entry versions that may be upgraded to this version, such as '>=1.0.0'", "", maximum=100, line=True
    )
    revision: int = key("number of the revision's folder", 0)
    readme: str = key("text at the beginning of the revision's README; default: the description", "")


@dataclass(frozen=True)
class Image(Record):
    """The conf image."""

    base: str = key(
        "base image with a fixed tag or a digest; it needs a shell and the tools of busybox",
        "busybox:1.37.0",
        pattern=IMAGE,
        shape=IMAGE_SHAPE,
    )
    registry: str = key(
        "registry and namespace that precede the name of the conf image, such as ghcr.io/acme",
        "",
        pattern=r"(?!.*//)[a-z0-9][a-zA-Z0-9._:/-]*[a-zA-Z0-9]",
        shape="HOST[:PORT]/NAMESPACE",
    )
    before: tuple[str, ...] = key(
        "shell commands that the conf container runs before it writes its files, such as the start command of the base image",
        tuple,
    )
    folders: tuple[str, ...] = key(
        "folders that the service gets in addition to the folders of the files, such as a folder that `before` fills",
        tuple,
        pattern=r"(?!.*/\.{1,2}(/|$))(/[A-Za-z0-9._+@-]+)+",
        shape="an absolute path",
        maximum=255,
    )
    labels: Mapping[str, str] = key("labels of the image, in addition to the OCI labels", dict)
    user: str = key("user and group that confd runs as", "0:0", pattern=r"[0-9]{1,9}:[0-9]{1,9}", shape="UID:GID in numbers")


# A spec with back ends other than Rancher must use this release of confd: other releases read etcd, ssm and vault differently.
STORES = "0.16.0"


@dataclass(frozen=True)
class Engine(Record):
    """How the files are rendered: with which release of confd, and from which version of the metadata."""

    confd: str = key(
        "confd release",
        "0.16.0",
        one_of=CONFD_RELEASES,
        shape="0.14.0 to 0.16.0, or HEAD; older releases cannot be used, because `ls` is broken in 0.12 and 0.13, and 0.11 "
        "supports neither defaults nor arithmetic",
    )
    confd_src: str = key("URL of the confd binary; not needed for 0.16.0", "", pattern=r"https?://\S+", shape="a URL")
    confd_sha256: str = key(
        "SHA-256 of the confd binary; not needed for 0.16.0 on amd64",
        "",
        pattern="[0-9a-f]{64}",
        shape="64 hex digits in lower case",
    )
    metadata: str = key("version of the metadata service", "2016-07-29", one_of=METADATA_VERSIONS)
    backends: tuple[str, ...] = key(
        "where the keys of `metadata` are stored: in Rancher's metadata service or in another store; if several back ends are "
        "listed, the first is used unless the container's variable CONF_BACKEND names another",
        ("rancher",),
        name="backend",
        one_of=NAMES,
        single=True,
    )
    prefix: str = key(
        "prefix of the keys of `metadata` in a store; the container's variable CONF_PREFIX overrides it; default: /ENTRY, where "
        "ENTRY is the name of the entry, or /secret/ENTRY for vault",
        "",
        pattern=PREFIX,
        shape="a key such as /app, without a slash at its end",
        maximum=200,
    )
    refresh: str = key(
        "when confd renders the files: `watch` (at each change, or every 10 s if the back end cannot be watched), "
        "`once`, or an interval such as 30s",
        "watch",
        pattern=f"watch|once|{DURATION}",
        shape="watch, once or an interval such as 30s",
    )
    log: str = key("confd's log level", "info", one_of=("panic", "fatal", "error", "warn", "info", "debug"))

    @property
    def store(self) -> str:
        """The first back end other than `rancher`; empty if the spec has only `rancher`."""
        return next((name for name in self.backends if name != "rancher"), "")

    @property
    def is_stored(self) -> bool:
        """Whether the metadata keys may be in a store other than Rancher's metadata service.

        A spec with such a store can read only these keys.
        """
        return bool(self.store)

    @property
    def told(self) -> tuple[str, ...]:
        """Back ends that containers may select: those of the spec, plus `file` if it has only `rancher` and uses confd 0.16.0."""
        return ("rancher", "file") if self.backends == ("rancher",) and self.confd == STORES else self.backends


# The strategies of a health check that a spec may choose.
STRATEGIES = ("recreate", "none")


@dataclass(frozen=True)
class HealthCheck(Record):
    """Rancher's health check of the service: TCP, or HTTP with a request line. All times are in milliseconds."""

    port: NumberOrVariable = key("port that the check connects to", least=1, most=65535)
    request_line: str = key(
        "request line of an HTTP check, such as 'GET / HTTP/1.0'; default: none, the check only opens a TCP connection",
        "",
        pattern=r"[A-Z]+ \S+ HTTP/1\.[01]",
        shape="METHOD PATH HTTP/1.x",
    )
    interval: int = key("milliseconds between two checks", 2000, least=1)
    response_timeout: int = key("milliseconds within which the container must answer", 2000, least=1)
    healthy_threshold: int = key("number of consecutive successful checks that make a container healthy", 2, least=1)
    unhealthy_threshold: int = key("number of consecutive failed checks that make a container unhealthy", 3, least=1)
    initializing_timeout: int = key("milliseconds within which a new container must become healthy", 60000, least=1)
    strategy: str = key("what Rancher does with an unhealthy container", "recreate", one_of=STRATEGIES)


@dataclass(frozen=True)
class Tool(Record):
    """A program that is downloaded into the conf image and the shared volume, such as giddyup or promtool."""

    name: str = key(
        "name under which the program is installed",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*",
        shape="the name of a program",
        maximum=60,
    )
    url: str = key("URL of the program, or of an archive that contains it", pattern=r"https?://[^\s'\"\\$]+", shape="a URL")
    sha256: str = key("SHA-256 of the file at the URL", pattern="[0-9a-f]{64}", shape="64 hex digits in lower case")
    path: str = key(
        "path of the program in the archive (.zip, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz); without `path`, the URL "
        "is that of the program itself",
        "",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._/+@-]*",
        shape="a relative path in the archive",
    )

    @property
    def ending(self) -> str:
        """The suffix of the file in the URL, such as .zip or .tar.gz."""
        found = re.search(r"(\.tar)?\.[a-z0-9]+$", urlsplit(self.url).path)
        return found[0] if found else ""

    @property
    def variable(self) -> str:
        """The common prefix of the names of the tool's build arguments."""
        return "TOOL_" + "".join(char if char.isalnum() else "_" for char in self.name.upper())
