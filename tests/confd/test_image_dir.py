"""The folder of a conf image as confd reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from catalog_forge.confd.image_dir import ImageDir, read
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service.server import MetadataServer
from tests.confd.real import PREFIX, answers_of
from tests.helpers import tree


def one(toml: str, where: str = "") -> ImageDir:
    return read({"conf.d/a.toml": toml.encode()}, where)


def resource(words: str = "") -> str:
    return f'[template]\nsrc = "a.tmpl"\ndest = "/etc/a"\n{words}'


def test_all_keys_of_a_resource_are_read() -> None:
    words = 'keys = ["/self", "/x"]\nprefix = "p"\nmode = "0600"\nuid = 1\ngid = 2\ncheck_cmd = "c {{.src}}"\nreload_cmd = "r"\n'
    (found,) = one(resource(words)).resources
    assert (found.name, found.file, found.src, found.dest) == ("a", "conf.d/a.toml", "a.tmpl", "/etc/a")
    assert (found.keys, found.prefix, found.mode, found.uid, found.gid) == (("/self", "/x"), "p", 0o600, 1, 2)
    assert (found.check_cmd, found.reload_cmd, found.fault) == ("c {{.src}}", "r", "")


def test_keys_match_without_regard_to_case_and_unknown_ones_are_ignored() -> None:
    (found,) = one('[Template]\nSRC = "a.tmpl"\nDest = "/etc/a"\nowner = "hadoop"\nreload-cmd = "x"\n[other]\na = 1\n').resources
    assert (found.src, found.dest, found.reload_cmd) == ("a.tmpl", "/etc/a", "")


@pytest.mark.parametrize(
    ("text", "mode"),
    [("0644", 0o644), ("644", 644), ("0o640", 0o640), ("0x1A4", 0o644), ("0b11", 3), ("0_644", 0o644), ("0", 0), ("", None)],
)
def test_the_base_of_a_mode_is_told_by_its_beginning(text: str, mode: int | None) -> None:
    (found,) = one(resource(f'mode = "{text}"')).resources
    assert (found.mode, found.fault) == (mode, "")


@pytest.mark.parametrize("text", ["rw-r--r--", "0899", "-1", "4294967296", "0x", "6__4"])
def test_a_mode_that_is_none_is_the_fault_of_its_resource(text: str) -> None:
    (found,) = one(resource(f'mode = "{text}"')).resources
    assert found.mode is None
    assert found.fault.startswith(f'strconv.ParseUint: parsing "{text}": ')


def test_resources_come_in_the_order_in_which_confd_walks() -> None:
    names = ["b.toml", "a/z.toml", "a.toml", "a/b/c.toml", "B.toml", "a-b.toml"]
    found = read({f"conf.d/{name}": resource().encode() for name in names})
    assert [each.name for each in found.resources] == ["B", "a/b/c", "a/z", "a-b", "a", "b"]


def test_a_name_that_ends_in_toml_is_a_resource() -> None:
    files = {"conf.d/nottoml": resource(), "conf.d/x.toml.bak": "no", "conf.d/README": "no", "other/y.toml": "no", "z.toml": "no"}
    found = read({name: text.encode() for name, text in files.items()})
    assert [each.name for each in found.resources] == ["not"]


def test_templates_are_kept_by_their_path() -> None:
    found = read({"templates/a.tmpl": b"x", "templates/b/c.tmpl": b"\xff", "templates.txt": b"no"})
    assert dict(found.templates) == {"a.tmpl": b"x", "b/c.tmpl": b"\xff"}


@pytest.mark.parametrize(("src", "clean"), [("/a.tmpl", "a.tmpl"), ("b/../a.tmpl", "a.tmpl"), ("./b//c", "b/c")])
def test_src_is_cleaned(src: str, clean: str) -> None:
    assert one(f'[template]\nsrc = "{src}"\n').resources[0].src == clean


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[template", "image/conf.d/a.toml:1:10: confd cannot load it: expected ] behind the name of a table: the file ends"),
        ("[template]\nsrc = 'a'\nsrc = 'b'\n", "image/conf.d/a.toml:3:1: confd cannot load it: src is there already"),
        ("[template]\nsrc = 1", "image/conf.d/a.toml:2:1: confd cannot load it: src must be a string"),
        ("[template]\nsrc = 'a'\nmode = 0644", "3:1: confd cannot load it: mode must be a string"),
        ("[template]\nsrc = 'a'\nmode = 644", "3:1: confd cannot load it: mode must be a string"),
        ("[template]\nsrc = 'a'\nkeys = '/self'", "3:1: confd cannot load it: keys must be a list of strings"),
        ("[template]\nsrc = 'a'\nkeys = [1]", "3:1: confd cannot load it: keys must be a list of strings"),
        ("[template]\nsrc = 'a'\n 'UID' = 'root'", "3:2: confd cannot load it: uid must be a number"),
        ("[template]\nsrc = 'a'\nSRC = 1", "3:1: confd cannot load it: src must be a string"),
        (
            "[template]\nsrc = 'a'\nFileMode = '0644'",
            "3:1: confd cannot load it: filemode must be a number",
        ),
        ("[[template]]\nsrc = 'a'", "1:1: confd cannot load it: [template] must be one table"),
        ("template = 1", "1:1: confd cannot load it: [template] must be one table"),
        ("", "image/conf.d/a.toml: confd cannot load it: empty src template"),
        ("[template]\nsrc = '../a.tmpl'", "src '../a.tmpl' leaves templates/"),
        ("[template]\nsrc = '.'", "src '.' leaves templates/"),
    ],
)
def test_a_file_that_confd_cannot_load_is_an_error_with_its_place(toml: str, words: str) -> None:
    with pytest.raises(ForgeError) as error:
        one(toml, "image")
    assert words in str(error.value)


def test_all_problems_are_shown_at_once() -> None:
    with pytest.raises(ForgeError) as error:
        read({"conf.d/a.toml": b"[template]\nuid = 'x'\ngid = 'y'\nsrc = 1", "conf.d/b.toml": b"\xff"})
    assert len(error.value.problems) == 4


@pytest.mark.confd
def test_the_toml_written_again_runs_in_the_real_confd(confd: Path, tmp_path: Path) -> None:
    words = """keys = ["/self"]
prefix = "/ignored"
mode = "384"
uid = 7
check_cmd = "test -s {{.src}}"
reload_cmd = "echo '\\u007f' >%s"
"""
    (found,) = one(resource(words % (tmp_path / "reloaded"))).resources
    toml = found.toml(str(tmp_path / "out"))
    assert "uid" not in toml
    tree(tmp_path, {"conf.d/a.toml": toml, "templates/a.tmpl": '{{getv "/self/a"}}'})
    with MetadataServer(answers_of({"a": "x"})) as server:
        options = ["-backend", "rancher", "-node", server.address, "-prefix", PREFIX]
        subprocess.run([confd, "-onetime", "-confdir", tmp_path, *options], check=True, capture_output=True)
    assert (tmp_path / "out").read_text() == "x"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "reloaded").read_text() == "\x7f\n"
    again = one(toml).resources[0]
    assert (again.keys, again.prefix, again.mode, again.check_cmd) == (found.keys, found.prefix, found.mode, found.check_cmd)


@pytest.mark.parametrize("words", [f"uid = 1{'0' * 5000}\n", f"x = {'[' * 5000}{']' * 5000}\n", f"x = {'{a=' * 5000}"])
def test_what_is_beyond_all_measure_cannot_be_loaded(words: str) -> None:
    with pytest.raises(ForgeError, match="conf.d/a.toml(:|$)[^\n]*confd cannot load it"):
        one(resource(words))


@pytest.mark.parametrize(
    ("text", "mode"),
    [("9" * 5000, None), ("0x" + "0" * 5000 + "1a4", 0o644), ("0" * 5000 + "644", 0o644), ("1" + "_0" * 5000, None)],
)
def test_a_mode_may_have_any_number_of_digits(text: str, mode: int | None) -> None:
    (found,) = one(resource(f'mode = "{text}"\n')).resources
    assert found.mode == mode
    assert found.fault.endswith("out of range") == (mode is None)
