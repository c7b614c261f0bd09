"""Hand-written templates: their keys are derived, and what would read other stacks or never end is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from catalog_forge.confd import handwritten
from catalog_forge.errors import ForgeError
from catalog_forge.spec.model.roots import RAW_ROOTS
from tests.confd.environments import environment, view
from tests.confd.harness import compiled, conf, render, spec_of


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("plain text\n", []),
        ('{{getv "/self/container/primary_ip"}}', ["/self/container"]),
        ('{{getv "/self/service/name"}} {{getv "/self/stack/name" "x"}}', ["/self/service", "/self/stack"]),
        ('{{range ls "/hosts"}}{{getv (printf "/hosts/%s/agent_ip" .)}}{{end}}', ["/hosts"]),
        ('{{range $i, $p := gets "/self/service/metadata/*"}}{{if $i}},{{end}}{{$p.Value}}{{end}}', ["/self/service"]),
        ('{{- /* getv "/services/x" */ -}}\n{{- if exists "/self/host/name" -}}\nx\n{{- else -}}\ny\n{{- end}}', ["/self/host"]),
        ("{{getv `/self/host/name`}}", ["/self/host"]),
        ('{{define "x"}}{{.}}{{end}}{{with getv "/self/host/name"}}{{template "x" .}}{{end}}', ["/self/host"]),
        ('{{"{{getv \\"/services/x\\"}}"}}', []),
        ('{{$p := "/self/service/metadata/a"}}{{if exists $p}}{{getv $p}}{{end}}', ["/self/service"]),
        ('{{with "/self/stack/name"}}{{getv .}}{{end}}{{"/hosts" | ls}}', ["/hosts", "/self/stack"]),
        (
            '{{$p := "/self"}}{{$q := printf "%s/%s" $p "host/name"}}{{getv $q}}{{getv (print $p "/stack/name")}}',
            ["/self/host", "/self/stack"],
        ),
        ('{{if eq (getv ($p := "/self/host/name")) "x"}}{{exists $p}}{{end}}', ["/self/host"]),
        (
            '{{template "x" "/self/host"}}{{define "x"}}{{getv (print $ "/uuid")}}{{end}}',
            ["/self/host"],
        ),
        ('{{block "x" "/networks"}}{{ls .}}{{end}}{{template "x" "/hosts"}}', ["/hosts", "/networks"]),
        ('{{template "x" (map "p" "/self/stack" "n" 1)}}{{define "x"}}{{getv (printf "%s/name" .p)}}{{end}}', ["/self/stack"]),
        ('{{range gets "/self/service/metadata/*"}}{{getv (printf "%s/x" (dir .Key))}}{{end}}', ["/self/service"]),
        ('{{getv "/self/service/../stack/name"}}', ["/self/stack"]),
        (
            '{{define "x"}}{{if gt . 0}}{{ls "/hosts"}}{{template "x" (sub . 1)}}{{end}}{{end}}{{template "x" 9}}',
            ["/hosts"],
        ),
    ],
)
def test_keys_are_the_ancestors_of_what_is_read(template: str, wanted: list[str]) -> None:
    assert handwritten.keys(template, "x.tmpl", RAW_ROOTS, "2016-07-29") == wanted


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ('a\n {{getv "/services/db/name"}}', "x.tmpl:2:9: the template reads '/services/db/name'"),
        ('{{ls "/stacks"}}', "x.tmpl:1:6: the template reads '/stacks'"),
        ('{{gets (printf "/services/%s/*" "x")}}', "x.tmpl:1:8: the template reads '/services/x/*'"),
        ('{{getv "/self/services/x"}}', "x.tmpl:1:8: the template reads '/self/services/x'"),
        ('{{$p := "/services"}}{{range ls $p}}{{.}}{{end}}', "x.tmpl:1:33: the template reads '/services'"),
        ('{{with "/stacks"}}{{ls .}}{{end}}', "x.tmpl:1:24: the template reads '/stacks'"),
        ('{{template "x" "/services"}}{{define "x"}}{{ls .}}{{end}}', "x.tmpl:1:48: the template reads '/services'"),
        ('{{"/services" | ls}}', "x.tmpl:1:17: the template reads '/services'"),
        ('{{getv "/self/service/../../services/x"}}', "x.tmpl:1:8: the template reads '/services/x'"),
        (
            'é{{getv (getv "/self/service/name")}}',
            "x.tmpl:1:9: the key of this lookup cannot be determined: its path is not known",
        ),
        ('{{getv (printf "/self/%s" "x" | toLower)}}', "x.tmpl:1:8: the key of this lookup cannot be determined"),
        ('{{range split "/hosts,/stacks" ","}}{{ls .}}{{end}}', "x.tmpl:1:42: the key of this lookup cannot be determined"),
        (
            '{{gets "/self/*"}}',
            "x.tmpl:1:8: the key of this lookup cannot be determined: its path, which begins with '/self/', is",
        ),
        ('{{range ls "/hosts"}}{{getv (printf "/self/service%s" .)}}{{end}}', "x.tmpl:1:29: the key of this lookup cannot"),
        ('{{$p := "/hosts"}}{{if true}}{{$p = "/stacks"}}{{end}}{{ls $p}}', "x.tmpl:1:60: the key of this lookup cannot"),
        ('{{$p := "/hosts"}}{{range seq 1 2}}{{ls $p}}{{$p = "/stacks"}}{{end}}', "x.tmpl:1:41: the key of this lookup cannot"),
        ('{{getv (printf "%[2]s%[1]s" "/name" "/stacks")}}', "x.tmpl:1:8: the key of this lookup cannot be determined"),
        ("x\n{{if true}}\n", "x.tmpl:2:1: the template cannot be parsed: unexpected EOF"),
        ("x\ny {{end}}", "x.tmpl:2:3: the template cannot be parsed: unexpected {{end}}"),
        ("{{nope 1}}", 'x.tmpl:1:3: the template cannot be parsed: function "nope" not defined'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(template: str, wanted: str) -> None:
    with pytest.raises(ForgeError) as caught:
        handwritten.keys(template, "x.tmpl", RAW_ROOTS, "2016-07-29")
    assert str(caught.value).startswith(wanted)


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ('{{getv "/self/service/name"}', "end the action with }}"),
        ('{{range ls "/self/service/containers"}}x', "end each {{if}}, {{range}} and {{with}} with {{end}}"),
        ("{{end}}", "remove this {{end}}, or begin its block"),
        ('{{getvv "/self/service/name"}}', "did you mean 'getv'?"),
        ("{{getv /self/service/name}}", 'write a path in double quotes, as in {{getv "/self/service/name"}}'),
        ("{{ metadata.port }}", 'to read a metadata key, write {{getv "/self/service/metadata/KEY"}}'),
        ("{{ self.name }}", 'write {{getv "/self/container/name"}}'),
        ("{{if true}}a{{elif false}}b{{end}}", "write {{else if ...}}"),
        ("{{$x}}", "give it a value first, as in {{$name := ...}}"),
        ('{{getv "/self/service/name}}', "write the closing quote"),
        ("{{getv '/self/service/name'}}", "write text in double quotes"),
    ],
)
def test_a_fault_of_a_template_has_a_next_step(template: str, wanted: str) -> None:
    with pytest.raises(ForgeError) as caught:
        handwritten.keys(template, "x.tmpl", RAW_ROOTS, "2016-07-29")
    assert caught.value.problems[0].hint.startswith(wanted)


OLD, NEW = "2015-07-25", "2016-07-29"
NAMES = '{{range $i, $n := ls "/self/service/containers"}}{{getv (printf "/self/service/containers/%s" $n)}}{{end}}'


@pytest.mark.parametrize(
    ("template", "version", "wanted"),
    [
        (NAMES, NEW, "x.tmpl:1:57: in metadata 2016-07-29, this path leads to containers with fields, not to their names"),
        (NAMES, "latest", "x.tmpl:1:57: in metadata latest, this path leads to containers with fields"),
        (NAMES, OLD, ""),
        ('{{range gets "/self/service/containers/*"}}{{.Value}}{{end}}', NEW, "x.tmpl:1:14: in metadata 2016-07-29, "
        "this path leads to containers"),
        ('{{range getvs "/self/stack/services/*"}}{{.}}{{end}}', "2015-12-19", "x.tmpl:1:15: in metadata "
        "2015-12-19, this path leads to services"),
        ('{{getv "/self/stack/services/0"}}', NEW, "x.tmpl:1:8: in metadata 2016-07-29, this path leads to services with fields"),
        ('{{getv "/self/stack/services/0"}}', OLD, ""),
        ('{{getv "/self/stack/services/db/scale"}}', OLD, "x.tmpl:1:8: metadata 2015-07-25 lists only the names of a stack's"),
        ('{{getv "/self/service/containers/a/primary_ip"}}', OLD, "x.tmpl:1:8: metadata 2015-07-25 lists only the names of"),
        ('{{getv "/self/service/containers/a/primary_ip"}}', NEW, ""),
        # What the template asks for before it reads it, or does without, may be for another version.
        ('{{if exists "/self/service/containers/0"}}{{getv "/self/service/containers/0"}}{{end}}', NEW, ""),
        ('{{getv "/self/service/containers/0" "none"}}', NEW, ""),
        ('{{getv "/self/service/metdata/x"}}', NEW, "x.tmpl:1:8: a service has no 'metdata'"),
        ('{{getv "/self/service/metdata/x" ""}}', NEW, ""),
    ],
)  # fmt: skip
def test_what_other_versions_of_the_metadata_have_is_said(template: str, version: str, wanted: str) -> None:
    try:
        handwritten.keys(template, "x.tmpl", RAW_ROOTS, version)
    except ForgeError as error:
        assert wanted and str(error).startswith(wanted)
    else:
        assert not wanted


WIDE = """{{range $s := ls "/stacks"}}{{$p := printf "/stacks/%s/services" $s}}{{range ls $p}}{{$s}}/{{.}}
{{end}}{{end}}{{len (lsdir "/services")}} {{getv "/self/stack/name"}}
"""


def test_what_looks_beyond_the_stack_is_said_in_the_spec(confd: Path, tmp_path: Path) -> None:
    file = conf({"template": "x.tmpl"})
    with pytest.raises(ForgeError, match="the template reads '/stacks'") as caught:
        compiled(spec_of(file), {"x.tmpl": WIDE})
    assert "set `scope: environment` at the top of the spec" in caught.value.problems[0].hint
    spec = spec_of(file, scope="environment")
    (resource,) = compiled(spec, {"x.tmpl": WIDE})
    assert tomllib.loads(resource.toml)["template"]["keys"] == ["/self/stack", "/services", "/stacks"]
    answers, client = view(environment("volumes"), "volumes")
    text = render(confd, tmp_path, spec, answers, client=client, statics={"x.tmpl": WIDE}).only
    assert {"one/db", "one/app", "two/db", "two/app"} <= set(text.splitlines())


def test_a_handwritten_template_is_rendered_as_it_is(confd: Path, tmp_path: Path) -> None:
    template = '{{range ls "/self/stack/services/db/containers"}}{{.}}\n{{end}}'
    spec = spec_of(conf({"template": "x.tmpl"}, mode="0640", reload="none"))
    (resource,) = compiled(spec, {"x.tmpl": template})
    assert resource.template == template
    assert tomllib.loads(resource.toml)["template"]["keys"] == ["/self/stack"]
    answers, client = view(environment("volumes"), "volumes")
    assert render(confd, tmp_path, spec, answers, client=client, statics={"x.tmpl": template}).only == "one-db-1\none-db-2\n"
