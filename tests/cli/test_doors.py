"""Whatever stands in a catalog's files, no command ends as a bug (exit code 3), and one that fails has written nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from catalog_forge.cli.main import root
from tests.helpers import tree
from tests.lint.trees import SOUND

SPEC = """\
forge: 1
name: web-conf
version: 1.0.0
service: {name: web, image: 'nginx:1.27.3', scale: 2, ports: ['80:80'], health_check: {port: 80}, groups: {a: {scale: 1}, b: {}}}
entry: {title: Web, readme: "text\\n", upgrade_from: '>=1.0.0'}
image: {labels: {a.b: c}}
engine: {refresh: 30s}
metadata:
  port: {type: int, default: 80, variable: PORT}
  name: {optional: true, label: Name}
  kind: {type: enum, options: [a, b], default: a}
  rows: {type: list, fields: [host, port], default: [{host: a, port: 1}]}
  pairs: {type: map, default: {a: 1}}
vars: {LEVEL: info}
files:
- dest: /etc/web/web.yml
  check: "true {{.src}}"
  reload: http POST http://127.0.0.1:80/reload
  body:
  - text: "a: @{metadata/name|x}\\n"
  - set: {b: 1, c: '@{count(peers[healthy])}', d: [x, '@{self.ip}']}
  - copy: metadata/pairs
  - list: {of: metadata/rows, item: "- @{it.host}:@{it.port}", head: "rows:\\n"}
  - when: {any: [{has: metadata/name}, {not: {first: true}}]}
    then: [{text: "e: @{join(peers.ip, ',')}\\n"}]
- {dest: /etc/web/own.conf, body: [{template: own.tmpl}]}
- {dest: /etc/web/static, reload: signal HUP, body: [{file: static.txt}]}
launch: {wait: {scale: 30s}, before: ['true'], exec: [nginx]}
"""
SCENARIO = """\
self: web-a-1
services: {web-a: {scale: 2, metadata: {port: 80, name: n, rows: [{host: h, port: 2}]}}, web-b: 1}
expect: {files: {/etc/web/web.yml: {contains: 'a: n', format: yaml}}, error: x, log: {contains: a}, within: 3s}
then:
- {scale: {web-a: 3}, expect: {reloads: 1}}
- {metadata: {port: 81}, remove: web-a-1}
"""
STANDARDS = """\
defaults: {maintainer: Jo Doe <jo@example.org>, image: {base: 'busybox:1.37.0'}}
allowed: {base: ['busybox:*']}
required: {name: '*-conf', scenarios: ['*']}
levels: {deviates: note}
lint: {ignore: [CF210], paths: {'templates/**': [CF142]}}
"""
CHANGED = {
    "specs/web-conf.yml": SPEC,
    "specs/web-conf/scenarios/first.yml": SCENARIO,
    "specs/web-conf/own.tmpl": '{{range gets "/self/service/metadata/*"}}{{base .Key}}={{.Value | printf "%q"}}\n{{end}}\n',
    "catalog-forge.yml": STANDARDS,
    "answers.json": '{"latest": {"default": {"self": {"service": {"name": "web"}}}, "10.0.0.1": {"a": [1, {"b": null}]}}}',
    **{path: text for path, text in SOUND.items() if path.endswith((".yml", ".tmpl", ".toml", "Dockerfile"))},
}
COMMANDS = (
    "generate --check", "generate --diff", "generate", "spec show web-conf", "spec picture web-conf", "render web-conf",
    "test --engine embedded", "blueprints new x --from web-conf",
    "lint --no-external", "lint --verdicts", "lint --diff --no-external", "up templates/web --plan", "standards show",
    "metadata get /latest/self/service/name --file answers.json", "metadata tree --file specs/web-conf/scenarios/first.yml",
    "new more-conf --service redis:3 --config /a/b.yml --reload restart --metadata k --no-input --no-build",
)  # fmt: skip
WORDS = (
    "", "x", "-", "@{", "@{self.ip}", "@{metadata/", "{{", "}}", "{{end}}", "${X}", "$$", ": ", "- ", "[", "]", "{", "}", "'",
    '"', "|", "&a", "*a", "<<", "!!x", "\t", "\n", "\r", "\x00", "\x1b", "\u202e", "\ud7ff", "0", "1e400", "9" * 30, "null",
    "/../", "..", "\u00e9" * 40, "yes",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, float("inf"), 1 << 70, "", "x", "@{self.ip}", "${X}", "a\nb", [], [[]], [None], {}, {"a": {"b": []}},
)  # fmt: skip


def by_sign(text: str, chance: random.Random) -> str:
    """A text with a piece cut out, put in, doubled or replaced."""
    pieces = re.findall(r"\w+|\s+|.", text)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(pieces))
        pieces[place] = chance.choice([chance.choice(WORDS), pieces[place] * 2, "", chance.choice(pieces)])
    return "".join(pieces)


def by_value(text: str, chance: random.Random) -> str:
    """A YAML text in which one value, or one key, is another."""
    data = yaml.safe_load(text)
    holder, key = chance.choice(list(_places(data)))
    if isinstance(holder, dict) and chance.random() < 0.3:
        holder[chance.choice(["", "x", "name", "1", "a b"])] = holder.pop(key)
    else:
        holder[key] = chance.choice(VALUES)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield data, key
        if isinstance(value, dict | list):
            yield from _places(value)


def seen(folder: Path) -> dict[str, bytes]:
    """Every file of the catalog but the program's own notes, and the schema that helps editors with a wrong spec, too."""
    own = {".catalog-forge", ".schema.json"}
    files = (path for path in folder.rglob("*") if path.is_file() and not own & set(path.parts))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("path", CHANGED)
def test_what_is_wrong_in_a_file_is_never_a_bug(path: str, tmp_path: Path) -> None:
    chance = random.Random(path)
    for number in range(12):
        how = by_value if path.endswith((".yml", ".json")) and number % 2 else by_sign
        folder, wrong = tmp_path / str(number), how(CHANGED[path], chance)
        files = {**SOUND, **CHANGED, "specs/web-conf/static.txt": "x\n"}
        tree(folder, files)
        (folder / path).write_bytes(wrong.encode("utf-8", "surrogateescape"))
        for command in COMMANDS:
            before = seen(folder)
            done = CliRunner().invoke(root, ["-C", str(folder), *command.split()])
            assert done.exit_code in (0, 1, 2), f"{command}: {done.exit_code}\n{done.output}\n{path}:\n{wrong}"
            if done.exit_code and command != "test --engine embedded":
                assert seen(folder) == before, f"{command} failed and has written\n{done.output}\n{path}:\n{wrong}"
