"""What the files of a conf image say, for what a spec says. Pure."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from catalog_forge.image.files import folders, image_plan, labels, programs, shell_word
from tests.image.specs import EVERYTHING, FILE, HOSTILE, HOSTILE_SPEC, SPECS, plan, spec


def files_of(*dests: str, more: str = "") -> str:
    return "files:\n" + "".join(f"- {{dest: {dest}, format: raw, body: [{{text: x}}]{more}}}\n" for dest in dests)


def test_the_context_holds_all_that_the_dockerfile_copies() -> None:
    context = plan(EVERYTHING)
    copied = [
        line.split()[1] for line in context.text("Dockerfile").splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    assert {path.split("/")[0] for path in (file.path for file in context)} == {*copied, "Dockerfile"}


def test_scripts_are_executable_and_nothing_else_is() -> None:
    assert {file.path for file in plan(EVERYTHING) if file.mode == 0o755} == {"entrypoint.sh", "run.sh"}


def test_one_spec_gives_the_same_bytes_each_time() -> None:
    assert plan(EVERYTHING).digest == plan(EVERYTHING).digest


def test_every_file_has_a_resource_and_a_template() -> None:
    context = plan(files_of("/etc/probe/a.conf", "/srv/probe/a.conf"))
    assert [file.path for file in context.below("conf.d")] == ["a.conf-2.toml", "a.conf.toml"]
    assert [file.path for file in context.below("templates")] == ["a.conf-2.tmpl", "a.conf.tmpl"]


def test_static_files_are_asked_for_by_name() -> None:
    text = "files: [{dest: /etc/probe/a.conf, format: raw, body: [{file: motd}]}]\n"
    context = image_plan(spec(text), lambda name, _: f"content of {name}")
    assert "content of motd" in context.text("templates/a.conf.tmpl")


def test_a_folder_within_another_is_no_volume_of_its_own() -> None:
    assert folders(spec(files_of("/etc/probe/a", "/etc/probe/sub/b", "/etc/probe-2/c"))) == [
        "/etc/probe",
        "/etc/probe-2",
        "/opt/probe-conf",
    ]


def test_every_folder_is_made_and_those_at_the_top_are_volumes() -> None:
    text = plan(files_of("/etc/probe/a", "/etc/probe/sub/b")).text("Dockerfile")
    assert "RUN mkdir -p /etc/probe /etc/probe/sub /opt/probe-conf " in text
    assert 'VOLUME ["/etc/probe", "/opt/probe-conf"]' in text


def test_root_owns_the_folders_unless_the_image_has_a_user() -> None:
    assert "chown" not in plan(SPECS["least"]).text("Dockerfile")
    text = plan(f'image: {{user: "1000:50"}}\nfiles: [{{{FILE}}}]\n').text("Dockerfile")
    assert "chown -R 1000:50 /etc/probe /opt/probe-conf" in text and "\nUSER 1000:50\n" in text


def test_labels_are_those_of_oci_and_the_author_s() -> None:
    found = labels(spec(EVERYTHING))
    assert found["org.opencontainers.image.version"] == "1.2.3"
    assert found["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert found["org.example.team"] == "search"
    assert "org.opencontainers.image.url" not in labels(spec(SPECS["least"]))


def test_the_description_says_where_the_values_come_from() -> None:
    stored = "engine: {backend: [redis, rancher]}\n" + SPECS["least"]
    words = {text: labels(spec(text))["org.opencontainers.image.description"] for text in (SPECS["least"], stored)}
    assert words[SPECS["least"]].endswith(" from Rancher metadata")
    assert words[stored].endswith(" from keys in redis or Rancher metadata")


def test_the_programs_of_checks_are_looked_for_once() -> None:
    found = programs(spec(files_of("/a/b", "/a/c", more=", check: 'visudo -c {{.src}}'")))
    assert found == ["visudo"]


@pytest.mark.parametrize(
    ("word", "end"), [("watch", "confd -watch "), ("once", "run sleep 3600"), ("30s", "confd -interval 30 ")]
)
def test_refresh_decides_how_files_are_kept_current(word: str, end: str) -> None:
    others = {"confd -watch ", "run sleep 3600", "confd -interval 30 "} - {end}
    text = plan(SPECS[f"refresh {word}"]).text("entrypoint.sh")
    assert end in text and not any(other in text for other in others)


def test_the_first_pass_says_errors_whatever_the_log_level() -> None:
    assert '-log-level "error"' in plan(SPECS["fatal"]).text("entrypoint.sh")
    assert '-log-level "fatal"' in plan(SPECS["fatal"]).text("entrypoint.sh")


def test_the_launch_script_waits_longer_than_the_conf_container_may_take() -> None:
    assert "\nlimit=390\n" in plan(EVERYTHING).text("run.sh")


def test_the_script_has_only_the_code_that_its_reloads_need() -> None:
    assert "send()" not in plan(SPECS["restart"]).text("run.sh")
    assert "end()" not in plan(SPECS["signal HUP"]).text("run.sh").replace("send()", "")
    assert "stamps()" not in plan(SPECS["none"]).text("run.sh")


def test_files_with_one_action_share_one_stamp_and_a_restart_comes_first() -> None:
    body = "format: raw, body: [{text: x}]"
    context = plan(
        f"files:\n- {{dest: /a/1, {body}, reload: signal HUP}}\n- {{dest: /a/2, {body}, reload: signal HUP}}\n"
        f"- {{dest: /a/3, {body}, reload: restart}}\n- {{dest: /a/4, {body}, reload: none}}\n"
    )
    stamps = [
        (re.findall(r"-c /opt/probe-conf/changed/(\S+)", context.text(f"conf.d/{number}.toml")) or [""])[0]
        for number in range(1, 5)
    ]
    assert stamps == ["2.1", "2.2", "1.3", ""]
    assert '\nactions="1 2"\n' in context.text("run.sh")


def test_a_value_of_the_dockerfile_is_one_word() -> None:
    text = plan(HOSTILE_SPEC).text("Dockerfile")
    (line,) = [line for line in text.splitlines() if line.startswith("ENV ")]
    quoted = json.dumps(HOSTILE).replace("$", "\\$").removesuffix('"')
    assert line == f'ENV HOSTILE={quoted}${{_:+}}"'


def test_a_line_break_in_a_description_begins_no_instruction() -> None:
    text = plan(f'description: "one\\nRUN two"\nfiles: [{{{FILE}}}]\n').text("Dockerfile")
    assert '"one RUN two"' in text


@pytest.mark.parametrize("text", ["", "plain", "it's", "''", "a\nb", "$x"])
def test_a_shell_word_is_read_back_as_it_was(text: str) -> None:
    assert shlex.split(shell_word(text)) == [text]
