#!/bin/sh
# Tells the running server or sentinel what has changed. A sentinel writes it into its own file, beside all that it knows.
set -eu
. /usr/local/etc/redis/node.env

if [ "$ROLE" = sentinel ]; then
    redis-cli -p 26379 sentinel set main quorum "$QUORUM"
    redis-cli -p 26379 sentinel set main down-after-milliseconds "$DOWN_AFTER"
else
    redis-cli config set maxmemory "$MAXMEMORY"
    redis-cli config set maxmemory-policy "$MAXMEMORY_POLICY"
fi
