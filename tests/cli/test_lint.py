"""`catalog-forge lint` as a person and a CI server use it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.lint.runner import registry
from tests.helpers import tree
from tests.lint.rulebook import shouting
from tests.lint.trees import SOUND

pytestmark = pytest.mark.usefixtures("shouting")
__all__ = ["shouting"]

COMPOSE = "templates/web/0/docker-compose.yml"
LOUD = SOUND[COMPOSE] + "# SHOUT\n"
LINE = LOUD.count("\n")
# Rules that find something in the sound catalog or come later are no business of these tests.
OURS = ("--select", "CF99,CF90")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog in which somebody shouts."""
    return tree(tmp_path, {**SOUND, COMPOSE: LOUD})


def lint(where: Path, *arguments: str, select: tuple[str, ...] = OURS, input: str | None = None) -> Result:
    return CliRunner().invoke(root, ["-C", str(where), "lint", *select, *arguments], input=input)


def test_it_shows_place_line_caret_hint_and_a_summary(catalog: Path) -> None:
    done = lint(catalog)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{COMPOSE}:{LINE}:3: error CF991 shouting in {COMPOSE}",
        f"{LINE:5} | # SHOUT",
        "          ^",
        "  hint: speak softly",
        "  fix: speak softly",
    ]
    assert re.fullmatch(r"1 error in [0-9]+ files; 1 can be fixed: --fix\n", done.stderr)


def test_nothing_found_is_one_line(tmp_path: Path) -> None:
    done = lint(tree(tmp_path, SOUND))
    assert (done.exit_code, done.stdout) == (0, "")
    assert re.fullmatch(r"nothing found in [0-9]+ files\n", done.stderr)


@pytest.mark.parametrize(
    ("word", "level", "code"),
    [
        ("SHOUT", "error", 1), ("SHOUT", "never", 0), ("MUTTER", "error", 0), ("MUTTER", "warning", 0), ("MUTTER", "note", 1),
    ],
)  # fmt: skip
def test_it_fails_from_a_level_on(tmp_path: Path, word: str, level: str, code: int) -> None:
    tree(tmp_path, {**SOUND, COMPOSE: f"# {word}\n"})
    assert lint(tmp_path, "--fail-on", level).exit_code == code


def test_rules_are_chosen_by_ids_and_beginnings(catalog: Path) -> None:
    assert lint(catalog, select=("--select", "CF110,CF992")).exit_code == 0
    assert lint(catalog, "--ignore", "CF992, CF991").exit_code == 0
    assert lint(catalog, select=("--select", "cf110", "--select", "CF99")).exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [("--select", "CF777"), ("--ignore", "x"), ("--format", "xml"), ("--fail-on", "bad"), ("--diff", "--format", "json")],
)
def test_a_wrong_call_is_a_usage_error(catalog: Path, arguments: tuple[str, ...]) -> None:
    done = lint(catalog, *arguments, select=())
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = lint(tmp_path, "none")
    assert (done.exit_code, done.stdout) == (1, "") and "there is no" in done.stderr


def test_a_rule_that_breaks_is_a_bug_that_names_rule_and_place(tmp_path: Path) -> None:
    done = lint(tree(tmp_path, {**SOUND, "templates/web/config.yml": "BREAK: 1\n"}))
    assert (done.exit_code, done.stdout) == (3, "")
    assert "CF993 crashed on templates/web: ZeroDivisionError: as planned\\x1b[2J" in done.stderr


@pytest.mark.parametrize("path", [".", "templates", "templates/web", "templates/web/0", COMPOSE])
def test_any_part_of_a_catalog_can_be_checked(catalog: Path, path: str) -> None:
    done = lint(catalog, path)
    assert done.stdout.startswith(f"{COMPOSE}:{LINE}:3: error CF991")


def test_a_finding_of_two_paths_is_shown_once(catalog: Path) -> None:
    assert lint(catalog, COMPOSE, COMPOSE).stdout.count("CF991") == 1


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "junit", "github"])
def test_formats_go_to_stdout_or_into_a_file(catalog: Path, form: str) -> None:
    shown = lint(catalog, "--format", form)
    assert shown.exit_code == 1 and "CF991" in shown.stdout
    assert lint(catalog, "--format", form, "-o", "out").stdout == ""
    assert (catalog / "out").read_text() == shown.stdout


def test_text_in_a_file_has_no_colours(catalog: Path) -> None:
    lint(catalog, "templates", "-o", "out")
    assert (catalog / "out").read_text() == lint(catalog, "templates").stdout


def test_a_file_that_cannot_be_written_is_said(catalog: Path) -> None:
    done = lint(catalog, "-o", "none/out")
    assert done.exit_code == 1 and "cannot be written: No such file or directory" in done.stderr


def test_strange_names_stay_on_their_line(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            **SOUND,
            "templates/web/0/x\n\x1b[31m.yml": "SHOUT \x1b[2J\n",
            b"templates/web/0/\xff.yml".decode(errors="surrogateescape"): "SHOUT",
        },
    )
    for form in ("text", "json", "sarif", "gitlab", "junit", "github"):
        done = lint(tmp_path, "--format", form)
        assert done.exit_code == 1
        assert "\x1b" not in done.stdout and done.stdout.count("CF991") >= 1


# --fix and --diff


def test_diff_shows_and_writes_nothing(catalog: Path) -> None:
    done = lint(catalog, "--diff")
    assert done.stdout.endswith("-# SHOUT\n+# speak\n") and done.stdout.startswith(f"--- a/{COMPOSE}\n+++ b/{COMPOSE}\n@@")
    assert (catalog / COMPOSE).read_text() == LOUD
    assert done.exit_code == 1


def test_fix_writes_and_checks_again(catalog: Path) -> None:
    (catalog / COMPOSE).chmod(0o755)
    done = lint(catalog, "--fix")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("1 file mended\nnothing found")
    assert (catalog / COMPOSE).read_text() == LOUD.replace("SHOUT", "speak")
    assert (catalog / COMPOSE).stat().st_mode & 0o100


def test_fix_with_diff_shows_first(catalog: Path) -> None:
    done = lint(catalog, "--fix", "--diff")
    assert "+# speak" in done.stdout and "speak" in (catalog / COMPOSE).read_text()


@pytest.mark.parametrize("path", ["templates/web/0", COMPOSE, "templates", "../{}/templates/web"])
def test_fix_works_below_any_path(catalog: Path, path: str) -> None:
    assert lint(catalog, "--fix", path.format(catalog.name)).exit_code == 0
    assert "speak" in (catalog / COMPOSE).read_text()


def test_fix_leaves_links_and_what_is_ignored_alone(catalog: Path) -> None:
    (catalog / "templates/web/1").mkdir()
    (catalog / "templates/web/1/docker-compose.yml").symlink_to("../0/docker-compose.yml")
    (catalog / COMPOSE).write_text("# SHOUT  # catalog-forge: ignore=CF991 they are deaf\n# SHOUT\n")
    lint(catalog, "--fix")
    assert (catalog / "templates/web/1/docker-compose.yml").is_symlink()
    assert (catalog / COMPOSE).read_text() == "# SHOUT  # catalog-forge: ignore=CF991 they are deaf\n# speak\n"


def test_a_fix_that_cannot_be_written_changes_nothing(catalog: Path) -> None:
    other = catalog / "templates/web/config.yml"
    other.write_text("# SHOUT\n")
    (catalog / ".catalog-forge").write_text("in the way")
    done = lint(catalog, "--fix")
    assert done.exit_code == 1 and "in the way" not in done.stdout
    assert ((catalog / COMPOSE).read_text(), other.read_text()) == (LOUD, "# SHOUT\n")


# Baseline


def test_a_baseline_passes_over_what_it_knows(catalog: Path) -> None:
    done = lint(catalog, "--write-baseline", "known.json")
    assert (done.exit_code, done.stdout) == (0, "") and "1 findings" in done.stderr
    done = lint(catalog, "--baseline", "known.json")
    assert (done.exit_code, done.stdout) == (0, "") and "1 known to the baseline" in done.stderr
    (catalog / COMPOSE).write_text(f"# more\n{LOUD}# SHOUT loudly\n")
    assert lint(catalog, "--baseline", "known.json").stdout.count("CF991") == 1


def test_what_a_baseline_knows_and_is_done_is_said(catalog: Path) -> None:
    lint(catalog, "--write-baseline", "known.json")
    (catalog / COMPOSE).write_text(SOUND[COMPOSE])
    assert f"{COMPOSE}: CF991 from the baseline no longer occurs" in lint(catalog, "--baseline", "known.json").stderr
    assert "no longer" not in lint(catalog, "images", "--baseline", "known.json").stderr
    assert "no longer" not in lint(catalog, "--baseline", "known.json", select=("--select", "CF992")).stderr


# catalog-forge.yml


def test_settings_choose_and_options_win(catalog: Path) -> None:
    mark = catalog / "catalog-forge.yml"
    mark.write_text("lint: {select: CF99, levels: {CF991: note}, fail_on: note, paths: {'*/1/*': CF991}}\n")
    done = lint(catalog, select=())
    assert done.exit_code == 1 and ": note CF991 " in done.stdout
    assert lint(catalog, "--fail-on", "warning", select=()).exit_code == 0
    assert lint(catalog, "templates/web/0", select=()).exit_code == 1
    mark.write_text("lint: {select: CF99, paths: {'*/0/*': CF991}}\n")
    assert lint(catalog, select=()).exit_code == 0


def test_settings_name_a_baseline(catalog: Path) -> None:
    lint(catalog, "--write-baseline", "known.json")
    (catalog / "catalog-forge.yml").write_text("lint: {baseline: known.json, select: CF99}\n")
    for path in (".", "templates/web"):
        done = lint(catalog, path, select=())
        assert done.exit_code == 0 and "1 known" in done.stderr
    assert lint(catalog, "--write-baseline", "again.json", select=()).exit_code == 0
    assert (catalog / "again.json").read_text() == (catalog / "known.json").read_text()


def test_wrong_settings_are_said_with_their_place(catalog: Path) -> None:
    (catalog / "catalog-forge.yml").write_text("lint:\n  selekt: CF9\n")
    done = lint(catalog, "templates/web/0", select=())
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("catalog-forge.yml:2:3: unknown key 'selekt' in lint\n  hint: did you mean 'select'?")


def test_settings_may_come_from_standards_that_these_extend(catalog: Path) -> None:
    tree(catalog, {"catalog-forge.yml": "extends: [team.yml]\n", "team.yml": "lint: {select: CF992}\n"})
    assert lint(catalog, select=()).exit_code == 0


# The rules themselves


def test_the_rules_are_listed(tmp_path: Path) -> None:
    lines = lint(tmp_path, "--list", select=()).stdout.splitlines()
    assert [line[:5] for line in lines] == [rule.id for rule in registry.rules()]
    assert "CF991  error   Somebody shouts  [fix]" in lines
    data = json.loads(lint(tmp_path, "--list", "--format", "json", select=("--select", "CF99")).stdout)
    assert [each["id"] for each in data] == ["CF991", "CF992", "CF993"]
    assert data[0]["fixable"] is True


def test_a_rule_is_explained(tmp_path: Path) -> None:
    shown = lint(tmp_path, "--explain", "cf110", select=()).stdout
    for words in ("CF110 warning", "Found in:", "Fine:", "catalogIcon-web.svg (absent)", "Source: ", "ignore=CF110"):
        assert words in shown
    data = json.loads(lint(tmp_path, "--explain", "CF110", "--format", "json", select=()).stdout)
    assert data["bad"] == [{"templates/web/catalogIcon-web.svg": None}]


def test_a_rule_that_is_not_there_is_an_error_that_names_the_list(tmp_path: Path) -> None:
    done = lint(tmp_path, "--explain", "CF1100", select=())
    assert done.exit_code == 2 and "there is no rule 'CF1100'\n  hint: `lint --list` shows all rules" in done.stderr


def test_colours_are_for_a_terminal(catalog: Path) -> None:
    command = [sys.executable, "-m", "catalog_forge", "-C", str(catalog), "lint", "--explain", "CF110"]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    assert b"\x1b" not in subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    painted = CliRunner().invoke(root, ["-C", str(catalog), "lint", *OURS], color=True).stdout
    assert "\x1b[31m" in painted


@pytest.mark.parametrize("name", ["page.html", "page.md"])
def test_report_writes_one_page(tmp_path: Path, name: str) -> None:
    tree(tmp_path, {"images/web-conf/Dockerfile": "FROM busybox\n"})
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "lint", "--no-external", "--report", name])
    assert result.exit_code == 0, result.output
    page = (tmp_path / name).read_text()
    assert "images/web-conf" in page and "CF702" in page


def test_report_is_html_or_markdown(tmp_path: Path) -> None:
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "lint", "--report", "page.pdf"])
    assert result.exit_code == 2 and ".html or .md" in result.stderr
