#!/bin/sh
# Start a member. A member without data first checks for a running cluster to which it must be added; if there is none, this is
# the first start, and all members of the list start together.
set -eu
. /etc/etcd/settings.env
. /etc/etcd/members.env
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS="$OTHERS"
mine=$ETCD_INITIAL_ADVERTISE_PEER_URLS

# Set `cluster` to the members of the running cluster, as NAME=URL,..., and `id`, `name` and `clients` from the one with our URL.
look() {
    cluster='' id='' name='' clients=''
    while IFS=', ' read -r member_id _ member_name url urls _; do
        # A member that was added but has never started has no name, and some shells omit the empty field.
        case $member_name in http://*) urls='' url=$member_name member_name='' ;; esac
        host=${url#http://}
        cluster=$cluster${cluster:+,}${host%:*}=$url
        if [ "$url" = "$mine" ]; then
            id=$member_id name=$member_name clients=${urls##false}
        fi
    done <<LIST
$1
LIST
}

if [ ! -d "$ETCD_DATA_DIR/member" ] && [ -n "$OTHERS" ] && members=$(etcdctl member list 2>/dev/null); then
    look "$members"
    # Only a member that has started before has told the others the URLs for its clients.
    if [ -n "$clients" ]; then
        echo "etcd: member $ETCD_NAME has lost its data, so it is removed from the cluster and added again"
        until etcdctl member remove "$id"; do sleep 2; done
        id=
    fi
    if [ -z "$id" ]; then
        until etcdctl member add "$ETCD_NAME" --peer-urls="$mine"; do sleep 2; done
        look "$(etcdctl member list)"
    fi
    # A member with a name but no URLs for clients starts together with the others, which were faster.
    [ -n "$name" ] || export ETCD_INITIAL_CLUSTER="$cluster" ETCD_INITIAL_CLUSTER_STATE=existing
fi
exec etcd
