#!/bin/sh
# [[ note ]]
#
# The conf container: puts its files and the launch script on the shared volumes, and ends. It reads no metadata.
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
# The environment stands in for a store: no file reads a key of it.
until confd -onetime -backend env -log-level "[[ log ]]"; do
    sleep 2
done
date +%s >"$share/ready"
echo "[[ name ]]: every file is written" >&2
