"""Trusts the TLS certificates that Go's crypto/tls trusts, because the user's Docker engine and confd are Go programs."""

from __future__ import annotations

import ssl


def context(authorities: str | None = None) -> ssl.SSLContext:
    """Return a client context that verifies host names and certificates. The CAs are this machine's, or those in `authorities`.

    Since Python 3.13, the default context also refuses certificates that RFC 5280 forbids and Go accepts, such as a certificate
    without an Authority Key Identifier, which many private CAs issue. Raises OSError if the file cannot be read.
    """
    made = ssl.create_default_context(cafile=authorities)
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made
