"""The generated Dockerfile and scripts: nothing for linters to report, accepted by every shell, no way out of a quoting."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from catalog_forge.plan import Plan
from tests.helpers import PATIENCE
from tests.image.specs import FILE, SPECS, plan

SHELLS = [shell for shell in ("dash", "busybox sh", "bash --posix") if shutil.which(shell.split()[0])]
WORDS = ("it's", '"', "$HOME", "`id`", "\\", "'; echo out; '", "$(echo out)", "-n", "[[ a ]]", "{{b}}", "#")
SCRIPTS = ("entrypoint.sh", "run.sh", "check.sh")


def scripts(context: Plan) -> list[str]:
    return [file.path for file in context if file.path in SCRIPTS]


def lint(command: list[str], text: str) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.linters
@pytest.mark.parametrize("topology", ["volumes", "netns", "datavol", "embedded"])
@pytest.mark.parametrize("name", SPECS)
def test_linters_report_nothing(name: str, topology: str) -> None:
    context = plan(SPECS[name], topology)
    assert lint(["hadolint", "--no-color", "-"], context.text("Dockerfile")) == ""
    for script in scripts(context):
        assert lint(["shellcheck", "--enable=check-unassigned-uppercase", "-"], context.text(script)) == ""


@pytest.mark.linters
def test_linters_report_nothing_of_an_image_that_only_carries_files() -> None:
    context = plan(SPECS["tools"], "scripts")
    assert lint(["hadolint", "--no-color", "-"], context.text("Dockerfile")) == ""
    for script in scripts(context):
        assert lint(["shellcheck", "--enable=check-unassigned-uppercase", "-"], context.text(script)) == ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", SPECS)
def test_shells_accept_the_scripts(name: str, shell: str) -> None:
    context = plan(SPECS[name])
    for script in scripts(context):
        assert lint([*shell.split(), "-n"], context.text(script)) == ""


def launched(tmp_path: Path, text: str, *program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the launch script of a spec on this machine, its share moved to a folder where all files are written."""
    script = tmp_path / "run.sh"
    script.write_text(plan(text).text("run.sh").replace("/opt/probe-conf", str(tmp_path)))
    (tmp_path / "ready").touch()
    (tmp_path / "changed").mkdir(exist_ok=True)
    return subprocess.run(
        ["/bin/sh", script, *program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def stamping(tmp_path: Path, text: str, resource: str) -> str:
    """The command by which confd tells of a changed file, which lies in the folder as the share does."""
    toml = tomllib.loads(plan(text).text(f"conf.d/{resource}.toml"))["template"]
    (tmp_path / resource).touch()
    return str(toml["reload_cmd"]).replace(toml["dest"], f"{tmp_path}/{resource}").replace("/opt/probe-conf", str(tmp_path))


def commands(tmp_path: Path, script: str) -> Path:
    """A folder with one program, `probe`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "probe").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "probe").chmod(0o755)
    return folder


def test_commands_are_run_and_told_as_they_were_written(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = f"printf '<%s>' {' '.join(map(shlex.quote, WORDS))}; touch {run}"
    text = f"launch: {{before: [{json.dumps(command)}]}}\nfiles: [{{{FILE}, reload: {json.dumps('exec ' + command)}}}]\n"
    changed = f"rm {run}; {stamping(tmp_path, text, 'probe.conf')}; until [ -e {run} ]; do sleep 0.1; done"
    done = launched(tmp_path, text, "/bin/sh", "-c", changed)
    assert done.stdout == 2 * "".join(f"<{word}>" for word in WORDS)
    assert f"launch: reload: exec {command}\n" in done.stderr


TWICE = "files: [{dest: /etc/probe/probe.conf, format: raw, reload: exec echo reloaded, body: [{text: x}]}]\n"


def test_a_change_that_two_passes_of_confd_write_is_one_reload(tmp_path: Path) -> None:
    """The second comes when the launch script has acted on the first, as under load."""
    stamped = stamping(tmp_path, TWICE, "probe.conf")
    once = f"echo a >{tmp_path}/probe.conf; {stamped}; {reloaded(tmp_path, 1)}"
    script = f"{once}; {stamped}; {stamped} & {stamped}; sleep 4"
    assert told(tmp_path, script).count("reloaded") == 1


def test_each_of_two_changes_is_a_reload_and_also_the_way_back(tmp_path: Path) -> None:
    stamped = stamping(tmp_path, TWICE, "probe.conf")
    changes = [
        f"echo {text} >{tmp_path}/probe.conf; {stamped}; {reloaded(tmp_path, number)}" for number, text in enumerate("aba", 1)
    ]
    assert told(tmp_path, "; ".join([*changes, "sleep 4"])).count("reloaded") == 3


def test_the_stamp_says_in_the_end_what_the_file_holds(tmp_path: Path) -> None:
    """One that has read the file before another wrote it looks again."""
    stamped = stamping(tmp_path, TWICE, "probe.conf")
    (tmp_path / "changed").mkdir()
    changing = f"{{ [ -e {tmp_path}/second ] || echo b >{tmp_path}/probe.conf; }} && touch {tmp_path}/second"
    late = stamped.replace("&& mv", f"&& {changing} && mv")
    subprocess.run(["/bin/sh", "-c", f"echo a >{tmp_path}/probe.conf; {late}"], check=True, timeout=PATIENCE)
    said = subprocess.run(["sha256sum", "-c", tmp_path / "changed/1.probe.conf"], capture_output=True, check=False)
    assert said.returncode == 0


def reloaded(tmp_path: Path, times: int) -> str:
    """A command that waits until there were so many reloads."""
    return f"until [ $(grep -c reloaded {tmp_path}/said) -ge {times} ]; do sleep 0.1; done"


def told(tmp_path: Path, script: str) -> str:
    """What a launched program says that changes its own file."""
    with (tmp_path / "said").open("w") as said:
        (tmp_path / "run.sh").write_text(plan(TWICE).text("run.sh").replace("/opt/probe-conf", str(tmp_path)))
        (tmp_path / "ready").touch()
        (tmp_path / "changed").mkdir()
        subprocess.run(["/bin/sh", tmp_path / "run.sh", "/bin/sh", "-c", script], stdout=said, check=True, timeout=PATIENCE)
    return (tmp_path / "said").read_text()


def test_a_command_that_is_no_whole_command_fails_alone(tmp_path: Path) -> None:
    done = launched(tmp_path, SPECS["hostile"], "echo", "program")
    assert "launch: a command before the start failed" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 42", 42), ("kill -KILL $$", 137)])
def test_the_exit_status_is_the_program_s(tmp_path: Path, script: str, status: int) -> None:
    assert launched(tmp_path, SPECS["least"], "/bin/sh", "-c", script).returncode == status


def test_a_script_that_older_images_of_the_library_have_in_their_root_is_found(tmp_path: Path) -> None:
    folder = commands(tmp_path, 'echo "probe $*"')
    script = plan(SPECS["least"]).text("run.sh")
    assert '"/$1"' in script and "/opt/probe-conf" in script
    text = script.replace('"/$1"', f'"{folder}/$1"').replace("program=/$1", f"program={folder}/$1")
    (tmp_path / "run.sh").write_text(text.replace("/opt/probe-conf", str(tmp_path)))
    (tmp_path / "ready").touch()
    done = subprocess.run(
        ["/bin/sh", tmp_path / "run.sh", "probe", "a b"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stdout == "probe a b\n", done.stderr


def test_a_program_named_like_a_function_of_the_script_is_the_program(tmp_path: Path) -> None:
    folder = commands(tmp_path, "echo mine")
    (folder / "probe").rename(folder / "start")
    assert launched(tmp_path, SPECS["least"], "start", PATH=f"{folder}:{os.environ['PATH']}").stdout == "mine\n"


def test_a_stage_of_the_dockerfile_is_pinned_and_its_download_checked() -> None:
    text = plan(SPECS["least"]).text("Dockerfile")
    assert re.search(r"^ARG BASE=busybox:1\.37\.0$", text, re.MULTILINE)
    assert re.search(r"^ARG CONFD_SHA256=[0-9a-f]{64}$", text, re.MULTILINE)
    assert text.index("ADD ${CONFD_SRC}") < text.index("sha256sum -c") < text.index("COPY --from=confd")


def test_once_a_signal_may_have_been_trapped_nothing_is_read_by_the_builtin_of_the_shell() -> None:
    """In busybox 1.38.0 it never returns then: github.com/vda-linux/busybox_mirror/issues/16."""
    script = (Path(__file__).parents[2] / "catalog_forge/image/files/run.sh").read_text()
    reads = [line.strip() for line in script.splitlines() if re.search(r"\bread -", line) and not line.startswith("#")]
    before_the_first_trap = ['[ ! -r "$share/problem" ] || read -r why <"$share/problem" || :', 'read -r since <"$share/since"']
    in_a_shell_of_its_own = ["IFS= read -r -t 40 answer"]
    assert reads == [before_the_first_trap[0], before_the_first_trap[1], *in_a_shell_of_its_own]
