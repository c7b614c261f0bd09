#!/bin/sh
# Before a node without data starts: have a node that runs forget the one that had its name. At the first start none runs.
[ -d /var/lib/rabbitmq/mnesia ] && exit 0
export HOME=/var/lib/rabbitmq
while read -r other; do
    timeout 30 rabbitmqctl --quiet --node "$other" forget_cluster_node "rabbit@$(hostname)" 2>/dev/null && break
done </etc/rabbitmq/join/others.txt
exit 0
