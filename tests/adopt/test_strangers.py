"""Images whose keys hold more than words, or are another store's: values that fit, and why a file was never rendered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog_forge.adopt.fitting import Shapes
from catalog_forge.confd.reading import read
from catalog_forge.rancher.tree import MAX_BYTES
from tests.adopt.images import image, toml
from tests.adopt.test_adopt import adopted, run, statuses
from tests.helpers import tree

KEY = "/self/service/metadata"
ETCD = '["--backend", "etcd", "--node", "http://etcd:4001"]'
JSON_FIELD = '{{$d := json (getv "META/db")}}host {{$d.host}} port {{atoi $d.tcp.port}}{{range $d.tags}} {{.}}{{end}}\n'
FITTING = {
    "the fields of JSON": JSON_FIELD,
    "a list in JSON": '{{range jsonArray (getv "META/all")}}{{.at}} {{index (split .net "/") 1}}\n{{end}}',
    "a list in lists": '{{range split (getv "META/all") ", "}}{{index (split . ":") 1}}\n{{end}}',
    "a number": '{{range seq 1 (atoi (getv "META/count"))}}{{.}}\n{{end}}',
    "base64": '{{base64Decode (getv "META/cert")}}\n',
    "a truth": '{{if parseBool (getv "META/on")}}on{{else}}off{{end}}\n',
    "parts of names": '{{range gets "META/ports/*"}}{{index (split (base .Key) ".") 1}} {{.Value}}\n{{end}}',
    "words and parts": '{{if eq (getv "META/on") "yes"}}{{index (split (getv "META/at") ":") 1}}\n{{end}}',
    "the third part": '{{index (split (index (split (getv "META/at") "/") 2) ":") 1}}\n',
    "a variable": '{{range jsonArray (getenv "ALL")}}{{.path}}\n{{end}}',
    "health": '{{range ls "/self/service/containers"}}{{$s := getv (printf "/self/service/containers/%s/health_state" .) ""}}'
    '{{if eq $s "healthy"}}up {{.}}\n{{end}}{{end}}',
    "labels of others": '{{range $s := ls "/services"}}{{range split (getv (printf "/services/%s/labels/net.at" $s) "") ","}}'
    "{{if .}}{{index (split . \"=\") 1}}\n{{end}}{{end}}{{end}}",
}  # fmt: skip


@pytest.mark.parametrize("short", FITTING.values(), ids=FITTING)
def test_values_fit_what_is_done_with_them(short: str, tmp_path: Path) -> None:
    files = image({"x": short.replace("META", KEY)})
    files["conf.d/x.toml"] = toml("x.tmpl", "/etc/app/x", keys='"/"')
    found = adopted(tmp_path, dict(files))
    assert statuses(found) in ({"/etc/app/x": "equal"}, {"/etc/app/x": "proven"}), found


def test_shapes() -> None:
    shapes = Shapes()
    shapes.add(read("x", JSON_FIELD.replace("META", KEY).encode()).uses, str)
    shapes.add(read("x", b'{{if eq (getv "/self/service/metadata/a") "p" "q"}}{{end}}{{atoi (getenv "N")}}').uses, str)
    assert json.loads(shapes.value("/metadata/db", None)) == {"host": "some host", "tcp": {"port": "3"}, "tags": ["some", "one"]}
    assert [shapes.value("/metadata/a", turn) for turn in (None, 0)] == ["", "p"]
    assert shapes.value("$N", None) == "3"
    many = "".join(f'{{{{split (getv "{KEY}/p") "{number}"}}}}' for number in range(60))
    shapes.add(read("x", many.encode()).uses, str)
    assert len(shapes.value("/metadata/p", None)) < 10_000


@pytest.mark.parametrize(
    ("command", "template"),
    [
        (ETCD, '{{range lsdir "/services"}}{{.}}\n{{range gets (printf "/services/%s/*" .)}}{{.Value}}\n{{end}}{{end}}'),
        ("[]", '{{range lsdir "/sites"}}{{if ls (printf "/services/%s/of" .)}}{{.}}\n{{end}}{{end}}'),
    ],
    ids=["the image says so", "nobody says, and it reads what Rancher never serves"],
)
def test_the_keys_of_another_store_are_not_ranchers(command: str, template: str, tmp_path: Path) -> None:
    files = image({"x": template})
    files["Dockerfile"] = files["Dockerfile"].partition("CMD")[0] + f"CMD {command}\n"
    files["conf.d/x.toml"] = toml("x.tmpl", "/etc/app/x", keys='"/"')
    found = adopted(tmp_path, dict(files), "--write")
    assert statuses(found) == {"/etc/app/x": "equal"}, found
    assert f'"{KEY}/services' in (tmp_path / "specs/app-conf/x.tmpl").read_text()
    assert "the keys of this image are not in Rancher's metadata" in json.dumps(found["notes"])


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("", "the blocks of the spec leave out what the original writes only if this key exists"),
        (f'{{{{printf "%q" (getv "{KEY}/a")}}}}', "the template of the spec reads this path below /self/service/metadata"),
    ],
    ids=["blocks", "a template"],
)
def test_a_note_on_a_dead_key_says_what_the_spec_does_with_it(more: str, hint: str, tmp_path: Path) -> None:
    files = image({"x": f'a {{{{getv "{KEY}/a"}}}}\n{{{{if exists "/es/log"}}}}log\n{{{{end}}}}{more}'})
    found = adopted(tmp_path, dict(files))
    assert statuses(found) == {"/etc/app/x": "equal"}
    notes = found["notes"]
    assert isinstance(notes, list)
    assert [each["hint"] for each in notes if "never serves a key at /es/log," in each["message"]] == [hint]


def test_branches_that_no_scenario_reaches_are_said(tmp_path: Path) -> None:
    text = f'{{{{if exists "{KEY}/a"}}}}\na {{{{getv "{KEY}/a"}}}}\n'
    text += '{{else if eq (getv "/self/service/name") "x y"}}\nnever\n{{else}}b\n{{end}}'
    found = adopted(tmp_path, dict(image({"x": text})))
    assert statuses(found) == {"/etc/app/x": "equal"}
    notes = found["notes"]
    assert isinstance(notes, list)
    (note,) = [each for each in notes if each["message"].startswith("no scenario reaches")]
    assert note["message"] == "no scenario reaches the branches that begin on these lines, so nothing is proven about them: 3"
    assert note["where"].endswith("x.tmpl:3:1")


def test_a_script_that_starts_confd_with_its_default_asks_etcd(tmp_path: Path) -> None:
    files = image({"x": '{{range ls "/services"}}{{.}}\n{{end}}'}, **{"start.sh": "#!/bin/sh\nexec confd -interval 5\n"})
    files["Dockerfile"] = files["Dockerfile"].partition("ENTRYPOINT")[0] + 'COPY start.sh /\nENTRYPOINT ["/start.sh"]\n'
    assert "the keys of this image are not in Rancher's metadata" in json.dumps(adopted(tmp_path, dict(files))["notes"])


def unlinked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def huge(path: Path) -> None:
    path.write_text("x" * (MAX_BYTES + 1))


@pytest.mark.parametrize("spoil", [unlinked, piped, huge])
@pytest.mark.parametrize("name", ["templates/x.tmpl", "conf.d/x.toml", "own"])
def test_what_cannot_be_read_is_never_taken_for_empty(name: str, spoil: Callable[[Path], None], tmp_path: Path) -> None:
    files = image({"x": f'a {{{{getv "{KEY}/a"}}}}\n'}, own="mine\n")
    files["Dockerfile"] += "COPY own /etc/app/own\n"
    folder = tree(tmp_path / "app-conf", dict(files))
    spoil(folder / name)
    result = run(tmp_path, str(folder), "--format", "json")
    (found,) = json.loads(result.stdout)
    assert found["status"] == "not read"
    assert [each["where"] for each in found["errors"]] == [f"{folder}/{name}"]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("FROM alpine\nCOPY\n", ":2:1", "COPY has no arguments"),
        ("FROM alpine\n".encode("utf-16"), ":1:1", "not UTF-8 text"),
        ("", "", "empty"),
    ],
)
def test_a_dockerfile_that_cannot_be_parsed_is_said(text: str | bytes, place: str, words: str, tmp_path: Path) -> None:
    found = adopted(tmp_path, {**image({"x": f'a {{{{getv "{KEY}/a"}}}}\n'}), "Dockerfile": text})
    notes = found["notes"]
    assert isinstance(notes, list)
    assert [each["message"] for each in notes if each["where"].endswith(f"/Dockerfile{place}") and words in each["message"]]


def test_values_of_a_template_that_calls_itself_stay_small(tmp_path: Path) -> None:
    text = '{{define "r"}}{{.a}}{{range .kids}}{{template "r" .}}{{end}}{{end}}'
    text += f'{{{{template "r" (json (getv "{KEY}/j"))}}}}'
    shapes = Shapes()
    shapes.add(read("x", text.encode()).uses, str)
    assert 0 < len(shapes.value("/metadata/j", None)) < 10_000
    assert adopted(tmp_path, dict(image({"x": text})))["errors"] == []


def test_what_a_dockerfile_far_above_brings_is_no_image_of_its_own(tmp_path: Path) -> None:
    files = image({"x": f'{{{{getv "{KEY}/a"}}}}\n'})
    deep = {f"rootfs/etc/confd/{name}": text for name, text in files.items() if name != "Dockerfile"}
    lines = [line for line in files["Dockerfile"].splitlines() if not line.startswith("COPY")]
    found = adopted(tmp_path, {"Dockerfile": "\n".join([*lines, "COPY rootfs /"]), **deep})
    assert found["status"] == "adopted"


def test_a_file_that_stands_where_confd_writes_is_said(tmp_path: Path) -> None:
    files = image({"x": f'a {{{{getv "{KEY}/a"}}}}\n'}, first="first\n")
    files["Dockerfile"] += "COPY first /etc/app/x\n"
    found = adopted(tmp_path, dict(files))
    assert statuses(found) == {"/etc/app/x": "equal"}
    assert "/etc/app/x exists before confd writes it" in json.dumps(found["notes"])


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        (
            'one\n  {{getv "/self/service/nothing"}}\n',
            ":2:5",
            'scenarios: <getv "/self/service/nothing">: error calling getv: key does not exist',
        ),
        ('{{if eq (getv "/self/service/name") "{{x}}"}}a{{end}}\n', "", "writes the same text in all scenarios"),
    ],
)
def test_what_was_never_rendered_says_why(template: str, line: str, words: str, tmp_path: Path) -> None:
    found = adopted(tmp_path, dict(image({"x": template})))
    assert statuses(found) == {"/etc/app/x": "never rendered"}
    notes = found["notes"]
    assert isinstance(notes, list)
    (note,) = [each for each in notes if each["message"].startswith("the template ")]
    assert note["where"].endswith(f"templates/x.tmpl{line}")
    assert words in note["message"]


def test_a_file_in_the_dockerfile_itself_is_adopted_and_one_that_is_ignored_is_not(tmp_path: Path) -> None:
    files = image({"x": f'{{{{getv "{KEY}/a"}}}}\n', "left": "out\n"})
    here = f"COPY <<EOF /etc/confd/conf.d/here.toml\n{toml('here.tmpl', '/etc/app/here')}EOF\n"
    here += "COPY <<'EOF' /etc/confd/templates/here.tmpl\n# here\nat {{getv \"/self/container/name\"}}\nEOF\n"
    files["Dockerfile"] = files["Dockerfile"].replace("VOLUME", f"{here}VOLUME")
    files[".dockerignore"] = "**/left.*\n"
    found = adopted(tmp_path, dict(files))
    assert statuses(found) == {"/etc/app/x": "equal", "/etc/app/here": "equal"}, found
    broken = files["Dockerfile"].replace('{{getv "/self/container/name', '{{getw "/self/container/name')
    found = adopted(tmp_path, {**files, "Dockerfile": broken})
    assert [each["where"] for each in found["errors"]] == [f"{tmp_path}/app-conf/Dockerfile:14:6"]


def test_a_script_in_the_dockerfile_itself_says_how_confd_starts(tmp_path: Path) -> None:
    files = image({"x": '{{getv "/a"}}\n'})
    files["conf.d/x.toml"] = toml("x.tmpl", "/etc/app/x", keys='"/"')
    start = f"COPY <<EOF /start.sh\n#!/bin/sh\nexec /confd --backend rancher --prefix /2016-07-29{KEY} --onetime\nEOF\n"
    lines = files["Dockerfile"].partition("ENTRYPOINT")[0]
    found = adopted(tmp_path, {**files, "Dockerfile": f'{lines}{start}ENTRYPOINT ["/start.sh"]\n'}, "--write")
    assert statuses(found) == {"/etc/app/x": "equal"}, found
    assert "refresh: once" in (tmp_path / "specs/app-conf.yml").read_text()
