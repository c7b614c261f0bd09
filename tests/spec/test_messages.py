"""Every message of the reader and of the checks, to the letter: what is wrong, its place, and the hint."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.spec.reader import read

ANY = "forge: 1\nname: x-conf\n"
HEAD = f"{ANY}service: redis:3\n"
FILE = "files: [{dest: /etc/x/x, body: [{text: a}]}]\n"
METADATA = f"{HEAD}{FILE}metadata:\n  "
BODY = f"{HEAD}metadata: {{k: {{}}, m: {{type: map}}, l: {{type: list}}}}\nfiles:\n- dest: /etc/x/x.conf\n"
EXPRESSION = BODY + "  body: [{text: '@{%s}'}]\n"


def said(text: str) -> str:
    """What is wrong with a spec, as it is printed."""
    with pytest.raises(ForgeError) as caught:
        read(text, "x.yml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "forge: 2\nname: x-conf\nservice: redis:3\n" + FILE,
            "x.yml:1:8: forge: this release knows version 1 of the spec language, not 2\n"
            "  hint: write forge: 1, or install a newer catalog-forge",
        ),
        (
            HEAD,
            "x.yml:1:1: the key 'files' is missing\n  hint: write config: PATH for one file, or `files` for several",
        ),
        (
            HEAD + "files: []\n",
            "x.yml:4:8: files: at least one configuration file is needed\n"
            "  hint: list each file below `files`, such as - {dest: /etc/NAME/NAME.conf, body: [text: TEXT]}",
        ),
        (
            HEAD + FILE + "engine: {confd: 0.14.0}\n",
            "x.yml:5:17: engine: the download of confd 0.14.0 is unknown\n  hint: give confd_src and confd_sha256, or use 0.16.0",
        ),
        (
            HEAD + FILE + "engine: {confd_src: 'https://x.org/c'}\n",
            "x.yml:5:21: engine: confd_src needs confd_sha256\n  hint: every download must be verified",
        ),
        (
            HEAD + FILE + "image: {base: busybox}\n",
            "x.yml:5:15: image: the base 'busybox' has no fixed tag\n  hint: write a fixed tag, such as busybox:1.37.0",
        ),
        (
            HEAD + FILE + "image: {base: 'a:1/busybox:latest'}\n",
            "x.yml:5:15: image: the base 'a:1/busybox:latest' has no fixed tag\n  hint: write a fixed tag, such as "
            "busybox:1.37.0",
        ),
        (
            HEAD + FILE + "image: {labels: {A: b}}\n",
            "x.yml:5:17: image: 'A' cannot be the key of a label\n"
            "  hint: write lower-case letters, digits, dots and dashes, such as org.example.team",
        ),
        (
            HEAD + FILE + "vars: {a-b: c}\n",
            "x.yml:5:7: vars: 'a-b' cannot be the name of a variable\n  hint: write letters, digits and _, such as LOG_LEVEL",
        ),
        (
            HEAD + FILE + 'vars: {a: "b\\nc"}\n',
            "x.yml:5:7: vars: a: a control character or line break is not allowed in a Dockerfile's ENV\n"
            "  hint: remove it, or write the text to a file",
        ),
        (
            HEAD + "files:\n- {dest: /etc/x/x, body: []}\n- {dest: /etc/x/x, body: []}\n",
            "x.yml:6:10: two files have the dest /etc/x/x\n  hint: the first one is in x.yml:5:10",
        ),
        (
            HEAD + "files: [{dest: /opt/x-conf/x, body: []}]\n",
            "x.yml:4:16: dest: /opt/x-conf is reserved for the launch script\n  hint: choose another folder",
        ),
        (
            HEAD + "files: [{dest: x, body: []}]\n",
            "x.yml:4:16: dest: 'x' must be the absolute path of a file\n"
            "  hint: such as /etc/NAME/NAME.conf, without '..' and spaces",
        ),
        (
            HEAD + "files: [{dest: /etc/x, body: []}]\n",
            "x.yml:4:16: dest: the folder /etc becomes a volume, which would hide all other files in it\n"
            "  hint: choose a folder that only the service uses",
        ),
        (
            HEAD + "files: [{dest: /etc/x/x, check: 'a {{.dst}}', body: []}]\n",
            "x.yml:4:33: check: confd cannot evaluate {{.dst}} here\n  hint: only {{.src}} is allowed, the path of the new file",
        ),
        (
            HEAD + 'files: [{dest: /etc/x/x, check: "a\\nb", body: []}]\n',
            "x.yml:4:33: check: the command must be a single line\n  hint: join several commands with &&",
        ),
        (
            "forge: 1\nname: x\nservice: x:1\nlaunch: {exec: [x]}\n" + FILE,
            "x.yml:2:7: name cannot be 'x'\n"
            "  hint: it must be lower-case letters, digits and dashes, ending in -conf or -config, such as name: "
            "redis-conf\n"
            "x.yml:3:10: two services of the entry are called 'x'\n"
            "  hint: names in use: x",
        ),
        (
            ANY + "service: x:1\n" + FILE,
            "x.yml:3:10: launch.exec is missing: the start command of the image 'x:1' is unknown\n"
            "  hint: add its ENTRYPOINT and CMD, with the path of the file if the program needs it: launc"
            "h: {exec: [PROGRAM, /etc/x/x]}",
        ),
        (
            ANY + "service: redis:latest\n" + FILE,
            "x.yml:3:10: service: the image 'redis:latest' has no fixed tag\n  hint: give a fixed tag, or leave out "
            "the tag, so that the "
            "entry asks for it",
        ),
        (
            ANY + "service: {name: redis, image: redis, ports: ['${prt}:1']}\nmetadata: {port: {}, redis_tag: {}}\n" + FILE,
            "x.yml:3:31: service: the image has no tag, but a metadata key already uses 'redis_tag', the variable that would "
            "ask for it\n  hint: give the image a tag, or rename the key\n"
            "x.yml:3:38: no question asks for ${prt}\n"
            "  hint: did you mean 'port'?",
        ),
        (
            ANY + "service: {name: redis, image: 'redis:3', groups: {a_b: {metadata: {prt: 1}}}}\nmetadata: {port: {}}\n" + FILE,
            "x.yml:3:56: groups: 'a_b' cannot be part of a service's name\n"
            "  hint: write letters, digits and dashes, such as data\n"
            "x.yml:3:67: groups: a_b: no such metadata key: 'prt'\n"
            "  hint: did you mean 'port'?",
        ),
        (
            HEAD + FILE + "nam: x\n",
            "x.yml:5:1: unknown key 'nam'\n  hint: did you mean 'name'?",
        ),
        (
            HEAD + FILE + "config: /etc/y/y.conf\n",
            "x.yml:5:1: 'config' is a shorthand key for a single file, and cannot be used together with `files`\n"
            "  hint: write it in a file below `files`, where `config` is called `dest`",
        ),
        (
            HEAD + FILE + "description: [a]\n",
            "x.yml:5:14: description must be text\n"
            '  hint: such as description: "Redis, with its memory as a question"; meaning: one sentence about the '
            "software",
        ),
        (
            HEAD + "files: {}\n",
            "x.yml:4:8: files must be a list\n"
            "  hint: written [a, b], or with '- ' before each element, such as files: [{dest: "
            '/usr/local/etc/redis/redis.conf, body: [{set: {maxmemory: "@{metadata/maxmemory}"}}]}]; meaning: the '
            "configuration files",
        ),
        (
            HEAD + FILE + "reload: sometimes\n",
            "x.yml:5:1: 'reload' is a shorthand key for a single file, and cannot be used together with `files`\n"
            "  hint: write it in a file below `files`, where `config` is called `dest`",
        ),
        (
            "forge: 1\nname: X\nservice: redis:3\n" + FILE,
            "x.yml:2:7: name cannot be 'X'\n"
            "  hint: it must be lower-case letters, digits and dashes, ending in -conf or -config, such as name: "
            "redis-conf",
        ),
        (
            "forge: one\nname: x-conf\nservice: redis:3\n" + FILE,
            "x.yml:1:8: forge must be a whole number\n"
            "  hint: write only digits, without quotes, such as forge: 1; meaning: version of the spec language: 1",
        ),
        (
            "name: x-conf\n",
            "x.yml:1:1: the key 'files' is missing\n"
            "  hint: write config: PATH for one file, or `files` for several\n"
            "x.yml:1:1: the key 'forge' is missing\n"
            "  hint: such as forge: 1; meaning: version of the spec language: 1\n"
            "x.yml:1:1: the key 'service' is missing\n"
            "  hint: such as service: {name: redis, image: redis:3.2.11, volumes: [data:/data]}; meaning: the "
            "software to configure: a mapping, or IMAGE, IMAGE:TAG, NAME=IMAGE:TAG",
        ),
        (
            HEAD + "files: [{dest: /etc/x/x, uid: -1, body: []}]\n",
            "x.yml:4:31: uid must be a whole number from 0 to 2147483647\n"
            "  hint: such as uid: 999; meaning: number of the user that owns the file",
        ),
        (
            HEAD + "files: [{dest: /etc/x/x, mode: '9', format: jason, body: []}]\n",
            "x.yml:4:32: mode cannot be '9'\n"
            '  hint: it must be an octal number such as "0644"\n'
            "x.yml:4:45: format cannot be 'jason'\n"
            "  hint: did you mean 'json'?",
        ),
        (
            HEAD + FILE + "vars: {a: b, a: c}\n",
            "x.yml:5:14: the key 'a' appears twice: first in line 5\n  hint: remove or rename one of the two",
        ),
    ],
)
def test_what_is_said_of_a_spec_as_a_whole(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "k: {type: enum}\n",
            "x.yml:6:6: metadata: k: an enum needs options\n  hint: list its options, such as options: [small, large]",
        ),
        (
            "k: {type: strin}\n",
            "x.yml:6:13: type cannot be 'strin'\n  hint: did you mean 'string'?",
        ),
        (
            "k: {options: [a]}\n",
            "x.yml:6:16: metadata: k: only an enum has options\n  hint: remove `options`, or set type: enum",
        ),
        (
            "k: {fields: [a]}\n",
            "x.yml:6:15: metadata: k: only lists and maps of records have fields\n"
            "  hint: remove `fields`, or set type: list or map",
        ),
        (
            "k: {optional: true, required: true}\n",
            "x.yml:6:33: metadata: k: the key cannot be both optional and required\n  hint: remove one of the two",
        ),
        (
            "k: {type: map, default: [a]}\n",
            "x.yml:6:27: metadata: k: the default of a map must be a mapping\n  hint: write KEY: VALUE, such as {key: value}",
        ),
        (
            "k: {type: list, default: {a: b}}\n",
            "x.yml:6:28: metadata: k: the default of a list must be a list\n  hint: write a list, such as [a, b]",
        ),
        (
            "k: {default: [a]}\n",
            "x.yml:6:16: metadata: k: the default must be a single value\n"
            "  hint: write a string on one line; for other values, set type: multiline, map or list",
        ),
        (
            "k: {type: enum, options: [a], default: b}\n",
            "x.yml:6:42: metadata: k: the default 'b' is not one of the options\n  hint: write one of these: a",
        ),
        (
            "k: {type: boolean, default: yes}\n",
            "x.yml:6:31: metadata: k: the default 'yes' is neither true nor false\n  hint: write true or false",
        ),
        (
            "k: {type: int, default: 1.5}\n",
            "x.yml:6:27: metadata: k: the default '1.5' must be a whole number\n  hint: write only digits, such as 6379",
        ),
        (
            'k: {default: "a\\nb"}\n',
            "x.yml:6:16: metadata: k: the default has a line break\n"
            "  hint: write a string on one line; for other values, set type: multiline, map or list",
        ),
        (
            "k: {secret: true, default: a}\n",
            "x.yml:6:30: metadata: k: a secret must not have a default\n"
            "  hint: with a default, everyone would have the same password",
        ),
        (
            "k: {}\n  k/l: {}\n",
            "x.yml:7:8: metadata: 'k/l' is below 'k', which is also declared as a key\n  hint: declare only 'k', as a "
            "map that contains 'l'",
        ),
        (
            "k: {}\n  a b: {}\n",
            "x.yml:7:8: metadata: 'a b' cannot be a key\n"
            "  hint: write letters, digits, dots, dashes and single slashes, never '..', such as log.level",
        ),
        (
            "k: {}\n  j: {variable: k}\n",
            "x.yml:7:6: metadata: 'j' and 'k' share the variable k\n  hint: set `variable` for one of the keys",
        ),
    ],
)
def test_what_is_said_of_a_metadata_key(text: str, wanted: str) -> None:
    assert said(METADATA + text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "  body:\n  - txt: a\n",
            "x.yml:8:5: unknown block 'txt'\n  hint: did you mean 'text'?",
        ),
        (
            "  body:\n  - {text: a, comment: b}\n",
            "x.yml:8:15: unknown key 'comment' in the block 'text'\n  hint: known here: text",
        ),
        (
            "  body:\n  - []\n",
            "x.yml:8:5: a block must be a mapping\n  hint: known here: copy, each, file, list, paste, set, template, text, when",
        ),
        (
            "  body:\n  - {}\n",
            "x.yml:8:5: a block is empty\n  hint: known here: copy, each, file, list, paste, set, template, text, when",
        ),
        (
            "  body:\n  - set: [a]\n",
            "x.yml:8:10: set must be a mapping\n"
            '  hint: such as set: {cluster.name: "@{metadata/name}", port: "@{metadata/port}", seeds: {list: {of: '
            'peers, item: "@{it.ip}:9300"}}}; meaning: pairs KEY: VALUE, quoted as the format requires; in yaml, json '
            "and toml, a value may be a map, a list or {list: {of: COLL, item: VALUE}}",
        ),
        (
            "  body:\n  - when: k\n    body: [{text: a}]\n",
            "x.yml:8:11: when must be a mapping\n"
            "  hint: such as when: {has: metadata/opt}; known here: all, any, begins, contains, ends, env, eq, "
            "exists, first, has, ne, not, service\n"
            "x.yml:9:5: unknown key 'body' in the block 'when'\n"
            "  hint: known here: else, then, when",
        ),
        (
            "  body:\n  - when: kk\n    then: [{text: a}]\n",
            "x.yml:8:11: when must be a mapping\n"
            "  hint: such as when: {has: metadata/opt}; known here: all, any, begins, contains, ends, env, eq, "
            "exists, first, has, ne, not, service",
        ),
        (
            "  body:\n  - each: k\n    body: [{text: a}]\n",
            "x.yml:8:11: each must be a mapping\n"
            '  hint: such as each: {of: "peers[healthy]", as: peer, body: [{text: "# peer @{peer.name} on '
            '@{peer.host.name}"}]}; known here: as, body, head, of, required, sep, tail\n'
            "x.yml:9:5: unknown key 'body' in the block 'each'\n"
            "  hint: known here: each",
        ),
        (
            "  body:\n  - for: x in kk\n    body: [{text: a}]\n",
            "x.yml:8:5: unknown block 'for'\n  hint: known here: copy, each, file, list, paste, set, template, text, when",
        ),
        (
            "  body:\n  - comment: 'a {k'\n",
            "x.yml:8:5: unknown block 'comment'\n  hint: known here: copy, each, file, list, paste, set, template, text, when",
        ),
        (
            "  body:\n  - section: a\n",
            "x.yml:8:5: unknown block 'section'\n  hint: did you mean 'set'?",
        ),
        (
            "  body:\n  - pairs: m\n",
            "x.yml:8:5: unknown block 'pairs'\n  hint: did you mean 'paste'?",
        ),
        (
            "  body:\n  - raw: a\n",
            "x.yml:8:5: unknown block 'raw'\n  hint: known here: copy, each, file, list, paste, set, template, text, when",
        ),
        (
            "  format: raw\n  body:\n  - set: {a: '{k}'}\n",
            "x.yml:9:5: set: the format raw has no key-value pairs\n  hint: set `format` to a format with pairs, or write `text`",
        ),
        (
            "  format: lines\n  body:\n  - set: {a: '{k}'}\n",
            "x.yml:9:5: set: the format lines has no key-value pairs\n"
            "  hint: set `format` to a format with pairs, or write `text`",
        ),
    ],
)
def test_what_is_said_of_a_block(text: str, wanted: str) -> None:
    assert said(BODY + text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            HEAD + "config: /etc/x/x.yml\nreload: signal HUPP\n",
            "x.yml:5:9: reload: unknown signal 'HUPP'\n  hint: did you mean 'signal HUP'?",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: sometimes\n",
            "x.yml:5:9: reload: cannot be 'sometimes'\n"
            "  hint: it must be signal NAME | http POST URL | http PUT URL | exec COMMAND | restart | none",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: http GET http://127.0.0.1/x\n",
            "x.yml:5:9: reload: unknown HTTP method 'GET'\n  hint: write http POST URL or http PUT URL",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: http POST ftp://x\n",
            "x.yml:5:9: reload: cannot send to 'ftp://x'\n  hint: write a URL such as http://127.0.0.1:9200/_cluster/settings",
        ),
        (
            HEAD + 'config: /etc/x/x.yml\nreload: http POST http://127.0.0.1/a%20"b\n',
            "x.yml:5:9: reload: the path '/a%20\"b' has a character that is not allowed in a URL\n"
            "  hint: write it as % and two hex digits, such as %20 for a space",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: http\n",
            "x.yml:5:9: reload: 'http' is incomplete\n  hint: write it in full, such as http POST http://127.0.0.1:9090/-/reload",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: ''\n",
            "x.yml:5:9: reload: cannot be ''\n"
            "  hint: it must be signal NAME | http POST URL | http PUT URL | exec COMMAND | restart | none",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: http POST http://h:99999/x\n",
            "x.yml:5:9: reload: cannot send to 'http://h:99999/x'\n  hint: write a URL such as http://127.0.0.1:9200/_cluster/settings",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nreload: [a]\n",
            "x.yml:5:9: reload must be text\n"
            "  hint: such as reload: signal HUP; meaning: what happens after the file changes: signal NAME | http "
            "POST URL | http PUT URL | exec COMMAND | restart | none",
        ),
        (
            HEAD + "config: /etc/x/x.yml\nformat: jason\n",
            "x.yml:5:9: format cannot be 'jason'\n  hint: did you mean 'json'?",
        ),
        (
            HEAD + "config: x\n",
            "x.yml:4:9: dest: 'x' must be the absolute path of a file\n"
            "  hint: such as /etc/NAME/NAME.conf, without '..' and spaces",
        ),
        (
            HEAD + "config: /etc/x/\n",
            "x.yml:4:9: dest: '/etc/x/' must be the absolute path of a file\n"
            "  hint: such as /etc/NAME/NAME.conf, without '..' and spaces",
        ),
        (
            HEAD + "service: a:1\n",
            "x.yml:4:1: the key 'service' appears twice: first in line 3\n  hint: remove or rename one of the two",
        ),
    ],
)
def test_what_is_said_of_the_shorthand(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "self.ipp",
            "x.yml:7:20: `self` has no field 'ipp'\n  hint: did you mean 'ip'?",
        ),
        (
            "self.ip or",
            "x.yml:7:20: `self` has no field 'ip or'\n"
            "  hint: known here: create_index, health_state, host.ip, hostname, index, ip, label.L, name, state, uuid",
        ),
        (
            "env.",
            "x.yml:7:20: env. is not declared in `vars`\n  hint: declare it: vars: {NAME: DEFAULT}",
        ),
        (
            "env.a-b",
            "x.yml:7:20: env.a-b is not declared in `vars`\n  hint: declare it: vars: {NAME: DEFAULT}",
        ),
        (
            "service.",
            "x.yml:7:28: `service` has no field ''\n  hint: known here: label.L, name, scale",
        ),
        (
            "service.a",
            "x.yml:7:28: `service` has no field 'a'\n  hint: known here: label.L, name, scale",
        ),
        (
            "service.redis.ip",
            "x.yml:7:28: `service` has no field 'redis'\n  hint: known here: label.L, name, scale",
        ),
        (
            "services",
            "x.yml:7:20: unknown expression 'services'\n  hint: did you mean 'service'?",
        ),
        (
            "stack.x",
            "x.yml:7:26: `stack` has no field 'x'\n  hint: known here: environment, name",
        ),
        (
            "metadata.k",
            "x.yml:7:20: unknown expression 'metadata.'\n  hint: write the path with slashes: @{metadata/k}",
        ),
        (
            "meta.k",
            "x.yml:7:20: unknown expression 'meta'\n  hint: did you mean 'metadata'?",
        ),
        (
            "self.ip  self.name",
            "x.yml:7:33: unexpected '.' in an expression\n  hint: end it with '}', or with '|' and a default",
        ),
        (
            "self..ip",
            "x.yml:7:25: a field is missing here\n"
            "  hint: known here: create_index, health_state, hostname, index, ip, name, state, uuid",
        ),
        (
            "self.labels.a",
            "x.yml:7:31: unexpected '.' in an expression\n  hint: end it with '}', or with '|' and a default",
        ),
        (
            "self.ip#upper",
            "x.yml:7:20: `self` has no field 'ip#upper'\n"
            "  hint: known here: create_index, health_state, host.ip, hostname, index, ip, label.L, name, state, uuid",
        ),
        (
            "self.ip, self.ip",
            "x.yml:7:27: unexpected ',' in an expression\n  hint: end it with '}', or with '|' and a default",
        ),
        (
            "self.x{",
            "x.yml:7:20: `self` has no field 'x{'\n"
            "  hint: known here: create_index, health_state, host.ip, hostname, index, ip, label.L, name, state, uuid",
        ),
        (
            "join(a)",
            "x.yml:7:25: unknown collection 'a'\n"
            "  hint: known here: /PATH, everywhere:LABEL, everywhere:LABEL=VALUE, hosts, link:ALIAS, "
            "metadata/PATH, others, peers, service:NAME, services:LABEL=VALUE, "
            'split(metadata/PATH, ",")',
        ),
        (
            "first(service.a)",
            "x.yml:7:26: unknown collection 'service'\n  hint: did you mean 'service:NAME'?",
        ),
    ],
)
def test_what_is_said_of_an_expression(text: str, wanted: str) -> None:
    assert said(EXPRESSION % text) == wanted
