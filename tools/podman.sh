#!/bin/sh
# See that Debian's podman is here, with what its pods need, and print the path of settings for it.
#
# usage: CONTAINERS_CONF=$(tools/podman.sh) podman --root FOLDER --runroot FOLDER ...
#
# Debian's own settings want systemd, and limits that only a machine with all capabilities can set: these take what there is.
# crun refuses a machine that has cgroups of both versions, so runc runs the containers, as it does for dockerd.
# Exit 4: it cannot be had here; the reason is on stderr.
set -eu

PATH=$PATH:/usr/sbin:/sbin
tools=$(cd "$(dirname "$0")" && pwd)
"$tools/debian.sh" podman=podman runc=runc catatonit=catatonit iptables=iptables
# The resolver of its networks is no command on PATH.
[ -x /usr/lib/podman/aardvark-dns ] || "$tools/debian.sh" aardvark-dns=aardvark-dns

settings=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/podman.conf
mkdir -p "${settings%/*}"
files=$(sed -n 's|^Max open files *[^ ]* *\([^ ]*\).*|\1|p' /proc/self/limits)
[ "$files" != unlimited ] || files=1048576
cat >"$settings.$$" <<END
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=16384:16384"]

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
END
mv "$settings.$$" "$settings"
echo "$settings"
