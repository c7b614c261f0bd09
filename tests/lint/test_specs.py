"""What the rules of specs say beyond their examples: the place of each finding."""

from __future__ import annotations

import pytest

from tests.lint.looking import findings

HEAD = "forge: 1\nname: web-conf\nservice: nginx:1.27.3\nmetadata: {a: {}}\nfiles:\n"


@pytest.mark.parametrize(
    ("files", "place", "words"),
    [
        ("- dest: /etc/web/a.txt\n  body: [{text: 'ab@@{self.ip} @{metadata/a}'}]\n", (7, 20), "'@@{self.ip}'"),
        (
            '- dest: /etc/web/a.txt\n  body: [{text: "\\t@@@@{join(peers.ip, 1)}@{metadata/a}"}]\n',
            (7, 20),
            "'@@@@{join(peers.ip, 1)}'",
        ),
        ("- dest: /etc/web/a.txt\n  body:\n  - text: |\n      x @{metadata/a}\n      y @@{it}\n", (10, 9), "'@@{it}'"),
        (
            "- {dest: /etc/web/a.yml, body: [{when: {first: true}, then: [{set: {x: {y: ['@{metadata/a}{{ z }}']}}}]}]}\n",
            (6, 91),
            "'{{ z }}'",
        ),
        ("- {dest: /etc/web/a.yml, body: [{set: {x: 'a ${B} @{metadata/a}'}}]}\n", (6, 46), "'${B}'"),
    ],
)
def test_what_only_looks_like_a_value_is_found_where_it_stands(files: str, place: tuple[int, int], words: str) -> None:
    (found,) = [each for each in findings({"specs/web-conf.yml": HEAD + files}) if each.rule in ("CF803", "CF804")]
    assert (found.where.line, found.where.column) == place
    assert found.message == f"{words} is literal text, not a value"


@pytest.mark.parametrize("text", ["@@{x}", "@@@{self.ip}", "a@b @{metadata/a}", "{{ z }} ${B}", "@@ {self.ip}"])
def test_other_texts_are_let_alone(text: str) -> None:
    spec = f"{HEAD}- {{dest: /etc/web/a.txt, body: [{{text: '{text} @{{metadata/a}}'}}]}}\n"
    assert not [each for each in findings({"specs/web-conf.yml": spec}) if each.rule in ("CF801", "CF803", "CF804")]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("files: [{dest: /etc/web/a.yml, body: [{set: {db: {users: [{name: jo, password: hunter2}]}}}]}]", (5, 80)),
        ("files: [{dest: /etc/web/a.ini, body: [{when: {first: true}, then: [{set: {api_key: hunter2}}]}]}]", (5, 84)),
        ("files: [{dest: /etc/web/a.ini, body: [{set: {a: b}}]}]\nvars: {ROOT_PASSWORD: hunter2}", (6, 23)),
        ("files: [{dest: /etc/web/a.ini, body: [{set: {requirepass: hunter2}}]}]", (5, 59)),
        ("files: [{dest: /etc/web/a.ini, body: [{set: {masterauth: hunter2}}]}]", (5, 58)),
        ("files: [{dest: /etc/web/a.ini, body: [{set: {token: x-hunter2}}]}]", (5, 53)),
        *(
            (f"files: [{{dest: /etc/web/a.ini, body: [{{set: {{{pair}}}}}]}}]", None)
            for pair in (
                "password: '@{metadata/a}'", "password: ''", "token: /etc/web/token", "secret: false", "password: '${P}'",
                "proxy_pass: 'http://web'", "fastcgi_pass: 'web:9000'", "password_hash: hunter2",
                "initial-cluster-token: etcd-cluster-1", "ETCD_INITIAL_CLUSTER_TOKEN: etcd-1", "private_key: certs/server.key",
                "csrf-token: X-CSRF-Token", "SESSION_TOKEN: 30m", "SESSION_TOKEN: 1h30m", "token: Bearer", "password: '***'",
                "imagePullSecret: regcred", "DB_PASSWORD: 'file:/run/x'", "JWT_SECRET: 'env:JWT'", "password: xxxx",
            )
        ),
    ],
)  # fmt: skip
def test_a_password_in_a_spec_is_found_where_it_stands_and_not_repeated(keys: str, place: tuple[int, int] | None) -> None:
    spec = f"forge: 1\nname: web-conf\nservice: nginx:1.27.3\nmetadata: {{a: {{}}}}\n{keys}\n"
    found = [each for each in findings({"specs/web-conf.yml": spec}) if each.rule in ("CF362", "CF801")]
    assert [(each.rule, each.where.line, each.where.column) for each in found] == ([("CF362", *place)] if place else [])
    assert not any("hunter2" in f"{each.message} {each.hint}" for each in found)


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("vars: {API_TOKEN: hunter2}", "`vars` cannot read metadata: move it into `files` or `launch.environment`"),
        ("launch: {environment: {API_TOKEN: hunter2}}", "and write @{metadata/KEY} here"),
    ],
)
def test_a_password_in_a_spec_is_told_where_a_metadata_key_is_read(keys: str, hint: str) -> None:
    (found,) = findings({"specs/web-conf.yml": f"{HEAD}- {{dest: /etc/web/a.ini, body: [{{set: {{a: b}}}}]}}\n{keys}\n"}, "CF362")
    assert hint in found.hint
