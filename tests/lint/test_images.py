"""What the rules for conf images say, where they say it, and that they say nothing of images that are made here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.disk import read
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import File, Tree
from tests.image.specs import SPECS, plan
from tests.lint.trees import SOUND, tree

GOLDEN = Path(__file__).parents[1] / "golden"
IMAGE = "images/web-conf/"
DOCKERFILE, RESOURCE = IMAGE + "Dockerfile", IMAGE + "conf.d/web.toml"
TEMPLATE, SCRIPT = IMAGE + "templates/web.conf.tmpl", IMAGE + "run.sh"
OLD = """\
FROM rancher/confd-base:0.11.0-dev-rancher
COPY conf.d/ /etc/confd/conf.d/
COPY templates/ /etc/confd/templates/
VOLUME ["/etc/web"]
ENTRYPOINT ["/confd"]
CMD ["-backend", "rancher", "-prefix", "/2015-07-25", "-interval", "20"]
"""


def findings(files: Tree, *words: str) -> list[Finding]:
    return run(Catalog(files), Choice(registry.expand(words or ("CF6", "CF7"))))


def found(changes: Mapping[str, str | None], *words: str) -> list[str]:
    """What is found in the sound catalog with some files changed: place and message."""
    return [f"{each.where}: {each.message}" for each in findings(tree(changes), *words)]


def resource(*lines: str) -> str:
    return "\n".join(("[template]", 'src = "web.conf.tmpl"', 'dest = "/etc/web/web.conf"', *lines)) + "\n"


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_the_examples_have_no_findings(name: str) -> None:
    assert [f"{each.rule} {each.where}: {each.message}" for each in findings(read(GOLDEN / name))] == []


@pytest.mark.parametrize("topology", ["volumes", "netns", "datavol", "embedded"])
@pytest.mark.parametrize("name", SPECS)
def test_generated_images_have_no_findings(name: str, topology: str) -> None:
    files = [
        File(f"images/probe-conf/{each.path}", len(each.content), lambda each=each: each.content, mode=each.mode)  # type: ignore[misc]
        for each in plan(SPECS[name], topology)
    ]
    # These specs choose that a file ends without a line break.
    assert [each for each in findings(Tree(files)) if each.rule != "CF640"] == []


@pytest.mark.parametrize(
    ("changes", "rule", "where"),
    [
        ({RESOURCE: resource('owner = "web"')}, "CF602", "4:1"),
        ({RESOURCE: resource('mode = "644"')}, "CF603", "4:9"),
        ({RESOURCE: resource('keys = ["/self/service", "/hosts"]')}, "CF606", "4:27"),
        ({RESOURCE: resource("keys = [")}, "CF601", "5:1"),
        ({TEMPLATE: 'ä={{getv "/self/service/metadata/a"}}\n'}, "CF635", "1:10"),
        ({TEMPLATE: "a\n  {{if}}x{{end}}\n"}, "CF631", "2:7"),
        ({TEMPLATE: 'a {{ getw "/self/service/metadata/a" }}\n'}, "CF632", "1:6"),
        ({TEMPLATE: '{{$p := "/self/service/metdata"}}\n{{range ls (printf "%s/x" $p)}}{{.}}\n{{end}}'}, "CF638", "2:12"),
        ({TEMPLATE: "a\nb \t\nc \n"}, "CF640", "2:2"),
        ({DOCKERFILE: "FROM busybox:1.37.0\n\nRUN curl -L \\\n  https://a.example/b | tar x\n"}, "CF703", "4:3"),
        ({DOCKERFILE: "# a base\nFROM   busybox AS x\n"}, "CF702", "2:8"),
        ({SCRIPT: '#!/bin/sh\nexec "$1" a$@\n'}, "CF720", "2:12"),
    ],
)
def test_a_finding_points_at_what_is_wrong(changes: dict[str, str | None], rule: str, where: str) -> None:
    places = [str(each.where) for each in findings(tree(changes), rule)]
    assert len(places) == 1 and places[0].endswith(f":{where}"), places


@pytest.mark.parametrize(
    ("line", "rule", "fixed"),
    [('owner = "web"\n', "CF602", ""), ('mode = "644"\n', "CF603", 'mode = "0644"\n')],
)
def test_a_fix_mends(line: str, rule: str, fixed: str) -> None:
    text = resource() + line + 'reload_cmd = "true"\n'
    (finding,) = findings(tree({RESOURCE: text}), rule)
    assert finding.fix and finding.fix.path == RESOURCE
    for edit in finding.fix.edits:
        text = text[: edit.start] + edit.text + text[edit.end :]
    assert text == resource() + fixed + 'reload_cmd = "true"\n'


def test_a_key_of_several_lines_has_no_fix() -> None:
    (finding,) = findings(tree({RESOURCE: resource("owner = [\n  'a',\n]")}), "CF602")
    assert finding.fix is None


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{{getv "/self/service/name" "x"}}', "confd 0.11.0-dev-rancher does not accept a default for getv: the call fails"),
        ("a {{- 1}}", "confd 0.11.0-dev-rancher cannot parse a trim marker, because it was built with an older release of Go"),
        ("{{atoi 1}}", "confd 0.11.0-dev-rancher has no function 'atoi'"),
    ],
)
def test_what_an_old_confd_lacks(template: str, message: str) -> None:
    assert [each.partition(": ")[2] for each in found({DOCKERFILE: OLD, TEMPLATE: template + "\n"}, "CF632")] == [message]
    assert found({TEMPLATE: template.replace("atoi", "len") + "\n"}, "CF632") == []


def test_without_a_release_it_is_said_what_was_assumed() -> None:
    (finding,) = findings(tree({TEMPLATE: '{{add (atoi (getv "/self/service/scale")) 1}}\n'}), "CF632")
    assert (
        finding.level == "warning"
        and finding.message == "confd 0.16 is the first release with 'atoi', but this image may run 0.14"
    )


@pytest.mark.parametrize(
    ("dockerfile", "release"),
    [
        ("FROM a:1\nARG CONFD_VERSION=0.13.0\nADD https://x/v${CONFD_VERSION}/confd-${CONFD_VERSION}-linux-amd64 /confd\n", 13),
        ("FROM a:1\nENV CONFD_VERSION 'v0.12.0'\nRUN fetch\n", 12),
        ("FROM rancher/confd-base:0.11.0-dev-rancher\n", 11),
        ("FROM rancher/confd-base:v0.1.0\n", None),
        ("FROM a:1\nCOPY confd /confd\n", None),
    ],
)
def test_the_release_of_confd_is_found(dockerfile: str, release: int | None) -> None:
    from catalog_forge.lint.images.inside import inside

    (image,) = Catalog(tree({DOCKERFILE: dockerfile})).images
    assert inside(image).release.number == release


@pytest.mark.parametrize(
    "template",
    [
        '{{with get "/self/service/metadata/a"}}{{.Value}}{{end}}',
        '{{if exists "/self/service/metadata/b"}}{{getv "/self/service/metadata/a"}}{{end}}',
        '{{if and (exists "/self/service/metadata/b") true}}{{end}}{{getv "/self/service/metadata/a"}}',
        '{{if exists "/self/service/metadata/a"}}x{{else}}{{getv "/self/service/metadata/a"}}{{end}}',
    ],
)
def test_metadata_without_a_guard(template: str) -> None:
    assert len(found({TEMPLATE: template + "\n"}, "CF635")) == 1


@pytest.mark.parametrize(
    "template",
    [
        '{{range gets "/self/service/metadata/a/*"}}{{getv .Key}}{{end}}',
        '{{range $k := ls "/self/service/metadata/a"}}{{getv (printf "/self/service/metadata/a/%s/b" $k)}}{{end}}',
        '{{if not (exists "/self/service/metadata/a")}}x{{else}}{{getv "/self/service/metadata/a"}}{{end}}',
        '{{if eq (getv "/self/service/metadata/a" "") "x"}}{{getv "/self/service/metadata/a"}}{{end}}',
        '{{getv "/self/service/name"}}',
        '{{define "x"}}{{getv "/self/service/metadata/a"}}{{end}}',
    ],
)
def test_metadata_with_a_guard(template: str) -> None:
    assert found({TEMPLATE: template + "\n"}, "CF635") == []


@pytest.mark.parametrize(
    ("dest", "line", "count"),
    [
        ("a.xml", "<a>{{getv K}}</a>", 1),
        ("a.xml", "<a>{{html (getv K)}}</a>", 0),
        ("a.xml", "  {{getv K}}", 0),
        ("a.json", '"a": "{{getv K}}"', 1),
        ("a.json", '"a": {{printf "%q" (getv K)}}', 0),
        ("a.json", '"a": {{getv K}}', 0),
        ("a.yml", "a: {{getv K}}", 1),
        ("a.yml", "- {{getv K}}", 1),
        ("a.yml", "# a: {{getv K}}", 0),
        ("a.yml", "  - b: 1 # a: {{getv K}}", 0),
        ("a.yml", "b#c: {{getv K}}", 1),
        ("a.yml", "'x # y': {{getv K}}", 1),
        ("a.yml", "it's # a: {{getv K}}", 0),
        ("a.yml", '{{range gets "/self/service/metadata/*"}}{{.Value}}: x{{end}}', 0),
        ("a.sh", "export A={{getv K}}", 1),
        ("a.sh", 'export A=\'{{replace (getv K) "\'" "" -1}}\'', 0),
        ("a.sh", 'export A={{getv "/self/container/primary_ip"}}', 0),
        ("a.conf", "a={{getv K}}", 0),
    ],
)
def test_values_unescaped(dest: str, line: str, count: int) -> None:
    changes = {
        RESOURCE: resource('keys = ["/self"]').replace('web.conf"', f'{dest}"'),
        TEMPLATE: line.replace("K", '"/self/service/metadata/k"') + "\n",
    }
    assert len(found(changes, "CF636")) == count


@pytest.mark.parametrize(
    ("prefix", "path", "count"),
    [
        ("2015-07-25", "/self/stack/services/db/containers/0", 1),
        ("2016-07-29", "/self/stack/services/db/containers/x/name", 0),
        ("2016-07-29", "/self/service/containers/0", 1),
        ("2015-07-25", "/self/service/containers/0", 0),
        ("2016-07-29", "/self/service/waiting-for-all", 0),
        ("2016-07-29", "/selff/service/name", 1),
        ("2016-07-29", "/self/services/name", 1),
        ("2016-07-29", "/2016-07-29/self/service/name", 0),
    ],
)
def test_paths_by_the_version_of_the_metadata(prefix: str, path: str, count: int) -> None:
    script = f"#!/bin/sh\nexec confd -backend rancher -prefix /{prefix} -watch\n"
    assert len(found({SCRIPT: script, TEMPLATE: f'{{{{getv "{path}"}}}}\n'}, "CF638")) == count


def test_with_another_backend_any_path_may_be_right() -> None:
    script = "#!/bin/sh\nexec confd -backend etcd -watch\n"
    assert found({SCRIPT: script, TEMPLATE: '{{getv "/web/greeting"}}\n'}, "CF638") == []


@pytest.mark.parametrize(
    ("base", "command", "count"),
    [
        ("busybox:1.37.0", "killall -HUP web", 0),
        ("busybox:1.37.0", "NODE=1 curl -s http://web", 1),
        ("busybox:1.37.0", "/opt/tool/reload.sh", 1),
        ("busybox:1.37.0", "/bin/kill -HUP 1", 0),
        ("nginx:1.27.3", "nginx -s reload", 0),
        ("scratch", "true", 1),
    ],
)
def test_commands_that_cannot_run(base: str, command: str, count: int) -> None:
    changes = {DOCKERFILE: SOUND[DOCKERFILE].replace("busybox:1.37.0", base), RESOURCE: resource(f'reload_cmd = "{command}"')}
    assert len(found(changes, "CF614")) == count


@pytest.mark.parametrize(
    ("copy", "count"),
    [("COPY . /etc/confd/", 0), ("COPY conf.* /etc/confd/", 0), ("COPY images/web-conf/conf.d /etc/confd/conf.d", 0), ("", 1)],
)
def test_ways_to_copy_conf_d(copy: str, count: int) -> None:
    assert len(found({DOCKERFILE: f"FROM busybox:1.37.0\n{copy}\nCOPY run.sh /\n"}, "CF705")) == count


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("RUN chmod +x /run.sh", 0),
        ("RUN chmod 0755 /*.sh", 0),
        ("RUN true", 1),
    ],
)
def test_the_build_may_make_a_script_executable(line: str, count: int) -> None:
    changes = {SCRIPT: "exec confd\n", DOCKERFILE: f'FROM busybox:1.37.0\nCOPY *.sh /\n{line}\nENTRYPOINT ["/run.sh"]\n'}
    assert len(found(changes, "CF721")) == count


def test_a_script_of_an_image_below_is_not_that_of_the_image_above() -> None:
    changes = {"images/Dockerfile": "FROM busybox:1.37.0\n", SCRIPT: "#!/bin/sh\nexit -1\n"}
    assert len(found(changes, "CF722")) == 1


SOURCES: dict[str, str] = {
    "nothing": "",
    "NUL": "\0" * 50_000,
    "spaces": " " * 50_000,
    "spaces inside": ("a" + " " * 1000) * 100,
    "lines": "\n" * 50_000,
    "too large": "a\n" * 100_000,
    "actions": '{{getv "/self/service/metadata/a"}}\n' * 2000,
    "variables": "".join(f'{{{{$v{each} := getv "/a{each}"}}}}' for each in range(2000)),
    "doubled": '{{$a := "x"}}' + '{{$a := printf "%s%s" $a $a}}' * 2000,
    "nested": "{{if 1}}" * 2000 + "{{end}}" * 2000,
    "parentheses": "{{" + "(" * 5000 + ")" * 5000 + "}}",
    "brackets": "[template]\nx = " + "[" * 10_000 + "]" * 10_000,
    "keys": "[template]\nsrc = 'web.conf.tmpl'\n" + "".join(f"k{each} = 1\n" for each in range(5000)),
    "stages": "".join(f"FROM s{each} AS s{each + 1}\n" for each in range(3000)),
    "circle": "FROM b AS a\nFROM a AS b\n",
    "downloads": "FROM a:1\n" + "RUN curl http://a.b/c\n" * 3000,
    "heredocs": "FROM a:1\n" + "RUN <<EOF\n" * 5000,
    "growing": "FROM a:1\nENV A=aaaaaaaaaa\n" + "ENV A=$A$A$A$A\n" * 500,
    "quotes": "#!/bin/sh\n" + '"$(' * 20_000,
    "arguments": "#!/bin/sh\n" + "confd -a $@ " * 5000,
}


@pytest.mark.parametrize("path", [DOCKERFILE, RESOURCE, TEMPLATE, SCRIPT])
@pytest.mark.parametrize("name", SOURCES)
def test_hostile_files_are_judged_in_no_time(name: str, path: str) -> None:
    own = registry.expand(("CF6", "CF7")) - registry.expand(("CF79",))
    started = time.process_time()
    run(Catalog(tree({path: SOURCES[name]})), Choice(own))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("mode", "shown"),
    [("644", ["1204"[1:]]), ("0644", []), ("0o644", []), ("1755", ["2733"[1:]]), ("4755", ["1223"[1:]]), ("64", []), ("888", [])],
)
def test_a_mode_of_three_or_four_digits_is_decimal(mode: str, shown: list[str]) -> None:
    lines = found({"images/web-conf/conf.d/web.toml": resource(f'mode = "{mode}"', 'keys = ["/self/service"]')}, "CF603")
    assert [line.rpartition(" ")[2] for line in lines] == [f"0{int(mode) & 0o777:03o}" for _ in shown]


@pytest.mark.parametrize(
    ("prefix", "own", "template", "count"),
    [
        ("/2016-07-29/self", "", '{{getv "/service/metadata/x" "d"}}', 0),
        ("2016-07-29/self/", "", '{{getv "/service/metadata/x" "d"}}', 0),
        ("/2016-07-29/self", "", '{{getv "/self/service/name" "d"}}', 1),
        ("/2016-07-29", "", '{{getv "/service/name" "d"}}', 1),
        ("/2016-07-29", "/self", '{{getv "/service/name" "d"}}', 1),
        ("", "/2016-07-29/self", '{{getv "/service/name" "d"}}', 0),
    ],
)
def test_a_path_is_judged_behind_the_prefix_that_confd_joins_it_to(prefix: str, own: str, template: str, count: int) -> None:
    flags = f' -prefix "{prefix}"' if prefix else ""
    files = {SCRIPT: f"#!/bin/sh\nexec confd -backend rancher{flags} -interval 5\n", TEMPLATE: template + "\n"}
    files[RESOURCE] = resource('keys = ["/service"]', *([f'prefix = "{own}"'] if own else []))
    assert len(found(files, "CF638")) == count


@pytest.mark.parametrize(
    ("check", "count"),
    [
        ("grep -q x /etc/web/web.conf", 1),
        ("sh -c 'test -s /etc/web/web.conf'", 1),
        ("grep -q x {{.src}}", 0),
        ("cmp {{.src}} /etc/web/web.conf", 0),
        ("test -s /etc/web/web.conf.old", 0),
        ("test -s /srv/etc/web/web.conf", 0),
    ],
)
def test_a_check_of_the_dest_judges_the_old_file(check: str, count: int) -> None:
    assert len(found({RESOURCE: resource('keys = ["/self"]', f'check_cmd = "{check}"')}, "CF619")) == count


GATHERED = {
    DOCKERFILE: "FROM alpine:3\nADD app.toml /etc/confd/conf.d/\nADD --chown=0:0 app.tmpl /etc/confd/templates/web.conf.tmpl\n",
    RESOURCE: None, TEMPLATE: None, SCRIPT: None,
    IMAGE + "app.toml": resource('keys = ["/self/service"]'),
    IMAGE + "app.tmpl": 'a={{getv "/self/service/metadata/a" "b"}}\n',
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({IMAGE + "app.tmpl": "{{ if }}\n"}, "app.tmpl:1:7: confd cannot parse the template: missing value for if"),
        (
            {IMAGE + "app.toml": resource("uid = 'a'")},
            "app.toml:4:1: confd cannot load it: uid must be a number: confd does not accept names here",
        ),
        ({IMAGE + "app.toml": resource().replace("web.conf", "x")}, "app.toml:2:8: the template templates/x.tmpl does not exist"),
        (
            {DOCKERFILE: "FROM alpine:3.20.3\nCOPY *.toml /opt/c/conf.d/\nCOPY app.tmpl /opt/c/templates/\n"},
            "app.toml:2:8: the template templates/web.conf.tmpl does not exist",
        ),
    ],
)
def test_what_a_dockerfile_gathers_is_read(changes: dict[str, str | None], said: str) -> None:
    errors = [each for each in findings(tree({**GATHERED, **changes})) if each.level == "error"]
    assert [f"{each.where}: {each.message}".removeprefix(IMAGE).partition(": confd knows")[0] for each in errors] == [said]
    assert [each for each in findings(tree(dict(GATHERED))) if each.level == "error"] == []


def test_a_resource_that_is_not_copied_is_not_in_the_image() -> None:
    other = {IMAGE + "conf.d/b.toml": "[template]\nsrc = 1\n"}
    assert len(found(other, "CF601")) == 1
    dockerfile = "FROM alpine:3.20.3\nCOPY conf.d/web.toml /etc/confd/conf.d/\nCOPY templates/ /etc/confd/templates/\n"
    assert found({**other, DOCKERFILE: dockerfile}, "CF601") == []


def test_where_no_template_is_copied_those_beside_conf_d_are_read() -> None:
    dockerfile = "FROM alpine:3.20.3\nCOPY conf.d /etc/confd/conf.d\nRUN fetch-templates\n"
    assert len(found({DOCKERFILE: dockerfile, TEMPLATE: "{{if}}\n"}, "CF631")) == 1


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("RUN cat a b > /etc/confd/conf.d/x.toml\n", 1),
        ("COPY run.sh /\nRUN /run.sh conf.d\n", 1),
        ("COPY x.toml /etc/confd/conf.d/\n", 0),
    ],
)
def test_it_is_said_that_nothing_was_read(lines: str, count: int) -> None:
    dockerfile = f'FROM alpine:3.20.3\n{lines}ENTRYPOINT ["/confd", "-backend", "rancher", "-prefix", "/latest", "-watch"]\n'
    files = {DOCKERFILE: dockerfile, RESOURCE: None, TEMPLATE: None, IMAGE + "x.toml": resource()}
    assert len(found(files, "CF713")) == count


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("and (not (exists F)) (ls F)", 0),
        ("or (exists F) (ls F)", 0),
        ("and (exists F) (ls F)", 1),
        ("not (exists F)", 1),
        ("and (not (exists F)) (ls G)", 1),
        ('and (not (exists "/self/service/metadata")) (ls "/self/service/metadata")', 1),
    ],
)
def test_exists_beside_ls_asks_whether_a_value_lies_in_place_of_a_folder(condition: str, count: int) -> None:
    code = condition.replace("F", '"/self/service/metadata/lines"').replace("G", '"/self/service/metadata/others"')
    template = f'{{{{if {code}}}}}{{{{range ls "/self/service/metadata/lines"}}}}{{{{.}}}}{{{{end}}}}{{{{end}}}}\n'
    assert len(findings(tree({TEMPLATE: template}), "CF633")) == count


def test_what_is_generated_for_required_maps_and_lists_asks_for_no_folder_in_vain() -> None:
    keys = "metadata: {rows: {type: list, fields: [a]}, pairs: {type: map}}"
    body = '[{list: {of: metadata/rows, item: "@{it.a}"}}, {when: {exists: metadata/pairs}, then: [{text: "x\\n"}]}]'
    made = plan(f"{keys}\nfiles: [{{dest: /etc/x/x.txt, body: {body}}}]\n")
    files = {f"images/probe-conf/{file.path}": file.content.decode() for file in made}
    assert 'exists "/self/service/metadata/rows"' in files["images/probe-conf/templates/x.txt.tmpl"]
    assert not findings(tree(files), "CF633")
