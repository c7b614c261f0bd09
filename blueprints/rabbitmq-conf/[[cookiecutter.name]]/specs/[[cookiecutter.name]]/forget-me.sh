#!/bin/sh
# Before a node without data starts: have a node that runs forget the one that had its name. At the first start none runs.
# A node whose first start broke off while it joined has data, but no virtual host yet, and would never start with them:
# what it has got so far is with the others, so it begins anew, if one of them says that it has forgotten it.
data=/var/lib/rabbitmq/mnesia
[ -z "$(ls -d $data/*/msg_stores/vhosts/* 2>/dev/null)" ] || exit 0
export HOME=/var/lib/rabbitmq
while read -r other; do
    timeout 30 rabbitmqctl --quiet --node "$other" forget_cluster_node "rabbit@$(hostname)" 2>/dev/null && rm -rf $data && break
done </etc/rabbitmq/join/others.txt
exit 0
