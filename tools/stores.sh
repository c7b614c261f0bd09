#!/bin/sh
# Make sure that Debian's etcd, Redis and ZooKeeper are installed, the real stores from which confd reads keys.
# usage: tools/stores.sh    exit 4: one of them is not available here; the reason is on stderr
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
set -- etcd=etcd-server etcdctl=etcd-client redis-server=redis-server
[ -e /usr/share/java/zookeeper.jar ] || set -- "$@" /usr/share/java/zookeeper.jar=libzookeeper-java
command -v java >/dev/null || set -- "$@" java=default-jre-headless
exec "$tools/debian.sh" "$@"
