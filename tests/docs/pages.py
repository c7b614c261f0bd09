"""Pages as sessions in a shell: every command is run, in the order of the page, and what the page shows of it is compared.

- A block ```` ```console ```` has commands behind `$ `, and below each what it prints. `# exit 1` behind one says its status.
  A line `...` in the output stands for any lines, and `...` at the end of a line for the rest of it.
- In an indented block each line is a command, whose output is not shown.
- A ```` ```yaml ```` block below a line that ends in `` `FILE`: `` is written to that file, as a reader would.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.helpers import LONGEST

ROOT = Path(__file__).parents[2]
MARK = "\x01"
# What differs from run to run, and between machines.
VOLATILE = (
    (r"\b\d+(\.\d+)? (ms|s|MB|kB)\b", "N UNIT"),
    (r"sha256:[0-9a-f]{12,64}", "sha256:DIGEST"),
    (r"\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b", "HEX"),
    (r"\b10\.\d+\.\d+\.\d+\b", "ADDRESS"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DAY"),
    (r"\bprocess \d+", "process NUMBER"),
    (r"(/[\w.~-]+)+/(catalog|work)\b", r"FOLDER/\2"),
    (r", with a confd that is not the released 0\.16\.0", ""),
)

# What a page has its reader type and another test runs, by how it begins: the longest beginning counts.
_WHEEL = "tests/test_wheel.py::test_a_fresh_environment_as_pipx_makes_one_has_the_command_and_the_examples"
_STORE = "tests/live/test_backends_tutorial.py::test_every_command_of_the_page_does_what_it_says"
_IMAGE = "tests/live/test_tool_image.py::test_the_image_is_the_command_and_works_in_a_folder_of_its_user"
_HELM = "tests/chart/test_real_helm.py::test_helm_makes_of_a_chart_what_is_validated_in_the_first_tier"
_SEED = "tests/seed/test_seed.py::test_check_and_diff_say_how_a_store_differs_and_write_nothing"
_KILLED = "tests/preview/test_live.py::test_the_server_may_be_killed_and_come_back"
_SERVE = "tests/metadata/test_cli.py::test_serve_reloads_a_changed_file_with_a_new_version"
ELSEWHERE = {
    "python3 -m venv .venv": _WHEEL,
    "pip install .": _WHEEL,
    "make ": "tests/docs/test_pages.py::test_targets_of_make_are_there",
    "CATALOG_FORGE_COMMUNITY_CATALOG=PATH": "tests/live/test_community_entry.py::"
    "test_elasticsearch_2_forms_its_cluster_of_masters_data_nodes_and_clients",
    "catalog-forge metadata serve": _SERVE,
    "catalog-forge metadata tree /latest/self/service --url": _SERVE,
    "catalog-forge metadata get self/service/metadata --version 2015-12-19 --url": _SERVE,
    "curl ": _SERVE,
    "confd -backend rancher": "tests/metadata/service/test_confd.py::test_confd_renders_every_version",
    "catalog-forge up redis --watch": "tests/live/test_daily.py::test_a_stack_follows_a_saved_spec_whose_image_is_built_anew",
    "docker compose --profile store up": _STORE,
    "catalog-forge seed web-conf --node": _SEED,
    "catalog-forge preview": "tests/preview/test_server.py::test_the_page_and_its_parts_allow_nothing_from_elsewhere",
    "catalog-forge preview --no-open": _KILLED,
    "catalog-forge preview redis --port": _KILLED,
    "catalog-forge preview redis --images": "tests/preview/test_images.py::test_the_exported_file_has_them_or_says_what_to_do",
    "catalog-forge preview redis --export": "tests/preview/test_export.py::"
    "test_it_has_the_drawing_the_scenarios_and_what_is_left_out",
    "catalog-forge generate --locked": "tests/registry/test_lock.py::test_what_is_generated_is_pinned_where_it_is_wanted",
    "catalog-forge lock": "tests/registry/test_lock.py::test_every_image_that_is_named_is_locked",
    "catalog-forge lock --check": "tests/registry/test_lock.py::test_check_needs_no_registry_and_says_what_to_do",
    "catalog-forge lock --online": "tests/registry/test_lock.py::"
    "test_a_second_lock_changes_nothing_and_the_day_is_that_of_the_digest",
    "helm lint": _HELM,
    "helm template": _HELM,
    "helm install": "tests/chart/test_api_server.py::test_a_chart_is_installed_upgraded_and_uninstalled",
    "pip wheel": _IMAGE,
    "docker build -t registry.example.org/catalog-forge": _IMAGE,
    "docker run --rm --user": _IMAGE,
    "docker login": "tests/image/test_builder.py::test_a_refused_push_is_an_error_with_the_registrys_words",
    "catalog-forge build --push": "tests/registry/test_push.py::test_a_push_is_recorded_and_the_second_one_does_nothing",
}
# The first words of commands: what else is indented shows something.
COMMAND = re.compile(
    r"(\w+=\S+ )*(catalog-forge|make|pip|python3|git|curl|docker|docker-compose|confd|eval|mkdir|etcdctl|until|doctor|helm)\b"
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a page: its text, the lines of the page that show its output, its status."""

    text: str
    line: int
    shown: tuple[str, ...] | None
    status: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that a page shows whole."""

    file: str
    text: str


def session(page: str) -> list[Command | Edit]:
    """What a page has its reader do, from top to bottom, without what another test runs."""
    return [step for step in _steps(page) if not (isinstance(step, Command) and elsewhere(step.text))]


def _steps(page: str) -> list[Command | Edit]:
    steps: list[Command | Edit] = []
    lines = page.splitlines()
    number, said = 0, ""
    while number < len(lines):
        line = lines[number]
        if fence := re.match(r"(```+)(\w*)", line):
            end = next(n for n in range(number + 1, len(lines)) if lines[n] == fence[1])
            block = lines[number + 1 : end]
            if fence[2] == "console":
                steps += console(block, number + 1)
            elif fence[2] == "yaml" and (file := re.search(r"`([\w./-]+)`:$", said)):
                steps.append(Edit(file[1], "\n".join(block) + "\n"))
            number = end
        elif line.startswith("    ") and (said == "" or lines[number - 1].startswith("    ")):
            number, command = joined(lines, number)
            if COMMAND.match(command.strip()):
                status = re.search(r"\s+# exit (\d+)$", command)
                steps.append(Command(re.sub(r"\s+# .*", "", command).strip(), number, None, int(status[1]) if status else 0))
        if line.strip() == "" and number + 1 < len(lines) and lines[number + 1].startswith("    "):
            said = ""
        elif line.strip():
            said = line
        number += 1
    return steps


def elsewhere(text: str) -> str:
    """The start of a command that another test runs, or nothing."""
    return max((start for start in ELSEWHERE if text.startswith(start)), key=len, default="")


def exempt(page: str) -> list[str]:
    """The commands of a page that other tests run."""
    return [step.text for step in _steps(page) if isinstance(step, Command) and elsewhere(step.text)]


def joined(lines: list[str], number: int) -> tuple[int, str]:
    """A command with the lines that continue it behind a backslash, and the number of its last one."""
    command = lines[number]
    while command.endswith("\\"):
        number += 1
        command += "\n" + lines[number]
    return number, command


def console(block: list[str], first: int) -> list[Command | Edit]:
    """The commands of a block, each with what is shown of it."""
    found: list[Command | Edit] = []
    number = 0
    while number < len(block):
        assert block[number].startswith("$ "), f"line {first + number + 1}: {block[number]!r} follows no command"
        begin = number
        number, text = joined(block, number)
        if here := re.search(r"<<-? ?'?(\w+)'?$", text):
            end = block.index(here[1], number)
            text = "\n".join([text, *block[number + 1 : end + 1]])
            number = end
        status = re.search(r"\s+# exit (\d+)$", text)
        number += 1
        shown = []
        while number < len(block) and not block[number].startswith("$ "):
            shown.append(block[number])
            number += 1
        plain = text.removesuffix(status[0]) if status else text
        found.append(Command(plain.removeprefix("$ "), first + begin, tuple(shown) or None, int(status[1]) if status else 0))
    return found


def plain(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, instead in VOLATILE:
        text = re.sub(pattern, instead, text)
    return re.sub(r" +$", "", re.sub(r"(?<=\S) {2,}", "  ", text), flags=re.MULTILINE)


def alike(shown: tuple[str, ...], printed: str) -> bool:
    """Whether what a page shows is what a command printed."""
    pattern = ""
    for line in plain("\n".join(shown)).split("\n"):
        if line == "...":
            pattern += r"(.*\n)*?"
        elif line.endswith("..."):
            pattern += re.escape(line[:-3]) + ".*\n"
        else:
            pattern += re.escape(line) + "\n"
    return re.fullmatch(pattern, plain(printed.rstrip("\n") + "\n")) is not None


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a command of a page."""

    command: Command
    status: int
    printed: str

    @property
    def is_as_shown(self) -> bool:
        """Whether the page shows this, or nothing of it; a loop that waits shows its end alone."""
        if self.command.shown is None:
            return True
        waits = ("...",) if self.command.text.startswith("until ") else ()
        return alike((*waits, *self.command.shown), self.printed)


def play(steps: list[Command | Edit], folder: Path, environment: Mapping[str, str], setup: str = "") -> list[Played]:
    """Run the steps of a page in one shell, in a folder. It ends at the first command whose status is not the page's."""
    folder.mkdir(parents=True)
    programs = folder.parent / "bin"
    programs.mkdir()
    program = programs / "catalog-forge"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m catalog_forge "$@"\n')
    program.chmod(0o755)
    script = [f"set -e\n{setup}\nset +e", f"exec 2>&1 </dev/null; printf '{MARK}%s {MARK}' 0"]
    for step in steps:
        if isinstance(step, Edit):
            file, parent = shlex.quote(step.file), shlex.quote(str(Path(step.file).parent))
            script.append(f"mkdir -p {parent}\ncat > {file} <<'PAGE'\n{step.text}PAGE")
        else:
            script.append(f"{step.text}\nstatus=$?; printf '{MARK}%s {MARK}' $status; [ $status = {step.status} ] || exit 0")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{programs}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    _, *pieces = re.split(f"{MARK}(\\d+) {MARK}", done.stdout)
    assert pieces, done.stdout + done.stderr
    commands = [step for step in steps if isinstance(step, Command)]
    printed, statuses = pieces[1::2][: len(commands)], pieces[2::2]
    return [Played(*each) for each in zip(commands, map(int, statuses), printed, strict=False)]


def problems(played: list[Played], steps: list[Command | Edit]) -> list[str]:
    """Where a page is not what happened, in words for its author."""
    found = []
    for each in played:
        where = f"line {each.command.line + 1}: $ {each.command.text}"
        if each.status != each.command.status:
            found.append(f"{where}\nended with {each.status}, not {each.command.status}:\n{each.printed}")
        elif not each.is_as_shown:
            found.append(f"{where}\nprinted:\n{each.printed}\nthe page shows:\n" + "\n".join(each.command.shown or ()))
    missing = [step for step in steps if isinstance(step, Command)][len(played) :]
    if missing and not found:
        found.append(f"line {missing[0].line + 1}: $ {missing[0].text}\nwas not reached")
    return found


def updated(page: str, played: list[Played]) -> str:
    """The page with what was printed in place of what it shows, where that is not so."""
    lines = page.splitlines()
    for each in reversed(played):
        shown = each.command.shown
        if shown is not None and not each.is_as_shown:
            begin = each.command.line + len(each.command.text.split("\n"))
            lines[begin : begin + len(shown)] = each.printed.rstrip("\n").split("\n")
    return "\n".join(lines) + "\n"
