"""Where an image has the files of its build context, and what confd finds there."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

import docker
import pytest

from catalog_forge.image.context import tar
from catalog_forge.image.dockerfile import parse
from catalog_forge.image.gathering import MAX_STEPS, gathered, inlined, kept, places
from catalog_forge.plan import File, Plan

FILES = (
    *("a.toml", "b.toml", "a.tmpl", "conf/a.toml", "conf/b.toml", "conf/deep/c.toml", "conf/x.tmpl", "etc/confd/conf.d/e.toml"),
    *("etc/confd/templates/e.tmpl", "with space.toml", "run.sh"),
)
# The lines of a Dockerfile, and where what is in /etc/confd comes from.
CASES: Mapping[str, Mapping[str, str]] = {
    "COPY a.toml /etc/confd/conf.d/": {"conf.d/a.toml": "a.toml"},
    "COPY a.toml /etc/confd/conf.d/web.toml": {"conf.d/web.toml": "a.toml"},
    "ADD a.toml b.toml /etc/confd/conf.d/": {"conf.d/a.toml": "a.toml", "conf.d/b.toml": "b.toml"},
    "COPY conf /etc/confd/conf.d": {
        "conf.d/a.toml": "conf/a.toml", "conf.d/b.toml": "conf/b.toml", "conf.d/deep/c.toml": "conf/deep/c.toml",
        "conf.d/x.tmpl": "conf/x.tmpl",
    },
    "COPY conf/*.toml /etc/confd/conf.d/\nCOPY conf/*.tmpl /etc/confd/templates/": {
        "conf.d/a.toml": "conf/a.toml", "conf.d/b.toml": "conf/b.toml", "templates/x.tmpl": "conf/x.tmpl",
    },
    'COPY ["with space.toml", "./a.toml", "/etc/confd/conf.d/"]': {
        "conf.d/with space.toml": "with space.toml", "conf.d/a.toml": "a.toml",
    },
    "COPY --chown=1:1 [ab].toml /etc/confd/conf.d/": {"conf.d/a.toml": "a.toml", "conf.d/b.toml": "b.toml"},
    "COPY etc /etc": {"conf.d/e.toml": "etc/confd/conf.d/e.toml", "templates/e.tmpl": "etc/confd/templates/e.tmpl"},
    "COPY etc/confd /etc/confd/\nCOPY a.toml /etc/confd/conf.d": {
        "conf.d/e.toml": "etc/confd/conf.d/e.toml", "templates/e.tmpl": "etc/confd/templates/e.tmpl", "conf.d/a.toml": "a.toml",
    },
    "WORKDIR /etc/confd\nWORKDIR conf.d\nCOPY a.toml .\nCOPY b.toml ../conf.d/c.toml": {
        "conf.d/a.toml": "a.toml", "conf.d/c.toml": "b.toml",
    },
    "COPY conf/? a.tm* /etc/confd/templates/": {"templates/a.tmpl": "a.tmpl"},
    "ARG D=/etc/confd\nENV E=conf.d\nCOPY a.toml $D/${E}/": {"conf.d/a.toml": "a.toml"},
    "COPY a.toml /etc/confd/conf.d/x.toml\nCOPY b.toml /etc/confd/conf.d/x.toml": {"conf.d/x.toml": "b.toml"},
    "COPY . /src\nCOPY ./conf/../a.toml /etc/confd/conf.d/": {"conf.d/a.toml": "a.toml"},
    "COPY /conf/deep/ /etc/confd/conf.d/": {"conf.d/c.toml": "conf/deep/c.toml"},
    "COPY con? /etc/confd/conf.d/": {
        "conf.d/a.toml": "conf/a.toml", "conf.d/b.toml": "conf/b.toml", "conf.d/deep/c.toml": "conf/deep/c.toml",
        "conf.d/x.tmpl": "conf/x.tmpl",
    },
}  # fmt: skip
STAGES: Mapping[str, Mapping[str, str]] = {
    "FROM scratch AS one\nCOPY a.toml /etc/confd/conf.d/\nFROM one\nCOPY b.toml /etc/confd/conf.d": {
        "conf.d/a.toml": "a.toml", "conf.d/b.toml": "b.toml",
    },
    "FROM scratch AS One\nCOPY conf /made/\nFROM scratch\nCOPY --from=one /made/*.toml /etc/confd/conf.d/": {
        "conf.d/a.toml": "conf/a.toml", "conf.d/b.toml": "conf/b.toml",
    },
    "FROM scratch\nCOPY a.toml /x/\nFROM scratch\nCOPY --from=0 /x/a.toml /etc/confd/conf.d/z.toml": {"conf.d/z.toml": "a.toml"},
    "FROM scratch AS one\nCOPY a.toml /etc/confd/conf.d/\nFROM scratch\nCOPY b.toml /etc/confd/conf.d/": {
        "conf.d/b.toml": "b.toml",
    },
}  # fmt: skip
ALL = {**{f"FROM scratch\n{lines}": found for lines, found in CASES.items()}, **STAGES}


def below(placed: Mapping[str, str]) -> dict[str, str]:
    start = "/etc/confd/"
    return {path.removeprefix(start): source for path, source in placed.items() if path.startswith(start)}


@pytest.mark.parametrize("text", ALL)
def test_files_are_where_the_image_has_them(text: str) -> None:
    assert below(places(parse(text), FILES)) == ALL[text]


@pytest.mark.engine
@pytest.mark.parametrize("text", ALL)
def test_the_engine_puts_them_there(text: str, engine: docker.DockerClient, test_labels: dict[str, str]) -> None:
    context = Plan([File("Dockerfile", f'{text}\nCMD ["x"]\n'.encode()), *(File(path, path.encode()) for path in FILES)])
    image, _ = engine.images.build(
        fileobj=io.BytesIO(tar(context)), custom_context=True, rm=True, forcerm=True, labels=test_labels
    )
    container = engine.containers.create(image.id, labels=test_labels)
    try:
        archive = io.BytesIO(b"".join(container.export()))
    finally:
        container.remove()
        engine.images.remove(image.id, force=True)
    with tarfile.open(fileobj=archive) as found:
        real = (each for each in found if each.isfile())
        files = {f"/{each.name}": content.read().decode() for each in real if (content := found.extractfile(each))}
    assert below(files) == ALL[text]


@pytest.mark.parametrize(
    "lines",
    [
        "RUN mkdir -p /etc/confd/conf.d && echo x\nCOPY a.toml /etc/confd/conf.d",
        "COPY --from=other:1 /x /etc/confd/templates/\nCOPY a.toml /etc/confd/conf.d/",
        "ADD https://example.org/x.toml /etc/confd/conf.d/\nADD a.toml /etc/confd/conf.d/",
        "COPY ../a.toml ../../nope [ /etc/confd/conf.d/",
    ],
)
def test_what_is_not_in_the_context_is_left_out(lines: str) -> None:
    assert below(places(parse(f"FROM busybox\n{lines}\n"), FILES)) == {"conf.d/a.toml": "a.toml"}


def test_heredocs_are_files_that_the_dockerfile_brings_itself() -> None:
    lines = (
        "FROM busybox", "ENV PORT=80", "COPY <<EOF <<-'RAW' /etc/confd/conf.d/", "a $PORT",
        "EOF", "\tb $PORT", "\tRAW",
        "ADD <<X a.toml \\", "  /x/", "x", "X", "COPY <<EOF /etc/confd/templates/t", "EOF", "COPY . /s/",
    )  # fmt: skip
    made = parse("\n".join(lines))
    files = inlined(made)
    placed = places(made, [*FILES, *files])
    found = {path: files[source] for path, source in placed.items() if source in files}
    assert {path: (each.above, each.text) for path, each in found.items()} == {
        "/etc/confd/conf.d/EOF": (3, "a 80\n"), "/etc/confd/conf.d/RAW": (5, "b $PORT\n"), "/x/X": (9, "x\n"),
        "/etc/confd/templates/t": (12, ""),
    }  # fmt: skip
    assert not made.faults


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("", "a.toml conf/a.toml conf/deep/c.toml run.sh"),
        ("# run.sh\n\n  /conf/ \n", "a.toml run.sh"),
        ("*.toml", "conf/a.toml conf/deep/c.toml run.sh"),
        ("**/*.toml", "run.sh"),
        ("conf/**\n!conf/deep", "a.toml conf/deep/c.toml run.sh"),
        ("*\n!*.sh\n", "run.sh"),
        ("!a.toml\n./a.toml\nconf/*/c.*\n[", "conf/a.toml run.sh"),
        ("**/deep", "a.toml conf/a.toml run.sh"),
        ("conf/**/c.toml\nconf/**/**/a.toml", "a.toml run.sh"),
        ("../a.toml", "conf/a.toml conf/deep/c.toml run.sh"),
    ],
)
def test_what_a_dockerignore_leaves_out_is_in_no_image(ignore: str, left: str) -> None:
    assert kept(("a.toml", "conf/a.toml", "conf/deep/c.toml", "run.sh"), ignore) == left.split()


def test_every_folder_of_confd_is_found_and_a_copy_is_none() -> None:
    placed = {
        "/etc/confd/conf.d/a.toml": "a.toml", "/etc/confd/templates/a/b.tmpl": "b", "/etc/confd/conf.d/note": "n",
        "/opt/x/conf.d/b.toml": "b.toml", "/opt/x/templates/c": "c", "/src/conf.d/a.toml": "a.toml", "/y/templates/z": "z",
    }  # fmt: skip
    first, second = gathered(placed)
    assert (first.confdir, first.resources, first.templates) == ("/etc/confd", {"a.toml": "a.toml"}, {"a/b.tmpl": "b"})
    assert (second.confdir, second.resources, second.templates) == ("/opt/x", {"b.toml": "b.toml"}, {"c": "c"})


def test_the_work_is_bounded() -> None:
    files = [f"d/{number}" for number in range(2000)]
    text = "FROM a\n" + "COPY . /a\nCOPY d/* /b/\n" * 3000
    assert len(places(parse(text), files)) < MAX_STEPS
    assert len(kept(["a/" * 50 + "b"] * 2000, "**/" * 50 + "c\n" * 100)) == 2000
    stages = "".join(f"FROM {'s' + str(n - 1) if n else 'x'} AS s{n}\nCOPY . /{n}\n" for n in range(2000))
    assert len(places(parse(stages), files)) < MAX_STEPS
