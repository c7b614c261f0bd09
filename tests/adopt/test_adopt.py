"""The command: a folder of an image becomes a spec that renders the same, and a report of what does not."""

from __future__ import annotations

import json
from pathlib import Path

import click.testing
import pytest

from catalog_forge import yamlio
from catalog_forge.adopt.proof import lines
from catalog_forge.cli.main import root
from tests.adopt.images import SOUND, image, toml
from tests.helpers import tree


def run(folder: Path, *words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(root, ["-C", str(folder), "adopt", *words])


def adopted(tmp_path: Path, files: dict[str, str | bytes], *words: str) -> dict[str, object]:
    """What the report says of one image."""
    folder = tree(tmp_path / "app-conf", files)
    result = run(tmp_path, str(folder), "--format", "json", *words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    (found,) = json.loads(result.stdout)
    return found


def statuses(found: dict[str, object]) -> dict[str, str]:
    files = found["files"]
    assert isinstance(files, list)
    return {each["dest"]: each["status"] for each in files}


def lifted(found: dict[str, object]) -> int:
    """How many files became blocks."""
    files = found["files"]
    assert isinstance(files, list)
    return sum(each["lifted"] for each in files)


def test_an_image_becomes_a_spec_that_renders_the_same(tmp_path: Path) -> None:
    folder = tree(tmp_path / "old" / "app-conf", SOUND)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (tmp_path / "new").mkdir()
    result = run(tmp_path / "new", str(folder), "--write")
    assert result.exit_code == 0, result.output
    assert "1 image: 1 adopted" in result.stdout
    assert "the spec assumes topology netns, service app, launch.exec app\n" in result.stdout
    assert (tmp_path / "new/specs/app-conf.yml").is_file()
    assert (tmp_path / "new/images/app-conf/conf.d/app.conf.toml").is_file()
    for command in (["generate", "--check"], ["test", "app-conf"]):
        played = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path / "new"), *command])
        assert played.exit_code == 0, played.output
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_written_unasked_and_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tree(tmp_path / "old" / "app-conf", SOUND)
    catalog = tree(tmp_path / "new", {"specs/app-conf.yml": "mine\n"})
    assert run(catalog, str(folder)).exit_code == 0
    result = run(catalog, str(folder), "--write")
    assert result.exit_code == 1
    assert "specs/app-conf.yml: this file is in the way" in result.stderr
    assert [path.name for path in catalog.rglob("*") if path.is_file()] == ["app-conf.yml"]


@pytest.mark.parametrize(
    ("template", "resource", "release", "path"),
    [
        ("{{getv \"/name\"}}\n", 'prefix = "/self/container"', "0.11.0", "/self/container/name"),
        ("{{getv \"/2015-12-19/self/container/name\"}}\n", "", "0.16.0", "/self/container/name"),
        ("{{range ls \"/services\"}}{{getv (printf \"/services/%s/scale\" .)}}\n{{end}}", "", "0.16.0", "/services"),
        ("{{$p := \"/name\"}}{{getv $p}}\n", 'prefix = "/self/container"', "0.11.0", "/self/container/name"),
    ],
)  # fmt: skip
def test_paths_are_written_out(tmp_path: Path, template: str, resource: str, release: str, path: str) -> None:
    # No block says this function, so that the template stays one.
    kept = f'{template}{{{{base64Encode "x"}}}}\n'
    files: dict[str, str | bytes] = {**image({"x": kept}, confd=release, version="2015-12-19")}
    key = template.split('"')[1]
    files["conf.d/x.toml"] = toml("x.tmpl", "/etc/app/x", resource, keys=f'"{key}"')
    if key.startswith("/2015"):
        files["Dockerfile"] = str(files["Dockerfile"]).replace(', "--prefix", "/2015-12-19"', "")
    found = adopted(tmp_path, files, "--write")
    assert statuses(found) == {"/etc/app/x": "equal"}, found
    assert f'"{path}"' in (tmp_path / "specs/app-conf/x.tmpl").read_text()


@pytest.mark.parametrize(
    ("own", "version"),
    [("/2015-12-19", "2015-12-19"), ("/latest/self", "latest"), ("", "2015-07-25")],
)
def test_the_version_in_the_prefix_of_a_resource_counts(tmp_path: Path, own: str, version: str) -> None:
    root = "" if own.endswith("self") else "/self"
    files = image({"x": f'{{{{getv "{root}/service/metadata/level"}}}}\n'}, "0.11.0")
    files["Dockerfile"] = files["Dockerfile"].partition("CMD")[0] + 'CMD ["--backend", "rancher"]\n'
    files["conf.d/x.toml"] = toml("x.tmpl", "/etc/app/x", *([f'prefix = "{own}"'] if own else []), keys='"/"')
    found = adopted(tmp_path, dict(files), "--write")
    assert found["status"] == "adopted", found
    spec = yamlio.load((tmp_path / "specs/app-conf.yml").read_text(), "spec")
    assert spec["engine"]["metadata"] == version


def test_several_versions_of_the_metadata_are_not_one(tmp_path: Path) -> None:
    files = image({"x": '{{getv "/self/service/name"}}\n', "y": '{{getv "/self/service/name"}}\n'}, "0.11.0")
    files["Dockerfile"] = files["Dockerfile"].partition("CMD")[0] + 'CMD ["--backend", "rancher"]\n'
    for name, version in (("x", "2015-12-19"), ("y", "2016-07-29")):
        files[f"conf.d/{name}.toml"] = toml(f"{name}.tmpl", f"/etc/app/{name}", f'prefix = "/{version}"', keys='"/self"')
    found = adopted(tmp_path, dict(files))
    assert found["status"] == "not read"
    assert "several versions of the metadata: 2015-12-19, 2016-07-29" in json.dumps(found["errors"])


def test_scenarios_that_are_written_pass(tmp_path: Path) -> None:
    """Those in which a file is not written are tried, and not kept."""
    files = image({"x": 'port = {{add (atoi (getv "/self/service/metadata/port" "80")) 1}}\n'})
    assert adopted(tmp_path, dict(files), "--write")["status"] == "adopted"
    assert list((tmp_path / "specs/app-conf/scenarios").iterdir())
    played = click.testing.CliRunner().invoke(root, ["-C", str(tmp_path), "test"])
    assert played.exit_code == 0, played.output


def test_values_that_lifted_files_refuse_are_said(tmp_path: Path) -> None:
    files = image({"x": 'name = {{getv "/self/service/metadata/name"}}\n', "y": '{{base64Encode (getv "/self/service/name")}}\n'})
    notes = [each["message"] for each in adopted(tmp_path, dict(files))["notes"]]  # type: ignore[index, attr-defined]
    for words in ("a value of several lines is refused in /etc/app/x:", "an empty value is refused in /etc/app/x:"):
        assert any(note.startswith(words) for note in notes), notes


def test_a_hint_of_the_report_is_a_line_of_its_own(tmp_path: Path) -> None:
    tree(
        tmp_path / "app-conf", {**SOUND, "conf.d/log.xml.toml": toml("log.xml.tmpl", "/etc/app/log.xml", 'reload_cmd = "kill 1"')}
    )
    shown = run(tmp_path, str(tmp_path / "app-conf")).stdout
    assert "the spec leaves out this reload_cmd: kill 1\n    hint: write `reload` in the spec\n" in shown


@pytest.mark.parametrize("name", ["3proxy-conf", "v4-conf", "7zip"])
def test_a_name_that_begins_with_a_number_is_a_name(tmp_path: Path, name: str) -> None:
    tree(tmp_path / "images" / name, dict(SOUND))
    assert f"adopted; spec {name.removesuffix('-conf')}-conf (files: " in run(tmp_path, str(tmp_path / "images" / name)).stdout


def test_a_keyspace_that_rancher_never_serves_is_said(tmp_path: Path) -> None:
    text = 'a = 1\n{{if exists "/app/level"}}level = {{getv "/app/level"}}\n{{end}}'
    found = adopted(tmp_path, {**image({"x": text})})
    assert statuses(found) == {"/etc/app/x": "equal"}
    notes = found["notes"]
    assert isinstance(notes, list)
    assert any("/app/level" in each["message"] and each["where"].endswith("templates/x.tmpl") for each in notes)


def test_what_cannot_be_read_is_reported_with_its_place(tmp_path: Path) -> None:
    found = adopted(tmp_path, {**SOUND, "templates/app.conf.tmpl": "a\n{{if}}\n"})
    assert found["status"] == "not read"
    assert "app.conf.tmpl:2" in json.dumps(found["errors"])


def test_a_folder_that_is_no_image_is_an_error(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", {"README.md": "nothing\n"})
    result = run(tmp_path, str(folder))
    assert result.exit_code == 1
    assert "there is no conf image below" in result.stderr


@pytest.mark.parametrize(
    ("template", "more", "reason"),
    [
        # The one key that is declared is missing, and the words of the answer become data.
        ('{{range ls "/self/service/metadata/a"}}{{.}}\n{{end}}', 'keys = ["/self/service/metadata/a"]', "mended"),
        # It reads what it does not declare.
        ('{{getv "/self/container/name"}}\n', 'keys = ["/self/service"]', "mended"),
    ],
)  # fmt: skip
def test_what_the_original_does_wrong_is_mended_and_proven(tmp_path: Path, template: str, more: str, reason: str) -> None:
    files: dict[str, str | bytes] = {**image({"x": template})}
    files["conf.d/x.toml"] = f'[template]\nsrc = "x.tmpl"\ndest = "/etc/app/x"\n{more}\n'
    found = adopted(tmp_path, files)
    reasons = {each["reason"] for file in found["files"] for each in file["differences"]}  # type: ignore[attr-defined]
    assert reasons == {reason}


def test_a_list_in_a_line_may_have_another_order(tmp_path: Path) -> None:
    walk = '{{range $i, $c := gets "/self/service/containers/*"}}{{if $i}}, {{end}}"n@{{.Value}}"{{end}}'
    for text, status in ((f"nodes = [{walk}]\n", "proven"), (f"nodes = {walk.replace('}}, ', '}} ')}\n", "equal")):
        found = adopted(tmp_path / status, image({"x": text}, version="2015-07-25"))
        assert statuses(found) == {"/etc/app/x": status}, found
        assert lifted(found) == (status == "proven")


def test_a_key_that_is_a_text_or_a_map_is_tried_as_both(tmp_path: Path) -> None:
    text = '{{if exists "/self/service/metadata/k"}}on {{getv "/self/service/metadata/k/port" "9000"}}\n{{end}}z\n'
    found = adopted(tmp_path, image({"x": text}))
    assert (statuses(found), lifted(found)) == ({"/etc/app/x": "equal"}, 1), found
    assert "no scenario reaches" not in json.dumps(found)


def test_services_of_all_stacks_are_looked_for_in_the_whole_environment(tmp_path: Path) -> None:
    loops = '{{range $s := ls "/stacks"}}{{range $n := ls (printf "/stacks/%s/services" $s)}}{{$s}} {{$n}}\n{{end}}{{end}}'
    found = adopted(tmp_path, {**image({"x": loops}), "conf.d/x.toml": toml("x.tmpl", "/etc/app/x", keys='"/stacks"')}, "--write")
    assert (statuses(found), lifted(found)) == ({"/etc/app/x": "proven"}, 1), found
    assert "sorted by their paths" in json.dumps(found["notes"])
    assert "scope: environment" in (tmp_path / "specs/app-conf.yml").read_text()


def test_services_with_equal_names_are_no_longer_mixed(tmp_path: Path) -> None:
    text = '{{range ls "/services"}}{{.}} {{getv (printf "/services/%s/scale" .)}}\n{{end}}'
    found = adopted(tmp_path, {**image({"x": text}), "conf.d/x.toml": toml("x.tmpl", "/etc/app/x", keys='"/services"')})
    assert (statuses(found), lifted(found)) == ({"/etc/app/x": "proven"}, 1), found
    reasons = {difference["scenario"]: difference["reason"] for difference in found["files"][0]["differences"]}  # type: ignore[index]
    assert reasons["app: two stacks with equal names"] == "namesakes"
    assert "mixes services of the same name from different stacks" in json.dumps(found["notes"])


def test_a_file_in_a_folder_of_the_system_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {**image({"x": '{{getv "/self/container/name"}}\n'})}
    files["conf.d/x.toml"] = toml("x.tmpl", "/x.sh")
    found = adopted(tmp_path, files, "--write")
    assert statuses(found) == {"/x.sh": "equal"}
    assert "dest: /etc/app/x.sh" in (tmp_path / "specs/app-conf.yml").read_text()
    assert "/x.sh is in a folder that cannot be a volume" in json.dumps(found["notes"])


def test_several_folders_of_confd_with_one_dest_are_several_specs(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Dockerfile": str(SOUND["Dockerfile"]).replace("COPY conf.d /etc/confd/conf.d", "COPY . /etc/")
    }
    for role in ("agent", "server"):
        files[f"{role}/conf.d/x.toml"] = toml("x.tmpl", "/etc/app/x")
        files[f"{role}/templates/x.tmpl"] = f'{role} {{{{getv "/self/container/name"}}}}\n'
    folder = tree(tmp_path / "app-conf", files)
    found = json.loads(run(tmp_path, str(folder), "--format", "json").stdout)
    assert {each["name"]: each["status"] for each in found} == {"app-agent-conf": "adopted", "app-server-conf": "adopted"}


def test_a_variable_whose_name_is_made_of_a_number_is_known(tmp_path: Path) -> None:
    text = '{{$i := getv "/self/container/service_index"}}{{getenv (printf "CERT%s" $i)}}\n'
    found = adopted(tmp_path, {**image({"x": text})}, "--write")
    assert statuses(found) == {"/etc/app/x": "equal"}
    assert "CERT3" in (tmp_path / "specs/app-conf.yml").read_text()


def test_scripts_that_an_image_brings_come_along(tmp_path: Path) -> None:
    dockerfile = "FROM alpine:3.19\nCOPY *.sh /opt/app/bin/\nVOLUME /opt/app/bin\n"
    found = adopted(tmp_path, {"Dockerfile": dockerfile, "run.sh": "#!/bin/sh\nexec app\n"}, "--write")
    assert statuses(found) == {"/opt/app/bin/run.sh": "equal"}
    spec = (tmp_path / "specs/app-conf.yml").read_text()
    assert "topology: scripts" in spec
    assert "mode: '0755'" in spec


def test_the_page_shows_all_and_cannot_be_changed_by_what_it_shows(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **image({"x": '{{range ls "/self/service/metadata/a"}}<b>{{.}}</b>\n{{end}}', "y": '{{getv "/gone/<i>x</i>" "none"}}\n'})
    }
    files["conf.d/x.toml"] = '[template]\nsrc = "x.tmpl"\ndest = "/etc/app/x"\nkeys = ["/self/service/metadata/a"]\n'
    files["Dockerfile"] = str(files["Dockerfile"]).replace("RUN chmod +x /confd", "RUN echo '<script>alert(1)</script>'")
    folder = tree(tmp_path / "app-conf", files)
    result = run(tmp_path, str(folder), "--html", str(tmp_path / "page.html"))
    assert result.exit_code == 0, result.output
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "mended" in page
    assert page.count("<details>") > 0
    assert "http" not in page.replace("https://github.com/kelseyhightower/confd", "")


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_an_image_says_steers_no_terminal(tmp_path: Path, form: str) -> None:
    files = image({"x": "a\n"})
    files["Dockerfile"] = files["Dockerfile"].replace("RUN chmod +x /confd", "RUN echo '\u202e\x9b2J\x7f'")
    result = run(tmp_path, str(tree(tmp_path / "app-conf", {**files})), "--format", form)
    assert "the spec leaves out this RUN: echo" in result.stdout
    assert all(each.isprintable() or each == "\n" for each in result.stdout)


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("Dockerfile", b'FROM alpine:3.19\nCOPY "conf.d /etc\nNONSENSE\n\xff', ""),
        ("conf.d/app.conf.toml", b"[template\n", "confd cannot load it"),
        ("conf.d/app.conf.toml", b'[template]\nsrc = "none.tmpl"\ndest = "/etc/app/x"\n', "is not in the image"),
        ("templates/app.conf.tmpl", b"\xff\xfe a\n", "UTF-8"),
        ("templates/app.conf.tmpl", b"{{getv", "unclosed action"),
        ("templates/app.conf.tmpl", b"{{range ls (ls (ls 1))}}{{end}}\n", ""),
        ("templates/app.conf.tmpl", b"{{if 1}}" * 5000, ""),
        ("templates/app.conf.tmpl", b"\xef\xbb\xbfa = 1\r\n", ""),
    ],
)
def test_bad_input_is_reported_and_left_alone(tmp_path: Path, path: str, content: bytes, words: str) -> None:
    folder = tree(tmp_path / "app-conf", {**SOUND, path: content})
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "templates" / "circle").symlink_to(".")
    before = {each: each.read_bytes() for each in folder.rglob("*") if each.is_file() and not each.is_symlink()}
    result = run(tmp_path, str(folder))
    assert result.exit_code in (0, 1), result.output
    assert "This is a bug" not in result.output
    assert words in result.output
    assert before == {each: each.read_bytes() for each in folder.rglob("*") if each.is_file() and not each.is_symlink()}


def test_many_files_are_looked_at_in_linear_time(tmp_path: Path) -> None:
    folder = tree(tmp_path / "app-conf", {**SOUND, **{f"data/{number}/x.txt": "x" for number in range(10_000)}})
    assert run(tmp_path, str(folder)).exit_code == 0


def test_the_page_of_the_docs_shows_a_real_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/adopt.md").read_text()
    tree(tmp_path / "app-conf", dict(SOUND))
    monkeypatch.chdir(tmp_path)
    result = run(tmp_path, "app-conf", "--write")
    assert f"$ catalog-forge adopt app-conf --write\n{result.stdout}```" in page
    files = page.partition("# files: of specs/app-conf.yml\n")[2].partition("```")[0]
    assert f"files:\n{files}" in (tmp_path / "specs/app-conf.yml").read_text()


def test_the_real_confd_says_the_same(tmp_path: Path, confd: Path) -> None:
    text = '{{range gets "/self/service/metadata/a/*"}}{{base .Key}}={{.Value}}\n{{end}}{{getv "/self/container/name"}}\n'
    files: dict[str, str | bytes] = {**image({"x": text, "y": str(SOUND["templates/app.conf.tmpl"])})}
    embedded = adopted(tmp_path, files)
    real = adopted(tmp_path, files, "--engine", "confd", "--confd", str(confd))
    assert statuses(embedded) == statuses(real)
    assert real["status"] == "adopted"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("# a\n\na  = 1\n", "a = 1\n# b\n", True),
        ("<!-- a -->\n<a/>\n", "<a/>\n", True),
        ("#!/bin/sh\n", "#!/bin/bash\n", False),
        ("//host/a\n", "//host/b\n", False),
        ("; a\n", "; b\n", False),
        ("a = 1 # x\n", "a = 1 # y\n", False),
        ("a:\n  b: 1\n", "a:\nb: 1\n", False),
        ("\tb\n", "        b\n", True),
    ],
)
def test_only_blanks_and_lines_that_are_comments_do_not_count(one: str, other: str, equal: bool) -> None:
    assert (lines(one.encode()) == lines(other.encode())) is equal


def test_what_a_line_begins_with_counts_but_where_the_format_reads_over_it() -> None:
    assert lines(b'{\n  "a": 1}\n', "/x.json") == lines(b'{\n"a": 1}\n', "/x.json")
    assert lines(b"a:\n  b: 1\n", "/x.yml") != lines(b"a:\nb: 1\n", "/x.yml")


GENERATED = (
    "# Generated by catalog-forge from specs/app-conf.yml; edit that file, then run: catalog-forge generate\nFROM alpine:3.19\n"
)


def test_what_was_generated_is_not_taken_in_again(tmp_path: Path) -> None:
    tree(tmp_path / "images" / "made-conf", {**SOUND, "Dockerfile": GENERATED + SOUND["Dockerfile"].partition("\n")[2]})
    alone = run(tmp_path, str(tmp_path / "images"))
    assert alone.exit_code == 1
    assert (
        "made-conf/Dockerfile:1:1: this image was generated from specs/app-conf.yml, so there is nothing to adopt" in alone.stdout
    )
    assert "catalog-forge update app-conf" in alone.stdout
    tree(tmp_path / "images" / "other-conf", SOUND)
    (tmp_path / "new").mkdir()
    both = run(tmp_path / "new", str(tmp_path / "images"), "--write")
    assert both.exit_code == 0, both.output
    assert "2 images: 1 adopted, 1 generated" in both.stdout
    assert sorted(path.name for path in (tmp_path / "new/specs").glob("*.yml")) == ["other-conf.yml"]


def test_what_add_unpacks_is_said(tmp_path: Path) -> None:
    docker = SOUND["Dockerfile"].replace("VOLUME", "ADD more.tar.gz https://example.org/x.tgz /etc/confd/\nVOLUME")
    found = adopted(tmp_path, {**SOUND, "Dockerfile": docker, "more.tar.gz": "x"})
    assert "the files that ADD unpacks are not read: more.tar.gz" in json.dumps(found["notes"])
    assert "x.tgz" not in json.dumps(found["notes"])


def test_a_file_that_the_original_never_writes_is_held_to_what_it_writes_with_its_keys(tmp_path: Path) -> None:
    from catalog_forge.adopt.cases import Trial
    from catalog_forge.adopt.originals import originals
    from catalog_forge.adopt.proof import prove
    from catalog_forge.lint import disk
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.spec.reader import read
    from catalog_forge.verify.embedded import Embedded
    from catalog_forge.verify.subject import of_spec

    folder = tree(tmp_path / "app-conf", image({"x": 'a = {{getv "/self/service/metadata/a"}}\n'}))
    (original,) = originals(Catalog(disk.read(folder, "app-conf")))
    case = Trial("nothing", {"services": {"app": {"scale": 1, "metadata": {"b": "1"}}}, "self": "app-1"})
    for text, reason in (("a = @{metadata/a|}\n", "mended"), ("a = none\nb = @{metadata/b}\n", "")):
        spec = {
            "forge": 1, "name": "app-conf", "service": {"name": "app", "image": "app:1", "topology": "netns"},
            "metadata": {"a": {"optional": True}, "b": {}}, "launch": {"exec": ["app"]},
            "files": [{"dest": "/etc/app/x", "format": "raw", "body": [{"text": text}]}],
        }  # fmt: skip
        (found,) = prove(original, of_spec(read(json.dumps(spec), "x"), lambda name, _: name), [case], Embedded())
        assert [each.reason for each in found.differences] == [reason]
