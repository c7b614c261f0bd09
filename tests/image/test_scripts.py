"""The generated Dockerfile and scripts: nothing for linters to report, accepted by every shell, no way out of a quoting."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import PATIENCE
from tests.image.specs import FILE, SPECS, plan

SHELLS = [shell for shell in ("dash", "busybox sh", "bash --posix") if shutil.which(shell.split()[0])]
WORDS = ("it's", '"', "$HOME", "`id`", "\\", "'; echo out; '", "$(echo out)", "-n", "[[ a ]]", "{{b}}", "#")
SCRIPTS = ("entrypoint.sh", "run.sh")


def lint(command: list[str], text: str) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.linters
@pytest.mark.parametrize("topology", ["volumes", "netns", "datavol"])
@pytest.mark.parametrize("name", SPECS)
def test_linters_report_nothing(name: str, topology: str) -> None:
    context = plan(SPECS[name], topology)
    assert lint(["hadolint", "--no-color", "-"], context.text("Dockerfile")) == ""
    for script in SCRIPTS:
        assert lint(["shellcheck", "--enable=check-unassigned-uppercase", "-"], context.text(script)) == ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", SPECS)
def test_shells_accept_the_scripts(name: str, shell: str) -> None:
    for script in SCRIPTS:
        assert lint([*shell.split(), "-n"], plan(SPECS[name]).text(script)) == ""


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


def commands(tmp_path: Path, script: str) -> Path:
    """A folder with one program, `probe`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "probe").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "probe").chmod(0o755)
    return folder


def test_commands_are_run_and_told_as_they_were_written(tmp_path: Path) -> None:
    command = "printf '<%s>' " + " ".join(map(shlex.quote, WORDS))
    text = f"launch: {{before: [{json.dumps(command)}]}}\nfiles: [{{{FILE}, reload: {json.dumps('exec ' + command)}}}]\n"
    done = launched(tmp_path, text, "/bin/sh", "-c", f"sleep 1; echo >>{tmp_path}/changed/1; sleep 4")
    assert done.stdout == 2 * "".join(f"<{word}>" for word in WORDS)
    assert f"launch: reload: exec {command}\n" in done.stderr


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
