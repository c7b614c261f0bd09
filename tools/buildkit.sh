#!/bin/sh
# Print the path of a real buildx 0.38.2 or buildkitd 0.34.2, which is built once and then cached.
# usage: tools/buildkit.sh buildx|buildkitd    exit 4: it is not available here; the reason is on stderr
set -eu

export MODULE=buildkit
tools=$(cd "$(dirname "$0")" && pwd)
case $1 in
    buildx) exec "$tools/built.sh" buildx 0.38.2 github.com/docker/buildx/cmd/buildx "ten minutes" ;;
    buildkitd) exec "$tools/built.sh" buildkitd 0.34.2 github.com/moby/buildkit/cmd/buildkitd "ten minutes" ;;
esac
