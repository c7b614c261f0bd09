#!/bin/sh
# Tells the running server or sentinel what has changed. A sentinel writes it into its own file, beside all that it knows.
set -eu
umask 077
. /usr/local/etc/redis/node.env

# Commands come by a pipe: a password among arguments could be seen by everybody.
tell() {
    said=$(redis-cli "$@")
    ! printf '%s\n' "$said" | grep -v '^OK$' >&2
}

old=$(cat /data/password)
new=$(printf '%s' "$PASSWORD" | sed 's/[\\"]/\\&/g')
if [ "$ROLE" = sentinel ]; then
    printf '%s\n' "sentinel set main quorum $QUORUM" "sentinel set main down-after-milliseconds $DOWN_AFTER" | tell -p 26379
    if [ "$old" != "$new" ]; then
        # The servers know it first: a sentinel whose password is refused takes the server for lost.
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
