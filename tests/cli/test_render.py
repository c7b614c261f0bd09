"""`catalog-forge render`, from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.spec.model.frame import METADATA_VERSIONS
from tests.helpers import tree
from tests.verify.specs import SCENARIO, SPEC, START, catalog

STEPS = "then:\n- scale: 4\n- {name: gone, unset: cluster.name}\n- name: same\n"
ANSWERS = """\
'2015-07-25':
  default: {self: {service: {name: zk}}, containers: []}
  10.42.1.11: {self: {service: {name: zk, scale: 3}}}
"""
IMAGE = {
    "Dockerfile": "FROM scratch\n",
    "conf.d/good.toml": '[template]\nsrc = "good.tmpl"\ndest = "/etc/good"\nkeys = ["/self/service"]\nmode = "0640"\n',
    "conf.d/bad.toml": '[template]\nsrc = "bad.tmpl"\ndest = "/etc/bad"\nkeys = ["/self/service"]\n',
    "templates/good.tmpl": 'scale {{getv "/self/service/scale"}} {{getenv "WHO"}}\n',
    "templates/bad.tmpl": '{{getv "/self/service/nope"}}\n',
}


def run(folder: Path, *arguments: str, color: bool = False) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), "render", *arguments], color=color, env={"WHO": "the world outside"})


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    return catalog(tmp_path / "catalog", {"s": SCENARIO + STEPS}).root


@pytest.fixture
def image(tmp_path: Path) -> Path:
    tree(tmp_path, {"answers.yml": ANSWERS})
    return tree(tmp_path / "image", IMAGE)


def test_the_files_of_a_spec_are_shown_with_dest_and_mode(specs: Path) -> None:
    result = run(specs, "app-conf")
    assert result.exit_code == 0, result.output
    for dest, text in START.items():
        assert f"--- {dest}  0644\n{text}" in result.stdout
    assert "--- /etc/app/level.properties  0640\n" in result.stdout


def test_a_metadata_key_that_the_spec_does_not_declare_is_doubted(specs: Path, image: Path) -> None:
    steps = "then:\n- set: {levle: debug}\n"
    catalog(specs, {"s": SCENARIO + steps})
    warning = "s.yml:8:9: app-conf declares no metadata key 'levle'\n  hint: did you mean 'level'?\n"
    result = run(specs, "app-conf", "--scenario", "s")
    assert (result.exit_code, result.stderr) == (0, f"warning: specs/app-conf/scenarios/{warning}")
    assert "--- /etc/app/level.properties" in result.stdout
    file = specs / "specs/app-conf/scenarios/s.yml"
    assert warning in run(specs, "app-conf", "--file", str(file)).stderr
    assert "warning" not in run(specs, "--image-dir", str(image), "--file", str(file)).stderr


def test_a_terminal_gets_colours(specs: Path) -> None:
    assert "\x1b[" in run(specs, "app-conf", color=True).stdout
    assert "\x1b[" not in run(specs, "app-conf").stdout


@pytest.mark.parametrize(("step", "nodes"), [("0", 3), ("1", 4), ("scale 4", 4), ("same", 4)])
def test_a_step_is_chosen_by_its_number_or_name(specs: Path, step: str, nodes: int) -> None:
    assert run(specs, "app-conf", "--step", step).stdout.count("10.42.1.1") == nodes + 1


def test_two_scales_are_compared(specs: Path) -> None:
    lines = run(specs, "app-conf", "--diff", "--scale", "3", "--scale", "5").stdout.splitlines()
    assert lines[:2] == ["--- /etc/app/peers  (scale 3)", "+++ /etc/app/peers  (scale 5)"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["+10.42.1.14", "+10.42.1.15"]


def test_two_steps_are_compared(specs: Path) -> None:
    assert "+10.42.1.14" in run(specs, "app-conf", "--diff", "--step", "0", "--step", "1").stdout
    assert "+10.42.1.14" in run(specs, "app-conf", "--diff", "--step", "1").stdout
    same = run(specs, "app-conf", "--diff", "--step", "1", "--step", "3")
    assert (same.exit_code, same.stdout, same.stderr) == (1, "", same.stderr)
    assert same.stderr.startswith("nothing differs between 'scale 4' and 'same'\n")


def test_another_container_and_another_version_may_be_asked_for(specs: Path) -> None:
    assert 'ip: "10.42.1.13"' in run(specs, "app-conf", "--self", "app-3").stdout
    assert 'ip: "10.42.1.12"' in run(specs, "app-conf", "--self", "10.42.1.12").stdout
    assert "there is no container 'app-9'" in run(specs, "app-conf", "--self", "app-9").stderr


@pytest.mark.parametrize("version", METADATA_VERSIONS)
def test_every_version_of_the_metadata_gives_the_same_files(specs: Path, version: str) -> None:
    assert run(specs, "app-conf", "--version", version).stdout == run(specs, "app-conf").stdout


def test_another_confd_may_be_imitated(image: Path, tmp_path: Path) -> None:
    (image / "templates/good.tmpl").write_text('{{atoi "3"}}\n')
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--resource", "good"]
    words += ["--self", "10.42.1.11", "--prefix", "/2015-07-25", "--dialect"]
    assert run(tmp_path, *words, "0.16").stdout == "--- /etc/good  0640\n3\n"
    old = run(tmp_path, *words, "0.14")
    assert (old.exit_code, 'function "atoi" not defined' in old.stderr) == (1, True)


def test_files_are_written_below_a_folder_with_their_modes(specs: Path, tmp_path: Path) -> None:
    result = run(specs, "app-conf", "-o", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out/etc/app/peers").read_text() == START["/etc/app/peers"]
    assert (tmp_path / "out/etc/app/level.properties").stat().st_mode & 0o777 == 0o640
    assert not [path for path in (tmp_path / "out").rglob(".*")]


def test_json_has_files_and_errors(specs: Path) -> None:
    data = json.loads(run(specs, "app-conf", "--format", "json").stdout)
    assert data["files"]["/etc/app/peers"] == {"text": START["/etc/app/peers"], "mode": "0644"}
    assert data["errors"] == []


def test_a_secret_is_shown_when_asked_for_alone(tmp_path: Path) -> None:
    spec = SPEC.replace('mode: "0640"', "secret: true")
    scenario = SCENARIO + "then:\n- set: {level: top-secret}\n  expect: {files: {level.properties: {text: x}}}\n"
    folder = catalog(tmp_path, {"s": scenario}, spec).root
    for words in (["--step", "1"], ["--diff"], ["--step", "1", "--format", "json"]):
        assert "top-secret" not in run(folder, "app-conf", *words).output
        assert "top-secret" in run(folder, "app-conf", *words, "--show-secrets").output
    assert "top-secret" not in CliRunner().invoke(root, ["-C", str(folder), "test"]).output


def test_any_folder_is_rendered_and_what_fails_does_not_hold_up_the_rest(image: Path, tmp_path: Path) -> None:
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--self", "10.42.1.11"]
    result = run(tmp_path, *words, "--prefix", "/2015-07-25", "--var", "WHO=me", "-o", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (1, f"{tmp_path}/out/etc/good\n")
    assert result.stderr.startswith("bad: template: bad.tmpl:1:2: ")
    assert "key does not exist: /self/service/nope" in result.stderr
    assert (tmp_path / "out/etc/good").read_text() == "scale 3 me\n"


def test_nothing_of_the_environment_reaches_a_template(image: Path, tmp_path: Path) -> None:
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--self", "10.42.1.11"]
    result = run(tmp_path, *words, "--prefix", "/2015-07-25", "--resource", "good")
    assert (result.exit_code, result.stdout) == (0, "--- /etc/good  0640\nscale 3 \n")


def test_what_is_not_text_is_told_by_its_size(tmp_path: Path) -> None:
    folder = tree(tmp_path / "i", {"conf.d/a.toml": '[template]\nsrc = "a"\ndest = "/a"\n'})
    (folder / "templates").mkdir()
    (folder / "templates/a").write_bytes(b"\x7fELF\0\xff")
    tree(tmp_path, {"answers.yml": ANSWERS})
    words = ["--image-dir", str(folder), "--metadata", str(tmp_path / "answers.yml")]
    result = run(tmp_path, *words)
    assert (result.exit_code, result.stdout) == (0, "--- /a\n# 6 bytes that are not text: -o DIR writes them\n")
    assert run(tmp_path, *words, "-o", str(tmp_path / "out")).exit_code == 0
    assert (tmp_path / "out/a").read_bytes() == b"\x7fELF\0\xff"


def test_the_real_confd_gives_the_same_of_a_folder(image: Path, tmp_path: Path, confd: Path) -> None:
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--self", "10.42.1.11"]
    words += ["--prefix", "/2015-07-25", "--var", "WHO=me"]
    ours, real = run(tmp_path, *words), run(tmp_path, *words, "--engine", "confd", "--confd", str(confd))
    assert (ours.exit_code, ours.stdout) == (real.exit_code, real.stdout) == (1, "--- /etc/good  0640\nscale 3 me\n")


def test_a_folder_is_rendered_as_its_dockerfile_gathers_it(image: Path, tmp_path: Path) -> None:
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--self", "10.42.1.11"]
    words += ["--prefix", "/2015-07-25", "--resource", "app"]
    (image / "confd").mkdir()
    (image / "conf.d/good.toml").rename(image / "confd/app.toml")
    (image / "templates/good.tmpl").rename(image / "confd/x.tmpl")
    assert "there is no resource 'app'" in run(tmp_path, *words).stderr
    lines = 'COPY confd/*.toml /etc/confd/conf.d/\nADD --chown=1 ["confd/x.tmpl", "/etc/confd/templates/good.tmpl"]\n'
    (image / "Dockerfile").write_text("FROM alpine:3.20.3\n" + lines)
    result = run(tmp_path, *words)
    assert (result.exit_code, result.stdout) == (0, "--- /etc/good  0640\nscale 3 \n"), result.stderr
    (image / "confd/x.tmpl").unlink()
    (image / "confd/x.tmpl").symlink_to("/etc/passwd")
    assert "is a symbolic link that points outside" in run(tmp_path, *words).stderr


def test_what_cannot_be_loaded_is_an_error_with_its_place(image: Path, tmp_path: Path) -> None:
    (image / "conf.d/x.toml").write_text("[template]\nsrc = \n")
    result = run(tmp_path, "--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{image}/conf.d/x.toml:2:")


def test_no_link_of_a_folder_leads_out_of_it(image: Path, tmp_path: Path) -> None:
    (image / "templates/good.tmpl").unlink()
    (image / "templates/good.tmpl").symlink_to("/etc/passwd")
    result = run(tmp_path, "--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"))
    assert (result.exit_code, "is a symbolic link that points outside" in result.stderr) == (1, True)


def test_no_dest_and_no_link_in_the_output_folder_leads_out_of_it(image: Path, tmp_path: Path) -> None:
    toml = image / "conf.d/good.toml"
    toml.write_text(toml.read_text().replace("/etc/good", "../../../../escaped/good"))
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--self", "10.42.1.11"]
    words += ["--prefix", "/2015-07-25", "--resource", "good", "-o", str(tmp_path / "out")]
    assert run(tmp_path, *words).exit_code == 0
    assert (tmp_path / "out/escaped/good").is_file()
    (tmp_path / "out/escaped/good").unlink()
    (tmp_path / "out/escaped").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/escaped").symlink_to(tmp_path / "elsewhere")
    result = run(tmp_path, *words)
    assert (result.exit_code, "is a symbolic link that points outside" in result.stderr) == (1, True)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a spec, or a folder with --image-dir"),
        (["app-conf", "--step", "0", "--scale", "3"], "use either --step or --scale"),
        (["app-conf", "--var", "X"], "'X' is not NAME=VALUE"),
        (["--image-dir", "."], "--image-dir needs --file FILE"),
        (["app-conf", "--prefix", "/latest"], "--prefix needs --image-dir"),
        (["app-conf", "--engine", "image", "--resource", "peers"], "--engine image uses the built image"),
        (["app-conf", "--version", "2015"], "'2015' is not one of"),
        (["app-conf", "--diff", "--step", "0", "--step", "1", "--step", "2"], "--diff needs two"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(specs: Path, words: list[str], said: str) -> None:
    result = run(specs, *words)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["app-conf", "--step", "9"], "there is no step '9'"),
        (["app-conf", "--scenario", "t"], "app-conf has no scenario 't'"),
        (["ap-conf"], "there is no spec 'ap-conf'"),
        (["app-conf", "--resource", "x"], "there is no resource 'x'"),
        (["app-conf", "--step", "gone"], "required metadata key cluster.name has no value"),
    ],
)
def test_what_is_not_there_is_an_error(specs: Path, words: list[str], said: str) -> None:
    result = run(specs, *words)
    assert (result.exit_code, said in result.stderr) == (1, True), result.output


def test_an_answers_file_has_no_steps(specs: Path, image: Path) -> None:
    del image
    result = run(specs, "app-conf", "--metadata", str(specs.parent / "answers.yml"), "--diff")
    assert (result.exit_code, "contains only answers, but no steps" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("folder", "message", "hint"),
    [
        ("empty", "there is no folder {root}/empty/conf.d", "name a folder with conf.d/NAME.toml and templates/NAME.tmpl in it"),
        ("image/conf.d", "there is no folder {root}/image/conf.d/conf.d", "name its parent folder: {root}/image"),
        ("up", "there is no folder {root}/up/conf.d", "have a conf.d: {root}/up/0.10/x, {root}/up/confd"),
        ("none", "{root}/none/conf.d has no template resources", "name a folder with conf.d/NAME.toml"),
        ("flat", "there is no folder {root}/flat/conf.d", "name a folder with conf.d/NAME.toml"),
    ],
)
@pytest.mark.usefixtures("image")
def test_a_folder_without_resources_is_an_error(tmp_path: Path, folder: str, message: str, hint: str) -> None:
    tree(tmp_path / "empty", {"Dockerfile": ""})
    tree(tmp_path / "up", {"confd/conf.d/a.toml": "", "0.10/x/conf.d/a.toml": "", "other/conf.d/README": ""})
    tree(tmp_path / "none", {"conf.d/README": "", "templates/a.tmpl": ""})
    tree(tmp_path / "flat", {"a.toml": "", "a.tmpl": ""})
    result = run(tmp_path, "--image-dir", str(tmp_path / folder), "--metadata", str(tmp_path / "answers.yml"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert message.format(root=tmp_path) in result.stderr
    assert hint.format(root=tmp_path) in result.stderr


@pytest.mark.parametrize("dest", ["", 'dest = ""\n', 'dest = "/"\n', 'dest = "/etc/x/"\n'])
def test_a_dest_that_no_file_can_have_is_an_error(tmp_path: Path, dest: str) -> None:
    words = ["--image-dir", str(tree(tmp_path / "i", {"conf.d/a.toml": f'[template]\nsrc = "a"\n{dest}', "templates/a": "x"}))]
    words += ["--metadata", str(tree(tmp_path, {"answers.yml": ANSWERS}) / "answers.yml"), "-o", str(tmp_path / "out")]
    result = run(tmp_path, *words)
    assert result.exit_code == 1
    assert "conf.d/a.toml: dest " in result.stderr
    assert "so confd cannot write the file" in result.stderr


@pytest.mark.confd
def test_a_confd_may_be_named_by_a_path_from_here(
    image: Path, tmp_path: Path, confd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/confd").symlink_to(confd)
    words = ["--image-dir", str(image), "--metadata", str(tmp_path / "answers.yml"), "--resource", "good", "--self", "10.42.1.11"]
    words += ["--prefix", "/2015-07-25", "--engine", "confd", "--confd"]
    for folder, name in ((tmp_path, "bin/confd"), (tmp_path / "bin", "./confd"), (tmp_path / "bin", "confd")):
        monkeypatch.chdir(folder)
        assert run(folder, *words, name).stdout == "--- /etc/good  0640\nscale 3 \n"


@pytest.mark.confd
def test_a_panic_of_confd_is_told_by_its_own_line(tmp_path: Path, confd: Path) -> None:
    toml = '[template]\nsrc = "a"\ndest = "/a"\nkeys = ["/self/%zz"]\n'
    words = ["--image-dir", str(tree(tmp_path / "i", {"conf.d/a.toml": toml, "templates/a": "x"}))]
    words += [
        "--metadata",
        str(tree(tmp_path, {"answers.yml": ANSWERS}) / "answers.yml"),
        "--engine",
        "confd",
        "--confd",
        str(confd),
    ]
    assert "panic: " in run(tmp_path, *words).stderr
    assert "INFO" not in run(tmp_path, *words).stderr


@pytest.mark.parametrize("word", ["--step", "--scale"])
def test_two_moments_are_for_a_difference(specs: Path, word: str) -> None:
    result = run(specs, "app-conf", word, "1", word, "2")
    assert (result.exit_code, "to render two steps or two scales, use --diff" in result.stderr) == (2, True)
