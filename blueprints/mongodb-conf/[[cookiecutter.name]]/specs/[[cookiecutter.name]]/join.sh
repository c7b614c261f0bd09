#!/bin/sh
# Run members.js on the member of this container until the set matches members.json. Only one copy of this script goes on.
lock=/tmp/join.lock
echo "$$" >"$lock"
while [ "$(cat "$lock")" = "$$" ]; do
    # The shell of MongoDB reads the key from its file, so no argument contains a secret.
    mongo --quiet --norc 127.0.0.1:27017/admin /etc/mongod/members.js && exit 0
    sleep 5
done
