#!/bin/sh
# Print the path of a real helm 3.19.5, built once into the cache. It believes in Kubernetes 1.20: give it --kube-version 1.34.0.
# usage: tools/helm.sh    exit 4: it cannot be had here; the reason is on stderr
set -eu

exec "$(dirname "$0")/built.sh" helm 3.19.5 helm.sh/helm/v3/cmd/helm "four minutes"
