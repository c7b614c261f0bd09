#!/bin/sh
# Print the path of a real Vault 1.2.4, built once into the cache: of those under the MPL one that builds as a dependency.
# usage: tools/vault.sh    exit 4: it cannot be had here; the reason is on stderr
set -eu

version=1.2.4
tools=$(cd "$(dirname "$0")" && pwd)
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/vault-$version/vault

if [ ! -x "$cached" ]; then
    if ! command -v go >/dev/null; then
        echo "vault: no Go to build it with" >&2
        exit 4
    fi
    echo "vault: building $version, once (about six minutes)" >&2
    mkdir -p "${cached%/*}"
    new=$cached.$$
    trap 'rm -f "$new"' EXIT
    # It reaches into the runtime by names that newer linkers hide.
    (
        cd "$tools/vault"
        CGO_ENABLED=0 go build -trimpath -ldflags='-checklinkname=0 -s -w' -o "$new" github.com/hashicorp/vault
    ) >&2 || {
        echo "vault: the build of $version failed" >&2
        exit 4
    }
    mv "$new" "$cached"
fi
echo "$cached"
