"""The scripts that bring the real programs."""

from __future__ import annotations

import html
import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import docker
import pytest

from catalog_forge import __version__
from tests.helpers import said, tree
from tools.lines import code_lines

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted(ROOT.glob("tools/*.sh"))


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing but ``environment`` and the system's own programs."""
    env = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_can_be_executed_and_is_plain_sh(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith("#!/bin/sh\n")


def test_confd_is_the_release_that_conf_images_run(confd: Path) -> None:
    assert run(confd, "-version").stdout.startswith("confd 0.16.0 ")


def test_a_confd_of_another_release_is_refused(tmp_path: Path) -> None:
    other = tree(tmp_path, {"confd": "#!/bin/sh\necho 'confd 0.11.0'\n"}) / "confd"
    other.chmod(0o755)
    result = run(ROOT / "tools/confd.sh", HOME=str(tmp_path), CATALOG_FORGE_CONFD=str(other))
    assert (result.returncode, result.stdout) == (4, "")
    assert "is not a confd 0.16.0" in result.stderr


def test_engine_whose_sockets_would_not_fit_is_not_started(tmp_path: Path) -> None:
    result = run(ROOT / "tools/engine.sh", "start", DOCKER_HOST="unix:///nowhere", XDG_CACHE_HOME=str(tmp_path / ("x" * 70)))
    assert (result.returncode, result.stdout) == (4, "")
    assert re.search("too long for the sockets|only root can start", result.stderr)


def test_a_run_that_did_not_start_the_engine_does_not_stop_it(tmp_path: Path) -> None:
    home = tmp_path / "catalog-forge/engine"
    home.mkdir(parents=True)
    # The script recognizes its engine by the folder in the command line.
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", f"{home}/"]) as engine:
        try:
            (home / "docker.pid").write_text(str(engine.pid))
            assert run(ROOT / "tools/engine.sh", "stop", "1", XDG_CACHE_HOME=str(tmp_path)).returncode == 0
            assert engine.poll() is None
        finally:
            engine.kill()


def test_base_image_has_what_conf_images_need(engine: docker.DockerClient, base_image: str, test_labels: dict[str, str]) -> None:
    command = ["sh", "-c", "which wget nc ip && test -w /tmp && grep ^root: /etc/passwd /etc/group"]
    assert said(engine, base_image, command, labels=test_labels)


def test_missing_program_that_cannot_be_installed_is_named(tmp_path: Path) -> None:
    bin_without_apt = tree(tmp_path, {}) / "bin"
    bin_without_apt.mkdir()
    (bin_without_apt / "id").symlink_to("/usr/bin/id")
    result = run("/bin/sh", ROOT / "tools/debian.sh", "nosuch=nosuch-package", PATH=str(bin_without_apt))
    assert result.returncode == 4
    assert "missing Debian packages: nosuch-package" in result.stderr


@pytest.mark.engine
@pytest.mark.compose
def test_command_keeps_its_exit_code_when_the_real_programs_are_put_away(confd: Path) -> None:
    command = ["sh", "-c", 'echo "$CATALOG_FORGE_CONFD"; exit 7']
    result = run(ROOT / "tools/with_real_programs.sh", *command, **{**os.environ, "CATALOG_FORGE_CONFD": str(confd)})
    assert (result.returncode, result.stdout) == (7, f"{confd}\n")


@pytest.mark.linters
@pytest.mark.parametrize(("ci", "status", "sums"), [("", 0, "1 passed, 1 skipped"), ("true", 1, "1 passed, 1 error")])
def test_side_by_side_the_account_of_real_programs_and_the_exit_code_stay_whole(
    ci: str, status: int, sums: str, tmp_path: Path
) -> None:
    tree(tmp_path, {"test_a.py": "def test_a(engine): pass\n", "test_b.py": "def test_b(linters): pass\n"})
    pytest_of_ours = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        ROOT / "pyproject.toml",
    ]
    done = subprocess.run(
        [*pytest_of_ours, "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile", tmp_path],
        cwd=ROOT, env={**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock", "CI": ci},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    (account,) = [line for line in done.stdout.splitlines() if line.startswith("REAL PROGRAMS: ")]
    assert "hadolint at" in account and "NO Docker engine (" in account
    assert sums in done.stdout


@pytest.mark.parametrize(
    ("statuses", "ci", "status", "words"),
    [
        ((0, 0, 0, 0, 0), "", 0, ("passed", "passed", "passed", "passed")),
        ((1, 0, 0, 0, 0), "", 1, ("FAILED", "passed", "passed", "passed")),
        ((0, 4, 4, 4, 0), "", 0, ("passed", "left out", "left out", "left out")),
        ((0, 4, 4, 4, 0), "true", 1, ("passed", "FAILED", "FAILED", "FAILED")),
        ((0, 1, 0, 0, 1), "", 1, ("passed", "FAILED", "FAILED", "FAILED")),
    ],
)
def test_each_part_of_both_tiers_is_run_and_the_end_says_what_came_out(
    statuses: tuple[int, ...], ci: str, status: int, words: tuple[str, ...], tmp_path: Path
) -> None:
    everything, python, release, sid, current = statuses
    scripts = {
        "with_real_programs.sh": f'#!/bin/sh\n[ "$2" != --all ] || exit {everything}\nexit {current}\n',
        "confd_release.sh": f"#!/bin/sh\nexit {release}\n",
        "newest_python.sh": f"#!/bin/sh\nexit {python}\n",
        "sid.sh": f"#!/bin/sh\nexit {sid}\n",
    }
    folder = tree(tmp_path, {**scripts, "test_all.sh": (ROOT / "tools/test_all.sh").read_text()})
    for name in (*scripts, "test_all.sh"):
        (folder / name).chmod(0o755)
    result = run(folder / "test_all.sh", "-x", CI=ci)
    assert result.returncode == status, result.stderr
    summary = result.stderr.partition("==== results\n")[2].splitlines()
    everything_else, python_alone, confd, engine = words
    assert [line[:9].strip() for line in summary] == [everything_else, python_alone, *[confd] * 3, engine]


def test_code_lines_are_those_that_python_runs() -> None:
    head = '"""A module\nof two lines."""\n\nimport os  # why\n\n\n'
    source = f'{head}class A:\n    """Doc."""\n\n    # a comment\n    x = """a\n\n    b"""\n'
    assert code_lines(source) == 1 + 1 + 3


def test_the_picture_of_the_readme_shows_the_tree_that_new_makes(tmp_path: Path) -> None:
    made = run(
        sys.executable, "-m", "catalog_forge", "-C", tmp_path, "new", "elasticsearch-conf", "--no-input", "--no-build"
    ).stdout.splitlines()[1:]
    drawn = [html.unescape(each) for each in re.findall(r"<text [^>]*>(.*?)</text>", (ROOT / "docs/picture.svg").read_text())]
    start = drawn.index(made[0])
    assert drawn[start : start + len(made)] == made


def test_the_recording_shows_each_line_at_its_time_and_the_end_without_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    recording = importlib.import_module("recording")
    picture = recording.drawn([(0.5, "one <1>"), (99.0, "two"), *[(0.1, f"line {number}") for number in range(30)]])
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert "one &lt;1&gt;" in picture and "@keyframes a31{" in picture
    # 0.5 s, a pause that was cut, thirty short ones, and the time that the end stays.
    assert f"{0.5 + recording.CALM + 3 + recording.END:.1f}s" in picture
    still = picture.partition("prefers-reduced-motion:reduce")[2]
    assert "animation:none" in still and f"translateY(-{10 * recording.LINE}px)" in still


def test_the_recording_of_the_readme_is_of_these_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    scenes = importlib.import_module("recording").SCENES
    shown = html.unescape(re.sub("<[^>]*>", "\n", (ROOT / "docs/recording.svg").read_text()))
    assert re.findall(r"^\$ (.*)$", shown, re.MULTILINE) == [scene.split("\n")[0] for scene in scenes]
    assert "67108864" in shown and "134217728" in shown


def release(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call tools/release.py of a copy of what it changes."""
    for name in ("pyproject.toml", "CHANGELOG.md", "catalog_forge/__init__.py", "tools/release.py"):
        if not (folder / name).exists():
            tree(folder, {name: (ROOT / name).read_text()})
    return run(sys.executable, folder / "tools/release.py", *words)


def test_a_version_is_written_everywhere_and_its_notes_are_those_of_the_changelog(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- `new`\n  and more\n- Two\n\n## 0.1.0 (2026-01-01)\n\n- One\n"},
    )
    done = release(tmp_path, "7.8.9", "--date", "2027-02-03")
    assert done.returncode == 0, done.stderr
    assert "git commit -am 'Release 7.8.9'" in done.stdout and "v7.8.9" in done.stdout
    assert (
        (tmp_path / "CHANGELOG.md").read_text().startswith("# Changelog\n\n## Unreleased\n\n## 7.8.9 (2027-02-03)\n\n- `new`\n")
    )
    assert 'version = "7.8.9"' in (tmp_path / "pyproject.toml").read_text()
    assert '__version__ = "7.8.9"' in (tmp_path / "catalog_forge/__init__.py").read_text()
    assert release(tmp_path, "--notes", "7.8.9").stdout == "- `new`\n  and more\n- Two\n"
    assert release(tmp_path, "--notes", "0.1.0").stdout == "- One\n"
    again = release(tmp_path, "7.9.0")
    assert again.returncode == 1 and "there is nothing under" in again.stderr


@pytest.mark.parametrize(("version", "why"), [("0.0.9", "is less than"), ("1.2", "three numbers"), ("v1.2.3", "three numbers")])
def test_a_version_that_cannot_be_is_refused_and_nothing_is_written(tmp_path: Path, version: str, why: str) -> None:
    done = release(tmp_path, version)
    assert done.returncode == 1 and why in done.stderr
    assert (tmp_path / "CHANGELOG.md").read_text() == (ROOT / "CHANGELOG.md").read_text()


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert "## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text()
