#!/bin/sh
# Before a node without data starts, make a running node forget the old node of the same name. At the first start, none runs.
# A node whose first start was interrupted while it joined has data, but no virtual host yet, and would never start with these
# data. The other nodes have all of them, so once one of these nodes has forgotten it, its data are removed and it joins anew.
data=/var/lib/rabbitmq/mnesia
[ -z "$(ls -d $data/*/msg_stores/vhosts/* 2>/dev/null)" ] || exit 0
export HOME=/var/lib/rabbitmq
while read -r other; do
    timeout 30 rabbitmqctl --quiet --node "$other" forget_cluster_node "rabbit@$(hostname)" 2>/dev/null && rm -rf $data && break
done </etc/rabbitmq/join/others.txt
exit 0
