"""Hand-written templates: their keys are derived, and what would read other stacks or never end is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from catalog_forge.confd import handwritten
from catalog_forge.errors import ForgeError
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
    ],
)
def test_keys_are_the_ancestors_of_what_is_read(template: str, wanted: list[str]) -> None:
    assert handwritten.keys(template, "x.tmpl") == wanted


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ('a\n {{getv "/services/db/name"}}', "x.tmpl:2:2: the template reads '/services/db/name'"),
        ('{{ls "/stacks"}}', "x.tmpl:1:1: the template reads '/stacks'"),
        ('{{gets (printf "/services/%s/*" "x")}}', "x.tmpl:1:1: the template reads '/services/%s/*'"),
        ('{{getv "/self/services/x"}}', "x.tmpl:1:1: the template reads '/self/services/x'"),
        ("x\n{{if true}}\n", "x.tmpl:2:1: this block has no {{end}}"),
        ("x\ny {{end}}", "x.tmpl:2:3: this {{end}} ends nothing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(template: str, wanted: str) -> None:
    with pytest.raises(ForgeError) as caught:
        handwritten.keys(template, "x.tmpl")
    assert str(caught.value).startswith(wanted)


def test_a_handwritten_template_is_rendered_as_it_is(confd: Path, tmp_path: Path) -> None:
    template = '{{range ls "/self/stack/services/db/containers"}}{{.}}\n{{end}}'
    spec = spec_of(conf({"template": "x.tmpl"}, mode="0640", reload="none"))
    (resource,) = compiled(spec, {"x.tmpl": template})
    assert resource.template == template
    assert tomllib.loads(resource.toml)["template"]["keys"] == ["/self/stack"]
    answers, client = view(environment("volumes"), "volumes")
    assert render(confd, tmp_path, spec, answers, client=client, statics={"x.tmpl": template}).only == "one-db-1\none-db-2\n"
