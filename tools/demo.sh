#!/bin/sh
# Show a whole stack of real software: create an entry, run it without a Rancher server as a cluster of three Elasticsearch 2.4.6
# nodes, scale it to five nodes, and remove it.
# usage: tools/demo.sh [FOLDER]     (called by `make demo`, which sets up what it needs)
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
catalog=${1:-$(mktemp -d)/catalog}
stack=demo-$$
service=elasticsearch-masters
began=$(date +%s)

step() { printf '\n== %s s: %s\n' "$(($(date +%s) - began))" "$*"; }

clean_up() {
    catalog-forge down "$stack" --volumes >/dev/null 2>&1 || echo "could not remove $stack: run catalog-forge down $stack" >&2
}

conf() { echo "$stack-$service-$1"; }

ask() { # NODE PATH: what Elasticsearch answers
    docker exec "$(conf "$1")" wget -q -O - "http://127.0.0.1:9200/$2"
}

wait_for() { # WORDS PATH: until the first node's answer to PATH has these words
    tries=0
    until ask 1 "$2" 2>/dev/null | grep -q "$1"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 180 ]; then
            echo "after three minutes, $2 does not say $1; the end of the logs:" >&2
            catalog-forge logs "$stack" 2>&1 | tail -n 40 >&2
            exit 1
        fi
        sleep 1
    done
}

docker version >/dev/null
step "the software: elasticsearch:2.4.6"
"$tools/software.sh" elasticsearch

step "catalog-forge new elasticsearch-conf, with three masters and nothing else"
mkdir -p "$catalog"
catalog-forge -C "$catalog" new elasticsearch-conf --no-input --build ${CATALOG_FORGE_CONFD:+--confd "$CATALOG_FORGE_CONFD"} \
    --set masters=3 --set datanodes=0 --set clients=0

step "catalog-forge up elasticsearch --detach"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
up() {
    catalog-forge -C "$catalog" up elasticsearch --name "$stack" --detach \
        --set cluster_name=demo --set heap_size=512m "$@"
}
up
catalog-forge ps "$stack"

step "GET /_cluster/health: three nodes, green"
wait_for '"green".*"number_of_nodes":3,' _cluster/health
ask 1 '_cluster/health?pretty'

for number in 1 2 3; do
    step "elasticsearch.yml of node $number"
    docker exec "$(conf "$number")" cat /usr/share/elasticsearch/config/elasticsearch.yml
done

step "GET /_cluster/settings: the quorum of three"
wait_for '"discovery.zen.minimum_master_nodes":"2"' '_cluster/settings?flat_settings'
ask 1 '_cluster/settings?flat_settings&pretty'
ask 1 '_cat/nodes?v&h=name,ip,master,uptime'

step "catalog-forge up --scale $service=5"
up --scale "$service=5"
wait_for '"green".*"number_of_nodes":5,' _cluster/health
ask 1 '_cluster/health?pretty'

step "GET /_cluster/settings: the quorum of five, and no node was restarted"
wait_for '"discovery.zen.minimum_master_nodes":"3"' '_cluster/settings?flat_settings'
ask 1 '_cluster/settings?flat_settings&pretty'
ask 1 '_cat/nodes?v&h=name,ip,master,uptime'

step "catalog-forge down"
trap - EXIT
catalog-forge down "$stack" --volumes

step "done: the catalog is in $catalog"
