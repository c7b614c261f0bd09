"""Each idiom of hand-written templates: the blocks that it becomes print the same lines, by the real confd."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.adopt.bodies import lift
from catalog_forge.adopt.setting import Setting
from tests.adopt.both import Renderer, World

NEW = "2016-07-29"
OLD = "2015-07-25"
SERVICES = (
    '{{{{range $s := ls "/stacks/"}}}}\n  {{{{range $n := ls (printf "/stacks/%s/services" $s)}}}}\n{}{{{{end}}}}\n{{{{end}}}}z\n'
)
# Idioms that every version of the metadata has, each with the metadata that it is tried with beside none.
PLAIN = {
    "own": 'a {{getv "/self/container/primary_ip"}} {{getv "/self/container/name"}} {{getv "/self/container/service_index"}}\n',
    "stack": '{{getv "/self/stack/name"}}/{{getv "/self/service/name"}}={{getv "/self/service/scale"}}\n',
    "host": '{{getv "/self/host/agent_ip"}} {{getv "/self/host/name"}} {{getv "/self/host/labels/zone"}}\n',
    "label": 'team {{getv "/self/container/labels/team"}}\n',
    "key": 'k={{getv "META/k"}};\n',
    "optional": '{{if exists "META/k"}}k={{getv "META/k"}};{{end}}\n',
    "optional or else": '{{if exists "META/k"}}k={{getv "META/k"}}{{else}}none{{end}};\n',
    "default": 'k={{getv "META/k" "7"}};\n',
    "empty default": 'k={{getv "META/k" ""}};\n',
    "first of two": 'k={{or (getv "META/k" "") "7"}};\n',
    "in a variable": '{{$p := "META/k"}}{{$v := printf "%s" $p}}{{if exists $v}}{{getv $v}}!{{end}}\n',
    "equal": '{{if eq (getv "META/k" "") "on"}}yes{{else if exists "META/k"}}no{{end}}\n',
    "equal to its default": '{{if eq (getv "META/k" "on") "on"}}yes{{else}}no{{end}}\n',
    "equal to nothing": '{{if eq (getv "META/k" "on") ""}}yes{{else}}no{{end}}\n',
    "and": '{{if and (exists "META/k") (exists "META/l")}}both{{end}}\n',
    "or": '{{if or (exists "META/k") (not (exists "META/l"))}}some{{end}}\n',
    "given": '{{if (getv "META/k" "")}}k{{end}}|\n',
    "whole line": 'a\n  {{getv "META/t" "none"}}\nb\n',
    "whole": '{{getv "META/t"}}',
    "guarded text": '{{if exists "META/t"}}\n{{getv "META/t"}}\n{{end}}\nz\n',
    "guarded text in a line": '{{if exists "META/t"}}{{getv "META/t"}}{{end}}',
    "a key that is no map": '{{if exists "META/k"}}[{{if exists "META/k/x"}}never{{end}}{{getv "META/k/y" "9"}}]{{end}}\n',
    "changed": 'k={{replace (getv "META/k") "o" "0" -1}} {{toUpper (getv "/self/service/name")}}{{toLower "A"}};\n',
    "contains": '{{if contains (getv "META/k" "") "n"}}n{{end}}{{if contains "META/k" "k"}}k{{end}}\n',
    "own labels": '{{range gets "/self/container/labels/*"}}{{base .Key}}={{.Value}}\n{{end}}',
    "labels by their beginning": '{{range getvs "/self/host/labels/zo*"}}[{{.}}]\n{{end}}',
    "words of labels": (
        '{{range gets "/self/container/labels/*"}}{{$n := index (split .Key "/") 4}}{{if not (contains .Key "agent.")}}'
        '{{replace (replace (replace $n "." "_" -1) ":" "_" -1) "-" "_" -1}} {{replace $n "." "," -1}}\n{{end}}{{end}}'
    ),
    "variable with a number": '{{getenv (printf "UP%s" (getv "/self/container/service_index"))}}\nz\n',
    "map": '{{range ls "META/m"}}{{.}}: {{getv (printf "META/m/%s" .)}}\n{{end}}',
    "map before": 'a\n{{range ls "META/m"}}\n{{.}}: {{getv (printf "META/m/%s" .)}}{{end}}\n\nz',
    "pairs": '{{range gets "META/m/*"}}{{base .Key}}={{.Value}}\n{{end}}',
    "pairs with commas": '[{{range $i, $p := gets "META/m/*"}}{{if $i}}, {{end}}{{$p.Value}}{{end}}]\n',
    "has elements": '{{if gt (len (ls "META/m")) 0}}<{{range ls "META/m"}}{{.}} {{end}}>{{end}}\n',
    "has elements, short": '{{if ls "META/m"}}some{{else}}none{{end}}\n',
    "list": '{{range ls "META/v"}}{{getv (printf "META/v/%s" .)}}\n{{end}}',
    "values": '{{range getvs "META/v/*"}}- {{.}}\n{{end}}',
    "records": (
        '{{range lsdir "META/r"}}{{$p := printf "META/r/%s" .}}'
        'b {{.}} {{getv (printf "%s/host" $p)}}:{{getv (printf "%s/port" $p) "80"}}\n{{end}}'
    ),
    "another's key": '{{getv (printf "META/c%s.crt" (getv "/self/container/service_index"))}}\n',
    "environment": 'l {{getenv "UP"}} {{getenv "OTHER" "o"}}{{if getenv "UP"}}!{{end}}{{if ne (getenv "UP") ""}}?{{end}}\n',
    "branch by service": '{{if eq (getv "/self/service/name") "app"}}mine{{else}}other{{end}}\n',
    "first by index": '{{if eq (getv "/self/container/service_index") "1"}}first{{else}}later{{end}}\n',
    "dead branch": '{{if exists "/es/log"}}{{range gets "/es/log/*"}}{{json .Value}}{{end}}{{else}}level: INFO\n{{end}}',
    "dead loop": '# head\n{{range gets "/es/yml/*"}}{{$d := json .Value}}{{range $k, $v := $d}}\n{{$k}}: {{$v}}{{end}}{{end}}',
    "two equal texts": '{{if (eq "META/k" "true")}}on{{end}}\noff\n',
    "trimmed": 'a\n{{- if exists "META/k" }}\nk {{ getv "META/k" -}}\n  ;\n{{- end }}\nb\n',
    "with": '{{with get "/self/service/name"}}{{if eq "app" .Value}}{{.Key}}{{end}}{{end}}\n',
    "call": '{{define "x"}}<{{.}}>{{end}}{{template "x" (getv "/self/service/scale")}}\n',
    "hosts": '{{range ls "/hosts"}}h {{getv (printf "/hosts/%s/agent_ip" .)}}\n{{end}}',
    "braces": '@{self.ip} {{"{{"}} user@{{getv "/self/container/primary_ip"}}\n',
    "number": "{{9000}} {{true}}\n",
    "known list": '{{range split "a,b" ","}}{{.}};{{end}}\n',
    "scale": '{{if gt (len (ls "/self/service/containers")) 1}}many{{else}}one{{end}} {{len (ls "/self/service/containers")}}\n',
    "own host of another": ('{{getv (printf "/hosts/%s/agent_ip" (getv "/self/host/name"))}}\n'),
}
BY_NAME = {
    "peers": '{{range ls "CONTAINERS"}}s {{.}} {{getv (printf "CONTAINERS/%s/primary_ip" .)}}\n{{end}}',
    "peers by name": '{{range ls "/self/service/containers"}}{{getv (printf "/containers/%s/primary_ip" .)}};{{end}}\n',
    "commas": (
        '"{{range $i, $c := ls "/self/service/containers"}}{{if ne $i 0}},{{end}}'
        '{{getv (printf "/containers/%s/primary_ip" $c)}}{{end}}"\n'
    ),
    "commas behind": (
        '{{$l := ls "/self/service/containers"}}[{{range $i, $c := $l}}{{$c}}{{if lt (add $i 1) (len $l)}},{{end}} {{end}}]\n'
    ),
    "commas but the first": '{{range $i, $c := ls "/self/service/containers"}} {{if eq $i 0}}{{else}}, {{end}}{{$c}}{{end}}\n',
    "positions": (
        '{{range $i, $c := ls "/self/service/containers"}}{{$i}} {{add $i 1}} {{add $i 2}}'
        "{{if eq $i 1}} second{{end}}{{if $i}} {{$c}}{{end}}\n{{end}}"
    ),
    "another service": '{{range ls "/self/stack/services/db/containers"}}{{.}}\n{{end}}',
    "fields of all": '{{range gets "/self/service/containers/*/primary_ip"}}{{.Value}}\n{{end}}',
    "first": '{{index (ls "/self/stack/services/db/containers") 0}}\n',
    "all containers": "k '{{range lsdir \"/containers\"}}r-{{.}},{{end}}'\n",
    "all containers in lines": '{{range ls "/containers"}}{{.}} {{getv (printf "/containers/%s/primary_ip" .)}}\n{{end}}',
    "metadata of another": '{{getv "/self/stack/services/db/metadata/word"}}\n',
    "services of all stacks": SERVICES.format('{{$s}}_{{$n}} {{getv (printf "SERVICE/scale" $s $n)}}\n'),
    "services by their names": (
        '{{range $n := lsdir "/services"}}{{$p := printf "/services/%s" $n}}{{$n}} {{getv (printf "%s/kind" $p)}}'
        '{{range ls (printf "%s/containers/" $p)}} {{getv (printf "%s/containers/%s/primary_ip" $p .)}}{{end}}\n{{end}}'
    ),
    "services with a label": SERVICES.format(
        '{{if exists (printf "SERVICE/labels/team" $s $n)}}\n[{{$n}}]\n'
        'port={{getv (printf "SERVICE/labels/port" $s $n) "80"}}\n'
        '{{range lsdir (printf "SERVICE/containers/" $s $n)}}{{.}} {{getv (printf "SERVICE/containers/%s/primary_ip" $s $n .)}}\n'
        '  {{getv (printf "/containers/%s/state" .)}} of {{$s}}/{{$n}}\n{{end}}{{end}}'
    ),
    "parts of a label": SERVICES.format(
        '{{if exists (printf "SERVICE/labels/team" $s $n)}}{{$t := getv (printf "SERVICE/labels/team" $s $n)}}'
        '{{range split $t "u"}}- {{.}}\n{{end}}{{end}}'
    ),
}
BY_NUMBER = {
    "peers": (
        'p\n{{range ls "/self/service/containers"}}{{$n := getv (printf "/self/service/containers/%s" .)}}\n'
        'server.{{getv (printf "/containers/%s/create_index" $n)}}={{getv (printf "/containers/%s/primary_ip" $n)}}:1:2{{end}}\n'
    ),
    "peers by value": '{{range getvs "/self/service/containers/*"}}{{getv (printf "/containers/%s/name" .)}}\n{{end}}',
    "names": "{{range gets \"/self/service/containers/*\"}}'n@{{.Value}}'\n{{end}}",
    "first": '{{getv (printf "/containers/%s/primary_ip" (getv "/self/service/containers/0"))}}:80\n',
    "first of another": '{{getv (printf "/containers/%s/primary_ip" (getv "/services/db/containers/0"))}}:80\n',
    "another service": (
        '{{range ls "/services/db/containers"}}{{$n := getv (printf "/services/db/containers/%s" .)}}'
        '{{getv (printf "/containers/%s/primary_ip" $n)}}\n{{end}}'
    ),
}
FULL = {
    "k": "on", "t": "one\ntwo", "m": {"a": "1", "b.c": "x y"}, "v": ["p", "q", "r"],
    "r": {"one": {"host": "h1", "port": 1}, "two": {"host": "h2"}}, "c1.crt": "C1", "c2.crt": "C2", "c3.crt": "C3",
}  # fmt: skip
WORLDS = (
    World(FULL, variables={"UP": "x", "UP2": "two"}),
    World({"l": "1"}, scale=1, index=1),
    World({"k": "", "t": "", "l": ""}, scale=11, index=1),
    World({"k": "off", "v": [str(number) for number in range(12)]}, scale=11, index=11),
)
CASES = {
    **{f"{name}-{OLD}": (OLD, text) for name, text in (PLAIN | BY_NUMBER).items()},
    **{f"{name}-{NEW}": (NEW, text) for name, text in (PLAIN | BY_NAME).items()},
}


@pytest.mark.parametrize(("version", "short"), CASES.values(), ids=CASES)
def test_lines_stay_the_same(version: str, short: str, confd: Path, tmp_path: Path) -> None:
    text = short.replace("META", "/self/service/metadata").replace("CONTAINERS", "/self/service/containers")
    text = text.replace("SERVICE/", "/stacks/%s/services/%s/")
    setting = Setting(version, service="app", target=version, blank=frozenset("kt"))
    lifted = lift(text, setting)
    assert lifted.body is not None, (lifted.why, lifted.line)
    both = Renderer(confd, tmp_path)
    orders = any(departure.kind == "order" for departure in lifted.said) or "getvs" in text
    seen = 0
    for world in WORLDS:
        before, after = both(text, lifted, setting, world)
        if before is None:
            continue
        seen += 1
        assert after is not None, lifted.body
        assert sorted(before) == sorted(after) if orders else before == after, (lifted.body, world)
    assert seen
