#!/bin/sh
# Passes changed settings to the running server or sentinel. A sentinel saves them in its own file, with all that it knows.
set -eu
umask 077
. /usr/local/etc/redis/node.env

# Commands go through a pipe, because every process could see a password among the arguments.
tell() {
    said=$(redis-cli "$@")
    ! printf '%s\n' "$said" | grep -v '^OK$' >&2
}

old=$(cat /data/password)
new=$(printf '%s' "$PASSWORD" | sed 's/[\\"]/\\&/g')
if [ "$ROLE" = sentinel ]; then
    printf '%s\n' "sentinel set main quorum $QUORUM" "sentinel set main down-after-milliseconds $DOWN_AFTER" | tell -p 26379
    if [ "$old" != "$new" ]; then
        # The servers get the password first: a sentinel whose password is rejected considers the server lost.
        sleep 15
        printf 'sentinel set main auth-pass "%s"\n' "$new" | tell -p 26379
    fi
else
    {
        [ -z "$old" ] || printf 'auth "%s"\n' "$old"
        printf 'config set masterauth "%s"\nconfig set requirepass "%s"\n' "$new" "$new"
        printf '%s\n' "config set maxmemory $MAXMEMORY" "config set maxmemory-policy $MAXMEMORY_POLICY"
    } | tell
fi
printf '%s\n' "$new" >/data/password
