#!/bin/sh
# Run the tests that need no real program with the newest Python in Debian sid.
# usage: tools/newest_python.sh [ARGUMENT of pytest...]    exit 4: it is not available here; the reason is on stderr
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
cd "${tools%/*}"
environment=.cache/newest-python

echo "== $("$tools/sid.sh" python3 --version), from Debian sid" >&2
if ! [ "$environment/ready" -nt pyproject.toml ]; then
    "$tools/sid.sh" python3 -m venv --clear "$environment"
    "$tools/sid.sh" "$environment/bin/pip" install --quiet --editable . --group test --group lint
    touch "$environment/ready"
fi
# If these programs were missing, their tests would be skipped or, with CI=true, fail.
exec "$tools/sid.sh" env "PATH=$PWD/$environment/bin:$PATH" python -m pytest -m "not engine and not confd and not compose and not chromium" "$@"
