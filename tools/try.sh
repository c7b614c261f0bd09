#!/bin/sh
# Show the main job: create a conf image and its entry, build the image, and print what it writes for three nodes.
# usage: tools/try.sh [FOLDER]     (called by `make try`, which sets up what it needs)
set -eu

step() { printf '\n== %s\n' "$*"; }

catalog=${1:-$(mktemp -d)/catalog}
version=2016-07-29
scenario=$catalog/specs/elasticsearch-conf/scenarios/cluster.yml
network=catalog-forge-try-$$
server=

clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    docker network rm "$network" >/dev/null 2>&1 || true
}

ask() { # PATH: what the metadata service would say
    catalog-forge metadata get "/$version/$1" --file "$scenario"
}

step "catalog-forge new elasticsearch-conf"
mkdir -p "$catalog"
if docker version >/dev/null 2>&1; then
    catalog-forge -C "$catalog" new elasticsearch-conf --no-input --build ${CATALOG_FORGE_CONFD:+--confd "$CATALOG_FORGE_CONFD"}
else
    catalog-forge -C "$catalog" new elasticsearch-conf --no-input
fi

step "the entry: what Rancher asks, and what it starts"
for file in config.yml 0/rancher-compose.yml 0/docker-compose.yml; do
    printf -- '--- templates/elasticsearch/%s\n' "$file"
    cat "$catalog/templates/elasticsearch/$file"
done

step "catalog-forge test: the scenario of the spec, in the embedded renderer"
catalog-forge -C "$catalog" test

step "catalog-forge render --diff: what a fourth master changes"
catalog-forge -C "$catalog" render elasticsearch-conf --diff --scale 3 --scale 4

if ! docker version >/dev/null 2>&1; then
    step "no Docker engine answers: the image is not built, and what it writes cannot be shown"
    exit 0
fi

step "what the real confd in the image writes for each of three masters"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
first=$(ask containers/search-elasticsearch-masters-1/primary_ip)
subnet=${first%.*}
docker network create --subnet "$subnet.0/24" --gateway "$subnet.1" "$network" >/dev/null
catalog-forge metadata serve "$scenario" --listen "$subnet.1:80" &
server=$!
for number in 1 2 3; do
    address=$(ask "containers/search-elasticsearch-masters-$number/primary_ip")
    printf -- '--- elasticsearch.yml of node %s, %s\n' "$number" "$address"
    # shellcheck disable=SC2016 # the container's shell expands it
    docker run --rm --network "$network" --ip "$address" --add-host "rancher-metadata:$subnet.1" \
        --entrypoint /bin/sh elasticsearch-conf:0.6.0 \
        -c '/entrypoint.sh once 2>/tmp/log && cat /usr/share/elasticsearch/config/elasticsearch.yml || { cat /tmp/log; exit 1; }'
done

step "done: everything is in $catalog"
