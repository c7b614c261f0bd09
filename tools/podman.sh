#!/bin/sh
# Make sure that Debian's podman and the programs for its pods are installed, and print the path of a configuration file for it.
#
# usage: CONTAINERS_CONF=$(tools/podman.sh) podman --root FOLDER --runroot FOLDER ...
#
# Debian's configuration requires systemd, and limits that only a machine with all capabilities can set; this configuration does not.
# crun refuses a machine with cgroups of both versions, so runc runs the containers, as with dockerd.
# Exit 4: it is not available here; the reason is on stderr.
set -eu

PATH=$PATH:/usr/sbin:/sbin
tools=$(cd "$(dirname "$0")" && pwd)
"$tools/debian.sh" podman=podman runc=runc catatonit=catatonit iptables=iptables
# The DNS server of podman's networks is not on PATH.
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
