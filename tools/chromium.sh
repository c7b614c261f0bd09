#!/bin/sh
# See that a real browser is here in which the page of `preview` is tried: Chromium and its driver, of Debian.
# usage: tools/chromium.sh    exit 4: it cannot be had here; the reason is on stderr
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
exec "$tools/debian.sh" chromium=chromium chromedriver=chromium-driver
