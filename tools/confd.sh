#!/bin/sh
# Print the path of a real confd 0.16.0: $CATALOG_FORGE_CONFD, the confd on PATH, or one that is built once and then cached.
# usage: tools/confd.sh    exit 4: it is not available here; the reason is on stderr
set -eu

version=0.16.0
tools=$(cd "$(dirname "$0")" && pwd)
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/confd-$version/confd

is_wanted() {
    case $("$1" -version 2>/dev/null) in
        "confd $version "*) ;;
        *) return 1 ;;
    esac
}

if [ -n "${CATALOG_FORGE_CONFD-}" ]; then
    if ! is_wanted "$CATALOG_FORGE_CONFD"; then
        echo "confd: CATALOG_FORGE_CONFD=$CATALOG_FORGE_CONFD is not a confd $version" >&2
        exit 4
    fi
    echo "$CATALOG_FORGE_CONFD"
elif found=$(command -v confd) && is_wanted "$found"; then
    echo "$found"
else
    is_wanted "$cached" || rm -f "$cached"
    exec "$tools/built.sh" confd "$version" github.com/kelseyhightower/confd "a minute"
fi
