#!/bin/sh
# [[ note ]]
#
# The launch script of the main container: waits until [[ name ]] has written every file, starts the program as its child,
# forwards signals to it, and reloads it when a file has changed. The main image needs only /bin/sh and sleep: after the wait,
# this script runs in the static busybox that the conf container has copied to the shared volume.
#   run.sh PROGRAM [ARGUMENT ...]
[% if leader %]
# The environment variable LAUNCH_AS sets the role of this container, leader or others, and the peers are not asked.
[% endif %]
[% if stagger %]
# The environment variable LAUNCH_STAGGER sets how many seconds each container gets for its restart.
[% endif %]
[% if commands %]
# shellcheck disable=SC2016 # the commands of the spec are expanded by the shell that runs them
[% endif %]
set -eu

name=[[ name ]]
share=[[ share ]]
limit=[[ limit ]]
child=
[% if actions %]
actions="[[ actions | map(attribute='number') | join(' ') ]]"
[% endif %]
[% if actions or leader or stagger %]
stopping=
[% endif %]
[% if restarts %]
grace=30
[% endif %]
[% if rendered %]
started=
[% endif %]
[% if leader %]
port=[[ port ]]
[% endif %]
[% if leader or stagger %]
newline='
'
[% endif %]
[% if stagger %]
stagger=${LAUNCH_STAGGER:-[[ stagger ]]}
[% endif %]

# Once a trap is set, `read` is not used: in busybox 1.38.0 it would never return (vda-linux/busybox_mirror#16).

say() {
    printf 'launch: %s\n' "$*" >&2
}

# Sleeps a second; a signal ends it early.
pause() {
    sleep 1 &
    wait $! || :
[% if asks %]
    answer
[% endif %]
}
[% if asks %]

# Runs the checks that the conf container requests before it writes a new file, in the background, because checks can be slow.
answer() {
    for ask in "$share"/check/*.ask; do
        said=${ask%ask}said
        if [ ! -r "$ask" ] || [ -e "$said" ]; then
            continue
        fi
        : >"$said"
        {
            status=0
            [[ shell ]] "$ask" >"$said" 2>&1 </dev/null || status=$?
            echo "$status" >"${ask%ask}answer"
        } &
    done
}
[% endif %]

wait_for_files() {
    waited=0
    told=
    until [ -e "$share/ready" ]; do
        why=
        [ ! -r "$share/problem" ] || read -r why <"$share/problem" || :
        if [ $((waited % 10)) = 0 ] || [ "$why" != "$told" ]; then
            say "waiting for $name to write the configuration ($waited s of $limit s)${why:+: $why}"
            told=$why
        fi
        if [ "$waited" -ge "$limit" ]; then
            say "gave up: $name wrote no configuration within $limit s: ${why:-its container reports nothing, so see its log}"
            exit 1
        fi
        pause
        waited=$((waited + 1))
    done
    # Without this line, the log of a silent program would look as if the container still waited.
    [ "$waited" = 0 ] || say "the configuration is complete after $waited s"
}

[% if rendered %]
# COMMAND [NAME=VALUE ...]: runs a command before a start, with these variables.
# shellcheck disable=SC2329 # the file that confd writes calls it
run() {
    status=0
    (
        command=$1
        shift
        for value; do
            export "${value?}"
        done
        exec [[ shell ]] -c "$command"
    ) || status=$?
    [ "$status" = 0 ] || say "a command before the start failed with exit status $status, so the program is not started: $1"
    [ "$status" = 0 ] || exit "$status"
}

# The same, but only before the first start.
# shellcheck disable=SC2329 # the file that confd writes calls it
before() {
    [ -n "$started" ] || run "$@"
}

[% elif before %]
before() {
    [[ shell ]] -c "$1" &
    status=0
    wait $! || status=$?
    [ "$status" = 0 ] || say "a command before the start failed with exit status $status, so the program is not started: $1"
    [ "$status" = 0 ] || exit "$status"
}

[% endif %]
[% if embedded %]
# Keeps the files current while the program runs.
configure() {
    until "$share/busybox" sh /etc/confd/entrypoint.sh; do
        sleep 5
    done
}

[% endif %]
# Forwards a signal. A shell starts background programs with INT and QUIT ignored: a program that still ignores them gets TERM.
# shellcheck disable=SC2329 # the traps call it
forward() {
    signal=$1
    ignored=$(cat "/proc/$child/status" 2>/dev/null) || :
    ignored=${ignored#*SigIgn:}
    case $signal-${ignored%%?SigCgt:*} in
    INT-*[2367abef] | QUIT-*[4567cdef]) signal=TERM ;;
    esac
    kill -"$signal" "$child" 2>/dev/null || :
[% if actions or leader or stagger %]
    case $signal in
    TERM | INT) stopping=1 ;;
    esac
[% endif %]
}

[% if rendered %]
# Replaces this shell by the program, as the file written by confd says: variables, commands before the first start, arguments.
launch() {
    # shellcheck disable=SC1091 # the file does not exist yet
    . "$share/launch"
    exec "$@"
}

[% endif %]
start() {
[% if leader %]
    choose
    [ -z "$stopping" ] || return 0
[% endif %]
[% if actions %]
    # The program reads all changes up to now when it starts.
    seen=$(stamps)
[% endif %]
    [[ 'launch' if rendered else 'exec' ]] "$@" &
    child=$!
[% if rendered %]
    started=1
[% endif %]
}

alive() {
    kill -0 "$child" 2>/dev/null
}

[% if leader or stagger %]
# Reads the peers from the metadata: a line for this container, then a line for each peer.
peers() {
    rank=0
[% if leader %]
    count=0 others=[% if leader.once %]'' here=[% endif %]

[% endif %]
[% if stagger %]
    unwell=
[% endif %]
    rest=$(cat "$share/peers")
    own=${rest%%[!0-9]*}
[% if leader %]
    scale=${rest%%"$newline"*} scale=${scale#* }
[% endif %]
    while [ "$rest" != "${rest#*"$newline"}" ]; do
        rest=${rest#*"$newline"}
        peer=${rest%%"$newline"*}
        index=${peer%% *}
[% if stagger %]
        state=${peer#* } state=${state%% *}
[% endif %]
[% if leader %]
        address=${peer##* }
        count=$((count + 1))
[% endif %]
        if [ "$index" = "$own" ]; then
[% if leader and leader.once %]
            here=$address
[% endif %]
            continue
        fi
[% if leader %]
        others="$others $index=$address"
[% endif %]
        [ "$index" -lt "$own" ] || continue
        rank=$((rank + 1))
[% if stagger %]
        case $state in
        healthy | null) ;;
        *) unwell=$index ;;
        esac
[% endif %]
    done
}

[% endif %]
[% if stagger %]
# SECONDS since a change: whether the containers before this one still have time to restart. Each has its time, and this container
# waits until all are healthy, but not for ever.
is_early() {
    peers
    [ "$1" -lt $((rank * stagger)) ] || { [ -n "$unwell" ] && [ "$1" -lt $(((rank + 4) * stagger)) ]; }
}

# Waits for this container's turn to restart; a further change starts the wait again. Fails if the program has ended meanwhile.
turn() {
    waited=0
    while is_early "$waited"; do
        [ "$waited" != 0 ] || say "the restart waits for the containers before this one: rank $rank, $stagger s for each"
        pause
        [ -z "$stopping" ] && alive || return 1
        waited=$((waited + 1))
        latest=$(stamps)
        [ "$latest" = "$changed" ] || waited=0
        changed=$latest
    done
}

# A container that joins running peers waits until they have restarted with it in their configuration.
arrive() {
    read -r since <"$share/since"
    told=
    while now=$("$share/busybox" date +%s || date +%s) && is_early $((now - since)); do
        [ -n "$told" ] || say "the start waits for the containers before this one: rank $rank, $stagger s for each"
        told=1
        pause
    done
}

[% endif %]
[% if leader %]
# Whether a program answers at an address.
answers() {
    "$share/busybox" nc -w 2 "$1" "$port" -e "$share/busybox" true 2>/dev/null
}

[% if leader.number %]
# Prints the text if it is a whole number, else nothing.
whole() {
    digits=${1#-}
    case $digits in
    "" | *[!0-9]*) ;;
    *) [ ${#digits} -gt 18 ] || echo "$1" ;;
    esac
}

# Prints the number that the peer at an address reports; nothing if the peer does not answer.
ask() {
    whole "$("$share/busybox" timeout 4 "$share/busybox" nc -w 2 "$1" [[ leader.exchange ]] </dev/null 2>/dev/null)"
}

[% endif %]
# Sets role, the role of this container, or if the role is not known yet, why: the reason.
look() {
    peers
    for peer in $others; do
        if answers "${peer#*=}"; then
            role=others
            return
        fi
    done
[% if leader.once %]
    if [ "$rank" = 0 ] && [ -e [[ leader.once ]] ]; then
        role=others
        return
    fi
[% endif %]
    why="$count of $scale peers exist"
    [ "$count" -ge "$scale" ] || return 0
[% if leader.number %]
    ahead=
    for peer in $others; do
        index=${peer%%=*}
        theirs=$(ask "${peer#*=}")
        why="peer $index has not reported its number yet; if it never comes back, set LAUNCH_AS=leader in one container"
        [ -n "$theirs" ] || return 0
        if [ "$theirs" -gt "$mine" ] || { [ "$theirs" -eq "$mine" ] && [ "$index" -lt "$own" ]; }; then
            ahead=$index
        fi
    done
    why="peer $ahead must become the leader, but does not answer yet"
    [ -n "$ahead" ] || role=leader
[% else %]
    why="the leader does not answer yet"
    [ "$rank" != 0 ] || role=leader
[% endif %]
}

# Waits until the role of this container is known: leader if no peer answers, else one of the others.
choose() {
    role=${LAUNCH_AS:-}
    told=
[% if leader.number %]
    if [ -z "$role" ]; then
        mine=$(whole "$([[ shell ]] -c [[ number ]])")
        [ -n "$mine" ] || say "the command in launch.leader.number printed no whole number, so the program is not started"
        [ -n "$mine" ] || exit 1
        "$share/busybox" nc -ll -p [[ leader.exchange ]] -e "$share/busybox" echo "$mine" &
        server=$!
    fi
[% endif %]
    while [ -z "$role$stopping" ]; do
        look
        [ -z "$role" ] || break
        [ "$why" = "$told" ] || say "waiting to start: $why"
        told=$why
        pause
    done
[% if leader.number %]
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || :
    server=
    say "starts ${role:+as }${role:-nothing, because the container is stopping}${mine:+, its number is $mine}"
[% else %]
    say "starts ${role:+as }${role:-nothing, because the container is stopping}"
[% endif %]
[% if jitter %]
    [ "$role" = others ] && [ -z "$started" ] && [ -n "$told" ] || return 0
    waited=$(([[ jitter ]] * rank / count))
    while [ "$waited" -gt 0 ] && [ -z "$stopping" ]; do
        pause
        waited=$((waited - 1))
    done
[% endif %]
}

[% if leader.once %]
# As soon as the leader answers, the data of the cluster exists.
found() {
    [ "$role" = leader ] && [ ! -e [[ leader.once ]] ] && answers "$here" || return 0
    : >[[ leader.once ]] || say "cannot write [[ leader.once ]]: at its next start, this container may create the cluster a second time"
}

[% endif %]
[% endif %]
[% if restarts %]
# Stops the program, by force if it takes longer than the grace period.
end() {
    kill -TERM "$child" 2>/dev/null || :
    left=$grace
    while alive; do
        [ "$left" -gt 0 ] || kill -KILL "$child" 2>/dev/null || :
        pause
        left=$((left - 1))
    done
}

[% endif %]
[% if actions %]
# Prints the stamps of each action, which are the checksums of its files.
stamps() {
    for action in $actions; do
        sums=-
        for stamp in "$share/changed/$action".*; do
            [ ! -r "$stamp" ] || { sum=$(cat "$stamp") && sums=$sums${sum%% *}-; } || :
        done
        printf '%s ' "$sums"
    done
}

# Prints the numbers of the actions that differ between two lines of `stamps`.
differ() {
    rest=$1
    number=1
    for now in $2; do
        [ "$now" = "${rest%% *}" ] || echo "$number"
        rest=${rest#* }
        number=$((number + 1))
    done
}

[% endif %]
[% if sends %]
# METHOD HOST PORT PATH FILE TYPE: sends a file. Tries again for a minute if the program does not answer yet.
send() {
    method=$1 host=$2 port=$3 path=$4 # then FILE and TYPE
    PATH=$share/bin:$PATH
    # Written to the socket by a shell that nc starts: nc itself would close its half of the connection at the end of its input, and
    # servers on the JVM (Netty) would then drop an answer that is not ready.
    # shellcheck disable=SC2016 # the shell that nc starts expands it
    talk='
        printf "%s %s HTTP/1.0\r\nHost: %s:%s\r\n" "$1" "$4" "$2" "$3"
        printf "Content-Type: %s\r\nContent-Length: %s\r\n\r\n" "$6" "$(($(wc -c <"$5")))"
        cat "$5"
        IFS= read -r -t 40 answer
        echo "$answer" >&2'
    deadline=$(($(date +%s) + 60))
    until [ "$(date +%s)" -ge "$deadline" ]; do
        answer=$(nc -w 40 "$host" "$port" -e "$share/busybox" sh -c "$talk" sh "$@" 2>&1 | tr -d '\r') || :
        case $answer in
        "HTTP/1."?" 2"*) say "$method http://$host:$port$path: $answer" && return ;;
        "HTTP/1."?" "[34]*) say "$method http://$host:$port$path was refused: $answer" && return ;;
        esac
        sleep 1
    done
    say "$method http://$host:$port$path: no success within 60 s, so the program keeps the old settings${answer:+; the last answer: $answer}"
}

[% endif %]
trap 'exit 143' TERM INT QUIT
if [ -z "${LAUNCHED:-}" ]; then
[% if lent or tools %]
    PATH=$PATH:$share/bin # after main's own, if it has any
[% endif %]
[% if embedded %]
    rm -f "$share/ready"
    configure &
[% endif %]
    wait_for_files
    # The images of the Docker library have their script on the PATH, older images in /.
    if ! command -v "$1" >/dev/null && [ -x "/$1" ]; then
        program=/$1
        shift
        set -- "$program" "$@"
    fi
    # The program of the image is used even if the copied busybox has a built-in program with this name.
    if program=$(command -v "$1"); then
        shift
        set -- "$program" "$@"
    fi
    ! "$share/busybox" true 2>/dev/null || LAUNCHED=1 exec "$share/busybox" sh "$0" "$@"
fi
unset LAUNCHED

[% for command in before %]
before [[ command ]]
[% endfor %]
[% if stagger %]
arrive
[% endif %]
start "$@"
for signal in TERM INT QUIT HUP USR1 USR2 WINCH; do
    # shellcheck disable=SC2064 # each trap is for its signal
    trap "forward $signal" "$signal"
done

while pause && alive; do
[% if leader and leader.once %]
    found
[% endif %]
[% if actions %]
    [ -z "$stopping" ] || continue
    [ "$(stamps)" != "$seen" ] || continue
    # Changes that belong together arrive close together, and get one reload.
    pause
    changed=$(stamps)
    numbers=$(differ "$seen" "$changed")
    seen=$changed
    for number in $numbers; do
        case $number in
[% for action in actions %]
        [[ action.number ]])
            say [[ action.words ]]
[% if action.kind == 'signal' %]
            kill -[[ action.signal ]] "$child" 2>/dev/null || :
[% elif action.kind == 'exec' %]
            { [[ shell ]] -c [[ action.command ]] || say "reload failed: exit status $?:" [[ action.command ]]; } &
[% elif action.kind == 'http' %]
            send [[ action.method ]] [[ action.host ]] [[ action.port ]] '[[ action.path ]]' [[ action.file ]] [[ action.type ]] &
[% elif action.kind == 'restart' %]
[% if stagger %]
            turn || break
[% endif %]
            end
            [ -n "$stopping" ] || start "$@"
            break # a program that starts anew reads everything anew
[% endif %]
            ;;
[% endfor %]
        esac
    done
[% else %]
    :
[% endif %]
done
status=0
wait "$child" || status=$?
exit "$status"
