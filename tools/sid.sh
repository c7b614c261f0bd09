#!/bin/sh
# Run a command in Debian sid, whose Python, Docker engine and compose are newer than this machine's.
# usage: tools/sid.sh COMMAND [ARGUMENT...]    exit 4: sid is not available here; the reason is on stderr
#
# The root file system of sid is made once, below the cache folder. The command sees this machine's processes, network, home
# folder, temporary folders and this checkout at their usual paths. Its mounts are private, and disappear when it ends.
set -eu

PATH=$PATH:/usr/sbin:/sbin
tools=$(cd "$(dirname "$0")" && pwd)
checkout=${tools%/*}
root=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/sid
packages=busybox-static,ca-certificates,docker-cli,docker-compose,docker.io,git,iptables,make,python3-dev,python3-venv

say() { echo "sid: $*" >&2; }

fail() {
    say "$*"
    exit 4
}

make_root() {
    "$tools/debian.sh" debootstrap=debootstrap
    say "making a root of Debian sid, once (a minute)"
    rm -rf --one-file-system "$root.new"
    mkdir -p "$root.new"
    debootstrap --variant=minbase "--include=$packages" sid "$root.new" >"$root.log" 2>&1 ||
        fail "debootstrap failed; see $root.log"
    rm -rf --one-file-system "$root"
    mv "$root.new" "$root"
}

[ $# -gt 0 ] || {
    echo "usage: tools/sid.sh COMMAND [ARGUMENT...]" >&2
    exit 2
}
[ "$(id -u)" -eq 0 ] || fail "only root can change to another root file system"
[ -x "$root/usr/bin/busybox" ] || make_root

# The command gets private mounts. The root must be a mount point, because otherwise no container can be started from it.
# shellcheck disable=SC2016  # expanded by the inner shell
exec unshare --mount --propagation private sh -euc '
    root=$1 checkout=$2
    shift 2
    mount --bind "$root" "$root"
    for path in /proc /sys /dev /run /tmp /var/tmp "$HOME" "$checkout" /etc/ssl /etc/resolv.conf /etc/hosts /etc/pip.conf; do
        [ -e "$path" ] || continue
        if [ -d "$path" ]; then mkdir -p "$root$path"; else touch "$root$path"; fi
        mount --rbind "$path" "$root$path"
    done
    folder=$PWD
    cd "$root"
    pivot_root . mnt
    umount -l /mnt
    cd "$folder" 2>/dev/null || cd /
    exec env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
' sh "$root" "$checkout" "$@"
