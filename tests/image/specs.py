"""Specs that between them use every feature of a conf image, and texts that try to break out of their quoting."""

from __future__ import annotations

import json

from catalog_forge.backends import NAMES
from catalog_forge.image.files import image_plan
from catalog_forge.plan import Plan
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from tests.helpers import started

HEAD = 'forge: 1\nname: probe-conf\nservice: {name: probe, image: "probe:1"}\n'
FILE = "dest: /etc/probe/probe.conf, format: raw, body: [{text: x}]"
HOSTILE = """it's "quoted" \\ `echo a` $(echo b) $HOME ${HOME} [[ c ]] [% d %] {{e}} # f && false; * <<EOF \\"""
# shellcheck takes a backslash at the end of a word in quotes for a mistake: in commands, it is left out for shellcheck.
LINTABLE = HOSTILE.removesuffix(" \\")
HOSTILE_SPEC = f"""\
description: {json.dumps(HOSTILE)}
maintainer: "O'Jo \\"Q\\" $Doe <jo@example.org>"
vars: {{HOSTILE: {json.dumps(HOSTILE)}}}
image: {{labels: {{hostile: {json.dumps(HOSTILE)}}}}}
launch: {{before: [{json.dumps("echo before " + HOSTILE)}]}}
files: [{{dest: /etc/probe/probe.conf, format: raw, reload: {json.dumps("exec echo exec " + HOSTILE)}, body: [{{text: x}}]}}]
"""
EVERYTHING = """\
version: 1.2.3
description: Everything at once
maintainer: Jo Doe <jo@example.org>
entry: {license: Apache-2.0, project_url: "https://example.org/probe"}
image: {registry: registry.example/acme, user: "1000:1000", labels: {org.example.team: search}}
engine: {log: debug}
metadata: {key: {}, word: {type: password}}
vars: {ONE: "1", TWO: "two words"}
launch: {wait: {scale: 60s, metadata: 30s}, before: [echo 1, "echo 2\\necho 3"], exec: [/docker-entrypoint.sh, probe]}
files:
- {dest: /etc/probe/signal, format: raw, reload: signal USR2, check: "test -s {{.src}}", body: [{text: "@{metadata/key}"}]}
- {dest: /etc/probe/exec, format: raw, reload: exec probectl reload, body: [{text: "@{metadata/key}"}]}
- {dest: /etc/probe/post.json, reload: http POST http://127.0.0.1:8080/a?b=c%20d, body: [{set: {k: "@{metadata/key}"}}]}
- {dest: /etc/probe/sub/put.xml, reload: http PUT http://localhost/, body: [{text: "<a>@{metadata/key}</a>"}]}
- {dest: /srv/probe/restart, format: raw, reload: restart, mode: "0640", body: [{text: "@{metadata/word}"}]}
- {dest: /srv/probe/none, format: raw, body: [{text: "x"}]}
"""
START = """\
metadata: {key: {}, more: {optional: true}, word: {type: password}}
launch:
  exec: [probe, -a, "--key=@{metadata/key}", "@{metadata/more}"]
  environment: {WORD: "@{metadata/word}", MORE: "m-@{metadata/more}"}
  before: ["echo '@{self.index}' @{metadata/key}", "echo 'it''s'"]
  leader: {port: 80, before: [echo lead], args: [--found]}
  others: {before: [echo join], args: ["--join=@{first(peers).ip}"], jitter: 15s}
"""
BY_NUMBER = "port: 80, by: highest-number, number: \"cat '/data/it'\""
SPECS = {
    "least": f"files: [{{{FILE}}}]\n",
    "everything": EVERYTHING,
    "hostile": HOSTILE_SPEC.replace(" " + json.dumps(HOSTILE)[1:-1], " " + json.dumps(LINTABLE)[1:-1]),
    **{kind: f"files: [{{{FILE}, reload: {kind}}}]\n" for kind in ("restart", "signal HUP", "exec true", "none")},
    **{f"http {method}": f"files: [{{{FILE}, reload: http {method} http://a.b:1/}}]\n" for method in ("PUT", "POST")},
    **{f"refresh {word}": f"engine: {{refresh: {word}}}\nfiles: [{{{FILE}}}]\n" for word in ("watch", "once", "30s")},
    "fatal": f"engine: {{log: fatal}}\nfiles: [{{{FILE}}}]\n",
    "scale": f"launch: {{wait: {{scale: 9s}}}}\nfiles: [{{{FILE}}}]\n",
    "start": f"{START}files: [{{{FILE}, reload: restart}}]\n",
    "start, once": f"{START.replace('port: 80', 'port: 80, once: /data/it')}files: [{{{FILE}}}]\n",
    "start, by number": f"{START.replace('port: 80', BY_NUMBER)}files: [{{{FILE}, reload: signal HUP}}]\n",
    "start, no jitter": f"launch: {{leader: {{port: 80}}, restart: {{stagger: 9s}}}}\nfiles: [{{{FILE}, reload: restart}}]\n",
    "stagger": f"launch: {{restart: {{stagger: 9s}}}}\nfiles: [{{{FILE}, reload: restart}}]\n",
    "environment": f"launch: {{environment: {{A: b}}, reload: restart, before: [a]}}\nfiles: [{{{FILE}}}]\n",
    "no shell": f"service: {{shell: false}}\nlaunch: {{before: [a]}}\nfiles: [{{{FILE}, reload: exec b}}]\n",
    "tools": f"tools:\n- {{name: a-tool, url: 'https://a.b/c', sha256: {'0' * 64}}}\n"
    f"- {{name: promtool, url: 'https://a.b/p.tar.gz', sha256: {'1' * 64}, path: p-3.0/promtool}}\n"
    f"- {{name: z, url: 'https://a.b/p.zip?d=1', sha256: {'2' * 64}, path: z}}\nfiles: [{{{FILE}, check: a-tool}}]\n",
    "check in main": f"files: [{{{FILE}, check: \"probe 'a b' {{{{.src}}}}\", check_in: main}}]\n",
    "stored": f"engine: {{backend: [{', '.join(NAMES)}]}}\nimage: {{user: '1000:1000'}}\nfiles: [{{{FILE}}}]\n",
    "stored in files": f"engine: {{backend: file, refresh: 30s}}\nfiles: [{{{FILE}}}]\n",
    "stored, once": f"engine: {{backend: [redis, env], refresh: once}}\nfiles: [{{{FILE}}}]\n",
    "before": f"launch: {{before: [a]}}\nfiles: [{{{FILE}, reload: restart}}]\n",
}


def spec(text: str, topology: str = "volumes") -> Spec:
    """Read a spec; `text` follows its first keys."""
    bare = "service: {shell: false}\n"
    head = HEAD.replace("service: {", "service: {shell: false, ") if bare in text else HEAD
    text = started(head + text.replace(bare, ""))
    return read(text.replace("service: {", f"service: {{topology: {topology}, "), "probe-conf.yml")


def plan(text: str, topology: str = "volumes") -> Plan:
    """Return the build context of a spec."""
    return image_plan(spec(text, topology), lambda name, _: f"{name}\n")
