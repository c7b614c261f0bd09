#!/bin/sh
# Print the path of a real Consul 1.9.17, which is built once and then cached: the newest release under the MPL that can be built as a
# dependency.
# usage: tools/consul.sh    exit 4: it is not available here; the reason is on stderr
set -eu

# Consul uses internal names of Go's runtime that newer linkers hide by default.
exec "$(dirname "$0")/built.sh" consul 1.9.17 github.com/hashicorp/consul "ten minutes" -checklinkname=0
