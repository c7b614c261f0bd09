#!/bin/sh
# Provide a Docker engine for tests: the engine that answers, else a private dockerd below the cache folder.
#
# usage: tools/engine.sh start [PID]    print the DOCKER_HOST to export
#        tools/engine.sh stop [PID]     end the private engine, unless another process uses it
#
# With CATALOG_FORGE_ENGINE=sid, the engine is always private, and is the current release from Debian sid.
# The private engine runs for the process PID or, without PID, until it is stopped with this script. Parallel runs share
# the private engine, and the last run ends it; processes that have died do not count. The private engine has separate
# data, sockets and a pid file. An engine of the system is used if it answers, but is never started or stopped.
# Exit 4: no engine is available here; the reason is on stderr.
set -eu

PATH=$PATH:/usr/sbin:/sbin
tools=$(cd "$(dirname "$0")" && pwd)
suite=${CATALOG_FORGE_ENGINE-}
home=${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/engine${suite:+-$suite}
address=unix://$home/docker.sock

say() { echo "engine: $*" >&2; }

answers() { docker version >/dev/null 2>&1; }

private_answers() { DOCKER_HOST=$address answers; }

lock() {
    mkdir -p "$home/holds"
    chmod 700 "$home"
    exec 9>"$home/lock"
    flock 9
}

# Print the process in a pid file if it is still ours: the process may have ended, and its number may have been reused.
process_of() {
    pid=$(cat "$1" 2>/dev/null) && grep -qsF "$home/" "/proc/$pid/cmdline" && echo "$pid"
}

dockerd_pid() { process_of "$home/docker.pid"; }

held() {
    for file in "$home/holds"/*; do
        holder=${file##*/}
        if [ "$holder" = hand ] || kill -0 "$holder" 2>/dev/null; then
            [ -e "$file" ] && return 0
        fi
        rm -f "$file"
    done
    return 1
}

# dockerd calls "iptables": provide the variant that this kernel supports, or tell dockerd not to use iptables.
choose_iptables() {
    mkdir -p "$home/sbin"
    for variant in iptables iptables-nft iptables-legacy; do
        if program=$(command -v "$variant") && "$program" --table nat --list --numeric >/dev/null 2>&1; then
            ln -sf "$program" "$home/sbin/iptables"
            return
        fi
    done
    say "no iptables works here: containers can reach each other, but no other networks"
    echo --iptables=false
}

launch() {
    for file in "$home/docker.pid" "$home/exec/containerd/containerd.pid"; do
        process_of "$file" >/dev/null || rm -f "$file"
    done
    option=$(choose_iptables)
    # The engine gets a separate session, so that Ctrl-C reaches only the tests; the engine is stopped after them.
    PATH=$home/sbin:$PATH setsid ${suite:+"$tools/sid.sh" env "PATH=$home/sbin:/usr/sbin:/usr/bin:/sbin:/bin"} dockerd --data-root "$home/data" --exec-root "$home/exec" \
        --pidfile "$home/docker.pid" --host "$address" ${option:+"$option"} \
        </dev/null >"$home/dockerd.log" 2>&1 9>&- &
    launched=$!
}

wait_until_it_answers() {
    tries=0
    until private_answers; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ] || ! kill -0 "$1" 2>/dev/null; then
            say "the private engine does not answer; the end of $home/dockerd.log:"
            tail -n 5 "$home/dockerd.log" >&2
            exit 4
        fi
        sleep 1
    done
}

start_private() {
    if [ "$(id -u)" -ne 0 ]; then
        say "no engine answers, and only root can start a private engine"
        exit 4
    fi
    if [ "${#home}" -gt 70 ]; then
        say "the path of $home is too long for the sockets in it; set XDG_CACHE_HOME to a shorter one"
        exit 4
    fi
    "$tools/debian.sh" dockerd=docker.io docker=docker.io iptables=iptables
    lock
    if launched=$(dockerd_pid); then
        say "using the private engine that is already running"
    else
        say "starting a private engine below $home"
        rm -f "$home/holds"/*
        launch
    fi
    : >"$home/holds/$1"
    wait_until_it_answers "$launched"
    echo "$address"
}

start() {
    if [ -z "$suite" ] && answers; then
        docker context inspect --format '{{.Endpoints.docker.Host}}'
    else
        start_private "$1"
    fi
}

end() {
    say "stopping the private engine"
    kill "$1"
    tries=0
    while dockerd_pid >/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ]; then
            say "process $1 does not end; see $home/dockerd.log"
            exit 1
        fi
        sleep 1
    done
}

stop() {
    [ -d "$home" ] || return 0
    # A run that found an engine through DOCKER_HOST does not hold it, even if it is the private one: others may use it.
    [ "$1" = hand ] || [ -e "$home/holds/$1" ] || return 0
    lock
    rm -f "$home/holds/$1"
    if held; then
        return 0
    fi
    if running=$(dockerd_pid); then
        end "$running"
    fi
    # dockerd mounts its data folder on itself, and leaves this mount behind if it was killed or could not start.
    umount "$home/data" 2>/dev/null || true
}

case ${1-} in
    start) start "${2-hand}" ;;
    stop) stop "${2-hand}" ;;
    *)
        echo "usage: tools/engine.sh start|stop [PID]" >&2
        exit 2
        ;;
esac
