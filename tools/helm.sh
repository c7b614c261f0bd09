#!/bin/sh
# Print the path of a real helm 3.19.5, which is built once and then cached. This build assumes Kubernetes 1.20, so pass it
# --kube-version 1.34.0.
# usage: tools/helm.sh    exit 4: it is not available here; the reason is on stderr
set -eu

exec "$(dirname "$0")/built.sh" helm 3.19.5 helm.sh/helm/v3/cmd/helm "four minutes"
