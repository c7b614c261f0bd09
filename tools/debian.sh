#!/bin/sh
# Install the Debian packages of the commands that are missing, if any.
# usage: tools/debian.sh COMMAND=PACKAGE...    exit 4: something is missing and cannot be installed here
set -eu

PATH=$PATH:/usr/sbin:/sbin
packages=
for pair; do
    command -v "${pair%%=*}" >/dev/null || packages="$packages ${pair#*=}"
done
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing Debian packages:$packages (only root on Debian can install them automatically)" >&2
    exit 4
fi
echo "installing the Debian packages:$packages" >&2
export DEBIAN_FRONTEND=noninteractive
{
    apt-get --quiet=2 update
    # shellcheck disable=SC2086  # a list of names
    apt-get --quiet=2 --option DPkg::Lock::Timeout=300 install --yes --no-install-recommends $packages
} >&2 || {
    echo "apt-get could not install:$packages" >&2
    exit 4
}
