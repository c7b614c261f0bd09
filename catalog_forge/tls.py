"""Trusts the TLS certificates that Go's crypto/tls trusts, because the user's Docker engine and confd are Go programs."""

from __future__ import annotations

import ssl


def context(authorities: str | None = None) -> ssl.SSLContext:
    """Return a client context that verifies host names and certificates.

    The context trusts the CAs in the file `authorities` or, without such a file, the CAs of this machine.

    Since Python 3.13, the default context refuses certificates that RFC 5280 forbids and Go accepts, such as a certificate
    without an Authority Key Identifier, which many private CAs issue. This context accepts such certificates. Raises OSError if
    the file cannot be read.
    """
    made = ssl.create_default_context(cafile=authorities)
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made
