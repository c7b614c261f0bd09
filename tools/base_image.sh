#!/bin/sh
# See that the engine has busybox:1.37.0: its own, the hub's, or a stand-in made of Debian's static busybox.
# A machine that reaches only package registries has no other way to an image. usage: tools/base_image.sh
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
tag=busybox:1.37.0

if docker image inspect "$tag" >/dev/null 2>&1 || docker pull --quiet "$tag" >/dev/null 2>&1; then
    exit 0
fi
"$tools/debian.sh" busybox=busybox-static
echo "base image: no hub answers, making a stand-in for $tag" >&2

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
    printf '%s\n' "$log" "base image: could not make $tag (is the busybox here a static one?)" >&2
    exit 1
}
