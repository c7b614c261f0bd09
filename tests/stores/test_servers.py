"""The servers themselves: what the tests say where one cannot run."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.stores.servers import Aws


def test_a_port_that_is_in_use_is_said_before_anybody_waits_for_the_store(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AssertionError, match=f"port {port} is in use, and confd looks for ssm at no other"):
            Aws("ssm", tmp_path, port).start()
