#!/bin/sh
# Print the path of a real kube-apiserver 1.34.4, which is built once and then cached.
# usage: tools/kube_apiserver.sh    exit 4: it is not available here; the reason is on stderr
set -eu

version="-X k8s.io/component-base/version.gitVersion=v1.34.4 -X k8s.io/component-base/version.gitMajor=1"
exec "$(dirname "$0")/built.sh" kube-apiserver 1.34.4 k8s.io/kubernetes/cmd/kube-apiserver "twenty minutes" \
    "$version -X k8s.io/component-base/version.gitMinor=34"
