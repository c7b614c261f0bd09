#!/bin/sh
# Make sure that Debian's Chromium and its driver are installed, to test the page of `preview` in a real browser.
# usage: tools/chromium.sh    exit 4: it is not available here; the reason is on stderr
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
exec "$tools/debian.sh" chromium=chromium chromedriver=chromium-driver
