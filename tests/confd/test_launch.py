"""How a program starts, as confd writes it for the launch script: what the shell makes of that file."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.spec.launching import launch_files
from catalog_forge.spec.model import Launch
from tests.confd.environments import TOPOLOGIES, environment, view
from tests.confd.harness import VERSIONS, Rendered, conf, flat, render, spec_of
from tests.helpers import PATIENCE, busybox

WORDS = ("it's", '"', "$HOME", "`id`", "\\", "'; echo out; '", "$(echo out)", "-n", "a\nb", "", "# c", "{{x}}")
KEYS = {"v": {}, "o": {"optional": True}, "pw": {"type": "password"}, "m": {"type": "map"}}
# What the launch script has before it reads the file, and what it would start then.
AROUND = """\
role=$1 started=$2
shift 2
run() { command=$1; shift; for value; do export "${value?}"; done; sh -c "$command"; }
before() { [ -n "$started" ] || run "$@"; }
. "$FILE"
printf '<%s>' "$@" "env=${E-none}"
"""


def started(file: Path, *program: str, role: str = "leader", again: str = "") -> str:
    """What the commands and the program say that the file leads to, in the shell of busybox."""
    done = subprocess.run(
        [busybox(), "sh", "-euc", AROUND, "sh", role, again, *program],
        env={"FILE": str(file)}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + file.read_text()
    return done.stdout


def launched(confd: Path, folder: Path, launch: Mapping[str, Any], metadata: Mapping[str, Any]) -> Rendered:
    spec = spec_of(conf({"text": "x"}), metadata=KEYS, launch=launch, service={"name": "app", "topology": "netns"})
    return render(confd, folder, replace(spec, files=(next(launch_files(spec)),), launch=Launch()), flat(metadata))


def file_of(out: Rendered) -> Path:
    assert out.status == 0, out.log
    return out.folder / "root/opt/app-conf/launch"


@pytest.mark.parametrize("word", WORDS)
def test_a_value_is_one_word_wherever_it_stands(confd: Path, tmp_path: Path, word: str) -> None:
    if word == "":
        word = " "  # a needed key must have a value
    launch = {
        "exec": ["app", "@{metadata/v}", "it's @{metadata/v}-@{metadata/v}"],
        "before": ["printf '[%s]' @{metadata/v} \"a@{metadata/v}b\" 'c@{metadata/v}d' # @{metadata/v}"],
        "environment": {"E": "e-@{metadata/v}"},
    }
    said = started(file_of(launched(confd, tmp_path, launch, {"v": word})), "app")
    assert said == f"[{word}][a{word}b][c{word}d]<app><{word}><it's {word}-{word}><env=e-{word}>"


@pytest.mark.parametrize(
    ("given", "wanted"), [({}, "<app><-a><env=none>"), ({"o": "1", "m": {"k": "2"}}, "<app><--o=1><-a><2><env=1>")]
)
def test_what_reads_an_optional_key_without_a_value_is_left_out(
    confd: Path, tmp_path: Path, given: Mapping[str, Any], wanted: str
) -> None:
    launch = {"exec": ["app", "--o=@{metadata/o}", "-a", "@{metadata/m/k}"], "environment": {"E": "@{metadata/o}"}}
    assert started(file_of(launched(confd, tmp_path, launch, {"v": "1", **given})), "app") == wanted


def test_leader_and_others_have_words_of_their_own_and_before_is_for_the_first_start(confd: Path, tmp_path: Path) -> None:
    launch = {
        "exec": ["app", "-a"], "before": ["printf first"],
        "leader": {"port": 1, "before": ["printf lead"], "args": ["--found"]},
        "others": {"args": ["--join=@{service.name}"]},
    }  # fmt: skip
    file = file_of(launched(confd, tmp_path, launch, {"v": "1"}))
    assert started(file, "app", "-a") == "firstlead<app><-a><--found><env=none>"
    assert started(file, "app", "-a", again="1") == "lead<app><-a><--found><env=none>"
    assert started(file, "app", "-a", role="others") == "first<app><-a><--join=app><env=none>"


def test_a_secret_in_the_environment_makes_the_file_private_and_as_an_argument_is_refused(confd: Path, tmp_path: Path) -> None:
    out = launched(confd, tmp_path, {"exec": ["app"], "environment": {"E": "@{metadata/pw}"}}, {"pw": "x"})
    assert file_of(out).stat().st_mode & 0o777 == 0o600
    for launch in (
        {"exec": ["app", "--pw=@{metadata/pw}"]},
        {"exec": ["app"], "leader": {"port": 1, "args": ["@{metadata/pw}"]}},
    ):
        with pytest.raises(ForgeError, match="metadata/pw is a secret, but every process of the host can read arguments"):
            spec_of(conf({"text": "x"}), metadata=KEYS, launch=launch)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_peers_are_listed_with_index_state_and_address(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    spec = spec_of(
        conf({"text": "x"}),
        launch={"exec": ["app"], "restart": {"stagger": "9s"}},
        service={"name": "app", "topology": topology},
        engine={"metadata": version},
    )
    answers, client = view(environment(topology), topology)
    out = render(confd, tmp_path, replace(spec, files=tuple(launch_files(spec)), launch=Launch()), answers, client=client)
    assert out.status == 0, out.log
    own, *peers = (out.folder / "root/opt/app-conf/peers").read_text().splitlines()
    assert own.split()[0] in [line.split()[0] for line in peers]
    assert len(peers) == int(own.split()[1]) or len(peers) > 1
    assert all(len(line.split()) == 3 for line in peers), peers


def test_a_start_without_expressions_is_no_file(confd: Path) -> None:  # noqa: ARG001 (beside those that need it)
    assert list(launch_files(spec_of(conf({"text": "x"}), launch={"exec": ["app", "-a"], "before": ["b"]}))) == []


@pytest.mark.parametrize(
    ("launch", "said"),
    [
        ({"exec": ["@{metadata/v}"]}, "the program itself cannot be an expression"),
        ({"others": {}}, "`others` join a leader, but the spec defines no leader"),
        ({"leader": {}}, "the port on which the running program answers is unknown"),
        ({"leader": {"port": 1, "by": "highest-number"}}, "`number` and `by: highest-number` need each other"),
        ({"leader": {"port": 1, "number": "x"}}, "`number` and `by: highest-number` need each other"),
        (
            {"leader": {"port": 1, "number": "x", "by": "highest-number", "once": "/x"}},
            "`once` has no effect with `by: highest-number`",
        ),
        ({"reload": "restart"}, "`reload` has no effect, because no value in `exec` and `environment` can change"),
        ({"environment": {"a-b": "c"}}, "'a-b' cannot be the name of a variable"),
        ({"before": ["echo \\\\\\@{metadata/v}"]}, "is not allowed after a backslash"),
        ({"exec": ["app", "@{metadata/x}"]}, "no such metadata key: 'x'"),
        ({"environment": {"E": "@{peers}"}}, "is a collection, not a value"),
    ],
)
def test_what_cannot_be_is_refused(launch: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ForgeError, match=said):
        spec_of(conf({"text": "x"}), metadata=KEYS, launch={"exec": ["app"], **launch})


@pytest.mark.parametrize(("name", "wanted"), [("app", "other -x"), ("app-b", "app -x --v=1 -y")])
def test_a_group_with_words_of_its_own_gets_no_others(name: str, wanted: str, confd: Path, tmp_path: Path) -> None:
    groups = {"a": {"name": "app", "exec": ["other", "-x"]}, "b": {"name": "app-b"}}
    service = {"name": "app", "topology": "netns", "groups": groups}
    launch = {"exec": ["app", "-x", "--v=@{metadata/v}", "-y"], "environment": {"E": "@{metadata/v}"}}
    spec = spec_of(conf({"text": "x"}), metadata=KEYS, launch=launch, service=service)
    (member,) = (member for member in spec.members if member.name == name)
    answers = flat({"v": "1"}, name)
    out = render(confd, tmp_path, replace(spec, files=(next(launch_files(spec)),), launch=Launch()), answers)
    program = member.command
    said = started(file_of(out), *program)
    assert said == "".join(f"<{word}>" for word in wanted.split()) + "<env=1>"
