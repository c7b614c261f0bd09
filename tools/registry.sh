#!/bin/sh
# Make sure that Debian's docker-registry is installed, and openssl, which makes the certificates for the tests.
# usage: tools/registry.sh    exit 4: one of them is not available here; the reason is on stderr
set -eu

exec "$(dirname "$0")/debian.sh" docker-registry=docker-registry openssl=openssl
