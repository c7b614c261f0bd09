"""What a spec reads: each way to read a metadata key counts, and what is left over is told of."""

from __future__ import annotations

import pytest

from catalog_forge.spec.checks.uses import restarted_at_once, services, unlabelled, unread, warnings
from catalog_forge.spec.reader import read

HEAD = """\
forge: 1
name: app-conf
launch: {exec: [app]}
service: {name: app, image: "app:1"%s}
metadata: {a: {default: x}, n.a: {default: x}, m: {type: map}, l: {type: list}}
files:
- dest: /etc/app/app.txt
  body:
  - %s
"""


def spec_reading(block: str, compose: str = "") -> str:
    return HEAD % (compose, block)


@pytest.mark.parametrize(
    ("block", "left"),
    [
        ("text: none", ["a", "n.a", "m", "l"]),
        ('text: "@{metadata/a}"', ["n.a", "m", "l"]),
        ('text: "@{metadata/m/x|none}"', ["a", "n.a", "l"]),
        ('text: "@{metadata/@{metadata/a}}"', []),
        ('text: "@{/self/service/metadata/a}"', ["n.a", "m", "l"]),
        ('text: "@{/self/service/name}"', ["a", "n.a", "m", "l"]),
        ("text: \"@{join(metadata/l, ',')} @{count(metadata/m)}\"", ["a", "n.a"]),
        ("copy: metadata/m", ["a", "n.a", "l"]),
        ("paste: metadata/n.a", ["a", "m", "l"]),
        ('list: {of: metadata/l, item: "@{it} @{metadata/a}"}', ["n.a", "m"]),
        ("when: {has: metadata/m}\n    then: [{text: x}]", ["a", "n.a", "l"]),
        ('when: {eq: ["@{metadata/a}", x]}\n    then: [{text: x}]\n    else: [{copy: metadata/l}]', ["n.a", "m"]),
        ("template: own.tmpl", []),
    ],
)
def test_each_way_to_read_a_key_counts(block: str, left: list[str]) -> None:
    assert unread(read(spec_reading(block), "x.yml")) == left


def test_a_variable_of_a_compose_key_reads_its_question() -> None:
    text = spec_reading("text: none", ', ports: ["${a}:80"], groups: {g: {hostname: "${n_a}"}}')
    assert unread(read(text, "x.yml")) == ["m", "l"]
    assert "a" in unread(read(spec_reading("text: none", ', hostname: "$${a}"'), "x.yml"))


def test_the_value_that_a_group_fixes_reads_its_answer() -> None:
    text = spec_reading('text: "@{metadata/m/x|none}"', ', groups: {g: {metadata: {m: {x: "of @{metadata/a}"}}}}')
    assert unread(read(text, "x.yml")) == ["n.a", "l"]


def test_services_are_those_of_all_collections() -> None:
    block = 'list: {of: "service:web[healthy]", item: "@{count(service:db)} @{join(service:web.ip, \',\')} @{count(peers)}"}'
    text = spec_reading(block) + "companions: {web: {image: 'web:1'}, db: {image: 'db:1'}}\n"
    assert sorted(services(read(text, "x.yml"))) == ["db", "web"]


@pytest.mark.parametrize(
    ("body", "launch", "named"),
    [
        ("list: {of: peers, item: '@{it.ip}'}", "", True),
        ("list: {of: 'others[healthy]', item: '@{it.ip}'}", "", True),
        ("text: '@{quorum(peers)}'", "", True),
        ("when: {not: {first: true}}, then: [{text: a}]", "", True),
        ("list: {of: 'service:redis', item: '@{it.ip}'}", "", True),
        ("text: '@{first(service:redis).ip}'", "", False),
        ("list: {of: hosts, item: '@{it.ip}'}", "", False),
        ("list: {of: 'service:web', item: '@{it.ip}'}", "companions: {web: {image: 'web:1'}}", False),
        ("text: '@{self.ip}'", "", False),
        ("list: {of: peers, item: '@{it.ip}'}", "launch: {restart: {stagger: 9s}}", False),
    ],
)
def test_a_restart_of_all_at_once_is_known(body: str, launch: str, named: bool) -> None:
    file = f"dest: /a/x, format: raw, reload: restart, body: [{{{body}}}]"
    text = f"forge: 1\nname: x-conf\nservice: redis:3\nfiles: [{{{file}}}]\n{launch}\n"
    said = [problem.message for problem in restarted_at_once(read(text, "x.yml"))]
    assert said == (["/a/x reads the peers: when a peer is added or removed, all containers restart at once"] if named else [])


@pytest.mark.parametrize(
    ("counted", "more", "of"),
    [
        ("text: '@{quorum(peers)}'", "", "peers"),
        ("set: {q: '@{quorum(service:redis-a)}'}", "", "service:redis-a"),
        ("when: {eq: ['@{quorum(peers)}', '2']}, then: [{text: a}]", "", "peers"),
        ("text: '@{count(peers)}'", "", ""),
        ("text: '@{quorum(service:web)}'", "", ""),
        ("text: '@{quorum(peers)}'", "launch: {restart: {stagger: 9s}}", ""),
    ],
)
def test_a_restart_of_all_at_once_that_takes_down_a_quorum_is_known_whatever_changes(counted: str, more: str, of: str) -> None:
    service = "{name: redis, image: 'redis:3', groups: {a: {scale: 3}, b: {scale: 1}}}"
    files = f"[{{dest: /a/x, reload: restart, body: [{{text: a}}]}}, {{dest: /a/y, format: properties, body: [{{{counted}}}]}}]"
    text = f"forge: 1\nname: x-conf\nservice: {service}\ncompanions: {{web: {{image: 'web:1'}}}}\nfiles: {files}\n{more}\n"
    said = [problem.message for problem in restarted_at_once(read(text, "x.yml"))]
    expected = (
        f"/a/x restarts all containers at once when the file changes, but quorum({of}) needs a majority of running containers"
    )
    assert said == ([expected] if of else [])


@pytest.mark.parametrize(
    ("label", "compose", "said"),
    [
        ("tier=back", "", ["services:tier=back: no service of the entry has this label"]),
        ("tier=back", ', labels: {tier: back}', []),
        ("tier=back", ', labels: ["tier=back"]', []),
        ("tier=true", ", labels: {tier: true}", []),
        ("tier=bakc", ", labels: {tier: back}", ["services:tier=bakc: no service of the entry has this label"]),
        ("tier=x", ', labels: {tier: "${a}"}', []),
        ("tier=back", ', groups: {g: {labels: {tier: back}}}', []),
        ("io.rancher.stack.name=x", "", []),
    ],
)  # fmt: skip
def test_a_label_that_no_service_of_the_entry_carries_is_said(label: str, compose: str, said: list[str]) -> None:
    block = f'list: {{of: "services:{label}", item: "@{{it.ip}} @{{count(services:{label})}}"}}'
    spec = read(spec_reading(block, compose), "x.yml")
    found = [*unlabelled(spec)]
    assert [problem.message for problem in found] == said
    assert all(problem.where and problem.where.line == 9 for problem in found)
    if label == "tier=bakc":
        assert found[0].hint == "did you mean 'tier=back'?"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("check: test -s /etc/app/app.txt", "check: the command does not read the new file of /etc/app/app.txt"),
        ("check: app --test, check_in: main", "check: the command does not read the new file of /etc/app/app.txt"),
        ("check: 'test -s {{.src}}'", ""),
        ("mode: '0600'", ""),
    ],
)
def test_a_check_that_does_not_read_the_new_file_is_said(keys: str, said: str) -> None:
    text = f"forge: 1\nname: app-conf\nservice: nginx:1.27\nfiles:\n- {{dest: /etc/app/app.txt, {keys}, body: [text: x]}}\n"
    found = [*warnings(read(text, "x.yml"))]
    assert [problem.message.startswith(said) and str(problem.where) for problem in found] == (["x.yml:5:35"] if said else [])


@pytest.mark.parametrize(
    ("keys", "block", "why"),
    [
        ("mode: '0644'", "text: '@{metadata/p}'", "the file contains the secret 'p'"),
        ("mode: '0604'", "text: '@{upper(metadata/p)}'", "the file contains the secret 'p'"),
        ("mode: '0755'", "paste: metadata/p", "the file contains the secret 'p'"),
        ("mode: '0644', format: ini", "copy: metadata/m", "the file contains the secret 'm'"),
        ("mode: '0644'", "list: {of: metadata/m, item: '@{it}'}", "the file contains the secret 'm'"),
        ("mode: '0644'", "when: {has: metadata/p}, then: [text: '@{metadata/p}']", "the file contains the secret 'p'"),
        ("mode: '0644'", "text: '@{metadata/@{metadata/a}}'", "the file contains the secret 'm'"),
        ("mode: '0644', secret: true", "text: x", "the file is a secret"),
        ("mode: '0640'", "text: '@{metadata/p}'", ""),
        ("uid: 1", "text: '@{metadata/p}'", ""),
        ("mode: '0644'", "text: '@{metadata/a}'", ""),
        ("mode: '0644'", "when: {has: metadata/p}, then: [text: x]", ""),
        ("mode: '0644'", "when: {eq: ['@{metadata/p|}', '']}, then: [text: x]", ""),
        ("mode: '0644'", "when: {not: {begins: ['@{metadata/p}', x]}}, then: [text: x]", ""),
        ("mode: '0644'", "when: {exists: metadata/p}, then: [text: x]", ""),
        ("mode: '0644'", "text: '@{count(metadata/m)}'", ""),
        ("mode: '0644'", "text: \"@{join(metadata/m, ',')}\"", "the file contains the secret 'm'"),
    ],
)
def test_a_secret_that_everyone_can_read_is_said(keys: str, block: str, why: str) -> None:
    metadata = "{a: {default: x}, p: {type: password}, m: {type: map, secret: true}}"
    file = f"{{dest: /etc/app/app.txt, {keys}, body: [{{{block}}}]}}"
    text = f"forge: 1\nname: app-conf\nservice: nginx:1.27\nmetadata: {metadata}\nfiles:\n- {file}\n"
    found = [each for each in warnings(read(text, "x.yml")) if each.message.startswith("mode: ")]
    assert [str(each.where) for each in found] == (["x.yml:6:34"] if why else [])
    assert all(each.message.startswith(f"mode: {why}, but with mode 0") for each in found)
