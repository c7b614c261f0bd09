#!/bin/sh
# Print the path of moto_server, which imitates DynamoDB and SSM. It is installed once, with its dependencies, and then cached.
# usage: tools/moto.sh    exit 4: it is not available here; the reason is on stderr
set -eu

version=5.2.5
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/moto-$version

# The scripts of a virtual environment contain its path, so it is created at its final path, and marked once it is complete.
if [ ! -e "$cached/whole" ]; then
    echo "moto: installing $version, once (half a minute)" >&2
    rm -rf "$cached"
    { python3 -m venv "$cached" && "$cached/bin/pip" install --quiet "moto[server]==$version"; } >&2 || {
        echo "moto: $version cannot be installed" >&2
        exit 4
    }
    : >"$cached/whole"
fi
echo "$cached/bin/moto_server"
