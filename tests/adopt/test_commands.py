"""check_cmd and reload_cmd become `check` and `reload` where it is known what they do; all others are said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_forge import yamlio
from catalog_forge.adopt.specs import commands
from catalog_forge.confd.imitated.image_dir import TemplateResource
from tests.adopt.images import image, toml
from tests.adopt.test_adopt import adopted

MAIN = {"check_in": "main"}


@pytest.mark.parametrize(
    ("check", "reload", "taken"),
    [
        ("nginx -t {{ .src }}", "nginx -s reload", {**MAIN, "check": "nginx -t {{.src}}", "reload": "exec nginx -s reload"}),
        ("grep -q a {{.src}}", "pkill -HUP -f nginx", {"check": "grep -q a {{.src}}", "reload": "signal HUP"}),
        ("/usr/sbin/nginx -t", "kill -s USR1 $(cat /n.pid)", {**MAIN, "check": "/usr/sbin/nginx -t", "reload": "signal USR1"}),
        ("", "kill -12 $(pidof nginx)", {"reload": "signal USR2"}),
        ("", "killall --signal SIGQUIT nginx", {"reload": "signal QUIT"}),
        ("", "pkill nginx", {"reload": "restart"}),
        ("", "kill -HUP 1", {}),
        ("", "curl -s -XPOST http://localhost:9090/-/reload", {"reload": "http POST http://localhost:9090/-/reload"}),
        ("", "curl -X PUT http://web:9090/-/reload", {}),
        ("", "curl -XPOST -d @/x http://127.0.0.1/x", {}),
        ("test -s {{.src}} && nginx -t", "/reload.sh", {}),
        ("nginx -t > /dev/null", "pkill -HUP nginx; rm /x", {}),
        ("other -t {{.src}}", "pkill -STOP nginx", {}),
        ("nginx -t 'open", "kill -HUP $(rm /x)", {}),
    ],
)  # fmt: skip
def test_a_command_is_taken_where_it_is_known_what_it_does(check: str, reload: str, taken: dict[str, str]) -> None:
    resource = TemplateResource("x", "conf.d/x.toml", "x.tmpl", "/etc/app/x", check_cmd=check, reload_cmd=reload)
    assert commands(resource, "/etc/app/x", ["start.sh", "nginx"]) == taken


def test_a_command_that_names_a_file_which_is_elsewhere_is_left_out() -> None:
    resource = TemplateResource("x", "conf.d/x.toml", "x.tmpl", "/x", check_cmd="grep -q a /x", reload_cmd="pkill -HUP nginx")
    assert commands(resource, "/etc/app/x", []) == {"reload": "signal HUP"}


def test_the_spec_has_what_was_taken_and_the_report_says_what_was_not(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {**image({"a": '{{getv "/self/container/name"}}\n', "b": '{{getv "/self/host/name"}}\n'})}
    files["conf.d/a.toml"] = toml("a.tmpl", "/etc/app/a", 'check_cmd = "test -s {{.src}}"', 'reload_cmd = "pkill -HUP app"')
    files["conf.d/b.toml"] = toml("b.tmpl", "/etc/app/b", 'reload_cmd = "/refresh.sh"')
    found: dict[str, Any] = adopted(tmp_path, files, "--write")
    assert found["status"] == "adopted", found["errors"]
    spec = yamlio.load((tmp_path / "specs/app-conf.yml").read_text(), "spec")
    assert {key: spec["files"][0].get(key) for key in ("check", "reload")} == {
        "check": "test -s {{.src}}",
        "reload": "signal HUP",
    }
    assert "reload" not in spec["files"][1]
    notes = json.dumps(found["notes"])
    assert "reload_cmd becomes `reload: signal HUP` in the container of the program; no scenario runs this command" in notes
    assert "the spec leaves out this reload_cmd: /refresh.sh" in notes
