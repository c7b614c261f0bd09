"""What is answered to which request."""

from __future__ import annotations

import pytest

from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.routes import JSON, YAML, Wait, kind, must_wait, negotiate, respond, wish_to_wait
from catalog_forge.metadata.service.wire import Request, Response

ANSWERS = Answers.of(
    {
        "2015-07-25": {"default": {"self": {"host": {"name": "node-a"}}, "version": "7"}},
        "2016-07-29": {
            "10.42.1.11": {"self": {"service": {"name": "es", "links": {"search/elastic": "es"}, "motd": "<b>", "none": None}}},
            "default": {"self": {"host": {"name": "node-a"}}, "version": "7"},
        },
    }
)


def ask(path: str, *, accept: str = "", method: str = "GET", client: str = "10.42.1.11") -> Response:
    path, _, query = path.partition("?")
    return respond(ANSWERS, Request(method, path, query, {"accept": (accept,)} if accept else {}, client))


@pytest.mark.parametrize(
    ("path", "text", "as_json"),
    [
        (
            "/",
            "2015-07-25\n2016-07-29\nlatest\n",
            '{"2015-07-25":"/2015-07-25","2016-07-29":"/2016-07-29","latest":"/latest"}',
        ),
        ("/2015-07-25/version", "7", '"7"'),
        ("/2016-07-29/", "self/\nversion\n", None),
        ("/latest/self/service/name", "es", '"es"'),
        ("/2016-07-29/self/service/name/", "es", '"es"'),
        ("/2016-07-29/self/service/motd", "<b>", '"\\u003cb\\u003e"'),
        ("/2016-07-29/self/service/links/search%2Felastic", "es", '"es"'),
        ("/2016-07-29/self/service/none", "", "null"),
        ("/2016%2D07-29/self/service/name", "es", '"es"'),
    ],
)
def test_values_are_answered_as_text_and_as_json(path: str, text: str, as_json: str | None) -> None:
    plain = ask(path)
    assert (plain.status, plain.body.decode()) == (200, text)
    assert ("Access-Control-Allow-Origin", "*") in plain.headers
    if as_json is not None:
        assert ask(path, accept="application/json").body.decode() == as_json


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/2014-01-01/self", "Invalid version"),
        ("/nope", "Invalid version"),
        ("/2015-07-25/nope", "Not found"),
        ("/2016-07-29/self/service/none/x", "Not found"),
        ("/2016-07-29/self/service/name/x", "Not found"),
    ],
)
def test_errors_have_the_bodies_that_templates_know(path: str, message: str) -> None:
    assert (ask(path).status, ask(path).body.decode()) == (404, f"{message}\n")
    as_json = ask(path, accept="application/json").body.decode()
    assert as_json == f'{{"code":404,"message":"{message}","type":"error"}}\n'


def test_the_address_of_the_client_decides_what_self_is() -> None:
    assert ask("/2016-07-29/self").body == b"service/\n"
    assert ask("/2016-07-29/self", client="10.9.9.9").body == b"host/\n"
    assert ask("/2016-07-29/self/host", client="10.42.1.11").status == 404  # an own `self` hides that of `default`


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_found(method: str) -> None:
    response = ask("/2016-07-29/version", method=method, accept="application/json")
    assert (response.status, response.body) == (404, b"404 page not found\n")


def test_a_favicon_is_not_a_version() -> None:
    assert ask("/favicon.ico").body == b"404 page not found\n"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//", "/"),
        ("/2015-07-25//self", "/2015-07-25/self"),
        ("/2015-07-25/./self/", "/2015-07-25/self/"),
        ("/2015-07-25/self/../version?wait=true&value=7", "/2015-07-25/version?wait=true&value=7"),
        ("/2015-07-25/%2e%2e/a%20b", "/a%20b"),
        ("/../..", "/"),
    ],
)
def test_unclean_paths_are_redirected(path: str, location: str) -> None:
    response = ask(path)
    assert (response.status, response.headers) == (301, (("Location", location),))


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "text/plain"),
        ("application/json", "application/json"),
        ("Application/JSON", "text/plain"),  # it is case-sensitive there
        ("application/json; charset=utf-8", "text/plain"),  # any other parameter ends the header
        ("application/json;q=0.5;v=1, text/yaml", "application/json"),
        ("application/json;q=2", "text/plain"),
        ("text/plain;q=0.5, application/json ; q=1.0", "application/json"),
        ("application/yaml", "application/yaml"),
        ("text/x-yaml, application/json;q=0.9", "text/x-yaml"),
        ("text/*;q=0.3, application/x-yaml;q=0.4", "application/x-yaml"),
        ("text/*", "text/plain"),
        ("*/*", "text/plain"),
        ("text/html", "text/plain"),
        ("application/*", "application/json"),
        ("text/plain;q=0.5, application/json;q=0.9", "application/json"),
        ("text/plain, application/json", "text/plain"),
        ("*/*, application/json", "application/json"),
        ("application/json;q=0", "text/plain"),
        (",;q=,/", "text/plain"),
    ],
)
def test_the_format_is_negotiated(accept: str, form: str) -> None:
    assert negotiate((accept,)) == form


@pytest.mark.parametrize(
    ("target", "wish"),
    [
        ("/2016-07-29/version?wait=true&value=7&maxWait=10", Wait("7", 10)),
        ("/2016-07-29/version?maxWait=10&value=a+b%2F&wait=true", Wait("a b/", 10)),
        ("/2016-07-29/version?wait=true&value=7", Wait("7", 60)),
        ("/2016-07-29/version?wait=true&value=7&maxWait=soon", Wait("7", 60)),
        ("/2016-07-29/version?wait=true&value=7&maxWait=9999", Wait("7", 120)),
        ("/2016-07-29/version?wait=true&value=7&maxWait=-1", Wait("7", 0)),
        ("/2016-07-29/version?wait=1&value=7", None),
        ("/2016-07-29/version?wait=true", Wait("", 60)),
        ("/2016-07-29/version?wait=true&value=a%26b", None),
        ("/2016-07-29/?wait=true&value=7", Wait("7", 60)),
        ("/2016-07-29?wait=true&value=7", None),
        ("/?wait=true&value=7", None),
    ],
)
def test_waiting_is_asked_for_by_wait_and_value(target: str, wish: Wait | None) -> None:
    path, _, query = target.partition("?")
    assert wish_to_wait(Request("GET", path, query, {}, "default")) == wish


@pytest.mark.parametrize(
    ("path", "value", "waits"),
    [
        ("/2016-07-29/version", "7", True),
        ("/2016-07-29/version", "init", False),
        ("/2016-07-29/nope", "", True),  # a path may come into being
        ("/2014-01-01/version", "7", False),
        ("/2016-07-29/self", "x", False),  # a map never equals a text
        ("/2016-07-29//version", "7", False),  # redirected first
    ],
)
def test_a_request_waits_while_the_value_is_the_known_one(path: str, value: str, waits: bool) -> None:
    assert must_wait(ANSWERS, Request("GET", path, "", {}, "10.42.1.11"), Wait(value, 10)) is waits


def test_without_answers_there_is_only_a_latest_version_and_nothing_in_it() -> None:
    nothing = Answers({})
    assert respond(nothing, Request("GET", "/", "", {}, "")).body == b"latest\n"
    assert respond(nothing, Request("GET", "/latest", "", {}, "")).body == b"Not found\n"
    assert respond(nothing, Request("GET", "/2016-07-29", "", {}, "")).body == b"Invalid version\n"
    assert must_wait(nothing, Request("GET", "/latest/version", "", {}, ""), Wait("7", 10))


def test_a_line_break_in_a_key_ends_the_route() -> None:
    assert ask("/2016-07-29/self%0Ax").body == b"404 page not found\n"


def test_infinity_is_text_and_yaml_but_no_json() -> None:
    answers = Answers.of({"latest": {"default": {"x": float("inf")}}})

    def body(accept: str) -> tuple[int, bytes]:
        response = respond(answers, Request("GET", "/latest/x", "", {"accept": (accept,)}, ""))
        return response.status, response.body

    message = "Error serializing to JSON: json: unsupported value: +Inf"
    assert body("text/plain") == (200, b"+Inf")
    assert body("text/yaml") == (200, b".inf\n")
    assert body("application/json") == (500, f'{{"code":500,"message":"{message}","type":"error"}}\n'.encode())


def test_versions_with_odd_names_are_listed_as_urls() -> None:
    answers = Answers.of({"a b%": {"default": {}}, "a/b": {"default": {}}})
    assert respond(answers, Request("GET", "/", "", {"accept": (JSON,)}, "")).body == b'{"a b%":"/a%20b%25","latest":"/latest"}'


def test_yaml_is_one_more_format_of_everything() -> None:
    assert ask("/", accept=YAML).body == b"2015-07-25: /2015-07-25\n2016-07-29: /2016-07-29\nlatest: /latest\n"
    assert ask("/2016-07-29/self/service/links", accept="text/x-yaml").body == b"search/elastic: es\n"
    assert ask("/2016-07-29/nope", accept="text/yaml").body == b"code: 404\nmessage: Not found\ntype: error\n\n"


def test_requests_of_one_kind_are_answered_alike() -> None:
    def of(path: str, client: str, query: str = "", method: str = "GET") -> object:
        return kind(ANSWERS, Request(method, path, query, {}, client))

    assert of("/latest", "10.9.9.8") == of("/latest", "10.9.9.9") == of("/latest", "default")
    assert of("/latest", "10.42.1.11") != of("/latest", "10.9.9.9")
    assert of("/latest", "x", query="a=b") is None
    assert of("/latest", "x", method="POST") is None
