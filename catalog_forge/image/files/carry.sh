#!/bin/sh
# [[ note ]]
#
# The conf container: copies its files and the launch script to the shared volumes, then ends. It reads no metadata.
set -eu

share=[[ share ]]

[% include "lend.sh" %]

rm -f "$share/ready"
mkdir -p "$share/changed" [[ folders | join(' ') ]]
[% for command in before %]
sh -c [[ command ]]
[% endfor %]
[% if asks %]
rm -rf "$share/check"
mkdir -m 1777 "$share/check"
[% endif %]
lend
# confd needs a store; the environment serves as one, because no file reads a key.
until confd -onetime -backend env -log-level "[[ log ]]"; do
    sleep 2
done
date +%s >"$share/ready"
echo "[[ name ]]: every file is written" >&2
