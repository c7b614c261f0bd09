#!/bin/sh
# See that the real stores are here in which confd finds keys: etcd, Redis and ZooKeeper of Debian.
# usage: tools/stores.sh    exit 4: one cannot be had here; the reason is on stderr
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
set -- etcd=etcd-server etcdctl=etcd-client redis-server=redis-server
[ -e /usr/share/java/zookeeper.jar ] || set -- "$@" /usr/share/java/zookeeper.jar=libzookeeper-java
command -v java >/dev/null || set -- "$@" java=default-jre-headless
exec "$tools/debian.sh" "$@"
