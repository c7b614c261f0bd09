"""Who is let in, and what hostile registries do: clear errors, in bounded time and memory, and no credentials for strangers."""

from __future__ import annotations

import base64
import email.utils
import itertools
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.registry import pool, transport
from catalog_forge.registry.client import Gone, Manifest, Registries
from catalog_forge.registry.reference import parse
from tests.cli.test_update import run
from tests.helpers import tree
from tests.registry.conftest import Logins
from tests.registry.servers import (
    LIST,
    MANIFEST,
    PASSWORD,
    USER,
    Answer,
    Asked,
    Registry,
    Server,
    TokenServer,
    certificate,
    sha256,
)

Cert = tuple[Path, Path]
CONFIG = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
BODY = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": sha256(CONFIG)}}).encode()
BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


def manifest(name: str) -> Manifest:
    return Registries().manifest(parse(name))


def refusal(name: str) -> str:
    """Why an image cannot be looked up."""
    with pytest.raises(ForgeError) as caught:
        manifest(name)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def served(asked: Asked, body: bytes = BODY, **headers: str) -> Answer:
    """What an honest registry with one image answers."""
    if "/blobs/" in asked.path:
        return Answer(200, CONFIG)
    kinds = {"Content-Type": MANIFEST, "Docker-Content-Digest": sha256(body)}
    return Answer(200, body, kinds | {name.replace("_", "-"): text for name, text in headers.items()})


# Credentials, with Debian's docker-registry


@pytest.mark.usefixtures("trusted")
def test_a_user_is_let_in_over_tls(closed: Registry, docker_login: Logins, tmp_path: Path) -> None:
    digest = closed.index("busybox:1", "amd64", "arm64")
    docker_login(closed.host)
    assert manifest(f"{closed.host}/busybox:1") == Manifest(digest, LIST, ("linux/amd64", "linux/arm64"))
    folder = tree(tmp_path / "catalog", {"images/a/Dockerfile": f"FROM {closed.host}/busybox:1\n"})
    result = run(folder, "lock")
    assert (result.exit_code, PASSWORD in result.output) == (0, False), result.output


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("password", "words"), [("", "without credentials"), ("wrong", "with these credentials")])
def test_nobody_else_is(closed: Registry, docker_login: Logins, password: str, words: str) -> None:
    docker_login(*([closed.host] if password else []), password=password)
    said = refusal(f"{closed.host}/busybox:1")
    assert words in said and f"hint: docker login {closed.host}" in said


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_a_helper_is_asked(closed: Registry, docker_login: Logins, helper: Callable[[str], None], key: str) -> None:
    closed.image("busybox:2")
    docker_login(**{key: {closed.host: "double"} if key == "credHelpers" else "double"})
    answer = json.dumps({"ServerURL": closed.host, "Username": USER, "Secret": PASSWORD})
    helper(f"read -r host; [ \"$host\" = {closed.host} ] && echo '{answer}'")
    assert manifest(f"{closed.host}/busybox:2").platforms == ("linux/amd64",)


@pytest.mark.usefixtures("trusted")
def test_a_helper_that_fails_is_told_only_where_somebody_must_be_let_in(
    closed: Registry, plain: Registry, docker_login: Logins, helper: Callable[[str], None]
) -> None:
    docker_login(credsStore="double")
    helper(f"echo it has expired: '{PASSWORD}'; exit 1")
    plain.image("busybox:1")
    assert manifest(f"{plain.host}/busybox:1")
    assert "the credential helper of the docker command does not work" in refusal(f"{closed.host}/busybox:1")


@pytest.fixture
def with_tokens(tmp_path: Path, cert: Cert) -> Iterator[tuple[Registry, TokenServer]]:
    """A registry that sends who asks to a token server."""
    double = TokenServer(cert)
    with Server(double.answer, cert) as server:
        realm = f"https://{server.host}/token"
        auth = {"token": {"realm": realm, "service": "tests", "issuer": "double", "rootcertbundle": str(cert[0])}}
        with Registry(tmp_path / "tokens", cert, auth) as registry:
            registry.bearer = lambda scope: double.token("tests", scope)
            registry.image("team/web:1")
            yield registry, double


@pytest.mark.usefixtures("trusted")
def test_a_token_is_fetched_for_each_repository(with_tokens: tuple[Registry, TokenServer], docker_login: Logins) -> None:
    registry, double = with_tokens
    docker_login(registry.host)
    registries = Registries()
    for _ in range(2):
        assert registries.manifest(parse(f"{registry.host}/team/web:1")).platforms == ("linux/amd64",)
    assert double.asked == ["GET repository:team/web:pull"]
    with pytest.raises(Gone):
        registries.manifest(parse(f"{registry.host}/team/web:2"))


@pytest.mark.usefixtures("trusted")
def test_an_identity_token_is_one_login(
    with_tokens: tuple[Registry, TokenServer], docker_login: Logins, helper: Callable[[str], None]
) -> None:
    registry, double = with_tokens
    docker_login(credHelpers={registry.host: "double"})
    helper('echo \'{"Username": "<token>", "Secret": "identity of jo"}\'')
    assert manifest(f"{registry.host}/team/web:1")
    assert double.asked == ["POST repository:team/web:pull"]


# TLS


def test_a_certificate_is_trusted_as_the_engine_does(
    closed: Registry, docker_login: Logins, cert: Cert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_login(closed.host)
    closed.image("busybox:3")
    assert "its certificate is not trusted" in refusal(f"{closed.host}/busybox:3")
    tree(tmp_path, {f"certs.d/{closed.host}/ca.crt": cert[0].read_bytes()})
    monkeypatch.setattr(transport, "CERTIFICATES", tmp_path / "certs.d")
    assert manifest(f"{closed.host}/busybox:3")


def test_a_wrong_clock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cert: Cert) -> None:  # noqa: ARG001 (openssl)
    made, key = certificate(tmp_path)
    tree(tmp_path, {"index.txt": "", "serial": "01\n"})
    settings = f"[ca]\ndefault_ca=d\n[d]\ndatabase={tmp_path}/index.txt\nserial={tmp_path}/serial\nnew_certs_dir={tmp_path}\n"
    settings += "default_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n"
    tree(tmp_path, {"ca.conf": settings})
    request = ["openssl", "req", "-new", "-key", str(key), "-subj", "/CN=r", "-addext", "subjectAltName=IP:127.0.0.1"]
    (tmp_path / "csr").write_bytes(subprocess.run(request, check=True, capture_output=True).stdout)
    words = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-batch", "-notext", "-out", str(tmp_path / "old")]
    command = ["openssl", "ca", "-config", str(tmp_path / "ca.conf"), "-cert", str(made), "-keyfile", str(key), *words]
    subprocess.run([*command, "-in", str(tmp_path / "csr")], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with Server(served, (tmp_path / "old", key)) as server:
        said = refusal(f"{server.host}/a:1")
    assert "certificate has expired" in said and "check the clock of this machine" in said


def test_without_tls_no_credentials_are_sent(docker_login: Logins) -> None:
    with Server(lambda _: Answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})) as server:
        docker_login(server.host)
        assert "asks for credentials without TLS: none were sent" in refusal(f"{server.host}/a:1")
        assert not any("Authorization" in asked.headers for asked in server.asked)


# Hostile registries


def test_an_honest_server_is_believed() -> None:
    """The base of what follows: each test changes one thing of it."""
    with Server(served) as server:
        assert manifest(f"{server.host}/a:1") == Manifest(sha256(BODY), MANIFEST, ("linux/amd64",))
        assert manifest(f"{server.host}/a:1@{sha256(BODY)}").digest == sha256(BODY)


@pytest.mark.parametrize("name", ["a:1", f"a:1@sha256:{'0' * 64}", "blob:1"])
def test_a_digest_that_is_another_one_is_refused(name: str) -> None:
    def answer(asked: Asked) -> Answer:
        if "/blobs/" in asked.path and "/blob/" in asked.path:
            return Answer(200, b"{}")
        return served(asked, **({"Docker_Content_Digest": f"sha256:{'1' * 64}"} if name == "a:1" else {}))

    with Server(answer) as server:
        assert "does not have the stated digest" in refusal(f"{server.host}/{name}")


@pytest.mark.usefixtures("trusted")
def test_a_redirect_elsewhere_gets_no_credentials(cert: Cert, docker_login: Logins) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != BASIC:
            return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(307, b"", {"Location": f"https://{other.host}{asked.path}"})

    with Server(served, cert) as other, Server(answer, cert) as server:
        docker_login(server.host)
        assert manifest(f"{server.host}/a:1").digest == sha256(BODY)
        assert other.asked and not any("Authorization" in asked.headers for asked in other.asked)


def test_a_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login jo password x\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))

    def answer(asked: Asked) -> Answer:
        return Answer(307, b"", {"Location": f"http://{other.host}{asked.path}"})

    with Server(served) as other, Server(answer) as server:
        assert manifest(f"{server.host}/a:1")
        assert not any("Authorization" in asked.headers for asked in (*server.asked, *other.asked))


def test_redirects_without_end_are_left() -> None:
    with Server(lambda asked: Answer(307, b"", {"Location": f"{asked.path}x"})) as server:
        assert "cannot be reached" in refusal(f"{server.host}/a:1")
        assert len(server.asked) < 20


@pytest.mark.parametrize("status", [200, 307, 401])
def test_a_body_without_end_is_left(status: int) -> None:
    sent = itertools.count()

    def endless() -> Iterator[bytes]:
        while True:
            next(sent)
            yield b"x" * 65536

    headers = {"Location": "/v2/", "WWW-Authenticate": 'Basic realm="x"', "Content-Type": MANIFEST}
    with Server(lambda _: Answer(status, headers=headers, pieces=endless)) as server:
        assert "sent more than 4 MiB" in refusal(f"{server.host}/a:1")
    assert next(sent) * 65536 < 64 << 20


def test_a_busy_registry_is_asked_again_when_it_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(transport.time, "sleep", slept.append)
    answers = iter([Answer(429, headers={"Retry-After": "7"}), Answer(503, headers={"Retry-After": "3"})])
    with Server(lambda asked: next(answers, None) or served(asked)) as server:
        assert manifest(f"{server.host}/a:1").digest == sha256(BODY)
    assert slept == [7, 3]


def test_a_date_to_come_back_counts_from_the_clock_of_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(transport.time, "sleep", slept.append)
    now, later = email.utils.formatdate(0, usegmt=True), email.utils.formatdate(5, usegmt=True)
    answers = iter([Answer(429, headers={"Retry-After": later, "Date": now})])
    with Server(lambda asked: next(answers, None) or served(asked)) as server:
        assert manifest(f"{server.host}/a:1")
    assert slept == [5]


def test_who_wants_to_be_waited_for_too_long_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.time, "sleep", lambda _: pytest.fail("it slept"))
    with Server(lambda _: Answer(429, headers={"Retry-After": "86400"})) as server:
        assert "received too many requests, and asks clients to wait 86400 s" in refusal(f"{server.host}/a:1")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, b"<html>"), "did not answer like a registry"),
        (Answer(200, b"[" * 100_000), "did not answer like a registry"),
        (Answer(200, b"\xff"), "did not answer like a registry"),
        (Answer(200, b"[]"), "did not answer like a registry"),
        (Answer(200, json.dumps({"manifests": 3}).encode()), "did not answer like a registry"),
        (Answer(401, b""), "without TLS"),
        (Answer(401, b"", {"WWW-Authenticate": "Bearer " + "a," * 20_000}), "did not answer like a registry"),
        (Answer(404, b""), "has no such image"),
        (Answer(403, b""), "denies access without credentials"),
        (Answer(500, b""), "answers with status 500"),
    ],
)
def test_nonsense_is_told_in_words(answer: Answer, words: str) -> None:
    with Server(lambda _: answer) as server:
        assert words in refusal(f"{server.host}/a:1")


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("challenge", "token", "words"),
    [
        ('Bearer realm="https://[::1"', b"", "did not answer like a registry"),
        ("Negotiate", b"", "denies access with these credentials"),
        ('Bearer realm="https://HOST/token"', b"\xff", "did not answer like a registry"),
        ('Bearer realm="https://HOST/token"', b'{"token": "a\\nX: 1"}', "did not answer like a registry"),
        ('Bearer realm="https://127.0.0.1:1/t"', b"", "127.0.0.1:1, to which it redirects: it cannot be reached"),
    ],
)
def test_an_odd_challenge_or_token_is_told_in_words(
    cert: Cert, docker_login: Logins, challenge: str, token: bytes, words: str
) -> None:
    def answer(asked: Asked) -> Answer:
        headers = {"WWW-Authenticate": challenge.replace("HOST", server.host)}
        return Answer(200, token) if asked.path.startswith("/token") else Answer(401, headers=headers)

    with Server(answer, cert) as server:
        docker_login(server.host)
        assert words in refusal(f"{server.host}/a:1")


def test_who_says_not_how_long_is_asked_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(transport.time, "sleep", slept.append)
    with Server(lambda _: Answer(429)) as server:
        said = refusal(f"{server.host}/a:1")
    assert "received too many requests\n  hint: try it again later" in said
    assert slept == [1] * transport.TRIES


def test_a_server_that_is_slow_without_end_is_left_and_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SECONDS", 1)

    def drip() -> Iterator[bytes]:
        while not server.over.wait(0.05):
            yield b" "

    with Server(lambda _: Answer(200, pieces=drip)) as server:
        lines = "".join(f"FROM {server.host}/a:{number} AS a{number}\n" for number in range(20))
        folder = tree(tmp_path / "catalog", {"images/a/Dockerfile": lines})
        result = run(folder, "lock")
        assert result.exit_code == 1
        assert result.stderr.count(f"{server.host}: it did not answer in time") == 20
        assert len({asked.path for asked in server.asked}) <= 8


def test_a_host_that_cannot_be_reached_is_asked_once(tmp_path: Path) -> None:
    lines = "".join(f"FROM 127.0.0.1:1/a:{number} AS a{number}\n" for number in range(50))
    result = run(tree(tmp_path / "catalog", {"images/a/Dockerfile": lines}), "lock")
    assert result.exit_code == 1
    for number in range(50):
        assert result.stderr.count(f"127.0.0.1:1/a:{number}: 127.0.0.1:1: it cannot be reached") == 1


# The pool


def test_what_never_ends_is_left_and_what_ends_is_in_order() -> None:
    never = threading.Event()
    late = pool.look_up([1], lambda _: never.wait(), lambda number: ForgeError(f"{number} is late"), seconds=0.2)
    never.set()
    assert [str(each) for each in late] == ["1 is late"]
    assert pool.look_up(range(40), lambda number: number * 10, lambda _: ForgeError("late")) == [*range(0, 400, 10)]


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        pool.look_up([0], lambda number: 1 // number, lambda _: ForgeError("late"))
