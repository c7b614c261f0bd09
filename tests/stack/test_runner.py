"""What the runner of a stack reads in the messages of engines."""

from __future__ import annotations

import pytest

from catalog_forge.stack.runner import _PORT

# The messages of Docker 20.10 for a container and for the proxy, and of Docker 28 with and without a container's address.
TAKEN = (
    "driver failed programming external connectivity: Bind for 0.0.0.0:8080 failed: port is already allocated",
    "Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use",
    "failed to bind host port for 0.0.0.0:8080:172.31.0.2:80/tcp: address already in use",
    "failed to bind host port 0.0.0.0:8080/tcp: address already in use",
    "failed to bind host port for [::]:8080:[fd00::2]:80/tcp: address already in use",
)


@pytest.mark.parametrize("words", TAKEN)
def test_the_public_port_that_is_taken_is_read_first(words: str) -> None:
    assert _PORT.findall(words)[0] == "8080"
