#!/bin/sh
# Starts a server or a sentinel. What it rewrites lies in /data: what is rendered again never overwrites it.
set -eu
umask 077
. /usr/local/etc/redis/node.env

# The master that a sentinel names; nothing when none answers, as at the very start.
known() {
    for sentinel in $SENTINELS; do
        found=$(timeout 2 redis-cli -h "$sentinel" -p 26379 sentinel get-master-addr-by-name main 2>/dev/null | head -n 1) || continue
        case $found in
            *[!0-9.]* | "") ;;
            *) echo "$found" && return ;;
        esac
    done
}

# The password as Redis reads a text in quotes; what runs is told another one by apply.sh.
password=$(printf '%s' "$PASSWORD" | sed 's/[\\"]/\\&/g')
printf '%s\n' "$password" >/data/password

master=$(known)
if [ "$ROLE" = sentinel ]; then
    begun=/data/sentinel.conf
    [ -s "$begun" ] || begun=/usr/local/etc/redis/sentinel.conf
    {
        if [ "$begun" = /data/sentinel.conf ]; then
            grep -v '^sentinel auth-pass ' "$begun"
        else
            sed "s/^\(sentinel monitor main\) [^ ]*/\1 ${master:-$FIRST}/" "$begun"
        fi
        [ -z "$password" ] || printf 'sentinel auth-pass main "%s"\n' "$password"
    } >/data/sentinel.conf.new
    mv /data/sentinel.conf.new /data/sentinel.conf
    exec docker-entrypoint.sh redis-server /data/sentinel.conf --sentinel
fi

{
    echo "include /usr/local/etc/redis/redis.conf"
    [ -z "$password" ] || printf 'requirepass "%s"\nmasterauth "%s"\n' "$password" "$password"
    if [ -n "$master" ] || [ ! -s /data/redis.conf ]; then
        [ "${master:-$FIRST}" = "$SELF" ] || echo "replicaof ${master:-$FIRST} 6379"
    else
        # No sentinel answers: it goes on as what it was.
        grep '^replicaof ' /data/redis.conf || :
    fi
} >/data/redis.conf.new
mv /data/redis.conf.new /data/redis.conf
exec docker-entrypoint.sh redis-server /data/redis.conf
