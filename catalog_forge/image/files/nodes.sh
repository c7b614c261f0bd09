# Prints an option of confd.toml with the list of texts that CONF_NODES is. A folder stands for its files of JSON: confd would
# also read those that a ConfigMap keeps beside them, of its last version.
texts() { # OPTION SCHEME
    printf '%s = [' "$1"
    rest=$nodes,
    while [ -n "$rest" ]; do
        node=${rest%%,*}
        rest=${rest#*,}
        case $node in
            '') continue ;;
            *[!\ -~]* | *[\"\\]*) refuse "CONF_NODES holds a quote, a backslash or a control character" ;;
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
