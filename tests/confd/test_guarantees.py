"""The guarantees of the compiler: keys, lookups, TOML, modes, optional and required values, syntax."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.confd.resource import Resource
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Service, Sidekick, Stack
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.wire import Request
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from tests.confd.environments import HOSTS, TOPOLOGIES, environment, view
from tests.confd.harness import V3, VERSIONS, below, compiled, conf, flat, render, run, seen_by, source_of, spec_of, without_key
from tests.confd.test_expressions import EXPECTED, ITEMS, KEYS, known

ANCESTORS = {"/self/service", "/self/container", "/self/stack", "/self/host", "/hosts"}


def everything(topology: str, version: str, confd: Path | None = None) -> Spec:
    """Return a spec with one file for each expression and each list, or for those that a confd can have."""
    expected, items = (known(confd, said) if confd else said for said in (EXPECTED, ITEMS))
    files = [conf({"text": f"@{{{source}}}\n"}, dest=f"/etc/app/{number}") for number, source in enumerate(expected)]
    lists = [{"list": {"of": of, "item": item}} for of, item in items]
    files += [conf(each, dest=f"/etc/app/list{number}") for number, each in enumerate(lists)]
    words = {"metadata": KEYS, "vars": {"TICK": "2000"}, "engine": {"metadata": version}}
    return spec_of(*files, service={"name": "app", "topology": topology}, **words)


def keys_of(resource: Resource) -> list[str]:
    keys: list[str] = tomllib.loads(resource.toml)["template"]["keys"]
    return keys


# 1. Keys are ancestors that are always there, and exactly those that the template reads.


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_keys_are_ancestors_that_are_always_there(version: str, topology: str) -> None:
    allowed = ANCESTORS | ({"/containers"} if version == "2015-07-25" else set())
    for resource in compiled(everything(topology, version)):
        assert set(keys_of(resource)) <= allowed


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_key_is_read_and_every_path_has_its_key(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    """Without any one of its keys a template fails, or comes out different."""
    spec = everything(topology, version, confd)
    answers, client = view(environment(topology), topology)
    whole = render(confd, tmp_path / "whole", spec, answers, client=client)
    assert whole.status == 0, whole.log
    files, resources = [], []
    for file, resource in zip(spec.files, compiled(spec), strict=True):
        for number, key in enumerate(keys_of(resource)):
            short = without_key(resource, key)
            if key == "/containers" and "nobody" in resource.template:
                continue  # in 2015-07-25 the containers of a service that does not exist are nobody, with the key or without
            dest = f"{file.dest}.{number}"
            resources.append(replace(short, name=f"{short.name}.{number}", toml=_moved(short, file.dest, dest, number)))
            files.append(replace(file, dest=dest))
    out = run(confd, tmp_path / "short", replace(spec, files=tuple(files)), _own_templates(resources), seen_by(answers, client))
    same = [file.dest for file in files if out.files.get(file.dest) == whole.files[file.dest.rpartition(".")[0]]]
    assert not same, "these have a key that they do not need"
    assert len(files) > 80


def _moved(resource: Resource, dest: str, moved: str, number: int) -> str:
    return resource.toml.replace(f'"{dest}"', f'"{moved}"').replace(f'"{resource.name}.tmpl"', f'"{resource.name}.{number}.tmpl"')


def _own_templates(resources: list[Resource]) -> list[Resource]:
    assert len({resource.name for resource in resources}) == len(resources)
    return resources


def test_confd_asks_for_the_keys_and_for_nothing_else(confd: Path, tmp_path: Path) -> None:
    requests: list[Request] = []
    spec = spec_of(conf({"text": "@{self.ip} @{first(hosts).name}\n"}), service={"name": "app", "topology": "netns"})
    answers, client = view(environment("netns"), "netns")
    out = render(confd, tmp_path, spec, answers, client=client, requests=requests)
    assert out.status == 0
    assert [request.path for request in requests] == ["/", f"/{V3}/hosts", f"/{V3}/self/container"]


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_404_never_becomes_data_and_the_old_file_stays(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    """The metadata service does not know the container yet: it tells of self/host, and answers 404 for the rest of self."""
    spec = everything(topology, version, confd)
    for file in spec.files:
        old = below(tmp_path, file.dest)
        old.parent.mkdir(parents=True, exist_ok=True)
        old.write_text("old")
    answers, _ = view(environment(topology), topology)
    out = render(confd, tmp_path, spec, answers, client="203.0.113.9")
    assert out.status == 1
    for file, resource in zip(spec.files, compiled(spec), strict=True):
        if set(keys_of(resource)) & {"/self/service", "/self/container", "/self/stack"}:
            assert out.files[file.dest] == b"old", resource.template
            assert re.search("key does not exist: /self/(service|container|stack)/name", out.errors[resource.name])
        assert b"404" not in out.files[file.dest] and b"Not found" not in out.files[file.dest]


# 2. Two stacks with equal names never mix.


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_stacks_with_equal_service_names_never_mix(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    text = (
        '@{stack.name} @{join(peers.name, ",")} @{join(service:db.name, ",")} @{join(services:role=store[running].name, ",")}\n'
    )
    spec = spec_of(conf({"text": text}), service={"name": "app", "topology": topology}, engine={"metadata": version})
    answers, client = view(environment(topology, 2), topology, 1, "two")
    found = render(confd, tmp_path, spec, answers, client=client).only
    assert found == "two two-app-1,two-app-2 two-db-1,two-db-2,two-db-3 two-db-1,two-db-2,two-db-3\n"


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_names_in_capitals_are_found_in_every_version(version: str, topology: str, confd: Path, tmp_path: Path) -> None:
    kick = Sidekick("App-conf") if topology == "volumes" else Sidekick("App-main", "primary")
    shown = Environment((Stack("One", (Service("App", 2, sidekicks=(kick,)), Service("DB", 2))),), HOSTS)
    text = "@{count(peers)} @{count(others)} @{count(service:DB)} @{count(service:DB[running])} @{self.index}\n"
    body = [{"text": text}, {"when": {"service": "App"}, "then": [{"text": "App\n"}]}]
    spec = spec_of(
        conf(*body),
        service={"name": "App", "topology": topology},
        companions={"DB": {"image": "db:1"}},
        engine={"metadata": version},
    )
    address = "10.42.1.11" if topology == "netns" else next(
        client for client, entry in answers_of(shown).versions[V3].items()
        if client != DEFAULT and entry["self"]["container"]["name"] == "one-app-app-conf-1"  # type: ignore[index,call-overload]
    )  # fmt: skip
    assert render(confd, tmp_path, spec, answers_of(shown), client=address).only == "2 1 2 2 1\nApp\n"


@pytest.mark.parametrize("source", ["/services/app/name", "/stacks/one/name", "/version", "/self", "/", "/self/servicex/y"])
def test_paths_that_mix_stacks_are_refused(source: str) -> None:
    from catalog_forge.errors import ForgeError

    with pytest.raises(ForgeError):
        spec_of(conf({"text": f"@{{{source}}}\n"}))


# 3. TOML: what confd knows, and nothing that it ignores.


# The stamp of a file that not everybody may read is not for everybody either.
STAMPED = (
    "umask 077; for try in 1 2 3; do sha256sum /etc/app/app.conf > /opt/app-conf/changed/.$$"
    " && chmod 0640 /opt/app-conf/changed/.$$ && chown 7:8 /opt/app-conf/changed/.$$"
    " && mv /opt/app-conf/changed/.$$ /opt/app-conf/changed/1.app.conf"
    " && sha256sum -c /opt/app-conf/changed/1.app.conf > /dev/null 2>&1 && break; done"
)


def test_the_toml_says_what_confd_reads_and_nothing_else() -> None:
    file = conf({"text": "x\n"}, check="/bin/true {{.src}}", reload="signal HUP", mode="0640", uid=7, gid=8)
    (resource,) = compiled(spec_of(file))
    assert tomllib.loads(resource.toml) == {
        "template": {
            "src": "app.conf.tmpl", "dest": "/etc/app/app.conf", "mode": "0640", "uid": 7, "gid": 8, "keys": [],
            "check_cmd": "/bin/true {{.src}}", "reload_cmd": STAMPED,
        }
    }  # fmt: skip


def test_who_is_not_root_gives_no_stamp_away() -> None:
    file = conf({"text": "x\n"}, reload="signal HUP", mode="0640", uid=7, gid=8)
    (resource,) = compiled(spec_of(file, image={"user": "7:8"}))
    reload = tomllib.loads(resource.toml)["template"]["reload_cmd"]
    assert "chmod 0640" in reload and "chown" not in reload


SECRETS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "password": ({"type": "password"}, {"text": "@{metadata/s}\n"}),
    "secret": ({"secret": True}, {"text": "@{metadata/s}\n"}),
    "with a default": ({"secret": True, "optional": True}, {"text": "@{metadata/s|none}\n"}),
    "pasted": ({"secret": True, "type": "multiline"}, {"paste": "metadata/s"}),
    "pasted if there": ({"secret": True, "optional": True}, {"paste": "metadata/s", "optional": True}),
    "copied": ({"secret": True, "type": "map"}, {"copy": "metadata/s"}),
    "one of a map": ({"secret": True, "type": "map"}, {"text": "@{metadata/s/key|}\n"}),
    "listed": ({"secret": True, "type": "list", "fields": ["a"]}, {"list": {"of": "metadata/s", "item": "@{it.a}"}}),
    "joined": ({"secret": True, "type": "list"}, {"text": '@{join(metadata/s, ",")}\n'}),
    "first": ({"secret": True, "type": "list"}, {"text": "@{first(metadata/s)}\n"}),
    "under a condition": ({"secret": True}, {"when": {"env": "V"}, "then": [{"text": "@{metadata/s}\n"}]}),
    "compared": ({"secret": True}, {"when": {"eq": ["@{metadata/s}", "x"]}, "then": [{"text": "it is x\n"}]}),
    "by a dynamic key": ({"secret": True}, {"text": "@{metadata/@{env.V}}\n"}),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_file_that_reads_a_secret_is_private(name: str) -> None:
    key, block = SECRETS[name]
    pieces = [conf(block, kind="properties"), conf(block, kind="properties", dest="/etc/app/b", mode="0640")]
    pieces.append(conf({"text": "no secret\n"}, dest="/etc/app/c"))
    pieces.append(conf({"text": "told to be one\n"}, dest="/etc/app/d", secret=True))
    spec = spec_of(*pieces, metadata={"s": key}, vars={"V": "s"})
    modes = [tomllib.loads(resource.toml)["template"]["mode"] for resource in compiled(spec)]
    assert modes == ["0600", "0640", "0644", "0600"]


def test_modes_and_owners_are_what_the_toml_says(confd: Path, tmp_path: Path) -> None:
    spec = spec_of(
        conf({"text": "@{metadata/s}\n"}, dest="/etc/app/secret", uid=101, gid=102), conf({"text": "x\n"}, dest="/etc/app/plain"),
        metadata={"s": {"type": "password"}},
    )  # fmt: skip
    out = render(confd, tmp_path, spec, flat({"s": "hidden"}))
    found = {dest: below(tmp_path, dest).stat() for dest in out.files}
    assert {dest: (oct(stat.st_mode & 0o7777), stat.st_uid, stat.st_gid) for dest, stat in found.items()} == {
        "/etc/app/secret": ("0o600", 101, 102),
        "/etc/app/plain": ("0o644", 0, 0),
    }


def test_resources_are_named_after_their_files_and_never_alike() -> None:
    dests = ["/etc/a/x", "/etc/b/x", "/etc/c/x-2", "/etc/d/x", "/etc/e/x-2"]
    names = [resource.name for resource in compiled(spec_of(*(conf({"text": "x\n"}, dest=dest) for dest in dests)))]
    assert names == ["x", "x-2", "x-2-2", "x-3", "x-2-3"]


# 4. and 5. Optional values are left out or have a default; a required one that is missing is one clear error.

OPTIONAL: Mapping[str, Any] = {
    "o": {"optional": True}, "d": {"default": "dd"},
    "m": {"type": "map", "optional": True}, "l": {"type": "list", "optional": True},
}  # fmt: skip


@pytest.mark.parametrize("data", [{}, {"o": "", "d": "", "m": {}, "l": []}], ids=["missing", "empty"])
def test_optional_values_are_left_out(data: Mapping[str, Any], confd: Path, tmp_path: Path) -> None:
    body = [
        {"set": {"o": "@{metadata/o}", "o2": "@{metadata/o|x}", "d": "@{metadata/d}", "d2": "@{metadata/d|y}"}},
        {"copy": "metadata/m"}, {"list": {"of": "metadata/l", "item": "l=@{it}", "head": "# list\n"}},
        {"text": 'j=@{join(metadata/l, ",")}\nc=@{count(metadata/l)}\n'},
    ]  # fmt: skip
    text = render(confd, tmp_path, spec_of(conf(*body, kind="properties"), metadata=OPTIONAL), flat(data)).only
    assert text.splitlines()[1:] == ["o2=x", "d=dd", "d2=y", "j=", "c=0"]


REQUIRED: Mapping[str, tuple[Any, list[Mapping[str, Any]]]] = {
    "string": ({}, [{"set": {"a": "@{metadata/k}"}}]),
    "int": ({"type": "int"}, [{"set": {"a": "@{metadata/k}"}}]),
    "text": ({"type": "multiline"}, [{"paste": "metadata/k"}]),
    "map": ({"type": "map"}, [{"copy": "metadata/k"}]),
    "list": ({"type": "list"}, [{"list": {"of": "metadata/k", "item": "a=@{it}"}}]),
    "joined": ({"type": "list"}, [{"text": 'a=@{join(metadata/k, ",")}\n'}]),
    "condition": ({}, [{"when": {"eq": ["@{metadata/k}", "x"]}, "then": [{"text": "x\n"}]}]),
}


@pytest.mark.parametrize("empty", [None, "", {}, []], ids=["missing", "blank", "empty map", "empty list"])
@pytest.mark.parametrize("kind", REQUIRED)
def test_a_required_value_that_is_missing_is_one_error_that_names_it(kind: str, empty: Any, confd: Path, tmp_path: Path) -> None:
    key, body = REQUIRED[kind]
    spec = spec_of(conf(*body, kind="properties"), conf({"text": "x\n"}, dest="/etc/app/other"), metadata={"k": key})
    out = render(confd, tmp_path, spec, flat({} if empty is None else {"k": empty}))
    assert out.status == 1
    assert out.errors.keys() == {"app.conf"}
    assert "required metadata key k has no value" in out.errors["app.conf"]
    assert list(out.files) == ["/etc/app/other"]


def test_a_conf_container_without_its_main_container_says_so(confd: Path, tmp_path: Path) -> None:
    shown = environment("volumes", 2)
    spec = spec_of(conf({"text": "@{self.ip}\n"}), service={"name": "app", "topology": "volumes"})
    answers, client = view(shown, "volumes")
    told = json.loads(json.dumps(answers.versions[V3][client]))
    for service in told["self"]["stack"]["services"]:
        service["containers"] = service["containers"][:1]
    alone = Answers.of({V3: {DEFAULT: told}})
    assert "no main container of this unit" in render(confd, tmp_path, spec, alone).error


# 10. and 12. Syntax and functions that every confd has from 0.14 on, built with Go 1.8 to 1.10; equal bytes for equal specs.

_FUNCTIONS = set(
    "and or not eq ne lt gt len index print printf urlquery "  # Go's own
    "base dir split join getenv toUpper toLower contains replace map trimSuffix add sub mul div mod seq "  # confd 0.13 and older
    "getv gets getvs ls lsdir exists".split()
)
# For sums of texts, which the reader refuses where the spec's confd is older than 0.16.
_LATE = {"atoi"}
_KEYWORDS = {"if", "else", "end", "range", "define", "template", "true"}
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


def actions(template: str) -> list[str]:
    """Return the actions of a template, with its string literals emptied and its comments left out."""
    bare = re.sub(r"\{\{/\*.*?\*/ ?-?\}\}", "", template, flags=re.DOTALL)
    return re.findall(r"\{\{(.*?)\}\}", _LITERAL.sub('""', bare), re.DOTALL)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_templates_keep_to_what_every_confd_understands(version: str, topology: str) -> None:
    for resource in compiled(everything(topology, version)):
        for action in actions(resource.template):
            code = action.removesuffix("-").strip()
            words = set(re.findall(r"(?<![.$\w])[A-Za-z_]\w*", code))
            assert words <= _FUNCTIONS | _LATE | _KEYWORDS, code
            assert not re.search(r"(?<!:)=", code), f"assignment came with Go 1.11: {code}"
            assert not action.startswith("-"), action


def test_equal_specs_give_equal_bytes_in_any_order_of_their_keys() -> None:
    spec = everything("volumes", V3)
    source = json.loads(
        source_of(*({"dest": "/etc/app/x", "format": "raw", "body": [{"text": "@{self.ip}\n"}]},), metadata={"a": {}})
    )
    turned = dict(reversed(source.items()))
    assert compiled(read(json.dumps(source), "a.yml")) == compiled(read(json.dumps(turned), "b.yml"))
    assert compiled(spec) == compiled(everything("volumes", V3))


# 11. What older servers do not tell.


def test_old_servers_that_tell_no_state_hide_nobody(confd: Path, tmp_path: Path) -> None:
    answers, client = view(environment("netns", 2), "netns")
    told = json.loads(json.dumps(answers.versions["2015-12-19"][client]))
    for service in [told["self"]["service"], *told["self"]["stack"]["services"]]:
        service.pop("primary_service_name")
        for container in service["containers"]:
            container.pop("state"), container.pop("health_state")
    spec = spec_of(
        conf({"text": "@{count(peers[running])} @{count(peers[healthy])} @{service.name}\n"}),
        service={"name": "app", "topology": "netns"}, engine={"metadata": "2015-12-19"},
    )  # fmt: skip
    assert render(confd, tmp_path, spec, Answers.of({"2015-12-19": {DEFAULT: told}})).only == "2 2 app\n"


def test_a_walk_finds_all_of_a_thousand_peers(confd: Path, tmp_path: Path) -> None:
    spec = spec_of(conf({"text": "@{self.index} @{count(others)}\n"}), service={"name": "app", "topology": "volumes"})
    answers, client = view(environment("volumes", 1000, {}), "volumes", 999)
    assert render(confd, tmp_path, spec, answers, client=client).only == "999 999\n"


def test_a_host_that_is_not_known_is_an_error_or_the_default(confd: Path, tmp_path: Path) -> None:
    shown = environment("netns", 2)
    answers, client = view(shown, "netns")
    told = json.loads(json.dumps(answers.versions[V3][client]))
    told["hosts"] = told["hosts"][:1]
    items = {"a": "@{it.index}=@{it.host.name}", "b": "@{it.index}=@{it.host.name|nowhere}"}
    files = [conf({"list": {"of": "peers", "item": item}}, dest=f"/etc/app/{name}") for name, item in items.items()]
    spec = spec_of(*files, service={"name": "app", "topology": "netns"})
    out = render(confd, tmp_path, spec, Answers.of({V3: {DEFAULT: told}}))
    assert "host.name: the host is not known yet" in out.errors["a"]
    assert out.text("/etc/app/b") == "1=h1\n2=nowhere\n"
