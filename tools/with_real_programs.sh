#!/bin/sh
# Run a command with the real programs: docker-compose 1.29, a Docker engine with the base image, confd 0.16.0 and others.
# usage: tools/with_real_programs.sh COMMAND [ARGUMENT...]
#
# A program that is not available is reported and left out; the command decides what this means (a test is skipped, or fails
# with CI=true). Everything that this script starts is stopped afterwards. The exit code is that of the command.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)

step() { echo "== $*" >&2; }

without() { echo "!! going on WITHOUT $*: see the reason above" >&2; }

step "docker-compose 1.29: the client of the generated files"
"$tools/debian.sh" docker-compose=docker-compose || without docker-compose

step "busybox: the shell in which launch scripts are tested"
"$tools/debian.sh" busybox=busybox-static || without busybox

step "stores: etcd, Redis and ZooKeeper of Debian, moto for DynamoDB and SSM"
"$tools/stores.sh" || without "etcd, Redis and ZooKeeper"
"$tools/moto.sh" >/dev/null || without "DynamoDB and SSM"

step "browser: Chromium of Debian, for the page of preview"
"$tools/chromium.sh" || without Chromium

step "registry: Debian's docker-registry, and openssl for its certificates"
"$tools/registry.sh" || without "a registry"

step "Docker engine: the one that answers, or a private one"
trap '"$tools/engine.sh" stop $$ || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if host=$("$tools/engine.sh" start $$); then
    export DOCKER_HOST="$host"
    step "base image: busybox:1.37.0 on $host"
    "$tools/base_image.sh" || without "the base image"
else
    without "a Docker engine"
fi

step "confd 0.16.0: given, on PATH, or built into the cache"
if confd=$("$tools/confd.sh"); then
    export CATALOG_FORGE_CONFD="$confd"
else
    without confd
fi

step "$*"
"$@"
