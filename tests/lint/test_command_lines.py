"""The command lines of confd in Dockerfiles, scripts and entries: found where they are, read as a shell and Docker read them."""

from __future__ import annotations

import pytest

from catalog_forge.lint.images import shell
from tests.lint.looking import places

DOCKERFILE, SCRIPT, COMPOSE = "images/web-conf/Dockerfile", "images/web-conf/run.sh", "templates/web/0/docker-compose.yml"
IMAGE = """\
FROM busybox:1.37.0
COPY conf.d/ /etc/confd/conf.d/
COPY templates/ /etc/confd/templates/
VOLUME ["/etc/web"]
"""
GOOD = '"-backend", "rancher", "-prefix", "/2016-07-29"'


def told(lines: str, more: dict[str, str | None] | None = None) -> list[str]:
    """What is said of an image whose Dockerfile ends with these lines, without the place's folder."""
    found = places({DOCKERFILE: IMAGE + lines + "\n", SCRIPT: None, **(more or {})}, "CF709", "CF710", "CF711")
    return [each.replace("images/web-conf/", "") for each in found]


def of_script(command: str, dockerfile: str = 'COPY run.sh /\nENTRYPOINT ["/run.sh"]') -> list[str]:
    return told(dockerfile, {SCRIPT: f"#!/bin/sh\n{command}\n"})


@pytest.mark.parametrize(
    "lines",
    [
        f'ENTRYPOINT ["/usr/bin/confd"]\nCMD [{GOOD}, "-watch"]',
        f'ENTRYPOINT ["/usr/bin/confd", {GOOD}]\nCMD ["-interval", "10"]',
        f'CMD ["/confd", {GOOD}, "-watch"]',
        "ENTRYPOINT exec /confd --backend rancher --prefix=/2016-07-29 -watch",
        'ENTRYPOINT ["sh", "-c", "exec confd -backend rancher -prefix /2016-07-29 -node $NODE -watch"]',
        f'ENV NODE=a\nENTRYPOINT ["/confd"]\nCMD [{GOOD}, "-node", "rancher-metadata:80", "-log-level", "debug"]',
        # The entry may say the rest.
        'FROM example/confd:1\nENTRYPOINT ["/confd", "-backend", "rancher"]',
        'ENTRYPOINT ["/start.sh"]\nCMD ["-backend", "x"]',
    ],
)
def test_sound_images(lines: str) -> None:
    assert told(lines) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'ENTRYPOINT ["/usr/bin/confd"]\nCMD ["-backend","rancher","-watch"]',
            "Dockerfile:5:1: confd requests /self/service, which does not begin with a version of the metadata, and treats "
            "the 404 as data",
        ),
        (
            'ENTRYPOINT ["/usr/bin/confd"]\nCMD ["-backend","rancher","-prefix","/2016-07-29/self","-watch"]',
            "Dockerfile:6:28: -watch requests /2016-07-29/self/version, which does not exist, so confd never notices a change",
        ),
        (
            'ENTRYPOINT ["/usr/bin/confd"]\nCMD ["-backend rancher -prefix /2016-07-29"]',
            "Dockerfile:6:7: flag provided but not defined: -backend rancher -prefix /2016-07-29",
        ),
        (
            'ENTRYPOINT ["/usr/bin/confd"]\nCMD ["-backend","env"]',
            "Dockerfile:6:7: confd reads the back end env, but all keys are in Rancher's metadata",
        ),
        # The shell form of CMD is a shell, which confd gets for arguments.
        (
            'ENTRYPOINT ["/usr/bin/confd"]\nCMD -backend rancher -prefix /2016-07-29 -watch',
            "confd reads no flags after '/bin/sh': -c and everything after it are ignored",
        ),
        # Docker puts no variable into the JSON form.
        (
            f'ENV NODE=a\nENTRYPOINT ["/usr/bin/confd", {GOOD}, "-watch", "-node", "$NODE"]',
            "confd sends its requests to http://$NODE, and never reaches Rancher's metadata",
        ),
        (f'ENTRYPOINT ["/confd", {GOOD}, "-watch", "-confdir", "/opt/c"]', "confd reads /opt/c, but conf.d is in /etc/confd"),
        (
            f'ENTRYPOINT ["/confd", {GOOD}, "-watch", "-config-file", "/etc/confd/conf.d/web.toml"]',
            "web.toml is a template resource: it has no effect as a configuration file of confd",
        ),
        (
            f'ENTRYPOINT ["/confd", {GOOD}, "-watch", "-sync-only"]',
            "with -sync-only, confd runs neither check_cmd nor reload_cmd",
        ),
        ("ENTRYPOINT confd -backend rancher -prefix", "flag needs an argument: -prefix"),
    ],
)
def test_the_image_s_own_command(lines: str, said: str) -> None:
    assert any(each.endswith(said) for each in told(lines)), told(lines)


@pytest.mark.parametrize(
    "command",
    [
        "exec confd -backend \"rancher\" -prefix '/2016-07-29' \\\n  -watch >/dev/null 2>&1",
        "confd -backend rancher -prefix $PREFIX -watch",
        "confd $OPTIONS -watch",
        'confd "$@"',
        "if confd -onetime -backend rancher -prefix /2016-07-29; then echo confd -nosuch; fi",
        '# confd -nosuch\necho "starting confd -nosuch"\nconfd_log -nosuch\n/opt/confd/run -nosuch',
        "COMMAND='confd -nosuch'",
        "confd -backend rancher -prefix /2016-07-29 # -nosuch",
        "cat <<EOF\nconfd -nosuch\nEOF",
    ],
)
def test_sound_scripts(command: str) -> None:
    assert of_script(command) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "exec confd -backend rancher -prefix /2016-07-29 -watch -intervall 3",
            "run.sh:2:56: flag provided but not defined: -intervall",
        ),
        ("while ! /usr/bin/confd -onetime -nosuch; do sleep 1; done", "run.sh:2:33: flag provided but not defined: -nosuch"),
        ("A=b nohup confd -nosuch &", "run.sh:2:17: flag provided but not defined: -nosuch"),
        ("su-exec app confd -watch=maybe", 'run.sh:2:19: invalid boolean value "maybe" for -watch'),
        ('sh -c "confd -nosuch"', "run.sh:2:14: flag provided but not defined: -nosuch"),
        ('confd "-backend rancher" -prefix /2016-07-29', "run.sh:2:8: flag provided but not defined: -backend rancher"),
        ("true && confd -back\\\nend rancher -nosuch x | tee log", "run.sh:3:13: flag provided but not defined: -nosuch"),
    ],
)
def test_the_commands_of_scripts(command: str, said: str) -> None:
    assert of_script(command) == [said]


def test_the_words_of_cmd_reach_confd_through_the_script() -> None:
    start = 'COPY run.sh /\nENTRYPOINT ["/run.sh"]\nCMD ["-nosuch"]'
    assert of_script('exec confd -backend rancher "$@"', start) == ["run.sh:2:6: flag provided but not defined: -nosuch"]
    assert of_script('exec confd -backend rancher "$1"', start) == []


def test_confd_toml_counts() -> None:
    config = {"images/web-conf/confd.toml": 'backend = "rancher"\nprefix = "/2016-07-29"\nwatch = true\n'}
    lines = 'ENTRYPOINT ["/confd"]'
    assert told(lines) != []
    assert told("COPY confd.toml /etc/confd/\n" + lines, dict(config)) == []
    assert told('COPY confd.toml /x/\nENTRYPOINT ["/confd", "-config-file", "/x/confd.toml"]', dict(config)) == []
    wrong = {"images/web-conf/confd.toml": 'backend = "rancher"\nprefix = "/self"\n'}
    said = told(f'COPY confd.toml /etc/confd/\nENV CONFD_VERSION=0.16.0\nENTRYPOINT ["/confd", {GOOD}]', dict(wrong))
    assert said and "which does not begin with a version" in said[0]


@pytest.mark.parametrize(
    ("service", "count"),
    [
        ("entrypoint: /usr/bin/confd\n    command: -backend rancher -prefix", 1),
        ("command: [/usr/bin/confd, -backend, rancher, -prefix, /2016-07-29, -watch]", 0),
        ("command: ['/usr/bin/confd', '-backend rancher']", 1),
        ("command: confd -backend rancher -prefix ${greeting} -watch", 0),
        ("command: confd -backend rancher -prefix ${greeting} -nosuch", 1),
        ("command: confd -backend Rancher", 1),
        ("command: -nosuch", 0),
        ("command: sh -c 'confd -x", 0),
    ],
)
def test_the_command_of_an_entry(service: str, count: int) -> None:
    text = f"version: '2'\nservices:\n  web-conf:\n    image: a/b:1\n    {service}\n"
    assert len(places({COMPOSE: text}, "CF712")) == count


def test_the_command_of_an_entry_goes_to_the_entrypoint_of_the_catalog_s_own_image() -> None:
    text = "version: '2'\nservices:\n  web-conf:\n    image: ghcr.io/example/web-conf:1\n    command: -nosuch\n"
    assert len(places({COMPOSE: text, DOCKERFILE: IMAGE + 'ENTRYPOINT ["/confd"]\n'}, "CF712")) == 1
    assert places({COMPOSE: text}, "CF712") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a 'b c' \"d $e f\" g", ["a", "b c", "d \0 f", "g"]),
        ('"a\\"b" c\\ d', ['a"b', "c d"]),
        ('"$@" $* ${x:-1} $(ls "a") `b`', ["\0@", "\0@", "\0", "\0", "\0"]),
        ("a 2>&1 b", ["a"]),
        ("a >x", ["a"]),
        ("a;b", ["a"]),
        ("a # b", ["a"]),
        ("a#b", ["a#b"]),
        ("'' \"\"", ["", ""]),
        ("a 'open", ["a"]),
        ("--x=\"y z\"'w'", ["--x=y zw"]),
    ],
)
def test_words_of_a_shell(text: str, words: list[str]) -> None:
    assert shell.words(text)[0] == words
