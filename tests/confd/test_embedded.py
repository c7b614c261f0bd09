"""A whole pass of the imitation: prefixes, failing resources, no service, limits; against the real confd where that can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.confd.imitated import embedded
from catalog_forge.confd.imitated.embedded import Limits, Outcome
from catalog_forge.confd.imitated.image_dir import ImageDir, read
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.server import MetadataServer
from tests.confd.real import PREFIX, VERSION, answers_of, compare, fetch_from, image_of, run_embedded, run_real
from tests.helpers import PATIENCE

DUMP = b"".join(b'{{range gets "%s"}}{{.}}\n{{end}}' % (b"/*" * depth) for depth in range(1, 7)) + b'{{ls "/"}}'


@contextmanager
def service(bodies: Mapping[str, bytes]) -> Iterator[str]:
    """Serve raw bodies by path, whatever they are; any other path is a 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path)
            self.send_response(500 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(source: str, body: bytes = b'{"a": "x"}', **more: Any) -> Outcome:
    return embedded.run(image_of({"a.tmpl": source.encode()}), lambda _: body, **more)


def text(outcome: Outcome) -> str:
    assert not outcome.errors, outcome.errors
    (file,) = outcome.files.values()
    return file.content.decode()


def images(*resources: ImageDir) -> ImageDir:
    """Put resources of several images into one."""
    found = tuple(resource for image in resources for resource in image.resources)
    return ImageDir(found, {src: data for image in resources for src, data in image.templates.items()})


# Order, prefixes, keys


def test_files_and_errors_come_in_the_order_of_the_resources() -> None:
    image = image_of({"b.tmpl": b"b", "a.tmpl": b"a", "d.tmpl": b'{{getv "/nope"}}', "c.tmpl": b"{{nope}}"})
    outcome = embedded.run(image, lambda _: b"{}")
    assert list(outcome.files) == ["/a.tmpl", "/b.tmpl"]
    assert list(outcome.errors) == ["c.tmpl", "d.tmpl"]


def test_only_the_named_resources_are_rendered() -> None:
    outcome = embedded.run(image_of({"a.tmpl": b"a", "b.tmpl": b"b"}), lambda _: b"{}", only=["b.tmpl"])
    assert list(outcome.files) == ["/b.tmpl"]


def test_a_resource_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ForgeError, match=r"the image has no template resource 'b.tmlp'\n  hint: did you mean 'b.tmpl'\?"):
        embedded.run(image_of({"b.tmpl": b""}), lambda _: b"{}", only=["b.tmlp"])


def test_0_11_is_for_lint_only() -> None:
    with pytest.raises(ForgeError, match="the renderer cannot imitate confd 0.11\n  hint: only lint supports confd 0.11"):
        run("", dialect="0.11")


def test_each_path_is_fetched_once_a_pass() -> None:
    paths: list[str] = []

    def fetch(path: str) -> bytes:
        paths.append(path)
        return b"{}"

    image = images(
        image_of({"a.tmpl": b"", "b.tmpl": b""}, ["/self", "/self/x"]), image_of({"c.tmpl": b""}, ["/self", "/c d?e=f#g"])
    )
    assert not embedded.run(image, fetch, prefix="/v").errors
    assert paths == ["/v/self", "/v/self/x", "/v/c d"]


def test_without_a_prefix_the_keys_are_the_paths() -> None:
    paths: list[str] = []
    assert not embedded.run(image_of({"a.tmpl": b""}, ["/self", "x"]), lambda path: paths.append(path) or b"{}").errors  # type: ignore[func-returns-value]
    assert paths == ["/self", "/x"]


def test_without_keys_nothing_is_fetched() -> None:
    image = image_of({"a.tmpl": b'{{exists "/self"}}'}, [])
    assert text(embedded.run(image, lambda _: None)) == "false"


def test_a_template_changes_no_list_for_the_next_resource() -> None:
    image = image_of({"a.tmpl": b'{{reverse (ls "/self")}}', "b.tmpl": b'{{ls "/self"}}'})
    outcome = embedded.run(image, lambda _: b'{"a": 1, "b": 2}')
    assert [file.content for file in outcome.files.values()] == [b"[b a]", b"[a b]"]


@pytest.mark.confd
@pytest.mark.parametrize("given", ["", PREFIX, f"{PREFIX}/", VERSION, f"/{VERSION}/self", "/", "//x/..", "/nope"])
def test_prefixes_and_keys_are_joined_as_in_confd(confd: Path, tmp_path: Path, given: str) -> None:
    shapes: list[tuple[list[str], str]] = [
        (["/self"], ""), (["self"], ""), (["/"], ""), (["/self/service", "/self/container"], ""),
        (["/self/../self/service/"], ""),
        ([f"{PREFIX}/self"], ""), (["/service"], "/self"), (["/self"], PREFIX), (["/self"], VERSION),
        (["/self"], f"{PREFIX}/"), ([], ""),
        (["/nope", "/self/service/name"], ""), (["/self", "/self/service"], ""), (["/self?x=y"], ""), (["/self#x"], ""),
    ]  # fmt: skip
    image = images(
        *(
            image_of({f"{number}.tmpl": DUMP}, keys, **({"prefix": prefix} if prefix else {}))
            for number, (keys, prefix) in enumerate(shapes)
        )
    )
    own = {"service": {"name": "app", "scale": 3}, "container": {"name": "c"}, "../x": 1}
    with MetadataServer(answers_of(own, containers=[{"name": "c"}])) as server:
        real = run_real(confd, tmp_path, image, server.address, prefix=given)
        ours = run_embedded(image, fetch_from(server.address), prefix=given)
    count = compare(image, real, ours)
    assert not count.different, "\n".join(count.different)
    assert count.equal >= 4


# What goes wrong


@pytest.mark.confd
def test_what_the_service_says_wrongly_fails_the_same_resources(confd: Path, tmp_path: Path) -> None:
    bodies = {
        "/": b"", "/good": b'{"a": 1}', "/empty": b"", "/blank": b" ", "/text": b"Not found", "/nan": b"[NaN]",
        "/big": b"[1e999]",
        "/cut": b'{"a": ', "/two": b"{} {}", "/bom": b"\xef\xbb\xbf{}", "/utf": b'{"a\xff": "\xe2\x82x"}',
        "/control": b'["\t"]',
        "/half": b'{"a": "\\ud800", "b": "\\ud83d\\ude00"}', "/list": b'[{"name": "n", "v": 1}, 2]',
        "/null": b"null", "/one": b"1.0",
        "/same": b'{"a": 1, "a": 2}', "/names": b'[{"name": "n", "v": 1, "w": 1}, {"name": "n", "v": 2}]',
    }  # fmt: skip
    paths = [*bodies, "/gone"][1:]
    image = images(*(image_of({f"{path[1:]}.tmpl": DUMP}, [path]) for path in paths))
    with service(bodies) as address:
        real = run_real(confd, tmp_path, image, address, prefix="")
        ours = run_embedded(image, fetch_from(address), prefix="")
    count = compare(image, real, ours)
    assert not count.different, "\n".join(count.different)
    assert set(ours.errors) == {f"{name}.tmpl" for name in "empty blank text nan big cut two bom control gone".split()}


@pytest.mark.confd
@pytest.mark.parametrize("body", [b'[{"name": null}]', b'[{"name": 1}]', b'{"x": [{"name": ["n"]}]}'])
def test_a_name_that_is_no_string_ends_confd_and_fails_a_resource_here(confd: Path, tmp_path: Path, body: bytes) -> None:
    image = images(image_of({"a.tmpl": b"a"}, ["/bad"]), image_of({"b.tmpl": b"b"}, ["/good"]))
    with service({"/": b"", "/bad": body, "/good": b"{}"}) as address:
        real = run_real(confd, tmp_path, image, address, prefix="")
        ours = run_embedded(image, fetch_from(address), prefix="")
    assert (real.status, dict(real.files)) == (2, {})
    assert "panic: interface conversion" in real.log
    assert "the real confd exits here (exit 2)" in ours.errors["a.tmpl"]
    assert ours.files == {"b.tmpl": b"b"}


@pytest.mark.confd
def test_faults_of_resources_are_reported_in_the_words_of_confd(confd: Path, tmp_path: Path) -> None:
    sources = {
        "key.tmpl": b'a\n  {{getv "/self/x"}}', "type.tmpl": b'{{add "1" 2}}', "name.tmpl": b'{{template "t"}}',
        "arity.tmpl": b"{{len}}",
        "eq.tmpl": b'{{eq (getv "/self/a") 3}}', "field.tmpl": b'{{(get "/self/a").Nope}}',
        "json.tmpl": b'{{json "x"}}',
        "inner.tmpl": b'{{define "t"}}\n{{index . 1}}{{end}}{{template "t" split "a" ","}}', "nil.tmpl": b"{{nil}}",
        "div.tmpl": b"{{div 1 0}}",
    }  # fmt: skip
    image = image_of(sources)
    lost = ImageDir(
        (*image.resources, replace(image.resources[0], name="lost", file="conf.d/lost.toml", src="x/lost.tmpl")), image.templates
    )
    with MetadataServer(answers_of({"a": "3"})) as server:
        real = run_real(confd, tmp_path, lost, server.address)
        ours = run_embedded(lost, fetch_from(server.address))
    assert {name: error.replace(f"{tmp_path}/", "") for name, error in real.errors.items()} == ours.errors


def test_no_service_fails_what_fetches_and_nothing_else() -> None:
    image = images(image_of({"a.tmpl": b"a"}), image_of({"b.tmpl": b"b"}, []))
    outcome = embedded.run(image, lambda _: None, prefix="/v")
    assert outcome.errors == {"a.tmpl": "/v/self: no metadata service answers"}
    assert list(outcome.files) == ["/b.tmpl"]


@pytest.mark.parametrize("key", ["/a%zz", "/a%", "/a\nb"])
def test_a_key_that_makes_no_url_says_that_the_real_confd_ends(key: str) -> None:
    outcome = embedded.run(image_of({"a.tmpl": b""}, [key]), lambda _: b"{}")
    assert "the real confd exits here" in outcome.errors["a.tmpl"]


def test_a_mode_that_is_none_fails_before_anything_is_fetched() -> None:
    outcome = embedded.run(image_of({"a.tmpl": b""}, mode="x"), lambda _: None)
    assert outcome.errors == {"a.tmpl": 'strconv.ParseUint: parsing "x": invalid syntax'}


def test_a_404_is_data() -> None:
    answers = Answers.of({VERSION: {DEFAULT: {"version": "1"}}})
    image = image_of({"a.tmpl": b'{{exists "/nope"}} {{ls "/nope"}} {{getv "/nope/code"}}'}, ["/nope"])
    with MetadataServer(answers) as server:
        assert text(embedded.run(image, fetch_from(server.address), prefix=PREFIX)) == "false [code message type] 404"


# Limits


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{range 1000000000000}}{{end}}", "was not done after 0.2 s"),
        ("{{range 100000}}{{range 100000}}{{end}}{{end}}", "was not done after 0.2 s"),
        ('{{define "t"}}{{if .}}{{range 2}}{{template "t" sub $ 1}}{{end}}{{end}}{{end}}{{template "t" 64}}', "was not done"),
        ("{{range seq 1 1000000000}}x{{end}}", "a list of 1000000000 elements is too long"),
        ('{{seq -9223372036854775808 9223372036854775807}}', "is too long"),
        ("{{range seq 1 100000}}{{range seq 1 100}}0123456789{{end}}{{end}}", "the output is larger than 100000 bytes"),
        ('{{printf "%9000000d" 1}}', "bytes of text and lists"),
        ('{{$x := "aaaa"}}' + '{{$x = printf "%s%s" $x $x}}' * 60, "bytes of text and lists"),
        ('{{$x := "aaaa"}}' + '{{$x = replace $x "a" $x -1}}' * 60, "bytes of text and lists"),
        ('{{$x := "aaaa"}}' + '{{$x = join (split $x "") $x}}' * 60, "bytes of text and lists"),
        ('{{$x := "<"}}' + "{{$x = html $x $x}}" * 60, "bytes of text and lists"),
        ('{{$x := "a"}}' + '{{$x = map "a" $x "b" $x}}' * 60 + "{{$x}}", "bytes of text and lists"),
        ('{{define "t"}}{{template "t" printf "%s%s" . .}}{{end}}{{template "t" "x"}}', "bytes of text and lists"),
        ("{{$x := map}}{{range 20000}}{{$x = map `a` $x}}{{end}}{{$x}}", "nested more deeply"),
        ('{{"a"' + " | print" * 5000 + "}}", "nested more deeply"),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "nest"),
        ("{{if 1}}" * 5000 + "{{end}}" * 5000, "nest"),
        ('{{jsonArray "' + "[" * 100_000 + "]" * 100_000 + '"}}', "exceeded max depth"),
        ('{{define "t"}}{{template "t"}}{{end}}{{template "t"}}', "exceeded maximum template depth (1000)"),
    ],
)  # fmt: skip
def test_a_template_without_end_or_measure_is_stopped(source: str, words: str) -> None:
    # Where another limit is meant, a busy machine must not be stopped by the clock before.
    seconds = 0.2 if "was not done" in words else PATIENCE
    outcome = run(source, limits=Limits(seconds=seconds, output=100_000, memory=8 << 20, depth=1000))
    assert words in outcome.errors["a.tmpl"]


def test_and_nothing_rescues_from_a_limit() -> None:
    outcome = run('{{or true (seq 1 1000000000)}}{{with or (seq 1 1000000000) "x"}}{{end}}')
    assert "too long" in outcome.errors["a.tmpl"]


def test_a_template_may_call_itself_for_each_of_ten_thousand_peers() -> None:
    source = '{{define "t"}}{{if .}}{{.}},{{template "t" sub . 1}}{{end}}{{end}}{{template "t" 10000}}'
    assert text(run(source)) == "".join(f"{number}," for number in range(10_000, 0, -1))


def test_bytes_of_a_source_that_are_no_utf8_come_out_as_they_are() -> None:
    outcome = embedded.run(image_of({"a.tmpl": b'\xff\x00\xc3\xa9{{"\xff\xc3\xa9" | len}}{{`\xff` | len}}'}), lambda _: b"{}")
    assert outcome.files["/a.tmpl"].content == b"\xff\x00\xc3\xa951"


def test_an_error_behind_a_function_with_a_field_names_the_right_column() -> None:
    assert 'a.tmpl:1:24: executing "a.tmpl" at <nil>' in run("{{datetime.Format `x` }}{{nil}}").errors["a.tmpl"].replace(
        "1:26", "1:24"
    )


def test_the_same_image_renders_in_other_releases() -> None:
    image = read({"conf.d/a.toml": b'[template]\nsrc = "a"\ndest = "/a"\n', "templates/a": b'{{add 1 2}}{{trimSuffix "ab" "b"}}'})
    assert [text(embedded.run(image, lambda _: None, dialect=dialect)) for dialect in ("0.14", "0.16", "HEAD")] == ["3a"] * 3
