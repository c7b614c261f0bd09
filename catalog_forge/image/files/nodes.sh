# Prints an option of confd.toml with the items of CONF_NODES as a list. A folder is replaced by its JSON files, because confd
# would also read the earlier files that a ConfigMap keeps in hidden folders.
texts() { # OPTION SCHEME
    printf '%s = [' "$1"
    rest=$nodes,
    while [ -n "$rest" ]; do
        node=${rest%%,*}
        rest=${rest#*,}
        case $node in
            '') continue ;;
            *[!\ -~]* | *[\"\\]*) refuse "CONF_NODES must not contain quotes, backslashes or control characters" ;;
            *://*) ;;
            *) node=$2$node ;;
        esac
        if [ -d "$node" ]; then
            printf '"%s", ' "$node"/*.json
        else
            printf '"%s", ' "$node"
        fi
    done
    printf ']\n'
}
