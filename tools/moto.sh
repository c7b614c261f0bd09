#!/bin/sh
# Print the path of moto_server, which answers as DynamoDB and SSM do: put into the cache once, with what it needs.
# usage: tools/moto.sh    exit 4: it cannot be had here; the reason is on stderr
set -eu

version=5.2.5
cached=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/moto-$version

# Its programs name the folder where they are, so it is made in its own place, and marked when it is whole.
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
