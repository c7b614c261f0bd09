#!/bin/sh
# Start a member. One without data looks first whether a cluster runs that it has to be added to; if none does, this is the
# first start, and all members of the list begin together.
set -eu
. /etc/etcd/settings.env
. /etc/etcd/members.env
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS="$OTHERS"
mine=$ETCD_INITIAL_ADVERTISE_PEER_URLS

# The members of the cluster that runs, as NAME=URL,...; of the one with our URL: its `id`, its `name`, and its `clients`.
look() {
    cluster='' id='' name='' clients=''
    while IFS=', ' read -r member_id _ member_name url urls _; do
        # A member that was added and has never started has no name, and some shells leave the empty field out.
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
    # Only a member that has started before has told the others where its clients find it.
    if [ -n "$clients" ]; then
        echo "etcd: the member of this name has lost its data: it is removed, and added anew"
        until etcdctl member remove "$id"; do sleep 2; done
        id=
    fi
    if [ -z "$id" ]; then
        until etcdctl member add "$ETCD_NAME" --peer-urls="$mine"; do sleep 2; done
        look "$(etcdctl member list)"
    fi
    # With a name, and no clients, it is one of those that begin together, and the others were faster.
    [ -n "$name" ] || export ETCD_INITIAL_CLUSTER="$cluster" ETCD_INITIAL_CLUSTER_STATE=existing
fi
exec etcd
