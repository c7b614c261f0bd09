"""The folder of a conf image as confd reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from catalog_forge.confd.imitated.image_dir import ImageDir, TemplateResource, read
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
        ("[template", "image/conf.d/a.toml:1:10: confd cannot load it: expected ] after the name of a table: the file ends"),
        ("[template]\nsrc = 'a'\nsrc = 'b'\n", "image/conf.d/a.toml:3:1: confd cannot load it: src already exists"),
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


MISFITS = [
    (b"[template]\nsrc = 1", [":2:1 src must be a string"]),
    (b"[template]\nsrc='a'\ndest = 1\nprefix = 2\nmode = 3\ncheck_cmd = 4\nreload_cmd = 5", [
        f":{line}:1 {key} must be a string" for line, key in enumerate("dest prefix mode check_cmd reload_cmd".split(), 3)
    ]),
    (b"[template]\nsrc='a'\nuid = 1.5\n  gid = true", [
        ":3:1 uid must be a number: confd does not accept names here", ":4:3 gid must be a number: confd does not "
                                                                       "accept names here",
    ]),
    (b"[template]\nsrc='a'\nkeys = 1", [":3:1 keys must be a list of strings"]),
    (b"[template]\nsrc='a'\nKEYS = [1]", [":3:1 keys must be a list of strings"]),
    (b"template = 1", [":1:1 [template] must be one table"]),
    (b"\n  [[template]]\nsrc='a'", [":2:3 [template] must be one table"]),
    (b"a = \xff", [":1:5 expected a value, not '\ufffd'"]),
    (b"[template]\nsrc='a'\nx = ", [":3:5 expected a value: the file ends"]),
    (b"x = 1", [' empty src template (write src = "NAME.tmpl" below [template])']),
    (b"[template]\nsrc = ''", [' empty src template (write src = "NAME.tmpl" below [template])']),
]  # fmt: skip


@pytest.mark.parametrize(("content", "faults"), MISFITS)
def test_what_confd_cannot_load_is_said_word_for_word(content: bytes, faults: list[str]) -> None:
    with pytest.raises(ForgeError) as error:
        read({"conf.d/a.toml": content}, "image")
    said = [f"{each.where}: {each.message}" + (f" ({each.hint})" if each.hint else "") for each in error.value.problems]
    place = "image/conf.d/a.toml"
    assert said == [f"{place}{fault}".replace(" ", ": confd cannot load it: ", 1) for fault in faults]


@pytest.mark.parametrize("src", ["/../x", "a/../../x", "templates/..", ".."])
def test_a_src_stays_below_the_templates(src: str) -> None:
    with pytest.raises(ForgeError) as error:
        one(f"[template]\nsrc = '{src}'\n")
    (problem,) = error.value.problems
    assert problem.message == f"src {src!r} leaves templates/"
    assert problem.hint == "templates must be below templates/"
    assert str(problem.where).startswith("conf.d/a.toml")


def test_a_resource_without_more_has_these_defaults() -> None:
    (found,) = read({"conf.d/b/a.toml": b"[template]\nSRC = 'c/d.tmpl'\nx = 1"}).resources
    assert found == TemplateResource("b/a", "conf.d/b/a.toml", "c/d.tmpl", "")
    assert found.toml("") == '[template]\nsrc = "c/d.tmpl"\nkeys = []\n'


def test_a_resource_is_written_as_toml_again() -> None:
    words = (
        'keys = ["/self", "/x\\u007f"]\nprefix = "p"\nmode = "0640"\n'
        'uid = 1\ngid = 2\ncheck_cmd = "c \\"x\\" é"\nreload_cmd = "r"\n'
    )
    assert one(resource(words)).resources[0].toml("/d") == (
        '[template]\nsrc = "a.tmpl"\ndest = "/d"\nprefix = "p"\ncheck_cmd = "c \\"x\\" é"\nreload_cmd = "r"\n'
        'keys = ["/self", "/x\\u007f"]\nmode = "0640"\n'
    )


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("0X1a4", 420), ("0B1", 1), ("0O17", 15), ("0_7", 7), ("1_0", 10), ("00", 0), ("037777777777", (1 << 32) - 1),
        ("4294967295", (1 << 32) - 1), ("0x" + "0" * 40 + "1", 1), ("0b" + "1" * 32, (1 << 32) - 1),
    ],
)  # fmt: skip
def test_a_mode_is_a_number_of_32_bits(text: str, mode: int) -> None:
    (found,) = one(resource(f'mode = "{text}"')).resources
    assert (found.mode, found.fault) == (mode, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("37777777777", "value out of range"), ("040000000000", "value out of range"), ("4294967296", "value out of range"),
        ("1" * 33, "value out of range"), ("0b1" + "0" * 32, "value out of range"), ("a", "invalid syntax"),
        ("0x", "invalid syntax"), ("08", "invalid syntax"), ("_1", "invalid syntax"), ("1_", "invalid syntax"),
        ("-1", "invalid syntax"), (" 1", "invalid syntax"),
    ],
)  # fmt: skip
def test_any_other_mode_is_a_fault_in_the_words_of_go(text: str, why: str) -> None:
    (found,) = one(resource(f'mode = "{text}"')).resources
    assert (found.mode, found.fault) == (None, f'strconv.ParseUint: parsing "{text}": {why}')


@pytest.mark.parametrize(
    ("dest", "reason"),
    [
        ("", "dest is empty or missing"),
        *((dest, f"dest {dest!r} names a folder") for dest in ("/", "/etc/a/", ".", "..", "/etc/..", "/etc/a/.", "a/..")),
        *((dest, "") for dest in ("/etc/a", "a", "./a", "/etc/...", "/etc/.a", "/etc//a")),
    ],
)
def test_no_file_can_be_put_where_a_folder_is_named(dest: str, reason: str) -> None:
    assert one(f"[template]\nsrc = 'a'\ndest = '{dest}'\n").resources[0].misplaced == reason
