#!/bin/sh
# See that Debian's docker-registry is here, and openssl, which makes the certificates of its tests.
# usage: tools/registry.sh    exit 4: one cannot be had here; the reason is on stderr
set -eu

exec "$(dirname "$0")/debian.sh" docker-registry=docker-registry openssl=openssl
