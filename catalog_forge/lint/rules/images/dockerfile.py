"""CF70x and CF71x: Dockerfiles. These rules always run. If hadolint is installed, CF790 adds its findings."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shlex
from bisect import bisect_right
from collections.abc import Iterator

from catalog_forge.confd.imitated import flags, releases
from catalog_forge.errors import Where
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.image.dockerfile import Dockerfile, Instruction, Stage
from catalog_forge.lint.catalog import Catalog, Image
from catalog_forge.lint.findings import Hit, Level
from catalog_forge.lint.images.inside import CHECKS, Inside, Run, inside
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.composition import Service
from catalog_forge.rancher.tree import File
from catalog_forge.rancher.variables import dollars
from catalog_forge.yamlio import Node, Seq

_MOVING = ("latest", "master", "main", "edge", "nightly", "rolling", "devel", "dev")
_URL = re.compile(r"https?://[^\s\"'|;&<>()\\]+")
_FETCH = re.compile(r"\b(?:curl|wget)\b")
_PROOF = re.compile(
    r"(?:\.(?:asc|sig|sha\d*(?:sum)?|md5|pem)|SHA\d*SUMS?(?:\.txt)?|checksums?(?:\.txt)?)(?:[?#].*)?$", re.IGNORECASE
)
_LOCAL = re.compile(r"https?://(?:localhost|127\.|rancher-metadata|\[::1\]|169\.254\.)")
_RELEASE = (
    "use kelseyhightower/confd v0.16.0, linux-amd64: sha256 255d2559f3824dd64df059bdc533fd6b697c070db603c76aaf8d1d5e6b0cc334"
)


def _read(image: Image) -> tuple[Inside, Dockerfile, File] | None:
    known = inside(image)
    return (known, known.dockerfile, known.file) if known.dockerfile and known.file else None


@rule("CF701", "error", "A Dockerfile cannot be built", on=Image)
def not_built(image: Image) -> Iterator[Hit]:
    """The build refuses a Dockerfile before it runs any instruction if the file has an unknown instruction, an
    unclosed quote, or a source without a target.

    Bad:
        -- images/web-conf/Dockerfile --
        FROM busybox:1.37.0
        ADD "https://example.org/confd /confd"
        COPY conf.d/ /etc/confd/conf.d/
        COPY templates/ /etc/confd/templates/
        VOLUME ["/etc/web"]
        ENTRYPOINT ["/confd"]
    Good:
        -- images/web-conf/Dockerfile --
        FROM busybox:1.37.0
        COPY "confd" /confd
        COPY conf.d/ /etc/confd/conf.d/
        COPY templates/ /etc/confd/templates/
        VOLUME ["/etc/web"]
        ENTRYPOINT ["/confd"]
    Source: docs/facts/conf-images.md#5.17
    """
    if found := _read(image):
        _, dockerfile, file = found
        for fault in dockerfile.faults:
            yield Hit(file.offset(fault.start), fault.message, fault.hint)


@rule("CF702", "warning", "The base image is not pinned", on=Image)
def floating_base(image: Image) -> Iterator[Hit]:
    """A base image without a tag, or with a tag that moves, can change without notice. The image that you build may then differ
    from the image that you tested.

    Bad:
        -- images/web-conf/Dockerfile (changed) --
        -ARG BASE=busybox:1.37.0
        -FROM ${BASE}
        +FROM busybox
    Good:
        -- images/web-conf/Dockerfile (changed) --
        -ARG BASE=busybox:1.37.0
        -FROM ${BASE}
        +FROM busybox:1.37.0
    Source: docs/facts/conf-images.md#5.16
    """
    if found := _read(image):
        _, dockerfile, file = found
        names = {"scratch"}
        for stage in dockerfile.stages:
            if _floats(stage, names):
                start = file.text.find(stage.instructions[0].text.split()[0], stage.instructions[0].start)
                why = "its tag moves" if ":" in stage.base.rpartition("/")[2] else "it has no tag"
                words = f"the base image {stage.base!r} is not pinned: {why}"
                yield Hit(file.offset(start), words, "pin a release, such as busybox:1.37.0, or a digest")
            names.add(stage.name)


def _floats(stage: Stage, names: set[str]) -> bool:
    base = stage.base
    if base.lower() in names or "@" in base or "$" in base or not base:
        return False
    tag = base.rpartition("/")[2].partition(":")[2]
    return tag in ("", *_MOVING)


@rule("CF703", "warning", "A download is not verified by a checksum", on=Image)
def unchecked_download(image: Image) -> Iterator[Hit]:
    """A program that is downloaded during the build runs as root in the image: without a checksum, anyone who can change the file
    on the server controls the image.

    Bad:
        -- images/web-conf/Dockerfile (changed) --
         FROM ${BASE}
        +ADD https://github.com/kelseyhightower/confd/releases/download/v0.16.0/confd-0.16.0-linux-amd64 /usr/bin/confd
    Good:
        -- images/web-conf/Dockerfile --
        FROM busybox:1.37.0
        ADD https://github.com/kelseyhightower/confd/releases/download/v0.16.0/confd-0.16.0-linux-amd64 /usr/bin/confd
        RUN echo "255d2559f3824dd64df059bdc533fd6b697c070db603c76aaf8d1d5e6b0cc334  /usr/bin/confd" > /sum \\
            && sha256sum -c /sum \\
            && chmod 0755 /usr/bin/confd
        COPY conf.d/ /etc/confd/conf.d/
        COPY templates/ /etc/confd/templates/
        COPY run.sh /
        VOLUME ["/etc/web"]
        ENTRYPOINT ["/run.sh"]
    Source: docs/facts/conf-images.md#5.15
    """
    if found := _read(image):
        _, _, file = found
        for each, url, target in _downloads(image):
            if not _is_checked(image, each, target):
                hint = _RELEASE if "/confd/releases/" in url else "use ADD --checksum=sha256:..., or sha256sum -c in the same RUN"
                yield Hit(_where(file, each, url), f"{posixpath.basename(url) or url} is downloaded without a checksum", hint)


def _downloads(image: Image) -> Iterator[tuple[Instruction, str, str]]:
    """Yield each download of the Dockerfile: its instruction, its URL, and the target of ADD ("" for RUN)."""
    known = inside(image)
    for each in known.dockerfile.instructions if known.dockerfile else ():
        if each.keyword == "ADD":
            # An ADD with its URL and target inside one pair of quotes cannot be built, but its author meant a download.
            words = [word for whole in each.words for word in whole.split()]
            for word in words[: max(len(words) - 1, 1)]:
                if _URL.match(word):
                    yield each, word, words[-1]
        elif each.keyword == "RUN" and _FETCH.search(each.script):
            for url in dict.fromkeys(_URL.findall(each.script)):
                if not _PROOF.search(url) and not _LOCAL.match(url) and posixpath.basename(url):
                    yield each, url, ""


def _is_checked(image: Image, each: Instruction, target: str) -> bool:
    """Whether a download is verified: by a flag, in the same RUN, or in a later RUN that names the target."""
    if "checksum" in each.flags or (each.keyword == "RUN" and CHECKS.search(each.script)):
        return True
    starts, words = inside(image).checks
    later = bisect_right(starts, each.start)
    if later == len(starts):
        return False
    name = posixpath.basename(target.rstrip("/"))
    return words.find(name, words.find(f"\0{starts[later]}\0")) >= 0


def _where(file: File, each: Instruction, url: str) -> Where:
    """Return the location of a URL in an instruction. If a URL has variables, only the text before them is located."""
    text = file.text[each.start : each.end]
    for known in (url, url.rpartition("/")[0], "/".join(url.split("/")[:3])):
        if known in text:
            return file.offset(each.start + text.index(known))
    return file.offset(each.start)


@rule("CF704", "warning", "A download uses plain HTTP", on=Image)
def bare_http(image: Image) -> Iterator[Hit]:
    """Anyone on the network path can change a download over http://. A checksum makes the download safe.

    Bad:
        -- images/web-conf/Dockerfile (changed) --
         FROM ${BASE}
        +ADD http://example.org/confd /usr/bin/confd
    Good:
        -- images/web-conf/Dockerfile (changed) --
         FROM ${BASE}
        +ADD https://example.org/confd /usr/bin/confd
    Source: docs/facts/conf-images.md#5.15
    """
    if found := _read(image):
        _, _, file = found
        for each, url, target in _downloads(image):
            if url.startswith("http://") and not _is_checked(image, each, target):
                yield Hit(
                    _where(file, each, url),
                    f"{url} is downloaded over plain HTTP without a checksum",
                    "use https:// and a checksum",
                )


@rule("CF705", "error", "The image lacks its conf.d", on=Image)
def no_conf_d(image: Image) -> Iterator[Hit]:
    """confd without template resources warns and writes nothing. A conf.d folder next to the Dockerfile has an effect only if the
    Dockerfile copies the folder.

    Bad:
        -- images/web-conf/Dockerfile (changed) --
        -COPY conf.d/ /etc/confd/conf.d/
    Good:
        -- images/web-conf/Dockerfile (changed) --
        -ARG BASE=busybox:1.37.0
        -FROM ${BASE}
        +FROM busybox:1.37.0
    Source: docs/facts/conf-images.md#5.18
    """
    if not (found := _read(image)):
        return
    known, dockerfile, file = found
    last = dockerfile.stages[-1].instructions[0].start if dockerfile.stages else 0
    sources = [source for source, _, _ in known.copied]
    for conf_d in (conf.conf_d for conf in known.confs if conf.conf_d):
        below = conf_d.path[len(image.folder.path) + 1 :] if image.folder.path else conf_d.path
        if not any(_brings(source, below) for source in sources) and "conf.d" not in known.built:
            unsure = "confd" in dockerfile.base and known.base != "scratch"
            words = f"the Dockerfile does not copy {below}" + (" (its base image may do so with ONBUILD)" if unsure else "")
            yield Hit(file.offset(last), words, f"add COPY {below} /etc/confd/conf.d", level="warning" if unsure else None)
    if not known.confs and _runs_bare(known, dockerfile):
        hint = "add COPY conf.d /etc/confd/conf.d"
        yield Hit(file.offset(last), "the image runs confd, but it has no conf.d", hint, level="warning")


def _runs_bare(known: Inside, dockerfile: Dockerfile) -> bool:
    """Whether an image starts confd and certainly contains no template resources."""
    whole = any(source in (".", "./") for source, _, _ in known.copied)
    elsewhere = "confd" in dockerfile.base or bool(re.search(r"conf\.d|confdir", known.built))
    return posixpath.basename(known.entry) == "confd" and bool(known.base) and not whole and not elsewhere


def _brings(source: str, path: str) -> bool:
    """Whether a COPY of `source` includes `path`, a path in the build context. True if uncertain."""
    clean = posixpath.normpath(source).lstrip("/")
    if clean in (".", "*") or "$" in clean or path == clean or path.startswith(clean + "/") or clean.startswith(path + "/"):
        return True
    parts = path.split("/")
    return any(fnmatch.fnmatchcase("/".join(parts[:end]), clean) for end in range(1, len(parts) + 1)) or clean.endswith(
        "/" + path
    )


@rule("CF706", "warning", "ENTRYPOINT is in shell form", on=Image)
def shell_entrypoint(image: Image) -> Iterator[Hit]:
    """In the shell form, /bin/sh -c is process 1. It does not forward signals, so stopping the container takes ten seconds and
    ends with a kill. The arguments that an entry passes are lost.

    Bad:
        -- images/web-conf/Dockerfile (changed) --
        -ENTRYPOINT ["/run.sh"]
        +ENTRYPOINT /run.sh
    Good:
        -- images/web-conf/Dockerfile (changed) --
         ENTRYPOINT ["/run.sh"]
    Source: Dockerfile reference, ENTRYPOINT
    """
    if found := _read(image):
        _, dockerfile, file = found
        each = dockerfile.last("ENTRYPOINT")
        if each and each.json is None and each.text and not each.text.startswith("exec "):
            looks = each.text.startswith("[")
            level: Level | None = "error" if looks else None
            words = (
                "ENTRYPOINT is not a JSON list, so it is in shell form"
                if looks
                else "a shell is process 1, so signals do not reach the program"
            )
            yield Hit(file.offset(each.start), words, 'write ENTRYPOINT ["/PROGRAM"], with double quotes', level=level)


@rule("CF707", "note", "confd looks for changes only every ten minutes", on=Image)
def slow_poll(image: Image) -> Iterator[Hit]:
    """With neither -watch nor -interval, confd sleeps 600 seconds after each pass: a new peer, or a file whose metadata came a
    second too late, is missing for up to ten minutes.

    Bad:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29
    Good:
        -- images/web-conf/run.sh --
        #!/bin/sh
        exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -interval 20
    Source: docs/facts/conf-images.md#5.14, docs/facts/confd.md#1.11
    """
    known = inside(image)
    for run in known.runs:
        if "backend" in run.flags and not {"interval", "watch", "onetime"} & set(run.flags):
            old = known.release.number is not None and known.release.number < 13
            hint = "use -interval 30 (-watch needs confd 0.13)" if old else "use -watch, and run confd -onetime now and then"
            yield Hit(run.where, "with this command line, confd polls only every 600 s", hint)


@rule("CF708", "warning", "The image contains a release of confd with known defects", on=Image)
def old_confd(image: Image) -> Iterator[Hit]:
    """confd 0.10 has no Rancher backend. In 0.11, `ls core` compares keys as plain text, so a key `core-site` adds `-site` to
    the result; and getv accepts no default. In 0.12 and 0.13, the result of `ls` has an extra name that is not in the metadata.
    Before 0.13, confd exits at once if -watch is used with Rancher.

    Bad:
        -- images/web-conf/Dockerfile --
        FROM busybox:1.37.0
        ADD --checksum=sha256:0 https://github.com/kelseyhightower/confd/releases/download/v0.12.0/confd-0.12.0-linux-amd64 /confd
    Good:
        -- images/web-conf/Dockerfile --
        FROM busybox:1.37.0
        ADD --checksum=sha256:0 https://github.com/kelseyhightower/confd/releases/download/v0.16.0/confd-0.16.0-linux-amd64 /confd
    Source: docs/facts/confd.md#0.1, #1.13
    """
    known = inside(image)
    release = known.release
    number, where = release.number, release.where
    if number is None or where is None or number >= 14 or not (known.resources or known.runs):
        return
    if number < 11 and known.is_rancher:
        yield Hit(where, f"{release.words} has no Rancher backend: it exits at once", _RELEASE, level="error")
    elif number == 11:
        yield Hit(where, f"in {release.words}, ls also lists other keys, and getv takes no default", _RELEASE, level="note")
    elif number in (12, 13):
        yield Hit(where, f"in {release.words}, ls adds a nonexistent name to its result", _RELEASE)
    for run in known.runs:
        if number < 13 and "watch" in run.flags and run.flags.get("backend") == "rancher":
            yield Hit(run.where, f"{release.words} refuses -watch with Rancher: it exits at once", _RELEASE, level="error")


@rule("CF709", "error", "confd exits at once with these arguments", on=Image)
def refused_arguments(image: Image) -> Iterator[Hit]:
    """confd parses its arguments with Go's flag package. It exits if it finds an unknown flag, a flag without
    its value, a value of the wrong type, or an unknown backend or log level. `-node` is a host: confd puts http:// before it.

    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd -backend rancher -node http://rancher-metadata -prefix /2016-07-29 -watch
    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd "-backend rancher" -prefix /2016-07-29 -watch
    Good:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd --backend=rancher --prefix=/2016-07-29 --watch
    Source: docs/facts/confd.md#1.11, #1.12
    """
    yield from _mistakes(image, "ends")


@rule("CF710", "error", "confd never writes anything with these arguments", on=Image)
def idle_arguments(image: Image) -> Iterator[Hit]:
    """The paths that confd requests from Rancher's metadata must begin with a metadata version: without it, each response is a
    404, which confd treats as data. With -watch, the prefix must be the version alone. Flags after a word that is not a flag
    are ignored, and without `-backend rancher` confd asks etcd.

    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd -backend rancher -watch
    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd -watch true -backend rancher -prefix /2016-07-29
    Good:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd -watch=true -backend rancher -prefix /2016-07-29
    Source: docs/facts/confd.md#1.11, #3.4, #3.7, #3.8
    """
    yield from _mistakes(image, "never")


@rule("CF711", "warning", "A flag of confd has no effect", on=Image)
def lost_flag(image: Image) -> Iterator[Hit]:
    """-onetime overrides -watch, and -watch overrides -interval. Rancher's backend uses only the first of several nodes.
    -config-file has no effect if it names a template resource. With -sync-only confd runs neither check_cmd nor reload_cmd.

    Bad:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch -interval 10
    Good:
        -- images/web-conf/run.sh (changed) --
         #!/bin/sh
        -exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -watch
        +exec confd -backend rancher -node rancher-metadata -prefix /2016-07-29 -interval 10
    Source: docs/facts/confd.md#1.11
    """
    yield from _mistakes(image, "lost")


def _mistakes(image: Image, effect: flags.Effect) -> Iterator[Hit]:
    """Yield a hit for each mistake with the given effect in the command lines of an image."""
    known = inside(image)
    for run in known.runs if known.resources or not known.confs else ():
        if run.is_sure:
            for each in _judged(known, run):
                if each.effect == effect:
                    yield Hit(run.at(each.word), each.message, each.hint)


def _judged(known: Inside, run: Run) -> Iterator[flags.Mistake]:
    """Yield the mistakes in a command line, taking the rest of the image into account."""
    line = run.line
    confdir = posixpath.normpath(line.get("confdir", flags.CONFDIR))
    confs = [each for each in known.confs if not each.confdir or flags.WILD in confdir or each.confdir == confdir]
    loaded = [(each, each.resource) for each in known.resources if each.conf in confs and each.resource]
    keys = [(resource.prefix, key) for _, resource in loaded for key in resource.keys]
    yield from flags.mistakes(line, keys, is_whole=_is_whole(known, line))
    if known.confs and not confs:
        there = known.confs[0].confdir
        yield flags.Mistake(
            "never", f"confd reads {confdir}, but conf.d is in {there}", f"write -confdir {there}", line.places.get("confdir", -1)
        )
    config = known.placed.get(line.get("config-file"))
    if config and any(each.file.path == config.path for each in known.resources):
        message = f"{config.name} is a template resource: it has no effect as a configuration file of confd"
        yield flags.Mistake("lost", message, "leave out -config-file", line.places.get("config-file", -1))
    if line.is_on("sync-only") and any(resource.reload_cmd or resource.check_cmd for _, resource in loaded):
        message = "with -sync-only, confd runs neither check_cmd nor reload_cmd"
        yield flags.Mistake("lost", message, "remove -sync-only or these commands", line.places.get("sync-only", -1))


def _is_whole(known: Inside, line: flags.CommandLine) -> bool:
    """Whether all flags of a command line are known. False if an unread configuration file of confd may add flags."""
    read = line.get("config-file", flags.CONFIG_FILE) in known.placed
    base = known.dockerfile.base if known.dockerfile else ""
    return not line.is_open and (read or not ("config-file" in line.values or "confd.toml" in known.words or "confd" in base))


@rule("CF713", "note", "Files that confd reads in an image cannot be checked", on=Image)
def unread_templates(image: Image) -> Iterator[Hit]:
    """Lint reads files that COPY and ADD put into conf.d/ and templates/. Lint cannot check files that RUN or a script creates in
    these folders.

    Bad:
        -- images/web-conf/conf.d/web.toml (absent) --
        -- images/web-conf/templates/web.conf.tmpl (absent) --
        -- images/web-conf/Dockerfile (changed) --
        -COPY conf.d/ /etc/confd/conf.d/
        -COPY templates/ /etc/confd/templates/
        +RUN make-templates /etc/confd/conf.d
    Good:
        -- images/web-conf/Dockerfile (changed) --
         COPY conf.d/ /etc/confd/conf.d/
         COPY templates/ /etc/confd/templates/
    Source: Dockerfile reference, COPY
    """
    known = inside(image)
    made = re.search(r"conf\.d|confdir", known.words)
    if known.runs and not known.confs and made and known.file:
        words = "the template resources of this image are created during the build or later, so they cannot be checked"
        yield Hit(known.file.at(), words, "write the resources to files, and COPY these files")


@rule("CF712", "error", "The command of a service gives confd wrong arguments", on=Catalog)
def wrong_command(catalog: Catalog) -> Iterator[Hit]:
    """`command` replaces the image's CMD, and confd reads the words of `command` as arguments, so CF709 and CF710 apply.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web-conf --
        image: ghcr.io/example/web-conf:1.0.0
        entrypoint: /usr/bin/confd
        command: -backend rancher -prefix /2016-07-29/self -watch
        labels:
          io.rancher.container.start_once: 'true'
    Good:
        -- templates/web/0/docker-compose.yml: services.web-conf --
        image: ghcr.io/example/web-conf:1.0.0
        entrypoint: /usr/bin/confd
        command: -backend rancher -prefix /2016-07-29 -onetime
        labels:
          io.rancher.container.start_once: 'true'
    Source: docs/facts/confd.md#1.11, #3.8
    """
    names = ("confd", *(image.name for image in catalog.images))
    # Rules for the whole catalog run in one process. To save time, revisions are skipped if their text contains neither `confd`
    # nor the name of an image of the catalog.
    named = (each for each in catalog.revisions if any(name in file.text for file in each.compose_files for name in names))
    for composition in (revision.composition for revision in named):
        for service in composition.services.values():
            words = _command_of(catalog, service)
            if words and posixpath.basename(words[0]) == "confd":
                node = service.get("command")
                where = composition.at(node.where if node else service.where)
                for each in flags.mistakes(flags.read(words[1:], *releases.ASSUMED), (), is_whole=False):
                    yield Hit(where, each.message, each.hint, level="warning" if each.effect == "lost" else None)


def _command_of(catalog: Catalog, service: Service) -> list[str]:
    """Return the command line of a service's container. If `command` begins with a flag, the image determines the program."""
    command, entrypoint = _words(service.get("command")), _words(service.get("entrypoint"))
    if not entrypoint and command and command[0].startswith("-"):
        name = text_of(service.get("image")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        image = next((each for each in catalog.images if each.name == name), None)
        program = inside(image).entry if image and name else ""
        entrypoint = [program] if program else []
    return [*entrypoint, *command]


def _words(node: Node | None) -> list[str]:
    """Return the words of a command; the parts that Rancher substitutes become wildcards."""
    if isinstance(node, Seq):
        return [_known(text_of(each)) for each in node.items]
    try:
        return shlex.split(_known(text_of(node)))
    except ValueError:
        return []


def _known(text: str) -> str:
    for found in reversed(list(dollars(text))):
        text = text[: found.start] + flags.WILD + text[found.start + len(found.text) :]
    return flags.WILD if "{{" in text else text.replace("$$", "$")
