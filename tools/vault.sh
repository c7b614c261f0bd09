#!/bin/sh
# Print the path of a real Vault 1.2.4, which is built once and then cached: a release under the MPL that can be built as a dependency.
# usage: tools/vault.sh    exit 4: it is not available here; the reason is on stderr
set -eu

# Vault uses internal names of Go's runtime that newer linkers hide by default.
exec "$(dirname "$0")/built.sh" vault 1.2.4 github.com/hashicorp/vault "six minutes" -checklinkname=0
