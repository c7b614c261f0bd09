"""The checks of a spec as a whole: each message, and the values on both sides of each bound."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.spec.reader import read

HEAD = "forge: 1\nname: x-conf\nservice: redis:3\n"
FILE = "files: [{dest: /etc/x/x, body: [{text: a}]}]\n"


def said(text: str) -> str:
    """What is wrong with a spec; nothing when all is well."""
    try:
        read(text, "x.yml")
    except ForgeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("{optional: true, required: true}", "k: the key cannot be both optional and required"),
        ("{optional: true, required: false}", ""),
        ("{optional: false, required: true}", ""),
        ("{type: enum, options: [a], default: a}", ""),
        ("{type: string, options: [a]}", "only an enum has options"),
        ("{type: map, fields: [a]}", ""),
        ("{fields: [a]}", "only lists and maps of records have fields"),
        ("{type: list, fields: [a]}", ""),
        ("{type: map, default: [a]}", "the default of a map must be a mapping"),
        ("{type: map, default: {a: b}}", ""),
        ("{type: list, default: {a: b}}", "the default of a list must be a list"),
        ("{type: list, default: [a]}", ""),
        ("{default: [a]}", "the default must be a single value"),
        ("{type: boolean, default: true}", ""),
        ("{type: boolean, default: false}", ""),
        ("{type: boolean, default: True}", "neither true nor false"),
        ("{type: int, default: -1}", ""),
        ("{type: int, default: 0}", ""),
        ("{type: int, default: 01}", "must be a whole number"),
        ("{type: int, default: -}", "must be a whole number"),
        ('{default: "a\\nb"}', "the default has a line break"),
        ('{type: multiline, default: "a\\nb"}', ""),
        ('{type: certificate, default: "a\\nb"}', ""),
        ("{secret: true, default: a}", "a secret must not have a default"),
        ("{secret: true, default: ''}", ""),
        ("{type: password}", ""),
    ],
)
def test_a_metadata_key(key: str, words: str) -> None:
    found = said(f"{HEAD}metadata: {{k: {key}}}\n{FILE}")
    assert words in found if words else not found, found


@pytest.mark.parametrize(
    ("name", "sound"),
    [("a", True), ("a/b", True), ("a.b-c_d", True), ("a" * 128, True), ("a" * 129, False), ("a//b", False), ("/a", False),
     ("a/", False), ("..", False), ("a/./b", False), ("a b", False), ("é", False)],
)  # fmt: skip
def test_the_name_of_a_metadata_key(name: str, sound: bool) -> None:
    found = said(f"{HEAD}metadata: {{'{name}': {{}}}}\n{FILE}")
    assert ("cannot be a key" in found) is not sound, found


@pytest.mark.parametrize("key", ["uid", "gid"])
@pytest.mark.parametrize(("number", "sound"), [(0, True), (1000, True), (2**31 - 1, True), (2**31, False), (2**32 - 1, False)])
def test_an_owner_is_a_number_that_the_kernel_has(key: str, number: int, sound: bool) -> None:
    assert (said(f"{HEAD}files: [{{dest: /etc/x/x, {key}: {number}, body: [{{text: a}}]}}]\n") == "") is sound


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("engine: {confd_src: 'https://x.org/c'}", "confd_src needs confd_sha256"),
        (f"engine: {{confd_src: 'https://x.org/c', confd_sha256: {'a' * 64}}}", ""),
        (f"engine: {{confd: 0.14.0, confd_src: 'https://x.org/c', confd_sha256: {'a' * 64}}}", ""),
        (f"engine: {{confd: 0.14.0, confd_sha256: {'a' * 64}}}", "the download of confd 0.14.0 is unknown"),
        (f"image: {{base: 'busybox@sha256:{'a' * 64}'}}", ""),
        ("image: {base: 'reg:5000/busybox'}", "has no fixed tag"),
        ("image: {base: 'reg:5000/busybox:1'}", ""),
        ("image: {labels: {a.b-c: x}}", ""),
        ("image: {before: [/docker-entrypoint.sh x], folders: [/opt/tools]}", ""),
        ("image: {folders: [opt/tools]}", "it must be an absolute path"),
        ("image: {folders: [/opt/../tools]}", "it must be an absolute path"),
        ("image: {folders: [/opt]}", "image: the folder /opt becomes a volume, which would hide all other files in it"),
        ("image: {before: [sh /entrypoint.sh]}", "image: in the conf image, /entrypoint.sh is the script that runs `before`"),
        ("image: {labels: {a-: x}}", "cannot be the key of a label"),
        ("vars: {A_1: x, _b: y}", ""),
        ("vars: {1A: x}", "cannot be the name of a variable"),
    ],
)
def test_engine_image_and_variables(more: str, words: str) -> None:
    found = said(f"{HEAD}{more}\n{FILE}")
    assert words in found if words else not found, found


KEYS = "{port: {}, own: {}, m: {type: map}, key: {type: password}}"


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("{name: x-conf, image: 'redis:3'}", "two services of the entry are called 'x-conf'"),
        ("{name: x, image: 'redis:3', groups: {a b: {}}}", "'a b' cannot be part of a service's name"),
        ("{name: x, image: 'redis:3', groups: {a: {metadata: {zz: y}}}}", "groups: a: no such metadata key: 'zz'"),
        ("{name: x, image: 'redis:3', groups: {a: {metadata: {port: y}}}}", ""),
        ("{name: x, image: 'redis:3', groups: {a: {metadata: {port: 'on @{metadata/own} @@{self.ip}'}}}}", ""),
        ("{name: x, image: 'redis:3', groups: {a: {metadata: {m: {n: ['@{metadata/own}']}}}}}", ""),
        (
            "{name: x, image: 'redis:3', groups: {a: {metadata: {port: '@{metadata/prt}'}}}}",
            "groups: a: port: no question asks for the metadata key 'prt'",
        ),
        (
            "{name: x, image: 'redis:3', groups: {a: {metadata: {port: '@{metadata/m}'}}}}",
            "groups: a: port: no question asks for the metadata key 'm'",
        ),
        (
            "{name: x, image: 'redis:3', groups: {a: {metadata: {port: '@{metadata/own|1}'}}}}",
            "groups: a: port: @{metadata/own|1} is not the answer to a question",
        ),
        (
            "{name: x, image: 'redis:3', groups: {a: {metadata: {m: {n: '@{self.ip}'}}}}}",
            "groups: a: m: @{self.ip} is not the answer to a question",
        ),
        ("{name: x, image: 'redis:3', groups: {a: {metadata: {port: '@{self.ip'}}}}", "this '@{' is never closed"),
        (
            "{name: x, image: 'redis:3', groups: {a: {metadata: {port: 'x@{metadata/key}'}}}}",
            "groups: a: port: the value contains the secret 'key'",
        ),
        ("{name: x, image: 'redis:3', groups: {a: {ports: ['${prt}:1']}}}", "no question asks for ${prt}"),
        ("{name: x, image: 'redis:3', ports: ['${port}:1', '$$x']}", ""),
        ("{name: x, image: 'redis:3', ports: ['$prt:1']}", "no question asks for ${prt}"),
        ("{name: x, image: 'redis:latest'}", "has no fixed tag"),
        ("{name: redis}", ""),
        (
            "{name: x, image: 'redis:3', topology: embedded}\nimage: {before: [a]}",
            "image: topology `embedded` has no conf container, so `before` has no effect",
        ),
        ("{name: port, image: redis}", ""),
    ],
)
def test_the_service(service: str, words: str) -> None:
    found = said(f"forge: 1\nname: x-conf\nservice: {service}\nmetadata: {KEYS}\n{FILE}")
    assert words in found if words else not found, found
