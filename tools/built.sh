#!/bin/sh
# Print the path of a Go program, which is built once and then cached. The Go module that requires the program is in tools/NAME or,
# if MODULE is set, in tools/MODULE.
# usage: [MODULE=NAME] tools/built.sh NAME VERSION PACKAGE WORDS [LDFLAGS]    WORDS: how long the build takes
# exit 4: the program is not available here; the reason is on stderr
set -eu

name=$1 version=$2 package=$3 words=$4 flags="${5-} -s -w"
tools=$(cd "$(dirname "$0")" && pwd)
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/$name-$version/$name

if [ ! -x "$cached" ]; then
    if ! command -v go >/dev/null; then
        echo "$name: it is not cached, and there is no Go to build it" >&2
        exit 4
    fi
    echo "$name: building $version, once (about $words)" >&2
    mkdir -p "${cached%/*}"
    new=$cached.$$
    trap 'rm -f "$new"' EXIT
    (cd "$tools/${MODULE:-$name}" && CGO_ENABLED=0 go build -trimpath -ldflags="$flags" -o "$new" "$package") >&2 || {
        echo "$name: the build of $version failed" >&2
        exit 4
    }
    mv "$new" "$cached"
fi
echo "$cached"
