"""Launch scripts of the known shapes become words of `launch`; whatever else a script does, it stays a file."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_forge.adopt.scripts import start_of

WAIT = "while [ ! -f /srv/app/app.yml ]; do\n  sleep 1\ndone\n"
KNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "a file": (WAIT + "exec /run.sh app\n", {"exec": ["/run.sh", "app"]}),
    "two files": (
        'while [ ! -e "/a/b" ] || [ ! -f /c ]\ndo sleep 0.5; done\nuntil [ -s /d ]; do sleep 1s; done\nexec app "$@"',
        {"exec": ["app", "--given"]},
    ),
    "the scale": ("giddyup service wait scale --timeout 90\nexec app", {"wait": {"scale": "90s"}, "exec": ["app"]}),
    "an environment": (". /srv/app/env\nexec app", {"exec": ["sh", "-c", '. /srv/app/env && exec "$0" "$@"', "app"]}),
    "commands before": (
        "set -e\n# first\nmkdir -p /data; chown app /data\nexec gosu app '@{self.ip}'\n",
        {"before": ["mkdir -p /data", "chown app /data"], "exec": ["gosu", "app", "@@{self.ip}"]},
    ),
    "the leader": (
        "if /opt/giddyup leader check; then\n  exec app --found\nelse\n  exec app --join \\\n    all\nfi\n",
        {"exec": ["app"], "leader": {"args": ["--found"]}, "others": {"args": ["--join", "all"]}},
    ),
    "the first by its index": (
        'if [ "$(curl -s http://rancher-metadata/latest/self/container/service_index)" = "1" ]; then\n'
        "  app init\n  exec app\nelse\n  exec app\nfi",
        {"exec": ["app"], "leader": {"before": ["app init"]}},
    ),
}
UNKNOWN = (
    "app", "exec $APP\n", "if [ -f /x ]; then y; fi\nexec app", "export A=b\nexec app", "A=b\nexec app",
    "app | tee /log\nexec app", "app &\nexec app", "exec app\nexec app", ". /lib.sh\nwait_for_all\nexec app",
    "cd /x\nexec app", "for a in b; do c; done\nexec app", "app > /x\nexec app", "exec app 2>&1", "\0", "x" * 70_000, "",
    "if giddyup leader check; then app; else exec app; fi", "if giddyup leader check; then exec a; else if b; then c; fi; fi",
    "while [ ! -f /x ]; do date; done\nexec app",
)  # fmt: skip


@pytest.mark.parametrize(("text", "launch"), KNOWN.values(), ids=KNOWN)
def test_known_shapes(text: str, launch: dict[str, Any]) -> None:
    found = start_of("#!/bin/sh\n" + text, ("--given",))
    assert found.launch == launch, (found.why, found.line)


@pytest.mark.parametrize("text", UNKNOWN)
def test_others_stay_files(text: str) -> None:
    found = start_of(text)
    assert found.launch is None
    assert found.line >= 1
    assert found.why


def test_what_is_waited_for_and_carried_is_told() -> None:
    assert start_of(WAIT + "exec app").files == ("/srv/app/app.yml",)
    carrying = start_of("cp /run.sh /tools/giddyup /opt/shared/\nexec /confd $@", ("-backend", "rancher"))
    assert (carrying.copies, carrying.is_conf) == (("/run.sh", "/tools/giddyup"), True)
