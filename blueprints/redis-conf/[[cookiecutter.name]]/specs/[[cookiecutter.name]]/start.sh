#!/bin/sh
# Starts a server or a sentinel. The files that Redis rewrites are in /data, where confd never overwrites them.
set -eu
umask 077
. /usr/local/etc/redis/node.env

# Prints the master that a sentinel names, or nothing if no sentinel answers, as when the stack is new.
known() {
    for sentinel in $SENTINELS; do
        found=$(timeout 2 redis-cli -h "$sentinel" -p 26379 sentinel get-master-addr-by-name main 2>/dev/null | head -n 1) || continue
        case $found in
            *[!0-9.]* | "") ;;
            *) echo "$found" && return ;;
        esac
    done
}

# The password, escaped for a quoted string of Redis; apply.sh passes a new one to the running program.
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
        # No sentinel answers: the server keeps the role that it had.
        grep '^replicaof ' /data/redis.conf || :
    fi
} >/data/redis.conf.new
mv /data/redis.conf.new /data/redis.conf
exec docker-entrypoint.sh redis-server /data/redis.conf
