#!/bin/sh
# Print the path of a real Consul 1.9.17, built once into the cache: of those under the MPL the newest that builds as a dependency.
# usage: tools/consul.sh    exit 4: it cannot be had here; the reason is on stderr
set -eu

version=1.9.17
tools=$(cd "$(dirname "$0")" && pwd)
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/consul-$version/consul

if [ ! -x "$cached" ]; then
    if ! command -v go >/dev/null; then
        echo "consul: no Go to build it with" >&2
        exit 4
    fi
    echo "consul: building $version, once (about ten minutes)" >&2
    mkdir -p "${cached%/*}"
    new=$cached.$$
    trap 'rm -f "$new"' EXIT
    # It reaches into the runtime by names that newer linkers hide.
    (
        cd "$tools/consul"
        CGO_ENABLED=0 go build -trimpath -ldflags='-checklinkname=0 -s -w' -o "$new" github.com/hashicorp/consul
    ) >&2 || {
        echo "consul: the build of $version failed" >&2
        exit 4
    }
    mv "$new" "$cached"
fi
echo "$cached"
