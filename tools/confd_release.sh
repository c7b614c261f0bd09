#!/bin/sh
# Print the path of another release of confd, which is built once from confd's repository and then cached. The repository contains
# the packages that confd needs. On a machine that cannot reach GitHub, $CATALOG_FORGE_CONFD_GIT names a clone of the repository.
# usage: tools/confd_release.sh 0.14.0|0.15.0|HEAD    exit 4: it is not available here; the reason is on stderr
set -eu

git=${CATALOG_FORGE_CONFD_GIT:-https://github.com/kelseyhightower/confd}
release=${1-}
case $release in
    0.14.0 | 0.15.0) commit=v$release said="confd $release " ;;
    # The last commit of confd's main branch (2024).
    HEAD) commit=919444eb6cf721d198b2bb18581d0f0b3734d107 said="confd 0.17.0-dev " ;;
    *)
        sed -n 's/^# usage: //p' "$0" >&2
        exit 2
        ;;
esac
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/confd-$release/confd

missing() {
    echo "confd $release: $1" >&2
    exit 4
}

is_built() {
    case $("$cached" -version 2>/dev/null) in
        "$said"*) ;;
        *) return 1 ;;
    esac
}

if ! is_built; then
    command -v go >/dev/null || missing "it is not cached, and there is no Go to build it"
    echo "confd: building $release, once (about a minute)" >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    source=$work/src/github.com/kelseyhightower/confd
    mkdir -p "$source" "${cached%/*}"
    if [ ! -d "$git" ]; then
        git init --quiet --bare "$work/git"
        git --git-dir="$work/git" fetch --quiet --depth 1 "$git" "$commit" >&2 || missing "$git cannot be read"
        git=$work/git commit=FETCH_HEAD
    fi
    # The collation tables are the largest file, and nothing uses them.
    git --git-dir="$git" archive "$commit" -- . ':(exclude)vendor/golang.org/x/text/collate' | tar x -C "$source"
    # Go 1.22 and later refuse an alphabet that contains a character twice (ugorji/go/codec, which the back end etcd uses).
    sed -i 's/0123456789__"/0123456789_-"/' "$source"/vendor/github.com/ugorji/go/codec/gen.go 2>/dev/null || :
    if [ -e "$source/go.mod" ]; then
        how="GO111MODULE=on GOFLAGS=-mod=vendor"
    else
        how="GO111MODULE=off GOPATH=$work GOFLAGS="
    fi
    # shellcheck disable=SC2086  # a list of variables
    (cd "$source" && env CGO_ENABLED=0 $how go build -trimpath -ldflags="-s -w" -o "$work/confd" .) >&2 || missing "the build failed"
    mv "$work/confd" "$cached"
fi
echo "$cached"
