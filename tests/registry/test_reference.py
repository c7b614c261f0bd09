"""References as the docker command reads them."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.registry.reference import parse

D = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "host", "repository", "name"),
    [
        ("busybox", "docker.io", "library/busybox", "latest"),
        ("busybox:1.37.0", "docker.io", "library/busybox", "1.37.0"),
        ("docker.io/busybox", "docker.io", "library/busybox", "latest"),
        ("index.docker.io/a/b:1", "docker.io", "a/b", "1"),
        ("team/web", "docker.io", "team/web", "latest"),
        ("localhost/web:1", "localhost", "web", "1"),
        ("localhost:5000/a/b/c:1", "localhost:5000", "a/b/c", "1"),
        ("r.example.org/a__b/c-d.e:V_1.x-2", "r.example.org", "a__b/c-d.e", "V_1.x-2"),
        ("[::1]:5000/a:1", "[::1]:5000", "a", "1"),
        (f"a@{D}", "docker.io", "library/a", D),
        (f"r.example.org/a:1@{D}", "r.example.org", "a", D),
        ("foo_bar/x", "docker.io", "foo_bar/x", "latest"),
    ],
)
def test_what_a_reference_means(text: str, host: str, repository: str, name: str) -> None:
    found = parse(text)
    assert (found.host, found.repository, found.name) == (host, repository, name)


@pytest.mark.parametrize(
    "text",
    [
        *("", "A", "a:", ":1", "a b", "a//b", "a/", "../a", "a/../b", "a:é", "${A}", "x" * 600, "a?b", "h:1x/a"),
        *("a@", "a@sha256:1", f"a@{D}@{D}"),
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ForgeError, match="is not the name of an image"):
        parse(text)


def test_a_pin_keeps_the_tag() -> None:
    assert parse("a:1").pinned(D) == parse(f"a:1@sha256:{'b' * 64}").pinned(D) == f"a:1@{D}"
