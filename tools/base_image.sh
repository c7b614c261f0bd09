#!/bin/sh
# Make sure that the engine has busybox:1.37.0: an existing image, the one from Docker Hub, or a substitute made from Debian's static
# busybox, for machines that can reach only package registries. usage: tools/base_image.sh
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
tag=busybox:1.37.0

if docker image inspect "$tag" >/dev/null 2>&1 || docker pull --quiet "$tag" >/dev/null 2>&1; then
    exit 0
fi
"$tools/debian.sh" busybox=busybox-static
echo "base image: Docker Hub does not answer; making a substitute for $tag" >&2

umask 022
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
trap 'exit 130' INT TERM
root=$context/root
mkdir -p "$root/bin" "$root/etc" "$root/root"
mkdir -m 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
cat >"$context/Dockerfile" <<'EOF'
FROM scratch
COPY root /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
CMD ["sh"]
EOF
log=$(DOCKER_BUILDKIT=0 docker build --tag "$tag" "$context" 2>&1) || {
    printf '%s\n' "$log" "base image: could not make $tag (is the busybox on this machine static?)" >&2
    exit 1
}
