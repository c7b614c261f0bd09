#!/bin/sh
# Run both tiers of tests, one part after another. Every part runs even if others fail; a summary is printed at the end.
# usage: tools/test_all.sh [ARGUMENT of pytest...]    exit 1: a part failed or, with CI=true, could not be run
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
failed=0

say() { printf '%-9s %3s min  %s\n' "$1" "$2" "$3" >>"$summary"; }

part() { # NAME COMMAND...
    name=$1 began=$(date +%s) status=0
    shift
    printf '\n==== %s\n' "$name" >&2
    "$@" || status=$?
    minutes=$((($(date +%s) - began + 59) / 60))
    if [ "$status" = 0 ]; then
        say passed "$minutes" "$name"
    elif [ "$status" = 4 ] && [ "${CI-}" != true ]; then
        say "left out" "$minutes" "$name: see the reason above"
    else
        say FAILED "$minutes" "$name: exit status $status"
        failed=1
    fi
}

# shellcheck disable=SC2329 # `part` calls it
current_engine() {
    "$tools/sid.sh" true && CATALOG_FORGE_ENGINE=sid "$tools/with_real_programs.sh" pytest -m engine "$@"
}

# shellcheck disable=SC2329 # `part` calls it
on_confd() { # RELEASE [ARGUMENT of pytest...]
    release=$1
    shift
    "$tools/confd_release.sh" "$release" || return
    # Two test files are only about 0.16: its flags, and how it reads TOML.
    set -- --ignore tests/confd/test_flags.py --ignore tests/confd/test_toml.py "$@"
    "$tools/with_real_programs.sh" pytest --confd "$release" tests/confd tests/formats "$@"
}

part "all tests, with Debian's programs and clusters of real software" "$tools/with_real_programs.sh" pytest --all "$@"
part "the tests that need no real program, on the newest Python" "$tools/newest_python.sh" "$@"
for release in 0.14.0 0.15.0 HEAD; do
    part "the tests of the language, on confd $release" on_confd "$release" "$@"
done
part "the tests of containers, on a current Docker engine" current_engine "$@"

printf '\n==== results\n' >&2
cat "$summary" >&2
exit "$failed"
