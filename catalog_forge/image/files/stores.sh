# The variables of the container override the values of the spec.
backend=${CONF_BACKEND:-[[ names[0] ]]}
prefix=${CONF_PREFIX:-[[ prefix ]]}
store=$backend

# Finds the value of a variable, or the content of the file that VARIABLE_FILE names.
given() {
    eval "value=\${$1-} file=\${$1_FILE-}"
    if [ -n "$file" ]; then
        [ -r "$file" ] || refuse "$1_FILE: $file cannot be read"
        value=$(cat "$file")
    fi
}

# Prints an option of confd.toml with a text; an error names the variable that contains the text.
text() { # OPTION TEXT [VARIABLE]
    [ "$(printf '%s' "$2" | tr -d '[:cntrl:]')" = "$2" ] || refuse "${3:-$1} must not contain a line break or a control character"
    printf '%s = "%s"\n' "$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')"
}

option() { # OPTION VARIABLE
    given "$2"
    [ -z "$value" ] || text "$1" "$value" "$2"
}

needed() {
    [ -n "$nodes" ] || refuse "CONF_NODES is not set: with the back end $backend, it must contain $1"
    store="$backend at $nodes"
}

below() {
    printf '%s%s"\n' 'prefix = "' "$prefix$1"
}

# Secrets are written to a file that only confd can read, because everybody can see a command line. The file overrides the flags.
configure() {
    case $prefix in
        *[!A-Za-z0-9._/-]* | *//* | */. | */.. | */./* | */../* | */ | '' | [!/]*)
            refuse "CONF_PREFIX=$prefix must be a key such as /app: a slash at the start, letters, digits and . _ - between slashes, and no slash at the end"
            ;;
    esac
    given CONF_NODES
    nodes=$value
    config=/etc/confd/confd.toml
    rm -f "$config.new"
    (umask 077 && : >"$config.new")
    options >>"$config.new"
    mv "$config.new" "$config"
}

options() {
    case $backend in
[% for each in backends %]
        [[ each.name ]])
[% if each.name == 'rancher' %]
            nodes=${nodes:-${METADATA_NODE:-rancher-metadata}}
            store="the metadata service http://$nodes"
            prefix=[[ rancher ]]
            texts nodes ''
            below ''
[% else %]
[% if each.name == 'vault' %]
            case $prefix in
                /*/data | /*/data/* | /*/metadata | /*/metadata/*) refuse "CONF_PREFIX=$prefix: confd cannot list the keys of a KV engine of version 2, so use version 1" ;;
            esac
[% endif %]
[% if each.name == 'env' %]
            case $prefix in
                *[!a-z0-9/]*) refuse "CONF_PREFIX=$prefix: with the back end env, only lower-case letters, digits and slashes are allowed" ;;
            esac
[% endif %]
[% if each.nodes %]
            needed "[[ each.nodes ]]"
[% if each.option == 'table' %]
            text table "$nodes" CONF_NODES
[% else %]
            texts [[ each.option ]] '[[ each.scheme ]]'
[% endif %]
[% endif %]
[% for variable, name in each.credentials.items() %]
[% if name == 'auth_type' %]
            given CONF_AUTH_TYPE
            text auth_type "${value:-token}" CONF_AUTH_TYPE
[% else %]
            option [[ name ]] [[ variable ]]
[% if name == 'username' and each.name != 'vault' %]
            [ -z "$value" ] || echo 'basic_auth = true'
[% endif %]
[% endif %]
[% endfor %]
[% for variable, name in each.exported.items() %]
            given [[ variable ]]
            [ -z "$value" ] || export [[ name ]]="$value"
[% endfor %]
            below '[[ '/' if each.raw else '' ]]'
[% endif %]
            ;;
[% endfor %]
        *) refuse "CONF_BACKEND=$backend: this image supports only [[ names | join(', ') ]]" ;;
    esac
    text backend "$backend"
}

# Runs confd once, with a time limit, because it would wait for some stores for ever. Its confd.toml has their addresses.
pass() {
    limit=$1
    shift
    run timeout "$limit" confd -onetime "$@"
}

# confd ends if the store is unreachable when confd starts; with some back ends, also later.
keep() {
    while :; do
        run confd -log-level "[[ log ]]" "$@" || :
        say "confd ended with status $status, and is started again"
        run sleep 2
    done
}

# Prints the reasons of a failure from a log of confd: the missing keys, else its last message, which may have several lines. Without
# a message, confd was ended because it took too long.
reasons() {
    sed -n -e 's/.* ERROR "\(..*\)"$/\1/p' -e 's/.*key does not exist: /missing: /p' -e 's/.*\(Config check failed\)/\1/p' "$1" |
        sort -u | grep . || sed -n '/ FATAL /,$p' "$1" | sed -e 's/.* FATAL //' | tr -s '\n' ' ' | grep . || echo "it does not answer"
}

# Reads the keys below the prefix: if that works, the store answers, whatever the keys are.
wait_for_metadata() {
    deadline=$(($(date +%s) + [[ metadata_limit ]]))
    until pass [[ metadata_limit ]] -confdir /etc/confd-probe >"$share/probe.log" 2>&1 || grep -q [% for each in missing %]-e '[[ each ]]' [% endfor %]"$share/probe.log"; do
        why=$(reasons "$share/probe.log" | tr '\n' ' ' | sed 's/ *$//')
        if [ "$(date +%s)" -ge "$deadline" ]; then
            refuse "gave up after [[ metadata_limit ]] s: $store: $why"
        fi
        problem "waiting for $store: $why"
        run sleep 1
    done
    rm -f "$share/probe.log"
}
