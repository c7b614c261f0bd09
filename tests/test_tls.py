"""Certificates are verified as Go programs do it, on each Python."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from catalog_forge import tls


def test_certificates_and_names_are_verified_without_the_strictness_that_go_lacks() -> None:
    context = tls.context()
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_a_file_of_authorities_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        tls.context(str(tmp_path / "ca.crt"))
