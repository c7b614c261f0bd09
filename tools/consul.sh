#!/bin/sh
# Print the path of a real Consul 1.9.17, built once into the cache: of those under the MPL the newest that builds as a dependency.
# usage: tools/consul.sh    exit 4: it cannot be had here; the reason is on stderr
set -eu

# It reaches into the runtime by names that newer linkers hide.
exec "$(dirname "$0")/built.sh" consul 1.9.17 github.com/hashicorp/consul "ten minutes" -checklinkname=0
