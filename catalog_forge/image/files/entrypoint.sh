#!/bin/sh
# [[ note ]]
#
# [% if embedded %]Next to the program[% else %]The conf container[% endif %]: renders every file once, reports this on the shared volume, then keeps the files current.
#   entrypoint.sh         run as the service's sidekick
#   entrypoint.sh once    render once and exit: with 0 if every file was written
[% if stored %]
# CONF_BACKEND is the kind of the store ([[ names | join(', ') ]]), CONF_NODES its address, and CONF_PREFIX the key above all keys.
# Instead of each variable NAME below, NAME_FILE can be set: the path of a file with the value.
[% else %]
# METADATA_NODE is the metadata service, HOST[:PORT][% if refresh == 'watch' %]; RESYNC is the number of seconds between two passes while confd watches[% endif %].
[% if filed %]
# With CONF_BACKEND=file, the same metadata is read from JSON files: CONF_NODES has their paths, separated by commas. The path of a
# folder means its *.json files. Later files override earlier files.[% if refresh == 'watch' %] INTERVAL is the number of seconds between two reads.[% endif %]

[% endif %]
[% endif %]
set -eu

name=[[ name ]]
share=[[ share ]]
[% if embedded %]
PATH=$share/bin:$PATH
[% endif %]
[% if not stored %]
node=${METADATA_NODE:-rancher-metadata}
store="the metadata service http://$node"
[% if filed %]
backend=${CONF_BACKEND:-rancher}
nodes=${CONF_NODES:-}
[% endif %]
[% endif %]
once=
[ "${1:-}" != once ] || once=1
child=
told=

say() {
    printf '%s: %s\n' "$name" "$*" >&2
}

# Reports a problem. The launch script of the main container shows it while it waits.
problem() {
    [ "$1" = "$told" ] || say "$1"
    told=$1
    printf '%s\n' "$1" >"$share/problem.new"
    mv "$share/problem.new" "$share/problem"
}

# A shell that is process 1 ignores signals without a trap, and runs no trap while a command runs in the foreground.
stop() {
    [ -z "$child" ] || kill "$child" 2>/dev/null || :
    exit 143
}

run() {
    "$@" &
    child=$!
    status=0
    wait "$child" || status=$?
    child=
    return "$status"
}

[% if stored or filed %]
refuse() {
    problem "$1"
    exit 1
}

[% include "nodes.sh" %]

[% endif %]
[% if stored %]
[% include "stores.sh" %]

[% else %]
[% if filed %]
# The options in this file override the flags with which confd is started below.
configure() {
    case $backend in
        rancher) return ;;
        file) ;;
        *) refuse "CONF_BACKEND=$backend: this image supports only rancher and file" ;;
    esac
    [ -n "$nodes" ] || refuse "CONF_NODES is not set: with the back end file, it must contain the paths of JSON files, separated by commas"
    store="the files $nodes"
    {
        echo 'backend = "file"'
        texts file ''
    } >/etc/confd/confd.toml.new
    mv /etc/confd/confd.toml.new /etc/confd/confd.toml
}

[% endif %]
# Runs confd once, with a time limit: if the service refuses connections, confd tries for 31 s; if it does not answer, for ever.
pass() {
    limit=$1
    shift
    run timeout "$limit" confd -onetime -backend rancher -node "$node" -prefix "/[[ metadata ]]" "$@"
}

# Without resources, confd only connects. It resolves the name of the service itself, because some static busyboxes cannot.
wait_for_metadata() {
[% if filed %]
    configure
    [ "$backend" = rancher ] || return 0
[% endif %]
    deadline=$(($(date +%s) + [[ metadata_limit ]]))
    until pass 5 -confdir /nothing >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$deadline" ]; then
            problem "gave up after [[ metadata_limit ]] s: $store does not answer"
            exit 1
        fi
        problem "waiting for $store"
        run sleep 1
    done
}

[% endif %]
[% if not stored %]
# Prints the reasons of a failure from a log of confd: the missing keys, and the output of checks.
reasons() {
    sed -n -e 's/.* ERROR "\(..*\)"$/\1/p' -e 's/.*key does not exist: //p' -e 's/.*ERROR \(Config check failed\)/\1/p' -e 's/.*\(FATAL .*\)/\1/p' "$1" |
        sed -e 's:^/self/[a-z]*/\(name\|uuid\)$:the metadata service does not know this container yet:' \
            -e 's:^/:the metadata service has no /:' |
        sort -u
}

[% endif %]
# Tries until every file is written, because missing metadata may still arrive. The main container has its own time limit.
render() {
    log=$share/first-render.log
    (umask 077 && : >"$log") # at level debug it holds secrets
    wait_for_metadata
    until pass 60 -log-level "[[ first_log ]]" >"$log" 2>&1; do
        why=$(reasons "$log" | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
        problem "${why:-confd failed: $(tail -n 1 "$log")}"
        if [ -n "$once" ]; then
            cat "$log" >&2
            rm -f "$log"
            exit 1
        fi
        run sleep 2
        wait_for_metadata
    done
    cat "$log" >&2
    rm -f "$log"
}

[% if waits_for_scale %]
# Waits until there are as many peers as the scale says, but not for ever: one host that is down must not stop the others.
wait_for_scale() {
    deadline=$(($(date +%s) + [[ scale_limit ]]))
    until pass 60 -confdir /etc/confd-scale >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$deadline" ]; then
            say "not all peers exist after [[ scale_limit ]] s; going on without them"
            return 0
        fi
        problem "waiting for all peers to exist"
        run sleep 2
    done
}

[% endif %]
[% if not embedded %]
[% include "lend.sh" %]

[% endif %]
[% if refresh == 'watch' %]
# confd misses changes between its fetch and its next poll, and changes during a restart of the metadata service. A regular pass
# finds them.
resync() {
    while sleep "${RESYNC:-20}"; do
        pass 30 -log-level error || :
    done
}

[% endif %]
[% if staggers and port %]
# Prints the peers whose programs answer: these run, even if the health checks do not know it yet.
answering() {
    sed 1d "$share/peers" | while read -r _ _ address; do
        ! "$share/busybox" nc -w 2 "$address" [[ port ]] -e "$share/busybox" true 2>/dev/null || echo "$address"
    done
}

[% endif %]
trap stop TERM INT
# A volume that was created empty hides the folders of the image.
mkdir -p "$share/changed" [[ folders | join(' ') ]]
[% for command in before %]
sh -c [[ command ]]
[% endfor %]
[% if asks %]
# Nobody waits for the answers to an earlier run's checks. The user of the main container writes the answers, so all may write.
rm -rf "$share/check"
mkdir -m 1777 "$share/check"
[% endif %]
[% if stored or filed %]
configure
[% endif %]
if [ -n "$once" ]; then
    render
    exit
fi
rm -f "$share/ready"
problem "waiting for $store"
[% if not embedded %]
lend
[% endif %]
render
[% if staggers %]
# A new container starts after the running peers have restarted with it in their configuration; their time counts from now on. In
# a new service, no peer runs. Restarts of this container change nothing.
[ -e "$share/since" ] || {
    if sed 1d "$share/peers" | grep -qv -e 'initializing ' -e ' null '[% if port %] || [ -n "$(answering)" ][% endif %]; then date +%s; else echo 0; fi
} >"$share/since"
[% endif %]
[% if waits_for_scale %]
wait_for_scale
render
[% endif %]
rm -f "$share/problem"
# This comes last, because the main container starts its program as soon as the file exists.
date +%s >"$share/ready"
say "every file is written"
[% if refresh == 'once' %]
while :; do
    run sleep 3600
done
[% elif stored %]
case $backend in
[% if unchanging %]
    [[ unchanging | join(' | ') ]])
        while :; do
            run sleep 3600
        done
        ;;
[% endif %]
[% if refresh == 'watch' and watched %]
    [[ watched | join(' | ') ]])
        resync &
        keep -watch
        ;;
[% endif %]
esac
keep -interval [% if refresh == 'watch' %]"${INTERVAL:-10}"[% else %][[ refresh ]][% endif %]

[% elif refresh == 'watch' %]
[% if filed %]
# confd would end when a file that it watches is replaced, so it polls.
[ "$backend" = rancher ] ||
    exec confd -interval "${INTERVAL:-10}" -backend rancher -node "$node" -prefix "/[[ metadata ]]" -log-level "[[ log ]]"
[% endif %]
resync &
exec confd -watch -backend rancher -node "$node" -prefix "/[[ metadata ]]" -log-level "[[ log ]]"
[% else %]
exec confd -interval [[ refresh ]] -backend rancher -node "$node" -prefix "/[[ metadata ]]" -log-level "[[ log ]]"
[% endif %]
