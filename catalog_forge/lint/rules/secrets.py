"""CF36x: secrets in a public catalog. No message repeats a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from catalog_forge.errors import ForgeError
from catalog_forge.lint.catalog import SpecFile
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.mend import shown
from catalog_forge.lint.rules.questions import is_secret
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.tree import keys_of
from catalog_forge.yamlio import Map, Node, Seq, Text

_KEYS = (
    # The first line of a real key is followed by the text of the key, not by dots or a placeholder.
    (
        "a private key",
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----(?!\s{0,20}(?:\.{2}|…|<))(?![ \t]{1,9}(?![A-Za-z0-9+/=]{40})\S)"
        ),
    ),
    ("an AWS access key", re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])")),
    ("a GitHub token", re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})")),
    ("a GitLab token", re.compile(r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}")),
    ("a Slack token", re.compile(r"(?<![A-Za-z0-9])xox[abprs]-[0-9A-Za-z-]{10,}")),
)
# Every key or token that the patterns above match contains one of these strings. A file with none of these strings is skipped at
# once.
_HINTS = (b"PRIVATE KEY", b"AKIA", b"ASIA", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox")
_PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".gif")
# A value that is not a secret: a placeholder, the path of a secret, a boolean, a short number, a duration, the name of a file
# with a key, a scheme or header of HTTP, or a mask such as ***.
_NO_SECRET = re.compile(
    r"(?is).*(?:\$|\{\{|example).*|(?:/|file:|env:).*|true|false|yes|no|on|off|none|null|[0-9]{1,5}|<.*>|"
    r"(?:[0-9]{1,5}(?:ms|[smhdw])){1,4}|\S*\.(?:pem|key|crt)|basic|bearer|x(?:-[a-z]{1,20}){1,4}|([^\w\s]|x)\1+|"
)
# Names that end like the name of a secret, and whose values are no secrets: the addresses of nginx, the name of a cluster of etcd
# (`etcd --help`), and the name of a secret of Kubernetes.
_NO_NAME = re.compile(
    r"(?i)(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass|(?:.*[-_.])?initial[-_]cluster[-_]token|image[-_]?pull[-_]?secret"
)
# The passwords in redis.conf.
_OF_REDIS = ("requirepass", "masterauth")
# How to replace a password in a spec; `vars` are not evaluated.
_HERE = "declare a metadata key with `secret: true`, so that a question asks for it, and write @{metadata/KEY} here"
_ELSEWHERE = "`vars` cannot read metadata: move it into `files` or `launch.environment`, as a metadata key with `secret: true`"


@rule("CF360", "warning", "A catalog contains a key or a token", on=Entry)
def key_in_text(entry: Entry) -> Iterator[Hit]:
    """A catalog is public: a private key or a token in a catalog is compromised as soon as it is pushed.

    Bad:
        -- templates/web/0/notes.txt --
        -----BEGIN RSA PRIVATE KEY-----
    Bad:
        -- templates/web/0/docker-compose.yml --
        web:
          image: nginx:1.27.3
          environment: {AWS_ID: AKIAIOSFODNN7ABCDEFG}
    Good:
        -- templates/web/0/docker-compose.yml --
        web:
          image: nginx:1.27.3
          environment: {AWS_ID: '${aws_id}', DOCS: AKIAIOSFODNN7EXAMPLE}
    Source: keys begin as their makers say: RFC 7468, and the pages of AWS, GitHub, GitLab and Slack
    """
    for file in entry.folder.everything:
        if file.name.lower().endswith(_PICTURES) or not any(hint in file.content for hint in _HINTS):
            continue
        for what, pattern in _KEYS:
            for found in pattern.finditer(file.text):
                if not found[0].endswith("EXAMPLE"):
                    yield Hit(
                        file.offset(found.start()),
                        f"the file contains {what}",
                        "revoke it at once, and add a question that asks for a new one",
                    )
                    break


def _environment(node: object) -> Iterator[tuple[str, Text, str]]:
    """Yield the name of each variable in a service's environment, the node that contains the value, and the value."""
    if isinstance(node, Map):
        yield from ((key.value, value, value.value) for key, value in node.pairs if isinstance(value, Text))
    for item in node.items if isinstance(node, Seq) else ():
        if isinstance(item, Text):
            name, _, value = item.value.partition("=")
            yield name.strip(), item, value.strip()


@rule("CF361", "warning", "The environment of a service contains a password", on=Revision)
def password_in_environment(revision: Revision) -> Iterator[Hit]:
    """A password in a compose file is the same in every stack that is launched from the revision.

    Bad:
        -- templates/web/0/docker-compose.yml --
        db:
          image: mysql:8.0.36
          environment: {MYSQL_ROOT_PASSWORD: secret}
    Bad:
        -- templates/web/0/docker-compose.yml --
        db:
          image: mysql:8.0.36
          environment: [MYSQL_ROOT_PASSWORD=secret]
    Good:
        -- templates/web/0/docker-compose.yml --
        db:
          image: mysql:8.0.36
          environment: {MYSQL_ROOT_PASSWORD: '${root_password}', ALLOW_EMPTY_PASSWORD: 'no'}
    Source: docs/facts/catalog.md#3.10
    """
    for part in revision.composition.parts:
        for name, where, value in _environment(part.get("environment")):
            if is_secret(name) and not _NO_NAME.fullmatch(name) and not _NO_SECRET.fullmatch(value):
                message = f"the value of {shown(name)} of {part.name.value[:60]} is the same in every stack"
                yield Hit(where.where, message, "add a question of type password that asks for it, and write ${NAME} here")


@rule("CF362", "warning", "A spec contains a password", on=SpecFile)
def password_in_spec(spec: SpecFile) -> Iterator[Hit]:
    """A password that a spec writes into a file, into `launch.environment` or into `vars` is the same in every stack, and it is
    known to everyone who can read the catalog or the image. CF361 reports passwords in the environment of services.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/web.ini, body: [{set: {admin.password: correct-horse}}]}]
    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        launch: {environment: {API_TOKEN: correct-horse}}
        files: [{dest: /etc/web/web.ini, body: [{set: {level: debug}}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: {admin.password: {secret: true}}
        files: [{dest: /etc/web/web.ini, body: [{set: {admin.password: '@{metadata/admin.password}'}}]}]
    Source: docs/facts/catalog.md#3.10
    """
    root = spec.file.yaml.map
    if root is None or isinstance(spec.read, ForgeError):
        return
    keys = keys_of(root)
    written = chain(_set_in(keys.get("files")), _pairs(keys_of(keys.get("launch")).get("environment")))
    for pairs, hint in ((written, _HERE), (_pairs(keys.get("vars")), _ELSEWHERE)):
        for name, value in pairs:
            is_password = name in _OF_REDIS or (is_secret(name) and not _NO_NAME.fullmatch(name))
            if is_password and "@{" not in value.value and not _NO_SECRET.fullmatch(value.value):
                yield Hit(value.where, f"the value of {shown(name)} is the same in every stack", hint)


def _set_in(node: Node | None) -> Iterator[tuple[str, Text]]:
    """Yield the pairs of all `set` blocks below a node."""
    for item in node.items if isinstance(node, Seq) else ():
        yield from _set_in(item)
    for name, value in keys_of(node).items():
        yield from _pairs(value) if name == "set" else _set_in(value)


def _pairs(node: Node | None) -> Iterator[tuple[str, Text]]:
    """Yield the name and the value of each pair with a single value, at any depth below a node."""
    for item in node.items if isinstance(node, Seq) else ():
        yield from _pairs(item)
    for name, value in keys_of(node).items():
        if isinstance(value, Text):
            yield name, value
        else:
            yield from _pairs(value)
